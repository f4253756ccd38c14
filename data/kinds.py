"""Words that name a kind of thing: our own names, and those that a person adds; any other word is a fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from data.notes import LISTED
from data.settings import suggestion
from data.tables_in import row_faults
from data.words import folded
from geo.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

_OURS = {"wi fi": "wifi", "fiber": "fibre"}
"""Other spellings of our own names."""


def word_table(kinds: Sequence[str], words: Mapping[Any, Sequence[str]] | None) -> dict[str, str]:
    """Kind by word, in small letters without accents.

    Parameters
    ----------
    kinds : sequence of str
        Each is a word for itself.
    words : mapping, optional
        Further words by kind.

    Raises
    ------
    ValueError
        A word without letters, or one that stands for two kinds.
    """
    table = {folded(kind): kind for kind in kinds}
    table |= {word: kind for word, kind in _OURS.items() if kind in kinds}
    for kind, given in (words or {}).items():
        for word in map(folded, given):
            if not word:
                raise ValueError(f"{kind}: a blank is no word")
            if table.setdefault(word, kind) != kind:
                raise ValueError(f"'{word}' stands for {table[word]} and for {kind}")
    return table


def kinds_of(
    text: pd.Series[str], table: Mapping[str, str], *, name: str, column: str, faults: list[Fault]
) -> pd.Series[str]:
    """Kind of each row by its word; blank stays blank.

    Parameters
    ----------
    text : Series of str
        Blank = not said; the index is the row number.
    table : mapping
        Of `word_table`.
    name, column : str
        File and column, for the faults.
    faults : list of Fault
        Appended to: each row whose word is unknown (the first 20 one by one), with the nearest known word.
    """
    found = text.map(lambda word: table.get(folded(str(word)), ""))
    odd = text[(text != "") & (found == "")]
    for row, word in odd.iloc[:LISTED].items():
        mend = f"{suggestion(folded(word), table)} Or add it to 'words'"
        faults += row_faults(name, column, {str(row): f"'{word}' is no kind that is known"}, mend=mend)
    if len(odd) > LISTED:
        problem = f"{len(odd) - LISTED:,} more rows with such a fault"
        faults.append(Fault(name, problem, "use known words, or add theirs to 'words'", column))
    return found
