"""Settlement classes: ours against scipy.ndimage and the packages people use. Answers first, then ratios.

Run ``python benchmarks/settlement.py`` (add ``--large`` for 9,000²). Every time is the median of three interleaved
rounds except of peers that take longer than a few seconds (n = 1, marked ¹). Peers that cannot be imported are named and
left out; ``pip install --target DIR degurba GOSTurban GOSTrocks`` puts them elsewhere; then set GAPMAP_PEERS=DIR.
"""

from __future__ import annotations

import argparse
import importlib
import math
import os
import statistics
import sys
import time
import types
from pathlib import Path

import numpy as np
from affine import Affine
from pyproj import CRS
from scipy import ndimage

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from analysis.settlement import GHSL_R2023A, classify  # noqa: E402
from geo.grid import Grid  # noqa: E402
from geo.raster import read_raster  # noqa: E402

GHANA = ROOT.parent / "shared" / "data" / "greater-accra"
CROSS, SQUARE = None, np.ones((3, 3))


def synthetic(side, *, seed=0):
    """People of a made-up country: towns of heavy-tailed size with dense cores, villages between them."""
    rng = np.random.default_rng(seed)
    people = np.zeros((side, side))
    for spread, share, size in ((5.0, 4e-4, 20_000), (2.0, 2e-3, 3_000), (0.8, 1e-2, 400)):
        towns = np.where(rng.random((side, side)) < share, size * rng.pareto(1.3, (side, side)), 0)
        people += ndimage.gaussian_filter(np.minimum(towns, 3e6), spread)
    return np.round(people * rng.gamma(2.0, 0.5, (side, side)), 3)


def grid_of(shape):
    return Grid(CRS.from_user_input("ESRI:54009"), Affine(1000, 0, 0, 0, -1000, 0), shape)


# --- the same rules in plain scipy -------------------------------------------------------------------------------


def clusters(mask, people, structure):
    labels, count = ndimage.label(mask, structure)
    return labels, np.bincount(labels.ravel(), weights=np.nan_to_num(people).ravel(), minlength=count + 1)


def scipy_majority(labels, counted, joinable):
    padded = np.pad(labels, 1)
    valid = np.pad(counted, 1, constant_values=True)
    steps = [(r, c) for r in (-1, 0, 1) for c in (-1, 0, 1) if r or c]
    while True:
        edge = ndimage.binary_dilation(padded[1:-1, 1:-1] > 0, SQUARE) & (padded[1:-1, 1:-1] == 0) & joinable
        rows, cols = np.nonzero(edge)
        around = np.stack([padded[rows + 1 + r, cols + 1 + c] for r, c in steps])
        whole = sum(valid[rows + 1 + r, cols + 1 + c] | (padded[rows + 1 + r, cols + 1 + c] > 0) for r, c in steps)
        same = np.stack([((around == one) & (one > 0)).sum(axis=0) for one in around])
        best = same.argmax(axis=0)
        at = np.arange(rows.size)
        joins = 2 * same[best, at] > whole
        if not joins.any():
            return padded[1:-1, 1:-1]
        padded[rows[joins] + 1, cols[joins] + 1] = around[best, at][joins]


def scipy_fill(labels, below):
    out = labels.copy()
    for at, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is None:
            continue
        gaps, _ = ndimage.label(labels[box] != at, CROSS)
        border = np.concatenate([gaps[0], gaps[-1], gaps[:, 0], gaps[:, -1]])
        inside = np.bincount(gaps.ravel()) < below
        inside[border] = inside[0] = False
        fill = inside[gaps] & (labels[box] == 0)
        out[box][fill] = at
    return out


def scipy_classes(people, land_m2=None, built_m2=None, p=GHSL_R2023A):
    land = np.ones(people.shape) if land_m2 is None else land_m2 / 1e6
    built = np.zeros(people.shape) if built_m2 is None else np.nan_to_num(built_m2 / 1e6)
    land = np.where(np.isnan(land), (people > 0) | (built > 0), land)
    with np.errstate(divide="ignore", invalid="ignore"):
        density, share = people / land, np.round(built / land, 3)
    counted = (people > 0) | (land >= p.water_land_share)
    water = ~counted & ~(built > 0)
    dense, dense_size = clusters((density >= p.centre_density) | (share >= p.built_share), people, CROSS)
    centres = scipy_majority(np.where(dense_size[dense] >= p.centre_size, dense, 0), counted, ~water)
    centres = scipy_fill(centres, p.gap_below_km2)
    codes = np.where(centres > 0, 30, 0).astype(np.int16)
    codes[(codes == 0) & (dense > 0) & (dense_size[dense] >= p.dense_size)] = 23
    semi, semi_size = clusters(density >= p.semi_dense_density, people, CROSS)
    near = ndimage.binary_dilation(codes > 0, SQUARE, iterations=p.semi_dense_gap_cells)
    keep = semi_size >= p.semi_dense_size
    keep[np.unique(semi[near])] = keep[0] = False
    codes[(codes == 0) & keep[semi]] = 22
    moderate, size = clusters(density >= p.cluster_density, people, SQUARE)
    for code, least in ((21, p.cluster_size), (13, p.rural_size)):
        codes[(codes == 0) & (moderate > 0) & (size[moderate] >= least)] = code
    codes[(codes == 0) & (density >= p.low_density)] = 12
    codes[(codes == 0) & water] = 10
    codes[codes == 0] = 11
    return codes


# --- peers -------------------------------------------------------------------------------------------------------


def peer(name):
    """A peer's module, or None with the reason printed."""
    if folder := os.environ.get("GAPMAP_PEERS"):
        sys.path.append(folder)
    try:
        importlib.import_module("osgeo")
    except ImportError:  # degurba imports GDAL's own bindings for files only; its classification does not touch them
        stub = types.ModuleType("osgeo")
        stub.gdal = stub.ogr = None
        sys.modules["osgeo"] = stub
    try:
        return importlib.import_module(name)
    except Exception as error:  # noqa: BLE001 - whatever keeps a peer from loading is said, and the rest runs
        print(f"  {name}: not compared, cannot be imported ({type(error).__name__}: {error})")
        return None


def degurba_classes(module, people, grid):
    crs = grid.crs.to_wkt()
    codes = module.DEGURBA(people, affine=grid.transform, crs=crs).classify_grid_cells_l1().array
    return 4 - np.asarray(codes)


def gost_urban(module, people, grid, function, **options):
    from rasterio.io import MemoryFile

    with MemoryFile() as memory:
        height, width = grid.shape
        profile = {"driver": "GTiff", "height": height, "width": width, "count": 1, "dtype": "float64"}
        with memory.open(**profile, crs=grid.crs.to_wkt(), transform=grid.transform) as out:
            out.write(people, 1)
        with memory.open() as dataset:
            return getattr(module.urbanGriddedPop(dataset), function)(**options)


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def interleaved(works, rounds=3):
    """Median seconds of each, in turns."""
    taken = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            taken[name].append(timed(work))
    return {name: statistics.median(times) for name, times in taken.items()}


def show(name, seconds, ours, note=""):
    print(f"  {name:<34} {seconds * 1000:>10.1f} ms  {seconds / ours:>8.1f} ×  {note}")


# --- runs --------------------------------------------------------------------------------------------------------


def against_scipy(title, people, grid, **layers):
    assert np.array_equal(classify(people, grid, **layers), scipy_classes(people, **layers)), "scipy disagrees"
    times = interleaved(
        {"ours": lambda: classify(people, grid, **layers), "scipy": lambda: scipy_classes(people, **layers)}
    )
    print(f"{title}: level 2, all {grid.size:,} cells equal to plain scipy")
    show("ours", times["ours"], times["ours"], f"{times['ours'] / grid.size * 1e9:.0f} ns a cell")
    show("scipy.ndimage", times["scipy"], times["ours"])


def against_peers(people, grid):
    level1 = {"level": 1}
    ours = interleaved({"ours": lambda: classify(people, grid, **level1)})["ours"]
    codes = classify(people, grid, **level1)
    print("the same, level 1, no land or built-up layer")
    show("ours", ours, ours)
    if (module := peer("degurba")) is not None:
        answer = []
        seconds = timed(lambda: answer.append(degurba_classes(module, people, grid)))
        lost, gained = (codes == 3) & (answer[0] != 3), (codes != 3) & (answer[0] == 3)
        small = ndimage.binary_dilation(classify(people, grid) == 23, SQUARE)
        assert np.array_equal(lost | gained, answer[0] != codes), "degurba differs elsewhere"
        dense, size = clusters(people >= 1500, people, CROSS)
        assert ((dense == 0) | (size[dense] < 50_000))[lost].all(), "degurba misses a cell of a dense cluster"
        assert small[gained].all(), "degurba adds a cell that is not beside a small dense cluster"
        show("degurba ¹", seconds, ours, f"differs in {int((lost | gained).sum()):,} cells, where it is wrong:")
        print(
            f"{'':>40}{int(lost.sum()):,} missed (no gap is filled, rounds break off), {int(gained.sum()):,} too many"
        )
        print(f"{'':>40}(clusters under 50,000 people are smoothed into centres)")
    if (module := peer("GOSTurban.UrbanRaster")) is not None:
        seconds = timed(lambda: gost_urban(module, people, grid, "calculateUrban", densVal=300, totalPopThresh=5000))
        show(
            "GOSTurban, urban clusters only ¹",
            seconds,
            ours,
            "4 neighbours and > for ≥: another rule, one layer of ours",
        )
        try:
            gost_urban(module, people, grid, "calculateDegurba")
        except Exception as error:  # noqa: BLE001 - how it fails is the finding
            print(f"  GOSTurban, full classification: fails ({type(error).__name__}: {str(error)[:80]})")


def growth(side, small, ours):
    people = synthetic(side)
    grid = grid_of(people.shape)
    seconds = interleaved({"ours": lambda: classify(people, grid)}, rounds=3 if side < 5000 else 1)["ours"]
    exponent = math.log(seconds / ours) / math.log(side**2 / small**2)
    print(f"{side:,}²: {seconds:.2f} s, exponent {exponent:.2f} in cells from {small:,}²")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--large", action="store_true", help="also 9,000² (about 3 GB of memory)")
    large = arguments.parse_args().large
    people = synthetic(1000)
    grid = grid_of(people.shape)
    classify(people, grid)  # kernels are compiled before anything is timed
    against_scipy("1,000² made up, seed 0", people, grid)
    against_peers(people, grid)
    ours = interleaved({"ours": lambda: classify(people, grid)})["ours"]
    for side in (3000, 9000) if large else (3000,):
        growth(side, 1000, ours)
    if GHANA.is_dir():
        people, grid = read_raster(GHANA / "POP_1km_ghana_54009.tif")
        land, built = (read_raster(GHANA / f"{name}_1km_ghana_54009.tif")[0] for name in ("LAND", "BUILT_S"))
        against_scipy("Ghana 792×445", people, grid, land_m2=land, built_m2=built)
    else:
        print("Ghana: left out, ../shared/data/greater-accra is not there")


if __name__ == "__main__":
    main()
