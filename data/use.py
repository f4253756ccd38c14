"""What zones say of use: who is online, what keeps people off, what it costs, and which groups live there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from data.figures import figures
from data.notes import Note, Notes, listed
from data.settings import suggestion
from data.tables_in import row_faults
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from data.layer import Layer
    from data.region_file import RegionFile
    from data.use_file import GroupSection, UseSection

SETTINGS = "region.toml"
BARRIERS = ("device", "skills", "electricity")
"""What keeps people off; they do not exclude one another."""
_BARRIER_KEYS = {
    "device": ("devices", "no_device"),
    "skills": ("skills", "no_skills"),
    "electricity": ("electricity", "no_electricity"),
}
ROUNDING = 1e-9
"""By so much a share may exceed everybody."""
SLACK_PERSONS, SLACK_SHARE = 1.0, 1e-3
"""A group may exceed the people of a cell by one person and 0.1 %: census offices round counts, or perturb them."""


@dataclass(frozen=True, eq=False)
class UseShares:
    """What the zones say of use; float64 arrays (zones,) in the order of the region's zones, NaN = not known.

    Attributes
    ----------
    using : array
        Share of people who use the internet, 0–1.
    without : dict of str to array
        Share without a device, basic digital skills, electricity (`BARRIERS`), 0–1; a barrier not asked for is absent.
    price, income : array
        Entry-level basket and mean income a head, a month, in one currency.
    gini : array
        Of income inside the zone, 0–1; NaN = everybody is taken to have the mean.
    affordable_share : float
        Share of income up to which the basket is affordable.
    of : str
        Whom the shares speak of; empty = not stated.
    year : int or None
        Of the figures.
    """

    using: NDArray[np.float64]
    without: dict[str, NDArray[np.float64]]
    price: NDArray[np.float64]
    income: NDArray[np.float64]
    gini: NDArray[np.float64]
    affordable_share: float
    of: str
    year: int | None


@dataclass(frozen=True, eq=False)
class GroupShares:
    """A group of people, as the zones tell of it.

    Attributes
    ----------
    name, label : str
    share : float64 array (zones,) or None
        Share of the zone's people who are of the group, 0–1; NaN = not known; None = a layer of the region has it.
    using : float64 array (zones,)
        Share of the group who use the internet, 0–1; NaN = not known.
    of : str
        Whom `using` speaks of; empty = not stated.
    against : str or None
        Group it is compared with; None = everybody.
    year : int or None
    """

    name: str
    label: str
    share: NDArray[np.float64] | None
    using: NDArray[np.float64]
    of: str
    against: str | None
    year: int | None


@dataclass
class _Columns:
    """Columns of the zones as figures, every fault kept."""

    zones: gpd.GeoDataFrame
    settings: RegionFile
    indicators: tuple[str, ...]
    faults: list[Fault] = field(default_factory=list[Fault])

    def file(self, column: str) -> str:
        """File that a column stands in."""
        section = self.settings.indicators if column in self.indicators else self.settings.zones
        return (section or self.settings.zones).file

    def year(self, columns: list[str]) -> int | None:
        """Year of the first of these columns whose file states one."""
        sections = [self.settings.indicators if c in self.indicators else self.settings.zones for c in columns]
        return next((section.year for section in sections if section is not None and section.year is not None), None)

    def read(self, column: str, *, key: str) -> NDArray[np.float64]:
        """Figures of one column; NaN where not known, or where it is not there."""
        if column not in self.zones.columns or column == "geometry":
            known = [str(name) for name in self.zones.columns if name != "geometry"]
            self.faults.append(Fault(self.file(column), f"{key}: no such column", suggestion(column, known), column))
            return np.full(len(self.zones), np.nan)
        values: pd.Series[Any] = self.zones[column].set_axis(self.zones["zone_id"].astype(str), axis=0)
        return figures(values, name=self.file(column), column=column, faults=self.faults)

    def beyond(self, column: str, bad: NDArray[np.bool_], values: NDArray[np.float64], *, why: str, mend: str) -> None:
        """Name the zones whose value cannot be."""
        ids = self.zones["zone_id"].astype(str).to_numpy()
        problem = {str(zone): f"{value:g} {why}" for zone, value in zip(ids[bad], values[bad], strict=True)}
        self.faults += row_faults(self.file(column), column, problem, mend=mend)

    def share(self, column: str | None, unit: str | None, *, key: str, rest: bool = False) -> NDArray[np.float64]:
        """Share as a fraction; `rest`: the column holds those who do not."""
        if column is None:
            return np.full(len(self.zones), np.nan)
        values = self.read(column, key=key)
        known = values[~np.isnan(values)]
        whole = 100.0 if unit == "percent" else 1.0
        mend = f"give 0 to {whole:g} ({key}, unit = '{unit}'), or leave it blank when it is not known"
        self.beyond(column, values < 0, values, why="is below 0", mend=mend)
        highest = float(known.max(initial=0.0))
        if unit == "percent" and 0 < highest <= 1:
            self._unlike(column, key, f"no value is above 1 (largest {highest:g}): fractions, not percent?", "fraction")
        elif unit == "fraction" and 1 + ROUNDING < highest <= 100:
            self._unlike(column, key, f"values are above 1 (largest {highest:g}): percent, not fractions?", "percent")
        else:
            over = values > whole * (1 + ROUNDING)
            self.beyond(column, over, values, why=f"is above {whole:g}: more than all people", mend=mend)
        part = np.clip(values / whole, 0.0, 1.0)
        return 1 - part if rest else part

    def _unlike(self, column: str, key: str, problem: str, other: str) -> None:
        factor = "multiply the column by 100" if other == "fraction" else "divide the column by 100"
        mend = f"{factor}, or set unit = '{other}' if every share of the section is written so ({key})"
        self.faults.append(Fault(self.file(column), problem, mend, column))

    def pair(self, section: UseSection | GroupSection, keys: tuple[str, str], unit: str | None, *, at: str) -> Any:
        """A share that is given as such or as its rest."""
        plain, rest = getattr(section, keys[0]), getattr(section, keys[1])
        if rest is not None:
            return self.share(rest, unit, key=f"{at}.{keys[1]}", rest=True)
        return self.share(plain, unit, key=f"{at}.{keys[0]}")

    def amount(self, value: str | float | None, *, key: str, above: bool = False) -> NDArray[np.float64]:
        """Money, of a column or one figure for all zones; `above`: 0 is impossible too."""
        if not isinstance(value, str):
            return np.full(len(self.zones), np.nan if value is None else value)
        values = self.read(value, key=key)
        bad = values <= 0 if above else values < 0
        self.beyond(value, bad, values, why=f"is no {key}", mend="correct it, or leave it blank when it is not known")
        return values

    def gini(self, value: str | float | None) -> NDArray[np.float64]:
        """Gini of income, of a column or one figure for all zones."""
        if not isinstance(value, str):
            return np.full(len(self.zones), np.nan if value is None else value)
        values = self.read(value, key="use.income_gini")
        bad = (values < 0) | (values >= 1)
        self.beyond(value, bad, values, why="is no Gini", mend="write 43.5 as 0.435, or leave it blank")
        return values


def read_use(
    zones: gpd.GeoDataFrame, *, settings: RegionFile, indicators: tuple[str, ...], layers: list[str]
) -> tuple[UseShares | None, tuple[GroupShares, ...], Notes]:
    """Read ``[use]`` and ``[[group]]`` from the columns of the zones.

    Parameters
    ----------
    zones : GeoDataFrame
        ``zone_id``, ``zone_name`` and the columns of their file, indicators joined.
    settings : RegionFile
    indicators : tuple of str
        Columns that came from the indicator file.
    layers : list of str
        Groups that the region has as layers.

    Returns
    -------
    use : UseShares or None
        None = the region has no ``[use]``.
    groups : tuple of GroupShares
        In the order written, then layers of which nothing is written, by name.
    notes : list of Note
        Zones whose figures are not known.

    Raises
    ------
    SchemaError
        Every fault at once: columns that are not there, shares below 0 or above everybody, percent and fractions mixed
        up, amounts that cannot be, a missing unit or year, a group without people or with two sources of them.
    """
    columns = _Columns(zones, settings, indicators)
    section = settings.use
    columns.faults += _setting_faults(settings, layers)
    use = None if section is None else _use(section, columns)
    groups = [_group(group, section, columns) for group in settings.group]
    named = {group.name for group in groups}
    groups += [_plain(name, columns) for name in sorted(set(layers) - named)]
    if columns.faults:
        raise SchemaError(columns.faults)
    notes = _unknown("share of internet users", use.using, zones) if use is not None and _given(section) else []
    for group in settings.group:
        found = next(made for made in groups if made.name == group.name)
        if group.online or group.offline:
            notes += _unknown(f"share of internet users among '{group.name}'", found.using, zones)
        if found.share is not None:
            notes += _unknown(f"share of '{group.name}'", found.share, zones)
    return use, tuple(groups), notes


def _given(section: UseSection | None) -> bool:
    return section is not None and (section.online or section.offline) is not None


def _unknown(what: str, values: NDArray[np.float64], zones: gpd.GeoDataFrame) -> Notes:
    names = zones["zone_name"].astype(str).to_numpy()[np.isnan(values)]
    return [Note("use", f"zones whose {what} is not known", names.size, listed(names.tolist()))]


def _setting_faults(settings: RegionFile, layers: list[str]) -> list[Fault]:
    """What is wrong between sections, whatever the columns hold."""
    faults: list[Fault] = []
    names = [group.name for group in settings.group]
    unit = settings.use.unit if settings.use else None
    for group in settings.group:
        at, shares = f"group '{group.name}'", group.share or group.not_share
        if shares and group.name in layers:
            faults.append(Fault(SETTINGS, f"{at}: has a share and a layer of population", "keep one of the two"))
        if not shares and group.name not in layers:
            mend = "give share (a column of the zones), or a layer of that name under [population] groups"
            faults.append(Fault(SETTINGS, f"{at}: nothing says how many people it has", mend))
        if group.columns and (group.unit or unit) is None:
            faults.append(Fault(SETTINGS, f"{at}: unit is missing", "set unit = 'percent' or unit = 'fraction'"))
        if group.against is not None and group.against not in {*names, *layers}:
            mend = suggestion(group.against, [*names, *layers])
            faults.append(Fault(SETTINGS, f"{at}: against = '{group.against}' is no group", mend))
    twice = sorted({name for name in names if names.count(name) > 1})
    return faults + [Fault(SETTINGS, f"group '{name}' stands twice", "keep one of them") for name in twice]


def _use(section: UseSection, columns: _Columns) -> UseShares:
    unit = section.unit
    asked = {name: keys for name, keys in _BARRIER_KEYS.items() if any(getattr(section, key) for key in keys)}
    use = UseShares(
        using=columns.pair(section, ("online", "offline"), unit, at="use"),
        without={name: 1 - columns.pair(section, keys, unit, at="use") for name, keys in asked.items()},
        price=columns.amount(section.price, key="use.price"),
        income=columns.amount(section.income, key="use.income", above=True),
        gini=columns.gini(section.income_gini),
        affordable_share=section.affordable_share,
        of=section.of,
        year=section.year or columns.year(_names(section)),
    )
    if use.year is None:
        mend = "add year to [use], or to the section of the file that holds the columns"
        columns.faults.append(Fault(SETTINGS, "use.year: the year of the figures is not stated", mend))
    return use


def _names(section: UseSection) -> list[str]:
    """Columns of the section, those of adoption first."""
    money = [value for value in (section.price, section.income, section.income_gini) if isinstance(value, str)]
    return [*section.columns.values(), *money]


def _group(group: GroupSection, use: UseSection | None, columns: _Columns) -> GroupShares:
    unit, at = group.unit or (use.unit if use else None), f"group '{group.name}'"
    share = columns.pair(group, ("share", "not_share"), unit, at=at) if group.share or group.not_share else None
    using = columns.pair(group, ("online", "offline"), unit, at=at)
    held = columns.year([c for c in (group.online, group.offline, group.share, group.not_share) if c is not None])
    year = group.year or (use.year if use and group.columns else None) or held
    year = year or (None if share is not None else _layer_year(group.name, columns.settings))
    if year is None:
        mend = "add year to the group, to [use], or to the section of the file that holds it"
        columns.faults.append(Fault(SETTINGS, f"{at}: the year of its figures is not stated", mend))
    return GroupShares(group.name, group.label or _words(group.name), share, using, group.of, group.against, year)


def _plain(name: str, columns: _Columns) -> GroupShares:
    """A layer of which nothing else is written."""
    nothing = np.full(len(columns.zones), np.nan)
    return GroupShares(name, _words(name), None, nothing, "", None, _layer_year(name, columns.settings))


def _words(name: str) -> str:
    return name.replace("_", " ")


def _layer_year(name: str, settings: RegionFile) -> int | None:
    table = settings.population.groups_table
    return table.year if table is not None and name in table.columns else settings.population.year


def check_groups(population: Layer, groups: dict[str, Layer]) -> tuple[list[Fault], Notes]:
    """Groups that have more people than there are, by cell.

    Parameters
    ----------
    population : Layer
        Persons; NaN = not known.
    groups : dict of name to Layer
        Persons of a group on the same grid.

    Returns
    -------
    faults : list of Fault
        One a group, which names the worst cell and its excess; one person and 0.1 % of a cell are rounding.
    notes : list of Note
        Persons of a group where the population is not known: they are counted nowhere.
    """
    faults: list[Fault] = []
    notes: Notes = []
    people = population.values
    for name, layer in sorted(groups.items()):
        lost = float(np.nansum(np.where(np.isnan(people), layer.values, 0.0)))
        what = f"persons of '{name}' where the population is not known"
        notes.append(Note(layer.source.file, what, round(lost), "counted nowhere"))
        excess = layer.values - people
        over = excess > SLACK_PERSONS + SLACK_SHARE * people
        if over.any():
            worst = np.unravel_index(int(np.argmax(np.where(over, excess, -np.inf))), people.shape)
            problem = (
                f"{int(over.sum()):,} cells of the grid have more of the group '{name}' than people; the worst has "
                f"{layer.values[worst]:,.1f} of {people[worst]:,.1f}, {excess[worst]:,.1f} too many"
            )
            mend = "give a group and people of the same count, year and extent"
            row = f"{int(worst[0]) + 1}:{int(worst[1]) + 1} (row:column of the grid)"
            faults.append(Fault(layer.source.file, problem, mend, row=row))
    return faults, notes
