"""The shape of ``region.toml``: what a planner writes by hand to describe one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from data.origin import FileSection, Words
from data.plan_file import BackhaulSection, ExclusionsSection, MastsSection, PowerSection, ProposalsSection
from data.settings import Section, read_toml, validated
from data.use_file import GroupSection, UseSection

if TYPE_CHECKING:
    from pathlib import Path

Technology = Literal["2G", "3G", "4G", "5G"]
Use = UseSection | None
Groups = list[GroupSection]


class GridSection(Section):
    """The lattice on which people are counted."""

    crs: str | None = Field(
        None, description="Equal-area CRS; default: the population's own when it is equal-area, else chosen."
    )
    resolution: float = Field(
        1000, description="Cell size in metres: 1000, or 1000 divided by a whole number.", ge=50, strict=True
    )
    extent: Literal["zones", "all"] = Field(
        "zones",
        description="'zones' analyses cells that touch a zone; 'all' every populated cell of the population file.",
    )

    @model_validator(mode="after")
    def _divides(self) -> GridSection:
        parts = 1000 / self.resolution
        if self.resolution > 1000 or abs(parts - round(parts)) > 1e-9:
            raise ValueError("resolution must be 1000 m divided by a whole number (1000, 500, 250, 200, 100 …)")
        return self


class KnownWithin(Section):
    """The area inside which a layer is complete; outside it, nothing there means *unknown*, not *none*."""

    zones: Words | None = Field(
        None, description="Zones by the value of their columns, such as { departement = '75' }."
    )
    file: str | None = Field(None, description="Polygons of the known area, relative to the data root.")
    where: Words | None = Field(None, description="With file: only features whose columns have these values.")

    @model_validator(mode="after")
    def _one_of(self) -> KnownWithin:
        if (self.zones is None) == (self.file is None):
            raise ValueError("give either zones or file")
        return self


Known = Annotated[
    Literal["zones"] | KnownWithin | None,
    Field(description="Where the layer is complete: 'zones' for all zones, or a table; absent = everywhere."),
]


class GroupsTable(FileSection):
    """Groups from a table of grid cells (Parquet or CSV), one row a cell."""

    x: str = Field(description="Column with the easting (or longitude) of the cell.")
    y: str = Field(description="Column with its northing (or latitude).")
    size: float = Field(description="Side of a cell in units of crs (metres, or degrees).", gt=0)
    corner: Literal["lower-left", "centre"] = Field(
        "lower-left", description="Which point of the cell x and y are: its lower-left corner, or its centre."
    )
    crs: str = Field(description="CRS of x and y, such as EPSG:3035.")
    columns: dict[str, str] = Field(
        description="Column with the persons of each group, by group name, such as { women = 'F' }.", min_length=1
    )
    missing: list[float] = Field(default_factory=list, description="Values that mean not known, such as -9999.")


class PopulationSection(FileSection):
    """People, as a GeoTIFF of persons per cell."""

    reference_total: float | None = Field(
        None,
        description="People in the zones by another count, such as the census; printed beside, never scaled to.",
        gt=0,
    )
    reference_source: str = Field("", description="Whose count reference_total is.")
    groups: dict[str, str] = Field(
        default_factory=dict, description="GeoTIFFs of persons of a group (women, aged_60_plus …), by group name."
    )
    groups_table: GroupsTable | None = Field(
        None, description="Groups from a table of grid cells, such as a census grid; beside or in place of groups."
    )

    @model_validator(mode="after")
    def _once(self) -> PopulationSection:
        twice = sorted(set(self.groups) & set(self.groups_table.columns if self.groups_table else ()))
        if twice:
            raise ValueError(f"groups and groups_table both have {', '.join(twice)}")
        return self


class ZonesSection(FileSection):
    """The areas that are ranked."""

    id: str = Field(description="Column that identifies a zone; values must be unique.")
    name: str = Field(description="Column with the zone's name.")
    layer: str | None = Field(None, description="Layer inside a GeoPackage; default: its only one.")
    where: Words | None = Field(None, description="Only zones whose columns have these values.")


class SiteColumns(Section):
    """Which column of a site register means what."""

    x: str = Field(description="Longitude or easting.")
    y: str = Field(description="Latitude or northing.")
    id: str | None = Field(None, description="Site identifier.")
    operator: str | None = Field(None, description="Operator.")
    technology: str | None = Field(None, description="Technology words, such as '4G' or '2G/3G/4G'.")
    technologies: dict[Technology, str] | None = Field(None, description="A yes/no column per technology.")


class SpeedColumns(Section):
    """Which columns of a declared layer tell the speed that is claimed, and the least that counts as covered."""

    down_mbps: str | None = Field(None, description="Column with the claimed download speed in Mbit/s.")
    up_mbps: str | None = Field(None, description="Column with the claimed upload speed in Mbit/s.")
    min_down_mbps: float = Field(0, description="Rows that claim less are not covered.", ge=0)
    min_up_mbps: float = Field(0, description="Rows that claim less are not covered.", ge=0)


class CoverageSection(FileSection):
    """Mobile coverage: a register of sites, or declared polygons, rasters or hexagons."""

    kind: Literal["sites", "polygons", "raster", "hexagons"] = Field(
        description="'sites' (CSV), 'polygons' (any vector format), 'raster' (GeoTIFF) or 'hexagons' (H3 ids)."
    )
    format: Literal["columns", "opencellid", "arcep"] = Field(
        "columns", description="For sites: a known register by name, or 'columns'."
    )
    columns: SiteColumns | None = Field(None, description="For sites of format 'columns': which column means what.")
    crs: str | None = Field(
        None, description="CRS of the x and y columns; default: the register's own, else EPSG:4326."
    )
    operators: dict[str, str] | None = Field(None, description="Operator name per code, such as { '620-1' = 'MTN' }.")
    technologies: list[Technology] | None = Field(None, description="Only these technologies of the file.")
    technology: str | None = Field(
        None, description="For declared layers: the column with the technology, or a constant like '4G'."
    )
    technology_codes: dict[str, Technology] | None = Field(
        None, description="For declared layers: technology per code of that column, such as { '400' = '4G' }."
    )
    operator: str | None = Field(None, description="For declared layers: the column with the operator, or a constant.")
    layer: str | None = Field(None, description="For polygons: layer inside a GeoPackage.")
    where: Words | None = Field(None, description="Only rows whose columns have these values.")
    threshold_dbm: float | None = Field(
        None, description="For rasters of dBm: covered where at least this.", ge=-200, le=0
    )
    covered_classes: list[int] | None = Field(None, description="For rasters of classes: the values that mean covered.")
    uncovered_classes: list[int] | None = Field(
        None, description="For rasters of classes: the values that mean not covered; default: every other value."
    )
    hexagon: str | None = Field(None, description="For hexagons: the column with the H3 id.")
    speed: SpeedColumns | None = Field(None, description="For polygons and hexagons: columns with the claimed speeds.")
    role: Literal["count", "compare"] = Field(
        "count", description="'compare' sets the layer beside the others in the agreement, and counts nobody by it."
    )
    known_within: Known = None

    @model_validator(mode="after")
    def _complete(self) -> CoverageSection:
        if self.kind == "sites" and self.format == "columns" and self.columns is None:
            raise ValueError("sites of format 'columns' need a columns table")
        if self.kind in {"polygons", "hexagons"} and self.technology is None:
            raise ValueError(f"{self.kind} need technology: a column name or one of 2G, 3G, 4G, 5G")
        if self.kind == "hexagons" and self.hexagon is None:
            raise ValueError("hexagons need hexagon: the column with the H3 id")
        if self.kind == "raster":
            if self.technology not in {"2G", "3G", "4G", "5G"}:
                raise ValueError("a raster needs technology: one of 2G, 3G, 4G, 5G")
            if (self.threshold_dbm is None) == (self.covered_classes is None):
                raise ValueError("a raster needs threshold_dbm (values in dBm) or covered_classes (values are classes)")
        return self

    @model_validator(mode="after")
    def _fits_its_kind(self) -> CoverageSection:
        declared, raster = {"polygons", "hexagons"}, {"raster"}
        kinds = {
            "threshold_dbm": raster,
            "covered_classes": raster,
            "uncovered_classes": raster,
            "hexagon": {"hexagons"},
            "speed": declared,
            "technology_codes": declared,
        }
        for key, fit in kinds.items():
            if getattr(self, key) is not None and self.kind not in fit:
                raise ValueError(f"{key} is for {' and '.join(sorted(fit))}, not for {self.kind}")
        if self.uncovered_classes is not None:
            both = set(self.covered_classes or ()) & set(self.uncovered_classes)
            if self.covered_classes is None or both:
                raise ValueError(f"uncovered_classes stand beside covered_classes and share none, not {sorted(both)}")
        if self.kind == "raster" and (self.where or (self.technologies and self.technology not in self.technologies)):
            raise ValueError("a raster has no rows for 'where', and its technology must be among technologies")
        speed = self.speed
        if speed and ((speed.min_down_mbps and not speed.down_mbps) or (speed.min_up_mbps and not speed.up_mbps)):
            raise ValueError("speed: a minimum needs the column that it is about (down_mbps, up_mbps)")
        return self


class SpeedtestSection(FileSection):
    """Measured speed: tiles with tests, as Ookla publishes them (Parquet or CSV)."""

    quadkey: str = Field("quadkey", description="Column with the quadkey of the tile.")
    zoom: int = Field(16, description="Zoom level of the quadkeys: their length.", ge=8, le=20)
    down_kbps: str = Field("avg_d_kbps", description="Column with the mean download speed in kbit/s.")
    up_kbps: str = Field("avg_u_kbps", description="Column with the mean upload speed in kbit/s.")
    latency_ms: str = Field("avg_lat_ms", description="Column with the mean latency in ms; may be absent.")
    tests: str = Field("tests", description="Column with the number of tests.")


class RadioSection(Section):
    """Own tables of the link budget instead of the built-in ones; see docs/radio.md."""

    sites: FileSection | None = Field(None, description="What a site sends, like data/tables/radio_sites.csv.")
    propagation: FileSection | None = Field(None, description="How it travels, like data/tables/radio_propagation.csv.")
    capacity: FileSection | None = Field(
        None, description="What a site carries, like data/tables/capacity.csv; demand is set in the scenario."
    )


class StreetsSection(FileSection):
    """Streets that people walk along."""

    layer: str | None = Field(None, description="Layer inside a GeoPackage; default: its only one.")
    ferries: bool = Field(default=False, description="Whether people may walk onto ferries (OpenStreetMap only).")
    least_m: float = Field(
        1000, description="Connected parts with fewer metres of streets are dropped; the largest stays.", ge=0
    )
    known_within: Known = None


class WifiColumns(Section):
    """Which column of a WiFi list means what."""

    x: str | None = Field(None, description="Longitude or easting (CSV).")
    y: str | None = Field(None, description="Latitude or northing (CSV).")
    id: str | None = Field(None, description="Identifier.")
    name: str | None = Field(None, description="Name.")
    status: str | None = Field(None, description="Status, compared with operational.")
    access_points: str | None = Field(None, description="Number of access points.")
    setting: str | None = Field(None, description="Where it stands, compared with outdoor.")
    access: str | None = Field(None, description="Terms of use, compared with free.")
    hours: str | None = Field(None, description="Opening hours, kept as written.")


class WifiSection(FileSection):
    """Public WiFi points."""

    columns: WifiColumns = Field(default_factory=lambda: WifiColumns.model_validate({}), description="Column mapping.")
    operational: list[str] | None = Field(
        None, description="Status words that mean working; absent = every point works."
    )
    outdoor: list[str] | None = Field(
        None, description="Setting words that mean outdoors; absent = every point is taken as indoors."
    )
    free: list[str] | None = Field(
        None, description="Access words that mean free to use without a contract; absent = every point is free."
    )
    crs: str = Field("EPSG:4326", description="CRS of the x and y columns.")
    where: Words | None = Field(None, description="Only rows whose columns have these values.")
    known_within: Known = None


class HostColumns(Section):
    """Which column of a list of public buildings means what."""

    x: str = Field(description="Longitude or easting.")
    y: str = Field(description="Latitude or northing.")
    id: str | None = Field(None, description="Identifier.")
    name: str | None = Field(None, description="Name.")
    category: str | None = Field(None, description="Kind of building.")
    hours: str | None = Field(None, description="Opening hours, kept as written.")
    wifi: str | None = Field(None, description="Whether it has WiFi already, compared with has_wifi.")


class HostsSection(FileSection):
    """Public buildings and spaces that could host WiFi."""

    columns: HostColumns = Field(description="Column mapping.")
    categories: list[str] | None = Field(None, description="Only these categories.")
    has_wifi: list[str] | None = Field(
        None, description="Words that mean that the place has WiFi already; absent = wlan, yes, wifi."
    )
    crs: str = Field("EPSG:4326", description="CRS of the x and y columns.")
    where: Words | None = Field(None, description="Only rows whose columns have these values.")


class IndicatorsSection(FileSection):
    """Figures by zone, joined by id or by name."""

    id: str | None = Field(None, description="Column with the zone id.")
    name: str | None = Field(None, description="Column with the zone name, when there is no id.")
    where: Words | None = Field(None, description="Only rows whose columns have these values.")

    @model_validator(mode="after")
    def _one_of(self) -> IndicatorsSection:
        if (self.id is None) == (self.name is None):
            raise ValueError("give either id or name")
        return self


class RegionFile(Section):
    """Everything that ``region.toml`` may say."""

    name: str = Field(description="Name of the region, as it stands on the map.", min_length=1)
    synthetic: bool = Field(default=False, description="True when the data are invented; marked so everywhere.")
    note: str = Field("", description="A sentence shown with the results.")
    grid: GridSection = Field(default_factory=lambda: GridSection.model_validate({}), description="The lattice.")
    population: PopulationSection = Field(description="People per cell.")
    land: FileSection | None = Field(None, description="m² of permanent land per cell; absent = every cell is land.")
    built: FileSection | None = Field(None, description="m² of built-up surface per cell; absent = option off.")
    zones: ZonesSection = Field(description="Areas that are ranked.")
    coverage: list[CoverageSection] = Field(default_factory=list, description="Mobile coverage layers.")
    absent: list[Technology] = Field(
        default_factory=list, description="Technologies that do not exist here (not started, or switched off)."
    )
    footprints: FileSection | None = Field(
        None, description="Nominal radii to use in place of the link budget, like data/tables/footprint_radius.csv."
    )
    radio: RadioSection | None = Field(None, description="Own link budget.")
    terrain: FileSection | None = Field(
        None, description="Elevation in metres (GeoTIFF); with it footprints of sites follow the terrain."
    )
    speedtest: list[SpeedtestSection] = Field(default_factory=list, description="Measured speed, one file a period.")
    streets: StreetsSection | None = Field(
        None, description="Streets to walk along (.osm.pbf, .osm, .graphml, lines, or saved by `gapmap streets`)."
    )
    wifi: WifiSection | None = Field(None, description="Public WiFi.")
    hosts: HostsSection | None = Field(None, description="Candidate hosts of WiFi.")
    proposals: ProposalsSection | None = Field(None, description="What citizens or authorities propose to build.")
    exclusions: ExclusionsSection | None = Field(None, description="Where nothing may be built (polygons).")
    masts: MastsSection | None = Field(None, description="Masts and towers that could carry equipment.")
    backhaul: BackhaulSection | None = Field(
        None, description="Nodes and lines that new sites can be joined to; absent = the nearest site that stands."
    )
    power: PowerSection | None = Field(None, description="The power grid (lines or points).")
    indicators: IndicatorsSection | None = Field(None, description="Figures by zone.")
    use: Use = Field(None, description="Who uses the internet, what keeps people off, what it costs.")
    group: Groups = Field(
        default_factory=list, description="Groups of people: shares by zone, or words and use of a group's layer."
    )


def load_region_file(path: Path) -> RegionFile:
    """Read and validate ``region.toml``; SchemaError lists every fault, SourceError when it cannot be read."""
    return validated(read_toml(path), RegionFile, name=path.name)
