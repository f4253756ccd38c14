"""A street network in one file, GeoParquet: read in a fraction of the time, and open to any GIS."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError as ProjCRSError

from data.line_streets import degrees
from data.tables_in import require_file
from geo.errors import CRSError, Fault, SchemaError
from geo.network import Network, network_problems

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUFFIX = ".parquet"
_NUMBERS = {"tail": np.int64, "head": np.int64, "length_m": np.float64}
_HEIGHTS = {"climb_m": np.float64, "fall_m": np.float64}
_LINE = 1
LEAST, MOST, SLACK_M = 0.9, 1.5, 1.0
"""Length over that of the line on the ground, and metres besides: a tenth less, since others measure on a sphere or in
the plane of a national grid; half more, since they may measure up the slope (1.41 at 45°). Feet or kilometres for
metres, or seconds, are far beyond both. [rule]"""
EARTH_M = 6_371_009.0
_MEND = "make it anew with `gapmap streets`"


def _fail(path: Path, problem: str) -> SchemaError:
    return SchemaError([Fault(path.name, problem, _MEND)])


def save_streets(network: Network, path: Path) -> None:
    """Write a network: one row an edge, its line as geometry.

    Parameters
    ----------
    network : Network
        Every node with an edge (`read_streets` gives no other), since nodes are known by the ends of lines.
    path : Path
        ``.parquet``; written beside and put in place whole. Equal networks give equal bytes.

    Raises
    ------
    SchemaError
        No edges, nodes without edges, or another suffix.
    """
    path = Path(path)
    if path.suffix.lower() != SUFFIX:
        raise SchemaError([Fault(path.name, "streets are kept as GeoParquet", f"name it *{SUFFIX}")])
    alone = np.ones(network.nodes, dtype=np.bool_)
    alone[network.tail] = alone[network.head] = False
    if alone.any() or not network.edges:
        problem = f"{alone.sum():,} nodes without a street and {network.edges:,} streets cannot be kept"
        raise SchemaError([Fault(path.name, problem, "drop such nodes first (geo.network.kept)")])
    sizes = np.diff(network.starts)
    xy = np.column_stack([network.vertex_x, network.vertex_y])
    lines: Any = shapely.linestrings(xy, indices=np.repeat(np.arange(network.edges), sizes))
    columns: dict[str, Any] = {name: getattr(network, name) for name in _NUMBERS}
    if network.climb_m is not None:
        columns |= {name: getattr(network, name) for name in _HEIGHTS}
    columns["vertex_m"] = np.split(network.vertex_m, network.starts[1:-1])
    frame = gpd.GeoDataFrame(columns, geometry=lines, crs=network.crs)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        frame.to_parquet(beside, index=False, compression="zstd")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _crs(path: Path, metadata: dict[bytes, bytes] | None) -> CRS:
    try:
        geo = json.loads((metadata or {})[b"geo"])
        return CRS.from_json_dict(geo["columns"]["geometry"]["crs"])
    except (KeyError, TypeError, ValueError, ProjCRSError) as error:
        raise _fail(path, "its geometry states no CRS that is understood") from error


def _table(path: Path) -> Any:
    """The columns of ours, of the right types and without gaps."""
    types = {name: pa.from_numpy_dtype(kind) for name, kind in {**_NUMBERS, **_HEIGHTS}.items()}
    types |= {"vertex_m": pa.list_(pa.float64()), "geometry": pa.binary()}
    try:
        schema = pq.read_schema(path)
        names = [name for name in types if name in schema.names]
        missing = [name for name in types if name not in names and name not in _HEIGHTS]
        odd = [name for name in names if not schema.field(name).type.equals(types[name])]
        if missing or odd:
            raise _fail(path, f"no network of streets: columns {', '.join(missing + odd)} missing or of another type")
        table = pq.read_table(path, columns=names).combine_chunks()
    except (OSError, pa.ArrowException) as error:
        raise _fail(path, f"not GeoParquet, or cut short ({error})") from error
    gaps = [name for name in names if name not in _HEIGHTS and table.column(name).null_count]
    if gaps or not len(table):
        raise _fail(path, f"empty values in {', '.join(gaps)}" if gaps else "no street in it")
    return table


def _lines(path: Path, table: Any) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Starts, vertices (x, y) and distances along the lines."""
    try:
        lines = shapely.from_wkb(table.column("geometry").to_numpy())
    except shapely.errors.ShapelyError as error:
        raise _fail(path, f"a geometry cannot be read ({error})") from error
    distances = table.column("vertex_m").combine_chunks()
    sizes = np.asarray(distances.value_lengths(), dtype=np.int64)
    if not (shapely.get_type_id(lines) == _LINE).all() or (shapely.get_num_coordinates(lines) != sizes).any():
        raise _fail(path, "geometries are not lines with a distance for each vertex")
    along = distances.flatten()
    if along.null_count:
        raise _fail(path, "empty values in vertex_m")
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return starts, shapely.get_coordinates(lines), along.to_numpy()


def load_streets(path: Path, *, crs: CRS | None = None) -> Network:
    """Read a network that `save_streets` wrote.

    Parameters
    ----------
    path : Path
    crs : pyproj.CRS, optional
        The region grid's; the file must be in it.

    Returns
    -------
    Network
        Equal to the one saved, to the last bit.

    Raises
    ------
    SchemaError
        Not such a file, cut short, or not a network: everything is checked, nothing in it is run.
    CRSError
        Another CRS than asked for, or one that is not projected.
    """
    path = Path(path)
    require_file(path)
    table = _table(path)
    found = _crs(path, table.schema.metadata)
    if not found.is_projected or (crs is not None and not found.equals(crs, ignore_axis_order=True)):
        wanted = "a projected CRS" if crs is None else crs.name
        raise CRSError(f"{path.name}: in {found.name}, not in {wanted}; make it anew with `gapmap streets`")
    starts, xy, along = _lines(path, table)
    arrays: dict[str, Any] = {
        name: table.column(name).to_numpy() for name in (*_NUMBERS, *_HEIGHTS) if name in table.column_names
    }
    tail, head = arrays["tail"], arrays["head"]
    nodes = int(max(tail.max(), head.max())) + 1
    if min(tail.min(), head.min()) < 0 or np.unique(np.concatenate([tail, head])).size != nodes:
        raise _fail(path, "tail and head do not count the nodes from 0")
    x, y = np.empty(nodes), np.empty(nodes)
    for node, at in ((tail, starts[:-1]), (head, starts[1:] - 1)):
        x[node], y[node] = xy[at].T
    vertices = {"vertex_x": np.ascontiguousarray(xy[:, 0]), "vertex_y": np.ascontiguousarray(xy[:, 1])}
    arrays |= {"x": x, "y": y, "starts": starts, **vertices, "vertex_m": along}
    if problems := network_problems(arrays):
        raise SchemaError([Fault(path.name, problem, _MEND) for problem in problems])
    here = found if crs is None else crs
    _require_lengths(path, arrays, here)
    return Network(crs=here, **arrays)


def _require_lengths(path: Path, arrays: dict[str, Any], crs: CRS) -> None:
    """Raise SchemaError where lengths are not those of the lines: in other units, or made up.

    The lines are measured on a sphere, which differs from the ground by under 1 %.
    """
    lon, lat = (np.radians(v) for v in degrees(arrays["vertex_x"], arrays["vertex_y"], crs, name=path.name))
    turn = (np.diff(lon) + np.pi) % (2 * np.pi) - np.pi
    steps = EARTH_M * np.hypot(turn * np.cos((lat[1:] + lat[:-1]) / 2), np.diff(lat))
    along = np.append(0.0, np.cumsum(steps))
    starts, length = arrays["starts"], arrays["length_m"]
    line = along[starts[1:] - 1] - along[starts[:-1]]
    bad = (length < LEAST * line - SLACK_M) | (length > MOST * line + SLACK_M)
    if bad.any():
        first = int(np.argmax(bad))
        problem = f"{int(bad.sum()):,} streets are not as long as their lines; the first says {length[first]:,.1f} m, "
        problem += f"its line is {line[first]:,.1f} m on the ground"
        raise SchemaError([Fault(path.name, problem, _MEND, "length_m", str(first + 1))])
