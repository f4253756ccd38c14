"""The divide of one run: who is left out, how unequally, where that clusters, and how sure the order of zones is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.certainty import (
    gap_certainty,
    index_certainty,
    uncertainty_record,
    uncertainty_table,
    use_certainty,
    zone_columns,
)
from analysis.dimensions import MEANINGS, availability, index_columns, make_index, zone_dimensions
from analysis.divide import cluster_columns, cluster_record, gap_clusters, inequality_record

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from analysis.assess import Assessment
    from analysis.fragments import Fragments
    from analysis.index import Composite
    from analysis.ledger import Ledger
    from analysis.scenario import Scenario
    from data.region import Region


@dataclass(frozen=True)
class Measured:
    """Records for the summary, columns for the zones table, and tables of their own, by name."""

    records: dict[str, Any]
    columns: dict[str, Any]
    tables: dict[str, pd.DataFrame]


def measure(
    region: Region,
    fragments: Fragments,
    zones: gpd.GeoDataFrame,
    ledgers: Mapping[str, Ledger],
    *,
    settlement: NDArray[Any],
    assessment: Assessment,
    scenario: Scenario,
) -> Measured:
    """Index, certainty of ranks, inequality and clusters.

    Parameters
    ----------
    region, fragments, zones
        From the same run; zones ranked.
    ledgers : mapping of footprint variant to Ledger
        That of the run at least.
    settlement : int16 array (ny, nx)
        Level 2 codes.
    assessment : Assessment
        Says whether quality is known.
    scenario : Scenario
    """
    ledger = ledgers[scenario.footprint]
    ids = zones["zone_id"].astype(str)
    table = zone_dimensions(
        zones,
        available=availability(fragments, ledger, target=scenario.target),
        quality_known=assessment.measured is not None or assessment.dimensioned is not None,
        use=region.use,
    )
    index, left_out = make_index(table, scenario.index)
    gap = gap_certainty(zones, fragments, ledgers, scenario=scenario)
    score = None if index is None else index_certainty(index, fragments, ledgers, scenario=scenario)
    unconnected = use_certainty(zones, fragments, ledgers, scenario=scenario)
    clusters = gap_clusters(zones, scenario=scenario)
    records = {
        "index": _index_record(index, left_out, scenario),
        "uncertainty": uncertainty_record(gap, scenario=scenario),
        "inequality": inequality_record(fragments, ledger, settlement=settlement, target=scenario.target),
        "clusters": cluster_record(clusters, scenario=scenario),
    }
    columns = index_columns(index, pd.Index(ids)) | dict(zone_columns(gap))
    columns |= cluster_columns(clusters, ids.to_numpy())
    if unconnected is not None:
        columns["rank_by_use"] = pd.Series(unconnected.rank).astype("Int64").array
    tables = {"uncertainty": uncertainty_table(zones, gap=gap, unconnected=unconnected, index=score)}
    if index is not None:
        tables["index"] = _index_table(index, table, zones)
    return Measured(records, columns, tables)


def _index_record(index: Composite | None, left_out: list[str], scenario: Scenario) -> dict[str, Any]:
    """`summary.json`'s ``index``: weights in effect, who set them, and what is left out."""
    wanted = scenario.index
    sets = [given.model_dump(mode="json") for given in wanted.sets]
    return {
        "weights": {} if index is None else index.chosen,
        "set_by": [given.set_by for given in wanted.sets] or [wanted.set_by],
        "sets": sets,
        "aggregation": wanted.aggregation,
        "missing": wanted.missing,
        "least_known": wanted.least_known,
        "left_out": left_out,
        "meanings": MEANINGS,
        "scored": 0 if index is None else int(index.score.notna().sum()),
        "clipped": {} if index is None else index.clipped.T.to_dict(),
    }


def _index_table(index: Composite, dimensions: pd.DataFrame, zones: gpd.GeoDataFrame) -> pd.DataFrame:
    """`index.csv`: score and rank, then of each dimension its value, its part (0–1) and the points it gives."""
    table = pd.DataFrame(
        {"zone_id": zones["zone_id"].astype(str).to_numpy(), "zone_name": zones["zone_name"].to_numpy()}
    )
    at = table["zone_id"]
    table["rank"], table["score"] = index.rank.reindex(at).array, index.score.reindex(at).to_numpy()
    table["known_share"] = index.known_share.reindex(at).to_numpy()
    for name in index.parts:
        table[name] = dimensions[name].reindex(at).to_numpy()
        table[f"{name}_part"] = index.parts[name].reindex(at).to_numpy()
        table[f"{name}_weight"] = index.weights[name].reindex(at).to_numpy()
        table[f"{name}_points"] = index.contributions[name].reindex(at).to_numpy()
    return table.sort_values(["rank", "zone_id"], na_position="last", kind="stable").reset_index(drop=True)
