"""Which cells a disc reaches, and where discs reach most people."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from analysis.invest.reach import disc_cells, spread
from geo.grid import Grid

LAEA = CRS.from_proj4("+proj=laea +lat_0=50 +lon_0=10 +ellps=WGS84")  # true shapes at its centre


def grid(ny=10, nx=10, size=1000.0):
    return Grid(LAEA, Affine(size, 0, 0, 0, -size, ny * size), (ny, nx))


def test_disc_inside_one_cell():
    index, cell, fraction = disc_cells([5500], [4500], 100, grid())
    assert index.tolist() == [0]
    assert cell.tolist() == [55]
    assert fraction[0] == pytest.approx(np.pi * 0.01, rel=1e-5)


def test_disc_on_a_corner_and_beyond_the_grid():
    index, cell, fraction = disc_cells([5000, 0, -5000], [5000, 10_000, 0], [990, 500, 100], grid())
    assert index.tolist() == [0, 0, 0, 0, 1]
    assert cell.tolist() == [44, 45, 54, 55, 0]
    assert fraction == pytest.approx([np.pi / 4 * 0.99**2] * 4 + [np.pi / 16], rel=1e-3)


def test_radius_is_in_metres():
    feet = Grid(CRS("EPSG:2263"), Affine(1000, 0, 900_000, 0, -1000, 200_000), (9, 9))
    _, _, fraction = disc_cells([904_500], [195_500], 30.48006096, feet)
    assert fraction.sum() == pytest.approx(np.pi * 100**2 / 1000**2, rel=1e-4)


@given(
    st.floats(-2000, 12_000),
    st.floats(-2000, 9_000),
    st.floats(1, 4000),
    st.sampled_from([(1000.0, 1000.0), (700.0, 300.0)]),
)
@settings(max_examples=50)
def test_discs_against_exact_clipping(x, y, radius, size):
    dx, dy = size
    lattice = Grid(LAEA, Affine(dx, 0, 0, 0, -dy, 7000), (7, 10))
    disc = shapely.Point(x, y).buffer(radius, quad_segs=512)  # LAEA at its centre: true shapes
    _, cell, fraction = disc_cells([x], [y], radius, lattice)
    assert np.all((fraction > 0) & (fraction <= 1))
    assert np.all(np.diff(cell) > 0)
    expected = np.zeros(lattice.size)
    cx, cy = lattice.centres(np.arange(lattice.size))
    boxes = shapely.box(cx - dx / 2, cy - dy / 2, cx + dx / 2, cy + dy / 2)
    expected = shapely.area(shapely.intersection(boxes, disc)) / (dx * dy)
    found = np.zeros(lattice.size)
    found[cell] = fraction
    assert found == pytest.approx(expected, abs=1e-3 * max(1.0, radius / min(dx, dy)))


def picks(people, *, radius_m, most):
    people = np.asarray(people, dtype=np.float64)
    ids = np.arange(people.size)
    return spread(
        ids, people.ravel(), radius_m=np.full(people.size, float(radius_m)), grid=grid(*people.shape), most=most
    ).tolist()


def test_spread_by_hand():
    # radius 1000 m: a cell and its four neighbours. Best centre: the middle 10 with 5 + 6 + 4 + 3 around it;
    # then 9 alone, reached from cell 7 (first in order), 10 or 11: cell 7 wins the tie
    table = [[0, 5, 0, 0], [6, 10, 4, 0], [0, 3, 0, 9]]
    assert picks(table, radius_m=1000, most=9) == [5, 7]
    assert picks(table, radius_m=1000, most=1) == [5]
    assert picks([[0.0, 0.0]], radius_m=1000, most=3) == []


@given(st.integers(0, 10_000))
@settings(max_examples=40)
def test_spread_against_a_plain_search(seed):
    rng = np.random.default_rng(seed)
    lattice = grid(7, 8)
    ids = np.flatnonzero(rng.random(56) < 0.7)
    if not ids.size:
        return
    people = rng.integers(0, 9, ids.size).astype(float)
    radius = rng.choice([400.0, 1000.0, 1500.0, 2300.0], ids.size)
    found = spread(ids, people, radius_m=radius, grid=lattice, most=6)
    x, y = lattice.centres(ids)
    near = np.hypot(x[:, None] - x, y[:, None] - y) <= radius[:, None] + 1e-6
    left, expected = people.copy(), []
    while len(expected) < 6 and (near @ left).max() > 0:
        expected.append(int(np.argmax(near @ left)))
        left[near[expected[-1]]] = 0
    assert found.tolist() == expected
