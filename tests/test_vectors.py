from __future__ import annotations

import json
import warnings

import geopandas as gpd
import pytest
from shapely import MultiPoint, Point, Polygon, box

from data.columns import numbers
from data.vectors import points_table, read_polygons, read_vector
from geo.errors import SchemaError


def frame(shapes, *, crs="EPSG:3035", **columns):
    return gpd.GeoDataFrame({"k": [str(i) for i in range(len(shapes))], **columns}, geometry=list(shapes), crs=crs)


def problems(call):
    with pytest.raises(SchemaError) as caught:
        call()
    return [fault.problem for fault in caught.value.faults]


SQUARES = [box(4e6, 3e6, 4.01e6, 3.01e6), box(4.01e6, 3e6, 4.02e6, 3.01e6)]


@pytest.mark.parametrize("name", ["a.gpkg", "a.shp", "a.fgb", "a.geojson", "a.parquet"])
def test_every_format_keeps_crs_and_columns(tmp_path, name):
    path = tmp_path / name
    source = frame(SQUARES)
    if name.endswith("parquet"):
        source.to_parquet(path)
    else:
        source.to_file(path, engine="pyogrio")
    found, notes = read_polygons(path)
    assert found.crs.to_epsg() == 3035
    assert sorted(found["k"]) == ["0", "1"]
    assert found.area.sum() == pytest.approx(2e8)
    assert notes == []


def test_geojson_without_crs_is_in_degrees(tmp_path):
    path = tmp_path / "a.geojson"
    feature = {"type": "Feature", "properties": {"k": "x"}, "geometry": box(2, 48, 3, 49).__geo_interface__}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    assert read_polygons(path)[0].crs.to_epsg() == 4326
    assert read_polygons(path, expected_bounds=(1, 47, 4, 50))[0].shape[0] == 1
    (problem,) = problems(lambda: read_polygons(path, expected_bounds=(47, 1, 50, 4)))
    assert "swapped" in problem
    (problem,) = problems(lambda: read_polygons(path, expected_bounds=(-60, -40, -50, -30)))
    assert "outside the expected" in problem


@pytest.mark.parametrize(
    ("shape", "word"),
    [
        (box(4e6, 3e6, 4.1e6, 3.1e6), "GeoJSON without a CRS"),
        (box(40, 100, 41, 101), "latitude stands before longitude"),
    ],
)
def test_coordinates_beyond_degrees(tmp_path, shape, word):
    path = tmp_path / "a.geojson"
    feature = {"type": "Feature", "properties": {}, "geometry": shape.__geo_interface__}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    (problem,) = problems(lambda: read_polygons(path))
    assert word in problem


def test_missing_crs_is_never_guessed(tmp_path):
    path = tmp_path / "a.shp"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame(SQUARES, crs=None).to_file(path, engine="pyogrio")
    (problem,) = problems(lambda: read_polygons(path))
    assert "no coordinate reference system" in problem


def test_bow_tie_is_repaired_and_named_by_row(tmp_path):
    bow = Polygon([(4e6, 3e6), (4.01e6, 3.01e6), (4.01e6, 3e6), (4e6, 3.01e6)])
    path = tmp_path / "a.gpkg"
    frame([SQUARES[1], bow]).to_file(path, engine="pyogrio")
    found, notes = read_polygons(path)
    assert found.is_valid.all()
    assert found.area.iloc[1] == pytest.approx(5e7)  # two triangles, each a quarter of the square
    assert [(note.what, note.count, note.detail) for note in notes] == [
        ("polygons with invalid rings, repaired", 1, "rows 2")
    ]


def test_rows_without_area_are_dropped_and_noted(tmp_path):
    path = tmp_path / "a.gpkg"
    frame([SQUARES[0], None]).to_file(path, engine="pyogrio")
    found, notes = read_polygons(path)
    assert found.index.tolist() == [1]
    assert [(note.count, note.detail) for note in notes] == [(1, "rows 2")]


def test_points_are_no_polygons_and_polygons_no_points(tmp_path):
    path = tmp_path / "a.gpkg"
    frame([SQUARES[0], Point(4e6, 3e6)]).to_file(path, engine="pyogrio")
    with pytest.raises(SchemaError) as caught:
        read_polygons(path)
    assert [(fault.row, fault.problem) for fault in caught.value.faults] == [("2", "a Point, not a polygon")]
    assert problems(lambda: points_table(path)) == ["a Polygon, not a point"]


def test_where_and_layers(tmp_path):
    path = tmp_path / "a.gpkg"
    frame(SQUARES).to_file(path, layer="one", engine="pyogrio")
    frame(SQUARES[:1]).to_file(path, layer="two", engine="pyogrio")
    assert len(read_polygons(path, layer="two")[0]) == 1
    assert read_polygons(path, layer="one", where={"k": "1"})[0].index.tolist() == [2]
    assert problems(lambda: read_polygons(path)) == ["several layers"]
    assert problems(lambda: read_polygons(path, layer="six")) == ["no layer 'six'"]
    assert problems(lambda: read_polygons(path, layer="one", where={"k": "9"})) == ["no row has '9'"]


def test_nothing_to_read(tmp_path):
    empty = tmp_path / "e.geojson"
    empty.write_text('{"type": "FeatureCollection", "features": []}')
    assert len(problems(lambda: read_polygons(empty))) == 1
    text = tmp_path / "t.gpkg"
    text.write_text("no database")
    assert "cannot be opened" in problems(lambda: read_polygons(text))[0]
    packed = tmp_path / "t.parquet"
    packed.write_text("no parquet")
    assert "not GeoParquet" in problems(lambda: read_vector(packed))[0]
    assert "directory" in problems(lambda: read_polygons(tmp_path))[0]
    assert "no such file" in problems(lambda: read_polygons(tmp_path / "no.gpkg"))[0]
    table = tmp_path / "t.shp"
    frame(SQUARES[:1]).iloc[:0].to_file(table, engine="pyogrio", geometry_type="Polygon")
    assert problems(lambda: read_polygons(table)) == ["the layer is empty"]


def test_a_virtual_file_does_not_open_another(tmp_path):
    frame(SQUARES).to_file(tmp_path / "secret.gpkg", engine="pyogrio")
    path = tmp_path / "a.gpkg"
    path.write_text(
        f"<OGRVRTDataSource><OGRVRTLayer name='secret'><SrcDataSource>{tmp_path / 'secret.gpkg'}"
        "</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    )
    assert "cannot be opened" in problems(lambda: read_polygons(path))[0]


def test_points_become_text_and_come_back_exactly(tmp_path):
    path = tmp_path / "p.geojson"
    x, y = 2.350671056, 48.85244200134777
    frame([Point(x, y), MultiPoint([(1 / 3, 2)]), None], crs="EPSG:4326", n=[1.0, 2.0, None]).to_file(
        path, engine="pyogrio", COORDINATE_PRECISION=17
    )
    table, crs = points_table(path)
    faults = []
    assert crs.to_epsg() == 4326
    assert numbers(table, "geometry x", faults=faults).tolist()[:2] == [x, 1 / 3]
    assert numbers(table, "geometry y", faults=faults).tolist()[:2] == [y, 2]
    assert table.frame["geometry x"].iloc[2] == ""
    assert table.frame["n"].tolist() == ["1", "2", ""]
    assert faults == []
