"""The parts of meaningful connectivity, zone by zone: what the composite index is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.index import combine, composite
from analysis.index.weights import WeightSet, normalised
from analysis.scenario import DIMENSIONS

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from analysis.fragments import Fragments
    from analysis.index import Composite
    from analysis.ledger import Ledger
    from analysis.scenario import Index
    from data.use import UseShares

GOALPOSTS = dict.fromkeys(DIMENSIONS, (0.0, 1.0)) | {"affordability": (0.1, 0.02)}
"""[worst, best] of each dimension: shares of people; affordability is the price of the entry-level basket as a share of
income, 2 % being the ITU's target (methods, §1) and 10 % this project's own worst."""

MEANINGS = {
    "availability": "share of people reached by at least the target technology, of those for whom it is known",
    "quality": "share of people whose connection meets the target speed, of those whose service is known",
    "public_access": "share of people with free public WiFi in reach on foot, of those for whom it is known",
    "affordability": "price of the entry-level basket as a share of income",
    "devices": "share of people with a device of their own",
    "skills": "share of people with basic digital skills",
    "power": "share of people with electricity at home",
}
"""What each dimension is, in its own unit."""


def availability(fragments: Fragments, ledger: Ledger, *, target: str) -> NDArray[np.float64]:
    """Share of each zone's people who are reached by at least the target, of those known; NaN = nobody known."""
    known = fragments.by_zone(ledger.known[target] * fragments.persons)
    reached = np.minimum(ledger.at_least[target], ledger.known[target])
    return _ratio(fragments.by_zone(reached * fragments.persons), known)


def zone_dimensions(
    zones: gpd.GeoDataFrame, *, available: NDArray[np.float64], quality_known: bool, use: UseShares | None
) -> pd.DataFrame:
    """Every dimension of every zone, in its own unit; NaN = not known.

    Parameters
    ----------
    zones : GeoDataFrame
        Table of zones of a run (`analysis.ranking.zone_table`).
    available : float64 array (zones,)
        From `availability`.
    quality_known : bool
        Whether speed was measured, or sites dimensioned, anywhere: without either `usable` is 0 for want of knowledge.
    use : UseShares or None
        What the zones say of devices, skills, power, price and income.
    """
    told = zones["population"].to_numpy() - zones["unknown"].to_numpy()
    quality = _ratio(zones["usable"].to_numpy(), told) if quality_known else np.full(len(zones), np.nan)
    public = zones["wifi_share"].to_numpy() if "wifi_share" in zones else np.full(len(zones), np.nan)
    table = pd.DataFrame(
        {"availability": available, "quality": quality, "public_access": public},
        index=pd.Index(zones["zone_id"].astype(str), name="zone_id"),
    )
    for name, barrier in (("devices", "device"), ("skills", "skills"), ("power", "electricity")):
        table[name] = np.nan if use is None or barrier not in use.without else 1 - use.without[barrier]
    table["affordability"] = np.nan if use is None else _ratio(use.price, use.income)
    return table[list(DIMENSIONS)]


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 1e-9, part / whole, np.nan)


def chosen_weights(wanted: Index) -> dict[str, float]:
    """Weights of a scenario, summing to 1: the mean of the sets where there are any."""
    if not wanted.sets:
        return normalised({name: wanted.weights.get(name, 0.0) for name in DIMENSIONS})
    sets = [
        WeightSet(given.name, given.set_by, given.set_on, {name: given.weights.get(name, 0.0) for name in DIMENSIONS})
        for given in wanted.sets
    ]
    return combine(sets).weights


def make_index(table: pd.DataFrame, wanted: Index) -> tuple[Composite | None, list[str]]:
    """Index of a table of dimensions, and the weighted dimensions left out because no zone has them.

    Returns
    -------
    index : Composite or None
        None = nothing of what is weighted is known anywhere.
    left_out : list of str
        Their weight is shared out over the others in every zone alike; the table says so.
    """
    weights = chosen_weights(wanted)
    known = [name for name in DIMENSIONS if weights[name] > 0 and table[name].notna().any()]
    left_out = [name for name in DIMENSIONS if weights[name] > 0 and name not in known]
    if not known:
        return None, left_out
    goalposts = GOALPOSTS | {name: (ends[0], ends[1]) for name, ends in wanted.goalposts.items()}
    made = composite(
        table[known],
        goalposts={name: goalposts[name] for name in known},
        weights={name: weights[name] for name in known},
        aggregation=wanted.aggregation,
        missing=wanted.missing,
        least_known=wanted.least_known,
    )
    return made, left_out


def index_columns(index: Composite | None, zones: pd.Index) -> dict[str, object]:
    """Columns of the zones table: score, rank, and of each dimension its part (0–1) and the points it gives."""
    if index is None:
        return {}
    columns: dict[str, object] = {
        "index_score": index.score.reindex(zones).to_numpy(),
        "index_rank": index.rank.reindex(zones).array,
    }
    for name in index.parts:
        columns[f"index_{name}"] = index.parts[name].reindex(zones).to_numpy()
        columns[f"index_{name}_points"] = index.contributions[name].reindex(zones).to_numpy()
    return columns
