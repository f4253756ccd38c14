"""Tiles of the Web Mercator pyramid, named by quadkeys: one digit 0–3 a zoom level (Bing Maps tile system)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import Transformer

from geo.errors import GridError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

    from geo.grid import Grid

STRAIGHT_ZOOM = 14
"""From this zoom on a tile's edges, at most 2.5 km, bend by less than 0.2 m in any usual projection."""

_LATTICE = 65


def tile_xy(quadkeys: Any, *, zoom: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Column (from 180° W) and row (from the north) of tiles; GridError unless all have `zoom` digits 0–3."""
    keys = np.asarray(quadkeys, dtype=object)
    text = keys.astype(bytes) if keys.size else np.empty(0, f"S{zoom}")
    digit = text.view(np.uint8).reshape(keys.size, text.dtype.itemsize) - np.uint8(ord("0"))
    if text.dtype.itemsize != zoom or np.any(digit > 3):
        raise GridError(f"a quadkey of zoom {zoom} has {zoom} digits 0–3; not all of these are so")
    place = 1 << np.arange(zoom - 1, -1, -1, dtype=np.int64)
    return (digit & 1) @ place, (digit >> 1) @ place


def _lon_lat(
    x: NDArray[np.float64], y: NDArray[np.float64], zoom: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Degrees of a place in columns and rows of tiles (inverse spherical Mercator)."""
    return x / 2**zoom * 360 - 180, np.degrees(np.arctan(np.sinh(np.pi * (1 - y / 2 ** (zoom - 1)))))


def tile_boxes(quadkeys: Any, *, zoom: int, crs: CRS) -> NDArray[Any]:
    """Tiles as polygons in a CRS, neighbours sharing their corners to the bit.

    Parameters
    ----------
    quadkeys : sequence of str (n,)
        Well formed, of `zoom` digits.
    zoom : int
    crs : pyproj.CRS
        The grid's.

    Returns
    -------
    object array (n,) of shapely polygons
        Below zoom 14 edges have corners in between, since a long parallel is not straight in another projection.
    """
    x, y = tile_xy(quadkeys, zoom=zoom)
    steps = 1 << min(max(STRAIGHT_ZOOM - zoom, 0), 6)
    run, zero = np.arange(steps) / steps, np.zeros(steps)
    across, down = np.concatenate([run, zero + 1, 1 - run, zero]), np.concatenate([zero, run, zero + 1, 1 - run])
    lon, lat = _lon_lat(x[:, None] + across, y[:, None] + down, zoom)
    there = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    east, north = there.transform(lon.ravel(), lat.ravel())
    rings = np.stack([np.asarray(east), np.asarray(north)], axis=-1).reshape(x.size, 4 * steps, 2)
    return np.array(shapely.polygons(rings), dtype=object).reshape(x.size)


def tile_range(grid: Grid, zoom: int) -> tuple[float, float, float, float]:
    """First and last column, first and last row of tiles that may touch a grid: some to spare, never too few.

    A grid across the date line or beyond what its CRS can show has no limits: (0, inf, 0, inf).
    """
    west, south, east, north = grid.bounds
    px, py = np.meshgrid(np.linspace(west, east, _LATTICE), np.linspace(south, north, _LATTICE))
    lon, lat = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform(px.ravel(), py.ravel())
    lon, lat = np.asarray(lon)[np.isfinite(lon)], np.asarray(lat)[np.isfinite(lat)]
    if lon.size < px.size or np.ptp(lon) > 180:
        return 0.0, np.inf, 0.0, np.inf
    slack = max(1.0, 2**zoom * max(np.ptp(lon), np.ptp(lat)) / 360 / 8)
    turn = np.arcsinh(np.tan(np.radians(np.clip(lat, -85.05, 85.05)))) / np.pi
    x, y = (lon + 180) / 360 * 2**zoom, (1 - turn) / 2 * 2**zoom
    return np.floor(x.min()) - slack, np.floor(x.max()) + slack, np.floor(y.min()) - slack, np.floor(y.max()) + slack
