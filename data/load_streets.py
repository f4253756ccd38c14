"""The streets of a region: a network saved before, or any file that holds them, with heights where they are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from data.load_coverage import load_known
from data.street_file import SUFFIX, load_streets
from data.street_heights import with_heights
from data.streets import read_streets
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from data.coverage import Known
    from data.loader import Loader
    from data.notes import Notes
    from data.region_file import StreetsSection
    from data.terrain import Dem
    from geo.grid import Grid
    from geo.network import Network


def _network(path: Path, section: StreetsSection, frame: Grid) -> tuple[Network, Notes]:
    if path.suffix.lower() == SUFFIX:
        network = load_streets(path, crs=frame.crs)
        _require_here(path, network, frame)
        return network, []
    return read_streets(
        path,
        crs=frame.crs,
        bounds=frame.bounds,
        layer=section.layer,
        least_m=section.least_m,
        ferries=section.ferries,
    )


def _require_here(path: Path, network: Network, frame: Grid) -> None:
    """Raise SchemaError for a network that lies wholly outside the region: it was made for another one."""
    west, south, east, north = frame.bounds
    x, y, first = network.vertex_x, network.vertex_y, network.starts[:-1]
    inside = (np.minimum.reduceat(x, first) <= east) & (np.maximum.reduceat(x, first) >= west)
    inside &= (np.minimum.reduceat(y, first) <= north) & (np.maximum.reduceat(y, first) >= south)
    if not inside.any():
        problem = f"no street lies in the region: they lie between x {x.min():,.0f} and {x.max():,.0f}, "
        problem += f"y {y.min():,.0f} and {y.max():,.0f}; the region between {west:,.0f} and {east:,.0f}, "
        problem += f"{south:,.0f} and {north:,.0f}"
        raise SchemaError([Fault(path.name, problem, "make it anew with `gapmap streets` for this region")])


def region_streets(
    loader: Loader, frame: Grid, *, zones: gpd.GeoDataFrame, dem: Dem | None
) -> tuple[Network | None, Known | None]:
    """Streets of the region in the grid's CRS, and where they are complete; faults stay with the loader.

    Parameters
    ----------
    loader : Loader
    frame : Grid
    zones : GeoDataFrame
        For `known_within`.
    dem : Dem or None
        Elevation; streets that were saved with heights keep theirs.

    Returns
    -------
    streets : Network or None
        None = no section, or it cannot be read.
    known : Known or None
        None = complete everywhere.
    """
    section = loader.settings.streets
    if section is None:
        return None, None
    known = loader.attempt("streets.known_within", lambda: load_known(loader, section.known_within, zones, frame))
    found = loader.attempt(section.file, lambda: _network(loader.path(section.file), section, frame))
    if found is None:
        return None, known
    network, notes = found
    if dem is not None and network.climb_m is None:
        network, more = with_heights(network, dem, name=section.file)
        notes = notes + more
    loader.notes += notes
    loader.source("streets", section, section.file)
    return network, known
