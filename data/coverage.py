"""Mobile coverage as it is known: declared polygons or registers of sites, and how far a site is taken to reach."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    import geopandas as gpd
    import shapely
    from numpy.typing import NDArray

    from data.layer import Source

TECHNOLOGIES = ("2G", "3G", "4G", "5G")
VARIANTS = ("low", "central", "high")
NOT_KNOWN = "operator not known"
"""Name of the operator of rows that name none."""

RADIUS_CLASSES = ("urban", "semi-urban", "rural")
MARGIN_KM = 30.0
"""Points farther than this outside the grid are dropped: twice the largest built-in radius, and some stretch."""
RADIUS_TABLE = Path(__file__).parent / "tables" / "footprint_radius.csv"


@dataclass(frozen=True)
class Known:
    """Where a layer is complete; outside it, nothing there means *unknown*, not *none*.

    Attributes
    ----------
    zones : bool array (zones,) or None
        Zones that are known whole, in the order of the region's zones.
    geometry : polygon in the grid CRS, or None
        The known area, when it is given as a file.
    fraction : float64 array (ny, nx) or None
        Share of each cell of which the layer itself speaks, such as a raster's pixels with a value. Where more than
        one of the three is given, all must hold.
    """

    zones: NDArray[np.bool_] | None = None
    geometry: shapely.Geometry | None = None
    fraction: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class CoverageLayer:
    """One source of coverage.

    Attributes
    ----------
    basis : str
        ``declared`` (polygons, rasters, hexagons) or ``modelled`` (sites).
    technologies : tuple of str
        Those that the layer speaks of: where it is known, their absence means none.
    sites : DataFrame or None
        ``site_id, operator, technology, x, y`` in the grid CRS.
    polygons : GeoDataFrame or None
        ``technology, operator, geometry`` in the grid CRS.
    cells : dict of (technology, operator) to float64 array (ny, nx), or None
        Rasters and hexagons: fraction of each cell declared covered by *at least* that technology, every technology up
        to the best one of the file; operator "" = anyone's.
    silent : DataFrame or None
        Sites that do not say their technology: ``site_id, operator, x, y`` in the grid CRS. Whom they alone might reach
        is unknown.
    counts : bool
        False = only set beside the others, for comparison.
    known : Known or None
        None = complete everywhere.
    source : Source
    """

    basis: str
    technologies: tuple[str, ...]
    sites: pd.DataFrame | None
    polygons: gpd.GeoDataFrame | None
    known: Known | None
    source: Source
    cells: dict[tuple[str, str], NDArray[np.float64]] | None = None
    silent: pd.DataFrame | None = None
    counts: bool = True


def read_radii(path: Path = RADIUS_TABLE) -> pd.DataFrame:
    """Nominal radius in km of a site by technology and surroundings, in low, central and high variants.

    Parameters
    ----------
    path : Path
        CSV with ``technology, settlement, low_km, central_km, high_km``; the built-in table names a source per figure.

    Returns
    -------
    DataFrame indexed by (technology, settlement), columns ``low, central, high`` in km.

    Raises
    ------
    SchemaError
        A missing column, an unknown or repeated row, a figure that is not a positive number, low > central > high.
    """
    try:
        table = pd.read_csv(path, encoding="utf-8-sig", dtype=str, keep_default_na=False)
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise SchemaError(
            [Fault(path.name, f"no CSV that can be read ({error})", "save it as CSV in UTF-8")]
        ) from error
    needed = ["technology", "settlement", *(f"{variant}_km" for variant in VARIANTS)]
    missing = [column for column in needed if column not in table.columns]
    if missing:
        raise SchemaError(
            Fault(path.name, "column is missing", "add it; see data/tables/footprint_radius.csv", column)
            for column in missing
        )
    faults = [
        fault for row, record in enumerate(table.to_dict("records"), 1) for fault in _row_faults(path, row, record)
    ]
    repeated = table.duplicated(["technology", "settlement"])
    faults += [Fault(path.name, "repeated", "keep one", "settlement", str(row + 1)) for row in np.flatnonzero(repeated)]
    given = set(zip(table["technology"], table["settlement"], strict=True))
    faults += [
        Fault(path.name, f"no row for {technology}, {surroundings}", "add it", "settlement")
        for technology in TECHNOLOGIES
        for surroundings in RADIUS_CLASSES
        if (technology, surroundings) not in given
    ]
    if faults:
        raise SchemaError(faults)
    values = table[needed[2:]].astype(float).set_axis(list(VARIANTS), axis=1)
    return values.set_index(pd.MultiIndex.from_frame(table[needed[:2]])).sort_index()


def _row_faults(path: Path, row: int, record: dict[Any, str]) -> list[Fault]:
    faults: list[Fault] = []
    for column, words in (("technology", TECHNOLOGIES), ("settlement", RADIUS_CLASSES)):
        if record[column] not in words:
            faults.append(
                Fault(path.name, f"'{record[column]}' is unknown", f"use {', '.join(words)}", column, str(row))
            )
    radii: list[float] = []
    for variant in VARIANTS:
        column = f"{variant}_km"
        try:
            radii.append(float(record[column]))
        except ValueError:
            faults.append(Fault(path.name, f"'{record[column]}' is not a number", "give km", column, str(row)))
    if len(radii) == len(VARIANTS) and not 0 < radii[0] <= radii[1] <= radii[2] <= 100:
        faults.append(Fault(path.name, f"{radii} km", "give 0 < low ≤ central ≤ high ≤ 100", "low_km", str(row)))
    return faults
