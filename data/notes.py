"""What a reader did to the input and went on: dropped, repaired, left unmatched, with counts."""

from __future__ import annotations

from dataclasses import dataclass

LISTED = 20


@dataclass(frozen=True, order=True)
class Note:
    """One thing that a reader did or met, which is no error.

    Attributes
    ----------
    layer : str
        The file or layer that it is about.
    what : str
        What happened, as a heading: "rows outside the region, dropped".
    count : int
        How many rows, shapes or persons.
    detail : str
        Which ones, or why; empty when the heading says it all.
    """

    layer: str
    what: str
    count: int
    detail: str = ""

    def __str__(self) -> str:
        tail = f" ({self.detail})" if self.detail else ""
        return f"{self.layer}: {self.what}: {self.count:,}{tail}"


Notes = list[Note]


def listed(things: list[str]) -> str:
    """First 20 of a list in words, and how many more there are."""
    head = ", ".join(things[:LISTED])
    return f"{head} and {len(things) - LISTED:,} more" if len(things) > LISTED else head
