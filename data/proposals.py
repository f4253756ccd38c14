"""What citizens or authorities propose to build: every row checked, every fault listed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from data.kinds import kinds_of, word_table
from data.notes import Notes, listed
from data.plan_file import KINDS
from data.points import open_points, require_columns, select
from data.proposal_places import given_places, require_inside, stand_at_sites
from data.rows import Rows
from data.technology import technologies_of
from data.wifi import MOST_POINTS
from data.words import folded
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pyproj import CRS

    from geo.grid import Grid

TOLD = (
    "id",
    "name",
    "kind",
    "technology",
    "votes",
    "cost",
    "currency",
    "access_points",
    "proposed_by",
    "site_id",
    "note",
)
"""What a file may say of a proposal besides its position."""

COLUMNS = (*TOLD, "x", "y")
"""Columns of `Region.proposals`, in their order."""

BUILT = ("3G", "4G", "5G")
"""Technologies that can be proposed."""

_EMAIL = re.compile(r"\S+@\S+\.\S+")


class ProposalTable(NamedTuple):
    """Proposals and what was left out on the way."""

    proposals: pd.DataFrame
    notes: Notes


def _ids(rows: Rows) -> pd.Series[str]:
    """Ids, none blank, none twice."""
    ids = rows.text("id")
    empty = ids == ""
    rows.wrong("id", {str(row): "the id is blank" for row in ids.index[empty]}, mend="give every proposal an id")
    problem: dict[str, str] = {}
    for value, group in ids[~empty & ids.duplicated(keep=False)].groupby(ids, sort=True):
        lines = [str(row) for row in group.index]
        problem[lines[1]] = f"id '{value}' stands in rows {listed(lines)}"
    rows.wrong("id", problem, mend="give every proposal an id of its own, or keep one of these rows")
    return ids


def _kinds(rows: Rows, kind: str | None, words: Mapping[str, Sequence[str]] | None) -> pd.Series[str]:
    text, name = rows.text("kind"), rows.table.name
    table = word_table(KINDS, words)
    found = kinds_of(text, table, name=name, column=rows.columns.get("kind") or "", faults=rows.faults)
    if kind is not None:
        return found.mask(text == "", kind)
    if rows.columns.get("kind") is None:
        problem = "nothing says what kind is proposed"
        rows.faults.append(Fault(name, problem, "set columns.kind, or kind for the whole file"))
        return found
    problem = {str(row): "the kind is blank" for row in text.index[text == ""]}
    rows.wrong("kind", problem, mend=f"write {', '.join(KINDS)}, or set kind for rows that name none")
    return found


def _technologies(rows: Rows, kinds: pd.Series[str]) -> pd.Series[str]:
    """One technology or none (the run's choice) of mobile, none of WiFi."""
    text = rows.text("technology")
    problem: dict[str, str] = {}
    out: list[str] = []
    for row, word, kind in zip(text.index, text, kinds, strict=True):
        met, odd = technologies_of(word)
        out.append(met[0] if met else "")
        if kind == "wifi":
            out[-1] = ""
            if word and folded(word) not in {"wifi", "wi fi"}:
                problem[str(row)] = f"'{word}' is no technology of WiFi"
        elif word and (odd or len(met) != 1 or met[0] not in BUILT):
            problem[str(row)] = f"'{word}' is not one of {', '.join(BUILT)}"
    mend = f"write {', '.join(BUILT)} for what is mobile; leave it blank for WiFi, or for the run's choice"
    rows.wrong("technology", problem, mend=mend)
    return pd.Series(out, index=text.index, dtype=object)


def _whole(rows: Rows, key: str, *, maximum: float | None = None) -> pd.Series[float]:
    """Whole numbers of at least 0; NaN = not known."""
    count = rows.figures(key, maximum=maximum)
    odd = count[(count % 1 != 0) & count.notna()]
    rows.wrong(key, {str(row): f"{value:g} is no whole number" for row, value in odd.items()}, mend="correct it")
    return count


def _access_points(rows: Rows, kinds: pd.Series[str]) -> pd.Series[float]:
    """Access points of WiFi, at least 1; of other kinds they mean nothing."""
    count = _whole(rows, "access_points", maximum=MOST_POINTS)
    none = count.index[(kinds == "wifi") & (count == 0)]
    rows.wrong("access_points", {str(row): "0 access points serve nobody" for row in none}, mend="give 1 or more")
    rows.noted("access points of proposals other than WiFi, not used", (kinds != "wifi") & (count > 0))
    return count.where(kinds == "wifi")


def _money(rows: Rows, currency: str) -> tuple[pd.Series[float], pd.Series[str]]:
    """Cost and its currency; a cost without one is a fault."""
    cost = rows.figures("cost")
    words = rows.text("currency").str.upper()
    odd = words[(words != "") & ~words.str.fullmatch("[A-Z]{3}")]
    mend = "write an ISO 4217 code such as USD"
    rows.wrong("currency", {str(row): f"'{word}' is no currency code" for row, word in odd.items()}, mend=mend)
    words = words.mask(words == "", currency)
    bare = cost.index[cost.notna() & (words == "")]
    problem = {str(row): f"a cost of {cost[row]:g} without a currency" for row in bare}
    rows.wrong("currency", problem, mend="fill it in, or set currency for the whole file")
    return cost, words.where(cost.notna(), "")


def _bodies(rows: Rows) -> pd.Series[str]:
    """Who proposes; addresses of persons are refused, for results are published."""
    text = rows.text("proposed_by")
    lines = text.index[text.map(lambda word: _EMAIL.search(str(word)) is not None)]
    problem = {str(row): "holds an e-mail address" for row in lines}
    rows.wrong("proposed_by", problem, mend="name a body, such as a council or an association, never a person")
    return text


def _site_ids(rows: Rows, kinds: pd.Series[str]) -> pd.Series[str]:
    text = rows.text("site_id")
    rows.noted("site ids of proposals that are no upgrade, not used", (kinds != "upgrade") & (text != ""))
    return text.where(kinds == "upgrade", "")


def read_proposals(
    path: Path,
    *,
    columns: Mapping[str, str | None],
    grid: Grid,
    kind: str | None = None,
    words: Mapping[str, Sequence[str]] | None = None,
    currency: str = "",
    source_crs: CRS | str = "EPSG:4326",
    sites: pd.DataFrame | None = None,
    where: Mapping[str, str | list[str]] | None = None,
) -> ProposalTable:
    """Read proposals from CSV or from a vector file of points.

    Parameters
    ----------
    path : Path
    columns : mapping
        ``id``, ``x, y`` (CSV only) and optionally ``name, kind, technology, votes, cost, currency, access_points,
        proposed_by, site_id, note`` → column of the file.
    grid : Grid
        The region's; every proposal must stand in it.
    kind : str, optional
        Of rows that name none.
    words : mapping, optional
        Further words by kind, see `data.kinds.word_table`.
    currency : str
        Of costs that name none; "" = none.
    source_crs : CRS or str
        Of the x and y columns of a CSV.
    sites : DataFrame, optional
        ``site_id, x, y`` of every known site, in the grid's CRS. An upgrade that names one stands at it, whether it has
        a position of its own or not.
    where : mapping, optional
        Only rows whose columns have these values.

    Returns
    -------
    proposals : DataFrame, sorted by id
        Columns `COLUMNS`. Text, "" = not said: ``id, name, kind, technology`` (the run's choice), ``currency`` (no
        cost), ``proposed_by, site_id, note``. float64, NaN = not said: ``votes, cost`` (present cost in `currency`),
        ``access_points`` (of WiFi). ``x, y`` float64 in the grid's CRS.
    notes : list of Note

    Raises
    ------
    SchemaError
        Every fault at once, with column and row: a column that is not there, a blank or repeated id, an unknown kind or
        technology, negative or broken votes, a negative cost or one without a currency, an e-mail address, a site that
        no register has or that stands elsewhere, no position, one outside the grid.
    """
    table, x, y, crs = open_points(path, columns=columns, source_crs=source_crs)
    rows = Rows(table, columns, [], list(table.notes))
    require_columns(table, [x, y, *(columns.get(key) for key in TOLD)], faults=rows.faults)
    if not rows.faults:
        rows = replace(rows, table=select(table, where, faults=rows.faults))
    if rows.faults:
        raise SchemaError(rows.faults)
    kinds = _kinds(rows, kind, words)
    site_ids = _site_ids(rows, kinds)
    at, faulty = given_places(rows, x, y, crs=crs, grid=grid)
    stand_at_sites(rows, at, site_ids, sites, grid.metres_per_unit)
    require_inside(rows, at, faulty, way=(x, y, crs, grid))
    made: dict[str, pd.Series[str] | pd.Series[float]] = {
        "id": _ids(rows),
        "name": rows.text("name"),
        "kind": kinds,
        "technology": _technologies(rows, kinds),
        "votes": _whole(rows, "votes"),
        "access_points": _access_points(rows, kinds),
        "proposed_by": _bodies(rows),
        "site_id": site_ids,
        "note": rows.text("note"),
        "x": at["x"],
        "y": at["y"],
    }
    made["cost"], made["currency"] = _money(rows, currency)
    if rows.faults:
        raise SchemaError(rows.faults)
    frame = pd.DataFrame(made)[list(COLUMNS)].sort_values("id", kind="stable").reset_index(drop=True)
    return ProposalTable(frame, rows.notes)
