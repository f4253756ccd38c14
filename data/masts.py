"""Masts and towers that could carry equipment: a list of one's own, or what OpenStreetMap has.

Source of the tags: the OpenStreetMap wiki, pages "Tag:man_made=mast", "Tag:man_made=tower",
"Tag:man_made=communications_tower" and "Key:tower:type". A height without a unit is in metres ("Key:height").
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from data.columns import blank
from data.notes import Note, Notes
from data.points import open_points, place, require_columns, select, stable_ids, unique_rows
from data.rows import Rows
from data.vectors import X_COLUMN, Y_COLUMN, is_vector, points_table
from data.word_lists import counted
from geo.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pyproj import CRS

    from data.points import Points
    from data.tables_in import Table
    from data.vectors import Bounds
    from geo.errors import Fault

CARRIERS = frozenset({"mast", "tower", "communications_tower"})
"""Values of ``man_made`` that can carry antennas."""

COMMUNICATION = "communication"
"""Value of ``tower:type``; a mast or tower of another type lights a pitch, rings a bell or watches for fires."""

HIGHEST_M = 1000.0
"""No mast is higher; a larger figure stands in the wrong column or unit."""

_OSM_COLUMNS = {"id": ("@id", "id", "osm_id"), "name": ("name",)}


class MastTable(NamedTuple):
    """Masts and what was left out on the way."""

    masts: pd.DataFrame
    notes: Notes


def _open(
    path: Path, columns: Mapping[str, str | None], *, source_crs: CRS | str, layer: str | None
) -> tuple[Table, str, str, CRS]:
    """As `data.points.open_points`, with areas taken as points on them."""
    if is_vector(path):
        table, crs = points_table(path, layer=layer, areas=True)
        return table, X_COLUMN, Y_COLUMN, crs
    return open_points(path, columns=columns, source_crs=source_crs)


def _carriers(table: Table, notes: Notes) -> Table:
    """Without what OpenStreetMap's tags say can carry no antenna."""
    frame = table.frame
    made = frame["man_made"].str.casefold()
    use = frame["tower:type"].str.casefold() if "tower:type" in frame.columns else pd.Series("", index=frame.index)
    other = ~made.isin(CARRIERS)
    unfit = ~other & ~blank(use) & ~use.map(lambda words: COMMUNICATION in {w.strip() for w in str(words).split(";")})
    for mask, words, what in (
        (other, made, "things that are neither mast nor tower, left out"),
        (unfit, use, "masts and towers of another use, left out"),
    ):
        if mask.any():
            notes.append(Note(table.name, what, int(mask.sum()), counted(words[mask])))
    return replace(table, frame=frame[~other & ~unfit])


def _tagged_heights(points: Points, notes: Notes) -> pd.Series[float]:
    """Heights of OpenStreetMap in metres, as "45" or "45 m"; NaN where it says something else, or nothing."""
    if "height" not in points.table.frame.columns:
        return pd.Series(np.nan, index=points.table.frame.index)
    text = points.text("height")
    figure = text.str.extract(r"^(\d+(?:\.\d+)?)\s*m?$", expand=False).astype(np.float64)
    found = figure.where((figure > 0) & (figure <= HIGHEST_M))
    odd = text[(text != "") & found.isna()]
    if len(odd):
        notes.append(Note(points.table.name, "heights that are no metres, taken as not known", len(odd), counted(odd)))
    return found


def _heights(points: Points, column: str, faults: list[Fault]) -> pd.Series[float]:
    rows = Rows(points.table, {"height": column}, faults, [])
    found = rows.figures("height", maximum=HIGHEST_M)
    none = {str(row): "a height of 0 m" for row in found.index[found == 0]}
    rows.wrong("height", none, mend="correct it, or leave it blank when it is not known")
    return found


def read_masts(
    path: Path,
    *,
    columns: Mapping[str, str | None],
    grid_crs: CRS,
    source_crs: CRS | str = "EPSG:4326",
    bounds: Bounds | None = None,
    layer: str | None = None,
    where: Mapping[str, str | list[str]] | None = None,
) -> MastTable:
    """Read masts and towers from CSV or from a vector file of points or areas.

    Parameters
    ----------
    path : Path
        A file with a column ``man_made`` is taken as OpenStreetMap's: only what can carry antennas is kept, and its
        ids, names and heights are found by themselves.
    columns : mapping
        ``x, y`` (CSV only) and optionally ``id, name, height`` → column of the file.
    grid_crs, source_crs, bounds, where
        See `data.wifi.read_wifi`.
    layer : str, optional
        Layer of a file with several.

    Returns
    -------
    masts : DataFrame, sorted by id
        ``id, name`` (text), ``height_m`` (float64, above the ground; NaN = not known), ``x, y`` (float64, in
        `grid_crs`).
    notes : list of Note

    Raises
    ------
    SchemaError
        Every fault at once: see `data.wifi.read_wifi`; heights of 0 m or less, or above `HIGHEST_M`.
    """
    faults: list[Fault] = []
    table, x, y, crs = _open(path, columns, source_crs=source_crs, layer=layer)
    require_columns(table, [x, y, *(columns.get(key) for key in ("id", "name", "height"))], faults=faults)
    if not faults:
        table = select(table, where, faults=faults)
    if faults:
        raise SchemaError(faults)
    notes: Notes = [*table.notes]
    tagged = "man_made" in table.frame.columns
    named = dict(columns)
    if tagged:
        table = _carriers(table, notes)
        for key, known in _OSM_COLUMNS.items():
            named[key] = columns.get(key) or next((one for one in known if one in table.frame.columns), None)
    points = place(table, x, y, crs=crs, grid_crs=grid_crs, bounds=bounds, faults=faults)
    notes += points.notes
    column = columns.get("height")
    unknown = pd.Series(np.nan, index=points.table.frame.index)
    told = _heights(points, column, faults) if column else _tagged_heights(points, notes) if tagged else unknown
    frame = pd.DataFrame(
        {
            "id": stable_ids(points, named.get("id"), what="masts", shared=False, notes=notes),
            "name": points.text(named.get("name")),
            "height_m": told,
            "x": points.x,
            "y": points.y,
        }
    )
    frame = unique_rows(frame, "id", name=table.name, column=named.get("id") or "", faults=faults, notes=notes)
    if faults:
        raise SchemaError(faults)
    return MastTable(frame.sort_values("id", kind="stable").reset_index(drop=True), notes)
