"""Clusters against esda and plain numpy, inequality against plain pandas and PySAL. Answers first, then ratios.

Run ``python benchmarks/clusters.py``. Times are the median of three interleaved rounds, in CPU seconds of one process;
of peers that take long, n = 1, marked ¹. PySAL's `inequality` is named and left out where it is not installed (dependency
group 'dev').
"""

from __future__ import annotations

import importlib.util
import statistics
import sys
import time
import warnings
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from libpysal.graph import Graph

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from analysis.clusters import neighbours, where_clusters
from analysis.inequality import inequality_of

ROUNDS = 3
PERMUTATIONS = 999


def timed(way):
    start = time.process_time()
    answer = way()
    return time.process_time() - start, answer


def interleaved(ways, rounds=ROUNDS):
    """Median CPU seconds of each way, the ways taking turns; and each way's last answer."""
    seconds, answers = {name: [] for name in ways}, {}
    for _ in range(rounds):
        for name, way in ways.items():
            taken, answers[name] = timed(way)
            seconds[name].append(taken)
    return {name: statistics.median(taken) for name, taken in seconds.items()}, answers


def require(agree, what):
    if not agree:
        raise SystemExit(f"{what}: the answers differ, no timing is worth printing")


def line(name, seconds, base):
    print(f"  {name:<58} {seconds * 1e3:10.1f} ms {seconds / base:8.2f} × ours")


# --- clusters -----------------------------------------------------------------------------------------------------


def lattice(side):
    y, x = (corner.ravel() * 1000.0 for corner in np.mgrid[:side, :side])
    ids = [f"{row:05d}" for row in range(side * side)]
    return gpd.GeoDataFrame({"zone_id": ids}, geometry=shapely.box(x, y, x + 1000, y + 1000), crs=3035)


def plain_esda(zones, value):
    """Local and global statistic as the manual of esda shows them."""
    from esda.moran import Moran, Moran_Local

    graph = Graph.build_contiguity(zones, rook=False, strict=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        local = Moran_Local(value, graph, permutations=PERMUTATIONS, seed=0, n_jobs=1)
    return local.Is, np.minimum(1, 2 * local.p_sim), Moran(value, graph, permutations=PERMUTATIONS).I


def numpy_loop(zones, value):
    """The same in numpy, a zone at a time: what esda compiles."""
    pairs, _ = neighbours(zones)
    first = np.searchsorted(pairs[:, 0], np.arange(len(zones) + 1))
    z = (value - value.mean()) / value.std()
    scale = (z.size - 1) / (z @ z)
    rng = np.random.default_rng(0)
    widest = int(np.diff(first).max())
    drawn = np.array([rng.choice(z.size - 1, widest, replace=False) for _ in range(PERMUTATIONS)])
    local, p = np.empty(z.size), np.empty(z.size)
    for zone, (low, high) in enumerate(pairwise(first)):
        local[zone] = scale * z[zone] * z[pairs[low:high, 1]].mean()
        chance = scale * z[zone] * np.delete(z, zone)[drawn[:, : high - low]].mean(axis=1)
        p[zone] = min(
            1, 2 * (min((chance >= local[zone]).sum(), (chance <= local[zone]).sum()) + 1) / (PERMUTATIONS + 1)
        )
    return local, p, local.sum() / (z.size - 1)


def compare_clusters(side):
    zones = lattice(side)
    rng = np.random.default_rng(3)
    smooth = np.add.outer(np.sin(np.arange(side) / 5), np.cos(np.arange(side) / 7)).ravel()
    value = smooth + rng.normal(0, 1, side * side)

    def ours():
        found = where_clusters(zones, value, permutations=PERMUTATIONS)
        return found.zones["local_i"].to_numpy(), found.zones["p_value"].to_numpy(), found.moran_i

    ways = {"gapmap": ours, "esda": lambda: plain_esda(zones, value), "numpy": lambda: numpy_loop(zones, value)}
    for way in ways.values():
        way()
    seconds, answers = interleaved(ways)
    print(f"\n{side * side} zones, {PERMUTATIONS} permutations, Moran's I {answers['gapmap'][2]:.3f}")
    for name in ("esda", "numpy"):
        (local, p, moran_i), (own_local, own_p, own_i) = answers[name], answers["gapmap"]
        off = np.abs(p - own_p)
        require(np.allclose(local, own_local) and np.isclose(moran_i, own_i) and off.mean() < 0.04, name)
        print(
            f"  {name}: statistics equal; p-values of another draw off by {off.mean():.4f} on average, {off.max():.3f} at most"
        )
    line("gapmap where_clusters, local and global", seconds["gapmap"], seconds["gapmap"])
    line("esda called plainly, local and global", seconds["esda"], seconds["gapmap"])
    line("numpy, a zone at a time, local only", seconds["numpy"], seconds["gapmap"])


def first_call():
    """Loading esda and compiling it, which every process pays once: esda keeps no compiled code."""
    zones = lattice(6)
    seconds, _ = timed(lambda: where_clusters(zones, np.arange(36.0), permutations=99))
    again, _ = timed(lambda: where_clusters(zones, np.arange(36.0), permutations=99))
    print(f"\nfirst call in a process, 36 zones: {seconds:.1f} s; second {again * 1e3:.1f} ms (esda is compiled anew)")


# --- inequality ---------------------------------------------------------------------------------------------------


def plain_pandas(frame):
    """Gini and Theil's parts as one writes them in pandas."""
    ordered = frame.sort_values("value")
    share = ordered["weight"] / ordered["weight"].sum()
    amount = (ordered["value"] * ordered["weight"]).cumsum() / (ordered["value"] * ordered["weight"]).sum()
    gini = 1 - (share * (amount + amount.shift(fill_value=0))).sum()
    frame = frame.assign(amount=frame["value"] * frame["weight"])
    mean = frame["amount"].sum() / frame["weight"].sum()
    ratio = frame["value"] / mean
    theil = (frame["weight"] * ratio * np.log(ratio.where(ratio > 0, 1))).sum() / frame["weight"].sum()
    groups = frame.groupby("group")[["amount", "weight"]].sum()
    parts = groups["amount"] / frame["amount"].sum()
    between = (parts * np.log(groups["amount"] / groups["weight"] / mean)).sum()
    return gini, theil, between


def pysal(persons):
    from inequality.gini import Gini
    from inequality.theil import Theil

    return Gini(persons).g, float(Theil(persons).T)


def compare_inequality(count):
    rng = np.random.default_rng(8)
    value = np.where(rng.random(count) < 0.4, 1.0, rng.beta(2, 2, count))
    weight = rng.integers(1, 20, count).astype(float)
    frame = pd.DataFrame({"value": value, "weight": weight, "group": rng.integers(10, 31, count)})

    def ours():
        found = inequality_of(value, weight, frame["group"].to_numpy())
        return found.gini, found.theil, found.theil_between

    seconds, answers = interleaved({"gapmap": ours, "pandas": lambda: plain_pandas(frame)})
    require(np.allclose(answers["gapmap"], answers["pandas"], rtol=1e-9, atol=1e-12), "pandas")
    print(
        f"\ninequality of {count:,} cells with {weight.sum():,.0f} people: Gini {answers['gapmap'][0]:.4f}, Theil {answers['gapmap'][1]:.4f}"
    )
    line("gapmap inequality_of, all measures, any order of rows", seconds["gapmap"], seconds["gapmap"])
    line("plain pandas: Gini, Theil, between groups", seconds["pandas"], seconds["gapmap"])
    if importlib.util.find_spec("inequality") is None:
        print("  PySAL inequality: skipped, not installed (dependency group 'dev')")
        return
    persons = np.repeat(value, weight.astype(int))
    taken, answer = timed(lambda: pysal(persons))
    require(np.allclose(answers["gapmap"][:2], answer, rtol=1e-8), "PySAL")
    line("PySAL on persons one by one¹: Gini, Theil", taken, seconds["gapmap"])


if __name__ == "__main__":
    first_call()
    compare_clusters(16)
    compare_clusters(71)
    compare_inequality(1_000_000)
    many = np.random.default_rng(0).random((2, 10_000_000))
    print(f"\ninequality of 10 million cells¹: {timed(lambda: inequality_of(*many))[0]:.1f} s")
