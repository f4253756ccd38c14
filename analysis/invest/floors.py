"""Floors: what a plan must keep to, whatever it costs in the aim."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.invest.picks import Start
    from analysis.invest.problem import Problem

EVEN = 1e-9
"""A share this much below its floor still keeps to it: rounding."""


@dataclass(frozen=True, eq=False)
class Floors:
    """Floors of a plan; none by default.

    Attributes
    ----------
    share : float
        At least this share, 0–1, of the plan's people-equivalents goes to the rows of `mask`.
    mask : bool array (rows,), optional
    candidate_zone : int64 array (candidates,), optional
        Zone of each candidate, −1 for none: every zone in which some candidate that the budget pays for brings gain
        gets at least one of those.
    """

    share: float = 0.0
    mask: NDArray[np.bool_] | None = None
    candidate_zone: NDArray[np.int64] | None = None

    @property
    def shared(self) -> bool:
        """Whether there is a floor under a share."""
        return self.mask is not None and self.share > 0.0

    @property
    def any(self) -> bool:
        """Whether there is any."""
        return self.shared or self.candidate_zone is not None


def check_floors(problem: Problem, floors: Floors) -> None:
    """Raise SchemaError with all that is wrong."""
    faults: list[Fault] = []
    if not 0.0 <= floors.share <= 1.0:
        faults.append(Fault("floors", f"share {floors.share!r}", "a share lies in 0–1", "share"))
    if floors.share > 0.0 and floors.mask is None:
        faults.append(Fault("floors", "a share of nothing", "say of which rows", "mask"))
    for name, given, size in (
        ("mask", floors.mask, problem.people.size),
        ("candidate_zone", floors.candidate_zone, problem.size),
    ):
        if given is not None and given.shape != (size,):
            faults.append(Fault("floors", "another length than the problem", f"{size} entries", name))
    if faults:
        raise SchemaError(faults)


def wanting(problem: Problem, floors: Floors, start: Start, useful: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Zone of each useful candidate whose zone what is locked in leaves without any, −1 elsewhere."""
    if floors.candidate_zone is None:
        return np.full(problem.size, -1)
    served = floors.candidate_zone[start.taken]
    return np.where(useful & ~np.isin(floors.candidate_zone, served), floors.candidate_zone, -1)


def share_of(problem: Problem, order: NDArray[np.int64], mask: NDArray[np.bool_]) -> float:
    """Share of the people-equivalents that an order brings to these rows; 1 where it brings none."""
    reached = problem.state().reached
    for j in order:
        here = slice(problem.indptr[j], problem.indptr[j + 1])
        top, rows = problem.level[j] + 1, problem.rows[here]
        reached[rows, :top] = np.maximum(reached[rows, :top], problem.fraction[here, None])
    gain = problem.weight * ((reached - problem.start) @ problem.steps)
    whole = float(gain.sum())
    return float(gain[mask].sum()) / whole if whole > 0 else 1.0


def keeps(problem: Problem, order: NDArray[np.int64], *, floors: Floors, zones: NDArray[np.int64]) -> bool:
    """Whether an order keeps to the floors; `zones` as from `wanting`."""
    every = np.unique(zones[zones >= 0])
    if not np.isin(every, zones[order]).all():
        return False
    return floors.mask is None or share_of(problem, order, floors.mask) >= floors.share - EVEN
