"""Streets from a layer of lines in any vector format: which lines meet is read from their coordinates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import CRS, Transformer

from data.notes import Note, Notes
from data.street_lines import Lines
from data.tables_in import row_faults
from data.vectors import read_vector
from geo.errors import CRSError, Fault, SchemaError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

DECIMALS = 7
"""Coordinates are read to so many decimals of a degree, OpenStreetMap's own: about 1 cm. Equal ones are one place."""

NEAR_M = 1.0
"""A line that ends this near to another without touching it was most likely meant to."""

_LINES = frozenset({1, 2, 5})
_DEGREE_M = 111_320.0


def degrees(x: Any, y: Any, crs: CRS, *, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitude and latitude (WGS 84), to `DECIMALS`, of coordinates in any CRS.

    Raises
    ------
    SchemaError
        Some are no place on the Earth.
    """
    lon, lat = (
        np.asarray(v, dtype=np.float64) for v in Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x, y)
    )
    bad = ~(np.isfinite(lon) & np.isfinite(lat)) | (np.abs(lon) > 180) | (np.abs(lat) > 90)
    if bad.any():
        i = int(np.flatnonzero(bad)[0])
        problem = (
            f"{bad.sum():,} vertices are no place on the Earth, the first ({np.ravel(x)[i]:g}, {np.ravel(y)[i]:g})"
        )
        raise SchemaError([Fault(name, problem, "check its CRS, and longitude before latitude")])
    scale = 10.0**DECIMALS
    return np.rint(lon * scale) / scale + 0.0, np.rint(lat * scale) / scale + 0.0


def _places(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.int64]:
    """A number for each place, ascending by longitude and latitude."""
    scale = 10**DECIMALS
    return np.rint((lon + 180) * scale).astype(np.int64) * (180 * scale + 1) + np.rint((lat + 90) * scale).astype(
        np.int64
    )


def _loose_ends(lines: Lines) -> int:
    """Lines' ends that lie within `NEAR_M` of another line and on no vertex of it."""
    meets, count = np.unique(lines.node, return_counts=True)
    single = meets[count == 1]
    ends = np.unique(np.concatenate([lines.starts[:-1], lines.starts[1:] - 1]))
    ends = ends[np.isin(lines.node[ends], single)]
    x, y = lines.lon * _DEGREE_M * np.cos(np.radians(lines.lat.mean())), lines.lat * _DEGREE_M
    owner = np.repeat(np.arange(lines.starts.size - 1), np.diff(lines.starts))
    shapes: Any = shapely.linestrings(np.column_stack([x, y]), indices=owner)
    point, line = shapely.STRtree(shapes).query(shapely.points(x[ends], y[ends]), predicate="dwithin", distance=NEAR_M)
    return int(np.unique(point[owner[ends[point]] != line]).size)


def read_lines(path: Path, *, layer: str | None = None) -> tuple[Lines, Notes]:
    """Lines of a vector file as streets, all of them walked.

    Lines meet where one of them ends: at another's end, or at a vertex of another, which is then cut there. Lines that
    only cross, or share a vertex at which none ends, pass over each other, as on a bridge. An end that lies on another
    line between two of its vertices does not meet it; the notes count ends that nearly touch. Node such a layer first.

    Parameters
    ----------
    path : Path
        In a format of `data.vectors`, with a CRS.
    layer : str, optional
        Layer of a file with several.

    Raises
    ------
    SchemaError
        See `data.vectors.read_vector`; rows that are no lines; coordinates that are no places.
    CRSError
        The file states no CRS.
    """
    gdf = read_vector(path, layer=layer)
    if gdf.crs is None:
        raise CRSError(f"{path.name}: has no CRS; declare the one its coordinates are in, it is never guessed")
    shapes = np.array(gdf.geometry, dtype=object)
    drawn = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    odd = drawn & ~np.isin(shapely.get_type_id(shapes), list(_LINES))
    problem = {str(row): f"a {kind}, not a line" for row, kind in gdf.geom_type[odd].items()}
    if faults := row_faults(path.name, "geometry", problem, mend="give lines; points and areas go in other layers"):
        raise SchemaError(faults)
    parts = shapely.get_parts(shapely.force_2d(shapes[drawn]))
    xy, owner = shapely.get_coordinates(parts, return_index=True)
    if not xy.size:
        raise SchemaError([Fault(path.name, "no row has a line", "export it again with its shapes")])
    lon, lat = degrees(xy[:, 0], xy[:, 1], CRS.from_user_input(gdf.crs), name=path.name)
    starts = np.concatenate([[0], np.cumsum(np.bincount(owner))]).astype(np.int64)
    lines = Lines(path.name, starts, _places(lon, lat), lon, lat, ends_only=True)
    notes: Notes = []
    if not drawn.all():
        notes.append(Note(path.name, "rows without a line, dropped", int((~drawn).sum())))
    if loose := _loose_ends(lines):
        notes.append(
            Note(path.name, f"ends of lines within {NEAR_M:g} m of another line but not on it, not joined", loose)
        )
    return lines, notes
