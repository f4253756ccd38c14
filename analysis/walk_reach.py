"""Whom a new hotspot would have on its doorstep: the share of each cell's people within a walk of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.access import cells_near
from analysis.homes import home_chunks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.candidates import Reach, Triples
    from analysis.fragments import Fragments
    from analysis.on_foot import OnFoot
    from analysis.scenario import Walking
    from data.region import Region


def walk_reach(region: Region, fragments: Fragments, foot: OnFoot, *, walking: Walking) -> Reach:
    """Reach on foot, for candidates: who lives within the walk that counts as in reach.

    Parameters
    ----------
    region, fragments, foot
        From the same run; rows of the answer are rows of `fragments.cells`.
    walking : Walking
        Minutes and spacing of homes.

    Returns
    -------
    callable
        (x, y) → place, row and fraction of the cell's people, sorted by both.
    """

    def reach(x: NDArray[np.float64], y: NDArray[np.float64]) -> Triples:
        limit, size = float(walking.reach_min), fragments.cells.size
        cells = cells_near(region, fragments, x, y, metres=limit * foot.metres_per_min)
        keys: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)]
        shares: list[NDArray[np.float64]] = [np.empty(0)]
        for laid in home_chunks(region, fragments, cells=cells, spacing_m=walking.home_spacing_m):
            homes = laid.near_streets(foot.on_street(laid.x, laid.y))
            pairs = foot.pairs(x, y, home_x=homes.x, home_y=homes.y, limit_min=limit)
            at = homes.fragment[pairs.target]
            row = fragments.cell[at]
            part = homes.share[pairs.target] * fragments.persons[at] / fragments.people[row]
            key, where = np.unique(pairs.source * size + row, return_inverse=True)
            keys.append(key)
            shares.append(np.bincount(where, weights=part, minlength=key.size).astype(np.float64))
        # a chunk holds whole cells: no key stands in two of them
        key, share = np.concatenate(keys), np.minimum(np.concatenate(shares), 1.0)
        order = np.argsort(key, kind="stable")
        order = order[share[order] > 0]
        place, row = np.divmod(key[order], max(size, 1))
        return place.astype(np.int64), row.astype(np.int64), share[order]

    return reach
