"""One place of a run, as an explanation reads it: its row, the run, and the language of the reader."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.explain.words import MEASURES, STATES, layer_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.language import Language
    from analysis.results import Results


@dataclass(frozen=True)
class Section:
    """Sentences under one heading; an item of a list starts with ``- ``."""

    heading: str
    lines: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Place:
    """A row of the zones or of the cells.

    Attributes
    ----------
    row : mapping of column to value
        Columns that a run did not have yet are missing: nothing is said of them.
    results : Results
        The run it is from.
    speak : Language
    """

    row: Mapping[Any, Any]
    results: Results
    speak: Language

    def value(self, *columns: str) -> float:
        """Figure of the first of these columns that there is; NaN = not known, or no such column."""
        found = next((self.row[column] for column in columns if column in self.row), math.nan)
        return math.nan if found is None or pd.isna(found) else float(found)

    def has(self, column: str) -> bool:
        """Whether a figure is known."""
        return math.isfinite(self.value(column))

    def people(self, *columns: str) -> str:
        """Persons, as the tables have them, with one decimal."""
        return self.speak.number(self.value(*columns), 1)

    def share(self, column: str) -> str:
        """Fraction as per cent."""
        return self.speak.percent(self.value(column))

    @property
    def summary(self) -> dict[str, Any]:
        """Summary of the run."""
        return self.results.summary

    @property
    def target(self) -> str:
        """Technology below which people are in the gap."""
        return str(self.results.summary["target"])

    def measure(self) -> str:
        """How walks were measured, in words."""
        found = str(self.results.summary["wifi"]["measure"])
        return self.speak.say(MEASURES[found]) if found in MEASURES else found


def section(heading: str, lines: list[str]) -> list[Section]:
    """The section, or nothing where there is nothing to say."""
    return [Section(heading, tuple(lines))] if lines else []


def states(place: Place) -> list[Section]:
    """People by state of service."""
    say = place.speak.say
    lines = [
        f"- {say('{what}: {people}', what=say(words), people=place.people(name))}" for name, words in STATES.items()
    ]
    return section(say("State of service, each person in one"), lines)


def stands_on(place: Place) -> list[Section]:
    """The inputs of the run with their sources and licences."""
    say = place.speak.say
    lines = [
        "- "
        + say(
            "{layer}: {file} ({origin}; {licence})",
            layer=layer_words(str(item["layer"]), place.speak),
            file=item["file"],
            origin=item["source"] or item["publisher"] or say("source not stated"),
            licence=item["licence"] or say("licence not stated"),
        )
        for item in place.summary["inputs"]
    ]
    return section(say("What it stands on"), lines)
