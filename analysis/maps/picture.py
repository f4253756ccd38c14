"""Cells as pictures: warped to Web Mercator for the eye, in native rows for exact values.

A region's grid is equal-area, a web map is Mercator. A mesh of (column, row) positions at equally spaced Mercator
nodes joins the two: the pictures are warped with it here, and the browser names the cell under the pointer with it.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from pyproj import Transformer

from analysis.maps.palette import UNKNOWN, UNKNOWN_LINE, rgb

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.grid import Grid

MESH_ERROR_CELLS = 0.005
MESH_SIZES = (9, 17, 33, 65, 129, 257)
PICTURE_SIDE = 1600
PICTURE_PIXELS = 6_000_000
HATCH_INDEX = 255
WEB_MERCATOR = "EPSG:3857"


@dataclass(frozen=True)
class Frame:
    """The part of a grid that is drawn and its tie to Web Mercator.

    Attributes
    ----------
    grid : Grid
        Window of the region's grid.
    row0, col0 : int
        Where the window starts in the region's grid.
    bounds : tuple of float
        (west, south, east, north) in Web Mercator metres.
    mesh : float64 array (n, n, 2)
        (column, row) in cells of the window at nodes from the north-west to the south-east; NaN where undefined.
    """

    grid: Grid
    row0: int
    col0: int
    bounds: tuple[float, float, float, float]
    mesh: NDArray[np.float64]

    def position(
        self, mx: NDArray[np.float64], my: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Fractional (column, row) of Mercator points, by bilinear interpolation in the mesh; NaN outside it."""
        west, south, east, north = self.bounds
        last = len(self.mesh) - 1
        u = (mx - west) / (east - west) * last
        v = (north - my) / (north - south) * last
        i = np.clip(np.floor(u), 0, last - 1).astype(np.int64)
        j = np.clip(np.floor(v), 0, last - 1).astype(np.int64)
        fu, fv = (u - i)[..., None], (v - j)[..., None]
        top = self.mesh[j, i] * (1 - fu) + self.mesh[j, i + 1] * fu
        low = self.mesh[j + 1, i] * (1 - fu) + self.mesh[j + 1, i + 1] * fu
        both = top * (1 - fv) + low * fv
        both[(u < 0) | (u > last) | (v < 0) | (v > last)] = np.nan
        return both[..., 0], both[..., 1]


def make_frame(grid: Grid, cell_id: NDArray[np.int64]) -> Frame:
    """Frame around the given cells (the whole grid when there are none), its mesh true to `MESH_ERROR_CELLS`."""
    row, col = np.divmod(cell_id, grid.nx) if cell_id.size else (np.array([0, grid.ny - 1]), np.array([0, grid.nx - 1]))
    row0, col0 = int(row.min()), int(col.min())
    window = grid.window(row0=row0, row1=int(row.max()) + 1, col0=col0, col1=int(col.max()) + 1)
    bounds = Transformer.from_crs(window.crs, WEB_MERCATOR, always_xy=True).transform_bounds(*window.bounds, 41)
    back = Transformer.from_crs(WEB_MERCATOR, window.crs, always_xy=True)
    frame = Frame(window, row0, col0, bounds, _exact(back, window, bounds, size=MESH_SIZES[0]))
    for size in MESH_SIZES[1:]:
        finer = _exact(back, window, bounds, size=size)
        if _worst(frame, finer) <= MESH_ERROR_CELLS:
            break
        frame = replace(frame, mesh=finer)
    return frame


def _exact(
    back: Transformer, grid: Grid, bounds: tuple[float, float, float, float], *, size: int
) -> NDArray[np.float64]:
    """(column, row) of `size` × `size` equally spaced Mercator nodes, by the projection itself."""
    x, y = back.transform(*_nodes(bounds, size=size))
    place = np.stack([(np.asarray(x) - grid.west) / grid.dx, (grid.north - np.asarray(y)) / grid.dy], axis=-1)
    return np.where(np.isfinite(place), place, np.nan)


def _nodes(bounds: tuple[float, float, float, float], *, size: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    west, south, east, north = bounds
    mx, my = np.meshgrid(np.linspace(west, east, size), np.linspace(north, south, size))
    return mx, my


def _worst(frame: Frame, finer: NDArray[np.float64]) -> float:
    """Largest error of the mesh, in cells, at the nodes of one twice as fine.

    The middles of the quads alone would not do: there the bends along x and y of a conformal map cancel.
    """
    mx, my = _nodes(frame.bounds, size=len(finer))
    error = np.abs(np.stack(frame.position(mx, my), axis=-1) - finer)
    return float(np.nanmax(error, initial=0.0))


def native(frame: Frame, grid: Grid, cell_id: NDArray[np.int64], values: NDArray[Any]) -> NDArray[Any]:
    """Lay a value per cell out in the window's rows and columns; 0 where no cell is listed."""
    row, col = np.divmod(cell_id, grid.nx)
    out = np.zeros(frame.grid.shape, dtype=values.dtype)
    out[row - frame.row0, col - frame.col0] = values
    return out


def warp_index(frame: Frame) -> tuple[NDArray[np.int64], int]:
    """For each pixel of the Mercator picture, the flat index of its cell in the window; −1 outside.

    Returns
    -------
    index : int64 array (height, width)
    scale : int
        Pixels per cell, roughly.
    """
    west, south, east, north = frame.bounds
    longest = max(frame.grid.shape)
    scale = int(np.clip(round(PICTURE_SIDE / longest), 2, 12))
    aspect = (north - south) / (east - west)
    width = int(min(scale * frame.grid.nx, np.sqrt(PICTURE_PIXELS / aspect)))
    height = max(1, round(width * aspect))
    mx = west + (np.arange(width) + 0.5) / width * (east - west)
    index = np.full((height, width), -1, dtype=np.int64)
    for top in range(0, height, 256):  # strips, so that memory stays small
        my = north - (np.arange(top, min(top + 256, height)) + 0.5) / height * (north - south)
        col, row = frame.position(*np.meshgrid(mx, my))
        inside = (col >= 0) & (col < frame.grid.nx) & (row >= 0) & (row < frame.grid.ny)
        flat = np.floor(np.where(inside, row, 0)) * frame.grid.nx + np.floor(np.where(inside, col, 0))
        index[top : top + 256] = np.where(inside, flat, -1).astype(np.int64)
    return index, scale


def warped(values: NDArray[np.uint8], index: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Palette indices of the window's cells seen through a warp; unknown (1) gets diagonal lines."""
    picture = np.where(index >= 0, values.ravel()[np.maximum(index, 0)], 0).astype(np.uint8)
    down, right = np.ogrid[: picture.shape[0], : picture.shape[1]]
    picture[(picture == 1) & ((down + right) % 12 < 3)] = HATCH_INDEX
    return picture


def palette_png(picture: NDArray[np.uint8], colours: list[str]) -> str:
    """Palette PNG as a data URI; index 0 is transparent, 1 unknown, 2 and up the colours given."""
    table = bytearray(768)
    table[3:6] = bytes(rgb(UNKNOWN))
    for place, colour in enumerate(colours):
        table[6 + 3 * place : 9 + 3 * place] = bytes(rgb(colour))
    table[765:768] = bytes(rgb(UNKNOWN_LINE))
    image = Image.fromarray(picture)
    image.putpalette(bytes(table))
    return _uri(image, transparency=0)


def value_png(codes: NDArray[np.uint32]) -> str:
    """Lossless RGB PNG of 24-bit codes in native rows, as a data URI: code = red · 65536 + green · 256 + blue."""
    bands = np.stack([codes >> 16 & 255, codes >> 8 & 255, codes & 255], axis=-1).astype(np.uint8)
    return _uri(Image.fromarray(bands))


def _uri(image: Image.Image, **options: Any) -> str:
    stream = io.BytesIO()
    image.save(stream, format="PNG", compress_level=6, **options)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
