"""Hand-made networks: a plane in which grid metres are ground metres (to 1e-7 within 3 km), and streets in it."""

import numpy as np
from pyproj import CRS

from geo.network import Network

PLANE = CRS.from_proj4("+proj=aeqd +lat_0=-30.03 +lon_0=-51.22 +datum=WGS84 +units=m")


def network(nodes, lines, *, crs=PLANE, climb=None, fall=None):
    """Nodes (x, y); lines (tail, head, *vertices between)."""
    x, y = np.array(nodes, dtype=float).T
    tail, head = (np.array([line[k] for line in lines], dtype=np.int64) for k in (0, 1))
    shapes = [np.array([nodes[a], *between, nodes[b]], dtype=float) for a, b, *between in lines]
    metres = [np.append(0.0, np.cumsum(np.hypot(*np.diff(s, axis=0).T))) for s in shapes]
    every = np.concatenate(shapes)
    return Network(
        crs,
        x,
        y,
        tail,
        head,
        np.array([m[-1] for m in metres]),
        np.append(0, np.cumsum([len(s) for s in shapes])).astype(np.int64),
        every[:, 0].copy(),
        every[:, 1].copy(),
        np.concatenate(metres),
        None if climb is None else np.array(climb, dtype=float),
        None if fall is None else np.array(fall, dtype=float),
    )


def blocks(cols, rows, step=100.0):
    """Streets every `step` metres: node (i, j) is row j * cols + i at (i * step, j * step); streets along x first."""
    nodes = [(i * step, j * step) for j in range(rows) for i in range(cols)]
    along = [(j * cols + i, j * cols + i + 1) for j in range(rows) for i in range(cols - 1)]
    across = [(j * cols + i, (j + 1) * cols + i) for j in range(rows - 1) for i in range(cols)]
    return network(nodes, along + across)


def scattered(seed, nodes=60, side=2000.0, near=3):
    """Points joined to their nearest few, with bends: some parts may not be joined, some edges are doubled."""
    rng = np.random.default_rng(seed)
    at = rng.uniform(0, side, (nodes, 2))
    far = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1))
    lines = []
    for a in range(nodes):
        for b in np.argsort(far[a])[1 : 1 + near]:
            bend = (at[a] + at[b]) / 2 + rng.normal(0, 20, 2)
            lines.append((a, int(b), bend) if rng.random() < 0.5 else (a, int(b)))
    return network([tuple(p) for p in at], lines)
