"""The planning problem: who is below the target, what each candidate reaches, what it costs and is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

NAME = "investment problem"


@dataclass(frozen=True, eq=False)
class Problem:
    """Checked input of a plan; make it with `make_problem`.

    Attributes
    ----------
    people : float64 array (rows,)
        Persons below the target in each row of the cells table, coverage known.
    base_value : float64 array (rows,)
        Mean value, 0–1, of the service that those persons have already.
    indptr, rows, fraction : arrays
        Candidate `j` reaches ``fraction[k]`` of the people of row ``rows[k]`` for ``indptr[j] <= k < indptr[j + 1]``.
    cost, value : float64 arrays (candidates,)
        Present cost (one currency), and the value, 0–1, of the service to a person reached.
    weight : float64 array (rows, levels)
        People-equivalents of the row per unit of fraction, by level of value (rows' own weight included).
    level : int64 array (candidates,)
        Level of each candidate's value.
    lowest : int64 array (rows,)
        First level better than what the row has.
    """

    people: NDArray[np.float64]
    base_value: NDArray[np.float64]
    indptr: NDArray[np.int64]
    rows: NDArray[np.int64]
    fraction: NDArray[np.float64]
    cost: NDArray[np.float64]
    value: NDArray[np.float64]
    weight: NDArray[np.float64]
    level: NDArray[np.int64]
    lowest: NDArray[np.int64]

    @property
    def size(self) -> int:
        """Number of candidates."""
        return self.cost.size

    @property
    def pairs(self) -> tuple[Any, ...]:
        """What the compiled functions take first."""
        return self.indptr, self.rows, self.fraction, self.level, self.weight


def make_problem(
    people: ArrayLike,
    *,
    base_value: ArrayLike,
    indptr: ArrayLike,
    rows: ArrayLike,
    fraction: ArrayLike,
    cost: ArrayLike,
    value: ArrayLike,
    row_weight: ArrayLike | None = None,
) -> Problem:
    """Check the input and split values into levels.

    Parameters
    ----------
    people, base_value, indptr, rows, fraction, cost, value
        As in `Problem`; `base_value` and `value` may be one number for all.
    row_weight : array-like (rows,), optional
        What a person of the row weighs in the aim (1 when not given); persons reported are never weighted.

    Raises
    ------
    SchemaError
        All faults: negative or unknown people, costs that are not positive, fractions outside (0, 1], a row reached twice
        by one candidate, indices that do not fit.

    Notes
    -----
    What a person has after the plan is the **best** service that reaches them. Which people of a cell two candidates
    share is not known; reaches are taken as *nested*: the candidate that reaches 30 % of a cell reaches a part of the
    70 % that another one reaches. So at every level of value the people of a cell at that level or better are its
    largest fraction among the choices. Nobody is counted twice, and what the plan claims for a cell is the least that any
    arrangement of these fractions could mean.
    """
    persons = np.ascontiguousarray(people, dtype=np.float64)
    price = np.ascontiguousarray(cost, dtype=np.float64)
    arrays: dict[str, NDArray[Any]] = {
        "people": persons,
        "base_value": np.array(np.broadcast_to(np.asarray(base_value, dtype=np.float64), persons.shape)),
        "row_weight": np.ones(persons.shape) if row_weight is None else np.asarray(row_weight, dtype=np.float64),
        "indptr": np.ascontiguousarray(indptr, dtype=np.int64),
        "rows": np.ascontiguousarray(rows, dtype=np.int64),
        "fraction": np.ascontiguousarray(fraction, dtype=np.float64),
        "cost": price,
        "value": np.array(np.broadcast_to(np.asarray(value, dtype=np.float64), price.shape)),
    }
    faults = _number_faults(arrays) + _pair_faults(arrays)
    if faults:
        raise SchemaError(faults)
    levels, level = np.unique(arrays["value"], return_inverse=True)
    base, importance = arrays["base_value"], arrays.pop("row_weight")
    floor = np.maximum(np.append(0.0, levels[:-1])[None, :], base[:, None])
    weight = np.maximum(levels[None, :] - floor, 0.0) * (persons * importance)[:, None]
    lowest = np.searchsorted(levels, base, side="right").astype(np.int64)
    return Problem(**arrays, weight=weight, level=level.ravel().astype(np.int64), lowest=lowest)


def _number_faults(arrays: dict[str, NDArray[Any]]) -> list[Fault]:
    rules = {
        "people": (0.0, np.inf, "persons are at least 0; leave rows of unknown coverage at 0"),
        "base_value": (0.0, 1.0, "values lie in 0–1"),
        "row_weight": (0.0, np.inf, "weights are at least 0"),
        "fraction": (np.nextafter(0, 1), 1.0, "fractions lie above 0 and at most at 1"),
        "cost": (np.nextafter(0, 1), np.inf, "costs are above 0"),
        "value": (0.0, 1.0, "values lie in 0–1"),
    }
    faults: list[Fault] = []
    for name, (low, high, mend) in rules.items():
        values = arrays[name]
        bad = ~(np.isfinite(values) & (values >= low) & (values <= high))
        if bad.any():
            where = int(np.argmax(bad))
            faults.append(
                Fault(NAME, f"{int(bad.sum())} bad, the first is {values[where]!r:.40}", mend, name, str(where + 1))
            )
    if arrays["row_weight"].shape != arrays["people"].shape:
        faults.append(Fault(NAME, "row_weight has another length than people", "one weight per row", "row_weight"))
    return faults


def _pair_faults(arrays: dict[str, NDArray[Any]]) -> list[Fault]:
    indptr, rows = arrays["indptr"], arrays["rows"]
    good = (
        indptr.shape == (arrays["cost"].size + 1,)
        and rows.shape == arrays["fraction"].shape
        and indptr[0] == 0
        and indptr[-1] == rows.size
        and bool(np.all(np.diff(indptr) >= 0))
    )
    if not good:
        return [
            Fault(
                NAME, "indptr, rows, fraction and cost do not fit together", "one run of pairs per candidate", "indptr"
            )
        ]
    if rows.size and (rows.min() < 0 or rows.max() >= arrays["people"].size):
        return [
            Fault(NAME, "a row that the cells table does not have", f"rows are 0–{arrays['people'].size - 1}", "rows")
        ]
    owner = np.repeat(np.arange(indptr.size - 1), np.diff(indptr))
    step = np.diff(owner * max(arrays["people"].size, 1) + rows)
    if not np.all(step > 0):
        return [
            Fault(NAME, "rows of a candidate are not ascending, or one occurs twice", "sort them, each once", "rows")
        ]
    return []
