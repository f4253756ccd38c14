"""Networks: checked when made, parts, and the merging of edges; networkx is the oracle."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from geo.chains import running
from geo.errors import GridError
from geo.network import FIELDS, Network, components, kept, network_problems, simplified

UTM = CRS.from_epsg(32722)


def network(nodes, edges, *, mids=None, climbs=None):
    """Straight edges (or through one point each), lengths in the plane."""
    x, y = (np.array([float(p[k]) for p in nodes]) for k in (0, 1))
    tail, head = (np.array([e[k] for e in edges], dtype=np.int64) for k in (0, 1))
    lines = [[nodes[a], *((mids or {}).get(i, [])), nodes[b]] for i, (a, b) in enumerate(edges)]
    starts = np.concatenate([[0], np.cumsum([len(line) for line in lines])]).astype(np.int64)
    xy = np.array([p for line in lines for p in line], dtype=np.float64).reshape(-1, 2)
    step = np.hypot(*(np.roll(xy, -1, axis=0) - xy).T)
    m = running(step, starts)
    up, down = (None, None) if climbs is None else (np.array(c, dtype=np.float64) for c in zip(*climbs, strict=True))
    return Network(UTM, x, y, tail, head, m[starts[1:] - 1], starts, xy[:, 0].copy(), xy[:, 1].copy(), m, up, down)


def equal(one, other):
    a, b = one.arrays(), other.arrays()
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k], equal_nan=True) for k in a)


def test_a_bent_street_between_two_junctions_becomes_one_edge():
    #  0 -3- 1 -4- 2 -5- 3, and 1 – 4 crosses at 1; by hand: node 2 goes
    nodes = [(0, 0), (3, 0), (3, 4), (8, 4), (3, -2)]
    climbs = [(1, 0), (0, 2), (3, 1), (0, 0)]
    made = simplified(network(nodes, [(0, 1), (2, 1), (3, 2), (1, 4)], climbs=climbs))
    assert made.x.tolist() == [0, 3, 8, 3]
    assert list(zip(made.tail.tolist(), made.head.tolist(), made.length_m.tolist(), strict=True)) == [
        (0, 1, 3.0),
        (1, 2, 9.0),
        (1, 3, 2.0),
    ]
    middle = slice(made.starts[1], made.starts[2])
    assert made.vertex_x[middle].tolist() == [3, 3, 8]
    assert made.vertex_y[middle].tolist() == [0, 4, 4]
    assert made.vertex_m[middle].tolist() == [0, 4, 9]
    # both pieces were drawn the other way: 1→2 climbs what 2→1 falls
    assert made.climb_m.tolist() == [1, 2 + 1, 0]
    assert made.fall_m.tolist() == [0, 0 + 3, 0]


def test_rings_keep_one_node_and_a_loop_its_own():
    ring = simplified(network([(0, 0), (1, 0), (1, 1)], [(0, 1), (1, 2), (2, 0)]))
    assert (ring.nodes, ring.edges) == (1, 1)
    assert ring.tail.tolist() == ring.head.tolist() == [0]
    assert ring.length_m[0] == pytest.approx(2 + np.sqrt(2), abs=1e-12)
    # a lollipop: stick 0–1, loop 1–2–3–1
    nodes = [(0, 0), (1, 0), (2, 1), (2, -1)]
    lolly = simplified(network(nodes, [(0, 1), (1, 2), (2, 3), (3, 1)]))
    assert list(zip(lolly.tail.tolist(), lolly.head.tolist(), strict=True)) == [(0, 1), (1, 1)]
    # a loop drawn as one edge, and two ways between the same two nodes, all stay
    mids = {1: [(4, 3)], 2: [(-1, 0), (-1, 1)]}
    every = network([(0, 0), (9, 0), (9, 9)], [(0, 1), (0, 1), (0, 0), (1, 2)], mids=mids)
    assert simplified(every).edges == 4
    none = network([(0, 0)], [], climbs=None)
    assert (simplified(none).nodes, components(none).tolist()) == (0, [0])


def test_parts_by_metres():
    nodes = [(0, 0), (1, 0), (0, 5), (9, 5), (0, 7), (4, 7), (50, 50), (0, 9), (4, 9)]
    label = components(network(nodes, [(0, 1), (2, 3), (4, 5), (7, 8)]))
    assert label.tolist() == [3, 3, 0, 0, 1, 1, 4, 2, 2]  # 9 m, then 4 m by lower node, 4 m, 1 m, a lone node


def test_kept_renumbers():
    made = kept(network([(0, 0), (1, 0), (2, 0)], [(0, 1), (1, 2)]), np.array([False, True, True]))
    assert (made.x.tolist(), made.tail.tolist(), made.head.tolist()) == ([1, 2], [0], [1])
    with pytest.raises(GridError, match="one bool for each of 2"):
        kept(made, np.array([1, 0]))


def _multigraph(draw_edges, n):
    graph = nx.MultiGraph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from(draw_edges)
    return graph


@given(
    st.integers(1, 9).flatmap(
        lambda n: st.tuples(st.just(n), st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=14))
    )
)
def test_merging_keeps_lengths_parts_and_distances(drawn):
    n, edges = drawn
    nodes = [((7 * i) % 11 + 0.25 * i, (5 * i) % 13) for i in range(n)]
    mids = {i: [(20 + i, 30 + i), (21 + i, 33 - i)] for i in range(len(edges))}
    whole = network(nodes, edges, mids=mids)
    made = simplified(whole)
    assert made.length_m.sum() == pytest.approx(whole.length_m.sum(), rel=1e-12)
    graph = _multigraph(edges, n)
    # oracle: networkx. Nodes that stay are those of degree other than 2, and one of each part that is a ring
    rings = sum(1 for part in nx.connected_components(graph) if all(graph.degree(k) == 2 for k in part))
    stay = sum(1 for k in graph if graph.degree(k) not in {0, 2})
    loops = sum(1 for k in graph if graph.degree(k) == 2 and graph.number_of_edges(k, k))
    assert made.nodes == stay + rings
    assert loops <= rings
    places = {(a, b): i for i, (a, b) in enumerate(zip(whole.x, whole.y, strict=True))}
    old = [places[p] for p in zip(made.x, made.y, strict=True)]
    weighted = nx.Graph()
    for a, b, length in zip(whole.tail, whole.head, whole.length_m, strict=True):
        known = weighted.get_edge_data(a, b, {"weight": np.inf})["weight"]
        weighted.add_edge(a, b, weight=min(length, known))
    short = nx.Graph()
    short.add_nodes_from(range(made.nodes))
    for a, b, length in zip(made.tail, made.head, made.length_m, strict=True):
        known = short.get_edge_data(a, b, {"weight": np.inf})["weight"]
        short.add_edge(a, b, weight=min(length, known))
    want, got = dict(nx.all_pairs_dijkstra_path_length(weighted)), dict(nx.all_pairs_dijkstra_path_length(short))
    for i, k in enumerate(old):
        for j, m in enumerate(old):
            assert got[i].get(j, np.inf) == pytest.approx(want[k].get(m, np.inf), rel=1e-12)
    assert equal(simplified(made), made)
    assert len(set(components(whole).tolist())) == nx.number_connected_components(graph)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tail": np.array([0, 5])}, "1 of tail are no node"),
        ({"head": np.array([1, -1])}, "1 of head are no node"),
        ({"starts": np.array([0, 1, 4])}, "starts do not cut"),
        ({"starts": np.array([0, 2, 5])}, "starts do not cut"),
        ({"y": np.zeros(2)}, "y has 2 values, not 3"),
        ({"vertex_x": np.array([0, 1, 1, np.nan])}, "1 of vertex_x are not finite"),
        ({"vertex_x": np.array([0, 1, 1, 3.0])}, "1 lines do not end at their head"),
        ({"vertex_m": np.array([0, 1, 0, 2.0])}, "vertex_m does not grow"),
        ({"vertex_m": np.array([0, -1, 0, 1.0])}, "vertex_m does not grow"),
        ({"length_m": np.array([1, 1], dtype=np.int64)}, "length_m is int64"),
        ({"climb_m": np.zeros(2)}, "only one of climb_m"),
        ({"climb_m": np.zeros(2), "fall_m": np.array([0, -1.0])}, "below 0"),
        ({"other": np.zeros(2)}, "other is unknown"),
        ({"starts": np.zeros(0, dtype=np.int64)}, "starts has 0 values, not 3"),
    ],
)
def test_arrays_that_do_not_fit(change, said):
    arrays = network([(0, 0), (1, 0), (2, 0)], [(0, 1), (1, 2)]).arrays()
    assert network_problems(arrays) == []
    assert any(said in problem for problem in network_problems({**arrays, **change}))
    if set(change) <= set(FIELDS):
        with pytest.raises(GridError, match="not a network"):
            Network(UTM, **{**arrays, **change})


def test_a_missing_array_and_degrees_are_refused():
    arrays = network([(0, 0), (1, 0)], [(0, 1)]).arrays()
    assert network_problems({k: v for k, v in arrays.items() if k != "head"}) == ["no head"]
    with pytest.raises(GridError, match="not a projected CRS"):
        Network(CRS.from_epsg(4326), **arrays)
