"""The probability field: one site is its curve, more sites are the best of them, whatever their order."""

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer

from analysis.radio.budget import coverage_probability, link, radius_m
from analysis.radio.field import LEAST, curves, probability_field
from data.coverage import RADIUS_CLASSES
from data.radio import read_propagation, read_site_links
from geo.errors import GridError, RangeError
from geo.grid import Grid

SITES, PROPAGATION = read_site_links(), read_propagation()
STEP = 25.0
FLAT = CRS.from_proj4("+proj=laea +lat_0=10 +lon_0=20 +ellps=WGS84")
CURVES = {v: curves(SITES, PROPAGATION, technology="4G", variant=v) for v in ("low", "central", "high")}


def flat(size=1000.0, n=20, m=None):
    m = n if m is None else m
    return Grid(FLAT, Affine(size, 0, -size * n / 2, 0, -size, size * m / 2), (m, n))


def field(x, y, own, person, grid, *, table=None, **more):
    table = CURVES["central"] if table is None else table
    return probability_field(x, y, site_class=own, person_class=person, curves=table, step_m=STEP, grid=grid, **more)


def brute(x, y, own, person, table, grid, steps=4):
    """Every midpoint against every site, in metres of a plane: no strips, no pruning."""
    part = (np.arange(grid.nx * steps) + 0.5) / steps * grid.dx + grid.west
    down = grid.north - (np.arange(grid.ny * steps) + 0.5) / steps * grid.dy
    px, py = np.meshgrid(part, down)
    around = np.kron(person, np.ones((steps, steps), dtype=int))
    best = np.zeros(px.shape)
    at = np.arange(table.shape[2] + 1) * STEP
    for sx, sy, c in zip(x, y, own, strict=True):
        distance = np.hypot(px - sx, py - sy)
        for p in range(3):
            values = np.interp(distance, at, np.append(table[c, p], 0.0), right=0.0)
            best = np.maximum(best, np.where(around == p, values, 0.0))
    return best.reshape(grid.ny, steps, grid.nx, steps).mean(axis=(1, 3))


def test_a_cone_by_hand():
    # falls from 1 to 0 over 1 km; one cell of 100 m, one sample at its centre, 300 m east of the site
    table = np.broadcast_to(np.linspace(1, 0, 41), (3, 3, 41))
    grid = flat(100.0, n=1)
    found = field([-300.0], [0.0], [0], np.zeros((1, 1), int), grid, table=table, steps=1)
    assert found[0, 0] == pytest.approx(0.7, abs=1e-5)
    # a second site at 100 m is the better one; the two do not add up
    found = field([-300.0, 0.0], [0.0, 100.0], [0, 2], np.zeros((1, 1), int), grid, table=table, steps=1)
    assert found[0, 0] == pytest.approx(0.9, abs=1e-5)


def test_curves_are_the_probability_of_each_pair_and_never_rise():
    table = CURVES["central"]
    assert table.shape[:2] == (3, 3)
    assert (np.diff(table, axis=2) <= 0).all()
    assert table[:, :, -1].max() == 0
    assert table[:, :, -2].max() >= LEAST
    for i, own in enumerate(RADIUS_CLASSES):
        for j, person in enumerate(RADIUS_CLASSES):
            one = link(SITES, PROPAGATION, technology="4G", site_class=own, person_class=person, variant="central")
            exact = coverage_probability(one, np.arange(table.shape[2]) * STEP / 1000)
            assert np.abs(table[i, j] - np.where(exact < LEAST, 0, exact)).max() < 2e-3
            # 90 % lies where the radius says
            k = int(np.flatnonzero(table[i, j] < 0.9)[0])
            assert (k - 1) * STEP - 1e-6 <= radius_m(one) <= k * STEP + 1e-6


@pytest.mark.parametrize("size", [250.0, 1000.0])
def test_one_site_is_its_curve(size):
    grid, person = flat(size, n=60), np.zeros((60, 60), int)
    person[:, 20:40], person[30:, :] = 1, 2
    x, y = [size * 0.3], [-size * 0.2]
    for own in range(3):
        found = field(x, y, [own], person, grid)
        assert found == pytest.approx(brute(x, y, [own], person, CURVES["central"], grid), abs=2e-4)
        assert found.max() > 0.9


@settings(max_examples=25)
@given(data=st.data(), n=st.integers(1, 12), steps=st.integers(1, 5))
def test_many_sites_are_the_best_of_them(data, n, steps):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    grid = flat(500.0, n=14, m=9)
    x, y = rng.uniform(-6000, 6000, n), rng.uniform(-5000, 5000, n)
    own, person = rng.integers(0, 3, n), rng.integers(0, 3, grid.shape)
    found = field(x, y, own, person, grid, steps=steps)
    assert found == pytest.approx(brute(x, y, own, person, CURVES["central"], grid, steps), abs=1e-3)
    turn = rng.permutation(n)
    again = field(x[turn], y[turn], own[turn], person, grid, steps=steps)
    assert again.tobytes() == found.tobytes()
    # a site more, or a curve that ends later, never takes any away
    fewer = field(x[1:], y[1:], own[1:], person, grid, steps=steps)
    assert (found >= fewer).all()
    short = CURVES["central"][:, :, :120]
    assert (field(x, y, own, person, grid, table=short, steps=steps) <= found + 1e-15).all()


def test_louder_sites_never_serve_less():
    rng = np.random.default_rng(7)
    grid = flat(1000.0, n=30)
    x, y, own = rng.uniform(-9000, 9000, 15), rng.uniform(-9000, 9000, 15), rng.integers(0, 3, 15)
    person = rng.integers(0, 3, grid.shape)
    before = field(x, y, own, person, grid)
    for louder in (
        SITES.assign(eirp_dbm=SITES["eirp_dbm"] + 3),
        SITES.assign(threshold_dbm=SITES["threshold_dbm"] - 3),
    ):
        table = curves(louder, PROPAGATION, technology="4G", variant="central")
        after = field(x, y, own, person, grid, table=table)
        assert (after >= before - 1e-12).all()
        assert after.sum() > before.sum()


def test_strips_leave_no_seam(monkeypatch):
    rng = np.random.default_rng(3)
    grid = flat(1000.0, n=40)
    x, y, own = rng.uniform(-2e4, 2e4, 30), rng.uniform(-2e4, 2e4, 30), rng.integers(0, 3, 30)
    person = rng.integers(0, 3, grid.shape)
    whole = field(x, y, own, person, grid)
    monkeypatch.setattr("analysis.radio.field._STRIP_SAMPLES", 40 * 16 * 3)
    assert np.abs(field(x, y, own, person, grid) - whole).max() < 1e-12


@pytest.mark.parametrize(("lon", "lat"), [(-0.2, 5.6), (25.0, 60.0)])
def test_distances_are_those_on_the_ground(lon, lat):
    """Mollweide stretches and shears: geodesics (PROJ) are the oracle."""
    crs = CRS("ESRI:54009")
    there = Transformer.from_crs(4326, crs, always_xy=True)
    x, y = there.transform(lon, lat)
    grid = Grid(crs, Affine(500, 0, x - 10000, 0, -500, y + 10000), (40, 40))
    found = field([x], [y], [2], np.full(grid.shape, 2), grid, steps=1)
    px, py = np.meshgrid(grid.west + (np.arange(40) + 0.5) * 500, grid.north - (np.arange(40) + 0.5) * 500)
    clon, clat = there.transform(px, py, direction="INVERSE")
    _, _, metres = Geod(ellps="WGS84").inv(np.full(px.shape, lon), np.full(px.shape, lat), clon, clat)
    table = CURVES["central"][2, 2]
    exact = np.interp(metres, np.arange(table.size) * STEP, table)
    near = metres < 8000
    assert np.abs(found - exact)[near].max() < 0.01


def test_nobody_sends_nobody_hears():
    grid, person = flat(n=5), np.zeros((5, 5), int)
    assert not field([], [], [], person, grid).any()
    assert not field([0.0], [0.0], [0], person, grid, table=np.zeros((3, 3, 4))).any()
    assert not field([1e6], [1e6], [0], person, grid).any()


def test_impossible_questions_raise():
    grid, person = flat(n=5), np.zeros((5, 5), int)
    for x, own, people, message in (
        ([0.0, 1.0], [0], person, "one each"),
        ([np.nan], [0], person, "finite"),
        ([0.0], [3], person, "classes of sites"),
        ([0.0], [0], person - 1, "classes of people"),
        ([0.0], [0], person[:4], "shape"),
    ):
        with pytest.raises(GridError, match=message):
            field(x, [0.0], own, people, grid)
    with pytest.raises(GridError, match="steps"):
        field([0.0], [0.0], [0], person, grid, steps=17)
    rising = np.broadcast_to(np.array([0.1, 0.5, 0.0]), (3, 3, 3))
    for table in (rising, rising + np.nan, -rising, np.zeros((3, 3)), np.zeros((2, 3, 4))):
        with pytest.raises(RangeError, match="curves"):
            field([0.0], [0.0], [0], person, grid, table=table)
    for step in (0.0, -1.0, np.nan):
        with pytest.raises(RangeError, match="step"):
            curves(SITES, PROPAGATION, technology="4G", variant="low", step_m=step)
