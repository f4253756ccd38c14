from __future__ import annotations

import geopandas as gpd
import pytest
from pyproj import CRS
from shapely import box

from data.zones import read_zones
from geo.errors import SchemaError

LAEA = CRS("EPSG:3035")


def square(column, *, wide=10_000):
    return box(4e6 + column * 10_000, 3e6, 4e6 + column * 10_000 + wide, 3.01e6)


def saved(tmp_path, ids, shapes, *, names=None):
    path = tmp_path / "z.gpkg"
    table = {"code": ids, "nom": names or [f"Zone {i}" for i in ids], "people": range(len(ids))}
    gpd.GeoDataFrame(table, geometry=shapes, crs=LAEA).to_file(path, engine="pyogrio")
    return path


def read(path, **options):
    return read_zones(path, id_column="code", name_column="nom", crs=LAEA, **options)


def test_sorted_named_and_other_columns_kept(tmp_path):
    zones, notes = read(saved(tmp_path, ["b", "a"], [square(0), square(1)], names=["Bé", ""]))
    assert zones.columns.tolist() == ["zone_id", "zone_name", "code", "nom", "people", "geometry"]
    assert zones["zone_id"].tolist() == ["a", "b"]
    assert zones["zone_name"].tolist() == ["a", "Bé"]
    assert zones.geometry.iloc[0].equals(square(1))
    assert zones.index.tolist() == [0, 1]
    assert [(note.what, note.count) for note in notes] == [("zones without a name, called by their id", 1)]


def test_figures_as_ids_lose_their_decimal(tmp_path):
    assert read(saved(tmp_path, [17483.0, 9.0], [square(0), square(1)]))[0]["zone_id"].tolist() == ["17483", "9"]


def test_blank_and_repeated_ids_are_told_together(tmp_path):
    path = saved(tmp_path, ["a", "", "a", None], [square(i) for i in range(4)])
    with pytest.raises(SchemaError) as caught:
        read(path)
    assert [(fault.row, fault.problem) for fault in caught.value.faults] == [
        ("2", "the id is blank"),
        ("4", "the id is blank"),
        ("3", "id 'a' stands in rows 1, 3"),
    ]


def test_missing_columns(tmp_path):
    path = saved(tmp_path, ["a"], [square(0)])
    with pytest.raises(SchemaError) as caught:
        read_zones(path, id_column="kode", name_column="noms", crs=LAEA)
    assert [(fault.column, fault.mend) for fault in caught.value.faults] == [
        ("kode", "did you mean 'code'?"),
        ("noms", "did you mean 'nom'?"),
    ]


def test_a_sliver_is_cut_once_and_noted(tmp_path):
    zones, notes = read(saved(tmp_path, ["a", "b"], [square(0, wide=10_100), square(1)]))
    assert zones.area.tolist() == pytest.approx([1.01e8, 0.99e8])  # 100 m × 10 km go to 'a'
    assert [(note.count, note.detail.split(" in all")[0]) for note in notes] == [(1, "1 km²")]


def test_zones_that_overlap_name_both_and_the_area(tmp_path):
    with pytest.raises(SchemaError) as caught:
        read(saved(tmp_path, ["a", "b"], [square(0, wide=12_000), square(1)]))
    (fault,) = caught.value.faults
    assert "'Zone a' (a) and 'Zone b' (b) overlap by 20 km², 20.0% of the smaller" in fault.problem


def test_accra(accra):
    zones, notes = read_zones(
        accra / "districts_ghana_with_census2021.geojson",
        id_column="shapeName",
        name_column="shapeName",
        where={"region": "Greater Accra Region"},
        crs=CRS("ESRI:54009"),
    )
    assert len(zones) == 29
    assert notes == []
    assert zones["pct_urban"].between(0, 100).sum() == 26


def test_ile_de_france_counts_nobody_twice(paris):
    zones, notes = read_zones(
        paris / "zones_communes_arrondissements.geojson", id_column="code", name_column="nom", crs=LAEA
    )
    assert len(zones) == 1295
    assert zones["zone_id"].is_monotonic_increasing
    assert zones.area.sum() == pytest.approx(zones.union_all().area, rel=1e-9)
    assert zones.area.sum() / 1e6 == pytest.approx(12_012, rel=0.01)  # INSEE: 12,012 km²
    (note,) = notes
    assert (note.what, note.count) == ("slivers where two zones overlap, cut", 37)
