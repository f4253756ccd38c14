"""The indicator table: values by hand, targets and distances, and a reason wherever a value is not known."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from affine import Affine
from pyproj import CRS

from analysis.fragments import Fragments
from analysis.ledger import STATES, Ledger
from analysis.served_points import at_points, hosts_record, points_record
from analysis.standards import COLUMNS, indicator_table, years
from analysis.use import make_use
from analysis.use_tables import use_record
from data.use import GroupShares, UseShares
from geo.grid import Grid

GRID = Grid(CRS.from_epsg(3035), Affine(1000, 0, 4_000_000, 0, -1000, 3_010_000), (2, 2))
CODES = np.array([[30, 12], [11, 11]], dtype=np.int16)


def shares(using, *, price=np.nan, income=np.nan, without=None):
    nothing = np.full(2, np.nan)
    money = (np.full(2, value, dtype=float) for value in (price, income))
    without = {name: np.array(values) for name, values in (without or {}).items()}
    return UseShares(np.array(using, dtype=float), without, *money, nothing, 0.02, "aged 15 and over", 2021)


def place(told, groups=()):
    """1,000 people in an urban zone, 500 at 4G (200 of them usable); 200 in a rural one, 50 at 3G, 50 unknown."""
    fragments = Fragments(
        np.array([0, 1]), np.array([1000.0, 200.0]), np.array([0, 1]), np.array([0, 1]), np.array([1000.0, 200.0]), 2
    )
    rows = np.array([[0, 100, 100, 300, 300, 0, 200], [50, 100, 0, 50, 0, 0, 0]], dtype=float).T
    ledger = Ledger({state: rows[i] for i, state in enumerate(STATES)}, {}, {})
    zones = pd.DataFrame({"zone_id": ["a", "b"], "zone_name": ["A", "B"]})
    region = SimpleNamespace(zones=zones, use=told, group_shares=groups, groups={})
    return region, fragments, ledger


def cell(share, persons, unknown, operator=None):
    return {"share": share, "persons": persons, "unknown": unknown, "operator": operator}


def figures(told, groups=(), **more):
    from analysis.groups import make_groups

    region, fragments, ledger = place(told, groups)
    quality = np.ones(2)
    use = make_use(fragments, ledger, told, quality_known=quality)
    made = make_groups(region, fragments, ledger, quality_known=quality)
    coverage = {
        technology: {"union": cell(None, 0.0, 1200.0), "largest_operator": cell(None, 0.0, 1200.0)}
        for technology in ("2G", "3G", "5G")
    }
    coverage["4G"] = {
        "union": cell(500 / 1150, 500.0, 50.0),
        "largest_operator": cell(400 / 1150, 400.0, 50.0, "Red"),
    }
    return {
        "population": {"total": 1200.0},
        "coverage": coverage,
        "use": use_record(region, fragments, use, settlement=CODES, groups=made),
        "inputs": [{"layer": "coverage 1", "year": 2024}, {"layer": "coverage 2", "year": 2020}],
        **more,
    }


def row(table, name, of=None):
    found = table[(table["name"].str.startswith(name)) & ((table["of"] == of) if of is not None else True)]
    assert len(found) == 1, (name, of, len(found))
    return found.iloc[0]


def test_values_targets_and_distances_by_hand():
    groups = (
        GroupShares("women", "women", np.array([0.5, 0.5]), np.array([0.4, 0.4]), "", "men", 2021),
        GroupShares("men", "men", np.array([0.5, 0.5]), np.array([0.5, 0.5]), "", None, 2021),
    )
    told = shares([0.5, 0.25], price=3, income=100, without={"device": [0.2, np.nan], "skills": [0.4, 0.4]})
    table = indicator_table(figures(told, groups))
    assert tuple(table.columns) == COLUMNS
    using = row(table, "Proportion of individuals", "")
    assert (using["value"], using["numerator"], using["denominator"]) == pytest.approx((100 * 550 / 1200, 550, 1200))
    assert using["code"] == "SDG 17.8.1"
    assert np.isnan(using["target"])
    everybody = row(table, "Individuals aged 15")
    assert everybody["distance"] == pytest.approx(100 - 100 * 550 / 1200)
    assert "aged 15 and over" in everybody["note"]
    assert row(table, "Proportion of individuals", "women")["value"] == pytest.approx(40)
    parity = row(table, "Gender parity")
    assert (parity["value"], parity["distance"], parity["unit"]) == (pytest.approx(0.8), pytest.approx(0.2), "ratio")
    device = row(table, "Individuals with a device")
    assert (device["value"], device["denominator"]) == pytest.approx((80, 1000))
    assert "like" in device["code"]
    assert "not known for 200 of 1,200 people" in device["note"]
    skills = row(table, "Individuals with basic")
    assert (skills["value"], skills["target"], skills["distance"]) == pytest.approx((60, 70, 10))
    price = row(table, "Price of entry")
    assert (price["value"], price["distance"], price["numerator"], price["denominator"]) == pytest.approx(
        (3, 1, 3, 100)
    )
    assert row(table, "People who can afford")["value"] == 0


def test_coverage_is_by_technology_of_the_union_and_the_largest_operator():
    table = indicator_table(figures(shares([0.5, 0.25])))
    covered = table[table["code"] == "SDG 9.c.1"]
    assert len(covered) == 8
    largest = row(table, "Proportion of population", "at least 4G, largest operator")
    assert largest["value"] == pytest.approx(100 * 400 / 1150)
    assert (largest["numerator"], largest["denominator"]) == pytest.approx((400, 1150))
    assert largest["note"] == "Red; not known for 50 of 1,200 people"
    assert largest["year"] == "2020–2024"
    other = row(table, "Proportion of population", "at least 5G, anyone's network")
    assert np.isnan(other["value"])
    assert "no source speaks of it" in other["note"]
    latest = row(table, "Population covered by a mobile network of the latest")
    assert "at least 4G" in latest["of"]
    assert latest["distance"] == pytest.approx(100 - 100 * 500 / 1150)
    assert not latest["checked"]


def test_gsmas_three_parts_sum_to_a_hundred():
    table = indicator_table(figures(shares([0.5, np.nan])))
    parts = [row(table, name) for name in ("Connected", "Usage gap", "Coverage gap")]
    assert [part["numerator"] for part in parts] == pytest.approx([500, 300, 200])
    assert sum(part["value"] for part in parts) == pytest.approx(100)
    assert parts[0]["year"] == "coverage 2020–2024, use 2021"


def test_the_coverage_gap_is_known_without_figures_of_use():
    table = indicator_table(figures(None))
    gap = row(table, "Coverage gap")
    assert (gap["numerator"], gap["denominator"]) == pytest.approx((300, 1150))
    assert np.isnan(row(table, "Usage gap")["value"])


def test_meaningful_connectivity_has_its_bounds_beside_it():
    table = indicator_table(figures(shares([0.5, 0.5], price=1, income=100)))
    found = row(table, "Meaningfully")
    # 200 usable in zone a, its 500 users placed there first, all can afford; between max(0, 200 − 500) and 200
    assert (found["numerator"], found["denominator"]) == pytest.approx((200, 1150))
    assert found["note"] == "at least 0, at most 200 people, however the three overlap"


def test_whatever_is_not_known_has_a_reason():
    table = indicator_table(figures(None))
    unknown = table[table["value"].isna()]
    assert (unknown["note"].str.startswith("not known")).all()
    assert unknown[["numerator", "denominator", "distance"]].isna().all().all()
    known = table[table["value"].notna()]
    assert (known["year"] != "").all()
    assert table[["definition", "source", "counted", "out_of", "code", "name"]].ne("").all().all()


def test_a_missing_year_is_said():
    table = indicator_table(figures(None, inputs=[]))
    assert row(table, "Proportion of population", "at least 4G, anyone's network")["year"] == "year not stated"
    assert years([{"layer": "wifi", "year": None}], layer="wifi") == ""


def test_public_wifi_within_the_scenarios_walk():
    wifi = {"reach_min": 5, "measure": "along streets", "unknown": 200.0, "within_5_min": 250.0}
    found = row(indicator_table(figures(None, wifi=wifi)), "Public WiFi")
    assert (found["value"], found["denominator"], found["of"]) == (25, 1000, "5 min, along streets")
    nobody = wifi | {"unknown": 1200.0, "within_5_min": 0.0}
    assert np.isnan(row(indicator_table(figures(None, wifi=nobody)), "Public WiFi")["value"])


def test_schools_and_health_facilities_by_hand():
    kinds = ["School", "school", "clinic", "library", "Hospital", "school"]
    record = points_record(
        kinds,
        at_least_4g=np.array([1, 0.5, 1, 1, np.nan, np.nan]),
        usable=np.array([0.25, np.nan, 0, 1, np.nan, np.nan]),
    )
    assert record["schools"] == {
        "points": 3, "at_least_4g": 1.5, "at_least_4g_known": 2, "usable": 0.25, "usable_known": 1
    }  # fmt: skip
    assert record["health"]["at_least_4g_known"] == 1
    table = indicator_table(figures(None, points=record))
    schools = row(table, "Schools")
    assert (schools["value"], schools["distance"]) == pytest.approx((75, 25))
    assert "not known for 1 of 3" in schools["note"]
    assert "not the same" in schools["definition"]
    assert row(table, "Health")["value"] == 100


def test_points_take_the_coverage_of_their_cell():
    fragments = Fragments(
        np.array([0, 3]), np.array([100.0, 50.0]), np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([75.0, 25, 50]), 2
    )
    part, told = np.array([1.0, 0.0, 0.2]), np.array([1.0, 1.0, 0.4])
    x = np.array([4_000_500.0, 4_001_500, 4_001_500, 3_000_000])
    y = np.array([3_009_500.0, 3_008_500, 3_009_500, 3_009_500])
    found = at_points(fragments, GRID, x=x, y=y, part=part, told=told)
    assert found[:2] == pytest.approx([0.75, 0.5])
    assert np.isnan(found[2:]).all()  # nobody lives in that cell; off the grid


def test_hosts_count_where_their_cell_touches_a_zone():
    _region, fragments, ledger = place(None)
    fragments = Fragments(np.array([0, 3]), fragments.people, fragments.cell, fragments.zone, fragments.persons, 2)
    ledger = Ledger(ledger.states, {"4G": np.array([0.5, 0.0])}, {"4G": np.array([1.0, 0.75])})
    use = make_use(fragments, ledger, None, quality_known=np.ones(2))
    hosts = pd.DataFrame(
        {
            "x": [4_000_500.0, 4_001_500, 4_001_500],
            "y": [3_009_500.0, 3_009_500, 3_008_500],
            "category": ["school", "school", "clinic"],
        }
    )
    region = SimpleNamespace(hosts=hosts, grid=GRID, cell_zone=SimpleNamespace(cell_id=np.array([0, 3])))
    record = hosts_record(region, fragments, ledger, use)
    assert record["schools"] == {
        "points": 1, "at_least_4g": 0.5, "at_least_4g_known": 1, "usable": 0.2, "usable_known": 1
    }  # fmt: skip
    assert record["health"]["at_least_4g"] == 0
    assert hosts_record(region, fragments, ledger, use, everything=True)["schools"]["points"] == 2
    assert hosts_record(SimpleNamespace(hosts=None), fragments, ledger, use) == {}
