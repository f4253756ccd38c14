"""Walking in a region: along its streets where they are given, else by straight line × detour, named as such."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from scipy.spatial import KDTree

from analysis.isochrones import isochrones
from analysis.walking import ALONG_STREETS, Pace, edge_minutes, on_earth, straight_walks, street_walks
from geo.ground import ground_discs
from geo.network import places_along
from geo.snap import snap
from geo.walk import Pairs, walk_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.scenario import Walking
    from analysis.walking import Walks
    from data.region import Region
    from geo.grid import Grid
    from geo.network import Network

MOST_VERTICES = 20_000


@dataclass(frozen=True, eq=False)
class OnFoot:
    """How people walk in one region.

    Attributes
    ----------
    grid : Grid
    streets : Network or None
        None = straight lines.
    pace : Pace
    minutes : float64 array (edges,) or None
        To walk each street.
    flat, capped : int
        Streets whose slope is not known while others' is, and those steeper than `Pace.steepest`.
    """

    grid: Grid
    streets: Network | None
    pace: Pace
    minutes: NDArray[np.float64] | None
    flat: int = 0
    capped: int = 0

    @property
    def measure(self) -> str:
        """What the figures mean: ``along streets`` or ``straight line × 1.3``; to be printed beside them."""
        return ALONG_STREETS if self.streets is not None else f"straight line × {self.pace.detour:g}"

    @property
    def metres_per_min(self) -> float:
        """Metres of straight line that a minute reaches at most."""
        return 1 / (self.pace.minutes_per_m * (1.0 if self.streets is not None else self.pace.detour))

    def walks(
        self,
        home_x: NDArray[np.float64],
        home_y: NDArray[np.float64],
        *,
        place_x: NDArray[np.float64],
        place_y: NDArray[np.float64],
    ) -> Walks:
        """Walk from each home to the nearest place; see `analysis.walking`."""
        places: dict[str, Any] = {"place_x": place_x, "place_y": place_y, "pace": self.pace}
        if self.streets is None:
            return straight_walks(self.grid.crs, home_x=home_x, home_y=home_y, **places)
        return street_walks(self.streets, home_x=home_x, home_y=home_y, minutes=self.minutes, **places)

    def pairs(
        self,
        place_x: NDArray[np.float64],
        place_y: NDArray[np.float64],
        *,
        home_x: NDArray[np.float64],
        home_y: NDArray[np.float64],
        limit_min: float,
    ) -> Pairs:
        """Every place (source) and home (target) within so many minutes of each other."""
        if self.streets is None or self.minutes is None:
            return self._straight_pairs(on_earth(place_x, place_y, self.grid.crs, "places"), home_x, home_y, limit_min)
        places, homes = (
            snap(self.streets, x, y, max_m=self.pace.off_street_m) for x, y in ((place_x, place_y), (home_x, home_y))
        )
        return walk_pairs(
            self.streets,
            sources=places,
            targets=homes,
            cost=self.minutes,
            off_cost=self.pace.minutes_per_m,
            limit=limit_min,
        )

    def _straight_pairs(
        self, places: NDArray[np.float64], home_x: NDArray[np.float64], home_y: NDArray[np.float64], limit_min: float
    ) -> Pairs:
        homes = on_earth(home_x, home_y, self.grid.crs, "homes")
        if not (len(places) and len(homes)):
            nobody = np.empty(0, dtype=np.int64)
            return Pairs(nobody, nobody, np.empty(0))
        far = limit_min * self.metres_per_min
        found: Any = KDTree(places).sparse_distance_matrix(KDTree(homes), far, output_type="ndarray")
        order = np.lexsort((found["j"], found["i"]))
        minutes = np.minimum(found["v"] / self.metres_per_min, limit_min)
        return Pairs(found["i"][order].astype(np.int64), found["j"][order].astype(np.int64), minutes[order])

    def on_street(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether a street is near enough to each point; everywhere where straight lines are walked."""
        if self.streets is None:
            return np.ones(x.size, dtype=np.bool_)
        return snap(self.streets, x, y, max_m=self.pace.off_street_m).edge >= 0

    def to_street(
        self, x: NDArray[np.float64], y: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The nearest place on a street of each point; points with no street near stay where they are."""
        if self.streets is None:
            return x, y
        found = snap(self.streets, x, y, max_m=self.pace.off_street_m)
        on = found.edge >= 0
        at_x, at_y = places_along(self.streets, np.maximum(found.edge, 0), np.where(on, found.along_m, 0.0))
        return np.where(on, at_x, x), np.where(on, at_y, y)

    def areas(self, x: NDArray[np.float64], y: NDArray[np.float64], *, limits: tuple[int, ...]) -> list[Any]:
        """Area within each walk of any of the places, in the grid CRS: a picture, people are counted from homes."""
        if self.streets is None or self.minutes is None:
            far = [limit * self.metres_per_min for limit in limits]
            return [shapely.normalize(shapely.union_all(ground_discs(x, y, metres, self.grid))) for metres in far]
        return isochrones(
            self.streets,
            sources=snap(self.streets, x, y, max_m=self.pace.off_street_m),
            minutes=self.minutes,
            minutes_per_m=self.pace.minutes_per_m,
            limits=tuple(float(limit) for limit in limits),
            most_vertices=MOST_VERTICES,
        )


def on_foot(region: Region, *, walking: Walking) -> OnFoot:
    """How people walk in a region, by a scenario's settings.

    Parameters
    ----------
    region : Region
    walking : Walking
        Of the scenario.
    """
    pace = Pace(walking.speed_kmh, walking.detour, walking.off_street_m, walking.steepest)
    streets = region.streets
    if streets is None:
        return OnFoot(region.grid, None, pace, None)
    minutes, flat, capped = edge_minutes(streets, pace, slopes=walking.slopes)
    return OnFoot(region.grid, streets, pace, minutes, flat, capped)
