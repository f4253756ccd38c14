"""Print the table of unit costs for docs/costs.md from the table that ships with gapmap."""

from __future__ import annotations

import sys

from data.unit_costs import CostItem, load_costs


def number(value: float) -> str:
    """A number as short as it is exact."""
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


def row(key: str, item: CostItem) -> str:
    """One line of the table."""
    span = "" if item.low == item.value == item.high else f" ({number(item.low)}–{number(item.high)})"
    unit = f"{item.currency} {item.unit}".strip()
    return f"| `{key}` | {number(item.value)}{span} | {unit} | {item.price_year} | {item.source} |"


def table() -> str:
    """Markdown table of every item, in the order of the table that ships."""
    head = ["| item | value (low–high) | unit | year | source |", "|---|---|---|---|---|"]
    return "\n".join([*head, *(row(key, item) for key, item in load_costs().items())])


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
