"""CSV for people: written as UTF-8, and harmless when a spreadsheet opens it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from pathlib import Path


def _inert(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets an apostrophe before it; all else stays as it is."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def safe_csv(table: pd.DataFrame, path: Path) -> None:
    """Write CSV whose text cells cannot become live formulas in a spreadsheet."""
    out = table.copy()
    for column in out.columns:
        if not pd.api.types.is_numeric_dtype(out[column]) and not pd.api.types.is_bool_dtype(out[column]):
            out[column] = [_inert(value) for value in out[column]]
    out.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
