"""Every figure of a run, in memory: the stages in the order of the architecture."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.access import walk_to_wifi
from analysis.access_tables import catchments, reach_words, wifi_record, wifi_table, zone_columns
from analysis.agreement import agreement, agreement_record, doubt
from analysis.assess import assess, quality_record
from analysis.footprint import cover
from analysis.fragments import make_fragments
from analysis.ledger import make_ledger
from analysis.measure import measure
from analysis.on_foot import on_foot
from analysis.plan import make_plan
from analysis.portfolio import Ground
from analysis.propagation import make_propagation
from analysis.ranking import ranking_table, zone_table
from analysis.results import Results
from analysis.sensitivity import rank_change, sensitivity_record
from analysis.settlement import classify, preset
from analysis.tables import cells_table, summary
from analysis.using import measure_use
from data.coverage import VARIANTS
from geo.regrid import block_sum

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from analysis.assess import Assessment
    from analysis.footprint import Coverage
    from analysis.fragments import Fragments
    from analysis.ledger import Ledger
    from analysis.scenario import Scenario
    from data.region import Region

Progress = Callable[[float, str], None]


def settlement_of(region: Region, *, variant: str) -> NDArray[np.int16]:
    """Level 2 codes (ny, nx) on the region's grid; classed on 1 km cells, whatever the resolution of the region.

    Parameters
    ----------
    region : Region
    variant : str
        Name of a preset of `analysis.settlement`.
    """
    grid = region.grid
    factor = round(1000 / (grid.dx * grid.metres_per_unit))
    coarse = grid if factor == 1 else _coarse(grid, factor)

    def at_km(values: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
        return values if values is None or factor == 1 else block_sum(values, factor=factor)

    people = at_km(region.population.values)
    assert people is not None
    codes = classify(
        people,
        coarse,
        land_m2=at_km(region.land.values if region.land else None),
        built_m2=at_km(region.built.values if region.built else None),
        level=2,
        parameters=preset(variant),
    )
    return codes if factor == 1 else np.repeat(np.repeat(codes, factor, axis=0), factor, axis=1)


def _coarse(grid: Any, factor: int) -> Any:
    from affine import Affine

    from geo.grid import Grid

    return Grid(grid.crs, grid.transform @ Affine.scale(factor), (grid.ny // factor, grid.nx // factor))


def compute(region: Region, scenario: Scenario, *, progress: Progress) -> Results:
    """Every figure of a run, in memory.

    Parameters
    ----------
    region : Region
    scenario : Scenario
    progress : callable
        Called with (fraction done, what is being done).
    """
    progress(0.35, "classing settlements")
    settlement = settlement_of(region, variant=scenario.settlement.variant)
    fragments = make_fragments(region, everything=region.settings.grid.extent == "all")
    progress(0.4, "laying out coverage")
    model = make_propagation(region, settlement, radio=scenario.radio)
    variants = VARIANTS if scenario.radio.band else (scenario.footprint,)
    coverage = cover(region, fragments, model=model, footprint=scenario.footprint, variants=variants)
    progress(0.6, "measuring and dimensioning quality")
    assessment = assess(region, fragments, coverage, scenario=scenario, model=model)
    ledger = make_ledger(coverage, fragments, variant=scenario.footprint, usable=assessment.usable)
    progress(0.62, "walking to public WiFi")
    foot = on_foot(region, walking=scenario.walking)
    access = walk_to_wifi(region, fragments, foot, scenario=scenario)
    reach = scenario.walking.reach_min
    progress(0.66, "counting people by zone")
    zones = zone_table(
        region,
        fragments,
        ledger,
        target=scenario.target,
        settlement=settlement,
        wifi=zone_columns(fragments, access, reach=reach),
        wifi_words=reach_words(access, reach=reach),
    )
    zones["doubt_people"] = _doubt(fragments, assessment)
    ledgers = _ledgers(coverage, fragments, {scenario.footprint: ledger})
    moves = _moves(region, fragments, ledgers, zones, scenario=scenario, settlement=settlement)
    progress(0.68, "measuring the divide")
    using = measure_use(region, fragments, ledger, coverage, assessment, settlement=settlement)
    for name, column in using.zone_columns.items():
        zones[name] = column
    divide = measure(region, fragments, zones, ledgers, settlement=settlement, assessment=assessment, scenario=scenario)
    for name, column in divide.columns.items():
        zones[name] = column
    ranking = ranking_table(zones)
    progress(0.7, "choosing what to build")
    ground = Ground(
        region, fragments, ledger, access, foot, model, settlement, scenario, scenario.footprint, using.groups
    )
    planned = make_plan(ground, ledgers=ledgers)
    progress(0.8, "writing tables")
    told = summary(
        region,
        fragments,
        ledger,
        coverage,
        zones=zones,
        ranking=ranking,
        settlement=settlement,
        target=scenario.target,
        footprint=scenario.footprint,
    )
    told["model"] = model.model
    told["confidence"] = scenario.radio.confidence
    told["agreement"] = agreement_record(fragments, assessment.bases, target=scenario.target)
    told["quality"] = {**scenario.quality.model_dump(), **quality_record(assessment, fragments)}
    told["sensitivity"] = sensitivity_record(moves) if moves is not None else None
    told["wifi"] = wifi_record(
        region,
        fragments,
        access,
        ledger=ledger,
        settlement=settlement,
        scenario=scenario,
        foot=foot,
        groups=using.groups,
    )
    told |= divide.records | {"use": using.record}
    told["plan"] = planned.record
    return Results(
        summary=told,
        cells=cells_table(
            region,
            fragments,
            ledger,
            settlement=settlement,
            target=scenario.target,
            assessment=assessment,
            access=access,
            reach=reach,
            more=using.cell_columns,
        ),
        zones=zones,
        plan=planned.table,
        wifi=wifi_table(region, access),
        grid=region.grid,
        provenance={},
        agreement=agreement(fragments, assessment.bases),
        sites=None if assessment.dimensioned is None else assessment.dimensioned.sites,
        catchments=catchments(region, fragments, access, foot),
        tables=divide.tables | using.tables(told) | planned.tables,
        plan_reach=planned.reach,
        plan_layers=planned.layers,
    )


def _doubt(fragments: Fragments, assessment: Assessment) -> NDArray[np.float64]:
    """Persons of each zone whom the declared map covers and another basis does not; NaN: nothing to compare."""
    doubtful = doubt(fragments, assessment.bases)
    compared = fragments.by_zone(np.isfinite(doubtful).astype(np.float64))
    return np.where(compared > 0, fragments.by_zone(np.nan_to_num(doubtful)), np.nan)


def _ledgers(coverage: Coverage, fragments: Fragments, own: dict[str, Ledger]) -> dict[str, Ledger]:
    """Ledgers under every footprint that was laid out; those of other footprints know nothing of quality."""
    others = {name: make_ledger(coverage, fragments, variant=name) for name in coverage.variants if name not in own}
    return own | others


def _moves(
    region: Region,
    fragments: Fragments,
    ledgers: dict[str, Ledger],
    zones: gpd.GeoDataFrame,
    *,
    scenario: Scenario,
    settlement: NDArray[np.int16],
) -> pd.DataFrame | None:
    """Ranks under the low, the central and the high footprints, joined to the zones; None without the band."""
    if set(ledgers) != set(VARIANTS):
        return None
    others: dict[str, gpd.GeoDataFrame] = {}
    for variant, ledger in sorted(ledgers.items()):
        others[variant] = zone_table(region, fragments, ledger, target=scenario.target, settlement=settlement, wifi={})
    moves = rank_change(others["central"], low=others["low"], high=others["high"])
    by_zone = moves.set_index("zone_id").reindex(zones["zone_id"])
    for column, source in (("rank_low", "rank_low"), ("rank_high", "rank_high"), ("rank_moves", "moves")):
        zones[column] = by_zone[source].to_numpy()
        zones[column] = zones[column].astype("Int64")
    return moves
