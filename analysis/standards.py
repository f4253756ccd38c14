"""The indicator table: official names and codes with value, parts, year, source, target and distance beside each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis import standards_list as known
from data.coverage import TECHNOLOGIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.standards_list import Standard

COLUMNS = (
    *("code", "name", "of", "value", "unit", "numerator", "denominator", "year", "target", "target_year", "distance"),
    *("note", "counted", "out_of", "definition", "source", "checked"),
)
NOT_STATED = "year not stated"


def _row(
    standard: Standard,
    *,
    value: float | None,
    parts: tuple[float | None, float | None],
    year: str,
    of: str = "",
    note: str = "",
) -> dict[str, Any]:
    """One row of the table; a value that is not known keeps its reason in the note."""
    target, distance = standard.target, None
    if value is not None and target is not None:
        short = target - value if standard.above else value - target
        distance = abs(short) if standard.unit == "ratio" else max(short, 0.0)
    return {
        "code": standard.code,
        "name": standard.name,
        "of": of,
        "value": value,
        "unit": standard.unit,
        "numerator": parts[0],
        "denominator": parts[1],
        "year": year or (NOT_STATED if value is not None else ""),
        "target": target,
        "target_year": standard.target_year,
        "distance": distance,
        "note": note,
        "counted": standard.numerator,
        "out_of": standard.denominator,
        "definition": standard.definition,
        "source": standard.source,
        "checked": standard.checked,
    }


def _percent(part: float | None, whole: float | None) -> float | None:
    return 100 * part / whole if part is not None and whole is not None and whole > 0 else None


def _share(
    standard: Standard, part: float | None, whole: float | None, *, year: str, of: str = "", note: str = "", why: str
) -> dict[str, Any]:
    """Row of a share of people; `why` says what is missing where there is no whole."""
    value = _percent(part, whole)
    parts = (part, whole) if value is not None else (None, None)
    return _row(standard, value=value, parts=parts, year=year, of=of, note=note if value is not None else why)


def years(inputs: Sequence[dict[str, Any]], *, layer: str) -> str:
    """Years of the inputs of a layer, such as ``2021`` or ``2018–2025``; empty = none is stated."""
    found = sorted({row["year"] for row in inputs if row["layer"].startswith(layer) and row["year"] is not None})
    return "" if not found else str(found[0]) if len(found) == 1 else f"{found[0]}–{found[-1]}"


def _coverage_rows(figures: dict[str, Any]) -> list[dict[str, Any]]:
    """SDG 9.c.1 by technology, of the largest operator and of anyone's network, and the latest technology."""
    coverage, total = figures.get("coverage") or {}, figures["population"]["total"]
    year = years(figures.get("inputs") or (), layer="coverage ")
    rows: list[dict[str, Any]] = []
    whose = (("largest_operator", "largest operator"), ("union", "anyone's network"))
    for technology in TECHNOLOGIES:
        for key, words in whose:
            cell = (coverage.get(technology) or {}).get(key) or {"share": None}
            rows.append(_covered(known.COVERED, cell, total, year=year, of=f"at least {technology}, {words}"))
    reach = {t: (coverage.get(t) or {}).get("union") or {} for t in known.BETTER_FIRST}
    latest = next((t for t, cell in reach.items() if cell.get("share") and cell["unknown"] <= total / 2), None)
    cell = reach[latest] if latest else {"share": None}
    of = f"at least {latest}, the latest known for most people, anyone's network" if latest else ""
    return [*rows, _covered(known.LATEST, cell, total, year=year, of=of)]


def _covered(standard: Standard, cell: dict[str, Any], total: float, *, year: str, of: str) -> dict[str, Any]:
    """Row of a cell of the coverage table."""
    if cell["share"] is None:
        silent = "no source speaks of it" if "largest" not in of else "no source speaks of it, or none names operators"
        return _row(standard, value=None, parts=(None, None), year=year, of=of, note=f"not known: {silent}")
    whole = total - cell["unknown"]
    note = f"not known for {cell['unknown']:,.0f} of {total:,.0f} people" if cell["unknown"] >= 0.5 else ""
    if cell.get("operator"):
        note = f"{cell['operator']}; {note}" if note else str(cell["operator"])
    return _row(standard, value=100 * cell["share"], parts=(cell["persons"], whole), year=year, of=of, note=note)


def _use_rows(use: dict[str, Any]) -> list[dict[str, Any]]:
    """Internet use, of everybody and of groups, and the barriers of which there are official targets."""
    region, year = use["region"], str(use["year"] or "")
    why = "not known: the zones have no figures of it"
    told = region["use"]
    whole = told["using"] + told["not_using"]
    note = _partial(told["use_not_known"], region["population"])
    if use["of"]:
        note = "; ".join(word for word in (f"the share of those {use['of']} is taken for everybody", note) if word)
    args = {"year": year, "note": note, "why": why}
    rows = [_share(known.USING, told["using"], whole, **args), _share(known.USING_TARGET, told["using"], whole, **args)]
    for row in use["by_group"]:
        part = row["use"]
        if part["using"] + part["not_using"] > 0:
            spoken = f"share of those {row['of']}" if row["of"] else ""
            held = str(row["year"] or "")
            total = part["using"] + part["not_using"]
            rows.append(_share(known.USING, part["using"], total, year=held, of=row["label"], note=spoken, why=why))
    for standard, name in ((known.DEVICE, "device"), (known.SKILLS, "skills")):
        barrier = region["barriers"][name]
        heard = _partial(barrier["not_known"], region["population"])
        rows.append(
            _share(standard, barrier["with"], barrier["with"] + barrier["without"], year=year, note=heard, why=why)
        )
    return [*rows, _parity(use)]


def _partial(missing: float, total: float) -> str:
    return f"not known for {missing:,.0f} of {total:,.0f} people" if missing >= 0.5 else ""


def _parity(use: dict[str, Any]) -> dict[str, Any]:
    """Women's share against men's, where the region has groups of these names."""
    shares = {row["group"]: row["using_share"] for row in use["by_group"]}
    year = next((str(row["year"] or "") for row in use["by_group"] if row["group"] == "women"), "")
    women, men = shares.get("women"), shares.get("men")
    if women is None or men is None or men <= 0:
        why = "not known: there is no use of groups called women and men"
        return _row(known.PARITY, value=None, parts=(None, None), year=year, note=why)
    return _row(known.PARITY, value=women / men, parts=(women, men), year=year)


def _money_rows(use: dict[str, Any]) -> list[dict[str, Any]]:
    """Price against income, and who can afford it."""
    region, year, why = use["region"], str(use["year"] or ""), "not known: price or income were not given"
    money, able = region["money"], region["can_afford"]
    note = _partial(region["population"] - money["people"], region["population"])
    first = _share(known.PRICE, money["price"], money["income"], year=year, note=note, why=why)
    rule = use["affordable_rule"]
    second = _share(known.AFFORD, able["yes"], able["yes"] + able["no"], year=year, note=rule, why=why)
    return [first, second]


def _gap_rows(figures: dict[str, Any], use: dict[str, Any]) -> list[dict[str, Any]]:
    """GSMA's three parts, and who is meaningfully connected."""
    region = use["region"]
    served, asked = years(figures.get("inputs") or (), layer="coverage "), str(use["year"] or NOT_STATED)
    year = f"coverage {served or NOT_STATED}, use {asked}"
    parts, why = region["gsma"], "not known: nobody's coverage and use are both known"
    note = _partial(region["population"] - parts["known"], region["population"])
    rows = [
        _share(known.CONNECTED, parts["connected"], parts["known"], year=year, note=note, why=why),
        _share(known.USAGE_GAP, parts["usage_gap"], parts["known"], year=year, note=note, why=why),
    ]
    gap, whole = parts["coverage_gap"], parts["known"]
    if whole <= 0:  # without figures of use the coverage gap is known all the same
        gap, whole = region["coverage_gap"], region["population"] - region["service_unknown"]
        note = "of all people whose coverage is known"
    why = "not known: nobody's coverage is known"
    rows.append(_share(known.COVERAGE_GAP, gap, whole if whole >= 0.5 else None, year=year, note=note, why=why))
    found = region["meaningful"]
    note = ""
    if found["people"] is not None:
        note = f"at least {found['low']:,.0f}, at most {found['high']:,.0f} people, however the three overlap"
    why = "not known: it needs quality, internet use, price and income"
    return [*rows, _share(known.MEANINGFUL, found["people"], found["known"], year=year, note=note, why=why)]


def _wifi_row(figures: dict[str, Any]) -> dict[str, Any]:
    wifi, year = figures.get("wifi"), years(figures.get("inputs") or (), layer="wifi")
    why = "not known: no list of public WiFi was given"
    if wifi is None:
        return _share(known.WIFI, None, None, year=year, why=why)
    reach = wifi["reach_min"]
    whole = figures["population"]["total"] - wifi["unknown"]
    of = f"{reach} min, {wifi['measure']}"
    note = _partial(wifi["unknown"], figures["population"]["total"])
    return _share(
        known.WIFI, wifi[f"within_{reach}_min"], whole if whole >= 0.5 else None, year=year, of=of, note=note, why=why
    )


def _point_rows(figures: dict[str, Any]) -> list[dict[str, Any]]:
    points, year = figures.get("points") or {}, years(figures.get("inputs") or (), layer="coverage ")
    rows: list[dict[str, Any]] = []
    for standard, kind in ((known.SCHOOLS, "schools"), (known.HEALTH, "health")):
        row = points.get(kind) or {"points": 0.0, "at_least_4g": 0.0, "at_least_4g_known": 0.0, "usable": 0.0}
        why = "not known: no such points were given" if not row["points"] else "not known: no coverage is known there"
        note = f"{row['usable']:,.0f} usable" if row.get("usable_known") else "quality not known"
        left = row["points"] - row["at_least_4g_known"]
        note += f"; not known for {left:,.0f} of {row['points']:,.0f}" if left else ""
        rows.append(_share(standard, row["at_least_4g"], row["at_least_4g_known"], year=year, note=note, why=why))
    return rows


def indicator_table(figures: dict[str, Any]) -> pd.DataFrame:
    """Every indicator, known or not.

    Parameters
    ----------
    figures : dict
        As `summary.json`: ``population`` (``total``), ``use`` (`analysis.use_tables.use_record`, also of a region that
        says nothing of use) and, where there are any, ``coverage``, ``wifi``, ``inputs`` (for the years) and
        ``points`` (`analysis.served_points.hosts_record`).

    Returns
    -------
    DataFrame
        One row an indicator: ``code``, ``name``, ``of`` (which part), ``value`` in ``unit`` (NaN = not known, the
        reason in ``note``), ``numerator`` and ``denominator`` (persons, points or shares), ``year``, ``target``,
        ``target_year`` and ``distance`` (what is missing to the target, in ``unit``, 0 = met; for a ratio |value − 1|),
        ``counted`` and ``out_of`` (numerator and denominator in words), ``definition``, ``source``, ``checked`` (False:
        definition or target were not read in their source).
    """
    use = figures["use"]
    rows = _coverage_rows(figures) + _use_rows(use) + _money_rows(use) + _gap_rows(figures, use)
    rows += [_wifi_row(figures), *_point_rows(figures)]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    numeric = ["value", "numerator", "denominator", "target", "distance"]
    table[numeric] = table[numeric].astype(np.float64)
    table["target_year"] = table["target_year"].astype("Int64")
    return table
