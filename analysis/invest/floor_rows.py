"""Floors as rows of the program; and, where no plan keeps to them, which it is and the most that can be had."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.invest.floors import Floors, share_of
from analysis.invest.greedy import all_gains
from analysis.invest.milp import Program, solve
from analysis.invest.model import UNIT, Model, make_program
from geo.errors import InfeasibleError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.invest.picks import Start
    from analysis.invest.plans import Plan
    from analysis.invest.problem import Problem

NODES = 10
"""Nodes of the searches for the most that can be had."""

SAME = 1e-6
"""What a plan brings beyond a share, in thousandths of all there is, when it is nothing but rounding."""


@dataclass(frozen=True, eq=False)
class Task:
    """One search.

    Attributes
    ----------
    problem : Problem
    base : Plan
        Its budget and locks hold.
    floors : Floors
    start : Start
        After what is locked in.
    usable : bool array (candidates,)
        Those looked at.
    zones : int64 array (candidates,)
        Zone of each candidate that may serve a zone that wants one, −1 elsewhere.
    whole : bool
        All that is of any use is looked at.
    """

    problem: Problem
    base: Plan
    floors: Floors
    start: Start
    usable: NDArray[np.bool_]
    zones: NDArray[np.int64]
    whole: bool


def add_floors(task: Task, model: Model, program: Program) -> None:
    """One in every zone that wants one, and the share."""
    zones = task.zones[model.candidate]
    wanted, row = np.unique(zones[zones >= 0], return_inverse=True)
    if wanted.size:
        program.add(wanted.size, (row, np.flatnonzero(zones >= 0), 1.0), low=1.0, high=np.inf)
    if task.floors.shared:
        factor, constant = _beyond(task, model, task.floors.share)
        program.add(1, (0, np.arange(factor.size), factor), low=-constant, high=np.inf)


def _beyond(task: Task, model: Model, share: float) -> tuple[NDArray[np.float64], float]:
    """What a plan brings to the mask beyond a share of all it brings: factors of columns, and what is locked in."""
    mask = task.floors.mask
    assert mask is not None
    lean = np.where(mask, 1.0, 0.0) - share
    gain = task.problem.weight * ((task.start.state.reached - task.problem.start) @ task.problem.steps)
    unit = max(float(model.layers.weight.sum()), 1e-300) / UNIT
    return model.sums(model.layers.weight * lean[model.row]) / unit, float(gain @ lean) / unit


def refusal(task: Task, model: Model) -> InfeasibleError:
    """Say which floor cannot be kept, and the most that can be had."""
    wanted = np.unique(task.zones[task.zones >= 0]).size
    if wanted:
        served, most = _most_zones(task, model)
        if served < wanted:
            return InfeasibleError(
                f"floor 'one in every zone': {wanted} zones want one, "
                f"and {most} with {task.base.budget:,.0f} is {served}"
            )
    if task.floors.shared:
        share, most = _most_share(task, model)
        if share < task.floors.share:
            return InfeasibleError(
                f"floor 'share': {task.floors.share:.1%} of what a plan brings shall go to these rows, "
                f"and {most} is {share:.1%}"
            )
    return InfeasibleError("no plan that keeps to the floors was found, and it was not proved that there is none")


def _surely(task: Task, *, proved: bool) -> str:
    return "the most that can be had" if proved and task.whole else "the most found"


def _most_zones(task: Task, model: Model) -> tuple[int, str]:
    """Most zones that the budget serves with one candidate at least."""
    program = make_program(model, budget=task.base.budget, unit=1.0, tight=False)
    zones = task.zones[model.candidate]
    wanted, row = np.unique(zones[zones >= 0], return_inverse=True)
    first, count = program.objective.size, np.arange(wanted.size)
    program.objective = np.append(np.zeros(first), np.ones(wanted.size))
    program.upper = np.append(program.upper, np.ones(wanted.size))
    program.whole = np.append(program.whole, np.zeros(wanted.size, dtype=np.bool_))
    blocks = ((count, first + count, 1.0), (row, np.flatnonzero(zones >= 0), -1.0))
    program.add(wanted.size, *blocks, low=-np.inf, high=0.0)
    answer = solve(program, nodes=NODES)
    return round(answer.value), _surely(task, proved=answer.proved or answer.bound < round(answer.value) + 1)


def _most_share(task: Task, model: Model) -> tuple[float, str]:
    """Highest share that a plan with something in it reaches: raise what it brings beyond a share (Dinkelbach 1967)."""
    mask, taken, best, proved = task.floors.mask, task.start.taken, -1.0, False
    assert mask is not None
    share = max(_alone(task), share_of(task.problem, taken, mask) if taken.size else 0.0)
    free = replace(task, floors=replace(task.floors, share=0.0))
    while share > best:
        best = share
        program = make_program(model, budget=task.base.budget, unit=1.0, tight=True)
        add_floors(free, model, program)
        factor, constant = _beyond(task, model, share)
        program.objective = factor
        program.add(1, (0, np.arange(model.candidate.size), 1.0), low=1.0, high=np.inf)
        answer = solve(program, nodes=NODES)
        proved = answer.proved
        if answer.columns is None or answer.value + constant <= SAME:
            break
        picked = model.candidate[answer.columns[: model.candidate.size] > 0.5]
        share = share_of(task.problem, np.append(taken, picked), mask)
    return best, _surely(task, proved=proved)


def _alone(task: Task) -> float:
    """Highest share of a single candidate, where there are no other floors or locks to keep to."""
    if task.start.taken.size or (task.zones >= 0).any():
        return 0.0
    problem, mask = task.problem, task.floors.mask
    assert mask is not None
    pairs = problem.pairs._replace(priority=0.0)
    whole = all_gains(pairs, problem.state())[task.usable]
    part = all_gains(pairs._replace(weight=problem.weight * mask), problem.state())[task.usable]
    return float((part / whole).max()) if whole.size else 0.0
