"""Busy-hour demand against what sites carry, shared out best server first."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer

from analysis.capacity import busy_hour_mbps, dimension, site_room
from data.capacity import CAPACITY_TABLE, DEMAND_TABLE, CapacityTables, read_capacity
from data.coverage import RADIUS_CLASSES, read_radii
from data.sites import read_sites
from geo.errors import GridError, SchemaError
from geo.grid import Grid
from geo.raster import raster_grid

PLANE = CRS.from_proj4("+proj=laea +lat_0=10 +lon_0=20 +ellps=WGS84")
MOLLWEIDE = CRS("ESRI:54009")
RURAL = 2


def plane(nx=1, ny=1, size=1000.0):
    return Grid(PLANE, Affine(size, 0, -nx * size / 2, 0, -size, ny * size / 2), (ny, nx))


def tables(*, bandwidth=10.0, efficiency=1.1, sectors=3.0, gb=10.0, busy=0.15, users=0.5):
    index = pd.MultiIndex.from_product([("4G", "5G"), RADIUS_CLASSES], names=["technology", "settlement"])
    figures = {"bandwidth_mhz": bandwidth, "efficiency_bps_hz": efficiency, "sectors": sectors}
    return CapacityTables(pd.DataFrame(figures, index=index), gb, busy, users)


def sites(*rows):
    return pd.DataFrame(rows, columns=["site_id", "operator", "technology", "x", "y"])


def run(table, grid, *, people, radius=5000.0, capacity=None, target=1.0, around=RURAL, classes=None, steps=4):
    n = len(table)
    return dimension(
        table,
        site_class=np.full(n, around) if np.isscalar(around) else around,
        radius_m=np.full((n, 3), radius) if np.isscalar(radius) else radius,
        person_class=np.full(grid.shape, RURAL) if classes is None else classes,
        people=np.full(grid.shape, people, dtype=float) if np.isscalar(people) else people,
        grid=grid,
        capacity=capacity or tables(),
        target_down_mbps=target,
        steps=steps,
    )


def test_demand_of_a_user_in_the_busy_hour():
    assert busy_hour_mbps(gb_per_month=10, busy_hour_share=0.15) == pytest.approx(0.114, abs=5e-4)
    assert busy_hour_mbps(gb_per_month=10, busy_hour_share=0.15) == pytest.approx(12288 / 108000, rel=1e-15)


def test_one_site_and_one_cell_by_hand():
    found = run(sites(("a", "A", "4G", 0.0, 0.0)), plane(), people=1000)
    row = found.sites.iloc[0]
    assert row["capacity_mbps"] == pytest.approx(10 * 1.1 * 3)  # 33
    assert row["people"] == 1000
    assert row["demand_mbps"] == pytest.approx(500 * 0.1137777778)  # 56.89
    assert row["load"] == pytest.approx(56.888889 / 33)
    assert row["room"] == pytest.approx((1 - 1 / 11) * 33 / 56.888889)  # 30 of 56.9: 0.527
    assert found.share.tolist() == [[row["room"]]]
    assert found.served.tolist() == [[1.0]]


def test_a_target_beyond_the_sector_is_met_for_nobody_and_an_idle_site_has_room():
    alone = sites(("a", "A", "4G", 0.0, 0.0))
    assert run(alone, plane(), people=1, target=11.0).share[0, 0] == 0
    assert run(alone, plane(), people=1, target=10.99).share[0, 0] > 0
    assert run(alone, plane(), people=0).share[0, 0] == 1
    assert run(alone, plane(), people=np.nan).sites["people"].tolist() == [0]
    silent = run(alone, plane(), people=1, capacity=tables(bandwidth=0.0))
    assert silent.share[0, 0] == 0
    assert silent.sites["load"].tolist() == [np.inf]


def test_room_is_where_processor_sharing_just_meets_the_target():
    """C·(1 − ρ) at the load of the people who fit is the target itself (Bonald and Proutière 2003)."""
    sector, sectors, target = 66.0, 3, 10.0
    demand = np.array([500.0])
    room = site_room(np.array([sector]), np.array([sector * sectors]), demand, target_down_mbps=target)
    load = room * demand / (sector * sectors)
    assert sector * (1 - load) == pytest.approx([target])


def test_technologies_of_a_site_add_up_and_rows_of_2g_do_not_count():
    rows = [
        ("a", "A", "4G", 0.0, 0.0),
        ("a", "A", "5G", 10.0, 0.0),
        ("a", "A", "3G", 0.0, 0.0),
        ("b", "A", "2G", 0.0, 0.0),
    ]
    found = run(sites(*rows), plane(), people=10)
    assert found.sites["capacity_mbps"].tolist() == [pytest.approx(66.0)]
    again = run(sites(*rows, rows[0]), plane(), people=10)  # a row given twice adds nothing
    assert again.sites["capacity_mbps"].tolist() == [pytest.approx(66.0)]
    built_in = run(sites(*rows), plane(), people=10, capacity=read_capacity(), around=0)
    assert built_in.sites["capacity_mbps"].tolist() == [pytest.approx(30 * 2.2 * 3 + 75 * 7.8 * 3)]


def test_nearest_for_its_reach_serves_and_operators_share():
    grid = plane(nx=4)
    near = sites(("a", "A", "4G", -1500.0, 0.0), ("b", "A", "4G", 1500.0, 0.0), ("c", "B", "4G", -1500.0, 0.0))
    reach = np.array([[2000.0] * 3, [2000.0] * 3, [450.0] * 3])
    found = run(near, grid, people=160, radius=reach, steps=8)
    inside = found.sites.set_index("site_id")["people"]
    assert inside["b"] == pytest.approx(320)
    assert inside["a"] + inside["c"] == pytest.approx(320)
    assert inside["c"] == 160 / 2 * 44 / 64  # of the 64 places of its cell, so many midpoints lie within 450 m
    far = run(near, grid, people=160, radius=reach * [[3], [1], [1]], steps=8)
    assert far.sites.set_index("site_id")["people"]["a"] > inside["a"]  # the same distance is less of a longer reach


def test_ties_go_to_the_first_id():
    twins = sites(("b", "A", "4G", 0.0, 0.0), ("a", "A", "4G", 0.0, 0.0))
    assert run(twins, plane(), people=8).sites[["site_id", "people"]].to_numpy().tolist() == [["a", 8], ["b", 0]]


def test_reach_goes_by_where_people_live():
    grid = plane(nx=2)
    classes = np.array([[0, 2]])
    radius = np.array([[0.0, 0.0, 5000.0]])
    found = run(sites(("a", "A", "4G", 0.0, 0.0)), grid, people=100, radius=radius, classes=classes)
    assert found.served.tolist() == [[0, 1]]
    assert np.isnan(found.share[0, 0])
    assert found.sites["people"].tolist() == [100]


def test_nobody_serves():
    for table in (sites(), sites(("a", "A", "3G", 0.0, 0.0))):
        found = run(table.astype({"x": float, "y": float}), plane(nx=3), people=5)
        assert np.isnan(found.share).all()
        assert not found.served.any()
        assert len(found.sites) == 0


def test_what_does_not_fit_is_refused():
    one, grid = sites(("a", "A", "4G", 0.0, 0.0)), plane()
    for wrong in (
        {"radius": np.ones((1, 2))},
        {"radius": np.nan},
        {"around": 3},
        {"classes": np.array([[-1]])},
        {"people": np.ones((2, 2))},
        {"steps": 17},
        {"target": 0.0},
    ):
        with pytest.raises(GridError):
            run(one, grid, **{"people": 1, **wrong})


def test_area_served_is_the_discs_on_the_ground():
    x, y = Transformer.from_crs(4326, MOLLWEIDE, always_xy=True).transform(25, 60)
    grid = Grid(MOLLWEIDE, Affine(500, 0, x - 10_000, 0, -500, y + 10_000), (40, 40))
    found = run(sites(("a", "A", "4G", x + 130.0, y - 77.0)), grid, people=1, radius=6000.0, steps=8)
    assert found.served.sum() * 0.25 == pytest.approx(np.pi * 36, rel=0.01)


def brute(table, grid, *, people, radius, classes, steps):
    """Every place against every site by geodesics, one by one: people of each site, share served."""
    fine = grid.divided(steps)
    px, py = fine.centres(np.arange(fine.size))
    back = Transformer.from_crs(grid.crs, 4326, always_xy=True)
    lon, lat = back.transform(px, py)
    held, served = np.zeros(len(table)), np.zeros(grid.shape)
    slon, slat = back.transform(table["x"].to_numpy(), table["y"].to_numpy())
    measure = Geod(ellps="WGS84")
    for k in range(fine.size):
        cell = divmod(k, fine.nx)[0] // steps, divmod(k, fine.nx)[1] // steps
        apart = np.asarray(measure.inv(np.full(len(table), lon[k]), np.full(len(table), lat[k]), slon, slat)[2])
        ratio = apart / radius[:, classes[cell]]
        ratio[ratio > 1] = np.inf
        winners = [
            part["ratio"].idxmin()
            for _, part in table.assign(ratio=ratio).groupby("operator")
            if np.isfinite(part["ratio"]).any()
        ]
        for winner in winners:
            held[winner] += people[cell] / steps**2 / len(winners)
        served[cell] += bool(winners) / steps**2
    return held, served


def test_against_geodesics_one_by_one():
    rng = np.random.default_rng(7)
    x, y = Transformer.from_crs(4326, MOLLWEIDE, always_xy=True).transform(-0.2, 5.6)
    grid = Grid(MOLLWEIDE, Affine(1000, 0, x - 4000, 0, -1000, y + 4000), (8, 8))
    n = 11
    table = sites(
        *((f"s{i:02}", "ABC"[i % 3], "4G", x + rng.uniform(-5e3, 5e3), y + rng.uniform(-5e3, 5e3)) for i in range(n))
    )
    radius, classes = rng.uniform(800, 3000, (n, 3)), rng.integers(0, 3, grid.shape)
    people = rng.uniform(0, 900, grid.shape)
    found = run(table, grid, people=people, radius=radius, classes=classes)
    held, served = brute(table, grid, people=people, radius=radius, classes=classes, steps=4)
    # a disc drawn by the stretch at its centre: a place on an edge may fall on the other side
    assert found.served == pytest.approx(served, abs=1.01 / 16)
    assert (found.served == served).mean() > 0.95
    assert found.sites["people"].to_numpy() == pytest.approx(held, abs=0.004 * people.sum())
    assert found.sites["people"].sum() == pytest.approx(float((people * found.served).sum()), rel=1e-12)


PLACES = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.sampled_from("AB"),
        st.sampled_from(["4G", "5G", "3G"]),
        st.integers(-30, 30),
        st.integers(-30, 30),
        st.integers(0, 2),
        st.integers(0, 25),
    ),
    min_size=1,
    max_size=9,
    unique_by=lambda row: (row[0], row[1], row[2]),
)
PEOPLE = st.lists(st.none() | st.integers(0, 5000), min_size=12, max_size=12)


def drawn(places, people):
    table = sites(
        *((f"s{i}", operator, technology, x * 100.0, y * 100.0) for i, operator, technology, x, y, *_ in places)
    )
    radius = np.array([[place[6] * 100.0 * scale for scale in (0.5, 1.0, 1.5)] for place in places])
    persons = np.array([np.nan if p is None else float(p) for p in people]).reshape(3, 4)
    options = {
        "people": persons,
        "radius": radius,
        "around": np.array([place[5] for place in places]),
        "classes": (np.arange(12).reshape(3, 4) % 3),
    }
    return table, plane(nx=4, ny=3), options


@settings(max_examples=60)
@given(PLACES, PEOPLE, st.randoms(use_true_random=False))
def test_everybody_served_is_served_once_whatever_the_order(places, people, random):
    table, grid, options = drawn(places, people)
    found = run(table, grid, **options)
    persons = np.nan_to_num(options["people"])
    assert found.sites["people"].sum() == pytest.approx(float((persons * found.served).sum()), rel=1e-12, abs=1e-9)
    assert (np.isnan(found.share) == (found.served == 0)).all()
    assert ((found.share >= 0) & (found.share <= 1) | np.isnan(found.share)).all()
    mixed = list(range(len(places)))
    random.shuffle(mixed)
    table2, _, options2 = drawn([places[i] for i in mixed], people)
    again = run(table2, grid, **options2)
    assert again.share.tobytes() == found.share.tobytes()
    pd.testing.assert_frame_equal(again.sites, found.sites, check_exact=True)


@settings(max_examples=60)
@given(
    PLACES, PEOPLE, st.floats(1, 4), st.sampled_from(["bandwidth", "efficiency", "sectors", "gb", "users", "target"])
)
def test_more_to_carry_or_less_to_ask_never_lowers_a_share(places, people, factor, what):
    table, grid, options = drawn(places, people)
    base = {"bandwidth": 10.0, "efficiency": 1.1, "sectors": 3.0, "gb": 10.0, "users": 0.5}
    better = dict(base)
    target = 2.0
    if what == "target":
        target /= factor
    else:
        better[what] = base[what] / factor if what in {"gb", "users"} else base[what] * factor
    before = run(table, grid, capacity=tables(**base), target=2.0, **options).share
    after = run(table, grid, capacity=tables(**better), target=target, **options).share
    assert ((after >= before - 1e-12) | np.isnan(before)).all()
    assert (np.isnan(after) == np.isnan(before)).all()


def with_room(found):
    return float((found.sites["people"] * found.sites["room"]).sum())


def test_another_site_may_lower_the_people_with_room():
    """Not a law: the nearest site serves, full or not, so a new one can draw people from others that had room."""
    grid = plane(nx=4)
    people = np.array([[250.0, 250.0, 250.0, 250.0]])
    small = np.array([0, 0, RURAL])
    capacity = tables(users=1.0)
    capacity.site.loc[("4G", "urban"), "bandwidth_mhz"] = 24.0
    pair = sites(("a", "A", "4G", -1500.0, 0.0), ("b", "A", "4G", 1500.0, 0.0))
    before = run(pair, grid, people=people, around=small[:2], capacity=capacity)
    both = pd.concat([pair, sites(("n", "A", "4G", 0.0, 0.0))], ignore_index=True)
    after = run(both, grid, people=people, around=small, capacity=capacity)
    assert with_room(before) == pytest.approx(1000)
    assert after.sites["people"].tolist() == [312.5, 312.5, 375]
    assert with_room(after) == pytest.approx(312.5 * 2 + 30 / busy_hour_mbps(gb_per_month=10, busy_hour_share=0.15))
    assert after.sites["people"].sum() == before.sites["people"].sum()


@given(st.floats(0, 3000), st.floats(0, 1), st.floats(1, 500))
def test_a_second_like_site_of_the_operator_never_lowers_it(people, part, able):
    """With one site before, it is a law: min(p − d, c) + min(d, c) ≥ min(p, c)."""
    each = busy_hour_mbps(gb_per_month=10, busy_hour_share=0.15)
    held = np.array([people, people * (1 - part), people * part])
    site = np.full(3, able * 3)
    room = site_room(site / 3, site, held * each, target_down_mbps=0.5)
    assert held[1] * room[1] + held[2] * room[2] >= held[0] * room[0] * (1 - 1e-12) - 1e-9


def test_strips_change_nothing(monkeypatch):
    rng = np.random.default_rng(5)
    grid = plane(nx=9, ny=13)
    table = sites(*((f"s{i}", "AB"[i % 2], "4G", rng.uniform(-5e3, 5e3), rng.uniform(-7e3, 7e3)) for i in range(12)))
    people = rng.uniform(0, 900, grid.shape)
    whole = run(table, grid, people=people, radius=2500.0)
    monkeypatch.setattr("analysis.best_server.STRIP_SAMPLES", 1)
    strips = run(table, grid, people=people, radius=2500.0)
    assert strips.share.tobytes() == whole.share.tobytes()
    pd.testing.assert_frame_equal(strips.sites, whole.sites, check_exact=True)


# ---------------------------------------------------------------- tables


def test_the_built_in_tables_are_whole_and_sourced():
    built_in = read_capacity()
    assert built_in.site.index.tolist() == sorted((t, s) for t in ("4G", "5G") for s in RADIUS_CLASSES)
    assert (built_in.gb_per_month, built_in.busy_hour_share, built_in.user_share) == (10.0, 0.15, 0.58)
    assert built_in.site.loc[("5G", "urban")].tolist() == [75.0, 7.8, 3.0]
    other = built_in.with_demand(gb_per_month=5.0, user_share=None)
    assert (other.gb_per_month, other.user_share) == (5.0, 0.58)


def faults_of(tmp_path, *, site=None, demand=None):
    paths = []
    for built_in, change in ((CAPACITY_TABLE, site), (DEMAND_TABLE, demand)):
        text = built_in.read_text(encoding="utf-8")
        path = tmp_path / built_in.name
        path.write_text(change(text) if change else text, encoding="utf-8")
        paths.append(path)
    with pytest.raises(SchemaError) as caught:
        read_capacity(paths[0], demand=paths[1])
    return {(f.file, f.column, f.row): f.problem for f in caught.value.faults}


def test_every_fault_of_both_tables_at_once(tmp_path):
    def site(text):
        lines = text.splitlines()
        lines[1] = "4G,town,30,2.2,3,x"
        lines[2] = "4G,semi-urban,-1,2.2,2.5,x"
        lines[3] = "4G,rural,10,many,3,"
        return "\n".join([*lines, "5G,urban,75,45,3,x"])

    def demand(text):
        return (
            text.replace("gb_per_month,10,", "gb_per_moth,10,").replace("0.15", "15").replace(',2024,"GSMA', ',,"GSMA')
        )

    found = faults_of(tmp_path, site=site, demand=demand)
    assert found == {
        ("capacity.csv", "settlement", "1"): "'town' is unknown",
        ("capacity.csv", "settlement", "7"): "repeated",
        ("capacity.csv", "settlement", ""): "no row for 4G, urban",
        ("capacity.csv", "source", "3"): "blank",
        ("capacity.csv", "bandwidth_mhz", "2"): "-1 is below 0",
        ("capacity.csv", "efficiency_bps_hz", "3"): "'many' is not a number",
        ("capacity.csv", "efficiency_bps_hz", "7"): "45 is above 30",
        ("capacity.csv", "sectors", "2"): "2.5 is no whole number",
        ("demand.csv", "year", "3"): "blank",
        ("demand.csv", "item", "1"): "'gb_per_moth' is unknown",
        ("demand.csv", "item", ""): "no row for gb_per_month",
        ("demand.csv", "value", "2"): "15 is not above 0 and at most 1",
    }


def test_missing_columns_and_files(tmp_path):
    found = faults_of(
        tmp_path, site=lambda text: text.replace("sectors", "sector"), demand=lambda text: text.replace("year", "when")
    )
    assert set(found) == {("capacity.csv", "sectors", ""), ("demand.csv", "year", "")}
    with pytest.raises(SchemaError, match="no such file"):
        read_capacity(tmp_path / "none.csv")


# ---------------------------------------------------------------- real data


def test_greater_accra(accra):
    path = accra / "POP_1km_ghana_54009.tif"
    import rasterio

    whole = raster_grid(path)
    with rasterio.open(path) as source:
        people = source.read(1, masked=True).astype(float).filled(np.nan)
    cell = whole.locate(*Transformer.from_crs(4326, MOLLWEIDE, always_xy=True).transform([-0.6, 0.8], [6.2, 5.4]))
    (top, bottom), (left, right) = np.divmod(cell, whole.nx)
    grid = whole.window(row0=int(top), row1=int(bottom), col0=int(left), col1=int(right))
    people = people[top:bottom, left:right]
    register = read_sites(
        accra / "opencellid_cells_greater_accra.csv", format="opencellid", grid_crs=grid.crs, bounds=grid.bounds
    )
    table = register.sites[register.sites["technology"] == "4G"].reset_index(drop=True)
    classes = np.where(people >= 1500, 0, np.where(people >= 300, 1, 2))
    radii = read_radii()
    reach = np.array([[radii.loc[("4G", c), "central"] * 1000 for c in RADIUS_CLASSES]] * len(table))
    stands = np.maximum(grid.locate(table["x"].to_numpy(), table["y"].to_numpy()), 0)
    options = {"people": people, "radius": reach, "classes": classes, "around": classes.ravel()[stands]}
    found = run(table, grid, capacity=read_capacity(), target=10.0, **options)
    persons = np.nan_to_num(people)
    assert len(found.sites) == len(table) > 700
    assert found.sites["people"].sum() == pytest.approx(float((persons * found.served).sum()), rel=1e-9)
    # the same people with room, counted by cells and by sites
    assert float(np.nansum(found.share * found.served * persons)) == pytest.approx(with_room(found), rel=1e-9)
    modest = run(
        table, grid, capacity=read_capacity().with_demand(gb_per_month=5.0, user_share=0.25), target=10.0, **options
    )
    assert with_room(modest) > with_room(found)
