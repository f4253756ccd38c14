"""Zones and sites as small GeoJSON-like records, in degrees, simplified."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    from collections.abc import Hashable

    import geopandas as gpd

    from analysis.results import Results

MAX_ZONES = 5000
SIMPLIFY_PARTS = 3000
"""Outlines are simplified to the region's longer side divided by this: finer than a pixel of a full-screen map."""


def number(value: Any) -> float | int | None:
    """A JSON number: missing and NaN become None, whole floats stay short."""
    if value is None or pd.isna(value):
        return None
    plain = round(float(value), 6)
    return int(plain) if plain == int(plain) else plain


def words_of(value: Any) -> str:
    """Text of a field; a list is joined with semicolons, missing is empty."""
    if isinstance(value, list | tuple):
        return "; ".join(str(part) for part in value)
    return "" if value is None or pd.isna(value) else str(value)


def ordered_zones(zones: gpd.GeoDataFrame, *, by: str = "rank") -> gpd.GeoDataFrame:
    """Zones by rank (column `by`), the not ranked last, ties by id."""
    rank = pd.to_numeric(zones[by]).to_numpy(dtype=np.float64, na_value=np.inf)
    order = np.lexsort((zones["zone_id"].astype(str).to_numpy(dtype=str), rank))
    return zones.iloc[order]


def zone_record(row: dict[Hashable, Any]) -> dict[str, Any]:
    """The figures of a zone that the map and its table show; property names are ours, never the file's.

    ``range`` is there only when the run has ranks under low and high footprints.
    """
    record: dict[str, Any] = {
        "id": words_of(row["zone_id"]),
        "name": words_of(row["zone_name"]),
        "rank": number(row["rank"]),
        "population": number(row["population"]),
        "gap": number(row["gap_people"]),
        "share": number(row["gap_share"]),
        "unknown": number(row["unknown_people"]),
        "reasons": words_of(row.get("reasons")),
    }
    if "rank_low" in row and "rank_high" in row:
        low, high = number(row["rank_low"]), number(row["rank_high"])
        record["range"] = range_words(record["rank"], low=low, high=high)
    return record


def footprints_vary(summary: dict[str, Any]) -> bool:
    """Whether low and high footprints can differ: declared areas have one extent, so their ranks prove nothing."""
    return "modelled" in summary.get("basis", ("modelled",))


def range_words(rank: float | None, *, low: float | None, high: float | None) -> str:
    """Say what a rank is under other footprints: ``2 to 5 under low and high footprints``; empty if never ranked."""
    if rank is low is high is None:
        return ""
    if low is None and high is None:
        return "not ranked under low and high footprints"
    if low is None or high is None:
        parts = ["not ranked" if value is None else f"{value}" for value in (low, high)]
        return f"{parts[0]} under low, {parts[1]} under high footprints"
    between = f"{low}" if low == high else f"{min(low, high)} to {max(low, high)}"
    return f"{'the same' if rank == low == high else between} under low and high footprints"


def drawn_zones(results: Results) -> gpd.GeoDataFrame:
    """Zones of the map in the order of its records, at most `MAX_ZONES`, without ranks that footprints cannot move."""
    zones = ordered_zones(results.zones).head(MAX_ZONES)
    if footprints_vary(results.summary):
        return zones
    return zones.drop(columns=["rank_low", "rank_high", "rank_moves"], errors="ignore")


def zone_features(results: Results) -> list[dict[str, Any]]:
    """Zone records with ``parts`` (polygons of rings of [lon, lat]) and ``label`` [lon, lat], by rank."""
    zones = drawn_zones(results)
    if zones.empty:
        return []
    west, south, east, north = zones.total_bounds
    shapes = zones.geometry.simplify(max(east - west, north - south) / SIMPLIFY_PARTS, preserve_topology=True)
    outlines = shapes.to_crs(4326)
    inside = zones.geometry.representative_point().to_crs(4326)
    labels = np.column_stack([shapely.get_x(inside), shapely.get_y(inside)])
    records: list[dict[str, Any]] = []
    for row, outline, label in zip(zones.to_dict("records"), outlines, labels, strict=True):
        record = zone_record(row)
        record["parts"] = rings_of(outline)
        record["label"] = np.round(label, 5).tolist() if np.isfinite(label).all() else None
        records.append(record)
    return records


def rings_of(shape: Any) -> list[list[list[list[float]]]]:
    """Polygons of a shape as lists of rings of [lon, lat], 5 decimals; empty and other parts are left out."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and not part.is_empty]
    return [[_ring(ring) for ring in (part.exterior, *part.interiors)] for part in parts]


def _ring(ring: Any) -> list[list[float]]:
    return np.round(shapely.get_coordinates(ring), 5).tolist()
