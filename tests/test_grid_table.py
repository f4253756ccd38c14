"""Counts from a table of grid cells: moved by sum, and every row that cannot be is named."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from affine import Affine
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS
from pyproj.exceptions import CRSError

from analysis.fragments import make_fragments
from data.grid_table import read_grid_table
from data.load import load_region
from data.region_file import GroupsTable
from geo.errors import SchemaError
from geo.grid import Grid

FRAME = Grid(CRS.from_epsg(3035), Affine(1000, 0, 4_000_000, 0, -1000, 3_010_000), (10, 10))


def section(**changes):
    base = {"file": "t.csv", "x": "x", "y": "y", "size": 1000, "crs": "EPSG:3035", "columns": {"women": "F"}}
    return GroupsTable.model_validate({**base, **changes})


def saved(tmp_path, text, name="t.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(path, **changes):
    with pytest.raises(SchemaError) as caught:
        read_grid_table(path, section=section(**changes), frame=FRAME)
    return caught.value.faults


def test_lower_left_corners_by_hand(tmp_path):
    path = saved(tmp_path, "x,y,F\n4000000,3009000,5\n4002000,3000000,7\n4003000,3000000,\n")
    counts, notes = read_grid_table(path, section=section(), frame=FRAME)
    women = counts["women"]
    assert women[0, 0] == 5
    assert women[9, 2] == 7
    assert np.isnan(women).sum() == 98  # the blank one and the cells left out are not known
    assert [note.count for note in notes] == [0]


def test_centres_and_a_finer_lattice_of_another_crs_keep_the_sum(tmp_path):
    lon, lat = np.meshgrid(np.arange(9.99, 10.05, 0.01), np.arange(50.03, 50.08, 0.01))
    rows = pd.DataFrame({"lon": lon.ravel().round(2), "lat": lat.ravel().round(2), "n": np.arange(lon.size)})
    rows.to_csv(tmp_path / "t.csv", index=False)
    asked = section(x="lon", y="lat", size=0.01, corner="centre", crs="EPSG:4326", columns={"all": "n"})
    counts, notes = read_grid_table(tmp_path / "t.csv", section=asked, frame=FRAME)
    assert np.nansum(counts["all"]) + notes[0].count == pytest.approx(rows["n"].sum(), abs=0.51)
    centred, _ = read_grid_table(
        saved(tmp_path, "x,y,F\n4000500,3009500,5\n", "c.csv"), section=section(corner="centre"), frame=FRAME
    )
    assert centred["women"][0, 0] == 5


def test_people_beyond_the_grid_are_told(tmp_path):
    path = saved(tmp_path, "x,y,F\n4000000,3009000,5\n3999000,3009000,40\n")
    counts, notes = read_grid_table(path, section=section(), frame=FRAME)
    assert np.nansum(counts["women"]) == 5
    assert (notes[0].count, notes[0].what) == (40, "persons of 'women' beyond the grid")


def test_values_that_mean_not_known(tmp_path):
    path = saved(tmp_path, "x,y,F\n4000000,3009000,-9999\n4001000,3009000,3\n")
    counts, _ = read_grid_table(path, section=section(missing=[-9999]), frame=FRAME)
    assert np.isnan(counts["women"][0, 0])
    (fault,) = faults_of(path)
    assert fault.row == "1"
    assert "missing" in fault.mend


@pytest.mark.parametrize(
    ("text", "row", "word"),
    [
        ("x,y,F\n4000000,3009000,5\n4001500,3009000,5\n4002000,3009000,1\n", "2", "does not lie on the lattice"),
        ("x,y,F\n4000000,3009000,5\n4000000,3009000,6\n", "2", "stands in rows 1, 2"),
        ("x,y,F\n4000000,3009000,-1\n4001000,3009000,2\n", "1", "no count of people"),
        ("x,y,F\n4000000,3009000,1\n4001000,,2\n", "2", "blank where a coordinate"),
        ("x,y,F\n4000000,3009000,many\n4001000,3009000,2\n", "1", "is not a number"),
        ("x,y,F\n4000000,3009000,\n4001000,3009000,\n", "", "holds no value at all"),
        ("x,y,F\n0,3009000,1\n400000000,900000000,2\n", "", "spread over"),
        ("x,y,G\n0,3009000,1\n", "", "no such column"),
    ],
)
def test_rows_that_cannot_be(tmp_path, text, row, word):
    (fault,) = faults_of(saved(tmp_path, text))
    assert fault.row == row
    assert word in fault.problem


def test_all_faults_at_once(tmp_path):
    faults = faults_of(saved(tmp_path, "x,y,F\n4000000,3009000,-1\n4000700,3009000,2\n4001000,3008000,x\n"))
    assert {fault.column for fault in faults} == {"F", "x"}


def test_crs_and_settings_that_cannot_be(tmp_path):
    path = saved(tmp_path, "x,y,F\n4000000,3009000,1\n")
    with pytest.raises(CRSError, match="EPSG:999999"):
        read_grid_table(path, section=section(crs="EPSG:999999"), frame=FRAME)
    with pytest.raises(ValueError, match="size"):
        section(size=0)
    with pytest.raises(ValueError, match="columns"):
        section(columns={})


@given(
    cells=st.dictionaries(
        st.tuples(st.integers(-2, 12), st.integers(-2, 12)), st.floats(0, 1e4), min_size=1, max_size=30
    ),
    jitter=st.floats(-0.4, 0.4),
    order=st.randoms(use_true_random=False),
)
def test_nobody_is_lost_whatever_the_order_of_rows(tmp_path_factory, cells, jitter, order):
    rows = [(4_000_000 + 1000 * (col + jitter), 3_000_000 + 1000 * row, n) for (col, row), n in cells.items()]
    folder = tmp_path_factory.mktemp("t")
    found = []
    for _ in range(2):
        pd.DataFrame(rows, columns=["x", "y", "F"]).to_parquet(folder / "t.parquet")
        counts, notes = read_grid_table(folder / "t.parquet", section=section(), frame=FRAME)
        found.append(counts["women"])
        total = sum(n for _, _, n in rows)
        assert np.nansum(counts["women"]) + notes[0].count == pytest.approx(total, rel=1e-9, abs=0.6)
        order.shuffle(rows)
    np.testing.assert_array_equal(*found)


@pytest.fixture(scope="module")
def paris_region(request):
    from conftest import shared

    return load_region(ROOT / "examples/ile-de-france/region.toml", root=shared("ile-de-france"))


def test_groups_of_ile_de_france_sum_to_its_total(paris_region, paris):
    region = paris_region
    table = pd.read_parquet(paris / "eurostat_census2021_grid_1km.parquet")
    fragments = make_fragments(region, everything=False)

    def people(name):
        return float(np.nansum(region.groups[name].values.ravel()[fragments.cells]))

    total = float(fragments.people.sum())
    assert people("women") + people("men") == pytest.approx(total, abs=1e-6)
    ages = people("children") + people("aged_15_64") + people("aged_65_plus")
    # the file's ages exceed its totals by 9 persons in 14,976,502: counts were perturbed
    assert table[["Y_LT15", "Y_1564", "Y_GE65"]].to_numpy().sum() - table["T"].sum() == 9
    assert 0 <= ages - total <= 9
    for name, column in (("women", "F"), ("children", "Y_LT15"), ("aged_65_plus", "Y_GE65")):
        assert np.nansum(region.groups[name].values) == table[column].sum()
    assert not np.isnan(region.groups["women"].values.ravel()[fragments.cells]).any()


def test_groups_equal_a_join_by_geopandas(paris_region, paris):
    """An independent count: points of the table's cells against the cells that the run analyses."""
    region = paris_region
    table = pd.read_parquet(paris / "eurostat_census2021_grid_1km.parquet")
    fragments = make_fragments(region, everything=False)
    x, y = region.grid.centres(fragments.cells)
    points = gpd.GeoDataFrame(
        {"F": table["F"]}, geometry=gpd.points_from_xy(table["x_ll_3035"] + 500, table["y_ll_3035"] + 500), crs=3035
    )
    cells = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=region.grid.crs).to_crs(3035)
    near = gpd.sjoin_nearest(cells, points, max_distance=1)
    assert near["F"].sum() == np.nansum(region.groups["women"].values.ravel()[fragments.cells])
