"""Known answers about a sample region: what a run must find, counted while the region is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pyproj import Transformer
from scipy.spatial import KDTree

from data.sample.lattice import SAMPLE_CRS, centres_of
from data.sample.places import KINDS
from data.sample.sites import TECHNOLOGIES

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from data.sample.districts import Districts, Shares
    from data.sample.places import Places
    from data.sample.plans import Plans
    from data.sample.streets import Streets
    from geo.grid import Grid


@dataclass(frozen=True)
class Made:
    """All that was made: arrays of the shape of `grid` (whole persons, m²), tables in the region's CRS.

    `by_district` holds the people of each district, in order of id; `streets` is None where a region has none.
    """

    grid: Grid
    people: NDArray[np.float64]
    land: NDArray[np.float64]
    built: NDArray[np.float64]
    places: Places
    districts: Districts
    by_district: NDArray[np.float64]
    sites: pd.DataFrame
    wifi: pd.DataFrame
    buildings: pd.DataFrame
    indicators: pd.DataFrame
    streets: Streets | None
    plans: Plans


def in_districts(shares: Shares, people: NDArray[np.float64], *, grid: Grid, count: int) -> NDArray[np.float64]:
    """People of each district, a cell's people going to districts by exact share of the cell's area."""
    weight = people.ravel()[shares.cell] * shares.area / (grid.dx * grid.dy)
    return np.bincount(shares.district, weight, minlength=count).astype(np.float64)


def _people(people: NDArray[np.float64], by_district: NDArray[np.float64], districts: Districts) -> dict[str, Any]:
    total = float(people.sum())
    inside = float(by_district.sum())
    return {
        "total": int(total),
        "populated_cells": int((people > 0).sum()),
        "largest_cell": int(people.max()),
        "in_districts": round(inside, 3),
        "outside_districts": round(total - inside, 3),
        "by_district": {i: round(float(p), 3) for i, p in zip(districts.ids, by_district, strict=True)},
        "rule": "a cell's people go to districts by share of the cell's area; the sea's share is in no district",
    }


def _sites(sites: pd.DataFrame) -> dict[str, Any]:
    return {
        str(name): {"sites": len(rows)} | {t: int(rows[f"has_{t.lower()}"].sum()) for t in TECHNOLOGIES}
        for name, rows in sites.groupby("operator", sort=True)
    }


def _wifi(wifi: pd.DataFrame) -> dict[str, int]:
    works = wifi["status"] == "operational"
    return {
        "hotspots": len(wifi),
        "operational": int(works.sum()),
        "access_points_operational": int(wifi.loc[works, "access_points"].sum()),
    }


def _streets(streets: Streets | None) -> dict[str, Any]:
    if streets is None:
        return {"streets": 0, "edges": 0, "km": 0.0}
    return {"streets": len(streets.lines), "edges": streets.edges, "km": round(streets.metres / 1000, 3)}


def _plan(plans: Plans) -> dict[str, int]:
    return {
        "proposals": len(plans.proposals),
        "votes": int(plans.proposals["votes"].sum()),
        "masts": len(plans.masts),
        "exclusions": len(plans.exclusions),
        "backhaul": len(plans.backhaul),
        "power_lines": len(plans.power),
    }


def _city(places: Places, people: NDArray[np.float64], *, grid: Grid) -> dict[str, Any]:
    lon, lat = Transformer.from_crs(SAMPLE_CRS, "EPSG:4326", always_xy=True).transform(places.x[0], places.y[0])
    cell = int(grid.locate(places.x[:1], places.y[:1])[0])
    return {
        "name": places.names[0],
        "lon": round(float(lon), 6),
        "lat": round(float(lat), 6),
        "cell_id": cell,
        "people_in_cell": int(people.ravel()[cell]),
        "settlement_class": 30,
    }


def _remotest(people: NDArray[np.float64], sites: pd.DataFrame, *, grid: Grid) -> dict[str, Any]:
    """The inhabited cell farthest from any site: out of reach of every radius shorter than the distance given."""
    x, y = centres_of(grid)
    lived = np.flatnonzero(people.ravel() > 0)
    where = np.column_stack([x.ravel()[lived], y.ravel()[lived]])
    gap, _ = KDTree(sites[["x", "y"]].to_numpy()).query(where)
    far = int(np.argmax(gap))
    return {
        "cell_id": int(lived[far]),
        "people": int(people.ravel()[lived[far]]),
        "distance_to_nearest_site_m": round(float(gap[far]), 1),
    }


def known_answers(made: Made) -> dict[str, Any]:
    """Answers that follow from how the region was made; keys say the unit where it is not people or a count."""
    missing = made.indicators.loc[made.indicators.isna().any(axis=1), "id"].tolist()
    categories = made.buildings["category"].value_counts().sort_index()
    districts, places = made.districts, made.places
    return {
        "population": _people(made.people, made.by_district, districts),
        "land_m2": int(made.land.sum()),
        "built_m2": int(made.built.sum()),
        "sea_cells": int((made.land == 0).sum()),
        "districts": {"count": len(districts.ids), "names": dict(zip(districts.ids, districts.names, strict=True))},
        "places": {kind: int((places.kind == i).sum()) for i, kind in enumerate(KINDS)},
        "city": _city(places, made.people, grid=made.grid),
        "sites": _sites(made.sites),
        "sites_total": len(made.sites),
        "remotest_inhabited_cell": _remotest(made.people, made.sites, grid=made.grid),
        "wifi": _wifi(made.wifi),
        "streets": _streets(made.streets),
        "public_buildings": {str(k): int(v) for k, v in categories.items()},
        "districts_with_missing_indicators": missing,
        "plan": _plan(made.plans),
    }
