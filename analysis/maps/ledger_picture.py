"""The whole ledger, everybody once: rows of service by use, as one stacked picture and the table beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.ledger import STATE_MEANING
from analysis.maps.drawings import Bar, picture, stacked_bars, swatches, texture
from analysis.maps.overlays import words_of
from analysis.maps.palette import STATE_WORDS, STATES
from analysis.maps.tables import people, percent, table
from analysis.use import USES

if TYPE_CHECKING:
    from collections.abc import Mapping

USE_WORDS = {"using": "use the internet", "not_using": "do not use it", "use_not_known": "use not known"}
USE_TEXTURES = {"": "", "using": "", "not_using": "stripes", "use_not_known": "dots"}
SAMPLE = "9aa5a2"
SCOPES = {"region": "", "settlement": "By settlement class", "group": "By group"}
"""Kinds of rows and the heading above the first of each."""


@dataclass(frozen=True)
class LedgerRow:
    """People of one part of a region.

    Attributes
    ----------
    scope : str
        One of `SCOPES`.
    label : str
    people : float
        Persons.
    parts : dict of (service state, use) to persons
        They sum to `people`; use is ``""`` where the run knows nothing of use.
    """

    scope: str
    label: str
    people: float
    parts: dict[tuple[str, str], float]


def use_told(summary: Mapping[str, Any]) -> bool:
    """Whether anybody's use of the internet is known."""
    use = summary.get("use")
    return bool(use) and use["region"]["use"]["using"] + use["region"]["use"]["not_using"] > 0


def ledger_rows(summary: Mapping[str, Any]) -> list[LedgerRow]:
    """Everybody, then each settlement class, then each group; by service and use where use is known, else by service.

    Parameters
    ----------
    summary : mapping
        ``summary.json``: ``use`` (`analysis.use_tables.use_record`) where there is one, else ``ledger`` and, if there,
        ``settlement_gap``.
    """
    told, use = use_told(summary), summary.get("use")
    if not use:
        total = float(summary["population"]["total"])
        rows = [LedgerRow("region", "everybody", total, _served(summary["ledger"]))]
        return rows + [
            LedgerRow("settlement", row["name"], float(row["population"]), _served(row["ledger"]))
            for row in summary.get("settlement_gap", ())
        ]
    found = [("region", "everybody", use["region"])]
    found += [("settlement", words_of(row["name"]), row) for row in use["by_settlement"]]
    found += [("group", words_of(row["label"]), row) for row in use["by_group"]]
    return [
        LedgerRow(scope, label, float(row["population"]), _crossed(row["cross"]) if told else _served(row["service"]))
        for scope, label, row in found
        if row["population"] > 0
    ]


def _served(ledger: Mapping[str, float]) -> dict[tuple[str, str], float]:
    return {(state, ""): float(ledger[state]) for state in STATES}


def _crossed(cross: Mapping[str, Mapping[str, float]]) -> dict[tuple[str, str], float]:
    return {(state, use): float(cross[state][use]) for state in STATES for use in USES}


def part_words(state: str, use: str) -> str:
    """A service state, and a use if any, in words."""
    return f"{STATE_WORDS[state]}, {USE_WORDS[use]}" if use else STATE_WORDS[state]


def _fill(state: str, use: str, *, colour: str) -> tuple[str, str]:
    """Fill of a part of a bar, and the pattern it refers to ("" = none)."""
    over = USE_TEXTURES[use]
    if not over and state != "unknown":
        return f"#{colour}", ""
    name = f"ledger-{state}-{over}"
    return f"url(#{name})", texture(name, colour, over=over)


def ledger_picture(summary: Mapping[str, Any]) -> str:
    """One stacked bar for everybody, each settlement class and each group, as a figure."""
    rows = [row for row in ledger_rows(summary) if row.people > 0]
    if not rows:
        return ""
    told = use_told(summary)
    used = dict.fromkeys(pair for row in rows for pair, count in row.parts.items() if count > 0)
    states = [state for state in STATES if any(state == pair[0] for pair in used)]
    looks = {pair: _fill(*pair, colour=STATES[pair[0]]) for pair in used}
    plain = {state: _fill(state, "", colour=STATES[state]) for state in states}
    uses = {use: _fill("use", use, colour=SAMPLE) for use in USES} if told else {}
    bars = [
        Bar(
            row.label,
            f"{people(row.people)} people",
            tuple((n / row.people, looks[pair][0], _said(pair, n, row)) for pair, n in row.parts.items() if n > 0),
            SCOPES[row.scope] if place == 0 or rows[place - 1].scope != row.scope else "",
        )
        for place, row in enumerate(rows)
    ]
    textures = sorted({pattern for group in (looks, plain, uses) for _fill_, pattern in group.values() if pattern})
    caption = ledger_caption(told=told)
    drawing = stacked_bars(bars, key="ledger", title=caption, desc=_desc(rows[0]), textures=textures)
    key = swatches([(plain[state][0], STATE_WORDS[state]) for state in states])
    key += swatches([(uses[use][0], USE_WORDS[use]) for use in uses]) if uses else ""
    note = "Each bar is all people of that name, cut by what reaches their homes, from nothing to usable."
    return picture(caption, drawing, note=note, key=key)


def _said(pair: tuple[str, str], count: float, row: LedgerRow) -> str:
    return f"{part_words(*pair)}: {people(count)} ({percent(count / row.people)})"


def ledger_caption(*, told: bool) -> str:
    """What the picture and the table are."""
    return (
        "Everybody once, by what reaches them and whether they use it"
        if told
        else "Everybody once, by what reaches them"
    )


def _desc(row: LedgerRow) -> str:
    said = [f"{part_words(*pair)} {percent(count / row.people)}" for pair, count in row.parts.items() if count > 0]
    return f"Of {people(row.people)} people: {'; '.join(said)}. The table below holds every figure of every bar."


def ledger_table(summary: Mapping[str, Any]) -> str:
    """The figures of `ledger_picture`: a row for all of each name and, where use is known, one for each use."""
    told = use_told(summary)
    rows: list[list[str]] = []
    for row in ledger_rows(summary):
        by_state = {state: sum(n for pair, n in row.parts.items() if pair[0] == state) for state in STATES}
        rows.append([people(row.people), row.label, *(people(by_state[state]) for state in STATES)])
        for use in USES if told else ():
            counts = [row.parts[state, use] for state in STATES]
            rows.append([people(sum(counts)), f"{row.label}: {USE_WORDS[use]}", *(people(count) for count in counts)])
    heads = [("People", True), ("Who", False), *((STATE_WORDS[state], True) for state in STATES)]
    note = "; ".join(f"{STATE_WORDS[state]} = {STATE_MEANING[state]}" for state in STATES) + "."
    return table(f"{ledger_caption(told=told)}: people", heads, rows, note=note)
