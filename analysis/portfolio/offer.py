"""The portfolio: whom each candidate lifts to which rung of the service ladder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.portfolio.ladder import Ladder, mobile_before
from analysis.portfolio.layout import lay_out, macro_reach
from analysis.portfolio.places import make_places, within_capacity
from analysis.portfolio.posts import WIFI

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from analysis.portfolio.layout import Ground, Layout, Triples
    from analysis.portfolio.places import Places


@dataclass(frozen=True, eq=False)
class Portfolio:
    """Candidates, places and who reaches whom.

    Attributes
    ----------
    posts : DataFrame
        See `analysis.portfolio.layout.Layout`.
    places : Places
    ladder : Ladder
    start : float64 array (places, rungs)
        Share of each place's people whose service is worth at least that rung before.
    indptr, rows, fraction : arrays
        Candidate `j` reaches ``fraction[k]`` of the people of place ``rows[k]``, ``indptr[j] <= k < indptr[j + 1]``;
        only where it lifts somebody.
    level : int64 array (candidates,)
        Rung that it lifts them to.
    dropped : dict of reason to int
        Why possible candidates are not among these.
    """

    posts: pd.DataFrame
    places: Places
    ladder: Ladder
    start: NDArray[np.float64]
    indptr: NDArray[np.int64]
    rows: NDArray[np.int64]
    fraction: NDArray[np.float64]
    level: NDArray[np.int64]
    dropped: dict[str, int]

    @property
    def size(self) -> int:
        """Number of candidates."""
        return len(self.posts)

    @property
    def owner(self) -> NDArray[np.int64]:
        """Candidate of each pair."""
        return np.repeat(np.arange(self.size), np.diff(self.indptr))


def make_portfolio(ground: Ground, layout: Layout | None = None, *, demand: float = 1.0) -> Portfolio:
    """Find whom each candidate lifts.

    Parameters
    ----------
    ground : Ground
    layout : Layout, optional
        Candidates, perhaps laid out on another footprint; laid out on this ground when not given.
    demand : float
        What a person asks of a hotspot or site, as a multiple of what the scenario assumes; room shrinks with it.
    """
    layout = lay_out(ground) if layout is None else layout
    scenario, posts = ground.scenario, layout.posts
    ladder = Ladder(scenario.investment.worth(scenario.target))
    limit = _limit(ground, posts) / demand
    kept = within_capacity(layout.steps, limit, wants=layout.steps.persons)
    within = ground.access.within[scenario.walking.reach_min]
    places, owner, place = make_places(ground.fragments, layout.steps, kept, has_wifi=within)
    start = _start(ground, places, ladder)
    level = np.array([ladder.level("wifi" if name == WIFI else name) for name in posts["technology"]], dtype=np.int64)
    macro = layout.macro if layout.variant == ground.variant else macro_reach(ground, posts, variant=ground.variant)
    far = _on_places(ground, places, macro, limit, start=start, level=level)
    pairs = _joined((owner, place, np.ones(owner.size)), far)
    return _useful(layout, places, ladder, start, pairs, level)


def _limit(ground: Ground, posts: pd.DataFrame) -> NDArray[np.float64]:
    """Persons that each candidate may serve; inf where the scenario does not ask for room."""
    wanted = ground.scenario.investment
    asked = np.where(posts["kind"].to_numpy() == "wifi", wanted.wifi_limit, wanted.site_limit)
    return np.where(asked, posts["capacity_people"].to_numpy(np.float64), np.inf)


def _start(ground: Ground, places: Places, ladder: Ladder) -> NDArray[np.float64]:
    """Share of each place's people at each rung or better, mobile and public WiFi together."""
    asked: dict[str, Any] = {
        "target": ground.scenario.target,
        "as_none": ground.scenario.investment.unknown == "as_none",
    }
    mobile = mobile_before(ground.ledger, ground.fragments, ladder, **asked)[places.fragment]
    below = np.arange(ladder.rungs.size) <= ladder.level("wifi")
    return np.where(below[None, :], np.maximum(mobile, places.has_wifi[:, None]), mobile)


def _on_places(
    ground: Ground,
    places: Places,
    macro: Triples,
    limit: NDArray[np.float64],
    *,
    start: NDArray[np.float64],
    level: NDArray[np.int64],
) -> Triples:
    """Shares of cells as shares of the places in them; where a site is full, the rest of its reach goes without."""
    owner, cell, fraction = macro
    order = np.argsort(places.cell, kind="stable")
    first = np.searchsorted(places.cell[order], np.arange(ground.fragments.cells.size + 1))
    count = np.diff(first)[cell]
    pair = np.repeat(np.arange(owner.size), count)
    within = np.arange(pair.size) - np.repeat(np.cumsum(count) - count, count)
    row = order[first[cell[pair]] + within]
    who, share = owner[pair], fraction[pair]
    if np.isfinite(limit[who]).any():
        rung = np.maximum(level[who], 0)
        wants = places.persons[row] * np.maximum(share - start[row, rung], 0.0)
        total = np.bincount(who, weights=wants, minlength=limit.size)
        room = np.divide(limit, total, out=np.ones(limit.size), where=total > limit)
        share = np.minimum(share, start[row, rung] + np.maximum(share - start[row, rung], 0.0) * room[who])
    return who, row, share


def _joined(a: Triples, b: Triples) -> Triples:
    """All pairs, sorted by candidate and place."""
    owner, row, share = (np.concatenate([one, two]) for one, two in zip(a, b, strict=True))
    order = np.lexsort((row, owner))
    return owner[order].astype(np.int64), row[order].astype(np.int64), share[order].astype(np.float64)


def _useful(
    layout: Layout,
    places: Places,
    ladder: Ladder,
    start: NDArray[np.float64],
    pairs: Triples,
    level: NDArray[np.int64],
) -> Portfolio:
    """Leave out pairs that lift nobody."""
    owner, row, share = pairs
    rung = level[owner]
    useful = (rung >= 0) & (share > start[row, np.maximum(rung, 0)]) & (places.persons[row] > 0)
    owner, row, share = owner[useful], row[useful], share[useful]
    count = np.bincount(owner, minlength=len(layout.posts))
    indptr = np.append(0, np.cumsum(count)).astype(np.int64)
    return Portfolio(layout.posts, places, ladder, start, indptr, row, np.minimum(share, 1.0), level, layout.dropped)
