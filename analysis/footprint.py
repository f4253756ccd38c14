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
    fraction : dict of (variant, technology, operator) to float64 array (fragments,)
        Fraction of the fragment's people known to be reached by *at least* that technology, each layer counted only
        inside the area where it is complete; operator `UNION` = anyone.
    known : dict of technology to float64 array (fragments,)
        Fraction of the fragment's people in the area of which a source speaks; 0 = no source.
    operators : tuple of str
    basis : tuple of str
        ``declared``, ``modelled`` or both.
    technologies : tuple of str
        Technologies with a source, lowest first.
    silent, dark : dict of (variant, technology, operator) to float64 array (fragments,)
        Fraction that only sites which do not say their technology, or only sites behind unknown terrain, might reach:
        whether they do is unknown. A key that is not there = none.
    by_basis : dict of (basis, technology) to two float64 arrays (fragments,)
        Fraction of the people known to be reached, and of those for whom it is known either way, by declared and by
        modelled layers alone (those that only compare among them), anyone's signal, in the footprint of the run.
    counted : dict of basis to float64 array (fragments,)
        Fraction reached by at least 4G, by the layers of each basis that count.
    variants : tuple of str
        Footprint variants that were laid out.
    """

    fraction: dict[tuple[str, str, str], NDArray[np.float64]]
    known: dict[str, NDArray[np.float64]]
    operators: tuple[str, ...]
    basis: tuple[str, ...]
    technologies: tuple[str, ...]
    silent: dict[tuple[str, str, str], NDArray[np.float64]] = field(default_factory=dict)
    dark: dict[tuple[str, str, str], NDArray[np.float64]] = field(default_factory=dict)
    by_basis: dict[tuple[str, str], tuple[NDArray[np.float64], NDArray[np.float64]]] = field(default_factory=dict)
    counted: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    variants: tuple[str, ...] = VARIANTS

    def answered(self, technology: str, *, variant: str, operator: str = UNION) -> NDArray[np.float64]:
        """Fraction of each fragment's people for whom it is known whether at least the technology reaches them."""
        spoken = np.minimum(self.known[technology], 1.0)
        for doubt in (self.silent, self.dark):
            part = doubt.get((variant, technology, operator))
            spoken = spoken if part is None else np.maximum(spoken - part, 0.0)
        return spoken


@dataclass(frozen=True)
class _Reached:
    """Fractions of the fragments: reached, and what only silent sites, or sites behind unknown terrain, might reach."""

    covered: NDArray[np.float64]
    silent: NDArray[np.float64]
    dark: NDArray[np.float64]


@dataclass(frozen=True)
class _Group:
    """Layers that are complete in the same area: their footprints are one union there."""

    layers: list[CoverageLayer]
    within: NDArray[np.float64]


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
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Fraction (ny, nx) that sites of at least the technology reach; what silent sites, and unknown terrain, hide."""
    at_least = TECHNOLOGIES[TECHNOLOGIES.index(technology) :]
    sites = _chosen((layer.sites for layer in layers), technologies=at_least, operator=operator)
    silent = _guesses(layers, at_least, operator=operator)
    best = dark = quiet = np.zeros(model.grid.shape)
    if sites is not None:
        best, dark = model.covered(sites, variant=variant)
    if silent is not None:
        both = silent if sites is None else pd.concat([sites, silent], ignore_index=True)
        reached, unseen = model.covered(both, variant=variant)
        quiet = np.maximum(reached - best, 0.0)
        dark = np.minimum(np.maximum(dark, unseen), 1.0 - best - quiet)
    return best, quiet, np.maximum(dark, 0.0)


def _groups(layers: Sequence[CoverageLayer], fragments: Fragments, region: Region) -> list[_Group]:
    """Layers by the area where they are complete, unread pixels of rasters left in: those are not declared covered."""
    by_area: dict[Any, list[CoverageLayer]] = {}
    for layer in layers:
        known = layer.known
        zones = None if known is None or known.zones is None else known.zones.tobytes()
        area = None if known is None or known.geometry is None else shapely.to_wkb(known.geometry)
        by_area.setdefault((zones, area), []).append(layer)
    return [_Group(same, known_share(same[0].known, fragments, region, whole=True)) for same in by_area.values()]


def _reached_by(
    groups: Sequence[_Group],
    technology: str,
    operator: str,
    *,
    fragments: Fragments,
    basis: str,
    model: Propagation,
    variant: str,
) -> _Reached:
    """What the layers of one basis reach, each group inside its own area; where groups meet the larger counts."""
    cells = fragments.cell_id
    covered, silent, dark = (np.zeros(fragments.size) for _ in range(3))
    for group in groups:
        layers = [layer for layer in group.layers if layer.basis == basis]
        if not layers:
            continue
        if basis == "declared":
            field = declared_fraction(layers, technology, operator, grid=model.grid)
            quiet = hidden = np.zeros(model.grid.shape)
        else:
            field, quiet, hidden = modelled_fraction(layers, technology, operator, model=model, variant=variant)
        covered = np.maximum(covered, field.ravel()[cells] * group.within)
        silent = np.maximum(silent, quiet.ravel()[cells] * group.within)
        dark = np.maximum(dark, hidden.ravel()[cells] * group.within)
    return _Reached(covered, silent, dark)


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


def _spoken(layers: Sequence[CoverageLayer], fragments: Fragments, region: Region) -> dict[str, NDArray[np.float64]]:
    """Fraction of each fragment in the area of which any of the layers speaks, by technology."""
    known = {t: np.zeros(fragments.size) for t in TECHNOLOGIES}
    for layer in layers:
        share = known_share(layer.known, fragments, region)
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
    groups = _groups(layers, fragments, region)
    operators = operators_of(layers)
    out: dict[str, dict[Any, NDArray[np.float64]]] = {"fraction": {}, "silent": {}, "dark": {}, "counted": {}}
    for technology in TECHNOLOGIES:
        for operator in (UNION, *operators):
            for variant in variants:
                key = variant, technology, operator
                of = {
                    basis: _reached_by(
                        groups, technology, operator, fragments=fragments, basis=basis, model=model, variant=variant
                    )
                    for basis in BASES
                }
                best = np.maximum(of["declared"].covered, of["modelled"].covered)
                out["fraction"][key] = best
                silent = np.minimum(of["modelled"].silent, 1.0 - best)
                dark = np.minimum(of["modelled"].dark, 1.0 - best - silent)
                out["silent"] |= {key: silent} if silent.any() else {}
                out["dark"] |= {key: np.maximum(dark, 0.0)} if dark.any() else {}
                if key == (footprint, "4G", UNION):
                    out["counted"] = {basis: found.covered for basis, found in of.items()}
    known = _spoken(layers, fragments, region)
    for technology in region.settings.absent:
        known[technology] = np.ones(fragments.size)
    return Coverage(
        out["fraction"],
        known,
        operators,
        tuple(sorted({layer.basis for layer in layers})),
        tuple(t for t in TECHNOLOGIES if any(t in layer.technologies for layer in layers)),
        out["silent"],
        out["dark"],
        _by_basis(region, fragments, model=model, footprint=footprint),
        out["counted"],
        variants,
    )


def _by_basis(
    region: Region, fragments: Fragments, *, model: Propagation, footprint: str
) -> dict[tuple[str, str], tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Reached and known fractions of every fragment by each basis alone, layers that only compare among them.

    Whoever a better technology is known to reach is known to be reached: the answers are cumulative.
    """
    answers: dict[tuple[str, str], tuple[NDArray[np.float64], NDArray[np.float64]]] = {}
    for basis in BASES:
        layers = [layer for layer in region.coverage if layer.basis == basis]
        groups = _groups(layers, fragments, region)
        spoken = _spoken(layers, fragments, region)
        covered = np.zeros(fragments.size)
        for technology in reversed(TECHNOLOGIES):
            found = _reached_by(
                groups, technology, UNION, fragments=fragments, basis=basis, model=model, variant=footprint
            )
            covered = np.maximum(covered, found.covered)
            open_ = np.minimum(found.silent + found.dark, 1.0 - found.covered)
            known = np.maximum(np.minimum(spoken[technology], 1.0) - open_, covered)
            answers[basis, technology] = np.minimum(covered, 1.0), np.clip(known, 0.0, 1.0)
    return answers
