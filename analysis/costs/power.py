"""Power of a mobile place: from the grid, from the sun, or as an energy bill where nothing is known."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from analysis.costs.parts import worth
from geo.errors import RangeError, ScenarioError

if TYPE_CHECKING:
    from analysis.costs.parts import CostParts, Part
    from analysis.costs.table import CostTable

PowerSource = Literal["bill", "grid", "solar"]
"""`bill`: nothing is known about the grid, a power system and an energy bill; `grid`: a line to it; `solar`: own."""


def power_source(grid_m: float, *, table: CostTable) -> PowerSource:
    """How a place is powered: by the grid or the sun, whichever costs less; by a bill where the distance is not known.

    Parameters
    ----------
    grid_m : float
        Straight metres to the grid; NaN = not known.
    table : CostTable

    Notes
    -----
    The two are compared for a 4G site. Ties go to the grid.
    """
    if math.isnan(grid_m):
        return "bill"
    grid = worth(power_cost("grid", table=table, grid_m=grid_m).parts)
    return "grid" if grid <= worth(power_cost("solar", table=table).parts) else "solar"


def power_cost(source: PowerSource, *, table: CostTable, grid_m: float = 0.0) -> CostParts:
    """Present cost and energy of the power of a 4G site, by a source; see `power_source`."""
    load = table.number("site_load_w")
    if source == "solar":
        return table.made(_solar(load, table), watts=load, clean=True)
    parts = table.bought("site_power_system", life="site_life_years")
    if source == "bill":
        return table.made([*parts, table.yearly("site_power")], watts=load)
    if not (math.isfinite(grid_m) and grid_m >= 0):
        raise RangeError(f"metres to the grid are a finite number of at least 0, not {grid_m!r}")
    parts += table.bought("grid_connection", life="grid_life_years")
    parts += table.bought("grid_extension", life="grid_life_years", quantity=grid_m)
    return table.made([*parts, _metered(load, table)], watts=load)


def power_added(technology: str, source: PowerSource, *, table: CostTable) -> CostParts:
    """Present cost and energy of what a technology adds to the power of a 4G site: 5G its increment, others nothing.

    A 5G site never costs less than a 4G one.
    """
    if require_technology(technology) != "5G":
        return table.made([])
    load = max(table.number("site_load_w_5g") - table.number("site_load_w"), 0.0)
    if source == "solar":
        return table.made(_solar(load, table), watts=load, clean=True)
    parts = table.bought("site_power_system_5g", life="site_life_years", less="site_power_system")
    bill = table.yearly("site_power_5g", less="site_power") if source == "bill" else _metered(load, table)
    return table.made([*parts, bill], watts=load)


def require_technology(technology: str) -> str:
    """Return a technology that has costs; 3G is costed as 4G, since no separate source was found."""
    if technology not in ("3G", "4G", "5G"):
        raise ScenarioError("investment.technologies", f"'{technology}' has no costs; use 3G, 4G or 5G")
    return technology


def _metered(watts: float, table: CostTable) -> Part:
    """Energy of a steady load at the price of the grid."""
    return table.yearly("grid_energy", quantity=table.made([], watts=watts).kwh_year)


def _solar(watts: float, table: CostTable) -> list[Part]:
    """Panels and batteries for a steady load."""
    panels = watts * table.number("solar_oversize")
    store = watts * table.number("solar_battery_hours") / 1000
    return [
        *table.bought("solar_panels", life="solar_life_years", quantity=panels),
        *table.bought("solar_batteries", life="battery_life_years", quantity=store),
    ]
