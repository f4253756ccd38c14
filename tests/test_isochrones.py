"""Areas within so many minutes."""

import numpy as np
import pytest
import shapely
from pyproj import CRS, Transformer
from street_grids import PLANE, blocks, network, scattered

from analysis.isochrones import _merged, _spans, isochrones
from geo.errors import RangeError
from geo.network import Network
from geo.snap import Snapped, snap
from geo.walk import spread

PER_M = 1 / 80


def areas(streets, places, **options):
    return isochrones(streets, sources=places, minutes=streets.length_m * PER_M, minutes_per_m=PER_M, **options)


def test_a_straight_street_is_reached_from_a_to_b():
    streets = network([(0, 0), (1000, 0)], [(0, 1)])
    place = snap(streets, [300], [0], max_m=1)
    edge, start, end = _merged(*_spans(streets, place, streets.length_m * PER_M, PER_M, 5.0))
    assert (edge.tolist(), start.tolist(), end.tolist()) == ([0], [0.0], [pytest.approx(0.7)])
    five, ten = areas(streets, place, limits=(5, 10), half_width_m=20)
    assert five.bounds == pytest.approx((-20, -20, 720, 20), abs=0.01)
    assert ten.bounds == pytest.approx((-20, -20, 1020, 20), abs=0.01)
    assert five.area == pytest.approx(700 * 40 + np.pi * 400, rel=0.002)


def test_both_ends_of_a_street_are_reached_but_not_its_middle():
    streets = network([(0, 0), (1000, 0)], [(0, 1)])
    five = areas(streets, snap(streets, [0, 1000, 500], [0, 0, 350], max_m=500), limits=(5,), half_width_m=10)[0]
    assert five.geom_type == "MultiPolygon"  # 400 m from each end, and 50 m about the middle from 350 m off it
    assert [round(part.bounds[0]) for part in sorted(five.geoms, key=lambda p: p.bounds)] == [-10, 440, 590]


def test_nothing_is_reached_from_nowhere():
    streets = blocks(2, 2)
    empty = areas(streets, Snapped(np.array([-1]), np.array([np.nan]), np.array([np.nan])))
    assert [a.is_empty for a in empty] == [True] * 3


@pytest.mark.parametrize("seed", range(6))
def test_holds_every_reached_place_and_grows_with_time(seed):
    streets, rng = scattered(seed), np.random.default_rng(seed)
    place = snap(streets, *rng.uniform(0, 2000, (2, 3)), max_m=500)
    small, middle, large = areas(streets, place)
    at = spread(streets, sources=place, cost=streets.length_m * PER_M, off_cost=PER_M).cost
    points = shapely.points(streets.x, streets.y)
    for area, limit in ((small, 5), (middle, 10), (large, 15)):
        assert area.is_valid
        assert shapely.covers(area.buffer(0.01), points[at <= limit]).all()
    assert small.difference(middle.buffer(0.01)).area == pytest.approx(0, abs=1)
    assert middle.difference(large.buffer(0.01)).area == pytest.approx(0, abs=1)


def test_the_order_of_edges_changes_no_byte():
    streets = scattered(2)
    turn = np.random.default_rng(0).permutation(streets.tail.size)
    sizes = np.diff(streets.starts)[turn]
    at = np.concatenate([np.arange(streets.starts[e], streets.starts[e + 1]) for e in turn])
    other = Network(
        PLANE,
        streets.x,
        streets.y,
        streets.tail[turn],
        streets.head[turn],
        streets.length_m[turn],
        np.append(0, np.cumsum(sizes)),
        streets.vertex_x[at],
        streets.vertex_y[at],
        streets.vertex_m[at],
    )
    one = areas(streets, snap(streets, [700, 1200], [900, 300], max_m=500))
    two = areas(other, snap(other, [700, 1200], [900, 300], max_m=500))
    assert [a.wkb for a in one] == [a.wkb for a in two]


def test_no_more_vertices_than_asked():
    streets = blocks(20, 20)
    place = snap(streets, [950], [950], max_m=500)
    fine, coarse = (areas(streets, place, limits=(10,), most_vertices=most)[0] for most in (20_000, 60))
    assert shapely.get_num_coordinates(fine) > 60 >= shapely.get_num_coordinates(coarse)
    assert coarse.is_valid
    assert coarse.symmetric_difference(shapely.Polygon(fine.exterior)).area < 0.25 * fine.area


def test_on_a_stretched_grid_widths_are_on_the_ground():
    mollweide = CRS.from_user_input("ESRI:54009")
    x, y = Transformer.from_crs("EPSG:4326", mollweide, always_xy=True).transform(25.0, 60.2)
    streets = network([(x, y), (x + 1, y)], [(0, 1)], crs=mollweide)
    area = areas(streets, snap(streets, [x], [y], max_m=10), limits=(5,), half_width_m=100)[0]
    there = Transformer.from_crs(
        mollweide, CRS.from_proj4("+proj=aeqd +lat_0=60.2 +lon_0=25 +datum=WGS84"), always_xy=True
    )
    ring = np.hypot(*there.transform(*np.array(area.exterior.coords).T))
    assert ring.min() > 98.5
    assert ring.max() < 101.5


def test_impossible_input_is_refused():
    streets = blocks(2, 2)
    with pytest.raises(RangeError, match="too small"):
        areas(streets, snap(streets, [0], [0], max_m=1), limits=(0,))
