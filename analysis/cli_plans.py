"""The command `gapmap plans`: two to five results folders of one region, side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from analysis.cli_shared import Json, say

Folders = Annotated[list[Path], typer.Argument(help="2 to 5 results folders of one region.", metavar="FOLDERS")]
Name = Annotated[
    list[str] | None, typer.Option("--name", help="Name of a plan, once for each folder; default: the folder's name.")
]
Out = Annotated[
    Path | None, typer.Option("--out", help="Folder for the map and the tables; earlier plans there are replaced.")
]


def plans(folders: Folders, name: Name = None, out: Out = None, as_json: Json = False) -> None:
    """Set plans of one region side by side: what was asked, what each brings, which sites and zones they share."""
    from analysis.plans import read_plans, side_by_side, write_plans
    from analysis.plans_story import story

    found = side_by_side(read_plans(folders, names=name or ()))
    if out is not None:
        write_plans(found, out, of=tuple(folders))
    if as_json:
        say([json.dumps(found.record, ensure_ascii=False, indent=2, sort_keys=True)])
        return
    written = [] if out is None else ["", f"Open {out / 'plans.html'} in a browser; tables are in {out}."]
    say([*story(found.record), *written])
