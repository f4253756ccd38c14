"""Streets, hosts and lists of WiFi as people bring them wrong, and where their results must not be written."""

import csv
import json
import shutil
import sys
from dataclasses import replace
from io import StringIO
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from osm_town import write_osm
from pyproj import CRS, Transformer
from typer.testing import CliRunner

from analysis.check import check, lines
from analysis.cli import app
from analysis.cli_shared import harmless, note, say
from analysis.osm_tool import Online
from analysis.run import run
from data.csv_out import safe_csv
from data.fetch_osm import Servers, area_of, asking
from data.load import load_region
from data.osm_file import osm_file
from data.osm_hosts import read_osm_hosts
from data.street_file import load_streets, save_streets
from data.streets import read_streets
from data.wifi import read_wifi
from geo.errors import SchemaError, SourceError
from geo.grid import Grid
from geo.raster import write_raster

GRID = Grid(CRS.from_epsg(3035), Affine(1000, 0, 4_000_000, 0, -1000, 3_010_000), (10, 10))
BACK = Transformer.from_crs(3035, 4326, always_xy=True)
WEST, SOUTH = BACK.transform(4_001_000, 3_001_000)
EAST, NORTH = BACK.transform(4_009_000, 3_009_000)
X, Y = (WEST + EAST) / 2, (SOUTH + NORTH) / 2
OSM = {1: (X, Y), 2: (X + 0.02, Y), 3: (X, Y + 0.01, {"amenity": "library", "name": "Books\x85"})}
TOML = """
name = "Test"
[population]
file = "people.tif"
[zones]
file = "zones.geojson"
id = "id"
name = "name"
[wifi]
file = "wifi.csv"
columns = { x = "lon", y = "lat", id = "id", status = "status", access = "terms" }
"""


def polygons(path, *boxes):
    rows = {"id": [f"z{k}" for k in range(len(boxes))], "name": [f"Zone {k}" for k in range(len(boxes))]}
    gpd.GeoDataFrame(rows, geometry=[shapely.box(*box) for box in boxes], crs=4326).to_file(path)
    return path


@pytest.fixture
def place(tmp_path):
    """A small good region, with a file of OpenStreetMap beside it."""
    write_raster(tmp_path / "people.tif", np.full(GRID.shape, 100.0), GRID, nodata=None)
    polygons(tmp_path / "zones.geojson", (WEST, SOUTH, X, NORTH), (X, SOUTH, EAST, NORTH))
    (tmp_path / "wifi.csv").write_text(f"id,lon,lat,status,terms\n1,{X},{Y},open,paid\n2,{X},{Y},closed,free\n")
    (tmp_path / "place.toml").write_text(TOML)
    write_osm(tmp_path / "town.osm", OSM, {1: ([1, 2], {"highway": "path"})})
    return tmp_path


def add(place, text):
    with (place / "place.toml").open("a") as stream:
        stream.write(text)


def invoke(*arguments):
    return CliRunner().invoke(app, [str(part) for part in arguments])


def make(place, command, out, *more):
    return invoke(command, place / "place.toml", "--from", place / "town.osm", "--out", out, *more)


def kept(place):
    return {path.name: path.read_bytes() for path in place.iterdir() if path.is_file()}


def failed(found, kind):
    assert isinstance(found.exception, kind), found.output
    return str(found.exception)


# --- where results are written --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "out", "said"),
    [
        ("hosts", "wifi.csv", "one of the files to be read"),
        ("hosts", "link.csv", "one of the files to be read"),
        ("hosts", "other.csv", "another list"),
        ("hosts", "place.toml", r"is no name of a .csv file"),
        ("hosts", "people.tif", r"is no name of a .csv file"),
        ("streets", "lines.parquet", "one of the files to be read"),
        ("streets", "town.osm", r"is no name of a .parquet file"),
        ("streets", "", r"is no name of a .parquet file"),
        ("hosts", ".", r"is no name of a .csv file"),
    ],
)
def test_no_file_of_a_person_is_overwritten(place, monkeypatch, command, out, said):
    monkeypatch.chdir(place)
    (place / "other.csv").write_text("a,b\n1,2\n")
    (place / "link.csv").symlink_to("wifi.csv")
    (place / "lines.parquet").write_bytes(b"lines")
    source = place / ("lines.parquet" if out == "lines.parquet" else "town.osm")
    before = kept(place)
    found = invoke(command, "place.toml", "--from", source, "--out", out)
    assert said in failed(found, SchemaError)
    assert kept(place) == before


def test_a_list_that_two_sections_name_is_an_input_and_our_own_is_made_anew(place):
    assert make(place, "hosts", place / "hosts.csv").exit_code == 0
    add(place, '[hosts]\nfile = "hosts.csv"\ncolumns = { x = "lon", y = "lat" }\n')
    assert make(place, "hosts", place / "hosts.csv").exit_code == 0
    text = (place / "place.toml").read_text().replace("wifi.csv", "hosts.csv")
    (place / "place.toml").write_text(text)
    assert "to be read" in failed(make(place, "hosts", place / "hosts.csv"), SchemaError)


@pytest.mark.parametrize("out", ["no/x.csv", "place.toml/x.csv", "folder.csv", "/proc/x.csv", "ring.csv", "x" * 300])
def test_where_nothing_can_be_written_is_one_clear_error(place, out):
    (place / "folder.csv").mkdir()
    (place / "ring.csv").symlink_to("ring.csv")
    name = place / (out if out.endswith(".csv") else f"{out}.csv")
    before = kept(place)
    said = failed(make(place, "hosts", name), SourceError)
    assert said.startswith(str(name))
    assert "Mend:" in said
    assert kept(place) == before


# --- asking servers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("box", ["nan,1,2,3", "1,2,inf,3", "5,1,4,2", "1,5,2,4", "-181,1,2,2", "1,2,3,90.5"])
def test_bounds_that_are_no_degrees_are_refused_before_anything_is_asked(place, monkeypatch, box):
    monkeypatch.setitem(sys.modules, "osmnx", None)
    found = invoke("streets", place / "place.toml", "--fetch", f"--bbox={box}", "--out", place / "s.parquet")
    assert "is no west, south, east, north in degrees" in failed(found, SchemaError)
    assert "asked" not in found.output
    with pytest.raises(SchemaError, match="in degrees"):
        area_of(SimpleNamespace(), tuple(float(part) for part in box.split(",")))


def test_the_network_is_told_of_only_when_it_is_used(place, monkeypatch):
    monkeypatch.setattr(
        "data.fetch_streets.fetch_streets",
        lambda *_, **__: read_streets(place / "town.osm", crs=GRID.crs, bounds=GRID.bounds),
    )
    made = invoke("streets", place / "place.toml", "--fetch", "--out", place / "s.parquet")
    assert made.exit_code == 0, made.output
    assert "servers are asked" in made.stderr
    refused = invoke("streets", place / "place.toml", "--fetch", "--out", place / "s.csv")
    assert (refused.exit_code, refused.stderr) == (1, "")
    assert make(place, "streets", place / "s.parquet").stderr == ""


def test_a_file_is_no_folder_for_answers(place):
    servers = Servers(place / "wifi.csv" / "c", "http://127.0.0.1:9", "http://127.0.0.1:9", 1)
    with pytest.raises(SourceError, match="no folder for answers"), asking("x", servers):
        pass


def test_an_area_without_degrees_is_refused():
    with pytest.raises(SchemaError, match="--bbox"):
        Online(bbox=(float("nan"), 1, 2, 3)).where(gpd.GeoDataFrame())


# --- files of OpenStreetMap -----------------------------------------------------------------------------------------


def streets_of(path):
    return read_streets(path, crs=GRID.crs, bounds=GRID.bounds, least_m=0)


def test_what_josm_drew_is_read_like_what_was_uploaded(place):
    nodes = {1: (X, Y), 2: (X + 0.01, Y), 3: (X + 0.01, Y + 0.01), 4: (X, Y + 0.01, {"amenity": "library"})}
    ways = {
        1: ([1, 2], {"highway": "path"}),
        2: ([2, 3, 1, 2], {"amenity": "school"}),
        3: ([2, 3], {"highway": "path"}),
    }
    whole, notes = streets_of(write_osm(place / "a.osm", nodes, ways))
    for drawn in ({1, 2, 3, 4}, {2}):  # all of it, and some of it beside what is there
        sign = {k: -k if k in drawn else k for k in nodes}
        order = sorted(nodes, key=lambda k: (sign[k] > 0, k))
        own = {sign[k]: nodes[k] for k in order}
        mixed = {-k: ([sign[ref] for ref in refs], tags) for k, (refs, tags) in ways.items()}
        path = write_osm(place / "b.osm", own, mixed)
        found, others = streets_of(path)
        assert (sorted(found.length_m), len(others)) == (sorted(whole.length_m), len(notes))
        table, _ = read_osm_hosts(path, crs=GRID.crs)
        assert table["host_id"].tolist() == [f"node/{sign[4]}", "way/-2"]


def test_a_place_that_osmium_refuses_is_a_fault_of_the_file(place):
    from osmium import InvalidLocationError

    with pytest.raises(SchemaError, match=r"town.osm: .*invalid"), osm_file(place / "town.osm"):
        raise InvalidLocationError("invalid location")
    path = write_osm(place / "far.osm", {1: (X, 95), 2: (X, Y)}, {1: ([1, 2], {"highway": "path"})})
    with pytest.raises(SchemaError, match=r"far.osm"):
        streets_of(path)


def test_what_josm_deleted_is_not_taken_for_a_street(place):
    text = (place / "town.osm").read_text(encoding="utf-8")
    (place / "town.osm").write_text(text.replace("<way ", "<way action='delete' ", 1), encoding="utf-8")
    with pytest.raises(SchemaError, match=r"town.osm: holds things that its editor marks as deleted") as caught:
        streets_of(place / "town.osm")
    assert str(caught.value).count("Mend:") == 1


def test_lines_without_length_are_counted_once(place):
    line = shapely.LineString
    ring = line([(X, Y), (X + 0.01, Y), (X, Y + 0.01), (X, Y)])
    still = [line([(X, Y), (X, Y)]), line([(X, Y)] * 3)]
    gpd.GeoDataFrame(geometry=[*still, ring], crs=4326).to_file(place / "l.gpkg")
    found, notes = streets_of(place / "l.gpkg")
    assert (found.edges, found.tail.tolist()) == (1, found.head.tolist())
    assert [(one.what, one.count) for one in notes] == [("lines without length, dropped", 2)]
    gpd.GeoDataFrame(geometry=still, crs=4326).to_file(place / "s.gpkg")
    with pytest.raises(SchemaError, match="none of its 2 walkable lines has a length"):
        streets_of(place / "s.gpkg")


def test_a_graph_without_a_crs_is_read_in_degrees_and_said(place):
    keys = "".join(f"<key id='{k}' for='all' attr.name='{k}' attr.type='string'/>" for k in ("x", "y"))
    nodes = "".join(f"<node id='{k}'><data key='x'>{x}</data><data key='y'>{y}</data></node>" for k, x, y in
                    (("a", X, Y), ("b", X + 0.01, Y)))  # fmt: skip
    text = f"<graphml xmlns='http://graphml.graphdrawing.org/xmlns'>{keys}<graph>{nodes}<edge source='a' target='b'/>"
    (place / "g.graphml").write_text(f"{text}</graph></graphml>")
    _, notes = streets_of(place / "g.graphml")
    assert "states no CRS, read as longitude and latitude" in notes[0].what


# --- streets made before --------------------------------------------------------------------------------------------


def moved(network, metres):
    return replace(network, **{name: getattr(network, name) + metres for name in ("x", "y", "vertex_x", "vertex_y")})


def test_streets_of_another_region_in_the_same_crs_are_refused(place):
    network, _ = streets_of(place / "town.osm")
    add(place, '[streets]\nfile = "s.parquet"\n')
    save_streets(moved(network, 500), place / "s.parquet")
    assert load_region(place / "place.toml").streets.edges == 1
    save_streets(moved(network, 50_000), place / "s.parquet")
    with pytest.raises(SchemaError, match=r"s.parquet: no street lies in the region"):
        load_region(place / "place.toml")


@pytest.mark.parametrize(
    ("factor", "good"), [(0.95, True), (1.4, True), (0.3048, False), (3.281, False), (0.001, False)]
)
def test_lengths_must_be_those_of_the_lines(place, factor, good):
    network, _ = streets_of(place / "town.osm")
    wrong = replace(network, length_m=network.length_m * factor, vertex_m=network.vertex_m * factor)
    save_streets(wrong, place / "s.parquet")
    if good:
        assert load_streets(place / "s.parquet").edges == 1
        return
    with pytest.raises(SchemaError, match="1 streets are not as long as their lines") as caught:
        load_streets(place / "s.parquet")
    assert (caught.value.faults[0].column, caught.value.faults[0].row) == ("length_m", "1")


def test_lengths_are_compared_on_the_ground_however_the_projection_stretches(place):
    nodes = {1: (25.0, 70.0), 2: (25.02, 70.0), 3: (25.02, 70.01)}
    path = write_osm(place / "north.osm", nodes, {1: ([1, 2], {"highway": "path"}), 2: ([2, 3], {"highway": "path"})})
    crs = CRS.from_epsg(6933)  # at 70° north 2.5 times too wide
    x, y = Transformer.from_crs(4326, crs, always_xy=True).transform(25.0, 70.0)
    network, _ = read_streets(path, crs=crs, bounds=(x - 9e3, y - 9e3, x + 9e3, y + 9e3), least_m=0)
    save_streets(network, place / "s.parquet")
    assert load_streets(place / "s.parquet").length_m.tolist() == network.length_m.tolist()


# --- lists of WiFi --------------------------------------------------------------------------------------------------

COLUMNS = {"x": "lon", "y": "lat", "id": "id", "status": "status", "access": "terms", "access_points": "n"}


def wifi(tmp_path, rows, **lists):
    text = [f"{k},{X},{Y},{row}" for k, row in enumerate(rows)]
    (tmp_path / "w.csv").write_text("\n".join(["id,lon,lat,status,terms,n", *text]) + "\n")
    found, notes = read_wifi(tmp_path / "w.csv", columns=COLUMNS, grid_crs=GRID.crs, **lists)
    return found, {one.what: (one.count, one.detail) for one in notes}


def test_words_that_are_not_read_or_not_there_are_told(tmp_path):
    rows = ["open,free,1", "shut,free,2", "open,,3"]
    _, notes = wifi(tmp_path, rows, operational=["open", "opne"])
    assert notes["words of the status list that no row has"] == (1, "opne")
    (told,) = (value for what, value in notes.items() if "access is given while no list 'free'" in what)
    assert told == (2, "free 2")


def test_a_list_without_an_open_hotspot_is_read_and_said(tmp_path):
    found, notes = wifi(tmp_path, ["shut,free,1", "shut,paid,2"], operational=["open"], free=["free"])
    assert not found["operational"].any()
    assert notes["words of the status list that no row has"][1].endswith("the rows have: shut 2")
    assert notes["points, of which none is open: nobody can use any"][0] == 2


def test_a_region_without_an_open_hotspot_runs_and_what_it_says_is_no_html(place):
    add(place, 'operational = ["open"]\nfree = ["free"]\n[streets]\nfile = "town.osm"\n')
    text = (place / "place.toml").read_text()
    (place / "place.toml").write_text('note = "So\\n<img src=x onerror=alert(1)> & so"\n' + text)
    assert check(place / "place.toml", root=None)["wifi"]["free"] == 0
    found = run(place / "place.toml", out=place / "out").summary["wifi"]
    assert (found["open"], found["within_15_min"]) == (0, 0)
    told = (place / "out" / "limitations.md").read_text(encoding="utf-8").splitlines()
    assert "- So &lt;img src=x onerror=alert(1)&gt; &amp; so" in told
    assert any(line.startswith("- No hotspot of the list works and is free to use") for line in told)


@pytest.mark.parametrize(("value", "said"), [("-1", "below 0"), ("2.5", "2.5 is no number"), ("10001", "above 10000")])
def test_absurd_numbers_of_access_points_are_refused(tmp_path, value, said):
    with pytest.raises(SchemaError, match=said) as caught:
        wifi(tmp_path, ["open,free,1", f"open,free,{value}"])
    assert [(one.column, one.row) for one in caught.value.faults] == [("n", "2")]
    _, notes = wifi(tmp_path, ["open,free,0", "open,free,10000", "open,free,0"])
    assert notes["points with 0 access points, room for nobody"] == (2, "rows 1, 3")


# --- the region file ------------------------------------------------------------------------------------------------


def test_a_known_area_without_any_ground_of_the_region_is_refused_beside_all_else(place):
    add(place, 'known_within = { file = "area.geojson" }\n')
    polygons(place / "area.geojson", (X, Y, X + 0.01, Y + 0.01))
    load_region(place / "place.toml")
    for box in ((EAST + 1, SOUTH, EAST + 2, NORTH), (EAST, SOUTH, EAST + 1, NORTH)):  # far off, and only touching
        polygons(place / "area.geojson", box)
        with pytest.raises(SchemaError, match="meets no zone"):
            load_region(place / "place.toml")
    (place / "wifi.csv").write_text("id,lon,lat,status,terms\n1,ten,1,a,b\n")
    with pytest.raises(SchemaError) as caught:
        load_region(place / "place.toml")
    assert len(caught.value.faults) == 2


def test_faults_name_the_region_file_by_its_own_name(place):
    add(place, 'known_within = { zones = { nothing = "a" } }\n')
    with pytest.raises(SchemaError, match=r"place.toml: known_within.zones.nothing") as caught:
        load_region(place / "place.toml")
    assert "region.toml" not in str(caught.value)
    (place / "wifi.csv").unlink()
    with pytest.raises(SchemaError, match=r"correct the name in place.toml"):
        load_region(place / "place.toml")


def test_a_file_is_named_once(place):
    (place / "in").mkdir()
    shutil.move(place / "people.tif", place / "in" / "people.tif")
    (place / "in" / "people.tif").write_bytes(b"II*\x00 cut")
    (place / "place.toml").write_text(TOML.replace("people.tif", "in/people.tif"))
    with pytest.raises(SchemaError) as caught:
        load_region(place / "place.toml")
    assert str(caught.value.faults[0]).startswith("in/people.tif: not a readable GeoTIFF")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('known_within = "zone"\n', "wifi.known_within = 'zone': must be 'zones' or a table"),
        ("known_within = {}\n", "wifi.known_within = {}: give either zones or file"),
        ('known_within = { fil = "x" }\n', "wifi.known_within.fil: unknown key. Mend: did you mean 'file'?"),
        ("where = { a = 5 }\n", "wifi.where.a = 5: must be text or a list"),
        ('operational = "open"\n', "wifi.operational = 'open': must be a list"),
        ("year = 1.5\n", "wifi.year = 1.5: must be a whole number"),
        ("year = 3\n", "wifi.year = 3: must be at least 1900"),
        ("[streets]\nfile = ''\n", "streets.file = '': must not be empty"),
        ("[streets]\nfile = 's'\nferries = 'so'\n", "streets.ferries = 'so': must be true or false"),
        ("[proposals]\nfile = 's'\ncurrency = 'usd'\n", "proposals.currency = 'usd': string must match pattern"),
        ("[hosts]\nfile = 's'\ncolumns = 3\n", "hosts.columns = 3: must be a table"),
    ],
)
def test_settings_are_corrected_in_plain_words(place, text, said):
    add(place, text)
    with pytest.raises(SchemaError) as caught:
        load_region(place / "place.toml")
    (fault,) = caught.value.faults
    assert str(fault).startswith(f"place.toml: {said}")


def test_the_check_counts_hosts_by_kind(place):
    assert "Hosts of WiFi: no list given" in lines(check(place / "place.toml", root=None))
    (place / "h.csv").write_text(f"lon,lat,kind,net\n{X},{Y},school,yes\n{X},{Y + 0.01},school,\n{X},{NORTH},,\n")
    add(place, '[hosts]\nfile = "h.csv"\ncolumns = { x = "lon", y = "lat", category = "kind", wifi = "net" }\n')
    found = check(place / "place.toml", root=None)
    assert found["hosts"] == {"count": 3, "with_wifi": 1, "kinds": {"": 1, "school": 2}}
    assert "Hosts of WiFi: 3 (of no kind 1, school 2), 1 say that they have it" in lines(found)


# --- what is shown --------------------------------------------------------------------------------------------------


@given(st.text(st.characters(min_codepoint=0, max_codepoint=0x2FF)))
def test_no_text_steers_a_terminal_and_json_stays_json(text):
    shown = harmless(text)
    assert all(char in "\n\t" or char.isprintable() or ord(char) in {0xA0, 0xAD} for char in shown)
    assert json.loads(harmless(json.dumps(text, ensure_ascii=False))) == text


def test_control_characters_are_shown_by_their_code(capsys):
    say(["a\x1b[2Jb", "c\td"])
    note("e\x9bf\rg")
    out = capsys.readouterr()
    assert (out.out, out.err) == ("a\\x1b[2Jb\nc\td\n", "e\\u009bf\\x0dg\n")


def test_no_cell_of_a_csv_is_a_formula_in_any_width(tmp_path):
    live = ["=1", "+1", "-1", "@a", "|a", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20a", "\t=1", "\x1b=1", "\x00+1"]
    safe_csv(pd.DataFrame({"name": [*live, "a\x1b[2Jb", "R&D = x"], "n": -1.5}), tmp_path / "x.csv")
    rows = list(csv.reader(StringIO((tmp_path / "x.csv").read_text(encoding="utf-8"))))[1:]
    assert all(row[0].startswith("'") for row in rows[: len(live)])
    assert [row[0] for row in rows[len(live) :]] == ["a[2Jb", "R&D = x"]
    assert {row[1] for row in rows} == {"-1.5"}


def test_hosts_with_control_characters_are_written_without_them(place):
    assert make(place, "hosts", place / "h.csv").exit_code == 0
    assert "Books," in (place / "h.csv").read_text(encoding="utf-8")
