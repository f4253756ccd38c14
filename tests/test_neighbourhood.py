"""Components, majority and gaps against hand-drawn grids and scipy's labelling."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from geo.components import ComponentFinder
from geo.errors import GridError
from geo.neighbourhood import fill_gaps, grow_by_majority


def drawn(text):
    """Integer grid from a picture: '.' is 0."""
    rows = text.split()
    return np.array([[0 if c == "." else int(c) for c in row] for row in rows], dtype=np.int32)


def found(mask, *, diagonal, weights=None, strip=None):
    finder = ComponentFinder(diagonal=diagonal)
    weights = np.ones(mask.shape) if weights is None else weights
    for row in range(0, mask.shape[0], strip or mask.shape[0]):
        at = slice(row, row + (strip or mask.shape[0]))
        finder.add(mask[at], weights[at])
    return finder.components()


def labelled(components, shape):
    out = np.zeros(shape, np.int32)
    components.paint(out, np.arange(1, components.totals.size + 1))
    return out


CORNER = drawn("""
11..
..1.
1.1.
111.
""")


def test_components_share_an_edge_or_a_corner():
    four = found(CORNER > 0, diagonal=False)
    assert labelled(four, CORNER.shape).tolist() == drawn("11.. ..2. 2.2. 222.").tolist()
    assert four.totals.tolist() == [2, 6]
    assert found(CORNER > 0, diagonal=True).totals.tolist() == [8]


def test_weights_are_summed_and_unknown_ones_count_as_nothing():
    weights = np.array([[1.5, np.nan, 0.0, 4.0]])
    assert found(np.array([[True, True, False, True]]), diagonal=False, weights=weights).totals.tolist() == [1.5, 4.0]


@given(arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12))), st.booleans(), st.integers(1, 12))
@settings(max_examples=50)
def test_components_equal_scipy_whatever_the_strips(mask, diagonal, strip):
    components = found(mask, diagonal=diagonal, strip=strip)
    labels, count = ndimage.label(mask, structure=np.ones((3, 3)) if diagonal else None)
    assert components.totals.size == count
    ours = labelled(components, mask.shape)
    pairs = set(zip(ours.ravel().tolist(), labels.ravel().tolist(), strict=True))
    assert len({a for a, _ in pairs}) == len({b for _, b in pairs}) == len(pairs)
    assert components.totals.sum() == mask.sum()
    assert np.array_equal(ours, labelled(found(mask, diagonal=diagonal), mask.shape))


def test_painting_keeps_what_is_there_and_zero_paints_nothing():
    out = np.zeros(CORNER.shape, np.int16)
    out[0, 0] = 9
    found(CORNER > 0, diagonal=False).paint(out, np.array([5, 0]))
    assert out.tolist() == drawn("95.. .... .... ....").tolist()


@pytest.mark.parametrize(("reach", "near"), [(0, False), (1, False), (2, True), (3, True)])
def test_nearness_counts_corners(reach, near):
    mask = np.zeros((6, 6), np.int16)
    mask[5, 5] = 30
    grid = drawn("..... ..... ..... ...1.".replace(" ", ". ") + ". ...... ......")
    components = found(grid > 0, diagonal=False)
    assert components.near(mask, reach=reach, among=np.array([True])).tolist() == [near]
    assert components.near(mask, reach=reach, among=np.array([False])).tolist() == [False]


def grown(text, *, at_least=0, counted=None, joinable=None):
    labels = drawn(text)
    whole = np.ones(labels.shape, np.bool_)
    rounds = grow_by_majority(
        labels,
        counted=whole if counted is None else counted,
        joinable=whole if joinable is None else joinable,
        at_least=at_least,
    )
    return labels, rounds


def test_the_needed_neighbours_draw_cells_in_round_by_round():
    labels, rounds = grown("1111. 1...1 1111.", at_least=5)
    assert rounds == 1  # six above and below are enough for all three at once
    assert labels[1].tolist() == [1] * 5
    labels, rounds = grown("111111 1..... 111111", at_least=7)
    assert rounds == 4  # the seventh is the western neighbour, one round after the other; the last has five
    assert labels[1].tolist() == [1, 1, 1, 1, 1, 0]


def test_four_of_eight_are_no_majority():
    labels, rounds = grown("11.. 1... 1...")
    assert rounds == 0
    assert labels.tolist() == drawn("11.. 1... 1...").tolist()


def test_uncounted_neighbours_leave_the_majority_and_unjoinable_cells_stay_out():
    text = "11.. 1... 1..."
    counted = np.ones((3, 4), np.bool_)
    counted[0, 2] = False  # 4 of 7 now
    labels, _ = grown(text, counted=counted)
    assert labels[1, 1] == 1
    joinable = np.ones((3, 4), np.bool_)
    joinable[1, 1] = False
    labels, rounds = grown(text, counted=counted, joinable=joinable)
    assert rounds == 0
    assert labels[1, 1] == 0


def test_a_cell_joins_the_label_that_holds_most_and_never_a_mixture():
    labels, _ = grown("122 1.2 122")
    assert labels[1, 1] == 2
    labels, _ = grown("112 1.2 122")
    assert labels[1, 1] == 0


def test_beyond_the_edge_lie_counted_cells_without_a_label():
    labels, _ = grown(".1 11")
    assert labels[0, 0] == 0


def test_gaps_below_the_limit_are_filled_and_others_are_not():
    ring = drawn("11111 1...1 1...1 11111 .....")
    small, exact = ring.copy(), ring.copy()
    assert fill_gaps(small, below=7) == 6
    assert (small[:4] == 1).all()
    assert fill_gaps(exact, below=6) == 0
    assert np.array_equal(exact, ring)


def test_a_gap_at_a_corner_is_two_gaps_and_one_that_leaks_is_none():
    corner = drawn("11111 1.111 11.11 11111")
    assert fill_gaps(corner, below=2) == 2
    leak = drawn("11.11 1...1 11111 .....")
    assert fill_gaps(leak, below=99) == 0
    edge = drawn("111 1.1")
    assert fill_gaps(edge, below=99) == 0


def test_another_label_in_a_gap_counts_and_keeps_its_own():
    grid = drawn("1111 1.21 1111 ....")
    assert fill_gaps(grid.copy(), below=2) == 0
    assert fill_gaps(grid, below=3) == 1
    assert grid[1].tolist() == [1, 1, 2, 1]


@given(arrays(np.bool_, st.tuples(st.integers(3, 10), st.integers(3, 10))), st.integers(1, 20))
@settings(max_examples=50)
def test_gaps_equal_scipy_for_one_label(mask, below):
    labels = mask.astype(np.int32)
    fill_gaps(labels, below=below)
    gaps, count = ndimage.label(~mask)
    expected = mask.copy()
    border = np.concatenate([gaps[0], gaps[-1], gaps[:, 0], gaps[:, -1]])
    for gap in set(range(1, count + 1)) - set(border.tolist()):
        if (gaps == gap).sum() < below:
            expected[gaps == gap] = True
    assert np.array_equal(labels > 0, expected)


def test_arrays_that_do_not_fit_are_refused():
    finder = ComponentFinder(diagonal=False)
    with pytest.raises(GridError):
        finder.add(np.ones((2, 2), np.bool_), np.ones((2, 3)))
    finder.add(np.ones((2, 2), np.bool_), np.ones((2, 2)))
    with pytest.raises(GridError):
        finder.add(np.ones((1, 3), np.bool_), np.ones((1, 3)))
    components = finder.components()
    with pytest.raises(GridError):
        components.paint(np.zeros((2, 1), np.int32), np.array([1]))
    with pytest.raises(GridError):
        components.paint(np.zeros((2, 2), np.int32), np.array([1, 2]))
    with pytest.raises(GridError):
        components.near(np.zeros((3, 3), np.int32), reach=1, among=np.array([True]))
    with pytest.raises(GridError):
        grow_by_majority(
            np.ones((2, 2), np.int32), counted=np.ones((2, 1), np.bool_), joinable=np.ones((2, 2), np.bool_)
        )
