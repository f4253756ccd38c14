"""Probability of signal over a grid: for every place the site that serves it best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from analysis.radio.budget import LinkTables, coverage_probability
from analysis.radio.models import validity
from data.coverage import RADIUS_CLASSES
from geo.errors import GridError, RangeError
from geo.ground import ground_ellipses

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from geo.grid import Grid

LEAST = 1e-3
"""Probabilities below this are taken as 0, which bounds how far a site is looked at."""

MAX_STEPS = 16
_STRIP_SAMPLES = 1 << 20
_CLASSES = len(RADIUS_CLASSES)


def curves(
    sites: pd.DataFrame, propagation: pd.DataFrame, *, technology: str, variant: str, step_m: float = 25.0
) -> NDArray[np.float64]:
    """Probability of signal by distance, for each class of site and of person.

    Parameters
    ----------
    sites, propagation : DataFrame
        See `data.radio.read_site_links` and `data.radio.read_propagation`.
    technology : {'2G', '3G', '4G', '5G'}
    variant : {'low', 'central', 'high'}
    step_m : float
        Distance between the values, in metres.

    Returns
    -------
    float64 array (3, 3, k)
        ``[site class, person class, i]`` at a distance of ``i * step_m``, never rising with distance: where a
        breakpoint lets the model rise, the lower value before it stays. Below `LEAST` it is 0, and k is the shortest
        length that ends all nine in 0.

    Raises
    ------
    RangeError
        A step that is not positive; a link as in `analysis.radio.budget.link`.
    """
    if not (np.isfinite(step_m) and step_m > 0):
        raise RangeError(f"the step of a curve is a length above 0 m, not {step_m}")
    tables = LinkTables.of(sites, propagation)
    found = [
        [
            tables.link(technology=technology, site_class=own, person_class=person, variant=variant)
            for person in RADIUS_CLASSES
        ]
        for own in RADIUS_CLASSES
    ]
    farthest = max(validity(one.model, one.environment).distance_km[1] for row in found for one in row)
    km = np.arange(int(np.floor(farthest * 1000 / step_m)) + 2) * step_m / 1000
    values = np.array([[coverage_probability(one, km) for one in row] for row in found])
    values = np.minimum.accumulate(values, axis=2)
    values[values < LEAST] = 0.0
    used = np.flatnonzero(values.any(axis=(0, 1)))
    return np.ascontiguousarray(values[:, :, : (used[-1] + 2 if used.size else 1)])


def probability_field(
    x: ArrayLike,
    y: ArrayLike,
    *,
    site_class: ArrayLike,
    person_class: ArrayLike,
    curves: NDArray[np.float64],
    step_m: float,
    grid: Grid,
    steps: int = 4,
) -> NDArray[np.float64]:
    """Mean over each cell of the probability of signal from the best of the sites.

    At each of `steps` × `steps` midpoints of a cell the distances on the ground to the nearest site of each class are
    found (a true circle round a site, seen on an equal-area grid as an ellipse: `geo.ground`), the curves are read
    there, linearly between their values, and the highest probability counts. Sites are not taken to fade
    independently: two that each serve with 50 % still give 50 %.

    Parameters
    ----------
    x, y : float arrays (n,)
        Sites, in CRS units; they may lie beyond the grid.
    site_class : int array (n,)
        Index into `RADIUS_CLASSES` of what stands around each site.
    person_class : int array (ny, nx)
        Index into `RADIUS_CLASSES` of what stands around the people of each cell.
    curves : float64 array (3, 3, k)
        Probability, as `curves` gives it; 0 beyond its end.
    step_m : float
        Distance between its values, in metres.
    grid : Grid
    steps : int
        1 to 16.

    Returns
    -------
    float64 array (ny, nx)
        0–1; 0 where no site reaches. The bytes do not depend on the order of the sites.

    Raises
    ------
    GridError
        Shapes that do not fit each other or the grid, positions that are not finite, classes other than 0, 1, 2,
        steps out of range.
    RangeError
        Curves that are no probabilities or rise with distance; a step that is not positive.
    """
    px, py = (np.ascontiguousarray(a, dtype=np.float64).ravel() for a in (x, y))
    own, person = np.asarray(site_class).ravel(), np.asarray(person_class)
    _require_places(px, py, own=own, person=person, grid=grid, steps=steps)
    table = _require_curves(curves, step_m)
    out = np.zeros(grid.shape)
    if not px.size or not table.any():
        return out
    ru, rv, shear = ground_ellipses(px, py, grid)
    reach = np.array([_reach(table[i], step_m) for i in range(_CLASSES)])[own.astype(np.int64)]
    order = np.flatnonzero(reach > 0)
    sites = np.stack([(px - grid.west) / grid.dx, (grid.north - py) / grid.dy, ru, rv, shear, reach])[:, order]
    height = max(1, _STRIP_SAMPLES // (grid.nx * steps * steps))
    for row in range(0, grid.ny, height):
        strip = out[row : row + height]
        people = np.ascontiguousarray(person[row : row + height], dtype=np.int64)
        nearest = np.full((_CLASSES, strip.shape[0] * steps, grid.nx * steps), np.inf)
        _nearest(nearest, np.ascontiguousarray(sites.T), own[order].astype(np.int64), row, steps)
        _read(strip, nearest, people, table, step_m, steps)
    return out


def _require_places(
    px: NDArray[np.float64],
    py: NDArray[np.float64],
    *,
    own: NDArray[Any],
    person: NDArray[Any],
    grid: Grid,
    steps: int,
) -> None:
    if not px.size == py.size == own.size:
        raise GridError(f"{px.size} x, {py.size} y and {own.size} classes of sites; give one each")
    if not (np.isfinite(px) & np.isfinite(py)).all():
        raise GridError("sites need finite positions")
    if person.shape != grid.shape:
        raise GridError(f"classes of people have the shape {person.shape}, the grid {grid.shape}")
    for name, classes in (("sites", own), ("people", person)):
        if classes.size and not np.isin(classes, np.arange(_CLASSES)).all():
            raise GridError(f"classes of {name} are 0, 1 or 2: {', '.join(RADIUS_CLASSES)}")
    if not 1 <= steps <= MAX_STEPS:
        raise GridError(f"sub-cell steps lie between 1 and {MAX_STEPS}, not {steps}")


def _require_curves(curves: NDArray[np.float64], step_m: float) -> NDArray[np.float64]:
    """Curves with a 0 at their end, or RangeError."""
    table = np.asarray(curves, dtype=np.float64)
    if table.ndim != 3 or table.shape[:2] != (_CLASSES, _CLASSES) or not table.shape[2]:
        raise RangeError(f"curves have the shape (3, 3, k), not {table.shape}")
    if not ((table >= 0) & (table <= 1)).all() or (np.diff(table, axis=2) > 0).any():
        raise RangeError("curves are probabilities that do not rise with distance")
    if not (np.isfinite(step_m) and step_m > 0):
        raise RangeError(f"the step of a curve is a length above 0 m, not {step_m}")
    return np.ascontiguousarray(np.concatenate([table, np.zeros((_CLASSES, _CLASSES, 1))], axis=2))


def _reach(table: NDArray[np.float64], step_m: float) -> float:
    """Distance in metres from which the curves of one class of site (3, k) are 0."""
    used = np.flatnonzero(table.any(axis=0))
    return (int(used[-1]) + 1) * step_m if used.size else 0.0


@njit(cache=True, nogil=True)
def _nearest(nearest: Any, sites: Any, own: Any, top: int, steps: int) -> None:
    """Squared ground distance (class, sub-row, sub-column) to the nearest site of each class, within its reach.

    A minimum of exact values, so that the order of the sites cannot matter.
    """
    _, ny, nx = nearest.shape
    for i in range(len(sites)):
        u, v, ru, rv, shear, reach = sites[i]
        best = nearest[own[i]]
        half = rv * reach
        first = max(int(np.ceil((v - half - top) * steps - 0.5)), 0)
        last = min(int(np.floor((v + half - top) * steps - 0.5)), ny - 1)
        for k in range(first, last + 1):
            down = top + (k + 0.5) / steps - v
            fall = (down / rv) ** 2
            wide = ru * np.sqrt(max(reach * reach - fall, 0.0))
            middle = u + shear * down
            a = int(max(np.ceil((middle - wide) * steps - 0.5), 0.0))
            b = int(min(np.floor((middle + wide) * steps - 0.5), nx - 1.0))
            line = best[k]
            for j in range(a, b + 1):
                across = ((j + 0.5) / steps - middle) / ru
                line[j] = min(line[j], across * across + fall)


@njit(cache=True, nogil=True)
def _read(out: Any, nearest: Any, people: Any, table: Any, step_m: float, steps: int) -> None:
    """Mean over the midpoints of each cell of the highest probability that the curves give at those distances."""
    ny, nx = out.shape
    classes, _, size = table.shape
    for row in range(ny):
        for col in range(nx):
            total = 0.0
            person = people[row, col]
            for k in range(row * steps, row * steps + steps):
                for j in range(col * steps, col * steps + steps):
                    best = 0.0
                    for c in range(classes):
                        squared = nearest[c, k, j]
                        if squared == np.inf:
                            continue
                        place = np.sqrt(squared) / step_m
                        i = int(place)
                        if i < size - 1:
                            curve = table[c, person]
                            best = max(best, curve[i] + (place - i) * (curve[i + 1] - curve[i]))
                    total += best
            out[row, col] = total / (steps * steps)
