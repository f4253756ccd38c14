"""A bound near the best there is, and where to look for plans: the linear relaxation, by a primal–dual method.

The relaxation: candidates may be chosen in parts x ∈ [0, 1] that the budget pays for (assets y ≥ x), a layer of people
(see `columns`) is served to min(1, Σ x of the candidates that reach it). It is the saddle point over x and prices
u ∈ [0, 1] of Σ weight · u · (cover − 1); *any* u bounds every plan: Σ weight (1 − u) plus the knapsack of the
candidates' priced gains. Iterations are those of Chambolle and Pock (2011) with the diagonal steps of Pock and
Chambolle (2011), averaged and restarted at the average as Applegate and others (2021) do. A zone's utility is replaced
by a tangent, which lies above it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit

from analysis.invest.aim import slope, utility_gain
from analysis.invest.ceiling import best_rate, make_ceiling
from analysis.invest.columns import Layers, covered, make_layers, priced, rows_of
from analysis.invest.compiled import inner
from analysis.invest.greedy import replay, step_costs, take_all

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.invest.ceiling import Ceiling
    from analysis.invest.locks import Locks
    from analysis.invest.problem import Problem

ROUNDS, MOST_ROUNDS = 100, 600
"""Iterations of a large problem, and of a small one; each is two passes over the entries."""

ENTRIES = 1e9
"""Entries touched before the iterations of a small problem end."""

RESTART = 40
"""Iterations after which the average becomes the new start."""

STALE = 2e-5
"""The iterations end when those between two restarts lower the bound by less than this share."""


@dataclass(frozen=True, eq=False)
class Relaxed:
    """What the relaxation says.

    Attributes
    ----------
    ceiling : Ceiling
        Its bound.
    gains : float64 array (candidates,)
        The priced gains behind the bound.
    part : float64 array (candidates,)
        How much of each candidate it chooses, 0–1; 0 for what is locked.
    rate : float
        What the last money brings: aim per cost.
    """

    ceiling: Ceiling
    gains: NDArray[np.float64]
    part: NDArray[np.float64]
    rate: float


class Parts(NamedTuple):
    """Candidates and assets in parts, and how far one iteration may move them."""

    taken: Any
    asset: Any
    weight: Any
    asset_weight: Any
    most: Any


@dataclass(eq=False)
class _Dual:
    """The iterations as they stand."""

    problem: Problem
    layers: Layers
    base: NDArray[np.float64]
    zones: NDArray[np.int64]
    locked: tuple[float, float, NDArray[np.bool_]]
    worth: NDArray[np.float64]
    constant: float
    price: NDArray[np.float64]
    gains: NDArray[np.float64]

    def ceiling(self, gains: NDArray[np.float64], sold: float) -> Ceiling:
        """Bound from priced gains; `sold` is the sum of weight × price of the layers."""
        value, spent, paid = self.locked
        constant = value + self.constant + float(self.worth.sum()) - sold
        return make_ceiling(constant, gains, money=self.problem.money, paid=paid, locked=spent)

    def tangents(self, value: NDArray[np.float64]) -> None:
        """Replace the utility of every zone by its tangent at these values; the prices stay."""
        pairs, zones = self.problem.pairs, range(value.size)
        slopes = np.array([slope(value, z, pairs.zone_weight, pairs.priority, pairs.mean) for z in zones])
        lift = value - self.base
        gained = [
            utility_gain(self.base[z], lift[z], pairs.zone_weight[z], pairs.priority, pairs.mean)
            if lift[z] > 0
            else 0.0
            for z in zones
        ]
        self.constant = math.fsum(gained) - math.fsum(slopes * lift)
        self.worth = self.layers.weight * np.append(slopes, 1.0)[self.zones]
        self.gains = priced(self.layers, self.worth, self.price, self.problem.size)


def relax(problem: Problem, order: NDArray[np.int64], *, locks: Locks, budget: float, effort: float) -> Relaxed:
    """Bound all plans of a budget, starting from one.

    Parameters
    ----------
    problem : Problem
    order : int64 array (steps,)
        A plan, what is locked in included; the better, the sooner the bound is tight.
    locks : Locks
    budget : float
    effort : float
        1 = `ROUNDS` iterations, more where the problem is small.
    """
    dual, parts = _begin(problem, order, locks, budget)
    most = min(max(ENTRIES / max(dual.layers.candidate.size, 1), ROUNDS), MOST_ROUNDS)
    money, paid = budget - dual.locked[1], dual.locked[2]
    best, behind = dual.ceiling(dual.gains, float(dual.worth @ dual.price)), dual.gains.copy()
    low = mark = float(best.at(budget))
    rate, total, count = best_rate(best, budget), _nothing(dual), 0
    for step in range(1, int(effort * most) + 1):
        last = parts.taken.copy()
        rate = balance(parts, dual.gains, rate, money, problem.money, paid)
        sold = reprice(dual.layers, dual.worth, dual.price, total[0], 2 * parts.taken - last, dual.gains)
        count += 1
        total = (total[0], total[1] + dual.gains, total[2] + sold, total[3] + parts.taken)
        for gains, of in ((dual.gains, sold), (total[1] / count, total[2] / count)):
            found = dual.ceiling(gains, of)
            if float(found.at(budget)) < low:
                best, behind, low = found, gains.copy(), float(found.at(budget))
        if step % RESTART == 0:
            if mark - low < STALE * abs(mark):
                break
            mark = low
            _restart(dual, total, count)
            total, count = _nothing(dual), 0
    return Relaxed(best, behind, parts.taken, best_rate(best, budget))


Total = tuple["NDArray[np.float64]", "NDArray[np.float64]", float, "NDArray[np.float64]"]


def _nothing(dual: _Dual) -> Total:
    """Sums of prices, priced gains, what layers are sold for, and parts taken."""
    return np.zeros(dual.price.size), np.zeros(dual.gains.size), 0.0, np.zeros(dual.gains.size)


def _restart(dual: _Dual, total: Total, count: int) -> None:
    """Go on from the average; with a priority, from tangents where the average parts stand."""
    dual.price[:] = total[0] / count
    dual.gains = total[1] / count
    if dual.problem.priority > 0:
        dual.tangents(dual.base + _brought(dual, total[3] / count))


def _brought(dual: _Dual, taken: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weighted value that parts bring to each zone."""
    served = dual.layers.weight * np.minimum(covered(dual.layers, taken), 1.0)
    inside = dual.zones >= 0
    return np.bincount(dual.zones[inside], weights=served[inside], minlength=dual.base.size).astype(np.float64)


def _begin(problem: Problem, order: NDArray[np.int64], locks: Locks, budget: float) -> tuple[_Dual, Parts]:
    """Layers beyond what is locked in, prices from how often the plan serves each, and its candidates as parts."""
    state, paid, size = problem.state(), problem.unpaid(), problem.size
    value = math.fsum(replay(locks.fixed, problem.pairs, problem.people, problem.start, state)[0])
    spent = math.fsum(step_costs(locks.fixed, problem.money, paid))
    usable = np.ones(size, dtype=np.bool_)
    usable[locks.fixed] = usable[locks.barred] = False
    layers = make_layers(problem.columns, problem.pairs, state.reached, usable)
    taken, used = np.zeros(size), np.zeros(paid.size)
    taken[order] = 1.0
    taken[~usable] = 0.0
    used[problem.asset[order][problem.asset[order] >= 0]] = 1.0
    price = np.maximum(1.0 - 0.5 * covered(layers, taken), 0.0)
    dual = _Dual(
        problem,
        layers,
        state.value.copy(),
        problem.zone[rows_of(layers)] if problem.priority > 0 else np.full(layers.weight.size, -1),
        (value, spent, paid),
        layers.weight,
        0.0,
        price,
        taken,
    )
    take_all(order, problem.pairs, state)
    dual.tangents(state.value if problem.priority > 0 else dual.base)
    weight = priced(layers, dual.worth, np.ones(price.size), size)
    shared = np.append(np.where(paid, 0.0, problem.asset_cost), 0.0)[problem.asset]
    most = (usable & (weight > 0) & (spent + (problem.cost + shared) <= budget)).astype(np.float64)
    standing = problem.asset >= 0
    together = np.bincount(problem.asset[standing], weights=weight[standing], minlength=paid.size).astype(np.float64)
    return dual, Parts(taken * most, used, weight, together, most)


@njit(cache=True, nogil=True)
def reprice(layers: Layers, worth: Any, price: Any, total: Any, taken: Any, gains: Any) -> float:
    """Lower the prices of layers served more than once, raise the others; new priced gains, and what is sold."""
    gains[:] = 0.0
    sold = 0.0
    for g in range(layers.row.size):
        cover = 0.0
        for layer in range(layers.group[g + 1] - 1, layers.group[g] - 1, -1):
            for e in range(layers.first[layer], layers.first[layer + 1]):
                cover += taken[layers.candidate[e]]
            price[layer] = min(max(price[layer] - (cover - 1.0) * layers.share[layer], 0.0), 1.0)
            total[layer] += price[layer]
        here = 0.0
        for layer in range(layers.group[g], layers.group[g + 1]):
            here += worth[layer] * price[layer]
            sold += worth[layer] * price[layer]
            for e in range(layers.first[layer], layers.first[layer + 1]):
                gains[layers.candidate[e]] += here
    return sold


@njit(cache=True, nogil=True)
def balance(parts: Parts, gains: Any, rate: float, money: float, costs: Any, paid: Any) -> float:
    """Move the parts along their priced gains, at the rate at which the budget pays for them; returns that rate."""
    taken, used = parts.taken.copy(), parts.asset.copy()
    low, high = 0.0, max(rate, 1e-300)
    if moved(parts, taken, used, gains, 0.0, costs, paid) <= money:
        return 0.0
    while moved(parts, taken, used, gains, high, costs, paid) > money:
        low, high = high, 2.0 * high
    for _ in range(40):
        middle = 0.5 * (low + high)
        if moved(parts, taken, used, gains, middle, costs, paid) > money:
            low = middle
        else:
            high = middle
    moved(parts, taken, used, gains, high, costs, paid)
    return high


@inner
def moved(parts: Parts, taken: Any, used: Any, gains: Any, rate: float, costs: Any, paid: Any) -> float:
    """Set the parts to where `taken` and `used` go at a rate; what they cost then."""
    spent = 0.0
    for j in range(taken.size):
        if parts.most[j] > 0.0:
            own = taken[j] + (gains[j] - rate * costs.cost[j]) / parts.weight[j]
            parts.taken[j] = own
            if costs.asset[j] < 0 or paid[costs.asset[j]]:
                parts.taken[j] = min(max(own, 0.0), 1.0)
                spent += costs.cost[j] * parts.taken[j]
    for asset in range(used.size):
        if not paid[asset] and parts.asset_weight[asset] > 0.0:
            own = used[asset] - rate * costs.asset_cost[asset] / parts.asset_weight[asset]
            spent += pooled(asset, own, parts, costs)
    return spent


@inner
def pooled(asset: int, own: float, parts: Parts, costs: Any) -> float:
    """Nearest parts of an asset (wanted at `own`) and its candidates at which none is above the asset; their cost."""
    total, weight, height = own * parts.asset_weight[asset], parts.asset_weight[asset], own
    members = costs.members[costs.first[asset] : costs.first[asset + 1]]
    for at in np.argsort(-parts.taken[members], kind="mergesort"):
        j = members[at]
        if parts.most[j] > 0.0:
            if parts.taken[j] <= height:
                break
            total += parts.taken[j] * parts.weight[j]
            weight += parts.weight[j]
            height = total / weight
    parts.asset[asset] = min(max(height, 0.0), 1.0)
    spent = costs.asset_cost[asset] * parts.asset[asset]
    for j in members:
        if parts.most[j] > 0.0:
            parts.taken[j] = min(max(min(parts.taken[j], height), 0.0), 1.0)
            spent += costs.cost[j] * parts.taken[j]
    return spent
