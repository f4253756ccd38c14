"""The planning problem as a mixed-integer program: candidates whole, layers of people served when one that reaches is.

Layers that the same candidates reach are one column. A layer's reach is nested in that of the next one of its row, so a
layer is served if that one is, or one of the few candidates that reach no farther: rows stay short. The utility of a
zone lies below its tangents at several values, which bounds it from above.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.invest.aim import slope, utility_gain
from analysis.invest.columns import Layers, make_layers, rows_of
from analysis.invest.milp import Program

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.invest.picks import Start
    from analysis.invest.problem import Problem

UNIT = 1000.0
"""Budget, and what a plan may bring, in the units of the program: keeps its numbers near one."""

TANGENTS = 9
"""Values of a zone at which its utility is bounded."""


@dataclass(frozen=True, eq=False)
class Model:
    """The columns: candidates, then assets, then distinct layers, then value and utility of zones.

    Attributes
    ----------
    problem : Problem
    start : Start
        After what is locked in.
    candidate : int64 array (n,)
        Those that may be chosen.
    asset : int64 array (m,)
        Unpaid assets of these.
    layers : Layers
    column : int64 array (layers,)
        Column of each layer.
    row : int64 array (layers,)
        Its row.
    zones : int64 array
        Zones whose value is counted by its utility.
    """

    problem: Problem
    start: Start
    candidate: NDArray[np.int64]
    asset: NDArray[np.int64]
    layers: Layers
    column: NDArray[np.int64]
    row: NDArray[np.int64]
    zones: NDArray[np.int64]

    @property
    def first_zone(self) -> int:
        """Column of the value of the first zone; its utility stands after the values of all."""
        served = self.column.max() + 1 if self.column.size else self.candidate.size + self.asset.size
        return int(served)

    @property
    def columns(self) -> int:
        """Number of columns."""
        return self.first_zone + 2 * self.zones.size

    def sums(self, weight: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weights of layers as factors of the columns."""
        return np.bincount(self.column, weights=weight, minlength=self.columns).astype(np.float64)


def make_model(problem: Problem, start: Start, usable: NDArray[np.bool_]) -> Model:
    """Layers that usable candidates reach beyond a start, and the columns of all."""
    candidate = np.flatnonzero(usable)
    own = problem.asset[candidate]
    asset = np.unique(own[own >= 0])
    asset = asset[~start.paid[asset]]
    layers = make_layers(problem.columns, problem.pairs, start.state.reached, usable)
    row = rows_of(layers)
    zones = np.unique(problem.zone[row]) if problem.priority > 0 else np.empty(0, dtype=np.int64)
    distinct = np.unique(_names(layers, problem.size), return_inverse=True)[1]
    column = candidate.size + asset.size + distinct
    return Model(problem, start, candidate, asset, layers, column, row, zones[zones >= 0])


def _names(layers: Layers, size: int) -> NDArray[np.uint64]:
    """The same number for layers that the same candidates reach: sums of 64 random bits for each of these."""
    bits = np.random.default_rng(0).integers(0, 2**64 - 1, size, dtype=np.uint64)
    sums = np.append(np.uint64(0), np.cumsum(bits[layers.candidate], dtype=np.uint64))
    ends = layers.first[layers.group[1:]]
    return np.repeat(sums[ends], np.diff(layers.group)) - sums[layers.first[:-1]]


def make_program(model: Model, *, budget: float, unit: float, tight: bool) -> Program:
    """Maximise the aim under a budget.

    Parameters
    ----------
    model : Model
    budget : float
        Pays for the start too.
    unit : float
        The aim is counted in this.
    tight : bool
        Layers that are reached *must* count as served, because something speaks against serving them.
    """
    upper = np.ones(model.columns)
    upper[model.first_zone :] = np.inf
    whole = np.arange(model.columns) < model.candidate.size
    program = Program(np.zeros(model.columns), upper, whole)
    _add_costs(model, program, budget)
    _add_layers(model, program, tight=tight)
    inside = np.isin(model.problem.zone[model.row], model.zones)
    program.objective[:] = model.sums(np.where(inside, 0.0, model.layers.weight / unit))
    if model.zones.size:
        _add_zones(model, program, unit)
    return program


def _add_costs(model: Model, program: Program, budget: float) -> None:
    """The budget, and candidates that need their asset."""
    problem, size = model.problem, model.candidate.size
    money = max(budget - model.start.spent, 0.0)
    scale = UNIT / money if money > 0 else 1.0
    cost = scale * np.append(problem.cost[model.candidate], problem.asset_cost[model.asset])
    program.add(1, (0, np.arange(cost.size), cost), low=-np.inf, high=scale * money)
    needing = np.flatnonzero(np.isin(problem.asset[model.candidate], model.asset))
    place = size + np.searchsorted(model.asset, problem.asset[model.candidate[needing]])
    rows = np.arange(needing.size)
    program.add(needing.size, (rows, needing, 1.0), (rows, place, -1.0), low=-np.inf, high=0.0)


def _add_layers(model: Model, program: Program, *, tight: bool) -> None:
    """A layer is served by the next one of its row, or by a candidate that reaches no farther."""
    layers = model.layers
    one = np.unique(model.column, return_index=True)[1]  # a layer of each column
    last = np.zeros(layers.weight.size, dtype=np.bool_)
    last[layers.group[1:] - 1] = True
    chained = np.flatnonzero(~last[one])
    after = model.column[one[chained] + 1]
    count = layers.first[one + 1] - layers.first[one]
    owner = np.repeat(np.arange(one.size), count)
    entry = np.arange(owner.size) + np.repeat(layers.first[one] - np.append(0, np.cumsum(count)[:-1]), count)
    by = np.searchsorted(model.candidate, layers.candidate[entry])
    own = model.column[one]
    program.add(
        one.size,
        (np.arange(one.size), own, 1.0),
        (chained, after, -1.0),
        (owner, by, -1.0),
        low=-np.inf,
        high=0.0,
    )
    if tight:
        rows = np.arange(chained.size)
        program.add(chained.size, (rows, own[chained], 1.0), (rows, after, -1.0), low=0.0, high=np.inf)
        rows = np.arange(owner.size)
        program.add(owner.size, (rows, own[owner], 1.0), (rows, by, -1.0), low=0.0, high=np.inf)


def _add_zones(model: Model, program: Program, unit: float) -> None:
    """Value of each zone, from its layers, and its utility below the tangents."""
    pairs, size = model.problem.pairs, model.zones.size
    at = np.searchsorted(model.zones, model.problem.zone[model.row])
    inside = (model.problem.zone[model.row] >= 0) & (at < size)
    rows, value = np.arange(size), model.first_zone + np.arange(size)
    keys, inverse = np.unique(at[inside] * model.columns + model.column[inside], return_inverse=True)
    factor = np.bincount(inverse, weights=model.layers.weight[inside] / unit, minlength=keys.size)
    row, column = np.divmod(keys, model.columns)
    program.add(size, (rows, value, 1.0), (row, column, -factor), low=-np.inf, high=0.0)
    most = np.bincount(at[inside], weights=model.layers.weight[inside], minlength=size)
    program.objective[value + size] = 1.0
    for place, zone in enumerate(model.zones):
        base = model.start.state.value[zone]
        for part in np.linspace(0.0, 1.0, TANGENTS) ** 2:
            here = model.start.state.value.copy()
            here[zone] += part * most[place]
            lean = slope(here, zone, pairs.zone_weight, pairs.priority, pairs.mean)
            gained = utility_gain(base, here[zone] - base, pairs.zone_weight[zone], pairs.priority, pairs.mean)
            high = (gained - lean * (here[zone] - base)) / unit
            block = (0, [value[place] + size, value[place]], [1.0, -lean])
            program.add(1, block, low=-np.inf, high=float(high))
