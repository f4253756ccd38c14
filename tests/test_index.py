"""The composite index: by hand, against scipy and numpy, and that its parts always add up to its score."""

from __future__ import annotations

import datetime as dt
from itertools import permutations
from math import factorial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import gmean

from analysis.index import WeightSet, aggregate, combine, composite, require_fraction
from geo.errors import SchemaError

POSTS = {"availability": (0, 100), "affordability": (10, 2)}  # per cent of people; price in per cent of income
DAY = dt.date(2025, 3, 14)


def zones_of(rows, columns=("availability", "affordability"), ids="abcdefgh"):
    return pd.DataFrame(rows, index=list(ids[: len(rows)]), columns=list(columns), dtype=float)


THREE = zones_of([[50, 6], [80, 2], [120, 12]])


def test_arithmetic_by_hand():
    found = composite(THREE, goalposts=POSTS, weights={"availability": 3, "affordability": 1}, aggregation="arithmetic")
    # price 6 of (10 … 2): (6 − 10) / (2 − 10) = 0.5; 12 lies beyond the worst, 120 beyond the best
    assert found.parts.to_numpy().tolist() == [[0.5, 0.5], [0.8, 1], [1, 0]]
    assert found.clipped.to_numpy().tolist() == [[0, 1], [1, 0]]
    assert found.clipped.columns.tolist() == ["beyond_worst", "beyond_best"]
    # 0.75 × 0.5 + 0.25 × 0.5; 0.75 × 0.8 + 0.25 × 1; 0.75 × 1
    assert found.score.tolist() == pytest.approx([0.5, 0.85, 0.75])
    assert found.contributions.to_numpy().ravel() == pytest.approx([0.375, 0.125, 0.6, 0.25, 0.75, 0])
    assert found.rank.tolist() == [1, 3, 2]  # the lowest score first
    assert found.weights.to_numpy().tolist() == [[0.75, 0.25]] * 3
    assert found.known_share.tolist() == [1, 1, 1]
    assert found.chosen == {"availability": 0.75, "affordability": 0.25}


def test_geometric_by_hand():
    found = composite(THREE, goalposts=POSTS, weights={"availability": 3, "affordability": 1}, aggregation="geometric")
    full = 0.8**0.75  # 0.8^0.75 × 1^0.25
    assert found.score.tolist() == pytest.approx([0.5, full, 0])
    # a: both at 0.5, so the loss 0.5 falls 3 : 1; b: the full part loses nothing, the other all of 1 − G
    # c: the part at 0 carries the whole loss of 1: 0.25 − 1; the other keeps its 0.75
    expected = [[0.375, 0.125], [full - 0.25, 0.25], [0.75, -0.75]]
    np.testing.assert_allclose(found.contributions.to_numpy(), expected, rtol=1e-13)
    assert found.rank.tolist() == [2, 3, 1]


def test_geometric_contributions_by_hand_where_no_part_is_special():
    # x = 1/2 and 1/8, w = 1/2 each: G = √(1/16) = 1/4; logarithms fall 1 : 3, so the loss 3/4 falls 3/16 and 9/16
    table = zones_of([[50, 9]])
    found = composite(table, goalposts=POSTS, weights={"availability": 1, "affordability": 1}, aggregation="geometric")
    assert found.score["a"] == pytest.approx(0.25)
    assert found.contributions.loc["a"].tolist() == pytest.approx([1 / 2 - 3 / 16, 1 / 2 - 9 / 16])


def test_a_part_near_0_is_near_the_limit_taken_at_0():
    parts, weights = np.array([[0.3, 0.6, 0.0]]), {"a": 5, "b": 3, "c": 2}
    posts = dict.fromkeys("abc", (0, 1))
    at = composite(zones_of(parts, "abc"), goalposts=posts, weights=weights, aggregation="geometric")
    parts[0, 2] = 1e-300
    near = composite(zones_of(parts, "abc"), goalposts=posts, weights=weights, aggregation="geometric")
    np.testing.assert_allclose(near.contributions, at.contributions, atol=0.01)  # it converges as 1 / ln x
    two = composite(zones_of([[0.3, 0, 0]], "abc"), goalposts=posts, weights=weights, aggregation="geometric")
    # the two at 0 share the loss of 1 by their weights, 3 : 2
    assert two.contributions.iloc[0].tolist() == pytest.approx([0.5, 0.3 - 0.6, 0.2 - 0.4])


def test_missing_parts_give_no_score_or_lend_their_weight():
    table = zones_of([[0.5, 0.25, np.nan], [np.nan, 0.5, 0.5], [np.nan] * 3, [1, 1, 1]], "xyz")
    rules = {"goalposts": dict.fromkeys("xyz", (0, 1)), "weights": {"x": 5, "y": 3, "z": 2}}
    none = composite(table, **rules, aggregation="arithmetic")
    assert none.score.isna().tolist() == [True, True, True, False]
    assert none.rank.tolist() == [pd.NA, pd.NA, pd.NA, 1]
    assert none.known_share.tolist() == pytest.approx([0.8, 0.5, 0, 1])
    assert none.parts.loc["a", "x"] == 0.5  # what is known stays visible
    found = composite(table, **rules, aggregation="arithmetic", missing="renormalise")
    # a: (5 × 0.5 + 3 × 0.25) / 8; b knows 0.5 of the weights, under 0.6
    assert found.score.tolist() == pytest.approx([3.25 / 8, np.nan, np.nan, 1], nan_ok=True)
    assert found.weights.loc["a"].tolist() == pytest.approx([0.625, 0.375, 0])
    assert found.weights.loc["b"].isna().all()
    assert found.contributions.loc["a"].tolist() == pytest.approx([2.5 / 8, 0.75 / 8, np.nan], nan_ok=True)
    assert found.rank.tolist() == [1, pd.NA, pd.NA, 2]
    wide = composite(table, **rules, aggregation="geometric", missing="renormalise", least_known=0.5)
    assert wide.score["b"] == pytest.approx(0.5)
    lax = composite(table, **rules, aggregation="arithmetic", missing="renormalise", least_known=0)
    assert lax.score.isna().tolist() == [False, False, True, False]


def test_a_dimension_of_weight_0_is_shown_and_does_not_count():
    table = zones_of([[50, np.nan], [80, 10]])
    for way in ("arithmetic", "geometric"):
        found = composite(table, goalposts=POSTS, weights={"availability": 1, "affordability": 0}, aggregation=way)
        assert found.score.tolist() == pytest.approx([0.5, 0.8])  # its 0 in b ruins no geometric mean
        assert found.contributions.loc["b", "affordability"] == 0
        assert np.isnan(found.contributions.loc["a", "affordability"])


def test_ties_are_broken_by_zone_id_and_rounding_does_not_decide():
    table = pd.DataFrame({"x": [0.3, 0.1 + 0.2, 0.3, 0.1]}, index=["c", "b", "a", "d"])
    found = composite(table, goalposts={"x": (0, 1)}, weights={"x": 1}, aggregation="arithmetic")
    assert found.rank.tolist() == [4, 3, 2, 1]


def test_no_zones_give_an_empty_index():
    found = composite(THREE.iloc[:0], goalposts=POSTS, weights=dict.fromkeys(POSTS, 1), aggregation="geometric")
    assert (len(found.score), found.contributions.shape, len(found.rank)) == (0, (0, 2), 0)


PART = st.one_of(st.floats(0, 1), st.just(0.0), st.just(1.0), st.just(np.nan))
TABLES = st.integers(1, 5).flatmap(
    lambda dims: st.tuples(
        st.lists(st.lists(PART, min_size=dims, max_size=dims), min_size=1, max_size=6),
        st.lists(st.floats(0, 100).filter(lambda w: w == 0 or w > 1e-6), min_size=dims, max_size=dims).filter(sum),
    )
)
WAYS = st.sampled_from(["arithmetic", "geometric"])


def index_of(rows, weights, way, **rules):
    names = [f"d{k}" for k in range(len(weights))]
    return composite(
        zones_of(rows, names),
        goalposts=dict.fromkeys(names, (0, 1)),
        weights=dict(zip(names, weights, strict=True)),
        aggregation=way,
        missing="renormalise",
        least_known=0,
        **rules,
    )


@given(TABLES, WAYS)
def test_contributions_sum_to_the_score_and_weights_to_1(case, way):
    found = index_of(*case, way)
    some = found.score.notna()
    np.testing.assert_allclose(found.contributions.sum(axis=1)[some], found.score[some], rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.weights.sum(axis=1)[some], 1, rtol=1e-12)
    assert found.score[some].between(0, 1).all()
    assert found.rank.notna().tolist() == some.tolist()


@given(TABLES)
def test_scores_equal_numpy_and_scipy_and_the_geometric_never_lies_above(case):
    rows, weights = case
    plain, geometric = (index_of(rows, weights, way).score for way in ("arithmetic", "geometric"))
    for zone, row in enumerate(np.array(rows)):
        known = np.isfinite(row) & (np.array(weights) > 0)
        if not known.any():
            assert np.isnan(plain.iloc[zone])
            continue
        w = np.array(weights)[known]
        assert plain.iloc[zone] == pytest.approx(np.average(row[known], weights=w), abs=1e-12)
        expected = 0 if (row[known] == 0).any() else gmean(row[known], weights=w)
        assert geometric.iloc[zone] == pytest.approx(expected, abs=1e-12)
        assert geometric.iloc[zone] <= plain.iloc[zone] + 1e-12


@given(TABLES, WAYS, st.data())
def test_a_better_part_never_lowers_the_score(case, way, data):
    rows, weights = case
    k = data.draw(st.integers(0, len(weights) - 1))
    better = [[*row[:k], min(1, row[k] + data.draw(st.floats(0, 1))), *row[k + 1 :]] for row in rows]
    before, after = index_of(rows, weights, way).score, index_of(better, weights, way).score
    assert ((after >= before - 1e-12) | before.isna()).all()


@given(TABLES, WAYS, st.randoms(use_true_random=False))
def test_the_order_of_rows_columns_and_weights_changes_no_bit(case, way, random):
    rows, weights = case
    names = [f"d{k}" for k in range(len(weights))]
    table, weight = zones_of(rows, names), dict(zip(names, weights, strict=True))
    ids, shuffled = list(table.index), list(names)
    random.shuffle(ids)
    random.shuffle(shuffled)
    rules = {"goalposts": dict.fromkeys(names, (0, 1)), "aggregation": way, "missing": "renormalise"}
    one = composite(table, weights=weight, **rules)
    two = composite(table.loc[ids, shuffled], weights={name: weight[name] for name in shuffled}, **rules)
    pd.testing.assert_series_equal(one.score, two.score.loc[table.index], check_exact=True)
    pd.testing.assert_series_equal(one.rank, two.rank.loc[table.index])
    pd.testing.assert_frame_equal(one.contributions, two.contributions.loc[table.index, names], check_exact=True)
    assert two.parts.columns.tolist() == shuffled


@given(st.lists(st.floats(0.05, 1), min_size=2, max_size=4))
def test_the_loss_of_a_part_lies_between_losing_it_first_and_losing_it_last(parts):
    """Parts lost one after the other, in every order: what each takes bounds its share, and so does Shapley's mean."""
    n = len(parts)
    weights = [1 / n] * n
    found = index_of([parts], weights, "geometric")
    loss = 1 / n - found.contributions.iloc[0].to_numpy()
    shapley, bounds = np.zeros(n), [[] for _ in range(n)]
    for order in permutations(range(n)):
        left = 1.0
        for k in order:
            less = left * parts[k] ** (1 / n)
            bounds[k].append(left - less)
            shapley[k] += (left - less) / factorial(n)
            left = less
    assert shapley.sum() == pytest.approx(loss.sum())
    for k in range(n):
        assert min(bounds[k]) - 1e-12 <= loss[k] <= max(bounds[k]) + 1e-12


def test_many_sets_of_weights_at_once_are_the_same_as_one_by_one():
    rng = np.random.default_rng(5)
    parts = np.where(rng.random((20, 4)) < 0.2, np.nan, rng.random((20, 4)))
    weights = rng.random((7, 4))
    for way in ("arithmetic", "geometric"):
        together = aggregate(parts, weights, aggregation=way)
        alone = [aggregate(parts, weights[k : k + 1], aggregation=way)[0] for k in range(7)]
        np.testing.assert_array_equal(together, alone)


def test_every_fault_is_named_at_once():
    columns = {"availability": [1.0, 2.0], "skills": ["x", "y"], "power": [np.inf, 0.0]}
    table = pd.DataFrame(columns, index=["a", "a"])
    with pytest.raises(SchemaError) as refused:
        composite(
            table,
            goalposts={"availability": (1, 1), "skills": (np.nan, 1), "powr": (0, 1)},
            weights={"availabilty": 1, "skills": -2, "power": np.nan},
            aggregation="geometrical",
            missing="drop",
            least_known=60,
        )
    told = str(refused.value)
    for part in (
        "weights, column 'availabilty': no such dimension. Mend: did you mean 'availability'?",
        "weights, column 'skills': -2 is negative",
        "weights, column 'power': nan is no weight",
        "goalposts, column 'powr': no such dimension. Mend: did you mean 'power'?",
        "goalposts, column 'power': no goalposts",
        "goalposts, column 'availability': both are 1",
        "goalposts, column 'skills': (nan, 1) are not two numbers",
        "aggregation: 'geometrical' is unknown. Mend: did you mean 'geometric'?",
        "missing: 'drop' is unknown",
        "least_known: 60 is no share",
        "zones, column 'zone_id', row a: the id stands twice",
    ):
        assert part in told
    with pytest.raises(SchemaError, match=r"(?s)'skills': not numbers.*'power', row a: infinite"):
        composite(
            table.set_axis(["a", "b"]),
            goalposts={"skills": (0, 1), "power": (0, 1)},
            weights={"skills": 1, "power": 1},
            aggregation="geometric",
        )
    for weights in ({}, {"availability": 0}):
        with pytest.raises(SchemaError, match="the weights sum to 0"):
            composite(THREE, goalposts=POSTS, weights=weights, aggregation="arithmetic")


def test_a_column_in_per_cent_is_refused_as_a_fraction():
    good = pd.Series([0, 0.4, 1, np.nan], index=list("abcd"), name="skills")
    assert require_fraction(good) is good
    bad = pd.Series([45, -1, 0.3], index=list("abc"), name="skills")
    with pytest.raises(SchemaError) as refused:
        require_fraction(bad, file="indicators.csv")
    head = "indicators.csv, column 'skills', row"
    assert [str(fault) for fault in refused.value.faults] == [
        f"{head} a: 1 of 3 values above 1, the largest 45. Mend: give fractions from 0 to 1; if the column is in per cent, divide it by 100",
        f"{head} b: 1 of 3 values below 0, the lowest -1. Mend: leave empty what is not known",
    ]


def test_sets_of_weights_are_combined_with_one_say_each():
    ward = WeightSet("ward", "ward meeting", DAY, {"skills": 30, "power": 10})  # points: 0.75, 0.25
    council = WeightSet("council", "council", DAY, {"power": 0.5, "skills": 0.5})
    both = combine([ward, council])
    assert both.weights == {"power": 0.375, "skills": 0.625}
    assert both == combine([council, ward])
    assert [one.name for one in both.sets] == ["council", "ward"]
    assert ward.shares() == {"skills": 0.75, "power": 0.25}


def test_sets_of_weights_that_cannot_be_combined_are_refused():
    one = WeightSet("one", "council", DAY, {"skills": 1, "power": 1})
    two = WeightSet("two", "council", DAY, {"skills": 1, "power": 1})
    odd = WeightSet("odd", "council", DAY, {"skils": 1, "power": 1})
    with pytest.raises(SchemaError) as refused:
        combine([one, two, odd, WeightSet("two", "ward", DAY, {"skills": 1, "power": 3})])
    assert [str(fault) for fault in refused.value.faults] == [
        "weight sets, row two: two sets have this name. Mend: give each its own",
        "weight set 'odd', column 'skils': no such dimension. Mend: did you mean 'skills'?",
        "weight set 'odd', column 'skills': no weight. Mend: give one; 0 says that it does not count",
    ]
    with pytest.raises(SchemaError, match="none given"):
        combine([])
    with pytest.raises(SchemaError, match=r"(?s)name is blank.*set_by is blank.*-1 is negative.*'abc' is no weight"):
        WeightSet(" ", "", DAY, {"skills": -1, "power": "abc", "devices": 2})
    with pytest.raises(SchemaError, match="True is no weight"):
        WeightSet("x", "y", DAY, {"skills": True})
    with pytest.raises(SchemaError, match="sum to 0"):
        WeightSet("x", "y", DAY, {"skills": 0})


@given(st.lists(st.lists(st.floats(0, 1e300), min_size=3, max_size=3).filter(any), min_size=1, max_size=5))
def test_combined_weights_sum_to_1_and_lie_between_the_sets(rows):
    sets = [
        WeightSet(str(k), "council", DAY, dict(zip("abc", row, strict=True)))
        for k, row in enumerate(rows)
        if sum(row) > 0
    ]
    both = combine(sets)
    assert sum(both.weights.values()) == pytest.approx(1, abs=1e-12)
    for name, weight in both.weights.items():
        shares = [one.shares()[name] for one in sets]
        assert min(shares) - 1e-12 <= weight <= max(shares) + 1e-12
