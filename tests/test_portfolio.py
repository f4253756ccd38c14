"""What could be built and whom it lifts: the ladder, overlaps, locks, exclusions and bad input, worked by hand.

A host in the middle of a cell has 32 of the cell's 100 homes within its walk: 5 minutes are 400 m, 400 / 1.3 = 307.7 m
straight. Homes stand at odd multiples of 50 m from the middle; with i, j = 1, 3, 5 … those with i² + j² ≤ 37.9 are
(1,1) (1,3) (1,5) (3,1) (3,3) (3,5) (5,1) (5,3), eight in each quarter.
"""

import numpy as np
import pytest
from plan_case import ROWS, people_in, planner, proposal, share_in, spot, write_place

from analysis.fragments import Fragments
from analysis.ledger import STATES, Ledger
from analysis.portfolio import Ladder, lacking, mobile_before
from analysis.run import run
from analysis.story import headline
from data.coverage import TECHNOLOGIES
from geo.errors import InfeasibleError, ScenarioError, SchemaError, UnitError

MIDDLE = (6.5, 3.5)
ONE = people_in({(6, 3): 100.0})
"""A hundred people in one cell, far from the site that stands; every 4G site near its middle reaches all of them."""
WALKED = 32


@pytest.fixture
def plan(tmp_path):
    return planner(tmp_path)


# --- the ladder ----------------------------------------------------------------------------------------------------


def test_4g_where_public_wifi_is_lifts_by_the_difference(plan):
    made = plan(people=ONE, wifi=(MIDDLE,), proposals=(proposal("p", *MIDDLE),))()
    # 32 people rise from public WiFi (0.5) to 4G (1), 68 from nothing to 4G
    assert made.steps["people"].tolist() == pytest.approx([100])
    assert made.steps["value"].tolist() == pytest.approx([WALKED * (1 - 0.5) + 68 * 1])


def test_wifi_never_lifts_those_who_have_better(plan):
    three = plan(people=ONE, sites=((0.5, 0.5, "4G"), (*MIDDLE, "3G")), hosts=(MIDDLE,))
    made = three(wifi=True)
    assert made.steps["value"].tolist() == pytest.approx([WALKED * (0.5 - 0.4)])
    nothing = three(wifi=True, ladder={"wifi": 0.3})  # now 3G (0.4) is better
    assert nothing.results.plan.empty
    assert nothing.record["candidates"] == 1
    with_4g = plan(people=people_in({(0, 0): 100}), hosts=((0.5, 0.5),))(wifi=True)
    assert with_4g.results.plan.empty
    assert with_4g.record["dropped"] == {"nobody below the target in reach": 1}


def test_wifi_and_4g_together_count_nobody_twice(plan):
    cheap_first = plan(people=ONE, hosts=(MIDDLE,), proposals=(proposal("p", *MIDDLE, cost=1e5),))(wifi=True)
    assert cheap_first.steps["candidate_id"].tolist() == ["wifi-1", "proposal-p"]
    assert cheap_first.steps["people"].tolist() == pytest.approx([WALKED, 68])
    assert cheap_first.steps["value"].tolist() == pytest.approx([WALKED * 0.5, WALKED * 0.5 + 68])
    other_way = plan(people=ONE, hosts=(MIDDLE,), proposals=(proposal("p", *MIDDLE, cost=1),))(wifi=True)
    assert other_way.steps["candidate_id"].tolist() == ["proposal-p"]  # WiFi brings nothing any more


def test_where_two_sites_overlap_the_larger_share_of_a_cell_counts(plan):
    near, far = (6, 3), (7.5, 3)
    made = plan(sites=((0.5, 0.5, "4G"),), proposals=(proposal("p", *near), proposal("q", *far)))()
    expected = 0.0
    for column in range(12):
        for row in range(ROWS):
            middle = spot(column + 0.5, row + 0.5)
            reached = max(share_in(*middle, spot(*place), 1500) for place in (near, far))
            expected += 100 * max(reached - share_in(*middle, spot(0.5, 0.5), 1500), 0)
    assert made.record["people"] == pytest.approx(expected, rel=2e-4)
    # two whole discs would hold 2 × π 1.5² × 100 = 1414 people
    assert made.record["people"] < 1200


def test_two_hosts_at_the_two_ends_of_a_cell_serve_two_places(plan):
    # 600 m apart along the middle: the doorsteps meet in nobody, for 2 × 307.7 is hardly more than 600
    made = plan(people=ONE, hosts=((6.2, 3.5), (6.8, 3.5)))(wifi=True)
    reach = made.results.plan_reach
    assert made.record["people"] == pytest.approx(reach["people"].sum())
    homes = [(x, y) for x in range(50, 1000, 100) for y in range(50, 1000, 100)]
    served = {
        home for home in homes for middle in (200, 800) if (home[0] - middle) ** 2 + (home[1] - 500) ** 2 <= 307.69**2
    }
    assert made.record["people"] == pytest.approx(len(served))


def test_a_hotspot_serves_the_nearest_as_long_as_there_is_room(plan):
    # 2 access points × 0.2 users at once / 0.02 of the people = room for 20; the four nearest rings hold 4, 8, 4, 8
    room = {"wifi": {"users_per_access_point": 0.2, "at_once": 0.02}}
    limited = plan(people=ONE, hosts=(MIDDLE,))
    made = limited(wifi=True, top=room)
    assert made.steps["capacity_people"].tolist() == [pytest.approx(20)]
    assert made.record["people"] == pytest.approx(20)
    assert limited(wifi=True, wifi_limit=False, top=room).record["people"] == pytest.approx(WALKED)


def test_a_site_that_is_full_leaves_the_rest_without(plan):
    crowd = plan(people=people_in({(6, 3): 4000.0}), proposals=(proposal("p", *MIDDLE),))
    assert crowd().record["people"] == pytest.approx(4000)
    made = crowd(site_limit=True)
    assert 0 < made.steps["capacity_people"].iloc[0] < 4000
    assert made.record["people"] == pytest.approx(made.steps["capacity_people"].iloc[0])


# --- what is not known ---------------------------------------------------------------------------------------------

HALF_KNOWN = 'known_within = { zones = { id = ["a", "b"] } }\n'


def test_people_of_unknown_service_are_left_out_unless_they_count_as_having_none(plan):
    border = plan(proposals=(proposal("p", 8, 3),), extra=HALF_KNOWN)  # the border of b, known, and c, not known
    made = border()
    half = np.pi * 1.5**2 / 2 * 100
    assert made.record["people"] == pytest.approx(half, rel=1e-4)
    zones = made.table("plan_zones")
    assert zones["below_before"].tolist() == pytest.approx(made.results.zones["gap_people"].fillna(0).tolist())
    assert zones.loc["c", ["unknown", "below_before", "better"]].tolist() == pytest.approx([2400, 0, 0])
    everybody = border(unknown="as_none")
    assert everybody.record["people"] == pytest.approx(2 * half, rel=1e-4)
    assert everybody.table("plan_zones").loc["c", ["unknown", "below_before"]].tolist() == pytest.approx([2400, 2400])
    after = everybody.record["moved"]["service"]["after"]
    assert after["unknown"] == pytest.approx(2400 - half, rel=1e-4)
    far = plan(proposals=(proposal("p", 10, 3),), extra=HALF_KNOWN)()
    assert far.record["dropped"] == {"nobody below the target in reach": 1}


def ledger(known, at_least):
    return Ledger(
        {state: np.zeros(1) for state in STATES},
        dict(zip(TECHNOLOGIES, (np.array([share]) for share in at_least), strict=True)),
        dict(zip(TECHNOLOGIES, (np.array([share]) for share in known), strict=True)),
    )


@pytest.mark.parametrize(
    ("target", "known", "at_least", "lacks"),
    [
        ("4G", (1, 1, 1, 1), (0.9, 0.6, 0.5, 0.1), (0.1, 0.4, 0.5, 0.9)),
        # 2G or 3G switched off, or known to be missing, where nothing is known of 4G: nobody is known to lack it
        ("4G", (1, 1, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0)),
        ("4G", (1, 1, 0.5, 0), (0.2, 0.2, 0.2, 0), (0.3, 0.3, 0.3, 0.3)),
        # 2G not known: those below 4G are taken to have the 2G and the 3G that may be there
        ("4G", (0, 0, 1, 0), (0.3, 0.3, 0.3, 0), (0, 0, 0.7, 0.7)),
        ("3G", (0, 1, 0, 0), (0.4, 0.4, 0, 0), (0, 0.6, 0.6, 0.6)),
        ("5G", (1, 1, 1, 0), (0.4, 0.4, 0.4, 0), (0, 0, 0, 0)),
    ],
)
def test_whom_the_target_is_known_not_to_reach_by_hand(target, known, at_least, lacks):
    given = ledger(known, at_least)
    found = lacking(given, target=target, as_none=False)
    assert [float(found[name][0]) for name in TECHNOLOGIES] == pytest.approx(lacks)
    assert found[target][0] == pytest.approx(given.below(target)[0])  # the gap of the run
    everybody = lacking(given, target=target, as_none=True)
    assert [float(everybody[name][0]) for name in TECHNOLOGIES] == pytest.approx([1 - share for share in at_least])


def test_what_people_have_before_by_hand():
    # of 10 people 1 has nothing, 3 have 2G, 1 has 3G, 4 have 4G (2 of them usable), 1 has 5G
    given = ledger((1, 1, 1, 1), (0.9, 0.6, 0.5, 0.1))
    given.states["usable"][:] = 2.0
    one = np.zeros(1, dtype=np.int64)
    parts = Fragments(one, np.array([10.0]), one, one, np.array([10.0]), 1)
    ladder = Ladder({"2G": 0.1, "3G": 0.3, "wifi": 0.4, "4G": 0.6, "5G": 0.8, "usable": 1.0})
    assert ladder.rungs.tolist() == [0.1, 0.3, 0.4, 0.6, 0.8, 1.0]
    assert [ladder.level(name) for name in ("2G", "wifi", "usable")] == [0, 2, 5]
    found = mobile_before(given, parts, ladder, target="4G", as_none=False)
    # 2 of the 5 with 4G or better are usable, of the 4G and of the 5G alike: 0.2 of all; of 5G 0.1 × 3/5 are not
    assert found[0].tolist() == pytest.approx([0.9, 0.6, 0.5, 0.5, 0.06 + 0.2, 0.2])
    flat = Ladder({"2G": 0.0, "3G": 1.0, "wifi": 0.5, "4G": 1.0, "5G": 1.0, "usable": 1.0})
    assert flat.level("2G") == -1
    assert mobile_before(given, parts, flat, target="4G", as_none=False)[0].tolist() == pytest.approx([0.6, 0.6])


# --- locks ---------------------------------------------------------------------------------------------------------

PAIR = (proposal("good", *MIDDLE, cost=100), proposal("poor", 11.9, 0.1, cost=1000))


def test_what_is_locked_in_stays_and_is_paid_first_and_what_is_locked_out_is_never_built(plan):
    pair = plan(proposals=PAIR)
    assert pair(budget=100).steps["candidate_id"].tolist() == ["proposal-good"]
    locked = pair(budget=1050, lock_in=["proposal-poor"])
    assert locked.steps["candidate_id"].tolist() == ["proposal-poor"]
    assert locked.steps["locked"].tolist() == [True]
    both = pair(budget=1100, lock_in=["proposal-poor"])
    assert both.steps["candidate_id"].tolist() == ["proposal-poor", "proposal-good"]
    assert both.steps["cumulative_cost"].tolist() == pytest.approx([1000, 1100])
    assert both.record["locked"] == 1
    out = pair(budget=1e6, lock_out=["proposal-good"])
    assert out.results.plan["candidate_id"].tolist() == ["proposal-poor"]
    assert out.record["dropped"] == {"locked out": 1}


def test_locks_that_cannot_be_are_one_error_each(plan):
    pair = plan(proposals=PAIR)
    for key in ("lock_in", "lock_out"):
        with pytest.raises(
            ScenarioError, match=rf"investment\.{key}: .*did you mean 'proposal-good'.*x is no candidate"
        ):
            pair(**{key: ["proposal-goood", "x"]})
    with pytest.raises(ScenarioError, match="proposal-good: locked in and locked out; drop one"):
        pair(lock_in=["proposal-good"], lock_out=["proposal-good"])
    with pytest.raises(InfeasibleError, match="cost 1,000, more than the budget of 999"):
        pair(lock_in=["proposal-poor"], budget=999)


def test_what_is_locked_in_helps_nobody_and_is_built_all_the_same(plan):
    covered = plan(people=people_in({(0, 0): 100.0}), proposals=(proposal("idle", 0.5, 0.5, cost=10),))
    made = covered(lock_in=["proposal-idle"])
    assert made.steps[["candidate_id", "people", "cost"]].to_numpy().tolist() == [["proposal-idle", 0, 10]]
    assert made.record["dropped"] == {}
    assert covered().record["dropped"] == {"nobody below the target in reach": 1}


# --- where nothing may be built ------------------------------------------------------------------------------------


def test_an_exclusion_removes_candidates_of_its_kinds_and_counts_them(plan):
    here = ((6, 3, 7, 4), "site")
    files = {
        "proposals": (proposal("p", *MIDDLE), proposal("q", 2, 2), proposal("w", *MIDDLE, kind="wifi")),
        "masts": (MIDDLE,),
        "exclusions": (here,),
    }
    made = plan(**files)(sites=True)
    assert made.record["dropped"] == {"where nothing may be built": 2 + 1}  # p, the mast, and the cell's own new site
    assert not {"proposal-p", "mast-4g-mast-1"} & set(made.order.index)
    assert {"proposal-q", "proposal-w"} <= set(made.order.index)
    east, north = spot(6, 4), spot(7, 3)
    inside = made.order["x"].between(east[0], north[0]) & made.order["y"].between(east[1], north[1])
    assert made.order.loc[inside, "kind"].tolist() == ["wifi"]
    everything = plan(**files | {"exclusions": ((here[0], ""),)})()
    assert everything.record["dropped"] == {"where nothing may be built": 2}
    with pytest.raises(ScenarioError, match="lock_in: proposal-p: stands where nothing may be built; unlock it"):
        plan(**files)(lock_in=["proposal-p"])


# --- proposals -----------------------------------------------------------------------------------------------------


def test_a_proposal_keeps_its_votes_and_its_own_cost(plan):
    own = proposal("p", *MIDDLE, cost=5000, currency="EUR", votes=17)
    made = plan(proposals=(own, proposal("q", 2, 2)))(top={"costs": {"rate.EUR_USD": 1.2}})
    assert made.order.loc["proposal-p", "votes"] == 17
    assert made.order.loc["proposal-p", "cost"] == pytest.approx(5000 * 1.2)
    assert np.isnan(made.order.loc["proposal-q", "votes"])
    assert made.order.loc["proposal-q", "cost"] > 50_000  # that of the table
    in_euro = plan(proposals=(own,))(currency="EUR")
    assert in_euro.order.loc["proposal-p", "cost"] == pytest.approx(5000)


def test_a_gift_is_built_first_and_costs_nothing(plan):
    made = plan(proposals=(proposal("gift", 2, 2, cost=0), proposal("p", *MIDDLE, cost=10)))(budget=10.1)
    assert made.steps["candidate_id"].tolist() == ["proposal-gift", "proposal-p"]
    assert made.record["money"]["npv"] == pytest.approx(10)
    assert made.steps["cost"].tolist() == pytest.approx([0, 10], abs=1e-5)


def test_candidates_beyond_the_zones_serve_whom_they_reach_inside(plan):
    # 1 km west of the region: of a disc of 1.5 km the part beyond 1 km lies inside, less what 4G has already
    made = plan(proposals=(proposal("p", -1, 3),))()
    expected = sum(
        100
        * max(
            share_in(*spot(0.5, row + 0.5), spot(-1, 3), 1500) - share_in(*spot(0.5, row + 0.5), spot(0.5, 0.5), 1500),
            0,
        )
        for row in range(ROWS)
    )
    assert made.record["people"] == pytest.approx(expected, rel=1e-3)
    assert made.steps["zone_id"].tolist() == ["a"]
    with pytest.raises(SchemaError, match="column 'x', row 1: lies outside the region's grid"):
        plan(proposals=(proposal("p", -100, 3),))()
    hosts = plan(people=ONE, hosts=((-100, 3), (-3, 3), MIDDLE))(wifi=True)
    assert hosts.results.plan["candidate_id"].tolist() == ["wifi-3"]
    assert hosts.record["dropped"] == {"nobody below the target in reach": 1}
    assert [note["what"] for note in hosts.results.summary["notes"] if note["layer"].startswith("host")] == [
        "rows outside the region's grid, dropped"
    ]


def test_wrong_proposals_are_one_error_each(plan):
    twice = plan(proposals=(proposal("p", *MIDDLE), proposal("p", 2, 2)))
    with pytest.raises(SchemaError, match="id 'p' stands in rows 1, 2"):
        twice()
    # "p" without a technology is p-4g and p-5g
    clash = plan(proposals=(proposal("p", *MIDDLE), proposal("p-4g", 2, 2, technology="4G")))
    with pytest.raises(SchemaError, match="proposal-p-4g occurs twice"):
        clash(technologies=["4G", "5G"])
    with pytest.raises(UnitError, match=r"costs are in XAF and the budget in USD.*rate\.XAF_USD"):
        plan(proposals=(proposal("p", *MIDDLE, cost=9, currency="XAF"),))()
    with pytest.raises(SchemaError, match="column 'currency', row 1: a cost of 9 without a currency"):
        plan(proposals=(proposal("p", *MIDDLE, cost=9, currency=""),))()
    with pytest.raises(SchemaError, match="column 'cost', row 1: -9 is below 0"):
        plan(proposals=(proposal("p", *MIDDLE, cost=-9),))()


# --- sites that stand ----------------------------------------------------------------------------------------------


def test_upgrades_are_offered_at_every_site_without_the_technology_whatever_its_register(tmp_path, plan):
    rows = [",".join(["1", *map(repr, spot(*MIDDLE)), "3G"]), ",".join(["2", *map(repr, spot(10, 3)), "4G"])]
    (tmp_path / "other.csv").write_text("\n".join(["id,x,y,technology", *rows, ""]), encoding="utf-8")
    other = """[[coverage]]
kind = "sites"
file = "../other.csv"
crs = "EPSG:3035"
columns = { x = "x", y = "y", id = "id", technology = "technology" }
"""
    made = plan(sites=((0.5, 0.5, "3G"), (3, 5, "4G")), extra=other)(upgrades=True)
    found = made.order[["x", "y"]].T.to_dict("list")
    # site 1 of both registers lacks 4G; they are two sites, told apart
    assert found == {"upgrade-4g-1": list(spot(0.5, 0.5)), "upgrade-4g-1-2": list(spot(*MIDDLE))}
    assert made.order.loc["upgrade-4g-1-2", "value"] == pytest.approx((1 - 0.4) * np.pi * 1.5**2 * 100, rel=1e-4)


# --- nothing to build ----------------------------------------------------------------------------------------------


def test_a_budget_of_nothing_gives_an_empty_plan_and_says_so(tmp_path):
    path = write_place(tmp_path / "region", proposals=PAIR, hosts=(MIDDLE,))
    (tmp_path / "none.toml").write_text("[investment]\nbudget = 0\n", encoding="utf-8")
    results = run(path, out=tmp_path / "out", scenario_file=tmp_path / "none.toml")
    told = results.summary["plan"]
    assert (told["sites"], told["people"], told["cost"], told["gain"]) == (0, 0, 0, 0)
    assert results.plan.empty
    assert told["moved"]["below"]["before"] == told["moved"]["below"]["after"]
    assert "Plan: none, for the budget is 0" in headline(results.summary)
    assert results.tables["plan_money"]["committed"].tolist() == [0]


def test_a_budget_that_buys_nothing_says_so(plan):
    made = plan(proposals=PAIR)(budget=50)
    assert made.results.plan["within_budget"].tolist() == [False]  # the order goes on to four budgets
    assert made.record["sites"] == 0
    said = "Plan: nothing that gains anything can be built with the budget of 50 USD"
    assert said in headline(made.results.summary)
