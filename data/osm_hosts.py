"""Places of OpenStreetMap that could host public WiFi, from a file ``.osm.pbf`` or ``.osm``, and kept as CSV."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from data.csv_out import safe_csv
from data.host_tags import GONE, SHUT, asked_tags, category, offers_wifi
from data.notes import Note, Notes, listed
from data.osm_file import number, osm_file
from data.points import place
from data.tables_in import Table
from data.words import folded
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from data.vectors import Bounds

DIGITS = 7
"""Decimals of a degree that OpenStreetMap keeps: 1 cm."""


class Thing(NamedTuple):
    """A thing of OpenStreetMap.

    Attributes
    ----------
    osm_id : str
        Such as ``way/45``.
    tags : mapping of str to str
    shape : shapely geometry or None
        Point, or polygons, in degrees; None or another shape where the file has no whole outline.
    """

    osm_id: str
    tags: Mapping[str, str]
    shape: Any


def _text(tags: Mapping[str, str], key: str) -> str:
    return " ".join(tags.get(key, "").split())


def _open_places(places: Sequence[Thing], *, name: str, notes: Notes) -> list[Thing]:
    """Those that are hosts by their tags, open to the public, in use, and have a place; the others are noted."""
    hosts = sorted((one for one in places if category(one.tags)), key=lambda one: one.osm_id)
    whole = [one for one in hosts if one.shape is not None and one.shape.geom_type in _SHAPES]
    lost = sorted({one.osm_id for one in hosts} - {one.osm_id for one in whole})
    shut = [one.osm_id for one in whole if one.tags.get("access") in SHUT]
    gone = [one.osm_id for one in whole if any(one.tags.get(key) == "yes" for key in GONE)]
    for what, ids in (
        ("places without a whole outline (lines, cut or crossing outlines), left out", lost),
        ("places not open to the public, left out", shut),
        ("places out of use, left out", gone),
    ):
        if ids:
            notes.append(Note(name, what, len(ids), listed(ids)))
    out = {*shut, *gone}
    return [one for one in whole if one.osm_id not in out]


_SHAPES = frozenset({"Point", "Polygon", "MultiPolygon"})


def _holders(shapes: NDArray[Any], point: NDArray[Any], words: Sequence[tuple[str, str]]) -> dict[int, int]:
    """Rows that lie in the area of another of the same category and name → the largest such row."""
    size = np.asarray(shapely.area(shapes))
    areas = np.flatnonzero(size > 0)
    inner, held = shapely.STRtree(shapes[areas]).query(point, predicate="intersects")
    holder: dict[int, int] = {}
    for small, large in sorted(zip(inner.tolist(), areas[held].tolist(), strict=True)):
        bigger = (size[large], large) > (size[small], small)
        if bigger and words[small] == words[large]:
            best = holder.get(small, large)
            holder[small] = max(best, large, key=lambda row: (size[row], row))
    return holder


def _one_each(frame: pd.DataFrame, shapes: NDArray[Any], *, name: str, notes: Notes) -> pd.DataFrame:
    """Drop what stands in an area of the same category and name; hours and WiFi that only it told pass to the area."""
    words = list(zip(frame["category"], frame["name"].map(folded), strict=True))
    holder = _holders(shapes, np.asarray(shapely.points(frame[["lon", "lat"]].to_numpy())), words)
    hours, wifi = frame["hours"].tolist(), frame["has_wifi"].tolist()
    size = np.asarray(shapely.area(shapes))
    for small in sorted(holder, key=lambda row: (size[row], row)):
        large = holder[small]
        hours[large], wifi[large] = hours[large] or hours[small], wifi[large] or wifi[small]
    if holder:
        ids = frame["host_id"].iloc[sorted(holder)].tolist()
        what = "places inside an area of the same category and name, taken as one"
        notes.append(Note(name, what, len(ids), listed(ids)))
    return frame.assign(hours=hours, has_wifi=wifi).drop(index=sorted(holder))


def host_table(places: Sequence[Thing], *, name: str, crs: CRS, bounds: Bounds | None) -> tuple[pd.DataFrame, Notes]:
    """Hosts among things of OpenStreetMap.

    Parameters
    ----------
    places : sequence of Thing
        In any order; things whose tags make them no host are passed over.
    name : str
        Of the file or server, for notes and faults.
    crs, bounds
        See `read_osm_hosts`.

    Returns
    -------
    table, notes
        See `read_osm_hosts`.

    Raises
    ------
    SchemaError
        No host at all, or none inside the bounds.
    """
    notes: Notes = []
    kept = _open_places(places, name=name, notes=notes)
    if not kept:
        problem = "no place in it could host WiFi: no school, library, park … that is open to the public"
        raise SchemaError([Fault(name, problem, "give an extract with amenities and buildings, not streets alone")])
    shapes = np.array([one.shape for one in kept], dtype=object)
    inside = shapely.point_on_surface(shapes)
    frame = pd.DataFrame(
        {
            "host_id": [one.osm_id for one in kept],
            "name": [_text(one.tags, "name") for one in kept],
            "category": [category(one.tags) for one in kept],
            "hours": [_text(one.tags, "opening_hours") for one in kept],
            "has_wifi": [offers_wifi(one.tags) for one in kept],
            "lon": np.round(shapely.get_x(inside), DIGITS),
            "lat": np.round(shapely.get_y(inside), DIGITS),
        }
    )
    frame = _one_each(frame, shapes, name=name, notes=notes).set_index("host_id", drop=False)
    return _placed(frame, name=name, crs=crs, bounds=bounds, notes=notes), notes


def _placed(frame: pd.DataFrame, *, name: str, crs: CRS, bounds: Bounds | None, notes: Notes) -> pd.DataFrame:
    """Hosts inside the bounds with ``x, y`` in the grid's CRS, as `data.hosts.read_hosts` would place them."""
    text = pd.DataFrame({key: [f"{value:.{DIGITS}f}" for value in frame[key]] for key in ("lon", "lat")}, frame.index)
    faults: list[Fault] = []
    table = Table(text, name, decimal=".")
    points = place(table, "lon", "lat", crs=CRS("EPSG:4326"), grid_crs=crs, bounds=bounds, faults=faults)
    if faults:
        raise SchemaError(faults)
    notes += points.notes
    found = frame.loc[points.table.frame.index].assign(x=points.x, y=points.y)
    columns = ["host_id", "name", "category", "hours", "has_wifi", "x", "y", "lon", "lat"]
    return found[columns].reset_index(drop=True)


def _gathered(source: Any) -> list[Thing]:
    """Nodes, ways and relations of an opened file; ways and relations have the shape of the area that osmium makes."""
    from osmium.geom import WKBFactory

    wkb, shapes, tags = WKBFactory(), dict[str, Any](), dict[str, dict[str, str]]()
    for thing in source:
        if thing.is_area():
            key = f"{'way' if thing.from_way() else 'relation'}/{number(thing.orig_id())}"
            if thing.num_rings()[0]:
                shapes[key] = shapely.from_wkb(wkb.create_multipolygon(thing))
            continue
        key = f"{'node' if thing.is_node() else 'way' if thing.is_way() else 'relation'}/{number(thing.id)}"
        tags[key] = dict(thing.tags)
        if thing.is_node() and thing.location.valid():
            shapes[key] = shapely.Point(thing.lon, thing.lat)
    return [Thing(key, tags[key], shapes.get(key)) for key in sorted(tags)]


def read_osm_hosts(path: Path, *, crs: CRS, bounds: Bounds | None = None) -> tuple[pd.DataFrame, Notes]:
    """Places of an OpenStreetMap file that could host public WiFi (`data.host_tags`).

    Parameters
    ----------
    path : Path
        ``.osm.pbf`` (or ``.pbf``) or ``.osm`` XML; nodes first, then ways, then relations, as extracts have them.
    crs : pyproj.CRS
        The region grid's.
    bounds : tuple of float, optional
        (west, south, east, north) in `crs`; places outside are dropped and noted.

    Returns
    -------
    table : DataFrame, sorted by id
        ``host_id`` (``node/1``, ``way/2``, ``relation/3``), ``name, category, hours`` (text, blank = not known; hours
        as ``opening_hours`` has them), ``has_wifi`` (bool, False when not said, and where WiFi costs), ``x, y``
        (float64, in `crs`), ``lon, lat`` (float64, degrees, EPSG:4326). The place of an area is a point inside it.
    notes : list of Note
        Left out: private places, places out of use, lines and broken outlines. A place inside an area of the same
        category and the same name (both blank included) is one with it: the area stays, and takes over hours and WiFi
        that it does not tell itself.

    Raises
    ------
    SchemaError
        Not such a file, cut short, without any host, or without one inside the bounds.
    """
    path = Path(path)
    with osm_file(path) as file:
        from osmium import FileProcessor
        from osmium.filter import TagFilter

        wanted = TagFilter(*asked_tags())
        places = _gathered(FileProcessor(file).with_areas(wanted).with_filter(wanted))
    return host_table(places, name=path.name, crs=crs, bounds=bounds)


WRITTEN = ("id", "name", "category", "hours", "wifi", "lon", "lat")
"""Columns of a list of hosts as it is written."""


def write_hosts(table: pd.DataFrame, path: Path) -> None:
    """Write hosts as CSV that ``[hosts]`` of a region reads back.

    Parameters
    ----------
    table : DataFrame
        As `read_osm_hosts` gives it.
    path : Path
        Columns ``id, name, category, hours, wifi, lon, lat``; wifi is ``yes`` or blank. Written beside and put in place
        whole. Text that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    path = Path(path)
    wifi = np.where(table["has_wifi"].to_numpy(dtype=np.bool_), "yes", "")
    out = table.rename(columns={"host_id": "id"}).assign(wifi=wifi)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        safe_csv(out[list(WRITTEN)], beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
