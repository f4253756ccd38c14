"""Who pays and when: flows by year, phasing, sources of money, what revenue brings back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.costs import npv, together
from analysis.finance import (
    annuity,
    break_even_arpu,
    break_even_year,
    cost_per_person,
    financing_table,
    phase,
    subsidy,
    yearly_spend,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.costs import CostParts
    from analysis.investment import Investment


def build_years(cost: NDArray[np.float64], wanted: Investment) -> NDArray[np.int64]:
    """Year in which each step is built: 0 without a yearly budget, −1 where the years' money does not reach it."""
    if not wanted.yearly_budget:
        return np.zeros(cost.size, dtype=np.int64)
    return phase(cost, yearly_budget=wanted.yearly_budget)


def money_table(spent: tuple[CostParts, ...], years: NDArray[np.int64], wanted: Investment) -> pd.DataFrame:
    """Money by year: `plan_money.csv`.

    Parameters
    ----------
    spent : tuple of CostParts (steps,)
    years : int64 array (steps,)
        See `build_years`; steps of year −1 are left out.
    wanted : Investment

    Returns
    -------
    DataFrame
        ``year``; ``capex, replacement, opex, salvage, net``: what is paid in that year, undiscounted; ``committed``:
        present cost, as of their own year, of what is built in it; then a column for each source of money, in shares of
        that. All in the plan's currency.
    """
    built = [parts.shifted(int(year)) for parts, year in zip(spent, years, strict=True) if year >= 0]
    length = max((parts.last_year for parts in built), default=0) + 1
    cost = np.array([parts.total for parts in spent], dtype=np.float64)
    commit = yearly_spend(cost, years, years=length)
    table = pd.DataFrame({"year": np.arange(length)})
    flows = together(built).flows() if built else None
    for name in ("capex", "replacement", "opex", "salvage", "net"):
        paid = np.zeros(length)
        if flows is not None:
            values = getattr(flows, name)
            paid[: values.size] = values
        table[name] = paid
    table["committed"] = commit
    if wanted.financing:
        phases = max(len(wanted.yearly_budget), 1)
        split = financing_table(
            wanted.financing, spend=commit[:phases] if length >= phases else np.pad(commit, (0, phases - length))
        )
        for name in split.columns:
            table[f"source_{name}"] = split[name].reindex(range(length)).fillna(0.0).to_numpy()
    return table


def money_record(
    spent: tuple[CostParts, ...],
    years: NDArray[np.int64],
    *,
    wanted: Investment,
    people: float,
    users: float,
    mobile: NDArray[np.bool_],
) -> dict[str, Any]:
    """What that part of the plan costs which the years' money builds, who would pay it back, and what others must pay.

    Parameters
    ----------
    spent, years
        See `money_table`.
    wanted : Investment
    people : float
        Persons better off by what is built.
    users : float
        Persons whom that brings to the target by mobile; a share of them subscribes.
    mobile : bool array (steps,)
        Steps that operators earn with; public WiFi is free.
    """
    unbuilt = int((years < 0).sum())
    spent = tuple(parts for parts, year in zip(spent, years, strict=True) if year >= 0)
    mobile, years = mobile[years >= 0], years[years >= 0]
    cost = np.array([parts.total for parts in spent], dtype=np.float64)
    built = [parts.shifted(int(year)) for parts, year in zip(spent, years, strict=True)]
    total, of_mobile = float(cost.sum()), float(cost[mobile].sum())
    frame: dict[str, Any] = {"rate": wanted.discount_rate, "years": wanted.horizon_years}
    revenue = wanted.revenue
    record: dict[str, Any] = {
        "capex": float(sum(parts.capex for parts in spent)),
        "opex_year": float(sum(parts.opex_year for parts in spent)),
        "npv": npv(together(built).flows(), wanted.discount_rate) if built else 0.0,
        "annuity": annuity(total, **frame),
        "cost_per_person": cost_per_person(total, persons=people),
        "kwh_year": float(sum(parts.kwh_year for parts in spent)),
        "co2_kg_year": float(sum(parts.co2_kg_year for parts in spent)),
        "users": users,
        "arpu_month": revenue.arpu_month,
        "adoption": revenue.adoption,
        "subsidy": None,
        "break_even_year": None,
        "break_even_arpu": break_even_arpu(of_mobile, users=users, adoption=revenue.adoption, **frame),
        "unbuilt": unbuilt,
    }
    if revenue.arpu_month is not None:
        earned: dict[str, Any] = {
            "users": users,
            "arpu_month": revenue.arpu_month,
            "adoption": revenue.adoption,
            **frame,
        }
        record["subsidy"] = subsidy(of_mobile, **earned) + float(cost[~mobile].sum())
        record["break_even_year"] = break_even_year(of_mobile, **earned)
    return record
