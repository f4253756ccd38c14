"""What may be wrong with the input of a planning problem, all of it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geo.errors import Fault

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Arrays = dict[str, NDArray[Any]]

NAME = "investment problem"
MOST_RUNGS = 32
"""Distinct values that a plan tells apart; the state is that many numbers a row."""

ABOVE_0 = float(np.nextafter(0, 1))
RULES: dict[str, tuple[float, float, str]] = {
    "people": (0.0, np.inf, "persons are at least 0; leave rows of unknown coverage at 0"),
    "base_value": (0.0, 1.0, "values lie in 0–1"),
    "base_fraction": (0.0, 1.0, "fractions lie in 0–1"),
    "row_weight": (0.0, np.inf, "weights are at least 0"),
    "fraction": (ABOVE_0, 1.0, "fractions lie above 0 and at most at 1"),
    "cost": (ABOVE_0, np.inf, "costs are above 0"),
    "value": (0.0, 1.0, "values lie in 0–1"),
    "start": (0.0, 1.0, "shares lie in 0–1"),
    "ladder": (ABOVE_0, 1.0, "values of rungs lie above 0 and at most at 1"),
    "zone": (-1, np.inf, "zones are indices from 0, or -1 for none"),
    "priority": (0.0, 10.0, "the priority lies in 0–10"),
    "asset_cost": (0.0, np.inf, "costs of assets are at least 0"),
}
LENGTHS = {
    "base_value": "people",
    "base_fraction": "people",
    "row_weight": "people",
    "zone": "people",
    "value": "cost",
    "level": "cost",
    "asset": "cost",
}


def faults_of(arrays: Arrays) -> list[Fault]:
    """Every fault of the arrays that `analysis.invest.make_problem` was given."""
    return [
        *_number_faults(arrays),
        *_length_faults(arrays),
        *_rung_faults(arrays),
        *_zone_faults(arrays),
        *_asset_faults(arrays),
        *_pair_faults(arrays),
    ]


def _number_faults(arrays: Arrays) -> list[Fault]:
    faults: list[Fault] = []
    for name, (low, high, mend) in RULES.items():
        if name not in arrays:
            continue
        values = arrays[name].reshape(-1, *arrays[name].shape[1:])
        bad = ~(np.isfinite(values) & (values >= low) & (values <= high))
        if bad.any():
            where = int(np.argmax(bad.reshape(bad.shape[0], -1).any(axis=1)))
            problem = f"{int(bad.sum())} bad, the first is {values[bad][0]!r:.40}"
            faults.append(Fault(NAME, problem, mend, name, str(where + 1)))
    return faults


def _length_faults(arrays: Arrays) -> list[Fault]:
    return [
        Fault(NAME, f"another length than {like}", f"one number, or one for each of {like}", name)
        for name, like in LENGTHS.items()
        if name in arrays and arrays[name].shape != arrays[like].shape
    ]


def _rung_faults(arrays: Arrays) -> list[Fault]:
    """Levels, ladder and start given as such."""
    if "level" not in arrays:
        return []
    if "ladder" not in arrays or "start" not in arrays:
        return [Fault(NAME, "level without ladder or start", "give all three, or value", "level")]
    ladder, start = arrays["ladder"], arrays["start"]
    faults: list[Fault] = []
    if ladder.ndim != 1 or not 0 < ladder.size <= MOST_RUNGS or not np.all(np.diff(ladder) > 0):
        faults.append(Fault(NAME, "rungs do not ascend, or too many", f"1–{MOST_RUNGS} ascending values", "ladder"))
    if start.shape != (arrays["people"].size, ladder.size):
        faults.append(Fault(NAME, "another shape than rows × rungs", "one share for each row and rung", "start"))
    elif np.any(np.diff(start, axis=1) > 0):
        row = int(np.argmax((np.diff(start, axis=1) > 0).any(axis=1)))
        mend = "whoever has a rung has those below it"
        faults.append(Fault(NAME, "shares rise with the rung", mend, "start", str(row + 1)))
    level = arrays["level"]
    if level.size and (level.min() < -1 or level.max() >= ladder.size):
        faults.append(Fault(NAME, "a rung that there is not", f"levels are -1 to {ladder.size - 1}", "level"))
    return faults


def _zone_faults(arrays: Arrays) -> list[Fault]:
    """With a priority a candidate's gain is summed zone by zone, so the rows of a zone must stand together."""
    zone = arrays["zone"]
    if arrays["priority"] == 0 or zone.size == 0:
        return []
    runs = zone[np.append(True, zone[1:] != zone[:-1])]
    runs = runs[runs >= 0]
    if np.unique(runs).size == runs.size:
        return []
    return [Fault(NAME, "rows of one zone stand apart", "sort the rows by zone", "zone")]


def _asset_faults(arrays: Arrays) -> list[Fault]:
    asset, count = arrays["asset"], arrays["asset_cost"].size
    if asset.size and (asset.min() < -1 or asset.max() >= count):
        mend = f"assets are -1 (none) to {count - 1}" if count else "give asset_cost, or -1 for no asset"
        return [Fault(NAME, "an asset that there is not", mend, "asset")]
    return []


def _pair_faults(arrays: Arrays) -> list[Fault]:
    indptr, rows = arrays["indptr"], arrays["rows"]
    good = (
        indptr.shape == (arrays["cost"].size + 1,)
        and rows.shape == arrays["fraction"].shape
        and indptr[0] == 0
        and indptr[-1] == rows.size
        and bool(np.all(np.diff(indptr) >= 0))
    )
    if not good:
        problem = "indptr, rows, fraction and cost do not fit together"
        return [Fault(NAME, problem, "one run of pairs per candidate", "indptr")]
    if rows.size and (rows.min() < 0 or rows.max() >= arrays["people"].size):
        return [Fault(NAME, "a row that there is not", f"rows are 0–{arrays['people'].size - 1}", "rows")]
    owner = np.repeat(np.arange(indptr.size - 1), np.diff(indptr))
    step = np.diff(owner * max(arrays["people"].size, 1) + rows)
    if not np.all(step > 0):
        problem = "rows of a candidate are not ascending, or one occurs twice"
        return [Fault(NAME, problem, "sort them, each once", "rows")]
    return []
