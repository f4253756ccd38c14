"""Zones in order of need, with the reasons beside the rank; what is not known is never ranked as if it were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.ledger import STATES
from analysis.scenario import DIMENSIONS
from analysis.use_tables import ZONE_COLUMNS
from data.coverage import TECHNOLOGIES

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from analysis.fragments import Fragments
    from analysis.ledger import Ledger
    from data.region import Region

MOSTLY_UNKNOWN = 0.5
"""A zone where more than this share of people is unknown has no rank: its gap may be several times what is seen."""


def zone_table(
    region: Region,
    fragments: Fragments,
    ledger: Ledger,
    *,
    target: str,
    settlement: NDArray[np.int16],
    wifi: dict[str, NDArray[np.float64]],
    wifi_words: str = "",
) -> gpd.GeoDataFrame:
    """One row per zone: people, states, coverage, gap, rank and reasons.

    Parameters
    ----------
    region, fragments, ledger
        From the same run.
    target : str
        Technology below which people are in the gap.
    settlement : int16 array (ny, nx)
        Level 2 codes.
    wifi : dict of column name to float64 array (zones,)
        Persons by their walk to public WiFi (`analysis.access_tables.zone_columns`); empty = leave them out.
    wifi_words : str
        What counts as in reach, for the reasons.

    Returns
    -------
    GeoDataFrame
        Sorted by zone id; persons unless the column says otherwise. ``rank`` is missing for zones without people or
        with more than half of them unknown; ties are broken by zone id.
    """
    persons = fragments.persons
    table = _apart(region.zones)
    table["population"] = fragments.by_zone(persons)
    for state in STATES:
        table[state] = fragments.by_zone(ledger.states[state])
    for technology in TECHNOLOGIES:
        covered = fragments.by_zone(np.minimum(ledger.at_least[technology], ledger.known[technology]) * persons)
        known = fragments.by_zone(ledger.known[technology] * persons)
        table[f"at_least_{technology.lower()}_share"] = _ratio(covered, known)
    for column, values in wifi.items():
        table[column] = values
    codes = settlement.ravel()[fragments.cell_id]
    for name, low, high in (("centre", 30, 30), ("cluster", 20, 29), ("rural", 0, 19)):
        inside = (codes >= low) & (codes <= high)
        table[f"{name}_share"] = _ratio(fragments.by_zone(persons * inside), table["population"].to_numpy())
    known = fragments.by_zone(ledger.known[target] * persons)
    table["gap_people"] = fragments.by_zone(ledger.below(target) * persons)
    table["gap_share"] = _ratio(table["gap_people"].to_numpy(), known)
    table["unknown_people"] = table["population"] - known
    table["no_signal_share"] = _ratio(
        table["no_signal"].to_numpy(), (table["population"] - table["unknown"]).to_numpy()
    )
    return _ranked(table, target=target, wifi_words=wifi_words)


RESERVED = frozenset(
    {
        "fid",
        "population",
        *STATES,
        *(f"at_least_{technology.lower()}_share" for technology in TECHNOLOGIES),
        *(
            "centre_share",
            "cluster_share",
            "rural_share",
            "gap_people",
            "gap_share",
            "unknown_people",
            "no_signal_share",
        ),
        *("rank", "rank_by_share", "rank_by_wifi", "reasons", "wifi_400_m_people", "wifi_800_m_people"),
        *("wifi_5_min_people", "wifi_10_min_people", "wifi_15_min_people", "wifi_known_people", "wifi_no_way_people"),
        *("wifi_beyond_people", "wifi_share"),
        *("index_score", "index_rank", *(f"index_{name}{end}" for name in DIMENSIONS for end in ("", "_points"))),
        *("rank_p5", "rank_p95", "top_probability", "alike_first", "alike_last", "cluster", "cluster_p"),
        *("rank_share_footprint", "rank_share_population"),
        *ZONE_COLUMNS,
        *("unconnected_people", "rank_by_use"),
        *("rank_low", "rank_high", "rank_moves", "doubt_people"),
    }
)
"""Columns that gapmap writes for a zone; a column of the person's of that name is kept as ``<name>_given``."""


def _apart(zones: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Copy of the zones whose own columns collide with none of ours, nor with each other but for case."""
    names: dict[str, str] = {}
    taken = {"zone_id", "zone_name", "geometry"}
    for column in map(str, zones.columns):
        fresh = column
        while column not in {"zone_id", "zone_name", "geometry"} and (fresh.lower() in RESERVED | taken):
            fresh += "_given"
        names[column] = fresh
        taken.add(fresh.lower())
    return zones.rename(columns=names)


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 1e-9, part / whole, np.nan)


def _ranked(table: gpd.GeoDataFrame, *, target: str, wifi_words: str = "") -> gpd.GeoDataFrame:
    population = table["population"].to_numpy()
    unknown = np.clip(_ratio(table["unknown_people"].to_numpy(), population), 0, 1)
    rankable = (population > 0) & (unknown <= MOSTLY_UNKNOWN)
    for column, by in (("rank", "gap_people"), ("rank_by_share", "gap_share")):
        table[column] = _order(table, by, rankable=rankable)
    if "wifi_beyond_people" in table:
        heard = population - np.nan_to_num(table["wifi_known_people"].to_numpy()) <= MOSTLY_UNKNOWN * population
        table["rank_by_wifi"] = _order(table, "wifi_beyond_people", rankable=heard & (population > 0))
    table["reasons"] = [
        _reasons(row, target=target, rankable=bool(ok), wifi_words=wifi_words)
        for row, ok in zip(table.to_dict("records"), rankable, strict=True)
    ]
    return table


def _order(table: gpd.GeoDataFrame, by: str, *, rankable: NDArray[np.bool_]) -> Any:
    """Ranks by a column, the largest first, ties by zone id; missing where a zone cannot be ranked."""
    # rounding before the order: 1e-12 of a person must not decide between two zones
    value = np.round(np.nan_to_num(table[by].to_numpy()), 9)
    order = np.lexsort((table["zone_id"].to_numpy().astype(str), -value, ~rankable))
    rank = np.empty(len(table))
    rank[order] = np.arange(1, len(table) + 1)
    return pd.array(np.where(rankable, rank, np.nan), dtype="Int64")


def _reasons(row: dict[Any, Any], *, target: str, rankable: bool, wifi_words: str) -> str:
    """Say in words what the rank stands on, largest first."""
    people = row["population"]
    if people <= 0:
        return "nobody lives here"
    parts: list[str] = []
    if not rankable:
        parts.append(
            f"not ranked: {target} coverage unknown for {row['unknown_people'] / people:.0%} of {people:,.0f} people"
        )
    else:
        parts.append(f"{row['gap_share']:.1%} of {people - row['unknown_people']:,.0f} people below {target}")
        if row["no_signal_share"] >= 0.0005:
            parts.append(f"{row['no_signal_share']:.1%} outside every network")
        if row["unknown_people"] / people >= 0.0005:
            parts.append(f"unknown for {row['unknown_people'] / people:.1%}")
    parts.append(f"{row['rural_share']:.0%} live in rural cells")
    if wifi_words and np.isfinite(row["wifi_share"]):
        parts.append(f"{row['wifi_share']:.0%} live {wifi_words}")
    offline = row.get("pct_offline_15plus")
    if offline is not None and np.isfinite(offline):
        parts.append(f"{offline:g} % of those aged 15 and over are offline")
    return "; ".join(parts)


def ranking_table(zones: gpd.GeoDataFrame) -> pd.DataFrame:
    """`ranking.csv`: ranked zones first, the not ranked after them, each by id where tied."""
    columns = [
        "rank",
        "rank_by_share",
        "zone_id",
        "zone_name",
        "population",
        "gap_people",
        "gap_share",
        "unknown_people",
    ]
    columns += ["no_signal_share", "rural_share", "reasons"]
    more = ("rank_low", "rank_high", "rank_p5", "rank_p95", "top_probability", "alike_first", "alike_last", "cluster")
    more += ("rank_by_use", "unconnected_people", "using_share", "index_rank", "index_score", "doubt_people")
    more += ("rank_by_wifi", "wifi_share", "wifi_beyond_people")
    columns += [column for column in more if column in zones.columns]
    table = pd.DataFrame(zones[columns])
    return table.sort_values(["rank", "zone_id"], na_position="last", kind="stable").reset_index(drop=True)
