"""What invented operators claim to cover, and what invented people measured: wider than the sites serve, on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer
from scipy.spatial import KDTree

from data.sample.lattice import SAMPLE_CRS, stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.grid import Grid

CLAIM_M = 8000.0
"""Radius of 4G that every site is claimed to have."""

ZOOM = 16


def claims(sites: pd.DataFrame) -> list[tuple[shapely.Geometry, dict[str, Any]]]:
    """Declared 4G of each operator: one dissolved shape in degrees, with its properties."""
    away = Transformer.from_crs(SAMPLE_CRS, "EPSG:4326", always_xy=True)

    def move(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(away.transform(xy[:, 0], xy[:, 1])).astype(np.float64).round(5)

    rows: list[tuple[shapely.Geometry, dict[str, Any]]] = []
    for operator, part in sites[sites["has_4g"].astype(str).str.lower().isin(["true", "1", "yes"])].groupby("operator"):
        discs = shapely.buffer(shapely.points(part["x"], part["y"]), CLAIM_M, quad_segs=6)
        shape = shapely.transform(shapely.simplify(shapely.union_all(discs), 50), move)
        rows.append((shape, {"operator": str(operator), "technology": "4G", "synthetic": True}))
    return rows


def tiles(people: NDArray[np.float64], sites: pd.DataFrame, *, grid: Grid, seed: int) -> pd.DataFrame:
    """Speed tests by tile of zoom 16: more where people are, faster near 4G; columns as Ookla names them."""
    rng = stream(seed, "speed tests")
    cell = np.repeat(np.flatnonzero(people.ravel() > 20), 2)
    x, y = grid.centres(cell)
    x, y = x + rng.uniform(-0.5, 0.5, cell.size) * grid.dx, y + rng.uniform(-0.5, 0.5, cell.size) * grid.dy
    fast = sites[sites["has_4g"].astype(str).str.lower().isin(["true", "1", "yes"])]
    distance, _ = KDTree(fast[["x", "y"]].to_numpy()).query(np.column_stack([x, y]))
    away = np.asarray(distance, dtype=np.float64) / 1000
    tests = rng.poisson(people.ravel()[cell] * 0.01)
    down = np.round(45_000 * np.exp(-away / 3) * rng.lognormal(0, 0.4, cell.size) + 300)
    lon, lat = Transformer.from_crs(SAMPLE_CRS, "EPSG:4326", always_xy=True).transform(x, y)
    table = pd.DataFrame(
        {
            "quadkey": _quadkeys(np.asarray(lon), np.asarray(lat)),
            "avg_d_kbps": down.astype(np.int64),
            "avg_u_kbps": np.round(down / 4).astype(np.int64),
            "avg_lat_ms": np.round(25 + 4 * away).astype(np.int64),
            "tests": tests.astype(np.int64),
            "synthetic": "true",
        }
    )
    table = table[table["tests"] > 0].sort_values(["quadkey", "avg_d_kbps"], kind="stable")
    return table.drop_duplicates("quadkey").reset_index(drop=True)


def _quadkeys(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> list[str]:
    """Quadkeys of points, by the published scheme of Web Mercator tiles."""
    side = 1 << ZOOM
    column = np.floor((lon + 180) / 360 * side).astype(np.int64)
    north = np.arcsinh(np.tan(np.radians(lat)))
    row = np.floor((1 - north / np.pi) / 2 * side).astype(np.int64)
    digits = [((column >> bit) & 1) + 2 * ((row >> bit) & 1) for bit in range(ZOOM - 1, -1, -1)]
    return ["".join(map(str, key)) for key in np.stack(digits, axis=1).tolist()]
