"""The region bundle: everything known about one place, read once from its ``region.toml``, checked, never mutated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pyproj import CRS, Transformer

from data.coverage import TECHNOLOGIES, CoverageLayer, Known, read_radii
from data.hosts import read_hosts
from data.indicators import read_indicators
from data.layer import Layer, Source, file_sha256
from data.notes import Note
from data.population import choose_frame, read_counts
from data.region_file import CoverageSection, FileSection, KnownWithin, Origin, RegionFile, Words, load_region_file
from data.sites import read_sites
from data.vectors import read_polygons
from data.wifi import read_wifi
from data.zones import read_zones
from geo.errors import Fault, GapmapError, SchemaError
from geo.raster import raster_grid
from geo.vector import repair, to_grid_crs
from geo.zonal import CellZone, cell_zone_table

if TYPE_CHECKING:
    import geopandas as gpd
    import shapely

    from geo.grid import Grid

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Region:
    """Everything known about one place, on one grid.

    Attributes
    ----------
    name : str
    synthetic : bool
        The data are invented; said on every output.
    settings : RegionFile
        What the person wrote.
    grid : Grid
        Equal-area lattice of every layer.
    population : Layer
        Persons per cell; NaN = not known.
    groups : dict of str to Layer
        Persons of a group per cell.
    land, built : Layer or None
        m² per cell.
    zones : GeoDataFrame
        ``zone_id, zone_name, geometry`` in the grid CRS and the file's other columns, sorted by id; indicators joined.
    cell_zone : CellZone
        Exact area shares of cells in zones, made once.
    coverage : tuple of CoverageLayer
    radii : DataFrame
        Nominal radii, see `data.coverage.read_radii`.
    wifi, hosts : DataFrame or None
        Points in the grid CRS.
    wifi_known : Known or None
        Where the WiFi list is complete.
    indicators : tuple of str
        Columns of `zones` that came from the indicator file.
    raster_total, beyond_frame : float
        Persons in the population file, and those of them outside the grid.
    sources : tuple of Source
    notes : tuple of Note
        What was repaired, dropped, unmatched.
    """

    name: str
    synthetic: bool
    settings: RegionFile
    grid: Grid
    population: Layer
    groups: dict[str, Layer]
    land: Layer | None
    built: Layer | None
    zones: gpd.GeoDataFrame
    cell_zone: CellZone
    coverage: tuple[CoverageLayer, ...]
    radii: pd.DataFrame
    wifi: pd.DataFrame | None
    hosts: pd.DataFrame | None
    wifi_known: Known | None
    indicators: tuple[str, ...]
    raster_total: float
    beyond_frame: float
    sources: tuple[Source, ...]
    notes: tuple[Note, ...]


@dataclass
class _Loader:
    """Collects faults, notes and sources while the parts are read, so that one error lists everything."""

    root: Path
    settings: RegionFile
    faults: list[Fault] = field(default_factory=lambda: [])
    notes: list[Note] = field(default_factory=lambda: [])
    sources: list[Source] = field(default_factory=lambda: [])

    def attempt(self, what: str, read: Callable[[], Any]) -> Any:
        """Run one reader; its faults are kept and None stands for what could not be read."""
        try:
            return read()
        except SchemaError as error:
            self.faults += error.faults
        except GapmapError as error:
            self.faults.append(Fault(what, str(error), "correct the file or the setting named"))
        return None

    def path(self, file: str) -> Path:
        return self.root / file

    def source(self, layer: str, origin: Origin, file: str) -> Source:
        made = Source(
            layer, file, file_sha256(self.path(file)), origin.source, origin.publisher, origin.licence, origin.url, origin.year
        )
        self.sources.append(made)
        return made

    def check_files(self) -> None:
        """Every file that is not there is named at once."""
        settings = self.settings
        sections: list[FileSection | None] = [settings.population, settings.land, settings.built, settings.zones]
        sections += [*settings.coverage, settings.wifi, settings.hosts, settings.indicators, settings.footprints]
        names = [section.file for section in sections if section is not None]
        names += list(settings.population.groups.values())
        known = [*(layer.known_within for layer in settings.coverage), settings.wifi and settings.wifi.known_within]
        names += [part.file for part in known if isinstance(part, KnownWithin) and part.file]
        for name in dict.fromkeys(names):
            path = self.path(name)
            if not path.is_file():
                problem = "a directory, not a file" if path.is_dir() else "no such file"
                self.faults.append(Fault(name, problem, "correct the name in region.toml, or give --data with the data root"))
        self.stop_at_faults()

    def stop_at_faults(self) -> None:
        if self.faults:
            raise SchemaError(self.faults)


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
    loader = _Loader((root or path.parent).resolve(), settings)
    loader.check_files()
    tell(0.0, "reading zones and choosing the grid")
    frame, zones = _frame_and_zones(loader)
    tell(0.2, "reading people")
    layers = _rasters(loader, frame)
    tell(0.5, "reading coverage, WiFi and indicators")
    coverage = tuple(_coverage(loader, frame, zones))
    radii = loader.attempt("footprints", lambda: _radii(loader))
    wifi = _wifi(loader, frame)
    wifi_known = _known(loader, settings.wifi.known_within, zones, frame) if settings.wifi else None
    hosts = _hosts(loader, frame)
    zones, indicators = _indicators(loader, zones)
    loader.stop_at_faults()
    tell(0.8, "meeting zones and cells")
    cell_zone = cell_zone_table(zones.geometry, frame)
    _note_outside(loader, layers["population"].values, cell_zone, layers["beyond"])
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
        radii=radii,
        wifi=wifi,
        hosts=hosts,
        wifi_known=wifi_known,
        indicators=indicators,
        raster_total=layers["total"],
        beyond_frame=layers["beyond"],
        sources=tuple(loader.sources),
        notes=tuple(loader.notes),
    )


def _frame_and_zones(loader: _Loader) -> tuple[Grid, gpd.GeoDataFrame]:
    """Zones are read twice in thought, once on disk: in the population's CRS to choose the frame, then on the frame."""
    settings = loader.settings
    section = settings.zones
    native = loader.attempt(settings.population.file, lambda: raster_grid(loader.path(settings.population.file)))
    if native is None:
        # the zones' own faults are still worth hearing
        loader.attempt(section.file, lambda: read_polygons(loader.path(section.file), where=section.where, what="zones"))
        loader.stop_at_faults()

    def zones_on(crs: CRS) -> Any:
        return read_zones(
            loader.path(section.file),
            id_column=section.id,
            name_column=section.name,
            layer=section.layer,
            where=section.where,
            crs=crs,
        )

    read = loader.attempt(section.file, lambda: zones_on(native.crs))
    loader.stop_at_faults()
    zones, notes = read
    west, south, east, north = (float(edge) for edge in zones.total_bounds)
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
    if frame.crs != native.crs:
        zones, notes = zones_on(frame.crs)
    loader.notes += notes
    loader.source("zones", section, section.file)
    return frame, zones


def _rasters(loader: _Loader, frame: Grid) -> dict[str, Any]:
    settings = loader.settings
    section = settings.population

    def layer(file: str, origin: Origin, quantity: str, unit: str) -> tuple[Layer, float, float] | None:
        def read() -> tuple[Layer, float, float]:
            values, total, outside = read_counts(loader.path(file), frame, what=quantity)
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
        "groups": {name: found[0] for name, found in groups.items() if found},
        "land": land and land[0],
        "built": built and built[0],
    }


def _coverage(loader: _Loader, frame: Grid, zones: gpd.GeoDataFrame) -> list[CoverageLayer]:
    layers: list[CoverageLayer] = []
    for number, section in enumerate(loader.settings.coverage, 1):
        made = loader.attempt(section.file, lambda s=section, n=number: _coverage_layer(loader, s, n, frame, zones))
        if made is not None:
            layers.append(made)
    return layers


def _coverage_layer(
    loader: _Loader, section: CoverageSection, number: int, frame: Grid, zones: gpd.GeoDataFrame
) -> CoverageLayer:
    known = _known(loader, section.known_within, zones, frame)
    wanted = tuple(section.technologies) if section.technologies else None
    sites = polygons = None
    if section.kind == "sites":
        register = read_sites(
            loader.path(section.file),
            format=section.format,
            columns=section.columns.model_dump(exclude_none=True) if section.columns else None,
            source_crs=section.crs,
            grid_crs=frame.crs,
            bounds=frame.bounds,
            technologies=wanted,
            where=section.where,
            operators=section.operators,
        )
        sites = register.sites
        loader.notes += register.notes
        met = set(sites["technology"])
    else:
        polygons = _declared(loader, section, frame)
        met = set(polygons["technology"])
    source = loader.source(f"coverage {number}", section, section.file)
    speaks_of = tuple(t for t in TECHNOLOGIES if t in (wanted or met))
    return CoverageLayer("modelled" if sites is not None else "declared", speaks_of, sites, polygons, known, source)


def _declared(loader: _Loader, section: CoverageSection, frame: Grid) -> gpd.GeoDataFrame:
    read = read_polygons(loader.path(section.file), layer=section.layer, where=section.where, what="coverage")
    table, notes = read
    loader.notes += notes
    technology, operator = section.technology or "", section.operator
    name = Path(section.file).name
    if technology not in TECHNOLOGIES and technology not in table.columns:
        raise SchemaError([Fault(name, "column is missing", "name the technology column, or 2G, 3G, 4G or 5G", technology)])
    words = table[technology].astype(str).str.strip().str.upper() if technology in table.columns else technology
    table = table.assign(
        technology=words,
        operator=table[operator].astype(str) if operator in table.columns else (operator or "any"),
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


def _known(
    loader: _Loader, known: KnownWithin | str | None, zones: gpd.GeoDataFrame, frame: Grid
) -> Known | None:
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
            raise SchemaError([Fault("region.toml", f"known_within.zones.{column}: no such column of the zones", "correct it")])
        wanted = [value] if isinstance(value, str) else value
        mask &= zones[column].astype(str).isin(wanted).to_numpy()
    if not mask.any():
        raise SchemaError([Fault("region.toml", f"known_within.zones {where}: no zone is meant", "correct the value")])
    return mask


def _radii(loader: _Loader) -> pd.DataFrame:
    section = loader.settings.footprints
    if section is None:
        return read_radii()
    loader.source("footprints", section, section.file)
    return read_radii(loader.path(section.file))


def _wifi(loader: _Loader, frame: Grid) -> pd.DataFrame | None:
    section = loader.settings.wifi
    if section is None:
        return None
    found = loader.attempt(
        section.file,
        lambda: read_wifi(
            loader.path(section.file),
            columns=section.columns.model_dump(exclude_none=True),
            operational=section.operational,
            source_crs=section.crs,
            grid_crs=frame.crs,
            bounds=frame.bounds,
            where=section.where,
        ),
    )
    if found is None:
        return None
    points, notes = found
    loader.notes += notes
    loader.source("wifi", section, section.file)
    return points


def _hosts(loader: _Loader, frame: Grid) -> pd.DataFrame | None:
    section = loader.settings.hosts
    if section is None:
        return None
    found = loader.attempt(
        section.file,
        lambda: read_hosts(
            loader.path(section.file),
            columns=section.columns.model_dump(exclude_none=True),
            categories=section.categories,
            source_crs=section.crs,
            grid_crs=frame.crs,
            bounds=frame.bounds,
            where=section.where,
        ),
    )
    if found is None:
        return None
    points, notes = found
    loader.notes += notes
    loader.source("hosts", section, section.file)
    return points


def _indicators(loader: _Loader, zones: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
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
        Note("indicators", "zones without a row", len(report.unmatched_zones), ", ".join(map(str, report.unmatched_zones)))
    )
    loader.notes.append(
        Note("indicators", "rows without a zone", len(report.unmatched_rows), ", ".join(map(str, report.unmatched_rows)))
    )
    fresh = table.drop(columns=[column for column in table.columns if column in ("zone_id", "zone_name", "geometry")])
    joined = zones.drop(columns=[column for column in fresh.columns if column in zones.columns]).join(fresh)
    return joined, tuple(str(column) for column in fresh.columns)


def _note_outside(loader: _Loader, people: Any, table: CellZone, beyond: float) -> None:
    from geo.zonal import outside

    lost = outside(np.nan_to_num(people).ravel(), table)
    loader.notes.append(Note("population", "persons on the grid outside every zone", round(lost), "counted, in no zone"))
    loader.notes.append(Note("population", "persons of the file beyond the grid", round(beyond), "not analysed"))


def lonlat(grid: Grid, x: Any, y: Any) -> tuple[Any, Any]:
    """Longitude and latitude (EPSG:4326) of points in the grid's CRS."""
    return Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform(np.asarray(x), np.asarray(y))
