"""Plan: what to build for a budget; the order is computed once, so the slider answers at once."""

from __future__ import annotations

import altair as alt
import pandas as pd
import streamlit as st

from analysis.maps import people, percent, plan_table
from app_pages.shared import opened, plain, show_map, show_table

results = opened("Plan")
record, order = results.summary["plan"], results.plan
currency = plain(record["currency"])
if order.empty:
    st.info("Nothing worth building was found.")
    st.stop()

budget = float(record["budget"])
most = max(float(order["cumulative_cost"].max()), budget)
step = 10.0 ** max(len(str(int(most))) - 3, 0)
limit = float(-(-most // step) * step)


@st.fragment
def answer() -> None:
    """Slider, figures, curve, table and map; moving the slider runs this part alone."""
    money = st.slider(
        f"Budget ({currency})", 0.0, limit, value=min(budget, limit), step=step, format="localized", key="budget"
    )
    planned = order.assign(within_budget=order["cumulative_cost"] <= money * (1 + 1e-12))
    inside = planned[planned["within_budget"]]
    gained = float(inside["people"].sum())
    gap = float(results.cells["gap_people"].sum())
    cells = st.columns(4)
    cells[0].metric("Sites", f"{len(inside):,}")
    cells[1].metric(f"Cost ({currency})", f"{inside['cost'].sum():,.0f}")
    cells[2].metric("People gained", people(gained))
    cells[3].metric("Of the people in the gap", percent(gained / gap if gap > 0 else None))
    if record["gap"] is not None:
        st.caption(
            f"At the scenario's own budget of {budget:,.0f} {currency} this order reaches at least "
            f"{1 - record['gap']:.1%} of the value that any plan could. At other budgets it is followed as far as "
            "the money goes."
        )
    st.altair_chart(_curve(money), alt="People gained against money; the table below holds the same steps")
    show_table(plan_table(planned, record=record))
    show_map(results, tall=560, plan=planned)


def _curve(money: float) -> alt.LayerChart | alt.FacetChart:
    start = pd.DataFrame({"cumulative_cost": [0.0], "cumulative_people": [0.0]})
    line = pd.concat([start, order[["cumulative_cost", "cumulative_people"]]], ignore_index=True)
    x = alt.X("cumulative_cost:Q", title=f"Money spent ({record['currency']})", axis=alt.Axis(format="~s"))
    y = alt.Y("cumulative_people:Q", title="People gained")
    curve = alt.Chart(line).mark_line(interpolate="step-after", color="#0f5f57").encode(x=x, y=y)
    rule = (
        alt.Chart(pd.DataFrame({"cumulative_cost": [money]})).mark_rule(color="#b3260f", strokeDash=[5, 3]).encode(x=x)
    )
    return (curve + rule).properties(height=240)


answer()
