"""The cells table and the summary: what a run says, built from fragments and the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.access_tables import cell_columns
from analysis.agreement import cell_shares, doubt
from analysis.footprint import UNION
from analysis.ledger import STATES, coverage_table, operator_table
from analysis.settlement import CLASS_NAMES
from data.coverage import TECHNOLOGIES
from data.region import lonlat

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from analysis.access import Access
    from analysis.assess import Assessment
    from analysis.footprint import Coverage
    from analysis.fragments import Fragments
    from analysis.ledger import Ledger
    from data.region import Region


def cells_table(
    region: Region,
    fragments: Fragments,
    ledger: Ledger,
    *,
    settlement: NDArray[np.int16],
    target: str,
    assessment: Assessment | None = None,
    access: Access | None = None,
    reach: int = 5,
    more: dict[str, Any] | None = None,
) -> gpd.GeoDataFrame:
    """One row per analysed populated cell, ascending `cell_id`; columns as documented in docs/outputs.md.

    Fractions are of the cell's people and NaN where nothing is known; states are persons and sum to ``population``.
    """
    import geopandas as gpd

    persons, people = fragments.persons, fragments.people
    x, y = region.grid.centres(fragments.cells)
    columns: dict[str, Any] = {
        "cell_id": fragments.cells,
        "x": x,
        "y": y,
        "population": people,
        "settlement": settlement.ravel()[fragments.cells],
        "zone_id": main_zone(region, fragments),
    }
    for state in STATES:
        columns[state] = fragments.by_cell(ledger.states[state])
    for technology in TECHNOLOGIES:
        known = fragments.by_cell(ledger.known[technology] * persons)
        spoken = np.minimum(ledger.at_least[technology], ledger.known[technology])
        columns[f"at_least_{technology.lower()}"] = _share(fragments.by_cell(spoken * persons), known)
    known = fragments.by_cell(ledger.known[target] * persons)
    gap = fragments.by_cell(ledger.below(target) * persons)
    columns["gap_people"] = np.where(known > 0, gap, np.nan)
    columns["unknown_people"] = np.maximum(people - known, 0.0)
    if access is not None:
        ids = np.empty(0) if region.wifi is None else region.wifi["wifi_id"].to_numpy()
        columns |= cell_columns(fragments, access, wifi_ids=ids, reach=reach)
    if assessment is not None:
        columns |= _assessed(fragments, assessment)
    columns |= more or {}
    for name, layer in region.groups.items():
        columns[f"group_{name}"] = layer.values.ravel()[fragments.cells]
    geometry = gpd.points_from_xy(x, y, crs=region.grid.crs)
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=region.grid.crs)


def _assessed(fragments: Fragments, assessment: Assessment) -> dict[str, NDArray[np.float64]]:
    """What each basis says of the target, where the declared map is doubtful, and the measured speed."""
    nothing = np.full(fragments.cells.size, np.nan)
    columns = {
        f"{name}_share": cell_shares(fragments, assessment.bases[name]) if name in assessment.bases else nothing
        for name in ("declared", "modelled", "measured")
    }
    doubtful = doubt(fragments, assessment.bases)
    heard = np.isfinite(doubtful)
    people = fragments.by_cell(np.where(heard, doubtful, 0.0))
    columns["doubt_people"] = np.where(fragments.by_cell(heard.astype(np.float64)) > 0, people, np.nan)
    measured, room = assessment.measured, assessment.dimensioned
    columns["down_mbps"] = measured.down_mbps.ravel()[fragments.cells] if measured else nothing
    columns["up_mbps"] = measured.up_mbps.ravel()[fragments.cells] if measured else nothing
    columns["tests"] = measured.tests.ravel()[fragments.cells] if measured else nothing
    columns["room_share"] = room.share.ravel()[fragments.cells] if room else nothing
    return columns


def _share(part: NDArray[np.float64], known: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(known > 0, np.minimum(part / known, 1.0), np.nan)


def main_zone(region: Region, fragments: Fragments) -> NDArray[np.object_]:
    """Id of the zone with the largest part of each cell; empty outside every zone; ties go to the lower id."""
    order = np.lexsort((fragments.zone, -fragments.persons, fragments.zone < 0, fragments.cell))
    first = np.unique(fragments.cell[order], return_index=True)[1]
    zone = fragments.zone[order][first]
    names = np.append(region.zones["zone_id"].astype(str).to_numpy(dtype=object), "")
    return names[zone]


def settlement_people(fragments: Fragments, settlement: NDArray[np.int16]) -> dict[str, float]:
    """Persons by level 2 settlement code, every code present, summing to the population."""
    codes = settlement.ravel()[fragments.cells]
    return {
        str(code): float(fragments.people[codes == code].sum())
        for code in sorted(CLASS_NAMES, reverse=True)
        if code >= 10
    }


def settlement_gap(
    fragments: Fragments, ledger: Ledger, *, settlement: NDArray[np.int16], target: str
) -> list[dict[str, Any]]:
    """The gap along the urban-rural continuum: one record per level 2 class that has people."""
    codes = settlement.ravel()[fragments.cell_id]
    gap = ledger.below(target) * fragments.persons
    known = ledger.known[target] * fragments.persons
    records: list[dict[str, Any]] = []
    for code in sorted(CLASS_NAMES, reverse=True):
        inside = codes == code
        people = float(fragments.persons[inside].sum())
        if code < 10 or people == 0:
            continue
        sure = float(known[inside].sum())
        short = float(gap[inside].sum())
        states = {state: float(ledger.states[state][inside].sum()) for state in STATES}
        records.append(
            {
                "settlement": code,
                "name": CLASS_NAMES[code],
                "population": people,
                "gap_people": short,
                "gap_share": short / sure if sure > 0 else None,
                "unknown": people - sure,
                "ledger": states,
            }
        )
    return records


def population_record(region: Region, fragments: Fragments) -> dict[str, Any]:
    """Where the people of the population file went: in zones, outside every zone, and not analysed."""
    total = float(fragments.persons.sum())
    outside = float(fragments.persons[fragments.zone < 0].sum())
    return {
        "total": total,
        "in_zones": total - outside,
        "outside_zones": outside,
        "file_total": region.raster_total,
        "not_analysed": region.raster_total - total,
        "reference_total": region.settings.population.reference_total,
        "reference_source": region.settings.population.reference_source,
    }


def summary(
    region: Region,
    fragments: Fragments,
    ledger: Ledger,
    coverage: Coverage,
    *,
    zones: gpd.GeoDataFrame,
    ranking: pd.DataFrame,
    settlement: NDArray[np.int16],
    target: str,
    footprint: str,
) -> dict[str, Any]:
    """`summary.json` without WiFi, assessment, sensitivity and plan; keys as documented in docs/outputs.md."""
    keep = ["zone_id", "zone_name", "population", *STATES, "gap_people", "gap_share", "unknown_people", "rank"]
    gap = float((ledger.below(target) * fragments.persons).sum())
    known = float((ledger.known[target] * fragments.persons).sum())
    return {
        "name": region.name,
        "synthetic": region.synthetic,
        "note": region.settings.note,
        "year": region.settings.population.year,
        "target": target,
        "footprint": footprint,
        "basis": list(coverage.basis),
        "population": population_record(region, fragments),
        "settlement": settlement_people(fragments, settlement),
        "settlement_gap": settlement_gap(fragments, ledger, settlement=settlement, target=target),
        "ledger": {state: float(ledger.states[state].sum()) for state in STATES},
        "gap": {"people": gap, "known": known, "share": gap / known if known > 0 else None},
        "coverage": coverage_table(coverage, fragments, footprint=footprint),
        "operators": operator_table(coverage, fragments, footprint=footprint),
        "silent_sites": silent_record(region, fragments, coverage, footprint=footprint),
        "groups": {
            name: float(np.nansum(layer.values.ravel()[fragments.cells]))
            for name, layer in sorted(region.groups.items())
        },
        "zones": zones[keep].to_dict("records"),
        "ranking": ranking.to_dict("records"),
        "inputs": [
            {
                "layer": source.layer,
                "file": source.file,
                "sha256": source.sha256,
                "source": source.source,
                "publisher": source.publisher,
                "licence": source.licence,
                "url": source.url,
                "year": source.year,
            }
            for source in region.sources
        ],
        "notes": [
            {"layer": note.layer, "what": note.what, "count": note.count, "detail": note.detail}
            for note in region.notes
            if note.count
        ],
        "centre": [round(float(value), 4) for value in _centre(region)],
    }


def operator_rows(summary: dict[str, Any]) -> pd.DataFrame:
    """`coverage.csv`: people covered by at least each technology, by anyone (operator empty) and by each operator."""
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for technology in TECHNOLOGIES:
        tables = {"": summary["coverage"][technology]["union"]}
        tables |= {name: table[technology] for name, table in sorted(summary["operators"].items())}
        rows += [{"technology": technology, "operator": name, **row} for name, row in tables.items()]
    return pd.DataFrame(rows)


def silent_record(
    region: Region, fragments: Fragments, coverage: Coverage, *, footprint: str
) -> dict[str, dict[str, float] | int]:
    """Sites that do not say their technology, and for how many people they, or unknown terrain, leave it unknown."""
    counted = [layer.silent for layer in region.coverage if layer.silent is not None and layer.counts]
    places = {key for table in counted for key in zip(table["site_id"], table["operator"], strict=True)}
    nobody = np.zeros(fragments.size)

    def people(doubt: dict[tuple[str, str, str], NDArray[np.float64]]) -> dict[str, float]:
        parts = {t: doubt.get((footprint, t, UNION), nobody) for t in TECHNOLOGIES}
        return {t: float(np.minimum(part, coverage.known[t]) @ fragments.persons) for t, part in parts.items()}

    return {
        "sites": len(places),
        "unknown_people": people(coverage.silent),
        "unknown_terrain_people": people(coverage.dark),
    }


def _centre(region: Region) -> tuple[float, float]:
    west, south, east, north = region.zones.total_bounds
    lon, lat = lonlat(region.grid, [(west + east) / 2], [(south + north) / 2])
    return float(lon[0]), float(lat[0])
