"""Which zones of an input have a rank, and checks of figures given by zone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from data.notes import listed
from geo.errors import Fault

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

FILE = "zones"


@dataclass(frozen=True, eq=False)
class Ranked:
    """Which zones have a rank, and their order by id.

    Attributes
    ----------
    zone_id : str array (zones,)
        In the order of the input.
    row : int64 array (ranked,)
        Rows of the input that have a rank, by zone id.
    among : int64 array (ranked,)
        Their places among all zones by id: every zone draws its numbers, so that one that loses its rank leaves the
        numbers of the others as they were.
    """

    zone_id: NDArray[np.str_]
    row: NDArray[np.int64]
    among: NDArray[np.int64]

    def normals(self, stream: np.random.Generator, count: int) -> NDArray[np.float64]:
        """Next standard normal numbers (count, ranked); `stream` advances by one for every zone, ranked or not."""
        return stream.standard_normal((count, self.zone_id.size))[:, self.among]


def ranked_zones(zone_id: NDArray[np.str_], known: NDArray[np.bool_]) -> Ranked:
    """Order by id of the zones that are `known` (zones,)."""
    by_id = np.argsort(zone_id, kind="stable")
    among = np.flatnonzero(known[by_id])
    return Ranked(zone_id, by_id[among], among)


def id_faults(zone_id: NDArray[np.str_]) -> list[Fault]:
    """Zone ids that stand twice."""
    ids, count = np.unique(zone_id, return_counts=True)
    twice = ids[count > 1].tolist()
    return [Fault(FILE, "the id stands twice", "give each zone one row", "zone_id", listed(twice))] if twice else []


def by_zone(given: ArrayLike, zones: int) -> NDArray[np.float64]:
    """Float64 copy; one number is spread over all zones."""
    array = np.array(given, dtype=np.float64)
    return np.full(zones, array) if array.ndim == 0 else array


def zone_fault(
    column: str, bad: NDArray[np.bool_], zone_id: NDArray[np.str_], *, problem: str, mend: str
) -> list[Fault]:
    """One fault that names the zones where `bad` holds; none where it holds nowhere."""
    return [Fault(FILE, problem, mend, column, listed(zone_id[bad].tolist()))] if bad.any() else []
