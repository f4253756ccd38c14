"""What a plan says, worked out again from its own files, and by hand: people, zones, options, equity, robustness."""

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from plan_case import GRID, ROWS, asked, people_in, planner, proposal, share_in, spot, write_place

from analysis.ledger import STATES
from analysis.results import plain
from analysis.run import run
from geo.errors import InfeasibleError

MIDDLE = (6.5, 3.5)
ONE = people_in({(6, 3): 100.0})
WORTH = {"2G": 0.1, "3G": 0.4, "wifi": 0.5, "4G": 1.0}
"""Of the target 4G; a rung is what its service is worth beyond the one below: 0.1, 0.3, 0.1, 0.5."""
STANDING = ((0.5, 0.5, "4G"), (9.5, 3.5, "3G"), (10.2, 3.1, "4G"))


@pytest.fixture
def plan(tmp_path):
    return planner(tmp_path)


def toml(settings, path=()):
    """Lines of a scenario file."""
    lines = [f"{key} = {_value(value)}" for key, value in settings.items() if not isinstance(value, dict)]
    lines = [f"[{'.'.join(path)}]", *lines] if path else lines
    tables = [toml(value, (*path, key)) for key, value in settings.items() if isinstance(value, dict)]
    return "\n".join([*lines, *tables])


def _value(value):
    return str(value).lower() if isinstance(value, bool) else repr(value)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Results folders: of mobile sites alone, and of these with public WiFi. People differ from cell to cell."""
    top = tmp_path_factory.mktemp("plans")
    rng = np.random.default_rng(5)
    people = rng.integers(20, 200, GRID.shape).astype(float)
    near = tuple(
        proposal(f"p{at}", *place) for at, place in enumerate(((6.2, 3), (7.9, 3.4), (3, 2), (9.8, 1), (2, 5)))
    )
    files = {
        "people": people,
        "sites": STANDING,
        "proposals": near,
        "masts": ((5.1, 1.2),),
        "hosts": ((6.5, 3.5), (6.9, 3.4), (7.5, 2.5)),
    }
    path = write_place(top / "region", **files)
    out = {}
    for name, settings in (("mobile", {"sites": True, "max_candidates": 4}), ("all", {"wifi": True})):
        (top / f"{name}.toml").write_text(toml(asked(**settings)), encoding="utf-8")
        run(path, out=top / name, scenario_file=top / f"{name}.toml")
        out[name] = top / name
    return out


def rises(start, reached):
    """Persons better off and what that is worth, of one person's length of people laid out on a line.

    Whoever stands at t has the best rung whose share is above t. `start` and `reached`: shares at the rungs, falling.
    """
    edges = sorted({0.0, *start, *reached})
    worth = [0.0, *WORTH.values()]
    people = value = 0.0
    for low, high in pairwise(edges):
        had, has = (sum(share >= high for share in shares) for shares in (start, reached))
        people += (high - low) * (has > had)
        value += (high - low) * (worth[has] - worth[had])
    return people, value


def before_of(cells):
    """Shares at the rungs by cell, from the published table; nobody has public WiFi here."""
    shares = cells.set_index("cell_id")[["at_least_2g", "at_least_3g", "at_least_4g", "at_least_4g"]]
    return {cell: [float(share) for share in row] for cell, *row in shares.itertuples()}


def test_people_of_mobile_sites_by_hand_from_cells_and_plan_alone(folders):
    """The area of each disc in each cell, times the people there who have worse; best service wins, nobody twice."""
    cells = gpd.read_parquet(folders["mobile"] / "cells.parquet")
    plan = pd.read_csv(folders["mobile"] / "plan.csv")
    assert plan["within_budget"].sum() >= 5
    assert set(plan["kind"]) == {"site", "mast"}
    assert 0 < cells["at_least_3g"].mean() < 1
    reached = {cell: float(share) for cell, share in zip(cells["cell_id"], cells["at_least_4g"], strict=True)}
    for site in plan.itertuples():
        people = value = 0.0
        for cell in cells.itertuples():
            disc = share_in(cell.x, cell.y, (site.x, site.y), site.reach_rural_m)
            new = max(disc - reached[cell.cell_id], 0.0)
            people += cell.population * new
            # 4G (1) for whoever has 3G (0.4) or nothing; 3G is spread over the first at_least_3g of the people
            had_3g = max(min(disc, cell.at_least_3g) - reached[cell.cell_id], 0.0)
            value += cell.population * (0.6 * had_3g + (new - had_3g))
            reached[cell.cell_id] = max(reached[cell.cell_id], disc)
        assert site.people == pytest.approx(people, abs=0.05)
        assert site.value == pytest.approx(value, abs=0.05)
    assert plan["cumulative_people"].tolist() == pytest.approx(plan["people"].cumsum().tolist())


def test_people_and_value_of_every_step_from_whom_it_reaches(folders):
    cells = gpd.read_parquet(folders["all"] / "cells.parquet")
    reach = pd.read_parquet(folders["all"] / "plan_reach.parquet")
    plan = pd.read_csv(folders["all"] / "plan.csv")
    assert set(plan["kind"]) == {"site", "wifi"}
    assert reach.groupby("step")["candidate_id"].nunique().eq(1).all()
    start = before_of(cells)
    now: dict[tuple[int, str, int], list[float]] = {}
    for step in plan.itertuples():
        people = value = 0.0
        rungs = 3 if step.kind == "wifi" else 4
        for row in reach[reach["step"] == step.step].itertuples():
            place = (row.cell_id, row.zone_id, row.part)
            was = now.get(place, start[row.cell_id])
            now[place] = [max(share, row.fraction) if at < rungs else share for at, share in enumerate(was)]
            old, new = rises(start[row.cell_id], was), rises(start[row.cell_id], now[place])
            people += row.persons * (new[0] - old[0])
            value += row.persons * (new[1] - old[1])
        assert step.people == pytest.approx(people, rel=1e-9, abs=1e-9)
        assert step.value == pytest.approx(value, rel=1e-9, abs=1e-9)
    for name in ("people", "value"):
        sums = reach.groupby("step")[name].sum().reindex(plan["step"], fill_value=0)
        assert sums.tolist() == pytest.approx(plan[name].tolist())


def test_parts_of_a_cell_are_its_people(folders):
    cells = gpd.read_parquet(folders["all"] / "cells.parquet").set_index("cell_id")
    reach = pd.read_parquet(folders["all"] / "plan_reach.parquet")
    parts = reach.drop_duplicates(["cell_id", "zone_id", "part"]).groupby("cell_id")["persons"].sum()
    assert (parts <= cells["population"].reindex(parts.index) + 1e-9).all()


def test_the_tables_of_a_plan_say_the_same(folders):
    for folder in folders.values():
        told = pd.read_json(folder / "plan.json", typ="series")
        plan = pd.read_csv(folder / "plan.csv")
        built = plan[plan["within_budget"]]
        assert told["plan"]["people"] == pytest.approx(built["people"].sum())
        assert told["plan"]["cost"] == pytest.approx(built["cost"].sum())
        assert told["plan"]["cost"] <= told["plan"]["budget"]
        assert told["plan"]["gain"] <= told["plan"]["bound"] * (1 + 1e-12)
        assert [step["candidate_id"] for step in told["steps"]] == built["candidate_id"].tolist()
        zones = pd.read_csv(folder / "plan_zones.csv")
        assert zones["cost"].sum() == pytest.approx(built["cost"].sum())
        assert zones["sites"].sum() == len(built)
        assert zones["better"].sum() == pytest.approx(built["people"].sum())
        layers = gpd.read_file(folder / "plan.gpkg", layer="sites")
        assert layers["candidate_id"].tolist() == built["candidate_id"].tolist()


# --- zones ---------------------------------------------------------------------------------------------------------


def test_before_and_after_are_the_people_of_the_region_and_of_every_zone(folders):
    for folder in folders.values():
        moved = pd.read_json(folder / "plan.json", typ="series")["plan"]["moved"]
        cells = gpd.read_parquet(folder / "cells.parquet")
        service = moved["service"]
        for when in ("before", "after"):
            assert sum(service[when].values()) == pytest.approx(cells["population"].sum())
            assert min(service[when].values()) >= 0
        # everything is known here, so that being below 4G is being in one of three states
        for when in ("before", "after"):
            lower = sum(service[when][state] for state in ("no_signal", "below_broadband", "mobile_broadband"))
            assert lower == pytest.approx(moved["below"][when])
        assert service["before"] == pytest.approx({state: cells[state].sum() for state in STATES})
        gained = service["after"]["declared_4g"] - service["before"]["declared_4g"]
        assert gained == pytest.approx(moved["below"]["before"] - moved["below"]["after"])
        zones = pd.read_csv(folder / "plan_zones.csv")
        for name, when in (("below_before", "before"), ("below_after", "after")):
            assert zones[name].sum() == pytest.approx(moved["below"][when])
            assert zones[f"wifi_{when}"].sum() == pytest.approx(moved["wifi"][when])
        whole = gpd.read_file(folder / "zones.gpkg")
        assert zones["below_before"].tolist() == pytest.approx(whole["gap_people"].tolist())
        assert zones["people"].tolist() == pytest.approx(whole["population"].tolist())
        steps = pd.read_csv(folder / "plan.csv").query("within_budget")
        rise = (zones["worth_after"] - zones["worth_before"]) @ zones["people"]
        assert rise == pytest.approx(steps["value"].sum())


def test_mobile_sites_move_as_many_people_as_they_serve(folders):
    """Nobody who has 4G already is counted: those better off are those who are no longer below the target."""
    told = pd.read_json(folders["mobile"] / "plan.json", typ="series")["plan"]
    below = told["moved"]["below"]
    assert told["people"] == pytest.approx(below["before"] - below["after"], rel=1e-9)
    assert told["money"]["users"] == pytest.approx(told["people"])


def test_options_of_a_zone_by_hand(plan):
    cheap, dear = proposal("w", *MIDDLE, kind="wifi", cost=100), proposal("p", *MIDDLE, cost=1000)
    made = plan(people=ONE, proposals=(cheap, dear))()
    options = made.table("plan_options")
    # WiFi lifts 32 people by 0.5 for 100, the site 100 people by 1 for 1000
    assert options[["zone_id", "option", "rank", "best_candidate"]].to_numpy().tolist() == [
        ["b", "public WiFi", 1, "proposal-w"],
        ["b", "new 4G site", 2, "proposal-p"],
    ]
    assert options["value"].tolist() == pytest.approx([16, 100])
    assert options["cost_per_value"].tolist() == pytest.approx([100 / 16, 1000 / 100])
    assert options["closes"].tolist() == pytest.approx([0.16, 1])
    zones = made.table("plan_zones")
    assert zones["first"].tolist() == ["", "public WiFi", ""]
    assert zones["second"].tolist() == ["", "new 4G site", ""]
    assert zones.loc["b", ["first_cost_per_value", "second_cost_per_value"]].tolist() == pytest.approx([6.25, 10])


# --- equity --------------------------------------------------------------------------------------------------------

UNEVEN = people_in({(0, 0): 900, (3, 5): 420, (6, 3): 400})
"""Zone a: 900 people who have 4G and 420 who do not; zone b: 400 who do not."""
EITHER = (proposal("a", 3.5, 5.5, cost=100), proposal("b", *MIDDLE, cost=100))


def test_priority_sends_the_money_to_the_zone_that_is_worst_off(plan):
    uneven = plan(people=UNEVEN, proposals=EITHER)
    even, first = uneven(budget=100), uneven(budget=100, priority=4)
    assert even.steps["candidate_id"].tolist() == ["proposal-a"]
    assert first.steps["candidate_id"].tolist() == ["proposal-b"]
    assert first.steps["people"].tolist() == pytest.approx([400])
    # the zones' mean worth is 1 and 0, or 900 / 1320 and 1; Gini = share of the people − share of the worth, worst first
    all_people = 900 + 420 + 400
    assert even.record["spread"]["after"]["gini"] == pytest.approx(400 / all_people)
    assert first.record["spread"]["after"]["gini"] == pytest.approx(1320 / all_people - 900 / 1300)
    assert first.record["spread"]["after"]["gini"] < even.record["spread"]["after"]["gini"]
    assert even.record["spread"]["before"]["gini"] == pytest.approx(400 / all_people)
    assert even.record["spread"]["before"]["gap_gini"] == pytest.approx(1320 / all_people - 420 / 820)


def test_the_frontier_by_hand(plan):
    made = plan(people=UNEVEN, proposals=EITHER)(budget=100)
    front = made.table("plan_frontier").set_index("priority")
    assert front.index.tolist() == [0, 0.5, 1, 2, 4]
    assert front.loc[[0, 4], "value"].tolist() == pytest.approx([420, 400])
    assert front.loc[[0, 4], "price_of_equity"].tolist() == pytest.approx([0, 1 - 400 / 420])
    assert front.loc[[0, 4], "worst_worth"].tolist() == pytest.approx([0, 1])  # zone b holds a fifth of the people
    assert front["cost"].tolist() == pytest.approx([100] * 5)
    own = plan(people=UNEVEN, proposals=EITHER)(budget=100, priority=3)
    assert own.table("plan_frontier")["priority"].tolist() == [0, 0.5, 1, 2, 3, 4]


def test_no_plan_of_the_frontier_has_more_value_than_that_without_priority(plan):
    many = plan(
        people=people_in({(column, row): 10 + 37 * column * row % 90 for column in range(12) for row in range(6)})
    )
    for budget in (3e5, 6e5, 2e6):
        made = many(sites=True, max_candidates=25, budget=budget)
        front = made.table("plan_frontier")
        assert front["value"].idxmax() == 0
        assert front["price_of_equity"].iloc[0] == 0
        assert (front["price_of_equity"] >= 0).all()
        assert (front["cost"] <= budget).all()
        assert front["value"].iloc[0] >= made.record["value"] * (1 - 1e-12)


# --- floors --------------------------------------------------------------------------------------------------------


def test_floors_are_kept_or_refused_with_words(plan):
    uneven = plan(people=UNEVEN, proposals=EITHER)
    both = uneven(budget=200, floors={"every_zone": True})
    assert sorted(both.steps["candidate_id"]) == ["proposal-a", "proposal-b"]
    with pytest.raises(InfeasibleError, match="2 zones want one, and the most that can be had with 100 is 1"):
        uneven(budget=100, floors={"every_zone": True})
    with pytest.raises(InfeasibleError, match=r"floor 'share': 50\.0% .* the most that can be had is 0\.0%"):
        uneven(budget=200, floors={"share": {"city": 0.5}})
    assert uneven(budget=100, floors={"share": {"rural": 1.0}}).record["people"] == pytest.approx(420)


# --- robustness ----------------------------------------------------------------------------------------------------

BAND = {"radio": {"band": True}}


def test_one_sure_site_by_hand(plan):
    """With money for it whatever it costs it is always built, and serves more people the larger its footprint."""
    place = plan(proposals=(proposal("p", 6.5, 3, cost=10),))
    made = place(robustness={"enabled": True}, top=BAND)
    told = made.record["robust"]
    assert told["plans"] == 3 * 3 * 5
    assert (told["sure"], told["doubtful"]) == (1, 0)
    assert made.steps["chosen_share"].tolist() == [1]
    assert told["people_low"] == pytest.approx(np.pi * 1**2 * 100, rel=1e-4)
    assert told["people_high"] == pytest.approx(np.pi * 2**2 * 100, rel=1e-4)
    assert told["people_low"] <= made.record["people"] <= told["people_high"]
    assert place().record["robust"] is None


def test_a_site_that_costs_all_the_money_is_not_built_where_it_is_dearer(plan):
    """Of five cases of cost the site is dearer in two (all dearer; mobile dearer, WiFi cheaper): there nobody gains."""
    made = plan(proposals=(proposal("p", 6.5, 3, cost=10),))(budget=10, robustness={"enabled": True})
    assert made.record["robust"]["plans"] == 1 * 3 * 5  # one footprint was laid out
    assert made.steps["chosen_share"].tolist() == [pytest.approx(3 / 5)]
    assert made.record["robust"]["people_low"] == 0
    assert made.record["robust"]["people_high"] == pytest.approx(made.record["people"])


def test_shares_of_the_plans_made_again_are_shares(plan):
    """The people of a plan need not lie between those of the plans made again: these are greedy, and seek value."""
    files = {"proposals": EITHER, "hosts": (MIDDLE, (2.5, 3.5))}
    made = plan(**files)(sites=True, wifi=True, max_candidates=8, budget=3e5, robustness={"enabled": True}, top=BAND)
    shares = made.results.plan["chosen_share"]
    assert shares.between(0, 1).all()
    told = made.record["robust"]
    assert 0 <= told["people_low"] <= told["people_high"] <= 100 * 12 * ROWS
    assert told["sure"] == (made.steps["chosen_share"] >= 0.9).sum()
    locked = plan(**files)(lock_in=["proposal-a"], budget=101, robustness={"enabled": True})
    assert locked.order.loc["proposal-a", "chosen_share"] == 1  # the budget grows where it is dearer


# --- what one failure costs ----------------------------------------------------------------------------------------


def test_whom_a_failure_leaves_worse_off_by_hand(plan):
    """Two sites on one spot stand in for each other; a host's people keep 4G, a site's fall back to WiFi, which is more than before, or nothing."""
    twins = plan(people=ONE, proposals=(proposal("p", *MIDDLE, cost=1), proposal("q", *MIDDLE, cost=2)))
    made = twins(lock_in=["proposal-p", "proposal-q"])
    assert made.steps["people_if_it_fails"].tolist() == pytest.approx([0, 0])
    apart = plan(people=ONE, hosts=(MIDDLE,), proposals=(proposal("p", *MIDDLE, cost=1e6),))
    made = apart(wifi=True, budget=2e6)
    losses = dict(zip(made.steps["candidate_id"], made.steps["people_if_it_fails"], strict=True))
    # 32 of the site's 100 people would still have the hotspot: better than before
    assert losses == pytest.approx({"wifi-1": 0, "proposal-p": 68})


def test_the_record_is_fit_for_json(plan):
    made = plan(people=ONE, proposals=(proposal("p", *MIDDLE),))()
    assert plain(made.record)["gap"] == 0
    assert spot(0, ROWS) == (GRID.bounds[0], GRID.bounds[1])
