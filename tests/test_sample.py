"""The synthetic region: the same bytes from the same seed, and answers that can be checked without the generator."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tomllib

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import ROOT
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pyproj import Geod, Transformer
from scipy import ndimage, sparse
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import KDTree

from data.load import load_region
from data.region_file import load_region_file
from data.sample import write_sample
from data.sample.districts import Districts, meet
from data.sample.lattice import scatter, stream
from data.sample.names import make_names
from data.sample.network import _cheapest, _neighbours
from data.sample.streets import _joined, _nodes, _Pieces, _tidied
from data.sample.terrain import make_terrain, sample_grid
from data.streets import read_streets
from geo.errors import ScenarioError, SourceError
from geo.network import components
from geo.raster import read_raster
from geo.snap import snap

TABLES = ("sites.csv", "wifi.csv", "public_buildings.csv", "proposals.csv", "masts.csv")
PLAN = ("proposals", "exclusions", "masts", "backhaul", "power")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("sample") / "region"
    assert write_sample(place) == place / "region.toml"
    return place


@pytest.fixture(scope="module")
def truth(folder):
    return json.loads((folder / "truth.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def people(folder):
    return read_raster(folder / "population.tif")


@pytest.fixture(scope="module")
def districts(folder):
    return gpd.read_file(folder / "districts.geojson")


@pytest.fixture(scope="module")
def streets(folder):
    return gpd.read_file(folder / "streets.geojson")


@pytest.fixture(scope="module")
def network(folder, people):
    network, notes = walked(folder, people[1])
    assert notes == []
    return network


def walked(folder, grid):
    return read_streets(folder / "streets.geojson", crs=grid.crs, bounds=grid.bounds)


def digests(folder):
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}


def points_of(folder, name):
    table = pd.read_csv(folder / name)
    return table, gpd.GeoSeries(gpd.points_from_xy(table["lon"], table["lat"]), crs="EPSG:4326")


def test_same_seed_gives_the_same_bytes_under_another_hash_seed(tmp_path):
    write_sample(tmp_path / "a", size_km=40, seed=5)
    code = "import sys; from pathlib import Path; from data.sample import write_sample; write_sample(Path(sys.argv[1]), size_km=40, seed=5)"
    for hash_seed in ("0", "4711"):
        there = tmp_path / hash_seed
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        subprocess.run([sys.executable, "-c", code, str(there)], cwd=ROOT, env=environment, check=True)
        assert digests(there) == digests(tmp_path / "a")


def test_another_seed_gives_another_region(tmp_path):
    write_sample(tmp_path / "a", size_km=40, seed=5)
    write_sample(tmp_path / "b", size_km=40, seed=6)
    first, second = digests(tmp_path / "a"), digests(tmp_path / "b")
    assert [name for name in first if first[name] == second[name]] == ["region.toml"]


def test_rasters_agree_with_the_known_answers(folder, truth, people):
    values, grid = people
    land, land_grid = read_raster(folder / "land.tif")
    built, built_grid = read_raster(folder / "built.tif")
    assert grid == land_grid == built_grid
    assert grid.shape == (100, 100)
    grid.require_equal_area()
    assert (values == np.round(values)).all()
    assert values.sum() == truth["population"]["total"]
    assert 1_500_000 < values.sum() < 2_500_000
    assert land.sum() == truth["land_m2"]
    assert built.sum() == truth["built_m2"]
    assert (land >= 0).all()
    assert (land <= 1e6).all()
    assert ((land > 0) & (land < 1e6)).sum() > 50
    assert (built <= land).all()
    assert values[land == 0].sum() == 0
    assert truth["sea_cells"] == (land == 0).sum()


def test_it_lies_in_the_open_ocean(folder):
    _, points = points_of(folder, "sites.csv")
    west, south, east, north = points.total_bounds
    assert -26 < west < east < -24
    assert 4 < south < north < 6


def test_city_cell_holds_what_the_truth_says(truth, people):
    values, grid = people
    city = truth["city"]
    x, y = Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True).transform(city["lon"], city["lat"])
    assert grid.locate([x], [y])[0] == city["cell_id"]
    assert values.ravel()[city["cell_id"]] == city["people_in_cell"]
    core, _ = ndimage.label(values >= 1500)
    inside = core == core.ravel()[city["cell_id"]]
    assert core.ravel()[city["cell_id"]] > 0
    assert values[inside].sum() >= 50_000


def clusters(density, people, *, least, smallest, corners, largest=np.inf):
    found, count = ndimage.label(density >= least, structure=np.ones((3, 3)) if corners else None)
    size = ndimage.sum_labels(people, found, index=np.arange(1, count + 1))
    return np.isin(found, 1 + np.flatnonzero((size >= smallest) & (size < largest)))


def test_every_settlement_class_appears(folder, people):
    """Level 2 of the Degree of Urbanisation by its thresholds alone, without smoothing and filling."""
    values, _ = people
    land, _ = read_raster(folder / "land.tif")
    density = values / np.maximum(land / 1e6, 1e-9)
    centre = clusters(density, values, least=1500, smallest=50_000, corners=False)
    dense = clusters(density, values, least=1500, smallest=5000, corners=False) & ~centre
    urban = clusters(density, values, least=300, smallest=5000, corners=True)
    near = ndimage.binary_dilation(centre | dense, structure=np.ones((5, 5)))
    found, count = ndimage.label(density >= 900)
    semi = np.zeros_like(centre)
    for k in range(1, count + 1):
        if values[found == k].sum() >= 2500 and not near[found == k].any():
            semi |= found == k
    suburb = urban & ~centre & ~dense & ~semi
    village = clusters(density, values, least=300, smallest=500, largest=5000, corners=True) & ~urban
    rest = ~urban & ~village & ~semi & (land > 0)
    codes = {
        30: centre,
        23: dense,
        22: semi,
        21: suburb,
        13: village,
        12: rest & (density >= 50),
        11: rest & (density < 50),
        10: land == 0,
    }
    assert {code: int(mask.sum()) for code, mask in codes.items() if mask.sum() < 3} == {}


def test_districts_partition_the_land(folder, truth, districts):
    assert len(districts) == truth["districts"]["count"] == 24
    assert dict(zip(districts["id"], districts["name"], strict=True)) == truth["districts"]["names"]
    assert districts["id"].is_unique
    assert districts["name"].is_unique
    assert districts.crs == "EPSG:4326"
    assert districts.is_valid.all()
    assert shapely.coverage_is_valid(districts.geometry.to_numpy())
    flat = districts.to_crs("ESRI:54009")
    whole = shapely.union_all(flat.geometry.to_numpy())
    assert flat.area.sum() == pytest.approx(whole.area, rel=1e-9)
    # each cell of land.tif is rounded to a whole m²
    assert whole.area == pytest.approx(truth["land_m2"], abs=0.5 * 10_000)
    # no gap inside: whatever hole is left is a whole piece of water, never a sliver
    holes = [shapely.Polygon(ring) for part in shapely.get_parts(whole) for ring in part.interiors]
    assert all(hole.area > 1e4 for hole in holes)


def test_people_by_district_equal_a_plain_overlay(districts, truth, people):
    """Oracle: geopandas' own overlay of every coastal or shared cell of three districts with the cells as polygons."""
    values, grid = people
    x, y = grid.centres(np.arange(grid.size))
    cells = gpd.GeoDataFrame(
        {"p": values.ravel()}, geometry=shapely.box(x - 500, y - 500, x + 500, y + 500), crs=grid.crs
    )
    flat = districts.to_crs(grid.crs).iloc[[0, 9, 23]]
    pieces = gpd.overlay(cells, flat, how="intersection", keep_geom_type=True)
    found = (pieces["p"] * pieces.area / 1e6).groupby(pieces["id"]).sum()
    for name, count in found.items():
        assert count == pytest.approx(truth["population"]["by_district"][name], abs=0.01)
    by_district = truth["population"]["by_district"].values()
    assert sum(by_district) == pytest.approx(truth["population"]["in_districts"], abs=0.1)
    outside = truth["population"]["outside_districts"]
    assert truth["population"]["in_districts"] + outside == pytest.approx(truth["population"]["total"], abs=0.01)
    assert 0 <= outside < 0.02 * truth["population"]["total"]


def test_points_stand_on_land(folder, districts, truth):
    land = shapely.union_all(districts.geometry.to_numpy())
    shapely.prepare(land)
    for name in TABLES:
        table, points = points_of(folder, name)
        assert shapely.contains(land, points.to_numpy()).all(), name
        assert table["id"].is_unique
        assert (table["synthetic"].astype(str).str.lower() == "true").all()


def test_sites_agree_with_the_known_answers(folder, truth, people):
    sites = pd.read_csv(folder / "sites.csv")
    assert len(sites) == truth["sites_total"]
    assert set(truth["sites"]) == set(sites["operator"])
    assert len(truth["sites"]) == 3
    for operator, rows in sites.groupby("operator"):
        counts = truth["sites"][operator]
        assert [counts[t] for t in ("2G", "3G", "4G", "5G")] == [rows[f"has_{g}g"].sum() for g in range(2, 6)]
        assert counts["2G"] >= counts["3G"] >= counts["4G"] > counts["5G"] > 0
        assert "synthetic" in operator
    values, grid = people
    x, y = Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True).transform(sites["lon"], sites["lat"])
    far = truth["remotest_inhabited_cell"]
    at_x, at_y = grid.centres(far["cell_id"])
    assert np.hypot(x - at_x, y - at_y).min() == pytest.approx(far["distance_to_nearest_site_m"], abs=1)
    assert values.ravel()[far["cell_id"]] == far["people"] > 0


def test_below_3g_gap_is_real_but_not_most_people(folder, people):
    """Radii of 1.1 / 1.9 / 5 km by the density around the site: some 8–15 % of the people are out of reach of 3G."""
    values, grid = people
    sites = pd.read_csv(folder / "sites.csv").query("has_3g == 1")
    x, y = Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True).transform(sites["lon"], sites["lat"])
    around = ndimage.uniform_filter(values, 3).ravel()[grid.locate(x, y)]
    reach = np.where(around >= 1500, 1100, np.where(around >= 300, 1900, 5000))
    cx, cy = grid.centres(np.arange(grid.size))
    reached = np.zeros(grid.size, dtype=bool)
    for sx, sy, r in zip(x, y, reach, strict=True):
        reached |= np.hypot(cx - sx, cy - sy) <= r
    gap = values.ravel()[~reached].sum() / values.sum()
    assert 0.07 < gap < 0.16


def test_wifi_and_buildings_agree_with_the_known_answers(folder, truth):
    wifi = pd.read_csv(folder / "wifi.csv")
    works = wifi["status"] == "operational"
    assert truth["wifi"] == {
        "hotspots": len(wifi),
        "operational": works.sum(),
        "access_points_operational": wifi.loc[works, "access_points"].sum(),
    }
    assert 0 < works.sum() < len(wifi)
    assert (wifi["setting"] == np.where(wifi["name"].str.contains(" market "), "outdoor", "indoor")).all()
    assert set(wifi["setting"]) == {"indoor", "outdoor"}
    buildings = pd.read_csv(folder / "public_buildings.csv")
    assert buildings["name"].is_unique
    assert truth["public_buildings"] == buildings["category"].value_counts().to_dict()
    places = gpd.read_file(folder / "places.geojson")
    assert places["name"].is_unique
    schools = buildings.loc[buildings["category"] == "school", "name"].str.replace(r" school \d+$", "", regex=True)
    assert set(schools) == set(places["name"])


def test_indicators_join_the_districts_and_leave_one_not_known(folder, truth, districts):
    table = pd.read_csv(folder / "indicators.csv")
    assert table["id"].tolist() == districts["id"].tolist()
    shares = table.filter(like="pct_")
    assert ((shares >= 0) & (shares <= 100) | shares.isna()).all(axis=None)
    assert table.loc[shares.isna().any(axis=1), "id"].tolist() == truth["districts_with_missing_indicators"]
    assert len(truth["districts_with_missing_indicators"]) == 1


def test_description_is_valid_and_says_synthetic_everywhere(folder):
    region = load_region_file(folder / "region.toml")
    assert region.synthetic
    assert "synthetic" in region.name
    raw = tomllib.loads((folder / "region.toml").read_text(encoding="utf-8"))
    sections = [raw[key] for key in ("population", "land", "built", "zones", "streets", "wifi", "hosts", "indicators")]
    sections += [*raw["coverage"], *(raw[key] for key in PLAN)]
    for section in sections:
        assert (folder / section["file"]).is_file()
        assert section["licence"] == "CC0-1.0"
        assert "synthetic" in section["source"]
    assert "Synthetic" in (folder / "README.txt").read_text(encoding="utf-8")
    for name in ("districts", "roads", "river", "places", "streets", "exclusions", "backhaul", "power_lines"):
        assert json.loads((folder / f"{name}.geojson").read_text(encoding="utf-8"))["synthetic"] is True


def test_region_loads_with_its_streets_and_settings(folder, truth, network):
    region = load_region(folder / "region.toml")
    assert region.streets.edges == network.edges
    assert region.wifi["outdoor"].sum() == (pd.read_csv(folder / "wifi.csv")["setting"] == "outdoor").sum() > 0


def test_what_may_be_built_agrees_with_the_known_answers(folder, truth):
    region = load_region(folder / "region.toml")
    given = region.proposals
    assert truth["plan"] == {
        "proposals": len(given),
        "votes": given["votes"].sum(),
        "masts": len(region.masts),
        "exclusions": len(region.exclusions),
        "backhaul": len(region.backhaul),
        "power_lines": len(region.power),
    }
    assert given["kind"].value_counts().to_dict() == {"wifi": 3, "site": 2, "upgrade": 1, "small_cell": 1}
    assert given["votes"].isna().sum() == region.masts["height_m"].isna().sum() == 1
    sites = region.coverage[0].sites
    (upgrade,) = given[given["kind"] == "upgrade"].to_dict("records")
    mine = sites[sites["site_id"] == upgrade["site_id"]]
    assert {"4G"}.isdisjoint(mine["technology"])
    assert (upgrade["x"], upgrade["y"]) == (mine["x"].iloc[0], mine["y"].iloc[0])
    assert region.exclusions["kinds"].tolist() == ["", "site"]
    assert not [note for note in region.notes if note.layer in {"proposals.csv", "masts.csv", "exclusions.geojson"}]


def test_streets_agree_with_the_known_answers(folder, truth, streets, network):
    counts = truth["streets"]
    assert streets["id"].is_unique
    assert counts["streets"] == len(streets)
    assert counts["edges"] == shapely.get_num_geometries(streets.geometry.to_numpy()).sum()
    geod = Geod(ellps="WGS84")
    metres = sum(geod.geometry_length(street) for street in streets.geometry)
    assert metres / 1000 == pytest.approx(counts["km"], abs=0.001)
    # nothing is clipped, drawn twice or a scrap
    assert network.length_m.sum() / 1000 == pytest.approx(counts["km"], abs=0.001)
    assert (folder / "streets.geojson").stat().st_size < 6e6
    xy = shapely.get_coordinates(streets.geometry.to_numpy())
    assert (xy == xy.round(7)).all()


def test_streets_stay_on_land_and_only_roads_cross_the_river(folder, streets, districts):
    land = shapely.union_all(districts.geometry.to_numpy())
    river = gpd.read_file(folder / "river.geojson").geometry[0]
    shapely.prepare([land, river])
    road = streets["class"].isin(["primary", "secondary", "track"])
    lines = streets.geometry[~road].to_numpy()
    assert shapely.contains(land, lines).all()
    assert not shapely.intersects(river, lines).any()
    assert shapely.intersects(river, streets.geometry[road].to_numpy()).any()
    roads = gpd.read_file(folder / "roads.geojson")
    assert streets["class"][road].tolist() == roads["class"].tolist()


def test_streets_of_each_town_hang_together(folder, people, network):
    main = components(network)[network.tail] == 0
    places = gpd.read_file(folder / "places.geojson").to_crs(people[1].crs)
    tree = shapely.STRtree(shapely.points(network.x[network.tail], network.y[network.tail]))
    towns = places[places["kind"] != "village"].geometry.to_numpy()
    town, edge = tree.query(towns, predicate="dwithin", distance=2000)
    metres = np.bincount(town, network.length_m[edge], minlength=len(towns))
    assert (metres > 20_000).all()
    assert (np.bincount(town, (network.length_m * main)[edge], minlength=len(towns)) > 0.9 * metres).all()
    village, _ = tree.query(places.geometry.to_numpy(), predicate="dwithin", distance=1500)
    assert np.unique(village).size > 0.95 * len(places)


def test_people_near_wifi_have_a_street_near_home(folder, people, districts, network):
    values, grid = people
    x, y = grid.centres(np.arange(grid.size))
    wifi, points = points_of(folder, "wifi.csv")
    hotspots = points[wifi["status"] == "operational"].to_crs(grid.crs)
    away, _ = KDTree(np.column_stack([hotspots.x, hotspots.y])).query(np.column_stack([x, y]))
    cells = np.flatnonzero((values.ravel() > 0) & (away < 3000))
    east, south = (a.ravel() for a in np.meshgrid(np.arange(-450, 500, 100), np.arange(-450, 500, 100)))
    homes = np.column_stack([(x[cells, None] + east).ravel(), (y[cells, None] - south).ravel()])
    weight = np.repeat(values.ravel()[cells], east.size)
    land = shapely.union_all(districts.to_crs(grid.crs).geometry.to_numpy())
    shapely.prepare(land)
    dry = shapely.contains_xy(land, homes)
    found = snap(network, homes[dry, 0], homes[dry, 1], max_m=300).edge >= 0
    assert weight[dry][found].sum() > 0.95 * weight[dry].sum()


def test_the_river_parts_its_banks(folder, people, network):
    """By scipy's shortest paths: across the river people walk round by a bridge, along their own bank they do not."""
    river = gpd.read_file(folder / "river.geojson").to_crs(people[1].crs).geometry[0]
    xy = np.column_stack([network.x, network.y])
    city = gpd.read_file(folder / "places.geojson").to_crs(people[1].crs).geometry[0]
    near = np.flatnonzero(
        shapely.dwithin(shapely.points(xy), river, 900) & (np.hypot(*(xy - (city.x, city.y)).T) < 8000)
    )
    graph = sparse.coo_array((network.length_m, (network.tail, network.head)), shape=(len(xy),) * 2).tocsr()
    start = near[:: max(1, near.size // 40)]
    straight = np.hypot(*(xy[start, None] - xy[None, near]).T).T
    ratio = dijkstra(graph, directed=False, indices=start)[:, near] / np.maximum(straight, 1)
    ends = np.stack([np.repeat(xy[start], near.size, axis=0), np.tile(xy[near], (start.size, 1))], axis=1)
    over = shapely.intersects(river, shapely.linestrings(ends)).reshape(ratio.shape)
    close = (straight > 300) & (straight < 1500)
    assert np.median(ratio[close & over]) > 3
    assert np.median(ratio[close & ~over]) < 1.5
    assert np.isfinite(ratio[close & over]).mean() > 0.9


def test_a_region_too_large_for_streets_has_none_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("data.sample.write.MAX_STREETS_KM", 39)
    region_file = write_sample(tmp_path / "r", size_km=40)
    assert not (tmp_path / "r" / "streets.geojson").exists()
    assert "streets.geojson" not in (tmp_path / "r" / "README.txt").read_text(encoding="utf-8")
    truth = json.loads((tmp_path / "r" / "truth.json").read_text(encoding="utf-8"))
    assert truth["streets"] == {"streets": 0, "edges": 0, "km": 0}
    assert load_region(region_file).streets is None


@pytest.mark.parametrize(("size", "resolution"), [(40, 1000), (60, 250), (150, 1000)])
def test_other_sizes_and_resolutions(tmp_path, size, resolution):
    steps = []
    write_sample(
        tmp_path / "r",
        size_km=size,
        seed=3,
        resolution_m=resolution,
        progress=lambda done, what: steps.append((done, what)),
    )
    values, grid = read_raster(tmp_path / "r" / "population.tif")
    truth = json.loads((tmp_path / "r" / "truth.json").read_text(encoding="utf-8"))
    assert grid.shape == (size * 1000 // resolution,) * 2
    assert values.sum() == truth["population"]["total"]
    assert truth["population"]["total"] > 50 * size * size
    assert shapely.coverage_is_valid(gpd.read_file(tmp_path / "r" / "districts.geojson").geometry.to_numpy())
    assert truth["districts"]["count"] >= 6
    network, _ = walked(tmp_path / "r", grid)
    assert network.length_m.sum() / 1000 == pytest.approx(truth["streets"]["km"], rel=1e-4)
    done = [step for step, _ in steps]
    assert done == sorted(done)
    assert done[-1] == 1


def test_replaces_an_earlier_sample_but_nothing_else(tmp_path):
    (tmp_path / "empty").mkdir()
    write_sample(tmp_path / "empty", size_km=40)
    first = digests(tmp_path / "empty")
    write_sample(tmp_path / "empty", size_km=40, seed=9)
    assert digests(tmp_path / "empty") != first
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(SourceError, match="holds other files"):
        write_sample(tmp_path / "mine", size_km=40)
    with pytest.raises(SourceError, match="is a file"):
        write_sample(tmp_path / "mine" / "thesis.txt", size_km=40)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["empty", "mine"]


@pytest.mark.parametrize(
    ("wrong", "key"),
    [({"size_km": 39}, "size_km"), ({"size_km": 1001}, "size_km"), ({"resolution_m": 300}, "resolution_m"),
     ({"resolution_m": 0}, "resolution_m"), ({"size_km": 1000, "resolution_m": 100}, "resolution_m"), ({"seed": -1}, "seed")],
)  # fmt: skip
def test_impossible_settings_are_refused(tmp_path, wrong, key):
    with pytest.raises(ScenarioError) as error:
        write_sample(tmp_path / "r", **wrong)
    assert error.value.key == key
    assert not list(tmp_path.iterdir())


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32), spacing=st.sampled_from([1.0, 1.8, 2.3, 4.5]))
def test_scatter_keeps_its_distance_and_leaves_no_cell_unserved(seed, spacing):
    rng = stream(seed, "test")
    weight = rng.random((17, 23)) * (rng.random((17, 23)) < 0.7)
    chosen = scatter(rng, weight, spacing=spacing)
    row, col = np.divmod(chosen, 23)
    apart = np.hypot(row[:, None] - row, col[:, None] - col) + 99 * np.eye(chosen.size)
    assert chosen.size == 0 or apart.min() > spacing
    wanted = np.argwhere(weight > 0)
    nearest = np.hypot(wanted[:, :1] - row, wanted[:, 1:] - col).min(axis=1)
    assert (nearest <= spacing).all()


def test_names_differ_even_when_the_short_ones_run_out():
    names = make_names(stream(1, "names"), count=25_000)
    assert len(set(names)) == 25_000
    assert names[:10] == make_names(stream(1, "names"), count=10)


def test_cheapest_way_goes_round_a_hill():
    cost = np.ones((5, 7))
    cost[0:4, 3] = 100
    path = _cheapest(cost, 0, 6)
    assert path[0] == 0
    assert path[-1] == 6
    assert 4 * 7 + 3 in path.tolist()


def test_neighbours_of_a_square_with_a_middle_are_sides_and_spokes():
    # the sides' circles reach exactly to the middle point, which lies on them and so does not count as inside
    x, y = np.array([0.0, 2, 2, 0, 1]), np.array([0.0, 0, 2, 2, 1])
    pairs = {tuple(pair) for pair in _neighbours(x, y).tolist()}
    assert pairs == {(0, 1), (1, 2), (2, 3), (0, 3), (0, 4), (1, 4), (2, 4), (3, 4)}


def test_meeting_of_a_half_cell_is_half_a_cell():
    grid = sample_grid(40, resolution_m=1000)
    west, _, _, north = grid.bounds
    shape = shapely.box(west + 500, north - 2000, west + 3000, north - 1000)
    none = np.zeros(1)
    one = Districts(("S-01",), ("A",), np.array([shape]), np.array([shape]), none, none)
    shares = meet(one, grid)
    assert dict(zip(shares.cell.tolist(), (shares.area / 1e6).tolist(), strict=True)) == {40: 0.5, 41: 1.0, 42: 1.0}


def test_ground_is_dry_where_it_says_so():
    terrain = make_terrain(60, seed=8)
    x, y = terrain.grid.centres(np.flatnonzero(terrain.mainland))
    boxes = shapely.box(x - 500, y - 500, x + 500, y + 500)
    shapely.prepare(terrain.land)
    assert shapely.covers(terrain.land, boxes).all()
    assert terrain.mainland.any()
    assert ((terrain.hills >= 0) & (terrain.hills <= 1)).all()


def pieces(*segments, kind, ward=-1):
    xy = np.array(segments, dtype=float).reshape(-1, 2, 2)
    return _Pieces(xy, np.arange(len(xy)), np.full(len(xy), kind), np.full(len(xy), ward))


def drawn(found):
    return sorted(
        (found.kind[k], *sorted(map(tuple, ends))) for ends, k in zip(found.xy.tolist(), found.street, strict=True)
    )


def test_a_street_is_cut_where_it_crosses_an_avenue_and_joined_where_it_ends_just_short_of_one():
    crossing, short = [(0, 0), (100, 0)], [(50.5, 30), (90, 30)]
    found = _joined(pieces(crossing, short, kind="street"), pieces([(50, -40), (50, 60)], kind="avenue"))
    assert drawn(found) == [
        ("avenue", (50, -40), (50, 0)),
        ("avenue", (50, 0), (50.5, 30)),
        ("avenue", (50, 60), (50.5, 30)),
        ("street", (0, 0), (50, 0)),
        ("street", (50, 0), (100, 0)),
        ("street", (50.5, 30), (90, 30)),
    ]


def test_dead_ends_of_avenues_stubs_scraps_and_doubles_go():
    road = [(0, 0), (2000, 0)]
    avenues = [(1000, 0), (1000, 200)], [(1000, 200), (1000, 400)]
    blind, stub, double, scrap = (
        [(500, 0), (500, 100)],
        [(700, 0), (700, 70)],
        [(500, 100), (500, 0)],
        [(0, 900), (1400, 900)],
    )
    ways = _joined(pieces(road, kind="primary"), pieces(*avenues, kind="avenue"))
    found = _tidied(_joined(pieces(blind, stub, double, scrap, kind="street"), ways))
    assert [line for line in drawn(found) if line[0] != "primary"] == [("street", (500, 0), (500, 100))]
    assert np.hypot(*(found.xy[:, 1] - found.xy[:, 0]).T).sum() == 2100


ends = st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12), st.integers(0, 12)).filter(
    lambda e: e[:2] != e[2:]
)


@settings(max_examples=200)
@given(st.lists(ends, min_size=1, max_size=6), st.lists(ends, min_size=1, max_size=5))
def test_pieces_hang_together_just_as_the_lines_they_are_cut_from_and_are_as_long(blocks, ways):
    """Oracle: lines touch when shapely says so; two blocks touch only at an end of both."""
    blocks, ways = (100.0 * np.array(lines).reshape(-1, 2, 2) for lines in (blocks, ways))
    xy = np.concatenate([blocks, ways])
    lines = shapely.linestrings(xy)
    apart = shapely.distance(lines[:, None], lines[None])
    assume(not ((apart > 0) & (apart < 5)).any())
    i, j = np.nonzero(apart == 0)
    way = np.maximum(i, j) >= len(blocks)
    shares_end = (xy[i][:, :, None] == xy[j][:, None]).all(axis=-1).any(axis=(1, 2))
    i, j = i[way | shares_end], j[way | shares_end]
    graph = sparse.coo_array((np.ones(i.size), (i, j)), shape=(len(xy),) * 2)
    wanted, _ = connected_components(graph, directed=False)
    found = _joined(pieces(*blocks, kind="street"), pieces(*ways, kind="avenue"))
    corners, joins = _nodes(found.xy)
    graph = sparse.coo_array((np.ones(len(joins)), joins.T), shape=(len(corners),) * 2)
    assert connected_components(graph, directed=False)[0] == wanted
    assert np.hypot(*(found.xy[:, 1] - found.xy[:, 0]).T).sum() == pytest.approx(shapely.length(lines).sum(), abs=20)
