"""The path from a region to its results: every stage once, in the order of the architecture."""

from __future__ import annotations

import datetime as dt
import os
import platform
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.access import walk_to_wifi
from analysis.access_tables import catchments, reach_words, wifi_record, wifi_table, zone_columns
from analysis.agreement import agreement, agreement_record, doubt
from analysis.assess import assess, quality_record
from analysis.footprint import cover
from analysis.fragments import make_fragments
from analysis.ledger import make_ledger
from analysis.limits import limitations
from analysis.maps import write_map
from analysis.measure import measure
from analysis.on_foot import on_foot
from analysis.planning import make_plan
from analysis.propagation import make_propagation
from analysis.ranking import ranking_table, zone_table
from analysis.results import MARK, Results, fresh_folder, grid_record, safe_csv, write_json, write_results
from analysis.scenario import Scenario, load_scenario
from analysis.sensitivity import rank_change, sensitivity_record
from analysis.settlement import classify, preset
from analysis.tables import cells_table, operator_rows, summary
from data.coverage import VARIANTS
from data.layer import file_sha256
from data.load import load_region
from geo.regrid import block_sum

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from analysis.assess import Assessment
    from analysis.footprint import Coverage
    from analysis.fragments import Fragments
    from analysis.ledger import Ledger
    from data.region import Region

SOFTWARE = ("numpy", "scipy", "numba", "pandas", "pyarrow", "geopandas", "rasterio", "shapely", "pyproj", "h3")

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
    divide = measure(region, fragments, zones, ledgers, settlement=settlement, assessment=assessment, scenario=scenario)
    for name, column in divide.columns.items():
        zones[name] = column
    ranking = ranking_table(zones)
    progress(0.7, "choosing what to build")
    plan, record = make_plan(
        region, fragments, ledger, scenario=scenario, settlement=settlement, model=model, access=access, foot=foot
    )
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
        region, fragments, access, ledger=ledger, settlement=settlement, scenario=scenario, foot=foot
    )
    told |= divide.records
    told["plan"] = record
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
        ),
        zones=zones,
        plan=plan,
        wifi=wifi_table(region, access),
        grid=region.grid,
        provenance=_provenance(region, scenario),
        agreement=agreement(fragments, assessment.bases),
        sites=None if assessment.dimensioned is None else assessment.dimensioned.sites,
        catchments=catchments(region, fragments, access, foot),
        tables=divide.tables,
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


def _provenance(region: Region, scenario: Scenario) -> dict[str, Any]:
    """What was run on what; `made` is the one thing that differs between two equal runs."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = dt.datetime.fromtimestamp(int(epoch), tz=dt.UTC) if epoch else dt.datetime.now(tz=dt.UTC)
    return {
        "gapmap": version("gapmap"),
        "made": now.replace(microsecond=0).isoformat(),
        "synthetic": region.synthetic,
        "grid": grid_record(region.grid),
        "region": region.settings.model_dump(mode="json"),
        "scenario": scenario.model_dump(mode="json"),
        "inputs": [source.__dict__ for source in region.sources],
        "software": {name: version(name) for name in SOFTWARE},
        "python": platform.python_version(),
    }


def run(
    region_file: Path,
    *,
    out: Path,
    scenario_file: Path | None = None,
    root: Path | None = None,
    progress: Progress | None = None,
) -> Results:
    """Run a region to a results folder; nothing is left behind when anything fails.

    Parameters
    ----------
    region_file : Path
        ``region.toml``.
    out : Path
        Results folder; must not exist, be empty, or be a results folder (then it is replaced when the run succeeded).
    scenario_file : Path, optional
        TOML; defaults otherwise.
    root : Path, optional
        Folder the region's files are relative to; default beside the region file.
    progress : callable, optional
        Called with (fraction done, what is being done).

    Raises
    ------
    GapmapError
        Bad input, with every fault.
    """
    tell = progress or (lambda _fraction, _what: None)
    scenario = load_scenario(scenario_file)
    with fresh_folder(out) as folder:
        region = load_region(region_file, root=root, progress=lambda part, what: tell(part * 0.35, what))
        results = compute(region, scenario, progress=tell)
        results.provenance["region_file_sha256"] = file_sha256(region_file)
        write_results(results, folder)
        safe_csv(ranking_table(results.zones), folder / "ranking.csv")
        safe_csv(operator_rows(results.summary), folder / "coverage.csv")
        (folder / "limitations.md").write_text(limitations(region, results.summary), encoding="utf-8")
        tell(0.9, "drawing the map")
        write_map(results, folder / "map.html")
        _hash_outputs(results, folder)
        tell(1.0, f"done: {out}")
    return results


def _hash_outputs(results: Results, folder: Path) -> None:
    outputs = {path.name: file_sha256(path) for path in sorted(folder.iterdir()) if path.name != MARK}
    write_json(folder / MARK, {**results.provenance, "outputs": outputs})


def demo(out: Path, *, size_km: int = 100, seed: int = 2026, progress: Progress | None = None) -> Results:
    """Make the synthetic sample region and run it; inputs are written to ``out/region``, results to `out` itself.

    Parameters
    ----------
    out : Path
        Results folder.
    size_km : int
        Side of the square region.
    seed : int
        Same seed, same region.
    progress : callable, optional
        Called with (fraction done, what is being done).
    """
    import shutil
    import tempfile

    from data.sample import write_sample

    tell = progress or (lambda _fraction, _what: None)
    tell(0.0, "making the sample region")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as place:
        region_file = write_sample(Path(place) / "region", size_km=size_km, seed=seed)
        results = run(region_file, out=out, progress=tell)
        shutil.copytree(region_file.parent, out / "region")
    return results
