"""Discs on cells: by hand, against quadrature and shapely's exact unions, and nothing ever taken away by more discs."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyproj import CRS
from scipy.integrate import quad

from geo import discs
from geo.burn import covered_fraction
from geo.discs import disc_fractions
from geo.errors import GridError
from geo.grid import Grid
from geo.ground import ground_ellipses

LAEA, MOLLWEIDE = CRS(3035), CRS("ESRI:54009")
ACCRA = (-19_000, 682_000)


def square(n, size=1.0, crs=LAEA, corner=(0.0, 0.0)):
    """n × n cells with their south-west corner at `corner`."""
    return Grid(crs, Affine(size, 0, corner[0], 0, -size, corner[1] + n * size), (n, n))


def by_quadrature(x, y, radius, grid, cell):
    """Oracle: the chord within one cell, integrated numerically between every kink."""
    cx, cy = (float(a) for a in grid.centres(cell))
    west, east, south, north = cx - grid.dx / 2, cx + grid.dx / 2, cy - grid.dy / 2, cy + grid.dy / 2

    def chord(at):
        half = np.sqrt(max(radius**2 - (at - y) ** 2, 0))
        return max(min(x + half, east) - max(x - half, west), 0)

    kinks = [y + s * np.sqrt(radius**2 - (side - x) ** 2) for side in (west, east) for s in (-1, 1)
             if abs(side - x) < radius]  # fmt: skip
    low, high = max(south, y - radius), min(north, y + radius)
    if low >= high:
        return 0.0
    ends = [low, *sorted(k for k in kinks if low < k < high), high]
    pieces = pairwise(ends)
    area = sum(quad(chord, a, b, epsabs=1e-14, epsrel=1e-13, limit=200, full_output=1)[0] for a, b in pieces)
    return area / (grid.dx * grid.dy)


def exact_union(x, y, radius, grid, corners=2000):
    """Oracle: polygons of the discs' own areas, dissolved by shapely and laid on the cells exactly."""
    turn = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    same = np.sqrt(turn[1] / np.sin(turn[1]))
    ring = np.column_stack([np.cos(turn), np.sin(turn)]) * same
    centres = np.column_stack([x, y])[:, None]
    return covered_fraction(shapely.polygons(ring * np.reshape(radius, (-1, 1, 1)) + centres), grid)


def test_a_quarter_and_a_half_disc_by_hand():
    grid = square(2)
    assert disc_fractions([0], [0], 1, grid)[1, 0] == pytest.approx(np.pi / 4, rel=1e-15)
    assert disc_fractions([1], [0], 1, grid)[1] == pytest.approx([np.pi / 4, np.pi / 4], rel=1e-15)
    assert disc_fractions([0.5], [0.5], 0.25, grid).tolist() == [[0, 0], [pytest.approx(np.pi / 16, rel=1e-15), 0]]
    cap = np.pi / 12 - np.sqrt(3) / 16  # a sector of 120° of radius ½ less its triangle lies beyond a line at ¼
    assert disc_fractions([0.75], [0.5], 0.5, grid)[1, 1] == pytest.approx(cap, rel=1e-14)


def test_discs_fill_cells_whole_and_leave_far_ones_empty():
    covered = disc_fractions([2.5], [2.5], 1.6, square(5))
    assert covered[2, 2] == 1  # farthest corner at 0.71
    assert (covered[[0, 0, 4, 4], [0, 4, 0, 4]] == 0).all()  # nearest corner at 2.12
    assert covered[1, 2] == 1  # farthest corner at sqrt(0.5² + 1.5²) = 1.58
    assert 0 < covered[0, 2] < 0.1
    np.testing.assert_allclose(covered, covered.T, rtol=1e-11)


@pytest.mark.parametrize("size", [100, 250, 1000])
@pytest.mark.parametrize("radius", [200, 300, 1000, 7350, 30_000])
def test_the_area_of_one_site_is_the_circles(size, radius):
    n = 2 * radius // size + 4
    covered = disc_fractions([n * size / 2 + 0.37 * size], [n * size / 2 - 0.11 * size], radius, square(n, size))
    assert covered.sum() * size**2 == pytest.approx(np.pi * radius**2, rel=1e-12)


@pytest.mark.parametrize("size", [100, 250, 1000])
@pytest.mark.parametrize("radius", [200, 300, 1000, 7350, 30_000])
def test_the_area_of_one_site_on_the_ground_is_the_circles(size, radius):
    n = 2 * radius * 5 // 4 // size + 4
    corner = (ACCRA[0] - n * size * 0.501, ACCRA[1] - n * size * 0.503)
    covered = disc_fractions([ACCRA[0]], [ACCRA[1]], radius, square(n, size, MOLLWEIDE, corner), on_ground=True)
    # Mollweide is a spherical projection: areas at 5° N are 0.66 % larger than on the ellipsoid
    assert covered.sum() * size**2 == pytest.approx(np.pi * radius**2, rel=8e-3)


def test_a_300_m_footprint_is_not_rounded():
    covered = disc_fractions([1500], [1500], 300, square(3, 1000))
    assert covered[1, 1] == pytest.approx(np.pi * 0.09, rel=1e-12)
    assert np.count_nonzero(covered) == 1


@settings(max_examples=60)
@given(
    x=st.floats(-2, 6), y=st.floats(-2, 6), radius=st.floats(1e-3, 40), dx=st.floats(0.3, 2),
    cell=st.integers(0, 15),
)  # fmt: skip
@example(x=-1e5, y=1.7, radius=1e5 + 1.3, dx=1.0, cell=9)
def test_one_disc_equals_quadrature(x, y, radius, dx, cell):
    grid = Grid(LAEA, Affine(dx, 0, 0, 0, -1, 4), (4, 4))
    found = disc_fractions([x], [y], radius, grid).ravel()[cell]
    assert found == pytest.approx(by_quadrature(x, y, radius, grid, cell), rel=1e-9, abs=1e-10)


@pytest.mark.parametrize(
    ("x", "y", "radius"),
    [
        (0.5, 0.5, 0.5),
        (1, 1, 1),
        (1.5, 1.5, np.sqrt(0.5)),
        (1.25, 1.75, 0.25),
        (2, 2, 2),
        (2, 1.5, 0.5),
        (3.7, 0.3, 0.3),
    ],
)
def test_discs_that_graze_sides_and_corners(x, y, radius):
    covered = disc_fractions([x], [y], radius, square(4))
    expected = [by_quadrature(x, y, radius, square(4), cell) for cell in range(16)]
    np.testing.assert_allclose(covered.ravel(), expected, atol=1e-12)
    assert covered.sum() == pytest.approx(np.pi * radius**2, rel=1e-12)


def test_an_ellipse_on_the_ground_is_its_polygon():
    grid = square(24, 1000, MOLLWEIDE, (-10_519_300, 4_000_700))  # sheared: 42° N, far from the middle meridian
    x, y = grid.bounds[0] + 11_830, grid.bounds[1] + 12_240
    ru, rv, shear = (float(a[0]) for a in ground_ellipses([x], [y], grid))
    assert abs(shear) > 0.3
    for radius in (150.0, 2300.0, 7900.0):
        turn = np.linspace(0, 2 * np.pi, 200_000, endpoint=False)
        down = radius * rv * np.sin(turn)
        ring = np.column_stack([x + 1000 * (radius * ru * np.cos(turn) + shear * down), y - 1000 * down])
        exact = covered_fraction([shapely.Polygon(ring)], grid)
        np.testing.assert_allclose(disc_fractions([x], [y], radius, grid, on_ground=True), exact, atol=1e-8)
        assert exact.max() > 0


@pytest.mark.parametrize(("count", "low", "high"), [(60, 0.3, 6), (400, 0.2, 2), (3000, 0.1, 0.6), (300, 0.05, 0.3)])
def test_unions_are_near_the_exact_ones(count, low, high):
    rng = np.random.default_rng(count)
    grid = Grid(LAEA, Affine(1000, 0, 0, 0, -500, 25_000), (50, 50))
    x, y = rng.uniform(-2e3, 52e3, count), rng.uniform(-2e3, 27e3, count)
    radius = 1000 * rng.uniform(low, high, count)
    off = disc_fractions(x, y, radius, grid) - (exact := exact_union(x, y, radius, grid))
    partly = (exact > 0) & (exact < 1)
    assert partly.sum() > 100
    assert np.abs(off).max() < 2e-3
    assert np.abs(off[partly]).mean() < 1e-4
    assert abs(off.sum()) < 1e-5 * exact.sum()


def test_discs_side_by_side_add_up_exactly_and_stacked_ones_nearly():
    across = np.arange(0.05, 1, 0.1)
    assert disc_fractions(across, 0.43, 0.05, square(1))[0, 0] == pytest.approx(np.pi / 40, rel=1e-11)
    x, y = (a.ravel() for a in np.meshgrid(across, across))  # the worst case: tops and bottoms share slabs
    assert disc_fractions(x, y, 0.05, square(1))[0, 0] == pytest.approx(np.pi / 4, abs=0.012)


@pytest.mark.parametrize(("count", "radius"), [(5000, 0.002), (3800, 0.01), (950, 0.02), (150, 0.05), (38, 0.1)])
def test_thousands_of_discs_in_one_cell(count, radius):
    x, y = 1 + np.random.default_rng(4).uniform(0, 1, (2, count))
    exact = exact_union(x, y, np.full(count, radius), square(3), corners=256)
    np.testing.assert_allclose(disc_fractions(x, y, radius, square(3)), exact, atol=2.5e-3)


def test_of_discs_at_one_centre_the_largest_counts_exactly():
    alone = disc_fractions([1.3], [1.6], 0.9, square(4))
    assert np.array_equal(disc_fractions([1.3] * 4, [1.6] * 4, [0.9, 0.2, 0.9, 0.7], square(4)), alone)


place = st.one_of(st.floats(-1, 5), st.integers(-4, 20).map(lambda quarters: quarters / 4))
size = st.one_of(st.floats(0, 0.3), st.floats(0, 4), st.integers(0, 12).map(lambda quarters: quarters / 4))
some = st.lists(st.tuples(place, place, size), min_size=1, max_size=12)
both = st.booleans()


def drawn(sites, *, sheared):
    """Fractions of discs given in cells, on a plain grid or on a sheared one."""
    x, y, radius = np.array(sites).reshape(-1, 3).T
    corner = (-10_519_300, 4_000_700) if sheared else (0, 0)
    grid = square(4, 1000, MOLLWEIDE if sheared else LAEA, corner)
    return disc_fractions(corner[0] + 1000 * x, corner[1] + 1000 * y, 1000 * radius, grid, on_ground=sheared)


@settings(max_examples=150)
@given(sites=some, more=some, sheared=both)
def test_another_disc_takes_nothing_away(sites, more, sheared):
    assert (drawn(sites + more, sheared=sheared) >= drawn(sites, sheared=sheared)).all()


@settings(max_examples=150)
@given(sites=some, factors=st.lists(st.floats(1, 3), min_size=12, max_size=12), sheared=both)
def test_a_larger_radius_takes_nothing_away(sites, factors, sheared):
    larger = [(x, y, radius * f) for (x, y, radius), f in zip(sites, factors, strict=False)]
    assert (drawn(larger, sheared=sheared) >= drawn(sites, sheared=sheared) - 1e-9).all()


@settings(max_examples=60)
@given(sites=some, sheared=both, random=st.randoms(use_true_random=False))
def test_order_changes_no_byte_and_shares_are_bounded(sites, sheared, random):
    mixed = list(sites)
    random.shuffle(mixed)
    covered = drawn(sites, sheared=sheared)
    assert covered.tobytes() == drawn(mixed, sheared=sheared).tobytes()
    alone = np.array([drawn([site], sheared=sheared) for site in sites])
    assert (covered >= alone.max(axis=0)).all()
    assert (covered <= np.minimum(alone.sum(axis=0), 1) + 1e-12).all()


def test_blocks_of_rows_change_no_byte(monkeypatch):
    rng = np.random.default_rng(3)
    x, y, radius = rng.uniform(0, 90, 300), rng.uniform(0, 90, 300), rng.uniform(0.1, 9, 300)
    whole = disc_fractions(x, y, radius, square(90))
    assert square(90).size < discs.BLOCK_CELLS
    for cells in (1, 700, 4000):
        monkeypatch.setattr(discs, "BLOCK_CELLS", cells)
        assert disc_fractions(x, y, radius, square(90)).tobytes() == whole.tobytes()


def test_discs_partly_off_the_grid_equal_a_window_of_a_larger_one():
    rng = np.random.default_rng(8)
    x, y, radius = rng.uniform(-8, 38, 200), rng.uniform(-8, 38, 200), rng.uniform(0.1, 6, 200)
    large = disc_fractions(x, y, radius, square(46, corner=(-8, -8)))
    np.testing.assert_allclose(disc_fractions(x, y, radius, square(30)), large[8:38, 8:38], atol=1e-12)


def test_a_huge_disc_covers_everything_and_none_covers_nothing():
    assert (disc_fractions([500], [-300], 1e9, square(40)) == 1).all()
    assert (disc_fractions([20], [20], 1e300, square(40)) == 1).all()
    assert disc_fractions([], [], [], square(3)).sum() == 0
    assert disc_fractions([1.5], [1.5], 0, square(3)).sum() == 0
    assert disc_fractions([1.5], [1.5], 1e-200, square(3)).sum() == 0
    assert disc_fractions([9], [9], 2, square(3)).sum() == 0


@pytest.mark.parametrize(("x", "radius"), [(np.nan, 1), (1, -1), (1, np.inf), (1, np.nan)])
def test_impossible_discs_are_refused(x, radius):
    with pytest.raises(GridError, match="finite"):
        disc_fractions([x], [1], radius, square(3))


def test_lists_that_do_not_match_and_centres_off_the_earth_are_refused():
    with pytest.raises(GridError, match="as many"):
        disc_fractions([1, 2, 3], [1, 2], 1, square(3))
    with pytest.raises(GridError, match="cannot show the surroundings of 1 "):
        disc_fractions([1e9, 0], [1, 0], 1, square(3, 1000, MOLLWEIDE), on_ground=True)


def test_real_sectors_of_greater_accra(accra):
    table = pd.read_csv(accra / "opencellid_cells_greater_accra.csv")
    from pyproj import Transformer

    there = Transformer.from_crs(4326, MOLLWEIDE, always_xy=True)
    x, y = there.transform(table["lon"].to_numpy(), table["lat"].to_numpy())
    west, south = 1000 * np.floor(np.min(x) / 1000) - 3000, 1000 * np.floor(np.min(y) / 1000) - 3000
    grid = Grid(MOLLWEIDE, Affine(1000, 0, west, 0, -1000, south + 110_000), (110, 140))
    covered = disc_fractions(x, y, 700.0, grid)
    exact = exact_union(x, y, np.full(len(x), 700.0), grid, corners=512)
    assert np.abs(covered - exact).max() < 2e-3
    assert covered.sum() == pytest.approx(exact.sum(), rel=1e-5)
    assert covered.sum() > 100
