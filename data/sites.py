"""Registers of mobile sites: any CSV with its columns named, OpenCelliD's sectors, ARCEP's register."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from pyproj import CRS, Transformer

from data.columns import flags
from data.notes import Note, Notes, listed
from data.opencellid import NAMES, clean_sectors, operator_names, to_sites
from data.points import Points, open_points, place, require_columns, select, stable_ids
from data.settings import suggestion
from data.tables_in import Table, read_table, row_faults
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from data.vectors import Bounds

SiteColumns = Mapping[str, "str | Mapping[str, str]"]
Where = Mapping[str, "str | list[str]"]

TECHNOLOGIES = ("2G", "3G", "4G", "5G")
WORDS = {
    **dict.fromkeys(("2g", "gsm", "gprs", "edge", "cdma"), "2G"),
    **dict.fromkeys(("3g", "umts", "wcdma", "w-cdma", "hspa", "hspa+", "3g+"), "3G"),
    **dict.fromkeys(("4g", "lte", "lte-a", "4g+"), "4G"),
    **dict.fromkeys(("5g", "nr", "5g nr", "5g+", "5g-nr"), "5G"),
}
NO_OPERATOR = "not known"
SAME_PLACE_M = 100.0
"""Rows of one site id and operator may differ by this much (antennas of one roof); farther apart they are a fault."""
_ARCEP = {
    "x": ("x_l93", "x_lambert_93"),
    "y": ("y_l93", "y_lambert_93"),
    "operator": ("operator", "nom_op", "mccmnc", "code_op"),
    "id": ("num_site", "site"),
    **{technology: (technology, f"site_{technology.lower()}") for technology in TECHNOLOGIES},
}
"""ARCEP's register of sites: names of its columns in the release of January 2018 and in the quarterly ones since."""
_COLUMNS = ["site_id", "operator", "technology", "x", "y", "sectors"]


@dataclass(frozen=True)
class SiteRegister:
    """Sites of one file.

    Attributes
    ----------
    sites : DataFrame
        One row per (site_id, operator, technology), sorted by the three: ``site_id, operator, technology`` (text),
        ``x, y`` (float64, grid CRS), ``sectors`` (float64, NaN = not known).
    notes : list of Note
        What was dropped, grouped, split.
    """

    sites: pd.DataFrame
    notes: Notes


def _words_of(value: str) -> list[str]:
    """Technology words of one cell: "2G/3G/4G+" → 2g, 3g, 4g+."""
    parts = (part.strip().casefold() for part in re.split(r"[/;,|&]|\+(?=\s*\w)", value))
    return [part for part in parts if part]


def _from_words(points: Points, column: str, *, faults: list[Fault]) -> list[list[str]]:
    met: list[list[str]] = []
    problem: dict[str, str] = {}
    odd: list[str] = []
    for row, value in points.text(column).items():
        words = _words_of(value)
        unknown = [word for word in words if word not in WORDS]
        if unknown:
            problem[str(row)] = f"'{unknown[0]}' is no technology of ours"
            odd += unknown
        met.append([WORDS[word] for word in words if word in WORDS])
    mend = suggestion(odd[0], [*TECHNOLOGIES, *WORDS]) if odd else ""
    faults += row_faults(points.table.name, column, problem, mend=mend)
    return met


def _from_flags(points: Points, columns: Mapping[str, str], *, faults: list[Fault]) -> list[list[str]]:
    table = {name: flags(points.table, column, faults=faults) for name, column in sorted(columns.items())}
    return [[name for name in table if yes[name]] for yes in pd.DataFrame(table).to_dict("records")]


def _technologies(
    points: Points, columns: SiteColumns, wanted: Sequence[str] | None, *, faults: list[Fault]
) -> list[list[str]]:
    """Technologies of each row, from words, from yes/no columns, or the ones set for the whole file."""
    words, by_flag = columns.get("technology"), columns.get("technologies")
    if isinstance(by_flag, Mapping):
        return _from_flags(points, by_flag, faults=faults)
    if isinstance(words, str):
        return _from_words(points, words, faults=faults)
    return [list(wanted or ())] * len(points.table)


def _checked_columns(table: Table, columns: SiteColumns, wanted: Sequence[str] | None, *, faults: list[Fault]) -> None:
    plain = [name for name in columns.values() if isinstance(name, str)]
    by_flag = columns.get("technologies")
    if isinstance(by_flag, Mapping):
        plain += by_flag.values()
        odd = [name for name in by_flag if name not in TECHNOLOGIES]
        faults += [Fault(table.name, f"'{name}' is no technology", suggestion(name, TECHNOLOGIES)) for name in odd]
    elif "technology" not in columns and not wanted:
        faults.append(Fault(table.name, "nothing says the technology", "set columns.technology or technologies"))
    require_columns(table, plain, faults=faults)


def _by_columns(
    path: Path, *, columns: SiteColumns, source_crs: CRS | str, wanted: Sequence[str] | None, placing: dict[str, Any]
) -> tuple[pd.DataFrame, Notes]:
    """Rows (site, operator, technology) of a register whose columns are named."""
    faults: list[Fault] = []
    text = {key: name for key, name in columns.items() if isinstance(name, str)}
    table, x, y, crs = open_points(path, columns=text, source_crs=source_crs)
    _checked_columns(table, columns, wanted, faults=faults)
    table = select(table, placing["where"], faults=faults)
    if faults:
        raise SchemaError(faults)
    points = place(table, x, y, crs=crs, grid_crs=placing["grid_crs"], bounds=placing["bounds"], faults=faults)
    notes: Notes = [*table.notes, *points.notes]
    met = _technologies(points, columns, wanted, faults=faults)
    operator = points.text(text.get("operator"), default=NO_OPERATOR)
    nameless = operator == ""
    if nameless.any():
        notes.append(Note(table.name, f"rows without an operator, called '{NO_OPERATOR}'", int(nameless.sum())))
    rows = pd.DataFrame(
        {
            "site_id": stable_ids(points, text.get("id"), what="sites", shared=True, notes=notes),
            "operator": operator_names(
                operator.mask(nameless, NO_OPERATOR), placing["operators"], notes=notes, name=table.name
            ),
            "technology": met,
            "x": points.x,
            "y": points.y,
        }
    )
    silent = np.array([not technologies for technologies in met], dtype=bool)
    if silent.any():
        lines = listed([str(row) for row in rows.index[silent]])
        notes.append(Note(table.name, "rows without a known technology, dropped", int(silent.sum()), f"rows {lines}"))
    merged = _merged(rows[~silent].explode("technology"), name=table.name, placing=placing, faults=faults, notes=notes)
    if faults:
        raise SchemaError(faults)
    return merged, notes


def _merged(
    rows: pd.DataFrame, *, name: str, placing: dict[str, Any], faults: list[Fault], notes: Notes
) -> pd.DataFrame:
    """One row per (site, operator, technology) in the middle of that operator's rows on the site."""
    rows = rows.sort_values(["site_id", "operator", "technology", "x", "y"], kind="stable")
    again = int(rows.duplicated(["site_id", "operator", "technology"]).sum())
    if again:
        notes.append(Note(name, "rows that name a site, operator and technology again, merged", again))
    places = rows.groupby(["site_id", "operator"])[["x", "y"]]
    at = (places.transform("min") + places.transform("max")) / 2
    unit = float(placing["grid_crs"].axis_info[0].unit_conversion_factor) if placing["grid_crs"].is_projected else 1.0
    off = np.hypot(rows["x"] - at["x"], rows["y"] - at["y"]) * unit
    far = rows[off > SAME_PLACE_M]
    problem = {
        str(
            group.index.min()
        ): f"site '{site}' of {operator} stands at places up to {off[group.index].max():,.0f} m apart"
        for (site, operator), group in far.groupby(["site_id", "operator"], sort=True)
    }
    faults += row_faults(name, "", problem, mend="give each place an id of its own")
    merged = rows.assign(x=at["x"], y=at["y"]).drop_duplicates(["site_id", "operator", "technology"])
    return merged.assign(sectors=np.nan)


def _arcep_columns(path: Path) -> SiteColumns:
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


def _opencellid(path: Path, *, placing: dict[str, Any]) -> tuple[pd.DataFrame, Notes]:
    faults: list[Fault] = []
    table = read_table(path, names=NAMES)
    notes: Notes = list(table.notes)
    require_columns(table, ["lon", "lat"], faults=faults)
    table = select(table, placing["where"], faults=faults)
    if faults:
        raise SchemaError(faults)
    table, sectors = clean_sectors(table, faults=faults, notes=notes)
    degrees = CRS.from_epsg(4326)
    grid_crs: CRS = placing["grid_crs"]
    points = place(table, "lon", "lat", crs=degrees, grid_crs=grid_crs, bounds=placing["bounds"], faults=faults)
    if faults:
        raise SchemaError(faults)
    notes += points.notes
    kept = sectors.loc[points.table.frame.index].assign(lon=points.source_x, lat=points.source_y)
    sites = to_sites(kept, operators=placing["operators"], notes=notes, name=table.name)
    x, y = Transformer.from_crs(degrees, grid_crs, always_xy=True).transform(sites["lon"], sites["lat"])
    return sites.assign(x=np.asarray(x), y=np.asarray(y)), notes


def read_sites(
    path: Path,
    *,
    format: Literal["columns", "opencellid", "arcep"] = "columns",
    columns: SiteColumns | None = None,
    source_crs: CRS | str | None = None,
    grid_crs: CRS,
    bounds: Bounds | None = None,
    technologies: Sequence[str] | None = None,
    where: Where | None = None,
    operators: Mapping[str, str] | None = None,
) -> SiteRegister:
    """Read a register of mobile sites.

    Parameters
    ----------
    path : Path
        CSV; a vector file of points too for format ``columns``.
    format : {'columns', 'opencellid', 'arcep'}
        ``opencellid``: sectors grouped into sites (see `data.opencellid`), EPSG:4326. ``arcep``: the French register,
        EPSG:2154, one row per operator and place. ``columns``: what `columns` says.
    columns : mapping
        ``x, y`` and optionally ``id, operator`` → column; and ``technology`` → a column of words like "2G/3G/4G", or
        ``technologies`` → {technology: yes/no column}; with neither, every row has those of `technologies`.
    source_crs : CRS or str, optional
        Of the x and y columns; default: the register's own, EPSG:4326 for ``columns``.
    grid_crs : CRS
    bounds : tuple of float, optional
        (west, south, east, north) in `grid_crs`; sites outside are dropped and noted.
    technologies : sequence of str, optional
        Only these.
    where : mapping, optional
        Only rows whose columns have these values.
    operators : mapping, optional
        Name per operator code.

    Raises
    ------
    SchemaError
        Every fault at once: columns not there, text for figures, unknown technology words, coordinates that are no
        degrees or swapped, no site in the region, one id at two places.
    """
    placing: dict[str, Any] = {"grid_crs": grid_crs, "bounds": bounds, "where": where, "operators": operators}
    if format == "opencellid":
        rows, notes = _opencellid(path, placing=placing)
    else:
        named = _arcep_columns(path) if format == "arcep" else (columns or {})
        crs = source_crs or ("EPSG:2154" if format == "arcep" else "EPSG:4326")
        rows, notes = _by_columns(path, columns=named, source_crs=crs, wanted=technologies, placing=placing)
    if technologies is not None:
        other = ~rows["technology"].isin(list(technologies))
        if other.any():
            notes.append(Note(path.name, "rows of other technologies, left out", int(other.sum())))
        rows = rows[~other]
    if rows.empty:
        raise SchemaError([Fault(path.name, "no site is left", "see 'technologies' and 'where'")])
    rows = rows[_COLUMNS].astype({"sectors": np.float64}).sort_values(_COLUMNS[:3], kind="stable")
    return SiteRegister(rows.reset_index(drop=True), notes)
