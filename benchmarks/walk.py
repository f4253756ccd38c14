"""Walking access: snapping, shortest ways from 1,000 hotspots and reading 360,000 homes, against peers on the same input.

Run ``python benchmarks/walk.py`` (200,000 nodes) or add ``--quick``. Everything is seeded; each time is the median of
three except networkx's (n = 1), taken in turns. The answers are compared before a figure is printed. igraph takes part
when it is installed. Ratios are what counts: times move from machine to machine.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import time

import networkx as nx
import numpy as np
from pyproj import CRS
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import KDTree
from shapely import STRtree, linestrings, points

from geo.network import Network
from geo.snap import Snapped, snap
from geo.walk import spread, walk


def city(nodes, *, seed=0):
    """A jittered grid of streets with a tenth of the edges gone: about 1.8 edges a node, as in a walking network."""
    rng, side = np.random.default_rng(seed), int(np.sqrt(nodes))
    i, j = np.meshgrid(np.arange(side), np.arange(side))
    x = 440_000 + 60 * i.ravel() + rng.uniform(-20, 20, side * side)
    y = 6_650_000 + 60 * j.ravel() + rng.uniform(-20, 20, side * side)
    at = np.arange(side * side).reshape(side, side)
    tail = np.concatenate([at[:, :-1].ravel(), at[:-1].ravel()])
    head = np.concatenate([at[:, 1:].ravel(), at[1:].ravel()])
    keep = rng.random(tail.size) < 0.9
    tail, head = tail[keep], head[keep]
    length = np.hypot(x[head] - x[tail], y[head] - y[tail])
    ends = np.column_stack([tail, head]).ravel()
    return Network(
        CRS.from_epsg(32722),
        x,
        y,
        tail,
        head,
        length,
        2 * np.arange(tail.size + 1),
        x[ends],
        y[ends],
        np.column_stack([np.zeros(tail.size), length]).ravel(),
    )


def in_turns(runs, repeat=3):
    """Median time of each, and its answer; one warm-up round first, then in turns."""
    times, answers = {name: [] for name in runs}, {name: run() for name, run in runs.items()}
    for _ in range(repeat):
        for name, run in runs.items():
            start = time.perf_counter()
            answers[name] = run()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(t) for name, t in times.items()}, answers


def once(run):
    start = time.perf_counter()
    answer = run()
    return time.perf_counter() - start, answer


def matrix(network):
    shape = (network.nodes, network.nodes)
    there = (np.concatenate([network.tail, network.head]), np.concatenate([network.head, network.tail]))
    return coo_array((np.tile(network.length_m, 2), there), shape=shape).tocsr()


def by_networkx(network, start):
    graph = nx.Graph()
    graph.add_weighted_edges_from(
        zip(network.tail.tolist(), network.head.tolist(), network.length_m.tolist(), strict=True)
    )
    far = nx.multi_source_dijkstra_path_length(graph, set(start.tolist()))
    return np.array([far.get(k, np.inf) for k in range(network.nodes)])


def by_igraph(network, start):
    import igraph

    graph = igraph.Graph(n=network.nodes + 1, edges=np.column_stack([network.tail, network.head]))
    graph.add_edges([(network.nodes, int(s)) for s in start])
    weights = np.concatenate([network.length_m, np.zeros(start.size)])
    return np.array(graph.distances(source=network.nodes, weights=weights.tolist())[0][:-1])


def snapping(network, home):
    used = np.unique(np.concatenate([network.tail, network.head]))
    nodes = np.column_stack([network.x, network.y])[used]
    lines = linestrings(np.column_stack([network.vertex_x, network.vertex_y]).reshape(-1, 2, 2))

    def by_tree():
        return STRtree(lines).query_nearest(points(*home), return_distance=True, all_matches=False)

    runs = {
        "snap": lambda: snap(network, *home, max_m=1000),
        "kd": lambda: KDTree(nodes).query(np.column_stack(home))[0],
    }
    times, answers = in_turns(runs)
    tree, (_, metres) = once(by_tree)
    assert np.abs(answers["snap"].off_m - metres).max() < 1e-3 * metres.max(), "the edge tree finds other distances"
    assert (answers["snap"].off_m <= answers["kd"] * 1.001).all()
    print(f"snap to edges              {times['snap']:8.3f} s   1.0")
    print(f"KD-tree, nodes only        {times['kd']:8.3f} s   {times['kd'] / times['snap']:.1f} × snap")
    print(f"STRtree of edges, n = 1    {tree:8.3f} s   {tree / times['snap']:.1f} × snap, same distances to 0.1 %")
    return answers["snap"]


def paths(network, start):
    """From nodes, so that every peer answers the same question; sources sit at the tail of one of their edges."""
    first = np.full(network.nodes, -1)
    first[network.tail[::-1]] = np.arange(network.edges)[::-1]
    start = start[first[start] >= 0]
    sources = Snapped(first[start], np.zeros(start.size), np.zeros(start.size))
    solved = matrix(network)
    runs = {
        "ours": lambda: spread(network, sources=sources, cost=network.length_m, off_cost=1.0).cost,
        "solve": lambda: dijkstra(solved, indices=start, min_only=True),
        "scipy": lambda: dijkstra(matrix(network), indices=start, min_only=True),
        "serves": lambda: dijkstra(matrix(network), indices=start, min_only=True, return_predecessors=True)[0],
    }
    times, answers = in_turns(runs)
    slow, far = once(lambda: by_networkx(network, start))
    answers["networkx"] = far
    others = {"networkx": slow}
    if importlib.util.find_spec("igraph"):
        others["igraph"], answers["igraph"] = once(lambda: by_igraph(network, start))
    for name, answer in answers.items():
        np.testing.assert_allclose(answer, answers["ours"], rtol=0, atol=1e-6, err_msg=name)
    ours = times["ours"]
    print(f"ways with who serves       {ours:8.3f} s   1.0 (network to answer)")
    print(f"scipy, solve alone         {times['solve']:8.3f} s   ours is {ours / times['solve']:.2f} × it")
    print(f"scipy, matrix and solve    {times['scipy']:8.3f} s   ours is {ours / times['scipy']:.2f} × it")
    print(f"scipy, and who serves      {times['serves']:8.3f} s   ours is {ours / times['serves']:.2f} × it")
    for name, taken in others.items():
        print(f"{name + ', n = 1':<26} {taken:8.3f} s   {taken / ours:.0f} × ours, same to 1e-6 m")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the size")
    nodes, spots, homes = (20_000, 100, 36_000) if parser.parse_args().quick else (200_000, 1_000, 360_000)
    network, rng = city(nodes), np.random.default_rng(1)
    home = rng.uniform([[network.x.min()], [network.y.min()]], [[network.x.max()], [network.y.max()]], (2, homes))
    print(f"{network.nodes:,} nodes, {network.edges:,} edges, {spots:,} hotspots, {homes:,} homes")
    targets = snapping(network, home)
    paths(network, rng.choice(network.nodes, spots, replace=False))
    sources = Snapped(*(getattr(targets, name)[:spots] for name in ("edge", "along_m", "off_m")))
    times, _ = in_turns(
        {"walk": lambda: walk(network, sources=sources, targets=targets, cost=network.length_m, off_cost=1.0)}
    )
    print(f"walk, homes read from both ends of their streets {times['walk']:.3f} s")


if __name__ == "__main__":
    main()
