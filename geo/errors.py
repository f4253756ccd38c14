"""Errors of the house: each is ours and the builtin's, and carries what a person needs to mend the input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong with one input.

    Attributes
    ----------
    file : str
        The file (or setting) at fault, as the person named it.
    problem : str
        What is wrong, with the value met.
    mend : str
        What to do about it.
    column, row : str
        Where in the file; empty when the whole file is meant. Rows count from 1, the header not counted.
    """

    file: str
    problem: str
    mend: str
    column: str = ""
    row: str = ""

    def __str__(self) -> str:
        where = self.file
        if self.column:
            where += f", column '{self.column}'"
        if self.row:
            where += f", row {self.row}"
        return f"{where}: {self.problem}. Mend: {self.mend}"


class GapmapError(Exception):
    """Base of every error that gapmap raises on purpose; the command answers it with exit code 2."""


class CRSError(GapmapError, ValueError):
    """A coordinate reference system is missing, unknown, unfit, or two of them differ."""


class GridError(GapmapError, ValueError):
    """Two layers do not lie on one grid, or a grid is impossible."""


class UnitError(GapmapError, ValueError):
    """A quantity is not in the unit that it must be in."""


class SourceError(GapmapError, OSError):
    """A file cannot be found, opened or decoded."""


class RangeError(GapmapError, ValueError):
    """A value outside the range in which a model or formula holds."""


class SchemaError(GapmapError, ValueError):
    """Input does not hold what it must; lists every fault found.

    Parameters
    ----------
    faults : iterable of Fault
        At least one; listed in the order given, each once.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(dict.fromkeys(faults))
        count = len(self.faults)
        head = "1 fault" if count == 1 else f"{count} faults"
        super().__init__("\n".join([f"{head} in the input:", *(f"  - {fault}" for fault in self.faults)]))


class ScenarioError(GapmapError, ValueError):
    """A scenario or region setting is unknown or impossible; carries its dotted key."""

    def __init__(self, key: str, problem: str) -> None:
        self.key = key
        super().__init__(f"{key}: {problem}")


class InfeasibleError(GapmapError, ValueError):
    """No answer can satisfy what was asked."""
