"""Streets to walk along: blocks, the avenues between wards, quays and the roads, joined where they meet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import Geod, Transformer
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from data.sample.blocks import block_sides, built_up, dry_ground, lay_wards
from data.sample.lattice import SAMPLE_CRS, stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from data.sample.blocks import BuiltUp, Wards
    from data.sample.network import Roads
    from data.sample.places import Places
    from data.sample.terrain import Terrain

DECIMALS = 7
"""Decimals of a degree in the written streets, about 1 cm; different corners lie at least 10 cm apart."""

_STEP = 0.1
"""Corners lie on a lattice of so many metres."""

_TOUCH = 1.2
"""Metres within which an end meets a line; more than within which a reader of lines suspects a gap."""

_PIECE = 250.0
"""Avenues and quays are built, or not, in pieces of at most so many metres."""

_STUB = 80.0
_SCRAP = 1500.0
"""Shorter dead ends are no streets, and shorter parts that meet no other go. Metres."""


@dataclass(frozen=True)
class Streets:
    """Streets as written.

    Attributes
    ----------
    lines : object array of shapely.MultiLineString
        One a street, EPSG:4326, a part from corner to corner.
    kind : str array
        Class of each: that of the road, avenue (between wards), quay (along water) or street.
    edges : int
        Parts of all streets.
    metres : float
        Geodesic length on WGS 84.
    """

    lines: NDArray[np.object_]
    kind: NDArray[np.str_]
    edges: int
    metres: float


@dataclass(frozen=True)
class _Pieces:
    """Straight pieces of streets: ends (n, 2, 2) and the street of each; a class and a ward (-1 = none) per street."""

    xy: NDArray[np.float64]
    street: NDArray[np.int64]
    kind: NDArray[np.str_]
    ward: NDArray[np.int64]

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> _Pieces:
        """Some of the pieces."""
        return replace(self, xy=self.xy[rows], street=self.street[rows])

    def of(self, *kinds: str) -> NDArray[np.bool_]:
        """Pieces of streets of these classes."""
        return np.isin(self.kind, kinds)[self.street]


def _straight(lines: NDArray[np.object_]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Straight pieces (n, 2, 2) of lines, but for the tiniest, and the row of the line that each is of."""
    xy, row = shapely.get_coordinates(lines, return_index=True)
    goes_on = (row[1:] == row[:-1]) & (np.hypot(*np.diff(xy, axis=0).T) > 2 * _STEP)
    return np.stack([xy[:-1], xy[1:]], axis=1)[goes_on], row[:-1][goes_on]


def _ways(wards: Wards, ground: shapely.Geometry, roads: Roads) -> _Pieces:
    """All that blocks are cut at: roads, borders of wards (avenues) and the outline of the dry ground (quays)."""
    avenues = shapely.intersection(wards.borders(), shapely.box(*shapely.bounds(ground)))
    quays = shapely.get_parts(shapely.boundary(ground))
    borders = shapely.segmentize(np.concatenate([avenues, quays]), _PIECE)
    lines = np.concatenate([np.array(roads.lines, dtype=object), borders])
    kind = np.repeat(["avenue", "quay"], [len(avenues), len(quays)])
    return _Pieces(*_straight(lines), np.concatenate([roads.kinds, kind]), np.full(len(lines), -1))


def _along(
    point: NDArray[np.float64], start: NDArray[np.float64], step: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where on the segment from `start` by `step` is nearest to a point, as a share of it, and how far that is."""
    share = np.clip(np.sum((point - start) * step, axis=1) / np.sum(step * step, axis=1), 0, 1)
    return share, np.hypot(*(start + share[:, None] * step - point).T)


def _meetings(
    xy: NDArray[np.float64], *, first_way: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Where segments meet ways, which stand last: their rows, the share along each, and the points.

    A point is an end where an end lies there, so that both segments are cut at the very same place.
    """
    lines = np.asarray(shapely.linestrings(xy), dtype=object)
    found = shapely.STRtree(lines).query(lines[first_way:], predicate="dwithin", distance=_TOUCH)
    j, i = found[0] + first_way, found[1]
    i, j = i[i < j], j[i < j]
    p, q = xy[i, 0], xy[j, 0]
    r, s = xy[i, 1] - p, xy[j, 1] - q
    turn = r[:, 0] * s[:, 1] - r[:, 1] * s[:, 0]
    ahead = (q - p)[:, 0] * s[:, 1] - (q - p)[:, 1] * s[:, 0]
    point = p + np.divide(ahead, turn, out=np.zeros(i.size), where=turn != 0)[:, None] * r
    for end, start, step in ((q + s, p, r), (q, p, r), (p + r, q, s), (p, q, s)):
        near = _along(end, start, step)[1] < _TOUCH
        point[near] = end[near]
    shares = np.concatenate([_along(point, p, r)[0], _along(point, q, s)[0]])
    return np.concatenate([i, j]), shares, np.concatenate([point, point])


def _joined(blocks: _Pieces, ways: _Pieces) -> _Pieces:
    """All pieces, cut where they meet a way; corners on a lattice of 10 cm."""
    xy = np.rint(np.concatenate([blocks.xy, ways.xy]) / _STEP) * _STEP
    street = np.concatenate([blocks.street + ways.kind.size, ways.street])
    cut, along, point = _meetings(xy, first_way=len(blocks.xy))
    rows = np.arange(len(xy))
    row = np.concatenate([rows, cut, rows])
    share = np.concatenate([np.zeros(rows.size), along, np.ones(rows.size)])
    place = np.rint(np.concatenate([xy[:, 0], point, xy[:, 1]]) / _STEP) * _STEP
    order = np.lexsort((share, row))
    row, place = row[order], place[order]
    goes_on = (row[1:] == row[:-1]) & (place[1:] != place[:-1]).any(axis=1)
    kind, ward = np.concatenate([ways.kind, blocks.kind]), np.concatenate([ways.ward, blocks.ward])
    return _Pieces(np.stack([place[:-1], place[1:]], axis=1)[goes_on], street[row[:-1][goes_on]], kind, ward)


def _in_place(pieces: _Pieces, *, wards: Wards, built: BuiltUp, ground: shapely.Geometry) -> _Pieces:
    """Blocks in their own ward, on dry ground; avenues and quays where it is built up, but not along the frame."""
    middle = pieces.xy.mean(axis=1)
    west, south, east, north = shapely.bounds(ground)
    inside = (middle > (west + 1, south + 1)).all(axis=1) & (middle < (east - 1, north - 1)).all(axis=1)
    block, avenue, quay = (pieces.of(kind) for kind in ("street", "avenue", "quay"))
    kept = ~(block | avenue | quay)
    kept[block] = wards.nearest(middle[block]) == pieces.ward[pieces.street[block]]
    kept[avenue | quay] = (inside & (built.at(middle) > 0))[avenue | quay]
    shapely.prepare(ground)
    kept &= quay | shapely.contains_xy(ground, middle) | ~(block | avenue)
    return pieces.take(kept)


def _nodes(xy: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Different corners (m, 2) and which two of them each piece joins, shape (n, 2)."""
    steps = np.rint(xy.reshape(-1, 2) / _STEP).astype(np.int64)
    _, first, corner = np.unique(steps[:, 0] * (1 << 32) + steps[:, 1], return_index=True, return_inverse=True)
    return xy.reshape(-1, 2)[first], corner.reshape(-1, 2)


def _tidied(pieces: _Pieces) -> _Pieces:
    """Without pieces drawn twice, stubs, avenues and quays that lead nowhere, and scraps that meet no road."""
    _, ends = _nodes(pieces.xy)
    low, high = ends.min(axis=1), ends.max(axis=1)
    nodes = int(high.max()) + 1
    length = np.hypot(*(pieces.xy[:, 1] - pieces.xy[:, 0]).T)
    _, once = np.unique(low * nodes + high, return_index=True)
    kept = np.zeros(length.size, dtype=np.bool_)
    kept[once] = True
    idle = pieces.of("avenue", "quay") | (pieces.of("street") & (length < _STUB))
    while True:
        degree = np.bincount(ends[kept].ravel(), minlength=nodes)
        dead = kept & idle & (degree[ends] == 1).any(axis=1)
        if not dead.any():
            break
        kept &= ~dead
    graph = sparse.coo_array((np.ones(kept.sum()), (low[kept], high[kept])), shape=(nodes, nodes)).tocsr()
    _, part = connected_components(graph, directed=False)
    metres = np.bincount(part[low[kept]], weights=length[kept], minlength=nodes)
    return pieces.take(kept & (metres[part[low]] >= _SCRAP))


def _written(pieces: _Pieces) -> Streets:
    """In degrees, a shape for each street, in the order of streets and along the map from west to east."""
    pieces = pieces.take(np.lexsort((*pieces.xy.reshape(-1, 4).T, pieces.street)))
    at, ends = _nodes(pieces.xy)
    away = Transformer.from_crs(SAMPLE_CRS, "EPSG:4326", always_xy=True)
    lonlat = np.column_stack(away.transform(at[:, 0], at[:, 1])).astype(np.float64).round(DECIMALS)[ends]
    _, _, metres = Geod(ellps="WGS84").inv(*lonlat[:, 0].T, *lonlat[:, 1].T)
    street, row = np.unique(pieces.street, return_inverse=True)
    parts = np.asarray(shapely.linestrings(lonlat), dtype=object)
    lines = shapely.multilinestrings(parts, indices=row)
    return Streets(np.asarray(lines, dtype=object), pieces.kind[street], len(lonlat), float(np.sum(metres)))


def make_streets(terrain: Terrain, places: Places, roads: Roads, *, seed: int) -> Streets:
    """Lay streets in every place as far out as it is built up, on dry ground, and join them to the roads.

    Nothing crosses the river but the roads, whose bridges are the only ones.
    """
    rng = stream(seed, "streets")
    ground = dry_ground(terrain)
    built = built_up(terrain, places, roads, rng=rng)
    wards = lay_wards(places, built, ground, rng=rng)
    sides, street, ward = block_sides(wards, built, rng=rng)
    blocks = _Pieces(sides, street, np.full(ward.size, "street"), ward)
    joined = _joined(blocks, _ways(wards, ground, roads))
    return _written(_tidied(_in_place(joined, wards=wards, built=built, ground=ground)))
