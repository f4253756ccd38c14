"""Places of OpenStreetMap that could host WiFi; osmnx and a plain osmium handler on the same extract are the oracles."""

import subprocess
import sys
from collections import Counter

import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import shared
from hypothesis import given
from hypothesis import strategies as st
from osm_town import elements, overpass, write_osm
from pyproj import CRS, Geod

from data.host_tags import KINDS, asked_tags, category, offers_wifi
from data.hosts import read_hosts, served_hosts
from data.osm_hosts import Thing, host_table, read_osm_hosts, write_hosts
from geo.errors import RangeError, SchemaError, SourceError

GRID = CRS("ESRI:54009")
DEGREES = CRS("EPSG:4326")
GEOD = Geod(ellps="WGS84")


@pytest.fixture(scope="session")
def extract():
    return shared("porto-alegre") / "poa_osm.pbf"


def square(first, west, south, side=0.002):
    """Four nodes, and the closed ring of them."""
    at = [(west, south), (west + side, south), (west + side, south + side), (west, south + side)]
    at = [(round(x, 7), round(y, 7)) for x, y in at]
    return {first + k: p for k, p in enumerate(at)}, [first, first + 1, first + 2, first + 3, first]


S, SCHOOL = square(10, 0.1, 10.0)
P, PARK = square(20, 0.2, 10.0, 0.01)
H, HOLE = square(30, 0.202, 10.002, 0.006)
B, CLINIC = square(40, 0.3, 10.0)
NODES = {
    **S,
    **P,
    **H,
    **B,
    1: (0.1005, 10.0005, {"amenity": "school", "name": "ÉCOLE  A", "internet_access": "wlan", "opening_hours": "Mo"}),
    2: (0.1015, 10.0005, {"amenity": "school", "name": "Other"}),
    3: (0.5, 10.0, {"amenity": "library", "internet_access": "yes", "internet_access:fee": "yes"}),
    4: (0.5, 10.1, {"amenity": "townhall", "access": "private"}),
    5: (0.5, 10.2, {"amenity": "bar", "name": "Bar"}),
    6: (0.5, 10.3, {"place": "square", "name": " Main\tSquare "}),
    7: (0.5, 10.4, {"amenity": "marketplace", "disused": "yes"}),
}
WAYS = {
    1: (SCHOOL, {"amenity": "school", "name": "Ecole A"}),
    2: (PARK, {}),
    3: (HOLE, {}),
    4: (CLINIC, {"healthcare": "clinic", "opening_hours": "24/7"}),
    5: (SCHOOL[:3], {"amenity": "bus_station"}),
    6: ([40, 42, 41, 43, 40], {"amenity": "hospital"}),
    7: ([40, 41, 99, 40], {"amenity": "hospital"}),
    8: (SCHOOL, {"amenity": "college", "area": "no"}),
}
RELATIONS = {
    1: ({2: "outer", 3: "inner"}, {"type": "multipolygon", "leisure": "park", "internet_access": "terminal;wlan"}),
    2: ({2: "outer", 98: "outer"}, {"type": "multipolygon", "leisure": "park"}),
    3: ({2: ""}, {"type": "site", "amenity": "university"}),
}
FOUND = [
    ["node/2", "Other", "school", "", False],
    ["node/3", "", "library", "", False],
    ["node/6", "Main Square", "square", "", False],
    ["relation/1", "", "park", "", True],
    ["way/1", "Ecole A", "school", "Mo", True],
    ["way/4", "", "clinic", "24/7", False],
]
LOST = ["relation/2", "relation/3", "way/5", "way/6", "way/7", "way/8"]
TOLD = ["host_id", "name", "category", "hours", "has_wifi"]


def noted(notes, word):
    (note,) = [note for note in notes if word in note.what]
    return note.count, note.detail


@pytest.fixture
def town(tmp_path):
    return write_osm(tmp_path / "town.osm", NODES, WAYS, RELATIONS)


def test_a_town_by_hand(town):
    found, notes = read_osm_hosts(town, crs=GRID)
    assert found[TOLD].to_numpy().tolist() == FOUND
    assert noted(notes, "whole outline") == (6, ", ".join(LOST))
    assert noted(notes, "not open") == (1, "node/4")
    assert noted(notes, "out of use") == (1, "node/7")
    assert noted(notes, "taken as one") == (1, "node/1")
    assert len(notes) == 4
    places = dict(zip(found["host_id"], zip(found["lon"], found["lat"], strict=True), strict=True))
    assert places["node/2"] == (0.1015, 10.0005)
    park = shapely.Polygon([NODES[k] for k in PARK], [[NODES[k] for k in HOLE]])
    assert park.contains(shapely.Point(places["relation/1"]))
    assert shapely.Polygon([NODES[k] for k in SCHOOL]).contains(shapely.Point(places["way/1"]))


def test_a_file_that_is_not_sorted_is_refused(tmp_path):
    backwards = dict(list(WAYS.items())[::-1])
    with pytest.raises(SchemaError, match=r"out of order.*sorted by kind and number"):
        read_osm_hosts(write_osm(tmp_path / "town.osm", NODES, backwards, RELATIONS), crs=GRID)


def test_every_kind_is_met_by_its_tags_and_use_comes_before_building():
    assert all(category(dict(tags)) == kind for kind, tags in KINDS)
    assert category({"building": "public", "amenity": "library"}) == "library"
    assert category({"public_transport": "station", "bus": "yes"}) == "bus station"
    nothing = [{}, {"public_transport": "station"}, {"building": "school"}, {"amenity": "kindergarten"}]
    assert [category(tags) for tags in nothing] == [None] * 4


@pytest.mark.parametrize(
    ("value", "fee", "offered"),
    [
        ("wlan", None, True),
        ("yes", "no", True),
        ("WiFi", "customers", True),
        ("terminal; wlan", None, True),
        ("wlan", "yes", False),
        ("terminal", None, False),
        ("no", None, False),
        (None, None, False),
    ],
)
def test_wifi_that_costs_is_not_offered(value, fee, offered):
    tags = {"internet_access": value, "internet_access:fee": fee}
    assert offers_wifi({key: word for key, word in tags.items() if word}) is offered


def test_an_area_in_an_area_in_an_area_is_one_place():
    shapes = [shapely.box(9 - k, 9 - k, 9 + k, 9 + k) for k in (3, 2, 1)]
    tags = [
        {"leisure": "park"},
        {"leisure": "park", "opening_hours": "Mo"},
        {"leisure": "park", "internet_access": "yes"},
    ]
    things = [Thing(f"way/{k}", told, shape) for k, (told, shape) in enumerate(zip(tags, shapes, strict=True))]
    found, notes = host_table(things, name="x", crs=DEGREES, bounds=None)
    assert found[TOLD].to_numpy().tolist() == [["way/0", "", "park", "Mo", True]]
    assert noted(notes, "taken as one") == (2, "way/1, way/2")
    twice, _notes = host_table([things[0], Thing("relation/1", *things[0][1:])], name="x", crs=DEGREES, bounds=None)
    assert twice["host_id"].tolist() == ["way/0"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["school", "library", "bar"]),
            st.sampled_from(["", "A", "á", "B"]),
            st.sampled_from(["", "yes", "private"]),
            st.sampled_from(["point", "area", "line"]),
            st.integers(1, 9),
            st.integers(1, 9),
            st.integers(1, 3),
        ),
        max_size=12,
    )
)
def test_every_place_is_kept_or_noted(drawn):
    things = [Thing("node/0", {"amenity": "school", "name": "always"}, shapely.Point(1, 1))]
    for number, (kind, name, access, shape, x, y, side) in enumerate(drawn, 1):
        shapes = {"point": shapely.Point(x, y), "area": shapely.box(x, y, x + side, y + side), "line": None}
        things.append(Thing(f"way/{number}", {"amenity": kind, "name": name, "access": access}, shapes[shape]))
    found, notes = host_table(things, name="x", crs=DEGREES, bounds=(0, 0, 6, 6))
    hosts = sum(category(thing.tags) is not None for thing in things)
    assert len(found) + sum(note.count for note in notes) == hosts
    again, _notes = host_table(things[::-1], name="x", crs=DEGREES, bounds=(0, 0, 6, 6))
    assert found.equals(again)
    for one in found.itertuples():
        shape = {thing.osm_id: thing for thing in things}[one.host_id].shape
        assert shape.intersects(shapely.Point(one.lon, one.lat))


def test_porto_alegre_against_osmium_and_osmnx(extract, tmp_path):
    import osmium
    import osmnx

    class Counting(osmium.SimpleHandler):
        def __init__(self):
            super().__init__()
            self.found = {}

        def _see(self, key, tags):
            told = dict(tags)
            if told.get("access") in {"private", "no"} or told.get("disused") == "yes":
                return
            kinds = {"bus_station": "bus station", "ferry_terminal": "ferry terminal", "marketplace": "market"}
            kind = kinds.get(told.get("amenity"))
            kind = kind or ("park" if told.get("leisure") == "park" else None)
            kind = kind or ("railway station" if told.get("railway") == "station" else None)
            if kind:
                self.found[key] = kind

        def node(self, thing):
            self._see(f"node/{thing.id}", thing.tags)

        def area(self, thing):
            self._see(f"{'way' if thing.from_way() else 'relation'}/{thing.orig_id()}", thing.tags)

    counting = Counting()
    counting.apply_file(str(extract), locations=True)
    found, notes = read_osm_hosts(extract, crs=GRID)
    assert dict(zip(found["host_id"], found["category"], strict=True)) == counting.found
    counts = {"bus station": 25, "ferry terminal": 6, "railway station": 3, "market": 1, "park": 1}
    assert Counter(found["category"]) == counts
    assert [(note.what.split(",")[0], note.detail) for note in notes] == [
        ("places not open to the public", "relation/7891198"),
        ("places out of use", "way/236848471"),
    ]

    with osmium.BackReferenceWriter(str(tmp_path / "town.osm"), str(extract)) as writer:
        for thing in osmium.FileProcessor(str(extract)).with_filter(osmium.filter.TagFilter(*asked_tags())):
            writer.add(thing)
    wanted = {}
    for key, value in asked_tags():
        wanted.setdefault(key, []).append(value)
    theirs = osmnx.features_from_xml(tmp_path / "town.osm", tags=wanted)
    ids = [f"{element}/{number}" for element, number in theirs.index]
    assert set(ids) - {"relation/7891198", "way/236848471"} == set(found["host_id"])
    shape = dict(zip(ids, theirs.geometry, strict=True))
    for one in found.itertuples():
        assert shape[one.host_id].distance(shapely.Point(one.lon, one.lat)) == 0
    again, _notes = read_osm_hosts(tmp_path / "town.osm", crs=GRID)
    assert again.equals(found)


def test_bounds_and_the_grids_crs(extract):
    whole, _notes = read_osm_hosts(extract, crs=DEGREES)
    assert (whole["x"] == whole["lon"]).all()
    middle = float(whole["lon"].median())
    west, notes = read_osm_hosts(extract, crs=DEGREES, bounds=(-52, -31, middle, -29))
    assert west["host_id"].tolist() == whole.loc[whole["lon"] <= middle, "host_id"].tolist()
    assert noted(notes, "outside the region")[0] == len(whole) - len(west)
    with pytest.raises(SchemaError, match="no point lies in the region"):
        read_osm_hosts(extract, crs=DEGREES, bounds=(0, 0, 1, 1))


def test_written_hosts_are_read_back(extract, tmp_path):
    found, _notes = read_osm_hosts(extract, crs=GRID)
    found.loc[0, ["name", "has_wifi"]] = ['Two\n"lines", and; more', True]
    write_hosts(found, tmp_path / "hosts.csv")
    columns = {"x": "lon", "y": "lat", "id": "id", "name": "name", "category": "category"}
    columns |= {"hours": "hours", "wifi": "wifi"}
    back, notes = read_hosts(tmp_path / "hosts.csv", columns=columns, grid_crs=GRID)
    assert notes == []
    assert back.to_dict("list") == found.drop(columns=["lon", "lat"])[back.columns].to_dict("list")
    first = (tmp_path / "hosts.csv").read_bytes()
    write_hosts(found, tmp_path / "hosts.csv")
    assert (tmp_path / "hosts.csv").read_bytes() == first
    assert [path.name for path in tmp_path.iterdir()] == ["hosts.csv"]


def test_names_cannot_become_formulas(tmp_path):
    things = [Thing("node/1", {"amenity": "library", "name": "=1+1", "opening_hours": "@x"}, shapely.Point(-1, -1))]
    found, _notes = host_table(things, name="x", crs=DEGREES, bounds=None)
    write_hosts(found, tmp_path / "hosts.csv")
    lines = (tmp_path / "hosts.csv").read_text(encoding="utf-8").splitlines()
    assert lines == ["id,name,category,hours,wifi,lon,lat", "node/1,'=1+1,library,'@x,,-1.0,-1.0"]


def test_files_that_hold_no_hosts(tmp_path, extract):
    (tmp_path / "x.osm").write_text("nothing")
    with pytest.raises(SchemaError, match="not an OpenStreetMap osm file"):
        read_osm_hosts(tmp_path / "x.osm", crs=GRID)
    with pytest.raises(SchemaError, match="no such file"):
        read_osm_hosts(tmp_path / "y.osm.pbf", crs=GRID)
    streets = write_osm(tmp_path / "z.osm", {1: (0, 1), 2: (0, 2)}, {1: ([1, 2], {"highway": "path"})})
    with pytest.raises(SchemaError, match="no place in it could host WiFi"):
        read_osm_hosts(streets, crs=GRID)
    whole = extract.read_bytes()
    for share in (0.1, 0.5, 0.99):
        (tmp_path / "cut.pbf").write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(SchemaError, match="cut short"):
            read_osm_hosts(tmp_path / "cut.pbf", crs=GRID)


# --- fetching, from a server of our own ----------------------------------------------------------------------------


def test_fetched_politely_once_and_equal_to_the_file(tmp_path, town):
    import osmnx

    from data.fetch_hosts import fetch_osm_hosts

    before = {name: getattr(osmnx.settings, name) for name in dir(osmnx.settings) if not name.startswith("_")}
    whole = {k: way for k, way in WAYS.items() if k not in {6, 7}}  # osmnx mends or drops crossing and cut outlines
    with overpass() as (url, asked, state):
        state["elements"] = elements(NODES, whole, RELATIONS)
        options = {"crs": GRID, "cache": tmp_path / "cache", "overpass_url": url}
        small, _notes = fetch_osm_hosts((0.05, 9.95, 0.15, 10.05), **options)
        assert asked == ["/api/status", "/api/interpreter"]
        assert "community_centre" in state["question"]
        again, _notes = fetch_osm_hosts(shapely.box(0.05, 9.95, 0.15, 10.05), **options)
        assert len(asked) == 2
        found, notes = fetch_osm_hosts((0.0, 9.9, 0.6, 10.6), **options)
        assert len(asked) > 4  # so large a place is asked for in parts
    assert small["host_id"].tolist() == ["node/2", "way/1"]
    assert small.equals(again)
    pd.testing.assert_frame_equal(found, read_osm_hosts(town, crs=GRID)[0], check_exact=True)
    assert noted(notes, "taken as one") == (1, "node/1")
    assert {name: getattr(osmnx.settings, name) for name in before} == before


def test_servers_that_fail_and_places_without_hosts(tmp_path):
    from data.fetch_hosts import fetch_osm_hosts

    with overpass() as (url, _asked, state):
        options = {"crs": GRID, "cache": tmp_path / "cache", "overpass_url": url}
        with pytest.raises(SourceError, match=r"hosts in .*no usable answer"):
            fetch_osm_hosts((0.45, 10.05, 0.55, 10.15), **options)
        state["elements"] = elements({4: NODES[4]})
        with pytest.raises(SchemaError, match="open to the public"):
            fetch_osm_hosts((0.45, 10.05, 0.55, 10.16), **options)
        state |= {"code": 400, "elements": []}
        with pytest.raises(SourceError, match="no usable answer"):
            fetch_osm_hosts((0.45, 10.05, 0.55, 10.17), **options)
        with pytest.raises(SchemaError, match="no west, south, east, north"):
            fetch_osm_hosts((0, 100, 1, 101), **options)


def test_reading_hosts_does_not_load_osmnx():
    code = "import sys, data.osm_hosts, data.fetch_hosts; sys.exit('osmnx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- hosts that have WiFi already ----------------------------------------------------------------------------------


def at(places, **columns):
    """Table of places (lon, lat) in the grid's CRS."""
    from pyproj import Transformer

    lon, lat = (np.array(values, dtype=float) for values in zip(*places, strict=True))
    x, y = Transformer.from_crs(DEGREES, GRID, always_xy=True).transform(lon, lat)
    return pd.DataFrame({"x": x, "y": y, **columns})


def off(metres, azimuth, start=(-51.2, -30.0)):
    return GEOD.fwd(*start, azimuth, metres)[:2]


def test_hosts_near_free_wifi_by_hand():
    places = [
        off(99, 0),
        off(101, 0),
        off(99, 90),
        off(101, 90),
        off(499, 45),
        off(501, 45),
        off(400, 10),
        off(9000, 0),
    ]
    names = ["a", "b", "c", "d", "Praça-Central", "praca central", "", "far"]
    hosts = at(places, name=names, has_wifi=[False] * 7 + [True])
    wifi = at([(-51.2, -30.0)] * 2, name=["PRAÇA CENTRAL", ""], operational=True, free=True)
    served = served_hosts(hosts, wifi, crs=GRID, apart_m=100, name_apart_m=500)
    assert served.tolist() == [True, False, True, False, True, False, False, True]
    for column in ("operational", "free"):
        none = served_hosts(hosts, wifi.assign(**{column: False}), crs=GRID, apart_m=100, name_apart_m=500)
        assert none.tolist() == [False] * 7 + [True]
    assert served_hosts(hosts, None, crs=GRID, apart_m=100, name_apart_m=500).tolist() == [False] * 7 + [True]
    assert served_hosts(hosts.head(0), wifi, crs=GRID, apart_m=100, name_apart_m=500).shape == (0,)
    for wrong in (-1.0, float("nan")):
        with pytest.raises(RangeError, match="0 m or more"):
            served_hosts(hosts, wifi, crs=GRID, apart_m=wrong, name_apart_m=500)


@given(st.integers(0, 10_000), st.floats(-70, 70), st.floats(-170, 170))
def test_hosts_near_wifi_against_geodesics(seed, lat, lon):
    rng = np.random.default_rng(seed)
    places = [off(rng.uniform(0, 900), rng.uniform(0, 360), start=(lon, lat)) for _ in range(30)]
    names = rng.choice(["", "a", "b"], 30)
    hosts = at(places[:15], name=names[:15], has_wifi=rng.random(15) < 0.1)
    flags = rng.random((2, 15)) < 0.8
    wifi = at(places[15:], name=names[15:], operational=flags[0], free=flags[1])
    served = served_hosts(hosts, wifi, crs=GRID, apart_m=100, name_apart_m=500)
    ends = np.concatenate([np.repeat(places[:15], 15, axis=0), np.tile(places[15:], (15, 1))], axis=1)
    far = np.reshape(GEOD.inv(*ends.T)[2], (15, 15))
    same = (names[:15, None] == names[15:]) & (names[15:] != "")
    near = ((far <= 100) | ((far <= 500) & same)) & flags.all(axis=0)
    assert (served == (hosts["has_wifi"] | near.any(axis=1))).all()
