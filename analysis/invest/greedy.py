"""The compiled heart of planning: gains, the lazy greedy choice, and the replay of a given order.

State is ``reached[row, level]``: the largest fraction of the row's people whom anything there already, or chosen,
serves with a value of at least that level. A choice can only raise it, which is what makes gains shrink as the plan
grows (submodularity), and a gain is summed in the same order every time, so that the shrinking also holds bit for bit
in floating point. That is why a stale gain is a safe upper bound and lazy choice equals eager choice exactly.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from analysis.invest.heap import heapify, sift_down


class Pairs(NamedTuple):
    """Who reaches whom, as the compiled functions take it; fields as in `analysis.invest.problem.Problem`."""

    indptr: Any
    rows: Any
    fraction: Any
    level: Any
    weight: Any
    steps: Any


@njit(cache=True, nogil=True)
def gain_of(j: int, pairs: Pairs, reached: Any) -> float:
    """Weighted people-equivalents that candidate `j` adds to the state."""
    total = 0.0
    top = pairs.level[j] + 1
    for k in range(pairs.indptr[j], pairs.indptr[j + 1]):
        row = pairs.rows[k]
        for rung in range(top):
            more = pairs.fraction[k] - reached[row, rung]
            if more > 0.0:
                total += pairs.weight[row] * pairs.steps[rung] * more
    return total


@njit(cache=True, nogil=True)
def all_gains(pairs: Pairs, reached: Any) -> Any:
    """Gain of every candidate in the present state: one pass over the pairs."""
    out = np.empty(pairs.level.size)
    for j in range(out.size):
        out[j] = gain_of(j, pairs, reached)
    return out


@njit(cache=True, nogil=True)
def take(j: int, pairs: Pairs, reached: Any) -> None:
    """Add candidate `j` to the state."""
    top = pairs.level[j] + 1
    for k in range(pairs.indptr[j], pairs.indptr[j + 1]):
        row = pairs.rows[k]
        for rung in range(top):
            reached[row, rung] = max(reached[row, rung], pairs.fraction[k])


@njit(cache=True, nogil=True)
def lazy_greedy(pairs: Pairs, reached: Any, cost: Any, gains: Any, spent: float, budget: float) -> Any:
    """Indices in build order: again and again the best gain per cost that still fits, until nothing fits or gains.

    `reached` is the state to start from (it is changed), `gains` the gains in it, 0 for what must not be chosen, and
    `spent` what it cost; picks and that together stay within the budget. A stale top is recomputed and sinks; a fresh
    top is picked.
    """
    keys = gains / cost
    heap = np.flatnonzero(keys > 0.0)
    size = heap.size
    heapify(heap, size, keys)
    stamp = np.zeros(cost.size, dtype=np.int64)
    order = np.empty(size, dtype=np.int64)
    picked = 0
    while size > 0:
        j = heap[0]
        if spent + cost[j] > budget:
            keys[j] = 0.0
        elif stamp[j] == picked:
            take(j, pairs, reached)
            order[picked] = j
            picked += 1
            spent += cost[j]
            keys[j] = 0.0
        else:
            keys[j] = gain_of(j, pairs, reached) / cost[j]
            stamp[j] = picked
        if keys[j] <= 0.0:
            size -= 1
            heap[0] = heap[size]
        sift_down(heap, size, keys, 0)
    return order[:picked].copy()


@njit(cache=True, nogil=True)
def better_off(row: int, served: Any, above: Any, reached: Any) -> float:
    """Fraction of the row's people whose best service is better than it was.

    Of those served before (the first `served`) the ones whom a level above theirs reaches; of the others the ones whom
    anything reaches.
    """
    others = max(reached[row, 0] - served[row], 0.0)
    if above[row] < reached.shape[1]:
        return others + min(reached[row, above[row]], served[row])
    return others


@njit(cache=True, nogil=True)
def replay(order: Any, pairs: Pairs, people: Any, served: Any, above: Any, reached: Any) -> Any:
    """Gain and newly better-off persons of each step of an order; `reached` (the state) is changed in place."""
    gains = np.zeros(order.size)
    persons = np.zeros(order.size)
    for step in range(order.size):
        j = order[step]
        gains[step] = gain_of(j, pairs, reached)
        for k in range(pairs.indptr[j], pairs.indptr[j + 1]):
            row = pairs.rows[k]
            was = better_off(row, served, above, reached)
            for rung in range(pairs.level[j] + 1):
                reached[row, rung] = max(reached[row, rung], pairs.fraction[k])
            persons[step] += people[row] * (better_off(row, served, above, reached) - was)
    return gains, persons
