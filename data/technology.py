"""Words for technologies as files have them: "LTE", "2G/3G", "400"; an unknown one is a fault, never a guess."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from data.columns import BLANKS, as_text
from data.coverage import TECHNOLOGIES
from data.notes import Note, Notes, listed
from data.settings import suggestion
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

WORDS = {
    **dict.fromkeys(("2g", "gsm", "gprs", "edge", "cdma"), "2G"),
    **dict.fromkeys(("3g", "umts", "wcdma", "w-cdma", "hspa", "hspa+", "3g+"), "3G"),
    **dict.fromkeys(("4g", "lte", "lte-a", "4g+"), "4G"),
    **dict.fromkeys(("5g", "nr", "5g nr", "5g+", "5g-nr"), "5G"),
}
FCC_CODES = {"300": "3G", "400": "4G", "500": "5G"}
"""Mobile technology codes of the FCC's Broadband Data Collection: 3G, 4G LTE, 5G-NR."""
MAX_WORDS = 10_000
"""A column with more different values than this names no technology (or operator)."""
MAX_FAULTS = 100
"""Unknown words listed one by one; beyond it they are counted together."""
FIRST_ROWS = 5
_WHOLE_FLOAT = re.compile(r"(\d+)\.0+")


def words_of(value: str) -> list[str]:
    """Technology words of one cell: "2G/3G/4G+" → 2g, 3g, 4g+."""
    parts = (part.strip().casefold() for part in re.split(r"[/;,|&]|\+(?=\s*\w)", value))
    return [part for part in parts if part]


def technologies_of(value: str) -> tuple[list[str], list[str]]:
    """Technologies that one cell names, lowest first, and the words in it that name none."""
    words = words_of(value)
    met = {WORDS[word] for word in words if word in WORDS}
    return sorted(met), [word for word in words if word not in WORDS]


class Tally:
    """Distinct texts of one column, read in pieces: how many rows have each, and the first of them.

    Attributes
    ----------
    words : list of str
        In the order met; "" stands for every way to say "not known". "400.0" is "400".
    counts : list of int
        Rows of each word.
    rows : list of list of str
        Row numbers of the first few.
    """

    def __init__(self, name: str, column: str) -> None:
        self.name, self.column = name, column
        self.words: list[str] = []
        self.counts: list[int] = []
        self.rows: list[list[str]] = []
        self._index: dict[str, int] = {}

    def _code(self, word: str) -> int:
        code = self._index.setdefault(word, len(self.words))
        if code == len(self.words):
            self.words.append(word)
            self.counts.append(0)
            self.rows.append([])
        if code >= MAX_WORDS:
            problem = f"more than {MAX_WORDS:,} different values such as '{self.words[0]}'"
            raise SchemaError([Fault(self.name, problem, "name the right column", self.column)])
        return code

    def add(self, values: pd.Series[str]) -> NDArray[np.int64]:
        """Count the values, whose index is the row number, and give each one's position in `words`."""
        local, uniques = pd.factorize(values, use_na_sentinel=False)
        texts = as_text(_series(uniques))
        codes = np.array([self._code(_clean(text)) for text in texts], dtype=np.int64)
        rows = np.asarray(values.index)
        order = np.argsort(local, kind="stable")
        ends = np.cumsum(np.bincount(local, minlength=codes.size))[: codes.size]
        starts = np.append(0, ends)[: codes.size]
        for code, start, end in zip(codes.tolist(), starts.tolist(), ends.tolist(), strict=True):
            self.counts[code] += end - start
            room = FIRST_ROWS - len(self.rows[code])
            self.rows[code] += [str(row) for row in rows[order[start : min(end, start + max(room, 0))]]]
        return codes[local]

    def where(self, code: int) -> str:
        """Rows of one word: "3, 7 and 12 more"."""
        shown = self.rows[code][:FIRST_ROWS]
        more = self.counts[code] - len(shown)
        return ", ".join(shown) + (f" and {more:,} more" if more else "")


def _clean(text: str) -> str:
    whole = _WHOLE_FLOAT.fullmatch(text)
    return "" if text.casefold() in BLANKS else whole[1] if whole else text


def resolve(
    met: Tally, *, codes: Mapping[str, str] | None, faults: list[Fault], notes: Notes, blanks: bool = False
) -> list[tuple[str, ...]]:
    """Technologies of each word of a column.

    Parameters
    ----------
    met : Tally
    codes : mapping, optional
        Technology per code, asked first; default: the FCC's, when every value is one of them.
    faults : list of Fault
        Appended to: each word that names no technology, and blanks, with the number of rows and the first of them.
    notes : list of Note
        Appended to: rows that name more than one technology, each to be counted for all of them; FCC codes used.
    blanks : bool
        Blanks are an answer, no technology, and no fault.

    Returns
    -------
    list of tuple of str
        In the order of ``met.words``; empty where the word is a fault.
    """
    given = {code.strip().casefold(): technology for code, technology in (codes or {}).items()}
    if codes is None and all(word in FCC_CODES for word in met.words if word) and any(met.words):
        given = FCC_CODES
        detail = ", ".join(f"{code} = {technology}" for code, technology in FCC_CODES.items())
        notes.append(Note(met.name, "rows with the FCC's codes of technologies", sum(met.counts), detail))
    found: list[tuple[str, ...]] = []
    problems: list[Fault] = []
    for code, word in enumerate(met.words):
        whole = given.get(word.casefold())
        technologies, odd = ([whole], []) if whole else technologies_of(word)
        found.append(() if odd else tuple(technologies))
        if odd or not (technologies or blanks):
            problems.append(_fault(met, code, odd, known=[*TECHNOLOGIES, *WORDS, *given]))
    problems.sort(key=lambda fault: (fault.problem, fault.row))
    faults += problems[:MAX_FAULTS]
    if len(problems) > MAX_FAULTS:
        faults.append(Fault(met.name, f"{len(problems) - MAX_FAULTS:,} more unknown words", "see above", met.column))
    mixed = [code for code, technologies in enumerate(found) if len(technologies) > 1]
    if mixed:
        detail = listed(sorted(f"'{met.words[code]}' {met.counts[code]:,}" for code in mixed))
        what = "rows that name several technologies, counted for each"
        notes.append(Note(met.name, what, sum(met.counts[code] for code in mixed), detail))
    return found


def _fault(met: Tally, code: int, odd: list[str], *, known: list[str]) -> Fault:
    count = f"{met.counts[code]:,} row{'s' if met.counts[code] > 1 else ''}"
    word = met.words[code]
    if not odd:
        problem = f"{count} without a technology" if not word else f"'{word}' names no technology, in {count}"
        return Fault(met.name, problem, "fill it in, or leave these rows out with 'where'", met.column, met.where(code))
    whole = "" if odd == [word.casefold()] else f" (of '{word}')"
    problem = f"'{odd[0]}'{whole} is no technology of ours, in {count}"
    mend = suggestion(odd[0], known)
    return Fault(met.name, problem, mend, met.column, met.where(code))


def _series(values: Any) -> Any:
    return pd.Series(np.asarray(values, dtype=object)).infer_objects()
