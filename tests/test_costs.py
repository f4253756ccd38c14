from __future__ import annotations

import importlib.util
import math
import re

import numpy as np
import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.costs import (
    annuity_factor,
    backhaul_cost,
    cost_class,
    cost_table,
    given_cost,
    npv,
    place_cost,
    power_added,
    power_cost,
    power_source,
    radio_cost,
    renewal_factor,
    site_cost,
    small_cell_cost,
    together,
    upgrade_cost,
    wifi_cost,
)
from data.unit_costs import COLUMNS, cost_names, load_costs, must_be_positive, parse_costs
from geo.errors import RangeError, ScenarioError, SchemaError, UnitError

TEN_YEARS = (1 - 1.08**-10) / 0.08
ONES = {name: 10.0 for name in cost_names() if must_be_positive(name) and not name.startswith("rate.")}
FREE = dict.fromkeys([name for name in cost_names() if not name.startswith("rate.")], 0.0) | ONES
ODD = cost_table({"site_life_years": 7, "battery_life_years": 3}, horizon_years=13, discount_rate=0.06)
"""A table under which everything is renewed and something is left over."""


def every_kind(table):
    """One candidate of each kind, near and far from backhaul and grid."""
    return [
        site_cost(30, "5G", table=table, hops=2),
        place_cost(11, table=table, kind="mast", backhaul_m=70_000, along_m=90_000, grid_m=9_000),
        place_cost(22, table=table, backhaul_m=800, along_m=1_000, grid_m=20),
        radio_cost("5G", table=table, power="solar"),
        upgrade_cost("4G", table=table),
        upgrade_cost("5G", table=table),
        small_cell_cost("5G", table=table),
        wifi_cost(3, indoor=True, table=table),
        given_cost(1234.5, currency="EUR", table=table),
    ]


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
    with pytest.raises(ScenarioError, match=r"investment\.technologies"):
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
    with pytest.raises(SchemaError, match="a price per site in no currency"):
        parse_costs([good | {"unit": "per site"}])
    with pytest.raises(SchemaError, match="a whole number of years"):
        parse_costs([good | {"item": "site_life_years", "value": "2.5"}])
    with pytest.raises(SchemaError, match="a number above 0"):
        parse_costs([good | {"item": "rate.EUR_USD", "value": "0"}])


def test_flows_of_a_renewed_thing_by_hand():
    # 2 points of 1500 in year 0 and 5, at 8 years 2/5 of the last are left; a line of 600 and upkeep of 300 a year
    table = cost_table(currency="EUR", horizon_years=8, discount_rate=0.05)
    flows = wifi_cost(2, indoor=False, table=table).flows()
    assert flows.capex.tolist() == [3000, 0, 0, 0, 0, 0, 0, 0, 0]
    assert flows.replacement.tolist() == [0, 0, 0, 0, 0, 3000, 0, 0, 0]
    assert flows.opex.tolist() == [0, *[900] * 8]
    assert flows.salvage == pytest.approx([0, 0, 0, 0, 0, 0, 0, 0, -1200], rel=1e-12)
    by_hand = 3000 + 3000 / 1.05**5 + 900 * sum(1.05**-year for year in range(1, 9)) - 1200 / 1.05**8
    assert npv(flows, 0.05) == pytest.approx(by_hand, rel=1e-12)
    assert flows.currency == "EUR"


@given(
    rate=st.floats(0, 0.4),
    years=st.integers(1, 40),
    site_life=st.integers(1, 30),
    wifi_life=st.integers(1, 30),
    build_year=st.integers(0, 12),
)
@settings(max_examples=25)
def test_flows_are_worth_the_total_and_so_are_the_lines(rate, years, site_life, wifi_life, build_year):
    lives = {"site_life_years": site_life, "wifi_life_years": wifi_life, "battery_life_years": wifi_life}
    table = cost_table(lives, horizon_years=years, discount_rate=rate)
    for cost in every_kind(table):
        flows = cost.flows()
        assert npv(flows, rate) == cost.total
        assert sum(part.present for part in cost.parts) == pytest.approx(cost.total, rel=1e-9)
        assert (flows.salvage <= 0).all()
        assert min(flows.capex.min(), flows.replacement.min(), flows.opex.min()) >= 0
        assert flows.net.size == years + 1
        later = cost.shifted(build_year)
        assert later.total == pytest.approx(cost.total * (1 + rate) ** -build_year, rel=1e-9)
        assert later.flows().net == pytest.approx([*np.zeros(build_year), *flows.net])
        assert later.total == npv(later.flows(), rate)


@given(rate=st.floats(0, 0.4), years=st.integers(1, 60), life=st.integers(1, 60))
@settings(max_examples=60)
def test_owning_is_worth_what_a_walk_through_the_years_says(rate, years, life):
    present, age = 0.0, life
    for year in range(years):
        if age == life:
            present, age = present + (1 + rate) ** -year, 0
        age += 1
    assert renewal_factor(rate, years=years, life=life) == pytest.approx(
        present - (1 - age / life) * (1 + rate) ** -years, rel=1e-9, abs=1e-12
    )


@pytest.mark.parametrize("rate", [0.0, 0.05, 0.08, 0.3])
def test_numpy_financial_agrees(rate):
    financial = pytest.importorskip("numpy_financial")
    for cost in every_kind(cost_table({"site_life_years": 6}, horizon_years=11, discount_rate=rate)):
        assert financial.npv(rate, cost.flows().net) == pytest.approx(cost.total, rel=1e-12)
    if rate:
        assert -financial.pv(rate, 11, 1.0) == pytest.approx(annuity_factor(rate, 11), rel=1e-9)


def test_place_and_radio_make_the_site_that_stood_before():
    for table in (cost_table(), ODD):
        for technology in ("3G", "4G", "5G"):
            for code in (30, 22, 11):
                place = place_cost(code, table=table, backhaul="microwave")
                both = place + radio_cost(technology, table=table)
                assert both.total == pytest.approx(site_cost(code, technology, table=table).total, rel=1e-12)
    # two technologies at one place use and pay the energy of one 5G site
    radios = [radio_cost(technology, table=ODD) for technology in ("4G", "5G")]
    both = together([place_cost(30, table=ODD), *radios])
    assert both.kwh_year == pytest.approx(8.76 * 4300)
    assert both.opex_year == pytest.approx(9600 + 10_000 + 2 * 1500)


def test_a_mast_spares_the_tower_and_its_works():
    spared = place_cost(11, table=ODD).total - place_cost(11, table=ODD, kind="mast").total
    assert spared == pytest.approx(10_000 * renewal_factor(0.06, years=13, life=7))
    with pytest.raises(ScenarioError, match="use site or mast"):
        place_cost(11, table=ODD, kind="wifi")


def test_upgrades_by_hand():
    # radios 15,000 and their upkeep, installation 5,000, and 5,000 a year of energy; 5G its power system besides
    table = cost_table()
    assert upgrade_cost("4G", table=table).total == pytest.approx(20_000 + TEN_YEARS * (1_500 + 5_000))
    assert upgrade_cost("5G", table=table).total == pytest.approx(30_000 + TEN_YEARS * (1_500 + 5_000))
    dearer = cost_table({"upgrade_backhaul": 700.0})
    assert upgrade_cost("5G", table=dearer).total - upgrade_cost("5G", table=table).total == pytest.approx(700)
    with pytest.raises(ScenarioError, match="'wifi' has no costs"):
        upgrade_cost("wifi", table=table)


def test_a_5g_site_never_costs_less_than_a_4g_one():
    table = cost_table({"site_power": 20_000, "site_power_system": 20_000, "site_load_w": 9_000})
    for power in ("bill", "grid", "solar"):
        added = power_added("5G", power, table=table)
        assert (added.total, added.kwh_year) == (0, 0)


def test_small_cells_are_priced_in_pounds():
    # 40,220 GBP at 1.33, a tenth of it a year, and 200 W at 0.087 USD a kWh
    cost = small_cell_cost("4G", table=cost_table())
    price = 40_220 * 1.33
    assert cost.total == pytest.approx(price + TEN_YEARS * (0.1 * price + 1752 * 0.087))
    assert cost.kwh_year == pytest.approx(1752)
    assert cost == small_cell_cost("5G", table=cost_table())


def test_a_proposal_keeps_its_own_cost():
    cost = given_cost(1000, currency="EUR", table=cost_table())
    assert cost.total == pytest.approx(1180)
    assert cost.flows().net.tolist() == pytest.approx([1180, *[0] * 10])
    with pytest.raises(ScenarioError, match="p7: a cost of -1"):
        given_cost(-1, currency="EUR", table=cost_table(), item="p7")
    with pytest.raises(ScenarioError, match="at least 0"):
        given_cost(math.inf, currency="EUR", table=cost_table())
    with pytest.raises(UnitError, match="no currency"):
        given_cost(1, currency="", table=cost_table())


@pytest.mark.parametrize(
    ("km", "capex"),
    [
        (0.02, 0),  # a node stands there
        (14.9, 30_000),
        (15.0, 40_000),
        (30.0, 40_000),
        (40.0, 80_000),  # one long hop; two medium ones need a relay of 10,000
        (46.0, 90_000),  # two medium hops and a relay
        (61.0, 140_000),  # three medium hops and two relays
        (math.nan, 30_000),
    ],
)
def test_microwave_by_length(km, capex):
    cost = backhaul_cost(km * 1000, math.nan, 11, table=cost_table(), choice="microwave")
    assert cost.capex == pytest.approx(capex)


@given(st.floats(0.1, 300), st.floats(0.1, 300))
@settings(max_examples=60)
def test_a_longer_link_never_costs_less(one, other):
    short, long = (
        backhaul_cost(1000 * km, math.nan, 22, table=cost_table()).total for km in (min(one, other), max(one, other))
    )
    assert short <= long + 1e-6


def test_fibre_by_class_along_roads_and_the_cheaper_of_the_two():
    table = cost_table(horizon_years=20)  # the life of fibre: nothing is left over
    for code, price in ((30, 25_000), (22, 15_000), (11, 5_000)):
        assert backhaul_cost(1000, 2000, code, table=table, choice="fibre").total == pytest.approx(2 * price)
    straight = backhaul_cost(1000, math.nan, 11, table=table, choice="fibre")
    assert straight.capex == pytest.approx(1.3 * 5_000)
    assert backhaul_cost(math.nan, 1300, 11, table=table, choice="fibre").capex == pytest.approx(1.3 * 5_000)
    for along in (500.0, 4_000.0, 50_000.0):
        made = [
            backhaul_cost(along / 2, along, 11, table=table, choice=choice).total
            for choice in ("cheapest", "microwave", "fibre")
        ]
        assert made[0] == min(made)
    assert backhaul_cost(math.nan, math.nan, 11, table=table).parts[0].item == "site_backhaul"


def test_power_by_hand():
    # solar: 1,100 W x 6 x 3 for 20 years; 26.4 kWh x 380 every 7 years; at 10 years half the panels and 4/7 of the store
    table = cost_table()
    store = 26.4 * 380
    solar = 19_800 * (1 - 0.5 * 1.08**-10) + store * (1 + 1.08**-7 - 4 / 7 * 1.08**-10)
    assert power_cost("solar", table=table).total == pytest.approx(solar)
    # grid: a transformer and 7 a metre for 30 years, the power system, 9,636 kWh a year at 0.087
    grid = 5_000 + (4_250 + 7 * 2_000) * (1 - 2 / 3 * 1.08**-10) + TEN_YEARS * 9_636 * 0.087
    assert power_cost("grid", table=table, grid_m=2_000).total == pytest.approx(grid)
    assert power_cost("bill", table=table).total == pytest.approx(5_000 + TEN_YEARS * 5_000)
    assert [power_source(metres, table=table) for metres in (0, 2_000, 10_000, math.nan)] == [
        "grid",
        "grid",
        "solar",
        "bill",
    ]


def test_the_sun_sends_no_bill_and_emits_nothing_in_use():
    table = cost_table()
    for source, emitted in (("bill", 9636 * 0.48), ("grid", 9636 * 0.48), ("solar", 0)):
        base = power_cost(source, table=table, grid_m=100)
        assert base.kwh_year == pytest.approx(9636)
        assert base.co2_kg_year == pytest.approx(emitted)
        assert (base.opex_year == 0) == (source == "solar")
        assert power_added("5G", source, table=table).kwh_year == pytest.approx(8.76 * 3200)
        assert power_added("4G", source, table=table).parts == ()
    far = place_cost(11, table=table, grid_m=50_000)
    assert (far.kwh_year, far.co2_kg_year) == (pytest.approx(9636), 0)
    wifi = wifi_cost(2, indoor=True, table=table)
    assert (wifi.kwh_year, wifi.co2_kg_year) == pytest.approx((8.76 * 30, 8.76 * 30 * 0.48))


def test_sums_add_lines_energy_and_years_and_refuse_what_does_not_add():
    table = cost_table()
    one, other = wifi_cost(1, indoor=True, table=table), upgrade_cost("4G", table=table).shifted(3)
    both = together([one, other])
    assert both.total == pytest.approx(one.total + other.total)
    assert both.kwh_year == one.kwh_year + other.kwh_year
    assert both.flows().net.size == 14
    euro = wifi_cost(1, indoor=True, table=cost_table(currency="EUR"))
    with pytest.raises(UnitError, match=r"given: EUR at 0\.08, USD at 0\.08"):
        one + euro
    with pytest.raises(UnitError, match="no cost"):
        together([])
    with pytest.raises(RangeError, match="at least 0, not -1"):
        one.shifted(-1)


def test_rates_join_by_way_of_a_third_currency():
    table = cost_table(currency="EUR")
    assert table.rate("GBP") == pytest.approx(1.33 / 1.18)
    assert cost_table({"rate.GBP_EUR": 1.1}, currency="EUR").rate("GBP") == 1.1
    with pytest.raises(UnitError, match="has no currency"):
        table.rate("")


@pytest.mark.parametrize(
    ("settings_", "key"),
    [
        ({"discount_rate": -0.01}, "investment.discount_rate"),
        ({"discount_rate": math.nan}, "investment.discount_rate"),
        ({"horizon_years": 0}, "investment.horizon_years"),
        ({"horizon_years": math.inf}, "investment.horizon_years"),
        ({"currency": ""}, "investment.currency"),
        ({"currency": "dollar"}, "investment.currency"),
        ({"overrides": {"site_tower": -1}}, "costs.site_tower"),
        ({"overrides": {"site_tower": math.inf}}, "costs.site_tower"),
        ({"overrides": {"wifi_life_years": 0}}, "costs.wifi_life_years"),
        ({"overrides": {"wifi_life_years": 2.5}}, "costs.wifi_life_years"),
        ({"overrides": {"rate.EUR_USD": 0}}, "costs.rate.EUR_USD"),
        ({"overrides": {"backhaul_medium_km": 60}}, "costs.backhaul_medium_km"),
    ],
)
def test_impossible_settings_are_refused_by_name(settings_, key):
    with pytest.raises(ScenarioError) as caught:
        cost_table(settings_.pop("overrides", None), **settings_)
    assert caught.value.key == key
    assert "\n" not in str(caught.value)


def test_every_fault_of_a_table_is_listed():
    with pytest.raises(ScenarioError) as caught:
        cost_table({"site_tower": -1, "site_towr": 1}, horizon_years=0, discount_rate=-1)
    keys = [line.split(":")[0] for line in str(caught.value).splitlines()]
    assert keys == [
        "costs.site_tower",
        "costs.site_towr",
        "investment.horizon_years",
        "investment.discount_rate",
    ]


@pytest.mark.parametrize("metres", [-1.0, math.inf])
def test_impossible_distances_are_refused(metres):
    with pytest.raises(RangeError, match="backhaul"):
        backhaul_cost(metres, 0, 11, table=cost_table())
    with pytest.raises(RangeError, match="grid"):
        place_cost(11, table=cost_table(), grid_m=metres)
    with pytest.raises(ScenarioError, match=r"investment\.backhaul"):
        backhaul_cost(1, 1, 11, table=cost_table(), choice="pigeon")


def test_impossible_flows_are_refused():
    assert npv([100, 0, -121], 0.1) == pytest.approx(0)
    for flows, rate in (([1.0], -0.1), ([math.nan], 0.1), ([1.0], math.inf)):
        with pytest.raises(RangeError):
            npv(flows, rate)


def test_an_unknown_item_suggests_the_nearest():
    with pytest.raises(UnitError, match="did you mean 'site_tower'"):
        cost_table().find("site_towr")


def docs_module():
    spec = importlib.util.spec_from_file_location("doc_costs", ROOT / "docs" / "_costs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_documented_table_is_the_one_that_ships():
    text = (ROOT / "docs/costs.md").read_text(encoding="utf-8")
    assert docs_module().table() in text, "run `python docs/_costs.py`"


def test_the_documented_example_is_what_gapmap_computes():
    text = (ROOT / "docs/costs.md").read_text(encoding="utf-8")
    rows = [
        [float(cell) for cell in row.split("|")[1:-1]] for row in re.findall(r"^\| \d[^`\n]*\|$", text, re.MULTILINE)
    ]
    cost = wifi_cost(2, indoor=False, table=cost_table(currency="EUR", horizon_years=8, discount_rate=0.05))
    flows = cost.flows()
    columns = [np.arange(9), flows.capex, flows.replacement, flows.opex, flows.salvage, flows.net]
    expected = np.transpose([*columns, flows.net / 1.05 ** np.arange(9)])
    assert np.array(rows) == pytest.approx(expected, abs=0.005)
    assert f"**{cost.total:.2f} EUR**" in text
    assert f"= {cost.shifted(2).total:.2f}." in text
