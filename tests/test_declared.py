"""Declared polygons and rasters: words of technology, repairs, exact shares; oracles: exactextract, shapely clipping."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from data.coverage import NOT_KNOWN
from data.declared import read_declared
from data.declared_raster import read_declared_raster
from data.region_file import CoverageSection
from data.technology import MAX_WORDS, Tally, resolve
from geo.burn import covered_fraction
from geo.errors import SchemaError, SourceError
from geo.grid import Grid
from geo.raster import write_raster

LAEA = CRS.from_epsg(3035)
WEST, NORTH = 4_000_000.0, 3_010_000.0
GRID = Grid(LAEA, Affine(1000, 0, WEST, 0, -1000, NORTH), (10, 10))


def section(kind, **keys):
    return CoverageSection(kind=kind, file="f", **keys)


def box(west, south, east, north):
    """Kilometres from the grid's south-west corner."""
    return shapely.box(WEST + west * 1e3, NORTH - 1e4 + south * 1e3, WEST + east * 1e3, NORTH - 1e4 + north * 1e3)


def saved(tmp_path, shapes, name="c.gpkg", crs=LAEA, **columns):
    path = tmp_path / name
    gpd.GeoDataFrame(columns, geometry=list(shapes), crs=crs).to_file(path, engine="pyogrio")
    return path


def faults_of(call):
    with pytest.raises(SchemaError) as caught:
        call()
    return caught.value.faults


def notes_of(declared):
    return {note.what: (note.count, note.detail) for note in declared.notes}


# --- polygons


def test_words_codes_and_mixed_values(tmp_path):
    path = saved(
        tmp_path,
        [box(0, 0, 1, 1), box(1, 0, 2, 1), box(2, 0, 3, 1), box(3, 0, 4, 1)],
        tech=["LTE", "4G/5G", "4G,5G", "X9"],
        op=["A", "A", None, "B"],
    )
    made = read_declared(
        path, section("polygons", technology="tech", operator="op", technology_codes={"x9": "2G"}), GRID
    )
    rows = made.polygons.assign(x=made.polygons.bounds["minx"])[["x", "technology", "operator"]]
    assert rows.assign(x=(rows["x"] - WEST) / 1000).to_numpy().tolist() == [
        [0, "4G", "A"],
        [1, "4G", "A"],
        [1, "5G", "A"],
        [2, "4G", NOT_KNOWN],
        [2, "5G", NOT_KNOWN],
        [3, "2G", "B"],
    ]
    assert made.technologies == ("2G", "4G", "5G")
    notes = notes_of(made)
    assert notes["rows that name several technologies, counted for each"] == (2, "'4G,5G' 1, '4G/5G' 1")
    assert notes[f"rows without an operator, called '{NOT_KNOWN}'"][0] == 1


def test_every_unknown_word_is_listed_with_its_count_and_rows(tmp_path):
    words = ["4G", "LTF", "wimax", "LTF", None, "4G/6G", "LTF", "wimax"]
    path = saved(tmp_path, [box(i, 0, i + 1, 1) for i in range(8)], tech=words)
    faults = faults_of(lambda: read_declared(path, section("polygons", technology="tech"), GRID))
    assert [(fault.problem, fault.row, fault.column) for fault in faults] == [
        ("'6g' (of '4G/6G') is no technology of ours, in 1 row", "6", "tech"),
        ("'ltf' is no technology of ours, in 3 rows", "2, 4, 7", "tech"),
        ("'wimax' is no technology of ours, in 2 rows", "3, 8", "tech"),
        ("1 row without a technology", "5", "tech"),
    ]
    assert faults[1].mend == "did you mean 'lte'?"


def test_fcc_codes_only_when_every_value_is_one(tmp_path):
    path = saved(tmp_path, [box(0, 0, 1, 1), box(1, 0, 2, 1)], tech=[400, 500])
    assert read_declared(path, section("polygons", technology="tech"), GRID).technologies == ("4G", "5G")
    path = saved(tmp_path, [box(0, 0, 1, 1), box(1, 0, 2, 1)], name="d.gpkg", tech=["400", "401"])
    faults = faults_of(lambda: read_declared(path, section("polygons", technology="tech"), GRID))
    assert [fault.row for fault in faults] == ["1", "2"]


def test_figures_with_gaps_are_the_same_codes_as_text(tmp_path):
    path = saved(tmp_path, [box(0, 0, 1, 1), box(1, 0, 2, 1)], tech=[400.0, np.nan])
    (fault,) = faults_of(lambda: read_declared(path, section("polygons", technology="tech"), GRID))
    assert (fault.problem, fault.row) == ("1 row without a technology", "2")


def test_a_constant_technology_and_operator(tmp_path):
    path = saved(tmp_path, [box(0, 0, 1, 1)], name="a.gpkg", brand=["x"])
    made = read_declared(path, section("polygons", technology="LTE", operator="Red"), GRID)
    assert made.polygons[["technology", "operator"]].to_numpy().tolist() == [["4G", "Red"]]
    (fault,) = faults_of(lambda: read_declared(path, section("polygons", technology="tec"), GRID))
    assert "column is missing" in fault.problem
    (fault,) = faults_of(lambda: read_declared(path, section("polygons", technology="4G", operator="brnd"), GRID))
    assert "did you mean 'brand'?" in fault.mend


def test_claims_that_are_too_slow_are_not_covered_and_blank_ones_are_refused(tmp_path):
    shapes = [box(i, 0, i + 1, 1) for i in range(3)]
    asked = section("polygons", technology="4G", speed={"down_mbps": "down", "min_down_mbps": 10})
    made = read_declared(saved(tmp_path, shapes, down=[5.0, 10.0, 20.0]), asked, GRID)
    assert made.polygons.area.sum() == pytest.approx(2e6)
    assert notes_of(made)["rows that claim less than the speed asked for, not covered"][0] == 1
    path = saved(tmp_path, shapes, name="b.gpkg", down=[5.0, np.nan, -1])
    faults = faults_of(lambda: read_declared(path, asked, GRID))
    assert [(fault.row, fault.column) for fault in faults] == [("2", "down"), ("3", "down")]


def test_technologies_asked_for_and_shapes_beyond_the_grid(tmp_path):
    path = saved(tmp_path, [box(0, 0, 1, 1), box(1, 0, 2, 1), box(90, 90, 91, 91)], tech=["3G", "4G", "4G"])
    made = read_declared(path, section("polygons", technology="tech", technologies=["4G"]), GRID)
    assert made.polygons["technology"].tolist() == ["4G"]
    notes = notes_of(made)
    assert notes["rows of other technologies, left out"][0] == 1
    assert notes["coverage beyond the region's grid, left out"][0] == 1
    far = saved(tmp_path, [box(90, 90, 91, 91)], name="far.gpkg")
    (fault,) = faults_of(lambda: read_declared(far, section("polygons", technology="4G"), GRID))
    assert "outside the expected" in fault.problem


def test_swapped_axes_of_polygons_are_said(tmp_path):
    degrees = gpd.GeoSeries([box(0, 0, 1, 1)], crs=LAEA).to_crs(4326)[0]
    path = saved(tmp_path, [shapely.transform(degrees, lambda xy: xy[:, ::-1])], name="c.geojson", crs=4326)
    (fault,) = faults_of(lambda: read_declared(path, section("polygons", technology="4G"), GRID))
    assert "swapped" in fault.problem


def stars(count, seed):
    """Overlapping many-cornered rings, most of which cross themselves."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        reach = rng.uniform(0.2, 2.0, 40)
        middle = rng.uniform(0, 10, 2)
        jitter = rng.uniform(-0.4, 0.4, (40, 2))
        xy = middle + np.stack([np.cos(turn) * reach, np.sin(turn) * reach], axis=-1) + jitter
        yield shapely.Polygon(np.array([WEST, NORTH - 1e4]) + xy * 1e3)


def test_thousands_of_overlapping_invalid_polygons_equal_exactextract(tmp_path):
    from exactextract import exact_extract
    from exactextract.raster import NumPyRasterSource

    shapes = list(stars(2000, 3))
    invalid = int((~shapely.is_valid(np.array(shapes, dtype=object))).sum())
    assert invalid > 1000
    made = read_declared(
        saved(tmp_path, shapes[:40], tech=["4G", "5G"] * 20), section("polygons", technology="tech"), GRID
    )
    union = shapely.union_all(made.polygons.geometry.to_numpy())
    found = covered_fraction(made.polygons.geometry.to_numpy(), GRID)
    raster = NumPyRasterSource(np.zeros(GRID.shape), *GRID.bounds, srs_wkt=LAEA.to_wkt())
    frame = gpd.GeoDataFrame({"id": [1]}, geometry=[union], crs=LAEA)
    out = exact_extract(raster, frame, ["cell_id", "coverage"], output="pandas")
    expected = np.zeros(GRID.size)
    expected[np.asarray(out["cell_id"][0], dtype=int)] = out["coverage"][0]
    np.testing.assert_allclose(found.ravel(), expected, atol=1e-6)
    assert 0.2 < found.mean() < 1
    whole = read_declared(saved(tmp_path, shapes, name="w.gpkg"), section("polygons", technology="4G"), GRID)
    assert notes_of(whole)["coverage with invalid rings, repaired"][0] == invalid
    assert len(whole.polygons) == 2000
    assert shapely.is_valid(whole.polygons.geometry.to_numpy()).all()


def test_the_order_of_rows_changes_no_fraction(tmp_path):
    shapes = list(stars(30, 5))
    first = read_declared(saved(tmp_path, shapes), section("polygons", technology="4G"), GRID).polygons
    again = read_declared(
        saved(tmp_path, shapes[::-1], name="r.gpkg"), section("polygons", technology="4G"), GRID
    ).polygons
    a, b = (covered_fraction(table.geometry.to_numpy(), GRID) for table in (first, again))
    np.testing.assert_allclose(a, b, atol=1e-12)


def test_a_column_that_is_no_technology_stops_early():
    met = Tally("f", "c")
    with pytest.raises(SchemaError, match="different values"):
        met.add(pd.Series([f"w{i}" for i in range(MAX_WORDS + 1)]))


@settings(max_examples=40)
@given(
    st.lists(st.sampled_from(["4G", "LTE ", "2G/3G", "", "wimax", "5g nr"]), min_size=1, max_size=30), st.integers(1, 7)
)
def test_a_tally_in_pieces_equals_the_whole(words, size):
    values = pd.Series(words, index=range(1, len(words) + 1), dtype=object)
    whole, pieces = Tally("f", "c"), Tally("f", "c")
    codes = whole.add(values)
    parts = [pieces.add(values.iloc[at : at + size]) for at in range(0, len(words), size)]
    assert [whole.words[code] for code in codes] == [word.strip() for word in words]
    assert [pieces.words[code] for part in parts for code in part] == [word.strip() for word in words]
    count = dict(zip(whole.words, whole.counts, strict=True))
    assert count == dict(zip(pieces.words, pieces.counts, strict=True))
    assert sum(count.values()) == len(words)
    results = []
    for met in (whole, pieces):
        faults, notes = [], []
        found = resolve(met, codes=None, faults=faults, notes=notes)
        results.append((dict(zip(met.words, found, strict=True)), faults, notes))
    assert results[0] == results[1]
    odd = {word.strip() for word in words} & {"", "wimax"}
    assert len(results[0][1]) == len(odd)


# --- rasters


def raster(tmp_path, values, *, grid=None, nodata=None, name="r.tif"):
    values = np.asarray(values)
    if grid is None:
        step = 10_000 / values.shape[1]
        grid = Grid(LAEA, Affine(step, 0, WEST, 0, -10_000 / values.shape[0], NORTH), values.shape)
    path = tmp_path / name
    write_raster(path, values, grid, nodata=nodata)
    return path


def dbm(threshold=-100.0, **keys):
    return section("raster", technology="4G", threshold_dbm=threshold, **keys)


def test_a_raster_by_hand(tmp_path):
    """Four pixels of 5 km on cells of 1 km: the pixel without a value is unknown, the one at the threshold covered."""
    path = raster(tmp_path, np.array([[-100.0, -100.1], [-9999, -50]]), nodata=-9999)
    made = read_declared_raster(path, dbm(operator="Red"), GRID)
    quarter = np.zeros((10, 10))
    quarter[:5, :5] = quarter[5:, 5:] = 1
    known = np.ones((10, 10))
    known[5:, :5] = 0
    assert set(made.cells) == {(t, o) for t in ("2G", "3G", "4G") for o in ("", "Red")}
    assert made.cells["4G", ""].tolist() == quarter.tolist()
    assert made.fraction.tolist() == known.tolist()
    assert made.technologies == ("4G",)
    assert notes_of(made)["pixels over the region without a value, not known"][0] == 1


def test_a_finer_raster_gives_halves_and_quarters(tmp_path):
    values = np.full((20, 20), -120.0)
    values[0, 0] = values[2, 2:4] = -80
    values[4, 4] = np.nan
    made = read_declared_raster(raster(tmp_path, values), dbm(), GRID)
    assert (made.cells["4G", ""][0, 0], made.cells["4G", ""][1, 1], made.fraction[2, 2]) == (0.25, 0.5, 0.75)
    assert made.cells["4G", ""].sum() == 0.75
    assert made.fraction.sum() == 99.75


def test_beyond_the_raster_nothing_is_known(tmp_path):
    grid = Grid(LAEA, Affine(1000, 0, WEST - 5500, 0, -1000, NORTH), (10, 10))
    made = read_declared_raster(raster(tmp_path, np.full((10, 10), -80.0), grid=grid), dbm(), GRID)
    assert made.fraction[0].tolist() == [1, 1, 1, 1, 0.5, 0, 0, 0, 0, 0]
    assert made.cells["4G", ""].tolist() == made.fraction.tolist()


def test_classes(tmp_path):
    values = np.array([[1, 2, 0, 3, 255] * 2] * 10, dtype=np.uint8)
    path = raster(tmp_path, values, nodata=255)
    named = section("raster", technology="4G", covered_classes=[1, 2], uncovered_classes=[0])
    made = read_declared_raster(path, named, GRID)
    assert made.cells["4G", ""][0].tolist() == [1, 1, 0, 0, 0] * 2
    assert made.fraction[0].tolist() == [1, 1, 1, 0, 0] * 2
    notes = notes_of(made)
    assert notes["pixels of neither covered nor uncovered classes, not known"] == (20, "3 (20)")
    assert notes["pixels over the region without a value, not known"][0] == 20
    made = read_declared_raster(path, section("raster", technology="4G", covered_classes=[1]), GRID)
    assert made.fraction[0].tolist() == [1, 1, 1, 1, 0] * 2
    made = read_declared_raster(path, section("raster", technology="4G", covered_classes=[9]), GRID)
    assert notes_of(made)["no pixel over the region is covered"] == (80, "check the threshold or the classes")


def test_what_is_no_dbm_is_refused_with_counts(tmp_path):
    values = np.full((10, 10), -90.0)
    values[0, 3] = 12
    values[1, 1] = -9999
    values[2, 2] = np.inf
    (fault,) = faults_of(lambda: read_declared_raster(raster(tmp_path, values), dbm(), GRID))
    assert fault.problem == "3 pixels over the region are no dBm, from -9999 to inf"
    assert fault.row == "1:4, 2:2, 3:3 (row:column)"
    (fault,) = faults_of(lambda: read_declared_raster(raster(tmp_path, np.full((4, 4), np.nan)), dbm(), GRID))
    assert "no pixel over the region has a value" in fault.problem


def test_a_raster_elsewhere_cut_short_or_too_large(tmp_path, monkeypatch):
    far = Grid(LAEA, Affine(1000, 0, WEST + 50_000, 0, -1000, NORTH), (4, 4))
    path = raster(tmp_path, np.full((4, 4), -90.0), grid=far)
    assert "outside the region" in faults_of(lambda: read_declared_raster(path, dbm(), GRID))[0].problem
    path = raster(tmp_path, np.random.default_rng(1).uniform(-120, -60, (300, 300)), name="cut.tif")
    path.write_bytes(path.read_bytes()[:100_000])
    with pytest.raises(SourceError, match=r"cut\.tif"):
        read_declared_raster(path, dbm(), GRID)
    monkeypatch.setattr("data.declared_raster.MAX_WINDOW", 99)
    path = raster(tmp_path, np.full((10, 10), -90.0))
    assert "100 pixels over the region" in faults_of(lambda: read_declared_raster(path, dbm(), GRID))[0].problem


def test_scale_and_offset_of_the_band_are_applied(tmp_path):
    path = raster(tmp_path, np.array([[-900, -1100], [-32768, -300]], dtype=np.int16), nodata=-32768)
    with rasterio.open(path, "r+") as dataset:
        dataset.scales, dataset.offsets = (0.1,), (0.0,)
    made = read_declared_raster(path, dbm(), GRID)
    assert made.cells["4G", ""][[0, 0, 9, 9], [0, 9, 0, 9]].tolist() == [1, 0, 0, 1]
    assert made.fraction[9, 0] == 0


def test_strips_do_not_matter(tmp_path, monkeypatch):
    values = np.random.default_rng(2).uniform(-130, -70, (150, 130))
    path = raster(tmp_path, values)
    whole = read_declared_raster(path, dbm(), GRID)
    monkeypatch.setattr("data.declared_raster.STRIP", 130 * 64)
    strips = read_declared_raster(path, dbm(), GRID)
    assert np.array_equal(whole.cells["4G", ""], strips.cells["4G", ""])
    assert np.array_equal(whole.fraction, strips.fraction)


def test_a_raster_equals_exactextract(tmp_path):
    from exactextract import exact_extract

    rng = np.random.default_rng(7)
    source = Grid(LAEA, Affine(370.5, 0, WEST - 1234.5, 0, -291.25, NORTH + 777), (40, 31))
    values = rng.uniform(-130, -70, source.shape)
    values[rng.uniform(size=source.shape) < 0.2] = np.nan
    made = read_declared_raster(raster(tmp_path, values, grid=source), dbm(), GRID)
    x, y = GRID.centres(np.arange(GRID.size))
    cells = gpd.GeoDataFrame(geometry=shapely.box(x - 500, y - 500, x + 500, y + 500), crs=LAEA)
    area = source.dx * source.dy / 1e6
    for found, mask in ((made.cells["4G", ""], values >= -100), (made.fraction, ~np.isnan(values))):
        path = raster(tmp_path, mask.astype(np.float64), grid=source, name="m.tif")
        out = exact_extract(str(path), cells, ["sum"], output="pandas")["sum"].to_numpy() * area
        np.testing.assert_allclose(found.ravel(), np.nan_to_num(out), atol=1e-6)
    assert 0 < made.fraction.min() < 0.6 < made.cells["4G", ""].max()


@pytest.mark.parametrize(("crs", "step"), [(4326, 0.004), (32632, 400.0), (3857, 650.0)])
def test_a_raster_in_another_crs_equals_clipping_of_its_pixels(tmp_path, crs, step):
    """Oracle: every pixel's outline transformed with points along its edges, clipped to every cell by shapely."""
    move = Transformer.from_crs(LAEA, crs, always_xy=True)
    west, south, east, north = move.transform_bounds(*GRID.bounds)
    shape = (int((north - south) / step) // 2, int((east - west) / step) + 2)  # the south is beyond the raster
    source = Grid(CRS.from_epsg(crs), Affine(step, 0, west - step, 0, -step, north + step), shape)
    rng = np.random.default_rng(crs)
    values = rng.uniform(-130, -70, shape)
    values[rng.uniform(size=shape) < 0.2] = -9999
    made = read_declared_raster(raster(tmp_path, values, grid=source, nodata=-9999), dbm(), GRID)
    x, y = source.centres(np.arange(source.size))
    pixels = gpd.GeoSeries(shapely.box(x - step / 2, y - step / 2, x + step / 2, y + step / 2), crs=crs)
    pixels = pixels.segmentize(step / 8).to_crs(LAEA).to_numpy()
    for found, mask in ((made.cells["4G", ""], values >= -100), (made.fraction, values > -200)):
        assert np.abs(found - covered_fraction(shapely.set_precision(pixels[mask.ravel()], 0), GRID)).max() < 2e-3
    assert made.fraction[-1].max() == 0
    assert (made.cells["4G", ""] <= made.fraction).all()


@pytest.mark.parametrize("west", [-180.0, 0.0])
def test_a_region_across_the_antimeridian(tmp_path, west):
    """Rasters from −180 to 180 and from 0 to 360 both hold all of it; west of the meridian is covered."""
    crs = CRS.from_proj4("+proj=laea +lat_0=-17 +lon_0=180 +datum=WGS84")
    grid = Grid(crs, Affine(20_000, 0, -200_000, 0, -20_000, 200_000), (20, 20))
    source = Grid(CRS.from_epsg(4326), Affine(0.5, 0, west, 0, -0.5, -10), (30, 720))
    lon, _ = source.centres(np.arange(source.size))
    values = np.where((lon > 0) & (lon < 180), -80.0, -120.0).reshape(source.shape)
    made = read_declared_raster(raster(tmp_path, values, grid=source), dbm(), grid)
    np.testing.assert_allclose(made.fraction, 1, atol=1e-3)
    np.testing.assert_allclose(made.cells["4G", ""], np.repeat([[1] * 10 + [0] * 10], 20, axis=0), atol=1e-3)


@settings(max_examples=30)
@given(
    st.integers(1, 30), st.integers(1, 30), st.floats(-8000, 8000), st.floats(-8000, 8000), st.floats(150, 3000),
    st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_covered_area_in_is_covered_area_out(tmp_path_factory, rows, cols, right, down, step, seed):
    rng = np.random.default_rng(seed)
    values = rng.choice([-120.0, -80.0, np.nan], (rows, cols))
    source = Grid(LAEA, Affine(step, 0, WEST + right, 0, -step, NORTH + down), (rows, cols))
    path = raster(tmp_path_factory.mktemp("r"), values, grid=source)
    x, y = source.centres(np.arange(source.size))
    frame = shapely.box(*GRID.bounds)
    inside = shapely.area(
        shapely.intersection(shapely.box(x - step / 2, y - step / 2, x + step / 2, y + step / 2), frame)
    )
    known = np.where(np.isnan(values.ravel()), 0, inside)
    try:
        made = read_declared_raster(path, dbm(), GRID)
    except SchemaError:
        assert np.isnan(values).all() or inside.sum() == 0
        return
    assert made.fraction.sum() * 1e6 == pytest.approx(known.sum(), rel=1e-9, abs=1e-2)
    covered = np.where(values.ravel() == -80, inside, 0).sum()
    assert made.cells["4G", ""].sum() * 1e6 == pytest.approx(covered, rel=1e-9, abs=1e-2)


@pytest.mark.parametrize(
    ("keys", "word"),
    [
        ({"kind": "raster", "technology": "4G"}, "threshold_dbm"),
        ({"kind": "polygons", "technology": "4G", "threshold_dbm": -100}, "threshold_dbm is for raster"),
        ({"kind": "raster", "technology": "4G", "covered_classes": [1], "uncovered_classes": [1]}, "share none"),
        ({"kind": "raster", "technology": "4G", "threshold_dbm": -100, "uncovered_classes": [1]}, "uncovered_classes"),
        ({"kind": "raster", "technology": "4G", "threshold_dbm": -100, "technologies": ["5G"]}, "among technologies"),
        ({"kind": "polygons", "technology": "4G", "speed": {"min_down_mbps": 1}}, "a minimum needs the column"),
        ({"kind": "polygons", "technology": "4G", "hexagon": "h3"}, "hexagon is for hexagons"),
    ],
)
def test_keys_that_do_not_fit_are_refused(keys, word):
    with pytest.raises(ValueError, match=word):
        CoverageSection(file="f", **keys)
