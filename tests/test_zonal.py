"""Zones meet cells: by hand, against exactextract on real districts, and inside + outside = total."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine
from exactextract import exact_extract
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from geo.burn import cell_fractions
from geo.errors import CRSError, GridError
from geo.grid import Grid
from geo.raster import read_raster
from geo.vector import remove_overlaps
from geo.zonal import cell_zone_table, inside_share, known_share, main_zone, outside, weighted_sum

LAEA = CRS(3035)
THREE = Grid(LAEA, Affine(1, 0, 0, 0, -1, 3), (3, 3))
VALUES = np.arange(1.0, 10).reshape(3, 3)


def zones(*shapes):
    return gpd.GeoSeries(list(shapes), crs=LAEA)


HALVES = zones(shapely.box(0, 0, 1.5, 3), shapely.box(1.5, 0, 2, 3), shapely.box(50, 50, 60, 60))


def test_sums_by_hand():
    table = cell_zone_table(HALVES, THREE)
    assert table.n_zones == 3
    # first zone: columns 1 (1+4+7) and half of 2 (2+5+8); second the other half; third touches no cell
    assert weighted_sum(VALUES, table).tolist() == [12 + 7.5, 7.5, 0]
    assert outside(VALUES, table) == 3 + 6 + 9
    assert inside_share(table).tolist() == [[1, 1, 0]] * 3
    assert main_zone(table).tolist() == [0, 0, -1] * 3


def test_rows_of_a_table_give_what_the_raster_gives():
    table = cell_zone_table(HALVES, THREE)
    cells = np.array([8, 1, 3])
    raster = np.zeros(9)
    raster[cells] = [5, 2, 4]
    assert np.array_equal(weighted_sum([5, 2, 4], table, cell_id=cells), weighted_sum(raster, table))
    assert outside([5, 2, 4], table, cell_id=cells) == 5
    with pytest.raises(GridError):
        weighted_sum([1], table, cell_id=[9])
    with pytest.raises(GridError):
        weighted_sum(np.ones((2, 3)), table)


def test_not_known_adds_nothing_and_is_told():
    table = cell_zone_table(HALVES, THREE)
    values = VALUES.copy()
    values[:, 1] = np.nan
    assert weighted_sum(values, table).tolist() == [12, 0, 0]
    np.testing.assert_array_equal(known_share(values, table), [1 / 1.5, 0, np.nan])


def test_overlapping_zones_and_foreign_ones_are_refused():
    with pytest.raises(GridError, match="overlap"):
        cell_zone_table(zones(shapely.box(0, 0, 2, 2), shapely.box(1, 1, 3, 3)), THREE)
    with pytest.raises(CRSError):
        cell_zone_table(gpd.GeoSeries([shapely.box(0, 0, 1, 1)]), THREE)
    with pytest.raises(CRSError):
        cell_zone_table(gpd.GeoSeries([shapely.box(0, 0, 1, 1)], crs=4326), THREE)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(3, 40))
def test_inside_and_outside_make_the_total(seed, count):
    rng = np.random.default_rng(seed)
    grid = Grid(LAEA, Affine(0.7, 0, -1, 0, -1.1, 11), (9, 14))
    cells = shapely.voronoi_polygons(shapely.multipoints(rng.uniform(0, 10, (count, 2)))).geoms
    given_zones = gpd.GeoSeries([c for c in cells if rng.random() < 0.8], crs=LAEA)
    values = rng.exponential(100, grid.shape) * (rng.random(grid.shape) < 0.7)
    table = cell_zone_table(given_zones, grid)
    inside = weighted_sum(values, table).sum()
    assert inside + outside(values, table) == pytest.approx(values.sum(), rel=1e-12)
    assert inside_share(table).max() <= 1
    area = np.bincount(table.zone, weights=table.share, minlength=len(given_zones)) * 0.77
    on_grid = shapely.area(shapely.intersection(np.asarray(given_zones), shapely.box(*grid.bounds)))
    np.testing.assert_allclose(area, on_grid, atol=1e-9)


def extracted(path, frame):
    return exact_extract(str(path), frame, "sum", output="pandas")["sum"].to_numpy()


def naive(values, frame, grid):
    index, cell_id, share = cell_fractions(frame.geometry, grid)
    return np.bincount(index, weights=np.nan_to_num(values.ravel()[cell_id]) * share, minlength=len(frame))


def test_accra_equals_exactextract(accra):
    path = accra / "POP_1km_ghana_54009.tif"
    values, grid = read_raster(path)
    districts = gpd.read_file(accra / "districts_ghana_with_census2021.geojson").to_crs(grid.crs)
    districts = districts[districts["region"] == "Greater Accra Region"]
    ours = weighted_sum(values, cell_zone_table(districts.geometry, grid))
    assert len(ours) == 29
    np.testing.assert_allclose(ours, extracted(path, districts), rtol=1e-6)
    assert ours.sum() == pytest.approx(4_806_832.78, abs=0.01)


def test_paris_counts_nobody_twice(paris):
    path = paris / "population_2021_1km_epsg3035.tif"
    values, grid = read_raster(path)
    communes = gpd.read_file(paris / "zones_communes_arrondissements.geojson").to_crs(grid.crs)
    overlapping = naive(values, communes, grid)
    np.testing.assert_allclose(overlapping, extracted(path, communes), rtol=1e-6)
    assert overlapping.sum() == pytest.approx(12_291_870.6, abs=0.1)
    apart, overlaps = remove_overlaps(communes, key="code")
    assert overlaps["cut"].all()
    ours = weighted_sum(values, cell_zone_table(apart.geometry, grid))
    assert ours.sum() == pytest.approx(12_288_410.8, abs=0.1)
    union = gpd.GeoDataFrame(geometry=[communes.union_all()], crs=grid.crs)
    assert ours.sum() == pytest.approx(extracted(path, union).sum(), rel=1e-6)
