"""Map: every layer, on a page of its own, and the file to take away."""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st

from analysis.maps import settlement_table, zones_table
from app_pages.shared import opened, show_map, show_table

results = opened("Map")
st.caption("Point at a place for its value, click it for everything known there. Hatched grey means not known.")
show_map(results, tall=720)

made = Path(os.environ.get("GAPMAP_RESULTS", "")) / "map.html"
if os.environ.get("GAPMAP_RESULTS") and made.is_file():
    st.download_button("Download this map as one file", made.read_bytes(), file_name="map.html", mime="text/html")

st.header("The same in tables")
show_table(settlement_table(results.summary))
show_table(zones_table(results))
