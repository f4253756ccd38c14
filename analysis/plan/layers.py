"""The plan as layers of a GeoPackage: what is built, whom it serves, what it is joined to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from geo.ground import ground_discs

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from analysis.plan.prices import Prices
    from analysis.portfolio import Ground, Layout, Portfolio

LAYERS = ("sites", "reach", "links")
"""Of `plan.gpkg`; a layer without rows is left out."""


def plan_layers(
    ground: Ground,
    layout: Layout,
    portfolio: Portfolio,
    prices: Prices,
    *,
    table: pd.DataFrame,
    chosen: NDArray[np.int64],
) -> dict[str, gpd.GeoDataFrame]:
    """Layers of what the budget builds, in the grid's CRS.

    Parameters
    ----------
    ground, layout, portfolio, prices
        From the same run.
    table : DataFrame
        Build order.
    chosen : int64 array (steps,)
        Candidates of its rows within the budget.

    Returns
    -------
    dict of str to GeoDataFrame
        ``sites``: points with the columns of `plan.csv`; ``reach``: whom each serves, polygons (a picture: people are
        counted from cells and homes); ``links``: straight lines to what each new place is joined to, ``metres``.
    """
    crs = ground.region.grid.crs
    rows = table[table["within_budget"]].reset_index(drop=True)
    named = rows[["step", "candidate_id", "kind", "technology"]]
    points = shapely.points(rows["x"].to_numpy(np.float64), rows["y"].to_numpy(np.float64))
    out = {
        "sites": gpd.GeoDataFrame(rows, geometry=points, crs=crs),
        "reach": gpd.GeoDataFrame(named, geometry=reach_areas(ground, layout, rows, chosen), crs=crs),
        "links": _links(prices, portfolio, named, chosen, crs=crs),
    }
    return {name: layer for name, layer in out.items() if len(layer)}


def reach_areas(ground: Ground, layout: Layout, rows: pd.DataFrame, chosen: NDArray[np.int64]) -> NDArray[Any]:
    """Where each serves people: a walk along streets, a disc, or parts of three discs by what stands around people."""
    areas = np.full(chosen.size, shapely.MultiPolygon(), dtype=object)
    x, y = (rows[axis].to_numpy(np.float64) for axis in ("x", "y"))
    reach = rows[[name for name in rows.columns if name.startswith("reach_")]].to_numpy(np.float64)
    limit = ground.scenario.walking.reach_min
    for at, j in enumerate(chosen):
        if rows["kind"].iloc[at] == "wifi":
            areas[at] = ground.foot.areas(x[[at]], y[[at]], limits=(limit,))[0]
        elif np.ptp(reach[at]) == 0:
            areas[at] = ground_discs(x[[at]], y[[at]], reach[at, :1], ground.region.grid)[0]
        else:
            areas[at] = _parts(ground, layout, int(j), x[at], y[at], reach[at])
    return np.array([_polygons(area) for area in areas], dtype=object)


def _parts(ground: Ground, layout: Layout, j: int, x: float, y: float, reach: NDArray[np.float64]) -> Any:
    """Discs of the three classes, each cut to the populated cells of its class."""
    owner, row, _fraction = layout.macro
    mine = row[owner == j]
    cells = ground.fragments.cells[mine]
    around = ground.model.around.ravel()[cells]
    grid = ground.region.grid
    cx, cy = grid.centres(cells)
    boxes = shapely.box(cx - grid.dx / 2, cy - grid.dy / 2, cx + grid.dx / 2, cy + grid.dy / 2)
    parts = [
        shapely.intersection(
            shapely.union_all(boxes[around == index]),
            ground_discs(np.array([x]), np.array([y]), np.array([metres]), grid)[0],
        )
        for index, metres in enumerate(reach)
        if (around == index).any()
    ]
    return shapely.union_all(parts)


def _polygons(area: Any) -> Any:
    """Polygons alone, always as many; a disc of no size is nothing."""
    parts = [part for part in shapely.get_parts(area) if part.geom_type == "Polygon" and not part.is_empty]
    return shapely.normalize(shapely.MultiPolygon(parts))


def _links(
    prices: Prices, portfolio: Portfolio, named: pd.DataFrame, chosen: NDArray[np.int64], *, crs: Any
) -> gpd.GeoDataFrame:
    """Straight lines from new places to what they are joined to, each once."""
    asset = prices.asset[chosen]
    first = np.zeros(chosen.size, dtype=np.bool_)
    first[np.unique(asset, return_index=True)[1]] = True
    joined = prices.joined
    known = first & (asset >= 0) & np.isfinite(np.append(joined.metres, np.nan)[asset])
    rows = named[known].reset_index(drop=True)
    places = asset[known]
    start = portfolio.posts.iloc[chosen[known]]
    ends = np.stack(
        [
            np.stack([start["x"].to_numpy(np.float64), start["y"].to_numpy(np.float64)], axis=-1),
            np.stack([joined.end_x[places], joined.end_y[places]], axis=-1),
        ],
        axis=1,
    )
    rows = rows.assign(to=joined.end_kind[places], metres=joined.metres[places], along_m=joined.along_m[places])
    lines = shapely.linestrings(ends) if len(rows) else np.empty(0, dtype=object)
    return gpd.GeoDataFrame(rows, geometry=lines, crs=crs)
