"""Public WiFi points: which of them work and are free to use, where they stand, how many access points they have."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from data.columns import numbers
from data.notes import Note, Notes, listed
from data.points import Points, open_points, place, require_columns, select, stable_ids, unique_rows
from data.tables_in import row_faults
from data.word_lists import counted, in_list
from data.words import folded
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pyproj import CRS

    from data.vectors import Bounds


OPTIONAL = ("id", "name", "status", "access_points", "setting", "access", "hours")
"""Columns that a list of public WiFi may have."""

MOST_POINTS = 10_000
"""More access points than this at one hotspot are a mistake, such as a telephone number in the wrong column."""


class WifiPoints(NamedTuple):
    """Points and what was dropped or made on the way."""

    points: pd.DataFrame
    notes: Notes


def _words(
    points: Points,
    columns: Mapping[str, str | None],
    lists: Mapping[str, Sequence[str] | None],
    *,
    faults: list[Fault],
    notes: Notes,
) -> dict[str, pd.Series[bool]]:
    """Flags that follow from words: without a list every point works, is free to use, and stands indoors."""
    flags: dict[str, pd.Series[bool]] = {}
    for flag, key, otherwise, what, taken in (
        ("operational", "status", True, "points not operational", "working"),
        ("free", "access", True, "points not free to use", "free"),
        ("outdoor", "setting", False, "points whose setting is not known, taken as indoors", "indoors"),
    ):
        column, words = columns.get(key), lists[flag]
        flags[flag] = in_list(points, column, words, key=key, otherwise=otherwise, faults=faults, notes=notes)
        text = points.text(column)
        odd = text[~flags[flag]] if otherwise else text[(text == "") & (words is not None)]
        if len(odd):
            notes.append(Note(points.table.name, what, len(odd), counted(odd) if otherwise else ""))
        if words is None and column is not None:
            told = text[text != ""]
            unread = f"points of which {key} is given while no list '{flag}' says what it means, all taken as {taken}"
            notes += [Note(points.table.name, unread, len(told), counted(told))] if len(told) else []
    if not (flags["operational"] & flags["free"]).any():
        notes.append(Note(points.table.name, "points, of which none is open: nobody can use any", len(text)))
    return flags


def _table(
    points: Points,
    columns: Mapping[str, str | None],
    lists: Mapping[str, Sequence[str] | None],
    *,
    faults: list[Fault],
    notes: Notes,
) -> pd.DataFrame:
    name, column = points.table.name, columns.get("access_points")
    count = pd.Series(np.nan, index=points.table.frame.index)
    if column is not None:
        count = numbers(points.table, column, faults=faults, minimum=0, maximum=MOST_POINTS)
        _whole(points, count, column, faults=faults)
        none = [str(row) for row in count.index[count == 0]]
        if none:
            notes.append(Note(name, "points with 0 access points, room for nobody", len(none), f"rows {listed(none)}"))
        if count.isna().any():
            notes.append(Note(name, "points whose number of access points is not known", int(count.isna().sum())))
    return pd.DataFrame(
        {
            "wifi_id": stable_ids(points, columns.get("id"), what="points", shared=False, notes=notes),
            "name": points.text(columns.get("name")),
            "status": points.text(columns.get("status")),
            **_words(points, columns, lists, faults=faults, notes=notes),
            "access_points": count,
            "hours": points.text(columns.get("hours")),
            "x": points.x,
            "y": points.y,
        }
    )


def _whole(points: Points, count: pd.Series[float], column: str, *, faults: list[Fault]) -> None:
    """Numbers of access points are whole."""
    odd = count[(count % 1 != 0) & count.notna()]
    rows = {str(row): f"{value:g} is no number of access points" for row, value in odd.items()}
    faults += row_faults(points.table.name, column, rows, mend="give a whole number")


def _twins(frame: pd.DataFrame, *, name: str) -> Notes:
    """A note on points at the place of another point of the same name, when there are any."""
    named = frame.assign(name=frame["name"].map(folded))
    again = (named["name"] != "") & named.duplicated(["x", "y", "name"])
    if not again.any():
        return []
    what = "points that stand at another's place under its name; both count towards room"
    return [Note(name, what, int(again.sum()), listed(frame.loc[again, "wifi_id"].tolist()))]


def read_wifi(
    path: Path,
    *,
    columns: Mapping[str, str | None],
    operational: Sequence[str] | None = None,
    outdoor: Sequence[str] | None = None,
    free: Sequence[str] | None = None,
    source_crs: CRS | str = "EPSG:4326",
    grid_crs: CRS,
    bounds: Bounds | None = None,
    where: Mapping[str, str | list[str]] | None = None,
) -> WifiPoints:
    """Read public WiFi points from CSV or from a vector file of points.

    Parameters
    ----------
    path : Path
    columns : mapping
        ``x, y`` (CSV only) and optionally ``id, name, status, access_points, setting, access, hours`` → column of the
        file.
    operational : sequence of str, optional
        Status words that mean working (accents and capitals ignored); default: every point works.
    outdoor : sequence of str, optional
        Setting words that mean outdoors. A point that does not say is taken as indoors, whose radio range is shorter.
    free : sequence of str, optional
        Access words that mean free to use without a contract; default: every point is.
    source_crs : CRS or str
        Of the x and y columns; a vector file's own CRS takes its place.
    grid_crs : CRS
    bounds : tuple of float, optional
        (west, south, east, north) in `grid_crs`; points outside are dropped and noted.
    where : mapping, optional
        Only rows whose columns have these values.

    Returns
    -------
    points : DataFrame, sorted by id
        ``wifi_id, name, status`` (text, blank = not known), ``operational, free, outdoor`` (bool), ``access_points``
        (float64, NaN = not known), ``hours`` (text as written, blank = not known), ``x, y`` (float64, in `grid_crs`).
        Points that do not work or are not free are kept.
    notes : list of Note
        Rows dropped; points that do not work, are not free, do not say where they stand, have no access point; words
        that are in a list and in no row, or in a column without a list; no open point; points that share place and
        name.

    Raises
    ------
    SchemaError
        Every fault at once: columns that are not there, text for figures, coordinates that are no degrees or swapped,
        access points that are not whole, below 0 or above `MOST_POINTS`, no point in the region, a list of words
        without a column, one id for two points.
    """
    faults: list[Fault] = []
    table, x, y, crs = open_points(path, columns=columns, source_crs=source_crs)
    require_columns(table, [x, y, *(columns.get(key) for key in OPTIONAL)], faults=faults)
    table = select(table, where, faults=faults)
    if faults:
        raise SchemaError(faults)
    points = place(table, x, y, crs=crs, grid_crs=grid_crs, bounds=bounds, faults=faults)
    notes: Notes = [*table.notes, *points.notes]
    lists = {"operational": operational, "outdoor": outdoor, "free": free}
    frame = _table(points, columns, lists, faults=faults, notes=notes)
    frame = unique_rows(frame, "wifi_id", name=table.name, column=columns.get("id") or "", faults=faults, notes=notes)
    if faults:
        raise SchemaError(faults)
    frame = frame.sort_values("wifi_id", kind="stable").reset_index(drop=True)
    return WifiPoints(frame, notes + _twins(frame, name=table.name))
