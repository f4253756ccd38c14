"""The ITS Irregular Terrain Model (Longley–Rice), point to point: basic transmission loss over a terrain profile.

Source: G. A. Hufford, The ITS Irregular Terrain Model, version 1.2.2: the algorithm; G. A. Hufford, A. G. Longley and
W. A. Kissick, NTIA Report 82-100 (1982). The steps stand in `itm_profile`, `itm_reference` and `itm_variability`.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np
from numba import njit
from scipy.special import ndtri

from analysis.radio.itm_profile import SCRATCH, Link, read_profile
from analysis.radio.itm_reference import reference_attenuation
from analysis.radio.itm_variability import CLIMATES, climate_constants, variability
from geo.errors import RangeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

FREQUENCY_MHZ = (20.0, 20_000.0)
HEIGHT_M = (0.5, 3_000.0)
DISTANCE_M = (1_000.0, 2_000_000.0)
REFRACTIVITY = (250.0, 400.0)
_SURFACE_REFRACTIVITY = (150.0, 400.0)
_EFFECTIVE_CURVATURE = (75e-9, 250e-9)
_MODES = frozenset((*range(4), *range(10, 14), *range(20, 24), *range(30, 34)))


class Options(TypedDict, total=False):
    """Keywords of `Medium`, any of them."""

    climate: int
    surface_refractivity: float
    vertical: bool
    permittivity: float
    conductivity: float
    time: float
    location: float
    situation: float
    mode: int


@dataclass(frozen=True)
class Medium:
    """Air, ground and the share of cases asked for.

    Attributes
    ----------
    climate : int
        Radio climate, 1 to 7: see `itm_variability.CLIMATES`. 5 is continental temperate.
    surface_refractivity : float
        N0, N-units reduced to sea level, 250 to 400.
    vertical : bool
        Polarisation.
    permittivity, conductivity : float
        Of the ground: relative, and S/m. 15 and 0.005 are average ground.
    time, location, situation : float
        Shares of cases, each above 0 and below 1, in which the loss is not exceeded; 0.5 is the median.
    mode : int
        How the three are joined: 3 broadcast (each of its own), 2 mobile (location with time), 1 accidental (location
        with situation), 0 single message (all with situation); +10 no variability in location, +20 none in situation.
        At the median it changes nothing.
    """

    climate: int = 5
    surface_refractivity: float = 301.0
    vertical: bool = True
    permittivity: float = 15.0
    conductivity: float = 0.005
    time: float = 0.5
    location: float = 0.5
    situation: float = 0.5
    mode: int = 3

    def faults(self) -> list[str]:
        """What lies beyond the model's range, in sentences; empty when nothing does."""
        low, high = REFRACTIVITY
        shares = {"time": self.time, "location": self.location, "situation": self.situation}
        checks = {
            f"climate {self.climate} is not one of 1 to 7": self.climate in CLIMATES,
            f"refractivity {self.surface_refractivity:g} is not {low:g} to {high:g} N-units": (
                low <= self.surface_refractivity <= high
            ),
            f"relative permittivity {self.permittivity:g} is not at least 1": 1 <= self.permittivity < math.inf,
            f"conductivity {self.conductivity:g} S/m is not above 0": 0 < self.conductivity < math.inf,
            f"variability mode {self.mode} is not 0 to 3, with 10, 20 or 30 added": self.mode in _MODES,
        }
        checks |= {f"share of {name} {v:g} is not between 0 and 1": 0 < v < 1 for name, v in shares.items()}
        return [sentence for sentence, good in checks.items() if not good]

    def deviates(self) -> NDArray[np.float64]:
        """Standard normal deviates (3,) of time, location and situation, as `path_loss` takes them."""
        return -ndtri(np.array([self.time, self.location, self.situation]))

    def impedance(self, frequency_mhz: float) -> complex:
        """Relative surface transfer impedance of the ground at a frequency."""
        ground = complex(self.permittivity, 376.62 * self.conductivity / (frequency_mhz / 47.7))
        zg = cmath.sqrt(ground - 1.0)
        return zg / ground if self.vertical else zg


def link_faults(medium: Medium, *, frequency_mhz: float, heights_m: tuple[float, float]) -> list[str]:
    """What of a link lies beyond the model's range, in sentences; empty when nothing does."""
    faults = medium.faults()
    low, high = FREQUENCY_MHZ
    if not low <= frequency_mhz <= high:
        faults.append(f"frequency {frequency_mhz:g} MHz is not {low:g} to {high:,.0f} MHz")
    faults += [
        f"antenna height {height:g} m is not {HEIGHT_M[0]:g} to {HEIGHT_M[1]:,.0f} m"
        for height in heights_m
        if not HEIGHT_M[0] <= height <= HEIGHT_M[1]
    ]
    if not faults:
        zg = medium.impedance(frequency_mhz)
        if zg.real <= abs(zg.imag):
            faults.append(f"the ground's impedance {zg:.3g} at {frequency_mhz:g} MHz has too large a reactance")
    return faults


def free_space_db(distance_m: ArrayLike, frequency_mhz: ArrayLike) -> NDArray[np.float64]:
    """Free-space loss, dB, as the model counts it; arrays broadcast (ITU-R P.525)."""
    return 32.45 + 20 * np.log10(frequency_mhz) + 20 * np.log10(np.asarray(distance_m, dtype=np.float64) / 1000)


@njit(cache=True, nogil=True)
def path_loss(z: Any, n: int, spacing: float, link: Link, row: Any, deviates: Any, mode: int, scratch: Any) -> float:
    """Basic transmission loss over a profile, dB; the kernel behind `itm_loss`, without its checks.

    Parameters
    ----------
    z : float64 array (≥ n + 1,)
        Heights in metres.
    n : int
        Intervals, at least 1.
    spacing : float
        Metres between heights.
    link : Link
    row, deviates, mode :
        See `itm_variability.variability`.
    scratch : float64 array (`itm_profile.SCRATCH`,)

    Returns
    -------
    float
        NaN when a height is not known, or the air at the path's height is beyond the model's range.
    """
    unknown = 0
    for i in range(n + 1):
        if math.isnan(z[i]):
            unknown += 1
    if unknown:
        return math.nan
    path = read_profile(z, n, spacing, link, scratch)
    if not (_SURFACE_REFRACTIVITY[0] <= path.refractivity <= _SURFACE_REFRACTIVITY[1]):
        return math.nan
    if not (_EFFECTIVE_CURVATURE[0] <= path.curvature <= _EFFECTIVE_CURVATURE[1]):
        return math.nan
    loss = variability(reference_attenuation(path, link), path, link, row, deviates, mode)
    frequency = 47.7 * link.wave_number
    return loss + 32.45 + 20.0 * math.log10(frequency) + 20.0 * math.log10(path.distance / 1000.0)


def itm_loss(
    profile_m: ArrayLike,
    *,
    spacing_m: float,
    base_height_m: float,
    mobile_height_m: float,
    frequency_mhz: float,
    **options: Unpack[Options],
) -> float:
    """Basic transmission loss (Longley–Rice) over a terrain profile.

    Parameters
    ----------
    profile_m : float array (n,)
        Ground heights in metres above sea level at equally spaced places, from under the base's antenna to under the
        mobile's; at least three. NaN = not known.
    spacing_m : float
        Metres between them.
    base_height_m, mobile_height_m : float
        Of the antennas above ground, 0.5 to 3,000 m; 1 to 1,000 m is where the model was tried.
    frequency_mhz : float
        20 to 20,000 MHz.
    **options
        Fields of `Medium`: climate, surface_refractivity, vertical, permittivity, conductivity, time, location,
        situation, mode.

    Returns
    -------
    float
        dB between isotropic antennas; NaN when a height is NaN.

    Raises
    ------
    RangeError
        Frequency, heights, distance (1 to 2,000 km), air or ground beyond the model's range; every fault is listed.

    Notes
    -----
    Swapping the ends with their heights gives the same loss. Clutter around the mobile is not part of it: see
    `analysis.radio.clutter`. Source: see the module.
    """
    medium = Medium(**options)
    z = np.array(profile_m, dtype=np.float64)
    n = z.size - 1
    faults = link_faults(medium, frequency_mhz=frequency_mhz, heights_m=(base_height_m, mobile_height_m))
    if z.ndim != 1 or n < 2:
        faults.append(f"a profile is one row of at least 3 heights, not an array of shape {z.shape}")
    elif np.isinf(z).any():
        faults.append(f"{np.isinf(z).sum()} heights of the profile are infinite")
    elif not DISTANCE_M[0] <= n * spacing_m <= DISTANCE_M[1]:
        faults.append(f"distance {n * spacing_m / 1000:g} km is not 1 to 2,000 km")
    if faults:
        raise RangeError("beyond the range of Longley–Rice: " + "; ".join(faults))
    if np.isnan(z).any():
        return math.nan
    wave_number = float(frequency_mhz) / 47.7
    zg = medium.impedance(frequency_mhz)
    link = Link(wave_number, zg, float(medium.surface_refractivity), float(base_height_m), float(mobile_height_m))
    row = climate_constants(medium.climate)
    loss = float(path_loss(z, n, float(spacing_m), link, row, medium.deviates(), medium.mode, np.empty(SCRATCH)))
    if math.isnan(loss):
        raise RangeError("beyond the range of Longley–Rice: the refractivity of the air at the path's height")
    return loss
