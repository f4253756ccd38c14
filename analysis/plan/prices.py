"""What every candidate costs: its own equipment, and the place that technologies share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.costs import (
    cost_table,
    given_cost,
    place_cost,
    power_source,
    radio_cost,
    small_cell_cost,
    together,
    upgrade_cost,
    wifi_cost,
)
from analysis.links import links

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from analysis.costs import CostParts, CostTable, PowerSource
    from analysis.investment import Investment
    from analysis.links import Links
    from analysis.scenario import Scenario
    from data.region import Region

LEAST = 1e-6
"""What a gift costs: a candidate that somebody gives for nothing is still weighed by gain per cost."""

STANDS = ("site", "mast")
"""Kinds that stand on a place which several technologies may share."""


@dataclass(frozen=True, eq=False)
class Prices:
    """Costs of a portfolio.

    Attributes
    ----------
    own : tuple of CostParts (candidates,)
        What each costs beside its place.
    place : tuple of CostParts (places,)
        What each place costs once.
    place_name : tuple of str (places,)
    asset : int64 array (candidates,)
        Place that the candidate stands on, −1 for none.
    site : int64 array (places,)
        A candidate that stands on each.
    joined : Links
        What each place would be joined to.
    table : CostTable
    """

    own: tuple[CostParts, ...]
    place: tuple[CostParts, ...]
    place_name: tuple[str, ...]
    asset: NDArray[np.int64]
    site: NDArray[np.int64]
    joined: Links
    table: CostTable

    @property
    def cost(self) -> NDArray[np.float64]:
        """Own present cost of each candidate."""
        return np.maximum([parts.total for parts in self.own], LEAST).astype(np.float64)

    @property
    def place_cost(self) -> NDArray[np.float64]:
        """Present cost of each place."""
        return np.array([parts.total for parts in self.place], dtype=np.float64)

    def spent(self, chosen: NDArray[np.int64]) -> tuple[CostParts, ...]:
        """What each step of an order costs: the first on a place pays for it."""
        seen: set[int] = set()
        out: list[CostParts] = []
        for j in chosen:
            asset = int(self.asset[j])
            first = asset >= 0 and asset not in seen
            seen.add(asset)
            out.append(together([self.place[asset], self.own[j]]) if first else self.own[j])
        return tuple(out)


def plan_table(scenario: Scenario) -> CostTable:
    """Unit costs of a scenario, in its currency."""
    wanted = scenario.investment
    return cost_table(
        scenario.costs,
        currency=wanted.currency,
        horizon_years=wanted.horizon_years,
        discount_rate=wanted.discount_rate,
    )


def price(posts: pd.DataFrame, *, region: Region, scenario: Scenario) -> Prices:
    """Cost every candidate.

    Raises
    ------
    UnitError
        A cost in a currency without a rate.
    ScenarioError
        A cost that will not do.
    """
    table, wanted = plan_table(scenario), scenario.investment
    asset, names, site = _places(posts)
    x, y = (posts[axis].to_numpy(np.float64)[site] for axis in ("x", "y"))
    joined = links(x, y, region=region)
    codes = posts["settlement"].to_numpy(np.int64)
    place = tuple(
        place_cost(
            int(codes[j]),
            table=table,
            kind="mast" if posts["kind"].iloc[j] == "mast" else "site",
            backhaul_m=float(joined.metres[at]),
            along_m=float(joined.along_m[at]),
            grid_m=float(joined.power_m[at]),
            backhaul=wanted.backhaul,
        )
        for at, j in enumerate(site)
    )
    own = _own(posts, asset, grid_m=joined.power_m, table=table, wanted=wanted)
    return Prices(own, place, tuple(names), asset, site, joined, table)


def _places(posts: pd.DataFrame) -> tuple[NDArray[np.int64], list[str], NDArray[np.int64]]:
    """Place of each candidate, their names in order, and a candidate of each."""
    stands = (posts["kind"].isin(STANDS) & posts["given_cost"].isna() & (posts["place"] != "")).to_numpy()
    named = posts["place"].to_numpy(dtype=object)
    names = sorted(set(named[stands]))
    number = {name: at for at, name in enumerate(names)}
    asset = np.array([number[name] if on else -1 for name, on in zip(named, stands, strict=True)], dtype=np.int64)
    site = np.full(len(names), -1, dtype=np.int64)
    for j in range(len(posts) - 1, -1, -1):
        if asset[j] >= 0:
            site[asset[j]] = j
    return asset, names, site


def _own(
    posts: pd.DataFrame,
    asset: NDArray[np.int64],
    *,
    grid_m: NDArray[np.float64],
    table: CostTable,
    wanted: Investment,
) -> tuple[CostParts, ...]:
    """What each candidate costs beside its place; equal candidates are costed once."""
    made: dict[str, CostParts] = {}
    out: list[CostParts] = []
    for row, place in zip(posts.to_dict("records"), asset, strict=True):
        if np.isfinite(row["given_cost"]):
            currency = row["given_currency"] or wanted.currency
            out.append(given_cost(row["given_cost"], currency=currency, table=table, item=str(row["candidate_id"])))
            continue
        power = power_source(float(grid_m[place]), table=table) if place >= 0 else "bill"
        key = str((row["kind"], row["technology"], row["access_points"], row["indoor"], power))
        if key not in made:
            made[key] = _equipment(row, power, table)
        out.append(made[key])
    return tuple(out)


def _equipment(row: Mapping[Any, Any], power: PowerSource, table: CostTable) -> CostParts:
    """Cost of one candidate without its place."""
    if row["kind"] == "wifi":
        return wifi_cost(int(row["access_points"]), indoor=bool(row["indoor"]), table=table)
    if row["kind"] == "upgrade":
        return upgrade_cost(row["technology"], table=table)
    if row["kind"] == "small_cell":
        return small_cell_cost(row["technology"], table=table)
    return radio_cost(row["technology"], table=table, power=power)
