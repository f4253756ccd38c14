"""People as they are counted: a cell's part in one zone is a fragment, and the fragments of a cell are its people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from data.region import Region


@dataclass(frozen=True)
class Fragments:
    """Every analysed person, by cell and zone.

    Attributes
    ----------
    cells : int64 array (cells,)
        `cell_id` of the analysed populated cells, ascending.
    people : float64 array (cells,)
        Persons per cell.
    cell : int64 array (fragments,)
        Row of `cells` that a fragment lies in.
    zone : int64 array (fragments,)
        Index of the zone, −1 = outside every zone.
    persons : float64 array (fragments,)
        Sums to `people` by cell, exactly to rounding.
    zones : int
        Number of zones.
    """

    cells: NDArray[np.int64]
    people: NDArray[np.float64]
    cell: NDArray[np.int64]
    zone: NDArray[np.int64]
    persons: NDArray[np.float64]
    zones: int

    @property
    def size(self) -> int:
        """Number of fragments."""
        return self.cell.size

    @property
    def cell_id(self) -> NDArray[np.int64]:
        """`cell_id` of each fragment."""
        return self.cells[self.cell]

    def by_cell(self, persons: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum over the fragments of each cell."""
        return np.bincount(self.cell, weights=persons, minlength=self.cells.size).astype(np.float64)

    def by_zone(self, persons: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum over the fragments of each zone; people outside every zone are in none."""
        inside = self.zone >= 0
        return np.bincount(self.zone[inside], weights=persons[inside], minlength=self.zones).astype(np.float64)


def make_fragments(region: Region, *, everything: bool) -> Fragments:
    """Split the populated cells at zone borders by exact area share.

    People are taken as evenly spread inside a cell; what no zone holds is a fragment of zone −1.

    Parameters
    ----------
    region : Region
    everything : bool
        All populated cells of the grid; otherwise those that touch a zone.
    """
    people = region.population.values.ravel()
    populated = people > 0
    table = region.cell_zone
    if not everything:
        touched = np.zeros(people.size, dtype=bool)
        touched[table.cell_id] = True
        populated &= touched
    cells = np.flatnonzero(populated).astype(np.int64)
    row_of = np.full(people.size, -1, dtype=np.int64)
    row_of[cells] = np.arange(cells.size)
    kept = row_of[table.cell_id] >= 0
    cell, zone, share = row_of[table.cell_id[kept]], table.zone[kept].astype(np.int64), table.share[kept]
    rest = np.maximum(1 - np.bincount(cell, weights=share, minlength=cells.size), 0)
    rest[rest < 1e-12] = 0
    outside = np.flatnonzero(rest > 0)
    cell = np.concatenate([cell, outside])
    zone = np.concatenate([zone, np.full(outside.size, -1)])
    share = np.concatenate([share, rest[outside]])
    order = np.lexsort((zone, cell))
    cell, zone, share = cell[order], zone[order], share[order]
    return Fragments(cells, people[cells], cell, zone, people[cells][cell] * share, len(region.zones))
