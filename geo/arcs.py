"""Discs on cells, the loops of `geo.discs`: exact areas, exact mean ends of chords, and unions of discs by those ends.

All of them stand in one file, because numba's cache of a loop does not notice a change in another file.

Positions are in columns and rows, rows downwards; a disc is an ellipse (u, v, ru, rv, shear): half width along the row
of its centre, half height, and the columns by which its middle moves per row (`geo.ground.ground_ellipses`). In the
unit circle that it comes from, t is the height and s = √(1 − t²) the half width.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

SLABS = 64
"""Slabs of equal height into which a cell that several discs share is cut."""

UNIT = float(1 << 44)
"""Ends of chords are whole numbers of 1/UNIT of a cell: their sums are exact, whatever the order of the discs."""

WHOLE = 1e-12
"""Shares this near to 1 are 1: rounding, not geometry."""

NOISE = 1e-14
"""Shares below this, for a disc of one column, are rounding."""

SHORT = 0.0025
"""Square of the half chord, in the unit circle, up to which the series of a segment is used."""

GRAZE = 1e-9
"""Share of its half width by which a disc may miss the side of a cell and count as touching it."""

FLAT = 1e-8
"""Columns over which a middle line counts as upright."""

TINY = 1e-100
"""Radii, in cells, whose areas are nothing."""


@njit(cache=True, nogil=True)
def _half_width(distance: float, ru: float, rv: float) -> float:
    """Half width, in columns, of the ellipse (ru, rv) at a vertical distance in rows; −1 beyond it."""
    ratio = abs(distance) / rv
    return ru * np.sqrt(1.0 - ratio * ratio) if ratio <= 1.0 else -1.0


@njit(cache=True, nogil=True)
def _flat(t0: float, t1: float) -> bool:
    """Whether the half chord of an arc is short enough for the series of its segment (five terms, 1e-14)."""
    across = np.sqrt((1 - t0) * (1 + t0)) - np.sqrt((1 - t1) * (1 + t1))
    return (t1 - t0) ** 2 + across * across < 4 * SHORT


@njit(cache=True, nogil=True)
def _half_area(t0: float, t1: float, s0: float, s1: float) -> float:
    """Area between the axis and one side of the unit circle from height t0 to t1, s = √(1 − t²): trapezoid and segment.

    The segment is ½ (θ − sin θ) = ½ θ − sin ½θ cos ½θ, where sin ½θ is half the chord and cos ½θ the distance of its
    middle from the centre; small ones by the series in sin ½θ, so that nothing cancels however large the disc.
    """
    width = t1 - t0
    across = -width * (t0 + t1) / (s0 + s1) if s0 + s1 > 0 else 0.0
    square = 0.25 * (width * width + across * across)
    h = np.sqrt(square)
    if square > SHORT:
        away = 0.5 * np.sqrt((s0 + s1) ** 2 + (t0 + t1) ** 2)
        return 0.5 * width * (s0 + s1) + np.arctan2(h, away) - h * away
    tail = square * (3 / 28 + square * (5 / 72 + square * (35 / 704)))
    return 0.5 * width * (s0 + s1) + h * square * (2 / 3 + square * (1 / 5 + tail))


@njit(cache=True, nogil=True)
def _crossings(disc: Any, top: float, bottom: float, cuts: Any) -> int:
    """Sorted heights, in half heights from top to bottom, where the outline meets the sides of column 0.

    Where it only grazes one there is a cut too, so that no piece is judged, at its middle, by a point on the side.
    """
    u, ru, tilt = disc
    cuts[0] = top
    count = 1
    wide = np.sqrt(ru * ru + tilt * tilt)
    for side in range(2):
        e = (side - u) / wide
        if abs(e) > 1 + GRAZE:
            continue
        e = min(max(e, -1.0), 1.0)
        middle, reach = e * tilt / wide, ru / wide * np.sqrt((1.0 - e) * (1.0 + e))
        for t in (middle - reach, middle + reach):
            if top < t < bottom:
                k = count
                while cuts[k - 1] > t:
                    cuts[k] = cuts[k - 1]
                    k -= 1
                cuts[k] = t
                count += 1
    cuts[count] = bottom
    return count


@njit(cache=True, nogil=True)
def _tip(u: float, tilt: float, t0: float, t1: float) -> float:
    """Integral of the middle line u + tilt t, held within 0–1, from t0 to t1; 0 unless t1 is the larger."""
    if t1 <= t0:
        return 0.0
    a, b = u + tilt * t0, u + tilt * t1
    p, q = min(max(a, 0.0), 1.0), min(max(b, 0.0), 1.0)
    if (p == a and q == b) or p == q or abs(b - a) < FLAT:
        return 0.5 * (p + q) * (t1 - t0)
    return (q * (b - 0.5 * q) - p * (a - 0.5 * p)) / (b - a) * (t1 - t0)


@njit(cache=True, nogil=True)
def _between(ellipse: Any, cuts: Any, count: int, t0: float, t1: float) -> Any:
    """Integrals from t0 to t1 of the left and right end of the chord, held within 0–1.

    Above and below the disc both ends are its middle line, so that each only moves outwards when the disc grows.
    """
    u, ru, tilt = ellipse
    left = _tip(u, tilt, t0, min(cuts[0], t1)) + _tip(u, tilt, max(cuts[count], t0), t1)
    right = left
    for k in range(count):
        a, b = max(cuts[k], t0), min(cuts[k + 1], t1)
        if a >= b:
            continue
        t = 0.5 * (cuts[k] + cuts[k + 1])
        axis, half = u + tilt * t, ru * np.sqrt((1 - t) * (1 + t))
        left += b - a if axis - half >= 1 else 0.0
        right += b - a if axis + half >= 1 else 0.0
        left_free, right_free = 0 < axis - half < 1, 0 < axis + half < 1
        if left_free or right_free:
            sa, sb = np.sqrt((1 - a) * (1 + a)), np.sqrt((1 - b) * (1 + b))
            axis, half = (u + tilt * 0.5 * (a + b)) * (b - a), ru * _half_area(a, b, sa, sb)
            left += axis - half if left_free else 0.0
            right += axis + half if right_free else 0.0
    return left, right


@njit(cache=True, nogil=True)
def _share(disc: Any, cell: Any, cuts: Any) -> Any:
    """Area of one disc inside one cell, analytically; and how many pieces the cuts make, 0 where there is no area."""
    (u, v, ru, rv, shear), (col, row) = disc, cell
    top, bottom = max((row - v) / rv, -1.0), min((row + 1 - v) / rv, 1.0)
    if top >= bottom:
        return 0.0, 0
    ellipse = u - col, ru, shear * rv
    count = _crossings(ellipse, top, bottom, cuts)
    left, right = _between(ellipse, cuts, count, top, bottom)
    area = (right - left) * rv
    return (0.0, 0) if area <= NOISE * ru else (1.0 if area > 1 - WHOLE else area, count)


@njit(cache=True, nogil=True, error_model="numpy")
def _smooth_ends(ellipse: Any, first: float, step: float, low: Any, high: Any) -> None:
    """Mean ends of the slabs that lie wholly within the disc's height and cross no side; no branches, for speed."""
    u, ru, tilt = ellipse
    for k in range(SLABS):
        t0, t1 = min(max(first + k * step, -1.0), 1.0), min(max(first + (k + 1) * step, -1.0), 1.0)
        s0, s1 = np.sqrt((1 - t0) * (1 + t0)), np.sqrt((1 - t1) * (1 + t1))
        across = step * (t0 + t1) / (s0 + s1 + TINY)
        square = 0.25 * (step * step + across * across)
        tail = square * (3 / 28 + square * (5 / 72 + square * (35 / 704)))
        bulge = np.sqrt(square) * square * (2 / 3 + square * (1 / 5 + tail))
        axis, half = u + tilt * 0.5 * (t0 + t1), ru * (0.5 * (s0 + s1) + bulge / step)
        low[k], high[k] = min(max(axis - half, 0.0), 1.0), min(max(axis + half, 0.0), 1.0)


@njit(cache=True, nogil=True)
def _ends(disc: Any, cell: Any, cuts: Any, count: int, low: Any, high: Any) -> None:
    """Mean ends of one disc in each slab of a cell, whole numbers of 1/UNIT; equal where it does not reach."""
    (u, v, ru, rv, shear), (col, row) = disc, cell
    ellipse, first, step = (u - col, ru, shear * rv), (row - v) / rv, 1.0 / (rv * SLABS)
    a, b = int((cuts[0] - first) / step), min(int((cuts[count] - first) / step), SLABS - 1)
    _smooth_ends(ellipse, first, step, low, high)
    for k in range(SLABS):
        if k < a or k > b:
            low[k] = high[k] = 0.0
    for n in range(count + 1):
        k, move = min(max(int((cuts[n] - first) / step), 0), SLABS - 1), 1 if n == 0 else -1
        while a <= k <= b:
            t0, t1 = first + k * step, first + (k + 1) * step
            left, right = _between(ellipse, cuts, count, t0, t1)
            low[k], high[k] = left / step, right / step
            if 0 < n < count or (t0 > -1 and t1 < 1 and _flat(t0, t1)):
                break
            k += move
    for k in range(SLABS):
        low[k], high[k] = np.floor(low[k] * UNIT + 0.5), np.floor(high[k] * UNIT + 0.5)


@njit(cache=True, nogil=True)
def _length(low: Any, high: Any) -> float:
    """Length of the union of intervals, which get sorted in place (Shell's sort: short lists, no copies)."""
    gap = low.size // 2
    while gap > 0:
        for k in range(gap, low.size):
            a, b, j = low[k], high[k], k
            while j >= gap and low[j - gap] > a:
                low[j], high[j] = low[j - gap], high[j - gap]
                j -= gap
            low[j], high[j] = a, b
        gap //= 2
    total, reached = 0.0, 0.0
    for k in range(low.size):
        if high[k] > reached:
            total += high[k] - max(low[k], reached)
            reached = high[k]
    return total


@njit(cache=True, nogil=True)
def _chords(low: Any, high: Any, line: Any) -> float:
    """Mean over the sub-rows of a cell of the length that the discs (SLABS ends each) cover together."""
    total = 0.0
    if len(low) <= 3:  # two or three by inclusion and exclusion, without sorting
        a, b, c = 0, 1, len(low) - 1
        for k in range(SLABS):
            ab = max(min(high[a, k], high[b, k]) - max(low[a, k], low[b, k]), 0.0)
            ac = max(min(high[a, k], high[c, k]) - max(low[a, k], low[c, k]), 0.0)
            bc = max(min(high[b, k], high[c, k]) - max(low[b, k], low[c, k]), 0.0)
            abc = min(high[a, k], high[b, k], high[c, k]) - max(low[a, k], low[b, k], low[c, k])
            total += high[a, k] - low[a, k] + (high[b, k] - low[b, k]) + (high[c, k] - low[c, k])
            total += max(abc, 0.0) - ab - ac - bc
        return total / (SLABS * UNIT)
    for k in range(SLABS):
        count = 0
        for i in range(len(low)):
            if high[i, k] > low[i, k]:
                line[0, count], line[1, count] = low[i, k], high[i, k]
                count += 1
        total += _length(line[0, :count], line[1, :count])
    return total / (SLABS * UNIT)


@njit(cache=True, nogil=True)
def _together(discs: Any, which: Any, cell: Any, scratch: Any) -> float:
    """Share of one cell that the chosen discs cover together."""
    cuts, low, high, line = scratch
    largest, total, count = 0.0, 0.0, 0
    for i in which:
        disc = (discs[i, 0], discs[i, 1], discs[i, 2], discs[i, 3], discs[i, 4])
        share, pieces = _share(disc, cell, cuts)
        largest, total = max(largest, share), total + share
        if pieces and which.size > 1:
            _ends(disc, cell, cuts, pieces, low[count], high[count])
            count += 1
    if count < 2 or largest == 1.0:
        return largest
    return min(max(_chords(low[:count], high[:count], line), largest), total, 1.0)


@njit(cache=True, nogil=True)
def _inner(row: int, disc: Any, nx: int) -> Any:
    """Columns [a, b) of a row that lie wholly inside one disc: their four corners do, and a disc is convex."""
    u, v, ru, rv, shear = disc
    top, bottom = row - v, row + 1 - v
    above, below = _half_width(top, ru, rv), _half_width(bottom, ru, rv)
    if above < 0 or below < 0:
        return 0, 0
    left = max(u + shear * top - above, u + shear * bottom - below, 0.0)
    right = min(u + shear * top + above, u + shear * bottom + below, float(nx))
    if right - left < 1.0:
        return 0, 0
    a, b = int(np.ceil(left)), int(np.floor(right))
    return (a, b) if a < b else (0, 0)


@njit(cache=True, nogil=True)
def _touched(row: int, disc: Any, nx: int) -> Any:
    """Columns [first, last) that a row of one disc touches: to its widest point within the row."""
    u, v, ru, rv, shear = disc
    top, bottom = max(row - v, -rv), min(row + 1 - v, rv)
    peak = rv * (shear * rv) / np.sqrt(ru * ru + shear * shear * rv * rv)
    right, left = min(max(peak, top), bottom), min(max(-peak, top), bottom)
    first = np.floor(u + shear * left - max(_half_width(left, ru, rv), 0.0))
    last = np.ceil(u + shear * right + max(_half_width(right, ru, rv), 0.0))
    return int(min(max(first, 0.0), float(nx))), int(max(min(last, float(nx)), 0.0))


@njit(cache=True, nogil=True)
def _spans(discs: Any, active: Any, row: int, spans: Any, whole: Any) -> None:
    """Columns touched and wholly inside, of each active disc; how many discs hold each column of the row whole."""
    nx = whole.size - 1
    whole[:] = 0
    for k in range(active.size):
        i = active[k]
        disc = (discs[i, 0], discs[i, 1], discs[i, 2], discs[i, 3], discs[i, 4])
        a, b = _inner(row, disc, nx)
        first, last = _touched(row, disc, nx)
        if a == b:
            a = b = last
        spans[k, 0], spans[k, 1], spans[k, 2], spans[k, 3] = first, a, b, last
        whole[a] += 1
        whole[b] -= 1
    for col in range(nx):
        whole[col + 1] += whole[col]


@njit(cache=True, nogil=True)
def _pairs(active: Any, spans: Any, whole: Any, starts: Any, pairs: Any) -> Any:
    """Discs that reach each column of the row in part, column by column in the order of the discs; none where whole."""
    nx = whole.size - 1
    starts[:] = 0
    for k in range(active.size):
        for part in (0, 2):
            for col in range(spans[k, part], spans[k, part + 1]):
                starts[col + 2] += whole[col] == 0
    for col in range(nx):
        starts[col + 2] += starts[col + 1]
    if starts[nx + 1] > pairs.size:
        pairs = np.empty(2 * starts[nx + 1], np.int64)
    for k in range(active.size):
        for part in (0, 2):
            for col in range(spans[k, part], spans[k, part + 1]):
                if whole[col] == 0:
                    pairs[starts[col + 1]] = active[k]
                    starts[col + 1] += 1
    return pairs


@njit(cache=True, nogil=True)
def sweep(out: Any, discs: Any, row0: int, row1: int) -> None:
    """Fill the rows [row0, row1) of a grid one by one; `discs` (n, 5) reach them and come by their first row."""
    nx = out.shape[1]
    active, spans = np.empty(len(discs), np.int64), np.empty((len(discs), 4), np.int64)
    whole, starts, pairs = np.empty(nx + 1, np.int64), np.empty(nx + 2, np.int64), np.empty(1024, np.int64)
    cuts, low, high, line = np.empty(6), np.empty((8, SLABS)), np.empty((8, SLABS)), np.empty((2, 8))
    upcoming, count = 0, 0
    for row in range(row0, row1):
        kept = 0
        for k in range(count):
            i = active[k]
            if discs[i, 1] + discs[i, 3] > row:
                active[kept] = i
                kept += 1
        count = kept
        while upcoming < len(discs) and discs[upcoming, 1] - discs[upcoming, 3] < row + 1:
            active[count] = upcoming
            count, upcoming = count + 1, upcoming + 1
        if count == 0:
            continue
        _spans(discs, active[:count], row, spans, whole)
        pairs = _pairs(active[:count], spans, whole, starts, pairs)
        for col in range(nx):
            if whole[col] > 0:
                out[row, col] = 1.0
            elif starts[col + 1] > starts[col]:
                which = pairs[starts[col] : starts[col + 1]]
                if which.size > len(low):
                    size = which.size + which.size // 4
                    low, high, line = np.empty((size, SLABS)), np.empty((size, SLABS)), np.empty((2, size))
                out[row, col] = _together(discs, which, (col, row), (cuts, low, high, line))
