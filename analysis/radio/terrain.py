"""Coverage over terrain: the part of each cell that some site reaches by the Longley–Rice model.

A place is reached when a site stands within its range and the median loss of `analysis.radio.itm` over the profile
between them is no more than that site is allowed in the person's surroundings. Profiles are straight lines in the
elevation model's own coordinates, one height about every pixel; distances are on the ellipsoid.

Below 1 km the model is used beyond its stated range: there it is close to two-ray propagation over the ground in
between, and what limits coverage is clutter and the antenna's pattern rather than terrain.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from analysis.radio.itm import Medium, free_space_db, link_faults, path_loss
from analysis.radio.itm_profile import SCRATCH, Link
from analysis.radio.itm_variability import climate_constants
from analysis.radio.terrain_kernel import (
    NEAREST_M,
    Air,
    Places,
    fill_profile,
    ground_metres,
    intervals,
    serve_strip,
)
from analysis.radio.terrain_sites import BLOCK_COLUMNS, Extra, blocks, check_sites, located, placed_sites
from geo.errors import GridError, RangeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from analysis.radio.terrain_kernel import Sites
    from analysis.radio.terrain_sites import FieldOptions
    from data.terrain import Dem
    from geo.grid import Grid

    Floats = NDArray[np.float64]

STRIP_SAMPLES = 40_000
"""Sample points of a strip, if a row of cells has no more: a few MB for each thread, and work to share among them."""


@dataclass(frozen=True)
class TerrainField:
    """Coverage over terrain, per cell.

    Attributes
    ----------
    fraction : float64 array (ny, nx)
        Share of the cell's samples that some site reaches, 0 to 1.
    unknown : float64 array (ny, nx)
        Share of its samples that none is known to reach, and for which a site in range has a profile with heights that
        are not known. fraction + unknown ≤ 1; the rest is known not to be reached.
    """

    fraction: Floats
    unknown: Floats


@dataclass(frozen=True)
class TerrainPath:
    """One path, to explain it.

    Attributes
    ----------
    loss_db : float
        Median basic transmission loss; NaN when heights are not known.
    free_space_db : float
    distance_m, spacing_m : float
        On the ground; of the profile.
    profile_m : float64 array (n,)
        Ground heights from the first end to the second; NaN = not known.
    """

    loss_db: float
    free_space_db: float
    distance_m: float
    spacing_m: float
    profile_m: Floats


def _air(medium: Medium, mobile_height_m: float) -> Air:
    row = climate_constants(medium.climate)
    return Air(float(medium.surface_refractivity), row, medium.deviates(), medium.mode, float(mobile_height_m))


def _places(grid: Grid, dem: Dem, row0: int, row1: int, steps: int) -> Places:
    part = (np.arange(steps) + 0.5) / steps
    u = (np.arange(grid.nx)[:, None] + part).ravel()
    v = (np.arange(row0, row1)[:, None] + part).ravel()
    x, y = np.meshgrid(grid.west + u * grid.dx, grid.north - v * grid.dy)
    cells = (row1 - row0, steps, grid.nx, steps)

    def by_cell(values: Floats) -> Floats:
        return np.ascontiguousarray(values.reshape(cells).swapaxes(1, 2)).reshape(row1 - row0, grid.nx, steps * steps)

    lat, lon, col, row = (by_cell(np.asarray(a)) for a in located(x, y, grid, dem))
    return Places(lat, lon, col, row)


def _strips(
    placed: tuple[Sites, NDArray[np.int64]], kinds: NDArray[Any], grid: Grid, dem: Dem, extra: Extra
) -> TerrainField:
    """The field, in strips of rows that threads share; each writes rows of its own."""
    sites, boxes = placed
    air = _air(extra.medium, extra.mobile_height_m)
    heights = np.ascontiguousarray(dem.heights, dtype=np.float32)
    classes = np.ascontiguousarray(kinds, dtype=np.int64)
    rows, samples = max(1, STRIP_SAMPLES // (grid.nx * extra.steps**2)), extra.steps**2
    fraction, unknown = np.zeros(grid.shape), np.zeros(grid.shape)

    def strip(row0: int) -> None:
        row1 = min(row0 + rows, grid.ny)
        starts, members = blocks(boxes, row0, row1, grid.nx)
        if members.size == 0:
            return
        places = _places(grid, dem, row0, row1, extra.steps)
        served, blind = serve_strip(heights, places, classes[row0:row1], sites, starts, members, BLOCK_COLUMNS, air)
        fraction[row0:row1], unknown[row0:row1] = served / samples, blind / samples

    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        list(pool.map(strip, range(0, grid.ny, rows)))
    return TerrainField(fraction, unknown)


def terrain_field(
    x: ArrayLike,
    y: ArrayLike,
    *,
    frequency_mhz: ArrayLike,
    base_height_m: ArrayLike,
    allowed_db: ArrayLike,
    max_m: ArrayLike,
    person_class: NDArray[Any],
    grid: Grid,
    dem: Dem,
    **options: Unpack[FieldOptions],
) -> TerrainField:
    """Share of every cell that some site reaches over the terrain.

    Parameters
    ----------
    x, y : float arrays (n,)
        Sites, in the grid's CRS.
    frequency_mhz : float or array (n,)
        20 to 20,000 MHz.
    base_height_m : float or array (n,)
        Antennas above ground, 0.5 to 3,000 m.
    allowed_db : float array (n, 3)
        Largest median loss (dB, between isotropic antennas) at which a person in surroundings of each class is served;
        −inf never.
    max_m : float or array (n,)
        Ground distance beyond which the site is not asked, metres, to 150 km.
    person_class : int array (ny, nx)
        0, 1 or 2: the column of `allowed_db` that holds in each cell.
    grid : Grid
        Projected; `fraction` is a share of area when it is equal-area.
    dem : Dem
        Ground heights; paths that leave it or cross NaN are not known.
    **options
        mobile_height_m (1.5), steps (4: 4 × 4 midpoints a cell), medium (`analysis.radio.itm.Medium()`).

    Returns
    -------
    TerrainField

    Raises
    ------
    RangeError
        Sites or cells that the model cannot take; every fault is listed.

    Notes
    -----
    The answer does not depend on the order of the sites or the number of threads. Below 1 km the model is used beyond
    its stated range (see the module). A cell's boundary between reached and not is known to 1 / steps² of the cell.
    """
    extra = Extra(**options)
    px = np.asarray(x, dtype=np.float64).ravel()
    named = {"y": y, "frequency_mhz": frequency_mhz, "base_height_m": base_height_m, "max_m": max_m}
    arrays = {"x": px} | {
        name: np.full(px.size, float(a)) if (a := np.asarray(v, dtype=np.float64)).ndim == 0 else a.ravel()
        for name, v in named.items()
    }
    allowed = np.asarray(allowed_db, dtype=np.float64)
    check_sites(arrays, allowed, person_class, grid, extra)
    if px.size == 0:
        return TerrainField(np.zeros(grid.shape), np.zeros(grid.shape))
    return _strips(placed_sites(arrays, allowed, grid, dem, extra), person_class, grid, dem, extra)


def terrain_loss(
    x0: float,
    y0: float,
    x1: float,
    y1: float,
    *,
    frequency_mhz: float,
    base_height_m: float,
    mobile_height_m: float,
    grid: Grid,
    dem: Dem,
    medium: Medium | None = None,
) -> TerrainPath:
    """Loss over the terrain between two places, as `terrain_field` counts it.

    Parameters
    ----------
    x0, y0 : float
        The base, in the grid's CRS.
    x1, y1 : float
        The mobile.
    frequency_mhz, base_height_m, mobile_height_m : float
    grid : Grid
        Only its CRS matters.
    dem : Dem
    medium : Medium, optional

    Returns
    -------
    TerrainPath
        Swapping the ends with their heights gives the same loss.

    Raises
    ------
    RangeError
        A frequency or height that the model cannot take.
    GridError
        A place without coordinates in the elevation model's CRS.
    """
    medium = Medium() if medium is None else medium
    if faults := link_faults(medium, frequency_mhz=frequency_mhz, heights_m=(base_height_m, mobile_height_m)):
        raise RangeError("beyond the range of Longley–Rice: " + "; ".join(faults))
    lat, lon, col, row = located([x0, x1], [y0, y1], grid, dem)
    if not np.isfinite([lat, lon, col, row]).all():
        raise GridError(f"({x0:g}, {y0:g}) or ({x1:g}, {y1:g}) has no place in {dem.grid.crs.name}")
    n = intervals(col[0], row[0], col[1], row[1])
    z = np.full(n + 1, np.nan)
    known = fill_profile(dem.heights, col[0], row[0], col[1], row[1], n, z)
    distance = max(ground_metres(lat[0], lon[0], lat[1], lon[1]), NEAREST_M)
    air = _air(medium, mobile_height_m)
    link = Link(
        frequency_mhz / 47.7,
        medium.impedance(frequency_mhz),
        air.refractivity,
        float(base_height_m),
        air.mobile_height_m,
    )
    loss = np.nan
    if known:
        loss = path_loss(z, n, distance / n, link, air.climate, air.deviates, air.mode, np.empty(SCRATCH))
    return TerrainPath(float(loss), float(free_space_db(distance, frequency_mhz)), distance, distance / n, z)
