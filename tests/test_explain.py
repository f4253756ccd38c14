"""Explanations: the sentences of a zone written by hand, the same numbers in every language, every number a table's."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from affine import Affine
from conftest import ROOT
from pyproj import CRS
from shapely.geometry import box
from test_cli import gapmap

from analysis.clusters import CLUSTERS
from analysis.explain import cell_sections, explain_cell, explain_zone, words, zone_sections
from analysis.explain.weak import OURS
from analysis.language import language, languages
from analysis.ledger import STATE_MEANING, STATES
from analysis.results import Results, read_results
from analysis.run import demo
from analysis.scenario import DIMENSIONS, Index
from analysis.settlement import CLASS_NAMES
from analysis.use_tables import ZONE_COLUMNS
from geo.errors import ScenarioError, SchemaError
from geo.grid import Grid

NEW = {
    "index_score": [0.35, 0.5, 0.75, np.nan],
    "index_rank": pd.array([1, 2, 3, None], dtype="Int64"),
    "index_availability": [0.5, 0.5, 0.9, np.nan],
    "index_availability_points": [0.25, 0.3, 0.5, np.nan],
    "index_skills": [0.2, np.nan, 0.5, np.nan],
    "index_skills_points": [0.1, np.nan, 0.25, np.nan],
    "rank_p5": [1, 1, 3, np.nan],
    "rank_p95": [2, 2, 3, np.nan],
    "top_probability": [0.75, 0.25, 0.0, np.nan],
    "alike_first": [1, 1, 3, np.nan],
    "alike_last": [2, 2, 3, np.nan],
    "rank_share_footprint": [0.5, 0.5, np.nan, np.nan],
    "rank_share_population": [0.25, 0.25, np.nan, np.nan],
    "cluster": ["high-high", "not significant", "not known", "not known"],
    "using_people": [600.0, 400.0, 0.0, 0.0],
    "not_using_people": [300.0, 100.0, 0.0, 0.0],
    "use_not_known_people": [100.0, 0.0, 1000.0, 0.0],
    "usage_gap_people": [120.5, 10.0, np.nan, np.nan],
    "meaningful_people": [80.25, np.nan, np.nan, np.nan],
    "rank_by_use": pd.array([1, 2, None, None], dtype="Int64"),
}
"""Columns that runs did not have at first, of zones Alpha, Beta, Gamma and Delta."""


def make_results(*, new=True, synthetic=False) -> Results:
    """Four zones and two cells by hand; nobody lives in Delta."""
    columns = {
        "zone_id": ["a", "b", "c", "d"],
        "zone_name": ["Alpha", "Beta", "Gamma", "Delta"],
        "population": [1000.0, 500.0, 1000.0, 0.0],
        "unknown": [100.0, 0.0, 0.0, 0.0],
        "no_signal": [50.0, 0.0, 0.0, 0.0],
        "below_broadband": [150.0, 100.0, 0.0, 0.0],
        "mobile_broadband": [250.0, 150.0, 100.0, 0.0],
        "declared_4g": [250.0, 250.0, 900.0, 0.0],
        "declared_5g": [0.0, 0.0, 0.0, 0.0],
        "usable": [200.0, 0.0, 0.0, 0.0],
        "centre_share": [0.0, 0.5, 1.0, np.nan],
        "cluster_share": [0.125, 0.25, 0.0, np.nan],
        "rural_share": [0.875, 0.25, 0.0, np.nan],
        "wifi_5_min_people": [10.0, np.nan, 20.0, 0.0],
        "wifi_10_min_people": [20.0, np.nan, 30.0, 0.0],
        "wifi_15_min_people": [40.0, np.nan, 50.0, 0.0],
        "wifi_known_people": [800.0, np.nan, 1000.0, 0.0],
        "wifi_no_way_people": [5.0, np.nan, 0.0, 0.0],
        "wifi_beyond_people": [790.0, np.nan, 980.0, 0.0],
        "wifi_share": [0.0125, np.nan, 0.02, np.nan],
        "gap_people": [450.0, 250.0, 100.0, 0.0],
        "gap_share": [0.5, 0.5, 0.1, np.nan],
        "unknown_people": [100.0, 0.0, 0.0, 0.0],
        "rank": pd.array([1, 2, 3, None], dtype="Int64"),
        "rank_by_share": pd.array([1, 2, 3, None], dtype="Int64"),
        "rank_by_wifi": pd.array([2, None, 1, None], dtype="Int64"),
        "reasons": ["", "", "", ""],
        "rank_low": pd.array([1, 2, 3, None], dtype="Int64"),
        "rank_high": pd.array([2, 1, 3, None], dtype="Int64"),
        "doubt_people": [12.5, np.nan, 0.0, np.nan],
        "pct_offline_15plus": [7.06, np.nan, 3.0, np.nan],
        "pct_students": [np.nan, 4.0, 3.0, np.nan],
        "empty": [np.nan] * 4,
        "synthetic": [False] * 4,
    } | (NEW if new else {})
    grid = Grid(CRS.from_epsg(3035), Affine(1000, 0, 4_000_000, 0, -1000, 3_010_000), (10, 12))
    shapes = [box(4_000_000 + 1000 * k, 3_000_000, 4_001_000 + 1000 * k, 3_001_000) for k in range(4)]
    cell = {
        "cell_id": [14, 30],
        "x": [4_002_500.0, 4_006_500.0],
        "y": [3_008_500.0, 3_007_500.0],
        "population": [1234.5, 10.0],
        "settlement": [22, 11],
        "zone_id": ["a", ""],
        **{state: [0.0, 0.0] for state in STATES},
        "unknown": [0.0, 10.0],
        "mobile_broadband": [1234.5, 0.0],
        **{f"at_least_{t}": [share, np.nan] for t, share in (("2g", 1.0), ("3g", 0.995), ("4g", 0.25), ("5g", np.nan))},
        "gap_people": [925.9, np.nan],
        "unknown_people": [0.0, 10.0],
        "declared_share": [0.5, np.nan],
        "modelled_share": [0.25, np.nan],
        "measured_share": [0.125, np.nan],
        "down_mbps": [12.34, np.nan],
        "up_mbps": [3.21, np.nan],
        "tests": [1500.0, np.nan],
        "room_share": [0.75, np.nan],
        "wifi_known": [1.0, 0.0],
        "wifi_5_min": [0.1, np.nan],
        "wifi_10_min": [0.2, np.nan],
        "wifi_15_min": [0.3, np.nan],
        "wifi_no_way": [0.05, np.nan],
        "wifi_radio": [0.01, np.nan],
        "wifi_walk_min": [17.25, np.nan],
        "wifi_places": [1.234, np.nan],
        "wifi_400_m": [0.15, np.nan],
        "wifi_nearest": ["w1", ""],
    }
    plan = pd.DataFrame(
        {
            "step": [1, 2, 3, 4],
            "candidate_id": list("pqrs"),
            "kind": ["site", "wifi", "site", "wifi"],
            "technology": ["4G", "WiFi", "4G", "WiFi"],
            "name": ["New 4G at cell 14", "Library", "Hill", "School"],
            "zone_id": ["a", "a", "b", "a"],
            "cost": [100_000.0, 5_000.0, 90_000.0, 1.0],
            "people": [200.5, 20.0, 90.0, 1.0],
            "within_budget": [True, True, True, False],
        }
    )
    inputs = [
        {"layer": "population", "file": "pop.tif", "source": "Census", "publisher": "", "licence": "", "year": 2015},
        {"layer": "coverage 1", "file": "map.gpkg", "source": "", "publisher": "", "licence": "ODbL", "year": 2021},
        {"layer": "women", "file": "women.tif", "source": "", "publisher": "Office", "licence": "ODbL", "year": None},
        {"layer": "zones", "file": "z.gpkg", "source": "Office", "publisher": "", "licence": "ODbL", "year": 2016},
    ]
    summary = {
        "name": "Testland",
        "synthetic": synthetic,
        "target": "4G",
        "basis": ["declared", "modelled"],
        "model": "link budget",
        "confidence": 0.9,
        "wifi": {"measure": "along streets", "reach_min": 5},
        "plan": {"budget": 200_000.0, "currency": "USD"},
        "silent_sites": {"sites": 2, "unknown_people": {"4G": 1000.0}},
        "inputs": inputs,
    }
    if new:
        chosen = {"availability": 0.5, "skills": 0.5}
        summary["index"] = {
            "weights": chosen,
            "set_by": ["ward meeting"],
            "left_out": ["devices", "power"],
            "scored": 3,
        }
        summary["uncertainty"] = {"draws": 1000, "top": 1}
    return Results(
        summary=summary,
        cells=gpd.GeoDataFrame(cell, geometry=gpd.points_from_xy(cell["x"], cell["y"]), crs=grid.crs),
        zones=gpd.GeoDataFrame(columns, geometry=shapes, crs=grid.crs),
        plan=plan,
        wifi=pd.DataFrame({"wifi_id": ["w1"], "name": ["Market"]}),
        grid=grid,
        provenance={},
    )


def lines(text):
    return [line.strip() for line in text.strip().splitlines() if line.strip()]


ALPHA = """
Alpha (a): rank 1 of 4 by people below 4G
Why
Of the 900.0 people for whom it is known, 450.0 are below 4G: 50.0%.
The median of the 3 ranked zones is 250.0 people below 4G; of their shares it is 50.0%.
Here it is 1.8 times as many people as in the median zone.
By the share of its people it is rank 1.
By people without free public WiFi in reach it is rank 2.
By people whom mobile broadband does not reach, or who do not use it, it is rank 1.
Its share of people below 4G is high, as its neighbours' are: more so than by chance.
Who lives here
1,000.0 people, from the population grid by exact area shares of cells
- in urban centres: 0.0%
- in urban clusters: 12.5%
- in rural cells: 87.5%
Of those aged 15 and over, 7.06% are offline, by the figures given.
State of service, each person in one
- the best technology is not known: 100.0
- outside every mobile network: 50.0
- 2G at best: 150.0
- 3G at best: 250.0
- inside a 4G footprint, quality not known or below the target: 250.0
- inside a 5G footprint, quality not known or below the target: 0.0
- 4G or better, and measured or dimensioned to meet the target speed: 200.0
Free public WiFi on foot
Walks (along streets), known for 800.0 people
- within 5 min: 10.0
- within 10 min: 20.0
- within 15 min: 40.0
- no way there at all: 5.0
In reach, that is within 5 min: 1.2%
Use of the internet, in people
- use the internet: 600.0
- do not use it: 300.0
- of whom it is not known: 100.0
- covered by mobile broadband, and not using it (the usage gap): 120.5
- meaningfully connected: usable, using it, able to afford it: 80.2
Index of meaningful connectivity
Score 35.0 of 100, rank 1 of 3 with a score; rank 1 is most in need.
The score is the sum of these points:
- availability: 25.0 points, 50.0% of the way to its goal, weight 50.0%
- skills: 10.0 points, 20.0% of the way to its goal, weight 50.0%
Left out, as no zone has figures of it: devices and electricity.
The weights were set by ward meeting.
How sure its rank is
In at least 90% of 1,000 random draws of what is not certain, its rank is from 1 to 2.
In 75.0% of the draws it is among the first 1.
What moves its rank, with the share of the variance: how far sites reach (50.0%) and how many people live where (25.0%).
It cannot be told apart from Beta: their order is kept in less than 90% of the draws.
What would change it
If sites reach less far (low footprints) it is rank 1; if further (high footprints), rank 2.
With 200.0 more people reached by 4G it is level with the zone after it, Beta (2).
What the plan does here
The plan builds 2 sites here, for 105,000 USD; 220.5 people gain by them:
- step 1, new 4G site at cell 14: 200.5 people for 100,000
- step 2, public WiFi, Library: 20.0 people for 5,000
What is weak in the inputs
Whether 4G reaches them is unknown for 100.0 people (10.0%).
Whether free public WiFi is in reach is unknown for 200.0 people.
Footprints of sites are modelled by a link budget by technology and settlement class, without terrain.
At their edge signal is only 90% sure.
Declared coverage is what operators claim: it overstates what people get.
The declared map covers 12.5 people whom measurements, or the model, do not.
2 sites in the region name no technology; that leaves 4G unknown for 1,000.0 people in all.
Not known here, though of other zones: pct_students.
population: of 2015, 6 years before the newest input (2021).
No licence is stated for pop.tif.
What it stands on
- population: pop.tif (Census; licence not stated)
- mobile coverage 1: map.gpkg (source not stated; ODbL)
- women: women.tif (Office; ODbL)
- zones: z.gpkg (Office; ODbL)
"""


def test_a_zone_by_hand():
    assert lines("\n".join(explain_zone(make_results(), "a"))) == lines(ALPHA)
    assert explain_zone(make_results(), "ALPHA") == explain_zone(make_results(), "a")


def test_headings_stand_at_the_margin_with_a_blank_line_before():
    told = explain_zone(make_results(), "a")
    assert told[1:4] == ["", "Why", "  Of the 900.0 people for whom it is known, 450.0 are below 4G: 50.0%."]
    sections = zone_sections(make_results(), "a", speak=language())
    assert [line for line in told if line and not line.startswith(" ")] == [part.heading for part in sections]


def test_french_and_spanish_by_hand():
    french = explain_zone(make_results(), "a", lang="fr")
    assert french[0] == "Alpha (a)\u00a0: rang 1 sur 4 par nombre de personnes sans 4G"
    assert "  Sur les 900,0 personnes dont on le sait, 450,0 sont sans 4G\u00a0: 50,0\u00a0%." in french
    assert (
        "  1\u202f000,0 personnes, d’après la grille de population, par parts exactes de surface des carreaux" in french
    )
    assert "  - étape 1, nouveau site 4G, carreau 14\u00a0: 200,5 personnes pour 100\u202f000" in french
    assert "  - compétences\u00a0: 10,0 points, 20,0\u00a0% du chemin vers son but, poids 50,0\u00a0%" in french
    spanish = explain_zone(make_results(), "a", lang="es")
    assert spanish[0] == "Alpha (a): puesto 1 de 4 por número de personas sin 4G"
    assert "  - paso 2, wifi público, Library: 20,0 personas por 5.000" in spanish


DECIMAL = {"en": (",", "."), "fr": ("\u202f", ","), "es": (".", ",")}


def numbers(told, code):
    """Numbers of a text as English writes them without thousands, and how often each stands there."""
    thousands, decimal = DECIMAL[code]
    group, point = re.escape(thousands), re.escape(decimal)
    found = re.findall(rf"\d{{1,3}}(?:{group}\d{{3}})+(?:{point}\d+)?|\d+(?:{point}\d+)?", "\n".join(told))
    return Counter(item.replace(thousands, "").replace(decimal, ".") for item in found)


def test_all_languages_say_the_same_numbers():
    results = make_results()
    for zone in ("a", "b", "c", "d"):
        expected = numbers(explain_zone(results, zone), "en")
        for code in languages():
            assert numbers(explain_zone(results, zone, lang=code), code) == expected, (zone, code)
    for cell in (14, 30):
        expected = numbers(explain_cell(results, cell), "en")
        for code in languages():
            assert numbers(explain_cell(results, cell, lang=code), code) == expected, (cell, code)


def test_no_english_is_left_in_another_language():
    english = {line for zone in "abcd" for line in explain_zone(make_results(), zone)}
    for code in set(languages()) - {"en"}:
        other = {line for zone in "abcd" for line in explain_zone(make_results(), zone, lang=code)}
        assert english & other <= {"", "  - women: women.tif (Office; ODbL)"}  # a group has its own name


def test_a_zone_in_the_middle_and_the_last_one():
    beta = explain_zone(make_results(), "b")
    assert "  With 150.0 more people reached by 4G it is level with the zone after it, Gamma (3)." in beta
    assert "  With 200.0 fewer people reached by 4G it is level with the zone before it, Alpha (1)." in beta
    assert "  Whether it is in reach is not known here." in beta
    assert "  Whether free public WiFi is in reach is unknown for 500.0 people." in beta
    assert "  - skills: not known here, weight 50.0%" in beta
    assert "  The plan builds 1 site here, for 90,000 USD; 90.0 people gain by it:" in beta
    assert "  Not known here, though of other zones: pct_offline_15plus." in beta
    gamma = explain_zone(make_results(), "c")
    assert "  In at least 90% of 1,000 random draws of what is not certain it is 3." in gamma
    assert "  Its order with its neighbours in the ranking is kept in at least 90% of the draws." in gamma
    assert "  The plan builds nothing here within 200,000 USD." in gamma
    assert not [line for line in gamma if "level with the zone after" in line or "What moves its rank" in line]
    assert not [line for line in gamma if "use the internet" in line or "whom measurements" in line]


def test_zones_without_a_rank():
    delta = explain_zone(make_results(), "d")
    assert delta[0] == "Delta (d): no rank, as nobody lives here"
    assert "Why" not in delta
    assert "  No score: too few of its dimensions are known here." in delta
    assert not [line for line in delta if "nan" in line.lower() or "level with" in line]
    results = make_results()
    zones = results.zones
    zones.loc[0, ["unknown_people", "gap_people"]] = 600.0, 0.0
    zones.loc[0, ["rank", "rank_by_share", "rank_low", "rank_p5", "alike_first"]] = None
    alpha = explain_zone(results, "a")
    assert alpha[0] == "Alpha (a): no rank, as it is unknown for 60.0% of its people whether 4G reaches them"
    assert "How sure its rank is" not in alpha
    assert not [line for line in alpha if "median" in line or "level with" in line]


def test_results_of_before_the_new_columns_still_explain():
    old = explain_zone(make_results(new=False), "a")
    unsaid = {"Use of the internet, in people", "Index of meaningful connectivity", "How sure its rank is"}
    told = explain_zone(make_results(), "a")
    assert unsaid <= set(told)
    assert not unsaid & set(old)
    assert set(old) <= set(told)
    results = make_results(new=False)
    walked = [column for column in results.zones if column.startswith(("wifi_", "rank_"))]
    oldest = replace(results, zones=results.zones.drop(columns=[*walked, "doubt_people"]))
    text = "\n".join(explain_zone(oldest, "a"))
    assert "WiFi on foot" not in text
    assert "low footprints" not in text
    assert "rank 1 of 4" in text
    del oldest.summary["silent_sites"], oldest.summary["basis"]
    assert "modelled" not in "\n".join(explain_zone(oldest, "a", lang="es"))


def test_columns_of_use_under_their_other_name():
    results = make_results()
    renamed = {f"{name}_people": name for name in ("using", "not_using", "use_not_known")}
    assert explain_zone(replace(results, zones=results.zones.rename(columns=renamed)), "a") == explain_zone(
        results, "a"
    )


CELL = """
Cell 14: row 1, column 2
Its centre is at 4,002,500 3,008,500 in ETRS89-extended / LAEA Europe.
The largest part of it lies in zone a.
1,234.5 people live here, summed from the population file.
Settlement class 22: semi-dense urban cluster.
What reaches them
2G or better reaches 100.0% of its people.
3G or better reaches 99.5% of its people.
4G or better reaches 25.0% of its people.
Whether 5G or better reaches its people is unknown.
925.9 people are known to be below 4G.
By the declared map, 50.0% of its people have 4G or better.
By the model, 25.0% of its people have 4G or better.
By the measurements, 12.5% of its people have the target speed.
Measured: 12.3 Mbit/s down, 3.2 up, in 1,500 tests.
The sites have room for 75.0% of those whom they serve.
Free public WiFi on foot
Walks (along streets), in shares of its people
- within 5 min: 10.0%
- within 10 min: 20.0%
- within 15 min: 30.0%
- no way there at all: 5.0%
- inside the radio range itself: 1.0%
Those who have a way walk 17.2 min on average.
Nearest to most of them: w1, Market.
Public WiFi has 1.23 places for every 1,000 people.
State of service, each person in one
"""


def test_a_cell_by_hand():
    told = lines("\n".join(explain_cell(make_results(), 14)))
    assert told[: len(lines(CELL))] == lines(CELL)
    assert "- 3G at best: 1,234.5" in told
    assert "- women: women.tif (Office; ODbL)" in told
    french = "\n".join(explain_cell(make_results(), 14, lang="fr"))
    assert "Classe 22 du degré d’urbanisation\u00a0: cluster urbain semi-dense." in french
    assert "Places de Wi-Fi public pour 1\u202f000 personnes\u00a0: 1,23." in french


def test_a_cell_of_which_nothing_is_known():
    told = explain_cell(make_results(synthetic=True), 30)
    assert told[1] == "  Synthetic: this place does not exist."
    assert "  It lies in no zone." in told
    assert "  How many of them are below 4G is unknown." in told
    assert "  Whether it is in reach is not known here." in told
    assert sum("or better reaches its people is unknown" in line for line in told) == 4
    assert not [line for line in told if "Measured" in line or "nan" in line.lower()]
    old = make_results()
    old = replace(
        old, cells=old.cells.drop(columns=[c for c in old.cells if c.startswith("wifi_") and c != "wifi_400_m"])
    )
    assert "  Share of its people within 400 m in a straight line: 15.0%" in explain_cell(old, 14)
    assert "  Share of its people within 400 m in a straight line: unknown" in explain_cell(old, 30)


def test_a_synthetic_place_says_so_first():
    assert explain_zone(make_results(synthetic=True), "a")[1] == "  Synthetic: this place does not exist."


def test_many_names_are_cut_short():
    results = make_results()
    more = pd.concat([results.zones.iloc[[0]]] * 12, ignore_index=True)
    more["zone_id"], more["zone_name"] = [f"z{k}" for k in range(12)], [f"Zone {k}" for k in range(12)]
    more["rank"] = more["rank_p5"] = np.arange(1, 13)
    more["alike_last"] = more["rank_p95"] = 12.0
    text = "\n".join(explain_zone(replace(results, zones=more), "z0"))
    assert "Zone 7, Zone 8, and 3 others: their order is kept" in text


def test_text_from_data_comes_without_control_characters():
    results = make_results()
    results.zones.loc[0, "zone_name"] = "Al\x1b[2Jpha\n{rank} <b>"
    results.zones.loc[1, "zone_name"] = "Be\u202eta"
    results.wifi.loc[0, "name"] = "Mar\x07ket"
    results.plan.loc[1, "name"] = "Lib\rrary"
    results.summary["inputs"][1]["file"] = "map\x00.gpkg"
    told = explain_zone(results, "a") + explain_cell(results, 14)
    assert told[0] == "Al[2Jpha {rank} <b> (a): rank 1 of 4 by people below 4G"
    assert all(line.isprintable() for line in told)
    assert "  Nearest to most of them: w1, Market." in told


def test_what_is_not_there_is_one_error():
    results = make_results()
    with pytest.raises(SchemaError, match=r"no zone 'Atlantis'.*use an id such as a \(Alpha\); b \(Beta\)"):
        explain_zone(results, "Atlantis")
    results.zones.loc[1, "zone_name"] = "alpha"
    with pytest.raises(SchemaError, match="2 zones are named 'Alpha'"):
        explain_zone(results, "Alpha")
    with pytest.raises(SchemaError, match=r"no populated cell 15.*from 14 to 30"):
        explain_cell(results, 15, lang="fr")
    with pytest.raises(ScenarioError, match="there is no 'de'"):
        explain_zone(results, "a", lang="de")


def test_words_are_those_of_the_tables():
    assert words.STATES == STATE_MEANING
    assert {code: name for code, name in CLASS_NAMES.items() if code >= 10} == words.SETTLEMENT
    assert tuple(words.DIMENSIONS) == DIMENSIONS
    assert set(words.CLUSTERS) == set(CLUSTERS)
    assert set(ZONE_COLUMNS) <= OURS
    results = make_results()
    results.summary["index"]["set_by"] = [Index().set_by]
    assert "  Nobody set the weights: they are equal." in explain_zone(results, "a")


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "results"
    demo(out, size_km=40)
    return out


def shown(values):
    """How figures may stand in an English text: counts, figures with one or two decimals, shares, points."""
    out = set()
    for value in values:
        texts = (f"{value:.0f}", f"{value:.1f}", f"{value:.2f}", f"{value:.0%}", f"{value:.1%}", f"{100 * value:.1f}")
        out |= {text.rstrip("%") for text in texts}
    return out


def tables_figures(results, row):
    """Every figure of the tables that a zone's explanation may say, and those derived from them, computed here."""
    zones, told, plan = results.zones, results.summary, results.plan
    own = [float(value) for value in row if isinstance(value, int | float | np.number) and np.isfinite(value)]
    ranked = zones[zones["rank"].notna()].sort_values("rank")
    gaps = ranked["gap_people"].to_numpy()
    here = plan[(plan["zone_id"] == row["zone_id"]) & plan["within_budget"]]
    derived = [len(zones), len(ranked), np.median(gaps), np.nanmedian(ranked["gap_share"])]
    derived += [row["population"] - row["unknown_people"], row["population"] - np.nan_to_num(row["wifi_known_people"])]
    derived += [row["unknown_people"] / max(row["population"], 1e-9), row["gap_people"] / np.median(gaps)]
    derived += [*np.abs(np.diff(gaps)), *ranked["rank"], here["cost"].sum(), here["people"].sum(), len(here)]
    derived += [*here["cost"], *here["people"], *here["step"], told["plan"]["budget"], told["confidence"], 0.9]
    derived += [row.get("pct_offline_15plus", 0) / 100, 15, 5, 10, 2, 3, 4, 100, 1]
    derived += [*here["chosen_share"], *here["people_if_it_fails"], np.floor(1000 * (1 - told["plan"]["gap"])) / 1000]
    for name in ("plan_zones", "plan_options"):
        table = results.tables[name]
        derived += table[table["zone_id"] == row["zone_id"]].select_dtypes("number").to_numpy().ravel().tolist()
    index, doubt = told.get("index") or {}, told.get("uncertainty") or {}
    derived += [*index.get("weights", {}).values(), index.get("scored", 0), doubt.get("draws", 0), doubt.get("top", 0)]
    derived += [told["silent_sites"]["sites"], told["silent_sites"]["unknown_people"][told["target"]]]
    return shown([float(value) for value in [*own, *derived] if np.isfinite(value)])


def test_every_number_of_a_run_is_one_of_its_tables(sample):
    results = read_results(sample)
    for _, row in results.zones.iterrows():
        for code in languages():
            sections = zone_sections(results, str(row["zone_id"]), speak=language(code))
            names = {
                str(name) for name in [*results.zones["zone_name"], *results.plan["name"], *row["zone_id"].split()]
            }
            names |= {re.split(r" (?:at site|on) ", name)[-1] for name in names}
            text = "\n".join([line for part in sections[:-1] for line in (part.heading, *part.lines)])  # but for inputs
            for name in sorted(names | set(results.zones), key=len, reverse=True):
                text = text.replace(name, "")
            text = re.sub(r"(?:cell|carreau|celda) \d+", "", text)
            unknown = set(numbers(text.splitlines(), code)) - tables_figures(results, row)
            assert not unknown, (row["zone_id"], code, unknown)


def test_points_of_the_index_sum_to_its_score(sample):
    results = read_results(sample)
    columns = [f"index_{name}_points" for name in DIMENSIONS if f"index_{name}_points" in results.zones]
    assert columns
    np.testing.assert_allclose(
        results.zones[columns].sum(axis=1, min_count=1), results.zones["index_score"], rtol=1e-12
    )


def test_every_input_of_a_run_has_words(sample):
    results = read_results(sample)
    layers = [item["layer"] for item in results.summary["inputs"]]
    french = language("fr")
    assert len({words.layer_words(layer, french) for layer in layers}) == len(layers)
    for layer in layers:
        assert layer.split(" ")[0] == "coverage" or layer in words.LAYERS, layer


def test_the_command_speaks_the_language_asked_for(sample):
    zone = json.loads((sample / "summary.json").read_text(encoding="utf-8"))["zones"][0]["zone_id"]
    plain = gapmap("explain", sample, "--zone", zone, LANG="fr_FR.UTF-8", LANGUAGE="fr")
    assert plain.returncode == 0, plain.stderr
    assert "What would change it" in plain.stdout  # the machine's language decides nothing
    spoken = gapmap("explain", sample, "--zone", zone, "--lang", "fr", PYTHONIOENCODING="utf-8")
    assert spoken.returncode == 0, spoken.stderr
    assert "Ce qui changerait son rang" in spoken.stdout
    refused = gapmap("explain", sample, "--zone", zone, "--lang", "tlh", cwd=ROOT)
    assert refused.returncode == 2
    assert "there is no 'tlh'" in refused.stderr
    assert not refused.stdout


def test_sections_of_a_cell_begin_with_its_place():
    first = cell_sections(make_results(), 14, speak=language("es"))[0]
    assert first.heading == "Celda 14: fila 1, columna 2"
    assert first.lines[1] == "Su mayor parte está en la zona a."
