"""What is locked in and out, and what that costs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.invest.greedy import step_costs
from geo.errors import InfeasibleError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from analysis.invest.problem import Problem


@dataclass(frozen=True, eq=False)
class Locks:
    """What is locked in, in build order, and out; int64 arrays."""

    fixed: NDArray[np.int64]
    barred: NDArray[np.int64]


def make_locks(problem: Problem, budget: float, fixed: ArrayLike, barred: ArrayLike) -> Locks:
    """Check a budget, what is locked in and what is locked out.

    Raises
    ------
    InfeasibleError
        The budget is negative or not a number, the fixed candidates cost more than it, or a candidate that is fixed
        or barred does not exist, is named twice or is both.
    """
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


def locked_cost(
    problem: Problem, order: NDArray[np.int64], locks: Locks
) -> tuple[NDArray[np.float64], NDArray[np.bool_], float]:
    """Cost of each step of an order; the assets that what is locked in pays for, and what that costs in all."""
    first, paid = locks.fixed.size, problem.unpaid()
    cost = step_costs(order[:first], problem.money, paid)
    after = paid.copy()
    cost = np.append(cost, step_costs(order[first:], problem.money, paid))
    return cost, after, float(np.cumsum(cost[:first])[-1]) if first else 0.0
