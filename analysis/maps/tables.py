"""What stands around the map: title, figures, tables and sources, as escaped HTML."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.maps.overlays import number, ordered_zones, words_of, zone_record
from analysis.maps.safe import text
from analysis.settlement import CLASS_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.results import Results

SYNTHETIC = "Synthetic sample: this place does not exist. Every name, person and site on it is made up."


def people(value: float | None) -> str:
    """A count of people with thousands separators; missing is "unknown"."""
    return "unknown" if value is None or math.isnan(value) else f"{value:,.0f}"


def percent(value: float | None) -> str:
    """A share as a percentage with one decimal; missing is "unknown"."""
    return "unknown" if value is None or math.isnan(value) else f"{value:.1%}"


@dataclass(frozen=True)
class Heading:
    """A line across a table above the rows that it speaks of: its words, and smaller ones under them."""

    words: str
    small: str = ""


def table(
    caption: str, heads: Iterable[tuple[str, bool]], rows: Iterable[list[str] | Heading], *, note: str = ""
) -> str:
    """An HTML table; every text is escaped here.

    Parameters
    ----------
    caption : str
    heads : iterable of (words, whether the column holds numbers)
    rows : iterable of list of str, or Heading
        The second cell of a row is its header.
    note : str
        A sentence under the caption.
    """
    columns = list(heads)
    kinds = [' class="n"' if numeric else "" for _words, numeric in columns]
    head = "".join(f'<th scope="col"{kind}>{text(words)}</th>' for (words, _), kind in zip(columns, kinds, strict=True))
    body: list[str] = []
    for row in rows:
        if isinstance(row, Heading):
            small = f"<small>{text(row.small)}</small>" if row.small else ""
            across = f'<th scope="rowgroup" colspan="{len(columns)}"><span>{text(row.words)}</span>{small}</th>'
            body.append(f'</tbody><tbody><tr class="across">{across}</tr>')
            continue
        cells = [
            f'<th scope="row"{kind}>{text(value)}</th>' if place == 1 else f"<td{kind}>{text(value)}</td>"
            for place, (value, kind) in enumerate(zip(row, kinds, strict=True))
        ]
        body.append(f"<tr>{''.join(cells)}</tr>")
    small = f"<small>{text(note)}</small>" if note else ""
    lines = "".join(body).removeprefix("</tbody><tbody>")
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{text(caption)}"><table><caption>{text(caption)}'
        f"{small}</caption><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def zones_table(results: Results, *, by: str = "rank") -> str:
    """Zones by rank (column `by`) with people, gap, share, unknown and reasons.

    Where it is known also people not connected and without public WiFi on foot, and when ranked by the index its score.
    """
    target = str(results.summary["target"])
    zones = ordered_zones(results.zones, by=by)
    more = [("Not connected", "unconnected_people", people), ("Without public WiFi", "wifi_beyond_people", people)]
    more += [("Index, of 100", "index_score", _score)] if by == "index_rank" else []
    more = [item for item in more if item[1] in zones and zones[item[1]].notna().any()]
    rows: list[list[str]] = []
    for row in zones.to_dict("records"):
        zone = zone_record({**row, "rank": row[by]})
        rank = "–" if zone["rank"] is None else str(zone["rank"])
        share, unknown = percent(zone["share"]), people(zone["unknown"])
        counts = [people(zone["population"]), people(zone["gap"]), share, unknown]
        added = [shown(number(row[column])) for _words, column, shown in more]
        rows.append([rank, zone["name"], *counts, *added, zone["reasons"]])
    heads = [("Rank", True), ("Zone", False), ("People", True), (f"People below {target}", True)]
    heads += [("Share of the known", True), ("People unknown", True), *((words, True) for words, *_ in more)]
    return table("Zones in order of need; – means too little is known to rank it", [*heads, ("Why", False)], rows)


def _score(value: float | None) -> str:
    return "unknown" if value is None else f"{100 * value:.1f}"


def settlement_table(summary: dict[str, Any]) -> str:
    """People by settlement class, level 2."""
    total = float(summary["population"]["total"])
    rows = [
        [code, CLASS_NAMES[int(code)], people(value), percent(value / total if total > 0 else None)]
        for code, value in sorted(summary["settlement"].items(), key=lambda item: -int(item[0]))
    ]
    heads = [("Code", True), ("Settlement class", False), ("People", True), ("Share", True)]
    return table("People by settlement class (Degree of Urbanisation, level 2)", heads, rows)


def reading_of(declared: str, modelled: str, measured: str) -> str:
    """What three answers ("yes", "no", "not known") mean together; tests outweigh the model."""
    known = [answer for answer in (declared, modelled, measured) if answer != "not known"]
    if not known:
        return "nothing is known"
    if len(known) == 1:
        return "one source, nothing to compare it with"
    if len(set(known)) == 1:
        return "the sources agree"
    if declared == "not known":
        return "the model and the tests differ"
    deciding = modelled if measured == "not known" else measured
    if deciding != declared:
        return "declared covered, but doubtful" if declared == "yes" else "better than declared"
    return "the tests bear the declared map out, the model does not"


def agreement_table(record: Any) -> str:
    """People in each combination of what is declared, modelled and measured; empty when the run compared nothing.

    Parameters
    ----------
    record : object
        ``summary["agreement"]``, if any: ``table`` (records) and, if there, ``target``, ``assumption``, ``doubtful``,
        ``doubtful_low``, ``doubtful_high``.
    """
    found = record.get("table") if isinstance(record, Mapping) else None
    if not found:
        return ""
    rows: list[list[str]] = []
    for row in found:
        answers = [words_of(row.get(name)) or "not known" for name in ("declared", "modelled", "measured")]
        rows.append([people(row.get("people")), reading_of(*answers), *answers, percent(row.get("share"))])
    heads = [("People", True), ("What that means", False), ("Declared", False), ("Modelled", False)]
    heads += [("Measured", False), ("Share of all people", True)]
    target = words_of(record.get("target"))
    caption = f"Do the sources agree on {f'at least {target}' if target else 'coverage'}?"
    return table(caption, heads, rows, note=_doubt_words(record))


def _doubt_words(record: Mapping[str, Any]) -> str:
    """How many people are doubtful, within which bounds, and on what assumption."""
    doubtful, low, high = (record.get(name) for name in ("doubtful", "doubtful_low", "doubtful_high"))
    parts: list[str] = []
    if doubtful is not None:
        bounds = "" if low is None or high is None else f" (between {people(low)} and {people(high)} for certain)"
        parts.append(f"Declared covered, but doubtful: {people(doubtful)} people{bounds}.")
    parts.append(words_of(record.get("assumption")))
    return " ".join(part for part in parts if part)


def moves_table(record: Any) -> str:
    """Zones whose rank changes with the footprints, the largest move first; empty when the run has no such ranks.

    Parameters
    ----------
    record : object
        ``summary["sensitivity"]``, if any: ``zones`` (records of ``zone_id, zone_name, rank, rank_low, rank_high``)
        and, if there, ``ranked``, ``change``, ``top``, ``top_stays``, ``spearman_low_high``.
    """
    found = record.get("zones") if isinstance(record, Mapping) else None
    if not found:
        return ""
    moved: list[tuple[float, float, str, list[str]]] = []
    for row in found:
        ranks = [number(row.get(name)) for name in ("rank", "rank_low", "rank_high")]
        known = [rank for rank in ranks if rank is not None]
        if len(set(ranks)) == 1:
            continue
        moves = max(known) - min(known) if len(known) == len(ranks) else None
        shown = ["–" if value is None else f"{value}" for value in (*ranks, moves)]
        name = words_of(row.get("zone_name"))
        order = (math.inf if moves is None else -moves, math.inf if ranks[0] is None else ranks[0])
        moved.append((*order, words_of(row.get("zone_id")), [shown[0], name, *shown[1:]]))
    rows = [row for *_order, row in sorted(moved)]
    heads = [("Rank", True), ("Zone", False), ("Under low footprints", True), ("Under high footprints", True)]
    heads += [("Places it moves", True)]
    return table("Zones whose rank hangs on how far sites reach", heads, rows, note=_stability_words(record))


def _stability_words(record: Mapping[str, Any]) -> str:
    """How stable the order is: zones that move, those that stay at the top, and the correlation of the orders."""
    changed, ranked, top, stays = (record.get(name) for name in ("change", "ranked", "top", "top_stays"))
    parts: list[str] = []
    if changed is not None and ranked is not None:
        parts.append(f"{people(changed)} of {people(ranked)} ranked zones change place between footprints.")
    if top is not None and stays is not None:
        parts.append(f"{people(stays)} of the first {people(top)} stay among them under both low and high footprints.")
    correlation = record.get("spearman_low_high")
    if correlation is not None:
        parts.append(f"Rank correlation of the two orders (Spearman): {correlation:.2f}.")
    return " ".join(parts)


def sources_table(inputs: list[dict[str, Any]]) -> str:
    """Input files with year, publisher and licence."""
    rows: list[list[str]] = []
    for item in inputs:
        source = words_of(item.get("publisher")) or words_of(item.get("source"))
        year = words_of(item.get("year"))
        rows.append(
            [words_of(item.get("layer")), words_of(item.get("file")), source, year, words_of(item.get("licence"))]
        )
    heads = [("Layer", False), ("File", False), ("Published by", False), ("Year", True), ("Licence", False)]
    return table("Sources and licences", heads, rows)


def subtitle(summary: dict[str, Any]) -> str:
    """What is shown, of when: target, year of the people, years of the coverage."""
    years = sorted({words_of(item.get("year")) for item in summary["inputs"] if words_of(item.get("year"))})
    when = f"inputs of {years[0]}" if len(years) == 1 else f"inputs of {years[0]} to {years[-1]}" if years else ""
    what = f"People without {summary['target']}, zones in order of need and what to build"
    return f"{what} · {when}" if when else what


def figures(results: Results) -> list[tuple[str, str, str]]:
    """Key figures as (value, what it counts, of what)."""
    summary = results.summary
    total = float(summary["population"]["total"])
    target = summary["target"]
    gap = float(results.cells["gap_people"].sum(skipna=True))
    unknown = float(results.cells["unknown_people"].sum())
    known = total - unknown
    nothing = known < 0.5
    plan = summary["plan"]
    out = [
        (people(total), "people", f"{people(summary['population']['outside_zones'])} of them outside every zone"),
        (
            people(None if nothing else gap),
            f"below {target}",
            "known of nobody" if nothing else f"{percent(gap / known)} of the {people(known)} known",
        ),
        (people(unknown), f"{target} unknown", f"{percent(unknown / total if total > 0 else None)} of all people"),
    ]
    if nothing and not plan.get("sites"):
        out.append(("none", "plan", f"nobody is known to be without {target}"))
    elif plan.get("people") is not None:
        cost = f"for {plan['cost']:,.0f} of {plan['budget']:,.0f} {plan['currency']}"
        out.append((people(plan["people"]), "better off by the plan", cost))
    return out


def figures_html(results: Results) -> str:
    """Key figures as a description list."""
    items = "".join(
        f"<div><dt>{text(what)}</dt><dd><b>{text(value)}</b><span>{text(of)}</span></dd></div>"
        for value, what, of in figures(results)
    )
    return f'<dl class="figures">{items}</dl>'


def licence_line(inputs: list[dict[str, Any]]) -> str:
    """One short line for the corner of the map: who made the data, under which licences."""
    parts: list[str] = []
    for item in inputs:
        name = words_of(item.get("publisher")) or words_of(item.get("source")) or words_of(item.get("layer"))
        licence = words_of(item.get("licence"))
        parts.append(f"{name} ({licence})" if licence else name)
    return " · ".join(dict.fromkeys(parts))
