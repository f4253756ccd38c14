"""Counts from a table of grid cells, one row a cell with its x and y, as the Eurostat census grid is published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from affine import Affine
from pyproj import CRS

from data.batches import open_batches
from data.figures import figures
from data.notes import Note, Notes, listed
from data.population import MAX_PERSONS
from data.settings import suggestion
from data.tables_in import row_faults
from geo.errors import Fault, SchemaError
from geo.grid import Grid
from geo.raster import MAX_CELLS
from geo.regrid import regrid_sum

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from data.region_file import GroupsTable

OFF = 2e-3
"""Share of a cell by which a corner may miss the lattice: coordinates are rounded when they are written."""
PHASES = 1000
"""Parts of a cell in which corners are looked for; the part with most of them is where the lattice lies."""


@dataclass(frozen=True)
class _Rows:
    """Rows of the table: row of the lattice (0 in the north), column, and the figures of each group."""

    row: NDArray[np.int64]
    col: NDArray[np.int64]
    counts: dict[str, NDArray[np.float64]]


def read_grid_table(path: Path, *, section: GroupsTable, frame: Grid) -> tuple[dict[str, NDArray[np.float64]], Notes]:
    """Read counts per cell from Parquet or CSV and move them to the frame by sum.

    Parameters
    ----------
    path : Path
        ``.parquet``, or delimited text; one row a cell.
    section : GroupsTable
        Columns, CRS, cell size in units of that CRS, which point of the cell x and y are, values that mean not known.
    frame : Grid
        Equal-area target.

    Returns
    -------
    counts : dict of name to float64 array (ny, nx)
        Persons; NaN where no row speaks of the place. A cell that the table leaves out is not known, not empty.
    notes : list of Note

    Raises
    ------
    SchemaError
        Every fault at once: columns that are not there, text, blank or scattered coordinates, cells that do not lie on
        one lattice, one cell twice, negative or impossible counts, a column without any value.
    pyproj.exceptions.CRSError
        The CRS is unknown to PROJ.
    """
    crs = CRS.from_user_input(section.crs)
    faults: list[Fault] = []
    table, notes = _table(path, section, faults=faults)
    counts = {
        name: _counts(table[column], section.missing, name=path.name, column=column, faults=faults)
        for name, column in section.columns.items()
    }
    x, y = (
        _axis(table[column], section.size, name=path.name, column=column, faults=faults)
        for column in (section.x, section.y)
    )
    if faults:
        raise SchemaError(faults)
    (col, west), (up, south) = x, y
    rows = _Rows(up.max() - up, col - col.min(), counts)
    half = section.size / 2 if section.corner == "centre" else 0.0
    size = section.size
    shift = Affine(size, 0, west + col.min() * size - half, 0, -size, south + (up.max() + 1) * size - half)
    source = Grid(crs, shift, (int(rows.row.max()) + 1, int(rows.col.max()) + 1))
    _once(rows, source, table.index, name=path.name, section=section)
    return _moved(rows, source, frame, notes=notes, name=path.name), notes


def _table(path: Path, section: GroupsTable, *, faults: list[Fault]) -> tuple[pd.DataFrame, Notes]:
    """The columns asked for, rows numbered from 1."""
    file = open_batches(path)
    wanted = list(dict.fromkeys([section.x, section.y, *section.columns.values()]))
    faults += [
        Fault(path.name, "no such column", suggestion(column, file.columns), column)
        for column in wanted
        if column not in file.columns
    ]
    if faults:
        raise SchemaError(faults)
    pieces = list(file.read(wanted))
    if not pieces:
        raise SchemaError([Fault(path.name, "no rows", "export it again")])
    return pd.concat(pieces), list(file.notes)


def _counts(
    values: pd.Series[Any], missing: list[float], *, name: str, column: str, faults: list[Fault]
) -> NDArray[np.float64]:
    """Persons of each row; NaN = not known."""
    read = figures(values, name=name, column=column, faults=faults)
    read[np.isin(read, missing)] = np.nan
    mend = "correct it; a value that means not known (such as -9999) belongs in missing = [...]"
    bad = (read < 0) | (read > MAX_PERSONS)
    problem = {str(row): f"{value} is no count of people" for row, value in values[bad].items()}
    faults += row_faults(name, column, problem, mend=mend)
    if np.isnan(read).all():
        faults.append(Fault(name, "holds no value at all", "check the file", column))
    return read


def _axis(
    values: pd.Series[Any], size: float, *, name: str, column: str, faults: list[Fault]
) -> tuple[NDArray[np.int64], float]:
    """Whole number of cells of each row from an origin, and that origin; rows off the lattice are faults."""
    place = figures(values, name=name, column=column, faults=faults)
    empty = np.isnan(place)
    problem = {str(row): "blank where a coordinate is needed" for row in values.index[empty]}
    faults += row_faults(name, column, problem, mend="fill it in, or remove the row")
    known = place[~empty] / size
    if not known.size:
        return np.zeros(place.size, dtype=np.int64), 0.0
    part = np.round((known % 1) * PHASES).astype(np.int64) % PHASES
    origin = int(np.bincount(part, minlength=PHASES).argmax()) / PHASES
    miss = (known - origin + 0.5) % 1 - 0.5
    origin += float(np.median(miss[np.abs(miss) <= OFF]))
    at = np.where(empty, origin, place / size) - origin
    whole = np.round(at)
    off = np.abs(at - whole) > OFF
    problem = {str(row): f"{value} does not lie on the lattice of {size:g}" for row, value in values[off].items()}
    faults += row_faults(name, column, problem, mend="check size, crs, and that all rows are of one grid")
    return whole.astype(np.int64), origin * size


def _once(rows: _Rows, source: Grid, index: pd.Index[Any], *, name: str, section: GroupsTable) -> None:
    """SchemaError when one cell stands in several rows, or the rows are scattered over more cells than can be held."""
    if source.size > MAX_CELLS:
        spread = f"the rows spread over {source.ny:,} × {source.nx:,} cells of {section.size:g}"
        raise SchemaError([Fault(name, spread, "check size, and rows far away from the others")])
    cell = pd.Series(rows.row * source.nx + rows.col, index=index.astype(str))
    problem: dict[str, str] = {}
    for _cell, group in cell[cell.duplicated(keep=False)].groupby(cell, sort=True):
        twice = [str(row) for row in group.index]
        problem[twice[1]] = f"the cell stands in rows {listed(twice)}"
    faults = row_faults(name, f"{section.x}, {section.y}", problem, mend="keep one row a cell, or add them up")
    if faults:
        raise SchemaError(faults)


def _moved(rows: _Rows, source: Grid, frame: Grid, *, notes: Notes, name: str) -> dict[str, NDArray[np.float64]]:
    """Each column as a raster of the table's lattice, moved to the frame by sum."""
    found: dict[str, NDArray[np.float64]] = {}
    for group, counts in rows.counts.items():
        values = np.full(source.shape, np.nan)
        values[rows.row, rows.col] = counts
        found[group], outside = regrid_sum(values, source=source, target=frame)
        notes.append(Note(name, f"persons of '{group}' beyond the grid", round(outside), "not analysed"))
    return found
