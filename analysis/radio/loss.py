"""What a path-loss model answers: a mixture of log-normal losses, and the range in which it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from geo.errors import RangeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_HALVINGS = 50
"""Steps of the search for a median: losses within 1,000 dB of each other are told apart to 1e-12 dB."""

_ROWS_NAMED = 5


@dataclass(frozen=True)
class Antennas:
    """What the two ends of a path have in common over all distances.

    Attributes
    ----------
    frequency_mhz : float
    base_height_m, mobile_height_m : float
        Above ground.
    """

    frequency_mhz: float
    base_height_m: float
    mobile_height_m: float


@dataclass(frozen=True)
class Component:
    """One state of a path, such as "in line of sight".

    Attributes
    ----------
    weight : float64 array (n,)
        Probability of the state, 0–1; the weights of all states of a path sum to 1.
    loss_db : float64 array (n,)
        Median loss in that state between isotropic antennas.
    sigma_db : float64 array (n,)
        Standard deviation of the log-normal shadowing in that state.
    """

    weight: NDArray[np.float64]
    loss_db: NDArray[np.float64]
    sigma_db: NDArray[np.float64]


@dataclass(frozen=True)
class PathLoss:
    """The distribution of the loss over paths of n distances.

    Attributes
    ----------
    components : tuple of Component
        One, or line of sight and not.
    """

    components: tuple[Component, ...]

    @property
    def loss_db(self) -> NDArray[np.float64]:
        """Median of the mixture, float64 array (n,) in dB: the loss not exceeded on half of the paths.

        Of one component its own loss, else found by bisection of `probability` to better than 1e-9 dB. It is not the
        weighted mean of the medians.
        """
        losses = [part.loss_db for part in self.components]
        if len(losses) == 1:
            return losses[0]
        low, high = np.minimum.reduce(losses), np.maximum.reduce(losses)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            reached = self.probability(middle) >= 0.5
            low, high = np.where(reached, low, middle), np.where(reached, middle, high)
        return high

    @property
    def sigma_db(self) -> NDArray[np.float64]:
        """Standard deviation of the mixture, float64 array (n,) in dB, the gap between the medians included."""
        mean = sum((part.weight * part.loss_db for part in self.components), start=np.float64(0))
        spread = (part.weight * (part.sigma_db**2 + (part.loss_db - mean) ** 2) for part in self.components)
        return np.asarray(np.sqrt(sum(spread, start=np.float64(0))), dtype=np.float64)

    def probability(self, allowed_db: ArrayLike) -> NDArray[np.float64]:
        """Probability that the loss is at most `allowed_db`.

        Parameters
        ----------
        allowed_db : float or float64 array (n,)
            Loss that the link budget can bear; NaN = not known.

        Returns
        -------
        float64 array (n,)
            0–1; NaN where the allowed loss is not known.
        """
        allowed = np.asarray(allowed_db, dtype=np.float64)
        shares = (part.weight * _within(allowed - part.loss_db, part.sigma_db) for part in self.components)
        return np.minimum(sum(shares, start=np.float64(0)), 1.0)


def _within(margin_db: NDArray[np.float64], sigma_db: NDArray[np.float64]) -> NDArray[np.float64]:
    """P(shadowing ≤ margin); without shadowing a step, 1 from margin 0 on."""
    shadowed = ndtr(margin_db / np.where(sigma_db > 0, sigma_db, 1.0))
    return np.where(sigma_db > 0, shadowed, np.heaviside(margin_db, 1.0))


def certain(loss_db: NDArray[np.float64], sigma_db: float) -> tuple[Component]:
    """The only state that a path has.

    Parameters
    ----------
    loss_db : float64 array (n,)
    sigma_db : float
    """
    return (Component(np.ones_like(loss_db), loss_db, np.full_like(loss_db, sigma_db)),)


@dataclass(frozen=True)
class Validity:
    """Ranges in which a model holds, both ends included.

    Attributes
    ----------
    frequency_mhz, base_height_m, mobile_height_m, distance_km : (float, float)
        Heights above ground; the distance is along the ground.
    """

    frequency_mhz: tuple[float, float]
    base_height_m: tuple[float, float]
    mobile_height_m: tuple[float, float]
    distance_km: tuple[float, float]

    def require(self, name: str, distance_km: NDArray[np.float64], antennas: Antennas) -> None:
        """Refuse every value outside its range, all of them in one sentence.

        Parameters
        ----------
        name : str
            The model with its environment and source, for the sentence.
        distance_km : float64 array (n,)
            NaN is outside.
        antennas : Antennas

        Raises
        ------
        RangeError
            Names each value, its range, and for distances how many and the first rows (counted from 1).
        """
        wrong = [
            *_outside("frequency", "MHz", antennas.frequency_mhz, self.frequency_mhz),
            *_outside("base antenna height", "m", antennas.base_height_m, self.base_height_m),
            *_outside("mobile antenna height", "m", antennas.mobile_height_m, self.mobile_height_m),
            *_distances_outside(distance_km, self.distance_km),
        ]
        if wrong:
            raise RangeError(f"{name} does not hold: " + "; ".join(wrong))


def _span(limits: tuple[float, float], unit: str) -> str:
    low, high = limits
    return f"{low:.10g} {unit}" if low == high else f"{low:.10g}–{high:.10g} {unit}"


def _outside(what: str, unit: str, value: float, limits: tuple[float, float]) -> list[str]:
    if limits[0] <= value <= limits[1]:
        return []
    return [f"{what} {value:.10g} {unit} is outside {_span(limits, unit)}"]


def _distances_outside(distance_km: NDArray[np.float64], limits: tuple[float, float]) -> list[str]:
    rows = np.flatnonzero(~((distance_km >= limits[0]) & (distance_km <= limits[1])))
    if not rows.size:
        return []
    named = ", ".join(f"{row + 1}: {distance_km.flat[row]:.10g} km" for row in rows[:_ROWS_NAMED].tolist())
    more = ", …" if rows.size > _ROWS_NAMED else ""
    return [f"{rows.size} of {distance_km.size} distances outside {_span(limits, 'km')} (row {named}{more})"]
