"""Counts moved from grid to grid by area, sum preserved: nothing is sampled, nothing lost, the total asserted.

Each source cell's amount is divided among the target cells by the area that it shares with them. Between two
projections the cell becomes the quadrilateral of its four transformed corners. What falls beyond the target, or cannot
be transformed, is returned as `outside`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit
from pyproj import Transformer

from geo.errors import GridError
from geo.scan import SLIVER, add_shares, add_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from geo.grid import Grid

BAND = 64
"""Source rows transformed together; bands start at multiples of it, so that the strips given do not matter."""

CORNER_ERROR = 1e-3
"""Largest error of an interpolated position, in target cells."""

TOTAL_ERROR = 1e-6
"""Largest difference between what went in and what came out, relative to the sum of absolute values."""

TORN = 0.2
"""A quadrilateral whose middle misses the cell's transformed centre by this share of its size was torn by a seam."""


def _strips(values: Any, source: Grid) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Strips in order, checked: each row of the source exactly once."""
    done = 0
    for row, strip in [(0, values)] if isinstance(values, np.ndarray) else values:
        if strip.ndim != 2 or strip.shape[1] != source.nx or row != done:
            raise GridError(f"a strip of shape {strip.shape} at row {row} does not follow row {done} of {source}")
        done += len(strip)
        yield row, np.ascontiguousarray(strip, dtype=np.float64)
    if done != source.ny:
        raise GridError(f"{done} rows were given for {source}")


def regrid_sum(
    values: NDArray[Any] | Iterable[tuple[int, NDArray[np.float64]]], source: Grid, target: Grid
) -> tuple[NDArray[np.float64], float]:
    """Move counts (or m², or any amount per cell) to another grid, preserving their sum.

    Parameters
    ----------
    values : array (ny, nx), or iterable of (first row, array (rows, nx))
        Amounts per source cell; NaN is not known. Strips come from north to south, as `geo.raster.read_strips` gives
        them; only one is held at a time.
    source, target : Grid
        Any CRS and resolution. Amounts spread evenly over a source cell's area in the target's CRS, so the target
        should be equal-area.

    Returns
    -------
    values : float64 array (ny, nx) of the target
        NaN where no known source cell touches the target cell.
    outside : float
        Amount that fell beyond the target or could not be transformed; values and outside add up to the input.

    Raises
    ------
    GridError
        The strips do not fit the source, a value is infinite, or the total changed by more than 1e-6.

    Notes
    -----
    Corners are transformed exactly on a coarse lattice and interpolated between, the lattice made finer until its error
    is below 1e-3 target cells. A cell that the projection tears apart (at its seam) goes whole to the cell of its
    transformed centre. Edges of a source cell are taken as straight in the target.
    """
    out, known = np.zeros(target.shape), np.zeros(target.shape, dtype=np.bool_)
    given, size, outside = [0.0], [0.0], [0.0]
    same_crs = source.crs.equals(target.crs, ignore_axis_order=True)
    move = _Separable(source, target) if same_crs else _Projected(source, target)
    for row, strip in _strips(values, source):
        given.append(float(np.nansum(strip)))
        size.append(float(np.nansum(np.abs(strip))))
        if source == target:
            out[row : row + len(strip)] = np.nan_to_num(strip, posinf=np.inf, neginf=-np.inf)
            known[row : row + len(strip)] = ~np.isnan(strip)
        else:
            outside.append(move.add(out, known, row, strip))
    total_in, total_size, beyond = sum(given), sum(size), sum(outside)
    difference = abs(total_in - float(out.sum()) - beyond)
    if not (math.isfinite(total_size) and difference <= TOTAL_ERROR * total_size):
        raise GridError(f"regridding {total_in:g} changed the total by {difference:g}; are there infinite values?")
    out[~known] = np.nan
    return out, beyond


def block_sum(values: NDArray[Any], factor: int) -> NDArray[np.float64]:
    """Sum blocks of `factor` × `factor` cells.

    NaN (not known) adds nothing; a block without any known cell is NaN. GridError when the shape is not divisible.
    """
    ny, nx = values.shape
    if factor < 1 or ny % factor or nx % factor:
        raise GridError(f"a raster of {ny}×{nx} cells does not divide into blocks of {factor}")
    blocks = values.reshape(ny // factor, factor, nx // factor, factor)
    total = np.nansum(blocks, axis=(1, 3), dtype=np.float64)
    return np.where(np.isnan(blocks).all(axis=(1, 3)), np.nan, total)


def _axis_weights(edges: NDArray[np.floating[Any]], size: int) -> tuple[NDArray[Any], ...]:
    """First target cell, weights, their offsets and the share beyond the target, of intervals between rising edges."""
    near = np.round(edges)
    edges = np.where(np.abs(edges - near) < SLIVER * max(1.0, float(np.diff(edges).min())), near, edges)
    low, high = edges[:-1], edges[1:]
    first = np.clip(np.floor(low), 0, size).astype(np.int64)
    last = np.clip(np.ceil(high), first, size).astype(np.int64)
    offset = np.concatenate([np.zeros(1, np.int64), np.cumsum(last - first)])
    owner = np.repeat(np.arange(low.size), last - first)
    cell = np.arange(offset[-1]) - offset[owner] + first[owner]
    weight = (np.minimum(high[owner], cell + 1.0) - np.maximum(low[owner], cell)) / (high - low)[owner]
    beyond = 1.0 - np.bincount(owner, weights=weight, minlength=low.size)
    return first, weight, offset, np.where(beyond < SLIVER, 0.0, beyond)


class _Separable:
    """Same CRS: a cell's shares are the product of a share per row and one per column."""

    def __init__(self, source: Grid, target: Grid) -> None:
        col = (source.west - target.west) / target.dx + np.arange(source.nx + 1) * (source.dx / target.dx)
        row = (target.north - source.north) / target.dy + np.arange(source.ny + 1) * (source.dy / target.dy)
        self.rows = _axis_weights(row, target.ny)
        self.cols = _axis_weights(col, target.nx)

    def add(self, out: NDArray[np.float64], known: NDArray[np.bool_], row: int, strip: NDArray[np.float64]) -> float:
        """Give the strip's amounts to `out`; return what fell outside."""
        return float(_add_separable(out, known, row, strip, self.rows, self.cols))


@njit(cache=True, nogil=True)
def _add_separable(out: Any, known: Any, row: int, strip: Any, rows: Any, cols: Any) -> float:
    first_row, row_weight, row_at, row_beyond = rows
    first_col, col_weight, col_at, col_beyond = cols
    outside = 0.0
    line, seen = np.empty(out.shape[1]), np.empty(out.shape[1], np.bool_)
    for i in range(strip.shape[0]):
        line[:] = 0.0
        seen[:] = False
        for j in range(strip.shape[1]):
            value = strip[i, j]
            if np.isnan(value):
                continue
            for k in range(col_at[j], col_at[j + 1]):
                col = first_col[j] + k - col_at[j]
                line[col] += value * col_weight[k]
                seen[col] = True
            outside += value * (col_beyond[j] + row_beyond[row + i] * (1 - col_beyond[j]))
        for k in range(row_at[row + i], row_at[row + i + 1]):
            r = first_row[row + i] + k - row_at[row + i]
            for col in range(line.size):
                if seen[col]:
                    out[r, col] += line[col] * row_weight[k]
                    known[r, col] = True
    return outside


class _Projected:
    """Different CRS: corners transformed band by band, interpolated where that is exact enough."""

    def __init__(self, source: Grid, target: Grid) -> None:
        self.source, self.target = source, target
        self.transformer = Transformer.from_crs(source.crs, target.crs, always_xy=True)

    def _move(self, row: NDArray[np.floating[Any]], col: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Columns and rows in the target, (2, rows, cols), of positions in the source; NaN where undefined."""
        x, y = np.meshgrid(self.source.west + col * self.source.dx, self.source.north - row * self.source.dy)
        tx, ty = self.transformer.transform(x, y)
        t = self.target
        moved = np.stack([(np.asarray(tx) - t.west) / t.dx, (t.north - np.asarray(ty)) / t.dy])
        moved[:, ~np.isfinite(moved).all(axis=0)] = np.nan
        return moved

    def _corners(self, top: int, bottom: int) -> tuple[NDArray[np.float64], bool]:
        """Corners of rows top to bottom, and whether the projection is too wild there to interpolate."""
        at_rows, at_cols = np.arange(top, bottom + 1.0), np.arange(self.source.nx + 1.0)
        spacing = BAND
        while spacing > 1:
            rows, cols = _knots(top, bottom, spacing), _knots(0, self.source.nx, spacing)
            lattice = self._move(rows, cols)
            test_rows, test_cols = _with_middles(rows), _with_middles(cols)
            guess = _bilinear(rows, cols, lattice, test_rows, test_cols)
            if np.all(np.abs(guess - self._move(test_rows, test_cols)) < CORNER_ERROR):  # NaN is not below it
                return _bilinear(rows, cols, lattice, at_rows, at_cols), False
            spacing //= 2
        return self._move(at_rows, at_cols), True

    def add(self, out: NDArray[np.float64], known: NDArray[np.bool_], row: int, strip: NDArray[np.float64]) -> float:
        """Give the strip's amounts to `out`; return what fell outside."""
        outside, start, end = 0.0, row, row + len(strip)
        while row < end:
            top = row - row % BAND
            stop = min(top + BAND, end)
            part = strip[row - start : stop - start]
            if not np.isnan(part).all():
                corners, wild = self._corners(top, min(top + BAND, self.source.ny))
                u, v = corners[:, row - top : stop - top + 1]
                middles = np.arange(row, stop) + 0.5, np.arange(self.source.nx) + 0.5
                centres = self._move(*middles) if wild else np.empty((2, 0, 0))
                outside += _add_quads(out, known, part, u, v, centres)
            row = stop
        return outside


def _knots(start: int, stop: int, spacing: int) -> NDArray[np.float64]:
    return np.append(np.arange(start, stop, spacing), stop).astype(np.float64)


def _with_middles(knots: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sort(np.append(knots, (knots[:-1] + knots[1:]) / 2))


@njit(cache=True, nogil=True)
def _bilinear(rows: Any, cols: Any, lattice: Any, at_rows: Any, at_cols: Any) -> Any:
    """Bilinear interpolation of a (2, rows, cols) lattice at rising positions within it."""
    out = np.empty((2, at_rows.size, at_cols.size))
    i = 0
    for a in range(at_rows.size):
        while i < rows.size - 2 and rows[i + 1] <= at_rows[a]:
            i += 1
        down = (at_rows[a] - rows[i]) / (rows[i + 1] - rows[i])
        j = 0
        for b in range(at_cols.size):
            while j < cols.size - 2 and cols[j + 1] <= at_cols[b]:
                j += 1
            across = (at_cols[b] - cols[j]) / (cols[j + 1] - cols[j])
            for axis in range(2):
                upper = lattice[axis, i, j] * (1 - across) + lattice[axis, i, j + 1] * across
                lower = lattice[axis, i + 1, j] * (1 - across) + lattice[axis, i + 1, j + 1] * across
                out[axis, a, b] = upper * (1 - down) + lower * down
    return out


@njit(cache=True, nogil=True)
def _add_quads(out: Any, known: Any, part: Any, cu: Any, cv: Any, centres: Any) -> float:
    """Give each cell's amount to the target cells under its quadrilateral; return what fell outside."""
    outside = 0.0
    for i in range(part.shape[0]):
        for j in range(part.shape[1]):
            value = part[i, j]
            if np.isnan(value):
                continue
            u = (cu[i, j], cu[i, j + 1], cu[i + 1, j + 1], cu[i + 1, j])
            v = (cv[i, j], cv[i, j + 1], cv[i + 1, j + 1], cv[i + 1, j])
            mid_u, mid_v = (u[0] + u[1] + u[2] + u[3]) / 4, (v[0] + v[1] + v[2] + v[3]) / 4
            torn = not np.isfinite(mid_u + mid_v)
            if centres.size:
                size = max(max(u) - min(u), max(v) - min(v))
                off = max(abs(centres[0, i, j] - mid_u), abs(centres[1, i, j] - mid_v))
                torn = torn or not off <= TORN * size
                if torn:
                    mid_u, mid_v = centres[0, i, j], centres[1, i, j]
            left, top = np.floor(min(u)), np.floor(min(v))
            if torn or (max(u) <= left + 1 and max(v) <= top + 1):
                outside += add_whole(out, known, value, mid_u, mid_v)
            else:
                outside += add_shares(out, known, value, u, v)
    return outside
