"""Distances on the ground: what a circle of so many metres looks like on a grid that keeps areas but not shapes.

An equal-area projection stretches one direction and shrinks the other: Mollweide by 1.11 and 0.90 at Accra, 1.23 and
0.81 at Helsinki. A disc drawn in its units is an ellipse on the ground, so discs are drawn on the ellipsoid and brought
over.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import Geod, Transformer

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from pyproj import CRS

    from geo.grid import Grid

EDGES = 128
"""Edges of a disc's polygon, whose corners lie a little outside the circle so that its area is the circle's."""

STEP_M = 100.0
"""Step over which the local stretch is measured."""


@lru_cache(maxsize=16)
def _from_degrees(crs: CRS) -> Transformer:
    """Kept, because PROJ takes some 50 ms to find the way; each thread gets a handle of its own from pyproj."""
    return Transformer.from_crs("EPSG:4326", crs, always_xy=True)


def _degrees(x: NDArray[np.float64], y: NDArray[np.float64], grid: Grid) -> tuple[Any, Any, Transformer]:
    there = _from_degrees(grid.crs)
    lon, lat = there.transform(x, y, direction="INVERSE")
    return lon, lat, there


def ground_discs(x: ArrayLike, y: ArrayLike, radius_m: ArrayLike, grid: Grid) -> NDArray[Any]:
    """Polygons in the grid's CRS of the places within so many metres of each point, along geodesics (WGS 84).

    Parameters
    ----------
    x, y : float arrays (n,)
        CRS units.
    radius_m : float or array (n,)
        Metres on the ground; 0 gives an empty polygon.

    Returns
    -------
    object array (n,) of shapely polygons
    """
    px, py, radius = (np.asarray(a, dtype=np.float64).ravel() for a in np.broadcast_arrays(x, y, radius_m))
    lon, lat, there = _degrees(px, py, grid)
    azimuth = np.tile(np.linspace(0, 360, EDGES, endpoint=False), px.size)
    turn = 2 * np.pi / EDGES
    repeat = [np.repeat(a, EDGES) for a in (lon, lat, radius * np.sqrt(turn / np.sin(turn)))]
    ends = Geod(ellps="WGS84").fwd(repeat[0], repeat[1], azimuth, repeat[2])
    east, north = there.transform(ends[0], ends[1])
    rings = np.stack([np.asarray(east), np.asarray(north)], axis=-1).reshape(px.size, EDGES, 2)
    discs = np.array(shapely.polygons(rings), dtype=object).reshape(px.size)
    discs[radius <= 0] = shapely.Polygon()
    return discs


def ground_ellipses(
    x: ArrayLike, y: ArrayLike, grid: Grid
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Image on the grid of a disc of one metre on the ground, as a sheared ellipse in columns and rows.

    Returns
    -------
    ru, rv : float64 arrays (n,)
        Half width in columns along the row of the centre, and half height in rows.
    shear : float64 array (n,)
        Columns by which the middle of the ellipse moves per row downwards.

    Notes
    -----
    With J the Jacobian from metres to (columns, rows) and M = J Jᵀ, the disc is {p : pᵀ M⁻¹ p ≤ 1}.
    """
    px, py = (np.asarray(a, dtype=np.float64).ravel() for a in (x, y))
    lon, lat, there = _degrees(px, py, grid)
    moved: list[Any] = []
    for azimuth in (90.0, 0.0):
        ends = Geod(ellps="WGS84").fwd(lon, lat, np.full(px.size, azimuth), np.full(px.size, STEP_M))
        moved += there.transform(ends[0], ends[1])
    east_u, north_u = (moved[0] - px) / grid.dx / STEP_M, (moved[2] - px) / grid.dx / STEP_M
    east_v, north_v = (py - moved[1]) / grid.dy / STEP_M, (py - moved[3]) / grid.dy / STEP_M
    a, b, c = east_u**2 + north_u**2, east_u * east_v + north_u * north_v, east_v**2 + north_v**2
    return np.sqrt((a * c - b * b) / c), np.sqrt(c), b / c
