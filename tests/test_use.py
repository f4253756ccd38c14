"""Who is covered and uses it: hand answers, people placed one by one, bounds by linear programming, bad input."""

import itertools
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, shared
from hypothesis import given
from hypothesis import settings as tuned
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import linprog
from shapely import box

from analysis.fragments import Fragments, make_fragments
from analysis.ledger import STATES, Ledger
from analysis.use import BEST_FIRST, USES, make_use, meaningful_bounds, split
from analysis.use_inputs import MEAN_RULE, SPREAD_RULE, afford_rule, can_afford
from analysis.use_tables import (
    CELL_COLUMNS,
    PARTS,
    ZONE_COLUMNS,
    use_columns_cells,
    use_columns_zones,
    use_record,
    use_records,
    use_table,
)
from data.load import load_region
from data.region_file import RegionFile
from data.use import UseShares, read_use
from geo.errors import SchemaError


def fragments_of(zone, persons):
    """One cell a fragment."""
    zone, persons = np.asarray(zone, dtype=np.int64), np.asarray(persons, dtype=float)
    rows = np.arange(zone.size)
    return Fragments(rows, persons, rows, zone, persons, int(zone.max(initial=-1)) + 1)


def ledger_of(rows):
    """rows: one list of persons by state (in the order of STATES) a fragment."""
    table = np.asarray(rows, dtype=float).T
    return Ledger({state: table[i] for i, state in enumerate(STATES)}, {}, {})


def shares(using, *, price=np.nan, income=np.nan, gini=np.nan, limit=0.02, without=None):
    using = np.asarray(using, dtype=float)

    def each(value):
        return np.broadcast_to(np.asarray(value, dtype=float), using.shape).copy()

    return UseShares(using, without or {}, each(price), each(income), each(gini), limit, "aged 15 and over", 2021)


# unknown, no_signal, below_broadband, mobile_broadband, declared_4g, declared_5g, usable
HAND = [[0, 10, 20, 30, 20, 0, 20], [50, 0, 0, 0, 0, 0, 50]]


def test_one_zone_by_hand():
    """100 people of known service, 60 users: 20 usable, 20 at 4G, 20 of the 30 at 3G; of 50 unknown people 30 use."""
    fragments = fragments_of([0, 0], [100, 50])
    ledger = ledger_of([HAND[0], [50, 0, 0, 0, 0, 0, 0]])
    use = make_use(fragments, ledger, shares([0.6]))
    users = {state: use.cross[state, "using"].sum() for state in STATES}
    assert users == pytest.approx(
        {
            "unknown": 30, "no_signal": 0, "below_broadband": 0, "mobile_broadband": 20,
            "declared_4g": 20, "declared_5g": 0, "usable": 20,
        }
    )  # fmt: skip
    assert use.connected.tolist() == pytest.approx([60, 0])
    assert use.usage_gap.tolist() == pytest.approx([10, 0])
    assert use.coverage_gap.tolist() == pytest.approx([30, 0])
    assert use.service_unknown.tolist() == pytest.approx([0, 50])
    assert use.using_beyond_coverage.sum() == 0


def test_more_users_than_covered_people_spill_over_and_are_told():
    use = make_use(fragments_of([0], [100]), ledger_of([HAND[0]]), shares([0.9]))
    assert use.using_beyond_coverage.tolist() == pytest.approx([20])
    assert use.cross["below_broadband", "using"].tolist() == pytest.approx([20])
    assert use.usage_gap.tolist() == pytest.approx([0])


def test_users_of_one_state_are_spread_over_its_places_as_people_are():
    fragments = fragments_of([0, 0], [40, 60])
    rows = [[0, 0, 0, 0, 30, 0, 10], [0, 0, 0, 0, 60, 0, 0]]
    use = make_use(fragments, ledger_of(rows), shares([0.4]))
    assert use.cross["usable", "using"].tolist() == pytest.approx([10, 0])
    assert use.cross["declared_4g", "using"].tolist() == pytest.approx([10, 20])


def test_without_figures_and_outside_every_zone_use_is_not_known_not_zero():
    fragments = fragments_of([0, 1, -1], [100, 100, 100])
    ledger = ledger_of([HAND[0]] * 3)
    use = make_use(fragments, ledger, shares([0.5, np.nan]))
    assert use.people(uses=("use_not_known",)).tolist() == [0, 100, 100]
    assert use.people(uses=("using",)).tolist() == pytest.approx([50, 0, 0])
    assert use.covered_use_not_known.tolist() == [0, 70, 70]
    nothing = make_use(fragments, ledger, None)
    assert nothing.people(uses=("use_not_known",)).tolist() == [100, 100, 100]
    record = use_records(fragments, nothing, index=np.zeros(3, dtype=np.int64), count=1)[0]
    assert record["using_share"] is None
    assert record["meaningful"]["people"] is None
    assert record["money"] == {"price": None, "income": None, "people": 0}


def test_affording_by_hand():
    """Threshold 1 / 0.02 = 50. Mean 50 without a Gini: all; 49: none; 50 with Gini 0.4: Φ(−σ/2)."""
    made = shares([0.5] * 5, price=1, income=[50, 49, 50, np.nan, 500], gini=[np.nan, 0, 0.4, 0.4, 0.4])
    found = can_afford(made)
    sigma = np.sqrt(2) * stats.norm.ppf(0.7)
    assert found[:3].tolist() == pytest.approx([1, 0, stats.norm.cdf(-sigma / 2)])
    assert np.isnan(found[3])
    assert found[4] > 0.99
    assert can_afford(shares([0.5], price=0, income=10, gini=0.5)).tolist() == [1]


@given(gini=st.floats(0.02, 0.9), mean=st.floats(1, 1e5), price=st.floats(0.01, 1e4))
def test_affording_is_that_of_a_lognormal_income_with_that_gini_and_mean(gini, mean, price):
    found = can_afford(shares([0.5], price=price, income=mean, gini=gini))[0]
    sigma = np.sqrt(2) * stats.norm.ppf((1 + gini) / 2)
    income = stats.lognorm(s=sigma, scale=mean / np.exp(sigma**2 / 2))
    assert income.mean() == pytest.approx(mean)
    assert found == pytest.approx(income.sf(price / 0.02), abs=1e-9)
    # the Gini of that distribution, from its Lorenz curve L(p) = Φ(Φ⁻¹(p) − σ)
    p = (np.arange(10_000) + 0.5) / 10_000
    lorenz = stats.norm.cdf(stats.norm.ppf(p) - sigma)
    assert 1 - 2 * lorenz.mean() == pytest.approx(gini, abs=3e-3)


def test_the_rule_of_affording_is_said():
    assert afford_rule(shares([0.5])) == ""
    assert MEAN_RULE in afford_rule(shares([0.5], price=1, income=50))
    assert SPREAD_RULE in afford_rule(shares([0.5], price=1, income=50, gini=0.4))
    both = afford_rule(shares([0.5, 0.5], price=1, income=50, gini=[0.4, np.nan]))
    assert SPREAD_RULE in both
    assert MEAN_RULE in both


def test_meaningful_by_hand():
    """100 people, 20 usable (all of known quality), 60 users, 45 able: 20 × 0.45 = 9, at most 20, at least 0."""
    made = shares([0.6], price=1, income=[50.0])
    made = UseShares(made.using, {}, made.price, made.income, np.array([np.nan]), 0.02, "", 2021)
    fragments = fragments_of([0], [100])
    use = make_use(fragments, ledger_of([HAND[0]]), made, quality_known=np.ones(1))
    assert use.can_afford.tolist() == [1]
    part = use_records(fragments, use, index=np.zeros(1, dtype=np.int64), count=1)[0]["meaningful"]
    assert part == pytest.approx(
        {"people": 20, "low": 0, "high": 20, "known": 100, "not_known": 0, "share": 0.2}
    )  # all 40 non-users could be among the usable: 20 − 40 < 0
    rich = make_use(fragments, ledger_of([[0, 0, 0, 0, 0, 0, 100]]), made, quality_known=np.ones(1))
    low, high = meaningful_bounds(rich, fragments, index=np.zeros(1, dtype=np.int64), count=1)
    assert (low[0], high[0]) == pytest.approx((60, 60))


def test_meaningful_is_not_known_where_quality_is_not():
    fragments = fragments_of([0], [100])
    made = shares([0.6], price=1, income=50)
    ledger = ledger_of([[0, 10, 20, 30, 40, 0, 0]])

    def told(quality):
        use = make_use(fragments, ledger, made, quality_known=quality)
        return use_records(fragments, use, index=np.zeros(1, dtype=np.int64), count=1)[0]["meaningful"]

    assert told(None)["people"] is None
    assert told(None)["not_known"] == 100
    assert told(np.array([0.5])) == {"people": 0, "low": 0, "high": 0, "known": 80, "not_known": 20, "share": 0}
    none_reached = ledger_of([[0, 100, 0, 0, 0, 0, 0]])
    use = make_use(fragments, none_reached, made)
    assert use_records(fragments, use, index=np.zeros(1, dtype=np.int64), count=1)[0]["meaningful"]["people"] == 0


people = st.floats(0, 1e5) | st.just(0.0)
zone_share = st.floats(0, 1) | st.just(np.nan) | st.sampled_from([0.0, 1.0])


@st.composite
def places(draw):
    rows = draw(st.lists(st.lists(people, min_size=7, max_size=7), min_size=1, max_size=8))
    zone = draw(st.lists(st.integers(-1, 3), min_size=len(rows), max_size=len(rows)))
    figures = [draw(st.lists(zone_share, min_size=4, max_size=4)) for _ in range(4)]
    quality = draw(st.none() | st.lists(st.floats(0, 1), min_size=len(rows), max_size=len(rows)))
    index = draw(st.lists(st.integers(-1, 2), min_size=len(rows), max_size=len(rows)))
    return rows, zone, figures, quality, index


def made_of(place):
    rows, zone, (using, income, gini, device), quality, index = place
    table = np.asarray(rows)
    fragments = Fragments(
        np.arange(len(rows)), table.sum(axis=1), np.arange(len(rows)), np.array(zone), table.sum(axis=1), 4
    )
    gini = np.minimum(np.array(gini), 0.95)
    told = shares(using, price=0.01, income=np.maximum(income, 0.01), gini=gini, without={"device": np.array(device)})
    known = None if quality is None else np.array(quality)
    return fragments, ledger_of(rows), make_use(fragments, ledger_of(rows), told, quality_known=known), np.array(index)


@given(place=places())
def test_everybody_is_in_one_state_of_each_kind_and_nobody_is_made(place):
    fragments, ledger, use, _index = made_of(place)
    close = {"rtol": 1e-12, "atol": 1e-12}
    for state in STATES:
        parts = [use.cross[state, name] for name in USES]
        np.testing.assert_allclose(np.sum(parts, axis=0), ledger.states[state], **close)
        assert all((part >= 0).all() and (part <= ledger.states[state] * (1 + 1e-12)).all() for part in parts)
    np.testing.assert_allclose(use.people(), fragments.persons, **close)
    whole = use.coverage_gap + use.connected + use.usage_gap + use.covered_use_not_known + use.service_unknown
    np.testing.assert_allclose(whole, fragments.persons, **close)
    np.testing.assert_allclose(np.sum(list(use.affordable().values()), axis=0), use.people(uses=("using",)), **close)
    # a zone has as many users as its share says
    inside = fragments.by_zone(fragments.persons)
    using = np.array(place[2][0])
    known = ~np.isnan(using)
    np.testing.assert_allclose(
        fragments.by_zone(use.people(uses=("using",)))[known], (using * inside)[known], rtol=1e-9, atol=1e-9
    )
    sure, told = use.meaningful()
    assert (sure <= told * (1 + 1e-12) + 1e-9).all()
    assert (told <= fragments.persons * (1 + 1e-12)).all()


@given(place=places())
def test_every_split_sums_and_bounds_hold_the_figure(place):
    fragments, _ledger, use, index = made_of(place)
    records = use_records(fragments, use, index=index, count=3)
    for part, record in enumerate(records):
        total = float(fragments.persons[index == part].sum())
        close = pytest.approx(total, rel=1e-9, abs=1e-9)
        assert record["population"] == close
        assert sum(record["service"].values()) == close
        assert sum(record["use"].values()) == close
        assert sum(record[name] for name in PARTS) == close
        assert sum(record["can_afford"].values()) == close
        for barrier in record["barriers"].values():
            assert sum(barrier.values()) == close
        gsma = record["gsma"]
        assert gsma["connected"] + gsma["usage_gap"] + gsma["coverage_gap"] == pytest.approx(gsma["known"], rel=1e-9)
        assert sum(record["affordable"].values()) == pytest.approx(record["use"]["using"], rel=1e-9, abs=1e-9)
        found = record["meaningful"]
        assert found["known"] + found["not_known"] == close
        if found["people"] is not None:
            slack = 1e-9 * max(total, 1)
            assert found["low"] - slack <= found["people"] <= found["high"] + slack
    whole = use_records(fragments, use, index=np.zeros(len(index), dtype=np.int64), count=1)[0]
    zones = use_records(fragments, use, index=fragments.zone, count=4)
    outside = use_records(fragments, use, index=np.where(fragments.zone < 0, 0, -1), count=1)[0]
    for name in PARTS:
        assert sum(z[name] for z in zones) + outside[name] == pytest.approx(whole[name], rel=1e-9, abs=1e-6)


@given(
    counts=st.lists(st.integers(0, 12), min_size=6, max_size=6),
    users=st.integers(0, 72),
)
def test_placing_equals_people_placed_one_by_one(counts, users):
    total = sum(counts)
    users = min(users, total)
    if total == 0:
        return
    # one person after the other, the best served first
    line = list(itertools.chain.from_iterable([state] * n for state, n in zip(BEST_FIRST, counts, strict=True)))
    expected = {state: line[:users].count(state) for state in BEST_FIRST}
    states = {state: np.array([float(n)]) for state, n in zip(BEST_FIRST, counts, strict=True)}
    states["unknown"] = np.zeros(1)
    cross = split(states, fragments_of([0], [total]), using=np.array([users / total]))
    assert {s: cross[s, "using"][0] for s in BEST_FIRST} == pytest.approx(expected, abs=1e-9)


@tuned(max_examples=40)
@given(
    usable=st.floats(0, 1), using=st.floats(0, 1), able=st.floats(0, 1), split_at=st.floats(0, 1)
)  # shares of one zone of 100 people, the usable ones over two places
def test_bounds_are_the_extremes_of_a_linear_programme(usable, using, able, split_at):
    """Joint of (usable here, usable there, elsewhere) × using × able with these margins; both parts and their sum."""
    size = 100.0
    here, there = usable * split_at * size, usable * (1 - split_at) * size
    rows = [[0, 0, 0, size - here - there, 0, 0, here], [0, 0, 0, 0, 0, 0, there]]
    fragments = fragments_of([0, 0], [size - there, there])
    told = shares([using])
    use = make_use(fragments, ledger_of(rows), told, quality_known=np.ones(2))
    use = SimpleNamespace(
        can_afford=np.full(2, able),
        using_share=use.using_share,
        persons=use.persons,
        service_unknown=use.service_unknown,
        people=use.people,
    )
    cells = list(itertools.product(range(3), (0, 1), (0, 1)))
    margins, amounts = [], []
    for place, amount in ((0, here), (1, there), (2, size - here - there)):
        margins.append([cell[0] == place for cell in cells])
        amounts.append(amount)
    for axis, amount in ((1, using * size), (2, able * size)):
        margins.append([cell[axis] == 1 for cell in cells])
        amounts.append(amount)
    for places_, index in (((0,), [0, -1]), ((0, 1), [0, 0])):
        target = np.array([float(c[0] in places_ and c[1] == 1 and c[2] == 1) for c in cells])
        least = linprog(target, A_eq=np.array(margins, float), b_eq=amounts).fun
        most = -linprog(-target, A_eq=np.array(margins, float), b_eq=amounts).fun
        low, high = meaningful_bounds(use, fragments, index=np.array(index), count=1)
        assert low[0] == pytest.approx(least, abs=1e-6)
        assert high[0] == pytest.approx(most, abs=1e-6)


def test_columns_of_cells_and_zones_are_the_records():
    fragments = fragments_of([0, 0, 1], [100, 50, 100])
    ledger = ledger_of([HAND[0], [50, 0, 0, 0, 0, 0, 0], HAND[0]])
    told = shares([0.6, np.nan], price=1, income=[50, np.nan], without={"device": np.array([0.2, np.nan])})
    use = make_use(fragments, ledger, told, quality_known=np.ones(3))
    cells, zones = use_columns_cells(fragments, use), use_columns_zones(fragments, use)
    assert set(cells) == set(CELL_COLUMNS)
    assert set(zones) == set(ZONE_COLUMNS)
    assert zones["using"].tolist() == pytest.approx([90, 0])
    assert zones["using_share"][0] == pytest.approx(0.6)
    assert zones["no_device_people"][0] == pytest.approx(30)
    assert zones["coverage_gap_people"].tolist() == pytest.approx([30, 30])
    for name in ("using_share", "connected_people", "usage_gap_people", "meaningful_people", "no_device_people"):
        assert np.isnan(zones[name][1]), name
    assert np.isnan(cells["coverage_gap_people"]).tolist() == [False, True, False]
    records = use_records(fragments, use, index=fragments.zone, count=2)
    assert zones["meaningful_people"][0] == pytest.approx(records[0]["meaningful"]["people"])
    assert zones["usage_gap_people"][0] == pytest.approx(records[0]["usage_gap"])


# ---- what the zones say

ZONES = gpd.GeoDataFrame(
    {
        "zone_id": ["a", "b", "c"],
        "zone_name": ["Aa", "Bb", "Cc"],
        "off": [25.0, np.nan, 100.0],
        "on": [0.75, np.nan, 0.0],
        "text": ["30,5", "", "20"],
        "low": [0.5, 0.9, 0.2],
        "minus": [5.0, -3.0, 50.0],
        "over": [5.0, 103.0, 50.0],
        "pay": [100.0, 200.0, np.nan],
        "free": [0.0, 5.0, 5.0],
        "gini": [0.4, 43.5, np.nan],
    },
    geometry=[box(i, 0, i + 1, 1) for i in range(3)],
    crs="EPSG:3035",
)


def settings(use=None, group=(), *, year=2021, indicators=None, population=None):
    base = {
        "name": "T",
        "population": {"file": "p.tif", **(population or {})},
        "zones": {"file": "z.gpkg", "id": "i", "name": "n", **({"year": year} if year else {})},
        "group": list(group),
    }
    base |= {"use": use} if use is not None else {}
    base |= {"indicators": indicators} if indicators else {}
    return RegionFile.model_validate(base)


def read(use=None, group=(), *, indicators=(), layers=(), **rest):
    found = settings(use, group, **rest)
    return read_use(ZONES, settings=found, indicators=tuple(indicators), layers=list(layers))


def faults_of(*args, **kwargs):
    with pytest.raises(SchemaError) as caught:
        read(*args, **kwargs)
    return caught.value.faults


def test_a_share_and_its_rest_are_one():
    offline, _, notes = read({"unit": "percent", "offline": "off"})
    online, _, _ = read({"unit": "fraction", "online": "on"})
    np.testing.assert_allclose(offline.using, [0.75, np.nan, 0.0])
    np.testing.assert_allclose(online.using, offline.using)
    assert offline.year == 2021
    assert [(note.count, note.detail) for note in notes] == [(1, "Bb")]


def test_text_with_decimal_commas_barriers_and_money_are_read():
    use, _, _ = read(
        {"unit": "percent", "no_device": "text", "skills": "off", "price": 2, "income": "pay", "income_gini": 0.4}
    )
    np.testing.assert_allclose(use.without["device"], [0.305, np.nan, 0.2])
    np.testing.assert_allclose(use.without["skills"], [0.75, np.nan, 0.0])
    assert set(use.without) == {"device", "skills"}
    assert use.price.tolist() == [2, 2, 2]
    assert use.gini.tolist() == [0.4] * 3
    assert np.isnan(use.using).all()


@pytest.mark.parametrize(
    ("use", "column", "zone", "word"),
    [
        ({"unit": "percent", "offline": "of"}, "of", "", "no such column"),
        ({"unit": "percent", "offline": "low"}, "low", "", "fractions, not percent"),
        ({"unit": "fraction", "offline": "off"}, "off", "", "percent, not fractions"),
        ({"unit": "percent", "offline": "minus"}, "minus", "b", "-3 is below 0"),
        ({"unit": "percent", "offline": "over"}, "over", "b", "more than all people"),
        ({"price": 1, "income": "free"}, "free", "a", "is no use.income"),
        ({"price": "minus", "income": 5}, "minus", "b", "is no use.price"),
        ({"price": 1, "income": 5, "income_gini": "gini"}, "gini", "b", "43.5 is no Gini"),
    ],
)
def test_columns_that_cannot_be(use, column, zone, word):
    (fault,) = faults_of(use)
    assert (fault.column, fault.row) == (column, zone)
    assert word in fault.problem
    assert fault.file == "z.gpkg"
    assert fault.mend


def test_the_mend_names_the_nearest_column_and_the_other_unit():
    assert "'off'" in faults_of({"unit": "percent", "offline": "offf"})[0].mend
    assert "multiply the column by 100" in faults_of({"unit": "percent", "offline": "low"})[0].mend
    assert "divide the column by 100" in faults_of({"unit": "fraction", "offline": "off"})[0].mend


def test_all_faults_of_all_sections_at_once():
    faults = faults_of(
        {"unit": "percent", "offline": "nowhere", "no_device": "minus", "skills": "low"},
        [{"name": "women", "share": "over"}, {"name": "men"}, {"name": "old", "share": "off", "against": "womn"}],
        year=None,
    )
    text = "\n".join(map(str, faults))
    for word in (
        "nowhere", "is below 0", "fractions, not percent", "more than all people", "nothing says how many people",
        "is no group", "use.year", "group 'women': the year",
    ):  # fmt: skip
        assert word in text, word


@pytest.mark.parametrize(
    ("groups", "word"),
    [
        ([{"name": "w", "share": "off"}, {"name": "w", "share": "off"}], "stands twice"),
        ([{"name": "layer", "share": "off"}], "has a share and a layer"),
        ([{"name": "w", "year": 2020}], "nothing says how many people"),
        ([{"name": "layer", "against": "lay"}], "is no group"),
    ],
)
def test_groups_that_cannot_be(groups, word):
    (fault,) = faults_of({"unit": "percent", "offline": "off"}, groups, layers=["layer"], population={"year": 2020})
    assert word in fault.problem
    assert fault.file == "region.toml"


def test_a_group_may_write_its_shares_in_its_own_unit_and_needs_one():
    _, groups, _ = read(None, [{"name": "w", "share": "on", "unit": "fraction", "offline": "low"}])
    np.testing.assert_allclose(groups[0].share, ZONES["on"])
    np.testing.assert_allclose(groups[0].using, 1 - ZONES["low"])
    (fault,) = faults_of(None, [{"name": "w", "share": "on"}])
    assert "unit is missing" in fault.problem


def test_a_layer_of_which_nothing_is_written_is_a_group_all_the_same():
    _, groups, _ = read(None, layers=["aged_60_plus"], population={"year": 2020})
    assert [(g.name, g.label, g.share, g.year) for g in groups] == [("aged_60_plus", "aged 60 plus", None, 2020)]
    assert np.isnan(groups[0].using).all()


@pytest.mark.parametrize(
    ("use", "word"),
    [
        ({"offline": "off"}, "unit is missing"),
        ({"unit": "percent", "offline": "off", "online": "on"}, "give online or offline, not both"),
        ({"price": 3}, "price needs income"),
        ({"income": 3}, "need price"),
        ({"price": 3, "income": 0}, "above 0"),
        ({"price": 3, "income": 5, "income_gini": 43.5}, "0.435"),
    ],
)
def test_settings_that_cannot_be(use, word):
    with pytest.raises(ValueError, match=word):
        settings(use)


def test_a_year_is_stated_by_the_section_or_by_the_file_of_its_columns():
    asked = {"unit": "percent", "offline": "off"}
    indicators = {"file": "i.csv", "id": "i", "year": 2019}
    found = settings(asked, year=None, indicators=indicators)
    use, _, _ = read_use(ZONES, settings=found, indicators=("off",), layers=[])
    assert use.year == 2019
    assert read({**asked, "year": 2015})[0].year == 2015
    (fault,) = faults_of(asked, year=None)
    assert "year" in fault.problem


# ---- Greater Accra, whose census tells who is offline


@pytest.fixture(scope="module")
def accra_region():
    return load_region(ROOT / "examples/greater-accra/region.toml", root=shared("greater-accra"))


def test_accra_users_are_the_censuss_and_three_districts_are_not_known(accra_region, accra):
    region = accra_region
    fragments = make_fragments(region, everything=False)
    nothing = np.zeros(fragments.size)
    states = dict.fromkeys(STATES, nothing) | {"declared_4g": fragments.persons}
    use = make_use(fragments, Ledger(states, {}, {}), region.use)
    columns = use_columns_zones(fragments, use)
    names = region.zones["zone_name"]
    missing = {"Ga South Municipal", "Ga Central Municipal", "Kpone Katamanso"}
    assert set(names[np.isnan(columns["using_share"])]) == missing
    census = pd.read_csv(accra / "census2021_district_indicators.csv").set_index("district")["pct_offline_15plus"]
    of_zone = region.zones["census_district"].map(census)
    np.testing.assert_allclose(100 * (1 - columns["using_share"]), of_zone, atol=1e-9)
    population = fragments.by_zone(fragments.persons)
    told = ~np.isnan(of_zone.to_numpy())
    expected = np.average(of_zone[told], weights=population[told])
    record = use_records(fragments, use, index=np.zeros(fragments.size, dtype=np.int64), count=1)[0]
    assert 100 * (1 - record["using_share"]) == pytest.approx(expected, abs=1e-9)
    outside = fragments.persons[fragments.zone < 0].sum()
    assert record["use"]["use_not_known"] == pytest.approx(population[~told].sum() + outside)
    (note,) = [note for note in region.notes if note.layer == "use"]
    assert note.count == 3
    assert all(name in note.detail for name in missing)


def test_one_table_holds_the_region_its_classes_its_zones_and_its_groups(accra_region):
    region = accra_region
    fragments = make_fragments(region, everything=False)
    states = {state: np.zeros(fragments.size) for state in STATES} | {"usable": fragments.persons}
    use = make_use(fragments, Ledger(states, {}, {}), region.use)
    codes = np.where(np.arange(region.grid.size) % 2 == 0, 30, 11).reshape(region.grid.shape).astype(np.int16)
    record = use_record(region, fragments, use, settlement=codes)
    table = use_table(record)
    assert table["scope"].value_counts().to_dict() == {"zone": 29, "settlement": 2, "region": 1}
    people_columns = [f"{state}_{name}" for state in STATES for name in USES]
    np.testing.assert_allclose(table[people_columns].sum(axis=1), table["population"], rtol=1e-12)
    np.testing.assert_allclose(table[list(PARTS)].sum(axis=1), table["population"], rtol=1e-12)
    by_scope = table.groupby("scope")["population"].sum()
    assert by_scope["settlement"] == pytest.approx(by_scope["region"])
    assert record["of"] == "aged 15 and over"
    assert record["year"] == 2021
    assert table["no_device"].isna().sum() == 3
    assert table["no_skills"].isna().all()
