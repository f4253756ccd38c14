"""What the columns of a register of sites say: technologies row by row, silence, swapped places, ARCEP's names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pyproj import CRS, Transformer

from data.columns import blank, flags, numbers
from data.notes import Note, Notes, listed
from data.points import Points, require_columns
from data.settings import suggestion
from data.tables_in import Table, read_table
from data.technology import TECHNOLOGIES, Tally, resolve
from data.vectors import LONGITUDE_FIRST
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SiteColumns = Mapping[str, "str | Mapping[str, str]"]
_OLDER = frozenset({"2G", "3G", "4G"})
_ARCEP = {
    "x": ("x_l93", "x_lambert_93"),
    "y": ("y_l93", "y_lambert_93"),
    "operator": ("operator", "nom_op", "mccmnc", "code_op"),
    "id": ("num_site", "site"),
    **{technology: (technology, f"site_{technology.lower()}") for technology in TECHNOLOGIES},
}
"""ARCEP's register of sites: names of its columns in the release of January 2018 and in the quarterly ones since."""


def _from_words(points: Points, column: str, *, faults: list[Fault]) -> list[list[str] | None]:
    met = Tally(points.table.name, column)
    codes = met.add(points.table.frame[column])
    found = resolve(met, codes={}, faults=faults, notes=[], blanks=True)
    return [list(found[code]) or None for code in codes]


def _from_flags(points: Points, columns: Mapping[str, str], *, faults: list[Fault]) -> list[list[str] | None]:
    """Technologies with a yes, and "" where a blank leaves others open.

    In a column that has a no anywhere, a blank is neither; in one of ticks alone it is a no. A row without any yes is
    silent when it has a blank, or a no to all of 2G, 3G and 4G.
    """
    table = {name: flags(points.table, column, faults=faults) for name, column in sorted(columns.items())}
    frame = points.table.frame
    gaps, open_ = np.zeros(len(frame), dtype=bool), np.zeros(len(frame), dtype=bool)
    for name, column in columns.items():
        if column in frame.columns:
            empty = blank(frame[column]).to_numpy()
            gaps |= empty
            said_no = bool((~empty & ~np.asarray(table[name], dtype=bool)).any())
            open_ |= empty & said_no
    silent = gaps | _OLDER.issubset(columns)
    rows = pd.DataFrame(table).to_dict("records")
    met = [[name for name in table if yes[name]] for yes in rows]
    met = [[*names, ""] if names and more else names for names, more in zip(met, open_, strict=True)]
    return [technologies or (None if quiet else []) for technologies, quiet in zip(met, silent, strict=True)]


def technologies_of_rows(
    points: Points, columns: SiteColumns, wanted: Sequence[str] | None, *, faults: list[Fault]
) -> list[list[str] | None]:
    """Technologies of each row, from words, from yes/no columns, or the ones set for the whole file.

    None = the row does not say; an empty list = it says that it has none of those with a column.
    """
    words, by_flag = columns.get("technology"), columns.get("technologies")
    if isinstance(by_flag, Mapping):
        return _from_flags(points, by_flag, faults=faults)
    if isinstance(words, str):
        return _from_words(points, words, faults=faults)
    return [list(wanted or ())] * len(points.table)


def check_columns(table: Table, columns: SiteColumns, wanted: Sequence[str] | None, *, faults: list[Fault]) -> None:
    """Faults of columns that are not there, of technologies that are none, of nothing that says the technology."""
    plain = [name for name in columns.values() if isinstance(name, str)]
    by_flag = columns.get("technologies")
    if isinstance(by_flag, Mapping):
        plain += by_flag.values()
        odd = [name for name in by_flag if name not in TECHNOLOGIES]
        faults += [Fault(table.name, f"'{name}' is no technology", suggestion(name, TECHNOLOGIES)) for name in odd]
    elif "technology" not in columns and not wanted:
        faults.append(Fault(table.name, "nothing says the technology", "set columns.technology or technologies"))
    require_columns(table, plain, faults=faults)


def swapped_rows(table: Table, x: str, y: str, *, crs: CRS, placing: dict[str, Any], faults: list[Fault]) -> Notes:
    """Rows outside the region that would lie in it with x and y exchanged: counted, and never used."""
    bounds = placing["bounds"]
    unread: list[Fault] = []
    easting, northing = (numbers(table, column, faults=unread).to_numpy() for column in (x, y))
    if bounds is None or unread:
        return []
    move = Transformer.from_crs(crs, placing["grid_crs"], always_xy=True)
    west, south, east, north = bounds

    def inside(first: Any, second: Any) -> Any:
        gx, gy = (np.asarray(axis) for axis in move.transform(first, second))
        return (gx >= west) & (gx <= east) & (gy >= south) & (gy <= north)

    rows = [str(row) for row in table.frame.index[inside(northing, easting) & ~inside(easting, northing)]]
    if not rows:
        return []
    what = "rows that lie in the region only with x and y swapped"
    if faults:
        faults.append(Fault(table.name, f"{len(rows):,} {what}", LONGITUDE_FIRST, row=listed(rows)))
    return [Note(table.name, f"{what}, not used", len(rows), f"rows {listed(rows)}")]


def arcep_columns(path: Path) -> SiteColumns:
    """Which of the register's known column names this file has."""
    table = read_table(path)
    lower = {str(column).casefold(): str(column) for column in table.frame.columns}
    found = {
        key: next((lower[name.casefold()] for name in names if name.casefold() in lower), None)
        for key, names in _ARCEP.items()
    }
    missing = [key for key in ("x", "y", "operator") if found[key] is None]
    faults = [
        Fault(table.name, "no such column", f"ARCEP's registers call it {_ARCEP[key][0]}", key) for key in missing
    ]
    technologies = {name: column for name in TECHNOLOGIES if (column := found[name]) is not None}
    if not technologies:
        faults.append(Fault(table.name, "no technology column", "ARCEP's registers call them 2G, 3G, 4G"))
    if faults:
        raise SchemaError(faults)
    plain = {key: column for key in ("x", "y", "operator", "id") if (column := found[key]) is not None}
    return {**plain, "technologies": technologies}
