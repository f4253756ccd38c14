"""Streets fetched from OpenStreetMap's servers; every answer is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from data.fetch_osm import NOMINATIM, OVERPASS, Servers, area_of, asking
from data.osm_streets import Ways
from data.street_lines import LEAST_M, MARGIN_M, street_network
from data.walking import NODE_TAGS, TAGS, passable, walkable
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from pathlib import Path

    from pyproj import CRS

    from data.fetch_osm import Place
    from data.notes import Notes
    from data.street_lines import Lines
    from geo.network import Network


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
    keys = ['["highway"]', '["route"="ferry"]'] if ferries else '["highway"]'
    servers = Servers(cache, overpass_url, nominatim_url, timeout_s)
    useful = {"useful_tags_way": list(TAGS), "useful_tags_node": list(NODE_TAGS)}
    with asking(f"streets of {place!s:.60}", servers, **useful) as osmnx:
        graph = osmnx.graph_from_polygon(
            area_of(osmnx, place, margin_m=margin_m),
            network_type="walk",
            custom_filter=keys,
            simplify=False,
            retain_all=True,
            truncate_by_edge=True,
        )
    lines, notes = _lines(graph, ferries=ferries)
    if lines.starts.size < 2:
        raise SchemaError([Fault("OpenStreetMap", "no street to walk on there", "ask for a place with streets")])
    everywhere = (-float("inf"), -float("inf"), float("inf"), float("inf"))
    network, more = street_network(lines, crs=crs, bounds=everywhere, margin_m=0.0, least_m=least_m)
    return network, notes + more
