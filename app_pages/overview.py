"""Overview: who is connected to what, in one bar, one table and one map."""

from __future__ import annotations

import altair as alt
import pandas as pd
import streamlit as st

from analysis.ledger import STATE_MEANING
from analysis.maps import (
    STATE_COLOURS,
    STATE_WORDS,
    figures,
    hotspots_table,
    people,
    percent,
    table,
    wifi_table,
)
from app_pages.shared import opened, plain, show_map, show_table

results = opened("Overview")
summary = results.summary
total = float(summary["population"]["total"])

for column, (value, what, of) in zip(st.columns(4), figures(results), strict=False):
    with column:
        st.metric(plain(what[:1].upper() + what[1:]), plain(value))
        st.caption(plain(of))

st.header("Everyone in one state")
ledger = pd.DataFrame(
    [
        {"state": STATE_WORDS[name], "people": float(value), "meaning": STATE_MEANING[name]}
        for name, value in summary["ledger"].items()
    ]
)
order = [STATE_WORDS[name] for name in STATE_COLOURS]
colours = [f"#{colour}" for colour in STATE_COLOURS.values()]
bar = (
    alt.Chart(ledger[ledger["people"] > 0])
    .mark_bar(size=48, stroke="#ffffff", strokeWidth=1)
    .encode(
        x=alt.X("people:Q", title="People", stack="zero", scale=alt.Scale(domain=[0, total], nice=False)),
        color=alt.Color("state:N", title=None, sort=order, scale=alt.Scale(domain=order, range=colours)),
        order="rank:Q",
        tooltip=["state:N", "meaning:N", alt.Tooltip("people:Q", format=",.0f")],
    )
    .transform_calculate(rank=f"indexof({order}, datum.state)")
    .configure_legend(orient="bottom", columns=7, symbolStrokeWidth=0)
    .properties(height=190)
)
st.altair_chart(bar, alt="People by service state; the table below holds the same figures")
rows = [
    [str(place), STATE_WORDS[name], STATE_MEANING[name], people(value), percent(value / total if total else None)]
    for place, (name, value) in enumerate(((name, float(summary["ledger"][name])) for name in STATE_COLOURS), start=1)
]
show_table(
    table(
        "People by service state, each person once",
        [("No.", True), ("State", False), ("Meaning", False), ("People", True), ("Share of all", True)],
        rows,
    )
)

st.header("Coverage")
rows = []
for technology, kinds in summary["coverage"].items():
    for kind, words in (("union", "any operator"), ("largest_operator", "largest operator")):
        part = kinds[kind]
        span = f"{people(part['low'])} – {people(part['high'])}" if part["share"] is not None else "unknown"
        who = str(part.get("operator") or "") if part["share"] is not None else ""
        rows.append(
            [
                technology,
                words,
                who,
                people(part["persons"] if part["share"] is not None else None),
                percent(part["share"]),
                span,
                people(part["unknown"]),
            ]
        )
heads = [("At least", False), ("Network", False), ("Name", False), ("People", True), ("Share of the known", True)]
show_table(table("People covered", [*heads, ("Low – high", True), ("Unknown", True)], rows))

on_foot = wifi_table(summary["wifi"])
if on_foot:
    st.header("Public WiFi on foot")
    show_table(on_foot)
    show_table(hotspots_table(results.wifi, reach=int(summary["wifi"]["reach_min"])))

st.header("Map")
show_map(results, tall=620)
