"""One score for each zone from several dimensions, with what each dimension gave to it.

Steps and their names follow OECD and JRC (2008), Handbook on Constructing Composite Indicators: normalisation by
goalposts (step 5), weighting and aggregation (step 6), back to the parts (step 8).

Contributions, with w the weights in effect in a zone and x its parts:

- arithmetic: c = w x.
- geometric: c = w − l, points possible less points lost. The loss 1 − G of the score G against full marks is shared by
  l = L(1, G) w ln(1 / x), where L(a, b) = (a − b) / ln(a / b) is the logarithmic mean; Σ l = 1 − G exactly (additive
  LMDI: Ang 2005, Energy Policy 33, 867–871). A dimension that loses more than its own points has a negative
  contribution: it holds the others down. At x = 0 the limits of the same formula are taken (Ang and Liu 2007, Energy
  Policy 35, 238–246): the dimensions at 0 carry the whole loss in proportion to their weights, the others keep their w,
  and the contributions sum to the score, 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd

from analysis.index.checks import goalpost_faults, name_faults, table_faults, weight_faults
from analysis.index.weights import normalised
from data.settings import suggestion
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

Aggregation = Literal["arithmetic", "geometric"]
Missing = Literal["none", "renormalise"]

LEAST_KNOWN = 0.6
"""Under "renormalise", a zone of which less than this share of the weights is known has no score (project's choice)."""
DECIMALS = 12
"""Scores are rounded to this before they are ordered: a rounding error must not decide between two zones."""


@dataclass(frozen=True, eq=False)
class Composite:
    """Scores with their parts. Tables have the caller's index (zones) and the weighted dimensions as columns.

    Attributes
    ----------
    score : Series of float
        0 (every dimension at its worst goalpost) to 1 (every one at its best); times 100 to show. NaN = not known.
    parts : DataFrame
        Each dimension between its goalposts, 0 to 1; NaN = not known.
    contributions : DataFrame
        What each dimension gives to the score; a row's known entries sum to it. NaN where the part or the score is not
        known. Geometric ones can be negative; formulas above.
    weights : DataFrame
        Weights in effect in each zone, summing to 1; 0 where the part is not known, NaN where there is no score.
    known_share : Series of float
        Share of the weights whose part is known, 0 to 1.
    rank : Series of Int64
        1 = lowest score, the zone most in need; ties by zone id; missing where there is no score.
    clipped : DataFrame of int64
        By dimension: zones ``beyond_worst`` and ``beyond_best`` goalpost, counted as 0 and as 1.
    chosen : dict of dimension to float
        Weights as chosen, summing to 1.
    aggregation : {"arithmetic", "geometric"}
    """

    score: pd.Series[float]
    parts: pd.DataFrame
    contributions: pd.DataFrame
    weights: pd.DataFrame
    known_share: pd.Series[float]
    rank: pd.Series[int]
    clipped: pd.DataFrame
    chosen: dict[str, float]
    aggregation: Aggregation


def composite(
    table: pd.DataFrame,
    *,
    goalposts: Mapping[str, tuple[float, float]],
    weights: Mapping[str, float],
    aggregation: Aggregation,
    missing: Missing = "none",
    least_known: float = LEAST_KNOWN,
) -> Composite:
    """Composite index by zone.

    Parameters
    ----------
    table : DataFrame
        Index: zone ids. One column of numbers for each dimension, in its own unit; NaN = not known. Columns that
        `weights` does not name are left alone.
    goalposts : mapping of dimension to (value worth 0, value worth 1)
        In the unit of the column. The first above the second: less is better.
    weights : mapping of dimension to float
        At least 0, in any unit; normalised to sum to 1. Dimensions of weight 0 are shown and do not count.
    aggregation : {"arithmetic", "geometric"}
        Arithmetic: Σ w x, in which one dimension makes up for another in full. Geometric: Π x^w, as the Human
        Development Index since 2010, in which it does so less the lower it is, and a dimension at 0 makes the score 0.
    missing : {"none", "renormalise"}
        "none": no score where any dimension of weight above 0 is not known. "renormalise": the known dimensions share
        the weight of the unknown ones, as if these stood at the level of the others.
    least_known : float
        0 to 1; under "renormalise", the least known share of the weights for a score.

    Returns
    -------
    Composite

    Raises
    ------
    SchemaError
        Every fault at once: names that are no column (with the nearest one), weights that are negative, unknown or sum
        to 0, goalposts missing, unknown or equal, columns that are not numbers, zone ids that stand twice.
    """
    _require(table, goalposts, weights, {"aggregation": aggregation, "missing": missing}, least_known)
    share = normalised(weights)
    shown = [str(name) for name in table.columns if name in share]
    names = sorted(shown)  # dimensions are summed by name: the order of columns changes no bit
    parts, clipped = _parts(table, names, goalposts)
    weight = np.array([share[name] for name in names])
    known = np.isfinite(parts)
    known_share = np.where(known | (weight == 0), weight, 0.0).sum(axis=1)
    enough = (known | (weight == 0)).all(axis=1) if missing == "none" else known_share >= least_known - 1e-12
    enough &= (known & (weight > 0)).any(axis=1)
    score = np.where(enough, aggregate(parts, weight[None, :], aggregation=aggregation)[0], np.nan)
    effective = np.where(known, weight, 0.0)
    effective[enough] /= effective[enough].sum(axis=1, keepdims=True)
    effective[~enough] = np.nan
    given = effective * parts if aggregation == "arithmetic" else _geometric_contributions(parts, effective)

    def by_zone(values: NDArray[np.float64]) -> pd.DataFrame:
        return pd.DataFrame(values, index=table.index, columns=names)[shown]

    return Composite(
        score=pd.Series(score, index=table.index, name="score"),
        parts=by_zone(parts),
        contributions=by_zone(np.where(known, given, np.nan)),
        weights=by_zone(effective),
        known_share=pd.Series(np.minimum(known_share, 1.0), index=table.index, name="known_share"),
        rank=_rank(score, table.index),
        clipped=clipped.loc[shown],
        chosen={name: share[name] for name in shown},
        aggregation=aggregation,
    )


def aggregate(
    parts: NDArray[np.float64], weights: NDArray[np.float64], *, aggregation: Aggregation
) -> NDArray[np.float64]:
    """Scores under one or many sets of weights, each renormalised over the parts known in the zone.

    Parameters
    ----------
    parts : float64 array (zones, dimensions)
        0 to 1; NaN = not known.
    weights : float64 array (sets, dimensions)
        At least 0.
    aggregation : {"arithmetic", "geometric"}

    Returns
    -------
    float64 array (sets, zones)
        0 to 1; NaN where no dimension with weight is known. Whether enough is known is the caller's to say.
    """
    known = np.isfinite(parts)
    value = np.where(known, parts, 0.0)
    nought = known & (value == 0)
    if aggregation == "geometric":
        value = np.log(np.where(value > 0, value, 1.0))
    total, weighed = np.zeros((2, len(weights), len(parts)))
    ruined = np.zeros(total.shape, dtype=np.bool_)
    for k in range(parts.shape[1]):  # one dimension after the other: no thread changes the order of the sum
        column = weights[:, k, None]
        total += column * value[:, k]
        weighed += column * known[:, k]
        ruined |= (column > 0) & nought[:, k]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(weighed > 0, total / weighed, np.nan)
    if aggregation == "arithmetic":
        return np.minimum(mean, 1.0)
    return np.where(ruined & ~np.isnan(mean), 0.0, np.exp(mean))


def _require(
    table: pd.DataFrame,
    goalposts: Mapping[str, tuple[float, float]],
    weights: Mapping[str, float],
    words: dict[str, str],
    least_known: float,
) -> None:
    columns = list(table.columns)
    faults = name_faults(weights, columns, file="weights") + weight_faults(weights, file="weights")
    faults += name_faults(goalposts, columns, file="goalposts") + goalpost_faults(goalposts, weights)
    for name, allowed in (("aggregation", get_args(Aggregation)), ("missing", get_args(Missing))):
        if words[name] not in allowed:
            faults.append(Fault(name, f"'{words[name]}' is unknown", suggestion(words[name], allowed)))
    if not 0 <= least_known <= 1:
        faults.append(Fault("least_known", f"{least_known:g} is no share", "give 0 to 1"))
    faults += table_faults(table, weights)
    if faults:
        raise SchemaError(faults)


def _parts(
    table: pd.DataFrame, names: list[str], goalposts: Mapping[str, tuple[float, float]]
) -> tuple[NDArray[np.float64], pd.DataFrame]:
    """Parts between 0 and 1 (zones, dimensions), and how many zones lay beyond each goalpost."""
    values = np.column_stack([table[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in names])
    worst, best = np.array([goalposts[name] for name in names], dtype=np.float64).T
    raw = (values - worst) / (best - worst)
    counts = {"beyond_worst": (raw < 0).sum(axis=0), "beyond_best": (raw > 1).sum(axis=0)}
    return np.clip(raw, 0.0, 1.0) + 0.0, pd.DataFrame(counts, index=names).astype(np.int64)  # + 0: no minus zero


def _geometric_contributions(parts: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points possible less points lost; formulas above. NaN rows stay NaN."""
    known = np.isfinite(parts)
    nought = known & (parts == 0) & (weights > 0)
    loss = weights * -np.log(np.where(known & (parts > 0), parts, 1.0))
    ruined = nought.any(axis=1)
    loss[ruined] = np.where(nought[ruined], weights[ruined], 0.0)
    total = loss.sum(axis=1, keepdims=True)
    lost = np.where(ruined[:, None], 1.0, -np.expm1(-total))  # 1 − G
    return weights - np.divide(loss * lost, total, out=np.zeros(loss.shape), where=total > 0)


def _rank(score: NDArray[np.float64], index: pd.Index) -> pd.Series[int]:
    known = np.isfinite(score)
    order = np.lexsort((index.to_numpy().astype(str), np.round(np.where(known, score, 2.0), DECIMALS)))
    rank = np.empty(score.size)
    rank[order] = np.arange(1, score.size + 1)
    return pd.Series(pd.array(np.where(known, rank, np.nan), dtype="Int64"), index=index, name="rank")
