"""What people propose to build: read by hand, row by row, and every fault heard at once."""

import json
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from data.plan_file import KINDS, ProposalsSection
from data.proposals import COLUMNS, TOLD, read_proposals
from data.settings import validated
from geo.errors import SchemaError
from geo.grid import Grid

GRID = Grid(CRS("ESRI:54009"), Affine(1000, 0, 0, 0, -1000, 100_000), (100, 100))
NAMED = {key: key for key in (*TOLD, "x", "y")}
HEAD = "id,name,kind,technology,votes,cost,currency,access_points,proposed_by,site_id,note,x,y"
GOOD = [
    "b,Well,WiFi,,12,,,3,Council of B,,near the well,0.5,0.5",
    "a,Hill,site,LTE,0,50000,usd,,,,,0.25,0.5",
    "d,Roof,Small-Cell,,,,,,,,,0.5,0.25",
    "c,Old,upgrade,5G,7,,,,,S1,,,",
]
SITES = pd.DataFrame({"site_id": ["S1", "S1", "S2"], "x": [1000.0, 1002.0, 5e6], "y": [3000.0, 3000.0, 3000.0]})


def saved(folder, rows, head=HEAD, name="p.csv"):
    (folder / name).write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return folder / name


read = partial(read_proposals, columns=NAMED, grid=GRID)


def faults_of(call):
    with pytest.raises(SchemaError) as caught:
        call()
    return caught.value.faults


def test_four_proposals_by_hand(tmp_path):
    found, notes = read(saved(tmp_path, GOOD), sites=SITES)
    assert tuple(found.columns) == COLUMNS
    assert found["id"].tolist() == ["a", "b", "c", "d"]
    assert found["kind"].tolist() == ["site", "wifi", "upgrade", "small_cell"]
    assert found["technology"].tolist() == ["4G", "", "5G", ""]
    assert found["currency"].tolist() == ["USD", "", "", ""]
    np.testing.assert_array_equal(found["votes"], [0, 12, 7, np.nan])
    np.testing.assert_array_equal(found["cost"], [50_000, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(found["access_points"], [np.nan, 3, np.nan, np.nan])
    assert found["proposed_by"].tolist() == ["", "Council of B", "", ""]
    assert found["site_id"].tolist() == ["", "", "S1", ""]
    assert found["note"].tolist() == ["", "near the well", "", ""]
    x, y = Transformer.from_crs("EPSG:4326", GRID.crs, always_xy=True).transform([0.25, 0.5, 0.5], [0.5, 0.5, 0.25])
    assert found["x"].tolist() == [x[0], x[1], 1000.0, x[2]]
    assert found["y"].tolist() == [y[0], y[1], 3000.0, y[2]]
    assert {str(found[key].dtype) for key in ("votes", "cost", "access_points", "x", "y")} == {"float64"}
    assert notes == []


def test_every_fault_is_listed_at_once_with_its_row_and_mend(tmp_path):
    rows = [
        "a,One,wifi,,1,,,,,,,0.5,0.5",
        "a,Two,church,,1,,,,,,,0.5,0.5",
        ",Three,site,2G,-4,,,,,,,0.5,0.5",
        "d,Four,site,4G,1.5,-10,USD,,,,,0.5,0.5",
        "e,Five,wifi,4G,many,900,,0,,,,0.5,0.5",
        "f,Six,upgrade,,,5,dollars,,anna@example.org,S9,,0.5,0.5",
        "g,Seven,site,,,,,,,,,,",
        "h,Eight,site,,,,,,,,,10,10",
        "i,Nine,,,,,,,,,,0.5,0.5",
        "j,Ten,upgrade,,,,,,,S1,,0.5,0.5",
        "k,Eleven,site,,,,,,,,,0.5,north",
    ]
    faults = faults_of(lambda: read(saved(tmp_path, rows), sites=SITES))
    assert {fault.file for fault in faults} == {"p.csv"}
    assert all(fault.mend for fault in faults)
    assert {(fault.column, fault.row) for fault in faults} == {
        ("id", "2"),
        ("kind", "2"),
        ("id", "3"),
        ("technology", "3"),
        ("votes", "3"),
        ("votes", "4"),
        ("cost", "4"),
        ("technology", "5"),
        ("votes", "5"),
        ("currency", "5"),
        ("access_points", "5"),
        ("currency", "6"),
        ("proposed_by", "6"),
        ("site_id", "6"),
        ("x", "7"),
        ("x", "8"),
        ("kind", "9"),
        ("site_id", "10"),
        ("y", "11"),
    }
    told = {(fault.column, fault.row): str(fault) for fault in faults}
    assert "'a' stands in rows 1, 2" in told["id", "2"]
    assert "a cost of 900 without a currency" in told["currency", "5"]
    assert "'S9' is no site of the registers, such as 'S1'" in told["site_id", "6"]
    assert "from site 'S1'" in told["site_id", "10"]
    assert "outside the region's grid" in told["x", "8"]


def test_columns_that_are_not_there_are_all_named(tmp_path):
    wrong = {key: f"{key}s" for key in NAMED}
    faults = faults_of(lambda: read(saved(tmp_path, GOOD), columns=wrong))
    assert {fault.column for fault in faults} == set(wrong.values())


def test_swapped_positions_are_told_to_be_swapped(tmp_path):
    grid = Grid(GRID.crs, Affine(1000, 0, 1_000_000, 0, -1000, 100_000), (100, 100))
    (fault,) = faults_of(lambda: read(saved(tmp_path, ["a,,wifi,,,,,,,,,0.5,10.2"]), grid=grid))
    assert "longitude is x" in fault.mend


def test_an_upgrade_without_position_needs_a_site_that_stands_at_one_place(tmp_path):
    row = ["c,,upgrade,,,,,,,S2,,,"]
    (fault,) = faults_of(lambda: read(saved(tmp_path, row), sites=SITES))
    assert "outside" in fault.problem
    apart = pd.concat([SITES, SITES.assign(x=SITES["x"] + 5000)])
    path = saved(tmp_path, ["c,,upgrade,,,,,,,S1,,,"])
    (fault,) = faults_of(lambda: read(path, sites=apart))
    assert "several places" in fault.problem
    found = faults_of(lambda: read(path))
    assert [fault.problem for fault in found] == ["has no position"]


def test_what_means_nothing_for_a_kind_is_noted_and_not_used(tmp_path):
    rows = ["a,,site,,,,,5,,S1,,0.5,0.5", "b,,wifi,WiFi,,,EUR,1,,,,0.5,0.5", "c,,upgrade,,,,,,,S7,,0.5,0.5"]
    found, notes = read(saved(tmp_path, rows))
    assert [(note.what.split(",")[0], note.count) for note in notes] == [
        ("site ids of proposals that are no upgrade", 1),
        ("site ids that no register of sites can confirm", 1),
        ("access points of proposals other than WiFi", 1),
    ]
    assert found["site_id"].tolist() == ["", "", "S7"]
    assert found["currency"].tolist() == ["", "", ""]
    np.testing.assert_array_equal(found["access_points"], [np.nan, 1, np.nan])


def test_one_kind_one_currency_and_own_words_for_a_whole_file(tmp_path):
    head = "id,kind,cost,x,y"
    path = saved(tmp_path, ["a,,10,0.5,0.5", "b,Funkmast,,0.5,0.5", "c,MÂT,20,0.5,0.5"], head=head)
    columns = {key: key for key in head.split(",")}
    read = partial(read_proposals, path, columns=columns, grid=GRID, words={"site": ["Funkmast", "mat"]})
    found, _notes = read(kind="wifi", currency="XOF")
    assert found[["kind", "currency"]].to_numpy().tolist() == [["wifi", "XOF"], ["site", ""], ["site", "XOF"]]
    bare = {key: name for key, name in columns.items() if key not in {"kind", "cost"}}
    (fault,) = faults_of(lambda: read(columns=bare))
    assert "nothing says what kind" in fault.problem


def test_a_layer_of_points_brings_its_own_places(tmp_path):
    features = [
        {
            "type": "Feature",
            "properties": {"id": k, "kind": "wifi", "votes": 3 * k},
            "geometry": {"type": "Point", "coordinates": [0.5, 0.1 * k]},
        }
        for k in (2, 1)
    ]
    (tmp_path / "p.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    columns = {"id": "id", "kind": "kind", "votes": "votes"}
    found, _notes = read_proposals(tmp_path / "p.geojson", columns=columns, grid=GRID)
    assert found[["id", "votes"]].to_numpy().tolist() == [["1", 3.0], ["2", 6.0]]
    assert (found["y"].diff().dropna() > 0).all()


def test_words_that_stand_for_two_kinds_are_refused():
    for words in ({"site": ["wifi"]}, {"site": ["x"], "wifi": ["X"]}, {"site": ["-"]}):
        with pytest.raises(SchemaError, match="words"):
            validated({"file": "p.csv", "words": words}, ProposalsSection, name="region.toml")
    with pytest.raises(SchemaError, match="currency"):
        validated({"file": "p.csv", "currency": "dollar"}, ProposalsSection, name="region.toml")


proposal = st.tuples(
    st.sampled_from(KINDS), st.sampled_from(["", "0", "17"]), st.sampled_from(["", "25"]), st.integers(1, 8)
)


@settings(max_examples=25)
@given(st.lists(proposal, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_no_proposal_is_lost_and_no_order_of_rows_shows(drawn, random):
    rows = [f"p{k},,{kind},,{votes},{cost},EUR,,,,,0.{at},0.5" for k, (kind, votes, cost, at) in enumerate(drawn)]
    with TemporaryDirectory() as folder:
        found, _notes = read(saved(Path(folder), rows))
        random.shuffle(rows)
        again, _notes = read(saved(Path(folder), rows))
    assert found.equals(again)
    assert len(found) == len(drawn)
    assert found["votes"].sum() == sum(int(votes or 0) for _, votes, _, _ in drawn)
    assert found["votes"].isna().sum() == sum(votes == "" for _, votes, _, _ in drawn)
    assert ((found["currency"] == "") == found["cost"].isna()).all()
