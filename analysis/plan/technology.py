"""Which technology for which zone: what each kind of building would bring there, and for how much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.plan.prices import Prices
    from analysis.portfolio import Ground, Portfolio

OPTION_COLUMNS = (
    "zone_id",
    "option",
    "rank",
    "candidates",
    "best_candidate",
    "value",
    "cost",
    "cost_per_value",
    "closes",
)
"""Of `plan_options.csv`."""

WORDS = {
    "wifi": "public WiFi",
    "upgrade": "{0} at a standing site",
    "site": "new {0} site",
    "mast": "{0} on a standing mast",
    "small_cell": "{0} small cell",
}
"""What each kind of building is called; ``{0}`` is its technology."""


def options(posts: pd.DataFrame) -> NDArray[np.object_]:
    """Option that each candidate belongs to: kind and technology in words."""
    return np.array(
        [WORDS[kind].format(technology) for kind, technology in zip(posts["kind"], posts["technology"], strict=True)],
        dtype=object,
    )


def option_table(ground: Ground, portfolio: Portfolio, prices: Prices, *, weight: NDArray[np.float64]) -> pd.DataFrame:
    """What each option could do for each zone, cheapest first.

    Parameters
    ----------
    ground, portfolio, prices
        From the same run.
    weight : float64 array (places,)
        What a person weighs.

    Returns
    -------
    DataFrame
        `OPTION_COLUMNS`: ``option``; ``rank`` by cost per value, ties by name; ``candidates`` that would lift somebody
        of the zone; the ``best_candidate`` of them (least cost per value in this zone), its ``value`` (people-
        equivalents in this zone, before anything else is built), whole present ``cost`` and ``cost_per_value``;
        ``closes``: share, 0–1, of what people of the zone lack that all candidates of the option together would bring.
    """
    owner, zone = portfolio.owner, portfolio.places.zone[portfolio.rows]
    inside = zone >= 0
    owner, zone, rows = owner[inside], zone[inside], portfolio.rows[inside]
    gain = _gains(portfolio, owner, rows, portfolio.fraction[inside]) * (portfolio.places.persons * weight)[rows]
    whole = np.append(prices.place_cost, 0.0)[prices.asset] + prices.cost
    named = options(portfolio.posts)
    names = sorted(set(named))
    number = np.searchsorted(names, named)
    zones = ground.fragments.zones
    key, inverse = np.unique(owner * max(zones, 1) + zone, return_inverse=True)
    value = np.bincount(inverse, weights=gain, minlength=key.size)
    j, at = np.divmod(key, max(zones, 1))
    useful = value > 0
    j, at, value = j[useful], at[useful], value[useful]
    table = pd.DataFrame(
        {
            "zone": at,
            "number": number[j],
            "candidate": j,
            "value": value,
            "cost": whole[j],
            "cost_per_value": whole[j] / value,
        }
    ).sort_values(["zone", "number", "cost_per_value", "candidate"], kind="stable")
    heads = table.groupby(["zone", "number"], sort=True).first().reset_index()
    heads["candidates"] = table.groupby(["zone", "number"], sort=True).size().to_numpy()
    heads["closes"] = _closes(portfolio, number, len(names), weight, zones)[heads["number"], heads["zone"]]
    return _named(ground, portfolio, heads, names)


def _gains(
    portfolio: Portfolio, owner: NDArray[np.int64], rows: NDArray[np.int64], fraction: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Rise in worth of a person of each pair's place, before anything else is built."""
    steps = np.diff(portfolio.ladder.rungs, prepend=0.0)
    out = np.zeros(rows.size)
    for rung, step in enumerate(steps):
        lifts = portfolio.level[owner] >= rung
        out += np.where(lifts, step * np.maximum(fraction - portfolio.start[rows, rung], 0.0), 0.0)
    return out


def _closes(
    portfolio: Portfolio, number: NDArray[np.int64], count: int, weight: NDArray[np.float64], zones: int
) -> NDArray[np.float64]:
    """Share of what each zone lacks that every option would bring: (options, zones)."""
    places = portfolio.places
    inside = places.zone >= 0
    weighed = places.persons * weight
    steps = np.diff(portfolio.ladder.rungs, prepend=0.0)
    lacks = _by_zone(places.zone, inside, weighed * ((1.0 - portfolio.start) @ steps), zones)
    out = np.zeros((count, zones))
    owner = portfolio.owner
    for option in range(count):
        mine = number[owner] == option
        reached = portfolio.start.copy()
        for rung in range(steps.size):
            lifts = mine & (portfolio.level[owner] >= rung)
            np.maximum.at(reached[:, rung], portfolio.rows[lifts], portfolio.fraction[lifts])
        brought = _by_zone(places.zone, inside, weighed * ((reached - portfolio.start) @ steps), zones)
        out[option] = np.divide(brought, lacks, out=np.zeros(zones), where=lacks > 0)
    return out


def _by_zone(
    zone: NDArray[np.int64], inside: NDArray[np.bool_], values: NDArray[np.float64], zones: int
) -> NDArray[np.float64]:
    return np.bincount(zone[inside], weights=values[inside], minlength=zones).astype(np.float64)


def _named(ground: Ground, portfolio: Portfolio, heads: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """The table with names in place of numbers."""
    ids = ground.region.zones["zone_id"].astype(str).to_numpy(dtype=object)
    heads = heads.sort_values(["zone", "cost_per_value", "number"], kind="stable")
    columns: dict[str, Any] = {
        "zone_id": ids[heads["zone"].to_numpy(np.int64)],
        "option": np.array(names, dtype=object)[heads["number"].to_numpy(np.int64)],
        "rank": heads.groupby("zone").cumcount().to_numpy() + 1,
        "candidates": heads["candidates"].to_numpy(np.int64),
        "best_candidate": portfolio.posts["candidate_id"].to_numpy(dtype=object)[heads["candidate"].to_numpy(np.int64)],
        **{name: heads[name].to_numpy(np.float64) for name in ("value", "cost", "cost_per_value", "closes")},
    }
    return pd.DataFrame(columns, columns=list(OPTION_COLUMNS))
