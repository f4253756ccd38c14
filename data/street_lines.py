"""From lines with named vertices to a network: noded, clipped, doubled lines dropped, measured, scraps dropped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pyproj import Geod, Transformer

from data.notes import Note, Notes
from geo.chains import running
from geo.errors import CRSError, Fault, SchemaError
from geo.network import Network, components, kept, simplified

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

Bounds = tuple[float, float, float, float]

LEAST_M = 1_000.0
"""Parts of a network with fewer metres of streets are scraps: paths mapped without their link to a street. [rule]"""

MARGIN_M = 1_500.0
"""Ground around the bounds whose streets are read too: the way to a hotspot inside may lead outside. [rule]"""


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines as a reader found them.

    Attributes
    ----------
    name : str
        The file, for notes and faults.
    starts : int64 array (lines + 1,)
        Line i has the vertices `starts[i]` to `starts[i + 1]`, at least two.
    node : int64 array (vertices,)
        What the vertex is called; vertices of one name are one place where one can turn from line to line.
    lon, lat : float64 arrays (vertices,)
        Degrees, WGS 84.
    ends_only : bool
        Lines meet only where one of them ends; otherwise wherever they share a vertex.
    """

    name: str
    starts: NDArray[np.int64]
    node: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    ends_only: bool = False


def _fail(name: str, problem: str, mend: str) -> SchemaError:
    return SchemaError([Fault(name, problem, mend)])


def _cut(lines: Lines, vertices: NDArray[np.bool_], step: NDArray[np.bool_]) -> Lines:
    """The vertices kept, in lines that break wherever a step from one vertex to the next one kept is not kept.

    Parameters
    ----------
    lines : Lines
    vertices : bool array (vertices,)
    step : bool array (vertices,)
        Whether the step from this vertex to the next belongs to the line.
    """
    at = np.flatnonzero(vertices)
    goes_on = step[at]
    linked = goes_on | np.concatenate([[False], goes_on[:-1]])
    at, goes_on = at[linked], goes_on[linked]
    ends = np.flatnonzero(~goes_on) + 1
    starts = np.concatenate([[0], ends]).astype(np.int64)
    return Lines(lines.name, starts, lines.node[at], lines.lon[at], lines.lat[at], lines.ends_only)


def _steps(lines: Lines) -> NDArray[np.bool_]:
    """Whether a vertex has a next one on its line."""
    step = np.ones(lines.node.size, dtype=np.bool_)
    step[lines.starts[1:] - 1] = False
    return step


def _clipped(lines: Lines, x: NDArray[np.float64], y: NDArray[np.float64], box: Bounds) -> Lines:
    """Steps between vertices that reach into the box (by their own bounds), whole."""
    x1, y1 = np.roll(x, -1), np.roll(y, -1)
    inside = (np.minimum(x, x1) <= box[2]) & (np.maximum(x, x1) >= box[0])
    inside &= (np.minimum(y, y1) <= box[3]) & (np.maximum(y, y1) >= box[1])
    return _cut(lines, np.ones(x.size, dtype=np.bool_), _steps(lines) & inside)


def _still(lines: Lines, values: NDArray[Any]) -> NDArray[np.bool_]:
    """Lines along which the values of the vertices do not change."""
    first = lines.starts[:-1]
    same = values == np.repeat(values[first], np.diff(lines.starts))
    return np.logical_and.reduceat(same, first) if first.size else np.zeros(0, dtype=np.bool_)


def _one_name_a_place(lines: Lines) -> Lines:
    """Vertices joined by a step without length get one name, and every second vertex of one place in a row goes."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not lines.node.size:
        return lines
    step = _steps(lines)
    still = step & (lines.lon == np.roll(lines.lon, -1)) & (lines.lat == np.roll(lines.lat, -1))
    named, place = np.unique(lines.node, return_inverse=True)
    low, high = place[still], np.roll(place, -1)[still]
    shape = (named.size, named.size)
    graph = coo_array((np.ones(low.size, dtype=np.int8), (low, high)), shape=shape).tocsr()
    _, label = connected_components(graph, directed=False)
    highest = np.zeros(named.size, dtype=np.int64)
    np.maximum.at(highest, label, np.arange(named.size))
    node = named[highest[label[place]]]
    keep = ~np.roll(step & (node == np.roll(node, -1)), 1)
    left = np.flatnonzero(keep)
    goes_on = np.zeros(node.size, dtype=np.bool_)
    goes_on[left] = step[np.append(left[1:], node.size) - 1]  # the last of its run leads on
    return _cut(Lines(lines.name, lines.starts, node, lines.lon, lines.lat, lines.ends_only), keep, goes_on)


def _split(lines: Lines) -> Lines:
    """Lines cut where they meet (at a shared vertex; if `ends_only`, where a line ends) and where one turns back."""
    named, place = np.unique(lines.node, return_inverse=True)
    ends = np.zeros(named.size, dtype=np.bool_)
    ends[place[lines.starts[:-1]]] = ends[place[lines.starts[1:] - 1]] = True
    meets = ends if lines.ends_only else ends | (np.bincount(place, minlength=named.size) > 1)
    inner = _steps(lines)
    inner[lines.starts[:-1]] = False
    meets[place[inner & (np.roll(place, 1) == np.roll(place, -1))]] = True
    times = 1 + (meets[place] & inner)
    at = np.repeat(np.arange(place.size), times)
    first = np.concatenate([lines.starts[:-1], np.flatnonzero(times == 2)])
    moved = np.concatenate([[0], np.cumsum(times)])
    cuts = np.sort(moved[first] + (times[first] == 2))
    starts = np.append(cuts, at.size).astype(np.int64)
    return Lines(lines.name, starts, lines.node[at], lines.lon[at], lines.lat[at], lines.ends_only)


def _ragged(
    starts: NDArray[np.int64], order: NDArray[np.int64], flip: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], ...]:
    """Where the vertices of lines come from when the lines are put into an order and some are turned round."""
    sizes = np.diff(starts)[order]
    new = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    along = np.arange(new[-1]) - np.repeat(new[:-1], sizes)
    turned = np.repeat(sizes - 1, sizes) - along
    return new, np.repeat(starts[:-1][order], sizes) + np.where(np.repeat(flip, sizes), turned, along)


def _turned(lines: Lines, tail: NDArray[np.int64], head: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Lines to turn round so that they run from the lower node; rings, from the lower of their two sides."""
    flip = tail > head
    for i in np.flatnonzero(tail == head):
        part = slice(lines.starts[i], lines.starts[i + 1])
        there = list(zip(lines.lon[part], lines.lat[part], strict=True))
        flip[i] = there[::-1] < there
    return flip


def _doubled(
    starts: NDArray[np.int64], ends: NDArray[np.int64], lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Lines that are the one before, vertex for vertex; `ends` are two numbers a line that must be the same."""
    sizes = np.diff(starts)
    same = np.zeros(sizes.size, dtype=np.bool_)
    pair = np.flatnonzero((sizes[1:] == sizes[:-1]) & (ends[1:] == ends[:-1]).all(axis=1)) + 1
    if not pair.size:
        return same
    none = np.zeros(pair.size, dtype=np.bool_)
    new, here = _ragged(starts, pair, none)
    _, there = _ragged(starts, pair - 1, none)
    same[pair] = np.logical_and.reduceat((lon[here] == lon[there]) & (lat[here] == lat[there]), new[:-1])
    return same


def _ordered(lines: Lines) -> tuple[Lines, NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], int]:
    """Lines in an order that is not the file's; tail, head, names of the nodes, and how many lines were doubled."""
    first, last = lines.starts[:-1], lines.starts[1:] - 1
    names, place = np.unique(lines.node[np.concatenate([first, last])], return_inverse=True)
    tail, head = place[: first.size], place[first.size :]
    flip = _turned(lines, tail, head)
    sizes = np.diff(lines.starts)
    second, third = np.where(flip, last - 1, first + 1), np.where(flip, first + 1, last - 1)
    keys = (lines.lat[third], lines.lon[third], lines.lat[second], lines.lon[second], sizes)
    order = np.lexsort((*keys, np.maximum(tail, head), np.minimum(tail, head)))
    starts, at = _ragged(lines.starts, order, flip[order])
    lon, lat = lines.lon[at], lines.lat[at]
    ends = np.column_stack([np.minimum(tail, head), np.maximum(tail, head)])[order]
    single = np.flatnonzero(~_doubled(starts, ends, lon, lat))
    new, again = _ragged(starts, single, np.zeros(single.size, dtype=np.bool_))
    out = Lines(lines.name, new, lines.node[at][again], lon[again], lat[again], lines.ends_only)
    return out, ends[single, 0], ends[single, 1], names, int(order.size - single.size)


def _measured(lines: Lines, tail: NDArray[np.int64], head: NDArray[np.int64], nodes: int, crs: CRS) -> Network:
    """The network of split lines, with geodesics on WGS 84 as lengths."""
    lon1, lat1 = np.roll(lines.lon, -1), np.roll(lines.lat, -1)
    step = np.asarray(Geod(ellps="WGS84").inv(lines.lon, lines.lat, lon1, lat1)[2], dtype=np.float64)
    along = running(step, lines.starts)
    vx, vy = (
        np.asarray(v) for v in Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lines.lon, lines.lat)
    )
    x, y = np.empty(nodes), np.empty(nodes)
    first, last = lines.starts[:-1], lines.starts[1:] - 1
    x[tail], y[tail] = vx[first], vy[first]
    x[head], y[head] = vx[last], vy[last]
    return Network(crs, x, y, tail, head, along[last], lines.starts, vx, vy, along)


def without_scraps(network: Network, *, name: str, least_m: float = LEAST_M) -> tuple[Network, Notes]:
    """Drop connected parts with few metres of streets; the largest part always stays.

    Parameters
    ----------
    network : Network
    name : str
        The file, for the note.
    least_m : float
        Parts with fewer metres are dropped; 0 keeps all.
    """
    label = components(network)
    metres = np.bincount(label[network.tail], weights=network.length_m, minlength=int(label.max()) + 1)
    small = (metres < least_m) & (np.arange(metres.size) > 0)
    if not small.any():
        return network, []
    edges = int(small[label[network.tail]].sum())
    what = f"streets in parts of under {least_m:g} m that meet no other, dropped"
    detail = f"{small.sum():,} parts, {metres[small].sum() / 1000:.1f} of {metres.sum() / 1000:.1f} km"
    return kept(network, ~small[label]), [Note(name, what, edges, detail)]


def street_network(
    lines: Lines,
    *,
    crs: CRS,
    bounds: Bounds,
    margin_m: float = MARGIN_M,
    least_m: float = LEAST_M,
    simplify: bool = True,
) -> tuple[Network, Notes]:
    """Network of a reader's lines.

    Parameters
    ----------
    lines : Lines
    crs : pyproj.CRS
        The region grid's: projected, in metres.
    bounds : tuple of float
        (left, bottom, right, top) in the CRS. Steps from vertex to vertex that reach into the bounds and the margin
        around them are kept whole, others dropped.
    margin_m : float
        CRS units.
    least_m : float
        See `without_scraps`.
    simplify : bool
        Merge edges where only two meet (`geo.network.simplified`).

    Returns
    -------
    network : Network
        The same whatever the order and direction of lines.
    notes : list of Note
        Lines without length, lines drawn twice, scraps dropped.

    Raises
    ------
    CRSError
        The CRS is not projected in metres.
    SchemaError
        No line, none that has a length, or none inside the bounds.
    """
    if not crs.is_projected or crs.axis_info[0].unit_conversion_factor != 1:
        raise CRSError(f"a street network needs a projected CRS in metres, not {crs.name}")
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lines.lon, lines.lat)
    box = (bounds[0] - margin_m, bounds[1] - margin_m, bounds[2] + margin_m, bounds[3] + margin_m)
    inside = _one_name_a_place(_clipped(lines, np.asarray(x), np.asarray(y), box))
    still = _still(lines, lines.lon) & _still(lines, lines.lat)
    if still.size and still.all():
        problem = f"none of its {still.size:,} walkable lines has a length: each stays at one place"
        raise _fail(lines.name, problem, "give lines that lead from one place to another")
    without = int((still & _still(lines, lines.node)).sum())  # others join two nodes at one place
    if inside.starts.size < 2:
        problem = f"none of its {lines.starts.size - 1:,} walkable lines lies in the region"
        raise _fail(lines.name, problem, "give the streets of this region, and check longitude and latitude")
    whole, tail, head, names, doubled = _ordered(_split(inside))
    network = _measured(whole, tail, head, names.size, crs)
    notes = [Note(lines.name, "lines without length, dropped", without)] if without else []
    notes += [Note(lines.name, "streets drawn twice, counted once", doubled)] if doubled else []
    network, dropped = without_scraps(network, name=lines.name, least_m=least_m)
    return (simplified(network) if simplify else network), notes + dropped
