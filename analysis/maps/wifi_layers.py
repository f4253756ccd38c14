"""The layers of cells on free public WiFi: who has it within a walk, how long the walk is, how many it serves."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.maps.cell_layer import CellLayer, class_index, given, people_layer, share_layer
from analysis.maps.palette import NO_WAY, NONE, VIRIDIS, ramp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from analysis.results import Results

GROUP = "Public WiFi"
WALKS_MIN = (5, 10, 15)
ALL = 0.9995
"""A share from which on a cell counts as all: the 100 % of the legend of shares."""

Classes = tuple[tuple[str, str], ...]


def measure_words(measure: object) -> str:
    """How walks were measured, in words, and that no streets were known where a detour stands in for them."""
    words = str(measure)
    return f"{words}, no streets known" if "×" in words else words


def walk_classes(values: NDArray[np.float64]) -> tuple[NDArray[np.uint8], Classes]:
    """Class index and legend of a walk in minutes; inf, where it is known that no way leads there, is its own class."""
    edges = [5.0, 10.0, 15.0, 30.0, 60.0]
    labels = [f"{low:g} – {high:g}" for low, high in pairwise([0.0, *edges])] + [f"{edges[-1]:g} and more"]
    classes = list(zip(labels, ramp(VIRIDIS, count=len(labels)), strict=True))
    if np.isposinf(values).any():
        classes.append(("no way on foot", NO_WAY))
    return class_index(values, [*edges, np.inf]), tuple(classes)


def place_classes(values: NDArray[np.float64]) -> tuple[NDArray[np.uint8], Classes]:
    """Class index and legend of places per 1,000 people: the same breaks everywhere, so that regions compare."""
    edges = [0.005, 1.0, 5.0, 10.0, 20.0, 50.0, 100.0]
    labels = ["none", f"under {edges[1]:g}", *(f"{low:g} – {high:g}" for low, high in pairwise(edges[1:]))]
    labels.append(f"{edges[-1]:g} and more")
    colours = [NONE, *ramp(VIRIDIS, count=len(edges))]
    return class_index(values, edges), tuple(zip(labels, colours, strict=True))


def wifi_layers(results: Results) -> list[CellLayer]:
    """Layers of public WiFi; a column that is absent or all unknown gives none."""
    wifi: dict[str, Any] = {"measure": "straight line", **results.summary.get("wifi", {})}
    found = [
        _beyond(results, wifi),
        _walk(results, wifi),
        *(_within(results, wifi, minutes) for minutes in WALKS_MIN if minutes in (wifi.get("reach_min"), 10)),
        _radio(results, wifi),
        _places(results, wifi),
        _straight(results),
    ]
    return [layer for layer in found if layer is not None]


def _beyond(results: Results, wifi: Mapping[str, Any]) -> CellLayer | None:
    values = given(results, "wifi_beyond_people")
    if values is None or wifi.get("reach_min") is None:
        return None
    what = f"public WiFi within a {wifi['reach_min']:g} min walk"
    note = f"People in each cell who are known to have no free {what} that works ({measure_words(wifi['measure'])})."
    words = (f"People without {what}", note, f"known to have no {what}")
    return people_layer("wifi_beyond_people", values, words=words, table=VIRIDIS, group=GROUP)


def _walk(results: Results, wifi: Mapping[str, Any]) -> CellLayer | None:
    walk, stuck = given(results, "wifi_walk_min"), given(results, "wifi_no_way")
    if walk is None and stuck is None:
        return None
    values = np.full(len(results.cells), np.nan) if walk is None else walk
    if stuck is not None:
        values = np.where(np.isnan(values) & (stuck >= ALL), np.inf, values)
    if np.isnan(values).all():
        return None
    note = (
        "Mean walk to the nearest free public WiFi that works, of the people of each cell who can walk to any "
        f"({measure_words(wifi['measure'])})."
    )
    words = (GROUP, "Walk to public WiFi", note, "min", "on foot to public WiFi, the mean of this cell")
    index, classes = walk_classes(values)
    return CellLayer("wifi_walk_min", *words, values, index, classes)


def _within(results: Results, wifi: Mapping[str, Any], minutes: int) -> CellLayer | None:
    values = given(results, f"wifi_{minutes}_min")
    if values is None:
        return None
    what = f"public WiFi within a {minutes} min walk"
    note = f"Share of the people of each cell with free {what} that works ({measure_words(wifi['measure'])})."
    words = (GROUP, f"Public WiFi within a {minutes} min walk", note, f"of its people have {what}")
    return share_layer(f"wifi_{minutes}_min", values, words=words)


def _radio(results: Results, wifi: Mapping[str, Any]) -> CellLayer | None:
    values, radio = given(results, "wifi_radio"), wifi.get("radio", {})
    if values is None:
        return None
    ranges = [f"{radio[key]:g} m of {words}" for key, words in _RANGES if radio.get(key) is not None]
    how = f": within {' and '.join(ranges)}" if ranges else ""
    note = f"Share of the people of each cell who live where its signal reaches{how}, in a straight line."
    return share_layer("wifi_radio", values, words=(GROUP, "Inside the radio range", note, "of its people live inside"))


_RANGES = (("indoor_m", "an indoor hotspot"), ("outdoor_m", "an outdoor one"))


def _places(results: Results, wifi: Mapping[str, Any]) -> CellLayer | None:
    values = given(results, "wifi_places")
    if values is None:
        return None
    note = (
        "People whom public WiFi within a walk can serve at once, for every 1,000 who share it with others in reach "
        f"(two-step floating catchments, {measure_words(wifi['measure'])})."
    )
    words = (GROUP, "Places per 1,000 people", note, "places per 1,000 people", "on public WiFi within a walk")
    index, classes = place_classes(values)
    return CellLayer("wifi_places", *words, values, index, classes)


def _straight(results: Results) -> CellLayer | None:
    values = given(results, "wifi_400_m")
    if values is None:
        return None
    what = "public WiFi within 400 m in a straight line"
    note = "Share of the people of each cell, however far the walk; for comparison."
    words = (GROUP, "Public WiFi within 400 m, straight line", note, f"of its people have {what}")
    return share_layer("wifi_400_m", values, words=words)
