"""Tables of plans side by side: measures, zones, and the sites that they share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.compare_tables import OUTSIDE, ROUNDING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.plans import Plan

OF_ZONE = ("better", "below_after", "sites", "cost")
OF_SITE = ("step", "people", "cost")
SITE = ["candidate_id", "technology"]
"""What makes two sites the same: a proposal may be built with another technology in another plan."""


def measure_table(rows: Sequence[dict[str, Any]], plans: Sequence[Plan]) -> pd.DataFrame:
    """`plans.csv`: ``section, key, measure, unit, differs``, and a column for each plan, ``A: its name``."""
    return pd.DataFrame(
        [
            {
                "section": row["section"],
                "key": row["key"],
                "measure": row["label"],
                "unit": row["unit"],
                "differs": row["differs"],
                **dict(zip((plan.head for plan in plans), row["values"], strict=True)),
            }
            for row in rows
        ]
    )


def zone_table(plans: Sequence[Plan]) -> pd.DataFrame:
    """`plans_zones.csv`: people better off, below the target after, sites and money of every zone in each plan.

    Returns
    -------
    DataFrame
        ``zone_id, zone_name, people, spread`` (most less fewest people better off), then ``better_A, below_after_A,
        sites_A, cost_A`` for each letter; most spread first, people outside every zone last with an empty id, so that
        the rows sum to the plan.
    """
    first = plans[0].results
    named = first.zones.reset_index(drop=True)
    table = pd.DataFrame({"zone_id": named["zone_id"].astype(str), "zone_name": named["zone_name"].astype(str)})
    table["people"] = first.tables["plan_zones"]["people"].to_numpy(np.float64)
    for plan in plans:
        rows = plan.results.tables["plan_zones"]
        for name in OF_ZONE:
            table[f"{name}_{plan.letter}"] = rows[name].to_numpy(np.float64)
    outside = pd.DataFrame([{"zone_id": "", "zone_name": OUTSIDE, **_outside(plans, table)}])
    table = table.sort_values("zone_id", kind="stable")
    table = pd.concat([_spread(table, plans).sort_values("spread", ascending=False, kind="stable"), outside])
    table = _spread(table, plans).astype({f"sites_{plan.letter}": np.int64 for plan in plans})
    front = ["zone_id", "zone_name", "people", "spread"]
    return table[[*front, *(name for name in table.columns if name not in front)]].reset_index(drop=True)


def _spread(table: pd.DataFrame, plans: Sequence[Plan]) -> pd.DataFrame:
    better = table[[f"better_{plan.letter}" for plan in plans]]
    return table.assign(spread=better.max(axis=1) - better.min(axis=1))


def _outside(plans: Sequence[Plan], table: pd.DataFrame) -> dict[str, float]:
    """What is left of each plan beside its zones."""
    whole = {"people": plans[0].record["moved"]["people"]}
    for plan in plans:
        record, moved = plan.record, plan.record["moved"]
        totals = (moved["better"], moved["below"]["after"], record["sites"], record["cost"])
        whole |= {f"{name}_{plan.letter}": total for name, total in zip(OF_ZONE, totals, strict=True)}
    left = {name: float(total - table[name].sum()) for name, total in whole.items()}
    return {name: 0.0 if abs(value) <= max(ROUNDING, 1e-9 * whole[name]) else value for name, value in left.items()}


def site_table(plans: Sequence[Plan]) -> pd.DataFrame:
    """`plans_sites.csv`: every site that the budget of some plan builds, and where it stands in each.

    Returns
    -------
    DataFrame
        ``candidate_id, kind, technology, name, lon, lat, in_plans, plans`` (letters), then ``step_A, people_A, cost_A``
        for each letter, NaN where that plan does not build it. In most plans first, then by the earliest step.
    """
    shared = ["kind", "name", "lon", "lat"]
    parts: list[pd.DataFrame] = []
    for plan in plans:
        steps = plan.results.plan
        built = steps[steps["within_budget"].astype(bool)].set_index(SITE)
        parts.append(built[[*shared, *OF_SITE]])
    known = pd.concat([part[shared] for part in parts])
    table = known[~known.index.duplicated()]
    for plan, part in zip(plans, parts, strict=True):
        table = table.join(part[list(OF_SITE)].astype(np.float64).add_suffix(f"_{plan.letter}"))
    steps = table[[f"step_{plan.letter}" for plan in plans]]
    letters = np.array([plan.letter for plan in plans], dtype=object)
    table["in_plans"] = steps.notna().sum(axis=1).astype(np.int64)
    inside = ["".join(letters[row]) for row in steps.notna().to_numpy()]
    table["plans"] = pd.Series(inside, index=table.index, dtype=object)
    table["first"] = steps.min(axis=1)
    table = table.reset_index().sort_values(
        ["in_plans", "first", *SITE], ascending=[False, True, True, True], kind="stable", ignore_index=True
    )
    table["name"] = table["name"].fillna("").astype(str)
    table = table.astype({f"step_{letter}": "Int64" for letter in letters})
    front = ["candidate_id", "kind", "technology", "name", "lon", "lat", "in_plans", "plans"]
    return table[[*front, *(f"{name}_{letter}" for letter in letters for name in OF_SITE)]]
