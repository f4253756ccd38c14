"""Divide: who is covered, connected and left out, the indicators, the index, and how unequally it is shared."""

from __future__ import annotations

import streamlit as st

from analysis.maps import (
    barriers_table,
    clusters_table,
    gaps_table,
    index_table,
    indicators_table,
    inequality_table,
    ledger_table,
    lorenz_table,
    parts_table,
    weights_table,
)
from app_pages.charts import contributions_chart, ledger_chart, lorenz_chart
from app_pages.shared import opened, show_map, show_table

SHOWN = 20

results = opened("Divide")
summary, tables = results.summary, results.tables
use, inequality = summary.get("use"), summary.get("inequality")

st.header("From covered to connected")
st.altair_chart(ledger_chart(summary), alt="Everybody by service and use; the table below holds the same figures")
for part in (ledger_table(summary), parts_table(summary), barriers_table(use), gaps_table(use)):
    if part:
        show_table(part)

indicators = indicators_table(tables.get("indicators"))
if indicators:
    st.header("Official indicators")
    show_table(indicators)

index = index_table(results)
if index:
    st.header("Meaningful connectivity")
    st.altair_chart(
        contributions_chart(tables["index"], shown=SHOWN),
        alt=f"Points of each part of the index, of the {SHOWN} zones with most need; the table below holds the same",
    )
    show_table(index)
    show_table(weights_table(summary["index"]))

curves = lorenz_chart(inequality)
if curves is not None:
    st.header("How unequally")
    st.altair_chart(curves, width="content", alt="Lorenz curves; the table below holds them in tenths")
    show_table(lorenz_table(inequality))
    show_table(inequality_table(inequality))

clusters = clusters_table(results)
if clusters:
    st.header("Where the gap clusters")
    show_map(results, tall=560, layer="cluster")
    show_table(clusters)
