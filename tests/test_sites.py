from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from data.opencellid import KM_PER_DEGREE, split_far
from data.sites import read_sites
from geo.errors import SchemaError

WGS84 = CRS("EPSG:4326")
MOLLWEIDE = CRS("ESRI:54009")
LAEA = CRS("EPSG:3035")
HEAD = "radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal\n"


def saved(tmp_path, rows, *, head=HEAD):
    path = tmp_path / "s.csv"
    path.write_text(head + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def sector(radio, cell, *, lon=0.1, lat=5.6, reach=1000, samples=1, updated=5, area=7, net=1):
    return f"{radio},620,{net},{area},{cell},0,{lon},{lat},{reach},{samples},1,1,{updated},0"


def opencellid(path, **options):
    return read_sites(path, format="opencellid", **{"grid_crs": WGS84, **options})


def faults_of(call):
    with pytest.raises(SchemaError) as caught:
        call()
    return caught.value.faults


def test_lte_sectors_of_one_base_station_are_one_site_at_the_weighted_mean(tmp_path):
    rows = [
        sector("LTE", 256 * 9 + 1, lon=0.100, samples=3),
        sector("LTE", 256 * 9 + 2, lon=0.104),
        sector("LTE", 256 * 10),
    ]
    sites = opencellid(saved(tmp_path, rows), operators={"620-01": "MTN"}).sites
    assert sites[["site_id", "operator", "technology", "sectors"]].to_numpy().tolist() == [
        ["620-1-LTE-10", "MTN", "4G", 1],
        ["620-1-LTE-9", "MTN", "4G", 2],
    ]
    assert sites["x"].tolist() == pytest.approx([0.1, (3 * 0.100 + 0.104) / 4])
    assert sites["y"].tolist() == pytest.approx([5.6, 5.6])


def test_gsm_and_umts_group_by_area_and_all_but_the_last_digit(tmp_path):
    rows = [sector("GSM", 1231), sector("GSM", 1232), sector("GSM", 1241), sector("GSM", 1233, area=8)]
    rows += [sector("UMTS", 65536 * 3 + 1231), sector("UMTS", 65536 * 3 + 1232), sector("NR", 4096 * 5 + 1)]
    sites = opencellid(saved(tmp_path, rows)).sites
    assert dict(zip(sites["site_id"], sites["sectors"], strict=True)) == {
        "620-1-GSM-7-0-123": 2,
        "620-1-GSM-7-0-124": 1,
        "620-1-GSM-8-0-123": 1,
        "620-1-NR-5": 1,
        "620-1-UMTS-7-3-123": 2,
    }
    assert set(sites["technology"]) == {"2G", "3G", "5G"}
    assert set(sites["operator"]) == {"620-1"}


def test_members_too_far_are_split_off(tmp_path):
    far = 6 / KM_PER_DEGREE
    rows = [sector("LTE", 2560 + i, lat=5.6 + (far if i > 2 else 0)) for i in range(5)]
    rows += [sector("UMTS", 1231), sector("UMTS", 1232, lat=5.6 + 3 / KM_PER_DEGREE)]
    register = opencellid(saved(tmp_path, rows))
    assert dict(zip(register.sites["site_id"], register.sites["sectors"], strict=True)) == {
        "620-1-LTE-10": 3,
        "620-1-LTE-10/2": 2,
        "620-1-UMTS-7-0-123": 1,
        "620-1-UMTS-7-0-123/2": 1,
    }
    assert ("sites split off, too far from the rest of their base station", 2) in [
        (n.what, n.count) for n in register.notes
    ]


def test_the_impossible_is_dropped_and_counted(tmp_path):
    rows = [
        sector("LTE", 1),
        sector("LTE", 300, lon=0.2, updated=9),
        sector("LTE", 300, lon=0.3, updated=8),
        sector("LTE", 600, reach=700_000),
        sector("LTE", 900, reach=-1),
        sector("LTE", 1200, lon=0, lat=0),
        sector("LTE", 1500, lon=30),
        sector("NBIOT", 1800),
    ]
    register = opencellid(saved(tmp_path, rows), bounds=(-1, 5, 1, 6))
    assert register.sites["x"].tolist() == [0.1, 0.2]
    assert [(note.what.split(",")[0], note.count) for note in register.notes] == [
        ("narrow-band sectors", 1),
        ("sectors listed again", 1),
        ("sectors with a range below 0 or above 100 km", 2),
        ("rows at longitude 0", 1),
        ("rows outside the region's grid", 1),
        ("sectors grouped into sites", 2),
    ]


def test_a_download_without_header(tmp_path):
    assert opencellid(saved(tmp_path, [sector("LTE", 1)], head="")).sites["technology"].tolist() == ["4G"]


def test_opencellid_faults_at_once(tmp_path):
    rows = [sector("LTF", 1), sector("LTE", "x"), sector("LTE", 1.5), sector("LTE", "")]
    faults = faults_of(lambda: opencellid(saved(tmp_path, rows)))
    assert {(fault.column, fault.row) for fault in faults} == {
        ("radio", "1"),
        ("cell", "2"),
        ("cell", "3"),
        ("cell", "4"),
    }
    assert "LTE" in faults[0].mend
    assert {f.column for f in faults_of(lambda: opencellid(saved(tmp_path, ["1"], head="radio\n")))} == {"lon", "lat"}


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=12),
    st.randoms(use_true_random=False),
)
def test_every_sector_is_in_one_site_whose_members_are_near(members, random):
    places = pd.DataFrame(members, columns=["group", "lon", "lat"]).astype({"lon": float, "lat": float})
    places[["lon", "lat"]] /= KM_PER_DEGREE
    places = places.assign(reach=5.0).sort_values(["group", "lon", "lat"]).reset_index(drop=True)
    part = split_far(places)
    assert (part >= 0).all()
    for _key, one in places.groupby([places["group"], part]):
        assert np.hypot(np.ptp(one["lon"]), np.ptp(one["lat"])) * KM_PER_DEGREE <= 2 * 5 * 2**0.5 + 1e-6
    mixed = list(range(len(places)))
    random.shuffle(mixed)
    again = places.iloc[mixed].sort_values(["group", "lon", "lat"]).reset_index(drop=True)
    assert split_far(again).tolist() == part.tolist()


COLUMNS = {"x": "lon", "y": "lat", "id": "id", "operator": "op", "technology": "tech"}


def test_words_of_technology(tmp_path):
    rows = ["2,B,2G/3g/LTE,5.6,0.1", "1,A,5G NR,5.7,0.2", "3,,HSPA+,5.7,0.3", "4,A,,5.7,0.4"]
    register = read_sites(saved(tmp_path, rows, head="id,op,tech,lat,lon\n"), columns=COLUMNS, grid_crs=WGS84)
    assert register.sites[["site_id", "operator", "technology", "x", "y"]].to_numpy().tolist() == [
        ["1", "A", "5G", 0.2, 5.7],
        ["2", "B", "2G", 0.1, 5.6],
        ["2", "B", "3G", 0.1, 5.6],
        ["2", "B", "4G", 0.1, 5.6],
        ["3", "operator not known", "3G", 0.3, 5.7],
    ]
    assert register.sites["sectors"].isna().all()
    assert [note.count for note in register.notes] == [1, 1]


def test_an_unknown_technology_is_a_fault_with_a_suggestion(tmp_path):
    path = saved(tmp_path, ["1,A,4GG,5.6,0.1", "2,A,wimax,5.6,0.2"], head="id,op,tech,lat,lon\n")
    faults = faults_of(lambda: read_sites(path, columns=COLUMNS, grid_crs=WGS84))
    assert [(fault.row, fault.column) for fault in faults] == [("1", "tech"), ("2", "tech")]
    assert "4g" in faults[0].mend.lower()


def test_flags_and_technologies_of_the_whole_file(tmp_path):
    path = saved(tmp_path, ["1,oui,0,5.6,0.1", "2,non,1,5.6,0.2", "3,,0,5.6,0.3"], head="id,g4,g5,lat,lon\n")
    columns = {"x": "lon", "y": "lat", "id": "id", "technologies": {"4G": "g4", "5G": "g5"}}
    register = read_sites(path, columns=columns, grid_crs=WGS84)
    assert register.sites[["site_id", "technology"]].to_numpy().tolist() == [["1", "4G"], ["2", "5G"]]
    only = read_sites(path, columns=columns, grid_crs=WGS84, technologies=["5G"])
    assert only.sites["site_id"].tolist() == ["2"]
    plain = {"x": "lon", "y": "lat"}
    whole = read_sites(path, columns=plain, grid_crs=WGS84, technologies=["3G"])
    assert whole.sites["site_id"].tolist() == ["at 0.1 5.6", "at 0.2 5.6", "at 0.3 5.6"]
    assert (
        "nothing says the technology" in faults_of(lambda: read_sites(path, columns=plain, grid_crs=WGS84))[0].problem
    )
    odd = {**plain, "technologies": {"6G": "g5"}}
    assert "'6G'" in faults_of(lambda: read_sites(path, columns=odd, grid_crs=WGS84))[0].problem


def test_one_id_at_two_places_is_refused_and_a_roof_is_one_place(tmp_path):
    near = ["1,A,4G,5.6,0.1", "1,A,4G,5.6002,0.1"]
    register = read_sites(saved(tmp_path, near, head="id,op,tech,lat,lon\n"), columns=COLUMNS, grid_crs=MOLLWEIDE)
    assert len(register.sites) == 1
    path = saved(tmp_path, [*near, "1,A,4G,5.7,0.1"], head="id,op,tech,lat,lon\n")
    (fault,) = faults_of(lambda: read_sites(path, columns=COLUMNS, grid_crs=MOLLWEIDE))
    assert "site '1' of A" in fault.problem


def test_the_order_of_rows_does_not_matter(tmp_path):
    rows = [sector("LTE", 2560 + i, lon=0.1 + i / 70, samples=i + 1) for i in range(9)]
    first = opencellid(saved(tmp_path, rows)).sites
    assert opencellid(saved(tmp_path, rows[::-1])).sites.equals(first)


def test_accra(accra):
    register = opencellid(accra / "opencellid_cells_greater_accra.csv", grid_crs=MOLLWEIDE)
    sites = register.sites
    by_technology = sites.groupby("technology")["sectors"].sum().to_dict()
    assert by_technology == {"2G": 289, "3G": 1648, "4G": 2690}
    assert not sites.duplicated(["site_id", "operator", "technology"]).any()
    assert 789 <= (sites["technology"] == "4G").sum() < 900  # 789 base stations, some split


def test_arcep(paris):
    register = read_sites(paris / "arcep_sites_2018_01.csv", format="arcep", grid_crs=LAEA)
    raw = pd.read_csv(paris / "arcep_sites_2018_01.csv")
    places = raw.groupby(["x_l93", "y_l93", "operator"])[["2G", "3G", "4G"]].max().sum()
    assert register.sites["technology"].value_counts().sort_index().to_dict() == places.to_dict()
    assert set(register.sites["operator"]) == {"Orange", "SFR", "Bouygues", "Free"}
    west, east = register.sites["x"].min(), register.sites["x"].max()
    assert 3_672_000 < west < east < 3_872_000


def test_paris_antennas_without_a_technology_are_unknown(paris):
    flags = {"2G": "has_2g", "3G": "has_3g", "4G": "has_4g", "5G": "has_5g"}
    columns = {"x": "lon", "y": "lat", "id": "site", "operator": "operator", "technologies": flags}
    path = paris / "paris_antennas_2g3g4g5g.csv"
    register = read_sites(path, columns=columns, grid_crs=LAEA, where={"type_known": "True"})
    assert register.sites["site_id"].nunique() == 1583
    assert register.notes == []
    everything = read_sites(path, columns=columns, grid_crs=LAEA)
    assert everything.sites.equals(register.sites)
    assert [note.count for note in everything.notes] == [587]
    assert len(everything.silent) == 587
    assert register.silent.empty


def test_the_four_ways_to_be_wrong_are_counted_together(tmp_path):
    """Places at 0, 0, ranges of 700 to 1,000 km and rows elsewhere are dropped with counts, never used."""
    rows = [sector("LTE", 256 * i, lon=0.1, lat=5.6) for i in range(1, 4)]
    rows += [sector("LTE", 256 * i, lon=0, lat=0) for i in range(4, 6)]
    rows += [sector("LTE", 256 * (6 + i), reach=reach) for i, reach in enumerate((700_000, 850_000, 1_000_000))]
    rows += [sector("LTE", 2560, lon=5.6, lat=0.1)]
    register = opencellid(saved(tmp_path, rows), bounds=(-1, 5, 1, 6))
    assert len(register.sites) == 3
    assert {note.what.split(",")[0]: (note.count, note.detail) for note in register.notes[:3]} == {
        "sectors with a range below 0 or above 100 km": (3, "rows 6, 7, 8"),
        "rows at longitude 0": (2, "rows 4, 5"),
        "rows outside the region's grid": (1, "rows 9"),
    }
    swapped = [sector("LTE", 256 * i, lon=5.6, lat=0.1) for i in range(1, 4)]
    (fault,) = faults_of(lambda: opencellid(saved(tmp_path, swapped), bounds=(-1, 5, 1, 6)))
    assert "with x and y swapped some do" in fault.problem
    (fault, *_) = faults_of(lambda: opencellid(saved(tmp_path, [sector("LTE", 1, lon=5.6, lat=120)])))
    assert (fault.column, fault.row, "beyond ±90" in fault.problem) == ("lat", "1", True)
