"""What zones say of use: who is online, what keeps people off, what it costs, and which groups live there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from data.notes import Note, Notes, listed
from data.settings import suggestion
from data.use_columns import Columns
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from data.layer import Layer
    from data.region_file import RegionFile
    from data.use_file import GroupSection, UseSection

SETTINGS = "region.toml"
BARRIERS = ("device", "skills", "electricity")
"""What keeps people off; they do not exclude one another."""
_BARRIER_KEYS = {
    "device": ("no_device", "devices"),
    "skills": ("no_skills", "skills"),
    "electricity": ("no_electricity", "electricity"),
}
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
    columns = Columns(zones, settings, indicators)
    section = settings.use
    columns.faults += _setting_faults(settings, layers)
    use = None if section is None else _use(section, columns)
    groups = [_group(group, section, columns) for group in settings.group]
    named = {group.name for group in groups}
    groups += [_plain(name, columns) for name in sorted(set(layers) - named)]
    if columns.faults:
        raise SchemaError(columns.faults)
    return use, tuple(groups), _notes(use, groups, zones=zones, settings=settings)


def _notes(use: UseShares | None, groups: list[GroupShares], *, zones: gpd.GeoDataFrame, settings: RegionFile) -> Notes:
    """Zones for which a figure that was asked for is not known."""
    names = zones["zone_name"].astype(str).to_numpy()
    told: dict[str, NDArray[np.float64]] = {}
    if use is not None and settings.use is not None:
        told |= {"share of internet users": use.using} if settings.use.online or settings.use.offline else {}
        told |= {f"share without {name}": share for name, share in use.without.items()}
        told |= {"price or income": use.price + use.income} if settings.use.price is not None else {}
    for group, made in zip(settings.group, groups, strict=False):
        told |= {f"share of '{group.name}'": made.share} if made.share is not None else {}
        told |= {f"share of internet users among '{group.name}'": made.using} if group.online or group.offline else {}
    missing: dict[tuple[str, ...], list[str]] = {}
    for what, values in told.items():
        missing.setdefault(tuple(names[np.isnan(values)]), []).append(what)
    return [Note("use", f"zones with no {', '.join(w)}", len(zone), listed(list(zone))) for zone, w in missing.items()]


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


def _use(section: UseSection, columns: Columns) -> UseShares:
    unit = section.unit
    asked = {name: keys for name, keys in _BARRIER_KEYS.items() if any(getattr(section, key) for key in keys)}
    use = UseShares(
        using=columns.pair(section, ("online", "offline"), unit, at="use"),
        without={name: columns.pair(section, keys, unit, at="use") for name, keys in asked.items()},
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


def _group(group: GroupSection, use: UseSection | None, columns: Columns) -> GroupShares:
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


def _plain(name: str, columns: Columns) -> GroupShares:
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
