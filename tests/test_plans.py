"""Plans side by side: figures by hand, sums that must hold, every reason to refuse, hostile names, the same bytes."""

import copy
import dataclasses
import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from test_cli import gapmap
from test_compare import AFTER, BEFORE, GRID, made, row
from test_maps import ATTACKS

from analysis.compare_tables import OUTSIDE
from analysis.maps.plans_page import plans_html
from analysis.plans import PLANS, named_plans, read_plans, side_by_side, write_plans
from analysis.plans_measures import shown
from analysis.plans_story import story
from analysis.results import write_results
from analysis.run import run
from data.sample import write_sample
from geo.errors import ScenarioError, SchemaError, SourceError
from geo.grid import Grid

LADDER = {"2G": 0.1, "3G": 0.4, "wifi": 0.5, "4G": 1.0, "5G": 1.0, "usable": 1.0}
SITES = {
    # id: kind, technology, zone, people, cost
    "wifi-1": ("wifi", "WiFi", "a", 10.0, 100.0),
    "wifi-2": ("wifi", "WiFi", "b", 5.0, 50.0),
    "site-4g-7": ("site", "4G", "", 4.0, 400.0),
}


def planned(chosen, *, base=None, **asked):
    """The run of `test_compare` with a plan that builds `chosen`, in that order, and one step beyond its budget."""
    results = made(BEFORE) if base is None else base
    scenario = copy.deepcopy(results.provenance["scenario"])
    scenario["investment"].update(asked)
    names = [*chosen, next(name for name in (*SITES, "beyond") if name not in chosen)]
    rows = [SITES.get(name, ("upgrade", "4G", "a", 1.0, 9.0)) for name in names]
    steps = pd.DataFrame(rows, columns=["kind", "technology", "zone_id", "people", "cost"])
    steps = steps.assign(
        step=np.arange(len(names)) + 1, candidate_id=names, name=[f"at {name}" for name in names], lon=10.0, lat=50.0,
        within_budget=np.arange(len(names)) < len(chosen), cumulative_cost=steps["cost"].cumsum(),
        cumulative_people=steps["people"].cumsum(),
    )  # fmt: skip
    built = steps[steps["within_budget"]]
    by_zone = built.groupby("zone_id")[["people", "cost"]].sum().reindex(["a", "b"]).fillna(0.0)
    zones = pd.DataFrame(
        {"zone_id": ["a", "b"], "people": [140.0, 50.0], "below_after": [50.0, 0.0], "better": by_zone["people"].to_numpy(),
         "sites": [int((built["zone_id"] == name).sum()) for name in "ab"], "cost": by_zone["cost"].to_numpy()}
    )  # fmt: skip
    summary = {**results.summary, "plan": record(built, scenario["investment"]), "inputs": []}
    return dataclasses.replace(
        results, summary=summary, plan=steps, tables={"plan_zones": zones},
        wifi=pd.DataFrame({"wifi_id": [], "name": []}), provenance={**results.provenance, "scenario": scenario},
    )  # fmt: skip


def record(built, wanted):
    people, cost = float(built["people"].sum()), float(built["cost"].sum())
    moved = {"people": 200.0, "better": people, "below": {"before": 60.0, "after": 60.0 - people}}
    moved["wifi"] = {"before": 20.0, "after": 20.0 + people}
    classes = [{"settlement": code, "better": share * people} for code, share in ((30, 0.5), (12, 0.25), (11, 0.25))]
    spread = {"gini": 0.25, "worst": 0.5}
    return {
        "budget": float(wanted["budget"]), "currency": wanted["currency"], "cost": cost, "sites": len(built), "locked": 0,
        "people": people, "value": people / 2, "gap": 0.03141, "priority": float(wanted["priority"]),
        "unknown": wanted["unknown"], "ladder": {**LADDER, **wanted["ladder"]}, "by_kind": dict(built.groupby("kind").size()),
        "moved": moved, "by_settlement": classes, "by_group": [{"group": "w", "label": "women", "better": people / 2}],
        "spread": {"before": spread, "after": {"gini": 0.2, "worst": 0.6}}, "robust": None,
        "money": {"cost_per_person": cost / people if people else None, "capex": cost / 2, "opex_year": 1.0, "npv": cost,
                  "annuity": cost / 10, "kwh_year": 7.0, "co2_kg_year": 3.0, "subsidy": None},
    }  # fmt: skip


def plans_of(*runs, names=("first", "second", "third", "fourth", "fifth")):
    return named_plans(runs, names=names[: len(runs)])


def values(found, key):
    return next(tuple(line["values"]) for line in found.record["measures"] if line["key"] == key)


def differs(found):
    return {line["key"] for line in found.record["measures"] if line["section"] == "What was asked" and line["differs"]}


def test_three_plans_by_hand():
    wifi = planned(["wifi-1", "wifi-2"], budget=150.0, sites=False)
    mobile = planned(["site-4g-7", "wifi-1"], budget=600.0)
    found = side_by_side(plans_of(wifi, mobile, planned(["wifi-1"], budget=100.0, priority=2.0)))
    assert values(found, "people") == (15, 14, 10)
    assert values(found, "cost_per_person") == pytest.approx((10, 500 / 14, 10))
    assert values(found, "rural_share") == (0.5, 0.5, 0.5)
    assert values(found, "guaranteed") == pytest.approx((0.96859,) * 3)
    assert values(found, "below_after") == (45, 46, 50)
    assert values(found, "group_w") == (7.5, 7, 5)
    assert values(found, "sites_site") == (0, 1, 0)
    assert values(found, "kinds")[0] == "public WiFi, upgrades, small cells"
    assert differs(found) == {"budget", "kinds", "priority"}
    sites = found.sites.set_index("candidate_id")
    assert list(sites.index) == ["wifi-1", "site-4g-7", "wifi-2"]
    assert sites["plans"].tolist() == ["ABC", "B", "A"]
    assert sites.loc["wifi-1", ["step_A", "step_B", "step_C"]].tolist() == [1, 2, 1]
    assert sites.loc["wifi-2", "people_A"] == 5
    assert np.isnan(sites.loc["wifi-2", "people_B"])
    assert found.record["sites"] == {"places": 3, "by_plans": {"1": 2, "2": 0, "3": 1}, "in_every_plan": ["wifi-1"]}
    zones = found.zones.set_index("zone_id")
    assert list(zones.index) == ["b", "a", ""]
    assert zones.loc["b", ["spread", "better_A", "better_B", "better_C"]].tolist() == [5, 5, 0, 0]
    # the mobile site stands, and serves people, outside every zone
    assert zones.loc["", ["zone_name", "people", "better_B", "sites_B", "cost_B"]].tolist() == [OUTSIDE, 10, 4, 1, 400]
    said = story(found.record)
    assert "3 sites are built by some plan: 1 by every plan (no regret); 2 by one alone" in said
    assert any(re.fullmatch(r"≠  Budget +150 +600 +100", line) for line in said)
    assert any(re.fullmatch(r"   Currency +USD +USD +USD", line) for line in said)
    assert any(re.fullmatch(r" +Beta +5 \(50\) +0 \(0\) +0 \(0\)", line) for line in said)


def test_what_is_promised_is_never_rounded_up():
    assert shown(0.9999989, "least") == "99.9%"
    assert shown(1.0, "least") == "100.0%"
    assert shown(None, "people") == "–"


def test_a_proposal_built_with_another_technology_is_another_site():
    one, other = planned(["wifi-1"]), planned(["wifi-1"])
    other.plan["technology"] = "5G"
    found = side_by_side(plans_of(one, other))
    assert found.sites["in_plans"].tolist() == [1, 1]


def test_settings_that_differ_have_a_row_and_those_that_agree_do_not():
    one = planned(["wifi-1"], horizon_years=10)
    other = planned(
        ["wifi-1"], horizon_years=20, class_weights={"rural": 2.0}, floors={"share": {"rural": 0.4}, "every_zone": True}
    )
    other.provenance["scenario"]["costs"] = {"site_tower": 9000.0}
    found = side_by_side(plans_of(one, other))
    assert differs(found) == {"investment.horizon_years", "weights", "floors", "costs.site_tower"}
    assert values(found, "costs.site_tower") == ("not stated", "9,000")
    assert values(found, "floors") == ("none", "rural at least 40% of the gain; every zone gets something")
    notes = " ".join(found.record["notes"])
    assert "Money is not worth the same in all plans: they differ in costs.site tower, horizon years." in notes
    assert "People-equivalents cannot be compared: people weigh differently" in notes


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"ladder": {"wifi": 0.2}}, "services are worth other things in other plans. People can"),
        ({"need_weight": 1.0}, "people weigh differently"),
        ({"unknown": "as_none"}, "In B people of unknown service are taken to have none"),
        ({"site_limit": True}, "Only in B do sites serve no more people than they have room for"),
        ({"priority": 1.0}, "by its own aim"),
        ({"discount_rate": 0.03}, "they differ in discount rate"),
        ({"technologies": ["4G"]}, "A site is the same only where its id and technology are"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_shown_and_said(asked, words):
    found = side_by_side(plans_of(planned(["wifi-1"]), planned(["wifi-1"], **asked)))
    assert words in " ".join(found.record["notes"])
    assert words in "\n".join(story(found.record))
    assert side_by_side(plans_of(planned(["wifi-1"]), planned(["wifi-2"]))).record["notes"] == []


def test_every_reason_to_refuse_is_told_at_once():
    one, other = planned(["wifi-1"]), planned(["wifi-1"], currency="EUR")
    other.provenance["scenario"]["target"] = "3G"
    other.provenance["inputs"] = [{"layer": "hosts", "file": "h.csv", "sha256": "ab", "year": 2020}]
    other.provenance["region"] = {**other.provenance["region"], "hosts": {"file": "h.csv", "categories": ["school"]}}
    other = dataclasses.replace(other, cells=other.cells.assign(gap_people=other.cells["gap_people"] + 1))
    third = planned(["wifi-1"], base=made(AFTER))
    zones = third.zones.assign(zone_id=["a", "c"])
    third = dataclasses.replace(
        third, zones=zones, tables={"plan_zones": third.tables["plan_zones"].assign(zone_id=["a", "c"])}
    )
    with pytest.raises(SchemaError) as error:
        side_by_side(plans_of(one, other, third))
    said = str(error.value)
    for words in (
        "scenario, target: 4G in first, 3G in second",
        "scenario, investment.currency: USD in first, EUR in second. Mend: run both with one investment.currency",
        "inputs, hosts: other files in first than in second",
        "region, hosts.categories: not the same in first and in second",
        "people and gap before the plan: not the same in 3 cells of first and second",
        "people and gap before the plan: not the same in 3 cells of first and third",
        "zones: 1 in first alone: b", "zones: 1 in third alone: c",
    ):  # fmt: skip
        assert words in said, said
    assert len(error.value.faults) == 8


def test_other_grids_and_other_cells_are_refused():
    one = planned(["wifi-1"])
    with pytest.raises(SchemaError, match="grid, CRS"):
        side_by_side(
            plans_of(one, dataclasses.replace(one, grid=Grid(CRS.from_epsg(6933), GRID.transform, GRID.shape)))
        )
    moved = planned(["wifi-1"], base=made([BEFORE[0], BEFORE[1], BEFORE[2], row()]))
    with pytest.raises(SchemaError, match="other cells are lived in in first than in second"):
        side_by_side(plans_of(one, moved))


def test_a_run_of_another_version_is_named():
    one, other = planned(["wifi-1"]), planned(["wifi-1"])
    del other.summary["plan"]["money"]
    other = dataclasses.replace(other, plan=other.plan.drop(columns="technology"), tables={})
    with pytest.raises(SchemaError) as error:
        side_by_side(plans_of(one, other))
    said = str(error.value)
    assert "second/summary.json: made by other definitions: lacks plan.money" in said
    assert "second/plan.csv: made by other definitions: lacks technology" in said
    assert "second/plan_zones.csv: made by other definitions: lacks" in said
    swapped = planned(["wifi-1"])
    swapped.tables["plan_zones"]["zone_id"] = ["b", "a"]
    with pytest.raises(SchemaError, match=r"second/plan_zones\.csv: its zones are not those of zones\.gpkg"):
        side_by_side(plans_of(one, swapped))


def test_words_and_places_of_files_may_differ():
    one, other = planned(["wifi-1"]), planned(["wifi-1"])
    one.provenance["region"] = {**one.provenance["region"], "hosts": {"file": "a/h.csv", "licence": "CC0"}}
    other.provenance["region"] = {**other.provenance["region"], "hosts": {"file": "b/h.csv", "licence": "CC BY"}}
    assert side_by_side(plans_of(one, other)).record["sites"]["in_every_plan"] == ["wifi-1"]


@given(st.lists(st.text(max_size=90), min_size=2, max_size=5))
def test_names_are_shown_and_told_apart_whatever_folders_are_called(names):
    plans = named_plans([None] * len(names), names=names)
    shown_names = [plan.name for plan in plans]
    assert len(set(shown_names)) == len(names)
    assert all(name.isprintable() and name == name.strip() != "" and len(name) < 70 for name in shown_names)
    assert [plan.letter for plan in plans] == list("ABCDE")[: len(names)]


@given(
    st.lists(st.lists(st.sampled_from(sorted(SITES)), unique=True), min_size=2, max_size=5),
)
@settings(max_examples=25)
def test_zones_and_sites_sum_to_every_plan(choices):
    base = made(BEFORE)
    found = side_by_side(plans_of(*(planned(chosen, base=base) for chosen in choices)))
    for plan in found.plans:
        for name, total in (("better", "people"), ("cost", "cost"), ("sites", "sites")):
            assert found.zones[f"{name}_{plan.letter}"].sum() == pytest.approx(plan.record[total])
        assert found.sites[f"people_{plan.letter}"].sum() == pytest.approx(plan.record["people"])
        assert found.sites[f"step_{plan.letter}"].notna().sum() == plan.record["sites"]
    assert found.zones["people"].sum() == pytest.approx(200)
    assert (found.sites["in_plans"] == found.sites["plans"].str.len()).all()


def test_text_from_data_stays_text_on_the_page():
    attack = "".join(ATTACKS)
    one, other = planned(["wifi-1"]), planned(["wifi-2"])
    for run_ in (one, other):
        run_.plan["name"] = attack
        run_.zones["zone_name"] = attack
    page = plans_html(side_by_side(named_plans([one, other], names=[attack, attack])))
    for words in ("<script>alert", "{{7*7}}", "onerror=1>", "${alert", "{% raw"):
        assert words not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_page_holds_the_marks_of_every_plan_and_asks_nothing():
    first = planned(["wifi-1", "wifi-2"])
    page = plans_html(side_by_side(plans_of(first, planned(["site-4g-7", "wifi-1"]))))
    block = re.search(r'<script type="application/json" id="gapmap-data">(.*?)</script>', page, re.DOTALL)
    data = json.loads(block[1])
    assert [(plan["letter"], plan["name"], plan["sites"]) for plan in data["plans"]] == [
        ("A", "first", 2),
        ("B", "second", 2),
    ]
    assert [[item[0] for item in spot["in"]] for spot in data["spots"]] == [[0, 1], [1], [0]]
    assert data["spots"][0]["in"] == [[0, 1, 10, 100], [1, 2, 10, 100]]
    assert data["sites"] == []
    assert [layer["key"] for layer in data["fills"]] == ["plans_most", "better_A", "better_B"]
    assert data["fills"][0]["said"] == [["Several", "people: A 10, B 10"], ["A", "people: A 5, B 0"]]
    assert not re.search(r'(?:src|href)="(?!#|data:)', page)
    assert "default-src 'none'" in page


def test_plans_that_build_nothing_still_make_a_page():
    found = side_by_side(plans_of(planned([]), planned([])))
    assert found.sites.empty
    assert values(found, "rural_share") == values(found, "cost_per_person") == (None, None)
    assert "0 sites are built by some plan" in "\n".join(story(found.record))
    assert "Nobody" in plans_html(found)


def test_folders_are_read_and_every_fault_of_them_is_told(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_results(planned(["wifi-1"]), tmp_path / name)
    assert [plan.name for plan in read_plans([tmp_path / "one", tmp_path / "two"])] == ["one", "two"]
    with pytest.raises(ScenarioError, match="2 to 5 results folders, not 1"):
        read_plans([tmp_path / "one"])
    with pytest.raises(ScenarioError, match="one for each of the 2 folders, or none; given: 1"):
        read_plans([tmp_path / "one", tmp_path / "two"], names=["A"])
    with pytest.raises(SourceError) as error:
        read_plans([tmp_path / "one", tmp_path / "one", tmp_path / "none", tmp_path / "gone"])
    assert "given twice" in str(error.value)
    assert str(error.value).count("not a results folder") == 2


def test_only_earlier_plans_are_replaced(tmp_path):
    found = side_by_side(plans_of(planned(["wifi-1"]), planned(["wifi-2"])))
    out = tmp_path / "out"
    write_plans(found, out)
    assert {path.name for path in out.iterdir()} == PLANS.outputs
    write_plans(found, out)
    (out / "mine.txt").write_text("keep")
    with pytest.raises(SourceError, match="exists and holds no plans side by side"):
        write_plans(found, out)
    assert (out / "mine.txt").read_text() == "keep"
    with pytest.raises(SourceError, match="lies inside the results folder"):
        write_plans(found, tmp_path / "run" / "plans", of=(tmp_path / "run",))
    comparison = tmp_path / "comparison"
    comparison.mkdir()
    (comparison / "compare.json").write_text("{}")
    with pytest.raises(SourceError, match="exists and holds no plans side by side"):
        write_plans(found, comparison)


def test_a_sheet_never_runs_what_a_name_says(tmp_path):
    one, other = planned(["wifi-1"]), planned(["wifi-2"])
    one.plan["name"] = "=HYPERLINK(1)"
    write_plans(side_by_side(named_plans([one, other], names=["=1+1", "@x"])), tmp_path / "out")
    sites = pd.read_csv(tmp_path / "out" / "plans_sites.csv")
    assert "'=HYPERLINK(1)" in sites["name"].tolist()
    assert list(pd.read_csv(tmp_path / "out" / "plans.csv"))[-2:] == ["A: =1+1", "B: @x"]


@pytest.fixture(scope="module")
def two_budgets(tmp_path_factory):
    """The sample region with two budgets."""
    place = tmp_path_factory.mktemp("plans")
    region = write_sample(place / "region", size_km=40, seed=2026)
    for name, budget in (("much", 600_000), ("little", 200_000)):
        (place / f"{name}.toml").write_text(f"[investment]\nbudget = {budget}\nrobustness = {{ enabled = false }}\n")
        run(region, out=place / name, scenario_file=place / f"{name}.toml")
    return place


def test_the_sample_with_two_budgets_sums_up(two_budgets):
    found = side_by_side(read_plans([two_budgets / "much", two_budgets / "little"]))
    assert differs(found) == {"budget"}
    assert found.record["notes"] == []
    for plan in found.plans:
        assert found.zones[f"better_{plan.letter}"].sum() == pytest.approx(plan.record["people"], rel=1e-9)
        assert found.zones[f"cost_{plan.letter}"].sum() == pytest.approx(plan.record["cost"], rel=1e-9)
        assert found.zones[f"sites_{plan.letter}"].sum() == plan.record["sites"]
        assert found.sites[f"people_{plan.letter}"].sum() == pytest.approx(plan.record["people"], rel=1e-9)
    assert values(found, "people")[0] > values(found, "people")[1] > 0
    assert found.zones.loc[found.zones["zone_id"] != "", "spread"].is_monotonic_decreasing


def test_the_command_writes_the_same_bytes_whatever_the_hash_seed(two_budgets, tmp_path):
    folders = (two_budgets / "much", two_budgets / "little")
    for seed in ("1", "2"):
        out = gapmap(
            "plans", *folders, "--name", "600k", "--name", "200k", "--out", tmp_path / seed, PYTHONHASHSEED=seed
        )
        assert out.returncode == 0, out.stderr
        assert "SYNTHETIC" in out.stdout
    for name in PLANS.outputs:
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes(), name
    told = gapmap("plans", *folders, "--json")
    assert json.loads(told.stdout)["plans"][0]["name"] == "much"


def test_a_false_comparison_ends_with_every_fault_and_leaves_nothing(two_budgets, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(two_budgets / "little", other)
    made_of = json.loads((other / "provenance.json").read_text())
    made_of["scenario"]["target"] = "3G"
    made_of["inputs"][0]["sha256"] = "0" * 64
    (other / "provenance.json").write_text(json.dumps(made_of))
    out = gapmap("plans", two_budgets / "much", other, "--out", tmp_path / "out")
    assert out.returncode == 2
    assert "2 faults in the input" in out.stderr
    assert not (tmp_path / "out").exists()
