"""Longley–Rice per profile against itmlogic, and a field of 50 sites over Porto Alegre, in one run.

python benchmarks/terrain.py [DATA]     DATA: folder with porto-alegre/, default ../shared/data beside the checkout

Profiles are cut from Porto Alegre's elevation model. Both sides get the same heights and spacing, ready made; what is
timed is profile → loss: horizons, effective heights, reference attenuation and the median. First it is shown that the
losses agree. In line of sight itmlogic 1.2 takes the last height but one under the second antenna, so the profiles end
on level ground; and profiles are left out whose horizon makes a bound of the fitted ground fall exactly on a height,
where rounding decides.
"""

from __future__ import annotations

import cmath
import importlib.util
import math
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from affine import Affine
from numba import njit
from pyproj import CRS

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from analysis.radio.itm import Medium, itm_loss, path_loss
from analysis.radio.itm_profile import SCRATCH, Link, read_profile
from analysis.radio.itm_variability import climate_constants
from analysis.radio.terrain import terrain_field
from data.terrain import read_dem
from geo.grid import Grid

ROUNDS = 5
DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
BOUNDS = (-51.2547, -30.1095, -51.1403, -29.9978)
LINK = {"frequency_mhz": 800.0, "base_height_m": 30.0, "mobile_height_m": 1.5}


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


def _rounding_decides(z, spacing):
    n, link = (
        len(z) - 1,
        Link(LINK["frequency_mhz"] / 47.7, Medium().impedance(LINK["frequency_mhz"]), 301.0, 30.0, 1.5),
    )
    path = read_profile(np.array(z), n, spacing, link, np.empty(SCRATCH))
    ends = {round(path.horizon0 / spacing), round(path.horizon1 / spacing), n}
    return any(k % 10 == 0 for k in ends)


def profiles(dem, count=400):
    """(heights, spacing) of straight paths of 1 to 14 km, about a pixel between heights."""
    rng = np.random.default_rng(7)
    ny, nx = dem.heights.shape
    made = []
    while len(made) < count:
        row, col = rng.integers(0, ny, 2), rng.integers(0, nx, 2)
        n = int(max(abs(np.diff(row))[0], abs(np.diff(col))[0]))
        metres = math.hypot(np.diff(row)[0] * 30.8, np.diff(col)[0] * 26.8)
        if metres < 1000:
            continue
        at = (
            np.rint(np.linspace(row[0], row[1], n + 1)).astype(int),
            np.rint(np.linspace(col[0], col[1], n + 1)).astype(int),
        )
        z = [float(h) for h in dem.heights[at]]
        z[-1] = z[-2]
        if not _rounding_decides(z, metres / n):
            made.append((z, metres / n))
    return made


def by_itmlogic(z, spacing):
    from itmlogic.preparatory_subroutines.qlrpfl import qlrpfl
    from itmlogic.statistics.avar import avar

    n, mhz = len(z) - 1, LINK["frequency_mhz"]
    tenth = int(0.1 * n)
    mean = sum(z[tenth : n - tenth + 1]) / (n - 2 * tenth + 1)
    prop = {"eps": 15, "sgm": 0.005, "ipol": 1, "fmhz": mhz, "klim": 5, "klimx": 0, "mdvarx": 3, "lvar": 5, "kwx": 0}
    prop |= {"hg": [LINK["base_height_m"], LINK["mobile_height_m"]], "pfl": [n, spacing, *z], "wn": mhz / 47.7}
    prop["ens"] = 301 * math.exp(-mean / 9460)
    prop["gme"] = 157e-9 * (1 - 0.04665 * math.exp(prop["ens"] / 179.3))
    zq = complex(15, 376.62 * 0.005 / prop["wn"])
    prop["zgnd"] = cmath.sqrt(zq - 1) / zq
    found, _ = avar(0, 0, 0, qlrpfl(prop))
    return found + 32.45 + 20 * math.log10(mhz) + 20 * math.log10(n * spacing / 1000)


@njit(nogil=True)
def _all(heights, counts, spacings, link, row, deviates):
    out = np.empty(counts.size)
    scratch = np.empty(SCRATCH)
    for i in range(counts.size):
        out[i] = path_loss(heights[i], counts[i], spacings[i], link, row, deviates, 3, scratch)
    return out


def per_profile(dem):
    made = profiles(dem)
    counts, spacings = np.array([len(z) - 1 for z, _ in made]), np.array([spacing for _, spacing in made])
    heights = np.full((len(made), counts.max() + 1), np.nan)
    for i, (z, _) in enumerate(made):
        heights[i, : len(z)] = z
    medium, mhz = Medium(), LINK["frequency_mhz"]
    link = Link(mhz / 47.7, medium.impedance(mhz), 301.0, LINK["base_height_m"], LINK["mobile_height_m"])
    row, deviates = climate_constants(5), medium.deviates()
    ways = {
        "kernel": lambda: _all(heights, counts, spacings, link, row, deviates),
        "itm_loss": lambda: np.array([itm_loss(z, spacing_m=spacing, **LINK) for z, spacing in made]),
    }
    print(f"\n{len(made)} profiles, {counts.mean():.0f} intervals in the mean, {counts.max()} at most")
    if importlib.util.find_spec("itmlogic") is None:
        print("  itmlogic: skipped, not installed (pip install itmlogic)")
    else:
        ways["itmlogic"] = lambda: np.array([by_itmlogic(z, spacing) for z, spacing in made])
    for name in ("kernel", "itm_loss"):
        ways[name]()  # compiled or loaded from the cache before the clock starts
    seconds, answers = interleaved(ways)
    for name in ways:
        off = np.max(np.abs(answers[name] - answers["kernel"]))
        if not off < 0.01:
            raise SystemExit(f"{name} differs by {off:.3f} dB: no timing is worth printing")
        each = seconds[name] / len(made) * 1e6
        print(
            f"  {name:<10} {each:10.1f} µs a profile {seconds[name] / seconds['kernel']:10.1f} × kernel, within {off:.0e} dB"
        )


def whole_field(dem, *, sites=50, cell=100):
    crs = CRS.from_proj4("+proj=laea +lat_0=-30.0535 +lon_0=-51.1975 +datum=WGS84")
    grid = Grid(crs, Affine(cell, 0, -5000, 0, -cell, 5500), (11_000 // cell, 10_000 // cell))
    rng = np.random.default_rng(1)
    x, y = rng.uniform(-4900, 4900, sites), rng.uniform(-5400, 5400, sites)

    def way(allowed):
        return terrain_field(
            x,
            y,
            frequency_mhz=LINK["frequency_mhz"],
            base_height_m=LINK["base_height_m"],
            allowed_db=np.full((sites, 3), allowed),
            max_m=15_000.0,
            person_class=np.zeros(grid.shape, dtype=int),
            grid=grid,
            dem=dem,
        )

    way(100.0)
    print(f"\n{sites} sites on {grid.ny}×{grid.nx} cells of {cell} m, 4 × 4 samples, ranges of 15 km")
    for allowed in (90.0, 100.0, 110.0, 120.0):
        seconds, answers = interleaved({"field": lambda allowed=allowed: way(allowed)}, rounds=3)
        share = answers["field"].fraction.mean()
        print(f"  {allowed:.0f} dB allowed: {share:6.1%} reached {seconds['field']:8.2f} s")


if __name__ == "__main__":
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    if (data / "porto-alegre").is_dir():
        dem = read_dem(data / "porto-alegre" / "poa_elevation.tif", bounds_lonlat=BOUNDS)
        per_profile(dem)
        whole_field(dem)
    else:
        print(f"\nskipped, no {data / 'porto-alegre'}")
