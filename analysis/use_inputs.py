"""What the split into users needs beside shares: who can afford the basket, and of whom the quality is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

from data.use import BARRIERS, UseShares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.assess import Assessment
    from analysis.footprint import Coverage
    from analysis.fragments import Fragments

MEAN_RULE = "everybody in a zone is taken to have its mean income: all can afford the basket, or none"
SPREAD_RULE = "incomes in a zone are taken as lognormal with its mean and Gini"


def no_shares(zones: int) -> UseShares:
    """What is known where a region says nothing of use: nothing."""
    nothing = np.full(zones, np.nan)
    return UseShares(nothing, {}, nothing, nothing, nothing, 0.02, "", None)


def can_afford(shares: UseShares) -> NDArray[np.float64]:
    """Share of each zone's people for whom the basket costs at most `affordable_share` of their income.

    Parameters
    ----------
    shares : UseShares
        Price, mean income and Gini of the zones.

    Returns
    -------
    float64 array (zones,)
        0–1; NaN where price or income is not known.

    Notes
    -----
    With a Gini G incomes are lognormal with the zone's mean m: G = 2 Φ(σ/√2) − 1, so σ = √2 Φ⁻¹((1 + G)/2), and the
    mean of ln(income) is ln(m) − σ²/2 (C. Kleiber and S. Kotz 2003, Statistical Size Distributions in Economics and
    Actuarial Sciences, ch. 4). Without one, or with G = 0, everybody has the mean: all of the zone, or nobody.
    """
    needed = shares.price / shares.affordable_share
    all_or_nothing = np.where(needed <= shares.income, 1.0, 0.0)
    sigma = np.sqrt(2) * ndtri((1 + np.nan_to_num(shares.gini)) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = (np.log(shares.income) - sigma**2 / 2 - np.log(needed)) / sigma
    part = np.where(sigma > 0, ndtr(distance), all_or_nothing)
    return np.where(np.isnan(shares.price + shares.income), np.nan, part)


def afford_rule(shares: UseShares) -> str:
    """How incomes are taken to spread, in words; empty when affordability is known nowhere."""
    told = ~np.isnan(shares.price + shares.income)
    if not told.any():
        return ""
    spread = told & (np.nan_to_num(shares.gini) > 0)
    rule = SPREAD_RULE if spread.all() or not (told & ~spread).any() else MEAN_RULE
    if spread.any() and (told & ~spread).any():
        rule = f"{SPREAD_RULE}; where no Gini is known, {MEAN_RULE}"
    return f"affordable: the basket costs at most {shares.affordable_share:.3g} of the income of a head; {rule}"


def quality_known(fragments: Fragments, coverage: Coverage, assessment: Assessment) -> NDArray[np.float64] | None:
    """Fraction of the people reached by 4G or better whose quality is measured or dimensioned, either way.

    The rest of `analysis.assess`'s ``usable``: measured where tiles have tests enough, dimensioned on the remainder
    where sites serve. None when neither was done.

    Parameters
    ----------
    fragments, coverage, assessment
        From the same run.
    """
    measured, room = assessment.measured, assessment.dimensioned
    if measured is None and room is None:
        return None
    cells = fragments.cell_id
    known = np.minimum(measured.known.ravel()[cells], 1.0) if measured else np.zeros(cells.size)
    if room is None:
        return known
    modelled, declared = coverage.counted["modelled"], coverage.counted["declared"]
    anyone = np.maximum(modelled, declared)
    part = np.divide(modelled, anyone, out=np.zeros(cells.size), where=anyone > 0)
    return known + (1 - known) * np.where(np.isfinite(room.share.ravel()[cells]), part, 0.0)


def at_fragments(values: NDArray[np.float64], fragments: Fragments) -> NDArray[np.float64]:
    """Value of each fragment's zone; NaN outside every zone."""
    return np.append(values, np.nan)[fragments.zone]


def without(shares: UseShares, fragments: Fragments) -> dict[str, NDArray[np.float64]]:
    """Fraction of each fragment's people without a device, skills, electricity; NaN = not known."""
    nothing = np.full(fragments.size, np.nan)
    return {
        name: at_fragments(shares.without[name], fragments) if name in shares.without else nothing for name in BARRIERS
    }
