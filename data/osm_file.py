"""An OpenStreetMap file opened for osmium, ``.osm.pbf`` or ``.osm``."""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from data.tables_in import require_file
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Generator

DRAWN = 1 << 40
"""What editors drew and did not upload has numbers below 0, whose places osmium does not keep: they go above this one,
far above OpenStreetMap's own."""

_BELOW_ZERO = re.compile(rb"""\b(?:id|ref)\s*=\s*["']-""")
_DELETED = re.compile(rb"""\baction\s*=\s*["']delete["']""")
_BLOCK, _WIDEST = 1 << 24, 64


def number(osm_id: int) -> int:
    """The number that a thing has in its file, of the one that `osm_file` gives it."""
    return osm_id if osm_id < DRAWN else DRAWN - osm_id


def _above(osm_id: int) -> int:
    return osm_id if osm_id >= 0 else DRAWN - osm_id


def _has_drawn(path: Path) -> bool:
    """Whether an XML file has numbers below 0; what JOSM marks as deleted, osmium would read as there: a fault."""
    drawn, before = False, b""
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            if _DELETED.search(before + block):
                problem = "holds things that its editor marks as deleted (action='delete')"
                raise SchemaError([Fault(path.name, problem, "upload the changes, or purge those things, and save")])
            drawn = drawn or _BELOW_ZERO.search(before + block) is not None
            before = block[-_WIDEST:]
    return drawn


def _renumber(path: Path, copy: Path) -> None:
    """Write a file anew without numbers below 0; of each kind those go last, so that a sorted file stays sorted."""
    from osmium import FileProcessor, SimpleWriter
    from osmium.io import File
    from osmium.osm import NODE, RELATION, WAY

    with SimpleWriter(str(copy)) as out:
        for kind in (NODE, WAY, RELATION):
            for drawn in (False, True):
                things: Any = FileProcessor(File(str(path.absolute()), "osm"), kind)
                for thing in things:
                    if (thing.id < 0) != drawn:
                        continue
                    if thing.is_way():
                        also: dict[str, Any] = {"nodes": [_above(ref.ref) for ref in thing.nodes]}
                    elif thing.is_relation():
                        also = {"members": [(one.type, _above(one.ref), one.role) for one in thing.members]}
                    else:
                        also = {}
                    out.add(thing.replace(id=_above(thing.id), **also))


@contextmanager
def _numbered(path: Path, kind: str) -> Generator[Any]:
    from osmium.io import File

    if kind == "pbf" or not _has_drawn(path):
        yield File(str(path.absolute()), kind)
        return
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "numbered.osm.pbf"
        _renumber(path, copy)
        yield File(str(copy), "pbf")


@contextmanager
def osm_file(path: Path) -> Generator[Any]:
    """Give the file to read from; what osmium finds wrong with it meanwhile is a fault of the file.

    Things that JOSM and other editors numbered below 0 (XML only) come with other numbers: see `number`.

    Raises
    ------
    SchemaError
        No file, not an OpenStreetMap file, cut short, not sorted where osmium needs it so, or with things marked as
        deleted. A ``.pbf`` that is cut exactly between two of its blocks cannot be told from a whole one.
    """
    require_file(path)
    from osmium import InvalidLocationError

    kind = "pbf" if path.suffix.lower() == ".pbf" else "osm"
    try:
        with _numbered(path, kind) as file:
            yield file
    except SchemaError:  # a ValueError too, and said already
        raise
    except (RuntimeError, ValueError, OverflowError, InvalidLocationError) as error:
        mend = "download or export it again, .osm.pbf or .osm, sorted by kind and number"
        problem = f"not an OpenStreetMap {kind} file, or cut short ({error})"
        raise SchemaError([Fault(path.name, problem, mend)]) from error
