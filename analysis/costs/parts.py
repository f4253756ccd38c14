"""Costs as dated lines: what is paid in which year, and what that is worth today."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from geo.errors import RangeError, UnitError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray

PartKind = Literal["capex", "replacement", "opex", "salvage"]
KINDS: tuple[PartKind, ...] = ("capex", "replacement", "opex", "salvage")
"""What a line is: bought when built, bought again, paid every year, or what is left at the end (negative)."""


def require_rate(rate: float) -> None:
    """Raise RangeError unless a yearly rate is a finite number of at least 0."""
    if not (math.isfinite(rate) and rate >= 0):
        raise RangeError(f"a yearly rate is a finite number of at least 0, not {rate!r}")


@lru_cache(maxsize=4096)
def discounted(rate: float, years: range) -> float:
    """Present worth of 1 paid at each of `years`: Σ (1 + r)⁻ʸ."""
    return math.fsum((1 + rate) ** -year for year in years)


def annuity_factor(rate: float, years: int) -> float:
    """Present worth of 1 a year paid at the end of each of `years` years: (1 − (1 + r)⁻ⁿ) / r, or n when r = 0."""
    return float(years) if rate == 0 else -math.expm1(-years * math.log1p(rate)) / rate


def renewals(years: int, *, life: int) -> range:
    """Years in which something bought in year 0 is bought again, before the horizon."""
    return range(life, years, life)


def unused_share(years: int, *, life: int) -> float:
    """Share of the last one bought that is not used up at the horizon (straight-line), 0–1."""
    return -years % life / life


def renewal_factor(rate: float, *, years: int, life: int) -> float:
    """Present worth of having something of price 1 for `years`: bought, renewed every `life` years, less salvage."""
    bought = 1 + discounted(rate, renewals(years, life=life))
    return bought - unused_share(years, life=life) * (1 + rate) ** -years


def npv(flows: Flows | ArrayLike, rate: float) -> float:
    """Present worth of dated flows: Σ flow of year y × (1 + r)⁻ʸ.

    Parameters
    ----------
    flows : Flows, or float64 array (years,)
        Paid in year 0, 1, 2 … (0 = today, the others at their end).
    rate : float
        Fraction a year.

    Raises
    ------
    RangeError
        A rate or a flow is no finite number, or the rate is negative.
    """
    require_rate(rate)
    amounts = np.asarray(flows.net if isinstance(flows, Flows) else flows, dtype=np.float64)
    if not np.isfinite(amounts).all():
        raise RangeError("flows are finite numbers; one is not")
    return math.fsum(float(amount) * (1 + rate) ** -year for year, amount in enumerate(amounts))


@dataclass(frozen=True, eq=False)
class Flows:
    """Money by year, in one currency; arrays (years,), year 0 first.

    Attributes
    ----------
    capex, replacement, opex : float64 arrays (years,)
        At least 0.
    salvage : float64 array (years,)
        At most 0: what is left is worth something.
    currency : str
    """

    capex: NDArray[np.float64]
    replacement: NDArray[np.float64]
    opex: NDArray[np.float64]
    salvage: NDArray[np.float64]
    currency: str

    @property
    def net(self) -> NDArray[np.float64]:
        """Sum of the four, by year."""
        return self.capex + self.replacement + self.opex + self.salvage


@dataclass(frozen=True)
class Part:
    """One line of a cost: `quantity` × `unit_cost` (in `currency`) × `rate` is paid in each of `years`.

    Attributes
    ----------
    item : str
        Key of the table of costs.
    quantity : float
        Negative for salvage.
    unit_cost : float
    currency : str
        Of `unit_cost`.
    rate : float
        Units of the plan's currency per unit of `currency`.
    kind : {'capex', 'replacement', 'opex', 'salvage'}
    years : range
        Years of payment; 0 is the first year of the plan.
    present : float
        Worth today of all of it, in the plan's currency.
    source : str
    """

    item: str
    quantity: float
    unit_cost: float
    currency: str
    rate: float
    kind: PartKind
    years: range
    present: float
    source: str

    @property
    def amount(self) -> float:
        """What is paid each time, in the plan's currency."""
        return self.quantity * self.unit_cost * self.rate

    @property
    def when(self) -> str:
        """Years in words."""
        if self.kind == "opex":
            return f"every year from {self.years.start} to {self.years.stop - 1}"
        return f"year {', '.join(map(str, self.years))}"


def worth(parts: Iterable[Part]) -> float:
    """Present worth of some lines, to rounding that of their flows."""
    return math.fsum(part.present for part in parts)


@dataclass(frozen=True)
class CostParts:
    """Cost of one thing built, with every line that makes it, and the energy it uses.

    Attributes
    ----------
    parts : tuple of Part
        Their `present` sums to `total` (to rounding).
    currency : str
        Currency of every `present`.
    discount_rate : float
        Fraction a year.
    last_year : int
        Last year that is counted: the horizon, later by the build year.
    kwh_year, co2_kg_year : float
        Electricity used, and CO₂ that making it emits, in kWh and kg a year while in use.
    """

    parts: tuple[Part, ...]
    currency: str
    discount_rate: float
    last_year: int
    kwh_year: float = 0.0
    co2_kg_year: float = 0.0

    @cached_property
    def total(self) -> float:
        """Present cost, in `currency`: `npv` of `flows`."""
        return npv(self.flows(), self.discount_rate)

    @property
    def capex(self) -> float:
        """What is paid in the build year, in `currency`, not discounted."""
        return math.fsum(part.amount for part in self.parts if part.kind == "capex")

    @property
    def opex_year(self) -> float:
        """What is paid in every year of use, in `currency`, not discounted."""
        return math.fsum(part.amount for part in self.parts if part.kind == "opex")

    def flows(self) -> Flows:
        """Money by year, from 0 to `last_year`."""
        by_kind = {kind: np.zeros(self.last_year + 1) for kind in KINDS}
        for part in self.parts:
            years = part.years
            by_kind[part.kind][years.start : years.stop : years.step] += part.amount
        return Flows(**by_kind, currency=self.currency)

    def shifted(self, years: int) -> CostParts:
        """The same, built `years` later: every payment moves, and the present cost shrinks by (1 + r)⁻ʸᵉᵃʳˢ.

        It is used as long as if built at once, so that the horizon moves too.
        """
        if years < 0:
            raise RangeError(f"a build year is at least 0, not {years}")
        factor = (1 + self.discount_rate) ** -years
        moved = tuple(
            replace(
                part,
                years=range(part.years.start + years, part.years.stop + years, part.years.step),
                present=part.present * factor,
            )
            for part in self.parts
        )
        return replace(self, parts=moved, last_year=self.last_year + years)

    def __add__(self, other: CostParts) -> CostParts:
        return together([self, other])


def together(costs: Iterable[CostParts]) -> CostParts:
    """Cost of several things: all their lines, energy and emissions added.

    Raises
    ------
    UnitError
        Nothing to add, or currencies or discount rates differ.
    """
    several = list(costs)
    terms = sorted({(cost.currency, cost.discount_rate) for cost in several})
    if len(terms) != 1:
        named = ", ".join(f"{currency} at {rate:g}" for currency, rate in terms) or "no cost"
        raise UnitError(f"costs are added in one currency and at one discount rate; given: {named}")
    currency, rate = terms[0]
    return CostParts(
        tuple(part for cost in several for part in cost.parts),
        currency,
        rate,
        max(cost.last_year for cost in several),
        math.fsum(cost.kwh_year for cost in several),
        math.fsum(cost.co2_kg_year for cost in several),
    )
