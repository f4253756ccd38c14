"""What the map shows of public WiFi on foot, again as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from analysis.maps.overlays import number, words_of
from analysis.maps.tables import people, percent, table
from analysis.maps.wifi_layers import WALKS_MIN, measure_words
from analysis.maps.wifi_overlays import state_of, state_words

if TYPE_CHECKING:
    import pandas as pd

MOST_HOTSPOTS = 50
STRAIGHT_M = (400, 800)


def wifi_table(record: Any) -> str:
    """People by their walk to free public WiFi; empty when the run did not measure walks.

    Parameters
    ----------
    record : object
        ``summary["wifi"]``: ``measure, reach_min``, persons ``within_5_min, within_10_min, within_15_min,
        beyond_15_min, unknown``, ``no_way`` (reason → persons), and, if there, ``within_400_m, within_800_m``,
        ``overstated`` (share), ``radio`` (``people, indoor_m, outdoor_m``), ``operational, sites``.
    """
    if not isinstance(record, Mapping) or "within_5_min" not in record:
        return ""
    last = f"within_{WALKS_MIN[-1]}_min"
    no_way = {why: float(count) for why, count in sorted(record["no_way"].items()) if count > 0}
    beyond = float(record[f"beyond_{WALKS_MIN[-1]}_min"])
    known = float(record[last]) + beyond + sum(no_way.values())

    def line(count: float | None, what: str, meaning: str = "") -> list[str]:
        if count is None or known <= 0:
            return [people(None), what, percent(None), meaning]
        return [people(count), what, percent(count / known), meaning]

    rows = [line(record[f"within_{minutes}_min"], *_walk_words(record, minutes)) for minutes in WALKS_MIN]
    rows.append(line(beyond, f"farther than a {WALKS_MIN[-1]} min walk", "there is a way, but a long one"))
    rows += [line(count, f"no way on foot: {why}") for why, count in no_way.items()]
    rows.append(
        [people(record["unknown"]), "not known", "–", "nothing says whether there is public WiFi or a way to it"]
    )
    radio = record.get("radio")
    if radio:
        rows.append(line(radio["people"], "inside the radio range", _radio_words(radio)))
    rows += [
        line(record[f"within_{metres}_m"], f"within {metres} m in a straight line", _overstated(record, metres))
        for metres in STRAIGHT_M
        if f"within_{metres}_m" in record
    ]
    heads = [("People", True), ("Free public WiFi that works", False), ("Share of the known", True)]
    caption = f"Public WiFi on foot, {measure_words(record['measure'])}"
    return table(caption, [*heads, ("What that means", False)], rows, note=_open_words(record))


def _walk_words(record: Mapping[str, Any], minutes: int) -> tuple[str, str]:
    meaning = "this counts as in reach" if minutes == record.get("reach_min") else ""
    return f"within a {minutes} min walk", meaning


def _radio_words(radio: Mapping[str, Any]) -> str:
    return f"the signal reaches home: {radio['indoor_m']:g} m from an indoor hotspot, {radio['outdoor_m']:g} m outdoors"


def _overstated(record: Mapping[str, Any], metres: int) -> str:
    """By how much a straight line counts more people than a walk of the same length."""
    more = record.get("overstated", {}).get(f"{metres}_m")
    walk = f"a walk of {metres} m"
    if more is None:
        return f"how many have {walk} is not known"
    if abs(more) < 0.005:
        return f"about as many as have {walk}"
    return f"{more:.0%} more than have {walk}: it overstates" if more > 0 else f"{-more:.0%} fewer than have {walk}"


def _open_words(record: Mapping[str, Any]) -> str:
    count = people(record.get("open", record.get("operational")))
    parts = [f"{count} of {people(record.get('sites'))} hotspots are open, and only these count"]
    parts.append("open means that they work and are free to use")
    if record.get("speed_kmh"):
        parts.append(f"people walk {record['speed_kmh']:g} km/h on flat ground")
    return "; ".join(parts) + "."


def hotspots_table(wifi: pd.DataFrame, *, reach: int = 10) -> str:
    """The hotspots that are nearest to most people, `MOST_HOTSPOTS` at most; empty when the run did not count them.

    Parameters
    ----------
    wifi : DataFrame
        ``wifi.csv``: ``wifi_id, name, people_5_min, people_10_min, people_15_min, capacity, expected, state``.
    reach : int
        Minutes of the walk that decides the order: that which counts as in reach.
    """
    if wifi.empty or f"people_{reach}_min" not in wifi:
        return ""
    order = wifi.sort_values(
        [f"people_{reach}_min", "people_15_min", "wifi_id"], ascending=[False, False, True], kind="stable"
    )
    rows: list[list[str]] = []
    for place, row in enumerate(order.head(MOST_HOTSPOTS).to_dict("records"), start=1):
        counts = [_count(row[f"people_{minutes}_min"]) for minutes in WALKS_MIN]
        room = [_count(row.get(name)) for name in ("capacity", "expected")]
        name = words_of(row["name"]) or words_of(row["wifi_id"])
        rows.append([str(place), name, *counts, *room, state_words(state_of(row))])
    heads = [("No.", True), ("Hotspot", False), *((f"Nearest within {minutes} min", True) for minutes in WALKS_MIN)]
    heads += [("Serves at once", True), ("Expected at once", True), ("State", False)]
    first = f"the first {MOST_HOTSPOTS} of {len(wifi):,}; " if len(wifi) > MOST_HOTSPOTS else ""
    note = f"In order of the people whose nearest it is within a {reach} min walk: {first}wifi.csv has them all."
    return table("Public WiFi by the people nearest to it", heads, rows, note=note)


def _count(value: Any) -> str:
    plain = number(value)
    return "–" if plain is None else people(plain)
