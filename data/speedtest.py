"""Measured speed on tiles, as Ookla publishes it: read, checked, pooled over periods, laid on a grid.

A tile is named by its quadkey: one digit 0–3 a zoom level, Web Mercator on WGS 84 (Bing Maps tile system). Nothing here
says what speed is good; `analysis.quality` does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from data.columns import as_text, blank, has_column, numbers
from data.notes import LISTED, Note, Notes
from data.settings import suggestion
from data.tables_in import read_table, require_file
from geo.errors import Fault, SchemaError
from geo.tiles import tile_boxes, tile_range, tile_xy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from data.region_file import SpeedtestSection
    from geo.grid import Grid

COLUMNS = ["quadkey", "down_mbps", "up_mbps", "latency_ms", "tests"]
MAX_MBPS = 10_000.0
"""A mean above this is a mix-up of units: no network gives a phone 10 Gbit/s."""

SLOW_MBPS, SLOW_TILES = 1.0, 10
"""A file of so many tiles without any download this fast is in Mbit/s, not kbit/s, or is not of mobile broadband."""

_BATCH = 1 << 18
_FIGURES = {"down_mbps": "down_kbps", "up_mbps": "up_kbps", "latency_ms": "latency_ms", "tests": "tests"}
_DIGITS = "[0-3]+"


@dataclass
class _Found:
    """Faults by kind, each with its count and its first rows; and others."""

    name: str
    others: list[Fault] = field(default_factory=list)
    rows: dict[tuple[str, str, str], list[int]] = field(default_factory=dict)
    counts: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def add(self, column: str, problem: str, mend: str, rows: NDArray[np.int64]) -> None:
        if rows.size:
            kind = column, problem, mend
            kept = self.rows.setdefault(kind, [])
            kept += rows[: LISTED - len(kept)].tolist()
            self.counts[kind] = self.counts.get(kind, 0) + rows.size

    def faults(self) -> list[Fault]:
        made = list(self.others)
        for (column, problem, mend), rows in self.rows.items():
            count = self.counts[column, problem, mend]
            more = f" and {count - len(rows):,} more" if count > len(rows) else ""
            where = ", ".join(map(str, rows)) + more
            made.append(Fault(self.name, f"{count:,} × {problem}", mend, column, where))
        return made


@dataclass(frozen=True)
class _Batch:
    """Consecutive rows of a file: quadkeys as text, figures in the file's own units, NaN = blank."""

    first: int
    quadkey: pd.Series[str]
    figures: dict[str, NDArray[np.float64]]


def read_speedtest(path: Path, *, section: SpeedtestSection, grid: Grid | None = None) -> tuple[pd.DataFrame, Notes]:
    """Tiles of one period, from CSV or Parquet, of which only the columns needed are read.

    Parameters
    ----------
    path : Path
        ``.parquet``, or delimited text.
    section : SpeedtestSection
        Zoom level and names of the columns; speeds in kbit/s, latency in ms. The latency column may be absent.
    grid : Grid, optional
        Keep only tiles that touch it, as the file is read; every row is checked all the same.

    Returns
    -------
    table : DataFrame
        ``quadkey`` (text), ``down_mbps``, ``up_mbps``, ``latency_ms`` (NaN = not known), ``tests``; sorted by quadkey.
    notes : list of Note

    Raises
    ------
    SchemaError
        Every kind of fault at once, with its count and first rows: quadkeys of another zoom (whose are told), with
        other characters, or given twice; speeds and counts that are blank, negative or no numbers; speeds above
        10 Gbit/s, or none above 1 Mbit/s: kbit/s and Mbit/s were mixed up.

    Notes
    -----
    A quadkey that lost its leading zeros, being saved as a number, is never padded: with fewer digits it is as well a
    tile of a lower zoom, elsewhere. Numbers with as many digits as the zoom have lost nothing and are taken.
    """
    require_file(path)
    found = _Found(path.name)
    batches, notes = (_from_parquet if path.suffix.lower() == ".parquet" else _from_text)(path, section, found)
    kept: list[pd.DataFrame] = []
    codes: list[NDArray[np.int64]] = []
    fastest, rows, empty = 0.0, 0, 0
    for batch in batches:
        table, code = _checked(batch, section, found)
        codes.append(code)
        rows += len(code)
        fastest = max(fastest, float(np.nanmax(batch.figures["down_mbps"], initial=0.0)) / 1000)
        empty += int((batch.figures["tests"] == 0).sum())
        table = table[table["tests"] > 0]
        kept.append(table if grid is None or found.rows else tiles_on(table, grid))
    _whole_file(np.concatenate(codes) if codes else np.empty(0, np.int64), section, found)
    if rows >= SLOW_TILES and 0 < fastest < SLOW_MBPS:
        problem = f"no download of the file is above {fastest * 1000:g} kbit/s"
        found.add(section.down_kbps, problem, "give kbit/s, not Mbit/s", np.arange(1, rows + 1))
    faults = found.faults() if rows else [Fault(path.name, "no rows", "export it again")]
    if faults:
        raise SchemaError(faults)
    table = pd.concat(kept, ignore_index=True).sort_values("quadkey", ignore_index=True)
    if empty:
        notes.append(Note(path.name, "tiles without a test, dropped", empty))
    if grid is not None:
        notes.append(Note(path.name, "tiles that do not touch the grid, dropped", rows - empty - len(table)))
    return table, notes


def _from_text(path: Path, section: SpeedtestSection, found: _Found) -> tuple[Iterator[_Batch], Notes]:
    table = read_table(path)
    has_column(table, section.quadkey, faults=found.others)
    figures: dict[str, NDArray[np.float64]] = {}
    for name, key in _FIGURES.items():
        column: str = getattr(section, key)
        if column in table.frame.columns:
            values = np.asarray(numbers(table, column, faults=found.others), dtype=np.float64)
            unread = np.isnan(values) & ~blank(table.frame[column]).to_numpy(dtype=bool)
            figures[name] = np.where(unread, 1.0, values)  # told already; never used, since a fault stops the reading
        elif name == "latency_ms" or not has_column(table, column, faults=found.others):
            figures[name] = np.full(len(table), np.nan)
    if section.quadkey not in table.frame.columns or len(figures) < len(_FIGURES):
        raise SchemaError(found.others)
    return iter([_Batch(1, table.frame[section.quadkey], figures)]), list(table.notes)


def _from_parquet(path: Path, section: SpeedtestSection, found: _Found) -> tuple[Iterator[_Batch], Notes]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file: Any = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise SchemaError([Fault(path.name, f"not Parquet: {error}", "write it again, or save it as CSV")]) from error
    schema: Any = file.schema_arrow
    wanted: Mapping[str, str] = {name: getattr(section, key) for name, key in _FIGURES.items()}
    wanted = {n: column for n, column in wanted.items() if n != "latency_ms" or column in schema.names}
    found.others += [
        Fault(path.name, "no such column", suggestion(column, schema.names), column)
        for column in (section.quadkey, *wanted.values())
        if column not in schema.names
    ]
    for column in wanted.values():
        kind: Any = schema.field(column).type if column in schema.names else pa.float64()
        if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
            found.others.append(Fault(path.name, f"holds {kind}, not numbers", "write numbers", column))
    if found.others:
        raise SchemaError(found.others)
    return _parquet_batches(file, section.quadkey, wanted), []


def _parquet_batches(file: Any, quadkey: str, wanted: Mapping[str, str]) -> Iterator[_Batch]:
    first = 1
    for part in file.iter_batches(batch_size=_BATCH, columns=list(dict.fromkeys([quadkey, *wanted.values()]))):
        frame: pd.DataFrame = part.to_pandas()
        figures = {name: frame[column].to_numpy(dtype=np.float64, na_value=np.nan) for name, column in wanted.items()}
        figures.setdefault("latency_ms", np.full(len(frame), np.nan))
        yield _Batch(first, as_text(frame[quadkey]), figures)
        first += len(frame)


def _quadkeys(batch: _Batch, section: SpeedtestSection, found: _Found) -> NDArray[np.bool_]:
    """Which quadkeys are well formed; the others are found."""
    text, zoom = batch.quadkey, section.zoom
    rows = np.arange(batch.first, batch.first + len(text))
    nothing = blank(text).to_numpy(dtype=bool)
    digits = text.str.fullmatch(_DIGITS).to_numpy(dtype=bool) & ~nothing
    length = text.str.len().to_numpy(dtype=np.int64)
    found.add(section.quadkey, "blank", "name the tile", rows[nothing])
    found.add(section.quadkey, "has other characters than 0–3", "write quadkeys as text", rows[~digits & ~nothing])
    mend = f"give tiles of zoom {zoom}, or set zoom; digits may be missing where zeros in front were lost: save as text"
    for other in np.unique(length[digits & (length != zoom)]):
        problem = f"of zoom {other}, where {zoom} is expected"
        found.add(section.quadkey, problem, mend, rows[digits & (length == other)])
    return digits & (length == zoom)


def _checked(batch: _Batch, section: SpeedtestSection, found: _Found) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """A batch as a table with speeds in Mbit/s, and the tile of each row as one number; −1 where malformed."""
    good = _quadkeys(batch, section, found)
    rows = np.arange(batch.first, batch.first + good.size)
    for name, values in batch.figures.items():
        column: str = getattr(section, _FIGURES[name])
        if name != "latency_ms":
            found.add(column, "blank where a number is needed", "fill it in", rows[np.isnan(values)])
        found.add(column, "below 0 or not finite", "correct it", rows[(values < 0) | np.isinf(values)])
        if name in {"down_mbps", "up_mbps"}:
            too_fast = np.isfinite(values) & (values > MAX_MBPS * 1000)
            found.add(column, "above 10 Gbit/s", "give kbit/s, not bit/s", rows[too_fast])
    tests = batch.figures["tests"]
    split = np.isfinite(tests) & (tests != np.floor(tests))
    found.add(section.tests, "not a whole number", "give the number of tests", rows[split])
    code = np.full(good.size, -1, np.int64)
    x, y = tile_xy(batch.quadkey.to_numpy()[good], zoom=section.zoom)
    code[good] = (y << section.zoom) | x
    values = {n: v / 1000 if n in {"down_mbps", "up_mbps"} else v for n, v in batch.figures.items()}
    return pd.DataFrame({"quadkey": batch.quadkey.to_numpy(dtype=object), **values}).astype({"quadkey": str}), code


def _whole_file(code: NDArray[np.int64], section: SpeedtestSection, found: _Found) -> None:
    """Quadkeys given twice, wherever in the file: every row after a tile's first."""
    order = np.argsort(code, kind="stable")
    again = order[1:][(np.diff(code[order]) == 0) & (code[order][1:] >= 0)]
    found.add(section.quadkey, "given before", "keep one row a tile; give each period its own file", np.sort(again) + 1)


def pool(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Several periods as one: means weighted by tests, tests summed; the order of tables and rows is of no matter.

    Parameters
    ----------
    tables : list of DataFrame
        As of `read_speedtest`, at least one, all of one zoom.

    Returns
    -------
    DataFrame
        One row a quadkey, sorted. Latency is the mean over the rows that tell it; NaN = none does.

    Raises
    ------
    SchemaError
        Tables of different zooms: their tiles overlap.
    """
    whole = pd.concat([table[COLUMNS] for table in tables], ignore_index=True)
    zooms = sorted(set(whole["quadkey"].str.len()))
    if len(zooms) > 1:
        raise SchemaError([Fault("speedtest", f"tiles of zooms {zooms} overlap", "give every period at one zoom")])
    whole = whole.sort_values(COLUMNS, ignore_index=True)
    if whole.empty:
        return whole
    starts = np.flatnonzero(~whole["quadkey"].duplicated())
    tests = whole["tests"].to_numpy(dtype=np.float64)
    out: dict[str, Any] = {"quadkey": whole["quadkey"].to_numpy()[starts]}
    for column in COLUMNS[1:-1]:
        values = whole[column].to_numpy(dtype=np.float64)
        out[column] = _group_means(values, tests * np.isfinite(values), starts)
    return pd.DataFrame({**out, "tests": np.add.reduceat(tests, starts)}).astype({"quadkey": str})


def _group_means(
    values: NDArray[np.float64], weight: NDArray[np.float64], starts: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Weighted mean of each run of rows; taken from the least value, so that equal values keep theirs to the bit."""
    least = np.fmin.reduceat(values, starts)
    beyond = np.where(weight > 0, values - np.repeat(least, np.diff(starts, append=values.size)), 0.0)
    total = np.add.reduceat(weight, starts)
    mean = np.divide(np.add.reduceat(weight * beyond, starts), total, out=np.zeros(starts.size), where=total > 0)
    return np.where(total > 0, least + mean, np.nan)


def tiles_on(table: pd.DataFrame, grid: Grid) -> pd.DataFrame:
    """Rows whose tile touches the grid's bounds, in their order; polygons are made of a part of the table at a time."""
    if table.empty:
        return table
    zoom = len(table["quadkey"].iloc[0])
    keys = table["quadkey"].to_numpy(dtype=object)
    keep = np.zeros(len(table), dtype=bool)
    west, south, east, north = grid.bounds
    x0, x1, y0, y1 = tile_range(grid, zoom)
    for start in range(0, len(table), _BATCH):
        x, y = tile_xy(keys[start : start + _BATCH], zoom=zoom)
        near = start + np.flatnonzero((x >= x0) & (x <= x1) & (y >= y0) & (y <= y1))
        box = shapely.bounds(tile_boxes(keys[near], zoom=zoom, crs=grid.crs))
        touches = (box[:, 0] <= east) & (box[:, 2] >= west) & (box[:, 1] <= north) & (box[:, 3] >= south)
        keep[near[touches]] = True
    return table[keep]
