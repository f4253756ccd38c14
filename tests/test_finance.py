from __future__ import annotations

import math

import numpy as np
import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.costs import cost_table, npv, wifi_cost
from analysis.finance import (
    annuity,
    break_even_arpu,
    break_even_year,
    check_financing,
    cost_per_person,
    financing_table,
    phase,
    subsidy,
    yearly_spend,
)
from geo.errors import RangeError, ScenarioError

MONEY = st.floats(0, 1e9)
TERMS = {"rate": 0.1, "years": 2}


def test_annuity_by_hand():
    # 0.1 x 1.1^2 / (1.1^2 - 1) = 0.121 / 0.21
    assert annuity(210, **TERMS) == pytest.approx(121)
    assert annuity(100, rate=0, years=4) == 25


@given(present=MONEY, rate=st.floats(0, 0.5), years=st.integers(1, 50))
@settings(max_examples=40)
def test_an_annuity_is_worth_what_it_replaces(present, rate, years):
    paid = annuity(present, rate=rate, years=years)
    assert npv([0.0, *[paid] * years], rate) == pytest.approx(present, rel=1e-6)


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.08, 0.25])
def test_numpy_financial_agrees(rate):
    financial = pytest.importorskip("numpy_financial")
    for years in (1, 7, 30):
        assert -financial.pmt(rate, years, 1000.0) == pytest.approx(annuity(1000, rate=rate, years=years), rel=1e-9)


def test_cost_per_person():
    assert cost_per_person(300, persons=4) == 75
    assert cost_per_person(300, persons=0) is None


def test_subsidy_by_hand():
    # 10 people, half pay 1 a month: 60 a year, worth 60/1.1 + 60/1.21 = 104.13 today
    case = {"users": 10, "adoption": 0.5, **TERMS}
    worth = 60 / 1.1 + 60 / 1.21
    assert subsidy(200, arpu_month=1, **case) == pytest.approx(200 - worth)
    assert subsidy(100, arpu_month=1, **case) == 0
    assert break_even_arpu(200, **case) == pytest.approx(200 / worth)
    assert break_even_arpu(0, **case) == 0
    assert break_even_arpu(200, **(case | {"users": 0})) is None
    assert break_even_arpu(200, **(case | {"adoption": 0})) is None


def test_break_even_year_by_hand():
    # 60 a year: 54.5 after one year, 104.1 after two
    case = {"users": 10, "adoption": 0.5, "arpu_month": 1, **TERMS}
    assert [break_even_year(cost, **case) for cost in (0, 54, 55, 104, 105)] == [0, 1, 2, 2, None]
    assert break_even_year(1, **(case | {"users": 0})) is None


@given(
    cost=MONEY, users=st.floats(0.1, 1e6), adoption=st.floats(0.01, 1), rate=st.floats(0, 0.3), years=st.integers(1, 30)
)
@settings(max_examples=40)
def test_at_the_break_even_price_nothing_is_missing(cost, users, adoption, rate, years):
    case = {"users": users, "adoption": adoption, "rate": rate, "years": years}
    price = break_even_arpu(cost, **case)
    assert subsidy(cost, arpu_month=price, **case) == pytest.approx(0, abs=1e-6 * max(cost, 1))
    assert subsidy(cost, arpu_month=price / 2, **case) == pytest.approx(cost / 2, abs=1e-6 * max(cost, 1))
    year = break_even_year(cost, arpu_month=price, **case)
    assert year is not None
    assert year <= years


def test_phasing_carries_over_what_is_not_spent():
    # year 0: 100 for a step of 60; 40 carried over and 50 more pay for 80 in year 1; 10 and 100 for 30 and 70 in year 2
    assert phase([60, 80, 30, 70, 20], yearly_budget=[100, 50, 100]).tolist() == [0, 1, 2, 2, -1]
    assert phase([50, 50], yearly_budget=[100]).tolist() == [0, 0]
    assert phase([0.1, 0.2], yearly_budget=[0.3]).tolist() == [0, 0]
    assert phase([], yearly_budget=[1]).tolist() == []
    assert phase([0, 5], yearly_budget=[0, 0, 5]).tolist() == [0, 2]
    # the order is kept: what comes after a step that waits waits too
    assert phase([1, 9, 1], yearly_budget=[2, 0, 8]).tolist() == [0, 2, -1]


@given(costs=st.lists(st.floats(0, 100), max_size=20), budget=st.lists(st.floats(0, 300), min_size=1, max_size=6))
@settings(max_examples=60)
def test_phasing_never_spends_money_that_has_not_come(costs, budget):
    if costs and max(costs) > sum(budget):
        with pytest.raises(ScenarioError, match="all years together"):
            phase(costs, yearly_budget=budget)
        return
    years = phase(costs, yearly_budget=budget)
    spent = np.cumsum(yearly_spend(costs, years, years=len(budget)))
    assert (spent <= np.cumsum(budget) * (1 + 1e-8) + 1e-9).all()
    assert spent[-1] == pytest.approx(sum(c for c, y in zip(costs, years, strict=True) if y >= 0))
    built = years[years >= 0]
    assert (np.diff(built) >= 0).all()
    assert (years[built.size :] == -1).all()


def test_phasing_refuses_what_can_never_be():
    with pytest.raises(
        ScenarioError, match=r"investment\.yearly_budget: step 2 costs 500; all years together bring 300"
    ):
        phase([10, 500, 20], yearly_budget=[100, 200])
    with pytest.raises(ScenarioError, match="at least one year"):
        phase([1], yearly_budget=[])
    with pytest.raises(ScenarioError) as caught:
        phase([1], yearly_budget=[-1, 5, math.inf])
    assert [line.split(": ")[-2] for line in str(caught.value).splitlines()] == ["year 0", "year 2"]
    with pytest.raises(RangeError, match="at least 0"):
        phase([-1], yearly_budget=[5])
    with pytest.raises(RangeError, match="year 3"):
        yearly_spend([1], [3], years=2)


def test_financing_by_hand():
    table = financing_table({"municipal": 0.25, "fund": [0.75, 0.5], "community": [0, 0.25]}, spend=[100, 40])
    assert table.to_dict("list") == {"municipal": [25, 10], "fund": [75, 20], "community": [0, 10]}
    assert table.index.name == "year"


@given(
    weights=st.lists(st.floats(0, 1), min_size=1, max_size=6).filter(lambda w: sum(w) > 1e-3),
    spend=st.lists(st.one_of(st.just(0.0), st.floats(1e-6, 1e15)), min_size=1, max_size=5),
)
@settings(max_examples=80)
def test_amounts_sum_to_the_spend_exactly_in_any_order(weights, spend):
    sources = {f"source {index}": weight / sum(weights) for index, weight in enumerate(weights)}
    table = financing_table(sources, spend=spend)
    for year, money in enumerate(spend):
        row = table.loc[year].tolist()
        assert sum(row) == money
        assert sum(reversed(row)) == money
        assert float(np.sum(row)) == money
        assert min(row) >= 0
        assert row == pytest.approx([share * money for share in sources.values()], rel=1e-9, abs=1e-6 * money)


def test_every_fault_of_the_sources_is_listed():
    with pytest.raises(ScenarioError) as caught:
        check_financing({"municipal": 1.2, "regional": [0.5], "fund": [-0.1, math.nan], "operator": 0.1}, years=2)
    assert str(caught.value).splitlines() == [
        "investment.financing.municipal: 1.2 will not do: a share lies between 0 and 1",
        "investment.financing.regional: 1 shares for 2 years; give one for all, or one a year",
        "investment.financing.fund: -0.1 will not do: a share lies between 0 and 1",
        "investment.financing.fund: nan will not do: a share lies between 0 and 1",
    ]
    assert caught.value.key == "investment.financing.municipal"
    with pytest.raises(ScenarioError) as caught:
        financing_table({"municipal": 0.5, "fund": [0.5, 0.4, 0.6]}, spend=[1, 1, 1])
    assert str(caught.value).splitlines() == [
        "investment.financing: year 1: the shares sum to 0.9, not 1",
        "investment.financing: year 2: the shares sum to 1.1, not 1",
    ]
    with pytest.raises(ScenarioError, match="no source"):
        check_financing({}, years=1)
    with pytest.raises(RangeError, match="spend"):
        financing_table({"fund": 1}, spend=[-1])


@pytest.mark.parametrize(
    "wrong",
    [{"rate": -0.1}, {"rate": math.nan}, {"years": 0}, {"users": -1}, {"adoption": 1.5}, {"arpu_month": math.inf}],
)
def test_impossible_numbers_are_refused(wrong):
    case = {"users": 10, "adoption": 0.5, "arpu_month": 1, **TERMS} | wrong
    for answer in (subsidy, break_even_year):
        with pytest.raises(RangeError):
            answer(100, **case)
    with pytest.raises(RangeError):
        annuity(-1, **TERMS)
    with pytest.raises(RangeError):
        cost_per_person(1, persons=math.nan)


def test_the_documented_example_is_what_gapmap_computes():
    text = " ".join((ROOT / "docs/costs.md").read_text(encoding="utf-8").split())
    cost = wifi_cost(2, indoor=False, table=cost_table(currency="EUR", horizon_years=8, discount_rate=0.05)).total
    case = {"users": 400, "adoption": 0.58, "rate": 0.05, "years": 8}
    assert f"it is {annuity(cost, rate=0.05, years=8):.2f} a year" in text
    assert f"it is {cost_per_person(cost, persons=400):.2f} for each" in text
    assert f"0.20 a month, {subsidy(cost, arpu_month=0.2, **case):.2f} would not come back" in text
    assert f"missing at {break_even_arpu(cost, **case):.4f} a month" in text
