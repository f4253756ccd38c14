from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from analysis.candidates import (
    Candidates,
    Cells,
    best_cell_candidates,
    disc_cells,
    disc_reach,
    merge,
    site_candidates,
    wifi_candidates,
)
from geo.errors import SchemaError
from geo.grid import Grid

LAEA = CRS.from_proj4("+proj=laea +lat_0=50 +lon_0=10 +ellps=WGS84")  # true shapes at its centre


def grid(ny=10, nx=10, size=1000.0):
    return Grid(LAEA, Affine(size, 0, 0, 0, -size, ny * size), (ny, nx))


def cells(people, *, size=1000.0, zones=None):
    values = np.asarray(people, dtype=np.float64)
    ids = np.flatnonzero(~np.isnan(values.ravel()))
    names = np.array([f"z{i % 3}" for i in range(ids.size)] if zones is None else zones, dtype=object)
    return Cells(grid(*values.shape, size), ids.astype(np.int64), values.ravel()[ids], names)


def hosts(rows):
    return pd.DataFrame(rows, columns=["id", "name", "category", "x", "y"])


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


def test_wifi_hosts_by_hand():
    table = cells([[100, 0, np.nan], [50, 20, 10], [0, 0, 0]])
    offered = wifi_candidates(
        hosts(
            [
                ("b", "Library", "library", 500, 2500),  # in the cell of 100 people
                ("a", "", "school", 1500, 1500),  # in the cell of 20
                ("c", "", "", 2500, 500),  # nobody there
                ("d", "Town hall", "office", 560, 1580),  # beside existing WiFi
            ]
        ),
        cells=table,
        reach=disc_reach(400, table),
        cost=np.array([1.0, 2.0, 3.0, 4.0]),
        served=np.array([False, False, False, True]),
    )
    disc = np.pi * 0.16
    assert offered.candidate_id.tolist() == ["wifi-a", "wifi-b"]
    assert offered.name.tolist() == ["school", "Library"]
    assert offered.kind.tolist() == ["wifi", "wifi"]
    assert offered.cost.tolist() == [2.0, 1.0]
    assert offered.rows.tolist() == [3, 0]
    assert offered.fraction == pytest.approx([disc, disc], rel=1e-4)
    assert offered.zone_id.tolist() == ["z0", "z0"]
    assert offered.reached(table.people) == pytest.approx([20 * disc, 100 * disc])
    assert dict(offered.dropped) == {"nobody below the target in reach": 1, "public WiFi there already": 1}


def test_hosts_do_not_depend_on_row_order():
    rows = [(f"h{i}", f"n{i}", "c", 300.0 + 170 * i, 2900.0 - 130 * i) for i in range(15)]
    table = cells(np.arange(9.0).reshape(3, 3))
    first = wifi_candidates(hosts(rows), cells=table, reach=disc_reach(400, table), cost=1, max_candidates=7)
    second = wifi_candidates(hosts(rows[::-1]), cells=table, reach=disc_reach(400, table), cost=1, max_candidates=7)
    assert first.size == 7
    assert dict(first.dropped)["beyond max_candidates"] >= 1
    for name in ("candidate_id", "x", "rows", "fraction", "indptr", "zone_id"):
        assert np.array_equal(getattr(first, name), getattr(second, name))


def test_most_people_stay_when_hosts_are_too_many():
    table = cells([[1, 5, 3, 5]])
    rows = [(f"h{i}", "", "", 500 + 1000 * i, 500) for i in range(4)]
    kept = wifi_candidates(hosts(rows), cells=table, reach=disc_reach(300, table), cost=1, max_candidates=2)
    assert kept.candidate_id.tolist() == ["wifi-h1", "wifi-h3"]


def test_bad_hosts_list_every_fault():
    with pytest.raises(SchemaError) as caught:
        wifi_candidates(
            hosts([("a", "", "", 1, 1), ("a", "", "", float("nan"), 1), (None, "", "", 1, float("inf"))]),
            cells=cells([[1.0]]),
            reach=disc_reach(1, cells([[1.0]])),
            cost=1,
        )
    assert [(fault.column, fault.row) for fault in caught.value.faults] == [
        ("id", "2"),
        ("id", "3"),
        ("x", "2"),
        ("y", "3"),
    ]
    with pytest.raises(SchemaError, match="column 'category'"):
        wifi_candidates(
            hosts([]).drop(columns="category"), cells=cells([[1.0]]), reach=disc_reach(1, cells([[1.0]])), cost=1
        )


def test_no_hosts_no_candidates():
    empty = hosts([]).astype({"x": float, "y": float})
    offered = wifi_candidates(empty, cells=cells([[1.0]]), reach=disc_reach(100, cells([[1.0]])), cost=1)
    assert offered.size == 0
    assert offered.indptr.tolist() == [0]


def test_sites_by_hand():
    # radius 1000 m: a cell and its four neighbours. Best centre: the middle 10 with 5 + 6 + 4 + 3 around it.
    table = cells([[0, 5, 0, 0], [6, 10, 4, 0], [0, 3, 0, 9]])
    offered = site_candidates(table, radius_m=1000, cost=np.arange(12.0) + 1)
    # then 9 alone, reached from cell 7 (first in order), 10 or 11: cell 7 wins the tie
    assert offered.candidate_id.tolist() == ["site-cell-05", "site-cell-07"]
    assert offered.cost.tolist() == [6.0, 8.0]
    assert offered.x.tolist() == [1500.0, 3500.0]
    assert offered.y.tolist() == [1500.0, 1500.0]
    assert site_candidates(table, radius_m=1000, cost=1, max_candidates=1).candidate_id.tolist() == ["site-cell-05"]


@given(st.integers(0, 10_000))
@settings(max_examples=40)
def test_sites_against_a_plain_search(seed):
    rng = np.random.default_rng(seed)
    people = rng.integers(0, 9, (7, 8)).astype(float)
    people[rng.random((7, 8)) < 0.3] = np.nan
    if np.isnan(people).all():
        return
    table = cells(people)
    radius = rng.choice([400.0, 1000.0, 1500.0, 2300.0], table.cell_id.size)
    found = site_candidates(table, radius_m=radius, cost=1, max_candidates=6)
    x, y = table.grid.centres(table.cell_id)
    left, picks = table.people.copy(), []
    near = np.hypot(x[:, None] - x, y[:, None] - y) <= radius[:, None] + 1e-6
    while len(picks) < 6:
        score = near @ left
        best = int(np.argmax(score))
        if score[best] <= 0:
            break
        picks.append(best)
        left[near[best]] = 0
    assert sorted(found.candidate_id.tolist()) == sorted(f"site-cell-{table.cell_id[i]:02d}" for i in picks)


def test_best_cells_are_those_beyond_reach():
    table = cells([[10, 20, 30]])
    offered = best_cell_candidates(table, reach_m=300, cost=5, beyond=np.array([10.0, 0.0, 3.0]), max_candidates=5)
    assert offered.candidate_id.tolist() == ["wifi-cell-0", "wifi-cell-2"]
    assert offered.kind.tolist() == ["wifi", "wifi"]
    assert best_cell_candidates(table, reach_m=300, cost=5, max_candidates=1).candidate_id.tolist() == ["wifi-cell-2"]


def test_merge_sorts_and_keeps_who_reaches_whom():
    table = cells([[10, 20, 30]])
    wifi = best_cell_candidates(table, reach_m=300, cost=5)
    site = site_candidates(table, radius_m=700, cost=50)
    both = merge(wifi, site)
    assert both.candidate_id.tolist() == sorted(both.candidate_id.tolist())
    assert both.size == wifi.size + site.size
    apart = dict(zip(wifi.candidate_id, wifi.reached(table.people), strict=True))
    apart |= dict(zip(site.candidate_id, site.reached(table.people), strict=True))
    assert both.reached(table.people) == pytest.approx([apart[name] for name in both.candidate_id])
    with pytest.raises(SchemaError, match="occurs twice"):
        merge(wifi, wifi)
    assert merge().size == 0
    assert merge().indptr.tolist() == [0]


def test_bad_cells():
    with pytest.raises(SchemaError) as caught:
        Cells(grid(), np.array([3, 2]), np.array([-1.0, 2.0]), np.array(["", ""]))
    assert [fault.column for fault in caught.value.faults] == ["cell_id", "people"]


def test_take_keeps_pairs_together():
    table = cells(np.arange(1.0, 10).reshape(3, 3))
    offered = wifi_candidates(
        hosts([(f"h{i}", "", "", 500.0 + 1000 * i, 1500.0) for i in range(3)]),
        cells=table,
        reach=disc_reach(900, table),
        cost=1,
    )
    part = offered.take(np.array([2, 0]))
    assert isinstance(part, Candidates)
    assert part.reached(table.people) == pytest.approx(offered.reached(table.people)[[2, 0]])
