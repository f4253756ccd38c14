"""Public WiFi by straight line on a hand-made region."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from affine import Affine
from pyproj import CRS
from shapely import box

from analysis.access import wifi_summary, wifi_within
from analysis.footprint import known_share
from analysis.fragments import Fragments
from analysis.propagation import Propagation, radius_class
from analysis.radio.reach import nominal_reach
from data.coverage import Known, read_radii
from geo.grid import Grid

GRID = Grid(CRS.from_epsg(3035), Affine(1000, 0, 4_000_000, 0, -1000, 3_002_000), (2, 2))


class Place:
    grid = GRID
    wifi = pd.DataFrame(
        {"operational": [True, False], "x": [4_000_500.0, 4_001_500.0], "y": [3_001_500.0, 3_001_500.0]}
    )
    wifi_known = Known(zones=np.array([True, False]))
    zones = gpd.GeoDataFrame(
        geometry=[box(4_000_000, 3_001_000, 4_002_000, 3_002_000), box(4_000_000, 3_000_000, 4_001_000, 3_001_000)],
        crs=3035,
    )


def parts():
    cell = np.arange(4)
    people = np.array([100.0, 10.0, 20.0, 30.0])
    return Fragments(cell, people, cell, np.array([0, 0, 1, -1]), people, 2)


def test_only_operational_points_count_and_only_where_the_list_is_complete():
    within, known = wifi_within(Place, parts(), distance_m=400)
    assert within == pytest.approx([np.pi * 0.4**2, 0, 0, 0], abs=0.005)
    assert known.tolist() == [1, 1, 0, 0]
    told = wifi_summary(Place, parts())
    assert (told["sites"], told["operational"], told["measure"]) == (2, 1, "straight line")
    assert told["within_400_m"] == pytest.approx(50.3, abs=0.5)
    assert told["unknown"] == 50
    assert told["within_800_m"] + told["beyond_800_m"] + told["unknown"] == pytest.approx(160)


def test_without_a_list_everything_is_unknown():
    class Bare(Place):
        wifi = None
        wifi_known = None

    within, known = wifi_within(Bare, parts(), distance_m=400)
    assert not within.any()
    assert not known.any()


def test_known_share_by_zone_by_area_and_everywhere():
    assert known_share(None, parts(), Place).tolist() == [1, 1, 1, 1]
    assert known_share(Place.wifi_known, parts(), Place).tolist() == [1, 1, 0, 0]
    half = Known(geometry=box(4_000_000, 3_000_000, 4_000_500, 3_002_000))
    assert known_share(half, parts(), Place) == pytest.approx([0.5, 0, 0.5, 0])


def nominal(settlement):
    return Propagation(GRID, radius_class(settlement), nominal_reach(read_radii()), 0.9, None, None)


def test_radii_follow_technology_and_surroundings():
    settlement = np.array([[30, 21], [11, 10]], dtype=np.int16)
    assert radius_class(settlement).tolist() == [[0, 1], [2, 2]]
    sites = pd.DataFrame(
        {
            "technology": ["4G", "4G", "4G", "2G", "4G"],
            "x": [4_000_500, 4_001_500, 4_000_500, 4_000_500, 0],
            "y": [3_001_500, 3_001_500, 3_000_500, 3_000_500, 0],
        }
    )
    found = nominal(settlement).radii(sites, variant="central")
    assert found[:, 0].tolist() == [1100, 1900, 5000, 8000, 5000]
    assert (found == found[:, :1]).all()  # nominal radii know nothing of what stands around the person


def test_an_area_equal_to_a_zone_knows_that_zone_whole_and_nothing_else():
    class Split(Place):
        zones = gpd.GeoDataFrame(
            geometry=[box(4_000_000, 3_000_000, 4_000_300, 3_002_000), box(4_000_300, 3_000_000, 4_000_900, 3_002_000)],
            crs=3035,
        )

    people = np.array([100.0, 50.0])
    cell, zone = np.array([0, 0, 0, 1, 1, 1]), np.array([-1, 0, 1, -1, 0, 1])
    share = np.array([0.1, 0.3, 0.6] * 2)
    split = Fragments(np.array([0, 2]), people, cell, zone, people[cell] * share, 2)
    known = known_share(Known(geometry=Split.zones.geometry[0]), split, Split)
    assert known == pytest.approx([0, 1, 0, 0, 1, 0], abs=1e-9)
    whole = known_share(Known(geometry=box(4_000_000, 3_000_000, 4_001_000, 3_002_000)), split, Split)
    assert whole == pytest.approx(np.ones(6))


def test_coverage_of_one_operator_in_two_files_adds_up():
    from analysis.footprint import cover
    from analysis.ledger import make_ledger
    from data.coverage import CoverageLayer

    def layer(west, east, operator):
        table = gpd.GeoDataFrame(
            {"technology": ["4G"], "operator": [operator]}, geometry=[box(west, 3_000_000, east, 3_002_000)], crs=3035
        )
        return CoverageLayer("declared", ("2G", "3G", "4G"), None, table, None, None)

    class Two(Place):
        coverage = (layer(4_000_000, 4_000_500, "A"), layer(4_000_500, 4_001_000, "B"))
        radii = read_radii()
        settings = type("S", (), {"absent": ["5G"]})

    found = cover(Two, parts(), model=nominal(np.full(GRID.shape, 11, dtype=np.int16)))
    ledger = make_ledger(found, parts())
    assert ledger.states["declared_4g"] == pytest.approx([100, 0, 20, 0])
    assert found.fraction["central", "4G", "A"] == pytest.approx([0.5, 0, 0.5, 0])
