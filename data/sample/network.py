"""Roads: main ones between large places and out of the region, others between neighbours, tracks to villages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy import ndimage, sparse
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import Delaunay, KDTree

from data.sample.lattice import CELL, distance_to, noise, stream
from data.sample.places import area_ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from data.sample.places import Places
    from data.sample.terrain import Terrain

CLASSES = ("primary", "secondary", "track")
_SEA = 500.0
_EDGE = 4.0
_MARGIN = 12
_TRACK = 16_000.0


@dataclass(frozen=True)
class Roads:
    """Road lines in CRS units with their class, and the distance in metres of each planning cell to the nearest."""

    lines: tuple[shapely.LineString, ...]
    kinds: tuple[str, ...]
    to_road: NDArray[np.float64]
    to_primary: NDArray[np.float64]


@dataclass
class _Builder:
    """Roads under construction: links between neighbouring planning cells, (lower cell, higher cell) → class."""

    terrain: Terrain
    cost: NDArray[np.float64]
    links: dict[tuple[int, int], str] = field(default_factory=dict)

    def join(self, start: int, end: int, *, kind: str) -> None:
        """Lay the cheapest way between two cells; cells with a road become cheap, so that roads share their way."""
        path = _cheapest(self.cost, start, end)
        if (self.cost.ravel()[path] >= _SEA).any():
            return
        for a, b in zip(path[:-1].tolist(), path[1:].tolist(), strict=True):
            self.links.setdefault((min(a, b), max(a, b)), kind)
        flat = self.cost.ravel()
        flat[path] = np.minimum(flat[path], 0.45)

    def cells(self, *, kinds: tuple[str, ...]) -> NDArray[np.bool_]:
        """Cells that a road of these classes passes."""
        mask = np.zeros(self.cost.shape, dtype=bool)
        ends = [end for link, kind in self.links.items() if kind in kinds for end in link]
        mask.ravel()[np.array(ends, dtype=np.int64)] = True
        return mask


def _cheapest(cost: NDArray[np.float64], start: int, end: int) -> NDArray[np.int64]:
    """Cells of the cheapest way over eight neighbours, searched in the box around both ends with a margin."""
    ny, nx = cost.shape
    (r0, c0), (r1, c1) = divmod(start, nx), divmod(end, nx)
    top, bottom = max(min(r0, r1) - _MARGIN, 0), min(max(r0, r1) + _MARGIN + 1, ny)
    left, right = max(min(c0, c1) - _MARGIN, 0), min(max(c0, c1) + _MARGIN + 1, nx)
    box = cost[top:bottom, left:right]
    index = np.arange(box.size).reshape(box.shape)
    pairs = [
        (index[:, :-1], index[:, 1:], 1.0),
        (index[:-1], index[1:], 1.0),
        (index[:-1, :-1], index[1:, 1:], np.sqrt(2)),
        (index[:-1, 1:], index[1:, :-1], np.sqrt(2)),
    ]
    flat = box.ravel()
    a = np.concatenate([p.ravel() for p, _, _ in pairs])
    b = np.concatenate([q.ravel() for _, q, _ in pairs])
    weight = np.concatenate([step * (flat[p.ravel()] + flat[q.ravel()]) for p, q, step in pairs])
    graph = sparse.coo_array((weight, (a, b)), shape=(box.size, box.size)).tocsr()
    width = right - left
    origin, goal = (r0 - top) * width + c0 - left, (r1 - top) * width + c1 - left
    _, before = dijkstra(graph, directed=False, indices=origin, return_predecessors=True)
    path = [goal]
    while path[-1] != origin:
        path.append(int(before[path[-1]]))
    rows, cols = np.divmod(np.array(path[::-1], dtype=np.int64), width)
    return (rows + top) * nx + cols + left


def _neighbours(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
    """Gabriel graph: pairs with no third place inside the circle between them, shortest first, shape (n, 2)."""
    if x.size < 4:
        pairs = [(i, j) for i in range(x.size) for j in range(i + 1, x.size)]
        return np.array(pairs, dtype=np.int64).reshape(-1, 2)
    points = np.column_stack([x, y])
    corners = Delaunay(points).simplices
    sides = np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]]).astype(np.int64)
    pairs = np.unique(np.sort(sides, axis=1), axis=0)
    a, b = points[pairs[:, 0]], points[pairs[:, 1]]
    half = np.hypot(*(a - b).T) / 2
    nearest, _ = KDTree(points).query((a + b) / 2)
    pairs, half = pairs[nearest >= half * (1 - 1e-9)], half[nearest >= half * (1 - 1e-9)]
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0], half))]


def _exits(terrain: Terrain, builder: _Builder, big: NDArray[np.int64], *, seed: int) -> None:
    """Lead main roads out of the region from the large place nearest to a point on each of its edges."""
    rng = stream(seed, "exits")
    n = terrain.grid.nx
    count = max(1, n // 80)
    along = np.sort(rng.integers(n // 10, n - n // 10, (3, count)), axis=1)
    edges = [along[0], along[1] * n + n - 1, (n - 1) * n + along[2]]
    rows, cols = np.divmod(big, n)
    for cell in np.concatenate(edges).tolist():
        row, col = divmod(cell, n)
        if builder.cost[row, col] < _SEA:
            nearest = int(np.argmin(np.hypot(rows - row, cols - col)))
            builder.join(int(big[nearest]), cell, kind="primary")


def _ease(builder: _Builder, fixed: Places) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Positions of the road nodes, pulled towards their neighbours so that ways curve; places stay where they are."""
    pairs = np.array(list(builder.links), dtype=np.int64)
    nodes, index = np.unique(pairs, return_inverse=True)
    link = index.reshape(pairs.shape)
    position = np.column_stack(builder.terrain.grid.centres(nodes))
    at = np.searchsorted(nodes, fixed.cell)
    known = np.flatnonzero(np.isin(fixed.cell, nodes))
    pinned = at[known]
    degree = np.bincount(link.ravel(), minlength=nodes.size)
    for _ in range(4):
        position[pinned] = np.column_stack([fixed.x[known], fixed.y[known]])
        pull = np.zeros_like(position)
        np.add.at(pull, link[:, 0], position[link[:, 1]])
        np.add.at(pull, link[:, 1], position[link[:, 0]])
        position = 0.45 * position + 0.55 * pull / degree[:, None]
    position[pinned] = np.column_stack([fixed.x[known], fixed.y[known]])
    return nodes, position, link


def _lines(builder: _Builder, fixed: Places) -> tuple[list[shapely.LineString], list[str]]:
    _, position, link = _ease(builder, fixed)
    kinds = np.array(list(builder.links.values()))
    lines: list[shapely.LineString] = []
    names: list[str] = []
    for kind in CLASSES[:2]:
        ends = link[kinds == kind]
        merged = shapely.line_merge(shapely.MultiLineString([position[pair] for pair in ends]))
        parts = [part for part in shapely.get_parts(merged) if isinstance(part, shapely.LineString)]
        lines += parts
        names += [kind] * len(parts)
    return lines, names


def build_roads(terrain: Terrain, towns: Places, *, seed: int) -> Roads:
    """Join cities and towns: cheapest ways over the ground, round the hills, across the estuary by bridge."""
    rough = noise(stream(seed, "roads"), terrain.grid.shape, sigma=1.5)
    cost = 1 + 5 * terrain.hills + 0.35 * np.abs(rough) + 4 * (terrain.to_river < CELL)
    cost = np.where(terrain.estuary & ~terrain.mainland, 6.0, np.where(terrain.mainland, cost, _SEA))
    edge = np.zeros(cost.shape, dtype=bool)
    edge[[0, -1]] = edge[:, [0, -1]] = True
    # cells on the region's edge are not wholly inside its outline, but roads leave through them
    cost = np.where(edge & (ndimage.maximum_filter(terrain.mainland, size=3) > 0), _EDGE, cost)
    builder = _Builder(terrain, cost)
    order = np.lexsort((np.arange(towns.n), -towns.persons))
    big = order[: max(3, round(9 * area_ratio(terrain)))]
    for a, b in _neighbours(towns.x[big], towns.y[big]).tolist():
        builder.join(int(towns.cell[big[a]]), int(towns.cell[big[b]]), kind="primary")
    _exits(terrain, builder, towns.cell[big], seed=seed)
    for a, b in _neighbours(towns.x, towns.y).tolist():
        builder.join(int(towns.cell[a]), int(towns.cell[b]), kind="secondary")
    lines, kinds = _lines(builder, towns)
    return Roads(
        tuple(lines),
        tuple(kinds),
        distance_to(builder.cells(kinds=CLASSES[:2]), cell=CELL),
        distance_to(builder.cells(kinds=CLASSES[:1]), cell=CELL),
    )


def add_tracks(terrain: Terrain, roads: Roads, places: Places, *, seed: int) -> Roads:
    """Join each village to the nearest road by a track, unless water lies between or it is more than 16 km away."""
    rng = stream(seed, "tracks")
    tree = shapely.STRtree(roads.lines)
    villages = places.of_kind("village")
    points = [shapely.Point(x, y) for x, y in zip(places.x[villages], places.y[villages], strict=True)]
    nearest = np.asarray(tree.nearest(points))
    bends = rng.uniform(-0.18, 0.18, villages.size)
    lines, kinds = list(roads.lines), list(roads.kinds)
    for point, line, bend in zip(points, nearest.tolist(), bends.tolist(), strict=True):
        track = _track(point, roads.lines[line], bend=bend)
        xy = np.array(shapely.segmentize(track, 400).coords)
        cells = terrain.grid.locate(xy[:, 0], xy[:, 1])
        if 300 < track.length < _TRACK and (cells >= 0).all() and terrain.mainland.ravel()[cells].all():
            lines.append(track)
            kinds.append("track")
    return Roads(tuple(lines), tuple(kinds), roads.to_road, roads.to_primary)


def _track(point: shapely.Point, road: shapely.LineString, *, bend: float) -> shapely.LineString:
    end = road.interpolate(road.project(point))
    dx, dy = end.x - point.x, end.y - point.y
    third = [
        (point.x + f * dx - s * bend * dy, point.y + f * dy + s * bend * dx) for f, s in ((0.33, 1.0), (0.67, 0.6))
    ]
    return shapely.LineString([(point.x, point.y), *third, (end.x, end.y)])
