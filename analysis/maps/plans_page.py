"""Plans side by side as one page: the map with the sites of all of them, and their tables below."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from analysis.maps.below import basis_words, joined
from analysis.maps.draw import banner_html, credit_html, draw_cells, map_data
from analysis.maps.page import Page
from analysis.maps.plan_overlays import kind_words
from analysis.maps.plans_marks import LOOKS, plan_records, spot_records, zone_fills
from analysis.maps.safe import json_text, text
from analysis.maps.tables import Heading, people, sources_table, table
from analysis.plans_measures import ASKED, shown
from analysis.plans_story import MARK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.plans import Plan, SideBySide

BASE = ("gap", "population", "settlement", "wifi_beyond_people")
"""Layers of cells that all plans share."""

MOST_SITES, MOST_ZONES = 300, 1000
"""Rows of the tables; the files have all."""


def plans_html(found: SideBySide) -> str:
    """One HTML document, like the map of a run: no request ever leaves it.

    Parameters
    ----------
    found : SideBySide

    Returns
    -------
    str
        The same bytes for the same plans.
    """
    base = found.plans[0].results
    # the map shows what was there before; of any plan only what follows
    bare = replace(base, tables={}, plan_layers={}, catchments=None)
    drawn = replace(draw_cells(bare, only=BASE), fills=zone_fills(found), facts=[])
    plans = plan_records(found.plans, found.sites)
    data = {
        **map_data(base, base.plan.iloc[:0], drawn=drawn),
        "plans": plans,
        "spots": spot_records(found.plans, found.sites),
    }
    name = text(base.summary["name"])
    parts = {
        "title": f"{name} · {len(plans)} plans",
        "banner": banner_html(base),
        "header": _header(found, name),
        "below": f"<style>{_styles(len(plans))}</style>{credit_html(base)}{_below(found)}",
        "body": "plans",
        "data": json_text(data),
    }
    return str(Page(parts, more=("assets/plans.js", "assets/plans.css")).render())


def _styles(count: int) -> str:
    """Colours of the plans: marks, heads of their columns, figures."""
    rules: list[str] = []
    for at, (colour, ink) in enumerate(LOOKS[:count]):
        heads = [f"{place} thead th:nth-child({first + at})" for place, first in _columns(count)]
        rules.append(f".p-{at}{{background:#{colour};color:#{ink}}}")
        rules.append(f"{','.join(heads)}{{border-top:5px solid #{colour}}}")
        rules.append(f".figures div:nth-child({at + 1}){{border-color:#{colour}}}")
    return "".join(rules)


def _columns(count: int) -> list[tuple[str, int]]:
    """Section of each table, and the place of its first column of plans, from 1."""
    return [("#measures", 3), ("#sites", 4), ("#zones", 4), ("#zones", 4 + count)]


def _header(found: SideBySide, name: str) -> str:
    told = found.record
    items = "".join(
        f"<div><dt>{text(plan.head)}</dt><dd><b>{text(people(plan.record['people']))}</b>"
        f"<span>{text(_bought(plan))}</span></dd></div>"
        for plan in found.plans
    )
    sub = f"{len(found.plans)} plans side by side: people better off, for people below {told['target']}"
    return (
        f'<header class="top"><div><h1>{name}</h1><p class="sub">{text(sub)}</p></div>'
        f'<dl class="figures">{items}</dl></header>'
    )


def _bought(plan: Plan) -> str:
    record = plan.record
    sites = f"{record['sites']:,} {'site' if record['sites'] == 1 else 'sites'}"
    return f"{sites} for {record['cost']:,.0f} {record['currency']}"


def _below(found: SideBySide) -> str:
    """Tables of measures, sites and zones, and the sources."""
    base = found.plans[0].results
    sections = {
        "measures": ("What was asked, what it brings", [_measures(found)]),
        "sites": ("Which sites", [_sites(found)]),
        "zones": ("Which zones", [_zones(found)]),
        "inputs": ("Sources", [sources_table(base.summary["inputs"])]),
    }
    return joined(sections, basis=basis_words(base))


def _heads(plans: Sequence[Plan], words: str) -> list[tuple[str, bool]]:
    return [(f"{plan.letter}: {words}", True) for plan in plans]


def _measures(found: SideBySide) -> str:
    rows: list[list[str] | Heading] = []
    section = ""
    for row in found.record["measures"]:
        if row["section"] != section:
            section = row["section"]
            rows.append(Heading(section))
        mark = MARK if row["differs"] and section == ASKED else ""
        rows.append([mark, row["label"], *(shown(value, row["unit"]) for value in row["values"])])
    note = " ".join([f"{MARK} marks what was asked and differs; – is not known, or not asked.", *found.record["notes"]])
    heads = [("", False), ("Measure", False), *((plan.head, True) for plan in found.plans)]
    return table("Plans side by side", heads, rows, note=note)


def _sites(found: SideBySide) -> str:
    count = len(found.plans)
    rows = [
        [
            "every" if row["in_plans"] == count else f"{row['in_plans']}",
            row["name"] or row["candidate_id"],
            kind_words(row["kind"], row["technology"]),
            *(_step(row, plan.letter) for plan in found.plans),
        ]
        for row in found.sites.head(MOST_SITES).to_dict("records")
    ]
    heads = [("Plans", False), ("Place", False), ("Kind", False), *_heads(found.plans, "step")]
    every = found.record["sites"]["by_plans"][str(count)]
    note = (
        f"{every:,} of {len(found.sites):,} sites are in every plan: whichever is chosen, they are not regretted. A "
        "step is the place in the build order of that plan, in brackets the people it makes better off."
    )
    if len(found.sites) > MOST_SITES:
        note += f" The first {MOST_SITES:,} are shown; plans_sites.csv has all."
    return table("Which sites are in how many plans", heads, rows, note=note)


def _step(row: dict[Any, Any], letter: str) -> str:
    if letter not in row["plans"]:
        return "–"
    return f"{row[f'step_{letter}']} ({row[f'people_{letter}']:,.0f})"


def _zones(found: SideBySide) -> str:
    currency = found.record["currency"]
    rows = [
        [
            f"{row['spread']:,.0f}",
            row["zone_name"],
            people(row["people"]),
            *(people(row[f"better_{plan.letter}"]) for plan in found.plans),
            *(f"{row[f'cost_{plan.letter}']:,.0f}" for plan in found.plans),
        ]
        for row in found.zones.head(MOST_ZONES).to_dict("records")
    ]
    heads = [("Spread", True), ("Zone", False), ("People", True), *_heads(found.plans, "better off")]
    note = (
        "Spread: people better off in the plan that makes most of them better off, less those in the plan that makes "
        "fewest. A site's money counts in the zone in which it stands, people in that in which they live."
    )
    if len(found.zones) > MOST_ZONES:
        note += f" The first {MOST_ZONES:,} are shown; plans_zones.csv has all."
    return table("What each plan does for each zone", [*heads, *_heads(found.plans, currency)], rows, note=note)
