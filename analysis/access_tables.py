"""What a run says of public WiFi on foot: its record in the summary, columns of cells and zones, hotspots, areas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.access import STRAIGHT_M, WALKS_MIN, open_points
from analysis.ledger import STATES
from analysis.settlement import CLASS_NAMES
from data.region import lonlat

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from analysis.access import Access
    from analysis.fragments import Fragments
    from analysis.groups import Group
    from analysis.ledger import Ledger
    from analysis.on_foot import OnFoot
    from analysis.scenario import Scenario
    from data.region import Region

DECIMALS = {"x": 3, "y": 3, "lon": 6, "lat": 6, "fills_at": 4}
"""Of `wifi.csv`; its other figures have two."""

HOTSPOT_COLUMNS = ("people_5_min", "people_10_min", "people_15_min", "capacity", "expected", "fills_at", "state")


def _walks(persons: NDArray[np.float64], access: Access) -> dict[str, float]:
    """Persons within each walk, beyond the last though they have a way, without any way, and not known."""
    without = float(access.without @ persons)
    last = float(access.within[WALKS_MIN[-1]] @ persons)
    known = float(access.known @ persons)
    record = {f"within_{limit}_min": float(access.within[limit] @ persons) for limit in WALKS_MIN}
    record[f"beyond_{WALKS_MIN[-1]}_min"] = max(known - last - without, 0.0)
    record["without_way"] = without
    record["unknown"] = float((1 - access.known) @ persons)
    return record


def _by_settlement(fragments: Fragments, access: Access, *, settlement: NDArray[np.int16]) -> list[dict[str, Any]]:
    codes = settlement.ravel()[fragments.cell_id]
    records: list[dict[str, Any]] = []
    for code in sorted(CLASS_NAMES, reverse=True):
        persons = np.where(codes == code, fragments.persons, 0.0)
        if code >= 10 and persons.any():
            named = {"settlement": code, "name": CLASS_NAMES[code], "population": float(persons.sum())}
            records.append({**named, **_walks(persons, access)})
    return records


def _by_group(groups: Sequence[Group], access: Access) -> dict[str, dict[str, float]]:
    """The same of each group: it is taken to live in a cell as the cell's people do; where it is not known, nobody."""
    return {
        group.shares.name: {"population": float(group.members.sum()), **_walks(group.members, access)}
        for group in groups
    }


def _hotspots(table: pd.DataFrame) -> dict[str, int]:
    """Hotspots by state."""
    return {str(state): int(count) for state, count in table["state"].value_counts().sort_index().items()}


def wifi_record(
    region: Region,
    fragments: Fragments,
    access: Access,
    *,
    ledger: Ledger,
    settlement: NDArray[np.int16],
    scenario: Scenario,
    foot: OnFoot,
    groups: Sequence[Group] = (),
) -> dict[str, Any]:
    """`summary.json`'s ``wifi``; keys as documented in docs/outputs.md."""
    persons, reach = fragments.persons, scenario.walking.reach_min
    table = region.wifi
    near = access.within[reach]
    straight = {f"within_{metres}_m": float(access.straight[metres] @ persons) for metres in STRAIGHT_M}
    record: dict[str, Any] = {
        "measure": access.measure,
        "reach_min": reach,
        "speed_kmh": scenario.walking.speed_kmh,
        "sites": 0 if table is None else len(table),
        "operational": 0 if table is None else int(table["operational"].sum()),
        "open": int(access.open.size),
        "limited": 0 if table is None else int((table["operational"] & ~table["free"]).sum()),
        "off_street": int(access.off_street.size),
        **_walks(persons, access),
        "no_way": {why: float(part @ persons) for why, part in access.no_way.items()},
        **straight,
        "along": {f"within_{metres}_m": float(access.along[metres] @ persons) for metres in STRAIGHT_M},
        "overstated": {f"{metres}_m": _overstated(access, persons, metres) for metres in STRAIGHT_M},
        "radio": {
            "people": float(access.radio @ persons),
            "indoor_m": scenario.wifi.indoor_m,
            "outdoor_m": scenario.wifi.outdoor_m,
        },
        "by_settlement": _by_settlement(fragments, access, settlement=settlement),
        "by_group": _by_group(groups, access),
        "by_state": {state: float(near @ ledger.states[state]) for state in STATES},
        "hotspots": _hotspots(wifi_table(region, access)),
        "users_per_access_point": scenario.wifi.users_per_access_point,
        "at_once": scenario.wifi.at_once,
        "slopes": scenario.walking.slopes and foot.streets is not None and foot.streets.climb_m is not None,
        "streets_taken_as_flat": foot.flat,
        "streets_too_steep": foot.capped,
    }
    return record


def _overstated(access: Access, persons: NDArray[np.float64], metres: int) -> float | None:
    """By which share a straight line counts more people than the same metres of walk; None when none walk so far."""
    walked = float(access.along[metres] @ persons)
    line = float(np.minimum(access.straight[metres], access.known) @ persons)
    return line / walked - 1 if walked > 0 and access.known.any() else None


def wifi_table(region: Region, access: Access) -> pd.DataFrame:
    """`wifi.csv`: the points as understood, whom each is nearest to, and whether it has room.

    Columns
    -------
    people_5_min, people_10_min, people_15_min
        Persons, known ones, whose nearest open hotspot it is within that walk; empty for others than open ones.
    capacity
        People served at once: access points × users each; empty = not known.
    expected
        People online at once if everybody in reach shares themselves out over the hotspots.
    fills_at
        Share of the people counted at it who may be online at once before it is full: independent of `at_once`.
    state
        ``room``, ``over``, ``not known`` (no number of access points), ``no street near``, ``not operational``,
        ``not free``.
    """
    import pandas as pd

    if region.wifi is None:
        names = ["wifi_id", "name", "status", "operational", "free", "outdoor", "access_points", "hours"]
        return pd.DataFrame(columns=[*names, "x", "y", "lon", "lat", *HOTSPOT_COLUMNS])
    lon, lat = lonlat(region.grid, region.wifi["x"], region.wifi["y"])
    table = region.wifi.assign(lon=lon, lat=lat)
    figures = np.full((len(table), 6), np.nan)
    figures[access.open, :3] = access.people
    found = access.room
    figures[access.open, 3], figures[access.open, 4] = found.capacity, found.expected
    with np.errstate(divide="ignore", invalid="ignore"):
        figures[access.open, 5] = np.where(found.assigned > 0, found.capacity / found.assigned, np.nan)
    table[list(HOTSPOT_COLUMNS[:6])] = figures
    state = np.where(table["operational"], np.where(table["free"], "not known", "not free"), "not operational")
    state[access.open[found.under]], state[access.open[found.over]] = "room", "over"
    state[access.off_street] = "no street near"
    table = table.assign(state=state)
    return table.round({name: DECIMALS.get(name, 2) for name in (*DECIMALS, *HOTSPOT_COLUMNS[:6])})


def cell_columns(fragments: Fragments, access: Access, *, wifi_ids: NDArray[Any], reach: int) -> dict[str, Any]:
    """Columns of the cells table; fractions are of its people for whom access is known, NaN where nobody's is."""
    persons = fragments.persons
    known = fragments.by_cell(access.known * persons)

    def share(part: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(known > 0, np.minimum(fragments.by_cell(part * persons) / known, 1.0), np.nan)

    way = np.isfinite(access.minutes)
    walkers = np.where(way, (access.known - access.without) * persons, 0.0)
    total = fragments.by_cell(walkers)
    columns: dict[str, Any] = {f"wifi_{limit}_min": share(access.within[limit]) for limit in WALKS_MIN}
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = fragments.by_cell(walkers * np.where(way, access.minutes, 0.0)) / total
        columns["wifi_walk_min"] = np.where(total > 0, mean, np.nan)
        columns["wifi_known"] = known / fragments.people
    columns["wifi_no_way"] = share(access.without)
    beyond = fragments.by_cell((access.known - access.within[reach]) * persons)
    columns["wifi_beyond_people"] = np.where(known > 0, np.maximum(beyond, 0.0), np.nan)
    columns["wifi_radio"] = share(access.radio)
    columns["wifi_places"] = _places(fragments, access, known)
    columns |= {f"wifi_{metres}_m": share(access.straight[metres]) for metres in STRAIGHT_M}
    columns["wifi_nearest"] = np.append(wifi_ids.astype(object), "")[access.nearest]
    return columns


def _places(fragments: Fragments, access: Access, known: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places on WiFi per 1,000 people of each cell, over those for whom access is known; NaN where not known."""
    persons = access.known * fragments.persons
    counted = np.where(persons > 0, access.room.accessibility, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(known > 0, 1000 * fragments.by_cell(counted * persons) / known, np.nan)


def reach_words(access: Access, *, reach: int) -> str:
    """What counts as in reach, for a sentence: ``within a 5 min walk (along streets) of free public WiFi``."""
    return f"within a {reach} min walk ({access.measure}) of free public WiFi"


def zone_columns(fragments: Fragments, access: Access, *, reach: int) -> dict[str, NDArray[np.float64]]:
    """Persons of each zone by walk, of those for whom access is known; NaN, not 0, where it is known for nobody."""
    parts = {f"wifi_{limit}_min_people": access.within[limit] for limit in WALKS_MIN}
    parts["wifi_known_people"] = access.known
    parts["wifi_no_way_people"] = access.without
    parts["wifi_beyond_people"] = np.maximum(access.known - access.within[reach], 0.0)
    parts |= {f"wifi_{metres}_m_people": access.straight[metres] for metres in STRAIGHT_M}
    heard = fragments.by_zone(access.known * fragments.persons) > 0
    columns = {
        name: np.where(heard, fragments.by_zone(part * fragments.persons), np.nan) for name, part in parts.items()
    }
    known = columns["wifi_known_people"]
    with np.errstate(divide="ignore", invalid="ignore"):
        columns["wifi_share"] = np.minimum(columns[f"wifi_{reach}_min_people"] / known, 1.0)
    return columns


def catchments(region: Region, fragments: Fragments, access: Access, foot: OnFoot) -> gpd.GeoDataFrame | None:
    """Areas within each walk of an open hotspot, cut to where the list of WiFi is complete; None without a list."""
    import geopandas as gpd
    import shapely

    if region.wifi is None:
        return None
    x, y = open_points(region)
    areas = foot.areas(x, y, limits=WALKS_MIN) if x.size else [shapely.Polygon()] * len(WALKS_MIN)
    cut = _known_area(region)
    if cut is not None:
        areas = [shapely.normalize(shapely.intersection(area, cut)) for area in areas]
    people = [float(access.within[limit] @ fragments.persons) for limit in WALKS_MIN]
    table = {"minutes": list(WALKS_MIN), "people": people, "measure": [access.measure] * len(WALKS_MIN)}
    shapes = [area if area.geom_type == "MultiPolygon" else shapely.MultiPolygon(_polygons(area)) for area in areas]
    return gpd.GeoDataFrame(table, geometry=shapes, crs=region.grid.crs)


def _polygons(area: Any) -> list[Any]:
    import shapely

    return [part for part in shapely.get_parts(area) if part.geom_type == "Polygon" and not part.is_empty]


def _known_area(region: Region) -> Any:
    """Union of the zones, or the area, in which the list of WiFi is complete; None = everywhere."""
    import shapely

    known = region.wifi_known
    if known is None:
        return None
    if known.zones is not None:
        return shapely.union_all(region.zones.geometry.to_numpy()[known.zones])
    return known.geometry
