"""Okumura–Hata and its extension by COST Action 231: macrocells whose antennas stand above the roofs.

Sources
-------
- M. Hata, "Empirical formula for propagation loss in land mobile radio services", IEEE Trans. Vehicular Technology
  VT-29(3), 1980, 317–325: the median loss, the two corrections for the mobile antenna, suburban and open areas.
- COST Action 231, Final Report (EUR 18957, 1999), section 4.4, equations 4.4.1–4.4.3: 1,500–2,000 MHz. The mobile
  antenna's correction is the one of a medium-sized city everywhere; metropolitan centres differ by C_M = 3 dB alone.
  (Some textbooks put Hata's large-city correction there: the difference is below 0.1 dB at 1.5 m.)
- Report ITU-R SM.2028-2, section 6.1 ("extended Hata"): takes Hata's suburban and open corrections over to 1,500–2,000
  MHz, where COST 231 gives none of its own (it counts suburban centres with the medium-sized city); puts free space
  under every loss; and gives σ = 9 dB beyond 0.6 km, which we use for both models because neither source has a σ.
  Recommendation ITU-R P.1546's σ (about 5 dB) is the spread inside one 500 m square alone and would be too sure here.

Along its range the loss falls with the base antenna's height everywhere but where free space lies under it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from analysis.radio.free_space import free_space_db
from analysis.radio.loss import Antennas, Component, Validity, certain
from geo.errors import RangeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

HATA_SOURCE = "Hata 1980, IEEE Trans. VT-29"
COST_231_SOURCE = "COST Action 231 Final Report 1999, section 4.4"
ENVIRONMENTS = ("urban-large", "urban", "suburban", "open")

SIGMA_DB = 9.0
"""Report ITU-R SM.2028-2, section 6.1, beyond 0.6 km."""

METROPOLITAN_DB = 3.0
"""C_M of COST 231 for metropolitan centres."""

_HEIGHTS_AND_DISTANCE = ((30.0, 200.0), (1.0, 10.0), (1.0, 20.0))


def hata_validity(environment: str) -> Validity:
    """Range given by Hata; a large city's correction besides leaves out 200–400 MHz (see `components`)."""
    del environment
    return Validity((150.0, 1500.0), *_HEIGHTS_AND_DISTANCE)


def cost_231_validity(environment: str) -> Validity:
    """Range given by COST 231."""
    del environment
    return Validity((1500.0, 2000.0), *_HEIGHTS_AND_DISTANCE)


def hata(distance_km: NDArray[np.float64], antennas: Antennas, *, environment: str) -> tuple[Component, ...]:
    """Okumura–Hata: 69.55 + 26.16 lg f − 13.82 lg h_b − a(h_m) + (44.9 − 6.55 lg h_b) lg d − correction.

    Parameters
    ----------
    distance_km : float64 array (n,)
        Along the ground.
    antennas : Antennas
    environment : {'urban-large', 'urban', 'suburban', 'open'}

    Raises
    ------
    RangeError
        A large city between 200 and 400 MHz: Hata gives one correction up to 200 and another from 400 MHz.
    """
    lg_f = math.log10(antennas.frequency_mhz)
    gain = _large_city_gain_db(antennas) if environment == "urban-large" else _medium_city_gain_db(antennas)
    level = 69.55 + 26.16 * lg_f - gain - _openness_db(antennas.frequency_mhz, environment)
    return _above_free_space(distance_km, antennas, level)


def cost_231(distance_km: NDArray[np.float64], antennas: Antennas, *, environment: str) -> tuple[Component, ...]:
    """COST-231–Hata: 46.3 + 33.9 lg f − 13.82 lg h_b − a(h_m) + (44.9 − 6.55 lg h_b) lg d + C_M − correction.

    Parameters
    ----------
    distance_km : float64 array (n,)
        Along the ground.
    antennas : Antennas
    environment : {'urban-large', 'urban', 'suburban', 'open'}
        C_M is 3 dB in ``urban-large``, else 0. ``suburban`` and ``open`` subtract Hata's corrections, as Report ITU-R
        SM.2028-2 does; COST 231's own "suburban centre with medium tree density" is ``urban``.
    """
    metropolitan = METROPOLITAN_DB if environment == "urban-large" else 0.0
    level = 46.3 + 33.9 * math.log10(antennas.frequency_mhz) - _medium_city_gain_db(antennas) + metropolitan
    return _above_free_space(distance_km, antennas, level - _openness_db(antennas.frequency_mhz, environment))


def _above_free_space(distance_km: NDArray[np.float64], antennas: Antennas, level_db: float) -> tuple[Component, ...]:
    """Add height and distance; never less than free space over the ground distance (SM.2028-2).

    The formula falls below free space in open areas under high masts near 1 km: 5 dB for 200 m at 800 MHz, more lower.
    """
    lg_h = math.log10(antennas.base_height_m)
    loss = level_db - 13.82 * lg_h + (44.9 - 6.55 * lg_h) * np.log10(distance_km)
    return certain(np.maximum(loss, free_space_db(distance_km, frequency_mhz=antennas.frequency_mhz)), SIGMA_DB)


def _medium_city_gain_db(antennas: Antennas) -> float:
    """Hata's a(h_m) of small and medium-sized cities, also the basis of suburban and open areas."""
    lg_f = math.log10(antennas.frequency_mhz)
    return (1.1 * lg_f - 0.7) * antennas.mobile_height_m - (1.56 * lg_f - 0.8)


def _large_city_gain_db(antennas: Antennas) -> float:
    """Hata's a(h_m) of large cities, whose buildings are higher than 15 m on average."""
    if antennas.frequency_mhz <= 200:
        return 8.29 * math.log10(1.54 * antennas.mobile_height_m) ** 2 - 1.1
    if antennas.frequency_mhz >= 400:
        return 3.2 * math.log10(11.75 * antennas.mobile_height_m) ** 2 - 4.97
    raise RangeError(
        f"okumura-hata (urban-large; {HATA_SOURCE}) does not hold: frequency {antennas.frequency_mhz:.10g} MHz lies "
        "between 200 and 400 MHz, where no correction for a large city is given"
    )


def _openness_db(frequency_mhz: float, environment: str) -> float:
    """How much less is lost outside the built-up city."""
    lg_f = math.log10(frequency_mhz)
    if environment == "suburban":
        return 2 * math.log10(frequency_mhz / 28) ** 2 + 5.4
    if environment == "open":
        return 4.78 * lg_f**2 - 18.33 * lg_f + 40.94
    return 0.0
