"""Plan: what to build for a budget; the order is computed once, so the slider answers at once."""

from __future__ import annotations

import streamlit as st

from analysis.finance import floored
from analysis.maps import (
    curve_table,
    equity_table,
    financing_table,
    money_table,
    moved_table,
    people,
    percent,
    plan_table,
    states_table,
    zone_plan_table,
)
from app_pages.plan_charts import curve_chart, equity_chart
from app_pages.shared import opened, plain, show_map, show_table

results = opened("Plan")
record, order = results.summary["plan"], results.plan
currency = plain(record["currency"])
if order.empty:
    st.info("Nothing worth building was found: nobody is known to gain from what may be built.")
    st.stop()

budget = float(record["budget"])
most = max(float(order["cumulative_cost"].max()), budget)
step = 10.0 ** max(len(str(int(most))) - 3, 0)
limit = float(-(-most // step) * step)


def least_share(money: float) -> float | None:
    """Share of the best that any plan of this money could do which the order reaches at least; None = not known."""
    if money == budget and record["gap"] is not None:
        return 1.0 - float(record["gap"])
    inside = order["cumulative_cost"] <= money * (1 + 1e-12)
    beyond = order[~inside]
    if beyond.empty or not float(beyond["bound"].iloc[0]) > 0:
        return None
    return float(order.loc[inside, "gain"].sum()) / float(beyond["bound"].iloc[0])


@st.fragment
def answer() -> None:
    """Slider, figures, curve, table and map; moving the slider runs this part alone."""
    money = st.slider(
        f"Budget ({currency})", 0.0, limit, value=min(budget, limit), step=step, format="localized", key="budget"
    )
    planned = order.assign(within_budget=order["cumulative_cost"] <= money * (1 + 1e-12))
    inside = planned[planned["within_budget"]]
    share = least_share(money)
    cells = st.columns(4)
    cells[0].metric("Sites", f"{len(inside):,}")
    cells[1].metric(f"Present cost ({currency})", f"{inside['cost'].sum():,.0f}")
    cells[2].metric("People better off", people(float(inside["people"].sum())))
    cells[3].metric("Of the best possible, at least", percent(None if share is None else floored(share, 3)))
    st.caption(
        "People better off: their service is worth more by the ladder of the scenario, each person counted once. "
        "The best possible is over the candidates that were laid out. At other budgets than the scenario's own the "
        "same order is followed as far as the money goes."
    )
    st.altair_chart(
        curve_chart(order, money=money, currency=str(record["currency"])),
        alt="People against money; the tables below hold the same",
    )
    show_table(plan_table(planned, record=record))
    show_map(results, tall=560, plan=planned)


def show_tables(*parts: str) -> None:
    """Tables one below the other; one that says nothing is left out."""
    for part in filter(None, parts):
        show_table(part)


answer()
st.header(f"The plan of {budget:,.0f} {currency}")
moved, zones, money, equity = st.tabs(["Who is better off", "Zones and technologies", "Money", "Equity"])
with moved:
    show_tables(moved_table(record), states_table(record))
with zones:
    show_tables(zone_plan_table(results))
    if "plan_zones" in results.tables:
        show_map(results, tall=560, layer="plan_first")
with money:
    show_tables(money_table(record), financing_table(results), curve_table(record))
with equity:
    chart = equity_chart(record.get("frontier") or [])
    if chart is None:
        st.info("More priority to the zones that are worst off would change nothing that can be drawn.")
    else:
        st.altair_chart(chart, alt="Price of equity against worth where worst off; the table below holds the same")
    show_tables(equity_table(record))
