"""The planning problem: who is below the target, what each candidate reaches, what it costs and is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.invest.greedy import Pairs
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

NAME = "investment problem"
MOST_LEVELS = 32
"""Distinct values that a plan tells apart; the state is that many numbers a row."""


@dataclass(frozen=True, eq=False)
class Problem:
    """Checked input of a plan; make it with `make_problem`.

    Attributes
    ----------
    people : float64 array (rows,)
        Persons below the target in each row of the cells table, coverage known.
    indptr, rows, fraction : arrays
        Candidate `j` reaches ``fraction[k]`` of the people of row ``rows[k]`` for ``indptr[j] <= k < indptr[j + 1]``.
    cost, value : float64 arrays (candidates,)
        Present cost (one currency), and the value, 0–1, of the service to a person reached.
    level : int64 array (candidates,)
        Index of each candidate's value among the distinct values above 0; −1 for a value of 0.
    steps : float64 array (levels,)
        Value of each level less that of the level below it.
    weight : float64 array (rows,)
        `people` times what a person of the row weighs in the aim.
    start : float64 array (rows, levels)
        Fraction of the row's people served at each level or better before anything is built.
    served : float64 array (rows,)
        Fraction of the row's people served at any level before.
    above : int64 array (rows,)
        First level better than what those have.
    """

    people: NDArray[np.float64]
    indptr: NDArray[np.int64]
    rows: NDArray[np.int32]
    fraction: NDArray[np.float64]
    cost: NDArray[np.float64]
    value: NDArray[np.float64]
    level: NDArray[np.int64]
    steps: NDArray[np.float64]
    weight: NDArray[np.float64]
    start: NDArray[np.float64]
    served: NDArray[np.float64]
    above: NDArray[np.int64]

    @property
    def size(self) -> int:
        """Number of candidates."""
        return self.cost.size

    @property
    def pairs(self) -> Pairs:
        """What the compiled functions take first."""
        return Pairs(self.indptr, self.rows, self.fraction, self.level, self.weight, self.steps)


def make_problem(
    people: ArrayLike,
    *,
    indptr: ArrayLike,
    rows: ArrayLike,
    fraction: ArrayLike,
    cost: ArrayLike,
    value: ArrayLike,
    base_value: ArrayLike = 0.0,
    base_fraction: ArrayLike = 1.0,
    row_weight: ArrayLike = 1.0,
) -> Problem:
    """Check the input and split values into levels.

    Parameters
    ----------
    people, indptr, rows, fraction, cost, value
        As in `Problem`; `value` may be one number for all.
    base_value : array-like (rows,) or float
        Value, 0–1, of the service that people of the row have already (public WiFi, say); few distinct ones.
    base_fraction : array-like (rows,) or float
        Fraction of the row's people who have it; the others have 0.
    row_weight : array-like (rows,) or float
        What a person of the row weighs in the aim; persons reported are never weighted.

    Raises
    ------
    SchemaError
        All faults: negative or unknown people, costs that are not positive, fractions outside (0, 1], a row reached
        twice by one candidate, indices that do not fit, more distinct values than `MOST_LEVELS`.

    Notes
    -----
    What a person has after the plan is the **best** service that reaches them. Which people of a cell two candidates
    share is not known; reaches are taken as *nested*: the candidate that reaches 30 % of a cell reaches a part of the
    70 % that another one reaches, or that has service already. So at every level of value the people of a cell at that
    level or better are its largest fraction among what is there and what is chosen. Nobody is counted twice, and what
    the plan claims for a cell is the least that any arrangement of these fractions could mean.
    """
    persons = np.ascontiguousarray(people, dtype=np.float64)
    price = np.ascontiguousarray(cost, dtype=np.float64)
    arrays: dict[str, NDArray[Any]] = {
        "people": persons,
        "indptr": np.ascontiguousarray(indptr, dtype=np.int64),
        "rows": np.ascontiguousarray(rows, dtype=np.int32),
        "fraction": np.ascontiguousarray(fraction, dtype=np.float64),
        "cost": price,
        "value": _full(value, price),
    }
    side = {"base_value": base_value, "base_fraction": base_fraction, "row_weight": row_weight}
    rowwise = {name: _full(given, persons) for name, given in side.items()}
    faults = _number_faults(arrays | rowwise) + _pair_faults(arrays)
    if faults:
        raise SchemaError(faults)
    return _levelled(arrays, rowwise)


def _levelled(arrays: dict[str, NDArray[Any]], rowwise: dict[str, NDArray[np.float64]]) -> Problem:
    """Split the distinct values into levels, and place what is there already on them."""
    base = np.where(rowwise["base_fraction"] > 0, rowwise["base_value"], 0.0)
    served = np.where(base > 0, rowwise["base_fraction"], 0.0)
    levels = np.unique(np.concatenate([arrays["value"], base]))
    levels = levels[levels > 0] if levels[-1:].sum() > 0 else np.ones(1)
    if levels.size > MOST_LEVELS:
        raise SchemaError(
            [Fault(NAME, f"{levels.size} distinct values", f"round them to {MOST_LEVELS} or fewer", "value")]
        )
    above = np.searchsorted(levels, base, side="right").astype(np.int64)
    return Problem(
        **arrays,
        level=np.searchsorted(levels, arrays["value"], side="right").astype(np.int64) - 1,
        steps=np.diff(levels, prepend=0.0),
        weight=arrays["people"] * rowwise["row_weight"],
        start=np.where(np.arange(levels.size)[None, :] < above[:, None], served[:, None], 0.0),
        served=served,
        above=above,
    )


def _full(given: ArrayLike, like: NDArray[np.float64]) -> NDArray[np.float64]:
    """Float64 copy, one number spread over every entry of `like`."""
    array = np.array(given, dtype=np.float64)
    return np.full(like.shape, array) if array.ndim == 0 else array


def _number_faults(arrays: dict[str, NDArray[Any]]) -> list[Fault]:
    rules = {
        "people": (0.0, np.inf, "persons are at least 0; leave rows of unknown coverage at 0"),
        "base_value": (0.0, 1.0, "values lie in 0–1"),
        "base_fraction": (0.0, 1.0, "fractions lie in 0–1"),
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
    for name, like in (
        ("base_value", "people"),
        ("base_fraction", "people"),
        ("row_weight", "people"),
        ("value", "cost"),
    ):
        if arrays[name].shape != arrays[like].shape:
            faults.append(Fault(NAME, f"another length than {like}", f"one number, or one for each of {like}", name))
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
