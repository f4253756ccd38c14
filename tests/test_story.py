"""What a run says of itself, in the terminal, in `limitations.md` and above the map; also where nothing is known."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine
from pyproj import CRS

from analysis.limits import limitations
from analysis.maps import figures, plan_table
from analysis.run import run
from analysis.story import headline
from data.load import load_region
from geo.grid import Grid
from geo.raster import write_raster

GRID = Grid(CRS.from_epsg(3035), Affine(1000, 0, 4_000_000, 0, -1000, 3_010_000), (10, 10))
"""10 × 10 cells of 1 km, 100 people in each."""

HEAD = """
name = "Test"
[population]
file = "people.tif"
[zones]
file = "zones.geojson"
id = "id"
name = "name"
"""

SECTIONS = {
    "claims": """
[[coverage]]
kind = "polygons"
file = "claims.geojson"
technology = "4G"
operator = "Red"
""",
    "masts": """
[[coverage]]
kind = "sites"
file = "masts.csv"
columns = { x = "lon", y = "lat", technologies = { "3G" = "g3" } }
""",
    "wifi": """
[wifi]
file = "wifi.csv"
columns = { x = "lon", y = "lat", id = "id" }
known_within = "zones"
""",
    "streets": """
[streets]
file = "streets.geojson"
""",
}


def write(path, shapes, **columns):
    gpd.GeoDataFrame(columns, geometry=shapes, crs=3035).to_crs(4326).to_file(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """4G is claimed in the western half, where a mast of 3G, a hotspot and a street through the middle are."""
    path = tmp_path_factory.mktemp("region")
    write_raster(path / "people.tif", np.full(GRID.shape, 100.0), GRID, nodata=None)
    write(path / "zones.geojson", [shapely.box(3_999_000, 2_999_000, 4_011_000, 3_011_000)], id=["a"], name=["All"])
    write(path / "claims.geojson", [shapely.box(4_000_000, 3_000_000, 4_005_000, 3_010_000)])
    write(path / "streets.geojson", [shapely.LineString([(4_000_000, 3_005_000), (4_010_000, 3_005_000)])])
    spot = gpd.GeoSeries([shapely.Point(4_002_000, 3_005_000)], crs=3035).to_crs(4326)[0]
    (path / "wifi.csv").write_text(f"id,lon,lat\n1,{spot.x},{spot.y}\n", encoding="utf-8")
    (path / "masts.csv").write_text(f"lon,lat,g3\n{spot.x},{spot.y},1\n", encoding="utf-8")
    return path


def told(folder, tmp_path, *sections):
    """Results of a region of some sections, its sentences and its limitations."""
    text = HEAD + "".join(SECTIONS[name] for name in sections)
    (folder / "region.toml").write_text(text, encoding="utf-8")
    results = run(folder / "region.toml", out=tmp_path / "out")
    return results, "\n".join(headline(results.summary)), (tmp_path / "out/limitations.md").read_text(encoding="utf-8")


def test_a_person_of_whom_only_4g_is_known_is_in_the_gap_all_the_same(folder, tmp_path):
    results, said, limits = told(folder, tmp_path, "claims", "wifi")
    assert results.summary["ledger"]["unknown"] == pytest.approx(
        5000, abs=1
    )  # the claim has a straight border in degrees
    assert "5,000 people are below 4G (50.0% of the 10,000 known)" in said
    assert "5,000 people have no known state of service" in said
    assert "Whether 4G reaches them is known for all of the 10,000 people." in limits
    assert "5,000 people have no known state of service: which technology is the best" in limits
    assert "Those of whom 4G is known count in its gap or as covered all the same." in limits
    assert [value for value, _, _ in figures(results)][:3] == ["10,000", "5,000", "0"]
    # walks, without streets, are named as what they are
    assert "free public WiFi on foot (straight line × 1.3): " in said
    assert "measured as a straight line × 1.3, at 4.8 km/h" in limits
    assert "Public WiFi listed outside the known area serves people inside it" in limits


def test_nothing_known_is_unknown_and_no_plan_says_why(folder, tmp_path):
    results, said, limits = told(folder, tmp_path, "wifi", "streets")
    assert "4G coverage is unknown for everybody" in said
    assert "Plan: none, neither sites nor WiFi: mobile coverage is unknown, so nobody is known to gain" in said
    assert "Nothing is planned, neither sites nor WiFi" in limits
    assert "Whether 4G reaches them is unknown for 10,000 of 10,000 people: they are in no gap" in limits
    assert "no known state" not in limits  # the same people, told once
    assert figures(results)[1:] == [
        ("unknown", "below 4G", "known of nobody"),
        ("10,000", "4G unknown", "100.0% of all people"),
        ("none", "plan", "nobody is known to be without 4G"),
    ]
    assert "Nothing: nobody is known to gain" in plan_table(results.plan, record=results.summary["plan"])
    assert "Streets are taken as flat: their heights are not known" in limits
    assert "A hotspot joins the streets at one place" in limits


def test_what_is_not_known_counts_as_none_where_the_scenario_asks(folder, tmp_path):
    (folder / "as_none.toml").write_text('[investment]\nunknown = "as_none"\n', encoding="utf-8")
    (folder / "region.toml").write_text(HEAD + SECTIONS["wifi"] + SECTIONS["streets"], encoding="utf-8")
    results = run(folder / "region.toml", out=tmp_path / "out", scenario_file=folder / "as_none.toml")
    said = "\n".join(headline(results.summary))
    assert results.summary["plan"]["sites"] > 0
    assert "10,000 people whose service is not known count as having none" in said
    assert figures(results)[-1][1] == "better off by the plan"
    assert "have none, as the scenario asks" in (tmp_path / "out/limitations.md").read_text(encoding="utf-8")


def test_a_model_of_another_technology_has_no_band_of_the_target(folder, tmp_path):
    results, said, limits = told(folder, tmp_path, "masts")
    assert results.summary["coverage"]["4G"]["union"]["share"] is None
    assert "4G coverage is unknown for everybody" in said
    assert "at least 4G: " not in said
    assert "People with at least 4G lie between" not in limits


def test_slopes_are_told(folder, tmp_path):
    results, _, _ = told(folder, tmp_path, "claims", "wifi", "streets")
    region = load_region(folder / "region.toml")
    wifi = results.summary["wifi"]
    steep = {**results.summary, "wifi": {**wifi, "slopes": True, "streets_taken_as_flat": 3}}
    assert "- Slopes slow people; 3 streets of unknown heights are taken as flat." in limitations(region, steep)
    steep["wifi"]["streets_taken_as_flat"] = 0
    assert "- Slopes slow people.\n" in limitations(region, steep)


def test_public_wifi_known_nowhere_is_unknown_for_everybody(folder, tmp_path):
    results, _, _ = told(folder, tmp_path, "claims", "wifi")
    walks = ("within_5_min", "within_10_min", "within_15_min", "beyond_15_min", "without_way")
    dark = {**results.summary["wifi"], **dict.fromkeys(walks, 0.0), "unknown": 10_000.0}
    said = headline({**results.summary, "wifi": dark})
    assert "free public WiFi on foot (straight line × 1.3): unknown for everybody" in said


def test_what_a_straight_line_overstates_is_said_in_words(folder, tmp_path):
    results, _, _ = told(folder, tmp_path, "claims", "wifi", "streets")
    for more, words in ((1.3, "130% more"), (-0.16, "16% fewer"), (0.0, "0% more")):
        wifi = {**results.summary["wifi"], "overstated": {"400_m": more, "800_m": None}}
        said = "\n".join(headline({**results.summary, "wifi": wifi}))
        assert f"a straight line of 400 m would count {words} people than 400 m along streets" in said
