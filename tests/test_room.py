"""Enhanced two-step floating catchment areas."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from street_grids import blocks

from analysis.room import band_weight, reach_pairs, room
from geo.errors import GridError, RangeError
from geo.snap import snap
from geo.walk import Pairs


def pairs(*rows):
    spot, cell, minutes = zip(*rows, strict=True) if rows else ((), (), ())
    return Pairs(np.array(spot, dtype=np.int64), np.array(cell, dtype=np.int64), np.array(minutes, dtype=float))


def test_two_hotspots_and_three_cells_by_hand():
    near = pairs((0, 0, 2), (0, 1, 7), (1, 1, 5), (1, 2, 14.9))
    found = room(near, persons=[100, 50, 200], access_points=[2, 1], users_each=30, at_once=0.1)
    assert found.capacity.tolist() == [60, 30]
    assert found.demand == pytest.approx([100 + 50 * 0.68, 50 + 200 * 0.22])
    r0, r1 = 60 / 134, 30 / 94
    assert found.ratio == pytest.approx([r0, r1])
    assert found.accessibility == pytest.approx([r0, 0.68 * r0 + r1, 0.22 * r1])
    share = 0.68 / 1.68  # of the second cell's people at the first hotspot
    assert found.expected == pytest.approx([10 + 5 * share, 5 * (1 - share) + 20])
    assert (found.over.tolist(), found.under.tolist()) == ([False, False], [True, True])
    full = room(near, persons=[100, 50, 200], access_points=[2, 0.5], users_each=30, at_once=0.1)
    assert (full.over.tolist(), full.under.tolist()) == ([False, True], [True, False])


def test_the_end_of_a_band_belongs_to_it_and_beyond_the_last_nothing_counts():
    assert band_weight([0, 5, 5.01, 10, 15, 15.01]).tolist() == [1, 1, 0.68, 0.68, 0.22, 0]
    found = room(pairs((0, 0, 16)), persons=[9], access_points=[1], users_each=30, at_once=1)
    assert (found.demand[0], found.accessibility[0], found.expected[0]) == (0, 0, 0)
    assert np.isnan(found.ratio[0])


def test_what_is_not_known_stays_so_and_spoils_only_what_it_touches():
    near = pairs((0, 0, 1), (1, 0, 1), (1, 1, 1), (2, 2, 1))
    found = room(near, persons=[10, 10, 0], access_points=[np.nan, 1, np.nan], users_each=20, at_once=1)
    np.testing.assert_array_equal(found.accessibility, [np.nan, 1, np.nan])
    np.testing.assert_array_equal(found.ratio, [np.nan, 1, np.nan])
    assert not found.over[[0, 2]].any()
    assert not found.under[[0, 2]].any()
    empty = room(pairs((0, 0, 1)), persons=[0, 5], access_points=[3], users_each=20, at_once=1)
    assert empty.accessibility.tolist() == [0, 0]


def test_equals_pysal_access():
    """PySAL access 1.1.10, enhanced_two_stage_fca, bands 5, 10 and 15: its figures for these inputs."""
    rng = np.random.default_rng(11)
    people, capacity = rng.integers(1, 500, 12).astype(float), rng.integers(1, 6, 4) * 30.0
    near = pairs(*[(h, c, round(float(rng.uniform(0, 20)), 3)) for h in range(4) for c in range(12)])
    published = [
        0.05179140723008045, 0.04221178188566226, 0.1071638624950164, 0.10313804687602036, 0.0627407492365576,
        0.11008614921121174, 0.11316922488661016, 0.056207895452778524, 0.08927539584787375, 0.10966164735985406,
        0.04908080794460133, 0.07090633831828327,
    ]  # fmt: skip
    found = room(near, persons=people, access_points=capacity / 30, users_each=30, at_once=1)
    np.testing.assert_allclose(found.accessibility, published, rtol=1e-12)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 20), st.integers(1, 40))
def test_every_place_is_given_out_once_and_everybody_goes_once(seed, spots, cells):
    rng = np.random.default_rng(seed)
    minutes = rng.uniform(0, 40, (spots, cells))
    spot, cell = np.nonzero(minutes < 30)
    near = Pairs(spot, cell, minutes[spot, cell])
    people, points = rng.integers(0, 4, cells) * rng.random(cells) * 900, rng.integers(0, 9, spots)
    found = room(near, persons=people, access_points=points, users_each=25, at_once=0.3)
    reached = (people * (minutes <= 15)).sum(axis=1) > 0
    assert (people * found.accessibility).sum() == pytest.approx(25 * points[reached].sum())
    assert found.expected.sum() == pytest.approx(0.3 * people[(minutes <= 15).any(axis=0)].sum())
    weight = np.select([minutes <= 5, minutes <= 10, minutes <= 15], [1, 0.68, 0.22], 0)
    demand = weight @ people
    ratio = np.divide(25 * points, demand, out=np.zeros(spots), where=demand > 0)
    np.testing.assert_allclose(found.accessibility, ratio @ weight, atol=1e-12)


def test_along_streets_pairs_are_minutes_on_foot():
    streets = blocks(20, 2)
    spots, homes = snap(streets, [0, 400], [0, 0], max_m=1), snap(streets, [0, 800, 1300], [0, 0, 0], max_m=1)
    near = reach_pairs(streets, hotspots=spots, homes=homes, minutes=streets.length_m / 80, minutes_per_m=1 / 80)
    assert list(zip(near.source.tolist(), near.target.tolist(), strict=True)) == [
        (0, 0),
        (0, 1),
        (1, 0),
        (1, 1),
        (1, 2),
    ]
    assert near.cost == pytest.approx([0, 10, 5, 5, 11.25])


def test_impossible_input_is_refused():
    near, rest = pairs((0, 0, 1)), {"users_each": 30, "at_once": 1}
    for people in (-1, np.nan, np.inf):
        with pytest.raises(RangeError, match="first: row 0"):
            room(near, persons=[people], access_points=[1], **rest)
    with pytest.raises(RangeError, match="1 hotspots with a negative"):
        room(near, persons=[1], access_points=[-1], **rest)
    with pytest.raises(RangeError, match="share between"):
        room(near, persons=[1], access_points=[1], users_each=30, at_once=1.1)
    with pytest.raises(GridError, match="home 0 of 0"):
        room(near, persons=[], access_points=[1], **rest)
    with pytest.raises(GridError, match="hotspot 0 of 0"):
        room(near, persons=[1], access_points=[], **rest)
    for bands in ((), ((5, 1), (5, 0.5)), ((5, 0.5), (10, 0.6)), ((0, 1),), ((5, 1.1),)):
        with pytest.raises(RangeError, match="bands"):
            band_weight([1], bands)
