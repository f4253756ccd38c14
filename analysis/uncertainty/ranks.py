"""Ranks of zones over many draws of what is not known for certain.

OECD and JRC (2008), Handbook on Constructing Composite Indicators, step 7; Saisana, Saltelli and Tarantola (2005,
Journal of the Royal Statistical Society A 168, 307–323). That ranks be shown with intervals: Goldstein and
Spiegelhalter (1996, the same journal, A 159, 385–443).

The standard error of a probability p is √(p (1 − p) / draws), at most 0.016 for 1,000 draws; that of a share of
variance is about 1 / √draws, 0.03.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from analysis.uncertainty.chance import Streams
from analysis.uncertainty.kernels import alike, place, twice_before
from analysis.uncertainty.shares import Tally
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from analysis.uncertainty.order import Ranked

KEPT = 0.9
"""Two zones are told apart when their order is kept in at least this share of the draws."""
LOW, HIGH = 0.05, 0.95
"""Ends of the interval of ranks."""
VALUES_AT_ONCE = 160_000
"""Draws are taken in batches of about this many values: they stay in the processor's cache, and memory bounded."""


class Model(Protocol):
    """What is ranked and what it depends on."""

    @property
    def zones(self) -> Ranked:
        """Zones of the input."""
        ...

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of all sources of doubt."""
        ...

    def draw(self, streams: Streams, count: int) -> dict[str, NDArray[np.float64]]:
        """Next `count` draws of every source that has any spread."""
        ...

    def keys(self, drawn: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """Keys (draws, ranked), largest first in the ranking, rounded; what is not drawn is at its central value."""
        ...


@dataclass(frozen=True, eq=False)
class RankUncertainty:
    """A ranking and how sure it is. Arrays are float64 (zones,) in the order of the input; NaN = the zone has no rank.

    Attributes
    ----------
    zone_id : str array (zones,)
    rank : array
        Of the central values, 1 = most in need; ties by zone id.
    top : int
        Size of the top, at most the number of ranked zones.
    top_probability : array
        Share of the draws in which the zone is in the top. Sums to `top`.
    rank_low, rank_median, rank_high : array
        5, 50 and 95 % quantiles of its ranks: the least rank that so many of the draws do not exceed.
    rank_mean : array
        Expected rank.
    before_next : array
        Share of the draws in which the zone stands before the next one of the ranking; NaN for the last.
    tier : array
        1, 2, …: neighbours of the ranking whose order is kept in less than 90 % of the draws share a tier. A tier is a
        chain: its first and last zone may well be told apart.
    alike_first, alike_last : array
        First and last rank from which the zone cannot be told apart, going outwards from its own until one can.
    key_share, rank_share : dict of source to array
        First-order share (0–1) of the variance of the zone's key and of its rank that the source explains, see
        `analysis.uncertainty.shares`; what they leave of 1 is interaction. NaN where nothing varies. Empty if not
        asked for.
    drawn_rank, drawn_level : unsigned int array (ranked, draws)
        Ranks of every draw, ties by zone id, and the same with tied zones level. Rows as in `row`.
    row : int64 array (ranked,)
        Row of the input of each.
    """

    zone_id: NDArray[np.str_]
    rank: NDArray[np.float64]
    top: int
    top_probability: NDArray[np.float64]
    rank_low: NDArray[np.float64]
    rank_median: NDArray[np.float64]
    rank_high: NDArray[np.float64]
    rank_mean: NDArray[np.float64]
    before_next: NDArray[np.float64]
    tier: NDArray[np.float64]
    alike_first: NDArray[np.float64]
    alike_last: NDArray[np.float64]
    key_share: dict[str, NDArray[np.float64]]
    rank_share: dict[str, NDArray[np.float64]]
    drawn_rank: NDArray[np.unsignedinteger[Any]]
    drawn_level: NDArray[np.unsignedinteger[Any]]
    row: NDArray[np.int64]

    def order_probability(self, i: ArrayLike, j: ArrayLike) -> NDArray[np.float64]:
        """Share of the draws in which zone `i` stands before zone `j`; a tie counts as half.

        Parameters
        ----------
        i, j : int array
            Rows of the input, of shapes that broadcast.

        Returns
        -------
        float64 array
            NaN where either has no rank. P(i, j) + P(j, i) = 1.
        """
        place_of = np.full(self.zone_id.size, -1)
        place_of[self.row] = np.arange(self.row.size)
        first, second = np.broadcast_arrays(place_of[np.asarray(i)], place_of[np.asarray(j)])
        out = np.full(first.shape, np.nan)
        for at in np.ndindex(first.shape):  # pair by pair: many pairs would be many copies of the draws
            if first[at] >= 0 and second[at] >= 0:
                out[at] = twice_before(self.drawn_level[first[at]], self.drawn_level[second[at]])
        return out / (2 * self.drawn_level.shape[1])

    def table(self) -> pd.DataFrame:
        """All arrays as columns, by row of the input; shares as ``key_share_<source>`` and ``rank_share_<source>``."""
        names = ("rank", "top_probability", "rank_low", "rank_median", "rank_high", "rank_mean", "before_next", "tier")
        columns = {name: getattr(self, name) for name in ("zone_id", *names, "alike_first", "alike_last")}
        columns |= {f"key_share_{source}": share for source, share in self.key_share.items()}
        return pd.DataFrame(columns | {f"rank_share_{source}": share for source, share in self.rank_share.items()})


def rank_uncertainty(
    model: Model, *, top: int, draws: int = 1000, seed: int = 0, sensitivity: bool = True
) -> RankUncertainty:
    """Rank the zones of a model in every draw.

    Parameters
    ----------
    model : Model
        From `gap_model` or `score_model`.
    top : int
        At least 1.
    draws : int
        At least 20, so that an interval of 5 to 95 % is one.
    seed : int
        At least 0. The same seed and input give the same answer, whatever the order of the zones.
    sensitivity : bool
        Whether to find out what each source explains; as many further draws for each source as draws.

    Returns
    -------
    RankUncertainty

    Raises
    ------
    SchemaError
        A number out of its range; every fault at once.
    """
    _require({"top": (top, 1), "draws": (draws, 20), "seed": (seed, 0)})
    ranks, levels, shares = _simulate(model, draws=draws, seed=seed, sensitivity=sensitivity)
    central = placed(model.keys({}))[0][0].astype(np.int64)
    zones, n = model.zones, central.size

    def spread(values: NDArray[Any]) -> NDArray[np.float64]:
        out = np.full(zones.zone_id.size, np.nan)
        out[zones.row] = values
        return out

    ordered = np.sort(ranks, axis=1, kind="stable")
    at = {q: ordered[:, int(np.ceil(round(q * draws, 9))) - 1] for q in (LOW, 0.5, HIGH)}
    before, tier, first, last = _tiers(levels, central)
    return RankUncertainty(
        zone_id=zones.zone_id,
        rank=spread(central),
        top=min(top, n),
        top_probability=spread((ranks <= top).mean(axis=1)),
        rank_low=spread(at[LOW]),
        rank_median=spread(at[0.5]),
        rank_high=spread(at[HIGH]),
        rank_mean=spread(ranks.mean(axis=1)),
        before_next=spread(before),
        tier=spread(tier),
        alike_first=spread(first),
        alike_last=spread(last),
        key_share={source: spread(share[0]) for source, share in shares.items()},
        rank_share={source: spread(share[1]) for source, share in shares.items()},
        drawn_rank=ranks,
        drawn_level=levels,
        row=zones.row,
    )


def _require(least: Mapping[str, tuple[int, int]]) -> None:
    faults = [
        Fault(name, f"{value} is too low", f"give at least {low}")
        for name, (value, low) in least.items()
        if value < low
    ]
    if faults:
        raise SchemaError(faults)


def placed(keys: NDArray[np.float64]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Ranks of each draw (draws, zones), ties by the order of the zones, and the same with tied zones level."""
    rank, level = np.empty(keys.shape, dtype=np.uint32), np.empty(keys.shape, dtype=np.uint32)
    place(np.argsort(keys, axis=1), keys, rank, level)  # the fast sort: `place` puts ties in order
    return rank, level


def _simulate(
    model: Model, *, draws: int, seed: int, sensitivity: bool
) -> tuple[NDArray[Any], NDArray[Any], dict[str, NDArray[np.float64]]]:
    """Ranks and levels (ranked, draws), and for each source the shares (2, ranked) of key and rank."""
    n = model.zones.row.size
    kind = np.uint16 if n <= np.iinfo(np.uint16).max else np.uint32
    ranks, levels = np.empty((2, n, draws), dtype=kind)
    tallies = {source: Tally((2, n)) for source in model.sources} if sensitivity else {}
    first, second = Streams(seed, "first"), Streams(seed, "second")
    centre = model.keys({})
    batch = max(1, VALUES_AT_ONCE // max(n, 1))
    for start in range(0, draws, batch):
        count = min(batch, draws - start)
        drawn = model.draw(first, count)
        keys = np.broadcast_to(model.keys(drawn), (count, n))
        rank, level = placed(keys)
        ranks[:, start : start + count], levels[:, start : start + count] = rank.T, level.T
        other = model.draw(second, count) if sensitivity else {}
        for source, tally in tallies.items():
            again = None
            if source in drawn:  # the source as it was, all others drawn again
                frozen = np.broadcast_to(model.keys(other | {source: drawn[source]}), (count, n))
                again = _outputs(frozen - centre, placed(frozen)[0])
            tally.add(_outputs(keys - centre, rank), again)
    return ranks, levels, {source: tally.share() for source, tally in tallies.items()}


def _outputs(keys: NDArray[np.float64], rank: NDArray[np.uint32]) -> NDArray[np.float64]:
    """Keys and ranks of each draw (draws, 2, zones)."""
    return np.stack([keys, rank.astype(np.float64)], axis=1)


def _tiers(levels: NDArray[Any], central: NDArray[np.int64]) -> tuple[NDArray[np.float64], ...]:
    """For each ranked zone: `before_next`, `tier`, `alike_first`, `alike_last`."""
    n, draws = levels.shape
    by_rank = np.argsort(central)
    ordered = levels[by_rank]
    twice = np.array([twice_before(ordered[p], ordered[p + 1]) for p in range(n - 1)], dtype=np.int64)
    needed = int(np.ceil(round(2 * draws * KEPT, 9)))
    before, tier = np.full(n, np.nan), np.ones(n)
    before[:-1] = twice / (2 * draws)
    tier[1:] += np.cumsum(twice >= needed)
    first, last = np.empty((2, n), dtype=np.int64)
    alike(ordered, needed, first, last)
    out = np.empty((4, n))
    out[:, by_rank] = before, tier, first + 1, last + 1
    return tuple(out)
