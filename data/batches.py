"""Large tables read piece by piece, only the columns asked for: Parquet by row groups, delimited text by blocks."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv as arrow_csv

from data.notes import LISTED, Note, Notes
from data.tables_in import require_file
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

ROWS = 1 << 18
BLOCK = 1 << 24
HEAD = 1 << 18
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class Batches:
    """A table that is not read yet.

    Attributes
    ----------
    path : Path
    columns : tuple of str
        All columns of the file.
    encoding, delimiter : str
        Of delimited text; empty for Parquet.
    notes : list of Note
        What was odd about the file.
    """

    path: Path
    columns: tuple[str, ...]
    encoding: str = ""
    delimiter: str = ""
    notes: Notes = field(default_factory=list)

    def read(self, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
        """Pieces of some columns; the index is the row number from 1. Text files give text, trimmed nowhere.

        Raises
        ------
        SchemaError
            The file is cut short, or rows have too many or too few values.
        """
        pieces = self._text(columns) if self.delimiter else self._parquet(columns)
        first = 1
        try:
            for piece in pieces:
                if len(piece):
                    yield piece.set_axis(pd.RangeIndex(first, first + len(piece)), axis=0)
                first += len(piece)
        except (pa.ArrowException, UnicodeError, OSError) as error:
            problem = f"cannot be read beyond row {first - 1:,}: {str(error).splitlines()[0]}"
            raise SchemaError([Fault(self.path.name, problem, "export it again")]) from error

    def _parquet(self, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
        with pq.ParquetFile(self.path) as file:
            nested = [name for name in columns if pa.types.is_nested(file.schema_arrow.field(name).type)]
            if nested:
                raise SchemaError(
                    Fault(self.path.name, "holds lists or records, not single values", "write one value a row", name)
                    for name in nested
                )
            for batch in file.iter_batches(batch_size=ROWS, columns=list(columns), use_threads=False):
                yield batch.to_pandas(integer_object_nulls=True)[list(columns)]

    def _text(self, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
        ragged: list[str] = []

        def skip(row: Any) -> str:
            ragged.append(f"{row.actual_columns} values where the header has {row.expected_columns}: '{row.text[:40]}'")
            return "skip"

        with arrow_csv.open_csv(
            self.path,
            read_options=arrow_csv.ReadOptions(
                column_names=list(self.columns), skip_rows_after_names=1, use_threads=False, block_size=BLOCK,
                encoding=self.encoding.removesuffix("-sig"),
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=self.delimiter, newlines_in_values=True, invalid_row_handler=skip
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()), include_columns=list(columns),
                strings_can_be_null=False,
            ),
        ) as reader:  # fmt: skip
            for batch in reader:
                yield batch.to_pandas()
        if ragged:
            mend = "quote values that hold the delimiter, or fill the row"
            faults = [Fault(self.path.name, problem, mend) for problem in ragged[:LISTED]]
            faults.append(Fault(self.path.name, f"{len(ragged):,} rows do not fit the header", mend))
            raise SchemaError(faults)


def open_batches(path: Path) -> Batches:
    """Look at a Parquet file (``.parquet``) or delimited text; nothing but its head is read.

    Raises
    ------
    SchemaError
        No file, an empty one, not Parquet, not text, a column name twice.
    """
    require_file(path)
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    if path.suffix.lower() in {".parquet", ".geoparquet"} or head[:4] == b"PAR1":
        try:
            return Batches(path, tuple(pq.read_schema(path).names))
        except (pa.ArrowException, OSError) as error:
            problem = f"not Parquet, perhaps cut short: {str(error).splitlines()[0]}"
            raise SchemaError([Fault(path.name, problem, "export it again")]) from error
    return _delimited(path, head)


def _delimited(path: Path, head: bytes) -> Batches:
    encoding = next((code for mark, code in _BOMS if head.startswith(mark)), "utf-8")
    notes: Notes = []
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        encoding, text = "cp1252", head.decode("cp1252", errors="replace")
        notes.append(Note(path.name, "not UTF-8, read as Windows-1252", 1, "check accented names"))
    line = text.removeprefix("\ufeff").split("\n", 1)[0]
    if "\x00" in text or not line.strip():
        raise SchemaError([Fault(path.name, "not delimited text with a header", "save it as CSV (UTF-8) or Parquet")])
    delimiter = max(_DELIMITERS, key=line.count)
    columns = [cell.strip() for cell in next(csv.reader(io.StringIO(line), delimiter=delimiter))]
    twice = [word for word in dict.fromkeys(columns) if columns.count(word) > 1]
    if twice:
        raise SchemaError(
            [Fault(path.name, "the column name stands more than once", "rename one of them", word) for word in twice]
        )
    return Batches(path, tuple(columns), encoding, delimiter, notes)
