"""Nearest places on a network."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer
from street_grids import PLANE, blocks, network, scattered

from geo.errors import CRSError, GridError, RangeError
from geo.metric import ground_form, ground_metric
from geo.snap import snap


def test_in_the_middle_of_an_edge_and_at_its_ends():
    streets = network([(0, 0), (100, 0), (100, 50)], [(0, 1), (1, 2)])
    found = snap(streets, [30, -3, 140, 100], [40, -4, 30, 80], max_m=60)
    assert found.edge.tolist() == [0, 0, 1, 1]
    assert found.along_m == pytest.approx([30, 0, 30, 50], abs=1e-5)
    assert found.off_m == pytest.approx([40, 5, 40, 30], abs=1e-5)


def test_along_a_bent_line_metres_run_on_from_the_tail():
    streets = network([(0, 0), (100, 100)], [(0, 1, (100, 0))])
    found = snap(streets, [110, 60], [25, -5], max_m=50)
    assert found.along_m == pytest.approx([125, 60], abs=1e-5)
    assert found.off_m == pytest.approx([10, 5], abs=1e-5)


def test_too_far_is_nowhere_and_just_near_enough_is_not():
    streets = network([(0, 0), (100, 0)], [(0, 1)])
    found = snap(streets, [50, 50, 9e5], [10, 10.01, 0], max_m=10.000001)
    assert found.edge.tolist() == [0, -1, -1]
    assert np.isnan(found.off_m[1:]).all()
    assert np.isnan(found.along_m[1:]).all()
    assert snap(streets, [9e5], [0], max_m=np.inf).edge.tolist() == [0]


def test_of_edges_equally_near_the_first_wins():
    streets = blocks(3, 3)
    assert snap(streets, [0, 100], [0, 100], max_m=100).edge.tolist() == [0, 2]  # at crossings
    twice = network([(0, 0), (100, 0)], [(1, 0), (0, 1)])
    assert snap(twice, [20], [5], max_m=50).edge.tolist() == [0]


def test_nothing_to_snap_or_nothing_to_snap_to():
    streets = blocks(2, 2)
    assert snap(streets, [], [], max_m=1).edge.size == 0
    empty = network([(0, 0), (1, 0)], [(0, 1)])
    bare = type(empty)(
        PLANE,
        *(getattr(empty, k)[:0] for k in ("x", "y", "tail", "head", "length_m")),
        np.zeros(1, dtype=np.int64),
        *(getattr(empty, k)[:0] for k in ("vertex_x", "vertex_y", "vertex_m")),
    )
    assert snap(bare, [0.0], [0.0], max_m=np.inf).edge.tolist() == [-1]


def test_impossible_input_is_refused():
    with pytest.raises(GridError, match="2 x for 1 y"):
        snap(blocks(2, 2), [0, 1], [0], max_m=1)
    with pytest.raises(GridError, match="drop it"):
        snap(blocks(2, 2), [np.nan], [0], max_m=1)
    with pytest.raises(RangeError, match="at most -1"):
        snap(blocks(2, 2), [0], [0], max_m=-1)
    with pytest.raises(CRSError, match="projected"):
        ground_form(np.zeros(1), np.zeros(1), CRS.from_epsg(4326))


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(2, 80), st.sampled_from([5.0, 100.0, np.inf]))
def test_equals_every_line_tried_by_shapely(seed, nodes, limit):
    streets = scattered(seed, nodes)
    x, y = np.random.default_rng(seed).uniform(-500, 2500, (2, 50))
    lines = [
        shapely.LineString(np.column_stack([streets.vertex_x[a:b], streets.vertex_y[a:b]]))
        for a, b in zip(streets.starts[:-1], streets.starts[1:], strict=True)
    ]
    far = shapely.distance(shapely.points(x, y)[:, None], np.array(lines)[None])
    found = snap(streets, x, y, max_m=limit)
    on = found.edge >= 0
    assert on.tolist() == (far.min(axis=1) <= limit).tolist()
    assert found.off_m[on] == pytest.approx(far.min(axis=1)[on], abs=1e-3)
    assert far[np.flatnonzero(on), found.edge[on]] == pytest.approx(far.min(axis=1)[on], abs=1e-3)
    place = [lines[e].project(shapely.Point(a, b)) for e, a, b in zip(found.edge[on], x[on], y[on], strict=True)]
    assert found.along_m[on] == pytest.approx(place, abs=0.01)


def test_the_order_of_points_and_of_edges_changes_nothing():
    streets, rng = scattered(5), np.random.default_rng(1)
    x, y = rng.uniform(0, 2000, (2, 400))
    turn = rng.permutation(400)
    one, other = snap(streets, x, y, max_m=300), snap(streets, x[turn], y[turn], max_m=300)
    for name in ("edge", "along_m", "off_m"):
        np.testing.assert_array_equal(getattr(one, name)[turn], getattr(other, name))


@pytest.mark.parametrize(("lon", "lat"), [(25.0, 60.2), (-51.2, -30.0), (-0.2, 5.6)])
def test_on_a_stretched_grid_the_nearest_is_the_nearest_on_the_ground(lon, lat):
    mollweide, geod = CRS.from_user_input("ESRI:54009"), Geod(ellps="WGS84")
    there = Transformer.from_crs("EPSG:4326", mollweide, always_xy=True)
    rng = np.random.default_rng(3)
    ends = np.array(there.transform(lon + rng.uniform(-0.004, 0.004, 80), lat + rng.uniform(-0.002, 0.002, 80))).T
    streets = network([tuple(p) for p in ends], [(2 * k, 2 * k + 1) for k in range(40)], crs=mollweide)
    home_lon, home_lat = lon + rng.uniform(-0.004, 0.004, 60), lat + rng.uniform(-0.002, 0.002, 60)
    found = snap(streets, *there.transform(home_lon, home_lat), max_m=np.inf)
    share = np.linspace(0, 1, 2001)[:, None, None]
    along = ends[0::2] + share * (ends[1::2] - ends[0::2])
    at = np.array(there.transform(along[..., 0], along[..., 1], direction="INVERSE"))
    for k in range(60):
        far = geod.inv(np.full(at[0].shape, home_lon[k]), np.full(at[0].shape, home_lat[k]), at[0], at[1])[2]
        assert found.off_m[k] == pytest.approx(far.min(), abs=0.05)
        assert far[:, found.edge[k]].min() == pytest.approx(far.min(), abs=0.05)


def test_interpolated_stretch_equals_the_measured_one():
    crs = CRS.from_user_input("ESRI:54009")
    x, y = np.random.default_rng(0).uniform([[1_500_000], [6_900_000]], [[1_900_000], [7_200_000]], (2, 200))
    exact = ground_form(x, y, crs)
    np.testing.assert_allclose(ground_metric(x, y, crs).at(x, y), exact, rtol=0, atol=1e-5)
    assert np.abs(exact[:, [0, 2]] - 1).max() > 0.3  # the grid is stretched there
