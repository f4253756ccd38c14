"""Homes inside cells: every person of every fragment has one, in their own zone, and near a street where there is one."""

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from shapely import box

from analysis.fragments import Fragments, make_fragments
from analysis.homes import home_chunks, make_homes
from data.layer import Layer
from geo.grid import Grid
from geo.zonal import cell_zone_table

LAEA = CRS.from_epsg(3035)


def place(zones, people, size=1000.0):
    """A region of only what homes need."""
    values = np.asarray(people, dtype=np.float64)
    grid = Grid(LAEA, Affine(size, 0, 4_000_000, 0, -size, 3_000_000 + size * values.shape[0]), values.shape)
    frame = gpd.GeoDataFrame({"zone_id": [str(i) for i in range(len(zones))]}, geometry=zones, crs=LAEA)
    fields = {
        "grid": grid,
        "zones": frame,
        "population": Layer(values, grid, "population", "persons", None),
        "cell_zone": cell_zone_table(frame.geometry, grid),
    }
    region = type("Place", (), fields)
    return region, make_fragments(region, everything=True)


def test_a_cell_of_one_zone_has_a_hundred_homes_in_rows():
    region, fragments = place([box(4_000_000, 3_000_000, 4_001_000, 3_001_000)], [[50.0]])
    homes = make_homes(region, fragments)
    assert homes.x.size == 100
    assert (homes.x[0] - 4_000_000, homes.y[0] - 3_000_000) == pytest.approx((50, 950))
    assert (homes.x[1] - 4_000_000, homes.y[-1] - 3_000_000) == pytest.approx((150, 50))
    assert homes.share == pytest.approx(np.full(100, 0.01))
    assert make_homes(region, fragments, spacing_m=300).x.size == 9


def test_homes_stand_in_their_own_zone_and_a_sliver_has_the_whole_cell():
    west = box(4_000_000, 3_000_000, 4_000_300, 3_001_000)
    sliver = box(4_000_300, 3_000_000, 4_000_301, 3_001_000)
    region, fragments = place([west, sliver], [[100.0]])
    homes = make_homes(region, fragments)
    zone = fragments.zone[homes.fragment]
    assert (homes.x[zone == 0] < 4_000_300).all()
    assert (homes.x[zone == -1] > 4_000_300).all()
    assert [(zone == k).sum() for k in (0, 1, -1)] == [30, 100, 70]


def test_people_move_to_the_streets_of_their_fragment_and_stay_where_there_is_none():
    region, fragments = place([box(4_000_000, 3_000_000, 4_002_000, 3_001_000)], [[10.0, 20.0]])
    homes = make_homes(region, fragments, spacing_m=500)
    moved = homes.near_streets(np.array([True, False, False, False] + [False] * 4))
    assert moved.share.tolist() == [1, 0, 0, 0, 0.25, 0.25, 0.25, 0.25]


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.sampled_from([100.0, 250.0, 1000.0]))
def test_everybody_has_a_home(seed, size):
    rng = np.random.default_rng(seed)
    cuts = np.sort(rng.uniform(0, 4 * size, 3))
    zones = [
        box(4_000_000 + a, 3_000_000, 4_000_000 + b, 3_000_000 + rng.uniform(1, 3 * size)) for a, b in pairwise(cuts)
    ]
    region, fragments = place(zones, rng.integers(0, 5, (3, 4)) * rng.random((3, 4)), size)
    homes = make_homes(region, fragments)
    assert np.bincount(homes.fragment, weights=homes.share, minlength=fragments.size) == pytest.approx(
        np.ones(fragments.size)
    )
    east, north = region.grid.centres(fragments.cell_id[homes.fragment])
    assert (np.abs(homes.x - east) < size / 2).all()
    assert (np.abs(homes.y - north) < size / 2).all()
    moved = homes.near_streets(rng.random(homes.x.size) < 0.2)
    assert np.bincount(moved.fragment, weights=moved.share, minlength=fragments.size) == pytest.approx(
        np.ones(fragments.size)
    )


def test_chunks_are_the_whole(monkeypatch):
    import analysis.homes

    zones = [box(4_000_000, 3_000_000, 4_001_500, 3_003_000), box(4_001_500, 3_000_000, 4_003_000, 3_003_000)]
    region, fragments = place(zones, np.arange(9.0).reshape(3, 3))
    whole = make_homes(region, fragments)
    monkeypatch.setattr(analysis.homes, "CHUNK", 150)
    parts = list(home_chunks(region, fragments))
    assert len(parts) == 8
    for name in ("x", "y", "fragment", "share"):
        assert np.array_equal(np.concatenate([getattr(part, name) for part in parts]), getattr(whole, name))
    some = make_homes(region, fragments, cells=np.array([1, 4, 6]))
    mine = np.isin(fragments.cell[whole.fragment], [1, 4, 6])
    assert np.array_equal(some.x, whole.x[mine])
    assert np.array_equal(some.fragment, whole.fragment[mine])


def test_nobody_no_homes():
    region, fragments = place([box(4_000_000, 3_000_000, 4_001_000, 3_001_000)], [[0.0]])
    assert isinstance(fragments, Fragments)
    assert make_homes(region, fragments).x.size == 0
    assert list(home_chunks(region, fragments)) == []
