"""Registers of mobile sites: any CSV with its columns named, OpenCelliD's sectors, ARCEP's register."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from pyproj import CRS, Transformer

from data.coverage import NOT_KNOWN
from data.notes import Note, Notes, listed
from data.opencellid import NAMES, clean_sectors, operator_names, to_sites
from data.points import open_points, place, require_columns, select, stable_ids
from data.registers import SiteColumns, arcep_columns, check_columns, swapped_rows, technologies_of_rows
from data.tables_in import read_table, row_faults
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from data.vectors import Bounds

Where = Mapping[str, "str | list[str]"]

SAME_PLACE_M = 100.0
"""Rows of one site id and operator may differ by this much (antennas of one roof); farther apart they are a fault."""
_COLUMNS = ["site_id", "operator", "technology", "x", "y", "sectors"]
_SILENT = ["site_id", "operator", "x", "y"]


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
    silent : DataFrame
        Sites with rows that do not say their technology, sorted: ``site_id, operator, x, y``. They may stand in `sites`
        as well, by other rows that do.
    """

    sites: pd.DataFrame
    notes: Notes
    silent: pd.DataFrame


def _by_columns(
    path: Path, *, columns: SiteColumns, source_crs: CRS | str, wanted: Sequence[str] | None, placing: dict[str, Any]
) -> tuple[pd.DataFrame, Notes]:
    """Rows (site, operator, technology) of a register whose columns are named; technology "" = not said."""
    faults: list[Fault] = []
    text = {key: name for key, name in columns.items() if isinstance(name, str)}
    table, x, y, crs = open_points(path, columns=text, source_crs=source_crs)
    check_columns(table, columns, wanted, faults=faults)
    table = select(table, placing["where"], faults=faults)
    if faults:
        raise SchemaError(faults)
    points = place(table, x, y, crs=crs, grid_crs=placing["grid_crs"], bounds=placing["bounds"], faults=faults)
    notes: Notes = [*table.notes, *points.notes, *swapped_rows(table, x, y, crs=crs, placing=placing, faults=faults)]
    met = technologies_of_rows(points, columns, wanted, faults=faults)
    operator = points.text(text.get("operator"), default=NOT_KNOWN)
    nameless = operator == ""
    if nameless.any():
        notes.append(Note(table.name, f"rows without an operator, called '{NOT_KNOWN}'", int(nameless.sum())))
    rows = pd.DataFrame(
        {
            "site_id": stable_ids(points, text.get("id"), what="sites", shared=True, notes=notes),
            "operator": operator_names(
                operator.mask(nameless, NOT_KNOWN), placing["operators"], notes=notes, name=table.name
            ),
            "x": points.x,
            "y": points.y,
        }
    )
    for what, mask in (
        ("rows without a known technology: whom they alone reach is unknown", [row is None for row in met]),
        ("rows that leave some technologies blank: unknown there", [bool(row) and "" in row for row in met]),
        ("rows with none of the technologies that have a column, left out", [row == [] for row in met]),
    ):
        lines = [str(row) for row in rows.index[np.array(mask, dtype=bool)]]
        if lines:
            notes.append(Note(table.name, what, len(lines), f"rows {listed(lines)}"))
    rows["technology"] = [[""] if row is None else row for row in met]
    rows = rows[np.array([row != [] for row in met], dtype=bool)].explode("technology")
    merged = _merged(rows, name=table.name, placing=placing, faults=faults, notes=notes)
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

    Returns
    -------
    SiteRegister
        Sites that say their technology, and those that do not. When none does, `technologies` must say which they may
        have: of these the register then speaks.

    Raises
    ------
    SchemaError
        Every fault at once: columns not there, text for figures, unknown technology words, coordinates that are no
        degrees or swapped, no site in the region, one id at two places, no technology anywhere.
    """
    placing: dict[str, Any] = {"grid_crs": grid_crs, "bounds": bounds, "where": where, "operators": operators}
    if format == "opencellid":
        rows, notes = _opencellid(path, placing=placing)
    else:
        named = arcep_columns(path) if format == "arcep" else (columns or {})
        crs = source_crs or ("EPSG:2154" if format == "arcep" else "EPSG:4326")
        rows, notes = _by_columns(path, columns=named, source_crs=crs, wanted=technologies, placing=placing)
    return _register(rows, technologies, name=path.name, notes=notes)


def _register(rows: pd.DataFrame, wanted: Sequence[str] | None, *, name: str, notes: Notes) -> SiteRegister:
    """Speaking and silent sites apart, only the technologies wanted."""
    silent = rows.loc[rows["technology"] == "", _SILENT].sort_values(_SILENT[:2], kind="stable")
    rows = rows[rows["technology"] != ""]
    if wanted is not None:
        other = ~rows["technology"].isin(list(wanted))
        if other.any():
            notes.append(Note(name, "rows of other technologies, left out", int(other.sum())))
        rows = rows[~other]
    if rows.empty and silent.empty:
        raise SchemaError([Fault(name, "no site is left", "see 'technologies' and 'where'")])
    if rows.empty and wanted is None:
        problem = f"none of {len(silent):,} sites says its technology"
        raise SchemaError([Fault(name, problem, "name the right column, or set technologies to what they may have")])
    rows = rows[_COLUMNS].astype({"sectors": np.float64}).sort_values(_COLUMNS[:3], kind="stable")
    return SiteRegister(rows.reset_index(drop=True), notes, silent.reset_index(drop=True))
