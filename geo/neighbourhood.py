"""Labelled cells and their neighbours: growing by majority, filling of enclosed gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from geo.errors import GridError

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
    """Label that a cell joins, 0 for none; `fixed` neighbours are needed, 0 = more than half of those counted."""
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
    labels: NDArray[Any], *, counted: NDArray[np.bool_], joinable: NDArray[np.bool_], at_least: int = 0
) -> int:
    """Let cells join the label that most of their 8 neighbours carry, round by round until nothing changes.

    All cells of a round join at once, so the order of cells is without meaning. Neighbours beyond the edge are counted
    and carry no label.

    Parameters
    ----------
    labels : int16 or int32 array (ny, nx)
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

    Raises
    ------
    GridError
        The arrays differ in shape.
    """
    if not labels.shape == counted.shape == joinable.shape:
        raise GridError(f"arrays of {labels.shape}, {counted.shape} and {joinable.shape} do not lie on one grid")
    return int(_grow(labels, counted, joinable, at_least))


@njit(cache=True, nogil=True)
def _gap(labels: Any, label: int, cells: Any) -> int:
    """Size of the gap in `label` from `cells[0]` on, its flat indices put into `cells`; 0 = too large or open."""
    ny, nx = labels.shape
    size, at = 1, 0
    while at < size:
        row, col = cells[at] // nx, cells[at] % nx
        at += 1
        if row == 0 or col == 0 or row == ny - 1 or col == nx - 1:
            return 0
        for r, c in ((row - 1, col), (row, col - 1), (row, col + 1), (row + 1, col)):
            if labels[r, c] == label or (cells[:size] == r * nx + c).any():
                continue
            if size == cells.size:
                return 0
            cells[size] = r * nx + c
            size += 1
    return size


@njit(cache=True, nogil=True)
def _fill(labels: Any, below: int) -> int:
    ny, nx = labels.shape
    cells = np.empty(below - 1, np.int64)
    found = [(0, labels[0, 0])]
    for row in range(1, ny - 1):
        for col in range(1, nx - 1):
            label = labels[row - 1, col]
            # the first cell of a gap in reading order has the label to its north and its west
            if label != 0 and labels[row, col] != label and labels[row, col - 1] == label:
                cells[0] = row * nx + col
                found.extend([(cell, label) for cell in cells[: _gap(labels, label, cells)]])
    count = 0
    for cell, label in found[1:]:
        if labels[cell // nx, cell % nx] == 0:
            labels[cell // nx, cell % nx] = label
            count += 1
    return count


def fill_gaps(labels: NDArray[Any], *, below: int) -> int:
    """Give enclosed gaps of fewer than `below` cells the label around them.

    A gap is a 4-connected set of cells without the label that does not reach the edge of the grid. Cells of other
    labels in it count towards its size and keep theirs. Only cells beside the label are looked at, and no gap beyond
    `below`.

    Parameters
    ----------
    labels : int16 or int32 array (ny, nx)
        0 = none. Changed in place.
    below : int
        Cells.

    Returns
    -------
    int
        Cells filled.
    """
    return int(_fill(labels, below)) if below > 1 else 0
