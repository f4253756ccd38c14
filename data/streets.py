"""Street networks for people on foot, from whatever the user has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from data.graphml_streets import read_graphml
from data.line_streets import read_lines
from data.osm_streets import read_osm
from data.street_lines import LEAST_M, MARGIN_M, Bounds, street_network
from data.vectors import VECTOR_SUFFIXES
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from pyproj import CRS

    from data.notes import Notes
    from data.street_lines import Lines
    from geo.network import Network


def _lines(path: Path, *, layer: str | None, ferries: bool) -> tuple[Lines, Notes]:
    suffix = path.suffix.lower()
    if suffix in {".pbf", ".osm"}:
        return read_osm(path, ferries=ferries)
    if suffix == ".graphml":
        return read_graphml(path, ferries=ferries)
    if suffix in VECTOR_SUFFIXES:
        return read_lines(path, layer=layer)
    known = ", ".join([".osm.pbf", ".osm", ".graphml", *sorted(VECTOR_SUFFIXES)])
    raise SchemaError([Fault(path.name, "no format of streets", f"give one of {known}")])


def read_streets(
    path: Path,
    *,
    crs: CRS,
    bounds: Bounds,
    margin_m: float = MARGIN_M,
    layer: str | None = None,
    least_m: float = LEAST_M,
    ferries: bool = False,
    simplify: bool = True,
) -> tuple[Network, Notes]:
    """Streets that people may walk along, as a network.

    Parameters
    ----------
    path : Path
        ``.osm.pbf`` or ``.osm`` (OpenStreetMap; `data.walking` says who may walk where), ``.graphml`` as osmnx writes
        it, or lines in any vector format of `data.vectors` (all are walked; they meet where one of them ends).
    crs : pyproj.CRS
        The region grid's: projected, in metres.
    bounds : tuple of float
        (left, bottom, right, top) in the CRS.
    margin_m : float
        Ground around the bounds that is read too, CRS units.
    layer : str, optional
        Layer of a vector file with several.
    least_m : float
        Connected parts with fewer metres of streets are dropped, and the notes say how many; the largest stays.
    ferries : bool
        Walk on ferries too (OpenStreetMap only).
    simplify : bool
        Merge edges where only two meet.

    Returns
    -------
    network : Network
        The same bytes whatever the order of ways, rows or vertices. No heights: see `data.street_heights`.
    notes : list of Note

    Raises
    ------
    SchemaError
        What is wrong with the file, or no street in the bounds.
    CRSError
        The CRS is not projected in metres, or the file has none.
    """
    lines, notes = _lines(Path(path), layer=layer, ferries=ferries)
    network, more = street_network(lines, crs=crs, bounds=bounds, margin_m=margin_m, least_m=least_m, simplify=simplify)
    return network, notes + more
