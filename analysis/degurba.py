"""`gapmap degurba`: a population GeoTIFF in, a GeoTIFF of settlement classes out, on the same grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.settlement import CLASS_NAMES, classify, preset
from geo.errors import Fault, GapmapError, SchemaError
from geo.grid import require_same_grid
from geo.raster import output_faults, read_raster, write_raster

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from geo.grid import Grid


def classify_file(
    population: Path, *, out: Path, built: Path | None, land: Path | None, level: int, variant: str
) -> dict[str, float]:
    """Classify a file and write the codes as int16 on the input grid, no margin cropped.

    Parameters
    ----------
    population : Path
        GeoTIFF, persons per 1 km² equal-area cell.
    out : Path
        GeoTIFF to write, beside and then renamed.
    built, land : Path or None
        GeoTIFFs of m² on the very same grid.
    level : {1, 2}
        Codes 3…0 or 30…10.
    variant : str
        A name of `analysis.settlement.VARIANTS`.

    Returns
    -------
    dict
        Persons by code, highest code first.

    Raises
    ------
    SchemaError
        Every file that cannot be used, at once.
    """
    parameters = preset(variant)
    faults: list[Fault] = []
    layers: dict[str, NDArray[np.float64]] = {}
    grid: Grid | None = None
    for name, path in (("population", population), ("land", land), ("built", built)):
        if path is None:
            continue
        try:
            values, found = read_raster(path)
            if grid is not None:
                require_same_grid(grid, found, what=f"population and {name}")
            grid = grid or found
            _not_negative(values, path.name, faults)
            layers[name] = values
        except GapmapError as error:
            faults.append(Fault(path.name, str(error), f"give a readable GeoTIFF for {name} on the population's grid"))
    faults += output_faults({"--out": out}, inputs=(population, built, land))
    if faults or grid is None:
        raise SchemaError(faults)
    codes = classify(
        layers["population"],
        grid,
        land_m2=layers.get("land"),
        built_m2=layers.get("built"),
        level=level,
        parameters=parameters,
    )
    write_raster(out, codes, grid, nodata=None, tags={"classes": f"Degree of Urbanisation level {level}, {variant}"})
    people = np.nan_to_num(layers["population"])
    wanted = [code for code in sorted(CLASS_NAMES, reverse=True) if (code >= 10) == (level == 2)]
    return {str(code): float(people[codes == code].sum()) for code in wanted}


def _not_negative(values: NDArray[np.float64], name: str, faults: list[Fault]) -> None:
    bad = values < 0
    if bad.any():
        lowest = float(np.nanmin(values))
        row, col = (int(i) + 1 for i in np.argwhere(bad)[0])
        mend = f"declare {lowest:g} as nodata in the file, or correct those cells"
        faults.append(
            Fault(name, f"{int(bad.sum()):,} negative cells, lowest {lowest:g}", mend, row=f"{row}:{col} (row:column)")
        )
