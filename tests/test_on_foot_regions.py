"""Public WiFi on foot in real places: Paris by straight line, Porto Alegre along its streets and by the commands."""

import importlib.util
import json
import shutil
from types import SimpleNamespace

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import ROOT, shared
from pyproj import CRS, Transformer
from typer.testing import CliRunner

from analysis.access import walk_to_wifi
from analysis.cli import app
from analysis.explain import explain_cell, explain_zone
from analysis.fragments import make_fragments
from analysis.homes import make_homes
from analysis.on_foot import on_foot
from analysis.results import read_results
from analysis.run import run
from analysis.scenario import Scenario
from data.load import load_region
from data.street_file import load_streets
from geo.errors import CRSError, SchemaError, SourceError
from geo.snap import snap

RUNNER = CliRunner()


@pytest.fixture(scope="module")
def paris_region():
    return load_region(ROOT / "examples/ile-de-france/region.toml", root=shared("ile-de-france"))


def test_paris_equals_a_count_by_shapely_alone(paris_region):
    region = paris_region
    fragments = make_fragments(region, everything=False)
    found = walk_to_wifi(region, fragments, on_foot(region, walking=Scenario().walking), scenario=Scenario())
    inside = region.zones["zone_id"].str.startswith("75").to_numpy()
    assert found.known.tolist() == np.append(inside, np.False_)[fragments.zone].tolist()
    assert found.open.size == 271
    working = region.wifi[region.wifi["operational"]]
    # Paris is small: within 16 km of its centre this projection keeps distances to a millionth
    flat = Transformer.from_crs(
        CRS.from_proj4("+proj=aeqd +lat_0=48.8566 +lon_0=2.3522 +datum=WGS84"), region.grid.crs, always_xy=True
    )
    east, north = flat.transform(working["x"], working["y"], direction="INVERSE")
    assert np.hypot(east, north).max() < 16_000
    x, y = region.grid.centres(fragments.cells)
    half = region.grid.dx / 2
    boxes = shapely.box(x - half, y - half, x + half, y + half)
    mine = np.append(inside, np.False_)[fragments.zone]
    for metres in (400, 800):
        discs = shapely.buffer(shapely.points(east, north), metres, quad_segs=256)
        met = shapely.transform(shapely.union_all(discs), lambda ring: np.column_stack(flat.transform(*ring.T)))
        share = shapely.area(shapely.intersection(boxes, met)) / (4 * half * half)
        expected = (share[fragments.cell] * fragments.persons)[mine].sum()
        assert found.straight[metres] @ fragments.persons == pytest.approx(expected, rel=1e-4)


def test_paris_is_not_touched_by_what_stands_outside(paris_region):
    """People outside the known area are unknown, and a hotspot beyond it is nobody's there."""
    region = paris_region
    fragments = make_fragments(region, everything=False)
    found = walk_to_wifi(region, fragments, on_foot(region, walking=Scenario().walking), scenario=Scenario())
    outside = found.known == 0
    for limit in (5, 10, 15):
        assert not found.within[limit][outside].any()
    # who is nearest to whom sums to who is within reach
    assert found.people.sum(axis=0) == pytest.approx([found.within[m] @ fragments.persons for m in (5, 10, 15)])


@pytest.fixture(scope="module")
def poa(tmp_path_factory):
    """Folder with the inputs of the example, population and zones made by its own script."""
    source, folder = shared("porto-alegre"), tmp_path_factory.mktemp("poa")
    for path in source.glob("poa_*"):
        shutil.copy(path, folder)
    spec = importlib.util.spec_from_file_location("prepare", ROOT / "examples/porto-alegre/prepare.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main(source, folder)
    shutil.copy(ROOT / "examples/porto-alegre/region.toml", folder)
    return folder


@pytest.fixture(scope="module")
def poa_results(poa, tmp_path_factory):
    out = tmp_path_factory.mktemp("poa-results") / "results"
    run(poa / "region.toml", out=out)
    return read_results(out)


def test_porto_alegre_end_to_end(poa_results, poa):
    told = poa_results.summary["wifi"]
    people = pd.read_csv(poa / "poa_hexgrid.csv")["population"].sum()
    total = poa_results.summary["population"]["total"]
    assert total == pytest.approx(people - 21_308, rel=1e-6)
    assert told["measure"] == "along streets"
    counted = ("within_15_min", "beyond_15_min", "without_way", "unknown")
    assert sum(told[name] for name in counted) == pytest.approx(total)
    assert 0 < told["within_5_min"] < told["within_10_min"] < told["within_15_min"]
    # a straight line overstates walking access, hills slow people further
    assert told["overstated"]["400_m"] == pytest.approx(told["within_400_m"] / told["along"]["within_400_m"] - 1)
    assert told["overstated"]["400_m"] > told["overstated"]["800_m"] > 0.3
    assert told["within_5_min"] < told["along"]["within_400_m"]
    cells = poa_results.cells
    assert (cells["wifi_5_min"] * cells["population"]).sum() == pytest.approx(told["within_5_min"])
    assert cells["wifi_beyond_people"].sum() == pytest.approx(total - told["within_5_min"])
    assert poa_results.wifi["people_15_min"].sum() == pytest.approx(told["within_15_min"])
    # a walk is never shorter than the straight line to the nearest hotspot
    assert (cells["wifi_5_min"] <= cells["wifi_400_m"].to_numpy() + 0.5).all()
    areas = poa_results.catchments
    near = cells[cells["wifi_walk_min"] <= 9]
    inside = areas.geometry.iloc[1].buffer(100).covers(gpd.points_from_xy(near["x"], near["y"], crs=cells.crs))
    assert inside.mean() > 0.97
    zone = poa_results.zones.sort_values("rank_by_wifi").iloc[0]
    said = "\n".join(explain_zone(poa_results, zone["zone_id"]))
    assert f"within 5 min: {zone['wifi_5_min_people']:,.1f}" in said
    cell = cells.loc[cells["wifi_5_min"].idxmax()]
    said = "\n".join(explain_cell(poa_results, int(cell["cell_id"])))
    assert "along streets" in said
    assert str(cell["wifi_nearest"]) in said


def test_porto_alegre_equals_networkx_home_by_home(poa):
    region = load_region(poa / "region.toml")
    scenario = Scenario.model_validate({"walking": {"slopes": False}})
    fragments = make_fragments(region, everything=False)
    foot = on_foot(region, walking=scenario.walking)
    rng = np.random.default_rng(8)
    cells = np.sort(rng.choice(fragments.cells.size, 300, replace=False))
    homes = make_homes(region, fragments, cells=cells)
    x, y = region.wifi["x"].to_numpy(), region.wifi["y"].to_numpy()
    walks = foot.walks(homes.x, homes.y, place_x=x, place_y=y)
    streets = region.streets
    graph, doors = nx.MultiGraph(), snap(streets, x, y, max_m=500)
    graph.add_weighted_edges_from(
        zip(streets.tail.tolist(), streets.head.tolist(), streets.length_m.tolist(), strict=True)
    )
    for k in range(x.size):
        e, along = doors.edge[k], doors.along_m[k]
        graph.add_edge("wifi", ("door", k), weight=float(doors.off_m[k]))
        graph.add_edge(("door", k), int(streets.tail[e]), weight=float(along))
        graph.add_edge(("door", k), int(streets.head[e]), weight=float(streets.length_m[e] - along))
    far = nx.single_source_dijkstra_path_length(graph, "wifi")
    at = snap(streets, homes.x, homes.y, max_m=500)
    ways = np.full(homes.x.size, np.inf)
    for i in np.flatnonzero((at.edge >= 0) & ~np.isin(at.edge, doors.edge)):
        e = at.edge[i]
        tail, head = (far.get(int(end[e]), np.inf) for end in (streets.tail, streets.head))
        ways[i] = min(tail + at.along_m[i], head + streets.length_m[e] - at.along_m[i]) + at.off_m[i]
    same = np.isfinite(ways)
    assert same.sum() > 200
    np.testing.assert_allclose(walks.walk_m[same], ways[same], rtol=0, atol=1e-6)
    np.testing.assert_allclose(walks.walk_time_min[same], ways[same] / 80, rtol=1e-12)


def invoke(*arguments):
    return RUNNER.invoke(app, [str(part) for part in arguments])


def test_streets_are_made_once_and_a_run_reads_them(poa, poa_results, tmp_path):
    folder = tmp_path / "in"
    shutil.copytree(poa, folder)
    saved = folder / "streets.parquet"
    made = invoke("streets", folder / "region.toml", "--from", poa / "poa_osm.pbf", "--out", saved, "--json")
    assert made.exit_code == 0, made.output
    told = json.loads(made.stdout)
    assert told["heights"] is True
    assert told["km"] == pytest.approx(1827.4, abs=0.1)
    text = (folder / "region.toml").read_text(encoding="utf-8").replace("poa_osm.pbf", "streets.parquet")
    (folder / "region.toml").write_text(text, encoding="utf-8")
    run(folder / "region.toml", out=tmp_path / "out")
    again = read_results(tmp_path / "out")
    pd.testing.assert_frame_equal(pd.DataFrame(again.cells), pd.DataFrame(poa_results.cells))


def test_hosts_are_listed_and_read_back(poa, tmp_path):
    out = tmp_path / "hosts.csv"
    made = invoke("hosts", poa / "region.toml", "--from", poa / "poa_osm.pbf", "--out", out)
    assert made.exit_code == 0, made.output
    assert "36 places" in made.stdout
    folder = tmp_path / "in"
    shutil.copytree(poa, folder)
    shutil.copy(out, folder)
    columns = 'id = "id", name = "name", category = "category", hours = "hours", wifi = "wifi", x = "lon", y = "lat"'
    with (folder / "region.toml").open("a", encoding="utf-8") as stream:
        stream.write(f'\n[hosts]\nfile = "hosts.csv"\ncolumns = {{ {columns} }}\n')
    hosts = load_region(folder / "region.toml").hosts
    assert len(hosts) == 36
    assert hosts["category"].value_counts()["bus station"] == 25


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (["--from", "{poa}/poa_osm.pbf", "--fetch"], "exactly one"),
        ([], "exactly one"),
        (["--from", "{poa}/poa_osm.pbf", "--place", "Porto Alegre"], "goes with --fetch"),
        (["--fetch", "--bbox", "1,2,3"], "west,south,east,north"),
        (["--fetch", "--bbox", "1,2,3,4", "--place", "x"], "one of them"),
    ],
)
def test_options_that_do_not_fit_together(poa, tmp_path, extra, said):
    filled = [part.format(poa=poa) for part in extra]
    found = invoke("streets", poa / "region.toml", "--out", tmp_path / "s.parquet", *filled)
    assert found.exit_code != 0
    assert said in str(found.exception)
    assert list(tmp_path.iterdir()) == []


def test_bad_streets_stop_a_run_with_their_reason(poa, tmp_path):
    folder = tmp_path / "in"
    shutil.copytree(poa, folder)
    region = (folder / "region.toml").read_text(encoding="utf-8")
    whole = (folder / "poa_osm.pbf").read_bytes()
    (folder / "poa_osm.pbf").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SchemaError, match=r"poa_osm.pbf.*cut short"):
        load_region(folder / "region.toml")
    (folder / "poa_osm.pbf").write_bytes(b"")
    with pytest.raises(SchemaError, match=r"poa_osm.pbf"):
        load_region(folder / "region.toml")
    far = gpd.GeoDataFrame(geometry=[shapely.LineString([(10, 50), (10.1, 50)])], crs=4326)
    far.to_file(folder / "far.geojson")
    (folder / "region.toml").write_text(region.replace("poa_osm.pbf", "far.geojson"), encoding="utf-8")
    with pytest.raises(SchemaError, match=r"far.geojson"):
        load_region(folder / "region.toml")
    (folder / "region.toml").write_text(region.replace("poa_osm.pbf", "none.osm.pbf"), encoding="utf-8")
    with pytest.raises(SchemaError, match=r"none.osm.pbf.*no such file"):
        load_region(folder / "region.toml")


def test_streets_of_another_grid_are_refused(poa, tmp_path, paris_region):
    folder = tmp_path / "in"
    shutil.copytree(poa, folder)
    saved = folder / "streets.parquet"
    invoke("streets", folder / "region.toml", "--from", poa / "poa_osm.pbf", "--out", saved)
    with pytest.raises(CRSError, match="gapmap streets"):
        load_streets(saved, crs=paris_region.grid.crs)


def test_no_network_no_answer(poa, tmp_path, monkeypatch):
    waited: list[float] = []
    monkeypatch.setattr("osmnx._overpass.time", SimpleNamespace(sleep=waited.append))
    where = ("--overpass", "http://127.0.0.1:9/api", "--nominatim", "http://127.0.0.1:9/")
    for command, out in (("streets", "s.parquet"), ("hosts", "h.csv")):
        found = invoke(
            command, poa / "region.toml", "--fetch", *where, "--cache", tmp_path / "c", "--out", tmp_path / out
        )
        assert isinstance(found.exception, SourceError), found.output
        assert not (tmp_path / out).exists()
    assert waited == [60, 60]  # what osmnx leaves a server that does not tell how busy it is: not sat out here
