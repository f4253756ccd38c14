"""The order of zones: by people in the gap, ties by id, the unknown never ranked."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from analysis.ranking import _ranked, ranking_table


def table(rows):
    base = {
        "zone_name": "", "no_signal": 0.0, "no_signal_share": 0.0, "rural_share": 0.5, "unknown_people": 0.0,
    }  # fmt: skip
    frame = pd.DataFrame([base | row for row in rows])
    frame["zone_name"] = frame["zone_id"]
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(np.zeros(len(frame)), np.zeros(len(frame))), crs=3035)


def test_order_ties_and_the_unknown():
    zones = table(
        [
            {"zone_id": "b", "population": 100.0, "gap_people": 10.0, "gap_share": 0.1},
            {"zone_id": "a", "population": 50.0, "gap_people": 10.0, "gap_share": 0.2},
            {"zone_id": "c", "population": 900.0, "gap_people": 90.0, "gap_share": 0.9, "unknown_people": 800.0},
            {"zone_id": "d", "population": 0.0, "gap_people": 0.0, "gap_share": np.nan},
            {"zone_id": "e", "population": 900.0, "gap_people": 20.0, "gap_share": 0.02},
        ]
    )
    ranked = ranking_table(_ranked(zones, target="4G"))
    assert list(ranked["zone_id"]) == ["e", "a", "b", "c", "d"]
    assert ranked["rank"].tolist()[:3] == [1, 2, 3]
    assert ranked["rank"].isna().tolist() == [False, False, False, True, True]
    assert ranked.set_index("zone_id").loc["a", "rank_by_share"] == 1
    reasons = ranked.set_index("zone_id")["reasons"]
    assert reasons["c"].startswith("not ranked: 4G coverage unknown for 89%")
    assert reasons["d"] == "nobody lives here"
    assert reasons["e"].startswith("2.0% of 900 people below 4G")


@pytest.mark.parametrize("seed", range(3))
def test_row_order_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    rows = [
        {"zone_id": f"z{i}", "population": 100.0, "gap_people": float(rng.integers(0, 4)), "gap_share": 0.0}
        for i in range(12)
    ]
    first = ranking_table(_ranked(table(rows), target="4G"))
    shuffled = [rows[i] for i in rng.permutation(12)]
    pd.testing.assert_frame_equal(first, ranking_table(_ranked(table(shuffled), target="4G")))
