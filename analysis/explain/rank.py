"""How sure a zone's rank is, and what would change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.explain.place import section
from analysis.explain.words import SOURCES
from analysis.uncertainty.ranks import HIGH, KEPT, LOW

if TYPE_CHECKING:
    import pandas as pd

    from analysis.explain.place import Place, Section

NAMED = 8
"""Most zones that are named in one sentence."""


def ranked(place: Place) -> pd.DataFrame:
    """Zones with a rank, the first first."""
    zones = place.results.zones
    return zones[zones["rank"].notna()].sort_values("rank", kind="stable")


def certainty(place: Place) -> list[Section]:
    """Interval of the rank, chance of the top, what moves it, and its like; nothing where none of it was drawn."""
    say, told = place.speak.say, place.summary.get("uncertainty")
    if not told or not place.has("rank_p5"):
        return []
    lines = [_interval(place, draws=int(told["draws"]))]
    top = int(told["top"])
    if top < len(ranked(place)):
        share = place.share("top_probability")
        lines.append(say("In {share} of the draws it is among the first {top}.", share=share, top=top))
    moves = place.value("rank_p5") < place.value("rank_p95")
    causes = [
        f"{say(words)} ({place.share(f'rank_share_{source}')})"
        for source, words in SOURCES.items()
        if moves and place.has(f"rank_share_{source}")
    ]
    if causes:
        names = place.speak.names(causes)
        lines.append(say("What moves its rank, with the share of the variance: {causes}.", causes=names))
    return section(say("How sure its rank is"), [*lines, *_alike(place)])


def _interval(place: Place, *, draws: int) -> str:
    """Ranks of most of the draws."""
    say, low, high = place.speak.say, int(place.value("rank_p5")), int(place.value("rank_p95"))
    told = {"share": place.speak.percent(HIGH - LOW, 0), "draws": draws}
    if low == high:
        return say("In at least {share} of {draws} random draws of what is not certain it is {rank}.", rank=low, **told)
    return say(
        "In at least {share} of {draws} random draws of what is not certain, its rank is from {low} to {high}.",
        low=low,
        high=high,
        **told,
    )


def _alike(place: Place) -> list[str]:
    """Zones from which this one cannot be told apart, by name."""
    say, speak = place.speak.say, place.speak
    if not place.has("alike_first"):
        return []
    zones = ranked(place)
    own, share = place.value("rank"), speak.percent(KEPT, 0)
    inside = zones["rank"].between(place.value("alike_first"), place.value("alike_last")) & (zones["rank"] != own)
    names = [str(name) for name in zones[inside]["zone_name"]]
    if not names:
        return [
            say("Its order with its neighbours in the ranking is kept in at least {share} of the draws.", share=share)
        ]
    more = len(names) - NAMED
    shown = names[:NAMED] + ([speak.say_many("{count} other", "{count} others", more)] if more > 0 else [])
    return [
        say(
            "It cannot be told apart from {names}: their order is kept in less than {share} of the draws.",
            names=speak.names(shown),
            share=share,
        )
    ]


def changes(place: Place) -> list[Section]:
    """Other footprints, and the zones next to it in the ranking."""
    lines = [*_footprints(place), *_neighbours(place)]
    return section(place.speak.say("What would change it"), lines)


def _footprints(place: Place) -> list[str]:
    say = place.speak.say
    if not (place.has("rank_low") and place.has("rank_high")):
        return []
    low, high = int(place.value("rank_low")), int(place.value("rank_high"))
    return [
        say(
            "If sites reach less far (low footprints) it is rank {low}; if further (high footprints), rank {high}.",
            low=low,
            high=high,
        )
    ]


def _neighbours(place: Place) -> list[str]:
    """How many people lie between this zone and those before and after it."""
    if not place.has("rank"):
        return []
    say, zones = place.speak.say, ranked(place)
    at = int(np.flatnonzero(zones["rank"] == place.value("rank"))[0])
    own, lines = place.value("gap_people"), list[str]()
    if at + 1 < len(zones):
        after = zones.iloc[at + 1]
        people = place.speak.number(own - after["gap_people"], 1)
        told = {"people": people, "zone": str(after["zone_name"]), "rank": int(after["rank"])}
        lines.append(
            say(
                "With {people} more people reached by {target} it is level with the zone after it, {zone} ({rank}).",
                target=place.target,
                **told,
            )
        )
    if at > 0:
        before = zones.iloc[at - 1]
        people = place.speak.number(before["gap_people"] - own, 1)
        told = {"people": people, "zone": str(before["zone_name"]), "rank": int(before["rank"])}
        lines.append(
            say(
                "With {people} fewer people reached by {target} it is level with the zone before it, {zone} ({rank}).",
                target=place.target,
                **told,
            )
        )
    return lines
