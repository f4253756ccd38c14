"""Agreement of the bases: hand-derived tables, people drawn one by one as the oracle, conservation as the property."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.agreement import (
    ANSWERS,
    BASES,
    Basis,
    agreement,
    agreement_record,
    cell_shares,
    doubt,
    doubt_range,
)
from analysis.fragments import Fragments


def fragments_of(persons: list[float], cell: list[int] | None = None) -> Fragments:
    count = len(persons)
    row = np.arange(count) if cell is None else np.array(cell)
    people = np.bincount(row, weights=persons)
    return Fragments(
        np.arange(people.size), people, row, np.zeros(count, dtype=np.int64), np.array(persons, dtype=float), 1
    )


def basis(covered: list[float], known: list[float]) -> Basis:
    return Basis(np.array(covered, dtype=float), np.array(known, dtype=float))


def rows_of(table) -> dict[tuple[str, str, str], float]:
    return {(row.declared, row.modelled, row.measured): row.people for row in table.itertuples()}


def test_table_by_hand() -> None:
    """Four fragments; only the second is partial: declared half, modelled a quarter, tests silent."""
    fragments = fragments_of([100, 80, 40, 10])
    bases = {
        "declared": basis([1, 0.5, 0, 0], [1, 1, 1, 0]),
        "modelled": basis([0, 0.25, 1, 0], [1, 1, 1, 0]),
        "measured": basis([0, 0, 1, 0], [1, 0, 1, 0]),
    }
    table = agreement(fragments, bases)
    assert rows_of(table) == {
        ("yes", "yes", "not known"): 10,  # 80 · ½ · ¼
        ("yes", "no", "no"): 100,
        ("yes", "no", "not known"): 30,  # 80 · ½ · ¾
        ("no", "yes", "yes"): 40,
        ("no", "yes", "not known"): 10,
        ("no", "no", "not known"): 30,
        ("not known", "not known", "not known"): 10,
    }
    np.testing.assert_allclose(table["share"], table["people"] / 230)
    np.testing.assert_array_equal(doubt(fragments, bases), [100, 30, 0, np.nan])
    # the second: between max(0, ½ + ¾ − 1) and min(½, ¾) of 80
    assert doubt_range(fragments, bases) == (100 + 20, 100 + 40)
    record = agreement_record(fragments, bases, target="4G")
    assert [record[key] for key in ("compared", "doubtful", "doubtful_low", "doubtful_high")] == [220, 130, 120, 140]
    assert list(record["table"][0]) == [*BASES, "people", "share"]


def test_tests_outweigh_the_model() -> None:
    fragments = fragments_of([1, 1, 1, 1])
    bases = {
        "declared": basis([1, 1, 1, 1], [1, 1, 1, 1]),
        "modelled": basis([0, 1, 0, 1], [1, 1, 1, 1]),
        "measured": basis([1, 0, 0, 0], [1, 1, 0, 0]),
    }
    assert doubt(fragments, bases).tolist() == [0, 1, 1, 0]


def test_doubt_is_not_known_where_nothing_can_be_compared() -> None:
    fragments = fragments_of([5, 5, 5])
    declared = basis([1, 0, 0], [1, 1, 0])
    assert np.isnan(doubt(fragments, {"declared": declared})).all()
    assert np.isnan(doubt(fragments, {"modelled": declared, "measured": declared})).all()
    np.testing.assert_array_equal(
        doubt(fragments, {"declared": declared, "measured": basis([0, 0, 0], [1, 1, 1])}), [5, 0, np.nan]
    )
    record = agreement_record(fragments, {"declared": declared}, target="4G")
    assert record["compared"] is record["doubtful"] is record["doubtful_low"] is record["doubtful_high"] is None
    assert np.isnan(doubt_range(fragments, {})).all()


def test_bounds_meet_where_only_one_fraction_is_partial() -> None:
    fragments = fragments_of([100, 100])
    bases = {
        "declared": basis([1, 1], [1, 1]),
        "modelled": basis([0.75, 0], [1, 0]),
        "measured": basis([0, 0.5], [0, 0.6]),
    }
    np.testing.assert_allclose(doubt(fragments, bases), [25, 10])
    np.testing.assert_allclose(doubt_range(fragments, bases), [35, 35])


def test_a_missing_basis_is_not_known_for_everybody() -> None:
    fragments = fragments_of([3, 4])
    table = agreement(fragments, {"declared": basis([1, 0], [1, 1])})
    assert rows_of(table) == {("yes", "not known", "not known"): 3, ("no", "not known", "not known"): 4}
    assert rows_of(agreement(fragments, {})) == {("not known",) * 3: 7}
    assert agreement(fragments_of([]), {}).empty


def test_rounding_makes_nobody() -> None:
    third = 0.1 + 0.2  # 0.30000000000000004, of which 0.3 is covered
    table = agreement(fragments_of([1e6]), {"declared": basis([0.3], [third]), "modelled": basis([1], [1 + 1e-12])})
    assert set(rows_of(table)) == {("yes", "yes", "not known"), ("not known", "yes", "not known")}


def test_cells_are_weighed_by_people_and_silent_where_nothing_is_known() -> None:
    fragments = fragments_of([30, 10, 5, 5], cell=[0, 0, 1, 2])
    shares = cell_shares(fragments, basis([1, 0, 0, 0], [1, 1, 1, 0]))
    np.testing.assert_array_equal(shares, [0.75, 0, np.nan])
    np.testing.assert_array_equal(cell_shares(fragments, basis([0.5, 0, 0, 0], [0.5, 0, 0, 0])), [1, np.nan, np.nan])


@pytest.mark.parametrize(("covered", "known"), [([1.0], [0.5]), ([-0.1], [1.0]), ([0.5], [1.1]), ([np.nan], [1.0])])
def test_a_basis_out_of_order_is_refused(covered, known) -> None:
    with pytest.raises(ValueError, match=r"fails for 1 fragments, first \[0\]"):
        basis(covered, known)


def test_a_basis_of_another_size_or_name_is_refused() -> None:
    with pytest.raises(ValueError, match="one value per fragment"):
        basis([1, 1], [1])
    with pytest.raises(ValueError, match=r"'claimed'.*\['claimed', 'measured'\]"):
        agreement(fragments_of([1, 1]), {"claimed": basis([1], [1]), "measured": basis([1], [1])})


def test_people_drawn_one_by_one_give_the_table() -> None:
    """Oracle: 200,000 people of one cell, each answer drawn for each of them, counted one by one."""
    rng = np.random.default_rng(11)
    covered, known, people = [0.3, 0.6, 0.2], [0.9, 1.0, 0.5], 200_000
    said = [
        np.where(draw < c, "yes", np.where(draw < k, "no", "not known"))
        for c, k, draw in zip(covered, known, rng.uniform(size=(3, people)), strict=True)
    ]
    table = agreement(
        fragments_of([people]), {name: basis([c], [k]) for name, c, k in zip(BASES, covered, known, strict=True)}
    )
    drawn = dict.fromkeys(product(ANSWERS, repeat=3), 0)
    for answers in zip(*(part.tolist() for part in said), strict=True):
        drawn[answers] += 1
    for answers, expected in rows_of(table).items():
        assert abs(drawn[answers] - expected) < 5 * np.sqrt(expected) + 1
    assert sum(count for answers, count in drawn.items() if answers not in rows_of(table)) == 0


@st.composite
def cases(draw):
    count = draw(st.integers(1, 8))
    fraction = st.sampled_from([0.0, 1.0, 1.0]) | st.floats(0, 1)
    persons = draw(st.lists(st.floats(0.01, 1e6), min_size=count, max_size=count))
    bases = {}
    for name in BASES:
        if draw(st.booleans()):
            known = np.array(draw(st.lists(fraction, min_size=count, max_size=count)))
            bases[name] = Basis(known * np.array(draw(st.lists(fraction, min_size=count, max_size=count))), known)
    return fragments_of(persons, draw(st.permutations([n // 2 for n in range(count)]))), bases


@given(cases())
def test_people_and_margins_are_conserved(case) -> None:
    fragments, bases = case
    table = agreement(fragments, bases)
    total = fragments.persons.sum()
    np.testing.assert_allclose(table["people"].sum(), total, rtol=1e-10)
    np.testing.assert_allclose(table["share"].sum(), 1, rtol=1e-10)
    for name, one in bases.items():
        margin = table.groupby(name)["people"].sum().reindex(ANSWERS, fill_value=0.0)
        own = [one.covered, one.known - one.covered, 1 - one.known]
        np.testing.assert_allclose(margin, [(part * fragments.persons).sum() for part in own], atol=total * 1e-10)
    order = [tuple(ANSWERS.index(row[name]) for name in BASES) for row in table.to_dict("records")]
    assert order == sorted(set(order))


@given(cases())
def test_doubt_is_rows_of_the_table_and_within_its_bounds(case) -> None:
    fragments, bases = case
    rows = rows_of(agreement(fragments, bases))
    doubted = doubt(fragments, bases)
    expected = sum(
        people
        for (declared, modelled, measured), people in rows.items()
        if declared == "yes" and (measured == "no" or (measured == "not known" and modelled == "no"))
    )
    slack = 1e-9 * fragments.persons.sum()
    np.testing.assert_allclose(np.nansum(doubted), expected, atol=slack)
    low, high = doubt_range(fragments, bases)
    if np.isfinite(doubted).any():
        assert low - slack <= np.nansum(doubted) <= high + slack
    else:
        assert np.isnan(low)


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_fragments_changes_no_figure(case, random) -> None:
    fragments, bases = case
    order = np.array(random.sample(range(fragments.size), fragments.size))
    turned = Fragments(fragments.cells, fragments.people, fragments.cell[order], fragments.zone[order],
                       fragments.persons[order], fragments.zones)  # fmt: skip
    other = {name: Basis(one.covered[order], one.known[order]) for name, one in bases.items()}
    first, second = rows_of(agreement(fragments, bases)), rows_of(agreement(turned, other))
    assert first.keys() == second.keys()
    np.testing.assert_allclose([first[key] for key in first], [second[key] for key in first], rtol=1e-12)
