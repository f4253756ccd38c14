from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.invest import cut, make_problem, plan, sequence
from geo.errors import InfeasibleError, SchemaError

BASES = (0.0, 0.5)


def problem(reach, *, people, cost, value=1.0, **more):
    """`reach`: one dict of row → fraction a candidate."""
    return make_problem(
        people,
        indptr=np.append(0, np.cumsum([len(one) for one in reach])),
        rows=[row for one in reach for row in sorted(one)],
        fraction=[one[row] for one in reach for row in sorted(one)],
        cost=cost,
        value=value,
        **more,
    )


def worth(data, chosen):
    """People-equivalents and persons better off, person by person along each cell (nested reach)."""
    total = persons = 0.0
    for row, people in enumerate(data["people"]):
        share, base = data["base_fraction"][row], data["base_value"]
        offers = [(data["reach"][j][row], data["value"][j]) for j in chosen if row in data["reach"][j]]
        edges = sorted({0.0, 1.0, share, *(fraction for fraction, _ in offers)})
        for low, high in pairwise(edges):
            had = base if high <= share else 0.0
            has = max([had, *(value for fraction, value in offers if fraction >= high)])
            total += people * (high - low) * (has - had)
            persons += people * (high - low) * (has > had)
    return total, persons


@st.composite
def instances(draw, most=7):
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    rows, count = int(rng.integers(1, 6)), int(rng.integers(1, most + 1))
    reach = [
        {int(row): float(rng.choice([0.25, 0.5, 0.8, 1.0])) for row in np.flatnonzero(rng.random(rows) < 0.6)}
        for _ in range(count)
    ]
    data = {
        "reach": reach,
        "people": rng.integers(0, 50, rows).astype(float),
        "cost": rng.integers(1, 9, count).astype(float),
        "value": rng.choice([0.3, 0.5, 1.0], count),
        "base_value": float(rng.choice(BASES)),
        "base_fraction": rng.choice([0.0, 0.3, 0.5, 1.0], rows),
    }
    data["budget"] = float(rng.integers(0, 1 + int(data["cost"].sum())))
    return data


def made(data):
    names = ("people", "cost", "value", "base_value", "base_fraction")
    return problem(data["reach"], **{name: data[name] for name in names})


def optimum(data):
    everything = range(len(data["reach"]))
    return max(
        worth(data, chosen)[0]
        for size in range(len(data["reach"]) + 1)
        for chosen in combinations(everything, size)
        if data["cost"][list(chosen)].sum() <= data["budget"]
    )


def eager(data):
    """Ratio greedy by the book: every gain computed anew at every step."""
    chosen, spent = [], 0.0
    while True:
        now = worth(data, chosen)[0]
        options = [
            (round((worth(data, [*chosen, j])[0] - now) / data["cost"][j], 9), -j)
            for j in range(len(data["reach"]))
            if j not in chosen and spent + data["cost"][j] <= data["budget"]
        ]
        if not options or max(options)[0] <= 0:
            return chosen
        best = -max(options)[1]
        chosen.append(best)
        spent += data["cost"][best]


def test_by_hand():
    # WiFi (0.5) over all of A for 1; a site over A and half of B for 10; another WiFi over B for 2
    made_ = problem([{0: 1.0}, {0: 1.0, 1: 0.5}, {1: 1.0}], people=[100, 40], cost=[1, 10, 2], value=[0.5, 1, 0.5])
    answer = plan(made_, budget=3)
    # ratios 50, 12, 10 → WiFi at A (50 people-equivalents); then WiFi at B 20/2 = 10 beats (50 + 20)/10 = 7
    assert answer.chosen.tolist() == [0, 2]
    assert answer.gain.tolist() == [50.0, 20.0]
    assert answer.persons.tolist() == [100.0, 40.0]
    assert answer.cost_so_far.tolist() == [1.0, 3.0]
    # ten buy the same by ratio, but the site alone brings 100 + 20 = 120 > 70
    assert plan(made_, budget=10).method == "best single"
    assert plan(made_, budget=10).value == 120
    everything = plan(made_, budget=13)
    assert everything.chosen.tolist() == [0, 2, 1]
    assert everything.gain.tolist() == [50.0, 20.0, 60.0]
    assert everything.persons.tolist() == [100.0, 40.0, 0.0]
    assert everything.gap == 0


def test_what_people_have_already_is_not_bought_again():
    # half the people have WiFi: new WiFi over 80 % brings it to 30 % more, a site lifts all it reaches
    wifi = problem([{0: 0.8}], people=[100], cost=[1], value=0.5, base_value=0.5, base_fraction=[0.5])
    assert plan(wifi, budget=1).value == pytest.approx(15)
    assert plan(wifi, budget=1).people == pytest.approx(30)
    site = problem([{0: 0.8}], people=[100], cost=[1], value=1.0, base_value=0.5, base_fraction=[0.5])
    assert plan(site, budget=1).value == pytest.approx(50 * 0.5 + 30 * 1)
    assert plan(site, budget=1).people == pytest.approx(80)
    none = problem([{0: 0.8}], people=[100], cost=[1], value=0.5, base_value=0.5)
    assert plan(none, budget=1).chosen.size == 0


def test_bound_by_hand():
    # two disjoint cells of 10 and 9 people for 2 each; 3 to spend: one whole, half of the other
    made_ = problem([{0: 1.0}, {1: 1.0}], people=[10, 9], cost=[2, 2])
    answer = plan(made_, budget=3)
    assert answer.value == 10
    assert answer.bound == pytest.approx(14.5)
    assert answer.gap == pytest.approx(4.5 / 14.5)


@given(instances())
@settings(max_examples=50)
def test_guarantee_bound_and_count(data):
    answer = plan(made(data), budget=data["budget"])
    best = optimum(data)
    total, persons = worth(data, answer.chosen.tolist())
    assert answer.value == pytest.approx(total)
    assert answer.people == pytest.approx(persons)
    assert answer.people <= data["people"].sum() + 1e-9
    assert answer.value >= 0.5 * (1 - 1 / np.e) * best - 1e-9
    assert answer.bound >= best - 1e-9
    assert answer.bound >= answer.value
    assert 0 <= answer.gap <= 1
    assert answer.spent <= data["budget"]
    assert np.unique(answer.chosen).size == answer.chosen.size
    assert np.all(answer.gain > 0)


@given(instances())
@settings(max_examples=50)
def test_lazy_is_eager(data):
    answer = plan(made(data), budget=data["budget"], effort=0)
    order = eager(data)
    if answer.method == "best single":
        assert worth(data, order)[0] < answer.value
    else:
        assert answer.chosen.tolist() == order


@given(instances())
@settings(max_examples=50)
def test_more_budget_never_loses(data):
    line = sequence(made(data), budget=data["budget"], max_budget=2 * data["budget"])
    before = 0.0
    for budget in np.arange(0, 2 * data["budget"] + 0.5, 0.5):
        answer = cut(line, float(budget))
        assert answer.value >= before - 1e-9
        assert answer.spent <= budget
        assert answer.bound >= optimum({**data, "budget": float(budget)}) - 1e-9
        before = answer.value


@given(instances())
@settings(max_examples=30)
def test_sequence_starts_with_the_plan_and_goes_on(data):
    line = sequence(made(data), budget=data["budget"], max_budget=2 * data["budget"])
    base = plan(made(data), budget=data["budget"])
    assert line.plan.chosen[: line.within].tolist() == base.chosen.tolist()
    assert line.plan.gain[: line.within].tolist() == base.gain.tolist()
    assert line.plan.spent <= 2 * data["budget"]
    assert line.plan.value == pytest.approx(worth(data, line.plan.chosen.tolist())[0])


def test_ties_go_to_the_lower_index():
    made_ = problem([{0: 1.0}, {0: 1.0}, {1: 1.0}], people=[5, 5], cost=[1, 1, 1])
    assert plan(made_, budget=3).chosen.tolist() == [0, 2]


def test_nothing_to_spend_or_to_gain():
    made_ = problem([{0: 1.0}, {1: 1.0}, {}], people=[5, 0], cost=[1, 1, 1])
    empty = plan(made_, budget=0)
    assert (empty.chosen.size, empty.value, empty.bound, empty.gap, empty.spent, empty.method) == (
        0,
        0,
        0,
        0,
        0,
        "empty",
    )
    assert plan(made_, budget=9).chosen.tolist() == [0]
    nobody = make_problem([5.0], indptr=[0], rows=[], fraction=[], cost=[], value=[])
    assert plan(nobody, budget=9).chosen.size == 0


def test_fixed_come_first():
    made_ = problem([{0: 1.0}, {1: 1.0}], people=[5, 1], cost=[2, 2])
    answer = plan(made_, budget=4, fixed=[1])
    assert answer.chosen.tolist() == [1, 0]
    assert answer.gain.tolist() == [1.0, 5.0]
    with pytest.raises(InfeasibleError, match="more than the budget"):
        plan(made_, budget=1, fixed=[1])
    with pytest.raises(InfeasibleError, match="named twice"):
        plan(made_, budget=9, fixed=[1, 1])


def test_weights_steer_but_persons_are_persons():
    made_ = problem([{0: 1.0}, {1: 1.0}], people=[5, 4], cost=[1, 1], row_weight=[1, 2])
    answer = plan(made_, budget=1)
    assert answer.chosen.tolist() == [1]
    assert (answer.value, answer.people) == (8, 4)


@pytest.mark.parametrize("budget", [-1, float("nan"), float("inf")])
def test_impossible_budgets(budget):
    with pytest.raises(InfeasibleError, match="at least 0"):
        plan(problem([{0: 1.0}], people=[1], cost=[1]), budget=budget)
    with pytest.raises(InfeasibleError, match="below the budget"):
        sequence(problem([{0: 1.0}], people=[1], cost=[1]), budget=2, max_budget=1)


def test_bad_input_lists_every_fault():
    with pytest.raises(SchemaError) as caught:
        problem(
            [{0: 1.5}, {7: 1.0}],
            people=[-1, float("nan")],
            cost=[0, 1],
            value=[2, 1],
            base_value=[-0.1, 0],
            base_fraction=2,
            row_weight=[1, -1],
        )
    columns = ["people", "base_value", "base_fraction", "row_weight", "fraction", "cost", "value", "rows"]
    assert [fault.column for fault in caught.value.faults] == columns


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"indptr": [0, 1]}, "do not fit together"),
        ({"indptr": [0, 3, 2]}, "do not fit together"),
        ({"rows": [1, 1]}, "occurs twice"),
        ({"rows": [1, 0]}, "not ascending"),
        ({"value": [1.0]}, "another length than cost"),
        ({"base_value": np.linspace(0, 1, 40), "people": np.ones(40)}, "distinct values"),
    ],
)
def test_pairs_that_do_not_fit(changed, words):
    good = {"people": [1, 1], "indptr": [0, 2, 2], "rows": [0, 1], "fraction": [1, 1], "cost": [1, 1], "value": 1.0}
    arguments = good | changed
    with pytest.raises(SchemaError, match=words):
        make_problem(arguments.pop("people"), **arguments)
