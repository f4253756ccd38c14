"""Efficiency against equity: the same money with more and more priority to the zones that are worst off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.invest import plan
from analysis.plan.after import after
from analysis.plan.problem import problem_of
from analysis.plan.zones import spread_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.plan.prices import Prices
    from analysis.portfolio import Ground, Portfolio

PRIORITIES = (0.0, 0.5, 1.0, 2.0, 4.0)
EFFORT = 0.1
"""Work on each of these plans, see `analysis.invest.plan`; little, for they are compared, not built. [rule]"""

FRONTIER_COLUMNS = ("priority", "people", "value", "price_of_equity", "worst_worth", "gini", "sites", "cost")
"""Of `plan_frontier.csv`."""


def frontier(ground: Ground, portfolio: Portfolio, prices: Prices, *, fixed: NDArray[Any]) -> pd.DataFrame:
    """Plans of one budget under several priorities.

    Parameters
    ----------
    ground, portfolio, prices
        From the same run.
    fixed : int64 array
        Candidates that are locked in.

    Returns
    -------
    DataFrame
        `FRONTIER_COLUMNS`, a row a priority (0 = pure efficiency): ``people`` better off, ``value`` (people-equivalents
        without priority), ``price_of_equity`` (share of the value at priority 0 that is given up, at least 0),
        ``worst_worth`` (mean worth of service, after, where people were worst off before; NaN without zones) and
        ``gini`` between zones.
    """
    wanted = ground.scenario.investment
    people = ground.fragments.by_zone(ground.fragments.persons)
    rows: list[dict[str, Any]] = []
    for priority in sorted({*PRIORITIES, wanted.priority}):
        problem = problem_of(portfolio, prices, ground=ground, priority=priority)
        made = plan(problem, budget=wanted.budget, fixed=fixed, effort=EFFORT)
        then = after(portfolio, made.chosen, ground=ground)
        spread = spread_of(portfolio, then.reached, people=people)
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
    best = max((row["value"] for row in rows), default=0.0)
    for row in rows:
        row["price_of_equity"] = 1.0 - row["value"] / best if best > 0 else 0.0
    return pd.DataFrame(rows, columns=list(FRONTIER_COLUMNS))
