"""The app: navigation only; each page stands in `app_pages/`. Start it with ``gapmap app [DIR]``."""

from __future__ import annotations

import streamlit as st
from PIL import Image

# an icon by name would be fetched from another host: this one is drawn here, a square with a gap
ICON = Image.new("RGB", (32, 32), "#0f5f57")
ICON.paste("#ffffff", (16, 4, 28, 16))

st.set_page_config(page_title="gapmap", page_icon=ICON, layout="wide")

st.navigation(
    [
        st.Page("app_pages/overview.py", title="Overview", icon=":material/dashboard:", default=True),
        st.Page("app_pages/map.py", title="Map", icon=":material/map:"),
        st.Page("app_pages/ranking.py", title="Ranking", icon=":material/format_list_numbered:"),
        st.Page("app_pages/divide.py", title="Divide", icon=":material/balance:"),
        st.Page("app_pages/plan.py", title="Plan", icon=":material/construction:"),
    ]
).run()
