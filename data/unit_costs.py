"""The table of unit costs that ships with gapmap: read once, every fault listed."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING

from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SETTLEMENTS = ("urban", "semi-urban", "rural")
COLUMNS = ("item", "value", "unit", "currency", "price_year", "source", "settlement", "low", "high")


@dataclass(frozen=True)
class CostItem:
    """One row of ``data/tables/costs.csv``; `currency` is empty for shares, lifetimes and rates."""

    item: str
    value: float
    unit: str
    currency: str
    price_year: str
    source: str
    settlement: str
    low: float
    high: float

    @property
    def key(self) -> str:
        """Name under which a scenario overrides it: the item, or ``item.settlement`` where classes differ."""
        return f"{self.item}.{self.settlement}" if self.settlement else self.item


def is_rate(item: str) -> bool:
    """Whether an item is an exchange rate, such as ``rate.EUR_USD``."""
    return item.startswith("rate.")


def is_lifetime(item: str) -> bool:
    """Whether an item is a lifetime, in whole years."""
    return item.endswith("_life_years")


def must_be_positive(item: str) -> bool:
    """Whether zero makes no sense, since something is divided by it: lifetimes, rates and lengths of hops."""
    return is_rate(item) or is_lifetime(item) or (item.startswith("backhaul_") and item.endswith("_km"))


@cache
def load_costs() -> Mapping[str, CostItem]:
    """Unit costs as shipped (``data/tables/costs.csv``), by `CostItem.key`, in the order of the table."""
    text = resources.files("data").joinpath("tables", "costs.csv").read_text(encoding="utf-8")
    return MappingProxyType(parse_costs(list(csv.DictReader(text.splitlines()))))


def cost_names() -> list[str]:
    """Every name that a scenario may override, sorted."""
    return sorted({name for row in load_costs().values() for name in (row.key, row.item)})


def parse_costs(rows: Sequence[Mapping[str, str]]) -> dict[str, CostItem]:
    """Check the rows of a cost table; SchemaError lists every fault (no source, no year, negative, twice the same)."""
    faults: list[Fault] = []
    items: dict[str, CostItem] = {}
    for index, row in enumerate(rows, start=1):
        found = _row_faults(row, str(index))
        faults += found
        if not found:
            value = float(row["value"])
            low, high = (float(row[column] or value) for column in ("low", "high"))
            words = {name: row[name] for name in COLUMNS if name not in ("value", "low", "high")}
            item = CostItem(value=value, low=low, high=high, **words)
            if item.key in items:
                faults.append(Fault("costs.csv", f"{item.key} is given twice", "keep one", "item", str(index)))
            items[item.key] = item
    if faults:
        raise SchemaError(faults)
    return items


def _row_faults(row: Mapping[str, str], number: str) -> list[Fault]:
    missing = [column for column in COLUMNS if row.get(column) is None]
    if missing:
        return [
            Fault("costs.csv", f"has no column {', '.join(missing)}", f"columns are {', '.join(COLUMNS)}", row=number)
        ]
    faults = [
        Fault("costs.csv", "empty", "every cost says where it comes from", column, number)
        for column in ("item", "value", "unit", "source", *(["price_year"] if row["currency"] else []))
        if not row[column].strip()
    ]
    for column in ("value", "low", "high"):
        try:
            good = not row[column].strip() or (math.isfinite(float(row[column])) and float(row[column]) >= 0)
        except ValueError:
            good = False
        if not good:
            faults.append(Fault("costs.csv", f"'{row[column]}' is no cost", "a number of at least 0", column, number))
    price = row["unit"].startswith("per ")
    if price and not row["currency"].strip():
        faults.append(Fault("costs.csv", f"a price {row['unit']} in no currency", "name it", "currency", number))
    if not faults:
        faults += _value_faults(row["item"], float(row["value"]), number)
    if row["settlement"] not in ("", *SETTLEMENTS):
        mend = f"blank, or one of {', '.join(SETTLEMENTS)}"
        faults.append(Fault("costs.csv", f"'{row['settlement']}' is no class", mend, "settlement", number))
    return faults


def _value_faults(item: str, value: float, number: str) -> list[Fault]:
    if must_be_positive(item) and value == 0:
        return [Fault("costs.csv", f"{item} is 0", "a number above 0", "value", number)]
    if is_lifetime(item) and value != int(value):
        return [Fault("costs.csv", f"{item} is {value:g}", "a whole number of years", "value", number)]
    return []
