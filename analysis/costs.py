"""What building costs: unit costs from a table with sources, put together as dated flows and one present cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from data.settings import suggestion
from data.unit_costs import SETTLEMENTS, CostItem, cost_names, load_costs
from geo.errors import ScenarioError, UnitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Level = Literal["low", "value", "high"]

ACTIVE = (
    "site_antennas",
    "site_radio_unit",
    "site_fronthaul_interface",
    "site_processing",
    "site_core_interface",
    "site_control_unit",
    "site_cooling",
    "site_power_converter",
)
"""Site equipment whose yearly upkeep is a share of its price (`capex_and_opex` in pytal, power and backhaul aside)."""
PASSIVE = ("site_cabinet", "site_tower", "site_civil_works", "site_transport", "site_installation")


@dataclass(frozen=True)
class Part:
    """One line of a cost: `quantity` × `unit_cost` (in `currency`) × `rate` is paid `when`, worth `present` today."""

    item: str
    quantity: float
    unit_cost: float
    currency: str
    rate: float
    when: str
    present: float
    source: str


@dataclass(frozen=True)
class CostParts:
    """Present cost of one thing built, with every line that makes it.

    Attributes
    ----------
    parts : tuple of Part
        Their `present` sums to `total`.
    currency : str
        Currency of every `present`.
    """

    parts: tuple[Part, ...]
    currency: str

    @property
    def total(self) -> float:
        """Present cost, in `currency`."""
        return math.fsum(part.present for part in self.parts)

    @property
    def capex(self) -> float:
        """What is paid in the build year, in `currency`, not discounted."""
        return math.fsum(p.quantity * p.unit_cost * p.rate for p in self.parts if p.when == "build year")


def annuity_factor(rate: float, years: int) -> float:
    """Present worth of 1 a year paid at the end of each of `years` years: (1 − (1 + r)⁻ⁿ) / r, or n when r = 0."""
    return float(years) if rate == 0 else -math.expm1(-years * math.log1p(rate)) / rate


def renewal_factor(rate: float, *, years: int, life: float) -> float:
    """Present worth of owning something of price 1 for `years`: bought, renewed every `life` years, less its salvage.

    Salvage is straight-line: the last one bought is worth its unused share at the horizon.
    """
    renewals = max(math.ceil(years / life - 1e-9) - 1, 0)
    bought = math.fsum((1 + rate) ** -(index * life) for index in range(renewals + 1))
    unused = ((renewals + 1) * life - years) / life
    return bought - max(unused, 0.0) * (1 + rate) ** -years


@dataclass(frozen=True)
class CostTable:
    """Unit costs in force, one currency out, over one horizon.

    Attributes
    ----------
    items : dict of str to CostItem
        By `CostItem.key`; overrides applied.
    rates : dict of str to float
        Exchange rates by pair, ``EUR_USD`` = USD per EUR.
    currency : str
        Currency that every cost is given in.
    horizon_years : int
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
        """Row of an item, the class's own where classes differ."""
        row = self.items.get(f"{item}.{settlement}") or self.items.get(item)
        if row is None:
            raise UnitError(f"no cost is given for {item} in {settlement or 'any class'}")
        return row

    def rate(self, currency: str) -> float:
        """Units of the table's currency per unit of `currency`; UnitError when no rate is given."""
        if currency in ("", self.currency):
            return 1.0
        direct = self.rates.get(f"{currency}_{self.currency}")
        if direct is not None:
            return direct
        inverse = self.rates.get(f"{self.currency}_{currency}")
        if inverse is not None:
            return 1 / inverse
        raise UnitError(
            f"costs are in {currency} and the budget in {self.currency}, and no rate joins them; "
            f"set rate.{currency}_{self.currency} under [costs]"
        )

    def bought(self, item: str, *, life: float, quantity: float = 1.0) -> list[Part]:
        """Lines of something bought in the build year and renewed every `life` years."""
        row, unit_cost = self.find(item), self.number(item)
        rate = self.rate(row.currency)
        price = quantity * unit_cost * rate
        later = price * (renewal_factor(self.discount_rate, years=self.horizon_years, life=life) - 1)
        first = Part(item, quantity, unit_cost, row.currency, rate, "build year", price, row.source)
        renewed = Part(
            item,
            quantity,
            unit_cost,
            row.currency,
            rate,
            f"renewed every {life:g} years, less salvage",
            later,
            row.source,
        )
        return [first, renewed] if later else [first]

    def yearly(self, item: str, *, settlement: str = "") -> Part:
        """Line of something paid at the end of every year."""
        row, unit_cost = self.find(item, settlement), self.number(item, settlement)
        rate = self.rate(row.currency)
        present = unit_cost * rate * annuity_factor(self.discount_rate, self.horizon_years)
        return Part(row.key, 1.0, unit_cost, row.currency, rate, "every year", present, row.source)

    def upkeep(self, item: str, parts: Iterable[Part]) -> Part:
        """Line of a yearly share of what `parts` cost in the build year."""
        row, share = self.find(item), self.number(item)
        price = math.fsum(p.present for p in parts if p.when == "build year")
        present = share * price * annuity_factor(self.discount_rate, self.horizon_years)
        return Part(item, share, price, self.currency, 1.0, "every year", present, row.source)


def cost_class(settlement_code: int) -> str:
    """Class of costs of a level 2 settlement code: 30 urban, 20–29 semi-urban, everything else rural."""
    return SETTLEMENTS[0 if settlement_code == 30 else 1 if 20 <= settlement_code < 30 else 2]


def site_cost(settlement_code: int, technology: str, *, table: CostTable, hops: int = 1) -> CostParts:
    """Present cost of one new macro site: capex in the build year, renewals, rent, power and upkeep to the horizon.

    Parameters
    ----------
    settlement_code : int
        Degree of Urbanisation level 2 code of the place; it sets the rent.
    technology : {'3G', '4G', '5G'}
        3G is costed as 4G (no separate source); 5G takes its own power system and energy.
    table : CostTable
    hops : int
        Microwave hops to the network; 0 where backhaul is there already.

    Notes
    -----
    4G capex without backhaul is 40,500 USD in the table as shipped. Price years are not adjusted for inflation.
    """
    if technology not in ("3G", "4G", "5G"):
        raise ScenarioError("investment.technology", f"'{technology}' has no costs; use 3G, 4G or 5G")
    suffix = "_5g" if technology == "5G" else ""
    life = table.number("site_life_years")
    active = [part for item in ACTIVE for part in table.bought(item, life=life)]
    passive = [part for item in (*PASSIVE, f"site_power_system{suffix}") for part in table.bought(item, life=life)]
    backhaul = table.bought("site_backhaul", life=life, quantity=hops) if hops else []
    running = [
        table.yearly("site_rent", settlement=cost_class(settlement_code)),
        table.yearly(f"site_power{suffix}"),
        table.upkeep("site_maintenance_share", active),
    ]
    return CostParts((*active, *passive, *backhaul, *running), table.currency)


def wifi_cost(access_points: int, *, indoor: bool, table: CostTable) -> CostParts:
    """Present cost of public WiFi at one host: access points, their renewals and upkeep, the line to the internet."""
    if access_points < 1:
        raise ScenarioError("investment.wifi_access_points", f"{access_points} will not do: it must be at least 1")
    item = "wifi_access_point_indoor" if indoor else "wifi_access_point_outdoor"
    points = table.bought(item, life=table.number("wifi_life_years"), quantity=access_points)
    running = [table.yearly("wifi_connection"), table.upkeep("wifi_maintenance_share", points)]
    return CostParts((*points, *running), table.currency)


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
    """
    items = dict(load_costs())
    rates: dict[str, float] = {}
    for key, value in sorted((overrides or {}).items()):
        rows = [row for row in items.values() if key in (row.key, row.item)]
        if key.startswith("rate."):
            rates[key.removeprefix("rate.")] = value
        elif not rows:
            raise ScenarioError(f"costs.{key}", f"unknown; {suggestion(key, cost_names())}")
        for row in rows:
            items[row.key] = _replaced(row, value)
    rates = {key.removeprefix("rate."): row.value for key, row in items.items() if key.startswith("rate.")} | rates
    return CostTable(items, rates, currency, horizon_years, discount_rate, level)


def _replaced(row: CostItem, value: float) -> CostItem:
    if not (math.isfinite(value) and value >= 0):
        raise ScenarioError(f"costs.{row.key}", f"{value!r} will not do: it must be at least 0")
    return CostItem(
        row.item, value, row.unit, row.currency, row.price_year, "set in the scenario", row.settlement, value, value
    )
