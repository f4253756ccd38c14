"""Choosing, requiring and suspecting coordinate reference systems."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from geo.crs import equal_area_crs, looks_swapped, region_grid, require_crs
from geo.errors import CRSError, GridError


def test_europe_the_world_and_elsewhere():
    assert equal_area_crs((1.4, 48.1, 3.6, 49.3)).to_epsg() == 3035
    assert equal_area_crs((-100, -40, 100, 60)).to_authority() == ("ESRI", "54009")
    accra = equal_area_crs((-0.6, 5.4, 0.7, 6.2))
    assert accra.name == "Lambert azimuthal equal-area at 6N 0E"
    assert Transformer.from_crs(4326, accra, always_xy=True).transform(0, 6) == pytest.approx((0, 0), abs=1e-6)
    assert equal_area_crs((-74.3, 40.4, -73.6, 41)).name == "Lambert azimuthal equal-area at 41N 74W"


def test_an_extent_across_the_180th_meridian_is_centred_on_it():
    fiji = equal_area_crs((177, -20, -178, -15))
    assert fiji.name == "Lambert azimuthal equal-area at 18S 180W"


@pytest.mark.parametrize("bounds", [(5, 200, 6, 201), (2, 49, 1, 48), (float("nan"), 0, 1, 1), (6e5, 5e6, 7e5, 6e6)])
def test_impossible_extents_are_refused(bounds):
    with pytest.raises(CRSError):
        equal_area_crs(bounds)


@settings(max_examples=40)
@given(st.floats(-179, 130), st.floats(-85, 75), st.floats(0.1, 20), st.floats(0.1, 9))
def test_what_is_chosen_keeps_areas(west, south, width, height):
    bounds = (west, south, west + width, south + height)
    crs = equal_area_crs(bounds)
    left, bottom, right, top = Transformer.from_crs(4326, crs, always_xy=True).transform_bounds(*bounds)
    grid = region_grid((left, bottom, right, top), crs, resolution=1000)
    assert grid.area_distortion() < 0.001
    assert grid.west <= left
    assert grid.bounds[2] >= right - 1e-3


def test_grids_snap_outward_to_whole_multiples():
    grid = region_grid((3_999_001, 2_999_999, 4_001_000, 3_000_001), CRS(3035), resolution=1000)
    assert grid.bounds == (3_999_000, 2_999_000, 4_001_000, 3_001_000)
    assert grid.shape == (2, 2)
    assert region_grid(grid.bounds, CRS(3035), resolution=1000) == grid
    assert region_grid((5, 5, 5, 5), equal_area_crs((0, 6, 0, 6)), resolution=10).shape == (1, 1)


def test_false_areas_and_empty_extents_are_refused():
    with pytest.raises(CRSError, match="distorts"):
        region_grid((0, 8e6, 1e5, 8.1e6), CRS(3857), resolution=1000)
    with pytest.raises(CRSError):
        region_grid((0, 0, 1, 1), CRS(4326), resolution=0.1)
    for bounds, resolution in (((0, 0, 1, float("nan")), 1), ((1, 0, 0, 1), 1), ((0, 0, 1, 1), 0), ((0, 0, 1, 1), -5)):
        with pytest.raises(GridError):
            region_grid(bounds, CRS(3035), resolution=resolution)


def test_a_layer_without_crs_is_named():
    with pytest.raises(CRSError, match=r"zones\.geojson: has no CRS"):
        require_crs(gpd.GeoSeries([shapely.Point(0, 0)]), what="zones.geojson")
    assert require_crs(gpd.GeoSeries([shapely.Point(0, 0)], crs=3035), what="x") == CRS(3035)


def test_exchanged_axes_are_recognised():
    accra = (-0.6, 5.4, 0.7, 6.2)
    assert looks_swapped((5.4, -0.5, 6.1, 0.6), accra)
    assert not looks_swapped((-0.5, 5.4, 0.6, 6.1), accra)
    assert not looks_swapped((100, 20, 101, 21), accra)
    new_york = (-74.3, 40.4, -73.6, 41)
    assert looks_swapped((40.5, -74.2, 40.9, -73.7), new_york)
    assert not looks_swapped((5e5, 4e6, 6e5, 5e6), new_york)
