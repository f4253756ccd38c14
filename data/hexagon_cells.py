"""H3 hexagons on a grid: which of them are ids at all, which lie near the grid, how much of each cell they cover."""

from __future__ import annotations

import math
from itertools import chain
from typing import TYPE_CHECKING, Any

import h3.api.numpy_int as h3
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from geo.burn import cell_fractions
from geo.errors import CRSError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from geo.grid import Grid

MARGIN_EDGES = 10
"""Hexagons whose centre lies farther than so many edges outside the grid cannot touch it, however stretched."""
EDGE_KM = 1.0
"""Edges longer than about this get points in between: a straight kilometre leaves its great circle by 0.02 m."""
CHUNK = 1 << 15
"""Hexagons turned into polygons at a time."""


def _number(text: str) -> int:
    """An H3 id as a number: 15 or 16 hexadecimal digits, or 18 decimal ones; 0, which is no id, for anything else."""
    word = text.strip().lower().removeprefix("0x")
    try:
        value = int(word, 16) if len(word) in {15, 16} else int(word) if len(word) == 18 else 0
    except ValueError:
        return 0
    return value if 0 <= value < 1 << 63 else 0


def parse_ids(values: pd.Series[Any]) -> NDArray[np.uint64]:
    """H3 cell ids of a column of text or whole numbers, uint64; 0 where a value is no valid id of a cell.

    Figures with a decimal point have lost digits and are no ids.
    """
    local, uniques = pd.factorize(values, use_na_sentinel=False)
    distinct = np.asarray(uniques, dtype=object)
    numbers = [
        _number(value) if isinstance(value, str) else int(value) if _whole(value) else 0 for value in distinct.tolist()
    ]
    valid = [number if 0 < number < 1 << 63 and h3.is_valid_cell(number) else 0 for number in numbers]
    return np.array(valid, dtype=np.uint64)[local]


def _whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def resolutions(ids: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Resolution of each id: bits 52 to 55."""
    return ((ids >> np.uint64(52)) & np.uint64(15)).astype(np.int64)


def edge_metres(resolution: int) -> float:
    """Average length of an edge."""
    return float(h3.average_hexagon_edge_length(resolution, unit="m"))


def near_grid(ids: NDArray[np.uint64], grid: Grid) -> NDArray[np.bool_]:
    """Which valid ids may touch the grid, by their centres."""
    if not ids.size:
        return np.zeros(0, dtype=bool)
    centres = np.array([h3.cell_to_latlng(cell) for cell in ids.tolist()])
    move = Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True)
    x, y = (np.asarray(axis) for axis in move.transform(centres[:, 1], centres[:, 0]))
    edges = np.array([edge_metres(resolution) for resolution in range(16)])
    margin = MARGIN_EDGES * edges[resolutions(ids)] / grid.metres_per_unit
    west, south, east, north = grid.bounds
    return (x >= west - margin) & (x <= east + margin) & (y >= south - margin) & (y <= north + margin)


def _outline(ids: NDArray[np.uint64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Corners (lat, lng in degrees) of all hexagons one after the other, and how many each has."""
    rings = [h3.cell_to_boundary(cell) for cell in ids.tolist()]
    counts = np.fromiter(map(len, rings), dtype=np.int64, count=len(rings))
    return np.array(list(chain.from_iterable(rings)), dtype=np.float64).reshape(-1, 2), counts


def _filled(corners: NDArray[np.float64], counts: NDArray[np.int64], parts: int) -> NDArray[np.float64]:
    """Corners with `parts` − 1 points between each two, along great circles of the sphere; rings stay open."""
    if parts == 1:
        return corners
    ends = np.cumsum(counts)
    following = np.arange(1, len(corners) + 1)
    following[ends - 1] = ends - counts
    lat, lng = np.radians(corners).T
    unit = np.stack([np.cos(lat) * np.cos(lng), np.cos(lat) * np.sin(lng), np.sin(lat)], axis=-1)
    share = (np.arange(parts) / parts)[None, :, None]
    points = (unit[:, None] * (1 - share) + unit[following][:, None] * share).reshape(-1, 3)
    filled = np.degrees(
        [np.arctan2(points[:, 2], np.hypot(points[:, 0], points[:, 1])), np.arctan2(points[:, 1], points[:, 0])]
    )
    return np.asarray(filled.T)


def hexagon_polygons(ids: NDArray[np.uint64], grid: Grid) -> NDArray[Any]:
    """Hexagons (and pentagons) as polygons in the grid's CRS.

    H3's edges are great circles between corners whose latitude and longitude are taken as WGS 84. Edges above 1 km get
    points in between, so that what is straight here leaves the edge by at most about 0.02 m times the map's stretch;
    neighbours share their points, so that no sliver opens or counts twice.

    Parameters
    ----------
    ids : uint64 array (n,)
        Valid, of one resolution.
    grid : Grid

    Raises
    ------
    CRSError
        The grid's CRS cannot show a hexagon, or tears it apart at its seam.
    """
    if not ids.size:
        return np.array([], dtype=object)
    edge = edge_metres(int(resolutions(ids[:1])[0]))
    parts = max(1, math.ceil(edge / 1000 / EDGE_KM))
    corners, counts = _outline(ids)
    points, counts = _filled(corners, counts, parts), counts * parts
    move = Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True)
    xy = np.stack([np.asarray(axis) for axis in move.transform(points[:, 1], points[:, 0])], axis=-1)
    starts = np.cumsum(counts) - counts
    size = np.maximum.reduceat(xy, starts) - np.minimum.reduceat(xy, starts)
    torn = ~(size.max(axis=1) * grid.metres_per_unit < 2 * MARGIN_EDGES * edge)  # not finite is not below
    if torn.any():
        raise CRSError(f"{int(torn.sum()):,} hexagons near the grid cannot be shown in {grid.crs.name}")
    closed = np.insert(xy, starts + counts, xy[starts], axis=0)
    rings = np.append(0, np.cumsum(counts + 1))
    make: Any = shapely.from_ragged_array
    return np.asarray(make(shapely.GeometryType.POLYGON, closed, (rings, np.arange(ids.size + 1))), dtype=object)


def cell_shares(
    ids: NDArray[np.uint64], grid: Grid
) -> Iterator[tuple[slice, tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]]]:
    """Exact shares of the grid's cells under each hexagon, some thousand hexagons at a time.

    Yields
    ------
    part : slice
        Of `ids`.
    triples : (index, cell_id, fraction)
        As of `geo.burn.cell_fractions`; index counts from the part's start.
    """
    for start in range(0, ids.size, CHUNK):
        part = slice(start, min(start + CHUNK, ids.size))
        yield part, cell_fractions(hexagon_polygons(ids[part], grid), grid)
