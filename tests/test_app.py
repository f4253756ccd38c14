from __future__ import annotations

import pytest
from conftest import ROOT
from streamlit.testing.v1 import AppTest
from test_maps import make_results
from test_maps_divide import divided

from analysis.results import MARK, write_json, write_results
from app_pages.charts import ledger_chart

PAGES = ("overview", "map", "ranking", "divide", "plan")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    results = make_results(name="![x](http://example.org/x.png) :red[name]")
    write_results(results, tmp_path)
    write_json(tmp_path / MARK, results.provenance)
    monkeypatch.setenv("GAPMAP_RESULTS", str(tmp_path))
    return tmp_path


@pytest.fixture
def full(tmp_path, monkeypatch):
    """A folder with everything that a run says of the divide."""
    results = divided(make_results(), label="[group](http://example.org)", who="`body`")
    write_results(results, tmp_path)
    write_json(tmp_path / MARK, results.provenance)
    monkeypatch.setenv("GAPMAP_RESULTS", str(tmp_path))
    return tmp_path


def page(name: str) -> AppTest:
    return AppTest.from_file(str(ROOT / "app_pages" / f"{name}.py"), default_timeout=30)


@pytest.mark.parametrize("name", PAGES)
def test_page_runs_and_escapes_the_name(folder, name: str) -> None:
    app = page(name).run()
    assert not app.exception
    assert app.title[0].value == name.capitalize()
    assert app.markdown[0].value == r"**\!\[x\]\(http\:\/\/example\.org\/x\.png\) \:red\[name\]**"
    assert "does not exist" in app.warning[0].value


def test_overview_says_of_what_each_figure_is(folder) -> None:
    app = page("overview").run()
    assert [(metric.label, metric.value) for metric in app.metric] == [
        ("People", "20,800"),
        ("Below 4G", "4,480"),
        ("4G unknown", "2,880"),
        ("Better off by the plan", "70"),
    ]
    assert any("of the 17,920 known" in caption.value for caption in app.caption)


def test_budget_slider_cuts_the_computed_order(folder) -> None:
    app = page("plan").run()
    assert [metric.value for metric in app.metric][:3] == ["2", "150", "70"]
    app.slider[0].set_value(300.0).run()
    assert [metric.value for metric in app.metric][:3] == ["4", "300", "100"]
    app.slider[0].set_value(0.0).run()
    assert [metric.value for metric in app.metric][:3] == ["0", "0", "0"]


def test_ranking_by_share(folder) -> None:
    app = page("ranking").run()
    app.radio[0].set_value("Share of people").run()
    assert not app.exception


def headers(app: AppTest) -> list[str]:
    return [item.value for item in app.header]


def test_ranking_by_the_index_shows_its_figure_and_how_sure_it_is(full) -> None:
    app = page("ranking").run()
    assert app.radio[0].options == ["People", "Share of people", "People not connected", "Index"]
    assert headers(app) == ["How sure the order is"]
    app.radio[0].set_value("Index").run()
    assert not app.exception
    assert headers(app) == ["How sure the order is"]
    tables = [item.proto.body for item in app.get("html")]
    assert "Index, of 100" in tables[0]
    assert "How sure the order by the index is" in tables[1]
    app.radio[0].set_value("Share of people").run()
    assert not app.exception
    assert headers(app) == []


def test_divide_has_a_real_table_for_every_chart(full) -> None:
    app = page("divide").run()
    assert not app.exception
    assert headers(app) == [
        "From covered to connected",
        "Official indicators",
        "Meaningful connectivity",
        "How unequally",
        "Where the gap clusters",
    ]
    tables = [item.proto.body for item in app.get("html")]
    assert len(tables) == 10
    assert all("<caption>" in markup for markup in tables)
    assert "[group](http://example.org)" in tables[0]  # HTML, where brackets are only letters
    assert len(app.get("vega_lite_chart") or app.get("arrow_vega_lite_chart")) == 3


def test_divide_of_older_results_shows_the_ledger_alone(folder) -> None:
    app = page("divide").run()
    assert headers(app) == ["From covered to connected"]
    assert len(app.get("html")) == 1


def test_rows_of_the_ledger_chart_are_apart_whatever_they_are_called(full) -> None:
    results = divided(make_results(), label="urban centre")
    data = ledger_chart(results.summary).to_dict()["datasets"]
    (rows,) = data.values()
    shares = {}
    for row in rows:
        shares[row["who"]] = shares.get(row["who"], 0.0) + row["share"]
    assert shares == pytest.approx({"everybody": 1.0, "urban centre": 1.0, "urban centre (2)": 1.0})


def test_navigation_opens_the_overview(folder) -> None:
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=30).run()
    assert not app.exception
    assert app.title[0].value == "Overview"


def test_a_folder_without_results_is_said_in_words(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("GAPMAP_RESULTS", str(tmp_path))
    app = page("overview").run()
    assert not app.exception
    assert "not a results folder" in app.error[0].value
    assert not app.title
