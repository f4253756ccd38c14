"""Ranks, order and interpolation over many draws. Compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def place(order: Any, keys: Any, rank: Any, level: Any) -> None:
    """Fill ranks and levels of each draw.

    `order` and `keys` are (draws, zones), `order` ascending by key and anyhow among equal keys; `rank` and `level` are
    (draws, zones) and are overwritten. The largest key has rank 1; equal keys have one level, the first of their ranks,
    and ranks in the order of the zones.
    """
    draws, zones = keys.shape
    filled = np.empty(zones, dtype=np.int64)
    for d in range(draws):
        start = 0
        for p in range(zones):
            zone = order[d, zones - 1 - p]
            if p == 0 or keys[d, zone] != keys[d, order[d, zones - p]]:
                start = p
                filled[start] = 0
            level[d, zone] = start + 1
        for zone in range(zones):
            start = level[d, zone]
            filled[start - 1] += 1
            rank[d, zone] = start + filled[start - 1] - 1


@njit(cache=True, nogil=True)
def twice_before(first: Any, second: Any) -> int:
    """Twice the number of draws in which `first` stands before `second`, a draw in which they tie counted once."""
    count = 0
    for d in range(first.size):
        count += (first[d] < second[d]) + (first[d] <= second[d])
    return count


@njit(cache=True, nogil=True)
def alike(levels: Any, needed: int, first: Any, last: Any) -> None:
    """First and last place that each place cannot be told apart from, going outwards until one can.

    `levels` is (zones, draws) in the order of the ranking. Two places are told apart when `twice_before` of the
    upper and the lower one is at least `needed`.
    """
    zones = len(levels)
    for p in range(zones):
        q = p
        while q > 0 and twice_before(levels[q - 1], levels[p]) < needed:
            q -= 1
        first[p] = q
        q = p
        while q < zones - 1 and twice_before(levels[p], levels[q + 1]) < needed:
            q += 1
        last[p] = q


@njit(cache=True, nogil=True)
def interpolate(score: Any, table: Any, start: float, step: float) -> Any:
    """Value of each column's table (columns, knots) at its score (draws, columns), the ends beyond the ends."""
    draws, columns = score.shape
    knots = table.shape[1]
    out = np.empty((draws, columns))
    for d in range(draws):
        for c in range(columns):
            at = min(max((score[d, c] - start) / step, 0.0), knots - 1.0)
            k = min(int(at), knots - 2)
            out[d, c] = table[c, k] + (at - k) * (table[c, k + 1] - table[c, k])
    return out
