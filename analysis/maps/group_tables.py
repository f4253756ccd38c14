"""Who is connected, what keeps the others off, and the gaps between groups, as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.groups import MEASURES
from analysis.maps.index_tables import NOT_KNOWN
from analysis.maps.ledger_picture import use_told
from analysis.maps.overlays import number, words_of
from analysis.maps.tables import people, percent, table


def parts_table(summary: Mapping[str, Any]) -> str:
    """From covered to connected: region, classes and groups; empty where nobody's use is known."""
    if not use_told(summary):
        return ""
    use = summary["use"]
    found = [*_places(use), *((words_of(row["label"]), row) for row in use["by_group"])]
    names = ("coverage_gap", "usage_gap", "connected", "covered_use_not_known", "service_unknown")
    meaningful = use["region"]["meaningful"]["people"] is not None
    rows = [
        [people(row["population"]), label, *(people(row[name]) for name in names), _share(row["using_share"])]
        + ([_meaningful(row["meaningful"])] if meaningful else [])
        for label, row in found
    ]
    heads = [("People", True), ("Who", False), ("Coverage gap", True), ("Usage gap", True), ("Connected", True)]
    heads += [("Covered, use not known", True), ("Coverage not known", True), ("Use the internet, of the known", True)]
    heads += [("Meaningfully connected (fewest – most)", True)] if meaningful else []
    return table("From covered to connected", heads, rows, note=_told_words(use))


def _places(use: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Everybody, then each settlement class, with their records."""
    return [("everybody", use["region"]), *((words_of(row["name"]), row) for row in use["by_settlement"])]


def _meaningful(found: Mapping[str, Any]) -> str:
    if found["people"] is None:
        return NOT_KNOWN
    return f"{people(found['people'])} ({people(found['low'])} – {people(found['high'])})"


def barriers_table(use: Any) -> str:
    """What keeps people off: price, device, skills, electricity, by settlement class; empty where none is known.

    Parameters
    ----------
    use : object
        ``summary["use"]``, if any.
    """
    if not isinstance(use, Mapping):
        return ""
    kinds = {
        "Cannot afford the basket": lambda row: (row["can_afford"]["no"], row["can_afford"]["yes"]),
        "Without a device": lambda row: _lacking(row, "device"),
        "Without basic skills": lambda row: _lacking(row, "skills"),
        "Without electricity": lambda row: _lacking(row, "electricity"),
    }
    known = {words: parts for words, parts in kinds.items() if sum(parts(use["region"])) > 0}
    if not known:
        return ""
    rows = [
        [people(row["population"]), label, *(_of_known(*parts(row)) for parts in known.values())]
        for label, row in _places(use)
    ]
    heads = [("People", True), ("Who", False), *((words, True) for words in known)]
    rule = words_of(use["affordable_rule"])
    note = "People, and their share of those of whom it is known; the barriers overlap and are never added up."
    return table("What keeps people off", heads, rows, note=f"{note} {rule[:1].upper()}{rule[1:]}{'.' if rule else ''}")


def _lacking(row: Mapping[str, Any], barrier: str) -> tuple[float, float]:
    return row["barriers"][barrier]["without"], row["barriers"][barrier]["with"]


def _of_known(part: float, rest: float) -> str:
    return f"{people(part)} ({percent(part / (part + rest))})" if part + rest > 0 else NOT_KNOWN


def _told_words(use: Mapping[str, Any]) -> str:
    of, year = words_of(use["of"]), words_of(use["year"])
    words = [words_of(use["rule"]), f"The share of those {of} is taken for everybody." if of else ""]
    words.append(f"Use in {year}." if year else "")
    return " ".join(word for word in words if word)


def _share(value: Any) -> str:
    plain = number(value)
    return NOT_KNOWN if plain is None else percent(plain)


def gaps_table(use: Any) -> str:
    """Gaps between groups, and between rural and urban people; empty when nothing can be compared.

    Parameters
    ----------
    use : object
        ``summary["use"]``, if any.
    """
    if not isinstance(use, Mapping):
        return ""
    labels = {row["group"]: words_of(row["label"]) for row in use["by_group"]}
    rows: list[list[str]] = []
    for row in use["gaps"]:
        if row["first_share"] is None and row["second_share"] is None:
            continue
        first, second = (labels.get(row[end], words_of(row[end])) for end in ("first", "second"))
        points, ratio = number(row["points"]), number(row["ratio"])
        rows.append(
            [
                NOT_KNOWN if points is None else f"{points:+.1f}".replace("-", "−"),
                f"{first} against {second}",
                MEASURES.get(row["measure"], words_of(row["measure"])),
                _share(row["first_share"]),
                _share(row["second_share"]),
                NOT_KNOWN if ratio is None else f"{ratio:.2f}",
            ]
        )
    if not rows:
        return ""
    heads = [
        ("Percentage points", True),
        ("Who", False),
        ("Share who …", False),
        ("The first", True),
        ("The second", True),
    ]
    note = "Of those of whom it is known. Ratio 1 is parity; the ITU deems women and men at par from 0.98 to 1.02."
    return table("Gaps between groups", [*heads, ("Ratio", True)], rows, note=note)
