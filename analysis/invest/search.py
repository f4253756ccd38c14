"""The best plan there is, by mixed-integer programming, where the problem is small enough or floors are asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.invest.ceiling import Ceiling
from analysis.invest.choose import build_order
from analysis.invest.floors import Floors, check_floors, keeps, share_of, wanting
from analysis.invest.greedy import pay, price
from analysis.invest.locks import Locks, make_locks
from analysis.invest.milp import Answer, Program, solve
from analysis.invest.model import UNIT, Model, make_model, make_program
from analysis.invest.picks import Start, greedy_picks, start_after, worth
from analysis.invest.plans import told, with_ceilings
from geo.errors import InfeasibleError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.invest.plans import Plan
    from analysis.invest.problem import Problem

MOST_PAIRS = 50_000
"""Pairs of candidates and rows, times the rungs that each lifts to, up to which the exact search is tried. Beyond, it
is tried only for floors, among the most promising candidates of as many pairs."""

NODES = 100
"""Nodes of the search tree."""

PROVED = 1e-5
"""A plan whose gap is smaller is the best there is."""

SAME = 1e-6
"""What a plan brings beyond a share, in thousandths of all there is, when it is nothing but rounding."""


@dataclass(frozen=True, eq=False)
class Exact:
    """What the exact search says.

    Attributes
    ----------
    plan : Plan
        The best plan found that keeps to the floors; `Plan.bound` holds for all of these.
    status : str
        'optimal' = nothing is better (to `PROVED`), 'limit' = that is not proved: the nodes ended, or only some of the
        candidates were looked at; 'too large' = not tried. `Plan.gap` says how much better any plan can be.
    share : float, optional
        Share of the people-equivalents that goes to the rows of `Floors.mask`.
    """

    plan: Plan
    status: str
    share: float | None = None


@dataclass(frozen=True, eq=False)
class _Task:
    """One search: what is locked in is the start."""

    problem: Problem
    base: Plan
    floors: Floors
    start: Start
    usable: NDArray[np.bool_]
    zones: NDArray[np.int64]
    whole: bool
    nodes: int


def exact(problem: Problem, plan: Plan, *, floors: Floors | None = None, nodes: int = NODES) -> Exact:
    """Better a plan to the best there is, or to the best that keeps to floors.

    Parameters
    ----------
    problem : Problem
    plan : Plan
        Where the search starts; its budget and locks hold. It need not keep to the floors.
    floors : Floors, optional
    nodes : int
        Most nodes of the search tree (never seconds: the answer is the same on every machine).

    Raises
    ------
    InfeasibleError
        No plan of the budget keeps to the floors, with the most that can be had; or none was found.
    SchemaError
        Floors that do not fit the problem.

    Notes
    -----
    With a priority the utility of zones is replaced by tangents above it; the plan found is judged by the true aim.
    """
    task = _task(problem, plan, floors or Floors(), nodes)
    if not task.floors.any and (plan.gap <= PROVED or not task.whole):
        return _said(task, plan) if plan.gap <= PROVED else Exact(plan, "too large")
    if not task.usable.any() and keeps(problem, plan.chosen, floors=task.floors, zones=task.zones):
        return _said(task, plan)
    model = make_model(problem, task.start, task.usable)
    unit = max(plan.bound, 1e-300) / UNIT
    program = make_program(model, budget=plan.budget, unit=unit, tight=task.floors.shared)
    _add_floors(task, model, program)
    answer = solve(program, ones=_given(task, model), nodes=nodes)
    order = _order(task, model, answer)
    if order is None:
        raise _refusal(task, model)
    locks = Locks(plan.fixed, plan.barred)
    found = told(problem, order, budget=plan.budget, method="exact", locks=locks)
    if keeps(problem, plan.chosen, floors=task.floors, zones=task.zones) and found.value <= plan.value:
        found = plan
    ceilings = plan.ceilings
    if task.whole:
        nothing = np.empty(0)
        constant = worth(problem, locks.fixed) + answer.bound * unit
        ceilings = (*ceilings, Ceiling(constant, nothing, nothing, nothing, until=plan.budget))
    return _said(task, with_ceilings(found, ceilings))


def _said(task: _Task, plan: Plan) -> Exact:
    """A plan with what can be said of it."""
    mask = task.floors.mask
    share = None if mask is None else share_of(task.problem, plan.chosen, mask)
    if plan.gap > PROVED:
        return Exact(plan, "limit", share)
    return Exact(replace(plan, method="exact" if plan.chosen.size else "empty"), "optimal", share)


def _task(problem: Problem, plan: Plan, floors: Floors, nodes: int) -> _Task:
    check_floors(problem, floors)
    locks = make_locks(problem, plan.budget, plan.fixed, plan.barred)
    start = start_after(problem, locks.fixed, locks.barred)
    shared = np.append(np.where(start.paid, 0.0, problem.asset_cost), 0.0)[problem.asset]
    useful = (start.gains > 0) & (start.spent + (problem.cost + shared) <= plan.budget)
    zones = wanting(problem, floors, start, useful)
    usable = _promising(problem, plan, start, useful, zones)
    return _Task(problem, plan, floors, start, usable, zones, bool(np.array_equal(usable, useful)), nodes)


def _promising(
    problem: Problem, plan: Plan, start: Start, useful: NDArray[np.bool_], zones: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """All that is useful, where not too much; else the plan, the best and cheapest of each zone, the best ratios."""
    pairs = np.diff(problem.indptr) * (problem.level + 1)
    if pairs[useful].sum() <= MOST_PAIRS:
        return useful
    ratio = start.gains / problem.price()
    first = np.zeros(problem.size, dtype=np.bool_)
    first[plan.chosen] = True
    for key in (-ratio, problem.price()):
        rank = np.lexsort((key, zones))
        lead = rank[np.append(True, np.diff(zones[rank]) > 0)]
        first[lead[zones[lead] >= 0]] = True
    rank = np.lexsort((-ratio, ~first, ~useful))
    most = np.cumsum(pairs[rank]) <= MOST_PAIRS
    usable = first & useful
    usable[rank[most]] = useful[rank[most]]
    return usable


def _add_floors(task: _Task, model: Model, program: Program) -> None:
    """One in every zone that wants one, and the share."""
    zones = task.zones[model.candidate]
    wanted, row = np.unique(zones[zones >= 0], return_inverse=True)
    if wanted.size:
        program.add(wanted.size, (row, np.flatnonzero(zones >= 0), 1.0), low=1.0, high=np.inf)
    if task.floors.shared:
        factor, constant = _beyond(task, model, task.floors.share)
        program.add(1, (0, np.arange(factor.size), factor), low=-constant, high=np.inf)


def _beyond(task: _Task, model: Model, share: float) -> tuple[NDArray[np.float64], float]:
    """What a plan brings to the mask beyond a share of all it brings: factors of columns, and what is locked in."""
    mask = task.floors.mask
    assert mask is not None
    lean = np.where(mask, 1.0, 0.0) - share
    gain = task.problem.weight * ((task.start.state.reached - task.problem.start) @ task.problem.steps)
    unit = max(float(model.layers.weight.sum()), 1e-300) / UNIT
    return model.sums(model.layers.weight * lean[model.row]) / unit, float(gain @ lean) / unit


def _given(task: _Task, model: Model) -> NDArray[np.int64]:
    """Columns that are 1 at the start of the search: the plan, or one that serves every zone first."""
    order = task.base.chosen
    if not keeps(task.problem, order, floors=task.floors, zones=task.zones):
        order = _one_in_every_zone(task)
    return np.flatnonzero(np.isin(model.candidate, order))


def _one_in_every_zone(task: _Task) -> NDArray[np.int64]:
    """The cheapest of each zone that wants one, assets paid once, then ratio greedy."""
    problem, paid, order = task.problem, task.start.paid.copy(), task.start.taken
    for zone in np.unique(task.zones[task.zones >= 0]):
        own = np.flatnonzero((task.zones == zone) & task.usable)
        cheapest = int(own[np.argmin([price(int(j), problem.money, paid) for j in own])])
        pay(cheapest, problem.money, paid)
        order = np.append(order, cheapest)
    after = start_after(problem, order, task.base.barred)
    return np.append(order, greedy_picks(problem, after, task.base.budget))


def _order(task: _Task, model: Model, answer: Answer) -> NDArray[np.int64] | None:
    """Build order of an answer, if it is a plan that keeps to everything."""
    if answer.columns is None:
        return None
    picked = model.candidate[answer.columns[: model.candidate.size] > 0.5]
    chosen = np.append(task.start.taken, picked)
    locks = Locks(task.base.fixed, task.base.barred)
    order = build_order(task.problem, chosen, locks)
    idle = np.setdiff1d(picked, order)  # brings nothing more, but a zone may want it
    order = np.append(order, [j for j in idle if task.zones[j] >= 0 and task.zones[j] not in task.zones[order]])
    order = order.astype(np.int64)
    empty = task.floors.shared and not order.size and task.base.value > 0
    spent = start_after(task.problem, order, locks.barred).spent
    good = spent <= task.base.budget and keeps(task.problem, order, floors=task.floors, zones=task.zones)
    return order if good and not empty else None


def _refusal(task: _Task, model: Model) -> InfeasibleError:
    """Say which floor cannot be kept, and the most that can be had."""
    budget, sure = task.base.budget, "at most" if task.whole else "at most, of the candidates looked at,"
    wanted = np.unique(task.zones[task.zones >= 0]).size
    if wanted:
        served = _most_zones(task, model)
        if served < wanted:
            return InfeasibleError(
                f"floor 'one in every zone': {budget:,.0f} serves {sure} {served} of the {wanted} zones that want one"
            )
    if task.floors.shared:
        share = _most_share(task, model)
        if share < task.floors.share:
            return InfeasibleError(
                f"floor 'share': {task.floors.share:.1%} of what a plan brings cannot go to these rows; "
                f"{sure} {share:.1%} can"
            )
    return InfeasibleError(f"no plan that keeps to the floors was found within {task.nodes:,} nodes")


def _most_zones(task: _Task, model: Model) -> int:
    """Most zones that the budget serves with one candidate at least."""
    program = make_program(model, budget=task.base.budget, unit=1.0, tight=False)
    zones = task.zones[model.candidate]
    wanted, row = np.unique(zones[zones >= 0], return_inverse=True)
    first, count = program.objective.size, np.arange(wanted.size)
    program.objective = np.append(np.zeros(first), np.ones(wanted.size))
    program.upper = np.append(program.upper, np.ones(wanted.size))
    program.whole = np.append(program.whole, np.zeros(wanted.size, dtype=np.bool_))
    blocks = ((count, first + count, 1.0), (row, np.flatnonzero(zones >= 0), -1.0))
    program.add(wanted.size, *blocks, low=-np.inf, high=0.0)
    return round(solve(program, nodes=task.nodes).value)


def _most_share(task: _Task, model: Model) -> float:
    """Highest share that a plan with something in it reaches: raise what it brings beyond a share (Dinkelbach 1967)."""
    assert task.floors.mask is not None
    taken, best = task.start.taken, 0.0
    share = share_of(task.problem, taken, task.floors.mask) if taken.size else 0.0
    while share > best or best == 0.0:
        best = share
        program = make_program(model, budget=task.base.budget, unit=1.0, tight=True)
        _add_floors(replace(task, floors=replace(task.floors, share=0.0)), model, program)
        factor, constant = _beyond(task, model, share)
        program.objective = factor
        program.add(1, (0, np.arange(model.candidate.size), 1.0), low=1.0, high=np.inf)
        answer = solve(program, nodes=task.nodes)
        if answer.columns is None or answer.value + constant <= SAME:
            break
        picked = model.candidate[answer.columns[: model.candidate.size] > 0.5]
        share = share_of(task.problem, np.append(taken, picked), task.floors.mask)
    return best
