"""Longley–Rice, first step: what a terrain profile says about a path (horizons, irregularity, effective heights).

Source of every formula here and in `itm_reference` and `itm_variability`: G. A. Hufford, The ITS Irregular Terrain
Model, version 1.2.2: the algorithm (NTIA/ITS, 1995), with the 1982 guide NTIA Report 82-100. Everything is counted from
each end by the same code, so that a path and its reverse give the same numbers.

A profile is `z`, heights in metres at n + 1 equally spaced places; positions on it are counted in intervals.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from numba import njit

_HEIGHTS = 245
"""Heights that the irregularity is taken from, at most."""

SCRATCH = 2 * _HEIGHTS
"""Working numbers that `read_profile` needs."""

_HALVINGS = 8

_EARTH_CURVATURE = 157e-9
"""1/m, of the Earth without atmosphere."""


class Link(NamedTuple):
    """What does not change along a path.

    Attributes
    ----------
    wave_number : float
        MHz / 47.7, in 1/m.
    impedance : complex
        Surface transfer impedance of the ground, relative.
    refractivity : float
        N-units at sea level.
    height0, height1 : float
        Of the antennas, metres above ground.
    """

    wave_number: float
    impedance: complex
    refractivity: float
    height0: float
    height1: float


class Path(NamedTuple):
    """What the profile says; metres and radians, 0 the first end and 1 the second."""

    distance: float
    curvature: float
    refractivity: float
    irregularity: float
    horizon0: float
    horizon1: float
    angle0: float
    angle1: float
    effective0: float
    effective1: float


@njit(cache=True, nogil=True)
def mean_height(z: Any, n: int) -> float:
    """Mean of the middle 80 % of the profile, metres; added up in pairs, the same from either end."""
    tenth = int(0.1 * n)
    total = z[n // 2] if n % 2 == 0 else 0.0
    for i in range(tenth, (n + 1) // 2):
        total += z[i] + z[n - i]
    return total / (n - 2 * tenth + 1)


@njit(cache=True, nogil=True)
def _horizon(z: Any, n: int, spacing: float, end: int, height: float, other: float, curvature: float) -> Any:
    """Intervals to the horizon seen from an end (0 or n), and its angle; n and the far antenna's angle if none."""
    top = z[end] + height
    drop = 0.5 * curvature
    distance = n * spacing
    angle = (z[n - end] + other - top) / distance - drop * distance
    step = 1 if end == 0 else -1
    found = n
    for k in range(1, n):
        along = k * spacing
        above = z[end + step * k] - top - (drop * along + angle) * along
        if above > 0.0:
            angle += above / along
            found = k
    return found, angle


@njit(cache=True, nogil=True)
def _fit(z: Any, first: int, last: int) -> tuple[float, float, float]:
    """Straight line through z[first..last], ends at half weight: height at the middle, slope, place of the middle."""
    length = last - first
    x = 0.5 * length
    mean = 0.5 * (z[first] + z[last])
    slope = 0.5 * (z[last] - z[first]) * x
    if length % 2 == 0 and length > 0:
        mean += z[first + length // 2]
    for k in range(1, (length + 1) // 2):
        x -= 1.0
        mean += z[first + k] + z[last - k]
        slope += (z[last - k] - z[first + k]) * x
    return mean / length, slope * 12.0 / ((length * length + 2.0) * length), last - 0.5 * length


@njit(cache=True, nogil=True)
def _ordered(values: Any, low: int, high: int, k: int) -> float:
    """Value at index k once values[low..high] were sorted; moves them about (Hoare's selection)."""
    while low < high:
        pivot = values[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if k <= j:
            high = j
        elif k >= i:
            low = i
        else:
            return values[k]
    return values[k]


@njit(cache=True, nogil=True)
def _ranked(values: Any, low: float, high: float, k: int, kept: Any) -> float:
    """Value at index k once `values` were sorted, low and high their least and greatest; `kept` is overwritten.

    The range of values is halved by counting, which processors do for several values at once, until few are left.
    """
    at_least, at_most = low, high
    below = 0
    for _ in range(_HALVINGS):
        middle = 0.5 * (at_least + at_most)
        count = 0
        for i in range(values.size):
            if values[i] < middle:
                count += 1
        if count <= k:
            at_least, below = middle, count
        else:
            at_most = middle
    found = 0
    for value in values:
        kept[found] = value
        found += at_least <= value <= at_most
    return _ordered(kept, 0, found - 1, k - below)


@njit(cache=True, nogil=True)
def _irregularity(z: Any, n: int, spacing: float, skip0: float, skip1: float, scratch: Any) -> float:
    """Δh, metres: range between the upper and lower decile about a fitted line, as it would be on a long path.

    `skip0` and `skip1` intervals beside the ends are left out.
    """
    length = n - (skip0 + skip1)
    if length < 2.0:
        return 0.0
    tenth = min(max(4, int(0.1 * (length + 8.0))), 25)
    count = 10 * tenth - 5
    step = length / (count - 1)
    for j in range(count):
        x = skip0 + j * step
        i = min(int(x), n - 1)
        scratch[j] = z[i] + (z[i + 1] - z[i]) * (x - i)
    mean, slope, middle = _fit(scratch, 0, count - 1)
    low, high = math.inf, -math.inf
    for j in range(count):
        scratch[j] -= mean + slope * (j - middle)
        low, high = min(low, scratch[j]), max(high, scratch[j])
    values, kept = scratch[:count], scratch[_HEIGHTS:]
    lower, upper = _ranked(values, low, high, tenth - 1, kept), _ranked(values, low, high, count - tenth, kept)
    return (upper - lower) / (1.0 - 0.8 * math.exp(-length * spacing / 50e3))


@njit(cache=True, nogil=True)
def _smooth_horizon(effective: float, irregularity: float, curvature: float) -> float:
    return math.sqrt(2.0 * effective / curvature) * math.exp(-0.07 * math.sqrt(irregularity / max(effective, 5.0)))


@njit(cache=True, nogil=True)
def _smooth_angle(effective: float, horizon: float, irregularity: float, curvature: float) -> float:
    smooth = math.sqrt(2.0 * effective / curvature)
    return (0.65 * irregularity * (smooth / horizon - 1.0) - 2.0 * effective) / smooth


@njit(cache=True, nogil=True)
def _clear_path(z: Any, n: int, spacing: float, link: Link, skip0: float, skip1: float, path: Path) -> Path:
    """Effective heights and horizons of a path in line of sight: those of the fitted ground."""
    e, dh = path.curvature, path.irregularity
    mean, slope, middle = _fit(z, int(skip0), n - int(skip1))
    he0 = link.height0 + max(z[0] - (mean - slope * middle), 0.0)
    he1 = link.height1 + max(z[n] - (mean + slope * (n - middle)), 0.0)
    dl0, dl1 = _smooth_horizon(he0, dh, e), _smooth_horizon(he1, dh, e)
    distance = n * spacing
    if dl0 + dl1 <= distance:
        stretch = (distance / (dl0 + dl1)) ** 2
        he0 *= stretch
        he1 *= stretch
        dl0, dl1 = _smooth_horizon(he0, dh, e), _smooth_horizon(he1, dh, e)
    angle0, angle1 = _smooth_angle(he0, dl0, dh, e), _smooth_angle(he1, dl1, dh, e)
    return Path(distance, e, path.refractivity, dh, dl0, dl1, angle0, angle1, he0, he1)


@njit(cache=True, nogil=True)
def read_profile(z: Any, n: int, spacing: float, link: Link, scratch: Any) -> Path:
    """Horizons, Δh and effective heights of a profile.

    Parameters
    ----------
    z : float64 array (≥ n + 1,)
        Heights, metres.
    n : int
        Intervals, at least 1.
    spacing : float
        Metres between heights.
    link : Link
    scratch : float64 array (SCRATCH,)
        Overwritten.

    Returns
    -------
    Path

    Notes
    -----
    Nine tenths of a horizon's distance can end exactly on a height. Here that height is taken; implementations that add
    up metres may by rounding take its neighbour, which moves the loss of a rough profile by up to some dB.
    """
    distance = n * spacing
    refractivity = link.refractivity
    system = mean_height(z, n)
    if system != 0.0:
        refractivity *= math.exp(-system / 9460.0)
    e = _EARTH_CURVATURE * (1.0 - 0.04665 * math.exp(refractivity / 179.3))
    k0, angle0 = _horizon(z, n, spacing, 0, link.height0, link.height1, e)
    k1, angle1 = _horizon(z, n, spacing, n, link.height1, link.height0, e)
    skip0 = min(15.0 * link.height0 / spacing, k0 / 10.0)
    skip1 = min(15.0 * link.height1 / spacing, k1 / 10.0)
    dh = _irregularity(z, n, spacing, skip0, skip1, scratch)
    path = Path(distance, e, refractivity, dh, k0 * spacing, k1 * spacing, angle0, angle1, 0.0, 0.0)
    if k0 + k1 > 1.5 * n:
        return _clear_path(z, n, spacing, link, skip0, skip1, path)
    mean, slope, middle = _fit(z, int(skip0), n - int(max(n - 9 * k0 / 10.0, 0.0)))
    he0 = link.height0 + max(z[0] - (mean - slope * middle), 0.0)
    mean, slope, middle = _fit(z, int(max(n - 9 * k1 / 10.0, 0.0)), n - int(skip1))
    he1 = link.height1 + max(z[n] - (mean + slope * (n - middle)), 0.0)
    return Path(distance, e, refractivity, dh, path.horizon0, path.horizon1, angle0, angle1, he0, he1)
