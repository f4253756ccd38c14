"""Public buildings and spaces that could host WiFi: schools, libraries, town halls, clinics."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from pyproj import Transformer

from data.notes import Note, Notes, listed
from data.points import open_points, place, require_columns, select, stable_ids, unique_rows
from data.word_lists import counted, in_list
from data.words import folded
from geo.errors import Fault, RangeError, SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from pyproj import CRS

    from data.points import Points
    from data.tables_in import Table
    from data.vectors import Bounds


HAS_WIFI = ("wlan", "yes", "wifi")
"""Words that mean that a place has WiFi: values of OpenStreetMap's ``internet_access``."""

OPTIONAL = ("id", "name", "category", "hours", "wifi")
"""Columns that a list of hosts may have."""


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


def _has_wifi(
    points: Points, column: str | None, words: Sequence[str] | None, *, faults: list[Fault], notes: Notes
) -> pd.Series[bool]:
    """Whether each place says that it has WiFi; that no place has is no fault while the list is the usual one."""
    text = points.text(column)
    if words is None:
        found = text.map(folded).isin(HAS_WIFI)
    else:
        found = in_list(points, column, words, key="wifi", otherwise=False, faults=faults, notes=notes)
    others = text[~found & (text != "")]
    if len(others):
        what = "places whose WiFi word is not in has_wifi, taken as without WiFi"
        notes.append(Note(points.table.name, what, len(others), counted(others)))
    return found


def read_hosts(
    path: Path,
    *,
    columns: Mapping[str, str | None],
    categories: Sequence[str] | None = None,
    has_wifi: Sequence[str] | None = None,
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
        ``x, y`` (CSV only) and optionally ``id, name, category, hours, wifi`` → column of the file.
    categories : sequence of str, optional
        Only these categories (accents and capitals ignored).
    has_wifi : sequence of str, optional
        Words of the column `wifi` that mean that the place has WiFi already; default: `HAS_WIFI`.
    source_crs, grid_crs, bounds, where
        See `data.wifi.read_wifi`.

    Returns
    -------
    points : DataFrame, sorted by id
        ``host_id, name, category, hours`` (text, blank = not known), ``has_wifi`` (bool, False when not said), ``x, y``
        (float64, in `grid_crs`).
    notes : list of Note

    Raises
    ------
    SchemaError
        Every fault at once: see `data.wifi.read_wifi`; a category that no row has.
    """
    faults: list[Fault] = []
    table, x, y, crs = open_points(path, columns=columns, source_crs=source_crs)
    require_columns(table, [x, y, *(columns.get(key) for key in OPTIONAL)], faults=faults)
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
            "hours": points.text(columns.get("hours")),
            "has_wifi": _has_wifi(points, columns.get("wifi"), has_wifi, faults=faults, notes=notes),
            "x": points.x,
            "y": points.y,
        }
    )
    frame = unique_rows(frame, "host_id", name=table.name, column=columns.get("id") or "", faults=faults, notes=notes)
    if faults:
        raise SchemaError(faults)
    return HostPoints(frame.sort_values("host_id", kind="stable").reset_index(drop=True), notes)


def _on_earth(table: pd.DataFrame, crs: CRS) -> NDArray[np.float64]:
    """Metres from the Earth's centre (n, 3) of ``x, y``: straight lines of 500 m are as long as the ground to 1 µm."""
    lon, lat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(
        table["x"].to_numpy(dtype=np.float64), table["y"].to_numpy(dtype=np.float64)
    )
    there = Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    return np.column_stack(there.transform(lon, lat, np.zeros(len(table))))


def served_hosts(
    hosts: pd.DataFrame, wifi: pd.DataFrame | None, *, crs: CRS, apart_m: float, name_apart_m: float
) -> NDArray[np.bool_]:
    """Which hosts have public WiFi already, so that none need be built there.

    Parameters
    ----------
    hosts : DataFrame
        As of `read_hosts`: ``name, has_wifi, x, y``.
    wifi : DataFrame or None
        As of `data.wifi.read_wifi`; points that work and are free to use count. None = no list.
    crs : pyproj.CRS
        Of x and y of both.
    apart_m : float
        A host within so many metres of a point has it, whatever their names.
    name_apart_m : float
        So has a host within so many metres of a point of the same name (accents, capitals and punctuation ignored; a
        blank name is nobody's).

    Returns
    -------
    bool array (hosts,)
        True also where the host says so itself.

    Raises
    ------
    RangeError
        A distance that is negative or not known.

    Notes
    -----
    Distances are on the ground (WGS 84), not in the units of an equal-area grid.
    """
    from scipy.spatial import KDTree

    if not (apart_m >= 0 and name_apart_m >= 0):
        raise RangeError(f"distances must be 0 m or more, not {apart_m:g} and {name_apart_m:g}")
    served = hosts["has_wifi"].to_numpy(dtype=np.bool_, copy=True)
    working = wifi[wifi["operational"] & wifi["free"]] if wifi is not None else None
    if working is None or working.empty or hosts.empty:
        return served
    here, there = _on_earth(hosts, crs), _on_earth(working, crs)
    served |= KDTree(there).query(here)[0] <= apart_m
    theirs = working.groupby(working["name"].map(folded).to_numpy()).indices
    for name, rows in hosts.groupby(hosts["name"].map(folded).to_numpy()).indices.items():
        if name and name in theirs:
            served[rows] |= KDTree(there[theirs[name]]).query(here[rows])[0] <= name_apart_m
    return served
