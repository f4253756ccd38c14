"""The divide of a run: dimensions, index and rankings under doubt, on hand-made zones."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

from analysis.certainty import gap_certainty, use_certainty
from analysis.dimensions import GOALPOSTS, chosen_weights, index_columns, make_index, zone_dimensions
from analysis.fragments import Fragments
from analysis.ledger import Ledger
from analysis.scenario import DIMENSIONS, Scenario, parse_scenario
from data.use import UseShares
from geo.errors import ScenarioError

PEOPLE = np.array([100.0, 200.0, 50.0])
PARTS = Fragments(np.arange(3), PEOPLE, np.arange(3), np.arange(3), PEOPLE, 3)


def zones(gap=(50.0, 40.0, 10.0), **more):
    gap = np.array(gap)
    columns = {
        "zone_id": ["a", "b", "c"],
        "zone_name": ["A", "B", "C"],
        "population": PEOPLE,
        "unknown": [0.0, 20.0, 0.0],
        "usable": [25.0, 90.0, 0.0],
        "wifi_share": [0.5, np.nan, 0.1],
        "gap_people": gap,
        "gap_share": gap / PEOPLE,
        "rank": pd.array([1, 2, 3], dtype="Int64"),
        **more,
    }
    return gpd.GeoDataFrame(columns, geometry=[box(i, 0, i + 1, 1) for i in range(3)], crs=3035)


def shares(**given):
    nothing = np.full(3, np.nan)
    fields = {"using": nothing, "without": {}, "price": nothing, "income": nothing, "gini": nothing}
    return UseShares(**{**fields, **given}, affordable_share=0.02, of="", year=2026)


def ledger(below):
    part = np.array(below) / PEOPLE
    return Ledger({}, {"4G": 1 - part, "3G": 1 - part}, {"4G": np.ones(3), "3G": np.ones(3)})


def scenario(**uncertainty):
    return Scenario.model_validate({"uncertainty": {"top": 1, **uncertainty}})


def test_dimensions_by_hand():
    use = shares(
        without={"device": np.array([0.2, 0.4, np.nan])}, price=np.full(3, 6.0), income=np.array([300, 60, 0.0])
    )
    table = zone_dimensions(zones(), available=np.array([0.5, 0.8, 0.8]), quality_known=True, use=use)
    assert list(table.columns) == list(DIMENSIONS)
    assert table["quality"].tolist() == [0.25, 0.5, 0]  # 90 of the 180 whose service is known
    assert table["devices"].tolist()[:2] == [0.8, 0.6]
    assert table["affordability"].tolist()[:2] == pytest.approx([0.02, 0.1])
    assert np.isnan(table["affordability"].iloc[2])
    assert table["skills"].isna().all()
    blind = zone_dimensions(zones(), available=np.ones(3), quality_known=False, use=None)
    assert blind["quality"].isna().all()


def test_what_no_zone_has_is_left_out_and_named():
    table = zone_dimensions(zones(), available=np.array([0.5, 0.8, 0.8]), quality_known=True, use=None)
    index, left_out = make_index(table, Scenario().index)
    assert left_out == ["affordability", "devices", "skills", "power"]
    assert index.chosen == pytest.approx(dict.fromkeys(["availability", "quality", "public_access"], 1 / 3))
    assert index.score.tolist() == pytest.approx([(0.5 + 0.25 + 0.5) / 3, (0.8 + 0.5) / 2, (0.8 + 0 + 0.1) / 3])
    columns = index_columns(index, pd.Index(["a", "b", "c"]))
    assert columns["index_availability_points"][0] == pytest.approx(0.5 / 3)
    nothing, left = make_index(table * np.nan, Scenario().index)
    assert nothing is None
    assert left == list(DIMENSIONS)
    assert index_columns(None, pd.Index([])) == {}


def test_affordability_is_best_at_two_per_cent():
    table = pd.DataFrame({name: [np.nan] * 3 for name in DIMENSIONS}, index=["a", "b", "c"])
    table["affordability"] = [0.02, 0.06, 0.2]
    wanted = parse_scenario({"index": {"weights": {"affordability": 1.0}}}).index
    index, _ = make_index(table, wanted)
    assert index.score.tolist() == pytest.approx([1, 0.5, 0])
    assert GOALPOSTS["affordability"] == (0.1, 0.02)


def test_sets_of_weights_have_the_same_say():
    import datetime as dt

    body = {"set_on": dt.date(2026, 5, 1), "set_by": "council"}
    wanted = parse_scenario(
        {
            "index": {
                "sets": [
                    {"name": "one", "weights": {"skills": 10.0}, **body},
                    {"name": "two", "weights": {"power": 1.0, "skills": 1.0}, **body},
                ]
            }
        }
    ).index
    weights = chosen_weights(wanted)
    assert weights["skills"] == pytest.approx(0.75)
    assert weights["power"] == pytest.approx(0.25)
    assert weights["quality"] == 0


@pytest.mark.parametrize(
    ("index", "said"),
    [
        ({"weights": {"skills": 0.0}}, "sum to 0"),
        ({"weights": {"skills": -1.0, "power": 2.0}}, "skills is below 0"),
        ({"weights": {"skils": 1.0}}, "did you mean 'skills'"),
        ({"goalposts": {"skills": [1.0, 1.0]}}, "not equal"),
        ({"goalposts": {"skills": [1.0]}}, "worst, best"),
    ],
)
def test_impossible_weights_are_refused(index, said):
    with pytest.raises(ScenarioError, match=said):
        parse_scenario({"index": index})


def test_without_doubt_the_ranking_is_the_deterministic_one():
    found = gap_certainty(zones(), PARTS, {"central": ledger([50, 40, 10])}, scenario=scenario(population_sd=0.0))
    assert found.rank.tolist() == [1, 2, 3]
    assert found.rank_low.tolist() == found.rank_high.tolist() == [1, 2, 3]
    assert found.top_probability.tolist() == [1, 0, 0]


def test_footprints_move_ranks_within_their_band():
    below = {"low": [60, 100, 10], "central": [50, 40, 10], "high": [50, 0, 10]}
    ledgers = {name: ledger(values) for name, values in below.items()}
    found = gap_certainty(zones(), PARTS, ledgers, scenario=scenario(population_sd=0.0))
    # b overtakes a where 40 + 60 t > 50 + 10 t: t > 0.2; of a triangular position on -1…1 that is (1 - 0.2)² / 2
    assert found.top_probability[1] == pytest.approx(0.32, abs=0.05)
    # c overtakes b where 40 + 40 t < 10: t < -0.75
    assert found.rank_high[1] == 2 or found.rank_high[1] == 3
    assert found.rank_share["footprint"][1] == pytest.approx(1, abs=0.1)
    mixed = gap_certainty(zones(), PARTS, ledgers, scenario=scenario(population_sd=0.3))
    assert (mixed.rank_high - mixed.rank_low >= found.rank_high - found.rank_low).all()


def test_who_is_not_online_ranks_apart_and_the_silent_have_no_rank():
    using = np.array([0.9, 0.5, np.nan])
    table = zones(using_share=using, unconnected_people=[50.0, 100.0, np.nan])
    found = use_certainty(table, PARTS, {"central": ledger([50, 40, 10])}, scenario=scenario(population_sd=0.0))
    assert found.rank.tolist()[:2] == [2, 1]
    assert np.isnan(found.rank[2])
    none = use_certainty(
        zones(using_share=[np.nan] * 3, unconnected_people=[np.nan] * 3), PARTS, {}, scenario=scenario()
    )
    assert none is None
    edge = use_certainty(
        zones(using_share=[1.0, 0.0, 0.999], unconnected_people=[50.0, 200.0, 10.0]),
        PARTS,
        {"central": ledger([50, 40, 10])},
        scenario=scenario(adoption_sd=0.5),
    )
    assert edge.rank.tolist() == [2, 1, 3]
