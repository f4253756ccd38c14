"""Public buildings and spaces that could host WiFi: schools, libraries, town halls, clinics."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from data.notes import Notes, listed
from data.points import open_points, place, require_columns, select, stable_ids, unique_rows
from data.words import folded
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pyproj import CRS

    from data.tables_in import Table
    from data.vectors import Bounds


class HostPoints(NamedTuple):
    """Points and what was dropped or made on the way."""

    points: pd.DataFrame
    notes: Notes


def _wanted(
    table: Table, column: str | None, categories: Sequence[str] | None, *, faults: list[Fault]
) -> pd.Series[bool]:
    """Rows of the categories asked for; a category that no row has is a fault."""
    if categories is None:
        return pd.Series(data=True, index=table.frame.index)
    if column is None:
        faults.append(Fault(table.name, "categories are set but no category column", "set columns.category"))
        return pd.Series(data=True, index=table.frame.index)
    words = table.frame[column].map(folded)
    for category in categories:
        if not (words == folded(category)).any():
            common = listed(list(table.frame[column].value_counts().index[:10].astype(str)))
            mend = f"remove it, or use words of the file; the commonest are {common}"
            faults.append(Fault(table.name, f"no row is of the category '{category}'", mend, column))
    return words.isin([folded(category) for category in categories])


def read_hosts(
    path: Path,
    *,
    columns: Mapping[str, str | None],
    categories: Sequence[str] | None = None,
    source_crs: CRS | str = "EPSG:4326",
    grid_crs: CRS,
    bounds: Bounds | None = None,
    where: Mapping[str, str | list[str]] | None = None,
) -> HostPoints:
    """Read places that could host WiFi from CSV or from a vector file of points.

    Parameters
    ----------
    path : Path
    columns : mapping
        ``x, y`` (CSV only) and optionally ``id, name, category`` → column of the file.
    categories : sequence of str, optional
        Only these categories (accents and capitals ignored).
    source_crs, grid_crs, bounds, where
        See `data.wifi.read_wifi`.

    Returns
    -------
    points : DataFrame, sorted by id
        ``host_id, name, category`` (text, blank = not known), ``x, y`` (float64, in `grid_crs`).
    notes : list of Note

    Raises
    ------
    SchemaError
        Every fault at once: see `data.wifi.read_wifi`; a category that no row has.
    """
    faults: list[Fault] = []
    table, x, y, crs = open_points(path, columns=columns, source_crs=source_crs)
    require_columns(table, [x, y, *(columns.get(key) for key in ("id", "name", "category"))], faults=faults)
    if faults:
        raise SchemaError(faults)
    table = select(table, where, faults=faults)
    mask = _wanted(table, columns.get("category"), categories, faults=faults)
    if faults:
        raise SchemaError(faults)
    table = replace(table, frame=table.frame[mask])
    points = place(table, x, y, crs=crs, grid_crs=grid_crs, bounds=bounds, faults=faults)
    notes: Notes = [*table.notes, *points.notes]
    frame = pd.DataFrame(
        {
            "host_id": stable_ids(points, columns.get("id"), what="places", shared=False, notes=notes),
            "name": points.text(columns.get("name")),
            "category": points.text(columns.get("category")),
            "x": points.x,
            "y": points.y,
        }
    )
    frame = unique_rows(frame, "host_id", name=table.name, column=columns.get("id") or "", faults=faults, notes=notes)
    if faults:
        raise SchemaError(faults)
    return HostPoints(frame.sort_values("host_id", kind="stable").reset_index(drop=True), notes)
