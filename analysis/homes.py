"""Where people live inside a cell: points at even distances, each with its share of the people around it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from analysis.fragments import Fragments
    from data.region import Region

SPACING_M = 100.0
CHUNK = 400_000
"""Homes laid out at a time, about."""


@dataclass(frozen=True, eq=False)
class Homes:
    """Points that stand for the homes of some cells.

    Attributes
    ----------
    x, y : float64 arrays (homes,)
        CRS of the grid.
    fragment : int64 array (homes,)
        Fragment whose people they stand for.
    share : float64 array (homes,)
        Of the fragment's people; sums to 1 for every fragment of these cells.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    fragment: NDArray[np.int64]
    share: NDArray[np.float64]

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Homes:
        """Some of the homes; their shares stay what they are."""
        return Homes(self.x[rows], self.y[rows], self.fragment[rows], self.share[rows])

    def near_streets(self, on_street: NDArray[np.bool_]) -> Homes:
        """The same people, moved to the homes of their fragment that have a street; where none has, they stay.

        Parameters
        ----------
        on_street : bool array (homes,)

        Notes
        -----
        In a cell half lake or forest nobody is put where no street leads, as long as streets lead anywhere in it.
        """
        size = int(self.fragment.max(initial=-1)) + 1
        served = np.bincount(self.fragment, weights=self.share * on_street, minlength=size)[self.fragment]
        moved = np.divide(self.share * on_street, served, out=self.share.copy(), where=served > 0)
        return replace(self, share=moved)


def _lattice(region: Region, cells: NDArray[np.int64], spacing_m: float) -> tuple[NDArray[np.float64], ...]:
    """Points of each cell, row by row: x and y (cells, points)."""
    grid = region.grid
    side = max(1, round(grid.dx * grid.metres_per_unit / spacing_m))
    step = (np.arange(side) + 0.5) / side - 0.5
    x, y = grid.centres(cells)
    east, south = np.meshgrid(step * grid.dx, step * grid.dy)
    return x[:, None] + east.ravel(), y[:, None] - south.ravel()


def _zone_of(region: Region, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
    """Zone of each point, the lowest where two meet; -1 outside every zone."""
    points: Any = shapely.points(x, y)
    zone, point = shapely.STRtree(points).query(region.zones.geometry.to_numpy(), predicate="intersects")
    found = np.full(x.size, len(region.zones), dtype=np.int64)
    np.minimum.at(found, point, zone)
    return np.where(found < len(region.zones), found, -1)


def _rows_of(fragments: Fragments, cells: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Fragments of some cells, in order, and how many each cell has."""
    first, last = (np.searchsorted(fragments.cell, cells, side=side) for side in ("left", "right"))
    count = last - first
    ahead = np.cumsum(count) - count
    return np.repeat(first - ahead, count) + np.arange(count.sum()), count


def _assigned(
    region: Region,
    fragments: Fragments,
    cells: NDArray[np.int64],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Point (flat) and fragment of every home of some cells.

    Points of a cell in one zone are that fragment's; elsewhere each point is its zone's. A fragment that holds no
    point, such as a sliver, has all points of its cell.
    """
    rows, count = _rows_of(fragments, cells)
    points, each = np.arange(x.size).reshape(x.shape), x.shape[1]
    alone = count == 1
    start = np.cumsum(count) - count
    point, fragment = [points[alone].ravel()], [np.repeat(rows[start[alone]], each)]
    split = points[~alone].ravel()
    if split.size:
        zones = len(region.zones) + 1
        key = fragments.cell[rows] * zones + fragments.zone[rows] + 1
        wanted = np.repeat(cells[~alone], each) * zones + _zone_of(region, x.ravel()[split], y.ravel()[split]) + 1
        place = np.minimum(np.searchsorted(key, wanted), key.size - 1)
        found = key[place] == wanted
        point.append(split[found])
        fragment.append(rows[place[found]])
    bare = np.setdiff1d(rows, np.concatenate(fragment))
    point.append(points[np.searchsorted(cells, fragments.cell[bare])].ravel())
    fragment.append(np.repeat(bare, each))
    return np.concatenate(point), np.concatenate(fragment)


def make_homes(
    region: Region, fragments: Fragments, *, cells: NDArray[np.int64] | None = None, spacing_m: float = SPACING_M
) -> Homes:
    """Homes of some cells: points of an even lattice inside each, the people of a fragment shared evenly among its own.

    Parameters
    ----------
    region : Region
    fragments : Fragments
    cells : int64 array, optional
        Rows of `fragments.cells`, ascending; default all.
    spacing_m : float
        Metres between points, rounded so that a whole number of them divides the cell.

    Returns
    -------
    Homes
        Sorted by fragment, within it from north to south and west to east.
    """
    rows = np.arange(fragments.cells.size) if cells is None else cells
    x, y = _lattice(region, fragments.cells[rows], spacing_m)
    point, fragment = _assigned(region, fragments, rows, x, y)
    order = np.lexsort((point, fragment))
    point, fragment = point[order], fragment[order]
    count = np.bincount(fragment, minlength=1)
    return Homes(x.ravel()[point], y.ravel()[point], fragment.astype(np.int64), 1.0 / count[fragment])


def home_chunks(
    region: Region, fragments: Fragments, *, cells: NDArray[np.int64] | None = None, spacing_m: float = SPACING_M
) -> Iterator[Homes]:
    """The homes of cells, about `CHUNK` at a time, so that memory does not grow with the region; see `make_homes`."""
    grid = region.grid
    rows = np.arange(fragments.cells.size) if cells is None else cells
    step = max(1, CHUNK // max(1, round(grid.dx * grid.metres_per_unit / spacing_m)) ** 2)
    for start in range(0, rows.size, step):
        yield make_homes(region, fragments, cells=rows[start : start + step], spacing_m=spacing_m)
