"""Coverage of a region's cells: what counts, what only compares, who stays unknown, and how it grows."""

import numpy as np
import pandas as pd
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from analysis.footprint import UNION, cover
from analysis.fragments import Fragments
from analysis.ledger import STATES, coverage_table, make_ledger, operator_table
from analysis.propagation import Propagation, radius_class
from analysis.radio.reach import link_reach
from data.coverage import CoverageLayer, Known
from data.radio import read_propagation, read_site_links
from geo.errors import SchemaError
from geo.grid import Grid

N = 12
GRID = Grid(CRS("EPSG:3035"), Affine(1000, 0, 4_000_000, 0, -1000, 3_000_000), (N, N))
LINKS = (read_site_links(), read_propagation())
TECH = ("2G", "3G", "4G", "5G")


def model(settlement=11, confidence=0.9):
    codes = np.full(GRID.shape, settlement, dtype=np.int16) if np.isscalar(settlement) else settlement
    return Propagation(GRID, radius_class(codes), link_reach(*LINKS, confidence=confidence), confidence, None, LINKS)


def parts():
    """100 people in every cell, one zone that holds all."""
    n = GRID.size
    people = np.full(n, 100.0)
    return Fragments(np.arange(n), people, np.arange(n), np.zeros(n, dtype=int), people.copy(), 1)


def sites(*rows):
    """rows: (column, row, technology, operator), at the middle of a cell."""
    return pd.DataFrame(
        {
            "site_id": [f"s{i}" for i in range(len(rows))],
            "operator": [row[3] for row in rows],
            "technology": [row[2] for row in rows],
            "x": [4_000_500.0 + 1000 * row[0] for row in rows],
            "y": [2_999_500.0 - 1000 * row[1] for row in rows],
        }
    )


def region(*layers, absent=("5G",)):
    options = type("Settings", (), {"absent": list(absent)})
    return type("Region", (), {"coverage": layers, "grid": GRID, "settings": options, "zones": None})


def of_sites(table, *, silent=None, technologies=("2G", "3G", "4G"), counts=True, known=None):
    return CoverageLayer("modelled", technologies, table, None, known, None, silent=silent, counts=counts)


def test_one_rural_site_covers_the_analytic_disc():
    around = model()
    found = cover(region(of_sites(sites((5, 5, "4G", "A")))), parts(), model=around)
    for variant in ("low", "central", "high"):
        radius = around.reach.metres[variant, "4G"][2, 2]
        area = found.fraction[variant, "4G", UNION].sum() * 1e6
        if radius < 5000:
            assert area == pytest.approx(np.pi * radius**2, rel=1e-3)
    low, central, high = (found.fraction[v, "4G", UNION].sum() for v in ("low", "central", "high"))
    assert 0 < low < central < high


def test_what_stands_around_the_person_decides_not_only_the_site():
    codes = np.full(GRID.shape, 11, dtype=np.int16)
    codes[:, 6:] = 30
    around = model(codes)
    found = cover(region(of_sites(sites((5, 5, "4G", "A")))), parts(), model=around)
    field = found.fraction["central", "4G", UNION].reshape(GRID.shape)
    open_country, town = around.reach.metres["central", "4G"][2, 2], around.reach.metres["central", "4G"][2, 0]
    assert town < 1500 < 3000 < open_country
    assert field[5, 3] == 1  # 2 km away over fields
    assert field[5, 7] == 0  # as far into the town


def test_a_silent_site_makes_unknown_what_it_alone_might_reach():
    alone = sites((2, 2, "4G", "A"))
    quiet = sites((9, 9, "?", "B")).drop(columns="technology")
    people = parts()
    plain = make_ledger(cover(region(of_sites(alone)), people, model=model()), people)
    found = cover(region(of_sites(alone, silent=quiet)), people, model=model())
    ledger = make_ledger(found, people)
    assert sum(plain.states["unknown"]) == 0
    reach = model().reach.metres["central", "4G"][2, 2]
    assert ledger.states["unknown"].sum() > 100 * np.pi * 1000**2 / 1e6
    assert ledger.states["unknown"].reshape(GRID.shape)[9, 9] == pytest.approx(100)
    # nobody whom the site with a technology reaches became unknown
    np.testing.assert_allclose(ledger.at_least["4G"], plain.at_least["4G"], atol=1e-12)
    table = coverage_table(found, people)
    assert table["4G"]["union"]["unknown"] == pytest.approx(100 * found.silent["central", "4G", UNION].sum())
    assert found.silent["central", "4G", UNION].sum() * 1e6 <= np.pi * reach**2 + 1e-6
    # operator A answers for itself: B's silence is not A's
    assert operator_table(found, people)["A"]["4G"]["unknown"] == pytest.approx(0, abs=1e-6)
    for state in STATES:
        assert (ledger.states[state] >= -1e-9).all()
    np.testing.assert_allclose(sum(ledger.states.values()), people.persons)


def test_a_layer_that_only_compares_counts_nobody():
    extra = of_sites(sites((9, 9, "4G", "B")), counts=False)
    people = parts()
    one = cover(region(of_sites(sites((2, 2, "4G", "A")))), people, model=model())
    two = cover(region(of_sites(sites((2, 2, "4G", "A"))), extra), people, model=model())
    np.testing.assert_array_equal(one.fraction["central", "4G", UNION], two.fraction["central", "4G", UNION])
    assert two.operators == ("A",)
    assert two.by_basis["modelled", "4G"][0].sum() > one.by_basis["modelled", "4G"][0].sum()


def test_cells_declared_by_raster_or_hexagons_meet_their_known_share():
    cells = np.zeros(GRID.shape)
    cells[1:6] = 0.5
    known = np.ones(GRID.shape)
    known[0], known[1] = 0.0, 0.6  # a raster without values in row 0, with values on 60 % of row 1
    table = {(t, o): cells for t in ("2G", "3G", "4G") for o in ("", "A")}
    layer = CoverageLayer("declared", ("2G", "3G", "4G"), None, None, Known(fraction=known), None, cells=table)
    people = parts()
    found = cover(region(layer), people, model=model())
    ledger = make_ledger(found, people)
    states = {name: values.reshape(GRID.shape) for name, values in ledger.states.items()}
    assert states["unknown"][0] == pytest.approx(100)
    assert states["declared_4g"][1] == pytest.approx(50)
    assert states["unknown"][1] == pytest.approx(40)
    assert states["no_signal"][1] == pytest.approx(10)
    assert states["declared_4g"][3] == pytest.approx(50)
    assert states["no_signal"][8] == pytest.approx(100)
    assert found.operators == ("A",)


def test_usable_splits_what_is_reached_and_no_more():
    people = parts()
    found = cover(region(of_sites(sites((5, 5, "4G", "A")))), people, model=model())
    good = np.linspace(0, 1, people.size)
    ledger = make_ledger(found, people, usable=good)
    reached = ledger.at_least["4G"] * people.persons
    np.testing.assert_allclose(ledger.states["usable"], reached * good)
    np.testing.assert_allclose(ledger.states["usable"] + ledger.states["declared_4g"], reached)
    np.testing.assert_allclose(sum(ledger.states.values()), people.persons)


places = st.tuples(st.integers(0, N - 1), st.integers(0, N - 1), st.sampled_from(TECH), st.sampled_from(["A", "B"]))


@settings(max_examples=25)
@given(st.lists(places, min_size=1, max_size=5), places, st.sampled_from([11, 21, 30]))
def test_another_site_never_takes_coverage_away(rows, extra, settlement):
    people, around = parts(), model(settlement)
    less = cover(region(of_sites(sites(*rows), technologies=TECH), absent=()), people, model=around)
    more = cover(region(of_sites(sites(*rows, extra), technologies=TECH), absent=()), people, model=around)
    for key, values in less.fraction.items():
        if key in more.fraction:
            assert (more.fraction[key] >= values - 1e-12).all(), key
    for technology in TECH:
        low, central, high = (less.fraction[v, technology, UNION] for v in ("low", "central", "high"))
        assert (low <= central + 1e-12).all()
        assert (central <= high + 1e-12).all()


@settings(max_examples=15)
@given(st.lists(places, min_size=1, max_size=4), st.floats(0.5, 0.95))
def test_asking_for_more_certainty_never_adds_coverage(rows, confidence):
    people, table = parts(), region(of_sites(sites(*rows), technologies=TECH), absent=())
    loose = cover(table, people, model=model(11, confidence))
    sure = cover(table, people, model=model(11, confidence + 0.04))
    for key, values in sure.fraction.items():
        assert (values <= loose.fraction[key] + 1e-12).all()


def zone_known(columns):
    """Two zones: the given columns of cells, and the rest; only the first is known."""
    people = np.full(GRID.size, 100.0)
    cell = np.arange(GRID.size)
    zone = np.where(cell % N < columns, 0, 1)
    return Fragments(cell, people, cell, zone, people.copy(), 2), Known(zones=np.array([True, False]))


def test_a_layer_known_everywhere_does_not_carry_another_beyond_its_own_area():
    people, known = zone_known(6)
    raster = np.zeros(GRID.shape)
    spoken = Known(fraction=np.where(np.arange(N)[None, :] < 3, np.ones(GRID.shape), 0.0))
    declared = CoverageLayer(
        "declared", ("4G",), None, None, spoken, None, cells={(t, o): raster for t in TECH[:3] for o in ("", "B")}
    )
    spread = of_sites(sites((5, 5, "4G", "A"), (9, 5, "4G", "A")), known=known)
    alone = make_ledger(cover(region(spread), people, model=model()), people)
    both = make_ledger(cover(region(spread, declared), people, model=model()), people)
    np.testing.assert_allclose(both.at_least["4G"], alone.at_least["4G"])
    # beyond the known zone nobody is counted, whatever stands there
    assert both.at_least["4G"][people.zone == 1].max() == 0
    assert both.states["unknown"][people.zone == 1] == pytest.approx(100)


def test_agreement_is_cumulative_and_consistent_with_the_ledger():
    people = parts()
    found = cover(region(of_sites(sites((5, 5, "5G", "A")), technologies=("5G",)), absent=()), people, model=model())
    covered, known = found.by_basis["modelled", "4G"]
    ledger = make_ledger(found, people)
    np.testing.assert_allclose(covered, ledger.at_least["4G"])
    assert (known >= covered).all()


def test_a_site_with_a_yes_and_a_blank_stands_in_both():
    alone = sites((2, 2, "2G", "A"))
    people = parts()
    found = cover(region(of_sites(alone, silent=alone.drop(columns="technology"))), people, model=model())
    ledger = make_ledger(found, people)
    here = 2 * N + 2
    assert ledger.at_least["2G"][here] == 1
    assert ledger.known["4G"][here] == 0
    assert ledger.states["unknown"][here] == pytest.approx(100)


def test_rows_that_name_no_operator_are_nobodys_network():
    people = parts()
    found = cover(region(of_sites(sites((5, 5, "4G", "operator not known")))), people, model=model())
    table = coverage_table(found, people)["4G"]
    assert table["union"]["persons"] > 0
    assert table["largest_operator"]["operator"] is None
    assert table["largest_operator"]["share"] is None


def test_the_band_is_null_when_only_one_footprint_was_laid_out():
    people = parts()
    found = cover(region(of_sites(sites((5, 5, "4G", "A")))), people, model=model(), footprint="low", variants=("low",))
    union = coverage_table(found, people, footprint="low")["4G"]["union"]
    assert union["persons"] > 0
    assert union["low"] is None
    assert union["high"] is None


def test_terrain_allows_no_more_loss_low_than_high():
    for settlement in (11, 21, 30):
        around = model(settlement)
        around.require_terrain_order()
    table = sites((5, 5, "4G", "A"))
    allowed = [around.terrain_links(table, variant=v)["allowed_db"][0] for v in ("low", "central", "high")]
    assert (allowed[0] < allowed[1]).all()
    assert (allowed[1] < allowed[2]).all()


def test_a_table_out_of_order_over_terrain_is_refused():
    wrong = LINKS[1].copy()
    wrong.attrs = LINKS[1].attrs
    wrong.loc[wrong["variant"] == "high", "terrain_loss_db"] = 40.0
    around = Propagation(GRID, radius_class(np.full(GRID.shape, 11)), model().reach, 0.9, None, (LINKS[0], wrong))
    with pytest.raises(SchemaError, match="central allows more loss over terrain than high"):
        around.require_terrain_order()
