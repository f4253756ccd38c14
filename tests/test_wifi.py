from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from pyproj import CRS
from shapely import Point

from data.hosts import read_hosts
from data.wifi import read_wifi
from geo.errors import SchemaError

LAEA = CRS("EPSG:3035")
BOX = (3_672_000, 2_780_000, 3_872_000, 2_963_000)
COLUMNS = {"x": "lon", "y": "lat", "id": "id", "name": "name", "status": "status", "access_points": "n"}
HEAD = "id,name,status,n,lat,lon\n"


def saved(tmp_path, rows, *, head=HEAD):
    path = tmp_path / "w.csv"
    path.write_text(head + "".join(f"{row}\n" for row in rows))
    return path


def faults_of(call):
    with pytest.raises(SchemaError) as caught:
        call()
    return caught.value.faults


def test_points_by_hand(tmp_path):
    rows = ["b,Two,Fermé,,48.85,2.35", "a,One,Opérationnel,3,48.86,2.36", "c,Far,Opérationnel,1,43.3,5.4", "d,,,,,"]
    found, notes = read_wifi(
        saved(tmp_path, rows),
        columns=COLUMNS,
        operational=["operationnel"],
        grid_crs=CRS("EPSG:4326"),
        bounds=(1, 48, 3, 49),
    )
    assert found["wifi_id"].tolist() == ["a", "b"]
    assert found["operational"].tolist() == [True, False]
    assert found["access_points"].fillna(-1).tolist() == [3, -1]
    assert found[["x", "y"]].to_numpy().tolist() == [[2.36, 48.86], [2.35, 48.85]]
    assert [(note.what, note.count) for note in notes] == [
        ("rows without coordinates, dropped", 1),
        ("rows outside the region's grid, dropped", 1),
        ("points whose number of access points is not known", 1),
        ("points not operational", 1),
    ]


def test_row_order_does_not_matter_and_blank_ids_are_stable(tmp_path):
    rows = [",One,,1,48.85,2.35", ",Two,,2,48.85,2.35", "k,Three,,3,48.86,2.36"]
    first, notes = read_wifi(saved(tmp_path, rows), columns=COLUMNS, grid_crs=LAEA)
    again, _notes = read_wifi(saved(tmp_path, rows[::-1]), columns=COLUMNS, grid_crs=LAEA)
    assert first["wifi_id"].tolist() == ["at 2.35 48.85", "at 2.35 48.85 #2", "k"]
    assert first.equals(again)
    assert ("points without an id, named by their place", 2) in [(note.what, note.count) for note in notes]


def test_repeated_rows_are_dropped_and_one_id_for_two_points_refused(tmp_path):
    rows = ["a,One,,1,48.85,2.35", "a,One,,1,48.85,2.35"]
    found, notes = read_wifi(saved(tmp_path, rows), columns=COLUMNS, grid_crs=LAEA)
    assert len(found) == 1
    assert [(note.what, note.count) for note in notes] == [("rows that repeat another, dropped", 1)]
    (fault,) = faults_of(lambda: read_wifi(saved(tmp_path, [*rows, "a,X,,1,48.9,2.3"]), columns=COLUMNS, grid_crs=LAEA))
    assert (fault.row, fault.column) == ("3", "id")


def test_swapped_axes_are_told(tmp_path):
    swapped = {**COLUMNS, "x": "lat", "y": "lon"}
    path = saved(tmp_path, ["a,One,,1,48.85,2.35"])
    (fault,) = faults_of(lambda: read_wifi(path, columns=swapped, grid_crs=LAEA, bounds=BOX))
    assert "swapped" in fault.problem
    beyond = saved(tmp_path, ["a,One,,1,40.7,-100.2"])
    (fault,) = faults_of(lambda: read_wifi(beyond, columns=swapped, grid_crs=LAEA))
    assert "-100.2 is beyond ±90 degrees" in fault.problem
    assert "swap" in fault.mend


def test_projected_figures_in_degrees_columns(tmp_path):
    path = saved(tmp_path, ["a,One,,1,6863167,652351"])
    faults = faults_of(lambda: read_wifi(path, columns=COLUMNS, grid_crs=LAEA, bounds=BOX))
    assert {fault.column for fault in faults} == {"lon", "lat"}
    found, _notes = read_wifi(path, columns=COLUMNS, source_crs="EPSG:2154", grid_crs=LAEA, bounds=BOX)
    assert len(found) == 1


def test_every_fault_at_once(tmp_path):
    path = saved(tmp_path, ["a,One,Works,many,48.85,2.35", "b,Two,Works,-1,north,2.35"])
    faults = faults_of(lambda: read_wifi(path, columns=COLUMNS, operational=["ok"], grid_crs=LAEA))
    assert {(fault.column, fault.row) for fault in faults} >= {("lat", "2"), ("n", "1"), ("status", "")}
    gone = {**COLUMNS, "id": "ident", "name": "nom"}
    assert {f.column for f in faults_of(lambda: read_wifi(path, columns=gone, grid_crs=LAEA))} == {"ident", "nom"}
    assert "no columns for x and y" in faults_of(lambda: read_wifi(path, columns={}, grid_crs=LAEA))[0].problem
    wrong = faults_of(lambda: read_wifi(path, columns=COLUMNS, source_crs="EPSG:0", grid_crs=LAEA))
    assert "no known CRS" in wrong[0].problem


def test_geojson_brings_its_own_places(tmp_path):
    path = tmp_path / "w.geojson"
    table = {"ref": ["b", "a"], "state": ["open", "closed"], "aps": [2, None]}
    points = [Point(2.35, 48.85), Point(2.36, 48.86)]
    gpd.GeoDataFrame(table, geometry=points, crs="EPSG:4326").to_file(path, engine="pyogrio")
    columns = {"id": "ref", "status": "state", "access_points": "aps"}
    found, _notes = read_wifi(path, columns=columns, operational=["open"], grid_crs=CRS("EPSG:4326"))
    assert found["wifi_id"].tolist() == ["a", "b"]
    assert found["operational"].tolist() == [False, True]
    assert np.isnan(found["access_points"][0])
    assert found["x"].tolist() == [2.36, 2.35]


def test_paris(paris):
    columns = {**COLUMNS, "access_points": "access_points"}
    found, notes = read_wifi(
        paris / "paris_wifi_sites.csv", columns=columns, operational=["Opérationnel"], grid_crs=LAEA, bounds=BOX
    )
    assert (len(found), found["operational"].sum(), found["access_points"].sum()) == (277, 271, 699)
    assert found["wifi_id"].is_unique
    assert [note.count for note in notes] == [2, 6]


def test_new_york(new_york):
    columns = {"x": "Longitude", "y": "Latitude", "id": "OBJECTID", "name": "Name"}
    found, notes = read_wifi(
        new_york / "NYC_Wi-Fi_Hotspot_Locations_20241121.csv", columns=columns, grid_crs=CRS("EPSG:5070")
    )
    assert len(found) == 3319
    assert notes == []


def test_hosts_by_hand(tmp_path):
    path = saved(
        tmp_path, ["2,B,school,5.6,-0.2", "1,A,Library,5.7,-0.1", "3,C,bar,5.7,-0.1"], head="id,name,kind,lat,lon\n"
    )
    columns = {"x": "lon", "y": "lat", "id": "id", "name": "name", "category": "kind"}
    found, _notes = read_hosts(path, columns=columns, categories=["School", "library"], grid_crs=CRS("EPSG:4326"))
    assert found.to_numpy().tolist() == [["1", "A", "Library", -0.1, 5.7], ["2", "B", "school", -0.2, 5.6]]
    (fault,) = faults_of(lambda: read_hosts(path, columns=columns, categories=["mosque"], grid_crs=LAEA))
    assert "'mosque'" in fault.problem
    (fault,) = faults_of(
        lambda: read_hosts(path, columns={"x": "lon", "y": "lat"}, categories=["school"], grid_crs=LAEA)
    )
    assert "no category column" in fault.problem


def test_accra_hosts(accra):
    columns = {"x": "lon", "y": "lat", "id": "id", "name": "name", "category": "value"}
    found, _notes = read_hosts(
        accra / "osm_main_nodes_2019_accra_bbox.csv",
        columns=columns,
        categories=["school", "library", "townhall", "clinic", "hospital"],
        grid_crs=CRS("ESRI:54009"),
    )
    counts = {"school": 560, "hospital": 100, "clinic": 77, "library": 9, "townhall": 7}
    assert found["category"].value_counts().to_dict() == counts
