"""Inequality of a coverage, which is bounded: the covered share and the gap side by side, and the spread in points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from analysis.inequality import Inequality, inequality_of
from analysis.weighted import by_group, people_of
from geo.errors import RangeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

SLACK = 1e-9
"""By how much a coverage may leave 0 to 1 and still be a rounding error."""


class Spread(NamedTuple):
    """Distance in percentage points between the best and the worst group, and their labels (None = nothing known)."""

    points: float
    best: Any
    worst: Any


@dataclass(frozen=True)
class CoverageInequality:
    """Inequality of a coverage and of its gap, which bounded shares need side by side.

    Attributes
    ----------
    coverage, gap : Inequality
        Of the covered share c, and of 1 − c.
    spread : Spread
        Between the groups; NaN points without groups.
    """

    coverage: Inequality
    gap: Inequality
    spread: Spread


def _share(coverage: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the coverage as a share from 0 to 1; beyond rounding errors anything else raises."""
    coverage = np.asarray(coverage, dtype=np.float64)
    rows = np.flatnonzero((coverage < -SLACK) | (coverage > 1 + SLACK))
    if rows.size:
        raise RangeError(
            f"coverage is outside 0 to 1 in {rows.size} rows, first {rows[:3].tolist()}; "
            "give it as a fraction of people, not in per cent"
        )
    return np.clip(coverage, 0.0, 1.0)


def spread_points(coverage: NDArray[np.float64], weight: NDArray[np.float64], group: NDArray[Any]) -> Spread:
    """Percentage points between the groups with the highest and the lowest mean coverage.

    Parameters
    ----------
    coverage : float64 array (rows,)
        Fraction of each row's people, 0 to 1; NaN = not known.
    weight, group
        As for `theil_parts`.

    Returns
    -------
    points : float
        0 to 100; NaN where nothing is known.
    best, worst : label or None
        Of equal groups the first in order of the label.

    Raises
    ------
    RangeError
        As for `theil_parts`; a coverage outside 0 to 1.
    """
    _codes, groups = by_group(people_of(_share(coverage), weight, group))
    if groups.empty:
        return Spread(np.nan, None, None)
    mean, labels = np.round(groups["mean"].to_numpy(), 12), groups["group"].tolist()
    return Spread(100.0 * float(mean.max() - mean.min()), labels[int(mean.argmax())], labels[int(mean.argmin())])


def coverage_inequality(
    coverage: NDArray[np.float64], weight: NDArray[np.float64], group: NDArray[Any] | None = None
) -> CoverageInequality:
    """Inequality of a coverage and of the gap 1 − coverage, with the spread between groups.

    A bounded share tells two stories: 99 % against 98 % is nearly equal coverage, but a gap twice as large. Neither
    index stands for both. Parameters and errors as for `spread_points`.

    Returns
    -------
    CoverageInequality
    """
    share = _share(coverage)
    spread = Spread(np.nan, None, None) if group is None else spread_points(share, weight, group)
    return CoverageInequality(inequality_of(share, weight, group), inequality_of(1.0 - share, weight, group), spread)
