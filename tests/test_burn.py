"""Cell fractions: by hand, against shapely's own clipping, and areas in = areas out."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from geo import scan
from geo.burn import cell_fractions, covered_fraction
from geo.errors import CRSError, GridError
from geo.grid import Grid

LAEA = CRS(3035)
THREE = Grid(LAEA, Affine(1, 0, 0, 0, -1, 3), (3, 3))


def dense(geometries, grid=THREE):
    index, cell_id, fraction = cell_fractions(np.atleast_1d(geometries), grid)
    out = np.zeros((index.max() + 1 if index.size else 1, grid.size))
    out[index, cell_id] = fraction
    return out.sum(axis=0).reshape(grid.shape)


def clipped(geometry, grid):
    """Oracle: shapely clips the polygon to every cell."""
    x, y = grid.centres(np.arange(grid.size))
    cells = shapely.box(x - grid.dx / 2, y - grid.dy / 2, x + grid.dx / 2, y + grid.dy / 2)
    return (shapely.area(shapely.intersection(cells, geometry)) / (grid.dx * grid.dy)).reshape(grid.shape)


def test_a_triangle_halves_the_cells_of_its_diagonal():
    triangle = shapely.Polygon([(0, 0), (3, 0), (0, 3)])
    assert dense(triangle).tolist() == [[0.5, 0, 0], [1, 0.5, 0], [1, 1, 0.5]]


def test_triples_are_sorted_int64_and_positive():
    index, cell_id, fraction = cell_fractions([shapely.box(0, 0, 1.5, 1), None, shapely.box(0, 2, 3, 3)], THREE)
    assert (index.dtype, cell_id.dtype, fraction.dtype) == (np.int64, np.int64, np.float64)
    assert index.tolist() == [0, 0, 2, 2, 2]
    assert cell_id.tolist() == [6, 7, 0, 1, 2]
    assert fraction.tolist() == [1, 0.5, 1, 1, 1]


def test_holes_are_not_covered_whatever_way_rings_run():
    ring, hole = [(0, 0), (3, 0), (3, 3), (0, 3)], [(1, 1), (2, 1), (2, 2), (1, 2)]
    for shell in (ring, ring[::-1]):
        for inner in (hole, hole[::-1]):
            assert dense(shapely.Polygon(shell, [inner])).tolist() == [[1, 1, 1], [1, 0, 1], [1, 1, 1]]


def test_parts_of_a_multipolygon_add_up_in_a_cell():
    parts = shapely.MultiPolygon([shapely.box(1, 1, 1.25, 2), shapely.box(1.75, 1, 2, 2)])
    assert dense(parts).tolist() == [[0, 0, 0], [0, 0.5, 0], [0, 0, 0]]


@pytest.mark.parametrize(
    ("box", "total"),
    [((-5, -5, 1.5, 1.5), 2.25), ((1.5, 1.5, 9, 9), 2.25), ((-9, -9, 9, 9), 9), ((-9, 1, -1, 2), 0), ((4, 4, 9, 9), 0)],
)
def test_what_lies_beyond_the_grid_is_cut_off(box, total):
    assert dense(shapely.box(*box)).sum() == pytest.approx(total, abs=1e-12)


def test_a_slanted_polygon_partly_west_of_the_grid_equals_clipping():
    shape = shapely.Polygon([(-4, 1.3), (2.2, -3), (1.7, 2.9), (-1, 7)])
    np.testing.assert_allclose(dense(shape), clipped(shape, THREE), atol=1e-12)


def test_strips_do_not_change_a_large_polygon():
    grid = Grid(LAEA, Affine(1, 0, 0, 0, -1, 2000), (2000, 1500))
    assert grid.size > scan.STRIP_CELLS
    shape = shapely.Polygon([(-10, 5), (1600, -20), (1499.5, 1990.25), (700, 2100)])
    covered = covered_fraction([shape], grid)
    assert covered.sum() == pytest.approx(shapely.area(shape & shapely.box(*grid.bounds)), rel=1e-12)
    assert np.array_equal(covered, dense(shape, grid))
    assert covered.max() == 1


def test_ground_covered_twice_counts_once():
    two = [shapely.box(0, 0, 2, 2), shapely.box(1, 1, 3, 3)]
    assert covered_fraction(two, THREE).tolist() == [[0, 1, 1], [1, 1, 1], [1, 1, 0]]
    assert covered_fraction([], THREE).sum() == 0


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.floats(-3, 9), st.floats(-3, 9)), min_size=3, max_size=9),
    st.floats(0.3, 2), st.floats(0.3, 2),
)  # fmt: skip
def test_fractions_equal_clipping(points, dx, dy):
    grid = Grid(LAEA, Affine(dx, 0, 0.25, 0, -dy, 6), (5, 6))
    shape = shapely.make_valid(shapely.Polygon(points), method="structure", keep_collapsed=False)
    if shape.area == 0:
        return
    np.testing.assert_allclose(dense(shape, grid), clipped(shape, grid), atol=1e-9)


def test_other_crs_lines_and_infinite_coordinates_are_refused():
    with pytest.raises(CRSError, match="WGS 84"):
        cell_fractions(gpd.GeoSeries([shapely.box(0, 0, 1, 1)], crs=4326), THREE)
    with pytest.raises(GridError, match="repair"):
        cell_fractions([shapely.LineString([(0, 0), (1, 1)])], THREE)
    with pytest.raises(GridError, match="not finite"):
        cell_fractions([shapely.Polygon([(0, 0), (np.inf, 0), (1, 1)])], THREE)


def extracted(geometries, grid):
    """Oracle: exactextract on the union that shapely dissolves."""
    source = NumPyRasterSource(np.ones(grid.shape), *grid.bounds, srs_wkt=grid.crs.to_wkt())
    union = gpd.GeoDataFrame(geometry=[shapely.union_all(geometries)], crs=grid.crs)
    found = exact_extract(source, union, ["cell_id", "coverage"], output="pandas")
    out = np.zeros(grid.size)
    out[found["cell_id"][0]] = found["coverage"][0]
    return out.reshape(grid.shape)


def ragged(rng, count, *, corners, reach):
    """Star-shaped polygons with ragged borders."""
    turn = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    away = rng.uniform(0.1, 1, (count, 1)) * rng.uniform(0.97, 1, (count, corners)) * reach
    away *= 1 + 0.4 * np.cos(rng.integers(2, 9, (count, 1)) * turn + rng.uniform(0, 6, (count, 1)))
    rings = np.stack([away * np.cos(turn), away * np.sin(turn)], axis=-1)
    return shapely.polygons(rings + rng.uniform(-reach, 60 * 1000 + reach, (count, 1, 2)))


@pytest.mark.parametrize(("count", "corners", "reach"), [(400, 40, 4e3), (40, 3000, 15e3), (2000, 12, 700)])
def test_overlapping_operators_equal_exactextract(count, corners, reach):
    rng = np.random.default_rng(count)
    grid = Grid(LAEA, Affine(1000, 0, 0, 0, -1000, 60_000), (60, 60))
    operators = [ragged(rng, count // 2, corners=corners, reach=reach) for _ in range(2)]
    operators[1] = np.concatenate([operators[1], operators[0][:5]])  # a shared footprint, twice
    together = np.concatenate(operators)
    for shapes in (*operators, together):
        covered = covered_fraction(shapes, grid)
        np.testing.assert_allclose(covered, extracted(shapes, grid), atol=1e-6)
        assert 0.05 < covered.mean() < 1
    assert (covered_fraction(together, grid) >= covered_fraction(operators[0], grid) - 1e-12).all()


def test_districts_that_reach_over_their_neighbours_equal_exactextract(accra):
    districts = gpd.read_file(accra / "districts_ghana_with_census2021.geojson").to_crs("ESRI:54009")
    chosen = districts[districts["region"] == "Greater Accra Region"].geometry
    shapes = np.concatenate([chosen.buffer(metres).to_numpy() for metres in (0, 350, 900)])
    west, south, east, north = shapely.total_bounds(shapes)
    ny, nx = int((north - south) // 1000) - 3, int((east - west) // 1000) - 3  # the grid ends inside the land
    grid = Grid(CRS("ESRI:54009"), Affine(1000, 0, west + 1234, 0, -1000, north - 1750), (ny, nx))
    np.testing.assert_allclose(covered_fraction(shapes, grid), extracted(shapes, grid), atol=1e-6)
