"""Straight-line distance to the nearest source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo.errors import GridError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def _points(x: ArrayLike, y: ArrayLike, *, what: str) -> NDArray[np.float64]:
    px, py = np.asarray(x, dtype=np.float64).ravel(), np.asarray(y, dtype=np.float64).ravel()
    if px.size != py.size:
        raise GridError(f"{what}: {px.size} x for {py.size} y")
    return np.column_stack([px, py])


def nearest_distance(x: ArrayLike, y: ArrayLike, source_x: ArrayLike, source_y: ArrayLike) -> NDArray[np.float64]:
    """Straight-line distance from each point to the nearest source.

    Parameters
    ----------
    x, y : float arrays (n,)
        Points, in metres of one projected CRS. A coordinate that is not finite makes the distance NaN.
    source_x, source_y : float arrays (m,)
        Sources in the same CRS, all finite.

    Returns
    -------
    float64 array (n,)
        Metres; inf where there is no source at all.

    Raises
    ------
    GridError
        Unequal lengths, or a source that is not finite.
    """
    from scipy.spatial import KDTree

    points, sources = _points(x, y, what="points"), _points(source_x, source_y, what="sources")
    if not np.isfinite(sources).all():
        raise GridError("a source without finite coordinates has no place; drop it first")
    known = np.isfinite(points).all(axis=1)
    distance = np.full(len(points), np.nan)
    distance[known] = KDTree(sources).query(points[known])[0] if len(sources) else np.inf
    return distance
