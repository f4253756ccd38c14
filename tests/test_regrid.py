"""Counts from grid to grid: by hand, against shapely's clipping of transformed cells, and total in = total out."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from geo.crs import equal_area_crs
from geo.errors import GridError
from geo.grid import Grid
from geo.raster import read_strips
from geo.regrid import block_sum, regrid_sum

LAEA = CRS(3035)
MOLLWEIDE = CRS("ESRI:54009")


def grid(crs, left, top, size, ny, nx, dy=None):
    return Grid(crs, Affine(size, 0, left, 0, -(dy or size), top), (ny, nx))


def test_the_same_grid_is_a_copy():
    values = np.array([[1.5, np.nan], [0, -2]])
    here = grid(LAEA, 0, 2, 1, 2, 2)
    out, beyond = regrid_sum(values, here, grid(LAEA, 0, 2, 1, 2, 2))
    np.testing.assert_array_equal(out, values)
    assert out is not values
    assert beyond == 0


def test_halves_go_to_each_side_and_beyond_is_told():
    # one row of 4 cells of width 1, moved to 2 cells of width 1.5 that start at 0.5
    out, beyond = regrid_sum(np.array([[8.0, 4, 2, 6]]), grid(LAEA, 0, 1, 1, 1, 4), grid(LAEA, 0.5, 1, 1.5, 1, 2, dy=1))
    np.testing.assert_allclose(out, [[4 + 4, 2 + 3]])
    assert beyond == pytest.approx(4 + 3)


def test_finer_cells_share_by_area():
    out, beyond = regrid_sum(np.array([[8.0]]), grid(LAEA, 0, 2, 2, 1, 1), grid(LAEA, 0, 2, 1, 2, 2))
    assert out.tolist() == [[2, 2], [2, 2]]
    assert beyond == 0


def test_not_known_stays_not_known_and_is_not_nothing():
    values = np.array([[np.nan, np.nan, 1, np.nan, 0, 0]])
    out, _ = regrid_sum(values, grid(LAEA, 0, 1, 1, 1, 6), grid(LAEA, 0, 1, 2, 1, 4, dy=1))
    np.testing.assert_array_equal(out, [[np.nan, 1, 0, np.nan]])


def test_blocks():
    values = np.array([[1, 2, np.nan, np.nan], [3, np.nan, np.nan, np.nan]])
    np.testing.assert_array_equal(block_sum(values, 2), [[6, np.nan]])
    with pytest.raises(GridError, match="divide"):
        block_sum(values, 3)


def test_strips_are_checked_and_do_not_matter():
    rng = np.random.default_rng(0)
    source, target = grid(CRS(4326), 0, 7, 0.01, 150, 90), grid(MOLLWEIDE, 0, 860_000, 5000, 40, 20)
    values = rng.random(source.shape)
    whole, beyond = regrid_sum(values, source, target)
    for rows in (1, 37, 64, 149):
        strips = ((row, values[row : row + rows]) for row in range(0, 150, rows))
        out, other = regrid_sum(strips, source, target)
        np.testing.assert_array_equal(out, whole)
        assert other == pytest.approx(beyond, rel=1e-12)
    for bad in ([(0, values[:10])], [(0, values[:80]), (90, values[90:])], [(0, values[:, 1:])]):
        with pytest.raises(GridError):
            regrid_sum(bad, source, target)


def test_infinite_values_are_refused():
    here = grid(LAEA, 0, 1, 1, 1, 1)
    for target in (here, grid(LAEA, 0, 1, 0.5, 2, 2)):
        with pytest.raises(GridError, match="infinite"):
            regrid_sum(np.array([[np.inf]]), here, target)


def test_projected_cells_equal_shapely_clipping():
    rng = np.random.default_rng(3)
    source, target = grid(CRS(4326), 2, 49, 0.05, 30, 40), grid(LAEA, 3_740_000, 2_900_000, 7000, 20, 24)
    values = rng.random(source.shape)
    out, beyond = regrid_sum(values, source, target)
    move = Transformer.from_crs(source.crs, target.crs, always_xy=True)
    row, col = np.divmod(np.arange(source.size), source.nx)
    corners = [(col + i, row + j) for i, j in ((0, 0), (1, 0), (1, 1), (0, 1))]
    xy = [move.transform(source.west + c * source.dx, source.north - r * source.dy) for c, r in corners]
    quads = shapely.polygons(np.stack([np.stack(p, axis=-1) for p in xy], axis=1))
    x, y = target.centres(np.arange(target.size))
    cells = shapely.box(x - 3500, y - 3500, x + 3500, y + 3500)
    cell, quad = shapely.STRtree(quads).query(cells, predicate="intersects")
    share = shapely.area(shapely.intersection(cells[cell], quads[quad])) / shapely.area(quads[quad])
    expected = np.bincount(cell, weights=share * values.ravel()[quad], minlength=target.size).reshape(target.shape)
    assert beyond > 0
    np.testing.assert_allclose(np.nan_to_num(out), expected, atol=3e-3)
    assert np.abs(np.nan_to_num(out) - expected).mean() < 5e-4


def test_the_seam_of_the_world_tears_no_cell_apart():
    """Every cell near the 180th meridian lands at an edge of the map, none is smeared across it."""
    source = grid(CRS(4326), 175, 10, 1, 20, 10)
    target = grid(MOLLWEIDE, -18_100_000, 1_500_000, 100_000, 30, 362)
    out, beyond = regrid_sum(np.ones(source.shape), source, target)
    assert np.nansum(out) + beyond == pytest.approx(200, rel=1e-12)
    touched = np.flatnonzero(np.nansum(out, axis=0))
    assert ((touched < 10) | (touched > 350)).all()
    assert np.nansum(out[:, :10]) == pytest.approx(100, abs=21)


def test_cells_that_cannot_be_transformed_are_outside_not_lost():
    source = grid(CRS(4326), -180, 90, 10, 18, 36)
    orthographic = CRS.from_proj4("+proj=ortho +lat_0=0 +lon_0=0 +units=m +type=crs")  # shows half of the Earth
    target = grid(orthographic, -6_400_000, 6_400_000, 100_000, 128, 128)
    out, beyond = regrid_sum(np.ones(source.shape), source, target)
    assert np.nansum(out) + beyond == pytest.approx(source.size, rel=1e-9)
    assert 0.4 * source.size < beyond < 0.6 * source.size


PLACES = st.tuples(st.floats(-170, 170), st.floats(-60, 70))


@settings(max_examples=40)
@given(
    PLACES,
    st.sampled_from(["geographic", "laea", "mollweide"]),
    st.sampled_from(["laea", "mollweide"]),
    st.integers(0, 999),
)
def test_what_goes_in_comes_out(place, source_kind, target_kind, seed):
    rng = np.random.default_rng(seed)
    lon, lat = place
    near = equal_area_crs((lon, lat, lon, lat))
    crs = {"geographic": CRS(4326), "laea": near, "mollweide": MOLLWEIDE}

    def somewhere(kind):
        x, y = Transformer.from_crs(4326, crs[kind], always_xy=True).transform(lon, lat)
        metre = 1 / 111_320 if kind == "geographic" else 1
        ny, nx = rng.integers(1, 30, 2)
        left, up, size, dy = (
            x - rng.uniform(0, 9e4) * metre,
            rng.uniform(0, 9e4) * metre,
            *(rng.uniform(1e3, 1e4, 2) * metre),
        )
        return grid(crs[kind], left, y + up, size, ny, nx, dy=dy)

    source, target = somewhere(source_kind), somewhere(target_kind)
    values = rng.exponential(50, source.shape)
    values[rng.random(source.shape) < 0.3] = np.nan
    out, beyond = regrid_sum(values, source, target)
    assert beyond >= 0
    assert np.nansum(out) + beyond == pytest.approx(np.nansum(values), rel=1e-9)
    assert (out[np.isfinite(out)] >= 0).all()


def test_west_flanders_to_one_kilometre_of_europe(belgium):
    from geo.raster import raster_grid, read_raster

    path = belgium / "westflanders_pop_100m.tif"
    values, _ = read_raster(path)
    target = grid(LAEA, 3_790_000, 3_170_000, 1000, 90, 90)
    out, beyond = regrid_sum(read_strips(path, rows=100), raster_grid(path), target)
    assert np.nansum(out) + beyond == pytest.approx(np.nansum(values), rel=1e-9)
    assert beyond == 0
