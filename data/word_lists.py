"""Lists of words that a person sets for a column: which rows have one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from data.notes import Note, Notes, listed
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
    notes: Notes,
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
        Appended to: a list without a column.
    notes : list of Note
        Appended to: words of the list that no row has. None of them may be there with reason (nothing is open), or by a
        typing error: the words that are there are told.

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
    there = text.map(folded)
    known = set(there)
    missing = [word for word in words if folded(word) not in known]
    found = there.isin([folded(word) for word in words]) & (text != "")
    if missing:
        others = "" if found.any() else f"; no row has any word of it, the rows have: {counted(text)}"
        notes.append(Note(name, f"words of the {key} list that no row has", len(missing), listed(missing) + others))
    return found
