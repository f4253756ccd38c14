"""Layers of zones that say what the plan does for each: who is better off, what is left, which way is cheapest."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.maps.overlays import drawn_zones, words_of
from analysis.maps.palette import NONE, VIRIDIS, breaks, ramp
from analysis.maps.zone_layers import classed, fill_layer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from analysis.results import Results

GROUP = "Plan, by zone"
WAYS = ("0072b2", "e69f00", "009e73", "cc79a7", "56b4e9", "d55e00", "f0e442", "5b5b5b")
"""Colours of the cheapest ways, apart for all kinds of colour vision (Okabe and Ito, 2008); the last for all others."""

LEFT_EDGES = (0.005, 0.02, 0.05, 0.1, 0.2, 0.4)


def plan_fills(results: Results) -> list[dict[str, Any]]:
    """Layers of the plan by zone, as `analysis.maps.zone_layers.zone_fills` gives them; none without such a table."""
    table = results.tables.get("plan_zones")
    if table is None or table.empty:
        return []
    ids = drawn_zones(results)["zone_id"].astype(str)
    rows = table.set_index(table["zone_id"].astype(str)).reindex(ids)
    return [_better(rows), _left(rows, target=str(results.summary["target"])), *_ways(rows, results)]


def _better(rows: pd.DataFrame) -> dict[str, Any]:
    values = rows["better"].to_numpy(np.float64)
    note = "People whose service the plan of the budget makes better, by the ladder of the scenario; each counted once."
    return better_layer(
        values, edges=breaks(values), words=("plan_better", GROUP, "People better off by the plan", note)
    )


def better_layer(
    values: NDArray[np.float64], *, edges: list[float], words: tuple[str, str, str, str]
) -> dict[str, Any]:
    """Layer of persons better off in each zone between round edges; words: key, group, title and note."""
    labels = [f"0.5 – {edges[0]:,.0f}"] if edges[0] > 0.5 else []
    labels += [f"{low:,.0f} – {high:,.0f}" for low, high in pairwise(edges)]
    labels.append(f"{edges[-1]:,.0f} and more")
    classes = [("none (under 0.5)", NONE), *zip(labels, ramp(VIRIDIS, count=len(labels)), strict=True)]
    said = [("Unknown" if np.isnan(value) else f"{value:,.0f} people", "better off by the plan") for value in values]
    fill = classed(values, [0.5, *[edge for edge in edges if edge > 0.5]])
    return fill_layer((*words, "People, of each zone", "not known"), classes, fill=fill, said=said)


def _left(rows: pd.DataFrame, *, target: str) -> dict[str, Any]:
    people, unknown = (rows[name].to_numpy(np.float64) for name in ("people", "unknown"))
    known = people - unknown
    after = np.divide(rows["below_after"], known, out=np.full(len(rows), np.nan), where=known > 0.5)
    edges = list(LEFT_EDGES)
    labels = [f"{low:.0%} – {high:.0%}" for low, high in pairwise(edges[1:])]
    labels = ["0.5% – 2%", *labels, f"{edges[-1]:.0%} and more"]
    classes = [("under 0.5%", NONE), *zip(labels, ramp(VIRIDIS, count=len(labels)), strict=True)]
    said = [
        ("Unknown" if np.isnan(value) else f"{value:.1%}", f"still below {target} after the plan") for value in after
    ]
    note = f"Share of the people for whom it is known who are still below {target} once the plan is built."
    words = ("plan_left", GROUP, f"Still below {target} after the plan", note, "Share of the people known", "not known")
    return fill_layer(words, classes, fill=classed(after, edges), said=said)


def _ways(rows: pd.DataFrame, results: Results) -> list[dict[str, Any]]:
    first = [words_of(way) for way in rows["first"]]
    order = _by_zones(first)
    if not order:
        return []
    named = order[: len(WAYS) - 1]
    others = len(order) > len(named)
    classes = [(way, colour) for way, colour in zip(named, WAYS, strict=False)]
    classes += [("another way", WAYS[-1])] if others else []
    fill = [None if not way else named.index(way) if way in named else len(named) for way in first]
    currency = str(results.summary["plan"]["currency"])
    said = [_way_words(row, currency) for row in rows.to_dict("records")]
    note = (
        "Which kind of building brings the zone most for the money: its best candidate alone, before others are built. "
        "plan_options.csv has every kind for every zone."
    )
    words = ("plan_first", GROUP, "Cheapest way to better service", note, "Way, of each zone")
    return [fill_layer((*words, "nothing that was weighed brings anybody anything"), classes, fill=fill, said=said)]


def _by_zones(ways: Sequence[str]) -> list[str]:
    """Distinct ways, those of most zones first, ties by name."""
    counts = pd.Series([way for way in ways if way], dtype=object).value_counts()
    return sorted(counts.index.astype(str), key=lambda way: (-int(counts[way]), way))


def _way_words(row: dict[Any, Any], currency: str) -> tuple[str, str]:
    first, second = words_of(row["first"]), words_of(row["second"])
    if not first:
        return ("Nothing", "that was weighed would make anybody better off")
    said = f"{row['first_cost_per_value']:,.0f} {currency} for each person's worth of service"
    if second:
        said += f"; then {second}, {row['second_cost_per_value']:,.0f}"
    return (first[:1].upper() + first[1:], said)
