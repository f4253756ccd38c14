"""Areas within so many minutes of a place, for a map: the stretches of street that are reached, drawn as wide lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.errors import RangeError
from geo.metric import ground_form
from geo.walk import spread

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from geo.network import Network
    from geo.snap import Snapped

MINUTES = (5.0, 10.0, 15.0)
HALF_WIDTH_M = 40.0
"""Half the width of the lines: the blocks between two reached streets close up when narrower than twice this."""

BLOCK = 2_000.0
"""Streets are drawn block by block of so many CRS units: unions stay small, and each block has its own stretch."""

MOST_VERTICES = 20_000


def _spans(
    network: Network, sources: Snapped, cost: NDArray[np.float64], off_cost: float, limit: float
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Edge, from and to (shares of its length) of every stretch within `limit` of a source; they may overlap."""
    at_node = spread(network, sources=sources, cost=cost, off_cost=off_cost).cost
    edge = np.arange(network.tail.size)
    with np.errstate(divide="ignore", invalid="ignore"):
        forth, back = ((limit - at_node[end]) / cost for end in (network.tail, network.head))
    forth, back = (
        np.where(at_node[end] <= limit, np.nan_to_num(share, nan=1.0), -1.0)
        for end, share in ((network.tail, forth), (network.head, back))
    )
    on = np.flatnonzero(sources.edge >= 0)
    own = sources.edge[on]
    left = limit - sources.off_m[on] * off_cost
    middle = sources.along_m[on] / np.where(network.length_m[own] > 0, network.length_m[own], 1.0)
    wide = np.where(left >= 0, np.divide(left, cost[own], out=np.ones(own.size), where=cost[own] > 0), -1.0)
    edges = np.concatenate([edge[forth >= 0], edge[back >= 0], own[wide >= 0]])
    start = np.concatenate([np.zeros((forth >= 0).sum()), 1 - back[back >= 0], (middle - wide)[wide >= 0]])
    end = np.concatenate([forth[forth >= 0], np.ones((back >= 0).sum()), (middle + wide)[wide >= 0]])
    return edges, np.clip(start, 0, 1), np.clip(end, 0, 1)


def _merged(
    edge: NDArray[np.int64], start: NDArray[np.float64], end: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """The same stretches without overlaps, in the order of edges."""
    order = np.lexsort((end, start, edge))
    edge, start, end = edge[order], start[order], end[order]
    # running maximum of the ends within an edge: shares lie in 0–1, so edges are kept apart by adding 2 for each
    far = np.maximum.accumulate(end + 2.0 * edge)
    new = np.ones(edge.size, dtype=np.bool_)
    new[1:] = start[1:] + 2.0 * edge[1:] > far[:-1]
    first = np.flatnonzero(new)
    last = np.append(first[1:], edge.size)[: first.size] - 1
    return edge[first], start[first], np.minimum(far[last] - 2.0 * edge[first], 1.0)


def _lines(network: Network, edge: NDArray[np.int64], start: NDArray[np.float64], end: NDArray[np.float64]) -> Any:
    """Each stretch as a line in the CRS; one of no length as a line between two equal points."""
    counts = np.diff(network.starts)[edge]
    whole = (start <= 0) & (end >= 1)
    at = np.repeat(network.starts[edge] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts) + np.arange(
        counts.sum()
    )
    lines: Any = shapely.linestrings(
        network.vertex_x[at], network.vertex_y[at], indices=np.repeat(np.arange(edge.size), counts)
    )
    for i in np.flatnonzero(~whole):
        here = slice(int(network.starts[edge[i]]), int(network.starts[edge[i] + 1]))
        metres, length = network.vertex_m[here], network.length_m[edge[i]]
        a, b = start[i] * length, end[i] * length
        inside = metres[(metres > a) & (metres < b)]
        cut = np.concatenate([[a], inside, [b]])
        lines[i] = shapely.LineString(
            np.column_stack([np.interp(cut, metres, v[here]) for v in (network.vertex_x, network.vertex_y)])
        )
    return lines


def _canonical(lines: Any) -> Any:
    """Each line once, whichever way it runs, to the centimetre, in an order of its own."""
    round_off = shapely.transform(lines, lambda at: np.round(at, 2))
    return shapely.from_wkb(sorted({bytes(w) for w in shapely.to_wkb(shapely.normalize(round_off))}))


def _widened(network: Network, lines: Any, half_width_m: float) -> Any:
    """Union of the lines drawn `half_width_m` wide to either side on the ground."""
    boxes = shapely.bounds(lines)
    x, y = 0.5 * (boxes[:, 0] + boxes[:, 2]), 0.5 * (boxes[:, 1] + boxes[:, 3])
    blocks, member = np.unique(np.floor(np.column_stack([x, y]) / BLOCK), axis=0, return_inverse=True)
    forms = ground_form((blocks[:, 0] + 0.5) * BLOCK, (blocks[:, 1] + 0.5) * BLOCK, network.crs)
    parts: list[Any] = []
    for k in range(len(blocks)):
        # a triangular root of the form: (dx, dy) → metres
        xx, xy, yy = forms[k]
        to = np.array([[np.sqrt(xx), xy / np.sqrt(xx)], [0.0, np.sqrt(yy - xy * xy / xx)]])
        near, corner = lines[member.ravel() == k], blocks[k] * BLOCK
        flat = shapely.transform(near, lambda at, to=to, corner=corner: (at - corner) @ to.T)
        wide = shapely.union_all(shapely.buffer(flat, half_width_m, quad_segs=4))
        parts.append(shapely.transform(wide, lambda at, to=to, corner=corner: at @ np.linalg.inv(to).T + corner))
    return shapely.union_all(np.array(parts, dtype=object))


def _thinned(area: Any, most: int) -> Any:
    """The area with at most `most` vertices: small holes go first, then the outline gets coarser."""
    tolerance = 1.0
    while shapely.get_num_coordinates(area) > most:
        parts = shapely.get_parts(shapely.simplify(area, tolerance))
        kept = [
            shapely.Polygon(p.exterior, [hole for hole in p.interiors if shapely.Polygon(hole).area > tolerance**2])
            for p in parts
        ]
        area = shapely.union_all(np.array([shapely.make_valid(p) for p in kept if p.area > 0], dtype=object))
        tolerance *= 2
    return area


def isochrones(
    network: Network,
    *,
    sources: Snapped,
    minutes: ArrayLike,
    minutes_per_m: float,
    limits: tuple[float, ...] = MINUTES,
    half_width_m: float = HALF_WIDTH_M,
    most_vertices: int = MOST_VERTICES,
) -> list[Any]:
    """Area within each time of any source, in the network's CRS. A picture: people are counted by `analysis.walking`.

    Parameters
    ----------
    network : Network
    sources : Snapped
        The places, on the network.
    minutes : float array (edges,)
        To walk each edge, either way.
    minutes_per_m : float
        On the legs off the street.
    limits : tuple of float
        Minutes.
    half_width_m : float
        Of the lines, on the ground.
    most_vertices : int
        Of one area; beyond it holes and then detail are lost.

    Returns
    -------
    list of shapely geometry
        One for each limit, normalised; empty where nothing is reached. The same bytes whatever the order of edges.

    Raises
    ------
    RangeError
        A limit, a width or a number of vertices that is not above 0 (16 for the vertices).
    """
    if not (min(limits) > 0 and half_width_m > 0 and most_vertices >= 16):
        raise RangeError(f"limits {limits}, half width {half_width_m} m, {most_vertices} vertices: too small")
    cost, areas = np.asarray(minutes, dtype=np.float64), list[Any]()
    for limit in limits:
        edge, start, end = _merged(*_spans(network, sources, cost, minutes_per_m, float(limit)))
        if not edge.size:
            areas.append(shapely.Polygon())
            continue
        lines = _canonical(_lines(network, edge, start, end))
        areas.append(shapely.normalize(_thinned(_widened(network, lines, half_width_m), most_vertices)))
    return areas
