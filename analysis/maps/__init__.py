"""Maps of results: one standalone file that asks nothing of anybody. The only user of folium."""

from analysis.maps.divide_tables import (
    indicators_table,
    inequality_table,
    lorenz_points,
    lorenz_table,
)
from analysis.maps.draw import DrawnCells, draw_cells, map_html, write_map
from analysis.maps.group_tables import barriers_table, gaps_table, parts_table
from analysis.maps.index_tables import (
    certainty_rows,
    certainty_table,
    clusters_table,
    index_dimensions,
    index_table,
    weights_table,
)
from analysis.maps.ledger_picture import SCOPES, USE_WORDS, ledger_rows, ledger_table, use_told
from analysis.maps.palette import DIMENSIONS as DIMENSION_COLOURS
from analysis.maps.palette import STATE_WORDS
from analysis.maps.palette import STATES as STATE_COLOURS
from analysis.maps.plan_overlays import kind_words
from analysis.maps.plan_picture import LOOKS as PLAN_LOOKS
from analysis.maps.plan_picture import plan_curves
from analysis.maps.plan_tables import (
    curve_table,
    equity_table,
    financing_table,
    money_table,
    moved_table,
    plan_table,
    states_table,
    zone_plan_table,
)
from analysis.maps.tables import figures, people, percent, settlement_table, table, zones_table
from analysis.maps.wifi_tables import hotspots_table, wifi_table
from analysis.maps.zone_layers import dimension_words

__all__ = [
    "DIMENSION_COLOURS",
    "PLAN_LOOKS",
    "SCOPES",
    "STATE_COLOURS",
    "STATE_WORDS",
    "USE_WORDS",
    "DrawnCells",
    "barriers_table",
    "certainty_rows",
    "certainty_table",
    "clusters_table",
    "curve_table",
    "dimension_words",
    "draw_cells",
    "equity_table",
    "figures",
    "financing_table",
    "gaps_table",
    "hotspots_table",
    "index_dimensions",
    "index_table",
    "indicators_table",
    "inequality_table",
    "kind_words",
    "ledger_rows",
    "ledger_table",
    "lorenz_points",
    "lorenz_table",
    "map_html",
    "money_table",
    "moved_table",
    "parts_table",
    "people",
    "percent",
    "plan_curves",
    "plan_table",
    "settlement_table",
    "states_table",
    "table",
    "use_told",
    "weights_table",
    "wifi_table",
    "write_map",
    "zone_plan_table",
    "zones_table",
]
