"""The rows of plans side by side: what each was asked, and what it brings to whom for how much."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, isclose
from typing import TYPE_CHECKING, Any

from analysis.compare_check import is_free, settings_of
from analysis.investment import SERVICES
from analysis.plan.weights import CODES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from analysis.plans import Plan

ASKED = "What was asked"
BUILT, REACHED, PAID = "What is built", "Whom it reaches", "What it costs"
GOOD, EQUAL, HOLDS = "How good it is", "How equally", "How it holds under other assumptions"

BUILDS = {"wifi": "public WiFi", "sites": "new sites", "upgrades": "upgrades", "small_cells": "small cells"}
KINDS = {
    "wifi": "public WiFi",
    "upgrade": "upgrades of standing sites",
    "site": "new sites",
    "mast": "on standing masts",
    "small_cell": "small cells",
}
UNKNOWN = {"leave_out": "left out", "as_none": "taken to have none"}

FORMS = {"price": ",.2f", "fraction": ".1%", "ratio": "g"}
"""How numbers of a unit are shown; whole with thousands separators otherwise."""

SAME = 1e-9
"""Relative difference up to which two figures are one: another order of adding up."""

SPOKEN_OF = (
    *("budget", "currency", "technologies", "wifi", "sites", "upgrades", "small_cells", "priority", "unknown"),
    *("floors", "ladder", "class_weights", "group_weights", "need_weight"),
)
"""Settings of `investment` that have a row of their own, whether they differ or not."""


@dataclass(frozen=True)
class Measure:
    """One row: its key, section, label and unit, and what it is of a plan.

    `unit` is ``people``, ``money``, ``price``, ``number``, ``fraction``, ``least`` (a fraction too), ``ratio``,
    ``index``, ``kWh``, ``kg`` or ``words``; None of a plan = not known, or not asked.
    """

    key: str
    section: str
    label: str
    unit: str
    of: Callable[[Plan], Any]


def measure_rows(plans: Sequence[Plan]) -> list[dict[str, Any]]:
    """Every row: ``key, section, label, unit``, ``values`` (one a plan) and ``differs``.

    Parameters
    ----------
    plans : sequence of Plan
        That may stand side by side.
    """
    measures = [*_asked(), *_others(plans), *_built(plans), *_reached(plans), *_paid(plans), *_good(plans)]
    rows: list[dict[str, Any]] = []
    for measure in measures:
        values = [measure.of(plan) for plan in plans]
        row = {name: getattr(measure, name) for name in ("key", "section", "label", "unit")}
        rows.append({**row, "values": values, "differs": not all(_alike(value, values[0]) for value in values)})
    return rows


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return isclose(one, other, rel_tol=SAME)
    return one == other


def asked_of(plan: Plan) -> dict[str, Any]:
    """`investment` of the scenario, as tables."""
    return (plan.results.provenance.get("scenario") or {}).get("investment") or {}


def listed(value: Any) -> str:
    """A setting in words: lists and tables by name, nothing in them is ``none``."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {listed(part)}" for name, part in sorted(value.items())) or "none"
    if isinstance(value, list):
        return ", ".join(map(listed, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.10g}"
    return "not stated" if value is None else str(value)


def _asked() -> list[Measure]:
    """What every planner looks at first."""
    return [
        Measure("budget", ASKED, "Budget", "money", lambda plan: plan.record["budget"]),
        Measure("currency", ASKED, "Currency", "words", lambda plan: plan.record["currency"]),
        Measure("target", ASKED, "Target", "words", lambda plan: plan.results.summary["target"]),
        Measure(
            "technologies", ASKED, "Technologies", "words", lambda plan: listed(asked_of(plan).get("technologies"))
        ),
        Measure("kinds", ASKED, "May be built", "words", _kinds),
        Measure("priority", ASKED, "Priority to worst-off zones", "ratio", lambda plan: plan.record["priority"]),
        Measure("unknown", ASKED, "People of unknown service", "words", _unknown),
        Measure("floors", ASKED, "Floors", "words", _floors),
        Measure("ladder", ASKED, "Worth of a service", "words", _ladder),
        Measure("weights", ASKED, "Weights of people", "words", _weights),
    ]


def _kinds(plan: Plan) -> str:
    return ", ".join(words for key, words in BUILDS.items() if asked_of(plan).get(key)) or "nothing"


def _unknown(plan: Plan) -> str:
    return UNKNOWN.get(plan.record["unknown"], str(plan.record["unknown"]))


def _floors(plan: Plan) -> str:
    floors = asked_of(plan).get("floors") or {}
    said = [f"{name} at least {share:.0%} of the gain" for name, share in sorted((floors.get("share") or {}).items())]
    said += ["every zone gets something"] if floors.get("every_zone") else []
    return "; ".join(said) or "none"


def _ladder(plan: Plan) -> str:
    worth = plan.record["ladder"]
    ordered = [*(name for name in SERVICES if name in worth), *sorted(set(worth) - set(SERVICES))]
    return ", ".join(f"{'WiFi' if name == 'wifi' else name} {worth[name]:g}" for name in ordered)


def _weights(plan: Plan) -> str:
    wanted = asked_of(plan)
    given = {**(wanted.get("class_weights") or {}), **(wanted.get("group_weights") or {})}
    said = [listed(given)] if given else []
    said += [f"need {wanted['need_weight']:g}"] if wanted.get("need_weight") else []
    return ", ".join(said) or "all alike"


def _others(plans: Sequence[Plan]) -> list[Measure]:
    """Every other setting that differs and may."""
    settings = [settings_of(plan.results) for plan in plans]
    told = tuple(f"investment.{name}" for name in SPOKEN_OF)
    keys = sorted({key for flat in settings for key in flat})
    shown = [
        key
        for key in keys
        if is_free(key)
        and not any(key == name or key.startswith(f"{name}.") for name in told)
        and any(flat.get(key) != settings[0].get(key) for flat in settings)
    ]
    return [
        Measure(key, ASKED, key.removeprefix("investment.").replace("_", " "), "words", _setting(key)) for key in shown
    ]


def _setting(key: str) -> Callable[[Plan], str]:
    return lambda plan: listed(settings_of(plan.results).get(key))


def _built(plans: Sequence[Plan]) -> list[Measure]:
    kinds = [kind for kind in KINDS if any(plan.record["by_kind"].get(kind) for plan in plans)]
    kinds += sorted({kind for plan in plans for kind in plan.record["by_kind"]} - set(KINDS))
    rows = [Measure("sites", BUILT, "Sites", "number", lambda plan: plan.record["sites"])]
    rows += [
        Measure(f"sites_{kind}", BUILT, f"of them {KINDS.get(kind, kind.replace('_', ' '))}", "number", _of_kind(kind))
        for kind in kinds
    ]
    if any(plan.record["locked"] for plan in plans):
        rows.append(Measure("locked", BUILT, "of them built in any case", "number", lambda plan: plan.record["locked"]))
    return rows


def _of_kind(kind: str) -> Callable[[Plan], int]:
    return lambda plan: plan.record["by_kind"].get(kind, 0)


def _reached(plans: Sequence[Plan]) -> list[Measure]:
    target = str(plans[0].results.summary["target"])
    rows = [
        Measure("people", REACHED, "People better off", "people", lambda plan: plan.record["people"]),
        Measure("value", REACHED, "People-equivalents", "people", lambda plan: plan.record["value"]),
        Measure("rural_share", REACHED, "Rural share of the people better off", "fraction", _rural),
    ]
    rows += [
        Measure(f"{what}_{when}", REACHED, f"{label}, {when}", "people", _moved(what, when))
        for what, label in (("below", f"Below {target}"), ("wifi", "Public WiFi in reach"))
        for when in ("before", "after")
    ]
    labels = {group["group"]: group["label"] for plan in plans for group in plan.record["by_group"]}
    rows += [
        Measure(f"group_{name}", REACHED, f"Better off: {labels[name]}", "people", _group(name)) for name in labels
    ]
    return rows


def _moved(what: str, when: str) -> Callable[[Plan], float]:
    return lambda plan: plan.record["moved"][what][when]


def _group(name: str) -> Callable[[Plan], float | None]:
    def better(plan: Plan) -> float | None:
        return next((group["better"] for group in plan.record["by_group"] if group["group"] == name), None)

    return better


def _rural(plan: Plan) -> float | None:
    """Share of the people better off who live in rural classes; None where nobody is."""
    better = {row["settlement"]: row["better"] for row in plan.record["by_settlement"]}
    everybody = sum(better.values())
    return sum(better.get(code, 0.0) for code in CODES["rural"]) / everybody if everybody > 0 else None


def _paid(plans: Sequence[Plan]) -> list[Measure]:
    currency = str(plans[0].record["currency"])
    rows = [
        Measure("cost", PAID, f"Present cost ({currency})", "money", lambda plan: plan.record["cost"]),
        Measure("cost_per_person", PAID, f"{currency} for each person better off", "price", _money("cost_per_person")),
        Measure("capex", PAID, "To build it", "money", _money("capex")),
        Measure("opex_year", PAID, "To run it, a year", "money", _money("opex_year")),
        Measure("npv", PAID, "Present cost of the dated payments", "money", _money("npv")),
        Measure("annuity", PAID, "As an equal payment a year", "money", _money("annuity")),
    ]
    if any(plan.record["money"].get("subsidy") is not None for plan in plans):
        rows.append(Measure("subsidy", PAID, "Subsidy needed", "money", _money("subsidy")))
    return [
        *rows,
        Measure("kwh_year", PAID, "Electricity, kWh a year", "kWh", _money("kwh_year")),
        Measure("co2_kg_year", PAID, "CO₂ in use, kg a year", "kg", _money("co2_kg_year")),
    ]


def _money(key: str) -> Callable[[Plan], float | None]:
    return lambda plan: plan.record["money"].get(key)


def _good(plans: Sequence[Plan]) -> list[Measure]:
    """Against the best there could be, between zones, and under other assumptions."""
    rows = [
        Measure("guaranteed", GOOD, "At least this share of the best by its own aim", "least", _guaranteed),
        Measure("gini_before", EQUAL, "Gini of zones' worth of service, before", "index", _spread("before", "gini")),
        Measure("gini_after", EQUAL, "Gini, after", "index", _spread("after", "gini")),
        Measure("worst_before", EQUAL, "Worth for the worst-off fifth, before", "index", _spread("before", "worst")),
        Measure("worst_after", EQUAL, "Worth for the worst-off fifth, after", "index", _spread("after", "worst")),
    ]
    held = (
        ("people_low", "Fewest people better off", "people"),
        ("people_high", "Most people better off", "people"),
        ("sure", "Sites nearly always built", "number"),
        ("doubtful", "Sites built in fewer than half", "number"),
    )
    if any(plan.record["robust"] for plan in plans):
        rows += [Measure(f"robust_{key}", HOLDS, label, unit, _robust(key)) for key, label, unit in held]
    return rows


def _guaranteed(plan: Plan) -> float | None:
    gap = plan.record["gap"]
    return None if gap is None else 1.0 - gap


def _spread(when: str, key: str) -> Callable[[Plan], float | None]:
    return lambda plan: plan.record["spread"][when][key]


def _robust(key: str) -> Callable[[Plan], float | None]:
    def held(plan: Plan) -> float | None:
        found: Mapping[str, Any] | None = plan.record["robust"]
        return None if found is None else found[key]

    return held


def shown(value: Any, unit: str) -> str:
    """A value as people read it; – where there is none."""
    if value is None:
        return "–"
    if unit == "words":
        return str(value)
    if unit == "least":
        return f"{floor(value * 1000) / 1000:.1%}"  # what is promised is not rounded up
    if unit == "index":
        return f"{value:.3f}"
    return f"{value:{FORMS.get(unit, ',.0f')}}"
