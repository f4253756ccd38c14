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
    faults = _definitions(base, new)
    if not faults:
        faults = _sources(base.summary, new.summary)
    faults += [*_grids(base, new), *_scenarios(base, new), *_regions(base, new), *_zones(base, new)]
    if faults:
        raise SchemaError(faults)


def free_settings(base: Results, new: Results) -> list[dict[str, Any]]:
    """Settings of the scenario that may differ and do: key, base, new; None = not stated."""
    then, now = (_flat(results.provenance.get("scenario") or {}) for results in (base, new))
    return [
        {"key": key, "base": then.get(key), "new": now.get(key)}
        for key in sorted(then.keys() | now.keys())
        if _is_free(key) and then.get(key) != now.get(key)
    ]


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


def _differ(what: str, then: Any, now: Any, *, mend: str = "run one of the two again with the same") -> list[Fault]:
    """One fault if the two are not the same."""
    if then == now:
        return []
    return [Fault(what, f"{_said(then)} in BASE, {_said(now)} in NEW", mend)]


def _said(value: Any) -> str:
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(sorted(map(str, value))) or "none"
    return str(value)


def _named(names: Iterable[str]) -> str:
    every = sorted(names)
    more = f" and {len(every) - SHOWN} more" if len(every) > SHOWN else ""
    return ", ".join(every[:SHOWN]) + more


def _definitions(base: Results, new: Results) -> list[Fault]:
    """What a run of another version of gapmap lacks, or says besides."""
    faults: list[Fault] = []
    mend = "run both regions again with one version of gapmap"
    said = {"BASE": _keys(base.summary), "NEW": _keys(new.summary)}
    for name, results in (("BASE", base), ("NEW", new)):
        other = said["NEW" if name == "BASE" else "BASE"]
        lacking = {
            "summary.json": (NEEDED | other) - said[name],
            "cells.parquet": (NEEDED_OF_BOTH | NEEDED_OF_CELLS) - set(results.cells.columns),
            "zones.gpkg": (NEEDED_OF_BOTH | NEEDED_OF_ZONES) - set(results.zones.columns),
        }
        for file, missing in lacking.items():
            if missing:
                faults.append(Fault(f"{name}/{file}", f"made by other definitions: lacks {_named(missing)}", mend))
    return faults


def _keys(summary: dict[str, Any]) -> set[str]:
    """Names of what a summary says, down to the sections whose names are gapmap's own."""
    parts = {section: summary.get(section) or {} for section in SECTIONS}
    return {*summary, *(f"{section}.{key}" for section, part in parts.items() for key in part)}


def _grids(base: Results, new: Results) -> list[Fault]:
    then, now = base.grid, new.grid
    mend = "run both on one grid: [grid] crs and resolution, the same zones"
    return [
        *_differ("grid, CRS", then.crs, now.crs, mend=mend),
        *_differ("grid, transform", str(list(then.transform)[:6]), str(list(now.transform)[:6]), mend=mend),
        *_differ("grid, shape", str(list(then.shape)), str(list(now.shape)), mend=mend),
    ]


def _flat(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in table.items():
        out |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return out


def _is_free(key: str) -> bool:
    return any(key == name or key.startswith(f"{name}.") for name in FREE)


def _scenarios(base: Results, new: Results) -> list[Fault]:
    then, now = (_flat(results.provenance.get("scenario") or {}) for results in (base, new))
    return [
        fault
        for key in sorted(then.keys() | now.keys())
        if not _is_free(key)
        for fault in _differ(f"scenario, {key}", then.get(key, NOT_STATED), now.get(key, NOT_STATED))
    ]


def _sources(then: dict[str, Any], now: dict[str, Any]) -> list[Fault]:
    """What the figures rest on: model, bases, technologies, speed tests, streets."""
    absent = 'give both the same layers; [coverage] role = "compare" only sets one beside the others'
    spoken = "give both a source for the technology, or name it in absent"
    return [
        *_differ("synthetic", then["synthetic"], now["synthetic"], mend="compare runs of one place"),
        *_differ("model of footprints", then["model"], now["model"], mend="give both the same terrain and footprints"),
        *_differ("basis of coverage", then["basis"], now["basis"], mend=absent),
        *_differ("technologies spoken of", _spoken(then), _spoken(now), mend=spoken),
        *_differ("speed tests", _given(then), _given(now), mend="give both speed tests, or neither"),
        *_differ("walks to public WiFi", then["wifi"]["measure"], now["wifi"]["measure"], mend="give both streets"),
    ]


def _spoken(summary: dict[str, Any]) -> list[str]:
    return [technology for technology, by in summary["coverage"].items() if by["union"]["share"] is not None]


def _given(summary: dict[str, Any]) -> str:
    return "none" if summary["quality"]["measured"] is None else "given"


def _regions(base: Results, new: Results) -> list[Fault]:
    """What the region's description defines: who is analysed, what a claim is, the model's own tables."""
    then, now = (results.provenance.get("region") or {} for results in (base, new))
    extents = [(region.get("grid") or {}).get("extent", NOT_STATED) for region in (then, now)]
    faults = _differ("region, grid.extent", *extents)
    faults += _differ("what a declared layer counts as covered", _claims(then), _claims(now))
    files = inputs_of(base), inputs_of(new)
    for layer in MODEL_TABLES:
        found = [", ".join(code[:12] for code in hashes(by.get(layer, []))) or "built-in" for by in files]
        faults += _differ(f"table '{layer}'", *found, mend="run one of the two again with the other's table")
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


def _zones(base: Results, new: Results) -> list[Fault]:
    then, now = _by_id(base), _by_id(new)
    faults: list[Fault] = []
    mend = "run both with one file of zones"
    for name, only in (("BASE", then.index.difference(now.index)), ("NEW", now.index.difference(then.index))):
        if len(only):
            faults.append(Fault("zones", f"{len(only)} in {name} alone: {_named(only)}", mend))
    both = then.index.intersection(now.index)
    if base.grid.crs == new.grid.crs:
        moved = both[_moved(then.loc[both].to_numpy(), now.loc[both].to_numpy())]
        if len(moved):
            faults.append(Fault("zones", f"{len(moved)} have another outline: {_named(moved)}", mend))
    return faults


def _by_id(results: Results) -> pd.Series[Any]:
    return results.zones.set_index(results.zones["zone_id"].astype(str))["geometry"].sort_index()


def _moved(then: Any, now: Any) -> Any:
    """Whether more than `SAME_AREA` of each zone's area lies elsewhere."""
    moved = ~shapely.equals_exact(then, now, tolerance=0.0)
    apart = shapely.area(shapely.symmetric_difference(then[moved], now[moved]))
    moved[moved] = apart > SAME_AREA * np.maximum(shapely.area(then[moved]), shapely.area(now[moved]))
    return moved
