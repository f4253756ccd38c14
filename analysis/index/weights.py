"""Weights that people gave the dimensions of an index, each set with who gave it and when, and their mean."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.index.checks import name_faults, weight_faults
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True)
class WeightSet:
    """Weights as one group of people set them.

    Attributes
    ----------
    name : str
        What the set is called: "ward meeting, Kibera".
    set_by : str
        The body or group, on the record (a role or a meeting, not a private person).
    set_on : datetime.date
        The day.
    weights : mapping of dimension to float
        At least 0, in any unit (points, per cent); only their proportions count. 0 = meant not to count.

    Raises
    ------
    SchemaError
        A blank name or author, a negative or unknown weight, or weights that sum to 0; every fault at once.
    """

    name: str
    set_by: str
    set_on: dt.date
    weights: Mapping[str, float]

    def __post_init__(self) -> None:
        file = f"weight set '{self.name}'"
        faults = [
            Fault(file, f"{field} is blank", "say it: weights are on the record")
            for field in ("name", "set_by")
            if not getattr(self, field).strip()
        ]
        faults += weight_faults(self.weights, file=file)
        if faults:
            raise SchemaError(faults)

    def shares(self) -> dict[str, float]:
        """Weights that sum to 1, in the order given."""
        return normalised(self.weights)


@dataclass(frozen=True)
class CombinedWeights:
    """Mean of several sets of weights.

    Attributes
    ----------
    weights : dict of dimension to float
        Sum to 1; by dimension name.
    sets : tuple of WeightSet
        What they were made from, by name.
    """

    weights: dict[str, float]
    sets: tuple[WeightSet, ...]


def normalised(weights: Mapping[str, float]) -> dict[str, float]:
    """Weights divided by their sum, which must be above 0; the sum is exact whatever their order."""
    scale = -math.frexp(max(weights.values()))[1]  # a power of two: exact, and no sum overflows
    scaled = {name: math.ldexp(value, scale) for name, value in weights.items()}
    total = math.fsum(scaled.values())
    return {name: value / total for name, value in scaled.items()}


def combine(weight_sets: Iterable[WeightSet]) -> CombinedWeights:
    """Mean of the sets, each normalised first, so that every set has the same say whatever unit it was written in.

    Parameters
    ----------
    weight_sets : iterable of WeightSet
        At least one; all of the same dimensions.

    Returns
    -------
    CombinedWeights
        Does not depend on the order of the sets.

    Raises
    ------
    SchemaError
        No set; two sets of one name; a set that lacks a dimension of another (0 says that it is meant not to count,
        nothing says nothing). Every fault at once.

    Notes
    -----
    The mean of budget allocations of a panel, OECD and JRC (2008), Handbook on Constructing Composite Indicators,
    step 6. What sets disagree about is lost in a mean: publish the sets beside it.
    """
    sets = tuple(sorted(weight_sets, key=lambda one: one.name))
    if not sets:
        raise SchemaError([Fault("weight sets", "none given", "give at least one")])
    everything = sorted({name for one in sets for name in one.weights})
    usual = max((sorted(one.weights) for one in sets), key=lambda names: (_like(names, sets), names))
    faults = [
        Fault("weight sets", "two sets have this name", "give each its own", row=sets[place].name)
        for place in range(1, len(sets))
        if sets[place].name == sets[place - 1].name
    ]
    for one in sets:
        file = f"weight set '{one.name}'"
        faults += name_faults(one.weights, usual, file=file)
        lacking = [name for name in usual if name not in one.weights]
        faults += [Fault(file, "no weight", "give one; 0 says that it does not count", name) for name in lacking]
    if faults:
        raise SchemaError(faults)
    shares = [one.shares() for one in sets]
    mean = {name: math.fsum(share[name] for share in shares) for name in everything}
    return CombinedWeights(normalised(mean), sets)


def _like(names: list[str], sets: tuple[WeightSet, ...]) -> int:
    """How many sets have exactly these dimensions: what most of them hold is taken as meant."""
    return sum(sorted(one.weights) == names for one in sets)
