"""The map and the app in a real browser: no request leaves them, no error, exact values under the pointer."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import numpy as np
import pytest
from conftest import ROOT
from pyproj import Transformer
from test_maps import ATTACKS, make_results
from test_maps_divide import divided
from test_plans import planned

from analysis.maps import write_map
from analysis.maps.plans_page import plans_html
from analysis.plans import named_plans, side_by_side
from analysis.results import MARK, write_json, write_results

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}"),
]


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def watched(browser):
    """A page with everything it asks for and every error it meets."""
    tab = browser.new_page(viewport={"width": 1300, "height": 900})
    tab.asked, tab.errors = [], []
    tab.on("request", lambda request: tab.asked.append(request.url))
    tab.on("websocket", lambda channel: tab.asked.append(channel.url))
    tab.on("pageerror", lambda error: tab.errors.append(str(error)))
    tab.on("console", lambda line: tab.errors.append(line.text) if line.type == "error" else None)
    tab.on("dialog", lambda dialog: (tab.errors.append(dialog.message), dialog.dismiss()))
    yield tab
    tab.close()


def outside(urls: list[str], *allowed: str) -> list[str]:
    return [url for url in urls if not url.startswith(("data:", "blob:", "about:", *allowed))]


@pytest.fixture(scope="module", params=["EPSG:3035", "ESRI:54009"])
def standalone(request, tmp_path_factory):
    results = make_results(names=(ATTACKS[0], ATTACKS[2], ATTACKS[5]), name=ATTACKS[2], crs=request.param, size=40)
    path = tmp_path_factory.mktemp("map") / "map.html"
    write_map(results, path)
    return results, path


def test_map_asks_nothing_and_shows_text_as_text(watched, standalone) -> None:
    _, path = standalone
    watched.goto(path.as_uri())
    assert watched.evaluate("gapmap.ready()")
    assert watched.locator("h1").inner_text() == ATTACKS[2]
    assert watched.locator(".zone-name").count() >= 1
    assert watched.locator(".leaflet-marker-icon.site").count() == 2
    watched.get_by_label("Show on the map").select_option(label="Population")
    assert watched.locator("#legend h2").inner_text() == "Population"
    watched.get_by_label("Zone outlines").uncheck()
    assert outside(watched.asked, path.as_uri()) == []
    assert watched.errors == []


def test_map_names_the_right_cell_and_its_exact_value(watched, standalone) -> None:
    results, path = standalone
    watched.goto(path.as_uri())
    watched.evaluate("gapmap.ready()")
    cells = results.cells
    rng = np.random.default_rng(3)
    pick = rng.integers(0, len(cells), 300)
    x = cells["x"].to_numpy()[pick] + rng.uniform(-480, 480, 300)
    y = cells["y"].to_numpy()[pick] + rng.uniform(-480, 480, 300)
    lon, lat = Transformer.from_crs(results.grid.crs, 4326, always_xy=True).transform(x, y)
    points = np.column_stack([lat, lon]).tolist()
    named = watched.evaluate("points => points.map(p => gapmap.cellAt(p[0], p[1]))", points)
    assert named == cells["cell_id"].to_numpy()[pick].tolist()
    codes = np.array(watched.evaluate("points => points.map(p => gapmap.codeAt(p[0], p[1]))", points))
    gap = cells["gap_people"].to_numpy()[pick]
    assert ((codes == 1) == np.isnan(gap)).all()
    known = ~np.isnan(gap)
    np.testing.assert_allclose((codes[known] - 2) * 0.01, gap[known], atol=0.005)


def test_pointer_and_click_read_the_map(watched, standalone) -> None:
    results, path = standalone
    watched.goto(path.as_uri())
    watched.evaluate("gapmap.ready()")
    place = results.cells.iloc[[5]].to_crs(4326).geometry.iloc[0]
    spot = watched.evaluate(
        "([lat, lon]) => { const p = gapmap.state.map.latLngToContainerPoint([lat, lon]);"
        "const b = gapmap.state.map.getContainer().getBoundingClientRect(); return [p.x + b.x, p.y + b.y]; }",
        [place.y, place.x],
    )
    watched.mouse.move(*spot)
    tip = watched.locator(".leaflet-tooltip.reader")
    tip.wait_for()
    assert tip.locator(".value").inner_text() == "60 people known to be below 4G"
    assert tip.locator(".zone b").inner_text() == ATTACKS[0]
    watched.mouse.click(*spot)
    popup = watched.locator(".leaflet-popup")
    popup.wait_for()
    assert f"Cell {results.cells['cell_id'].iloc[5]}" in popup.inner_text()
    assert "11 very low density rural" in popup.inner_text()
    assert watched.errors == []


def test_controls_do_not_overlap_on_a_phone(watched, standalone) -> None:
    _, path = standalone
    watched.set_viewport_size({"width": 390, "height": 844})
    watched.goto(path.as_uri())
    watched.evaluate("gapmap.ready()")
    assert watched.evaluate("document.documentElement.scrollWidth") <= 390
    boxes = [item.bounding_box() for item in watched.locator(".leaflet-control").all()]
    for place, a in enumerate(boxes):
        for b in boxes[place + 1 :]:
            apart = a["x"] + a["width"] <= b["x"] or b["x"] + b["width"] <= a["x"]
            assert apart or a["y"] + a["height"] <= b["y"] or b["y"] + b["height"] <= a["y"]


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    results = divided(make_results(size=12))
    write_results(results, folder)
    write_json(folder / MARK, results.provenance)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.headless", "true"]
    environment = {**os.environ, "GAPMAP_RESULTS": str(folder)}
    with subprocess.Popen(
        [*command, "--server.port", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        address = f"http://127.0.0.1:{port}"
        try:
            wait_for(f"{address}/_stcore/health")
            yield address
        finally:
            process.terminate()


def wait_for(address: str) -> None:
    local = build_opener(ProxyHandler({}))
    for _ in range(100):
        try:
            with local.open(address, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail("the app did not start")


@pytest.mark.parametrize("name", ["Overview", "Map", "Ranking", "Divide", "Plan"])
def test_app_page_shows_and_asks_nothing_outside(watched, app, name: str) -> None:
    watched.goto(f"{app}/{'' if name == 'Overview' else name.lower()}")
    watched.get_by_role("heading", level=1, name=name).wait_for(timeout=30_000)
    watched.get_by_role("table").first.wait_for(timeout=30_000)
    if name != "Ranking":
        frame = watched.frame_locator("iframe").first
        frame.locator("#legend h2").wait_for(timeout=30_000)
        first = "Where the gap clusters" if name == "Divide" else "People below 4G"
        assert frame.locator("#legend h2").inner_text() == first
    assert watched.locator("[data-testid=stException]").count() == 0
    assert outside(watched.asked, app, app.replace("http", "ws")) == []


def test_budget_slider_moves_the_figures(watched, app) -> None:
    watched.goto(f"{app}/plan")
    figures = watched.locator("[data-testid=stMetricValue]")
    figures.first.wait_for(timeout=30_000)
    assert figures.all_inner_texts()[:3] == ["2", "150", "70"]
    watched.get_by_role("slider").press("End")
    watched.get_by_text("School").first.wait_for(timeout=30_000)
    assert figures.all_inner_texts()[:3] == ["4", "300", "100"]
    assert outside(watched.asked, app, app.replace("http", "ws")) == []


def test_each_plan_has_a_switch_and_sites_of_several_join_their_letters(watched, tmp_path) -> None:
    runs = [planned(["wifi-1", "wifi-2"]), planned(["wifi-1", "wifi-2"]), planned(["wifi-1", "site-4g-7"])]
    for run in runs:  # apart on the map, but inside it
        run.plan["lon"] += run.plan["candidate_id"].map({"wifi-1": -0.1, "wifi-2": 0.0}).fillna(0.1)
    path = tmp_path / "plans.html"
    path.write_text(plans_html(side_by_side(named_plans(runs, names=[ATTACKS[2], "two", "three"]))), encoding="utf-8")
    watched.goto(path.as_uri())
    watched.evaluate("gapmap.ready()")
    marks = watched.locator(".leaflet-marker-icon.spot")

    def letters():
        return sorted(marks.all_text_contents())

    assert letters() == ["AB", "C", "★"]
    watched.get_by_label("B: two (2)").uncheck()
    assert letters() == ["A", "C", "★"]
    watched.get_by_label("In every plan (1)").uncheck()
    watched.get_by_label(f"A: {ATTACKS[2]} (2)").uncheck()
    assert letters() == ["C"]
    watched.get_by_label("B: two (2)").check()
    assert letters() == ["B", "C"]
    watched.get_by_label("Show on the map").select_option(label="Better off by B: two")
    assert watched.locator("#legend h2").inner_text() == "Better off by B: two"
    assert outside(watched.asked, path.as_uri()) == []
    assert watched.errors == []
