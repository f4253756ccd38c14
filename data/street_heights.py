"""Metres climbed and descended along streets, from an elevation model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from pyproj import Transformer

from data.notes import Note, Notes
from geo.errors import RangeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from data.terrain import Dem
    from geo.network import Network

STEP_M = 30.0
"""Longest distance between two heights along a street, about a pixel of the open global models. [rule]"""


def heights_at(dem: Dem, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Height of the ground at points, bilinear between the middles of the four pixels around each.

    Parameters
    ----------
    dem : Dem
    x, y : float64 arrays (n,)
        In the model's own CRS.

    Returns
    -------
    float64 array (n,)
        Metres. NaN outside the model and where one of the four that counts is not known; within half a pixel of the
        model's edge its outermost pixels hold.
    """
    grid = dem.grid
    col, row = (x - grid.west) / grid.dx, (grid.north - y) / grid.dy
    inside = (col >= 0) & (col <= grid.nx) & (row >= 0) & (row <= grid.ny)
    col = np.clip(np.where(inside, col, 0) - 0.5, 0, grid.nx - 1)
    row = np.clip(np.where(inside, row, 0) - 0.5, 0, grid.ny - 1)
    col0, row0 = col.astype(np.int64), row.astype(np.int64)
    right, down = col - col0, row - row0
    out = np.zeros(x.size)
    for i, share_row in ((0, 1 - down), (1, down)):
        for j, share_col in ((0, 1 - right), (1, right)):
            share = share_row * share_col
            height = dem.heights[np.minimum(row0 + i, grid.ny - 1), np.minimum(col0 + j, grid.nx - 1)]
            out += np.where(share > 0, share * height, 0.0)
    return np.where(inside, out, np.nan)


def _samples(network: Network, step_m: float) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Places at equal distances along each edge, both ends included: starts, x and y in the network's CRS."""
    count = np.ceil(network.length_m / step_m).astype(np.int64) + 1
    starts = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    along = (np.arange(starts[-1]) - np.repeat(starts[:-1], count)) / np.repeat(count - 1, count)
    # one growing measure for all edges: edge i has i + share of its length
    lengths = np.repeat(network.length_m, np.diff(network.starts))
    edge = np.arange(network.edges)
    measure = np.repeat(2.0 * edge, np.diff(network.starts)) + network.vertex_m / lengths
    wanted = np.repeat(2.0 * edge, count) + along
    return starts, np.interp(wanted, measure, network.vertex_x), np.interp(wanted, measure, network.vertex_y)


def with_heights(network: Network, dem: Dem, *, name: str = "streets", step_m: float = STEP_M) -> tuple[Network, Notes]:
    """The network with metres climbed and descended along each edge.

    Parameters
    ----------
    network : Network
    dem : Dem
        Ground heights; a bridge or tunnel is taken to follow the ground, which makes it too steep.
    name : str
        For the note.
    step_m : float
        Heights are taken at both ends of an edge and at equal distances between, at most this far apart. Shorter steps
        add the model's own noise to the climb.

    Returns
    -------
    network : Network
        `climb_m` and `fall_m` set: sums of the rises and of the falls between heights. NaN where a height is not known.
    notes : list of Note
        Edges without known heights.

    Raises
    ------
    RangeError
        The step is not above 0.
    """
    if not step_m > 0 or not np.isfinite(step_m):
        raise RangeError(f"heights cannot be taken every {step_m:g} m; give a step above 0")
    starts, x, y = _samples(network, step_m)
    there = Transformer.from_crs(network.crs, dem.grid.crs, always_xy=True).transform(x, y)
    height = heights_at(dem, np.asarray(there[0]), np.asarray(there[1]))
    rise = np.diff(height, append=np.nan)
    rise[starts[1:] - 1] = 0.0
    climb = np.add.reduceat(np.maximum(rise, 0.0), starts[:-1]) if network.edges else np.zeros(0)
    fall = np.add.reduceat(np.maximum(-rise, 0.0), starts[:-1]) if network.edges else np.zeros(0)
    climb[np.isnan(climb)] = fall[np.isnan(fall)] = np.nan  # one NaN, without a sign
    unknown = int(np.isnan(climb).sum())
    notes = [Note(name, "streets on ground whose height is not known", unknown)] if unknown else []
    return replace(network, climb_m=climb, fall_m=fall), notes
