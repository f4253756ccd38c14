"""Public WiFi on foot: who reaches free WiFi within 5, 10 and 15 minutes, which hotspot serves whom, and its room.

A hotspot is *open* when it works and is free to use; only open ones count. People live at points inside their cell
(`analysis.homes`); they walk along streets where the region has them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.footprint import known_share
from analysis.homes import home_chunks
from analysis.room import Room, room
from analysis.walking import NO_STREET, REASONS, on_earth
from geo.burn import covered_fraction
from geo.ground import ground_discs
from geo.walk import Pairs

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from analysis.fragments import Fragments
    from analysis.homes import Homes
    from analysis.on_foot import OnFoot
    from analysis.scenario import Scenario
    from analysis.walking import Walks
    from data.region import Region

WALKS_MIN = (5, 10, 15)
"""Minutes on foot for which people are counted."""

STRAIGHT_M = (400, 800)
"""Straight lines set beside them: what 5 and 10 minutes would be if nothing stood in the way."""


@dataclass(frozen=True, eq=False)
class Access:
    """Free public WiFi of a region, on foot.

    Fractions are of a fragment's people; where access is not known they are 0, as `known` is.

    Attributes
    ----------
    measure : str
        ``along streets``, or ``straight line × 1.3`` where the region has no streets. To be printed beside the figures.
    open : int64 array (open,)
        Rows of `region.wifi` that work and are free.
    known : float64 array (fragments,)
        Fraction for whom it is known which hotspots and streets there are.
    within : dict of minutes to float64 array (fragments,)
        Fraction known to have an open hotspot within that walk.
    along : dict of metres to float64 array (fragments,)
        The same within `STRAIGHT_M` metres of walk, whatever the slope.
    straight : dict of metres to float64 array (fragments,)
        The same within a straight line, people spread evenly.
    no_way : dict of reason to float64 array (fragments,)
        Fraction known to have no way to any open hotspot; reasons of `analysis.walking.REASONS`.
    minutes : float64 array (fragments,)
        Mean walk of those who have a way; NaN = nobody has.
    radio : float64 array (fragments,)
        Fraction known to live inside the radio range itself.
    people : float64 array (open, minutes)
        Persons, known ones, whose nearest hotspot it is within each walk.
    nearest : int64 array (cells,)
        Row of `region.wifi` that is nearest to most of each cell's people; -1 = nobody has a way, or not known.
    room : Room
        Of the open hotspots; everybody in reach counts as demand. `accessibility` is by fragment: places per person.
    off_street : int64 array
        Rows of `region.wifi`: open hotspots that no street is near.
    """

    measure: str
    open: NDArray[np.int64]
    known: NDArray[np.float64]
    within: dict[int, NDArray[np.float64]]
    along: dict[int, NDArray[np.float64]]
    straight: dict[int, NDArray[np.float64]]
    no_way: dict[str, NDArray[np.float64]]
    minutes: NDArray[np.float64]
    radio: NDArray[np.float64]
    people: NDArray[np.float64]
    nearest: NDArray[np.int64]
    room: Room
    off_street: NDArray[np.int64]

    @property
    def without(self) -> NDArray[np.float64]:
        """Fraction of each fragment's people known to have no way at all."""
        return np.sum(list(self.no_way.values()), axis=0)


def open_rows(region: Region) -> NDArray[np.int64]:
    """Rows of `region.wifi` that work and are free to use; none without a list."""
    if region.wifi is None:
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero((region.wifi["operational"] & region.wifi["free"]).to_numpy(dtype=bool))


def open_points(region: Region) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates, in the grid CRS, of the hotspots that work and are free."""
    if region.wifi is None:
        return np.empty(0), np.empty(0)
    table = region.wifi.iloc[open_rows(region)]
    return table["x"].to_numpy(dtype=np.float64), table["y"].to_numpy(dtype=np.float64)


def wifi_known(region: Region, fragments: Fragments) -> NDArray[np.float64]:
    """Fraction of each fragment in the area where the list of WiFi is complete; 0 everywhere without a list."""
    if region.wifi is None:
        return np.zeros(fragments.size)
    return known_share(region.wifi_known, fragments, region)


def within_range(region: Region, fragments: Fragments, *, metres: ArrayLike) -> NDArray[np.float64]:
    """Fraction of each fragment's people known to live within a straight line of an open hotspot.

    Parameters
    ----------
    region, fragments
        From the same run.
    metres : float or float array (open,)
        Ground metres, for all hotspots or for each of them.

    Notes
    -----
    Discs as polygons of 128 edges, laid on the cells exactly; people are spread evenly in a cell.
    """
    x, y = open_points(region)
    covered = covered_fraction(ground_discs(x, y, metres, region.grid), region.grid)
    return covered.ravel()[fragments.cell_id] * wifi_known(region, fragments)


@dataclass(eq=False)
class _Tally:
    """What is gathered from the homes, chunk by chunk; everything but `people` as a share of the fragment's people."""

    within: NDArray[np.float64]
    along: NDArray[np.float64]
    no_way: NDArray[np.float64]
    reached: NDArray[np.float64]
    minutes: NDArray[np.float64]
    people: NDArray[np.float64]
    nearest: NDArray[np.int64]
    near: list[Homes]
    off_street: list[NDArray[np.int64]]

    def add(self, fragments: Fragments, homes: Homes, walks: Walks, *, known: NDArray[np.float64]) -> None:
        """Count the homes of whole cells."""
        share, at, size = homes.share, homes.fragment, fragments.size
        for target, values, limits in (
            (self.within, walks.walk_time_min, WALKS_MIN),
            (self.along, walks.walk_m, STRAIGHT_M),
        ):
            for k, limit in enumerate(limits):
                target[k] += np.bincount(at, weights=share * (values <= limit), minlength=size)
        for k in range(1, len(REASONS)):
            self.no_way[k - 1] += np.bincount(at, weights=share * (walks.reason == k), minlength=size)
        on = np.isfinite(walks.walk_time_min)
        self.reached += np.bincount(at[on], weights=share[on], minlength=size)
        self.minutes += np.bincount(at[on], weights=share[on] * walks.walk_time_min[on], minlength=size)
        persons = fragments.persons[at] * share * known[at]
        for k, limit in enumerate(WALKS_MIN):
            here = walks.walk_time_min <= limit
            self.people[:, k] += np.bincount(walks.place[here], weights=persons[here], minlength=len(self.people))
        self._serve(fragments.cell[at[on]], walks.place[on], persons[on])
        self.near.append(homes.take((walks.walk_time_min <= WALKS_MIN[-1]) & (share > 0)))
        self.off_street.append(walks.places_off)

    def _serve(self, cell: NDArray[np.int64], place: NDArray[np.int64], persons: NDArray[np.float64]) -> None:
        """The hotspot nearest to most people of each cell; of equals the first."""
        if not len(self.people):
            return
        key, where = np.unique(cell * len(self.people) + place, return_inverse=True)
        served = np.bincount(where, weights=persons, minlength=key.size)
        owner, spot = np.divmod(key, len(self.people))
        order = np.lexsort((spot, -served, owner))
        first = order[np.unique(owner[order], return_index=True)[1]]
        first = first[served[first] > 0]
        self.nearest[owner[first]] = spot[first]


def _tally(fragments: Fragments, spots: int) -> _Tally:
    n, m = fragments.size, len(WALKS_MIN)
    return _Tally(
        within=np.zeros((m, n)),
        along=np.zeros((len(STRAIGHT_M), n)),
        no_way=np.zeros((len(REASONS) - 1, n)),
        reached=np.zeros(n),
        minutes=np.zeros(n),
        people=np.zeros((spots, m)),
        nearest=np.full(fragments.cells.size, -1, dtype=np.int64),
        near=[],
        off_street=[],
    )


def walk_to_wifi(region: Region, fragments: Fragments, foot: OnFoot, *, scenario: Scenario) -> Access:
    """Walk from every home to the nearest open hotspot, and count the people.

    Parameters
    ----------
    region, fragments
        From the same run.
    foot : OnFoot
        Streets and pace.
    scenario : Scenario
        Spacing of homes, radio range, users of an access point.

    Returns
    -------
    Access
        Without a list of WiFi nothing is known and every fraction is 0.
    """
    rows, (x, y) = open_rows(region), open_points(region)
    known = wifi_known(region, fragments)
    if region.streets is not None:
        known = known * known_share(region.streets_known, fragments, region)
    tally = _tally(fragments, rows.size)
    if region.wifi is not None:
        for homes in home_chunks(region, fragments, spacing_m=scenario.walking.home_spacing_m):
            walks = foot.walks(homes.x, homes.y, place_x=x, place_y=y)
            moved = homes.near_streets(walks.reason != NO_STREET)
            tally.add(fragments, moved, walks, known=known)
    with np.errstate(invalid="ignore"):
        minutes = np.where(known > 0, tally.minutes / tally.reached, np.nan)
    wanted = scenario.wifi
    outdoor = None if region.wifi is None else region.wifi["outdoor"].to_numpy(dtype=bool)[rows]
    range_m = np.empty(0) if outdoor is None else np.where(outdoor, wanted.outdoor_m, wanted.indoor_m)
    return Access(
        measure=foot.measure,
        open=rows,
        known=known,
        within={limit: _capped(tally.within[k]) * known for k, limit in enumerate(WALKS_MIN)},
        along={limit: _capped(tally.along[k]) * known for k, limit in enumerate(STRAIGHT_M)},
        straight={limit: within_range(region, fragments, metres=limit) for limit in STRAIGHT_M},
        no_way={why: _capped(tally.no_way[k]) * known for k, why in enumerate(REASONS[1:])},
        minutes=minutes,
        radio=within_range(region, fragments, metres=range_m),
        people=tally.people,
        nearest=np.where(tally.nearest >= 0, np.append(rows, -1)[tally.nearest], -1),
        room=_room(region, fragments, foot, tally.near, scenario=scenario),
        off_street=rows[np.unique(np.concatenate([np.empty(0, dtype=np.int64), *tally.off_street[:1]]))],
    )


def _capped(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums of shares, which rounding may lift above 1 or leave a crumb below it."""
    return np.where(share > 1 - 1e-12, 1.0, share)


def _room(region: Region, fragments: Fragments, foot: OnFoot, near: list[Homes], *, scenario: Scenario) -> Room:
    """Room at the open hotspots, and places per person by fragment.

    Everybody who lives in reach counts as demand, also where it is not known which other hotspots there are.
    """
    x, y = open_points(region)
    points = np.empty(0)
    if region.wifi is not None:
        points = region.wifi["access_points"].to_numpy(np.float64)[open_rows(region)]
    at = np.concatenate([np.empty(0, dtype=np.int64), *(homes.fragment for homes in near)])
    share = np.concatenate([np.empty(0), *(homes.share for homes in near)])
    home_x, home_y = (np.concatenate([np.empty(0), *(getattr(homes, axis) for homes in near)]) for axis in ("x", "y"))
    nobody = np.empty(0, dtype=np.int64)
    pairs = Pairs(nobody, nobody, np.empty(0))
    if x.size and at.size:
        pairs = foot.pairs(x, y, home_x=home_x, home_y=home_y, limit_min=WALKS_MIN[-1])
    found = room(
        pairs,
        persons=fragments.persons[at] * share,
        access_points=points,
        users_each=scenario.wifi.users_per_access_point,
        at_once=scenario.wifi.at_once,
    )
    places = np.bincount(at, weights=share * found.accessibility, minlength=fragments.size)
    return replace(found, accessibility=places)


def cells_near(
    region: Region, fragments: Fragments, x: NDArray[np.float64], y: NDArray[np.float64], *, metres: float
) -> NDArray[np.int64]:
    """Rows of `fragments.cells` with any ground within a straight line of one of the points, and a few more.

    Parameters
    ----------
    x, y : float64 arrays (n,)
        Points in the grid CRS.
    metres : float
        On the ground.
    """
    from scipy.spatial import KDTree

    grid = region.grid
    if not (x.size and fragments.cells.size):
        return np.empty(0, dtype=np.int64)
    middle = on_earth(*grid.centres(fragments.cells), grid.crs, "cells")
    # half a diagonal, and as much again for the stretch of an equal-area projection
    margin = 1.5 * grid.dx * grid.metres_per_unit
    far, _ = KDTree(on_earth(x, y, grid.crs, "points")).query(middle, distance_upper_bound=metres + margin)
    return np.flatnonzero(np.isfinite(far))
