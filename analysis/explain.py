"""One place replayed step by step: each value with what it stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.access import WALKS_MIN
from analysis.ledger import STATE_MEANING, STATES
from analysis.settlement import CLASS_NAMES
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from analysis.results import Results


def explain_zone(results: Results, zone_id: str) -> list[str]:
    """Lines that tell a zone's story, from people to plan; SchemaError if there is no such zone."""
    zones = results.zones
    found = zones[zones["zone_id"].astype(str) == zone_id]
    if found.empty:
        found = zones[zones["zone_name"].astype(str).str.casefold() == zone_id.casefold()]
    if len(found) != 1:
        known = "; ".join(f"{row.zone_id} ({row.zone_name})" for row in zones.head(8).itertuples())
        problem = f"no zone '{zone_id}'" if found.empty else f"{len(found)} zones are named '{zone_id}'"
        raise SchemaError([Fault("--zone", problem, f"use an id such as {known}")])
    row: dict[Any, Any] = found.iloc[0].to_dict()
    zone_id = str(row["zone_id"])
    target = results.summary["target"]
    rank = "not ranked" if not np.isfinite(float(row["rank"] or np.nan)) else f"rank {int(row['rank'])} of {len(zones)}"
    lines = [f"{row['zone_name']} ({zone_id}) — {rank} by people below {target}", str(row["reasons"]), ""]
    lines.append(f"People: {row['population']:,.1f}, from the population grid by exact area shares of cells")
    lines += [
        f"  {label}: {row[column]:.1%}"
        for column, label in (
            ("centre_share", "in urban centres"),
            ("cluster_share", "in urban clusters"),
            ("rural_share", "in rural cells"),
        )
        if np.isfinite(row[column])
    ]
    if "rank_low" in row and np.isfinite(float(row["rank_low"] or np.nan)):
        lines.append(f"Rank under low footprints {int(row['rank_low'])}, under high ones {int(row['rank_high'])}")
    lines += _states(row)
    lines.append(f"Below {target}: {row['gap_people']:,.1f}; unknown: {row['unknown_people']:,.1f}")
    lines += _zone_wifi(row, results.summary["wifi"])
    sites = results.plan[(results.plan["zone_id"].astype(str) == zone_id) & results.plan["within_budget"]]
    lines.append(f"The plan builds {len(sites)} sites here" + (":" if len(sites) else "."))
    lines += [
        f"  {int(site['step'])}. {site['kind']} {site['name']}: {site['people']:,.1f} people for {site['cost']:,.0f}"
        for site in sites.to_dict("records")
    ]
    return [*lines, "", *_inputs(results)]


def _zone_wifi(row: dict[Any, Any], told: dict[str, Any]) -> list[str]:
    """People of a zone by their walk to free public WiFi; nothing in results of before it was walked."""
    known = row.get("wifi_known_people")
    if known is None:
        return []
    if not np.isfinite(known):
        return ["Free public WiFi on foot: not known here"]
    lines = [f"Free public WiFi on foot, {told['measure']} (known for {known:,.1f} people):"]
    lines += [f"  within {limit} min: {row[f'wifi_{limit}_min_people']:,.1f}" for limit in WALKS_MIN]
    lines.append(f"  no way there at all: {row['wifi_no_way_people']:,.1f}")
    return lines


def _cell_wifi(row: dict[Any, Any], results: Results) -> list[str]:
    """A cell's walk to free public WiFi, and the hotspot that is nearest to most of its people."""
    measure = results.summary["wifi"]["measure"]
    if "wifi_known" not in row:
        return [f"Public WiFi within 400 m (straight line): {_percent(row['wifi_400_m'])}"]
    if not row["wifi_known"] > 0:
        return ["Free public WiFi on foot: unknown"]
    lines = [f"Free public WiFi on foot, {measure}:"]
    lines += [f"  within {limit} min: {_percent(row[f'wifi_{limit}_min'])}" for limit in WALKS_MIN]
    if np.isfinite(row["wifi_walk_min"]):
        named = results.wifi.set_index("wifi_id")["name"]
        spot = row["wifi_nearest"]
        name = f" {named[spot]}" if isinstance(named.get(spot), str) else ""
        lines.append(f"  mean walk of those who have a way: {row['wifi_walk_min']:.1f} min")
        lines.append(f"  nearest to most of them: {spot}{name}")
    if row["wifi_no_way"] > 0:
        lines.append(f"  no way there at all: {_percent(row['wifi_no_way'])}")
    lines.append(f"  inside the radio range itself: {_percent(row['wifi_radio'])}")
    if np.isfinite(row["wifi_places"]):
        lines.append(f"  room: {row['wifi_places']:.2f} places per 1,000 people")
    return lines


def _states(row: dict[Any, Any]) -> list[str]:
    lines = ["Service states (persons, summing to the people):"]
    lines += [f"  {state}: {row[state]:,.1f} — {STATE_MEANING[state]}" for state in STATES]
    return lines


def explain_cell(results: Results, cell_id: int) -> list[str]:
    """Lines that tell a cell's story; SchemaError when it is not a populated cell of the run."""
    cells = results.cells
    found = cells[cells["cell_id"] == cell_id]
    if found.empty:
        mend = f"use an id of cells.parquet, from {cells['cell_id'].min()} to {cells['cell_id'].max()}"
        raise SchemaError([Fault("--cell", f"no populated cell {cell_id}", mend)])
    row: dict[Any, Any] = found.iloc[0].to_dict()
    grid, target = results.grid, results.summary["target"]
    lines = [
        f"Cell {cell_id}: row {cell_id // grid.nx}, column {cell_id % grid.nx}",
        f"Centre: {row['x']:,.0f} {row['y']:,.0f} in {grid.crs.name}",
        f"Zone with the largest part: {row['zone_id'] or 'none'}",
        f"People: {row['population']:,.1f}, summed from the population file",
        f"Settlement class {row['settlement']}: {CLASS_NAMES[int(row['settlement'])]}",
    ]
    for name in ("2g", "3g", "4g", "5g"):
        value = row[f"at_least_{name}"]
        lines.append(f"At least {name.upper()}: {_percent(value)}")
    lines += _bases(row, target)
    lines += _cell_wifi(row, results)
    lines += _states(row)
    lines.append(f"Below {target}: {_number(row['gap_people'])}")
    return [*lines, "", *_inputs(results)]


def _bases(row: dict[Any, Any], target: str) -> list[str]:
    """What each basis says of the target, and the speed measured."""
    lines: list[str] = []
    for name in ("declared", "modelled", "measured"):
        value = row.get(f"{name}_share", float("nan"))
        if np.isfinite(value):
            what = "the target speed" if name == "measured" else f"at least {target}"
            lines.append(f"  {name}: {value:.1%} of its people have {what}")
    if np.isfinite(row.get("down_mbps", float("nan"))):
        lines.append(
            f"  measured: {row['down_mbps']:.1f} Mbit/s down, {row['up_mbps']:.1f} up, {row['tests']:.0f} tests"
        )
    if np.isfinite(row.get("room_share", float("nan"))):
        lines.append(f"  dimensioned: sites have room for {row['room_share']:.1%} of those they serve")
    return lines


def _percent(value: float) -> str:
    return f"{value:.1%} of its people" if np.isfinite(value) else "unknown"


def _number(value: float) -> str:
    return f"{value:,.1f}" if np.isfinite(value) else "unknown"


def _inputs(results: Results) -> list[str]:
    lines = ["Stands on:"]
    for item in results.summary["inputs"]:
        origin = item["source"] or item["publisher"] or "source not stated"
        lines.append(f"  {item['layer']}: {item['file']} ({origin}; {item['licence'] or 'licence not stated'})")
    return lines
