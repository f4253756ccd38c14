"""The plan under the hammer: candidates go in and out again, and what each is worth is kept up to date. Compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit

from analysis.invest.compiled import inner
from analysis.invest.greedy import Money, Pairs, State, gain_of, row_gain, zone_gain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.invest.columns import Columns
    from analysis.invest.locks import Locks
    from analysis.invest.problem import Problem

LEFT, NET = 0, 1
"""Places in `Bench.sums`: money left, and what the moves of the trial have brought."""

WORK, LOGGED, TOUCHED, STAMP = 0, 1, 2, 3
"""Places in `Bench.tally`: pairs touched, moves logged, scores changed in the trial, the last mark given."""

LONGEST = 64
"""Moves in one trial."""


class Bench(NamedTuple):
    """A plan that can change; all but the first five are changed in place.

    ``second`` is what ``reached`` falls back to when one candidate that attains it goes. ``score`` is the gain of a
    candidate outside the plan and the loss of one inside, kept for those that are ``free`` to move; ``saved`` is the
    score before the trial, NaN where it has not changed. ``users`` counts the candidates of each asset. ``log`` lists
    the moves of the trial.
    """

    pairs: Pairs
    money: Money
    columns: Columns
    start: Any
    free: Any
    state: State
    second: Any
    inside: Any
    users: Any
    score: Any
    saved: Any
    touched: Any
    mark: Any
    log: Any
    sums: Any
    tally: Any


def make_bench(problem: Problem, order: NDArray[np.int64], *, locks: Locks, budget: float) -> Bench:
    """Lay out a plan with every score."""
    size = problem.size
    free = np.ones(size, dtype=np.bool_)
    free[locks.fixed] = free[locks.barred] = False
    bench = Bench(
        problem.pairs,
        problem.money,
        problem.columns,
        problem.start,
        free,
        problem.state(),
        problem.start.copy(),
        np.zeros(size, dtype=np.bool_),
        np.zeros(problem.asset_cost.size, dtype=np.int64),
        np.zeros(size),
        np.full(size, np.nan),
        np.zeros(size, dtype=np.int64),
        np.zeros(size, dtype=np.int64),
        np.zeros(LONGEST, dtype=np.int64),
        np.zeros(2),
        np.zeros(4, dtype=np.int64),
    )
    lay_out(order, budget, bench)
    return bench


@njit(cache=True, nogil=True)
def lay_out(order: Any, budget: float, bench: Bench) -> None:
    """Put an order in, and work out the money left and every score."""
    spent = 0.0
    for j in order:
        spent += price_of(j, bench)
        enter(j, bench)
    bench.sums[LEFT] = budget - spent
    for j in range(bench.score.size):
        if bench.free[j]:
            bench.score[j] = loss_of(j, bench) if bench.inside[j] else gain_of(j, bench.pairs, bench.state)


@inner
def price_of(j: int, bench: Bench) -> float:
    """What putting candidate `j` in costs, or taking it out frees."""
    asset = bench.money.asset[j]
    if asset < 0 or bench.users[asset] > (1 if bench.inside[j] else 0):
        return bench.money.cost[j]
    return bench.money.cost[j] + bench.money.asset_cost[asset]


@inner
def row_loss(j: int, k: int, bench: Bench) -> float:
    """Weighted value that the row of pair `k` would lose without candidate `j`."""
    pairs, reached = bench.pairs, bench.state.reached
    row, total = pairs.rows[k], 0.0
    for rung in range(pairs.level[j] + 1):
        if pairs.fraction[k] == reached[row, rung]:
            total += pairs.weight[row] * pairs.steps[rung] * (reached[row, rung] - bench.second[row, rung])
    return total


@inner
def loss_of(j: int, bench: Bench) -> float:
    """What the aim would lose without candidate `j`."""
    pairs = bench.pairs
    total, here, zone = 0.0, 0.0, -1
    for k in range(pairs.indptr[j], pairs.indptr[j + 1]):
        own = pairs.zone[pairs.rows[k]] if pairs.priority > 0.0 else -1
        if own != zone:
            total += zone_gain(zone, here, here, pairs, bench.state.value)
            here, zone = 0.0, own
        here += row_loss(j, k, bench)
    return total + zone_gain(zone, here, here, pairs, bench.state.value)


@inner
def enter(j: int, bench: Bench) -> None:
    """Let candidate `j` serve its rows."""
    pairs, reached, second = bench.pairs, bench.state.reached, bench.second
    for k in range(pairs.indptr[j], pairs.indptr[j + 1]):
        row, share = pairs.rows[k], pairs.fraction[k]
        if pairs.priority > 0.0 and pairs.zone[row] >= 0:
            bench.state.value[pairs.zone[row]] += row_gain(j, k, pairs, reached)
        for rung in range(pairs.level[j] + 1):
            if share >= reached[row, rung]:
                second[row, rung] = reached[row, rung]
                reached[row, rung] = share
            elif share > second[row, rung]:
                second[row, rung] = share
    bench.inside[j] = True
    if bench.money.asset[j] >= 0:
        bench.users[bench.money.asset[j]] += 1


@inner
def leave(j: int, bench: Bench) -> None:
    """Let candidate `j` serve nobody any more."""
    pairs, second = bench.pairs, bench.second
    bench.inside[j] = False
    if bench.money.asset[j] >= 0:
        bench.users[bench.money.asset[j]] -= 1
    for k in range(pairs.indptr[j], pairs.indptr[j + 1]):
        row, share = pairs.rows[k], pairs.fraction[k]
        if pairs.priority > 0.0 and pairs.zone[row] >= 0:
            bench.state.value[pairs.zone[row]] -= row_loss(j, k, bench)
        for rung in range(pairs.level[j] + 1):
            if share >= second[row, rung] and share > bench.start[row, rung]:
                top_two(row, rung, bench)


@inner
def top_two(row: int, rung: int, bench: Bench) -> None:
    """Find the two largest fractions of a row at a rung among what was there and what is in the plan."""
    columns = bench.columns
    best = runner = bench.start[row, rung]
    for at in range(columns.first[row], columns.first[row + 1]):
        other = columns.candidate[at]
        if bench.inside[other] and bench.pairs.level[other] >= rung:
            if columns.fraction[at] >= best:
                runner, best = best, columns.fraction[at]
            elif columns.fraction[at] > runner:
                runner = columns.fraction[at]
    bench.tally[WORK] += columns.first[row + 1] - columns.first[row]
    bench.state.reached[row, rung], bench.second[row, rung] = best, runner


@inner
def rescore(j: int, bench: Bench) -> None:
    """Work out the score of candidate `j` anew, keeping the one before the trial."""
    tally = bench.tally
    if np.isnan(bench.saved[j]):
        bench.saved[j] = bench.score[j]
        bench.touched[tally[TOUCHED]] = j
        tally[TOUCHED] += 1
    bench.score[j] = loss_of(j, bench) if bench.inside[j] else gain_of(j, bench.pairs, bench.state)
    tally[WORK] += bench.pairs.indptr[j + 1] - bench.pairs.indptr[j]


@inner
def rescore_around(j: int, bench: Bench) -> None:
    """Work out anew the scores of all that share a row with candidate `j`."""
    pairs, columns, tally = bench.pairs, bench.columns, bench.tally
    tally[STAMP] += 1
    for k in range(pairs.indptr[j], pairs.indptr[j + 1]):
        row = pairs.rows[k]
        for at in range(columns.first[row], columns.first[row + 1]):
            other = columns.candidate[at]
            if bench.mark[other] != tally[STAMP] and bench.free[other]:
                bench.mark[other] = tally[STAMP]
                rescore(other, bench)
        tally[WORK] += columns.first[row + 1] - columns.first[row]


@inner
def move(j: int, bench: Bench) -> None:
    """Put candidate `j` in, or take it out, and account for it."""
    own = price_of(j, bench)
    if bench.inside[j]:
        bench.sums[NET] -= loss_of(j, bench)
        bench.sums[LEFT] += own
        leave(j, bench)
    else:
        bench.sums[NET] += gain_of(j, bench.pairs, bench.state)
        bench.sums[LEFT] -= own
        enter(j, bench)
    bench.log[bench.tally[LOGGED]] = j
    bench.tally[LOGGED] += 1
    rescore_around(j, bench)


@inner
def undo(bench: Bench) -> None:
    """Turn back the moves of the trial; the money left is the caller's to restore."""
    for step in range(bench.tally[LOGGED] - 1, -1, -1):
        j = bench.log[step]
        if bench.inside[j]:
            leave(j, bench)
        else:
            enter(j, bench)
    for at in range(bench.tally[TOUCHED]):
        j = bench.touched[at]
        bench.score[j] = bench.saved[j]
        bench.saved[j] = np.nan
