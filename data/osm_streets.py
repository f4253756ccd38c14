"""Walkable ways of an OpenStreetMap file, ``.osm.pbf`` or ``.osm``, read by osmium."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from data.notes import Note, Notes
from data.osm_file import osm_file
from data.street_lines import Lines
from data.walking import NODE_TAGS, TAGS, passable, walkable
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

Vertex = tuple[int, float, float]
"""Number of a node, longitude and latitude in degrees."""


_BARRED, _POSITIONS = -(1 << 62), 1 << 14
"""The two sides of a barrier get names of their own, by way and position: far below any number of a node."""


@dataclass
class Ways:
    """Walkable ways gathered one by one into lines.

    Attributes
    ----------
    blocked : set of int
        Nodes that nobody may walk past: a way ends there, and the rest of it starts anew.
    ways, missing, barred : int
        Walkable ways met; vertices of theirs that have no place; vertices that are blocked.
    """

    blocked: set[int] = field(default_factory=set[int])
    ways: int = 0
    missing: int = 0
    barred: int = 0
    _starts: array[int] = field(default_factory=lambda: array("q", [0]))
    _node: array[int] = field(default_factory=lambda: array("q"))
    _lon: array[float] = field(default_factory=lambda: array("d"))
    _lat: array[float] = field(default_factory=lambda: array("d"))

    def add(self, way: int, vertices: Iterable[Vertex | None]) -> None:
        """A way by its number; None is a vertex without a place, at which the way breaks."""
        self.ways += 1
        for position, vertex in enumerate(vertices):
            if vertex is None:
                self.missing += 1
                self._end()
            elif vertex[0] in self.blocked:
                self.barred += 1
                side = _BARRED + way * _POSITIONS + 2 * position
                self._put((side, *vertex[1:]))
                self._end()
                self._put((side + 1, *vertex[1:]))
            else:
                self._put(vertex)
        self._end()

    def _put(self, vertex: Vertex) -> None:
        self._node.append(vertex[0])
        self._lon.append(vertex[1])
        self._lat.append(vertex[2])

    def _end(self) -> None:
        """Close the line; one of a single vertex is none."""
        size = len(self._node) - self._starts[-1]
        if size > 1:
            self._starts.append(len(self._node))
        elif size == 1:
            for values in (self._node, self._lon, self._lat):
                values.pop()

    def lines(self, name: str) -> tuple[Lines, Notes]:
        """What was gathered, and notes on vertices without a place and on barriers."""
        notes: Notes = []
        if self.missing:
            detail = "the ways end there: cut the extract with complete ways"
            notes.append(Note(name, "nodes of walkable ways missing in the file", self.missing, detail))
        if self.barred:
            notes.append(Note(name, "shut barriers on walkable ways, not passed", self.barred))
        starts, node = (np.array(values, dtype=np.int64) for values in (self._starts, self._node))
        lon, lat = (np.array(values, dtype=np.float64) for values in (self._lon, self._lat))
        return Lines(name, starts, node, lon, lat), notes


def _picked(tags: Any, keys: tuple[str, ...]) -> Mapping[str, str]:
    return {key: value for key in keys if (value := tags.get(key)) is not None}


def _vertex(ref: Any) -> Vertex | None:
    at = ref.location
    return (ref.ref, at.lon, at.lat) if at.valid() else None


def _gathered(source: Any, *, ferries: bool) -> Ways:
    """Ways of an opened file, in one pass: nodes come before ways in every file that osmium and its kin write."""
    ways = Ways()
    for thing in source:
        if thing.is_node():
            if not passable(_picked(thing.tags, NODE_TAGS)):
                ways.blocked.add(thing.id)
        elif walkable(_picked(thing.tags, TAGS), ferries=ferries):
            ways.add(thing.id, (_vertex(ref) for ref in thing.nodes))
    return ways


def read_osm(path: Path, *, ferries: bool = False) -> tuple[Lines, Notes]:
    """Walkable ways of an OpenStreetMap file (`data.walking`).

    Parameters
    ----------
    path : Path
        ``.osm.pbf`` (or ``.pbf``) or ``.osm`` XML; nodes first, then ways, as osmium, Overpass and extracts have them.
    ferries : bool
        Walk on ferries too.

    Returns
    -------
    lines : Lines
        One a way, broken where the file lacks a node's place and at shut barriers. Named by OpenStreetMap's node
        numbers: two nodes at one place with different numbers are not connected unless a way steps between them.
    notes : list of Note

    Raises
    ------
    SchemaError
        Not such a file, cut short, without walkable ways, or without the nodes of its ways. A ``.pbf`` that is cut
        exactly between two of its blocks cannot be told from a whole one.
    """
    with osm_file(path) as file:
        from osmium import FileProcessor
        from osmium.filter import KeyFilter
        from osmium.osm import NODE, WAY

        source = FileProcessor(file, NODE | WAY).with_locations().with_filter(KeyFilter(*_KEYS))
        ways = _gathered(source, ferries=ferries)
    lines, notes = ways.lines(path.name)
    if lines.starts.size > 1:
        return lines, notes
    problem, mend = "no way in it may be walked on", "give an extract with the streets (highway=*) of the region"
    if ways.missing:
        problem = f"{ways.ways:,} walkable ways, but the places of their nodes are missing or stand after them"
        mend = "sort the file (nodes first), and cut extracts with complete ways"
    raise SchemaError([Fault(path.name, problem, mend)])


_KEYS = ("highway", "route", "barrier")
"""Ways without the first two and nodes without the third never reach the rules."""
