"""Circles are true on the ground, whatever the projection does to shapes."""

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer

from geo.burn import covered_fraction
from geo.discs import disc_fractions
from geo.grid import Grid
from geo.ground import ground_discs, ground_ellipses

MOLLWEIDE = CRS("ESRI:54009")


def grid_at(lon, lat, size=1000.0, n=20):
    x, y = Transformer.from_crs(4326, MOLLWEIDE, always_xy=True).transform(lon, lat)
    return Grid(MOLLWEIDE, Affine(size, 0, x - n * size / 2, 0, -size, y + n * size / 2), (n, n)), x, y


@given(lon=st.floats(-170, 170), lat=st.floats(-60, 70), radius=st.floats(50, 9000))
def test_area_is_the_circles_and_every_corner_is_equally_far(lon, lat, radius):
    grid, x, y = grid_at(lon, lat)
    disc = ground_discs([x], [y], radius, grid)[0]
    # Mollweide is a spherical projection: true areas within 0.7 % of the ellipsoid's
    assert disc.area == pytest.approx(np.pi * radius**2, rel=8e-3)
    back = Transformer.from_crs(MOLLWEIDE, 4326, always_xy=True)
    clon, clat = back.transform(x, y)
    corners = np.array(disc.exterior.coords)
    plon, plat = back.transform(corners[:, 0], corners[:, 1])
    n = len(corners)
    _, _, distance = Geod(ellps="WGS84").inv(np.full(n, clon), np.full(n, clat), plon, plat)
    assert distance == pytest.approx(np.full(n, radius * 1.0002), rel=1e-3)


def test_mollweide_stretches_accra_as_tissot_says():
    grid, x, y = grid_at(-0.2, 5.6)
    disc = ground_discs([x], [y], 1000, grid)[0]
    rectangle = np.array(shapely.minimum_rotated_rectangle(disc).exterior.coords)
    sides = sorted(np.hypot(*np.diff(rectangle[:3], axis=0).T))
    assert sides[1] / sides[0] == pytest.approx(1.11 / 0.90, rel=0.01)


@pytest.mark.parametrize(("lon", "lat"), [(-0.2, 5.6), (25, 60), (140, 36), (-71, -33)])
def test_sampled_ellipses_are_the_polygons(lon, lat):
    grid, x, y = grid_at(lon, lat)
    xs, ys = np.array([x, x + 2300.0, x - 4000]), np.array([y, y + 800.0, y - 3100])
    radius = np.array([2500.0, 1200.0, 3300.0])
    exact = covered_fraction(ground_discs(xs, ys, radius, grid), grid)
    sampled = disc_fractions(xs, ys, radius, grid, on_ground=True)
    assert np.abs(sampled - exact).max() < 0.03
    assert sampled.sum() == pytest.approx(exact.sum(), rel=3e-3)
    assert (sampled[exact > 0.9999] > 0.99).all()
    assert not sampled[exact == 0].any()


def test_an_undistorted_grid_keeps_its_circles():
    laea = CRS.from_proj4("+proj=laea +lat_0=10 +lon_0=20 +ellps=WGS84")
    grid = Grid(laea, Affine(1000, 0, -5000, 0, -1000, 5000), (10, 10))
    ru, rv, shear = ground_ellipses([0.0], [0.0], grid)
    assert (ru[0], rv[0], shear[0]) == pytest.approx((0.001, 0.001, 0), abs=1e-7)


def test_radius_zero_reaches_nothing():
    grid, x, y = grid_at(0, 0)
    assert ground_discs([x], [y], 0, grid)[0].is_empty
    assert not disc_fractions([x], [y], 0, grid, on_ground=True).any()
