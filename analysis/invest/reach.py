"""Which cells a disc reaches, by exact area, and where discs reach most people. Compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit

from analysis.invest.heap import sift_down
from geo.burn import cell_fractions
from geo.ground import ground_discs

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from geo.grid import Grid

LEAST = 1e-9
"""Smaller fractions of a cell are left out: rounding, not reach."""


def disc_cells(
    x: ArrayLike, y: ArrayLike, radius_m: ArrayLike, grid: Grid
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Cells that each disc touches, and the exact share of the cell's area inside it.

    Parameters
    ----------
    x, y : array-like (discs,)
        Centres in the grid's CRS; they may lie outside the grid.
    radius_m : array-like (discs,) or float
        Radius in metres on the ground.
    grid : Grid
        Projected.

    Returns
    -------
    index, cell_id : int64 arrays (pairs,)
        Disc and cell, ascending; only cells of the grid.
    fraction : float64 array (pairs,)
        In (0, 1]; shares below 1e-9 are left out.
    """
    index, cell, fraction = cell_fractions(ground_discs(x, y, radius_m, grid), grid)
    kept = fraction >= LEAST
    return index[kept], cell[kept], fraction[kept]


def spread(
    cell_id: NDArray[np.int64], people: NDArray[np.float64], *, radius_m: NDArray[np.float64], grid: Grid, most: int
) -> NDArray[np.int64]:
    """Rows picked one after another: the one with most people left in reach; those people are then served.

    Parameters
    ----------
    cell_id : int64 array (rows,)
        Ascending.
    people : float64 array (rows,)
    radius_m : float64 array (rows,)
        Reach of something built in that row's cell; a cell is in reach when its centre is.
    grid : Grid
    most : int
        At most so many picks; it ends earlier when nobody is left.

    Returns
    -------
    int64 array
        Rows in the order of picking; ties go to the lower `cell_id`.
    """
    row, col = np.divmod(cell_id, grid.nx)
    starts = np.searchsorted(row, np.arange(grid.ny + 1)).astype(np.int64)
    reach = radius_m / grid.metres_per_unit
    left = np.array(people, dtype=np.float64)
    rows = _Rows(col, starts, left, np.zeros(cell_id.size + grid.ny))
    return _spread(rows, row, reach, (grid.dx, grid.dy), min(most, cell_id.size))


class _Rows(NamedTuple):
    """The table by rows of the grid: `sums` are running sums of `left`, one entry more than cells in each row."""

    col: Any
    starts: Any
    left: Any
    sums: Any


@njit(cache=True, nogil=True)
def _sum_row(rows: _Rows, line: int) -> None:
    """Make the running sums of one row of the grid anew."""
    first, count = rows.starts[line], rows.starts[line + 1] - rows.starts[line]
    rows.sums[first + line] = 0.0
    for k in range(first, first + count):
        rows.sums[k + line + 1] = rows.sums[k + line] + rows.left[k]


@njit(cache=True, nogil=True)
def _run(rows: _Rows, line: int, centre: Any, reach: float, size: Any) -> Any:
    """Places in the table of the cells of one row of the grid whose centres are within reach of a cell's centre."""
    offset = (line - centre[0]) * size[1]
    wide = int(np.floor(np.sqrt(max(reach * reach - offset * offset, 0.0)) / size[0]))
    first = _place(rows.col, rows.starts[line], rows.starts[line + 1], centre[1] - wide)
    return first, _place(rows.col, first, rows.starts[line + 1], centre[1] + wide + 1)


@njit(cache=True, nogil=True)
def _place(values: Any, low: int, high: int, wanted: int) -> int:
    """First place from `low` on (`high` at most) whose value is at least `wanted`; numpy's takes seconds to compile."""
    while low < high:
        middle = (low + high) // 2
        if values[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, nogil=True)
def _lines(rows: _Rows, centre: Any, reach: float, size: Any) -> Any:
    """Rows of the grid within reach of a cell's centre."""
    steps = int(np.floor(reach / size[1]))
    return range(max(centre[0] - steps, 0), min(centre[0] + steps + 1, rows.starts.size - 1))


@njit(cache=True, nogil=True)
def _in_reach(rows: _Rows, centre: Any, reach: float, size: Any) -> float:
    """People left within reach of a cell's centre."""
    total = 0.0
    for line in _lines(rows, centre, reach, size):
        first, last = _run(rows, line, centre, reach, size)
        total += rows.sums[last + line] - rows.sums[first + line]
    return total


@njit(cache=True, nogil=True)
def _serve(rows: _Rows, centre: Any, reach: float, size: Any) -> None:
    """Nobody is left within reach of a cell's centre."""
    for line in _lines(rows, centre, reach, size):
        first, last = _run(rows, line, centre, reach, size)
        rows.left[first:last] = 0.0
        _sum_row(rows, line)


@njit(cache=True, nogil=True)
def _spread(rows: _Rows, row: Any, reach: Any, size: Any, most: int) -> Any:
    for line in range(rows.starts.size - 1):
        _sum_row(rows, line)
    keys = np.full(row.size, np.inf)  # not looked at yet: each is when it comes to the top
    heap = np.arange(row.size)
    stamp = np.full(row.size, -1, dtype=np.int64)
    picks = np.empty(most, dtype=np.int64)
    picked = 0
    while picked < most and keys[heap[0]] > 0.0:
        top = heap[0]
        centre = (row[top], rows.col[top])
        if stamp[top] == picked:
            _serve(rows, centre, reach[top], size)
            picks[picked] = top
            picked += 1
        keys[top] = _in_reach(rows, centre, reach[top], size)
        stamp[top] = picked
        sift_down(heap, heap.size, keys, 0)
    return picks[:picked].copy()
