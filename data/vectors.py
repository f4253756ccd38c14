"""Vector files: polygons checked, repaired and never given a CRS that they do not state; points as a table of text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from data.columns import as_text, keep_where
from data.notes import Note, Notes, listed
from data.tables_in import Table, require_file, row_faults
from geo.errors import Fault, SchemaError
from geo.vector import empty_rows, repair

if TYPE_CHECKING:
    from collections.abc import Mapping

Bounds = tuple[float, float, float, float]
VECTOR_SUFFIXES = frozenset({".geojson", ".json", ".gpkg", ".shp", ".fgb", ".parquet", ".geoparquet"})
_POLYGONS = frozenset({3, 6})
LONGITUDE_FIRST = "swap the two: longitude is x, latitude is y"
X_COLUMN, Y_COLUMN = "geometry x", "geometry y"


def is_vector(path: Path) -> bool:
    """Whether the name says vector file rather than delimited text."""
    return path.suffix.lower() in VECTOR_SUFFIXES


def _fail(path: Path, problem: str, mend: str) -> SchemaError:
    return SchemaError([Fault(path.name, problem, mend)])


def read_vector(path: Path, *, layer: str | None = None) -> gpd.GeoDataFrame:
    """One layer of GeoPackage, GeoJSON, Shapefile, FlatGeobuf or GeoParquet as it is; rows labelled from 1.

    Raises
    ------
    SchemaError
        No file, a directory, no format of ours, several layers and none chosen, no such layer, no geometry, no rows.
    """
    path = Path(path)
    require_file(path)
    if path.suffix.lower() in {".parquet", ".geoparquet"}:
        try:
            gdf = gpd.read_parquet(path)
        except (ValueError, OSError) as error:
            raise _fail(path, f"not GeoParquet: {error}", "write it with geometry and CRS") from error
    else:
        gdf = _read_ogr(path, layer=layer)
    if gdf.empty:
        raise _fail(path, "the layer is empty", "export it again with its features")
    return gdf.set_axis(pd.RangeIndex(1, len(gdf) + 1), axis=0)


def _read_ogr(path: Path, *, layer: str | None) -> gpd.GeoDataFrame:
    from pyogrio import list_layers, read_dataframe
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        spatial = [str(name) for name, kind in list_layers(path) if kind is not None]
        if layer is None and len(spatial) > 1:
            raise _fail(path, "several layers", f"set layer to one of: {', '.join(spatial)}")
        if not spatial:
            raise _fail(path, "no layer with geometry", "export it with its shapes")
        if layer is not None and layer not in spatial:
            raise _fail(path, f"no layer '{layer}'", f"set layer to one of: {', '.join(spatial)}")
        return read_dataframe(path, layer=layer or spatial[0])
    except (DataSourceError, DataLayerError) as error:
        formats = "GeoPackage, GeoJSON, Shapefile, FlatGeobuf or GeoParquet"
        raise _fail(path, f"cannot be opened: {error}", f"give {formats}") from error


def _meets(first: Bounds, second: Bounds) -> bool:
    return first[0] <= second[2] and second[0] <= first[2] and first[1] <= second[3] and second[1] <= first[3]


def extent_faults(
    bounds: Bounds, *, crs: CRS, name: str, expected_bounds: Bounds | None = None, stated: bool = True
) -> list[Fault]:
    """Faults of an extent: degrees beyond the Earth, longitude and latitude swapped, nowhere near where expected.

    Parameters
    ----------
    bounds : tuple of float
        (west, south, east, north) in `crs`.
    crs : pyproj.CRS
    name : str
        File, for the fault.
    expected_bounds : tuple of float, optional
        (west, south, east, north) in degrees that the data must touch.
    stated : bool
        The file states its CRS; a GeoJSON that states none is longitude and latitude by its standard.
    """
    if crs.is_geographic:
        beyond = _beyond_degrees(bounds, name=name, stated=stated)
        if beyond:
            return beyond
    if expected_bounds is None:
        return []
    try:
        found = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform_bounds(*bounds)
    except ProjError:
        found = (np.inf, np.inf, np.inf, np.inf)
    if _meets(found, expected_bounds):
        return []
    where = "({:.3f}, {:.3f}, {:.3f}, {:.3f})".format(*found)
    if crs.is_geographic and _meets((bounds[1], bounds[0], bounds[3], bounds[2]), expected_bounds):
        return [Fault(name, f"extent {where} meets the region only with swapped axes", LONGITUDE_FIRST)]
    wanted = "({:.3f}, {:.3f}, {:.3f}, {:.3f})".format(*expected_bounds)
    return [Fault(name, f"extent {where} lies outside the expected {wanted}", "check the file and its CRS")]


def _beyond_degrees(bounds: Bounds, *, name: str, stated: bool) -> list[Fault]:
    west, south, east, north = bounds
    if max(-west, east) <= 180.001 and max(-south, north) <= 90.001:
        return []
    reach = f"coordinates reach from ({west:g}, {south:g}) to ({east:g}, {north:g}), beyond ±180 and ±90 degrees"
    if max(-west, east) <= 90 and max(-south, north) <= 180:
        return [Fault(name, f"{reach}; latitude stands before longitude", LONGITUDE_FIRST)]
    said = "" if stated else " (GeoJSON without a CRS is in degrees)"
    return [Fault(name, f"{reach}{said}", "these look projected: state their CRS, or export in EPSG:4326")]


def _shape_faults(gdf: gpd.GeoDataFrame, *, name: str) -> list[Fault]:
    kinds = shapely.get_type_id(np.asarray(gdf.geometry, dtype=object))
    odd = np.isin(kinds, [0, 1, 2, 4, 5])
    problem = {str(row): f"a {kind}, not a polygon" for row, kind in gdf.geom_type[odd].items()}
    return row_faults(name, "geometry", problem, mend="give areas; points and lines go in other layers")


def crs_faults(gdf: gpd.GeoDataFrame, *, path: Path, expected_bounds: Bounds | None) -> list[Fault]:
    """Faults of a layer that states no CRS, has no shape at all, or an extent of `extent_faults`."""
    if gdf.crs is None:
        mend = "add the .prj file, or set the CRS in the file; it is never guessed"
        return [Fault(path.name, "states no coordinate reference system", mend)]
    west, south, east, north = (float(edge) for edge in gdf.total_bounds)
    if not np.isfinite([west, south, east, north]).all():
        return [Fault(path.name, "no row has a shape", "export it again with its shapes")]
    stated = path.suffix.lower() not in {".geojson", ".json"}
    return extent_faults(
        (west, south, east, north), crs=gdf.crs, name=path.name, expected_bounds=expected_bounds, stated=stated
    )


def read_polygons(
    path: Path,
    *,
    layer: str | None = None,
    where: Mapping[str, str | list[str]] | None = None,
    what: str = "polygons",
    expected_bounds: Bounds | None = None,
) -> tuple[gpd.GeoDataFrame, Notes]:
    """Read polygons, repaired.

    Parameters
    ----------
    path : Path
        GeoPackage, GeoJSON, Shapefile, FlatGeobuf or GeoParquet.
    layer : str, optional
        Layer of a file with several.
    where : mapping, optional
        Only rows whose columns have these values.
    what : str
        What the polygons are, for the notes.
    expected_bounds : tuple of float, optional
        (west, south, east, north) in degrees (EPSG:4326) that the layer must touch.

    Returns
    -------
    gdf : GeoDataFrame
        Valid 2-D polygons in the file's CRS with all its columns; the index is the row number of the file, from 1.
    notes : list of Note
        Rows repaired, rows without area dropped.

    Raises
    ------
    SchemaError
        Every fault at once: see `read_vector`; no CRS, shapes that are no polygons, swapped or projected coordinates
        where degrees are meant, no row left after `where`.
    """
    path = Path(path)
    gdf = read_vector(path, layer=layer)
    faults = crs_faults(gdf, path=path, expected_bounds=expected_bounds)
    kept = keep_where(gdf, where, name=path.name, faults=faults)
    gdf = gdf.loc[kept.index]
    faults += _shape_faults(gdf, name=path.name)
    if faults:
        raise SchemaError(faults)
    flat = gdf.set_geometry(gpd.GeoSeries(shapely.force_2d(np.asarray(gdf.geometry)), index=gdf.index, crs=gdf.crs))
    return _repaired(flat, path=path, what=what)


def _repaired(gdf: gpd.GeoDataFrame, *, path: Path, what: str) -> tuple[gpd.GeoDataFrame, Notes]:
    """Valid polygons, and notes that name the rows by their number in the file."""
    labels = [str(label) for label in gdf.index]
    lost = [labels[row - 1] for row in empty_rows(gdf)]
    fixed, changed = repair(gdf)
    mended = [labels[row - 1] for row in changed if labels[row - 1] not in set(lost)]
    if fixed.empty:
        raise _fail(path, "no row has an area", "export it again with its shapes")
    notes: Notes = []
    if mended:
        notes.append(Note(path.name, f"{what} with invalid rings, repaired", len(mended), f"rows {listed(mended)}"))
    if lost:
        notes.append(Note(path.name, f"{what} without an area, dropped", len(lost), f"rows {listed(lost)}"))
    return fixed, notes


def points_table(path: Path, *, layer: str | None = None, areas: bool = False) -> tuple[Table, CRS]:
    """Points of a vector file as a table of text with the columns ``geometry x`` and ``geometry y``, and their CRS.

    With `areas`, an area is taken as a point on it.

    Raises
    ------
    SchemaError
        See `read_vector`; no CRS, or shapes other than points.
    """
    path = Path(path)
    gdf = read_vector(path, layer=layer)
    shapes: Any = np.array(gdf.geometry, dtype=object)
    single = (shapely.get_type_id(shapes) == 4) & (shapely.get_num_geometries(shapes) == 1)
    shapes[single] = shapely.get_geometry(shapes[single], 0)
    if areas:
        spread = np.isin(shapely.get_type_id(shapes), list(_POLYGONS))
        shapes[spread] = shapely.point_on_surface(shapes[spread])
    odd = ~np.isin(shapely.get_type_id(shapes), [0, -1])
    problem = {str(row): f"a {kind}, not a point" for row, kind in gdf.geom_type[odd].items()}
    faults = crs_faults(gdf, path=path, expected_bounds=None)
    faults += row_faults(path.name, "geometry", problem, mend="give one point a row")
    if faults:
        raise SchemaError(faults)
    frame = pd.DataFrame({column: as_text(gdf[column]) for column in gdf.columns if column != gdf.geometry.name})
    for column, values in ((X_COLUMN, shapely.get_x(shapes)), (Y_COLUMN, shapely.get_y(shapes))):
        frame[column] = ["" if np.isnan(value) else repr(float(value)) for value in values]
    return Table(frame, path.name), CRS.from_user_input(gdf.crs)
