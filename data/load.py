"""A region is read once from its ``region.toml``: every part checked, every fault listed in one error."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from data.hosts import read_hosts
from data.indicators import read_indicators
from data.layer import Layer
from data.load_coverage import load_coverage, load_known, reach_of
from data.load_plan import load_plan
from data.load_radio import load_dem, load_radio
from data.load_streets import region_streets
from data.load_use import groups_table, region_use
from data.loader import Loader
from data.notes import Note, listed
from data.population import DEGREES, bounds_in, choose_frame, read_counts
from data.region import Region
from data.region_file import load_region_file
from data.vectors import read_polygons
from data.wifi import read_wifi
from data.zones import read_zones
from geo.errors import SchemaError
from geo.raster import MAX_CELLS, raster_grid
from geo.zonal import CellZone, cell_zone_table, outside, weighted_sum

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd
    from pyproj import CRS

    from data.coverage import Known
    from data.origin import Origin
    from data.region_file import HostsSection, WifiSection
    from data.terrain import Dem
    from geo.grid import Grid

Progress = Callable[[float, str], None]


def load_region(path: Path, *, root: Path | None = None, progress: Progress | None = None) -> Region:
    """Read a region from its ``region.toml``.

    Parameters
    ----------
    path : Path
        The TOML file.
    root : Path, optional
        Folder that the files are relative to; default: beside the TOML file.
    progress : callable, optional
        Called with (fraction done, what is being done).

    Raises
    ------
    SchemaError
        Every fault of every input at once.
    SourceError
        The TOML file itself cannot be read.
    """
    tell = progress or (lambda _fraction, _what: None)
    settings = load_region_file(path)
    loader = Loader((root or path.parent).resolve(), settings, path.name)
    loader.check_files()
    tell(0.0, "reading zones and choosing the grid")
    try:
        frame, zones = _frame_and_zones(loader)
    except SchemaError:
        _other_faults(loader)
        loader.stop_at_faults()
        raise
    tell(0.2, "reading people")
    layers = _rasters(loader, frame)
    tell(0.5, "reading coverage, WiFi and indicators")
    coverage = tuple(load_coverage(loader, frame, zones))
    radio = load_radio(loader, frame, zones=zones)
    plan = load_plan(loader, frame, coverage)
    wifi = _wifi(loader, frame)
    wifi_known = _wifi_known(loader, zones, frame)
    hosts = _hosts(loader, frame)
    streets, streets_known = region_streets(loader, frame, zones=zones, dem=radio["dem"])
    zones, indicators = _indicators(loader, zones)
    use, group_shares = region_use(loader, zones, indicators, layers=layers)
    loader.stop_at_faults()
    tell(0.8, "meeting zones and cells")
    cell_zone = cell_zone_table(zones.geometry, frame)
    _note_outside(
        loader, layers["population"].values, cell_zone, beyond=layers["beyond"], ids=zones["zone_id"].to_numpy()
    )
    tell(1.0, "region read")
    return Region(
        name=settings.name,
        synthetic=settings.synthetic,
        settings=settings,
        grid=frame,
        population=layers["population"],
        groups=layers["groups"],
        land=layers["land"],
        built=layers["built"],
        zones=zones,
        cell_zone=cell_zone,
        coverage=coverage,
        **radio,
        wifi=wifi,
        hosts=hosts,
        wifi_known=wifi_known,
        streets=streets,
        streets_known=streets_known,
        indicators=indicators,
        raster_total=layers["total"],
        beyond_frame=layers["beyond"],
        sources=tuple(loader.sources),
        notes=tuple(loader.notes),
        use=use,
        group_shares=group_shares,
        **plan,
    )


def load_frame(path: Path, *, root: Path | None = None) -> tuple[Grid, gpd.GeoDataFrame, Dem | None]:
    """Grid, zones and elevation of a region, without its other files, which may not be there yet.

    Parameters
    ----------
    path, root
        As in `load_region`.

    Returns
    -------
    frame : Grid
    zones : GeoDataFrame
        In the grid's CRS.
    dem : Dem or None

    Raises
    ------
    SchemaError
        Every fault of the population, the zones and the elevation.
    """
    settings = load_region_file(path)
    loader = Loader((root or path.parent).resolve(), settings, path.name)
    sections = (settings.population, settings.zones, settings.terrain)
    loader.require([section.file for section in sections if section is not None])
    frame, zones = _frame_and_zones(loader)
    dem = load_dem(loader, frame, zones=zones)
    loader.stop_at_faults()
    return frame, zones, dem


def _frame_and_zones(loader: Loader) -> tuple[Grid, gpd.GeoDataFrame]:
    """The zones' extent chooses the grid, then the zones are read onto it."""
    settings = loader.settings
    section = settings.zones
    native: Any = loader.attempt(settings.population.file, lambda: raster_grid(loader.path(settings.population.file)))
    if native is None:
        # the zones' own faults are still worth hearing
        loader.attempt(
            section.file, lambda: read_polygons(loader.path(section.file), where=section.where, what="zones")
        )
        loader.stop_at_faults()
        raise AssertionError("a grid that could not be read left no fault")

    degrees = bounds_in(native.bounds, native.crs, DEGREES)

    def zones_on(crs: CRS) -> Any:
        return read_zones(
            loader.path(section.file),
            id_column=section.id,
            name_column=section.name,
            layer=section.layer,
            where=section.where,
            crs=crs,
            expected_bounds=degrees,
        )

    # for the frame only their extent is needed, in the population's CRS, be it in degrees
    shapes = loader.attempt(
        section.file,
        lambda: read_polygons(
            loader.path(section.file), layer=section.layer, where=section.where, what="zones", expected_bounds=degrees
        ),
    )
    loader.stop_at_faults()
    west, south, east, north = (float(edge) for edge in shapes[0].to_crs(native.crs).total_bounds)
    frame = loader.attempt(
        settings.population.file,
        lambda: choose_frame(
            native,
            zones=(west, south, east, north),
            crs=settings.grid.crs,
            resolution=settings.grid.resolution,
            everything=settings.grid.extent == "all",
        ),
    )
    loader.stop_at_faults()
    read = loader.attempt(section.file, lambda: zones_on(frame.crs))
    loader.stop_at_faults()
    zones, notes = read
    loader.notes += notes
    loader.source("zones", section, section.file)
    return frame, zones


def _other_faults(loader: Loader) -> None:
    """Without zones or a grid nothing can run, but the faults of the other files are still worth hearing."""
    settings = loader.settings
    frame: Any = loader.attempt(settings.population.file, lambda: raster_grid(loader.path(settings.population.file)))
    if frame is None or frame.size > MAX_CELLS:
        return
    _rasters(loader, frame)
    if frame.crs.is_projected:
        _wifi(loader, frame)
        _hosts(loader, frame)
        load_plan(loader, frame, ())


def _rasters(loader: Loader, frame: Grid) -> dict[str, Any]:
    settings = loader.settings
    section = settings.population

    def layer(file: str, origin: Origin, quantity: str, unit: str) -> tuple[Layer, float, float] | None:
        def read() -> tuple[Layer, float, float]:
            values, total, outside = read_counts(loader.path(file), frame, what=quantity, persons=unit == "persons")
            return Layer(values, frame, quantity, unit, loader.source(quantity, origin, file)), total, outside

        return loader.attempt(file, read)

    people = layer(section.file, section, "population", "persons")
    groups = {name: layer(file, section, name, "persons") for name, file in sorted(section.groups.items())}
    land = layer(settings.land.file, settings.land, "land", "m²") if settings.land else None
    built = layer(settings.built.file, settings.built, "built", "m²") if settings.built else None
    return {
        "population": people and people[0],
        "total": people and people[1],
        "beyond": people and people[2],
        "groups": {name: found[0] for name, found in groups.items() if found} | groups_table(loader, frame),
        "land": land and land[0],
        "built": built and built[0],
    }


def _wifi(loader: Loader, frame: Grid) -> pd.DataFrame | None:
    section = loader.settings.wifi
    if section is None:
        return None
    lists = {"operational": section.operational, "outdoor": section.outdoor, "free": section.free}
    return _points(loader, frame, section, "wifi", partial(read_wifi, **lists))


def _wifi_known(loader: Loader, zones: gpd.GeoDataFrame, frame: Grid) -> Known | None:
    section = loader.settings.wifi
    if section is None:
        return None
    return loader.attempt("wifi.known_within", lambda: load_known(loader, section.known_within, zones, frame))


def _hosts(loader: Loader, frame: Grid) -> pd.DataFrame | None:
    section = loader.settings.hosts
    if section is None:
        return None
    read = partial(read_hosts, categories=section.categories, has_wifi=section.has_wifi)
    return _points(loader, frame, section, "hosts", read)


def _points(
    loader: Loader, frame: Grid, section: WifiSection | HostsSection, layer: str, read: Callable[..., Any]
) -> pd.DataFrame | None:
    """Points of one section in the grid's CRS; None, with its faults kept, when they cannot be read."""
    found = loader.attempt(
        section.file,
        lambda: read(
            loader.path(section.file),
            columns=section.columns.model_dump(exclude_none=True),
            source_crs=section.crs,
            grid_crs=frame.crs,
            bounds=reach_of(frame) if layer == "wifi" else frame.bounds,
            where=section.where,
        ),
    )
    if found is None:
        return None
    points, notes = found
    loader.notes += notes
    loader.source(layer, section, section.file)
    return points


def _indicators(loader: Loader, zones: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    section = loader.settings.indicators
    if section is None:
        return zones, ()
    found = loader.attempt(
        section.file,
        lambda: read_indicators(
            loader.path(section.file), id_column=section.id, name_column=section.name, zones=zones, where=section.where
        ),
    )
    if found is None:
        return zones, ()
    table, report = found
    loader.source("indicators", section, section.file)
    loader.notes.append(
        Note(
            "indicators",
            "zones without a row",
            len(report.unmatched_zones),
            ", ".join(map(str, report.unmatched_zones)),
        )
    )
    loader.notes.append(
        Note(
            "indicators", "rows without a zone", len(report.unmatched_rows), ", ".join(map(str, report.unmatched_rows))
        )
    )
    fresh = table.drop(columns=[column for column in table.columns if column in ("zone_id", "zone_name", "geometry")])
    loader.notes += report.notes
    if report.near:
        close = ", ".join(f"{row} ~ {zone}" for row, zone in report.near)
        loader.notes.append(Note("indicators", "rows that nearly match a zone, not joined", len(report.near), close))
    joined = zones.drop(columns=[column for column in fresh.columns if column in zones.columns]).join(fresh)
    return joined, tuple(str(column) for column in fresh.columns)


def _note_outside(loader: Loader, people: Any, table: CellZone, *, beyond: float, ids: Any) -> None:
    counts = np.nan_to_num(people).ravel()
    lost = outside(counts, table)
    inside = weighted_sum(counts, table)
    loader.notes.append(
        Note("population", "persons on the grid outside every zone", round(lost), "counted, in no zone")
    )
    empty = np.flatnonzero(inside < 0.5)
    loader.notes.append(
        Note("zones", "zones in which the population file has nobody", empty.size, listed([str(i) for i in ids[empty]]))
    )
    loader.notes.append(Note("population", "persons of the file beyond the grid", round(beyond), "not analysed"))
