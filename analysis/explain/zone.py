"""A zone explained: why it ranks where it does, who lives there, and what service they have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.access import WALKS_MIN
from analysis.explain.index import index
from analysis.explain.place import Place, Section, section, stands_on, states
from analysis.explain.plan import planned
from analysis.explain.rank import certainty, changes, ranked
from analysis.explain.weak import weak
from analysis.explain.words import CLUSTERS
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from analysis.language import Language
    from analysis.results import Results


def zone_place(results: Results, zone_id: str, *, speak: Language) -> Place:
    """Zone of an id, else of a name; SchemaError if there is not exactly one."""
    zones = results.zones
    found = zones[zones["zone_id"].astype(str) == zone_id]
    if found.empty:
        found = zones[zones["zone_name"].astype(str).str.casefold() == zone_id.casefold()]
    if len(found) != 1:
        known = "; ".join(f"{row.zone_id} ({row.zone_name})" for row in zones.head(8).itertuples())
        problem = f"no zone '{zone_id}'" if found.empty else f"{len(found)} zones are named '{zone_id}'"
        raise SchemaError([Fault("--zone", problem, f"use an id such as {known}")])
    return Place(found.iloc[0].to_dict(), results, speak)


def zone_sections(results: Results, zone_id: str, *, speak: Language) -> list[Section]:
    """Everything there is to say of a zone; the first heading is its rank.

    Parameters
    ----------
    results : Results
    zone_id : str
        Its id or its name.
    speak : Language
        Of the reader.

    Returns
    -------
    list of Section
        Sections of which a run knows nothing are left out.

    Raises
    ------
    SchemaError
        No such zone, or several of that name.
    """
    place = zone_place(results, zone_id, speak=speak)
    synthetic = [speak.say("Synthetic: this place does not exist.")] if place.summary["synthetic"] else []
    told = [Section(_title(place), tuple(synthetic)), *_why(place), *_who(place), *states(place)]
    told += [*_wifi(place), *_use(place), *index(place), *certainty(place), *changes(place), *planned(place)]
    return [*told, *weak(place), *stands_on(place)]


def _title(place: Place) -> str:
    say, row = place.speak.say, place.row
    name, key = str(row["zone_name"]), str(row["zone_id"])
    zone = name if name == key else f"{name} ({key})"
    if place.has("rank"):
        figures = {"rank": int(place.value("rank")), "zones": len(place.results.zones)}
        return say("{zone}: rank {rank} of {zones} by people below {target}", zone=zone, target=place.target, **figures)
    if not place.value("population") > 0:
        return say("{zone}: no rank, as nobody lives here", zone=zone)
    share = place.value("unknown_people") / place.value("population")
    return say(
        "{zone}: no rank, as it is unknown for {share} of its people whether {target} reaches them",
        zone=zone,
        target=place.target,
        share=place.speak.percent(share),
    )


def _why(place: Place) -> list[Section]:
    """The gap, beside that of the median zone."""
    say, speak, target = place.speak.say, place.speak, place.target
    lines: list[str] = []
    known = place.value("population") - place.value("unknown_people")
    if known > 0:
        told = {"known": speak.number(known, 1), "gap": place.people("gap_people"), "share": place.share("gap_share")}
        lines.append(
            say("Of the {known} people for whom it is known, {gap} are below {target}: {share}.", target=target, **told)
        )
    lines += [*(_median(place) if place.has("rank") else []), *_other_ranks(place)]
    cluster = str(place.row.get("cluster"))
    lines += [say(CLUSTERS[cluster], target=target)] if cluster in CLUSTERS else []
    return section(say("Why"), lines)


def _median(place: Place) -> list[str]:
    """The median of the ranked zones, and how often it goes into this one's gap."""
    say, speak = place.speak.say, place.speak
    zones = ranked(place)
    people, share = (float(np.nanmedian(zones[column])) for column in ("gap_people", "gap_share"))
    told = {"count": len(zones), "people": speak.number(people, 1), "share": speak.percent(share)}
    lines = [
        say(
            "The median of the {count} ranked zones is {people} people below {target}; of their shares it is {share}.",
            target=place.target,
            **told,
        )
    ]
    if people > 0:
        times = speak.number(place.value("gap_people") / people, 1)
        lines.append(say("Here it is {times} times as many people as in the median zone.", times=times))
    return lines


def _other_ranks(place: Place) -> list[str]:
    say = place.speak.say
    lines: list[str] = []
    if place.has("rank_by_share"):
        lines.append(say("By the share of its people it is rank {rank}.", rank=int(place.value("rank_by_share"))))
    if place.has("rank_by_wifi"):
        rank = int(place.value("rank_by_wifi"))
        lines.append(say("By people without free public WiFi in reach it is rank {rank}.", rank=rank))
    if place.has("rank_by_use"):
        rank = int(place.value("rank_by_use"))
        lines.append(
            say("By people whom mobile broadband does not reach, or who do not use it, it is rank {rank}.", rank=rank)
        )
    return lines


def _who(place: Place) -> list[Section]:
    """People by settlement class, and how many are offline by the zone's own figures."""
    say = place.speak.say
    people = place.people("population")
    lines = [say("{people} people, from the population grid by exact area shares of cells", people=people)]
    shares = {
        "centre_share": say("in urban centres: {share}", share=place.share("centre_share")),
        "cluster_share": say("in urban clusters: {share}", share=place.share("cluster_share")),
        "rural_share": say("in rural cells: {share}", share=place.share("rural_share")),
    }
    lines += [f"- {text}" for column, text in shares.items() if place.has(column)]
    if place.has("pct_offline_15plus"):
        share = place.speak.percent(place.value("pct_offline_15plus") / 100, 2)
        lines.append(say("Of those aged 15 and over, {share} are offline, by the figures given.", share=share))
    return section(say("Who lives here"), lines)


def _wifi(place: Place) -> list[Section]:
    """People by their walk to free public WiFi; nothing in results of before it was walked."""
    say = place.speak.say
    if "wifi_known_people" not in place.row:
        return []
    heading = say("Free public WiFi on foot")
    if not place.has("wifi_known_people"):
        return section(heading, [say("Whether it is in reach is not known here.")])
    told = {"measure": place.measure(), "people": place.people("wifi_known_people")}
    lines = [say("Walks ({measure}), known for {people} people", **told)]
    for limit in WALKS_MIN:
        people = place.people(f"wifi_{limit}_min_people")
        lines.append("- " + say("within {minutes} min: {value}", minutes=limit, value=people))
    lines.append("- " + say("no way there at all: {value}", value=place.people("wifi_no_way_people")))
    if place.has("wifi_share"):
        reach = int(place.summary["wifi"].get("reach_min", WALKS_MIN[0]))
        text = say("In reach, that is within {minutes} min: {share}", minutes=reach, share=place.share("wifi_share"))
        lines.append(text)
    return section(heading, lines)


def _use(place: Place) -> list[Section]:
    """Who uses the internet, and what keeps others off; nothing in results of before it was counted."""
    say = place.speak.say
    texts = {
        ("using_people", "using"): say("use the internet"),
        ("not_using_people", "not_using"): say("do not use it"),
        ("use_not_known_people", "use_not_known"): say("of whom it is not known"),
        ("usage_gap_people",): say("covered by mobile broadband, and not using it (the usage gap)"),
        ("meaningful_people",): say("meaningfully connected: usable, using it, able to afford it"),
        ("no_device_people",): say("without a device of their own"),
        ("no_skills_people",): say("without basic digital skills"),
        ("no_electricity_people",): say("without electricity at home"),
    }
    if not place.value("using_people", "using") + place.value("not_using_people", "not_using") > 0:
        return []
    known = {columns: text for columns, text in texts.items() if np.isfinite(place.value(*columns))}
    lines = [
        f"- {say('{what}: {people}', what=text, people=place.people(*columns))}" for columns, text in known.items()
    ]
    return section(say("Use of the internet, in people"), lines)


def explained(sections: list[Section]) -> list[str]:
    """Sections as lines for a terminal: headings at the margin, sentences under them, a blank line between."""
    lines: list[str] = []
    for one in sections:
        lines += [*([""] if lines else []), one.heading, *(f"  {line}" for line in one.lines)]
    return lines
