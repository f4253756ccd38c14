from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.costs import (
    annuity_factor,
    cost_class,
    cost_table,
    renewal_factor,
    site_cost,
    wifi_cost,
)
from data.unit_costs import COLUMNS, cost_names, load_costs, parse_costs
from geo.errors import ScenarioError, SchemaError, UnitError

TEN_YEARS = (1 - 1.08**-10) / 0.08
FREE = dict.fromkeys([name for name in cost_names() if not name.startswith("rate.")], 0.0) | {
    "site_life_years": 10,
    "wifi_life_years": 5,
}


def test_4g_site_without_backhaul_is_40500():
    parts = site_cost(30, "4G", table=cost_table(), hops=0)
    assert parts.capex == pytest.approx(40_500)
    assert site_cost(30, "4G", table=cost_table()).capex == pytest.approx(70_500)
    assert site_cost(30, "4G", table=cost_table(), hops=2).capex == pytest.approx(100_500)


def test_4g_site_by_hand():
    # 40,500 + a hop of 30,000; a year: rent + power 5,000 + 10 % of 15,000 of active equipment; a life of 10 of 10 years
    for code, rent in ((30, 9600), (23, 4000), (21, 4000), (13, 1000), (11, 1000), (10, 1000)):
        expected = 70_500 + TEN_YEARS * (rent + 5_000 + 1_500)
        assert site_cost(code, "4G", table=cost_table()).total == pytest.approx(expected, rel=1e-12)


def test_5g_takes_its_own_power():
    table = cost_table()
    more = site_cost(30, "5G", table=table).total - site_cost(30, "4G", table=table).total
    assert more == pytest.approx(10_000 + TEN_YEARS * 5_000)
    assert site_cost(30, "3G", table=table) == site_cost(30, "4G", table=table)
    with pytest.raises(ScenarioError, match=r"investment\.technology"):
        site_cost(30, "2G", table=table)


def test_wifi_by_hand():
    # two outdoor points bought now and in year 5, a line of 600 a year, 10 % of the points a year, in euro
    table = cost_table(currency="EUR")
    expected = 3_000 * (1 + 1.08**-5) + TEN_YEARS * (600 + 300)
    assert wifi_cost(2, indoor=False, table=table).total == pytest.approx(expected, rel=1e-12)
    indoor = 2_000 * (1 + 1.08**-5) + TEN_YEARS * (600 + 200)
    assert wifi_cost(2, indoor=True, table=table).total == pytest.approx(indoor, rel=1e-12)
    dollars = wifi_cost(2, indoor=False, table=cost_table({"rate.EUR_USD": 2.0}))
    assert dollars.total == pytest.approx(2 * expected)
    assert dollars.parts[0].currency == "EUR"
    assert dollars.parts[0].rate == 2.0
    with pytest.raises(ScenarioError, match="at least 1"):
        wifi_cost(0, indoor=True, table=table)


def test_factors_by_hand():
    assert annuity_factor(0.0, 7) == 7
    assert annuity_factor(0.1, 2) == pytest.approx(1 / 1.1 + 1 / 1.21)
    assert renewal_factor(0.0, years=10, life=5) == 2
    assert renewal_factor(0.1, years=4, life=8) == pytest.approx(1 - 0.5 * 1.1**-4)
    assert renewal_factor(0.1, years=12, life=5) == pytest.approx(1 + 1.1**-5 + 1.1**-10 - 0.6 * 1.1**-12)


@given(st.floats(0, 0.3), st.integers(1, 40))
@settings(max_examples=30)
def test_annuity_is_the_sum_of_its_years(rate, years):
    assert annuity_factor(rate, years) == pytest.approx(
        sum((1 + rate) ** -year for year in range(1, years + 1)), rel=1e-6
    )


def test_no_rate_no_cost():
    with pytest.raises(UnitError, match=r"rate\.EUR_GHS"):
        wifi_cost(1, indoor=True, table=cost_table(currency="GHS"))
    table = cost_table({"rate.USD_GHS": 12.0}, currency="GHS")
    assert site_cost(30, "4G", table=table, hops=0).capex == pytest.approx(12 * 40_500)
    assert cost_table({"rate.EUR_USD": 1.25}, currency="EUR").rate("USD") == pytest.approx(0.8)


def test_overrides():
    table = cost_table({"site_rent": 100, "site_rent.rural": 50, "site_tower": 0})
    assert [table.number("site_rent", name) for name in ("urban", "semi-urban", "rural")] == [100, 100, 50]
    assert site_cost(30, "4G", table=table, hops=0).capex == pytest.approx(35_500)
    assert table.find("site_tower").source == "set in the scenario"
    with pytest.raises(ScenarioError, match="did you mean 'site_tower'"):
        cost_table({"site_towr": 1})
    with pytest.raises(ScenarioError, match="at least 0"):
        cost_table({"site_tower": float("nan")})


def test_only_what_is_set_costs():
    assert site_cost(30, "4G", table=cost_table(FREE)).total == 0
    assert site_cost(30, "4G", table=cost_table(FREE | {"site_tower": 7.0})).total == 7
    with pytest.raises(UnitError, match="no cost is given"):
        cost_table().find("site_helicopter")


def test_low_and_high():
    low, mid, high = (site_cost(11, "4G", table=cost_table(level=level)).total for level in ("low", "value", "high"))
    assert low == mid < high


def test_parts_sum_to_the_total_and_say_where_they_come_from():
    parts = site_cost(30, "4G", table=cost_table(horizon_years=15))
    assert sum(part.present for part in parts.parts) == pytest.approx(parts.total)
    assert all(part.source for part in parts.parts)


def test_classes():
    assert [cost_class(code) for code in (30, 23, 22, 21, 13, 12, 11, 10)] == ["urban"] + ["semi-urban"] * 3 + [
        "rural"
    ] * 4


def test_every_cost_has_a_source_and_a_year():
    for row in load_costs().values():
        assert row.source
        assert row.unit
        assert bool(row.price_year) or not row.currency
        assert row.low <= row.value <= row.high


def test_bad_tables_list_every_fault():
    good = dict.fromkeys(COLUMNS, "") | {"item": "a", "value": "1", "unit": "u", "source": "s"}
    with pytest.raises(SchemaError) as caught:
        parse_costs(
            [good, good, good | {"item": "b", "value": "-1"}, good | {"item": "c", "currency": "USD", "source": ""}]
        )
    assert [fault.column for fault in caught.value.faults] == ["item", "value", "source", "price_year"]
    with pytest.raises(SchemaError, match="is no class"):
        parse_costs([good | {"settlement": "city"}])
    with pytest.raises(SchemaError, match="has no column source"):
        parse_costs([{name: value for name, value in good.items() if name != "source"}])
