"""Where need clusters: local Moran's I over zones, by conditional permutations, with the false discovery rate held.

Anselin, "Local indicators of spatial association" (1995); Benjamini and Hochberg (1995) for the many tests, as Caldas
de Castro and Singer propose for local statistics (2006). PySAL's `esda` gives the same, and the tests ask it; it is not
called here because it compiles its loops anew in every process, 16 s on a small machine. Zones count alike however many
people they have: a share of few people is an unsteady figure, and the caller who minds hands over a smoothed one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array

from geo.crs import require_crs
from geo.errors import CRSError, RangeError

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

CLUSTERS = ("high-high", "low-high", "low-low", "high-low")
"""Names of the quadrants of Moran's scatterplot: the zone's own value first, then that of its neighbours."""

LEAST_ZONES = 3
"""With fewer known zones there is nothing to permute."""

ALIKE = 1e-9
"""Values whose range is below this share of the largest are all equal: the rest is rounding."""

DECIMALS = 9
"""Statistics are compared to this many decimals: equal values summed in another order must stay equal."""

SIMULATED = 1_000_000
"""Most simulated statistics held at once; more permutations are drawn in several goes."""


@dataclass(frozen=True)
class Clusters:
    """Where high and low values of zones lie together.

    Attributes
    ----------
    zones : DataFrame
        One row per zone in order of ``zone_id``. ``local_i`` (local Moran's I, no unit); ``p_value`` (two-sided pseudo
        p-value of the permutations); ``p_adjusted`` (the same by Benjamini and Hochberg); ``cluster``: "high-high" or
        "low-low" (a zone among its like), "high-low" or "low-high" (a high zone among low ones, and the reverse), "not
        significant", or "not known" (no value, or no neighbour with a value). The figures are NaN where not known, and
        everywhere when fewer than 3 zones are known or all are equal: no zone is significant then.
    moran_i, p_value : float
        Moran's I of all known zones, about −1 to 1, and its two-sided pseudo p-value; NaN as above.
    islands : dict of str to str
        Zones that touch no other, each with the nearest zone that stands in for its neighbours.
    """

    zones: pd.DataFrame
    moran_i: float
    p_value: float
    islands: dict[str, str]


def neighbours(zones: gpd.GeoDataFrame) -> tuple[NDArray[np.int64], dict[int, int]]:
    """Pairs of zones that meet in at least a point (queen contiguity), islands joined to the nearest zone.

    Zones meet where they intersect: edges that two offices drew, or that were cut, are rarely the same to the last
    digit, and the strict rule "touch but do not overlap" loses neighbours there.

    Parameters
    ----------
    zones : GeoDataFrame
        Polygons in a projected CRS.

    Returns
    -------
    pairs : int64 array (pairs, 2)
        Row numbers (zone, neighbour), each pair both ways, ascending.
    islands : dict of int to int
        Rows that meet no other, with the row of the nearest zone (by distance of the polygons, of equal ones the first
        row), which becomes a neighbour both ways.

    Raises
    ------
    CRSError
        No CRS, or degrees.
    """
    if require_crs(zones, what="zones").is_geographic:
        raise CRSError("zones: are in degrees; bring them to the grid's CRS, islands look for the nearest zone")
    shape = zones.geometry.to_numpy()
    if len(shape) < 2:
        return np.empty((0, 2), dtype=np.int64), {}
    tree = shapely.STRtree(shape)
    linked = tree.query(shape, predicate="intersects").T.astype(np.int64)
    linked = linked[linked[:, 0] != linked[:, 1]]
    alone = np.setdiff1d(np.arange(len(shape)), linked[:, 0])
    found, nearest = tree.query_nearest(shape[alone], exclusive=True, all_matches=True)
    near = pd.Series(nearest).groupby(alone[found]).min()
    joined = np.column_stack([near.index.to_numpy(dtype=np.int64), near.to_numpy(dtype=np.int64)])
    pairs = np.unique(np.concatenate([linked, joined, joined[:, ::-1]]), axis=0)
    return pairs, dict(joined.tolist())


def _extremes(observed: NDArray[np.float64], simulated: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many simulated statistics are at least, and at most, the observed one: (2, n) from (n,) and (n, runs)."""
    drawn, seen = np.round(simulated, DECIMALS), np.round(observed, DECIMALS)[:, None]
    return np.array([(drawn >= seen).sum(axis=1), (drawn <= seen).sum(axis=1)])


def _two_sided(extremes: NDArray[np.int64], permutations: int) -> NDArray[np.float64]:
    """Twice the smaller tail. Not esda's percentiles, which miss ties (its issue 504): gaps of 0 tie all the time."""
    return np.minimum(1.0, 2.0 * (extremes.min(axis=0) + 1) / (permutations + 1))


def _others(zones: int, widest: int, *, permutations: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Positions (permutations, widest) of other zones than one's own, none twice in a row."""
    return np.array([rng.choice(zones - 1, widest, replace=False) for _ in range(permutations)], dtype=np.int64)


def _chances(
    z: NDArray[np.float64], weights: csr_array, local: NDArray[np.float64], others: NDArray[np.int64]
) -> NDArray[np.int64]:
    """How many random arrangements of the other zones' values are as extreme for each zone: (2, zones)."""
    beyond = np.zeros((2, z.size), dtype=np.int64)
    count, scale = np.diff(weights.indptr), (z.size - 1) / (z @ z)
    for zone, width in enumerate(count.tolist()):
        without = np.concatenate([z[:zone], z[zone + 1 :]])
        chance = scale * z[zone] * without[others[:, :width]].mean(axis=1)
        beyond[:, zone] = _extremes(local[zone : zone + 1], chance[None, :])[:, 0]
    return beyond


def _global(
    z: NDArray[np.float64], weights: csr_array, *, permutations: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Moran's I of permuted values."""
    drawn = rng.permuted(np.tile(z, (permutations, 1)), axis=1)
    return (drawn * (weights @ drawn.T).T).sum(axis=1) / (z @ z)


def _tested(
    value: NDArray[np.float64], pairs: NDArray[np.int64], *, permutations: int, seed: int
) -> tuple[pd.DataFrame, float, float]:
    """Table of zones that all have a value and a neighbour, and the global statistic with its p-value."""
    from scipy.stats import false_discovery_control

    rows = np.unique(pairs, return_inverse=True)[1].reshape(-1, 2)
    count = np.bincount(rows[:, 0], minlength=value.size)
    weights = csr_array((1.0 / count[rows[:, 0]], (rows[:, 0], rows[:, 1])), shape=(value.size, value.size))
    z = (value - value.mean()) / value.std()
    around = weights @ z
    local = (z.size - 1) / (z @ z) * z * around
    moran_i = float(local.sum()) / (z.size - 1)  # Anselin 1995: the local ones sum to the global one
    batch = max(1, min(permutations, SIMULATED // value.size))
    rng = np.random.default_rng(seed)
    beyond, beyond_all = np.zeros((2, value.size), dtype=np.int64), np.zeros((2, 1), dtype=np.int64)
    for done in range(0, permutations, batch):
        size = min(batch, permutations - done)
        beyond += _chances(z, weights, local, _others(z.size, int(count.max()), permutations=size, rng=rng))
        beyond_all += _extremes(np.array([moran_i]), _global(z, weights, permutations=size, rng=rng)[None, :])
    p_value = _two_sided(beyond, permutations)
    high, near = z > 0, around > 0
    quadrant = np.where(high, np.where(near, 0, 3), np.where(near, 1, 2))
    table = {"local_i": local, "p_value": p_value, "p_adjusted": false_discovery_control(p_value), "q": quadrant}
    return pd.DataFrame(table), moran_i, float(_two_sided(beyond_all, permutations)[0])


def where_clusters(
    zones: gpd.GeoDataFrame,
    value: NDArray[np.float64],
    *,
    permutations: int = 9999,
    alpha: float = 0.05,
    seed: int = 0,
) -> Clusters:
    """Zones where high or low values lie together more than chance would have it.

    Parameters
    ----------
    zones : GeoDataFrame
        ``zone_id`` and polygons in a projected CRS, in any order.
    value : float64 array (zones,)
        Value of each zone, of any unit; NaN = not known: the zone is nobody's neighbour then.
    permutations : int
        Random arrangements of the other zones' values that each zone is compared with; no p-value is below
        2 / (permutations + 1).
    alpha : float
        Expected share of chance findings among the zones called a cluster, above 0 and below 1.
    seed : int
        0 or more. The same seed gives the same answer whatever the order of the rows.

    Returns
    -------
    Clusters

    Raises
    ------
    RangeError
        An infinite value; permutations below 1, α not between 0 and 1.
    CRSError
        See `neighbours`.
    ValueError
        Another number of values than of zones.
    """
    value = np.asarray(value, dtype=np.float64)
    if value.shape != (len(zones),):
        raise ValueError(f"{value.shape} values for {len(zones)} zones")
    if np.isinf(value).any() or permutations < 1 or not 0 < alpha < 1:
        raise RangeError(f"values are finite, permutations ({permutations}) 1 or more, alpha ({alpha}) between 0 and 1")
    order = np.argsort(zones["zone_id"].to_numpy().astype(str), kind="stable")
    zones, value = zones.iloc[order], value[order]
    names = zones["zone_id"].tolist()
    pairs, islands = neighbours(zones)
    pairs = pairs[~np.isnan(value[pairs]).any(axis=1)]
    rows = np.unique(pairs[:, 0])
    table = pd.DataFrame({"zone_id": names, "local_i": np.nan, "p_value": np.nan, "p_adjusted": np.nan})
    cluster = np.full(len(table), "not known", dtype=object)
    cluster[rows] = "not significant"
    moran_i = p_value = np.nan
    if rows.size >= LEAST_ZONES and np.ptp(value[rows]) > ALIKE * np.abs(value[rows]).max():
        tested, moran_i, p_value = _tested(value[rows], pairs, permutations=permutations, seed=seed)
        figures = ["local_i", "p_value", "p_adjusted"]
        table.loc[rows, figures] = tested[figures].to_numpy()
        found = np.flatnonzero(tested["p_adjusted"] <= alpha)
        cluster[rows[found]] = np.array(CLUSTERS, dtype=object)[tested["q"].to_numpy()[found]]
    table["cluster"] = cluster
    return Clusters(table, moran_i, p_value, {names[row]: names[near] for row, near in islands.items()})
