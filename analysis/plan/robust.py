"""How a plan holds when footprints, costs and demand are other than assumed: it is made again and compared."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from analysis.invest import follow, plan
from analysis.plan.problem import problem_of
from analysis.portfolio import make_portfolio

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from analysis.invest import Problem
    from analysis.ledger import Ledger
    from analysis.plan.prices import Prices
    from analysis.portfolio import Ground, Layout

SURE = 0.9
"""Share of the plans made again in which a candidate must be for it to count as sure. [rule]"""


@dataclass(frozen=True, eq=False)
class Robust:
    """What the plans made again say.

    Attributes
    ----------
    plans : int
    chosen : float64 array (candidates,)
        Share of them that build the kind of each candidate at its place, whatever the technology.
    people : float64 array (plans,)
        Persons better off in each.
    own : float64 array (footprints × demands,)
        Persons better off by the plan itself, as it stands, under each footprint and demand.
    footprints : tuple of str
    """

    plans: int
    chosen: NDArray[np.float64]
    people: NDArray[np.float64]
    own: NDArray[np.float64]
    footprints: tuple[str, ...]


def robust(
    ground: Ground,
    layout: Layout,
    prices: Prices,
    *,
    ledgers: Mapping[str, Ledger],
    fixed: NDArray[np.int64],
    base: NDArray[np.int64],
) -> Robust:
    """Plan again for every combination of footprint, demand and costs: by greedy choice, or the plan if that is better.

    Footprints: those that the run laid out. Demand: as assumed, and changed by ``demand_change`` up and down. Costs: as
    assumed; everything dearer or cheaper by ``cost_change``; WiFi dearer and mobile cheaper, and the other way round.

    Parameters
    ----------
    ground, layout, prices
        From the same run.
    ledgers : mapping of footprint to Ledger
    fixed : int64 array
        Candidates that are locked in; where they are dearer than the budget, it grows.
    base : int64 array (steps,)
        The plan: followed as far as the budget goes it stands beside greedy choice, so that a site is missing only
        where something else is better.
    """
    wanted = ground.scenario.investment
    change, more = wanted.robustness.cost_change, wanted.robustness.demand_change
    wifi = (layout.posts["kind"] == "wifi").to_numpy()
    place = layout.posts.groupby(["kind", "x", "y"]).ngroup().to_numpy()
    built, people, own = np.zeros(len(layout.posts)), [], []
    cases = sorted({(1 + a * change, 1 + b * change) for a, b in ((0, 0), (1, 1), (-1, -1), (1, -1), (-1, 1))})
    for variant, demand in product(sorted(ledgers), sorted({1 - more, 1.0, 1 + more})):
        here = replace(ground, ledger=ledgers[variant], variant=variant)
        portfolio = make_portfolio(here, layout, demand=max(demand, 1e-6))
        own.append(float(follow(problem_of(portfolio, prices, ground=here), base).persons.sum()))
        for for_wifi, for_mobile in cases:
            cost = prices.cost * np.where(wifi, for_wifi, for_mobile)
            problem = problem_of(portfolio, prices, ground=here, cost=cost, place_cost=prices.place_cost * for_mobile)
            made = plan(
                problem, budget=max(wanted.budget, _needed(problem, fixed)), fixed=fixed, effort=0, starts=[base]
            )
            built[np.unique(place[made.chosen])] += 1
            people.append(float(made.persons.sum()))
    return Robust(len(people), built[place] / len(people), np.array(people), np.array(own), tuple(sorted(ledgers)))


def _needed(problem: Problem, fixed: NDArray[np.int64]) -> float:
    """What is locked in costs, with a little room for rounding."""
    assets = np.unique(problem.asset[fixed])
    return float(problem.cost[fixed].sum() + problem.asset_cost[assets[assets >= 0]].sum()) * (1 + 1e-9)
