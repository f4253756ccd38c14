"""The divide on the map: layers of zones, pictures and tables of hand-made results, then in a real browser."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_maps import ATTACKS, STATES, make_results

from analysis.maps import (
    barriers_table,
    certainty_table,
    clusters_table,
    gaps_table,
    index_table,
    indicators_table,
    inequality_table,
    ledger_rows,
    ledger_table,
    lorenz_points,
    lorenz_table,
    map_html,
    parts_table,
    use_told,
    weights_table,
    write_map,
    zones_table,
)
from analysis.maps.divide_tables import lorenz_picture
from analysis.maps.ledger_picture import ledger_picture
from analysis.maps.palette import CLUSTERS, rgb
from analysis.maps.safe import text
from analysis.maps.zone_layers import CHANCE_WORDS, CLUSTER_WORDS, score_classes, span_words, zone_facts, zone_fills
from analysis.standards import indicator_table
from analysis.use import USES
from analysis.use_tables import _record

if TYPE_CHECKING:
    from analysis.results import Results

NAMES = ("North", "South", "Nowhere")


def use_sums(cross: dict[tuple[str, str], float], **more: float) -> dict[str, float]:
    """Sums that a record of use is made of: nothing known but the cross table and what is given."""
    total = sum(cross.values())
    sums = dict.fromkeys(
        ("meaningful", "meaningful_known", "reached", "told", "price", "income", "priced", "gap_use_known",
         "meaningful_low", "meaningful_high", "using/affordable", "using/not_affordable",
         "using/affordability_not_known"), 0.0,
    ) | {f"{name}/{end}": 0.0 for name in ("device", "skills", "electricity", "afford") for end in ("yes", "known")}  # fmt: skip
    sums |= {f"{service}/{use}": cross.get((service, use), 0.0) for service in STATES for use in USES}
    return sums | {"population": total} | more


def use_summary(label: str = "women") -> dict:
    """100 people: 20 outside every network, 60 usable of whom 10 are offline, 20 of unknown service; 40 women."""
    cross = {("no_signal", "not_using"): 20.0, ("usable", "using"): 50.0, ("usable", "not_using"): 10.0,
             ("unknown", "use_not_known"): 20.0}  # fmt: skip
    region = _record(use_sums(cross, **{"device/yes": 25.0, "device/known": 80.0}))
    women = _record(use_sums({pair: 0.4 * count for pair, count in cross.items()}))
    gap = {"what": "group", "measure": "using_share", "first": "women", "second": "everybody",
           "first_share": 0.5, "second_share": 0.625, "ratio": 0.8, "points": -12.5}  # fmt: skip
    nothing = {**gap, "first_share": None, "second_share": None, "ratio": None, "points": None}
    return {
        "rule": "Best served first.", "affordable_rule": "", "of": "aged 15 and over", "year": 2021, "region": region,
        "by_settlement": [{"settlement": 30, "name": "urban centre", **region}],
        "by_zone": [], "gaps": [gap, nothing],
        "by_group": [{"group": "women", "label": label, "of": "", "year": 2021, "against": None, **women}],
    }  # fmt: skip


def inequality_summary() -> dict:
    figures = dict.fromkeys(
        ("gini", "theil", "theil_between", "theil_within", "theil_between_zones", "theil_within_zones", "atkinson_05",
         "atkinson_1", "mean"), 0.25,
    )  # fmt: skip
    figures |= {"palma": None, "known_people": 1000.0, "lorenz": [[0.0, 0.0], [0.5, 0.1], [1.0, 1.0]]}
    return {"target": "4G", "coverage": figures, "gap": {**figures, "gini": 0.5, "lorenz": [[0.0, 0.0], [0.8, 0.0], [1.0, 1.0]]},
            "spread": {"points": 82.94, "best": "urban centre", "worst": "rural cluster"}, "by_settlement": []}  # fmt: skip


def divided(results: Results, *, label: str = "women", who: str = "town meeting") -> Results:
    """The small region with what a run says of the divide; zones b (North), a (South), c (nothing known)."""
    zones = results.zones.assign(
        rank_p5=[1.0, 1.0, np.nan], rank_p95=[2.0, 2.0, np.nan], top_probability=[0.97, 0.05, np.nan],
        alike_first=[1.0, 2.0, np.nan], alike_last=[1.0, 2.0, np.nan], cluster=["high-high", "not significant", "not known"],
        cluster_p=[0.01, 0.4, np.nan], index_score=[0.25, 0.5, np.nan], index_rank=pd.array([1, 2, None], dtype="Int64"),
        index_availability=[0.0, 1.0, np.nan], index_availability_points=[0.0, 0.5, np.nan],
        index_devices=[0.5, np.nan, np.nan], index_devices_points=[0.25, 0.0, np.nan],
        unconnected_people=[30.0, np.nan, np.nan], rank_by_use=pd.array([1, None, None], dtype="Int64"),
        wifi_beyond_people=[400.0, 5.0, np.nan],
    )  # fmt: skip
    ids, names = zones["zone_id"].tolist(), zones["zone_name"].tolist()
    sure = pd.DataFrame(
        {"zone_id": ids, "zone_name": names, "rank": [1.0, 2.0, np.nan], "rank_median": [1.0, 2.0, np.nan],
         **{name: zones[name] for name in ("top_probability", "rank_p5", "rank_p95", "alike_first", "alike_last")},
         "rank_share_footprint": [0.75, np.nan, np.nan], "rank_share_population": [0.2, np.nan, np.nan]}
    )  # fmt: skip
    index = pd.DataFrame(
        {"zone_id": ids, "zone_name": names, "rank": [1.0, 2.0, np.nan], "score": [0.25, 0.5, np.nan],
         **{f"{name}{end}": zones[f"index_{name}{column}"] for name in ("availability", "devices")
            for end, column in (("_part", ""), ("_points", "_points"))}}
    )  # fmt: skip
    summary = {
        **results.summary,
        "uncertainty": {"draws": 1000, "top": 1, "population_sd": 0.1, "adoption_sd": 0.03},
        "clusters": {"moran_i": -0.25, "p_value": 0.0123, "permutations": 999, "false_discovery": 0.05,
                     "zones": {"high-high": 1, "not significant": 1, "not known": 1}, "islands": {"c": "b"}},
        "index": {"weights": {"availability": 0.5, "devices": 0.5}, "set_by": [who], "aggregation": "arithmetic",
                  "missing": "renormalise", "least_known": 0.5, "left_out": ["skills"], "meanings": {"skills": "who can"},
                  "sets": [{"name": who, "set_by": who, "set_on": "2026-05-01", "weights": {"availability": 3, "devices": 1}}]},
        "inequality": inequality_summary(),
        "use": use_summary(label),
    }  # fmt: skip
    tables = {
        "uncertainty": pd.concat([sure.assign(ranking="gap"), sure.assign(ranking="index")], ignore_index=True),
        "index": index,
        "indicators": indicator_table({**summary, "wifi": None}),
    }
    return replace(results, zones=zones, summary=summary, tables=tables)


def told_rows(markup: str) -> list[list[str]]:
    """Text of every row of the body of a table."""
    rows = re.findall(r"<tr.*?>(.*?)</tr>", markup.split("<tbody>", 1)[1])
    return [[re.sub(r"<.*?>", "", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows]


def drawing_of(markup: str) -> ET.Element:
    """The last drawing of a figure, read as strictly as a browser reads a picture by itself."""
    return ET.fromstring(re.findall(r"<svg.*?</svg>", markup, flags=re.DOTALL)[-1])


def linked(page: str) -> list[str]:
    """Ids that the contents below the map lead to."""
    return re.findall(r'href="#(.*?)"', page[page.index("<nav") : page.index("</nav>")])


def fills_of(results: Results) -> dict:
    return {fill["key"]: fill for fill in zone_fills(results)}


def said_of(layer: dict) -> list[list[str]]:
    return [layer["said"][place] for place in layer["says"]]


def test_zone_layers_stand_in_order_and_keep_unknown_apart() -> None:
    fills = fills_of(divided(make_results()))
    assert list(fills) == ["top_probability", "cluster", "index_score", "index_availability", "index_devices"]
    assert [fill["fill"][-1] for fill in fills.values()] == [None] * 5
    assert said_of(fills["top_probability"]) == [
        ["97.0%", "chance to be among the first 1"],
        ["5.0%", "chance to be among the first 1"],
        ["Unknown", "chance to be among the first 1"],
    ]
    assert fills["top_probability"]["fill"] == [5, 0, None]
    assert fills["index_score"]["fill"] == [2, 5, None]
    assert said_of(fills["index_score"])[0] == ["25.0 of 100", "on the index"]
    assert said_of(fills["index_devices"])[1] == ["Unknown", "for devices"]  # no part, though it has points: 0
    assert all(fill["missing"] for fill in fills.values())


def test_clusters_have_colour_label_and_mark() -> None:
    layer = fills_of(divided(make_results()))["cluster"]
    assert layer["fill"] == [0, 2, None]
    assert [item[0].split(":")[0] for item in layer["classes"]] == list(CLUSTER_WORDS)
    assert [item[2:] for item in layer["classes"]] == [["HH"], ["HL"], [], ["LH"], ["LL"]]
    assert said_of(layer)[0] == ["High-high", "a large gap among its like"]
    light = [0.299 * r + 0.587 * g + 0.114 * b for r, g, b in (rgb(colour[0]) for colour in CLUSTERS.values())]
    assert min(np.diff(sorted(light))) > 12  # told apart in grey as well


def test_zone_facts_say_interval_and_what_cannot_be_told_apart() -> None:
    facts = {fact["title"]: [words for (words,) in said_of(fact)] for fact in zone_facts(divided(make_results()))}
    assert facts == {
        "Rank, 5 – 95 % of 1,000 draws": ["1 – 2", "1 – 2", "not ranked"],
        "Not told apart from ranks": ["no other", "no other", "not ranked"],
        "Rank by the index": ["1", "2", "not ranked"],
    }
    assert span_words(3, 3) == "3"


def test_older_results_have_none_of_it() -> None:
    plain = make_results()
    assert zone_fills(plain) == zone_facts(plain) == []
    assert certainty_table(plain) == index_table(plain) == clusters_table(plain) == parts_table(plain.summary) == ""
    assert weights_table(None) == inequality_table(None) == lorenz_table(None) == lorenz_picture(None) == ""
    assert gaps_table(None) == barriers_table(None) == indicators_table(None) == indicators_table(pd.DataFrame()) == ""
    page = map_html(plain)
    assert '"facts":[]' in page
    assert linked(page) == ["order", "connected", "plan", "inputs"]


def test_columns_without_anything_known_give_nothing() -> None:
    results = divided(make_results())
    empty = results.zones.assign(
        top_probability=np.nan, cluster="not known", index_score=np.nan, rank_p5=np.nan, index_devices=np.nan,
        index_availability=np.nan, unconnected_people=np.nan,
    )  # fmt: skip
    assert zone_fills(replace(results, zones=empty)) == []
    assert "Not connected" not in zones_table(replace(results, zones=empty))
    nobody = results.tables["uncertainty"].assign(rank=np.nan)
    assert certainty_table(replace(results, tables={"uncertainty": nobody})) == ""
    record = {**results.summary["clusters"], "moran_i": float("nan"), "p_value": float("nan")}
    assert clusters_table(replace(results, summary={**results.summary, "clusters": record})) == ""
    bare = inequality_summary()
    bare["coverage"] = {**dict.fromkeys(bare["coverage"], float("nan")), "lorenz": [[None, None], [float("nan"), 1.0]]}
    bare["gap"] = {**bare["gap"], "lorenz": []}
    bare["spread"] = {"points": float("nan"), "best": None, "worst": None}
    assert lorenz_points(bare) == {}
    assert lorenz_picture(bare) == lorenz_table(bare) == ""
    assert told_rows(inequality_table(bare))[0][0] == "not defined"


@given(
    st.lists(st.floats(0, 1) | st.just(float("nan")), min_size=1, max_size=20).filter(lambda p: not np.isnan(p).all())
)
def test_every_chance_and_score_falls_in_the_class_that_names_it(values: list[float]) -> None:
    """Oracle: the words of the legend, read back."""
    results = divided(make_results())
    zones = results.zones.iloc[[0] * len(values)].assign(
        top_probability=values, index_score=values, zone_id=[f"{place:02d}" for place in range(len(values))]
    )
    fills = fills_of(replace(results, zones=zones))
    for place, value in enumerate(values):
        chance, score = (fills[key]["fill"][place] for key in ("top_probability", "index_score"))
        if np.isnan(value):
            assert chance is score is None
            continue
        bounds = [float(part) / 100 for part in re.findall(r"\d+", CHANCE_WORDS[chance])]
        if "most" in CHANCE_WORDS[chance]:
            assert value <= bounds[0]
        elif "least" in CHANCE_WORDS[chance]:
            assert value >= bounds[0]
        else:
            assert bounds[0] <= value < bounds[1]
        low, high = (float(part) / 100 for part in re.findall(r"\d+", score_classes()[score][0]))
        assert low <= value < high or value == high == 1


def test_need_is_dark_in_both_scales() -> None:
    fills = fills_of(divided(make_results()))

    def light(colour: str) -> float:
        return float(np.dot(rgb(colour), (0.299, 0.587, 0.114)))

    chance, score = ([light(item[1]) for item in fills[key]["classes"]] for key in ("top_probability", "index_score"))
    assert chance == sorted(chance, reverse=True)  # the likelier in the top, the darker
    assert score == sorted(score)  # the lower the score, the darker


def test_table_of_certainty_by_hand() -> None:
    markup = certainty_table(divided(make_results()))
    assert told_rows(markup) == [
        ["1", "North", "1 – 2", "1", "97.0%", "no other", "how far sites reach (75%)"],
        ["2", "South", "1 – 2", "2", "5.0%", "no other", "nothing: the rank stays"],
        ["–", "Nowhere", "not ranked", "–", "–", "not ranked", ""],
    ]
    assert "the count of people of each zone, off by 10%" in markup
    assert "1 zones are among the first 1 in at least 95 % of the draws, 1 in at most 5 %" in markup
    assert "weights around the chosen ones" in certainty_table(divided(make_results()), ranking="index")
    assert certainty_table(divided(make_results()), ranking="unconnected") == ""


def test_table_of_clusters_by_hand() -> None:
    results = divided(make_results())
    markup = clusters_table(results)
    assert [row[1:] for row in told_rows(markup)] == [
        ["North", "high-high", "a large gap among its like", "100.0%", "0.010"]
    ]
    assert "Moran&#x27;s I −0.25 (p 0.0123) from 999 random arrangements" in markup
    assert "1 high-high, 1 not significant, 1 not known" in markup
    assert "Meet no other zone: c (joined to b)." in markup
    calm = results.zones.assign(cluster="not significant")
    assert told_rows(clusters_table(replace(results, zones=calm)))[0][1] == "no zone"


def test_points_of_the_index_sum_to_the_score_and_gaps_are_named() -> None:
    markup = index_table(divided(make_results()))
    rows = told_rows(markup)
    assert rows == [
        ["1", "North", "25.0", "0.0", "25.0"],
        ["2", "South", "50.0", "50.0", "not known"],
        ["–", "Nowhere", "not known", "not known", "not known"],
    ]
    for row in rows[:2]:
        assert sum(float(points) for points in row[3:] if points != "not known") == float(row[2])
    assert "Devices not known: South, Nowhere." in markup


def test_weights_say_who_set_them_when_and_what_is_left_out() -> None:
    markup = weights_table(divided(make_results()).summary["index"])
    assert told_rows(markup) == [
        ["50.0%", "availability", "75.0%", ""],
        ["50.0%", "devices", "25.0%", ""],
        ["–", "skills", "0.0%", "who can: left out, no zone has it"],
    ]
    assert "town meeting, town meeting, 2026-05-01" in markup
    assert weights_table({"weights": {}}) == ""


def test_long_tables_are_cut_and_say_where_the_rest_is() -> None:
    results = divided(make_results())
    many = pd.concat([results.tables["uncertainty"].head(1)] * 250)
    markup = certainty_table(replace(results, tables={"uncertainty": many}))
    assert len(told_rows(markup)) == 100
    assert "The first 100 of 250; all of them stand in uncertainty.csv." in markup


def test_ledger_holds_everybody_once_in_rows_picture_and_table() -> None:
    summary = divided(make_results()).summary
    rows = ledger_rows(summary)
    assert [(row.scope, row.label, row.people) for row in rows] == [
        ("region", "everybody", 100.0), ("settlement", "urban centre", 100.0), ("group", "women", 40.0),
    ]  # fmt: skip
    assert all(sum(row.parts.values()) == pytest.approx(row.people) for row in rows)
    table = told_rows(ledger_table(summary))
    assert len(table) == 3 * 4
    assert table[0] == ["100", "everybody", "20", "0", "0", "0", "0", "60", "20"]
    assert table[2] == ["30", "everybody: do not use it", "20", "0", "0", "0", "0", "10", "0"]
    drawing = drawing_of(ledger_picture(summary))
    widths = [float(part.attrib["width"].rstrip("%")) for part in drawing.findall("rect")]
    assert widths == pytest.approx([20, 50, 10, 20] * 3, abs=1e-3)
    assert "usable, do not use it: 10 (10.0%)" in [part.findtext("title") for part in drawing.findall("rect")]


def test_picture_is_named_described_and_refers_only_to_itself() -> None:
    for markup in (ledger_picture(divided(make_results()).summary), lorenz_picture(inequality_summary())):
        drawing = drawing_of(markup)
        assert drawing.attrib["role"] == "img"
        named = drawing.attrib["aria-labelledby"].split()
        assert [drawing.find(tag).attrib["id"] for tag in ("title", "desc")] == named
        assert drawing.findtext("title")
        assert "The table below holds" in drawing.findtext("desc")
        ids = [item.attrib["id"] for item in drawing.iter() if "id" in item.attrib]
        assert len(ids) == len(set(ids))
        assert set(re.findall(r"url\(#(.*?)\)", markup)) <= set(ids)


def test_without_use_the_ledger_is_by_service_alone() -> None:
    plain = make_results().summary
    assert not use_told(plain)
    assert len(told_rows(ledger_table(plain))) == 1
    classes = [{"name": "urban centre", "population": 7.0, "ledger": {**dict.fromkeys(STATES, 0.0), "usable": 7.0}}]
    assert [row.people for row in ledger_rows({**plain, "settlement_gap": classes})][1:] == [7.0]
    nobody = use_summary()
    for record in (nobody["region"], nobody["by_settlement"][0], nobody["by_group"][0]):
        record["use"] = {"using": 0.0, "not_using": 0.0, "use_not_known": record["population"]}
    silent = {**plain, "use": nobody}
    assert not use_told(silent)
    assert {use for row in ledger_rows(silent) for _state, use in row.parts} == {""}
    assert [row.label for row in ledger_rows(silent)] == ["everybody", "urban centre", "women"]
    assert "whether they use it" not in ledger_picture(silent)
    assert parts_table(silent) == ""


def test_tables_of_use_by_hand() -> None:
    summary = divided(make_results()).summary
    parts = told_rows(parts_table(summary))
    assert parts[0] == ["100", "everybody", "20", "10", "50", "0", "20", "62.5%"]
    assert [sum(float(cell) for cell in row[2:7]) for row in parts] == [float(row[0]) for row in parts]
    assert "The share of those aged 15 and over is taken for everybody. Use in 2021." in parts_table(summary)
    assert told_rows(gaps_table(summary["use"])) == [
        ["−12.5", "women against everybody", "use the internet", "50.0%", "62.5%", "0.80"]
    ]
    assert told_rows(barriers_table(summary["use"]))[0] == ["100", "everybody", "25 (31.2%)"]
    meant = {**summary["use"]["region"], "meaningful": {"people": 8.0, "low": 2.0, "high": 9.0}}
    known = {**summary, "use": {**summary["use"], "region": meant}}
    assert [row[-1] for row in told_rows(parts_table(known))] == ["8 (2 – 9)", "not known", "not known"]
    assert gaps_table({**summary["use"], "gaps": []}) == ""


def test_lorenz_curves_are_drawn_and_read_in_tenths() -> None:
    record = inequality_summary()
    rows = told_rows(lorenz_table(record))
    assert [row[2:] for row in rows[4:8:3]] == [["10.0%", "0.0%"], ["64.0%", "0.0%"]]
    drawing = drawing_of(lorenz_picture(record))
    lines = [
        np.array([point.split(",") for point in line.attrib["points"].split()], dtype=float)
        for line in drawing.findall("polyline")
    ]
    start, end = lines[0][0], lines[0][-1]
    side = end[0] - start[0]
    assert side == start[1] - end[1]  # a square
    shares = (lines[0] - start) / (side, -side)
    np.testing.assert_allclose(shares, record["coverage"]["lorenz"], atol=1e-3)
    assert "the gap, Gini 0.500" in [item.text for item in drawing.findall("text")]
    assert "The half of the people with least has 10.0% of coverage and 0.0% of the gap." in lorenz_picture(record)


def test_inequality_says_each_figure_and_the_spread() -> None:
    markup = inequality_table(inequality_summary())
    rows = {row[1]: (row[0], row[2]) for row in told_rows(markup)}
    assert rows["Gini"] == ("0.250", "0.500")
    assert rows["Palma"] == ("not defined", "not defined")
    assert "(urban centre) and the worst (rural cluster) lie 82.9 percentage points" in markup


def test_indicators_stand_under_their_names_with_definition_and_source() -> None:
    markup = indicators_table(divided(make_results()).tables["indicators"])
    rows = told_rows(markup)
    offline = next(place for place, row in enumerate(rows) if row[0].startswith("SDG 17.8.1"))
    assert "Numerator: people counted as internet users" in rows[offline][0]
    assert "Source: UN Statistics Division" in rows[offline][0]
    assert rows[offline + 1][:6] == ["62.5%", "everybody", "50", "80", "2021", "–"]
    target = next(row for row in rows if "100% by 2030" in row and row[0] == "62.5%")
    assert target[6] == "37.5%"
    unknown = next(row for row in rows if row[-1].startswith("not known: price"))
    assert (unknown[0], unknown[2], unknown[3]) == ("not known", "not known", "not known")
    back = pd.read_csv(pd.io.common.StringIO(divided(make_results()).tables["indicators"].to_csv(index=False)))
    assert indicators_table(back) == markup


def test_zones_table_shows_the_figure_it_is_ordered_by() -> None:
    results = divided(make_results())
    rows = told_rows(zones_table(results))
    assert [row[6:8] for row in rows] == [["30", "400"], ["unknown", "5"], ["unknown", "unknown"]]
    assert [row[8] for row in told_rows(zones_table(results, by="index_rank"))] == ["25.0", "50.0", "unknown"]
    assert "Without public WiFi" not in zones_table(make_results())


class _Nesting(HTMLParser):
    """Every tag that is opened is closed, in order, and no id stands twice."""

    VOID = frozenset({"meta", "link", "img", "br", "input"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs) -> None:
        self.ids += [value for name, value in attrs if name == "id"]


@pytest.mark.parametrize("made", [make_results, lambda: divided(make_results())])
def test_page_is_well_formed_linked_and_the_same_twice(made) -> None:
    page = map_html(made())
    parser = _Nesting()
    parser.feed(page)
    assert parser.open == []
    assert len(parser.ids) == len(set(parser.ids))
    assert set(linked(page)) < set(parser.ids)
    assert page == map_html(made())
    assert not re.search(r"url\((?!#)", page)


@pytest.mark.parametrize("attack", ATTACKS)
def test_text_of_the_divide_stays_text(attack: str) -> None:
    results = divided(make_results(names=(attack, attack, "c")), label=attack, who=attack)
    use = {**results.summary["use"], "rule": attack, "of": attack, "affordable_rule": attack}
    use["by_settlement"] = [{**use["by_settlement"][0], "name": attack}]
    record = {**results.summary["index"], "meanings": {"skills": attack, "devices": attack}}
    islands = {**results.summary["clusters"], "islands": {attack: attack}}
    indicators = results.tables["indicators"].assign(
        **dict.fromkeys(
            ("code", "name", "of", "unit", "year", "note", "counted", "out_of", "definition", "source"), attack
        )
    )
    zones = results.zones.assign(cluster=["high-high", attack, attack])
    summary = {**results.summary, "use": use, "index": record, "clusters": islands}
    page = map_html(replace(results, zones=zones, summary=summary, tables={**results.tables, "indicators": indicators}))
    assert attack not in page
    assert page.count(text(attack)) >= 30
    assert page.count("<script") == 7
    data = re.search(r'id="gapmap-data">(.*?)</script>', page, flags=re.DOTALL)
    assert data is not None
    assert json.loads(data[1])["fills"][1]["said"][1][0].endswith(attack[1:])


CHROMIUM = Path("/usr/bin/chromium")


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}")
def test_zone_layers_are_shown_marked_and_read_by_pointer_and_click(tmp_path) -> None:
    from playwright.sync_api import sync_playwright

    results = divided(make_results(size=40, names=("North", ATTACKS[2], "Nowhere")), label=ATTACKS[2])
    write_map(results, tmp_path / "map.html")
    place = results.cells.iloc[[5]].to_crs(4326).geometry.iloc[0]
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        errors, asked = [], []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
        page.on("dialog", lambda dialog: (errors.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: asked.append(request.url))
        page.goto((tmp_path / "map.html").as_uri())
        page.evaluate("gapmap.ready()")
        for plan in page.get_by_label("Plan:").all():
            plan.uncheck()  # its markers lie on top
        page.get_by_label("Show on the map").select_option(label="Where the gap clusters")
        assert page.locator(".zone-mark").all_inner_texts() == ["HH"]
        assert page.locator("#legend li").first.inner_text().split() == [
            "HH",
            "high-high:",
            *["a", "large", "gap", "among", "its", "like"],
        ]
        panel, last = page.locator(".panel").bounding_box(), page.locator("#legend li").last.bounding_box()
        assert last["y"] + last["height"] <= panel["y"] + panel["height"]
        spot = page.evaluate(
            "([lat, lon]) => { const p = gapmap.state.map.latLngToContainerPoint([lat, lon]);"
            "const b = gapmap.state.map.getContainer().getBoundingClientRect(); return [p.x + b.x, p.y + b.y]; }",
            [place.y, place.x],
        )
        page.mouse.move(*spot)
        tip = page.locator(".leaflet-tooltip.reader")
        tip.wait_for()
        assert tip.locator(".value").inner_text() == "High-high a large gap among its like"
        page.get_by_label("Show on the map").select_option(label="Index of meaningful connectivity")
        assert page.locator(".zone-mark").count() == 0
        page.mouse.move(spot[0] + 1, spot[1])
        page.wait_for_function("document.querySelector('.reader .value').textContent.startsWith('25.0 of 100')")
        page.mouse.click(*spot)
        popup = page.locator(".leaflet-popup .zone dl")
        popup.wait_for()
        lines = popup.inner_text().splitlines()
        told = dict(zip(lines[::2], lines[1::2], strict=True))
        assert told["Rank, 5 – 95 % of 1,000 draws"] == "1 – 2"
        assert told["Not told apart from ranks"] == "no other"
        assert told["Where the gap clusters"] == "High-high"
        assert told["Chance to be among the first 1"] == "97.0%"
        assert page.locator("svg.bars").bounding_box()["width"] > 900
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.locator("svg.bars").bounding_box()["width"] < 360
        size = page.locator("svg.bars text").first.evaluate("node => node.getBoundingClientRect().height")
        assert size > 10  # letters are not scaled down
        browser.close()
    assert errors == []
    assert [url for url in asked if not url.startswith(("data:", "file:"))] == []


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}")
def test_a_map_can_start_with_a_layer_of_zones(tmp_path) -> None:
    from playwright.sync_api import sync_playwright

    (tmp_path / "map.html").write_text(
        map_html(divided(make_results()), compact=500, first="cluster"), encoding="utf-8"
    )
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 760, "height": 560})
        page.goto((tmp_path / "map.html").as_uri())
        assert page.locator("#legend h2").inner_text() == "Where the gap clusters"
        assert page.locator("#layer option:checked").inner_text() == "Where the gap clusters"
        left = page.locator(".map-box").bounding_box()
        assert left["x"] + left["width"] <= page.locator(".panel").bounding_box()["x"] + 1
        browser.close()
