"""Rankings with their uncertainty: analytic cases of two zones, scipy and pandas as oracles, and what always holds."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.index import composite
from analysis.uncertainty import Gaps, gap_model, rank_uncertainty, ranks, score_model
from analysis.uncertainty.chance import KNOTS, Streams, beta, beta_table, dirichlet, log_sd, lognormal, triangular
from analysis.uncertainty.shares import Tally
from geo.errors import SchemaError


def gaps_of(central, low=None, high=None, **rest):
    return Gaps(central if low is None else low, central, central if high is None else high, **rest)


def zones_of(central, *, ids=None, people=None, **rest):
    """A model of zones a, b, c, … with certain footprints unless `gap` is given."""
    ids = [f"z{k:04d}" for k in range(len(central))] if ids is None else ids
    people = np.full(len(central), 1e6) if people is None else people
    return gap_model(ids, people=people, **({"gap": gaps_of(central)} | rest))


def five_errors(p, draws):
    return 5 * np.sqrt(p * (1 - p) / draws)


def test_two_zones_with_errors_of_population_follow_the_normal_distribution():
    # ln key = ln c − σ²/2 + σ z: the first stands before with Φ((ln 110 − ln 100 − σa²/2 + σb²/2) / √(σa² + σb²))
    sd = np.array([0.1, 0.3])
    of_log = np.sqrt(np.log1p(sd**2))
    way = np.log(110 / 100) - of_log[0] ** 2 / 2 + of_log[1] ** 2 / 2
    expected = stats.norm.cdf(way / np.hypot(*of_log))
    found = rank_uncertainty(zones_of([110, 100], population_sd=sd), top=1, draws=20_000)
    assert found.top_probability == pytest.approx([expected, 1 - expected], abs=five_errors(expected, 20_000))
    assert found.rank.tolist() == [1, 2]
    assert found.rank_mean == pytest.approx([2 - expected, 1 + expected], abs=five_errors(expected, 20_000))
    assert found.before_next[0] == found.top_probability[0] == found.order_probability(0, 1)
    assert found.tier.tolist() == [1, 1]
    assert (found.alike_first.tolist(), found.alike_last.tolist()) == ([1, 1], [2, 2])


def test_two_zones_under_one_footprint_error_follow_the_triangular_distribution():
    # gap of a: 30, 20, 10 under low, central, high; b is certain at 15. b stands first where the position is beyond
    # 0.5: (1 − 0.5)² / 2 = 1/8. At half the spread it never gets there.
    gap = gaps_of([20, 15], low=[30, 15], high=[10, 15])
    found = rank_uncertainty(zones_of([20, 15], gap=gap), top=1, draws=20_000)
    assert found.top_probability[1] == pytest.approx(1 / 8, abs=five_errors(1 / 8, 20_000))
    half = gaps_of([20, 15], low=[30, 15], high=[10, 15], spread=0.5)
    assert rank_uncertainty(zones_of([20, 15], gap=half), top=1).top_probability.tolist() == [1, 0]


def test_one_footprint_error_for_all_keeps_an_order_that_errors_of_each_zone_do_not():
    # both gaps move in the same proportion: with one error a stays before b; with each its own, 44 (1 − t) < 40 (1 − u)
    gap = {"low": [66, 60], "high": [22, 20]}
    common = rank_uncertainty(zones_of([44, 40], gap=gaps_of([44, 40], **gap)), top=1)
    assert common.top_probability.tolist() == [1, 0]
    own = rank_uncertainty(zones_of([44, 40], gap=gaps_of([44, 40], **gap, common=0)), top=1, draws=20_000)
    z = np.random.default_rng(3).triangular(-1, 0, 1, (2, 1_000_000)) / 2
    expected = (44 * (1 - z[0]) > 40 * (1 - z[1])).mean()
    assert own.top_probability[0] == pytest.approx(expected, abs=five_errors(expected, 20_000) + 0.002)
    some = rank_uncertainty(zones_of([44, 40], gap=gaps_of([44, 40], **gap, common=0.9)), top=1, draws=20_000)
    assert own.top_probability[0] < some.top_probability[0] < 1


def test_users_are_placed_among_the_covered_first():
    # a: 100 people, 20 in the coverage gap, 70 use it: 30 without; b: 90 use it, but 20 cannot be: 20 without
    model = zones_of([20, 20, 20], people=[100, 100, 100], adoption=[0.7, 0.9, np.nan])
    assert model.keys({}).tolist() == [[30, 20]]
    found = rank_uncertainty(model, top=1)
    np.testing.assert_array_equal(found.rank, [1, 2, np.nan])


def test_adoption_of_two_zones_follows_the_beta_distribution():
    # b is certain at 35 without use; a has 1 − Beta(mean 0.7, sd 0.1): first where its adoption is under 0.65
    size = 0.7 * 0.3 / 0.1**2 - 1
    expected = stats.beta.cdf(0.65, 0.7 * size, 0.3 * size)
    model = zones_of([0, 0], people=[100, 100], adoption=[0.7, 0.65], adoption_sd=[0.1, 0])
    found = rank_uncertainty(model, top=1, draws=20_000)
    assert found.top_probability[0] == pytest.approx(expected, abs=five_errors(expected, 20_000))


MANY = st.lists(st.sampled_from([0.0, 1.0, 2.5, 7.0, np.nan]), min_size=1, max_size=12)


@given(MANY, st.data())
def test_without_uncertainty_the_ranking_is_the_ranking(central, data):
    ids = data.draw(st.permutations([f"z{k}" for k in range(len(central))]))
    found = rank_uncertainty(zones_of(central, ids=ids), top=3, draws=20)
    table = pd.DataFrame({"id": ids, "gap": central}).dropna().sort_values(["gap", "id"], ascending=[False, True])
    expected = np.full(len(central), np.nan)
    expected[table.index] = np.arange(1, len(table) + 1)
    for name in ("rank", "rank_low", "rank_median", "rank_high", "rank_mean"):
        np.testing.assert_array_equal(getattr(found, name), expected)
    np.testing.assert_array_equal(found.top_probability, np.where(np.isnan(expected), np.nan, expected <= 3))
    # tied zones stand in the order of their ids and cannot be told apart
    dense = table["gap"].rank(method="dense", ascending=False)
    np.testing.assert_array_equal(found.tier[table.index], dense)
    assert all(np.isnan(share).all() for share in found.rank_share.values())


@st.composite
def models(draw):
    n = draw(st.integers(1, 8))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    people = rng.integers(0, 4, n) * 100.0
    low = people * np.round(rng.random(n), 1)
    central = low * np.round(rng.random(n), 1)
    gap = Gaps(low, central, central * rng.random(n), spread=rng.random(), common=rng.integers(0, 3) / 2)
    adoption = np.clip(rng.random(n), 0.1, 0.9) if draw(st.booleans()) else None
    ids = rng.permutation([f"z{k}" for k in range(n)])
    sd = draw(st.sampled_from([0.0, 0.05, 0.5]))
    return gap_model(ids, people=people, gap=gap, adoption=adoption, adoption_sd=sd / 5, population_sd=sd)


@given(models(), st.integers(1, 9))
@settings(max_examples=60)
def test_chances_and_ranks_are_conserved(model, top):
    found = rank_uncertainty(model, top=top, draws=40, seed=3)
    n = int(np.isfinite(found.rank).sum())
    assert (found.top, np.nansum(found.top_probability)) == (min(top, n), pytest.approx(min(top, n)))
    assert np.nansum(found.rank_mean) == pytest.approx(n * (n + 1) / 2)
    assert (np.sort(found.drawn_rank, axis=0) == np.arange(1, n + 1)[:, None]).all()
    inside = np.isfinite(found.rank)
    assert (found.rank_low[inside] <= found.rank_median[inside]).all()
    assert (found.rank_median[inside] <= found.rank_high[inside]).all()
    assert (found.alike_first[inside] <= found.rank[inside]).all()
    assert (found.rank[inside] <= found.alike_last[inside]).all()
    every = np.arange(inside.size)
    order = found.order_probability(every[:, None], every)
    np.testing.assert_allclose((order + order.T)[np.ix_(inside, inside)], 1)
    assert np.isnan(order[~inside]).all()
    for share in [*found.key_share.values(), *found.rank_share.values()]:
        assert ((share >= 0) & (share <= 1) | np.isnan(share)).all()
    assert found.table().shape == (inside.size, 11 + 2 * len(model.sources))


@given(
    st.floats(1, 100), st.floats(1, 100), st.floats(0, 1), st.floats(0, 1), st.integers(0, 10**6)
)  # fmt: skip
@settings(max_examples=60)
def test_two_zones_with_equal_errors_never_get_surer_by_more_error(a, b, one, two, seed):
    """ln a − ln b + σ (z_a − z_b): a draw that turns the certain order at some σ turns it at any larger one."""
    b += 0.01 if abs(a - b) < 0.01 else 0
    small, large = (
        rank_uncertainty(zones_of([a, b], population_sd=sd), top=1, draws=200, seed=seed, sensitivity=False)
        for sd in sorted([one, two])
    )
    assert (large.rank_low <= small.rank_low).all()
    assert (large.rank_high >= small.rank_high).all()
    assert large.before_next[np.argmin(large.rank)] <= small.before_next[np.argmin(small.rank)]


def test_intervals_widen_with_the_error_of_population():
    central = np.geomspace(50, 200, 21)  # symmetric about 100 in the logarithm
    widths = []
    for sd in (0, 0.02, 0.05, 0.1, 0.2, 0.4):
        found = rank_uncertainty(zones_of(central, population_sd=sd), top=5)
        widths.append(found.rank_high - found.rank_low)
    assert (np.diff([width.sum() for width in widths]) >= 0).all()
    assert widths[-1].min() > 0
    assert (np.diff([width[10] for width in widths]) >= 0).all()  # the zone in the middle
    assert widths[0].max() == 0


def test_ranks_chances_and_quantiles_equal_pandas():
    rng = np.random.default_rng(8)
    ids, central = rng.permutation([f"z{k:02d}" for k in range(30)]), np.round(rng.gamma(1, 50, 30))
    central[:6] = 0  # always tied
    model = zones_of(central, ids=ids, gap=gaps_of(central, low=central * 1.5, high=central / 2), population_sd=0.2)
    found = rank_uncertainty(model, top=4, draws=400, seed=9)
    keys = model.keys(model.draw(Streams(9, "first"), 400))
    table = pd.DataFrame(keys, columns=np.sort(ids)).T
    drawn = table.rank(method="first", ascending=False)
    frame = pd.DataFrame(
        {
            "top_probability": (drawn <= 4).mean(axis=1),
            "rank_mean": drawn.mean(axis=1),
            "rank_low": drawn.quantile(0.05, axis=1, interpolation="lower"),
            "rank_median": drawn.quantile(0.5, axis=1, interpolation="lower"),
            "rank_high": drawn.quantile(0.95, axis=1, interpolation="lower"),
        }
    ).loc[ids]
    for name in frame:
        np.testing.assert_allclose(getattr(found, name), frame[name], rtol=1e-12)
    np.testing.assert_array_equal(found.drawn_level, table.rank(method="min", ascending=False))


@given(models(), st.data())
@settings(max_examples=40)
def test_ranges_that_cannot_be_told_apart_are_found_pair_by_pair(model, data):
    found = rank_uncertainty(model, top=1, draws=30, seed=data.draw(st.integers(0, 99)), sensitivity=False)
    by_rank = np.argsort(found.rank)[: found.row.size]
    order = found.order_probability(by_rank[:, None], by_rank)
    tier = 1
    for p, zone in enumerate(by_rank):
        first, last = p, p
        while first > 0 and order[first - 1, p] < 0.9:
            first -= 1
        while last < by_rank.size - 1 and order[p, last + 1] < 0.9:
            last += 1
        assert (found.alike_first[zone], found.alike_last[zone]) == (first + 1, last + 1)
        tier += p > 0 and order[p - 1, p] >= 0.9
        assert found.tier[zone] == tier


def test_tiers_by_hand():
    # ten draws; 1 before 2 in nine (told apart), 2 before 3 in eight and a tie (8.5: not), so tiers 1, 2, 2
    levels = np.array([[1] * 9 + [2], [2] * 9 + [1], [3] * 8 + [2, 0]])
    before, tier, first, last = ranks._tiers(levels, np.array([1, 2, 3]))
    np.testing.assert_array_equal(before, [0.9, 0.85, np.nan])
    assert (tier.tolist(), first.tolist(), last.tolist()) == ([1, 2, 2], [1, 2, 2], [1, 3, 3])


def test_shares_of_variance_of_a_sum_are_those_of_its_terms():
    # Y = 2 a + b: Var 4 and 1, so 4/5 and 1/5
    rng = np.random.default_rng(1)
    one, two = rng.standard_normal((2, 2, 20_000, 1))
    for k, expected in ((0, 0.8), (1, 0.2)):
        tally = Tally((1,))
        again = two.copy()
        again[k] = one[k]
        for part in (slice(0, 7000), slice(7000, None)):
            tally.add(2 * one[0, part] + one[1, part] + 50, 2 * again[0, part] + again[1, part] + 50)
        assert tally.share()[0] == pytest.approx(expected, abs=0.02)


def test_shares_of_variance_of_a_product_are_those_of_its_factors():
    # key = gap × factor, variation coefficients squared 0.6² / 6 and 0.2²; the rest of 1 is their product
    gap = gaps_of([100], low=[160], high=[40])
    found = rank_uncertainty(zones_of([100], gap=gap, population_sd=0.2), top=1, draws=20_000)
    footprint, population = 0.06, 0.04
    whole = footprint + population + footprint * population
    assert found.key_share["footprint"][0] == pytest.approx(footprint / whole, abs=0.02)
    assert found.key_share["population"][0] == pytest.approx(population / whole, abs=0.02)
    assert np.isnan(found.rank_share["footprint"][0])  # a rank of one zone does not vary


def test_the_only_source_explains_everything_and_one_without_spread_nothing():
    found = rank_uncertainty(
        zones_of([100, 90, 0], people=[200] * 3, adoption=[1, 1, 0.5], population_sd=[0.1, 0.1, 0]), top=1
    )
    assert list(found.key_share) == ["footprint", "population", "adoption"]
    # the third, certain at 100 without use, keeps its key but not its rank
    np.testing.assert_array_equal(found.key_share["population"], [1, 1, np.nan])
    np.testing.assert_array_equal(found.key_share["adoption"], [0, 0, np.nan])
    assert found.rank_share["population"].tolist() == [1, 1, 1]
    assert found.rank_share["footprint"].tolist() == [0, 0, 0]
    bare = rank_uncertainty(zones_of([1, 2], population_sd=0.1), top=1, sensitivity=False)
    assert (bare.key_share, bare.rank_share) == ({}, {})


def test_an_error_that_all_zones_share_moves_keys_and_not_ranks():
    central = np.geomspace(100, 1000, 10)
    gap = gaps_of(central, low=central * 1.5, high=central * 0.5)
    found = rank_uncertainty(zones_of(central, gap=gap, population_sd=0.05), top=3)
    assert (found.key_share["footprint"] > 0.9).all()
    assert np.nanmax(found.rank_share["footprint"]) < 0.15


EVERYTHING = """
import numpy as np, hashlib
from analysis.uncertainty import Gaps, gap_model, rank_uncertainty
rng = np.random.default_rng(4)
people = rng.gamma(1, 500, 300)
low = people * rng.random(300)
gap = Gaps(low, low / 2, low / 3, common=0.5)
ids = np.array([f"zone {k}" for k in range(300)])
model = gap_model(ids, people=people, gap=gap, adoption=np.full(300, 0.8), adoption_sd=0.1, population_sd=0.1)
table = rank_uncertainty(model, top=10, draws=100).table()
print(hashlib.sha256(table.drop(columns="zone_id").to_numpy(dtype=float).tobytes()).hexdigest())
"""


def test_hash_seed_and_threads_change_no_byte():
    digests = []
    for seed, threads in (("0", "1"), ("7", "2")):
        environment = os.environ | {"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads, "NUMBA_NUM_THREADS": threads}
        run = subprocess.run(
            [sys.executable, "-c", EVERYTHING], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        digests.append(run.stdout)
    assert digests[0] == digests[1]
    assert len(digests[0].strip()) == len(hashlib.sha256().hexdigest())


def everything(order, *, seed=0, lose=()):
    """Twenty zones in some order of their rows, some without a rank."""
    rng = np.random.default_rng(6)
    people = rng.gamma(1, 500, 20)
    low = people * rng.random(20)
    low[list(lose)] = np.nan
    ids = np.array([f"z{k:02d}" for k in range(20)])
    take = {"low": low[order], "central": low[order] / 2, "high": low[order] / 3}
    model = gap_model(
        ids[order],
        people=people[order],
        gap=Gaps(**take, common=0.5),
        adoption=np.full(20, 0.8),
        adoption_sd=0.1,
        population_sd=0.1,
    )
    return rank_uncertainty(model, top=5, draws=100, seed=seed)


@given(st.permutations(range(20)))
@settings(max_examples=20)
def test_the_order_of_the_zones_changes_no_bit(order):
    straight, turned = (everything(rows).table().set_index("zone_id") for rows in (np.arange(20), np.array(order)))
    pd.testing.assert_frame_equal(turned.loc[straight.index], straight, check_exact=True)


def test_another_seed_is_another_draw_and_the_same_seed_the_same():
    one, same, other = (everything(np.arange(20), seed=seed).table() for seed in (2, 2, 3))
    pd.testing.assert_frame_equal(one, same, check_exact=True)
    assert not one["rank_mean"].equals(other["rank_mean"])


def test_a_zone_that_loses_its_rank_leaves_the_draws_of_the_others():
    rows = np.arange(20)
    whole, fewer = everything(rows), everything(rows, lose=[4])
    assert fewer.table().loc[4].drop("zone_id").isna().all()
    others = np.delete(rows, 4)
    pairs = (others[:, None], others)
    np.testing.assert_array_equal(fewer.order_probability(*pairs), whole.order_probability(*pairs))


def test_the_size_of_a_batch_changes_no_rank(monkeypatch):
    rng = np.random.default_rng(2)
    central = rng.gamma(1, 50, 15)
    model = zones_of(
        central, gap=gaps_of(central, low=central * 2, high=central / 2, common=0.3), population_sd=0.2,
        adoption=np.full(15, 0.9999), adoption_sd=0.001,
    )  # fmt: skip
    one = rank_uncertainty(model, top=3, draws=100)
    monkeypatch.setattr(ranks, "VALUES_AT_ONCE", 100)
    two = rank_uncertainty(model, top=3, draws=100)
    np.testing.assert_array_equal(one.drawn_rank, two.drawn_rank)
    for source, share in one.rank_share.items():
        np.testing.assert_allclose(share, two.rank_share[source], rtol=1e-9)


def test_distributions_are_those_of_scipy():
    score = np.linspace(-6, 6, 241)
    expected = stats.triang.ppf(stats.norm.cdf(score), 0.5, -1, 2)
    np.testing.assert_allclose(triangular(score), expected, atol=1e-9)
    sd = np.array([0.0, 0.1, 0.5])
    factor = lognormal(score[:, None], log_sd(sd))
    assert (factor[:, 0] == 1).all()
    for k in (1, 2):
        shape = log_sd(sd)[k]
        there = stats.lognorm(shape, scale=np.exp(-(shape**2) / 2))
        assert (there.mean(), there.std()) == pytest.approx((1, sd[k]))
        np.testing.assert_allclose(factor[:, k], there.ppf(stats.norm.cdf(score)), rtol=1e-6)


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.5))
def test_shares_follow_the_beta_distribution_of_their_mean_and_deviation(mean, width):
    sd = width * np.sqrt(mean * (1 - mean))
    size = mean * (1 - mean) / sd**2 - 1
    score = np.random.default_rng(0).standard_normal(4000)
    found = beta(score[:, None], beta_table(np.array([mean]), np.array([sd])))[:, 0]
    expected = stats.beta.ppf(stats.norm.cdf(score), mean * size, (1 - mean) * size)
    np.testing.assert_allclose(found, expected, atol=0.02 * sd)  # linear between knots: 0.018 at the worst
    assert ((found >= 0) & (found <= 1)).all()
    certain = beta(score[:5, None], beta_table(np.array([mean]), np.zeros(1)))
    assert (certain == mean).all()
    assert KNOTS[0] == -KNOTS[-1]


def test_weights_follow_the_dirichlet_distribution():
    alpha = 30 * np.array([0.5, 0.3, 0.2])
    found = dirichlet(np.random.default_rng(0).random((20_000, 3)), alpha)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    there = stats.dirichlet(alpha)
    np.testing.assert_allclose(found.mean(axis=0), there.mean(), atol=0.003)
    np.testing.assert_allclose(found.var(axis=0), there.var(), rtol=0.05)
    assert stats.kstest(found[:, 2], stats.beta(alpha[2], alpha[:2].sum()).cdf).pvalue > 0.001


POSTS = {"skills": (0, 1), "power": (0, 1), "devices": (0, 1)}


def index_of(rows, weights=(2, 1, 1), way="arithmetic", **rules):
    table = pd.DataFrame(rows, index=[f"z{k}" for k in range(len(rows))], columns=list(POSTS), dtype=float)
    given_weights = dict(zip(POSTS, weights, strict=True))
    return composite(table, goalposts=POSTS, weights=given_weights, aggregation=way, **rules)


PARTS = st.lists(
    st.lists(st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0, np.nan]), min_size=3, max_size=3), min_size=1, max_size=8
)


@given(PARTS, st.sampled_from(["arithmetic", "geometric"]))
def test_certain_weights_give_the_rank_of_the_index(rows, way):
    index = index_of(rows, way=way, missing="renormalise", least_known=0.5)
    expected = index.rank.to_numpy(dtype=float, na_value=np.nan)
    for concentration in (None, 1e9):
        found = rank_uncertainty(score_model(index, concentration=concentration), top=2, draws=20)
        np.testing.assert_array_equal(found.rank, expected)
        if concentration is None:
            np.testing.assert_array_equal(found.rank_high, expected)


def test_two_zones_under_doubtful_weights_follow_the_beta_distribution():
    # scores w and 1/2 with w ~ Beta(0.6 × 20, 0.4 × 20): the first is lower where w < 1/2
    index = index_of([[1, 0, 0], [0.5, 0.5, 0.5]], weights=(0.6, 0.3, 0.1))
    found = rank_uncertainty(score_model(index, concentration=20), top=1, draws=20_000)
    expected = stats.beta.cdf(0.5, 12, 8)
    assert found.rank.tolist() == [2, 1]
    assert found.top_probability[0] == pytest.approx(expected, abs=five_errors(expected, 20_000))
    assert found.key_share["weights"].tolist() == pytest.approx([1, np.nan], nan_ok=True)
    assert found.rank_share["weights"].tolist() == [1, 1]
    assert found.rank_share["footprint"].tolist() == [0, 0]


@given(PARTS, st.sampled_from(["arithmetic", "geometric"]), st.integers(0, 1000))
@settings(max_examples=50)
def test_no_weights_turn_a_zone_that_is_worse_in_every_part(rows, way, seed):
    rows = [[0.7 if np.isnan(part) else max(part, 0.1) for part in row] for row in rows]
    rows.append([min(part) * 0.5 for part in zip(*rows, strict=True)])
    found = rank_uncertainty(
        score_model(index_of(rows, way=way), concentration=1), top=1, draws=50, seed=seed, sensitivity=False
    )
    assert (found.top_probability[-1], found.rank_high[-1]) == (1, 1)


def test_footprints_move_the_parts_that_rest_on_them():
    # skills of a: 0.2, 0.4, 0.6 under low, central, high; the weight of skills is 1/2: its score runs 0.35 … 0.55
    central = index_of([[0.4, 0.5, 0.5], [0.48, 0.5, 0.5]])
    low, high = central.parts.copy(), central.parts.copy()
    low.loc["z0", "skills"], high.loc["z0", "skills"] = 0.2, 0.6
    model = score_model(central, concentration=None, parts_low=low.iloc[::-1], parts_high=high)
    found = rank_uncertainty(model, top=1, draws=20_000)
    # b is lower where 0.4 + 0.2 t > 0.48, t > 0.4: (1 − 0.4)² / 2 = 0.18
    assert found.top_probability[1] == pytest.approx(0.18, abs=five_errors(0.18, 20_000))
    both = rank_uncertainty(
        score_model(central, concentration=50, parts_low=low, parts_high=high), top=1, draws=500
    ).key_share
    assert both["footprint"][0] > 0.5 > both["weights"][0] > 0
    assert (both["footprint"][1], both["weights"][1]) == (0, 1)


def test_every_fault_of_the_gap_is_named_at_once():
    with pytest.raises(SchemaError) as refused:
        gap_model(
            ["a", "b", "b", "c"],
            people=[10, -1, 10, 10],
            gap=Gaps([9, 0, 5, 11], [10, 0, 5, 11], [1, 0, 5, 11], spread=2, common=-1),
            population_sd=[0.1, 0.1, -0.1, np.nan],
            adoption=[45, 0.5, 1, 0.5],
            adoption_sd=[0.1, 0, 0.1, 0.5],
        )
    told = str(refused.value)
    for part in (
        "'zone_id', row b: the id stands twice",
        "'people', row b: negative or infinite",
        "'gap_central', row c: above the people",
        "'gap_central', row a: larger than gap_low. Mend: larger footprints leave a smaller gap",
        "'population_sd', row b, c: negative or not known",
        "'adoption', row a: outside 0–1. Mend: give shares from 0 to 1; divide per cent by 100",
        "'adoption_sd', row b, c: as wide as a share can vary or wider",
        "spread: 2 is no share",
        "common: -1 is no share",
    ):
        assert part in told
    with pytest.raises(
        SchemaError, match=r"(?s)'people': \(1,\) is not one value for each of 2.*'population_sd'.*'ranked'"
    ):
        gap_model(["a", "b"], people=[1], gap=gaps_of([1, 1]), ranked=[True], population_sd=[1])


def test_every_fault_of_the_score_and_of_the_draws_is_named_at_once():
    index = index_of([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    odd = index.parts.copy()
    odd.loc["z1", "power"] = np.nan
    with pytest.raises(SchemaError) as refused:
        score_model(
            index,
            concentration=0.5,
            footprint_spread=np.nan,
            parts_low=odd * 10,
            parts_high=index.parts.drop(columns="skills"),
        )
    told = str(refused.value)
    for part in (
        "concentration: 0.5 is too small",
        "footprint_spread: nan is no share",
        "'power of parts_low', row z1: not known as in the index",
        "'skills of parts_low', row z1: outside 0–1",
        "parts_high: of ['devices', 'power']. Mend: give devices, power, skills",
    ):
        assert part in told
    with pytest.raises(SchemaError, match="parts_low: other zones"):
        score_model(index, concentration=5, parts_low=index.parts.iloc[:1])
    with pytest.raises(SchemaError, match=r"(?s)top: 0 is too low.*draws: 5 is too low.*seed: -1 is too low"):
        rank_uncertainty(zones_of([1]), top=0, draws=5, seed=-1)


def test_zones_that_are_not_ranked_stay_out():
    model = zones_of([5, 9, 7, 3], people=[10, 10, 0, 10], gap=gaps_of([5, 9, 0, 3]), ranked=[True, False, True, True])
    found = rank_uncertainty(model, top=9)
    np.testing.assert_array_equal(found.rank, [1, np.nan, np.nan, 2])
    np.testing.assert_array_equal(found.top_probability, [1, np.nan, np.nan, 1])
    assert (found.top, np.isnan(found.order_probability(0, 1))) == (2, True)
    none = rank_uncertainty(zones_of([np.nan, np.nan]), top=3)
    assert (none.top, np.isnan(none.table().drop(columns="zone_id").to_numpy()).all()) == (0, True)
