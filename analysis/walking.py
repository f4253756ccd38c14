"""How far people walk to the nearest place: along streets where they are known, otherwise by a labelled rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pyproj import Transformer

from geo.errors import GridError, RangeError
from geo.snap import snap
from geo.walk import walk

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from pyproj import CRS

    from geo.network import Network
    from geo.snap import Snapped

REACHED, NO_STREET, NOT_JOINED, NO_PLACE = 0, 1, 2, 3
REASONS = ("reached", "no street near home", "streets not joined to any place", "no place on any street")
"""Why a walk has no length, by the code in `Walks.reason`."""

ALONG_STREETS = "along streets"


@dataclass(frozen=True)
class Pace:
    """How people walk.

    Attributes
    ----------
    speed_kmh : float
        On flat ground. 4.8 km/h = 80 m/min, with which British accessibility studies plan (Thurrock Council, study of
        travel access, "Travel types"); 400 m are then 5 minutes.
    detour : float
        Length of a walk over its straight line, for places without streets. 1.3 is this project's own choice: random
        points in cities 1.2 (Newell 1980), station catchments 1.21–1.23 (O'Sullivan 1996), people on foot more (Dill
        2003), as gathered in "Transportation Geography and Network Science: Circuity".
    off_street_m : float
        Straight metres from home, or from a place, to the nearest street, at most; an assumption.
    steepest : float
        Slope (rise over run) above which walking slows no further: a short edge over a rough elevation model would
        otherwise take hours. An assumption.

    Raises
    ------
    RangeError
        A value that no walk has.
    """

    speed_kmh: float = 4.8
    detour: float = 1.3
    off_street_m: float = 500.0
    steepest: float = 0.5

    def __post_init__(self) -> None:
        for name, least in (("speed_kmh", 0.1), ("detour", 1.0), ("off_street_m", 0.0), ("steepest", 0.0)):
            value = getattr(self, name)
            if not least <= value < np.inf:
                raise RangeError(f"{name} is {value}; it must be {least:g} or more and finite")

    @property
    def minutes_per_m(self) -> float:
        """Minutes per metre on flat ground."""
        return 0.06 / self.speed_kmh


@dataclass(frozen=True, eq=False)
class Walks:
    """Walk from each home to the nearest place.

    Attributes
    ----------
    walk_time_min : float64 array (n,)
        Minutes of the quickest way, the mean of there and back; inf = cannot be reached (see `reason`).
    walk_m : float64 array (n,)
        Metres on the ground of the shortest way (on slopes not always the quickest one); inf as above.
    place : int64 array (n,)
        Row of the place that the quickest way leads to, of equally quick ones the first; -1 = none.
    reason : int8 array (n,)
        `REACHED` or why not; words in `REASONS`.
    places_off : int64 array
        Rows of the places that no street is near.
    measure : str
        What the figures mean: ``along streets`` or ``straight line × 1.3``. To be printed beside them.
    flat_edges, capped_edges : int
        Edges whose slope is not known, taken as flat, and those steeper than `Pace.steepest`, taken as that steep.
    """

    walk_time_min: NDArray[np.float64]
    walk_m: NDArray[np.float64]
    place: NDArray[np.int64]
    reason: NDArray[np.int8]
    places_off: NDArray[np.int64]
    measure: str
    flat_edges: int = 0
    capped_edges: int = 0


def slope_factor(slope: ArrayLike) -> NDArray[np.float64]:
    """Time to walk up and down a slope over time on the flat, mean of both ways.

    Parameters
    ----------
    slope : float array
        Rise over run, 0 or more.

    Notes
    -----
    Tobler's hiking function 6 exp(−3.5 |s + 0.05|) km/h (Tobler 1993, NCGIA Technical Report 93-1), scaled to 1 on the
    flat: up exp(3.5 s); down exp(−3.5 s) to 5 %, then exp(3.5 s − 0.35). So the mean is cosh(3.5 s) to 5 %, and
    exp(3.5 s) · (1 + exp(−0.35)) / 2 beyond.
    """
    s = np.asarray(slope, dtype=np.float64)
    return 0.5 * (np.exp(3.5 * s) + np.exp(3.5 * np.abs(s - 0.05) - 0.175))


def edge_minutes(network: Network, pace: Pace, *, slopes: bool = True) -> tuple[NDArray[np.float64], int, int]:
    """Minutes to walk each edge, mean of both directions; without `slopes` as if the ground were flat.

    Returns
    -------
    minutes : float64 array (edges,)
    flat, capped : int
        Edges without a known slope while others have one, and edges steeper than `pace.steepest`.

    Notes
    -----
    An edge's slope is (climb + fall) / length everywhere on it. However its rises and falls follow each other, the mean
    of both directions then depends on this slope alone.
    """
    flat = network.length_m * pace.minutes_per_m
    if not slopes or network.climb_m is None or network.fall_m is None:
        return flat, 0, 0
    slope = np.divide(
        network.climb_m + network.fall_m, network.length_m, out=np.zeros(flat.size), where=network.length_m > 0
    )
    known = np.isfinite(slope)
    capped = int((slope[known] > pace.steepest).sum())
    minutes = flat * slope_factor(np.where(known, np.minimum(slope, pace.steepest), 0.0))
    return minutes, int((~known).sum()), capped


def _reasons(homes: Snapped, places: Snapped, minutes: NDArray[np.float64]) -> NDArray[np.int8]:
    reason = np.where(np.isfinite(minutes), REACHED, NOT_JOINED)
    if not (places.edge >= 0).any():
        reason[:] = NO_PLACE
    reason[homes.edge < 0] = NO_STREET
    return reason.astype(np.int8)


def street_walks(
    network: Network,
    *,
    home_x: ArrayLike,
    home_y: ArrayLike,
    place_x: ArrayLike,
    place_y: ArrayLike,
    pace: Pace | None = None,
    minutes: NDArray[np.float64] | None = None,
) -> Walks:
    """Walk along streets from each home to the nearest place, legs to and from the street included.

    Parameters
    ----------
    network : Network
        Streets open to people on foot, walked both ways.
    home_x, home_y : float arrays (n,)
        Where people live, in the network's CRS, all finite.
    place_x, place_y : float arrays (m,)
        Where they walk to (operational hotspots), likewise.
    pace : Pace, optional
    minutes : float64 array (edges,), optional
        To walk each edge, where they are known already; default: `edge_minutes`.

    Returns
    -------
    Walks
        The legs off the street are straight and flat. Another place never makes a walk longer.

    Raises
    ------
    GridError
        Unequal lengths, or coordinates that are not finite.
    """
    pace = pace or Pace()
    homes = snap(network, home_x, home_y, max_m=pace.off_street_m)
    places = snap(network, place_x, place_y, max_m=pace.off_street_m)
    flat = capped = 0
    if minutes is None:
        minutes, flat, capped = edge_minutes(network, pace)
    quick = walk(network, sources=places, targets=homes, cost=minutes, off_cost=pace.minutes_per_m)
    metres = walk(network, sources=places, targets=homes, cost=network.length_m, off_cost=1.0).cost
    reason, off = _reasons(homes, places, quick.cost), np.flatnonzero(places.edge < 0)
    return Walks(quick.cost, metres, quick.source, reason, off, ALONG_STREETS, flat, capped)


def on_earth(x: ArrayLike, y: ArrayLike, crs: CRS, what: str) -> NDArray[np.float64]:
    """Places in metres from the centre of the Earth, so that a chord is a distance on the ground."""
    px, py = np.asarray(x, dtype=np.float64).ravel(), np.asarray(y, dtype=np.float64).ravel()
    if px.size != py.size:
        raise GridError(f"{what}: {px.size} x for {py.size} y")
    lon, lat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(px, py)
    there = Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    xyz = np.column_stack(there.transform(lon, lat, np.zeros(px.size))).reshape(-1, 3)
    if not np.isfinite(xyz).all():
        raise GridError(f"{what}: a point without finite coordinates has no place; drop it first")
    return xyz


def straight_walks(
    crs: CRS,
    *,
    home_x: ArrayLike,
    home_y: ArrayLike,
    place_x: ArrayLike,
    place_y: ArrayLike,
    pace: Pace | None = None,
) -> Walks:
    """Straight line on the ground × the detour factor, where a region has no streets; parameters as in `street_walks`.

    Returns
    -------
    Walks
        `measure` names the rule. Rivers, motorways and hills are not seen.
    """
    from scipy.spatial import KDTree

    pace = pace or Pace()
    homes, places = on_earth(home_x, home_y, crs, "homes"), on_earth(place_x, place_y, crs, "places")
    metres, place = np.full(len(homes), np.inf), np.full(len(homes), -1, dtype=np.int64)
    if len(places):
        once, first = np.unique(places, axis=0, return_index=True)  # of several at one spot the first serves
        metres, nearest = KDTree(once).query(homes)
        metres, place = metres * pace.detour, first[nearest].astype(np.int64)
    reason = np.where(np.isfinite(metres), REACHED, NO_PLACE).astype(np.int8)
    measure = f"straight line × {pace.detour:g}"
    return Walks(metres * pace.minutes_per_m, metres, place, reason, np.empty(0, dtype=np.int64), measure)
