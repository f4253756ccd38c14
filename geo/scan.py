"""Scan conversion: the exact share of each cell under a polygon, by walking its edges.

Each edge adds signed height to the cells it crosses; the running sum along a row is then each cell's covered area. It
is what font rasterisers do. Time goes with the edges and the cells of the polygon's box, never with a clipped polygon
per cell. Positions are in columns and rows, rows downwards.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

STRIP_CELLS = 1 << 21
"""Working buffers hold at most about this many cells, whatever the size of the grid."""

SNAP = 1e-12
"""Fractions this near to 0 or 1 are 0 or 1: rounding, not geometry."""

SLIVER = 1e-9
"""Shares of a quadrilateral below this are rounding: not given away, and no reason to call a cell known."""


@njit(cache=True, nogil=True)
def _spread(line: Any, a: float, b: float, height: float) -> None:
    """Spread `height` over the columns between `a` and `b`: its own share each, the rest to the right neighbour."""
    cols = line.size - 1
    left, right = min(a, b), max(a, b)
    if left >= cols:
        return
    if right <= 0:
        line[0] += height
        return
    per_column = height / (right - left) if right > left else 0.0
    if left < 0:
        line[0] -= per_column * left
        height += per_column * left
        left = 0.0
    if right > cols:
        height -= per_column * (right - cols)
        right = float(cols)
    col = min(int(left), cols - 1)
    if right <= col + 1:
        part = 0.5 * (left + right) - col
        line[col] += height * (1 - part)
        line[col + 1] += height * part
        return
    while left < right:
        width = min(right, col + 1.0) - left
        part = 0.5 * (2 * left + width) - col
        line[col] += per_column * width * (1 - part)
        line[col + 1] += per_column * width * part
        col += 1
        left = float(col)


@njit(cache=True, nogil=True)
def _add_edge(acc: Any, u0: float, v0: float, u1: float, v1: float, sign: float) -> None:
    """Add one edge to a signed-area accumulator.

    Parameters
    ----------
    acc : float64 array (rows, columns + 1)
        The running sum of a row is the covered fraction of its cells once every edge of closed rings was added.
    u0, v0, u1, v1 : float
        Ends in columns and rows of `acc`, v downwards; may lie outside it on any side.
    sign : float
        +1 when the ring runs counter-clockwise on the map (v upwards) and adds, −1 for the opposite.
    """
    rows = acc.shape[0]
    if v0 > v1:
        u0, v0, u1, v1, sign = u1, v1, u0, v0, -sign
    if v0 == v1 or v1 <= 0 or v0 >= rows:
        return
    slope = (u1 - u0) / (v1 - v0)
    low, high = min(u0, u1), max(u0, u1)
    v, end = max(v0, 0.0), min(v1, float(rows))
    u = min(max(u0 + (v - v0) * slope, low), high)
    row = int(v)
    while v < end:
        v_next = min(row + 1.0, end)
        u_next = u1 if v_next == v1 else min(max(u0 + (v_next - v0) * slope, low), high)
        _spread(acc[row], u, u_next, sign * (v_next - v))
        u, v = u_next, v_next
        row += 1


@njit(cache=True, nogil=True)
def _sign(u: Any, v: Any, start: int, stop: int) -> float:
    """Sign that makes a ring cover its inside positively."""
    area = 0.0
    for k in range(start, stop - 1):
        area += (u[k] - u[start]) * (v[k + 1] - v[start]) - (u[k + 1] - u[start]) * (v[k] - v[start])
    return -1.0 if area > 0 else 1.0


@njit(cache=True, nogil=True)
def _fill(acc: Any, u: Any, v: Any, starts: Any, signs: Any, rings: Any, corner: Any) -> None:
    """Fractions of the cells of a window, into all but the last column of `acc`."""
    for row in range(acc.shape[0]):
        for col in range(acc.shape[1]):
            acc[row, col] = 0.0
    row0, col0 = corner
    for ring in range(rings[0], rings[1]):
        for k in range(starts[ring], starts[ring + 1] - 1):
            _add_edge(acc, u[k] - col0, v[k] - row0, u[k + 1] - col0, v[k + 1] - row0, signs[ring])
    for row in range(acc.shape[0]):
        running = 0.0
        for col in range(acc.shape[1] - 1):
            running += acc[row, col]
            fraction = min(max(running, 0.0), 1.0)
            acc[row, col] = 0.0 if fraction < SNAP else (1.0 if fraction > 1 - SNAP else fraction)


@njit(cache=True, nogil=True)
def _doubled(values: Any) -> Any:
    larger = np.empty(2 * values.size, values.dtype)
    for k in range(values.size):
        larger[k] = values[k]
    return larger


@njit(cache=True, nogil=True)
def _box(u: Any, v: Any, start: int, stop: int, ny: int, nx: int) -> Any:
    """Rows and columns of the grid that the box of the points [start, stop) touches: row0, row1, col0, col1.

    Plain loops here and elsewhere: whole-array expressions triple the time of the first call, which compiles.
    """
    west = east = u[start]
    north = south = v[start]
    for k in range(start + 1, stop):
        west, east = min(west, u[k]), max(east, u[k])
        north, south = min(north, v[k]), max(south, v[k])
    col0, col1 = int(max(np.floor(west), 0.0)), int(min(np.ceil(east), float(nx)))
    row0, row1 = int(max(np.floor(north), 0.0)), int(min(np.ceil(south), float(ny)))
    return row0, row1, col0, col1


@njit(cache=True, nogil=True)
def fractions(u: Any, v: Any, starts: Any, exterior: Any, polygons: Any, ny: int, nx: int) -> Any:
    """Sparse triples (polygon, cell, fraction) of all polygons, box by box and strip by strip.

    Parameters
    ----------
    u, v : float64 arrays (points,)
        Columns and rows of the rings' points, rings closed.
    starts : int64 array (rings + 1,)
        Where each ring starts in the points.
    exterior : bool array (rings,)
        False for holes. The direction of a ring does not matter.
    polygons : int64 array (polygons + 1,)
        Where each polygon starts in the rings.
    ny, nx : int
        Shape of the grid.
    """
    owner, cell, share = np.empty(1024, np.int64), np.empty(1024, np.int64), np.empty(1024, np.float64)
    signs = np.empty(exterior.size, np.float64)
    for ring in range(exterior.size):
        signs[ring] = _sign(u, v, starts[ring], starts[ring + 1]) * (1.0 if exterior[ring] else -1.0)
    buffer = np.empty(1024, np.float64)
    count = 0
    for polygon in range(polygons.size - 1):
        rings = (polygons[polygon], polygons[polygon + 1])
        start, stop = starts[rings[0]], starts[rings[1]]
        if start == stop:
            continue
        row0, row1, col0, col1 = _box(u, v, start, stop, ny, nx)
        width = max(col1 - col0, 0) + 1
        step = max(STRIP_CELLS // width, 1)
        if buffer.size < min(step, row1 - row0) * width:
            buffer = np.empty(min(step, row1 - row0) * width, np.float64)
        for top in range(row0, row1 if width > 1 else row0, step):
            rows = min(step, row1 - top)
            acc = buffer[: rows * width].reshape(rows, width)
            _fill(acc, u, v, starts, signs, rings, (top, col0))
            while count + rows * width > owner.size:
                owner, cell, share = _doubled(owner), _doubled(cell), _doubled(share)
            for k in range(rows * width):
                if k % width < width - 1 and buffer[k] > 0:
                    owner[count], share[count] = polygon, buffer[k]
                    cell[count] = (top + k // width) * nx + col0 + k % width
                    count += 1
    return owner[:count], cell[:count], share[:count]


@njit(cache=True, nogil=True)
def add_whole(out: Any, known: Any, value: float, u: float, v: float) -> float:
    """Give one amount to the cell of one position; return it when there is none."""
    if not (u >= 0 and u < out.shape[1] and v >= 0 and v < out.shape[0]):  # NaN is neither
        return value
    out[int(v), int(u)] += value
    known[int(v), int(u)] = True
    return 0.0


@njit(cache=True, nogil=True)
def add_shares(out: Any, known: Any, value: float, u: Any, v: Any) -> float:
    """Divide one amount by the exact areas that a quadrilateral shares with the cells; return what fell outside."""
    ny, nx = out.shape
    if max(u) <= 0 or min(u) >= nx or max(v) <= 0 or min(v) >= ny:
        return value
    col0, col1 = int(max(np.floor(min(u)), 0.0)), int(min(np.ceil(max(u)), float(nx)))
    row0, row1 = int(max(np.floor(min(v)), 0.0)), int(min(np.ceil(max(v)), float(ny)))
    area = 0.5 * ((u[0] - u[2]) * (v[1] - v[3]) - (u[1] - u[3]) * (v[0] - v[2]))
    if area == 0:
        return add_whole(out, known, value, (u[0] + u[2]) / 2, (v[0] + v[2]) / 2)
    acc = np.zeros((row1 - row0, col1 - col0 + 1))
    for k in range(4):
        n = (k + 1) % 4
        _add_edge(acc, u[k] - col0, v[k] - row0, u[n] - col0, v[n] - row0, -1.0 / area)
    given = 0.0
    for row in range(row1 - row0):
        running = 0.0
        for col in range(col1 - col0):
            running += acc[row, col]
            acc[row, col] = running if running > SLIVER else 0.0
            given += acc[row, col]
    inside = min(u) >= 0 and max(u) <= nx and min(v) >= 0 and max(v) <= ny
    scale = 1.0 / given if (inside and given > 0) or given > 1 else 1.0
    for row in range(row1 - row0):
        for col in range(col1 - col0):
            if acc[row, col] > 0:
                out[row0 + row, col0 + col] += value * acc[row, col] * scale
                known[row0 + row, col0 + col] = True
    return value * (1.0 - given * scale)
