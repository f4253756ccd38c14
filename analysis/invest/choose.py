"""Choose what to build under a budget, and say how far from the best possible that choice can be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from analysis.invest.greedy import all_gains, lazy_greedy, replay
from geo.errors import InfeasibleError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from analysis.invest.problem import Problem

CHECKPOINTS = 2
"""Parts of a plan after which the bound is computed anew, at one pass over the pairs each; more hardly lower it."""


@dataclass(frozen=True, eq=False)
class Plan:
    """What to build, in build order, and the bound that says how good it is.

    Attributes
    ----------
    chosen : int64 array (steps,)
        Indices of candidates, in build order.
    gain : float64 array (steps,)
        People-equivalents (persons × gain in value) added by each step.
    persons : float64 array (steps,)
        Persons whose best service is better for the first time thanks to each step; no person is in two steps.
    cost, cost_so_far : float64 arrays (steps,)
        Present cost of each step, and of all up to it.
    budget : float
    bound : float
        No plan of this budget can reach more people-equivalents than this.
    method : {'ratio greedy', 'best single', 'empty'}
    """

    chosen: NDArray[np.int64]
    gain: NDArray[np.float64]
    persons: NDArray[np.float64]
    cost: NDArray[np.float64]
    cost_so_far: NDArray[np.float64]
    budget: float
    bound: float
    method: str

    @property
    def value(self) -> float:
        """People-equivalents reached."""
        return math.fsum(self.gain)

    @property
    def people(self) -> float:
        """Persons whose best service is better than before."""
        return math.fsum(self.persons)

    @property
    def spent(self) -> float:
        """Present cost of the plan; at most the budget."""
        return float(self.cost_so_far[-1]) if self.chosen.size else 0.0

    @property
    def gap(self) -> float:
        """(bound − value) / bound: how much better the best plan could be at most; 0 when nothing can be reached."""
        return (self.bound - self.value) / self.bound if self.bound > 0 else 0.0


@dataclass(frozen=True, eq=False)
class Sequence:
    """One build order that goes on past a budget, and what is needed to answer any other budget at once.

    Attributes
    ----------
    problem : Problem
    plan : Plan
        The build order up to the largest budget, `Plan.budget` of it; its first
        `within` steps are the plan of `budget`.
    budget : float
    within : int
    first_gain : float64 array (candidates,)
        Gains in the empty state, so that another budget need not compute them again.
    ceiling : float
        People-equivalents of building every candidate: a bound for every budget.
    """

    problem: Problem
    plan: Plan
    budget: float
    within: int
    first_gain: NDArray[np.float64]
    ceiling: float


def first_gains(problem: Problem) -> NDArray[np.float64]:
    """People-equivalents of each candidate alone."""
    return all_gains(problem.pairs, problem.start.copy())


def plan(problem: Problem, *, budget: float, fixed: ArrayLike = ()) -> Plan:
    """Choose candidates: the larger of ratio greedy and the best single one.

    Parameters
    ----------
    problem : Problem
    budget : float
        At most this much is spent; 0 gives an empty plan.
    fixed : array-like of int, optional
        Candidates that are built first whatever they bring (their cost counts).

    Returns
    -------
    Plan
        At least ½ (1 − 1/e) of the best possible when nothing is fixed (Khuller, Moss and Naor 1999), usually far more:
        see `Plan.gap`. More budget never gives less. Ties go to the candidate with the lower index, so candidates
        sorted by id give one answer whatever their order was.

    Raises
    ------
    InfeasibleError
        The budget is negative or not a number, or the fixed candidates cost more than it.
    """
    return _planned(problem, first_gains(problem), _everything(problem), budget=budget, fixed=fixed)


def sequence(problem: Problem, *, budget: float, max_budget: float) -> Sequence:
    """Build order whose start is the plan of `budget` and which goes on to `max_budget`; errors as in `plan`."""
    if not max_budget >= budget:
        raise InfeasibleError(f"the largest budget, {max_budget:,.0f}, is below the budget, {budget:,.0f}")
    gains, ceiling = first_gains(problem), _everything(problem)
    base = _planned(problem, gains, ceiling, budget=budget)
    longer = _planned(problem, gains, ceiling, budget=max_budget, fixed=base.chosen)
    return Sequence(problem, longer, budget, base.chosen.size, gains, ceiling)


def cut(sequence: Sequence, budget: float) -> Plan:
    """Give the plan of any budget, equal to ``plan(problem, budget=budget)``, without a pass to make first gains."""
    return _planned(sequence.problem, sequence.first_gain, sequence.ceiling, budget=budget)


def _planned(
    problem: Problem, gains: NDArray[np.float64], ceiling: float, *, budget: float, fixed: ArrayLike = ()
) -> Plan:
    locked = np.asarray(fixed, dtype=np.int64)
    _require_feasible(problem, budget, locked)
    order = _ordered(problem, gains, locked, budget)
    bound = min(ceiling, _knapsack(gains, problem.cost, budget))
    result = _told(problem, order, bound=bound, budget=budget, method="ratio greedy" if order.size else "empty")
    affordable = np.where(problem.cost <= budget, gains, 0.0)
    if locked.size or not affordable.size:
        return result
    single = int(np.argmax(affordable))
    if affordable[single] > result.value:
        return _told(problem, np.array([single]), bound=result.bound, budget=budget, method="best single")
    return result


def _ordered(
    problem: Problem, gains: NDArray[np.float64], locked: NDArray[np.int64], budget: float
) -> NDArray[np.int64]:
    """Locked candidates, then ratio greedy from there."""
    reached, spent = problem.start.copy(), 0.0
    if locked.size:
        replay(locked, problem.pairs, problem.people, problem.served, problem.above, reached)
        spent = float(np.cumsum(problem.cost[locked])[-1])
        gains = all_gains(problem.pairs, reached)
        gains[locked] = 0.0
    return np.append(locked, lazy_greedy(problem.pairs, reached, problem.cost, gains, spent, float(budget)))


def _require_feasible(problem: Problem, budget: float, locked: NDArray[np.int64]) -> None:
    if not (math.isfinite(budget) and budget >= 0):
        raise InfeasibleError(f"a budget is at least 0, not {budget!r}")
    if locked.size and (locked.min() < 0 or locked.max() >= problem.size or np.unique(locked).size != locked.size):
        raise InfeasibleError("a fixed candidate does not exist or is named twice")
    needed = float(np.cumsum(problem.cost[locked])[-1]) if locked.size else 0.0
    if needed > budget:
        raise InfeasibleError(f"fixed candidates cost {needed:,.0f}, more than the budget of {budget:,.0f}")


def _told(problem: Problem, order: NDArray[np.int64], *, bound: float, budget: float, method: str) -> Plan:
    """Replay an order, and lower the bound from the states that it passes through."""
    reached = problem.start.copy()
    stops = sorted({round(order.size * part / CHECKPOINTS) for part in range(CHECKPOINTS + 1)})
    gain, persons, value = np.zeros(order.size), np.zeros(order.size), 0.0
    for start, stop in pairwise(stops):
        part = order[start:stop]
        gain[start:stop], persons[start:stop] = replay(
            part, problem.pairs, problem.people, problem.served, problem.above, reached
        )
        value = math.fsum(gain[:stop])
        bound = min(bound, value + _knapsack(all_gains(problem.pairs, reached), problem.cost, budget))
    cost = problem.cost[order]
    return Plan(order, gain, persons, cost, np.cumsum(cost), float(budget), max(bound, value), method)


def _knapsack(gains: NDArray[np.float64], cost: NDArray[np.float64], budget: float) -> float:
    """Most gain that money can buy if candidates could be bought in parts and never overlapped."""
    useful = np.flatnonzero((gains > 0) & (cost <= budget))
    best = useful[np.argsort(-gains[useful] / cost[useful], kind="stable")]
    spent = np.cumsum(cost[best])
    whole = int(np.searchsorted(spent, budget, side="right"))
    total = math.fsum(gains[best[:whole]])
    if whole < best.size:
        left = budget - (float(spent[whole - 1]) if whole else 0.0)
        total += float(gains[best[whole]]) * left / float(cost[best[whole]])
    return total


def _everything(problem: Problem) -> float:
    """People-equivalents of building every candidate."""
    reached = problem.start.copy()
    gains, _ = replay(np.arange(problem.size), problem.pairs, problem.people, problem.served, problem.above, reached)
    return math.fsum(gains)
