"""Areas where nothing, or nothing of some kinds, may be built: reserves, military ground, protected streets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import pandas as pd
import shapely

from data.columns import as_text, blank
from data.kinds import kinds_of, word_table
from data.notes import Note, Notes, listed
from data.plan_file import KINDS
from data.population import DEGREES, bounds_in
from data.settings import suggestion
from data.vectors import read_polygons
from geo.errors import Fault, SchemaError
from geo.vector import repair, to_grid_crs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from geo.grid import Grid

BETWEEN = ", "
"""Stands between the kinds of one area in `Region.exclusions`."""


class Exclusions(NamedTuple):
    """Areas and what was repaired or left out on the way."""

    areas: gpd.GeoDataFrame
    notes: Notes


def layer_text(gdf: gpd.GeoDataFrame, column: str | None, *, name: str, faults: list[Fault]) -> pd.Series[str]:
    """Column of a layer as text, blanks empty; empty where none is asked for; a fault where it is not there."""
    if column is not None and column in gdf.columns and column != gdf.geometry.name:
        text = as_text(gdf[column])
        return text.mask(blank(text), "").astype(object)
    if column is not None:
        known = [str(one) for one in gdf.columns if one != gdf.geometry.name]
        mend = suggestion(column, known) if known else "the layer has no columns"
        faults.append(Fault(name, "no such column", mend, column))
    return pd.Series("", index=gdf.index, dtype=object)


def _barred_kinds(
    text: pd.Series[str], words: Mapping[str, Sequence[str]] | None, *, name: str, column: str, faults: list[Fault]
) -> pd.Series[str]:
    """Kinds that each area bars, sorted and joined; blank = all."""
    parts = text.map(lambda cell: [part.strip() for part in re.split(r"[/;,|&+]", str(cell)) if part.strip()]).explode()
    parts = parts[parts.notna()]
    met = kinds_of(parts, word_table(KINDS, words), name=name, column=column, faults=faults)
    joined = met.groupby(level=0).agg(lambda kinds: BETWEEN.join(sorted(set(kinds))))
    return joined.reindex(text.index, fill_value="")


def read_exclusions(
    path: Path,
    *,
    grid: Grid,
    name: str | None = None,
    kinds: str | None = None,
    words: Mapping[str, Sequence[str]] | None = None,
    layer: str | None = None,
    where: Mapping[str, str | list[str]] | None = None,
) -> Exclusions:
    """Read areas where nothing may be built.

    Parameters
    ----------
    path : Path
        Polygons in any format of `data.vectors.read_vector`, with a CRS.
    grid : Grid
        Areas that do not meet its extent are left out.
    name : str, optional
        Column with the name or the reason.
    kinds : str, optional
        Column with the kinds of `data.plan_file.KINDS` that the area bars, such as ``wifi, site``; blank, or no column,
        = all.
    words : mapping, optional
        Further words by kind, see `data.kinds.word_table`.
    layer, where
        See `data.vectors.read_polygons`.

    Returns
    -------
    areas : GeoDataFrame, sorted by name, kinds and shape
        ``name`` ("" = none), ``kinds`` ("" = all, else sorted and joined by ", "), ``geometry``: valid polygons in the
        grid's CRS, which may overlap and reach beyond the grid.
    notes : list of Note

    Raises
    ------
    SchemaError
        Every fault at once: see `data.vectors.read_polygons`; columns that are not there, words that are no kind.
    CRSError
        The grid's CRS cannot show the areas.
    """
    expected = bounds_in(grid.bounds, grid.crs, DEGREES)
    gdf, notes = read_polygons(path, layer=layer, where=where, what="exclusions", expected_bounds=expected)
    faults: list[Fault] = []
    names = layer_text(gdf, name, name=path.name, faults=faults)
    text = layer_text(gdf, kinds, name=path.name, faults=faults)
    bars = _barred_kinds(text, words, name=path.name, column=kinds or "", faults=faults)
    if faults:
        raise SchemaError(faults)
    shapes = gpd.GeoSeries(gdf.geometry)
    moved = gpd.GeoDataFrame({"name": names, "kinds": bars}, geometry=shapes, crs=gdf.crs)
    areas, _rows = repair(to_grid_crs(moved, grid.crs))
    inside = areas.intersects(shapely.box(*grid.bounds))
    if not inside.all():
        rows = [str(row) for row in areas.index[~inside]]
        what = "exclusions outside the region's grid, left out"
        notes.append(Note(path.name, what, len(rows), f"rows {listed(rows)}"))
    return Exclusions(in_order(areas[inside], ["name", "kinds"]), notes)


def in_order(gdf: gpd.GeoDataFrame, columns: list[str]) -> gpd.GeoDataFrame:
    """Rows sorted by columns and then by shape, so that no order of the file's rows shows; numbered from 0."""
    keyed = gdf.assign(wkb=gdf.geometry.to_wkb())
    return keyed.sort_values([*columns, "wkb"], kind="stable").drop(columns="wkb").reset_index(drop=True)
