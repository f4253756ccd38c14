"""Loss in free space (Recommendation ITU-R P.525-4)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from analysis.radio.loss import Antennas, Component, Validity, certain

if TYPE_CHECKING:
    from numpy.typing import NDArray

SOURCE = "Recommendation ITU-R P.525-4"
ENVIRONMENTS = ("open",)

_LIGHT_M_PER_S = 299_792_458.0
_CONSTANT_DB = 20 * math.log10(4 * math.pi * 1e9 / _LIGHT_M_PER_S)
"""32.448 dB: the loss over 1 km at 1 MHz, which the Recommendation rounds to 32.4."""


def free_space_db(distance_km: NDArray[np.float64], *, frequency_mhz: float) -> NDArray[np.float64]:
    """Basic transmission loss in free space over a path of that length, in dB.

    Parameters
    ----------
    distance_km : float64 array (n,)
        Length of the path itself, above 0.
    frequency_mhz : float

    Returns
    -------
    float64 array (n,)
        20 lg(4πd/λ).
    """
    return _CONSTANT_DB + 20 * math.log10(frequency_mhz) + 20 * np.log10(distance_km)


def validity(environment: str) -> Validity:
    """Range of free space: the Recommendation sets none, these bounds (ours) catch values in a wrong unit.

    The nearest distance keeps the smallest wavelength's far field; 30 MHz–300 GHz are the bands from VHF to EHF.
    """
    del environment
    return Validity((30.0, 300_000.0), (0.5, 10_000.0), (0.5, 10_000.0), (0.001, 1_000.0))


def components(distance_km: NDArray[np.float64], antennas: Antennas, *, environment: str) -> tuple[Component, ...]:
    """Free space along the straight line between the antennas; no shadowing."""
    del environment
    rise_km = (antennas.base_height_m - antennas.mobile_height_m) / 1000
    slant_km = np.hypot(distance_km, rise_km)
    return certain(free_space_db(slant_km, frequency_mhz=antennas.frequency_mhz), 0.0)
