"""How unequally coverage is shared, with its Lorenz curves, and the official indicators, as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.maps.drawings import Curve, lorenz_curves, picture
from analysis.maps.index_tables import NOT_KNOWN
from analysis.maps.overlays import number, words_of
from analysis.maps.tables import Heading, people, percent, table

if TYPE_CHECKING:
    import pandas as pd

OF = {"coverage": "coverage", "gap": "the gap"}
LOOKS = {"coverage": ("#0f5f57", False), "gap": ("#b3260f", True)}
KINDS = {
    "gini": ("Gini", "0 = everybody has the same share, 1 = one person has everything"),
    "theil": ("Theil's T", "0 = everybody has the same; it can be split, as follows"),
    "theil_between": ("… between settlement classes", "what is left when everybody has the mean of their class"),
    "theil_within": ("… within settlement classes", "the rest; the two sum to Theil's T"),
    "theil_between_zones": ("… between zones", "what is left when everybody has the mean of their zone"),
    "theil_within_zones": ("… within zones", "the rest; the two sum to Theil's T"),
    "atkinson_05": ("Atkinson, ε = 0.5", "share that could be given up for an equal distribution of the same worth"),
    "atkinson_1": ("Atkinson, ε = 1", "the same, minding the worst off more: 1 as soon as anybody has nothing"),
    "palma": ("Palma", "what the top 10 % have over what the bottom 40 % have"),
    "mean": ("Mean", "share of the people for whom it is known"),
}
"""Name and meaning of each figure."""

TENTHS = tuple(part / 10 for part in range(1, 10))


def inequality_table(record: Any) -> str:
    """Figures of inequality, of coverage and of the gap; empty when the run measured none.

    Parameters
    ----------
    record : object
        ``summary["inequality"]``, if any.
    """
    if not isinstance(record, Mapping):
        return ""
    rows = [
        [_figure(record["coverage"][key]), name, _figure(record["gap"][key]), what]
        for key, (name, what) in KINDS.items()
    ]
    target = record["target"]
    heads = [("Of coverage", True), ("Figure", False), ("Of the gap", True), ("What it says", False)]
    caption = f"How unequally {target} coverage, and the gap below {target}, are shared among people"
    return table(caption, heads, rows, note=_spread(record))


def _figure(value: Any) -> str:
    plain = number(value)
    return "not defined" if plain is None else f"{plain:.3f}"


def _spread(record: Mapping[str, Any]) -> str:
    known = people(record["coverage"]["known_people"])
    words = f"Among the {known} people for whom it is known; inside a cell everybody counts alike."
    spread = record["spread"]
    if number(spread["points"]) is None or spread["best"] is None:
        return words
    return (
        f"{words} Between the best served settlement class ({spread['best']}) and the worst ({spread['worst']}) lie "
        f"{spread['points']:.1f} percentage points of coverage."
    )


def lorenz_points(record: Any) -> dict[str, list[tuple[float, float]]]:
    """Curves of ``summary["inequality"]`` (``coverage``, ``gap``) as (share of people, share of it); what is known."""
    if not isinstance(record, Mapping):
        return {}
    found = {
        name: [
            (float(p), float(v)) for p, v in record[name]["lorenz"] if number(p) is not None and number(v) is not None
        ]
        for name in OF
    }
    return {name: points for name, points in found.items() if len(points) > 1}


def _held(points: list[tuple[float, float]], share: float) -> float:
    """What this share of people, those with least first, have together."""
    people_share, value = np.array(points, dtype=np.float64).T
    return float(np.interp(share, people_share, value))


def lorenz_picture(record: Any) -> str:
    """Lorenz curves of coverage and of the gap as a figure; empty when there is none."""
    curves = lorenz_points(record)
    if not curves:
        return ""
    target = record["target"]
    drawn = [
        Curve(f"{OF[name]}, Gini {_figure(record[name]['gini'])}", *LOOKS[name], tuple(points))
        for name, points in curves.items()
    ]
    halves = [f"{percent(_held(points, 0.5))} of {OF[name]}" for name, points in curves.items()]
    half = f"The half of the people with least has {' and '.join(halves)}."
    desc = f"{half} The table below holds the curve in tenths."
    caption = f"Lorenz curves of {target} coverage and of the gap"
    drawing = lorenz_curves(
        drawn,
        key="lorenz",
        title=caption,
        desc=desc,
        axes=("People, those with least first", "Their part of all of it"),
    )
    note = f"The further a curve hangs below the straight line, the more unequally it is shared. {half}"
    return picture(caption, drawing, note=note)


def lorenz_table(record: Any) -> str:
    """The Lorenz curves in tenths of the people; empty when there is none."""
    curves = lorenz_points(record)
    if not curves:
        return ""
    rows = [
        [f"{share:.0%}", f"the {share:.0%} with least", *(percent(_held(points, share)) for points in curves.values())]
        for share in TENTHS
    ]
    heads = [("People", True), ("Who", False), *((f"Have of {OF[name]}", True) for name in curves)]
    return table("Lorenz curves in tenths", heads, rows)


def indicators_table(found: pd.DataFrame | None) -> str:
    """Indicators by their official names, each with its parts, year, target, definition and source.

    Parameters
    ----------
    found : DataFrame or None
        ``results.tables.get("indicators")``, see `analysis.standards.indicator_table`; None = the run has none.
    """
    if found is None or found.empty:
        return ""
    rows: list[list[str] | Heading] = []
    above: Heading | None = None
    for row in found.to_dict("records"):
        heading, unit = _indicator(row), words_of(row["unit"])
        if heading != above:
            rows.append(heading)
        above = heading
        counts = [_part(row[part], unit) for part in ("numerator", "denominator")]
        target, missing = _target(row, unit), _measured(row["distance"], unit, none="–")
        of = words_of(row["of"]) or "everybody"
        rows.append(
            [_measured(row["value"], unit), of, *counts, _year(row["year"]), target, missing, words_of(row["note"])]
        )
    heads = [("Value", True), ("Of whom", False), ("Numerator", True), ("Denominator", True), ("Year", False)]
    heads += [("Target", True), ("Missing to it", True), ("Note", False)]
    return table("Indicators by their official names", heads, rows)


def _indicator(row: Mapping[Any, Any]) -> Heading:
    """Name, numerator, denominator, definition and source of an indicator."""
    counted, out_of, definition, source = (
        words_of(row[name]) for name in ("counted", "out_of", "definition", "source")
    )
    read = "" if row["checked"] else " (not read there)"
    small = f"{definition}. Numerator: {counted}. Denominator: {out_of}. Source: {source}{read}."
    return Heading(f"{words_of(row['code'])} · {words_of(row['name'])}", small)


def _measured(value: Any, unit: str, *, none: str = NOT_KNOWN) -> str:
    plain = number(value)
    if plain is None:
        return none
    return f"{plain:.1f}%" if unit == "%" else f"{plain:.3f}"


def _target(row: Mapping[Any, Any], unit: str) -> str:
    target, year = number(row["target"]), number(row["target_year"])
    if target is None:
        return "–"
    words = f"{target:g}%" if unit == "%" else f"{target:g}"
    return words if year is None else f"{words} by {year}"


def _part(value: Any, unit: str) -> str:
    """Figure of a numerator or denominator."""
    plain = number(value)
    if plain is None:
        return NOT_KNOWN
    return f"{plain:.3f}" if unit == "ratio" else f"{plain:,.0f}" if plain >= 100 else f"{plain:.4g}"


def _year(value: Any) -> str:
    """A year, or several in words; a column of years alone is read back as numbers."""
    return value if isinstance(value, str) else words_of(number(value))
