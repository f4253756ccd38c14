"""People in the gap and what is not certain about them: footprints, population, adoption."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.uncertainty.chance import beta, beta_table, log_sd, lognormal, triangular
from analysis.uncertainty.order import by_zone, id_faults, ranked_zones, zone_fault
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from analysis.uncertainty.chance import Streams
    from analysis.uncertainty.order import Ranked

DECIMALS = 9
"""Persons are rounded to this before they are ordered, as in `analysis.ranking`."""
SLACK = 1e-6
"""Of a zone's people: sums of the same fractions in another order may differ by this."""


@dataclass(frozen=True, eq=False)
class Gaps:
    """People in the gap under low, central and high *footprints*, and how the truth may lie between.

    Attributes
    ----------
    low, central, high : float array (zones,)
        Persons in the gap; NaN = not known. Low footprints cover least, so `low` is the largest. Where nothing is
        modelled (a declared map) give the same figure three times.
    spread : float
        0–1; the part of the way to low and to high that is thought possible. 0 = central footprints are certain.
    common : float
        0–1; correlation between zones of the footprint error's normal score. 1, the default: one error for all, for
        the choice of a model errs alike everywhere. Less: the rest is each zone's own. (One-factor Gaussian copula:
        what one zone draws is distributed the same in any case.)
    """

    low: ArrayLike
    central: ArrayLike
    high: ArrayLike
    spread: float = 1.0
    common: float = 1.0


@dataclass(frozen=True, eq=False)
class GapModel:
    """People in the gap of ranked zones; made by `gap_model`, which says what the fields mean.

    Attributes
    ----------
    zones : Ranked
    people, low, central, high : float64 array (ranked,)
        Persons, and persons in the gap under each footprint.
    population : float64 array (ranked,)
        Standard deviation of the logarithm of each zone's factor.
    using : float64 array (ranked,) or None
        Share of the people who use the internet.
    using_table : float64 array (ranked, knots) or None
        Its quantiles; None = taken as certain.
    spread, common : float
        Of the footprints.
    """

    zones: Ranked
    people: NDArray[np.float64]
    low: NDArray[np.float64]
    central: NDArray[np.float64]
    high: NDArray[np.float64]
    population: NDArray[np.float64]
    using: NDArray[np.float64] | None
    using_table: NDArray[np.float64] | None
    spread: float
    common: float

    @property
    def sources(self) -> tuple[str, ...]:
        """What is not certain: adoption only where it counts."""
        return ("footprint", "population") if self.using is None else ("footprint", "population", "adoption")

    def draw(self, streams: Streams, count: int) -> dict[str, NDArray[np.float64]]:
        """Next draws (count, ranked) of persons in the gap, of the population's factor, of persons not using."""
        drawn: dict[str, NDArray[np.float64]] = {}
        if self.spread > 0 and bool((self.low != self.high).any()):
            score = np.sqrt(self.common) * streams["footprint"].standard_normal((count, 1))
            if self.common < 1:
                score = score + np.sqrt(1 - self.common) * self.zones.normals(streams["footprint of a zone"], count)
            at = self.spread * triangular(score)
            more, less = np.maximum(at, 0.0), np.maximum(-at, 0.0)
            drawn["footprint"] = self.central + more * (self.high - self.central) + less * (self.low - self.central)
        if bool((self.population > 0).any()):
            drawn["population"] = lognormal(self.zones.normals(streams["population"], count), self.population)
        if self.using_table is not None:
            using = beta(self.zones.normals(streams["adoption"], count), self.using_table)
            drawn["adoption"] = self.people * (1 - using)
        return drawn

    def keys(self, drawn: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """Persons in the gap (draws, ranked), rounded."""
        people = drawn.get("footprint", self.central[None, :])
        if self.using is not None:
            people = np.maximum(people, drawn.get("adoption", (self.people * (1 - self.using))[None, :]))
        return np.round(people * drawn["population"] if "population" in drawn else people, DECIMALS)


def gap_model(
    zone_id: Sequence[str] | NDArray[np.str_],
    *,
    people: ArrayLike,
    gap: Gaps,
    ranked: ArrayLike | None = None,
    population_sd: ArrayLike = 0.0,
    adoption: ArrayLike | None = None,
    adoption_sd: ArrayLike = 0.0,
) -> GapModel:
    """People in the gap of each zone, with what is not certain about them.

    Parameters
    ----------
    zone_id : str (zones,)
    people : float array (zones,)
        Persons; NaN = not known.
    gap : Gaps
    ranked : bool array (zones,), optional
        False: the zone has no rank for a reason of the caller's, such as mostly unknown coverage. Zones without people
        or with a NaN have none in any case.
    population_sd : float or float array (zones,)
        Relative standard deviation of the population count, 0.1 = 10 %. Lognormal, its mean kept; zones independent.
    adoption : float array (zones,), optional
        Share of the people who use the internet, 0–1; NaN = not known, the zone has no rank. If given, the key is
        people in the coverage gap *or* the usage gap: users are placed among the covered first, so that
        key = max(gap, people × (1 − adoption)). If not, the key is people in the coverage gap.
    adoption_sd : float or float array (zones,)
        Standard deviation of that share. Beta distribution of this mean and deviation; zones independent.

    Returns
    -------
    GapModel
        For `rank_uncertainty`. key = population factor × gap at the footprint, the gap linear from low to central and
        from central to high, at a position drawn from a symmetric triangular distribution: −1 low, 0 central (the
        mode and the median), 1 high.

    Raises
    ------
    SchemaError
        Every fault at once: lengths that differ, ids that stand twice, negative figures, gaps above the people or
        growing with the footprint, shares outside 0–1, deviations that are unknown, negative or impossible.
    """
    ids = np.asarray(zone_id).astype(str)
    central = {
        "people": np.array(people, dtype=np.float64),
        **{f"gap_{name}": np.array(getattr(gap, name), dtype=np.float64) for name in ("low", "central", "high")},
        **({} if adoption is None else {"adoption": np.array(adoption, dtype=np.float64)}),
    }
    errors = {"population_sd": by_zone(population_sd, ids.size), "adoption_sd": by_zone(adoption_sd, ids.size)}
    given = central | errors
    mask = np.ones(ids.size, dtype=np.bool_) if ranked is None else np.array(ranked, dtype=np.bool_)
    _require_shapes(ids, {**given, "ranked": mask})
    mask &= np.all([np.isfinite(values) for values in central.values()], axis=0) & (given["people"] > 0)
    _require(ids, given, mask, {"spread": gap.spread, "common": gap.common})
    zones = ranked_zones(ids, mask)
    own = {name: values[zones.row] for name, values in given.items()}
    using = own.get("adoption")
    doubted = using is not None and bool((own["adoption_sd"] > 0).any())
    return GapModel(
        zones=zones,
        people=own["people"],
        low=own["gap_low"],
        central=own["gap_central"],
        high=own["gap_high"],
        population=log_sd(own["population_sd"]),
        using=using,
        using_table=beta_table(using, own["adoption_sd"]) if using is not None and doubted else None,
        spread=gap.spread,
        common=gap.common,
    )


def _require_shapes(ids: NDArray[np.str_], given: Mapping[str, NDArray[np.float64] | NDArray[np.bool_]]) -> None:
    faults = [
        Fault("zones", f"{values.shape} is not one value for each of {ids.size} zones", "give one for each", name)
        for name, values in given.items()
        if values.shape != (ids.size,)
    ]
    if faults:
        raise SchemaError(faults)


def _require(
    ids: NDArray[np.str_],
    given: Mapping[str, NDArray[np.float64]],
    ranked: NDArray[np.bool_],
    shares: Mapping[str, float],
) -> None:
    faults = id_faults(ids)
    gaps, people = ("gap_low", "gap_central", "gap_high"), np.maximum(given["people"], 0.0)
    slack = SLACK * people
    for name in ("people", *gaps):
        bad = (given[name] < 0) | np.isinf(given[name])
        faults += zone_fault(name, bad, ids, problem="negative or infinite", mend="leave NaN what is not known")
    for name in gaps:
        mend = "give persons, not more than live there"
        faults += zone_fault(name, given[name] > people + slack, ids, problem="above the people", mend=mend)
    for smaller, larger in (("gap_low", "gap_central"), ("gap_central", "gap_high")):
        problem, mend = f"larger than {smaller}", "larger footprints leave a smaller gap: are low and high exchanged?"
        faults += zone_fault(larger, given[larger] > given[smaller] + slack, ids, problem=problem, mend=mend)
    for name in ("population_sd", "adoption_sd"):
        bad = ranked & ~((given[name] >= 0) & np.isfinite(given[name]))
        faults += zone_fault(name, bad, ids, problem="negative or not known", mend="give at least 0")
    if "adoption" in given:
        faults += _adoption_faults(ids, given["adoption"], given["adoption_sd"], ranked)
    for name, value in shares.items():
        if not 0 <= value <= 1:
            faults.append(Fault(name, f"{value:g} is no share", "give 0 to 1"))
    if faults:
        raise SchemaError(faults)


def _adoption_faults(
    ids: NDArray[np.str_], share: NDArray[np.float64], sd: NDArray[np.float64], ranked: NDArray[np.bool_]
) -> list[Fault]:
    bad = (share < 0) | (share > 1)
    mend = "give shares from 0 to 1; divide per cent by 100"
    faults = zone_fault("adoption", bad, ids, problem="outside 0–1", mend=mend)
    wide = ranked & ~bad & (sd > 0) & (sd**2 >= share * (1 - share))
    problem = "as wide as a share can vary or wider: √(share × (1 − share))"
    mend = "give a smaller one for these zones, 0 where the share is 0 or 1"
    return faults + zone_fault("adoption_sd", wide, ids, problem=problem, mend=mend)
