"""What people have after a plan: services and their worth place by place, and the ledger of states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.ledger import STATES
from data.coverage import TECHNOLOGIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from analysis.portfolio import Ground, Portfolio

BY_TECHNOLOGY = ("no_signal", "below_broadband", "mobile_broadband", "declared_4g", "declared_5g")
"""States by the best technology: none, 2G, 3G, 4G, 5G."""

STATE_RULE = (
    "Whoever gains a technology leaves their state for that of the technology; people whose service is usable stay "
    "so; where more gain than are known to lack, the others come from the unknown."
)


@dataclass(frozen=True, eq=False)
class After:
    """Every place after something is built.

    Attributes
    ----------
    reached : float64 array (places, rungs)
        Share of the people whose service is worth at least each rung.
    lacks : dict of technology to float64 array (places,)
        Share of the people taken to lack at least that technology.
    has_wifi : float64 array (places,)
        Share with free public WiFi in reach.
    better : float64 array (places,)
        Share whose best service is better than it was.
    """

    reached: NDArray[np.float64]
    lacks: dict[str, NDArray[np.float64]]
    has_wifi: NDArray[np.float64]
    better: NDArray[np.float64]


def better_off(start: NDArray[np.float64], reached: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of each row's people who have moved up: the union of (start, reached] over rungs; arrays (rows, rungs)."""
    total, end = np.zeros(start.shape[0]), np.zeros(start.shape[0])
    for rung in range(start.shape[1] - 1, -1, -1):
        total += np.maximum(reached[:, rung] - np.maximum(start[:, rung], end), 0.0)
        end = np.maximum(end, reached[:, rung])
    return total


def pairs_of(portfolio: Portfolio, chosen: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Step of each pair of an order, and the pair itself; in build order."""
    count = np.diff(portfolio.indptr)[chosen]
    step = np.repeat(np.arange(chosen.size), count)
    within = np.arange(step.size) - np.repeat(np.cumsum(count) - count, count)
    return step, np.repeat(portfolio.indptr[chosen], count) + within


def after(portfolio: Portfolio, chosen: NDArray[np.int64], *, ground: Ground) -> After:
    """What every place has once these candidates are built.

    Parameters
    ----------
    portfolio : Portfolio
    chosen : int64 array (steps,)
        Candidates.
    ground : Ground
    """
    step, pair = pairs_of(portfolio, chosen)
    who = chosen[step]
    row, share = portfolio.rows[pair], portfolio.fraction[pair]
    reached = portfolio.start.copy()
    for rung in range(reached.shape[1]):
        lifts = portfolio.level[who] >= rung
        np.maximum.at(reached[:, rung], row[lifts], share[lifts])
    technology = portfolio.posts["technology"].to_numpy(dtype=object)[who]
    wifi = np.zeros(portfolio.places.size)
    np.maximum.at(wifi, row[technology == "WiFi"], share[technology == "WiFi"])
    lacks: dict[str, NDArray[np.float64]] = {}
    missing = ground.missing
    for place, name in enumerate(TECHNOLOGIES):
        had = np.isin(technology, TECHNOLOGIES[place:])
        has = np.zeros(portfolio.places.size)
        np.maximum.at(has, row[had], share[had])
        lacks[name] = np.minimum(missing[name][portfolio.places.fragment], 1.0 - has)
    has_wifi = np.maximum(portfolio.places.has_wifi, wifi)
    return After(reached, lacks, has_wifi, better_off(portfolio.start, reached))


def states_after(ground: Ground, portfolio: Portfolio, then: After) -> dict[str, NDArray[np.float64]]:
    """Persons of every fragment by service state after a plan; they sum to the fragment's persons.

    Notes
    -----
    `STATE_RULE`.
    """
    places, persons = portfolio.places, ground.fragments.persons
    moved: dict[str, NDArray[np.float64]] = {}
    for name in TECHNOLOGIES:
        gained = places.persons * (ground.missing[name][places.fragment] - then.lacks[name])
        moved[name] = np.bincount(places.fragment, weights=gained, minlength=persons.size).astype(np.float64)
    out = {state: ground.ledger.states[state].copy() for state in STATES}
    # a technology comes with all that are worse: whoever gains it leaves the state just below it
    for place, name in enumerate(TECHNOLOGIES):
        left, to = BY_TECHNOLOGY[place], BY_TECHNOLOGY[place + 1]
        from_known = np.minimum(moved[name], out[left])
        rest = moved[name] - from_known if name != "5G" else np.zeros(persons.size)
        from_unknown = np.minimum(rest, out["unknown"])
        out[left] -= from_known
        out["unknown"] -= from_unknown
        out[to] += from_known + from_unknown
    return out


def lifted(portfolio: Portfolio, chosen: NDArray[np.int64], *, weight: NDArray[np.float64]) -> pd.DataFrame:
    """Whom every step lifts, place by place.

    Parameters
    ----------
    portfolio : Portfolio
    chosen : int64 array (steps,)
        Build order.
    weight : float64 array (places,)
        What a person weighs in the aim.

    Returns
    -------
    DataFrame
        ``step`` (from 1), ``candidate`` and ``row`` (indices), ``fraction`` (share of the place's people in reach),
        ``people`` (persons who are better off for the first time), ``value`` (people-equivalents: weight × persons ×
        rise in worth).
    """
    rungs = np.diff(portfolio.ladder.rungs, prepend=0.0)
    step, pair = pairs_of(portfolio, chosen)
    row, share = portfolio.rows[pair], portfolio.fraction[pair]
    bounds = np.searchsorted(step, np.arange(chosen.size + 1))
    reached = portfolio.start.copy()
    people, value = np.zeros(step.size), np.zeros(step.size)
    for at, j in enumerate(chosen):
        here = slice(int(bounds[at]), int(bounds[at + 1]))
        mine, level = row[here], int(portfolio.level[j])
        was = reached[mine]
        new = was.copy()
        new[:, : level + 1] = np.maximum(was[:, : level + 1], share[here][:, None])
        start = portfolio.start[mine]
        persons = portfolio.places.persons[mine]
        people[here] = persons * (better_off(start, new) - better_off(start, was))
        value[here] = persons * weight[mine] * ((new - was) @ rungs)
        reached[mine] = new
    return pd.DataFrame(
        {"step": step + 1, "candidate": chosen[step], "row": row, "fraction": share, "people": people, "value": value}
    )


def by_state(states: Mapping[str, NDArray[np.float64]], part: NDArray[np.float64] | None = None) -> dict[str, float]:
    """Persons by state; of a part (0–1) of every fragment's people."""
    return {name: float(values.sum() if part is None else values @ part) for name, values in states.items()}
