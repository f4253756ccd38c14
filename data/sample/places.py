"""Places: the city, its suburbs, towns by rank and size, villages along the roads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from data.sample.lattice import CELL, distance_to, noise, scatter, stream
from data.sample.names import make_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from data.sample.terrain import Terrain
    from geo.grid import Grid

KINDS = ("city", "town", "village")


@dataclass(frozen=True)
class Places:
    """Settlements, largest first within a kind; arrays of length n.

    Attributes
    ----------
    kind : int array
        Index into `KINDS`.
    x, y : float array
        Centre in CRS units.
    cell : int64 array
        Planning cell of the centre, always wholly of land.
    persons : float array
        People meant to live there; the raster holds whole persons.
    scale : float array
        Length in metres over which density falls by e.
    names : tuple of str
        Each different.
    """

    kind: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    cell: NDArray[np.int64]
    persons: NDArray[np.float64]
    scale: NDArray[np.float64]
    names: tuple[str, ...]

    @property
    def n(self) -> int:
        """Number of places."""
        return len(self.names)

    @property
    def peak(self) -> NDArray[np.float64]:
        """People per km² at the centre."""
        return 1e6 * self.persons / (2 * np.pi * self.scale**2)

    def of_kind(self, *kinds: str) -> NDArray[np.int64]:
        """Indices of the places of these kinds."""
        return np.flatnonzero(np.isin(self.kind, [KINDS.index(kind) for kind in kinds]))


def around(
    places: Places, grid: Grid, *, reach: NDArray[np.int64]
) -> Iterator[tuple[tuple[slice, slice], NDArray[np.float64]]]:
    """Window of the grid that reaches so many cells around each place, and its cells' distances from the centre."""
    cols = ((places.x - grid.west) / grid.dx).astype(int)
    rows = ((grid.north - places.y) / grid.dy).astype(int)
    for i in range(places.n):
        r, c, k = int(rows[i]), int(cols[i]), int(reach[i])
        top, bottom = max(r - k, 0), min(r + k + 1, grid.ny)
        left, right = max(c - k, 0), min(c + k + 1, grid.nx)
        dy = grid.north - (np.arange(top, bottom) + 0.5) * grid.dy - places.y[i]
        dx = grid.west + (np.arange(left, right) + 0.5) * grid.dx - places.x[i]
        yield (slice(top, bottom), slice(left, right)), np.hypot(dy[:, None], dx[None, :])


def area_ratio(terrain: Terrain) -> float:
    """Area of the region over 100 × 100 km; numbers of towns, villages and districts grow with it."""
    return terrain.grid.size * terrain.grid.cell_area_km2 / 10_000


def _suitability(terrain: Terrain, *, seed: int) -> NDArray[np.float64]:
    rng = stream(seed, "suitability")
    pull = 0.35 + np.exp(-terrain.to_coast / 9000) + 0.8 * np.exp(-terrain.to_river / 5000)
    return terrain.mainland * (1 - terrain.hills) ** 2 * pull * np.exp(0.6 * noise(rng, terrain.grid.shape, sigma=4))


def _assemble(
    terrain: Terrain, *, cells: NDArray[np.int64], kind: NDArray[np.int64], persons: NDArray[np.float64], seed: int
) -> Places:
    rng = stream(seed, "centres")
    x, y = terrain.grid.centres(cells)
    shift = rng.uniform(-0.3, 0.3, (cells.size, 2)).T * CELL  # a row a place: adding villages moves no town
    # a larger place is denser at its centre: people = 2π · density · scale²
    density = np.clip(1300 * (persons / 8000) ** 0.48, 650, 24_000) / 1e6
    scale = np.sqrt(persons / (2 * np.pi * density))
    names = tuple(make_names(stream(seed, "names"), count=cells.size))
    return Places(kind, x + shift[0], y + shift[1], cells, persons, scale, names)


def found_towns(terrain: Terrain, *, seed: int) -> Places:
    """Place the cities and towns, before there are roads.

    Sizes follow rank: with a the area ratio, city r has 700,000 · a^0.35 / r^0.9 people, town r 125,000 / (1 + r / a).
    """
    rng = stream(seed, "towns")
    ratio = area_ratio(terrain)
    good = _suitability(terrain, seed=seed)
    taken = np.zeros(terrain.grid.shape, dtype=bool)
    gap = np.hypot(*(a - b for a, b in zip(_cell_xy(terrain), terrain.head, strict=True))) + 1e9 * (good.ravel() <= 0)
    first = np.zeros(terrain.grid.shape)
    first.ravel()[int(np.argmin(gap))] = 1
    count = max(1, round(ratio**0.85))
    cities = scatter(rng, first, spacing=45.0, count=1, taken=taken)
    if count > 1:
        cities = np.concatenate([cities, scatter(rng, good, spacing=45.0, count=count - 1, taken=taken)])
    city_mask = np.zeros(terrain.grid.shape, dtype=bool)
    city_mask.ravel()[cities] = True
    from_city = distance_to(city_mask, cell=CELL)
    suburbs = 1 + 5 * np.exp(-(((from_city - 13_000) / 4500) ** 2))
    near = from_city < 7500
    towns = scatter(rng, good * suburbs, spacing=6.0, count=max(4, round(25 * ratio)), taken=near)
    size_city = 700_000 * ratio**0.35 / np.arange(1, cities.size + 1) ** 0.9
    size_town = np.maximum(125_000 / (1 + np.arange(towns.size) / ratio), 2500)
    kind = np.repeat([0, 1], [cities.size, towns.size])
    return _assemble(
        terrain,
        cells=np.concatenate([cities, towns]),
        kind=kind,
        persons=np.concatenate([size_city, size_town]),
        seed=seed,
    )


def _cell_xy(terrain: Terrain) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return terrain.grid.centres(np.arange(terrain.grid.size))


def found_villages(terrain: Terrain, towns: Places, *, to_road: NDArray[np.float64], seed: int) -> Places:
    """Add the villages: most of them along roads, some far from any; returns towns and villages together."""
    rng = stream(seed, "villages")
    ratio = area_ratio(terrain)
    here = np.zeros(terrain.grid.shape, dtype=bool)
    here.ravel()[towns.cell] = True
    taken = distance_to(here, cell=CELL) < 3000
    good = np.sqrt(_suitability(terrain, seed=seed)) * (0.1 + np.exp(-to_road / 1200))
    cells = scatter(rng, good, spacing=2.3, count=round(190 * ratio), taken=taken)
    rank = rng.permutation(cells.size) + 1
    persons = np.maximum(4800 / (1 + 6.5 * rank / max(cells.size, 1)), 500)
    kind = np.concatenate([towns.kind, np.full(cells.size, KINDS.index("village"))])
    return _assemble(
        terrain,
        cells=np.concatenate([towns.cell, cells]),
        kind=kind,
        persons=np.concatenate([towns.persons, persons]),
        seed=seed,
    )
