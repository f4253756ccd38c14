"""Walking access: snapping, shortest ways from 1,000 hotspots and reading 360,000 homes, against peers on the same input.

Run ``python benchmarks/walk.py`` (200,000 nodes, some minutes: pandana builds slowly) or add ``--quick``. Everything is
seeded, nothing is multiplied up from a sample. Each time is the median of seven taken in turns, or one run where n = 1.
The answers are compared before a figure is printed. igraph and pandana take part when they are installed (dependency
group 'bench'). All run on one thread, and times are of its processor, so that others on the machine cost nobody anything.
Ratios are what counts: times move from machine to machine. A grid without main roads is hard on
pandana's contraction hierarchies, so its time to solve stands apart from its time to build.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import time
from contextlib import contextmanager

import networkx as nx
import numpy as np
import pandas as pd
from pyproj import CRS
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import KDTree
from shapely import STRtree, linestrings, points

from geo.network import Network
from geo.snap import Snapped, snap
from geo.walk import spread, walk

GOALS = {"networkx": 30, "pandana": 100, "osmnx nearest_edges": 10}
"""How many times as long as ours each must take."""

PANDANA_OFF_M = 0.1
"""pandana cuts every edge to whole millimetres: so far may its ways be off."""


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


def in_turns(runs, repeat=7):
    """Median time of each, and its answer; one warm-up round first, then in turns."""
    times, answers = {name: [] for name in runs}, {name: run() for name, run in runs.items()}
    for _ in range(repeat):
        for name, run in runs.items():
            start = time.process_time()
            answers[name] = run()
            times[name].append(time.process_time() - start)
    return {name: statistics.median(t) for name, t in times.items()}, answers


def once(run):
    start = time.process_time()
    answer = run()
    return time.process_time() - start, answer


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


@contextmanager
def quiet():
    """Without what compiled code writes to the terminal."""
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def by_pandana(network, start, farthest):
    """Seconds to build (contraction hierarchies) and to solve, and the way from each node; inf = none."""
    os.environ["OMP_NUM_THREADS"] = "1"
    from pandana import Network as Contracted

    x, y, tail, head = (pd.Series(values) for values in (network.x, network.y, network.tail, network.head))

    def solve():
        built.set_pois("wifi", maxdist=farthest, maxitems=1, x_col=x[start], y_col=y[start])
        return built.nearest_pois(farthest, "wifi", max_distance=np.inf)[1].to_numpy()

    with quiet():
        building, built = once(lambda: Contracted(x, y, tail, head, pd.DataFrame({"m": network.length_m})))
        solving, far = once(solve)
    return building, solving, far


def osmnx_graph(network):
    """As osmnx keeps streets: a node where any meet, each street once in both directions, with its line and length."""
    graph = nx.MultiDiGraph(crs=network.crs)
    for node in np.unique([network.tail, network.head]).tolist():
        graph.add_node(node, x=float(network.x[node]), y=float(network.y[node]))
    lines = linestrings(np.column_stack([network.vertex_x, network.vertex_y]).reshape(-1, 2, 2))
    edges = zip(network.tail.tolist(), network.head.tolist(), network.length_m.tolist(), lines, strict=True)
    for tail, head, length, line in edges:
        graph.add_edge(tail, head, length=length, geometry=line)
        graph.add_edge(head, tail, length=length, geometry=line)
    return graph


def show(name, seconds, said):
    print(f"{name:<36} {seconds:8.3f} s   {said}", flush=True)


def ratio(name, peer, ours):
    least = GOALS.get(name)
    goal = f" (goal {least}: {'reached' if peer >= least * ours else 'NOT REACHED'})" if least else ""
    return f"{peer / ours:.1f} × ours{goal}"


def snapping(network, graph, home):
    """Every home to the nearest place on any street; graph_to_gdfs and the tree are part of osmnx's own calls."""
    import osmnx

    used = np.unique(np.concatenate([network.tail, network.head]))
    nodes = np.column_stack([network.x, network.y])[used]
    lines = linestrings(np.column_stack([network.vertex_x, network.vertex_y]).reshape(-1, 2, 2))
    runs = {
        "snap": lambda: snap(network, *home, max_m=1000),
        "kd": lambda: KDTree(nodes).query(np.column_stack(home))[0],
    }
    times, answers = in_turns(runs)
    ours, (found, metres) = times["snap"], (answers["snap"], answers["kd"])
    tree, (_, far) = once(lambda: STRtree(lines).query_nearest(points(*home), return_distance=True, all_matches=False))
    edges, (_, far_edge) = once(lambda: osmnx.distance.nearest_edges(graph, *home, return_dist=True))
    node, (_, far_node) = once(lambda: osmnx.distance.nearest_nodes(graph, *home, return_dist=True))
    for name, other in (("STRtree", far), ("osmnx", far_edge)):  # they measure on the grid, we on the ground
        np.testing.assert_allclose(found.off_m, other, rtol=1e-3, atol=1e-3, err_msg=name)
    np.testing.assert_allclose(far_node, metres, rtol=1e-12)
    assert (found.off_m <= metres * 1.001).all()
    print(f"Snapping {home[0].size:,} homes, from the network's arrays (osmnx: from its graph) to each one's place")
    show("snap to edges", ours, "1.0")
    show("STRtree of edges, n = 1", tree, f"{ratio('STRtree', tree, ours)}, same metres to 0.1 %")
    show("osmnx nearest_edges, n = 1", edges, f"{ratio('osmnx nearest_edges', edges, ours)}, same metres to 0.1 %")
    show("osmnx nearest_nodes, n = 1", node, f"{ratio('', node, ours)}, nodes only: a coarser answer")
    show("KD-tree", times["kd"], f"{ratio('', times['kd'], ours)}, nodes only: a coarser answer")
    return found


def paths(network, graph, start):
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
    others, far = {}, answers["ours"]
    others["networkx"], answers["networkx"] = once(lambda: by_networkx(network, start))
    others["osmnx's graph, solve alone"], found = once(
        lambda: nx.multi_source_dijkstra_path_length(graph, set(start.tolist()), weight="length")
    )
    answers["osmnx"] = np.array([found.get(k, np.inf) for k in range(network.nodes)])
    if importlib.util.find_spec("igraph"):
        others["igraph"], answers["igraph"] = once(lambda: by_igraph(network, start))
    for name, answer in answers.items():
        np.testing.assert_allclose(answer, far, rtol=0, atol=1e-6, err_msg=name)
    ours = times["ours"]
    print(f"Metres from each of {network.nodes:,} nodes to the nearest of {start.size:,}, from arrays to array")
    show("ours, and who serves", ours, "1.0")
    show("scipy, matrix and solve", times["scipy"], ratio("", times["scipy"], ours))
    show("scipy, and the node before", times["serves"], ratio("", times["serves"], ours))
    show("scipy, solve alone", times["solve"], ratio("", times["solve"], ours))
    for name, taken in others.items():
        show(f"{name}, n = 1", taken, f"{ratio(name, taken, ours)}, same to 1e-6 m")
    if "igraph" not in others:
        print("igraph: skipped, not installed (dependency group 'bench')")
    against_pandana(network, start, far, ours)


def against_pandana(network, start, far, ours):
    if importlib.util.find_spec("pandana") is None:
        print("pandana: skipped, not installed (dependency group 'bench')")
        return
    reached = np.isfinite(far)
    building, solving, found = by_pandana(network, start, float(np.ceil(far[reached].max()) + 1))
    assert (np.isfinite(found) == reached).all()
    off = np.abs(found[reached] - far[reached]).max()
    assert off < PANDANA_OFF_M, f"pandana is {off} m off"
    said = ratio("pandana", building + solving, ours)
    show("pandana, build and solve, n = 1", building + solving, f"{said}, same to {off:.3f} m")
    show("pandana, solve alone, n = 1", solving, ratio("", solving, ours))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the size")
    nodes, spots, homes = (20_000, 100, 36_000) if parser.parse_args().quick else (200_000, 1_000, 360_000)
    network, rng = city(nodes), np.random.default_rng(1)
    home = rng.uniform([[network.x.min()], [network.y.min()]], [[network.x.max()], [network.y.max()]], (2, homes))
    print(f"{network.nodes:,} nodes, {network.edges:,} edges, {spots:,} hotspots, {homes:,} homes")
    graph = osmnx_graph(network)
    targets = snapping(network, graph, home)
    paths(network, graph, rng.choice(network.nodes, spots, replace=False))
    sources = Snapped(*(getattr(targets, name)[:spots] for name in ("edge", "along_m", "off_m")))
    times, _ = in_turns(
        {"walk": lambda: walk(network, sources=sources, targets=targets, cost=network.length_m, off_cost=1.0)}
    )
    show("walk, homes read from both ends", times["walk"], "nodes and homes, from snapped places to metres")


if __name__ == "__main__":
    main()
