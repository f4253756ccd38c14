"""What share of a variance one source explains: first-order Sobol indices by picking and freezing.

The model is run twice with the source as it was and everything else drawn anew; the more the two runs agree, the more
the source explains. S = Cov(Y, Y') / Var(Y) (Sobol' 1993), by the second estimator of Janon, Klein, Lagnoux, Nodet and
Prieur (2014, ESAIM: Probability and Statistics 18, 342–364), which pools both runs in the mean and in the variance: it
never exceeds 1, is exactly 1 when nothing else varies, and is asymptotically efficient.
A source is all of its numbers together: "population" is the errors of all zones, whose ranks depend on each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Tally:
    """Sums over pairs of runs, a batch at a time, for many outputs at once.

    Parameters
    ----------
    shape : tuple of int
        Of the outputs.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._pairs = 0
        self._inert = False
        self._total, self._square, self._product = np.zeros((3, *shape))

    def add(self, first: NDArray[np.float64], second: NDArray[np.float64] | None) -> None:
        """Take in runs (pairs, *shape). `second` None: the source has no spread, and explains nothing.

        Values near 0 keep more digits: take a central value off both.
        """
        if second is None:
            self._inert, second = True, first
        self._pairs += len(first)
        self._total += (first + second).sum(axis=0)
        self._square += (first**2 + second**2).sum(axis=0)
        self._product += (first * second).sum(axis=0)

    def share(self) -> NDArray[np.float64]:
        """First-order share (*shape), 0–1; NaN where the output does not vary. Below 0 by chance is given as 0."""
        mean = self._total / (2 * self._pairs)
        square = self._square / (2 * self._pairs)
        variance = square - mean**2
        varies = variance > 1e-12 * square
        covariance = np.zeros(mean.shape) if self._inert else self._product / self._pairs - mean**2
        share = np.divide(covariance, variance, out=np.full(mean.shape, np.nan), where=varies)
        return np.clip(share, 0.0, 1.0)
