"""The tables of a plan: its build order, whom every step reaches, and what it means for every zone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from data.coverage import RADIUS_CLASSES
from data.region import lonlat

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.invest import Sequence
    from analysis.plan.prices import Prices
    from analysis.portfolio import Ground, Portfolio
    from data.region import Region

REACH = tuple(f"reach_{name.replace('-', '_')}_m" for name in RADIUS_CLASSES)
"""Metres to which a candidate serves people, by what stands around them; blank for those who walk."""

COLUMNS = (
    "step",
    "candidate_id",
    "kind",
    "technology",
    "name",
    "zone_id",
    "x",
    "y",
    "lon",
    "lat",
    "origin",
    "votes",
    "cost",
    "cumulative_cost",
    "gain",
    "value",
    "people",
    "cumulative_people",
    "bound",
    "kwh_year",
    "co2_kg_year",
    "capacity_people",
    *REACH,
    "locked",
    "within_budget",
)
"""Of `plan.csv`; more are added where a run works them out."""


def order_table(ground: Ground, portfolio: Portfolio, prices: Prices, line: Sequence) -> pd.DataFrame:
    """Build order as `plan.csv` shows it."""
    whole = line.plan
    chosen = whole.chosen
    posts = portfolio.posts.iloc[chosen]
    x, y = (posts[axis].to_numpy(np.float64) for axis in ("x", "y"))
    lon, lat = lonlat(ground.region.grid, x, y)
    spent = prices.spent(chosen)
    reach = reach_metres(ground, portfolio)[chosen]
    step = np.arange(chosen.size)
    columns: dict[str, Any] = {
        "step": step + 1,
        **{name: posts[name].to_numpy() for name in ("candidate_id", "kind", "technology", "name", "origin", "votes")},
        "zone_id": zone_of(ground, portfolio, chosen),
        "x": x,
        "y": y,
        "lon": np.round(lon, 6),
        "lat": np.round(lat, 6),
        "cost": whole.cost,
        "cumulative_cost": whole.cost_so_far,
        "gain": whole.gain,
        "value": whole.equivalents,
        "people": whole.persons,
        "cumulative_people": np.cumsum(whole.persons),
        "bound": whole.step_bound,
        "kwh_year": [parts.kwh_year for parts in spent],
        "co2_kg_year": [parts.co2_kg_year for parts in spent],
        "capacity_people": np.where(np.isinf(posts["capacity_people"]), np.nan, posts["capacity_people"]),
        **{name: reach[:, at] for at, name in enumerate(REACH)},
        "locked": step < whole.fixed.size,
        "within_budget": step < line.within,
    }
    return pd.DataFrame(columns, columns=list(COLUMNS))


def reach_metres(ground: Ground, portfolio: Portfolio) -> NDArray[np.float64]:
    """Metres to which each candidate serves people of each class (candidates, classes); NaN for those who walk."""
    posts = portfolio.posts
    out = np.full((len(posts), len(RADIUS_CLASSES)), np.nan)
    small = (posts["kind"] == "small_cell").to_numpy()
    out[small] = ground.scenario.investment.small_cell_radius_m
    area = ~small & (posts["kind"] != "wifi").to_numpy()
    if area.any():
        out[area] = ground.model.radii(posts[area], variant=ground.variant)
    return out


def zone_of(ground: Ground, portfolio: Portfolio, chosen: NDArray[np.int64]) -> NDArray[np.object_]:
    """Id of the zone that each candidate stands in; outside every zone that of most of the people whom it lifts."""
    posts = portfolio.posts.iloc[chosen]
    x, y = (posts[axis].to_numpy(np.float64) for axis in ("x", "y"))
    found = np.full(chosen.size, "", dtype=object)
    ids = ground.region.zones["zone_id"].astype(str).to_numpy(dtype=object)
    where = zone_at(ground.region, x, y)
    for at, j in enumerate(chosen):
        zone = int(where[at])
        if zone < 0:
            pairs = slice(int(portfolio.indptr[j]), int(portfolio.indptr[j + 1]))
            rows = portfolio.rows[pairs]
            zones = portfolio.places.zone[rows]
            people = (portfolio.places.persons[rows] * portfolio.fraction[pairs])[zones >= 0]
            zone = int(np.argmax(np.bincount(zones[zones >= 0], weights=people))) if people.size else -1
        found[at] = ids[zone] if zone >= 0 else ""
    return found


def zone_at(region: Region, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
    """Index of the zone that holds each point, the first where two do; −1 outside every zone."""
    point, zone = region.zones.sindex.query(shapely.points(x, y), predicate="intersects")
    found = np.full(x.size, -1, dtype=np.int64)
    order = np.lexsort((-zone, point))
    found[point[order]] = zone[order]
    return found


def reach_table(ground: Ground, portfolio: Portfolio, lift: pd.DataFrame) -> pd.DataFrame:
    """Whom every step reaches as `plan_reach.parquet` shows it; sums by step are those of `plan.csv`.

    Returns
    -------
    DataFrame
        ``step, candidate_id, cell_id, zone_id`` ("" outside), ``part`` (of the cell's people of that zone: those with
        the same hotspots in reach), ``persons`` (of that part), ``has_wifi`` (share of them with public WiFi before),
        ``fraction`` (of them in reach), ``people`` (better off
        for the first time), ``value`` (people-equivalents).
    """
    places, rows = portfolio.places, lift["row"].to_numpy()
    ids = np.append(ground.region.zones["zone_id"].astype(str).to_numpy(dtype=object), "")
    names = portfolio.posts["candidate_id"].to_numpy(dtype=object)
    return pd.DataFrame(
        {
            "step": lift["step"].to_numpy(np.int64),
            "candidate_id": names[lift["candidate"].to_numpy()],
            "cell_id": ground.fragments.cells[places.cell[rows]],
            "zone_id": ids[places.zone[rows]],
            "part": places.part[rows],
            "persons": places.persons[rows],
            "has_wifi": places.has_wifi[rows].astype(np.float64),
            "fraction": lift["fraction"].to_numpy(np.float64),
            "people": lift["people"].to_numpy(np.float64),
            "value": lift["value"].to_numpy(np.float64),
        }
    )
