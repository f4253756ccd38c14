"""Measured tiles: read, refused, pooled, laid on a grid, compared with a target."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from analysis.quality import quality, usable_fraction
from data.region_file import SpeedtestSection
from data.speedtest import pool, read_speedtest, tiles_on
from geo.errors import CRSError, GridError, SchemaError
from geo.grid import Grid
from geo.tiles import tile_boxes, tile_range, tile_xy

CYLINDER = CRS("EPSG:6933")  # tiles are rectangles here
MOLLWEIDE = CRS("ESRI:54009")
SECTION = SpeedtestSection(file="t.csv")
HEAD = "quadkey,avg_d_kbps,avg_u_kbps,avg_lat_ms,tests,devices\n"
ACCRA = "0333331111011121"

# quadkey, column, row, west, south, east, north: package mercantile 1.2.1
MERCANTILE = [
    ("0333331111011121", 32733, 31746, -0.1922607421875, 5.599585195716324, -0.186767578125, 5.6050521214047855),
    ("1202200110121120", 33196, 22546, 2.35107421875, 48.85387273165655, 2.3565673828125, 48.85748700264548),
    ("2103123112210223", 23441, 38503, -51.2347412109375, -30.031055426540213, -51.229248046875, -30.02629958222369),
    ("3111313333311331", 65535, 35814, 179.9945068359375, -16.50456606887792, 180.0, -16.499299167397577),
    ("0200000022202000", 0, 16616, -180.0, 65.99791600073873, -179.9945068359375, 66.0001503565266),
    ("1222222222222222", 32768, 32767, 0.0, 0.0, 0.0054931640625, 0.005493164054084669),
    ("2111111111111111", 32767, 32768, -0.0054931640625, -0.005493164054084669, 0.0, 0.0),
    ("120120211013", 2331, 1185, 24.873046875, 60.152442214380784, 24.9609375, 60.19615576604439),
    ("03333311", 127, 124, -1.40625, 4.214943141390642, 0.0, 5.615985819155334),
    (
        "13300211230123013120",
        931164,
        412874,
        139.68978881835938,
        35.68992742941707,
        139.69013214111328,
        35.69020627089842,
    ),
    ("0320101103100022", 19296, 24643, -74.00390625, 40.69729900863674, -73.9984130859375, 40.701463603604594),
]


def saved(tmp_path, rows, *, head=HEAD):
    path = tmp_path / "t.csv"
    path.write_text(head + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def faults_of(path, section=SECTION):
    with pytest.raises(SchemaError) as caught:
        read_speedtest(path, section=section)
    return caught.value.faults


def keys(n, *, zoom=16):
    """n quadkeys of one zoom, in order."""
    return [np.base_repr(4**zoom // 3 + i, 4).zfill(zoom) for i in range(n)]


def key_of(x, y, zoom=16):
    return "".join(str((x >> k & 1) + 2 * (y >> k & 1)) for k in range(zoom - 1, -1, -1))


def tiles(*rows):
    return pd.DataFrame(rows, columns=["quadkey", "down_mbps", "up_mbps", "latency_ms", "tests"])


# ---------------------------------------------------------------- tiles


@pytest.mark.parametrize(("quadkey", "x", "y", "west", "south", "east", "north"), MERCANTILE)
def test_tiles_are_where_mercantile_says(quadkey, x, y, west, south, east, north):
    zoom = len(quadkey)
    assert [int(a[0]) for a in tile_xy([quadkey], zoom=zoom)] == [x, y]
    assert key_of(x, y, zoom) == quadkey
    box = tile_boxes([quadkey], zoom=zoom, crs=CRS("EPSG:4326"))[0]
    assert box.bounds == pytest.approx((west, south, east, north), abs=1e-11)
    corners = Transformer.from_crs(4326, CYLINDER, always_xy=True).transform([west, east], [south, north])
    expected = (corners[0][0], corners[1][0], corners[0][1], corners[1][1])
    assert tile_boxes([quadkey], zoom=zoom, crs=CYLINDER)[0].bounds == pytest.approx(expected, abs=1e-4)


def test_a_quadkey_of_another_zoom_is_never_cut():
    for odd in (["0" * 17], ["0" * 15], ["0" * 16, "0" * 15], ["0" * 15 + "4"], ["0" * 15 + "x"]):
        with pytest.raises(GridError):
            tile_xy(odd, zoom=16)


def test_neighbours_leave_no_gap_and_no_overlap():
    x, y = np.meshgrid(np.arange(32700, 32706), np.arange(31700, 31705))
    boxes = tile_boxes([key_of(*place) for place in zip(x.ravel(), y.ravel(), strict=True)], zoom=16, crs=MOLLWEIDE)
    assert shapely.union_all(boxes).area == pytest.approx(shapely.area(boxes).sum(), rel=1e-12)


def test_large_tiles_follow_their_parallels():
    box = tile_boxes(["12012021"], zoom=8, crs=CRS("EPSG:3035"))[0]
    fine = tile_boxes(
        [f"12012021{''.join(tail)}" for tail in itertools.product("0123", repeat=4)], zoom=12, crs=CRS("EPSG:3035")
    )
    whole = shapely.union_all(fine)
    assert box.symmetric_difference(whole).area / whole.area < 1e-5
    assert len(box.exterior.coords) > 100


@pytest.mark.parametrize(("lon", "lat"), [(-0.2, 5.6), (25, 60), (-51, -30), (179.98, -16.5)])
def test_tiles_on_a_grid_are_those_that_touch_it(lon, lat):
    crs = CRS.from_proj4(f"+proj=laea +lat_0={lat} +lon_0={lon} +ellps=WGS84")
    grid = Grid(crs, Affine(500, 0, -2100, 0, -500, 1900), (7, 9))
    column = int((lon + 180) / 360 * 65536)
    row = int((1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * 65536)
    around = [(column + i, row + j) for i in range(-25, 26) for j in range(-25, 26)]
    names = sorted({key_of(x % 65536, y) for x, y in around})
    table = tiles(*((name, 1.0, 1.0, np.nan, 1) for name in names))
    boxes = tile_boxes(names, zoom=16, crs=crs)
    touch = shapely.intersects(boxes, shapely.box(*grid.bounds))
    kept = tiles_on(table, grid)["quadkey"].tolist()
    assert kept == [name for name, yes in zip(names, touch, strict=True) if yes]
    assert 30 < len(kept) < len(names)


def test_tile_range_holds_every_tile_of_the_grid():
    grid = Grid(MOLLWEIDE, Affine(1000, 0, 1_500_000, 0, -1000, 6_900_000), (300, 300))
    x0, x1, y0, y1 = tile_range(grid, 10)
    px, py = grid.centres(np.arange(grid.size))
    lon, lat = Transformer.from_crs(MOLLWEIDE, 4326, always_xy=True).transform(px, py)
    x = (lon + 180) / 360 * 1024
    y = (1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * 1024
    assert x0 <= x.min() < x.max() <= x1 + 1
    assert y0 <= y.min() < y.max() <= y1 + 1
    assert x1 - x0 < 40  # and is no whole row of the world
    over = Grid(CRS("EPSG:3832"), Affine(1000, 0, 3_200_000, 0, -1000, 0), (9, 400))
    assert tile_range(over, 10) == (0, np.inf, 0, np.inf)


# ---------------------------------------------------------------- reading


def test_csv_by_hand(tmp_path):
    rows = [f"{ACCRA},25500,8000,31,12,4", "0333331111011120,900,100,,3,1"]
    table, notes = read_speedtest(saved(tmp_path, rows), section=SECTION)
    assert table.to_dict("list") == {
        "quadkey": ["0333331111011120", ACCRA],
        "down_mbps": [0.9, 25.5],
        "up_mbps": [0.1, 8.0],
        "latency_ms": [pytest.approx(np.nan, nan_ok=True), 31.0],
        "tests": [3.0, 12.0],
    }
    assert notes == []


def test_latency_may_be_absent_and_columns_may_have_other_names(tmp_path):
    section = SpeedtestSection(file="t.csv", quadkey="qk", down_kbps="d", up_kbps="u", tests="n", zoom=8)
    path = saved(tmp_path, ["03333311,1000,500,2"], head="qk,d,u,n\n")
    table, _ = read_speedtest(path, section=section)
    assert table["latency_ms"].isna().all()
    assert table["down_mbps"].tolist() == [1.0]


def test_parquet_reads_as_csv_does(tmp_path):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "quadkey": rng.permutation(keys(3000)),
            "tile": "POLYGON((0 0))",
            "avg_d_kbps": rng.integers(100, 90_000, 3000),
            "avg_u_kbps": rng.integers(10, 9000, 3000),
            "avg_lat_ms": rng.integers(5, 900, 3000),
            "tests": rng.integers(1, 90, 3000),
        }
    )
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_parquet(tmp_path / "t.parquet")
    read = [read_speedtest(tmp_path / name, section=SECTION)[0] for name in ("t.csv", "t.parquet")]
    pd.testing.assert_frame_equal(*read)
    assert len(read[0]) == 3000


def test_every_fault_at_once_with_counts_and_rows(tmp_path):
    rows = [
        f"{ACCRA},1000,500,9,3,1",
        f"{ACCRA},1000,500,9,3,1",  # given before
        "0333331111011,1000,500,9,3,1",  # zoom 13
        "0333331111012,1000,500,9,3,1",  # zoom 13
        "03333311110111211,1000,500,9,3,1",  # zoom 17
        "0333331111011124,1000,500,9,3,1",  # no digit of a quadkey
        "3.33E+15,1000,500,9,3,1",  # through a spreadsheet
        ",1000,500,9,3,1",
        "0333331111011122,-5,500,9,3,1",
        "0333331111011123,11000000,500,9,3,1",
        "0333331111011130,many,500,-1,3,1",
        "0333331111011131,1000,,9,2.5,1",
        "0333331111011132,1000,500,9,-3,1",
    ]
    found = {(f.column, f.problem.split(",")[0]): f.row for f in faults_of(saved(tmp_path, rows))}
    assert found == {
        ("quadkey", "1 × given before"): "2",
        ("quadkey", "2 × of zoom 13"): "3, 4",
        ("quadkey", "1 × of zoom 17"): "5",
        ("quadkey", "2 × has other characters than 0–3"): "6, 7",
        ("quadkey", "1 × blank"): "8",
        ("avg_d_kbps", "1 × below 0 or not finite"): "9",
        ("avg_d_kbps", "1 × above 10 Gbit/s"): "10",
        ("avg_d_kbps", "'many' is not a number"): "11",
        ("avg_lat_ms", "1 × below 0 or not finite"): "11",
        ("avg_u_kbps", "1 × blank where a number is needed"): "12",
        ("tests", "1 × not a whole number"): "12",
        ("tests", "1 × below 0 or not finite"): "13",
    }


def test_many_faulty_rows_are_counted(tmp_path):
    rows = [f"{key[1:]},1000,500,9,3,1" for key in keys(30)]
    (fault,) = faults_of(saved(tmp_path, rows))
    assert fault.problem == "30 × of zoom 15, where 16 is expected"
    assert fault.row.startswith("1, 2, 3")
    assert fault.row.endswith("20 and 10 more")
    assert "zeros" in fault.mend


def test_lost_zeros_are_never_padded_and_whole_numbers_are_taken(tmp_path):
    full = pd.DataFrame({"quadkey": keys(4), "avg_d_kbps": 5000, "avg_u_kbps": 500, "avg_lat_ms": 9, "tests": 3})
    assert full["quadkey"].str.startswith("1").all()
    full.assign(quadkey=full["quadkey"].astype("int64")).to_parquet(tmp_path / "whole.parquet")
    assert read_speedtest(tmp_path / "whole.parquet", section=SECTION)[0]["quadkey"].tolist() == keys(4)
    lost = full.assign(quadkey=[int(f"0{key[1:]}") for key in keys(4)])
    lost.to_parquet(tmp_path / "lost.parquet")
    (fault,) = faults_of(tmp_path / "lost.parquet")
    assert fault.problem.startswith("4 × of zoom 15")


def test_parquet_faults_name_rows_of_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr("data.speedtest._BATCH", 7)
    name = keys(40)
    name[30] = name[2]
    speed = np.full(40, 5000.0)
    speed[[8, 33]] = [np.nan, -1]
    frame = pd.DataFrame({"quadkey": name, "avg_d_kbps": speed, "avg_u_kbps": 1, "tests": 1})
    frame.to_parquet(tmp_path / "t.parquet")
    assert [(f.column, f.row) for f in faults_of(tmp_path / "t.parquet")] == [
        ("avg_d_kbps", "9"),
        ("avg_d_kbps", "34"),
        ("quadkey", "31"),
    ]
    frame.assign(tests="3").drop(columns="avg_u_kbps").to_parquet(tmp_path / "t.parquet")
    assert {f.column for f in faults_of(tmp_path / "t.parquet")} == {"avg_u_kbps", "tests"}
    (tmp_path / "t.parquet").write_bytes(b"no parquet at all")
    assert "not Parquet" in faults_of(tmp_path / "t.parquet")[0].problem


def test_megabits_in_the_column_of_kilobits_are_refused(tmp_path):
    rows = [f"{key},{i + 3},1,9,3,1" for i, key in enumerate(keys(12))]
    (fault,) = faults_of(saved(tmp_path, rows))
    assert "no download of the file is above 14 kbit/s" in fault.problem
    table, _ = read_speedtest(saved(tmp_path, [*rows, f"{keys(13)[-1]},1500,1,9,3,1"]), section=SECTION)
    assert len(table) == 13  # slow places exist


def test_tiles_without_a_test_and_tiles_elsewhere_are_noted(tmp_path):
    grid = Grid(MOLLWEIDE, Affine(1000, 0, -30_000, 0, -1000, 700_000), (20, 20))
    x, y = Transformer.from_crs(MOLLWEIDE, 4326, always_xy=True).transform(-20_000, 690_000)
    near = key_of(int((x + 180) / 360 * 65536), int((1 - np.arcsinh(np.tan(np.radians(y))) / np.pi) / 2 * 65536))
    rows = [f"{near},5000,500,9,3,1", f"{keys(1)[0]},5000,500,9,3,1", f"{keys(2)[1]},5000,500,9,0,1"]
    table, notes = read_speedtest(saved(tmp_path, rows), section=SECTION, grid=grid)
    assert table["quadkey"].tolist() == [near]
    assert {(note.what, note.count) for note in notes} == {
        ("tiles without a test, dropped", 1),
        ("tiles that do not touch the grid, dropped", 1),
    }
    again = saved(tmp_path, [*rows, f"{keys(1)[0]},5000,500,9,3,1"])
    with pytest.raises(SchemaError, match="given before"):  # also where it will not be used
        read_speedtest(again, section=SECTION, grid=grid)


# ---------------------------------------------------------------- periods


def test_pooling_by_hand():
    first = tiles(("00", 10.0, 2.0, 30.0, 3), ("01", 5.0, 1.0, np.nan, 2))
    second = tiles(("00", 20.0, 4.0, np.nan, 1), ("02", 1.0, 1.0, 7.0, 9))
    assert pool([first, second]).to_dict("list") == {
        "quadkey": ["00", "01", "02"],
        "down_mbps": [12.5, 5.0, 1.0],
        "up_mbps": [2.5, 1.0, 1.0],
        "latency_ms": [30.0, pytest.approx(np.nan, nan_ok=True), 7.0],
        "tests": [4.0, 2.0, 9.0],
    }
    with pytest.raises(SchemaError, match="overlap"):
        pool([first, tiles(("000", 1.0, 1.0, 1.0, 1))])


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["00", "01", "12", "33"]),
        st.floats(0, 100),
        st.floats(0, 50),
        st.none() | st.floats(1, 900),
        st.integers(1, 500),
    ),
    min_size=1,
    max_size=15,
)


@given(ROWS, st.randoms(use_true_random=False), st.integers(1, 14))
def test_pooling_keeps_tests_and_bounds_whatever_the_order(rows, random, cut):
    table = tiles(*rows).astype({"latency_ms": float})
    pooled = pool([table])
    assert pooled["tests"].sum() == table["tests"].sum()
    for column in ("down_mbps", "up_mbps", "latency_ms"):
        by = table.groupby("quadkey")[column]
        low, high = by.min().to_numpy(), by.max().to_numpy()
        assert ((pooled[column] >= low - 1e-9) & (pooled[column] <= high + 1e-9) | np.isnan(low)).all()
        flat = low == high
        assert pooled[column].to_numpy()[flat].tolist() == low[flat].tolist()  # equal figures keep theirs to the bit
    mixed = list(range(len(rows)))
    random.shuffle(mixed)
    again = table.iloc[mixed]
    pd.testing.assert_frame_equal(pool([again.iloc[:cut], again.iloc[cut:]]), pooled, check_exact=True)


# ---------------------------------------------------------------- against a target


def cells_of_tile(*, shift=0.0):
    """A grid of 2 × 4 cells that two neighbouring tiles fill exactly, moved east by `shift` cells."""
    west, south, east, north = tile_boxes([ACCRA], zoom=16, crs=CYLINDER)[0].bounds
    dx, dy = (east - west) / 2, (north - south) / 2
    return Grid(CYLINDER, Affine(dx, 0, west + shift * dx, 0, -dy, north), (2, 4))


NEXT = key_of(32734, 31746)


def test_two_tiles_on_eight_cells_by_hand():
    table = tiles((ACCRA, 12.0, 3.0, 40.0, 8), (NEXT, 12.0, 0.5, 60.0, 16))
    found = quality(table, cells_of_tile(), zoom=16, down_mbps=10, up_mbps=1, min_tests=5)
    assert found.known == pytest.approx(np.ones((2, 4)), abs=1e-9)
    assert found.met == pytest.approx(np.repeat([[1.0, 1, 0, 0]], 2, axis=0), abs=1e-9)
    assert found.tests == pytest.approx(np.repeat([[2.0, 2, 4, 4]], 2, axis=0), rel=1e-9)
    assert found.latency_ms == pytest.approx(np.repeat([[40.0, 40, 60, 60]], 2, axis=0))
    moved = quality(table, cells_of_tile(shift=0.5), zoom=16, down_mbps=10, up_mbps=1, min_tests=5)
    assert moved.known == pytest.approx(np.repeat([[1.0, 1, 1, 0.5]], 2, axis=0), abs=1e-9)
    assert moved.met == pytest.approx(np.repeat([[1.0, 0.5, 0, 0]], 2, axis=0), abs=1e-9)
    assert moved.tests == pytest.approx(np.repeat([[2.0, 3, 4, 2]], 2, axis=0), rel=1e-9)
    assert moved.latency_ms == pytest.approx(np.repeat([[40.0, (40 + 2 * 60) / 3, 60, 60]], 2, axis=0))


def test_too_few_tests_say_nothing_and_both_targets_count():
    table = tiles((ACCRA, 12.0, 3.0, np.nan, 4), (NEXT, 10.0, 1.0, 60.0, 5))
    found = quality(table, cells_of_tile(), zoom=16, down_mbps=10, up_mbps=1, min_tests=5)
    half = np.repeat([[0.0, 0, 1, 1]], 2, axis=0)
    assert found.known == pytest.approx(half, abs=1e-9)
    assert found.met == pytest.approx(half, abs=1e-9)  # a mean just at the target meets it
    assert np.isnan(found.down_mbps[:, 0]).all()
    assert np.isnan(found.latency_ms[:, 0]).all()
    assert found.tests[0, 0] == pytest.approx(1.0)  # few tests are still tests
    assert (found.tiles, found.tiles_used) == (2, 1)
    for target in ({"down_mbps": 10.001, "up_mbps": 1}, {"down_mbps": 10, "up_mbps": 1.001}):
        assert not quality(table, cells_of_tile(), zoom=16, min_tests=5, **target).met.any()


def test_nothing_measured_is_nothing_known():
    found = quality(tiles(), cells_of_tile(), zoom=16, down_mbps=10, up_mbps=1, min_tests=1)
    assert not found.known.any()
    assert not found.tests.any()
    assert np.isnan(found.down_mbps).all()
    mercator = Grid(CRS(3857), Affine(1000, 0, 0, 0, -1000, 9_000_000), (3, 3))
    with pytest.raises(CRSError):
        quality(tiles(), mercator, zoom=16, down_mbps=10, up_mbps=1, min_tests=1)


def random_tiles(rng, n):
    places = rng.permutation([(x, y) for x in range(32700, 32716) for y in range(31740, 31756)])[:n]
    return tiles(
        *(
            (
                key_of(int(x), int(y)),
                rng.uniform(0, 40),
                rng.uniform(0, 5),
                rng.uniform(5, 90),
                int(rng.integers(1, 30)),
            )
            for x, y in places
        )
    )


def over_accra(rng, size):
    x, y = Transformer.from_crs(4326, MOLLWEIDE, always_xy=True).transform(-0.33, 5.56)
    return Grid(
        MOLLWEIDE, Affine(size, 0, x + rng.uniform(-2000, 2000), 0, -size, y + rng.uniform(2000, 5000)), (9, 12)
    )


@pytest.mark.parametrize("size", [300.0, 1000.0])
def test_shares_are_exactextracts(size):
    exactextract = pytest.importorskip("exactextract")
    from exactextract.raster import NumPyRasterSource

    rng = np.random.default_rng(int(size))
    table, grid = random_tiles(rng, 120), over_accra(rng, size)
    used = table[table["tests"] >= 5]
    west, south, east, north = grid.bounds
    source = NumPyRasterSource(np.arange(grid.size, dtype=np.float64).reshape(grid.shape), west, south, east, north)
    boxes = [
        {"type": "Feature", "geometry": shapely.geometry.mapping(box), "properties": {}}
        for box in tile_boxes(used["quadkey"], zoom=16, crs=MOLLWEIDE)
    ]
    expected = {"known": np.zeros(grid.size), "met": np.zeros(grid.size)}
    meets = ((used["down_mbps"] >= 10) & (used["up_mbps"] >= 1)).to_numpy()
    for yes, one in zip(meets, exactextract.exact_extract(source, boxes, ["values", "coverage"]), strict=True):
        cell = np.asarray(one["properties"]["values"], dtype=np.int64)
        np.add.at(expected["known"], cell, one["properties"]["coverage"])
        np.add.at(expected["met"], cell, np.multiply(one["properties"]["coverage"], yes))
    found = quality(table, grid, zoom=16, down_mbps=10, up_mbps=1, min_tests=5)
    assert found.known.ravel() == pytest.approx(expected["known"], abs=1e-6)
    assert found.met.ravel() == pytest.approx(expected["met"], abs=1e-6)
    assert 0.05 < found.known.mean() < 0.95


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.floats(0, 40), st.floats(0, 30), st.integers(1, 30))
def test_shares_nest_fall_with_the_target_and_ignore_the_order(seed, target, more, min_tests):
    rng = np.random.default_rng(seed)
    table, grid = random_tiles(rng, 60), over_accra(rng, 700.0)
    found = quality(table, grid, zoom=16, down_mbps=target, up_mbps=1, min_tests=min_tests)
    harder = quality(table, grid, zoom=16, down_mbps=target + more, up_mbps=1, min_tests=min_tests)
    assert (found.met <= found.known).all()
    assert (found.known <= 1).all()
    assert (harder.met <= found.met).all()
    assert np.array_equal(harder.known, found.known)
    mixed = quality(
        table.sample(frac=1, random_state=seed), grid, zoom=16, down_mbps=target, up_mbps=1, min_tests=min_tests
    )
    for name in ("known", "met", "down_mbps", "up_mbps", "latency_ms", "tests"):
        assert getattr(mixed, name).tobytes() == getattr(found, name).tobytes()


def test_no_test_is_lost_or_made(monkeypatch):
    monkeypatch.setattr("analysis.quality.CHUNK", 16)
    rng = np.random.default_rng(3)
    table = random_tiles(rng, 100)
    x, y = Transformer.from_crs(4326, MOLLWEIDE, always_xy=True).transform(-0.33, 5.56)
    grid = Grid(MOLLWEIDE, Affine(900, 0, x - 60_000, 0, -900, y + 60_000), (140, 140))
    found = quality(table, grid, zoom=16, down_mbps=10, up_mbps=1, min_tests=5)
    assert found.tests.sum() == pytest.approx(table["tests"].sum(), rel=1e-9)
    area = shapely.area(tile_boxes(table["quadkey"][table["tests"] >= 5], zoom=16, crs=MOLLWEIDE)).sum()
    assert found.known.sum() * 900**2 == pytest.approx(area, rel=1e-9)


@given(st.floats(0, 1), st.floats(0, 1), st.none() | st.floats(0, 1))
def test_measured_where_known_dimensioned_on_the_rest(known, part, room):
    met = known * part
    value = float(usable_fraction(np.array([known]), np.array([met]), np.array([np.nan if room is None else room]))[0])
    assert met - 1e-12 <= value <= 1
    assert value == pytest.approx(met + (1 - known) * (room or 0.0), abs=1e-12)


def test_usable_by_hand():
    known, met = np.array([0.0, 0.0, 1.0, 0.5]), np.array([0.0, 0.0, 0.25, 0.5])
    room = np.array([np.nan, 0.3, 1.0, 0.8])
    assert usable_fraction(known, met, room).tolist() == pytest.approx([0.0, 0.3, 0.25, 0.9])
