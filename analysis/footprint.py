"""Which part of each cell a technology reaches, how sure that is, and where nothing is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from data.coverage import TECHNOLOGIES, VARIANTS
from geo.burn import cell_fractions, covered_fraction
from geo.vector import polygonal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from analysis.fragments import Fragments
    from analysis.propagation import Propagation
    from data.coverage import CoverageLayer, Known
    from data.region import Region
    from geo.grid import Grid

UNION = ""
"""Operator name that stands for anyone's signal."""

BASES = ("declared", "modelled")


@dataclass(frozen=True)
class Coverage:
    """Coverage of the fragments of a region (a fragment is a cell's part in one zone).

    Attributes
    ----------
    fraction : dict of (variant, technology, operator) to float64 array (cells,)
        Fraction of the cell reached by *at least* that technology; operator `UNION` = anyone.
    known : dict of technology to float64 array (fragments,)
        Fraction of the fragment's people in the area of which a source speaks; 0 = no source.
    operators : tuple of str
    basis : tuple of str
        ``declared``, ``modelled`` or both.
    technologies : tuple of str
        Technologies with a source, lowest first.
    silent : dict of (variant, technology, operator) to float64 array (cells,)
        Fraction of the cell that only sites which do not say their technology, or sites behind unknown terrain, might
        reach: whether they do is unknown. Empty = none.
    by_basis : dict of (basis, technology) to two float64 arrays (fragments,)
        Fraction of the people known to be reached, and of those for whom it is known either way, by declared and by
        modelled layers alone, anyone's signal, in the footprint variant of the run.
    variants : tuple of str
        Footprint variants that were laid out.
    within : dict of technology to float64 array (fragments,)
        Fraction of the fragment inside the known areas, unread pixels of rasters among them: what is reached is
        counted there. Empty = as `known`.
    """

    fraction: dict[tuple[str, str, str], NDArray[np.float64]]
    known: dict[str, NDArray[np.float64]]
    operators: tuple[str, ...]
    basis: tuple[str, ...]
    technologies: tuple[str, ...]
    silent: dict[tuple[str, str, str], NDArray[np.float64]] = field(default_factory=dict)
    by_basis: dict[tuple[str, str], tuple[NDArray[np.float64], NDArray[np.float64]]] = field(default_factory=dict)
    variants: tuple[str, ...] = VARIANTS
    within: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    def answered(
        self, technology: str, fragments: Fragments, *, variant: str, operator: str = UNION
    ) -> NDArray[np.float64]:
        """Fraction of each fragment's people for whom it is known whether at least the technology reaches them."""
        spoken = np.minimum(self.known[technology], 1.0)
        doubt = self.silent.get((variant, technology, operator))
        return spoken if doubt is None else spoken * (1.0 - doubt[fragments.cell])


def _chosen(
    tables: Iterable[pd.DataFrame | None], *, technologies: tuple[str, ...] | None, operator: str
) -> pd.DataFrame | None:
    """Rows of some technologies and one operator (or anyone), of all tables together; None when there are none."""
    found: list[pd.DataFrame] = []
    for table in tables:
        if table is None:
            continue
        kept = np.ones(len(table), dtype=bool)
        if technologies is not None:
            kept &= table["technology"].isin(technologies).to_numpy()
        if operator != UNION:
            kept &= (table["operator"] == operator).to_numpy()
        if kept.any():
            found.append(table[kept])
    return pd.concat(found, ignore_index=True) if found else None


def declared_fraction(
    layers: Sequence[CoverageLayer], technology: str, operator: str, *, grid: Grid
) -> NDArray[np.float64]:
    """Fraction (ny, nx) that layers declare reached by at least the technology: polygons in one union, then cells."""
    at_least = TECHNOLOGIES[TECHNOLOGIES.index(technology) :]
    polygons = _chosen((layer.polygons for layer in layers), technologies=at_least, operator=operator)
    best = np.zeros(grid.shape)
    if polygons is not None:
        best = covered_fraction(polygons["geometry"].to_numpy(), grid)
    for layer in layers:
        cells = layer.cells.get((technology, operator)) if layer.cells else None
        if cells is not None:
            best = np.maximum(best, cells)
    return best


def _guesses(layers: Sequence[CoverageLayer], technologies: tuple[str, ...], *, operator: str) -> pd.DataFrame | None:
    """Sites that do not say their technology, as if each carried every one asked for of which its register speaks."""
    tables = [
        layer.silent.assign(technology=name)
        for layer in layers
        if layer.silent is not None
        for name in technologies
        if name in layer.technologies
    ]
    return _chosen(tables, technologies=None, operator=operator)


def modelled_fraction(
    layers: Sequence[CoverageLayer], technology: str, operator: str, *, model: Propagation, variant: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fraction (ny, nx) that sites of at least the technology reach, and what only silent sites might reach."""
    at_least = TECHNOLOGIES[TECHNOLOGIES.index(technology) :]
    sites = _chosen((layer.sites for layer in layers), technologies=at_least, operator=operator)
    silent = _guesses(layers, at_least, operator=operator)
    best = unknown = np.zeros(model.grid.shape)
    if sites is not None:
        best, unknown = model.covered(sites, variant=variant)
    if silent is not None:
        both = silent if sites is None else pd.concat([sites, silent], ignore_index=True)
        reached, dark = model.covered(both, variant=variant)
        unknown = np.maximum(np.maximum(reached - best, 0.0) + dark, unknown)
    return best, unknown


def known_share(
    known: Known | None, fragments: Fragments, region: Region, *, whole: bool = False
) -> NDArray[np.float64]:
    """Fraction of each fragment inside the area where a layer is complete; `whole` leaves its unread pixels in."""
    share = np.ones(fragments.size)
    if known is None:
        return share
    if known.zones is not None:
        inside = np.append(known.zones, np.False_)
        share = inside[fragments.zone].astype(np.float64)
    elif known.geometry is not None:
        share = _known_by_area(known.geometry, fragments, region)
    if known.fraction is not None and not whole:
        share = share * known.fraction.ravel()[fragments.cell_id]
    return share


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


def _spoken(
    layers: Sequence[CoverageLayer], fragments: Fragments, region: Region, *, whole: bool = False
) -> dict[str, NDArray[np.float64]]:
    """Fraction of each fragment in the area of which any of the layers speaks, by technology."""
    known = {t: np.zeros(fragments.size) for t in TECHNOLOGIES}
    for layer in layers:
        share = known_share(layer.known, fragments, region, whole=whole)
        for technology in layer.technologies:
            known[technology] = np.maximum(known[technology], share)
    return known


def operators_of(layers: Sequence[CoverageLayer]) -> tuple[str, ...]:
    """Names of every operator of the layers, in order."""
    names = {name for layer in layers for name in _operators(layer)}
    return tuple(sorted(names - {UNION}))


def _operators(layer: CoverageLayer) -> set[str]:
    tables = (layer.sites, layer.polygons, layer.silent)
    named = {str(name) for table in tables if table is not None for name in table["operator"].unique()}
    return named | {operator for _, operator in layer.cells or ()}


def cover(
    region: Region,
    fragments: Fragments,
    *,
    model: Propagation,
    footprint: str = "central",
    variants: tuple[str, ...] = VARIANTS,
) -> Coverage:
    """Coverage of every cell and fragment of the region, per technology and operator, by footprint variant.

    Technologies are cumulative (SDG 9.c.1): *at least 3G* is the union of the 3G, 4G and 5G footprints. Polygons
    of all layers are one union, sites another; where several kinds reach into a cell the larger fraction counts.
    Layers that are there to compare count nobody: they stand in `by_basis` alone.

    Parameters
    ----------
    region : Region
    fragments : Fragments
        Cells and their parts in zones.
    model : Propagation
        How far sites serve.
    footprint : str
        Variant of the run.
    variants : tuple of str
        Variants to lay out; the run's among them.
    """
    layers = [layer for layer in region.coverage if layer.counts]
    operators = operators_of(layers)
    rows = fragments.cells
    fraction: dict[tuple[str, str, str], NDArray[np.float64]] = {}
    silent: dict[tuple[str, str, str], NDArray[np.float64]] = {}
    for technology in TECHNOLOGIES:
        for operator in (UNION, *operators):
            declared = declared_fraction(layers, technology, operator, grid=region.grid).ravel()[rows]
            for variant in variants:
                field, dark = modelled_fraction(layers, technology, operator, model=model, variant=variant)
                best = np.maximum(declared, field.ravel()[rows])
                fraction[variant, technology, operator] = best
                if dark.any():
                    silent[variant, technology, operator] = np.clip(np.minimum(dark.ravel()[rows], 1 - best), 0, 1)
    known = _spoken(layers, fragments, region)
    within = _spoken(layers, fragments, region, whole=True)
    for technology in region.settings.absent:
        known[technology] = within[technology] = np.ones(fragments.size)
    return Coverage(
        fraction,
        known,
        operators,
        tuple(sorted({layer.basis for layer in layers})),
        tuple(t for t in TECHNOLOGIES if any(t in layer.technologies for layer in layers)),
        silent,
        _by_basis(region, fragments, model=model, footprint=footprint),
        variants,
        within,
    )


def _by_basis(
    region: Region, fragments: Fragments, *, model: Propagation, footprint: str
) -> dict[tuple[str, str], tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Reached and known fractions of every fragment by each basis alone, layers that only compare among them."""
    found: dict[tuple[str, str], tuple[NDArray[np.float64], NDArray[np.float64]]] = {}
    for basis in BASES:
        layers = [layer for layer in region.coverage if layer.basis == basis]
        spoken = _spoken(layers, fragments, region)
        within = _spoken(layers, fragments, region, whole=True)
        for technology in TECHNOLOGIES:
            said = spoken[technology]
            if basis == "declared":
                reached = declared_fraction(layers, technology, UNION, grid=region.grid)
                dark = np.zeros(region.grid.shape)
            else:
                reached, dark = modelled_fraction(layers, technology, UNION, model=model, variant=footprint)
            field = reached.ravel()[fragments.cell_id]
            open_ = np.clip(np.minimum(dark.ravel()[fragments.cell_id], 1.0 - field), 0.0, 1.0)
            covered = field * within[technology]
            found[basis, technology] = covered, np.maximum((1.0 - open_) * said, covered)
    return found
