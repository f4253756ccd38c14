"""Backhaul of a new place: microwave by length, or fibre along roads, whichever costs less."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from analysis.costs.parts import worth
from analysis.costs.table import cost_class
from geo.errors import RangeError, ScenarioError

if TYPE_CHECKING:
    from analysis.costs.parts import CostParts, Part
    from analysis.costs.table import CostTable

BackhaulChoice = Literal["cheapest", "microwave", "fibre"]

THERE_M = 50.0
"""A node this near stands at the place: no backhaul is built. [rule]"""

RELAY = ("site_tower", "site_civil_works")
"""What stands between two hops. [rule]"""


def backhaul_cost(
    metres_straight: float,
    metres_along_roads: float,
    settlement_code: int,
    *,
    table: CostTable,
    choice: BackhaulChoice = "cheapest",
) -> CostParts:
    """Present cost of joining one new place to the network.

    Parameters
    ----------
    metres_straight : float
        Straight metres to the nearest node or line of the backhaul; NaN = not known, taken as one short hop.
    metres_along_roads : float
        The same along roads; NaN = not known, taken as the straight line times ``backhaul_fibre_detour``.
    settlement_code : int
        Degree of Urbanisation level 2 code of the place; it sets the price of fibre.
    table : CostTable
    choice : {'cheapest', 'microwave', 'fibre'}
        Ties of the cheapest go to microwave.

    Returns
    -------
    CostParts
        Empty where a node stands at the place (`THERE_M`).

    Raises
    ------
    RangeError
        A distance is negative or infinite.
    ScenarioError
        An unknown choice.
    """
    for metres in (metres_straight, metres_along_roads):
        if metres < 0 or math.isinf(metres):
            raise RangeError(f"metres to the backhaul are a finite number of at least 0, not {metres!r}")
    if choice not in ("cheapest", "microwave", "fibre"):
        raise ScenarioError("investment.backhaul", f"'{choice}' will not do; use cheapest, microwave or fibre")
    if metres_straight <= THERE_M:
        return table.made([])
    if math.isnan(metres_straight) and math.isnan(metres_along_roads):
        return table.made(hop_parts(1, table=table))
    detour = table.number("backhaul_fibre_detour")
    straight = metres_along_roads / detour if math.isnan(metres_straight) else metres_straight
    along = straight * detour if math.isnan(metres_along_roads) else metres_along_roads
    made: list[CostParts] = []
    if choice != "fibre":
        made.append(table.made(_microwave(straight / 1000, table)))
    if choice != "microwave":
        settlement = cost_class(settlement_code)
        fibre = table.bought("backhaul_fibre", life="fibre_life_years", quantity=along / 1000, settlement=settlement)
        made.append(table.made(fibre))
    return min(made, key=lambda cost: worth(cost.parts))


def hop_parts(hops: int, *, table: CostTable, item: str = "site_backhaul") -> list[Part]:
    """Lines of microwave hops of one length, without relays."""
    return table.bought(item, life="site_life_years", quantity=hops) if hops else []


def _microwave(km: float, table: CostTable) -> list[Part]:
    """Lines of the cheapest chain of equal hops over `km`; the fewest hops where two cost the same."""
    short, medium, longest = (table.number(f"backhaul_{name}_km") for name in ("short", "medium", "longest"))
    options = (
        (math.floor(km / short) + 1, "site_backhaul"),
        (math.ceil(km / medium), "site_backhaul_medium"),
        (math.ceil(km / longest), "site_backhaul_long"),
    )
    chains = [[*hop_parts(hops, table=table, item=item), *_relays(hops - 1, table)] for hops, item in options]
    return min(chains, key=lambda parts: (worth(parts), parts[0].quantity))


def _relays(count: int, table: CostTable) -> list[Part]:
    """Lines of the towers between hops."""
    if not count:
        return []
    return [part for item in RELAY for part in table.bought(item, life="site_life_years", quantity=count)]
