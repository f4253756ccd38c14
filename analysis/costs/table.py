"""The unit costs in force, and the lines that they make."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Literal

from analysis.costs.parts import (
    CostParts,
    Part,
    PartKind,
    discounted,
    renewals,
    unused_share,
)
from data.settings import suggestion
from data.unit_costs import SETTLEMENTS, CostItem, cost_names, is_lifetime, is_rate, load_costs, must_be_positive
from geo.errors import ScenarioError, UnitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Level = Literal["low", "value", "high"]

HOURS_A_YEAR = 8760


@dataclass(frozen=True)
class CostTable:
    """Unit costs in force, one currency out, over one horizon; `cost_table` checks what it is made of.

    Attributes
    ----------
    items : dict of str to CostItem
        By `CostItem.key`; overrides applied.
    rates : dict of str to float
        Exchange rates by pair, ``EUR_USD`` = USD per EUR.
    currency : str
        Currency that every cost is given in.
    horizon_years : int
        Years of use that are counted.
    discount_rate : float
        Fraction a year.
    level : {'low', 'value', 'high'}
        Which published figure to use where the table has a range.
    """

    items: Mapping[str, CostItem]
    rates: Mapping[str, float]
    currency: str = "USD"
    horizon_years: int = 10
    discount_rate: float = 0.08
    level: Level = "value"

    def number(self, item: str, settlement: str = "") -> float:
        """Value of an item in its own unit and currency."""
        return float(getattr(self.find(item, settlement), self.level))

    def find(self, item: str, settlement: str = "") -> CostItem:
        """Row of an item, the class's own where classes differ; UnitError when there is none."""
        row = self.items.get(f"{item}.{settlement}") or self.items.get(item)
        if row is None:
            where = settlement or "any class"
            raise UnitError(f"no cost is given for {item} in {where}; {suggestion(item, self.items)}")
        return row

    def rate(self, currency: str) -> float:
        """Units of the table's currency per unit of `currency`, by way of a third one where need be.

        Raises
        ------
        UnitError
            No currency, or no rate joins the two.
        """
        if not currency:
            raise UnitError("an amount has no currency; give one, such as USD")
        if currency == self.currency:
            return 1.0
        direct = self._pair(currency, self.currency)
        known = sorted({name for pair in self.rates for name in pair.split("_")})
        for third in known if direct is None else ():
            first, second = self._pair(currency, third), self._pair(third, self.currency)
            if first is not None and second is not None:
                return first * second
        if direct is None:
            raise UnitError(
                f"costs are in {currency} and the budget in {self.currency}, and no rate joins them; "
                f"set rate.{currency}_{self.currency} under [costs]"
            )
        return direct

    def _pair(self, one: str, other: str) -> float | None:
        direct, inverse = self.rates.get(f"{one}_{other}"), self.rates.get(f"{other}_{one}")
        return direct if direct is not None else None if inverse is None else 1 / inverse

    def bought(
        self, item: str, *, life: str, quantity: float = 1.0, settlement: str = "", less: str = ""
    ) -> list[Part]:
        """Lines of something bought in the build year and again at the end of its life, with what is left at the end.

        Parameters
        ----------
        item : str
        life : str
            Item that holds its lifetime, in whole years.
        quantity : float
        settlement : str
            Class, where the price differs by class.
        less : str
            Item whose price is taken off, since it is paid elsewhere; what is left is at least 0.
        """
        row, unit_cost = self.find(item, settlement), self._net(item, settlement, less)
        years, lasts = self.horizon_years, int(self.number(life))
        left = unused_share(years, life=lasts)
        again = renewals(years, life=lasts)
        lines = [self._line(row, quantity, unit_cost, kind="capex", years=range(1))]
        if again and unit_cost:
            lines.append(self._line(row, quantity, unit_cost, kind="replacement", years=again))
        if left and unit_cost:
            lines.append(self._line(row, -left * quantity, unit_cost, kind="salvage", years=range(years, years + 1)))
        return lines

    def yearly(self, item: str, *, quantity: float = 1.0, settlement: str = "", less: str = "") -> Part:
        """Line of something paid at the end of every year."""
        row, unit_cost = self.find(item, settlement), self._net(item, settlement, less)
        return self._line(row, quantity, unit_cost, kind="opex", years=range(1, self.horizon_years + 1))

    def upkeep(self, item: str, parts: Iterable[Part]) -> Part:
        """Line of a yearly share of what `parts` cost in the build year."""
        row = replace(self.find(item), currency=self.currency)
        price = math.fsum(part.amount for part in parts if part.kind == "capex")
        return self._line(row, self.number(item), price, kind="opex", years=range(1, self.horizon_years + 1))

    def once(self, cost: float, *, item: str, currency: str, source: str) -> Part:
        """Line of an amount that is known as a whole, paid in the build year."""
        row = CostItem(item, cost, "", currency, "", source, "", cost, cost)
        return self._line(row, 1.0, cost, kind="capex", years=range(1))

    def made(self, parts: Iterable[Part], *, watts: float = 0.0, clean: bool = False) -> CostParts:
        """Cost of these lines, and the energy of a steady load in W; `clean` energy emits nothing in use."""
        kwh = watts * HOURS_A_YEAR / 1000
        emitted = 0.0 if clean else kwh * self.number("grid_co2")
        return CostParts(tuple(parts), self.currency, self.discount_rate, self.horizon_years, kwh, emitted)

    def _net(self, item: str, settlement: str, less: str) -> float:
        """Price of an item, in its own currency, less that of another."""
        price = self.number(item, settlement)
        if not less:
            return price
        off = self.number(less) * self.rate(self.find(less).currency)
        return max(price - off / self.rate(self.find(item, settlement).currency), 0.0)

    def _line(self, row: CostItem, quantity: float, unit_cost: float, *, kind: PartKind, years: range) -> Part:
        rate = self.rate(row.currency)
        present = quantity * unit_cost * rate * discounted(self.discount_rate, years)
        return Part(row.key, quantity, unit_cost, row.currency, rate, kind, years, present, row.source)


def cost_class(settlement_code: int) -> str:
    """Class of costs of a level 2 settlement code: 30 urban, 20–29 semi-urban, everything else rural."""
    return SETTLEMENTS[0 if settlement_code == 30 else 1 if 20 <= settlement_code < 30 else 2]


def cost_table(
    overrides: Mapping[str, float] | None = None,
    *,
    currency: str = "USD",
    horizon_years: int = 10,
    discount_rate: float = 0.08,
    level: Level = "value",
) -> CostTable:
    """Shipped unit costs with a scenario's overrides (in each item's own currency) in place of them.

    An override of an item that differs by class (``site_rent``) sets every class; ``site_rent.rural`` sets one. The
    override also takes the place of the low and high figures.

    Raises
    ------
    ScenarioError
        Unknown items (with the nearest known one), impossible values, a horizon of no year, a negative rate, no
        currency: every fault listed, with the dotted key of the first.
    """
    items = dict(load_costs())
    rates: dict[str, float] = {}
    faults: list[tuple[str, str]] = []
    for key, value in sorted((overrides or {}).items()):
        rows = [row for row in items.values() if key in (row.key, row.item)]
        problem = _problem(key, value, known=bool(rows))
        if problem:
            faults.append((f"costs.{key}", problem))
        elif is_rate(key):
            rates[key.removeprefix("rate.")] = value
        for row in rows if not problem else ():
            items[row.key] = replace(row, value=value, low=value, high=value, source="set in the scenario")
    faults += _frame_faults(currency, horizon_years, discount_rate)
    if not faults:
        faults += _hop_faults(items, level)
    if faults:
        (key, first), *others = faults
        raise ScenarioError(key, "\n".join(chain([first], (f"{name}: {text}" for name, text in others))))
    shipped = {key.removeprefix("rate."): row.value for key, row in items.items() if is_rate(key)}
    return CostTable(items, shipped | rates, currency, horizon_years, discount_rate, level)


def _problem(key: str, value: float, *, known: bool) -> str:
    """What is wrong with an override; blank = nothing."""
    if not known and not is_rate(key):
        return f"unknown; {suggestion(key, cost_names())}"
    if not (math.isfinite(value) and value >= 0):
        return f"{value!r} will not do: it must be at least 0"
    if must_be_positive(key) and value == 0:
        return f"{value!r} will not do: it must be above 0"
    if is_lifetime(key) and value != int(value):
        return f"{value!r} will not do: money is counted by year, so a life is a whole number of years"
    return ""


def _frame_faults(currency: str, horizon_years: int, discount_rate: float) -> list[tuple[str, str]]:
    checks = (
        ("currency", currency.isalpha() and currency.isupper() and len(currency) == 3, "give three letters, as USD"),
        ("horizon_years", horizon_years in range(1, 1001), "give whole years, at least 1"),
        ("discount_rate", math.isfinite(discount_rate) and discount_rate >= 0, "it must be at least 0"),
    )
    values = (currency, horizon_years, discount_rate)
    return [
        (f"investment.{name}", f"{value!r} will not do: {mend}")
        for (name, good, mend), value in zip(checks, values, strict=True)
        if not good
    ]


def _hop_faults(items: Mapping[str, CostItem], level: Level) -> list[tuple[str, str]]:
    """Lengths of microwave hops that do not rise."""
    names = ("backhaul_short_km", "backhaul_medium_km", "backhaul_longest_km")
    short, medium, longest = (float(getattr(items[name], level)) for name in names)
    if short <= medium <= longest:
        return []
    return [(f"costs.{names[1]}", f"{medium:g} will not do: it must lie between {short:g} and {longest:g}")]
