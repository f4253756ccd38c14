"""Everybody in one state: hand answers, and the sums under hypothesis."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.footprint import UNION, Coverage
from analysis.fragments import Fragments
from analysis.ledger import STATES, coverage_table, make_ledger

TECH = ("2G", "3G", "4G", "5G")


def fragments(people, pairs):
    """pairs: (cell row, zone, share)."""
    cell, zone, share = (np.array(column) for column in zip(*pairs, strict=True))
    people = np.asarray(people, dtype=float)
    return Fragments(np.arange(people.size), people, cell, zone, people[cell] * share, int(zone.max()) + 1)


def coverage(n_cells, n_fragments, at_least, known, operators=None):
    fraction = {}
    for variant in ("low", "central", "high"):
        for tech in TECH:
            sure = np.broadcast_to(np.asarray(known.get(tech, 0.0), float), (n_fragments,))
            fraction[variant, tech, UNION] = (
                np.broadcast_to(np.asarray(at_least.get(tech, 0.0), float), sure.shape) * sure
            )
            for name, table in (operators or {}).items():
                fraction[variant, tech, name] = (
                    np.broadcast_to(np.asarray(table.get(tech, 0.0), float), sure.shape) * sure
                )
    known = {t: np.broadcast_to(np.asarray(known.get(t, 0.0), float), (n_fragments,)) for t in TECH}
    return Coverage(fraction, known, tuple(operators or ()), ("declared",), TECH)


def test_one_cell_by_hand():
    parts = fragments([100.0], [(0, 0, 0.75), (0, -1, 0.25)])
    cov = coverage(1, 2, {"2G": 0.9, "3G": 0.6, "4G": 0.5}, {"2G": 1, "3G": 1, "4G": 1})
    ledger = make_ledger(cov, parts)
    whole = {state: ledger.states[state].sum() for state in STATES}
    assert whole == pytest.approx(
        {
            "unknown": 0, "no_signal": 10, "below_broadband": 30, "mobile_broadband": 10,
            "declared_4g": 50, "declared_5g": 0, "usable": 0,
        }
    )  # fmt: skip
    assert parts.by_zone(ledger.states["declared_4g"]) == pytest.approx([37.5])
    assert ledger.below("4G") @ parts.persons == pytest.approx(50)


def test_outside_the_known_area_is_unknown_not_uncovered():
    parts = fragments([100.0, 40.0], [(0, 0, 1.0), (1, 1, 1.0)])
    cov = coverage(
        2, 2, {"2G": [0.5, 0.0], "3G": [0.5, 0.0], "4G": [0.5, 0.0]}, {t: [1.0, 0.0] for t in ("2G", "3G", "4G")}
    )
    ledger = make_ledger(cov, parts)
    assert ledger.states["no_signal"] == pytest.approx([50, 0])
    assert ledger.states["unknown"] == pytest.approx([0, 40])
    assert ledger.below("4G") @ parts.persons == pytest.approx(50)


def test_without_a_2g_source_nobody_is_called_without_signal():
    parts = fragments([100.0], [(0, 0, 1.0)])
    ledger = make_ledger(coverage(1, 1, {"2G": 0.3, "3G": 0.3, "4G": 0.3}, {"4G": 1.0}), parts)
    assert ledger.states["declared_4g"].sum() == pytest.approx(30)
    assert ledger.states["unknown"].sum() == pytest.approx(70)
    # yet being below 4G is known
    assert ledger.below("4G") @ parts.persons == pytest.approx(70)


def test_a_technology_that_does_not_exist_hides_nobody():
    parts = fragments([100.0], [(0, 0, 1.0)])
    ledger = make_ledger(coverage(1, 1, {"2G": 0.3, "3G": 0.3, "4G": 0.3}, {"2G": 1, "3G": 1, "4G": 1}), parts)
    assert ledger.states["no_signal"].sum() == pytest.approx(70)


def test_at_best_is_said_only_where_the_better_technology_is_known():
    parts = fragments([100.0], [(0, 0, 1.0)])
    # 2G and 4G have a source, 3G has none: reached by 2G alone may still mean 3G
    ledger = make_ledger(coverage(1, 1, {"2G": 0.9, "3G": 0.4, "4G": 0.4}, {"2G": 1.0, "4G": 1.0}), parts)
    assert ledger.states["declared_4g"].sum() == pytest.approx(40)
    assert ledger.states["below_broadband"].sum() == 0
    assert ledger.states["mobile_broadband"].sum() == 0
    assert ledger.states["unknown"].sum() == pytest.approx(60)
    table = coverage_table(coverage(1, 1, {"2G": 0.9, "3G": 0.4, "4G": 0.4}, {"2G": 1.0, "4G": 1.0}), parts)
    assert table["3G"]["union"]["share"] is None
    assert table["3G"]["union"]["persons"] == pytest.approx(40)
    assert table["3G"]["union"]["unknown"] == pytest.approx(60)


def test_union_and_largest_operator():
    parts = fragments([100.0, 100.0], [(0, 0, 1.0), (1, 0, 1.0)])
    operators = {"A": {"2G": [1, 0.2], "4G": [1, 0.2]}, "B": {"2G": [0, 0.9], "4G": [0, 0.9]}}
    cov = coverage(2, 2, {"2G": [1, 0.9], "3G": [1, 0.9], "4G": [1, 0.9]}, {"2G": 1, "3G": 1, "4G": 1}, operators)
    table = coverage_table(cov, parts)
    assert table["4G"]["union"]["persons"] == pytest.approx(190)
    assert table["4G"]["union"]["share"] == pytest.approx(0.95)
    assert table["4G"]["largest_operator"]["operator"] == "A"
    assert table["4G"]["largest_operator"]["persons"] == pytest.approx(120)
    assert table["5G"]["union"]["share"] is None
    assert table["5G"]["union"]["unknown"] == pytest.approx(200)


share = st.floats(0, 1)


@given(
    people=st.lists(st.floats(0.001, 1e6), min_size=1, max_size=6),
    fractions=st.lists(share, min_size=4, max_size=4),
    known=st.lists(share, min_size=4, max_size=4),
    split=share,
)
def test_states_sum_to_the_people_and_are_never_negative(people, fractions, known, split):
    fractions = sorted(fractions, reverse=True)
    pairs = [(row, zone, part) for row in range(len(people)) for zone, part in ((0, split), (-1, 1 - split))]
    parts = fragments(people, pairs)
    cov = coverage(
        len(people), len(pairs), dict(zip(TECH, fractions, strict=True)), dict(zip(TECH, known, strict=True))
    )
    ledger = make_ledger(cov, parts)
    total = sum(ledger.states.values())
    np.testing.assert_allclose(total, parts.persons, rtol=1e-9, atol=1e-9)
    assert all((values >= -1e-6).all() for values in ledger.states.values())
    by_cell = sum(parts.by_cell(values) for values in ledger.states.values())
    np.testing.assert_allclose(by_cell, parts.people, rtol=1e-9)
    for tech in TECH:
        assert (ledger.below(tech) <= 1 + 1e-12).all()
