"""Public buildings, public WiFi and what surveys would say of each district. All invented."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from data.sample.lattice import stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from data.sample.districts import Districts
    from data.sample.places import Places
    from data.sample.terrain import Terrain

_BUILDINGS = {
    # category: (people per building, at least one in places of so many people)
    "school": (3500, 0),
    "clinic": (12_000, 1200),
    "market": (20_000, 2000),
    "community centre": (25_000, 1500),
    "library": (40_000, 6000),
    "town hall": (250_000, 2500),
}
_STATUS = ("operational", "out of service", "planned")


def public_buildings(terrain: Terrain, places: Places, *, seed: int) -> pd.DataFrame:
    """Public buildings near the centres of all places.

    Returns
    -------
    DataFrame
        id, name (each different), category, x, y (region CRS, wholly on land), place (index of the settlement).
    """
    rng = stream(seed, "buildings")
    place: list[NDArray[np.int64]] = []
    category: list[str] = []
    number: list[NDArray[np.int64]] = []
    for name, (people, least) in _BUILDINGS.items():
        count = np.maximum(np.round(places.persons / people).astype(int), 1) * (places.persons >= least)
        where = np.repeat(np.arange(places.n), count)
        place.append(where)
        category += [name] * where.size
        number.append(np.arange(where.size) - np.repeat(np.cumsum(count) - count, count) + 1)
    at, nth = np.concatenate(place), np.concatenate(number)
    spread = 0.9 * places.scale[at] * (1 - np.exp(-nth / 2))
    x = places.x[at] + spread * rng.standard_normal(at.size)
    y = places.y[at] + spread * rng.standard_normal(at.size)
    cell = terrain.grid.locate(x, y)
    dry = (cell >= 0) & terrain.mainland.ravel()[cell]
    shift = rng.uniform(-120, 120, (at.size, 2))
    x, y = np.where(dry, x, places.x[at] + shift[:, 0]), np.where(dry, y, places.y[at] + shift[:, 1])
    title = [f"{places.names[p]} {c} {n}" for p, c, n in zip(at, category, nth, strict=True)]
    table = pd.DataFrame({"name": title, "category": category, "x": x, "y": y, "place": at})
    table.insert(0, "id", [f"B-{i:05d}" for i in range(1, len(table) + 1)])
    return table


def public_wifi(buildings: pd.DataFrame, places: Places, *, seed: int) -> pd.DataFrame:
    """Public WiFi at some of the buildings of the cities and of the towns above 15,000 people; one in six not in use.

    Returns
    -------
    DataFrame
        id, name, x, y, status (operational, out of service, planned), access_points, setting (indoor, outdoor).
    """
    rng = stream(seed, "wifi")
    persons = places.persons[buildings["place"].to_numpy()]
    is_city = places.kind[buildings["place"].to_numpy()] == 0
    likely = {"library": 0.95, "town hall": 0.9, "market": 0.6, "community centre": 0.5, "clinic": 0.2, "school": 0.25}
    chance = buildings["category"].map(likely).to_numpy(dtype=float) * np.where(is_city, 1.0, 0.6) * (persons >= 15_000)
    host = buildings[rng.random(len(buildings)) < chance].reset_index(drop=True)
    status = rng.choice(_STATUS, size=len(host), p=[0.83, 0.1, 0.07])
    points = np.where(status == "planned", 0, 1 + rng.poisson(2.2, len(host)))
    return pd.DataFrame(
        {
            "id": [f"W-{i:04d}" for i in range(1, len(host) + 1)],
            "name": "WiFi at " + host["name"],
            "x": host["x"] + rng.uniform(-30, 30, len(host)),
            "y": host["y"] + rng.uniform(-30, 30, len(host)),
            "status": status,
            "access_points": points,
            "setting": np.where(host["category"] == "market", "outdoor", "indoor"),
        }
    )


def _means(
    remote: NDArray[np.float64], offline: NDArray[np.float64], *, seed: int
) -> dict[str, NDArray[np.float64] | float]:
    """Skills, electricity, and what the entry-level basket costs a month against income, in an invented currency."""
    rng = stream(seed, "means")
    n = remote.size
    return {
        "pct_no_skills": np.clip(offline + 12 + 8 * remote + 2 * rng.standard_normal(n), 5, 95).round(1),
        "pct_no_electricity": np.clip(2 + 26 * remote + 2 * rng.standard_normal(n), 0, 90).round(1),
        "basket_month": 6.0,
        "income_month": np.round(620 - 430 * remote + 25 * rng.standard_normal(n)),
    }


def indicators(
    districts: Districts, *, persons: NDArray[np.float64], km2: NDArray[np.float64], seed: int
) -> pd.DataFrame:
    """Percentages of each district's people, and money a month; poorer, younger and more offline where it is emptier.

    One district (the emptiest) has no figures on income and use: empty, which is "not known", not zero.

    Parameters
    ----------
    persons, km2 : float array (districts)
        People and land of each district.
    """
    rng = stream(seed, "indicators")
    n = len(districts.ids)
    remote = np.clip((np.log(3000) - np.log(persons / km2 + 1)) / np.log(100), 0, 1)

    def about(low: float, high: float, wobble: float) -> NDArray[np.float64]:
        return low + (high - low) * remote + wobble * rng.standard_normal(n)

    offline = np.clip(about(14, 58, 3), 5, 90)
    table = pd.DataFrame(
        {
            "year": 2026,
            "pct_female": about(51.5, 50.2, 0.4),
            "pct_under15": about(24, 39, 1.2),
            "pct_60plus": about(8.5, 7.0, 0.8),
            "pct_disability": about(7.5, 11.5, 0.8),
            "pct_low_income": np.clip(about(12, 55, 4), 3, 90),
            "pct_offline_15plus": offline,
            "pct_offline_female_15plus": np.clip(offline + about(1.5, 7, 1), 5, 95),
            "pct_offline_60plus": np.clip(offline + about(22, 28, 2), 5, 98),
            "pct_no_smartphone": np.clip(offline - about(2, 6, 1.5), 3, 90),
        }
    ).round(1)
    table = table.assign(**_means(remote, offline, seed=seed))
    table.insert(0, "id", list(districts.ids))
    empty = int(np.argmin(persons / km2))
    missing = [
        "pct_low_income",
        "pct_offline_15plus",
        "pct_offline_female_15plus",
        "pct_offline_60plus",
        "pct_no_smartphone",
        "pct_no_skills",
        "income_month",
    ]
    table.loc[empty, missing] = np.nan
    return table
