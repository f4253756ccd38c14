"""Coverage sections of a region: registers of sites, declared polygons, and the area where each is complete."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data.coverage import MARGIN_KM, TECHNOLOGIES, CoverageLayer, Known, read_radii
from data.sites import read_sites
from data.vectors import read_polygons
from geo.errors import Fault, SchemaError
from geo.vector import repair, to_grid_crs

NOT_KNOWN = "operator not known"

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import shapely

    from data.loader import Loader
    from data.region_file import CoverageSection, KnownWithin, Words
    from geo.grid import Grid


def load_coverage(loader: Loader, frame: Grid, zones: gpd.GeoDataFrame) -> list[CoverageLayer]:
    """Every coverage section; the faults of those that cannot be read stay with the loader."""
    layers: list[CoverageLayer] = []
    for number, section in enumerate(loader.settings.coverage, 1):
        made = loader.attempt(section.file, lambda s=section, n=number: _coverage_layer(loader, s, n, frame, zones))
        if made is not None:
            layers.append(made)
    return layers


def _coverage_layer(
    loader: Loader, section: CoverageSection, number: int, frame: Grid, zones: gpd.GeoDataFrame
) -> CoverageLayer:
    known = load_known(loader, section.known_within, zones, frame)
    wanted = tuple(section.technologies) if section.technologies else None
    sites = polygons = None
    if section.kind == "sites":
        register = read_sites(
            loader.path(section.file),
            format=section.format,
            columns=section.columns.model_dump(exclude_none=True) if section.columns else None,
            source_crs=section.crs,
            grid_crs=frame.crs,
            bounds=reach_of(frame),
            technologies=wanted,
            where=section.where,
            operators=section.operators,
        )
        sites = register.sites.assign(operator=_named(register.sites["operator"]))
        loader.notes += register.notes
        met = set(sites["technology"])
    else:
        polygons = _declared(loader, section, frame)
        met = set(polygons["technology"])
    source = loader.source(f"coverage {number}", section, section.file)
    impossible = sorted(met & set(loader.settings.absent))
    if impossible:
        problem = f"has {', '.join(impossible)}, which the region declares absent"
        raise SchemaError([Fault(section.file, problem, "correct 'absent', or choose 'technologies' of the file")])
    speaks_of = tuple(t for t in TECHNOLOGIES if t in (wanted or met))
    return CoverageLayer("modelled" if sites is not None else "declared", speaks_of, sites, polygons, known, source)


def reach_of(frame: Grid) -> tuple[float, float, float, float]:
    """Extent in which a site may stand: beyond it nothing that it sends falls on the grid."""
    margin = MARGIN_KM * 1000 / frame.metres_per_unit
    west, south, east, north = frame.bounds
    return west - margin, south - margin, east + margin, north + margin


def _named(operator: pd.Series[Any]) -> pd.Series[str]:
    """Operator names, blank ones as `NOT_KNOWN`: an empty name would mean everybody's signal."""
    words = operator.astype("string").fillna("").str.strip()
    return words.mask(words == "", NOT_KNOWN).astype(str)


def _declared(loader: Loader, section: CoverageSection, frame: Grid) -> gpd.GeoDataFrame:
    read = read_polygons(loader.path(section.file), layer=section.layer, where=section.where, what="coverage")
    table, notes = read
    loader.notes += notes
    technology, operator = section.technology or "", section.operator
    name = Path(section.file).name
    if technology not in TECHNOLOGIES and technology not in table.columns:
        raise SchemaError(
            [Fault(name, "column is missing", "name the technology column, or 2G, 3G, 4G or 5G", technology)]
        )
    words = table[technology].astype(str).str.strip().str.upper() if technology in table.columns else technology
    table = table.assign(
        technology=words,
        operator=_named(table[operator]) if operator in table.columns else (operator or NOT_KNOWN),
    )
    bad = ~table["technology"].isin(TECHNOLOGIES)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        problem = f"{int(bad.sum())} rows with unknown technology such as '{table['technology'].iloc[row]}'"
        raise SchemaError([Fault(name, problem, "use 2G, 3G, 4G or 5G", technology, str(row + 1))])
    if section.technologies:
        table = table[table["technology"].isin(section.technologies)]
    fixed, _rows = repair(to_grid_crs(table[["technology", "operator", "geometry"]], frame.crs))
    return fixed


def load_known(loader: Loader, known: KnownWithin | str | None, zones: gpd.GeoDataFrame, frame: Grid) -> Known | None:
    """Area where a layer is complete, in the grid CRS; None = everywhere."""
    if known is None:
        return None
    if isinstance(known, str):
        return Known(zones=np.ones(len(zones), dtype=bool))
    if known.zones is not None:
        return Known(zones=_selected(zones, known.zones))
    file = known.file or ""
    polygons, notes = read_polygons(loader.path(file), where=known.where, what="known area")
    loader.notes += notes
    fixed, _rows = repair(to_grid_crs(polygons, frame.crs))
    area: shapely.Geometry = fixed.geometry.union_all()
    return Known(geometry=area)


def _selected(zones: gpd.GeoDataFrame, where: Words) -> Any:
    mask = np.ones(len(zones), dtype=bool)
    for column, value in where.items():
        if column not in zones.columns:
            raise SchemaError(
                [Fault("region.toml", f"known_within.zones.{column}: no such column of the zones", "correct it")]
            )
        wanted = [value] if isinstance(value, str) else value
        mask &= zones[column].astype(str).isin(wanted).to_numpy()
    if not mask.any():
        raise SchemaError([Fault("region.toml", f"known_within.zones {where}: no zone is meant", "correct the value")])
    return mask


def load_radii(loader: Loader) -> pd.DataFrame:
    """Nominal radii: the region's own table, else the built-in one."""
    section = loader.settings.footprints
    if section is None:
        return read_radii()
    loader.source("footprints", section, section.file)
    return read_radii(loader.path(section.file))
