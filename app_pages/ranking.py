"""Ranking: which zone first, by people or by share, with the reasons beside the rank."""

from __future__ import annotations

import altair as alt
import pandas as pd
import streamlit as st

from analysis.maps import zones_table
from app_pages.shared import opened, plain, show_table

SHOWN = 20

results = opened("Ranking")
target = str(results.summary["target"])
st.caption(
    f"Zones by people known to be below {plain(target)}. "
    "A zone where more than half of the people are unknown has no rank."
)
by_share = st.radio("Order by", ["People", "Share of people"], horizontal=True) == "Share of people"
rank, column = ("rank_by_share", "gap_share") if by_share else ("rank", "gap_people")

zones = pd.DataFrame(results.zones.drop(columns="geometry"))
top = zones.dropna(subset=[rank]).nsmallest(SHOWN, rank, keep="first")
top = top.assign(label=[f"{r:.0f}. {name}" for r, name in zip(top[rank].astype(float), top["zone_name"], strict=True)])
if top.empty:
    st.info("No zone can be ranked: too little is known.")
else:
    axis = alt.Axis(format=".0%" if by_share else ",.0f")
    words = f"Share of people below {target}" if by_share else f"People below {target}"
    bars = (
        alt.Chart(top[["label", column]])
        .mark_bar(color="#0f5f57")
        .encode(
            x=alt.X(f"{column}:Q", title=words, axis=axis),
            y=alt.Y("label:N", title=None, sort=None, axis=alt.Axis(labelLimit=260)),
            tooltip=["label:N", alt.Tooltip(f"{column}:Q", title=words, format=".1%" if by_share else ",.0f")],
        )
        .properties(height=22 * len(top) + 50)
    )
    st.altair_chart(bars, alt=f"The first {SHOWN} zones; the table below holds all of them")
show_table(zones_table(results, by=rank))
