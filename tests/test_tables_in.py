from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.columns import as_text, flags, keep_where, numbers
from data.tables_in import read_table
from geo.errors import SchemaError


def written(tmp_path, text, *, encoding="utf-8", name="t.csv"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def faults_of(call):
    with pytest.raises(SchemaError) as caught:
        call()
    return caught.value.faults


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encodings_and_delimiters(tmp_path, encoding, delimiter):
    text = "\r\n".join(delimiter.join(row) for row in [(" nom ", "état"), ("Évry", "à 5 €"), ("Sèvres", "")]) + "\r\n"
    table = read_table(written(tmp_path, text, encoding=encoding))
    assert table.frame.columns.tolist() == ["nom", "état"]
    assert table.frame.to_numpy().tolist() == [["Évry", "à 5 €"], ["Sèvres", ""]]
    assert table.frame.index.tolist() == [1, 2]
    assert table.delimiter == delimiter
    assert [note.what for note in table.notes] == (["not UTF-8, read as Windows-1252"] if encoding == "cp1252" else [])


def test_quoted_delimiters_and_line_breaks_stay_in_their_value(tmp_path):
    table = read_table(written(tmp_path, 'a,b\n"x;y;z, w","two\nlines"\n"say ""hi""",2\n'))
    assert table.frame.to_numpy().tolist() == [["x;y;z, w", "two\nlines"], ['say "hi"', "2"]]


def test_blank_column_names_and_files_without_header(tmp_path):
    assert read_table(written(tmp_path, ",b\n1,2\n")).frame.columns.tolist() == ["unnamed_1", "b"]
    bare = read_table(written(tmp_path, "GSM,620\nLTE,621\n"), names=("radio", "mcc", "net"))
    assert bare.frame.columns.tolist() == ["radio", "mcc"]
    assert bare.frame["mcc"].tolist() == ["620", "621"]


def test_ragged_rows_and_repeated_names_are_told_together(tmp_path):
    faults = faults_of(lambda: read_table(written(tmp_path, "a,b,a\n1,2,3\n1,2\n\n1,2,3,4\n")))
    assert [(fault.column, fault.row) for fault in faults] == [("a", ""), ("", "2"), ("", "3")]
    assert "2 values where the header has 3" in faults[1].problem
    assert "4 values" in faults[2].problem


def test_many_ragged_rows_are_counted(tmp_path):
    faults = faults_of(lambda: read_table(written(tmp_path, "a,b\n1,2\n" + "1,2,3\n" * 50)))
    assert len(faults) == 21
    assert faults[-1].problem == "30 more rows with such a fault"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"  \n \n", "empty"),
        (b"a,b\n", "no rows"),
        (b"PK\x03\x04rest", "Excel"),
        (b"\x1f\x8brest", "gzip"),
        (b"a,b\n1,\x00\n", "not text"),
        (b"a,b\n1,\x81\x8d\n", "not text"),
        (b'a,b\n1,"2\n3,4\n', "never closed"),
    ],
)
def test_no_table(tmp_path, content, word):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    (fault,) = faults_of(lambda: read_table(path))
    assert word in fault.problem
    assert fault.file == "t.csv"


def test_directory_missing_and_unknown_encoding(tmp_path):
    assert "directory" in faults_of(lambda: read_table(tmp_path))[0].problem
    assert "no such file" in faults_of(lambda: read_table(tmp_path / "no.csv"))[0].problem
    path = written(tmp_path, "a\n1\n")
    assert "no encoding" in faults_of(lambda: read_table(path, encoding="klingon"))[0].problem


def figures(tmp_path, values, **options):
    table = read_table(written(tmp_path, "v;w\n" + "".join(f"{value};k\n" for value in values)), delimiter=";")
    faults = []
    return numbers(table, "v", faults=faults, **options).tolist(), faults


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1.5", "-2", "3e2", ".5"], [1.5, -2, 300, 0.5]),
        (["1,5", "-2", "48,853"], [1.5, -2, 48.853]),
        (["0,125", "0,500"], [0.125, 0.5]),
        (["1.234", "2.345"], [1.234, 2.345]),
    ],
)
def test_decimal_sign_is_decided_by_column(tmp_path, values, expected):
    found, faults = figures(tmp_path, values)
    assert found == expected
    assert faults == []


@pytest.mark.parametrize(
    ("values", "rows"),
    [
        (["1,234", "5"], ["1", "2"]),  # thousands or decimals
        (["1,234.5"], ["1"]),
        (["1.5", "2,5"], ["2"]),
        (["1 000"], ["1"]),
        (["12", "many"], ["2"]),
        (["inf"], ["1"]),
    ],
)
def test_what_is_no_figure_is_refused_with_row_and_value(tmp_path, values, rows):
    _found, faults = figures(tmp_path, values)
    assert {fault.row for fault in faults} <= set(rows)
    assert faults
    assert any(values[int(fault.row) - 1] in fault.problem for fault in faults)


def test_points_for_thousands_beside_decimal_commas(tmp_path):
    table = read_table(written(tmp_path, "people;share\n1.234;1,5\n2.500;2,25\n"))
    faults = []
    numbers(table, "people", faults=faults)
    assert [fault.row for fault in faults] == ["1", "2"]
    assert "thousands" in faults[0].problem


def test_blanks_and_limits(tmp_path):
    found, faults = figures(tmp_path, ["", "NA", "5"], minimum=0)
    assert pd.isna(found[:2]).all()
    assert found[2] == 5
    assert faults == []
    _found, faults = figures(tmp_path, ["", "-99999", "7"], required=True, minimum=0, maximum=6)
    assert [(fault.row, fault.problem.split(" ")[0]) for fault in faults] == [
        ("1", "blank"),
        ("2", "-99999"),
        ("3", "7"),
    ]


def test_a_missing_column_is_named_with_the_nearest(tmp_path):
    table, faults = read_table(written(tmp_path, "latitude,b\n1,2\n")), []
    assert numbers(table, "latitud", faults=faults).isna().all()
    assert "latitude" in faults[0].mend


@settings(max_examples=50)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=8))
def test_figures_come_back_as_written(tmp_path_factory, values):
    path = written(tmp_path_factory.mktemp("t"), "v,w\n" + "".join(f"{value!r},k\n" for value in values))
    faults = []
    assert numbers(read_table(path), "v", faults=faults).tolist() == values
    assert faults == []


def test_flags(tmp_path):
    table, faults = read_table(written(tmp_path, "f\n1\nOui\nfalse\nnon\n0\nmaybe\n")), []
    assert flags(table, "f", faults=faults).tolist() == [True, True, False, False, False, False]
    assert [(fault.row, "maybe" in fault.problem) for fault in faults] == [("6", True)]


def test_where(tmp_path):
    table = read_table(written(tmp_path, "k,v\na,1\nB,2\nc,3\n")).frame
    faults = []
    assert keep_where(table, {"k": ["A", "b"]}, name="t", faults=faults)["v"].tolist() == ["1", "2"]
    assert keep_where(table, {"k": "a", "v": "3"}, name="t", faults=faults).empty
    keep_where(table, {"q": "a", "k": "z"}, name="t", faults=faults)
    assert [fault.column for fault in faults] == ["", "q", "k"]
    assert as_text(pd.Series([1.0, float("nan"), 3.0])).tolist() == ["1", "", "3"]


def test_paris_raw_file_with_bom_and_semicolons(paris):
    table = read_table(paris / "paris_wifi_sites_raw.csv")
    assert (table.encoding, table.delimiter, len(table)) == ("utf-8-sig", ";", 277)
    faults = []
    assert numbers(table, "Nombre de bornes", faults=faults).sum() == 699
    assert faults == []
