"""Tables of what a site carries and of what people ask for in the busy hour; read once, every fault listed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from data.columns import blank, has_column, numbers
from data.coverage import RADIUS_CLASSES
from data.settings import suggestion
from data.tables_in import Table, read_table, row_faults
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Sequence

CAPACITY_TABLE = Path(__file__).parent / "tables" / "capacity.csv"
DEMAND_TABLE = Path(__file__).parent / "tables" / "demand.csv"
CAPACITY_TECHNOLOGIES = ("4G", "5G")
"""Technologies whose sites are dimensioned: no other can be `usable`."""

_FIGURES = {"bandwidth_mhz": (0.0, 3000.0), "efficiency_bps_hz": (0.01, 30.0), "sectors": (1.0, 24.0)}
"""Least and most: 30 bit/s/Hz is the peak that IMT-2020 asks for (Report ITU-R M.2410)."""

_WORDS = {"technology": CAPACITY_TECHNOLOGIES, "settlement": RADIUS_CLASSES}
_DEMAND = {"gb_per_month": 1000.0, "busy_hour_share": 1.0, "user_share": 1.0}
"""Items of the demand table and the most that each can be; all are above 0."""


@dataclass(frozen=True)
class CapacityTables:
    """What sites carry and what users ask for.

    Attributes
    ----------
    site : DataFrame
        Indexed by (technology, settlement), both technologies of `CAPACITY_TECHNOLOGIES` in all of `RADIUS_CLASSES`:
        ``bandwidth_mhz`` (downlink, of one operator's sector), ``efficiency_bps_hz`` (average over the sector),
        ``sectors``.
    gb_per_month : float
        Data of one user in a month, GB.
    busy_hour_share : float
        Share of a day's data in its busiest hour, 0–1.
    user_share : float
        Share of people who use mobile data, 0–1.
    """

    site: pd.DataFrame
    gb_per_month: float
    busy_hour_share: float
    user_share: float

    def with_demand(
        self,
        *,
        gb_per_month: float | None = None,
        busy_hour_share: float | None = None,
        user_share: float | None = None,
    ) -> CapacityTables:
        """The same with other demand; None keeps the table's figure."""
        given = {"gb_per_month": gb_per_month, "busy_hour_share": busy_hour_share, "user_share": user_share}
        return replace(self, **{name: value for name, value in given.items() if value is not None})


def read_capacity(path: Path = CAPACITY_TABLE, *, demand: Path = DEMAND_TABLE) -> CapacityTables:
    """What a site carries by technology and surroundings, and what a user asks for.

    Parameters
    ----------
    path : Path
        CSV with ``technology, settlement, bandwidth_mhz, efficiency_bps_hz, sectors, source``: one row for each of 4G
        and 5G in each of `RADIUS_CLASSES`. Bandwidth 0 = not on air in such surroundings.
    demand : Path
        CSV with ``item, value, unit, year, source``: ``gb_per_month``, ``busy_hour_share``, ``user_share``.

    Raises
    ------
    SchemaError
        Every fault of both tables: a missing column, an unknown, repeated or missing row, a figure that is none or
        impossible, part of a sector, no source, no year.
    """
    faults: list[Fault] = []
    site = _site_table(path, faults)
    figures = _demand_items(demand, faults)
    if faults:
        raise SchemaError(faults)
    return CapacityTables(site, **figures)


def _opened(path: Path, columns: Sequence[str], faults: list[Fault]) -> Table | None:
    """A table that has the columns; what is wrong with it joins the faults."""
    try:
        table = read_table(path)
    except SchemaError as error:
        faults += error.faults
        return None
    missing = [column for column in columns if not has_column(table, column, faults=faults)]
    return None if missing else table


def _said(table: Table, columns: Sequence[str], faults: list[Fault]) -> None:
    for column in columns:
        problem = {str(row): "blank" for row in table.frame.index[blank(table.frame[column])]}
        faults += row_faults(table.name, column, problem, mend="every figure says where it comes from")


def _site_table(path: Path, faults: list[Fault]) -> pd.DataFrame:
    table = _opened(path, [*_WORDS, *_FIGURES, "source"], faults)
    if table is None:
        return pd.DataFrame()
    for column, words in _WORDS.items():
        odd = table.frame[column][~table.frame[column].isin(words)]
        problem = {str(row): f"'{value}' is unknown" for row, value in odd.items()}
        faults += row_faults(table.name, column, problem, mend=f"use {', '.join(words)}")
    keys = list(zip(table.frame["technology"], table.frame["settlement"], strict=True))
    again = np.flatnonzero(table.frame.duplicated(list(_WORDS)))
    faults += row_faults(table.name, "settlement", {str(row + 1): "repeated" for row in again}, mend="keep one")
    faults += [
        Fault(table.name, f"no row for {technology}, {surroundings}", "add it", "settlement")
        for technology in CAPACITY_TECHNOLOGIES
        for surroundings in RADIUS_CLASSES
        if (technology, surroundings) not in keys
    ]
    _said(table, ["source"], faults)
    site = pd.DataFrame(index=pd.MultiIndex.from_tuples(keys, names=list(_WORDS)))
    for column, (low, high) in _FIGURES.items():
        values = numbers(table, column, faults=faults, required=True, minimum=low, maximum=high)
        site[column] = values.to_numpy()
        if column == "sectors":
            problem = {str(row): f"{value:g} is no whole number" for row, value in values.items() if value % 1 > 0}
            faults += row_faults(table.name, column, problem, mend="count the sectors of a site")
    return site.sort_index()


def _demand_items(path: Path, faults: list[Fault]) -> dict[str, float]:
    table = _opened(path, ["item", "value", "unit", "year", "source"], faults)
    if table is None:
        return {}
    _said(table, ["unit", "year", "source"], faults)
    items = dict(zip(table.frame.index.astype(str), table.frame["item"], strict=True))
    odd = {row: f"'{item}' is unknown" for row, item in items.items() if item not in _DEMAND}
    mend = suggestion(items[next(iter(odd))], _DEMAND) if odd else ""
    faults += row_faults(table.name, "item", odd, mend=mend)
    again = table.frame.index[table.frame["item"].duplicated()].astype(str)
    faults += row_faults(table.name, "item", dict.fromkeys(again, "repeated"), mend="keep one")
    missing = [item for item in _DEMAND if item not in items.values()]
    faults += [Fault(table.name, f"no row for {item}", "add it", "item") for item in missing]
    values = numbers(table, "value", faults=faults, required=True).tolist()
    problem = {
        row: f"{value:g} is not above 0 and at most {_DEMAND[item]:g}"
        for (row, item), value in zip(items.items(), values, strict=True)
        if item in _DEMAND and (value <= 0 or value > _DEMAND[item])
    }
    faults += row_faults(table.name, "value", problem, mend="correct it")
    return dict(zip(items.values(), values, strict=True))
