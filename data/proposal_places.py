"""Where proposals stand: at their own position, or at the site that they upgrade; always inside the region's grid."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pyproj import Transformer

from data.columns import blank, numbers
from data.points import place
from data.tables_in import row_faults
from data.vectors import LONGITUDE_FIRST

if TYPE_CHECKING:
    from pyproj import CRS

    from data.rows import Rows
    from geo.errors import Fault
    from geo.grid import Grid

APART_M = 1000.0
"""A proposal that lies farther than this from the site it names means another site, or lies elsewhere. [rule]"""


def given_places(rows: Rows, x: str, y: str, *, crs: CRS, grid: Grid) -> tuple[pd.DataFrame, pd.Series[bool]]:
    """Columns ``x, y`` in the grid's CRS, NaN where the file has none, and which rows have a fault already."""
    frame = rows.table.frame
    written = ~(blank(frame[x]) & blank(frame[y]))
    before = len(rows.faults)
    part = replace(rows.table, frame=frame[written])
    points = place(part, x, y, crs=crs, grid_crs=grid.crs, bounds=None, faults=rows.faults)
    found = pd.DataFrame({"x": points.x, "y": points.y}, index=points.table.frame.index).reindex(frame.index)
    told = {fault.row for fault in rows.faults[before:]}
    faulty = pd.Series([str(row) in told or "" in told for row in frame.index], index=frame.index, dtype=bool)
    return found, faulty & written & found["x"].isna()


def stand_at_sites(rows: Rows, at: pd.DataFrame, ids: pd.Series[str], sites: pd.DataFrame | None, unit: float) -> None:
    """Put upgrades where their sites are, which may spare them a position; `at` is changed in place.

    Parameters
    ----------
    rows : Rows
    at : DataFrame
        ``x, y`` in the grid's CRS, NaN = none.
    ids : Series of str
        Site that each row names; blank = none.
    sites : DataFrame or None
        ``site_id, x, y``; None = no register.
    unit : float
        Metres per unit of the grid's CRS.
    """
    if sites is None:
        rows.noted("site ids that no register of sites can confirm", ids != "")
        return
    meant = sites[sites["site_id"].isin(ids[ids != ""])]
    where = {str(key): group for key, group in meant.groupby("site_id", sort=True)[["x", "y"]]}
    problem: dict[str, str] = {}
    for row, key in ids[ids != ""].items():
        if key not in where:
            problem[str(row)] = f"'{key}' is no site of the registers, such as '{sites['site_id'].min()}'"
            continue
        spots = where[key].sort_values(["x", "y"]).to_numpy(dtype=np.float64)
        own = at.loc[[row], ["x", "y"]].to_numpy(dtype=np.float64)[0]
        placed = bool(np.isfinite(own).all())
        far = np.hypot(*(spots - (own if placed else spots[0])).T) * unit
        if placed and far.min() > APART_M:
            problem[str(row)] = f"lies {far.min():,.0f} m from site '{key}'"
        elif not placed and far.max() > APART_M:
            problem[str(row)] = f"site '{key}' stands at several places, and the row at none"
        at.loc[[row], ["x", "y"]] = spots[[int(np.argmin(far))]]
    rows.wrong("site_id", problem, mend="name the site as its register does, or correct the position")


def require_inside(rows: Rows, at: pd.DataFrame, faulty: pd.Series[bool], *, way: tuple[str, str, CRS, Grid]) -> None:
    """Faults of proposals that stand nowhere, or outside the grid.

    Parameters
    ----------
    rows : Rows
    at : DataFrame
        ``x, y`` in the grid's CRS, NaN = none.
    faulty : Series of bool
        Rows whose position has a fault already.
    way : tuple
        Columns of x and y, their CRS, and the grid.
    """
    x, y, crs, grid = way
    name = rows.table.name
    nowhere = at.index[at["x"].isna() & ~faulty]
    mend = "fill in x and y (an upgrade may name its site instead)"
    rows.faults.extend(row_faults(name, x, {str(row): "has no position" for row in nowhere}, mend=mend))
    inside = grid.locate(at["x"].to_numpy(np.float64), at["y"].to_numpy(np.float64)) >= 0
    unread: list[Fault] = []
    first, second = (numbers(rows.table, axis, faults=unread).to_numpy(np.float64) for axis in (x, y))
    swapped = grid.locate(*Transformer.from_crs(crs, grid.crs, always_xy=True).transform(second, first)) >= 0
    beyond = at["x"].notna().to_numpy() & ~inside
    for mask, mend in (
        (beyond & swapped, LONGITUDE_FIRST),
        (beyond & ~swapped, "correct its position, the CRS, or the region it belongs to"),
    ):
        problem = {str(row): "lies outside the region's grid" for row in at.index[mask]}
        rows.faults.extend(row_faults(name, x, problem, mend=mend))
