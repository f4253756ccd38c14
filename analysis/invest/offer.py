"""Candidates, and the cells that they reach: the tables between the map and the plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.grid import Grid


@dataclass(frozen=True, eq=False)
class Cells:
    """Rows of the cells table, as candidates see them.

    Attributes
    ----------
    grid : Grid
    cell_id : int64 array (rows,)
        Ascending.
    people : float64 array (rows,)
        Persons below the target, coverage known (0 where nothing is known).
    zone_id : str array (rows,)
        Zone of the cell; empty outside every zone.
    around : int64 array (rows,), optional
        What stands around the people (index into `data.coverage.RADIUS_CLASSES`), where reach depends on it.
    """

    grid: Grid
    cell_id: NDArray[np.int64]
    people: NDArray[np.float64]
    zone_id: NDArray[Any]
    around: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        faults: list[Fault] = []
        if not self.cell_id.shape == self.people.shape == self.zone_id.shape:
            faults.append(Fault("cells table", "columns of unequal length", "one entry per cell", "cell_id"))
        ordered = bool(np.all(np.diff(self.cell_id) > 0))
        if self.cell_id.size and not (ordered and self.cell_id[0] >= 0 and self.cell_id[-1] < self.grid.size):
            faults.append(Fault("cells table", "not ascending cells of the grid", "sort them, each once", "cell_id"))
        if not (np.isfinite(self.people) & (self.people >= 0)).all():
            mend = "persons are at least 0; leave cells of unknown coverage at 0"
            faults.append(Fault("cells table", "negative or unknown people", mend, "people"))
        if faults:
            raise SchemaError(faults)


@dataclass(frozen=True, eq=False)
class Candidates:
    """Things that could be built, and whom each reaches; ascending `candidate_id`.

    Attributes
    ----------
    candidate_id : str array (candidates,)
        Unique, ascending.
    kind : str array (candidates,)
        ``wifi`` or ``site``.
    name, zone_id : str arrays (candidates,)
        The zone is that of the cell it stands in; of the cell it reaches most of when nobody lives in that one.
    x, y : float64 arrays (candidates,)
        CRS of the grid.
    cost : float64 array (candidates,)
        Present cost.
    indptr, rows, fraction : int64, int64 and float64 arrays
        Candidate `j` reaches ``fraction[k]`` of the people of row ``rows[k]`` of the cells table, for
        ``indptr[j] <= k < indptr[j + 1]``; rows ascending, only those with people below the target.
    dropped : tuple of (str, int)
        Why possible candidates are not among these, and how many.
    """

    candidate_id: NDArray[np.str_]
    kind: NDArray[np.str_]
    name: NDArray[np.str_]
    zone_id: NDArray[np.str_]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    cost: NDArray[np.float64]
    indptr: NDArray[np.int64]
    rows: NDArray[np.int64]
    fraction: NDArray[np.float64]
    dropped: tuple[tuple[str, int], ...] = ()

    @property
    def size(self) -> int:
        """Number of candidates."""
        return self.cost.size

    def reached(self, people: NDArray[np.float64]) -> NDArray[np.float64]:
        """People of the cells table within reach of each candidate, on its own."""
        owner = np.repeat(np.arange(self.size), np.diff(self.indptr))
        return np.bincount(owner, weights=people[self.rows] * self.fraction, minlength=self.size).astype(np.float64)

    def take(self, index: NDArray[np.int64], *, dropped: tuple[tuple[str, int], ...] = ()) -> Candidates:
        """These candidates only, in this order, with further reasons for the others."""
        length = np.diff(self.indptr)[index]
        indptr = np.append(0, np.cumsum(length)).astype(np.int64)
        pairs = np.repeat(self.indptr[index] - indptr[:-1], length) + np.arange(indptr[-1])
        return Candidates(
            self.candidate_id[index],
            self.kind[index],
            self.name[index],
            self.zone_id[index],
            self.x[index],
            self.y[index],
            self.cost[index],
            indptr,
            self.rows[pairs],
            self.fraction[pairs],
            self.dropped + dropped,
        )


def merge(*parts: Candidates) -> Candidates:
    """All candidates of several kinds as one, ascending id; SchemaError when an id occurs twice."""
    parts = parts or (_NONE,)
    ids = np.concatenate([part.candidate_id for part in parts])
    if np.unique(ids).size != ids.size:
        raise SchemaError([Fault("candidates", "an id occurs twice", "give each candidate one id", "candidate_id")])
    lengths = np.concatenate([np.diff(part.indptr) for part in parts])
    columns = ("kind", "name", "zone_id", "x", "y", "cost")
    joined = Candidates(
        ids,
        *(np.concatenate([getattr(part, column) for part in parts]) for column in columns),
        indptr=np.append(0, np.cumsum(lengths)).astype(np.int64),
        rows=np.concatenate([part.rows for part in parts]),
        fraction=np.concatenate([part.fraction for part in parts]),
        dropped=tuple(reason for part in parts for reason in part.dropped),
    )
    return joined.take(np.argsort(ids, kind="stable"))


_NO_WORDS, _NO_NUMBERS, _NO_ROWS = np.empty(0, dtype=np.str_), np.empty(0), np.empty(0, dtype=np.int64)
_NONE = Candidates(
    candidate_id=_NO_WORDS,
    kind=_NO_WORDS,
    name=_NO_WORDS,
    zone_id=_NO_WORDS,
    x=_NO_NUMBERS,
    y=_NO_NUMBERS,
    cost=_NO_NUMBERS,
    indptr=np.zeros(1, dtype=np.int64),
    rows=_NO_ROWS,
    fraction=_NO_NUMBERS,
)
