"""Plans side by side in the terminal: one table of what was asked and what it brings, shared sites, and zones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.plans_measures import ASKED, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

ZONES = 20
MARK = "≠"
LABEL, COLUMNS = 40, 80
"""Letters of the column of labels, and of the columns of all plans together; more words go on in the next line."""


def story(record: dict[str, Any]) -> list[str]:
    """Lines for the terminal, from `plans.json`: names, table, notes, shared sites, zones of most spread."""
    of = " — SYNTHETIC, this place does not exist" if record["synthetic"] else ""
    letters = [plan["letter"] for plan in record["plans"]]
    lines = [f"{record['name']}{of}: {len(letters)} plans, below {record['target']}"]
    lines += [f"  {plan['letter']}  {plan['name']}" for plan in record["plans"]]
    lines += ["", *_measures(record, letters), "", *record["notes"], *([""] if record["notes"] else [])]
    return [*lines, *_sites(record["sites"], len(letters)), "", *_zones(record, letters)]


def _measures(record: dict[str, Any], letters: Sequence[str]) -> list[str]:
    """The table of measures, a heading for each section; what was asked and differs is marked."""
    rows: list[list[str]] = [["", "", *letters]]
    sections: dict[int, str] = {}
    for row in record["measures"]:
        if row["section"] not in sections.values():
            sections[len(rows)] = row["section"]
        mark = MARK if row["differs"] and row["section"] == ASKED else ""
        rows.append([mark, row["label"], *(shown(value, row["unit"]) for value in row["values"])])
    lines: list[str] = []
    for at, text in _aligned(rows, left=2):
        if at in sections:
            lines.append(sections.pop(at))
        lines.append(text)
    return lines


def _aligned(rows: Sequence[Sequence[str]], *, left: int) -> list[tuple[int, str]]:
    """Rows as lines of even columns, the first `left` flush left; (row, line), for many words take more lines."""
    most = COLUMNS // (len(rows[0]) - left)
    split = [[_wrapped(cell, LABEL if at < left else most) for at, cell in enumerate(row)] for row in rows]
    wide = [max(len(line) for row in split for line in row[at]) for at in range(len(rows[0]))]
    out: list[tuple[int, str]] = []
    for number, row in enumerate(split):
        for line in range(max(map(len, row))):
            cells = [cell[line] if line < len(cell) else "" for cell in row]
            padded = [
                cell.ljust(size) if at < left else cell.rjust(size)
                for at, (cell, size) in enumerate(zip(cells, wide, strict=True))
            ]
            out.append((number, "  ".join(padded).rstrip()))
    return out


def _wrapped(words: str, most: int) -> list[str]:
    """Words in lines of at most so many letters, unless one word is longer."""
    lines = [""]
    for word in words.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if len(longer) <= most or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _sites(sites: dict[str, Any], plans: int) -> list[str]:
    """How many sites are in how many plans."""
    counts = sites["by_plans"]
    every = counts[str(plans)]
    some = [f"{counts[str(times)]:,} in {times}" for times in range(plans - 1, 1, -1) if counts[str(times)]]
    rest = f"; {', '.join(some)}" if some else ""
    said = f"{sites['places']:,} sites are built by some plan: {every:,} by every plan (no regret){rest}"
    return [f"{said}; {counts['1']:,} by one alone"]


def _zones(record: dict[str, Any], letters: Sequence[str]) -> list[str]:
    """The zones whose people better off differ most between plans, and the money in each."""
    differ = [zone for zone in record["zones"] if zone["spread"] >= 0.5]
    if not differ:
        return ["every plan makes as many people better off in every zone"]
    head = f"zones that differ most, people better off and {record['currency']}"
    if len(differ) > ZONES:
        head += f"; {ZONES} of {len(differ):,}"
    rows = [["", *letters]]
    rows += [
        [
            zone["zone_name"],
            *(f"{zone[f'better_{letter}']:,.0f} ({zone[f'cost_{letter}']:,.0f})" for letter in letters),
        ]
        for zone in sorted(differ, key=lambda zone: -zone["spread"])[:ZONES]
    ]
    return [head, *(f"  {line}" for _, line in _aligned(rows, left=1))]
