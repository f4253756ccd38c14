"""Points of any source, CSV or vector file, brought to the grid's CRS; what cannot be placed is dropped and counted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError as ProjCRSError

from data.columns import blank, has_column, keep_where, numbers
from data.notes import Note, Notes, listed
from data.tables_in import Table, read_table, row_faults
from data.vectors import LONGITUDE_FIRST, X_COLUMN, Y_COLUMN, Bounds, is_vector, points_table
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Points:
    """A table whose rows all have a place.

    Attributes
    ----------
    table : Table
        Only the rows placed; the index still is the row number of the file.
    x, y : float64 array (rows,)
        In the grid's CRS.
    source_x, source_y : float64 array (rows,)
        As the file has them.
    notes : tuple of Note
        Rows dropped: without coordinates, at 0, 0, outside the bounds.
    """

    table: Table
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    source_x: NDArray[np.float64]
    source_y: NDArray[np.float64]
    notes: tuple[Note, ...]

    def text(self, column: str | None, *, default: str = "") -> pd.Series[str]:
        """Column as text, blanks empty; `default` in every row when there is no such column asked for."""
        if column is None:
            return pd.Series(default, index=self.table.frame.index, dtype=object)
        values = self.table.frame[column]
        return values.mask(blank(values), "").astype(object)


def known_crs(crs: CRS | str, *, name: str) -> CRS:
    """CRS object of what a person wrote.

    Raises
    ------
    SchemaError
        PROJ does not know it.
    """
    try:
        return CRS.from_user_input(crs)
    except ProjCRSError as error:
        raise SchemaError([Fault(name, f"'{crs}' is no known CRS", "write it like EPSG:4326")]) from error


def open_points(path: Path, *, columns: Mapping[str, str | None], source_crs: CRS | str) -> tuple[Table, str, str, CRS]:
    """Table, its x and y columns and its CRS; a vector file brings its own geometry and CRS."""
    path = Path(path)
    if is_vector(path):
        table, crs = points_table(path)
        return table, X_COLUMN, Y_COLUMN, crs
    x, y = columns.get("x"), columns.get("y")
    if x is None or y is None:
        raise SchemaError([Fault(path.name, "no columns for x and y are set", "set columns.x and columns.y")])
    return read_table(path), x, y, known_crs(source_crs, name=path.name)


def require_columns(table: Table, names: Sequence[str | None], *, faults: list[Fault]) -> None:
    """A fault for every column asked for that the table lacks."""
    for name in names:
        if name is not None:
            has_column(table, name, faults=faults)


def select(table: Table, where: Mapping[str, str | list[str]] | None, *, faults: list[Fault]) -> Table:
    """Table with only the rows that `where` asks for."""
    return replace(table, frame=keep_where(table.frame, where, name=table.name, faults=faults))


def _coordinates(
    table: Table, x: str, y: str, *, crs: CRS, faults: list[Fault]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both columns as figures; degrees beyond the Earth are faults, and said to be swapped when they look so."""
    before = len(faults)
    easting, northing = (numbers(table, column, faults=faults) for column in (x, y))
    if crs.is_geographic and len(faults) == before:
        swapped = bool((easting.abs().dropna() <= 90).all() and (northing.abs() > 90).any())
        mend = LONGITUDE_FIRST if swapped else f"these are no degrees: name the CRS of '{x}' and '{y}'"
        for column, values, limit in ((x, easting, 180), (y, northing, 90)):
            rows = values.index[values.abs() > limit]
            problem = {str(row): f"{values[row]:g} is beyond ±{limit} degrees" for row in rows}
            faults += row_faults(table.name, column, problem, mend=mend)
    return np.asarray(easting, dtype=np.float64), np.asarray(northing, dtype=np.float64)


def _inside(x: NDArray[np.float64], y: NDArray[np.float64], bounds: Bounds) -> NDArray[np.bool_]:
    west, south, east, north = bounds
    return (x >= west) & (x <= east) & (y >= south) & (y <= north)


def place(
    table: Table, x: str, y: str, *, crs: CRS, grid_crs: CRS, bounds: Bounds | None, faults: list[Fault]
) -> Points:
    """Bring the points of a table to the grid's CRS.

    Parameters
    ----------
    table : Table
    x, y : str
        Columns; longitude and latitude in that order when `crs` is geographic, whatever its own axis order.
    crs, grid_crs : pyproj.CRS
        Of the columns; wanted.
    bounds : tuple of float or None
        (west, south, east, north) in `grid_crs`; None keeps all.
    faults : list of Fault
        Appended to: text, degrees beyond the Earth, no point inside the bounds (and whether swapped ones would be).

    Returns
    -------
    Points
        Rows with blank coordinates, at longitude 0 and latitude 0, or outside the bounds dropped and noted.
    """
    before = len(faults)
    source_x, source_y = _coordinates(table, x, y, crs=crs, faults=faults)
    known = np.isfinite(source_x) & np.isfinite(source_y)
    null = known & crs.is_geographic & (source_x == 0) & (source_y == 0)
    usable = known & ~null
    move = Transformer.from_crs(crs, grid_crs, always_xy=True)
    gx, gy = np.full(source_x.shape, np.nan), np.full(source_y.shape, np.nan)
    gx[usable], gy[usable] = move.transform(source_x[usable], source_y[usable])
    inside = usable & np.isfinite(gx) & np.isfinite(gy)
    if bounds is not None:
        inside &= _inside(gx, gy, bounds)
    if len(table) and not inside.any() and len(faults) == before:
        faults.append(_nowhere(table.name, source_x[usable], source_y[usable], move=move, bounds=bounds))
    notes: Notes = []
    for mask, what in (
        (~known, "rows without coordinates, dropped"),
        (null, "rows at longitude 0, latitude 0, dropped"),
        (usable & ~inside, "rows outside the region's grid, dropped"),
    ):
        if mask.any():
            rows = [str(row) for row in table.frame.index[mask]]
            notes.append(Note(table.name, what, int(mask.sum()), f"rows {listed(rows)}"))
    kept = replace(table, frame=table.frame[inside])
    return Points(kept, gx[inside], gy[inside], source_x[inside], source_y[inside], tuple(notes))


def _nowhere(
    name: str, x: NDArray[np.float64], y: NDArray[np.float64], *, move: Transformer, bounds: Bounds | None
) -> Fault:
    """Say why no point is inside: none at all, swapped axes, or another place or CRS."""
    if not len(x):
        return Fault(name, "no row has coordinates", "fill them in")
    other_x, other_y = move.transform(y, x)
    if bounds is not None and bool(_inside(np.asarray(other_x), np.asarray(other_y), bounds).any()):
        return Fault(name, "no point lies in the region, but with x and y swapped some do", LONGITUDE_FIRST)
    first = f"no point lies in the region; the first is at ({x[0]:g}, {y[0]:g})"
    return Fault(name, first, "check the CRS of the x and y columns, and that the file is of this region")


def _figure(value: float) -> str:
    return np.format_float_positional(round(value, 6), trim="-")


def stable_ids(points: Points, column: str | None, *, what: str, shared: bool, notes: Notes) -> pd.Series[str]:
    """Ids of the rows; a blank one is made from the place ("at 2.350671 48.852442"), which no order of rows changes.

    Rows at one place share the made id where `shared`; else they are numbered in the order of their text. Made ids are
    noted.
    """
    ids = points.text(column)
    empty = (ids == "").to_numpy()
    if not empty.any():
        return ids
    places = zip(points.source_x, points.source_y, strict=True)
    frame = points.table.frame.assign(made=[f"at {_figure(x)} {_figure(y)}" for x, y in places])[empty]
    made = frame["made"].astype(object)
    if not shared:
        frame = frame.sort_values(["made", *[name for name in frame.columns if name != "made"]], kind="stable")
        number = frame.groupby("made").cumcount()
        made = frame["made"].astype(object) + np.where(number > 0, " #" + (number + 1).astype(str), "")
    notes.append(Note(points.table.name, f"{what} without an id, named by their place", len(made)))
    return ids.where(~pd.Series(empty, index=ids.index), made.reindex(ids.index))


def unique_rows(
    frame: pd.DataFrame, key: str, *, name: str, column: str, faults: list[Fault], notes: Notes
) -> pd.DataFrame:
    """Drop rows equal in every respect (noted); an id that still stands twice is a fault with both rows."""
    again = frame.duplicated(keep="first")
    if again.any():
        rows = [str(row) for row in frame.index[again]]
        notes.append(Note(name, "rows that repeat another, dropped", int(again.sum()), f"rows {listed(rows)}"))
    frame = frame[~again]
    twice = frame[frame.duplicated(key, keep=False)]
    problem: dict[str, str] = {}
    for value, group in twice.groupby(key, sort=True):
        rows = [str(row) for row in group.index]
        problem[rows[1]] = f"id '{value}' stands in rows {listed(rows)} for different things"
    faults += row_faults(name, column, problem, mend="give every row an id of its own")
    return frame
