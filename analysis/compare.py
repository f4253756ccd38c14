"""Two runs of one place, then and now: what changed, for whom and where; refused where a difference would be false."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.compare_check import free_settings, hashes, inputs_of, require_comparable
from analysis.compare_tables import ROUNDING, THRESHOLD, cell_changes, ledger_changes, zone_changes
from analysis.folders import FolderKind, own_folder
from analysis.ledger import STATES
from analysis.results import plain, safe_csv, write_json
from data.coverage import TECHNOLOGIES

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from analysis.results import Results

COMPARE_MARK = "compare.json"
COMPARE_OUTPUTS = frozenset({COMPARE_MARK, "compare_ledger.csv", "compare_zones.csv", "compare_cells.parquet"})
"""A folder with the mark and nothing but these holds a comparison, which another may replace."""

COMPARISON = FolderKind("comparison", COMPARE_MARK, COMPARE_OUTPUTS, "compare")


@dataclass(frozen=True)
class Comparison:
    """What changed from one run to another; persons unless a column says otherwise, NaN or null = not known.

    Attributes
    ----------
    record : dict
        As `compare.json`; see docs/outputs.md.
    ledger, zones : DataFrame
        As `compare_ledger.csv` and `compare_zones.csv`.
    cells : GeoDataFrame
        As `compare_cells.parquet`.
    """

    record: dict[str, Any]
    ledger: pd.DataFrame
    zones: pd.DataFrame
    cells: gpd.GeoDataFrame


def compare(base: Results, new: Results) -> Comparison:
    """Set two runs side by side.

    Parameters
    ----------
    base, new : Results
        The earlier and the later run, or a run and one that tries something else.

    Raises
    ------
    SchemaError
        The difference would be false; every reason (`analysis.compare_check.require_comparable`).
    """
    require_comparable(base, new)
    ledger, zones, cells = ledger_changes(base, new), zone_changes(base, new), cell_changes(base, new)
    record: dict[str, Any] = {
        "base": _run_record(base),
        "new": _run_record(new),
        "synthetic": new.summary["synthetic"],
        "target": new.summary["target"],
        "differs": {"inputs": _inputs(base, new), "settings": free_settings(base, new)},
        "region": _nested(ledger[ledger["level"] == "region"]),
        "largest_operator": {
            technology: {"base": _operator(base, technology), "new": _operator(new, technology)}
            for technology in TECHNOLOGIES
        },
        "settlement": {
            str(code): {"name": str(rows["name"].iloc[0]), **_nested(rows)}
            for code, rows in ledger[ledger["level"] == "settlement"].groupby("id", sort=True)
        },
        "gap_from": {name: float(zones[f"from_{name}"].sum()) for name in ("people", "knowledge", "coverage")},
        "moved": _moved(cells),
        "threshold": THRESHOLD,
        "verdicts": _verdicts(zones),
        "zones": zones.to_dict("records"),
    }
    return Comparison(plain(record), ledger, zones, cells)


def _run_record(results: Results) -> dict[str, Any]:
    """What a run is: its name, the year of its people, its version and the hash of its figures."""
    told, made = results.summary, results.provenance
    hashed = (made.get("outputs") or {}).get("summary.json")
    return {"name": told["name"], "year": told["year"], "gapmap": made.get("gapmap"), "summary_sha256": hashed}


def _inputs(base: Results, new: Results) -> list[dict[str, Any]]:
    """Layers whose files are not the same in both runs."""
    then, now = inputs_of(base), inputs_of(new)
    return [
        {"layer": layer, "base": then.get(layer, []), "new": now.get(layer, [])}
        for layer in sorted(then.keys() | now.keys())
        if hashes(then.get(layer, [])) != hashes(now.get(layer, []))
    ]


def _nested(rows: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Measure → {base, new, change} of one place."""
    return {
        str(row["measure"]): {when: float(row[when]) for when in ("base", "new", "change")}
        for row in rows.to_dict("records")
    }


def _operator(results: Results, technology: str) -> str | None:
    return results.summary["coverage"][technology]["largest_operator"]["operator"]


def _moved(cells: gpd.GeoDataFrame) -> dict[str, Any]:
    """Movement that the cells' totals prove, cell by cell: nobody is said to have moved who need not have."""
    people, gap = cells["population_change"], cells["gap_people_change"]
    both = cells["settlement_base"].notna() & cells["settlement_new"].notna()
    other = both & (cells["settlement_base"] != cells["settlement_new"]).fillna(value=False)
    return {
        "least": float(cells["moved_least"].sum()),
        "states": {state: _rise_and_fall(cells[f"{state}_change"]) for state in STATES},
        "people": _rise_and_fall(people),
        "gap": _rise_and_fall(gap),
        "cells": int((cells["moved_least"] > ROUNDING).sum()),
        "reclassed": float(cells.loc[other, "population_new"].sum()),
    }


def _rise_and_fall(change: pd.Series[float]) -> dict[str, float]:
    """Persons more in the cells where there are more, and persons fewer in those where there are fewer."""
    return {"rise": float(change.clip(lower=0).sum()), "fall": float(-change.clip(upper=0).sum() + 0.0)}


def _verdicts(zones: pd.DataFrame) -> dict[str, int]:
    """Zones by verdict; the row of people outside every zone is none."""
    named = zones.loc[zones["zone_id"] != "", "verdict"]
    return {str(word): int(count) for word, count in named.value_counts().sort_index().items()}


def write_comparison(found: Comparison, out: Path, *, of: tuple[Path, ...] = ()) -> None:
    """Write a comparison into a folder of its own; an earlier comparison there is replaced, anything else is left.

    Parameters
    ----------
    found : Comparison
    out : Path
        Must not exist, be empty, or hold a comparison.
    of : tuple of Path
        The results folders compared: a comparison inside one of them would keep a later run from replacing it.

    Raises
    ------
    SourceError
        `out` holds something else, or cannot be written.
    """
    with own_folder(out, COMPARISON, of=of) as folder:
        write_json(folder / COMPARE_MARK, found.record)
        safe_csv(found.ledger, folder / "compare_ledger.csv")
        safe_csv(found.zones, folder / "compare_zones.csv")
        found.cells.to_parquet(folder / "compare_cells.parquet", index=False)
