"""Delimited text as people really have it: any usual encoding and delimiter, every value kept as text.

`data.columns` turns a column into figures or flags and says which row is not one.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv

from data.notes import LISTED, Note
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_DELIMITERS = (",", ";", "\t", "|")
_SAMPLE_RECORDS = 60
_BLOCK = 1 << 24  # bytes; a record longer than this is no record
_BOMS = ((b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"), (b"\xef\xbb\xbf", "utf-8-sig"))
_BOMS_16 = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_PACKED = (
    (b"PK\x03\x04", "a zip or Excel file"),
    (b"\x1f\x8b", "a gzip file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file"),
)


@dataclass(frozen=True)
class Table:
    """A table of text and what was understood of the file.

    Attributes
    ----------
    frame : DataFrame
        Every value as trimmed text, blank = not known; the index is the row number, from 1, the header not counted.
    name : str
        File name, for faults.
    encoding, delimiter : str
        As read; empty for a table that came from a vector file.
    decimal : str or None
        ``.`` or ``,`` when the caller said so; None = decided column by column.
    notes : tuple of Note
        What was odd about the file.
    """

    frame: pd.DataFrame
    name: str
    encoding: str = ""
    delimiter: str = ""
    decimal: str | None = None
    notes: tuple[Note, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.frame)


def require_file(path: Path) -> None:
    """Raise SchemaError unless `path` is a file with something in it."""
    if path.is_dir():
        raise SchemaError([Fault(path.name, "a directory, not a file", "name the file inside it")])
    if not path.is_file():
        raise SchemaError(
            [Fault(path.name, "no such file", "correct the name, or the folder that names are relative to")]
        )
    if path.stat().st_size == 0:
        raise SchemaError([Fault(path.name, "the file is empty", "export it again")])


def _decode(raw: bytes, *, name: str, encoding: str | None) -> tuple[str, str]:
    """Text and its encoding: the one asked for, a byte-order mark's, UTF-8, else Windows-1252."""
    for magic, what in _PACKED:
        if raw.startswith(magic):
            raise SchemaError([Fault(name, f"{what}, not delimited text", "unpack it, or export it as CSV (UTF-8)")])
    marked = next((code for bom, code in (*_BOMS, *_BOMS_16) if raw.startswith(bom)), None)
    for code in (encoding,) if encoding else (marked,) if marked else ("utf-8", "cp1252"):
        try:
            text = raw.decode(code)
        except UnicodeDecodeError:
            continue
        except LookupError as error:
            raise SchemaError([Fault(name, f"'{code}' is no encoding", "use utf-8 or cp1252")]) from error
        if "\x00" not in text:
            return text.removeprefix("\ufeff"), code
    tried = encoding or marked or "utf-8 and cp1252"
    raise SchemaError([Fault(name, f"not text in {tried}", "save it as CSV in UTF-8, or name its encoding")])


def _sniff(text: str) -> str:
    """Delimiter that splits header and first records into most equal rows; comma when there is but one column."""
    head = text[: 1 << 18]
    best, chosen = (0.0, 1), ","
    for delimiter in _DELIMITERS:
        reader = csv.reader(io.StringIO(head), delimiter=delimiter)
        try:
            widths = [len(record) for record, _ in zip(reader, range(_SAMPLE_RECORDS), strict=False) if record]
        except csv.Error:
            continue
        if not widths or widths[0] < 2:
            continue
        score = (float(np.mean([width == widths[0] for width in widths])), widths[0])
        if score > best:
            best, chosen = score, delimiter
    return chosen


def _header(text: str, *, name: str, delimiter: str) -> list[str]:
    try:
        cells = next(record for record in csv.reader(io.StringIO(text), delimiter=delimiter) if any(record))
    except (StopIteration, csv.Error) as error:
        raise SchemaError(
            [Fault(name, "no header row", "export it again, with a first row of column names")]
        ) from error
    return [cell.strip() or f"unnamed_{number}" for number, cell in enumerate(cells, 1)]


def _repeated(header: Sequence[str], *, name: str) -> list[Fault]:
    twice = [word for word in dict.fromkeys(header) if header.count(word) > 1]
    return [Fault(name, "the column name stands more than once", "rename one of them", word) for word in twice]


def _parse(text: str, width: int, *, name: str, delimiter: str, headed: bool) -> tuple[pd.DataFrame, list[Fault]]:
    """All records as text, columns numbered; ragged records as faults."""
    ragged: dict[str, str] = {}

    def keep(row: Any) -> str:
        ragged[str(row.number - headed)] = f"{row.actual_columns} values where the header has {row.expected_columns}"
        return "skip"

    columns = [str(number) for number in range(width)]
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(text.encode()),
            read_options=arrow_csv.ReadOptions(
                column_names=columns, skip_rows_after_names=int(headed), use_threads=False, block_size=_BLOCK
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=keep, ignore_empty_lines=True
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        raise SchemaError([Fault(name, f"cannot be read as a table: {error}", "export it again as CSV")]) from error
    faults = row_faults(name, "", ragged, mend="quote values that hold the delimiter, or fill the row")
    if text.count('"') % 2 and any("\n" in str(value) for value in table.to_pandas().to_numpy().ravel()):
        faults.append(Fault(name, "a quotation mark is opened and never closed", "close it, or write it twice"))
    frame: pd.DataFrame = table.to_pandas()
    for column in columns:
        frame[column] = frame[column].str.strip()
    return frame, faults


def row_faults(name: str, column: str, rows: Mapping[str, str], *, mend: str) -> list[Fault]:
    """Faults of rows (number → problem): the first 20 one by one, the rest as a count."""
    faults = [Fault(name, problem, mend, column, row) for row, problem in list(rows.items())[:LISTED]]
    if len(rows) > LISTED:
        faults.append(Fault(name, f"{len(rows) - LISTED:,} more rows with such a fault", mend, column))
    return faults


def read_table(
    path: Path,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    names: Sequence[str] | None = None,
) -> Table:
    """Read delimited text with every value as text.

    Parameters
    ----------
    path : Path
        CSV or similar.
    encoding : str, optional
        Default: a byte-order mark's (UTF-8, UTF-16, UTF-32), else UTF-8, else Windows-1252 (noted).
    delimiter : str, optional
        Default: the one of comma, semicolon, tab and ``|`` that splits the rows evenly.
    decimal : {'.', ','}, optional
        Default: decided column by column in `data.columns.numbers`.
    names : sequence of str, optional
        Column names to use when the file's first row holds none of them, that is when it has no header.

    Raises
    ------
    SchemaError
        No file, a directory, nothing in it, not text, a repeated column name, ragged rows (each with its number).
    """
    path = Path(path)
    require_file(path)
    text, code = _decode(path.read_bytes(), name=path.name, encoding=encoding)
    if not text.strip():
        raise SchemaError([Fault(path.name, "the file is empty", "export it again")])
    separator = delimiter or _sniff(text)
    header = _header(text, name=path.name, delimiter=separator)
    headed = names is None or bool(set(names) & set(header))
    if not headed and names is not None:
        header = [names[i] if i < len(names) else f"unnamed_{i + 1}" for i in range(len(header))]
    faults = _repeated(header, name=path.name)
    frame, ragged = _parse(text, len(header), name=path.name, delimiter=separator, headed=headed)
    if faults or ragged:
        raise SchemaError(faults + ragged)
    if frame.empty:
        raise SchemaError([Fault(path.name, "a header and no rows", "export it again")])
    frame = frame.set_axis(header, axis=1).set_axis(pd.RangeIndex(1, len(frame) + 1), axis=0)
    notes = (
        (Note(path.name, "not UTF-8, read as Windows-1252", len(frame), "check accented names"),)
        if code == "cp1252"
        else ()
    )
    return Table(frame, path.name, code, separator, decimal, notes if encoding is None else ())
