"""Groups and use of a region: from a table of grid cells, and from the columns of its zones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from data.grid_table import read_grid_table
from data.layer import Layer
from data.use import check_groups, read_use

if TYPE_CHECKING:
    import geopandas as gpd

    from data.loader import Loader
    from data.use import GroupShares, UseShares
    from geo.grid import Grid


def groups_table(loader: Loader, frame: Grid) -> dict[str, Layer]:
    """Groups of a table of grid cells; none, with its faults kept, when it cannot be read."""
    section = loader.settings.population.groups_table
    if section is None:
        return {}
    found = loader.attempt(
        section.file, lambda: read_grid_table(loader.path(section.file), section=section, frame=frame)
    )
    if found is None:
        return {}
    counts, notes = found
    loader.notes += notes
    source = loader.source("groups", section, section.file)
    return {name: Layer(values, frame, name, "persons", source) for name, values in sorted(counts.items())}


def region_use(
    loader: Loader, zones: gpd.GeoDataFrame, indicators: tuple[str, ...], *, layers: dict[str, Any]
) -> tuple[UseShares | None, tuple[GroupShares, ...]]:
    """Use and groups; nothing, with the faults kept, when they cannot be read."""
    settings = loader.settings
    if layers["population"] is not None:
        faults, notes = check_groups(layers["population"], layers["groups"])
        loader.faults += faults
        loader.notes += notes
    if settings.indicators is not None and not indicators:
        return None, ()  # the table could not be read: its columns are missing for that reason alone
    asked = [*settings.population.groups, *(getattr(settings.population.groups_table, "columns", None) or ())]
    found = loader.attempt(
        "region.toml", lambda: read_use(zones, settings=settings, indicators=indicators, layers=asked)
    )
    if found is None:
        return None, ()
    use, groups, notes = found
    loader.notes += notes
    return use, groups
