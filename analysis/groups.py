"""Groups of people: how many live where, how they are served, who of them uses the internet, and the gaps between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.ledger import STATES
from analysis.use import UseLedger, split
from analysis.use_inputs import at_fragments
from data.use import BARRIERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from analysis.fragments import Fragments
    from analysis.ledger import Ledger
    from data.region import Region
    from data.use import GroupShares

SERVICE_RULE = (
    "A group is taken to live in a cell as its people do, so it is served there as they are; its use is its own where "
    "that is given, otherwise not known, never the zone's."
)
URBAN = (30, 23, 22, 21)
RURAL = (13, 12, 11)
"""Level 2 classes of cities, towns and suburbs, and of rural areas."""
MEASURES = {
    "using_share": "use the internet",
    "broadband_share": "are covered by mobile broadband (3G or better)",
    "at_least_4g_share": "are covered by 4G or better",
}
"""What is compared between groups, as shares of those of whom it is known."""


@dataclass(frozen=True, eq=False)
class Group:
    """People of a group.

    Attributes
    ----------
    shares : GroupShares
        What the region says of it.
    members : float64 array (fragments,)
        Persons; 0 where their number is not known.
    known : bool array (fragments,)
        Whether it is known.
    use : UseLedger
        Its people by service and use; what they can afford and lack is not known.
    """

    shares: GroupShares
    members: NDArray[np.float64]
    known: NDArray[np.bool_]
    use: UseLedger

    @property
    def told(self) -> NDArray[np.bool_]:
        """Fragments in which it is known: with its use, where that is known anywhere."""
        use = ~np.isnan(self.use.using_share)
        return self.known & use if (self.known & use).any() else self.known

    def words(self) -> dict[str, Any]:
        """Name, label, whom its use speaks of, year, and what it is compared with (None = everybody)."""
        told = self.shares
        named = {"group": told.name, "label": told.label, "of": told.of}
        return {**named, "year": told.year, "against": told.against}

    def within(self, fraction: NDArray[np.float64]) -> float:
        """Its persons of whom a fraction (fragments,), 0–1, is true, such as those in reach of public WiFi."""
        return float(self.members @ np.nan_to_num(fraction))


def group_people(
    region: Region, fragments: Fragments, shares: GroupShares
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Persons of a group by fragment.

    A layer's count of a cell is shared out over its fragments as its people are; a zone's share is taken of the people
    of each of its fragments.

    Returns
    -------
    members : float64 array (fragments,)
        0 where not known.
    known : bool array (fragments,)
        False where the layer, or the zone, does not say, and outside every zone for a group of shares.
    """
    if shares.share is not None:
        share = at_fragments(shares.share, fragments)
        return np.nan_to_num(share) * fragments.persons, ~np.isnan(share)
    counts = region.groups[shares.name].values.ravel()[fragments.cell_id]
    part = fragments.persons / fragments.people[fragments.cell]
    return np.nan_to_num(counts) * part, ~np.isnan(counts)


def make_groups(
    region: Region, fragments: Fragments, ledger: Ledger, *, quality_known: NDArray[np.float64] | None = None
) -> tuple[Group, ...]:
    """Every group of a region with its service and use states.

    Parameters
    ----------
    region, fragments, ledger
        From the same run.
    quality_known : float64 array (fragments,), optional
        As for `analysis.use.make_use`.
    """
    persons = fragments.persons
    part = {
        state: np.divide(values, persons, out=np.zeros(persons.size), where=persons > 0)
        for state, values in ledger.states.items()
    }
    nothing = np.full(persons.size, np.nan)
    made: list[Group] = []
    for shares in region.group_shares:
        members, known = group_people(region, fragments, shares)
        states = {state: part[state] * members for state in STATES}
        use = UseLedger(
            cross=split(states, fragments, using=shares.using),
            persons=members,
            using_share=at_fragments(shares.using, fragments),
            can_afford=nothing,
            without=dict.fromkeys(BARRIERS, nothing),
            price=nothing,
            income=nothing,
            quality_known=quality_known,
        )
        made.append(Group(shares, members, known, use))
    return tuple(made)


def shares_of(record: dict[str, Any]) -> dict[str, float | None]:
    """The `MEASURES` of a record of `analysis.use_tables.use_records`; None = not known of anybody."""
    served = record["service"]
    known = record["population"] - served["unknown"]
    best = served["declared_4g"] + served["declared_5g"] + served["usable"]
    told = known > 1e-9 * record["population"]
    return {
        "using_share": record["using_share"],
        "broadband_share": (best + served["mobile_broadband"]) / known if told else None,
        "at_least_4g_share": best / known if told else None,
    }


def _compared(
    what: str, first: str, second: str, measures: tuple[dict[str, float | None], dict[str, float | None]]
) -> list[dict[str, Any]]:
    """Ratio and difference in percentage points of every measure; None where either is not known."""
    rows: list[dict[str, Any]] = []
    for name in MEASURES:
        one, other = measures[0][name], measures[1][name]
        quotient = points = None
        if one is not None and other is not None:
            quotient = one / other if other > 0 else None
            points = 100 * (one - other)
        rows.append(
            {
                "what": what,
                "measure": name,
                "first": first,
                "second": second,
                "first_share": one,
                "second_share": other,
                "ratio": quotient,
                "points": points,
            }
        )
    return rows


def gaps(
    by_group: Sequence[dict[str, Any]],
    *,
    everybody: Mapping[str, dict[str, Any]],
    by_settlement: Sequence[dict[str, Any]],
) -> list[dict[str, Any]]:
    """Gaps between groups, and between rural and urban people.

    Parameters
    ----------
    by_group : sequence of dict
        Records of groups with ``group`` and ``against``. A group is compared with the one it names, else with
        everybody; one that others are compared with, and that names none, is left out.
    everybody : mapping of group to dict
        Record of all people who live where that group is known: shares of different zones must not be compared.
    by_settlement : sequence of dict
        Records of classes with ``settlement``.

    Returns
    -------
    list of dict
        ``what`` ("group" or "rural–urban"), ``measure``, ``first``, ``second``, ``first_share``, ``second_share``,
        ``ratio`` (first ÷ second: 1 = parity) and ``points`` (first − second, percentage points); None = not known.
    """
    named = {row["group"]: row for row in by_group}
    opposite = {row["against"] for row in by_group}
    rows: list[dict[str, Any]] = []
    for row in by_group:
        name, other = row["group"], row["against"]
        if other is not None:
            rows += _compared("group", name, other, (shares_of(row), shares_of(named[other])))
        elif name not in opposite:
            rows += _compared("group", name, "everybody", (shares_of(row), shares_of(everybody[name])))
    rural, urban = _joined(by_settlement, RURAL), _joined(by_settlement, URBAN)
    return rows + _compared("rural–urban", "rural", "urban", (rural, urban))


def _joined(by_settlement: Sequence[dict[str, Any]], codes: tuple[int, ...]) -> dict[str, float | None]:
    """Measures of several classes together."""
    rows = [row for row in by_settlement if row["settlement"] in codes]
    using = sum(row["use"]["using"] for row in rows)
    told = using + sum(row["use"]["not_using"] for row in rows)
    joined = {
        "population": sum(row["population"] for row in rows),
        "service": {state: sum(row["service"][state] for row in rows) for state in STATES},
        "using_share": using / told if told > 0 else None,
    }
    return shares_of(joined)
