"""The plan on the map: what is built by kind, whom it is meant for, what it is joined to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import shapely

from analysis.maps.overlays import number, rings_of, words_of
from analysis.plan.technology import WORDS

if TYPE_CHECKING:
    import pandas as pd

    from analysis.results import Results

MAX_SITES = 500
REACH_PARTS = 3000
"""Outlines of what is reached are simplified to the longer side of all of them divided by this."""

SHAPES = {"wifi": "circle", "upgrade": "square", "site": "diamond", "mast": "drop", "small_cell": "leaf"}
"""Mark of every kind that a plan builds."""

COLOURS = {"circle": "b3260f", "square": "1b2f8a", "diamond": "6b1f7a", "drop": "14532d", "leaf": "7a4a00"}
"""Colour of each mark, dark enough for white letters."""


def kind_words(kind: str, technology: str = "") -> str:
    """Name of what is built for people; a kind that is not known here is shown as it is written."""
    words = WORDS[kind].format(technology or "mobile") if kind in WORDS else kind.replace("_", " ")
    return words[:1].upper() + words[1:]


def mark_of(kind: str) -> str:
    """Shape of the mark of a kind."""
    return SHAPES.get(kind, "square")


def chosen(plan: pd.DataFrame) -> pd.DataFrame:
    """Steps of a plan that its budget pays for, in build order."""
    return plan[plan["within_budget"].astype(bool)].sort_values("step", kind="stable")


def site_records(plan: pd.DataFrame) -> list[dict[str, Any]]:
    """Sites within the budget, at most `MAX_SITES`, in build order.

    ``facts`` are [words, value] of what the plan says of a site beyond its people and cost.
    """
    return [
        {
            "step": number(row["step"]),
            "kind": words_of(row["kind"]),
            "shape": mark_of(words_of(row["kind"])),
            "words": kind_words(words_of(row["kind"]), words_of(row.get("technology"))),
            "name": words_of(row["name"]) or words_of(row["candidate_id"]),
            "lon": round(float(row["lon"]), 6),
            "lat": round(float(row["lat"]), 6),
            "cost": number(row["cost"]),
            "people": number(row["people"]),
            "total": number(row["cumulative_people"]),
            "facts": _facts(row),
        }
        for row in chosen(plan).head(MAX_SITES).to_dict("records")
    ]


def _facts(row: dict[Any, Any]) -> list[list[str]]:
    """What else is known of a site; nothing where the run does not say."""
    votes, share, lost = (number(row.get(name)) for name in ("votes", "chosen_share", "people_if_it_fails"))
    facts: list[list[str]] = []
    if row.get("locked") is True:
        facts.append(["built in any case", ""])
    if votes is not None:
        facts.append(["votes", f"{votes:,.0f}"])
    if share is not None:
        facts.append(["built under other assumptions", f"{share:.0%}"])
    if lost is not None:
        facts.append(["as before if it alone fails", f"{lost:,.0f}"])
    return facts


def reach_records(results: Results) -> list[dict[str, Any]]:
    """Where each site of the budget serves people: ``step``, ``colour`` and ``parts``, polygons of [lon, lat]."""
    layer = results.plan_layers.get("reach")
    if layer is None or layer.empty:
        return []
    west, south, east, north = layer.total_bounds
    shapes = layer.geometry.simplify(max(east - west, north - south) / REACH_PARTS, preserve_topology=True)
    return [
        {"step": number(step), "colour": COLOURS[mark_of(words_of(kind))], "parts": rings_of(shape)}
        for step, kind, shape in zip(layer["step"], layer["kind"], shapes.to_crs(4326), strict=True)
    ][:MAX_SITES]


def link_records(results: Results) -> list[dict[str, Any]]:
    """Straight lines from new places to what they are joined to: ``step``, ``line`` of [lon, lat]."""
    layer = results.plan_layers.get("links")
    if layer is None or layer.empty:
        return []
    return [
        {"step": number(step), "line": [[round(x, 5), round(y, 5)] for x, y in shapely.get_coordinates(line)]}
        for step, line in zip(layer["step"], layer.geometry.to_crs(4326), strict=True)
    ][:MAX_SITES]
