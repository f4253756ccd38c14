"""How far to what a site is joined to: by hand on a plane, and against geodesics to every metre of every line."""

from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer
from street_grids import PLANE, blocks

from analysis.links import links, standing_sites
from geo.errors import GridError, RangeError
from geo.nearest import nearest_on

MOLLWEIDE = CRS("ESRI:54009")
FAR = (4.0e5, 6.4e6)
"""A place near 59° N, where Mollweide stretches one way by 1.3 and shrinks the other."""


def features(kinds, shapes):
    return gpd.GeoDataFrame({"kind": kinds, "name": [""] * len(shapes)}, geometry=shapes, crs=PLANE)


def region(*, backhaul=None, power=None, streets=None, sites=(), silent=()):
    tables = [pd.DataFrame(list(rows), columns=["x", "y"]) if rows else None for rows in (sites, silent)]
    layer = SimpleNamespace(sites=tables[0], silent=tables[1])
    grid = SimpleNamespace(crs=PLANE)
    return SimpleNamespace(grid=grid, coverage=(layer,), streets=streets, backhaul=backhaul, power=power)


NODE, CABLE = shapely.Point(0, 0), shapely.LineString([(1000, 0), (1000, 1000)])


def test_the_nearest_of_a_node_and_a_cable_by_hand():
    place = region(backhaul=features(["node", "fibre"], [NODE, CABLE]), sites=[(300, 401)])
    found = links([300, 900, 1000, 1300], [400, 500, 250, 1400], region=place)
    assert found.to == "backhaul"
    assert found.metres == pytest.approx([500, 100, 0, 500], abs=1e-3)
    assert found.end_x == pytest.approx([0, 1000, 1000, 1000], abs=1e-3)
    assert found.end_y == pytest.approx([0, 500, 250, 1000], abs=1e-3)
    assert found.end_kind.tolist() == ["node", "fibre", "fibre", "fibre"]
    assert np.isnan(found.along_m).all()
    assert np.isnan(found.power_m).all()


def test_without_backhaul_the_nearest_site_that_stands_serves():
    place = region(sites=[(0, 0), (0, 0)], silent=[(1000, 0)], power=features(["fibre"], [CABLE]))
    found = links([100, 900], [0, 0], region=place)
    assert (found.to, found.end_kind.tolist()) == ("site", ["site", "site"])
    assert found.metres == pytest.approx([100, 100], abs=1e-3)
    assert found.end_x == pytest.approx([0, 1000], abs=1e-3)
    assert found.power_m == pytest.approx([900, 100], abs=1e-3)
    assert shapely.get_coordinates(standing_sites(place)).tolist() == [[0, 0], [1000, 0]]


def test_where_nothing_is_known_nothing_is_said():
    found = links([100, 900], [0, 0], region=region())
    assert found.to == ""
    assert found.end_kind.tolist() == ["", ""]
    for values in (found.metres, found.end_x, found.end_y, found.along_m, found.power_m):
        assert np.isnan(values).all()
    none = links([], [], region=region(backhaul=features(["node"], [NODE])))
    assert none.metres.size == none.end_kind.size == none.along_m.size == 0


def test_along_streets_by_hand():
    streets = blocks(11, 11)  # streets every 100 m, from 0 to 1000
    backhaul = features(["node", "fibre"], [NODE, shapely.LineString([(5000, 0), (5000, 1000)])])
    found = links([300, 300, 4900], [400, 450, 500], region=region(backhaul=backhaul, streets=streets))
    assert found.along_m == pytest.approx([700, 750, np.nan], abs=1e-3, nan_ok=True)
    assert found.metres == pytest.approx([500, np.hypot(300, 450), 100], abs=1e-3)
    # 30 m beyond the last street, and a node 40 m before the first one
    beside = region(backhaul=features(["node"], [shapely.Point(-40, 0)]), streets=streets)
    assert links([1030], [200], region=beside).along_m == pytest.approx([30 + 1000 + 200 + 40], abs=1e-3)
    assert np.isnan(links([1030], [200], region=beside, off_street_m=29).along_m).all()


def test_a_node_at_the_end_of_a_cable_is_what_one_is_joined_to():
    backhaul = features(["fibre", "node"], [CABLE, shapely.Point(1000, 0)])
    found = links([500, 1200], [-700, 500], region=region(backhaul=backhaul, streets=blocks(11, 11)))
    assert found.end_kind.tolist() == ["node", "fibre"]
    assert found.along_m == pytest.approx([1200, np.nan], abs=1e-3, nan_ok=True)


def test_along_streets_another_node_may_be_nearer():
    """A straight line of 300 m to the first node crosses open water; the way there is longer than to the second."""
    from street_grids import network

    streets = network([(0, 0), (0, 300), (500, 300), (500, 0)], [(0, 3), (3, 2), (2, 1)])
    nodes = features(["node", "node"], [shapely.Point(0, 300), shapely.Point(500, 0)])
    found = links([0], [0], region=region(backhaul=nodes, streets=streets))
    assert (found.metres[0], found.end_y[0]) == pytest.approx((300, 300), abs=1e-3)
    assert found.along_m == pytest.approx([500], abs=1e-3)


def test_what_cannot_be_measured():
    place = region(backhaul=features(["node"], [NODE]), streets=blocks(3, 3))
    with pytest.raises(GridError, match="2 x for 1 y"):
        links([0, 1], [0], region=place)
    with pytest.raises(GridError, match="finite"):
        links([0, np.nan], [0, 0], region=place)
    with pytest.raises(RangeError, match="off the network"):
        links([0], [0], region=place, off_street_m=-1)
    with pytest.raises(GridError, match="among points and lines"):
        nearest_on([shapely.box(0, 0, 1, 1)], [0], [0], crs=PLANE)
    with pytest.raises(GridError, match="none of them empty"):
        nearest_on([shapely.Point()], [0], [0], crs=PLANE)


def test_no_shapes_no_places_parts_and_ties():
    none = nearest_on([], [1.0], [2.0], crs=PLANE)
    assert (none.shape.tolist(), none.metres.tolist(), np.isnan(none.x).all()) == ([-1], [np.inf], True)
    both = [shapely.Point(10, 0), shapely.LineString([(10, 0), (10, 9)]), shapely.Point(10, 0)]
    assert nearest_on(both, [0, 10], [0, 0], crs=PLANE).shape.tolist() == [0, 0]
    assert nearest_on(both[1:], [0], [0], crs=PLANE).shape.tolist() == [0]
    parts = (
        shapely.MultiPoint([(0, 0), (500, 0)]),
        shapely.MultiLineString([[(0, 99), (9, 99)], [(500, 99), (600, 99)]]),
    )
    found = nearest_on(parts, [500, 550], [20, 80], crs=PLANE)
    assert found.shape.tolist() == [0, 1]
    assert found.metres == pytest.approx([20, 19], abs=1e-3)
    assert found.x == pytest.approx([500, 550], abs=1e-3)


spot = st.tuples(st.integers(-3000, 3000), st.integers(-3000, 3000))


@settings(max_examples=40)
@given(
    st.lists(st.lists(spot, min_size=1, max_size=3, unique=True), min_size=1, max_size=4),
    st.lists(spot, min_size=1, max_size=4),
    st.sampled_from([1.0, 20.0]),
    st.randoms(use_true_random=False),
)
def test_no_metre_of_any_line_is_nearer_on_the_ground(drawn, places, scale, random):
    shapes = [
        shapely.LineString(np.add(np.multiply(spots, scale), FAR))
        if len(spots) > 1
        else shapely.Point(np.add(np.multiply(spots, scale), FAR)[0])
        for spots in drawn
    ]
    x, y = (np.multiply(places, scale) + FAR).T
    found = nearest_on(shapes, x, y, crs=MOLLWEIDE)
    there = Transformer.from_crs(MOLLWEIDE, "EPSG:4326", always_xy=True)
    step = 5.0 * scale
    spots = [shapely.get_coordinates(shapely.segmentize(shape, step)) for shape in shapes]
    owner = np.repeat(np.arange(len(shapes)), [len(one) for one in spots])
    lon, lat = there.transform(*np.concatenate(spots).T)
    for k in range(x.size):
        start = np.broadcast_to(np.array(there.transform(x[k], y[k]))[:, None], (2, lon.size))
        metres = np.asarray(Geod(ellps="WGS84").inv(start[0], start[1], lon, lat)[2])
        best = metres.min()
        assert best - step <= found.metres[k] <= best + 1e-3
        assert metres[owner == found.shape[k]].min() <= best + step
        assert shapely.distance(shapes[found.shape[k]], shapely.Point(found.x[k], found.y[k])) < 1e-3
    order = list(range(len(shapes)))
    random.shuffle(order)
    again = nearest_on([shapes[k] for k in order], x, y, crs=MOLLWEIDE)
    assert again.metres == pytest.approx(found.metres, abs=1e-3)


@settings(max_examples=30)
@given(st.lists(spot, min_size=1, max_size=3), st.lists(spot, min_size=1, max_size=5))
def test_a_way_along_streets_is_never_shorter_and_more_nodes_never_make_it_longer(nodes, places):
    streets = blocks(31, 31, 200.0)
    shapes = [shapely.Point(np.add(spots, 3000)) for spots in nodes]
    x, y = np.add(places, 3000.0).T
    few = links(x, y, region=region(backhaul=features(["node"], shapes[:1]), streets=streets))
    found = links(x, y, region=region(backhaul=features(["node"] * len(shapes), shapes), streets=streets))
    assert (found.along_m >= found.metres * (1 - 1e-5) - 1e-3).all()
    assert (found.along_m <= few.along_m + 1e-6).all()
    assert (found.metres <= few.metres + 1e-6).all()
