"""What a run says of use: records that sum for the region, its classes, zones and groups, and columns of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.groups import gaps
from analysis.ledger import STATES
from analysis.settlement import CLASS_NAMES
from analysis.use import RULE, USES, meaningful_bounds
from analysis.use_inputs import afford_rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from analysis.fragments import Fragments
    from analysis.groups import Group
    from analysis.use import UseLedger
    from data.region import Region

PARTS = ("coverage_gap", "connected", "usage_gap", "covered_use_not_known", "service_unknown")
"""Every person is in exactly one of these."""

CELL_COLUMNS = {
    "using": "persons who use the internet",
    "not_using": "persons who do not",
    "use_not_known": "persons of whom that is not known; the three sum to `population`",
    "coverage_gap_people": "persons outside mobile broadband; empty = nobody's service is known",
    "connected_people": "persons covered by mobile broadband who use the internet; empty = nobody's use is known",
    "usage_gap_people": "persons covered by mobile broadband who do not; empty = nobody's use is known",
    "meaningful_people": "persons usable, using and able to afford; empty = not known of anybody",
}
ZONE_COLUMNS = {
    **CELL_COLUMNS,
    "using_share": "fraction of its people who use the internet, as given; empty = not known",
    "using_beyond_people": "users for whom no covered person is left in the zone; empty = use is not known",
    "afford_share": "fraction who can afford the entry-level basket; empty = price or income not known",
    "meaningful_low_people": "fewest persons meaningfully connected, however the three overlap",
    "meaningful_high_people": "most persons meaningfully connected",
    "no_device_people": "persons without a device of their own; empty = not known",
    "no_skills_people": "persons without basic digital skills; empty = not known",
    "no_electricity_people": "persons without electricity at home; empty = not known",
}
"""Columns of the cells and of the zones table, and what they hold."""


def _amounts(use: UseLedger) -> dict[str, NDArray[np.float64]]:
    """Everything that is added up: persons (fragments,), and persons times money."""
    amounts = {"population": use.persons}
    amounts |= {f"{service}/{name}": values for (service, name), values in use.cross.items()}
    amounts |= {f"using/{name}": values for name, values in use.affordable().items()}
    people, known = use.meaningful()
    amounts |= {"meaningful": people, "meaningful_known": known, "reached": use.reached, "told": use.quality_told}
    for name, share in {**use.without, "afford": use.can_afford}.items():
        heard = ~np.isnan(share)
        amounts[f"{name}/yes"] = use.persons * np.where(heard, share, 0.0)
        amounts[f"{name}/known"] = np.where(heard, use.persons, 0.0)
    priced = ~np.isnan(use.price + use.income)
    amounts["price"] = use.persons * np.where(priced, use.price, 0.0)
    amounts["income"] = use.persons * np.where(priced, use.income, 0.0)
    amounts["priced"] = np.where(priced, use.persons, 0.0)
    both = ~np.isnan(use.using_share)
    amounts["gap_use_known"] = np.where(both, use.coverage_gap, 0.0)
    return amounts


def use_records(fragments: Fragments, use: UseLedger, *, index: NDArray[np.int64], count: int) -> list[dict[str, Any]]:
    """Persons by service and use, and what follows, of each part of a region.

    Parameters
    ----------
    fragments, use
        From the same run.
    index : int64 array (fragments,)
        Part that a fragment counts for; −1 = none.
    count : int
        Number of parts.

    Returns
    -------
    list of dict
        One a part; keys as documented in docs/use.md. Persons; None = not known.
    """
    inside = index >= 0

    def summed(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(index[inside], weights=values[inside], minlength=count).astype(np.float64)

    sums = {name: summed(values) for name, values in _amounts(use).items()}
    low, high = meaningful_bounds(use, fragments, index=index, count=count)
    sums |= {"meaningful_low": low, "meaningful_high": high}
    return [_record({name: float(values[part]) for name, values in sums.items()}) for part in range(count)]


def _record(sums: dict[str, float]) -> dict[str, Any]:
    cross = {service: {use: sums[f"{service}/{use}"] for use in USES} for service in STATES}
    by_use = {use: sum(cross[service][use] for service in STATES) for use in USES}
    covered = {use: sum(cross[service][use] for service in STATES[3:]) for use in USES}
    connected, gap = covered["using"], covered["not_using"]
    return {
        "population": sums["population"],
        "service": {service: sum(cross[service].values()) for service in STATES},
        "use": by_use,
        "cross": cross,
        "coverage_gap": sum(sum(cross[service].values()) for service in STATES[1:3]),
        "connected": connected,
        "usage_gap": gap,
        "covered_use_not_known": covered["use_not_known"],
        "service_unknown": sum(cross["unknown"].values()),
        "using_beyond_coverage": cross["no_signal"]["using"] + cross["below_broadband"]["using"],
        "gsma": {
            "known": connected + gap + sums["gap_use_known"],
            "connected": connected,
            "usage_gap": gap,
            "coverage_gap": sums["gap_use_known"],
        },
        "using_share": ratio(by_use["using"], by_use["using"] + by_use["not_using"]),
        "affordable": {
            name: sums[f"using/{name}"] for name in ("affordable", "not_affordable", "affordability_not_known")
        },
        "can_afford": _three(sums, "afford", "yes", "no"),
        "money": {
            "price": ratio(sums["price"], sums["priced"]),
            "income": ratio(sums["income"], sums["priced"]),
            "people": sums["priced"],
        },
        "meaningful": _meaningful(sums),
        "barriers": {name: _three(sums, name, "without", "with") for name in ("device", "skills", "electricity")},
    }


def ratio(part: float, whole: float) -> float | None:
    """Part of the whole; None where there is no whole."""
    return part / whole if whole > 0 else None


def _three(sums: dict[str, float], name: str, yes: str, no: str) -> dict[str, float]:
    known = sums[f"{name}/known"]
    told = sums[f"{name}/yes"]
    return {yes: told, no: known - told, "not_known": max(sums["population"] - known, 0.0)}


def _meaningful(sums: dict[str, float]) -> dict[str, float | None]:
    """Of the people of whom all parts are known; nothing where 4G reaches people and nobody's quality is known."""
    known = sums["meaningful_known"]
    heard = known > 0 and (sums["told"] > 0 or sums["reached"] <= 0)
    return {
        "people": sums["meaningful"] if heard else None,
        "low": sums["meaningful_low"] if heard else None,
        "high": sums["meaningful_high"] if heard else None,
        "known": known if heard else 0.0,
        "not_known": max(sums["population"] - known, 0.0) if heard else sums["population"],
        "share": ratio(sums["meaningful"], known) if heard else None,
    }


def use_record(
    region: Region,
    fragments: Fragments,
    use: UseLedger,
    *,
    settlement: NDArray[np.int16],
    groups: Sequence[Group] = (),
) -> dict[str, Any]:
    """`summary.json`'s ``use``: the region, each settlement class, each zone, each group, and the gaps between groups.

    Parameters
    ----------
    region, fragments, use
        From the same run.
    settlement : int16 array (ny, nx)
        Level 2 codes.
    groups : sequence of Group
        See `analysis.groups.make_groups`.
    """
    everywhere = np.zeros(fragments.size, dtype=np.int64)
    whole = use_records(fragments, use, index=everywhere, count=1)[0]
    codes = sorted((code for code in CLASS_NAMES if code >= 10), reverse=True)
    place = np.full(max(codes) + 1, -1)
    place[codes] = np.arange(len(codes))
    classes = use_records(
        fragments, use, index=place[settlement.ravel()[fragments.cell_id]].astype(np.int64), count=len(codes)
    )
    by_settlement = [
        {"settlement": code, "name": CLASS_NAMES[code], **record}
        for code, record in zip(codes, classes, strict=True)
        if record["population"] > 0
    ]
    zones = use_records(fragments, use, index=fragments.zone.astype(np.int64), count=fragments.zones)
    names = region.zones[["zone_id", "zone_name"]].astype(str).to_dict("records")
    by_group = [
        {
            **group.words(),
            **use_records(fragments, group.use, index=everywhere, count=1)[0],
            "not_known_among": float(fragments.persons[~group.known].sum()),
        }
        for group in groups
    ]
    everybody = {
        group.shares.name: use_records(fragments, use, index=np.where(group.told, 0, -1), count=1)[0]
        for group in groups
    }
    told = region.use
    return {
        "rule": RULE,
        "affordable_rule": afford_rule(told) if told is not None else "",
        "of": told.of if told is not None else "",
        "year": told.year if told is not None else None,
        "region": whole,
        "by_settlement": by_settlement,
        "by_zone": [{**name, **record} for name, record in zip(names, zones, strict=True)],
        "by_group": by_group,
        "gaps": gaps(by_group, everybody=everybody, by_settlement=by_settlement),
    }


def use_table(record: dict[str, Any]) -> pd.DataFrame:
    """The whole ledger as one table: a row for the region, each class, zone and group.

    Columns
    -------
    scope, id, name
        ``region``, ``settlement``, ``zone`` or ``group``; its code or id; its name.
    population, <service>_<use>, coverage_gap, connected, usage_gap, covered_use_not_known, service_unknown
        Persons. The 21 of service and use sum to the population, and so do the last five.
    affordable, not_affordable, affordability_not_known
        Users.
    meaningful, meaningful_low, meaningful_high, meaningful_not_known
        Persons; empty = not known.
    no_device, no_skills, no_electricity
        Persons known to be without; empty = not known of anybody.
    """
    rows = [("region", "", "", record["region"])]
    rows += [("settlement", str(row["settlement"]), row["name"], row) for row in record["by_settlement"]]
    rows += [("zone", row["zone_id"], row["zone_name"], row) for row in record["by_zone"]]
    rows += [("group", row["group"], row["label"], row) for row in record["by_group"]]
    return pd.DataFrame([{"scope": scope, "id": key, "name": name, **_flat(row)} for scope, key, name, row in rows])


def _flat(row: dict[str, Any]) -> dict[str, float | None]:
    flat = {"population": row["population"]}
    flat |= {f"{service}_{use}": row["cross"][service][use] for service in STATES for use in USES}
    flat |= {part: row[part] for part in PARTS} | row["affordable"]
    told = row["meaningful"]
    flat |= {"meaningful": told["people"], "meaningful_low": told["low"], "meaningful_high": told["high"]}
    flat["meaningful_not_known"] = told["not_known"]
    for name, barrier in row["barriers"].items():
        flat[f"no_{name}"] = barrier["without"] if barrier["without"] + barrier["with"] > 0 else None
    return flat


def use_columns_cells(fragments: Fragments, use: UseLedger) -> dict[str, NDArray[np.float64]]:
    """Columns of the cells table, see `CELL_COLUMNS`; float64 arrays (cells,)."""
    return _columns(use, fragments.by_cell)


def use_columns_zones(fragments: Fragments, use: UseLedger) -> dict[str, NDArray[np.float64]]:
    """Columns of the zones table, see `ZONE_COLUMNS`; float64 arrays (zones,)."""
    add = fragments.by_zone
    columns = _columns(use, add)
    people = add(use.persons)

    def mean(share: NDArray[np.float64]) -> NDArray[np.float64]:
        heard = add(np.where(np.isnan(share), 0.0, use.persons))
        return np.divide(
            add(np.nan_to_num(share) * use.persons), heard, out=np.full(people.size, np.nan), where=heard > 0
        )

    columns["using_share"] = mean(use.using_share)
    beyond = add(use.using_beyond_coverage)
    columns["using_beyond_people"] = np.where(np.isnan(columns["using_share"]), np.nan, beyond)
    columns["afford_share"] = mean(use.can_afford)
    low, high = meaningful_bounds(use, fragments, index=fragments.zone.astype(np.int64), count=fragments.zones)
    nothing = np.isnan(columns["meaningful_people"])
    columns["meaningful_low_people"] = np.where(nothing, np.nan, low)
    columns["meaningful_high_people"] = np.where(nothing, np.nan, high)
    for name, share in use.without.items():
        columns[f"no_{name}_people"] = mean(share) * people
    return columns


def _columns(use: UseLedger, add: Any) -> dict[str, NDArray[np.float64]]:
    known = add(use.persons - use.service_unknown) > 1e-9
    told = add(use.people(uses=("using", "not_using"))) > 0
    people, sure = use.meaningful()
    heard = (add(sure) > 0) & ((add(use.quality_told) > 0) | (add(use.reached) <= 0))
    columns = {name: add(use.people(uses=(name,))) for name in USES}
    columns["coverage_gap_people"] = np.where(known, add(use.coverage_gap), np.nan)
    both = known & told
    columns["connected_people"] = np.where(both, add(use.connected), np.nan)
    columns["usage_gap_people"] = np.where(both, add(use.usage_gap), np.nan)
    columns["meaningful_people"] = np.where(heard, add(people), np.nan)
    return columns
