"""How unequal coverage is, between whom, and where the gap clusters: the records and columns of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.clusters import where_clusters
from analysis.coverage_inequality import coverage_inequality
from analysis.inequality import lorenz, theil_parts
from analysis.settlement import CLASS_NAMES

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from analysis.clusters import Clusters
    from analysis.fragments import Fragments
    from analysis.inequality import Inequality
    from analysis.ledger import Ledger
    from analysis.scenario import Scenario

LORENZ_POINTS = 60


def _measures(found: Inequality) -> dict[str, float | None]:
    """Each measure; None where it is not defined or has no bound (Palma, where the bottom 40 % have nothing)."""
    names = ("gini", "theil", "theil_between", "theil_within", "atkinson_05", "atkinson_1", "palma", "mean")
    values = {name: float(getattr(found, name)) for name in (*names, "known_people")}
    return {name: value if np.isfinite(value) else None for name, value in values.items()}


def inequality_record(
    fragments: Fragments, ledger: Ledger, *, settlement: NDArray[np.int16], target: str
) -> dict[str, Any]:
    """`summary.json`'s ``inequality``: of the share reached by at least the target, and of the gap, among people.

    A row is a cell's part in a zone, its people those for whom coverage is known. Theil's T is split between and within
    settlement classes, and once more between and within zones.
    """
    known = ledger.known[target] * fragments.persons
    reached = np.minimum(ledger.at_least[target], ledger.known[target]) * fragments.persons
    coverage = np.full(fragments.size, np.nan)
    np.divide(reached, known, out=coverage, where=known > 0)
    coverage = np.clip(coverage, 0.0, 1.0)
    codes = settlement.ravel()[fragments.cell_id].astype(np.int64)
    found = coverage_inequality(coverage, known, codes)
    record: dict[str, Any] = {"target": target, "coverage": _measures(found.coverage), "gap": _measures(found.gap)}
    points, best, worst = found.spread
    record["spread"] = {
        "points": float(points),
        "best": None if best is None else CLASS_NAMES[int(best)],
        "worst": None if worst is None else CLASS_NAMES[int(worst)],
    }
    for name, value in (("coverage", coverage), ("gap", 1 - coverage)):
        zones = theil_parts(value, known, fragments.zone)
        record[name]["theil_between_zones"] = float(zones.between)
        record[name]["theil_within_zones"] = float(zones.within)
        curve = lorenz(value, known, points=LORENZ_POINTS)
        record[name]["lorenz"] = [[float(p), float(v)] for p, v in zip(curve.people, curve.value, strict=True)]
    record["by_settlement"] = [
        {
            "settlement": int(row["group"]),
            "name": CLASS_NAMES[int(row["group"])],
            "people": float(row["people"]),
            "coverage": float(row["mean"]),
        }
        for row in theil_parts(coverage, known, codes).groups.to_dict("records")
    ]
    return record


def gap_clusters(zones: gpd.GeoDataFrame, *, scenario: Scenario) -> Clusters:
    """Where the share of people in the gap is high, or low, among its like: zones without a rank are not known."""
    value = zones["gap_share"].to_numpy(dtype=np.float64, na_value=np.nan).copy()
    value[zones["rank"].isna().to_numpy()] = np.nan
    wanted = scenario.clusters
    return where_clusters(
        zones, value, permutations=wanted.permutations, alpha=wanted.false_discovery, seed=scenario.seed
    )


def cluster_columns(found: Clusters, zone_id: NDArray[Any]) -> dict[str, Any]:
    """Columns of the zones table: ``cluster`` and its p-value held to the rate of false discoveries."""
    table = found.zones.set_index(found.zones["zone_id"].astype(str)).loc[zone_id]
    return {"cluster": table["cluster"].to_numpy(dtype=object), "cluster_p": table["p_adjusted"].to_numpy()}


def cluster_record(found: Clusters, *, scenario: Scenario) -> dict[str, Any]:
    """`summary.json`'s ``clusters``."""
    counts = found.zones["cluster"].value_counts().sort_index()
    return {
        "of": "gap_share",
        "moran_i": float(found.moran_i),
        "p_value": float(found.p_value),
        "zones": {str(name): int(count) for name, count in counts.items()},
        "islands": {str(zone): str(near) for zone, near in sorted(found.islands.items())},
        "permutations": scenario.clusters.permutations,
        "false_discovery": scenario.clusters.false_discovery,
    }
