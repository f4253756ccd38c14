"""The compiled heart of planning: gains, the lazy greedy choice, and the replay of a given order.

State is ``reached[row, rung]``: the largest fraction of the row's people whom anything there already, or chosen, serves
with a value of at least that rung; and ``value[zone]``, what the people of a zone have then. A choice can only raise
them, which is what makes gains shrink as the plan grows (submodularity). Without a priority a gain is summed in the
same order every time, so that the shrinking also holds bit for bit in floating point. That is why a stale gain is a
safe upper bound and lazy choice equals eager choice exactly.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from analysis.invest.aim import utility_gain
from analysis.invest.compiled import inner
from analysis.invest.heap import drop_top, heapify, rise, sink


class Pairs(NamedTuple):
    """Who reaches whom, as the compiled functions take it; fields as in `analysis.invest.problem.Problem`."""

    indptr: Any
    rows: Any
    fraction: Any
    level: Any
    weight: Any
    steps: Any
    zone: Any
    zone_weight: Any
    priority: Any
    mean: Any


class Money(NamedTuple):
    """What candidates cost; the candidates of asset `a` are ``members[first[a]:first[a + 1]]``."""

    cost: Any
    asset: Any
    asset_cost: Any
    first: Any
    members: Any


class State(NamedTuple):
    """Where a plan stands; changed in place."""

    reached: Any
    value: Any


@inner
def row_gain(j: int, k: int, pairs: Pairs, reached: Any) -> float:
    """Weighted value that pair `k` of candidate `j` adds to its row."""
    total = 0.0
    row = pairs.rows[k]
    for rung in range(pairs.level[j] + 1):
        more = pairs.fraction[k] - reached[row, rung]
        if more > 0.0:
            total += pairs.weight[row] * pairs.steps[rung] * more
    return total


@inner
def linear_gain(j: int, pairs: Pairs, reached: Any) -> float:
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


@inner
def zone_gain(zone: int, less: float, more: float, pairs: Pairs, value: Any) -> float:
    """What `more` is worth to a zone that has `less` less than its value now; in no zone it counts as it is."""
    if zone < 0:
        return more
    return utility_gain(value[zone] - less, more, pairs.zone_weight[zone], pairs.priority, pairs.mean)


@inner
def gain_of(j: int, pairs: Pairs, state: State) -> float:
    """What candidate `j` adds to the aim: people-equivalents, those of zones that have less worth more."""
    if pairs.priority == 0.0:
        return linear_gain(j, pairs, state.reached)
    total, here, zone = 0.0, 0.0, -1
    for k in range(pairs.indptr[j], pairs.indptr[j + 1]):
        own = pairs.zone[pairs.rows[k]]
        if own != zone:
            total += zone_gain(zone, 0.0, here, pairs, state.value)
            here, zone = 0.0, own
        here += row_gain(j, k, pairs, state.reached)
    return total + zone_gain(zone, 0.0, here, pairs, state.value)


@njit(cache=True, nogil=True)
def all_gains(pairs: Pairs, state: State) -> Any:
    """Gain of every candidate in the present state: one pass over the pairs."""
    out = np.empty(pairs.level.size)
    for j in range(out.size):
        out[j] = gain_of(j, pairs, state)
    return out


@inner
def lift(j: int, k: int, pairs: Pairs, state: State) -> None:
    """Let pair `k` of candidate `j` serve its row."""
    row = pairs.rows[k]
    if pairs.priority > 0.0 and pairs.zone[row] >= 0:
        state.value[pairs.zone[row]] += row_gain(j, k, pairs, state.reached)
    for rung in range(pairs.level[j] + 1):
        state.reached[row, rung] = max(state.reached[row, rung], pairs.fraction[k])


@inner
def take(j: int, pairs: Pairs, state: State) -> None:
    """Add candidate `j` to the state."""
    for k in range(pairs.indptr[j], pairs.indptr[j + 1]):
        lift(j, k, pairs, state)


@njit(cache=True, nogil=True)
def take_all(order: Any, pairs: Pairs, state: State) -> None:
    """Add every candidate of an order."""
    for j in order:
        take(j, pairs, state)


@njit(cache=True, nogil=True)
def price(j: int, money: Money, paid: Any) -> float:
    """Cost of adding candidate `j`: its own, and its asset's unless that is paid."""
    asset = money.asset[j]
    if asset < 0 or paid[asset]:
        return money.cost[j]
    return money.cost[j] + money.asset_cost[asset]


@njit(cache=True, nogil=True)
def pay(j: int, money: Money, paid: Any) -> bool:
    """Mark the asset of candidate `j` as paid; whether it was not before."""
    asset = money.asset[j]
    if asset < 0 or paid[asset]:
        return False
    paid[asset] = True
    return True


@njit(cache=True, nogil=True)
def step_costs(order: Any, money: Money, paid: Any) -> Any:
    """Cost of each step of an order, assets included where they are not paid yet; `paid` is changed in place."""
    out = np.empty(order.size)
    for step in range(order.size):
        out[step] = price(order[step], money, paid)
        pay(order[step], money, paid)
    return out


@inner
def cheapen(j: int, money: Money, gains: Any, keys: Any, heap: Any, size: int, place: Any) -> int:
    """Raise the keys of what shares the asset of `j`, now paid; what did not fit comes back. The heap's new size."""
    asset = money.asset[j]
    for at in range(money.first[asset], money.first[asset + 1]):
        other = money.members[at]
        if gains[other] > 0.0:
            keys[other] = gains[other] / money.cost[other]
            if place[other] < 0:
                heap[size] = other
                place[other] = size
                size += 1
            rise(heap, keys, place, place[other])
    return size


@njit(cache=True, nogil=True)
def lazy_greedy(pairs: Pairs, money: Money, state: State, paid: Any, gains: Any, spent: float, budget: float) -> Any:
    """Indices in build order: again and again the best gain per cost that still fits, until nothing fits or gains.

    `state`, `paid` (assets) and `gains` are where to start from, and are changed; gains are 0 for what must not be
    chosen, and may be too high for the rest. `spent` is what the start cost; picks and that together stay within the
    budget. A stale top is recomputed and sinks; a fresh top is picked.
    """
    keys = np.zeros(gains.size)
    for j in range(gains.size):
        keys[j] = gains[j] / price(j, money, paid)
    found = np.flatnonzero(gains > 0.0)
    size = found.size
    heap, order = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64)
    heap[:] = found
    place, stamp = np.full(gains.size, -1), np.full(gains.size, -1)
    heapify(heap, size, keys, place)
    picked = 0
    while size > 0:
        j = heap[0]
        own = price(j, money, paid)
        if spent + own > budget:
            size = drop_top(heap, size, keys, place)
        elif stamp[j] == picked:
            take(j, pairs, state)
            order[picked] = j
            picked += 1
            spent += own
            gains[j] = 0.0
            size = drop_top(heap, size, keys, place)
            if pay(j, money, paid):
                size = cheapen(j, money, gains, keys, heap, size, place)
        else:
            gains[j] = gain_of(j, pairs, state)
            keys[j] = gains[j] / own
            stamp[j] = picked
            if gains[j] > 0.0:
                sink(heap, size, keys, place, 0)
            else:
                size = drop_top(heap, size, keys, place)
    return order[:picked].copy()


@njit(cache=True, nogil=True)
def gains_along(order: Any, pairs: Pairs, state: State) -> Any:
    """What each step of an order adds to the aim; `state` is changed in place."""
    out = np.zeros(order.size)
    for step in range(order.size):
        out[step] = gain_of(order[step], pairs, state)
        take(order[step], pairs, state)
    return out


@inner
def better_off(row: int, start: Any, reached: Any) -> float:
    """Fraction of the row's people whose service is better than it was: union of (start, reached] over the rungs."""
    total, end = 0.0, 0.0
    for rung in range(start.shape[1] - 1, -1, -1):
        total += max(reached[row, rung] - max(start[row, rung], end), 0.0)
        end = max(end, reached[row, rung])
    return total


@njit(cache=True, nogil=True)
def replay(order: Any, pairs: Pairs, people: Any, start: Any, state: State) -> Any:
    """Gain in the aim, people-equivalents and newly better-off persons of each step; `state` is changed in place."""
    gains, linear, persons = np.zeros(order.size), np.zeros(order.size), np.zeros(order.size)
    for step in range(order.size):
        j = order[step]
        gains[step] = gain_of(j, pairs, state)
        linear[step] = linear_gain(j, pairs, state.reached)
        for k in range(pairs.indptr[j], pairs.indptr[j + 1]):
            row = pairs.rows[k]
            was = better_off(row, start, state.reached)
            lift(j, k, pairs, state)
            persons[step] += people[row] * (better_off(row, start, state.reached) - was)
    return gains, linear, persons
