"""The ground: a curving coast with a bay and islands, a river that widens into an estuary, hills."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from affine import Affine
from pyproj import Transformer
from rasterio.features import rasterize

from data.sample.lattice import CELL, SAMPLE_CRS, distance_to, noise, stream
from geo.grid import Grid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

OCEAN_LON_LAT = (-25.0, 5.0)
STEP = 250.0
"""Distance in metres between vertices of the coast."""


@dataclass(frozen=True)
class Terrain:
    """Ground on planning cells; arrays have the shape of `grid`, lengths are metres.

    Attributes
    ----------
    grid : Grid
        Planning cells of 1 km.
    land : shapely geometry
        Land in the grid's CRS; the estuary is cut out of it.
    river : shapely.LineString
        From the mouth to where it leaves the region.
    mainland : bool array
        Cells wholly of land, islands left out.
    estuary : bool array
        Cells touched by the estuary: roads may bridge them.
    hills : float array
        0 = plain, 1 = hill country where nobody lives.
    to_coast, to_river : float array
    head : tuple of float
        (x, y) of the place on the river where the first city stands.
    """

    grid: Grid
    land: shapely.Geometry
    river: shapely.LineString
    mainland: NDArray[np.bool_]
    estuary: NDArray[np.bool_]
    hills: NDArray[np.float64]
    to_coast: NDArray[np.float64]
    to_river: NDArray[np.float64]
    head: tuple[float, float]


@dataclass(frozen=True)
class _Frame:
    """Axes along the coast (u) and inland (v), turned a little so that the coast is not a grid line."""

    x0: float
    y0: float
    angle: float

    def to_xy(self, u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float64]:
        c, s = np.cos(self.angle), np.sin(self.angle)
        return np.column_stack([self.x0 + v * c - u * s, self.y0 + v * s + u * c])


def sample_grid(size_km: int, *, resolution_m: int) -> Grid:
    """Square grid of `size_km` kilometres a side around 25° W, 5° N, its edges on whole kilometres."""
    x, y = Transformer.from_crs("EPSG:4326", SAMPLE_CRS, always_xy=True).transform(*OCEAN_LON_LAT)
    west = (round(x / CELL) - size_km // 2) * CELL
    north = (round(y / CELL) + size_km // 2) * CELL
    cells = round(size_km * CELL / resolution_m)
    return Grid(SAMPLE_CRS, Affine(resolution_m, 0, west, 0, -resolution_m, north), (cells, cells))


def burn(shapes: Iterable[shapely.Geometry], grid: Grid, *, touched: bool) -> NDArray[np.bool_]:
    """Cells whose centre lies in the shapes or, with `touched`, that they touch at all."""
    found = [(shape, 1) for shape in shapes if not shapely.is_empty(shape)]
    if not found:
        return np.zeros(grid.shape, dtype=bool)
    marks = rasterize(found, grid.shape, transform=grid.transform, all_touched=touched, dtype="uint8")
    return np.asarray(marks, dtype=bool)


def _wiggle(rng: np.random.Generator, at: NDArray[np.float64], *, longest: float, rough: float) -> NDArray[np.float64]:
    """Sum of sine waves from `longest` metres down to 1.5 km, each a fixed share of its own length high."""
    total = np.zeros_like(at)
    wave = longest
    while wave > 1500:
        height = rough * 1000 * (wave / 1000) ** 0.85
        total += height * rng.uniform(0.6, 1.0) * np.sin(2 * np.pi * (at / wave + rng.uniform()))
        wave /= rng.uniform(1.6, 1.9)
    return total


def _island(rng: np.random.Generator, *, centre: NDArray[np.float64], radius: float) -> shapely.Geometry:
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    r = np.full(turn.shape, radius)
    for k in range(2, 7):
        r += radius * 0.45 / k * np.sin(k * turn + rng.uniform(0, 2 * np.pi))
    return shapely.Polygon(centre + np.column_stack([1.5 * r * np.cos(turn), r * np.sin(turn)]))


def _river(
    rng: np.random.Generator, frame: _Frame, *, mouth: tuple[float, float], size: float
) -> tuple[NDArray[np.float64], shapely.Geometry]:
    """Vertices from the mouth inland, and the estuary that narrows along them."""
    inland = np.arange(0.0, 2 * size, STEP)
    ramp = 1 - np.exp(-inland / (0.08 * size))
    across = ramp * _wiggle(rng, inland, longest=size * 0.6, rough=0.15)
    across -= across[0]
    line = frame.to_xy(mouth[0] + across, mouth[1] + inland)
    reach = min(0.24 * size, 30_000.0)
    along = np.arange(-2 * reach, reach, STEP)
    width = 130 + 1500 * np.clip(1 - along / reach, 0, None) ** 1.8
    middle = np.interp(along, inland, across)
    left = frame.to_xy(mouth[0] + middle - width / 2, mouth[1] + along)
    right = frame.to_xy(mouth[0] + middle + width / 2, mouth[1] + along)
    return line, shapely.make_valid(shapely.Polygon(np.vstack([left, right[::-1]])))


def _hills(
    rng: np.random.Generator, *, land: NDArray[np.bool_], to_coast: NDArray[np.float64], to_river: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Height from noise, rising inland and falling to the river; the upper third of the land becomes hills."""
    shape = land.shape
    height = noise(rng, shape, sigma=7 * (shape[0] / 100) ** 0.4) + 0.5 * noise(rng, shape, sigma=2.5)
    height += 1.2 * np.tanh(to_coast / 30_000) - 1.6 * np.exp(-to_river / 5000)
    low, high = np.quantile(height[land], [0.66, 0.84])
    return np.clip((height - low) / (high - low), 0, 1)


def make_terrain(size_km: int, *, seed: int) -> Terrain:
    """Lay out the ground of a region of `size_km` × `size_km` kilometres; the same seed gives the same ground."""
    rng = stream(seed, "terrain")
    grid = sample_grid(size_km, resolution_m=round(CELL))
    west, south, east, north = grid.bounds
    size = east - west
    frame = _Frame((west + east) / 2, (south + north) / 2, float(np.deg2rad(rng.uniform(-22, 22))))
    u = np.arange(-size, size, STEP)
    scale = min(size, 200_000.0)
    bay_u, bay_wide = rng.uniform(-0.12, 0.12) * size, 0.085 * scale
    coast = -0.22 * size + _wiggle(rng, u, longest=size, rough=0.085)
    coast += 0.15 * scale * np.exp(-(((u - bay_u) / bay_wide) ** 2))
    coast -= 0.05 * scale * np.exp(-(((np.abs(u - bay_u) - 2.1 * bay_wide) / (0.6 * bay_wide)) ** 2))
    mouth = (bay_u, float(np.interp(bay_u, u, coast)))
    line, estuary = _river(rng, frame, mouth=mouth, size=size)
    far = np.full(2, 2 * size)
    shore = np.vstack([frame.to_xy(u, coast), frame.to_xy(np.array([size, -size]), far)])
    frame_box = shapely.box(west, south, east, north)
    mainland = shapely.difference(shapely.make_valid(shapely.Polygon(shore)), estuary)
    mainland = max(shapely.get_parts(shapely.intersection(mainland, frame_box)), key=lambda part: part.area)
    count = max(2, round(3 * size / 100_000))
    spots = rng.uniform(-0.42, 0.42, count) * size
    off = np.interp(spots, u, coast) - rng.uniform(0.05, 0.11, count) * scale
    centres = frame.to_xy(spots, off)
    islands = [_island(rng, centre=c, radius=rng.uniform(0.008, 0.02) * scale) for c in centres]
    kept = [island for island in islands if frame_box.contains(island) and mainland.distance(island) > CELL]
    land = shapely.union_all([mainland, *kept])
    whole = burn([mainland], grid, touched=False) & ~burn([mainland.boundary], grid, touched=True)
    river = shapely.LineString(line)
    to_coast = distance_to(~burn([land, estuary], grid, touched=False), cell=CELL)
    to_river = distance_to(burn([river], grid, touched=True), cell=CELL)
    hills = _hills(rng, land=whole, to_coast=to_coast, to_river=to_river)
    head = line[np.searchsorted(np.arange(len(line)) * STEP, min(0.055 * size, 9000.0))]
    wet = burn([estuary], grid, touched=True)
    inside = shapely.intersection(river, frame_box)
    river = max(shapely.get_parts(inside), key=lambda part: part.length)
    return Terrain(grid, land, river, whole, wet, hills, to_coast, to_river, (float(head[0]), float(head[1])))
