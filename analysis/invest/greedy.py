"""The compiled heart of planning: gains, the lazy greedy choice, and the replay of a given order.

State is ``reached[row, level]``: the largest fraction of the row's people reached by anything chosen whose value is at
least that level. A choice can only raise it, which is what makes gains shrink as the plan grows (submodularity), and a
gain is summed in the same order every time, so that the shrinking also holds bit for bit in floating point. That is why
a stale gain is a safe upper bound and lazy choice equals eager choice exactly.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from analysis.invest.heap import heapify, sift_down


@njit(cache=True, nogil=True)
def gain_of(j: int, indptr: Any, rows: Any, fraction: Any, level: Any, weight: Any, reached: Any) -> float:
    """Weighted people-equivalents that candidate `j` adds to the state."""
    total = 0.0
    top = level[j] + 1
    for k in range(indptr[j], indptr[j + 1]):
        row = rows[k]
        for step in range(top):
            more = fraction[k] - reached[row, step]
            if more > 0.0:
                total += weight[row, step] * more
    return total


@njit(cache=True, nogil=True)
def all_gains(indptr: Any, rows: Any, fraction: Any, level: Any, weight: Any, reached: Any) -> Any:
    """Gain of every candidate in the present state: one pass over the pairs."""
    out = np.empty(level.size)
    for j in range(level.size):
        out[j] = gain_of(j, indptr, rows, fraction, level, weight, reached)
    return out


@njit(cache=True, nogil=True)
def take(j: int, indptr: Any, rows: Any, fraction: Any, level: Any, reached: Any) -> None:
    """Add candidate `j` to the state."""
    top = level[j] + 1
    for k in range(indptr[j], indptr[j + 1]):
        row = rows[k]
        for step in range(top):
            reached[row, step] = max(reached[row, step], fraction[k])


@njit(cache=True, nogil=True)
def lazy_greedy(
    indptr: Any,
    rows: Any,
    fraction: Any,
    level: Any,
    weight: Any,
    cost: Any,
    first_gain: Any,
    fixed: Any,
    budget: float,
) -> Any:
    """Indices in build order: `fixed` first, then the best gain per cost that still fits, until nothing fits or gains.

    `first_gain` are the gains in the empty state (upper bounds ever after). The budget is what all picks, the fixed
    ones included, may cost. A stale top is recomputed and sinks; a fresh top is picked.
    """
    count = level.size
    reached = np.zeros(weight.shape)
    order = np.empty(count, dtype=np.int64)
    done = np.zeros(count, dtype=np.bool_)
    picked, spent = 0, 0.0
    for j in fixed:
        take(j, indptr, rows, fraction, level, reached)
        done[j] = True
        order[picked] = j
        picked += 1
        spent += cost[j]
    keys = first_gain / cost
    stamp = np.full(count, 0 if picked == 0 else -1, dtype=np.int64)
    heap = np.empty(count, dtype=np.int64)
    size = 0
    for j in range(count):
        if not done[j] and keys[j] > 0.0 and spent + cost[j] <= budget:
            heap[size] = j
            size += 1
    heapify(heap, size, keys)
    while size > 0:
        j = heap[0]
        fits = spent + cost[j] <= budget
        if fits and stamp[j] != picked:
            keys[j] = gain_of(j, indptr, rows, fraction, level, weight, reached) / cost[j]
            stamp[j] = picked
            if keys[j] > 0.0:
                sift_down(heap, size, keys, 0)
                continue
            fits = False
        if fits:
            take(j, indptr, rows, fraction, level, reached)
            order[picked] = j
            picked += 1
            spent += cost[j]
        size -= 1
        heap[0] = heap[size]
        sift_down(heap, size, keys, 0)
    return order[:picked].copy()


@njit(cache=True, nogil=True)
def replay(
    order: Any, indptr: Any, rows: Any, fraction: Any, level: Any, weight: Any, people: Any, lowest: Any, reached: Any
) -> Any:
    """Gain and persons of each step of a given order; `reached` (the state) is changed in place.

    A person counts once, in the step that first brings a service better than what the row had (`lowest` is the first
    level above the row's base value; the number of levels when there is none).
    """
    gains = np.zeros(order.size)
    persons = np.zeros(order.size)
    levels = weight.shape[1]
    for step in range(order.size):
        j = order[step]
        gains[step] = gain_of(j, indptr, rows, fraction, level, weight, reached)
        for k in range(indptr[j], indptr[j + 1]):
            row = rows[k]
            first = lowest[row]
            if first < levels and first <= level[j]:
                persons[step] += people[row] * max(fraction[k] - reached[row, first], 0.0)
        take(j, indptr, rows, fraction, level, reached)
    return gains, persons
