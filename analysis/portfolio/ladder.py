"""The service ladder: what each service is worth to a person, and what people have before anything is built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from data.coverage import TECHNOLOGIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from analysis.fragments import Fragments
    from analysis.ledger import Ledger


@dataclass(frozen=True)
class Ladder:
    """What services are worth.

    Attributes
    ----------
    value : dict of service to float
        0–1, one for each of `analysis.investment.SERVICES`.
    """

    value: Mapping[str, float]

    @property
    def rungs(self) -> NDArray[np.float64]:
        """Distinct values above 0, ascending."""
        values = np.unique([*self.value.values()])
        return values[values > 0]

    def level(self, service: str) -> int:
        """Index of a service's rung; −1 for a service that is worth nothing."""
        return int(np.searchsorted(self.rungs, self.value[service], side="right")) - 1


def lacking(ledger: Ledger, *, target: str, as_none: bool) -> dict[str, NDArray[np.float64]]:
    """Fraction of each fragment's people taken to lack at least each technology; never more than lack a better one.

    Parameters
    ----------
    ledger : Ledger
    target : str
        Of it the people of the gap are taken, no more and no fewer: that a worse technology is known not to be there,
        or has been switched off, says nothing of people whom the target may reach.
    as_none : bool
        Whether people of whom it is not known count as lacking it; otherwise they count as having it.
    """
    if as_none:
        return {technology: np.clip(1.0 - ledger.at_least[technology], 0.0, 1.0) for technology in TECHNOLOGIES}
    at = TECHNOLOGIES.index(target)
    out = {target: np.clip(ledger.below(target), 0.0, 1.0)}
    for worse, better in zip(TECHNOLOGIES[:at][::-1], TECHNOLOGIES[1 : at + 1][::-1], strict=True):
        out[worse] = np.minimum(ledger.below(worse), out[better])
    for worse, better in zip(TECHNOLOGIES[at:], TECHNOLOGIES[at + 1 :], strict=False):
        out[better] = np.clip(np.maximum(ledger.below(better), out[worse]), 0.0, 1.0)
    return {technology: out[technology] for technology in TECHNOLOGIES}


def mobile_before(
    ledger: Ledger, fragments: Fragments, ladder: Ladder, *, target: str, as_none: bool
) -> NDArray[np.float64]:
    """Share of each fragment's people whose mobile service is worth at least each rung; float64 (fragments, rungs).

    Where it is not known which of two services somebody has, the better one counts (unless `as_none`): nobody's service
    is improved on a guess.
    """
    missing = lacking(ledger, target=target, as_none=as_none)
    have = {technology: 1.0 - missing[technology] for technology in TECHNOLOGIES}
    persons = fragments.persons
    good = np.divide(ledger.states["usable"], persons, out=np.zeros(persons.size), where=persons > 0)
    at_4g = np.maximum(have["4G"], 1e-300)
    rest = 1.0 - np.clip(good / at_4g, 0.0, 1.0)
    exactly = {
        "2G": have["2G"] - have["3G"],
        "3G": have["3G"] - have["4G"],
        "4G": (have["4G"] - have["5G"]) * rest,
        "5G": have["5G"] * rest,
        "usable": have["4G"] * (1.0 - rest),
    }
    rungs = ladder.rungs
    start = np.zeros((persons.size, rungs.size))
    for service, share in exactly.items():
        start += np.where(rungs[None, :] <= ladder.value[service], np.maximum(share, 0.0)[:, None], 0.0)
    return np.clip(np.where(start > 1 - 1e-12, 1.0, start), 0.0, 1.0)
