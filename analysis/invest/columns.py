"""The pairs by row, and cut into layers: parts of a row's people that the same candidates reach. Compiled.

Reaches inside a row are nested, so at each rung the distinct fractions cut the row's people into layers. A layer is
served when one of the candidates that reach as far as it is chosen: all or nothing, which makes the linear relaxation
as tight as that of a coverage problem can be.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from analysis.invest.compiled import inner


class Columns(NamedTuple):
    """The pairs by row, candidates ascending: ``first[row] <= k < first[row + 1]``."""

    first: Any
    candidate: Any
    fraction: Any


class Layers(NamedTuple):
    """Layers of people, those of one row and rung together, the one that most candidates reach first.

    Layer `i` of group `g`, ``group[g] <= i < group[g + 1]``, is reached by the candidates of the entries from
    ``first[i]`` to the end of its group. ``weight`` is what serving it is worth before any priority, ``row`` that of
    the group, ``share`` one over the number of candidates that reach the layer.
    """

    candidate: Any
    first: Any
    weight: Any
    group: Any
    row: Any
    share: Any


@njit(cache=True, nogil=True)
def by_row(indptr: Any, rows: Any, fraction: Any, count: int) -> Any:
    """First place, candidate and fraction of the pairs sorted by row."""
    first = np.zeros(count + 1, dtype=np.int64)
    for k in range(rows.size):
        first[rows[k] + 1] += 1
    for row in range(count):
        first[row + 1] += first[row]
    at = first[:-1].copy()
    candidate, share = np.empty(rows.size, dtype=np.int32), np.empty(rows.size)
    for j in range(indptr.size - 1):
        for k in range(indptr[j], indptr[j + 1]):
            candidate[at[rows[k]]] = j
            share[at[rows[k]]] = fraction[k]
            at[rows[k]] += 1
    return first, candidate, share


@inner
def counted(columns: Columns, pairs: Any, reached: Any, usable: Any) -> Any:
    """How many entries, layers at most, and groups at most there will be."""
    entries, groups = 0, 0
    for row in range(columns.first.size - 1):
        for rung in range(reached.shape[1]):
            before = entries
            for at in range(columns.first[row], columns.first[row + 1]):
                j = columns.candidate[at]
                entries += usable[j] and pairs.level[j] >= rung and columns.fraction[at] > reached[row, rung]
            groups += entries > before
    return entries, groups


@njit(cache=True, nogil=True)
def make_layers(columns: Columns, pairs: Any, reached: Any, usable: Any) -> Layers:
    """Cut what a state leaves to be reached by usable candidates into layers worth more than nothing."""
    entries, groups = counted(columns, pairs, reached, usable)
    candidate, first, weight = np.empty(entries, np.int32), np.zeros(entries + 1, np.int64), np.empty(entries)
    group, of_row = np.zeros(groups + 1, np.int64), np.empty(groups, np.int64)
    e, layer, g = 0, 0, 0
    for row in range(columns.first.size - 1):
        low, high = columns.first[row], columns.first[row + 1]
        if low == high or pairs.weight[row] <= 0.0:
            continue
        ascending = low + np.argsort(columns.fraction[low:high], kind="mergesort")
        for rung in range(reached.shape[1]):
            below, start = reached[row, rung], layer
            for at in ascending:
                share, j = columns.fraction[at], columns.candidate[at]
                if not usable[j] or pairs.level[j] < rung or share <= reached[row, rung]:
                    continue
                if share > below:
                    first[layer] = e
                    weight[layer] = pairs.weight[row] * pairs.steps[rung] * (share - below)
                    layer, below = layer + 1, share
                candidate[e] = j
                e += 1
            if layer > start:
                of_row[g] = row
                g += 1
                group[g] = layer
    first[layer] = e
    share_of = shares(first, group, g)
    return Layers(candidate[:e], first[: layer + 1].copy(), weight[:layer].copy(), group[: g + 1], of_row[:g], share_of)


@inner
def shares(first: Any, group: Any, groups: int) -> Any:
    """One over the number of candidates that reach each layer."""
    out = np.empty(group[groups])
    for g in range(groups):
        end = first[group[g + 1]]
        for layer in range(group[g], group[g + 1]):
            out[layer] = 1.0 / (end - first[layer])
    return out


@njit(cache=True, nogil=True)
def covered(layers: Layers, taken: Any) -> Any:
    """How often each layer is reached by what is taken, in parts or whole; float64 (layers,)."""
    out = np.empty(layers.weight.size)
    for g in range(layers.row.size):
        total = 0.0
        for layer in range(layers.group[g + 1] - 1, layers.group[g] - 1, -1):
            for e in range(layers.first[layer], layers.first[layer + 1]):
                total += taken[layers.candidate[e]]
            out[layer] = total
    return out


@njit(cache=True, nogil=True)
def priced(layers: Layers, worth: Any, price: Any, size: int) -> Any:
    """Priced gain of each candidate: ``worth[layer] * price[layer]`` of all the layers that it reaches."""
    out = np.zeros(size)
    for g in range(layers.row.size):
        total = 0.0
        for layer in range(layers.group[g], layers.group[g + 1]):
            total += worth[layer] * price[layer]
            for e in range(layers.first[layer], layers.first[layer + 1]):
                out[layers.candidate[e]] += total
    return out


@njit(cache=True, nogil=True)
def rows_of(layers: Layers) -> Any:
    """Row of each layer; int64 (layers,)."""
    out = np.empty(layers.weight.size, np.int64)
    for g in range(layers.row.size):
        out[layers.group[g] : layers.group[g + 1]] = layers.row[g]
    return out
