"""Charts of the pages; each stands above a real table that holds the same figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from analysis.maps import (
    DIMENSION_COLOURS,
    SCOPES,
    STATE_COLOURS,
    STATE_WORDS,
    USE_WORDS,
    dimension_words,
    index_dimensions,
    ledger_rows,
    lorenz_points,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

ROW = 24
AROUND = 130
"""Pixels of a chart besides its rows: axis, title and legends."""

NAMES = alt.Axis(labelLimit=170, labelOverlap=False)
FIRST, SECOND = "#0f5f57", "#b3260f"


def _labels(rows: pd.DataFrame) -> list[str]:
    """Zones by rank and name, each of which is unique."""
    return [f"{rank:.0f}. {name}" for rank, name in zip(rows["rank"].astype(float), rows["zone_name"], strict=True)]


def _distinct(labels: list[str]) -> list[str]:
    """Labels of rows, numbered where a group is called what a settlement class or another group is."""
    seen = [labels[:place].count(label) for place, label in enumerate(labels)]
    return [f"{label} ({before + 1})" if before else label for label, before in zip(labels, seen, strict=True)]


def ledger_chart(summary: Mapping[str, Any]) -> alt.Chart | alt.FacetChart:
    """Everybody, each settlement class and each group in one stack: service by colour, use by strength."""
    rows = ledger_rows(summary)
    names = _distinct([row.label for row in rows])
    data = pd.DataFrame(
        [
            {
                "who": name,
                "kind": SCOPES[row.scope] or "Region",
                "state": STATE_WORDS[state],
                "use": USE_WORDS.get(use, ""),
                "people": count,
                "share": count / row.people,
                "place": place,
            }
            for name, row in zip(names, rows, strict=True)
            for place, ((state, use), count) in enumerate(row.parts.items())
            if count > 0
        ]
    )
    states = [STATE_WORDS[name] for name in STATE_COLOURS]
    colours = [f"#{colour}" for colour in STATE_COLOURS.values()]
    tips = ["who:N", "state:N", "use:N", alt.Tooltip("people:Q", format=",.0f"), alt.Tooltip("share:Q", format=".1%")]
    chart = (
        alt.Chart(data)
        .mark_bar(size=ROW - 8, stroke="#ffffff", strokeWidth=0.5)
        .encode(
            x=alt.X(
                "share:Q",
                title="Share of the people of each row",
                stack="zero",
                axis=alt.Axis(format=".0%"),
                scale=alt.Scale(domain=[0, 1]),
            ),
            y=alt.Y("who:N", title=None, sort=names, axis=alt.Axis(labelLimit=140, labelOverlap=False)),
            color=alt.Color("state:N", title="Service", sort=states, scale=alt.Scale(domain=states, range=colours)),
            order="place:Q",
            tooltip=tips,
        )
    )
    if (data["use"] != "").any():
        uses = list(USE_WORDS.values())
        # any other type would spread three uses between the first two strengths
        strength = alt.Scale(type="ordinal", domain=uses, range=[1.0, 0.6, 0.3])
        use = alt.Opacity(
            "use:N", title="Use of the internet", sort=uses, scale=strength, legend=alt.Legend(orient="top")
        )
        # unknown service stays as grey as it is: paler it would look like nobody
        chart = chart.encode(opacity=alt.condition(f"datum.state == '{STATE_WORDS['unknown']}'", alt.value(1), use))
    chart = chart.properties(height=ROW * len(rows) + 2 * AROUND)
    return chart.configure_legend(orient="bottom", columns=2, labelLimit=260, symbolStrokeWidth=0)


def interval_chart(rows: pd.DataFrame, *, shown: int) -> alt.LayerChart | alt.FacetChart:
    """Rank of the first zones with the range in which it lies in 90 % of the draws.

    Parameters
    ----------
    rows : DataFrame
        From `analysis.maps.certainty_rows`.
    shown : int
        How many zones.
    """
    first = rows.dropna(subset=["rank"]).nsmallest(shown, "rank", keep="first")
    columns = ["rank", "rank_p5", "rank_p95", "top_probability"]
    data = first[columns].assign(label=_labels(first))
    y = alt.Y("label:N", title=None, sort=data["label"].tolist(), axis=NAMES)
    axis = alt.Axis(tickMinStep=1, format=".0f")
    low = alt.X(
        "rank_p5:Q", title="Rank: bar = 5 – 95 % of the draws, dot = as ranked", axis=axis, scale=alt.Scale(zero=False)
    )
    tips = ["label:N", "rank_p5:Q", "rank_p95:Q", alt.Tooltip("top_probability:Q", format=".1%")]
    base = alt.Chart(data).encode(y=y, tooltip=tips)
    span = base.mark_rule(strokeWidth=7, color="#8fb8b2", strokeCap="round").encode(x=low, x2="rank_p95:Q")
    dot = base.mark_point(filled=True, size=70, color=FIRST, opacity=1).encode(x="rank:Q")
    return (span + dot).properties(height=ROW * len(data) + AROUND)


def contributions_chart(table: pd.DataFrame, *, shown: int) -> alt.Chart:
    """Points that each dimension gives to the score of the zones with most need, stacked.

    Parameters
    ----------
    table : DataFrame
        ``index.csv``.
    shown : int
        How many zones.
    """
    first = table.dropna(subset=["rank"]).nsmallest(shown, "rank", keep="first")
    names = index_dimensions(table)
    wide = pd.DataFrame({dimension_words(name): 100 * first[f"{name}_points"].to_numpy() for name in names})
    wide.insert(0, "label", _labels(first))
    data = wide.melt("label", var_name="dimension", value_name="points")
    words = [dimension_words(name) for name in names]
    colours = [f"#{DIMENSION_COLOURS[name]}" for name in names]
    return (
        alt.Chart(data)
        .mark_bar(size=ROW - 8, stroke="#ffffff", strokeWidth=0.5)
        .encode(
            x=alt.X("points:Q", title="Points of 100; low means need", stack="zero"),
            y=alt.Y("label:N", title=None, sort=wide["label"].tolist(), axis=NAMES),
            color=alt.Color("dimension:N", title=None, sort=words, scale=alt.Scale(domain=words, range=colours)),
            order="place:Q",
            tooltip=["label:N", "dimension:N", alt.Tooltip("points:Q", format=".1f")],
        )
        .transform_calculate(place=f"indexof({words}, datum.dimension)")
        .configure_legend(orient="bottom", columns=7)
        .properties(height=ROW * len(first) + AROUND)
    )


def lorenz_chart(record: Any) -> alt.LayerChart | alt.FacetChart | None:
    """Lorenz curves of coverage and of the gap under the line of equal shares; None when there is none."""
    curves = lorenz_points(record)
    if not curves:
        return None
    words = {"coverage": "of coverage", "gap": "of the gap"}
    data = pd.DataFrame(
        [
            {"people": people, "value": value, "what": words[name]}
            for name, points in curves.items()
            for people, value in points
        ]
    )
    names = [words[name] for name in curves]
    x = alt.X("people:Q", title="People, those with least first", axis=alt.Axis(format=".0%"))
    y = alt.Y("value:Q", title="Their part of all of it", axis=alt.Axis(format=".0%"))
    colour = alt.Scale(domain=list(words.values()), range=[FIRST, SECOND])
    dash = alt.Scale(domain=list(words.values()), range=[[1, 0], [7, 4]])
    lines = (
        alt.Chart(data[data["what"].isin(names)])
        .mark_line(strokeWidth=2.5)
        .encode(
            x=x,
            y=y,
            color=alt.Color("what:N", title=None, scale=colour, legend=alt.Legend(orient="top")),
            strokeDash=alt.StrokeDash("what:N", title=None, scale=dash, legend=alt.Legend(orient="top")),
            order="people:Q",
        )
    )
    equal = (
        alt.Chart(pd.DataFrame({"people": [0.0, 1.0], "value": [0.0, 1.0]})).mark_line(color="#52625f").encode(x=x, y=y)
    )
    return (equal + lines).properties(height=480, width=480)
