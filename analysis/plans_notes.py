"""What cannot be compared between plans that may stand side by side: said, in place of being refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.compare_check import settings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from analysis.plans import Plan

WEIGHTS = ("investment.class_weights", "investment.group_weights", "investment.need_weight")
PRICES = ("costs", "investment.horizon_years", "investment.discount_rate")
LAID_OUT = ("technologies", "small_cell_radius_m", "max_candidates", "unknown", "sites", "upgrades", "small_cells")


def notes(plans: Sequence[Plan]) -> list[str]:
    """Sentences on figures that mean something else in one plan than in another; none where all mean the same.

    Parameters
    ----------
    plans : sequence of Plan
        That may stand side by side.
    """
    found = [_worth(plans), _unknown(plans), _room(plans), _aims(plans), _prices(plans), _revenue(plans)]
    return [note for note in [*found, _assumed(plans), _places(plans), _versions(plans)] if note]


def _same(plans: Sequence[Plan], of: Callable[[Plan], Any]) -> bool:
    return all(of(plan) == of(plans[0]) for plan in plans)


def _differ(plans: Sequence[Plan], *keys: str) -> list[str]:
    """Settings that are, or lie under, one of these keys and are not the same."""
    flat = [settings_of(plan.results) for plan in plans]
    return [
        key
        for key in sorted({key for settings in flat for key in settings})
        if any(key == name or key.startswith(f"{name}.") for name in keys)
        and any(settings.get(key) != flat[0].get(key) for settings in flat)
    ]


def _by(plans: Sequence[Plan], key: str) -> dict[str, Any]:
    """A setting of `investment` by letter."""
    return {plan.letter: settings_of(plan.results).get(f"investment.{key}") for plan in plans}


def _worth(plans: Sequence[Plan]) -> str:
    if not _same(plans, lambda plan: plan.record["ladder"]):
        return (
            "People-equivalents cannot be compared: services are worth other things in other plans. People can: "
            "each counts once where their service is better by that plan's own ladder. Worth and Gini follow it."
        )
    if _differ(plans, *WEIGHTS):
        return "People-equivalents cannot be compared: people weigh differently in different plans. People can."
    return ""


def _unknown(plans: Sequence[Plan]) -> str:
    rule = _by(plans, "unknown")
    if len(set(rule.values())) == 1:
        return ""
    taken = ", ".join(letter for letter, value in rule.items() if value == "as_none")
    return (
        f"In {taken} people of unknown service are taken to have none: they count as below the target, and as better "
        "off when reached. In the others they are left out."
    )


def _room(plans: Sequence[Plan]) -> str:
    said: list[str] = []
    for key, what in (("site_limit", "sites"), ("wifi_limit", "hotspots")):
        rule = _by(plans, key)
        if len(set(rule.values())) > 1:
            kept = ", ".join(letter for letter, value in rule.items() if value)
            said.append(
                f"Only in {kept} do {what} serve no more people than they have room for; elsewhere all in reach count."
            )
    return " ".join(said)


def _aims(plans: Sequence[Plan]) -> str:
    asked = _differ(plans, "investment.priority", "investment.floors", *WEIGHTS, "investment.ladder")
    if not asked:
        return ""
    return "How good a plan is at least, is by its own aim: they do not aim at the same."


def _prices(plans: Sequence[Plan]) -> str:
    keys = [key.removeprefix("investment.").replace("_", " ") for key in _differ(plans, *PRICES)]
    return f"Money is not worth the same in all plans: they differ in {', '.join(keys)}." if keys else ""


def _revenue(plans: Sequence[Plan]) -> str:
    asked = _differ(plans, "investment.revenue")
    given = [plan for plan in plans if plan.record["money"].get("subsidy") is not None]
    return "Subsidies rest on other revenue or adoption in different plans." if asked and given else ""


def _assumed(plans: Sequence[Plan]) -> str:
    held = [plan.record["robust"] for plan in plans]
    if not any(held):
        return ""
    alike = all(found and found["footprints"] == held[0]["footprints"] for found in held) if held[0] else False
    if alike and not _differ(plans, "investment.robustness"):
        return ""
    return "How plans hold was asked under different assumptions, or not of all of them."


def _places(plans: Sequence[Plan]) -> str:
    if not _differ(plans, *(f"investment.{key}" for key in LAID_OUT)):
        return ""
    return (
        "Not every site could stand in every plan: what may be built, or where new places are laid out, differs. "
        "A site is the same only where its id and technology are."
    )


def _versions(plans: Sequence[Plan]) -> str:
    versions = sorted({str(plan.results.provenance.get("gapmap")) for plan in plans})
    return f"Made by different versions of gapmap: {', '.join(versions)}." if len(versions) > 1 else ""
