"""How much of each cell polygons cover, exactly. Discs stand in `geo.discs`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

from geo.errors import CRSError, GridError
from geo.scan import STRIP_CELLS, fractions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.grid import Grid


class _Rings(NamedTuple):
    """Coordinates in columns and rows of a grid; where rings start; which are exteriors; where polygons start."""

    u: NDArray[np.float64]
    v: NDArray[np.float64]
    starts: NDArray[np.int64]
    exterior: NDArray[np.bool_]
    polygons: NDArray[np.int64]


def _geometries(geometries: Any, grid: Grid) -> NDArray[Any]:
    crs = getattr(geometries, "crs", None)
    if crs is not None and not crs.equals(grid.crs, ignore_axis_order=True):
        raise CRSError(f"shapes in {crs.name} cannot be laid on a grid in {grid.crs.name}; transform them first")
    shapes = np.asarray(geometries, dtype=object).ravel()
    kind = shapely.get_type_id(shapes)
    if np.any((kind != 3) & (kind != 6) & (kind != -1) & ~shapely.is_empty(shapes)):
        raise GridError(
            "only polygons and multipolygons cover cells; keep the polygonal parts (geo.vector.repair) first"
        )
    return shapes


def _rings(shapes: NDArray[Any], grid: Grid) -> _Rings:
    parts, shape_of = shapely.get_parts(shapes, return_index=True)
    rings, part_of = shapely.get_rings(parts, return_index=True)
    xy, ring_of = shapely.get_coordinates(rings, return_index=True)
    if not np.isfinite(xy).all():
        raise GridError("a shape has coordinates that are not finite; it lies outside what its CRS can show")
    return _Rings(
        (xy[:, 0] - grid.west) / grid.dx,
        (grid.north - xy[:, 1]) / grid.dy,
        np.searchsorted(ring_of, np.arange(len(rings) + 1)).astype(np.int64),
        np.diff(part_of, prepend=-1) != 0,
        np.searchsorted(shape_of[part_of], np.arange(shapes.size + 1)).astype(np.int64),
    )


def cell_fractions(geometries: Any, grid: Grid) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Exact area fraction of each cell covered by each polygon, as sparse triples.

    Parameters
    ----------
    geometries : GeoSeries or array of shapely geometries
        Valid polygons or multipolygons in the grid's CRS; missing and empty ones cover nothing, and what lies beyond
        the grid is cut off.
    grid : Grid

    Returns
    -------
    index : int64 array
        Position of the polygon in `geometries`.
    cell_id : int64 array
    fraction : float64 array
        In (0, 1]: covered area over cell area. Triples are sorted by (index, cell_id).

    Raises
    ------
    CRSError
        A GeoSeries in another CRS than the grid.
    GridError
        Lines, points or collections; coordinates that are not finite.
    """
    return fractions(*_rings(_geometries(geometries, grid), grid), *grid.shape)


def covered_fraction(geometries: Any, grid: Grid) -> NDArray[np.float64]:
    """Fraction of each cell covered by the union of the polygons, float64 (ny, nx) in 0–1.

    The shapes are dissolved first, so that an area covered twice counts once. Arguments and errors as in
    `cell_fractions`.
    """
    union = np.array([shapely.union_all(_geometries(geometries, grid))], dtype=object)
    rings = _rings(union, grid)
    covered = np.zeros(grid.shape)
    step = max(1, STRIP_CELLS // grid.nx)
    for row in range(0, grid.ny, step):
        strip = covered[row : row + step]
        _, cell_id, fraction = fractions(*rings._replace(v=rings.v - row), *strip.shape)
        strip.ravel()[cell_id] = fraction
    return covered
