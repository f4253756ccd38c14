"""Whether plans may stand side by side: every reason why setting them beside each other would be false."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.compare_check import differ, flat, hashes, inputs_of, named, reasons
from data.csv_out import inert
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.compare_check import Names
    from analysis.plans import Plan
    from analysis.results import Results

WORDS = frozenset({"name", "note", "file", "source", "publisher", "licence", "url", "reference_source"})
"""Keys of a region that only say what something is called, or where it lies: the files themselves are compared."""

NEEDED = frozenset(
    {
        *("budget", "currency", "cost", "sites", "people", "value", "gap", "priority", "unknown", "ladder", "by_kind"),
        *("locked", "moved", "by_settlement", "by_group", "spread", "money", "robust"),
    }
)
NEEDED_OF_STEPS = frozenset(
    {"step", "candidate_id", "kind", "technology", "name", "lon", "lat", "cost", "people", "within_budget"}
)
NEEDED_OF_ZONES = frozenset({"zone_id", "people", "below_after", "better", "sites", "cost"})

ROUNDING = 1e-6
"""Persons by which a cell's people may differ: another machine's last digit."""


def require_shared(plans: Sequence[Plan]) -> None:
    """Raise SchemaError with every reason why plans are not plans of one thing.

    Parameters
    ----------
    plans : sequence of Plan
        At least two.

    Raises
    ------
    SchemaError
        Grids, zones, input files, the region's settings, people or the gap before the plan, the scenario (but what
        `analysis.compare_check.FREE` names) or currencies differ; or a run lacks what is shown.
    """
    faults = [fault for plan in plans for fault in _lacking(plan)]
    first, *others = plans
    for other in others:
        names = first.name, other.name
        faults += reasons(first.results, other.results, names=names)
        for check in (_inputs, _region, _before, _currency):
            faults += check(first.results, other.results, names)
    if faults:
        raise SchemaError(faults)


def _lacking(plan: Plan) -> list[Fault]:
    """What a run of another version does not say of its plan."""
    results = plan.results
    zones = results.tables.get("plan_zones")
    lacking = {
        "summary.json": {f"plan.{key}" for key in NEEDED - set(results.summary.get("plan") or {})},
        "plan.csv": NEEDED_OF_STEPS - set(results.plan.columns),
        "plan_zones.csv": NEEDED_OF_ZONES - set(() if zones is None else zones.columns),
    }
    mend = "run it again with this version of gapmap"
    faults = [
        Fault(f"{plan.name}/{file}", f"made by other definitions: lacks {named(missing)}", mend)
        for file, missing in lacking.items()
        if missing
    ]
    if not faults and zones is not None and not _same_zones(results):
        faults.append(Fault(f"{plan.name}/plan_zones.csv", "its zones are not those of zones.gpkg", mend))
    return faults


def _same_zones(results: Results) -> bool:
    """Whether the plan's rows are the zones, in their order; as a spreadsheet-safe file may write them."""
    ids = [str(zone) for zone in results.zones["zone_id"]]
    rows = [str(zone) for zone in results.tables["plan_zones"]["zone_id"]]
    return rows in (ids, [inert(zone) for zone in ids])


def _inputs(first: Results, other: Results, names: Names) -> list[Fault]:
    """Layers whose files are not the same."""
    ours, theirs = inputs_of(first), inputs_of(other)
    layers = sorted(ours.keys() | theirs.keys())
    other_files = [layer for layer in layers if hashes(ours.get(layer, [])) != hashes(theirs.get(layer, []))]
    mend = "run both on the same files"
    return [Fault(f"inputs, {layer}", f"other files in {names[0]} than in {names[1]}", mend) for layer in other_files]


def _region(first: Results, other: Results, names: Names) -> list[Fault]:
    """Settings of the region other than words and where files lie."""
    ours, theirs = (flat(_told(results.provenance.get("region") or {})) for results in (first, other))
    changed = [key for key in sorted(ours.keys() | theirs.keys()) if ours.get(key) != theirs.get(key)]
    changed = [key for key in changed if not key.startswith("grid.")]  # grids are told by what they are
    mend = "run both with one region file"
    return [Fault(f"region, {key}", f"not the same in {names[0]} and in {names[1]}", mend) for key in changed]


def _told(value: Any) -> Any:
    """A value without the keys that are only words."""
    if isinstance(value, dict):
        return {key: _told(part) for key, part in value.items() if key not in WORDS}
    return [_told(part) for part in value] if isinstance(value, list) else value


def _before(first: Results, other: Results, names: Names) -> list[Fault]:
    """Whether the cells hold the same people and the same gap before anything is built."""
    ours, theirs = first.cells, other.cells
    what, mend = "people and gap before the plan", "run both with one version of gapmap on the same files"
    columns = ["population", "gap_people", "unknown_people"]
    if not {"cell_id", *columns} <= set(ours.columns) & set(theirs.columns):
        return []
    if not np.array_equal(ours["cell_id"].to_numpy(), theirs["cell_id"].to_numpy()):
        return [Fault(what, f"other cells are lived in in {names[0]} than in {names[1]}", mend)]
    pair = [cells[columns].to_numpy(np.float64) for cells in (ours, theirs)]
    same = np.isclose(*pair, rtol=0, atol=ROUNDING, equal_nan=True).all(axis=1)
    if same.all():
        return []
    return [Fault(what, f"not the same in {int((~same).sum())} cells of {names[0]} and {names[1]}", mend)]


def _currency(first: Results, other: Results, names: Names) -> list[Fault]:
    ours, theirs = ((results.summary.get("plan") or {}).get("currency") for results in (first, other))
    mend = "run both with one investment.currency"
    return differ("scenario, investment.currency", ours, theirs, names, mend=mend)
