"""What a plan would lose if one of its parts failed: how much of it stands twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from analysis.invest.bench import Bench, loss_of, make_bench
from analysis.invest.greedy import better_off
from analysis.invest.locks import Locks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.invest.plans import Plan
    from analysis.invest.problem import Problem


@dataclass(frozen=True, eq=False)
class Spare:
    """What is lost if each candidate of a plan, alone, failed after all are built.

    Attributes
    ----------
    value : float64 array (steps,)
        Of the aim; at most what the step brought, less where others serve the same people.
    persons : float64 array (steps,)
        Persons who would have again what they had before; not those who keep a part of the gain.
    """

    value: NDArray[np.float64]
    persons: NDArray[np.float64]


def redundancy(problem: Problem, plan: Plan) -> Spare:
    """Take each candidate of a plan out by itself; as long as the plan, in its order."""
    locks = Locks(plan.fixed, plan.barred)
    bench = make_bench(problem, plan.chosen, locks=locks, budget=plan.budget)
    value, persons = losses(plan.chosen, bench, problem.people)
    return Spare(value, persons)


@njit(cache=True, nogil=True)
def losses(order: Any, bench: Bench, people: Any) -> Any:
    """Aim and persons lost without each candidate of an order."""
    pairs, reached = bench.pairs, bench.state.reached
    value, persons = np.zeros(order.size), np.zeros(order.size)
    without = np.zeros((1, reached.shape[1]))
    for step in range(order.size):
        j = order[step]
        value[step] = loss_of(j, bench)
        for k in range(pairs.indptr[j], pairs.indptr[j + 1]):
            row = pairs.rows[k]
            without[0] = reached[row]
            for rung in range(pairs.level[j] + 1):
                if pairs.fraction[k] == reached[row, rung]:
                    without[0, rung] = bench.second[row, rung]
            before = better_off(row, bench.start, reached)
            persons[step] += people[row] * (before - better_off(0, bench.start[row : row + 1], without))
    return value, persons
