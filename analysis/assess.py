"""Quality of what is reached, by measurement and by dimensioning, and what each source of coverage says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.agreement import Basis
from analysis.capacity import dimension
from analysis.quality import quality, usable_fraction

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.capacity import Dimensioned
    from analysis.footprint import Coverage
    from analysis.fragments import Fragments
    from analysis.propagation import Propagation
    from analysis.quality import Quality
    from analysis.scenario import Scenario
    from data.region import Region


@dataclass(frozen=True)
class Assessment:
    """What is known of the quality of coverage.

    Attributes
    ----------
    measured : Quality or None
        From tiles of speed tests; None = the region has none.
    dimensioned : Dimensioned or None
        From sites and demand; None = no sites of 4G or better, or switched off.
    usable : float64 array (fragments,)
        Fraction of the people reached by 4G or better whose connection meets the target.
    bases : dict of str to Basis
        ``declared``, ``modelled``, ``measured`` where the region has them.
    """

    measured: Quality | None
    dimensioned: Dimensioned | None
    usable: NDArray[np.float64]
    bases: dict[str, Basis]


def assess(
    region: Region, fragments: Fragments, coverage: Coverage, *, scenario: Scenario, model: Propagation
) -> Assessment:
    """Measure and dimension a region's coverage against the target speed of the scenario.

    Parameters
    ----------
    region, fragments, coverage
        From the same run.
    scenario : Scenario
        Target speed, capacity, footprint variant.
    model : Propagation
        How far sites serve.
    """
    target = scenario.quality
    measured = None
    if region.speed is not None:
        measured = quality(
            region.speed,
            region.grid,
            zoom=region.settings.speedtest[0].zoom,
            down_mbps=target.down_mbps,
            up_mbps=target.up_mbps,
            min_tests=target.min_tests,
        )
    dimensioned = _dimension(region, scenario=scenario, model=model) if scenario.capacity.enabled else None
    usable = _usable(fragments, coverage, measured, dimensioned)
    bases = _bases(fragments, coverage, measured, target=scenario.target)
    return Assessment(measured, dimensioned, usable, bases)


def _dimension(region: Region, *, scenario: Scenario, model: Propagation) -> Dimensioned | None:
    """Room at every site of 4G or better; None when there is no such site."""
    tables = [layer.sites for layer in region.coverage if layer.sites is not None and layer.counts]
    every = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame({"technology": []})
    sites = every[every["technology"].isin(["4G", "5G"])].reset_index(drop=True)
    if sites.empty:
        return None
    wanted = scenario.capacity
    return dimension(
        sites,
        site_class=model.site_class(sites["x"].to_numpy(), sites["y"].to_numpy()),
        radius_m=model.radii(sites, variant=scenario.footprint),
        person_class=model.around,
        people=region.population.values,
        grid=region.grid,
        capacity=region.capacity.with_demand(
            gb_per_month=wanted.gb_per_month, busy_hour_share=wanted.busy_hour_share, user_share=wanted.user_share
        ),
        target_down_mbps=scenario.quality.down_mbps,
    )


def _usable(
    fragments: Fragments, coverage: Coverage, measured: Quality | None, dimensioned: Dimensioned | None
) -> NDArray[np.float64]:
    """Usable fraction of those whom 4G or better reaches: measured where known, else dimensioned where sites serve."""
    cells = fragments.cell_id
    known = measured.known.ravel()[cells] if measured else np.zeros(cells.size)
    met = measured.met.ravel()[cells] if measured else np.zeros(cells.size)
    room = np.full(cells.size, np.nan)
    if dimensioned is not None:
        modelled, declared = coverage.counted["modelled"], coverage.counted["declared"]
        anyone = np.maximum(modelled, declared)
        # sites were dimensioned, a declared map was not: only the modelled part can have room
        part = np.divide(modelled, anyone, out=np.zeros(cells.size), where=anyone > 0)
        room = dimensioned.share.ravel()[cells] * part
    return usable_fraction(known, met, room)


def _bases(fragments: Fragments, coverage: Coverage, measured: Quality | None, *, target: str) -> dict[str, Basis]:
    """What each basis says of *at least the target*, as fractions of the fragments."""
    bases = {
        name: Basis(*coverage.by_basis[name, target])
        for name in ("declared", "modelled")
        if coverage.by_basis[name, target][1].any()
    }
    if measured is not None:
        known = np.minimum(measured.known.ravel()[fragments.cell_id], 1.0)
        bases["measured"] = Basis(np.minimum(measured.met.ravel()[fragments.cell_id], known), known)
    return bases


def quality_record(assessment: Assessment, fragments: Fragments) -> dict[str, Any]:
    """`summary.json`'s ``quality``: people with measured speed, and what sites carry against busy-hour demand."""
    measured, room = assessment.measured, assessment.dimensioned
    persons = fragments.people
    record: dict[str, Any] = {"measured": None, "dimensioned": None}
    if measured is not None:
        known = measured.known.ravel()[fragments.cells]
        record["measured"] = {
            "tiles": measured.tiles,
            "tiles_used": measured.tiles_used,
            "people_known": float(known @ persons),
            "people_met": float(np.minimum(measured.met.ravel()[fragments.cells], known) @ persons),
        }
    if room is not None:
        sites = room.sites
        record["dimensioned"] = {
            "sites": len(sites),
            "overloaded": int((sites["room"] < 1).sum()),
            "capacity_mbps": float(sites["capacity_mbps"].sum()),
            "demand_mbps": float(sites["demand_mbps"].sum()),
            "people": float(sites["people"].sum()),
            "people_with_room": float((sites["people"] * sites["room"]).sum()),
        }
    return record
