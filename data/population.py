"""People on the region's grid: the frame is chosen, the raster is read in strips, and nobody is lost on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from pyproj import CRS, Transformer

from geo.crs import equal_area_crs, region_grid
from geo.errors import CRSError, Fault, GridError, SchemaError
from geo.grid import MAX_AREA_DISTORTION, Grid
from geo.raster import raster_grid, read_strips
from geo.regrid import regrid_sum

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

Bounds = tuple[float, float, float, float]
KM = 1000.0
MAX_SOURCE_CELLS = 4_000_000_000
"""A country at 100 m has 100 million cells, a continent at 100 m some thousand million."""
MAX_PERSONS = 1e7
"""No cell of any population grid holds as many people; an undeclared nodata value does."""
DEGREES = CRS.from_epsg(4326)
MARGIN_CELLS = 20
"""Kilometres around the zones that settlement classes look at: clusters do not stop at a border."""


@dataclass
class _Tally:
    """What went through a strip reader: total, and what cannot be a count."""

    total: float = 0.0
    negative: int = 0
    lowest: float = 0.0
    infinite: int = 0
    highest: float = 0.0
    known: int = 0
    first: list[str] = field(default_factory=list)

    def passed(self, strips: Iterator[tuple[int, NDArray[np.float64]]]) -> Iterator[tuple[int, NDArray[np.float64]]]:
        for row, strip in strips:
            values = strip
            bad = (values < 0) | np.isinf(values)
            if bad.any():
                self.negative += int((values < 0).sum())
                self.infinite += int(np.isinf(values).sum())
                self.lowest = min(self.lowest, float(np.nanmin(values)))
                where = np.argwhere(bad)[: 3 - len(self.first)]
                self.first += [f"{int(r) + row + 1}:{int(c) + 1}" for r, c in where]
                values = np.where(bad, np.nan, values)
            self.known += int(np.count_nonzero(~np.isnan(values)))
            self.highest = max(self.highest, float(np.nanmax(values, initial=0.0)))
            self.total += float(np.nansum(values))
            yield row, values

    def faults(self, name: str, what: str) -> list[Fault]:
        at = ", ".join(self.first)
        faults: list[Fault] = []
        if self.negative:
            mend = f"declare {self.lowest:g} as nodata in the file, or correct those cells; {what} cannot be negative"
            faults.append(
                Fault(name, f"{self.negative:,} negative cells, lowest {self.lowest:g}", mend, row=f"{at} (row:column)")
            )
        if self.infinite:
            faults.append(
                Fault(name, f"{self.infinite:,} infinite cells", "declare them as nodata", row=f"{at} (row:column)")
            )
        if not self.known:
            faults.append(Fault(name, "holds no value at all, only nodata", "check the file"))
        return faults


def read_counts(
    path: Path, frame: Grid, *, what: str, persons: bool = True
) -> tuple[NDArray[np.float64], float, float]:
    """Counts of a GeoTIFF summed onto the frame, area-weighted, from any CRS and resolution.

    Parameters
    ----------
    path : Path
        Counts per cell (persons, m²); nodata = not known.
    frame : Grid
        Equal-area target.
    what : str
        Noun for errors.
    persons : bool
        The counts are people: a cell of more than `MAX_PERSONS` is refused.

    Returns
    -------
    values : float64 array (ny, nx)
        NaN where the file knows nothing.
    total, outside : float
        Sum of the file, and the part of it beyond the frame; values + outside = total to 1e-6.

    Raises
    ------
    SchemaError
        Negative or infinite counts, or no value at all.
    """
    tally = _Tally()
    source = raster_grid(path)
    if source.size > MAX_SOURCE_CELLS:
        problem = f"{source.size:,} cells are more than {MAX_SOURCE_CELLS:,}"
        raise SchemaError([Fault(path.name, problem, "cut the file to the region first")])
    values, outside = regrid_sum(tally.passed(read_strips(path)), source=source, target=frame)
    faults = tally.faults(path.name, what)
    if persons and tally.highest > MAX_PERSONS:
        problem = f"a cell of {tally.highest:g} persons is no count of people"
        faults.append(Fault(path.name, problem, "declare the file's nodata value"))
    if faults:
        raise SchemaError(faults)
    return values, tally.total, outside


def _is_fit(grid: Grid) -> bool:
    return grid.crs.is_projected and grid.area_distortion() <= MAX_AREA_DISTORTION


def bounds_in(bounds: Bounds, source: CRS, target: CRS) -> Bounds:
    """Extent (west, south, east, north) of an extent in another CRS; CRSError where it has no place there."""
    moved = Transformer.from_crs(source, target, always_xy=True).transform_bounds(*bounds, densify_pts=41)
    if not np.all(np.isfinite(moved)):
        raise CRSError(f"the extent {bounds} cannot be placed in {target.name}")
    west, south, east, north = (float(edge) for edge in moved)
    return west, south, east, north


def choose_frame(native: Grid, *, zones: Bounds, crs: str | None, resolution: float, everything: bool) -> Grid:
    """Choose the lattice on which the region is computed.

    Parameters
    ----------
    native : Grid
        Grid of the population file; kept as it is when it is equal-area and already at `resolution`.
    zones : (west, south, east, north)
        Extent of the zones in the native CRS.
    crs : str or None
        Wanted CRS; None = native if equal-area, else chosen from the extent.
    resolution : float
        Cell size in metres.
    everything : bool
        Cover the whole file, not only the zones and a margin.

    Raises
    ------
    CRSError
        The CRS is unknown or does not keep areas.
    GridError
        The zones lie outside the population file.
    """
    extent = _overlap(native.bounds, native.bounds if everything else zones)
    at_scale = native.crs.is_projected and all(
        abs(step * native.metres_per_unit - resolution) < 1e-6 * resolution for step in (native.dx, native.dy)
    )
    if crs is None and at_scale and resolution == KM and _is_fit(native):
        return native
    if crs is not None:
        target = CRS.from_user_input(crs)
    elif _is_fit(native):
        target = native.crs
    else:
        target = equal_area_crs(bounds_in(extent, native.crs, DEGREES))
    step = KM / region_unit(target)
    west, south, east, north = bounds_in(extent, native.crs, target)
    margin = 0 if everything else MARGIN_CELLS * step
    frame = region_grid((west - margin, south - margin, east + margin, north + margin), target, resolution=step)
    frame.require_equal_area()
    return frame.divided(round(KM / resolution))


def region_unit(crs: CRS) -> float:
    """Metres per unit of a projected CRS; CRSError when it is geographic."""
    if not crs.is_projected:
        raise CRSError(f"{crs.name} is not projected; people are counted on an equal-area grid in metres")
    return float(crs.axis_info[0].unit_conversion_factor)


def _overlap(raster: Bounds, wanted: Bounds) -> Bounds:
    west, south = max(raster[0], wanted[0]), max(raster[1], wanted[1])
    east, north = min(raster[2], wanted[2]), min(raster[3], wanted[3])
    if west >= east or south >= north:
        shown = [tuple(round(edge, 3) for edge in bounds) for bounds in (wanted, raster)]
        raise GridError(f"the zones {shown[0]} lie outside the population raster {shown[1]} (west, south, east, north)")
    return west, south, east, north
