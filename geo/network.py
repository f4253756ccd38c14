"""Networks of lines one can move along: nodes, undirected edges with their shape, and lengths on the ground."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from geo.chains import chains, joined
from geo.errors import GridError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

LOOSE = 1e-9
"""Share by which a line's last distance may differ from its edge's length."""


@dataclass(frozen=True, eq=False)
class Network:
    """Nodes joined by undirected edges, each of which is a line.

    Attributes
    ----------
    crs : pyproj.CRS
        Projected, with coordinates in metres.
    x, y : float64 arrays (nodes,)
        Coordinates in the CRS.
    tail, head : int64 arrays (edges,)
        The two ends, as positions of nodes. An edge is walked both ways. Two edges may join the same two nodes (a
        matrix made of the edges must take the shorter, not their sum), and an edge may end where it starts.
    length_m : float64 array (edges,)
        Metres on the ground along the line: geodesics on WGS 84 from vertex to vertex. Above 0.
    starts : int64 array (edges + 1,)
        Edge i has the vertices `starts[i]` to `starts[i + 1]`, at least two.
    vertex_x, vertex_y : float64 arrays (vertices,)
        The lines from tail to head, both included, in the CRS.
    vertex_m : float64 array (vertices,)
        Metres on the ground from the tail: 0 at the first vertex of an edge, never less than at the one before,
        `length_m` at the last.
    climb_m, fall_m : float64 arrays (edges,), optional
        Metres climbed and metres descended from tail to head, both ≥ 0; from head to tail they change places.
        NaN = the ground's height is not known; None = no heights were given at all.

    Raises
    ------
    GridError
        The arrays do not fit together; every way in which they do not is listed.
    """

    crs: CRS
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    length_m: NDArray[np.float64]
    starts: NDArray[np.int64]
    vertex_x: NDArray[np.float64]
    vertex_y: NDArray[np.float64]
    vertex_m: NDArray[np.float64]
    climb_m: NDArray[np.float64] | None = None
    fall_m: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        problems = network_problems(self.arrays())
        if not self.crs.is_projected:
            problems.append(f"{self.crs.name} is not a projected CRS")
        if problems:
            raise GridError(f"not a network: {'; '.join(problems)}")

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return int(self.x.size)

    @property
    def edges(self) -> int:
        """Number of edges."""
        return int(self.tail.size)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Its arrays by name, those that it has, in the order of the attributes."""
        named = {name: getattr(self, name) for name in FIELDS}
        return {name: values for name, values in named.items() if values is not None}


FIELDS = {
    "x": np.dtype(np.float64),
    "y": np.dtype(np.float64),
    "tail": np.dtype(np.int64),
    "head": np.dtype(np.int64),
    "length_m": np.dtype(np.float64),
    "starts": np.dtype(np.int64),
    "vertex_x": np.dtype(np.float64),
    "vertex_y": np.dtype(np.float64),
    "vertex_m": np.dtype(np.float64),
    "climb_m": np.dtype(np.float64),
    "fall_m": np.dtype(np.float64),
}
"""Name and type of every array of a network; the last two may be absent, together."""


def network_problems(arrays: dict[str, NDArray[Any]]) -> list[str]:
    """What keeps these arrays from being a network; empty when nothing does.

    Parameters
    ----------
    arrays : dict
        By the names of `Network`'s attributes; every name but ``climb_m`` and ``fall_m`` must be there.
    """
    problems = [f"no {name}" for name in FIELDS if name not in arrays and name not in {"climb_m", "fall_m"}]
    if ("climb_m" in arrays) != ("fall_m" in arrays):
        problems.append("only one of climb_m and fall_m")
    for name, values in arrays.items():
        if name not in FIELDS:
            problems.append(f"{name} is unknown")
        elif values.ndim != 1 or values.dtype != FIELDS[name]:
            problems.append(f"{name} is {values.dtype} of shape {values.shape}, not {FIELDS[name]} in a row")
    return problems or _size_problems(arrays) or _index_problems(arrays) or _value_problems(arrays)


def _size_problems(arrays: dict[str, NDArray[Any]]) -> list[str]:
    nodes, edges, vertices = arrays["x"].size, arrays["tail"].size, arrays["vertex_x"].size
    wanted = {"y": nodes, "head": edges, "length_m": edges, "starts": edges + 1, "climb_m": edges, "fall_m": edges}
    wanted |= {"vertex_y": vertices, "vertex_m": vertices}
    return [
        f"{name} has {arrays[name].size:,} values, not {size:,}"
        for name, size in wanted.items()
        if name in arrays and arrays[name].size != size
    ]


def _index_problems(arrays: dict[str, NDArray[Any]]) -> list[str]:
    problems: list[str] = []
    for name in ("tail", "head"):
        odd = int(((arrays[name] < 0) | (arrays[name] >= arrays["x"].size)).sum())
        if odd:
            problems.append(f"{odd:,} of {name} are no node")
    starts = arrays["starts"]
    ends_well = starts[0] == 0 and starts[-1] == arrays["vertex_x"].size
    if not ends_well or (starts[1:] - 2 < starts[:-1]).any():
        problems.append("starts do not cut the vertices into lines of two and more")
    return problems


def _value_problems(arrays: dict[str, NDArray[Any]]) -> list[str]:
    problems = [
        f"{int((~np.isfinite(arrays[name])).sum()):,} of {name} are not finite"
        for name in ("x", "y", "vertex_x", "vertex_y", "vertex_m", "length_m")
        if not np.isfinite(arrays[name]).all()
    ]
    if problems:
        return problems
    first, last = arrays["starts"][:-1], arrays["starts"][1:] - 1
    for node, at in (("tail", first), ("head", last)):
        off = (arrays["vertex_x"][at] != arrays["x"][arrays[node]]) | (
            arrays["vertex_y"][at] != arrays["y"][arrays[node]]
        )
        if off.any():
            problems.append(f"{int(off.sum()):,} lines do not end at their {node}")
    back = np.diff(arrays["vertex_m"]) < 0
    back[last[:-1]] = False
    wrong = np.abs(arrays["vertex_m"][last] - arrays["length_m"]) > LOOSE * arrays["length_m"]
    if back.any() or wrong.any() or (arrays["vertex_m"][first] != 0).any():
        problems.append("vertex_m does not grow from 0 to length_m along each line")
    if (arrays["length_m"] <= 0).any():
        problems.append(f"{int((arrays['length_m'] <= 0).sum()):,} edges have no length")
    if "climb_m" in arrays and ((arrays["climb_m"] < 0) | (arrays["fall_m"] < 0)).any():
        problems.append("climb_m or fall_m is below 0")
    return problems


def components(network: Network) -> NDArray[np.int64]:
    """Label of the connected part to which each node belongs.

    Returns
    -------
    int64 array (nodes,)
        0 is the part with the most metres of edges, 1 the next, and so on; of equal parts the one with the lower first
        node comes first. Metres and not nodes, so that `simplified` does not change the order.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    shape = (network.nodes, network.nodes)
    graph = coo_array((np.ones(network.edges, dtype=np.int8), (network.tail, network.head)), shape=shape)
    count, label = connected_components(graph.tocsr(), directed=False)
    metres = np.bincount(label[network.tail], weights=network.length_m, minlength=count)
    first = np.full(count, network.nodes, dtype=np.int64)
    np.minimum.at(first, label, np.arange(network.nodes))
    rank = np.empty(count, dtype=np.int64)
    rank[np.lexsort((first, -metres))] = np.arange(count)
    return rank[label]


def _with_edges(network: Network, edges: NDArray[np.int64]) -> Network:
    """The network with only these edges, in this order, and all nodes."""
    sizes = np.diff(network.starts)[edges]
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    at = np.arange(starts[-1]) + np.repeat(network.starts[:-1][edges] - starts[:-1], sizes)
    return replace(
        network,
        tail=network.tail[edges],
        head=network.head[edges],
        length_m=network.length_m[edges],
        starts=starts,
        vertex_x=network.vertex_x[at],
        vertex_y=network.vertex_y[at],
        vertex_m=network.vertex_m[at],
        climb_m=None if network.climb_m is None else network.climb_m[edges],
        fall_m=None if network.fall_m is None else network.fall_m[edges],
    )


def places_along(
    network: Network, edge: NDArray[np.int64], along_m: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates, in the network's CRS, of places so many ground metres from the tail of an edge, along it.

    Parameters
    ----------
    network : Network
    edge : int64 array (n,)
    along_m : float64 array (n,)
        From 0 to the edge's length; beyond, the nearer end.

    Returns
    -------
    x, y : float64 arrays (n,)
    """
    length = network.length_m[edge]
    # one growing measure for all edges: a place on edge i has 2 i + its share of the length
    owner = np.repeat(np.arange(network.edges), np.diff(network.starts))
    measure = 2.0 * owner + network.vertex_m / network.length_m[owner]
    wanted = 2.0 * edge + np.clip(along_m / length, 0.0, 1.0)
    return np.interp(wanted, measure, network.vertex_x), np.interp(wanted, measure, network.vertex_y)


def kept(network: Network, nodes: NDArray[np.bool_]) -> Network:
    """The network of some of its nodes and the edges between them, both in the order that they had.

    Parameters
    ----------
    network : Network
    nodes : bool array (nodes,)
        True for a node to keep.

    Raises
    ------
    GridError
        Not one bool for each node.
    """
    nodes = np.asarray(nodes)
    if nodes.shape != network.x.shape or nodes.dtype != np.bool_:
        raise GridError(f"one bool for each of {network.nodes:,} nodes is needed, not {nodes.dtype} of {nodes.shape}")
    fewer = _with_edges(network, np.flatnonzero(nodes[network.tail] & nodes[network.head]))
    place = np.cumsum(nodes, dtype=np.int64) - 1
    return replace(fewer, x=network.x[nodes], y=network.y[nodes], tail=place[fewer.tail], head=place[fewer.head])


def simplified(network: Network) -> Network:
    """Merge the two edges at every node where nothing else meets; lines, lengths and heights are kept.

    Parameters
    ----------
    network : Network

    Returns
    -------
    Network
        Nodes that stay keep their order; edges run from the lower node to the higher and are sorted by both. Of a ring
        that meets nothing else one node stays (that of its first edge's tail). Nodes without edges are dropped. The sum
        of lengths is the same to rounding.
    """
    order, reverse, bounds = chains(network.tail, network.head, network.nodes)
    parts = joined(
        order, reverse, bounds, network.starts, network.vertex_x, network.vertex_y, network.vertex_m, network.length_m
    )
    first, last = order[bounds[:-1]], order[bounds[1:] - 1]
    tail = np.where(reverse[bounds[:-1]], network.head[first], network.tail[first])
    head = np.where(reverse[bounds[1:] - 1], network.tail[last], network.head[last])
    up, down = (
        None
        if one is None or other is None
        else np.add.reduceat(np.where(reverse, other[order], one[order]), bounds[:-1])
        for one, other in ((network.climb_m, network.fall_m), (network.fall_m, network.climb_m))
    )
    starts, vertex_x, vertex_y, vertex_m = parts
    length = vertex_m[starts[1:] - 1]
    whole = replace(
        network,
        tail=tail,
        head=head,
        length_m=length,
        starts=starts,
        vertex_x=vertex_x,
        vertex_y=vertex_y,
        vertex_m=vertex_m,
        climb_m=up,
        fall_m=down,
    )
    used = np.zeros(network.nodes, dtype=np.bool_)
    used[tail] = used[head] = True
    return kept(_with_edges(whole, np.lexsort((length, head, tail))), used)
