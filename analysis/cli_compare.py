"""The command `gapmap compare`: two results folders of one place, then and now."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from analysis.cli_shared import Json, say

Base = Annotated[Path, typer.Argument(help="Results folder of the run to compare with.", metavar="BASE")]
New = Annotated[Path, typer.Argument(help="Results folder of the later run, or of the other scenario.", metavar="NEW")]
Out = Annotated[
    Path | None, typer.Option("--out", help="Folder for the tables; an earlier comparison there is replaced.")
]


def compare(base: Base, new: New, out: Out = None, as_json: Json = False) -> None:
    """Compare two runs of one place: indicators and ledger then and now, who moved, which zones improved."""
    from analysis.compare import compare as compare_runs
    from analysis.compare import write_comparison
    from analysis.compare_story import story
    from analysis.results import read_results

    found = compare_runs(read_results(base), read_results(new))
    if out is not None:
        write_comparison(found, out, of=(base, new))
    if as_json:
        say([json.dumps(found.record, ensure_ascii=False, indent=2, sort_keys=True)])
        return
    say([*story(found.record), *([] if out is None else ["", f"Tables are in {out}."])])
