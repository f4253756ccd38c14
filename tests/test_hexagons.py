"""H3 tables: ids, technologies and exact shares; oracles: h3's own areas, exactextract, the ellipsoid of pyproj."""

from __future__ import annotations

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer

from data import batches
from data.coverage import NOT_KNOWN
from data.hexagon_cells import hexagon_polygons, parse_ids
from data.hexagons import read_hexagons
from data.region_file import CoverageSection
from geo.errors import CRSError, SchemaError
from geo.grid import Grid

LAEA = CRS.from_epsg(3035)
GRID = Grid(LAEA, Affine(1000, 0, 4_000_000, 0, -1000, 3_010_000), (10, 10))
LON, LAT = Transformer.from_crs(LAEA, 4326, always_xy=True).transform(4_005_000, 3_005_000)


def middle(resolution):
    return h3.latlng_to_cell(LAT, LON, resolution)


def disk(resolution, rings):
    return sorted(h3.grid_disk(middle(resolution), rings))


def section(**keys):
    return CoverageSection(kind="hexagons", file="f", **{"hexagon": "h3", "technology": "tech", **keys})


def saved(tmp_path, frame, name="h.csv"):
    path = tmp_path / name
    if name.endswith(".csv"):
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path, index=False, row_group_size=7)
    return path


def table(ids, tech="4G", **columns):
    return pd.DataFrame({"h3": ids, "tech": tech, **columns})


def faults_of(call):
    with pytest.raises(SchemaError) as caught:
        call()
    return caught.value.faults


def notes_of(declared):
    return {note.what: (note.count, note.detail) for note in declared.notes}


def ellipsoid_km2(cells):
    geod = Geod(ellps="WGS84")
    total = 0.0
    for cell in cells:
        lat, lon = np.array(h3.cell_to_boundary(cell)).T
        total += abs(geod.polygon_area_perimeter(lon, lat)[0]) / 1e6
    return total


def ids_of(cells):
    return np.array([h3.str_to_int(cell) for cell in cells], dtype=np.uint64)


# --- shapes


@pytest.mark.parametrize("resolution", [5, 7, 8, 9, 10])
def test_the_area_is_that_of_h3_and_of_the_ellipsoid(resolution):
    """h3.cell_area is on a sphere with the same degrees, which an ellipsoid changes by at most 0.7 %."""
    wide = Grid(LAEA, Affine(20_000, 0, 3_805_000, 0, -20_000, 3_205_000), (20, 20))
    cells = disk(resolution, 2)
    area = shapely.area(hexagon_polygons(ids_of(cells), wide)).sum() / 1e6
    assert area == pytest.approx(ellipsoid_km2(cells), rel=2e-6)
    assert area == pytest.approx(sum(h3.cell_area(cell) for cell in cells), rel=7e-3)


def test_neighbours_leave_no_gap_and_no_overlap():
    for resolution in (5, 9):
        wide = Grid(LAEA, Affine(20_000, 0, 3_805_000, 0, -20_000, 3_205_000), (20, 20))
        shapes = hexagon_polygons(ids_of(disk(resolution, 3)), wide)
        union = shapely.union_all(shapes, grid_size=1e-4)
        assert shapely.area(union) == pytest.approx(shapely.area(shapes).sum(), rel=1e-8)
        assert shapely.get_num_interior_rings(union) == 0


def test_a_pentagon_and_what_crosses_the_antimeridian():
    (pentagon,) = [cell for cell in h3.get_pentagons(6) if h3.get_base_cell_number(cell) == 4]
    lat, lon = h3.cell_to_latlng(pentagon)
    for cell in (pentagon, h3.latlng_to_cell(-17, 180, 6)):
        lat, lon = h3.cell_to_latlng(cell)
        crs = CRS.from_proj4(f"+proj=laea +lat_0={lat:.0f} +lon_0={lon:.0f} +datum=WGS84")
        grid = Grid(crs, Affine(1000, 0, -90_000, 0, -1000, 90_000), (180, 180))
        (shape,) = hexagon_polygons(ids_of([cell]), grid)
        assert shapely.area(shape) / 1e6 == pytest.approx(ellipsoid_km2([cell]), rel=1e-5)


def test_a_hexagon_torn_by_the_map_is_refused():
    mollweide = Grid(CRS("ESRI:54009"), Affine(1000, 0, 17_000_000, 0, -1000, -2_000_000), (200, 1000))
    cells = h3.grid_disk(h3.latlng_to_cell(-17, 180, 6), 3)
    with pytest.raises(CRSError, match="cannot be shown"):
        hexagon_polygons(ids_of(cells), mollweide)


# --- ids


def test_ids_in_every_spelling():
    cell = middle(9)
    number = h3.str_to_int(cell)
    text = pd.Series([cell, cell.upper(), f"0{cell}", f"0x{cell}", f" {cell} ", str(number)], dtype=object)
    assert parse_ids(text).tolist() == [number] * 6
    assert parse_ids(pd.Series([number, number])).tolist() == [number] * 2
    assert parse_ids(pd.Series([number], dtype="uint64")).tolist() == [number]
    bad = pd.Series(
        [None, "", "x", float(number), cell[:-1], cell + "0", "-1", True, h3.cell_to_vertexes(cell)[0]], dtype=object
    )
    assert parse_ids(bad).tolist() == [0] * 9
    assert parse_ids(pd.Series([float(number)])).tolist() == [0]
    assert parse_ids(pd.Series([-1, 0])).tolist() == [0, 0]


@settings(max_examples=200)
@given(st.integers(0, 2**64 - 1), st.integers(0, 15), st.integers(0, 121))
def test_an_id_is_one_when_h3_says_so(noise, resolution, base):
    numbers = [noise, (8 << 56) | (resolution << 52) | (base << 45) | (noise & ((1 << 45) - 1))]
    for number in numbers:
        expected = number if number < 1 << 63 and h3.is_valid_cell(h3.int_to_str(number)) else 0
        assert parse_ids(pd.Series([f"{number:016x}"])).tolist() == [expected]


# --- tables


def test_one_hexagon_by_hand(tmp_path):
    """A hexagon inside one cell covers area / cell area of it; the others nothing."""
    cell = middle(10)
    x, y = Transformer.from_crs(4326, LAEA, always_xy=True).transform(*h3.cell_to_latlng(cell)[::-1])
    grid = Grid(LAEA, Affine(1000, 0, x - 1500, 0, -1000, y + 1500), (3, 3))
    made = read_hexagons(saved(tmp_path, table([cell], op="Red")), section(operator="op"), grid)
    assert set(made.cells) == {(t, o) for t in ("2G", "3G", "4G") for o in ("", "Red")}
    share = made.cells["4G", "Red"]
    assert share[1, 1] == pytest.approx(ellipsoid_km2([cell]), rel=1e-5)
    assert share.sum() == share[1, 1]
    assert np.array_equal(share, made.cells["2G", ""])
    assert made.technologies == ("4G",)
    assert made.fraction is None


@pytest.mark.parametrize("name", ["h.csv", "h.parquet"])
def test_fractions_equal_exactextract_and_the_union(tmp_path, name):
    from exactextract import exact_extract
    from exactextract.raster import NumPyRasterSource

    rng = np.random.default_rng(4)
    cells = np.array(disk(8, 9))
    rows = pd.DataFrame(
        {
            "h3": rng.choice(cells, 300),
            "tech": rng.choice(["300", "400", "500"], 300),
            "op": rng.choice(["130", "131"], 300),
            "other": rng.uniform(size=300),
        }
    )
    made = read_hexagons(saved(tmp_path, rows, name), section(operator="op", operators={"130": "Red"}), GRID)
    assert made.technologies == ("3G", "4G", "5G")
    level = rows["tech"].map({"300": 3, "400": 4, "500": 5})
    raster = NumPyRasterSource(np.zeros(GRID.shape), *GRID.bounds, srs_wkt=LAEA.to_wkt())
    for (technology, operator), found in made.cells.items():
        own = (
            level >= int(technology[0])
            if operator == ""
            else (level >= int(technology[0])) & (rows["op"] == {"Red": "130"}.get(operator, operator))
        )
        union = shapely.union_all(hexagon_polygons(ids_of(sorted(set(rows["h3"][own]))), GRID), grid_size=1e-5)
        frame = gpd.GeoDataFrame({"id": [1]}, geometry=[union], crs=LAEA)
        out = exact_extract(raster, frame, ["cell_id", "coverage"], output="pandas")
        expected = np.zeros(GRID.size)
        expected[np.asarray(out["cell_id"][0], dtype=int)] = out["coverage"][0]
        np.testing.assert_allclose(found.ravel(), expected, atol=1e-6)
        assert found.max() <= 1
    assert {operator for _, operator in made.cells} == {"", "Red", "131"}
    notes = notes_of(made)
    again = len(rows) - len(rows.drop_duplicates(["h3", "tech", "op"]))
    assert notes["rows near the region that list a hexagon, operator and technology again, merged"][0] == again > 0
    assert notes["rows with the FCC's codes of technologies"][0] == 300
    assert notes["rows of operators without a name, called by their code"][0] == (rows["op"] == "131").sum()


@settings(max_examples=25)
@given(
    st.integers(6, 9),
    st.sets(st.integers(0, 60), min_size=1),
    st.integers(0, 2**31),
    st.sampled_from([250, 1000, 2000]),
)
def test_area_in_is_area_out_whatever_the_order(tmp_path_factory, resolution, chosen, seed, step):
    """Every hexagon lies inside the grid: Σ fraction × cell area = Σ area of the distinct hexagons on the ellipsoid."""
    near = disk(resolution, 4)
    cells = sorted({near[i % len(near)] for i in chosen})
    half = {6: 60, 7: 24, 8: 10, 9: 6}[resolution] * 1000
    grid = Grid(
        LAEA, Affine(step, 0, 4_005_000 - half, 0, -step, 3_005_000 + half), (2 * half // step, 2 * half // step)
    )
    rng = np.random.default_rng(seed)
    ids = rng.permutation(cells + cells[: seed % 5])
    folder = tmp_path_factory.mktemp("h")
    made = read_hexagons(saved(folder, table(ids)), section(), grid)
    assert made.cells["4G", ""].sum() * grid.cell_area_km2 == pytest.approx(ellipsoid_km2(cells), rel=1e-5)
    again = read_hexagons(saved(folder, table(ids[::-1]), "r.parquet"), section(), grid)
    assert all(np.array_equal(made.cells[key], again.cells[key]) for key in made.cells)
    assert [note.count for note in made.notes] == [note.count for note in again.notes]


def test_at_least_operators_and_anyone(tmp_path):
    a, b = disk(9, 1)[:2]
    rows = pd.DataFrame({"h3": [a, a, b], "tech": ["4G/5G", "3G", "LTE"], "op": ["Red", "Blue", None]})
    cells = read_hexagons(saved(tmp_path, rows), section(operator="op"), GRID).cells
    area = {key: share.sum() for key, share in cells.items()}
    one, two = (ellipsoid_km2([cell]) for cell in (a, b))
    expected = {
        ("5G", ""): one, ("4G", ""): one + two, ("3G", ""): one + two,
        ("5G", "Red"): one, ("4G", "Red"): one, ("5G", "Blue"): 0, ("4G", "Blue"): 0, ("3G", "Blue"): one,
        ("4G", NOT_KNOWN): two,
    }  # fmt: skip
    assert {key: area[key] for key in expected} == pytest.approx(expected, rel=1e-5)


def test_integers_codes_of_ones_own_and_conditions(tmp_path):
    cells = disk(9, 1)
    rows = pd.DataFrame({"h3": ids_of(cells), "tech": [7] * 7, "env": [1, 1, 1, 0, 0, 0, 0], "op": 5})
    asked = section(technology_codes={"7": "5G"}, where={"env": "1"}, operator="op")
    made = read_hexagons(saved(tmp_path, rows, "h.parquet"), asked, GRID)
    assert made.cells["5G", "5"].sum() == pytest.approx(ellipsoid_km2(cells[:3]), rel=1e-5)
    (fault,) = faults_of(lambda: read_hexagons(saved(tmp_path, rows), section(where={"env": "9"}), GRID))[:1]
    assert (fault.column, fault.problem) == ("env", "no row has '9'")


def test_speeds(tmp_path):
    cells = disk(9, 1)
    rows = table(cells, mindown=[7, 35, 35, 5, 0.2, 1000, 34.9], minup=[1, 3, 1, 1, 1, 3, 3])
    speed = {"down_mbps": "mindown", "up_mbps": "minup", "min_down_mbps": 35, "min_up_mbps": 3}
    made = read_hexagons(saved(tmp_path, rows, "h.parquet"), section(speed=speed), GRID)
    assert made.cells["4G", ""].sum() == pytest.approx(ellipsoid_km2([cells[1], cells[5]]), rel=1e-5)
    assert notes_of(made)["rows that claim less than the speed asked for, not covered"][0] == 5
    rows.loc[2, "mindown"] = None
    (fault,) = faults_of(lambda: read_hexagons(saved(tmp_path, rows), section(speed=speed), GRID))
    assert (fault.row, fault.column) == ("3", "mindown")


def test_everything_wrong_with_a_table_at_once(tmp_path):
    cells = [middle(9), middle(8), middle(9), "89zz", "", middle(9)]
    rows = table(cells, ["4G", "4G", "wimax", "4G", "4G", None], down=[1, 2, 3, "x", 5, 6])
    speed = {"down_mbps": "down", "min_down_mbps": 1}
    faults = faults_of(lambda: read_hexagons(saved(tmp_path, rows), section(speed=speed), GRID))
    assert [(fault.column, fault.row, fault.problem) for fault in faults] == [
        ("down", "4", "'x' is not a number"),
        ("h3", "4", "'89zz' is no H3 cell"),
        ("h3", "5", "'' is no H3 cell"),
        ("h3", "", "2 rows without a valid H3 cell"),
        ("h3", "", "several H3 resolutions: 8 (1 rows), 9 (3 rows)"),
        ("tech", "3", "'wimax' is no technology of ours, in 1 row"),
        ("tech", "6", "1 row without a technology"),
    ]


def test_columns_that_are_not_there_and_a_file_of_elsewhere(tmp_path):
    path = saved(tmp_path, table([middle(9)]))
    faults = faults_of(lambda: read_hexagons(path, section(hexagon="h33", technology="tec", where={"e": "1"}), GRID))
    assert [fault.column for fault in faults] == ["tec", "h33", "e"]
    far = saved(tmp_path, table([h3.latlng_to_cell(5.6, -0.2, 9)]), "far.csv")
    assert "no hexagon lies in the region" in faults_of(lambda: read_hexagons(far, section(), GRID))[0].problem
    empty = saved(tmp_path, table([]), "e.csv")
    assert "no rows" in faults_of(lambda: read_hexagons(empty, section(), GRID))[0].problem


def test_files_that_are_no_tables(tmp_path):
    path = tmp_path / "h.parquet"
    path.write_bytes(b"PAR1 nonsense PAR1")
    assert "not Parquet" in faults_of(lambda: read_hexagons(path, section(), GRID))[0].problem
    path = tmp_path / "h.csv"
    path.write_text(f"h3,tech\n{middle(9)},4G,more\n{middle(9)},4G\n")
    problems = [fault.problem for fault in faults_of(lambda: read_hexagons(path, section(), GRID))]
    assert problems[-1] == "1 rows do not fit the header"
    path.write_text("h3,h3\n1,2\n")
    assert "more than once" in faults_of(lambda: read_hexagons(path, section(), GRID))[0].problem


@pytest.mark.parametrize(("encoding", "delimiter"), [("utf-8-sig", ";"), ("cp1252", ","), ("utf-16", "\t")])
def test_text_as_a_spreadsheet_saves_it(tmp_path, encoding, delimiter):
    path = tmp_path / "h.csv"
    table(disk(9, 1), "4G", op="Télé").to_csv(path, index=False, encoding=encoding, sep=delimiter)
    made = read_hexagons(path, section(operator="op"), GRID)
    assert ("4G", "Télé") in made.cells


def test_pieces_do_not_matter(tmp_path, monkeypatch):
    rng = np.random.default_rng(1)
    rows = table(rng.choice(disk(9, 20), 3000), rng.choice(["300", "400"], 3000), op=rng.choice(["a", "b"], 3000))
    whole = read_hexagons(saved(tmp_path, rows, "h.parquet"), section(operator="op"), GRID)
    monkeypatch.setattr(batches, "ROWS", 100)
    monkeypatch.setattr("data.hexagon_cells.CHUNK", 64)
    parts = read_hexagons(tmp_path / "h.parquet", section(operator="op"), GRID)
    assert whole.notes == parts.notes
    for key, share in whole.cells.items():
        np.testing.assert_allclose(share, parts.cells[key], rtol=0, atol=1e-14)


def test_lists_for_ids_are_refused(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    from data.batches import open_batches

    pq.write_table(pa.table({"h3": [["8" * 15], ["8" * 15]]}), tmp_path / "lists.parquet")
    with pytest.raises(SchemaError, match="lists or records"):
        list(open_batches(tmp_path / "lists.parquet").read(["h3"]))
