"""Elevation models read, and coverage over terrain: by hand, against a plain loop, and on Porto Alegre's hills."""

from __future__ import annotations

import math
import os

import numpy as np
import pytest
import rasterio
from affine import Affine
from conftest import shared
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer
from scipy.ndimage import map_coordinates

import analysis.radio.terrain as terrain_module
from analysis.radio.itm import Medium, free_space_db, itm_loss, path_loss
from analysis.radio.itm_profile import SCRATCH, Link
from analysis.radio.itm_variability import climate_constants
from analysis.radio.terrain import terrain_field, terrain_loss
from analysis.radio.terrain_kernel import ground_metres
from data.terrain import Dem, read_dem
from geo.errors import GridError, RangeError, SchemaError, SourceError
from geo.grid import Grid

DEGREES = CRS.from_epsg(4326)
LAEA = CRS.from_proj4("+proj=laea +lat_0=-30.05 +lon_0=-51.2 +datum=WGS84")
LINK = {"frequency_mhz": 800.0, "base_height_m": 30.0}


@pytest.fixture(scope="session")
def elevation():
    return shared("porto-alegre") / "poa_elevation.tif"


@pytest.fixture(scope="session")
def hills(elevation):
    with rasterio.open(elevation) as file:
        west, south, east, north = file.bounds
    return read_dem(elevation, bounds_lonlat=(west, south, east, north))


def lattice(rows, cols, cell, *, x=0.0, y=0.0):
    """Grid of square cells around (x, y) in LAEA."""
    return Grid(LAEA, Affine(cell, 0, x - cols * cell / 2, 0, -cell, y + rows * cell / 2), (rows, cols))


def flat_dem(*, km=60, pixel=500, height=20.0):
    """Level ground around the centre, in LAEA itself."""
    size = km * 1000 // pixel
    return Dem(np.full((size, size), height, dtype=np.float32), lattice(size, size, pixel))


def bumpy_dem(seed, *, unknown=0.0):
    """Made-up hills on 0.002° pixels, a share of them unknown."""
    rng = np.random.default_rng(seed)
    heights = np.zeros((90, 100))
    v, u = np.mgrid[:90, :100]
    for k in range(1, 8):
        heights += 60 / k * np.sin(k * u / 11 + rng.uniform(0, 6)) * np.sin(k * v / 9 + rng.uniform(0, 6))
    heights = np.where(rng.random(heights.shape) < unknown, np.nan, heights + 150)
    return Dem(heights.astype(np.float32), Grid(DEGREES, Affine(0.002, 0, -51.3, 0, -0.002, -29.96), heights.shape))


def field(x, y, grid, dem, *, allowed=125.0, max_m=8000.0, kinds=None, **options):
    count = np.size(x)
    return terrain_field(
        x,
        y,
        allowed_db=np.broadcast_to(np.asarray(allowed, dtype=float), (count, 3)),
        max_m=max_m,
        person_class=np.zeros(grid.shape, dtype=int) if kinds is None else kinds,
        grid=grid,
        dem=dem,
        **(LINK | options),
    )


# Reading


def write_dem(path, heights, *, crs=DEGREES, pixel=0.01, west=10.0, north=50.0, **profile):
    bands = heights if heights.ndim == 3 else heights[None]
    settings = {"driver": "GTiff", "count": len(bands), "height": bands.shape[1], "width": bands.shape[2]}
    transform = Affine(pixel, 0, west, 0, -pixel, north)
    with rasterio.open(path, "w", crs=crs.to_wkt(), dtype=bands.dtype, transform=transform, **settings | profile) as f:
        f.write(bands)
    return path


def test_a_window_holds_the_same_heights_as_the_file(elevation, hills):
    dem = read_dem(elevation, bounds_lonlat=(-51.22, -30.08, -51.18, -30.03))
    assert dem.heights.dtype == np.float32
    assert dem.heights.size < hills.heights.size / 4
    row, col = (
        round((hills.grid.north - dem.grid.north) / dem.grid.dy),
        round((dem.grid.west - hills.grid.west) / dem.grid.dx),
    )
    ny, nx = dem.heights.shape
    assert np.array_equal(dem.heights, hills.heights[row : row + ny, col : col + nx])
    west, south, east, north = dem.grid.bounds
    assert west < -51.22 < -51.18 < east
    assert south < -30.08 < -30.03 < north


def test_nodata_is_not_known_and_scale_is_applied(tmp_path):
    heights = np.full((20, 20), 100, dtype=np.int16)
    heights[5, 5] = -32768
    path = write_dem(tmp_path / "d.tif", heights, nodata=-32768)
    with rasterio.open(path, "r+") as file:
        file.scales, file.offsets = [0.1], [3.0]
    dem = read_dem(path, bounds_lonlat=(10.0, 49.8, 10.2, 50.0))
    assert math.isnan(dem.heights[5, 5])
    assert np.nansum(dem.heights == np.float32(13)) == 399


def test_a_projected_model_is_read_in_its_own_crs(tmp_path):
    utm = CRS.from_epsg(32622)
    x, y = Transformer.from_crs(DEGREES, utm, always_xy=True).transform(-51.2, -30.05)
    path = write_dem(
        tmp_path / "d.tif", np.full((80, 80), 7, np.float32), crs=utm, pixel=100, west=x - 4000, north=y + 4000
    )
    dem = read_dem(path, bounds_lonlat=(-51.22, -30.07, -51.18, -30.03))
    assert dem.grid.crs == utm
    assert 40 < dem.heights.shape[0] < 52


@pytest.mark.parametrize(
    ("bounds", "part"),
    [
        ((10.1, 49.85, 10.3, 49.95), "about (49|50)"),
        ((11.0, 49.85, 11.3, 49.95), "all of the region"),
        ((10.15, 49.85, 10.05, 49.95), "west < east"),
        ((49.85, 100.0, 49.95, 100.2), "degrees"),
    ],
)
def test_bounds_that_are_not_covered_are_refused(tmp_path, bounds, part):
    path = write_dem(tmp_path / "d.tif", np.ones((20, 20), np.float32))
    with pytest.raises(SchemaError, match=part):
        read_dem(path, bounds_lonlat=bounds)


@pytest.mark.parametrize(
    ("heights", "part"),
    [
        (np.where(np.eye(20) > 0, -32768, 5).astype(np.int16), "20 heights are not"),
        (np.full((20, 20), np.nan, np.float32), "no height is known"),
        (np.full((20, 20), np.inf, np.float32), "400 heights"),
        (np.ones((3, 20, 20), np.uint8), "3 bands"),
    ],
)
def test_files_that_are_no_elevation_model_are_refused(tmp_path, heights, part):
    path = write_dem(tmp_path / "d.tif", heights)
    with pytest.raises(SchemaError, match=part):
        read_dem(path, bounds_lonlat=(10.0, 49.8, 10.2, 50.0))


def test_too_large_or_missing_or_misfit(tmp_path, monkeypatch):
    path = write_dem(tmp_path / "d.tif", np.ones((20, 20), np.float32))
    monkeypatch.setattr("data.terrain.MAX_CELLS", 100)
    with pytest.raises(SchemaError, match="400 pixels"):
        read_dem(path, bounds_lonlat=(10.0, 49.8, 10.2, 50.0))
    with pytest.raises(SourceError, match="no such file"):
        read_dem(tmp_path / "x.tif", bounds_lonlat=(10.0, 49.8, 10.2, 50.0))
    with pytest.raises(GridError):
        Dem(np.zeros((2, 3), np.float32), lattice(3, 2, 10))


# Distance


@given(st.floats(-70, 70), st.floats(-180, 180), st.floats(0, 360), st.floats(1, 30_000))
def test_ground_distance_equals_the_geodesic(lat, lon, azimuth, metres):
    lon1, lat1, _ = Geod(ellps="WGS84").fwd(lon, lat, azimuth, metres)
    found = ground_metres(*np.radians([lat, lon, lat1, lon1]))
    assert found == pytest.approx(metres, rel=2e-5, abs=1e-3)


# One path


def test_a_path_over_level_ground_is_the_models_own():
    grid, dem = lattice(2, 2, 100), flat_dem()
    path = terrain_loss(0, 0, 3000, 4000, mobile_height_m=1.5, grid=grid, dem=dem, **LINK)
    assert path.distance_m == pytest.approx(5000, rel=1e-6)
    assert path.profile_m == pytest.approx(20)
    plain = itm_loss(path.profile_m, spacing_m=path.spacing_m, mobile_height_m=1.5, **LINK)
    assert path.loss_db == pytest.approx(plain, abs=1e-9)
    assert path.loss_db > path.free_space_db


@given(st.integers(0, 20), st.lists(st.floats(-6000, 6000), min_size=4, max_size=4))
def test_swapping_the_ends_with_their_heights_changes_nothing(seed, ends):
    x0, y0, x1, y1 = ends
    grid, dem = lattice(2, 2, 100), bumpy_dem(seed)
    there = terrain_loss(x0, y0, x1, y1, frequency_mhz=800, base_height_m=30, mobile_height_m=1.5, grid=grid, dem=dem)
    back = terrain_loss(x1, y1, x0, y0, frequency_mhz=800, base_height_m=1.5, mobile_height_m=30, grid=grid, dem=dem)
    assert back.loss_db == pytest.approx(there.loss_db, abs=1e-9)
    assert back.profile_m[::-1] == pytest.approx(there.profile_m, abs=1e-9)


def test_a_path_that_leaves_the_model_is_not_known():
    grid, dem = lattice(2, 2, 100), flat_dem(km=4)
    path = terrain_loss(0, 0, 3000, 0, mobile_height_m=1.5, grid=grid, dem=dem, **LINK)
    assert math.isnan(path.loss_db)
    assert np.isnan(path.profile_m).all()
    with pytest.raises(RangeError, match="5 MHz"):
        terrain_loss(0, 0, 1, 1, frequency_mhz=5, base_height_m=30, mobile_height_m=1.5, grid=grid, dem=dem)
    with pytest.raises(GridError, match="no place"):
        terrain_loss(0, 0, 1e9, 1e9, mobile_height_m=1.5, grid=grid, dem=dem, **LINK)


# Fields


def test_level_ground_gives_a_disc_of_the_radius_where_the_loss_is_allowed():
    dem = flat_dem()
    low, high = 1000.0, 20_000.0
    for _ in range(50):
        middle = 0.5 * (low + high)
        path = terrain_loss(0, 0, middle, 0, mobile_height_m=1.5, grid=dem.grid, dem=dem, **LINK)
        low, high = (middle, high) if path.loss_db <= 125 else (low, middle)
    grid = lattice(150, 150, 200)
    found = field([0.0], [0.0], grid, dem, max_m=25_000.0)
    area = found.fraction.sum() * 0.2**2
    assert area == pytest.approx(math.pi * (low / 1000) ** 2, rel=0.01)
    assert not found.unknown.any()


def test_the_range_cuts_what_the_loss_allows():
    found = field([0.0], [0.0], lattice(60, 60, 200), flat_dem(), allowed=300, max_m=3000.0)
    assert found.fraction.sum() * 0.2**2 == pytest.approx(math.pi * 9, rel=0.01)


def plain_field(x, y, grid, dem, *, allowed, max_m, kinds, steps):
    """The same question by a loop over sites and samples with pyproj's geodesics and scipy's bilinear heights."""
    to_degrees = Transformer.from_crs(grid.crs, DEGREES, always_xy=True)
    geod = Geod(ellps="WGS84")
    sites = [to_degrees.transform(*site) for site in zip(x, y, strict=True)]
    link, scratch = Link(800 / 47.7, Medium().impedance(800), 301.0, 30.0, 1.5), np.empty(SCRATCH)
    fraction, unknown, slack = np.zeros(grid.shape), np.zeros(grid.shape), np.zeros(grid.shape)
    for row in range(grid.ny):
        for col in range(grid.nx):
            for k in range(steps**2):
                px = grid.west + (col + (k % steps + 0.5) / steps) * grid.dx
                py = grid.north - (row + (k // steps + 0.5) / steps) * grid.dy
                losses, near = [], False
                lon1, lat1 = to_degrees.transform(px, py)
                for s, (lon0, lat0) in enumerate(sites):
                    metres = geod.inv(lon0, lat0, lon1, lat1)[2]
                    near |= abs(metres - max_m[s]) < 1
                    if metres > max_m[s]:
                        continue
                    u = (np.array([lon0, lon1]) - dem.grid.west) / dem.grid.dx
                    v = (dem.grid.north - np.array([lat0, lat1])) / dem.grid.dy
                    n = max(math.ceil(math.hypot(*np.diff(u), *np.diff(v))), 2)
                    places = [np.linspace(*v, n + 1) - 0.5, np.linspace(*u, n + 1) - 0.5]
                    z = map_coordinates(dem.heights.astype(float), places, order=1, mode="nearest")
                    limit = allowed[s][kinds[row, col]]
                    loss = path_loss(z, n, max(metres, 10) / n, link, climate_constants(5), np.zeros(3), 3, scratch)
                    if math.isnan(loss):  # a site that not even free space lets through is not asked
                        free = float(free_space_db(max(metres, 10), 800))
                        near |= abs(free - limit) < 0.2
                        loss = math.nan if free <= limit else math.inf
                    near |= abs(loss - limit) < 0.01
                    losses.append(loss - limit)
                good = any(value <= 0 for value in losses)
                fraction[row, col] += good / steps**2
                unknown[row, col] += (not good and any(math.isnan(v) for v in losses)) / steps**2
                slack[row, col] += near / steps**2
    return fraction, unknown, slack


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_the_field_equals_a_plain_loop(seed, monkeypatch):
    monkeypatch.setattr(terrain_module, "STRIP_SAMPLES", 100)
    rng = np.random.default_rng(seed)
    grid, dem = lattice(8, 37, 330), bumpy_dem(seed, unknown=0.01)
    x, y = rng.uniform(-6500, 6500, 6), rng.uniform(-1500, 1500, 6)
    allowed, max_m = rng.uniform(95, 125, (6, 3)), rng.uniform(500, 6000, 6)
    kinds = rng.integers(0, 3, grid.shape)
    found = field(x, y, grid, dem, allowed=allowed, max_m=max_m, kinds=kinds, steps=2)
    fraction, unknown, slack = plain_field(x, y, grid, dem, allowed=allowed, max_m=max_m, kinds=kinds, steps=2)
    assert 0.05 < fraction.mean() < 0.95
    assert (np.abs(found.fraction - fraction) <= slack + 1e-12).all()
    assert (np.abs(found.unknown - unknown) <= slack + 1e-12).all()
    assert unknown.any()
    assert slack.mean() < 0.02


@pytest.mark.parametrize("crs", ["ESRI:54009", "EPSG:6933", "EPSG:3035"])
def test_circles_on_the_ground_are_not_cut_by_a_stretched_grid(crs):
    """Level ground, generous loss: every sample within the range is reached, whatever the projection does to circles."""
    lon, lat = 18.0, 62.0
    there = Transformer.from_crs(DEGREES, crs, always_xy=True)
    x, y = there.transform(lon, lat)
    grid = Grid(CRS(crs), Affine(500, 0, x - 30_000, 0, -500, y + 30_000), (120, 120))
    dem = Dem(
        np.zeros((300, 500), np.float32), Grid(DEGREES, Affine(0.005, 0, lon - 1.25, 0, -0.005, lat + 0.75), (300, 500))
    )
    found = field([x], [y], grid, dem, allowed=300, max_m=12_000.0, steps=1)
    px, py = grid.centres(np.arange(grid.size))
    to_lon, to_lat = there.transform(px, py, direction="INVERSE")
    metres = Geod(ellps="WGS84").inv(np.full(grid.size, lon), np.full(grid.size, lat), to_lon, to_lat)[2]
    sure = np.abs(metres - 12_000) > 1
    assert np.array_equal(found.fraction.ravel()[sure] > 0, metres[sure] < 12_000)
    assert found.fraction.sum() * 0.25 == pytest.approx(math.pi * 144, rel=0.02)


@settings(max_examples=15)
@given(st.integers(0, 5), st.integers(0, 10_000))
def test_another_site_never_takes_coverage_away(terrain, seed):
    rng = np.random.default_rng(seed)
    grid, dem = lattice(12, 12, 500), bumpy_dem(terrain, unknown=0.002)
    x, y = rng.uniform(-3000, 3000, 3), rng.uniform(-3000, 3000, 3)
    fewer = field(x[:2], y[:2], grid, dem, allowed=118, steps=2)
    more = field(x, y, grid, dem, allowed=118, steps=2)
    assert (more.fraction >= fewer.fraction).all()
    assert (fewer.fraction + fewer.unknown <= 1).all()
    louder = field(x[:2], y[:2], grid, dem, allowed=121, steps=2)
    assert (louder.fraction >= fewer.fraction).all()


@settings(max_examples=10)
@given(st.permutations(range(6)))
def test_the_order_of_sites_changes_nothing(order):
    rng = np.random.default_rng(4)
    grid, dem = lattice(12, 12, 500), bumpy_dem(2, unknown=0.002)
    x, y, allowed = rng.uniform(-3000, 3000, 6), rng.uniform(-3000, 3000, 6), rng.uniform(100, 125, (6, 3))
    first = field(x, y, grid, dem, allowed=allowed, steps=2)
    again = field(x[order], y[order], grid, dem, allowed=allowed[order], steps=2)
    assert np.array_equal(first.fraction, again.fraction)
    assert np.array_equal(first.unknown, again.unknown)
    assert 0 < first.fraction.mean() < 1
    assert first.unknown.any()


def test_threads_and_strips_change_nothing(monkeypatch):
    rng = np.random.default_rng(4)
    grid, dem = lattice(30, 30, 200), bumpy_dem(2, unknown=0.002)
    x, y = rng.uniform(-3000, 3000, 6), rng.uniform(-3000, 3000, 6)
    first = field(x, y, grid, dem, allowed=115)
    for threads, samples in ((1, 10**9), (7, 1)):
        monkeypatch.setattr(os, "cpu_count", lambda threads=threads: threads)
        monkeypatch.setattr(terrain_module, "STRIP_SAMPLES", samples)
        again = field(x, y, grid, dem, allowed=115)
        assert np.array_equal(first.fraction, again.fraction)
        assert np.array_equal(first.unknown, again.unknown)


def test_unknown_ground_makes_unknown_coverage_and_never_none():
    dem = flat_dem(km=20, pixel=100)
    heights = dem.heights.copy()
    heights[:, 150:] = np.nan  # east of 5 km
    grid = lattice(40, 40, 400)
    known = field([0.0], [0.0], grid, dem, allowed=300)
    found = field([0.0], [0.0], grid, Dem(heights, dem.grid), allowed=300)
    x, _ = grid.centres(np.arange(grid.size).reshape(grid.shape))
    east, west = x > 5200, x < 4700
    assert np.array_equal(found.fraction[west], known.fraction[west])
    assert not found.fraction[east].any()
    assert np.array_equal(found.unknown[east], known.fraction[east])
    assert known.fraction[east].any()


def test_a_site_too_weak_in_free_space_leaves_nothing_unknown():
    dem = flat_dem(km=20, pixel=100)
    heights = np.full_like(dem.heights, np.nan)
    found = field([0.0], [0.0], lattice(40, 40, 400), Dem(heights, dem.grid), allowed=[-math.inf] * 3)
    assert not found.unknown.any()
    assert not found.fraction.any()


def test_each_class_has_its_own_limit():
    grid = lattice(10, 10, 1000)
    kinds = np.tile(np.arange(10) % 3, (10, 1))
    found = field([0.0], [0.0], grid, flat_dem(), allowed=[[300, -math.inf, 300]], kinds=kinds, max_m=20_000.0)
    assert np.array_equal(found.fraction, (kinds != 1).astype(float))


def test_no_sites_reach_nobody():
    found = field(np.array([]), np.array([]), lattice(3, 3, 500), flat_dem())
    assert not found.fraction.any()
    assert not found.unknown.any()


def test_every_fault_of_the_sites_is_listed():
    grid, dem = lattice(3, 3, 500), flat_dem()
    with pytest.raises(RangeError) as caught:
        terrain_field(
            [0.0, math.nan],
            [0.0],
            frequency_mhz=800,
            base_height_m=30,
            allowed_db=np.full((1, 3), np.nan),
            max_m=1e6,
            person_class=np.full(grid.shape, 5),
            grid=grid,
            dem=dem,
            steps=0,
        )
    for part in (
        "x: 1 values are not finite",
        "y: 1 values for 2",
        "allowed_db: shape",
        "max_m",
        "0 to 2, not 5",
        "steps",
    ):
        assert part in str(caught.value)
    with pytest.raises(RangeError, match="3 MHz"):
        field([0.0], [0.0], grid, dem, frequency_mhz=3)
    with pytest.raises(RangeError, match="1 sites lie beyond"):
        field([0.0, 1e9], [0.0, 0.0], grid, dem)
    with pytest.raises(RangeError, match="climate 0"):
        field([0.0], [0.0], grid, dem, medium=Medium(climate=0))
    with pytest.raises(TypeError):
        field([0.0], [0.0], grid, dem, step=2)


# Porto Alegre


def test_behind_a_ridge_of_porto_alegre_coverage_is_lost(hills):
    """Bases around the highest hill, people 2 km beyond it: those who lose sight by 30 m lose what level ground gives."""
    row, col = np.unravel_index(np.argmax(hills.heights), hills.heights.shape)
    lon, lat = hills.grid.west + (col + 0.5) * hills.grid.dx, hills.grid.north - (row + 0.5) * hills.grid.dy
    x, y = Transformer.from_crs(DEGREES, LAEA, always_xy=True).transform(lon, lat)
    level = Dem(np.full_like(hills.heights, np.median(hills.heights)), hills.grid)
    hidden = 0
    for angle in np.radians(np.arange(0, 360, 30)):
        base = (x + 2000 * math.cos(angle), y + 2000 * math.sin(angle))
        beyond = (x - 2000 * math.cos(angle), y - 2000 * math.sin(angle))
        grid = lattice(5, 5, 100, x=beyond[0], y=beyond[1])
        over, without = (
            terrain_loss(*base, *beyond, mobile_height_m=1.5, grid=grid, dem=dem, **LINK) for dem in (hills, level)
        )
        sight = np.linspace(over.profile_m[0] + 30, over.profile_m[-1] + 1.5, over.profile_m.size)
        if not (over.profile_m - sight).max() > 30:  # in sight, or beyond the model's edge
            continue
        hidden += 1
        assert over.loss_db > without.loss_db + 6
        allowed = 0.5 * (over.loss_db + without.loss_db)
        cell = grid.locate(*beyond)
        shares = [field([base[0]], [base[1]], grid, dem, allowed=allowed).fraction.flat[cell] for dem in (hills, level)]
        assert shares[0] < shares[1]
    assert hidden >= 3
