"""Settlement classes of units: shares worked out by hand, and the municipalities of West Flanders."""

from __future__ import annotations

import csv

import geopandas as gpd
import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from rasterio.features import rasterize

from analysis.settlement import (
    GHSL_R2022A,
    LEVEL2_CODES,
    UNIT_NAMES,
    classify,
    classify_units,
    classify_units_from_grid,
)
from geo.errors import CRSError, GridError, UnitError
from geo.grid import Grid
from geo.raster import read_raster

# Level 1 classes of the 64 municipalities in file order, as expected by the tests of the R package flexurba (MIT) for its
# R2022A cell classes and the 100 m population, each cell given to the unit that holds its centre.
FLEXURBA_LEVEL1 = "2231221221112211211212122233322122231212321222212112221122112222"


def one(shares, *, level=2):
    """Classes of one unit whose population lies so."""
    codes, people = zip(*shares.items(), strict=True)
    units = classify_units(np.zeros(len(codes), np.int64), codes, people, units=1, level=level)
    return int(units.level1[0]), None if units.level2 is None else int(units.level2[0])


@pytest.mark.parametrize(
    ("shares", "level1", "level2"),
    [
        ({30: 50, 11: 50}, 3, 30),
        ({30: 49, 23: 1, 11: 50}, 2, 23),
        ({23: 50, 12: 50}, 2, 23),
        ({23: 49, 21: 20, 12: 31}, 2, 21),
        ({22: 50, 11: 50}, 2, 21),
        ({22: 51, 12: 49}, 2, 22),
        ({30: 20, 23: 20, 22: 20, 21: 40}, 2, 22),
        ({21: 100}, 2, 21),
        ({13: 100}, 1, 13),
        ({21: 49, 13: 1, 11: 50}, 1, 13),
        ({13: 40, 11: 50, 12: 10}, 1, 11),
        ({13: 40, 11: 49, 12: 11}, 1, 12),
    ],
)
def test_shares_decide(shares, level1, level2):
    assert one(shares) == (level1, level2)


def test_half_rural_is_not_yet_a_rural_area():
    assert one({2: 50, 1: 50}, level=1) == (2, None)
    assert one({2: 49, 1: 51}, level=1) == (1, None)
    assert one({3: 50, 1: 50}, level=1) == (3, None)


def test_nobody_lives_there_so_land_decides_and_water_is_no_land():
    units = classify_units(
        [0, 0, 0, 1, 1, 2, -1],
        [11, 12, 10, 30, 11, 10, 30],
        [0, 0, 0, 1, np.nan, 0, 9],
        units=4,
        land=[3, 2, 90, 1, 9, 5, 1],
    )
    assert units.level1.tolist() == [1, 3, 0, 0]
    assert units.level2 is not None
    assert units.level2.tolist() == [11, 30, 0, 0]
    assert units.by_land.tolist() == [True, False, True, True]
    assert units.population.tolist() == [0, 1, 0, 0]
    assert units.share[0].tolist() == [0, 0, 0, 0, 0, 0.4, 0.6, 0]
    assert set(units.level2.tolist()) | set(units.level1.tolist()) <= set(UNIT_NAMES)


def test_a_finer_grid_takes_the_class_at_its_centres():
    crs = CRS.from_user_input("ESRI:54009")
    grid = Grid(crs, Affine(1000, 0, 0, 0, -1000, 2000), (1, 2))
    fine = Grid(crs, Affine(500, 0, 0, 0, -500, 2000), (2, 4))
    codes = np.array([[30, 12]], dtype=np.int16)
    people = np.arange(8, dtype=np.float64).reshape(2, 4)  # under 30: 0 1 4 5, under 12: 2 3 6 7
    units = classify_units_from_grid(
        codes, grid, people, fine, cell_id=[0, 1, 5, 2, 3], unit=[0, 0, 0, 0, 1], share=[1, 1, 0.6, 0.5, 1], units=2
    )
    assert units.population.tolist() == [5, 3]  # 0 + 1 + 3 + 1, and 3
    assert units.share[0, 0] == pytest.approx(0.8)
    assert units.level1.tolist() == [3, 1]


@given(
    st.lists(st.tuples(st.integers(-1, 3), st.sampled_from(LEVEL2_CODES), st.floats(0, 1e6)), max_size=30), st.randoms()
)
@settings(max_examples=50)
def test_people_are_kept_and_order_leaves_no_trace(pieces, random):
    shuffled = pieces.copy()
    random.shuffle(shuffled)
    first, second = (
        classify_units(*(np.array([p[i] for p in given_]) for i in range(3)), units=4) if given_ else None
        for given_ in (pieces, shuffled)
    )
    if first is None or second is None:
        assert not pieces
        return
    assert first.population.sum() == pytest.approx(sum(p[2] for p in pieces if p[0] >= 0))
    assert first.population.tobytes() == second.population.tobytes()
    assert first.share.tobytes() == second.share.tobytes()
    assert first.level2.tolist() == second.level2.tolist()
    known = first.level1 > 0
    np.testing.assert_allclose(first.share[known].sum(axis=1), 1)


def read_csv(belgium):
    with (belgium / "units_classification_westflanders.csv").open() as file:
        return list(csv.DictReader(file))


def test_the_level_1_rule_gives_the_classes_of_the_published_shares(belgium):
    rows = read_csv(belgium)
    columns = ("UCentre_Pop", "UCluster_Pop", "Rural_Pop")
    people = np.array([[float(row[c]) for c in columns] for row in rows])
    units = classify_units(np.repeat(np.arange(64), 3), np.tile([3, 2, 1], 64), people.ravel(), units=64, level=1)
    assert units.level1.tolist() == [int(row["flexurba_L1"]) for row in rows]
    published = np.array([[float(row[c.replace("_Pop", "_share")]) for c in columns] for row in rows])
    np.testing.assert_allclose(units.share[:, :3], published, atol=1e-9)


def by_centre(units, grid):
    index = rasterize(
        ((shape, at) for at, shape in enumerate(units.geometry)),
        out_shape=grid.shape,
        transform=grid.transform,
        fill=-1,
        dtype="int32",
    ).ravel()
    cells = np.flatnonzero(index >= 0)
    return cells, index[cells]


def test_west_flanders_from_its_grids(belgium):
    people, grid = read_raster(belgium / "POP.tif")
    land, built = (read_raster(belgium / name)[0] for name in ("LAND.tif", "BUILT_S.tif"))
    fine, fine_grid = read_raster(belgium / "westflanders_pop_100m.tif")
    units = gpd.read_file(belgium / "westflanders_units.gpkg")
    cells, index = by_centre(units, fine_grid)
    codes = classify(people, grid, land_m2=land, built_m2=built, level=1, parameters=GHSL_R2022A)
    ours = classify_units_from_grid(codes, grid, fine, fine_grid, cell_id=cells, unit=index, units=64, level=1)
    assert "".join(map(str, ours.level1)) == FLEXURBA_LEVEL1
    # the published populations are those of 50 m cells: a quarter of each 100 m cell
    half = np.repeat(np.repeat(fine, 2, axis=0), 2, axis=1) / 4
    cells, index = by_centre(units, fine_grid.divided(2))
    ours = classify_units_from_grid(
        codes, grid, half, fine_grid.divided(2), cell_id=cells, unit=index, units=64, level=1
    )
    np.testing.assert_allclose(ours.population, [float(row["Tot_Pop"]) for row in read_csv(belgium)], rtol=1e-9)


def test_impossible_pieces_are_refused():
    with pytest.raises(UnitError, match="class"):
        classify_units([0], [3], [1], units=1, level=2)
    with pytest.raises(UnitError, match="level"):
        classify_units([0], [3], [1], units=1, level=4)
    with pytest.raises(UnitError, match="index"):
        classify_units([1], [30], [1], units=1)
    with pytest.raises(UnitError, match="population"):
        classify_units([0], [30], [-1], units=1)
    with pytest.raises(UnitError, match="population"):
        classify_units([0], [30], [np.inf], units=1)
    with pytest.raises(UnitError, match="one length"):
        classify_units([0], [30], [1, 2], units=1)


def test_grids_that_do_not_meet_are_refused():
    grid = Grid(CRS.from_user_input("ESRI:54009"), Affine(1000, 0, 0, 0, -1000, 0), (1, 1))
    codes, people = np.full((1, 1), 30, np.int16), np.ones((1, 1))
    other = Grid(CRS.from_epsg(3035), grid.transform, (1, 1))
    beside = Grid(grid.crs, Affine(1000, 0, 5000, 0, -1000, 0), (1, 1))
    with pytest.raises(CRSError):
        classify_units_from_grid(codes, grid, people, other, cell_id=[0], unit=[0], units=1)
    with pytest.raises(GridError, match="outside"):
        classify_units_from_grid(codes, grid, people, beside, cell_id=[0], unit=[0], units=1)
    with pytest.raises(GridError, match="fit"):
        classify_units_from_grid(codes, grid, np.ones((2, 1)), grid, cell_id=[0], unit=[0], units=1)
    with pytest.raises(GridError, match="lie in"):
        classify_units_from_grid(codes, grid, people, grid, cell_id=[1], unit=[0], units=1)
