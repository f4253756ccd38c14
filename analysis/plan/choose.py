"""Solve a planning problem as a scenario asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.invest import plan

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.invest import Plan, Problem, Sequence
    from analysis.portfolio import Ground, Portfolio


def choose(problem: Problem, *, ground: Ground, portfolio: Portfolio, fixed: NDArray[np.int64]) -> Plan:
    """The plan of the scenario's budget."""
    wanted = ground.scenario.investment
    return plan(problem, budget=wanted.budget, fixed=fixed)


def losses(line: Sequence) -> NDArray[np.float64]:
    """Persons who would be worse off if one site of the plan alone failed; float64 (steps of the budget,)."""
    return np.full(line.within, np.nan)
