from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from pyproj import CRS
from shapely import box

from data.indicators import read_indicators
from data.words import folded
from data.zones import read_zones
from geo.errors import SchemaError

ZONES = gpd.GeoDataFrame(
    {"zone_id": ["01", "02", "03"], "zone_name": ["Évry-Sud", "Saint  Ouen", "Ga East"]},
    geometry=[box(i, 0, i + 1, 1) for i in range(3)],
    crs="EPSG:3035",
    index=[10, 20, 30],
)


def saved(tmp_path, text, *, encoding="utf-8"):
    path = tmp_path / "i.csv"
    path.write_bytes(text.encode(encoding))
    return path


def faults_of(call):
    with pytest.raises(SchemaError) as caught:
        call()
    return caught.value.faults


def test_words_are_compared_as_people_mean_them():
    assert folded(" Évry-Courcouronnes  (SUD) ") == "evry courcouronnes sud"
    assert folded("L'Haÿ-les-Roses") == folded("l’hay les roses")
    assert folded("Straße") == "strasse"
    assert folded("渋谷区") == "渋谷区"


def test_joined_by_name_with_decimal_commas(tmp_path):
    text = "nom;pct_offline;people;note\nSAINT-OUEN;12,5;1000;ok\nEvry sud;8;;ok\nGa East Municipal;9;5;ok\n"
    figures, report = read_indicators(saved(tmp_path, text, encoding="cp1252"), name_column="nom", zones=ZONES)
    assert figures.index.tolist() == [10, 20, 30]
    assert figures.columns.tolist() == ["pct_offline", "people"]
    assert figures["pct_offline"].tolist()[:2] == [8, 12.5]
    assert np.isnan(figures["people"].to_numpy()).tolist() == [True, False, True]
    assert (report.matched, report.unmatched_rows, report.unmatched_zones) == (2, ("Ga East Municipal",), ("Ga East",))
    assert report.near == (("Ga East Municipal", "Ga East"),)
    assert [(note.count, note.detail) for note in report.notes] == [(1, "note")]


def test_joined_by_id_keeps_leading_zeros(tmp_path):
    figures, report = read_indicators(saved(tmp_path, "code,v\n03,3\n01,1\n2,2\n"), id_column="code", zones=ZONES)
    assert figures["v"].fillna(-1).tolist() == [1, -1, 3]
    assert (report.unmatched_rows, report.unmatched_zones) == (("2",), ("02",))


def test_repeated_and_blank_keys(tmp_path):
    faults = faults_of(
        lambda: read_indicators(saved(tmp_path, "n,v\nGa East,1\nga-east,2\n,3\n"), name_column="n", zones=ZONES)
    )
    assert {fault.row for fault in faults} == {"2", "3"}


def test_a_name_of_two_zones_cannot_join(tmp_path):
    twice = ZONES.assign(zone_name=["Ga East", "Saint Ouen", "ga east"])
    path = saved(tmp_path, "n,v\nGa East,1\nSaint Ouen,2\n")
    (fault,) = faults_of(lambda: read_indicators(path, name_column="n", zones=twice))
    assert "several zones (01, 03)" in fault.problem


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("code,pct_urban\n01,50\n02,101\n", "101 is no percentage"),
        ("code,pct_urban\n01,0.5\n02,0.9\n", "a fraction?"),
        ("code,pct_urban\n01,50\n02,most\n", "'most' is not a number"),
        ("code,v\n01,50\n02,5\n03,few\n", "'few' is not a number"),
        ("kode,v\n01,50\n", "no such column"),
        ("code,v\nx,50\n", "no row meets a zone"),
    ],
)
def test_bad_figures(tmp_path, text, word):
    (fault,) = faults_of(lambda: read_indicators(saved(tmp_path, text), id_column="code", zones=ZONES))
    assert word in fault.problem


def test_columns_asked_for_must_be_figures(tmp_path):
    path = saved(tmp_path, "code,v,w\n01,a,1\n02,b,2\n")
    faults = faults_of(lambda: read_indicators(path, id_column="code", zones=ZONES, columns=["v", "q"]))
    assert {(fault.column, fault.row) for fault in faults} == {("q", ""), ("v", "1"), ("v", "2")}
    assert faults_of(lambda: read_indicators(path, zones=ZONES))[0].problem == "joined by id or by name?"


def test_accra_by_name(accra):
    zones, _notes = read_zones(
        accra / "districts_ghana_with_census2021.geojson",
        id_column="shapeName",
        name_column="shapeName",
        where={"region": "Greater Accra Region"},
        crs=CRS("ESRI:54009"),
    )
    figures, report = read_indicators(
        accra / "census2021_district_indicators.csv",
        name_column="district",
        zones=zones.drop(columns=[c for c in zones.columns if c.startswith("pct_")]),
        where={"region": "Greater Accra"},
    )
    assert (report.matched, len(report.unmatched_zones), len(report.unmatched_rows)) == (18, 11, 8)
    assert figures["pct_offline_15plus"].notna().sum() == 18
    met = figures["pct_offline_15plus"].notna()
    assert (
        figures["pct_offline_15plus"][met].tolist() == zones["pct_offline_15plus"][met].tolist()
    )  # joined independently


def test_belgium_by_id(belgium):
    units, _notes = read_zones(
        belgium / "westflanders_units.gpkg", id_column="UID", name_column="NAME_4", crs=CRS("ESRI:54009")
    )
    figures, report = read_indicators(belgium / "units_classification_westflanders.csv", id_column="UID", zones=units)
    assert (report.matched, report.unmatched_rows, report.unmatched_zones) == (64, (), ())
    assert set(figures["flexurba_L1"]) <= {1, 2, 3}
