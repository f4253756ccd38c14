"""Choosing what to build: lazy greedy against one pass over the pairs and against heapq + numpy, same picks.

Run ``python benchmarks/invest.py`` (500,000 cells × 20,000 candidates) or add ``--quick``. Everything is seeded; each
time is the median of three except the peer's (n = 1). Ratios are what counts: times move from machine to machine.
"""

from __future__ import annotations

import argparse
import heapq
import statistics
import time

import numpy as np

from analysis.invest import cut, first_gains, make_problem, plan, sequence
from analysis.invest.greedy import lazy_greedy


def instance(nx, ny, candidates, per_candidate, *, seed=0):
    """Cells with people in clumps; candidates (one in five a wide site, the rest WiFi) near them."""
    rng = np.random.default_rng(seed)
    people = rng.gamma(0.3, 100.0, nx * ny)
    site = np.arange(candidates) % 5 == 0
    radius = np.where(site, 1.6, 0.8) * np.sqrt(per_candidate / np.pi)
    x, y = rng.uniform(0, nx, candidates), rng.uniform(0, ny, candidates)
    indptr, rows, fraction = [0], [], []
    for j in range(candidates):
        reach = int(np.ceil(radius[j])) + 1
        c = np.arange(max(int(x[j]) - reach, 0), min(int(x[j]) + reach + 1, nx))
        r = np.arange(max(int(y[j]) - reach, 0), min(int(y[j]) + reach + 1, ny))
        distance = np.hypot(c[None, :] + 0.5 - x[j], r[:, None] + 0.5 - y[j])
        share = np.clip(radius[j] + 0.5 - distance, 0, 1).ravel()
        cells = (r[:, None] * nx + c[None, :]).ravel()
        rows.append(cells[share > 0])
        fraction.append(share[share > 0])
        indptr.append(indptr[-1] + rows[-1].size)
    cost = np.where(site, 120_000.0, 12_000.0) * rng.uniform(0.8, 1.2, candidates)
    return make_problem(
        people,
        indptr=indptr,
        rows=np.concatenate(rows),
        fraction=np.concatenate(fraction),
        cost=cost,
        value=np.where(site, 1.0, 0.5),
    )


def peer(problem, budget):
    """The straightforward way: heapq with lazy re-evaluation, gains by numpy."""
    reached = problem.start.copy()
    people = problem.weight

    def gain(j):
        here = slice(problem.indptr[j], problem.indptr[j + 1])
        rows, top = problem.rows[here], problem.level[j] + 1
        more = np.maximum(problem.fraction[here, None] - reached[rows, :top], 0)
        return float(people[rows] @ (more @ problem.steps[:top])) / problem.cost[j]

    heap = [(-gain(j), j, 0) for j in range(problem.size)]
    heapq.heapify(heap)
    order, spent = [], 0.0
    while heap:
        key, j, stamp = heapq.heappop(heap)
        if key >= 0 or spent + problem.cost[j] > budget:
            continue
        if stamp != len(order):
            heapq.heappush(heap, (-gain(j), j, len(order)))
            continue
        here = slice(problem.indptr[j], problem.indptr[j + 1])
        rows, top = problem.rows[here], problem.level[j] + 1
        reached[rows, :top] = np.maximum(reached[rows, :top], problem.fraction[here, None])
        order.append(j)
        spent += problem.cost[j]
    return np.array(order)


def timed(function, repeat=3):
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        result = function()
        times.append(time.perf_counter() - start)
    return statistics.median(times), result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the size")
    quick = parser.parse_args().quick
    size = (250, 200, 2_000, 100) if quick else (1000, 500, 20_000, 300)
    problem = instance(*size)
    budget = 0.05 * problem.cost.sum()

    def greedily(money):
        return lazy_greedy(problem.pairs, problem.start.copy(), problem.cost, first_gains(problem), 0.0, money)

    greedily(1.0)  # compile

    one_pass, _ = timed(lambda: first_gains(problem))
    greedy, order = timed(lambda: greedily(budget))
    whole, answer = timed(lambda: plan(problem, budget=budget))
    line = sequence(problem, budget=budget, max_budget=2 * budget)
    slider, again = timed(lambda: cut(line, budget / 2))
    slow, same = timed(lambda: peer(problem, budget), repeat=1)

    assert np.array_equal(order, same), "the peer picks something else"
    assert np.array_equal(order, answer.chosen)
    assert np.array_equal(again.chosen, plan(problem, budget=budget / 2).chosen)
    print(
        f"{problem.people.size:,} cells, {problem.size:,} candidates, {problem.rows.size:,} pairs, {order.size:,} picks"
    )
    print(f"one pass over the pairs   {one_pass:8.3f} s   1.0")
    print(f"lazy greedy               {greedy:8.3f} s   {greedy / one_pass:.1f} × one pass (its first gains included)")
    print(f"plan with its bound       {whole:8.3f} s   {whole / one_pass:.1f} × one pass")
    print(f"another budget (slider)   {slider:8.3f} s   {slider / one_pass:.1f} × one pass, bound included")
    print(f"heapq + numpy             {slow:8.3f} s   {slow / greedy:.1f} × lazy greedy, identical picks")
    print(f"people-equivalents {answer.value:,.0f}, bound {answer.bound:,.0f}: certified gap {answer.gap:.2%}")


if __name__ == "__main__":
    main()
