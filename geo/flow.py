"""Inner loops of `geo.walk`: shortest paths with a queue of cost slots instead of a heap.

Nodes wait in slots half a mean edge wide (Dial 1969; corrected within a slot as in the Δ-stepping of Meyer and Sanders,
2003). Costs are the same to the last bit as with a heap. Which source serves is told from the finished costs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOBODY = np.iinfo(np.int64).max
"""Label of a node that no source has reached."""


Arrays = tuple["NDArray[Any]", ...]
"""Arrays that belong together. Plain tuples, whose types any later version can still read from numba's disk cache.

Edges: tail, head (nodes), cost of a whole edge from tail to head, and back.
Arcs, the ways out of each node from ``first[node]`` to ``first[node + 1]``: first, to, cost, edge.
Stops, where points enter: edge (-1: nowhere), share of it from its tail, cost of the leg off the network.
Listed, stops sorted by edge, ``order[first[edge]:first[edge + 1]]``: first, order.
Queue, nodes waiting in lines: `FIRST` and `LAST` of each line; `AFTER`, `BEFORE` and `LINE` of each node. What belongs
together lies in one row, so that one look into memory finds it. Cost × `fine` is a slot; slots take the lines in turn.
"""

FIRST, LAST = 0, 1
AFTER, BEFORE, LINE = 0, 1, 2


@njit(cache=True, nogil=True)
def arcs_of(edges: Any, nodes: int) -> Any:
    """Ways out of each node, in the order of the edges."""
    tails, heads, costs, backs = edges
    first = np.zeros(nodes + 1, dtype=np.int64)
    for e in range(tails.size):
        first[tails[e] + 1] += 1
        first[heads[e] + 1] += 1
    first = np.cumsum(first)
    at, total = first[:-1].copy(), first[-1]
    to, edge = np.empty(total, dtype=np.int32), np.empty(total, dtype=np.int32)
    cost = np.empty(total)
    for e in range(tails.size):
        for start, end, weight in ((tails[e], heads[e], costs[e]), (heads[e], tails[e], backs[e])):
            to[at[start]], cost[at[start]], edge[at[start]] = end, weight, e
            at[start] += 1
    return first, to, cost, edge


# Arrays are taken out of their tuples before a loop: within one, every access would count references.


@njit(cache=True, nogil=True)
def _take(lines: Any, links: Any, node: int) -> None:
    """Take a waiting node out of its line."""
    behind, ahead, line = links[node, AFTER], links[node, BEFORE], links[node, LINE]
    if ahead < 0:
        lines[line, FIRST] = behind
    else:
        links[ahead, AFTER] = behind
    if behind < 0:
        lines[line, LAST] = ahead
    else:
        links[behind, BEFORE] = ahead
    links[node, LINE] = -1


@njit(cache=True, nogil=True)
def _wait(lines: Any, links: Any, line: int, node: int) -> int:
    """Put a node at the end of a line; gives 1 if it did not wait before."""
    was = links[node, LINE]
    if was == line:
        return 0
    if was >= 0:
        _take(lines, links, node)
    ahead = lines[line, LAST]
    links[node, AFTER], links[node, BEFORE], links[node, LINE] = -1, ahead, line
    if ahead < 0:
        lines[line, FIRST] = node
    else:
        links[ahead, AFTER] = node
    lines[line, LAST] = node
    return 1 if was < 0 else 0


@njit(cache=True, nogil=True)
def _enter(edges: Any, stops: Any, source: int) -> Any:
    """Both ends of a source's edge with the cost of getting there, the tail first."""
    tails, heads, costs, backs = edges
    e, share, off = stops[0][source], stops[1][source], stops[2][source]
    return (tails[e], off + backs[e] * share), (heads[e], off + costs[e] * (1 - share))


@njit(cache=True, nogil=True)
def _flow(arcs: Any, cost: Any, queue: Any, fine: float, touched: Any, count: int, limit: float) -> int:
    """Spread from the `count` nodes listed in `touched` to all within `limit`; lists them there, gives their number.

    A node is passed on again when a better way comes up while its slot is served, so the order of service changes no
    cost: the least sum of any way, added up from its source.
    """
    leave, ends, weights, _ = arcs
    lines, links = queue
    turn, waiting, least = lines.shape[0] - 1, 0, np.inf  # the lines are a power of 2: `& turn` is the remainder
    for k in range(count):
        node = touched[k]
        waiting += _wait(lines, links, int(cost[node] * fine) & turn, node)
        least = min(least, cost[node])
    at = int(least * fine) & turn if count else 0
    while waiting > 0:
        node = lines[at, FIRST]
        if node < 0:
            at = (at + 1) & turn
            continue
        _take(lines, links, node)
        waiting -= 1
        here = cost[node]
        for a in range(leave[node], leave[node + 1]):
            to, way = ends[a], here + weights[a]
            if way < cost[to] and way <= limit:
                if cost[to] == np.inf:
                    touched[count] = to
                    count += 1
                cost[to] = way
                waiting += _wait(lines, links, int(way * fine) & turn, to)
    return count


@njit(cache=True, nogil=True)
def _start(edges: Any, stops: Any, source: int, cost: Any, touched: Any, count: int) -> int:
    """Note what it costs a source to get to both ends of its edge; lists the nodes new to it."""
    for node, way in _enter(edges, stops, source):
        if cost[node] == np.inf:
            touched[count] = node
            count += 1
        cost[node] = min(cost[node], way)
    return count


@njit(cache=True, nogil=True)
def flow_all(edges: Any, arcs: Any, stops: Any, cost: Any, queue: Any, fine: float) -> None:
    """Cost from the nearest source to every node."""
    touched, count = np.empty(cost.size, dtype=np.int64), 0
    for source in range(stops[0].size):
        if stops[0][source] >= 0:
            count = _start(edges, stops, source, cost, touched, count)
    _flow(arcs, cost, queue, fine, touched, count, np.inf)


@njit(cache=True, nogil=True)
def label_all(edges: Any, arcs: Any, stops: Any, state: Any, order: Any) -> None:
    """First of the sources from which a way of exactly a node's cost leads to it; `order` sorts the nodes by cost."""
    cost, label = state
    leave, ends, weights, _ = arcs
    for source in range(stops[0].size):
        if stops[0][source] >= 0:
            for node, way in _enter(edges, stops, source):
                if way == cost[node] and source < label[node]:
                    label[node] = source
    again = True
    while again:  # once more only after a change along an edge that costs nothing
        again = False
        for node in order:
            here, who = cost[node], label[node]
            for a in range(leave[node], leave[node + 1]):
                to = ends[a]
                if (here + weights[a] == cost[to]) & (who < label[to]):  # `and` would guess twice, wrong half the time
                    label[to] = who
                    again = again or cost[to] == here


@njit(cache=True, nogil=True)
def _straight(edges: Any, e: int, start: float, end: float) -> float:
    """Cost along one edge between two shares of it."""
    return edges[2][e] * (end - start) if end >= start else edges[3][e] * (start - end)


@njit(cache=True, nogil=True)
def arrive_all(edges: Any, state: Any, sources: Any, listed: Any, targets: Any, cost: Any, source: Any) -> None:
    """Cost and source of every target: by the ends of its edge, or straight along it from a source on it."""
    tails, heads, costs, backs = edges
    (at_node, label), (first, order) = state, listed
    (_, starts, offs), (ends, shares, legs) = sources, targets
    for i in range(ends.size):
        e, share = ends[i], shares[i]
        if e < 0:
            continue
        best, who = at_node[tails[e]] + costs[e] * share, label[tails[e]]
        way, other = at_node[heads[e]] + backs[e] * (1 - share), label[heads[e]]
        if way < best or (way == best and other < who):
            best, who = way, other
        for k in range(first[e], first[e + 1]):
            s = order[k]
            way = offs[s] + _straight(edges, e, starts[s], share)
            if way < best or (way == best and s < who):
                best, who = way, s
        if best < np.inf:
            cost[i], source[i] = best + legs[i], who


@njit(cache=True, nogil=True)
def _near(
    edges: Any, cost: Any, source: Any, targets: Any, near: Any, e: int, limit: float, out: Any, count: int
) -> int:
    """List the targets `near` on one edge within `limit`, after the `count` there are; gives their number."""
    tails, heads, costs, backs = edges
    _, shares, legs = targets
    for i in near:
        share = shares[i]
        way = min(cost[tails[e]] + costs[e] * share, cost[heads[e]] + backs[e] * (1 - share))
        if source[0] == e:
            way = min(way, source[2] + _straight(edges, e, source[1], share))
        if way + legs[i] <= limit:
            out[0][count], out[1][count] = i, way + legs[i]
            count += 1
    return count


@njit(cache=True, nogil=True)
def from_one(edges: Any, arcs: Any, sources: Any, s: int, targets: Any, listed: Any, limit: float, room: Any) -> int:
    """All targets within `limit` of one source; leaves the working room clean."""
    cost, queue, fine, touched, seen, out = room
    (leave, _, _, on), (first, order) = arcs, listed
    source = (sources[0][s], sources[1][s], sources[2][s])
    reached = _flow(arcs, cost, queue, fine, touched, _start(edges, sources, s, cost, touched, 0), limit)
    count = 0
    for k in range(reached):
        for a in range(leave[touched[k]], leave[touched[k] + 1]):
            e = on[a]
            if seen[e] != s and first[e] < first[e + 1]:
                seen[e] = s
                count = _near(edges, cost, source, targets, order[first[e] : first[e + 1]], e, limit, out, count)
    for k in range(reached):
        cost[touched[k]] = np.inf
    return count
