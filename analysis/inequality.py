"""How unequally something is shared among people: Gini, Theil, Atkinson, Palma and the Lorenz curve (methods, §6).

Every measure is weighted by people: a row (a cell, a zone) stands for as many persons as live there, each with the
row's value, so what differs between the people of one row is not seen. Values are 0 or more; NaN is *not known* and is
left out together with its people. Where the mean is 0, or nothing is known, there is nothing to share and all measures
are NaN. The order of the rows changes no bit of the answer (`analysis.weighted`).

Sources: Cowell, *Measuring Inequality* (3rd ed. 2011); Theil, *Economics and Information Theory* (1967); Atkinson, "On
the measurement of inequality" (1970); Palma, "Homogeneous middles vs. heterogeneous tails" (2011).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from analysis.weighted import by_group, mean_of, people_of
from geo.errors import RangeError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from analysis.weighted import People

BOTTOM, TOP = 0.4, 0.1
"""Palma's shares of people: the least served 40 %, the best served 10 %."""

ROUNDING = 1e-12
"""A share smaller than this is a rounding error."""


@dataclass(frozen=True)
class Inequality:
    """Measures of one value among people.

    Attributes
    ----------
    gini : float
        0 (all alike) to 1.
    theil : float
        Theil's T, nats: 0 to ln(people).
    theil_between, theil_within : float
        Its parts between the groups and inside them; NaN without groups.
    atkinson_05, atkinson_1 : float
        Atkinson's index for ε = 0.5 and 1: 0 to 1.
    palma : float
        What the top 10 % of people have over what the bottom 40 % have; inf where the bottom has nothing.
    mean : float
        Mean over people, in the value's unit; NaN where nothing is known.
    known_people, people : float
        Persons whose value is known, and all persons.
    """

    gini: float
    theil: float
    theil_between: float
    theil_within: float
    atkinson_05: float
    atkinson_1: float
    palma: float
    mean: float
    known_people: float
    people: float

    @property
    def known_share(self) -> float:
        """Share of people whose value is known, 0 to 1; NaN where nobody lives."""
        return self.known_people / self.people if self.people > 0 else np.nan


@dataclass(frozen=True)
class TheilParts:
    """Theil's T between and within groups; the two sum to T.

    Attributes
    ----------
    between, within : float
        Σ s_g ln(μ_g/μ) and Σ s_g T_g, nats.
    groups : DataFrame
        One row per group in which something is known, in order of the label: ``group``; ``people`` (known, persons);
        ``mean``; ``value_share`` (s_g, its part of all there is, 0 to 1); ``theil`` (T_g, NaN where all is 0);
        ``between`` and ``within`` (its terms, 0 where s_g is 0).
    """

    between: float
    within: float
    groups: pd.DataFrame


class Lorenz(NamedTuple):
    """Lorenz curve: the bottom ``people`` (cumulative share) have ``value`` (cumulative share) of all there is."""

    people: NDArray[np.float64]
    value: NDArray[np.float64]


def _curve(people: People) -> Lorenz:
    """Every point of the Lorenz curve, (0, 0) and (1, 1) included; the value is NaN where it is undefined."""
    if not mean_of(people) > 0:
        return Lorenz(np.array([0.0, 1.0]), np.array([np.nan, np.nan]))
    persons = np.concatenate([[0.0], np.cumsum(people.weight)])
    amount = np.concatenate([[0.0], np.cumsum(people.value * people.weight)])
    return Lorenz(persons / persons[-1], amount / amount[-1])


def _gini(curve: Lorenz) -> float:
    area = np.sum(np.diff(curve.people) * (curve.value[1:] + curve.value[:-1]))
    return float(np.clip(1.0 - area, 0.0, 1.0))


def _palma(curve: Lorenz) -> float:
    bottom, below_top = np.interp([BOTTOM, 1.0 - TOP], curve.people, curve.value)
    return np.inf if bottom < ROUNDING else float((1.0 - below_top) / bottom)


def _times_log(ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute x ln x, with 0 ln 0 = 0."""
    return ratio * np.log(np.where(ratio > 0, ratio, 1.0))


def _theil(people: People) -> float:
    mean = mean_of(people)
    if not mean > 0:
        return np.nan
    return max(0.0, float((people.weight * _times_log(people.value / mean)).sum() / people.weight.sum()))


def _atkinson(people: People, epsilon: float) -> float:
    mean = mean_of(people)
    if not mean > 0:
        return np.nan
    if epsilon >= 1 and people.value[0] == 0:
        return 1.0
    ratio, total = people.value / mean, people.weight.sum()
    if epsilon == 1:
        level = np.exp((people.weight * np.log(ratio)).sum() / total)
    else:
        with np.errstate(over="ignore"):  # a great aversion sees only the least: (∞)^(1/(1−ε)) = 0 is the limit
            level = ((people.weight * ratio ** (1 - epsilon)).sum() / total) ** (1 / (1 - epsilon))
    return float(np.clip(1.0 - level, 0.0, 1.0))


def _parts(people: People) -> TheilParts:
    codes, groups = by_group(people)
    persons, mean, mean_all = groups["people"].to_numpy(), groups["mean"].to_numpy(), mean_of(people)
    if not mean_all > 0:
        return TheilParts(
            np.nan, np.nan, groups.assign(value_share=np.nan, theil=np.nan, between=np.nan, within=np.nan)
        )
    some = mean > 0
    safe = np.where(some, mean, mean_all)
    inside = np.bincount(codes, weights=people.weight * _times_log(people.value / safe[codes]), minlength=mean.size)
    inside = np.maximum(inside / persons, 0.0)
    share = persons * mean / (persons * mean).sum()
    between, within = share * np.log(safe / mean_all), share * inside
    groups = groups.assign(value_share=share, theil=np.where(some, inside, np.nan), between=between, within=within)
    return TheilParts(max(0.0, float(between.sum())), float(within.sum()), groups)


def gini(value: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    """Gini coefficient 1 − Σ p_k (L_k + L_{k−1}) of a value among people.

    Parameters
    ----------
    value : float64 array (rows,)
        0 or more; NaN = not known, left out with its people.
    weight : float64 array (rows,)
        Persons.

    Returns
    -------
    float
        0 to 1, of the whole population (no small-sample correction); NaN where the mean is 0 or nothing is known.

    Raises
    ------
    RangeError
        Negative or infinite values or weights, a weight that is not known; every fault with its first rows.
    ValueError
        Columns of different length.
    """
    return _gini(_curve(people_of(value, weight)))


def theil(value: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    """Theil's T = Σ p (y/μ) ln(y/μ), with 0 ln 0 = 0.

    Parameters and errors as for `gini`.

    Returns
    -------
    float
        Nats, 0 to ln(people); NaN where the mean is 0 or nothing is known.
    """
    return _theil(people_of(value, weight))


def theil_parts(value: NDArray[np.float64], weight: NDArray[np.float64], group: NDArray[Any]) -> TheilParts:
    """Theil's T between and within groups: T = Σ s_g ln(μ_g/μ) + Σ s_g T_g.

    Parameters
    ----------
    value, weight
        As for `gini`.
    group : array (rows,)
        Label of each row's group, all of one sortable type.

    Returns
    -------
    TheilParts
        NaN parts where the mean is 0 or nothing is known.

    Raises
    ------
    RangeError
        As for `gini`; a missing label.
    """
    return _parts(people_of(value, weight, group))


def atkinson(value: NDArray[np.float64], weight: NDArray[np.float64], *, epsilon: float = 0.5) -> float:
    """Atkinson's index: the share of all there is that could be given up if the rest were shared equally.

    Parameters
    ----------
    value, weight
        As for `gini`.
    epsilon : float
        Aversion to inequality, 0 (none, the index is 0) or more.

    Returns
    -------
    float
        0 to 1; 1 where ε ≥ 1 and somebody has 0; NaN where the mean is 0 or nothing is known.

    Raises
    ------
    RangeError
        As for `gini`; ε negative or not finite.
    """
    if not 0 <= epsilon < np.inf:
        raise RangeError(f"epsilon is 0 or more, not {epsilon}")
    return _atkinson(people_of(value, weight), epsilon)


def palma(value: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    """Palma ratio: what the top 10 % of people have over what the bottom 40 % have.

    A row across a boundary is split by persons. Parameters and errors as for `gini`.

    Returns
    -------
    float
        0.25 when all are alike; inf where the bottom 40 % have nothing and somebody has something; NaN where the mean
        is 0 or nothing is known.
    """
    return _palma(_curve(people_of(value, weight)))


def lorenz(value: NDArray[np.float64], weight: NDArray[np.float64], *, points: int = 200) -> Lorenz:
    """Lorenz curve, thinned for a picture.

    Parameters
    ----------
    value, weight
        As for `gini`.
    points : int
        Most points to return, 2 or more. Those kept lie on the curve, evenly along people + value, so that a thin
        top or bottom keeps its shape.

    Returns
    -------
    people, value : float64 array (k,)
        Cumulative shares, ascending, from (0, 0) to (1, 1), 2 ≤ k ≤ points. Where the curve is undefined (see `gini`)
        people is (0, 1) and value NaN.

    Raises
    ------
    RangeError
        As for `gini`; fewer than 2 points.
    """
    if points < 2:
        raise RangeError(f"a curve has 2 points or more, not {points}")
    curve = _curve(people_of(value, weight))
    if curve.people.size <= points:
        return curve
    along = curve.people + curve.value
    reached = np.searchsorted(along, np.linspace(0.0, along[-1], points)[:-1])
    kept = np.unique(np.append(reached, along.size - 1))
    return Lorenz(curve.people[kept], curve.value[kept])


def inequality_of(
    value: NDArray[np.float64], weight: NDArray[np.float64], group: NDArray[Any] | None = None
) -> Inequality:
    """All measures of a value among people, from one sort.

    Parameters and errors as for `theil_parts`; without groups the parts of Theil's T are NaN.

    Returns
    -------
    Inequality
    """
    people = people_of(value, weight, group)
    curve = _curve(people)
    parts = None if group is None else _parts(people)
    return Inequality(
        gini=_gini(curve),
        theil=_theil(people),
        theil_between=np.nan if parts is None else parts.between,
        theil_within=np.nan if parts is None else parts.within,
        atkinson_05=_atkinson(people, 0.5),
        atkinson_1=_atkinson(people, 1.0),
        palma=_palma(curve),
        mean=mean_of(people),
        known_people=float(people.weight.sum()),
        people=people.everybody,
    )
