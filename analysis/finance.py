"""Who pays and when: annuities, what revenue brings back, building by year, sources of money."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.costs import annuity_factor
from geo.errors import RangeError, ScenarioError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

MONTHS = 12
SLACK = 1e-9
"""Rounding that money and shares are allowed, as a fraction."""


def annuity(present: float, *, rate: float, years: int) -> float:
    """Equal payment at the end of each of `years` years that is worth `present` today: r(1 + r)ⁿ / ((1 + r)ⁿ − 1).

    Raises
    ------
    RangeError
        A number is negative or not finite, or there is no year.
    """
    _require(present=present, rate=rate)
    return present / _factor(rate, years)


def cost_per_person(cost: float, *, persons: float) -> float | None:
    """Cost for each person who gains, in the currency of the cost; None where nobody does."""
    _require(cost=cost, persons=persons)
    return cost / persons if persons > 0 else None


def subsidy(present_cost: float, *, users: float, arpu_month: float, adoption: float, rate: float, years: int) -> float:
    """Part of a present cost that revenue does not bring back, at least 0, in the currency of the cost.

    Parameters
    ----------
    present_cost : float
        Of all that is built and run, to the horizon.
    users : float
        People newly served; the share `adoption` of them pays.
    arpu_month : float
        Revenue per user and month, in the currency of the cost.
    adoption : float
        Fraction, 0–1.
    rate : float
        Discount rate of costs and revenue, fraction a year.
    years : int
        Horizon; revenue comes at the end of each year, the first included.
    """
    earned = _earned_a_year(present_cost, users=users, arpu_month=arpu_month, adoption=adoption)
    return max(present_cost - earned * _factor(rate, years), 0.0)


def break_even_arpu(present_cost: float, *, users: float, adoption: float, rate: float, years: int) -> float | None:
    """Revenue per user and month at which no subsidy is needed; None where there are no users to pay a cost."""
    _earned_a_year(present_cost, users=users, arpu_month=0.0, adoption=adoption)
    months = users * adoption * MONTHS * _factor(rate, years)
    if present_cost == 0:
        return 0.0
    return present_cost / months if months > 0 else None


def break_even_year(
    present_cost: float, *, users: float, arpu_month: float, adoption: float, rate: float, years: int
) -> int | None:
    """First year in which revenue so far, discounted, covers the present cost; 0 without a cost, None = never.

    The cost is all of it, to the horizon, so that the year says when the whole is earned back.
    """
    earned = _earned_a_year(present_cost, users=users, arpu_month=arpu_month, adoption=adoption)
    _factor(rate, years)
    reached = (year for year in range(years + 1) if earned * annuity_factor(rate, year) >= present_cost * (1 - SLACK))
    return next(reached, None)


def phase(costs: ArrayLike, *, yearly_budget: Sequence[float]) -> NDArray[np.int64]:
    """Build year of each step of a build order, as early as the money allows.

    Parameters
    ----------
    costs : float64 array (steps,)
        In build order; a step waits for those before it.
    yearly_budget : sequence of float
        Money that comes in year 0, 1 …; what is not spent is carried over.

    Returns
    -------
    int64 array (steps,)
        Never falling; −1 = beyond the money of all years.

    Raises
    ------
    ScenarioError
        A year's money is negative or not finite, none is given, or a step costs more than all years together.
    RangeError
        A cost is negative or not finite.
    """
    key = "investment.yearly_budget"
    wrong = [f"year {year}: {money!r} will not do" for year, money in enumerate(yearly_budget) if not _good(money)]
    if wrong or not len(yearly_budget):
        raise ScenarioError(key, "\n".join(wrong) or "give the money of at least one year")
    steps = np.asarray(costs, dtype=np.float64)
    if not (np.isfinite(steps).all() and (steps >= 0).all()):
        raise RangeError("costs of steps are finite numbers of at least 0")
    money = np.cumsum(np.asarray(yearly_budget, dtype=np.float64)) * (1 + SLACK)
    dear = np.flatnonzero(steps > money[-1])
    if dear.size:
        each = ", ".join(f"step {index + 1} costs {steps[index]:,.0f}" for index in dear)
        total = math.fsum(yearly_budget)
        raise ScenarioError(key, f"{each}; all years together bring {total:,.0f}: give more, or lock those steps out")
    year = np.searchsorted(money, np.cumsum(steps), side="left")
    return np.where(year < money.size, year, -1).astype(np.int64)


def yearly_spend(costs: ArrayLike, build_year: ArrayLike, *, years: int) -> NDArray[np.float64]:
    """Cost of what is built in each year; steps of build year −1 are left out.

    Parameters
    ----------
    costs, build_year : arrays (steps,)
    years : int

    Returns
    -------
    float64 array (years,)

    Raises
    ------
    RangeError
        Something is built after those years.
    """
    when = np.asarray(build_year, dtype=np.int64)
    if when.size and when.max() >= years:
        raise RangeError(f"a step is built in year {when.max()}, after the {years} years that are asked for")
    built = when >= 0
    weights = np.asarray(costs, dtype=np.float64)[built]
    return np.bincount(when[built], weights=weights, minlength=years).astype(np.float64)


def financing_table(sources: Mapping[str, float | Sequence[float]], *, spend: ArrayLike) -> pd.DataFrame:
    """Split each year's spend among sources of money.

    Parameters
    ----------
    sources : mapping of str to float or sequence of float
        Share of each source, one for all years or one a year, such as ``{"municipal": 0.4, "fund": [0.6, 0.6]}``;
        any names. Each year's shares sum to 1.
    spend : float64 array (years,)
        In one currency, at least 0.

    Returns
    -------
    DataFrame
        Index ``year``, a column for each source in the order given, in the currency of `spend`. The columns of a row
        sum to the spend of that year exactly, in whatever order they are added.

    Raises
    ------
    ScenarioError
        See `check_financing`.
    RangeError
        A year's spend is negative or not finite.
    """
    money = np.asarray(spend, dtype=np.float64)
    if not (np.isfinite(money).all() and (money >= 0).all()):
        raise RangeError("the spend of a year is a finite number of at least 0")
    check_financing(sources, years=money.size)
    shares = [_by_year(given, money.size) for given in sources.values()]
    rows = [_split(float(money[year]), [share[year] for share in shares]) for year in range(money.size)]
    index = pd.RangeIndex(money.size, name="year")
    return pd.DataFrame(np.reshape(rows, (money.size, len(sources))), index=index, columns=list(sources))


def check_financing(sources: Mapping[str, float | Sequence[float]], *, years: int) -> None:
    """Raise ScenarioError that lists every fault: no source, shares outside 0–1, too few years, sums other than 1."""
    faults: list[tuple[str, str]] = []
    for name, given in sources.items():
        shares = _by_year(given, years)
        if len(shares) != years:
            faults.append((f".{name}", f"{len(shares)} shares for {years} years; give one for all, or one a year"))
        faults += [
            (f".{name}", f"{share!r} will not do: a share lies between 0 and 1")
            for share in dict.fromkeys(shares)
            if not (_good(share) and share <= 1)
        ]
    if not sources:
        faults.append(("", "no source of money is given"))
    if not faults:
        faults += _sum_faults([_by_year(given, years) for given in sources.values()], years)
    if faults:
        lines = [f"investment.financing{name}: {problem}" for name, problem in faults]
        key = f"investment.financing{faults[0][0]}"
        raise ScenarioError(key, "\n".join([faults[0][1], *lines[1:]]))


def _sum_faults(shares: list[list[float]], years: int) -> list[tuple[str, str]]:
    """Years whose shares do not sum to 1."""
    sums = [math.fsum(share[year] for share in shares) for year in range(years)]
    return [
        ("", f"year {year}: the shares sum to {total:g}, not 1")
        for year, total in enumerate(sums)
        if abs(total - 1) > SLACK
    ]


def _by_year(given: float | Sequence[float], years: int) -> list[float]:
    return [float(given)] * years if isinstance(given, int | float) else [float(share) for share in given]


def _split(spend: float, shares: list[float]) -> list[float]:
    """Amounts that sum to `spend` exactly: whole multiples of its last binary digit; the largest takes the rest."""
    grain = math.ulp(spend)
    whole = round(spend / grain)
    parts = [min(round(share * whole), whole) for share in shares]
    parts[parts.index(max(parts))] += whole - sum(parts)
    return [part * grain for part in parts]


def _earned_a_year(present_cost: float, *, users: float, arpu_month: float, adoption: float) -> float:
    _require(present_cost=present_cost, users=users, arpu_month=arpu_month, adoption=adoption)
    if adoption > 1:
        raise RangeError(f"adoption is a share of people, 0–1, not {adoption!r}")
    return users * adoption * arpu_month * MONTHS


def _factor(rate: float, years: int) -> float:
    _require(rate=rate)
    if years < 1:
        raise RangeError(f"a horizon is at least 1 year, not {years}")
    return annuity_factor(rate, years)


def _require(**numbers: float) -> None:
    """RangeError naming the numbers that are negative or not finite."""
    wrong = [f"{name.replace('_', ' ')} is {value!r}" for name, value in numbers.items() if not _good(value)]
    if wrong:
        raise RangeError(f"{'; '.join(wrong)}: give a finite number of at least 0")


def _good(value: float) -> bool:
    return math.isfinite(value) and value >= 0


def floored(share: float, decimals: int) -> float:
    """A share rounded down, so that what is said to be reached at least is not more than is proved."""
    scale = 10.0**decimals
    return math.floor(share * scale * (1 + 1e-12)) / scale
