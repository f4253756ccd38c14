"""Invented place names: pronounceable, each used once, of no language."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

_FIRST = (
    "Av", "Bre", "Cal", "Dor", "El", "Fen", "Gra", "Hal", "Is", "Jor", "Kel", "Lum", "Mor", "Nev", "Or", "Pel",
    "Qua", "Ros", "Syl", "Tam", "Ul", "Vel", "Wen", "Yor", "Zel", "Thra", "Osk", "Ild", "Emb", "Uth",
)  # fmt: skip
_MIDDLE = (
    "a", "e", "i", "o", "u", "ai", "ea", "io", "an", "en", "in", "or", "ul", "am", "es", "ol",
)  # fmt: skip
_LAST = (
    "bek", "dral", "fon", "gath", "hule", "jun", "kess", "lorn", "meth", "nokh", "pesh", "quil", "rhod", "skar",
    "tume", "vash", "wyth", "xa", "yss", "zond",
)  # fmt: skip


def make_names(rng: np.random.Generator, *, count: int) -> list[str]:
    """Give `count` different names in the generator's order; longer ones come when the short ones are used up."""
    short = [a + b + c for a in _FIRST for b in _MIDDLE for c in _LAST]
    pool = list(dict.fromkeys(short))
    order = rng.permutation(len(pool))
    names = [pool[i] for i in order[:count]]
    prefix = 0
    heads = ("Nor ", "Sul ", "Est ", "Ves ", "Alt ", "Baz ", "Cor ", "Dul ")
    while len(names) < count:
        names += [heads[prefix] + pool[i] for i in order[: count - len(names)]]
        prefix += 1
    return names
