"""Schools and health facilities: whether the network reaches the cell that they stand in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from data.words import folded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from analysis.fragments import Fragments
    from analysis.ledger import Ledger
    from analysis.use import UseLedger
    from data.region import Region
    from geo.grid import Grid

KINDS = {
    "schools": frozenset({"school"}),
    "health": frozenset({"clinic", "hospital", "health centre", "health post", "doctors"}),
}
"""Categories of hosts that count as schools and as health facilities, compared as `data.words.folded`."""


def at_points(
    fragments: Fragments, grid: Grid, *, x: NDArray[np.float64], y: NDArray[np.float64], part: Any, told: Any
) -> NDArray[np.float64]:
    """Covered fraction of the cell that each point lies in, of those people for whom it is known.

    Parameters
    ----------
    fragments : Fragments
    grid : Grid
        The region's.
    x, y : float64 arrays (points,)
        In the grid's CRS.
    part, told : float64 arrays (fragments,)
        Fraction covered, and fraction for whom that is known.

    Returns
    -------
    float64 array (points,)
        0–1; NaN where nothing is known, or nobody lives in the cell: coverage is counted where people are.
    """
    sure = fragments.by_cell(told * fragments.persons)
    covered = fragments.by_cell(np.minimum(part, told) * fragments.persons)
    share = np.divide(covered, sure, out=np.full(sure.size, np.nan), where=sure > 0)
    cell = grid.locate(x, y)
    row = np.minimum(np.searchsorted(fragments.cells, cell), max(fragments.cells.size - 1, 0))
    found = fragments.cells[row] == cell if fragments.cells.size else np.zeros(cell.size, dtype=bool)
    return np.where(found, share[row] if share.size else np.nan, np.nan)


def points_record(
    category: Sequence[str], *, at_least_4g: NDArray[np.float64], usable: NDArray[np.float64]
) -> dict[str, dict[str, float]]:
    """Schools and health facilities by what reaches them.

    Parameters
    ----------
    category : sequence of str (points,)
    at_least_4g, usable : float64 arrays (points,)
        Covered fraction of the point's cell; NaN = not known.

    Returns
    -------
    dict of kind (`KINDS`) to dict
        ``points``; ``at_least_4g`` and ``usable`` expected numbers of points reached, of the ``at_least_4g_known``
        and ``usable_known`` for which that is known.
    """
    words = [folded(str(word)) for word in category]
    record: dict[str, dict[str, float]] = {}
    for kind, names in KINDS.items():
        chosen = np.array([word in names for word in words], dtype=bool)
        row = {"points": float(chosen.sum())}
        for name, values in (("at_least_4g", at_least_4g), ("usable", usable)):
            heard = values[chosen][~np.isnan(values[chosen])]
            row |= {name: float(heard.sum()), f"{name}_known": float(heard.size)}
        record[kind] = row
    return record


def hosts_record(
    region: Region, fragments: Fragments, ledger: Ledger, use: UseLedger, *, everything: bool = False
) -> dict[str, dict[str, float]]:
    """`points_record` of a region's hosts; empty when it has none.

    Parameters
    ----------
    region, fragments, ledger, use
        From the same run.
    everything : bool
        Hosts anywhere on the grid; otherwise those in cells that touch a zone.
    """
    hosts = region.hosts
    if hosts is None:
        return {}
    cell = region.grid.locate(hosts["x"], hosts["y"])
    kept = cell >= 0 if everything else np.isin(cell, region.cell_zone.cell_id)
    x, y = (hosts[axis].to_numpy(dtype=np.float64)[kept] for axis in ("x", "y"))

    def share(people: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.divide(people, fragments.persons, out=np.zeros(fragments.size), where=fragments.persons > 0)

    # who is known not to be reached by 4G is known not to be usable
    sure = share(use.people(("no_signal", "below_broadband", "mobile_broadband")) + use.quality_told)
    part, told = ledger.at_least["4G"], ledger.known["4G"]
    return points_record(
        hosts["category"][kept].tolist(),
        at_least_4g=at_points(fragments, region.grid, x=x, y=y, part=part, told=told),
        usable=at_points(fragments, region.grid, x=x, y=y, part=share(use.people(("usable",))), told=sure),
    )
