"""Rasters in and out: one band at a time, whole or in strips, nodata as NaN, GeoTIFF only."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
from pyproj import CRS
from rasterio.errors import RasterioError, RasterioIOError
from rasterio.windows import Window

from geo.errors import CRSError, Fault, GridError, SourceError
from geo.grid import Grid

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

MAX_CELLS = 400_000_000
"""Rasters above this many cells are refused whole (3 GB as float64); strips have no limit."""


@contextmanager
def _opened(path: Path) -> Generator[Any]:
    if not path.exists():
        raise SourceError(f"{path.name}: no such file")
    if path.is_dir():
        raise SourceError(f"{path.name}: a directory, not a GeoTIFF")
    try:
        with rasterio.open(path, driver="GTiff") as dataset:
            yield dataset
    except RasterioIOError as error:
        raise SourceError(f"{path.name}: not a readable GeoTIFF, perhaps cut short ({_first_line(error)})") from error
    except RasterioError as error:
        raise SourceError(f"{path.name}: {_first_line(error)}") from error


def _first_line(error: BaseException) -> str:
    cause = error.__cause__ or error
    return str(cause).splitlines()[0] if str(cause) else type(cause).__name__


def _window(row: int, rows: int, columns: int) -> Any:
    make: Any = Window
    return make(0, row, columns, rows)


def _grid_of(dataset: Any, name: str) -> Grid:
    if dataset.crs is None:
        raise CRSError(f"{name}: has no CRS; set one (for instance with `gdal_edit.py -a_srs`), it is never guessed")
    t = dataset.transform
    if t.b != 0 or t.d != 0 or t.a <= 0 or t.e >= 0:
        raise GridError(f"{name}: is rotated, flipped or without georeference; warp it to a north-up grid first")
    return Grid(CRS.from_wkt(dataset.crs.to_wkt()), t, (dataset.height, dataset.width))


def raster_grid(path: Path) -> Grid:
    """Grid of a GeoTIFF, without reading its values.

    Raises
    ------
    SourceError, CRSError, GridError
        Unreadable; without CRS; not north-up.
    """
    with _opened(path) as dataset:
        return _grid_of(dataset, path.name)


def _values(dataset: Any, window: Window | None, band: int) -> NDArray[np.float64]:
    data = dataset.read(band, window=window).astype(np.float64)
    nodata = dataset.nodatavals[band - 1]
    if nodata is not None and not np.isnan(nodata):
        # compare in the file's own type: float32 nodata such as -3.4e38 is not equal after a float64 literal
        data[data == np.array(nodata, dtype=dataset.dtypes[band - 1]).astype(np.float64)] = np.nan
    return data


def read_raster(path: Path, *, band: int = 1) -> tuple[NDArray[np.float64], Grid]:
    """Read one band whole.

    Parameters
    ----------
    path : Path
        A GeoTIFF with a CRS, north-up.
    band : int
        Counted from 1.

    Returns
    -------
    values : float64 array (ny, nx)
        Nodata is NaN. No value is changed.
    grid : Grid

    Raises
    ------
    SourceError, CRSError, GridError
        Unreadable or larger than `MAX_CELLS`; without CRS; not north-up.
    """
    with _opened(path) as dataset:
        grid = _grid_of(dataset, path.name)
        if grid.size > MAX_CELLS:
            raise SourceError(
                f"{path.name}: {grid.size:,} cells are more than {MAX_CELLS:,}; cut it to the region first"
            )
        return _values(dataset, None, band), grid


def read_strips(path: Path, *, rows: int = 512, band: int = 1) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Yield (first row, values of shape (≤ rows, nx)) from north to south, nodata as NaN; memory is one strip."""
    with _opened(path) as dataset:
        grid = _grid_of(dataset, path.name)
        for row in range(0, grid.ny, rows):
            yield row, _values(dataset, _window(row, min(rows, grid.ny - row), grid.nx), band)


def output_faults(outputs: dict[str, Path | None], *, inputs: Iterable[Path | None]) -> list[Fault]:
    """Faults of files to be written: in a folder that is not there, the same as an input, or the same as each other.

    Parameters
    ----------
    outputs : dict of option name to Path or None
    inputs : Path or None, several
        Files that are read.
    """
    read = {path.resolve() for path in inputs if path is not None}
    faults: list[Fault] = []
    seen: dict[Path, str] = {}
    for option, path in outputs.items():
        if path is None:
            continue
        place = path.resolve()
        if place in read:
            faults.append(Fault(option, f"{path} is one of the files to be read", "name another file"))
        elif place in seen:
            faults.append(Fault(option, f"{path} is written by {seen[place]} too", "name another file"))
        elif place.is_dir():
            faults.append(Fault(option, f"{path} is a folder", "name a file in it"))
        elif not place.parent.is_dir():
            faults.append(Fault(option, f"{path.parent} is no folder", "make it first, or name another"))
        seen[place] = option
    return faults


def write_raster(
    path: Path,
    values: NDArray[Any],
    grid: Grid,
    *,
    nodata: float | None,
    tags: dict[str, str] | None = None,
    colours: dict[int, tuple[int, int, int]] | None = None,
) -> None:
    """Write a one-band GeoTIFF (deflate, tiled) beside its final place, then rename: never half a file.

    Parameters
    ----------
    values : array (ny, nx)
        Written in its own dtype.
    nodata : float or None
        Declared in the file.
    tags : dict, optional
        Dataset metadata, such as the licence.
    colours : dict, optional
        Palette (uint8 only): value → (r, g, b).
    """
    if values.shape != grid.shape:
        raise GridError(f"values of shape {values.shape} do not fit {grid}")
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with rasterio.open(
            beside,
            "w",
            driver="GTiff",
            height=grid.ny,
            width=grid.nx,
            count=1,
            dtype=values.dtype,
            crs=grid.crs.to_wkt(),
            transform=grid.transform,
            nodata=nodata,
            compress="deflate",
            tiled=True,
        ) as dataset:
            dataset.write(values, 1)
            if tags:
                dataset.update_tags(**tags)
            if colours:
                dataset.write_colormap(1, colours)
        beside.replace(path)
    except RasterioError as error:
        raise SourceError(f"{path.name}: cannot be written ({_first_line(error)})") from error
    finally:
        beside.unlink(missing_ok=True)
