"""Room at public WiFi: enhanced two-step floating catchment areas against PySAL access, on the same pairs.

Run ``python benchmarks/room.py`` or add ``--quick``. 1,000 hotspots among 100,000 cells of 100 m, every pair within 20
minutes' walk in a straight line. Everything is seeded; the answers are compared before a figure is printed. Times are of
the processor, ours the median of seven, the peer's one run. access takes part when it is installed (dependency group
'bench'). Ratios are what counts: times move from machine to machine.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import time

import numpy as np
import pandas as pd
from scipy.spatial import KDTree

from analysis.room import BANDS, room
from geo.walk import Pairs

USERS_EACH = 30
BEYOND_MIN = 20.0
"""Pairs go beyond the last band, so that both have to leave some out."""


def town(cells, spots, *, seed=0):
    """Pairs of hotspots and cells within `BEYOND_MIN`, people of each cell (a third are empty), access points."""
    rng, side = np.random.default_rng(seed), int(np.sqrt(cells))
    at = 100.0 * np.indices((side, side)).reshape(2, -1).T
    spot_at = rng.uniform(0, 100 * side, (spots, 2))
    near = KDTree(at).query_ball_point(spot_at, 80 * BEYOND_MIN, return_sorted=True)
    spot = np.repeat(np.arange(spots), [len(some) for some in near])
    cell = np.concatenate(near).astype(np.int64)
    people = rng.integers(1, 300, len(at)) * (rng.random(len(at)) < 2 / 3)
    return Pairs(spot, cell, np.hypot(*(at[cell] - spot_at[spot]).T) / 80), people, rng.integers(1, 9, spots)


def timed(run):
    start = time.process_time()
    answer = run()
    return time.process_time() - start, answer


def by_access(pairs, people, points):
    from access import Access, weights

    known = Access(
        demand_df=pd.DataFrame({"cell": np.arange(people.size), "people": people}),
        demand_index="cell",
        demand_value="people",
        supply_df=pd.DataFrame({"spot": np.arange(points.size), "room": points * USERS_EACH}),
        supply_index="spot",
        supply_value="room",
        cost_df=pd.DataFrame({"cell": pairs.target, "spot": pairs.source, "minutes": pairs.cost}),
        cost_origin="cell",
        cost_dest="spot",
        cost_name="minutes",
    )
    known.enhanced_two_stage_fca(max_cost=BANDS[-1][0], weight_fn=weights.step_fn(dict(BANDS)))
    return known.access_df["e2sfca_room"].to_numpy()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the size")
    cells, spots = (10_000, 100) if parser.parse_args().quick else (100_000, 1_000)
    pairs, people, points = town(cells, spots)
    print(f"{spots:,} hotspots, {people.size:,} cells, {pairs.cost.size:,} pairs; from pairs to places per person")
    runs = [
        timed(lambda: room(pairs, persons=people, access_points=points, users_each=USERS_EACH, at_once=0.1))
        for _ in range(8)
    ][1:]
    ours, found = statistics.median(seconds for seconds, _ in runs), runs[0][1].accessibility
    given = (people * found).sum() / (points * USERS_EACH).sum()
    assert abs(given - 1) < 1e-9, "not every place is given out once"
    print(f"ours, and how full each gets {ours:8.3f} s   1.0, every place given out once")
    if importlib.util.find_spec("access") is None:
        print("PySAL access: skipped, not installed (dependency group 'bench')")
        return
    theirs, other = timed(lambda: by_access(pairs, people, points))
    # a cell that no hotspot reaches has no row there, and 0 here
    assert (found[np.isnan(other)] == 0).all()
    np.testing.assert_allclose(found, np.nan_to_num(other), rtol=1e-9)
    off = np.nanmax(np.abs(found / np.where(other > 0, other, np.nan) - 1))
    print(f"PySAL access, n = 1          {theirs:8.3f} s   {theirs / ours:.1f} × ours, same to a share of {off:.0e}")


if __name__ == "__main__":
    main()
