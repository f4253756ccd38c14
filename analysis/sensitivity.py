"""How far a zone's rank depends on how large the footprints are taken to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOP = 10
FEW_ZONES = 20
"""Under this many ranked zones the top is their best fifth: ten of twelve would always be stable."""


def rank_change(zones: pd.DataFrame, low: pd.DataFrame, high: pd.DataFrame) -> pd.DataFrame:
    """Rank of every zone as the run has it, and under low and high footprints.

    Parameters
    ----------
    zones : DataFrame
        ``zone_id, zone_name, rank, gap_people`` (persons) of the run; its footprints are the central ones unless the
        scenario asks for others.
    low, high : DataFrame
        The same columns and zones, in any order, from smaller and from larger footprints. Columns are named by the
        footprint: small footprints cover less, so ``gap_low`` is the *larger* gap.

    Returns
    -------
    DataFrame
        ``zone_id, zone_name, rank, rank_low, rank_high, gap_people, gap_low, gap_high, best, worst, moves``, by zone
        id. ``best`` and ``worst`` are the smallest and largest of the three ranks and ``moves`` their difference;
        missing where any of the three is: how far such a zone moves is not known. Ties stand as they were ranked.

    Raises
    ------
    ValueError
        A zone id stands twice in a table, or the tables hold different zones.
    """
    tables = {"zones": zones, "low": low, "high": high}
    faults = [f"{name}: zone ids stand twice" for name, table in tables.items() if table["zone_id"].duplicated().any()]
    ids = set(zones["zone_id"])
    faults += [f"{name}: other zones than the run's" for name in ("low", "high") if set(tables[name]["zone_id"]) != ids]
    if faults:
        raise ValueError("; ".join(faults))
    order = zones["zone_id"].astype(str).to_numpy(dtype=str).argsort(kind="stable")
    out = pd.DataFrame(zones[["zone_id", "zone_name"]]).iloc[order].reset_index(drop=True)
    ranks = {"rank": zones, "rank_low": low, "rank_high": high}
    for column, table in ranks.items():
        out[column] = _in_order(table, out["zone_id"])["rank"].astype("Int64").array
    for column, table in {"gap_people": zones, "gap_low": low, "gap_high": high}.items():
        out[column] = _in_order(table, out["zone_id"])["gap_people"].to_numpy(dtype=np.float64, na_value=np.nan)
    for column, reduce in (("best", np.min), ("worst", np.max)):
        extreme = reduce(_matrix(out, list(ranks)), axis=1)  # NaN in any is NaN
        out[column] = pd.array(extreme, dtype="Int64")
    out["moves"] = out["worst"] - out["best"]
    return out


def _in_order(table: pd.DataFrame, zone_id: pd.Series) -> pd.DataFrame:
    return pd.DataFrame(table[["zone_id", "rank", "gap_people"]]).set_index("zone_id").loc[zone_id]


def _matrix(table: pd.DataFrame, columns: list[str]) -> NDArray[np.float64]:
    return np.column_stack([table[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in columns])


def sensitivity_record(table: pd.DataFrame) -> dict[str, Any]:
    """What `summary.json` says of a table of `rank_change`.

    Returns
    -------
    dict
        ``ranked`` zones with a rank under all three footprints, and of these: ``change`` (ranks not all equal),
        ``largest_move`` in places, ``spearman_low_high`` (−1 to 1), ``top`` (10, or the best fifth of fewer than 20
        zones), ``top_stays`` (how many of the run's top stay in it under both others). ``zones``: ``zone_id,
        zone_name, rank, rank_low, rank_high`` by rank, zones without any rank left out. Null: too few zones to say.
    """
    full = pd.DataFrame(table[table["moves"].notna()])
    ranks = _matrix(full, ["rank", "rank_low", "rank_high"])
    count = len(full)
    top = TOP if count >= FEW_ZONES else -(-count // 5)
    some = table[table[["rank", "rank_low", "rank_high"]].notna().any(axis=1)]
    some = some.sort_values(["rank", "zone_id"], na_position="last", kind="stable")
    moves = full["moves"].to_numpy(dtype=np.int64)
    return {
        "ranked": count,
        "change": int((moves > 0).sum()),
        "largest_move": int(moves.max()) if count else None,
        "spearman_low_high": _spearman(ranks[:, 1], ranks[:, 2]),
        "top": top if count else None,
        "top_stays": int((ranks <= top).all(axis=1).sum()) if count else None,
        "zones": [
            {**{name: row[name] for name in ("zone_id", "zone_name")}, **{name: _rank(row[name]) for name in _RANKS}}
            for row in some.to_dict("records")
        ],
    }


_RANKS = ("rank", "rank_low", "rank_high")


def _rank(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)


def _spearman(first: NDArray[np.float64], second: NDArray[np.float64]) -> float | None:
    """Spearman's rank correlation of two orders without ties: 1 − 6 Σ d² / (n (n² − 1)); None under two zones.

    Ranks are counted again among the zones given, so that a zone ranked in one order only leaves no hole.
    """
    n = first.size
    if n < 2:
        return None
    apart = first.argsort().argsort() - second.argsort().argsort()
    return float(1 - 6 * int((apart**2).sum()) / (n * (n * n - 1)))
