"""Districts: a weighted Voronoi partition of the land around the larger towns, neighbours sharing each vertex."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from affine import Affine
from pyproj import Transformer
from rasterio.features import shapes
from scipy.spatial import KDTree

from data.sample.lattice import CELL, SAMPLE_CRS, noise, stream
from data.sample.places import area_ratio
from data.sample.terrain import burn, sample_grid
from geo.grid import Grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from data.sample.places import Places
    from data.sample.terrain import Terrain

DECIMALS = 9
"""Decimals of a degree in the written boundaries: 0.1 mm, so that a partition stays one when it is read back."""
_QUARTERS = ("North", "East", "South", "West")
_SMALL = 3e6


@dataclass(frozen=True)
class Districts:
    """The partition, in order of id.

    Attributes
    ----------
    ids, names : tuple of str
        "S-01" … and invented names, each different.
    lonlat : object array of shapely geometries
        Polygons or multipolygons, EPSG:4326, rounded to `DECIMALS`.
    area : object array of shapely geometries
        The same, back in the region's CRS.
    x, y : float array
        Seat of the district in the region's CRS.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    lonlat: NDArray[np.object_]
    area: NDArray[np.object_]
    x: NDArray[np.float64]
    y: NDArray[np.float64]


@dataclass(frozen=True)
class Shares:
    """Cells meeting districts: cell, district and area in m², one row a pair that overlaps."""

    cell: NDArray[np.int64]
    district: NDArray[np.int64]
    area: NDArray[np.float64]


def _seats(towns: Places, *, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64], list[str]]:
    """Positions, power weights (m²) and names: four quarters around each city, then the largest towns."""
    cities = towns.of_kind("city")[: max(1, count // 8)]
    turn = np.pi / 2 - np.arange(4) * np.pi / 2 + 0.3
    reach = np.minimum(towns.scale[cities], 6000.0)
    x = (towns.x[cities, None] + reach[:, None] * np.cos(turn)).ravel()
    y = (towns.y[cities, None] + reach[:, None] * np.sin(turn)).ravel()
    names = [f"{towns.names[c]} {quarter}" for c in cities for quarter in _QUARTERS]
    rest = np.setdiff1d(np.lexsort((np.arange(towns.n), -towns.persons)), cities, assume_unique=True)
    rest = rest[np.lexsort((rest, -towns.persons[rest]))][: max(count - x.size, 1)]
    names += [towns.names[t] for t in rest]
    weight = np.concatenate([np.zeros(x.size), (0.5 * towns.scale[rest]) ** 2])
    return np.column_stack([np.append(x, towns.x[rest]), np.append(y, towns.y[rest])]), weight, names


def _labels(grid: Grid, *, seats: NDArray[np.float64], weight: NDArray[np.float64], seed: int) -> NDArray[np.int32]:
    """Nearest seat by power distance (d² − weight) to each cell, the plane bent by noise so that boundaries wander.

    A power diagram is an ordinary Voronoi diagram one dimension up, each seat raised by √(largest weight − its own).
    """
    rng = stream(seed, "boundaries")
    x, y = grid.centres(np.arange(grid.size))
    bend = [2200 * noise(rng, grid.shape, sigma=4000 / grid.dx).ravel() for _ in range(2)]
    raised = np.column_stack([seats, np.sqrt(weight.max() - weight)])
    _, nearest = KDTree(raised).query(np.column_stack([x + bend[0], y + bend[1], np.zeros(grid.size)]))
    return np.asarray(nearest, dtype=np.int32).reshape(grid.shape)


def _smooth_outlines(labels: NDArray[np.int32], grid: Grid) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    found = [(shapely.geometry.shape(shape), int(label)) for shape, label in shapes(labels, transform=grid.transform)]
    pieces = np.array([piece for piece, _ in found], dtype=object)
    eased = np.asarray(shapely.coverage_simplify(pieces, 1.1 * grid.dx, simplify_boundary=False), dtype=object)
    return eased, np.array([label for _, label in found], dtype=np.int64)


def _faces(outlines: NDArray[np.object_], land: shapely.Geometry) -> NDArray[np.object_]:
    """Faces of the plane cut by the outlines and the coast together, so that neighbours share vertices; land only."""
    lines = shapely.union_all([*shapely.boundary(outlines), shapely.boundary(land)])
    faces = np.asarray(shapely.get_parts(shapely.polygonize([lines])), dtype=object)
    shapely.prepare(land)
    return faces[shapely.contains(land, shapely.point_on_surface(faces))]


def _owners(
    faces: NDArray[np.object_], outlines: NDArray[np.object_], label: NDArray[np.int64], *, seats: NDArray[np.float64]
) -> NDArray[np.int64]:
    """District of each face; a scrap cut off from its seat goes to the neighbour of the longest common border."""
    points = shapely.point_on_surface(faces)
    which, inside = shapely.STRtree(outlines).query(points, predicate="within")
    owner = np.full(faces.size, -1, dtype=np.int64)
    owner[which] = label[inside]
    size = shapely.area(faces)
    tree = shapely.STRtree(faces)
    for face in np.flatnonzero(size < _SMALL).tolist():
        if shapely.contains_xy(faces[face], *seats[owner[face]]):
            continue
        beside = [j for j in tree.query(faces[face], predicate="touches").tolist() if size[j] >= _SMALL]
        shared = [shapely.length(shapely.intersection(faces[face], faces[j])) for j in beside]
        if shared and max(shared) > 0:
            owner[face] = owner[beside[int(np.argmax(shared))]]
    return owner


def make_districts(terrain: Terrain, towns: Places, *, seed: int) -> Districts:
    """Divide the land into about 24 districts per 10,000 km², without gap or overlap; the sea is in none."""
    size_km = terrain.grid.nx
    fine = sample_grid(size_km, resolution_m=500 if size_km <= 300 else round(CELL))
    seats, weight, names = _seats(towns, count=max(8, round(24 * area_ratio(terrain))))
    outlines, label = _smooth_outlines(_labels(fine, seats=seats, weight=weight, seed=seed), fine)
    faces = _faces(outlines, terrain.land)
    owner = _owners(faces, outlines, label, seats=seats)
    kept = np.unique(owner)
    # west to east, north to south in bands, as a gazetteer would number them
    kept = kept[np.lexsort((seats[kept, 0], -np.floor(seats[kept, 1] / 25_000)))]
    whole = np.array([shapely.union_all(faces[owner == k]) for k in kept], dtype=object)
    away = Transformer.from_crs(SAMPLE_CRS, "EPSG:4326", always_xy=True)
    back = Transformer.from_crs("EPSG:4326", SAMPLE_CRS, always_xy=True)
    lonlat = shapely.transform(
        whole, lambda p: np.column_stack(away.transform(p[:, 0], p[:, 1])).astype(np.float64).round(DECIMALS)
    )
    area = shapely.transform(lonlat, lambda p: np.column_stack(back.transform(p[:, 0], p[:, 1])))
    digits = max(2, len(str(kept.size)))
    ids = tuple(f"S-{i:0{digits}d}" for i in range(1, kept.size + 1))
    return Districts(ids, tuple(names[k] for k in kept), lonlat, area, seats[kept, 0], seats[kept, 1])


def meet(districts: Districts, grid: Grid) -> Shares:
    """Exact area of every district in every cell; only cells that a boundary passes are cut, the others are whole."""
    nx = grid.nx
    west, _, _, north = grid.bounds
    cells: list[NDArray[np.int64]] = []
    areas: list[NDArray[np.float64]] = []
    for shape in districts.area:
        x0, y0, x1, y1 = shapely.bounds(shape)
        col0, col1 = max(int((x0 - west) // grid.dx), 0), min(int((x1 - west) // grid.dx) + 1, nx)
        row0, row1 = max(int((north - y1) // grid.dy), 0), min(int((north - y0) // grid.dy) + 1, grid.ny)
        corner = Affine(grid.dx, 0, west + col0 * grid.dx, 0, -grid.dy, north - row0 * grid.dy)
        window = Grid(grid.crs, corner, (row1 - row0, col1 - col0))
        cut = burn([shapely.boundary(shape)], window, touched=True)
        area = np.where(burn([shape], window, touched=False), grid.dx * grid.dy, 0.0)
        rows, cols = np.nonzero(cut)
        left, top = window.west + cols * grid.dx, window.north - rows * grid.dy
        boxes = shapely.box(left, top - grid.dy, left + grid.dx, top)
        area[rows, cols] = shapely.area(shapely.intersection(boxes, shape))
        rows, cols = np.nonzero(area)
        cells.append((rows + row0) * nx + cols + col0)
        areas.append(area[rows, cols])
    count = [cell.size for cell in cells]
    return Shares(np.concatenate(cells), np.repeat(np.arange(len(count)), count), np.concatenate(areas))
