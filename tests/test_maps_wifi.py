"""Public WiFi on the map: layers, hotspots, catchments and tables of hand-made results, then in a real browser."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from test_maps import ATTACKS, make_results

from analysis.maps import hotspots_table, map_html, wifi_table, write_map
from analysis.maps.cell_layer import ENDLESS_CODE, FIRST_CLASS, UNKNOWN_INDEX
from analysis.maps.layers import cell_layers
from analysis.maps.wifi_layers import measure_words, place_classes, walk_classes, wifi_layers
from analysis.maps.wifi_overlays import MARKS, MOST_VERTICES, STATES, catchment_records, state_of, wifi_records

if TYPE_CHECKING:
    from analysis.results import Results

STREETS = "along streets"


def on_foot(results: Results, *, measure=STREETS, name="Library") -> Results:
    """The region with public WiFi on foot: eastern column unknown, northern half no way, else 7.25 minutes."""
    cells = results.cells.copy()
    unknown, upper = cells["gap_people"].isna().to_numpy(), cells["settlement"].to_numpy() == 11

    def column(north: float, south: float) -> np.ndarray:
        return np.where(unknown, np.nan, np.where(upper, north, south))

    people = cells["population"].to_numpy()
    cells["wifi_5_min"], cells["wifi_10_min"], cells["wifi_15_min"] = column(0, 0), column(0, 0.5), column(0, 1)
    cells["wifi_walk_min"], cells["wifi_no_way"] = column(np.nan, 7.25), column(1, 0)
    cells["wifi_beyond_people"], cells["wifi_radio"] = column(1, 1) * people, column(0, 0.125)
    cells["wifi_places"], cells["wifi_known"] = column(0, 12.5), np.where(unknown, 0.0, 1.0)
    cells["wifi_400_m"] = column(0.25, 1)
    states = [state for state in STATES if state not in ("", "under")] + ["<b>odd</b>"]
    count = len(states)
    near = cells.iloc[[(6 * k) % len(cells) for k in range(count)]].to_crs(4326).geometry
    wifi = pd.DataFrame(
        {"wifi_id": [f"w{k}" for k in range(count)], "name": [name, *[""] * (count - 1)],
         "operational": [state != "not operational" for state in states], "free": True,
         "lon": near.x.to_numpy(), "lat": near.y.to_numpy(), "people_5_min": [5.0, *[np.nan] * (count - 1)],
         "people_10_min": [1234.0, 2000.0, *[np.nan] * (count - 2)], "people_15_min": [1500.0, *[np.nan] * (count - 1)],
         "capacity": [75.0, *[np.nan] * (count - 1)], "expected": [40.0, *[np.nan] * (count - 1)], "state": states}
    )  # fmt: skip
    centre = shapely.box(*results.cells.total_bounds).centroid
    areas = gpd.GeoDataFrame(
        {"minutes": [5, 10, 15], "people": [10.0, 30.0, 60.0], "measure": [measure] * 3},
        geometry=[shapely.MultiPolygon([centre.buffer(metres)]) for metres in (400, 800, 1200)],
        crs=results.grid.crs,
    )
    record = {
        "measure": measure, "reach_min": 5, "sites": count, "operational": count - 1, "open": 4, "limited": 1,
        "within_5_min": 10.0, "within_10_min": 30.0, "within_15_min": 60.0, "beyond_15_min": 20.0, "unknown": 7.0,
        "no_way": {"no street near home": 20.0, "no place on any street": 0.0}, "within_400_m": 20.0,
        "within_800_m": 30.0, "overstated": {"400_m": 1.0, "800_m": None},
        "radio": {"people": 4.0, "indoor_m": 50.0, "outdoor_m": 100.0},
    }  # fmt: skip
    summary = {**results.summary, "wifi": record}
    return replace(results, cells=cells, wifi=wifi, catchments=areas, summary=summary)


def layers_of(results: Results) -> dict:
    return {layer.key: layer for layer in wifi_layers(results)}


def test_layers_stand_in_one_group_and_say_how_walks_were_measured() -> None:
    layers = layers_of(on_foot(make_results()))
    assert list(layers) == [
        "wifi_beyond_people", "wifi_walk_min", "wifi_5_min", "wifi_10_min", "wifi_radio", "wifi_places", "wifi_400_m",
    ]  # fmt: skip
    assert {layer.group for layer in layers.values()} == {"Public WiFi"}
    assert layers["wifi_beyond_people"].title == "People without public WiFi within a 5 min walk"
    walked = ("wifi_beyond_people", "wifi_walk_min", "wifi_5_min", "wifi_10_min", "wifi_places")
    assert all(STREETS in layers[key].note for key in walked)
    assert "50 m of an indoor hotspot and 100 m of an outdoor one, in a straight line" in layers["wifi_radio"].note
    assert "straight line" in layers["wifi_400_m"].title
    guessed = layers_of(on_foot(make_results(), measure="straight line × 1.3"))
    assert all("straight line × 1.3, no streets known" in guessed[key].note for key in walked)
    assert measure_words("straight line") == "straight line"


def test_layers_follow_the_reach_and_older_results_have_none() -> None:
    results = on_foot(make_results())
    far = replace(results, summary={**results.summary, "wifi": {**results.summary["wifi"], "reach_min": 15}})
    assert "wifi_5_min" not in layers_of(far)
    assert {"wifi_10_min", "wifi_15_min"} <= set(layers_of(far))
    assert "15 min walk" in layers_of(far)["wifi_beyond_people"].title
    assert layers_of(make_results()) == {}
    bare = results.cells.drop(columns=[name for name in results.cells if name.startswith("wifi_")])
    assert wifi_layers(replace(results, cells=bare, summary={**results.summary, "wifi": {}})) == []
    assert [layer.key for layer in cell_layers(make_results())].count("wifi_400_m") == 0  # all unknown in this region


def test_no_way_is_neither_unknown_nor_far() -> None:
    walk = layers_of(on_foot(make_results()))["wifi_walk_min"]
    assert walk.unit == "min"
    north, east, south = 0, 7, 40  # cells of an 8 × 8 square
    assert (walk.index[east], walk.codes[east]) == (UNKNOWN_INDEX, 1)
    assert walk.classes[walk.index[north] - FIRST_CLASS][0] == "no way on foot"
    assert walk.codes[north] == ENDLESS_CODE
    assert walk.classes[walk.index[south] - FIRST_CLASS][0] == "5 – 10"
    assert (walk.codes[south] - 2) * walk.step == pytest.approx(7.25, abs=walk.step / 2)
    assert len({colour for _, colour in walk.classes}) == 7


def test_a_region_where_nobody_has_a_way_has_a_layer_of_nothing_else() -> None:
    results = on_foot(make_results())
    cells = results.cells.assign(
        wifi_walk_min=np.nan, wifi_no_way=np.where(results.cells["wifi_known"] > 0, 1.0, np.nan)
    )
    walk = layers_of(replace(results, cells=cells))["wifi_walk_min"]
    assert set(walk.codes.tolist()) == {1, ENDLESS_CODE}
    assert walk.step == 0.1
    assert "wifi_walk_min" not in layers_of(replace(results, cells=cells.assign(wifi_no_way=np.nan)))


@pytest.mark.parametrize(
    ("minutes", "label"),
    [(0, "0 – 5"), (4.99, "0 – 5"), (5, "5 – 10"), (29, "15 – 30"), (60, "60 and more"), (9e9, "60 and more"),
     (np.inf, "no way on foot")],
)  # fmt: skip
def test_walk_classes_by_hand(minutes: float, label: str) -> None:
    index, classes = walk_classes(np.array([minutes]))
    assert classes[index[0] - FIRST_CLASS][0] == label
    assert ("no way on foot" in [words for words, _ in classes]) == np.isinf(minutes)


@pytest.mark.parametrize(
    ("places", "label"), [(0, "none"), (0.5, "under 1"), (1, "1 – 5"), (99, "50 – 100"), (100, "100 and more")]
)
def test_place_classes_by_hand(places: float, label: str) -> None:
    index, classes = place_classes(np.array([places, np.nan]))
    assert classes[index[0] - FIRST_CLASS][0] == label
    assert index[1] == UNKNOWN_INDEX


@given(st.lists(st.floats(0, 1e6) | st.just(np.inf) | st.just(np.nan), min_size=1, max_size=30))
def test_every_known_walk_falls_in_the_class_that_names_it(minutes: list[float]) -> None:
    """Oracle: the words of the legend, read back."""
    index, classes = walk_classes(np.array(minutes))
    for value, place in zip(minutes, index, strict=True):
        if np.isnan(value):
            assert place == UNKNOWN_INDEX
            continue
        words = classes[place - FIRST_CLASS][0]
        bounds = [float(part) for part in re.findall(r"\d+", words)]
        assert np.isinf(value) if not bounds else bounds[0] <= value < (bounds[1] if len(bounds) > 1 else np.inf)


def test_hotspots_carry_state_people_and_room() -> None:
    drawn = wifi_records(on_foot(make_results()).wifi)
    counted = {mark[0]: mark[3] for mark in drawn["marks"]}
    assert counted == {
        "open": 3, "open, over capacity": 1, "open, no street near": 1, "not operational": 1, "not free": 1,
    }  # fmt: skip
    first = drawn["points"][0]
    assert first[2] == "Library"
    assert drawn["states"][first[3]] == [0, "open, with room"]
    assert first[4:] == [1234, 75, 40]
    assert drawn["reach"] == 10
    near = wifi_records(on_foot(make_results()).wifi, reach=5)
    assert near["reach"] == 5
    assert near["points"][0][4:] == [5, 75, 40]
    assert drawn["points"][3][2:] == ["w3", drawn["points"][3][3], None, None, None]  # no name: the id
    assert drawn["states"][-1][1] == "<b>odd</b>"  # not known here: as it is written, the page makes it text
    assert len({shape for _, shape, _ in MARKS}) == len(MARKS)
    assert drawn["total"] == len(drawn["points"]) == 7
    crowd = wifi_records(pd.concat([on_foot(make_results()).wifi] * 800))
    assert (len(crowd["points"]), crowd["total"]) == (5000, 5600)


def test_older_lists_know_only_what_works() -> None:
    assert state_of({"operational": True}) == ""
    assert state_of({"operational": False}) == "not operational"
    assert state_of({"operational": True, "free": False}) == "not free"
    assert state_of({"state": float("nan"), "operational": False}) == ""
    assert wifi_records(make_results().wifi)["points"][0][2:] == ["North", 0, None, None, None]
    assert wifi_records(make_results().wifi.head(0))["points"] == []


def test_catchments_are_nested_in_degrees_and_close_to_what_was_given() -> None:
    results = on_foot(make_results())
    drawn = catchment_records(results)
    assert [area["minutes"] for area in drawn] == [5, 10, 15]
    assert [area["people"] for area in drawn] == [10, 30, 60]
    shapes = [shapely.MultiPolygon([shapely.Polygon(part[0], part[1:]) for part in area["parts"]]) for area in drawn]
    assert shapes[0].within(shapes[1])
    assert shapes[1].within(shapes[2])
    back = gpd.GeoSeries(shapes, crs=4326).to_crs(results.grid.crs)
    np.testing.assert_allclose(back.area, results.catchments.area, rtol=0.005)
    assert catchment_records(make_results()) == []
    empty = results.catchments.set_geometry([shapely.MultiPolygon()] * 3, crs=results.grid.crs)
    assert [area["parts"] for area in catchment_records(replace(results, catchments=empty))] == [[], [], []]


def test_catchments_lose_holes_of_blocks_and_vertices_that_are_too_many() -> None:
    results = on_foot(make_results())
    x, y = results.grid.centres(np.array([50]))
    holes = [shapely.box(x[0] + dx, y[0], x[0] + dx + side, y[0] + side) for dx, side in ((-900, 200), (0, 300))]
    block = shapely.box(x[0] - 2000, y[0] - 2000, x[0] + 2000, y[0] + 2000).difference(shapely.union_all(holes))
    many = shapely.union_all([shapely.Point(x[0] + 3000 * k, y[0]).buffer(900, quad_segs=500) for k in range(40)])
    assert shapely.get_num_coordinates(many) > 3 * MOST_VERTICES
    areas = gpd.GeoDataFrame(
        {"minutes": [5, 10], "people": [1.0, 1.0], "measure": STREETS}, geometry=[block, many], crs=results.grid.crs
    )
    held, wide = (area["parts"] for area in catchment_records(replace(results, catchments=areas)))
    assert len(held[0]) == 2  # the outline and the larger hole
    assert len(wide) == 40
    assert sum(len(ring) for part in wide for ring in part) <= MOST_VERTICES


def test_table_of_walks_by_hand() -> None:
    rows = re.findall(r"<tr>(.*?)</tr>", wifi_table(on_foot(make_results()).summary["wifi"]))
    told = [[re.sub(r"<.*?>", "", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows[1:]]
    assert [row[:3] for row in told] == [
        ["10", "within a 5 min walk", "10.0%"],
        ["30", "within a 10 min walk", "30.0%"],
        ["60", "within a 15 min walk", "60.0%"],
        ["20", "farther than a 15 min walk", "20.0%"],
        ["20", "no way on foot: no street near home", "20.0%"],
        ["7", "not known", "–"],
        ["4", "inside the radio range", "4.0%"],
        ["20", "within 400 m in a straight line", "20.0%"],
        ["30", "within 800 m in a straight line", "30.0%"],
    ]
    assert told[-2][3] == "100% more than have a walk of 400 m: it overstates"
    assert told[-1][3] == "how many have a walk of 800 m is not known"
    for nothing in (None, {}, {"measure": "straight line", "within_400_m": 3.0}):
        assert wifi_table(nothing) == ""


def test_table_of_walks_without_anybody_known_has_no_shares() -> None:
    record = {
        **on_foot(make_results()).summary["wifi"],
        **dict.fromkeys(("within_5_min", "within_10_min", "within_15_min", "beyond_15_min"), 0.0),
        "no_way": {},
    }
    unknown = '<td class="n">unknown</td><th scope="row">within a 5 min walk</th><td class="n">unknown</td>'
    assert unknown in wifi_table(record)


def test_table_of_hotspots_starts_with_the_most_people() -> None:
    wifi = on_foot(make_results()).wifi
    rows = re.findall(r"<tr>(.*?)</tr>", hotspots_table(wifi))
    assert rows[1].startswith('<td class="n">1</td><th scope="row">w1</th><td class="n">–</td><td class="n">2,000</td>')
    assert rows[2].endswith('<td class="n">75</td><td class="n">40</td><td>open, with room</td>')
    near = hotspots_table(wifi, reach=5)
    assert "within a 5 min walk" in near
    assert near.index(">Library<") < near.index(">w1<")  # 5 people within 5 min, of w1 it is not known
    assert [re.findall(r'row">(.*?)<', row)[0] for row in rows[3:]] == [f"w{k}" for k in range(2, len(wifi))]
    many = pd.concat([wifi] * 20, ignore_index=True)
    assert hotspots_table(many).count("<tr>") == 51
    assert "the first 50 of 140" in hotspots_table(many)
    assert hotspots_table(make_results().wifi) == hotspots_table(wifi.head(0)) == ""


@pytest.mark.parametrize("attack", ATTACKS)
def test_text_of_public_wifi_stays_text(attack: str) -> None:
    results = on_foot(make_results(), name=attack, measure=attack)
    record = {**results.summary["wifi"], "no_way": {attack: 5.0}}
    page = map_html(
        replace(results, wifi=results.wifi.assign(state=attack), summary={**results.summary, "wifi": record})
    )
    assert attack not in page
    assert page.count("<script") == 7
    data = re.search(r'id="gapmap-data">(.*?)</script>', page, flags=re.DOTALL)
    assert data is not None
    told = json.loads(data[1])
    assert told["wifi"]["points"][0][2] == told["wifi"]["states"][0][1] == attack
    assert told["catchments"][0]["measure"] == attack


def test_page_holds_both_tables_and_is_the_same_twice() -> None:
    page = map_html(on_foot(make_results()))
    assert page.count("<caption>") == 6
    assert page == map_html(on_foot(make_results()))


CHROMIUM = Path("/usr/bin/chromium")
SPOT = (
    "([lat, lon]) => { const p = gapmap.state.map.latLngToContainerPoint([lat, lon]);"
    "const b = gapmap.state.map.getContainer().getBoundingClientRect(); return [p.x + b.x, p.y + b.y]; }"
)


@pytest.fixture
def tab(tmp_path):
    """A page in a browser, what it asks for and the errors it meets; both must be none."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        errors, asked = [], []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
        page.on("dialog", lambda dialog: (errors.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: asked.append(request.url))
        yield page
        browser.close()
    assert errors == []
    assert [url for url in asked if not url.startswith(("data:", "file:"))] == []


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}")
def test_hotspots_are_read_by_pointer_and_click(tab, tmp_path) -> None:
    results = on_foot(make_results(size=40), name=ATTACKS[2])
    write_map(results, tmp_path / "map.html")
    tab.goto((tmp_path / "map.html").as_uri())
    tab.evaluate("gapmap.ready()")
    assert tab.locator("#overlays .more").last.locator("li").all_inner_texts() == [
        "open (3)", "open, over capacity (1)", "open, no street near (1)", "not operational (1)", "not free (1)",
    ]  # fmt: skip
    for plan in tab.get_by_label("Plan:").all():
        plan.uncheck()  # its markers lie on top
    spot = tab.evaluate(SPOT, results.wifi.loc[0, ["lat", "lon"]].tolist())
    tab.mouse.move(spot[0] + 3, spot[1])
    tip = tab.locator(".leaflet-tooltip.reader")
    tip.wait_for()
    assert [line for line in tip.inner_text().splitlines() if line] == [
        ATTACKS[2],
        "open, with room",
        "nearest public WiFi of 5 people within a 5 min walk",
        "serves 75 people at once, 40 expected",
    ]
    tab.mouse.click(spot[0] + 3, spot[1])
    tab.locator(".leaflet-popup").wait_for()
    assert ATTACKS[2] in tab.locator(".leaflet-popup").inner_text()
    tab.locator(".leaflet-popup-close-button").click()
    tab.get_by_label("Existing public WiFi").uncheck()
    assert not tab.locator("#overlays .more").last.is_visible()
    tab.locator(".leaflet-popup").wait_for(state="detached")
    spot = tab.evaluate(SPOT, results.wifi.loc[0, ["lat", "lon"]].tolist())  # the popup moved the map
    tab.mouse.move(spot[0] + 2, spot[1] + 1)
    tip.locator(".value").wait_for()


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}")
def test_walks_and_catchments_are_shown_and_named(tab, tmp_path) -> None:
    results = on_foot(make_results(size=40))
    write_map(results, tmp_path / "map.html")
    tab.goto((tmp_path / "map.html").as_uri())
    tab.evaluate("gapmap.ready()")
    tab.get_by_label("Show on the map").select_option(label="Walk to public WiFi")
    tab.evaluate("gapmap.ready()")
    legend = tab.locator("#legend li").all_inner_texts()
    assert legend[-3:] == ["no way on foot", "unknown: no data here", "nobody lives here"]
    assert tab.locator("#legend .unit").inner_text() == "Minutes on foot, mean of each cell"
    for row, words in ((9, "No way on foot to any public WiFi"), (35, "7.2 min on foot to public WiFi")):
        place = results.cells.iloc[[40 * row + 20]].to_crs(4326).geometry.iloc[0]
        tab.mouse.move(*tab.evaluate(SPOT, [place.y, place.x]))
        tab.wait_for_function(
            "words => document.querySelector('.reader .value')?.textContent.startsWith(words)", arg=words, timeout=5000
        )
    painted = "() => { const c = document.querySelector('.leaflet-areas-pane canvas'); if (!c) return 0;"
    painted += "return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v > 0) ? 1 : 0; }"
    assert tab.evaluate(painted) == 0  # off at first: the cells come first
    tab.get_by_label("Catchments: 5 / 10 / 15 min walk").check()
    tab.wait_for_function(painted)
    assert tab.locator("#overlays .more").first.locator("li").all_inner_texts() == [
        "within 5 min: 10 people", "within 10 min: 30 people", "within 15 min: 60 people",
    ]  # fmt: skip
    assert "along streets" in tab.locator("#overlays .note").first.inner_text()


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}")
def test_legend_stays_in_sight_on_small_screens(tab, tmp_path) -> None:
    write_map(on_foot(make_results(size=40)), tmp_path / "map.html")
    tab.goto((tmp_path / "map.html").as_uri())
    tab.get_by_label("Show on the map").select_option(label="Places per 1,000 people")
    tab.get_by_label("Catchments: 5 / 10 / 15 min walk").check()
    tab.set_viewport_size({"width": 1280, "height": 800})
    panel, last = tab.locator(".panel").bounding_box(), tab.locator("#legend li").last.bounding_box()
    assert last["y"] + last["height"] <= panel["y"] + panel["height"]
    tab.set_viewport_size({"width": 390, "height": 844})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    assert tab.locator("#overlays").evaluate("box => box.scrollHeight - box.clientHeight") == 0
