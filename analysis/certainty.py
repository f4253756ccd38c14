"""How sure the order of zones is: the rankings of a run put through Monte Carlo (`analysis.uncertainty`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.dimensions import GOALPOSTS, availability
from analysis.uncertainty import Gaps, gap_model, rank_uncertainty, score_model

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from analysis.fragments import Fragments
    from analysis.index import Composite
    from analysis.ledger import Ledger
    from analysis.scenario import Scenario
    from analysis.uncertainty import RankUncertainty

COLUMNS = {"rank_low": "rank_p5", "rank_high": "rank_p95"}
"""Names of the interval's ends in the zones table, where rank_low and rank_high are those under other footprints."""


def gap_certainty(
    zones: gpd.GeoDataFrame,
    fragments: Fragments,
    ledgers: Mapping[str, Ledger],
    *,
    scenario: Scenario,
) -> RankUncertainty:
    """How sure the ranking by people in the gap is.

    Parameters
    ----------
    zones : GeoDataFrame
        Table of zones; those without a rank have none here.
    fragments : Fragments
    ledgers : mapping of footprint variant to Ledger
        ``low, central, high``, or only that of the run, whose footprints then are taken as certain.
    scenario : Scenario
        Draws, top, errors, seed.

    Notes
    -----
    The middle is the run's own footprint. Where low and high were not laid out the spread is 0. Inside a variant a gap
    may not exceed that of a smaller footprint: crumbs of rounding are cut.
    """
    central = zones["gap_people"].to_numpy(dtype=np.float64)
    people = zones["population"].to_numpy(dtype=np.float64)
    low, high = central, central
    if {"low", "high"} <= set(ledgers):
        low, high = (_gap(fragments, ledgers[name], target=scenario.target) for name in ("low", "high"))
        low, high = np.maximum(low, central), np.minimum(high, central)
    wanted = scenario.uncertainty
    model = gap_model(
        zones["zone_id"].astype(str).to_numpy(dtype=str),
        people=people,
        gap=Gaps(np.minimum(low, people), central, high, common=wanted.footprint_common),
        ranked=zones["rank"].notna().to_numpy(),
        population_sd=wanted.population_sd,
    )
    return rank_uncertainty(model, top=wanted.top, draws=wanted.draws, seed=scenario.seed)


def use_certainty(
    zones: gpd.GeoDataFrame, fragments: Fragments, ledgers: Mapping[str, Ledger], *, scenario: Scenario
) -> RankUncertainty | None:
    """How sure the ranking by people not connected is: in the coverage gap (below 3G), or covered and not online.

    None where no zone says who is online. Zones whose figure is not known have no rank.
    """
    using = zones["using_share"].to_numpy(dtype=np.float64)
    known = zones["unconnected_people"].notna().to_numpy() & np.isfinite(using)
    if not known.any():
        return None
    wanted, people = scenario.uncertainty, zones["population"].to_numpy(dtype=np.float64)
    gaps = {name: np.minimum(_gap(fragments, ledger, target="3G"), people) for name, ledger in ledgers.items()}
    central = gaps[scenario.footprint]
    low, high = np.maximum(gaps.get("low", central), central), np.minimum(gaps.get("high", central), central)
    # a share near 0 or 1 cannot vary by so much
    widest = 0.9 * np.sqrt(np.clip(using * (1 - using), 0.0, None))
    model = gap_model(
        zones["zone_id"].astype(str).to_numpy(dtype=str),
        people=people,
        gap=Gaps(low, central, high, common=wanted.footprint_common),
        ranked=known & zones["rank"].notna().to_numpy(),
        population_sd=wanted.population_sd,
        adoption=using,
        adoption_sd=np.where(known, np.minimum(wanted.adoption_sd, np.nan_to_num(widest)), 0.0),
    )
    return rank_uncertainty(model, top=wanted.top, draws=wanted.draws, seed=scenario.seed)


def _gap(fragments: Fragments, ledger: Ledger, *, target: str) -> NDArray[np.float64]:
    return fragments.by_zone(ledger.below(target) * fragments.persons)


def index_certainty(
    index: Composite,
    fragments: Fragments,
    ledgers: Mapping[str, Ledger],
    *,
    scenario: Scenario,
) -> RankUncertainty:
    """How sure the ranking by the index is, under other footprints and other weights; see `gap_certainty`.

    Other footprints move the availability alone; quality, public access and what surveys say stay as they are.
    """
    ends = {}
    if {"low", "high"} <= set(ledgers) and "availability" in index.parts:
        goal = scenario.index.goalposts.get("availability", list(GOALPOSTS["availability"]))
        for name in ("low", "high"):
            part = (availability(fragments, ledgers[name], target=scenario.target) - goal[0]) / (goal[1] - goal[0])
            known = index.parts["availability"].notna().to_numpy()
            value = np.where(known, np.clip(np.nan_to_num(part), 0, 1), np.nan)
            ends[f"parts_{name}"] = index.parts.assign(availability=value)
    wanted = scenario.uncertainty
    model = score_model(index, concentration=wanted.concentration, **ends)
    return rank_uncertainty(model, top=wanted.top, draws=wanted.draws, seed=scenario.seed)


def zone_columns(found: RankUncertainty) -> dict[str, NDArray[np.float64]]:
    """Columns of the zones table: interval, chance of the top, ranks it cannot be told apart from, what drives it."""
    columns = {COLUMNS.get(name, name): getattr(found, name) for name in ("rank_low", "rank_high", "top_probability")}
    columns |= {name: getattr(found, name) for name in ("alike_first", "alike_last")}
    return columns | {f"rank_share_{source}": share for source, share in found.rank_share.items()}


def uncertainty_table(zones: gpd.GeoDataFrame, **found: RankUncertainty | None) -> pd.DataFrame:
    """`uncertainty.csv`: every ranking, ranked zones first, with the zone's name."""
    names = zones.set_index(zones["zone_id"].astype(str))["zone_name"]
    parts: list[pd.DataFrame] = []
    for ranking, one in found.items():
        if one is not None:
            table = one.table().rename(columns=COLUMNS)
            table.insert(0, "ranking", ranking)
            table.insert(2, "zone_name", names.loc[table["zone_id"]].to_numpy())
            parts.append(table.sort_values(["rank", "zone_id"], na_position="last", kind="stable"))
    return pd.concat(parts, ignore_index=True)


def uncertainty_record(found: RankUncertainty, *, scenario: Scenario) -> dict[str, Any]:
    """`summary.json`'s ``uncertainty``: what was drawn, and how far the top can be trusted."""
    wanted, ranked = scenario.uncertainty, np.isfinite(found.rank)
    first = ranked & (found.rank <= found.top)
    shares = {
        source: float(np.nanmean(share)) if np.isfinite(share).any() else None
        for source, share in found.rank_share.items()
    }
    return {
        "draws": wanted.draws,
        "seed": scenario.seed,
        "top": found.top,
        "population_sd": wanted.population_sd,
        "adoption_sd": wanted.adoption_sd,
        "concentration": wanted.concentration,
        "footprint_common": wanted.footprint_common,
        "ranked": int(ranked.sum()),
        "sure_of_top": int((found.top_probability[ranked] >= 0.95).sum()),
        "never_in_top": int((found.top_probability[ranked] <= 0.05).sum()),
        "top_probability_of_first": float(np.mean(found.top_probability[first])) if first.any() else None,
        "rank_share": shares,
    }
