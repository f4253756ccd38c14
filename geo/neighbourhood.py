"""Cells and their neighbours: components of a mask, growing by majority, filling of enclosed gaps.

Components are held as runs (a row and a span of columns), so a mask is read strip by strip and forgotten, and memory goes with the
edges of the shapes rather than with the cells. Nothing depends on where one strip ends and the next begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from geo.errors import GridError

if TYPE_CHECKING:
    from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def _runs(mask: Any, weights: Any, row0: int) -> Any:
    """Rows, starts, stops and weights of the runs of a strip; NaN weighs nothing."""
    ny, nx = mask.shape
    count = 0
    for row in range(ny):
        before = False
        for col in range(nx):
            count += mask[row, col] and not before
            before = mask[row, col]
    spans = np.empty((count, 3), np.int32)
    sums = np.zeros(count)
    at = -1
    for row in range(ny):
        before = False
        for col in range(nx):
            here = mask[row, col]
            if here:
                if not before:
                    at += 1
                    spans[at, 0], spans[at, 1] = row0 + row, col
                spans[at, 2] = col + 1
                weight = weights[row, col]
                if weight == weight:  # not NaN
                    sums[at] += weight
            before = here
    return spans, sums


@njit(cache=True, nogil=True)
def _root(parent: Any, node: int) -> int:
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@njit(cache=True, nogil=True)
def _union(spans: Any, reach: int) -> Any:
    """Component of each run, numbered by first cell in reading order; runs of adjacent rows meet within `reach` columns."""
    count = spans.shape[0]
    parent = np.arange(count)
    above = 0
    for here in range(count):
        row, start, stop = spans[here]
        while above < here and (
            spans[above, 0] < row - 1 or (spans[above, 0] == row - 1 and spans[above, 2] + reach <= start)
        ):
            above += 1
        other = above
        while other < here and spans[other, 0] == row - 1 and spans[other, 1] < stop + reach:
            a, b = _root(parent, here), _root(parent, other)
            parent[max(a, b)] = min(a, b)
            other += 1
    number = np.empty(count, np.int64)
    found = 0
    for here in range(count):
        root = _root(parent, here)
        if root == here:
            number[here] = found
            found += 1
        else:
            number[here] = number[root]
    return number, found


@njit(cache=True, nogil=True)
def _paint(out: Any, spans: Any, component: Any, values: Any) -> None:
    for at in range(spans.shape[0]):
        value = values[component[at]]
        if value != 0:
            row, start, stop = spans[at]
            for col in range(start, stop):
                if out[row, col] == 0:
                    out[row, col] = value


@njit(cache=True, nogil=True)
def _near(mask: Any, spans: Any, component: Any, wanted: Any, reach: int) -> Any:
    near = np.zeros(wanted.size, np.bool_)
    for at in range(spans.shape[0]):
        which = component[at]
        if not wanted[which] or near[which]:
            continue
        row, start, stop = spans[at]
        for r in range(max(row - reach, 0), min(row + reach + 1, mask.shape[0])):
            for c in range(max(start - reach, 0), min(stop + reach, mask.shape[1])):
                if mask[r, c] != 0:
                    near[which] = True
    return near


@dataclass(frozen=True)
class Components:
    """Connected components of a mask, as runs.

    Attributes
    ----------
    spans : int32 array (runs, 3)
        Row, first column and column after the last of each run, in reading order.
    component : int64 array (runs,)
        Component of each run, numbered from 0 by first cell in reading order.
    totals : float64 array (components,)
        Sum of the weights of each component; NaN counts as nothing.
    """

    spans: NDArray[np.int32]
    component: NDArray[np.int64]
    totals: NDArray[np.float64]

    def paint(self, out: NDArray[Any], values: NDArray[Any]) -> None:
        """Write the value of each component into those of its cells that are 0 in `out`; 0 writes nothing.

        Parameters
        ----------
        out : integer array (ny, nx)
            Changed in place.
        values : integer array (components,)
        """
        _paint(out, self.spans, self.component, values.astype(out.dtype))

    def near(self, mask: NDArray[Any], *, reach: int, among: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which components among some have a cell within `reach` rows and columns of a cell of `mask` that is not 0.

        Parameters
        ----------
        mask : integer array (ny, nx)
        reach : int
            Cells, corners included; 0 asks for overlap.
        among : bool array (components,)
            The others are not looked at and come out False.

        Returns
        -------
        bool array (components,)
        """
        return _near(mask, self.spans, self.component, among, reach)


class ComponentFinder:
    """Finds the connected components of a mask that comes in strips from north to south.

    Parameters
    ----------
    diagonal : bool
        True joins cells that touch at a corner (8 neighbours), False only cells that share an edge (4).
    """

    def __init__(self, *, diagonal: bool) -> None:
        self._reach = int(diagonal)
        self._next = 0
        self._spans: list[NDArray[np.int32]] = [np.empty((0, 3), np.int32)]
        self._sums: list[NDArray[np.float64]] = [np.empty(0)]

    def add(self, mask: NDArray[np.bool_], weights: NDArray[np.float64]) -> None:
        """Take the next strip.

        Parameters
        ----------
        mask : bool array (rows, nx)
        weights : float64 array (rows, nx)
            Summed by component; NaN counts as nothing.

        Raises
        ------
        GridError
            The two differ in shape.
        """
        if mask.shape != weights.shape:
            raise GridError(f"a mask of {mask.shape} and weights of {weights.shape} do not lie on one grid")
        spans, sums = _runs(mask, weights, self._next)
        self._next += mask.shape[0]
        self._spans.append(spans)
        self._sums.append(sums)

    def components(self) -> Components:
        """Components of all strips taken so far; totals are summed in reading order, so strips leave no trace in them."""
        spans = np.concatenate(self._spans)
        component, found = _union(spans, self._reach)
        totals = np.bincount(component, weights=np.concatenate(self._sums), minlength=found)
        return Components(spans, component, totals)


@njit(cache=True, nogil=True)
def _frontier(labels: Any, cells: Any) -> Any:
    """Flat indices of the cells without a label around the given ones; a cell may come twice."""
    ny, nx = labels.shape
    found = np.empty(0, np.int64)
    for store in (False, True):  # counted first: eight places for every cell would be far too many
        count = 0
        for cell in cells:
            row, col = cell // nx, cell % nx
            for r in range(max(row - 1, 0), min(row + 2, ny)):
                for c in range(max(col - 1, 0), min(col + 2, nx)):
                    if labels[r, c] == 0:
                        if store:
                            found[count] = r * nx + c
                        count += 1
        if not store:
            found = np.empty(count, np.int64)
    return found


@njit(cache=True, nogil=True)
def _majority(labels: Any, counted: Any, row: int, col: int, fixed: int) -> int:
    """Label that a cell joins, 0 for none. `fixed` is the number of neighbours needed, 0 for more than half of the counted."""
    ny, nx = labels.shape
    ignored, best, most = 0, 0, 0
    for r in range(row - 1, row + 2):
        for c in range(col - 1, col + 2):
            if r < 0 or r >= ny or c < 0 or c >= nx or (r == row and c == col):
                continue
            label = labels[r, c]
            if label == 0:
                ignored += not counted[r, c]
                continue
            same = 0
            for r2 in range(max(row - 1, 0), min(row + 2, ny)):
                for c2 in range(max(col - 1, 0), min(col + 2, nx)):
                    same += labels[r2, c2] == label
            if same > most:
                best, most = label, same
    enough = most >= fixed if fixed > 0 else 2 * most > 8 - ignored
    return best if enough else 0


@njit(cache=True, nogil=True)
def _grow(labels: Any, counted: Any, joinable: Any, fixed: int) -> int:
    nx = labels.shape[1]
    cells = np.flatnonzero(labels)
    rounds = 0
    while cells.size:
        edge = _frontier(labels, cells)
        joins = np.zeros(edge.size, labels.dtype)
        for at in range(edge.size):
            row, col = edge[at] // nx, edge[at] % nx
            if joinable[row, col]:
                joins[at] = _majority(labels, counted, row, col, fixed)
        taken = np.flatnonzero(joins)
        cells = edge[taken]
        for at in range(taken.size):
            labels[cells[at] // nx, cells[at] % nx] = joins[taken[at]]
        rounds += taken.size > 0
    return rounds


def grow_by_majority(
    labels: NDArray[np.int32], *, counted: NDArray[np.bool_], joinable: NDArray[np.bool_], at_least: int = 0
) -> int:
    """Let cells join the label that most of their 8 neighbours carry, round by round until nothing changes.

    All cells of a round join at once, so the order of cells is without meaning. Neighbours beyond the edge are counted and carry no label.

    Parameters
    ----------
    labels : int32 array (ny, nx)
        0 = none. Changed in place.
    counted : bool array (ny, nx)
        Neighbours that are neither counted nor labelled are left out of the 8.
    joinable : bool array (ny, nx)
        Other cells never join.
    at_least : int
        Neighbours of one label that suffice; 0 asks for more than half of those counted.

    Returns
    -------
    int
        Rounds in which a cell joined.
    """
    return int(_grow(labels, counted, joinable, at_least))


@njit(cache=True, nogil=True)
def _fill(labels: Any, below: int) -> Any:
    ny, nx = labels.shape
    gap = np.empty((max(below, 1), 2), np.int64)
    filled = [(0, 0, labels[0, 0]) for _ in range(0)]
    for row in range(1, ny - 1):
        for col in range(1, nx - 1):
            label = labels[row - 1, col]
            # the first cell of a gap in reading order has the label to its north and its west
            if label == 0 or labels[row, col] == label or labels[row, col - 1] != label:
                continue
            gap[0, 0], gap[0, 1] = row, col
            size, at = 1, 0
            while 0 < size < below and at < size:
                r0, c0 = gap[at]
                at += 1
                if r0 == 0 or c0 == 0 or r0 == ny - 1 or c0 == nx - 1:
                    size = 0
                    break
                for r, c in ((r0 - 1, c0), (r0, c0 - 1), (r0, c0 + 1), (r0 + 1, c0)):
                    if labels[r, c] == label or size >= below:
                        continue
                    new = True
                    for k in range(size):
                        new &= gap[k, 0] != r or gap[k, 1] != c
                    if new:
                        gap[size, 0], gap[size, 1] = r, c
                        size += 1
            if 0 < size < below:
                for k in range(size):
                    filled.append((gap[k, 0], gap[k, 1], label))
    count = 0
    for r, c, label in filled:
        if labels[r, c] == 0:
            labels[r, c] = label
            count += 1
    return count


def fill_gaps(labels: NDArray[np.int32], *, below: int) -> int:
    """Give enclosed gaps of fewer than `below` cells the label around them.

    A gap is a 4-connected set of cells without the label that does not reach the edge of the grid; cells of other labels in it count
    towards its size and keep theirs. Gaps are searched only where a labelled cell lies north and west, and no further than `below` cells.

    Parameters
    ----------
    labels : int32 array (ny, nx)
        0 = none. Changed in place.
    below : int
        Cells.

    Returns
    -------
    int
        Cells filled.
    """
    return int(_fill(labels, below))
