"""From a region's files to a results folder: read, compute, write, and nothing left behind when anything fails."""

from __future__ import annotations

import datetime as dt
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.compute import Progress, compute
from analysis.limits import limitations
from analysis.maps import write_map
from analysis.ranking import ranking_table
from analysis.results import MARK, Results, fresh_folder, grid_record, safe_csv, write_json, write_results
from analysis.scenario import Scenario, load_scenario
from analysis.tables import operator_rows
from data.layer import file_sha256
from data.load import load_region

if TYPE_CHECKING:
    from data.region import Region

SOFTWARE = ("numpy", "scipy", "numba", "pandas", "pyarrow", "geopandas", "rasterio", "shapely", "pyproj", "h3")


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
        results.provenance.update(_provenance(region, scenario))
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
