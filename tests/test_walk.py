"""Shortest ways, entered and left in the middle of edges."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from street_grids import blocks, network, scattered

from geo.errors import GridError, RangeError
from geo.network import kept
from geo.snap import Snapped, snap
from geo.walk import spread, walk, walk_pairs


def on(edge, along, off=0.0):
    edge = np.atleast_1d(np.array(edge, dtype=np.int64))
    return Snapped(
        edge,
        np.broadcast_to(np.array(along, dtype=float), edge.shape),
        np.broadcast_to(np.array(off, dtype=float), edge.shape),
    )


def metres(streets, sources, targets):
    return walk(streets, sources=sources, targets=targets, cost=streets.length_m, off_cost=1.0)


def by_networkx(streets, sources, targets):
    """Every source and target a node of its own, hung into a multigraph: an independent Dijkstra."""
    graph = nx.MultiGraph()
    graph.add_nodes_from(range(streets.x.size))
    stops = {}
    for kind, points in (("s", sources), ("t", targets)):
        for k in np.flatnonzero(points.edge >= 0):
            stops.setdefault(points.edge[k], []).append((points.along_m[k], f"{kind}{k}", points.off_m[k]))
    for e in range(streets.tail.size):
        here, at = streets.tail[e], 0.0
        for along, name, off in sorted(stops.get(e, [])):
            graph.add_edge(here, ("on", name), weight=along - at)
            graph.add_edge(("on", name), name, weight=off)
            here, at = ("on", name), along
        graph.add_edge(here, streets.head[e], weight=streets.length_m[e] - at)
    starts = {f"s{k}" for k in np.flatnonzero(sources.edge >= 0)}
    # a leg off the network leads nowhere else, so no way passes through another stop's leg
    far = nx.multi_source_dijkstra_path_length(graph, starts) if starts else {}
    return np.array([far.get(f"t{k}", np.inf) for k in range(targets.edge.size)])


def test_on_street_blocks_every_way_is_by_hand():
    streets = blocks(4, 3)  # 300 m × 200 m
    source = snap(streets, [50], [10], max_m=50)  # half way along the first street, 10 m off it
    homes = snap(streets, [50, 10, 100, 250, 310], [-5, 0, 100, 195, 200], max_m=50)
    found = metres(streets, source, homes)
    # same spot; 40 m along the same edge; round the corner; 50 + 150 + 200 and legs; to the far corner
    assert found.cost == pytest.approx([15, 50, 160, 10 + 400 + 5, 10 + 450 + 10], abs=1e-4)
    assert found.source.tolist() == [0] * 5


def test_a_river_with_one_bridge_makes_the_banks_differ():
    nodes = [(0, 0), (1000, 0), (0, 50), (1000, 50)]
    streets = network(nodes, [(0, 1), (2, 3), (1, 3)])  # two banks, the bridge at their east end
    wifi = snap(streets, [0], [0], max_m=10)
    homes = snap(streets, [100, 100, 900], [0, 50, 50], max_m=10)
    assert metres(streets, wifi, homes).cost == pytest.approx([100, 1950, 1150])


def test_an_island_and_what_lies_off_every_street_cannot_be_reached():
    streets = network([(0, 0), (100, 0), (500, 0), (600, 0)], [(0, 1), (2, 3)])
    found = metres(streets, on([0], 50), on([1, -1, 0], [10, np.nan, 50], [0, np.nan, 0]))
    assert found.cost.tolist() == [np.inf, np.inf, 0]
    assert found.source.tolist() == [-1, -1, 0]
    nobody = metres(streets, on([-1], np.nan, np.nan), on([0], 5))
    assert (nobody.cost.tolist(), nobody.source.tolist()) == ([np.inf], [-1])
    assert metres(streets, on([0], 5), on([], [])).cost.size == 0


def test_where_no_street_is_nobody_walks():
    nothing = kept(blocks(2, 2), np.zeros(4, dtype=np.bool_))
    found = metres(nothing, on([-1, -1], np.nan, np.nan), on([-1], np.nan, np.nan))
    assert (found.cost.tolist(), found.source.tolist()) == ([np.inf], [-1])
    none = on([], [])
    assert spread(nothing, sources=none, cost=[], off_cost=1).cost.size == 0
    pairs = walk_pairs(nothing, sources=none, targets=none, cost=[], off_cost=1, limit=9)
    assert (pairs.source.size, pairs.target.size, pairs.cost.size) == (0, 0, 0)
    bare = kept(blocks(2, 1), np.array([True, False]))  # a crossing without streets
    assert spread(bare, sources=none, cost=[], off_cost=1).cost.tolist() == [np.inf]


def test_parallel_edges_take_the_shorter_and_loops_lead_both_ways_round():
    streets = network([(0, 0), (100, 0)], [(0, 1, (50, 200)), (0, 1), (1, 1, (200, 0), (200, 100))])
    loop = streets.length_m[2]
    found = metres(streets, on([1], 0), on([0, 2, 2], [streets.length_m[0] - 5, 10, loop - 10]))
    assert found.cost == pytest.approx([105, 110, 110])
    across = metres(streets, on([2], 10), on([2], loop - 20))
    assert across.cost == pytest.approx([30])  # through the crossing, not round the loop
    assert metres(streets, on([0], 0), on([0], streets.length_m[0])).cost == pytest.approx([100])


def test_of_equally_near_sources_the_first_serves():
    streets = blocks(3, 3)
    ends = snap(streets, [200, 0, 0], [0, 0, 0], max_m=1)
    homes = snap(streets, [100, 100, 0], [0, 200, 0], max_m=1)
    assert metres(streets, ends, homes).source.tolist() == [0, 0, 1]
    free = np.zeros(streets.tail.size)  # streets that cost nothing: everybody is served by the first
    found = walk(streets, sources=ends, targets=homes, cost=free, off_cost=1.0)
    assert found.source.tolist() == [0, 0, 0]
    assert spread(streets, sources=ends, cost=free, off_cost=0).source.tolist() == [0] * 9


def test_one_way_costs_and_their_exchange():
    streets = network([(0, 0), (100, 0)], [(0, 1)])
    west, east = on([0], 20), on([0], 70)
    there = walk(streets, sources=west, targets=east, cost=[2.0], cost_back=[8.0], off_cost=0)
    back = walk(streets, sources=east, targets=west, cost=[2.0], cost_back=[8.0], off_cost=0)
    assert (there.cost[0], back.cost[0]) == (pytest.approx(1), pytest.approx(4))
    again = walk(streets, sources=west, targets=east, cost=[8.0], cost_back=[2.0], off_cost=0)
    assert again.cost == back.cost


def test_impossible_input_is_refused():
    streets = blocks(2, 2)
    with pytest.raises(GridError, match="3 costs for 4 edges"):
        walk(streets, sources=on(0, 0), targets=on(0, 0), cost=[1, 1, 1], off_cost=1)
    for wrong in (-1, np.nan, np.inf):
        with pytest.raises(RangeError, match="first: edge 2"):
            walk(streets, sources=on(0, 0), targets=on(0, 0), cost=[1, 1, wrong, 1], off_cost=1)
    with pytest.raises(GridError, match="another network"):
        metres(streets, on(4, 0), on(0, 0))
    with pytest.raises(RangeError, match="off the network"):
        walk(streets, sources=on(0, 0), targets=on(0, 0), cost=np.ones(4), off_cost=-1)


def some(streets, seed, count):
    rng = np.random.default_rng(seed)
    edge = rng.integers(-1, streets.tail.size, count)
    along = np.where(edge >= 0, streets.length_m[edge] * rng.choice([0, 1, rng.random()], count), np.nan)
    return Snapped(edge, along, np.where(edge >= 0, rng.uniform(0, 50, count), np.nan))


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(2, 60))
def test_equals_networkx(seed, count, nodes):
    streets = scattered(seed, nodes)
    sources, targets = some(streets, seed, count), some(streets, seed + 1, 40)
    np.testing.assert_allclose(
        metres(streets, sources, targets).cost, by_networkx(streets, sources, targets), rtol=0, atol=1e-6
    )


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_there_is_as_far_as_back_and_pairs_hold_every_way(seed):
    streets = scattered(seed, 40)
    a, b = some(streets, seed, 15), some(streets, seed + 1, 20)
    far = np.full((15, 20), np.inf)
    pairs = walk_pairs(streets, sources=a, targets=b, cost=streets.length_m, off_cost=1.0, limit=900)
    far[pairs.source, pairs.target] = pairs.cost
    back = np.full((20, 15), np.inf)
    other = walk_pairs(streets, sources=b, targets=a, cost=streets.length_m, off_cost=1.0, limit=900)
    back[other.source, other.target] = other.cost
    np.testing.assert_allclose(far, back.T, atol=1e-9)
    found = metres(streets, a, b)
    np.testing.assert_array_equal(far.min(axis=0), np.where(found.cost <= 900, found.cost, np.inf))
    served = np.flatnonzero(found.cost <= 900)
    np.testing.assert_array_equal(found.source[served], far.argmin(axis=0)[served])
    assert (np.lexsort((pairs.target, pairs.source)) == np.arange(pairs.source.size)).all()


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(1, 10))
def test_another_source_never_makes_a_way_longer(seed, count):
    streets = scattered(seed, 50)
    sources, targets = some(streets, seed, count), some(streets, seed + 1, 50)
    fewer = Snapped(*(getattr(sources, name)[:-1] for name in ("edge", "along_m", "off_m")))
    assert (metres(streets, sources, targets).cost <= metres(streets, fewer, targets).cost).all()


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(1, 10))
def test_sources_given_twice_change_nothing(seed, count):
    streets, rng = scattered(seed, 50), np.random.default_rng(seed)
    sources, targets = some(streets, seed, count), some(streets, seed + 1, 50)
    again = np.concatenate([np.arange(count), rng.integers(0, count, 5)])
    doubled = Snapped(*(getattr(sources, name)[again] for name in ("edge", "along_m", "off_m")))
    once, twice = metres(streets, sources, targets), metres(streets, doubled, targets)
    np.testing.assert_array_equal(once.cost, twice.cost)
    np.testing.assert_array_equal(once.source, twice.source)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_the_order_of_nodes_and_edges_changes_no_bit(seed):
    streets, rng = scattered(seed, 50), np.random.default_rng(seed)
    sources, targets = some(streets, seed, 8), some(streets, seed + 1, 50)
    node, edge = rng.permutation(streets.x.size), rng.permutation(streets.tail.size)
    at_node, at_edge = np.argsort(node), np.argsort(edge)
    lines = [
        (
            at_node[streets.tail[e]],
            at_node[streets.head[e]],
            *np.column_stack([streets.vertex_x, streets.vertex_y])[streets.starts[e] + 1 : streets.starts[e + 1] - 1],
        )
        for e in edge
    ]
    other = network(list(zip(streets.x[node], streets.y[node], strict=True)), lines)

    def moved(points):
        return Snapped(np.where(points.edge >= 0, at_edge[points.edge], -1), points.along_m, points.off_m)

    one, two = metres(streets, sources, targets), metres(other, moved(sources), moved(targets))
    np.testing.assert_array_equal(one.cost, two.cost)
    np.testing.assert_array_equal(one.source, two.source)


def test_a_mesh_of_tiny_edges_beside_long_ones_is_settled_right():
    rng = np.random.default_rng(0)
    fine = blocks(30, 30, step=1.0)
    nodes = [*zip(fine.x, fine.y, strict=True), (5000.0, 0.0), (9000.0, 900.0)]
    streets = network(
        nodes, [*zip(fine.tail.tolist(), fine.head.tolist(), strict=True), (29, 900), (900, 901), (899, 901)]
    )
    cost = streets.length_m * rng.uniform(0.5, 2, streets.tail.size)
    graph = nx.Graph()
    graph.add_weighted_edges_from(zip(streets.tail.tolist(), streets.head.tolist(), cost.tolist(), strict=True))
    far = nx.single_source_dijkstra_path_length(graph, 0)
    found = spread(streets, sources=on(0, 0), cost=cost, off_cost=1.0)
    np.testing.assert_allclose(found.cost, [far[k] for k in range(902)], rtol=1e-12)


def test_streets_far_shorter_than_the_mean_are_walked_right():
    # two ferries of a thousand kilometres: every street waits in one slot, which a stack serves over and over
    rng, fine = np.random.default_rng(0), blocks(100, 100, step=1.0)
    ends = [(1e6, 0.0), (0.0, 1e6)]
    lines = [*zip(fine.tail.tolist(), fine.head.tolist(), strict=True), (99, 10_000), (9900, 10_001)]
    streets = network([*zip(fine.x, fine.y, strict=True), *ends], lines)
    cost = streets.length_m * rng.uniform(0.01, 2, streets.tail.size)
    graph = nx.Graph()
    graph.add_weighted_edges_from(zip(streets.tail.tolist(), streets.head.tolist(), cost.tolist(), strict=True))
    far = nx.single_source_dijkstra_path_length(graph, 0)
    found = spread(streets, sources=on(0, 0), cost=cost, off_cost=1.0)
    np.testing.assert_allclose(found.cost, [far[k] for k in range(10_002)], rtol=1e-12)
