"""A ranking over many draws: ours against a loop that draws, ranks by pandas and collects, on the same draws.

Run ``python benchmarks/uncertainty.py`` (5,000 zones × 1,000 draws) or add ``--quick``. Everything is seeded. The loop
runs once, ours three times (median); chances, quantiles and means are compared before a time is printed. The loop does
not look for what each source explains or which zones cannot be told apart: ours is timed without the first against it,
and with it alone. Ratios are what counts: times move from machine to machine.
"""

from __future__ import annotations

import argparse
import statistics
import time
import tracemalloc

import numpy as np
import pandas as pd

from analysis.uncertainty import Gaps, gap_model, rank_uncertainty
from analysis.uncertainty.chance import Streams


def zones(count, *, seed=0):
    """Districts of lognormal size; one in five without a gap, the others with more or less of one."""
    rng = np.random.default_rng(seed)
    people = np.round(rng.lognormal(9, 1, count))
    central = people * np.where(rng.random(count) < 0.2, 0, rng.beta(0.8, 2, count))
    return gap_model(
        rng.permutation([f"zone {k:05d}" for k in range(count)]),
        people=people,
        gap=Gaps(np.minimum(people, 1.4 * central), central, 0.6 * central),
        population_sd=0.1,
        adoption=np.clip(rng.beta(5, 3, count), 0.05, 0.95),
        adoption_sd=0.05,
    )


def by_pandas(model, *, top, draws, seed=0):
    """One draw after the other: a Series of keys, its ranks, all of them side by side, then their statistics."""
    ids = np.sort(model.zones.zone_id)
    streams = Streams(seed, "first")
    ranks = []
    for _ in range(draws):
        keys = pd.DataFrame(model.keys(model.draw(streams, 1)).T, index=ids)
        ranks.append(keys.rank(method="first", ascending=False))
    table = pd.concat(ranks, axis=1)
    return pd.DataFrame(
        {
            "top_probability": (table <= top).mean(axis=1),
            "rank_low": table.quantile(0.05, axis=1, interpolation="lower"),
            "rank_median": table.quantile(0.5, axis=1, interpolation="lower"),
            "rank_high": table.quantile(0.95, axis=1, interpolation="lower"),
            "rank_mean": table.mean(axis=1),
        }
    ).loc[model.zones.zone_id]


def timed(function, repeat=1):
    times, answer = [], None
    for _ in range(repeat):
        start = time.perf_counter()
        answer = function()
        times.append(time.perf_counter() - start)
    return statistics.median(times), answer


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the zones")
    count, draws, top = (500 if parser.parse_args().quick else 5000), 1000, 50
    rank_uncertainty(zones(30), top=1, draws=20)  # compile
    model = zones(count)
    bare, ours = timed(lambda: rank_uncertainty(model, top=top, draws=draws, sensitivity=False), repeat=3)
    loop, theirs = timed(lambda: by_pandas(model, top=top, draws=draws))
    for name in theirs:
        np.testing.assert_allclose(getattr(ours, name), theirs[name], rtol=1e-9, err_msg=name)
    full, found = timed(lambda: rank_uncertainty(model, top=top, draws=draws), repeat=3)
    tracemalloc.start()
    rank_uncertainty(model, top=top, draws=draws)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    print(f"{count:,} zones × {draws:,} draws; footprint, population and adoption in doubt")
    print(f"ours, with tiers           {bare:8.2f} s   1.0")
    print(f"pandas loop, n = 1         {loop:8.2f} s   {loop / bare:.1f} × ours, same chances, quantiles and means")
    print(f"ours, with sensitivity     {full:8.2f} s   {full / bare:.1f} × without; arrays take {peak:.0f} MB at most")
    shares = ", ".join(f"{name} {np.nanmean(share):.0%}" for name, share in found.rank_share.items())
    print(f"of the variance of a rank, on average: {shares}; the rest is interaction")


if __name__ == "__main__":
    main()
