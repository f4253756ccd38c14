from __future__ import annotations

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from shapely import Point

from data.hosts import read_hosts
from data.wifi import read_wifi
from geo.errors import SchemaError
from geo.grid import Grid

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
    assert {(fault.column, fault.row) for fault in faults} >= {("lat", "2"), ("n", "1")}
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


MORE = {**COLUMNS, "setting": "where", "access": "terms", "hours": "open"}
MORE_HEAD = "id,name,status,n,lat,lon,where,terms,open\n"


def test_setting_access_and_hours_by_hand(tmp_path):
    rows = [
        "a,One,,1,48.85,2.35,OUTDOOR kiosk,Free,24/7",
        "b,Two,,1,48.86,2.36,Indoor,Limited Free,",
        "c,Three,,1,48.87,2.37,,,Mo-Fr 08:00-18:00",
        "d,Four,,1,48.88,2.38,Outdoor,Partner,n/a",
    ]
    path = saved(tmp_path, rows, head=MORE_HEAD)
    lists = {"outdoor": ["outdoor", "Outdoor Kiosk"], "free": ["FREE"]}
    found, notes = read_wifi(path, columns=MORE, **lists, grid_crs=CRS("EPSG:4326"))
    assert found["outdoor"].tolist() == [True, False, False, True]
    assert found["free"].tolist() == [True, False, False, False]
    assert found["hours"].tolist() == ["24/7", "", "Mo-Fr 08:00-18:00", ""]
    assert [(note.what, note.count, note.detail) for note in notes] == [
        ("points not free to use", 3, "blank 1, Limited Free 1, Partner 1"),
        ("points whose setting is not known, taken as indoors", 1, ""),
    ]
    bare, notes = read_wifi(path, columns=MORE, grid_crs=CRS("EPSG:4326"))
    assert (bare["free"].all(), bare["outdoor"].any()) == (True, False)
    assert [(note.what.split()[3], note.count) for note in notes] == [("access", 3), ("setting", 3)]


@pytest.mark.parametrize(
    ("flag", "key", "column"),
    [("outdoor", "setting", "where"), ("free", "access", "terms"), ("operational", "status", "status")],
)
def test_lists_that_no_row_fits_are_told_and_without_a_column_are_faults(tmp_path, flag, key, column):
    path = saved(tmp_path, ["a,One,Up,1,48.85,2.35,In,Fee,", "b,Two,,1,48.85,2.36,,,"], head=MORE_HEAD)
    _, notes = read_wifi(path, columns=MORE, **{flag: ["so", "thus"]}, grid_crs=LAEA)
    (told,) = (note for note in notes if note.what == f"words of the {key} list that no row has")
    words = {"where": "In 1", "terms": "Fee 1", "status": "Up 1"}[column]
    assert (told.count, told.detail) == (2, f"so, thus; no row has any word of it, the rows have: blank 1, {words}")
    without = {name: value for name, value in MORE.items() if name != key}
    (fault,) = faults_of(lambda: read_wifi(path, columns=without, **{flag: ["so"]}, grid_crs=LAEA))
    assert (fault.problem, fault.mend) == (f"{key} words are set but no {key} column", f"set columns.{key}")
    (fault,) = faults_of(lambda: read_wifi(path, columns={**MORE, key: "gone"}, grid_crs=LAEA))
    assert (fault.problem, fault.column) == ("no such column", "gone")


def test_points_at_one_place_under_one_name_are_kept_and_noted(tmp_path):
    rows = [
        "c,Parc é,,1,48.85,2.35",
        "a,PARC E,,1,48.850,2.35",
        "b,,,1,48.9,2.35",
        "d,,,2,48.9,2.35",
        "e,X,,1,48.85,2.35",
    ]
    found, notes = read_wifi(saved(tmp_path, rows), columns=COLUMNS, grid_crs=LAEA)
    assert len(found) == 5
    what = "points that stand at another's place under its name; both count towards room"
    assert [(note.what, note.count, note.detail) for note in notes] == [(what, 1, "c")]


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.sampled_from(["Free", "free ", "Fee", ""]), st.sampled_from(["In", "OUT", ""])), min_size=1),
    st.randoms(use_true_random=False),
)
def test_every_point_is_free_or_noted(drawn, random):
    rows = [f"{k},n{k},,1,48.85,2.35,{where},{terms}," for k, (terms, where) in enumerate([("Free", "Out"), *drawn])]
    with TemporaryDirectory() as folder:
        read = partial(read_wifi, columns=MORE, outdoor=["out"], free=["free"], grid_crs=CRS("EPSG:4326"))
        found, notes = read(saved(Path(folder), rows, head=MORE_HEAD))
        random.shuffle(rows)
        again, others = read(saved(Path(folder), rows, head=MORE_HEAD))
    assert found.equals(again)
    assert notes == others
    told = {note.what: note.count for note in notes}
    assert len(found) == len(rows) == found["free"].sum() + told.get("points not free to use", 0)
    unknown = told.get("points whose setting is not known, taken as indoors", 0)
    assert len(rows) == found["outdoor"].sum() + unknown + sum(where == "In" for _, where in drawn)


def test_paris(paris):
    columns = {**COLUMNS, "access_points": "access_points"}
    found, notes = read_wifi(
        paris / "paris_wifi_sites.csv", columns=columns, operational=["Opérationnel"], grid_crs=LAEA, bounds=BOX
    )
    assert (len(found), found["operational"].sum(), found["access_points"].sum()) == (277, 271, 699)
    assert found["wifi_id"].is_unique
    assert [note.count for note in notes] == [2, 6]


def test_new_york_by_its_columns_alone(new_york):
    path = new_york / "NYC_Wi-Fi_Hotspot_Locations_20241121.csv"
    columns = {"x": "Longitude", "y": "Latitude", "id": "OBJECTID", "name": "Name", "setting": "Location_T"}
    outdoor = ["Outdoor", "Outdoor Kiosk", "Outdoor TWC Aerial"]
    read = partial(read_wifi, path, outdoor=outdoor, grid_crs=CRS("EPSG:5070"))
    found, notes = read(columns={**columns, "access": "Type"}, free=["free"])
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    setting, terms = table["Location_T"].value_counts(), table["Type"].value_counts()
    assert len(found) == len(table) == 3319
    assert found["outdoor"].sum() == setting[outdoor].sum() == 2687
    assert found["free"].sum() == terms["Free"] == 2736
    assert found["operational"].all()
    names = table["Name"].str.casefold().str.findall(r"\w+").str.join(" ")
    again = table.assign(Name=names).duplicated(["Latitude", "Longitude", "Name"]) & (names != "")
    assert [(note.what.split(";")[0], note.count) for note in notes] == [
        ("points not free to use", len(table) - terms["Free"]),
        ("points that stand at another's place under its name", again.sum()),
    ]
    assert notes[0].detail == f"Limited Free {terms['Limited Free']}, Partner Site {terms['Partner Site']}"
    both, _notes = read(columns={**columns, "access": "Type"}, free=["Free", "Limited Free"])
    assert both["free"].sum() == terms[["Free", "Limited Free"]].sum()
    by_provider, _notes = read(columns={**columns, "status": "Provider", "hours": "SSID"}, operational=["NYPL"])
    assert by_provider["operational"].sum() == (table["Provider"] == "NYPL").sum()
    assert by_provider["hours"].value_counts()["GuestWiFi"] == (table["SSID"] == "GuestWiFi").sum()


def test_hosts_by_hand(tmp_path):
    path = saved(
        tmp_path, ["2,B,school,5.6,-0.2", "1,A,Library,5.7,-0.1", "3,C,bar,5.7,-0.1"], head="id,name,kind,lat,lon\n"
    )
    columns = {"x": "lon", "y": "lat", "id": "id", "name": "name", "category": "kind"}
    found, _notes = read_hosts(path, columns=columns, categories=["School", "library"], grid_crs=CRS("EPSG:4326"))
    told = found[["host_id", "name", "category", "x", "y"]]
    assert told.to_numpy().tolist() == [["1", "A", "Library", -0.1, 5.7], ["2", "B", "school", -0.2, 5.6]]
    assert (found["hours"].tolist(), found["has_wifi"].tolist()) == (["", ""], [False, False])
    (fault,) = faults_of(lambda: read_hosts(path, columns=columns, categories=["mosque"], grid_crs=LAEA))
    assert "'mosque'" in fault.problem
    (fault,) = faults_of(
        lambda: read_hosts(path, columns={"x": "lon", "y": "lat"}, categories=["school"], grid_crs=LAEA)
    )
    assert "no category column" in fault.problem


def test_hosts_with_hours_and_wifi(tmp_path):
    rows = ["1,5.6,-0.2,Mo-Fr,WLAN", "2,5.6,-0.1,,no", "3,5.7,-0.1,24/7,", "4,5.8,-0.1,,terminal", "5,5.9,-0.1,,no"]
    path = saved(tmp_path, rows, head="id,lat,lon,open,net\n")
    columns = {"x": "lon", "y": "lat", "id": "id", "hours": "open", "wifi": "net"}
    found, notes = read_hosts(path, columns=columns, grid_crs=LAEA)
    assert found["has_wifi"].tolist() == [True, False, False, False, False]
    assert found["hours"].tolist() == ["Mo-Fr", "", "24/7", "", ""]
    what = "places whose WiFi word is not in has_wifi, taken as without WiFi"
    assert [(note.what, note.count, note.detail) for note in notes] == [(what, 3, "no 2, terminal 1")]
    found, _notes = read_hosts(path, columns=columns, has_wifi=["Terminal"], grid_crs=LAEA)
    assert found["has_wifi"].tolist() == [False, False, False, True, False]
    found, notes = read_hosts(path, columns=columns, has_wifi=["sim"], grid_crs=LAEA)
    assert not found["has_wifi"].any()
    assert (notes[0].what, notes[0].count) == ("words of the wifi list that no row has", 1)
    (fault,) = faults_of(lambda: read_hosts(path, columns={"x": "lon", "y": "lat"}, has_wifi=["sim"], grid_crs=LAEA))
    assert fault.mend == "set columns.wifi"


def test_lists_reach_the_readers_from_the_region_file(tmp_path):
    from data.load import _hosts, _wifi
    from data.loader import Loader
    from data.region_file import RegionFile

    saved(tmp_path, ["a,One,,1,0.5,0.5,Out,Gratis,24/7", "b,Two,,1,0.6,0.6,In,Fee,"], head=MORE_HEAD)
    (tmp_path / "h.csv").write_text("lat,lon,net\n0.5,0.5,sim\n0.6,0.6,no\n")
    places = {"x": "lon", "y": "lat"}
    told = {
        "name": "Test",
        "population": {"file": "p.tif"},
        "zones": {"file": "z.gpkg", "id": "id", "name": "name"},
        "wifi": {"file": "w.csv", "columns": MORE, "outdoor": ["out"], "free": ["gratis"]},
        "hosts": {"file": "h.csv", "columns": {**places, "wifi": "net"}, "has_wifi": ["sim"]},
    }
    loader = Loader(tmp_path, RegionFile.model_validate(told))
    grid = Grid(CRS("ESRI:54009"), Affine(1000, 0, 0, 0, -1000, 100_000), (100, 100))
    wifi, hosts = _wifi(loader, grid), _hosts(loader, grid)
    assert loader.faults == []
    assert wifi[["free", "outdoor"]].to_numpy().tolist() == [[True, True], [False, False]]
    assert hosts["has_wifi"].tolist() == [True, False]


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
