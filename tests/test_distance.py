"""Distance to the nearest source."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.distance import nearest_distance
from geo.errors import GridError


def test_three_four_five():
    assert nearest_distance([0, 6], [0, 8], [3, 6], [4, 9]).tolist() == [5, 1]


def test_without_sources_everything_is_infinitely_far():
    assert nearest_distance([0.0, 1], [0, 1], [], []).tolist() == [np.inf, np.inf]
    assert nearest_distance([], [], [1], [1]).size == 0


def test_a_point_without_place_has_no_distance():
    np.testing.assert_array_equal(nearest_distance([np.nan, 0], [0, 0], [0], [2]), [np.nan, 2])
    np.testing.assert_array_equal(nearest_distance([np.nan, 0], [0, 0], [], []), [np.nan, np.inf])


def test_impossible_input_is_refused():
    with pytest.raises(GridError, match="drop it"):
        nearest_distance([0], [0], [np.nan], [0])
    with pytest.raises(GridError, match="2 x for 1 y"):
        nearest_distance([0, 1], [0], [0], [0])


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 40))
def test_equals_every_pair_tried(seed, points, sources):
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(-1e5, 1e5, (2, points))
    sx, sy = rng.uniform(-1e5, 1e5, (2, sources))
    every = np.hypot(x[:, None] - sx, y[:, None] - sy).min(axis=1)
    np.testing.assert_allclose(nearest_distance(x, y, sx, sy), every, rtol=1e-12)
