"""Counts moved to 1 km: ours against GDAL's warp with sum resampling, on the same input, in one run.

python benchmarks/regrid.py

Prints the total before and after of each, then the median time of interleaved rounds.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

import numpy as np
from affine import Affine
from pyproj import CRS, Transformer

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from geo.crs import equal_area_crs, region_grid
from geo.grid import Grid
from geo.regrid import regrid_sum

from rasterio.warp import Resampling, reproject  # isort: skip  (after geo, which fixes the drivers)

ROUNDS = 3
EUROPE, WORLD, DEGREES = CRS(3035), CRS("ESRI:54009"), CRS(4326)


def degrees(step, size, west, north):
    return Grid(DEGREES, Affine(step, 0, west, 0, -step, north), (size, size))


def covering(source, crs):
    """1 km grid of a CRS around all of the source."""
    move = Transformer.from_crs(source.crs, crs, always_xy=True)
    return region_grid(move.transform_bounds(*source.bounds, densify_pts=101), crs, resolution=1000)


def cases():
    fine = degrees(1 / 1200, 2000, -1.25, 7.5)
    coarse = degrees(1 / 120, 1200, -4, 12)
    mollweide = Grid(WORLD, Affine(100, 0, 200_000, 0, -100, 6_016_000), (2000, 2000))
    laea = Grid(EUROPE, Affine(250, 0, 3_800_125, 0, -250, 3_100_125), (2000, 2000))
    accra = equal_area_crs(fine.bounds)
    yield '3" to an equal-area projection of the region', fine, covering(fine, accra)
    yield '30" to the same', coarse, covering(coarse, accra)
    yield '3" to Mollweide', fine, covering(fine, WORLD)
    yield "100 m Mollweide to Europe's LAEA", mollweide, covering(mollweide, EUROPE)
    yield "250 m to 1 km, same projection, shifted by half a cell", laea, covering(laea, EUROPE)


def compare(name, source, target):
    rng = np.random.default_rng(9)
    values = rng.lognormal(0, 2, source.shape) * (rng.random(source.shape) < 0.4)

    def ours():
        moved, outside = regrid_sum(values, source, target)
        return float(np.nansum(moved)) + outside

    def gdal():
        moved = np.zeros(target.shape)
        reproject(
            values, moved, src_transform=source.transform, src_crs=source.crs.to_wkt(),
            dst_transform=target.transform, dst_crs=target.crs.to_wkt(), resampling=Resampling.sum,
        )  # fmt: skip
        return float(moved.sum())

    ours()  # compiled or loaded from the cache before the clock starts
    taken = {"gapmap": [], "GDAL warp": []}
    totals = {}
    for _ in range(ROUNDS):
        for label, way in (("gapmap", ours), ("GDAL warp", gdal)):
            start = time.perf_counter()
            totals[label] = way()
            taken[label].append(time.perf_counter() - start)
    before = float(values.sum())
    print(f"\n{name}: {source.ny}×{source.nx} to {target.ny}×{target.nx} cells, total {before:,.3f}")
    first = statistics.median(taken["gapmap"])
    for label, seconds in taken.items():
        median = statistics.median(seconds)
        error = totals[label] / before - 1
        print(
            f"  {label:<10} {totals[label]:20,.3f}  error {error:+.1e}  {median:7.3f} s  {median / first:6.2f} × ours"
        )


if __name__ == "__main__":
    for case in cases():
        compare(*case)
