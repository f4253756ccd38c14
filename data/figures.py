"""One column as figures, whatever it came as: numbers of a Parquet or vector file, or text of a CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from data.columns import as_text, numbers
from data.tables_in import Table, row_faults

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.errors import Fault


def figures(values: pd.Series[Any], *, name: str, column: str, faults: list[Fault]) -> NDArray[np.float64]:
    """Figures of a column; what is no number, or infinite, is a fault with its row, which is the index of `values`.

    Parameters
    ----------
    values : Series
        Numbers or text; blank, NA, NaN = not known.
    name, column : str
        Of the file and the column, for faults.
    faults : list of Fault
        What is wrong is appended.

    Returns
    -------
    float64 array, NaN = not known (or faulty)
    """
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        table = Table(pd.DataFrame({column: as_text(values)}), name)
        return np.array(numbers(table, column, faults=faults), dtype=np.float64)
    read = values.to_numpy(dtype=np.float64, na_value=np.nan)
    endless = np.isinf(read)
    problem = {str(row): "is infinite" for row in values.index[endless]}
    faults += row_faults(name, column, problem, mend="correct it, or leave it blank when it is not known")
    return np.where(endless, np.nan, read)
