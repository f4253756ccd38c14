"""The Degree of Urbanisation of units (municipalities, districts): from where their people live to one class each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.settlement.cells import LEVEL1_CODES, LEVEL2_CODES
from geo.errors import CRSError, GridError, UnitError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from geo.grid import Grid

UNIT_NAMES: dict[int, str] = {
    30: "city",
    23: "dense town",
    22: "semi-dense town",
    21: "suburb or peri-urban area",
    13: "village",
    12: "dispersed rural area",
    11: "mostly uninhabited area",
    3: "city",
    2: "town or semi-dense area",
    1: "rural area",
    0: "no land known",
}
"""English name of every class of a unit; 0 at both levels for a unit with neither people nor land."""


@dataclass(frozen=True)
class UnitClasses:
    """Classes of units, one row a unit, in the order of their index.

    Attributes
    ----------
    population : float64 array (units,)
        Persons.
    share : float64 array (units, classes)
        Share of the unit's population in each cell class, columns as in `codes`; of its land where `by_land`. Zero
        throughout for a unit with neither.
    by_land : bool array (units,)
        Nobody lives there, so land decided.
    level1 : int16 array (units,)
        3 city, 2 town or semi-dense area, 1 rural area, 0 neither people nor land.
    level2 : int16 array (units,) or None
        30 city, 23 dense town, 22 semi-dense town, 21 suburb, 13 village, 12 dispersed rural, 11 mostly uninhabited, 0
        as above; None when the cell classes are of level 1.
    codes : tuple of int
        Cell classes of the columns of `share`.
    """

    population: NDArray[np.float64]
    share: NDArray[np.float64]
    by_land: NDArray[np.bool_]
    level1: NDArray[np.int16]
    level2: NDArray[np.int16] | None
    codes: tuple[int, ...]


def classify_units(
    unit: ArrayLike,
    code: ArrayLike,
    population: ArrayLike,
    *,
    units: int,
    land: ArrayLike | None = None,
    level: int = 2,
) -> UnitClasses:
    """Class units by the share of their population in each cell class.

    Parameters
    ----------
    unit : int array (pieces,)
        Index of the unit that a piece belongs to, 0 to ``units - 1``; −1 = none, the piece is passed over.
    code : int array (pieces,)
        Cell class of the piece, of `level`.
    population : float array (pieces,)
        Persons in the piece; NaN counts as nobody.
    units : int
        Number of units; one without a piece comes out with class 0.
    land : float array (pieces,), optional
        Area of the piece in any one unit, for units without population; None = all pieces alike. Water classes are no
        land.
    level : {1, 2}
        Level of `code`; level 2 gives classes of both levels.

    Returns
    -------
    UnitClasses

    Raises
    ------
    UnitError
        A code or index that does not exist, a negative or infinite amount, or arrays of different length.

    Notes
    -----
    Level 1: city if at least half live in urban centres, rural area if more than half live in rural cells, otherwise
    town or semi-dense area. Level 2, rules of July 2024 (Eurostat, Applying the degree of urbanisation manual): a town
    or semi-dense area is a dense town if 30 + 23 hold at least half, else a suburb if 21 and the rural cells do, else a
    semi-dense town; a rural area is a village if 13 and the urban classes hold at least half, else mostly uninhabited
    if 11 does, else dispersed.
    """
    codes = _codes(level)
    where = np.asarray(unit, dtype=np.int64)
    column = _column(np.asarray(code), codes)
    people = np.nan_to_num(np.asarray(population, dtype=np.float64), posinf=np.inf)
    area = np.ones(where.shape) if land is None else np.nan_to_num(np.asarray(land, dtype=np.float64), posinf=np.inf)
    _check(where, column, people, area, units=units)
    inside = where >= 0
    cell = where[inside] * len(codes) + column[inside]
    by_people = _table(cell, people[inside], units, len(codes))
    by_area = _table(cell, area[inside], units, len(codes))
    by_area[:, -1] = 0.0  # water comes last and is no land
    total = by_people.sum(axis=1)
    by_land = total == 0
    basis = np.where(by_land[:, None], by_area, by_people)
    whole = basis.sum(axis=1, keepdims=True)
    share = np.divide(basis, whole, out=np.zeros_like(basis), where=whole > 0)
    known = whole[:, 0] > 0
    level1 = np.where(known, _level1(share, codes), 0).astype(np.int16)
    level2 = np.where(known, _level2(share, level1), 0).astype(np.int16) if level == 2 else None
    return UnitClasses(total, share, by_land, level1, level2, codes)


def classify_units_from_grid(
    codes: NDArray[np.int16],
    grid: Grid,
    population: NDArray[np.float64],
    population_grid: Grid,
    *,
    cell_id: ArrayLike,
    unit: ArrayLike,
    share: ArrayLike | None = None,
    units: int,
    level: int = 2,
) -> UnitClasses:
    """Class units from cell classes and a population on a grid that is as fine or finer.

    Parameters
    ----------
    codes : int16 array (ny, nx)
        Cell classes on `grid`.
    grid : Grid
    population : float64 array
        Persons per cell of `population_grid`; NaN counts as nobody.
    population_grid : Grid
        Same CRS as `grid`; a cell takes the class at its centre.
    cell_id : int array (pieces,)
        Cells of `population_grid` that the units hold.
    unit : int array (pieces,)
        Index of the unit of each piece, −1 = none.
    share : float array (pieces,), optional
        Share of the cell that lies in the unit; None = the whole cell, as when cells were given out by their centre.
    units : int
    level : {1, 2}
        Level of `codes`.

    Returns
    -------
    UnitClasses

    Raises
    ------
    CRSError, GridError
        The grids differ in CRS; an array does not fit its grid; a piece lies outside `grid`.
    UnitError
        As `classify_units`.
    """
    if grid.crs != population_grid.crs:
        raise CRSError(f"classes in {grid.crs.name} and population in {population_grid.crs.name} do not share a CRS")
    if codes.shape != grid.shape or population.shape != population_grid.shape:
        raise GridError(f"arrays of {codes.shape} and {population.shape} do not fit {grid} and {population_grid}")
    cells = np.asarray(cell_id, dtype=np.int64)
    if cells.size and not 0 <= cells.min() <= cells.max() < population_grid.size:
        raise GridError(f"cells {cells.min()} to {cells.max()} do not all lie in {population_grid}")
    coarse = grid.locate(*population_grid.centres(cells))
    if (coarse < 0).any():
        raise GridError(f"{int((coarse < 0).sum()):,} cells of the units lie outside the classes on {grid}")
    part = np.ones(cells.shape) if share is None else np.asarray(share, dtype=np.float64)
    persons = population.ravel()[cells] * part
    return classify_units(unit, codes.ravel()[coarse], persons, units=units, land=part, level=level)


def _codes(level: int) -> tuple[int, ...]:
    if level not in (1, 2):
        raise UnitError(f"level is 1 or 2, not {level}")
    return LEVEL2_CODES if level == 2 else LEVEL1_CODES


def _column(code: NDArray[np.int_], codes: tuple[int, ...]) -> NDArray[np.int64]:
    """Column of each code (they descend), −1 for one that does not exist."""
    ascending = np.array(codes[::-1])
    at = np.minimum(np.searchsorted(ascending, code), len(codes) - 1)
    return np.where(ascending[at] == code, len(codes) - 1 - at, -1)


def _check(
    where: NDArray[np.int64],
    column: NDArray[np.int64],
    people: NDArray[np.float64],
    area: NDArray[np.float64],
    *,
    units: int,
) -> None:
    if not where.shape == column.shape == people.shape == area.shape or where.ndim != 1:
        raise UnitError("unit, code, population and land are one-dimensional and of one length")
    if ((where < -1) | (where >= units)).any():
        raise UnitError(f"a unit's index lies outside -1 to {units - 1}")
    if (column < 0).any():
        raise UnitError("a cell class does not exist at this level")
    for what, amount in (("population", people), ("land", area)):
        if not np.isfinite(amount).all() or (amount < 0).any():
            raise UnitError(f"{what} holds a negative or infinite amount")


def _table(cell: NDArray[np.int64], weight: NDArray[np.float64], units: int, classes: int) -> NDArray[np.float64]:
    """Sums by unit and class; summed in a fixed order of amounts, so the order of the pieces leaves no trace."""
    order = np.lexsort((weight, cell))
    sums = np.bincount(cell[order], weights=weight[order], minlength=units * classes)
    return sums.astype(np.float64).reshape(units, classes)


def _level1(share: NDArray[np.float64], codes: tuple[int, ...]) -> NDArray[np.int16]:
    rural = slice(2, 3) if codes == LEVEL1_CODES else slice(4, 7)
    city = share[:, 0] >= 0.5
    return np.where(city, 3, np.where(share[:, rural].sum(axis=1) > 0.5, 1, 2)).astype(np.int16)


def _level2(share: NDArray[np.float64], level1: NDArray[np.int16]) -> NDArray[np.int16]:
    centre, dense, semi_dense, suburban, cluster, low, very_low, _ = share.T
    rural = cluster + low + very_low
    town = np.where(centre + dense >= 0.5, 23, np.where(suburban + rural >= 0.5, 21, 22))
    settled = cluster + suburban + semi_dense + dense + centre
    country = np.where(settled >= 0.5, 13, np.where(very_low >= 0.5, 11, 12))
    return np.where(level1 == 3, 30, np.where(level1 == 2, town, country)).astype(np.int16)
