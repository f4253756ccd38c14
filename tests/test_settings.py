"""Settings by hand: unknown keys get a suggestion, every fault is listed at once."""

import pytest

from data.coverage import read_radii
from data.region_file import load_region_file
from geo.errors import SchemaError, SourceError

GOOD = """
name = "x"
[population]
file = "p.tif"
[zones]
file = "z.geojson"
id = "id"
name = "name"
"""


def write(tmp_path, text, name="region.toml"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_good_file_with_bom(tmp_path):
    path = tmp_path / "region.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    region = load_region_file(path)
    assert region.grid.resolution == 1000
    assert region.grid.extent == "zones"
    assert region.coverage == []


def test_every_fault_at_once(tmp_path):
    text = GOOD.replace('id = "id"', 'idd = "id"').replace('file = "p.tif"', 'fille = "p.tif"') + "[wiffi]\nfile='w'\n"
    with pytest.raises(SchemaError) as caught:
        load_region_file(write(tmp_path, text))
    message = str(caught.value)
    assert "zones.idd: unknown key. Mend: did you mean 'id'?" in message
    assert "population.fille: unknown key. Mend: did you mean 'file'?" in message
    assert "wiffi: unknown key. Mend: did you mean 'wifi'?" in message
    assert "zones.id: missing" in message
    assert len(caught.value.faults) == 5


def test_unknown_key_in_a_list_of_tables(tmp_path):
    with pytest.raises(SchemaError, match=r"coverage.0.knd: unknown key. Mend: did you mean 'kind'"):
        load_region_file(write(tmp_path, GOOD + "[[coverage]]\nknd='sites'\nfile='s.csv'\n"))


@pytest.mark.parametrize(
    ("extra", "match"),
    [
        ("[grid]\nresolution = 300\n", "1000 m divided by a whole number"),
        ("[[coverage]]\nkind='sites'\nfile='s.csv'\n", "need a columns table"),
        ("[[coverage]]\nkind='polygons'\nfile='s.gpkg'\n", "polygons need technology"),
        ("[indicators]\nfile='i.csv'\n", "give either id or name"),
        ("[wifi]\nfile='w.csv'\nknown_within={}\n", "give either zones or file"),
        ("x = \n", "not valid TOML"),
    ],
)
def test_impossible_values(tmp_path, extra, match):
    with pytest.raises(SchemaError, match=match):
        load_region_file(write(tmp_path, GOOD + extra))


def test_unreadable(tmp_path):
    with pytest.raises(SourceError, match="no such file"):
        load_region_file(tmp_path / "none.toml")
    with pytest.raises(SourceError, match="a directory"):
        load_region_file(tmp_path)
    latin = tmp_path / "latin.toml"
    latin.write_bytes('name = "é"'.encode("latin-1"))
    with pytest.raises(SourceError, match="not UTF-8"):
        load_region_file(latin)


def test_radii_table_is_complete_and_ordered():
    table = read_radii()
    assert len(table) == 12
    assert (table["low"] <= table["central"]).all()
    assert (table["central"] <= table["high"]).all()
    assert table.loc[("4G", "rural"), "central"] == 5.0


def test_radii_faults_are_all_listed(tmp_path):
    path = write(
        tmp_path,
        "technology,settlement,low_km,central_km,high_km\n6G,urban,1,2,3\n4G,urban,3,2,1\n4G,urban,x,2,3\n",
        "radii.csv",
    )
    with pytest.raises(SchemaError) as caught:
        read_radii(path)
    message = str(caught.value)
    for part in ("'6G' is unknown", "row 2: [3.0, 2.0, 1.0] km", "'x' is not a number", "row 3: repeated"):
        assert part in message
