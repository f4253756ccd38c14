"""Zonal sums by exact area: ours against exactextract and rasterstats, on the same arrays, in one run.

python benchmarks/zonal.py [DATA]     DATA: folder with greater-accra/, default ../shared/data beside the checkout

Prints first that the sums agree, then the median time of interleaved rounds. rasterstats counts a cell whole where its
centre lies, so its sums differ; it is shown because people use it.
"""

from __future__ import annotations

import importlib.util
import statistics
import sys
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from pyproj import CRS

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from geo.grid import Grid
from geo.raster import read_raster
from geo.zonal import cell_zone_table, weighted_sum

ROUNDS = 5
DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


def interleaved(ways, rounds=ROUNDS):
    """Median seconds of each way, the ways taking turns; and each way's last answer."""
    seconds = {name: [] for name in ways}
    answers = {}
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.perf_counter()
            answers[name] = way()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(taken) for name, taken in seconds.items()}, answers


def synthetic(size=1000, count=5000):
    """People on a lattice of `size`² cells of 1 km, and Voronoi zones over it."""
    rng = np.random.default_rng(20)
    grid = Grid(CRS(3035), Affine(1000, 0, 3_000_000, 0, -1000, 4_000_000), (size, size))
    west, south, east, north = grid.bounds
    points = shapely.multipoints(np.column_stack([rng.uniform(west, east, count), rng.uniform(south, north, count)]))
    cells = shapely.intersection(np.array(shapely.voronoi_polygons(points).geoms), shapely.box(*grid.bounds))
    return rng.lognormal(3, 1.5, grid.shape), grid, gpd.GeoDataFrame(geometry=list(cells), crs=grid.crs)


def accra(data):
    values, grid = read_raster(data / "greater-accra" / "POP_1km_ghana_54009.tif")
    districts = gpd.read_file(data / "greater-accra" / "districts_ghana_with_census2021.geojson").to_crs(grid.crs)
    chosen = districts[districts["region"] == "Greater Accra Region"]
    return np.nan_to_num(values), grid, chosen[["geometry"]].reset_index(drop=True)


def compare(name, values, grid, zones, *, rasterstats_rounds):
    source = NumPyRasterSource(values, *grid.bounds, srs_wkt=grid.crs.to_wkt())

    def ours():
        return weighted_sum(values, cell_zone_table(zones.geometry, grid))

    def extract():
        return exact_extract(source, zones, "sum", output="pandas")["sum"].to_numpy()

    ours()  # compiled or loaded from the cache before the clock starts
    seconds, answers = interleaved({"gapmap": ours, "exactextract": extract})
    difference = np.max(np.abs(answers["gapmap"] / answers["exactextract"] - 1))
    print(f"\n{name}: {grid.ny}×{grid.nx} cells, {len(zones)} zones, sum {answers['gapmap'].sum():,.2f}")
    print(f"  largest relative difference to exactextract {difference:.1e}")
    if not difference < 1e-6:
        raise SystemExit("the answers differ: no timing is worth printing")
    table = cell_zone_table(zones.geometry, grid)
    layer, _ = interleaved({"layer": lambda: weighted_sum(values, table)})
    print(f"  gapmap, shares and first layer   {seconds['gapmap'] * 1e3:9.2f} ms")
    print(f"  gapmap, each further layer       {layer['layer'] * 1e3:9.2f} ms")
    for label, base in (("first", seconds["gapmap"]), ("each further", layer["layer"])):
        ratio = seconds["exactextract"] / base
        print(f"  exactextract, {label:<13}      {seconds['exactextract'] * 1e3:9.2f} ms   {ratio:8.1f} × ours")
    if importlib.util.find_spec("rasterstats") is None:
        print("  rasterstats                      skipped: not installed (dependency group 'bench')")
        return
    from rasterstats import zonal_stats

    def centre_rule():
        found = zonal_stats(zones, values, affine=grid.transform, stats=["sum"], nodata=-1)
        return np.array([zone["sum"] or 0 for zone in found], dtype=float)

    slow, found = interleaved({"rasterstats": centre_rule}, rasterstats_rounds)
    off = np.mean(np.abs(found["rasterstats"] / answers["gapmap"] - 1) > 0.01)
    ratio = slow["rasterstats"] / seconds["gapmap"]
    taken = slow["rasterstats"] * 1e3
    print(f"  rasterstats (n = {rasterstats_rounds})              {taken:9.2f} ms   {ratio:8.1f} × ours")
    print(f"    its centre rule is off by more than 1 % in {off:.0%} of the zones")


if __name__ == "__main__":
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    compare("Voronoi", *synthetic(), rasterstats_rounds=1)
    if (data / "greater-accra").is_dir():
        compare("Greater Accra", *accra(data), rasterstats_rounds=3)
    else:
        print(f"\nGreater Accra: skipped, no {data / 'greater-accra'}")
