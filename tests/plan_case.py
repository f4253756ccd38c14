"""A region small enough to plan by hand: 12 × 6 cells of 1 km, three zones of four columns, discs of round radii.

It lies at the centre of its equal-area projection, where a disc of the ground is a disc of the grid, and it is rural
throughout, so that every site of a technology reaches equally far. Files say all of it; nothing is put in by hand.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from pyproj import CRS

from analysis.compute import compute
from analysis.scenario import parse_scenario
from data.load import load_region
from geo.grid import Grid
from geo.raster import write_raster

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from analysis.results import Results
    from data.region import Region

COLUMNS, ROWS, KM = 12, 6, 1000.0
WEST, SOUTH = 4_321_000 - COLUMNS / 2 * KM, 3_210_000 - ROWS / 2 * KM
GRID = Grid(CRS.from_epsg(3035), Affine(KM, 0, WEST, 0, -KM, SOUTH + ROWS * KM), (ROWS, COLUMNS))
ZONES = ("a", "b", "c")
RADIUS_KM = {"2G": (4, 4, 4), "3G": (2, 2, 2), "4G": (1, 1.5, 2), "5G": (0.5, 1, 1.5)}
"""Low, central and high, whatever stands around."""

LIGHT: dict[str, Any] = {
    "radio": {"band": False},
    "capacity": {"enabled": False},
    "clusters": {"permutations": 99},
    "uncertainty": {"draws": 20},
}
"""What planning does not need."""

HEAD = """
name = "Toy"
synthetic = true
absent = ["2G"]
[grid]
crs = "EPSG:3035"
[population]
file = "people.tif"
[zones]
file = "zones.geojson"
id = "id"
name = "id"
[footprints]
file = "radii.csv"
[[coverage]]
kind = "sites"
file = "sites.csv"
crs = "EPSG:3035"
columns = { x = "x", y = "y", id = "id", technology = "technology" }
technologies = ["3G", "4G"]
"""

TOLD = ("id", "kind", "technology", "votes", "cost", "currency")
NAMED = ", ".join(f'{name} = "{name}"' for name in (*TOLD, "x", "y"))
POINTS = 'columns = { x = "x", y = "y", id = "id" }\ncrs = "EPSG:3035"'
SECTIONS = {
    **dict.fromkeys(("wifi", "hosts", "masts"), POINTS),
    "backhaul": 'columns = { x = "x", y = "y" }\ncrs = "EPSG:3035"',
    "proposals": f'columns = {{ {NAMED} }}\ncrs = "EPSG:3035"',
    "exclusions": 'name = "name"\nkinds = "kinds"',
}


def spot(column: float, row: float) -> tuple[float, float]:
    """Metres of a place `column` cells from the west and `row` cells from the north; cell (0, 0) has its middle at
    (0.5, 0.5)."""
    return WEST + column * KM, SOUTH + (ROWS - row) * KM


def share_in(x: float, y: float, centre: tuple[float, float], radius_m: float) -> float:
    """Share of the area of the cell with its middle at (x, y) that is within so many metres of a place."""
    cell = shapely.box(x - KM / 2, y - KM / 2, x + KM / 2, y + KM / 2)
    return float(shapely.Point(*centre).buffer(radius_m, quad_segs=1000).intersection(cell).area / KM**2)


def people_in(cells: dict[tuple[int, int], float], *, elsewhere: float = 0.0) -> Any:
    """Persons of every cell, by (column, row)."""
    values = np.full(GRID.shape, elsewhere)
    for (column, row), persons in cells.items():
        values[row, column] = persons
    return values


def proposal(name: str, column: float, row: float, *, kind: str = "site", **told: Any) -> dict[str, Any]:
    """A row of the proposals; `told`: technology, votes, cost, currency."""
    money = {"currency": "USD"} if "cost" in told else {}
    return {"id": name, "kind": kind, "at": (column, row), **money, **told}


def write_place(
    folder: Path,
    *,
    people: Any = 100.0,
    sites: tuple[tuple[float, float, str], ...] = ((0.5, 0.5, "4G"),),
    exclusions: tuple[tuple[Any, str], ...] = (),
    proposals: tuple[dict[str, Any], ...] = (),
    zones: dict[str, Any] | None = None,
    extra: str = "",
    **points: tuple[tuple[float, float], ...],
) -> Path:
    """Write the files of a region; positions are (column, row) in cells.

    Parameters
    ----------
    people : float or array (6, 12)
    sites : (column, row, technology)
    exclusions : (box as (west, north, east, south) in cells, kinds)
    proposals : see `proposal`
    zones : dict of id to polygon, in place of the three strips
    extra : further lines of the region file, after those of its coverage
    wifi, hosts, masts, backhaul : (column, row) of each; numbered from 1
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_raster(folder / "people.tif", np.broadcast_to(people, GRID.shape).astype(float), GRID, nodata=None)
    _write_zones(folder, zones or strips())
    _write_radii(folder)
    rows = [f"{at},{','.join(map(repr, spot(*site[:2])))},{site[2]}" for at, site in enumerate(sites, 1)]
    _csv(folder / "sites.csv", "id,x,y,technology", rows)
    text = HEAD + extra
    for name, places in points.items():
        rows = [f"{at},{','.join(map(repr, spot(*place)))}" for at, place in enumerate(places, 1)]
        _csv(folder / f"{name}.csv", "id,x,y", rows)
        text += f'[{name}]\nfile = "{name}.csv"\n{SECTIONS[name]}\n'
    if proposals:
        _write_proposals(folder, proposals)
        text += f'[proposals]\nfile = "proposals.csv"\n{SECTIONS["proposals"]}\n'
    if exclusions:
        corners = [(*spot(box[0], box[3]), *spot(box[2], box[1])) for box, _kinds in exclusions]
        told = {"name": "No", "kinds": [kinds for _box, kinds in exclusions]}
        frame = gpd.GeoDataFrame(told, geometry=[shapely.box(*four) for four in corners], crs=GRID.crs)
        frame.to_file(folder / "exclusions.gpkg", driver="GPKG")
        text += f'[exclusions]\nfile = "exclusions.gpkg"\n{SECTIONS["exclusions"]}\n'
    (folder / "region.toml").write_text(text, encoding="utf-8")
    return folder / "region.toml"


def strips() -> dict[str, Any]:
    """Zones a, b and c: columns 0–3, 4–7 and 8–11."""
    return {name: shapely.box(*spot(4 * at, ROWS), *spot(4 * at + 4, 0)) for at, name in enumerate(ZONES)}


def _write_zones(folder: Path, zones: dict[str, Any]) -> None:
    features = [
        {"type": "Feature", "properties": {"id": name}, "geometry": shapely.geometry.mapping(shape)}
        for name, shape in zones.items()
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3035"}}
    text = json.dumps({"type": "FeatureCollection", "crs": crs, "features": features})
    (folder / "zones.geojson").write_text(text, encoding="utf-8")


def _write_radii(folder: Path) -> None:
    rows = [
        f"{technology},{around},{','.join(map(str, km))}"
        for technology, km in RADIUS_KM.items()
        for around in ("urban", "semi-urban", "rural")
    ]
    _csv(folder / "radii.csv", "technology,settlement,low_km,central_km,high_km", rows)


def _write_proposals(folder: Path, proposals: tuple[dict[str, Any], ...]) -> None:
    names = ("id", "kind", "technology", "votes", "cost", "currency")
    rows = [",".join([*(str(one.get(name, "")) for name in names), *map(repr, spot(*one["at"]))]) for one in proposals]
    _csv(folder / "proposals.csv", ",".join([*names, "x", "y"]), rows)


def _csv(path: Path, head: str, rows: list[str]) -> None:
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")


def asked(**settings: Any) -> dict[str, Any]:
    """Settings of a scenario: those of `LIGHT`, these of investment, and ``top`` for the others.

    Without more, nothing may be built but what a keyword allows, and neither robustness nor the exact search is asked.
    """
    top = settings.pop("top", {})
    quiet = {"wifi": False, "sites": False, "upgrades": False, "small_cells": False, "technologies": ["4G"]}
    quiet |= {"robustness": {"enabled": False}, "exact": False}
    return LIGHT | top | {"investment": quiet | settings}


@dataclass(frozen=True)
class Case:
    """A plan of the small region, as its tables say it."""

    results: Results

    @property
    def record(self) -> dict[str, Any]:
        return self.results.summary["plan"]

    @property
    def steps(self) -> Any:
        """Rows of `plan.csv` that the budget builds."""
        return self.results.plan[self.results.plan["within_budget"]]

    @property
    def order(self) -> Any:
        """All rows of `plan.csv`, by candidate."""
        return self.results.plan.set_index("candidate_id")

    def table(self, name: str) -> Any:
        """One of the further tables, by zone where it has them."""
        table = self.results.tables[name]
        return table.set_index("zone_id") if name == "plan_zones" else table


@lru_cache(maxsize=1)
def _region(region_file: Path) -> Region:
    """A region that is planned several times is read once."""
    return load_region(region_file)


def planned(region_file: Path, **settings: Any) -> Case:
    """Plan the region of some files, which stay as they are; settings as `asked` takes them."""
    region = _region(region_file)
    return Case(compute(region, parse_scenario(asked(**settings)), progress=lambda _part, _what: None))


def planner(folder: Path) -> Callable[..., Callable[..., Case]]:
    """Plan regions made in a folder: ``planner(folder)(people=…, proposals=…)(budget=…)``."""
    names = count()

    def place(**files: Any) -> Callable[..., Case]:
        path = write_place(folder / f"region_{next(names)}", **files)
        return lambda **settings: planned(path, **settings)

    return place
