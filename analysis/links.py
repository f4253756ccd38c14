"""How far it is from where something could be built to what it is joined to, and to the power grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from geo.nearest import nearest_on
from geo.snap import snap
from geo.walk import walk

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from data.region import Region

BACKHAUL, SITE = "backhaul", "site"
"""What distances are measured to: the backhaul that the region names, else sites that stand."""

OFF_STREET_M = 2000.0
"""Straight metres from a place to the nearest street, at most, for a way along streets to count. An assumption."""


@dataclass(frozen=True, eq=False)
class Links:
    """What each place would be joined to.

    Attributes
    ----------
    to : str
        ``backhaul``, ``site`` or, where neither is known, "".
    metres : float64 array (n,)
        Straight on the ground to the nearest of these; NaN = none known.
    end_x, end_y : float64 arrays (n,)
        Where that straight line ends, in the grid's CRS; NaN as above.
    end_kind : object array (n,) of str
        What stands there: ``fibre``, ``microwave``, ``node``, ``site``; "" as above.
    along_m : float64 array (n,)
        Metres along streets, straight legs to and from the street included, to the point that is nearest along them
        (not always that of `end_x, end_y`). NaN where the region has no streets, where the straight line ends on a
        line, or where no way is known.
    power_m : float64 array (n,)
        Straight metres on the ground to the power grid; NaN where the region does not say where it is.
    """

    to: str
    metres: NDArray[np.float64]
    end_x: NDArray[np.float64]
    end_y: NDArray[np.float64]
    end_kind: NDArray[Any]
    along_m: NDArray[np.float64]
    power_m: NDArray[np.float64]


def standing_sites(region: Region) -> NDArray[Any]:
    """Every place where a mobile site of any register stands, as points in the grid's CRS, each once, sorted."""
    tables = [table for layer in region.coverage for table in (layer.sites, layer.silent) if table is not None]
    if not tables:
        return np.empty(0, dtype=object)
    spots = pd.concat([table[["x", "y"]] for table in tables]).drop_duplicates().sort_values(["x", "y"])
    return np.asarray(shapely.points(spots.to_numpy(dtype=np.float64)), dtype=object)


def _ends(region: Region) -> tuple[str, NDArray[Any], NDArray[Any]]:
    """What places are joined to, its shapes and their kinds."""
    if region.backhaul is not None:
        shapes = np.asarray(region.backhaul.geometry, dtype=object)
        # a node at the end of a line is what one is joined to, so points come first
        order = np.argsort(~np.isin(shapely.get_type_id(shapes), [0, 4]), kind="stable")
        return BACKHAUL, shapes[order], region.backhaul["kind"].to_numpy(dtype=object)[order]
    sites = standing_sites(region)
    return SITE if sites.size else "", sites, np.full(sites.size, SITE, dtype=object)


def _along(
    region: Region, x: NDArray[np.float64], y: NDArray[np.float64], points: NDArray[Any], *, off_street_m: float
) -> NDArray[np.float64]:
    """Metres along streets to the nearest of some points; NaN where there is no way."""
    network = region.streets
    if network is None or not points.size:
        return np.full(x.size, np.nan)
    spots = shapely.get_coordinates(points)
    sources = snap(network, spots[:, 0], spots[:, 1], max_m=off_street_m)
    targets = snap(network, x, y, max_m=off_street_m)
    found = walk(network, sources=sources, targets=targets, cost=network.length_m, off_cost=1.0).cost
    return np.where(np.isfinite(found), found, np.nan)


def links(x: ArrayLike, y: ArrayLike, *, region: Region, off_street_m: float = OFF_STREET_M) -> Links:
    """Measure the way from places to what they would be joined to, and to the power grid.

    Parameters
    ----------
    x, y : float arrays (n,)
        Places in the grid's CRS, all finite.
    region : Region
        Its `backhaul`, or else the sites of its `coverage`; its `streets` and `power`.
    off_street_m : float
        See `OFF_STREET_M`; of the points that places are joined to as well.

    Returns
    -------
    Links
        A way along streets is never shorter than the straight line to the point at its end, but for rounding.

    Raises
    ------
    GridError
        Unequal lengths, or coordinates that are not finite.
    RangeError
        `off_street_m` is negative or NaN.
    """
    px, py = (np.asarray(axis, dtype=np.float64).ravel() for axis in (x, y))
    crs = region.grid.crs
    to, shapes, kinds = _ends(region)
    found = nearest_on(shapes, px, py, crs=crs)
    point = np.isin(shapely.get_type_id(shapes), [0, 4])
    met = found.shape >= 0
    along = _along(region, px, py, shapely.get_parts(shapes[point]), off_street_m=off_street_m)
    on_point = np.append(point, False)[found.shape]
    if region.power is None:
        power = np.full(px.size, np.nan)
    else:
        power = nearest_on(np.asarray(region.power.geometry, dtype=object), px, py, crs=crs).metres
    return Links(
        to,
        np.where(met, found.metres, np.nan),
        found.x,
        found.y,
        np.append(kinds, "")[found.shape],
        np.where(on_point, along, np.nan),
        power,
    )
