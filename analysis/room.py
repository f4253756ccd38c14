"""Is there room for everybody: enhanced two-step floating catchment areas of public WiFi, and how full it gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo.errors import GridError, RangeError
from geo.walk import Pairs, walk_pairs

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from geo.network import Network
    from geo.snap import Snapped

BANDS = ((5.0, 1.0), (10.0, 0.68), (15.0, 0.22))
"""Minutes on foot to the end of each band, that end included, and its weight. The weights are those of Luo and Qi
(2009, Health & Place 15, 1100–1107) for three zones of 10 minutes by car; 5, 10 and 15 minutes on foot are this
project's choice."""


@dataclass(frozen=True, eq=False)
class Room:
    """Room at hotspots and what people can have of it.

    Attributes
    ----------
    capacity : float64 array (hotspots,)
        People that a hotspot serves at once: access points × users each; NaN = not known.
    demand : float64 array (hotspots,)
        People in reach, each by the weight of their band; somebody in reach of two hotspots counts at both.
    ratio : float64 array (hotspots,)
        Places per weighted person, capacity / demand; NaN where the capacity is not known or nobody is in reach.
    accessibility : float64 array (cells,)
        Places per person: the ratios of all hotspots in reach × the weight of the band. 0 = none in reach, NaN = some
        hotspot in reach has no known capacity.
    expected : float64 array (hotspots,)
        People online at once if the share `at_once` of those assigned is.
    assigned : float64 array (hotspots,)
        People if everybody in reach shares themselves out over the hotspots by their weights, each counted once.
    """

    capacity: NDArray[np.float64]
    demand: NDArray[np.float64]
    ratio: NDArray[np.float64]
    accessibility: NDArray[np.float64]
    expected: NDArray[np.float64]
    assigned: NDArray[np.float64]

    @property
    def over(self) -> NDArray[np.bool_]:
        """Hotspots that more people are expected at than there is room for; False where the capacity is not known."""
        return self.expected > self.capacity

    @property
    def under(self) -> NDArray[np.bool_]:
        """Hotspots with room for everybody expected; False where the capacity is not known."""
        return self.expected <= self.capacity


def band_weight(minutes: ArrayLike, bands: tuple[tuple[float, float], ...] = BANDS) -> NDArray[np.float64]:
    """Weight of the band in which each time lies; 0 beyond the last.

    Raises
    ------
    RangeError
        The bands do not follow each other, or their weights are not between 0 and 1 and falling.
    """
    ends, weights = np.array(bands, dtype=np.float64).reshape(-1, 2).T
    falling = (np.diff(weights) <= 0).all() and ((weights > 0) & (weights <= 1)).all()
    if not (ends.size and ends[0] > 0 and (np.diff(ends) > 0).all() and falling):
        raise RangeError(f"bands {bands}: the ends must grow from above 0, the weights fall and lie above 0, at most 1")
    return np.append(weights, 0.0)[np.searchsorted(ends, np.asarray(minutes, dtype=np.float64), side="left")]


def reach_pairs(
    network: Network,
    *,
    hotspots: Snapped,
    homes: Snapped,
    minutes: ArrayLike,
    minutes_per_m: float,
    bands: tuple[tuple[float, float], ...] = BANDS,
) -> Pairs:
    """Hotspots (sources) and homes (targets) within the last band of each other, in minutes along streets.

    Parameters
    ----------
    minutes : float array (edges,)
        To walk each edge (`analysis.walking.edge_minutes`).
    minutes_per_m : float
        On the legs off the street.
    """
    return walk_pairs(
        network, sources=hotspots, targets=homes, cost=minutes, off_cost=minutes_per_m, limit=bands[-1][0]
    )


def _people(persons: ArrayLike, pairs: Pairs) -> NDArray[np.float64]:
    people = np.asarray(persons, dtype=np.float64)
    wrong = np.flatnonzero(~((people >= 0) & np.isfinite(people)))
    if wrong.size:
        raise RangeError(f"{wrong.size} cells have fewer than 0 people or an unknown number, first: row {wrong[0]}")
    if pairs.target.size and not 0 <= pairs.target.min() <= pairs.target.max() < people.size:
        raise GridError(f"pairs name home {pairs.target.max()} of {people.size}")
    return people


def _capacity(access_points: ArrayLike, users_each: float, pairs: Pairs) -> NDArray[np.float64]:
    points = np.asarray(access_points, dtype=np.float64)
    wrong = np.flatnonzero((points < 0) | np.isinf(points))
    if wrong.size or not 0 <= users_each < np.inf:
        raise RangeError(f"{wrong.size} hotspots with a negative number of access points; {users_each} users each")
    if pairs.source.size and not 0 <= pairs.source.min() <= pairs.source.max() < points.size:
        raise GridError(f"pairs name hotspot {pairs.source.max()} of {points.size}")
    return points * users_each


def _sums(row: NDArray[np.int64], values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    return np.bincount(row, weights=values, minlength=size).astype(np.float64)


def room(
    pairs: Pairs,
    *,
    persons: ArrayLike,
    access_points: ArrayLike,
    users_each: float,
    at_once: float,
    bands: tuple[tuple[float, float], ...] = BANDS,
) -> Room:
    """Enhanced two-step floating catchment areas (Luo and Qi 2009).

    Parameters
    ----------
    pairs : Pairs
        Hotspot, cell and minutes on foot, each pair at most once.
    persons : float array (cells,)
        0 or more.
    access_points : float array (hotspots,)
        NaN = not known.
    users_each : float
        People that one access point serves at once; depends on equipment and use, so there is no default.
    at_once : float
        Share (0–1) of the people in reach who are online at the same time; likewise.
    bands : tuple of (minutes, weight)

    Returns
    -------
    Room
        Σ persons × accessibility = Σ capacity of the hotspots with anybody in reach, when all capacities are known.

    Raises
    ------
    RangeError
        A negative or unknown number of people, a negative number of access points, a share outside 0–1.
    GridError
        Pairs that name rows which are not there.

    Notes
    -----
    Step 1: R_j = S_j / Σ_k P_k W_kj over the cells k in reach. Step 2: A_i = Σ_j R_j W_ij.
    """
    if not 0 <= at_once <= 1:
        raise RangeError(f"at_once is {at_once}; it is a share between 0 and 1")
    people, capacity = _people(persons, pairs), _capacity(access_points, users_each, pairs)
    spot, cell, weight = pairs.source, pairs.target, band_weight(pairs.cost, bands)
    near = weight > 0
    spot, cell, weight = spot[near], cell[near], weight[near]
    demand = _sums(spot, people[cell] * weight, capacity.size)
    ratio = np.divide(capacity, demand, out=np.full(capacity.size, np.nan), where=demand > 0)
    # a hotspot that nobody lives near still gives nothing to the cells around it: they hold nobody
    gives = np.where(demand > 0, ratio, np.where(np.isnan(capacity), np.nan, 0.0))
    accessibility = _sums(cell, gives[spot] * weight, people.size)
    total = _sums(cell, weight, people.size)
    assigned = _sums(spot, people[cell] * weight / total[cell], capacity.size)
    return Room(capacity, demand, ratio, accessibility, at_once * assigned, assigned)
