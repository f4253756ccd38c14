"""Whether two runs may be compared at all: every reason why the difference between them would be false."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from analysis.access import WALKS_MIN
from analysis.ledger import STATES
from data.coverage import TECHNOLOGIES
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from analysis.results import Results

FREE = ("investment", "costs", "seed", "radio.band", "index", "uncertainty", "clusters")
"""Parts of a scenario that may differ: no figure that is compared rests on them."""

MODEL_TABLES = ("footprints", "what a site sends", "propagation", "capacity")
"""Own tables that stand for assumptions: with others, people change state though nothing was built."""

SAME_AREA = 1e-6
"""Largest part of a zone's area that may lie elsewhere."""

SHOWN = 5
NOT_STATED = "not stated"

SECTIONS = ("population", "ledger", "gap", "wifi", "quality")
WALKED = (*(f"within_{limit}_min" for limit in WALKS_MIN), "without_way", "unknown")
NEEDED = {
    *("name", "year", "synthetic", "target", "model", "basis", "coverage", "settlement_gap", *SECTIONS),
    *(f"ledger.{state}" for state in STATES),
    *(f"wifi.{key}" for key in ("measure", "by_settlement", *WALKED)),
    *("population.total", "gap.people", "gap.known", "gap.share", "quality.measured"),
}
NEEDED_OF_BOTH = {"population", *STATES, "gap_people", "unknown_people"}
NEEDED_OF_CELLS = {"cell_id", "settlement", "zone_id", "wifi_known", *(f"wifi_{limit}_min" for limit in WALKS_MIN)}
NEEDED_OF_ZONES = {
    *("zone_id", "zone_name", "gap_share", "rank", "wifi_known_people", "wifi_no_way_people"),
    *(f"wifi_{limit}_min_people" for limit in WALKS_MIN),
    *(f"at_least_{technology.lower()}_share" for technology in TECHNOLOGIES),
}


Names = tuple[str, str]
"""What the two runs are called in a fault."""

BASE_NEW: Names = ("BASE", "NEW")


def require_comparable(base: Results, new: Results) -> None:
    """Raise SchemaError with every reason why differences between two runs would not be changes of the place.

    Parameters
    ----------
    base, new : Results
        As read by `analysis.results.read_results`.

    Raises
    ------
    SchemaError
        Grid, zones, scenario (but what `FREE` names), model, basis or technologies differ; one of them is invented and
        the other is not; or a run lacks what another version of gapmap says.
    """
    faults = reasons(base, new)
    if faults:
        raise SchemaError(faults)


def reasons(base: Results, new: Results, *, names: Names = BASE_NEW) -> list[Fault]:
    """Every reason why two runs may not be compared, see `require_comparable`; `names` is what they are called."""
    faults = _definitions(base, new, names)
    if not faults:
        faults = _sources(base.summary, new.summary, names)
    rest = (part(base, new, names) for part in (_grids, _scenarios, _regions, _zones))
    return [*faults, *(fault for found in rest for fault in found)]


def free_settings(base: Results, new: Results) -> list[dict[str, Any]]:
    """Settings of the scenario that may differ and do: key, base, new; None = not stated."""
    then, now = (settings_of(results) for results in (base, new))
    return [
        {"key": key, "base": then.get(key), "new": now.get(key)}
        for key in sorted(then.keys() | now.keys())
        if is_free(key) and then.get(key) != now.get(key)
    ]


def settings_of(results: Results) -> dict[str, Any]:
    """Settings of a run's scenario by dotted key."""
    return flat(results.provenance.get("scenario") or {})


def inputs_of(results: Results) -> dict[str, list[dict[str, Any]]]:
    """Files that a run stood on, by layer: file, sha256, year."""
    found: dict[str, list[dict[str, Any]]] = {}
    for item in results.provenance.get("inputs") or []:
        named = {key: item.get(key) for key in ("file", "sha256", "year")}
        found.setdefault(str(item["layer"]), []).append(named)
    return found


def hashes(files: Iterable[dict[str, Any]]) -> list[str]:
    """What the files are, whatever their names and order."""
    return sorted(str(item["sha256"]) for item in files)


def differ(
    what: str, then: Any, now: Any, names: Names, *, mend: str = "run one of the two again with the same"
) -> list[Fault]:
    """One fault if the two are not the same."""
    if then == now:
        return []
    return [Fault(what, f"{_said(then)} in {names[0]}, {_said(now)} in {names[1]}", mend)]


def _said(value: Any) -> str:
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(sorted(map(str, value))) or "none"
    return str(value)


def named(names: Iterable[str]) -> str:
    """The first few of some names, and how many more."""
    every = sorted(names)
    more = f" and {len(every) - SHOWN} more" if len(every) > SHOWN else ""
    return ", ".join(every[:SHOWN]) + more


def _definitions(base: Results, new: Results, names: Names) -> list[Fault]:
    """What a run of another version of gapmap lacks, or says besides."""
    faults: list[Fault] = []
    mend = "run both regions again with one version of gapmap"
    said = [_keys(results.summary) for results in (base, new)]
    for at, (name, results) in enumerate(zip(names, (base, new), strict=True)):
        lacking = {
            "summary.json": (NEEDED | said[1 - at]) - said[at],
            "cells.parquet": (NEEDED_OF_BOTH | NEEDED_OF_CELLS) - set(results.cells.columns),
            "zones.gpkg": (NEEDED_OF_BOTH | NEEDED_OF_ZONES) - set(results.zones.columns),
        }
        for file, missing in lacking.items():
            if missing:
                faults.append(Fault(f"{name}/{file}", f"made by other definitions: lacks {named(missing)}", mend))
    return faults


def _keys(summary: dict[str, Any]) -> set[str]:
    """Names of what a summary says, down to the sections whose names are gapmap's own."""
    parts = {section: summary.get(section) or {} for section in SECTIONS}
    return {*summary, *(f"{section}.{key}" for section, part in parts.items() for key in part)}


def _grids(base: Results, new: Results, names: Names) -> list[Fault]:
    then, now = base.grid, new.grid
    mend = "run both on one grid: [grid] crs and resolution, the same zones"
    return [
        *differ("grid, CRS", then.crs, now.crs, names, mend=mend),
        *differ("grid, transform", str(list(then.transform)[:6]), str(list(now.transform)[:6]), names, mend=mend),
        *differ("grid, shape", str(list(then.shape)), str(list(now.shape)), names, mend=mend),
    ]


def flat(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Values of a nested table by dotted key."""
    out: dict[str, Any] = {}
    for key, value in table.items():
        out |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return out


def is_free(key: str) -> bool:
    """Whether a setting may differ, see `FREE`."""
    return any(key == name or key.startswith(f"{name}.") for name in FREE)


def _scenarios(base: Results, new: Results, names: Names) -> list[Fault]:
    then, now = (settings_of(results) for results in (base, new))
    return [
        fault
        for key in sorted(then.keys() | now.keys())
        if not is_free(key)
        for fault in differ(f"scenario, {key}", then.get(key, NOT_STATED), now.get(key, NOT_STATED), names)
    ]


def _sources(then: dict[str, Any], now: dict[str, Any], names: Names) -> list[Fault]:
    """What the figures rest on: model, bases, technologies, speed tests, streets."""
    absent = 'give both the same layers; [coverage] role = "compare" only sets one beside the others'
    spoken = "give both a source for the technology, or name it in absent"
    return [
        *differ("synthetic", then["synthetic"], now["synthetic"], names, mend="compare runs of one place"),
        *differ(
            "model of footprints", then["model"], now["model"], names, mend="give both the same terrain and footprints"
        ),
        *differ("basis of coverage", then["basis"], now["basis"], names, mend=absent),
        *differ("technologies spoken of", _spoken(then), _spoken(now), names, mend=spoken),
        *differ("speed tests", _given(then), _given(now), names, mend="give both speed tests, or neither"),
        *differ(
            "walks to public WiFi", then["wifi"]["measure"], now["wifi"]["measure"], names, mend="give both streets"
        ),
    ]


def _spoken(summary: dict[str, Any]) -> list[str]:
    return [technology for technology, by in summary["coverage"].items() if by["union"]["share"] is not None]


def _given(summary: dict[str, Any]) -> str:
    return "none" if summary["quality"]["measured"] is None else "given"


def _regions(base: Results, new: Results, names: Names) -> list[Fault]:
    """What the region's description defines: who is analysed, what a claim is, the model's own tables."""
    then, now = (results.provenance.get("region") or {} for results in (base, new))
    extents = [(region.get("grid") or {}).get("extent", NOT_STATED) for region in (then, now)]
    faults = differ("region, grid.extent", extents[0], extents[1], names)
    faults += differ("what a declared layer counts as covered", _claims(then), _claims(now), names)
    files = inputs_of(base), inputs_of(new)
    for layer in MODEL_TABLES:
        found = [", ".join(code[:12] for code in hashes(by.get(layer, []))) or "built-in" for by in files]
        faults += differ(
            f"table '{layer}'", found[0], found[1], names, mend="run one of the two again with the other's table"
        )
    return faults


def _claims(region: dict[str, Any]) -> set[str]:
    """What the declared layers that count must say to count as covered."""
    claims: set[str] = set()
    for layer in region.get("coverage") or []:
        if layer["kind"] == "sites" or layer.get("role") == "compare":
            continue
        speed = layer.get("speed") or {}
        if layer.get("threshold_dbm") is not None:
            claims.add(f"{layer['threshold_dbm']:g} dBm")
        elif speed.get("min_down_mbps") or speed.get("min_up_mbps"):
            claims.add(f"{speed.get('min_down_mbps') or 0:g}/{speed.get('min_up_mbps') or 0:g} Mbit/s")
        else:
            claims.add("any claim")
    return claims


def _zones(base: Results, new: Results, names: Names) -> list[Fault]:
    then, now = _by_id(base), _by_id(new)
    faults: list[Fault] = []
    mend = "run both with one file of zones"
    for name, only in zip(names, (then.index.difference(now.index), now.index.difference(then.index)), strict=True):
        if len(only):
            faults.append(Fault("zones", f"{len(only)} in {name} alone: {named(only)}", mend))
    both = then.index.intersection(now.index)
    if base.grid.crs == new.grid.crs:
        moved = both[_moved(then.loc[both].to_numpy(), now.loc[both].to_numpy())]
        if len(moved):
            faults.append(Fault("zones", f"{len(moved)} have another outline: {named(moved)}", mend))
    return faults


def _by_id(results: Results) -> pd.Series[Any]:
    return results.zones.set_index(results.zones["zone_id"].astype(str))["geometry"].sort_index()


def _moved(then: Any, now: Any) -> Any:
    """Whether more than `SAME_AREA` of each zone's area lies elsewhere."""
    moved = ~shapely.equals_exact(then, now, tolerance=0.0)
    apart = shapely.area(shapely.symmetric_difference(then[moved], now[moved]))
    moved[moved] = apart > SAME_AREA * np.maximum(shapely.area(then[moved]), shapely.area(now[moved]))
    return moved
