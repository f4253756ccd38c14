"""Which inputs behind a zone's figures are weak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from analysis.explain.place import section
from analysis.explain.rank import NAMED
from analysis.explain.words import MODELS, layer_words
from analysis.ranking import RESERVED
from analysis.use_tables import ZONE_COLUMNS

if TYPE_CHECKING:
    from analysis.explain.place import Place, Section

OLD_YEARS = 5
"""An input this many years older than the newest one, or less, passes without a word. [rule]"""

OURS = RESERVED | {"geometry", "zone_id", "zone_name", *ZONE_COLUMNS}
"""Columns of the zones table that are not the person's own figures."""


def weak(place: Place) -> list[Section]:
    """What is unknown, modelled, claimed, missing, old or without licence."""
    lines = [*_unknown(place), *_basis(place), *_silent(place), *_indicators(place), *_old(place), *_unlicensed(place)]
    return section(place.speak.say("What is weak in the inputs"), lines)


def _unknown(place: Place) -> list[str]:
    say, lines = place.speak.say, list[str]()
    people, unknown = place.value("population"), place.value("unknown_people")
    if people > 0 and round(unknown, 1) > 0:
        told = {"people": place.people("unknown_people"), "share": place.speak.percent(unknown / people)}
        text = say(
            "Whether {target} reaches them is unknown for {people} people ({share}).", target=place.target, **told
        )
        lines.append(text)
    if people > 0 and "wifi_known_people" in place.row:
        known = place.value("wifi_known_people") if place.has("wifi_known_people") else 0.0
        if round(people - known, 1) > 0:
            missing = place.speak.number(people - known, 1)
            lines.append(say("Whether free public WiFi is in reach is unknown for {people} people.", people=missing))
    return lines


def _basis(place: Place) -> list[str]:
    """What coverage rests on, and how far the bases contradict each other here."""
    say, told, lines = place.speak.say, place.summary, list[str]()
    basis, model = told.get("basis", ()), told.get("model")
    if "modelled" in basis and model in MODELS:
        lines.append(say("Footprints of sites are modelled by {model}.", model=say(MODELS[model])))
        if model != "nominal radii":
            sure = place.speak.percent(told["confidence"], 0)
            lines.append(say("At their edge signal is only {share} sure.", share=sure))
    if "declared" in basis:
        lines.append(say("Declared coverage is what operators claim: it overstates what people get."))
    if place.value("doubt_people") >= 0.05:  # what prints as more than 0.0
        people = place.people("doubt_people")
        lines.append(
            say("The declared map covers {people} people whom measurements, or the model, do not.", people=people)
        )
    return lines


def _silent(place: Place) -> list[str]:
    told, target = place.summary.get("silent_sites"), place.target
    if not told or not told["sites"]:
        return []
    return [
        place.speak.say_many(
            "{count} site in the region names no technology; that leaves {target} unknown for {people} people in all.",
            "{count} sites in the region name no technology; that leaves {target} unknown for {people} people in all.",
            int(told["sites"]),
            target=target,
            people=place.speak.number(told["unknown_people"][target], 1),
        )
    ]


def _indicators(place: Place) -> list[str]:
    """Figures of the person's own that other zones have and this one lacks."""
    zones = place.results.zones
    names = [str(column) for column in zones.columns if _own_figure(zones, column) and pd.isna(place.row[column])]
    if not names:
        return []
    speak, more = place.speak, len(names) - NAMED
    shown = names[:NAMED] + ([speak.say_many("{count} other", "{count} others", more)] if more > 0 else [])
    return [speak.say("Not known here, though of other zones: {names}.", names=speak.names(shown))]


def _own_figure(zones: pd.DataFrame, column: Any) -> bool:
    if str(column).lower() in OURS:
        return False
    values = zones[column]
    return is_numeric_dtype(values) and not is_bool_dtype(values) and bool(values.notna().any())


def _old(place: Place) -> list[str]:
    """Inputs that describe a time long before the newest one."""
    speak = place.speak
    dated = [item for item in place.summary["inputs"] if item["year"] is not None]
    newest = max((int(item["year"]) for item in dated), default=0)
    return [
        speak.say(
            "{layer}: of {year}, {years} years before the newest input ({newest}).",
            layer=layer_words(str(item["layer"]), speak),
            year=str(item["year"]),
            years=newest - int(item["year"]),
            newest=str(newest),
        )
        for item in dated
        if newest - int(item["year"]) > OLD_YEARS
    ]


def _unlicensed(place: Place) -> list[str]:
    files = sorted({str(item["file"]) for item in place.summary["inputs"] if not item["licence"]})
    names = place.speak.names(files)
    return [place.speak.say("No licence is stated for {files}.", files=names)] if files else []
