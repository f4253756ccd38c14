"""One thing known on a grid, and where it was known from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo.errors import GridError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from geo.grid import Grid


@dataclass(frozen=True)
class Source:
    """Where a layer comes from; carried to every output.

    Attributes
    ----------
    layer : str
        Which part of the region it feeds, such as ``population`` or ``coverage 1``.
    file : str
        File name as the region names it.
    sha256 : str
        Of the file's bytes.
    source, publisher, licence, url : str
        As the person gave them; empty = not stated.
    year : int or None
        Year that the data describe.
    """

    layer: str
    file: str
    sha256: str
    source: str = ""
    publisher: str = ""
    licence: str = ""
    url: str = ""
    year: int | None = None


@dataclass(frozen=True)
class Layer:
    """Values on a grid: NaN = not known, 0 = known to be none.

    Attributes
    ----------
    values : float64 array (ny, nx)
    grid : Grid
    quantity, unit : str
        Such as ``population`` in ``persons``.
    source : Source
    """

    values: NDArray[np.float64]
    grid: Grid
    quantity: str
    unit: str
    source: Source

    def __post_init__(self) -> None:
        if self.values.shape != self.grid.shape:
            raise GridError(f"{self.quantity}: values of shape {self.values.shape} do not fit {self.grid}")


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
