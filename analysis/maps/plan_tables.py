"""What the plan builds and what that means, as tables: steps, people before and after, zones, money, equity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from analysis.finance import floored
from analysis.maps.overlays import number, words_of
from analysis.maps.palette import STATE_WORDS
from analysis.maps.plan_overlays import chosen, kind_words
from analysis.maps.tables import Heading, people, percent, table
from analysis.settlement import CLASS_NAMES
from analysis.story import room_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from analysis.results import Results

SURE, DOUBTFUL = 0.9, 0.5
NOTHING = "Nothing: nobody is known to gain from what may be built within the budget."


def plan_table(plan: pd.DataFrame, *, record: Mapping[str, Any]) -> str:
    """Sites within the budget in build order, with cost and people, the sum so far, and how sure each is.

    Parameters
    ----------
    plan : DataFrame
        ``plan.csv``; ``chosen_share`` and ``people_if_it_fails`` are shown where it has them.
    record : mapping
        ``summary["plan"]``.
    """
    currency, steps = str(record["currency"]), chosen(plan)
    more = {
        name: words
        for name, words in (
            ("capacity_people", "Has room for"),
            ("chosen_share", "Built in re-plans"),
            ("people_if_it_fails", "As before if it fails"),
        )
        if name in steps and bool(steps[name].notna().any())
    }
    rows: list[list[str]] = []
    for row in steps.to_dict("records"):
        name = words_of(row["name"]) or words_of(row["candidate_id"])
        kind = kind_words(words_of(row["kind"]), words_of(row.get("technology")))
        kind += " (locked in)" if row.get("locked") is True else ""
        figures = [f"{row['cost']:,.0f}", people(row["people"])]
        sums = [f"{row['cumulative_cost']:,.0f}", people(row["cumulative_people"])]
        rest = [_share(row[item]) if item == "chosen_share" else _persons(row[item]) for item in more]
        rows.append([f"{row['step']:.0f}", name, kind, *figures, *sums, *rest])
    heads = [
        ("Step", True),
        ("Place", False),
        ("Kind", False),
        (f"Cost ({currency})", True),
        ("People better off", True),
    ]
    heads += [(f"Cost so far ({currency})", True), ("People so far", True), *((words, True) for words in more.values())]
    return table("What to build, in order, within the budget", heads, rows, note=_notes(record) if rows else NOTHING)


def _share(value: Any) -> str:
    plain = number(value)
    return "–" if plain is None else f"{plain:.0%}"


def _persons(value: Any) -> str:
    plain = number(value)
    return "–" if plain is None else f"{plain:,.0f}"


def _notes(record: Mapping[str, Any]) -> str:
    """Room and robustness, as far as the run speaks of them."""
    room = [f"{words[:1].upper()}{words[1:]}." for words in (room_words(record) if "room" in record else [])]
    return " ".join([*room, *filter(None, [_robust(record)])])


def _robust(record: Mapping[str, Any]) -> str:
    """How the plan holds under other assumptions; empty where it was not asked."""
    found = record.get("robust")
    if not isinstance(found, Mapping):
        return ""
    return (
        f"The plan was made again {found['plans']} times, with {', '.join(found['footprints'])} footprints, other "
        f"costs and other demand: {found['sure']} of its sites are in at least {SURE:.0%} of those plans, "
        f"{found['doubtful']} in fewer than half. As it stands, the plan makes {people(found['own_low'])} to "
        f"{people(found['own_high'])} people better off under these footprints and demands."
    )


def moved_table(record: Mapping[str, Any]) -> str:
    """People better off, below the target and with public WiFi in reach, before and after; by class and group."""
    if "moved" not in record:
        return ""
    rows: list[list[str] | Heading] = [_moved("everybody", record["moved"])]
    parts = [
        ("By settlement class", [(CLASS_NAMES[int(row["settlement"])], row) for row in record["by_settlement"]]),
        ("By group", [(words_of(row["label"]), row) for row in record["by_group"]]),
    ]
    for heading, named in parts:
        if named:
            rows.append(Heading(heading))
            rows += [_moved(name, row) for name, row in named]
    heads = [
        ("Better off", True),
        ("Who", False),
        ("People", True),
        ("Below the target, before", True),
        ("After", True),
    ]
    heads += [("Public WiFi in reach, before", True), ("After", True)]
    note = (
        "Better off: their service is worth more by the ladder of the scenario, each person counted once. "
        f"{_unknown_words(record)}"
    )
    return table("Who is better off", heads, rows, note=note)


def _moved(name: str, row: Mapping[str, Any]) -> list[str]:
    better = f"{people(row['better'])} ({percent(row['better'] / row['people'] if row['people'] > 0 else None)})"
    pairs = [people(row[what][when]) for what in ("below", "wifi") for when in ("before", "after")]
    return [better, name, people(row["people"]), *pairs]


def _unknown_words(record: Mapping[str, Any]) -> str:
    if record.get("unknown") == "as_none":
        return "People whose service is not known count as having none, as the scenario asks."
    return "People whose service is not known are left out: the plan cannot say what they would gain."


def states_table(record: Mapping[str, Any]) -> str:
    """Service states of everybody before and after the plan."""
    if "moved" not in record:
        return ""
    service = record["moved"]["service"]
    rows: list[list[str]] = []
    for state, words in STATE_WORDS.items():
        before, after = float(service["before"][state]), float(service["after"][state])
        change = round(after) - round(before)
        rows.append([people(before), words, people(after), f"{change:+,d}" if change else "0"])
    heads = [("Before", True), ("State of service", False), ("After", True), ("Change", True)]
    return table("States of service, before and after the plan", heads, rows)


def zone_plan_table(results: Results) -> str:
    """What the plan does for each zone, for how much, and the two cheapest ways there; most people better off first."""
    found = results.tables.get("plan_zones")
    if found is None or found.empty:
        return ""
    currency = str(results.summary["plan"]["currency"])
    names = results.zones.set_index(results.zones["zone_id"].astype(str))["zone_name"]
    ordered = found.sort_values(["better", "below_before", "zone_id"], ascending=[False, False, True], kind="stable")
    rows = [
        [
            people(row["better"]),
            words_of(names.get(str(row["zone_id"]), row["zone_id"])),
            f"{row['sites']:,.0f}",
            f"{row['cost']:,.0f}",
            people(row["below_before"]),
            people(row["below_after"]),
            people(row["unknown"]),
            _way(row, "first"),
            _way(row, "second"),
        ]
        for row in ordered.to_dict("records")
    ]
    heads = [("Better off", True), ("Zone", False), ("Sites", True), (f"Cost ({currency})", True)]
    heads += [("Below the target, before", True), ("After", True), ("Service unknown", True)]
    heads += [("Cheapest way", False), ("Runner-up", False)]
    note = (
        f"In brackets: {currency} for each person's worth of service that the best candidate of that way alone would "
        "bring the zone. A site counts in the zone in which it stands, people in that in which they live."
    )
    return table("What the plan does for each zone, and which technology is cheapest there", heads, rows, note=note)


def _way(row: Mapping[Any, Any], which: str) -> str:
    words, money = words_of(row[which]), number(row[f"{which}_cost_per_value"])
    if not words or money is None:
        return "–"
    return f"{words[:1].upper()}{words[1:]} ({money:,.{0 if money >= 100 else 1}f})"


def money_table(record: Mapping[str, Any]) -> str:
    """What the plan costs, by the year and by the person, and what it takes in energy."""
    money = record.get("money")
    if not isinstance(money, Mapping):
        return ""
    currency = str(record["currency"])
    rows = [
        [f"{money['capex']:,.0f}", f"{currency} to build it"],
        [f"{money['opex_year']:,.0f}", f"{currency} a year to run it"],
        [
            f"{record['cost']:,.0f}",
            f"{currency} present cost: building, running, replacing, less what is left",
        ],
        [f"{money['annuity']:,.0f}", f"{currency} a year, if that were paid in equal parts"],
    ]
    if record["people"] > 0:
        rows.append([f"{money['cost_per_person']:,.2f}", f"{currency} of present cost per person better off"])
    rows += [[value, words] for value, words in _revenue(money, currency)]
    rows += [
        [f"{money['kwh_year']:,.0f}", "kWh of electricity a year"],
        [f"{money['co2_kg_year'] / 1000:,.1f}", "tonnes of CO₂ a year, by the factors of the cost table"],
    ]
    if money["unbuilt"]:
        rows.append([f"{money['unbuilt']:,.0f}", "sites for which the yearly budgets never suffice"])
    note = (
        "Costs are planning defaults with sources unless the scenario gives its own; see docs/costs.md. Users are "
        "counted from the first year on, whether or not sites have room for them, and as if none paid before."
    )
    return table("The money", [("Figure", True), ("What it is", False)], rows, note=note)


def _revenue(money: Mapping[str, Any], currency: str) -> Iterable[tuple[str, str]]:
    """What operators could earn, where the scenario says what a user pays."""
    needed = number(money["break_even_arpu"])
    if needed is not None:
        share, users = f"{money['adoption']:.0%}", people(money["users"])
        yield (
            f"{needed:,.2f}",
            f"{currency} a month per user would pay for the mobile part, if {share} of {users} people subscribe",
        )
    if money["subsidy"] is not None:
        yield f"{money['subsidy']:,.0f}", f"{currency} of subsidy needed at {money['arpu_month']:g} {currency} a month"
        year = number(money["break_even_year"])
        yield ("never" if year is None else f"{year:g}", "year in which the mobile part has paid for itself")


def financing_table(results: Results) -> str:
    """Money by year: built, paid out, and by source; empty where all is built at once and no source is named."""
    found = results.tables.get("plan_money")
    if found is None or found.empty:
        return ""
    sources = [name for name in found.columns if name.startswith("source_")]
    if not sources and not (found["committed"].iloc[1:] > 0).any():
        return ""
    shown = found[(found["committed"] > 0) | (found["year"] == 0)]
    rows = [
        [f"{row['year']:.0f}", *(f"{row[name]:,.0f}" for name in ("committed", "net", *sources))]
        for row in shown.to_dict("records")
    ]
    currency = str(results.summary["plan"]["currency"])
    heads = [("Year", True), ("Present cost of what is built", True), ("Paid out in the year", True)]
    heads += [(name.removeprefix("source_").replace("_", " "), True) for name in sources]
    note = f"In {currency}; sources pay their shares of the present cost of what is built in a year."
    return table("Who pays, by year", heads, rows, note=note)


def curve_table(record: Mapping[str, Any]) -> str:
    """People and value for several budgets, and how much of the best possible that is at least."""
    curve = record.get("curve") or []
    currency = str(record["currency"])
    rows = [
        [
            f"{row['budget']:,.0f}",
            people(row["people"]),
            people(row["value"]),
            f"at least {floored(min(row['gain'] / row['bound'], 1.0), 3):.1%}" if row["bound"] > 0 else "–",
        ]
        for row in curve
        if number(row["bound"]) is not None
    ]
    if not rows:
        return ""
    heads = [(f"Budget ({currency})", True), ("People better off", True), ("People's worth of service", True)]
    heads += [("Of the best that any plan could", True)]
    note = (
        "The same build order followed as far as the money goes. The bound holds over the candidates that were laid "
        "out, not over every place in the world; it is sharpest at the scenario's own budget."
    )
    return table("What other budgets would do", heads, rows, note=note)


def equity_table(record: Mapping[str, Any]) -> str:
    """Plans of the same money with more and more priority to the zones that are worst off."""
    front = record.get("frontier") or []
    rows = [
        [
            f"{row['priority']:g}",
            people(row["people"]),
            people(row["value"]),
            percent(row["price_of_equity"]),
            _figure(row["worst_worth"]),
            _figure(row["gini"]),
            f"{row['sites']:,.0f}",
        ]
        for row in front
    ]
    if not rows:
        return ""
    heads = [("Priority", True), ("People better off", True), ("People's worth of service", True)]
    heads += [("Price of equity", True), ("Worth where people were worst off", True), ("Gini between zones", True)]
    heads += [("Sites", True)]
    note = (
        "Priority 0 counts every person alike; the higher, the more those zones count whose service is worth least. "
        "Price of equity: the share of the worth of service given up for it. Worth, from 0 to 1, of the service after "
        "the plan in the zones, worst first, that hold a fifth of the people. Each row is the best under its "
        "priority of all plans that are known."
    )
    return table("Efficiency against equity", heads, rows, note=note)


def _figure(value: Any) -> str:
    plain = number(value)
    return "not defined" if plain is None else f"{plain:.3f}"
