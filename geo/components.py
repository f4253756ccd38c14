"""Connected components of a mask, held as runs: a row and a span of columns each.

A mask is read strip by strip and forgotten, and memory goes with the edges of the shapes rather than with the cells.
Nothing depends on where one strip ends and the next begins.
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
                if not np.isnan(weight):
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
    """Component of each run, numbered by first cell in reading order; runs of adjacent rows meet within `reach`."""
    count = spans.shape[0]
    parent = np.arange(count)
    above = 0
    for here in range(count):
        row, start, stop = spans[here]
        while spans[above, 0] < row - 1 or (spans[above, 0] == row - 1 and spans[above, 2] + reach <= start):
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
    shape : tuple of int
        (rows, columns) of the mask.
    """

    spans: NDArray[np.int32]
    component: NDArray[np.int64]
    totals: NDArray[np.float64]
    shape: tuple[int, int]

    def _require(self, values: NDArray[Any]) -> None:
        if values.shape != self.shape:
            raise GridError(f"an array of {values.shape} does not lie on the {self.shape} cells of the components")

    def paint(self, out: NDArray[Any], values: NDArray[Any]) -> None:
        """Write the value of each component into those of its cells that are 0 in `out`; 0 writes nothing.

        Parameters
        ----------
        out : integer array (ny, nx)
            Changed in place.
        values : integer array (components,)

        Raises
        ------
        GridError
            `out` is not of the shape of the mask, or there is not one value a component.
        """
        self._require(out)
        if values.shape != self.totals.shape:
            raise GridError(f"{values.size} values do not fit {self.totals.size} components")
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

        Raises
        ------
        GridError
            `mask` is not of the shape of the mask that the components were found in.
        """
        self._require(mask)
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
        self._shape = (0, -1)
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
            The two differ in shape, or the strip is not as wide as the one before.
        """
        done, width = self._shape
        if mask.shape != weights.shape or width not in (-1, mask.shape[1]):
            raise GridError(f"a mask of {mask.shape} and weights of {weights.shape} do not lie on one grid")
        spans, sums = _runs(mask, weights, done)
        self._shape = (done + mask.shape[0], mask.shape[1])
        self._spans.append(spans)
        self._sums.append(sums)

    def components(self) -> Components:
        """Components of the strips taken so far; totals are summed in reading order, whatever the strips."""
        spans = np.concatenate(self._spans)
        component, found = _union(spans, self._reach)
        totals = np.bincount(component, weights=np.concatenate(self._sums), minlength=found)
        return Components(spans, component, totals.astype(np.float64), self._shape)
