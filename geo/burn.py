"""How much of each cell a shape covers: exactly for polygons, by samples for discs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely
from numba import njit

from geo.errors import CRSError, GridError
from geo.ground import ground_ellipses
from geo.scan import STRIP_CELLS, fractions

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from geo.grid import Grid

MAX_STEPS = 16


class _Rings(NamedTuple):
    """Coordinates in columns and rows of a grid; where rings start; which are exteriors; where polygons start."""

    u: NDArray[np.float64]
    v: NDArray[np.float64]
    starts: NDArray[np.int64]
    exterior: NDArray[np.bool_]
    polygons: NDArray[np.int64]


def _geometries(geometries: Any, grid: Grid) -> NDArray[Any]:
    crs = getattr(geometries, "crs", None)
    if crs is not None and not crs.equals(grid.crs, ignore_axis_order=True):
        raise CRSError(f"shapes in {crs.name} cannot be laid on a grid in {grid.crs.name}; transform them first")
    shapes = np.asarray(geometries, dtype=object).ravel()
    kind = shapely.get_type_id(shapes)
    if np.any((kind != 3) & (kind != 6) & (kind != -1) & ~shapely.is_empty(shapes)):
        raise GridError(
            "only polygons and multipolygons cover cells; keep the polygonal parts (geo.vector.repair) first"
        )
    return shapes


def _rings(shapes: NDArray[Any], grid: Grid) -> _Rings:
    parts, shape_of = shapely.get_parts(shapes, return_index=True)
    rings, part_of = shapely.get_rings(parts, return_index=True)
    xy, ring_of = shapely.get_coordinates(rings, return_index=True)
    if not np.isfinite(xy).all():
        raise GridError("a shape has coordinates that are not finite; it lies outside what its CRS can show")
    return _Rings(
        (xy[:, 0] - grid.west) / grid.dx,
        (grid.north - xy[:, 1]) / grid.dy,
        np.searchsorted(ring_of, np.arange(len(rings) + 1)).astype(np.int64),
        np.diff(part_of, prepend=-1) != 0,
        np.searchsorted(shape_of[part_of], np.arange(shapes.size + 1)).astype(np.int64),
    )


def cell_fractions(geometries: Any, grid: Grid) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Exact area fraction of each cell covered by each polygon, as sparse triples.

    Parameters
    ----------
    geometries : GeoSeries or array of shapely geometries
        Valid polygons or multipolygons in the grid's CRS; missing and empty ones cover nothing, and what lies beyond
        the grid is cut off.
    grid : Grid

    Returns
    -------
    index : int64 array
        Position of the polygon in `geometries`.
    cell_id : int64 array
    fraction : float64 array
        In (0, 1]: covered area over cell area. Triples are sorted by (index, cell_id).

    Raises
    ------
    CRSError
        A GeoSeries in another CRS than the grid.
    GridError
        Lines, points or collections; coordinates that are not finite.
    """
    return fractions(*_rings(_geometries(geometries, grid), grid), *grid.shape)


def covered_fraction(geometries: Any, grid: Grid) -> NDArray[np.float64]:
    """Fraction of each cell covered by the union of the polygons, float64 (ny, nx) in 0–1.

    The shapes are dissolved first, so that an area covered twice counts once. Arguments and errors as in
    `cell_fractions`.
    """
    union = np.array([shapely.union_all(_geometries(geometries, grid))], dtype=object)
    rings = _rings(union, grid)
    covered = np.zeros(grid.shape)
    step = max(1, STRIP_CELLS // grid.nx)
    for row in range(0, grid.ny, step):
        strip = covered[row : row + step]
        _, cell_id, fraction = fractions(*rings._replace(v=rings.v - row), *strip.shape)
        strip.ravel()[cell_id] = fraction
    return covered


def disc_fractions(
    x: ArrayLike, y: ArrayLike, radius: ArrayLike, grid: Grid, *, steps: int = MAX_STEPS, on_ground: bool = False
) -> NDArray[np.float64]:
    """Fraction of each cell within `radius` of any point.

    Cells wholly inside one disc are 1 exactly; of the others the midpoints of `steps` × `steps` sub-cells are tested
    against every disc, so that overlaps count once. The result does not depend on the order of the points.

    Parameters
    ----------
    x, y : float arrays (n,)
        Centres in CRS units.
    radius : float or array (n,)
        In CRS units; in metres on the ground when `on_ground`; 0 covers nothing.
    grid : Grid
    steps : int
        1 to 16.
    on_ground : bool
        Draw true circles, which an equal-area grid shows as ellipses, by the stretch at their centre (`geo.ground`).

    Returns
    -------
    float64 array (ny, nx)
        0–1. Error of a partly covered cell with 16 steps, against the exact union of 200 discs of radius 0.7 to 6
        cells: 0.003 on average, 0.02 at most, without bias (the total is right within 0.0002). With 8 steps 0.008,
        0.055 and 0.001.

    Raises
    ------
    GridError
        Unequal lengths, a value that is not finite, a negative radius, or steps out of range.
    """
    px, py, pr = (np.ascontiguousarray(a, dtype=np.float64).ravel() for a in np.broadcast_arrays(x, y, radius))
    if not (np.isfinite(px) & np.isfinite(py) & np.isfinite(pr) & (pr >= 0)).all():
        raise GridError("discs need finite centres and finite radii of at least 0")
    if not 1 <= steps <= MAX_STEPS:
        raise GridError(f"sub-cell steps lie between 1 and {MAX_STEPS}, not {steps}")
    flat = np.full(px.size, 1 / grid.dx), np.full(px.size, 1 / grid.dy), np.zeros(px.size)
    ru, rv, shear = ground_ellipses(px, py, grid) if on_ground else flat
    out = np.zeros(grid.shape)
    height = max(1, STRIP_CELLS // grid.nx)
    for row in range(0, grid.ny, height):
        strip = out[row : row + height]
        _discs(strip, (px - grid.west) / grid.dx, (grid.north - py) / grid.dy - row, pr * ru, pr * rv, shear, steps)
    return out


@njit(cache=True, nogil=True)
def _half(distance: float, ru: float, rv: float) -> float:
    """Half width, in columns, of the ellipse (ru, rv) at a vertical distance in rows; −1 beyond it."""
    ratio = abs(distance) / rv
    return ru * np.sqrt(1.0 - ratio * ratio) if ratio <= 1.0 else -1.0


@njit(cache=True, nogil=True)
def _inner(row: int, disc: Any, nx: int) -> Any:
    """Columns [a, b) of a row that lie wholly inside one disc: their four corners do, and a disc is convex."""
    u, v, ru, rv, shear = disc
    top, bottom = row - v, row + 1 - v
    above, below = _half(top, ru, rv), _half(bottom, ru, rv)
    if above < 0 or below < 0:
        return 0, 0
    left = max(u + shear * top - above, u + shear * bottom - below, 0.0)
    right = min(u + shear * top + above, u + shear * bottom + below, float(nx))
    a, b = int(np.ceil(left)), int(np.floor(right))
    return (a, b) if a < b else (0, 0)


@njit(cache=True, nogil=True)
def _mark(masks: Any, disc: Any, col: int, row: int) -> None:
    """Set the bits of the sub-cell midpoints of one cell that lie in one disc; `masks` has one word per sub-row."""
    u, v, ru, rv, shear = disc
    steps = masks.size
    for k in range(steps):
        down = row + (k + 0.5) / steps - v
        half = _half(down, ru, rv)
        if half < 0:
            continue
        middle = u + shear * down - col
        a = max(int(np.ceil(max((middle - half) * steps - 0.5, 0.0))), 0)
        b = int(np.floor(min((middle + half) * steps - 0.5, steps - 1.0)))
        if a <= b:
            masks[k] |= np.uint32((1 << (b + 1)) - (1 << a))


@njit(cache=True, nogil=True)
def _touched(row: int, disc: Any, nx: int) -> Any:
    """Columns [first, last) that a row of one disc touches: to its widest point within the row."""
    u, v, ru, rv, shear = disc
    top, bottom = max(row - v, -rv), min(row + 1 - v, rv)
    peak = rv * (shear * rv) / np.sqrt(ru * ru + shear * shear * rv * rv)
    right, left = min(max(peak, top), bottom), min(max(-peak, top), bottom)
    first = np.floor(u + shear * left - max(_half(left, ru, rv), 0.0))
    last = np.ceil(u + shear * right + max(_half(right, ru, rv), 0.0))
    return int(max(first, 0.0)), int(min(last, float(nx)))


@njit(cache=True, nogil=True)
def _fill_whole(out: Any, disc: Any) -> None:
    """Set the cells that lie wholly inside one disc to 1."""
    ny, nx = out.shape
    _, v, _, rv, _ = disc
    for row in range(int(max(np.floor(v - rv), 0.0)), int(min(np.ceil(v + rv), float(ny)))):
        a, b = _inner(row, disc, nx)
        out[row, a:b] = 1.0


@njit(cache=True, nogil=True)
def _sample(out: Any, slot: Any, masks: Any, used: int, disc: Any) -> Any:
    """Mark the samples inside one disc of the cells that no disc fills; masks grow as cells are met."""
    ny, nx = out.shape
    _, v, _, rv, _ = disc
    for row in range(int(max(np.floor(v - rv), 0.0)), int(min(np.ceil(v + rv), float(ny)))):
        a, b = _inner(row, disc, nx)
        first, last = _touched(row, disc, nx)
        for k in range(first, last - (b - a)):
            col = k if k < a or a == b else k + b - a  # the disc's own whole cells are done
            if out[row, col] == 1.0:
                continue
            if slot[row, col] < 0:
                if used == len(masks):
                    masks = np.concatenate((masks, np.zeros_like(masks)))
                slot[row, col] = used
                used += 1
            _mark(masks[slot[row, col]], disc, col, row)
    return masks, used


@njit(cache=True, nogil=True)
def _discs(out: Any, us: Any, vs: Any, rus: Any, rvs: Any, shears: Any, steps: int) -> None:
    """Fill a strip: whole cells first, then the samples of those that no single disc fills."""
    ny, nx = out.shape
    wide = np.sqrt(rus**2 + (shears * rvs) ** 2)
    near = np.flatnonzero((rvs > 0) & (vs + rvs > 0) & (vs - rvs < ny) & (us + wide > 0) & (us - wide < nx))
    for i in near:
        _fill_whole(out, (us[i], vs[i], rus[i], rvs[i], shears[i]))
    slot = np.full((ny, nx), -1, np.int32)
    masks, used = np.zeros((1024, steps), np.uint32), 0
    for i in near:
        masks, used = _sample(out, slot, masks, used, (us[i], vs[i], rus[i], rvs[i], shears[i]))
    for row in range(ny):
        for col in range(nx):
            if slot[row, col] >= 0:
                out[row, col] = _bits(masks[slot[row, col]]) / (steps * steps)


@njit(cache=True, nogil=True)
def _bits(words: Any) -> int:
    count = 0
    for word in words:
        left = np.uint32(word)
        while left:
            left &= left - np.uint32(1)
            count += 1
    return count
