"""Tables of the link budget: what a site sends, and how it travels; read once, every fault listed.

`analysis.radio` computes with them; whether a row's model exists and holds at its frequencies is checked there.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from data.columns import blank, has_column, numbers
from data.coverage import RADIUS_CLASSES, TECHNOLOGIES, VARIANTS
from data.tables_in import read_table, row_faults
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from data.tables_in import Table

SITE_TABLE = Path(__file__).parent / "tables" / "radio_sites.csv"
PROPAGATION_TABLE = Path(__file__).parent / "tables" / "radio_propagation.csv"
FREQUENCIES_MHZ = (400.0, 6000.0)
"""Frequencies that the propagation table covers without gap or overlap; the upper end belongs to the last row."""

_SITE_FIGURES = {
    "frequency_mhz": FREQUENCIES_MHZ,
    "eirp_dbm": (-10.0, 90.0),
    "base_height_m": (1.0, 500.0),
    "threshold_dbm": (-150.0, -30.0),
}
_PROPAGATION_FIGURES = {
    "frequency_from_mhz": FREQUENCIES_MHZ,
    "frequency_to_mhz": FREQUENCIES_MHZ,
    "mobile_height_m": (0.5, 20.0),
    "sigma_db": (0.0, 20.0),
    "clutter_m": (0.0, 100.0),
    "extra_loss_db": (0.0, 60.0),
    "terrain_loss_db": (0.0, 60.0),
}
_OPTIONAL = ("sigma_db", "extra_loss_db", "terrain_loss_db")
_WORDS = {"technology": TECHNOLOGIES, "settlement": RADIUS_CLASSES, "variant": VARIANTS}


def _read(
    path: Path, *, words: Sequence[str], free: Sequence[str], figures: Mapping[str, tuple[float, float]]
) -> tuple[Table, pd.DataFrame, list[Fault]]:
    """Columns of a table, figures as float64, with the faults of each; stops where columns are missing."""
    table = read_table(path)
    faults: list[Fault] = []
    columns = [*words, *free, *figures, "source"]
    for column in columns:
        has_column(table, column, faults=faults)
    if faults:
        raise SchemaError(faults)
    frame = table.frame[columns].copy()
    for column in words:
        odd = frame[column][~frame[column].isin(_WORDS[column])]
        problem = {str(row): f"'{value}' is unknown" for row, value in odd.items()}
        faults += row_faults(table.name, column, problem, mend=f"use {', '.join(_WORDS[column])}")
    for column in (*free, "source"):
        problem = {str(row): "blank" for row in frame.index[blank(frame[column])]}
        mend = "say where the figures come from" if column == "source" else "see docs/radio.md for the words"
        faults += row_faults(table.name, column, problem, mend=mend)
    for column, (low, high) in figures.items():
        required = column not in _OPTIONAL
        frame[column] = numbers(table, column, faults=faults, required=required, minimum=low, maximum=high)
    frame.attrs["file"] = table.name
    return table, frame, faults


def read_site_links(path: Path = SITE_TABLE) -> pd.DataFrame:
    """What a site sends, by technology and by what stands around the site.

    Parameters
    ----------
    path : Path
        CSV with ``technology, settlement, frequency_mhz, eirp_dbm, base_height_m, threshold_dbm, source``: one row
        for each technology and each of `RADIUS_CLASSES`.

    Returns
    -------
    DataFrame
        Those columns; EIRP in dBm of the reference signal (2G the carrier, 3G CPICH, 4G and 5G one resource element),
        height in metres above ground, threshold in dBm of RXLEV, RSCP or RSRP. The index is the row number, from 1;
        ``attrs["file"]`` the file's name.

    Raises
    ------
    SchemaError
        Every fault: missing columns, unknown words, a row missing or repeated, figures that are none or out of range,
        a row without a source.
    """
    table, frame, faults = _read(path, words=("technology", "settlement"), free=(), figures=_SITE_FIGURES)
    repeated = frame.duplicated(["technology", "settlement"])
    problem = {str(row): "technology and settlement stand there already" for row in frame.index[repeated]}
    faults += row_faults(table.name, "settlement", problem, mend="keep one")
    given = set(zip(frame["technology"], frame["settlement"], strict=True))
    faults += [
        Fault(table.name, f"no row for {technology}, {settlement}", "add it", "settlement")
        for technology in TECHNOLOGIES
        for settlement in RADIUS_CLASSES
        if (technology, settlement) not in given
    ]
    if faults:
        raise SchemaError(faults)
    return frame


def read_propagation(path: Path = PROPAGATION_TABLE) -> pd.DataFrame:
    """How a signal travels, by variant, by what stands around the person, and by frequency.

    Parameters
    ----------
    path : Path
        CSV with ``variant, settlement, frequency_from_mhz, frequency_to_mhz, model, environment, mobile_height_m,
        sigma_db, clutter_m, extra_loss_db, terrain_loss_db, source``. For each variant and each of `RADIUS_CLASSES`
        the rows cover 400–6000 MHz without gap or overlap.

    Returns
    -------
    DataFrame
        Those columns; a row holds from its lower frequency up to, but without, its upper one (6000 included).
        ``sigma_db`` NaN = the model's own; ``extra_loss_db``, ``terrain_loss_db`` blank = 0. Index and ``attrs`` as in
        `read_site_links`.

    Raises
    ------
    SchemaError
        Every fault: missing columns, unknown words, figures that are none or out of range, gaps and overlaps of
        frequency, a row without a source.
    """
    words, free = ("variant", "settlement"), ("model", "environment")
    table, frame, faults = _read(path, words=words, free=free, figures=_PROPAGATION_FIGURES)
    for column in ("extra_loss_db", "terrain_loss_db"):
        frame[column] = frame[column].fillna(0.0)
    faults += _tiling_faults(table.name, frame)
    if faults:
        raise SchemaError(faults)
    return frame


def _tiling_faults(name: str, frame: pd.DataFrame) -> list[Fault]:
    """Gaps and overlaps of the frequency ranges, for each variant and settlement."""
    faults: list[Fault] = []
    known = frame[frame["frequency_from_mhz"].notna() & frame["frequency_to_mhz"].notna()]
    order = known.sort_values(["frequency_from_mhz", "frequency_to_mhz"], kind="stable")
    for variant in VARIANTS:
        for settlement in RADIUS_CLASSES:
            rows = order[(order["variant"] == variant) & (order["settlement"] == settlement)]
            ranges = rows[["frequency_from_mhz", "frequency_to_mhz"]].to_numpy(dtype=np.float64)
            for problem, at in _untiled(ranges):
                row = str(rows.index[at]) if at < len(rows) else ""
                mend = f"let the ranges of {variant}, {settlement} touch from 400 to 6000 MHz"
                faults.append(Fault(name, f"{variant}, {settlement}: {problem}", mend, "frequency_from_mhz", row))
    return faults


def _untiled(ranges: NDArray[np.float64]) -> Iterator[tuple[str, int]]:
    """What keeps sorted ranges (n, 2) from tiling `FREQUENCIES_MHZ`, and the range at which it is met (n = the end)."""
    reached, end = FREQUENCIES_MHZ
    for at, (low, high) in enumerate(ranges):
        if not low < high:
            yield f"{low:g}–{high:g} MHz is no range", at
        elif low > reached:
            yield f"no row for {reached:g}–{low:g} MHz", at
        elif low < reached:
            yield f"{low:g}–{min(high, reached):g} MHz stands in two rows", at
        reached = max(reached, high)
    if reached < end:
        yield f"no row for {reached:g}–{end:g} MHz", len(ranges)
