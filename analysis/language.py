"""The reader's language: messages by gettext from one ``.po`` file a language, figures and lists by Babel.

A message is an English sentence with named places, ``{people} people are below {target}``; English is what a message
says itself. A sentence that a catalogue lacks fails a test. New messages are collected with
``pybabel extract -k say -k say_many:1,2 -k marked``.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib import resources
from io import BytesIO
from types import MappingProxyType
from typing import TYPE_CHECKING

from babel import Locale
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent

from geo.errors import ScenarioError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SOURCE = "en"
"""Language that messages are written in."""

_DIGITS = re.compile(r"0(\.#+)?")
"""Where a locale's number pattern has its last digit, and decimals after it."""
_REORDERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the direction of what follows: they can make a line read as another one."""


def marked(message: str) -> str:
    """Mark a message that stands in a table, so that catalogues must have it; `Language.say` says it later."""
    return message


def cleaned(text: object) -> str:
    """Text from data without control characters: no escape sequence or reversed direction; breaks are spaces."""
    return "".join(letter if _harmless(letter) else " " * letter.isspace() for letter in str(text))


def _harmless(letter: str) -> bool:
    return letter not in _REORDERING and unicodedata.category(letter) not in {"Cc", "Cs", "Zl", "Zp"}


@dataclass(frozen=True, eq=False)
class Language:
    """One language; made by `language`.

    Attributes
    ----------
    code : str
        Such as ``fr``: the name of its catalogue, fit for HTML's ``lang``.
    locale : babel.Locale
        How it writes figures and lists.
    catalogue : gettext.NullTranslations
        Its messages.
    """

    code: str
    locale: Locale
    catalogue: NullTranslations

    def say(self, message: str, /, **figures: str | int) -> str:
        """Message in this language, its places filled.

        Parameters
        ----------
        message : str
            English, in the catalogue of every language.
        **figures : str or int
            By place. Whole numbers are written as `number` writes them, text is `cleaned`.
        """
        return self._filled(self.catalogue.gettext(message), figures)

    def say_many(self, one: str, many: str, count: int, /, **figures: str | int) -> str:
        """Message in the form that goes with `count`, which is also the place ``{count}``; else as `say`."""
        return self._filled(self.catalogue.ngettext(one, many, count), {"count": count, **figures})

    def _filled(self, message: str, figures: Mapping[str, str | int]) -> str:
        said = {
            name: self.number(value) if isinstance(value, int) else cleaned(value) for name, value in figures.items()
        }
        return message.format_map(said)

    def number(self, value: float, decimals: int = 0) -> str:
        """Figure with so many decimals, rounded as Python rounds it; "unknown" where it is not finite."""
        if not math.isfinite(value):
            return self.say("unknown")
        pattern = self._pattern(self.locale.decimal_formats[None].pattern, decimals)
        return format_decimal(_rounded(f"{value:.{decimals}f}"), format=pattern, locale=self.locale)

    def percent(self, value: float, decimals: int = 1) -> str:
        """Share, 0 to 1, as per cent; rounded and unknown as in `number`."""
        if not math.isfinite(value):
            return self.say("unknown")
        pattern = self._pattern(self.locale.percent_formats[None].pattern, decimals)
        return format_percent(_rounded(f"{value:.{decimals}%}"[:-1]) / 100, format=pattern, locale=self.locale)

    @staticmethod
    def _pattern(pattern: str, decimals: int) -> str:
        """Number pattern of a locale with so many decimals."""
        return _DIGITS.sub("0." + "0" * decimals if decimals else "0", pattern, count=1)

    def names(self, items: Iterable[object]) -> str:
        """Enumeration, ``a, b, and c``; each item `cleaned`."""
        return format_list([cleaned(item) for item in items], locale=self.locale)


def _rounded(digits: str) -> Decimal:
    """Decimal of these digits; nothing is written as −0."""
    value = Decimal(digits)
    return value or abs(value)


@cache
def languages() -> Mapping[str, str]:
    """Languages by code, each with its own name for itself; English first."""
    found = (resources.files("analysis") / "locale").iterdir()
    codes = sorted(entry.name.removesuffix(".po") for entry in found if entry.name.endswith(".po"))
    return MappingProxyType(
        {code: str(Locale.parse(code).get_language_name()).capitalize() for code in [SOURCE, *codes]}
    )


@cache
def language(code: str = SOURCE) -> Language:
    """Language of a code.

    Raises
    ------
    ScenarioError
        There is no catalogue of it; the message lists those there are.
    """
    if code not in languages():
        known = ", ".join(f"{name} ({own})" for name, own in languages().items())
        raise ScenarioError("language", f"there is no '{cleaned(code)}'; there are {known}")
    catalogue = NullTranslations() if code == SOURCE else _catalogue(code)
    return Language(code, Locale.parse(code), catalogue)


def _catalogue(code: str) -> GNUTranslations:
    """Messages of a language, from its text file: no compiled copy that could lag behind."""
    source = (resources.files("analysis") / "locale" / f"{code}.po").read_bytes()
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(source), locale=code, abort_invalid=True))
    compiled.seek(0)
    return GNUTranslations(compiled)
