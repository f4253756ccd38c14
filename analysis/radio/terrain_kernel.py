"""Kernels of the terrain field: ground distance, profiles out of an elevation model, and who is reached by whom."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from analysis.radio.itm import path_loss
from analysis.radio.itm_profile import SCRATCH, Link

MAX_INTERVALS = 2048
"""A profile has at most so many steps: 15 m on the longest paths that are usual."""

NEAREST_M = 10.0
"""Shorter ground distances are taken as this: the model says nothing of the foot of a mast."""

_A = 6378137.0
_E2 = 0.0066943799901413165
"""WGS 84: semi-major axis, m, and squared eccentricity."""


class Sites(NamedTuple):
    """Sites as the kernels see them; arrays (n,) unless said.

    Attributes
    ----------
    lat, lon : float64
        Radians, WGS 84.
    col, row : float64
        Place in the elevation model, pixels, edges at whole numbers.
    reach_m : float64 (n, 3)
        Ground distance beyond which the site cannot serve a person of each class.
    allowed_db : float64 (n, 3)
        Largest loss at which it does.
    wave_number, height_m : float64
    impedance : complex128
    """

    lat: Any
    lon: Any
    col: Any
    row: Any
    reach_m: Any
    allowed_db: Any
    wave_number: Any
    height_m: Any
    impedance: Any


class Places(NamedTuple):
    """Sample points of a strip, `Sites`' first four, arrays (rows, nx, steps²)."""

    lat: Any
    lon: Any
    col: Any
    row: Any


class Air(NamedTuple):
    """What all paths share: refractivity at sea level, climate constants (23,), deviates (3,), mode, mobile height."""

    refractivity: float
    climate: Any
    deviates: Any
    mode: int
    mobile_height_m: float


@njit(cache=True, nogil=True)
def ground_metres(lat0: float, lon0: float, lat1: float, lon1: float) -> float:
    """Distance on the ellipsoid (WGS 84), metres, from the radii of curvature at the middle latitude; radians in.

    Within 1e-5 of the geodesic to 30 km and 1e-4 to 150 km, below 80° of latitude.
    """
    middle = 0.5 * (lat0 + lat1)
    turn = lon1 - lon0
    if turn > math.pi:
        turn -= 2 * math.pi
    elif turn < -math.pi:
        turn += 2 * math.pi
    w = 1.0 - _E2 * math.sin(middle) ** 2
    across = _A / math.sqrt(w)
    along = across * (1.0 - _E2) / w
    return math.hypot(across * math.cos(middle) * turn, along * (lat1 - lat0))


@njit(cache=True, nogil=True)
def intervals(col0: float, row0: float, col1: float, row1: float) -> int:
    """Steps of a profile: about one pixel each, at least 2 and at most `MAX_INTERVALS`."""
    return math.ceil(min(max(math.hypot(col1 - col0, row1 - row0), 2.0), float(MAX_INTERVALS)))


@njit(cache=True, nogil=True)
def _inside(heights: Any, col: float, row: float) -> bool:
    ny, nx = heights.shape
    return -1e-6 <= col <= nx + 1e-6 and -1e-6 <= row <= ny + 1e-6


@njit(cache=True, nogil=True)
def _height_at(heights: Any, col: float, row: float) -> float:
    """Bilinear height between pixel middles; NaN beside a pixel that is not known."""
    ny, nx = heights.shape
    u = min(max(col - 0.5, 0.0), nx - 1.0)
    v = min(max(row - 0.5, 0.0), ny - 1.0)
    i, j = int(u), int(v)
    fu, fv = u - i, v - j
    right = i + 1 if fu > 0.0 else i
    below = j + 1 if fv > 0.0 else j
    top = heights[j, i] * (1.0 - fu) + heights[j, right] * fu
    bottom = heights[below, i] * (1.0 - fu) + heights[below, right] * fu
    return top * (1.0 - fv) + bottom * fv


@njit(cache=True, nogil=True)
def fill_profile(heights: Any, col0: float, row0: float, col1: float, row1: float, n: int, z: Any) -> bool:
    """Write n + 1 heights of the straight line between two places into `z`; False as soon as one is not known."""
    if not (_inside(heights, col0, row0) and _inside(heights, col1, row1)):
        return False
    part = 1.0 / n
    for i in range(n + 1):
        # weighted from both ends, so that the way back meets the same places
        near, far = (n - i) * part, i * part
        z[i] = _height_at(heights, col0 * near + col1 * far, row0 * near + row1 * far)
        if math.isnan(z[i]):
            return False
    return True


@njit(cache=True, nogil=True)
def _pair(heights: Any, sites: Sites, s: int, col: float, row: float, metres: float, air: Air, z: Any) -> float:
    """Loss from a site to a place, dB; NaN when it is not known."""
    n = intervals(sites.col[s], sites.row[s], col, row)
    if not fill_profile(heights, sites.col[s], sites.row[s], col, row, n, z):
        return math.nan
    link = Link(sites.wave_number[s], sites.impedance[s], air.refractivity, sites.height_m[s], air.mobile_height_m)
    spacing = max(metres, NEAREST_M) / n
    return path_loss(z, n, spacing, link, air.climate, air.deviates, air.mode, z[MAX_INTERVALS + 1 :])


@njit(cache=True, nogil=True)
def _near(places: Places, i: int, j: int, kind: int, sites: Sites, listed: Any, kept: Any, far: Any) -> int:
    """Sites of `listed` that could serve some sample of a cell, nearest first, into `kept`; their number."""
    count = places.lat.shape[2]
    lat, lon = places.lat[i, j, count // 2], places.lon[i, j, count // 2]
    slack = 0.0
    for k in range(count):
        slack = max(slack, ground_metres(lat, lon, places.lat[i, j, k], places.lon[i, j, k]))
    found = 0
    for s in listed:
        metres = ground_metres(lat, lon, sites.lat[s], sites.lon[s])
        if metres <= (sites.reach_m[s, kind] + slack) * 1.001:
            kept[found], far[found] = s, metres
            found += 1
    order = np.argsort(far[:found], kind="mergesort")
    kept[:found] = kept[:found][order]
    return found


@njit(cache=True, nogil=True)
def _cell(heights: Any, places: Places, i: int, j: int, kind: int, sites: Sites, kept: Any, air: Air, z: Any) -> Any:
    """Samples of a cell that are reached, and of the others those of which it is not known."""
    reached = unknown = 0
    for k in range(places.lat.shape[2]):
        lat, lon = places.lat[i, j, k], places.lon[i, j, k]
        blind = served = False
        for s in kept:
            metres = ground_metres(lat, lon, sites.lat[s], sites.lon[s])
            if not metres <= sites.reach_m[s, kind]:
                continue
            loss = _pair(heights, sites, s, places.col[i, j, k], places.row[i, j, k], metres, air, z)
            if math.isnan(loss):
                blind = True
            elif loss <= sites.allowed_db[s, kind]:
                served = True
                break
        reached += served
        unknown += blind and not served
    return reached, unknown


@njit(cache=True, nogil=True)
def serve_strip(
    heights: Any, places: Places, person_class: Any, sites: Sites, starts: Any, members: Any, width: int, air: Air
) -> Any:
    """Samples reached and not known of every cell of a strip, int32 arrays (rows, nx).

    Parameters
    ----------
    heights : float32 array (ny, nx)
        Elevation model.
    places : Places
    person_class : int array (rows, nx)
    sites : Sites
    starts, members : int64 arrays
        Sites by block of `width` columns: those of block b are members[starts[b]:starts[b + 1]].
    width : int
    air : Air
    """
    rows, nx, _ = places.lat.shape
    reached = np.zeros((rows, nx), dtype=np.int32)
    unknown = np.zeros((rows, nx), dtype=np.int32)
    z = np.empty(MAX_INTERVALS + 1 + SCRATCH)
    kept, far = np.empty(members.size, dtype=np.int64), np.empty(members.size)
    for j in range(nx):
        listed = members[starts[j // width] : starts[j // width + 1]]
        if listed.size == 0:
            continue
        for i in range(rows):
            kind = person_class[i, j]
            found = _near(places, i, j, kind, sites, listed, kept, far)
            if found:
                reached[i, j], unknown[i, j] = _cell(heights, places, i, j, kind, sites, kept[:found], air, z)
    return reached, unknown
