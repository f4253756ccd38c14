"""Ratio greedy from any start: the picks that follow what is taken already."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.invest.greedy import State, all_gains, gains_along, lazy_greedy, step_costs, take_all

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.invest.problem import Problem


@dataclass(frozen=True, eq=False)
class Start:
    """Where greedy starts.

    Attributes
    ----------
    taken : int64 array
        What is taken already.
    state : State
        What people have then.
    paid : bool array (assets,)
    gains : float64 array (candidates,)
        What each other candidate adds to the aim; 0 for what is taken or must not be.
    spent : float
    """

    taken: NDArray[np.int64]
    state: State
    paid: NDArray[np.bool_]
    gains: NDArray[np.float64]
    spent: float


def start_after(problem: Problem, taken: NDArray[np.int64], barred: NDArray[np.int64]) -> Start:
    """Start after what is taken; what is barred is never picked."""
    state, paid = problem.state(), problem.unpaid()
    cost = step_costs(taken, problem.money, paid)
    take_all(taken, problem.pairs, state)
    gains = all_gains(problem.pairs, state)
    gains[taken] = gains[barred] = 0.0
    return Start(taken, state, paid, gains, float(np.cumsum(cost)[-1]) if cost.size else 0.0)


def greedy_picks(problem: Problem, start: Start, budget: float) -> NDArray[np.int64]:
    """What ratio greedy adds, in build order; the budget pays for the start too."""
    state = State(start.state.reached.copy(), start.state.value.copy())
    return lazy_greedy(
        problem.pairs, problem.money, state, start.paid.copy(), start.gains.copy(), start.spent, float(budget)
    )


def greedy_or_single(problem: Problem, start: Start, budget: float) -> tuple[NDArray[np.int64], str]:
    """What ratio greedy or the best single candidate adds, whichever is more, and which it was."""
    order = greedy_picks(problem, start, budget)
    if not order.size:
        return order, "empty"
    shared = np.append(np.where(start.paid, 0.0, problem.asset_cost), 0.0)
    affordable = start.spent + (problem.cost + shared[problem.asset]) <= budget
    single = int(np.argmax(np.where(affordable, start.gains, 0.0)))
    state = State(start.state.reached.copy(), start.state.value.copy())
    if start.gains[single] > math.fsum(gains_along(order, problem.pairs, state)):
        return np.array([single]), "best single"
    return order, "ratio greedy"


def worth(problem: Problem, order: NDArray[np.int64]) -> float:
    """What building these candidates brings to the aim."""
    return math.fsum(gains_along(order, problem.pairs, problem.state()))
