"""Declared coverage as a GeoTIFF, in dBm or in classes: covered and known share of each cell of the region by area."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
from pyproj import Transformer
from rasterio.errors import RasterioError
from rasterio.windows import Window

from data.coverage import NOT_KNOWN
from data.declared import ANYONE, Declared
from data.notes import Note, Notes, listed
from data.technology import TECHNOLOGIES
from geo.errors import Fault, SchemaError, SourceError
from geo.raster import raster_grid
from geo.regrid import regrid_sum

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from data.region_file import CoverageSection
    from geo.grid import Grid

LOWEST_DBM, HIGHEST_DBM = -200.0, -20.0
"""A phone beside the mast meets −20 dBm at most, so that 0 is an undeclared nodata value; none knows a signal below the
lower one (thermal noise of 180 kHz is −121 dBm)."""
MAX_WINDOW = 4_000_000_000
"""Pixels over the region; more are refused before anything is read."""
STRIP = 1 << 22
"""Pixels held at a time."""
KNOT_METRES = 5000.0
"""Distance of the points between which the pixels' area is interpolated; its error is below 1e-7 of the area."""
MAX_VALUES = 50
SNAP = 1e-9


@dataclass
class _Seen:
    """What the pixels over the region hold beside fair values."""

    pixels: int = 0
    known: int = 0
    covered: int = 0
    impossible: int = 0
    lowest: float = math.inf
    highest: float = -math.inf
    first: list[str] = field(default_factory=list)
    odd: dict[float, int] = field(default_factory=dict)
    odd_count: int = 0


@dataclass(frozen=True)
class _Pixels:
    """The part of a raster over the region."""

    path: Path
    grid: Grid
    row: int
    col: int

    def strips(self) -> Iterator[tuple[int, NDArray[np.float64]]]:
        """(first row within the part, values); nodata is NaN, scale and offset of the band are applied."""
        height = max(1, STRIP // self.grid.nx)
        step = 256 if height > 256 else 64  # whole tiles, and whole bands of geo.regrid
        height = height - height % step if height > step else height
        try:
            with rasterio.open(self.path, driver="GTiff") as dataset:
                for top in range(0, self.grid.ny, height):
                    rows = min(height, self.grid.ny - top)
                    yield top, _read(dataset, self.col, self.row + top, self.grid.nx, rows)
        except RasterioError as error:
            cause = error.__cause__ or error
            raise SourceError(f"{self.path.name}: not a readable GeoTIFF, perhaps cut short ({cause})") from error


def _read(dataset: Any, col: int, row: int, width: int, height: int) -> NDArray[np.float64]:
    make: Any = Window
    raw = dataset.read(1, window=make(col, row, width, height))
    values = raw.astype(np.float64)
    nodata = dataset.nodatavals[0]
    scale, offset = float(dataset.scales[0]), float(dataset.offsets[0])
    if (scale, offset) != (1.0, 0.0):
        values = values * scale + offset
    if nodata is not None and not np.isnan(nodata):
        values[raw == np.array(nodata).astype(raw.dtype)] = np.nan
    return values


def _over(source: Grid, frame: Grid, *, path: Path) -> _Pixels:
    """Rows and columns of the raster that may lie over the region, with a margin; SchemaError when none do."""
    move = Transformer.from_crs(frame.crs, source.crs, always_xy=True)
    west, south, east, north = (float(edge) for edge in move.transform_bounds(*frame.bounds, densify_pts=41))
    rows, cols = (0, source.ny), (0, source.nx)
    if np.isfinite([south, north]).all():
        margin = 2 + 0.01 * (north - south) / source.dy
        rows = _span((source.north - north) / source.dy, (source.north - south) / source.dy, margin, source.ny)
    turned = source.crs.is_geographic and (west > east or source.bounds[2] > 180.001)  # meridian 180, or 0 to 360
    if np.isfinite([west, east]).all() and not turned:
        margin = 2 + 0.01 * (east - west) / source.dx
        cols = _span((west - source.west) / source.dx, (east - source.west) / source.dx, margin, source.nx)
    if rows[0] >= rows[1] or cols[0] >= cols[1]:
        where = "({:.3f}, {:.3f}, {:.3f}, {:.3f})"
        problem = f"extent {where.format(*source.bounds)} lies outside the region's"
        problem += f" {where.format(west, south, east, north)} (west, south, east, north in {source.crs.name})"
        raise SchemaError([Fault(path.name, problem, "check the file and its CRS")])
    if (rows[1] - rows[0]) * (cols[1] - cols[0]) > MAX_WINDOW:
        problem = f"{(rows[1] - rows[0]) * (cols[1] - cols[0]):,} pixels over the region are more than {MAX_WINDOW:,}"
        raise SchemaError([Fault(path.name, problem, "give it at a coarser step")])
    part = source.window(row0=rows[0], row1=rows[1], col0=cols[0], col1=cols[1])
    return _Pixels(path, part, rows[0], cols[0])


def _span(low: float, high: float, margin: float, size: int) -> tuple[int, int]:
    return max(0, math.floor(low - margin)), min(size, math.ceil(high + margin))


class _Areas:
    """Area of every pixel in cells of the target: exact at knots, interpolated between."""

    def __init__(self, source: Grid, target: Grid) -> None:
        self.constant = source.crs.equals(target.crs, ignore_axis_order=True)
        self.cols = np.arange(source.nx)
        if self.constant:
            self.value = source.dx * source.dy / (target.dx * target.dy)
            return
        unit = source.metres_per_unit if source.crs.is_projected else math.radians(1) * 6_371_000
        steps = [max(1, int(KNOT_METRES / (size * unit))) for size in (source.dy, source.dx)]
        self.row_knots, self.col_knots = (_knots(size, step) for size, step in zip(source.shape, steps, strict=True))
        self.knot_values = _quad_areas(source, target, self.row_knots, self.col_knots)

    def of(self, top: int, rows: int) -> NDArray[np.float64] | float:
        """Areas of some rows of pixels, (rows, nx)."""
        if self.constant:
            return self.value
        at = np.arange(top, top + rows)
        down = _between(self.row_knots, at)
        across = _between(self.col_knots, self.cols)
        upper, lower = self.knot_values[down[0]], self.knot_values[down[0] + 1]
        lines = upper * (1 - down[1])[:, None] + lower * down[1][:, None]
        return lines[:, across[0]] * (1 - across[1]) + lines[:, across[0] + 1] * across[1]


def _knots(size: int, step: int) -> NDArray[np.int64]:
    """Pixels at which the area is worked out; the last may lie one beyond, so that there are always two."""
    return np.unique(np.append(np.arange(0, max(size - 1, 1), step), max(size - 1, 1))).astype(np.int64)


def _between(knots: NDArray[np.int64], at: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    left = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, knots.size - 2).astype(np.int64)
    return left, (at - knots[left]) / (knots[left + 1] - knots[left])


def _quad_areas(source: Grid, target: Grid, rows: NDArray[np.int64], cols: NDArray[np.int64]) -> NDArray[np.float64]:
    """Area, in target cells, of the quadrilateral of each pixel's transformed corners; 0 where there is none."""
    move = Transformer.from_crs(source.crs, target.crs, always_xy=True)
    corners: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
    for down, right in ((0, 0), (0, 1), (1, 1), (1, 0)):
        x, y = np.meshgrid(source.west + (cols + right) * source.dx, source.north - (rows + down) * source.dy)
        tx, ty = move.transform(x, y)
        corners.append((np.asarray(tx) / target.dx, np.asarray(ty) / target.dy))
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = corners
    with np.errstate(invalid="ignore"):
        area = 0.5 * np.abs((ax - cx) * (by - dy) - (bx - dx) * (ay - cy))
    return np.where(np.isfinite(area), area, 0.0)


def _judge(
    values: NDArray[np.float64], top: int, section: CoverageSection, *, part: _Pixels, seen: _Seen
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which pixels are known, and which of them covered; what is odd is counted."""
    known = ~np.isnan(values)
    if section.threshold_dbm is not None:
        bad = known & ~((values >= LOWEST_DBM) & (values <= HIGHEST_DBM))
        _count_impossible(values, bad, top, part=part, seen=seen)
        covered = known & (values >= section.threshold_dbm)
    else:
        covered = np.isin(values, np.array(section.covered_classes, dtype=np.float64))
        if section.uncovered_classes is not None:
            fair = covered | np.isin(values, np.array(section.uncovered_classes, dtype=np.float64))
            _count_odd(values[known & ~fair], seen)
            known &= fair
    seen.pixels += values.size
    seen.known += int(known.sum())
    seen.covered += int(covered.sum())
    return known, covered


def _count_impossible(
    values: NDArray[np.float64], bad: NDArray[np.bool_], top: int, *, part: _Pixels, seen: _Seen
) -> None:
    if not bad.any():
        return
    seen.impossible += int(bad.sum())
    seen.lowest, seen.highest = min(seen.lowest, float(values[bad].min())), max(seen.highest, float(values[bad].max()))
    at = np.argwhere(bad)[: 3 - len(seen.first)] if len(seen.first) < 3 else []
    seen.first += [f"{int(r) + top + part.row + 1}:{int(c) + part.col + 1}" for r, c in at]


def _count_odd(values: NDArray[np.float64], seen: _Seen) -> None:
    seen.odd_count += values.size
    for value, count in zip(*np.unique(values, return_counts=True), strict=True):
        if float(value) in seen.odd or len(seen.odd) < MAX_VALUES:
            seen.odd[float(value)] = seen.odd.get(float(value), 0) + int(count)


def _shares(part: _Pixels, section: CoverageSection, frame: Grid) -> tuple[dict[str, NDArray[np.float64]], _Seen]:
    """Covered and known share of each cell of the frame; the file is read once for each."""
    areas, found = _Areas(part.grid, frame), {}
    seen = _Seen()
    for index, which in enumerate(("known", "covered")):
        seen = _Seen()

        def amounts(index: int = index, seen: _Seen = seen) -> Iterator[tuple[int, NDArray[np.float64]]]:
            for top, values in part.strips():
                mask = _judge(values, top, section, part=part, seen=seen)[index]
                yield top, np.where(mask, areas.of(top, len(values)), 0.0)

        total, _ = regrid_sum(amounts(), source=part.grid, target=frame)
        share = np.clip(np.nan_to_num(total), 0.0, 1.0)
        found[which] = np.where(share > 1 - SNAP, 1.0, np.where(share < SNAP, 0.0, share))
    found["covered"] = np.minimum(found["covered"], found["known"])
    return found, seen


def read_declared_raster(path: Path, section: CoverageSection, frame: Grid) -> Declared:
    """Read a raster of declared coverage.

    Parameters
    ----------
    path : Path
        North-up GeoTIFF in any CRS, projected or in degrees; its first band, with the band's scale and offset.
    section : CoverageSection
        ``threshold_dbm`` (covered where at least this), or ``covered_classes`` and perhaps ``uncovered_classes``;
        ``technology`` and ``operator`` are constants.
    frame : Grid

    Returns
    -------
    Declared
        ``cells`` for every technology up to the raster's, by operator and for anyone; ``fraction`` = share of each cell
        under pixels with a value: nodata, values in neither list of classes, and what lies beyond the raster are not
        known. Both are shares of the whole cell, the covered one never the larger. On one CRS they are exact; between
        two, pixels become the quadrilaterals of their corners, placed within a thousandth of a cell (`geo.regrid`).

    Raises
    ------
    SchemaError
        Not over the region, too many pixels over it, dBm above −20 or below −200 that are not declared nodata (counted,
        the first as row:column), no pixel with a value.
    SourceError, CRSError, GridError
        See `geo.raster.raster_grid`.
    """
    name = path.name
    part = _over(raster_grid(path), frame, path=path)
    with rasterio.open(path, driver="GTiff") as dataset:
        bands = dataset.count
    if bands != 1:
        problem = f"{bands} bands; which of them is the coverage is not said"
        raise SchemaError([Fault(name, problem, "give that band as a file of its own")])
    shares, seen = _shares(part, section, frame)
    if seen.impossible:
        problem = f"{seen.impossible:,} pixels over the region are no dBm, from {seen.lowest:g} to {seen.highest:g}"
        mend = "declare the file's nodata value; dBm lie between −200 and −20 (for classes give covered_classes)"
        raise SchemaError([Fault(name, problem, mend, row=f"{', '.join(seen.first)} (row:column)")])
    if not seen.known:
        raise SchemaError([Fault(name, "no pixel over the region has a value", "check the file and its classes")])
    best = TECHNOLOGIES.index(section.technology or "")
    operator = section.operator or NOT_KNOWN
    cells = {(t, who): shares["covered"] for t in TECHNOLOGIES[: best + 1] for who in (ANYONE, operator)}
    return Declared((TECHNOLOGIES[best],), _notes(seen, name=name), cells=cells, fraction=shares["known"])


def _notes(seen: _Seen, *, name: str) -> Notes:
    notes: Notes = []
    if seen.odd_count:
        met = listed([f"{value:g} ({count:,})" for value, count in sorted(seen.odd.items())])
        notes.append(Note(name, "pixels of neither covered nor uncovered classes, not known", seen.odd_count, met))
    empty = seen.pixels - seen.known - seen.odd_count
    if empty:
        notes.append(Note(name, "pixels over the region without a value, not known", empty))
    if not seen.covered:
        notes.append(
            Note(name, "no pixel over the region is covered", seen.known, "check the threshold or the classes")
        )
    return notes
