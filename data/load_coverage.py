"""Coverage sections of a region: registers of sites, declared polygons, and the area where each is complete."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from data.coverage import MARGIN_KM, NOT_KNOWN, TECHNOLOGIES, CoverageLayer, Known
from data.declared import read_declared
from data.declared_raster import read_declared_raster
from data.hexagons import read_hexagons
from data.layer import Source
from data.origin import Origin
from data.sites import read_sites
from data.vectors import read_polygons
from geo.errors import Fault, SchemaError
from geo.vector import repair, to_grid_crs

_NOWHERE = Source("", "", "")
"""Stands for the source until a layer is whole."""

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from data.loader import Loader
    from data.origin import Words
    from data.region_file import CoverageSection, KnownWithin
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
    read = _from_sites if section.kind == "sites" else _from_declared
    layer = read(loader, section, frame)
    met = set(layer.technologies)
    impossible = sorted(met & set(loader.settings.absent))
    if impossible:
        problem = f"has {', '.join(impossible)}, which the region declares absent"
        raise SchemaError([Fault(section.file, problem, "correct 'absent', or choose 'technologies' of the file")])
    if layer.known is not None:
        known = replace(known or Known(), fraction=layer.known.fraction)
    source = loader.source(f"coverage {number}", section, section.file)
    speaks_of = tuple(t for t in TECHNOLOGIES if t in (wanted or met))
    counts = section.role == "count"
    return replace(layer, technologies=speaks_of, known=known, source=source, counts=counts)


def _from_sites(loader: Loader, section: CoverageSection, frame: Grid) -> CoverageLayer:
    register = read_sites(
        loader.path(section.file),
        format=section.format,
        columns=section.columns.model_dump(exclude_none=True) if section.columns else None,
        source_crs=section.crs,
        grid_crs=frame.crs,
        bounds=reach_of(frame),
        technologies=tuple(section.technologies) if section.technologies else None,
        where=section.where,
        operators=section.operators,
    )
    loader.notes += register.notes
    sites, silent = (table.assign(operator=_named(table["operator"])) for table in (register.sites, register.silent))
    met = tuple(sorted(set(sites["technology"])))
    return CoverageLayer("modelled", met, sites, None, None, _NOWHERE, silent=silent if len(silent) else None)


def _from_declared(loader: Loader, section: CoverageSection, frame: Grid) -> CoverageLayer:
    readers = {"polygons": read_declared, "raster": read_declared_raster, "hexagons": read_hexagons}
    made = readers[section.kind](loader.path(section.file), section, frame)
    loader.notes += made.notes
    known = None if made.fraction is None else Known(fraction=made.fraction)
    return CoverageLayer("declared", made.technologies, None, made.polygons, known, _NOWHERE, cells=made.cells)


def reach_of(frame: Grid) -> tuple[float, float, float, float]:
    """Extent in which a site may stand: beyond it nothing that it sends falls on the grid."""
    margin = MARGIN_KM * 1000 / frame.metres_per_unit
    west, south, east, north = frame.bounds
    return west - margin, south - margin, east + margin, north + margin


def _named(operator: pd.Series[Any]) -> pd.Series[str]:
    """Operator names, blank ones as `NOT_KNOWN`: an empty name would mean everybody's signal."""
    words = operator.astype("string").fillna("").str.strip()
    return words.mask(words == "", NOT_KNOWN).astype(str)


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
    loader.source("known area", Origin.model_validate({}), file)
    fixed, _rows = repair(to_grid_crs(polygons, frame.crs))
    area: Any = fixed.geometry.union_all()
    if not shapely.area(shapely.intersection(zones.geometry.to_numpy(), area)).any():
        mend = "name the area in which the list is whole"
        raise SchemaError([Fault(file, "the area meets no zone of the region", mend)])
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
