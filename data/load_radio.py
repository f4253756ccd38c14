"""What footprints, quality and capacity rest on: radii, link budget, elevation, measured tiles, what a site carries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pyproj import Transformer

from data.capacity import read_capacity
from data.coverage import MARGIN_KM, read_radii
from data.radio import read_propagation, read_site_links
from data.speedtest import pool, read_speedtest
from data.terrain import read_dem
from geo.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from data.loader import Loader
    from data.origin import FileSection
    from data.terrain import Dem
    from geo.grid import Grid


def load_radio(loader: Loader, frame: Grid, *, zones: Any) -> dict[str, Any]:
    """Fields ``radii, links, dem, speed, capacity`` of the region; faults stay with the loader."""
    radio = loader.settings.radio
    sites = _table(loader, "what a site sends", radio.sites if radio else None, read_site_links)
    propagation = _table(loader, "propagation", radio.propagation if radio else None, read_propagation)
    footprints = loader.settings.footprints
    return {
        "radii": None if footprints is None else _table(loader, "footprints", footprints, read_radii),
        "links": (sites, propagation),
        "dem": load_dem(loader, frame, zones=zones),
        "speed": _speed(loader, frame),
        "capacity": _table(loader, "capacity", radio.capacity if radio else None, read_capacity),
    }


def _table(loader: Loader, layer: str, section: FileSection | None, read: Callable[..., Any]) -> Any:
    """The region's own table, else the built-in one."""
    if section is None:
        return read()
    found = loader.attempt(section.file, lambda: read(loader.path(section.file)))
    if found is not None:
        loader.source(layer, section, section.file)
    return found


def load_dem(loader: Loader, frame: Grid, *, zones: Any) -> Dem | None:
    """Elevation of the zones at least, and what the file has around them for the sites there."""
    section = loader.settings.terrain
    if section is None:
        return None
    # the zones' own extent: the grid's, a rectangle in its CRS, is wider in degrees
    needed: Any = tuple(float(edge) for edge in zones.to_crs("EPSG:4326").total_bounds)
    found = loader.attempt(
        section.file,
        lambda: read_dem(loader.path(section.file), bounds_lonlat=needed, reach_lonlat=degrees_of(frame)),
    )
    if found is not None:
        loader.source("terrain", section, section.file)
    return found


def degrees_of(frame: Grid, *, margin_m: float = MARGIN_KM * 1000) -> tuple[float, float, float, float]:
    """West, south, east, north in degrees of the grid and a margin around it."""
    margin = margin_m / frame.metres_per_unit
    west, south, east, north = frame.bounds
    there = Transformer.from_crs(frame.crs, "EPSG:4326", always_xy=True)
    bounds = there.transform_bounds(west - margin, south - margin, east + margin, north + margin, densify_pts=21)
    return tuple(float(np.round(edge, 9)) for edge in bounds)  # pyright: ignore[reportReturnType]


def _speed(loader: Loader, frame: Grid) -> pd.DataFrame | None:
    """Measured tiles of every period, pooled; None when there are none."""
    tables: list[pd.DataFrame] = []
    seen: dict[str, str] = {}
    for section in loader.settings.speedtest:
        found = loader.attempt(
            section.file, lambda section=section: read_speedtest(loader.path(section.file), section=section, grid=frame)
        )
        if found is not None:
            table, notes = found
            loader.notes += notes
            made = loader.source("measured speed", section, section.file)
            if made.sha256 in seen:
                problem = f"holds the same tests as {seen[made.sha256]}: they would count twice"
                loader.faults.append(Fault(section.file, problem, "name each period's file once"))
            seen[made.sha256] = section.file
            tables.append(table)
    return loader.attempt("speedtest", lambda: pool(tables)) if tables else None
