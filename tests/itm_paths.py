"""Paths that Longley–Rice was asked about elsewhere, made again from a seed or read from a file: see `test_itm.py`."""

from __future__ import annotations

import csv
import math
from pathlib import Path

HERE = Path(__file__).parent


def stream(seed):
    """Numbers in [0, 1) of a linear congruential generator, the same on every machine."""
    state = seed * 2654435761 % 2**32 or 1
    for k in range(10**9):
        state = (1664525 * state + 1013904223) % 2**32
        if k >= 8:
            yield state / 2**32


def _link(u):
    return {
        "frequency_mhz": round(10 ** (1.45 + 2.5 * next(u)), 1),
        "base_height_m": round(2 + 120 * next(u) ** 2, 1),
        "mobile_height_m": round(1.0 + 12 * next(u) ** 3, 1),
        "climate": 1 + int(7 * next(u)),
        "surface_refractivity": round(280 + 80 * next(u), 1),
        "vertical": next(u) < 0.5,
        "permittivity": round(10 + 15 * next(u), 1),
        "conductivity": round(0.001 + 0.02 * next(u), 4),
        "time": round(0.02 + 0.96 * next(u), 2),
        "location": round(0.02 + 0.96 * next(u), 2),
        "situation": round(0.02 + 0.96 * next(u), 2),
        "mode": int(4 * next(u)) + 10 * int(2 * next(u)),
    }


def synthetic(seed, *, level_end=True):
    """Heights, spacing and keywords of a made-up path of 2.6 to 127 km; the last two heights are equal."""
    u = stream(seed)
    n = 20 + int(480 * next(u) ** 2)
    km = 1.0 + 10 ** (0.2 + 1.9 * next(u))
    rough, level = 200 * next(u) ** 2, 800 * next(u) ** 2
    waves = [(rough * 0.6**k, (k + 1) * (1 + next(u)) * 6.0, 6.283 * next(u)) for k in range(7)]
    z = [level + rough + sum(a * math.sin(w * i / n + p) for a, w, p in waves) + 3 * next(u) for i in range(n + 1)]
    z = [round(h, 1) for h in z]
    if level_end:
        z[-1] = z[-2]
    return z, km * 1000 / n, _link(u)


def across(pixels, seed):
    """Heights, spacing and keywords of a path between two pixels of Porto Alegre's elevation model."""
    u = stream(seed)
    ny, nx = pixels.shape
    row0, col0, row1, col1 = (int(next(u) * size) for size in (ny, nx, ny, nx))
    n = max(abs(row1 - row0), abs(col1 - col0), 2)
    z = [float(pixels[row0 + (row1 - row0) * i // n, col0 + (col1 - col0) * i // n]) for i in range(n + 1)]
    return z, math.hypot((row1 - row0) * 30.8, (col1 - col0) * 26.8) / n, _link(u)


def table(name):
    """Rows of a CSV beside this file, lines that begin with # left out."""
    with (HERE / name).open(encoding="utf-8") as file:
        return list(csv.reader(line for line in file if not line.startswith("#")))


def published(name):
    """Heights and spacing of a published profile."""
    for key, spacing, *heights in table("itm_profiles.csv"):
        if key == name:
            return [float(h) for h in heights], float(spacing)
    raise KeyError(name)
