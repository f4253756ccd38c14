"""From the gap to a plan: candidates in the region, the people they could help, and the build order with its bound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from analysis.candidates import Cells, best_cell_candidates, merge, site_candidates, wifi_candidates
from analysis.costs import cost_table, site_cost, wifi_cost
from analysis.invest import cut, make_problem, sequence
from analysis.tables import main_zone
from analysis.walk_reach import walk_reach
from data.hosts import served_hosts
from data.region import lonlat

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.access import Access
    from analysis.candidates import Candidates, Reach
    from analysis.costs import CostTable
    from analysis.fragments import Fragments
    from analysis.invest import Sequence
    from analysis.ledger import Ledger
    from analysis.on_foot import OnFoot
    from analysis.propagation import Propagation
    from analysis.scenario import Scenario
    from data.region import Region

BEYOND = 4.0
"""The build order goes on to this many budgets, so that a slider can look past the plan."""

APART_M = 100.0
"""A host this near to open public WiFi needs none. [rule]"""

NAMESAKE_APART_M = 500.0
"""Nor does one this near to open public WiFi of its own name: lists place one building differently. [rule]"""

COLUMNS = (
    "step",
    "candidate_id",
    "kind",
    "name",
    "zone_id",
    "x",
    "y",
    "lon",
    "lat",
    "cost",
    "cumulative_cost",
    "value",
    "people",
    "cumulative_people",
    "within_budget",
)


def make_plan(
    region: Region,
    fragments: Fragments,
    ledger: Ledger,
    *,
    scenario: Scenario,
    settlement: NDArray[np.int16],
    model: Propagation,
    access: Access,
    foot: OnFoot,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Choose what to build for the people below the target.

    Only people *known* to be below the target count; those for whom it is unknown give no candidate its value.

    Parameters
    ----------
    region, fragments, ledger
        From the same run.
    scenario : Scenario
        Budget, kinds of candidates, costs.
    settlement : int16 array (ny, nx)
        Level 2 codes.
    model : Propagation
        How far new sites serve: as existing ones do, but for terrain.
    access : Access
        Who has public WiFi in reach already.
    foot : OnFoot
        How people walk to new public WiFi.

    Returns
    -------
    table : DataFrame
        Build order with the columns `COLUMNS`, on to `BEYOND` budgets.
    record : dict
        `summary.json`'s ``plan``.
    """
    wanted = scenario.investment
    people = fragments.by_cell(ledger.below(scenario.target) * fragments.persons)
    prices = cost_table(
        scenario.costs,
        currency=wanted.currency,
        horizon_years=wanted.horizon_years,
        discount_rate=wanted.discount_rate,
    )
    within = access.within[scenario.walking.reach_min]
    has_wifi = _fraction(
        fragments.by_cell(within * fragments.persons), fragments.by_cell(access.known * fragments.persons)
    )
    around = model.around.ravel()[fragments.cells]
    cells = Cells(region.grid, fragments.cells, people, main_zone(region, fragments).astype(str), around)
    codes = settlement.ravel()[fragments.cells]
    offered = merge(
        *_wifi(
            region,
            cells,
            beyond=people * (1 - has_wifi),
            scenario=scenario,
            prices=prices,
            foot=foot,
            reach=walk_reach(region, fragments, foot, walking=scenario.walking),
        ),
        *_sites(cells, codes=codes, scenario=scenario, prices=prices, model=model),
    )
    problem = make_problem(
        people,
        indptr=offered.indptr,
        rows=offered.rows,
        fraction=offered.fraction,
        cost=offered.cost,
        value=np.where(offered.kind == "wifi", wanted.wifi_value, 1.0),
        base_value=wanted.wifi_value,
        base_fraction=has_wifi,
    )
    order = sequence(problem, budget=wanted.budget, max_budget=wanted.budget * BEYOND)
    table = _table(region, offered, order)
    return table, _record(table, scenario=scenario, bound=cut(order, wanted.budget).bound, candidates=offered.cost.size)


def _table(region: Region, offered: Candidates, order: Sequence) -> pd.DataFrame:
    """Build order as `plan.csv` shows it."""
    plan = order.plan
    lon, lat = lonlat(region.grid, offered.x[plan.chosen], offered.y[plan.chosen])
    steps = plan.chosen.size
    return pd.DataFrame(
        {
            "step": np.arange(1, steps + 1),
            "candidate_id": offered.candidate_id[plan.chosen],
            "kind": offered.kind[plan.chosen],
            "name": offered.name[plan.chosen],
            "zone_id": _zone_at(region, offered.x[plan.chosen], offered.y[plan.chosen], offered.zone_id[plan.chosen]),
            "x": offered.x[plan.chosen],
            "y": offered.y[plan.chosen],
            "lon": np.round(lon, 6),
            "lat": np.round(lat, 6),
            "cost": plan.cost,
            "cumulative_cost": plan.cost_so_far,
            "value": plan.gain,
            "people": plan.persons,
            "cumulative_people": np.cumsum(plan.persons),
            "within_budget": np.arange(steps) < order.within,
        },
        columns=list(COLUMNS),
    )


def _wifi(
    region: Region,
    cells: Cells,
    *,
    beyond: NDArray[np.float64],
    scenario: Scenario,
    prices: CostTable,
    foot: OnFoot,
    reach: Reach,
) -> list[Candidates]:
    """WiFi at the hosts given, indoors; without a list outdoors on the streets of the cells with most people."""
    wanted = scenario.investment
    if not wanted.wifi:
        return []
    points, most = wanted.wifi_access_points, wanted.max_candidates
    if region.hosts is None:
        return [
            best_cell_candidates(
                cells,
                reach_m=scenario.walking.reach_min * foot.metres_per_min,
                reach=reach,
                place=foot.to_street,
                cost=wifi_cost(points, indoor=False, table=prices).total,
                beyond=beyond,
                max_candidates=most,
            )
        ]
    served = served_hosts(
        region.hosts, region.wifi, crs=region.grid.crs, apart_m=APART_M, name_apart_m=NAMESAKE_APART_M
    )
    cost = wifi_cost(points, indoor=True, table=prices).total
    return [wifi_candidates(region.hosts, cells=cells, reach=reach, cost=cost, served=served, max_candidates=most)]


def _sites(
    cells: Cells, *, codes: NDArray[np.int16], scenario: Scenario, prices: CostTable, model: Propagation
) -> list[Candidates]:
    """New sites at unserved clusters, their reach by the footprint variant of the run."""
    wanted = scenario.investment
    if not wanted.sites or cells.around is None:
        return []
    cost = {int(code): site_cost(int(code), wanted.technology, table=prices).total for code in np.unique(codes)}
    return [
        site_candidates(
            cells,
            radius_m=model.reach.metres[scenario.footprint, wanted.technology][cells.around],
            cost=np.array([cost[int(code)] for code in codes]),
            max_candidates=wanted.max_candidates,
        )
    ]


def _zone_at(region: Region, x: NDArray[Any], y: NDArray[Any], otherwise: NDArray[Any]) -> NDArray[Any]:
    """Id of the zone that holds each point, the lowest where two do; `otherwise` outside every zone."""
    point, zone = region.zones.sindex.query(shapely.points(x, y), predicate="intersects")
    found = otherwise.astype(object)
    order = np.lexsort((-zone, point))
    found[point[order]] = region.zones["zone_id"].astype(str).to_numpy(dtype=object)[zone[order]]
    return found


def _record(table: pd.DataFrame, *, scenario: Scenario, bound: float, candidates: int) -> dict[str, Any]:
    chosen = table[table["within_budget"]]
    value = float(chosen["value"].sum())
    return {
        "budget": scenario.investment.budget,
        "currency": scenario.investment.currency,
        "cost": float(chosen["cost"].sum()),
        "sites": len(chosen),
        "people": float(chosen["people"].sum()),
        "value": value,
        "bound": max(bound, value),
        "gap": (max(bound, value) - value) / bound if bound > 0 else None,
        "candidates": candidates,
        "by_kind": {str(kind): len(part) for kind, part in chosen.groupby("kind")},
    }


def _fraction(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, np.clip(part / whole, 0, 1), 0.0)
