"""Streets read from every format, saved and loaded; who may walk where; osmnx on the same ways is the oracle."""

import itertools
import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from affine import Affine
from conftest import shared
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer

from data.street_file import load_streets, save_streets
from data.street_heights import heights_at, with_heights
from data.streets import read_streets
from data.terrain import Dem, read_dem
from data.walking import passable, walkable
from geo.errors import CRSError, RangeError, SchemaError, SourceError
from geo.grid import Grid
from geo.network import components, simplified

GEOD = Geod(ellps="WGS84")
CITY = CRS.from_proj4("+proj=laea +lat_0=-30 +lon_0=-51 +datum=WGS84 +units=m")
ALL = (-1e6, -1e6, 1e6, 1e6)


@pytest.fixture(scope="session")
def porto_alegre():
    return shared("porto-alegre")


@pytest.fixture(scope="session")
def city(porto_alegre):
    return read_streets(porto_alegre / "poa_osm.pbf", crs=CITY, bounds=ALL)


def osm(tmp_path, nodes, ways, name="town.osm"):
    """An .osm file; nodes {id: (lon, lat[, tags])}, ways {id: (refs, tags)}."""
    lines = ["<osm version='0.6'>"]

    def tagged(tags):
        return "".join(f"<tag k='{k}' v='{v}'/>" for k, v in tags.items())

    for number, (lon, lat, *tags) in nodes.items():
        lines.append(f"<node id='{number}' lon='{lon}' lat='{lat}'>{tagged(tags[0] if tags else {})}</node>")
    for number, (refs, tags) in ways.items():
        inner = "".join(f"<nd ref='{ref}'/>" for ref in refs)
        lines.append(f"<way id='{number}'>{inner}{tagged(tags)}</way>")
    path = tmp_path / name
    path.write_text("\n".join([*lines, "</osm>"]))
    return path


def equal(one, other):
    a, b = one.arrays(), other.arrays()
    return one.crs == other.crs and a.keys() == b.keys() and all(a[k].tobytes() == b[k].tobytes() for k in a)


def read(path, **options):
    return read_streets(path, crs=CITY, bounds=ALL, **{"least_m": 0.0, **options})


def metres(*places):
    return GEOD.line_length([p[0] for p in places], [p[1] for p in places])


RULES = [
    ({"highway": "residential"}, True),
    ({"highway": "footway"}, True),
    ({"highway": "steps"}, True),
    ({"highway": "trunk"}, True),
    ({"highway": "trunk", "motorroad": "yes"}, False),
    ({"highway": "trunk", "motorroad": "yes", "foot": "yes"}, True),
    ({"highway": "motorway"}, False),
    ({"highway": "motorway_link"}, False),
    ({"highway": "motorway", "foot": "yes"}, True),
    ({"highway": "cycleway"}, False),
    ({"highway": "cycleway", "foot": "designated"}, True),
    ({"highway": "service", "access": "private"}, False),
    ({"highway": "service", "access": "no", "foot": "yes"}, True),
    ({"highway": "service", "access": "destination"}, True),
    ({"highway": "residential", "foot": "no"}, False),
    ({"highway": "residential", "foot": "yes;no"}, False),
    ({"highway": "residential", "foot": "private", "access": "yes"}, False),
    ({"highway": "residential", "access": "surely"}, True),
    ({"highway": "construction", "foot": "yes"}, False),
    ({"highway": "proposed"}, False),
    ({"highway": "pedestrian", "area": "yes"}, True),
    ({"route": "ferry"}, False),
    ({"route": "ferry", "highway": "path", "foot": "yes"}, False),
    ({"railway": "rail", "foot": "yes"}, False),
    ({}, False),
]


@pytest.mark.parametrize(("tags", "may"), RULES)
def test_who_may_walk_where(tags, may):
    assert walkable(tags) is may


def test_ferries_on_request_and_barriers():
    assert walkable({"route": "ferry"}, ferries=True)
    assert not walkable({"route": "ferry", "foot": "no"}, ferries=True)
    shut = [{"barrier": "gate", "access": "private"}, {"barrier": "wall"}, {"barrier": "gate", "foot": "no"}]
    assert not any(passable(tags) for tags in shut)
    free = [{}, {"access": "no"}, {"barrier": "gate"}, {"barrier": "gate", "access": "private", "foot": "yes"}]
    assert all(passable(tags) for tags in free)


NODES = {1: (-51.0, -30.0), 2: (-50.99, -30.0), 3: (-50.98, -30.0), 4: (-50.99, -29.99), 5: (-50.99, -30.01)}


def test_a_crossing_by_hand(tmp_path):
    ways = {10: ([1, 2, 3], {"highway": "residential"}), 11: ([4, 2, 5], {"highway": "footway"})}
    ways[12] = ([1, 4], {"highway": "motorway"})
    made, notes = read(osm(tmp_path, NODES, ways))
    assert notes == []
    assert (made.nodes, made.edges) == (5, 4)
    assert list(zip(made.tail.tolist(), made.head.tolist(), strict=True)) == [(0, 1), (1, 2), (1, 3), (1, 4)]
    assert made.length_m == pytest.approx([metres(NODES[2], NODES[k]) for k in (1, 3, 4, 5)], rel=1e-12)
    east, north = Transformer.from_crs("EPSG:4326", CITY, always_xy=True).transform(-50.99, -30.0)
    assert (made.x[1], made.y[1]) == (east, north)


def test_bridges_barriers_doubles_and_repeated_nodes(tmp_path):
    street = {"highway": "residential"}
    nodes = {
        **NODES,
        6: (-50.99, -30.0),
        7: (-51.0, -30.0),
        8: (-50.97, -30.0, {"barrier": "gate", "access": "private"}),
    }
    nodes[9] = (-50.96, -30.0)
    # 6 lies where 2 does: a bridge, not a crossing; 7 lies where 1 does and a way steps from one to the other
    ways = {10: ([1, 2, 2, 3], street), 11: ([4, 6, 5], street), 12: ([3, 2], street), 13: ([7, 1], street)}
    ways |= {14: ([7, 4], street), 15: ([3, 8, 9], street), 16: ([9], street)}
    made, notes = read(osm(tmp_path, nodes, ways), simplify=False)
    said = {note.what: note.count for note in notes}
    assert said == {"streets drawn twice, counted once": 1, "shut barriers on walkable ways, not passed": 1}
    assert int(components(made).max()) == 1
    far = (
        metres(nodes[1], nodes[2], nodes[3], nodes[8])
        + metres(nodes[4], nodes[6], nodes[5])
        + metres(nodes[1], nodes[4])
    )
    assert made.length_m.sum() == pytest.approx(far + metres(nodes[8], nodes[9]), rel=1e-12)


def test_the_order_of_ways_and_their_direction_do_not_matter(tmp_path):
    street = {"highway": "residential"}
    ways = {10: ([1, 2, 3], street), 11: ([4, 2, 5], street), 12: ([3, 4, 1, 5, 3], street), 13: ([2, 4], street)}
    turned = {20 - k: (refs[::-1], tags) for k, (refs, tags) in reversed(ways.items())}
    assert equal(read(osm(tmp_path, NODES, ways))[0], read(osm(tmp_path, NODES, turned, "other.osm"))[0])


@given(st.lists(st.lists(st.integers(1, 7), min_size=1, max_size=6), min_size=1, max_size=6))
def test_every_step_is_kept_once(tmp_path_factory, refs):
    nodes = {k: (-51 + 0.003 * k, -30 + 0.001 * k * k) for k in range(1, 8)}
    steps = {(min(a, b), max(a, b)) for way in refs for a, b in itertools.pairwise(way) if a != b}
    path = osm(tmp_path_factory.mktemp("osm"), nodes, {i + 1: (way, {"highway": "path"}) for i, way in enumerate(refs)})
    if not steps:
        with pytest.raises(SchemaError, match=r"no way in it|none of its"):
            read(path)
        return
    made, _ = read(path)
    seen = sum(metres(nodes[a], nodes[b]) for a, b in steps)
    assert made.length_m.sum() == pytest.approx(seen, rel=1e-12)
    plain, _ = read(path, simplify=False)
    assert plain.length_m.sum() == pytest.approx(made.length_m.sum(), rel=1e-9)
    assert equal(simplified(plain), made)


def test_scraps_and_bounds(tmp_path):
    nodes = {
        1: (-51.0, -30.0),
        2: (-50.98, -30.0),
        3: (-50.97, -30.0),
        4: (-50.969, -30.0),
        5: (-50.5, -30),
        6: (-50.4, -30),
    }
    street = {"highway": "residential"}
    path = osm(tmp_path, nodes, {1: ([1, 2], street), 2: ([3, 4], street), 3: ([5, 6], street)})
    made, notes = read_streets(path, crs=CITY, bounds=(0, -100, 3000, 100), margin_m=500)
    assert made.edges == 1
    assert [(note.count, note.detail) for note in notes] == [(1, "1 parts, 0.1 of 2.0 km")]
    assert read_streets(path, crs=CITY, bounds=(0, -100, 3000, 100), margin_m=500, least_m=0)[0].edges == 2
    with pytest.raises(SchemaError, match="none of its 3 walkable lines lies in the region"):
        read_streets(path, crs=CITY, bounds=(0, 5000, 3000, 9000))
    with pytest.raises(CRSError, match="projected CRS in metres"):
        read_streets(path, crs=CRS.from_epsg(4326), bounds=ALL)


# --- the real city -------------------------------------------------------------------------------------------------


def test_porto_alegre(city):
    made, notes = city
    assert (made.nodes, made.edges) == COUNTS
    assert made.length_m.sum() / 1000 == pytest.approx(KM, abs=0.001)
    part = np.bincount(components(made)[made.tail], weights=made.length_m)
    assert part[0] / part.sum() == pytest.approx(SHARE, abs=1e-4)
    assert part.min() >= 1000
    assert [note.count for note in notes] == NOTED


def test_lengths_are_geodesics(city):
    made, _ = city
    lon, lat = Transformer.from_crs(CITY, "EPSG:4326", always_xy=True).transform(made.vertex_x, made.vertex_y)
    for edge in np.random.default_rng(4).choice(made.edges, 500, replace=False):
        part = slice(made.starts[edge], made.starts[edge + 1])
        assert made.length_m[edge] == pytest.approx(GEOD.line_length(lon[part], lat[part]), rel=1e-6)


def test_merging_edges_changes_no_length(city, porto_alegre):
    plain, _ = read_streets(porto_alegre / "poa_osm.pbf", crs=CITY, bounds=ALL, simplify=False)
    assert plain.edges > city[0].edges
    assert city[0].length_m.sum() == pytest.approx(plain.length_m.sum(), rel=1e-9)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_osmnx_finds_the_same_streets(porto_alegre, tmp_path):
    """Oracle: osmnx on the walkable ways, written to .osm XML; barriers are no matter of osmnx and are left out."""
    import osmium
    import osmnx

    nodes, ways = {}, {}
    for thing in osmium.FileProcessor(str(porto_alegre / "poa_osm.pbf")).with_locations():
        if thing.is_way() and walkable({tag.k: tag.v for tag in thing.tags}):
            ways[thing.id] = ([ref.ref for ref in thing.nodes], {"highway": "path"})
            nodes |= {ref.ref: (repr(ref.lon), repr(ref.lat)) for ref in thing.nodes}
    path = osm(tmp_path, nodes, ways)
    graph = osmnx.graph_from_xml(path, bidirectional=True, simplify=False, retain_all=True)
    steps = {(min(a, b), max(a, b)): data["length"] for a, b, data in graph.edges(data=True) if a != b}
    made, _ = read(path, simplify=False)
    assert made.length_m.sum() == pytest.approx(sum(steps.values()), rel=1e-3)
    sides = np.array([[nodes[a], nodes[b]] for a, b in steps], dtype=float)
    geodesics = GEOD.inv(sides[:, 0, 0], sides[:, 0, 1], sides[:, 1, 0], sides[:, 1, 1])[2]
    assert made.length_m.sum() == pytest.approx(geodesics.sum(), rel=1e-9)
    # and the same parts, by number of pieces and metres of the largest
    import networkx as nx

    undirected = nx.Graph(graph)
    parts = [part for part in nx.connected_components(undirected) if len(part) > 1]
    label = components(made)
    assert int(label.max()) + 1 == len(parts)


def test_saved_and_loaded(city, tmp_path):
    made, _ = city
    save_streets(made, tmp_path / "a.parquet")
    save_streets(made, tmp_path / "b.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    assert equal(load_streets(tmp_path / "a.parquet", crs=CITY), made)
    assert load_streets(tmp_path / "a.parquet").crs.equals(CITY)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.parquet", "b.parquet"]
    drawn = gpd.read_parquet(tmp_path / "a.parquet")  # any GIS reads it
    assert drawn.length.sum() == pytest.approx(made.length_m.sum(), rel=0.01)
    with pytest.raises(CRSError, match="not in WGS 84 / UTM"):
        load_streets(tmp_path / "a.parquet", crs=CRS.from_epsg(32722))


def test_heights_on_real_ground(city, porto_alegre, tmp_path):
    made, _ = city
    west, south, east, north = (-51.2547, -30.1095, -51.1403, -29.9978)
    dem = read_dem(porto_alegre / "poa_elevation.tif", bounds_lonlat=(west, south, east, north))
    high, notes = with_heights(made, dem)
    known = ~np.isnan(high.climb_m)
    assert sum(note.count for note in notes) == (~known).sum()
    assert known.mean() > 0.95
    # what is climbed less what is descended is the height of the head above the tail
    lon, lat = Transformer.from_crs(CITY, dem.grid.crs, always_xy=True).transform(made.x, made.y)
    height = heights_at(dem, np.asarray(lon), np.asarray(lat))
    rise = (height[made.head] - height[made.tail])[known]
    assert (high.climb_m - high.fall_m)[known] == pytest.approx(rise, abs=1e-9)
    save_streets(high, tmp_path / "high.parquet")
    assert equal(load_streets(tmp_path / "high.parquet", crs=CITY), high)


# --- heights by hand -----------------------------------------------------------------------------------------------


def test_a_hill_by_hand(tmp_path):
    path = osm(tmp_path, NODES, {1: ([1, 3], {"highway": "path"})})
    made, _ = read(path)
    x = np.arange(-2000, 4000, 10.0) + 5
    hill = np.tile(np.maximum(0, 100 - np.abs(x - 1000) / 10), (200, 1)).astype(np.float32)
    grid = Grid(CITY, Affine(10, 0, -2000, 0, -10, 1000), hill.shape)
    high, notes = with_heights(made, Dem(hill, grid), step_m=7)
    end = 100 - (made.x[1] - 1000) / 10
    assert notes == []
    # between the middles of the two highest pixels the ground is level at 99.5 m; a step may miss 0.35 m of it
    assert high.climb_m[0] == pytest.approx(99.5, abs=0.4)
    assert high.fall_m[0] == pytest.approx(99.5 - end, abs=0.4)
    hole = hill.copy()
    hole[:, 300] = np.nan
    unknown, notes = with_heights(made, Dem(hole, grid), step_m=7)
    assert np.isnan(unknown.climb_m).all()
    assert notes[0].count == 1
    with pytest.raises(RangeError, match="step above 0"):
        with_heights(made, Dem(hill, grid), step_m=0)


# --- lines and graphs ----------------------------------------------------------------------------------------------


def layer(tmp_path, shapes, name="lines.gpkg", crs="EPSG:4326"):
    path = tmp_path / name
    gpd.GeoDataFrame(geometry=shapes, crs=crs).to_file(path)
    return path


def test_lines_meet_where_one_ends(tmp_path):
    line = shapely.LineString
    cross = [line([(-51, -30), (-50.99, -30), (-50.98, -30)]), line([(-50.99, -30), (-50.99, -29.99)])]
    over = line([(-50.985, -30.01), (-50.985, -29.99)])  # crosses the first without a vertex: a bridge
    near = line([(-50.995, -29.999995), (-50.995, -29.99)])  # ends half a metre beside it
    path = layer(tmp_path, [*cross, over, shapely.MultiLineString([near]), None])
    made, notes = read(path)
    assert (made.nodes, made.edges, int(components(made).max()) + 1) == (8, 5, 3)
    assert [(note.count, note.what[:20]) for note in notes] == [
        (1, "rows without a line,"),
        (1, "ends of lines within"),
    ]
    projected = layer(tmp_path, gpd.GeoSeries([*cross, over, near], crs=4326).to_crs(CITY), "p.gpkg", crs=CITY)
    assert equal(read(projected)[0], made)
    with pytest.raises(SchemaError, match="a Point, not a line"):
        read(layer(tmp_path, [shapely.Point(-51, -30), cross[0]], "mixed.gpkg"))


@pytest.mark.parametrize("simplify", [False, True])
def test_a_graph_that_osmnx_saved(tmp_path, simplify):
    import osmnx

    street = {"highway": "residential", "oneway": "yes"}
    nodes = {**NODES, 6: (-50.985, -30.001)}
    ways = {
        10: ([1, 2, 3], street),
        11: ([4, 2, 5], street),
        12: ([2, 6, 3], street),
        13: ([5, 1], {"highway": "motorway"}),
    }
    path = osm(tmp_path, nodes, ways)
    graph = osmnx.graph_from_xml(path, simplify=simplify, retain_all=True)
    osmnx.save_graphml(graph, tmp_path / "g.graphml")
    made, notes = read(tmp_path / "g.graphml")
    want, _ = read(path)
    assert made.length_m.sum() == pytest.approx(want.length_m.sum(), rel=1e-12)
    assert (made.nodes, made.edges) == (want.nodes, want.edges)
    assert [note.what for note in notes][:1] == ["edges that say nothing of walking (no foot tag kept)"]
    osmnx.save_graphml(osmnx.project_graph(graph), tmp_path / "p.graphml")
    assert read(tmp_path / "p.graphml")[0].length_m == pytest.approx(made.length_m, rel=1e-6)


# --- bad files -----------------------------------------------------------------------------------------------------

VRT = "<OGRVRTDataset><OGRVRTLayer name='x'><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataset>"
BOMB = '<!DOCTYPE g [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><graphml>&b;</graphml>'


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.pbf", b"", "the file is empty"),
        ("x.osm", b"", "the file is empty"),
        ("x.pbf", b"hello world " * 100, "not an OpenStreetMap pbf file"),
        ("x.osm", VRT.encode(), "not an OpenStreetMap osm file"),
        ("x.pbf", VRT.encode(), "not an OpenStreetMap pbf file"),
        ("x.osm", b"<osm version='0.6'><node id='1' lat='1' lon='1'/>", "or cut short"),
        ("x.osm", b"<osm version='0.6'></osm>", "no way in it may be walked on"),
        (
            "x.osm",
            b"<osm version='0.6'><way id='1'><nd ref='1'/><nd ref='2'/><tag k='highway' v='path'/></way></osm>",
            "places of their nodes are missing",
        ),
        ("x.graphml", BOMB.encode(), "document type"),
        ("x.graphml", b"<graphml><graph>", "not GraphML, or cut short"),
        ("x.graphml", VRT.encode(), "none of its 0 edges"),
        ("x.gpkg", VRT.encode(), "x.gpkg"),
        ("x.vrt", VRT.encode(), "no format of streets"),
        ("x.geojson", b'{"type":"FeatureCollection","features":[]}', "x.geojson"),
    ],
)
def test_files_that_are_not_streets(tmp_path, name, content, said):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SchemaError, match=said) as raised:
        read(path)
    assert len(raised.value.faults) == 1


def test_no_file_and_a_file_cut_short(tmp_path, porto_alegre):
    with pytest.raises(SchemaError, match="no such file"):
        read(tmp_path / "http://x.pbf")
    whole = (porto_alegre / "poa_osm.pbf").read_bytes()
    for share in (0.1, 0.5, 0.99):
        (tmp_path / "cut.pbf").write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(SchemaError, match="cut short"):
            read(tmp_path / "cut.pbf")


def graphml(tmp_path, nodes, edges, crs="epsg:4326"):
    keys = "".join(
        f"<key id='{k}' for='all' attr.name='{k}' attr.type='string'/>" for k in ("crs", "x", "y", "geometry")
    )
    text = f"<graphml xmlns='http://graphml.graphdrawing.org/xmlns'>{keys}<graph><data key='crs'>{crs}</data>"
    text += "".join(
        f"<node id='{k}'><data key='x'>{x}</data><data key='y'>{y}</data></node>" for k, (x, y) in nodes.items()
    )
    text += "".join(f"<edge source='{a}' target='{b}'><data key='geometry'>{g}</data></edge>" for a, b, g in edges)
    path = tmp_path / "g.graphml"
    path.write_text(text + "</graph></graphml>")
    return path


GOOD = "LINESTRING (-51 -30, -50.995 -30.001, -50.99 -30)"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"crs": "epsg:zero"}, "its CRS 'epsg:zero' is not known"),
        ({"nodes": {"a": (-51, -30)}}, "1 edges join nodes that it does not hold, the first a – b"),
        ({"nodes": {"a": (-51, -30), "b": ("east", 0)}}, "no x or y, or not numbers"),
        ({"nodes": {"a": (-51, -30), "b": ("nan", 0)}}, "not finite"),
        ({"nodes": {"a": (-51, -30), "b": (500, 0)}, "edges": [("a", "b", "")]}, "no place on the Earth"),
        ({"edges": [("a", "b", "LINESTRING (-51 -30, -50.9 -30)")]}, "the lines of 1 edges do not end at their nodes"),
        ({"edges": [("a", "b", "LINESTRING (")]}, "geometry cannot be read"),
        ({"edges": [("a", "b", "POINT (1 2)")]}, "not one line"),
    ],
)
def test_graphs_that_do_not_fit(tmp_path, change, said):
    given_ = {"nodes": {"a": (-51, -30), "b": (-50.99, -30)}, "edges": [("a", "b", GOOD)]}
    assert read(graphml(tmp_path, **given_))[0].edges == 1
    with pytest.raises(SchemaError, match=said):
        read(graphml(tmp_path, **{**given_, **change}))


def test_saved_files_tampered_with(tmp_path):
    made, _ = read(osm(tmp_path, NODES, {1: ([1, 2, 3], {"highway": "path"}), 2: ([4, 2, 5], {"highway": "path"})}))
    path = tmp_path / "s.parquet"
    save_streets(made, path)
    table = pq.read_table(path)

    def with_column(name, values):
        at = table.schema.get_field_index(name)
        changed = table.set_column(at, name, values)
        pq.write_table(changed, tmp_path / "t.parquet")
        return tmp_path / "t.parquet"

    lists = table.column("vertex_m").to_pylist()
    point = shapely.to_wkb(shapely.Point(0, 0))
    for name, values, said in [
        ("tail", pa.array([0, 1, 1, 99]), "do not count the nodes"),
        ("tail", pa.array([0, 1, 1, -1]), "do not count the nodes"),
        ("head", pa.array([1, 1, 3, 4]), "do not count the nodes|do not end at"),
        ("tail", pa.array([0, 1, 1, None], pa.int64()), "empty values in tail"),
        ("tail", pa.array([0.0, 1, 1, 1]), "columns tail missing or of another type"),
        ("length_m", pa.array([1.0, 2, 3, float("nan")]), "1 of length_m are not finite"),
        ("length_m", pa.array([1.0, 2, 3, 4]), "vertex_m does not grow"),
        ("vertex_m", pa.array([*lists[:3], [0.0]]), "a distance for each vertex"),
        ("vertex_m", pa.array([*lists[:3], [0.0, None]]), "empty values in vertex_m"),
        ("geometry", pa.array([*table.column("geometry").to_pylist()[:3], point]), "a distance for each vertex"),
        ("geometry", pa.array([b"rubbish"] * 4), "a geometry cannot be read"),
    ]:
        with pytest.raises(SchemaError, match=said):
            load_streets(with_column(name, values))
    pq.write_table(table.replace_schema_metadata({}), tmp_path / "n.parquet")
    with pytest.raises(SchemaError, match="states no CRS"):
        load_streets(tmp_path / "n.parquet")
    (tmp_path / "cut.parquet").write_bytes(path.read_bytes()[:-200])
    with pytest.raises(SchemaError, match="not GeoParquet, or cut short"):
        load_streets(tmp_path / "cut.parquet")
    with pytest.raises(SchemaError, match="kept as GeoParquet"):
        save_streets(made, tmp_path / "s.npz")


# --- fetching, from a server of our own ----------------------------------------------------------------------------


@pytest.fixture
def server():
    """An Overpass server that has one answer, and counts what it is asked."""
    asked, state = [], {"code": 200, "elements": []}

    class Handler(BaseHTTPRequestHandler):
        def _answer(self, body, code=200):
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            asked.append(self.path)
            self._answer(
                b"Connected as: 1\nCurrent time: now\nAnnounced endpoint: none\nRate limit: 2\n2 slots available now.\n"
            )

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            asked.append(self.path)
            self._answer(json.dumps({"elements": state["elements"]}).encode(), state["code"])

        def log_message(self, *_):
            pass

    http = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=http.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}/api", asked, state
    http.shutdown()
    thread.join()
    http.server_close()


WAYS = {
    10: ([1, 2, 3], {"highway": "residential", "oneway": "yes"}),
    11: ([4, 2, 5], {"highway": "footway"}),
    12: ([1, 4], {"highway": "motorway"}),
    13: ([1, 5], {"highway": "service", "access": "private"}),
}


def test_fetched_politely_once_and_equal_to_the_file(tmp_path, server):
    import socket

    import osmnx

    from data.fetch_streets import fetch_streets

    url, asked, state = server
    state["elements"] = [{"type": "node", "id": k, "lon": p[0], "lat": p[1]} for k, p in NODES.items()]
    state["elements"] += [{"type": "way", "id": k, "nodes": refs, "tags": tags} for k, (refs, tags) in WAYS.items()]
    before = {name: getattr(osmnx.settings, name) for name in dir(osmnx.settings) if not name.startswith("_")}
    resolver = socket.getaddrinfo
    options = {"crs": CITY, "cache": tmp_path / "cache", "overpass_url": url, "least_m": 0.0}
    made, _ = fetch_streets((-51.0, -30.01, -50.98, -29.99), **options)
    assert asked == ["/api/status", "/api/interpreter"]  # the queue first
    assert equal(made, read(osm(tmp_path, NODES, WAYS))[0])
    again, _ = fetch_streets(shapely.box(-51.0, -30.01, -50.98, -29.99), **options)
    assert len(asked) == 2  # from the cache
    assert equal(again, made)
    assert {name: getattr(osmnx.settings, name) for name in before} == before
    assert socket.getaddrinfo is resolver


def test_servers_that_fail(tmp_path, server):
    from data.fetch_streets import fetch_streets

    url, _, state = server
    here = (-51.0, -30.01, -50.98, -29.99)
    options = {"crs": CITY, "cache": tmp_path / "cache", "overpass_url": url}
    with pytest.raises(SourceError, match="no usable answer"):
        fetch_streets(here, **options)
    state["code"] = 400
    with pytest.raises(SourceError, match="no usable answer"):
        fetch_streets((-51.0, -30.01, -50.97, -29.99), **options)
    with pytest.raises(SchemaError, match="no west, south, east, north"):
        fetch_streets((0, 100, 1, 101), **options)


def test_reading_streets_does_not_load_osmnx():
    import subprocess

    code = "import sys, data.streets, data.fetch_streets, data.street_file; sys.exit('osmnx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


COUNTS, KM, SHARE, NOTED = (16794, 23947), 1827.437, 0.99218, [32, 23, 191]
