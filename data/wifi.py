"""Public WiFi points: which of them work, where they stand, how many access points they have."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from data.columns import numbers
from data.notes import Note, Notes, listed
from data.points import Points, open_points, place, require_columns, select, stable_ids, unique_rows
from data.words import folded
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pyproj import CRS

    from data.vectors import Bounds


class WifiPoints(NamedTuple):
    """Points and what was dropped or made on the way."""

    points: pd.DataFrame
    notes: Notes


def _operational(
    status: pd.Series[str],
    words: Sequence[str] | None,
    *,
    name: str,
    column: str | None,
    faults: list[Fault],
    notes: Notes,
) -> pd.Series[bool]:
    """Whether each status word means working; without a list every point is taken to work."""
    if words is None:
        return pd.Series(data=True, index=status.index)
    if column is None:
        faults.append(Fault(name, "status words are set but no status column", "set columns.status"))
        return pd.Series(data=True, index=status.index)
    works = status.map(folded).isin([folded(word) for word in words])
    if len(status) and not works.any():
        known = listed(sorted({word for word in status if word}))
        faults.append(Fault(name, f"no row has the status {' or '.join(words)}", f"use words of: {known}", column))
    counts = status[~works].value_counts().sort_index()
    if len(counts):
        detail = listed([f"{word or 'blank'} {count}" for word, count in counts.items()])
        notes.append(Note(name, "points not operational", int(counts.sum()), detail))
    return works


def _table(
    points: Points,
    columns: Mapping[str, str | None],
    operational: Sequence[str] | None,
    *,
    faults: list[Fault],
    notes: Notes,
) -> pd.DataFrame:
    name, column = points.table.name, columns.get("access_points")
    count = pd.Series(np.nan, index=points.table.frame.index)
    if column is not None:
        count = numbers(points.table, column, faults=faults, minimum=0)
        if count.isna().any():
            notes.append(Note(name, "points whose number of access points is not known", int(count.isna().sum())))
    status = points.text(columns.get("status"))
    return pd.DataFrame(
        {
            "wifi_id": stable_ids(points, columns.get("id"), what="points", shared=False, notes=notes),
            "name": points.text(columns.get("name")),
            "status": status,
            "operational": _operational(
                status, operational, name=name, column=columns.get("status"), faults=faults, notes=notes
            ),
            "access_points": count,
            "x": points.x,
            "y": points.y,
        }
    )


def read_wifi(
    path: Path,
    *,
    columns: Mapping[str, str | None],
    operational: Sequence[str] | None = None,
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
        ``x, y`` (CSV only) and optionally ``id, name, status, access_points`` → column of the file.
    operational : sequence of str, optional
        Status words that mean working (accents and capitals ignored); default: every point works.
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
        ``wifi_id, name, status`` (text, blank = not known), ``operational`` (bool), ``access_points`` (float64, NaN =
        not known), ``x, y`` (float64, in `grid_crs`).
    notes : list of Note

    Raises
    ------
    SchemaError
        Every fault at once: columns that are not there, text for figures, coordinates that are no degrees or swapped,
        no point in the region, status words that no row has, one id for two points.
    """
    faults: list[Fault] = []
    table, x, y, crs = open_points(path, columns=columns, source_crs=source_crs)
    require_columns(
        table, [x, y, *(columns.get(key) for key in ("id", "name", "status", "access_points"))], faults=faults
    )
    table = select(table, where, faults=faults)
    if faults:
        raise SchemaError(faults)
    points = place(table, x, y, crs=crs, grid_crs=grid_crs, bounds=bounds, faults=faults)
    notes: Notes = [*table.notes, *points.notes]
    frame = _table(points, columns, operational, faults=faults, notes=notes)
    frame = unique_rows(frame, "wifi_id", name=table.name, column=columns.get("id") or "", faults=faults, notes=notes)
    if faults:
        raise SchemaError(faults)
    return WifiPoints(frame.sort_values("wifi_id", kind="stable").reset_index(drop=True), notes)
