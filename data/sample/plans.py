"""What is proposed to be built, where nothing may be, and what stands or lies there already. All invented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from scipy import ndimage
from scipy.spatial import KDTree

from data.sample.lattice import CELL, distance_to, scatter, stream
from geo.vector import largest_part

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from data.sample.network import Roads
    from data.sample.places import Places
    from data.sample.terrain import Terrain

Shapes = tuple[tuple[shapely.Geometry, dict[str, Any]], ...]
"""Shapes in the region's CRS, each with what is told of it."""

MASTS, NODES = 6, 6


@dataclass(frozen=True)
class Plans:
    """Tables with x and y, and shapes, all in the region's CRS.

    Attributes
    ----------
    proposals : DataFrame
        id, name, kind, technology, votes, cost, currency, access_points, proposed_by, site_id, note, x, y.
    masts : DataFrame
        id, name, height_m, x, y.
    exclusions, backhaul, power : tuple of (shape, properties)
    """

    proposals: pd.DataFrame
    masts: pd.DataFrame
    exclusions: Shapes
    backhaul: Shapes
    power: Shapes


def _proposals(places: Places, buildings: pd.DataFrame, sites: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Three hotspots in villages, sites at the two villages farthest from any, an upgrade, a small cell in the city."""
    rng = stream(seed, "proposals")
    villages = places.of_kind("village")
    known = buildings["category"].isin(["school", "market", "community centre"]) & buildings["place"].isin(villages)
    host = buildings[known].sort_values("id").iloc[np.sort(rng.choice(int(known.sum()), 3, replace=False))]
    away = KDTree(sites[["x", "y"]].to_numpy()).query(np.column_stack([places.x, places.y])[villages])[0]
    remote = villages[np.argsort(-away, kind="stable")[:2]]
    lacking = sites[sites["has_4g"] == 0]
    old = lacking.iloc[int(rng.integers(len(lacking)))]
    city = places.names[0]
    rows = [{"name": f"WiFi at {one.name}", "kind": "wifi", "x": one.x, "y": one.y} for one in host.itertuples()]
    rows += [
        {"name": f"A mast for {places.names[i]}", "kind": "site", "x": places.x[i], "y": places.y[i]} for i in remote
    ]
    rows += [
        {"name": f"4G at site {old['id']}", "kind": "upgrade", "x": old["x"], "y": old["y"]},
        {"name": f"Small cell in the middle of {city}", "kind": "small cell", "x": places.x[0], "y": places.y[0]},
    ]
    by = [f"village council of {places.names[i]}" for i in [*host["place"], *remote]]
    told = {
        "technology": ["", "", "", "4G", "", "4G", ""],
        "votes": pd.array([*rng.integers(20, 900, 5).tolist(), None, int(rng.integers(20, 900))], dtype="Int64"),
        "cost": pd.array([2400, None, None, None, None, None, None], dtype="Int64"),
        "currency": ["USD", "", "", "", "", "", ""],
        "access_points": pd.array([3, None, 1, None, None, None, None], dtype="Int64"),
        "proposed_by": [*by, "regional ministry of works", f"market traders of {city}"],
        "site_id": ["", "", "", "", "", old["id"], ""],
        "note": ["with the power of the building", "", "", "", "reached by a track only", "no votes were taken", ""],
    }
    table = pd.DataFrame(rows).assign(**told)
    table.insert(0, "id", [f"P-{i}" for i in range(1, len(table) + 1)])
    return table


def _masts(terrain: Terrain, roads: Roads, sites: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Broadcast masts near roads and 3 km from any site, where there is such ground; of the last no height is known."""
    rng = stream(seed, "masts")
    taken = np.zeros(terrain.grid.shape, dtype=bool)
    taken.ravel()[terrain.grid.locate(sites["x"], sites["y"])] = True
    free = terrain.mainland & (roads.to_road <= 1500) & (distance_to(taken, cell=CELL) > 3000)
    weight = np.where(free, 1.0, np.where(terrain.mainland, 1e-9, 0.0))
    cells = scatter(rng, weight, spacing=5.0, count=MASTS)
    x, y = terrain.grid.centres(cells)
    shift = rng.uniform(-400, 400, (2, cells.size))
    height = pd.array(rng.integers(6, 15, cells.size) * 5, dtype="Int64")
    height[-1:] = None
    number = range(1, cells.size + 1)
    return pd.DataFrame(
        {
            "id": [f"T-{i:02d}" for i in number],
            "name": [f"Broadcast mast {i}" for i in number],
            "height_m": height,
            "x": x + shift[0],
            "y": y + shift[1],
        }
    )


def _blob(rng: np.random.Generator, centre: NDArray[np.float64], *, radius: float) -> shapely.Polygon:
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    away = radius * (1 + sum(0.3 / k * np.sin(k * turn + rng.uniform(0, 2 * np.pi)) for k in range(2, 5)))
    return shapely.Polygon(centre + np.column_stack([away * np.cos(turn), away * np.sin(turn)]))


def _exclusions(terrain: Terrain, places: Places, *, seed: int) -> Shapes:
    """A nature reserve in the hills, where nothing may be built, and the middle of the city, without new sites."""
    rng = stream(seed, "exclusions")
    height = ndimage.gaussian_filter(terrain.hills * terrain.mainland, 3)
    x, y = terrain.grid.centres(np.array([int(np.argmax(height))]))
    radius = min(5000.0, 0.08 * terrain.grid.nx * CELL)
    reserve = largest_part(shapely.intersection(_blob(rng, np.array([x[0], y[0]]), radius=radius), terrain.land))
    old = _blob(rng, np.array([places.x[0], places.y[0]]), radius=600.0)
    return (
        (reserve, {"name": f"{places.names[-1]} nature reserve", "bars": ""}),
        (old, {"name": f"Old town of {places.names[0]}", "bars": "site"}),
    )


def make_plans(
    terrain: Terrain, places: Places, roads: Roads, *, buildings: pd.DataFrame, sites: pd.DataFrame, seed: int
) -> Plans:
    """Make what a plan may use: proposals, masts, exclusions, nodes in the largest places, power along main roads."""
    large = places.of_kind("city", "town")[:NODES]
    nodes = tuple(
        (
            shapely.Point(float(places.x[i]), float(places.y[i])),
            {"name": f"Exchange of {places.names[i]}", "kind": "node"},
        )
        for i in large
    )
    main = [line for line, kind in zip(roads.lines, roads.kinds, strict=True) if kind == "primary"]
    lines = enumerate(shapely.get_parts(shapely.line_merge(shapely.union_all(main))), 1)
    return Plans(
        _proposals(places, buildings, sites, seed=seed),
        _masts(terrain, roads, sites, seed=seed),
        _exclusions(terrain, places, seed=seed),
        nodes,
        tuple((line, {"name": f"Power line {i}"}) for i, line in lines),
    )
