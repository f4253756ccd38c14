"""Clusters of zones: lattices worked by hand, esda called plainly as the oracle, no answer that hangs on row order."""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from esda import crand, moran
from esda.moran import Moran, Moran_Local
from hypothesis import given, settings
from hypothesis import strategies as st
from libpysal.graph import Graph
from pyproj import CRS

from analysis import clusters as module
from analysis.clusters import neighbours, where_clusters
from data.zones import read_zones
from geo.errors import CRSError, RangeError

SIDE = 6


def lattice(side: int = SIDE) -> gpd.GeoDataFrame:
    """Squares of 1 km, zone ids row by row from the south-west: "00", "01", …"""
    y, x = (corner.ravel() * 1000.0 for corner in np.mgrid[:side, :side])
    ids = [f"{row:02d}" for row in range(side * side)]
    return gpd.GeoDataFrame({"zone_id": ids}, geometry=shapely.box(x, y, x + 1000, y + 1000), crs=3035)


def noise(seed: int = 6) -> np.ndarray:
    return np.random.default_rng(seed).random(SIDE**2)


def squares(*corners: tuple[float, float]) -> gpd.GeoDataFrame:
    ids = list("abcdefgh"[: len(corners)])
    return gpd.GeoDataFrame({"zone_id": ids}, geometry=[shapely.box(x, y, x + 1, y + 1) for x, y in corners], crs=3035)


def planted() -> np.ndarray:
    """Noise of 0 to 0.2, but 0.8 to 1 in the 3×3 zones of the south-west."""
    value = np.random.default_rng(1).uniform(0, 0.2, (SIDE, SIDE))
    value[:3, :3] += 0.8
    return value.ravel()


def test_a_planted_cluster_is_found() -> None:
    found = where_clusters(lattice(), planted())
    cluster = found.zones["cluster"].to_numpy().reshape(SIDE, SIDE)
    assert (cluster[:2, :2] == "high-high").all()
    assert not (cluster[3:, :] == "high-high").any()
    assert (cluster == "low-low").sum() == 0  # three quarters are low: that low lies beside low is no wonder
    assert found.moran_i > 0.5
    assert found.p_value == 2 / 10_000
    assert found.islands == {}


def test_one_zone_by_hand() -> None:
    """The corner has three neighbours: I = (n − 1) z Σ z_j / 3 / Σ z²."""
    value = planted()
    z = value - value.mean()
    found = where_clusters(lattice(), value, permutations=9).zones.set_index("zone_id")
    assert found.loc["00", "local_i"] == pytest.approx(35 * z[0] * (z[1] + z[6] + z[7]) / 3 / (z**2).sum())


def test_outliers_have_their_names() -> None:
    value = planted().reshape(SIDE, SIDE)
    value[1, 1] = 0.0
    low = where_clusters(lattice(), value.ravel()).zones
    assert low["cluster"][7] == "low-high"
    high = where_clusters(lattice(), 1 - value.ravel()).zones
    assert high["cluster"][7] == "high-low"
    assert low["p_value"].equals(high["p_value"])


def test_equals_esda_called_plainly(monkeypatch) -> None:
    """The statistics are those of esda; the p-values are too, within the chance of two sets of random draws."""
    # the same code run as Python: compiling it takes twenty times as long as running it
    for where, names in {
        crand: ("compute_chunk", "vec_permutations", "_permutation_significance"),
        moran: ("_moran_local_crand",),
    }.items():
        for name in names:
            monkeypatch.setattr(where, name, getattr(where, name).py_func)
    value, zones = noise(), lattice()
    graph = Graph.build_contiguity(zones.set_index("zone_id"), rook=False)
    found = where_clusters(zones, value, permutations=9999, seed=5)
    with pytest.warns(DeprecationWarning, match="alternative hypothesis"):
        plain = Moran_Local(value, graph, permutations=9999, seed=7)
    np.testing.assert_allclose(found.zones["local_i"], plain.Is, rtol=1e-12)
    # esda counts a draw that meets the observed statistic on one side only, and by the last digit
    met = np.isclose(plain.sim, plain.Is, rtol=0, atol=1e-9).sum(axis=0)
    same = met == 0
    assert same.sum() > 30
    both = np.minimum(1, 2 * plain.p_sim)[same]
    chance = 2 * np.sqrt(2 * both / 2 * (1 - both / 2) / 9999)
    assert (np.abs(found.zones["p_value"][same] - both) < 4.5 * chance + 4e-4).all()


def test_the_global_statistic_equals_that_of_esda() -> None:
    """Its p-value under randomisation (Cliff and Ord) is a normal approximation of what the permutations count."""
    value = noise() + 0.05 * np.arange(SIDE**2) / SIDE
    found = where_clusters(lattice(), value)
    whole = Moran(value, Graph.build_contiguity(lattice(), rook=False), permutations=0)
    assert found.moran_i == pytest.approx(whole.I)
    assert 0.001 < found.p_value < 0.5
    assert found.p_value == pytest.approx(whole.p_rand, rel=0.3)


def test_false_discoveries_by_hand() -> None:
    """Benjamini and Hochberg: the largest k with p_(k) ≤ α k / n decides, all up to it are found."""
    value = planted() + 0.8 * noise()
    found = where_clusters(lattice(), value, permutations=999, alpha=0.2).zones
    p = np.sort(found["p_value"])
    below = np.flatnonzero(p <= 0.2 * np.arange(1, p.size + 1) / p.size)
    assert below.size
    expected = found["p_value"] <= p[below[-1]]
    assert ((found["cluster"] != "not significant") == expected).all()
    assert 0 < expected.sum() < p.size


def test_chance_makes_no_clusters() -> None:
    """Of forty maps of noise about α may show a cluster somewhere."""
    zones = lattice()
    shown = sum(
        where_clusters(zones, noise(seed), permutations=1999, seed=seed)
        .zones["cluster"].ne("not significant").any()
        for seed in range(40)
    )  # fmt: skip
    assert shown <= 6


def test_a_checkerboard_is_the_reverse_of_a_cluster() -> None:
    """By corners too, an inner zone has 4 like and 4 unlike neighbours; an edge 2 and 3, a corner 1 and 2."""
    value = (np.indices((SIDE, SIDE)).sum(axis=0) % 2).ravel().astype(float)
    found = where_clusters(lattice(), value)
    assert found.moran_i == pytest.approx(-(16 / 5 + 4 / 3) / 36)
    assert (found.zones["local_i"] <= 1e-12).all()
    assert set(found.zones["cluster"]) == {"not significant"}


@pytest.mark.parametrize("rounding", [0, 1e-12])
def test_equal_values_are_no_cluster(rounding) -> None:
    found = where_clusters(lattice(), 0.3 + rounding * noise())
    assert set(found.zones["cluster"]) == {"not significant"}
    assert found.zones[["local_i", "p_value", "p_adjusted"]].isna().all(axis=None)
    assert math.isnan(found.moran_i)
    assert math.isnan(found.p_value)


def test_a_zone_at_the_mean_is_no_cluster() -> None:
    value = np.r_[np.zeros(17), 0.5, 0.5, np.ones(17)]
    found = where_clusters(lattice(), value, permutations=99).zones
    assert found["local_i"][17] == 0
    assert found["p_value"][17] == 1


def test_rounding_decides_nothing() -> None:
    """Most zones have the same gap; noise in the last digits breaks no tie."""
    value = np.where(noise(1) < 0.3, np.round(noise(2), 1), 0.0)
    first = where_clusters(lattice(), value, permutations=999)
    second = where_clusters(lattice(), value + 1e-14 * noise(3), permutations=999)
    pd.testing.assert_series_equal(first.zones["p_value"], second.zones["p_value"])
    assert first.p_value == second.p_value


def test_ties_count_as_extreme() -> None:
    """Two kinds of zones: an inner zone's statistic is met again by chance at least as often as counted by hand."""
    value = (np.arange(SIDE**2) % SIDE < SIDE / 2).astype(float)
    found = where_clusters(lattice(), value, seed=3).zones
    # zone 7: all 8 neighbours alike, drawn from 17 like and 18 unlike
    tail = math.comb(17, 8) / math.comb(35, 8)
    assert found["p_value"][7] == pytest.approx(2 * tail, abs=8e-4)
    # zone 8: 5 of 8 alike
    tail = sum(math.comb(17, k) * math.comb(18, 8 - k) for k in range(5, 9)) / math.comb(35, 8)
    assert found["p_value"][8] == pytest.approx(2 * tail, abs=0.03)


def test_the_unknown_are_left_out() -> None:
    zones, value = lattice(), planted()
    value[30:] = np.nan  # the northern row
    found = where_clusters(zones, value, permutations=999)
    assert (found.zones["cluster"][30:] == "not known").all()
    assert found.zones["p_value"][30:].isna().all()
    alone = where_clusters(zones[:30], value[:30], permutations=999)
    pd.testing.assert_frame_equal(found.zones[:30], alone.zones)
    assert (found.moran_i, found.p_value) == (alone.moran_i, alone.p_value)


def test_islands_are_joined_to_the_nearest_zone_and_named() -> None:
    # a b c in a row, d an island beside c, e as far from a as from nothing else
    zones = squares((0, 0), (1, 0), (2, 0), (5, 0), (-9, 0))
    pairs, islands = neighbours(zones)
    assert islands == {3: 2, 4: 0}
    assert pairs.tolist() == [[0, 1], [0, 4], [1, 0], [1, 2], [2, 1], [2, 3], [3, 2], [4, 0]]
    found = where_clusters(zones, np.arange(5.0), permutations=99)
    assert found.islands == {"d": "c", "e": "a"}
    assert found.zones["local_i"].notna().all()
    # the island whose stand-in is not known has nothing to be compared with
    value = np.array([0, 1, np.nan, 3, 4])
    assert where_clusters(zones, value, permutations=99).zones["cluster"].tolist() == [
        "not significant", "not significant", "not known", "not known", "not significant",
    ]  # fmt: skip


def test_islands_between_two_equally_near_zones_take_the_first() -> None:
    assert neighbours(squares((0, 0), (4, 0), (2, 0)))[1] == {0: 2, 1: 2, 2: 0}


def test_edges_need_not_be_the_same_to_the_last_digit() -> None:
    zones = squares((0, 0), (1 - 1e-9, 0), (2, 1))
    assert neighbours(zones)[0].tolist() == [[0, 1], [1, 0], [1, 2], [2, 1]]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_zones_have_no_clusters(count) -> None:
    found = where_clusters(squares((0, 0), (1, 0))[:count], np.arange(float(count)))
    assert len(found.zones) == count
    assert set(found.zones["cluster"]) <= {"not known" if count == 1 else "not significant"}
    assert found.zones["local_i"].isna().all()
    assert math.isnan(found.moran_i)


def test_three_zones_are_tested() -> None:
    found = where_clusters(squares((0, 0), (1, 0), (2, 0)), np.array([0.0, 1, 2]), permutations=99)
    assert found.zones["local_i"].tolist() == [0, 0, 0]
    assert set(found.zones["cluster"]) == {"not significant"}


@pytest.mark.parametrize("seed", range(3))
def test_row_order_changes_no_bit(seed) -> None:
    zones, value = lattice(), np.round(planted(), 1)
    value[[3, 20]] = np.nan
    order = np.random.default_rng(seed).permutation(len(zones))
    first = where_clusters(zones, value, permutations=499, seed=seed)
    second = where_clusters(zones.iloc[order], value[order], permutations=499, seed=seed)
    pd.testing.assert_frame_equal(first.zones, second.zones, check_exact=True)
    assert (first.moran_i, first.p_value) == (second.moran_i, second.p_value)


def test_many_zones_are_drawn_in_several_goes(monkeypatch) -> None:
    value = planted()
    whole = where_clusters(lattice(), value, permutations=5000)
    monkeypatch.setattr(module, "SIMULATED", 36 * 700)
    parts = where_clusters(lattice(), value, permutations=5000)
    np.testing.assert_allclose(parts.zones["p_value"], whole.zones["p_value"], atol=0.05)
    assert not parts.zones["p_value"].equals(whole.zones["p_value"])
    assert parts.p_value == 2 / 5001
    np.testing.assert_array_equal(parts.zones["local_i"], whole.zones["local_i"])


@settings(max_examples=20)
@given(st.integers(0, 9), st.floats(0.01, 100), st.floats(-100, 100))
def test_units_change_nothing(seed, scale, shift) -> None:
    value = np.round(noise(seed), 2)
    first = where_clusters(lattice(), value, permutations=99)
    second = where_clusters(lattice(), scale * value + shift, permutations=99)
    pd.testing.assert_frame_equal(first.zones, second.zones, rtol=1e-6, atol=1e-9)
    assert (first.zones["p_value"] >= 2 / 100).all()
    assert (first.zones["p_adjusted"] >= first.zones["p_value"] - 1e-12).all()


def test_bad_input() -> None:
    zones, value = lattice(), planted()
    with pytest.raises(ValueError, match=r"\(2,\) values for 36 zones"):
        where_clusters(zones, value[:2])
    with pytest.raises(RangeError, match="finite"):
        where_clusters(zones, np.full(36, np.inf))
    with pytest.raises(RangeError, match="permutations"):
        where_clusters(zones, value, permutations=0)
    with pytest.raises(RangeError, match="alpha"):
        where_clusters(zones, value, alpha=1)
    with pytest.raises(CRSError, match="no CRS"):
        where_clusters(zones.set_crs(None, allow_override=True), value)
    with pytest.raises(CRSError, match="degrees"):
        where_clusters(zones.to_crs(4326), value)


def test_communes_that_were_cut_keep_their_neighbours(paris) -> None:
    """Shared corners as the oracle: slower, and it needs corners to be the same, but overlaps do not disturb it."""
    path = paris / "zones_communes_arrondissements.geojson"
    zones = read_zones(path, id_column="code", name_column="nom", crs=CRS(3035)).zones
    pairs, islands = neighbours(zones)
    corners = Graph.build_contiguity(zones.geometry, rook=False).adjacency
    assert list(map(tuple, pairs.tolist())) == sorted(corners[corners > 0].index)
    assert islands == {}
