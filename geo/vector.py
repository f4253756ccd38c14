"""Polygons made fit to be counted with: transformed without bending borders, valid, and overlapping nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import require_crs
from geo.errors import CRSError, Fault, SchemaError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

EDGE_DEGREES = 0.01
EDGE_METRES = 1000.0
REPORTED_KM2 = 1e-6
"""Overlaps below a square metre are cut like the others but not worth a line in a report."""


def _edge_length(crs: CRS) -> float:
    """Longest edge, in CRS units, that stays straight enough under a transformation (its bow stays below 0.1 m)."""
    unit = float(crs.axis_info[0].unit_conversion_factor) or 1.0
    return float(np.radians(EDGE_DEGREES)) / unit if crs.is_geographic else EDGE_METRES / unit


def to_grid_crs(gdf: gpd.GeoDataFrame, crs: CRS) -> gpd.GeoDataFrame:
    """Transform shapes, first cutting long edges so that a straight border stays where it is.

    Parameters
    ----------
    gdf : GeoDataFrame
        With a CRS. Edges above 0.01° (geographic) or 1 km (projected) get points in between.
    crs : pyproj.CRS
        The grid's.

    Returns
    -------
    GeoDataFrame
        A copy with the same index; unchanged shapes where the CRS is already this one.

    Raises
    ------
    CRSError
        No CRS, or shapes outside what the new CRS can show (their rows are named, counted from 1).
    """
    source = require_crs(gdf, what="shapes")
    if source.equals(crs, ignore_axis_order=True):
        return gdf.set_crs(crs, allow_override=True)
    lines = shapely.segmentize(np.asarray(gdf.geometry), _edge_length(source))
    moved = gdf.set_geometry(gpd.GeoSeries(lines, index=gdf.index, crs=source)).to_crs(crs)
    xy, owner = shapely.get_coordinates(np.asarray(moved.geometry), return_index=True)
    lost = np.unique(owner[~np.isfinite(xy).all(axis=1)]) + 1
    if lost.size:
        rows = ", ".join(map(str, lost[:10]))
        raise CRSError(
            f"{lost.size} shapes lie outside what {crs.name} can show (rows {rows}); check CRS and axis order"
        )
    return moved


def polygonal(geometries: NDArray[Any]) -> NDArray[Any]:
    """Polygon or multipolygon made of the polygonal parts of each geometry; an empty polygon where there are none."""
    out = geometries.copy()
    kind = shapely.get_type_id(out)
    for i in np.flatnonzero((kind != 3) & (kind != 6)):
        parts = shapely.get_parts(shapely.get_parts(out[i])) if out[i] is not None else np.array([], dtype=object)
        areas = [part for part in parts if shapely.get_type_id(part) == 3 and not part.is_empty]
        out[i] = shapely.union_all(areas) if areas else shapely.Polygon()
    return out


def empty_rows(gdf: gpd.GeoDataFrame) -> list[int]:
    """Rows (counted from 1) without any area: missing, empty, or only points and lines. `repair` drops these."""
    shapes = np.asarray(gdf.geometry, dtype=object)
    area = shapely.area(shapely.make_valid(shapes, method="structure", keep_collapsed=False))
    return [int(i) + 1 for i in np.flatnonzero(~(area > 0))]


def repair(gdf: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[int]]:
    """Make every polygon valid, keep polygonal parts only, drop rows left without area.

    Parameters
    ----------
    gdf : GeoDataFrame
        Any CRS. A ring that crosses itself is resolved into the areas it encloses; overlapping parts are merged.

    Returns
    -------
    gdf : GeoDataFrame
        A copy; index labels are kept, so dropped rows are the labels missing from it (`empty_rows` lists them).
    rows : list of int
        Rows changed or dropped, counted from 1.
    """
    shapes = np.asarray(gdf.geometry, dtype=object)
    kind = shapely.get_type_id(shapes)
    faulty = ~(shapely.is_valid(shapes) & ((kind == 3) | (kind == 6)) & (shapely.area(shapes) > 0))
    mended = shapes.copy()
    mended[faulty] = polygonal(shapely.make_valid(shapes[faulty], method="structure", keep_collapsed=False))
    fixed = gdf.set_geometry(gpd.GeoSeries(mended, index=gdf.index, crs=gdf.crs))
    return fixed[shapely.area(mended) > 0].copy(), [int(i) + 1 for i in np.flatnonzero(faulty)]


def _ranks(gdf: gpd.GeoDataFrame, key: str) -> NDArray[np.int64]:
    """Position of each row in the order of its key."""
    column = gdf[key]
    twice = column[column.duplicated(keep=False)]
    if len(twice) or column.isna().any():
        problem = f"'{twice.iloc[0]}' stands twice" if len(twice) else "a value is missing"
        raise SchemaError([Fault("zones", problem, "give every zone an id of its own", column=key)])
    order = np.argsort(column.to_numpy(), kind="stable")
    ranks = np.empty(len(gdf), dtype=np.int64)
    ranks[order] = np.arange(len(gdf))
    return ranks


def _overlapping(shapes: NDArray[Any], ranks: NDArray[np.int64]) -> pd.DataFrame:
    """Pairs (low, high) of positions that share area, with that area in CRS units, in the order of their keys."""
    tree = shapely.STRtree(shapes)
    first, second = tree.query(shapes, predicate="intersects")
    wanted = ranks[first] < ranks[second]
    low, high = first[wanted], second[wanted]
    order = np.lexsort((ranks[high], ranks[low]))
    low, high = low[order], high[order]
    pairs = pd.DataFrame(
        {"low": low, "high": high, "area": shapely.area(shapely.intersection(shapes[low], shapes[high]))}
    )
    return pairs[pairs["area"] > 0]


def remove_overlaps(
    gdf: gpd.GeoDataFrame, *, key: str, tolerance: float = 0.05
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Give ground claimed by two polygons to the one with the lower key; the area of the union does not change.

    Parameters
    ----------
    gdf : GeoDataFrame
        Valid polygons in a projected CRS (see `to_grid_crs`, `repair`).
    key : str
        Column of unique ids; its order decides, not the order of rows.
    tolerance : float
        Overlaps up to this share of the smaller polygon's area are slivers and are cut. Larger ones are left alone and
        returned with ``cut`` False: two zones that really overlap are an error for the caller to raise.

    Returns
    -------
    gdf : GeoDataFrame
        Same rows, index and order.
    overlaps : DataFrame
        ``first``, ``second`` (keys, first the lower), ``area_km2``, ``share`` (of the smaller polygon), ``cut`` (bool);
        sorted by the two keys; overlaps below 1 m² are not listed.

    Raises
    ------
    CRSError
        No CRS, or not a projected one.
    SchemaError
        The key is missing or not unique.
    """
    crs = require_crs(gdf, what="zones")
    if not crs.is_projected:
        raise CRSError(f"areas of overlaps need a projected CRS, not {crs.name}")
    shapes = np.asarray(gdf.geometry, dtype=object)
    pairs = _overlapping(shapes, _ranks(gdf, key))
    low, high = pairs["low"].to_numpy(), pairs["high"].to_numpy()
    share = pairs["area"].to_numpy() / np.minimum(shapely.area(shapes[low]), shapely.area(shapes[high]))
    cut = share <= tolerance
    keys = gdf[key].to_numpy()
    area_km2 = pairs["area"].to_numpy() * float(crs.axis_info[0].unit_conversion_factor) ** 2 / 1e6
    overlaps = pd.DataFrame(
        {"first": keys[low], "second": keys[high], "area_km2": area_km2, "share": share, "cut": cut}
    )
    cleared = shapes.copy()
    for i in np.unique(high[cut]):
        cleared[i] = shapely.difference(shapes[i], shapely.union_all(shapes[low[cut & (high == i)]]))
    result = gdf.set_geometry(gpd.GeoSeries(polygonal(cleared), index=gdf.index, crs=crs))
    return result, overlaps[overlaps["area_km2"] >= REPORTED_KM2].reset_index(drop=True)


def largest_part(geometry: Any) -> shapely.Polygon:
    """Largest polygon of a polygon or multipolygon; the first in the order of its coordinates when two are equal."""
    parts = [part for part in shapely.get_parts(polygonal(np.array([geometry], dtype=object))[0]) if not part.is_empty]
    return min(parts, key=lambda part: (-part.area, part.bounds)) if parts else shapely.Polygon()
