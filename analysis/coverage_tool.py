"""`gapmap coverage`: a register of sites in, the share of each cell that they serve out, as a GeoTIFF."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from analysis.footprint import UNION, modelled_fraction
from analysis.propagation import Propagation, radius_class, require_reach
from analysis.radio.field import curves, probability_field
from analysis.radio.reach import link_reach
from analysis.settlement import CLASS_NAMES
from data.coverage import RADIUS_CLASSES, TECHNOLOGIES, VARIANTS, CoverageLayer
from data.layer import Source
from data.load_coverage import reach_of
from data.load_radio import degrees_of
from data.radio import read_propagation, read_site_links
from data.sites import read_sites
from data.terrain import read_dem
from geo.errors import Fault, GapmapError, SchemaError
from geo.grid import require_same_grid
from geo.raster import MAX_CELLS, output_faults, raster_grid, read_raster, write_raster

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from data.notes import Notes
    from geo.grid import Grid

_NOWHERE = Source("", "", "", "", "", "", "", None)

STEP_M = 25.0
"""Step of the tabulated probability, in metres."""


@dataclass(frozen=True)
class Register:
    """How to read a register of sites; see `data.sites.read_sites`."""

    format: Literal["columns", "opencellid", "arcep"] = "columns"
    x: str = "lon"
    y: str = "lat"
    technology: str | None = None
    operator: str | None = None
    crs: str | None = None


@dataclass(frozen=True)
class Options:
    """What the footprints rest on.

    Attributes
    ----------
    technology : str
        Sites of at least this one count.
    variant : str
        low, central or high.
    confidence : float
        Probability of signal at the edge, 0.5 to 0.99.
    surroundings : str
        One of `RADIUS_CLASSES`, taken everywhere when there is no raster of settlement classes.
    site_table, propagation_table : Path or None
        Own link budget.
    """

    technology: str
    variant: str = "central"
    confidence: float = 0.9
    surroundings: str = "semi-urban"
    site_table: Path | None = None
    propagation_table: Path | None = None


def coverage_file(
    sites: Path,
    *,
    grid: Path,
    out: Path,
    options: Options,
    register: Register,
    settlement: Path | None = None,
    dem: Path | None = None,
    probability: Path | None = None,
) -> dict[str, Any]:
    """Write the fraction of each cell that the sites serve at the chosen confidence (float32, 0–1; NaN = not known).

    Parameters
    ----------
    sites : Path
        Register of sites.
    grid : Path
        GeoTIFF whose lattice is used; projected CRS.
    out : Path
        GeoTIFF to write.
    options, register
        What footprints rest on; how the register is read.
    settlement : Path, optional
        GeoTIFF of level 2 codes on the very same lattice, as `gapmap degurba` writes it.
    dem : Path, optional
        Elevation in metres; then footprints follow the terrain. Cells of which any part hangs on unknown heights, or on
        a site that does not say its technology, are NaN.
    probability : Path, optional
        GeoTIFF to write: mean over the cell of the best server's probability, of the technology for which that
        is highest, without terrain.

    Returns
    -------
    dict
        ``sites``, ``cells``, ``covered_km2``, ``cells_touched``, ``model``, ``notes``.

    Raises
    ------
    SchemaError
        Every file and option that cannot be used, at once.
    """
    read = (sites, grid, settlement, dem, options.site_table, options.propagation_table)
    faults = _option_faults(options, register)
    faults += output_faults({"--out": out, "--probability": probability}, inputs=read)
    faults += [Fault(path.name, "no such file", "correct the name") for path in read if path and not path.is_file()]
    if faults:
        raise SchemaError(faults)
    model, layer, notes = _read_all(sites, grid, options=options, register=register, settlement=settlement, dem=dem)
    fraction, quiet, dark = modelled_fraction([layer], options.technology, UNION, model=model, variant=options.variant)
    unknown = quiet + dark
    tags = {"quantity": f"fraction served, at least {options.technology}", "model": model.model}
    write_raster(out, _masked(fraction, unknown).astype(np.float32), model.grid, nodata=float("nan"), tags=tags)
    assert layer.sites is not None
    if probability is not None:
        _write_probability(probability, layer.sites, model, options=options)
    return _record(len(layer.sites), fraction, unknown, model=model, options=options, notes=notes)


def _record(
    sites: int,
    fraction: NDArray[np.float64],
    unknown: NDArray[np.float64],
    *,
    model: Propagation,
    options: Options,
    notes: Notes,
) -> dict[str, Any]:
    """What was laid out, in figures."""
    cell_km2 = model.grid.dx * model.grid.dy * model.grid.metres_per_unit**2 / 1e6
    return {
        "sites": sites,
        "cells": model.grid.size,
        "cells_touched": int((fraction > 0).sum()),
        "covered_km2": float(fraction.sum()) * cell_km2,
        "unknown_km2": float(unknown.sum()) * cell_km2,
        "model": model.model,
        "radii_m": {
            name: [round(float(r)) for r in model.reach.metres[options.variant, options.technology][row]]
            for row, name in enumerate(RADIUS_CLASSES)
        },
        "notes": [f"{note.what}: {note.count:,}" for note in notes if note.count],
    }


def _read_all(
    sites: Path, grid: Path, *, options: Options, register: Register, settlement: Path | None, dem: Path | None
) -> tuple[Propagation, CoverageLayer, Notes]:
    """Everything that is read, checked together: the lattice and the link budget first, then what lies on them."""
    faults: list[Fault] = []
    lattice = _attempt(faults, grid, lambda: _projected(raster_grid(grid), grid.name))
    links = (
        _attempt(faults, options.site_table, lambda: read_site_links(*_given(options.site_table))),
        _attempt(faults, options.propagation_table, lambda: read_propagation(*_given(options.propagation_table))),
    )
    if lattice is None or faults:
        raise SchemaError(faults)
    around = _attempt(faults, settlement, lambda: _surroundings(settlement, lattice, options.surroundings))
    found = _attempt(faults, sites, lambda: _sites(sites, lattice, register=register, technology=options.technology))
    near, wide = degrees_of(lattice, margin_m=0.0), degrees_of(lattice)
    heights = dem and _attempt(faults, dem, lambda: read_dem(dem, bounds_lonlat=near, reach_lonlat=wide, least=0.5))
    if faults:
        raise SchemaError(faults)
    table, silent, notes = found
    reach = link_reach(*links, confidence=options.confidence)
    require_reach(reach)
    model = Propagation(lattice, around, reach, options.confidence, heights or None, links)
    if heights:
        model.require_terrain_order()
    layer = CoverageLayer("modelled", TECHNOLOGIES, table, None, None, _NOWHERE, silent=silent)
    return model, layer, notes


def _option_faults(options: Options, register: Register) -> list[Fault]:
    choices = (
        ("--format", register.format, ("columns", "opencellid", "arcep")),
        ("--technology", options.technology, TECHNOLOGIES),
        ("--variant", options.variant, VARIANTS),
        ("--surroundings", options.surroundings, RADIUS_CLASSES),
    )
    faults = [
        Fault(name, f"'{value}' is unknown", f"use {', '.join(words)}")
        for name, value, words in choices
        if value not in words
    ]
    if not 0.5 <= options.confidence <= 0.99:
        faults.append(Fault("--confidence", f"{options.confidence:g} will not do", "give 0.5 to 0.99"))
    return faults


def _given(path: Path | None) -> tuple[Path, ...]:
    return () if path is None else (path,)


def _attempt(faults: list[Fault], path: Path | None, read: Any) -> Any:
    """What a reader gives; its faults are kept and None stands for what could not be read."""
    try:
        return read()
    except SchemaError as error:
        faults += error.faults
    except GapmapError as error:
        name = path.name if path else "built-in table"
        faults.append(Fault(name, str(error).removeprefix(f"{name}: "), "correct the file or name another"))
    return None


def _projected(grid: Grid, name: str) -> Grid:
    if not grid.crs.is_projected:
        mend = "warp it to an equal-area CRS first, such as EPSG:3035 or ESRI:54009"
        raise SchemaError([Fault(name, f"the grid is in {grid.crs.name}, in degrees", mend)])
    if grid.size > MAX_CELLS:
        raise SchemaError([Fault(name, f"{grid.size:,} cells, more than {MAX_CELLS:,}", "take a coarser grid")])
    return grid


def _surroundings(settlement: Path | None, grid: Grid, otherwise: str) -> NDArray[np.int64]:
    if settlement is None:
        return np.full(grid.shape, RADIUS_CLASSES.index(otherwise), dtype=np.int64)
    codes, lattice = read_raster(settlement)
    require_same_grid(grid, lattice, what="grid and settlement classes")
    known = sorted(code for code in CLASS_NAMES if code >= 10)
    odd = ~np.isin(codes, known)
    if odd.any():
        problem = f"{int(odd.sum()):,} cells hold no level 2 class, the first {codes[odd][0]:g}"
        mend = f"give classes {', '.join(map(str, known))}, as `gapmap degurba` writes them"
        raise SchemaError([Fault(settlement.name, problem, mend)])
    return radius_class(codes.astype(np.int16))


def _sites(
    path: Path, grid: Grid, *, register: Register, technology: str
) -> tuple[pd.DataFrame, pd.DataFrame | None, Any]:
    at_least = list(TECHNOLOGIES[TECHNOLOGIES.index(technology) :])
    columns: dict[str, str] = {"x": register.x, "y": register.y}
    columns |= {k: v for k, v in (("technology", register.technology), ("operator", register.operator)) if v}
    told = register.format != "columns" or register.technology is not None
    found = read_sites(
        path,
        format=register.format,
        columns=columns if register.format == "columns" else None,
        source_crs=register.crs,
        grid_crs=grid.crs,
        bounds=reach_of(grid),
        technologies=at_least if told else [technology],
    )
    return found.sites, found.silent if len(found.silent) else None, found.notes


def _masked(fraction: NDArray[np.float64], unknown: NDArray[np.float64]) -> NDArray[np.float64]:
    """NaN where it is not known whether some of a cell is served; elsewhere the part that is."""
    return np.where(unknown > 1e-9, np.nan, fraction)


def _write_probability(path: Path, table: pd.DataFrame, model: Propagation, *, options: Options) -> None:
    """Mean over each cell of the best server's probability, without terrain; 0 where nothing serves."""
    assert model.links is not None
    best = np.zeros(model.grid.shape)
    for technology in sorted(set(table["technology"])):
        part = table[table["technology"] == technology]
        x, y = part["x"].to_numpy(), part["y"].to_numpy()
        table_of = curves(*model.links, technology=technology, variant=options.variant, step_m=STEP_M)
        found = probability_field(
            x,
            y,
            site_class=model.site_class(x, y),
            person_class=model.around,
            curves=table_of,
            step_m=STEP_M,
            grid=model.grid,
        )
        best = np.maximum(best, found)
    tags = {"quantity": f"probability of signal, at least {options.technology}"}
    write_raster(path, best.astype(np.float32), model.grid, nodata=None, tags=tags)
