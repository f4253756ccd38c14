"""The layers of cells a map can show: value, class, colour, unit and meaning of each."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from analysis.maps.palette import CIVIDIS, NONE, SETTLEMENT, VIRIDIS, breaks, ramp
from analysis.settlement import CLASS_NAMES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.results import Results

UNKNOWN_INDEX = 1
FIRST_CLASS = 2
LARGEST_CODE = 2**24 - 3


@dataclass(frozen=True)
class CellLayer:
    """One layer, a value per row of the cells table.

    Attributes
    ----------
    key, group, title, note : str
        Identity, heading in the switch, name, and one sentence on how to read it.
    unit : str
        ``people``, ``share`` (0 to 1), ``Mbit/s`` or ``class``.
    meaning : str
        What the value of one cell is, read after the value.
    values : float64 array (cells,)
        NaN where not known.
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
        largest = float(np.nanmax(self.values, initial=0.0))
        return max(0.01, 10.0 ** np.ceil(np.log10(max(largest, 1e-9) / LARGEST_CODE)))

    @property
    def codes(self) -> NDArray[np.uint32]:
        """Quantised values: 0 is kept for "nobody lives here", 1 means unknown, `n` + 2 means n steps."""
        known = np.isfinite(self.values)
        steps = np.rint(np.where(known, self.values, 0.0) / self.step)
        return np.where(known, np.clip(steps, 0, LARGEST_CODE) + FIRST_CLASS, UNKNOWN_INDEX).astype(np.uint32)


def _indexed(values: NDArray[np.float64], edges: list[float]) -> NDArray[np.uint8]:
    index = np.digitize(np.nan_to_num(values), edges) + FIRST_CLASS
    return np.where(np.isfinite(values), index, UNKNOWN_INDEX).astype(np.uint8)


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
    return _indexed(values, edges), tuple(zip(labels, colours, strict=True))


def share_classes(values: NDArray[np.float64]) -> tuple[NDArray[np.uint8], tuple[tuple[str, str], ...]]:
    """Class index and legend of a share from 0 to 1: none, five parts, all."""
    labels = ["0 %", "under 20 %", "20 – 40 %", "40 – 60 %", "60 – 80 %", "80 % and more", "100 %"]
    index = _indexed(values, [0.0005, 0.2, 0.4, 0.6, 0.8, 0.9995])
    return index, tuple(zip(labels, ramp(VIRIDIS, count=len(labels)), strict=True))


def speed_classes(values: NDArray[np.float64]) -> tuple[NDArray[np.uint8], tuple[tuple[str, str], ...]]:
    """Class index and legend of a speed in Mbit/s: the same breaks everywhere, so that regions can be compared."""
    edges = [2.0, 5.0, 10.0, 25.0, 50.0, 100.0]
    labels = ["under 2", *(f"{low:g} – {high:g}" for low, high in pairwise(edges)), f"{edges[-1]:g} and more"]
    return _indexed(values, edges), tuple(zip(labels, ramp(VIRIDIS, count=len(labels)), strict=True))


def _people(
    key: str,
    values: NDArray[np.float64],
    *,
    words: tuple[str, str, str],
    table: tuple[str, ...],
    group: str = "People",
) -> CellLayer:
    index, classes = people_classes(values, table=table)
    return CellLayer(key, group, words[0], words[1], "people", words[2], values, index, classes)


def _share(key: str, values: NDArray[np.float64], *, words: tuple[str, str, str, str]) -> CellLayer:
    index, classes = share_classes(values)
    return CellLayer(key, words[0], words[1], words[2], "share", words[3], values, index, classes)


def _settlement(codes: NDArray[np.int64]) -> CellLayer:
    order = [code for code in sorted(SETTLEMENT, reverse=True) if (codes == code).any()]
    values = np.where(np.isin(codes, order), codes, np.nan).astype(np.float64)
    index = np.full(len(codes), UNKNOWN_INDEX, dtype=np.uint8)
    for place, code in enumerate(order):
        index[codes == code] = FIRST_CLASS + place
    classes = tuple((f"{code} {CLASS_NAMES[code]}", SETTLEMENT[code]) for code in order)
    note = "Degree of Urbanisation, level 2, of each cell: how urban a place is by the people in and around it."
    return CellLayer("settlement", "People", "Settlement class", note, "class", "", values, index, classes)


def _given(results: Results, name: str) -> NDArray[np.float64] | None:
    """Column of the cells table; None when it is absent or nothing in it is known."""
    if name not in results.cells:
        return None
    values = results.cells[name].to_numpy(dtype=np.float64, na_value=np.nan)
    return values if np.isfinite(values).any() else None


def _usable(results: Results) -> NDArray[np.float64] | None:
    """Share of each cell's people whose coverage is usable; None when nobody's is.

    NaN where none is proven and nothing says that it is lacking: people without coverage information, or inside a
    footprint that was neither tested nor dimensioned.
    """
    usable = _given(results, "usable")
    if usable is None or not (usable > 0).any():
        return None

    def persons(name: str) -> NDArray[np.float64]:
        return np.nan_to_num(results.cells[name].to_numpy(dtype=np.float64, na_value=np.nan))

    people = persons("population")
    judged = np.zeros(len(people), dtype=bool)
    for name in ("measured_share", "room_share"):
        found = _given(results, name)
        judged |= np.isfinite(found) if found is not None else False
    claimed = persons("declared_4g") + persons("declared_5g")
    unproven = persons("unknown") + np.where(judged, 0.0, claimed)
    share = np.minimum(usable / np.where(people > 0, people, np.nan), 1.0)
    return np.where((usable > 0) | (unproven <= 1e-6 * people), share, np.nan)


SOURCES = (
    (
        "declared_share",
        "At least {0} as declared",
        "Share of the people of each cell whom declared maps cover with at least {0}.",
        "of its people are declared to have at least {0}",
    ),
    (
        "modelled_share",
        "At least {0} as modelled",
        "Share of the people of each cell whom the model of known sites reaches with at least {0}.",
        "of its people have at least {0} by the model",
    ),
    (
        "measured_share",
        "Speed for {0} as measured",
        "Share of each cell's people in places with enough tests whose tests meet the speed target for {0}.",
        "of its tested people live where tests meet the speed target for {0}",
    ),
)
"""Column, title, note and meaning of what each basis says; ``{0}`` is the target technology."""


def source_layers(results: Results) -> list[CellLayer]:
    """Layers of where the sources differ and of what each says; a column absent or all unknown gives none."""
    target, group = str(results.summary["target"]), "Agreement of sources"
    layers: list[CellLayer] = []
    doubt = _given(results, "doubt_people")
    if doubt is not None:
        note = (
            f"People whom the declared map covers with at least {target} although the tests, or the model where there "
            "are no tests, say no. Unknown where nothing is declared, or there is nothing to compare it with."
        )
        words = ("Declared covered, but doubtful", note, f"doubtfully declared to have at least {target}")
        layers.append(_people("doubt_people", doubt, words=words, table=VIRIDIS, group=group))
    for name, *said in SOURCES:
        values = _given(results, name)
        if values is not None:
            title, note, meaning = (words.format(target) for words in said)
            layers.append(_share(name, values, words=(group, title, note, meaning)))
    return layers


def quality_layers(results: Results) -> list[CellLayer]:
    """Layers of measured speed and usable coverage; a column absent or all unknown gives none."""
    layers: list[CellLayer] = []
    speed = _given(results, "down_mbps")
    if speed is not None:
        index, classes = speed_classes(speed)
        note = "Mean download speed of the tests made in each cell. Unknown where there are too few tests."
        words = ("Quality", "Measured download speed", note, "Mbit/s", "measured download speed")
        layers.append(CellLayer("down_mbps", *words, speed, index, classes))
    usable = _usable(results)
    if usable is not None:
        note = (
            "Share of the people of each cell with 4G or better that meets the target speed: measured, and where "
            "nothing was measured dimensioned from the sites with assumed spectrum and demand. "
            "Unknown where neither says."
        )
        words = ("Quality", "Usable: meets the target speed", note, "of its people have 4G or better that meets it")
        layers.append(_share("usable", usable, words=words))
    return layers


def cell_layers(results: Results) -> list[CellLayer]:
    """Every layer the cells table can give, in the order of the switch.

    Columns that are absent give no layer.
    """
    cells, target = results.cells, str(results.summary["target"])

    def column(name: str) -> NDArray[np.float64]:
        return cells[name].to_numpy(dtype=np.float64, na_value=np.nan)

    layers = [
        _people(
            "gap",
            column("gap_people"),
            words=(
                f"People below {target}",
                f"People in each cell who are known to be without {target}.",
                f"known to be below {target}",
            ),
            table=VIRIDIS,
        ),
        _people(
            "population",
            column("population"),
            words=("Population", "People living in each cell.", "live in this cell"),
            table=CIVIDIS,
        ),
        _settlement(cells["settlement"].to_numpy(dtype=np.int64)),
    ]
    for technology in ("3G", "4G", "5G"):
        name = f"at_least_{technology.lower()}"
        if name in cells:
            note = f"Share of the people of each cell whom at least one operator reaches with {technology} or better."
            words = ("Coverage", f"At least {technology}", note, f"of its people have at least {technology}")
            layers.append(_share(name, column(name), words=words))
    if "wifi_400_m" in cells:
        note = "Share of the people of each cell with public WiFi within 400 m, in a straight line."
        words = ("Coverage", "Public WiFi within 400 m", note, "of its people have public WiFi within 400 m")
        layers.append(_share("wifi_400_m", column("wifi_400_m"), words=words))
    return [*layers, *quality_layers(results), *source_layers(results)]
