"""Zones: the areas that are ranked, each with an id and a name, none counted twice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from data.columns import BLANKS, as_text
from data.notes import Note, Notes, listed
from data.settings import suggestion
from data.tables_in import row_faults
from data.vectors import Bounds, read_polygons
from geo.errors import Fault, SchemaError
from geo.vector import remove_overlaps, repair, to_grid_crs

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import pandas as pd
    from pyproj import CRS

OVERLAP_TOLERANCE = 0.05
"""Overlaps up to this share of the smaller zone are slivers between two sources' borders and are cut: the Paris
arrondissements and the communes around them, drawn by two offices, overlap by up to 2.3 % of a commune."""


class Zones(NamedTuple):
    """Zones and what was repaired on the way."""

    zones: gpd.GeoDataFrame
    notes: Notes


def _ids(gdf: gpd.GeoDataFrame, column: str, *, name: str, faults: list[Fault]) -> pd.Series[str]:
    """Ids as text; blank and repeated ones are faults."""
    ids = as_text(gdf[column])
    empty = ids.str.casefold().isin(BLANKS)
    problem = {str(row): "the id is blank" for row in ids.index[empty]}
    faults += row_faults(name, column, problem, mend="give every zone an id")
    problem = {}
    for value, group in ids[~empty & ids.duplicated(keep=False)].groupby(ids, sort=True):
        rows = [str(row) for row in group.index]
        problem[rows[1]] = f"id '{value}' stands in rows {listed(rows)}"
    faults += row_faults(name, column, problem, mend="give every zone an id of its own, or dissolve its parts into one")
    return ids


def _named(gdf: gpd.GeoDataFrame, ids: pd.Series[str], column: str, *, name: str, notes: Notes) -> gpd.GeoDataFrame:
    """Columns in their order, rows by id; a zone without a name is called by its id, and noted."""
    names = as_text(gdf[column])
    nameless = names == ""
    if nameless.any():
        notes.append(Note(name, "zones without a name, called by their id", int(nameless.sum())))
    named = gdf.rename_geometry("geometry") if gdf.geometry.name != "geometry" else gdf
    others = [known for known in named.columns if known not in {"zone_id", "zone_name", "geometry"}]
    zones = named[[*others, "geometry"]].assign(zone_id=ids, zone_name=names.mask(nameless, ids))
    zones = zones[["zone_id", "zone_name", *others, "geometry"]]
    return zones.sort_values("zone_id", kind="stable").reset_index(drop=True)


def _apart(gdf: gpd.GeoDataFrame, *, name: str, notes: Notes) -> gpd.GeoDataFrame:
    """Cut slivers between zones; zones that really overlap are faults."""
    cut, overlaps = remove_overlaps(gdf, key="zone_id", tolerance=OVERLAP_TOLERANCE)
    names = dict(zip(gdf["zone_id"], gdf["zone_name"], strict=True))
    large = overlaps[~overlaps["cut"].astype(bool)]
    problem = {
        f"{pair.first}, {pair.second}": (
            f"zones '{names[pair.first]}' ({pair.first}) and '{names[pair.second]}' ({pair.second}) overlap by "
            f"{pair.area_km2:.3g} km², {pair.share:.1%} of the smaller"
        )
        for pair in large.itertuples()
    }
    faults = [
        Fault(fault.file, fault.problem, fault.mend)
        for fault in row_faults(name, "", problem, mend="correct the borders, or choose one set of zones with 'where'")
    ]
    if faults:
        raise SchemaError(faults)
    if len(overlaps):
        worst = overlaps.iloc[int(overlaps["area_km2"].argmax())]
        total = f"{overlaps['area_km2'].sum():.3g} km² in all; largest {worst['area_km2']:.3g} km² between"
        detail = f"{total} {names[worst['first']]} and {names[worst['second']]}; given to the lower id"
        notes.append(Note(name, "slivers where two zones overlap, cut", len(overlaps), detail))
    return cut


def read_zones(
    path: Path,
    *,
    id_column: str,
    name_column: str,
    crs: CRS,
    layer: str | None = None,
    where: Mapping[str, str | list[str]] | None = None,
    expected_bounds: Bounds | None = None,
) -> Zones:
    """Read zones and bring them to the grid's CRS.

    Parameters
    ----------
    path : Path
        Any vector format of `data.vectors.read_vector`.
    id_column, name_column : str
        May be the same column.
    crs : pyproj.CRS
        The grid's, projected.
    layer, where, expected_bounds
        See `data.vectors.read_polygons`.

    Returns
    -------
    zones : GeoDataFrame, sorted by zone_id
        ``zone_id, zone_name`` (text), the file's other columns under their names, ``geometry`` in `crs`: valid polygons
        that do not overlap.
    notes : list of Note
        Rings repaired, slivers cut, zones without a name.

    Raises
    ------
    SchemaError
        Every fault at once: see `data.vectors.read_polygons`; id or name column not there, blank or repeated ids, zones
        that overlap by more than 5 % of the smaller (both named, with km²).
    CRSError
        The grid's CRS cannot show the zones.
    """
    path = Path(path)
    gdf, notes = read_polygons(path, layer=layer, where=where, what="zones", expected_bounds=expected_bounds)
    faults = [
        Fault(
            path.name,
            "no such column",
            suggestion(column, [str(known) for known in gdf.columns if known != gdf.geometry.name]),
            column,
        )
        for column in dict.fromkeys((id_column, name_column))
        if column not in gdf.columns
    ]
    if faults:
        raise SchemaError(faults)
    ids = _ids(gdf, id_column, name=path.name, faults=faults)
    if faults:
        raise SchemaError(faults)
    zones = _named(gdf, ids, name_column, name=path.name, notes=notes)
    fixed, _rows = repair(to_grid_crs(zones, crs))
    return Zones(_apart(fixed.reset_index(drop=True), name=path.name, notes=notes), notes)
