"""Planning with assets, rungs, zones and a priority: by hand, and against every plan that there is."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from solver_cases import cases, choices, made, optimum, price, worth

from analysis.invest import certify, cut, extend, first_gains, make_problem, plan, sequence
from geo.errors import InfeasibleError, SchemaError


def locks_of(case):
    return {"fixed": case["fixed"], "barred": case["barred"]}


@given(cases())
@settings(max_examples=80)
def test_no_plan_beats_the_bound_and_the_count_is_right(case):
    answer = plan(made(case), budget=case["budget"], **locks_of(case))
    total, persons = worth(case, answer.chosen.tolist())
    best = optimum(case)
    assert answer.value == pytest.approx(total, abs=1e-9)
    assert answer.people == pytest.approx(persons, abs=1e-9)
    assert np.sum(answer.equivalents) == pytest.approx(worth(case, answer.chosen.tolist(), priority=0.0)[0], abs=1e-9)
    assert answer.spent == pytest.approx(price(case, answer.chosen.tolist()))
    assert answer.spent <= case["budget"]
    assert answer.value <= best + 1e-9
    assert answer.bound >= best - 1e-9
    assert answer.value >= 0.5 * (1 - 1 / np.e) * best - 1e-9 or case["fixed"].size or (case["asset"] >= 0).any()
    assert answer.chosen[: case["fixed"].size].tolist() == case["fixed"].tolist()
    assert not np.isin(case["barred"], answer.chosen).any()
    assert np.all(answer.gain[case["fixed"].size :] > 0)


@given(cases())
@settings(max_examples=40)
def test_swaps_never_lower_a_plan(case):
    problem = made(case)
    greedy = plan(problem, budget=case["budget"], effort=0, **locks_of(case))
    assert plan(problem, budget=case["budget"], **locks_of(case)).value >= greedy.value - 1e-9


@given(cases())
@settings(max_examples=40)
def test_every_step_has_a_bound_for_the_money_up_to_it(case):
    problem = made(case)
    line = sequence(problem, budget=case["budget"], max_budget=case["budget"] + 9, **locks_of(case))
    for spent, bound in zip(line.plan.cost_so_far, line.plan.step_bound, strict=True):
        if spent >= price(case, case["fixed"].tolist()):
            assert bound >= optimum({**case, "budget": float(spent)}) - 1e-9
    values = [cut(line, line.budget + more).value for more in range(10)]
    assert values[0] == pytest.approx(line.base.value)
    assert all(a <= b + 1e-9 for a, b in pairwise(values))


@given(cases(priorities=(0.0,)))
@settings(max_examples=40)
def test_greedy_is_eager_greedy(case):
    chosen, free = case["fixed"].tolist(), [j for j in range(len(case["reach"])) if j not in case["barred"]]
    while True:
        now, options = worth(case, chosen)[0], []
        for j in set(free) - set(chosen):
            own = price(case, [*chosen, j]) - price(case, chosen)
            if price(case, [*chosen, j]) <= case["budget"]:
                options.append((round((worth(case, [*chosen, j])[0] - now) / own, 9), -j))
        if not options or max(options)[0] <= 0:
            break
        chosen.append(-max(options)[1])
    answer = plan(made(case), budget=case["budget"], effort=0, **locks_of(case))
    if answer.method == "best single":
        assert worth(case, chosen)[0] < answer.value
    else:
        assert answer.chosen.tolist() == chosen


def test_an_asset_is_paid_once_and_its_others_get_cheaper():
    # a tower of 10 with two antennas of 1 each (12 and 5 people), a lone host of 4 (4 people)
    problem = make_problem(
        [12, 5, 4],
        indptr=[0, 1, 2, 3],
        rows=[0, 1, 2],
        fraction=[1, 1, 1],
        cost=[1, 1, 4],
        asset=[0, 0, -1],
        asset_cost=[10],
    )
    # ratios 12/11, 5/11, 4/4 → the antenna with its tower, then 5/1, then 4/4
    answer = plan(problem, budget=16)
    assert answer.chosen.tolist() == [0, 1, 2]
    assert answer.cost.tolist() == [11.0, 1.0, 4.0]
    assert answer.gain.tolist() == [12.0, 5.0, 4.0]
    assert plan(problem, budget=11).chosen.tolist() == [0]
    assert plan(problem, budget=10).chosen.tolist() == [2]
    # 6 buy the host whole; 13 buy tower and antennas (17 people) and a quarter of the host
    assert plan(problem, budget=13).bound == pytest.approx(18)


def test_a_priority_favours_those_who_have_less():
    # two zones of 100 people, one at 0.6, one at nothing; each candidate lifts all of a zone by 0.4
    parts = {"indptr": [0, 1, 2], "rows": [0, 1], "fraction": [1, 1], "cost": [1, 1], "zone": [0, 1]}
    ladder = {"ladder": [0.4, 0.6, 1.0], "level": [2, 0], "start": [[1, 1, 0], [0, 0, 0]]}
    even = make_problem([101, 100], **parts, **ladder)
    assert plan(even, budget=1).chosen.tolist() == [0]
    least = make_problem([101, 100], **parts, **ladder, priority=1.0)
    answer = plan(least, budget=1)
    assert answer.chosen.tolist() == [1]
    mean = 0.6 * 101 / 201
    assert answer.value == pytest.approx(100 * (mean + 0.05) * np.log(0.45 / 0.05))
    assert answer.equivalents.tolist() == pytest.approx([40])
    assert first_gains(least)[0] == pytest.approx(101 * (mean + 0.05) * np.log(1.05 / 0.65))


def test_swaps_mend_what_greedy_bought_too_soon():
    # greedy buys the host of ratio 3 first and can then afford one of the two of ratio 2.5 only
    problem = make_problem([6, 10, 10], indptr=[0, 1, 2, 3], rows=[0, 1, 2], fraction=[1, 1, 1], cost=[2, 4, 4])
    assert plan(problem, budget=8, effort=0).value == 16
    better = plan(problem, budget=8)
    assert (better.value, better.method, better.chosen.tolist()) == (20, "swaps", [1, 2])


def test_the_plan_of_the_budget_is_the_start_of_the_order():
    rng = np.random.default_rng(3)
    reach = [np.flatnonzero(rng.random(60) < 0.1) for _ in range(40)]
    problem = make_problem(
        rng.gamma(1, 50, 60),
        indptr=np.append(0, np.cumsum([one.size for one in reach])),
        rows=np.concatenate(reach),
        fraction=rng.choice([0.4, 0.7, 1.0], sum(one.size for one in reach)),
        cost=rng.uniform(1, 9, 40),
        value=rng.choice([0.5, 1.0], 40),
    )
    line = sequence(problem, budget=30, max_budget=90)
    base = plan(problem, budget=30)
    assert line.plan.chosen[: line.within].tolist() == base.chosen.tolist() == line.base.chosen.tolist()
    assert cut(line, 30).chosen.tolist() == base.chosen.tolist()
    assert cut(line, 30).bound <= base.bound
    assert line.plan.method == base.method
    assert extend(problem, base, max_budget=90).plan.chosen.tolist() == line.plan.chosen.tolist()
    with pytest.raises(InfeasibleError, match="goes on to"):
        cut(line, 91)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"zone": [0, 1, 0], "priority": 1.0}, "stand apart"),
        ({"zone": [0, -2, 0]}, "indices from 0"),
        ({"priority": -1.0}, "0–10"),
        ({"asset": [0, 1], "asset_cost": [3.0]}, "an asset that there is not"),
        ({"asset": [0, 0]}, "give asset_cost"),
        ({"asset": [0, 0], "asset_cost": [-3.0]}, "costs of assets"),
        ({"level": [0, 3]}, "a rung that there is not"),
        ({"ladder": [0.5, 0.2]}, "do not ascend"),
        ({"start": [[0.0, 0.5], [0, 0], [0, 0]]}, "rise with the rung"),
        ({"start": [[0.0, 0.0]]}, "another shape"),
    ],
)
def test_what_is_wrong_is_said(changed, words):
    good = {
        "indptr": [0, 1, 2],
        "rows": [0, 1],
        "fraction": [1, 1],
        "cost": [1, 1],
        "level": [0, 1],
        "ladder": [0.5, 1.0],
        "start": np.zeros((3, 2)),
    }
    with pytest.raises(SchemaError, match=words):
        make_problem([1, 1, 1], **(good | changed))


def test_choices_keep_to_the_locks():
    """The oracle itself."""
    case = {
        "reach": [{}, {}, {}],
        "fixed": np.array([1]),
        "barred": np.array([0]),
        "cost": np.array([1.0, 1, 1]),
        "asset": np.array([-1, -1, -1]),
        "asset_cost": np.empty(0),
        "budget": 2.0,
    }
    assert list(choices(case)) == [[1], [1, 2]]


@given(cases())
@settings(max_examples=40)
def test_certified_bounds_hold_for_every_budget(case):
    problem = made(case)
    greedy = plan(problem, budget=case["budget"], effort=0, **locks_of(case))
    sure = certify(problem, greedy, budgets=[case["budget"], case["budget"] + 3])
    assert sure.bound <= greedy.bound
    for budget in np.arange(price(case, case["fixed"].tolist()), case["budget"] + 9, 3.0):
        assert sure.bound_at(budget) >= optimum({**case, "budget": float(budget)}) - 1e-9
