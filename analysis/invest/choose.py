"""Choose what to build under a budget, and say how far from the best possible that choice can be."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.invest.greedy import State, all_gains, lazy_greedy, replay, step_costs, take_all
from analysis.invest.plans import Locks, Sequence, locked_cost, told, with_ceilings
from analysis.invest.swaps import improved
from geo.errors import InfeasibleError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from analysis.invest.plans import Plan
    from analysis.invest.problem import Problem

EFFORT = 40.0
"""Work that goes into swaps, in passes over the pairs."""


def first_gains(problem: Problem) -> NDArray[np.float64]:
    """What each candidate alone adds to the aim."""
    return all_gains(problem.pairs, problem.state())


def plan(
    problem: Problem, *, budget: float, fixed: ArrayLike = (), barred: ArrayLike = (), effort: float = EFFORT
) -> Plan:
    """Choose candidates: the larger of ratio greedy and the best single one, then better by swaps.

    Parameters
    ----------
    problem : Problem
    budget : float
        At most this much is spent; 0 gives an empty plan.
    fixed : array-like of int, optional
        Candidates that are built first whatever they bring (their cost counts).
    barred : array-like of int, optional
        Candidates that are not built.
    effort : float
        Work that goes into swaps, in passes over the pairs (not seconds: the answer is the same on every machine).

    Returns
    -------
    Plan
        At least ½ (1 − 1/e) of the best possible when nothing is fixed and no asset shared (Khuller, Moss and Naor
        1999), usually far more: see `Plan.gap`. Without swaps and assets more budget never gives less. Ties go to the
        candidate with the lower index, so candidates sorted by id give one answer whatever their order was.

    Raises
    ------
    InfeasibleError
        The budget is negative or not a number, the fixed candidates cost more than it, or a candidate that is fixed
        or barred does not exist, is named twice or is both.
    """
    locks = make_locks(problem, budget, fixed, barred)
    base = _start(problem, locks.fixed, locks.barred)
    chosen, method = _greedy_or_single(problem, base, budget)
    order = np.append(locks.fixed, chosen)
    first = told(problem, order, budget=budget, method=method, locks=locks)
    return swapped(problem, first, rate=last_rate(first), effort=effort) if effort > 0 else first


LAST = 10
"""Part of a plan, one in so many, whose gain per cost says what the last money brings."""


def last_rate(base: Plan) -> float:
    """Gain per cost of the last steps of a plan."""
    first = base.fixed.size + (base.chosen.size - base.fixed.size) * (LAST - 1) // LAST
    cost = math.fsum(base.cost[first:])
    return math.fsum(base.gain[first:]) / cost if cost > 0 else 0.0


def swapped(problem: Problem, base: Plan, *, rate: float, effort: float) -> Plan:
    """A plan made better by swaps, money left being worth `rate`; the same plan where they bring nothing."""
    locks = Locks(base.fixed, base.barred)
    better = improved(problem, base.chosen, locks=locks, budget=base.budget, rate=rate, effort=effort)
    if better is None:
        return base
    order = build_order(problem, better, locks)
    found = told(problem, order, budget=base.budget, method="swaps", locks=locks)
    if found.spent > base.budget or found.value <= base.value:  # sums depend on their order
        return base
    return with_ceilings(found, base.ceilings)


def build_order(problem: Problem, chosen: NDArray[np.int64], locks: Locks) -> NDArray[np.int64]:
    """The candidates chosen in the order of gain per cost; what is locked in first, what gains nothing left out."""
    out = np.setdiff1d(np.arange(problem.size), chosen)
    base = _start(problem, locks.fixed, out)
    return np.append(locks.fixed, _greedy(problem, base, math.inf))


def extend(problem: Problem, base: Plan, *, max_budget: float) -> Sequence:
    """Build order whose start is a plan and which goes on, by ratio greedy, to `max_budget`.

    Raises
    ------
    InfeasibleError
        The largest budget is below the plan's.
    """
    if not max_budget >= base.budget:
        raise InfeasibleError(f"the largest budget, {max_budget:,.0f}, is below the budget, {base.budget:,.0f}")
    start = _start(problem, base.chosen, base.barred)
    order = np.append(base.chosen, _greedy(problem, start, max_budget))
    longer = told(problem, order, budget=max_budget, method=base.method, locks=Locks(base.fixed, base.barred))
    return Sequence(problem, with_ceilings(longer, base.ceilings), base.budget, base.chosen.size, base)


def sequence(
    problem: Problem,
    *,
    budget: float,
    max_budget: float,
    fixed: ArrayLike = (),
    barred: ArrayLike = (),
    effort: float = EFFORT,
) -> Sequence:
    """Build order whose start is the plan of `budget` and which goes on to `max_budget`; errors as in `plan`."""
    if not max_budget >= budget:
        raise InfeasibleError(f"the largest budget, {max_budget:,.0f}, is below the budget, {budget:,.0f}")
    base = plan(problem, budget=budget, fixed=fixed, barred=barred, effort=effort)
    return extend(problem, base, max_budget=max_budget)


def cut(sequence: Sequence, budget: float) -> Plan:
    """What the build order reaches with any budget up to its own: as many of its steps as that pays for.

    At the budget of the sequence that is its plan. More budget never gives less.

    Raises
    ------
    InfeasibleError
        The budget is negative, not a number, beyond the build order's, or less than what is locked in costs.
    """
    whole = sequence.plan
    make_locks(sequence.problem, budget, whole.fixed, whole.barred)
    if budget > whole.budget:
        raise InfeasibleError(f"the build order goes on to {whole.budget:,.0f}, not to {budget:,.0f}")
    steps = int(np.searchsorted(whole.cost_so_far, budget, side="right"))
    return replace(
        whole,
        chosen=whole.chosen[:steps],
        gain=whole.gain[:steps],
        equivalents=whole.equivalents[:steps],
        persons=whole.persons[:steps],
        cost=whole.cost[:steps],
        cost_so_far=whole.cost_so_far[:steps],
        budget=float(budget),
        bound=float(whole.bound_at(budget)),
    )


@dataclass(frozen=True, eq=False)
class _Start:
    """Where greedy starts: after what is locked in."""

    state: State
    paid: NDArray[np.bool_]
    gains: NDArray[np.float64]
    spent: float


def _start(problem: Problem, locked: NDArray[np.int64], barred: NDArray[np.int64]) -> _Start:
    state, paid = problem.state(), problem.unpaid()
    cost = step_costs(locked, problem.money, paid)
    take_all(locked, problem.pairs, state)
    gains = all_gains(problem.pairs, state)
    gains[locked] = gains[barred] = 0.0
    return _Start(state, paid, gains, float(np.cumsum(cost)[-1]) if cost.size else 0.0)


def _greedy(problem: Problem, base: _Start, budget: float) -> NDArray[np.int64]:
    state = State(base.state.reached.copy(), base.state.value.copy())
    return lazy_greedy(
        problem.pairs, problem.money, state, base.paid.copy(), base.gains.copy(), base.spent, float(budget)
    )


def _greedy_or_single(problem: Problem, base: _Start, budget: float) -> tuple[NDArray[np.int64], str]:
    """What ratio greedy or the best single candidate adds to what is locked in, whichever is more."""
    order = _greedy(problem, base, budget)
    if not order.size:
        return order, "empty"
    shared = np.append(np.where(base.paid, 0.0, problem.asset_cost), 0.0)
    affordable = base.spent + (problem.cost + shared[problem.asset]) <= budget
    single = int(np.argmax(np.where(affordable, base.gains, 0.0)))
    state = State(base.state.reached.copy(), base.state.value.copy())
    gains, _, _ = replay(order, problem.pairs, problem.people, problem.start, state)
    if base.gains[single] > math.fsum(gains):
        return np.array([single]), "best single"
    return order, "ratio greedy"


def make_locks(problem: Problem, budget: float, fixed: ArrayLike, barred: ArrayLike) -> Locks:
    """Check a budget, what is locked in and what is locked out; errors as in `plan`."""
    locks = Locks(np.asarray(fixed, dtype=np.int64).reshape(-1), np.asarray(barred, dtype=np.int64).reshape(-1))
    require_money(budget)
    for name, given in (("fixed", locks.fixed), ("barred", locks.barred)):
        if given.size and (given.min() < 0 or given.max() >= problem.size or np.unique(given).size != given.size):
            raise InfeasibleError(f"a {name} candidate does not exist or is named twice")
    both = np.intersect1d(locks.fixed, locks.barred)
    if both.size:
        raise InfeasibleError(f"candidate {both[0]} is both fixed and barred")
    needed = locked_cost(problem, locks.fixed, locks)[2]
    if needed > budget:
        raise InfeasibleError(f"fixed candidates cost {needed:,.0f}, more than the budget of {budget:,.0f}")
    return locks


def require_money(budget: float) -> None:
    """Raise InfeasibleError unless a budget is a number that is at least 0."""
    if not (math.isfinite(budget) and budget >= 0):
        raise InfeasibleError(f"a budget is at least 0, not {budget!r}")
