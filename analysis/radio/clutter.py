"""Loss in what stands around a person: Recommendation ITU-R P.2108-1, at the mobile end of a path."""

from __future__ import annotations

import math

from geo.errors import RangeError

STREET_WIDTH_M = 27.0
"""P.2108-1, §3.1: where the width of the streets is not known."""

LONG_PATH_M = 2000.0
"""From this distance on the statistical loss of §3.2 does not grow any more."""

HEIGHT_GAIN_MHZ = (30.0, 3_000.0)
STATISTICAL_MHZ = (500.0, 67_000.0)
OPEN_MHZ = 6_000.0
"""Up to here the open-ground formula of §3.1 is carried on above its 3 GHz; see `clutter_loss_db`."""

ENVIRONMENTS = ("urban", "semi-urban", "rural")


def _over_roofs(frequency_ghz: float, below_m: float) -> float:
    """Diffraction over the clutter's edge into the street (§3.1, equations 2a and 2c), dB."""
    angle = math.degrees(math.atan(below_m / STREET_WIDTH_M))
    v = 0.342 * math.sqrt(frequency_ghz) * math.sqrt(below_m * angle)
    return 6.9 + 20 * math.log10(math.sqrt((v - 0.1) ** 2 + 1) + v - 0.1) - 6.03


def _open_ground(frequency_ghz: float, height_m: float, clutter_m: float) -> float:
    """Height gain over open ground (§3.1, equation 2b), dB."""
    return -(21.8 + 6.2 * math.log10(frequency_ghz)) * math.log10(height_m / clutter_m)


def _statistical(frequency_ghz: float, distance_km: float) -> float:
    """Median of the statistical loss of one end (§3.2, equations 3 to 6), dB."""
    far = -2 * math.log10(10 ** (-5 * math.log10(frequency_ghz) - 12.5) + 10**-16.5)
    near = 32.98 + 23.9 * math.log10(distance_km) + 3 * math.log10(frequency_ghz)
    return -5 * math.log10(10 ** (-0.2 * far) + 10 ** (-0.2 * near))


def _faults(frequency_mhz: float, mobile_height_m: float, clutter_m: float, environment: str, distance_m: float) -> str:
    low, top = HEIGHT_GAIN_MHZ[0], (OPEN_MHZ if environment == "rural" else STATISTICAL_MHZ[1])
    checks = {
        f"surroundings '{environment}' are not one of {', '.join(ENVIRONMENTS)}": environment in ENVIRONMENTS,
        f"{frequency_mhz:g} MHz is not {low:g} to {top:,.0f} MHz ({environment} surroundings)": low
        <= frequency_mhz
        <= top,
        f"mobile height {mobile_height_m:g} m is not above 0": 0 < mobile_height_m < math.inf,
        f"clutter height {clutter_m:g} m is not at least 0": 0 <= clutter_m < math.inf,
        f"distance {distance_m:g} m is not above 250": distance_m >= 250,
    }
    return "; ".join(sentence for sentence, good in checks.items() if not good)


def clutter_loss_db(
    frequency_mhz: float,
    *,
    mobile_height_m: float,
    clutter_m: float,
    environment: str,
    distance_m: float = LONG_PATH_M,
) -> float:
    """Median loss in the clutter around a mobile, on top of the loss over the terrain.

    Parameters
    ----------
    frequency_mhz : float
        Up to 3 GHz: §3.1 (30 MHz to 3 GHz). Above: §3.2 (to 67 GHz) in built-up surroundings.
    mobile_height_m : float
        Of the antenna above ground, above 0.
    clutter_m : float
        Representative height of what stands around, at least 0. §3.1 suggests 10 m in open, rural and suburban, 15 m
        in urban, 20 m in dense urban surroundings.
    environment : {"urban", "semi-urban", "rural"}
        Rural is open ground; the other two diffract over roofs into streets of 27 m.
    distance_m : float
        Length of the path, at least 250 m; only §3.2 uses it, and grows up to 2 km. The default is its largest value.

    Returns
    -------
    float
        dB, at least 0; 0 when the antenna stands above the clutter.

    Raises
    ------
    RangeError
        Anything beyond what is said above.

    Notes
    -----
    Source: Recommendation ITU-R P.2108-1 (2021). It gives no formula for open ground above 3 GHz; there equation (2b)
    is carried on to 6 GHz (1.9 dB more than at 3 GHz), which is this project's own decision.
    """
    if faults := _faults(frequency_mhz, mobile_height_m, clutter_m, environment, distance_m):
        raise RangeError(f"beyond the range of P.2108: {faults}")
    if mobile_height_m >= clutter_m:
        return 0.0
    ghz = frequency_mhz / 1000
    if environment == "rural":
        return max(_open_ground(ghz, mobile_height_m, clutter_m), 0.0)
    if frequency_mhz <= HEIGHT_GAIN_MHZ[1]:
        return max(_over_roofs(ghz, clutter_m - mobile_height_m), 0.0)
    return _statistical(ghz, min(distance_m, LONG_PATH_M) / 1000)
