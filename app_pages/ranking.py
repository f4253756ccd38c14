"""Ranking: which zone first, by people or by share, with the reasons beside the rank."""

from __future__ import annotations

import altair as alt
import pandas as pd
import streamlit as st

from analysis.maps import zones_table
from app_pages.shared import opened, plain, show_table

SHOWN = 20

results = opened("Ranking")
target, wifi = str(results.summary["target"]), results.summary["wifi"]
st.caption(
    f"Zones by people known to be below {plain(target)}, or by people without free public WiFi on foot. "
    "A zone where more than half of the people are unknown has no rank."
)
walk = f"{wifi.get('reach_min', 5)} min walk ({wifi['measure']})"
ORDERS = {
    "People": ("rank", "gap_people", f"People below {target}"),
    "Share of people": ("rank_by_share", "gap_share", f"Share of people below {target}"),
    "People without public WiFi": ("rank_by_wifi", "wifi_beyond_people", f"People without public WiFi in a {walk}"),
}
offered = [name for name, (column, _, _) in ORDERS.items() if column in results.zones]
rank, column, words = ORDERS[st.radio("Order by", offered, horizontal=True) or "People"]
share = column == "gap_share"

zones = pd.DataFrame(results.zones.drop(columns="geometry"))
top = zones.dropna(subset=[rank]).nsmallest(SHOWN, rank, keep="first")
top = top.assign(label=[f"{r:.0f}. {name}" for r, name in zip(top[rank].astype(float), top["zone_name"], strict=True)])
if top.empty:
    st.info("No zone can be ranked: too little is known.")
else:
    axis = alt.Axis(format=".0%" if share else ",.0f")
    bars = (
        alt.Chart(top[["label", column]])
        .mark_bar(color="#0f5f57")
        .encode(
            x=alt.X(f"{column}:Q", title=words, axis=axis),
            y=alt.Y("label:N", title=None, sort=None, axis=alt.Axis(labelLimit=260)),
            tooltip=["label:N", alt.Tooltip(f"{column}:Q", title=words, format=".1%" if share else ",.0f")],
        )
        .properties(height=22 * len(top) + 50)
    )
    st.altair_chart(bars, alt=f"The first {SHOWN} zones; the table below holds all of them")
show_table(zones_table(results, by=rank))
