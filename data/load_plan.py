"""What a region says of building: proposals, exclusions, masts, backhaul and the power grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from data.backhaul import read_backhaul, read_power
from data.exclusions import read_exclusions
from data.masts import read_masts
from data.proposals import read_proposals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from data.coverage import CoverageLayer
    from data.loader import Loader
    from data.origin import FileSection
    from geo.grid import Grid


def load_plan(loader: Loader, frame: Grid, coverage: Sequence[CoverageLayer]) -> dict[str, Any]:
    """Fields ``proposals, exclusions, masts, backhaul, power`` of the region; faults stay with the loader.

    Parameters
    ----------
    loader : Loader
    frame : Grid
        The region's, projected.
    coverage : sequence of CoverageLayer
        Whose sites proposals may name.

    Returns
    -------
    dict
        None for a section that is not there, or cannot be read.
    """
    return {
        "proposals": _proposals(loader, frame, coverage),
        "exclusions": _exclusions(loader, frame),
        "masts": _masts(loader, frame),
        "backhaul": _backhaul(loader, frame),
        "power": _power(loader, frame),
    }


def _kept(loader: Loader, layer: str, section: FileSection, read: Callable[[], Any]) -> Any:
    """What a reader found, its notes and source kept; None, with its faults kept, when it cannot be read."""
    found = loader.attempt(section.file, read)
    if found is None:
        return None
    table, notes = found
    loader.notes += notes
    loader.source(layer, section, section.file)
    return table


def _proposals(loader: Loader, frame: Grid, coverage: Sequence[CoverageLayer]) -> pd.DataFrame | None:
    section = loader.settings.proposals
    if section is None:
        return None
    tables = [table for layer in coverage for table in (layer.sites, layer.silent) if table is not None]
    sites = pd.concat([table[["site_id", "x", "y"]] for table in tables]).drop_duplicates() if tables else None

    def read() -> Any:
        return read_proposals(
            loader.path(section.file),
            columns=section.columns.model_dump(),
            grid=frame,
            kind=section.kind,
            words={**section.words},
            currency=section.currency,
            source_crs=section.crs,
            sites=sites,
            where=section.where,
        )

    return _kept(loader, "proposals", section, read)


def _exclusions(loader: Loader, frame: Grid) -> Any:
    section = loader.settings.exclusions
    if section is None:
        return None

    def read() -> Any:
        return read_exclusions(
            loader.path(section.file),
            grid=frame,
            name=section.name,
            kinds=section.kinds,
            words={**section.words},
            layer=section.layer,
            where=section.where,
        )

    return _kept(loader, "exclusions", section, read)


def _masts(loader: Loader, frame: Grid) -> pd.DataFrame | None:
    section = loader.settings.masts
    if section is None:
        return None

    def read() -> Any:
        return read_masts(
            loader.path(section.file),
            columns=section.columns.model_dump(),
            grid_crs=frame.crs,
            source_crs=section.crs,
            bounds=frame.bounds,
            layer=section.layer,
            where=section.where,
        )

    return _kept(loader, "masts", section, read)


def _backhaul(loader: Loader, frame: Grid) -> Any:
    section = loader.settings.backhaul
    if section is None:
        return None

    def read() -> Any:
        return read_backhaul(
            loader.path(section.file),
            grid=frame,
            columns=section.columns.model_dump(),
            words={**section.words},
            source_crs=section.crs,
            layer=section.layer,
            where=section.where,
        )

    return _kept(loader, "backhaul", section, read)


def _power(loader: Loader, frame: Grid) -> Any:
    section = loader.settings.power
    if section is None:
        return None

    def read() -> Any:
        return read_power(
            loader.path(section.file), grid=frame, name=section.name, layer=section.layer, where=section.where
        )

    return _kept(loader, "power grid", section, read)
