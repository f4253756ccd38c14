"""Settlement classes of cells: every cell of the Belgian references, and each rule on a grid small enough to read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pyproj import CRS

from analysis.settlement import (
    CLASS_NAMES,
    GHSL_R2022A,
    GHSL_R2023A,
    LEVEL1_CODES,
    LEVEL2_CODES,
    MANUAL_2021,
    VARIANTS,
    classify,
    level1_of,
    preset,
)
from geo.errors import CRSError, GridError, ScenarioError, SchemaError, UnitError
from geo.grid import Grid
from geo.raster import read_raster

KM2 = 1e6
MOLLWEIDE = CRS.from_user_input("ESRI:54009")


def grid_of(shape, *, side=1000.0, crs=MOLLWEIDE):
    return Grid(crs, Affine(side, 0, 187_000, 0, -side, 6_035_000), shape)


def classed(people, **options):
    people = np.asarray(people, dtype=np.float64)
    return classify(people, grid_of(people.shape), **options)


def block(shape, *patches, background=0.0):
    people = np.full(shape, background)
    for rows, cols, value in patches:
        people[rows, cols] = value
    return people


@pytest.fixture(scope="module")
def layers(belgium):
    people, grid = read_raster(belgium / "POP.tif")
    return people, grid, read_raster(belgium / "LAND.tif")[0], read_raster(belgium / "BUILT_S.tif")[0]


@pytest.mark.parametrize(
    ("name", "level", "parameters"),
    [
        ("degurba_L2_reference.tif", 2, GHSL_R2023A),
        ("degurba_L1_reference.tif", 1, GHSL_R2023A),
        ("degurba_L1_R2022A_reference.tif", 1, GHSL_R2022A),
    ],
)
def test_every_cell_equals_the_reference_implementation(belgium, layers, name, level, parameters):
    people, grid, land, built = layers
    codes = classify(people, grid, land_m2=land, built_m2=built, level=level, parameters=parameters, strip_rows=50)
    reference, inner = read_raster(belgium / name)
    assert inner == grid.window(row0=5, row1=grid.ny - 5, col0=5, col1=grid.nx - 5)
    assert codes.shape == grid.shape
    assert codes.dtype == np.int16
    assert int((codes[5:-5, 5:-5] != reference).sum()) == 0


def test_variants_differ_where_their_rules_do(layers):
    people, grid, land, built = layers
    codes = {name: classify(people, grid, land_m2=land, built_m2=built, parameters=preset(name)) for name in VARIANTS}
    default, manual = codes["ghsl-r2023a"], codes["manual-2021"]
    changed = default != manual
    assert changed.any()
    assert set(default[changed]) | set(manual[changed]) <= {22, 21, 13, 12, 11}
    assert (codes["ghsl-r2022a"] == 30).sum() < (default == 30).sum()


def test_ghana_keeps_its_people_and_its_sea(accra):
    people, grid = read_raster(accra / "POP_1km_ghana_54009.tif")
    land, _ = read_raster(accra / "LAND_1km_ghana_54009.tif")
    built, _ = read_raster(accra / "BUILT_S_1km_ghana_54009.tif")
    codes = classify(people, grid, land_m2=land, built_m2=built)
    assert set(np.unique(codes)) == set(LEVEL2_CODES)
    assert np.nansum(people[codes == 10]) == 0
    assert (codes[np.isnan(land)] == 10).all()
    row, col = divmod(int(np.nanargmax(people)), grid.nx)
    assert codes[row, col] == 30


def test_a_centre_needs_1500_a_cell_and_50000_together():
    square = (slice(2, 7), slice(2, 7))
    assert (classed(block((9, 9), (*square, 2000.0)), level=1)[square] == 3).all()  # 25 × 2,000 = 50,000
    short = classed(block((9, 9), (*square, 1999.0)))
    assert set(short[square].ravel()) == {23}
    assert set(classed(block((9, 9), (*square, 1499.0)))[square].ravel()) == {22}


def test_centres_do_not_meet_at_a_corner():
    people = block((8, 8), (slice(0, 4), slice(0, 4), 1600.0), (slice(4, 8), slice(4, 8), 1600.0))
    assert (classed(people, level=1) == 3).sum() == 0  # 25,600 each
    assert (classed(people, level=1) == 2).sum() == 32


def test_density_is_per_land():
    people = block((5, 5), (slice(1, 4), slice(1, 4), 800.0))
    half = np.full((5, 5), KM2 / 2)
    assert classed(people)[2, 2] == 21  # 7,200 people at 800
    assert classed(people, land_m2=half)[2, 2] == 23  # at 1,600


def test_built_up_land_counts_as_dense_and_shares_are_rounded_first():
    people = block((7, 7), (slice(1, 6), slice(1, 6), 4000.0))
    people[3, 3:7] = 10.0
    built = np.zeros((7, 7))
    built[3, 6] = 199_500.0  # 0.1995 → 0.2
    people[3, 5] = 4000.0
    assert classed(people, built_m2=built, level=1)[3, 6] == 3
    built[3, 6] = 199_400.0
    assert classed(people, built_m2=built, level=1)[3, 6] != 3
    built[3, 6] = 300_000.0
    assert classed(people, built_m2=built, level=1, parameters=GHSL_R2022A)[3, 6] != 3
    assert classed(people, built_m2=built, level=1, parameters=replace(GHSL_R2023A, built_share=None))[3, 6] != 3


def notched():
    people = block((8, 8), (slice(2, 6), slice(2, 6), 4000.0), background=10.0)
    people[2, 3] = 10.0  # five of its neighbours are of the centre
    return people


def test_the_majority_draws_a_notch_in():
    for parameters in (GHSL_R2022A, GHSL_R2023A):
        assert classed(notched(), level=1, parameters=parameters)[2, 3] == 3


def test_only_populated_or_land_neighbours_are_counted_since_2023_and_water_never_joins():
    people = block((8, 8), (slice(2, 6), slice(2, 6), 4000.0), background=10.0)
    people[2, 2] = 10.0  # a corner: three of eight
    land = np.full((8, 8), KM2)
    people[1, 1:4], land[1, 1:4] = 0.0, 0.0  # three of five, water left out
    assert classed(people, land_m2=land, level=1)[2, 2] == 3
    assert classed(people, land_m2=land, level=1, parameters=GHSL_R2022A)[2, 2] == 1
    wet = notched()
    wet[2, 3], land[:] = 0.0, KM2
    land[2, 3] = 0.4 * KM2
    assert classed(wet, land_m2=land, level=1)[2, 3] == 0
    assert classed(wet, land_m2=land, level=1, parameters=GHSL_R2022A)[2, 3] == 3


@pytest.mark.parametrize(("rows", "cols", "filled"), [(2, 7, True), (3, 5, False), (4, 4, False)])
def test_gaps_below_15_km2_are_filled(rows, cols, filled):
    people = np.full((12, 12), 1600.0)
    people[3 : 3 + rows, 3 : 3 + cols] = 10.0
    parameters = replace(GHSL_R2023A, majority=9)  # nothing joins, so that the gap keeps its size
    gap = classed(people, level=1, parameters=parameters)[3 : 3 + rows, 3 : 3 + cols]
    assert set(gap.ravel()) == {3 if filled else 1}


def test_urban_clusters_meet_at_corners_and_need_5000():
    chain = np.diag([880.0] * 6)  # 5,280 people that touch at corners only
    assert set(np.diag(classed(chain))) == {21}
    assert set(np.diag(classed(chain, level=1))) == {2}
    chain[5, 5] = 0.0
    assert set(np.diag(classed(chain))) == {13, 11}
    assert set(np.diag(classed(chain, level=1))) == {1}


def test_rural_classes():
    people = block((5, 7), (1, 1, 500.0), (1, 4, 300.0), (2, 5, 199.0), (4, 1, 50.0), (4, 3, 49.9), (4, 6, 499.0))
    codes = classed(people)
    assert codes[1, 1] == 13
    assert (codes[1, 4], codes[2, 5]) == (12, 12)  # 300 in the cluster: too few for a rural cluster
    assert (codes[4, 1], codes[4, 3], codes[4, 6], codes[0, 0]) == (12, 11, 12, 11)


@pytest.mark.parametrize(("apart", "code"), [(1, 21), (2, 21), (3, 22)])
def test_a_semi_dense_cluster_keeps_two_cells_between(apart, code):
    # a dense cluster of 6,000 in columns 0-1, then a semi-dense one of 5,700 that starts `apart` columns on
    people = block((6, 12), (0, slice(0, 2), 3000.0), background=10.0)
    people[2:5, 1 + apart : 3 + apart] = 950.0
    people[1, 1 + apart] = 950.0  # one row below the dense cells, so that only columns keep them apart
    codes = classed(people)
    assert codes[0, 0] == 23
    assert set(codes[people == 950.0]) == {code}  # the whole cluster, not only its near cells


def test_the_manual_takes_whole_urban_clusters_set_apart():
    people = block((6, 12), (slice(1, 4), slice(1, 4), 600.0))
    assert classed(people)[2, 2] == 21
    assert classed(people, parameters=MANUAL_2021)[2, 2] == 22
    people[2, 5:7] = 4000.0
    assert classed(people, parameters=MANUAL_2021)[2, 2] == 21


def test_a_dense_cluster_of_level_2_need_not_be_an_urban_cluster_of_level_1():
    people = block((5, 5), (2, 2, 2600.0))
    assert classed(people)[2, 2] == 22
    assert classed(people, level=1)[2, 2] == 1


def test_water_is_little_land_without_people_or_buildings():
    people, built = np.zeros((1, 5)), np.zeros((1, 5))
    land = np.array([[0.49, 0.5, 0.2, 0.2, 0.2]]) * KM2
    people[0, 2], built[0, 3], people[0, 4] = 1.0, 1.0, np.nan
    assert classed(people, land_m2=land, built_m2=built).tolist() == [[10, 11, 11, 11, 10]]
    assert classed(people, land_m2=land, built_m2=built, level=1).tolist() == [[0, 1, 1, 1, 0]]
    assert classed(people).tolist() == [[11] * 5]


def test_people_without_land_are_dense_and_unknown_land_bears_whom_it_holds():
    people = np.array([[3000.0, 3000.0, 0.0, 0.0]])
    assert classed(people, land_m2=np.zeros((1, 4))).tolist() == [[23, 23, 10, 10]]
    built = np.array([[0.0, 0.0, 5.0, 0.0]])
    assert classed(people / 10, land_m2=np.full((1, 4), np.nan), built_m2=built).tolist() == [[13, 13, 11, 10]]


def test_level1_of_every_code_and_every_code_is_named():
    assert level1_of(LEVEL2_CODES).tolist() == [3, 2, 2, 2, 1, 1, 1, 0]
    assert set(CLASS_NAMES) == {*LEVEL2_CODES, *LEVEL1_CODES}


PEOPLE = st.sampled_from([0.0, 10.0, 60.0, 310.0, 950.0, 1600.0, 12_000.0, np.nan])


@given(
    arrays(np.float64, st.tuples(st.integers(1, 14), st.integers(1, 14)), elements=PEOPLE),
    st.integers(0, 2**16),
    st.data(),
)
@settings(max_examples=50)
def test_classes_do_not_depend_on_strips_and_stay_of_their_level(people, seed, data):
    rng = np.random.default_rng(seed)
    land = rng.choice([0.0, 0.4, 0.6, 1.0, np.nan], people.shape) * KM2
    built = rng.choice([0.0, 0.3], people.shape) * np.nan_to_num(land)
    parameters = replace(preset(data.draw(st.sampled_from(VARIANTS))), centre_size=20_000)
    strip = data.draw(st.integers(1, people.shape[0]))
    for level, allowed in ((1, LEVEL1_CODES), (2, LEVEL2_CODES)):
        options = {"land_m2": land, "built_m2": built, "level": level, "parameters": parameters}
        codes = classed(people, **options)
        assert np.array_equal(codes, classed(people, strip_rows=strip, **options))
        assert set(np.unique(codes)) <= set(allowed)
        assert not np.nansum(people[codes == allowed[-1]])


@given(arrays(np.float64, (11, 9), elements=PEOPLE))
@settings(max_examples=25)
def test_classes_turn_with_the_map(people):
    parameters = replace(GHSL_R2023A, centre_size=20_000)
    codes = classed(people, parameters=parameters)
    assert np.array_equal(codes[::-1], classed(people[::-1], parameters=parameters))
    assert np.array_equal(codes.T, classed(people.T, parameters=parameters))


def test_unknown_variant_names_the_nearest():
    assert preset("manual-2021") == MANUAL_2021
    with pytest.raises(ScenarioError, match="did you mean 'ghsl-r2023a'"):
        preset("GHSL_R2023A")
    with pytest.raises(ScenarioError, match="ghsl-r2023a, ghsl-r2022a, manual-2021"):
        preset("zzz")


def test_grids_that_do_not_fit_are_refused():
    people = np.zeros((4, 4))
    with pytest.raises(GridError, match="1 km"):
        classify(people, grid_of((4, 4), side=100.0))
    with pytest.raises(CRSError):
        classify(people, grid_of((4, 4), crs=CRS.from_epsg(3857)))
    with pytest.raises(CRSError):
        classify(people, Grid(CRS.from_epsg(4326), Affine(0.01, 0, 0, 0, -0.01, 50), (4, 4)))
    with pytest.raises(GridError, match="land_m2"):
        classed(people, land_m2=np.zeros((4, 3)))


def test_impossible_amounts_are_all_listed():
    people, land = np.zeros((2, 2)), np.full((2, 2), KM2)
    people[0, 0], people[1, 1], land[0, 1] = -1.0, np.inf, -5.0
    with pytest.raises(SchemaError) as caught:
        classed(people, land_m2=land)
    assert len(caught.value.faults) == 3
    with pytest.raises(UnitError):
        classed(np.zeros((2, 2)), level=3)
    with pytest.raises(UnitError):
        classed(np.zeros((2, 2)), strip_rows=0)
