"""Crowd-sourced sectors (OpenCelliD) made into sites: the impossible is dropped, what stands together is one site."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from data.columns import has_column, numbers
from data.notes import Note, Notes, listed
from data.settings import suggestion
from data.tables_in import row_faults

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from data.tables_in import Table
    from geo.errors import Fault

NAMES = (
    *("radio", "mcc", "net", "area", "cell", "unit", "lon", "lat", "range", "samples"),
    *("changeable", "created", "updated", "averageSignal"),
)
RADIO = {"GSM": "2G", "CDMA": "2G", "UMTS": "3G", "LTE": "4G", "NR": "5G"}
NARROWBAND = frozenset({"NBIOT", "NB-IOT"})
KEY = ["radio", "mcc", "net", "area", "cell"]
MAX_RANGE_M = 100_000.0
"""Longest range kept. Random access reaches 35 km in GSM (timing advance 63, 3GPP TS 45.010) and about 100 km in LTE
(preamble format 3, 3GPP TS 36.211); OpenCelliD holds ranges of 700 to 1,000 km."""
CELL_BITS = {"LTE": 8, "NR": 12}
"""Bits of the sector inside the cell identity: 8 of 28 in LTE (3GPP TS 36.413), 4 to 14 of 36 in NR as the operator
chooses (TS 38.413); 12, that is a 24-bit gNB identity, is taken for all."""
REACH_KM = {"LTE": 5.0, "NR": 5.0, "GSM": 1.0, "UMTS": 1.0, "CDMA": 1.0}
"""Members of a group farther than this from its median place are another site: an averaged sighting is off by about a
kilometre, and a base station numbers its sectors in the cell identity only in LTE and NR."""
KM_PER_DEGREE = 111.195


def _integers(table: Table, column: str, *, faults: list[Fault]) -> pd.Series[float]:
    values = numbers(table, column, faults=faults, required=True, minimum=0, maximum=2**48)
    problem = {str(row): f"{values[row]:g} is not a whole number" for row in values.index[values % 1 > 0]}
    faults += row_faults(table.name, column, problem, mend="correct the identity")
    return values


def _technologies(table: Table, *, faults: list[Fault]) -> pd.Series[str]:
    radio = table.frame["radio"].str.upper()
    odd = ~radio.isin([*RADIO, *NARROWBAND])
    problem = {str(row): f"'{word}' is no radio of ours" for row, word in table.frame["radio"][odd].items()}
    faults += row_faults(
        table.name, "radio", problem, mend=suggestion(str(radio[odd].iloc[0]), RADIO) if problem else ""
    )
    return radio.astype(object)


def _sectors(table: Table, *, faults: list[Fault]) -> pd.DataFrame:
    """Identities, samples, range and time of update as figures; places stay text for `data.points.place`."""
    columns = {"radio": _technologies(table, faults=faults)} if has_column(table, "radio", faults=faults) else {}
    made: dict[str, Any] = {**columns, **{name: _integers(table, name, faults=faults) for name in KEY[1:]}}
    for name, default in (("range", np.nan), ("samples", 1.0), ("updated", 0.0)):
        made[name] = (
            numbers(table, name, faults=faults).fillna(default)
            if name in table.frame.columns
            else pd.Series(default, index=table.frame.index)
        )
    return pd.DataFrame(made)


def clean_sectors(table: Table, *, faults: list[Fault], notes: Notes) -> tuple[Table, pd.DataFrame]:
    """Drop what is no sector of ours, repeated identities (the newest stays) and impossible ranges; each is noted.

    Parameters
    ----------
    table : Table
        OpenCelliD's columns; `NAMES` for a file without a header.
    faults : list of Fault
    notes : list of Note

    Returns
    -------
    table : Table
        The rows kept.
    sectors : DataFrame, same index
        ``radio, mcc, net, area, cell, range, samples, updated``; range in metres, NaN = not known.
    """
    sectors = _sectors(table, faults=faults)
    if faults:
        return table, sectors
    narrow = sectors["radio"].isin(NARROWBAND)
    reach = (sectors["range"] > MAX_RANGE_M) | (sectors["range"] < 0)
    order = [*KEY, "updated", "samples"]
    newest = sectors.assign(lon=table.frame["lon"], lat=table.frame["lat"]).sort_values(
        [*order, "lon", "lat"], kind="stable"
    )
    repeated = newest.duplicated(KEY, keep="last").reindex(sectors.index)
    dropped = pd.Series(data=False, index=sectors.index)
    for mask, what, detail in (
        (narrow, "narrow-band sectors, dropped", "no broadband"),
        (repeated, "sectors listed again, dropped", "the newest is kept"),
        (reach, f"sectors with a range below 0 or above {MAX_RANGE_M / 1000:g} km, dropped", ""),
    ):
        fresh = mask & ~dropped
        dropped |= mask
        if fresh.any():
            rows = f"rows {listed([str(row) for row in sectors.index[fresh]])}"
            notes.append(Note(table.name, what, int(fresh.sum()), f"{detail}; {rows}" if detail else rows))
    return replace(table, frame=table.frame[~dropped]), sectors[~dropped]


def group_keys(sectors: pd.DataFrame) -> pd.Series[str]:
    """Name of the base station that each sector says it belongs to.

    LTE and NR: the cell identity without its sector bits. GSM and UMTS: area and cell identity without its last decimal
    digit, which most operators use for the sector; UMTS identities carry their controller in the upper 16 bits.
    """
    cell = sectors["cell"].astype(np.int64)
    area = sectors["area"].astype(np.int64).astype(str)
    old = area + "-" + (cell // 65536).astype(str) + "-" + (cell % 65536 // 10).astype(str)
    names = old.astype(object)
    for radio, bits in CELL_BITS.items():
        names = names.where(sectors["radio"] != radio, (cell // 2**bits).astype(str))
    network = sectors["mcc"].astype(np.int64).astype(str) + "-" + sectors["net"].astype(np.int64).astype(str)
    return network + "-" + sectors["radio"] + "-" + names


def _kilometres(lon: NDArray[np.float64], lat: NDArray[np.float64], to: pd.DataFrame) -> NDArray[np.float64]:
    """Distance to other places on a sphere, as if flat: below 20 km that is right to a few metres."""
    east = (lon - to["lon"].to_numpy()) * np.cos(np.radians(to["lat"].to_numpy()))
    return np.hypot(east, lat - to["lat"].to_numpy()) * KM_PER_DEGREE


def split_far(places: pd.DataFrame) -> NDArray[np.int64]:
    """Number (from 0) of the site within its group of each sector.

    The sectors within reach of the group's median place are site 0; the others are taken again with their own median.
    When nobody is near the median (two far sectors), the nearest to it is taken as the centre.

    Parameters
    ----------
    places : DataFrame
        ``group, lon, lat`` in degrees, ``reach`` in km.
    """
    part = np.full(len(places), -1, dtype=np.int64)
    lon, lat, reach = (places[name].to_numpy(dtype=np.float64) for name in ("lon", "lat", "reach"))
    turn = 0
    while (part < 0).any():
        left = np.flatnonzero(part < 0)
        rest = places.iloc[left]
        group = rest["group"].to_numpy()
        distance = _kilometres(lon[left], lat[left], rest.groupby("group")[["lon", "lat"]].transform("median"))
        nearest = pd.Series(distance).groupby(group).transform("idxmin").to_numpy(dtype=np.int64)
        alone = distance[nearest] > reach[left]
        seed = _kilometres(lon[left], lat[left], rest.iloc[nearest][["lon", "lat"]])
        part[left[np.where(alone, seed, distance) <= reach[left]]] = turn
        turn += 1
    return part


def to_sites(sectors: pd.DataFrame, *, operators: Mapping[str, str] | None, notes: Notes, name: str) -> pd.DataFrame:
    """One row per site and technology from sectors with their place.

    Parameters
    ----------
    sectors : DataFrame
        As of `clean_sectors`, with ``lon, lat`` in degrees.
    operators : mapping, optional
        ``"620-1"`` → name; other networks keep ``mcc-net`` as their name (noted).
    notes : list of Note
    name : str
        File.

    Returns
    -------
    DataFrame
        ``site_id, operator, technology, lon, lat, sectors``; the place is the mean weighted by samples.
    """
    rows = sectors.assign(group=group_keys(sectors), reach=sectors["radio"].map(REACH_KM))
    rows = rows.sort_values(["group", *KEY, "lon", "lat"], kind="stable").reset_index(drop=True)
    rows["part"] = split_far(rows)
    apart = int(rows.loc[rows["part"] > 0, ["group", "part"]].drop_duplicates().shape[0])
    if apart:
        notes.append(Note(name, "sites split off, too far from the rest of their base station", apart))
    rows["site_id"] = rows["group"] + np.where(rows["part"] > 0, "/" + (rows["part"] + 1).astype(str), "")
    rows["weight"] = rows["samples"].clip(lower=1)
    for axis in ("lon", "lat"):
        rows[axis] *= rows["weight"]
    sites = rows.groupby("site_id", sort=True).agg(
        radio=("radio", "first"),
        mcc=("mcc", "first"),
        net=("net", "first"),
        lon=("lon", "sum"),
        lat=("lat", "sum"),
        weight=("weight", "sum"),
        sectors=("cell", "size"),
    )
    sites = sites.reset_index()
    for axis in ("lon", "lat"):
        sites[axis] /= sites["weight"]
    notes.append(Note(name, "sectors grouped into sites", len(rows), f"{len(sites):,} sites"))
    network = sites["mcc"].astype(np.int64).astype(str) + "-" + sites["net"].astype(np.int64).astype(str)
    return sites.assign(
        operator=operator_names(network, operators, notes=notes, name=name), technology=sites["radio"].map(RADIO)
    )[["site_id", "operator", "technology", "lon", "lat", "sectors"]]


def operator_names(
    codes: pd.Series[str], operators: Mapping[str, str] | None, *, notes: Notes, name: str
) -> pd.Series[str]:
    """Operators' names; a code without one stands for itself and is noted when others have names."""
    known = {_network(code): label for code, label in (operators or {}).items()}
    other = codes[~codes.map(_network).isin(known)]
    if known and len(other):
        counts = other.value_counts().sort_index()
        detail = listed([f"{code} {count}" for code, count in counts.items()])
        notes.append(Note(name, "rows of operators without a name, called by their code", len(other), detail))
    return pd.Series([known.get(_network(code), code) for code in codes], index=codes.index, dtype=object)


def _network(code: str) -> str:
    """``620-01`` and ``620-1`` are one network; other codes stay as they are."""
    return "-".join(part.lstrip("0") or "0" if part.isdigit() else part for part in code.strip().split("-"))
