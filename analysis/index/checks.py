"""What an index needs before it is computed: every fault of its table, goalposts and weights, found at once."""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from data.notes import listed
from data.settings import suggestion
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd


def number(value: Any) -> float:
    """Value as a float; NaN for what is no finite number."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return math.nan
    return float(value) if math.isfinite(value) else math.nan


def weight_faults(weights: Mapping[str, float], *, file: str) -> list[Fault]:
    """Faults of weights as numbers: none may be negative or unknown, and something must weigh."""
    faults: list[Fault] = []
    for name, value in weights.items():
        if math.isnan(number(value)):
            faults.append(Fault(file, f"{value!r:.40} is no weight", "give a number of at least 0", name))
        elif value < 0:
            faults.append(Fault(file, f"{value:g} is negative", "give at least 0; turn the goalposts instead", name))
    if not faults and not any(value > 0 for value in weights.values()):
        faults.append(Fault(file, "the weights sum to 0", "give at least one dimension a weight above 0"))
    return faults


def name_faults(names: Iterable[str], known: Iterable[str], *, file: str) -> list[Fault]:
    """Names that are no dimension, each with the nearest that is."""
    known = list(known)
    strange = [name for name in names if name not in known]
    return [Fault(file, "no such dimension", suggestion(name, map(str, known)), name) for name in strange]


def goalpost_faults(goalposts: Mapping[str, tuple[float, float]], needed: Iterable[str]) -> list[Fault]:
    """Goalposts that are missing, not two numbers, or equal."""
    file, mend = "goalposts", "give (value worth 0, value worth 1)"
    faults = [Fault(file, "no goalposts", mend, name) for name in needed if name not in goalposts]
    for name, posts in goalposts.items():
        ends = [number(end) for end in posts]
        if len(ends) != 2 or any(math.isnan(end) for end in ends):
            faults.append(Fault(file, f"{posts!r:.60} are not two numbers", mend, name))
        elif ends[0] == ends[1]:
            faults.append(Fault(file, f"both are {ends[0]:g}", f"{mend}, the two apart", name))
    return faults


def table_faults(table: pd.DataFrame, names: Iterable[str]) -> list[Fault]:
    """Zone ids that are missing or stand twice; columns that are not numbers; values that are not finite."""
    file, ids = "zones", table.index.astype(str)
    faults: list[Fault] = []
    if table.index.hasnans:
        faults.append(Fault(file, "a zone without id", "give each zone an id", "zone_id"))
    twice = sorted(set(ids[ids.duplicated()]))
    if twice:
        faults.append(Fault(file, "the id stands twice", "give each zone one row", "zone_id", listed(twice)))
    columns = [name for name in names if name in table.columns]
    faults += [Fault(file, "the column stands twice", "keep one", n) for n in columns if (table.columns == n).sum() > 1]
    if faults:
        return faults
    for name in columns:
        if table[name].dtype.kind not in "fiu":
            faults.append(Fault(file, "not numbers", "give numbers, and leave empty what is not known", name))
            continue
        infinite = np.isinf(table[name].to_numpy(dtype=np.float64, na_value=np.nan))
        if infinite.any():
            faults.append(Fault(file, "infinite", "leave empty what is not known", name, listed(list(ids[infinite]))))
    return faults


def require_fraction(column: pd.Series[float], *, file: str = "zones") -> pd.Series[float]:
    """Return the column if it holds fractions, 0 to 1; refuse it otherwise.

    A share written as 45 in one column and as 0.45 in another looks the same to goalposts: only who knows the column
    can say which it is. This asks the question where the column enters.

    Parameters
    ----------
    column : Series
        Shares by zone; NaN = not known.
    file : str
        Name of the input, for the message.

    Returns
    -------
    Series
        The same.

    Raises
    ------
    SchemaError
        Values above 1 or below 0, with the zones and the mend. A column of per cent whose values are all 1 or less
        cannot be told from fractions.
    """
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    ids, name = column.index.astype(str), str(column.name)
    faults: list[Fault] = []
    above, below = values > 1, values < 0
    if above.any():
        problem = f"{int(above.sum()):,} of {values.size:,} values above 1, the largest {values[above].max():g}"
        mend = "give fractions from 0 to 1; if the column is in per cent, divide it by 100"
        faults.append(Fault(file, problem, mend, name, listed(list(ids[above]))))
    if below.any():
        problem = f"{int(below.sum()):,} of {values.size:,} values below 0, the lowest {values[below].min():g}"
        faults.append(Fault(file, problem, "leave empty what is not known", name, listed(list(ids[below]))))
    if faults:
        raise SchemaError(faults)
    return column
