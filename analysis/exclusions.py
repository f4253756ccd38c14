"""Where nothing of a kind may be built."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from data.exclusions import BETWEEN
from data.plan_file import KINDS
from data.settings import suggestion
from geo.errors import GridError, RangeError

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import ArrayLike, NDArray


def barred(exclusions: gpd.GeoDataFrame | None, x: ArrayLike, y: ArrayLike, kind: str) -> NDArray[np.bool_]:
    """Which places lie where nothing of a kind may be built.

    Parameters
    ----------
    exclusions : GeoDataFrame or None
        As of `data.exclusions.read_exclusions`: ``kinds`` (blank = all), ``geometry``. None bars nothing.
    x, y : float arrays (n,)
        Places in the CRS of the areas, all finite.
    kind : str
        One of `data.plan_file.KINDS`.

    Returns
    -------
    bool array (n,)
        True in an area that bars the kind, its border included.

    Raises
    ------
    RangeError
        An unknown kind.
    GridError
        Unequal lengths, or coordinates that are not finite.
    """
    if kind not in KINDS:
        raise RangeError(f"'{kind}' is no kind of which building can be barred; {suggestion(kind, KINDS)}")
    px, py = (np.asarray(axis, dtype=np.float64).ravel() for axis in (x, y))
    if px.size != py.size:
        raise GridError(f"{px.size} x for {py.size} y")
    if not (np.isfinite(px).all() and np.isfinite(py).all()):
        raise GridError("a place without finite coordinates lies nowhere; drop it first")
    out = np.zeros(px.size, dtype=np.bool_)
    if exclusions is None:
        return out
    bars = np.array([not kinds or kind in kinds.split(BETWEEN) for kinds in exclusions["kinds"]], dtype=np.bool_)
    areas = np.asarray(exclusions.geometry, dtype=object)[bars]
    inside, _area = shapely.STRtree(areas).query(shapely.points(px, py), predicate="intersects")
    out[inside] = True
    return out
