"""Coverage of cells by sites and by declared polygons: ours against what people commonly write, in one run.

python benchmarks/coverage.py

Sites: 20,000 discs of 0.7–8 km on 1,000² cells of 1 km, against a Python loop over the sites with
`rasterio.features.rasterize` of a buffered point, on the window of the disc and on the whole grid. rasterio counts a cell
whole where its centre lies, so only totals can agree. The loop on windows runs over all sites, in parts that take turns
with ours; on the whole grid it runs over some sites and is scaled.

Polygons: `covered_fraction` of overlapping layers against exactextract on the union, which shapely dissolves for it. Peak
memory is what the process grew by, measured in a process of its own.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio.features
import shapely
from affine import Affine
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from pyproj import CRS

sys.path.pop(0)  # this folder: numba would take this file for the package `coverage`
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from geo.burn import covered_fraction
from geo.discs import disc_fractions
from geo.grid import Grid

SITES, PARTS, WHOLE_GRID = 20_000, 10, 300
GRID = Grid(CRS(3035), Affine(1000, 0, 3_000_000, 0, -1000, 4_000_000), (1000, 1000))
LAYERS = {"operators": (3000, 110, 5e3, 40e3), "detailed": (1000, 1000, 10e3, 40e3)}


def timed(way):
    start = time.perf_counter()
    answer = way()
    return time.perf_counter() - start, answer


def sites():
    rng = np.random.default_rng(20)
    west, south, east, north = GRID.bounds
    return rng.uniform(west, east, SITES), rng.uniform(south, north, SITES), rng.uniform(700, 8000, SITES)


def burn(x, y, radius, covered):
    """One site of the loop, on the window of its disc."""
    disc = shapely.Point(x, y).buffer(radius)
    west, south, east, north = disc.bounds
    col0, col1 = max(int((west - GRID.west) // GRID.dx), 0), min(int((east - GRID.west) // GRID.dx) + 1, GRID.nx)
    row0, row1 = max(int((GRID.north - north) // GRID.dy), 0), min(int((GRID.north - south) // GRID.dy) + 1, GRID.ny)
    transform = GRID.transform @ Affine.translation(col0, row0)
    shape = (row1 - row0, col1 - col0)
    covered[row0:row1, col0:col1] |= rasterio.features.rasterize(
        [disc], out_shape=shape, transform=transform, dtype="uint8"
    )


def burn_whole(x, y, radius, covered):
    """The same, as it is commonly written: on the whole grid."""
    disc = shapely.Point(x, y).buffer(radius)
    covered |= rasterio.features.rasterize([disc], out_shape=GRID.shape, transform=GRID.transform, dtype="uint8")


def loop(way, columns, covered):
    for x, y, radius in zip(*columns, strict=True):
        way(x, y, radius, covered)


def compare_sites():
    x, y, radius = sites()
    disc_fractions(x[:9], y[:9], radius[:9], GRID)  # compiled or loaded from the cache before the clock starts
    covered, ours, ground, peer = np.zeros(GRID.shape, np.uint8), [], [], 0.0
    for part in range(PARTS):
        seconds, exact = timed(lambda: disc_fractions(x, y, radius, GRID))
        ours.append(seconds)
        ground.append(timed(lambda: disc_fractions(x, y, radius, GRID, on_ground=True))[0])
        chosen = [column[part::PARTS] for column in (x, y, radius)]
        peer += timed(lambda chosen=chosen: loop(burn, chosen, covered))[0]
    whole, some = np.zeros(GRID.shape, np.uint8), [column[:WHOLE_GRID] for column in (x, y, radius)]
    common = timed(lambda: loop(burn_whole, some, whole))[0] * SITES / WHOLE_GRID
    difference = covered.sum() / exact.sum() - 1
    print(f"\nsites: {SITES:,} of 0.7–8 km on {GRID.ny}×{GRID.nx} cells, {exact.sum():,.1f} km² covered")
    print(f"  total of the cell-centre rule differs by {difference:+.2%}")
    print(f"  its cells differ by {np.abs(exact - covered).sum() / exact.sum():.1%} of the total")
    if not abs(difference) < 0.01:
        raise SystemExit("the answers differ: no timing is worth printing")
    once = statistics.median(ours)
    print(f"  gapmap, true discs (median of {PARTS})          {once * 1e3:10.1f} ms")
    print(f"  gapmap, circles on the ground               {statistics.median(ground) * 1e3:10.1f} ms")
    print(f"  loop, rasterize on windows (n = 1)          {peer * 1e3:10.1f} ms  {peer / once:8.0f} × ours")
    label = f"loop, whole grid ({WHOLE_GRID} sites, scaled)"
    print(f"  {label:<43} {common * 1e3:10.1f} ms  {common / once:8.0f} × ours")


def layer(count, corners, low, high):
    """Ragged overlapping polygons, star-shaped and so valid."""
    rng = np.random.default_rng(count)
    turn = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    rings = np.empty((count, corners, 2))
    for ring in rings:
        away = 1 + sum(rng.normal(0, 0.25 / k) * np.cos(k * turn + rng.uniform(0, 7)) for k in range(1, 12))
        away = np.maximum(away, 0.1) * rng.uniform(low, high) * (1 + rng.normal(0, 0.01, corners))
        ring[:] = rng.uniform(GRID.bounds[:2], GRID.bounds[2:])
        ring[:] += np.column_stack([away * np.cos(turn), away * np.sin(turn)])
    return shapely.polygons(rings)


def extracted(shapes):
    source = NumPyRasterSource(np.ones(GRID.shape, np.float32), *GRID.bounds, srs_wkt=GRID.crs.to_wkt())
    union = gpd.GeoDataFrame(geometry=[shapely.union_all(shapes)], crs=GRID.crs)
    found = exact_extract(source, union, ["cell_id", "coverage"], output="pandas")
    out = np.zeros(GRID.size)
    out[found["cell_id"][0]] = found["coverage"][0]
    return out.reshape(GRID.shape)


def resident(field):
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split(f"{field}:")[1].split()[0]) / 1024


def grown(name):
    """MiB by which the process grows in one `covered_fraction`, after the layer is there (Linux)."""
    shapes = layer(*LAYERS[name])
    covered_fraction(shapes[:1], GRID)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the high-water mark starts anew
    before = resident("VmRSS")
    covered_fraction(shapes, GRID)
    return resident("VmHWM") - before


def compare_polygons(name):
    shapes = layer(*LAYERS[name])
    covered_fraction(shapes[:1], GRID)
    ours, peer = [], []
    for _ in range(3):
        seconds, found = timed(lambda: covered_fraction(shapes, GRID))
        ours.append(seconds)
        seconds, expected = timed(lambda: extracted(shapes))
        peer.append(seconds)
    difference = np.abs(found - expected).max()
    corners = int(shapely.get_num_coordinates(shapes).sum())
    print(f"\n{name}: {len(shapes):,} overlapping polygons, {corners:,} vertices, {found.sum():,.1f} km² covered")
    print(f"  largest difference of a cell to exactextract {difference:.1e}")
    if not difference < 1e-6:
        raise SystemExit("the answers differ: no timing is worth printing")
    memory = subprocess.run([sys.executable, __file__, name], check=True, capture_output=True, text=True).stdout
    once, other = statistics.median(ours), statistics.median(peer)
    print(
        f"  gapmap, union and fractions                 {once * 1e3:10.1f} ms, {float(memory):.0f} MiB more at the peak"
    )
    print(f"  shapely union and exactextract              {other * 1e3:10.1f} ms  {other / once:8.2f} × ours")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(grown(sys.argv[1]))
    else:
        compare_sites()
        for each in LAYERS:
            compare_polygons(each)
