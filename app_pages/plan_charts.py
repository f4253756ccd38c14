"""Charts of the plan: people against money with the bound, and efficiency against equity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from analysis.maps import PLAN_LOOKS, plan_curves

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def curve_chart(order: pd.DataFrame, *, money: float, currency: str) -> alt.LayerChart | alt.FacetChart:
    """People, worth and bound against money; an upright line where the money ends.

    Parameters
    ----------
    order : DataFrame
        ``plan.csv``.
    money : float
        Where the line stands.
    currency : str
    """
    data = pd.concat(
        [
            pd.DataFrame(points, columns=["money", "value"]).assign(what=PLAN_LOOKS[name][0])
            for name, points in plan_curves(order).items()
        ],
        ignore_index=True,
    )
    words = [line[0] for line in PLAN_LOOKS.values()]
    x = alt.X("money:Q", title=f"Money spent ({currency})", axis=alt.Axis(format="~s"))
    colour = alt.Color(
        "what:N", title=None, scale=alt.Scale(domain=words, range=[line[1] for line in PLAN_LOOKS.values()])
    ).legend(orient="top", labelLimit=320)
    dash = alt.StrokeDash(
        "what:N", title=None, scale=alt.Scale(domain=words, range=[list(line[2]) for line in PLAN_LOOKS.values()])
    )
    lines = (
        alt.Chart(data)
        .mark_line(interpolate="step-after", strokeWidth=2.5)
        .encode(x=x, y=alt.Y("value:Q", title="People", axis=alt.Axis(format="~s")), color=colour, strokeDash=dash)
    )
    rule = alt.Chart(pd.DataFrame({"money": [money]})).mark_rule(color="#14211f", strokeWidth=1.5).encode(x="money:Q")
    return (lines + rule).properties(height=280)


def equity_chart(front: Sequence[Mapping[str, Any]]) -> alt.LayerChart | alt.FacetChart | None:
    """Worth of service given up against the worth where people were worst off; None when there is nothing to trade."""
    data = pd.DataFrame(
        [
            {"priority": f"{row['priority']:g}", "given": row["price_of_equity"], "worst": row["worst_worth"]}
            for row in front
            if row["worst_worth"] is not None
        ]
    )
    if len(data) < 2 or data["worst"].nunique() < 2:
        return None
    x = alt.X("given:Q", title="Price of equity: worth of service given up", axis=alt.Axis(format=".0%"))
    y = alt.Y("worst:Q", title="Worth where worst off", scale=alt.Scale(zero=False), axis=alt.Axis(format=".2f"))
    base = alt.Chart(data).encode(x=x, y=y, order="priority:O", tooltip=["priority:N", "given:Q", "worst:Q"])
    words = base.mark_text(dx=8, dy=-8, align="left").encode(text="priority:N")
    return (
        base.mark_line(color="#0f5f57") + base.mark_point(filled=True, size=80, color="#0f5f57", opacity=1) + words
    ).properties(height=280)
