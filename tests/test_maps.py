from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pyproj import CRS, Transformer
from shapely.geometry import box

from analysis.maps import draw_cells, map_html, plan_table, write_map, zones_table
from analysis.maps.cell_layer import FIRST_CLASS, UNKNOWN_INDEX, people_classes, share_classes, speed_classes
from analysis.maps.layers import cell_layers
from analysis.maps.overlays import ordered_zones, range_words, zone_features
from analysis.maps.palette import VIRIDIS, breaks, ramp
from analysis.maps.picture import HATCH_INDEX, WEB_MERCATOR, make_frame, native, value_png, warp_index, warped
from analysis.maps.plan_overlays import site_records
from analysis.maps.safe import json_text, text
from analysis.maps.tables import agreement_table, moves_table, reading_of
from analysis.maps.zone_layers import move_classes, zone_fills
from analysis.results import Results
from geo.grid import Grid

ATTACKS = (
    "{{7*7}}",
    "${alert(1)}",
    "<script>alert(1)</script>",
    "{% raw %}",
    "`\\u0041`",
    "</script><img src=x onerror=1>",
)
STATES = ("unknown", "no_signal", "below_broadband", "mobile_broadband", "declared_4g", "declared_5g", "usable")


def make_results(*, names=("North", "South", "Nowhere"), crs="EPSG:3035", size=8, name="Testland") -> Results:
    """A small region by hand: a square of 1 km cells, the eastern column unknown, the northern half below 4G."""
    west, north = (3_900_000, 3_100_000) if crs == "EPSG:3035" else (-30_000, 720_000)
    grid = Grid(CRS.from_user_input(crs), Affine(1000, 0, west, 0, -1000, north), (size + 4, size + 6))
    row, col = (part.ravel() for part in np.mgrid[2 : size + 2, 3 : size + 3])
    cell_id = row * grid.nx + col
    x, y = grid.centres(cell_id)
    people = 10.0 * (1 + np.arange(size * size))
    unknown, upper = col == size + 2, row < size // 2 + 2
    states = {state: np.zeros(size * size) for state in STATES}
    states["unknown"] = np.where(unknown, people, 0)
    states["below_broadband"] = np.where(~unknown & upper, people, 0)
    states["declared_4g"] = np.where(~unknown & ~upper, people, 0)
    gap = np.where(unknown, np.nan, states["below_broadband"])
    share = np.where(unknown, np.nan, np.where(upper, 0.0, 1.0))
    cells = gpd.GeoDataFrame(
        {"cell_id": cell_id, "x": x, "y": y, "population": people, "settlement": np.where(upper, 11, 30), "zone_id": "a", **states,
         **{f"at_least_{t}": share for t in ("2g", "3g", "4g", "5g")}, "gap_people": gap,
         "unknown_people": states["unknown"], "wifi_400_m": np.full(size * size, np.nan)},
        geometry=gpd.points_from_xy(x, y, crs=grid.crs), crs=grid.crs,
    )  # fmt: skip
    left, right, top = west + 3000, west + (size + 3) * 1000, north - 2000
    middle, low = top - size * 500, top - size * 1000
    known_gap = float(np.nansum(gap))
    zones = gpd.GeoDataFrame(
        {"zone_id": ["b", "a", "c"], "zone_name": list(names), "population": [500.0, 900.0, 0.0],
         "gap_people": [known_gap, 0.0, 0.0], "gap_share": [1.0, 0.0, np.nan], "unknown_people": [20.0, 80.0, 0.0],
         "rank": pd.array([1, 2, None], dtype="Int64"), "rank_by_share": pd.array([1, 2, None], dtype="Int64"),
         "reasons": ["all below 4G", names[1], "nobody lives here"]},
        geometry=[box(left, middle, right, top), box(left, low, right, middle), box(right, low, right + 2000, top)],
        crs=grid.crs,
    )  # fmt: skip
    lon, lat = Transformer.from_crs(grid.crs, 4326, always_xy=True).transform(x[:4], y[:4])
    cost = np.array([100.0, 50.0, 100.0, 50.0])
    gained = np.array([40.0, 30.0, 20.0, 10.0])
    plan = pd.DataFrame(
        {"step": [1, 2, 3, 4], "candidate_id": list("pqrs"), "kind": ["site", "wifi", "site", "wifi"],
         "name": [names[0], "Library", "Hill", "School"], "zone_id": "b", "x": x[:4], "y": y[:4], "lon": lon, "lat": lat,
         "technology": ["4G", "WiFi", "4G", "WiFi"], "cost": cost, "cumulative_cost": np.cumsum(cost),
         "gain": gained, "value": gained, "bound": [50.0, 80.0, 95.0, 100.0], "people": gained,
         "cumulative_people": np.cumsum(gained), "within_budget": [True, True, False, False]}
    )  # fmt: skip
    wifi = pd.DataFrame({"wifi_id": ["w"], "name": [names[0]], "operational": [True], "lon": lon[:1], "lat": lat[:1]})
    part = {"persons": 1.0, "share": 0.5, "low": 0.5, "high": 1.5, "unknown": 0.0}
    total = float(people.sum())
    summary = {
        "name": name, "synthetic": True, "target": "4G",
        "population": {"total": total, "in_zones": total, "outside_zones": 0.0},
        "settlement": {"30": float(people[~upper].sum()), "11": float(people[upper].sum())},
        "ledger": {state: float(values.sum()) for state, values in states.items()},
        "gap": {"people": known_gap, "known": total - float(states["unknown"].sum()), "share": 0.5},
        "coverage": {"4G": {"union": part, "largest_operator": {**part, "operator": names[0]}}},
        "wifi": {"measure": "straight line"}, "ranking": [],
        "plan": {"budget": 160.0, "currency": "USD", "cost": 150.0, "sites": 2, "people": 70.0, "bound": 80.0, "gap": 0.125},
        "inputs": [{"layer": "population", "file": "pop.tif", "sha256": "0", "licence": "CC BY 4.0", "source": names[0],
                    "publisher": names[0], "url": "", "year": 2021}],
    }  # fmt: skip
    provenance = {"grid": {"crs": crs, "transform": list(grid.transform)[:6], "shape": list(grid.shape)}}
    return Results(summary, cells, zones, plan, wifi, grid, provenance)


def test_text_leaves_no_character_that_a_template_reads() -> None:
    assert text("<b>&\"'") == "&lt;b&gt;&amp;&quot;&#x27;"
    assert text("{{a}} ${b} `\\") == "&#123;&#123;a&#125;&#125; &#36;&#123;b&#125; &#96;&#92;"
    assert text(None) == text(float("nan")) == ""


@settings(max_examples=50)
@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda part: st.lists(part) | st.dictionaries(st.text(), part),
        max_leaves=8,
    )
)
def test_json_text_round_trips_and_holds_nothing_dangerous(value) -> None:
    safe = json_text(value)
    assert json.loads(safe) == value
    assert not re.search(r"[<>&'$`]|\{\{|\}\}|\{%|%\}", safe)


def test_json_text_by_hand() -> None:
    assert json_text({"a": "</x>{{\\"}) == '{"a":"\\u003c/x\\u003e\\u007b\\u007b\\u005c"}'
    assert json_text({"a": {"b": {"c": {}}}}) == '{"a":{"b":{"c":{} } } }'
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_text(float("nan"))


def test_templates_made_from_text_by_the_map_library_are_sandboxed() -> None:
    import branca.element
    from jinja2.exceptions import SecurityError

    with pytest.raises(SecurityError):
        branca.element.Element("{{ ''.__class__.__mro__ }}").render()


def test_breaks_and_ramp_by_hand() -> None:
    assert breaks(np.array([np.nan, 0.1])) == [1.0]
    assert breaks(np.array([1.0, 1, 10, 10, 100, 100]), most=2) == [10.0, 100.0]
    assert ramp(VIRIDIS, count=2) == ["fde725", "440154"]


def test_classes_keep_unknown_apart_from_none() -> None:
    index, classes = people_classes(np.array([np.nan, 0.0, 0.6, 9e9]), table=VIRIDIS)
    assert index.tolist() == [UNKNOWN_INDEX, FIRST_CLASS, FIRST_CLASS + 1, FIRST_CLASS + len(classes) - 1]
    index, classes = share_classes(np.array([np.nan, 0.0, 0.1, 0.2, 0.99, 1.0]))
    assert index.tolist() == [1, 2, 3, 4, 7, 8]
    assert [label for label, _ in classes]== [
        "0 %", "over 0, under 20 %", "20 – 40 %", "40 – 60 %", "60 – 80 %", "80 to under 100 %", "100 %",
    ]  # fmt: skip


def test_codes_hold_the_value_to_the_step() -> None:
    gap = cell_layers(make_results())[0]
    assert gap.step == 0.01
    assert gap.codes[0] == 10 * 100 + 2
    assert gap.codes[7] == 1  # the eastern column is unknown
    assert gap.codes[-2] == 2  # known to be none


def test_value_picture_is_lossless() -> None:
    codes = np.array([[0, 1, 2], [255, 65_536, 2**24 - 1]], dtype=np.uint32)
    raw = base64.b64decode(value_png(codes).split(",")[1])
    red, green, blue = np.moveaxis(np.asarray(Image.open(io.BytesIO(raw)), dtype=np.uint32), -1, 0)
    assert (red * 65_536 + green * 256 + blue).tolist() == codes.tolist()


@pytest.mark.parametrize("crs", ["EPSG:3035", "ESRI:54009"])
@pytest.mark.parametrize("size", [8, 300])
def test_mesh_names_the_cell_that_the_projection_names(crs: str, size: int) -> None:
    results = make_results(crs=crs, size=size)
    frame = make_frame(results.grid, results.cells["cell_id"].to_numpy())
    assert frame.grid.shape == (size, size)
    west, south, east, north = frame.grid.bounds
    rng = np.random.default_rng(7)
    x, y = rng.uniform(west, east, 2000), rng.uniform(south, north, 2000)
    mx, my = Transformer.from_crs(results.grid.crs, WEB_MERCATOR, always_xy=True).transform(x, y)
    col, row = frame.position(np.asarray(mx), np.asarray(my))
    exact_col, exact_row = (x - west) / 1000, (north - y) / 1000
    assert max(np.abs(col - exact_col).max(), np.abs(row - exact_row).max()) < 0.01
    clear = (np.abs(exact_col - np.rint(exact_col)) > 0.01) & (np.abs(exact_row - np.rint(exact_row)) > 0.01)
    named = (np.floor(row) + frame.row0) * results.grid.nx + np.floor(col) + frame.col0
    assert (named[clear] == results.grid.locate(x, y)[clear]).all()
    assert clear.sum() > 1800


@pytest.mark.parametrize("crs", ["EPSG:3035", "ESRI:54009"])
def test_every_pixel_shows_its_own_cell(crs: str) -> None:
    results = make_results(crs=crs, size=40)
    cell_id = results.cells["cell_id"].to_numpy()
    frame = make_frame(results.grid, cell_id)
    index, _ = warp_index(frame)
    west, south, east, north = frame.bounds
    height, width = index.shape
    mx, my = np.meshgrid(
        west + (np.arange(width) + 0.5) / width * (east - west),
        north - (np.arange(height) + 0.5) / height * (north - south),
    )
    x, y = Transformer.from_crs(WEB_MERCATOR, results.grid.crs, always_xy=True).transform(mx, my)
    col, row = (np.asarray(x) - frame.grid.west) / 1000, (frame.grid.north - np.asarray(y)) / 1000
    clear = (np.abs(col - np.rint(col)) > 0.01) & (np.abs(row - np.rint(row)) > 0.01)
    assert (index[clear] == frame.grid.locate(x, y)[clear]).all()


def test_unknown_is_hatched_and_empty_is_transparent() -> None:
    results = make_results()
    cell_id = results.cells["cell_id"].to_numpy()
    frame = make_frame(results.grid, cell_id)
    index, _ = warp_index(frame)
    gap = cell_layers(results)[0]
    picture = warped(native(frame, results.grid, cell_id, gap.index), index)
    assert set(np.unique(picture)) <= {0, 1, HATCH_INDEX, *gap.index.tolist()}
    unknown = np.isin(index % 8, 7) & (index >= 0)
    assert set(np.unique(picture[unknown])) == {1, HATCH_INDEX}
    assert (picture[index < 0] == 0).all()


def test_zones_stand_in_order_of_rank_and_carry_only_our_names() -> None:
    results = make_results()
    assert ordered_zones(results.zones)["zone_id"].tolist() == ["b", "a", "c"]
    tied = results.zones.assign(rank=pd.array([None, None, None], dtype="Int64"))
    assert ordered_zones(tied)["zone_id"].tolist() == ["a", "b", "c"]
    first = zone_features(results)[0]
    assert (first["rank"], first["share"], first["name"]) == (1, 1, "North")
    lon, lat = first["label"]
    ring = np.array(first["parts"][0][0])
    assert ring[:, 0].min() < lon < ring[:, 0].max()
    assert ring[:, 1].min() < lat < ring[:, 1].max()


def test_only_sites_within_the_budget_are_drawn() -> None:
    plan = make_results().plan
    assert [site["step"] for site in site_records(plan)] == [1, 2]
    assert [site["words"] for site in site_records(plan)] == ["New 4G site", "Public WiFi"]
    assert "Hill" not in plan_table(plan, record={"currency": "USD"})


def test_zone_table_says_when_a_zone_has_no_rank() -> None:
    rows = re.findall(r"<tr>(.*?)</tr>", zones_table(make_results()))
    assert rows[1].startswith('<td class="n">1</td><th scope="row">North</th><td class="n">500</td>')
    assert rows[3].startswith('<td class="n">–</td><th scope="row">Nowhere</th>')
    assert "unknown" in rows[3]


@pytest.mark.parametrize("attack", ATTACKS)
def test_text_from_data_stays_text(attack: str) -> None:
    page = map_html(make_results(names=(attack, attack, "c"), name=attack))
    assert attack not in page
    assert f"<h1>{text(attack)}</h1>" in page
    data = re.search(r'id="gapmap-data">(.*?)</script>', page, flags=re.DOTALL)
    assert data is not None
    assert json.loads(data[1])["zones"][0]["name"] == attack
    assert page.count("<script") == 7  # the data, Leaflet, four of ours, the start


def test_page_is_standalone_accessible_and_honest() -> None:
    page = map_html(make_results())
    assert set(re.findall(r"https?://[\w.]+", page)) == {"http://www.w3.org"}  # the name of SVG, never asked for
    assert not re.search(r"url\((?!#)", page)
    assert "sourceMappingURL" not in page
    assert "default-src 'none'; script-src 'sha256-" in page
    assert "'unsafe-inline'; img-src data:" in page
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert "Synthetic sample" in page
    assert "CC BY 4.0" in page
    assert page.count("<caption>") == 4


def test_same_results_same_bytes(tmp_path) -> None:
    write_map(make_results(), tmp_path / "a.html")
    write_map(make_results(), tmp_path / "b.html")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "b.html"]


def test_drawn_cells_serve_many_plans() -> None:
    results = make_results()
    drawn = draw_cells(results)
    assert map_html(results, drawn=drawn) == map_html(results)
    more = results.plan.assign(within_budget=True)
    assert '"name":"Hill"' in map_html(results, drawn=drawn, plan=more)


def test_a_region_without_zones_plan_or_people_still_makes_a_page() -> None:
    full = make_results()
    bare = Results(
        full.summary,
        full.cells.head(0),
        full.zones.head(0),
        full.plan.head(0),
        full.wifi.head(0),
        full.grid,
        full.provenance,
    )
    assert '"zones":[]' in map_html(bare)


def with_sources(results: Results) -> Results:
    """The small region with what a run adds when bases meet and footprints vary; the eastern column is unknown."""
    cells, zones = results.cells.copy(), results.zones.copy()
    unknown = cells["gap_people"].isna().to_numpy()
    upper = cells["settlement"].to_numpy() == 11
    people = cells["population"].to_numpy()
    cells["doubt_people"] = np.where(unknown, np.nan, np.where(upper, people, 0.0))
    cells["declared_share"] = np.where(unknown, np.nan, 1.0)
    cells["modelled_share"] = np.where(unknown, np.nan, np.where(upper, 0.0, 1.0))
    cells["measured_share"] = np.where(upper | unknown, np.nan, 0.5)
    cells["down_mbps"] = np.where(upper | unknown, np.nan, 12.5)
    cells["usable"] = np.where(upper | unknown, 0.0, people / 2)
    cells["declared_4g"] = cells["declared_4g"] - cells["usable"]
    zones["rank_low"] = pd.array([2, 1, None], dtype="Int64")
    zones["rank_high"] = pd.array([1, 2, None], dtype="Int64")
    zones["rank_moves"] = pd.array([1, 1, None], dtype="Int64")
    names = zones["zone_name"].tolist()
    ranks = [(1, 2, 1), (2, 1, 2)]
    record = [
        {"zone_id": zone, "zone_name": name, "rank": rank, "rank_low": low, "rank_high": high}
        for zone, name, (rank, low, high) in zip("ba", names, ranks, strict=False)
    ]
    added = {
        "basis": ["declared", "modelled"],
        "sensitivity": {"ranked": 2, "change": 2, "largest_move": 1, "spearman_low_high": -1.0, "top": 1,
                        "top_stays": 0, "zones": record},
        "agreement": {"target": "4G", "assumption": "As if independent.", "doubtful": 10.0, "doubtful_low": 8.0,
                      "doubtful_high": 1234.0, "table": [
            {"declared": "yes", "modelled": "no", "measured": "not known", "people": 10.0, "share": 0.25},
            {"declared": "no", "modelled": "no", "measured": "not known", "people": 30.0, "share": 0.75}]},
    }  # fmt: skip
    return replace(results, cells=cells, zones=zones, summary={**results.summary, **added})


def test_sources_give_layers_only_where_something_is_known() -> None:
    plain, full = make_results(), with_sources(make_results())
    old = [layer.key for layer in cell_layers(plain)]
    added = ["down_mbps", "usable", "doubt_people", "declared_share", "modelled_share", "measured_share"]
    assert [layer.key for layer in cell_layers(full)] == old + added
    empty = full.cells.assign(**dict.fromkeys([name for name in added if name != "usable"], np.nan), usable=0.0)
    assert [layer.key for layer in cell_layers(replace(full, cells=empty))] == old


def test_speed_and_doubt_keep_unknown_apart_and_values_exact() -> None:
    layers = {layer.key: layer for layer in cell_layers(with_sources(make_results()))}
    speed, doubt = layers["down_mbps"], layers["doubt_people"]
    assert (speed.unit, speed.step) == ("Mbit/s", 0.01)
    assert [label for label, _ in speed.classes] == [
        "under 2",
        "2 – 5",
        "5 – 10",
        "10 – 25",
        "25 – 50",
        "50 – 100",
        "100 and more",
    ]
    last = np.flatnonzero(np.isfinite(speed.values))[0]
    assert speed.classes[speed.index[last] - FIRST_CLASS][0] == "10 – 25"
    assert speed.codes[last] == 1250 + 2
    assert doubt.index[7] == UNKNOWN_INDEX  # the eastern column
    assert (doubt.codes[0], doubt.index[-2]) == (1002, FIRST_CLASS)  # 10 people; known to be none


@pytest.mark.parametrize(("speed", "label"), [(0.0, 0), (1.99, 0), (2.0, 1), (99.0, 5), (100.0, 6), (np.nan, None)])
def test_speed_classes_by_hand(speed: float, label: int | None) -> None:
    index, classes = speed_classes(np.array([speed]))
    assert index[0] == (UNKNOWN_INDEX if label is None else FIRST_CLASS + label)
    assert len(classes) == 7


def test_usable_is_unknown_where_nothing_proves_or_denies_it() -> None:
    results = with_sources(make_results())
    usable = next(layer.values for layer in cell_layers(results) if layer.key == "usable")
    upper = results.cells["settlement"].to_numpy() == 11
    unknown = results.cells["gap_people"].isna().to_numpy()
    assert np.isnan(usable[unknown]).all()
    assert (usable[upper & ~unknown] == 0).all()  # below 4G: certainly not usable
    assert (usable[~upper & ~unknown] == 0.5).all()
    # the first tested cell fails its tests: known to be none; the second was never tested: unknown
    cells = results.cells.copy()
    first, second = np.flatnonzero(~upper & ~unknown)[:2]
    cells.loc[[first, second], "declared_4g"] = cells.loc[[first, second], "population"]
    cells.loc[[first, second], "usable"] = 0.0
    cells.loc[second, "measured_share"] = np.nan
    usable = next(layer.values for layer in cell_layers(replace(results, cells=cells)) if layer.key == "usable")
    assert usable[first] == 0
    assert np.isnan(usable[second])
    cells["room_share"] = np.where(np.arange(len(cells)) == second, 0.0, np.nan)  # dimensioned: there is no room
    usable = next(layer.values for layer in cell_layers(replace(results, cells=cells)) if layer.key == "usable")
    assert usable[second] == 0


@pytest.mark.parametrize(
    ("rank", "low", "high", "words"),
    [
        (3, 5, 2, "2 to 5 under low and high footprints"),
        (3, 3, 3, "the same under low and high footprints"),
        (3, 4, 4, "4 under low and high footprints"),
        (3, None, 4, "not ranked under low, 4 under high footprints"),
        (3, None, None, "not ranked under low and high footprints"),
        (None, None, None, ""),
    ],
)
def test_range_of_a_rank_in_words(rank, low, high, words: str) -> None:
    assert range_words(rank, low=low, high=high) == words


def test_zones_carry_their_range_only_when_footprints_vary() -> None:
    results = with_sources(make_results())
    zones = zone_features(results)
    assert [zone["range"] for zone in zones] == ["1 to 2 under low and high footprints"] * 2 + [""]
    (layer,) = zone_fills(results)
    assert layer["fill"] == [1, 1, None]
    assert layer["said"] == [
        ["1 place", "between its ranks under other footprints"],
        ["Unknown", "how far its rank can move"],
    ]
    assert layer["says"] == [0, 0, 1]
    assert [label for label, _ in layer["classes"]] == ["0: the rank stays", "1"]
    for fixed in (make_results(), replace(results, summary={**results.summary, "basis": ["declared"]})):
        assert "range" not in zone_features(fixed)[0]
        assert zone_fills(fixed) == []
        assert "Zones whose rank hangs" not in map_html(fixed)


def test_every_move_falls_in_the_class_that_names_it() -> None:
    """Oracle: the words of the legend, read back."""
    results = with_sources(make_results())
    for move in range(200):
        moves = results.zones.assign(rank_moves=pd.array([move, 199, None], dtype="Int64"))
        (layer,) = zone_fills(replace(results, zones=moves))
        label = layer["classes"][layer["fill"][0]][0].split(":")[0]
        if "more" in label:
            assert move >= int(label.split()[0])
        else:
            bounds = [int(part) for part in label.split(" – ")]
            assert bounds[0] <= move <= bounds[-1]
    assert [len(move_classes(largest)) for largest in (0, 1, 2, 5, 6, 51, 900)] == [1, 2, 3, 4, 5, 8, 8]


def test_reading_of_answers_by_hand() -> None:
    assert reading_of("not known", "not known", "not known") == "nothing is known"
    assert reading_of("yes", "not known", "not known").startswith("one source")
    assert reading_of("yes", "yes", "not known") == reading_of("no", "no", "no") == "the sources agree"
    assert reading_of("yes", "yes", "no") == reading_of("yes", "no", "not known") == "declared covered, but doubtful"
    assert reading_of("no", "no", "yes") == reading_of("no", "yes", "not known") == "better than declared"
    assert reading_of("yes", "no", "yes") == "the tests bear the declared map out, the model does not"
    assert reading_of("not known", "yes", "no") == "the model and the tests differ"


def test_tables_of_agreement_and_moves() -> None:
    summary = with_sources(make_results()).summary
    agreed = agreement_table(summary["agreement"])
    assert '<td class="n">10</td><th scope="row">declared covered, but doubtful</th><td>yes</td><td>no</td>' in agreed
    assert "10 people (between 8 and 1,234 for certain). As if independent." in agreed
    moved = re.findall(r"<tr>(.*?)</tr>", moves_table(summary["sensitivity"]))
    assert (
        moved[1]
        == '<td class="n">1</td><th scope="row">North</th><td class="n">2</td><td class="n">1</td><td class="n">1</td>'
    )
    assert len(moved) == 3
    for nothing in (None, {}, {"table": [], "zones": []}):
        assert agreement_table(nothing) == moves_table(nothing) == ""
    bare = {"zones": [{"zone_name": "x", "rank": 1, "rank_low": None, "rank_high": 3}], "table": [{"people": None}]}
    assert '<td class="n">1</td><th scope="row">x</th><td class="n">–</td>' in moves_table(bare)
    assert '<td class="n">unknown</td>' in agreement_table(bare)


def test_page_shows_both_tables_and_says_what_is_measured() -> None:
    page = map_html(with_sources(make_results()))
    assert page.count("<caption>") == 6
    assert "measured only where enough tests were made" in page
    assert "declared or modelled, not measured" in map_html(make_results())
    assert "<caption>" not in map_html(with_sources(make_results()), compact=600)


@pytest.mark.parametrize("attack", ATTACKS)
def test_text_of_sources_stays_text(attack: str) -> None:
    results = with_sources(make_results(names=(attack, attack, "c")))
    hostile = {
        "target": attack,
        "assumption": attack,
        "table": [dict.fromkeys(("declared", "modelled", "measured"), attack)],
    }
    page = map_html(replace(results, summary={**results.summary, "target": attack, "agreement": hostile}))
    assert attack not in page
    assert page.count(text(attack)) >= 7
    assert page.count("<script") == 7


CHROMIUM = Path("/usr/bin/chromium")


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}")
def test_layers_of_zones_and_sources_can_be_switched_and_read(tmp_path) -> None:
    from playwright.sync_api import sync_playwright

    results = with_sources(make_results(size=40))
    write_map(results, tmp_path / "map.html")
    place = results.cells.iloc[[5]].to_crs(4326).geometry.iloc[0]
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1300, "height": 900})
        errors, asked = [], []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
        page.on("request", lambda request: asked.append(request.url))
        page.goto((tmp_path / "map.html").as_uri())
        page.evaluate("gapmap.ready()")
        spot = page.evaluate(
            "([lat, lon]) => { const p = gapmap.state.map.latLngToContainerPoint([lat, lon]);"
            "const b = gapmap.state.map.getContainer().getBoundingClientRect(); return [p.x + b.x, p.y + b.y]; }",
            [place.y, place.x],
        )
        tip = page.locator(".leaflet-tooltip.reader")
        page.get_by_label("Show on the map").select_option(label="How far a rank can move")
        page.mouse.move(*spot)
        tip.wait_for()
        assert tip.locator(".value").inner_text() == "1 place between its ranks under other footprints"
        assert "rank 1 (1 to 2 under low and high footprints)" in tip.inner_text()
        assert page.locator("#legend li").all_inner_texts() == [
            "0: the rank stays",
            "1",
            "not ranked under every footprint",
        ]
        assert page.evaluate("getComputedStyle(document.querySelector('.leaflet-cells-pane img')).opacity") == "0"
        page.get_by_label("Show on the map").select_option(label="Declared covered, but doubtful")
        page.evaluate("gapmap.ready()")
        page.mouse.move(spot[0] + 1, spot[1])
        page.wait_for_function("document.querySelector('.reader .value').textContent.includes('doubtfully')")
        assert tip.locator(".value").inner_text() == "60 people doubtfully declared to have at least 4G"
        assert page.evaluate("getComputedStyle(document.querySelector('.leaflet-cells-pane img')).opacity") == "1"
        browser.close()
    assert errors == []
    assert [url for url in asked if not url.startswith(("data:", "file:"))] == []
