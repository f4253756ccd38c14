"""The planning problem: whom each candidate lifts to which service, what it costs, and what that is worth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Required, TypedDict, Unpack

import numpy as np

from analysis.invest.checks import MOST_RUNGS, NAME, faults_of
from analysis.invest.columns import Columns, by_row
from analysis.invest.greedy import Money, Pairs, State
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class Problem:
    """Checked input of a plan; make it with `make_problem`.

    Attributes
    ----------
    people : float64 array (rows,)
        Persons in each row ("place"), those that a plan may count.
    weight : float64 array (rows,)
        `people` times what a person of the row weighs in the aim.
    zone : int64 array (rows,)
        Index of the row's zone, −1 in none.
    start : float64 array (rows, rungs)
        Share of the row's people whose service is worth at least each rung before anything is built.
    steps : float64 array (rungs,)
        Value of each rung less that of the rung below it.
    priority : float
        0 = value counts the same everywhere; more = zones that have less count more (isoelastic, see `aim`).
    indptr, rows, fraction : arrays
        Candidate `j` reaches ``fraction[k]`` of the people of row ``rows[k]`` for ``indptr[j] <= k < indptr[j + 1]``.
    level : int64 array (candidates,)
        Rung that each candidate lifts them to; −1 for a service that is worth nothing.
    cost : float64 array (candidates,)
        Own present cost, one currency.
    asset : int64 array (candidates,)
        What the candidate stands on and shares with others (a tower, say), −1 for nothing.
    asset_cost : float64 array (assets,)
        Present cost of each, paid once however many of its candidates are chosen.
    """

    people: NDArray[np.float64]
    weight: NDArray[np.float64]
    zone: NDArray[np.int64]
    start: NDArray[np.float64]
    steps: NDArray[np.float64]
    priority: float
    indptr: NDArray[np.int64]
    rows: NDArray[np.int32]
    fraction: NDArray[np.float64]
    level: NDArray[np.int64]
    cost: NDArray[np.float64]
    asset: NDArray[np.int64]
    asset_cost: NDArray[np.float64]

    @property
    def size(self) -> int:
        """Number of candidates."""
        return self.cost.size

    @cached_property
    def zone_weight(self) -> NDArray[np.float64]:
        """Sum of the weights of each zone's rows; float64 (zones,)."""
        return self._by_zone(self.weight)

    @cached_property
    def zone_start(self) -> NDArray[np.float64]:
        """Weighted value of each zone before anything is built; float64 (zones,)."""
        return self._by_zone(self.weight * (self.start @ self.steps))

    @cached_property
    def mean(self) -> float:
        """Weighted mean value of a person of the region before anything is built; 0 where nobody is."""
        whole = float(self.weight.sum())
        return float(self.weight @ (self.start @ self.steps)) / whole if whole > 0 else 0.0

    @cached_property
    def pairs(self) -> Pairs:
        """What the compiled functions take first."""
        return Pairs(
            self.indptr,
            self.rows,
            self.fraction,
            self.level,
            self.weight,
            self.steps,
            self.zone,
            self.zone_weight,
            self.priority,
            self.mean,
        )

    @cached_property
    def money(self) -> Money:
        """What the compiled functions know of costs."""
        members = np.argsort(self.asset, kind="stable")
        first = np.searchsorted(self.asset[members], np.arange(self.asset_cost.size + 1))
        return Money(self.cost, self.asset, self.asset_cost, first, members)

    @cached_property
    def columns(self) -> Columns:
        """The pairs by row."""
        return Columns(*by_row(self.indptr, self.rows, self.fraction, self.people.size))

    def state(self) -> State:
        """Copy of what there is before anything is built."""
        return State(self.start.copy(), self.zone_start.copy())

    def unpaid(self) -> NDArray[np.bool_]:
        """No asset paid; bool (assets,)."""
        return np.zeros(self.asset_cost.size, dtype=np.bool_)

    def price(self) -> NDArray[np.float64]:
        """Cost of each candidate alone, its asset included; float64 (candidates,)."""
        shared = np.append(self.asset_cost, 0.0)
        return self.cost + shared[self.asset]

    def _by_zone(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        inside = self.zone >= 0
        return np.bincount(self.zone[inside], weights=values[inside]).astype(np.float64)  # of nothing: integers


class Given(TypedDict, total=False):
    """What `make_problem` takes; the required ones first, then the value of a service in one of two ways."""

    indptr: Required[ArrayLike]
    rows: Required[ArrayLike]
    fraction: Required[ArrayLike]
    cost: Required[ArrayLike]
    level: ArrayLike
    ladder: ArrayLike
    start: ArrayLike
    value: ArrayLike
    base_value: ArrayLike
    base_fraction: ArrayLike
    row_weight: ArrayLike
    zone: ArrayLike
    priority: float
    asset: ArrayLike
    asset_cost: ArrayLike


DEFAULTS: dict[str, Any] = {
    "value": 1.0,
    "base_value": 0.0,
    "base_fraction": 1.0,
    "row_weight": 1.0,
    "zone": 0,
    "priority": 0.0,
    "asset": -1,
    "asset_cost": (),
}


def make_problem(people: ArrayLike, **given: Unpack[Given]) -> Problem:
    """Check the input and lay it out.

    Parameters
    ----------
    people, indptr, rows, fraction, cost
        As in `Problem`; rows of a candidate ascend.
    level, ladder, start
        As in `Problem`, `ladder` being the value, above 0 and at most 1, of each rung, ascending.
    value : array-like (candidates,) or float
        Instead of these: value, 0–1, of the service of each candidate; distinct values become the rungs.
    base_value, base_fraction : array-like (rows,) or float
        With `value`: value of the service that this fraction of the row's people has already; the others have 0.
    row_weight : array-like (rows,) or float
        What a person of the row weighs in the aim; persons reported are never weighted.
    zone : array-like (rows,) or int
        Index of the row's zone, −1 for none; with a priority the rows of a zone stand together.
    priority : float
        0–10, see `Problem`.
    asset : array-like (candidates,) or int
    asset_cost : array-like (assets,)
        As in `Problem`.

    Raises
    ------
    SchemaError
        All faults: negative or unknown people, costs that are not positive, fractions outside (0, 1], a row reached
        twice by one candidate, indices that do not fit, more rungs than `MOST_RUNGS`, shares that rise with the rung.
    TypeError
        An argument that there is not.

    Notes
    -----
    What a person has after the plan is the **best** service that reaches them. Which people of a row two candidates
    share is not known; reaches are taken as *nested*: the candidate that reaches 30 % of a row reaches a part of the
    70 % that another one reaches, or that has service already. So at every rung the people of a row at that rung or
    better are its largest fraction among what is there and what is chosen. Nobody is counted twice, and what the plan
    claims for a row is the least that any arrangement of these fractions could mean.
    """
    unknown = sorted(set(given) - set(Given.__annotations__))
    if unknown:
        raise TypeError(f"make_problem takes no {', '.join(unknown)}")
    arrays = _arrays(people, DEFAULTS | dict(given))
    faults = faults_of(arrays)
    if faults:
        raise SchemaError(faults)
    if "level" not in arrays:
        arrays |= _levelled(arrays)
    return Problem(
        people=arrays["people"],
        weight=arrays["people"] * arrays["row_weight"],
        zone=arrays["zone"],
        start=arrays["start"],
        steps=np.diff(arrays["ladder"], prepend=0.0),
        priority=float(arrays["priority"]),
        indptr=arrays["indptr"],
        rows=arrays["rows"],
        fraction=arrays["fraction"],
        level=arrays["level"],
        cost=arrays["cost"],
        asset=arrays["asset"],
        asset_cost=arrays["asset_cost"],
    )


TYPES: dict[str, Any] = {"indptr": np.int64, "rows": np.int32, "zone": np.int64, "level": np.int64, "asset": np.int64}
ROWWISE, CANDIDATEWISE = ("base_value", "base_fraction", "row_weight", "zone"), ("value", "asset")


def _arrays(people: ArrayLike, given: dict[str, Any]) -> dict[str, NDArray[Any]]:
    """Contiguous arrays of the right type, one number spread over every row or candidate."""
    if "level" in given:
        given = {name: of for name, of in given.items() if name not in ("value", "base_value", "base_fraction")}
    out: dict[str, NDArray[Any]] = {"people": np.ascontiguousarray(people, dtype=np.float64)}
    for name, of in given.items():
        out[name] = np.ascontiguousarray(of, dtype=TYPES.get(name, np.float64))
    for names, like in ((ROWWISE, "people"), (CANDIDATEWISE, "cost")):
        for name in names:
            if name in out and np.ndim(given[name]) == 0:
                out[name] = np.full(out[like].shape, out[name].item())
    out["priority"] = out["priority"].reshape(())
    return out


def _levelled(arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Rungs from the distinct values, and what is there already placed on them."""
    base = np.where(arrays["base_fraction"] > 0, arrays["base_value"], 0.0)
    served = np.where(base > 0, arrays["base_fraction"], 0.0)
    ladder = np.unique(np.concatenate([arrays["value"], base]))
    ladder = ladder[ladder > 0] if ladder[-1:].sum() > 0 else np.ones(1)
    if ladder.size > MOST_RUNGS:
        raise SchemaError(
            [Fault(NAME, f"{ladder.size} distinct values", f"round them to {MOST_RUNGS} or fewer", "value")]
        )
    above = np.searchsorted(ladder, base, side="right")
    return {
        "ladder": ladder,
        "level": np.searchsorted(ladder, arrays["value"], side="right").astype(np.int64) - 1,
        "start": np.where(np.arange(ladder.size)[None, :] < above[:, None], served[:, None], 0.0),
    }
