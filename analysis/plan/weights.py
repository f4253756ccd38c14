"""What a person weighs in the aim: by settlement class, by group and by the need of their zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from data.settings import suggestion
from geo.errors import ScenarioError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.portfolio import Ground

CODES = {"city": (30,), "town": (23, 22, 21), "rural": (13, 12, 11)}
"""Level 2 codes of the classes that weights and floors speak of (`analysis.investment.AREAS`)."""


def area_of(ground: Ground) -> NDArray[np.object_]:
    """Class of each fragment: city, town, rural; "" where the cell is water."""
    codes = ground.settlement.ravel()[ground.fragments.cell_id]
    out = np.full(codes.size, "", dtype=object)
    for name, those in CODES.items():
        out[np.isin(codes, those)] = name
    return out


def weights(ground: Ground) -> NDArray[np.float64]:
    """Weight of a person of each fragment; 1 with no weight asked for.

    class weight × (1 + Σ share of a group × (its weight − 1)) × (1 + need × share of the zone below the target). A
    group whose share is not known somewhere weighs nothing extra there.

    Raises
    ------
    ScenarioError
        A weight for a group that the region does not have.
    """
    wanted, fragments = ground.scenario.investment, ground.fragments
    out = np.ones(fragments.size)
    area = area_of(ground)
    for name, weight in wanted.class_weights.items():
        out = np.where(area == name, out * weight, out)
    return out * _by_group(ground) * _by_need(ground)


def _by_group(ground: Ground) -> NDArray[np.float64]:
    persons = ground.fragments.persons
    groups = {group.shares.name: group for group in ground.groups}
    out = np.ones(persons.size)
    for name, weight in ground.scenario.investment.group_weights.items():
        if name not in groups:
            raise ScenarioError(f"investment.group_weights.{name}", f"no such group; {suggestion(name, list(groups))}")
        share = np.divide(groups[name].members, persons, out=np.zeros(persons.size), where=persons > 0)
        out += np.clip(share, 0.0, 1.0) * (weight - 1.0)
    return np.maximum(out, 0.0)


def _by_need(ground: Ground) -> NDArray[np.float64]:
    need, fragments = ground.scenario.investment.need_weight, ground.fragments
    if need == 0:
        return np.ones(fragments.size)
    below = fragments.by_zone(ground.missing[ground.scenario.target] * fragments.persons)
    people = fragments.by_zone(fragments.persons)
    share = np.append(np.divide(below, people, out=np.zeros(people.size), where=people > 0), 0.0)
    return 1.0 + need * share[fragments.zone]
