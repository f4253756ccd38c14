"""The quality report of a region: what was understood, repaired, dropped and unmatched, and whether a run can go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from data.notes import listed

if TYPE_CHECKING:
    from pathlib import Path

    from data.region import Region


def report(region: Region) -> dict[str, Any]:
    """Figures of the quality report, for machines.

    Returns
    -------
    dict
        ``grid``, ``population``, ``zones``, ``coverage``, ``wifi``, ``hosts``, ``streets``, ``plan``,
        ``indicators``, ``notes``, ``can_run``.
    """
    from geo.zonal import outside

    values = region.population.values
    total = float(np.nansum(values))
    apart = float(outside(np.nan_to_num(values).ravel(), region.cell_zone))
    return {
        "name": region.name,
        "grid": {"text": str(region.grid), "area_distortion": region.grid.area_distortion()},
        "population": {
            "file_total": region.raster_total,
            "on_grid": total,
            "beyond_grid": region.beyond_frame,
            "in_zones": total - apart,
            "reference_total": region.settings.population.reference_total,
            "reference_source": region.settings.population.reference_source,
            "outside_zones": apart,
            "cells_not_known": int(np.isnan(values).sum()),
            "groups": {name: float(np.nansum(layer.values)) for name, layer in region.groups.items()},
        },
        "zones": {
            "count": len(region.zones),
            "area_km2": float(region.zones.geometry.area.sum()) * region.grid.metres_per_unit**2 / 1e6,
            "nulls": {
                column: int(region.zones[column].isna().sum())
                for column in region.indicators
                if region.zones[column].isna().any()
            },
        },
        "coverage": [
            {
                "file": layer.source.file,
                "basis": layer.basis,
                "technologies": list(layer.technologies),
                "features": next((len(t) for t in (layer.sites, layer.polygons) if t is not None), None),
                "silent_sites": 0 if layer.silent is None else len(layer.silent),
                "known_within": "everywhere" if layer.known is None else "part of the region",
            }
            for layer in region.coverage
        ],
        "speed_tests": None
        if region.speed is None
        else {"tiles": len(region.speed), "tests": int(region.speed["tests"].sum())},
        "terrain": None if region.dem is None else str(region.dem.grid),
        "wifi": None
        if region.wifi is None
        else {
            "points": len(region.wifi),
            "operational": int(region.wifi["operational"].sum()),
            "free": int((region.wifi["operational"] & region.wifi["free"]).sum()),
        },
        "hosts": _hosts(region),
        "streets": None
        if region.streets is None
        else {
            "edges": region.streets.edges,
            "km": float(region.streets.length_m.sum()) / 1000,
            "heights": region.streets.climb_m is not None,
            "known_within": "everywhere" if region.streets_known is None else "part of the region",
        },
        "plan": _plan(region),
        "indicators": list(region.indicators),
        "notes": [
            {"layer": note.layer, "what": note.what, "count": note.count, "detail": note.detail}
            for note in region.notes
        ],
        "can_run": True,
    }


def lines(report: dict[str, Any]) -> list[str]:
    """Render the report for people."""
    people, zones = report["population"], report["zones"]
    out = [
        f"{report['name']}",
        f"Grid: {report['grid']['text']}; areas true within {report['grid']['area_distortion']:.2%}",
        f"People in the file: {people['file_total']:,.1f}; {people['beyond_grid']:,.1f} of them beyond the grid",
        f"People in {zones['count']} zones ({zones['area_km2']:,.0f} km²): {people['in_zones']:,.1f}",
        *_reference(people),
        f"People on the grid outside every zone: {people['outside_zones']:,.1f}",
        f"Cells without a known population: {people['cells_not_known']:,}",
    ]
    out += [f"Group {name}: {value:,.1f}" for name, value in people["groups"].items()]
    for layer in report["coverage"]:
        out.append(
            f"Coverage {layer['file']}: {_features(layer)}, {layer['basis']}, "
            f"{', '.join(layer['technologies']) or 'no technology'}; known in: {layer['known_within']}"
        )
    if not report["coverage"]:
        out.append("Coverage: none given; every person's service will be unknown")
    speed, wifi = report["speed_tests"], report["wifi"]
    if speed:
        out.append(f"Speed tests: {speed['tests']:,} tests in {speed['tiles']:,} tiles that touch the grid")
    if report["terrain"]:
        out.append(f"Elevation: {report['terrain']}")
    out.append(
        f"WiFi: {wifi['points']:,} points, {wifi['operational']:,} operational, {wifi['free']:,} of them free"
        if wifi
        else "WiFi: no list given"
    )
    out.append(_hosts_line(report["hosts"]))
    out.append(_streets(report["streets"]))
    out += _plan_lines(report["plan"])
    if report["indicators"]:
        out.append(f"Indicators: {', '.join(report['indicators'])}")
    out += [f"Nulls in {column}: {count} zones" for column, count in zones["nulls"].items()]
    for note in report["notes"]:
        if note["count"]:
            detail = f" ({note['detail'][:160]})" if note["detail"] else ""
            out.append(f"Note, {note['layer']}: {note['what']}: {note['count']:,}{detail}")
    out.append("The run can go on.")
    return out


def _hosts(region: Region) -> dict[str, Any] | None:
    """How many places could host WiFi, and of which kinds; a kind that is not known is a blank."""
    if region.hosts is None:
        return None
    kinds = {str(kind): int(count) for kind, count in region.hosts["category"].value_counts().sort_index().items()}
    return {"count": len(region.hosts), "with_wifi": int(region.hosts["has_wifi"].sum()), "kinds": kinds}


def _hosts_line(found: dict[str, Any] | None) -> str:
    if found is None:
        return "Hosts of WiFi: no list given"
    kinds = listed([f"{kind or 'of no kind'} {count:,}" for kind, count in found["kinds"].items()])
    return f"Hosts of WiFi: {found['count']:,} ({kinds}), {found['with_wifi']:,} say that they have it"


def _plan(region: Region) -> dict[str, dict[str, Any]]:
    """What was read for plans: counts of each section that is given."""
    found: dict[str, dict[str, Any]] = {}
    if (given := region.proposals) is not None:
        kinds = {str(kind): int(count) for kind, count in given["kind"].value_counts().sort_index().items()}
        found["proposals"] = {"count": len(given), "kinds": kinds, "votes": float(given["votes"].sum())}
    if (areas := region.exclusions) is not None:
        km2 = float(areas.union_all().area) * region.grid.metres_per_unit**2 / 1e6
        found["exclusions"] = {"count": len(areas), "km2": km2}
    if (masts := region.masts) is not None:
        found["masts"] = {"count": len(masts), "with_height": int(masts["height_m"].notna().sum())}
    if (nodes := region.backhaul) is not None:
        kinds = {str(kind): int(count) for kind, count in nodes["kind"].value_counts().sort_index().items()}
        found["backhaul"] = {"count": len(nodes), "kinds": kinds}
    if region.power is not None:
        found["power"] = {"count": len(region.power)}
    return found


def _plan_lines(found: dict[str, dict[str, Any]]) -> list[str]:
    def by_kind(kinds: dict[str, int]) -> str:
        return ", ".join(f"{kind} {count:,}" for kind, count in kinds.items())

    words = {
        "proposals": lambda n: f"Proposals: {n['count']:,} ({by_kind(n['kinds'])}), {n['votes']:,.0f} votes",
        "exclusions": lambda n: f"Exclusions: {n['count']:,} areas, {n['km2']:,.1f} km²",
        "masts": lambda n: f"Masts: {n['count']:,}, {n['with_height']:,} of them of known height",
        "backhaul": lambda n: f"Backhaul: {n['count']:,} points and lines ({by_kind(n['kinds'])})",
        "power": lambda n: f"Power grid: {n['count']:,} lines and points",
    }
    return [line(found[name]) for name, line in words.items() if name in found]


def _streets(found: dict[str, Any] | None) -> str:
    if found is None:
        return "Streets: none given; walks are straight lines × the detour factor"
    heights = "with heights" if found["heights"] else "without heights"
    return f"Streets: {found['km']:,.0f} km in {found['edges']:,} edges, {heights}; known in: {found['known_within']}"


def _features(layer: dict[str, Any]) -> str:
    """How much a layer holds; rasters and hexagons were laid on the cells and are counted in the notes."""
    found = "laid on the cells" if layer["features"] is None else f"{layer['features']:,} features"
    silent = f", {layer['silent_sites']:,} silent sites" if layer["silent_sites"] else ""
    return f"{found}{silent}"


def _reference(people: dict[str, Any]) -> list[str]:
    if people["reference_total"] is None:
        return []
    source = people["reference_source"] or "another count"
    return [f"  by {source}: {people['reference_total']:,.0f}; nothing is scaled to it"]


def check(region_file: Path, *, root: Path | None) -> dict[str, Any]:
    """Load a region and report on it; GapmapError with every fault when a run could not go on."""
    from data.load import load_region

    return report(load_region(region_file, root=root))
