"""Inequality among people: textbook figures, PySAL on persons one by one as the oracle, the axioms as properties."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from inequality.atkinson import atkinson as pysal_atkinson
from inequality.gini import Gini
from inequality.theil import Theil, TheilD

from analysis.coverage_inequality import coverage_inequality, spread_points
from analysis.inequality import atkinson, gini, inequality_of, lorenz, palma, theil, theil_parts
from geo.errors import RangeError

# The example vector of R's package `ineq` (Zeileis); figures of `ineq` and `acid` 1.1 with R, as published with them.
INCOMES = np.array([541, 1463, 2445, 3438, 4437, 5401, 6392, 8304, 11904, 22261], dtype=float)
ONES = np.ones(10)


def columns(*rows: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    value, weight = np.array(rows, dtype=float).T
    return value, weight


def test_published_figures() -> None:
    assert gini(INCOMES, ONES) == pytest.approx(0.4620911, abs=5e-8)
    assert theil(INCOMES, ONES) == pytest.approx(0.3623412, abs=5e-8)
    assert atkinson(INCOMES, ONES) == pytest.approx(0.1796591, abs=5e-8)
    assert atkinson(INCOMES, ONES, epsilon=1) == pytest.approx(0.3518251, abs=5e-8)
    # the top person has 22261, the bottom four 541 + 1463 + 2445 + 3438
    assert palma(INCOMES, ONES) == pytest.approx(22261 / 7887)


def test_two_kinds_of_people_by_hand() -> None:
    """Three people with 1, one with 5: mean 2, Lorenz curve through (¾, ⅜)."""
    value, weight = columns((1, 3), (5, 1))
    assert gini(value, weight) == pytest.approx(1 - 0.75 * 3 / 8 - 0.25 * (3 / 8 + 1))
    assert theil(value, weight) == pytest.approx(0.75 * 0.5 * math.log(0.5) + 0.25 * 2.5 * math.log(2.5))
    assert atkinson(value, weight) == pytest.approx(1 - ((0.75 + 0.25 * math.sqrt(5)) ** 2) / 2)
    assert atkinson(value, weight, epsilon=1) == pytest.approx(1 - 5**0.25 / 2)
    assert atkinson(value, weight, epsilon=2) == pytest.approx(1 - 1 / (0.75 + 0.25 / 5) / 2)
    # of the 4 persons the top 0.4 have 2, the bottom 1.6 have 1.6
    assert palma(value, weight) == pytest.approx(2 / 1.6)


def test_one_has_everything_and_integers_have_closed_forms() -> None:
    assert gini(np.r_[np.zeros(9), 1.0], ONES) == pytest.approx(0.9)
    assert theil(np.r_[np.zeros(9), 1.0], ONES) == pytest.approx(math.log(10))
    assert gini(np.arange(1.0, 11), ONES) == pytest.approx(9 / 30)  # (n − 1) / 3n


def test_parts_by_hand() -> None:
    """Group a: 1 and 3 (mean 2, half the people); group b: twice 6. s = ¼, ¾; μ = 4."""
    parts = theil_parts(np.array([1.0, 3, 6, 6]), np.ones(4), np.array(["a", "a", "b", "b"]))
    within = 0.25 * (0.5 * 0.5 * math.log(0.5) + 0.5 * 1.5 * math.log(1.5))
    assert parts.within == pytest.approx(within)
    assert parts.between == pytest.approx(0.25 * math.log(0.5) + 0.75 * math.log(1.5))
    assert parts.groups["group"].tolist() == ["a", "b"]
    assert parts.groups["people"].tolist() == [2, 2]
    assert parts.groups["mean"].tolist() == [2, 6]
    assert parts.groups["value_share"].tolist() == [0.25, 0.75]
    assert parts.groups["within"].sum() == pytest.approx(parts.within)


def test_a_group_with_nothing_has_no_part() -> None:
    parts = theil_parts(np.array([0.0, 0, 2, 2]), np.ones(4), np.array([11, 11, 30, 30]))
    assert parts.within == 0
    assert parts.between == pytest.approx(math.log(2))
    assert parts.groups["between"].tolist() == pytest.approx([0, math.log(2)])
    assert math.isnan(parts.groups["theil"][0])
    assert parts.groups["theil"][1] == 0


def test_nothing_to_share_is_not_known() -> None:
    for value in (np.zeros(3), np.full(3, np.nan), np.empty(0)):
        weight, group = np.ones(value.size), np.arange(value.size)
        for measure in (gini, theil, atkinson, palma):
            assert math.isnan(measure(value, weight))
        parts = theil_parts(value, weight, group)
        assert math.isnan(parts.between)
        assert math.isnan(parts.within)
        curve = lorenz(value, weight)
        assert curve.people.tolist() == [0, 1]
        assert np.isnan(curve.value).all()
    assert inequality_of(np.zeros(3), np.ones(3)).mean == 0
    assert spread_points(np.zeros(3), np.ones(3), np.arange(3)) == (0, 0, 0)
    assert spread_points(np.full(3, np.nan), np.ones(3), np.arange(3))[1:] == (None, None)


def test_zeros_in_the_tails() -> None:
    value, weight = columns((0, 4), (1, 6))
    assert atkinson(value, weight, epsilon=1) == 1
    assert atkinson(value, weight, epsilon=1.5) == 1
    assert atkinson(value, weight, epsilon=0) == pytest.approx(0)
    assert palma(value, weight) == math.inf
    # tenths that do not add up exactly must not turn 0 / 0 into a number
    assert palma(*columns((0, 40000.3), (1, 60000.45))) == math.inf
    assert atkinson(*columns((1e-9, 1), (1, 1)), epsilon=200) == pytest.approx(1)


def test_the_unknown_are_left_out_and_counted() -> None:
    value, weight = columns((1, 3), (math.nan, 12), (5, 1), (7, 0))
    found = inequality_of(value, weight, np.array([1, 2, 1, 3]))
    plain = inequality_of(*columns((1, 3), (5, 1)), np.array([1, 1]))
    assert (found.known_people, found.people, found.known_share) == (4, 16, 0.25)
    assert (found.gini, found.theil, found.theil_between, found.theil_within) == (
        plain.gini, plain.theil, plain.theil_between, plain.theil_within,
    )  # fmt: skip
    assert (found.atkinson_05, found.atkinson_1, found.palma, found.mean) == (
        plain.atkinson_05, plain.atkinson_1, plain.palma, 2.0,
    )  # fmt: skip
    assert math.isnan(inequality_of(value, weight).theil_between)
    assert math.isnan(inequality_of(np.empty(0), np.empty(0)).known_share)


def test_lorenz_curve_by_hand_and_thinned() -> None:
    curve = lorenz(*columns((5, 1), (1, 3)))
    assert curve.people.tolist() == [0, 0.75, 1]
    assert curve.value.tolist() == [0, 0.375, 1]
    rng = np.random.default_rng(4)
    value, weight = rng.pareto(1.2, 5000), rng.lognormal(0, 2, 5000)
    full, thin = lorenz(value, weight, points=5001), lorenz(value, weight)
    assert full.people.size == 5001
    assert 100 < thin.people.size <= 200
    assert (thin.people[0], thin.value[0], thin.people[-1], thin.value[-1]) == (0, 0, 1, 1)
    assert (np.diff(thin.people) > 0).all()
    assert np.isin(thin.people, full.people).all()
    drawn = np.interp(full.people, thin.people, thin.value)
    assert np.abs(drawn - full.value).max() < 0.01
    assert lorenz(value, weight, points=2).people.tolist() == [0, 1]


def test_coverage_and_gap_are_told_apart() -> None:
    """99 % against 98 % of as many people."""
    found = coverage_inequality(np.array([0.99, 0.98]), np.ones(2), np.array(["north", "south"]))
    assert found.coverage.gini == pytest.approx(0.01 / (2 * 1.97))
    assert found.gap.gini == pytest.approx(0.01 / (2 * 0.03))
    assert found.spread.points == pytest.approx(1)
    assert found.spread[1:] == ("north", "south")
    assert coverage_inequality(np.array([1 + 1e-12, 1.0]), np.ones(2)).gap.mean == 0


def test_spread_is_of_group_means_and_ties_go_to_the_first_label() -> None:
    coverage = np.array([0.2, 0.6, 0.9, 0.3, math.nan, 0.3])
    weight = np.array([1.0, 3, 1, 2, 5, 1])
    assert spread_points(coverage, weight, np.array([30, 30, 21, 13, 10, 11])) == (pytest.approx(60), 21, 11)


@pytest.mark.parametrize(
    ("value", "weight", "group", "said"),
    [
        ([1, -1, -2], [1, 1, 1], None, r"value is negative or infinite in 2 rows, first \[1, 2\]"),
        ([math.inf, 1, 1], [1, 1, 1], None, "value is negative or infinite in 1 rows"),
        ([1, 1, 1], [1, -1, 1], None, "weight is negative"),
        ([1, 1, 1], [1, math.nan, 1], None, "weight is negative, infinite or not known"),
        ([-1, 1, 1], [1, -1, 1], ["a", None, "b"], "value is .*; weight is .*; group is missing in 1 rows"),
    ],
)
def test_bad_columns_are_named_at_once(value, weight, group, said) -> None:
    labels = None if group is None else np.array(group, dtype=object)
    with pytest.raises(RangeError, match=said):
        inequality_of(np.array(value, dtype=float), np.array(weight, dtype=float), labels)


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match="one length"):
        gini(np.ones(2), np.ones(3))
    with pytest.raises(RangeError, match="epsilon"):
        atkinson(ONES, ONES, epsilon=-1)
    with pytest.raises(RangeError, match="2 points"):
        lorenz(ONES, ONES, points=1)
    with pytest.raises(RangeError, match="not in per cent"):
        spread_points(np.array([50.0, 0.1]), np.ones(2), np.array([1, 2]))


# --- properties ---------------------------------------------------------------------------------------------------

ROWS = st.lists(
    st.tuples(st.floats(0, 1e6).map(lambda x: round(x, 3)), st.integers(1, 9), st.integers(0, 3)),
    min_size=2,
    max_size=30,
)


def unpack(rows) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    value, weight, group = (np.array(column) for column in zip(*rows, strict=True))
    assume(value.max() > 0)
    return value.astype(float), weight.astype(float), group


def measures(value, weight, group=None) -> list[float]:
    found = inequality_of(value, weight, group)
    return [found.gini, found.theil, found.atkinson_05, found.atkinson_1, found.palma]


@given(ROWS)
def test_equals_pysal_on_persons_one_by_one(rows) -> None:
    """PySAL `inequality` 1.1.2; it puts a tiny number for 0 in Theil and refuses 0 in Atkinson."""
    value, weight, group = unpack(rows)
    persons, groups = np.repeat(value, weight.astype(int)), np.repeat(group, weight.astype(int))
    found = inequality_of(value, weight, group)
    assert found.gini == pytest.approx(Gini(persons).g, abs=1e-10)
    assert found.theil == pytest.approx(float(Theil(persons).T), abs=1e-10)
    if value.min() > 0:
        assert found.atkinson_05 == pytest.approx(float(pysal_atkinson(persons, 0.5)), abs=1e-10)
        assert found.atkinson_1 == pytest.approx(float(pysal_atkinson(persons, 1)), abs=1e-10)
        split = TheilD(persons, groups)
        assert found.theil_between == pytest.approx(split.bg.item(), abs=1e-10)
        assert found.theil_within == pytest.approx(split.wg.item(), abs=1e-10)


@given(ROWS)
def test_bounds_and_the_parts_sum(rows) -> None:
    value, weight, group = unpack(rows)
    found = inequality_of(value, weight, group)
    assert 0 <= found.gini < 1
    assert 0 <= found.theil <= math.log(weight.sum()) + 1e-9
    assert 0 <= found.atkinson_05 <= found.atkinson_1 + 1e-9 <= 1 + 1e-9
    assert found.palma >= 0.25 - 1e-9
    assert found.theil_between + found.theil_within == pytest.approx(found.theil, abs=1e-12)
    parts = theil_parts(value, weight, group).groups
    assert parts["value_share"].sum() == pytest.approx(1)
    assert parts["people"].sum() == weight.sum()


@given(ROWS, st.floats(1e-3, 1e3))
def test_scale_changes_nothing(rows, scale) -> None:
    value, weight, _group = unpack(rows)
    assert measures(value * scale, weight) == pytest.approx(measures(value, weight), rel=1e-9, abs=1e-9)


@given(ROWS, st.integers(2, 5))
def test_replicating_the_population_changes_nothing(rows, times) -> None:
    value, weight, _group = unpack(rows)
    expected = pytest.approx(measures(value, weight), rel=1e-9, abs=1e-9)
    assert measures(value, weight * times) == expected
    assert measures(np.tile(value, times), np.tile(weight, times)) == expected


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_bit(rows, random) -> None:
    value, weight, group = unpack(rows)
    shuffled = rows.copy()
    random.shuffle(shuffled)
    assert inequality_of(value, weight, group) == inequality_of(*unpack(shuffled))
    first, second = theil_parts(value, weight, group), theil_parts(*unpack(shuffled))
    assert first.groups.equals(second.groups)


@given(ROWS, st.floats(0.01, 0.5), st.data())
def test_a_transfer_from_richer_to_poorer_never_raises_inequality(rows, part, data) -> None:
    """Pigou and Dalton: one person gives to a poorer one, who stays the poorer or becomes the equal."""
    value, weight, _group = unpack(rows)
    persons = np.repeat(value, weight.astype(int))
    giver, taker = (data.draw(st.integers(0, persons.size - 1)) for _ in range(2))
    assume(persons[giver] > persons[taker])
    after = persons.copy()
    amount = part * (persons[giver] - persons[taker])
    after[giver] -= amount
    after[taker] += amount
    ones = np.ones(persons.size)
    for old, new in zip(measures(persons, ones), measures(after, ones), strict=True):
        assert new <= old * (1 + 1e-9) + 1e-9


def test_equal_values_are_no_inequality_whatever_the_people() -> None:
    value, weight = np.full(1000, 0.3), np.random.default_rng(0).lognormal(0, 3, 1000)
    assert measures(value, weight) == pytest.approx([0, 0, 0, 0, 0.25], abs=1e-12)
