"""Layers that colour whole zones, and what a zone's card says: how sure its rank is, its cluster, its index."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.maps.overlays import drawn_zones, number, words_of
from analysis.maps.palette import CLUSTERS, NONE, VIRIDIS, ramp
from analysis.scenario import DIMENSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from analysis.results import Results

GROUP = "Zones"
PARTS_GROUP = "Parts of the index, by zone"
MOVE_STEPS = (1, 2, 3, 6, 11, 21, 51)
"""Where the classes of places that a rank can move begin, after the class of ranks that stay."""

CHANCES = (np.nextafter(0.05, 1), 0.25, 0.5, 0.75, 0.95)
"""Edges of the classes of chances; up to 5 % is hardly ever, from 95 % on is sure, as in ``summary["uncertainty"]``."""

CHANCE_WORDS = ("at most 5 %", "5 – 25 %", "25 – 50 %", "50 – 75 %", "75 – 95 %", "at least 95 %")
CLUSTER_WORDS = {
    "high-high": "a large gap among its like",
    "high-low": "a large gap among small ones",
    "not significant": "like its neighbours no more than by chance",
    "low-high": "a small gap among large ones",
    "low-low": "a small gap among its like",
}
"""What each cluster is, from much need to little; the zone's own share in the gap first, then its neighbours'."""


def fill_layer(
    words: tuple[str, str, str, str, str, str],
    classes: Sequence[tuple[str, ...]],
    *,
    fill: list[int | None],
    said: list[tuple[str, str]],
) -> dict[str, Any]:
    """Record of a layer of zones; words: key, group, title, note, unit, and what its hatching means."""
    names = ("key", "group", "title", "note", "unit", "missing")
    return {**dict(zip(names, words, strict=True)), "classes": [list(item) for item in classes], "fill": fill} | _said(
        said
    )


def _said(said: Sequence[tuple[str, ...]]) -> dict[str, Any]:
    """Each text once, and which one each zone has: thousands of zones say few different things."""
    distinct = {words: place for place, words in enumerate(dict.fromkeys(said))}
    return {"said": [list(words) for words in distinct], "says": [distinct[words] for words in said]}


def _values(zones: gpd.GeoDataFrame, column: str) -> NDArray[np.float64] | None:
    """Column of the zones; None when it is absent or nothing in it is known."""
    if column not in zones:
        return None
    values = zones[column].to_numpy(dtype=np.float64, na_value=np.nan)
    return values if np.isfinite(values).any() else None


def classed(values: NDArray[np.float64], edges: Sequence[float]) -> list[int | None]:
    """Class of each value between ascending edges, an edge belonging to the class above; None where NaN."""
    return [None if np.isnan(value) else int(np.searchsorted(edges, value, side="right")) for value in values]


def zone_fills(results: Results) -> list[dict[str, Any]]:
    """Layers that colour whole zones in place of the cells; what the zones do not say gives none.

    Returns
    -------
    list of dict
        ``key, group, title, note, unit, classes`` as the layers of cells have (a class may have a third item, a mark
        that stands on its zones); ``missing``: what hatching means; ``fill``: the position in ``classes`` of each zone
        in the order of `drawn_zones`, null where not known; ``said``: [value, words] once each, and ``says``: which of
        them each zone has.
    """
    zones, summary = drawn_zones(results), results.summary
    found = [_moves(zones), _chance(zones, summary), _clusters(zones, summary), _index(zones, summary)]
    return [layer for layer in found if layer is not None] + _parts(zones, summary)


def zone_facts(results: Results) -> list[dict[str, Any]]:
    """What a zone's card says beside the layers: ``title``, and ``said`` ([value]) and ``says`` as there."""
    zones = drawn_zones(results)
    draws = results.summary.get("uncertainty", {}).get("draws")
    of = "the" if draws is None else f"{draws:,}"
    facts: list[dict[str, Any]] = []
    titles = {
        ("rank_p5", "rank_p95"): (f"Rank, 5 – 95 % of {of} draws", ""),
        ("alike_first", "alike_last"): ("Not told apart from ranks", "no other"),
        ("index_rank", "index_rank"): ("Rank by the index", ""),
    }
    for (first, last), (title, alone) in titles.items():
        low, high = _values(zones, first), _values(zones, last)
        if low is not None and high is not None:
            said = [(span_words(*ends, alone=alone),) for ends in zip(low, high, strict=True)]
            facts.append({"title": title, **_said(said)})
    return facts


def span_words(low: float, high: float, *, alone: str = "") -> str:
    """Ranks from one to another: ``2 – 5``, ``2`` (or `alone`) when they are the same; ``not ranked`` when missing."""
    first, last = number(low), number(high)
    if first is None or last is None:
        return "not ranked"
    return (alone or f"{first}") if first == last else f"{first} – {last}"


def move_classes(largest: int) -> list[tuple[str, str]]:
    """Legend of the places that a rank can move, as (label, colour): ranks that stay first, then up to `largest`."""
    starts = [start for start in MOVE_STEPS if start <= largest]
    labels = ["0: the rank stays"]
    for place, start in enumerate(starts):
        end = MOVE_STEPS[place + 1] - 1 if place + 1 < len(MOVE_STEPS) else None
        labels.append(f"{start} and more" if end is None else f"{start}" if end == start else f"{start} – {end}")
    return list(zip(labels, [NONE, *ramp(VIRIDIS, count=len(MOVE_STEPS))], strict=False))


def _moves(zones: gpd.GeoDataFrame) -> dict[str, Any] | None:
    moves = _values(zones, "rank_moves")
    if moves is None:
        return None
    note = (
        "Places between the best and the worst rank of each zone under low, central and high footprints. A rank that "
        "stays does not hang on how far the sites are taken to reach."
    )
    words = ("rank_moves", GROUP, "How far a rank can move", note, "Places, of each zone")
    said = [
        ("Unknown", "how far its rank can move")
        if np.isnan(move)
        else (f"{move:.0f} place{'' if move == 1 else 's'}", "between its ranks under other footprints")
        for move in moves
    ]
    classes = move_classes(int(np.nanmax(moves)))
    return fill_layer((*words, "not ranked under every footprint"), classes, fill=classed(moves, MOVE_STEPS), said=said)


def _chance(zones: gpd.GeoDataFrame, summary: Mapping[str, Any]) -> dict[str, Any] | None:
    chance, record = _values(zones, "top_probability"), summary.get("uncertainty", {})
    if chance is None or record.get("top") is None:
        return None
    first = f"among the first {record['top']}"
    note = (
        f"Share of {record['draws']:,} random draws in which the zone is {first} by people in the gap. The errors that "
        "are drawn, of footprints and of the count of people, are assumptions."
    )
    words = ("top_probability", GROUP, f"Chance to be {first}", note, "Share of the draws", "not ranked: unknown")
    classes = list(zip(CHANCE_WORDS, ramp(VIRIDIS, count=len(CHANCE_WORDS)), strict=True))
    said = [("Unknown" if np.isnan(value) else f"{value:.1%}", f"chance to be {first}") for value in chance]
    return fill_layer(words, classes, fill=classed(chance, CHANCES), said=said)


def _clusters(zones: gpd.GeoDataFrame, summary: Mapping[str, Any]) -> dict[str, Any] | None:
    if "cluster" not in zones:
        return None
    order = list(CLUSTER_WORDS)
    named = [words_of(name) for name in zones["cluster"]]
    fill = [order.index(name) if name in CLUSTER_WORDS else None for name in named]
    if all(place is None for place in fill):
        return None
    share = f"share of people known to be below {summary['target']}"
    note = (
        f"Where zones with a high or low {share} lie together, beyond chance (local Moran's I). A zone counts alike "
        "however many people it has."
    )
    words = ("cluster", GROUP, "Where the gap clusters", note, "Zone first, then its neighbours")
    classes = [
        (name if name == "not significant" else f"{name}: {CLUSTER_WORDS[name]}", *CLUSTERS[name]) for name in order
    ]
    said = [
        (name[:1].upper() + name[1:], CLUSTER_WORDS.get(name, "whether it is like its neighbours")) for name in named
    ]
    return fill_layer((*words, "not known: too little is known there"), classes, fill=fill, said=said)


def score_classes() -> list[tuple[str, str]]:
    """Legend of scores from 0 to 100 in tens, as (label, colour): the lower, the darker, the more need."""
    labels = [f"{low} – {high}" for low, high in pairwise(range(0, 101, 10))]
    return list(zip(labels, reversed(ramp(VIRIDIS, count=len(labels))), strict=True))


def _scored(
    zones: gpd.GeoDataFrame, column: str, *, words: tuple[str, str, str, str], meaning: str
) -> dict[str, Any] | None:
    """Layer of a column from 0 to 1; words: group, title, note, what hatching means; `meaning` follows a value."""
    score = _values(zones, column)
    if score is None:
        return None
    edges = [step / 10 for step in range(1, 10)]
    said = [("Unknown" if np.isnan(value) else f"{100 * value:.1f} of 100", meaning) for value in score]
    unit = "From 0 (worst) to 100 (best)"
    full = (column, *words[:3], unit, words[3])
    return fill_layer(full, score_classes(), fill=classed(score, edges), said=said)


def _index(zones: gpd.GeoDataFrame, summary: Mapping[str, Any]) -> dict[str, Any] | None:
    weights = summary.get("index", {}).get("weights", {})
    parts = ", ".join(f"{dimension_words(name)} {weight:.0%}" for name, weight in weights.items())
    note = f"Score of each zone, from what is known of it{f'; weights: {parts}' if parts else ''}."
    words = (GROUP, "Index of meaningful connectivity", note, "no score: too little is known")
    return _scored(zones, "index_score", words=words, meaning="on the index")


def _parts(zones: gpd.GeoDataFrame, summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A layer of each dimension that the index is made of."""
    record = summary.get("index", {})
    weights, meanings = record.get("weights", {}), record.get("meanings", {})
    layers: list[dict[str, Any]] = []
    for name in DIMENSIONS:
        what = words_of(meanings.get(name, name))
        note = (
            f"{what[:1].upper()}{what[1:]}, between its worst and its best value (weight {weights.get(name, 0):.0%})."
        )
        title = dimension_words(name)
        words = (PARTS_GROUP, title[:1].upper() + title[1:], note, "not known")
        layer = _scored(zones, f"index_{name}", words=words, meaning=f"for {title}")
        if layer is not None:
            layers.append(layer)
    return layers


def dimension_words(name: str) -> str:
    """Name of a dimension of the index for people."""
    return name.replace("_", " ")
