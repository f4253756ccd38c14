"""The lattice that everything lies on: one frozen, value-equal `Grid`, no data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from affine import Affine

from geo.errors import CRSError, GridError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from pyproj import CRS

MAX_AREA_DISTORTION = 0.01


@dataclass(frozen=True)
class Grid:
    """A north-up lattice of equal rectangular cells.

    Attributes
    ----------
    crs : pyproj.CRS
        Coordinate reference system; there is no default and no fallback.
    transform : affine.Affine
        Maps (column, row) corners to CRS coordinates; north-up, no rotation.
    shape : tuple of int
        (rows, columns).

    Notes
    -----
    ``cell_id = row * nx + col`` (int64), row 0 in the north, column 0 in the west.
    """

    crs: CRS
    transform: Affine
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        t = self.transform
        if t.b != 0 or t.d != 0 or t.a <= 0 or t.e >= 0:
            raise GridError(f"a grid is north-up without rotation; this transform is not: {tuple(t)[:6]}")
        if min(self.shape) < 1:
            raise GridError(f"a grid has at least one row and one column, not {self.shape}")

    @property
    def ny(self) -> int:
        """Number of rows."""
        return self.shape[0]

    @property
    def nx(self) -> int:
        """Number of columns."""
        return self.shape[1]

    @property
    def size(self) -> int:
        """Number of cells."""
        return self.shape[0] * self.shape[1]

    @property
    def dx(self) -> float:
        """Cell width in CRS units."""
        return float(self.transform.a)

    @property
    def dy(self) -> float:
        """Cell height in CRS units, positive."""
        return -float(self.transform.e)

    @property
    def west(self) -> float:
        """X of the western edge."""
        return float(self.transform.c)

    @property
    def north(self) -> float:
        """Y of the northern edge."""
        return float(self.transform.f)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(west, south, east, north) in CRS units."""
        return self.west, self.north - self.ny * self.dy, self.west + self.nx * self.dx, self.north

    @cached_property
    def metres_per_unit(self) -> float:
        """Length of a CRS unit in metres; CRSError when the CRS is not projected."""
        if not self.crs.is_projected:
            raise CRSError(f"lengths and areas need a projected CRS, not {self.crs.name}")
        return float(self.crs.axis_info[0].unit_conversion_factor)

    @property
    def cell_area_km2(self) -> float:
        """Area of a cell in km² (projected CRS only)."""
        return self.dx * self.dy * self.metres_per_unit**2 / 1e6

    def centres(self, cell_id: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Centre coordinates (x, y) in CRS units of the cells named by `cell_id` (any shape)."""
        row, col = np.divmod(np.asarray(cell_id, dtype=np.int64), self.nx)
        return self.west + (col + 0.5) * self.dx, self.north - (row + 0.5) * self.dy

    def locate(self, x: ArrayLike, y: ArrayLike) -> NDArray[np.int64]:
        """`cell_id` of the cell holding each point (CRS units); −1 outside. A cell owns its west and north edge."""
        col = np.floor((np.asarray(x, dtype=np.float64) - self.west) / self.dx)
        row = np.floor((self.north - np.asarray(y, dtype=np.float64)) / self.dy)
        inside = (col >= 0) & (col < self.nx) & (row >= 0) & (row < self.ny)
        flat = np.where(inside, row * self.nx + col, -1)
        return flat.astype(np.int64)

    def window(self, *, row0: int, row1: int, col0: int, col1: int) -> Grid:
        """Sub-grid of rows [row0, row1) and columns [col0, col1)."""
        if not (0 <= row0 < row1 <= self.ny and 0 <= col0 < col1 <= self.nx):
            raise GridError(f"rows {row0}:{row1}, columns {col0}:{col1} do not lie in a grid of {self.shape}")
        return Grid(self.crs, self.transform @ Affine.translation(col0, row0), (row1 - row0, col1 - col0))

    def divided(self, factor: int) -> Grid:
        """Grid of the same extent whose cells are `factor` times smaller in each direction."""
        if factor < 1:
            raise GridError(f"cells are divided by a whole number of at least 1, not {factor}")
        return Grid(self.crs, self.transform @ Affine.scale(1 / factor), (self.ny * factor, self.nx * factor))

    def area_distortion(self) -> float:
        """Largest |areal scale − 1| over a 5 × 5 sample of the extent (dimensionless); inf where undefined.

        Mercator at 60° N gives about 3; an equal-area projection about 0. Source: PROJ's own factors.
        """
        from pyproj import Proj

        if not self.crs.is_projected:
            return float("inf")
        west, south, east, north = self.bounds
        x, y = np.meshgrid(np.linspace(west, east, 5), np.linspace(south, north, 5))
        proj = Proj(self.crs)
        lon, lat = proj(x.ravel(), y.ravel(), inverse=True)
        good = np.isfinite(lon) & np.isfinite(lat) & (np.abs(lat) < 90)
        if not good.any():
            return float("inf")
        scale = np.asarray(proj.get_factors(lon[good], lat[good]).areal_scale, dtype=np.float64)
        scale = scale[np.isfinite(scale)]
        return float(np.max(np.abs(scale - 1))) if scale.size else float("inf")

    def require_equal_area(self) -> None:
        """Raise CRSError unless areas are true within 1 % everywhere on the grid."""
        worst = self.area_distortion()
        if not worst <= MAX_AREA_DISTORTION:
            raise CRSError(
                f"{self.crs.name} distorts areas by {worst:.1%} on this grid (at most 1 % is allowed); "
                "use an equal-area CRS such as ESRI:54009, EPSG:3035, EPSG:6933 or a Lambert azimuthal one"
            )

    def __str__(self) -> str:
        cells = f"{self.ny}×{self.nx} cells of {self.dx:g}×{self.dy:g}"
        return f"{cells} from ({self.west:g}, {self.north:g}) in {self.crs.name}"


def require_same_grid(first: Grid, second: Grid, *, what: str = "two layers") -> None:
    """Raise GridError, carrying both grids, unless they are equal."""
    if first != second:
        raise GridError(f"{what} do not lie on one grid: {first} against {second}")
