"""Public WiFi on foot, on a hand-made region with streets and without."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from affine import Affine
from pyproj import CRS
from shapely import box
from street_grids import network

from analysis.access import walk_to_wifi
from analysis.access_tables import catchments, cell_columns, wifi_record, wifi_table, zone_columns
from analysis.footprint import known_share
from analysis.fragments import Fragments
from analysis.ledger import STATES, Ledger
from analysis.on_foot import on_foot
from analysis.portfolio.places import Local, doorsteps
from analysis.propagation import Propagation, radius_class
from analysis.radio.reach import nominal_reach
from analysis.scenario import Scenario, Walking
from data.coverage import Known, read_radii
from geo.grid import Grid

GRID = Grid(CRS.from_epsg(3035), Affine(1000, 0, 4_000_000, 0, -1000, 3_002_000), (2, 2))


class Place:
    grid = GRID
    wifi = pd.DataFrame(
        {
            "wifi_id": ["a", "b", "c"],
            "name": "",
            "operational": [True, False, True],
            "free": [True, True, False],
            "outdoor": False,
            "access_points": [1.0, 2.0, np.nan],
            "x": [4_000_500.0, 4_001_500.0, 4_001_500.0],
            "y": [3_001_500.0, 3_001_500.0, 3_001_400.0],
        }
    )
    streets = streets_known = None
    groups = {}
    wifi_known = Known(zones=np.array([True, False]))
    zones = gpd.GeoDataFrame(
        geometry=[box(4_000_000, 3_001_000, 4_002_000, 3_002_000), box(4_000_000, 3_000_000, 4_001_000, 3_001_000)],
        crs=3035,
    )


def parts():
    cell = np.arange(4)
    people = np.array([100.0, 10.0, 20.0, 30.0])
    return Fragments(cell, people, cell, np.array([0, 0, 1, -1]), people, 2)


def walked(place, fragments=None, **walking):
    scenario = Scenario(walking=Walking(**walking))
    foot = on_foot(place, walking=scenario.walking)
    return walk_to_wifi(place, parts() if fragments is None else fragments, foot, scenario=scenario), foot, scenario


def test_only_open_points_count_and_only_where_the_list_is_complete():
    found, _, _ = walked(Place, home_spacing_m=20)
    assert found.straight[400] == pytest.approx([np.pi * 0.4**2, 0, 0, 0], abs=0.005)
    assert found.known.tolist() == [1, 1, 0, 0]
    assert found.open.tolist() == [0]
    # 5 minutes are 400 m of walk, 400 / 1.3 m of straight line
    assert found.within[5] == pytest.approx([np.pi * (0.4 / 1.3) ** 2, 0, 0, 0], abs=0.005)
    assert found.radio == pytest.approx([np.pi * 0.05**2, 0, 0, 0], abs=1e-5)
    assert (found.measure, found.nearest.tolist()) == ("straight line × 1.3", [0, 0, -1, -1])
    assert found.minutes[0] == pytest.approx(1.3 * 382.6 / 80, rel=0.01)  # mean distance to a square's middle: 0.3826
    assert np.isnan(found.minutes[2:]).all()


def test_every_person_is_counted_once():
    found, foot, scenario = walked(Place)
    told = wifi_record(
        Place,
        parts(),
        found,
        ledger=Ledger({name: np.zeros(4) for name in STATES}, {}, {}),
        settlement=np.full(GRID.shape, 30, dtype=np.int16),
        scenario=scenario,
        foot=foot,
    )
    assert (told["sites"], told["operational"], told["open"]) == (3, 2, 1)
    assert told["limited"] == 1
    assert told["within_15_min"] + told["beyond_15_min"] + told["without_way"] + told["unknown"] == pytest.approx(160)
    assert told["unknown"] == 50
    assert told["hotspots"] == {"not free": 1, "not operational": 1, "room": 1}
    table = wifi_table(Place, found)
    assert table["state"].tolist() == ["room", "not operational", "not free"]
    assert table["people_5_min"].tolist()[0] == pytest.approx(told["within_5_min"], abs=0.005)
    assert np.isnan(table["people_5_min"].iloc[1])
    # one access point of 25 users; everybody within 15 minutes counts at it, at whatever distance
    assert table["capacity"].iloc[0] == 25
    assert table["expected"].iloc[0] == pytest.approx(0.02 * found.room.assigned[0], abs=0.005)
    assert table["fills_at"].iloc[0] == pytest.approx(25 / found.room.assigned[0], abs=5e-5)
    assert found.room.assigned[0] >= told["within_15_min"]


def test_without_a_list_everything_is_unknown():
    class Bare(Place):
        wifi = None
        wifi_known = None

    found, foot, _ = walked(Bare)
    assert not found.known.any()
    assert not found.within[15].any()
    assert catchments(Bare, parts(), found, foot) is None
    assert wifi_table(Bare, found).empty


def street_place(nodes, lines, **known):
    class Streets(Place):
        streets = network([(4_000_000 + x, 3_000_000 + y) for x, y in nodes], lines, crs=GRID.crs)
        streets_known = known.get("streets_known")
        wifi_known = None

    return Streets


def test_along_a_street_people_live_where_it_leads():
    # one street through the middle of the upper two cells; the hotspot stands on it at 500 m
    found, _, _ = walked(street_place([(0, 1500), (2000, 1500)], [(0, 1)]), off_street_m=160, speed_kmh=4.92)
    # of each cell's homes only the rows 50 and 150 m off the street have one; the lower cells have none
    assert found.no_way["no street near home"] == pytest.approx([0, 0, 1, 1])
    # 5 min are 410 m: up to 350 m along the street for the homes 50 m off it, up to 250 m for those 150 m off
    assert found.within[5] == pytest.approx([(2 * 8 + 2 * 6) / 40, 0, 0, 0])
    # 15 min are 1230 m: up to 1150 m and up to 1050 m along it, from 550 m on
    assert found.within[15].tolist() == pytest.approx([1, (2 * 7 + 2 * 6) / 40, 0, 0])
    assert found.measure == "along streets"
    assert found.off_street.size == 0


def test_a_river_without_a_bridge_keeps_people_apart():
    # two streets, 1000 m apart and not joined: the lower bank has no way
    lower = street_place([(0, 1500), (2000, 1500), (0, 500), (2000, 500)], [(0, 1), (2, 3)])
    found, _, _ = walked(lower)
    assert found.no_way["streets not joined to any place"] == pytest.approx([0, 0, 1, 1])
    bridged = street_place([(0, 1500), (2000, 1500), (0, 500), (2000, 500)], [(0, 1), (2, 3), (0, 2)])
    joined, _, _ = walked(bridged)
    assert joined.without.tolist() == [0, 0, 0, 0]
    # from the middle of the lower left cell: 500 along, 1000 over the bridge, 500 along
    assert joined.minutes[2] > 2000 / 80 * 0.95


def test_outside_the_known_streets_access_is_unknown():
    part = street_place([(0, 1500), (2000, 1500)], [(0, 1)], streets_known=Known(zones=np.array([True, False])))
    found, _, _ = walked(part)
    assert found.known.tolist() == [1, 1, 0, 0]


def test_a_hotspot_in_the_sea_is_named_and_counts_for_nobody():
    class Sea(street_place([(0, 1500), (400, 1500)], [(0, 1)])):
        wifi = Place.wifi.assign(x=[4_000_500.0, 4_001_900.0, 0.0], operational=[True, True, False], free=True)

    found, _, _ = walked(Sea, off_street_m=200)
    assert found.off_street.tolist() == [1]
    assert found.people[1].tolist() == [0, 0, 0]
    assert wifi_table(Sea, found)["state"].tolist()[1] == "no street near"


@pytest.mark.parametrize("streets", [False, True])
def test_another_hotspot_never_takes_access_away(streets):
    base = street_place([(0, 1500), (2000, 1500), (500, 0), (500, 2000)], [(0, 1), (2, 3)]) if streets else Place

    class More(base):
        wifi = Place.wifi.assign(operational=True, free=True)

    fewer, more = walked(base)[0], walked(More)[0]
    for limit in (5, 10, 15):
        assert (more.within[limit] >= fewer.within[limit] - 1e-12).all()


def test_catchments_end_where_the_list_does():
    found, foot, _ = walked(Place)
    areas = catchments(Place, parts(), found, foot)
    assert areas["minutes"].tolist() == [5, 10, 15]
    assert areas["people"].is_monotonic_increasing
    assert areas.geometry.iloc[0].area == pytest.approx(np.pi * (400 / 1.3) ** 2, rel=0.01)
    assert Place.zones.geometry[0].buffer(1).covers(areas.geometry.iloc[2])


def test_cells_and_zones_tell_the_same():
    found, _, _ = walked(Place)
    cells = cell_columns(parts(), found, wifi_ids=Place.wifi["wifi_id"].to_numpy(), reach=5)
    assert cells["wifi_5_min"][:2] == pytest.approx(found.within[5][:2])
    assert np.isnan(cells["wifi_5_min"][2:]).all()
    assert cells["wifi_nearest"].tolist() == ["a", "a", "", ""]
    people = parts().people
    assert cells["wifi_beyond_people"][:2] == pytest.approx(people[:2] * (1 - cells["wifi_5_min"][:2]))
    zones = zone_columns(parts(), found, reach=5)
    assert zones["wifi_5_min_people"][0] == pytest.approx((people[:2] * cells["wifi_5_min"][:2]).sum())
    assert np.isnan(zones["wifi_5_min_people"][1])
    assert zones["wifi_share"][0] == pytest.approx(zones["wifi_5_min_people"][0] / 110)


def test_what_a_new_hotspot_reaches_is_what_it_would_count():
    """Whom a candidate reaches is whom the same place serves once it is there."""
    place = street_place([(0, 1500), (2000, 1500), (500, 0), (500, 2000)], [(0, 1), (2, 3)])
    _, foot, scenario = walked(place)
    for area in (Place, place):
        foot = on_foot(area, walking=scenario.walking)
        local = Local(np.array([4_000_500.0, 9e6]), np.array([3_001_500.0, 9e6]), np.ones(2, dtype=bool), np.zeros(2))
        nobody = np.empty(0)
        steps = doorsteps(area, parts(), foot, local, open_x=nobody, open_y=nobody, walking=scenario.walking)
        found, _, _ = walked(area)
        served = found.within[5] if area is place else found.within[5] / np.maximum(found.known, 1e-9)
        reached = np.zeros(4)
        np.add.at(
            reached, steps.fragment[steps.home], steps.persons[steps.home] / parts().persons[steps.fragment[steps.home]]
        )
        assert set(steps.owner.tolist()) == {0}
        assert reached[:2] == pytest.approx(served[:2])


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
