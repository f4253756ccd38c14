"""The nearest place on a network of lines: on the stretch between two vertices, not only at nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from geo.errors import GridError, RangeError
from geo.metric import ground_metric

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from geo.network import Network

MOST_BUCKETS = 1 << 22
"""Buckets of the search grid, at most."""

SLACK = 1e-9
"""Relative room left for rounding before a ring of buckets is left out."""


@dataclass(frozen=True, eq=False)
class Snapped:
    """Places of points on a network.

    Attributes
    ----------
    edge : int64 array (n,)
        Edge of the nearest place; -1 where none lies near enough.
    along_m : float64 array (n,)
        Ground metres from the edge's tail to that place, along the edge; NaN where edge is -1.
    off_m : float64 array (n,)
        Ground metres, straight, from the point to that place; NaN where edge is -1.
    """

    edge: NDArray[np.int64]
    along_m: NDArray[np.float64]
    off_m: NDArray[np.float64]


Buckets = tuple[float, float, float, "NDArray[np.int64]", "NDArray[np.int64]", "NDArray[np.int32]"]
"""Square buckets, rows northwards: left and bottom corner, size, where the list of each bucket starts, the stretches of
all lists, and the steps from each bucket (rows, columns) to the nearest one that holds anything."""


@njit(cache=True, nogil=True)
def _column_rows(ends: Any, col: int, height: int) -> tuple[int, int]:
    """First and last row that a stretch (u0, v0, u1, v1 in buckets) touches in one column; rounding widens."""
    u0, v0, u1, v1 = ends
    if u0 == u1:
        low, high = min(v0, v1), max(v0, v1)
    else:
        slope = (v1 - v0) / (u1 - u0)
        at_left = v0 + slope * (max(col, min(u0, u1)) - u0)
        at_right = v0 + slope * (min(col + 1.0, max(u0, u1)) - u0)
        low, high = min(at_left, at_right), max(at_left, at_right)
    room = SLACK * height
    return max(int(low - room), 0), min(int(high + room), height - 1)


@njit(cache=True, nogil=True)
def _fill(x: Any, y: Any, stretches: Any, shape: tuple[int, int], first: Any, into: Any) -> None:
    """Count the stretches of each bucket into `first[bucket + 1]`, or, when `into` has room, list them there."""
    cols, rows = shape
    for k in stretches:
        ends = (x[k], y[k], x[k + 1], y[k + 1])
        room = SLACK * cols
        low = max(int(min(ends[0], ends[2]) - room), 0)
        for col in range(low, min(int(max(ends[0], ends[2]) + room), cols - 1) + 1):
            bottom, top = _column_rows(ends, col, rows)
            for row in range(bottom, top + 1):
                bucket = row * cols + col
                if into.size:
                    into[first[bucket]] = k
                    first[bucket] += 1
                else:
                    first[bucket + 1] += 1


@njit(cache=True, nogil=True)
def _away(first: Any, cols: int, rows: int) -> Any:
    """Buckets (chessboard steps) from each bucket to the nearest one that holds anything, in two passes."""
    far = np.int32(cols + rows)
    out = np.full((rows + 2, cols + 2), far, dtype=np.int32)
    for row in range(rows):
        for col in range(cols):
            if first[row * cols + col + 1] > first[row * cols + col]:
                out[row + 1, col + 1] = 0
    for r in range(1, rows + 1):
        for c in range(1, cols + 1):
            near = min(out[r - 1, c - 1], out[r - 1, c], out[r - 1, c + 1], out[r, c - 1])
            out[r, c] = min(out[r, c], near + 1)
    for r in range(rows, 0, -1):
        for c in range(cols, 0, -1):
            near = min(out[r + 1, c - 1], out[r + 1, c], out[r + 1, c + 1], out[r, c + 1])
            out[r, c] = min(out[r, c], near + 1)
    return out[1:-1, 1:-1].copy()


def _buckets(network: Network) -> Buckets:
    x, y = network.vertex_x, network.vertex_y
    last = np.zeros(x.size, dtype=bool)
    last[network.starts[1:] - 1] = True
    stretches = np.flatnonzero(~last)
    left, bottom = float(x.min()), float(y.min())
    wide, high = float(x.max()) - left, float(y.max()) - bottom
    length = float(np.hypot(np.diff(x), np.diff(y))[stretches[stretches < x.size - 1]].mean())
    count = min(MOST_BUCKETS, max(stretches.size, 1))
    size = max(np.sqrt(wide * high / count), (wide + high) / count, 0.5 * length, 1e-6)
    cols, rows = int(wide / size) + 1, int(high / size) + 1
    first = np.zeros(cols * rows + 1, dtype=np.int64)
    u, v = (x - left) / size, (y - bottom) / size
    _fill(u, v, stretches, (cols, rows), first, np.empty(0, dtype=np.int64))
    first = np.cumsum(first)
    listed = np.empty(first[-1], dtype=np.int64)
    _fill(u, v, stretches, (cols, rows), first[:-1].copy(), listed)
    return left, bottom, size, first, listed, _away(first, cols, rows)


@njit(cache=True, nogil=True)
def _offset(ax: float, ay: float, bx: float, by: float, form: Any) -> tuple[float, float]:
    """Share of the stretch a → b, relative to the point, nearest to the point, and its squared ground distance."""
    dx, dy = bx - ax, by - ay
    long = form[0] * dx * dx + 2 * form[1] * dx * dy + form[2] * dy * dy
    share = 0.0
    if long > 0:
        share = -(form[0] * ax * dx + form[1] * (ax * dy + ay * dx) + form[2] * ay * dy) / long
    if share <= 0:
        share, px, py = 0.0, ax, ay
    elif share >= 1:
        share, px, py = 1.0, bx, by
    else:
        px, py = ax + share * dx, ay + share * dy
    return share, form[0] * px * px + 2 * form[1] * px * py + form[2] * py * py


@njit(cache=True, nogil=True)
def _look(point: Any, form: Any, lines: Any, buckets: Any, span: Any, best: Any) -> Any:
    """Nearest of the stretches in buckets `span` of one row, if nearer than `best`, or as near and listed before it."""
    x, y = lines
    _, _, _, first, stretch, _ = buckets
    for at in range(first[span[0]], first[span[1] + 1]):
        k = stretch[at]
        share, far = _offset(x[k] - point[0], y[k] - point[1], x[k + 1] - point[0], y[k + 1] - point[1], form)
        if far < best[0] or (far == best[0] and k < best[1]):
            best = (far, k, share)
    return best


@njit(cache=True, nogil=True)
def _ring(point: Any, form: Any, lines: Any, buckets: Any, place: Any, best: Any) -> Any:
    """Search the square ring of buckets at `place` = column, row, radius."""
    col, row, radius = place
    rows, cols = buckets[5].shape
    left, right = max(col - radius, 0), min(col + radius, cols - 1)
    for r in range(max(row - radius, 0), min(row + radius, rows - 1) + 1):
        base = r * cols
        if abs(r - row) == radius:
            best = _look(point, form, lines, buckets, (base + left, base + right), best)
            continue
        if left == col - radius:
            best = _look(point, form, lines, buckets, (base + left, base + left), best)
        if right == col + radius:
            best = _look(point, form, lines, buckets, (base + right, base + right), best)
    return best


@njit(cache=True, nogil=True)
def _nearest(point: Any, form: Any, lines: Any, buckets: Any, limit: float) -> Any:
    """Squared ground distance, stretch and share of the nearest place within `limit`; stretch -1 without one."""
    half, turn = 0.5 * (form[0] + form[2]), 0.5 * (form[0] - form[2])
    least = half - np.sqrt(turn * turn + form[1] * form[1])  # smallest ground distance² of a step of 1
    x0, y0, size, _, _, away = buckets
    rows, cols = away.shape
    u = min(max((point[0] - x0) / size, 0.0), float(cols))
    v = min(max((point[1] - y0) / size, 0.0), float(rows))
    col, row = min(int(u), cols - 1), min(int(v), rows - 1)
    side = min(u - col, col + 1 - u, v - row, row + 1 - v)
    best = (np.inf, -1, 0.0)
    radius = away[row, col]
    while radius < max(cols, rows):
        reach = max(radius - 1 + side, 0.0) * size * (1 - SLACK)
        if least * reach * reach > min(best[0], limit * limit):
            break
        best = _ring(point, form, lines, buckets, (col, row, radius), best)
        radius += 1
    return best


@njit(cache=True, nogil=True)
def _snap_all(px: Any, py: Any, forms: Any, lines: Any, buckets: Any, limit: float) -> Any:
    stretch, share = np.empty(px.size, dtype=np.int64), np.empty(px.size)
    off = np.empty(px.size)
    for i in range(px.size):
        form = (forms[i, 0], forms[i, 1], forms[i, 2])
        far, stretch[i], share[i] = _nearest((px[i], py[i]), form, lines, buckets, limit)
        off[i] = np.sqrt(far)
        if not off[i] <= limit:
            stretch[i] = -1
    return stretch, share, off


def _search(px: Any, py: Any, forms: Any, network: Network, limit: float) -> list[NDArray[Any]]:
    """Stretch, share and distance of each point, searched bucket after bucket, so that neighbours share the cache."""
    buckets = _buckets(network)
    left, bottom, size, *_, away = buckets
    row, col = np.floor((py - bottom) / size), np.floor((px - left) / size)
    order = np.argsort(row * away.shape[1] + col, kind="stable")
    lines = (network.vertex_x, network.vertex_y)
    found = _snap_all(px[order], py[order], forms[order], lines, buckets, limit)
    back = np.empty_like(order)
    back[order] = np.arange(order.size)
    return [values[back] for values in found]


def snap(network: Network, x: ArrayLike, y: ArrayLike, *, max_m: float) -> Snapped:
    """Nearest place on any edge of a network, for each point.

    Parameters
    ----------
    network : Network
    x, y : float arrays (n,)
        Points in the network's CRS, all finite.
    max_m : float
        Farther than this, in metres on the ground, a point is not on the network; inf to snap everything.

    Returns
    -------
    Snapped
        Of edges equally near, the one listed first. Distances are on the ground (`geo.metric`), the place on a stretch
        between two vertices is shared out evenly along it.

    Raises
    ------
    GridError
        Unequal lengths, or a point without finite coordinates.
    RangeError
        `max_m` is negative or NaN.
    """
    px, py = (np.ascontiguousarray(np.asarray(a, dtype=np.float64).ravel()) for a in (x, y))
    if px.size != py.size:
        raise GridError(f"points: {px.size} x for {py.size} y")
    if not (np.isfinite(px).all() and np.isfinite(py).all()):
        raise GridError("a point without finite coordinates has no place; drop it first")
    if not max_m >= 0:
        raise RangeError(f"points lie off the network by at most {max_m} m; give a distance of 0 or more")
    if px.size == 0 or network.tail.size == 0:
        nowhere = np.full(px.size, np.nan)
        return Snapped(np.full(px.size, -1, dtype=np.int64), nowhere, nowhere.copy())
    forms = ground_metric(network.vertex_x, network.vertex_y, network.crs).at(px, py)
    stretch, share, off = _search(px, py, forms, network, float(max_m))
    found = stretch >= 0
    edge_of = np.repeat(np.arange(network.tail.size), np.diff(network.starts))
    edge, at = np.where(found, edge_of[stretch], -1), np.where(found, stretch, 0)
    start, end = network.vertex_m[at], network.vertex_m[np.minimum(at + 1, network.vertex_m.size - 1)]
    along = np.where(share < 1, start + share * (end - start), end)
    return Snapped(edge, np.where(found, along, np.nan), np.where(found, off, np.nan))
