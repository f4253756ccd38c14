"""How far a site reaches: one distance for each technology, variant, and pair of surroundings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.radio.budget import Link, LinkTables, radius_m
from analysis.radio.models import MODELS, environments, validity
from data.coverage import RADIUS_CLASSES, TECHNOLOGIES, VARIANTS
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Hashable

    import pandas as pd
    from numpy.typing import NDArray

_MM = 1e-3


@dataclass(frozen=True)
class Reach:
    """Distances at which a site still serves.

    Attributes
    ----------
    metres : dict of (variant, technology) to float64 array (3, 3)
        On the ground; rows are what stands around the site, columns what stands around the person, both in the order
        of `RADIUS_CLASSES`; 0 = serves nobody.
    """

    metres: dict[tuple[str, str], NDArray[np.float64]]


@lru_cache(maxsize=4096)
def _radius(found: Link, confidence: float) -> float:
    return radius_m(found, confidence=confidence)


def link_reach(sites: pd.DataFrame, propagation: pd.DataFrame, *, confidence: float = 0.9) -> Reach:
    """Reach of sites by the link budget.

    Parameters
    ----------
    sites, propagation : DataFrame
        See `data.radio.read_site_links` and `data.radio.read_propagation`.
    confidence : float
        Probability of signal at the edge, in (0, 1); 0.9 as the FCC's maps.

    Raises
    ------
    SchemaError
        Every fault of the tables that only the models can tell (`table_faults`), and every place where low ≤ central
        ≤ high does not hold, with the rows it comes from.
    RangeError
        A confidence outside (0, 1).
    """
    faults = table_faults(sites, propagation)
    if faults:
        raise SchemaError(faults)
    tables = LinkTables.of(sites, propagation)
    metres = {(v, t): np.zeros((3, 3)) for v in VARIANTS for t in TECHNOLOGIES}
    for (variant, technology), out in metres.items():
        for own, site_class in enumerate(RADIUS_CLASSES):
            for person, person_class in enumerate(RADIUS_CLASSES):
                found = tables.link(
                    technology=technology, site_class=site_class, person_class=person_class, variant=variant
                )
                out[own, person] = _radius(found, confidence)
    name = _file(propagation, "radio_propagation.csv")
    faults = _order_faults(metres, tables, name=name, confidence=confidence)
    if faults:
        raise SchemaError(faults)
    return Reach(metres)


def nominal_reach(radii: pd.DataFrame) -> Reach:
    """Reach from a table of nominal radii (`data.coverage.read_radii`, km): the site's own surroundings decide."""
    metres: dict[tuple[str, str], NDArray[np.float64]] = {}
    for variant in VARIANTS:
        for technology in TECHNOLOGIES:
            own = [float(radii[variant].loc[(technology, name)]) * 1000 for name in RADIUS_CLASSES]
            metres[variant, technology] = np.repeat(np.array(own, dtype=np.float64)[:, None], len(RADIUS_CLASSES), 1)
    return Reach(metres)


def table_faults(sites: pd.DataFrame, propagation: pd.DataFrame) -> list[Fault]:
    """What is wrong with tables that are well-formed: models and their ranges.

    A model or environment that does not exist; a row for frequencies or a height of the person that its model does
    not hold for; an antenna lower than a model holds for which its frequency meets.
    """
    name = _file(propagation, "radio_propagation.csv")
    faults: list[Fault] = []
    sound: list[int] = []
    for number, row in zip(map(int, propagation.index), propagation.to_dict("records"), strict=True):
        found = _model_faults(row, name=name, number=number)
        faults += found
        if not found:
            sound.append(number)
    return faults + _height_faults(sites, propagation.loc[sound])


def _model_faults(row: dict[Hashable, Any], *, name: str, number: int) -> list[Fault]:
    model, environment = str(row["model"]), str(row["environment"])
    if model not in MODELS:
        return [Fault(name, f"'{model}' is no model", f"use {', '.join(MODELS)}", "model", str(number))]
    if environment not in environments(model):
        mend = f"use {', '.join(environments(model))}"
        return [Fault(name, f"{model} has no '{environment}'", mend, "environment", str(number))]
    holds = validity(model, environment)
    faults: list[Fault] = []
    for column, (low, high), unit in (
        ("frequency_from_mhz", holds.frequency_mhz, "MHz"),
        ("frequency_to_mhz", holds.frequency_mhz, "MHz"),
        ("mobile_height_m", holds.mobile_height_m, "m"),
    ):
        value = float(row[column])
        if not low <= value <= high:
            mend = f"{model} ({environment}) holds for {low:g}–{high:g} {unit}; take another model for the rest"
            faults.append(Fault(name, f"{value:g} {unit} is beyond {model}", mend, column, str(number)))
    return faults


def _height_faults(sites: pd.DataFrame, propagation: pd.DataFrame) -> list[Fault]:
    """Antennas that are too low for a model that their frequency meets."""
    name = _file(sites, "radio_sites.csv")
    faults: list[Fault] = []
    rows = propagation.to_dict("records")
    for number, height, mhz in zip(sites.index, sites["base_height_m"], sites["frequency_mhz"], strict=True):
        met = [row for row in rows if row["frequency_from_mhz"] <= mhz <= row["frequency_to_mhz"]]
        for model, environment in sorted({(str(row["model"]), str(row["environment"])) for row in met}):
            least = validity(model, environment).base_height_m[0]
            if height < least:
                mend = f"{model} ({environment}) holds for antennas of at least {least:g} m; take another model there"
                faults.append(Fault(name, f"{height:g} m is too low", mend, "base_height_m", str(number)))
    return faults


def _order_faults(
    metres: dict[tuple[str, str], NDArray[np.float64]], tables: LinkTables, *, name: str, confidence: float
) -> list[Fault]:
    """Rows of the propagation table by which a lower variant reaches farther than a higher one."""
    faults: list[Fault] = []
    mend = "let low ≤ central ≤ high; Okumura–Hata and COST-231 reach 0 m where they fall short at 1 km"
    for lower, higher in pairwise(VARIANTS):
        for technology in TECHNOLOGIES:
            near, far = metres[lower, technology], metres[higher, technology]
            for own, person in np.argwhere(near > far + _MM):
                site_class, person_class = RADIUS_CLASSES[own], RADIUS_CLASSES[person]
                mhz = float(tables.sent[technology, site_class][0]["frequency_mhz"])
                rows = [
                    str(tables.row(frequency_mhz=mhz, person_class=person_class, variant=variant)[0])
                    for variant in (lower, higher)
                ]
                problem = (
                    f"{technology} at {mhz:g} MHz, site {site_class}, person {person_class}, {confidence:g} sure: "
                    f"{lower} reaches {near[own, person]:,.0f} m, {higher} only {far[own, person]:,.0f} m"
                )
                faults.append(Fault(name, problem, mend, "model", " and ".join(rows)))
    return faults


def _file(table: pd.DataFrame, usual: str) -> str:
    return str(table.attrs.get("file", usual))
