"""Lists of words that a person sets for a column: which rows have one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from data.notes import listed
from data.words import folded
from geo.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from data.points import Points


def counted(words: pd.Series[str]) -> str:
    """Each word with how many rows have it: "closed 3, blank 1"."""
    return listed([f"{word or 'blank'} {count}" for word, count in words.value_counts().sort_index().items()])


def in_list(
    points: Points,
    column: str | None,
    words: Sequence[str] | None,
    *,
    key: str,
    otherwise: bool,
    faults: list[Fault],
) -> pd.Series[bool]:
    """Whether each row's word is one of a list.

    Parameters
    ----------
    points : Points
    column : str or None
        Column of the words; None when none is set.
    words : sequence of str or None
        The list, compared without accents, capitals and punctuation. None = no list.
    key : str
        Name of the column's setting, for the faults.
    otherwise : bool
        In every row, when there is no list.
    faults : list of Fault
        Appended to: a list without a column, a list of which no row has a word.

    Returns
    -------
    Series of bool, the table's index; a blank is in no list.
    """
    name, text = points.table.name, points.text(column)
    default = pd.Series(data=otherwise, index=text.index)
    if words is None:
        return default
    if column is None:
        faults.append(Fault(name, f"{key} words are set but no {key} column", f"set columns.{key}"))
        return default
    found = text.map(folded).isin([folded(word) for word in words]) & (text != "")
    if len(text) and not found.any():
        known = listed(sorted({word for word in text if word}))
        faults.append(Fault(name, f"no row has the {key} {' or '.join(words)}", f"use words of: {known}", column))
    return found
