"""A portfolio and its prices as the problem that the solver takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.invest import make_problem
from analysis.plan.weights import weights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from analysis.invest import Problem
    from analysis.plan.prices import Prices
    from analysis.portfolio import Ground, Portfolio


def problem_of(
    portfolio: Portfolio,
    prices: Prices,
    *,
    ground: Ground,
    priority: float | None = None,
    cost: NDArray[np.float64] | None = None,
    place_cost: NDArray[np.float64] | None = None,
) -> Problem:
    """Lay out the problem of a plan.

    Parameters
    ----------
    portfolio : Portfolio
    prices : Prices
    ground : Ground
    priority : float, optional
        In place of the scenario's.
    cost, place_cost : float64 arrays, optional
        In place of the prices'.
    """
    places = portfolio.places
    return make_problem(
        places.persons,
        indptr=portfolio.indptr,
        rows=portfolio.rows,
        fraction=portfolio.fraction,
        cost=prices.cost if cost is None else cost,
        level=portfolio.level,
        ladder=portfolio.ladder.rungs,
        start=portfolio.start,
        row_weight=weights(ground)[places.fragment],
        zone=places.zone,
        priority=ground.scenario.investment.priority if priority is None else priority,
        asset=prices.asset,
        asset_cost=prices.place_cost if place_cost is None else place_cost,
    )
