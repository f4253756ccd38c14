"""The use half of the ledger: every person uses the internet, does not, or it is not known; and what that leaves out.

Each person is in one service state and in one use state (methods, §1); the table of both is the cross table here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.ledger import STATES
from analysis.use_inputs import at_fragments, can_afford, no_shares, without

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from analysis.fragments import Fragments
    from analysis.ledger import Ledger
    from data.use import UseShares

USES = ("using", "not_using", "use_not_known")
USE_MEANING = {
    "using": "counted as an internet user by the zone's figures",
    "not_using": "not counted as one",
    "use_not_known": "no figure of internet use for the zone",
}
UNCOVERED = ("no_signal", "below_broadband")
"""Service states of the coverage gap."""
COVERED = ("mobile_broadband", "declared_4g", "declared_5g", "usable")
"""Service states with mobile broadband (3G) or better."""
BEST_FIRST = ("usable", "declared_5g", "declared_4g", "mobile_broadband", "below_broadband", "no_signal")
"""Order in which the users of a zone are placed."""
RULE = (
    "Within a zone, internet users are placed among the best-served people first, never more than live there; people "
    "of unknown service use at the zone's rate. The usage gap is therefore the least that it can be."
)


@dataclass(frozen=True, eq=False)
class UseLedger:
    """People by service and use.

    Attributes
    ----------
    cross : dict of (service, use) to float64 array (fragments,)
        Persons; those of a fragment sum to its persons, and over the uses to the ledger's state.
    persons : float64 array (fragments,)
        Persons, of everybody or of a group.
    using_share : float64 array (fragments,)
        Share of the zone's people who use the internet; NaN = not known, or outside every zone.
    can_afford : float64 array (fragments,)
        Share of them who can afford the basket; NaN = not known.
    without : dict of barrier to float64 array (fragments,)
        Share of them without a device, skills, electricity; NaN = not known. Barriers overlap.
    price, income : float64 array (fragments,)
        A month, in one currency; NaN = not known.
    quality_known : float64 array (fragments,) or None
        Fraction of those whom 4G or better reaches whose quality is known; None = nobody's is.
    """

    cross: dict[tuple[str, str], NDArray[np.float64]]
    persons: NDArray[np.float64]
    using_share: NDArray[np.float64]
    can_afford: NDArray[np.float64]
    without: dict[str, NDArray[np.float64]]
    price: NDArray[np.float64]
    income: NDArray[np.float64]
    quality_known: NDArray[np.float64] | None

    def people(self, services: Iterable[str] = STATES, uses: Iterable[str] = USES) -> NDArray[np.float64]:
        """Persons (fragments,) in any of these service states and any of these use states."""
        chosen = tuple(uses)
        parts = [self.cross[service, use] for service in services for use in chosen]
        return np.sum(parts, axis=0) if parts else np.zeros(self.persons.size)

    @property
    def coverage_gap(self) -> NDArray[np.float64]:
        """Persons outside every mobile-broadband footprint (GSMA), whether or not they use the internet elsewhere."""
        return self.people(UNCOVERED)

    @property
    def connected(self) -> NDArray[np.float64]:
        """Persons covered by mobile broadband who use the internet."""
        return self.people(COVERED, ("using",))

    @property
    def usage_gap(self) -> NDArray[np.float64]:
        """Persons covered by mobile broadband who do not use the internet (GSMA)."""
        return self.people(COVERED, ("not_using",))

    @property
    def covered_use_not_known(self) -> NDArray[np.float64]:
        """Persons covered by mobile broadband of whom it is not known whether they use the internet."""
        return self.people(COVERED, ("use_not_known",))

    @property
    def service_unknown(self) -> NDArray[np.float64]:
        """Persons of unknown service. With the four above they sum to everybody."""
        return self.people(("unknown",))

    @property
    def using_beyond_coverage(self) -> NDArray[np.float64]:
        """Users for whom no covered person is left in their zone: they use it elsewhere, or the coverage is wrong."""
        return self.people(UNCOVERED, ("using",))

    def affordable(self) -> dict[str, NDArray[np.float64]]:
        """Users by whether they can afford the basket, as if using and affording were independent within a zone."""
        using = self.people(uses=("using",))
        known = ~np.isnan(self.can_afford)
        yes = using * np.where(known, self.can_afford, 0.0)
        return {
            "affordable": yes,
            "not_affordable": np.where(known, using - yes, 0.0),
            "affordability_not_known": np.where(known, 0.0, using),
        }

    @property
    def reached(self) -> NDArray[np.float64]:
        """Persons whom 4G or better reaches, usable or not."""
        return self.people(("declared_4g", "declared_5g", "usable"))

    @property
    def quality_told(self) -> NDArray[np.float64]:
        """Those of them whose quality is known, either way."""
        usable = self.people(("usable",))
        if self.quality_known is None:
            return usable
        return np.maximum(self.reached * np.clip(self.quality_known, 0.0, 1.0), usable)

    def meaningful(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Persons meaningfully connected (usable, using and affordable), and those of whom all three are known.

        Returns
        -------
        people, known : float64 arrays (fragments,)
            `people` takes who uses from the cross table and affording as independent of it within a zone; it is 0
            where nothing is known. Somebody below 4G is known not to be usable.
        """
        told = ~np.isnan(self.can_afford) & ~np.isnan(self.using_share)
        people = np.where(told, self.cross["usable", "using"] * np.where(told, self.can_afford, 0.0), 0.0)
        below = self.people(("no_signal", "below_broadband", "mobile_broadband"))
        return people, np.where(told, below + self.quality_told, 0.0)


def _placed(
    states: dict[str, NDArray[np.float64]], fragments: Fragments, using: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Users of each service state, the best served first; 0 where the share is not known."""
    share = np.nan_to_num(using)
    there = {state: np.maximum(fragments.by_zone(states[state]), 0.0) for state in BEST_FIRST}
    left = share * np.sum(list(there.values()), axis=0)
    users = {"unknown": np.nan_to_num(at_fragments(using, fragments)) * states["unknown"]}
    for state in BEST_FIRST:
        taken = np.minimum(left, there[state])
        part = np.divide(taken, there[state], out=np.zeros(left.size), where=there[state] > 0)
        left = left - taken
        users[state] = np.append(part, 0.0)[fragments.zone] * states[state]
    return users


def split(
    states: dict[str, NDArray[np.float64]], fragments: Fragments, *, using: NDArray[np.float64]
) -> dict[tuple[str, str], NDArray[np.float64]]:
    """Split people by service into users and others, by `RULE`.

    Parameters
    ----------
    states : dict of service state to float64 array (fragments,)
        Persons, all of `analysis.ledger.STATES`.
    fragments : Fragments
        Their zones.
    using : float64 array (zones,)
        Share who use the internet, 0–1; NaN = not known.

    Returns
    -------
    dict of (service, use) to float64 array (fragments,)
        Over the uses they sum to the states. Outside every zone use is not known.
    """
    known = ~np.isnan(at_fragments(using, fragments))
    users = _placed(states, fragments, using)
    cross: dict[tuple[str, str], NDArray[np.float64]] = {}
    for state in STATES:
        cross[state, "using"] = users[state]
        cross[state, "not_using"] = np.where(known, states[state] - users[state], 0.0)
        cross[state, "use_not_known"] = np.where(known, 0.0, states[state])
    return cross


def make_use(
    fragments: Fragments,
    ledger: Ledger,
    shares: UseShares | None,
    *,
    quality_known: NDArray[np.float64] | None = None,
) -> UseLedger:
    """Put every person of the ledger in one use state.

    Parameters
    ----------
    fragments, ledger
        From the same run.
    shares : UseShares or None
        What the zones say of use; None = nothing: use is not known of anybody.
    quality_known : float64 array (fragments,), optional
        Fraction of those whom 4G or better reaches whose quality is measured or dimensioned, whether it meets the
        target or not (`analysis.use_inputs.quality_known`). Without it nobody is said not to be usable for their
        quality: whom 4G reaches is meaningfully connected, or not, or not known.
    """
    told = no_shares(fragments.zones) if shares is None else shares
    return UseLedger(
        cross=split(ledger.states, fragments, using=told.using),
        persons=fragments.persons,
        using_share=at_fragments(told.using, fragments),
        can_afford=at_fragments(can_afford(told), fragments),
        without=without(told, fragments),
        price=at_fragments(told.price, fragments),
        income=at_fragments(told.income, fragments),
        quality_known=quality_known,
    )


def meaningful_bounds(
    use: UseLedger, fragments: Fragments, *, index: NDArray[np.int64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fewest and most people meaningfully connected, however usable, using and affording overlap inside each zone.

    Parameters
    ----------
    use, fragments
        From the same run.
    index : int64 array (fragments,)
        Part (a class, a zone, the region) that a fragment counts for; −1 = none.
    count : int
        Number of parts.

    Returns
    -------
    low, high : float64 arrays (count,)
        Persons, over the zones in which all three are known.

    Notes
    -----
    Fréchet's bounds (M. Fréchet 1951). In a zone with N people of known service, of whom U use and A can afford, S
    usable people of a part are meaningfully connected to at least S − (N − U) − (N − A) and at most min(S, U, A).
    """
    told = ~np.isnan(use.can_afford) & ~np.isnan(use.using_share) & (fragments.zone >= 0)
    known = fragments.by_zone(np.where(told, use.persons - use.service_unknown, 0.0))
    users = fragments.by_zone(np.where(told, use.people(tuple(s for s in STATES if s != "unknown"), ("using",)), 0.0))
    able = fragments.by_zone(np.where(told, (use.persons - use.service_unknown) * np.nan_to_num(use.can_afford), 0.0))
    inside = np.flatnonzero(told & (index >= 0))
    zones = max(fragments.zones, 1)
    pair, at = np.unique(index[inside] * zones + fragments.zone[inside], return_inverse=True)
    usable = np.bincount(at, weights=use.people(("usable",))[inside], minlength=pair.size)
    part, zone = pair // zones, pair % zones
    least = np.maximum(usable - (known - users)[zone] - (known - able)[zone], 0.0)
    most = np.minimum(usable, np.minimum(users, able)[zone])
    low, high = (np.bincount(part, weights=values, minlength=count).astype(np.float64) for values in (least, most))
    return low, high
