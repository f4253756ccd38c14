"""Chains of edges between the nodes where paths part or end, the loops of `geo.network.simplified`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _ends_of_nodes(tail: Any, head: Any, nodes: int) -> tuple[Any, Any]:
    """Ends of edges at each node, ascending (2 i is the tail of edge i, 2 i + 1 its head), and where each starts."""
    starts = np.zeros(nodes + 1, dtype=np.int64)
    for i in range(tail.size):
        starts[tail[i] + 1] += 1
        starts[head[i] + 1] += 1
    for k in range(nodes):
        starts[k + 1] += starts[k]
    place = starts[:-1].copy()
    ends = np.empty(2 * tail.size, dtype=np.int64)
    for i in range(tail.size):
        ends[place[tail[i]]] = 2 * i
        place[tail[i]] += 1
        ends[place[head[i]]] = 2 * i + 1
        place[head[i]] += 1
    return starts, ends


@njit(cache=True, nogil=True)
def _walk(end: int, stop: int, graph: Any, state: Any, count: int) -> int:
    """Follow a chain from one end of an edge until a node where paths part, or the node `stop`; edges met so far."""
    tail, head, starts, ends = graph
    done, order, reverse = state
    while True:
        edge, back = end // 2, end % 2 == 1
        done[edge] = True
        order[count] = edge
        reverse[count] = back
        count += 1
        node = tail[edge] if back else head[edge]
        first = starts[node]
        if starts[node + 1] - first != 2 or node == stop:
            return count
        arrived = 2 * edge + (0 if back else 1)
        end = ends[first + 1] if ends[first] == arrived else ends[first]
        if done[end // 2]:
            return count


@njit(cache=True, nogil=True)
def chains(tail: Any, head: Any, nodes: int) -> tuple[Any, Any, Any]:
    """Every edge once, in chains that run through nodes where exactly two ends of edges meet.

    Parameters
    ----------
    tail, head : int64 arrays (edges,)
        Positions of nodes.
    nodes : int

    Returns
    -------
    order : int64 array (edges,)
        Edges, chain after chain.
    reverse : bool array (edges,)
        Whether the edge at this place is walked from its head to its tail.
    bounds : int64 array (chains + 1,)
        Chain i has the places `bounds[i]` to `bounds[i + 1]`. It starts at its end of the lower node, or, when both are
        one, with the edge of the lower number. Rings without another edge start at their first edge's tail.
    """
    starts, ends = _ends_of_nodes(tail, head, nodes)
    order = np.empty(tail.size, dtype=np.int64)
    reverse = np.zeros(tail.size, dtype=np.bool_)
    bounds = np.zeros(tail.size + 1, dtype=np.int64)
    done = np.zeros(tail.size, dtype=np.bool_)
    graph, state = (tail, head, starts, ends), (done, order, reverse)
    count = found = 0
    for node in range(nodes):
        if starts[node + 1] - starts[node] == 2:
            continue
        for k in range(starts[node], starts[node + 1]):
            if not done[ends[k] // 2]:
                count = _walk(ends[k], -1, graph, state, count)
                found += 1
                bounds[found] = count
    for edge in range(tail.size):
        if not done[edge]:
            count = _walk(2 * edge, tail[edge], graph, state, count)
            found += 1
            bounds[found] = count
    return order, reverse, bounds[: found + 1]


@njit(cache=True, nogil=True)
def running(steps: Any, starts: Any) -> Any:
    """Distance from the first vertex of its line to each vertex.

    Parameters
    ----------
    steps : float64 array (vertices,)
        From each vertex to the next; that of a line's last vertex is not used.
    starts : int64 array (lines + 1,)

    Returns
    -------
    float64 array (vertices,)
    """
    out = np.zeros(steps.size)
    for line in range(starts.size - 1):
        for k in range(starts[line] + 1, starts[line + 1]):
            out[k] = out[k - 1] + steps[k - 1]
    return out


@njit(cache=True, nogil=True)
def joined(
    order: Any, reverse: Any, bounds: Any, starts: Any, vertex_x: Any, vertex_y: Any, vertex_m: Any, length: Any
) -> tuple[Any, Any, Any, Any]:
    """Lines of whole chains: vertices that two edges share once, distances counted on.

    Returns
    -------
    starts : int64 array (chains + 1,)
    vertex_x, vertex_y, vertex_m : float64 arrays (vertices,)
    """
    chained = bounds.size - 1
    size = vertex_x.size - (order.size - chained)
    out_starts = np.zeros(chained + 1, dtype=np.int64)
    x, y, m = np.empty(size), np.empty(size), np.empty(size)
    at = 0
    for chain in range(chained):
        before = 0.0
        for place in range(bounds[chain], bounds[chain + 1]):
            edge = order[place]
            low, high = starts[edge], starts[edge + 1]
            skip = 0 if place == bounds[chain] else 1
            for k in range(skip, high - low):
                source = high - 1 - k if reverse[place] else low + k
                along = length[edge] - vertex_m[source] if reverse[place] else vertex_m[source]
                x[at], y[at], m[at] = vertex_x[source], vertex_y[source], before + along
                at += 1
            before = m[at - 1]
        out_starts[chain + 1] = at
    return out_starts, x, y, m
