"""The maximal covering location problem of Church and ReVelle (1974), as others solve it.

Church, R. and ReVelle, C.: The maximal covering location problem. Papers of the Regional Science Association 32, 101–118.
As in Swain's network, on which they worked, there are 55 nodes that are both demand and site; his figures are not at
hand, so nodes and demand are drawn, the same each time.
"""

from __future__ import annotations

import numpy as np
import pytest

from analysis.invest import certify, exact, make_problem, plan

NODES = 55


def network():
    """Places in the plane and their demand."""
    rng = np.random.default_rng(1974)
    places = rng.uniform(0, 60, (NODES, 2))
    return places, np.ceil(700 / (1 + np.arange(NODES)))


def covering(radius):
    """One person is covered by any site within the radius; sites cost 1."""
    places, demand = network()
    distance = np.hypot(*(places[:, None] - places[None, :]).transpose(2, 0, 1))
    near = distance <= radius
    problem = make_problem(
        demand,
        indptr=np.append(0, np.cumsum(near.sum(axis=0))),
        rows=np.concatenate([np.flatnonzero(near[:, j]) for j in range(NODES)]),
        fraction=np.ones(near.sum()),
        cost=np.ones(NODES),
    )
    return problem, distance, demand


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of pulp, in spopt
@pytest.mark.parametrize("radius", [10.0, 15.0])
@pytest.mark.parametrize("count", [1, 3, 5, 8])
def test_the_same_optimum_as_pysal(radius, count):
    locate, pulp = pytest.importorskip("spopt.locate"), pytest.importorskip("pulp")
    problem, distance, demand = covering(radius)
    peer = locate.MCLP.from_cost_matrix(distance, demand, service_radius=radius, p_facilities=count)
    peer = peer.solve(pulp.HiGHS(msg=False))
    answer = exact(problem, plan(problem, budget=count))
    assert answer.status == "optimal"
    assert answer.plan.value == pytest.approx(peer.problem.objective.value())
    assert answer.plan.chosen.size <= count


def test_plans_and_bounds_meet_without_an_exact_search():
    problem, _, _ = covering(12.0)
    for count in range(1, 20):
        answer = plan(problem, budget=count)
        assert answer.gap < 0.02
        assert certify(problem, answer).bound <= answer.bound + 1e-6


def test_where_greedy_is_worst_the_plan_is_not():
    """Two sites of 4 persons each, and one of 4 that takes half of both and comes first: greedy ends at 3/4 = 1 − (1/2)².

    The bound is that of Nemhauser, Wolsey and Fisher (1978), reached.
    """
    problem = make_problem(
        [2, 2, 2, 2],
        indptr=[0, 2, 4, 6],
        rows=[1, 2, 0, 1, 2, 3],
        fraction=np.ones(6),
        cost=[1, 1, 1],
    )
    assert plan(problem, budget=2, effort=0).value == 6
    assert plan(problem, budget=2).value == 8
    assert plan(problem, budget=2).gap == pytest.approx(0, abs=1e-9)
