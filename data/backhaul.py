"""What new sites are joined to: nodes and lines of the network behind them, and the power grid."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import shapely

from data.columns import keep_where
from data.exclusions import in_order, layer_text
from data.kinds import kinds_of, word_table
from data.notes import Note, Notes, listed
from data.plan_file import LINKS
from data.points import open_points, place
from data.population import DEGREES, bounds_in
from data.tables_in import row_faults
from data.vectors import crs_faults, is_vector, read_vector
from geo.errors import Fault, SchemaError
from geo.vector import to_grid_crs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pyproj import CRS

    from data.vectors import Bounds
    from geo.grid import Grid

FAR_M = 100_000.0
"""Nodes and lines farther than this from the grid are left out: nothing in it is joined to them. [rule]"""

_POINTS, _LINES = (0, 4), (1, 2, 5)


class Features(NamedTuple):
    """Points and lines, and what was left out on the way."""

    features: gpd.GeoDataFrame
    notes: Notes


def _wide(grid: Grid) -> Bounds:
    far = FAR_M / grid.metres_per_unit
    west, south, east, north = grid.bounds
    return west - far, south - far, east + far, north + far


def _of_table(
    path: Path, grid: Grid, *, columns: Mapping[str, str | None], source_crs: CRS | str, where: Any, faults: list[Fault]
) -> tuple[gpd.GeoDataFrame, Notes]:
    """Points of a CSV, in the grid's CRS, with its columns."""
    table, x, y, crs = open_points(path, columns=columns, source_crs=source_crs)
    frame = keep_where(table.frame, where, name=table.name, faults=faults)
    missing = [axis for axis in (x, y) if axis not in frame.columns]
    faults += [Fault(path.name, "no such column", "set columns.x and columns.y", axis) for axis in missing]
    if faults:
        raise SchemaError(faults)
    points = place(replace(table, frame=frame), x, y, crs=crs, grid_crs=grid.crs, bounds=_wide(grid), faults=faults)
    shapes = gpd.GeoSeries(shapely.points(points.x, points.y), index=points.table.frame.index, crs=grid.crs)
    return gpd.GeoDataFrame(points.table.frame, geometry=shapes), [*table.notes, *points.notes]


def _of_layer(
    path: Path, grid: Grid, *, layer: str | None, where: Any, faults: list[Fault]
) -> tuple[gpd.GeoDataFrame, Notes]:
    """Points and lines of a vector file, in the grid's CRS, with their columns."""
    gdf = read_vector(path, layer=layer)
    expected = bounds_in(_wide(grid), grid.crs, DEGREES)
    faults += crs_faults(gdf, path=path, expected_bounds=expected)
    gdf = gdf.loc[keep_where(gdf, where, name=path.name, faults=faults).index]
    shapes = np.asarray(gdf.geometry, dtype=object)
    drawn = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    odd = drawn & ~np.isin(shapely.get_type_id(shapes), [*_POINTS, *_LINES])
    problem = {str(row): f"a {kind}, neither a point nor a line" for row, kind in gdf.geom_type[odd].items()}
    faults += row_faults(path.name, "geometry", problem, mend="give points and lines; of an area, its entrance")
    if faults:
        raise SchemaError(faults)
    notes: Notes = []
    if not drawn.all():
        notes.append(Note(path.name, "rows without a shape, left out", int((~drawn).sum())))
    flat = gdf[drawn].set_geometry(gpd.GeoSeries(shapely.force_2d(shapes[drawn]), index=gdf.index[drawn], crs=gdf.crs))
    moved = to_grid_crs(flat, grid.crs)
    near = moved.intersects(shapely.box(*_wide(grid)))
    if not near.all():
        rows = [str(row) for row in moved.index[~near]]
        what = f"points and lines more than {FAR_M / 1000:g} km from the grid, left out"
        notes.append(Note(path.name, what, len(rows), f"rows {listed(rows)}"))
    if not near.any():
        problem = f"nothing lies within {FAR_M / 1000:g} km of the region"
        raise SchemaError([Fault(path.name, problem, "check the file and its CRS")])
    return moved[near], notes


def read_backhaul(
    path: Path,
    *,
    grid: Grid,
    columns: Mapping[str, str | None] | None = None,
    words: Mapping[str, Sequence[str]] | None = None,
    source_crs: CRS | str = "EPSG:4326",
    layer: str | None = None,
    where: Mapping[str, str | list[str]] | None = None,
) -> Features:
    """Read what new sites can be joined to, from CSV or from a vector file of points and lines.

    Parameters
    ----------
    path : Path
    grid : Grid
        Of the region; what lies more than `FAR_M` outside it is left out.
    columns : mapping, optional
        ``x, y`` (CSV only) and optionally ``name, kind`` → column of the file.
    words : mapping, optional
        Further words by kind, see `data.kinds.word_table`.
    source_crs : CRS or str
        Of the x and y columns of a CSV; a vector file states its own.
    layer, where
        See `data.vectors.read_polygons`.

    Returns
    -------
    features : GeoDataFrame, sorted by kind, name and shape, never empty
        ``name`` ("" = none), ``kind`` (fibre, microwave or node; where the file does not say: fibre for a line, node
        for a point), ``geometry``: points and lines in the grid's CRS.
    notes : list of Note

    Raises
    ------
    SchemaError
        Every fault at once: no CRS, areas, columns that are not there, words that are no kind, nothing near the region.
    CRSError
        The grid's CRS cannot show the shapes.
    """
    named, faults = columns or {}, list[Fault]()
    if is_vector(path):
        gdf, notes = _of_layer(path, grid, layer=layer, where=where, faults=faults)
    else:
        gdf, notes = _of_table(path, grid, columns=named, source_crs=source_crs, where=where, faults=faults)
    names = layer_text(gdf, named.get("name"), name=path.name, faults=faults)
    text = layer_text(gdf, named.get("kind"), name=path.name, faults=faults)
    kinds = kinds_of(text, word_table(LINKS, words), name=path.name, column=named.get("kind") or "", faults=faults)
    if faults:
        raise SchemaError(faults)
    points = np.isin(shapely.get_type_id(np.asarray(gdf.geometry, dtype=object)), _POINTS)
    kinds = kinds.mask((text == "") & points, "node").mask((text == "") & ~points, "fibre")
    found = gpd.GeoDataFrame({"name": names, "kind": kinds}, geometry=gpd.GeoSeries(gdf.geometry), crs=grid.crs)
    return Features(in_order(found, ["kind", "name"]), notes)


def read_power(
    path: Path,
    *,
    grid: Grid,
    name: str | None = None,
    layer: str | None = None,
    where: Mapping[str, str | list[str]] | None = None,
) -> Features:
    """Read lines of the power grid, or points where it can be entered, from a vector file.

    Parameters
    ----------
    path, grid, layer, where
        See `read_backhaul`.
    name : str, optional
        Column with the name.

    Returns
    -------
    features : GeoDataFrame, sorted by name and shape, never empty
        ``name`` ("" = none), ``geometry``: points and lines in the grid's CRS.
    notes : list of Note

    Raises
    ------
    SchemaError, CRSError
        See `read_backhaul`.
    """
    faults: list[Fault] = []
    gdf, notes = _of_layer(path, grid, layer=layer, where=where, faults=faults)
    names = layer_text(gdf, name, name=path.name, faults=faults)
    if faults:
        raise SchemaError(faults)
    found = gpd.GeoDataFrame({"name": names}, geometry=gpd.GeoSeries(gdf.geometry), crs=grid.crs)
    return Features(in_order(found, ["name"]), notes)
