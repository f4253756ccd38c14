"""What a plan says beyond its steps: the fate of proposals, money by year, how it holds, plans it starts from."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_case import people_in, planner, proposal

from analysis.finance import floored
from analysis.invest import follow, make_problem, plan, worth
from analysis.results import PLAN_TABLES
from geo.errors import ScenarioError

ONE = people_in({(6, 3): 100.0})
FAR = people_in({(2, 3): 300.0, (6, 3): 100.0, (10, 3): 200.0})
ROW = (proposal("a", 2.5, 3.5, cost=100, votes=3), proposal("b", 6.5, 3.5, cost=100, votes=9))


@pytest.fixture
def place(tmp_path):
    return planner(tmp_path)


def test_every_proposal_has_a_fate_those_with_most_votes_first(place):
    many = (
        *ROW,
        proposal("idle", 0.5, 5.5, cost=1, votes=1),
        proposal("both", 10.5, 3.5, votes=5),
        proposal("out", 10.5, 4.5, cost=1, votes=7),
    )
    made = place(people=FAR, proposals=many)(budget=100, lock_out=["proposal-out"], technologies=["4G", "5G"])
    told = made.results.tables["plan_proposals"].set_index("candidate_id")
    assert told.index.tolist() == [
        "proposal-b",
        "proposal-out",
        "proposal-both-4g",
        "proposal-both-5g",
        "proposal-a",
        "proposal-idle",
    ]
    assert told.loc["proposal-a", ["fate", "step", "people", "cost"]].tolist() == ["built", 1, pytest.approx(300), 100]
    assert told.loc["proposal-b", "fate"] == "beyond the budget"
    assert told.loc["proposal-out", "fate"] == "locked out"
    assert told.loc["proposal-idle", "fate"] == "nobody below the target in reach"
    assert told["votes"].tolist() == [9, 7, 5, 5, 3, 1]
    assert set(told["fate"]) <= {
        "built", "beyond the budget", "locked out", "nobody below the target in reach",
        "weighed, others bring more for the money",
    }  # fmt: skip
    assert "plan_proposals" not in place(people=ONE, hosts=((6.5, 3.5),))(wifi=True).results.tables
    assert "plan_proposals" in PLAN_TABLES


def test_a_proposal_with_a_price_of_its_own_is_one_candidate(place):
    made = place(people=ONE, proposals=(proposal("p", 6.5, 3.5, cost=50),))(technologies=["4G", "5G"])
    assert made.results.plan["candidate_id"].tolist() == ["proposal-p"]
    assert made.results.plan["technology"].tolist() == ["4G"]


def test_a_lock_that_names_a_proposal_without_its_technology_is_told_how_it_is_called(place):
    region = place(people=FAR, proposals=(proposal("P3", 2.5, 3.5, cost=5), proposal("P4", 6.5, 3.5)))
    with pytest.raises(ScenarioError, match="proposal-P4 is no candidate; did you mean 'proposal-P4-4g'"):
        region(lock_in=["proposal-P4"], technologies=["4G", "5G"])


def test_the_money_of_the_years_must_pay_for_the_plan(place):
    region = place(people=FAR, proposals=ROW)
    with pytest.raises(ScenarioError, match=r"investment\.yearly_budget: 150 in all, less than the budget of 200"):
        region(budget=200, yearly_budget=[100, 50])
    made = region(budget=200, yearly_budget=[120, 80], financing={"city": [1.0, 0.25], "state": [0.0, 0.75]})
    assert made.steps["build_year"].tolist() == [0, 1]
    money = made.results.tables["plan_money"].set_index("year")
    assert money.loc[[0, 1], "committed"].tolist() == pytest.approx([100, 100])
    assert money.loc[[0, 1], "source_city"].tolist() == pytest.approx([100, 25])
    assert money.loc[[0, 1], "source_state"].tolist() == pytest.approx([0, 75])
    assert made.record["money"]["unbuilt"] == 0
    assert made.record["money"]["npv"] == pytest.approx(100 + 100 / 1.08)


def test_the_plan_itself_is_counted_under_every_footprint(place):
    """Discs of 1, 1.5 and 2 km in a plain of 100 a km² far from the site that stands."""
    one = place(proposals=(proposal("p", 6.5, 3, cost=10),))
    made = one(budget=10, robustness={"enabled": True}, top={"radio": {"band": True}})
    told = made.record["robust"]
    assert told["own_low"] == pytest.approx(np.pi * 1**2 * 100, rel=1e-4)
    assert told["own_high"] == pytest.approx(np.pi * 2**2 * 100, rel=1e-4)
    assert told["own_low"] <= made.record["people"] <= told["own_high"]


def test_under_floors_nothing_is_said_of_plans_that_do_not_keep_to_them(place):
    region = place(people=FAR, proposals=ROW)
    made = region(budget=200, floors={"every_zone": True}, robustness={"enabled": True})
    assert made.record["robust"] is None
    assert made.record["frontier"] == []
    assert made.steps["chosen_share"].isna().all()
    assert made.results.tables["plan_frontier"].empty


def test_room_is_said_where_sites_have_too_little(place):
    region = place(people=people_in({(6, 3): 90_000.0}), proposals=(proposal("p", 6.5, 3.5, cost=10),))
    assert region().record["room"] == {"mobile": 1, "over": 1, "limited": False}
    few = region(site_limit=True)
    assert few.record["room"]["limited"] is True
    assert few.steps["people"].iloc[0] == pytest.approx(few.steps["capacity_people"].iloc[0])


def test_a_part_of_zones_and_record_say_the_same(place):
    made = place(people=FAR, proposals=ROW)(budget=200)
    zones = made.table("plan_zones")
    most = made.record["most"]
    assert [zone["zone_id"] for zone in most] == ["a", "b"]
    assert [zone["better"] for zone in most] == pytest.approx([300, 100])
    assert zones.loc[["a", "b"], "better"].tolist() == pytest.approx([300, 100])
    json.dumps(most)


@st.composite
def problems(draw):
    """A few candidates over a few rows."""
    people = draw(st.lists(st.integers(1, 50), min_size=3, max_size=6))
    size = draw(st.integers(2, 6))
    pairs = [
        sorted(draw(st.sets(st.integers(0, len(people) - 1), min_size=1, max_size=len(people)))) for _ in range(size)
    ]
    cost = draw(st.lists(st.integers(1, 9), min_size=size, max_size=size))
    indptr = np.append(0, np.cumsum([len(part) for part in pairs])).astype(np.int64)
    return make_problem(
        np.array(people, float),
        indptr=indptr,
        rows=np.concatenate([np.array(part, np.int64) for part in pairs]),
        fraction=np.ones(int(indptr[-1])),
        cost=np.array(cost, float),
    )


@settings(max_examples=60)
@given(problems(), st.integers(1, 20), st.permutations(range(6)))
def test_a_plan_is_no_worse_than_any_it_starts_from(problem, budget, order):
    start = np.array([j for j in order if j < problem.size], dtype=np.int64)
    kept, spent = [], 0.0
    for j in start:
        if spent + problem.cost[j] <= budget:
            kept.append(j)
            spent += problem.cost[j]
    for effort in (0, 0.2):
        made = plan(problem, budget=budget, starts=[start], effort=effort)
        assert made.spent <= budget
        assert made.value >= worth(problem, np.array(kept, np.int64)) - 1e-9
        assert made.bound >= made.value - 1e-9
        again = follow(problem, made.chosen)
        assert again.value == pytest.approx(made.value)
        assert again.spent == pytest.approx(made.spent)


@given(st.floats(0, 1), st.integers(0, 4))
def test_what_is_reached_at_least_is_never_said_to_be_more(share, decimals):
    assert floored(share, decimals) <= share + 1e-12
    assert share - floored(share, decimals) < 10.0**-decimals + 1e-12
