"""What could be built: public WiFi at hosts or in the neediest cells, and new sites where people are out of reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.invest.offer import Candidates, Cells, merge
from analysis.invest.reach import disc_cells, spread
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Candidates",
    "Cells",
    "best_cell_candidates",
    "disc_cells",
    "disc_reach",
    "merge",
    "site_candidates",
    "wifi_candidates",
]

HAS_WIFI = "public WiFi there already"

Triples = tuple["NDArray[np.int64]", "NDArray[np.int64]", "NDArray[np.float64]"]
"""Candidate, row of the cells table and fraction of that cell's people, for each pair in reach; sorted by both."""

Reach = Callable[["NDArray[np.float64]", "NDArray[np.float64]"], Triples]
"""Whom candidates at x and y (grid CRS) reach."""


def disc_reach(radius_m: ArrayLike, cells: Cells) -> Reach:
    """Reach by straight line on the ground; radii as in `site_candidates`."""
    return lambda x, y: _reached(x, y, radius_m, cells)


def wifi_candidates(
    hosts: pd.DataFrame,
    *,
    cells: Cells,
    reach: Reach,
    cost: ArrayLike,
    served: NDArray[np.bool_] | None = None,
    max_candidates: int = 2000,
) -> Candidates:
    """Public WiFi at given hosts (schools, libraries, town halls).

    Parameters
    ----------
    hosts : DataFrame
        ``host_id`` (or ``id``), ``name``, ``category``, ``x``, ``y`` (CRS of the grid).
    cells : Cells
    reach : Reach
        Whom a host reaches: on foot in a run, by straight line with `disc_reach`.
    cost : array-like (hosts,) or float
        Present cost.
    served : bool array (hosts,), optional
        Hosts that have public WiFi already; they are left out.
    max_candidates : int
        When more hosts reach somebody, those that reach most people below the target are kept, ties by id.

    Raises
    ------
    SchemaError
        Missing columns, ids that are missing or occur twice, positions that are no numbers.
    """
    key = "host_id" if "host_id" in hosts.columns else "id"
    _check_hosts(hosts, key)
    x, y = (hosts[axis].to_numpy(dtype=np.float64) for axis in ("x", "y"))
    names = hosts["name"].fillna("").astype(str).to_numpy(dtype=np.str_)
    labels = hosts["category"].fillna("").astype(str).to_numpy(dtype=np.str_)
    ids = np.char.add("wifi-", hosts[key].astype(str).to_numpy(dtype=np.str_))
    named = np.where(names == "", np.where(labels == "", ids, labels), names)
    free = np.ones(len(hosts), dtype=np.bool_) if served is None else ~np.asarray(served, dtype=np.bool_)
    price = _spread_out(cost, len(hosts))[free]
    x, y, ids, named = x[free], y[free], ids[free], named[free]
    offered = _assemble("wifi", ids, x=x, y=y, name=named, cost=price, reached=reach(x, y), cells=cells)
    offered = replace(offered, dropped=(*offered.dropped, (HAS_WIFI, int((~free).sum()))))
    return _best(offered, cells.people, max_candidates)


def _check_hosts(hosts: pd.DataFrame, key: str) -> None:
    missing = [name for name in (key, "name", "category", "x", "y") if name not in hosts.columns]
    faults = [Fault("hosts", "column is missing", "add it", name) for name in missing]
    if key not in missing:
        faults += [
            Fault(
                "hosts", f"{hosts[key].iloc[place]!r} is no id, or not unique", "one id per host", key, str(place + 1)
            )
            for place in np.flatnonzero((hosts[key].isna() | hosts[key].astype(str).duplicated()).to_numpy())
        ]
    faults += [
        Fault("hosts", f"{hosts[axis].iloc[place]!r} is no coordinate", "a finite number", axis, str(place + 1))
        for axis in ("x", "y")
        if axis not in missing
        for place in np.flatnonzero(~np.isfinite(hosts[axis].to_numpy(dtype=np.float64)))
    ]
    if faults:
        raise SchemaError(faults)


def best_cell_candidates(
    cells: Cells,
    *,
    reach_m: float,
    cost: float,
    reach: Reach | None = None,
    place: Callable[..., tuple[NDArray[np.float64], NDArray[np.float64]]] | None = None,
    beyond: NDArray[np.float64] | None = None,
    max_candidates: int = 2000,
) -> Candidates:
    """Public WiFi in the middle of cells, for regions without a list of hosts.

    Cells are picked one after another: the one with most people beyond reach of WiFi around it, who then count as
    served.

    Parameters
    ----------
    cells, max_candidates
        See `wifi_candidates`.
    reach_m : float
        Straight-line metres by which cells are picked.
    cost : float
        Present cost of each.
    reach : Reach, optional
        Whom each then reaches; default: `disc_reach` of `reach_m`.
    place : callable, optional
        Moves the middle of cells (x, y) to where a hotspot can stand, such as the nearest street.
    beyond : float64 array (rows,), optional
        People below the target and beyond reach of existing public WiFi; all below the target when not given.
    """
    needy = cells.people if beyond is None else beyond
    radius = np.full(cells.cell_id.size, float(reach_m))
    picks = spread(cells.cell_id, needy, radius_m=radius, grid=cells.grid, most=max_candidates)
    found = reach or disc_reach(reach_m, cells)
    return _at_cells("wifi", picks, label="WiFi at cell", cost=cost, reach=found, place=place, cells=cells)


def site_candidates(cells: Cells, *, radius_m: ArrayLike, cost: ArrayLike, max_candidates: int = 2000) -> Candidates:
    """New sites in the middle of unserved clusters.

    Cells are picked one after another: the one with most people below the target within the nominal radius, who then
    count as served. Ties go to the lower `cell_id`.

    Parameters
    ----------
    cells : Cells
    radius_m : array-like (rows,), (rows, classes) or float
        Radius in metres of a site in that cell; with classes, by what stands around the people (`Cells.around`).
    cost : array-like (rows,) or float
        Present cost of a site in that cell.
    max_candidates : int
    """
    radius = np.asarray(radius_m, dtype=np.float64)
    radius = radius if radius.ndim == 2 else _spread_out(radius, cells.cell_id.size)
    own = radius if radius.ndim == 1 else radius[np.arange(cells.cell_id.size), _around(cells)]
    picks = spread(cells.cell_id, cells.people, radius_m=own, grid=cells.grid, most=max_candidates)
    price = _spread_out(cost, cells.cell_id.size)[picks]
    found = disc_reach(radius[picks], cells)
    return _at_cells("site", picks, label="New site at cell", cost=price, reach=found, cells=cells)


def _around(cells: Cells) -> NDArray[np.int64]:
    if cells.around is None:
        raise SchemaError([Fault("cells table", "column is missing", "radii by class need it", "around")])
    return cells.around


def _reached(
    x: NDArray[np.float64], y: NDArray[np.float64], radius_m: ArrayLike, cells: Cells
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Candidate, row of the cells table and fraction of each pair; radii may depend on what stands around people."""
    radius = np.asarray(radius_m, dtype=np.float64)
    parts: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]] = []
    for column in range(radius.shape[1] if radius.ndim == 2 else 1):
        index, cell, fraction = disc_cells(x, y, radius[:, column] if radius.ndim == 2 else radius, cells.grid)
        place = np.minimum(np.searchsorted(cells.cell_id, cell), max(cells.cell_id.size - 1, 0))
        found = cells.cell_id[place] == cell if cells.cell_id.size else np.zeros(cell.size, dtype=np.bool_)
        if radius.ndim == 2 and cells.cell_id.size:
            found &= _around(cells)[place] == column
        parts.append((index[found], place[found], fraction[found]))
    index, place, fraction = (np.concatenate([part[k] for part in parts]) for k in range(3))
    order = np.lexsort((place, index))
    return index[order].astype(np.int64), place[order].astype(np.int64), fraction[order].astype(np.float64)


def _spread_out(value: ArrayLike, size: int) -> NDArray[np.float64]:
    return np.array(np.broadcast_to(np.asarray(value, dtype=np.float64), (size,)))


def _at_cells(
    kind: str,
    picks: NDArray[np.int64],
    *,
    label: str,
    cost: ArrayLike,
    reach: Reach,
    cells: Cells,
    place: Callable[..., tuple[NDArray[np.float64], NDArray[np.float64]]] | None = None,
) -> Candidates:
    """Candidates in the middle of the picked rows' cells; ids sort like cells."""
    cell = cells.cell_id[picks]
    digits = len(str(cells.grid.size))
    ids = np.array([f"{kind}-cell-{number:0{digits}d}" for number in cell], dtype=np.str_)
    names = np.array([f"{label} {number}" for number in cell], dtype=np.str_)
    x, y = cells.grid.centres(cell)
    if place is not None:
        x, y = place(x, y)
    return _assemble(kind, ids, x=x, y=y, name=names, cost=cost, reached=reach(x, y), cells=cells)


def _assemble(
    kind: str,
    ids: NDArray[np.str_],
    *,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    name: NDArray[np.str_],
    cost: ArrayLike,
    reached: Triples,
    cells: Cells,
) -> Candidates:
    """Join what each reaches with the cells table; those that reach nobody are dropped and counted."""
    index, place, fraction = reached
    zone = _zones(x, y, index=index, rows=place, fraction=fraction, cells=cells)
    useful = cells.people[place] > 0
    index, place, fraction = index[useful], place[useful], fraction[useful]
    length = np.bincount(index, minlength=ids.size)
    everything = Candidates(
        ids,
        np.full(ids.size, kind),
        name,
        zone,
        x,
        y,
        _spread_out(cost, ids.size),
        np.append(0, np.cumsum(length)).astype(np.int64),
        place,
        fraction,
    )
    order = np.argsort(ids, kind="stable")
    return everything.take(
        order[length[order] > 0], dropped=(("nobody below the target in reach", int((length == 0).sum())),)
    )


def _zones(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    *,
    index: NDArray[np.int64],
    rows: NDArray[np.int64],
    fraction: NDArray[np.float64],
    cells: Cells,
) -> NDArray[np.str_]:
    """Zone of the cell that each stands in, or of the cell it reaches most of (ties to the lower `cell_id`)."""
    own = cells.grid.locate(x, y)
    order = np.lexsort((rows, -fraction, cells.cell_id[rows] != own[index], index))
    first = order[np.unique(index[order], return_index=True)[1]]
    zone = np.zeros(x.size, dtype=cells.zone_id.astype(np.str_).dtype)
    zone[index[first]] = cells.zone_id[rows[first]].astype(np.str_)
    return zone


def _best(offered: Candidates, people: NDArray[np.float64], most: int) -> Candidates:
    """The `most` candidates that reach most people, ascending id again."""
    if offered.size <= most:
        return offered
    best = np.lexsort((np.arange(offered.size), -offered.reached(people)))[:most]
    return offered.take(np.sort(best), dropped=(("beyond max_candidates", offered.size - most),))
