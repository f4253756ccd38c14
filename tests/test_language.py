"""Languages: every message of the code is in every catalogue, and figures are written as each language writes them."""

from __future__ import annotations

import ast
import string
from decimal import Decimal
from functools import cache

import pytest
from babel.messages.pofile import read_po
from babel.numbers import parse_decimal
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from analysis.language import SOURCE, cleaned, language, languages, marked
from geo.errors import ScenarioError

CATALOGUES = sorted((ROOT / "analysis/locale").glob("*.po"))
OTHERS = [path.stem for path in CATALOGUES]
TAKES = {"say": 1, "marked": 1, "say_many": 2}
"""Functions that take messages, and how many."""


@cache
def calls():
    """Every call of the code that takes messages: file and line, function, its message arguments."""
    found = []
    for top in ("geo", "data", "analysis", "app_pages"):
        for path in sorted((ROOT / top).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and node.args:
                    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                    if name in TAKES:
                        where = f"{path.relative_to(ROOT)}:{node.lineno}"
                        found.append((where, name, node.args[: TAKES[name]]))
    return found


@cache
def messages():
    """Messages of the code: the sentence, or its two forms."""
    found = set()
    for _, _, parts in calls():
        if all(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in parts):
            forms = tuple(part.value for part in parts)
            found.add(forms if len(forms) > 1 else forms[0])
    return found


def catalogue(path):
    with path.open("rb") as stream:
        return read_po(stream, locale=path.stem, abort_invalid=True)


def forms(text):
    return (text,) if isinstance(text, str) else tuple(text)


def places(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_there_is_english_and_a_file_for_every_other_language():
    assert list(languages()) == ["en", *OTHERS]
    assert dict(languages()) == {"en": "English", "es": "Español", "fr": "Français"}
    assert language().code == SOURCE == "en"


def test_messages_are_written_out_where_they_are_said():
    for where, name, parts in calls():
        for part in parts:
            assert not isinstance(part, ast.JoinedStr | ast.BinOp), f"{where}: a message put together is found nowhere"
            if name in {"marked", "say_many"}:
                assert isinstance(part, ast.Constant), where
    assert len(messages()) > 100


def test_what_a_table_holds_is_marked():
    # `say(TABLE[key])` is all that may be said without standing there: nothing else reaches a catalogue
    marks = [where for where, name, _ in calls() if name == "marked"]
    assert len(marks) > 50
    assert marked("urban centre") == "urban centre"
    assert "urban centre" in messages()


@pytest.mark.parametrize("path", CATALOGUES, ids=OTHERS)
def test_a_catalogue_has_every_message_and_no_other(path):
    known = {message.id: message for message in catalogue(path) if message.id}
    lacking = {item for item in messages() if item not in known}
    assert not lacking, f"{path.name} lacks these; add them"
    stale = set(known) - messages()
    assert not stale, f"{path.name} has these, which nobody says any more; remove them"


@pytest.mark.parametrize("path", CATALOGUES, ids=OTHERS)
def test_a_catalogue_is_translated_sure_and_keeps_the_places(path):
    found = catalogue(path)
    for message in found:
        if message.id:
            assert not message.fuzzy, message.id
            said = forms(message.string)
            assert len(said) == (1 if isinstance(message.id, str) else found.num_plurals), message.id
            assert all(text.strip() for text in said), message.id
            wanted = places(forms(message.id)[0])
            assert all(places(text) == wanted for text in (*said, *forms(message.id))), message.id
            ends = {text[-1] in ".:" and text[-1] for text in (*said, *forms(message.id))}
            assert len(ends) == 1, f"{message.id}: ends otherwise"


def test_french_signs_do_not_begin_a_line():
    text = (ROOT / "analysis/locale/fr.po").read_text(encoding="utf-8")
    said = [line for line in text.splitlines() if line.startswith("msgstr")]
    assert not [line for line in said if any(sign in line for sign in (" :", " ;", " !", " ?", " %", "'"))]


def test_figures_by_hand():
    en, fr, es = language("en"), language("fr"), language("es")
    assert [speak.number(1234567.25, 1) for speak in (en, fr, es)] == [
        "1,234,567.2",
        "1\u202f234\u202f567,2",
        "1.234.567,2",
    ]
    assert [speak.percent(0.1235) for speak in (en, fr, es)] == ["12.3%", "12,3\u00a0%", "12,3\u00a0%"]
    assert "\u202f" in fr.number(1000)
    assert en.percent(12.5, 0) == "1,250%"
    assert en.number(-3) == "-3"
    assert en.number(-0.01, 1) == en.percent(-1e-9, 0).replace("%", ".0") == "0.0"
    assert [speak.number(float("nan"), 1) for speak in (en, fr, es)] == ["unknown", "inconnu", "desconocido"]
    assert [speak.percent(float("inf")) for speak in (en, fr, es)] == ["unknown", "inconnu", "desconocido"]


@given(st.floats(-1e15, 1e15), st.integers(0, 4), st.sampled_from(["en", *OTHERS]))
def test_figures_are_pythons_in_every_language(value, decimals, code):
    speak, expected = language(code), f"{value:,.{decimals}f}"
    said = speak.number(value, decimals)
    assert parse_decimal(said, locale=code, strict=True) == Decimal(expected.replace(",", ""))
    if code == "en" and Decimal(expected.replace(",", "")):
        assert said == expected
    share = speak.percent(value, decimals).replace("%", "").strip()
    assert parse_decimal(share, locale=code) == Decimal(f"{value:.{decimals}%}"[:-1])


def test_plurals_go_with_the_count():
    def other(code, count):
        return language(code).say_many("{count} other", "{count} others", count)

    assert [other("en", count) for count in (0, 1, 2)] == ["0 others", "1 other", "2 others"]
    assert [other("fr", count) for count in (0, 1, 2)] == ["0 autre", "1 autre", "2 autres"]
    assert other("es", 1234) == "1.234 más"


def test_lists_are_enumerated():
    assert [language(code).names(["a", "b", "c"]) for code in ("en", "fr", "es")] == [
        "a, b, and c",
        "a, b et c",
        "a, b y c",
    ]
    assert language().names(["a"]) == "a"


def test_whole_numbers_are_written_and_text_is_kept_as_it_is():
    said = language("fr").say("{what}: {people}", what="{people} <b>Āda’s</b>", people=1234)
    assert said == "{people} <b>Āda’s</b>\u00a0: 1\u202f234"


@pytest.mark.parametrize("text", ["\x1b[31mred", "a\x00b\x85", "left\u202eright\u2066", "\ud800", "\u2028x"])
def test_control_characters_of_data_do_not_survive(text):
    said = language().say("{what}: {people}", what=text, people=1)
    assert said.isprintable()
    assert cleaned(text) in said
    said.encode("utf-8")


def test_cleaning_keeps_words_apart_and_letters_whole():
    assert cleaned("a\r\nb\tc") == "a  b c"
    assert cleaned("क्\u200dष नाम e\u0301") == "क्\u200dष नाम e\u0301"  # joiners and accents are letters' own
    assert language().names(["a\x07", "b\n"]) == "a and b "


def test_an_unknown_language_is_refused_with_those_there_are():
    with pytest.raises(ScenarioError, match=r"language: there is no 'de'; .*en \(English\).*fr \(Français\)"):
        language("de")
    with pytest.raises(ScenarioError, match=r"there is no '\.\./fr'"):
        language("../fr")


def test_catalogues_are_packed():
    from importlib.resources import files

    assert {path.name for path in CATALOGUES} <= {entry.name for entry in (files("analysis") / "locale").iterdir()}
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'packages = ["geo", "data", "analysis", "app_pages"]' in project  # whole folders, text files included
