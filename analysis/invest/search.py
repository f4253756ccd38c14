"""The best plan there is, by mixed-integer programming, where the problem is small enough or floors are asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.invest.ceiling import Ceiling
from analysis.invest.choose import build_order
from analysis.invest.floor_rows import Task, add_floors, refusal
from analysis.invest.floors import Floors, check_floors, keeps, share_of, wanting
from analysis.invest.lean import leaning
from analysis.invest.locks import Locks, make_locks
from analysis.invest.milp import Answer, solve
from analysis.invest.model import UNIT, Model, make_model, make_program
from analysis.invest.picks import start_after, worth
from analysis.invest.plans import told, with_ceilings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.invest.plans import Plan
    from analysis.invest.problem import Problem

MOST_PAIRS = 50_000
"""Pairs of candidates and rows, times the rungs that each lifts to, up to which the exact search is tried. Beyond, it
is tried only for floors, among the most promising candidates of as many pairs."""

TIGHT = 3
"""A pair counts so many times where there is a floor under a share, and a plan that keeps to it: such programs are
longer."""

NODES = 100
"""Nodes of the search tree."""

PROVED = 1e-5
"""A plan whose gap is smaller is the best there is."""


@dataclass(frozen=True, eq=False)
class Exact:
    """What the exact search says.

    Attributes
    ----------
    plan : Plan
        The best plan found that keeps to the floors; `Plan.bound` holds for all of these of this budget, its bounds for
        other budgets whether they keep to floors or not.
    status : str
        'optimal' = nothing is better (to `PROVED`), 'limit' = that is not proved: the nodes ended, or only some of the
        candidates were looked at; 'too large' = not tried. `Plan.gap` says how much better any plan can be.
    share : float, optional
        Share of the people-equivalents that goes to the rows of `Floors.mask`.
    """

    plan: Plan
    status: str
    share: float | None = None


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
    task, known = _task(problem, plan, floors or Floors())
    if known is not None and (known.gap <= PROVED or not (task.whole or task.floors.any) or not task.usable.any()):
        return _said(task, known, tried=known.gap <= PROVED or task.floors.any)
    model = make_model(problem, task.start, task.usable)
    unit = max(plan.bound, 1e-300) / UNIT
    program = make_program(model, budget=plan.budget, unit=unit, tight=task.floors.shared)
    add_floors(task, model, program)
    given = np.flatnonzero(np.isin(model.candidate, plan.chosen if known is None else known.chosen))
    answer = solve(program, ones=given, nodes=nodes)
    found = _found(task, model, answer)
    if found is None or (known is not None and known.value >= found.value):
        found = known
    if found is None:
        raise refusal(task, model)
    ceilings = task.base.ceilings
    if task.whole:
        nothing, since = np.empty(0), plan.budget if task.floors.any else 0.0
        constant = worth(problem, plan.fixed) + answer.bound * unit
        ceilings = (*ceilings, Ceiling(constant, nothing, nothing, nothing, since=since, until=plan.budget))
    return _said(task, with_ceilings(found, ceilings))


def _task(problem: Problem, plan: Plan, floors: Floors) -> tuple[Task, Plan | None]:
    """What to search, and the best plan known that keeps to the floors, with their bounds."""
    check_floors(problem, floors)
    locks = make_locks(problem, plan.budget, plan.fixed, plan.barred)
    start = start_after(problem, locks.fixed, locks.barred)
    shared = np.append(np.where(start.paid, 0.0, problem.asset_cost), 0.0)[problem.asset]
    useful = (start.gains > 0) & (start.spent + (problem.cost + shared) <= plan.budget)
    zones = wanting(problem, floors, start, useful)
    lean = leaning(problem, plan, floors=floors, zones=zones)
    pairs = np.diff(problem.indptr) * (problem.level + 1) * (TIGHT if floors.shared and lean.order is not None else 1)
    whole = bool(pairs[useful].sum() <= MOST_PAIRS)
    first = plan.chosen if lean.order is None else lean.order
    usable = useful if whole else useful & _promising(problem, first, lean.gains, zones, pairs)
    base = with_ceilings(plan, lean.ceilings)
    known = None if lean.order is None else base
    if lean.order is not None and lean.order is not plan.chosen:
        known = _ordered(problem, plan, lean.order, zones)
        if known.spent > plan.budget:  # a sum depends on its order
            known = told(problem, lean.order, budget=plan.budget, method="exact", locks=locks)
        known = with_ceilings(known, base.ceilings)
    return Task(problem, base, floors, start, usable, zones, whole), known


def _promising(
    problem: Problem,
    plan: NDArray[np.int64],
    gains: NDArray[np.float64],
    zones: NDArray[np.int64],
    pairs: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """The plan, the best and the cheapest of each zone, then the best ratios, as many as are not too much."""
    ratio = gains / problem.price()
    first = np.zeros(problem.size, dtype=np.bool_)
    first[plan] = True
    for key in (-ratio, problem.price()):
        rank = np.lexsort((key, zones))
        lead = rank[np.append(True, np.diff(zones[rank]) > 0)]
        first[lead[zones[lead] >= 0]] = True
    rank = np.lexsort((-ratio, ~first))
    first[rank[np.cumsum(pairs[rank]) <= MOST_PAIRS]] = True
    return first


def _ordered(problem: Problem, plan: Plan, chosen: NDArray[np.int64], zones: NDArray[np.int64]) -> Plan:
    """A plan of what is chosen, in build order; what brings nothing is left out unless its zone has no other."""
    locks = Locks(plan.fixed, plan.barred)
    order = build_order(problem, chosen, locks)
    for j in np.setdiff1d(chosen, order):
        if zones[j] >= 0 and zones[j] not in zones[order]:
            order = np.append(order, j)
    return told(problem, order, budget=plan.budget, method="exact", locks=locks)


def _found(task: Task, model: Model, answer: Answer) -> Plan | None:
    """The plan of an answer, if it keeps to everything."""
    if answer.columns is None:
        return None
    picked = model.candidate[answer.columns[: model.candidate.size] > 0.5]
    found = _ordered(task.problem, task.base, np.append(task.start.taken, picked), task.zones)
    empty = task.floors.shared and not found.chosen.size and task.base.value > 0
    good = found.spent <= task.base.budget
    good = good and keeps(task.problem, found.chosen, floors=task.floors, zones=task.zones)
    return found if good and not empty else None


def _said(task: Task, plan: Plan, *, tried: bool = True) -> Exact:
    """A plan with what can be said of it."""
    mask = task.floors.mask
    share = None if mask is None else share_of(task.problem, plan.chosen, mask)
    if plan.gap > PROVED:
        return Exact(plan, "limit" if tried else "too large", share)
    return Exact(replace(plan, method="exact" if plan.chosen.size else "empty"), "optimal", share)
