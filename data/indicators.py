"""Figures by zone from a table: joined by id or by name, and an account of what found no partner."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from data.columns import as_text, blank, has_column, keep_where, numbers
from data.notes import Note, Notes, listed
from data.tables_in import Table, read_table, row_faults
from data.words import folded
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd

_PERCENT = re.compile(r"^(pct|percent)_|_(pct|percent)$|%", re.IGNORECASE)
_FIGURE = r"[+-]?[\d.,]*\d[\d.,]*(?:[eE][+-]?\d+)?"
_LIKENESS = 0.8


@dataclass(frozen=True)
class JoinReport:
    """How the table met the zones.

    Attributes
    ----------
    matched : int
        Zones that have a row.
    unmatched_rows : tuple of str
        Keys of rows that no zone has, in the order of the file.
    unmatched_zones : tuple of str
        Names (joined by name) or ids (joined by id) of zones that no row has, in the order of the zones.
    near : tuple of (str, str)
        Row and zone left over whose names look alike; they are *not* joined, a person should look.
    notes : list of Note
        Columns left out because they are text; what was odd about the file.
    """

    matched: int
    unmatched_rows: tuple[str, ...]
    unmatched_zones: tuple[str, ...]
    near: tuple[tuple[str, str], ...] = ()
    notes: Notes = field(default_factory=list[Note])


def _figure_columns(table: Table, key: str, columns: Sequence[str] | None, *, faults: list[Fault]) -> list[str]:
    """Columns to read: those asked for; else those called percent and those where most values are figures."""
    if columns is not None:
        return [column for column in columns if has_column(table, column, faults=faults)]
    chosen: list[str] = []
    for column in map(str, table.frame.columns):
        values = table.frame[column]
        values = values[~blank(values)]
        mostly = len(values) > 0 and float(values.str.fullmatch(_FIGURE).mean()) > 0.5
        if column != key and (mostly or _PERCENT.search(column)):
            chosen.append(column)
    return chosen


def _percent_faults(values: pd.Series[float], column: str, *, table: Table) -> list[Fault]:
    """A percentage lies in 0–100; a column that never passes 1 is taken for a fraction."""
    if not _PERCENT.search(column):
        return []
    rows = values.index[(values < 0) | (values > 100)]
    problem = {str(row): f"{table.frame[column][row]} is no percentage" for row in rows}
    faults = row_faults(table.name, column, problem, mend="give 0 to 100, or leave it blank when it is not known")
    known = values.dropna()
    if len(set(known)) > 1 and 0 < max(known) <= 1 and not rows.size:
        mend = "multiply by 100; if it truly stays below 1 %, rename the column without 'pct'"
        faults.append(Fault(table.name, f"no value is above 1 (largest {max(known):g}): a fraction?", mend, column))
    return faults


def _keys(table: Table, column: str, *, by_name: bool, faults: list[Fault]) -> pd.Series[str]:
    """Keys of the rows as they are compared; blank and repeated ones are faults."""
    words = table.frame[column]
    keys = words.map(folded) if by_name else words.astype(object)
    empty = keys == ""
    problem = {str(row): "the key is blank" for row in keys.index[empty]}
    faults += row_faults(table.name, column, problem, mend="fill it in, or remove the row")
    problem = {}
    for _key, group in words[~empty & keys.duplicated(keep=False)].groupby(keys, sort=True):
        rows = [str(row) for row in group.index]
        problem[rows[1]] = f"'{group.iloc[0]}' stands in rows {listed(rows)}"
    faults += row_faults(table.name, column, problem, mend="keep one row a zone; 'where' can choose among them")
    return keys


def _zone_keys(
    zones: gpd.GeoDataFrame, met: set[str], *, by_name: bool, table: Table, faults: list[Fault]
) -> list[str]:
    """Keys of the zones; a name that two zones share cannot be joined by."""
    if not by_name:
        return as_text(zones["zone_id"]).to_list()
    keys = pd.Series([folded(str(name)) for name in zones["zone_name"]], index=zones.index)
    shared = keys[keys.duplicated(keep=False) & keys.isin(met)]
    for key in sorted(set(shared)):
        ids = listed(as_text(zones["zone_id"])[keys == key].to_list())
        faults.append(Fault(table.name, f"the name '{key}' is that of several zones ({ids})", "join by id instead"))
    return keys.to_list()


def _near(rows: Sequence[str], zones: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Leftover names that may be one place: all words of the shorter stand in the longer, or the letters are alike."""
    known = {folded(zone): zone for zone in zones}
    pairs: list[tuple[str, str]] = []
    for row in rows:
        words = set(folded(row).split())
        within = [name for name in known if words <= set(name.split()) or set(name.split()) <= words]
        found = within or difflib.get_close_matches(folded(row), list(known), n=1, cutoff=_LIKENESS)
        pairs += [(row, known[found[0]])] if found else []
    return tuple(pairs)


def read_indicators(
    path: Path,
    *,
    zones: gpd.GeoDataFrame,
    id_column: str | None = None,
    name_column: str | None = None,
    columns: Sequence[str] | None = None,
    where: Mapping[str, str | list[str]] | None = None,
) -> tuple[pd.DataFrame, JoinReport]:
    """Read figures by zone and join them to the zones.

    Parameters
    ----------
    path : Path
        Delimited text, see `data.tables_in.read_table`.
    zones : GeoDataFrame
        With ``zone_id, zone_name``, as of `data.zones.read_zones`.
    id_column, name_column : str
        Exactly one: the column that holds the zone's id, or its name (compared without capitals, accents, punctuation).
    columns : sequence of str, optional
        Figures to read; default: every column that is called a percentage or mostly holds figures.
    where : mapping, optional
        Only rows whose columns have these values.

    Returns
    -------
    figures : DataFrame, the index of `zones`
        float64; NaN = not known, also for every figure of a zone without a row.
    report : JoinReport

    Raises
    ------
    SchemaError
        Every fault at once: columns that are not there, blank or repeated keys, a name that two zones share, text where
        a figure is needed, percentages outside 0–100 or given as fractions, no row that meets a zone.
    """
    path = Path(path)
    key = id_column or name_column
    if key is None or (id_column is not None and name_column is not None):
        raise SchemaError([Fault(path.name, "joined by id or by name?", "set either the id or the name column")])
    faults: list[Fault] = []
    table = read_table(path)
    if not has_column(table, key, faults=faults):
        raise SchemaError(faults)
    table = replace(table, frame=keep_where(table.frame, where, name=table.name, faults=faults))
    by_name = id_column is None
    keys = _keys(table, key, by_name=by_name, faults=faults)
    zone_keys = _zone_keys(zones, set(keys), by_name=by_name, table=table, faults=faults)
    chosen = _figure_columns(table, key, columns, faults=faults)
    figures = {column: numbers(table, column, faults=faults) for column in chosen}
    for column, values in figures.items():
        faults += _percent_faults(values, column, table=table)
    if not faults and not set(keys) & set(zone_keys):
        first = f"no row meets a zone; the first row is '{table.frame[key].iloc[0]}', the first zone '{zone_keys[0]}'"
        faults.append(Fault(table.name, first, "check which column joins, and the spelling", key))
    if faults:
        raise SchemaError(faults)
    frame = pd.DataFrame(figures, index=table.frame.index).set_axis(keys.to_list(), axis=0)
    joined = frame.reindex(zone_keys).set_axis(zones.index, axis=0)
    return joined, _report(table, key, keys, zones, zone_keys, chosen, by_name=by_name)


def _report(
    table: Table,
    key: str,
    keys: pd.Series[str],
    zones: gpd.GeoDataFrame,
    zone_keys: list[str],
    chosen: list[str],
    *,
    by_name: bool,
) -> JoinReport:
    labels = as_text(zones["zone_name" if by_name else "zone_id"]).to_list()
    met = set(keys)
    lonely = tuple(label for label, zone in zip(labels, zone_keys, strict=True) if zone not in met)
    rows = tuple(table.frame[key][~keys.isin(zone_keys)].astype(str))
    notes: Notes = list(table.notes)
    left = [str(column) for column in table.frame.columns if column not in {key, *chosen}]
    if left:
        notes.append(Note(table.name, "columns of text, not read as figures", len(left), listed(left)))
    near = _near(rows, lonely) if by_name else ()
    return JoinReport(len(labels) - len(lonely), rows, lonely, near, notes)
