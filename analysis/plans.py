"""Several plans of one region side by side: what each was asked, what it brings and to whom, which sites they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.folders import FolderKind, own_folder
from analysis.plans_check import require_shared
from analysis.plans_measures import measure_rows
from analysis.plans_notes import notes
from analysis.plans_tables import measure_table, site_table, zone_table
from analysis.results import plain, read_results, safe_csv, write_json
from geo.errors import GapmapError, ScenarioError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import pandas as pd

    from analysis.results import Results

FEWEST, MOST = 2, 5
LETTERS = "ABCDE"
LONGEST = 60
"""Letters of a name that are kept, so that a table stays one."""

PLANS = FolderKind(
    what="plans side by side",
    mark="plans.json",
    outputs=frozenset({"plans.json", "plans.csv", "plans_zones.csv", "plans_sites.csv", "plans.html"}),
    example="plans",
)


@dataclass(frozen=True)
class Plan:
    """One of the plans: a run, its name, and the letter that stands for it in tables and on the map."""

    letter: str
    name: str
    results: Results

    @property
    def record(self) -> dict[str, Any]:
        """`summary.json`'s ``plan``."""
        return self.results.summary["plan"]

    @property
    def head(self) -> str:
        """Letter and name."""
        return f"{self.letter}: {self.name}"


@dataclass(frozen=True)
class SideBySide:
    """Plans of one region, ready to be written; persons unless a column says otherwise, NaN or null = not known.

    Attributes
    ----------
    plans : tuple of Plan
    record : dict
        As `plans.json`; see docs/outputs.md.
    measures, zones, sites : DataFrame
        As `plans.csv`, `plans_zones.csv` and `plans_sites.csv`.
    """

    plans: tuple[Plan, ...]
    record: dict[str, Any]
    measures: pd.DataFrame
    zones: pd.DataFrame
    sites: pd.DataFrame


def read_plans(folders: Sequence[Path], *, names: Sequence[str] = ()) -> tuple[Plan, ...]:
    """Open results folders as plans.

    Parameters
    ----------
    folders : sequence of Path
        2 to 5 results folders, each once.
    names : sequence of str
        A name for each; none = those of the folders.

    Raises
    ------
    ScenarioError
        Too few or too many folders, or names for only some of them.
    SourceError
        A folder that holds no results, or is given twice; every one.
    """
    if not FEWEST <= len(folders) <= MOST:
        raise ScenarioError("FOLDER", f"give {FEWEST} to {MOST} results folders, not {len(folders)}")
    if names and len(names) != len(folders):
        raise ScenarioError("--name", f"give one for each of the {len(folders)} folders, or none; given: {len(names)}")
    problems: list[str] = []
    opened: list[Results] = []
    seen: set[Path] = set()
    for folder in folders:
        if folder.resolve() in seen:
            problems.append(f"{folder}: given twice. Mend: name each results folder once")
        seen.add(folder.resolve())
        try:
            opened.append(read_results(folder))
        except GapmapError as error:
            problems.append(str(error))
    if problems:
        raise SourceError("\n".join(problems))
    return named_plans(opened, names=names or [folder.resolve().name for folder in folders])


def named_plans(runs: Sequence[Results], *, names: Iterable[str]) -> tuple[Plan, ...]:
    """Plans with letters, and names that can be shown and told apart."""
    taken: list[str] = []
    for given in names:
        clean = " ".join("".join(part if part.isprintable() else " " for part in given).split()) or "plan"
        short = clean if len(clean) <= LONGEST else f"{clean[: LONGEST - 1]}…"
        name, times = short, 1
        while name in taken:
            times += 1
            name = f"{short} ({times})"
        taken.append(name)
    return tuple(Plan(letter, name, run) for letter, name, run in zip(LETTERS, taken, runs, strict=False))


def side_by_side(plans: tuple[Plan, ...]) -> SideBySide:
    """Set plans side by side.

    Parameters
    ----------
    plans : tuple of Plan
        As `read_plans` gives them.

    Raises
    ------
    SchemaError
        They are not plans of one thing; every reason (`analysis.plans_check.require_shared`).
    """
    require_shared(plans)
    rows, zones, sites = measure_rows(plans), zone_table(plans), site_table(plans)
    told, count = plans[0].results.summary, len(plans)
    everywhere = sites[sites["in_plans"] == count]
    record: dict[str, Any] = {
        "name": told["name"],
        "synthetic": told["synthetic"],
        "year": told["year"],
        "target": told["target"],
        "currency": plans[0].record["currency"],
        "plans": [_plan_record(plan) for plan in plans],
        "measures": rows,
        "notes": notes(plans),
        "sites": {
            "places": len(sites),
            "by_plans": {str(times): int((sites["in_plans"] == times).sum()) for times in range(1, count + 1)},
            "in_every_plan": everywhere["candidate_id"].tolist(),
        },
        "zones": zones.to_dict("records"),
    }
    return SideBySide(plans, plain(record), measure_table(rows, plans), zones, sites)


def _plan_record(plan: Plan) -> dict[str, Any]:
    """What a plan is: letter and name, the version that made it and the hash of its figures."""
    made = plan.results.provenance
    return {
        "letter": plan.letter,
        "name": plan.name,
        "gapmap": made.get("gapmap"),
        "summary_sha256": (made.get("outputs") or {}).get("summary.json"),
    }


def write_plans(found: SideBySide, out: Path, *, of: tuple[Path, ...] = ()) -> None:
    """Write plans side by side into a folder of its own; an earlier one there is replaced, anything else is left.

    Parameters
    ----------
    found : SideBySide
    out : Path
        Must not exist, be empty, or hold plans side by side.
    of : tuple of Path
        The results folders; see `analysis.folders.own_folder`.

    Raises
    ------
    SourceError
        `out` holds something else, or cannot be written.
    """
    from analysis.maps.plans_page import plans_html

    with own_folder(out, PLANS, of=of) as folder:
        write_json(folder / PLANS.mark, found.record)
        safe_csv(found.measures, folder / "plans.csv")
        safe_csv(found.zones, folder / "plans_zones.csv")
        safe_csv(found.sites, folder / "plans_sites.csv")
        (folder / "plans.html").write_text(plans_html(found), encoding="utf-8")
