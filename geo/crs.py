"""Which coordinate reference system: choose an equal-area one, require one, recognise swapped axes; never guess."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from affine import Affine
from pyproj import CRS
from pyproj.crs import ProjectedCRS
from pyproj.crs.coordinate_operation import LambertAzimuthalEqualAreaConversion

from geo.errors import CRSError, GridError
from geo.grid import Grid

if TYPE_CHECKING:
    from collections.abc import Sequence

EUROPE = "EPSG:3035"
WORLD = "ESRI:54009"
WIDE_DEGREES = 60.0
"""Extents wider or taller than this are no longer one region: Mollweide instead of a projection of their own."""

SNAP = 1e-9
"""Share of a cell by which bounds may miss a grid line and still lie on it."""


def require_crs(layer: Any, *, what: str) -> CRS:
    """CRS of a GeoDataFrame or GeoSeries.

    Parameters
    ----------
    layer : GeoDataFrame or GeoSeries
    what : str
        The layer's name for the error.

    Raises
    ------
    CRSError
        It has none.
    """
    if layer.crs is None:
        raise CRSError(f"{what}: has no CRS; declare the one its coordinates are in, it is never guessed")
    return CRS.from_user_input(layer.crs)


def _degrees(bounds: Sequence[float]) -> tuple[float, float, float, float]:
    west, south, east, north = (float(value) for value in bounds)
    if not all(math.isfinite(value) for value in (west, south, east, north)):
        raise CRSError("the extent is empty or not finite")
    if not (-90 <= south <= north <= 90 and -180 <= west <= 180 and -180 <= east <= 180):
        raise CRSError(f"an extent in EPSG:4326 is (west, south, east, north) in degrees, not {tuple(bounds)}")
    return west, south, east, north


def equal_area_crs(bounds: Sequence[float]) -> CRS:
    """Equal-area projection that suits an extent.

    Parameters
    ----------
    bounds : sequence of 4 float
        (west, south, east, north), degrees, EPSG:4326. West above east means that it crosses the 180th meridian.

    Returns
    -------
    pyproj.CRS
        EPSG:3035 within its area of use, ESRI:54009 for extents above 60° in either direction, otherwise a Lambert
        azimuthal equal-area projection on WGS 84, centred on the middle of the extent in whole degrees.

    Raises
    ------
    CRSError
        Not degrees, not ordered, or not finite.
    """
    west, south, east, north = _degrees(bounds)
    width = (east - west) % 360 if west > east else east - west
    use = CRS(EUROPE).area_of_use
    if use and west <= east and use.west <= west and east <= use.east and use.south <= south and north <= use.north:
        return CRS(EUROPE)
    if max(width, north - south) > WIDE_DEGREES:
        return CRS(WORLD)
    lat = round((south + north) / 2)
    lon = (round(west + width / 2) + 180) % 360 - 180
    return ProjectedCRS(
        conversion=LambertAzimuthalEqualAreaConversion(latitude_natural_origin=lat, longitude_natural_origin=lon),
        name=f"Lambert azimuthal equal-area at {abs(lat)}{'S' if lat < 0 else 'N'} {abs(lon)}{'W' if lon < 0 else 'E'}",
    )


def region_grid(bounds: Sequence[float], crs: CRS, *, resolution: float) -> Grid:
    """Grid of square cells that covers an extent, its edges at whole multiples of the resolution.

    Two regions on one CRS and resolution therefore share their cells.

    Parameters
    ----------
    bounds : sequence of 4 float
        (left, bottom, right, top) in the CRS's units.
    crs : pyproj.CRS
        Equal-area on this extent.
    resolution : float
        Cell side in CRS units.

    Raises
    ------
    GridError
        Empty or infinite extent, resolution not above 0.
    CRSError
        The CRS distorts areas by more than 1 %.
    """
    left, bottom, right, top = (float(value) for value in bounds)
    finite = all(math.isfinite(value) for value in (left, bottom, right, top, resolution))
    if not finite or resolution <= 0 or left > right or bottom > top:
        raise GridError(f"no grid of {resolution:g} covers the extent {tuple(bounds)}")
    col0, row0 = math.floor(left / resolution + SNAP), math.floor(bottom / resolution + SNAP)
    col1, row1 = math.ceil(right / resolution - SNAP), math.ceil(top / resolution - SNAP)
    shape = (max(row1 - row0, 1), max(col1 - col0, 1))
    north = (row0 + shape[0]) * resolution
    grid = Grid(crs, Affine(resolution, 0.0, col0 * resolution, 0.0, -resolution, north), shape)
    grid.require_equal_area()
    return grid


def _overlap(first: Sequence[float], second: Sequence[float]) -> bool:
    return first[0] <= second[2] and second[0] <= first[2] and first[1] <= second[3] and second[1] <= first[3]


def looks_swapped(bounds: Sequence[float], reference_bounds: Sequence[float]) -> bool:
    """Whether longitude and latitude look exchanged: the extent lies elsewhere as given, and here when exchanged.

    Parameters
    ----------
    bounds : sequence of 4 float
        (min x, min y, max x, max y) as read, meant to be longitude and latitude in degrees.
    reference_bounds : sequence of 4 float
        (west, south, east, north) in degrees of something known to lie where the layer should.
    """
    exchanged = (bounds[1], bounds[0], bounds[3], bounds[2])
    possible = -180 <= exchanged[0] <= exchanged[2] <= 180 and -90 <= exchanged[1] <= exchanged[3] <= 90
    return possible and not _overlap(bounds, reference_bounds) and _overlap(exchanged, reference_bounds)
