"""What a run leaves behind: tables that round-trip, written beside and renamed, the same bytes for the same inputs."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from affine import Affine
from pyproj import CRS

from data.csv_out import safe_csv
from geo.errors import SourceError
from geo.grid import Grid

if TYPE_CHECKING:
    from collections.abc import Generator

    import geopandas as gpd

MARK = "provenance.json"
PLAN_TABLES = ("plan_frontier", "plan_money", "plan_options", "plan_proposals", "plan_zones")
TABLES = ("index", "indicators", *PLAN_TABLES, "uncertainty", "use")
OUTPUTS = frozenset(
    {
        MARK,
        "summary.json",
        "cells.parquet",
        "zones.gpkg",
        "ranking.csv",
        "plan.csv",
        "plan.gpkg",
        "plan.json",
        "plan_reach.parquet",
        "wifi.csv",
        "coverage.csv",
        "agreement.csv",
        "sites.csv",
        "catchments.gpkg",
        *(f"{name}.csv" for name in TABLES),
        "map.html",
        "limitations.md",
        "region",
    }
)
"""A folder with the mark and nothing but these is a results folder, which a run may replace."""


@dataclass(frozen=True)
class Results:
    """The outcome of one run.

    Attributes
    ----------
    summary : dict
        As `summary.json`; see docs/outputs.md.
    cells : GeoDataFrame
        A row per populated cell, points in the grid CRS.
    zones : GeoDataFrame
        A row per zone, polygons in the grid CRS.
    plan : DataFrame
        Build order; it goes on past the budget, `within_budget` says where the plan ends.
    wifi : DataFrame
        Public WiFi points (may be empty).
    grid : Grid
    provenance : dict
    agreement : DataFrame
        People by what the declared, modelled and measured bases say of the target.
    sites : DataFrame or None
        Sites of 4G or better with what they carry and the busy-hour demand on them; None = not dimensioned.
    catchments : GeoDataFrame or None
        Area within each walk of free public WiFi: ``minutes, people, measure``, polygons in the grid CRS, shortest walk
        first; a picture, people are counted from homes. None = no list of public WiFi.
    tables : dict of str to DataFrame
        Further tables, each written as ``<name>.csv``: those of `TABLES` that the run has.
    plan_reach : DataFrame or None
        Whom every step of the build order reaches, see `analysis.plan.tables.reach_table`; None = not worked out.
    plan_layers : dict of str to GeoDataFrame
        What the budget builds, whom it serves and what it is joined to, see `analysis.plan.layers`.
    """

    summary: dict[str, Any]
    cells: gpd.GeoDataFrame
    zones: gpd.GeoDataFrame
    plan: pd.DataFrame
    wifi: pd.DataFrame
    grid: Grid
    provenance: dict[str, Any]
    agreement: pd.DataFrame = field(default_factory=pd.DataFrame)
    sites: pd.DataFrame | None = None
    catchments: gpd.GeoDataFrame | None = None
    tables: dict[str, pd.DataFrame] = field(default_factory=dict[str, pd.DataFrame])
    plan_reach: pd.DataFrame | None = None
    plan_layers: dict[str, gpd.GeoDataFrame] = field(default_factory=dict[str, "gpd.GeoDataFrame"])


@contextmanager
def fresh_folder(out: Path) -> Generator[Path]:
    """Give a folder beside `out` to write into; it takes the place of `out` only when everything succeeded.

    Raises
    ------
    SourceError
        `out` exists and is neither empty nor a results folder: nothing of a person's is overwritten.
    """
    target = out.resolve()
    _require_replaceable(target, out)
    made = [parent for parent in target.parents if not parent.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{target.name[:100]}.", suffix=".tmp", dir=target.parent))
    except OSError as error:
        raise SourceError(
            f"{out}: cannot be made ({error.strerror}). Mend: name a folder that can be written"
        ) from error
    try:
        yield beside
        beside.chmod(0o755)
        if target.exists():
            shutil.rmtree(target)
        beside.replace(target)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        for parent in made:
            with suppress(OSError):
                parent.rmdir()


def _require_replaceable(target: Path, out: Path) -> None:
    """Refuse to put results where anything else would be lost."""
    try:
        if not target.exists():
            return
        names = {path.name for path in target.iterdir()} if target.is_dir() else None
    except OSError as error:
        raise SourceError(f"{out}: cannot be used ({error.strerror}). Mend: name another folder") from error
    if target == Path.cwd():
        raise SourceError(
            f"{out}: is the folder you stand in. Mend: name a folder inside it, such as {out / 'results'}"
        )
    if names is None or (names and not (MARK in names and names <= OUTPUTS)):
        raise SourceError(f"{out}: exists and is not a results folder. Mend: name another folder")


def plain(value: Any) -> Any:
    """Make a value fit for JSON: NaN and missing become null, numpy numbers become Python's."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is pd.NA:
        return None
    number = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(number, float) and not np.isfinite(number) else number


def write_json(path: Path, value: Any) -> None:
    """Write JSON with sorted keys, UTF-8, no NaN."""
    text = json.dumps(plain(value), ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def write_results(results: Results, folder: Path) -> None:
    """Write every table of a run into an empty folder.

    Notes
    -----
    The GeoPackage's own timestamp is fixed to 2000-01-01 so that equal inputs give equal bytes; the time of the run
    stands in `provenance.json` alone.
    """
    write_json(folder / "summary.json", results.summary)
    write_json(folder / "provenance.json", results.provenance)
    results.cells.to_parquet(folder / "cells.parquet", index=False)
    os.environ["OGR_CURRENT_DATE"] = "2000-01-01T00:00:00.000Z"
    results.zones.to_file(folder / "zones.gpkg", layer="zones", driver="GPKG")
    _write_plan(results, folder)
    safe_csv(results.wifi, folder / "wifi.csv")
    if len(results.agreement.columns):
        safe_csv(results.agreement, folder / "agreement.csv")
    if results.sites is not None:
        safe_csv(results.sites, folder / "sites.csv")
    for name, table in sorted(results.tables.items()):
        safe_csv(table, folder / f"{name}.csv")
    if results.catchments is not None:
        results.catchments.to_file(folder / "catchments.gpkg", layer="catchments", driver="GPKG")


def _write_plan(results: Results, folder: Path) -> None:
    """The build order as CSV, JSON and layers, and whom every step reaches."""
    safe_csv(results.plan, folder / "plan.csv")
    steps = results.plan[results.plan["within_budget"].astype(bool)].to_dict("records")
    write_json(folder / "plan.json", {"plan": results.summary["plan"], "steps": steps})
    if results.plan_reach is not None:
        results.plan_reach.to_parquet(folder / "plan_reach.parquet", index=False)
    for name, layer in results.plan_layers.items():
        layer.to_file(folder / "plan.gpkg", layer=name, driver="GPKG")


def grid_record(grid: Grid) -> dict[str, Any]:
    """What `read_results` needs to build the grid again."""
    return {
        "crs": grid.crs.to_string() if grid.crs.to_authority() else grid.crs.to_wkt(),
        "transform": list(grid.transform)[:6],
        "shape": list(grid.shape),
    }


def read_results(folder: Path) -> Results:
    """Open a results folder.

    Raises
    ------
    SourceError
        It is not one, or it is incomplete.
    """
    import geopandas as gpd

    if not (folder / MARK).is_file():
        raise SourceError(
            f"{folder}: not a results folder (no {MARK}); make one with `gapmap run REGION.toml --out {folder}`"
        )
    try:
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        provenance = json.loads((folder / MARK).read_text(encoding="utf-8"))
        grid = provenance["grid"]
        return Results(
            summary=summary,
            cells=gpd.read_parquet(folder / "cells.parquet"),
            zones=gpd.read_file(folder / "zones.gpkg"),
            plan=pd.read_csv(folder / "plan.csv", dtype={"zone_id": str, "candidate_id": str, "name": str}),
            wifi=pd.read_csv(folder / "wifi.csv", dtype={"wifi_id": str, "name": str}),
            grid=Grid(CRS.from_user_input(grid["crs"]), Affine(*grid["transform"]), tuple(grid["shape"])),
            provenance=provenance,
            agreement=pd.read_csv(folder / "agreement.csv") if (folder / "agreement.csv").is_file() else pd.DataFrame(),
            sites=pd.read_csv(folder / "sites.csv", dtype={"site_id": str, "operator": str})
            if (folder / "sites.csv").is_file()
            else None,
            tables={
                name: pd.read_csv(folder / f"{name}.csv", dtype={"zone_id": str})
                for name in TABLES
                if (folder / f"{name}.csv").is_file()
            },
            catchments=gpd.read_file(folder / "catchments.gpkg") if (folder / "catchments.gpkg").is_file() else None,
            plan_reach=pd.read_parquet(folder / "plan_reach.parquet")
            if (folder / "plan_reach.parquet").is_file()
            else None,
            plan_layers=_read_layers(folder / "plan.gpkg"),
        )
    except (OSError, ValueError, KeyError) as error:
        raise SourceError(f"{folder}: an incomplete results folder ({error}); run again") from error


def _read_layers(path: Path) -> dict[str, gpd.GeoDataFrame]:
    """Every layer of a GeoPackage; none where there is no file."""
    import geopandas as gpd

    if not path.is_file():
        return {}
    return {name: gpd.read_file(path, layer=name) for name in sorted(gpd.list_layers(path)["name"])}
