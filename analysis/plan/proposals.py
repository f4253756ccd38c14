"""What became of every proposal: built, beyond the budget, weighed in vain, or left out and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from data.coverage import TECHNOLOGIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from data.region import Region

PROPOSAL_COLUMNS = ("candidate_id", "kind", "technology", "name", "votes", "step", "people", "cost", "fate")
"""Of `plan_proposals.csv`."""


def proposal_table(
    region: Region, posts: pd.DataFrame, *, table: pd.DataFrame, fates: Mapping[str, str]
) -> pd.DataFrame:
    """A row for every candidate that proposals made, most votes first, ties by id.

    Parameters
    ----------
    region : Region
    posts : DataFrame
        Candidates weighed.
    table : DataFrame
        Build order, see `analysis.plan.tables.order_table`.
    fates : mapping of candidate id to reason
        Why others are not among the candidates.

    Returns
    -------
    DataFrame
        `PROPOSAL_COLUMNS`; ``step``, ``people`` and ``cost`` of those in the build order, else NaN.
    """
    given = region.proposals
    if given is None or not len(given):
        return pd.DataFrame(columns=list(PROPOSAL_COLUMNS))
    weighed = set(posts["candidate_id"][posts["origin"] == "proposals"])
    order = table.set_index("candidate_id")
    rows: list[dict[str, Any]] = []
    for row in given.to_dict("records"):
        base = f"proposal-{row['id']}"
        may_be = {base, *(f"{base}-{name.lower()}" for name in TECHNOLOGIES)}
        names = sorted(may_be & (weighed | fates.keys())) or [base]
        rows += [{"candidate_id": name, **_row(row, name), **_fate(name, order, weighed, fates)} for name in names]
    found = pd.DataFrame(rows, columns=list(PROPOSAL_COLUMNS))
    return found.sort_values(["votes", "candidate_id"], ascending=[False, True], kind="stable", ignore_index=True)


def _row(row: Mapping[Any, Any], name: str) -> dict[str, Any]:
    technology = str(row["technology"]) or (name[-2:].upper() if name[-3:-2] == "-" and name[-1] == "g" else "")
    return {"kind": row["kind"], "technology": technology, "name": row["name"], "votes": row["votes"]}


def _fate(name: str, order: pd.DataFrame, weighed: set[str], fates: Mapping[str, str]) -> dict[str, Any]:
    if name in order.index:
        step: dict[Any, Any] = order.loc[name].to_dict()
        fate = "built" if bool(step["within_budget"]) else "beyond the budget"
        return {**{key: step[key] for key in ("step", "people", "cost")}, "fate": fate}
    if name in weighed:
        return {"fate": "weighed, others bring more for the money"}
    return {"fate": fates.get(name, "not weighed")}
