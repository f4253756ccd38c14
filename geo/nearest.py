"""The nearest of many points and lines to each place, in metres on the ground, and where on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import Geod, Transformer

from geo.errors import GridError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from pyproj import CRS

STEP_M = 200.0
"""Lines are cut into stretches of so many units of the CRS at most, each of which is straight on the ground to 1 mm."""

TIE_M = 1e-3
"""Shapes whose distances differ by less are equally near: a line that ends at a point misses it by rounding only."""


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest shape of each place.

    Attributes
    ----------
    shape : int64 array (n,)
        Row of the shape; of those equally near (to `TIE_M`) the first. -1 where there are no shapes.
    x, y : float64 arrays (n,)
        The nearest place on it, in the CRS; NaN where there are no shapes.
    metres : float64 array (n,)
        Along the geodesic (WGS 84) to that place; inf where there are no shapes.
    """

    shape: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    metres: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Stretches:
    """Straight pieces of all shapes: their two ends, on the Earth (n, 2, 3) and in the CRS (n, 2, 2), and shape."""

    earth: NDArray[np.float64]
    plane: NDArray[np.float64]
    shape: NDArray[np.int64]
    reach: float


def _degrees(xy: NDArray[np.float64], crs: CRS) -> tuple[Any, Any]:
    return Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(xy[..., 0], xy[..., 1])


def _on_earth(xy: NDArray[np.float64], crs: CRS, what: str) -> NDArray[np.float64]:
    """Metres from the Earth's centre, so that a chord of some metres is a distance on the ground."""
    lon, lat = _degrees(xy, crs)
    there = Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    xyz = np.stack(there.transform(lon, lat, np.zeros_like(lon)), axis=-1)
    if not np.isfinite(xyz).all():
        raise GridError(f"{what} without finite coordinates have no place; drop them first")
    return xyz


def _stretches(shapes: NDArray[Any], crs: CRS) -> _Stretches:
    odd = ~np.isin(shapely.get_type_id(shapes), [0, 1, 2, 4, 5])
    if odd.any() or shapely.is_empty(shapes).any():
        raise GridError("the nearest shape is looked for among points and lines, none of them empty")
    unit = float(crs.axis_info[0].unit_conversion_factor) or 1.0
    parts, owner = shapely.get_parts(shapely.force_2d(shapes), return_index=True)
    xy, part = shapely.get_coordinates(shapely.segmentize(parts, STEP_M / unit), return_index=True)
    starts = np.flatnonzero(np.append(part[1:] == part[:-1], False))
    alone = np.flatnonzero(np.bincount(part, minlength=parts.size)[part] == 1)
    first = np.concatenate([starts, alone])
    last = np.concatenate([starts + 1, alone])
    order = np.lexsort((first, part[first]))
    first, last = first[order], last[order]
    earth = _on_earth(xy, crs, "shapes")
    ends = np.stack([earth[first], earth[last]], axis=1)
    reach = float(np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1).max(initial=0.0)) / 2
    return _Stretches(ends, np.stack([xy[first], xy[last]], axis=1), owner[part[first]].astype(np.int64), reach)


def _candidates(places: NDArray[np.float64], cut: _Stretches) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs (place, stretch) among which each place's nearest stretch is, sorted by both.

    The nearest stretch of a place is no farther than the nearest middle of any stretch, and its own middle lies within
    half its length of whatever place on it.
    """
    from scipy.spatial import KDTree

    tree = KDTree(cut.earth.mean(axis=1))
    radius = tree.query(places)[0] + cut.reach
    found = tree.query_ball_point(places, radius * (1 + 1e-12) + 1e-6, return_sorted=True)
    count = np.array([len(one) for one in found], dtype=np.int64)
    return np.repeat(np.arange(len(places)), count), np.concatenate([np.asarray(one, dtype=np.int64) for one in found])


def nearest_on(shapes: ArrayLike, x: ArrayLike, y: ArrayLike, *, crs: CRS) -> Nearest:
    """Find the nearest point or line to each place, and the nearest place on it.

    Parameters
    ----------
    shapes : array of shapely points and lines (m,)
        In `crs`, none empty; a line runs straight in it from vertex to vertex.
    x, y : float arrays (n,)
        Places in `crs`, all finite.
    crs : pyproj.CRS
        Projected.

    Returns
    -------
    Nearest

    Raises
    ------
    GridError
        Unequal lengths, coordinates that are not finite, shapes that are neither points nor lines.
    """
    px, py = (np.asarray(axis, dtype=np.float64).ravel() for axis in (x, y))
    if px.size != py.size:
        raise GridError(f"{px.size} x for {py.size} y")
    drawn = np.asarray(shapes, dtype=object).ravel()
    if not px.size or not drawn.size:
        nowhere = np.full(px.size, np.nan)
        return Nearest(np.full(px.size, -1, dtype=np.int64), nowhere, nowhere.copy(), np.full(px.size, np.inf))
    cut = _stretches(drawn, crs)
    here = np.column_stack([px, py])
    places = _on_earth(here, crs, "places")
    place, stretch = _candidates(places, cut)
    start, along = cut.earth[stretch, 0], cut.earth[stretch, 1] - cut.earth[stretch, 0]
    long = (along**2).sum(axis=1)
    share = ((places[place] - start) * along).sum(axis=1)
    share = np.clip(np.divide(share, long, out=np.zeros_like(share), where=long > 0), 0, 1)
    off = np.linalg.norm(places[place] - start - share[:, None] * along, axis=1)
    least = np.minimum.reduceat(off, np.searchsorted(place, np.arange(px.size)))
    near = np.flatnonzero(off <= least[place] + TIE_M)
    best = near[np.searchsorted(place[near], np.arange(px.size))]
    ends, t = cut.plane[stretch[best]], share[best][:, None]
    found = np.where(t < 1, ends[:, 0] + t * (ends[:, 1] - ends[:, 0]), ends[:, 1])
    (lon, lat), (far_lon, far_lat) = _degrees(here, crs), _degrees(found, crs)
    metres = np.asarray(Geod(ellps="WGS84").inv(lon, lat, far_lon, far_lat)[2], dtype=np.float64)
    return Nearest(cut.shape[stretch[best]], found[:, 0], found[:, 1], metres)
