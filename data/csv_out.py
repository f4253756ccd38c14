"""CSV for people: written as UTF-8, and harmless when a spreadsheet opens it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from pathlib import Path


_LIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What begins a formula, or a command, in one spreadsheet or another; full-width forms too."""

_CONTROLS = {code: None for code in (*range(0x20), *range(0x7F, 0xA0)) if code not in (0x09, 0x0A, 0x0D)}
"""Control characters other than tabs and line ends: they steer terminals, and no name has them."""


def inert(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets an apostrophe before it; all else stays as it is."""
    if not isinstance(value, str):
        return value
    clean = value.translate(_CONTROLS)
    return f"'{clean}" if clean.startswith(_LIVE) else clean


def safe_csv(table: pd.DataFrame, path: Path) -> None:
    """Write CSV whose text cells cannot become live formulas in a spreadsheet."""
    out = table.copy()
    for column in out.columns:
        if not pd.api.types.is_numeric_dtype(out[column]) and not pd.api.types.is_bool_dtype(out[column]):
            out[column] = [inert(value) for value in out[column]]
    out.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
