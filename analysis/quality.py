"""How good the connection is where it was measured: tiles of speed tests laid on the grid against a target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from data.speedtest import pool, tiles_on
from geo.burn import cell_fractions
from geo.tiles import tile_boxes

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from geo.grid import Grid

CHUNK = 1 << 16
"""Tiles turned into polygons at a time: working memory does not grow with the table."""

_MEANS = ("down_mbps", "up_mbps", "latency_ms")


@dataclass(frozen=True)
class Quality:
    """Measured quality of the cells of a grid.

    Attributes
    ----------
    known : float64 array (ny, nx)
        Share of the cell's area in tiles with tests enough, 0–1; 0 = nothing is known of its quality.
    met : float64 array (ny, nx)
        Share of the cell's area in those of them that meet both targets; at most `known`.
    down_mbps, up_mbps, latency_ms : float64 array (ny, nx)
        Means over the tiles with tests enough, weighted by the tests that fall in the cell; NaN = none.
    tests : float64 array (ny, nx)
        Tests expected in the cell, those of every tile spread evenly over its area; 0 = none.
    tiles, tiles_used : int
        Tiles that touch the grid's bounds, and those of them with tests enough.
    """

    known: NDArray[np.float64]
    met: NDArray[np.float64]
    down_mbps: NDArray[np.float64]
    up_mbps: NDArray[np.float64]
    latency_ms: NDArray[np.float64]
    tests: NDArray[np.float64]
    tiles: int
    tiles_used: int


def quality(table: pd.DataFrame, grid: Grid, *, zoom: int, down_mbps: float, up_mbps: float, min_tests: int) -> Quality:
    """Lay measured tiles on a grid and compare them with a target.

    Parameters
    ----------
    table : DataFrame
        See `data.speedtest.read_speedtest`; several rows of one tile are pooled. The order of rows is of no matter.
    grid : Grid
        Of a CRS that keeps areas.
    zoom : int
        Digits of the quadkeys.
    down_mbps, up_mbps : float
        A tile meets the target when both of its means are at least these.
    min_tests : int
        Fewest tests of a tile that say something; of tiles with fewer, the quality is not known.

    Raises
    ------
    CRSError
        The grid's CRS distorts areas.
    """
    grid.require_equal_area()
    table = pool([tiles_on(table, grid)])
    used = table["tests"].to_numpy(dtype=np.float64) >= min_tests
    good = used & (table["down_mbps"].to_numpy() >= down_mbps) & (table["up_mbps"].to_numpy() >= up_mbps)
    values = {name: table[name].to_numpy(dtype=np.float64) for name in _MEANS}
    share = {name: np.zeros(grid.size) for name in ("known", "met", "tests")}
    sums = {name: np.zeros((2, grid.size)) for name in _MEANS}
    for start in range(0, len(table), CHUNK):
        index, cell, fraction, tests = _on_cells(table.iloc[start : start + CHUNK], grid, zoom)
        index += start
        np.add.at(share["tests"], cell, tests)
        for name, chosen in (("known", used), ("met", good)):
            np.add.at(share[name], cell[chosen[index]], fraction[chosen[index]])
        for name, column in values.items():
            told = used[index] & np.isfinite(column[index])
            np.add.at(sums[name][0], cell[told], (tests * column[index])[told])
            np.add.at(sums[name][1], cell[told], tests[told])
    means = {
        name: np.divide(total, weight, out=np.full(grid.size, np.nan), where=weight > 0).reshape(grid.shape)
        for name, (total, weight) in sums.items()
    }
    known = np.minimum(share["known"], 1.0).reshape(grid.shape)
    met = np.minimum(share["met"].reshape(grid.shape), known)
    tests = share["tests"].reshape(grid.shape)
    return Quality(known, met, tests=tests, tiles=len(table), tiles_used=int(used.sum()), **means)


def _on_cells(
    table: pd.DataFrame, grid: Grid, zoom: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Tile, cell, share of the cell in the tile, and tests of the tile that fall in the cell."""
    boxes = tile_boxes(table["quadkey"], zoom=zoom, crs=grid.crs)
    index, cell, fraction = cell_fractions(boxes, grid)
    per_cell = table["tests"].to_numpy(dtype=np.float64) * grid.dx * grid.dy / shapely.area(boxes)
    return index, cell, fraction, fraction * per_cell[index]


def usable_fraction(
    known: NDArray[np.float64], met: NDArray[np.float64], dimensioned: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Usable share of the reached people: measured where known, dimensioned on the rest, 0–1.

    Parameters
    ----------
    known, met : float64 arrays of one shape
        See `Quality`.
    dimensioned : float64 array of that shape
        Share of them for whom sites have room (`analysis.capacity.Dimensioned.share`); NaN = not known, which adds
        nothing: such people stay *declared*.
    """
    part = np.clip(known, 0.0, 1.0)
    rest = (1.0 - part) * np.clip(np.nan_to_num(dimensioned, nan=0.0), 0.0, 1.0)
    return np.minimum(np.clip(met, 0.0, part) + rest, 1.0)
