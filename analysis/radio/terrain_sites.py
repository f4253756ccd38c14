"""Sites made ready for a terrain field: checked, placed on the ellipsoid and in the elevation model, and by block."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
from pyproj import Geod, Transformer

from analysis.radio.itm import Medium, free_space_db, link_faults
from analysis.radio.itm_variability import climate_constants, effective_km, median_gain
from analysis.radio.terrain_kernel import NEAREST_M, Sites
from geo.errors import RangeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from data.terrain import Dem
    from geo.grid import Grid

    Floats = NDArray[np.float64]

BLOCK_COLUMNS = 32
MAX_RANGE_M = 150_000.0
CLASSES = 3
_RING = 48
_PAD = 1.02
_SLACK_DB = 0.05


class FieldOptions(TypedDict, total=False):
    """Keywords of `terrain_field` that have a default."""

    mobile_height_m: float
    steps: int
    medium: Medium


@dataclass(frozen=True)
class Extra:
    """`FieldOptions` with their defaults."""

    mobile_height_m: float = 1.5
    steps: int = 4
    medium: Medium = field(default_factory=Medium)


def located(x: ArrayLike, y: ArrayLike, grid: Grid, dem: Dem) -> tuple[Floats, Floats, Floats, Floats]:
    """Latitude and longitude (radians, WGS 84), column and row in the elevation model, of points in the grid's CRS."""
    px, py = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    lon, lat = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform(px, py)
    there = Transformer.from_crs(grid.crs, dem.grid.crs, always_xy=True).transform(px, py)
    col = (np.asarray(there[0]) - dem.grid.west) / dem.grid.dx
    row = (dem.grid.north - np.asarray(there[1])) / dem.grid.dy
    return np.radians(lat), np.radians(lon), col, row


def _reach(frequency: Floats, height: Floats, allowed: Floats, longest: Floats, extra: Extra) -> Floats:
    """Metres (n, 3) beyond which free space alone loses too much; no longer than the site's own range.

    The model's median can lie below free space by the climate's V_med, whose largest value on the way is allowed for.
    """
    row = climate_constants(extra.medium.climate)
    reach = np.empty(allowed.shape)
    for s in range(frequency.size):
        end = effective_km(longest[s], height[s], extra.mobile_height_m, frequency[s] / 47.7)
        gain = max(0.0, *(median_gain(row, km) for km in np.linspace(0, end, 64))) + _SLACK_DB
        spare = allowed[s] + gain - free_space_db(1000.0, frequency[s])
        reach[s] = np.minimum(1000 * 10 ** (np.minimum(spare, 200.0) / 20), longest[s])
    return reach


def check_sites(arrays: dict[str, Floats], allowed: Floats, classes: Any, grid: Grid, extra: Extra) -> None:
    """Raise unless sites and cells are what the field needs; every fault is listed."""
    count = arrays["x"].size
    faults = [
        f"{name}: {values.size} values for {count} sites" for name, values in arrays.items() if values.size != count
    ]
    faults += [
        f"{name}: {np.count_nonzero(~np.isfinite(v))} values are not finite, first at {np.argmin(np.isfinite(v))}"
        for name, v in arrays.items()
        if not np.isfinite(v).all()
    ]
    if allowed.shape != (count, CLASSES):
        faults.append(f"allowed_db: shape {allowed.shape}, not {(count, CLASSES)}")
    elif np.isnan(allowed).any():
        faults.append(f"allowed_db: {np.isnan(allowed).any(axis=1).sum()} sites without a value")
    longest = arrays["max_m"]
    if ((longest < 0) | (longest > MAX_RANGE_M)).any():
        faults.append(f"max_m: ranges are 0 to {MAX_RANGE_M / 1000:g} km, not {longest.min():g} to {longest.max():g} m")
    if classes.shape != grid.shape or not np.issubdtype(classes.dtype, np.integer):
        faults.append(f"person_class: integers of shape {grid.shape}, not {classes.dtype} of {classes.shape}")
    elif classes.min() < 0 or classes.max() >= CLASSES:
        faults.append(f"person_class: 0 to {CLASSES - 1}, not {classes.min()} to {classes.max()}")
    if not 1 <= extra.steps <= 64:
        faults.append(f"steps: 1 to 64, not {extra.steps}")
    if not faults:
        pairs = sorted(set(zip(arrays["frequency_mhz"].tolist(), arrays["base_height_m"].tolist(), strict=True)))
        for mhz, height in pairs:
            faults += link_faults(extra.medium, frequency_mhz=mhz, heights_m=(height, extra.mobile_height_m))
    if faults:
        raise RangeError("a field over terrain cannot be made: " + "; ".join(dict.fromkeys(faults)))


def _boxes(x: Floats, y: Floats, reach: Floats, grid: Grid) -> NDArray[np.int64]:
    """First and last row and column (n, 4) that a site can reach, a little more than its circle on the ground."""
    there = Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True)
    lon, lat = there.transform(x, y, direction="INVERSE")
    azimuth = np.tile(np.linspace(0, 360, _RING, endpoint=False), x.size)
    ends = Geod(ellps="WGS84").fwd(
        np.repeat(lon, _RING), np.repeat(lat, _RING), azimuth, np.repeat(reach * _PAD + NEAREST_M, _RING)
    )
    east, north = (np.asarray(v).reshape(x.size, _RING) for v in there.transform(ends[0], ends[1]))
    col, row = (east - grid.west) / grid.dx, (grid.north - north) / grid.dy
    edges = [row.min(axis=1) - 1, row.max(axis=1) + 1, col.min(axis=1) - 1, col.max(axis=1) + 1]
    limit = [grid.ny, grid.ny, grid.nx, grid.nx]
    held = [np.clip(np.floor(e), -1, n) for e, n in zip(edges, limit, strict=True)]
    return np.nan_to_num(np.stack(held, axis=1), nan=-1).astype(np.int64)


def blocks(boxes: NDArray[np.int64], row0: int, row1: int, nx: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Sites by block of columns for the rows of a strip: starts (blocks + 1,) and members."""
    count = -(-nx // BLOCK_COLUMNS)
    near = np.flatnonzero((boxes[:, 1] >= row0) & (boxes[:, 0] < row1) & (boxes[:, 3] >= 0) & (boxes[:, 2] < nx))
    first = np.maximum(boxes[near, 2], 0) // BLOCK_COLUMNS
    last = np.minimum(boxes[near, 3], nx - 1) // BLOCK_COLUMNS
    spans = last - first + 1
    members = np.repeat(near, spans)
    offset = np.arange(spans.sum()) - np.repeat(np.cumsum(spans) - spans, spans)
    block = np.repeat(first, spans) + offset
    order = np.argsort(block, kind="stable")
    return np.concatenate([[0], np.cumsum(np.bincount(block, minlength=count))]).astype(np.int64), members[order]


def placed_sites(
    arrays: dict[str, Floats], allowed: Floats, grid: Grid, dem: Dem, extra: Extra
) -> tuple[Sites, NDArray[np.int64]]:
    """Sites for the kernels, and the rows and columns (n, 4) that each can reach."""
    x, y, frequency, height = (arrays[name] for name in ("x", "y", "frequency_mhz", "base_height_m"))
    reach = _reach(frequency, height, allowed, arrays["max_m"], extra)
    lat, lon, col, row = located(x, y, grid, dem)
    if not np.isfinite(lat + lon).all():
        lost = np.flatnonzero(~np.isfinite(lat + lon))
        raise RangeError(f"{lost.size} sites lie beyond what {grid.crs.name} can show, first at {lost[0]}")
    impedance = np.array([extra.medium.impedance(mhz) for mhz in frequency.tolist()], dtype=np.complex128)
    sites = Sites(lat, lon, col, row, reach, np.ascontiguousarray(allowed), frequency / 47.7, height, impedance)
    return sites, _boxes(x, y, reach.max(axis=1), grid)
