"""Exclusions, masts, backhaul and the power grid: read by hand, bad input, and their way into a region."""

import json

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from analysis.exclusions import barred
from data.backhaul import read_backhaul, read_power
from data.exclusions import read_exclusions
from data.load_plan import load_plan
from data.loader import Loader
from data.masts import read_masts
from data.plan_file import KINDS
from data.region_file import RegionFile
from geo.errors import GridError, RangeError, SchemaError
from geo.grid import Grid

GRID = Grid(CRS("EPSG:3035"), Affine(1000, 0, 4_000_000, 0, -1000, 3_010_000), (10, 10))
WEST, SOUTH = 4_000_000.0, 3_000_000.0


def layer(path, rows, crs="EPSG:3035"):
    """Rows of (shape in metres from the grid's corner, properties), saved in any CRS."""
    shapes = [shapely.transform(shape, lambda xy: np.add(xy, [WEST, SOUTH])) for shape, _ in rows]
    frame = gpd.GeoDataFrame([told for _, told in rows], geometry=shapes, crs="EPSG:3035")
    frame.to_crs(crs).to_file(path, engine="pyogrio")
    return path


def faults_of(call):
    with pytest.raises(SchemaError) as caught:
        call()
    return caught.value.faults


# --- exclusions ----------------------------------------------------------------------------------------------------

RESERVE, OLD_TOWN, AWAY = (
    shapely.box(0, 0, 2000, 2000),
    shapely.box(4000, 4000, 5000, 5000),
    shapely.box(2e4, 0, 3e4, 9),
)
BARRED = [
    (RESERVE, {"why": "Reserve", "bars": ""}),
    (OLD_TOWN, {"why": "Old town", "bars": "Site / small-cell"}),
    (AWAY, {"why": "Elsewhere", "bars": "wifi"}),
]


@pytest.mark.parametrize("crs", ["EPSG:3035", "EPSG:4326", "EPSG:32632"])
def test_exclusions_by_hand_in_any_crs(tmp_path, crs):
    path = layer(tmp_path / "no.gpkg", BARRED, crs=crs)
    found, notes = read_exclusions(path, grid=GRID, name="why", kinds="bars")
    assert found.crs == GRID.crs
    assert found[["name", "kinds"]].to_numpy().tolist() == [["Old town", "site, small_cell"], ["Reserve", ""]]
    assert found.area.to_numpy() == pytest.approx([1e6, 4e6], rel=1e-6)
    assert [(note.what, note.count) for note in notes] == [("exclusions outside the region's grid, left out", 1)]
    x, y = WEST + np.array([1000, 4500, 3000]), SOUTH + np.array([1000, 4500, 3000])
    assert barred(found, x, y, "site").tolist() == [True, True, False]
    assert barred(found, x, y, "wifi").tolist() == [True, False, False]


def test_the_border_is_barred_and_no_area_bars_nothing():
    areas = gpd.GeoDataFrame({"name": [""], "kinds": [""]}, geometry=[shapely.box(0, 0, 10, 10)], crs=GRID.crs)
    x, y = [0, 10, 5, 10, 10.001, -1], [0, 10, 10, 3, 5, 5]
    assert barred(areas, x, y, "wifi").tolist() == [True] * 4 + [False] * 2
    assert not barred(None, x, y, "wifi").any()
    assert not barred(areas[:0], x, y, "wifi").any()
    assert barred(areas, [], [], "wifi").size == 0
    with pytest.raises(RangeError, match="did you mean 'small_cell'"):
        barred(areas, x, y, "small cell")
    with pytest.raises(GridError, match="6 x for 1 y"):
        barred(areas, x, [0], "wifi")
    with pytest.raises(GridError, match="finite"):
        barred(areas, [np.nan], [0], "wifi")


square = st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 4), st.sets(st.sampled_from(KINDS)))


@given(st.lists(square, max_size=5), st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=9))
def test_barred_is_what_any_square_says(squares, places):
    told = {"name": "", "kinds": [", ".join(sorted(kinds)) for *_, kinds in squares]}
    shapes = [shapely.box(x, y, x + side, y + side) for x, y, side, _ in squares]
    areas = gpd.GeoDataFrame(told, geometry=shapes, crs=GRID.crs)
    x, y = [x for x, _ in places], [y for _, y in places]
    for kind in KINDS:
        wanted = [
            any(a <= px <= a + s and b <= py <= b + s and (not kinds or kind in kinds) for a, b, s, kinds in squares)
            for px, py in places
        ]
        assert barred(areas, x, y, kind).tolist() == wanted


def test_exclusions_that_cannot_be_read(tmp_path):
    path = layer(tmp_path / "no.gpkg", [(RESERVE, {"bars": "wifi, castles"}), (OLD_TOWN, {"bars": "towers"})])
    faults = faults_of(lambda: read_exclusions(path, grid=GRID, kinds="bars"))
    assert [(fault.column, fault.row) for fault in faults] == [("bars", "1"), ("bars", "2")]
    assert "'castles' is no kind" in faults[0].problem
    found, _notes = read_exclusions(path, grid=GRID, kinds="bars", words={"site": ["Castles", "Towers"]})
    assert found["kinds"].tolist() == ["site", "site, wifi"]
    columns = {fault.column for fault in faults_of(lambda: read_exclusions(path, grid=GRID, name="a", kinds="b"))}
    assert columns == {"a", "b"}
    line = layer(tmp_path / "line.gpkg", [(shapely.LineString([(0, 0), (9, 9)]), {"bars": ""})])
    assert "not a polygon" in faults_of(lambda: read_exclusions(line, grid=GRID))[0].problem
    gone = layer(tmp_path / "gone.gpkg", [(AWAY, {"bars": ""})], crs="EPSG:4326")
    assert "lies outside" in faults_of(lambda: read_exclusions(gone, grid=GRID))[0].problem


# --- masts ---------------------------------------------------------------------------------------------------------


def test_masts_of_a_list_by_hand(tmp_path):
    (tmp_path / "m.csv").write_text("ref,x,y,h\n2,5.57,50.07,\n1,5.58,50.07,45.5\n1,5.58,50.07,45.5\n3,0,50,9\n")
    columns = {"id": "ref", "height": "h", "x": "x", "y": "y"}
    found, notes = read_masts(tmp_path / "m.csv", columns=columns, grid_crs=GRID.crs, bounds=GRID.bounds)
    assert found.columns.tolist() == ["id", "name", "height_m", "x", "y"]
    assert found[["id", "name"]].to_numpy().tolist() == [["1", ""], ["2", ""]]
    np.testing.assert_array_equal(found["height_m"], [45.5, np.nan])
    assert (GRID.locate(found["x"], found["y"]) >= 0).all()
    assert [note.what for note in notes] == [
        "rows outside the region's grid, dropped",
        "rows that repeat another, dropped",
    ]


def test_masts_of_openstreetmap_by_their_tags(tmp_path):
    point, area = shapely.Point(500, 500), shapely.box(100, 100, 200, 200)
    tags = [
        {"@id": "node/1", "man_made": "mast", "height": "45", "name": "Hill"},
        {"@id": "way/2", "man_made": "tower", "tower:type": "communication", "height": "30.5 m"},
        {"@id": "node/3", "man_made": "communications_tower", "tower:type": "observation;communication"},
        {"@id": "node/4", "man_made": "tower", "tower:type": "bell_tower", "height": "20"},
        {"@id": "node/5", "man_made": "water_tower"},
        {"@id": "node/6", "man_made": "mast", "height": "150 ft"},
        {"@id": "node/7", "amenity": "bench"},
    ]
    path = layer(tmp_path / "m.geojson", [(area if "way" in tag["@id"] else point, tag) for tag in tags], "EPSG:4326")
    found, notes = read_masts(path, columns={}, grid_crs=GRID.crs, bounds=GRID.bounds)
    assert found["id"].tolist() == ["node/1", "node/3", "node/6", "way/2"]
    assert found["name"].tolist() == ["Hill", "", "", ""]
    np.testing.assert_array_equal(found["height_m"], [45, np.nan, np.nan, 30.5])
    assert area.contains(shapely.Point(found["x"][3] - WEST, found["y"][3] - SOUTH))
    assert [(note.what.split(",")[0], note.count, note.detail) for note in notes] == [
        ("things that are neither mast nor tower", 2, "blank 1, water_tower 1"),
        ("masts and towers of another use", 1, "bell_tower 1"),
        ("heights that are no metres", 1, "150 ft 1"),
    ]


def test_masts_that_cannot_be(tmp_path):
    (tmp_path / "m.csv").write_text(
        "ref,x,y,h\n1,5.57,50.07,0\n1,5.58,50.07,-4\n3,5.56,50.07,4500\n4,5.57,50.06,tall\n"
    )
    columns = {"id": "ref", "height": "h", "x": "x", "y": "y"}
    faults = faults_of(lambda: read_masts(tmp_path / "m.csv", columns=columns, grid_crs=GRID.crs))
    assert {(fault.column, fault.row) for fault in faults} == {
        ("h", "1"),
        ("h", "2"),
        ("h", "3"),
        ("h", "4"),
        ("ref", "2"),
    }


# --- backhaul and power --------------------------------------------------------------------------------------------

CABLE, NODE = shapely.LineString([(0, 0), (5000, 0)]), shapely.Point(3000, 3000)
FAR = shapely.LineString([(200_000, 0), (200_000, 5000)])


@pytest.mark.parametrize("crs", ["EPSG:3035", "EPSG:4326"])
def test_backhaul_by_hand(tmp_path, crs):
    rows = [
        (NODE, {"owner": "B", "medium": None}),
        (CABLE, {"owner": "A", "medium": ""}),
        (CABLE, {"owner": "C", "medium": "Richtfunk"}),
        (NODE, {"owner": "A", "medium": "fiber"}),
        (FAR, {"owner": "D", "medium": ""}),
    ]
    path = layer(tmp_path / "b.gpkg", rows, crs=crs)
    columns, words = {"name": "owner", "kind": "medium"}, {"microwave": ["richtfunk"]}
    found, notes = read_backhaul(path, grid=GRID, columns=columns, words=words)
    assert found.crs == GRID.crs
    told = [["fibre", "A"], ["fibre", "A"], ["microwave", "C"], ["node", "B"]]
    assert found[["kind", "name"]].to_numpy().tolist() == told
    assert [(note.what, note.count, note.detail) for note in notes] == [
        ("points and lines more than 100 km from the grid, left out", 1, "rows 5")
    ]
    power, _notes = read_power(path, grid=GRID, name="owner")
    assert power["name"].tolist() == ["A", "A", "B", "C"]
    assert power.geometry.length.max() == pytest.approx(5000)


def test_backhaul_as_a_list_of_nodes(tmp_path):
    (tmp_path / "b.csv").write_text("pop,x,y\nX,5.57,50.07\nY,6.4,50.05\nZ,14,50\n")
    columns = {"name": "pop", "x": "x", "y": "y"}
    found, notes = read_backhaul(tmp_path / "b.csv", grid=GRID, columns=columns)
    assert found[["name", "kind"]].to_numpy().tolist() == [["X", "node"], ["Y", "node"]]
    assert [note.count for note in notes] == [1]
    (fault,) = faults_of(lambda: read_backhaul(tmp_path / "b.csv", grid=GRID, columns={"x": "lon", "y": "y"}))
    assert fault.column == "lon"


def test_backhaul_and_power_that_cannot_be_read(tmp_path):
    path = layer(tmp_path / "b.gpkg", [(NODE, {"medium": "string"}), (CABLE, {"medium": "fibre"})])
    (fault,) = faults_of(lambda: read_backhaul(path, grid=GRID, columns={"kind": "medium"}))
    assert (fault.column, fault.row) == ("medium", "1")
    (fault,) = faults_of(lambda: read_power(path, grid=GRID, name="owner"))
    assert fault.column == "owner"
    area = layer(tmp_path / "area.gpkg", [(RESERVE, {"a": 1}), (NODE, {"a": 2})])
    (fault,) = faults_of(lambda: read_power(area, grid=GRID))
    assert (fault.problem, fault.row) == ("a Polygon, neither a point nor a line", "1")
    gone = layer(tmp_path / "gone.gpkg", [(FAR, {"a": 1}), (shapely.Point(-200_000, 0), {"a": 1})])
    (fault,) = faults_of(lambda: read_power(gone, grid=GRID))
    assert "nothing lies within 100 km" in fault.problem


# --- into the region -----------------------------------------------------------------------------------------------


def described(**sections):
    return RegionFile.model_validate(
        {
            "name": "Test",
            "population": {"file": "p.tif"},
            "zones": {"file": "z.gpkg", "id": "id", "name": "name"},
            **sections,
        }
    )


def test_every_section_reaches_the_region_with_its_source(tmp_path):
    layer(tmp_path / "no.gpkg", BARRED)
    layer(tmp_path / "b.gpkg", [(NODE, {"owner": "B"}), (CABLE, {"owner": "A"})])
    (tmp_path / "m.csv").write_text("x,y\n5.57,50.07\n")
    (tmp_path / "p.csv").write_text("id,lon,lat\n1,5.57,50.07\n")
    origin = {"source": "us", "licence": "CC0-1.0"}
    made = described(
        proposals={"file": "p.csv", "kind": "site", "columns": {"x": "lon", "y": "lat"}, **origin},
        exclusions={"file": "no.gpkg", "name": "why", "kinds": "bars", **origin},
        masts={"file": "m.csv", "columns": {"x": "x", "y": "y"}, **origin},
        backhaul={"file": "b.gpkg", "columns": {"name": "owner"}, **origin},
        power={"file": "b.gpkg", **origin},
    )
    loader = Loader(tmp_path, made)
    plan = load_plan(loader, GRID, ())
    assert loader.faults == []
    assert {name: len(table) for name, table in plan.items()} == {
        "proposals": 1,
        "exclusions": 2,
        "masts": 1,
        "backhaul": 2,
        "power": 2,
    }
    told = [(source.layer, source.file, source.source, source.licence) for source in loader.sources]
    files = ["p.csv", "no.gpkg", "m.csv", "b.gpkg", "b.gpkg"]
    names = ["proposals", "exclusions", "masts", "backhaul", "power grid"]
    assert told == [(name, file, "us", "CC0-1.0") for name, file in zip(names, files, strict=True)]
    assert set(files) <= set(loader.files())
    assert load_plan(Loader(tmp_path, described()), GRID, ()) == dict.fromkeys(plan)


def test_the_faults_of_all_sections_are_heard_together(tmp_path):
    layer(tmp_path / "no.gpkg", [(NODE, {"a": 1})])
    (tmp_path / "m.csv").write_text("x,y,h\n5.57,50.07,-1\n")
    (tmp_path / "p.csv").write_text("id,lon,lat\n1,5.57,50.07\n1,5.57,0\n")
    made = described(
        proposals={"file": "p.csv", "kind": "site", "columns": {"x": "lon", "y": "lat"}},
        exclusions={"file": "no.gpkg"},
        masts={"file": "m.csv", "columns": {"x": "x", "y": "y", "height": "h"}},
        backhaul={"file": "no.gpkg", "columns": {"name": "owner"}},
        power={"file": "gone.gpkg"},
    )
    loader = Loader(tmp_path, made)
    assert all(part is None for part in load_plan(loader, GRID, ()).values())
    assert [fault.file for fault in loader.faults] == ["p.csv", "p.csv", "no.gpkg", "m.csv", "no.gpkg", "gone.gpkg"]


def test_words_of_the_settings_are_checked():
    for section in ("exclusions", "proposals"):
        with pytest.raises(ValueError, match="stands for wifi and for site"):
            described(**{section: {"file": "x", "words": {"site": ["wifi"]}}})
    with pytest.raises(ValueError, match="stands for fibre and for node"):
        described(backhaul={"file": "x", "words": {"node": ["Fibre"]}})


def test_a_geojson_of_masts_in_metres_is_refused(tmp_path):
    features = [
        {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [4_005_000, 3_005_000]}}
    ]
    (tmp_path / "m.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    (fault,) = faults_of(lambda: read_masts(tmp_path / "m.geojson", columns={}, grid_crs=GRID.crs))
    assert "beyond" in fault.problem
