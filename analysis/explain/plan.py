"""What the plan does for a zone: who is better off, what it builds, the cheapest way there, how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.explain.place import Section, section
from analysis.explain.words import candidate_words, option_words
from analysis.finance import floored
from analysis.language import marked

if TYPE_CHECKING:
    from analysis.explain.place import Place

SAID = 0.5
"""Fewer people than this are not spoken of."""


def planned(place: Place) -> list[Section]:
    """The plan's section of a zone."""
    lines = [*_better(place), *_built(place), *_cheapest(place), *_least(place)]
    return section(place.speak.say("What the plan does here"), lines)


def _row(place: Place, table: str) -> pd.DataFrame:
    """Rows of a table of the plan that speak of the zone; none where the run has no such table."""
    found = place.results.tables.get(table)
    if found is None:
        return pd.DataFrame()
    return found[found["zone_id"].astype(str) == str(place.row["zone_id"])]


def _better(place: Place) -> list[str]:
    """People better off here, and those of whom the plan cannot say anything."""
    say, speak, rows = place.speak.say, place.speak, _row(place, "plan_zones")
    if rows.empty:
        return []
    row = rows.iloc[0]
    told = {name: speak.number(float(row[name]), 1) for name in ("better", "below_before", "below_after", "unknown")}
    lines = [
        say(
            "{better} people here are better off; below {target}: {below_before} before, {below_after} after.",
            target=place.target,
            **told,
        )
    ]
    if row["unknown"] >= SAID and place.summary["plan"].get("unknown") != "as_none":
        lines.append(say("The service of {unknown} people here is not known: the plan leaves them out.", **told))
    return lines


def _built(place: Place) -> list[str]:
    """What is built here, with the people who gain wherever they live."""
    say, speak = place.speak.say, place.speak
    plan, record = place.results.plan, place.summary["plan"]
    sites = plan[(plan["zone_id"].astype(str) == str(place.row["zone_id"])) & plan["within_budget"]]
    currency = str(record["currency"])
    if sites.empty:
        budget = speak.number(record["budget"])
        return [say("The plan builds nothing here within {budget} {currency}.", budget=budget, currency=currency)]
    told = {"cost": speak.number(sites["cost"].sum()), "people": speak.number(sites["people"].sum(), 1)}
    head = speak.say_many(
        "The plan builds {count} site here, for {cost} {currency}; {people} people gain by it:",
        "The plan builds {count} sites here, for {cost} {currency}; {people} people gain by them:",
        len(sites),
        currency=currency,
        **told,
    )
    return [head, *(line for site in sites.to_dict("records") for line in _step(place, site))]


def _step(place: Place, site: dict[Any, Any]) -> list[str]:
    say, speak = place.speak.say, place.speak
    lines = [
        "- "
        + say(
            "step {step}, {what}: {people} people for {cost}",
            step=int(site["step"]),
            what=candidate_words(str(site["name"]), str(site["kind"]), str(site.get("technology", "")), speak),
            people=speak.number(site["people"], 1),
            cost=speak.number(site["cost"]),
        )
    ]
    share, lost = (float(site.get(name, np.nan)) for name in ("chosen_share", "people_if_it_fails"))
    if np.isfinite(share):
        text = say("built in {share} of the plans made again under other assumptions", share=speak.percent(share))
        lines.append(f"  {text}")
    if np.isfinite(lost):
        text = say(
            "if it alone failed, {people} people would have again what they had before", people=speak.number(lost, 1)
        )
        lines.append(f"  {text}")
    return lines


def _cheapest(place: Place) -> list[str]:
    """The way that brings most for the money here, and the runner-up."""
    say, speak, rows = place.speak.say, place.speak, _row(place, "plan_options")
    if rows.empty:
        return []
    currency, lines = str(place.summary["plan"]["currency"]), list[str]()
    texts = (
        (1, marked("Most for the money here: {what}, {cost} {currency} for each person's worth of service.")),
        (2, marked("Runner-up: {what}, {cost} {currency}.")),
    )
    for rank, text in texts:
        found = rows[rows["rank"] == rank]
        if not found.empty:
            cost = speak.number(float(found["cost_per_value"].iloc[0]), 2)
            what = option_words(str(found["option"].iloc[0]), speak)
            lines.append(say(text, what=what, cost=cost, currency=currency))
    return lines


def _least(place: Place) -> list[str]:
    """How good the plan is at least."""
    gap = place.summary["plan"].get("gap")
    if gap is None:
        return []
    share = place.speak.percent(floored(1 - float(gap), 3))
    return [
        place.speak.say(
            "In the whole region it reaches at least {share} of what any plan of that budget over the same candidates "
            "could.",
            share=share,
        )
    ]
