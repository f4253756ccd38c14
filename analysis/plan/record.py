"""What a run says of its plan: `summary.json`'s ``plan``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.ledger import STATES
from analysis.plan.after import by_state, states_after
from analysis.plan.zones import spread_of

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from analysis.invest import Sequence
    from analysis.plan.after import After
    from analysis.plan.robust import Robust
    from analysis.portfolio import Ground, Portfolio

CURVE = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
"""Budgets of the curve, as multiples of the scenario's."""


def plan_record(
    ground: Ground, portfolio: Portfolio, line: Sequence, then: After, *, table: pd.DataFrame
) -> dict[str, Any]:
    """What the budget buys, how good that is at least, and whom it moves."""
    wanted, base = ground.scenario.investment, line.base
    chosen = table[table["within_budget"]]
    gain, bound = float(chosen["gain"].sum()), base.bound
    bound = max(bound, gain)
    kinds = portfolio.posts.groupby("kind").size()
    return {
        "budget": wanted.budget,
        "currency": wanted.currency,
        "cost": float(chosen["cost"].sum()),
        "sites": len(chosen),
        "people": float(chosen["people"].sum()),
        "value": float(chosen["value"].sum()),
        "gain": gain,
        "bound": bound,
        "gap": (bound - gain) / bound if bound > 0 else None,
        "method": base.method,
        "priority": wanted.priority,
        "unknown": wanted.unknown,
        "ladder": wanted.worth(ground.scenario.target),
        "candidates": portfolio.size,
        "candidates_by_kind": {str(kind): int(count) for kind, count in kinds.items()},
        "dropped": portfolio.dropped,
        "by_kind": {str(kind): len(part) for kind, part in chosen.groupby("kind")},
        "locked": int(chosen["locked"].sum()),
        "room": {
            "mobile": int((chosen["kind"] != "wifi").sum()),
            "over": int(
                ((chosen["kind"] != "wifi") & (chosen["people"] > chosen["capacity_people"] * (1 + 1e-9))).sum()
            ),
            "limited": wanted.site_limit,
        },
        "curve": curve(line),
        **moved(ground, portfolio, then),
    }


def curve(line: Sequence) -> list[dict[str, float]]:
    """People, value and bound of the build order for several budgets."""
    whole = line.plan
    budgets = np.array([share * line.budget for share in CURVE if share * line.budget <= whole.budget])
    steps = np.searchsorted(whole.cost_so_far, budgets, side="right")
    bound = whole.bound_at(budgets) if budgets.size else budgets
    totals = {
        "people": np.append(0.0, np.cumsum(whole.persons))[steps],
        "value": np.append(0.0, np.cumsum(whole.equivalents))[steps],
        "gain": np.append(0.0, np.cumsum(whole.gain))[steps],
    }
    return [
        {"budget": float(money), **{name: float(of[at]) for name, of in totals.items()}, "bound": float(bound[at])}
        for at, money in enumerate(budgets)
    ]


def moved(ground: Ground, portfolio: Portfolio, then: After) -> dict[str, Any]:
    """Before and after: states of service, public WiFi, inequality; by settlement class and by group."""
    fragments, places = ground.fragments, portfolio.places
    states = states_after(ground, portfolio, then)
    wifi = {
        "before": np.bincount(places.fragment, weights=places.persons * places.has_wifi, minlength=fragments.size),
        "after": np.bincount(places.fragment, weights=places.persons * then.has_wifi, minlength=fragments.size),
    }
    better = np.bincount(places.fragment, weights=places.persons * then.better, minlength=fragments.size)
    people = fragments.by_zone(fragments.persons)
    below = {
        "before": ground.missing[ground.scenario.target] * fragments.persons,
        "after": np.bincount(
            places.fragment, weights=places.persons * then.lacks[ground.scenario.target], minlength=fragments.size
        ),
    }

    def part(share: NDArray[np.float64]) -> dict[str, Any]:
        return {
            "people": float(fragments.persons @ share),
            "better": float(better @ share),
            "below": {name: float(values @ share) for name, values in below.items()},
            "wifi": {name: float(values @ share) for name, values in wifi.items()},
            "service": {
                "before": by_state({name: ground.ledger.states[name] for name in STATES}, share),
                "after": by_state(states, share),
            },
        }

    codes = ground.settlement.ravel()[fragments.cell_id]
    shares = np.divide
    return {
        "moved": part(np.ones(fragments.size)),
        "by_settlement": [
            {"settlement": int(code), **part((codes == code).astype(np.float64))} for code in np.unique(codes)[::-1]
        ],
        "by_group": [
            {
                "group": group.shares.name,
                "label": group.shares.label,
                **part(
                    shares(group.members, fragments.persons, out=np.zeros(fragments.size), where=fragments.persons > 0)
                ),
            }
            for group in ground.groups
        ],
        "spread": {
            "before": spread_of(portfolio, portfolio.start, people=people),
            "after": spread_of(portfolio, then.reached, people=people),
        },
    }


def robust_record(found: Robust | None, chosen: NDArray[np.int64]) -> dict[str, Any] | None:
    """How the plan holds; None where it was not asked."""
    if found is None:
        return None
    shares = found.chosen[chosen]
    return {
        "plans": found.plans,
        "footprints": list(found.footprints),
        "sure": int((shares >= 0.9).sum()),
        "doubtful": int((shares < 0.5).sum()),
        "people_low": float(found.people.min()),
        "people_high": float(found.people.max()),
        "own_low": float(found.own.min()),
        "own_high": float(found.own.max()),
    }
