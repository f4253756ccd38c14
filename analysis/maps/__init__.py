"""Maps of results: one standalone file that asks nothing of anybody. The only user of folium."""

from analysis.maps.draw import DrawnCells, draw_cells, map_html, write_map
from analysis.maps.palette import STATE_WORDS
from analysis.maps.palette import STATES as STATE_COLOURS
from analysis.maps.tables import figures, people, percent, plan_table, settlement_table, table, zones_table
from analysis.maps.wifi_tables import hotspots_table, wifi_table

__all__ = [
    "STATE_COLOURS",
    "STATE_WORDS",
    "DrawnCells",
    "draw_cells",
    "figures",
    "hotspots_table",
    "map_html",
    "people",
    "percent",
    "plan_table",
    "settlement_table",
    "table",
    "wifi_table",
    "write_map",
    "zones_table",
]
