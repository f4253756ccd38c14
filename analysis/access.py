"""Public WiFi in reach: for now by straight line, and named so everywhere; streets come later."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.footprint import known_share
from geo.burn import covered_fraction
from geo.ground import ground_discs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.fragments import Fragments
    from data.region import Region

DISTANCES_M = (400, 800)
"""About 5 and 10 minutes on foot."""


def wifi_within(
    region: Region, fragments: Fragments, *, distance_m: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """People with operational public WiFi within a straight-line distance of home.

    Parameters
    ----------
    region : Region
    fragments : Fragments
    distance_m : float
        Straight line, in metres.

    Returns
    -------
    within, known : float64 arrays (fragments,)
        Fraction of the fragment's persons within the distance, and for whom the answer is known; both 0 when the region
        has no WiFi list. People are taken as evenly spread in a cell.
    """
    if region.wifi is None:
        return np.zeros(fragments.size), np.zeros(fragments.size)
    known = known_share(region.wifi_known, fragments, region)
    points = region.wifi[region.wifi["operational"]]
    # polygons, exact but for their 128 edges, where sampling would be coarse for so small a disc
    discs = ground_discs(points["x"].to_numpy(), points["y"].to_numpy(), distance_m, region.grid)
    covered = covered_fraction(discs, region.grid)
    return covered.ravel()[fragments.cell_id] * known, known


def wifi_summary(region: Region, fragments: Fragments) -> dict[str, float | int | str]:
    """Figures of public WiFi for the summary: points, persons within each distance, beyond the last, and unknown."""
    persons = fragments.persons
    out: dict[str, float | int | str] = {
        "measure": "straight line",
        "sites": 0 if region.wifi is None else len(region.wifi),
        "operational": 0 if region.wifi is None else int(region.wifi["operational"].sum()),
    }
    within = known = np.zeros(fragments.size)
    for distance in DISTANCES_M:
        within, known = wifi_within(region, fragments, distance_m=distance)
        out[f"within_{distance}_m"] = float(within @ persons)
    out[f"beyond_{DISTANCES_M[-1]}_m"] = float((known - within) @ persons)
    out["unknown"] = float((1 - known) @ persons)
    return out
