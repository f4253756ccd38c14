"""The score of a composite index and what is not certain about it: the weights, and the footprints under its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.index.composite import DECIMALS, aggregate
from analysis.uncertainty.chance import dirichlet, triangular
from analysis.uncertainty.order import id_faults, ranked_zones, zone_fault
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from analysis.index.composite import Aggregation, Composite
    from analysis.uncertainty.chance import Streams
    from analysis.uncertainty.order import Ranked


@dataclass(frozen=True, eq=False)
class ScoreModel:
    """Scores of ranked zones; made by `score_model`, which says what the fields mean.

    Attributes
    ----------
    zones : Ranked
    low, central, high : float64 array (ranked, dimensions)
        Parts under each footprint; dimensions by name. NaN = not known.
    weights : float64 array (dimensions,)
        Sum to 1.
    concentration : float or None
    aggregation : {"arithmetic", "geometric"}
    spread : float
    """

    zones: Ranked
    low: NDArray[np.float64]
    central: NDArray[np.float64]
    high: NDArray[np.float64]
    weights: NDArray[np.float64]
    concentration: float | None
    aggregation: Aggregation
    spread: float

    @property
    def sources(self) -> tuple[str, ...]:
        """What is not certain."""
        return ("footprint", "weights")

    def draw(self, streams: Streams, count: int) -> dict[str, NDArray[np.float64]]:
        """Next draws of the footprints' position (count, 1) and of the weights (count, dimensions)."""
        drawn: dict[str, NDArray[np.float64]] = {}
        known = np.isfinite(self.central)
        if self.spread > 0 and bool((self.low != self.high)[known].any()):
            drawn["footprint"] = self.spread * triangular(streams["footprint"].standard_normal((count, 1)))
        some = self.weights > 0
        if self.concentration is not None and some.sum() > 1:
            uniform = streams["weights"].random((count, some.size))[:, some]
            drawn["weights"] = np.zeros((count, some.size))
            drawn["weights"][:, some] = dirichlet(uniform, self.concentration * self.weights[some])
        return drawn

    def keys(self, drawn: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """Scores (draws, ranked), rounded and negative: the lowest score ranks first."""
        weights = drawn.get("weights", self.weights[None, :])
        if "footprint" not in drawn:
            return -np.round(aggregate(self.central, weights, aggregation=self.aggregation), DECIMALS)
        positions = drawn["footprint"][:, 0].tolist()
        each = np.broadcast_to(weights, (len(positions), weights.shape[1]))
        scores = np.empty((len(positions), len(self.central)))
        for d, position in enumerate(positions):
            scores[d] = aggregate(self._parts_at(position), each[d : d + 1], aggregation=self.aggregation)[0]
        return -np.round(scores, DECIMALS)

    def _parts_at(self, position: float) -> NDArray[np.float64]:
        toward, way = (self.high, position) if position > 0 else (self.low, -position)
        return self.central + way * (toward - self.central)


def score_model(
    index: Composite,
    *,
    concentration: float | None,
    parts_low: pd.DataFrame | None = None,
    parts_high: pd.DataFrame | None = None,
    footprint_spread: float = 1.0,
) -> ScoreModel:
    """Score of each zone, with what is not certain about it.

    Parameters
    ----------
    index : Composite
        Zones without a score have no rank; where a part is not known, the drawn weights are renormalised over the
        others, as the chosen ones were.
    concentration : float or None
        At least 1. Weights are drawn from a Dirichlet distribution with parameters concentration × weight: the mean is
        the chosen weight w and its standard deviation √(w (1 − w) / (concentration + 1)); at 50, 0.20 ± 0.056. All
        zones share a draw. Dimensions of weight 0 keep it. None: the weights are certain.
    parts_low, parts_high : DataFrame, optional
        `Composite.parts` under low and high footprints, the same zones in any order. Default: as under the central
        ones. One position is drawn for all zones, as in `gap_model`.
    footprint_spread : float
        0–1.

    Returns
    -------
    ScoreModel
        For `rank_uncertainty`; rank 1 = lowest score.

    Raises
    ------
    SchemaError
        Every fault at once: another set of dimensions or zones, parts known under one footprint only, numbers out of
        range.
    """
    names, ids = sorted(index.parts.columns), index.parts.index.to_numpy().astype(str)
    faults = id_faults(ids) + _number_faults(concentration, footprint_spread)
    for name, parts in (("parts_low", parts_low), ("parts_high", parts_high)):
        faults += [] if parts is None else _other_faults(name, parts, index.parts)
    if faults:
        raise SchemaError(faults)
    zones = ranked_zones(ids, np.isfinite(index.score.to_numpy(dtype=np.float64)))

    def own(parts: pd.DataFrame | None) -> NDArray[np.float64]:
        table = index.parts if parts is None else parts.loc[index.parts.index]
        return np.ascontiguousarray(table[names].to_numpy(dtype=np.float64)[zones.row])

    return ScoreModel(
        zones=zones,
        low=own(parts_low),
        central=own(None),
        high=own(parts_high),
        weights=np.array([index.chosen[name] for name in names]),
        concentration=concentration,
        aggregation=index.aggregation,
        spread=footprint_spread,
    )


def _number_faults(concentration: float | None, spread: float) -> list[Fault]:
    faults: list[Fault] = []
    if concentration is not None and not 1 <= concentration < np.inf:
        faults.append(Fault("concentration", f"{concentration:g} is too small or no number", "give at least 1"))
    if not 0 <= spread <= 1:
        faults.append(Fault("footprint_spread", f"{spread:g} is no share", "give 0 to 1"))
    return faults


def _other_faults(file: str, parts: pd.DataFrame, like: pd.DataFrame) -> list[Fault]:
    """Faults of parts under another footprint, against those of the index."""
    if set(parts.columns) != set(like.columns):
        return [Fault(file, f"of {sorted(parts.columns)}", f"give {', '.join(sorted(like.columns))}")]
    if parts.index.has_duplicates or set(parts.index) != set(like.index):
        return [Fault(file, "other zones than the index's", "give the parts of the same zones")]
    faults: list[Fault] = []
    ids = like.index.to_numpy().astype(str)
    for name in like.columns:
        there = parts[name].loc[like.index].to_numpy(dtype=np.float64)
        here = like[name].to_numpy(dtype=np.float64)
        column = f"{name} of {file}"
        bad = np.isfinite(there) != np.isfinite(here)
        mend = "a part is known under all footprints or under none"
        faults += zone_fault(column, bad, ids, problem="not known as in the index", mend=mend)
        bad = (there < 0) | (there > 1)
        faults += zone_fault(column, bad, ids, problem="outside 0–1", mend="give `Composite.parts`")
    return faults
