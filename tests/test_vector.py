"""Polygons made fit to be counted with: transformed, repaired, apart."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from geo.errors import CRSError, SchemaError
from geo.vector import empty_rows, largest_part, polygonal, remove_overlaps, repair, to_grid_crs

LAEA = CRS(3035)
BOW_TIE = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])


def frame(*shapes, crs=LAEA, **columns):
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=crs)


def test_a_long_border_along_a_parallel_stays_on_it():
    wide = to_grid_crs(frame(shapely.box(0, 45, 20, 50), crs=4326), LAEA)
    assert wide.crs == LAEA
    back = wide.geometry.to_crs(4326)[0]
    assert back.bounds == pytest.approx((0, 45, 20, 50), abs=1e-7)
    straight = frame(shapely.box(0, 45, 20, 50), crs=4326).to_crs(LAEA).geometry[0]
    assert straight.symmetric_difference(wide.geometry[0]).area > 1e9  # without the points between: over 1,000 km² off


def test_shapes_already_in_the_crs_are_unchanged():
    given_shapes = frame(shapely.box(0, 0, 5e5, 5e5), name=["a"])
    assert to_grid_crs(given_shapes, LAEA).equals(given_shapes)


def test_no_crs_and_shapes_out_of_sight_are_refused():
    with pytest.raises(CRSError, match="no CRS"):
        to_grid_crs(frame(BOW_TIE, crs=None), LAEA)
    orthographic = CRS.from_proj4("+proj=ortho +lat_0=0 +lon_0=0 +units=m +type=crs")
    with pytest.raises(CRSError, match=r"1 shapes .*rows 2"):
        to_grid_crs(frame(shapely.box(0, 0, 1, 1), shapely.box(170, 0, 171, 1), crs=4326), orthographic)


def test_repair_keeps_areas_and_drops_what_has_none():
    collection = shapely.GeometryCollection([shapely.box(0, 0, 1, 1), shapely.LineString([(0, 0), (5, 5)])])
    spike = shapely.Polygon([(0, 0), (1, 0), (2, 0)])
    given_shapes = frame(
        shapely.box(0, 0, 1, 1), BOW_TIE, None, shapely.Polygon(), collection, shapely.Point(0, 0), spike,
        name=list("abcdefg"),
    )  # fmt: skip
    fixed, rows = repair(given_shapes)
    assert rows == [2, 3, 4, 5, 6, 7]
    assert empty_rows(given_shapes) == [3, 4, 6, 7]
    assert fixed["name"].tolist() == ["a", "b", "e"]
    assert fixed.index.tolist() == [0, 1, 4]
    assert fixed.area.tolist() == [1, 2, 1]
    assert fixed.is_valid.all()
    assert repair(fixed)[1] == []
    assert given_shapes.geometry[1].equals(BOW_TIE)


def test_overlapping_parts_become_their_union():
    fixed, rows = repair(frame(shapely.MultiPolygon([shapely.box(0, 0, 2, 2), shapely.box(1, 1, 3, 3)])))
    assert rows == [1]
    assert fixed.area.tolist() == [7]


def test_polygonal_and_largest_part():
    mixed = shapely.GeometryCollection([shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(5, 5, 7, 7)])])
    assert polygonal(np.array([mixed, None, shapely.Point(0, 0)], dtype=object))[0].area == 5
    assert largest_part(mixed).equals(shapely.box(5, 5, 7, 7))
    assert largest_part(shapely.MultiPolygon([shapely.box(5, 5, 6, 6), shapely.box(0, 0, 1, 1)])).bounds[0] == 0
    assert largest_part(shapely.Point(0, 0)).is_empty


def test_a_sliver_goes_to_the_lower_key_and_a_real_overlap_is_reported():
    zones = frame(
        shapely.box(990, 0, 2000, 1000),
        shapely.box(0, 0, 1000, 1000),
        shapely.box(1500, 0, 2500, 1000),
        id=["b", "a", "c"],
    )
    apart, overlaps = remove_overlaps(zones, key="id")
    expected = pd.DataFrame(
        {"first": ["a", "b"], "second": ["b", "c"], "area_km2": [0.01, 0.5], "share": [0.01, 0.5], "cut": [True, False]}
    )
    pd.testing.assert_frame_equal(overlaps, expected, check_dtype=False)
    assert apart.area.tolist() == [1_000_000, 1_000_000, 1_000_000]
    assert apart["id"].tolist() == ["b", "a", "c"]
    assert remove_overlaps(zones, key="id", tolerance=0.005)[0].area.tolist() == zones.area.tolist()


def test_zones_one_inside_another_are_a_real_overlap():
    _, overlaps = remove_overlaps(
        frame(shapely.box(0, 0, 9e3, 9e3), shapely.box(1e3, 1e3, 2e3, 2e3), id=[1, 2]), key="id"
    )
    assert overlaps["share"].tolist() == [1]
    assert not overlaps["cut"].any()


def test_neighbours_that_only_touch_do_not_overlap():
    zones = frame(shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(1, 1, 2, 2), id=[3, 1, 2])
    apart, overlaps = remove_overlaps(zones, key="id")
    assert overlaps.empty
    assert apart.geometry.geom_equals(zones.geometry).all()


def test_missing_or_double_keys_and_degrees_are_refused():
    two = [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]
    for ids in (["a", "a"], ["a", None]):
        with pytest.raises(SchemaError, match="id of its own"):
            remove_overlaps(frame(*two, id=ids), key="id")
    with pytest.raises(CRSError, match="projected"):
        remove_overlaps(frame(*two, id=["a", "b"], crs=4326), key="id")


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_the_union_stays_and_row_order_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    left, low = rng.uniform(0, 20, (2, 12)) // 5 * 100
    slip = rng.uniform(0, 8, (2, 12))
    zones = frame(*shapely.box(left, low, left + 100 + slip[0], low + 100 + slip[1]), id=rng.permutation(12))
    apart, overlaps = remove_overlaps(zones, key="id", tolerance=1)
    assert overlaps["cut"].all()
    assert apart.area.sum() == pytest.approx(zones.union_all().area, rel=1e-9)
    order = rng.permutation(12)
    other, same = remove_overlaps(zones.iloc[order], key="id", tolerance=1)
    pd.testing.assert_frame_equal(same, overlaps)
    assert (other.geometry.sort_index().to_wkb() == apart.geometry.to_wkb()).all()


def test_paris_overlaps_its_neighbours_slightly(paris):
    communes = to_grid_crs(gpd.read_file(paris / "zones_communes_arrondissements.geojson"), LAEA)
    apart, overlaps = remove_overlaps(communes, key="code")
    assert overlaps["cut"].all()
    assert overlaps["area_km2"].sum() == pytest.approx(0.248, abs=0.001)
    assert overlaps["share"].max() == pytest.approx(0.0229, abs=0.0001)  # 19e arrondissement and Le Pré-Saint-Gervais
    assert apart.area.sum() == pytest.approx(communes.union_all().area, rel=1e-9)
