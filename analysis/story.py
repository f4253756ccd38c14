"""The few sentences that a person reads first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.finance import floored

if TYPE_CHECKING:
    from collections.abc import Mapping

KIND_WORDS = {
    "wifi": "public WiFi",
    "upgrade": "at standing sites",
    "site": "new sites",
    "mast": "on standing masts",
    "small_cell": "small cells",
}
"""What a plan builds, by kind."""

HALF = 0.5
"""Fewer people than this print as 0."""


def headline(summary: dict[str, Any]) -> list[str]:
    """Lines for the terminal: who is cut off, where first, and what the money buys."""
    people, gap, plan, target = summary["population"], summary["gap"], summary["plan"], summary["target"]
    lines = [summary["name"] + (" — SYNTHETIC, this place does not exist" if summary["synthetic"] else "")]
    lines.append(
        f"{people['total']:,.0f} people; {people['in_zones']:,.0f} in zones, {people['outside_zones']:,.0f} outside"
    )
    if people["reference_total"] is not None:
        source = people["reference_source"] or "another count"
        lines.append(f"in zones by {source}: {people['reference_total']:,.0f}; nothing is scaled to it")
    if gap["share"] is None:
        lines.append(f"{target} coverage is unknown for everybody")
    else:
        lines.append(
            f"{gap['people']:,.0f} people are below {target} ({gap['share']:.1%} of the {gap['known']:,.0f} known)"
        )
    lines += _footprints(summary)
    if summary["ledger"]["unknown"] >= HALF:
        lines.append(
            f"{summary['ledger']['unknown']:,.0f} people have no known state of service: some coverage is unknown there"
        )
    lines += _wifi(summary["wifi"])
    ranked = [zone for zone in summary["ranking"] if zone["rank"] == zone["rank"] and zone["rank"] is not None]
    lines += [
        f"  {int(z['rank'])}. {z['zone_name']}: {z['gap_people']:,.0f} people; {z['reasons']}" for z in ranked[:5]
    ]
    lines += _footnotes(summary)
    lines += _plan(plan, known=gap["known"], target=target)
    return lines


def _plan(plan: dict[str, Any], *, known: float, target: str) -> list[str]:
    """What the money buys, or why nothing is planned: only people known to be badly served can gain."""
    money = f"{plan['cost']:,.0f} of {plan['budget']:,.0f} {plan['currency']}"
    if not plan["sites"]:
        if known < HALF:
            return ["Plan: none, neither sites nor WiFi: mobile coverage is unknown, so nobody is known to gain"]
        if plan["budget"] == 0:
            return ["Plan: none, for the budget is 0"]
        budget = f"{plan['budget']:,.0f} {plan['currency']}"
        return [f"Plan: nothing that gains anything can be built with the budget of {budget}"]
    kinds = ", ".join(f"{KIND_WORDS.get(kind, kind)}: {count}" for kind, count in plan["by_kind"].items())
    share = floored(1 - plan["gap"], 2)
    least = (
        f"Plan: {plan['sites']} sites ({kinds}) for {money} make {plan['people']:,.0f} people better off; "
        f"what they gain is at least {share:.0%} of what any plan of that budget over these candidates could"
    )
    below = plan["moved"]["below"]
    part = f" ({1 - below['after'] / below['before']:.0%} of them closed)" if below["before"] >= HALF else ""
    lines = [least, f"  below {target}: {below['before']:,.0f} people before, {below['after']:,.0f} after{part}"]
    lines += [
        f"  {zone['zone_name']}: {zone['better']:,.0f} people better off; built there for {zone['cost']:,.0f}"
        for zone in plan["most"]
    ]
    robust = plan["robust"]
    if robust is not None:
        own = f"{robust['own_low']:,.0f} to {robust['own_high']:,.0f}"
        lines.append(f"  with other footprints and demand these sites make {own} people better off")
        lines.append(
            f"  of {robust['plans']} plans made anew with other costs too nearly all build {robust['sure']} of them, "
            f"fewer than half {robust['doubtful']}"
        )
    lines += [f"  {words}" for words in room_words(plan)]
    unknown = plan["moved"]["service"]["before"]["unknown"]
    if unknown >= HALF:
        said = "count as having none" if plan["unknown"] == "as_none" else "are left out of it"
        lines.append(f"  {unknown:,.0f} people whose service is not known {said}")
    return lines


def room_words(plan: Mapping[str, Any]) -> list[str]:
    """Whether new mobile sites reach more people than their busy hour carries; nothing where they do not."""
    room = plan["room"]
    if not room["over"] or room["limited"]:
        return []
    over = f"{room['over']} of its {room['mobile']} mobile sites reach more people than their busy hour has room for"
    return [f"{over}: that is signal, not speed (investment.site_limit = true counts only those with room)"]


def _footnotes(summary: dict[str, Any]) -> list[str]:
    """Under the ranking: how sure its top is, who is connected, and which zones say nothing of use."""
    doubt, use = summary["uncertainty"], summary["use"]
    lines: list[str] = []
    if doubt["ranked"]:
        lines.append(
            f"of the first {doubt['top']} zones {doubt['sure_of_top']} are among them in at least 95 % of "
            f"{doubt['draws']:,} random draws; {doubt['never_in_top']} of {doubt['ranked']} zones hardly ever are"
        )
    whole = use["region"]
    if whole["using_share"] is not None:
        lines.append(
            f"{whole['using_share']:.1%} use the internet; covered, but not using: {whole['usage_gap']:,.0f} people; "
            f"not known of {whole['use']['use_not_known']:,.0f}"
        )
        silent = [zone["zone_name"] for zone in use["by_zone"] if zone["using_share"] is None]
        if silent:
            lines.append(f"use is not known in {len(silent)} zones: {', '.join(silent[:10])}")
    return lines


def _wifi(wifi: dict[str, Any]) -> list[str]:
    """Who reaches free public WiFi on foot; nothing where no list was given."""
    if not wifi["sites"]:
        return []
    on_foot = f"free public WiFi on foot ({wifi['measure']})"
    if wifi["within_15_min"] + wifi["beyond_15_min"] + wifi["without_way"] < HALF:
        return [f"{on_foot}: unknown for everybody"]
    near, far = wifi["within_5_min"], wifi["within_15_min"]
    beyond = wifi["beyond_15_min"] + wifi["without_way"]
    counts = f"{near:,.0f} people within 5 min, {far:,.0f} within 15, {beyond:,.0f} not within 15"
    lines = [f"{on_foot}: {counts}, unknown for {wifi['unknown']:,.0f}"]
    more = wifi["overstated"]["400_m"]
    if more is not None and wifi["measure"] == "along streets":
        words = "more" if more >= 0 else "fewer"
        lines.append(f"a straight line of 400 m would count {abs(more):.0%} {words} people than 400 m along streets")
    return lines


def _footprints(summary: dict[str, Any]) -> list[str]:
    """How sure the covered share is, and how far the order of zones depends on it."""
    target, lines = summary["target"], []
    reached = summary["coverage"][target]["union"]
    if "modelled" in summary["basis"] and reached["low"] is not None and reached["share"] is not None:
        lines.append(
            f"at least {target}: {reached['persons']:,.0f} people, between {reached['low']:,.0f} and "
            f"{reached['high']:,.0f} under low and high footprints of sites"
        )
        if set(summary["basis"]) == {"declared", "modelled"}:
            lines.append('declared layers count as they are; role = "compare" would only set them beside the model')
    silent = summary["silent_sites"]
    if silent["sites"]:
        lines.append(
            f"{silent['sites']:,} sites do not say their technology: {target} is unknown for "
            f"{silent['unknown_people'][target]:,.0f} people whom they alone might reach"
        )
    sensitivity = summary["sensitivity"]
    if sensitivity and sensitivity["ranked"] and "modelled" in summary["basis"]:
        lines.append(
            f"{sensitivity['change']} of {sensitivity['ranked']} ranked zones change rank between low and high "
            f"footprints; {sensitivity['top_stays']} of the first {sensitivity['top']} stay among them"
        )
    return lines
