"""Which cells a disc reaches, by exact area, and where discs reach most people. Compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit

from analysis.invest.heap import sift_down

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
        Radius in metres. Discs are round in the grid's CRS (an equal-area one keeps their area, not their shape).
    grid : Grid
        Projected.

    Returns
    -------
    index, cell_id : int64 arrays (pairs,)
        Disc and cell, ascending; only cells of the grid.
    fraction : float64 array (pairs,)
        In (0, 1]; shares below 1e-9 are left out.
    """
    px = np.ascontiguousarray(np.atleast_1d(x), dtype=np.float64)
    py = np.ascontiguousarray(np.atleast_1d(y), dtype=np.float64)
    radius = np.array(np.broadcast_to(np.asarray(radius_m, dtype=np.float64), px.shape)) / grid.metres_per_unit
    frame = (grid.west, grid.north, grid.dx, grid.dy, grid.ny, grid.nx)
    count = _disc_cells(px, py, radius, frame, *_room(0))
    pairs = _room(count)
    _disc_cells(px, py, radius, frame, *pairs)
    return pairs


def _room(size: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    return np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64), np.empty(size)


@njit(cache=True, nogil=True)
def _disc_cells(x: Any, y: Any, radius: Any, frame: Any, index: Any, cell: Any, fraction: Any) -> int:
    """Count the pairs, and write them when there is room for them."""
    west, north, dx, dy, ny, nx = frame
    count = 0
    for j in range(x.size):
        u, v, r = x[j] - west, north - y[j], radius[j]
        for row in range(max(int(np.floor((v - r) / dy)), 0), min(int(np.floor((v + r) / dy)) + 1, ny)):
            for col in range(max(int(np.floor((u - r) / dx)), 0), min(int(np.floor((u + r) / dx)) + 1, nx)):
                share = overlap(col * dx - u, (col + 1) * dx - u, row * dy - v, (row + 1) * dy - v, r) / (dx * dy)
                if share < LEAST:
                    continue
                if index.size:
                    index[count], cell[count], fraction[count] = j, row * nx + col, min(share, 1.0)
                count += 1
    return count


@njit(cache=True, nogil=True)
def overlap(x0: float, x1: float, y0: float, y1: float, r: float) -> float:
    """Area that the disc of radius `r` about the origin shares with the rectangle [x0, x1] × [y0, y1].

    Between the places where the circle crosses the rectangle's sides, the shared strip is bounded by a side or by the
    arc, and both have closed integrals.
    """
    far_x, far_y = max(abs(x0), abs(x1)), max(abs(y0), abs(y1))
    if far_x * far_x + far_y * far_y <= r * r:
        return (x1 - x0) * (y1 - y0)
    cuts = np.empty(6)
    cuts[0], cuts[1] = max(x0, -r), min(x1, r)
    if cuts[0] >= cuts[1]:
        return 0.0
    for place, side in ((2, y0), (4, y1)):
        crossing = np.sqrt(max(r * r - side * side, 0.0))
        cuts[place] = min(max(-crossing, cuts[0]), cuts[1])
        cuts[place + 1] = min(max(crossing, cuts[0]), cuts[1])
    _sort(cuts)
    area = 0.0
    for piece in range(5):
        a, b = cuts[piece], cuts[piece + 1]
        height = np.sqrt(max(r * r - (a + b) * (a + b) / 4, 0.0))
        if b <= a or min(y1, height) <= max(y0, -height):
            continue
        under = _under_arc(b, r) - _under_arc(a, r)
        area += under if height < y1 else y1 * (b - a)
        area += under if -height > y0 else -y0 * (b - a)
    return max(area, 0.0)


@njit(cache=True, nogil=True)
def _sort(values: Any) -> None:
    """Sort a handful of numbers in place."""
    for end in range(1, values.size):
        value, place = values[end], end
        while place > 0 and values[place - 1] > value:
            values[place] = values[place - 1]
            place -= 1
        values[place] = value


@njit(cache=True, nogil=True)
def _under_arc(x: float, r: float) -> float:
    """Integral of √(r² − t²) from 0 to x."""
    return 0.5 * (x * np.sqrt(max(r * r - x * x, 0.0)) + r * r * np.arcsin(min(max(x / r, -1.0), 1.0)))


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
