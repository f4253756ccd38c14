"""Longley–Rice, second step: the reference attenuation, by line of sight, diffraction or tropospheric scatter.

Source: see `itm_profile`. dB relative to free space; metres and radians.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from numba import njit

if TYPE_CHECKING:
    from analysis.radio.itm_profile import Link, Path

_DB = 4.343
"""10 / ln 10, as the algorithm writes it."""

_NO_SCATTER = 1001.0


class _Bend(NamedTuple):
    """Parts of the diffraction attenuation that do not depend on distance."""

    angle: float
    reach: float
    smooth: float
    weight: float
    spread: float
    clutter: float
    heights: float
    inverse: float
    x: float


@njit(cache=True, nogil=True)
def _knife_edge(v2: float) -> float:
    """Fresnel knife edge, v2 the square of ν."""
    if v2 < 5.76:
        return 6.02 + 9.11 * math.sqrt(v2) - 1.27 * v2
    return 12.953 + _DB * math.log(v2)


@njit(cache=True, nogil=True)
def _height_gain(x: float, k: float) -> float:
    """Height gain over a smooth sphere, by the three-radii method."""
    if x < 200.0:
        w = -math.log(k)
        if k < 1e-5 or x * w**3 > 5495.0:
            return 17.372 * math.log(x) - 117.0 if x > 1.0 else -117.0
        return 2.5e-5 * x * x / k - 8.686 * w - 15.0
    gain = 0.05751 * x - _DB * math.log(x)
    if x < 2000.0:
        w = 0.0134 * x * math.exp(-0.005 * x)
        gain = (1.0 - w) * gain + w * (17.372 * math.log(x) - 117.0)
    return gain


@njit(cache=True, nogil=True)
def rough(distance: float, irregularity: float) -> float:
    """Δh as it shows over a distance, metres."""
    return (1.0 - 0.8 * math.exp(-distance / 50e3)) * irregularity


@njit(cache=True, nogil=True)
def _deviation(delta: float) -> float:
    """σh, metres, of a Δh at a distance."""
    return 0.78 * delta * math.exp(-((delta / 16.0) ** 0.25))


@njit(cache=True, nogil=True)
def _sphere(horizon: float, effective: float, wave_number: float, inverse: float) -> tuple[float, float]:
    radius = 0.5 * horizon**2 / effective
    scale = (radius * wave_number) ** (1.0 / 3.0)
    k = inverse / scale
    x = (1.607 - k) * 151.0 * scale * horizon / radius
    return x, _height_gain(x, k)


@njit(cache=True, nogil=True)
def _bend(path: Path, link: Link) -> _Bend:
    heights = link.height0 * link.height1
    weight = math.sqrt(1.0 + (path.effective0 * path.effective1 - heights) / (heights + 10.0))
    reach = path.horizon0 + path.horizon1
    angle = max(path.angle0 + path.angle1, -reach * path.curvature)
    smooth = math.sqrt(2.0 * path.effective0 / path.curvature) + math.sqrt(2.0 * path.effective1 / path.curvature)
    sigma = _deviation(rough(smooth, path.irregularity))
    clutter = min(15.0, 2.171 * math.log(1.0 + 4.77e-4 * heights * link.wave_number * sigma))
    inverse = 1.0 / abs(link.impedance)
    x0, gain0 = _sphere(path.horizon0, path.effective0, link.wave_number, inverse)
    x1, gain1 = _sphere(path.horizon1, path.effective1, link.wave_number, inverse)
    gains = 20.0 + (gain0 + gain1)
    return _Bend(angle, reach, smooth, weight, reach + angle / path.curvature, clutter, gains, inverse, x0 + x1)


@njit(cache=True, nogil=True)
def _diffraction(d: float, path: Path, link: Link, bend: _Bend) -> float:
    """Weighted mean of two knife edges and a smooth sphere, with the clutter term."""
    theta = bend.angle + d * path.curvature
    beyond = d - bend.reach
    v2 = 0.0795775 * link.wave_number * beyond * theta**2
    edges = _knife_edge(v2 * path.horizon0 / (beyond + path.horizon0))
    edges += _knife_edge(v2 * path.horizon1 / (beyond + path.horizon1))
    scale = (beyond / theta * link.wave_number) ** (1.0 / 3.0)
    x = (1.607 - bend.inverse / scale) * 151.0 * scale * theta + bend.x
    sphere = 0.05751 * x - _DB * math.log(x) - bend.heights
    q = (bend.weight + bend.spread / d) * min(rough(d, path.irregularity) * link.wave_number, 6283.2)
    share = 25.1 / (25.1 + math.sqrt(q))
    return sphere * share + (1.0 - share) * edges + bend.clutter


@njit(cache=True, nogil=True)
def _two_rays(d: float, path: Path, link: Link, smooth: float, slope: float, start: float) -> float:
    """Line-of-sight attenuation at a distance: two rays, weighted against the diffraction line."""
    sigma = _deviation(rough(d, path.irregularity))
    heights = path.effective0 + path.effective1
    grazing = heights / math.sqrt(d * d + heights * heights)
    loss = math.exp(-min(10.0, link.wave_number * sigma * grazing))
    reflected = (grazing - link.impedance) / (grazing + link.impedance) * loss
    q = reflected.real**2 + reflected.imag**2
    if q < 0.25 or q < grazing:
        reflected *= math.sqrt(grazing / q)
    phase = link.wave_number * path.effective0 * path.effective1 * 2.0 / d
    if phase > 1.57:
        phase = 3.14 - 2.4649 / phase
    total = complex(math.cos(phase), -math.sin(phase)) + reflected
    bent = slope * d + start
    share = 0.021 / (0.021 + link.wave_number * path.irregularity / max(10e3, smooth))
    return (-_DB * math.log(total.real**2 + total.imag**2) - bent) * share + bent


@njit(cache=True, nogil=True)
def _line_of_sight(path: Path, link: Link, bend: _Bend, slope: float, start: float) -> float:
    """Curve a + k1 d + k2 ln d through the two-ray values at d0 and d1 and the diffraction at the smooth horizon d2."""
    d2 = bend.smooth
    a2 = start + d2 * slope
    d0 = 1.908 * link.wave_number * path.effective0 * path.effective1
    if start >= 0.0:
        d0 = min(d0, 0.5 * bend.reach)
        d1 = d0 + 0.25 * (bend.reach - d0)
    else:
        d1 = max(-start / slope, 0.25 * bend.reach)
    a1 = _two_rays(d1, path, link, d2, slope, start)
    k1 = k2 = 0.0
    curved = False
    if d0 < d1:
        a0 = _two_rays(d0, path, link, d2, slope, start)
        q = math.log(d2 / d0)
        k2 = ((d2 - d0) * (a1 - a0) - (d1 - d0) * (a2 - a0)) / ((d2 - d0) * math.log(d1 / d0) - (d1 - d0) * q)
        k2 = max(0.0, k2)
        curved = start >= 0.0 or k2 > 0.0
        if curved:
            k1 = (a2 - a0 - k2 * q) / (d2 - d0)
            if k1 < 0.0:
                k1, k2 = 0.0, max(a2 - a0, 0.0) / q
                k1 = slope if k2 == 0.0 else 0.0
    if not curved:
        k1, k2 = max(a2 - a1, 0.0) / (d2 - d1), 0.0
        k1 = slope if k1 == 0.0 else k1
    return a2 + k1 * (path.distance - d2) + k2 * math.log(path.distance / d2)


@njit(cache=True, nogil=True)
def _frequency_gain(r: float, eta: float) -> float:
    """H0 of one end, for a scattering efficiency of at least 1."""
    a = (25.0, 80.0, 177.0, 395.0, 705.0)
    b = (24.0, 45.0, 68.0, 80.0, 105.0)
    i = min(max(int(eta), 1), 5)
    part = eta - i if eta < 5.0 else 0.0
    x = (1.0 / r) ** 2
    gain = _DB * math.log((a[i - 1] * x + b[i - 1]) * x + 1.0)
    if part > 0.0:
        gain = (1.0 - part) * gain + part * _DB * math.log((a[i] * x + b[i]) * x + 1.0)
    return gain


@njit(cache=True, nogil=True)
def _frequency_gains(d: float, theta: float, r0: float, r1: float, path: Path) -> float:
    """H0 of both ends with its correction for asymmetry, dB."""
    skew, ratio = path.horizon0 - path.horizon1, path.effective1 / path.effective0
    if skew < 0.0:
        skew, ratio = -skew, 1.0 / ratio
    ss = (d - skew) / (d + skew)
    q = min(max(0.1, ratio / ss), 10.0)
    ss = max(0.1, ss)
    crossing = (d - skew) * (d + skew) * theta * 0.25 / d
    n = path.refractivity
    eta = ((5.67e-6 * n - 2.32e-3) * n + 0.031) * math.exp(-(min(1.7, crossing / 8e3) ** 6)) + 1.0
    eta *= crossing / 1.7556e3
    whole = max(eta, 1.0)
    gain = 0.5 * (_frequency_gain(r0, whole) + _frequency_gain(r1, whole))
    gain = max(gain + min(gain, (1.38 - math.log(whole)) * math.log(ss) * math.log(q) * 0.49), 0.0)
    if eta < 1.0:
        ends = ((1.0 + 1.4142 / r0) * (1.0 + 1.4142 / r1)) ** 2 * (r0 + r1) / (r0 + r1 + 2.8284)
        gain = eta * gain + (1.0 - eta) * _DB * math.log(ends)
    return gain


@njit(cache=True, nogil=True)
def _scatter(d: float, path: Path, link: Link, angle: float, known: float) -> tuple[float, float]:
    """Scatter attenuation at a distance, and H0; `known` is the H0 of a farther distance, −15 at first."""
    gain = known
    if known <= 15.0:
        theta = path.angle0 + path.angle1 + d * path.curvature
        r0 = 2.0 * link.wave_number * theta * path.effective0
        r1 = 2.0 * link.wave_number * theta * path.effective1
        if r0 < 0.2 and r1 < 0.2:
            return _NO_SCATTER, known
        gain = _frequency_gains(d, theta, r0, r1, path)
        if gain > 15.0 and known >= 0.0:
            gain = known
    theta = angle + d * path.curvature
    x = theta * d
    if x <= 10e3:
        f = 133.4 + 0.332e-3 * x - 4.343 * math.log(x)
    elif x <= 70e3:
        f = 104.6 + 0.212e-3 * x - 1.086 * math.log(x)
    else:
        f = 71.8 + 0.157e-3 * x + 2.171 * math.log(x)
    f += _DB * math.log(47.7 * link.wave_number * theta**4)
    return f - 0.1 * (path.refractivity - 301.0) * math.exp(-x / 40e3) + gain, gain


@njit(cache=True, nogil=True)
def _beyond(path: Path, link: Link, bend: _Bend, slope: float, start: float, scale: float) -> float:
    """Diffraction, or scatter where its line lies lower."""
    d5 = bend.reach + 200e3
    a6, known = _scatter(d5 + 200e3, path, link, bend.angle, -15.0)
    a5, known = _scatter(d5, path, link, bend.angle, known)
    if a5 >= 1000.0:
        return start + slope * path.distance
    flat = (a6 - a5) / 200e3
    cross = (a5 - start - flat * d5) / (slope - flat)
    cross = max(bend.smooth, bend.reach + 0.3 * scale * math.log(47.7 * link.wave_number), cross)
    if path.distance > cross:
        return (slope - flat) * cross + start + flat * path.distance
    return start + slope * path.distance


@njit(cache=True, nogil=True)
def reference_attenuation(path: Path, link: Link) -> float:
    """Median attenuation relative to free space before variability, dB, at least 0."""
    bend = _bend(path, link)
    scale = (link.wave_number * path.curvature**2) ** (-1.0 / 3.0)
    d3 = max(bend.smooth, 1.3787 * scale + bend.reach)
    d4 = d3 + 2.7574 * scale
    a3 = _diffraction(d3, path, link, bend)
    slope = (_diffraction(d4, path, link, bend) - a3) / (d4 - d3)
    start = a3 - slope * d3
    if path.distance < bend.smooth:
        return max(_line_of_sight(path, link, bend, slope, start), 0.0)
    return max(_beyond(path, link, bend, slope, start, scale), 0.0)
