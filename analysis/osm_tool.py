"""`gapmap streets` and `gapmap hosts`: streets and public buildings of a region, from a file or from OpenStreetMap."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from data.fetch_osm import NOMINATIM, OVERPASS, require_degrees
from geo.errors import Fault, ScenarioError, SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

    from data.fetch_osm import Place
    from data.notes import Notes

CACHE = Path.home() / ".cache" / "gapmap" / "osm"


@dataclass(frozen=True)
class Online:
    """Ask OpenStreetMap's servers; every answer is kept and not asked for again.

    Attributes
    ----------
    place : str or None
        A name that its gazetteer knows; None = `bbox`, else the region's zones.
    bbox : tuple of float or None
        West, south, east, north in degrees.
    area : Path or None
        Polygons in any vector format.
    cache : Path
        Folder of the answers.
    overpass_url, nominatim_url : str
        The servers.
    """

    place: str | None = None
    bbox: tuple[float, float, float, float] | None = None
    area: Path | None = None
    cache: Path = CACHE
    overpass_url: str = OVERPASS
    nominatim_url: str = NOMINATIM

    def where(self, zones: gpd.GeoDataFrame) -> Place:
        """The place to ask for; by default a hull around the zones. SchemaError for bounds that are no degrees."""
        from data.vectors import read_polygons

        if self.place is not None:
            return self.place
        if self.bbox is not None:
            require_degrees(self.bbox, name="--bbox")
            return self.bbox
        shapes = zones
        if self.area is not None:
            shapes, _notes = read_polygons(self.area, what="area")
        hull: Any = shapely.convex_hull(shapely.union_all(shapes.geometry.to_crs(4326).to_numpy()))
        return hull

    def servers(self) -> dict[str, Any]:
        """Arguments of the functions that fetch."""
        return {"cache": self.cache, "overpass_url": self.overpass_url, "nominatim_url": self.nominatim_url}


def _one_way(source: Path | None, online: Online | None) -> None:
    if (source is None) == (online is None):
        raise ScenarioError("--from / --fetch", "give exactly one of them: a file, or leave to ask OpenStreetMap")


def _inputs(
    region_file: Path, *, root: Path | None, source: Path | None, online: Online | None, own: str
) -> list[Path]:
    """Every file that is read or that a run will read, but for the one that the section `own` names."""
    from data.loader import Loader
    from data.region_file import load_region_file

    settings = load_region_file(region_file)
    loader = Loader((root or region_file.parent).resolve(), settings)
    files = loader.files()
    if (section := getattr(settings, own)) is not None:
        files.remove(section.file)  # once: a file that another section names too is an input
    given = [region_file, source, online.area if online is not None else None]
    return [path for path in given if path is not None] + [loader.path(name) for name in files]


def _place(online: Online, zones: gpd.GeoDataFrame, tell: Callable[[str], None] | None) -> Place:
    """The place to ask for; that the network is used is told once nothing else stands in the way."""
    place = online.where(zones)
    if tell is not None:
        tell("OpenStreetMap's servers are asked for what is not in the cache")
    return place


def _said(notes: Notes) -> list[str]:
    return [str(note) for note in notes if note.count]


def street_file(
    region_file: Path,
    *,
    out: Path,
    source: Path | None = None,
    online: Online | None = None,
    root: Path | None = None,
    ferries: bool = False,
    tell: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Make the street network of a region once, so that every run reads it in a fraction of the time.

    Parameters
    ----------
    region_file : Path
        ``region.toml``; its population and zones say where, its elevation, if any, how steep.
    out : Path
        ``.parquet`` to write (`data.street_file.save_streets`).
    source : Path, optional
        ``.osm.pbf``, ``.osm``, ``.graphml`` or a vector file of lines.
    online : Online, optional
        Instead of a file.
    root : Path, optional
        Folder of the region's files.
    ferries : bool
        Walk on ferries too.
    tell : callable, optional
        Called with a line when the network is about to be used.

    Returns
    -------
    dict
        ``edges, nodes, km, heights, notes``.

    Raises
    ------
    GapmapError
        Bad input, with every fault; SourceError when the servers do not answer.
    """
    from data.load import load_frame
    from data.out_file import require_output
    from data.street_file import SUFFIX, save_streets
    from data.street_heights import with_heights
    from data.streets import read_streets

    _one_way(source, online)
    inputs = _inputs(region_file, root=root, source=source, online=online, own="streets")
    require_output(out, suffix=SUFFIX, inputs=inputs)
    frame, zones, dem = load_frame(region_file, root=root)
    if online is not None:
        from data.fetch_streets import fetch_streets

        network, notes = fetch_streets(_place(online, zones, tell), crs=frame.crs, ferries=ferries, **online.servers())
    else:
        assert source is not None
        network, notes = read_streets(source, crs=frame.crs, bounds=frame.bounds, ferries=ferries)
    if dem is not None:
        network, more = with_heights(network, dem)
        notes = notes + more
    save_streets(network, out)
    return {
        "edges": network.edges,
        "nodes": network.nodes,
        "km": float(network.length_m.sum()) / 1000,
        "heights": network.climb_m is not None,
        "notes": _said(notes),
    }


def host_file(
    region_file: Path,
    *,
    out: Path,
    source: Path | None = None,
    online: Online | None = None,
    root: Path | None = None,
    tell: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """List the public buildings and spaces of a region that could host WiFi, from OpenStreetMap's tags.

    Parameters
    ----------
    region_file, source, online, root, tell
        As in `street_file`; the file is ``.osm.pbf`` or ``.osm``.
    out : Path
        CSV to write: ``id, name, category, hours, wifi, lon, lat``, as ``[hosts]`` reads it.

    Returns
    -------
    dict
        ``hosts``, ``categories`` (count by category), ``has_wifi``, ``notes``.
    """
    from data.load import load_frame
    from data.osm_hosts import WRITTEN, read_osm_hosts, write_hosts
    from data.out_file import first_line, require_output

    _one_way(source, online)
    inputs = _inputs(region_file, root=root, source=source, online=online, own="hosts")
    require_output(out, suffix=".csv", inputs=inputs)
    if out.exists() and first_line(out) != ",".join(WRITTEN):
        raise SchemaError([Fault("--out", f"{out} is another list, not one of this command's", "name another file")])
    frame, zones, _dem = load_frame(region_file, root=root)
    if online is not None:
        from data.fetch_hosts import fetch_osm_hosts

        asked = _place(online, zones, tell)
        table, notes = fetch_osm_hosts(asked, crs=frame.crs, bounds=frame.bounds, **online.servers())
    else:
        assert source is not None
        table, notes = read_osm_hosts(source, crs=frame.crs, bounds=frame.bounds)
    write_hosts(table, out)
    counts = table["category"].value_counts().sort_index()
    return {
        "hosts": len(table),
        "categories": {str(name): int(count) for name, count in counts.items()},
        "has_wifi": int(table["has_wifi"].sum()),
        "notes": _said(notes),
    }
