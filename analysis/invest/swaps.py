"""Swaps: take something out of a plan or put something in, mend the budget, and keep what is better.

What is kept is judged by Φ = aim + rate · money left, the rate being about that of the last thing bought: money left
over is worth something, because the next step spends it; in the end it is worth nothing. Φ only rises, so the search
ends; the best plan met is returned. Work is counted in pairs touched, not in seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from analysis.invest.bench import LEFT, LOGGED, NET, TOUCHED, WORK, Bench, make_bench, move, price_of, undo
from analysis.invest.compiled import inner

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.invest.locks import Locks
    from analysis.invest.problem import Problem

LEAST_WORK = 1e6
"""Pairs that may be touched however small the problem is."""

POLISH = 0.25
"""Part of the work that is left for the end, when money left over is worth nothing."""

WORTH_A_TRY = 0.5
"""Candidates outside the plan with less of that rate than this are not tried."""


def improved(
    problem: Problem, order: NDArray[np.int64], *, locks: Locks, budget: float, rate: float, effort: float
) -> NDArray[np.int64] | None:
    """The candidates of a better plan of the same budget, ascending; None where the swaps tried bring nothing.

    Parameters
    ----------
    problem : Problem
    order : int64 array (steps,)
        The plan, what is locked in included.
    locks : Locks
    budget : float
    rate : float
        What money is worth while the search is under way: aim per cost.
    effort : float
        Passes over the pairs, `LEAST_WORK` pairs at least.
    """
    best, gained = order, 0.0
    limit = max(LEAST_WORK, effort * problem.rows.size)
    for worth, part in ((rate, 1.0 - POLISH), (0.0, POLISH)):
        bench = make_bench(problem, best, locks=locks, budget=budget)
        inside = bench.inside.copy()
        more = search(bench, inside, worth, part * limit)
        if more > 0:
            best, gained = np.flatnonzero(inside), gained + more
    return best if gained > 0 else None


@njit(cache=True, nogil=True)
def search(bench: Bench, best: Any, rate: float, limit: float) -> float:
    """Sweep over the candidates until nothing changes or the work is done; the best plan met goes into `best`."""
    total, top, least = 0.0, 0.0, 1e-9 * max(bench.score.sum(), 1e-300)
    while True:
        changed = False
        for j in worthwhile(bench, rate):
            if bench.tally[WORK] > limit:
                return top
            kept = trial(j, bench, rate, least)
            changed |= kept
            total += bench.sums[NET] if kept else 0.0
            if kept and total > top + least:
                top = total
                best[:] = bench.inside
        if not changed:
            return top


@inner
def worthwhile(bench: Bench, rate: float) -> Any:
    """What to try: everything in the plan, the poorest first, then what is outside, the richest first."""
    keys = np.full(bench.inside.size, np.inf)
    for j in range(keys.size):
        if bench.free[j]:
            own = bench.score[j] / price_of(j, bench)
            keys[j] = own if bench.inside[j] else (1e300 / (1.0 + own) if own > WORTH_A_TRY * rate else np.inf)
    order = np.argsort(keys, kind="mergesort")
    return order[: np.sum(keys < np.inf)]


@inner
def trial(j: int, bench: Bench, rate: float, least: float) -> bool:
    """Turn candidate `j` over, mend the plan, and keep that if Φ has risen; `sums` tell what it brought."""
    bench.sums[NET] = 0.0
    bench.tally[LOGGED] = bench.tally[TOUCHED] = 0
    before = bench.sums[LEFT]
    was_inside = bench.inside[j]
    move(j, bench)
    if not was_inside:
        drop(j, bench, rate)
    if bench.sums[LEFT] >= 0.0:
        fill(bench, rate)
    risen = bench.sums[NET] + rate * (bench.sums[LEFT] - before)
    if bench.sums[LEFT] >= 0.0 and risen > least:
        for at in range(bench.tally[TOUCHED]):
            bench.saved[bench.touched[at]] = np.nan
        return True
    undo(bench)
    bench.sums[LEFT] = before
    return False


@inner
def drop(kept: int, bench: Bench, rate: float) -> None:
    """Take out what loses less than its price is worth, and more while the plan costs too much; `kept` stays."""
    while bench.tally[LOGGED] < bench.log.size:
        lowest, which = np.inf, -1
        for j in range(bench.inside.size):
            if bench.inside[j] and bench.free[j] and j != kept:
                worth = bench.score[j] - rate * price_of(j, bench)
                if worth < lowest:
                    lowest, which = worth, j
        if which < 0 or (lowest >= 0.0 and bench.sums[LEFT] >= 0.0):
            return
        move(which, bench)


@inner
def fill(bench: Bench, rate: float) -> None:
    """Put in what is worth most beyond its price, as long as something fits and gains."""
    while bench.tally[LOGGED] < bench.log.size:
        highest, which = -np.inf, -1
        for j in range(bench.inside.size):
            if bench.free[j] and not bench.inside[j] and bench.score[j] > 0.0:
                own = price_of(j, bench)
                if own <= bench.sums[LEFT] and bench.score[j] - rate * own > highest:
                    highest, which = bench.score[j] - rate * own, j
        bench.tally[WORK] += bench.inside.size // 8
        if which < 0:
            return
        move(which, bench)
