"""What stands around the map: title, figures, tables and sources, as escaped HTML."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from analysis.maps.overlays import chosen, kind_words, ordered_zones, words_of, zone_record
from analysis.maps.safe import text
from analysis.settlement import CLASS_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from analysis.results import Results

SYNTHETIC = "Synthetic sample: this place does not exist. Every name, person and site on it is made up."


def people(value: float | None) -> str:
    """A count of people with thousands separators; missing is "unknown"."""
    return "unknown" if value is None or math.isnan(value) else f"{value:,.0f}"


def percent(value: float | None) -> str:
    """A share as a percentage with one decimal; missing is "unknown"."""
    return "unknown" if value is None or math.isnan(value) else f"{value:.1%}"


def table(caption: str, heads: Iterable[tuple[str, bool]], rows: Iterable[list[str]]) -> str:
    """An HTML table; every text is escaped here.

    Parameters
    ----------
    caption : str
    heads : iterable of (words, whether the column holds numbers)
    rows : iterable of list of str
        The second cell of a row is its header.
    """
    columns = list(heads)
    kinds = [' class="n"' if numeric else "" for _words, numeric in columns]
    head = "".join(f'<th scope="col"{kind}>{text(words)}</th>' for (words, _), kind in zip(columns, kinds, strict=True))
    body: list[str] = []
    for row in rows:
        cells = [
            f'<th scope="row"{kind}>{text(value)}</th>' if place == 1 else f"<td{kind}>{text(value)}</td>"
            for place, (value, kind) in enumerate(zip(row, kinds, strict=True))
        ]
        body.append(f"<tr>{''.join(cells)}</tr>")
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{text(caption)}"><table><caption>{text(caption)}'
        f"</caption><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def zones_table(results: Results, *, by: str = "rank") -> str:
    """Zones by rank (column `by`) with people, gap, share, unknown and reasons."""
    target = str(results.summary["target"])
    rows: list[list[str]] = []
    for row in ordered_zones(results.zones, by=by).to_dict("records"):
        zone = zone_record({**row, "rank": row[by]})
        rank = "–" if zone["rank"] is None else str(zone["rank"])
        share, unknown = percent(zone["share"]), people(zone["unknown"])
        rows.append(
            [rank, zone["name"], people(zone["population"]), people(zone["gap"]), share, unknown, zone["reasons"]]
        )
    heads = [("Rank", True), ("Zone", False), ("People", True), (f"People below {target}", True)]
    heads += [("Share of the known", True), ("People unknown", True), ("Why", False)]
    return table("Zones in order of need; – means too little is known to rank it", heads, rows)


def settlement_table(summary: dict[str, Any]) -> str:
    """People by settlement class, level 2."""
    total = float(summary["population"]["total"])
    rows = [
        [code, CLASS_NAMES[int(code)], people(value), percent(value / total if total > 0 else None)]
        for code, value in sorted(summary["settlement"].items(), key=lambda item: -int(item[0]))
    ]
    heads = [("Code", True), ("Settlement class", False), ("People", True), ("Share", True)]
    return table("People by settlement class (Degree of Urbanisation, level 2)", heads, rows)


def plan_table(plan: pd.DataFrame, *, record: dict[str, Any]) -> str:
    """Sites within the budget in build order, with cost and people, and the sum so far."""
    currency = str(record["currency"])
    rows: list[list[str]] = []
    for row in chosen(plan).to_dict("records"):
        name = words_of(row["name"]) or words_of(row["candidate_id"])
        figures = [f"{row['cost']:,.0f}", people(row["people"])]
        sums = [f"{row['cumulative_cost']:,.0f}", people(row["cumulative_people"])]
        rows.append([f"{row['step']:.0f}", name, kind_words(words_of(row["kind"])), *figures, *sums])
    heads = [("Step", True), ("Place", False), ("Kind", False), (f"Cost ({currency})", True), ("People gained", True)]
    heads += [(f"Cost so far ({currency})", True), ("People so far", True)]
    return table("What to build, in order, within the budget", heads, rows)


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
    unknown = float(summary["ledger"]["unknown"])
    gap = float(results.cells["gap_people"].sum(skipna=True))
    known = total - float(results.cells["unknown_people"].sum())
    plan = summary["plan"]
    out = [
        (people(total), "people", f"{people(summary['population']['outside_zones'])} of them outside every zone"),
        (
            people(gap),
            f"below {summary['target']}",
            f"{percent(gap / known) if known > 0 else 'unknown'} of the {people(known)} known",
        ),
        (people(unknown), "coverage unknown", f"{percent(unknown / total) if total > 0 else 'unknown'} of all people"),
    ]
    if plan.get("people") is not None:
        cost = f"for {plan['cost']:,.0f} of {plan['budget']:,.0f} {plan['currency']}"
        out.append((people(plan["people"]), "reached by the plan", cost))
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
