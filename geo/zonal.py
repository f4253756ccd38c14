"""Zones meet cells through one table of exact area shares, made once; every figure after that is one weighted count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo.burn import cell_fractions
from geo.crs import require_crs
from geo.errors import GridError

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import ArrayLike, NDArray

    from geo.grid import Grid

EXCESS = 1e-6
"""Shares of a cell that add up to more than 1 by more than this come from overlapping zones, not from rounding."""

WHOLE = 1e-9
"""A cell whose shares add up to 1 within this is wholly inside zones: no crumbs are left outside by rounding."""


@dataclass(frozen=True, eq=False)
class CellZone:
    """Which share of which cell belongs to which zone.

    Attributes
    ----------
    cell_id : int64 array (n,)
    zone : int64 array (n,)
        Position of the zone in the zones given; rows are sorted by (zone, cell_id).
    share : float64 array (n,)
        Area of the zone in the cell over the cell's area, in (0, 1]; the shares of a cell add up to at most 1.
    grid : Grid
    n_zones : int
        Zones that touch no cell count too.
    """

    cell_id: NDArray[np.int64]
    zone: NDArray[np.int64]
    share: NDArray[np.float64]
    grid: Grid
    n_zones: int


def _count(place: NDArray[np.int64], weights: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    return np.bincount(place, weights=weights, minlength=size).astype(np.float64, copy=False)


def _normalised(cell_id: NDArray[np.int64], share: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    total = np.bincount(cell_id, weights=share, minlength=size)
    worst = int(np.argmax(total)) if size else 0
    if total[worst] > 1 + EXCESS:
        raise GridError(
            f"zones overlap: they claim {total[worst]:.4f} of cell {worst}; "
            "clear overlaps first (geo.vector.remove_overlaps)"
        )
    scale = np.where((total > 1) | (np.abs(total - 1) < WHOLE), total, 1.0)
    share = share / scale[cell_id]
    while True:
        over = np.bincount(cell_id, weights=share, minlength=size) > 1
        if not over.any():
            return share
        share = np.where(over[cell_id], share * (1 - 2.0**-52), share)


def cell_zone_table(zones: gpd.GeoSeries, grid: Grid) -> CellZone:
    """Exact area shares of cells in zones.

    Parameters
    ----------
    zones : GeoSeries
        Valid polygons in the grid's CRS that do not overlap. What lies beyond the grid is cut off.
    grid : Grid

    Returns
    -------
    CellZone

    Raises
    ------
    CRSError
        Zones without CRS or in another one.
    GridError
        Zones overlap by more than a millionth of a cell; shapes that are not polygons.
    """
    require_crs(zones, what="zones")
    zone, cell_id, share = cell_fractions(zones, grid)
    return CellZone(cell_id, zone, _normalised(cell_id, share, grid.size), grid, len(zones))


def _by_cell(values: ArrayLike, table: CellZone, cell_id: ArrayLike | None) -> NDArray[np.float64]:
    """Values of every cell of the grid, 0 where not known or not given."""
    flat = np.asarray(values, dtype=np.float64).ravel()
    if cell_id is not None:
        cells = np.asarray(cell_id, dtype=np.int64).ravel()
        if cells.size != flat.size or (cells.size and not (cells.min() >= 0 and cells.max() < table.grid.size)):
            raise GridError(f"{flat.size} values for {cells.size} cells of {table.grid}")
        return _count(cells, np.nan_to_num(flat), table.grid.size)
    if flat.size != table.grid.size:
        raise GridError(f"{flat.size} values do not fit {table.grid}")
    return np.nan_to_num(flat) if np.isnan(flat).any() else flat


def weighted_sum(values: ArrayLike, table: CellZone, *, cell_id: ArrayLike | None = None) -> NDArray[np.float64]:
    """Amount in each zone, the cells' amounts divided by area.

    Parameters
    ----------
    values : array (ny, nx) or (ny * nx,), or (n,) with `cell_id`
        An amount per cell. NaN (not known) adds nothing; `known_share` says how much of a zone is known.
    table : CellZone
    cell_id : int array (n,), optional
        Cells of the values when these are rows of a table rather than a raster.

    Returns
    -------
    float64 array (n_zones,)
        With `outside` it adds up to the total of the values.

    Raises
    ------
    GridError
        The values do not fit the grid.
    """
    by_cell = _by_cell(values, table, cell_id)
    return _count(table.zone, by_cell[table.cell_id] * table.share, table.n_zones)


def inside_share(table: CellZone) -> NDArray[np.float64]:
    """Share of each cell inside any zone, float64 (ny, nx), 0–1; 1 exactly where no ground is left outside."""
    return _count(table.cell_id, table.share, table.grid.size).reshape(table.grid.shape)


def outside(values: ArrayLike, table: CellZone, *, cell_id: ArrayLike | None = None) -> float:
    """Amount outside every zone; arguments as in `weighted_sum`."""
    left = 1.0 - inside_share(table).ravel()
    left[left < WHOLE] = 0.0
    return float(np.sum(_by_cell(values, table, cell_id) * left))


def known_share(values: ArrayLike, table: CellZone) -> NDArray[np.float64]:
    """Share of each zone's ground on the grid whose value is known, float64 (n_zones,); NaN without any cell."""
    known = np.isfinite(np.asarray(values, dtype=np.float64))
    area = np.bincount(table.zone, weights=table.share, minlength=table.n_zones)
    with np.errstate(invalid="ignore"):
        return weighted_sum(known, table) / area


def main_zone(table: CellZone) -> NDArray[np.int64]:
    """Zone holding the largest share of each cell, int64 (ny * nx,); the first of equals; −1 where none touches it."""
    zone = np.full(table.grid.size, -1, dtype=np.int64)
    order = np.lexsort((-table.zone, table.share))
    zone[table.cell_id[order]] = table.zone[order]
    return zone
