"""Small tools on lattices: seeded streams, smooth noise, spaced scattering. Everything follows from the seed alone."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np
from pyproj import CRS
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.grid import Grid

CELL = 1000.0
"""Side of a planning cell in metres: terrain, places and roads are laid out on cells of this size."""

SAMPLE_CRS = CRS.from_user_input("ESRI:54009")
"""Mollweide, equal-area. The region lies around 25° W, 5° N: open ocean, so that nobody takes it for a real place."""


def stream(seed: int, purpose: str) -> np.random.Generator:
    """Random numbers of one purpose, so that a change in one part of the region leaves the others as they were."""
    return np.random.default_rng([seed, zlib.crc32(purpose.encode())])


def noise(rng: np.random.Generator, shape: tuple[int, int], *, sigma: float) -> NDArray[np.float64]:
    """Smooth noise, mean 0 and standard deviation 1, of correlation length `sigma` cells."""
    field = ndimage.gaussian_filter(rng.standard_normal(shape), sigma, mode="reflect")
    return (field - field.mean()) / field.std()


def centres_of(grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centre coordinates (x, y) of every cell, each of the grid's shape, in CRS units."""
    x, y = grid.centres(np.arange(grid.size))
    return x.reshape(grid.shape), y.reshape(grid.shape)


def distance_to(mask: NDArray[np.bool_], *, cell: float) -> NDArray[np.float64]:
    """Distance in metres from each cell's centre to the nearest True cell's centre; infinite when there is none."""
    if not mask.any():
        return np.full(mask.shape, np.inf)
    return np.asarray(ndimage.distance_transform_edt(~mask, sampling=cell), dtype=np.float64)


def _disc(radius: float) -> tuple[int, NDArray[np.bool_]]:
    reach = int(radius)
    offset = np.arange(-reach, reach + 1)
    return reach, offset[:, None] ** 2 + offset[None, :] ** 2 <= radius * radius


def scatter(
    rng: np.random.Generator,
    weight: NDArray[np.float64],
    *,
    spacing: NDArray[np.float64] | float,
    count: int | None = None,
    taken: NDArray[np.bool_] | None = None,
) -> NDArray[np.int64]:
    """Choose cells at random, likelier where `weight` is larger, none nearer to an earlier one than its spacing.

    Parameters
    ----------
    weight : float array (ny, nx)
        0 = never chosen.
    spacing : float or float array (ny, nx)
        Radius around a chosen cell, in cells, in which no further one is chosen.
    count : int, optional
        Stop after so many; by default go on until no cell is left, so that every cell of positive weight has a
        chosen one within that one's spacing.
    taken : bool array (ny, nx), optional
        Cells already blocked; blocked cells are added to it in place.

    Returns
    -------
    int64 array
        Flat indices of the chosen cells, in the order chosen.
    """
    ny, nx = weight.shape
    blocked = np.zeros(weight.shape, dtype=bool) if taken is None else taken
    flat = np.flatnonzero(weight.ravel() > 0)
    # an exponential race: the smallest of E/w comes first with probability proportional to w
    order = flat[np.argsort(rng.exponential(size=flat.size) / weight.ravel()[flat], kind="stable")]
    radius = np.broadcast_to(np.asarray(spacing, dtype=np.float64), weight.shape).ravel()[order]
    discs = {float(r): _disc(float(r)) for r in np.unique(radius)}
    chosen: list[int] = []
    for cell, r in zip(order.tolist(), radius.tolist(), strict=True):
        row, col = divmod(cell, nx)
        if blocked[row, col]:
            continue
        chosen.append(cell)
        if len(chosen) == count:
            break
        reach, disc = discs[r]
        top, left = max(row - reach, 0), max(col - reach, 0)
        bottom, right = min(row + reach + 1, ny), min(col + reach + 1, nx)
        blocked[top:bottom, left:right] |= disc[
            top - row + reach : bottom - row + reach, left - col + reach : right - col + reach
        ]
    return np.array(chosen, dtype=np.int64)
