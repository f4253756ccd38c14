"""Streets fetched from OpenStreetMap's servers through osmnx, the only place where it is used; every answer is kept."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import Transformer

from data.osm_streets import Ways
from data.street_lines import LEAST_M, MARGIN_M, street_network
from data.walking import NODE_TAGS, TAGS, passable, walkable
from geo.errors import Fault, SchemaError, SourceError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from pyproj import CRS

    from data.notes import Notes
    from data.street_lines import Lines
    from geo.network import Network

OVERPASS = "https://overpass-api.de/api"
NOMINATIM = "https://nominatim.openstreetmap.org/"

Place = str | shapely.Polygon | shapely.MultiPolygon | tuple[float, float, float, float]


@contextmanager
def _settings(cache: Path, *, overpass_url: str, nominatim_url: str, timeout_s: float) -> Generator[Any]:
    """Osmnx set up for one call; its global settings, and the resolver that it replaces, are put back afterwards."""
    import osmnx

    ours = {
        "use_cache": True,
        "cache_folder": str(cache),
        "overpass_rate_limit": True,
        "overpass_url": overpass_url,
        "nominatim_url": nominatim_url,
        "requests_timeout": timeout_s,
        "useful_tags_way": list(TAGS),
        "useful_tags_node": list(NODE_TAGS),
        "log_console": False,
        "log_file": False,
    }
    before = {name: getattr(osmnx.settings, name) for name in ours}
    resolver = socket.getaddrinfo
    try:
        for name, value in ours.items():
            setattr(osmnx.settings, name, value)
        yield osmnx
    finally:
        socket.getaddrinfo = resolver
        for name, value in before.items():
            setattr(osmnx.settings, name, value)


def _area(osmnx: Any, place: Place, *, margin_m: float) -> Any:
    """The place as a polygon in degrees, wider by the margin (in degrees of latitude; of longitude at its middle)."""
    if isinstance(place, str):
        shape = osmnx.geocode_to_gdf(place).geometry.iloc[0]
    elif isinstance(place, tuple):
        shape = shapely.box(*place)
    else:
        shape = place
    west, south, east, north = shape.bounds
    if not (-180 <= west < east <= 180 and -90 < south < north < 90):
        problem = f"({west:g}, {south:g}, {east:g}, {north:g}) is no west, south, east, north in degrees"
        raise SchemaError([Fault("place", problem, "give a name, or a polygon or bounds in EPSG:4326")])
    here = f"+proj=aeqd +lat_0={(south + north) / 2} +lon_0={(west + east) / 2} +datum=WGS84"
    there = Transformer.from_crs("EPSG:4326", here, always_xy=True)
    flat: Any = shapely.transform(shape, lambda xy: _moved(there, xy, "FORWARD"))
    return shapely.transform(flat.buffer(margin_m), lambda xy: _moved(there, xy, "INVERSE"))


def _moved(there: Transformer, xy: Any, direction: Any) -> Any:
    return np.column_stack(there.transform(xy[:, 0], xy[:, 1], direction=direction))


def _lines(graph: Any, *, ferries: bool) -> tuple[Lines, Notes]:
    """Walkable steps of an unsimplified graph, each pair of nodes once."""
    ways = Ways(blocked={node for node, data in graph.nodes(data=True) if not passable(data)})
    place = {node: (int(node), float(data["x"]), float(data["y"])) for node, data in graph.nodes(data=True)}
    steps = {
        (min(one, other), max(one, other))
        for one, other, data in graph.edges(data=True)
        if one != other and walkable({key: data[key] for key in TAGS if key in data}, ferries=ferries)
    }
    for number, (one, other) in enumerate(sorted(steps)):
        ways.add(number, (place[one], place[other]))
    return ways.lines("OpenStreetMap")


def fetch_streets(
    place: Place,
    *,
    crs: CRS,
    cache: Path,
    margin_m: float = MARGIN_M,
    least_m: float = LEAST_M,
    ferries: bool = False,
    overpass_url: str = OVERPASS,
    nominatim_url: str = NOMINATIM,
    timeout_s: float = 180,
) -> tuple[Network, Notes]:
    """Streets of a place, from OpenStreetMap's servers or from what they answered before.

    Parameters
    ----------
    place : str, polygon or tuple of float
        A name that OpenStreetMap's gazetteer knows, a shapely polygon, or (west, south, east, north); the latter two in
        degrees, EPSG:4326.
    crs : pyproj.CRS
        The region grid's: projected, in metres.
    cache : Path
        Folder in which every answer is kept; the same question is not asked twice. Empty it for newer streets.
    margin_m : float
        Ground around the place that is fetched too.
    least_m, ferries
        See `data.streets.read_streets`.
    overpass_url, nominatim_url : str
        The servers. Public ones are shared: their queue is asked for a free slot first, and a full one is waited for.
    timeout_s : float
        Seconds to wait for one answer.

    Returns
    -------
    network : Network
    notes : list of Note

    Raises
    ------
    SourceError
        No answer, or not one that is understood.
    SchemaError
        The place is not known, not in degrees, or has no street to walk on.
    """
    import requests

    cache.mkdir(parents=True, exist_ok=True)
    with _settings(cache, overpass_url=overpass_url, nominatim_url=nominatim_url, timeout_s=timeout_s) as osmnx:
        keys = ['["highway"]', '["route"="ferry"]'] if ferries else '["highway"]'
        try:
            area = _area(osmnx, place, margin_m=margin_m)
            graph = osmnx.graph_from_polygon(
                area, network_type="walk", custom_filter=keys, simplify=False, retain_all=True, truncate_by_edge=True
            )
        except SchemaError:
            raise
        except (ValueError, TypeError, KeyError, OSError, requests.RequestException) as error:
            problem = f"no usable answer from OpenStreetMap's servers ({error})"
            raise SourceError(f"streets of {place!s:.60}: {problem}") from error
    lines, notes = _lines(graph, ferries=ferries)
    if lines.starts.size < 2:
        raise SchemaError([Fault("OpenStreetMap", "no street to walk on there", "ask for a place with streets")])
    everywhere = (-float("inf"), -float("inf"), float("inf"), float("inf"))
    network, more = street_network(lines, crs=crs, bounds=everywhere, margin_m=0.0, least_m=least_m)
    return network, notes + more
