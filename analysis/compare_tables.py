"""Two runs set side by side: measures then and now, zones, cells, and what a change of the gap comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from analysis.access import WALKS_MIN
from analysis.ledger import STATES
from data.coverage import TECHNOLOGIES

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from analysis.results import Results

THRESHOLD = 0.01
"""Change of a zone's gap share above which it improved or fell back; and of its unknown share above which its two gap
shares speak of different people."""

OUTSIDE = "outside every zone"
"""Row for the people of no zone, with an empty id, so that zones sum to the region."""

ROUNDING = 1e-6
"""Persons below which what is left of the region beside its zones is rounding."""

Place = tuple[str, str, str]
"""Level (``region``, ``settlement``, ``zone``), id and name."""


class Effects(NamedTuple):
    """Parts of a change of the gap, persons; the three sum to it."""

    people: NDArray[np.float64]
    knowledge: NDArray[np.float64]
    coverage: NDArray[np.float64]


def gap_effects(people: NDArray[np.float64], known: NDArray[np.float64], gap: NDArray[np.float64]) -> Effects:
    """Split the change of the gap into what comes from people, from knowledge and from coverage.

    With K = P·k known people and the gap G = K·r, over the mean of then and now (a bar):
    ΔG = r̄·k̄·ΔP (people) + r̄·P̄·Δk (knowledge) + K̄·Δr (coverage), exactly, whatever the order of the three.

    Parameters
    ----------
    people, known, gap : float64 arrays (2, n)
        Persons then (row 0) and now (row 1): all, those for whom the target is known, those known to be below it.

    Returns
    -------
    Effects
        Arrays (n,). A share that is undefined in one run, as where nobody lives, is taken as the other's.
    """
    rate, heard = _filled(_ratio(gap, known)), _filled(_ratio(known, people))
    moved, learnt, changed = people[1] - people[0], heard[1] - heard[0], rate[1] - rate[0]
    mean = rate.mean(axis=0)
    return Effects(mean * heard.mean(axis=0) * moved, mean * people.mean(axis=0) * learnt, known.mean(axis=0) * changed)


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of the whole, NaN where there is none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, np.nan)


def _filled(pair: NDArray[np.float64]) -> NDArray[np.float64]:
    """Then and now (2, n); what is missing in one is the other's, what is missing in both is 0."""
    return np.nan_to_num(np.where(np.isnan(pair), pair[::-1], pair))


def least_moved(change: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fewest people who must have changed state for one ledger to become the other.

    Parameters
    ----------
    change : float64 array (states, n)
        Net change of persons by state.

    Returns
    -------
    float64 array (n,)
        The smaller of all gains and all losses: half of Σ|change| where nobody came or left. It is the cost of the
        best transport between the two ledgers when every move costs the same; how many really moved is not known.
    """
    return np.minimum(np.maximum(change, 0.0).sum(axis=0), np.maximum(-change, 0.0).sum(axis=0))


def _number(value: Any) -> float:
    return np.nan if value is None else float(value)


def _walked(record: dict[str, Any], people: float) -> dict[str, float]:
    """People within each walk of public WiFi; NaN where it is known for nobody who lives there."""
    known = people - record["unknown"]
    found = {f"wifi_{limit}_min_people": record[f"within_{limit}_min"] for limit in WALKS_MIN}
    found["wifi_no_way_people"] = record["without_way"]
    heard = known > ROUNDING or people == 0
    return {"wifi_known_people": known, **{name: value if heard else np.nan for name, value in found.items()}}


def _region(summary: dict[str, Any]) -> dict[str, float]:
    people, gap = summary["population"]["total"], summary["gap"]
    found = {"population": people, **summary["ledger"]}
    found["gap_people"] = gap["people"] if gap["share"] is not None or people == 0 else np.nan
    found |= {"gap_share": _number(gap["share"]), "unknown_people": people - gap["known"]}
    for technology in TECHNOLOGIES:
        for who, words in (("union", ""), ("largest_operator", "largest_operator_")):
            row, name = summary["coverage"][technology][who], f"{words}at_least_{technology.lower()}"
            found[f"{name}_people"] = np.nan if row["share"] is None else row["persons"]
            found[f"{name}_share"] = _number(row["share"])
            found[f"{name}_unknown_people"] = row["unknown"]
    return {**found, **_walked(summary["wifi"], people)}


def _settlements(summary: dict[str, Any]) -> dict[Place, dict[str, float]]:
    walks = {record["settlement"]: record for record in summary["wifi"]["by_settlement"]}
    found: dict[Place, dict[str, float]] = {}
    for row in summary["settlement_gap"]:
        people, share = row["population"], _number(row["gap_share"])
        found["settlement", str(row["settlement"]), row["name"]] = {
            "population": people,
            **row["ledger"],
            "gap_people": np.nan if np.isnan(share) else row["gap_people"],
            "gap_share": share,
            "unknown_people": row["unknown"],
            **_walked(walks[row["settlement"]], people),
        }
    return found


def _zones(results: Results) -> dict[Place, dict[str, float]]:
    columns = ["population", *STATES, "gap_people", "gap_share", "unknown_people"]
    columns += [f"at_least_{technology.lower()}_share" for technology in TECHNOLOGIES]
    columns += ["wifi_known_people", *(f"wifi_{limit}_min_people" for limit in WALKS_MIN), "wifi_no_way_people"]
    table = results.zones.sort_values("zone_id", kind="stable")
    values = table[columns].astype(np.float64)
    not_known = values["gap_share"].isna() & (values["population"] > 0)
    values["gap_people"] = values["gap_people"].mask(not_known)
    ids, names = table["zone_id"].astype(str), table["zone_name"].astype(str)
    found: dict[Place, dict[str, float]] = {
        ("zone", key, name): {str(measure): float(value) for measure, value in row.items()}
        for key, name, row in zip(ids, names, values.to_dict("records"), strict=True)
    }
    found["zone", "", OUTSIDE] = _outside(results)
    return found


def _outside(results: Results) -> dict[str, float]:
    """People of no zone: what is left of the region beside its zones."""
    told, zones = results.summary, results.zones.sort_values("zone_id", kind="stable")
    known = told["gap"]["known"]
    everybody = {"population": told["population"]["total"], **told["ledger"], "gap_people": told["gap"]["people"]}
    everybody["unknown_people"] = told["population"]["total"] - known
    left = {name: float(value - zones[name].sum()) for name, value in everybody.items()}
    left = {name: value if abs(value) > ROUNDING else 0.0 for name, value in left.items()}
    sure = left["population"] - left["unknown_people"]
    return {**left, "gap_share": left["gap_people"] / sure if sure > ROUNDING else np.nan}


def _measures(results: Results) -> dict[Place, dict[str, float]]:
    whole: Place = ("region", "", str(results.summary["name"]))
    return {whole: _region(results.summary), **_settlements(results.summary), **_zones(results)}


def ledger_changes(base: Results, new: Results) -> pd.DataFrame:
    """`compare_ledger.csv`: each measure of the region, each settlement class and each zone, then and now.

    Returns
    -------
    DataFrame
        ``level, id, name, measure, unit, base, new, change``; unit ``people`` or ``fraction``; NaN = not known. A
        class without people in one run has 0 people there. People of no zone have the level ``zone`` and no id.
    """
    then, now = _measures(base), _measures(new)
    names = {(level, key): name for level, key, name in (*then, *now)}
    before, after = ({(level, key): row for (level, key, _), row in of.items()} for of in (then, now))
    classes = sorted((key for key in names if key[0] == "settlement"), reverse=True)
    places = [("region", ""), *classes, *(key for key in names if key[0] == "zone")]
    rows: list[dict[str, Any]] = []
    for place in places:
        one, other = before.get(place, {}), after.get(place, {})
        for measure in one or other:
            share = measure.endswith("_share")
            nobody = np.nan if share else 0.0
            pair = {"base": one.get(measure, nobody), "new": other.get(measure, nobody)}
            named = {"level": place[0], "id": place[1], "name": names[place], "measure": measure}
            rows.append({**named, "unit": "fraction" if share else "people", **pair})
    table = pd.DataFrame(rows)
    return table.assign(change=table["new"] - table["base"])


def zone_changes(base: Results, new: Results) -> pd.DataFrame:
    """`compare_zones.csv`: people, gap, what its change comes from, shares and ranks of each zone, then and now.

    Returns
    -------
    DataFrame
        By zone id, people of no zone last; columns as documented in docs/outputs.md.
    """
    then, now = (pd.DataFrame.from_dict(_zones(results), orient="index") for results in (base, new))
    table = pd.DataFrame({"zone_id": [place[1] for place in now.index], "zone_name": [place[2] for place in now.index]})
    pairs = {name: np.stack([then[name].to_numpy(), now[name].to_numpy()]) for name in now.columns}
    for name in ("population", "gap_people", "gap_share", "unknown_people"):
        table[f"{name}_base"], table[f"{name}_new"] = pairs[name]
        table[f"{name}_change"] = pairs[name][1] - pairs[name][0]
    people, unknown = pairs["population"], pairs["unknown_people"]
    parts = gap_effects(people, people - unknown, np.nan_to_num(pairs["gap_people"]))
    for name, values in parts._asdict().items():
        table[f"from_{name}"] = values
    table["moved_least"] = least_moved(np.stack([pairs[state][1] - pairs[state][0] for state in STATES]))
    for when, results in (("base", base), ("new", new)):
        ranks = results.zones.set_index(results.zones["zone_id"].astype(str))["rank"].astype(np.float64)
        table[f"rank_{when}"] = ranks.reindex(table["zone_id"]).to_numpy()
        table[f"rank_{when}"] = table[f"rank_{when}"].astype("Int64")
    verdicts = _verdicts(pairs["gap_share"], _ratio(unknown, people))
    table["verdict"] = np.where(table["zone_id"] == "", OUTSIDE, verdicts)
    return table


def _verdicts(share: NDArray[np.float64], unknown: NDArray[np.float64]) -> NDArray[Any]:
    """How the gap share (2, n) changed: more than `THRESHOLD` counts, unless other people are known of than before."""
    change, learnt = share[1] - share[0], np.abs(unknown[1] - unknown[0])
    with np.errstate(invalid="ignore"):
        conditions = [np.isnan(change), learnt > THRESHOLD, change < -THRESHOLD, change > THRESHOLD]
    words = ["not known", "not comparable", "improved", "fell back"]
    return np.select(conditions, words, default="about the same")


def cell_changes(base: Results, new: Results) -> gpd.GeoDataFrame:
    """`compare_cells.parquet`: a row per cell that has people in either run; columns as in docs/outputs.md.

    Returns
    -------
    GeoDataFrame
        Ascending `cell_id`, points in the grid CRS; persons. A cell without people has 0 in every state; NaN = not
        known in one of the runs.
    """
    import geopandas as gpd

    ids = np.union1d(base.cells["cell_id"].to_numpy(), new.cells["cell_id"].to_numpy())
    then, now = (_laid(results, ids) for results in (base, new))
    x, y = new.grid.centres(ids)
    table = pd.DataFrame({"cell_id": ids, "x": x, "y": y, "zone_id": now["zone_id"].fillna(then["zone_id"])})
    for name in ("population", "gap_people"):
        table[f"{name}_base"], table[f"{name}_new"] = then[name], now[name]
        table[f"{name}_change"] = now[name] - then[name]
    for name in ("settlement_base", "settlement_new"):
        table[name] = (then if name.endswith("base") else now)["settlement"].astype("Int16")
    for name in (*STATES, "unknown_people", *(f"wifi_{limit}_min_people" for limit in WALKS_MIN)):
        table[f"{name}_change"] = now[name] - then[name]
    table["moved_least"] = least_moved(table[[f"{state}_change" for state in STATES]].to_numpy().T)
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(x, y, crs=new.grid.crs), crs=new.grid.crs)


def _laid(results: Results, ids: NDArray[np.int64]) -> pd.DataFrame:
    """Cells of a run in the order of `ids`; where nobody lives, nobody is in any state, zone or class."""
    cells = results.cells
    known = cells["wifi_known"] * cells["population"]
    columns = {name: cells[name] for name in ("population", *STATES, "gap_people", "unknown_people")}
    columns |= {f"wifi_{limit}_min_people": cells[f"wifi_{limit}_min"] * known for limit in WALKS_MIN}
    table = pd.DataFrame({"zone_id": cells["zone_id"], "settlement": cells["settlement"], **columns})
    table = table.set_index(cells["cell_id"].to_numpy())
    empty = ~np.isin(ids, table.index)
    table = table.reindex(ids)
    table.loc[empty, list(columns)] = 0.0
    return table.reset_index(drop=True)
