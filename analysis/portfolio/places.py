"""Places: the rows of the planning problem. The people of a place have the same new hotspots on their doorstep.

A cell of 1 km holds people who reach a hotspot on foot and people who do not. Homes (points of an even lattice) with
the same hotspots and small cells in reach, and the same answer to whether public WiFi is there already, are one place:
two hotspots at two ends of a cell serve two places, and nobody is counted twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.access import cells_near
from analysis.homes import home_chunks
from analysis.walking import on_earth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from analysis.fragments import Fragments
    from analysis.homes import Homes
    from analysis.on_foot import OnFoot
    from analysis.scenario import Walking
    from data.region import Region

_NO_ROWS, _NO_NUMBERS = np.empty(0, dtype=np.int64), np.empty(0)


@dataclass(frozen=True, eq=False)
class Places:
    """Rows of the planning problem, sorted by zone, cell and part.

    Attributes
    ----------
    fragment, zone, cell : int64 arrays (places,)
        Fragment, zone (−1 = outside every zone) and row of `Fragments.cells`.
    part : int64 array (places,)
        Number of the place in its fragment, from 0.
    persons : float64 array (places,)
        Sum to the fragment's persons.
    has_wifi : float64 array (places,)
        Fraction known to have open public WiFi within the walk that counts as in reach.
    """

    fragment: NDArray[np.int64]
    zone: NDArray[np.int64]
    cell: NDArray[np.int64]
    part: NDArray[np.int64]
    persons: NDArray[np.float64]
    has_wifi: NDArray[np.float64]

    @property
    def size(self) -> int:
        """Number of places."""
        return self.fragment.size


@dataclass(frozen=True, eq=False)
class Local:
    """Candidates that serve homes, not areas: `walk` says whether people walk to them or live inside `radius_m`."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    walk: NDArray[np.bool_]
    radius_m: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Doorsteps:
    """Homes of the cells that local candidates touch, and who reaches whom.

    Attributes
    ----------
    fragment : int64 array (homes,)
    persons : float64 array (homes,)
    has_wifi : bool array (homes,)
        Whether open public WiFi is there already.
    owner, home : int64 arrays (pairs,)
        Local candidate and home, sorted by both.
    far : float64 array (pairs,)
        Minutes on foot, or metres; only its order within one candidate means anything.
    cells : int64 array
        Rows of `Fragments.cells` whose homes are all here.
    """

    fragment: NDArray[np.int64]
    persons: NDArray[np.float64]
    has_wifi: NDArray[np.bool_]
    owner: NDArray[np.int64]
    home: NDArray[np.int64]
    far: NDArray[np.float64]
    cells: NDArray[np.int64]


def doorsteps(
    region: Region,
    fragments: Fragments,
    foot: OnFoot,
    local: Local,
    *,
    open_x: NDArray[np.float64],
    open_y: NDArray[np.float64],
    walking: Walking,
) -> Doorsteps:
    """Find who lives on the doorstep of local candidates.

    Parameters
    ----------
    region, fragments, foot
        From the same run.
    local : Local
    open_x, open_y : float64 arrays
        Public WiFi that is there, in the grid CRS.
    walking : Walking
        Minutes that count as in reach, spacing of homes.
    """
    limit = float(walking.reach_min)
    on_foot = cells_near(
        region, fragments, local.x[local.walk], local.y[local.walk], metres=limit * foot.metres_per_min
    )
    by_air = cells_near(
        region,
        fragments,
        local.x[~local.walk],
        local.y[~local.walk],
        metres=float(local.radius_m[~local.walk].max(initial=0.0)),
    )
    cells = np.union1d(on_foot, by_air).astype(np.int64)
    parts: list[tuple[Any, ...]] = [
        (_NO_ROWS, _NO_NUMBERS, np.empty(0, dtype=np.bool_), _NO_ROWS, _NO_ROWS, _NO_NUMBERS)
    ]
    ahead = 0
    for homes in _on_streets(region, fragments, foot, cells, spacing_m=walking.home_spacing_m):
        owner, home, far = _in_reach(local, homes, foot, limit_min=limit)
        there = foot.walks(homes.x, homes.y, place_x=open_x, place_y=open_y).walk_time_min <= limit
        persons = fragments.persons[homes.fragment] * homes.share
        parts.append((homes.fragment, persons, there, owner, home + ahead, far))
        ahead += homes.fragment.size
    fragment, persons, there, owner, home, far = (np.concatenate([part[k] for part in parts]) for k in range(6))
    order = np.lexsort((home, owner))
    return Doorsteps(fragment, persons, there, owner[order], home[order], far[order], cells)


def _on_streets(
    region: Region, fragments: Fragments, foot: OnFoot, cells: NDArray[np.int64], *, spacing_m: float
) -> Iterator[Homes]:
    """Homes with people, moved to where streets lead, as everywhere else people walk."""
    for laid in home_chunks(region, fragments, cells=cells, spacing_m=spacing_m):
        homes = laid.near_streets(foot.on_street(laid.x, laid.y))
        yield homes.take(homes.share > 0)


def _in_reach(
    local: Local, homes: Homes, foot: OnFoot, *, limit_min: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Candidate, home and how far, for those who walk and those whom a small cell covers."""
    walk, air = np.flatnonzero(local.walk), np.flatnonzero(~local.walk)
    found = foot.pairs(local.x[walk], local.y[walk], home_x=homes.x, home_y=homes.y, limit_min=limit_min)
    owner, home, far = [walk[found.source]], [found.target], [found.cost]
    if air.size and homes.x.size:
        near = _inside(local, air, homes, foot)
        owner.append(air[near["i"]])
        home.append(near["j"].astype(np.int64))
        far.append(near["v"])
    return np.concatenate(owner).astype(np.int64), np.concatenate(home), np.concatenate(far)


def _inside(local: Local, air: NDArray[np.int64], homes: Homes, foot: OnFoot) -> Any:
    """Pairs (i, j, v) of small cells and homes within each one's own radius, metres on the ground."""
    from scipy.spatial import KDTree

    spots = on_earth(local.x[air], local.y[air], foot.grid.crs, "small cells")
    lived = on_earth(homes.x, homes.y, foot.grid.crs, "homes")
    most = float(local.radius_m[air].max())
    found: Any = KDTree(spots).sparse_distance_matrix(KDTree(lived), most, output_type="ndarray")
    return found[found["v"] <= local.radius_m[air][found["i"]]]


def within_capacity(
    steps: Doorsteps, capacity: NDArray[np.float64], *, wants: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Pairs that a candidate has room for: the nearest homes first, as long as they fit whole.

    Parameters
    ----------
    steps : Doorsteps
    capacity : float64 array (candidates,)
        Persons that each can serve; inf = no limit.
    wants : float64 array (homes,)
        Persons of each home who would use it.
    """
    order = np.lexsort((steps.home, steps.far, steps.owner))
    running = np.cumsum(wants[steps.home[order]])
    first = np.searchsorted(steps.owner[order], np.arange(capacity.size))
    ahead = np.append(0.0, running)[first]
    owner = steps.owner[order]
    kept = np.empty(order.size, dtype=np.bool_)
    kept[order] = running - ahead[owner] <= capacity[owner] * (1 + 1e-9)
    return kept


def make_places(
    fragments: Fragments, steps: Doorsteps, kept: NDArray[np.bool_], *, has_wifi: NDArray[np.float64]
) -> tuple[Places, NDArray[np.int64], NDArray[np.int64]]:
    """Gather homes into places.

    Parameters
    ----------
    fragments : Fragments
    steps : Doorsteps
    kept : bool array (pairs,)
        Pairs that count.
    has_wifi : float64 array (fragments,)
        Fraction of each fragment's people known to have public WiFi in reach.

    Returns
    -------
    places : Places
    owner, place : int64 arrays (pairs,)
        Local candidate and row of `places`, sorted by both, each once.
    """
    owner, home = steps.owner[kept], steps.home[kept]
    group, first = _groups(steps, owner, home)
    touched = np.zeros(fragments.cells.size, dtype=np.bool_)
    touched[steps.cells] = True
    # a fragment whose WiFi is not wholly known: as much of its doorsteps as is known
    known = _known_part(fragments, steps, has_wifi)
    near = (
        steps.fragment[first],
        np.bincount(group, weights=steps.persons, minlength=first.size),
        np.where(steps.has_wifi[first], known[steps.fragment[first]], 0.0),
    )
    far = _untouched(fragments, has_wifi, rows=np.flatnonzero(~touched[fragments.cell]))
    fragment = np.concatenate([near[0], far[0]]).astype(np.int64)
    persons, wifi = (np.concatenate([near[k], far[k]]).astype(np.float64) for k in (1, 2))
    order = np.lexsort((np.arange(fragment.size), fragment, fragments.cell[fragment], fragments.zone[fragment]))
    sorted_fragment = fragment[order]
    starts = np.flatnonzero(np.append(True, np.diff(sorted_fragment) != 0))
    part = np.arange(order.size) - np.repeat(starts, np.diff(np.append(starts, order.size)))
    places = Places(
        sorted_fragment,
        fragments.zone[sorted_fragment],
        fragments.cell[sorted_fragment],
        part.astype(np.int64),
        persons[order],
        wifi[order],
    )
    row_of = np.empty(order.size, dtype=np.int64)
    row_of[order] = np.arange(order.size)
    key = np.unique(owner * max(order.size, 1) + row_of[group[home]])
    owner, place = np.divmod(key, max(order.size, 1))
    return places, owner, place


def _groups(
    steps: Doorsteps, owner: NDArray[np.int64], home: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Group of each home, numbered by their first homes, and those: equal fragment, WiFi and candidates in reach."""
    size = steps.fragment.size
    if not size:
        return _NO_ROWS, _NO_ROWS
    marks = np.random.default_rng(20_250_101).integers(0, 2**64, (2, int(owner.max(initial=0)) + 1), dtype=np.uint64)
    by_home = np.argsort(home, kind="stable")
    sums = np.zeros((2, size), dtype=np.uint64)
    reached, first = np.unique(home[by_home], return_index=True)
    if reached.size:  # sums of 128 random bits stand for sets; they wrap around
        sums[:, reached] = np.add.reduceat(marks[:, owner[by_home]], first, axis=1)
    keys = (sums[1], sums[0], steps.has_wifi, steps.fragment)
    order = np.lexsort((np.arange(size), *keys))
    new = np.append(True, np.any([np.diff(key[order].astype(np.uint64)) != 0 for key in keys], axis=0))
    heads = order[new]
    rank = np.argsort(np.argsort(heads))
    group = np.empty(size, dtype=np.int64)
    group[order] = rank[np.cumsum(new) - 1]
    return group, np.sort(heads).astype(np.int64)


def _known_part(fragments: Fragments, steps: Doorsteps, has_wifi: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of the people with WiFi on their doorstep, the fraction of whom that is known; 1 where all is."""
    there = np.bincount(steps.fragment, weights=steps.persons * steps.has_wifi, minlength=fragments.size)
    share = np.divide(there, fragments.persons, out=np.zeros(fragments.size), where=fragments.persons > 0)
    part = np.divide(has_wifi, share, out=np.ones(fragments.size), where=share > 0)
    return np.where(part > 1 - 1e-9, 1.0, part)


def _untouched(
    fragments: Fragments, has_wifi: NDArray[np.float64], *, rows: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Fragments that no local candidate is near: those with WiFi and those without, each one place."""
    with_it, persons = has_wifi[rows], fragments.persons[rows]
    some, others = with_it > 0, with_it < 1
    return (
        np.concatenate([rows[some], rows[others]]),
        np.concatenate([(persons * with_it)[some], (persons * (1 - with_it))[others]]),
        np.concatenate([np.ones(int(some.sum())), np.zeros(int(others.sum()))]),
    )
