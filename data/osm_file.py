"""An OpenStreetMap file opened for osmium, ``.osm.pbf`` or ``.osm``."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from data.tables_in import require_file
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@contextmanager
def osm_file(path: Path) -> Generator[Any]:
    """Give the file to read from; what osmium finds wrong with it meanwhile is a fault of the file.

    Raises
    ------
    SchemaError
        No file, not an OpenStreetMap file, cut short, or not sorted where osmium needs it so. A ``.pbf`` that is cut
        exactly between two of its blocks cannot be told from a whole one.
    """
    require_file(path)
    from osmium import InvalidLocationError
    from osmium.io import File

    kind = "pbf" if path.suffix.lower() == ".pbf" else "osm"
    try:
        yield File(str(path.absolute()), kind)
    except (RuntimeError, ValueError, OverflowError, InvalidLocationError) as error:
        mend = "download or export it again, .osm.pbf or .osm, sorted by kind and number"
        problem = f"not an OpenStreetMap {kind} file, or cut short ({error})"
        raise SchemaError([Fault(path.name, problem, mend)]) from error
