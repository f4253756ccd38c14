"""What a plan means for every zone: people below the target, public WiFi, worth of service, money, before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.inequality import gini

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.plan.after import After
    from analysis.portfolio import Ground, Portfolio

WORST = 0.2
"""Share of the people who live in the zones that are worst off, for the figure of the worst-off zones."""


def zone_values(portfolio: Portfolio, reached: NDArray[np.float64], *, zones: int) -> NDArray[np.float64]:
    """Mean worth of the service of a person of every zone, 0–1; NaN where nobody lives."""
    steps = np.diff(portfolio.ladder.rungs, prepend=0.0)
    return _mean(portfolio, reached @ steps, zones=zones)


def _mean(portfolio: Portfolio, values: NDArray[np.float64], *, zones: int) -> NDArray[np.float64]:
    people = _sum(portfolio, np.ones(portfolio.places.size), zones=zones)
    total = _sum(portfolio, values, zones=zones)
    return np.divide(total, people, out=np.full(zones, np.nan), where=people > 0)


def _sum(portfolio: Portfolio, share: NDArray[np.float64], *, zones: int) -> NDArray[np.float64]:
    """Persons of every zone of a share of each place's people."""
    places = portfolio.places
    inside = places.zone >= 0
    persons = (places.persons * share)[inside]
    return np.bincount(places.zone[inside], weights=persons, minlength=zones).astype(np.float64)


def zone_plan(
    ground: Ground, portfolio: Portfolio, then: After, *, table: pd.DataFrame, options: pd.DataFrame
) -> pd.DataFrame:
    """A row a zone: `plan_zones.csv`.

    Parameters
    ----------
    ground, portfolio, then
        From the same run; `then` after the plan of the budget.
    table : DataFrame
        Build order, see `analysis.plan.tables.order_table`.
    options : DataFrame
        See `analysis.plan.technology.option_table`.

    Returns
    -------
    DataFrame
        ``zone_id``; persons: ``people``, ``unknown`` (mobile service not known), ``below_before``, ``below_after``
        (taken to be below the target), ``wifi_before``, ``wifi_after`` (public WiFi in reach), ``better``;
        ``worth_before``, ``worth_after`` (0–1); ``sites`` and ``cost`` of what the budget builds there; ``first`` and
        ``second``: the options that bring the zone most for the money, ``first_cost_per_value``,
        ``second_cost_per_value``.
    """
    zones, scenario = ground.fragments.zones, ground.scenario
    target = scenario.target
    missing = ground.missing[target][portfolio.places.fragment]
    built = table[table["within_budget"]].groupby("zone_id")["cost"].agg(["size", "sum"])
    ids = ground.region.zones["zone_id"].astype(str)
    columns: dict[str, Any] = {
        "zone_id": ids.to_numpy(dtype=object),
        "people": ground.fragments.by_zone(ground.fragments.persons),
        "unknown": ground.fragments.by_zone(ground.ledger.states["unknown"]),
        "below_before": _sum(portfolio, missing, zones=zones),
        "below_after": _sum(portfolio, then.lacks[target], zones=zones),
        "wifi_before": _sum(portfolio, portfolio.places.has_wifi, zones=zones),
        "wifi_after": _sum(portfolio, then.has_wifi, zones=zones),
        "better": _sum(portfolio, then.better, zones=zones),
        "worth_before": zone_values(portfolio, portfolio.start, zones=zones),
        "worth_after": zone_values(portfolio, then.reached, zones=zones),
        "sites": built["size"].reindex(ids).fillna(0).astype(np.int64).to_numpy(),
        "cost": built["sum"].reindex(ids).fillna(0.0).to_numpy(np.float64),
    }
    for name, rank in (("first", 1), ("second", 2)):
        best = options[options["rank"] == rank].set_index("zone_id")
        columns[name] = best["option"].reindex(ids).fillna("").to_numpy(dtype=object)
        columns[f"{name}_cost_per_value"] = best["cost_per_value"].reindex(ids).to_numpy(np.float64)
    return pd.DataFrame(columns)


def most_of(table: pd.DataFrame, zones: pd.DataFrame, *, count: int = 5) -> list[dict[str, Any]]:
    """Zones with most people better off, those first: id, name, people better off, cost of what is built there."""
    names = zones["zone_name"].astype(str).to_numpy(dtype=object)
    first = table.assign(zone_name=names).sort_values(["better", "zone_id"], ascending=[False, True], kind="stable")
    first = first[first["better"] >= 0.5].head(count)
    columns = ["zone_id", "zone_name", "better", "cost"]
    return [{name: row[name] for name in columns} for row in first.to_dict("records")]


def spread_of(
    portfolio: Portfolio, reached: NDArray[np.float64], *, people: NDArray[np.float64]
) -> dict[str, float | None]:
    """Inequality of the worth of service between zones, and that of the zones that were worst off before the plan.

    Parameters
    ----------
    portfolio : Portfolio
    reached : float64 array (places, rungs)
    people : float64 array (zones,)

    Returns
    -------
    dict
        ``gini`` of the zones' mean worth, ``gap_gini`` of 1 − worth (both population-weighted; None where undefined),
        ``mean`` worth, ``worst`` mean worth in the zones, worst first, that hold a fifth of the people.
    """
    before = zone_values(portfolio, portfolio.start, zones=people.size)
    after = zone_values(portfolio, reached, zones=people.size)
    lived = people > 0
    if not lived.any():
        return dict.fromkeys(("gini", "gap_gini", "mean", "worst"), None)
    order = np.flatnonzero(lived)[np.lexsort((np.flatnonzero(lived), before[lived]))]
    ahead = np.cumsum(people[order]) - people[order]
    worst = order[ahead < WORST * people.sum()]
    values, weight = np.clip(after[lived], 0.0, 1.0), people[lived]
    return {
        "gini": _or_none(gini(values, weight)),
        "gap_gini": _or_none(gini(1.0 - values, weight)),
        "mean": float(np.average(values, weights=weight)),
        "worst": float(np.average(after[worst], weights=people[worst])),
    }


def _or_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
