"""Write the sample region as the files that a person would bring, into a folder of its own."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import Transformer

from data.sample.claims import claims, tiles
from data.sample.describe import LABEL, LICENCE, NAME, readme, region_toml
from data.sample.districts import make_districts, meet
from data.sample.lattice import CELL, SAMPLE_CRS, stream
from data.sample.network import add_tracks, build_roads
from data.sample.people import build, settle
from data.sample.places import KINDS, found_towns, found_villages
from data.sample.plans import make_plans
from data.sample.services import indicators, public_buildings, public_wifi
from data.sample.sites import place_sites
from data.sample.streets import make_streets
from data.sample.terrain import make_terrain, sample_grid
from data.sample.truth import Made, in_districts, known_answers
from geo.errors import ScenarioError, SourceError
from geo.raster import write_raster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from data.sample.districts import Districts
    from data.sample.network import Roads
    from data.sample.plans import Plans
    from data.sample.terrain import Terrain

SIZES_KM = (40, 1000)
MAX_CELLS = 4_000_000
MAX_STREETS_KM = 300
"""Side of the largest region with streets: their file has some 0.5 MB for every 1,000 km²."""


@dataclass(frozen=True)
class _Sample:
    terrain: Terrain
    roads: Roads
    made: Made


def _check(*, size_km: int, seed: int, resolution_m: int) -> None:
    if not SIZES_KM[0] <= size_km <= SIZES_KM[1]:
        raise ScenarioError("size_km", f"a sample region is {SIZES_KM[0]} to {SIZES_KM[1]} km a side, not {size_km}")
    if seed < 0:
        raise ScenarioError("seed", f"is a whole number of at least 0, not {seed}")
    if resolution_m < 1 or round(CELL) % resolution_m:
        raise ScenarioError(
            "resolution_m", f"{resolution_m} m does not divide a kilometre; take 1000, 500, 250, 200 or 100"
        )
    cells = (size_km * round(CELL) // resolution_m) ** 2
    if cells > MAX_CELLS:
        raise ScenarioError(
            "resolution_m", f"{cells:,} cells are more than {MAX_CELLS:,}; take a coarser one or a smaller region"
        )


def _silent(_done: float, _what: str) -> None:
    """Say nothing."""


def _by_km(values: NDArray[np.float64], *, size_km: int) -> NDArray[np.float64]:
    """Sums over planning cells of 1 km."""
    factor = values.shape[0] // size_km
    return values.reshape(size_km, factor, size_km, factor).sum(axis=(1, 3))


def _located(table: pd.DataFrame) -> pd.DataFrame:
    """`x`, `y` in the region's CRS → `lon`, `lat` rounded to 0.1 m, and the mark of what is invented."""
    away = Transformer.from_crs(SAMPLE_CRS, "EPSG:4326", always_xy=True)
    lon, lat = away.transform(table["x"].to_numpy(), table["y"].to_numpy())
    rest = table.drop(columns=["x", "y"])
    return rest.assign(lon=np.round(lon, 6), lat=np.round(lat, 6), synthetic="true")


def _generate(*, size_km: int, seed: int, resolution_m: int, progress: Callable[[float, str], None]) -> _Sample:
    progress(0.05, "ground")
    terrain = make_terrain(size_km, seed=seed)
    towns = found_towns(terrain, seed=seed)
    progress(0.15, "roads")
    roads = build_roads(terrain, towns, seed=seed)
    places = found_villages(terrain, towns, to_road=roads.to_road, seed=seed)
    roads = add_tracks(terrain, roads, places, seed=seed)
    progress(0.35, "districts")
    districts = make_districts(terrain, towns, seed=seed)
    grid = sample_grid(size_km, resolution_m=resolution_m)
    shares = meet(districts, grid)
    land = np.bincount(shares.cell, shares.area, minlength=grid.size).astype(np.float64).round().reshape(grid.shape)
    progress(0.6, "people")
    people = settle(terrain, places, roads, grid=grid, land=land, seed=seed)
    built = build(people, grid=grid, land=land, seed=seed)
    density, dry = _by_km(people, size_km=size_km), _by_km(land, size_km=size_km) / CELL**2
    progress(0.75, "sites and services")
    sites = place_sites(terrain, roads, density=density, land_share=dry, seed=seed)
    buildings = public_buildings(terrain, places, seed=seed)
    wifi = public_wifi(buildings, places, seed=seed)
    by_district = in_districts(shares, people, grid=grid, count=len(districts.ids))
    km2 = np.bincount(shares.district, shares.area, minlength=len(districts.ids)) / 1e6
    figures = indicators(districts, persons=by_district, km2=km2, seed=seed)
    progress(0.8, "streets")
    streets = make_streets(terrain, places, roads, seed=seed) if size_km <= MAX_STREETS_KM else None
    plans = make_plans(terrain, places, roads, buildings=buildings, sites=sites, seed=seed)
    made = Made(
        grid, people, land, built, places, districts, by_district, sites, wifi, buildings, figures, streets, plans
    )
    return _Sample(terrain, roads, made)


def _write_geojson(path: Path, rows: Iterable[tuple[shapely.Geometry, dict[str, Any]]], *, name: str) -> None:
    """GeoJSON (RFC 7946) with the label at its head; the same rows give the same bytes."""
    head = {"type": "FeatureCollection", "name": name, "synthetic": True, "licence": LICENCE, "note": LABEL}
    features = [
        f'{{"type": "Feature", "properties": {json.dumps(properties)}, "geometry": {shapely.to_geojson(shape)}}}'
        for shape, properties in rows
    ]
    opening = json.dumps(head)[:-1] + ', "features": [\n'
    path.write_text(opening + ",\n".join(features) + "\n]}\n", encoding="utf-8", newline="\n")


def _lonlat(lines: Sequence[shapely.Geometry]) -> NDArray[np.object_]:
    away = Transformer.from_crs(SAMPLE_CRS, "EPSG:4326", always_xy=True)

    def move(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(away.transform(xy[:, 0], xy[:, 1])).astype(np.float64).round(6)

    return np.asarray(shapely.transform(np.array(lines, dtype=object), move), dtype=object)


def _write_lines(folder: Path, sample: _Sample) -> None:
    places = sample.made.places
    roads = enumerate(zip(_lonlat(sample.roads.lines), sample.roads.kinds, strict=True), 1)
    rows = [(line, {"id": f"R-{i:05d}", "class": kind}) for i, (line, kind) in roads]
    _write_geojson(folder / "roads.geojson", rows, name="roads")
    river = _lonlat([sample.terrain.river])[0]
    _write_geojson(
        folder / "river.geojson", [(river, {"id": "V-1", "name": f"River {places.names[0][:4]}an"})], name="river"
    )
    dots = _lonlat([shapely.Point(x, y) for x, y in zip(places.x, places.y, strict=True)])
    where = zip(dots, places.names, places.kind, places.persons, strict=True)
    rows = [(dot, {"name": n, "kind": KINDS[k], "persons_about": round(float(count))}) for dot, n, k, count in where]
    _write_geojson(folder / "places.geojson", rows, name="places")
    if (streets := sample.made.streets) is not None:
        laid = enumerate(zip(streets.lines, streets.kind.tolist(), strict=True), 1)
        rows = ((line, {"id": f"T-{i:05d}", "class": kind}) for i, (line, kind) in laid)
        _write_geojson(folder / "streets.geojson", rows, name="streets")


def _write_plans(folder: Path, plans: Plans) -> None:
    layers = {"exclusions": plans.exclusions, "backhaul": plans.backhaul, "power_lines": plans.power}
    for name, rows in layers.items():
        shapes = shapely.orient_polygons(_lonlat([shape for shape, _ in rows]), exterior_cw=False)
        told = zip(np.asarray(shapes, dtype=object), rows, strict=True)
        marked = ((shape, {**properties, "synthetic": True}) for shape, (_, properties) in told)
        _write_geojson(folder / f"{name}.geojson", marked, name=name)


def _write_districts(folder: Path, districts: Districts) -> None:
    turned = np.asarray(shapely.orient_polygons(districts.lonlat, exterior_cw=False), dtype=object)
    rows = zip(turned, districts.ids, districts.names, strict=True)
    _write_geojson(
        folder / "districts.geojson",
        ((shape, {"id": i, "name": name, "synthetic": True}) for shape, i, name in rows),
        name="districts",
    )


def _write_all(folder: Path, sample: _Sample, *, settings: dict[str, int]) -> None:
    made = sample.made
    tags = {"NAME": NAME, "SYNTHETIC": "true", "NOTE": LABEL, "LICENCE": LICENCE, "SEED": str(settings["seed"])}
    rasters = {
        "population.tif": (made.people.astype(np.float32), "persons per cell"),
        "land.tif": (made.land, "m2 of land per cell"),
        "built.tif": (made.built, "m2 built-up per cell"),
    }
    for file, (values, unit) in rasters.items():
        write_raster(folder / file, values, made.grid, nodata=None, tags=tags | {"UNIT": unit})
    _write_districts(folder, made.districts)
    _write_lines(folder, sample)
    _write_plans(folder, made.plans)
    _write_geojson(folder / "declared_4g.geojson", claims(made.sites), name="declared 4G")
    tables = {
        "speed_tests.csv": tiles(made.people, made.sites, grid=made.grid, seed=settings["seed"]),
        "sites.csv": _located(made.sites),
        "wifi.csv": _located(made.wifi),
        "public_buildings.csv": _located(made.buildings.drop(columns="place")),
        "proposals.csv": _located(made.plans.proposals),
        "masts.csv": _located(made.plans.masts),
        "indicators.csv": made.indicators.assign(synthetic="true"),
    }
    for file, table in tables.items():
        table.to_csv(folder / file, index=False, lineterminator="\n", encoding="utf-8")
    truth = {"name": NAME, "synthetic": True, "note": LABEL, **settings, "crs": "ESRI:54009", **known_answers(made)}
    texts = {
        "truth.json": json.dumps(truth, indent=2, ensure_ascii=False) + "\n",
        "README.txt": readme(settings, streets=made.streets is not None),
        "region.toml": region_toml(streets=made.streets is not None),
    }
    for file, text in texts.items():
        (folder / file).write_text(text, encoding="utf-8", newline="\n")


def _make_way(folder: Path) -> None:
    """Refuse to replace anything but an empty folder or an earlier sample region."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise SourceError(f"{folder.name}: is a file; name a folder for the sample region")
    described = folder / "region.toml"
    ours = described.is_file() and f'name = "{NAME}"' in described.read_text(encoding="utf-8", errors="replace")
    if any(folder.iterdir()) and not (ours and (folder / "truth.json").is_file()):
        raise SourceError(
            f"{folder.name}: holds other files; name an empty folder, or a new one, for the sample region"
        )


def write_sample(
    folder: Path,
    *,
    size_km: int = 100,
    seed: int = 2026,
    resolution_m: int = 1000,
    progress: Callable[[float, str], None] | None = None,
) -> Path:
    """Generate the synthetic sample region and write it as ordinary input files.

    Parameters
    ----------
    folder : Path
        Made, or replaced when it is empty or holds an earlier sample region. Written beside it first, then renamed.
    size_km : int
        Side of the square region in km, 40 to 1000; cities, towns, districts and sites grow in number with the area.
    seed : int
        The same seed and settings give the same bytes.
    resolution_m : int
        Side of a cell in metres; divides 1000.
    progress : callable, optional
        Called with (fraction done, what is being made).

    Returns
    -------
    Path
        The `region.toml` that describes the files.

    Raises
    ------
    ScenarioError
        A size, seed or resolution that cannot be.
    SourceError
        The folder holds something else.

    Notes
    -----
    The region lies in ESRI:54009 (Mollweide, equal-area) around 25° W, 5° N, in the open ocean: it is no real place.
    `truth.json` holds known answers.
    """
    _check(size_km=size_km, seed=seed, resolution_m=resolution_m)
    _make_way(folder)
    tell = progress or _silent
    sample = _generate(size_km=size_km, seed=seed, resolution_m=resolution_m, progress=tell)
    tell(0.9, "files")
    folder.parent.mkdir(parents=True, exist_ok=True)
    mark = stream(seed, str(folder.resolve())).integers(1 << 40)
    beside = folder.with_name(f".{folder.name}.{mark:x}.tmp")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    try:
        _write_all(beside, sample, settings={"size_km": size_km, "seed": seed, "resolution_m": resolution_m})
        if folder.exists():
            shutil.rmtree(folder)
        beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    tell(1.0, "done")
    return folder / "region.toml"
