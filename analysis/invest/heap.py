"""A heap of indices for lazy greedy choice: highest key first, ties to the lower index. Compiled.

``place[index]`` is where an index stands in the heap, −1 where it does not, so that a key can also be raised; it may be
empty where keys only fall.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from analysis.invest.compiled import inner


@inner
def before(keys: Any, a: int, b: int) -> Any:
    """Whether index `a` stands before index `b`."""
    return keys[a] > keys[b] or (keys[a] == keys[b] and a < b)


@inner
def sink(heap: Any, size: int, keys: Any, place: Any, start: int) -> None:
    """Let the entry at `start` sink to its place among the first `size` entries."""
    here = start
    entry = heap[here]
    while True:
        child = 2 * here + 1
        if child >= size:
            break
        if child + 1 < size and before(keys, heap[child + 1], heap[child]):
            child += 1
        if not before(keys, heap[child], entry):
            break
        heap[here] = heap[child]
        if place.size > 0:
            place[heap[here]] = here
        here = child
    heap[here] = entry
    if place.size > 0:
        place[entry] = here


@njit(cache=True, nogil=True)
def sift_down(heap: Any, size: int, keys: Any, start: int) -> None:
    """Let the entry at `start` sink where no key is ever raised."""
    sink(heap, size, keys, np.empty(0, np.int64), start)


@inner
def rise(heap: Any, keys: Any, place: Any, start: int) -> None:
    """Let the entry at `start` rise to its place."""
    here = start
    entry = heap[here]
    while here > 0:
        parent = (here - 1) // 2
        if not before(keys, entry, heap[parent]):
            break
        heap[here] = heap[parent]
        place[heap[here]] = here
        here = parent
    heap[here] = entry
    place[entry] = here


@inner
def heapify(heap: Any, size: int, keys: Any, place: Any) -> None:
    """Order the first `size` entries into a heap."""
    for here in range(size):
        place[heap[here]] = here
    for start in range(size // 2 - 1, -1, -1):
        sink(heap, size, keys, place, start)


@inner
def drop_top(heap: Any, size: int, keys: Any, place: Any) -> int:
    """Take the first entry out; returns the new size."""
    place[heap[0]] = -1
    size -= 1
    if size > 0:
        heap[0] = heap[size]
        sink(heap, size, keys, place, 0)
    return size
