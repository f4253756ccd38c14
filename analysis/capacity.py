"""Whether sites have room for the people they serve: busy-hour demand against what a site carries.

A user's mean throughput in a sector of capacity C and load ρ, whose users share it evenly (processor sharing), is
C·(1 − ρ): T. Bonald and A. Proutière, "Wireless downlink data channels: user performance and cell dimensioning",
MobiCom 2003. So a target speed bounds the load: ρ ≤ 1 − target / C.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.best_server import Servers, mean_value, share_out
from data.capacity import CAPACITY_TECHNOLOGIES
from data.coverage import RADIUS_CLASSES
from geo.errors import GridError
from geo.ground import ground_ellipses

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from data.capacity import CapacityTables
    from geo.grid import Grid

MAX_STEPS = 16


@dataclass(frozen=True)
class Dimensioned:
    """Room of sites for the people whom they serve.

    Attributes
    ----------
    share : float64 array (ny, nx)
        Of the cell's people whom a site of 4G or better serves, the share for whom that site has room at the target;
        NaN = no site serves the cell.
    served : float64 array (ny, nx)
        Share of the cell's area that a site serves, 0–1.
    sites : DataFrame
        One row a site (site_id, operator), sorted by the two: ``site_id, operator, x, y, capacity_mbps, people,
        demand_mbps, load, room``; `people` served (persons), `load` demand over capacity (inf where it carries
        nothing but is asked), `room` the share 0–1 of its people who fit at the target.
    """

    share: NDArray[np.float64]
    served: NDArray[np.float64]
    sites: pd.DataFrame


def busy_hour_mbps(*, gb_per_month: float, busy_hour_share: float) -> float:
    """Mean demand of one user in the busy hour, Mbit/s: GB/month × 1024 × 8 × share / 30 / 3600.

    10 GB a month at 15 % give 0.114 (the formula of E. Oughton's capacity models, with a month of 30 days).
    """
    return gb_per_month * 1024 * 8 * busy_hour_share / 30 / 3600


def dimension(
    sites: pd.DataFrame,
    *,
    site_class: NDArray[np.int64],
    radius_m: NDArray[np.float64],
    person_class: NDArray[np.int64],
    people: NDArray[np.float64],
    grid: Grid,
    capacity: CapacityTables,
    target_down_mbps: float,
    steps: int = 4,
) -> Dimensioned:
    """Share people among sites, best server first, and compare each site's demand with what it carries.

    Every cell is sampled at `steps` × `steps` places. Of each operator, the site serves whose footprint holds the place
    and of whose radius the distance is the least part (ties: the first by id). The people of a place are shared evenly
    among the operators that reach it.

    Parameters
    ----------
    sites : DataFrame
        ``site_id, operator, technology, x, y`` (grid CRS); rows of 2G and 3G are passed over. Rows of one (site_id,
        operator) are one site, whose technologies add up and reach as far as the farthest does.
    site_class : int array (n,)
        What stands around each row's site, index into `RADIUS_CLASSES`: its capacity goes by that.
    radius_m : float array (n, 3)
        Metres on the ground at which the row serves people who live in a cell of each class; 0 = none.
    person_class : int array (ny, nx)
        Class of the cells, 0–2.
    people : float array (ny, nx)
        Persons; NaN asks for nothing.
    grid : Grid
    capacity : CapacityTables
    target_down_mbps : float
        Mean throughput that a user must get, Mbit/s; above 0.
    steps : int
        1 to 16.

    Raises
    ------
    GridError
        Shapes that do not fit, a class that is none, a place or radius not finite, steps or target out of range.
    """
    _check(sites, site_class, radius_m, person_class, people, grid)
    if not 1 <= steps <= MAX_STEPS or not target_down_mbps > 0:
        raise GridError(f"steps lie between 1 and {MAX_STEPS}, not {steps}; a target above 0, not {target_down_mbps:g}")
    table, servers = _in_order(sites, site_class, radius_m, grid)
    per_sector, total = _throughput(table, capacity)
    known = np.where(people > 0, people, 0.0).astype(np.float64)  # NaN > 0 is False
    classes = np.ascontiguousarray(person_class, dtype=np.int64)
    served_by, served = share_out(servers, people=known, classes=classes, grid=grid, steps=steps)
    demand = served_by * capacity.user_share * _each(capacity)
    room = site_room(per_sector, total, demand, target_down_mbps=target_down_mbps)
    share = mean_value(servers, value=room, classes=classes, grid=grid, steps=steps)
    load = np.divide(demand, total, out=np.where(demand > 0, np.inf, 0.0), where=total > 0)
    heads = table.drop_duplicates("number", ignore_index=True)[["site_id", "operator", "x", "y"]]
    out = heads.assign(capacity_mbps=total, people=served_by, demand_mbps=demand, load=load, room=room)
    return Dimensioned(share, served, out)


def _each(capacity: CapacityTables) -> float:
    return busy_hour_mbps(gb_per_month=capacity.gb_per_month, busy_hour_share=capacity.busy_hour_share)


def site_room(
    sector_mbps: NDArray[np.float64],
    site_mbps: NDArray[np.float64],
    demand_mbps: NDArray[np.float64],
    *,
    target_down_mbps: float,
) -> NDArray[np.float64]:
    """Share of a site's people who fit at the target: min(1, ρ_max × site's capacity / demand), ρ_max = 1 − target / C.

    C is the capacity of one sector (Bonald and Proutière 2003); where it does not exceed the target, nobody fits.
    """
    most = 1 - np.divide(target_down_mbps, sector_mbps, out=np.full(sector_mbps.shape, np.inf), where=sector_mbps > 0)
    able = np.maximum(most, 0.0) * site_mbps
    fits = np.divide(able, demand_mbps, out=np.ones(able.shape), where=demand_mbps > able)
    return np.where(most > 0, fits, 0.0)


def _check(
    sites: pd.DataFrame,
    site_class: NDArray[np.int64],
    radius_m: NDArray[np.float64],
    person_class: NDArray[np.int64],
    people: NDArray[np.float64],
    grid: Grid,
) -> None:
    n, k = len(sites), len(RADIUS_CLASSES)
    if site_class.shape != (n,) or radius_m.shape != (n, k):
        raise GridError(f"{n} rows of sites need classes ({n},) and radii ({n}, {k})")
    if person_class.shape != grid.shape or people.shape != grid.shape:
        raise GridError(f"people and their classes lie on the grid {grid.shape}")
    for classes in (site_class, person_class):
        if classes.size and (classes.min() < 0 or classes.max() >= k):
            raise GridError(f"classes of surroundings are 0 to {k - 1}")
    if not (np.isfinite(radius_m).all() and np.isfinite(sites[["x", "y"]].to_numpy(dtype=np.float64)).all()):
        raise GridError("sites need finite places and radii")


def _in_order(
    sites: pd.DataFrame, site_class: NDArray[np.int64], radius_m: NDArray[np.float64], grid: Grid
) -> tuple[pd.DataFrame, Servers]:
    """Rows of 4G and 5G in an order of their own, each with the number of its site; their discs."""
    table = sites[["site_id", "operator", "technology", "x", "y"]].assign(around=site_class)
    table = table.astype({"site_id": str, "operator": str})
    reach = [f"radius {index}" for index in range(radius_m.shape[1])]
    table[reach] = radius_m
    table = table[table["technology"].isin(CAPACITY_TECHNOLOGIES)]
    table = table.sort_values(["site_id", "operator", "technology", "x", "y", "around", *reach], ignore_index=True)
    operator, names = pd.factorize(table["operator"], sort=True)
    number = np.cumsum(~table.duplicated(["site_id", "operator"]).to_numpy(dtype=bool), dtype=np.int64) - 1
    x, y = table["x"].to_numpy(dtype=np.float64), table["y"].to_numpy(dtype=np.float64)
    ru, rv, shear = ground_ellipses(x, y, grid) if len(table) else (x, x, x)
    disc = np.stack([(x - grid.west) / grid.dx, (grid.north - y) / grid.dy, ru, rv, shear], axis=1)
    radius = np.ascontiguousarray(table[reach].to_numpy(dtype=np.float64))
    return table.assign(number=number), Servers(number, operator.astype(np.int64), disc, radius, len(names))


def _throughput(table: pd.DataFrame, capacity: CapacityTables) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mbit/s of a sector and of the whole of each site, its technologies added up, each counted once."""
    once = table.drop_duplicates(["number", "technology"])
    surroundings = np.asarray(RADIUS_CLASSES, dtype=object)[once["around"].to_numpy(dtype=np.int64)]
    keys = pd.MultiIndex.from_arrays([once["technology"].to_numpy(dtype=object), surroundings])
    given = capacity.site.reindex(keys)
    sector = (given["bandwidth_mhz"] * given["efficiency_bps_hz"]).to_numpy(dtype=np.float64)
    number = once["number"].to_numpy(dtype=np.int64)
    whole = sector * given["sectors"].to_numpy(dtype=np.float64)
    count = int(number.max()) + 1 if number.size else 0
    of_sector, of_site = np.zeros(count), np.zeros(count)
    np.add.at(of_sector, number, sector)
    np.add.at(of_site, number, whole)
    return of_sector, of_site
