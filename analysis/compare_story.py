"""A comparison in the few sentences that a person reads first."""

from __future__ import annotations

from typing import Any

SHOWN = 5


def story(record: dict[str, Any]) -> list[str]:
    """Lines for the terminal, from `compare.json`: what differs, what changed for people, which zones moved."""
    name, of = record["new"]["name"], " — SYNTHETIC, this place does not exist" if record["synthetic"] else ""
    lines = [name + of, *_differs(record), _people(record), _gap(record), *_effects(record), *_states(record)]
    return [*lines, *_coverage(record), *_wifi(record["region"]), *_zones(record)]


def _more(change: float) -> str:
    """``12 more``, ``3 fewer`` or ``as many``, for whole people."""
    if abs(change) < 0.5:
        return "as many"
    return f"{abs(change):,.0f} {'more' if change > 0 else 'fewer'}"


def _differs(record: dict[str, Any]) -> list[str]:
    """Which files and which free settings are not the same."""
    files = ", ".join(item["layer"] for item in record["differs"]["inputs"]) or "none"
    lines = [f"files that differ: {files}"]
    settings = record["differs"]["settings"]
    if settings:
        said = ", ".join(f"{item['key']} ({_value(item['base'])} → {_value(item['new'])})" for item in settings)
        lines.append(f"settings that differ: {said}")
    return lines


def _value(value: Any) -> str:
    return "not stated" if value is None else str(value)


def _people(record: dict[str, Any]) -> str:
    people, moved = record["region"]["population"], record["moved"]
    years = [record[run]["year"] for run in ("base", "new")]
    said = "" if None in years or years[0] == years[1] else f" ({years[0]} → {years[1]})"
    line = f"{people['base']:,.0f} people then, {people['new']:,.0f} now{said}"
    if moved["reclassed"] >= 0.5:
        line += f"; {moved['reclassed']:,.0f} live in cells whose settlement class changed, and footprints follow it"
    return line


def _gap(record: dict[str, Any]) -> str:
    target, gap, share = record["target"], record["region"]["gap_people"], record["region"]["gap_share"]
    if gap["change"] is None:
        return f"people below {target}: not known in one run or in both"
    line = f"below {target}: {gap['base']:,.0f} people then, {gap['new']:,.0f} now: {_more(gap['change'])}"
    if share["change"] is None:
        return line
    return line + f"; {share['base']:.1%} of the known then, {share['new']:.1%} now"


def _effects(record: dict[str, Any]) -> list[str]:
    """Where the change of the gap comes from, unless all of it comes from coverage."""
    people, knowledge, coverage = (record["gap_from"][name] for name in ("people", "knowledge", "coverage"))
    if max(abs(people), abs(knowledge)) < 0.5:
        return []
    line = f"  of that change {coverage:+,.0f} come from coverage, {people:+,.0f} from there being more or fewer people"
    return [line + f", {knowledge:+,.0f} from coverage being known for more or fewer of them"]


def _states(record: dict[str, Any]) -> list[str]:
    """The least movement between states, and the net change of each."""
    least, region, cells = record["moved"]["least"], record["region"], record["moved"]["cells"]
    lines = ["nobody need have changed state of service"]
    if least >= 0.5:
        unseen = "how many more changed places with each other cannot be seen from totals"
        lines = [f"at least {least:,.0f} people changed state of service, in {cells:,} cells; {unseen}"]
    for state in record["moved"]["states"]:
        pair = region[state]
        if abs(pair["change"]) >= 0.5:
            lines.append(f"  {state}: {pair['base']:,.0f} then, {pair['new']:,.0f} now: {_more(pair['change'])}")
    return lines


def _coverage(record: dict[str, Any]) -> list[str]:
    """Anyone's network and the largest operator's, at the target."""
    target, region, lines = record["target"], record["region"], list[str]()
    for who, words in (("", "by anyone's network"), ("largest_operator_", "by the largest operator")):
        pair = region[f"{who}at_least_{target.lower()}_people"]
        if pair["change"] is None:
            continue
        names = record["largest_operator"][target]
        named = f" ({names['base']} then, {names['new']} now)" if who and names["base"] != names["new"] else ""
        change = _more(pair["change"])
        lines.append(f"at least {target} {words}{named}: {pair['base']:,.0f} then, {pair['new']:,.0f} now: {change}")
    return lines


def _wifi(region: dict[str, Any]) -> list[str]:
    near, far, known = (region[f"wifi_{name}_people"] for name in ("5_min", "15_min", "known"))
    if near["change"] is None or far["change"] is None:
        return []
    line = (
        f"free public WiFi: within 5 min {near['base']:,.0f} then, {near['new']:,.0f} now: {_more(near['change'])}; "
        f"within 15 min {far['base']:,.0f} then, {far['new']:,.0f} now: {_more(far['change'])}"
    )
    if abs(known["change"]) >= 0.5:
        line += f"; it is known for {_more(known['change'])}"
    return [line]


def _zones(record: dict[str, Any]) -> list[str]:
    """How many zones improved or fell back, and the first of each."""
    counts, points = record["verdicts"], f"{100 * record['threshold']:.1f} percentage points"
    better, worse = counts.get("improved", 0), counts.get("fell back", 0)
    rest = ", ".join(f"{counts[word]} {word}" for word in ("not comparable", "not known") if counts.get(word))
    head = f"zones whose gap share changed by more than {points}: {better} improved, {worse} fell back"
    lines = [head + (f"; {rest}" if rest else "")]
    for verdict, sign in (("improved", 1), ("fell back", -1)):
        found = [zone for zone in record["zones"] if zone["verdict"] == verdict and zone["zone_id"]]
        found.sort(key=lambda zone: (sign * zone["gap_share_change"], zone["zone_id"]))
        lines += [f"  {verdict}: {_zone(zone)}" for zone in found[:SHOWN]]
    return lines


def _zone(zone: dict[str, Any]) -> str:
    ranks = [zone[f"rank_{when}"] for when in ("base", "new")]
    ranked = f", rank {ranks[0]} → {ranks[1]}" if None not in ranks else ""
    return (
        f"{zone['zone_name']} {zone['gap_share_base']:.1%} → {zone['gap_share_new']:.1%}, "
        f"{_more(zone['gap_people_change'])} people in the gap{ranked}"
    )
