"""Efficiency against equity: the same money with more and more priority to the zones that are worst off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.invest import follow, plan, worth
from analysis.plan.after import after
from analysis.plan.problem import problem_of
from analysis.plan.zones import spread_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from analysis.investment import Investment
    from analysis.plan.prices import Prices
    from analysis.portfolio import Ground, Portfolio

PRIORITIES = (0.0, 0.5, 1.0, 2.0, 4.0)
EFFORT = 0.1
"""Work on each of these plans, see `analysis.invest.plan`; little, for they are compared, not built. [rule]"""

FRONTIER_COLUMNS = ("priority", "people", "value", "price_of_equity", "worst_worth", "gini", "sites", "cost")
"""Of `plan_frontier.csv`."""


def trials(
    ground: Ground, portfolio: Portfolio, prices: Prices, *, fixed: NDArray[np.int64]
) -> list[NDArray[np.int64]]:
    """Plans of the budget under several priorities, and by greedy choice without each kind: where others can start."""
    wanted = ground.scenario.investment
    found = [
        plan(problem, budget=wanted.budget, fixed=fixed, effort=EFFORT).chosen
        for problem in (problem_of(portfolio, prices, ground=ground, priority=item) for item in _priorities(wanted))
    ]
    own, kinds = problem_of(portfolio, prices, ground=ground), portfolio.posts["kind"].to_numpy(dtype=str)
    for kind in np.unique(kinds):
        barred = np.setdiff1d(np.flatnonzero(kinds == kind), fixed)
        found.append(plan(own, budget=wanted.budget, fixed=fixed, barred=barred, effort=0).chosen)
    return found


def _priorities(wanted: Investment) -> list[float]:
    return sorted({*PRIORITIES, wanted.priority})


def frontier(
    ground: Ground, portfolio: Portfolio, prices: Prices, *, plans: Sequence[NDArray[np.int64]]
) -> pd.DataFrame:
    """What each priority would choose among the plans that are known.

    Parameters
    ----------
    ground, portfolio, prices
        From the same run.
    plans : sequence of int64 arrays
        Candidates of each plan of the budget: the plan itself, and those of `trials`; none gives no row.

    Returns
    -------
    DataFrame
        `FRONTIER_COLUMNS`, a row a priority (0 = pure efficiency): ``people`` better off, ``value`` (people-equivalents
        without priority), ``price_of_equity`` (share of the value at priority 0 that is given up; 0 there),
        ``worst_worth`` (mean worth of service, after, where people were worst off before; NaN without zones) and
        ``gini`` between zones.
    """
    people = ground.fragments.by_zone(ground.fragments.persons)
    rows: list[dict[str, Any]] = []
    if not plans:
        return pd.DataFrame(rows, columns=list(FRONTIER_COLUMNS))
    for priority in _priorities(ground.scenario.investment):
        problem = problem_of(portfolio, prices, ground=ground, priority=priority)
        made = follow(problem, max(plans, key=lambda order: worth(problem, order)))
        spread = spread_of(portfolio, after(portfolio, made.chosen, ground=ground).reached, people=people)
        rows.append(
            {
                "priority": priority,
                "people": float(made.persons.sum()),
                "value": float(made.equivalents.sum()),
                "worst_worth": spread["worst"],
                "gini": spread["gini"],
                "sites": int(made.chosen.size),
                "cost": made.spent,
            }
        )
    best = rows[0]["value"]
    for row in rows:
        row["price_of_equity"] = max(1.0 - row["value"] / best, 0.0) if best > 0 else 0.0
    return pd.DataFrame(rows, columns=list(FRONTIER_COLUMNS))
