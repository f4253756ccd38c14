"""Posts: everything that could be built, before it is known whom it reaches. One row each, whatever its kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.invest.reach import disc_cells, spread
from data.coverage import TECHNOLOGIES
from data.hosts import served_hosts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from analysis.on_foot import OnFoot
    from analysis.propagation import Propagation
    from data.region import Region

KINDS = ("wifi", "upgrade", "site", "mast", "small_cell")
"""What can be built: public WiFi, a technology added to a site that stands, a new site, equipment on a mast or tower
that stands, a small cell."""

APART = 0.5
"""New sites are laid out at this share of their reach, so that a plan can choose between near places. [rule]"""

WIFI = "WiFi"
"""Technology of public WiFi."""

APART_M = 100.0
"""A host this near to open public WiFi needs none. [rule]"""

NAMESAKE_APART_M = 500.0
"""Nor does one this near to open public WiFi of its own name: lists place one building differently. [rule]"""

COLUMNS = {
    "candidate_id": "str",
    "kind": "str",
    "technology": "str",
    "name": "str",
    "x": "float64",
    "y": "float64",
    "place": "str",
    "origin": "str",
    "votes": "float64",
    "given_cost": "float64",
    "given_currency": "str",
    "access_points": "float64",
    "indoor": "bool",
}
"""Columns of posts. `place` is what technologies there share (blank: nothing); NaN = not given."""


@dataclass(frozen=True)
class Need:
    """Cells as posts are laid out on them.

    Attributes
    ----------
    cell_id : int64 array (cells,)
        Ascending.
    people : float64 array (cells,)
        Persons taken to be below the target.
    beyond : float64 array (cells,)
        Those of them without public WiFi in reach.
    around : int64 array (cells,)
        Index into `data.coverage.RADIUS_CLASSES`.
    """

    cell_id: NDArray[np.int64]
    people: NDArray[np.float64]
    beyond: NDArray[np.float64]
    around: NDArray[np.int64]


@dataclass
class Dropped:
    """Why possible candidates are not among the posts, and how many."""

    reasons: dict[str, int] = field(default_factory=dict)
    fates: dict[str, str] = field(default_factory=dict)

    def add(self, why: str, count: int, ids: Iterable[str] = ()) -> None:
        """Count some more, and remember what becomes of those that are named."""
        if count:
            self.reasons[why] = self.reasons.get(why, 0) + count
        self.fates |= dict.fromkeys(ids, why)


def posts_table(rows: int, **columns: Any) -> pd.DataFrame:
    """Posts of some columns; the others are blank or not given."""
    blank = {"str": "", "float64": np.nan, "bool": False}
    given = {name: columns.get(name, blank[kind]) for name, kind in COLUMNS.items()}
    return pd.DataFrame(given, index=range(rows)).astype(
        {name: object if kind == "str" else kind for name, kind in COLUMNS.items()}
    )


def host_posts(region: Region, *, access_points: int, dropped: Dropped) -> pd.DataFrame:
    """Public WiFi, indoors, at the hosts that have none yet."""
    hosts = region.hosts
    assert hosts is not None
    served = served_hosts(hosts, region.wifi, crs=region.grid.crs, apart_m=APART_M, name_apart_m=NAMESAKE_APART_M)
    dropped.add("public WiFi there already", int(served.sum()))
    free = hosts[~served].reset_index(drop=True)
    ids = "wifi-" + free["host_id"].astype(str)
    names = free["name"].where(free["name"] != "", free["category"])
    return posts_table(
        len(free),
        candidate_id=ids,
        kind="wifi",
        technology=WIFI,
        name=names.where(names != "", ids),
        x=free["x"],
        y=free["y"],
        origin="host list",
        access_points=float(access_points),
        indoor=True,
    )


def street_posts(
    region: Region, need: Need, foot: OnFoot, *, reach_min: int, access_points: int, most: int
) -> pd.DataFrame:
    """Public WiFi outdoors where no list of hosts is given: on the streets of the cells with most people without."""
    radius = np.full(need.cell_id.size, reach_min * foot.metres_per_min)
    picks = spread(need.cell_id, need.beyond, radius_m=radius, grid=region.grid, most=most)
    cell = need.cell_id[picks]
    x, y = foot.to_street(*region.grid.centres(cell))
    return posts_table(
        cell.size,
        candidate_id=_cell_ids(region, "wifi", cell),
        kind="wifi",
        technology=WIFI,
        name=[f"WiFi at cell {number}" for number in cell],
        x=x,
        y=y,
        origin="cells with most people without",
        access_points=float(access_points),
    )


def site_posts(
    region: Region, need: Need, model: Propagation, *, technologies: list[str], target: str, variant: str, most: int
) -> pd.DataFrame:
    """New macro sites in the middle of clusters below the target; every technology at the same places."""
    lead = next(name for name in sorted(technologies, key=TECHNOLOGIES.index) if _reaches(name, target))
    metres = model.reach.metres[variant, lead][need.around]
    own = metres[np.arange(need.around.size), need.around]
    picks = spread(need.cell_id, need.people, radius_m=APART * own, grid=region.grid, most=most)
    cell = need.cell_id[picks]
    x, y = region.grid.centres(cell)
    return _every(
        technologies,
        target,
        kind="site",
        place=_cell_ids(region, "cell", cell),
        name=[f"at cell {number}" for number in cell],
        x=x,
        y=y,
        origin="clusters below the target",
    )


def mast_posts(region: Region, *, technologies: list[str], target: str) -> pd.DataFrame:
    """New equipment on masts and towers that stand."""
    masts = region.masts
    if masts is None or not len(masts):
        return posts_table(0)
    return _every(
        technologies,
        target,
        kind="mast",
        place=[f"mast-{number}" for number in masts["id"].astype(str)],
        name=[f"on {name or 'a mast'}" for name in masts["name"].astype(str)],
        x=masts["x"].to_numpy(np.float64),
        y=masts["y"].to_numpy(np.float64),
        origin="masts and towers",
    )


def small_cell_posts(
    region: Region, need: Need, foot: OnFoot, *, technologies: list[str], target: str, radius_m: float, most: int
) -> pd.DataFrame:
    """Small cells on streets, in the urban cells with most people below the target."""
    urban = np.where(need.around < 2, need.people, 0.0)
    radius = np.full(need.cell_id.size, radius_m)
    picks = spread(need.cell_id, urban, radius_m=radius, grid=region.grid, most=most)
    cell = need.cell_id[picks]
    x, y = foot.to_street(*region.grid.centres(cell))
    return _every(
        technologies,
        target,
        kind="small_cell",
        place=_cell_ids(region, "street", cell),
        name=[f"small cell at cell {number}" for number in cell],
        x=x,
        y=y,
        origin="urban clusters below the target",
    )


def upgrade_posts(region: Region, *, technologies: list[str], target: str) -> pd.DataFrame:
    """Technologies added to places where sites stand without them, whoever runs them."""
    sites = _standing(region)
    if not len(sites):
        return posts_table(0)
    spot = sites[["x", "y"]].round(0)
    sites = sites.assign(spot_x=spot["x"], spot_y=spot["y"])
    sites = sites.sort_values(["site_id", "register", "x", "y"], kind="stable")
    grouped = sites.groupby(["spot_x", "spot_y"], sort=True)
    heads = grouped[["site_id", "register", "x", "y"]].first()
    # registers count on their own: site 1 of another is another site, and is told apart as 1-2
    again = heads.groupby("site_id")["register"].rank(method="dense").astype(np.int64)
    heads["name"] = heads["site_id"].where(again == 1, heads["site_id"].astype(str) + "-" + again.astype(str))
    best = grouped["technology"].agg(lambda names: max(map(_rank, names)))
    silent = grouped["technology"].agg(lambda names: (names == "").any())
    parts: list[pd.DataFrame] = []
    for name in technologies:
        # a site that does not say what it carries may carry it already
        lacks = ((best < _rank(name)) & ~silent).to_numpy()
        if _reaches(name, target):
            chosen = heads[lacks].drop_duplicates("name")
            parts.append(
                posts_table(
                    len(chosen),
                    candidate_id=[f"upgrade-{name.lower()}-{site}" for site in chosen["name"]],
                    kind="upgrade",
                    technology=name,
                    name=[f"{name} at site {site}" for site in chosen["name"]],
                    x=chosen["x"].to_numpy(),
                    y=chosen["y"].to_numpy(),
                    origin="sites that stand",
                )
            )
    return pd.concat(parts, ignore_index=True) if parts else posts_table(0)


def _standing(region: Region) -> pd.DataFrame:
    """Sites of every register that counts, and those that do not say what they carry; ``register`` numbers them."""
    tables: list[pd.DataFrame] = []
    for number, layer in enumerate(region.coverage):
        if layer.counts and layer.sites is not None:
            tables.append(layer.sites.assign(register=number))
        if layer.silent is not None:
            tables.append(layer.silent.assign(technology="", register=number))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def proposal_posts(region: Region, *, technologies: list[str], target: str, access_points: int) -> pd.DataFrame:
    """What people or bodies proposed, with their votes; a blank technology is every one of the run's."""
    given = region.proposals
    if given is None or not len(given):
        return posts_table(0)
    rows: list[dict[str, Any]] = []
    for row in given.to_dict("records"):
        wifi = row["kind"] == "wifi"
        named = (
            [WIFI]
            if wifi
            else [row["technology"]]
            if row["technology"]
            else [name for name in technologies if _reaches(name, target)][: 1 if pd.notna(row["cost"]) else None]
        )
        for technology in named:
            several = f"-{technology.lower()}" if len(named) > 1 else ""
            points = row["access_points"]
            rows.append(
                {
                    "candidate_id": f"proposal-{row['id']}{several}",
                    "kind": row["kind"],
                    "technology": technology,
                    "name": row["name"] or f"Proposal {row['id']}",
                    "x": row["x"],
                    "y": row["y"],
                    "place": "" if wifi else f"proposal-{row['id']}",
                    "origin": "proposals",
                    "votes": row["votes"],
                    "given_cost": row["cost"],
                    "given_currency": row["currency"],
                    "access_points": float(access_points) if pd.isna(points) else float(points),
                    "indoor": False,
                }
            )
    return posts_table(len(rows), **{name: [row[name] for row in rows] for name in COLUMNS})


def _every(
    technologies: list[str],
    target: str,
    *,
    kind: str,
    place: list[str],
    name: list[str],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    origin: str,
) -> pd.DataFrame:
    """Posts of every technology that reaches the target, at the same places."""
    parts = [
        posts_table(
            len(place),
            candidate_id=[f"{kind}-{technology.lower()}-{at}" for at in place],
            kind=kind,
            technology=technology,
            name=[f"New {technology} {words}" for words in name],
            x=x,
            y=y,
            place=place,
            origin=origin,
        )
        for technology in technologies
        if _reaches(technology, target)
    ]
    return pd.concat(parts, ignore_index=True)


def _rank(technology: str) -> int:
    return TECHNOLOGIES.index(technology) if technology in TECHNOLOGIES else -1


def _reaches(technology: str, target: str) -> bool:
    return TECHNOLOGIES.index(technology) >= TECHNOLOGIES.index(target)


def _cell_ids(region: Region, kind: str, cell: NDArray[np.int64]) -> list[str]:
    """Names that sort like cells."""
    digits = len(str(region.grid.size))
    return [f"{kind}-cell-{number:0{digits}d}" if kind == "wifi" else f"{kind}-{number:0{digits}d}" for number in cell]


def reached_cells(
    x: NDArray[np.float64], y: NDArray[np.float64], radius_m: NDArray[np.float64], *, need: Need, region: Region
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Cells that discs reach: post, row of the cells and fraction of its people, sorted by both.

    Parameters
    ----------
    x, y : float64 arrays (posts,)
        Grid CRS.
    radius_m : float64 array (posts, classes)
        By what stands around the people.
    """
    parts: list[tuple[NDArray[Any], ...]] = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))]
    for column in range(radius_m.shape[1]):
        index, cell, fraction = disc_cells(x, y, radius_m[:, column], region.grid)
        place = np.minimum(np.searchsorted(need.cell_id, cell), max(need.cell_id.size - 1, 0))
        found = (need.cell_id[place] == cell) & (need.around[place] == column) if need.cell_id.size else cell < 0
        parts.append((index[found], place[found], fraction[found]))
    index, place, fraction = (np.concatenate([part[k] for part in parts]) for k in range(3))
    order = np.lexsort((place, index))
    return index[order], place[order], fraction[order]
