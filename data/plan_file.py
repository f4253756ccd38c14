"""What ``region.toml`` says of building: what is proposed, where nothing may stand, what stands already or is near."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, field_validator

from data.kinds import word_table
from data.origin import FileSection, Words
from data.settings import Section

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["wifi", "site", "small_cell", "upgrade"]
KINDS: tuple[Kind, ...] = ("wifi", "site", "small_cell", "upgrade")
"""What can be proposed, and barred: public WiFi, a new mobile site, a small cell, a technology added to a site."""

Link = Literal["fibre", "microwave", "node"]
LINKS: tuple[Link, ...] = ("fibre", "microwave", "node")
"""What a site can be joined to: a fibre line, a microwave link, a node where either can be entered."""


def _fit(words: Mapping[Kind, list[str]]) -> dict[Kind, list[str]]:
    word_table(KINDS, words)
    return dict(words)


class ProposalColumns(Section):
    """Which column of a list of proposals means what."""

    x: str | None = Field(None, description="Longitude or easting (CSV).")
    y: str | None = Field(None, description="Latitude or northing (CSV).")
    id: str = Field("id", description="Identifier; values must be unique.")
    name: str | None = Field(None, description="Name.")
    kind: str | None = Field(None, description="What is to be built: wifi, site, small_cell, upgrade, or see words.")
    technology: str | None = Field(None, description="3G, 4G or 5G; blank = the run's choice.")
    votes: str | None = Field(None, description="How many people asked for it, a whole number.")
    cost: str | None = Field(None, description="Present cost, in place of that of the table of costs.")
    currency: str | None = Field(None, description="ISO 4217 code of the cost, such as USD.")
    access_points: str | None = Field(None, description="Access points of WiFi; blank = the run's choice.")
    proposed_by: str | None = Field(None, description="Body that proposes it; never a person.")
    site_id: str | None = Field(None, description="Site that is upgraded, as in the register of sites.")
    note: str | None = Field(None, description="A sentence, kept as written.")


class ProposalsSection(FileSection):
    """What citizens or authorities propose to build."""

    columns: ProposalColumns = Field(
        default_factory=lambda: ProposalColumns.model_validate({}), description="Column mapping."
    )
    kind: Kind | None = Field(None, description="Kind of rows that name none.")
    words: dict[Kind, list[str]] = Field(
        default_factory=dict, description="Further words for a kind, such as { site = ['tower'] }."
    )
    currency: str = Field("", description="Currency of costs that name none, such as USD.", pattern="^([A-Z]{3})?$")
    crs: str = Field("EPSG:4326", description="CRS of the x and y columns.")
    where: Words | None = Field(None, description="Only rows whose columns have these values.")

    _words_fit = field_validator("words")(_fit)


class ExclusionsSection(FileSection):
    """Areas where nothing, or nothing of some kinds, may be built."""

    name: str | None = Field(None, description="Column with the name of the area, or the reason.")
    kinds: str | None = Field(
        None, description="Column with the kinds that it bars, such as 'wifi, site'; blank = all."
    )
    words: dict[Kind, list[str]] = Field(
        default_factory=dict, description="Further words for a kind, such as { site = ['tower'] }."
    )
    layer: str | None = Field(None, description="Layer inside a GeoPackage; default: its only one.")
    where: Words | None = Field(None, description="Only areas whose columns have these values.")

    _words_fit = field_validator("words")(_fit)


class MastColumns(Section):
    """Which column of a list of masts means what."""

    x: str | None = Field(None, description="Longitude or easting (CSV).")
    y: str | None = Field(None, description="Latitude or northing (CSV).")
    id: str | None = Field(None, description="Identifier.")
    name: str | None = Field(None, description="Name.")
    height: str | None = Field(None, description="Height in metres above the ground.")


class MastsSection(FileSection):
    """Masts and towers that could carry equipment."""

    columns: MastColumns = Field(default_factory=lambda: MastColumns.model_validate({}), description="Column mapping.")
    crs: str = Field("EPSG:4326", description="CRS of the x and y columns.")
    layer: str | None = Field(None, description="Layer inside a GeoPackage; default: its only one.")
    where: Words | None = Field(None, description="Only rows whose columns have these values.")


class BackhaulColumns(Section):
    """Which column of a list of nodes and links means what."""

    x: str | None = Field(None, description="Longitude or easting (CSV).")
    y: str | None = Field(None, description="Latitude or northing (CSV).")
    name: str | None = Field(None, description="Name.")
    kind: str | None = Field(None, description="fibre, microwave or node; blank = fibre for lines, node for points.")


class BackhaulSection(FileSection):
    """Nodes and links that new sites can be joined to: points or lines."""

    columns: BackhaulColumns = Field(
        default_factory=lambda: BackhaulColumns.model_validate({}), description="Column mapping."
    )
    words: dict[Link, list[str]] = Field(
        default_factory=dict, description="Further words for a kind, such as { node = ['exchange'] }."
    )
    crs: str = Field("EPSG:4326", description="CRS of the x and y columns.")
    layer: str | None = Field(None, description="Layer inside a GeoPackage; default: its only one.")
    where: Words | None = Field(None, description="Only rows whose columns have these values.")

    @field_validator("words")
    @classmethod
    def _words_fit(cls, words: dict[Link, list[str]]) -> dict[Link, list[str]]:
        word_table(LINKS, words)
        return words


class PowerSection(FileSection):
    """The power grid: lines, or points where it can be entered."""

    name: str | None = Field(None, description="Column with the name.")
    layer: str | None = Field(None, description="Layer inside a GeoPackage; default: its only one.")
    where: Words | None = Field(None, description="Only rows whose columns have these values.")
