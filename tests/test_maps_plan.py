"""What the map and its tables say of a plan: kinds and marks, zones, people before and after, money, the curve."""

from __future__ import annotations

import re
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from test_maps import ATTACKS, make_results

from analysis.maps import map_html
from analysis.maps.plan_layers import plan_fills
from analysis.maps.plan_overlays import kind_words, link_records, mark_of, reach_records, site_records
from analysis.maps.plan_picture import curve_picture, plan_curves, round_ticks, short
from analysis.maps.plan_tables import (
    curve_table,
    equity_table,
    financing_table,
    money_table,
    moved_table,
    plan_table,
    states_table,
    zone_plan_table,
)

SERVICE = ("unknown", "no_signal", "below_broadband", "mobile_broadband", "declared_4g", "declared_5g", "usable")


def part(people, better, before, after):
    """One part of the people, before and after."""
    service = {
        "before": dict.fromkeys(SERVICE, 0.0) | {"no_signal": before, "declared_4g": people - before},
        "after": dict.fromkeys(SERVICE, 0.0) | {"no_signal": after, "declared_4g": people - after},
    }
    below = {"before": before, "after": after}
    return {
        "people": people,
        "better": better,
        "below": below,
        "wifi": {"before": 0.0, "after": 9.0},
        "service": service,
    }


def planned(name="Alpha", **more):
    """Results with everything that a plan says."""
    results = make_results()
    record = {
        **results.summary["plan"],
        "unknown": "leave_out",
        "moved": part(1000.0, 70.0, 200.0, 130.0),
        "by_settlement": [{"settlement": 30, **part(600.0, 30.0, 100.0, 70.0)}],
        "by_group": [{"group": "w", "label": name, **part(500.0, 40.0, 90.0, 50.0)}],
        "curve": [{"budget": 100.0, "people": 40.0, "value": 40.0, "gain": 40.0, "bound": 50.0}],
        "frontier": [
            {"priority": p, "people": 70.0, "value": v, "price_of_equity": 1 - v / 70, "worst_worth": w, "gini": 0.1,
             "sites": 2, "cost": 150.0}
            for p, v, w in ((0.0, 70.0, 0.3), (1.0, 63.0, 0.4))
        ],
        "robust": {"plans": 45, "footprints": ["central", "low"], "sure": 1, "doubtful": 1, "people_low": 50.0,
                   "people_high": 90.0, "own_low": 45.0, "own_high": 85.0},
        "money": {"capex": 120.0, "opex_year": 3.0, "annuity": 22.4, "cost_per_person": 2.143, "kwh_year": 9000.0,
                  "co2_kg_year": 4300.0, "users": 60.0, "adoption": 0.5, "arpu_month": 2.0, "subsidy": 55.5,
                  "break_even_year": None, "break_even_arpu": 3.25, "unbuilt": 0},
        **more,
    }  # fmt: skip
    zones = pd.DataFrame(
        {"zone_id": ["b", "a", "c"], "people": [500.0, 400.0, 100.0], "unknown": [0.0, 0.0, 100.0],
         "below_before": [120.0, 80.0, 0.0], "below_after": [60.0, 70.0, 0.0], "better": [60.0, 10.0, 0.0],
         "sites": [2, 0, 0], "cost": [150.0, 0.0, 0.0], "first": ["new 4G site", "public WiFi", ""],
         "second": ["public WiFi", "", ""], "first_cost_per_value": [2.5, 4.0, np.nan],
         "second_cost_per_value": [5.0, np.nan, np.nan]}
    )  # fmt: skip
    money = pd.DataFrame(
        {"year": [0, 1], "committed": [100.0, 50.0], "net": [90.0, 40.0], f"source_{name}": [60.0, 30.0]}
    )
    plan = results.plan.assign(chosen_share=[1.0, 0.4, np.nan, np.nan], people_if_it_fails=[35.0, 30.0, np.nan, np.nan])
    grid = results.grid
    x, y = plan["x"].to_numpy()[:2], plan["y"].to_numpy()[:2]
    reach = gpd.GeoDataFrame(
        plan[["step", "kind"]].head(2), geometry=shapely.buffer(shapely.points(x, y), 1500.0), crs=grid.crs
    )
    line = shapely.linestrings([[(x[0], y[0]), (x[1], y[1])]])
    links = gpd.GeoDataFrame({"step": [1], "kind": ["site"]}, geometry=line, crs=grid.crs)
    summary = {**results.summary, "plan": record}
    tables = {**results.tables, "plan_zones": zones, "plan_money": money}
    return replace(results, summary=summary, plan=plan, tables=tables, plan_layers={"reach": reach, "links": links})


def cells_of(markup):
    """Rows of a table as lists of text."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", markup, flags=re.DOTALL)
    return [[re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)] for row in rows]


def test_every_kind_has_words_and_a_mark_of_its_own():
    kinds = ("wifi", "upgrade", "site", "mast", "small_cell")
    words = [kind_words(kind, "5G") for kind in kinds]
    assert words == ["Public WiFi", "5G at a standing site", "New 5G site", "5G on a standing mast", "5G small cell"]
    assert len({mark_of(kind) for kind in kinds}) == len(kinds)
    assert kind_words("balloon_x") == "Balloon x"


def test_a_site_says_what_is_known_of_it_and_nothing_else():
    plan = planned().plan.assign(votes=[12.0, np.nan, np.nan, np.nan], locked=[True, False, False, False])
    first, second = site_records(plan)
    assert first["facts"] == [
        ["built in any case", ""], ["votes", "12"], ["built under other assumptions", "100%"],
        ["as before if it alone fails", "35"],
    ]  # fmt: skip
    assert second["facts"] == [["built under other assumptions", "40%"], ["as before if it alone fails", "30"]]
    assert site_records(make_results().plan)[0]["facts"] == []


def test_reach_and_links_are_where_the_layers_are():
    results = planned()
    areas, links = reach_records(results), link_records(results)
    assert [area["step"] for area in areas] == [1, 2]
    for area, row in zip(areas, results.plan.to_dict("records"), strict=False):
        inside = shapely.Polygon(area["parts"][0][0])
        assert inside.contains(shapely.Point(row["lon"], row["lat"]))
    np.testing.assert_allclose(links[0]["line"], results.plan[["lon", "lat"]].head(2), atol=1e-5)
    assert reach_records(make_results()) == link_records(make_results()) == []


def test_a_slider_shows_the_reach_of_what_it_pays_for_alone():
    results = planned()
    one = results.plan.assign(within_budget=[True, False, False, False])
    assert map_html(results, plan=one).count('"colour":"') == map_html(results).count('"colour":"') - 1


def test_zones_are_coloured_by_what_the_plan_does():
    better, left, ways = plan_fills(planned())
    assert [layer["key"] for layer in (better, left, ways)] == ["plan_better", "plan_left", "plan_first"]
    said = [better["said"][place][0] for place in better["says"]]
    assert sorted(said) == ["0 people", "10 people", "60 people"]
    shares = {left["said"][place][0] for place in left["says"]}
    assert shares == {"12.0%", "17.5%", "Unknown"}  # 60 of 500, 70 of 400, and 100 of whom nothing is known
    assert [left["fill"][place] for place, at in enumerate(left["says"]) if left["said"][at][0] == "Unknown"] == [None]
    named = [None if place is None else ways["classes"][place][0] for place in ways["fill"]]
    assert sorted(map(str, named)) == ["None", "new 4G site", "public WiFi"]
    assert plan_fills(make_results()) == []


def test_steps_say_how_sure_they_are():
    results = planned()
    rows = cells_of(plan_table(results.plan, record=results.summary["plan"]))
    assert rows[1][2:] == ["New 4G site", "100", "40", "100", "40", "100%", "35"]
    assert rows[2][-2:] == ["40%", "30"]
    text = plan_table(results.plan, record=results.summary["plan"])
    assert "made again 45 times, with central, low footprints" in text
    assert "the plan makes 45 to 85 people better off under these footprints and demands." in text
    assert len(cells_of(plan_table(make_results().plan, record={"currency": "USD"}))[0]) == 7


def test_who_is_better_off_by_hand():
    rows = cells_of(moved_table(planned().summary["plan"]))
    assert rows[1] == ["70 (7.0%)", "everybody", "1,000", "200", "130", "0", "9"]
    assert rows[3] == ["30 (5.0%)", "urban centre", "600", "100", "70", "0", "9"]
    assert rows[5] == ["40 (8.0%)", "Alpha", "500", "90", "50", "0", "9"]
    assert "left out" in moved_table(planned().summary["plan"])
    assert "as the scenario asks" in moved_table(planned(unknown="as_none").summary["plan"])
    states = cells_of(states_table(planned().summary["plan"]))
    assert ["200", "no signal", "130", "-70"] in states
    assert ["800", "declared 4G", "870", "+70"] in states


def test_zones_come_with_the_cheapest_way_and_the_runner_up():
    rows = cells_of(zone_plan_table(planned()))[1:]
    assert [row[0] for row in rows] == ["60", "10", "0"]
    assert rows[0][2:] == ["2", "150", "120", "60", "0", "New 4G site (2.5)", "Public WiFi (5.0)"]
    assert rows[2][-2:] == ["–", "–"]


def test_money_by_hand():
    text = money_table(planned().summary["plan"])
    rows = {words: figure for figure, words in cells_of(text)[1:]}
    assert rows["USD to build it"] == "120"
    assert rows["USD of present cost per person better off"] == "2.14"
    assert rows["USD of subsidy needed at 2 USD a month"] == "56"
    assert rows["year in which the mobile part has paid for itself"] == "never"
    assert rows["tonnes of CO₂ a year, by the factors of the cost table"] == "4.3"
    assert cells_of(financing_table(planned()))[1:] == [["0", "100", "90", "60"], ["1", "50", "40", "30"]]


def test_what_is_reached_at_least_is_never_rounded_up():
    curve = [{"budget": 1.0, "people": 1.0, "value": 1.0, "gain": 0.98796, "bound": 1.0}]
    assert "at least 98.7%" in curve_table(planned(curve=curve).summary["plan"])
    assert "at least 80.0%" in curve_table(planned().summary["plan"])
    assert cells_of(equity_table(planned().summary["plan"]))[2][3:6] == ["10.0%", "0.400", "0.100"]


@given(st.floats(1e-3, 1e12))
def test_ticks_are_few_round_and_hold_the_largest(most):
    ticks = round_ticks(most)
    assert ticks[0] == 0
    assert ticks[-1] >= most * (1 - 1e-9)
    assert 2 <= len(ticks) <= 8
    apart = np.diff(ticks)
    np.testing.assert_allclose(apart, apart[0], rtol=1e-9)
    assert f"{apart[0]:.0e}"[0] in "125"


def test_short_figures_by_hand():
    assert [short(value) for value in (0, 300, 20_000, 1_500_000, 2e9)] == ["0", "300", "20k", "1.5M", "2bn"]


def test_the_curve_starts_with_nothing_and_ends_with_the_order():
    results = planned()
    curves = plan_curves(results.plan)
    assert all((points[0] == 0).all() for points in curves.values())
    assert curves["people"][-1].tolist() == [300.0, 100.0]
    drawing = curve_picture(results.plan, results.summary["plan"])
    assert drawing.count("<polyline") == 3
    assert curve_picture(results.plan.head(0), results.summary["plan"]) == ""


@pytest.mark.parametrize("attack", ATTACKS)
def test_text_of_a_plan_stays_text(attack):
    results = planned(name=attack)
    results.tables["plan_zones"]["first"] = attack
    results.plan["kind"] = attack
    results.plan_layers["reach"]["kind"] = attack
    page = map_html(results)
    assert attack not in page
    assert page.count("<script") == 7
