"""A cell explained: who lives there, what reaches them, and what each value stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.access import WALKS_MIN
from analysis.explain.place import Place, Section, section, stands_on, states
from analysis.explain.words import SETTLEMENT
from data.coverage import TECHNOLOGIES
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from analysis.language import Language
    from analysis.results import Results


def cell_sections(results: Results, cell_id: int, *, speak: Language) -> list[Section]:
    """Everything there is to say of a cell; the first heading is its place on the grid.

    Raises
    ------
    SchemaError
        It is no populated cell of the run.
    """
    cells = results.cells
    found = cells[cells["cell_id"] == cell_id]
    if found.empty:
        mend = f"use an id of cells.parquet, from {cells['cell_id'].min()} to {cells['cell_id'].max()}"
        raise SchemaError([Fault("--cell", f"no populated cell {cell_id}", mend)])
    place = Place(found.iloc[0].to_dict(), results, speak)
    nx = results.grid.nx
    title = speak.say(
        "Cell {cell}: row {row}, column {column}", cell=str(cell_id), row=str(cell_id // nx), column=str(cell_id % nx)
    )
    return [Section(title, tuple(_where(place))), *_coverage(place), *_wifi(place), *states(place), *stands_on(place)]


def _where(place: Place) -> list[str]:
    say, speak = place.speak.say, place.speak
    x, y = (speak.number(place.value(axis)) for axis in ("x", "y"))
    zone, code = str(place.row["zone_id"] or ""), int(place.value("settlement"))
    lines = [
        say("Its centre is at {x} {y} in {crs}.", x=x, y=y, crs=str(place.results.grid.crs.name)),
        say("The largest part of it lies in zone {zone}.", zone=zone) if zone else say("It lies in no zone."),
        say("{people} people live here, summed from the population file.", people=place.people("population")),
        say("Settlement class {code}: {name}.", code=str(code), name=say(SETTLEMENT[code])),
    ]
    return [*([say("Synthetic: this place does not exist.")] if place.summary["synthetic"] else []), *lines]


def _coverage(place: Place) -> list[Section]:
    """Technologies that reach its people, what each basis says, the gap."""
    say, lines = place.speak.say, list[str]()
    for technology in TECHNOLOGIES:
        column = f"at_least_{technology.lower()}"
        told = {"technology": technology, "share": place.share(column)}
        unknown = say("Whether {technology} or better reaches its people is unknown.", technology=technology)
        known = say("{technology} or better reaches {share} of its people.", **told)
        lines.append(known if place.has(column) else unknown)
    gap = say("How many of them are below {target} is unknown.", target=place.target)
    if place.has("gap_people"):
        gap = say(
            "{people} people are known to be below {target}.", people=place.people("gap_people"), target=place.target
        )
    return section(say("What reaches them"), [*lines, gap, *_bases(place)])


def _bases(place: Place) -> list[str]:
    """What each basis says of the target, the speed measured, the room there is."""
    say, speak, target = place.speak.say, place.speak, place.target
    texts = {
        "declared_share": say(
            "By the declared map, {share} of its people have {target} or better.",
            share=place.share("declared_share"),
            target=target,
        ),
        "modelled_share": say(
            "By the model, {share} of its people have {target} or better.",
            share=place.share("modelled_share"),
            target=target,
        ),
        "measured_share": say(
            "By the measurements, {share} of its people have the target speed.", share=place.share("measured_share")
        ),
        "down_mbps": say(
            "Measured: {down} Mbit/s down, {up} up, in {tests} tests.",
            down=speak.number(place.value("down_mbps"), 1),
            up=speak.number(place.value("up_mbps"), 1),
            tests=speak.number(place.value("tests")),
        ),
        "room_share": say("The sites have room for {share} of those whom they serve.", share=place.share("room_share")),
    }
    return [text for column, text in texts.items() if place.has(column)]


def _wifi(place: Place) -> list[Section]:
    """Its walk to free public WiFi, and the hotspot that is nearest to most of its people."""
    say, speak = place.speak.say, place.speak
    heading = say("Free public WiFi on foot")
    if "wifi_known" not in place.row:  # results of before it was walked
        share = place.share("wifi_400_m")
        return section(heading, [say("Share of its people within 400 m in a straight line: {share}", share=share)])
    if not place.value("wifi_known") > 0:
        return section(heading, [say("Whether it is in reach is not known here.")])
    lines = [say("Walks ({measure}), in shares of its people", measure=place.measure())]
    for limit in WALKS_MIN:
        share = place.share(f"wifi_{limit}_min")
        lines.append("- " + say("within {minutes} min: {value}", minutes=limit, value=share))
    if place.value("wifi_no_way") > 0:
        lines.append("- " + say("no way there at all: {value}", value=place.share("wifi_no_way")))
    lines.append("- " + say("inside the radio range itself: {share}", share=place.share("wifi_radio")))
    if place.has("wifi_walk_min"):
        minutes = speak.number(place.value("wifi_walk_min"), 1)
        lines.append(say("Those who have a way walk {minutes} min on average.", minutes=minutes))
        lines.append(say("Nearest to most of them: {hotspot}.", hotspot=_nearest(place)))
    if place.has("wifi_places"):
        places = speak.number(place.value("wifi_places"), 2)
        lines.append(say("Public WiFi has {places} places for every {people} people.", places=places, people=1000))
    return section(heading, lines)


def _nearest(place: Place) -> str:
    """Id and name of the hotspot."""
    spot = str(place.row["wifi_nearest"])
    name = place.results.wifi.set_index("wifi_id")["name"].get(spot)
    return f"{spot}, {name}" if isinstance(name, str) and name != spot else spot
