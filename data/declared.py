"""Coverage as operators and regulators declare it: polygons, and what rasters and hexagons share with them."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from data.columns import as_text, numbers
from data.coverage import NOT_KNOWN
from data.notes import Note, Notes, listed
from data.opencellid import operator_names
from data.population import DEGREES, bounds_in
from data.settings import suggestion
from data.tables_in import Table
from data.technology import TECHNOLOGIES, WORDS, Tally, resolve
from data.vectors import read_polygons
from geo.errors import Fault, SchemaError
from geo.vector import repair, to_grid_crs

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray

    from data.region_file import CoverageSection, SpeedColumns
    from geo.grid import Grid

ANYONE = ""
NEAR = 0.8
"""A word this like a column's name is taken for a misspelling of it, not for the name of an operator."""


@dataclass(frozen=True)
class Declared:
    """What a declared layer holds.

    Attributes
    ----------
    technologies : tuple of str
        Those that the file names and the region asks for, also where they lie outside the grid.
    notes : list of Note
    polygons : GeoDataFrame or None
        ``technology, operator, geometry`` in the grid CRS; valid, one row per technology.
    cells : dict of (technology, operator) to float64 array (ny, nx), or None
        Fraction of each cell covered by at least the technology; operator "" = anyone's.
    fraction : float64 array (ny, nx) or None
        Share of each cell of which the file speaks; None = all.
    """

    technologies: tuple[str, ...]
    notes: Notes
    polygons: gpd.GeoDataFrame | None = None
    cells: dict[tuple[str, str], NDArray[np.float64]] | None = None
    fraction: NDArray[np.float64] | None = None


def technology_column(
    section: CoverageSection, columns: Iterable[str], *, name: str, faults: list[Fault]
) -> str | None:
    """Column of the technology, "" when the section gives a constant; None and a fault for anything else."""
    word, known = section.technology or "", list(columns)
    if word in known or word.casefold() in WORDS:
        return word if word in known else ""
    mend = f"name the technology column ({suggestion(word, known)}), or 2G, 3G, 4G or 5G"
    faults.append(Fault(name, "column is missing", mend, word))
    return None


def operator_column(
    section: CoverageSection, columns: Iterable[str], *, name: str, faults: list[Fault], notes: Notes
) -> str:
    """Column of the operator, or "" when the section gives a name; a word like a column's is a fault."""
    word, known = section.operator or "", list(columns)
    if not word or word in known:
        return word
    near = difflib.get_close_matches(word, known, n=1, cutoff=NEAR)
    if near:
        faults.append(Fault(name, "no such column", f"did you mean '{near[0]}'?", word))
    else:
        notes.append(Note(name, f"layer of one operator, for no column is called '{word}'", 1, word))
    return ""


def operator_labels(met: Tally, operators: dict[str, str] | None, *, notes: Notes) -> list[str]:
    """Name of each code met: the one given, else the code itself; blank ones are `NOT_KNOWN`. Each is noted."""
    labels = operator_names(pd.Series(met.words, dtype=object), operators, notes=[], name=met.name).tolist()
    nameless = sum(count for word, count in zip(met.words, met.counts, strict=True) if not word)
    if nameless and met.column:
        notes.append(Note(met.name, f"rows without an operator, called '{NOT_KNOWN}'", nameless))
    codes = [i for i, word in enumerate(met.words) if operators and word and labels[i] == word]
    if codes:
        detail = listed(sorted(f"{met.words[i]} {met.counts[i]:,}" for i in codes))
        what = "rows of operators without a name, called by their code"
        notes.append(Note(met.name, what, sum(met.counts[i] for i in codes), detail))
    return [label if word else NOT_KNOWN for word, label in zip(met.words, labels, strict=True)]


def speed_columns(speed: SpeedColumns | None) -> dict[str, float]:
    """Columns of claimed speed that decide, and the least Mbit/s of each."""
    if speed is None:
        return {}
    asked = ((speed.down_mbps, speed.min_down_mbps), (speed.up_mbps, speed.min_up_mbps))
    return {column: least for column, least in asked if column and least > 0}


def fast_enough(frame: pd.DataFrame, least: dict[str, float], *, name: str, faults: list[Fault]) -> NDArray[np.bool_]:
    """Rows that claim at least the speeds asked for; a blank, a negative one or text is a fault with its row."""
    enough = np.ones(len(frame), dtype=bool)
    for column, minimum in least.items():
        if column not in frame.columns:
            faults.append(Fault(name, "no such column", suggestion(column, map(str, frame.columns)), column))
            continue
        text = pd.DataFrame({column: as_text(frame[column])})
        claimed = numbers(Table(text, name), column, faults=faults, required=True, minimum=0)
        enough &= claimed.to_numpy() >= minimum
    return enough


def wanted_of(
    found: list[tuple[str, ...]], met: Tally, technologies: Iterable[str] | None, *, notes: Notes
) -> list[tuple[str, ...]]:
    """Technologies of each word that the section asks for; rows left without one are noted."""
    if technologies is None:
        return found
    kept = [tuple(t for t in row if t in set(technologies)) for row in found]
    other = sum(count for row, count in zip(kept, met.counts, strict=True) if not row)
    if other:
        notes.append(Note(met.name, "rows of other technologies, left out", other))
    return kept


def read_declared(path: Path, section: CoverageSection, frame: Grid) -> Declared:
    """Read declared polygons.

    Parameters
    ----------
    path : Path
        Any vector format, any CRS; overlapping and invalid shapes are fine (repaired and noted).
    section : CoverageSection
        Which column or constant is the technology and the operator, codes, speeds, ``where``.
    frame : Grid
        The file must touch it; shapes beyond it are left out and noted.

    Returns
    -------
    Declared
        With polygons.

    Raises
    ------
    SchemaError
        Every fault at once: see `data.vectors.read_polygons`; columns not there; each word that names no technology
        with its rows; blank technologies; blank or impossible speeds where a minimum is asked for.
    """
    name = path.name
    degrees = bounds_in(frame.bounds, frame.crs, DEGREES)
    table, notes = read_polygons(
        path, layer=section.layer, where=section.where, what="coverage", expected_bounds=degrees
    )
    faults: list[Fault] = []
    columns = [str(column) for column in table.columns if column != table.geometry.name]
    technology = technology_column(section, columns, name=name, faults=faults)
    operator = operator_column(section, columns, name=name, faults=faults, notes=notes)
    enough = fast_enough(table, speed_columns(section.speed), name=name, faults=faults)
    if technology is None:
        raise SchemaError(faults)
    spoken = Tally(name, section.technology or "")
    words = spoken.add(table[technology] if technology else _constant(section.technology, table.index))
    found = resolve(spoken, codes=section.technology_codes if technology else {}, faults=faults, notes=notes)
    if faults:
        raise SchemaError(faults)
    met = Tally(name, operator)
    codes = met.add(table[operator] if operator else _constant(section.operator, table.index))
    labels = operator_labels(met, section.operators if operator else None, notes=notes)
    wanted = wanted_of(found, spoken, section.technologies, notes=notes)
    rows = table[["geometry"]] if table.geometry.name == "geometry" else table[[table.geometry.name]]
    rows = rows.rename_geometry("geometry") if table.geometry.name != "geometry" else rows
    rows = rows.assign(technology=[wanted[word] for word in words], operator=[labels[code] for code in codes])
    if not enough.all():
        notes.append(Note(name, "rows that claim less than the speed asked for, not covered", int((~enough).sum())))
    fit = enough & np.array([bool(technologies) for technologies in rows["technology"]], dtype=bool)
    polygons = _on_grid(rows[fit], frame, name=name, notes=notes).explode("technology")
    columns = ["technology", "operator", "geometry"]
    return Declared(in_order({t for row in wanted for t in row}), notes, polygons[columns].reset_index(drop=True))


def in_order(technologies: set[str]) -> tuple[str, ...]:
    """Technologies, lowest first."""
    return tuple(t for t in TECHNOLOGIES if t in technologies)


def _constant(word: str | None, index: pd.Index[int]) -> pd.Series[str]:
    return pd.Series(word or "", index=index, dtype=object)


def _on_grid(table: gpd.GeoDataFrame, frame: Grid, *, name: str, notes: Notes) -> gpd.GeoDataFrame:
    """Shapes in the grid's CRS, repaired there once more; what lies beyond the grid is left out."""
    moved = to_grid_crs(table, frame.crs)
    bounds = shapely.bounds(np.asarray(moved.geometry))
    west, south, east, north = frame.bounds
    near = (bounds[:, 0] <= east) & (bounds[:, 2] >= west) & (bounds[:, 1] <= north) & (bounds[:, 3] >= south)
    if not near.all():
        notes.append(Note(name, "coverage beyond the region's grid, left out", int((~near).sum())))
    moved = moved[near]
    fixed, rows = repair(moved)
    if rows:
        labels = [str(moved.index[row - 1]) for row in rows]
        what = "coverage with rings that cross on the region's grid, repaired"
        notes.append(Note(name, what, len(rows), f"rows {listed(labels)}"))
    return fixed
