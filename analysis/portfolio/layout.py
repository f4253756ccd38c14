"""What could be built, and where: posts of every kind, without those that may not stand; of each kind the best."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.access import open_points
from analysis.capacity import busy_hour_mbps
from analysis.exclusions import barred
from analysis.portfolio.ladder import lacking
from analysis.portfolio.places import Doorsteps, Local, doorsteps
from analysis.portfolio.posts import (
    Dropped,
    Need,
    host_posts,
    mast_posts,
    proposal_posts,
    reached_cells,
    site_posts,
    small_cell_posts,
    street_posts,
    upgrade_posts,
)
from data.coverage import RADIUS_CLASSES
from data.settings import suggestion
from geo.errors import Fault, ScenarioError, SchemaError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.access import Access
    from analysis.fragments import Fragments
    from analysis.groups import Group
    from analysis.ledger import Ledger
    from analysis.on_foot import OnFoot
    from analysis.propagation import Propagation
    from analysis.scenario import Scenario
    from data.region import Region

LOCAL = ("wifi", "small_cell")
"""Kinds whose reach is counted by homes; the others reach shares of cells."""

MOST_SMALL_CELLS = 500
"""Small cells that are weighed at most: each is a point on a street and serves few. [rule]"""

Triples = tuple["NDArray[np.int64]", "NDArray[np.int64]", "NDArray[np.float64]"]
"""Candidate, row and fraction of the row's people, for each pair in reach; sorted by both."""


@dataclass(frozen=True, eq=False)
class Ground:
    """What a portfolio stands on; everything from the same run.

    Attributes
    ----------
    region, fragments, ledger, access, foot, model
        See `analysis.compute`.
    settlement : int16 array (ny, nx)
        Level 2 codes.
    scenario : Scenario
    variant : str
        Footprint of new sites, and of the ledger.
    groups : tuple of Group
        Groups of the region's people.
    """

    region: Region
    fragments: Fragments
    ledger: Ledger
    access: Access
    foot: OnFoot
    model: Propagation
    settlement: NDArray[np.int16]
    scenario: Scenario
    variant: str
    groups: tuple[Group, ...] = ()

    @property
    def missing(self) -> dict[str, NDArray[np.float64]]:
        """Fraction of each fragment's people taken to lack at least each technology."""
        as_none = self.scenario.investment.unknown == "as_none"
        return lacking(self.ledger, target=self.scenario.target, as_none=as_none)


@dataclass(frozen=True, eq=False)
class Layout:
    """Candidates before it is known whom each lifts.

    Attributes
    ----------
    posts : DataFrame
        One row a candidate, ascending ``candidate_id``; the columns of `analysis.portfolio.posts.COLUMNS` and
        ``settlement`` (level 2 code), ``capacity_people`` (persons it has room for; inf = not dimensioned).
    steps : Doorsteps
        Homes that the local candidates reach; its `owner` is a row of `posts`.
    macro : tuple of arrays
        Candidate, row of `Fragments.cells` and fraction of its people, for the others.
    variant : str
        Footprint that `macro` is of.
    dropped : dict of reason to int
        Why possible candidates are not among these.
    fates : dict of candidate id to reason
        The same of each that has an id.
    """

    posts: pd.DataFrame
    steps: Doorsteps
    macro: Triples
    variant: str
    dropped: dict[str, int]
    fates: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def local(self) -> NDArray[np.bool_]:
        """Which candidates are counted by homes."""
        return self.posts["kind"].isin(LOCAL).to_numpy()


def lay_out(ground: Ground) -> Layout:
    """Lay out every candidate that a scenario allows.

    Raises
    ------
    ScenarioError
        A lock that names no candidate, one both in and out, one where nothing may be built.
    SchemaError
        Two candidates of one id.
    """
    need, dropped = _need(ground), Dropped()
    posts = _allowed(ground, _posts(ground, need, dropped), dropped)
    cell = ground.region.grid.locate(posts["x"].to_numpy(np.float64), posts["y"].to_numpy(np.float64))
    codes = ground.settlement.ravel()
    posts["settlement"] = np.where(cell >= 0, codes[np.maximum(cell, 0)], 0).astype(np.int64)
    posts["capacity_people"] = _capacity(ground, posts)
    macro = macro_reach(ground, posts, variant=ground.variant)
    steps = _doorsteps(ground, posts)
    keep = _kept(ground, posts, _scores(ground, need, posts, steps, macro), dropped)
    return _of(posts, steps, macro, keep=keep, variant=ground.variant, dropped=dropped)


def macro_reach(ground: Ground, posts: pd.DataFrame, *, variant: str) -> Triples:
    """Cells that candidates counted by area reach under a footprint, all people of the cells."""
    area = np.flatnonzero(~posts["kind"].isin(LOCAL).to_numpy())
    table = posts.iloc[area]
    radius = ground.model.radii(table, variant=variant) if area.size else np.empty((0, len(RADIUS_CLASSES)))
    x, y = (table[axis].to_numpy(np.float64) for axis in ("x", "y"))
    index, cell, fraction = reached_cells(x, y, radius, need=_need(ground), region=ground.region)
    return area[index], cell, fraction


def _need(ground: Ground) -> Need:
    """People below the target by cell, and those of them without public WiFi in reach."""
    fragments, scenario = ground.fragments, ground.scenario
    persons = ground.missing[scenario.target] * fragments.persons
    without = 1.0 - ground.access.within[scenario.walking.reach_min]
    return Need(
        fragments.cells,
        fragments.by_cell(persons),
        fragments.by_cell(persons * without),
        ground.model.around.ravel()[fragments.cells],
    )


def _posts(ground: Ground, need: Need, dropped: Dropped) -> pd.DataFrame:
    """Posts of every kind that the scenario allows."""
    region, scenario = ground.region, ground.scenario
    wanted, target = scenario.investment, scenario.target
    points, most = wanted.wifi_access_points, wanted.max_candidates
    mobile: dict[str, Any] = {"technologies": list(wanted.technologies), "target": target}
    parts = [proposal_posts(region, access_points=points, **mobile)]
    if wanted.wifi and region.hosts is not None:
        parts.append(host_posts(region, access_points=points, dropped=dropped))
    elif wanted.wifi:
        reach = scenario.walking.reach_min
        parts.append(street_posts(region, need, ground.foot, reach_min=reach, access_points=points, most=most))
    if wanted.sites:
        parts.append(site_posts(region, need, ground.model, variant=ground.variant, most=most, **mobile))
        parts.append(mast_posts(region, **mobile))
    if wanted.upgrades:
        parts.append(upgrade_posts(region, **mobile))
    if wanted.small_cells:
        radius, few = wanted.small_cell_radius_m, min(most, MOST_SMALL_CELLS)
        parts.append(small_cell_posts(region, need, ground.foot, radius_m=radius, most=few, **mobile))
    posts = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    twice = posts["candidate_id"][posts["candidate_id"].duplicated()]
    if len(twice):
        fault = Fault("candidates", f"{twice.iloc[0]} occurs twice", "give each proposal, mast and host one id", "id")
        raise SchemaError([fault])
    return posts.sort_values("candidate_id", kind="stable", ignore_index=True)


def _allowed(ground: Ground, posts: pd.DataFrame, dropped: Dropped) -> pd.DataFrame:
    """Posts that are neither locked out nor in an area where nothing of their kind may be built."""
    wanted = ground.scenario.investment
    _require_locks(posts, wanted.lock_in, wanted.lock_out)
    out = posts["candidate_id"].isin(wanted.lock_out).to_numpy()
    dropped.add("locked out", int(out.sum()), posts["candidate_id"][out])
    inside = np.zeros(len(posts), dtype=np.bool_)
    for kind in sorted(set(posts["kind"])):
        rows = np.flatnonzero((posts["kind"] == kind).to_numpy())
        x, y = (posts[axis].to_numpy(np.float64)[rows] for axis in ("x", "y"))
        inside[rows] = barred(ground.region.exclusions, x, y, "site" if kind == "mast" else kind)
    locked = posts["candidate_id"].isin(wanted.lock_in).to_numpy()
    if (inside & locked).any():
        names = ", ".join(posts["candidate_id"][inside & locked])
        raise ScenarioError("investment.lock_in", f"{names}: stands where nothing may be built; unlock it")
    barred_now = inside & ~out
    dropped.add("where nothing may be built", int(barred_now.sum()), posts["candidate_id"][barred_now])
    return posts[~out & ~inside].reset_index(drop=True)


def _require_locks(posts: pd.DataFrame, lock_in: list[str], lock_out: list[str]) -> None:
    known = sorted(posts["candidate_id"])
    for key, names in (("lock_in", lock_in), ("lock_out", lock_out)):
        wrong = [f"{name} is no candidate; {suggestion(name, known)}" for name in names if name not in set(known)]
        if wrong:
            raise ScenarioError(f"investment.{key}", "; ".join(wrong))
    both = sorted(set(lock_in) & set(lock_out))
    if both:
        raise ScenarioError("investment.lock_in", f"{', '.join(both)}: locked in and locked out; drop one")


def _capacity(ground: Ground, posts: pd.DataFrame) -> NDArray[np.float64]:
    """Persons that each post has room for: users at once of WiFi, busy-hour demand of mobile; inf = not dimensioned."""
    wifi, tables = ground.scenario.wifi, ground.region.capacity
    out = posts["access_points"].to_numpy(np.float64) * wifi.users_per_access_point / wifi.at_once
    demand = tables.user_share * busy_hour_mbps(
        gb_per_month=tables.gb_per_month, busy_hour_share=tables.busy_hour_share
    )
    around = ground.model.site_class(posts["x"].to_numpy(np.float64), posts["y"].to_numpy(np.float64))
    carried = (tables.site["bandwidth_mhz"] * tables.site["efficiency_bps_hz"]).to_dict()
    sectors = tables.site["sectors"].to_dict()
    for row, (kind, technology) in enumerate(zip(posts["kind"], posts["technology"], strict=True)):
        key = technology, RADIUS_CLASSES[around[row]]
        if kind != "wifi":
            out[row] = carried.get(key, np.inf) * (1.0 if kind == "small_cell" else sectors.get(key, 1.0)) / demand
    return out


def _doorsteps(ground: Ground, posts: pd.DataFrame) -> Doorsteps:
    """Homes on the doorstep of the candidates counted by homes."""
    rows = np.flatnonzero(posts["kind"].isin(LOCAL).to_numpy())
    walk = (posts["kind"].to_numpy()[rows] == "wifi").astype(np.bool_)
    local = Local(
        posts["x"].to_numpy(np.float64)[rows],
        posts["y"].to_numpy(np.float64)[rows],
        walk,
        np.where(walk, 0.0, ground.scenario.investment.small_cell_radius_m),
    )
    x, y = open_points(ground.region)
    steps = doorsteps(
        ground.region, ground.fragments, ground.foot, local, open_x=x, open_y=y, walking=ground.scenario.walking
    )
    return replace(steps, owner=rows[steps.owner])


def _scores(ground: Ground, need: Need, posts: pd.DataFrame, steps: Doorsteps, macro: Triples) -> NDArray[np.float64]:
    """People below the target in reach of each candidate; of WiFi those without any."""
    owner, cell, fraction = macro
    area = np.bincount(owner, weights=need.people[cell] * fraction, minlength=len(posts))
    wifi = (posts["kind"] == "wifi").to_numpy()[steps.owner]
    missing = ground.missing[ground.scenario.target][steps.fragment]
    lacks = (steps.persons * missing)[steps.home] * np.where(wifi & steps.has_wifi[steps.home], 0.0, 1.0)
    near = np.bincount(steps.owner, weights=lacks, minlength=len(posts))
    return (area + near).astype(np.float64)


def _kept(ground: Ground, posts: pd.DataFrame, scores: NDArray[np.float64], dropped: Dropped) -> NDArray[np.bool_]:
    """Candidates that somebody below the target is near, and of each kind the best; what is locked in always."""
    wanted = ground.scenario.investment
    kind = posts["kind"].to_numpy()
    locked = posts["candidate_id"].isin(wanted.lock_in).to_numpy()
    keep = scores > 0
    idle, ids = ~keep & ~locked, posts["candidate_id"].to_numpy(dtype=object)
    dropped.add("nobody below the target in reach", int(idle.sum()), ids[idle])
    for name in sorted(set(kind)):
        mine = np.flatnonzero((kind == name) & keep)
        poor = mine[np.lexsort((mine, -scores[mine]))][wanted.max_candidates :]
        keep[poor] = False
        poor = poor[~locked[poor]]
        dropped.add("beyond max_candidates", poor.size, ids[poor])
    return keep | locked


def _of(
    posts: pd.DataFrame,
    steps: Doorsteps,
    macro: Triples,
    *,
    keep: NDArray[np.bool_],
    variant: str,
    dropped: Dropped,
) -> Layout:
    """Layout of some of the posts."""
    new = np.cumsum(keep) - 1
    owner, cell, fraction = macro
    near, far = keep[steps.owner], keep[owner]
    kept = replace(steps, owner=new[steps.owner[near]], home=steps.home[near], far=steps.far[near])
    macro = new[owner[far]], cell[far], fraction[far]
    reasons = dict(sorted(dropped.reasons.items()))
    return Layout(posts[keep].reset_index(drop=True), kept, macro, variant, reasons, dropped.fates)
