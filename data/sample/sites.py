"""Mobile sites of three invented operators: 2G widest, 3G and 4G in places and along main roads, 5G in the city."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from scipy import ndimage

from data.sample.lattice import CELL, distance_to, scatter, stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from data.sample.network import Roads
    from data.sample.terrain import Terrain

TECHNOLOGIES = ("2G", "3G", "4G", "5G")


@dataclass(frozen=True)
class _Operator:
    """How far an operator builds.

    `semi`, `main`, `minor`: share of the suburban, main-road and other-road cells that it serves (it serves all dense
    ones); `deep`: share of the remaining inhabited cells that it reaches with 2G alone; `floor`: smallest density
    (people per km²) it builds for.
    """

    name: str
    semi: float
    main: float
    minor: float
    deep: float
    floor: float


OPERATORS = (
    _Operator("Lumavox (synthetic)", semi=1.0, main=1.0, minor=0.55, deep=0.45, floor=25),
    _Operator("Ostrafon (synthetic)", semi=0.85, main=0.85, minor=0.2, deep=0.15, floor=45),
    _Operator("Quenda Mobile (synthetic)", semi=0.4, main=0.3, minor=0.0, deep=0.0, floor=150),
)


def _patchy(rng: np.random.Generator, shape: tuple[int, int], *, share: float) -> NDArray[np.bool_]:
    """About `share` of the cells, in patches some 12 km wide: an operator serves a valley or leaves it."""
    field = ndimage.gaussian_filter(rng.standard_normal(shape), 6)
    return field <= np.quantile(field, share)


def _one(
    operator: _Operator,
    terrain: Terrain,
    roads: Roads,
    *,
    density: NDArray[np.float64],
    dry: NDArray[np.bool_],
    seed: int,
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Cells of an operator's sites and, per site, the technologies it carries, shape (n, 4)."""
    rng = stream(seed, f"sites {operator.name}")
    shape = terrain.grid.shape
    around = ndimage.uniform_filter(density, 3)
    urban = around >= 1500
    semi = (around >= 300) & ~urban & _patchy(rng, shape, share=operator.semi)
    on_main, on_minor = roads.to_primary <= 1000, roads.to_road <= 1000
    chosen_main = on_main & _patchy(rng, shape, share=operator.main)
    chosen_minor = on_minor & _patchy(rng, shape, share=operator.minor)
    rural = ~urban & ~semi & (density >= operator.floor) & (chosen_main | chosen_minor)
    open_cells = dry & (urban | semi | rural)
    # a site's own radius is the spacing, so that each cell meant to be served has a site in reach
    spacing = np.where(urban, 1.0, np.where(semi, 1.8, 4.5))
    first = scatter(rng, np.where(open_cells, 1 + density, 0.0), spacing=spacing)
    taken = np.zeros(shape, dtype=bool)
    taken.ravel()[first] = True
    taken = distance_to(taken, cell=CELL) <= 5.5 * CELL
    remote = terrain.mainland & (density >= 8) & ~taken & _patchy(rng, shape, share=operator.deep)
    only_2g = scatter(rng, np.where(remote, 1 + density, 0.0), spacing=7.5, taken=taken)
    cells = np.concatenate([first, only_2g])
    deep = np.arange(cells.size) >= first.size
    town = (urban | semi).ravel()[cells]
    fourth = ~deep & (town | on_main.ravel()[cells] | (rng.random(cells.size) < 0.35))
    city = ndimage.uniform_filter(density, 5).ravel()[cells] >= 1800
    fifth = fourth & city & (rng.random(cells.size) < 0.85)
    return cells, np.column_stack([np.ones(cells.size, dtype=bool), ~deep, fourth, fifth])


def _positions(terrain: Terrain, cells: NDArray[np.int64], *, shift: NDArray[np.float64]) -> NDArray[np.float64]:
    """Centres moved by `shift` where the cell is wholly of land, otherwise a point on its part of the land; (n, 2)."""
    x, y = terrain.grid.centres(cells)
    xy = np.column_stack([x, y]) + shift
    part = np.flatnonzero(~terrain.mainland.ravel()[cells])
    half = CELL / 2
    boxes = shapely.box(x[part] - half, y[part] - half, x[part] + half, y[part] + half)
    xy[part] = shapely.get_coordinates(shapely.point_on_surface(shapely.intersection(boxes, terrain.land)))
    return xy


def place_sites(
    terrain: Terrain, roads: Roads, *, density: NDArray[np.float64], land_share: NDArray[np.float64], seed: int
) -> pd.DataFrame:
    """Sites of all operators.

    Parameters
    ----------
    density : float array of the planning grid's shape
        People per km².
    land_share : float array of the planning grid's shape
        Part of each cell that is land, 0–1; sites stand in cells of at least a third.

    Returns
    -------
    DataFrame
        id, operator, x, y (region CRS, on land), has_2g … has_5g (0 or 1).
    """
    frames: list[pd.DataFrame] = []
    for operator in OPERATORS:
        cells, carries = _one(operator, terrain, roads, density=density, dry=land_share > 1 / 3, seed=seed)
        order = np.argsort(cells, kind="stable")
        cells, carries = cells[order], carries[order]
        shift = stream(seed, f"shift {operator.name}").uniform(-400, 400, (cells.size, 2))
        xy = _positions(terrain, cells, shift=shift)
        columns = {f"has_{t.lower()}": carries[:, i].astype(int) for i, t in enumerate(TECHNOLOGIES)}
        frames.append(pd.DataFrame({"operator": operator.name, "x": xy[:, 0], "y": xy[:, 1], **columns}))
    table = pd.concat(frames, ignore_index=True)
    table.insert(0, "id", [f"M-{i:05d}" for i in range(1, len(table) + 1)])
    return table
