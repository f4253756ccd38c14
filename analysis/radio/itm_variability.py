"""Longley–Rice, third step: how the loss varies with time, location and situation, and with the radio climate.

Source: see `itm_profile` (its section 5), whose constants are curves fitted to figure 10.13 of NBS Technical Note 101.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from analysis.radio.itm_reference import rough

if TYPE_CHECKING:
    from analysis.radio.itm_profile import Link, Path

CLIMATES = {
    1: "equatorial",
    2: "continental subtropical",
    3: "maritime subtropical",
    4: "desert",
    5: "continental temperate",
    6: "maritime temperate over land",
    7: "maritime temperate over sea",
}
"""Radio climates by their code."""

_CURVES = np.array(
    [
        # median: c1, c2, x1, x2, x3 (dB, dB, km, km, km), for climates 1 to 7
        [-9.67, -0.62, 1.26, -9.21, -0.62, -0.39, 3.15],
        [12.7, 9.19, 15.5, 9.05, 9.19, 2.86, 857.9],
        [144.9, 228.9, 262.6, 84.1, 228.9, 141.7, 2222.0],
        [190.3, 205.2, 185.2, 101.1, 205.2, 315.9, 164.8],
        [133.8, 143.6, 99.8, 98.6, 143.6, 167.4, 116.3],
        # deviation in time, losses above the median's time share: the same five
        [2.13, 2.66, 6.11, 1.98, 2.68, 6.86, 8.51],
        [159.5, 7.67, 6.65, 13.11, 7.16, 10.38, 169.8],
        [762.2, 100.4, 138.2, 139.1, 93.7, 187.8, 609.8],
        [123.6, 172.5, 242.2, 132.7, 186.8, 169.6, 119.9],
        [94.5, 136.4, 178.6, 193.5, 133.5, 108.9, 106.6],
        # deviation in time on the other side: the same five
        [2.11, 6.87, 10.08, 3.68, 4.75, 8.58, 8.43],
        [102.3, 15.53, 9.60, 159.3, 8.12, 13.97, 8.19],
        [636.9, 138.7, 165.3, 464.4, 93.2, 216.0, 136.2],
        [134.8, 143.7, 225.7, 93.1, 135.9, 152.0, 188.5],
        [95.6, 98.6, 129.7, 94.2, 113.4, 122.7, 122.9],
        # far tail: its deviation relative to the last, and where it begins (standard deviations)
        [1.224, 0.801, 1.380, 1.000, 1.224, 1.518, 1.518],
        [1.282, 2.161, 1.282, 20.0, 1.282, 1.282, 1.282],
        # change with frequency, either side: a, b, c of a + b / ((c ln 0.133 k)² + 1)
        [1.0, 1.0, 1.0, 1.0, 0.92, 1.0, 1.0],
        [0.0, 0.0, 0.0, 0.0, 0.25, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.0, 1.77, 0.0, 0.0],
        [1.0, 0.93, 1.0, 0.93, 0.93, 1.0, 1.0],
        [0.0, 0.31, 0.0, 0.19, 0.31, 0.0, 0.0],
        [0.0, 2.00, 0.0, 1.79, 2.00, 0.0, 0.0],
    ]
).T.copy()

_SCALE_KM = 1e-3


def climate_constants(climate: int) -> Any:
    """The 23 constants of a radio climate, 1 to 7 (see `CLIMATES`), as `variability` takes them."""
    return _CURVES[climate - 1].copy()


@njit(cache=True, nogil=True)
def _curve(row: Any, first: int, km: float) -> float:
    u = (km / row[first + 2]) ** 2
    return (row[first] + row[first + 1] / (1.0 + ((km - row[first + 3]) / row[first + 4]) ** 2)) * u / (1.0 + u)


@njit(cache=True, nogil=True)
def _by_frequency(row: Any, first: int, wave_number: float) -> float:
    q = row[first + 2] * math.log(0.133 * wave_number)
    return row[first] + row[first + 1] / (q * q + 1.0)


@njit(cache=True, nogil=True)
def effective_km(distance: float, effective0: float, effective1: float, wave_number: float) -> float:
    """Effective distance of the variability curves, km."""
    smooth = math.sqrt(18e6 * effective0) + math.sqrt(18e6 * effective1) + (575.7e12 / wave_number) ** (1.0 / 3.0)
    if distance < smooth:
        return 130.0 * distance / smooth
    return 130.0 + _SCALE_KM * (distance - smooth)


@njit(cache=True, nogil=True)
def median_gain(row: Any, km: float) -> float:
    """V_med, dB: how much the median of all hours lies below the reference attenuation."""
    return _curve(row, 0, km)


@njit(cache=True, nogil=True)
def _time_deviation(row: Any, km: float, z: float, wave_number: float) -> float:
    if z < 0.0:
        return _curve(row, 5, km) * _by_frequency(row, 17, wave_number)
    upper = _curve(row, 10, km) * _by_frequency(row, 20, wave_number)
    if z <= row[16]:
        return upper
    far = upper * row[15]
    return far + (upper - far) * row[16] / z


@njit(cache=True, nogil=True)
def _deviates(z: Any, mode: int) -> tuple[float, float, float]:
    """Deviates in time, location and situation after the mode has joined some of them."""
    zt, zl, zs = z[0], z[1], z[2]
    if mode == 0:
        return zs, zs, zs
    if mode == 1:
        return zt, zs, zs
    if mode == 2:
        return zt, zt, zs
    return zt, zl, zs


@njit(cache=True, nogil=True)
def variability(reference: float, path: Path, link: Link, row: Any, z: Any, mode: int) -> float:
    """Attenuation relative to free space that a share of time, location and situation does not exceed, dB.

    Parameters
    ----------
    reference : float
        Reference attenuation, dB.
    path, link : Path, Link
    row : float64 array (23,)
        `climate_constants`.
    z : float64 array (3,)
        Standard normal deviates of the shares of time, location and situation that have at most *more* than this
        loss: 0 is the median, −1.28 a loss that 90 % do not exceed.
    mode : int
        0 single message, 1 accidental, 2 mobile, 3 broadcast; +10 no variability in location, +20 none in situation.
    """
    kind = mode % 10
    zt, zl, zs = _deviates(z, kind)
    km = effective_km(path.distance, path.effective0, path.effective1, link.wave_number)
    st = _time_deviation(row, km, zt, link.wave_number)
    q = rough(path.distance, path.irregularity) * link.wave_number
    sl = 0.0 if (mode // 10) % 2 == 1 else 10.0 * q / (q + 13.0)
    ss = 0.0 if mode >= 20 else 5.0 + 3.0 * math.exp(-km / 100.0)
    vs = ss * ss + (st * zt) ** 2 / (7.8 + zs * zs) + (sl * zl) ** 2 / (24.0 + zs * zs)
    yr = 0.0
    if kind == 0:
        vs += st * st + sl * sl
    elif kind == 1:
        yr = st * zt
        vs += sl * sl
    elif kind == 2:
        yr = math.sqrt(st * st + sl * sl) * zt
    else:
        yr = st * zt + sl * zl
    loss = reference - median_gain(row, km) - yr - math.sqrt(vs) * zs
    if loss < 0.0:
        loss = loss * (29.0 - loss) / (29.0 - 10.0 * loss)
    return loss
