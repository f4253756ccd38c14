"""A heap of indices for lazy greedy choice: highest key first, ties to the lower index. Compiled."""

from __future__ import annotations

from typing import Any

from numba import njit


@njit(cache=True, nogil=True)
def before(keys: Any, a: int, b: int) -> Any:
    """Whether index `a` stands before index `b`."""
    return keys[a] > keys[b] or (keys[a] == keys[b] and a < b)


@njit(cache=True, nogil=True)
def sift_down(heap: Any, size: int, keys: Any, start: int) -> None:
    """Let the entry at `start` sink to its place among the first `size` entries."""
    place = start
    entry = heap[place]
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and before(keys, heap[child + 1], heap[child]):
            child += 1
        if not before(keys, heap[child], entry):
            break
        heap[place] = heap[child]
        place = child
    heap[place] = entry


@njit(cache=True, nogil=True)
def heapify(heap: Any, size: int, keys: Any) -> None:
    """Order the first `size` entries into a heap."""
    for start in range(size // 2 - 1, -1, -1):
        sift_down(heap, size, keys, start)
