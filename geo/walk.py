"""Shortest ways along a network from many sources at once, entering and leaving it in the middle of edges.

Of equally near sources the one listed first serves, whatever the order of nodes and edges: scipy's
`dijkstra(min_only=True)` gives the same costs but leaves ties to its heap, and its matrix adds parallel edges up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo.errors import GridError, RangeError
from geo.flow import NOBODY, arcs_of, arrive_all, flow_all, from_one, label_all

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from geo.flow import Arrays
    from geo.network import Network
    from geo.snap import Snapped


MOST_SLOTS = 1 << 20
"""Slots of the queue, at most."""


@dataclass(frozen=True, eq=False)
class Walked:
    """The nearest source of each target.

    Attributes
    ----------
    cost : float64 array (n,)
        Of the whole way, off-network legs at both ends included; inf = no source can reach it.
    source : int64 array (n,)
        Row of the source that serves; of equally near ones the first; -1 = none.
    """

    cost: NDArray[np.float64]
    source: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Every source and target within a cost of each other, sorted by source, then target.

    Attributes
    ----------
    source, target : int64 arrays (pairs,)
    cost : float64 array (pairs,)
    """

    source: NDArray[np.int64]
    target: NDArray[np.int64]
    cost: NDArray[np.float64]


def _stops(network: Network, points: Snapped, off_cost: float, what: str) -> Arrays:
    edge = np.asarray(points.edge, dtype=np.int64)
    if edge.size and (edge.max() >= network.tail.size or edge.min() < -1):
        raise GridError(f"{what} were snapped to another network: edge {edge.max()} of {network.tail.size}")
    on = edge >= 0
    length = np.ones(edge.size)
    length[on] = network.length_m[edge[on]]
    share = np.divide(points.along_m, length, out=np.zeros(edge.size), where=on & (length > 0))
    return edge, np.clip(share, 0, 1), np.where(on, points.off_m * off_cost, np.inf)


def _edges(network: Network, cost: ArrayLike, back: ArrayLike | None) -> Arrays:
    forward = np.ascontiguousarray(cost, dtype=np.float64)
    backward = forward if back is None else np.ascontiguousarray(back, dtype=np.float64)
    for values in (forward, backward):
        if values.shape != network.tail.shape:
            raise GridError(f"{values.size} costs for {network.tail.size} edges")
        wrong = np.flatnonzero(~((values >= 0) & np.isfinite(values)))
        if wrong.size:
            raise RangeError(f"{wrong.size} edges have a negative cost or none, first: edge {wrong[0]}")
    return network.tail, network.head, forward, backward


def _listed(stops: Arrays, edges: int) -> Arrays:
    order = np.argsort(stops[0], kind="stable")
    first = np.searchsorted(stops[0][order], np.arange(edges + 1))
    return first.astype(np.int64), order


def _queue(nodes: int, edges: Arrays, stops: Arrays) -> tuple[Arrays, float]:
    """Empty queue with room for the dearest edge and entry, and its slots per cost."""
    most = float(np.concatenate([edges[2], edges[3], 2 * stops[2][stops[0] >= 0], [0.0]]).max())
    mean = float(edges[2].mean()) if edges[2].size else 0.0
    width = max(0.5 * mean, 3 * most / MOST_SLOTS, np.finfo(np.float64).tiny)
    slots = 1 << (int(3 * most / width) + 3).bit_length()
    return (np.full((slots, 2), -1, dtype=np.int32), np.full((nodes, 3), -1, dtype=np.int32)), 1 / width


def _off_cost(value: float) -> float:
    if not 0 <= value < np.inf:
        raise RangeError(f"a metre off the network costs {value}; give 0 or more")
    return value


def spread(
    network: Network, *, sources: Snapped, cost: ArrayLike, cost_back: ArrayLike | None = None, off_cost: float
) -> Walked:
    """Cost from the nearest source to every node; parameters and errors as in `walk`.

    Returns
    -------
    Walked
        Arrays (nodes,).
    """
    edges = _edges(network, cost, cost_back)
    stops = _stops(network, sources, _off_cost(off_cost), "sources")
    out = Walked(np.full(network.x.size, np.inf), np.full(network.x.size, NOBODY, dtype=np.int64))
    arcs = arcs_of(edges, network.x.size)
    flow_all(edges, arcs, stops, out.cost, *_queue(network.x.size, edges, stops))
    label_all(edges, arcs, stops, (out.cost, out.source), np.argsort(out.cost))
    return Walked(out.cost, np.where(np.isfinite(out.cost), out.source, -1))


def walk(
    network: Network,
    *,
    sources: Snapped,
    targets: Snapped,
    cost: ArrayLike,
    cost_back: ArrayLike | None = None,
    off_cost: float,
) -> Walked:
    """Cheapest way from any source to each target: off the network, along it, and off it again.

    Parameters
    ----------
    network : Network
    sources, targets : Snapped
        As `geo.snap.snap` places them on this network; those on no edge take no part.
    cost, cost_back : float arrays (edges,)
        Cost of a whole edge from tail to head, and from head to tail (None: the same), finite, 0 or more, in any unit:
        metres, minutes. A part of an edge costs its share of the length. For ways from targets to sources instead,
        exchange the two.
    off_cost : float
        Cost per metre of the two straight legs off the network, in the same unit per metre.

    Returns
    -------
    Walked
        Rows of the targets. Not a bit depends on the order of nodes, and of equally near sources the first serves. One
        more source never makes a way longer.

    Raises
    ------
    GridError
        Points snapped to another network, or not one cost for each edge.
    RangeError
        A cost that is negative or not finite.
    """
    edges, count = _edges(network, cost, cost_back), network.tail.size
    near = spread(network, sources=sources, cost=edges[2], cost_back=edges[3], off_cost=off_cost)
    start, end = _stops(network, sources, off_cost, "sources"), _stops(network, targets, off_cost, "targets")
    out = Walked(np.full(end[0].size, np.inf), np.full(end[0].size, -1, dtype=np.int64))
    arrive_all(edges, (near.cost, near.source), start, _listed(start, count), end, out.cost, out.source)
    return out


def walk_pairs(
    network: Network,
    *,
    sources: Snapped,
    targets: Snapped,
    cost: ArrayLike,
    cost_back: ArrayLike | None = None,
    off_cost: float,
    limit: float,
) -> Pairs:
    """Cheapest way from every source to every target within `limit`; otherwise as `walk`.

    Parameters
    ----------
    limit : float
        In the unit of the costs; ways of exactly so much are kept. Work goes with what lies within it.

    Returns
    -------
    Pairs
    """
    edges, count = _edges(network, cost, cost_back), network.tail.size
    start = _stops(network, sources, _off_cost(off_cost), "sources")
    end = _stops(network, targets, off_cost, "targets")
    ways, listed = arcs_of(edges, network.x.size), _listed(end, count)
    queue, fine = _queue(network.x.size, edges, start)
    found = (np.empty(end[0].size, dtype=np.int64), np.empty(end[0].size))
    touched, seen = np.empty(network.x.size, dtype=np.int64), np.full(count, -1, dtype=np.int64)
    room = (np.full(network.x.size, np.inf), queue, fine, touched, seen, found)
    parts = [Pairs(*(np.empty(0, dtype=t) for t in ("i8", "i8", "f8")))]
    for s in np.flatnonzero(start[0] >= 0).tolist():
        got = from_one(edges, ways, start, s, end, listed, float(limit), room)
        order = np.argsort(found[0][:got])
        parts.append(Pairs(np.full(got, s, dtype=np.int64), found[0][:got][order], found[1][:got][order]))
    return Pairs(*(np.concatenate([getattr(p, name) for p in parts]) for name in ("source", "target", "cost")))
