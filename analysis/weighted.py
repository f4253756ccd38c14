"""One value per row, weighted by people: checked, the unknown left out, and in one order whatever the order given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from geo.errors import RangeError

if TYPE_CHECKING:
    from numpy.typing import NDArray


class People(NamedTuple):
    """Rows that have people and a known value, ascending by value, then weight.

    Attributes
    ----------
    value, weight : float64 array (rows,)
        Value, 0 or more, and persons, above 0.
    group : array (rows,) or None
        Label of each row.
    everybody : float
        Persons, those whose value is not known included.
    """

    value: NDArray[np.float64]
    weight: NDArray[np.float64]
    group: NDArray[Any] | None
    everybody: float


def _fault(bad: NDArray[np.bool_], what: str) -> list[str]:
    rows = np.flatnonzero(bad)
    return [f"{what} in {rows.size} rows, first {rows[:3].tolist()}"] if rows.size else []


def people_of(value: NDArray[np.float64], weight: NDArray[np.float64], group: NDArray[Any] | None = None) -> People:
    """Check the columns and sort them, so that sums over them do not depend on the order given.

    Parameters
    ----------
    value : float64 array (rows,)
        0 or more; NaN = not known, left out with its people.
    weight : float64 array (rows,)
        Persons.
    group : array (rows,), optional
        Label of each row's group, all of one sortable type.

    Raises
    ------
    RangeError
        Negative or infinite values or weights, a weight that is not known, a missing label; all of them at once.
    ValueError
        Columns of different length.
    """
    value, weight = np.asarray(value, dtype=np.float64), np.asarray(weight, dtype=np.float64)
    labels = None if group is None else np.asarray(group)
    shapes = {value.shape, weight.shape} | ({labels.shape} if labels is not None else set())
    if value.ndim != 1 or len(shapes) > 1:
        raise ValueError(f"value, weight and group are columns of one length, not {sorted(shapes)}")
    faults = _fault((value < 0) | np.isinf(value), "value is negative or infinite")
    faults += _fault(~((weight >= 0) & (weight < np.inf)), "weight is negative, infinite or not known")
    faults += [] if labels is None else _fault(np.asarray(pd.isna(labels)), "group is missing")
    if faults:
        raise RangeError("; ".join(faults))
    known = ~np.isnan(value)
    unknown_people = float(np.sort(weight[~known]).sum())
    rows = np.flatnonzero(known & (weight > 0))
    rows = rows[np.argsort(weight[rows])]
    rows = rows[np.argsort(value[rows], kind="stable")]  # two sorts take half the time of one lexsort
    value, weight = value[rows], weight[rows]
    return People(value, weight, None if labels is None else labels[rows], float(weight.sum()) + unknown_people)


def mean_of(people: People) -> float:
    """Mean over people; NaN where nothing is known."""
    total = float(people.weight.sum())
    return float((people.value * people.weight).sum()) / total if total > 0 else np.nan


def by_group(people: People) -> tuple[NDArray[np.intp], pd.DataFrame]:
    """Row of the group of each row of people, and the table ``group, people, mean`` in order of the label."""
    codes, labels = pd.factorize(np.asarray(people.group), sort=True)
    persons = np.bincount(codes, weights=people.weight, minlength=len(labels))
    amount = np.bincount(codes, weights=people.weight * people.value, minlength=len(labels))
    return codes, pd.DataFrame({"group": labels, "people": persons, "mean": amount / persons})
