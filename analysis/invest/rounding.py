"""From candidates in parts to whole ones: what the relaxation takes nearly whole, then greedy among what it touches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.invest.greedy import pay, price
from analysis.invest.picks import greedy_picks, start_after

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.invest.locks import Locks
    from analysis.invest.problem import Problem

TOUCHED = 0.25
"""Candidates with less of a part than this wait until greedy has chosen among the others."""

NEARLY_WHOLE = (0.5, 0.7)
"""Candidates with more of a part than this are taken first; one plan for each of these."""


def rounded(problem: Problem, part: NDArray[np.float64], *, locks: Locks, budget: float) -> list[NDArray[np.int64]]:
    """Plans near the relaxation.

    Parameters
    ----------
    problem : Problem
    part : float64 array (candidates,)
        See `analysis.invest.dual.Relaxed`.
    locks : Locks
    budget : float

    Returns
    -------
    list of int64 arrays
        What is locked in comes first in each; all are within the budget.
    """
    return [_rounded(problem, part, whole, locks, budget) for whole in NEARLY_WHOLE]


def _rounded(
    problem: Problem, part: NDArray[np.float64], whole: float, locks: Locks, budget: float
) -> NDArray[np.int64]:
    wanted = np.lexsort((np.arange(part.size), -part))
    order = affordable(problem, wanted[part[wanted] > whole], locks=locks, budget=budget)
    for barred in (np.union1d(np.flatnonzero(part <= TOUCHED), locks.barred), locks.barred):
        order = np.append(order, greedy_picks(problem, start_after(problem, order, barred), budget))
    return order


def affordable(problem: Problem, order: NDArray[np.int64], *, locks: Locks, budget: float) -> NDArray[np.int64]:
    """What is locked in, then as much of an order as the budget pays for, leaving out what is too dear or barred."""
    start = start_after(problem, locks.fixed, locks.barred)
    spent, paid, out = start.spent, start.paid, [locks.fixed]
    for j in order:
        own = price(j, problem.money, paid)
        if start.gains[j] > 0 and spent + own <= budget:
            spent += own
            pay(j, problem.money, paid)
            out.append(np.array([j]))
    return np.concatenate(out)
