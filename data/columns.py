"""Columns of a text table: figures, yes/no flags, rows asked for; what cannot be read is a fault with its row."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from data.notes import listed
from data.settings import suggestion
from data.tables_in import row_faults
from geo.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from data.tables_in import Table

BLANKS = frozenset({"", "na", "n/a", "nan", "null", "none", "<na>"})
YES = frozenset({"1", "1.0", "true", "t", "yes", "y", "oui", "o", "vrai", "x", "ja", "si", "sí", "sim"})
NO = frozenset({"0", "0.0", "false", "f", "no", "n", "non", "faux", "nein", "nao", "não"})
_POINT = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_COMMA = r"[+-]?(?:\d+,\d*|,\d+)(?:[eE][+-]?\d+)?"
_WHOLE = r"[+-]?\d+(?:[eE][+-]?\d+)?"
_THOUSANDS = r"[+-]?[1-9]\d{0,2}(?:,\d{3})+"
_POINT_THOUSANDS = r"[+-]?[1-9]\d{0,2}\.\d{3}"


def has_column(table: Table, column: str, *, faults: list[Fault]) -> bool:
    """Whether the table has the column; if not, a fault with the nearest name is appended."""
    if column in table.frame.columns:
        return True
    faults.append(Fault(table.name, "no such column", suggestion(column, map(str, table.frame.columns)), column))
    return False


def blank(values: pd.Series[str]) -> pd.Series[bool]:
    """Which text values say "not known": empty, NA, NaN, null, none."""
    return values.str.casefold().isin(BLANKS)


def _separator(values: pd.Series[str], *, table: Table) -> tuple[str, str]:
    """Decimal sign of a column and, when it cannot be told, why not."""
    comma = values.str.contains(",", regex=False)
    if table.decimal is not None:
        return table.decimal, ""
    if not comma.any():
        grouped = len(values) > 0 and bool(values.str.fullmatch(_POINT_THOUSANDS).all())
        if grouped and _writes_decimal_commas(table.frame):
            return ".", "could be thousands or decimals, for other columns of the file write a decimal comma"
        return ".", ""
    both = values.str.contains(".", regex=False)
    if bool(both.any()) and bool(values[comma].str.fullmatch(_COMMA).all()):
        return ".", f"has a comma, other rows have a point ('{values[both].iloc[0]}')"
    if bool(values[comma].str.fullmatch(_THOUSANDS).all()):
        return ".", "could be thousands or decimals"
    return ("," if bool(values[comma].str.fullmatch(_COMMA).any()) else "."), ""


def _writes_decimal_commas(frame: pd.DataFrame) -> bool:
    pattern = re.compile(r"[+-]?\d+,\d+")
    return any(bool(pattern.fullmatch(str(value))) for value in frame.to_numpy().ravel())


def numbers(
    table: Table,
    column: str,
    *,
    faults: list[Fault],
    required: bool = False,
    minimum: float | None = None,
    maximum: float | None = None,
) -> pd.Series[float]:
    """Figures of one column.

    Parameters
    ----------
    table : Table
    column : str
    faults : list of Fault
        What is wrong is appended here: no such column, text, a blank where `required`, values beyond the limits, a
        comma that may stand for thousands or decimals. The first 20 rows are named, the rest counted.
    required : bool
        Blanks are faults; otherwise NaN.
    minimum, maximum : float, optional
        Limits, both allowed values.

    Returns
    -------
    Series of float64, the table's index; NaN = not known (or faulty).
    """
    if not has_column(table, column, faults=faults):
        return pd.Series(np.nan, index=table.frame.index, dtype=np.float64)
    values = table.frame[column]
    empty = blank(values)
    sign, doubt = _separator(values[~empty], table=table)
    unlike = ~values.str.fullmatch(_COMMA if sign == "," else _POINT) & ~empty
    if sign == ",":
        unlike &= ~values.str.fullmatch(_WHOLE)
    if doubt and not unlike.any():
        unlike = ~empty
    plain = values.where(~unlike & ~empty, "nan").str.replace(",", ".", regex=False)
    result = plain.astype(np.float64)
    result = result.where(np.isfinite(result))
    problem = {str(row): f"'{value}' {doubt or 'is not a number'}" for row, value in values[unlike].items()}
    faults += row_faults(
        table.name, column, problem, mend="write figures without thousands signs and with one decimal sign"
    )
    if required:
        problem = {str(row): "blank where a number is needed" for row in values.index[empty]}
        faults += row_faults(table.name, column, problem, mend="fill it in")
    for limit, beyond, word in (
        (minimum, result < (minimum or 0), "below"),
        (maximum, result > (maximum or 0), "above"),
    ):
        if limit is not None:
            problem = {str(row): f"{values[row]} is {word} {limit:g}" for row in values.index[beyond]}
            faults += row_faults(table.name, column, problem, mend="correct it, or leave it blank when it is not known")
    return result


def flags(table: Table, column: str, *, faults: list[Fault]) -> pd.Series[bool]:
    """Yes/no column (1/0, true/false, yes/no, oui/non …) as booleans; a blank is no, another word a fault."""
    if not has_column(table, column, faults=faults):
        return pd.Series(data=False, index=table.frame.index, dtype=bool)
    words = table.frame[column].str.casefold()
    yes = words.isin(YES)
    odd = ~yes & ~words.isin(NO) & ~blank(words)
    problem = {str(row): f"'{value}' is neither yes nor no" for row, value in table.frame[column][odd].items()}
    faults += row_faults(table.name, column, problem, mend="write 1 or 0")
    return yes


def as_text(values: pd.Series[str]) -> pd.Series[str]:
    """Any column as trimmed text: whole floats without their '.0', missing values blank."""
    if pd.api.types.is_float_dtype(values):
        known = values.dropna()
        figures = known.to_numpy(dtype=np.float64)
        if bool(((figures % 1 == 0) & (np.abs(figures) < 2**53)).all()):
            values = known.astype(np.int64).astype(str).reindex(values.index)
    text = values.astype(object).where(values.notna(), "").map(str)
    return text.str.strip()


def keep_where(
    frame: pd.DataFrame, where: Mapping[str, str | list[str]] | None, *, name: str, faults: list[Fault]
) -> pd.DataFrame:
    """Rows whose columns have the values asked for (capitals ignored); an unknown column or no row left is a fault."""
    mask = pd.Series(data=True, index=frame.index)
    for column, value in (where or {}).items():
        wanted = [value] if isinstance(value, str) else list(value)
        if column not in frame.columns:
            faults.append(Fault(name, "no such column", suggestion(column, map(str, frame.columns)), column))
            continue
        words = as_text(frame[column])
        met = words.str.casefold().isin([word.strip().casefold() for word in wanted])
        if not met.any():
            known = ", ".join(f"'{word}'" for word in wanted)
            mend = f"use one of: {listed(sorted(set(words)))}"
            faults.append(Fault(name, f"no row has {known}", mend, column))
        mask &= met
    if where and not mask.any() and not faults:
        faults.append(Fault(name, "no row meets all conditions of 'where'", "correct the conditions"))
    return frame[mask]
