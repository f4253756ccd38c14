"""Sites that do not say their technology are kept apart: neither covered nor without coverage, but unknown."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from data.load_coverage import load_coverage
from data.loader import Loader
from data.region_file import CoverageSection, RegionFile
from data.sites import read_sites
from geo.errors import SchemaError
from geo.grid import Grid

WGS84 = CRS("EPSG:4326")
LAEA = CRS("EPSG:3035")
WORDS = {"x": "lon", "y": "lat", "id": "id", "operator": "op", "technology": "tech"}
SILENT = "rows without a known technology: whom they alone reach is unknown"
NONE = "rows with none of the technologies that have a column, left out"


def saved(tmp_path, rows, *, head="id,op,tech,lat,lon", name="s.csv"):
    path = tmp_path / name
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return path


def read(path, columns=WORDS, **keys):
    return read_sites(path, columns=columns, **{"grid_crs": WGS84, **keys})


def faults_of(call):
    with pytest.raises(SchemaError) as caught:
        call()
    return caught.value.faults


def notes_of(register):
    return {note.what: (note.count, note.detail) for note in register.notes}


def test_blank_words_are_silent_sites(tmp_path):
    rows = ["1,A,4G,5.6,0.1", "2,A,,5.7,0.2", "3,,n/a,5.8,0.3", "2,A,NaN,5.7,0.2"]
    register = read(saved(tmp_path, rows))
    assert register.sites["site_id"].tolist() == ["1"]
    assert register.silent.to_numpy().tolist() == [["2", "A", 0.2, 5.7], ["3", "operator not known", 0.3, 5.8]]
    assert list(register.silent.columns) == ["site_id", "operator", "x", "y"]
    assert notes_of(register)[SILENT] == (3, "rows 2, 3, 4")


def test_a_site_may_speak_in_one_row_and_be_silent_in_another(tmp_path):
    register = read(saved(tmp_path, ["1,A,4G,5.6,0.1", "1,A,,5.6,0.1", "1,B,,5.6,0.1"]))
    assert register.sites[["site_id", "operator", "technology"]].to_numpy().tolist() == [["1", "A", "4G"]]
    assert register.silent["operator"].tolist() == ["A", "B"]


@pytest.mark.parametrize(
    ("named", "row", "silent"),
    [
        (("2G", "3G", "4G", "5G"), "0,0,0,0", True),
        (("2G", "3G", "4G"), "0,0,0,0", True),
        (("4G", "5G"), "0,0,0,0", False),
        (("4G", "5G"), "0,0,,0", True),
        (("4G", "5G"), ",,0,0", False),
        (("3G",), "1,,0,0", True),
    ],
)
def test_when_a_no_is_an_answer(tmp_path, named, row, silent):
    """A no to 4G alone is an answer (an older site); a no to everything, or a blank, is none."""
    columns = {"x": "lon", "y": "lat", "id": "id", "technologies": {name: f"g{name[0]}" for name in named}}
    path = saved(tmp_path, ["1,1,1,1,1,5.6,0.1", f"2,{row},5.6,0.2"], head="id,g2,g3,g4,g5,lat,lon")
    register = read(path, columns)
    assert set(register.sites["site_id"]) == {"1"}
    assert register.silent["site_id"].tolist() == (["2"] if silent else [])
    assert notes_of(register)[SILENT if silent else NONE] == (1, "rows 2")


def test_a_register_that_says_nothing_needs_technologies(tmp_path):
    path = saved(tmp_path, ["1,A,,5.6,0.1", "2,A,,5.7,0.2"])
    (fault,) = faults_of(lambda: read(path))
    assert fault.problem == "none of 2 sites says its technology"
    register = read(path, technologies=["4G"])
    assert (len(register.sites), len(register.silent)) == (0, 2)
    with_other = saved(tmp_path, ["1,A,,5.6,0.1", "2,A,3G,5.7,0.2"], name="o.csv")
    register = read(with_other, technologies=["4G"])
    assert (len(register.sites), len(register.silent)) == (0, 1)
    only = saved(tmp_path, ["2,A,3G,5.7,0.2"], name="p.csv")
    assert faults_of(lambda: read(only, technologies=["4G"]))[0].problem == "no site is left"


def test_arcep_rows_without_a_yes_are_silent(tmp_path):
    rows = ["Red;1;650000;6860000;1;0;1", "Red;2;651000;6860000;0;0;0"]
    path = saved(tmp_path, rows, head="nom_op;num_site;x_lambert_93;y_lambert_93;site_2g;site_3g;site_4g")
    register = read_sites(path, format="arcep", grid_crs=LAEA)
    assert register.sites["technology"].tolist() == ["2G", "4G"]
    assert register.silent["site_id"].tolist() == ["2"]
    x, y = Transformer.from_crs(2154, 3035, always_xy=True).transform(651000, 6860000)
    assert register.silent[["x", "y"]].to_numpy().tolist() == [[pytest.approx(x), pytest.approx(y)]]


def test_opencellid_has_no_silent_sites_and_blank_radio_is_a_fault(tmp_path):
    head = "radio,mcc,net,area,cell,lon,lat"
    assert read_sites(
        saved(tmp_path, ["LTE,1,1,1,256,0.1,5.6"], head=head), format="opencellid", grid_crs=WGS84
    ).silent.empty
    path = saved(tmp_path, ["LTE,1,1,1,256,0.1,5.6", ",1,1,1,512,0.1,5.6"], head=head)
    (fault,) = faults_of(lambda: read_sites(path, format="opencellid", grid_crs=WGS84))
    assert (fault.column, fault.row) == ("radio", "2")


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from("AB"), st.sampled_from(["", "4G", "2G/3G", "na"])),
        min_size=1,
        max_size=15,
    )
)
def test_every_row_is_heard_or_silent(tmp_path_factory, rows):
    """Each (site, operator) of the file stands in the sites, in the silent ones, or in both, as its rows say."""
    lines = [f"{site},{operator},{word},5.6,{site / 10}" for site, operator, word in rows]
    folder = tmp_path_factory.mktemp("s")
    speaking = {(str(s), o) for s, o, word in rows if word not in {"", "na"}}
    quiet = {(str(s), o) for s, o, word in rows if word in {"", "na"}}
    kept = None if speaking else ["4G"]
    register = read(saved(folder, lines), technologies=kept)
    assert set(zip(register.sites["site_id"], register.sites["operator"], strict=True)) == speaking
    assert set(zip(register.silent["site_id"], register.silent["operator"], strict=True)) == quiet
    assert not register.silent.duplicated(["site_id", "operator"]).any()
    again = read(saved(folder, lines[::-1], name="r.csv"), technologies=kept)
    assert again.sites.equals(register.sites)
    assert again.silent.equals(register.silent)


def loader(folder, coverage):
    file = {"file": "none"}
    values = {
        "name": "t", "population": file, "zones": {**file, "id": "id", "name": "name"}, "coverage": [coverage],
    }  # fmt: skip
    return Loader(folder, RegionFile.model_validate(values))


def test_the_layer_carries_its_silent_sites(tmp_path):
    grid = Grid(LAEA, Affine(1000, 0, 4_000_000, 0, -1000, 3_010_000), (10, 10))
    lon, lat = Transformer.from_crs(LAEA, 4326, always_xy=True).transform(4_005_000, 3_005_000)
    columns = {"x": "lon", "y": "lat", "id": "id", "operator": "op", "technology": "tech"}
    section = {"kind": "sites", "file": "s.csv", "columns": columns}
    saved(tmp_path, [f"1,A,4G,{lat},{lon}", f"2,,,{lat},{lon}"])
    made = loader(tmp_path, section)
    (layer,) = load_coverage(made, grid, None)
    assert layer.technologies == ("4G",)
    assert layer.silent["site_id"].tolist() == ["2"]
    assert layer.source.file == "s.csv"
    assert any(note.what == SILENT for note in made.notes)
    saved(tmp_path, [f"1,A,4G,{lat},{lon}"])
    assert load_coverage(loader(tmp_path, section), grid, None)[0].silent is None
    saved(tmp_path, [f"2,A,,{lat},{lon}"])
    (layer,) = load_coverage(loader(tmp_path, {**section, "technologies": ["4G", "5G"]}), grid, None)
    assert (layer.technologies, len(layer.sites), len(layer.silent)) == (("4G", "5G"), 0, 1)


def test_some_rows_with_swapped_axes_are_counted(tmp_path):
    rows = ["1,A,4G,5.6,10.1", "2,A,4G,10.2,5.7", "3,A,4G,5.8,10.3", "4,A,4G,60,60"]
    register = read(saved(tmp_path, rows), bounds=(10, 5, 11, 6))
    assert register.sites["site_id"].tolist() == ["1", "3"]
    notes = notes_of(register)
    assert notes["rows that lie in the region only with x and y swapped, not used"] == (1, "rows 2")
    assert notes["rows outside the region's grid, dropped"] == (2, "rows 2, 4")
    faults = faults_of(lambda: read(saved(tmp_path, rows[1:2] * 3), bounds=(10, 5, 11, 6)))
    assert "3 rows that lie in the region only with x and y swapped" in [fault.problem for fault in faults]


def test_unknown_words_are_counted_each(tmp_path):
    rows = ["1,A,4GG,5.6,0.1", "2,A,wimax,5.6,0.2", "3,A,4GG/2G,5.6,0.3", "4,A,5G,5.6,0.4"]
    faults = faults_of(lambda: read(saved(tmp_path, rows)))
    assert [(fault.row, fault.problem) for fault in faults] == [
        ("3", "'4gg' (of '4GG/2G') is no technology of ours, in 1 row"),
        ("1", "'4gg' is no technology of ours, in 1 row"),
        ("2", "'wimax' is no technology of ours, in 1 row"),
    ]


def test_paris_antennas_of_bouygues_are_silent(paris):
    flags = {"2G": "has_2g", "3G": "has_3g", "4G": "has_4g", "5G": "has_5g"}
    columns = {"x": "lon", "y": "lat", "id": "site", "operator": "operator", "technologies": flags}
    path = paris / "paris_antennas_2g3g4g5g.csv"
    raw = pd.read_csv(path, dtype=str)
    register = read(path, columns, grid_crs=LAEA)
    assert notes_of(register)[SILENT][0] == 587
    assert set(register.silent["operator"]) == {"BOUYGUES"}
    assert set(register.silent["site_id"]) == set(raw.loc[raw["type_known"] == "False", "site"])
    assert "BOUYGUES" not in set(register.sites["operator"])
    alone = read(path, columns, grid_crs=LAEA, where={"type_known": "False"}, technologies=["4G"])
    assert alone.silent.equals(register.silent)
    assert np.isfinite(register.silent[["x", "y"]].to_numpy()).all()


def test_paris_by_its_words(paris):
    columns = {"x": "lon", "y": "lat", "id": "site", "operator": "operator", "technology": "type_raw"}
    register = read(paris / "paris_antennas_2g3g4g5g.csv", columns, grid_crs=LAEA)
    assert len(register.silent) == register.silent["site_id"].nunique() == 587


def test_kind_of_section_is_needed():
    with pytest.raises(ValueError, match="columns table"):
        CoverageSection(kind="sites", file="s.csv")
