"""How sure the order of zones is, where the gap clusters, and the index with its parts, as tables."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.maps.overlays import number, words_of
from analysis.maps.tables import people, percent, table
from analysis.maps.zone_layers import CLUSTER_WORDS, dimension_words, span_words
from analysis.scenario import DIMENSIONS

if TYPE_CHECKING:
    import pandas as pd

    from analysis.results import Results

MOST_ROWS = 100
"""Of a table in the page; the files have all of them."""

MOST_NAMES = 10
SOURCES = {
    "footprint": "how far sites reach",
    "population": "the count of people",
    "adoption": "the share online",
    "weights": "the weights",
}
"""What is drawn at random, in words."""

RANKINGS = {"gap": "people in the gap", "unconnected": "people not connected", "index": "the index"}
"""Rankings of ``uncertainty.csv``, in words."""

NOT_KNOWN = "not known"


def _first(rows: list[list[str]], file: str) -> tuple[list[list[str]], str]:
    """The first rows, and a sentence on where the others are."""
    if len(rows) <= MOST_ROWS:
        return rows, ""
    return rows[:MOST_ROWS], f" The first {MOST_ROWS} of {len(rows):,}; all of them stand in {file}."


def _name(row: Mapping[Any, Any]) -> str:
    return words_of(row["zone_name"]) or words_of(row["zone_id"])


def _rank(value: Any) -> str:
    rank = number(value)
    return "–" if rank is None else f"{rank}"


def certainty_rows(results: Results, *, ranking: str = "gap") -> pd.DataFrame | None:
    """Rows of ``uncertainty.csv`` of one of `RANKINGS`; None when the run has none."""
    table_of = results.tables.get("uncertainty")
    if table_of is None:
        return None
    rows = table_of[table_of["ranking"] == ranking]
    return rows if rows["rank"].notna().any() else None


def certainty_table(results: Results, *, ranking: str = "gap") -> str:
    """Rank of each zone, where it stands in 90 % of the draws, its chance of the top, and its like.

    Parameters
    ----------
    results : Results
    ranking : str
        One of `RANKINGS`.
    """
    found, record = certainty_rows(results, ranking=ranking), results.summary.get("uncertainty")
    if found is None or not isinstance(record, Mapping):
        return ""
    rows: list[list[str]] = []
    for row in found.to_dict("records"):
        likely = span_words(row["rank_p5"], row["rank_p95"])
        alike = span_words(row["alike_first"], row["alike_last"], alone="no other")
        chance = number(row["top_probability"])
        shares = ["–" if chance is None else percent(chance), alike]
        rows.append([_rank(row["rank"]), _name(row), likely, _rank(row["rank_median"]), *shares, _driver(row)])
    shown, more = _first(rows, "uncertainty.csv")
    # the run's top, or all that this ranking has
    wanted = results.provenance.get("scenario", {}).get("uncertainty", {}).get("top", record["top"])
    first = f"the first {min(wanted, int(found['rank'].notna().sum()))}"
    heads = [("Rank", True), ("Zone", False), ("5 – 95 % of draws", True), ("Median", True)]
    heads += [
        (f"Among {first}", True),
        ("Not told apart from ranks", True),
        ("What moves it most", False),
    ]
    note = _certainty_words(record, ranking=ranking, of=found, first=first) + more
    return table(f"How sure the order by {RANKINGS[ranking]} is", heads, shown, note=note)


def _driver(row: Mapping[Any, Any]) -> str:
    """The source that explains most of the variance of a rank."""
    shares = {source: number(row.get(f"rank_share_{source}")) for source in SOURCES}
    known = {source: share for source, share in shares.items() if share is not None}
    if number(row["rank"]) is None:
        return ""
    if not known:
        return "nothing: the rank stays"
    most = max(known, key=lambda source: (known[source], source))
    return f"{SOURCES[most]} ({known[most]:.0%})"


def _certainty_words(record: Mapping[str, Any], *, ranking: str, of: pd.DataFrame, first: str) -> str:
    """What was drawn, and for how many zones the top is sure."""
    chance = of["top_probability"].to_numpy(dtype=np.float64)
    sure, never = int((chance >= 0.95).sum()), int((chance <= 0.05).sum())
    drawn = [f"the count of people of each zone, off by {record['population_sd']:.0%}"]
    if ranking == "unconnected":
        drawn.append(f"its share online, off by {100 * record['adoption_sd']:.0f} percentage points")
    if ranking == "index":
        drawn = ["weights around the chosen ones"]
    if "rank_share_footprint" in of and (of["rank_share_footprint"] > 0).any():
        drawn.insert(0, "how far sites reach, between low and high footprints")
    return (
        f"{record['draws']:,} random draws of {', and of '.join(drawn)}: assumptions, and the intervals are theirs. "
        f"{people(sure)} zones are among {first} in at least 95 % of the draws, {people(never)} in at most 5 %. "
        "Two ranks are told apart when their order holds in at least 90 %."
    )


def clusters_table(results: Results) -> str:
    """Zones whose share in the gap lies with its like, or against it, beyond chance; empty when nothing is known."""
    record = results.summary.get("clusters")
    if not isinstance(record, Mapping) or "cluster" not in results.zones or number(record.get("moran_i")) is None:
        return ""
    order = [name for name in CLUSTER_WORDS if name != "not significant"]
    found = [row for row in results.zones.drop(columns="geometry").to_dict("records") if row["cluster"] in order]
    found.sort(key=lambda row: (order.index(row["cluster"]), -row["gap_people"], str(row["zone_id"])))
    rows = [
        [
            *(people(number(row["gap_people"])), _name(row), row["cluster"], CLUSTER_WORDS[row["cluster"]]),
            *(percent(number(row["gap_share"])), f"{row['cluster_p']:.3f}"),
        ]
        for row in found
    ]
    shown, more = _first(rows or [["–", "no zone", "–", "nothing lies together beyond chance", "–", "–"]], "zones.gpkg")
    target = results.summary["target"]
    heads = [(f"People below {target}", True), ("Zone", False), ("Cluster", False), ("What that means", False)]
    heads += [("Share of the known", True), ("p, held to false discoveries", True)]
    return table(
        f"Where the gap clusters: zones by their share below {target}", heads, shown, note=_moran(record) + more
    )


def _moran(record: Mapping[str, Any]) -> str:
    counts = record["zones"]
    said = ", ".join(f"{people(counts[name])} {name}" for name in (*CLUSTER_WORDS, NOT_KNOWN) if counts.get(name))
    moran = f"{record['moran_i']:.2f}".replace("-", "−")
    words = (
        f"Moran's I {moran} (p {record['p_value']:.4f}) from {record['permutations']:,} random arrangements; at most "
        f"{record['false_discovery']:.0%} of the findings are expected by chance. Zones: {said}."
    )
    lonely = [f"{zone} (joined to {near})" for zone, near in record["islands"].items()]
    return words + (f" Meet no other zone: {_list(lonely)}." if lonely else "")


def _list(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def index_table(results: Results) -> str:
    """Zones by the index, most need first: score, and the points that each dimension gives; empty without an index."""
    found, record = results.tables.get("index"), results.summary.get("index")
    if found is None or not isinstance(record, Mapping):
        return ""
    names = index_dimensions(found)
    rows: list[list[str]] = []
    for row in found.to_dict("records"):
        points = [_points(row[f"{name}_points"], known=number(row[f"{name}_part"]) is not None) for name in names]
        score = number(row["score"])
        rows.append([_rank(row["rank"]), _name(row), NOT_KNOWN if score is None else f"{100 * score:.1f}", *points])
    shown, more = _first(rows, "index.csv")
    heads = [("Rank", True), ("Zone", False), ("Score of 100", True)]
    heads += [(f"{dimension_words(name)} (of {100 * record['weights'].get(name, 0):.0f})", True) for name in names]
    return table(
        "Index of meaningful connectivity: the points sum to the score", heads, shown, note=_rules(record, found) + more
    )


def index_dimensions(found: pd.DataFrame) -> list[str]:
    """Dimensions that an ``index.csv`` has, in their order."""
    return [name for name in DIMENSIONS if f"{name}_points" in found]


def _points(value: Any, *, known: bool) -> str:
    points = number(value)
    return NOT_KNOWN if points is None or not known else f"{100 * points:.1f}"


def _rules(record: Mapping[str, Any], found: pd.DataFrame) -> str:
    """How the parts are put together, and which zones lack which."""
    how = "multiplied (geometric mean)" if record["aggregation"] == "geometric" else "weighted and added up"
    lacks = (
        f"has the score of the others when these have at least {record['least_known']:.0%} of the weights"
        if record["missing"] == "renormalise"
        else "has no score"
    )
    words = (
        f"Low means need. Each dimension runs from its worst (0) to its best value and is {how}; "
        f"a zone that lacks one {lacks}."
    )
    for name in index_dimensions(found):
        lacking = [_name(row) for row in found[found[f"{name}_part"].isna()].to_dict("records")]
        if lacking:
            words += f" {dimension_words(name).capitalize()} not known: {_list(lacking)}."
    return words


def weights_table(record: Any) -> str:
    """Weights of the index, who set them and when, and what was left out; empty without an index.

    Parameters
    ----------
    record : object
        ``summary["index"]``, if any.
    """
    if not isinstance(record, Mapping) or not record.get("weights"):
        return ""
    sets = [(given, sum(given["weights"].values())) for given in record["sets"]]
    rows: list[list[str]] = []
    for name in DIMENSIONS:
        weight = record["weights"].get(name)
        if weight is None and name not in record["left_out"]:
            continue
        shares = [percent(given["weights"].get(name, 0.0) / whole if whole > 0 else math.nan) for given, whole in sets]
        what = words_of(record["meanings"].get(name)) + (": left out, no zone has it" if weight is None else "")
        rows.append(["–" if weight is None else percent(weight), dimension_words(name), *shares, what])
    heads = [("Weight", True), ("Dimension", False)]
    heads += [(f"{given['name']}, {given['set_by']}, {given['set_on']}", True) for given, _whole in sets]
    who = "; ".join(words_of(body) for body in record["set_by"])
    how = " The weights are the mean of these sets, each with the same say." if sets else ""
    return table("Weights of the index", [*heads, ("What it is", False)], rows, note=f"Set by: {who}.{how}")
