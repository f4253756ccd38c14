"""A plan: what to build, in build order, what every step brings, and the bounds that say how good it is."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from analysis.invest.ceiling import Ceiling, lowest, make_ceiling
from analysis.invest.greedy import all_gains, replay
from analysis.invest.locks import locked_cost
from analysis.invest.picks import worth

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from analysis.invest.greedy import State
    from analysis.invest.locks import Locks
    from analysis.invest.problem import Problem

CHECKPOINTS = 2
"""Parts of a plan after which the bound is computed anew, at one pass over the pairs each; more hardly lower it."""


@dataclass(frozen=True, eq=False)
class Plan:
    """What to build, in build order, and the bound that says how good it is.

    Attributes
    ----------
    chosen : int64 array (steps,)
        Indices of candidates, in build order; what is locked in comes first.
    gain : float64 array (steps,)
        What each step adds to the aim: people-equivalents (weight × persons × gain in value), with a priority those of
        zones that have less worth more.
    equivalents : float64 array (steps,)
        The same without priority; equal to `gain` when the priority is 0.
    persons : float64 array (steps,)
        Persons whose best service is better for the first time thanks to each step; no person is in two steps.
    cost, cost_so_far : float64 arrays (steps,)
        Present cost of each step, its asset included when it is the first to use it, and of all up to it.
    budget : float
    bound : float
        No plan of this budget can reach more in the aim than this.
    method : str
        'ratio greedy', 'best single', 'given' (another plan), 'swaps' (of any of these or the relaxation), 'exact' or
        'empty'.
    ceilings : tuple of Ceiling
        What `bound` comes from; a bound for any other budget too.
    fixed, barred : int64 arrays
        What is locked in and locked out; bounds are of plans that keep to it (`bound` to floors too, where asked).
    """

    chosen: NDArray[np.int64]
    gain: NDArray[np.float64]
    equivalents: NDArray[np.float64]
    persons: NDArray[np.float64]
    cost: NDArray[np.float64]
    cost_so_far: NDArray[np.float64]
    budget: float
    bound: float
    method: str
    ceilings: tuple[Ceiling, ...]
    fixed: NDArray[np.int64]
    barred: NDArray[np.int64]

    @property
    def value(self) -> float:
        """What the plan brings in the aim."""
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

    def bound_at(self, budgets: ArrayLike) -> NDArray[np.float64]:
        """Upper bound of the aim for each of these budgets (not below what the build order reaches with them)."""
        money = np.asarray(budgets, dtype=np.float64)
        steps = np.searchsorted(self.cost_so_far, money, side="right")
        return np.maximum(lowest(self.ceilings, money), np.append(0.0, np.cumsum(self.gain))[steps])

    @property
    def step_bound(self) -> NDArray[np.float64]:
        """Upper bound of the aim for the money that each step and those before it cost; float64 (steps,)."""
        return self.bound_at(self.cost_so_far)


@dataclass(frozen=True, eq=False)
class Sequence:
    """One build order that goes on past a budget.

    Attributes
    ----------
    problem : Problem
    plan : Plan
        The build order up to the largest budget, `Plan.budget` of it; its first
        `within` steps are the plan of `budget`.
    budget : float
    within : int
    base : Plan
        The plan of `budget`, with its own bound.
    """

    problem: Problem
    plan: Plan
    budget: float
    within: int
    base: Plan


def with_ceilings(plan: Plan, ceilings: tuple[Ceiling, ...]) -> Plan:
    """Give the same plan further bounds."""
    together = (*plan.ceilings, *ceilings)
    return replace(plan, ceilings=together, bound=max(float(lowest(together, plan.budget)), plan.value))


def told(problem: Problem, order: NDArray[np.int64], *, budget: float, method: str, locks: Locks) -> Plan:
    """Replay an order that starts with what is locked in, and bound it from the states that it passes through."""
    cost, paid, locked = locked_cost(problem, order, locks)
    first, state, done = locks.fixed.size, problem.state(), np.empty((3, 0))
    stops = {first + round((order.size - first) * part / CHECKPOINTS) for part in range(CHECKPOINTS + 1)}
    nothing = np.empty(0)
    everything = worth(problem, np.setdiff1d(np.arange(problem.size), locks.barred))
    ceilings = [Ceiling(everything, nothing, nothing, nothing, locked)]
    for start, stop in pairwise([0, *sorted(stops)]):
        part = replay(order[start:stop], problem.pairs, problem.people, problem.start, state)
        done = np.hstack([done, np.vstack(part)])
        ceilings.append(_marginal(problem, state, math.fsum(done[0]), paid=paid, locked=locked, locks=locks))
    result = Plan(
        chosen=order,
        gain=done[0],
        equivalents=done[1],
        persons=done[2],
        cost=cost,
        cost_so_far=np.cumsum(cost),
        budget=float(budget),
        bound=math.inf,
        method=method,
        ceilings=(),
        fixed=locks.fixed,
        barred=locks.barred,
    )
    return with_ceilings(result, tuple(ceilings))


def _marginal(
    problem: Problem, state: State, value: float, *, paid: NDArray[np.bool_], locked: float, locks: Locks
) -> Ceiling:
    """Bound from the gains of what is not in a state that holds all that is locked in (Nemhauser and others 1978)."""
    gains = all_gains(problem.pairs, state)
    gains[locks.barred] = 0.0
    return make_ceiling(value, gains, money=problem.money, paid=paid, locked=locked)
