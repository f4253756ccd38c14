"""What building costs: unit costs from a table with sources, put together as dated flows and one present cost."""

from analysis.costs.backhaul import BackhaulChoice, backhaul_cost
from analysis.costs.build import (
    given_cost,
    place_cost,
    radio_cost,
    site_cost,
    small_cell_cost,
    upgrade_cost,
    wifi_cost,
)
from analysis.costs.parts import CostParts, Flows, Part, annuity_factor, npv, renewal_factor, together
from analysis.costs.power import PowerSource, power_added, power_cost, power_source
from analysis.costs.table import CostTable, Level, cost_class, cost_table

__all__ = [
    "BackhaulChoice",
    "CostParts",
    "CostTable",
    "Flows",
    "Level",
    "Part",
    "PowerSource",
    "annuity_factor",
    "backhaul_cost",
    "cost_class",
    "cost_table",
    "given_cost",
    "npv",
    "place_cost",
    "power_added",
    "power_cost",
    "power_source",
    "radio_cost",
    "renewal_factor",
    "site_cost",
    "small_cell_cost",
    "together",
    "upgrade_cost",
    "wifi_cost",
]
