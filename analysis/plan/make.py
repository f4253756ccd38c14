"""From the gap to a plan: what could be built, what that costs, what to build first, and what it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.invest import extend
from analysis.plan.after import after, lifted
from analysis.plan.choose import choose, losses
from analysis.plan.equity import frontier, trials
from analysis.plan.layers import plan_layers
from analysis.plan.money import build_years, money_record, money_table
from analysis.plan.prices import price
from analysis.plan.problem import problem_of
from analysis.plan.proposals import proposal_table
from analysis.plan.record import plan_record, robust_record
from analysis.plan.robust import robust
from analysis.plan.tables import order_table, reach_table
from analysis.plan.technology import option_table
from analysis.plan.weights import weights
from analysis.plan.zones import most_of, zone_plan
from analysis.portfolio import lay_out, make_portfolio

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from analysis.invest import Sequence
    from analysis.ledger import Ledger
    from analysis.plan.after import After
    from analysis.plan.prices import Prices
    from analysis.portfolio import Ground, Layout, Portfolio

BEYOND = 4.0
"""The build order goes on to this many budgets, so that a slider can look past the plan."""


@dataclass(frozen=True, eq=False)
class Planned:
    """A plan and everything that is said of it.

    Attributes
    ----------
    table : DataFrame
        Build order, `plan.csv`; on to `BEYOND` budgets.
    record : dict
        `summary.json`'s ``plan``.
    tables : dict of str to DataFrame
        ``plan_zones, plan_options, plan_frontier, plan_money``, and ``plan_proposals`` where there are any.
    reach : DataFrame
        `plan_reach.parquet`, see `analysis.plan.tables.reach_table`.
    layers : dict of str to GeoDataFrame
        `plan.gpkg`, see `analysis.plan.layers`.
    """

    table: pd.DataFrame
    record: dict[str, Any]
    tables: dict[str, pd.DataFrame]
    reach: pd.DataFrame
    layers: dict[str, gpd.GeoDataFrame]


@dataclass(frozen=True, eq=False)
class _Chosen:
    """A plan before it is told."""

    ground: Ground
    layout: Layout
    portfolio: Portfolio
    prices: Prices
    line: Sequence
    weight: NDArray[np.float64]
    then: After
    search: str
    known: tuple[NDArray[np.int64], ...]

    @property
    def base(self) -> NDArray[np.int64]:
        """Candidates of the plan of the budget, in build order."""
        return self.line.plan.chosen[: self.line.within]


def make_plan(ground: Ground, *, ledgers: Mapping[str, Ledger]) -> Planned:
    """Choose what to build, and tell what it means.

    Parameters
    ----------
    ground : Ground
        The run so far.
    ledgers : mapping of footprint to Ledger
        For asking how the plan holds under other footprints; that of the ground at least.

    Raises
    ------
    ScenarioError, InfeasibleError, UnitError
        What the scenario asks cannot be had, or does not fit the region.
    """
    made = _choose(ground)
    wanted, base = ground.scenario.investment, made.base
    table = order_table(ground, made.portfolio, made.prices, made.line)
    lift = lifted(made.portfolio, made.line.plan.chosen, weight=made.weight)
    options = option_table(ground, made.portfolio, made.prices, weight=made.weight)
    fixed = made.line.plan.fixed
    held = (
        robust(ground, made.layout, made.prices, ledgers=ledgers, fixed=fixed, base=base)
        if wanted.robustness.enabled and not wanted.floors.asked
        else None
    )
    spent = made.prices.spent(made.line.plan.chosen)
    years = build_years(table["cost"].to_numpy(np.float64)[: base.size], wanted)
    table["build_year"] = _padded(years, len(table), fill=-1).astype(np.int64)
    table["chosen_share"] = np.nan if held is None else held.chosen[made.line.plan.chosen]
    table["people_if_it_fails"] = _padded(losses(made.line), len(table), fill=np.nan)
    record = plan_record(ground, made.portfolio, made.line, made.then, table=table)
    # plans that need not keep to floors say nothing of one that does
    known = () if wanted.floors.asked else made.known
    front = frontier(ground, made.portfolio, made.prices, plans=known)
    mobile = (table["kind"] != "wifi").to_numpy()[: base.size]
    people, users = _served(made, years >= 0)
    record["money"] = money_record(spent[: base.size], years, wanted=wanted, people=people, users=users, mobile=mobile)
    record["search"] = made.search
    record["robust"] = robust_record(held, base)
    record["frontier"] = front.to_dict("records")
    zones = zone_plan(ground, made.portfolio, made.then, table=table, options=options)
    record["most"] = most_of(zones, ground.region.zones)
    tables = {
        "plan_zones": zones,
        "plan_options": options,
        "plan_frontier": front,
        "plan_proposals": proposal_table(ground.region, made.portfolio.posts, table=table, fates=made.layout.fates),
        "plan_money": money_table(spent[: base.size], years, wanted),
    }
    if tables["plan_proposals"].empty:
        del tables["plan_proposals"]
    layers = plan_layers(ground, made.layout, made.portfolio, made.prices, table=table, chosen=base)
    return Planned(table, record, tables, reach_table(ground, made.portfolio, lift), layers)


def _choose(ground: Ground) -> _Chosen:
    layout = lay_out(ground)
    portfolio = make_portfolio(ground, layout)
    prices = price(portfolio.posts, region=ground.region, scenario=ground.scenario)
    problem = problem_of(portfolio, prices, ground=ground)
    wanted = ground.scenario.investment
    fixed = np.flatnonzero(portfolio.posts["candidate_id"].isin(wanted.lock_in).to_numpy()).astype(np.int64)
    tried = trials(ground, portfolio, prices, fixed=fixed)
    base, search = choose(problem, ground=ground, portfolio=portfolio, fixed=fixed, starts=tried)
    line = extend(problem, base, max_budget=wanted.budget * BEYOND)
    then = after(portfolio, base.chosen, ground=ground)
    weight = weights(ground)[portfolio.places.fragment]
    return _Chosen(ground, layout, portfolio, prices, line, weight, then, search, (base.chosen, *tried))


def _served(made: _Chosen, built: NDArray[np.bool_]) -> tuple[float, float]:
    """Persons better off, and brought to the target by mobile, by those steps of the plan that are built."""
    then = made.then if built.all() else after(made.portfolio, made.base[built], ground=made.ground)
    places, target = made.portfolio.places, made.ground.scenario.target
    lacking = made.ground.missing[target] @ made.ground.fragments.persons
    return float(places.persons @ then.better), float(lacking - places.persons @ then.lacks[target])


def _padded(values: NDArray[Any], size: int, *, fill: float) -> NDArray[Any]:
    """Values of the first rows; the others hold `fill`."""
    out = np.full(size, fill)
    out[: values.size] = values
    return out
