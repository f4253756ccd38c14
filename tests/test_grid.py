"""The lattice: identity, cells and points, areas."""

from __future__ import annotations

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from geo.errors import CRSError, GridError
from geo.grid import Grid, require_same_grid

LAEA = CRS(3035)
GRID = Grid(LAEA, Affine(1000, 0, 4_000_000, 0, -500, 3_000_000), (4, 3))


def test_sizes_bounds_and_units():
    assert (GRID.ny, GRID.nx, GRID.size, GRID.dx, GRID.dy) == (4, 3, 12, 1000, 500)
    assert GRID.bounds == (4_000_000, 2_998_000, 4_003_000, 3_000_000)
    assert GRID.cell_area_km2 == 0.5
    feet = Grid(CRS(2263), Affine(1000, 0, 0, 0, -1000, 0), (1, 1))
    assert feet.cell_area_km2 == pytest.approx(0.0929, abs=1e-4)


def test_cells_and_points():
    x, y = GRID.centres([0, 5])
    assert x.tolist() == [4_000_500, 4_002_500]
    assert y.tolist() == [2_999_750, 2_999_250]
    assert GRID.locate(x, y).tolist() == [0, 5]
    # a cell owns its west and north edge, so the grid's own east and south edges are outside
    assert GRID.locate([4_000_000, 4_003_000, 4_000_000], [3_000_000, 3_000_000, 2_998_000]).tolist() == [0, -1, -1]
    assert GRID.locate([np.nan], [0]).tolist() == [-1]


@settings(max_examples=30)
@given(st.integers(1, 40), st.integers(1, 40), st.floats(0.01, 5000), st.floats(0.01, 5000))
def test_every_centre_lies_in_its_own_cell(ny, nx, dx, dy):
    grid = Grid(LAEA, Affine(dx, 0, 12.5, 0, -dy, -3.25), (ny, nx))
    cells = np.arange(grid.size)
    assert np.array_equal(grid.locate(*grid.centres(cells)), cells)


def test_windows_and_divisions_keep_their_place():
    window = GRID.window(row0=1, row1=3, col0=2, col1=3)
    assert window.bounds == (4_002_000, 2_998_500, 4_003_000, 2_999_500)
    assert window.shape == (2, 1)
    finer = GRID.divided(5)
    assert finer.bounds == GRID.bounds
    assert finer.shape == (20, 15)
    for wrong in ({"row0": 0, "row1": 5, "col0": 0, "col1": 1}, {"row0": 1, "row1": 1, "col0": 0, "col1": 1}):
        with pytest.raises(GridError):
            GRID.window(**wrong)
    with pytest.raises(GridError):
        GRID.divided(0)


def test_equal_grids_are_one_and_others_are_named():
    twin = Grid(CRS(3035), Affine(1000, 0, 4_000_000, 0, -500, 3_000_000), (4, 3))
    assert twin == GRID
    assert hash(twin) == hash(GRID)
    require_same_grid(GRID, twin)
    with pytest.raises(GridError, match=r"built-up.*4×3 cells.*2×1 cells"):
        require_same_grid(GRID, GRID.window(row0=1, row1=3, col0=2, col1=3), what="population and built-up")


@pytest.mark.parametrize(
    "transform", [(1, 0.1, 0, 0, -1, 0), (1, 0, 0, 0, 1, 0), (-1, 0, 0, 0, -1, 0), (0, 1, 0, -1, 0, 0)]
)
def test_rotated_and_flipped_grids_are_refused(transform):
    with pytest.raises(GridError, match="north-up"):
        Grid(LAEA, Affine(*transform), (1, 1))
    with pytest.raises(GridError, match="at least one"):
        Grid(LAEA, Affine(1, 0, 0, 0, -1, 0), (0, 1))


def test_areas_are_true_or_refused():
    GRID.require_equal_area()
    assert GRID.area_distortion() < 1e-6
    mercator = Grid(CRS(3857), Affine(1000, 0, 0, 0, -1000, 8_399_738), (2, 2))  # 60° N
    assert mercator.area_distortion() == pytest.approx(3, abs=0.02)
    for grid in (mercator, Grid(CRS(4326), Affine(1, 0, 10, 0, -1, 60), (2, 2))):
        with pytest.raises(CRSError, match="distorts"):
            grid.require_equal_area()
    with pytest.raises(CRSError, match="projected"):
        assert Grid(CRS(4326), Affine(1, 0, 0, 0, -1, 0), (1, 1)).cell_area_km2
