"""Who serves whom: at every place the site of each operator that is nearest for its reach, a strip of cells at a time.

Positions are in columns and rows of the grid, rows downwards; a disc is an ellipse (u, v, ru, rv, shear), the image of
a disc of 1 m on the ground (`geo.ground.ground_ellipses`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.grid import Grid

STRIP_SAMPLES = 1 << 21
"""Working buffers hold about this many (operator, sample) pairs, or one row of cells if that is more."""


@dataclass(frozen=True)
class Servers:
    """Radios in an order of their own; of two at equal distance for their reach, the earlier serves.

    Attributes
    ----------
    site : int64 array (n,)
        Site of each radio, from 0.
    operator : int64 array (n,)
        Operator of each radio, from 0.
    disc : float64 array (n, 5)
        Its disc of 1 m: u, v, ru, rv, shear.
    radius : float64 array (n, classes)
        Metres at which it serves people of each class of surroundings; 0 = none.
    operators : int
    """

    site: NDArray[np.int64]
    operator: NDArray[np.int64]
    disc: NDArray[np.float64]
    radius: NDArray[np.float64]
    operators: int


def share_out(
    servers: Servers, *, people: NDArray[np.float64], classes: NDArray[np.int64], grid: Grid, steps: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """People of each site, and the served share of each cell.

    Parameters
    ----------
    servers : Servers
    people : float64 array (ny, nx)
        Spread evenly over `steps` × `steps` places of their cell; those of a place go in equal parts to the operators
        that reach it.
    classes : int64 array (ny, nx)
        Class of surroundings of each cell.
    grid : Grid
    steps : int

    Returns
    -------
    held : float64 array (sites,)
        Persons; their sum is that of people × served.
    served : float64 array (ny, nx)
        Share of the cell's places that any site serves, 0–1.
    """
    held = np.zeros(int(servers.site.max()) + 1 if servers.site.size else 0)
    served = np.zeros(grid.shape)
    height, best, server = _buffers(servers, grid, steps)
    for top in range(0, grid.ny, height):
        part = slice(top, top + height)
        _find(servers, best, server, top, classes[part], steps)
        _count(server, steps, people[part], held, served[part])
    return held, served


def mean_value(
    servers: Servers, *, value: NDArray[np.float64], classes: NDArray[np.int64], grid: Grid, steps: int
) -> NDArray[np.float64]:
    """Mean of a site's value over the served places of each cell, over the operators at each; NaN where none serves.

    Servers are found again rather than kept: memory is a strip's, not the grid's.
    """
    mean = np.full(grid.shape, np.nan)
    height, best, server = _buffers(servers, grid, steps)
    for top in range(0, grid.ny, height):
        part = slice(top, top + height)
        _find(servers, best, server, top, classes[part], steps)
        _average(server, steps, value, mean[part])
    return mean


def _buffers(servers: Servers, grid: Grid, steps: int) -> tuple[int, NDArray[np.float64], NDArray[np.int32]]:
    """Rows of cells in a strip; the least (distance / radius)² of every operator and place, and whose it is."""
    per_row = max(1, servers.operators) * grid.nx * steps * steps
    height = min(max(1, STRIP_SAMPLES // per_row), grid.ny)
    shape = (servers.operators, height * steps, grid.nx * steps)
    return height, np.empty(shape, np.float64), np.empty(shape, np.int32)


def _find(servers: Servers, best: Any, server: Any, top: int, classes: Any, steps: int) -> None:
    best.fill(np.inf)
    server.fill(-1)
    _serve(best, server, top, steps, classes, servers.site, servers.operator, servers.disc, servers.radius)


@njit(cache=True, nogil=True)
def _serve(
    best: Any, server: Any, top: int, steps: int, classes: Any, site: Any, operator: Any, disc: Any, radius: Any
) -> None:
    """Find, for every operator and place of a strip, the site that serves."""
    height, width = classes.shape[0] * steps, classes.shape[1] * steps
    for i in range(site.size):
        u, v, ru, rv, shear = disc[i]
        most = radius[i].max()
        if most <= 0:
            continue
        middle, reach = (v - top) * steps - 0.5, most * rv * steps
        for row in range(int(np.ceil(max(middle - reach, 0.0))), int(min(np.floor(middle + reach), height - 1.0)) + 1):
            down = ((row + 0.5) / steps + top - v) / rv
            centre = u + shear * down * rv
            half = np.sqrt(max(most * most - down * down, 0.0)) * ru
            first = int(np.floor(min(max((centre - half) * steps - 0.5, 0.0), width + 0.0)))
            last = int(np.ceil(min(max((centre + half) * steps - 0.5, -1.0), width - 1.0)))
            for col in range(first, last + 1):
                limit = radius[i, classes[row // steps, col // steps]]
                across = ((col + 0.5) / steps - centre) / ru
                apart = across * across + down * down
                if limit <= 0 or apart > limit * limit:
                    continue
                ratio = apart / (limit * limit)
                if ratio < best[operator[i], row, col]:
                    best[operator[i], row, col] = ratio
                    server[operator[i], row, col] = site[i]


@njit(cache=True, nogil=True)
def _count(server: Any, steps: int, people: Any, held: Any, served: Any) -> None:
    """Add the people of a strip to the sites that serve them, and note the served share of its cells."""
    operators, places = server.shape[0], steps * steps
    for row in range(people.shape[0]):
        for col in range(people.shape[1]):
            found = 0
            for k in range(places):
                i, j = row * steps + k // steps, col * steps + k % steps
                reached = 0
                for name in range(operators):
                    reached += server[name, i, j] >= 0
                found += reached > 0
                for name in range(operators):
                    if server[name, i, j] >= 0:
                        held[server[name, i, j]] += people[row, col] / (places * reached)
            served[row, col] = found / places


@njit(cache=True, nogil=True)
def _average(server: Any, steps: int, value: Any, mean: Any) -> None:
    operators, places = server.shape[0], steps * steps
    for row in range(mean.shape[0]):
        for col in range(mean.shape[1]):
            found, total = 0, 0.0
            for k in range(places):
                i, j = row * steps + k // steps, col * steps + k % steps
                reached, here = 0, 0.0
                for name in range(operators):
                    if server[name, i, j] >= 0:
                        reached += 1
                        here += value[server[name, i, j]]
                if reached > 0:
                    found += 1
                    total += here / reached
            if found > 0:
                mean[row, col] = total / found
