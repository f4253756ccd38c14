"""People and buildings on the region's cells: dense in places, thin along roads, none in the hills and on the sea."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from data.sample.lattice import CELL, distance_to, noise, stream
from data.sample.places import area_ratio, around
from data.sample.terrain import burn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from data.sample.network import Roads
    from data.sample.places import Places
    from data.sample.terrain import Terrain
    from geo.grid import Grid

_RURAL = 430_000
"""People living outside places, per 10,000 km² of region."""


def _spread(field: NDArray[np.float64], grid: Grid, *, places: Places, texture: NDArray[np.float64]) -> None:
    """Add each place's people to `field`, density falling exponentially from its centre, on dry cells only."""
    reach = np.ceil(np.maximum(7 * places.scale, 1.2 * CELL) / grid.dx).astype(int)
    for i, (window, away) in enumerate(around(places, grid, reach=reach)):
        weight = np.exp(-away / places.scale[i]) * texture[window]
        field[window] += places.persons[i] * weight / weight.sum()


def settle(
    terrain: Terrain, places: Places, roads: Roads, *, grid: Grid, land: NDArray[np.float64], seed: int
) -> NDArray[np.float64]:
    """Whole persons per cell of `grid`.

    Parameters
    ----------
    land : float array of the grid's shape
        Land in m²; nobody lives where there is none.

    Returns
    -------
    float64 array of the grid's shape
        Whole numbers; their sum is the region's population.
    """
    rng = stream(seed, "people")
    factor = round(CELL / grid.dx)
    hills = np.kron(terrain.hills, np.ones((factor, factor)))
    near = distance_to(burn(roads.lines, grid, touched=True), cell=grid.dx)
    dry = land / (grid.dx * grid.dy)
    fine = np.exp(0.28 * rng.standard_normal(grid.shape) + 0.2 * noise(rng, grid.shape, sigma=3 * factor))
    texture = dry * fine * (1 - 0.95 * hills) * (0.7 + 0.6 * np.exp(-near / 1500)) + 1e-9 * (dry > 0)
    field = np.zeros(grid.shape)
    _spread(field, grid, places=places, texture=texture)
    country = (0.08 + np.exp(-near / 1800)) * np.clip(1 - 1.6 * hills, 0, None) * dry * fine
    field += country * (_RURAL * area_ratio(terrain) / country.sum())
    # a fraction of a person is a person with that probability: whole persons everywhere, nothing gained on average
    whole = np.floor(field) + (rng.random(grid.shape) < field % 1)
    return np.where(land > 0, whole, 0.0)


def build(people: NDArray[np.float64], *, grid: Grid, land: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """Built-up m² per cell, whole numbers, at most 80 % of the land; about a fifth of it at 1,500 people per km²."""
    rng = stream(seed, "built")
    density = people / grid.cell_area_km2
    share = 0.62 * (1 - np.exp(-density / 3800)) * np.exp(0.15 * rng.standard_normal(grid.shape))
    return np.round(np.minimum(share, 0.8) * land)
