"""The layers of cells a map can show, in the order of its switch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.maps.cell_layer import (
    FIRST_CLASS,
    UNKNOWN_INDEX,
    CellLayer,
    given,
    people_layer,
    share_layer,
    speed_classes,
)
from analysis.maps.palette import CIVIDIS, SETTLEMENT, VIRIDIS
from analysis.maps.wifi_layers import wifi_layers
from analysis.settlement import CLASS_NAMES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.results import Results


def _settlement(codes: NDArray[np.int64]) -> CellLayer:
    order = [code for code in sorted(SETTLEMENT, reverse=True) if (codes == code).any()]
    values = np.where(np.isin(codes, order), codes, np.nan).astype(np.float64)
    index = np.full(len(codes), UNKNOWN_INDEX, dtype=np.uint8)
    for place, code in enumerate(order):
        index[codes == code] = FIRST_CLASS + place
    classes = tuple((f"{code} {CLASS_NAMES[code]}", SETTLEMENT[code]) for code in order)
    note = "Degree of Urbanisation, level 2, of each cell: how urban a place is by the people in and around it."
    return CellLayer("settlement", "People", "Settlement class", note, "class", "", values, index, classes)


def _usable(results: Results) -> NDArray[np.float64] | None:
    """Share of each cell's people whose coverage is usable; None when nobody's is.

    NaN where none is proven and nothing says that it is lacking: people without coverage information, or inside a
    footprint that was neither tested nor dimensioned.
    """
    usable = given(results, "usable")
    if usable is None or not (usable > 0).any():
        return None

    def persons(name: str) -> NDArray[np.float64]:
        return np.nan_to_num(results.cells[name].to_numpy(dtype=np.float64, na_value=np.nan))

    people = persons("population")
    judged = np.zeros(len(people), dtype=bool)
    for name in ("measured_share", "room_share"):
        found = given(results, name)
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
    doubt = given(results, "doubt_people")
    if doubt is not None:
        note = (
            f"People whom the declared map covers with at least {target} although the tests, or the model where there "
            "are no tests, say no. Unknown where nothing is declared, or there is nothing to compare it with."
        )
        words = ("Declared covered, but doubtful", note, f"doubtfully declared to have at least {target}")
        layers.append(people_layer("doubt_people", doubt, words=words, table=VIRIDIS, group=group))
    for name, *said in SOURCES:
        values = given(results, name)
        if values is not None:
            title, note, meaning = (words.format(target) for words in said)
            layers.append(share_layer(name, values, words=(group, title, note, meaning)))
    return layers


def quality_layers(results: Results) -> list[CellLayer]:
    """Layers of measured speed and usable coverage; a column absent or all unknown gives none."""
    layers: list[CellLayer] = []
    speed = given(results, "down_mbps")
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
        layers.append(share_layer("usable", usable, words=words))
    return layers


def cell_layers(results: Results) -> list[CellLayer]:
    """Every layer the cells table can give, in the order of the switch.

    Columns that are absent give no layer.
    """
    cells, target = results.cells, str(results.summary["target"])

    def column(name: str) -> NDArray[np.float64]:
        return cells[name].to_numpy(dtype=np.float64, na_value=np.nan)

    layers = [
        people_layer(
            "gap",
            column("gap_people"),
            words=(
                f"People below {target}",
                f"People in each cell who are known to be without {target}.",
                f"known to be below {target}",
            ),
            table=VIRIDIS,
        ),
        people_layer(
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
            layers.append(share_layer(name, column(name), words=words))
    return [*layers, *wifi_layers(results), *quality_layers(results), *source_layers(results)]
