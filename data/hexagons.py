"""Declared coverage as a table of H3 hexagons, as the FCC publishes it: ids with technology, operator and speeds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from data.batches import open_batches
from data.columns import as_text
from data.declared import (
    ANYONE,
    Declared,
    fast_enough,
    in_order,
    operator_column,
    operator_labels,
    speed_columns,
    technology_column,
    wanted_of,
)
from data.hexagon_cells import cell_shares, near_grid, parse_ids, resolutions
from data.notes import LISTED, Note, Notes, listed
from data.settings import suggestion
from data.technology import TECHNOLOGIES, Tally, resolve
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from data.region_file import CoverageSection
    from geo.grid import Grid

KEY = ["id", "operator", "technology"]
SNAP = 1e-9
MANY_FAULTS = 200


@dataclass
class _Where:
    """Conditions of ``where`` on a table read in pieces, and what they met."""

    conditions: Mapping[str, str | list[str]]
    name: str
    met: dict[str, int] = field(default_factory=dict)
    rows: int = 0

    def kept(self, frame: pd.DataFrame) -> NDArray[np.bool_]:
        mask = np.ones(len(frame), dtype=bool)
        for column, value in self.conditions.items():
            wanted = {word.strip().casefold() for word in ([value] if isinstance(value, str) else value)}
            fits = as_text(frame[column]).str.casefold().isin(wanted).to_numpy()
            self.met[column] = self.met.get(column, 0) + int(fits.sum())
            mask &= fits
        self.rows += int(mask.sum())
        return mask

    def faults(self) -> list[Fault]:
        empty = [column for column in self.conditions if not self.met.get(column)]
        faults = [Fault(self.name, f"no row has {self.conditions[c]!r}", "see the column's values", c) for c in empty]
        if self.conditions and not self.rows and not faults:
            faults.append(Fault(self.name, "no row meets all conditions of 'where'", "correct the conditions"))
        return faults


@dataclass
class _Rows:
    """What was read: distinct rows near the grid, and counts of everything else."""

    name: str
    technology: Tally
    operator: Tally
    where: _Where
    kept: list[pd.DataFrame] = field(default_factory=list)
    rows: int = 0
    near: int = 0
    slow: int = 0
    pending: int = 0
    invalid: int = 0
    first_invalid: dict[str, str] = field(default_factory=dict)
    resolutions: NDArray[np.int64] = field(default_factory=lambda: np.zeros(16, dtype=np.int64))

    def add(self, rows: pd.DataFrame) -> None:
        """Keep some rows; repeated ones are merged whenever as many came in as were kept."""
        self.rows += len(rows)
        self.kept.append(rows.drop_duplicates())
        self.pending += len(self.kept[-1])
        if self.pending > max(len(self.kept[0]), 1_000_000):
            self.merge()

    def merge(self) -> pd.DataFrame:
        """All distinct rows kept, sorted."""
        table = pd.concat(self.kept, ignore_index=True).drop_duplicates()
        self.kept, self.pending = [table], 0
        return table.sort_values(KEY, kind="stable").reset_index(drop=True)

    def faults(self, column: str) -> list[Fault]:
        faults = [
            Fault(self.name, f"'{value}' is no H3 cell", "give H3 ids as text or whole numbers", column, row)
            for row, value in self.first_invalid.items()
        ]
        if self.invalid:
            mend = "check that the column holds H3 ids, and that no spreadsheet rounded them"
            faults.append(Fault(self.name, f"{self.invalid:,} rows without a valid H3 cell", mend, column))
        several = np.flatnonzero(self.resolutions)
        if several.size > 1:
            met = ", ".join(f"{resolution} ({self.resolutions[resolution]:,} rows)" for resolution in several)
            mend = "give one resolution a file: hexagons of two overlap"
            faults.append(Fault(self.name, f"several H3 resolutions: {met}", mend, column))
        return faults + self.where.faults()


def _take(frame: pd.DataFrame, section: CoverageSection, grid: Grid, *, into: _Rows, faults: list[Fault]) -> None:
    """One piece of the table: ids checked, words counted, what lies near the grid kept."""
    frame = frame[into.where.kept(frame)]
    ids = parse_ids(frame[section.hexagon or ""])
    bad = ids == 0
    into.invalid += int(bad.sum())
    for row, value in frame.loc[bad, section.hexagon or ""].head(LISTED - len(into.first_invalid)).items():
        into.first_invalid[str(row)] = str(value)[:60]
    into.resolutions += np.bincount(resolutions(ids[~bad]), minlength=16)
    words = into.technology.add(_values(frame, into.technology.column, default=section.technology))
    operators = into.operator.add(_values(frame, into.operator.column, default=section.operator))
    enough = fast_enough(frame, speed_columns(section.speed), name=into.name, faults=faults)
    distinct, place = np.unique(ids, return_inverse=True)
    near = np.zeros(distinct.size, dtype=bool)
    near[distinct > 0] = near_grid(distinct[distinct > 0], grid)
    into.near += int(near[place].sum())
    into.slow += int((near[place] & ~enough).sum())
    fit = near[place] & enough
    into.add(pd.DataFrame({"id": ids[fit], "operator": operators[fit], "technology": words[fit]}))


def _values(frame: pd.DataFrame, column: str, *, default: str | None) -> Any:
    return frame[column] if column in frame.columns else pd.Series(default or "", index=frame.index, dtype=object)


def _gathered(path: Path, section: CoverageSection, grid: Grid, *, notes: Notes) -> tuple[_Rows, list[tuple[str, ...]]]:
    """Read the whole table, and the technologies of its words; raise everything that is wrong with it."""
    name, file = path.name, open_batches(path)
    notes += file.notes
    faults: list[Fault] = []
    technology = technology_column(section, file.columns, name=name, faults=faults)
    operator = operator_column(section, file.columns, name=name, faults=faults, notes=notes)
    asked = [section.hexagon or "", *(section.where or {}), *speed_columns(section.speed)]
    missing = [column for column in asked if column not in file.columns]
    faults += [Fault(name, "no such column", suggestion(column, file.columns), column) for column in missing]
    if faults or technology is None:
        raise SchemaError(faults)
    rows = _Rows(name, Tally(name, technology), Tally(name, operator), _Where(section.where or {}, name))
    for piece in file.read(list(dict.fromkeys(column for column in [*asked, technology, operator] if column))):
        _take(piece, section, grid, into=rows, faults=faults)
        if len(faults) > MANY_FAULTS:
            break
    faults += rows.faults(section.hexagon or "")
    if not rows.technology.words and not faults:
        faults.append(Fault(name, "a header and no rows", "export it again"))
    codes = section.technology_codes if technology else {}
    found = resolve(rows.technology, codes=codes, faults=faults, notes=notes)
    if not rows.near and not faults:
        faults.append(Fault(name, "no hexagon lies in the region", "check that the file is of this region"))
    if faults:
        raise SchemaError(faults)
    return rows, found


def read_hexagons(path: Path, section: CoverageSection, frame: Grid) -> Declared:
    """Read a table of H3 hexagons that are declared covered.

    Parameters
    ----------
    path : Path
        CSV or Parquet; read in pieces, only the columns needed, so that memory goes with the hexagons near the grid.
    section : CoverageSection
        ``hexagon`` names the column of ids (text or whole numbers, one resolution); ``technology`` a column or a
        constant, ``technology_codes`` its codes (default: the FCC's, when every value is one); ``operator``, ``speed``.
    frame : Grid

    Returns
    -------
    Declared
        ``cells``: exact fraction of each cell under the hexagons of at least a technology, for each operator that has
        one near the grid and for anyone. Hexagons of one resolution do not overlap, so the distinct ones add up.

    Raises
    ------
    SchemaError
        Every fault at once, counted, the first rows named: ids that are none, more than one resolution, words that
        name no technology, blank speeds where a minimum is asked for, columns not there, no hexagon near the grid.

    Notes
    -----
    H3: a hierarchical grid of hexagons on an icosahedron, h3geo.org; edges are great circles.
    """
    notes: Notes = []
    rows, found = _gathered(path, section, frame, notes=notes)
    table = rows.merge()
    labels = operator_labels(rows.operator, section.operators if rows.operator.column else None, notes=notes)
    wanted = wanted_of(found, rows.technology, section.technologies, notes=notes)
    technologies = in_order({t for row in wanted for t in row})
    if rows.slow:
        notes.append(Note(path.name, "rows that claim less than the speed asked for, not covered", rows.slow))
    best = np.array([1 + TECHNOLOGIES.index(row[-1]) if row else 0 for row in wanted], dtype=np.int64)
    table = table.assign(best=best[table["technology"]], operator=np.array(labels, dtype=object)[table["operator"]])
    merged = table.groupby(["operator", "id"], sort=True, as_index=False)["best"].max()
    if rows.rows > len(table):
        what = "rows near the region that list a hexagon, operator and technology again, merged"
        notes.append(Note(path.name, what, rows.rows - len(table)))
    highest = TECHNOLOGIES.index(technologies[-1]) + 1 if technologies else 0
    cells, count = _cells(merged[merged["best"] > 0], frame, highest=highest)
    resolution = int(np.argmax(rows.resolutions))
    detail = f"resolution {resolution}; {listed(sorted(set(labels)))}"
    notes.append(Note(path.name, "hexagons declared covered in or near the region", count, detail))
    return Declared(technologies, notes, cells=cells)


def _cells(table: pd.DataFrame, grid: Grid, *, highest: int) -> tuple[dict[tuple[str, str], NDArray[np.float64]], int]:
    """Fraction of each cell by (at least technology, operator), and the number of distinct hexagons."""
    ids, place = np.unique(table["id"].to_numpy(dtype=np.uint64), return_inverse=True)
    level, operator = table["best"].to_numpy(), table["operator"].to_numpy(dtype=object)
    ranks: dict[str, NDArray[np.int8]] = {ANYONE: np.zeros(ids.size, dtype=np.int8)}
    np.maximum.at(ranks[ANYONE], place, level.astype(np.int8))
    for name in sorted(set(operator.tolist())):
        own = operator == name
        ranks[name] = np.zeros(ids.size, dtype=np.int8)
        ranks[name][place[own]] = level[own]
    none = np.zeros(grid.shape)
    none.flags.writeable = False
    keys = {(TECHNOLOGIES[t - 1], name): (t, rank) for name, rank in ranks.items() for t in range(1, highest + 1)}
    cells = {key: np.zeros(grid.shape) if (rank >= t).any() else none for key, (t, rank) in keys.items()}
    for part, (index, cell_id, fraction) in cell_shares(ids, grid):
        for key, (t, rank) in keys.items():
            chosen = (rank[part] >= t)[index]
            if chosen.any():
                np.add.at(cells[key].ravel(), cell_id[chosen], fraction[chosen])
    for key, share in cells.items():
        if share is not none:
            cells[key] = np.where(share > 1 - SNAP, 1.0, share)
    return cells, ids.size
