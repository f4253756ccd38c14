"""`limitations.md` of a run: what its figures do not know, from the inputs given and those that were not."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.story import room_words

if TYPE_CHECKING:
    from data.region import Region
    from geo.network import Network


def limitations(region: Region, summary: dict[str, Any]) -> str:
    """Markdown text: one line per thing that a reader must know before a decision rests on the numbers."""
    lines = [f"# What the figures of “{region.name}” do not know", ""]
    if region.synthetic:
        lines.append("- **Synthetic data: this place does not exist.** No decision can rest on it.")
    lines += _unknown_lines(summary)
    lines += _coverage_lines(region, summary)
    people = summary["population"]
    if people["reference_total"] is not None:
        source = people["reference_source"] or "another count"
        lines.append(
            f"- The population grid has {people['in_zones']:,.0f} people in the zones; {source} has "
            f"{people['reference_total']:,.0f}. Nothing was scaled: shares carry over, counts do not."
        )
    if region.land is None:
        lines.append(
            "- No land layer was given: every cell counts as land, so density at coasts and lakes is understated."
        )
    if region.built is None:
        lines.append("- No built-up layer was given: urban centres are found by density alone.")
    if region.wifi is None:
        lines.append("- No public WiFi list was given: access to it is unknown, not absent.")
    else:
        lines += _wifi_lines(region, summary["wifi"])
    lines += _plan_lines(summary["plan"], target=summary["target"])
    lines.append("- People are taken as evenly spread inside a cell; zone borders split a cell's people by area.")
    lines += _use_lines(summary)
    lines.append(f"- {summary['population']['outside_zones']:,.0f} people live in analysed cells outside every zone.")
    ranked = [zone for zone in summary["zones"] if pd.isna(zone["rank"])]
    if ranked:
        names = ", ".join(str(zone["zone_name"]) for zone in ranked[:20])
        lines.append(f"- {len(ranked)} zones are not ranked (nobody there, or coverage mostly unknown): {names}.")
    if region.settings.note:
        lines.append(f"- {region.settings.note}")
    unlicensed = sorted({source.file for source in region.sources if not source.licence})
    if unlicensed:
        lines.append(f"- No licence was stated for: {', '.join(unlicensed)}. Clear that before publishing.")
    return "\n".join(_plain(line) for line in lines) + "\n"


def _plain(line: str) -> str:
    """One line, in which nothing that a file says can become HTML on a page made of the Markdown."""
    return escape(" ".join(line.split()), quote=False)


def _plan_lines(plan: dict[str, Any], *, target: str) -> list[str]:
    """What a plan does not know; nothing where nothing is planned."""
    if not plan["sites"]:
        return []
    laid_out = f"the {plan['candidates']:,} candidates laid out, with the costs, footprints and ladder assumed"
    lines = [
        f"- The plan's bound is over {laid_out}; a better place or a cheaper tower is outside it.",
        "- New sites reach as far as they would without terrain; whether owners agree and masts bear it is not known.",
        "- Costs that the scenario does not give are planning defaults (docs/costs.md), not quotes.",
    ]
    lines += [f"- The plan: {words}." for words in room_words(plan)]
    worth = plan["ladder"]
    if plan["by_kind"].get("wifi") and worth["wifi"] <= worth[target]:
        lines.append(f"- By the scenario's ladder the plan's public WiFi is worth nothing to whom {target} reaches.")
    if plan["unknown"] == "as_none":
        lines.append("- The plan takes people whose service is not known to have none, as the scenario asks.")
    return lines


def _unknown_lines(summary: dict[str, Any]) -> list[str]:
    """Of how many people the target is not known, and of how many the state of service.

    These differ: where only 4G is known, who lacks it is in the gap, and what reaches them instead is not known.
    """
    target, total = summary["target"], summary["population"]["total"]
    silent, unknown = total - summary["gap"]["known"], summary["ledger"]["unknown"]
    told = f"{silent:,.0f} of {total:,.0f} people: they are in no gap and in no covered figure"
    lines = [f"- Whether {target} reaches them is unknown for {told}."]
    if silent < 0.5:
        lines = [f"- Whether {target} reaches them is known for all of the {total:,.0f} people."]
    if abs(unknown - silent) >= 0.5:
        lines.append(
            f"- {unknown:,.0f} people have no known state of service: which technology is the best that reaches them "
            f"is not known. Those of whom {target} is known count in its gap or as covered all the same."
        )
    if summary["gap"]["known"] < 0.5 and summary["plan"]["gap"] is None:
        lines.append(
            "- Nothing is planned, neither sites nor WiFi: mobile coverage is unknown, so nobody is known to gain."
        )
    return lines


def _use_lines(summary: dict[str, Any]) -> list[str]:
    """What is not known of use, and on what the order of zones stands."""
    use, doubt, index = summary["use"], summary["uncertainty"], summary["index"]
    unknown, total = use["region"]["use"]["use_not_known"], use["region"]["population"]
    if use["region"]["using_share"] is None:
        lines = ["- Nothing says who uses the internet: being covered is not being connected."]
    else:
        lines = [f"- Internet use is not known of {unknown:,.0f} of {total:,.0f} people. {use['rule']}"]
        silent = [zone["zone_name"] for zone in use["by_zone"] if zone["using_share"] is None]
        if silent:
            lines.append(f"- {len(silent)} zones say nothing of use: {', '.join(silent[:20])}.")
        if use["of"]:
            lines.append(f"- Figures of use speak of those {use['of']}; they are taken for everybody.")
    lines.append(
        f"- The certainty of ranks stands on assumed errors: {doubt['population_sd']:.0%} of a zone's people, and "
        "footprints between low and high."
    )
    if index["left_out"]:
        lines.append(f"- The index lacks {', '.join(index['left_out'])}: no zone has figures of them.")
    lines.append(f"- Weights of the index were set by: {'; '.join(index['set_by'])}.")
    return lines


def _wifi_lines(region: Region, wifi: dict[str, Any]) -> list[str]:
    """What walking to public WiFi leaves out."""
    how = wifi["measure"] if region.streets is not None else f"as a {wifi['measure']}"
    pace = f"{how}, at {wifi['speed_kmh']:g} km/h, from points inside each cell"
    lines = [f"- Walks to free public WiFi are measured {pace}; it is unknown for {wifi['unknown']:,.0f} people."]
    if region.streets is None:
        lines.append("- No streets were given: rivers, motorways and hills are not seen, and some walks are longer.")
    else:
        lines += _street_lines(region.streets, wifi)
    if region.wifi_known is not None:
        lines.append(
            "- Public WiFi listed outside the known area serves people inside it; what is missing there is not counted."
        )
    if not wifi["open"]:
        lines.append(
            "- No hotspot of the list works and is free to use, by the words set for the region: if some do, those "
            "words are wrong, and so is every figure of public WiFi."
        )
    if wifi["off_street"]:
        lines.append(f"- {wifi['off_street']} hotspots lie near no street and count for nobody.")
    lines.append(
        f"- Room at hotspots rests on two assumptions: {wifi['users_per_access_point']:g} people served by an access "
        f"point, {wifi['at_once']:.1%} of those in reach online at once. Opening hours are not counted."
    )
    return lines


def _street_lines(streets: Network, wifi: dict[str, Any]) -> list[str]:
    """Slopes, who has no way, and what joining a hotspot at one place leaves out."""
    if wifi["slopes"]:
        flat = f"; {wifi['streets_taken_as_flat']:,} streets of unknown heights are taken as flat"
        lines = [f"- Slopes slow people{flat if wifi['streets_taken_as_flat'] else ''}."]
    else:
        why = "their heights are not known" if streets.climb_m is None else "the scenario leaves slopes out"
        lines = [f"- Streets are taken as flat: {why}, so walks on hills take longer than is said."]
    if wifi["without_way"] >= 0.5:
        why = "; ".join(f"{reason}: {count:,.0f}" for reason, count in wifi["no_way"].items() if count >= 0.5)
        lines.append(f"- {wifi['without_way']:,.0f} people have no way to it on the streets given ({why}).")
    lines.append(
        "- A hotspot joins the streets at one place, the nearest: people around a corner or in the same block may walk "
        "less than is counted."
    )
    return lines


def _coverage_lines(region: Region, summary: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    if not region.coverage:
        return ["- No mobile coverage was given: every person's service is unknown."]
    if "modelled" in summary["basis"]:
        lines += _modelled_lines(summary)
    if "declared" in summary["basis"]:
        lines.append("- Declared coverage is the operators' claim; it overstates what people get.")
    spoken = {technology for layer in region.coverage if layer.counts for technology in layer.technologies} | set(
        region.settings.absent
    )
    missing = [technology for technology in ("2G", "3G", "4G", "5G") if technology not in spoken]
    if missing:
        lines.append(f"- No source speaks of {', '.join(missing)}: coverage by it is unknown everywhere.")
    return lines


def _modelled_lines(summary: dict[str, Any]) -> list[str]:
    target, model = summary["target"], summary["model"]
    reached = summary["coverage"][target]["union"]
    how = {
        "nominal radii": "nominal radii by technology and settlement class",
        "link budget": "a link budget by technology and settlement class, without terrain",
        "terrain": "a link budget over the terrain given (Longley-Rice), with clutter by settlement class",
    }[model]
    lines = [f"- Footprints of sites rest on {how}; signal is at least {summary['confidence']:.0%} sure at their edge."]
    if model == "nominal radii":
        lines = [f"- Footprints of sites rest on {how}, not on propagation over terrain."]
    if reached["low"] is not None and reached["share"] is not None:
        lines.append(
            f"- People with at least {target} lie between {reached['low']:,.0f} and {reached['high']:,.0f} under low "
            f"and high footprints ({summary['footprint']}: {reached['persons']:,.0f})."
        )
    silent = summary["silent_sites"]
    if silent["sites"]:
        lines.append(
            f"- {silent['sites']:,} sites do not say their technology: whom they alone might reach is unknown, "
            f"{silent['unknown_people'][target]:,.0f} people for {target}."
        )
    if summary["quality"]["dimensioned"] is not None:
        lines.append(
            "- `usable` rests on assumed spectrum, efficiency and demand where nothing was measured; sites missing "
            "from the register make it too low."
        )
    return lines
