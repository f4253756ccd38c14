"""The aim: what a zone's value is worth, a concave function where the plan gives priority to zones that have less."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

OFFSET = 0.05
"""Value added to every zone's own, so that a zone that has nothing does not outweigh all others. [rule]"""


@njit(cache=True, nogil=True)
def utility_gain(have: float, more: float, whole: float, priority: float, mean: float) -> float:
    """What `more` of weighted value is worth to a zone that has `have` of `whole` at most.

    The isoelastic utility W · ∫ ((t + d) / (m + d))^−ε dt over the mean value of a person of the zone, `m` being that
    of the region before the plan; written with log1p and expm1, so that small gains keep their digits.
    """
    if more <= 0.0:
        return 0.0
    level = have / whole + OFFSET
    grown = np.log1p(more / (whole * level))
    if priority != 1.0:
        grown = np.expm1((1.0 - priority) * grown) / (1.0 - priority)
    return whole * level * (level / (mean + OFFSET)) ** -priority * grown


@njit(cache=True, nogil=True)
def slope(value: Any, zone: int, zone_weight: Any, priority: float, mean: float) -> float:
    """What the next bit of weighted value is worth to the zone: the tangent of its utility, 1 in no zone."""
    if zone < 0 or priority == 0.0 or zone_weight[zone] <= 0.0:
        return 1.0
    return ((value[zone] / zone_weight[zone] + OFFSET) / (mean + OFFSET)) ** -priority
