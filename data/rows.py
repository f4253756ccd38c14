"""A table whose columns go by our names, with the faults and notes that are met while it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from data.columns import blank, numbers
from data.notes import Note, listed
from data.tables_in import row_faults

if TYPE_CHECKING:
    from collections.abc import Mapping

    from data.notes import Notes
    from data.tables_in import Table
    from geo.errors import Fault


@dataclass(frozen=True)
class Rows:
    """A table and what is found wrong with it.

    Attributes
    ----------
    table : Table
    columns : mapping
        Column of the file by our name; None, or no entry, where the file has none.
    faults, notes : lists
        Appended to.
    """

    table: Table
    columns: Mapping[str, str | None]
    faults: list[Fault]
    notes: Notes

    def text(self, key: str) -> pd.Series[str]:
        """Column as text, blanks empty; empty in every row where the file has no such column."""
        column = self.columns.get(key)
        if column is None:
            return pd.Series("", index=self.table.frame.index, dtype=object)
        values = self.table.frame[column]
        return values.mask(blank(values), "").astype(object)

    def figures(self, key: str, *, maximum: float | None = None) -> pd.Series[float]:
        """Column as figures of at least 0; NaN = not known."""
        column = self.columns.get(key)
        if column is None:
            return pd.Series(np.nan, index=self.table.frame.index)
        return numbers(self.table, column, faults=self.faults, minimum=0, maximum=maximum)

    def wrong(self, key: str, problem: Mapping[str, str], *, mend: str) -> None:
        """A fault for each row (number → problem) of a column."""
        self.faults.extend(row_faults(self.table.name, self.columns.get(key) or "", problem, mend=mend))

    def noted(self, what: str, mask: pd.Series[bool]) -> None:
        """A note on the rows of a mask, when there are any."""
        if mask.any():
            lines = listed([str(row) for row in mask.index[mask]])
            self.notes.append(Note(self.table.name, what, int(mask.sum()), f"rows {lines}"))
