"""Minutes and metres to the nearest place, on flat ground, on slopes, without streets and on real ones."""

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import shared
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer
from street_grids import PLANE, blocks, network

from analysis.walking import (
    NO_PLACE,
    NO_STREET,
    NOT_JOINED,
    REACHED,
    Pace,
    edge_minutes,
    slope_factor,
    straight_walks,
    street_walks,
)
from data.streets import read_streets
from geo.errors import GridError, RangeError
from geo.network import kept
from geo.snap import Snapped, snap
from geo.walk import walk


def test_five_minutes_are_four_hundred_metres():
    found = street_walks(blocks(5, 2), home_x=[400], home_y=[0], place_x=[0], place_y=[0])
    assert found.walk_m == pytest.approx([400])
    assert found.walk_time_min == pytest.approx([5])
    assert (found.measure, found.place.tolist(), found.reason.tolist()) == ("along streets", [0], [REACHED])
    slow = street_walks(blocks(5, 2), home_x=[400], home_y=[0], place_x=[0], place_y=[0], pace=Pace(speed_kmh=2.4))
    assert slow.walk_time_min == pytest.approx([10])


def test_who_cannot_walk_there_is_told_why():
    streets = network([(0, 0), (100, 0), (0, 900), (100, 900)], [(0, 1), (2, 3)])
    found = street_walks(streets, home_x=[50, 50, 50], home_y=[5, 905, 4000], place_x=[9e4, 0], place_y=[0, 0])
    assert found.reason.tolist() == [REACHED, NOT_JOINED, NO_STREET]
    assert found.walk_m[1:].tolist() == found.walk_time_min[1:].tolist() == [np.inf, np.inf]
    assert (found.place.tolist(), found.places_off.tolist()) == ([1, -1, -1], [0])
    none = street_walks(streets, home_x=[50], home_y=[5], place_x=[], place_y=[])
    assert none.reason.tolist() == [NO_PLACE]


def test_without_any_street_nobody_gets_anywhere():
    nothing = kept(blocks(2, 2), np.zeros(4, dtype=np.bool_))
    found = street_walks(nothing, home_x=[0, 1], home_y=[0, 1], place_x=[0], place_y=[0])
    assert found.walk_time_min.tolist() == found.walk_m.tolist() == [np.inf, np.inf]
    assert (found.reason.tolist(), found.places_off.tolist()) == ([NO_STREET, NO_STREET], [0])


def test_a_place_listed_twice_changes_no_walk():
    streets, rng = blocks(6, 6), np.random.default_rng(2)
    home_x, home_y = rng.uniform(0, 500, (2, 80))
    x, y = rng.uniform(0, 500, (2, 4))
    once = street_walks(streets, home_x=home_x, home_y=home_y, place_x=x, place_y=y)
    for again in ([0, 1, 2, 3, 0, 2], [0, 0, 1, 1, 2, 3]):
        twice = street_walks(streets, home_x=home_x, home_y=home_y, place_x=x[again], place_y=y[again])
        for name in ("walk_time_min", "walk_m", "reason"):
            np.testing.assert_array_equal(getattr(twice, name), getattr(once, name))
        # the first of the equal rows serves
        np.testing.assert_array_equal(twice.place, np.array([again.index(k) for k in range(4)])[once.place])


@pytest.mark.parametrize("simplify", [False, True])
def test_a_layer_with_points_drawn_as_lines_and_with_loops_is_walked(tmp_path, simplify):
    to = Transformer.from_crs(PLANE, "EPSG:4326", always_xy=True)
    drawn = [
        [(0, 0), (100, 0)],
        [(100, 0), (200, 0)],
        [(50, 0), (50, 0)],  # of no length
        [(200, 0), (200, 0), (200, 80), (200, 80)],  # with steps of no length
        [(100, 0), (150, 50), (100, 100), (50, 50), (100, 0)],  # back to where it starts
    ]
    rows = [shapely.LineString(np.column_stack(to.transform(*np.array(xy, dtype=float).T))) for xy in drawn]
    gpd.GeoSeries(rows, crs=4326).to_file(tmp_path / "lines.gpkg")
    box = (-500, -500, 500, 500)
    streets, _ = read_streets(tmp_path / "lines.gpkg", crs=PLANE, bounds=box, least_m=0, simplify=simplify)
    round_it = 4 * np.hypot(50, 50)
    assert streets.length_m.sum() == pytest.approx(280 + round_it, abs=0.1)
    assert (streets.length_m > 0).all()
    # the far end, the end of the branch, and round the loop to its sides and to its top, either way
    home = {"home_x": [0, 200, 50, 75, 125, 100], "home_y": [0, 80, 50, 75, 75, 100]}
    found = street_walks(streets, **home, place_x=[100], place_y=[0])
    quarter = round_it / 4
    by_hand = [100, 180, quarter, 1.5 * quarter, 1.5 * quarter, 2 * quarter]
    assert found.walk_m == pytest.approx(by_hand, abs=0.1)


def test_slopes_by_hand():
    assert slope_factor(0) == pytest.approx(1)
    assert slope_factor(0.05) == pytest.approx(np.cosh(0.175))
    assert slope_factor(0.1) == pytest.approx(np.exp(0.35) * (1 + np.exp(-0.35)) / 2)
    tobler = 6 * np.exp(-3.5 * np.abs(np.array([0.2, -0.2, 0]) + 0.05))  # km/h up, down, flat
    assert slope_factor(0.2) == pytest.approx((1 / tobler[:2]).mean() * tobler[2])


@given(st.floats(0, 2), st.floats(0, 2))
def test_steeper_is_never_quicker(one, other):
    low, high = sorted([one, other])
    assert 1 <= slope_factor(low) <= slope_factor(high)


def test_a_hill_costs_the_same_both_ways_and_the_quick_way_goes_round_it():
    nodes, lines = [(0, 0), (400, 0), (200, 100)], [(0, 1), (0, 2), (2, 1)]
    streets = network(nodes, lines, climb=[80, 0, np.nan], fall=[80, 0, np.nan])
    minutes, flat, capped = edge_minutes(streets, Pace())
    assert (flat, capped) == (1, 0)
    assert minutes[0] == pytest.approx(5 * np.exp(1.4) * (1 + np.exp(-0.35)) / 2)  # 160 m up and down on 400 m
    there = street_walks(streets, home_x=[400], home_y=[0], place_x=[0], place_y=[0])
    back = street_walks(streets, home_x=[0], home_y=[0], place_x=[400], place_y=[0])
    round_it = 2 * np.hypot(200, 100)
    assert there.walk_m == pytest.approx([400])
    assert there.walk_time_min == pytest.approx([round_it / 80])
    assert there.walk_time_min == pytest.approx(back.walk_time_min)
    cliff = network(nodes[:2], lines[:1], climb=[4000], fall=[0])
    minutes, _, capped = edge_minutes(cliff, Pace())
    assert capped == 1
    assert minutes == pytest.approx(5 * slope_factor(0.5))


def test_without_streets_the_straight_line_is_named_with_its_factor():
    mollweide, geod = CRS.from_user_input("ESRI:54009"), Geod(ellps="WGS84")
    there = Transformer.from_crs("EPSG:4326", mollweide, always_xy=True)
    lon, lat = 25 + np.array([0.0, 0.02, 0.02]), 60 + np.array([0.0, 0.0, 0.01])
    x, y = there.transform(lon, lat)
    found = straight_walks(mollweide, home_x=x[:1], home_y=y[:1], place_x=x[1:], place_y=y[1:], pace=Pace(detour=1.5))
    metres = geod.inv(lon[0], lat[0], lon[1], lat[1])[2]
    assert found.walk_m == pytest.approx([1.5 * metres], abs=0.01)
    assert found.walk_time_min == pytest.approx([1.5 * metres / 80], rel=1e-4)
    assert (found.measure, found.place.tolist()) == ("straight line × 1.5", [0])
    none = straight_walks(PLANE, home_x=[0], home_y=[0], place_x=[], place_y=[])
    assert (none.walk_m.tolist(), none.reason.tolist()) == ([np.inf], [NO_PLACE])
    double = straight_walks(PLANE, home_x=[0], home_y=[0], place_x=[9, 5, 5], place_y=[0, 0, 0])
    assert double.place.tolist() == [1]


def test_impossible_input_is_refused():
    with pytest.raises(RangeError, match="speed_kmh is 0"):
        Pace(speed_kmh=0)
    with pytest.raises(RangeError, match="detour is nan"):
        Pace(detour=np.nan)
    with pytest.raises(GridError, match="homes: 1 x for 2 y"):
        straight_walks(PLANE, home_x=[0], home_y=[0, 1], place_x=[], place_y=[])
    with pytest.raises(GridError, match="places: a point"):
        straight_walks(PLANE, home_x=[0], home_y=[0], place_x=[np.nan], place_y=[0])


UTM = CRS.from_epsg(32722)


@pytest.fixture(scope="module")
def porto_alegre():
    folder = shared("porto-alegre")
    pytest.importorskip("osmium", reason="the reader of OpenStreetMap files needs osmium")
    to = Transformer.from_crs("EPSG:4326", UTM, always_xy=True)
    homes, places = pd.read_csv(folder / "poa_hexgrid.csv"), pd.read_csv(folder / "poa_points_of_interest.csv")
    homes = homes[homes["population"] > 0]
    x, y = to.transform(homes["lon"], homes["lat"])
    streets, _ = read_streets(folder / "poa_osm.pbf", crs=UTM, bounds=(x.min(), y.min(), x.max(), y.max()))
    return streets, (x, y), homes["population"].to_numpy(), to.transform(places["lon"], places["lat"])


def test_porto_alegre_equals_networkx_from_200_random_homes(porto_alegre):
    streets, _, _, places = porto_alegre
    rng, ends = np.random.default_rng(4), snap(streets, *places, max_m=500)
    # nobody lives on a place's own street, so that the two ends of a street say it all
    edge = rng.choice(np.setdiff1d(np.arange(streets.tail.size), ends.edge), 200)
    origins = Snapped(edge, streets.length_m[edge] * rng.random(200), rng.uniform(0, 60, 200))
    graph = nx.MultiGraph()
    graph.add_weighted_edges_from(
        zip(streets.tail.tolist(), streets.head.tolist(), streets.length_m.tolist(), strict=True)
    )
    for k in np.flatnonzero(ends.edge >= 0):
        e, along = ends.edge[k], ends.along_m[k]
        graph.add_edge("wifi", ("door", k), weight=float(ends.off_m[k]))
        graph.add_edge(("door", k), int(streets.tail[e]), weight=float(along))
        graph.add_edge(("door", k), int(streets.head[e]), weight=float(streets.length_m[e] - along))
    far = nx.single_source_dijkstra_path_length(graph, "wifi")
    rest = streets.length_m[edge] - origins.along_m
    ways = np.column_stack(
        [
            [far.get(int(t), np.inf) for t in streets.tail[edge]] + origins.along_m,
            [far.get(int(h), np.inf) for h in streets.head[edge]] + rest,
        ]
    )
    found = walk(streets, sources=ends, targets=origins, cost=streets.length_m, off_cost=1.0)
    np.testing.assert_allclose(found.cost, ways.min(axis=1) + origins.off_m, rtol=0, atol=1e-6)
    assert np.isfinite(found.cost).sum() >= 190


def test_porto_alegre_is_as_far_there_as_back(porto_alegre):
    streets, homes, _, places = porto_alegre
    a, b = (snap(streets, x[:12], y[:12], max_m=500) for x, y in (homes, places))
    one = Snapped(a.edge[:1], a.along_m[:1], a.off_m[:1])
    there = walk(streets, sources=one, targets=b, cost=streets.length_m, off_cost=1.0).cost
    back = [
        walk(
            streets,
            sources=Snapped(b.edge[k : k + 1], b.along_m[k : k + 1], b.off_m[k : k + 1]),
            targets=one,
            cost=streets.length_m,
            off_cost=1.0,
        ).cost[0]
        for k in range(12)
    ]
    np.testing.assert_allclose(there, back, rtol=0, atol=1e-6)


def test_in_porto_alegre_a_straight_line_overstates_access(porto_alegre):
    streets, homes, people, places = porto_alegre
    along = street_walks(streets, home_x=homes[0], home_y=homes[1], place_x=places[0], place_y=places[1])
    line = straight_walks(
        UTM, home_x=homes[0], home_y=homes[1], place_x=places[0], place_y=places[1], pace=Pace(detour=1)
    )
    # a way along streets is never shorter than the straight line (2 mm: snapping measures locally)
    assert (along.walk_m >= line.walk_m - 0.002).all()
    within = {
        metres: (people[along.walk_m <= metres].sum(), people[line.walk_m <= metres].sum()) for metres in (400, 800)
    }
    # of 812,935 people; from the middles of the hexagons: 2.5 and 1.8 times as many by the straight line
    assert {metres: line / street for metres, (street, line) in within.items()} == pytest.approx(
        {400: 2.505, 800: 1.778}, rel=0.01
    )
    with_factor = straight_walks(UTM, home_x=homes[0], home_y=homes[1], place_x=places[0], place_y=places[1])
    assert people[with_factor.walk_m <= 400].sum() > 1.3 * within[400][0]  # × 1.3 does not mend it


def test_in_porto_alegre_a_new_hotspot_never_makes_a_walk_longer(porto_alegre):
    streets, homes, _, places = porto_alegre
    x, y = (np.asarray(values) for values in places)
    turn = np.random.default_rng(5).permutation(x.size)
    before = np.full(len(homes[0]), np.inf)
    for count in (1, 2, 5, 20, x.size):
        found = street_walks(
            streets, home_x=homes[0], home_y=homes[1], place_x=x[turn[:count]], place_y=y[turn[:count]]
        )
        assert (found.walk_time_min <= before).all()
        assert (found.walk_m[found.walk_time_min < before] < np.inf).all()
        before = found.walk_time_min


def test_in_porto_alegre_a_hotspot_in_the_lake_is_named_and_helps_nobody(porto_alegre):
    streets, homes, _, places = porto_alegre
    lake = Transformer.from_crs("EPSG:4326", UTM, always_xy=True).transform(-51.30, -30.05)
    at = {"home_x": homes[0], "home_y": homes[1]}
    without = street_walks(streets, **at, place_x=places[0], place_y=places[1])
    found = street_walks(streets, **at, place_x=np.append(places[0], lake[0]), place_y=np.append(places[1], lake[1]))
    assert found.places_off.tolist() == [*without.places_off, len(places[0])]
    np.testing.assert_array_equal(found.walk_time_min, without.walk_time_min)
    np.testing.assert_array_equal(found.place, without.place)
