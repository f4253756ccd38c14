"""Places that could host public WiFi, fetched from OpenStreetMap's servers; every answer is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import shapely

from data.fetch_osm import NOMINATIM, OVERPASS, Servers, area_of, asking
from data.host_tags import asked_tags
from data.osm_hosts import Thing, host_table

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd
    from pyproj import CRS

    from data.fetch_osm import Place
    from data.notes import Notes
    from data.vectors import Bounds


def _things(found: gpd.GeoDataFrame) -> list[Thing]:
    """Rows of osmnx, each thing once (a large place is asked for in parts, and a thing on their border comes twice).

    A closed way is an area unless its tags say that it is none, whichever tags it has.
    """
    things: dict[str, Thing] = {}
    for (element, number), row in zip(found.index, found.to_dict("records"), strict=True):
        shape: Any = row.pop("geometry")
        tags = {str(key): value for key, value in row.items() if isinstance(value, str)}
        if shape.geom_type == "LineString" and shape.is_ring and tags.get("area") != "no":
            shape = shapely.Polygon(shape)
        things[f"{element}/{number}"] = Thing(f"{element}/{number}", tags, shape)
    return list(things.values())


def fetch_osm_hosts(
    place: Place,
    *,
    crs: CRS,
    cache: Path,
    bounds: Bounds | None = None,
    overpass_url: str = OVERPASS,
    nominatim_url: str = NOMINATIM,
    timeout_s: float = 180,
) -> tuple[pd.DataFrame, Notes]:
    """Places that could host public WiFi, from OpenStreetMap's servers or from what they answered before.

    Parameters
    ----------
    place : str, polygon or tuple of float
        A name that OpenStreetMap's gazetteer knows, a shapely polygon, or (west, south, east, north); the latter two in
        degrees, EPSG:4326.
    crs : pyproj.CRS
        The region grid's.
    cache : Path
        Folder in which every answer is kept; the same question is not asked twice. Empty it for newer places.
    bounds : tuple of float, optional
        (west, south, east, north) in `crs`; places outside are dropped and noted.
    overpass_url, nominatim_url, timeout_s
        See `data.fetch_osm.Servers`.

    Returns
    -------
    table, notes
        As of `data.osm_hosts.read_osm_hosts`.

    Raises
    ------
    SourceError
        No answer, none with such a place, or not one that is understood.
    SchemaError
        The place is not in degrees, or none of its places is open to the public and inside the bounds.
    """
    wanted: dict[str, list[str]] = {}
    for key, value in asked_tags():
        wanted.setdefault(key, []).append(value)
    servers = Servers(cache, overpass_url, nominatim_url, timeout_s)
    with asking(f"hosts in {place!s:.60}", servers) as osmnx:
        found = osmnx.features_from_polygon(area_of(osmnx, place), wanted)
    return host_table(_things(found), name="OpenStreetMap", crs=crs, bounds=bounds)
