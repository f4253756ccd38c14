"""Ground distances between near places, without a geodesic for each pair: the local stretch of a projection.

Over a few kilometres a projection is a linear map, and ground distance² is a quadratic form in the differences of the
coordinates. Its three numbers change slowly, so they are measured on a coarse lattice and interpolated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pyproj import Geod, Transformer

from geo.errors import CRSError, GridError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

STEP_M = 50.0
"""The stretch is measured over so much to either side."""

LATTICE = 10_000.0
"""Spacing of the lattice in CRS units, unless the area is so wide that it would have more than `MOST` steps a side."""

MOST = 128


@dataclass(frozen=True, eq=False)
class Metric:
    """Ground distance² of a small step (dx, dy) is xx·dx² + 2·xy·dx·dy + yy·dy².

    Attributes
    ----------
    left, bottom : float
        Corner of the lattice, CRS units.
    step_x, step_y : float
        Its spacing, CRS units.
    form : float64 array (rows, columns, 3)
        xx, xy, yy at each lattice point, rows northwards, m² per squared CRS unit.
    """

    left: float
    bottom: float
    step_x: float
    step_y: float
    form: NDArray[np.float64]

    def at(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Form (n, 3) at places (n,), bilinear inside the lattice and held at its edge outside."""
        rows, cols = self.form.shape[0] - 1, self.form.shape[1] - 1
        u = np.clip((x - self.left) / self.step_x, 0, cols)
        v = np.clip((y - self.bottom) / self.step_y, 0, rows)
        i, j = np.minimum(u.astype(np.int64), cols - 1), np.minimum(v.astype(np.int64), rows - 1)
        s, t = (u - i)[:, None], (v - j)[:, None]
        low = self.form[j, i] * (1 - s) + self.form[j, i + 1] * s
        high = self.form[j + 1, i] * (1 - s) + self.form[j + 1, i + 1] * s
        return low * (1 - t) + high * t


def ground_form(x: NDArray[np.float64], y: NDArray[np.float64], crs: CRS) -> NDArray[np.float64]:
    """Quadratic form of ground distance at each place, from geodesics (WGS 84) of ± 50 m east and north.

    Returns
    -------
    float64 array (n, 3)
        xx, xy, yy as in `Metric`.

    Raises
    ------
    CRSError
        The CRS is not projected.
    GridError
        A place that the CRS cannot show.
    """
    if not crs.is_projected:
        raise CRSError(f"ground distances are measured in a projected CRS, this is {crs.name}; reproject first")
    there = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    lon, lat = there.transform(x, y, direction="INVERSE")
    geod, moved = Geod(ellps="WGS84"), []
    for azimuth in (90.0, 270.0, 0.0, 180.0):
        ends: Any = geod.fwd(lon, lat, np.full(x.size, azimuth), np.full(x.size, STEP_M))
        moved.append(np.column_stack(there.transform(ends[0], ends[1])))
    east, north = (moved[0] - moved[1]) / (2 * STEP_M), (moved[2] - moved[3]) / (2 * STEP_M)
    if not (np.isfinite(east).all() and np.isfinite(north).all()):
        raise GridError(f"{crs.name} cannot show some of these places")
    turn = east[:, 0] * north[:, 1] - east[:, 1] * north[:, 0]
    inverse = np.stack([north[:, 1], -north[:, 0], -east[:, 1], east[:, 0]]) / turn
    a, b, c, d = inverse  # metres east = a dx + b dy, metres north = c dx + d dy
    return np.column_stack([a * a + c * c, a * b + c * d, b * b + d * d])


def ground_metric(x: NDArray[np.float64], y: NDArray[np.float64], crs: CRS) -> Metric:
    """Metric over the box of some places.

    Parameters
    ----------
    x, y : float64 arrays (n,)
        CRS units, at least one, all finite.
    crs : pyproj CRS
        Projected.

    Notes
    -----
    Interpolation errs with the square of the spacing: below 1e-5 of the form at 10 km in Mollweide at 60° N.
    """
    left, bottom, right, top = float(x.min()), float(y.min()), float(x.max()), float(y.max())
    cols, rows = (int(np.clip(np.ceil(span / LATTICE), 1, MOST)) for span in (right - left, top - bottom))
    step_x, step_y = max((right - left) / cols, 1.0), max((top - bottom) / rows, 1.0)
    at_x, at_y = np.meshgrid(left + step_x * np.arange(cols + 1), bottom + step_y * np.arange(rows + 1))
    form = ground_form(
        np.asarray(at_x.ravel(), dtype=np.float64), np.asarray(at_y.ravel(), dtype=np.float64), crs
    ).reshape(rows + 1, cols + 1, 3)
    return Metric(left, bottom, step_x, step_y, form)
