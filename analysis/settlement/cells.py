"""The Degree of Urbanisation of grid cells: from people, land and built-up area per km² cell to class codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.settlement.parameters import GHSL_R2023A, SettlementParameters
from geo.components import ComponentFinder, Components
from geo.errors import Fault, GridError, SchemaError, UnitError
from geo.neighbourhood import fill_gaps, grow_by_majority

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

    from geo.grid import Grid

CLASS_NAMES: dict[int, str] = {
    30: "urban centre",
    23: "dense urban cluster",
    22: "semi-dense urban cluster",
    21: "suburban or peri-urban",
    13: "rural cluster",
    12: "low density rural",
    11: "very low density rural",
    10: "water",
    3: "urban centre",
    2: "urban cluster",
    1: "rural",
    0: "water",
}
"""English name of every code: level 2 has two digits, level 1 has one."""

LEVEL1_CODES = (3, 2, 1, 0)
LEVEL2_CODES = (30, 23, 22, 21, 13, 12, 11, 10)

CELL_KM2_TOLERANCE = 1e-6
"""How far, relatively, a cell may be from 1 km by 1 km: the standard counts sizes and gaps in such cells."""


@dataclass(frozen=True)
class _Layers:
    """People, land and built-up area as given (NaN still in them), all of one shape."""

    people: NDArray[np.float64]
    land: NDArray[np.float64] | None
    built: NDArray[np.float64] | None
    cell_m2: float

    def strips(self, rows: int) -> Iterator[_Strip]:
        for row in range(0, self.people.shape[0], rows):
            at = slice(row, row + rows)
            people = self.people[at]
            land = None if self.land is None else self.land[at] / self.cell_m2
            built = None if self.built is None else np.nan_to_num(self.built[at] / self.cell_m2)
            if land is not None:
                land = _known_land(people, land, built)
            yield _Strip(at, people, land, built)


def _known_land(
    people: NDArray[np.float64], land: NDArray[np.float64], built: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Land with its gaps closed: where it is not known, people and buildings stand on land; the rest is water."""
    unknown = np.isnan(land)
    if not unknown.any():
        return land
    used = people > 0 if built is None else (people > 0) | (built > 0)
    return np.where(unknown, used.astype(np.float64), land)


@dataclass(frozen=True)
class _Strip:
    """Some rows: persons, and land and built-up as fractions of the cell; None = all land, nothing built."""

    rows: slice
    people: NDArray[np.float64]
    land: NDArray[np.float64] | None
    built: NDArray[np.float64] | None

    def density(self) -> NDArray[np.float64]:
        """People per km² of land; infinite where people have no land, NaN where there is neither."""
        return self.people if self.land is None else _ratio(self.people, self.land)

    def dense(self, density: NDArray[np.float64], parameters: SettlementParameters) -> NDArray[np.bool_]:
        """Cells of urban centres and dense urban clusters, before their size is looked at."""
        by_people = density >= parameters.centre_density
        if self.built is None or parameters.built_share is None:
            return by_people
        share = self.built if self.land is None else _ratio(self.built, self.land)
        return by_people | (np.round(share, 3) >= parameters.built_share)

    def counted(self, parameters: SettlementParameters) -> NDArray[np.bool_]:
        """Populated or land: the neighbours that a majority is taken of."""
        populated = self.people > 0
        return np.ones_like(populated) if self.land is None else populated | (self.land >= parameters.water_land_share)

    def water(self, parameters: SettlementParameters) -> NDArray[np.bool_]:
        """Permanent water: neither counted nor built upon."""
        empty = ~self.counted(parameters)
        return empty if self.built is None else empty & ~(self.built > 0)


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return part / whole


@dataclass(frozen=True)
class _Clusters:
    """The connected sets that the classes are made of."""

    dense: Components
    moderate: Components
    semi_dense: Components


def classify(
    population: NDArray[np.float64],
    grid: Grid,
    *,
    land_m2: NDArray[np.float64] | None = None,
    built_m2: NDArray[np.float64] | None = None,
    level: int = 2,
    parameters: SettlementParameters = GHSL_R2023A,
    strip_rows: int = 512,
) -> NDArray[np.int16]:
    """Class every cell by the Degree of Urbanisation.

    Parameters
    ----------
    population : float64 array (ny, nx)
        Persons per cell. NaN (not known) is classed as if nobody lived there, as the reference implementation does.
    grid : Grid
        Equal area, cells of 1 km by 1 km.
    land_m2 : float64 array (ny, nx), optional
        Permanent land, m² per cell; None = all land. NaN is land where people or buildings are, water elsewhere.
    built_m2 : float64 array (ny, nx), optional
        Built-up area, m² per cell; None = the built-up option is not used. NaN counts as nothing built.
    level : {1, 2}
        Codes 3, 2, 1, 0 or 30, 23, 22, 21, 13, 12, 11, 10; see `CLASS_NAMES`.
    parameters : SettlementParameters
    strip_rows : int
        Rows worked on at once; changes memory, never a class.

    Returns
    -------
    int16 array (ny, nx)

    Raises
    ------
    CRSError, GridError
        Areas are distorted; cells are not 1 km by 1 km; an array does not fit the grid.
    UnitError
        Level or strip_rows is impossible.
    SchemaError
        Negative or infinite values, every layer listed.

    Notes
    -----
    Level 1 is classed on its own, not folded from level 2: a dense or semi-dense cluster of level 2 need not lie in an
    urban cluster of level 1. Clusters are cut by the edge of the grid, so give a margin around the region. Source: UN
    Statistical Commission 2020; GHSL Data Packages 2022 and 2023.
    """
    if level not in (1, 2) or strip_rows < 1:
        raise UnitError(f"level is 1 or 2 and strip_rows at least 1, not {level} and {strip_rows}")
    layers = _checked(population, grid, land_m2=land_m2, built_m2=built_m2)
    clusters = _clusters(layers, parameters, strip_rows=strip_rows)
    centres = _centres(layers, clusters.dense, parameters, strip_rows=strip_rows)
    if level == 1:
        return _level1(layers, clusters, centres, parameters, strip_rows=strip_rows)
    return _level2(layers, clusters, centres, parameters, strip_rows=strip_rows)


def _checked(
    population: NDArray[np.float64],
    grid: Grid,
    *,
    land_m2: NDArray[np.float64] | None,
    built_m2: NDArray[np.float64] | None,
) -> _Layers:
    grid.require_equal_area()
    side = np.array([grid.dx, grid.dy]) * grid.metres_per_unit
    if (abs(side / 1000 - 1) > CELL_KM2_TOLERANCE).any():
        raise GridError(f"settlement classes are made of cells of 1 km by 1 km, not {side[0]:g} m by {side[1]:g} m")
    faults: list[Fault] = []
    for name, values in (("population", population), ("land_m2", land_m2), ("built_m2", built_m2)):
        if values is None:
            continue
        if values.shape != grid.shape:
            raise GridError(f"{name} of shape {values.shape} does not fit {grid}")
        for what, bad in (("negative", values < 0), ("infinite", np.isposinf(values))):
            if bad.any():
                mend = "mark cells that are not known as nodata (NaN) and correct the rest"
                faults.append(Fault(name, f"{int(bad.sum()):,} {what} cells", mend))
    if faults:
        raise SchemaError(faults)
    given = [v if v is None else np.ascontiguousarray(v, dtype=np.float64) for v in (population, land_m2, built_m2)]
    people = given[0]
    assert people is not None
    return _Layers(people, given[1], given[2], grid.cell_area_km2 * 1e6)


def _clusters(layers: _Layers, parameters: SettlementParameters, *, strip_rows: int) -> _Clusters:
    dense = ComponentFinder(diagonal=False)
    moderate = ComponentFinder(diagonal=True)
    semi_dense = ComponentFinder(diagonal=parameters.semi_dense_diagonal)
    for strip in layers.strips(strip_rows):
        density = strip.density()
        dense.add(strip.dense(density, parameters), strip.people)
        moderate.add(density >= parameters.cluster_density, strip.people)
        semi_dense.add(density >= parameters.semi_dense_density, strip.people)
    return _Clusters(dense.components(), moderate.components(), semi_dense.components())


def _centres(layers: _Layers, dense: Components, parameters: SettlementParameters, *, strip_rows: int) -> NDArray[Any]:
    """Urban centres numbered from 1, smoothed and then filled; 0 elsewhere."""
    large = dense.totals >= parameters.centre_size
    # two bytes are enough for the centres of the world, and the array becomes the answer
    labels = np.zeros(layers.people.shape, np.int16 if large.sum() <= np.iinfo(np.int16).max else np.int32)
    dense.paint(labels, np.where(large, np.cumsum(large), 0))
    counted = np.ones(labels.shape, np.bool_)
    joinable = np.ones(labels.shape, np.bool_)
    if parameters.majority == 0:
        for strip in layers.strips(strip_rows):
            counted[strip.rows] = strip.counted(parameters)
            joinable[strip.rows] = ~strip.water(parameters)
    grow_by_majority(labels, counted=counted, joinable=joinable, at_least=parameters.majority)
    fill_gaps(labels, below=parameters.gap_below_km2)
    return labels


def _coded(centres: NDArray[Any], code: int) -> NDArray[np.int16]:
    """The code where a centre is; made in the array of the centres, which is not needed any more."""
    np.minimum(centres, 1, out=centres)
    codes = centres.astype(np.int16, copy=False)
    codes *= code
    return codes


def _level1(
    layers: _Layers,
    clusters: _Clusters,
    centres: NDArray[Any],
    parameters: SettlementParameters,
    *,
    strip_rows: int,
) -> NDArray[np.int16]:
    codes = _coded(centres, 3)
    clusters.moderate.paint(codes, np.where(clusters.moderate.totals >= parameters.cluster_size, 2, 0))
    for strip in layers.strips(strip_rows):
        part = codes[strip.rows]
        part[(part == 0) & ~strip.water(parameters)] = 1
    return codes


def _level2(
    layers: _Layers,
    clusters: _Clusters,
    centres: NDArray[Any],
    parameters: SettlementParameters,
    *,
    strip_rows: int,
) -> NDArray[np.int16]:
    codes = _coded(centres, 30)
    clusters.dense.paint(codes, np.where(clusters.dense.totals >= parameters.dense_size, 23, 0))
    apart = clusters.semi_dense.totals >= parameters.semi_dense_size
    apart &= ~clusters.semi_dense.near(codes, reach=parameters.semi_dense_gap_cells, among=apart)
    clusters.semi_dense.paint(codes, np.where(apart, 22, 0))
    size = clusters.moderate.totals
    rural = np.where(size >= parameters.rural_size, 13, 0)
    clusters.moderate.paint(codes, np.where(size >= parameters.cluster_size, 21, rural))
    for strip in layers.strips(strip_rows):
        part = codes[strip.rows]
        free = part == 0
        part[free] = 11
        part[free & strip.water(parameters)] = 10
        part[free & (strip.density() >= parameters.low_density)] = 12
    return codes


def level1_of(level2_codes: ArrayLike) -> NDArray[np.int16]:
    """Level 1 code that a level 2 code belongs to: its tens digit (30 → 3, 23–21 → 2, 13–11 → 1), water 10 → 0."""
    codes = np.asarray(level2_codes, dtype=np.int16)
    return np.where(codes == 10, np.int16(0), codes // np.int16(10))
