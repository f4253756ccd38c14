"""Maps of results: one standalone file that asks nothing of anybody. The only user of folium."""

from analysis.maps.draw import DrawnCells, draw_cells, map_html, write_map
from analysis.maps.overlays import KIND_WORDS, kind_words

__all__ = ["KIND_WORDS", "DrawnCells", "draw_cells", "kind_words", "map_html", "write_map"]
