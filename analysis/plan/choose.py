"""Solve a planning problem as a scenario asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.invest import Floors, exact, plan, redundancy
from analysis.plan.tables import zone_at
from analysis.plan.weights import area_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from analysis.invest import Plan, Problem, Sequence
    from analysis.portfolio import Ground, Portfolio


def choose(
    problem: Problem,
    *,
    ground: Ground,
    portfolio: Portfolio,
    fixed: NDArray[np.int64],
    starts: Iterable[NDArray[np.int64]] = (),
) -> tuple[Plan, str]:
    """The plan of the scenario's budget, no worse than those that it starts from, and whether it was searched exactly.

    Returns
    -------
    plan : Plan
    search : str
        ``optimal`` (no plan over these candidates is better), ``limit`` (searched, not proved), ``too large`` or ``not
        asked``.

    Raises
    ------
    InfeasibleError
        What is locked in costs more than the budget, or a floor cannot be had.
    """
    wanted = ground.scenario.investment
    floors = floors_of(ground, portfolio)
    base = plan(problem, budget=wanted.budget, fixed=fixed, starts=starts)
    if floors is None and not wanted.exact:
        return base, "not asked"
    found = exact(problem, base, floors=floors)
    return found.plan, found.status


def floors_of(ground: Ground, portfolio: Portfolio) -> Floors | None:
    """What the plan must do whatever else it does; None where nothing is asked."""
    asked = ground.scenario.investment.floors
    if not asked.asked:
        return None
    share, mask, zones = 0.0, None, None
    for name, least in asked.share.items():
        share, mask = least, (area_of(ground) == name)[portfolio.places.fragment]
    if asked.every_zone:
        x, y = (portfolio.posts[axis].to_numpy(np.float64) for axis in ("x", "y"))
        zones = zone_at(ground.region, x, y)
    return Floors(share=share, mask=mask, candidate_zone=zones)


def losses(line: Sequence) -> NDArray[np.float64]:
    """Persons whom one failure alone would put back to what they had before; float64 (steps of the budget,)."""
    return redundancy(line.problem, line.base).persons
