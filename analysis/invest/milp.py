"""Mixed-integer programs, row by row, solved by HiGHS the same way every time: one thread, nodes counted, no clock.

HiGHS: Huangfu and Hall (2018), https://highs.dev.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

INSIDE = 1e-9
"""How far a constraint may be broken, in the units that its row is scaled to."""

CLOSE = 1e-6
"""The search ends when the bound is this near, as a share of the value; bounds are raised by as much."""

QUIET: Any = type("Quiet", (highspy.Highs,), {"enableCallbacks": lambda _self: None})
"""HiGHS without callbacks: enabling these prints a banner."""

BOUNDED = (
    highspy.HighsModelStatus.kOptimal,
    highspy.HighsModelStatus.kSolutionLimit,
    highspy.HighsModelStatus.kIterationLimit,
)
"""Endings after which the bound of the search tree is one."""


@dataclass(eq=False)
class Program:
    """Maximise ``objective @ x`` over the columns, between bounds, some of them whole numbers.

    Attributes
    ----------
    objective, upper : float64 arrays (columns,)
        Columns are at least 0.
    whole : bool array (columns,)
    """

    objective: NDArray[np.float64]
    upper: NDArray[np.float64]
    whole: NDArray[np.bool_]
    entries: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]] = field(
        default_factory=list[tuple["NDArray[np.int64]", "NDArray[np.int64]", "NDArray[np.float64]"]]
    )
    low: list[float] = field(default_factory=list[float])
    high: list[float] = field(default_factory=list[float])

    def add(self, count: int, *blocks: tuple[ArrayLike, ArrayLike, ArrayLike], low: float, high: float) -> None:
        """Add rows; a block has the row (from 0), the column and the factor of each entry."""
        first = len(self.low)
        for row, column, factor in blocks:
            rows, columns, factors = np.broadcast_arrays(np.asarray(row), np.asarray(column), np.asarray(factor))
            parts = (rows.ravel() + first, columns.ravel(), factors.ravel().astype(np.float64))
            self.entries.append(parts)
        self.low += [low] * count
        self.high += [high] * count

    def matrix(self) -> Any:
        """All rows, compressed."""
        row, column, factor = (np.concatenate([part[at] for part in self.entries]) for at in range(3))
        return sparse.csr_array((factor, (row, column)), shape=(len(self.low), self.objective.size))


@dataclass(frozen=True, eq=False)
class Answer:
    """What the search found.

    Attributes
    ----------
    columns : float64 array (columns,), optional
        Nothing when no solution was found.
    value, bound : float
        The bound is inf when HiGHS has none that is valid.
    proved : bool
        Nothing is better, to `CLOSE`.
    infeasible : bool
        There is no solution.
    """

    columns: NDArray[np.float64] | None
    value: float
    bound: float
    proved: bool
    infeasible: bool


def solve(program: Program, *, ones: NDArray[np.int64] | None = None, nodes: int) -> Answer:
    """Search at most so many nodes, starting where these whole columns are 1 (HiGHS drops that if it breaks a row)."""
    solver = QUIET()
    options = {
        "output_flag": False,
        "threads": 1,
        "parallel": "off",
        "random_seed": 0,
        "mip_max_nodes": nodes,
        "mip_rel_gap": CLOSE,
        "mip_feasibility_tolerance": INSIDE,
        "primal_feasibility_tolerance": INSIDE,
        "dual_feasibility_tolerance": INSIDE,
    }
    for name, value in options.items():
        solver.setOptionValue(name, value)
    solver.passModel(_laid_out(program))
    if ones is not None:
        whole = np.flatnonzero(program.whole).astype(np.int32)
        solver.setSolution(whole.size, whole, np.isin(whole, ones).astype(np.float64))
    solver.run()
    status, info = solver.getModelStatus(), solver.getInfo()
    none = status in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible)
    found = info.primal_solution_status == int(highspy.SolutionStatus.kSolutionStatusFeasible)
    bound = float(info.mip_dual_bound) if status in BOUNDED else np.inf
    return Answer(
        columns=np.array(solver.getSolution().col_value) if found else None,
        value=float(info.objective_function_value) if found else -np.inf,
        bound=bound + CLOSE * abs(bound) if np.isfinite(bound) else np.inf,
        proved=found and status == highspy.HighsModelStatus.kOptimal,
        infeasible=none,
    )


def _laid_out(program: Program) -> Any:
    """Give the program to HiGHS as it wants it."""
    matrix, model = program.matrix(), highspy.HighsLp()
    model.num_col_, model.num_row_ = program.objective.size, len(program.low)
    model.sense_ = highspy.ObjSense.kMaximize
    model.col_cost_ = program.objective
    model.col_lower_, model.col_upper_ = np.zeros(program.objective.size), program.upper
    model.row_lower_, model.row_upper_ = np.array(program.low), np.array(program.high)
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = matrix.indptr
    model.a_matrix_.index_ = matrix.indices
    model.a_matrix_.value_ = matrix.data
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    model.integrality_ = [kinds[int(one)] for one in program.whole]
    return model
