"""Blocks: where the places are built up, their wards, and in each ward a street grid of its own that ends at water."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy import ndimage
from scipy.spatial import KDTree

from data.sample.lattice import distance_to, noise
from data.sample.places import around
from data.sample.terrain import burn, sample_grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from data.sample.network import Roads
    from data.sample.places import Places
    from data.sample.terrain import Terrain
    from geo.grid import Grid

_LEAST = 200.0
"""People per km², about, from which there are streets."""

_WARD = 3e6
"""Area of a ward, about, m²."""

_SHORE = 60.0
_STRIP = 70.0
_EDGE = 300.0
"""Metres without streets along the sea and the estuary, on each side of the river, and along the region's edge."""

_GOLDEN = np.pi * (3 - np.sqrt(5))


@dataclass(frozen=True)
class BuiltUp:
    """Logarithm of people per km² over the least that has streets: above 0 is built up."""

    values: NDArray[np.float64]
    grid: Grid

    def at(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values at points (n, 2), linear between the centres of cells."""
        row, col = (self.grid.north - xy[:, 1]) / self.grid.dy - 0.5, (xy[:, 0] - self.grid.west) / self.grid.dx - 0.5
        return np.asarray(ndimage.map_coordinates(self.values, [row, col], order=1, mode="nearest"))


@dataclass(frozen=True)
class Wards:
    """Parts of places with one street pattern, arrays of length n.

    Attributes
    ----------
    x, y : float array
        Seat in CRS units.
    block : float array
        Side of a block in metres.
    reach : float array
        Metres from the seat to the farthest block, at most.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    block: NDArray[np.float64]
    reach: NDArray[np.float64]

    def nearest(self, xy: NDArray[np.float64]) -> NDArray[np.int64]:
        """Ward of each point (n, 2): the one of the nearest seat."""
        _, ward = KDTree(np.column_stack([self.x, self.y])).query(xy)
        return np.asarray(ward, dtype=np.int64)

    def borders(self) -> NDArray[np.object_]:
        """Lines between neighbouring wards."""
        seats = shapely.multipoints(np.column_stack([self.x, self.y]))
        return np.asarray(shapely.get_parts(shapely.voronoi_polygons(seats, only_edges=True)), dtype=object)


def dry_ground(terrain: Terrain) -> shapely.Geometry:
    """The mainland without its shore, a strip along the river and the edge of the region: the river parts it."""
    west, south, east, north = terrain.grid.bounds
    frame = shapely.box(west + _EDGE, south + _EDGE, east - _EDGE, north - _EDGE)
    mainland = max(shapely.get_parts(terrain.land), key=lambda part: part.area)
    # cut by the strip the two banks are two shapes, and their outlines the quays
    dry = shapely.difference(mainland.buffer(-_SHORE), terrain.river.buffer(_STRIP))
    return shapely.intersection(shapely.simplify(dry, 10), frame)


def built_up(terrain: Terrain, places: Places, roads: Roads, *, rng: np.random.Generator) -> BuiltUp:
    """People of the places as `settle` spreads them, on cells of 250 m: patchy, denser by roads, none in the hills."""
    grid = sample_grid(terrain.grid.nx, resolution_m=250)
    density = np.full(grid.shape, 1e-3)
    reach = np.ceil(places.scale * np.log(4 * places.peak / _LEAST) / grid.dx).astype(int)
    for i, (window, away) in enumerate(around(places, grid, reach=reach)):
        density[window] += places.peak[i] * np.exp(-away / places.scale[i])
    near = distance_to(burn(roads.lines, grid, touched=True), cell=grid.dx)
    hills = np.kron(terrain.hills, np.ones((4, 4)))
    patchy = noise(rng, grid.shape, sigma=2)
    return BuiltUp(np.log(density / _LEAST) + 0.4 * patchy + 0.5 * np.exp(-near / 500) - 3 * hills, grid)


def lay_wards(places: Places, built: BuiltUp, ground: shapely.Geometry, *, rng: np.random.Generator) -> Wards:
    """Seats in a spiral around the centre of each place, closer together near it; blocks are smaller where it is dense.

    A village that a larger place has swallowed has no ward of its own.
    """
    reach = np.maximum(places.scale * np.log(places.peak / _LEAST), 500.0)
    count = np.maximum(np.round(np.pi * reach**2 / _WARD), 1).astype(int)
    at = np.repeat(np.arange(places.n), count)
    nth = np.arange(at.size) - np.repeat(np.cumsum(count) - count, count)
    turn = nth * _GOLDEN + rng.uniform(0, 2 * np.pi, places.n)[at] + rng.normal(0, 0.15, at.size)
    away = reach[at] * (nth / count[at]) ** 0.6 * rng.uniform(0.9, 1.1, at.size)
    xy = np.column_stack([places.x[at] + away * np.cos(turn), places.y[at] + away * np.sin(turn)])
    dense = _LEAST * np.exp(built.at(xy))
    shapely.prepare(ground)
    kept = shapely.contains_xy(ground, xy) & (dense < 3 * places.peak[at])
    xy, at, dense = xy[kept], at[kept], dense[kept]
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(xy), ordered=True))
    corner, ward = shapely.get_coordinates(cells, return_index=True)
    farthest = np.zeros(at.size)
    np.maximum.at(farthest, ward, np.hypot(*(corner - xy[ward]).T))
    wide = np.where(count[at] > 1, 1.3 * np.sqrt(_WARD), reach[at] + 300)
    block = np.clip(150 * (5000 / dense) ** 0.22, 150, 250)
    return Wards(xy[:, 0], xy[:, 1], block, np.minimum(wide, farthest))


def _corners(wards: Wards, ward: int, *, rng: np.random.Generator) -> NDArray[np.float64]:
    """Corners of a ward's blocks, shape (n, m, 2): a grid bent and turned, not yet cut to the ward."""
    block, reach = wards.block[ward], wards.reach[ward]
    long = block * rng.uniform(1.0, 1.5)
    n, m = int(reach / block) + 1, int(reach / long) + 1
    u, v = np.meshgrid(np.arange(-n, n + 1) * block, np.arange(-m, m + 1) * long, indexing="ij")
    u, v = u + rng.normal(0, 0.05 * block, u.shape), v + rng.normal(0, 0.05 * block, v.shape)
    bend, phase, turn = rng.uniform(20, 70, 2), rng.uniform(0, 2 * np.pi, 2), rng.uniform(0, np.pi / 2)
    u, v = u + bend[0] * np.sin(v / 700 + phase[0]), v + bend[1] * np.sin(u / 700 + phase[1])
    x = wards.x[ward] + u * np.cos(turn) - v * np.sin(turn)
    y = wards.y[ward] + u * np.sin(turn) + v * np.cos(turn)
    return np.stack([x, y], axis=-1)


def _grids(
    wards: Wards, *, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Sides of all wards' blocks (n, 2, 2), the street of each, which is one line of a grid, and each street's ward."""
    xy: list[NDArray[np.float64]] = []
    street: list[NDArray[np.int64]] = []
    lines: list[int] = []
    first = 0
    for ward in range(wards.x.size):
        corner = _corners(wards, ward, rng=rng)
        n, m = corner.shape[:2]
        xy.append(np.stack([corner[:-1], corner[1:]], axis=2).reshape(-1, 2, 2))
        xy.append(np.stack([corner[:, :-1], corner[:, 1:]], axis=2).reshape(-1, 2, 2))
        street += [first + np.tile(np.arange(m), n - 1), first + m + np.repeat(np.arange(n), m - 1)]
        lines.append(n + m)
        first += n + m
    ward = np.repeat(np.arange(wards.x.size, dtype=np.int64), lines)
    return np.concatenate(xy), np.concatenate(street), ward


def block_sides(
    wards: Wards, built: BuiltUp, *, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Sides of blocks (n, 2, 2) where it is built up, the street of each, and the ward of each street.

    They are not yet cut at the border of their ward. Here and there one is missing, more towards the edge of a place.
    """
    xy, street, ward = _grids(wards, rng=rng)
    there = built.at(xy.mean(axis=1))
    kept = (there > 0) & (rng.random(street.size) > 0.06 + 0.3 * np.exp(-1.5 * there))
    xy, street = xy[kept], street[kept]
    mine = (wards.nearest(xy.reshape(-1, 2)).reshape(-1, 2) == ward[street, None]).any(axis=1)
    return xy[mine], street[mine], ward
