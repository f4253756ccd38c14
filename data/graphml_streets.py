"""Walkable edges of a GraphML file as osmnx writes it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError, XMLPullParser

import numpy as np
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError as ProjCRSError

from data.line_streets import degrees
from data.notes import Note, Notes
from data.street_lines import Lines
from data.tables_in import require_file
from data.walking import TAGS, walkable
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_SPACE = "{http://graphml.graphdrawing.org/xmlns}"
_BLOCK = 1 << 20
_OFF = 1e-6
"""CRS units by which a line may miss the node at which it starts or ends (text keeps fewer digits)."""

_MEND = "save it with osmnx.save_graphml"


@dataclass
class _Graph:
    crs: str = ""
    nodes: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    edges: list[tuple[str, str, dict[str, str]]] = field(default_factory=list[tuple[str, str, dict[str, str]]])


def _fail(path: Path, problem: str, mend: str = _MEND) -> SchemaError:
    return SchemaError([Fault(path.name, problem, mend)])


def _elements(path: Path) -> Any:
    """Elements as they close. A document type is refused: osmnx writes none, and entities can swell without end."""
    parser = XMLPullParser(events=("end",))
    with path.open("rb") as stream:
        before = b""
        while block := stream.read(_BLOCK):
            if b"<!" in before[-1:] + block:
                raise _fail(path, "holds a document type or comment that no GraphML of osmnx has")
            before = block
            parser.feed(block)
            events: Any = parser.read_events()
            for _, element in events:
                yield element
    parser.close()


def _closed(path: Path) -> Any:
    try:
        yield from _elements(path)
    except ParseError as error:
        raise _fail(path, f"not GraphML, or cut short ({error})") from error


def _graph(path: Path) -> _Graph:
    graph, keys = _Graph(), dict[str, str]()

    def attributes(element: Any) -> dict[str, str]:
        return {keys.get(data.get("key"), ""): data.text or "" for data in element.iterfind(f"{_SPACE}data")}

    for element in _closed(path):
        kind = element.tag.removeprefix(_SPACE)
        if kind == "key":
            keys[element.get("id", "")] = element.get("attr.name", "")
        elif kind == "node":
            found = attributes(element)
            graph.nodes[element.get("id", "")] = (found.get("x", ""), found.get("y", ""))
        elif kind == "edge":
            graph.edges.append((element.get("source", ""), element.get("target", ""), attributes(element)))
        elif kind == "graph":
            graph.crs = attributes(element).get("crs", "")
        if kind in {"node", "edge"}:
            element.clear()
    return graph


def _several(value: str) -> list[str]:
    """Values of a tag; osmnx writes a list where it merged ways that differ."""
    if not value.startswith("["):
        return [value]
    try:
        return [str(part) for part in ast.literal_eval(value)]
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return [value]


def _walked(attributes: dict[str, str], *, ferries: bool) -> bool:
    """Of a merged edge every part must be walkable; an edge without a highway tag is walked."""
    tags = {key: ";".join(_several(attributes[key])) for key in TAGS if key in attributes and key != "highway"}
    kinds = _several(attributes["highway"]) if attributes.get("highway") else []
    if not kinds and "route" not in tags:
        return walkable({**tags, "highway": "road"})
    return all(walkable({**tags, "highway": kind}, ferries=ferries) for kind in kinds or [""])


def _numbers(path: Path, graph: _Graph) -> tuple[dict[str, int], NDArray[np.float64]]:
    """Rank of each node's id, and the coordinates by rank."""
    order = sorted(graph.nodes, key=lambda name: (len(name), name))
    try:
        xy = np.array([graph.nodes[name] for name in order], dtype=np.float64).reshape(-1, 2)
    except ValueError as error:
        raise _fail(path, "some nodes have no x or y, or not numbers") from error
    if not np.isfinite(xy).all():
        raise _fail(path, "some nodes have an x or y that is not finite")
    return {name: i for i, name in enumerate(order)}, xy


def _shapes(path: Path, edges: list[tuple[str, str, dict[str, str]]]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Coordinates of the edges' own lines, and how many each has; none where it is straight."""
    try:
        lines = shapely.from_wkt([attributes.get("geometry") or None for _, _, attributes in edges])
    except (shapely.errors.ShapelyError, UnicodeEncodeError) as error:
        raise _fail(path, f"an edge's geometry cannot be read: {error}") from error
    if not np.isin(shapely.get_type_id(lines), [-1, 1]).all():
        raise _fail(path, "an edge's geometry is not one line")
    xy, owner = shapely.get_coordinates(lines, return_index=True)
    return xy, np.bincount(owner, minlength=len(edges)).astype(np.int64)


def _joined(path: Path, graph: _Graph, edges: list[tuple[str, str, dict[str, str]]]) -> tuple[Any, Any, Any]:
    """Starts, names and coordinates of the edges' vertices, each from its source to its target."""
    rank, place = _numbers(path, graph)
    strangers = [f"{one} – {other}" for one, other, _ in edges if one not in rank or other not in rank]
    if strangers:
        raise _fail(path, f"{len(strangers):,} edges join nodes that it does not hold, the first {strangers[0]}")
    xy, size = _shapes(path, edges)
    ends = np.array([(rank[one], rank[other]) for one, other, _ in edges], dtype=np.int64)
    drawn = np.flatnonzero(size > 0)
    last = np.cumsum(size) - 1
    first = last - size + 1
    shape_ends = np.stack([xy[first[drawn]], xy[last[drawn]]], axis=1)
    straight = np.abs(shape_ends - place[ends[drawn]]).max(axis=(1, 2))
    back = np.abs(shape_ends[:, ::-1] - place[ends[drawn]]).max(axis=(1, 2))
    off = int((np.minimum(straight, back) > _OFF).sum())
    if off:
        raise _fail(path, f"the lines of {off:,} edges do not end at their nodes")
    turned = np.zeros(size.size, dtype=np.bool_)
    turned[drawn] = back < straight
    inner = np.maximum(size - 2, 0)
    starts = np.concatenate([[0], np.cumsum(inner + 2)]).astype(np.int64)
    node, points = np.empty(starts[-1], dtype=np.int64), np.empty((starts[-1], 2))
    for side, at in ((0, starts[:-1]), (1, starts[1:] - 1)):
        node[at], points[at] = ends[:, side], place[ends[:, side]]
    along = np.arange(inner.sum()) - np.repeat(np.cumsum(inner) - inner, inner)
    there = np.repeat(starts[:-1] + 1, inner) + along
    node[there] = -1 - np.arange(along.size)
    flip = np.repeat(turned, inner)
    points[there] = xy[np.where(flip, np.repeat(last - 1, inner) - along, np.repeat(first + 1, inner) + along)]
    return starts, node, points


def read_graphml(path: Path, *, ferries: bool = False) -> tuple[Lines, Notes]:
    """Walkable edges of a graph that osmnx saved, one-way edges walked both ways.

    Parameters
    ----------
    path : Path
    ferries : bool
        Walk on ferries too.

    Returns
    -------
    lines : Lines
        Edges with their own shape. By `data.walking` on the tags that osmnx kept: unless told to, it keeps ``highway``
        and ``access`` but not ``foot``, ``motorroad`` and barriers. Lengths written in the file are not used.
    notes : list of Note

    Raises
    ------
    SchemaError
        Not such a file, cut short, coordinates or lines that do not fit, or nothing to walk on.
    """
    require_file(path)
    graph = _graph(path)
    try:
        crs = CRS.from_user_input(graph.crs or "EPSG:4326")
    except ProjCRSError as error:
        raise _fail(path, f"its CRS '{graph.crs}' is not known") from error
    edges = [edge for edge in graph.edges if _walked(edge[2], ferries=ferries)]
    if not edges:
        raise _fail(path, f"none of its {len(graph.edges):,} edges may be walked on", "give a network of streets")
    starts, node, xy = _joined(path, graph, edges)
    lon, lat = degrees(xy[:, 0], xy[:, 1], crs, name=path.name)
    notes: Notes = []
    if not graph.crs:
        notes.append(Note(path.name, "a graph that states no CRS, read as longitude and latitude (EPSG:4326)", 1))
    if not any("foot" in attributes for _, _, attributes in graph.edges):
        notes.append(Note(path.name, "edges that say nothing of walking (no foot tag kept)", len(edges)))
    return Lines(path.name, starts, node, lon, lat), notes
