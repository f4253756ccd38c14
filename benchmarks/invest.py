"""Choosing what to build: greedy, the plan and its bound, against one pass over the pairs and against peers.

Run ``python benchmarks/invest.py`` (500,000 cells × 20,000 candidates, some minutes) or add ``--quick``. Everything is
seeded; all run on one thread, and times are of its processor, the median of three or one run where n = 1. Answers are
compared before a figure is printed. Peers: heapq with numpy (greedy), HiGHS's linear relaxation (the bound) and spopt's
MCLP (the optimum; its matrix is dense, and it builds its rows one by one, so it gets a smaller instance). Ratios are
what counts: times move from machine to machine.
"""

from __future__ import annotations

import argparse
import heapq
import resource
import statistics
import time
import warnings

import numpy as np

from analysis.invest import cut, exact, first_gains, make_problem, plan, sequence
from analysis.invest.milp import solve
from analysis.invest.model import make_model, make_program
from analysis.invest.picks import greedy_picks, start_after

NONE = np.empty(0, dtype=np.int64)
GAP, EFFORT, GREEDY = 0.01, 100, 4
"""Goals: gap at most, within so many times the time of greedy, which takes at most so many passes over the pairs."""


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
        start = time.process_time()
        result = function()
        times.append(time.process_time() - start)
    return statistics.median(times), result


def line(name, seconds, words):
    print(f"{name:34} {seconds:9.3f} s   {words}", flush=True)


def memory_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def large(quick):
    """Greedy, plan, bound and slider."""
    size = (250, 200, 2_000, 100) if quick else (1000, 500, 20_000, 300)
    problem = instance(*size)
    given = memory_mb()
    budget = 0.05 * problem.cost.sum()
    plan(problem, budget=budget / 50)  # compile

    def greedily():
        return greedy_picks(problem, start_after(problem, NONE, NONE), budget)

    one, _ = timed(lambda: first_gains(problem))
    greedy, order = timed(greedily)
    slow, same = timed(lambda: peer(problem, budget), repeat=1)
    assert np.array_equal(order, same), "the peer picks something else"
    marginal, first = timed(lambda: plan(problem, budget=budget, effort=0))
    assert np.array_equal(order, first.chosen)
    whole, answer = timed(lambda: plan(problem, budget=budget), repeat=1)
    order_of = sequence(problem, budget=budget, max_budget=2 * budget, effort=0)
    slider, _ = timed(lambda: cut(order_of, 1.5 * budget))

    print(
        f"{problem.people.size:,} cells, {problem.size:,} candidates, {problem.rows.size:,} pairs, {order.size:,} picks"
    )
    line("one pass over the pairs", one, "1.0")
    line("lazy greedy", greedy, f"{greedy / one:.1f} × one pass, its first gains included (goal {GREEDY})")
    line("heapq + numpy (n = 1)", slow, f"{slow / greedy:.1f} × lazy greedy, identical picks")
    line("greedy plan, marginal bounds", marginal, f"{marginal / one:.1f} × one pass; gap {first.gap:.2%}")
    goal = "more where there are few pairs" if quick else f"goal {EFFORT}"
    words = f"{whole / greedy:.0f} × lazy greedy ({goal}); gap {answer.gap:.2%} (goal {GAP:.0%})"
    line("plan: relaxation and swaps (n = 1)", whole, words)
    line("another budget (slider)", slider, f"{slider / one:.2f} × one pass, bound included")
    print(
        f"plan {answer.value / first.value - 1:+.2%} on greedy; peak memory of the process {memory_mb():,.0f} MB, {given:,.0f} of them before any plan"
    )
    assert answer.gap <= GAP


def middle(quick):
    """The bound against HiGHS's linear relaxation, and the plan against the optimum."""
    problem = instance(*((100, 80, 500, 60) if quick else (250, 200, 2_000, 100)), seed=1)
    budget = 0.05 * problem.cost.sum()
    ours, answer = timed(lambda: plan(problem, budget=budget))

    def relaxation():
        start = start_after(problem, NONE, NONE)
        model = make_model(problem, start, start.gains > 0)
        unit = answer.bound / 1000
        program = make_program(model, budget=budget, unit=unit, tight=False)
        program.whole[:] = False
        return solve(program, nodes=0).value * unit

    theirs, bound = timed(relaxation, repeat=1)
    assert answer.value <= bound <= answer.bound * (1 + 1e-6)
    print(f"\n{problem.people.size:,} cells, {problem.size:,} candidates, {problem.rows.size:,} pairs")
    line(
        "plan with its bound",
        ours,
        f"gap {answer.gap:.3%}; its bound is {answer.bound / bound - 1:.3%} above the linear optimum",
    )
    line("HiGHS, linear relaxation (n = 1)", theirs, f"{theirs / ours:.1f} × the plan with its bound, and no plan")


def small():
    """The optimum, as spopt finds it."""
    import pulp
    from spopt.locate import MCLP

    rng = np.random.default_rng(2)
    cells, sites, count = 4_000, 300, 20
    places, homes = rng.uniform(0, 100, (2, cells)), rng.uniform(0, 100, (2, sites))
    distance = np.hypot(*(places[:, :, None] - homes[:, None, :]))
    people = np.ceil(rng.gamma(0.3, 100.0, cells))
    near = [np.flatnonzero(distance[:, j] <= 8) for j in range(sites)]
    rows = np.concatenate(near)
    indptr = np.append(0, np.cumsum([one.size for one in near]))
    problem = make_problem(people, indptr=indptr, rows=rows, fraction=np.ones(rows.size), cost=np.ones(sites))

    def peer_of():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            model = MCLP.from_cost_matrix(distance, people, service_radius=8, p_facilities=count)
            return model.solve(pulp.HiGHS(msg=False, threads=1)).problem.objective.value()

    planning, found = timed(lambda: plan(problem, budget=count))
    ours, answer = timed(lambda: exact(problem, found), repeat=1)
    theirs, best = timed(peer_of, repeat=1)
    assert answer.status == "optimal"
    assert abs(answer.plan.value - best) <= 1e-5 * best
    print(f"\n{cells:,} cells, {sites:,} sites of equal cost, {count} to choose")
    line("plan", planning, f"{found.value / best:.3%} of the optimum, gap {found.gap:.3%}")
    line("plan, then the exact search (n = 1)", planning + ours, "the optimum, proved")
    line("spopt MCLP with HiGHS (n = 1)", theirs, f"{theirs / (planning + ours):.1f} × ours, the same optimum")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the size")
    quick = parser.parse_args().quick
    large(quick)
    middle(quick)
    small()


if __name__ == "__main__":
    main()
