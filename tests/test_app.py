from __future__ import annotations

import pytest
from conftest import ROOT
from streamlit.testing.v1 import AppTest
from test_maps import make_results

from analysis.results import MARK, write_json, write_results

PAGES = ("overview", "map", "ranking", "plan")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    results = make_results(name="![x](http://example.org/x.png) :red[name]")
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
        ("Coverage unknown", "2,880"),
        ("Reached by the plan", "70"),
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
