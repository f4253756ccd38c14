"""Plans side by side on the map: sites with the plans that build them, and zones by what each plan does there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.maps.overlays import drawn_zones, number, words_of
from analysis.maps.palette import NONE, breaks
from analysis.maps.plan_layers import better_layer
from analysis.maps.plan_overlays import MAX_SITES, kind_words
from analysis.maps.zone_layers import fill_layer

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from analysis.plans import Plan, SideBySide

LOOKS = (("0072b2", "ffffff"), ("e69f00", "14211f"), ("009e73", "14211f"), ("cc79a7", "14211f"), ("56b4e9", "14211f"))
"""Colour of each plan (Okabe and Ito, 2008) and of the letter on it; their shapes are those of `assets/plans.css`."""

GROUP = "Plans, by zone"


def plan_records(plans: Sequence[Plan], sites: pd.DataFrame) -> list[dict[str, Any]]:
    """What the map says of each plan: ``letter, name, colour, ink``, and how many ``sites`` it has."""
    return [
        {
            "letter": plan.letter,
            "name": plan.name,
            "colour": colour,
            "ink": ink,
            "sites": int(sites[f"step_{plan.letter}"].notna().sum()),
        }
        for plan, (colour, ink) in zip(plans, LOOKS, strict=False)
    ]


def spot_records(plans: Sequence[Plan], sites: pd.DataFrame) -> list[dict[str, Any]]:
    """Sites of the first `MAX_SITES` steps of each plan, most shared first; ``in``: plan, step, people and cost."""
    records: list[dict[str, Any]] = []
    for row in sites.to_dict("records"):
        inside = [
            [at, *(number(row[f"{name}_{plan.letter}"]) for name in ("step", "people", "cost"))]
            for at, plan in enumerate(plans)
            if plan.letter in row["plans"]
        ]
        if any((step or 0) <= MAX_SITES for _at, step, *_rest in inside):
            records.append(
                {
                    "lon": round(float(row["lon"]), 6),
                    "lat": round(float(row["lat"]), 6),
                    "words": kind_words(words_of(row["kind"]), words_of(row["technology"])),
                    "name": words_of(row["name"]) or words_of(row["candidate_id"]),
                    "in": inside,
                }
            )
    return records


def zone_fills(found: SideBySide) -> list[dict[str, Any]]:
    """Layers of zones: which plan makes most people better off, and how many each does, in one set of classes."""
    first = found.plans[0].results
    ids = drawn_zones(first)["zone_id"].astype(str)
    if not len(ids):
        return []
    inside = found.zones[found.zones["zone_id"] != ""]
    rows = inside.set_index("zone_id").reindex(ids)
    better = rows[[f"better_{plan.letter}" for plan in found.plans]].to_numpy(np.float64)
    edges = breaks(better.ravel())
    layers = [_most(found.plans, better)]
    for at, plan in enumerate(found.plans):
        note = f"People whose service plan {plan.letter} makes better; the classes are the same for every plan."
        words = (f"better_{plan.letter}", GROUP, f"Better off by {plan.head}", note)
        layers.append(better_layer(better[:, at], edges=edges, words=words))
    return layers


def _most(plans: Sequence[Plan], better: np.ndarray[Any, Any]) -> dict[str, Any]:
    """The plan that makes most people better off in each zone; ties of less than half a person are no plan's."""
    classes = [(plan.head, colour) for plan, (colour, _ink) in zip(plans, LOOKS, strict=False)]
    classes += [("about as many by several plans", "8d9995"), ("nobody (under 0.5)", NONE)]
    fill: list[int | None] = []
    said: list[tuple[str, str]] = []
    for row in better:
        order = np.argsort(-row, kind="stable")
        most, next_most = row[order[0]], row[order[1]]
        tie = most - next_most < 0.5
        fill.append(len(plans) + 1 if most < 0.5 else len(plans) if tie else int(order[0]))
        counts = ", ".join(f"{plan.letter} {value:,.0f}" for plan, value in zip(plans, row, strict=True))
        said.append(("Nobody" if most < 0.5 else "Several" if tie else plans[order[0]].letter, f"people: {counts}"))
    note = "The plan that makes most people better off in the zone, whatever it costs."
    words = ("plans_most", GROUP, "Plan with most people better off", note, "Plan, of each zone", "not known")
    return fill_layer(words, classes, fill=fill, said=said)
