"""3GPP TR 38.901 (V19.4.0), Tables 7.4.1-1 and 7.4.2-1: rural macro, urban macro and urban micro street canyon.

Every path is in line of sight with a probability that falls with distance; `mixed` keeps both states with their own
median and σ, weighted by that probability. `los` and `nlos` are each state for certain.

What the formulas do that one would not expect
- σ differs between the states, and RMa's in line of sight steps from 4 to 6 dB at the breakpoint 2π h_BS h_UT f/c. So a
  loss *smaller* than the median in line of sight can become more probable farther out. A probability of one half or
  more never does: where it holds, every nearer path has at least as much, and cover at a confidence is a disc.
- By the same step the median of RMa `mixed` can fall by some dB when a higher frequency moves the breakpoint past a
  path. The median of each state rises with frequency.
- The RMa formula joins its two branches at a slant distance, so within some metres of the breakpoint the loss can step
  back by up to 0.04 dB as the frequency rises.
- A higher RMa antenna loses more in line of sight before the breakpoint (by its longer slant path alone), and where the
  breakpoint lies beyond some 6 km also after it (by the term in building height). Out of sight it loses less from
  twice its height on.
- UMa and UMi are given for one height of the base antenna each, 25 m and 10 m; they are not stretched to others.
- UMa in line of sight lies up to 3 dB below free space nearer than 170 m, as measured in streets.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.radio.loss import Antennas, Component, Validity, certain

if TYPE_CHECKING:
    from numpy.typing import NDArray

SOURCE = "3GPP TR 38.901 V19.4.0, Table 7.4.1-1"
ENVIRONMENTS = ("mixed", "los", "nlos")

BUILDING_HEIGHT_M = 5.0
STREET_WIDTH_M = 20.0
"""Defaults of RMa for the average building height and street width (W and h)."""

_LIGHT_M_PER_S = 3.0e8
"""As the TR rounds it (NOTE 1)."""

_NEAREST_KM = 0.01


@dataclass(frozen=True)
class _Urban:
    """Coefficients of one urban scenario, with distances in metres and frequencies in GHz.

    Attributes
    ----------
    los : (float, float, float)
        Intercept, slope before the breakpoint, coefficient of the breakpoint term beyond it.
    nlos : (float, float, float, float)
        Intercept, slopes in distance and frequency, loss per metre of mobile height under 1.5 m.
    sigma_db : (float, float)
        In line of sight, and not.
    decay_m : float
        Of the probability of line of sight.
    """

    base_height_m: float
    highest_mobile_m: float
    los: tuple[float, float, float]
    nlos: tuple[float, float, float, float]
    sigma_db: tuple[float, float]
    decay_m: float


_UMA = _Urban(25.0, 13.0, (28.0, 22.0, 9.0), (13.54, 39.08, 20.0, 0.6), (4.0, 6.0), 63.0)
_UMI = _Urban(10.0, 22.5, (32.4, 21.0, 9.5), (22.4, 35.3, 21.3, 0.3), (4.0, 7.82), 36.0)


@dataclass(frozen=True)
class _States:
    """Both states of n paths; see `Component`."""

    sight: NDArray[np.float64]
    los_db: NDArray[np.float64]
    los_sigma_db: NDArray[np.float64]
    nlos_db: NDArray[np.float64]
    nlos_sigma_db: float


def rma_validity(environment: str) -> Validity:
    """Range of RMa: to 10 km in line of sight, to 5 km out of it; `mixed` needs both, so 5 km."""
    farthest = 10.0 if environment == "los" else 5.0
    return Validity((500.0, 30_000.0), (10.0, 150.0), (1.0, 10.0), (_NEAREST_KM, farthest))


def uma_validity(environment: str) -> Validity:
    """Range of UMa; mobiles to 13 m of the TR's 22.5 m, beyond which the TR draws the environment height by lot."""
    return _urban_validity(_UMA, environment)


def umi_validity(environment: str) -> Validity:
    """Range of UMi, street canyon."""
    return _urban_validity(_UMI, environment)


def _urban_validity(scenario: _Urban, environment: str) -> Validity:
    del environment
    heights = (scenario.base_height_m, scenario.base_height_m), (1.5, scenario.highest_mobile_m)
    return Validity((500.0, 100_000.0), *heights, (_NEAREST_KM, 5.0))


def rma(distance_km: NDArray[np.float64], antennas: Antennas, *, environment: str) -> tuple[Component, ...]:
    """Rural macro with buildings of 5 m and streets of 20 m.

    Parameters
    ----------
    distance_km : float64 array (n,)
        Along the ground.
    antennas : Antennas
    environment : {'mixed', 'los', 'nlos'}
    """
    distance = distance_km * 1000
    slant = np.hypot(distance, antennas.base_height_m - antennas.mobile_height_m)
    breakpoint_m = _rma_breakpoint_m(antennas)
    beyond = _rma_near_db(np.float64(breakpoint_m), antennas) + 40 * np.log10(slant / breakpoint_m)
    near = distance < breakpoint_m
    los = np.where(near, _rma_near_db(slant, antennas), beyond)
    sight = np.minimum(np.exp(-(distance - 10) / 1000), 1.0)
    nlos = np.maximum(los, _rma_hidden_db(slant, antennas))
    return _states(_States(sight, los, np.where(near, 4.0, 6.0), nlos, 8.0), environment)


def _rma_breakpoint_m(antennas: Antennas) -> float:
    product = antennas.base_height_m * antennas.mobile_height_m
    return 2 * math.pi * product * antennas.frequency_mhz * 1e6 / _LIGHT_M_PER_S


def _rma_near_db(slant_m: NDArray[np.float64] | np.float64, antennas: Antennas) -> NDArray[np.float64]:
    """PL1 of RMa, in line of sight up to the breakpoint."""
    building = BUILDING_HEIGHT_M**1.72
    free = 20 * np.log10(40 * math.pi * slant_m * antennas.frequency_mhz / 3000)
    clutter = min(0.03 * building, 10) * np.log10(slant_m) - min(0.044 * building, 14.77)
    return free + clutter + 0.002 * math.log10(BUILDING_HEIGHT_M) * slant_m


def _rma_hidden_db(slant_m: NDArray[np.float64], antennas: Antennas) -> NDArray[np.float64]:
    """PL' of RMa out of line of sight."""
    lg_base = math.log10(antennas.base_height_m)
    fixed = 161.04 - 7.1 * math.log10(STREET_WIDTH_M) + 7.5 * math.log10(BUILDING_HEIGHT_M)
    base = (24.37 - 3.7 * (BUILDING_HEIGHT_M / antennas.base_height_m) ** 2) * lg_base
    mobile = 3.2 * math.log10(11.75 * antennas.mobile_height_m) ** 2 - 4.97
    frequency = 20 * math.log10(antennas.frequency_mhz / 1000)
    return fixed - base + (43.42 - 3.1 * lg_base) * (np.log10(slant_m) - 3) + frequency - mobile


def uma(distance_km: NDArray[np.float64], antennas: Antennas, *, environment: str) -> tuple[Component, ...]:
    """Urban macro, base antenna at 25 m; parameters as in `rma`."""
    return _urban(_UMA, distance_km, antennas, environment=environment)


def umi(distance_km: NDArray[np.float64], antennas: Antennas, *, environment: str) -> tuple[Component, ...]:
    """Urban micro in a street canyon, base antenna at 10 m; parameters as in `rma`."""
    return _urban(_UMI, distance_km, antennas, environment=environment)


def _urban(
    scenario: _Urban, distance_km: NDArray[np.float64], antennas: Antennas, *, environment: str
) -> tuple[Component, ...]:
    distance = distance_km * 1000
    slant = np.hypot(distance, antennas.base_height_m - antennas.mobile_height_m)
    los = _urban_sight_db(scenario, distance, slant, antennas=antennas)
    intercept, slope, frequency_slope, per_metre = scenario.nlos
    hidden = intercept + slope * np.log10(slant) + frequency_slope * math.log10(antennas.frequency_mhz / 1000)
    nlos = np.maximum(los, hidden - per_metre * (antennas.mobile_height_m - 1.5))
    los_sigma, nlos_sigma = scenario.sigma_db
    sight = _urban_sight(distance, scenario.decay_m)
    return _states(_States(sight, los, np.full_like(los, los_sigma), nlos, nlos_sigma), environment)


def _urban_sight_db(
    scenario: _Urban, distance_m: NDArray[np.float64], slant_m: NDArray[np.float64], *, antennas: Antennas
) -> NDArray[np.float64]:
    """PL1 and PL2 of the urban scenarios; the effective environment height is 1 m."""
    intercept, slope, coefficient = scenario.los
    product = (antennas.base_height_m - 1) * (antennas.mobile_height_m - 1)
    breakpoint_m = 4 * product * antennas.frequency_mhz * 1e6 / _LIGHT_M_PER_S
    rise = antennas.base_height_m - antennas.mobile_height_m
    near = slope * np.log10(slant_m)
    far = 40 * np.log10(slant_m) - coefficient * math.log10(breakpoint_m**2 + rise**2)
    level = intercept + 20 * math.log10(antennas.frequency_mhz / 1000)
    return level + np.where(distance_m <= breakpoint_m, near, far)


def _urban_sight(distance_m: NDArray[np.float64], decay_m: float) -> NDArray[np.float64]:
    """Probability of line of sight for mobiles up to 13 m (UMi: any): certain within 18 m."""
    near = np.minimum(18 / distance_m, 1.0)
    return near + np.exp(-distance_m / decay_m) * (1 - near)


def _states(states: _States, environment: str) -> tuple[Component, ...]:
    if environment == "nlos":
        return certain(states.nlos_db, states.nlos_sigma_db)
    if environment == "los":
        return (Component(np.ones_like(states.los_db), states.los_db, states.los_sigma_db),)
    hidden = np.full_like(states.nlos_db, states.nlos_sigma_db)
    return (
        Component(states.sight, states.los_db, states.los_sigma_db),
        Component(1 - states.sight, states.nlos_db, hidden),
    )
