"""The exact search and floors, against every plan that there is; what a plan loses when one part fails."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from solver_cases import cases, choices, made, optimum, price, worth

from analysis.invest import Floors, exact, make_problem, plan, redundancy
from analysis.invest.ceiling import lowest
from geo.errors import InfeasibleError, SchemaError


def base_of(case, *, effort=0.0):
    return plan(made(case), budget=case["budget"], fixed=case["fixed"], barred=case["barred"], effort=effort)


@given(cases(priorities=(0.0,)))
@settings(max_examples=60)
def test_the_exact_plan_is_the_best_of_all(case):
    answer = exact(made(case), base_of(case))
    assert answer.status == "optimal"
    assert answer.plan.value == pytest.approx(optimum(case), rel=1e-5, abs=1e-9)
    assert lowest(answer.plan.ceilings, case["budget"]) >= optimum(case) - 1e-9
    assert price(case, answer.plan.chosen.tolist()) <= case["budget"]
    assert worth(case, answer.plan.chosen.tolist())[0] == pytest.approx(answer.plan.value, abs=1e-9)


@given(cases(priorities=(0.5, 1.0, 2.0)))
@settings(max_examples=40)
def test_with_a_priority_the_bound_holds_and_the_plan_is_near(case):
    base = base_of(case)
    answer = exact(made(case), base)
    best = optimum(case)
    assert answer.plan.value >= base.value - 1e-9
    assert best - 1e-9 <= lowest(answer.plan.ceilings, case["budget"]) <= base.bound + 1e-9
    assert answer.plan.value <= best + 1e-9


def useful(case, chosen):
    """Zones in which some candidate alone, after what is fixed, can be paid for and brings something."""
    fixed = case["fixed"].tolist()
    now = worth(case, fixed)[0]
    out = set()
    for j in range(len(case["reach"])):
        if j in fixed or j in case["barred"] or price(case, [*fixed, j]) > case["budget"]:
            continue
        if worth(case, [*fixed, j])[0] > now + 1e-9:
            out.add(j)
    return out & set(chosen) if chosen is not None else out


def keeps(case, chosen, floors):
    total = worth(case, chosen, priority=0.0)[0]
    if floors.mask is not None and total > 0:
        part = worth(case, chosen, priority=0.0, mask=floors.mask)[0]
        if part < floors.share * total - 1e-9:
            return False
    if floors.candidate_zone is None:
        return True
    zone = floors.candidate_zone
    served = {zone[j] for j in [*case["fixed"].tolist(), *useful(case, chosen)]}
    return {zone[j] for j in useful(case, None)} - {-1} <= served


@given(cases(priorities=(0.0,)), st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_the_best_plan_that_keeps_to_floors(case, seed):
    rng = np.random.default_rng(seed)
    size, rows = len(case["reach"]), case["people"].size
    floors = Floors(
        share=float(rng.choice([0.0, 0.3, 0.6, 0.9])),
        mask=rng.random(rows) < 0.6,
        candidate_zone=rng.integers(-1, 3, size) if rng.random() < 0.6 else None,
    )
    problem, base = made(case), base_of(case)
    possible = [chosen for chosen in choices(case) if keeps(case, chosen, floors)]
    best = max((worth(case, chosen)[0] for chosen in possible), default=-1.0)
    if best <= 1e-9:
        assume(base.value > 1e-9)
        if not possible or (floors.share > 0 and not case["fixed"].size):
            with pytest.raises(InfeasibleError, match="floor"):
                exact(problem, base, floors=floors)
        return
    answer = exact(problem, base, floors=floors)
    assert keeps(case, answer.plan.chosen.tolist(), floors)
    assert answer.plan.value == pytest.approx(best, rel=1e-5, abs=1e-9)
    assert lowest(answer.plan.ceilings, case["budget"]) >= best - 1e-9
    for budget in np.arange(price(case, case["fixed"].tolist()), case["budget"], 2.0):
        assert answer.plan.bound_at(budget) >= optimum({**case, "budget": float(budget)}) - 1e-9
    assert answer.status == "optimal"
    assert answer.share == pytest.approx(
        worth(case, answer.plan.chosen.tolist(), priority=0.0, mask=floors.mask)[0] / best, abs=1e-9
    )


def three(**more):
    """Rows of 90, 60 and 10 people; one host over each at 3, 3 and 2."""
    return make_problem([90, 60, 10], indptr=[0, 1, 2, 3], rows=[0, 1, 2], fraction=[1, 1, 1], cost=[3, 3, 2], **more)


def test_floors_by_hand():
    problem = three()
    base = plan(problem, budget=6)
    assert base.value == 150
    every = exact(problem, base, floors=Floors(candidate_zone=np.array([0, 0, 1])))
    assert sorted(every.plan.chosen.tolist()) == [0, 2]
    assert (every.plan.value, every.status) == (100, "optimal")
    most = exact(problem, base, floors=Floors(share=0.5, mask=np.array([False, True, False])))
    # 60 of 60, or 60 of 70 with the small one; the large one would leave 60 of 150
    assert sorted(most.plan.chosen.tolist()) == [1, 2]
    assert most.share == pytest.approx(60 / 70)


def test_floors_that_cannot_be_kept_say_the_most_that_can():
    problem = three()
    base = plan(problem, budget=6)
    with pytest.raises(InfeasibleError, match=r"3 zones want one, and the most that can be had with 6 is 2"):
        exact(problem, base, floors=Floors(candidate_zone=np.arange(3)))
    both = make_problem([50, 50], indptr=[0, 2], rows=[0, 1], fraction=[1, 0.5], cost=[1])
    with pytest.raises(InfeasibleError, match=r"share.*90.0% of .* the most that can be had is 66.7%"):
        exact(both, plan(both, budget=1), floors=Floors(share=0.9, mask=np.array([True, False])))
    none = np.array([False, False, True])
    with pytest.raises(InfeasibleError, match=r"share.*10.0% of .* the most that can be had is 0.0%"):
        exact(problem, plan(problem, budget=6, barred=[2]), floors=Floors(share=0.1, mask=none))


def test_bad_floors_are_all_named():
    problem = three()
    with pytest.raises(SchemaError) as caught:
        exact(
            problem,
            plan(problem, budget=6),
            floors=Floors(share=1.5, mask=np.ones(2, dtype=bool), candidate_zone=np.zeros(1, dtype=np.int64)),
        )
    assert [fault.column for fault in caught.value.faults] == ["share", "mask", "candidate_zone"]
    with pytest.raises(SchemaError, match="of which rows"):
        exact(problem, plan(problem, budget=6), floors=Floors(share=0.5))


@given(cases())
@settings(max_examples=60)
def test_what_is_lost_when_one_fails(case):
    base = base_of(case)
    lost = redundancy(made(case), base)
    order = base.chosen.tolist()
    for step, j in enumerate(order):
        value, persons = worth(case, order)
        less, fewer = worth(case, [other for other in order if other != j])
        assert lost.value[step] == pytest.approx(value - less, abs=1e-8)
        assert lost.persons[step] == pytest.approx(persons - fewer, abs=1e-8)
