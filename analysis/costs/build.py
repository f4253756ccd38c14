"""What one candidate costs, by kind: the place that technologies share, and what each technology adds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from analysis.costs.backhaul import BackhaulChoice, backhaul_cost, hop_parts
from analysis.costs.parts import CostParts, together
from analysis.costs.power import PowerSource, power_added, power_cost, power_source, require_technology
from analysis.costs.table import cost_class
from geo.errors import ScenarioError

if TYPE_CHECKING:
    from analysis.costs.parts import Part
    from analysis.costs.table import CostTable

PlaceKind = Literal["site", "mast"]

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
STANDING = ("site_tower", "site_civil_works")
"""What a mast has already."""
PASSIVE = ("site_cabinet", *STANDING, "site_transport", "site_installation")

LIFE = "site_life_years"


def place_cost(
    settlement_code: int,
    *,
    table: CostTable,
    kind: PlaceKind = "site",
    backhaul_m: float = math.nan,
    along_m: float = math.nan,
    grid_m: float = math.nan,
    backhaul: BackhaulChoice = "cheapest",
) -> CostParts:
    """Present cost of what a new place needs once, whatever technologies stand there, and the energy of a 4G site.

    Cabinet, tower, civil works, transport, installation, power of a 4G site, rent, backhaul.

    Parameters
    ----------
    settlement_code : int
        Degree of Urbanisation level 2 code of the place; it sets rent and the price of fibre.
    table : CostTable
    kind : {'site', 'mast'}
        A mast that stands needs neither tower nor civil works.
    backhaul_m, along_m : float
        Metres to the backhaul, straight and along roads; NaN = not known, see `backhaul_cost`.
    grid_m : float
        Metres to the power grid; NaN = not known, see `power_source`.
    backhaul : {'cheapest', 'microwave', 'fibre'}
    """
    link = backhaul_cost(backhaul_m, along_m, settlement_code, table=table, choice=backhaul)
    power = power_cost(power_source(grid_m, table=table), table=table, grid_m=grid_m)
    return together([_shell(settlement_code, kind, table), power, link])


def radio_cost(technology: str, *, table: CostTable, power: PowerSource = "bill") -> CostParts:
    """Present cost of a technology at a new place: its equipment, upkeep, and the power it adds to that of a 4G site.

    Parameters
    ----------
    technology : {'3G', '4G', '5G'}
        3G is costed as 4G (no separate source).
    table : CostTable
    power : {'bill', 'grid', 'solar'}
        As the place is powered, by `power_source`.
    """
    return together([table.made(_radio(table)), power_added(technology, power, table=table)])


def site_cost(settlement_code: int, technology: str, *, table: CostTable, hops: int = 1) -> CostParts:
    """Present cost of one new macro site with one technology and short microwave hops; nothing is known of the grid.

    Notes
    -----
    4G capex without backhaul is 40,500 USD in the table as shipped. Price years are not adjusted for inflation.
    """
    link = table.made(hop_parts(hops, table=table))
    place = together([_shell(settlement_code, "site", table), power_cost("bill", table=table), link])
    return place + radio_cost(technology, table=table)


def upgrade_cost(technology: str, *, table: CostTable) -> CostParts:
    """Present cost of adding a technology to a site that stands: equipment, its installation, upkeep and energy.

    4G pays the energy of a 4G site, as pytal has it; 5G the increment of power system and energy. Rent, tower and
    backhaul are there; a stronger link is the item ``upgrade_backhaul``.
    """
    parts = [*table.bought("upgrade_installation", life=LIFE), *table.bought("upgrade_backhaul", life=LIFE)]
    if require_technology(technology) == "5G":
        energy = power_added(technology, "bill", table=table)
    else:
        energy = table.made([table.yearly("site_power")], watts=table.number("site_load_w"))
    return together([table.made([*_radio(table), *parts]), energy])


def small_cell_cost(technology: str, *, table: CostTable) -> CostParts:
    """Present cost of one small cell, whatever its technology: unit, link, rent, energy at the grid's price, upkeep."""
    require_technology(technology)
    life = "small_cell_life_years"
    unit = table.bought("small_cell", life=life)
    energy = table.made([], watts=table.number("small_cell_load_w"))
    running = [
        table.yearly("small_cell_rent"),
        table.yearly("grid_energy", quantity=energy.kwh_year),
        table.upkeep("small_cell_maintenance_share", unit),
    ]
    return together([table.made([*unit, *table.bought("small_cell_backhaul", life=life), *running]), energy])


def wifi_cost(access_points: int, *, indoor: bool, table: CostTable) -> CostParts:
    """Present cost of public WiFi at one host: access points, their renewals and upkeep, the line to the internet.

    The host pays for the energy; it is counted in kWh only.
    """
    if access_points < 1:
        raise ScenarioError("investment.wifi_access_points", f"{access_points} will not do: it must be at least 1")
    item = "wifi_access_point_indoor" if indoor else "wifi_access_point_outdoor"
    points = table.bought(item, life="wifi_life_years", quantity=access_points)
    running = [table.yearly("wifi_connection"), table.upkeep("wifi_maintenance_share", points)]
    return table.made([*points, *running], watts=access_points * table.number("wifi_access_point_w"))


def given_cost(cost: float, *, currency: str, table: CostTable, item: str = "proposal") -> CostParts:
    """Present cost that somebody gave as a whole, in place of the table's; its energy is not known, counted as none.

    Raises
    ------
    ScenarioError
        Negative or not finite.
    UnitError
        No currency, or no rate joins it to the plan's.
    """
    if not (math.isfinite(cost) and cost >= 0):
        raise ScenarioError(item, f"a cost of {cost!r} will not do: it must be at least 0")
    return table.made([table.once(cost, item=item, currency=currency, source="given with the proposal")])


def _shell(settlement_code: int, kind: PlaceKind, table: CostTable) -> CostParts:
    """What a place needs besides power and backhaul."""
    if kind not in ("site", "mast"):
        raise ScenarioError("kind", f"'{kind}' is no place that is built; use site or mast")
    built = [
        part for item in PASSIVE if kind == "site" or item not in STANDING for part in table.bought(item, life=LIFE)
    ]
    return table.made([*built, table.yearly("site_rent", settlement=cost_class(settlement_code))])


def _radio(table: CostTable) -> list[Part]:
    """Equipment of one technology and its upkeep."""
    active = [part for item in ACTIVE for part in table.bought(item, life=LIFE)]
    return [*active, table.upkeep("site_maintenance_share", active)]
