"""Upper bounds: what money could buy at most if candidates could be bought in parts and never overlapped.

Every bound here has one shape: a constant, and priced gains, one a candidate. Whatever a plan takes, it brings at most
the constant and the priced gains of what it takes; so a fractional knapsack of these gains bounds every plan of a
budget. An asset is a piece of its own: the best-ratio prefix of its candidates carries its cost, the others follow one
by one (the linear relaxation of "a candidate needs its asset").
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray

    from analysis.invest.greedy import Money


@dataclass(frozen=True, eq=False)
class Ceiling:
    """A bound for every budget, concave in it but for candidates that a small budget cannot afford at all.

    Attributes
    ----------
    constant : float
        In the unit of the aim.
    gain, cost : float64 arrays (pieces,)
        What can be bought, best ratio first.
    least : float64 array (pieces,)
        Smallest budget with which any of the piece can be bought.
    locked : float
        Cost of what is built in any case; `constant` holds what it brings.
    since, until : float
        The bound holds for budgets from one to the other; there is none for others.
    """

    constant: float
    gain: NDArray[np.float64]
    cost: NDArray[np.float64]
    least: NDArray[np.float64]
    locked: float = 0.0
    since: float = 0.0
    until: float = math.inf

    def at(self, budgets: ArrayLike) -> NDArray[np.float64]:
        """Bound of each budget; float64, the shape of `budgets`."""
        money = np.asarray(budgets, dtype=np.float64)
        left = np.ascontiguousarray(money.reshape(-1) - self.locked)
        filled = self.constant + _filled(self.gain, self.cost, self.least, left).reshape(money.shape)
        return np.where((money >= self.since) & (money <= self.until), filled, math.inf)


def lowest(ceilings: Iterable[Ceiling], budgets: ArrayLike) -> NDArray[np.float64]:
    """Lowest of several bounds for each budget; inf without any."""
    out = np.full(np.shape(budgets), np.inf)
    for one in ceilings:
        out = np.minimum(out, one.at(budgets))
    return out


def make_ceiling(
    constant: float, gains: NDArray[np.float64], *, money: Money, paid: NDArray[np.bool_], locked: float = 0.0
) -> Ceiling:
    """Bound from priced gains; those of what is locked in belong in `constant`, and its assets are `paid`."""
    gain, cost, least = _pieces(gains, money, paid)
    useful = np.flatnonzero(gain > 0)
    order = useful[np.argsort(-gain[useful] / cost[useful], kind="stable")]
    return Ceiling(constant, gain[order], cost[order], least[order], locked)


def best_rate(ceiling: Ceiling, budget: float) -> float:
    """Gain per cost of the last money that the knapsack spends; 0 where money is left over."""
    spent = np.cumsum(ceiling.cost)
    last = int(np.searchsorted(spent, budget - ceiling.locked, side="right"))
    return float(ceiling.gain[last] / ceiling.cost[last]) if last < spent.size else 0.0


@njit(cache=True, nogil=True)
def _pieces(gains: Any, money: Any, paid: Any) -> Any:
    """Gain, cost and least budget of every piece; an asset and those that carry it stand at the first of them."""
    gain, cost = np.maximum(gains, 0.0), money.cost.copy()
    least = cost.copy()
    for asset in range(money.asset_cost.size):
        if paid[asset]:
            continue
        own = money.members[money.first[asset] : money.first[asset + 1]]
        rank = own[np.argsort(-gain[own] / cost[own], kind="mergesort")]
        total, spent, count, cheapest = 0.0, money.asset_cost[asset], 0, np.inf
        for at in range(rank.size):
            j = rank[at]
            least[j] = money.cost[j] + money.asset_cost[asset]
            if gain[j] * spent > total * cost[j]:
                total += gain[j]
                spent += cost[j]
                count = at + 1
                cheapest = min(cheapest, least[j])
        if count > 0:
            for at in range(1, count):
                gain[rank[at]] = 0.0
            gain[rank[0]], cost[rank[0]], least[rank[0]] = total, spent, cheapest
    return gain, cost, least


@njit(cache=True, nogil=True)
def _filled(gain: Any, cost: Any, least: Any, budgets: Any) -> Any:
    """Fractional knapsack of pieces in order of their ratio, for every budget."""
    out = np.zeros(budgets.size)
    for at in range(budgets.size):
        left = budgets[at]
        for piece in range(gain.size):
            if left <= 0.0:
                break
            if least[piece] > budgets[at]:
                continue
            part = min(1.0, left / cost[piece])
            out[at] += gain[piece] * part
            left -= cost[piece]
    return out
