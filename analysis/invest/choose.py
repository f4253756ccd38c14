"""Choose what to build under a budget, and say how far from the best possible that choice can be."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.invest.dual import relax
from analysis.invest.greedy import all_gains
from analysis.invest.locks import Locks, make_locks
from analysis.invest.picks import greedy_or_single, greedy_picks, start_after, worth
from analysis.invest.plans import Sequence, told, with_ceilings
from analysis.invest.rounding import affordable, rounded
from analysis.invest.swaps import improved
from geo.errors import InfeasibleError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray

    from analysis.invest.ceiling import Ceiling
    from analysis.invest.plans import Plan
    from analysis.invest.problem import Problem

SWEEPS = 20.0
"""Work that goes into the swaps of one plan, in passes over the pairs."""

BETTERED = 6
"""Plans that are bettered by swaps, the best first: the nearest summit is not always the highest."""

KICKS, KICK_SWEEPS = 24, 2.0
"""Times that the best plan loses a part by chance and is mended by swaps, and the work on each, in passes."""

FEW_PAIRS = 1e6
"""With more pairs than this both are fewer in proportion, so that work stays about as many passes."""

LOST = (0.1, 0.2, 0.35)
"""Parts of a plan that a kick takes out."""


def first_gains(problem: Problem) -> NDArray[np.float64]:
    """What each candidate alone adds to the aim."""
    return all_gains(problem.pairs, problem.state())


def plan(
    problem: Problem,
    *,
    budget: float,
    fixed: ArrayLike = (),
    barred: ArrayLike = (),
    effort: float = 1.0,
    starts: Iterable[NDArray[np.int64]] = (),
) -> Plan:
    """Choose candidates: ratio greedy, the best single one or what a relaxation says, then better by swaps.

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
        How much work goes into the relaxation and into swaps, 1 being about 350 passes over the pairs (more where they
        are few); 0 leaves greedy as it is. Never seconds: the answer is the same on every machine.
    starts : iterable of int64 arrays, optional
        Other plans, or orders of candidates, that are followed as far as the budget goes; the plan is no worse.

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
    chosen, method = greedy_or_single(problem, start_after(problem, locks.fixed, locks.barred), budget)
    orders = [np.append(locks.fixed, chosen), *_given(problem, starts, locks=locks, budget=budget)]
    best = _best_first(problem, orders)[0]
    if best is not orders[0]:
        best, method = build_order(problem, best, locks), "given"
    base = told(problem, best, budget=budget, method=method, locks=locks)
    if base.spent > budget:  # a sum depends on its order
        base = told(problem, orders[0], budget=budget, method=method, locks=locks)
    return _improved(problem, base, orders, locks=locks, effort=effort) if effort > 0 and base.gap > 0 else base


def certify(problem: Problem, base: Plan, *, budgets: ArrayLike = (), effort: float = 1.0) -> Plan:
    """Give a plan the bound of the linear relaxation, which is near the best bound there is.

    Parameters
    ----------
    problem : Problem
    base : Plan
        Any plan or build order; see `Plan.bound`, `Plan.bound_at` and `Plan.step_bound` of what is returned.
    budgets : array-like of float, optional
        Budgets at which the bound is wanted tight; without any that of the plan. It holds for all budgets.
    effort : float
        As in `plan`.

    Raises
    ------
    InfeasibleError
        A budget is negative, not a number, or less than what is locked in costs.
    """
    found: list[Ceiling] = []
    for budget in np.asarray(budgets, dtype=np.float64).reshape(-1) if np.size(budgets) else (base.budget,):
        locks = make_locks(problem, float(budget), base.fixed, base.barred)
        found.append(relax(problem, base.chosen, locks=locks, budget=float(budget), effort=effort).ceiling)
    return with_ceilings(base, tuple(found))


def _given(
    problem: Problem, starts: Iterable[NDArray[np.int64]], *, locks: Locks, budget: float
) -> list[NDArray[np.int64]]:
    """Other plans, as far as the budget goes, with what is locked in."""
    out: list[NDArray[np.int64]] = []
    for start in starts:
        order = affordable(problem, start[~np.isin(start, locks.fixed)], locks=locks, budget=budget)
        out.append(np.append(order, greedy_picks(problem, start_after(problem, order, locks.barred), budget)))
    return out


def _best_first(problem: Problem, orders: list[NDArray[np.int64]]) -> list[NDArray[np.int64]]:
    """Plans by what they bring, most first, ties as they were; of those that bring the same the first alone."""
    values = [worth(problem, order) for order in orders]
    first = sorted(range(len(orders)), key=lambda at: (-values[at], at))
    return [orders[at] for place, at in enumerate(first) if place == 0 or values[at] != values[first[place - 1]]]


def _improved(problem: Problem, base: Plan, orders: list[NDArray[np.int64]], *, locks: Locks, effort: float) -> Plan:
    """The best plans known and the rounded relaxation, bettered by swaps, with the bound of the relaxation."""
    budget = base.budget
    relaxed = relax(problem, base.chosen, locks=locks, budget=budget, effort=effort)
    known = _best_first(problem, [*orders, *rounded(problem, relaxed.part, locks=locks, budget=budget)])
    known = known[: max(2, round(BETTERED * _few(problem)))]
    bettered: list[NDArray[np.int64]] = []
    for order in known:
        better = improved(problem, order, locks=locks, budget=budget, rate=relaxed.rate, effort=effort * SWEEPS)
        bettered.append(order if better is None else better)
    best = _kicked(
        problem, _best_first(problem, bettered)[0], locks=locks, budget=budget, rate=relaxed.rate, effort=effort
    )
    order = build_order(problem, best, locks)
    found = told(problem, order, budget=budget, method="swaps", locks=locks)
    if found.spent > budget or found.value <= base.value:  # a sum depends on its order
        found = base
    return with_ceilings(found, (*base.ceilings, relaxed.ceiling))


def _few(problem: Problem) -> float:
    """1 for problems of up to `FEW_PAIRS`, less for larger ones."""
    return min(1.0, FEW_PAIRS / max(problem.rows.size, 1))


def _kicked(
    problem: Problem, best: NDArray[np.int64], *, locks: Locks, budget: float, rate: float, effort: float
) -> NDArray[np.int64]:
    """Take a part of the plan out by chance, fill up without it, swap; keep what is better. Always the same chance."""
    rng = np.random.default_rng(0)
    current, top = np.sort(best), worth(problem, np.sort(best))
    reached = top
    for _kick in range(round(KICKS * effort * _few(problem))):
        free = np.setdiff1d(current, locks.fixed)
        count = max(1, round(free.size * rng.choice(LOST)))
        out = np.sort(rng.permutation(free)[:count])
        barred = np.union1d(out if rng.random() < 0.5 else out[:1], locks.barred)
        kept = np.append(locks.fixed, np.setdiff1d(free, out))
        order = np.append(kept, greedy_picks(problem, start_after(problem, kept, barred), budget))
        more = improved(problem, order, locks=locks, budget=budget, rate=rate, effort=KICK_SWEEPS)
        order = np.sort(order) if more is None else more
        value = worth(problem, order)
        if value >= reached:
            current, reached = order, value
        if value > top:
            best, top = order, value
    return best


def build_order(problem: Problem, chosen: NDArray[np.int64], locks: Locks) -> NDArray[np.int64]:
    """The candidates chosen in the order of gain per cost; what is locked in first, what gains nothing left out."""
    out = np.setdiff1d(np.arange(problem.size), chosen)
    return np.append(locks.fixed, greedy_picks(problem, start_after(problem, locks.fixed, out), math.inf))


def follow(problem: Problem, order: NDArray[np.int64]) -> Plan:
    """What each step of a given order brings and costs; its budget is what it costs."""
    nothing = np.empty(0, dtype=np.int64)
    found = told(problem, order, budget=math.inf, method="given", locks=Locks(nothing, nothing))
    return replace(found, budget=found.spent, bound=float(found.bound_at(found.spent)))


def extend(problem: Problem, base: Plan, *, max_budget: float) -> Sequence:
    """Build order whose start is a plan and which goes on, by ratio greedy, to `max_budget`.

    Raises
    ------
    InfeasibleError
        The largest budget is below the plan's.
    """
    if not max_budget >= base.budget:
        raise InfeasibleError(f"the largest budget, {max_budget:,.0f}, is below the budget, {base.budget:,.0f}")
    start = start_after(problem, base.chosen, base.barred)
    order = np.append(base.chosen, greedy_picks(problem, start, max_budget))
    longer = told(problem, order, budget=max_budget, method=base.method, locks=Locks(base.fixed, base.barred))
    return Sequence(problem, with_ceilings(longer, base.ceilings), base.budget, base.chosen.size, base)


def sequence(
    problem: Problem,
    *,
    budget: float,
    max_budget: float,
    fixed: ArrayLike = (),
    barred: ArrayLike = (),
    effort: float = 1.0,
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
