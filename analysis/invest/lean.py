"""Good plans that keep to floors, for any size: rows weighed until the share is right, one candidate in every zone.

A floor under a share is a price on it: with ``weight · (1 + p · (in the mask − share))`` in place of the weights no
plan that keeps to the floor is worth less than before, so the bound of the weighed problem, at any price p ≥ 0, bounds
all of these (Lagrangian relaxation of the floor).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.invest.ceiling import make_ceiling
from analysis.invest.choose import first_gains
from analysis.invest.choose import plan as plan_of
from analysis.invest.dual import relax
from analysis.invest.floors import keeps
from analysis.invest.greedy import step_costs
from analysis.invest.locks import Locks, locked_cost
from analysis.invest.picks import worth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.invest.ceiling import Ceiling
    from analysis.invest.floors import Floors
    from analysis.invest.plans import Plan
    from analysis.invest.problem import Problem

HALVINGS = 6
"""Prices tried on the way to the right one, and rounds of seeds."""

EFFORT, LAST_EFFORT = 0.15, 0.5
"""Effort of each plan on the way, and of the bound in the end."""

RATES = (1.0, 1.1, 1.25, 1.5, 2.0, 3.0)
"""What money is worth, in parts of its worth without floors, when zones that want one take some of it."""


@dataclass(frozen=True, eq=False)
class Lean:
    """What leaning towards the floors gives.

    Attributes
    ----------
    order : int64 array (steps,), optional
        The best plan found that keeps to the floors, what is locked in first; nothing when none was found.
    ceilings : tuple of Ceiling
        Bounds of all plans of this budget that keep to the floors.
    gains : float64 array (candidates,)
        What each candidate alone brings when rows are weighed as the floors want it.
    """

    order: NDArray[np.int64] | None
    ceilings: tuple[Ceiling, ...]
    gains: NDArray[np.float64]


@dataclass(eq=False)
class _Way:
    """The best plan met on the way that keeps to the floors."""

    problem: Problem
    base: Plan
    floors: Floors
    zones: NDArray[np.int64]
    best: NDArray[np.int64] | None = None
    value: float = -math.inf

    def tries(self, price: float) -> bool:
        """Make the plan of a price; whether it keeps to the floors."""
        order = self.seeded(weighed(self.problem, self.floors, price))
        if order is None or not keeps(self.problem, order, floors=self.floors, zones=self.zones):
            return False
        if not order.size and self.base.value > 0:  # nothing at all has any share
            return False
        value = worth(self.problem, order)
        if value > self.value:
            self.best, self.value = order, value
        return True

    def seeded(self, problem: Problem) -> NDArray[np.int64] | None:
        """Plan with one candidate in every zone that wants one: what is left out is seeded, and all made anew."""
        base, wanted = self.base, np.unique(self.zones[self.zones >= 0])
        gains, prices, seeds = first_gains(problem), problem.price(), base.fixed
        for _ in range(HALVINGS):
            found = plan_of(problem, budget=base.budget, fixed=seeds, barred=base.barred, effort=EFFORT)
            missing = np.setdiff1d(wanted, self.zones[found.chosen])
            if not missing.size:
                return found.chosen
            rate = found.value / found.spent if found.spent > 0 else 0.0
            more = np.append(seeds, [_best(gains - rate * prices, self.zones, zone) for zone in missing])
            if _cost(problem, more.astype(np.int64)) > base.budget:
                break
            seeds = more.astype(np.int64)
        seeds = np.append(base.fixed, [_best(-prices, self.zones, zone) for zone in wanted]).astype(np.int64)
        if _cost(problem, seeds) > base.budget:
            return None
        return plan_of(problem, budget=base.budget, fixed=seeds, barred=base.barred, effort=EFFORT).chosen


def leaning(problem: Problem, base: Plan, *, floors: Floors, zones: NDArray[np.int64]) -> Lean:
    """Look for a good plan that keeps to floors.

    Parameters
    ----------
    problem : Problem
    base : Plan
        Its budget and locks hold.
    floors : Floors
    zones : int64 array (candidates,)
        Zone of each candidate that may serve a zone that wants one, −1 elsewhere.
    """
    if keeps(problem, base.chosen, floors=floors, zones=zones):
        return Lean(base.chosen, (), first_gains(problem))
    way, price = _Way(problem, base, floors, zones), 0.0
    if not way.tries(0.0) and floors.shared:
        low, price = 0.0, 1.0 / floors.share
        way.tries(price)
        for _ in range(HALVINGS):
            middle = 0.5 * (low + price)
            low, price = (low, middle) if way.tries(middle) else (middle, price)
    lean = weighed(problem, floors, price)
    ceilings = _ceilings(lean, way) if problem.priority == 0 or price == 0 else ()
    return Lean(way.best, ceilings, first_gains(lean))


def weighed(problem: Problem, floors: Floors, price: float) -> Problem:
    """The problem with a price on the floor under a share."""
    if floors.mask is None or price == 0.0:
        return problem
    lean = 1.0 + price * (np.where(floors.mask, 1.0, 0.0) - floors.share)
    return replace(problem, weight=problem.weight * np.maximum(lean, 0.0))


def _ceilings(problem: Problem, way: _Way) -> tuple[Ceiling, ...]:
    """Bounds of the relaxation, with a price on zones that want one too.

    Where money is worth something, a zone in which nothing is worth its cost must lose at least the least that it can.
    """
    base, zones, floored = way.base, way.zones, way.zones >= 0
    order = base.chosen if way.best is None else way.best
    locks = Locks(base.fixed, base.barred)
    found = relax(problem, order, locks=locks, budget=base.budget, effort=LAST_EFFORT)
    out = [found.ceiling]
    _, paid, _ = locked_cost(problem, base.fixed, locks)
    place = np.unique(zones[floored], return_inverse=True)[1]
    for rate in RATES if floored.any() else ():
        least = np.full(place.max() + 1, np.inf)
        np.minimum.at(least, place, (rate * found.rate * problem.cost - found.gains)[floored])
        loss, gains = np.maximum(least, 0.0), found.gains.copy()
        gains[floored] += loss[place]
        constant = found.ceiling.constant - math.fsum(loss)
        out.append(make_ceiling(constant, gains, money=problem.money, paid=paid, locked=found.ceiling.locked))
    return tuple(replace(one, since=base.budget, until=base.budget) for one in out)


def _best(key: NDArray[np.float64], zones: NDArray[np.int64], zone: int) -> int:
    """The candidate of a zone with the highest key, the first of equals."""
    own = np.flatnonzero(zones == zone)
    return int(own[np.argmax(key[own])])


def _cost(problem: Problem, chosen: NDArray[np.int64]) -> float:
    return float(np.sum(step_costs(chosen, problem.money, problem.unpaid())))
