"""Public WiFi over the cells: hotspots by state, and the areas within a walk of those that are free and work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from analysis.maps.overlays import number, rings_of, words_of
from analysis.maps.palette import INSIDE
from analysis.maps.wifi_layers import measure_words

if TYPE_CHECKING:
    from collections.abc import Hashable

    import pandas as pd

    from analysis.results import Results

MAX_WIFI = 5000
MOST_VERTICES = 20_000
"""Of one area on the map, about."""

COARSEST_M = 500.0
BLOCK_M2 = 62_500.0
"""Smaller holes of an area are filled: a block of 250 m by 250 m."""

MARKS = (
    ("open", "circle", "ffffff"),
    ("open, over capacity", "diamond", "f28e2b"),
    ("open, no street near", "triangle", "ffffff"),
    ("not operational", "cross", "c9ced6"),
    ("not free", "square", "b9a3d9"),
)
"""How hotspots look: words of the legend, shape, colour inside. Open means operational and free to use."""

STATES = {
    "": (0, "open"),
    "room": (0, "open, with room"),
    "under": (0, "open, with room"),
    "not known": (0, "open; whether it has room is not known"),
    "over": (1, "open, over capacity"),
    "no street near": (2, "open, but no street leads near it"),
    "not operational": (3, "not operational"),
    "not free": (4, "operational, but not free"),
}
"""Position in `MARKS` and words of each state of a hotspot."""


def state_of(row: dict[Hashable, Any]) -> str:
    """State of a row of ``wifi.csv``; older results say only whether it is operational."""
    if "state" in row:
        return words_of(row["state"])
    if not row.get("operational", True):
        return "not operational"
    return "" if row.get("free", True) else "not free"


def state_words(state: str) -> str:
    """A state in words; one that is not known here stays as it is written."""
    return STATES[state][1] if state in STATES else state


def reach_of(record: Any) -> int:
    """Minutes of the walk that counts as in reach, of ``summary["wifi"]``; older results do not say: 10."""
    found = record.get("reach_min") if isinstance(record, Mapping) else None
    return 10 if found is None else int(found)


def wifi_records(wifi: pd.DataFrame, *, reach: int = 10) -> dict[str, Any]:
    """Public WiFi of the map, at most `MAX_WIFI`.

    Parameters
    ----------
    wifi : DataFrame
        ``wifi.csv`` of some results.
    reach : int
        Minutes of the walk that counts as in reach.

    Returns
    -------
    dict
        ``marks``: [words, shape, colour, how many]. ``states``: [position of the mark, words]. ``points``:
        [lon, lat, name, position of the state, people nearest within `reach`, people served at once, expected at once];
        null = not known. ``total``: hotspots of the list, drawn or not.
        ``reach``: as given.
    """
    rows = wifi.head(MAX_WIFI).to_dict("records")
    found = [state_of(row) for row in rows]
    order = sorted(set(found), key=lambda state: (list(STATES).index(state) if state in STATES else len(STATES), state))
    marked = [STATES[state][0] if state in STATES else 0 for state in order]
    points = [
        [
            round(float(row["lon"]), 5),
            round(float(row["lat"]), 5),
            words_of(row.get("name")) or words_of(row.get("wifi_id")),
            order.index(state),
            *(number(row.get(name)) for name in (f"people_{reach}_min", "capacity", "expected")),
        ]
        for row, state in zip(rows, found, strict=True)
    ]
    counts = Counter(marked[order.index(state)] for state in found)
    return {
        "marks": [[*mark, counts[place]] for place, mark in enumerate(MARKS)],
        "states": [[mark, state_words(state)] for mark, state in zip(marked, order, strict=True)],
        "points": points,
        "total": len(wifi),
        "reach": reach,
    }


def catchment_records(results: Results) -> list[dict[str, Any]]:
    """Areas within each walk of public WiFi, shortest walk first; empty when the run made none.

    Returns
    -------
    list of dict
        ``minutes``, ``people`` (who live inside), ``measure`` in words, ``colour``, and ``parts``: polygons of rings
        of [lon, lat], about `MOST_VERTICES` at most.
    """
    areas = results.catchments
    if areas is None or areas.empty:
        return []
    metre = 1.0 / results.grid.metres_per_unit
    drawn = gpd.GeoSeries([_generalised(area, metre=metre) for area in areas.geometry], crs=areas.crs).to_crs(4326)
    return [
        {
            "minutes": number(row["minutes"]),
            "people": number(row["people"]),
            "measure": measure_words(row["measure"]),
            "colour": INSIDE,
            "parts": rings_of(area),
        }
        for row, area in zip(areas.drop(columns=areas.geometry.name).to_dict("records"), drawn, strict=True)
    ]


def _generalised(area: Any, *, metre: float) -> Any:
    """The area without holes of the size of blocks, its outlines the coarser the more vertices there are.

    An area along streets has a hole in every block, and people live in blocks: to the eye the holes are noise.
    """
    parts, tolerance = np.array([_filled(part, BLOCK_M2 * metre**2) for part in shapely.get_parts(area)]), metre
    while shapely.get_num_coordinates(parts).sum() > MOST_VERTICES and tolerance <= COARSEST_M / 2 * metre:
        # part by part: a whole collection at once takes minutes
        parts, tolerance = shapely.simplify(parts, tolerance), 2 * tolerance
    return shapely.geometrycollections(parts)


def _filled(part: Any, least: float) -> Any:
    """A polygon without its holes of less than this area."""
    return shapely.Polygon(part.exterior, [hole for hole in part.interiors if shapely.Polygon(hole).area >= least])
