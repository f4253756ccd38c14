"""Which part of each cell a technology reaches, how sure that is, and where nothing is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from data.coverage import RADIUS_CLASSES, TECHNOLOGIES, VARIANTS
from geo.burn import cell_fractions, covered_fraction, disc_fractions
from geo.vector import polygonal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.fragments import Fragments
    from data.coverage import CoverageLayer, Known
    from data.region import Region
    from geo.grid import Grid

UNION = ""
"""Operator name that stands for anyone's signal."""


@dataclass(frozen=True)
class Coverage:
    """Coverage of the fragments of a region (a fragment is a cell's part in one zone).

    Attributes
    ----------
    fraction : dict of (variant, technology, operator) to float64 array (cells,)
        Fraction of the cell reached by *at least* that technology; operator `UNION` = anyone.
    known : dict of technology to float64 array (fragments,)
        Fraction of the fragment's people for whom coverage by that technology is known; 0 = no source.
    operators : tuple of str
    basis : tuple of str
        ``declared``, ``modelled`` or both.
    technologies : tuple of str
        Technologies with a source, lowest first.
    """

    fraction: dict[tuple[str, str, str], NDArray[np.float64]]
    known: dict[str, NDArray[np.float64]]
    operators: tuple[str, ...]
    basis: tuple[str, ...]
    technologies: tuple[str, ...]


def radius_class(settlement: NDArray[np.int16]) -> NDArray[np.int64]:
    """Index into `RADIUS_CLASSES` of level 2 settlement codes: urban centre, urban cluster, everything else."""
    codes = np.asarray(settlement)
    return np.where(codes == 30, 0, np.where(codes >= 20, 1, 2)).astype(np.int64)


def site_radii(
    sites: pd.DataFrame, *, radii: pd.DataFrame, settlement: NDArray[np.int16], grid: Grid, variant: str
) -> NDArray[np.float64]:
    """Nominal radius in metres of each site, by its technology and the class of the cell that it stands in.

    Parameters
    ----------
    sites : DataFrame
        ``technology, x, y`` (grid CRS).
    radii : DataFrame
        See `data.coverage.read_radii` (km).
    settlement : int16 array (ny, nx)
        Level 2 codes.
    variant : {'low', 'central', 'high'}
    """
    cell = grid.locate(sites["x"].to_numpy(), sites["y"].to_numpy())
    where = np.where(cell >= 0, radius_class(settlement.ravel()[np.maximum(cell, 0)]), 2)
    out = np.empty(len(sites), dtype=np.float64)
    technology = sites["technology"].to_numpy()
    for name in TECHNOLOGIES:
        for index, surroundings in enumerate(RADIUS_CLASSES):
            chosen = (technology == name) & (where == index)
            if chosen.any():
                out[chosen] = float(radii.loc[(name, surroundings), variant])  # pyright: ignore[reportArgumentType]
    return out * 1000


def _fraction(
    region: Region, technologies: tuple[str, ...], operator: str, *, variant: str, settlement: NDArray[np.int16]
) -> NDArray[np.float64]:
    """Fraction (ny, nx) reached by any of the technologies: polygons of every layer in one union, sites in another."""

    def chosen(tables: list[pd.DataFrame]) -> pd.DataFrame | None:
        parts = [
            table[table["technology"].isin(technologies) & ((operator == UNION) | (table["operator"] == operator))]
            for table in tables
        ]
        found = [part for part in parts if len(part)]
        return pd.concat(found, ignore_index=True) if found else None

    best = np.zeros(region.grid.shape)
    polygons = chosen([layer.polygons for layer in region.coverage if layer.polygons is not None])
    if polygons is not None:
        best = covered_fraction(polygons["geometry"].to_numpy(), region.grid)
    sites = chosen([layer.sites for layer in region.coverage if layer.sites is not None])
    if sites is not None:
        radius = site_radii(sites, radii=region.radii, settlement=settlement, grid=region.grid, variant=variant)
        x, y = sites["x"].to_numpy(), sites["y"].to_numpy()
        best = np.maximum(best, disc_fractions(x, y, radius, region.grid, on_ground=True))
    return best


def known_share(known: Known | None, fragments: Fragments, region: Region) -> NDArray[np.float64]:
    """Fraction of each fragment inside the area where a layer is complete."""
    if known is None:
        return np.ones(fragments.size)
    if known.zones is not None:
        inside = np.append(known.zones, np.False_)
        return inside[fragments.zone].astype(np.float64)
    return _known_by_area(known.geometry, fragments, region)


def _known_by_area(area: Any, fragments: Fragments, region: Region) -> NDArray[np.float64]:
    """Share of each fragment inside an area: of the zone's part of the cell, and of what no zone holds."""
    grid = region.grid
    zone, cell, inside = cell_fractions(polygonal(shapely.intersection(region.zones.geometry.to_numpy(), area)), grid)
    key = zone * grid.size + cell
    wanted = fragments.zone * grid.size + fragments.cell_id
    place = np.minimum(np.searchsorted(key, wanted), max(key.size - 1, 0))
    found = (key[place] == wanted) & (fragments.zone >= 0) if key.size else np.zeros(fragments.size, dtype=bool)
    covered = np.where(found, inside[place] if key.size else 0.0, 0.0)
    in_zones = np.bincount(cell, weights=inside, minlength=grid.size)
    beyond = covered_fraction([area], grid).ravel() - in_zones
    covered = np.where(fragments.zone < 0, beyond[fragments.cell_id], covered)
    part = fragments.persons / fragments.people[fragments.cell]
    return np.clip(covered / part, 0.0, 1.0)


def cover(region: Region, fragments: Fragments, settlement: NDArray[np.int16]) -> Coverage:
    """Coverage of every cell and fragment of the region, per technology and operator, in three variants.

    Technologies are cumulative (SDG 9.c.1): *at least 3G* is the union of the 3G, 4G and 5G footprints. Polygons
    of all layers are one union, sites another; where both reach into a cell the larger fraction counts.

    Parameters
    ----------
    region : Region
    fragments : Fragments
        Cells and their parts in zones.
    settlement : int16 array (ny, nx)
        Level 2 codes, which set the nominal radii.
    """
    operators = tuple(sorted({str(o) for layer in region.coverage for o in _table(layer)["operator"].unique()}))
    fraction: dict[tuple[str, str, str], NDArray[np.float64]] = {}
    rows = fragments.cells
    for index, technology in enumerate(TECHNOLOGIES):
        at_least = TECHNOLOGIES[index:]
        for variant in VARIANTS:
            for operator in (UNION, *operators):
                found = _fraction(region, at_least, operator, variant=variant, settlement=settlement)
                fraction[variant, technology, operator] = found.ravel()[rows]
    known = {t: np.zeros(fragments.size) for t in TECHNOLOGIES}
    for layer in region.coverage:
        share = known_share(layer.known, fragments, region)
        for technology in layer.technologies:
            known[technology] = np.maximum(known[technology], share)
    for technology in region.settings.absent:
        known[technology] = np.ones(fragments.size)
    return Coverage(
        fraction,
        known,
        operators,
        tuple(sorted({layer.basis for layer in region.coverage})),
        tuple(t for t in TECHNOLOGIES if any(t in layer.technologies for layer in region.coverage)),
    )


def _table(layer: CoverageLayer) -> pd.DataFrame:
    table = layer.sites if layer.sites is not None else layer.polygons
    if table is None:
        raise ValueError("a coverage layer holds sites or polygons")
    return table
