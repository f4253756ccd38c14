"""OpenStreetMap's servers asked through osmnx, which is used here alone: politely, and never the same twice."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely
from pyproj import Transformer

from geo.errors import Fault, SchemaError, SourceError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

OVERPASS = "https://overpass-api.de/api"
NOMINATIM = "https://nominatim.openstreetmap.org/"

Place = str | shapely.Polygon | shapely.MultiPolygon | tuple[float, float, float, float]


class Servers(NamedTuple):
    """Where to ask, and where to keep the answers.

    Attributes
    ----------
    cache : Path
        Folder in which every answer is kept; made when it is not there.
    overpass_url, nominatim_url : str
        The servers. Public ones are shared: their queue is asked for a free slot first, and a full one is waited for.
    timeout_s : float
        Seconds to wait for one answer.
    """

    cache: Path
    overpass_url: str
    nominatim_url: str
    timeout_s: float


@contextmanager
def _settings(servers: Servers, **also: Any) -> Generator[Any]:
    """Osmnx set up for one call; its global settings, and the resolver that it replaces, are put back afterwards."""
    import osmnx

    ours = {
        "use_cache": True,
        "cache_folder": str(servers.cache),
        "overpass_rate_limit": True,
        "overpass_url": servers.overpass_url,
        "nominatim_url": servers.nominatim_url,
        "requests_timeout": servers.timeout_s,
        "log_console": False,
        "log_file": False,
        **also,
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


@contextmanager
def asking(what: str, servers: Servers, **also: Any) -> Generator[Any]:
    """Give osmnx to ask with.

    Parameters
    ----------
    what : str
        What is asked for, for the error.
    servers : Servers
    **also
        More settings of osmnx for this question.

    Raises
    ------
    SourceError
        No answer, or not one that is understood.
    """
    import requests

    try:
        servers.cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SourceError(f"{servers.cache}: no folder for answers ({error.strerror}). Mend: name another") from error
    with _settings(servers, **also) as osmnx:
        try:
            yield osmnx
        except SchemaError:
            raise
        except (ValueError, TypeError, KeyError, OSError, requests.RequestException) as error:
            raise SourceError(f"{what}: no usable answer from OpenStreetMap's servers ({error})") from error


def area_of(osmnx: Any, place: Place, *, margin_m: float = 0.0) -> Any:
    """Polygon of a place in degrees (EPSG:4326), wider by the margin.

    Raises
    ------
    SchemaError
        Bounds that are no degrees.
    """
    if isinstance(place, str):
        shape = osmnx.geocode_to_gdf(place).geometry.iloc[0]
    elif isinstance(place, tuple):
        require_degrees(place)
        shape = shapely.box(*place)
    else:
        shape = place
    west, south, east, north = shape.bounds
    require_degrees((west, south, east, north))
    here = f"+proj=aeqd +lat_0={(south + north) / 2} +lon_0={(west + east) / 2} +datum=WGS84"
    there = Transformer.from_crs("EPSG:4326", here, always_xy=True)
    flat: Any = shapely.transform(shape, lambda xy: _moved(there, xy, "FORWARD"))
    return shapely.transform(flat.buffer(margin_m), lambda xy: _moved(there, xy, "INVERSE"))


def require_degrees(bounds: tuple[float, float, float, float], *, name: str = "place") -> None:
    """Raise SchemaError unless bounds are west, south, east, north in degrees: finite, in order and on the Earth."""
    west, south, east, north = bounds
    if not (-180 <= west < east <= 180 and -90 < south < north < 90):
        problem = f"({west:g}, {south:g}, {east:g}, {north:g}) is no west, south, east, north in degrees"
        raise SchemaError([Fault(name, problem, "give a name, or a polygon or bounds in EPSG:4326")])


def _moved(there: Transformer, xy: Any, direction: Any) -> Any:
    return np.column_stack(there.transform(xy[:, 0], xy[:, 1], direction=direction))
