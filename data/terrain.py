"""The ground's height: a digital elevation model, read where it is asked for and in its own CRS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
from pyproj import Transformer
from rasterio.errors import RasterioError
from rasterio.windows import Window

from geo.errors import Fault, GridError, SchemaError, SourceError
from geo.raster import MAX_CELLS, raster_grid

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from geo.grid import Grid

Bounds = tuple[float, float, float, float]

COARSEST_M = 2000.0
"""Elevation coarser than this says nothing of what a hill hides."""

LOWEST_M, HIGHEST_M = -500.0, 9_000.0
"""No ground lies beyond: the shore of the Dead Sea is at −430 m, the highest mountain at 8,849 m."""

_LATTICE = 65
"""Points each way at which the bounds are looked up in the file."""

_MARGIN = 2
"""Pixels read around the bounds, where the file has them."""


@dataclass(frozen=True)
class Dem:
    """Ground heights.

    Attributes
    ----------
    heights : float32 array (ny, nx)
        Metres above sea level, at the middle of each pixel. NaN = not known.
    grid : Grid
        In the file's own CRS, geographic or projected.
    """

    heights: NDArray[np.float32]
    grid: Grid

    def __post_init__(self) -> None:
        if self.heights.shape != self.grid.shape:
            raise GridError(f"heights of shape {self.heights.shape} do not fit {self.grid}")


def _bounds_faults(name: str, bounds: Bounds) -> list[Fault]:
    west, south, east, north = bounds
    if -180 <= west < east <= 180 and -90 <= south < north <= 90:
        return []
    problem = f"the bounds {bounds} are not west, south, east, north in degrees, west < east and south < north"
    return [Fault(name, problem, "give longitudes within ±180 and latitudes within ±90")]


def _pixels(bounds: Bounds, grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Columns and rows (fractional) in the file of a lattice of points over the bounds."""
    west, south, east, north = bounds
    lon, lat = np.meshgrid(np.linspace(west, east, _LATTICE), np.linspace(south, north, _LATTICE))
    x, y = Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True).transform(lon.ravel(), lat.ravel())
    return (np.asarray(x) - grid.west) / grid.dx, (grid.north - np.asarray(y)) / grid.dy


def _window(name: str, bounds: Bounds, grid: Grid, *, reach: Bounds, least: float) -> tuple[int, int, int, int]:
    """Rows and columns (row0, row1, col0, col1) that it has of the reach; SchemaError unless it holds the bounds."""
    col, row = _pixels(bounds, grid)
    tiny = 1e-6
    inside = (col >= -tiny) & (col <= grid.nx + tiny) & (row >= -tiny) & (row <= grid.ny + tiny)
    if inside.mean() < least or not inside.any():
        share = f"about {1 - inside.mean():.1%}" if inside.any() else "all"
        asked = ", ".join(f"{edge:.3f}" for edge in bounds)
        problem = (
            f"{share} of the region ({asked} degrees) lies outside this elevation model, which covers {grid.bounds}"
        )
        mend = "get a model of the whole region, at best with 30 km around it for the sites there"
        raise SchemaError([Fault(name, problem, mend)])
    wide_col, wide_row = _pixels(reach, grid)
    col = np.clip(np.append(col, wide_col[np.isfinite(wide_col)]), 0, grid.nx)
    row = np.clip(np.append(row, wide_row[np.isfinite(wide_row)]), 0, grid.ny)
    row0, row1 = max(int(row.min()) - _MARGIN, 0), min(int(row.max()) + 1 + _MARGIN, grid.ny)
    col0, col1 = max(int(col.min()) - _MARGIN, 0), min(int(col.max()) + 1 + _MARGIN, grid.nx)
    if (row1 - row0) * (col1 - col0) > MAX_CELLS:
        problem = f"the area asked for has {(row1 - row0) * (col1 - col0):,} pixels, more than {MAX_CELLS:,}"
        raise SchemaError([Fault(name, problem, "use a coarser model or a smaller region")])
    return row0, row1, col0, col1


def _read(path: Path, window: tuple[int, int, int, int]) -> NDArray[np.float32]:
    row0, row1, col0, col1 = window
    make: Any = Window
    try:
        with rasterio.open(path, driver="GTiff") as dataset:
            if dataset.count != 1:
                problem = f"{dataset.count} bands; an elevation model has one"
                raise SchemaError([Fault(path.name, problem, "give the band of heights as a file of its own")])
            raw = dataset.read(1, window=make(col0, row0, col1 - col0, row1 - row0), masked=True)
            scaled = raw.astype(np.float32) * dataset.scales[0] + dataset.offsets[0]
    except RasterioError as error:
        raise SourceError(f"{path.name}: {error}") from error
    return np.ma.filled(scaled, np.nan).astype(np.float32)


def _value_faults(name: str, heights: NDArray[np.float32]) -> list[Fault]:
    wild = (heights < LOWEST_M) | (heights > HIGHEST_M)
    if wild.any():
        row, col = (int(v) for v in np.argwhere(wild)[0])
        problem = f"{wild.sum():,} heights are not {LOWEST_M:g} to {HIGHEST_M:g} m, the first {heights[row, col]:g}"
        return [Fault(name, problem, "declare the file's nodata value; heights are in metres")]
    if not np.isfinite(heights).any():
        return [Fault(name, "no height is known in the area asked for, only nodata", "check the file")]
    return []


def read_dem(path: Path, *, bounds_lonlat: Bounds, reach_lonlat: Bounds | None = None, least: float = 1.0) -> Dem:
    """Read the part of an elevation model that covers an area.

    Parameters
    ----------
    path : Path
        A GeoTIFF of one band: metres above sea level, north-up, in any CRS, geographic or projected.
    bounds_lonlat : tuple of float
        (west, south, east, north) in degrees (EPSG:4326). An area across the 180° meridian is not supported.

    reach_lonlat : tuple of float, optional
        Wider bounds of which is read what the file has: sites around the area stand there.

    least : float
        Share of the bounds that the file must hold; what it does not is unknown.

    Returns
    -------
    Dem
        Nodata is NaN; the file's scale and offset are applied.

    Raises
    ------
    SourceError, CRSError, GridError
        Unreadable; without CRS; not north-up.
    SchemaError
        The file does not cover the bounds (the share missing is said), has several bands, holds heights that no
        ground has (undeclared nodata), knows nothing there, or is too large.
    """
    grid = raster_grid(path)
    if faults := _bounds_faults(path.name, bounds_lonlat):
        raise SchemaError(faults)
    step = max(grid.dx, grid.dy) * (111_000 if grid.crs.is_geographic else grid.metres_per_unit)
    if step > COARSEST_M:
        problem = f"its pixels are {step / 1000:,.1f} km wide; hills of that size hide nobody"
        raise SchemaError([Fault(path.name, problem, "take elevation of 1 km or finer, such as 30 or 90 m")])
    row0, row1, col0, col1 = _window(path.name, bounds_lonlat, grid, reach=reach_lonlat or bounds_lonlat, least=least)
    heights = _read(path, (row0, row1, col0, col1))
    if faults := _value_faults(path.name, heights):
        raise SchemaError(faults)
    return Dem(heights, grid.window(row0=row0, row1=row1, col0=col0, col1=col1))
