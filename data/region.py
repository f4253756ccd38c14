"""The region bundle: everything known about one place, on one grid, never mutated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pyproj import Transformer

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from data.coverage import CoverageLayer, Known
    from data.layer import Layer, Source
    from data.notes import Note
    from data.region_file import RegionFile
    from data.terrain import Dem
    from data.use import GroupShares, UseShares
    from geo.grid import Grid
    from geo.network import Network
    from geo.zonal import CellZone


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
    radii : DataFrame or None
        Nominal radii of the region's own, see `data.coverage.read_radii`; None = the link budget decides.
    links : (DataFrame, DataFrame)
        What a site sends, and how it travels; see `data.radio`.
    dem : Dem or None
        Elevation.
    speed : DataFrame or None
        Measured tiles, all periods pooled; see `data.speedtest`.
    capacity : Capacity tables, see `data.capacity`.
    wifi, hosts : DataFrame or None
        Points in the grid CRS.
    wifi_known : Known or None
        Where the WiFi list is complete.
    streets : Network or None
        Streets that people walk along, in the grid CRS; None = not given.
    streets_known : Known or None
        Where they are complete.
    indicators : tuple of str
        Columns of `zones` that came from the indicator file.
    raster_total, beyond_frame : float
        Persons in the population file, and those of them outside the grid.
    sources : tuple of Source
    notes : tuple of Note
        What was repaired, dropped, unmatched.
    use : UseShares or None
        What the zones say of internet use; None = nothing.
    group_shares : tuple of GroupShares
        Every group, those with a layer among `groups` too.
    proposals : DataFrame or None
        What is proposed to be built, see `data.proposals`; None = not given, here and below.
    exclusions : GeoDataFrame or None
        Where nothing may be built, see `data.exclusions`.
    masts : DataFrame or None
        Masts and towers that could carry equipment, see `data.masts`.
    backhaul, power : GeoDataFrame or None
        What new sites are joined to, see `data.backhaul`; may lie outside the grid.
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
    radii: pd.DataFrame | None
    links: tuple[pd.DataFrame, pd.DataFrame]
    dem: Dem | None
    speed: pd.DataFrame | None
    capacity: Any
    wifi: pd.DataFrame | None
    hosts: pd.DataFrame | None
    wifi_known: Known | None
    streets: Network | None
    streets_known: Known | None
    indicators: tuple[str, ...]
    raster_total: float
    beyond_frame: float
    sources: tuple[Source, ...]
    notes: tuple[Note, ...]
    use: UseShares | None = None
    group_shares: tuple[GroupShares, ...] = ()
    proposals: pd.DataFrame | None = None
    exclusions: gpd.GeoDataFrame | None = None
    masts: pd.DataFrame | None = None
    backhaul: gpd.GeoDataFrame | None = None
    power: gpd.GeoDataFrame | None = None


def lonlat(grid: Grid, x: Any, y: Any) -> tuple[Any, Any]:
    """Longitude and latitude (EPSG:4326) of points in the grid's CRS."""
    return Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform(np.asarray(x), np.asarray(y))
