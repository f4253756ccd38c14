from __future__ import annotations

from typing import get_args

import pytest

from analysis.scenario import Investment, Scenario, SettlementOptions, load_scenario, parse_scenario
from analysis.settlement import VARIANTS
from geo.errors import ScenarioError, SchemaError, SourceError


def test_no_file_is_the_default():
    scenario = load_scenario(None)
    assert scenario == Scenario()
    assert (scenario.target, scenario.footprint, scenario.walking.reach_min) == ("4G", "central", 5)
    assert (scenario.investment.budget, scenario.investment.currency) == (2_000_000, "USD")
    assert (scenario.investment.worth("4G")["wifi"], scenario.investment.max_candidates) == (0.5, 2000)


def test_file_with_a_byte_order_mark(tmp_path):
    file = tmp_path / "s.toml"
    file.write_bytes(
        b'\xef\xbb\xbftarget = "3G"\n[investment]\nbudget = 5000\n[costs]\nsite_rent.rural = 800\nrate.EUR_USD = 1.1\n'
    )
    scenario = load_scenario(file)
    assert scenario.target == "3G"
    assert scenario.investment.budget == 5000
    assert scenario.costs == {"site_rent.rural": 800, "rate.EUR_USD": 1.1}


def test_a_scenario_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        Scenario().target = "5G"


def test_unknown_key_suggests_the_nearest():
    with pytest.raises(ScenarioError) as caught:
        parse_scenario({"investment": {"budgt": 1}})
    assert str(caught.value) == "investment.budgt: unknown; did you mean 'budget'?"
    assert caught.value.key == "investment.budgt"


def test_unknown_cost_item_suggests_the_nearest():
    with pytest.raises(ScenarioError, match=r"costs\.site_towr: unknown; did you mean 'site_tower'\?"):
        parse_scenario({"costs": {"site_towr": 1}})


def test_every_fault_is_listed_at_once():
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(
            {
                "targt": "4G",
                "walking": {"reach_min": 7, "detour": 0.5},
                "investment": {"budget": float("nan"), "ladder": {"wifi": 1.5}, "max_candidates": "many"},
                "costs": {"site_tower": -1, "rate": {"EUR_USD": 0}, "site_power": float("inf")},
            }
        )
    keys = [line.split(":")[0] for line in str(caught.value).splitlines()]
    assert keys == [
        "costs.rate.EUR_USD",
        "costs.site_power",
        "costs.site_tower",
        "investment.budget",
        "investment.ladder",
        "investment.max_candidates",
        "targt",
        "walking.detour",
        "walking.reach_min",
    ]


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"target": "6G"}, "target"),
        ({"footprint": "mean"}, "footprint"),
        ({"seed": -1}, "seed"),
        ({"seed": True}, "seed"),
        ({"settlement": {"variant": "ghsl"}}, "settlement.variant"),
        ({"investment": {"budget": -1}}, "investment.budget"),
        ({"investment": {"currency": "dollar"}}, "investment.currency"),
        ({"investment": {"wifi": 1}}, "investment.wifi"),
        ({"investment": 3}, "investment"),
        ({"costs": 3}, "costs"),
        ({"costs": {"site_tower": "x"}}, "costs.site_tower"),
        ({"costs": {"rate": {"eur_usd": 1.0}}}, "costs.rate.eur_usd"),
        ({"target": "5G", "investment": {"technologies": ["4G"]}}, "investment.technologies"),
        ({"investment": {"technologies": ["4G", "4G"]}}, "investment.technologies"),
        ({"investment": {"technologies": []}}, "investment.technologies"),
        ({"investment": {"ladder": {"3G": 0.9, "4G": 0.5}}}, "investment.ladder"),
        ({"investment": {"ladder": {"6G": 0.9}}}, "investment.ladder"),
        (
            {"investment": {"ladder": dict.fromkeys(["2G", "3G", "wifi", "4G", "5G", "usable"], 0.0)}},
            "investment.ladder",
        ),
        ({"investment": {"class_weights": {"village": 1.0}}}, "investment.class_weights"),
        ({"investment": {"group_weights": {"women": -1.0}}}, "investment.group_weights"),
        ({"investment": {"floors": {"share": {"rural": 1.4}}}}, "investment.floors.share"),
        ({"investment": {"floors": {"share": {"rural": 0.4, "city": 0.4}}}}, "investment.floors.share"),
        ({"investment": {"yearly_budget": [1.0, -1.0]}}, "investment.yearly_budget"),
        ({"investment": {"financing": {"municipal": 0.4, "fund": 0.4}}}, "investment.financing"),
        ({"investment": {"unknown": "guess"}}, "investment.unknown"),
    ],
)
def test_impossible_settings(values, key):
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(values)
    assert caught.value.key == key
    assert "\n" not in str(caught.value)


def test_5g_needs_5g_sites_or_none():
    assert parse_scenario({"target": "5G", "investment": {"technologies": ["5G"]}}).target == "5G"
    none = {"sites": False, "upgrades": False, "small_cells": False, "technologies": ["4G"]}
    assert parse_scenario({"target": "5G", "investment": none}).target == "5G"


def test_files_that_are_none(tmp_path):
    with pytest.raises(SourceError):
        load_scenario(tmp_path / "missing.toml")
    bad = tmp_path / "bad.toml"
    bad.write_text("target = ")
    with pytest.raises(SchemaError, match="not valid TOML"):
        load_scenario(bad)


@pytest.mark.parametrize("model", [Scenario, Investment, SettlementOptions])
def test_every_key_is_described(model):
    for name, field in model.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_variants_are_those_of_the_settlement_classes():
    assert set(get_args(SettlementOptions.model_fields["variant"].annotation)) == set(VARIANTS)
