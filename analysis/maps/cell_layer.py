"""One layer of cells: value, class, colour, unit and meaning, and how layers of people and of shares are made."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from analysis.maps.palette import NONE, VIRIDIS, breaks, ramp

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.results import Results

UNKNOWN_INDEX = 1
FIRST_CLASS = 2
LARGEST_STEPS = 2**24 - 4
ENDLESS_CODE = 2**24 - 1


@dataclass(frozen=True)
class CellLayer:
    """One layer, a value per row of the cells table.

    Attributes
    ----------
    key, group, title, note : str
        Identity, heading in the switch, name, and one sentence on how to read it.
    unit : str
        ``people``, ``share`` (0 to 1), ``Mbit/s``, ``min``, ``places per 1,000 people`` or ``class``.
    meaning : str
        What the value of one cell is, read after the value.
    values : float64 array (cells,)
        NaN where not known; inf where it is known that nothing can be reached.
    index : uint8 array (cells,)
        `UNKNOWN_INDEX`, or `FIRST_CLASS` + position in `classes`.
    classes : tuple of (label, colour)
        The legend, from low to high.
    """

    key: str
    group: str
    title: str
    note: str
    unit: str
    meaning: str
    values: NDArray[np.float64]
    index: NDArray[np.uint8]
    classes: tuple[tuple[str, str], ...]

    @property
    def step(self) -> float:
        """Size of one quantum of the value picture, in the layer's unit: a power of ten, at least 0.01."""
        if self.unit == "class":
            return 1.0
        if self.unit == "share":
            return 1e-6
        if self.unit == "min":
            return 0.1
        largest = float(np.nanmax(self.values, initial=0.0))
        return max(0.01, 10.0 ** np.ceil(np.log10(max(largest, 1e-9) / LARGEST_STEPS)))

    @property
    def codes(self) -> NDArray[np.uint32]:
        """Quantised values: 0 is kept for "nobody lives here", 1 is unknown, `n` + 2 n steps, `ENDLESS_CODE` inf."""
        finite = np.isfinite(self.values)
        steps = np.rint(np.where(finite, self.values, 0.0) / self.step)
        other = np.where(np.isnan(self.values), UNKNOWN_INDEX, ENDLESS_CODE)
        return np.where(finite, np.clip(steps, 0, LARGEST_STEPS) + FIRST_CLASS, other).astype(np.uint32)


def class_index(values: NDArray[np.float64], edges: list[float]) -> NDArray[np.uint8]:
    """Class of each value between ascending edges, from `FIRST_CLASS`; `UNKNOWN_INDEX` for NaN."""
    index = np.digitize(np.where(np.isnan(values), 0.0, values), edges) + FIRST_CLASS
    return np.where(np.isnan(values), UNKNOWN_INDEX, index).astype(np.uint8)


def people_classes(
    values: NDArray[np.float64], *, table: tuple[str, ...]
) -> tuple[NDArray[np.uint8], tuple[tuple[str, str], ...]]:
    """Class index and legend of a count of people: under half a person first, then round breaks."""
    inner = [edge for edge in breaks(values) if edge > 0.5]
    edges = [0.5, *inner]
    labels = ["none (under 0.5)", f"0.5 – {inner[0]:,.0f}"]
    labels += [f"{low:,.0f} – {high:,.0f}" for low, high in pairwise(inner)]
    labels += [f"{inner[-1]:,.0f} and more"]
    colours = [NONE, *ramp(table, count=len(edges))]
    return class_index(values, edges), tuple(zip(labels, colours, strict=True))


def share_classes(values: NDArray[np.float64]) -> tuple[NDArray[np.uint8], tuple[tuple[str, str], ...]]:
    """Class index and legend of a share from 0 to 1: none, five parts, all; no share falls under two labels."""
    labels = ["0 %", "over 0, under 20 %", "20 – 40 %", "40 – 60 %", "60 – 80 %", "80 to under 100 %", "100 %"]
    index = class_index(values, [0.0005, 0.2, 0.4, 0.6, 0.8, 0.9995])
    return index, tuple(zip(labels, ramp(VIRIDIS, count=len(labels)), strict=True))


def speed_classes(values: NDArray[np.float64]) -> tuple[NDArray[np.uint8], tuple[tuple[str, str], ...]]:
    """Class index and legend of a speed in Mbit/s: the same breaks everywhere, so that regions can be compared."""
    edges = [2.0, 5.0, 10.0, 25.0, 50.0, 100.0]
    labels = ["under 2", *(f"{low:g} – {high:g}" for low, high in pairwise(edges)), f"{edges[-1]:g} and more"]
    return class_index(values, edges), tuple(zip(labels, ramp(VIRIDIS, count=len(labels)), strict=True))


def people_layer(
    key: str,
    values: NDArray[np.float64],
    *,
    words: tuple[str, str, str],
    table: tuple[str, ...],
    group: str = "People",
) -> CellLayer:
    """A layer of people; words: title, note, meaning."""
    index, classes = people_classes(values, table=table)
    return CellLayer(key, group, words[0], words[1], "people", words[2], values, index, classes)


def share_layer(key: str, values: NDArray[np.float64], *, words: tuple[str, str, str, str]) -> CellLayer:
    """A layer of shares from 0 to 1; words: group, title, note, meaning."""
    index, classes = share_classes(values)
    return CellLayer(key, words[0], words[1], words[2], "share", words[3], values, index, classes)


def given(results: Results, name: str) -> NDArray[np.float64] | None:
    """Column of the cells table; None when it is absent or nothing in it is known."""
    if name not in results.cells:
        return None
    values = results.cells[name].to_numpy(dtype=np.float64, na_value=np.nan)
    return values if np.isfinite(values).any() else None
