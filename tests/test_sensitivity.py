"""How far ranks move with the footprints: by hand, against scipy, and what must hold whatever the ranks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from analysis.sensitivity import rank_change, sensitivity_record


def zones_of(rank: list[int | None], gap: list[float] | None = None, ids: list[str] | None = None) -> pd.DataFrame:
    ids = [f"z{n:03d}" for n in range(len(rank))] if ids is None else ids
    return pd.DataFrame(
        {
            "zone_id": ids,
            "zone_name": [f"Zone {name}" for name in ids],
            "rank": pd.array(rank, dtype="Int64"),
            "gap_people": np.zeros(len(rank)) if gap is None else gap,
        }
    )


def test_by_hand() -> None:
    run = zones_of([1, 2, 3, None], [50, 40, 30, 5], ids=list("abcd"))
    low = zones_of([None, 1, 3, 2], [9, 90, 70, 80], ids=list("dcba"))  # rows in another order
    high = zones_of([2, 1, 3, None], [20, 25, 10, 1], ids=list("abcd"))
    table = rank_change(run, low, high)
    assert table.columns.tolist() == [
        "zone_id", "zone_name", "rank", "rank_low", "rank_high", "gap_people", "gap_low", "gap_high",
        "best", "worst", "moves",
    ]  # fmt: skip
    assert table.drop(columns="zone_name").head(3).to_numpy().tolist() == [
        ["a", 1, 2, 2, 50, 80, 20, 1, 2, 1],
        ["b", 2, 3, 1, 40, 70, 25, 1, 3, 2],
        ["c", 3, 1, 3, 30, 90, 10, 1, 3, 2],
    ]
    assert table.loc[3, ["rank", "rank_low", "rank_high", "best", "worst", "moves"]].isna().all()
    record = sensitivity_record(table)
    assert record.pop("zones") == [
        {"zone_id": "a", "zone_name": "Zone a", "rank": 1, "rank_low": 2, "rank_high": 2},
        {"zone_id": "b", "zone_name": "Zone b", "rank": 2, "rank_low": 3, "rank_high": 1},
        {"zone_id": "c", "zone_name": "Zone c", "rank": 3, "rank_low": 1, "rank_high": 3},
    ]
    # d = (0, 2, −2): 1 − 6 · 8 / (3 · 8) = −1; the best fifth of three zones is one, and it goes
    assert record == {
        "ranked": 3, "change": 3, "largest_move": 2, "spearman_low_high": -1.0, "top": 1, "top_stays": 0,
    }  # fmt: skip


def test_a_zone_ranked_under_some_footprints_only_has_no_range() -> None:
    table = rank_change(zones_of([1, 2]), zones_of([1, None]), zones_of([2, 1]))
    assert table["moves"].tolist() == [1, pd.NA]
    record = sensitivity_record(table)
    assert (record["ranked"], record["largest_move"], record["spearman_low_high"]) == (1, 1, None)
    assert record["zones"][1] == {
        "zone_id": "z001",
        "zone_name": "Zone z001",
        "rank": 2,
        "rank_low": None,
        "rank_high": 1,
    }


def test_nothing_ranked_says_nothing() -> None:
    for rank in ([], [None, None]):
        record = sensitivity_record(rank_change(zones_of(rank), zones_of(rank), zones_of(rank)))
        assert record == {"ranked": 0, "change": 0, "largest_move": None, "spearman_low_high": None, "top": None,
                          "top_stays": None, "zones": []}  # fmt: skip


def test_ranks_read_from_a_file_as_floats_are_the_same() -> None:
    whole = zones_of([2, 1, None])
    floats = whole.assign(rank=[2.0, 1.0, np.nan])
    pd.testing.assert_frame_equal(rank_change(whole, whole, whole), rank_change(floats, floats, floats))


def test_tables_of_other_zones_are_refused() -> None:
    with pytest.raises(ValueError, match=r"low: other zones.*high: other zones"):
        rank_change(zones_of([1]), zones_of([1, 2]), zones_of([1], ids=["x"]))
    twice = zones_of([1, 2], ids=["a", "a"])
    with pytest.raises(ValueError, match="zones: zone ids stand twice"):
        rank_change(twice, zones_of([1], ids=["a"]), zones_of([1], ids=["a"]))


@pytest.mark.parametrize(("count", "top"), [(1, 1), (5, 1), (6, 2), (19, 4), (20, 10), (50, 10)])
def test_size_of_the_top(count: int, top: int) -> None:
    same = zones_of(list(range(1, count + 1)))
    record = sensitivity_record(rank_change(same, same, same))
    assert (record["top"], record["top_stays"], record["change"], record["largest_move"]) == (top, top, 0, 0)
    assert record["spearman_low_high"] == (None if count == 1 else 1.0)


def test_the_top_is_counted_under_both_others() -> None:
    """The first leaves the top ten under low footprints, the second under high ones."""
    run, low, high = list(range(1, 21)), list(range(1, 21)), list(range(1, 21))
    low[0], low[10] = 11, 1
    high[1], high[19] = 20, 2
    record = sensitivity_record(rank_change(zones_of(run), zones_of(low), zones_of(high)))
    assert (record["top_stays"], record["change"], record["largest_move"]) == (8, 4, 18)


ORDERS = st.integers(2, 30).flatmap(
    lambda n: st.tuples(*[st.permutations(list(range(1, n + 1))) for _ in range(3)], st.permutations(list(range(n))))
)


@given(ORDERS)
def test_range_holds_every_rank_and_rows_change_nothing(case) -> None:
    run, low, high, order = case
    table = rank_change(zones_of(run), zones_of(low), zones_of(high))
    ranks = table[["rank", "rank_low", "rank_high"]].to_numpy(dtype=int)
    assert (table["best"].to_numpy(dtype=int) == ranks.min(axis=1)).all()
    assert (table["moves"].to_numpy(dtype=int) == np.ptp(ranks, axis=1)).all()
    turned = rank_change(zones_of(run).iloc[order], zones_of(low), zones_of(high).iloc[order])
    pd.testing.assert_frame_equal(table, turned)
    record = sensitivity_record(table)
    assert record["change"] == sum(a != b or b != c for a, b, c in ranks.tolist())
    assert [zone["rank"] for zone in record["zones"]] == list(range(1, len(run) + 1))


@given(ORDERS, st.data())
def test_correlation_equals_scipy(case, data) -> None:
    run, low, high, _ = case
    missing = data.draw(st.sets(st.integers(0, len(run) - 1), max_size=len(run) - 2))
    holes = [None if place in missing else rank for place, rank in enumerate(low)]
    record = sensitivity_record(rank_change(zones_of(run), zones_of(holes), zones_of(high)))
    kept = [place for place in range(len(run)) if place not in missing]
    expected = spearmanr([low[place] for place in kept], [high[place] for place in kept]).statistic
    assert record["spearman_low_high"] == pytest.approx(expected, abs=1e-12)
