"""Wrong input as people bring it: one error listing every fault with its mend, exit 2, no folder left."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from affine import Affine
from conftest import ROOT
from pyproj import CRS

from analysis.run import run
from geo.errors import GapmapError
from geo.grid import Grid
from geo.raster import write_raster

GRID = Grid(CRS.from_epsg(3035), Affine(1000, 0, 4_000_000, 0, -1000, 3_010_000), (10, 10))
LON0, LAT0, LON1, LAT1 = 10.0, 50.02, 10.13, 50.10


def square(west, south, east, north):
    return {
        "type": "Polygon",
        "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]],
    }


def feature(zone_id, name, geometry):
    return {"type": "Feature", "properties": {"id": zone_id, "name": name}, "geometry": geometry}


def extent():
    from pyproj import Transformer

    back = Transformer.from_crs(3035, 4326, always_xy=True)
    west, south = back.transform(4_001_000, 3_001_000)
    east, north = back.transform(4_009_000, 3_009_000)
    return west, south, east, north


@pytest.fixture
def place(tmp_path):
    """A small good region; each test breaks one thing or several."""
    people = np.full(GRID.shape, 100.0)
    write_raster(tmp_path / "people.tif", people, GRID, nodata=None)
    west, south, east, north = extent()
    middle = (west + east) / 2
    zones = [
        feature("a", "West", square(west, south, middle, north)),
        feature("b", "East", square(middle, south, east, north)),
    ]
    write_zones(tmp_path, zones)
    (tmp_path / "sites.csv").write_text(
        f"id,lon,lat,op,g2,g3,g4\n1,{middle},{(south + north) / 2},Red,1,1,1\n2,{west},{south},Blue,1,0,0\n",
        encoding="utf-8",
    )
    (tmp_path / "wifi.csv").write_text(f"id,name,lon,lat\n1,Library,{middle},{(south + north) / 2}\n", encoding="utf-8")
    (tmp_path / "facts.csv").write_text("id,pct_offline_15plus\na,31.5\nb,12\n", encoding="utf-8")
    (tmp_path / "region.toml").write_text(
        """
name = "Test"
absent = ["5G"]
[population]
file = "people.tif"
[zones]
file = "zones.geojson"
id = "id"
name = "name"
[[coverage]]
kind = "sites"
file = "sites.csv"
columns = { x = "lon", y = "lat", id = "id", operator = "op", technologies = { "2G" = "g2", "3G" = "g3", "4G" = "g4" } }
[wifi]
file = "wifi.csv"
columns = { x = "lon", y = "lat", id = "id", name = "name" }
[indicators]
file = "facts.csv"
id = "id"
""",
        encoding="utf-8",
    )
    return tmp_path


def write_zones(folder, features, **extra):
    text = json.dumps({"type": "FeatureCollection", **extra, "features": features})
    (folder / "zones.geojson").write_text(text, encoding="utf-8")


def refused(place):
    """Run it; give the message; nothing may be left."""
    before = sorted(p.name for p in place.iterdir())
    with pytest.raises(GapmapError) as caught:
        run(place / "region.toml", out=place / "out")
    assert sorted(p.name for p in place.iterdir()) == before
    return str(caught.value)


def test_the_good_region_runs(place):
    results = run(place / "region.toml", out=place / "out")
    assert results.summary["population"]["file_total"] == 10_000
    assert results.summary["ledger"]["unknown"] == pytest.approx(0, abs=1e-6)
    assert results.zones["pct_offline_15plus"].tolist() == [31.5, 12]


def test_everything_wrong_at_once_is_one_error(place):
    write_raster(place / "people.tif", np.full(GRID.shape, -99999.0), GRID, nodata=None)
    (place / "sites.csv").write_text("id,lon,lat,op,g2,g3,g4\n1,ten,50,Red,1,1,1\n", encoding="utf-8")
    (place / "facts.csv").write_text("id,pct_offline_15plus\na,many\na,12\n", encoding="utf-8")
    message = refused(place)
    for part in ("-99999", "nodata", "sites.csv", "ten", "facts.csv", "many", "row 1", "Mend:"):
        assert part in message, part


def test_missing_files_are_all_named(place):
    for name in ("people.tif", "sites.csv", "wifi.csv"):
        (place / name).unlink()
    message = refused(place)
    assert "3 faults" in message
    for name in ("people.tif", "sites.csv", "wifi.csv"):
        assert name in message


def test_a_directory_and_an_empty_file(place):
    (place / "wifi.csv").unlink()
    (place / "wifi.csv").mkdir()
    (place / "out2").mkdir()
    assert "a directory" in refused(place)
    (place / "wifi.csv").rmdir()
    (place / "wifi.csv").write_text("")
    assert "wifi.csv" in refused(place)


def test_truncated_raster(place):
    raw = (place / "people.tif").read_bytes()
    (place / "people.tif").write_bytes(raw[: len(raw) // 2])
    assert "people.tif" in refused(place)


def test_raster_without_crs(place):
    import warnings

    import rasterio

    with (
        warnings.catch_warnings(),
        rasterio.open(
            place / "people.tif",
            "w",
            driver="GTiff",
            width=10,
            height=10,
            count=1,
            dtype="float64",
            transform=GRID.transform,
        ) as dataset,
    ):
        dataset.write(np.ones((10, 10)), 1)
    assert "no CRS" in refused(place)


def test_zones_elsewhere_and_swapped(place):
    west, south, east, north = extent()
    write_zones(place, [feature("a", "A", square(west + 20, south, east + 20, north))])
    assert "lies outside the expected" in refused(place)
    write_zones(place, [feature("a", "A", square(south, west, north, east))])
    assert "swapped" in refused(place)


def test_duplicate_ids_and_overlaps(place):
    west, south, east, north = extent()
    write_zones(
        place,
        [feature("a", "A", square(west, south, east, north)), feature("a", "B", square(west, south, east, north))],
    )
    assert "a" in refused(place)
    write_zones(
        place,
        [feature("a", "A", square(west, south, east, north)), feature("b", "B", square(west, south, east, north))],
    )
    message = refused(place)
    assert "overlap" in message
    assert "km²" in message


def test_no_zones(place):
    write_zones(place, [])
    assert "zones.geojson" in refused(place)


def test_bow_tie_is_repaired_and_said(place):
    west, south, east, north = extent()
    tie = {
        "type": "Polygon",
        "coordinates": [[[west, south], [east, north], [east, south], [west, north], [west, south]]],
    }
    write_zones(place, [feature("a", "A", tie)])
    (place / "facts.csv").write_text("id,pct_offline_15plus\na,31.5\n", encoding="utf-8")
    results = run(place / "region.toml", out=place / "out")
    assert results.zones["population"].sum() == pytest.approx(3200, rel=0.02)
    assert any("repair" in note["what"] or "valid" in note["what"] for note in results.summary["notes"])


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8-sig", "utf-16"])
def test_csv_as_a_spreadsheet_saves_it(place, encoding):
    (place / "facts.csv").write_bytes("id;pct_offline_15plus;Ort\na;31,5;Köln\nb;12,0;Bär\n".encode(encoding))
    results = run(place / "region.toml", out=place / "out")
    assert results.zones["pct_offline_15plus"].tolist() == [31.5, 12]


def test_mercator_is_refused_as_a_grid_but_fine_as_input(place):
    text = (place / "region.toml").read_text(encoding="utf-8")
    (place / "region.toml").write_text(text + '[grid]\ncrs = "EPSG:3857"\n', encoding="utf-8")
    assert "distorts areas" in refused(place)


def test_a_failed_run_leaves_the_earlier_results_alone(place):
    run(place / "region.toml", out=place / "out")
    kept = (place / "out" / "summary.json").read_bytes()
    (place / "wifi.csv").unlink()
    with pytest.raises(GapmapError):
        run(place / "region.toml", out=place / "out")
    assert (place / "out" / "summary.json").read_bytes() == kept


def add(place, text):
    old = (place / "region.toml").read_text(encoding="utf-8")
    (place / "region.toml").write_text(text + old if not text.startswith("[") else old + text, encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[grid]\nresolution = true\n", "grid.resolution"),
        ("[grid]\nresolution = 0.001\n", "grid.resolution"),
        ('[grid]\ncrs = "nonsense"\n', "CRS is unknown"),
        ('[grid]\ncrs = "EPSG:999999"\n', "CRS is unknown"),
        ("deep = " + "[" * 5000 + "\n", "nested too deeply"),
        ("big = " + "9" * 5000 + "\n", "not valid TOML"),
    ],
)
def test_impossible_settings_are_faults(place, text, part):
    add(place, text)
    assert part in refused(place)


def test_sites_of_a_technology_that_is_declared_absent(place):
    toml = (place / "region.toml").read_text(encoding="utf-8")
    (place / "region.toml").write_text(toml.replace('absent = ["5G"]', 'absent = ["4G"]'), encoding="utf-8")
    assert "has 4G, which the region declares absent" in refused(place)


def test_more_people_than_a_cell_can_hold(place):
    people = np.full(GRID.shape, 100.0)
    people[0, 0] = 3.4e38
    write_raster(place / "people.tif", people, GRID, nodata=None)
    assert "is no count of people" in refused(place)


def test_faults_of_other_files_are_heard_when_the_zones_fail(place):
    write_zones(place, [])
    write_raster(place / "people.tif", np.full(GRID.shape, -1.0), GRID, nodata=None)
    message = refused(place)
    assert "zones.geojson" in message
    assert "negative" in message


def test_a_folder_that_holds_anything_else_is_never_replaced(place):
    (place / "out").mkdir()
    (place / "out" / "provenance.json").write_text("{}")
    (place / "out" / "thesis.doc").write_text("precious")
    with pytest.raises(GapmapError, match="not a results folder"):
        run(place / "region.toml", out=place / "out")
    assert (place / "out" / "thesis.doc").read_text() == "precious"


@pytest.mark.parametrize("out", ["people.tif/sub", "x" * 300])
def test_impossible_output_folders(place, out):
    with pytest.raises(GapmapError, match="Mend"):
        run(place / "region.toml", out=place / out)


def test_columns_named_like_ours_are_kept_apart(place):
    west, south, east, north = extent()
    one = feature("a", "A", square(west, south, east, north))
    one["properties"] |= {"fid": "x", "population": 7, "Rank": "first", "RANK": "second"}
    write_zones(place, [one])
    (place / "facts.csv").write_text("id,pct_offline_15plus\na,31.5\n", encoding="utf-8")
    run(place / "region.toml", out=place / "out")
    from analysis.results import read_results

    zones = read_results(place / "out").zones
    assert zones["population_given"].tolist() == [7]
    assert zones["population"][0] == pytest.approx(6400, rel=0.05)
    assert zones["fid_given"].tolist() == ["x"]
    assert {"Rank_given", "RANK_given_given"} <= set(zones.columns)


def test_people_in_degrees_are_counted_on_an_equal_area_grid(place):
    west, south, east, north = extent()
    wide, high = east - west, north - south
    grid = Grid(CRS.from_epsg(4326), Affine(wide / 18, 0, west - wide, 0, -high / 12, north + high), (36, 54))
    write_raster(place / "people.tif", np.full(grid.shape, 10.0), grid, nodata=None)
    results = run(place / "region.toml", out=place / "out")
    assert results.grid.crs.is_projected
    assert results.summary["population"]["file_total"] == 36 * 54 * 10
    assert results.summary["population"]["in_zones"] == pytest.approx(12 * 18 * 10, rel=2e-3)


def test_command_says_it_all_and_exits_2(place):
    (place / "people.tif").unlink()
    out = subprocess.run(
        [sys.executable, "-m", "analysis.cli", "run", "region.toml", "--out", "out"],
        cwd=place, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip
    assert out.returncode == 2
    assert "people.tif: no such file. Mend:" in out.stderr
    assert "Traceback" not in out.stderr
    assert not (place / "out").exists()


def declared(place, text):
    """The region with its coverage section replaced."""
    toml = (place / "region.toml").read_text(encoding="utf-8")
    head, tail = toml.split("[[coverage]]")
    (place / "region.toml").write_text(f"{head}[[coverage]]\n{text}\n[wifi]{tail.split('[wifi]')[1]}", encoding="utf-8")


def write_polygons(place, words):
    west, south, east, north = extent()
    rows = [{**feature("", "", square(west, south, east, north)), "properties": {"tech": word}} for word in words]
    text = json.dumps({"type": "FeatureCollection", "features": rows})
    (place / "cover.geojson").write_text(text, encoding="utf-8")


def test_a_polygon_layer_of_mixed_technologies(place):
    declared(place, 'kind = "polygons"\nfile = "cover.geojson"\ntechnology = "tech"')
    write_polygons(place, ["4G", "LTF", "4G/WiMax", "LTF", None])
    message = refused(place)
    for part in ("3 faults", "'ltf' is no technology of ours, in 2 rows", "row 2, 4", "'wimax'", "1 row without a"):
        assert part in message, part
    write_polygons(place, ["2G/3G", "4G,3G", "LTE"])
    results = run(place / "region.toml", out=place / "out")
    noted = {note["what"]: note["count"] for note in results.summary["notes"]}
    assert noted["rows that name several technologies, counted for each"] == 2


def test_a_raster_that_is_no_dbm_and_hexagons_that_are_none(place):
    write_raster(place / "signal.tif", np.full(GRID.shape, 65535.0), GRID, nodata=None)
    declared(place, 'kind = "raster"\nfile = "signal.tif"\ntechnology = "4G"\nthreshold_dbm = -105')
    message = refused(place)
    assert "are no dBm" in message
    assert "row 1:1" in message
    (place / "hex.csv").write_text("h3,tech\n8928308280fffff,4G\n1234,4G\n8828308281fffff,4H\n", encoding="utf-8")
    declared(place, 'kind = "hexagons"\nfile = "hex.csv"\ntechnology = "tech"\nhexagon = "h3"')
    message = refused(place)
    for part in ("4 faults", "'1234' is no H3 cell", "row 2", "several H3 resolutions: 8 (1 rows), 9 (1 rows)", "'4h'"):
        assert part in message, part


def test_declared_rasters_and_hexagons_run(place):
    import h3
    from pyproj import Transformer

    write_raster(place / "signal.tif", np.full(GRID.shape, -90.0), GRID, nodata=None)
    declared(place, 'kind = "raster"\nfile = "signal.tif"\ntechnology = "4G"\nthreshold_dbm = -105')
    results = run(place / "region.toml", out=place / "raster")
    assert results.summary["ledger"]["unknown"] == pytest.approx(0, abs=1e-6)
    assert results.summary["ledger"]["no_signal"] == pytest.approx(0, abs=1e-6)
    lon, lat = Transformer.from_crs(3035, 4326, always_xy=True).transform(4_005_000, 3_005_000)
    cells = h3.grid_disk(h3.latlng_to_cell(lat, lon, 8), 12)
    (place / "hex.csv").write_text("h3,tech\n" + "".join(f"{cell},400\n" for cell in cells), encoding="utf-8")
    declared(place, 'kind = "hexagons"\nfile = "hex.csv"\ntechnology = "tech"\nhexagon = "h3"')
    again = run(place / "region.toml", out=place / "hexagons")
    assert again.summary["ledger"] == pytest.approx(results.summary["ledger"], abs=1e-6)
