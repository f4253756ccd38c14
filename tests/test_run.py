"""The whole path: the sample region, and the two real regions, end to end."""

import json
import math
import subprocess
import sys

import geopandas as gpd
import jsonschema
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from analysis.explain import explain_cell, explain_zone
from analysis.ledger import STATES
from analysis.results import read_results
from analysis.run import demo, run
from analysis.story import headline
from geo.errors import SchemaError

FILES = {
    "summary.json", "cells.parquet", "zones.gpkg", "ranking.csv", "plan.csv", "wifi.csv", "map.html", "provenance.json",
    "limitations.md", "coverage.csv", "agreement.csv", "sites.csv", "use.csv", "indicators.csv", "index.csv",
    "uncertainty.csv", "plan.gpkg", "plan.json", "plan_reach.parquet", "plan_zones.csv", "plan_options.csv",
    "plan_frontier.csv", "plan_money.csv",
}  # fmt: skip
WIFI = {"catchments.gpkg"}
"""Written where the region has a list of public WiFi."""


def walks_add_up(results):
    """Everybody is within a walk, beyond it, without a way, or unknown; by class, state, zone and hotspot alike."""
    told, cells, zones = results.summary["wifi"], results.cells, results.zones
    total = results.summary["population"]["total"]
    parts = ("within_15_min", "beyond_15_min", "without_way", "unknown")
    assert math.fsum(told[name] for name in parts) == pytest.approx(total, rel=1e-9)
    for row in told["by_settlement"]:
        assert math.fsum(row[name] for name in parts) == pytest.approx(row["population"], rel=1e-9)
    for limit in (5, 10, 15):
        people = told[f"within_{limit}_min"]
        assert math.fsum(row[f"within_{limit}_min"] for row in told["by_settlement"]) == pytest.approx(people, abs=1e-6)
        known = cells["wifi_known"] * cells["population"]
        assert np.nansum(cells[f"wifi_{limit}_min"] * known) == pytest.approx(people, rel=1e-9, abs=1e-6)
        if told["sites"]:
            rounded = 0.005 * len(results.wifi) + 1e-6
            assert results.wifi[f"people_{limit}_min"].sum() == pytest.approx(people, rel=1e-9, abs=rounded)
        assert np.nansum(zones[f"wifi_{limit}_min_people"]) <= people + 1e-6
    for group in told["by_group"].values():
        assert math.fsum(group[name] for name in parts) == pytest.approx(group["population"], rel=1e-9, abs=1e-6)
    reach = told["reach_min"]
    assert math.fsum(told["by_state"].values()) == pytest.approx(told[f"within_{reach}_min"], rel=1e-9, abs=1e-6)
    assert told["within_5_min"] <= told["within_10_min"] <= told["within_15_min"]


def divide_adds_up(results):
    """Use sums to people however it is split, points sum to scores, chances to the size of the top."""
    told, cells, zones = results.summary, results.cells, results.zones
    use, uses = told["use"], ["using", "not_using", "use_not_known"]
    np.testing.assert_allclose(cells[uses].sum(axis=1), cells["population"], rtol=1e-9)
    np.testing.assert_allclose(zones[uses].sum(axis=1), zones["population"], rtol=1e-9, atol=1e-9)
    for row in [use["region"], *use["by_settlement"], *use["by_zone"], *use["by_group"]]:
        assert math.fsum(row["use"].values()) == pytest.approx(row["population"], rel=1e-9, abs=1e-6)
        assert math.fsum(row["service"].values()) == pytest.approx(row["population"], rel=1e-9, abs=1e-6)
        parts = ("coverage_gap", "connected", "usage_gap", "covered_use_not_known", "service_unknown")
        assert math.fsum(row[name] for name in parts) == pytest.approx(row["population"], rel=1e-9, abs=1e-6)
    for state, people in told["ledger"].items():
        assert use["region"]["service"][state] == pytest.approx(people, rel=1e-9, abs=1e-6)
    for row in use["by_group"]:
        assert row["population"] <= told["population"]["total"]
    index = results.tables["index"].dropna(subset=["score"])
    points = [column for column in index.columns if column.endswith("_points")]
    np.testing.assert_allclose(index[points].sum(axis=1), index["score"], atol=1e-12)
    doubt = results.tables["uncertainty"]
    gap = doubt[(doubt["ranking"] == "gap") & doubt["rank"].notna()]
    assert gap["top_probability"].sum() == pytest.approx(told["uncertainty"]["top"])
    assert (gap["rank_p5"] <= gap["rank_median"]).all()
    assert (gap["rank_median"] <= gap["rank_p95"]).all()
    by_zone = zones.set_index("zone_id")["rank"].dropna().astype(float)
    assert gap.set_index("zone_id")["rank"].to_dict() == by_zone.to_dict()
    uneven = told["inequality"]["coverage"]
    assert uneven["theil_between"] + uneven["theil_within"] == pytest.approx(uneven["theil"], abs=1e-12)
    assert uneven["theil_between_zones"] + uneven["theil_within_zones"] == pytest.approx(uneven["theil"], abs=1e-9)
    assert uneven["mean"] == pytest.approx(1 - told["gap"]["share"])
    assert sum(told["clusters"]["zones"].values()) == len(zones)
    values = results.tables["indicators"].set_index(["code", "of"])
    for technology in ("3G", "4G"):
        share = told["coverage"][technology]["union"]["share"]
        row = values.loc[("SDG 9.c.1", f"at least {technology}, anyone's network"), "value"]
        assert row == pytest.approx(100 * share)


def plan_adds_up(results):
    """Nobody is counted twice: steps, places, zones and states tell of the same people."""
    plan, table, reach = results.summary["plan"], results.plan, results.plan_reach
    by_step = reach.groupby("step")[["people", "value"]].sum().reindex(table["step"]).fillna(0.0)
    np.testing.assert_allclose(by_step["people"], table["people"], rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(by_step["value"], table["value"], rtol=1e-9, atol=1e-6)
    assert (table["gain"].cumsum() <= table["bound"] * (1 + 1e-9) + 1e-6).all()
    assert (table["bound"].diff().dropna() >= -1e-6).all()
    cells = results.cells.set_index("cell_id")["population"]
    lifted = reach.groupby("cell_id")["people"].sum()
    assert (lifted <= cells.reindex(lifted.index) + 1e-6).all()
    moved, zones = plan["moved"], results.tables["plan_zones"]
    assert moved["better"] == pytest.approx(plan["people"], rel=1e-9, abs=1e-6)
    for when in ("before", "after"):
        assert math.fsum(moved["service"][when].values()) == pytest.approx(moved["people"], rel=1e-9)
    assert zones["better"].sum() <= plan["people"] + 1e-6
    inside = reach[(reach["zone_id"] != "") & reach["step"].isin(table["step"][table["within_budget"]])]
    assert zones["better"].sum() == pytest.approx(inside["people"].sum(), rel=1e-9, abs=1e-6)
    assert (zones["below_after"] <= zones["below_before"] + 1e-9).all()
    for rows in (plan["by_settlement"],):
        assert math.fsum(row["better"] for row in rows) == pytest.approx(plan["people"], rel=1e-9, abs=1e-6)
    money = results.tables["plan_money"]
    assert money["committed"].sum() == pytest.approx(plan["cost"], rel=1e-9, abs=1e-6)
    paid = (money["net"] * 1.08 ** -money["year"]).sum()
    assert paid == pytest.approx(plan["money"]["npv"], rel=1e-9, abs=1e-6)
    assert paid == pytest.approx(plan["cost"], rel=1e-9, abs=1e-6)


def consistent(folder):
    """What must hold of every results folder, whatever the region."""
    results = read_results(folder)
    told, cells, zones = results.summary, results.cells, results.zones
    wifi = WIFI if told["wifi"]["sites"] else set()
    assert {path.name for path in folder.iterdir() if path.is_file()} == FILES | wifi
    walks_add_up(results)
    divide_adds_up(results)
    jsonschema.validate(told, json.loads((ROOT / "docs/summary.schema.json").read_text(encoding="utf-8")))
    people = told["population"]
    total = people["total"]
    assert people["in_zones"] + people["outside_zones"] == pytest.approx(total, rel=1e-12)
    assert math.fsum(told["ledger"].values()) == pytest.approx(total, rel=1e-12)
    assert math.fsum(told["settlement"].values()) == pytest.approx(total, rel=1e-12)
    assert cells["population"].sum() == pytest.approx(total, rel=1e-12)
    np.testing.assert_allclose(cells[list(STATES)].sum(axis=1), cells["population"], rtol=1e-9)
    np.testing.assert_allclose(zones[list(STATES)].sum(axis=1), zones["population"], rtol=1e-9, atol=1e-9)
    assert zones["population"].sum() == pytest.approx(people["in_zones"], rel=1e-12)
    for row in told["settlement_gap"]:
        assert math.fsum(row["ledger"].values()) == pytest.approx(row["population"], rel=1e-9)
    assert cells["cell_id"].is_monotonic_increasing
    assert cells["cell_id"].is_unique
    x, y = results.grid.centres(cells["cell_id"])
    assert (cells["x"] == x).all()
    assert (cells["y"] == y).all()
    for technology, row in told["coverage"].items():
        for who in ("union", "largest_operator"):
            assert row[who]["low"] <= row[who]["persons"] + 1e-6 <= row[who]["high"] + 2e-6, technology
            assert row[who]["persons"] + row[who]["unknown"] <= total + 1e-6
        assert row["largest_operator"]["persons"] <= row["union"]["persons"] + 1e-6
    plan = told["plan"]
    built = results.plan[results.plan["within_budget"]]
    assert plan["cost"] == pytest.approx(built["cost"].sum())
    assert plan["cost"] <= plan["budget"] + 1e-6
    assert plan["people"] == pytest.approx(built["people"].sum())
    assert plan["gain"] <= plan["bound"] + 1e-9
    plan_adds_up(results)
    assert plan["people"] <= told["gap"]["people"] + 1e-6
    for item in told["inputs"]:
        assert len(item["sha256"]) == 64
    return results


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "results"
    demo(out, size_km=60)
    return out


@pytest.fixture(scope="session")
def accra_results(tmp_path_factory, accra):
    out = tmp_path_factory.mktemp("accra") / "results"
    run(ROOT / "examples/greater-accra/region.toml", out=out, root=accra)
    return out


@pytest.fixture(scope="session")
def paris_results(tmp_path_factory, paris):
    out = tmp_path_factory.mktemp("paris") / "results"
    run(ROOT / "examples/ile-de-france/region.toml", out=out, root=paris)
    return out


def test_sample_region_against_its_known_answers(sample, tmp_path):
    region = sample / "region"
    truth = json.loads((region / "truth.json").read_text(encoding="utf-8"))
    copy = tmp_path / "results"
    copy.mkdir()
    for name in FILES | WIFI:
        (copy / name).write_bytes((sample / name).read_bytes())
    results = consistent(copy)
    told = results.summary
    assert told["synthetic"] is True
    assert "synthetic" in told["name"].lower()
    assert "SYNTHETIC" in (sample / "limitations.md").read_text(encoding="utf-8").upper()
    assert told["population"]["total"] == pytest.approx(truth["population"]["total"])
    assert told["wifi"]["operational"] == truth["wifi"]["operational"]
    assert all(told["settlement"][code] > 0 for code in ("30", "21", "13", "12", "11"))
    assert told["ledger"]["unknown"] == pytest.approx(0, abs=1e-6)
    assert 0 < told["gap"]["share"] < 0.5
    assert told["plan"]["sites"] > 0


def test_same_inputs_same_bytes_whatever_the_hash_seed(tmp_path):
    code = "import sys; from pathlib import Path; from analysis.run import demo; demo(Path(sys.argv[1]), size_km=40)"
    found = []
    for seed in ("0", "1"):
        out = tmp_path / seed / "r"
        env = {
            **__import__("os").environ,
            "PYTHONHASHSEED": seed,
            "SOURCE_DATE_EPOCH": "1700000000",
            "PYTHONPATH": str(ROOT),
        }
        subprocess.run([sys.executable, "-c", code, str(out)], check=True, env=env, cwd=ROOT)
        found.append({str(p.relative_to(out)): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()})
    assert found[0].keys() == found[1].keys()
    assert [name for name in found[0] if found[0][name] != found[1][name]] == []


def test_greater_accra(accra_results):
    results = consistent(accra_results)
    told = results.summary
    assert len(results.zones) == 29
    # the grid's own sum by exact area shares (exactextract gives the same); the census of 2021 counted 5.46 million
    assert told["population"]["in_zones"] == pytest.approx(4_806_832.78, rel=1e-6)
    assert told["coverage"]["5G"]["union"]["share"] is None
    assert told["wifi"]["unknown"] == pytest.approx(told["population"]["total"])
    # people of border cells outside the 29 districts are unknown, nobody inside is
    assert told["ledger"]["unknown"] == pytest.approx(told["population"]["outside_zones"], abs=1e-3)
    assert results.zones["rank"].notna().all()
    empty = results.zones[results.zones["pct_offline_15plus"].isna()]["zone_name"]
    assert sorted(name.split()[0] + " " + name.split()[1] for name in empty) == [
        "Ga Central",
        "Ga South",
        "Kpone Katamanso",
    ]
    # offline 15+ of the census, district by district, and as a whole over the districts that have it
    offline = results.zones.set_index("zone_id")
    known = offline["pct_offline_15plus"].notna()
    np.testing.assert_allclose(1 - offline.loc[known, "using_share"], offline.loc[known, "pct_offline_15plus"] / 100)
    assert (
        offline.loc[~known, ["using_share", "usage_gap_people", "unconnected_people", "rank_by_use"]]
        .isna()
        .all(axis=None)
    )
    use = told["use"]["region"]
    weighted = (offline["pct_offline_15plus"] * offline["population"])[known].sum() / offline["population"][known].sum()
    assert 100 * (1 - use["using_share"]) == pytest.approx(weighted)
    women = next(row for row in told["use"]["by_group"] if row["group"] == "women")
    share = (offline["pct_female"] * offline["population"])[known]
    expected = (offline["pct_offline_female_15plus"][known] * share).sum() / share.sum()
    assert 100 * (1 - women["using_share"]) == pytest.approx(expected)
    said = "\n".join(headline(told))
    assert "use is not known in 3 zones: Ga Central Municipal, Ga South Municipal, Kpone Katamanso" in said
    assert told["index"]["left_out"] == ["public_access", "affordability", "skills", "power"]
    said = (accra_results / "limitations.md").read_text(encoding="utf-8")
    assert "4,806,833 people in the zones; the census of 2021 has 5,460,000" in said


def test_ile_de_france(paris_results):
    results = consistent(paris_results)
    told = results.summary
    assert len(results.zones) == 1295
    # the union of the zones, by exactextract; summed zone by zone with their overlaps it would be 12,291,870.6
    assert told["population"]["in_zones"] == pytest.approx(12_288_410.79, rel=2e-6)
    assert told["wifi"]["sites"] == 277
    assert told["wifi"]["operational"] == 271
    groups = {row["group"]: row for row in told["use"]["by_group"]}
    both = groups["women"]["population"] + groups["men"]["population"]
    assert both == pytest.approx(told["population"]["total"], rel=1e-6)
    assert told["use"]["region"]["using_share"] is None
    paris = results.zones[results.zones["zone_id"].str.startswith("75")]
    assert len(paris) == 20
    assert told["wifi"]["unknown"] == pytest.approx(told["population"]["total"] - paris["population"].sum(), rel=1e-9)
    # 5G is known in Paris alone, and there not for those whom only sites without a technology might reach
    silent = told["silent_sites"]
    assert silent["sites"] > 1000
    assert 0 < silent["unknown_people"]["4G"] < 0.01 * told["population"]["total"]
    assert told["coverage"]["5G"]["union"]["unknown"] == pytest.approx(
        told["population"]["total"] - paris["population"].sum() + silent["unknown_people"]["5G"], rel=1e-6
    )
    assert (paris["at_least_5g_share"] * paris["population"]).sum() > 0.9 * paris["population"].sum()
    assert results.zones.loc[~results.zones["zone_id"].str.startswith("75"), "declared_5g"].sum() == 0


def test_explanations_are_the_tables(accra_results):
    results = read_results(accra_results)
    zone = results.zones.sort_values("rank").iloc[0]
    text = "\n".join(explain_zone(results, str(zone["zone_id"])))
    assert f"rank 1 of {len(results.zones)}" in text
    assert f"{zone['population']:,.1f}" in text
    assert f"{zone['gap_people']:,.1f}" in text
    assert "OpenCelliD" in text
    cell = results.cells.iloc[results.cells["population"].argmax()]
    text = "\n".join(explain_cell(results, int(cell["cell_id"])))
    assert f"{cell['population']:,.1f}" in text
    assert "unknown" in text  # 5G and WiFi have no source
    with pytest.raises(SchemaError, match="no zone 'Atlantis'"):
        explain_zone(results, "Atlantis")
    with pytest.raises(SchemaError, match="no populated cell"):
        explain_cell(results, -1)


def test_tables_open_in_other_tools(accra_results):
    zones = gpd.read_file(accra_results / "zones.gpkg")
    cells = gpd.read_parquet(accra_results / "cells.parquet")
    assert zones.crs == cells.crs
    ranking = pd.read_csv(accra_results / "ranking.csv")
    assert ranking["rank"].tolist() == list(range(1, 30))
    assert ranking["gap_people"].is_monotonic_decreasing
    page = (accra_results / "map.html").read_text(encoding="utf-8")
    assert "OpenCelliD" in page
    assert "CC BY-SA 4.0" in page


def test_plan_people_by_hand(sample):
    """The people of the first site are its cells' gap people times the reach, recomputed from the published tables."""
    results = read_results_of(sample)
    plan = results.plan[results.plan["within_budget"]]
    assert (plan["people"] > 0).all()
    assert plan["step"].tolist() == list(range(1, len(plan) + 1))
    assert plan["cumulative_cost"].tolist() == pytest.approx(np.cumsum(plan["cost"]).tolist())


def read_results_of(folder):
    return read_results(folder)
