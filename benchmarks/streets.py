"""Streets of Porto Alegre: read from .osm.pbf against loaded again, and osmnx's GraphML of the same network, in one run.

python benchmarks/streets.py [DATA]     DATA: folder with porto-alegre/, default ../shared/data beside the checkout
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from pyproj import CRS

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from data.street_file import load_streets, save_streets
from data.streets import read_streets

ROUNDS = 5
DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
CITY = CRS.from_proj4("+proj=laea +lat_0=-30 +lon_0=-51 +datum=WGS84 +units=m")
EVERYWHERE = (-1e6, -1e6, 1e6, 1e6)


def interleaved(ways, rounds=ROUNDS):
    """Median seconds of each way, the ways taking turns; and each way's last answer."""
    seconds = {name: [] for name in ways}
    answers = {}
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.perf_counter()
            answers[name] = way()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(taken) for name, taken in seconds.items()}, answers


def as_graph(network):
    """osmnx's graph of a network, each edge both ways, with its line."""
    import networkx as nx
    import shapely
    from pyproj import Transformer

    there = Transformer.from_crs(CITY, "EPSG:4326", always_xy=True)
    (lon, lat), (x, y) = (
        there.transform(network.vertex_x, network.vertex_y),
        there.transform(network.x, network.y),
    )
    graph = nx.MultiDiGraph(crs="epsg:4326")
    for i in range(network.nodes):
        graph.add_node(i, x=float(x[i]), y=float(y[i]))
    for i in range(network.edges):
        part = slice(network.starts[i], network.starts[i + 1])
        line = shapely.LineString(np.column_stack([lon[part], lat[part]]))
        tail, head, length = int(network.tail[i]), int(network.head[i]), float(network.length_m[i])
        graph.add_edge(tail, head, osmid=i, length=length, highway="path", oneway=False, reversed=False, geometry=line)
        graph.add_edge(
            head, tail, osmid=i, length=length, highway="path", oneway=False, reversed=True, geometry=line.reverse()
        )
    return graph


def main(data):
    import osmnx

    source = data / "porto-alegre" / "poa_osm.pbf"
    network, _ = read_streets(source, crs=CITY, bounds=EVERYWHERE)
    print(f"{network.edges:,} edges, {network.length_m.sum() / 1000:,.0f} km")
    with tempfile.TemporaryDirectory() as folder:
        saved, graphml = Path(folder) / "streets.parquet", Path(folder) / "streets.graphml"
        save_streets(network, saved)
        osmnx.save_graphml(as_graph(network), graphml)
        ways = {
            "load_streets": lambda: load_streets(saved, crs=CITY),
            "read .osm.pbf": lambda: read_streets(source, crs=CITY, bounds=EVERYWHERE)[0],
            "read .graphml": lambda: read_streets(graphml, crs=CITY, bounds=EVERYWHERE)[0],
            "osmnx.load_graphml": lambda: osmnx.load_graphml(graphml),
        }
        seconds, answers = interleaved(ways)
        for name in ("load_streets", "read .osm.pbf", "read .graphml"):
            off = abs(answers[name].length_m.sum() / network.length_m.sum() - 1)
            if answers[name].edges != network.edges or off > 1e-6:
                raise SystemExit(f"{name} differs: no timing is worth printing")
        for name in ways:
            print(f"  {name:<20} {seconds[name]:8.3f} s {seconds[name] / seconds['load_streets']:8.1f} × load_streets")
        print(
            f"  bytes: .parquet {saved.stat().st_size:,}, .graphml {graphml.stat().st_size:,}, .pbf {source.stat().st_size:,}"
        )


if __name__ == "__main__":
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    if (data / "porto-alegre").is_dir():
        main(data)
    else:
        print(f"\nskipped, no {data / 'porto-alegre'}")
