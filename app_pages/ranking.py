"""Ranking: which zone first, by people, by share or by the index, with the reasons and how sure it is."""

from __future__ import annotations

import altair as alt
import pandas as pd
import streamlit as st

from analysis.maps import certainty_rows, certainty_table, zones_table
from app_pages.charts import interval_chart
from app_pages.shared import opened, plain, show_table

SHOWN = 20

results = opened("Ranking")
target, wifi = str(results.summary["target"]), results.summary["wifi"]
st.caption(
    f"Zones by people known to be below {plain(target)}, by people not connected (outside mobile broadband, or not "
    "online), by people without free public WiFi on foot, or by the index of meaningful connectivity. A zone where "
    "more than half of the people are unknown has no rank."
)
walk = f"{wifi.get('reach_min', 5)} min walk ({wifi['measure']})"
ORDERS = {
    "People": ("rank", "gap_people", f"People below {target}", ",.0f"),
    "Share of people": ("rank_by_share", "gap_share", f"Share of people below {target}", ".1%"),
    "People not connected": ("rank_by_use", "unconnected_people", "People not connected", ",.0f"),
    "People without public WiFi": (
        "rank_by_wifi",
        "wifi_beyond_people",
        f"People without public WiFi in a {walk}",
        ",.0f",
    ),
    "Index": ("index_rank", "index_score", "Index of meaningful connectivity, of 100: low means need", ".1f"),
}
CERTAIN = {
    "People": "gap",
    "People not connected": "unconnected",
    "Index": "index",
}  # orders that went through random draws: their name in uncertainty.csv

zones = pd.DataFrame(results.zones.drop(columns="geometry"))
if "index_score" in zones:
    zones["index_score"] = 100 * zones["index_score"]
offered = [name for name, (column, *_) in ORDERS.items() if column in zones and zones[column].notna().any()]
offered = offered or ["People"]
chosen = st.radio("Order by", offered, horizontal=True) or "People"
rank, column, words, figure = ORDERS[chosen]

top = zones.dropna(subset=[rank]).nsmallest(SHOWN, rank, keep="first")
top = top.assign(label=[f"{r:.0f}. {name}" for r, name in zip(top[rank].astype(float), top["zone_name"], strict=True)])
if top.empty:
    st.info("No zone can be ranked: too little is known.")
else:
    bars = (
        alt.Chart(top[["label", column]])
        .mark_bar(color="#0f5f57")
        .encode(
            x=alt.X(f"{column}:Q", title=words, axis=alt.Axis(format=figure.replace(".1", ".0"))),
            y=alt.Y("label:N", title=None, sort=None, axis=alt.Axis(labelLimit=260)),
            tooltip=["label:N", alt.Tooltip(f"{column}:Q", title=words, format=figure)],
        )
        .properties(height=22 * len(top) + 50)
    )
    st.altair_chart(bars, alt=f"The first {SHOWN} zones; the table below holds all of them")
show_table(zones_table(results, by=rank))

rows = certainty_rows(results, ranking=CERTAIN.get(chosen, ""))
sure = certainty_table(results, ranking=CERTAIN.get(chosen, ""))
if rows is not None and sure:
    st.header("How sure the order is")
    st.altair_chart(interval_chart(rows, shown=SHOWN), alt="Ranks and their ranges; the table below holds the same")
    show_table(sure)
