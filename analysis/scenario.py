"""The scenario: what a planner wants to try, from a TOML file written by hand. Every key has a default."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from analysis.investment import Investment, Section
from data.settings import read_toml, suggestion
from data.unit_costs import cost_names, must_be_positive
from geo.errors import ScenarioError

if TYPE_CHECKING:
    from pathlib import Path


DIMENSIONS = ("availability", "quality", "public_access", "affordability", "devices", "skills", "power")
"""Dimensions of the composite index, in their order."""


class SettlementOptions(Section):
    """How settlement classes are made."""

    variant: Literal["ghsl-r2023a", "ghsl-r2022a", "manual-2021"] = Field(
        default="ghsl-r2023a",
        description="Published form of the rules: 'ghsl-r2023a', 'ghsl-r2022a' or 'manual-2021'.",
    )


class Radio(Section):
    """How footprints are made from sites."""

    confidence: float = Field(
        default=0.9, ge=0.5, le=0.99, description="Probability of signal at the edge of a footprint (FCC: 0.9)."
    )
    terrain: bool = Field(default=True, description="Whether terrain is used where the region has elevation.")
    band: bool = Field(
        default=True, description="Whether the low and high footprints are laid out beside the one of the run."
    )


class Quality(Section):
    """What a connection must do to be usable."""

    down_mbps: float = Field(default=10, gt=0, description="Least download speed in Mbit/s.")
    up_mbps: float = Field(default=1, ge=0, description="Least upload speed in Mbit/s.")
    min_tests: int = Field(default=5, ge=1, description="Fewest tests at which a measured tile counts.")


class Capacity(Section):
    """Busy-hour demand against what sites carry; used for `usable` where nothing was measured."""

    enabled: bool = Field(default=True, description="Whether sites are dimensioned at all.")
    gb_per_month: float | None = Field(
        default=None, gt=0, description="Data per user and month in GB; default: the table's."
    )
    busy_hour_share: float | None = Field(
        default=None, gt=0, le=1, description="Share of a day's data in its busiest hour; default: the table's."
    )
    user_share: float | None = Field(
        default=None, gt=0, le=1, description="Share of people who use mobile data; default: the table's."
    )


class Walking(Section):
    """How people walk to public WiFi, and which walk counts as in reach."""

    reach_min: Literal[5, 10, 15] = Field(
        default=5, description="Minutes on foot within which public WiFi, there or new, counts as in reach."
    )
    speed_kmh: float = Field(default=4.8, ge=0.5, le=15, description="Walking speed on flat ground, in km/h.")
    slopes: bool = Field(default=True, description="Whether slopes slow people where heights are known (Tobler).")
    steepest: float = Field(
        default=0.5, gt=0, le=2, description="Slope (rise over run) above which walking slows no further."
    )
    off_street_m: float = Field(
        default=500, ge=0, le=5000, description="Farthest that a home or a hotspot may lie from a street, in metres."
    )
    detour: float = Field(
        default=1.3, ge=1, le=5, description="Walk over straight line, where no streets are given at all."
    )
    home_spacing_m: float = Field(
        default=100, ge=20, le=1000, description="Metres between the points that stand for the homes in a cell."
    )


class PublicWifi(Section):
    """What a hotspot serves."""

    indoor_m: float = Field(default=50, ge=0, le=1000, description="Radio range of an indoor hotspot in metres.")
    outdoor_m: float = Field(default=100, ge=0, le=1000, description="Radio range of an outdoor hotspot in metres.")
    users_per_access_point: float = Field(
        default=25, gt=0, description="People that one access point serves at once (an assumption)."
    )
    at_once: float = Field(
        default=0.02,
        gt=0,
        le=1,
        description="Share of the people in reach who use public WiFi at the same time (an assumption).",
    )


class Weights(Section):
    """Weights of one body, on the record."""

    name: str = Field(description="What the set is called, such as 'ward meeting'.", min_length=1)
    set_by: str = Field(description="Who set it: a role, a body or a meeting, not a private person.", min_length=1)
    set_on: dt.date = Field(description="When, as 2026-05-01.")
    weights: dict[str, float] = Field(description="Weight by dimension, in any unit; only proportions count.")


class Index(Section):
    """The composite index of meaningful connectivity; see docs/divide.md."""

    weights: dict[str, float] = Field(
        default_factory=lambda: dict.fromkeys(DIMENSIONS, 1.0),
        description="Weight by dimension: availability, quality, public_access, affordability, devices, skills, power.",
    )
    set_by: str = Field(default="nobody: equal weights by default", description="Who set these weights.")
    sets: list[Weights] = Field(
        default_factory=list[Weights],
        description="Weights of several bodies in place of weights: the mean of all, each normalised first.",
    )
    aggregation: Literal["arithmetic", "geometric"] = Field(
        default="arithmetic", description="'geometric' lets a good dimension make up less for a bad one."
    )
    missing: Literal["none", "renormalise"] = Field(
        default="renormalise",
        description="What a zone that lacks a dimension gets: no score, or the score of the others.",
    )
    least_known: float = Field(
        default=0.6, ge=0, le=1, description="With 'renormalise': least known share of the weights for a score."
    )
    goalposts: dict[str, list[float]] = Field(
        default_factory=dict,
        description="[worst, best] by dimension, where not 0 and 1 (affordability: 0.1, 0.02 of income).",
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> Index:
        weights = {"weights": self.weights, **{given.name: given.weights for given in self.sets}}
        wrong = [
            f"{table}.{name} is no dimension; {suggestion(name, list(DIMENSIONS))}"
            for table, values in [*weights.items(), ("goalposts", self.goalposts)]
            for name in values
            if name not in DIMENSIONS
        ]
        for name, ends in self.goalposts.items():
            if len(ends) != 2 or ends[0] == ends[1]:
                wrong.append(f"goalposts.{name}: give [worst, best], not equal")
        for table, values in weights.items():
            wrong += [f"{table}.{name} is below 0" for name, weight in values.items() if weight < 0]
            wrong += [] if sum(values.values()) > 0 else [f"{table} sum to 0"]
        if wrong:
            raise ValueError(f"index: {'; '.join(wrong)}")
        return self


class Uncertainty(Section):
    """How sure the ranking is, by Monte Carlo; see docs/divide.md."""

    draws: int = Field(default=1000, ge=20, le=100_000, description="Random draws.")
    top: int = Field(default=10, ge=1, description="Size of the top whose chances are given.")
    population_sd: float = Field(
        default=0.1, ge=0, le=1, description="Relative standard deviation of a zone's population count (an assumption)."
    )
    adoption_sd: float = Field(
        default=0.03, ge=0, le=0.5, description="Standard deviation of the share online of a zone (an assumption)."
    )
    footprint_common: float = Field(
        default=1.0, ge=0, le=1, description="Correlation of the footprint error between zones; 1 = one error for all."
    )
    concentration: float = Field(
        default=50, ge=1, description="How near drawn weights of the index lie to the chosen ones (Dirichlet)."
    )


class Clusters(Section):
    """Where the gap clusters: local Moran's I."""

    permutations: int = Field(default=9999, ge=99, le=99_999, description="Random arrangements of the other zones.")
    false_discovery: float = Field(
        default=0.05, gt=0, lt=1, description="Expected share of chance findings among the zones called a cluster."
    )


class Scenario(Section):
    """Everything a run can be asked to do differently; `Scenario()` is the default run."""

    target: Literal["3G", "4G", "5G"] = Field(
        default="4G", description="People below this technology are 'in the gap' for the ranking and for new sites."
    )
    footprint: Literal["low", "central", "high"] = Field(
        default="central", description="Which variant of modelled footprints the figures rest on."
    )
    seed: int = Field(default=0, ge=0, description="Seed of everything drawn at random.")
    radio: Radio = Field(default=Radio(), description="How footprints are made from sites.")
    quality: Quality = Field(default=Quality(), description="What a connection must do to be usable.")
    capacity: Capacity = Field(default=Capacity(), description="Busy-hour demand against what sites carry.")
    walking: Walking = Field(default=Walking(), description="How people walk to public WiFi.")
    wifi: PublicWifi = Field(default=PublicWifi(), description="What a hotspot serves.")
    index: Index = Field(default=Index(), description="The composite index of meaningful connectivity.")
    uncertainty: Uncertainty = Field(default=Uncertainty(), description="How sure the ranking is.")
    clusters: Clusters = Field(default=Clusters(), description="Where the gap clusters.")
    settlement: SettlementOptions = Field(
        default_factory=SettlementOptions, description="Options of settlement classes."
    )
    investment: Investment = Field(default=Investment(), description="What may be built, and with how much.")
    costs: dict[str, float] = Field(
        default_factory=dict,
        description="Cost items to put in place of the table's, such as site_tower = 9000 or site_rent.rural = 800.",
    )

    @field_validator("costs", mode="before")
    @classmethod
    def _flat(cls, value: Any) -> Any:
        return _flatten(value) if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _fits_target(self) -> Scenario:
        self.investment.require_target(self.target)
        return self


def _flatten(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dotted names of a nested TOML table: ``site_rent.rural = 1`` arrives as ``{"site_rent": {"rural": 1}}``."""
    out: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            out |= _flatten(value, f"{prefix}{key}.")
        else:
            out[f"{prefix}{key}"] = value
    return out


def load_scenario(path: Path | None) -> Scenario:
    """Read a scenario (TOML, UTF-8, a BOM is tolerated); None gives the defaults.

    Raises
    ------
    ScenarioError
        Unknown or impossible settings, all of them listed; carries the dotted key of the first.
    SourceError, SchemaError
        The file cannot be read, or is not TOML.
    """
    return Scenario() if path is None else parse_scenario(read_toml(path))


def parse_scenario(values: dict[str, Any]) -> Scenario:
    """Build a scenario from parsed TOML; see `load_scenario` for the errors."""
    problems: list[tuple[str, str]] = []
    scenario: Scenario | None = None
    try:
        scenario = Scenario.model_validate(values)
    except ValidationError as error:
        problems += [_problem(dict(item)) for item in error.errors(include_url=False)]
    costs = values.get("costs")
    if isinstance(costs, dict):
        problems += _cost_problems(_flatten(costs), already={key for key, _ in problems})
    if problems or scenario is None:
        problems.sort()
        key, first = problems[0]
        raise ScenarioError(key, "\n".join([first, *(f"{other}: {text}" for other, text in problems[1:])]))
    return scenario


def _problem(item: dict[str, Any]) -> tuple[str, str]:
    """Dotted key and sentence of one of pydantic's findings."""
    location = tuple(str(part) for part in item["loc"])
    key = ".".join(location)
    if item["type"] == "value_error":
        named = str(item["ctx"]["error"]).partition(":")[0]
        key = named if not key or named.startswith(f"{key}.") else key
    if item["type"] == "extra_forbidden":
        return key, f"unknown; {suggestion(location[-1], _keys(location[:-1]))}"
    if item["type"] == "value_error":
        return key, str(item["ctx"]["error"]).removeprefix(f"{key}: ")
    message = str(item["msg"])
    return key, f"{item['input']!r:.80} will not do: {message[:1].lower()}{message[1:]}"


def _keys(section: tuple[str, ...]) -> list[str]:
    """Names that a section knows."""
    model: Any = Scenario
    for part in section:
        model = model.model_fields[part].annotation
    return list(model.model_fields)


def _cost_problems(costs: dict[str, Any], *, already: set[str]) -> list[tuple[str, str]]:
    """Unknown items and impossible values among the cost overrides."""
    known = cost_names()
    problems: list[tuple[str, str]] = []
    for item, value in costs.items():
        key = f"costs.{item}"
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if item not in known and not _is_rate(item):
            problems.append((key, f"unknown; {suggestion(item, known)}"))
        elif number and math.isfinite(value) and (value < 0 or (value == 0 and must_be_positive(item))):
            problems.append(
                (key, f"{value!r} will not do: it must be {'above' if must_be_positive(item) else 'at least'} 0")
            )
    return [problem for problem in problems if problem[0] not in already]


def _is_rate(item: str) -> bool:
    """Whether an item is an exchange rate, ``rate.EUR_USD``: any pair may be given."""
    name = item.removeprefix("rate.")
    return name != item and len(name) == 7 and name[3] == "_" and name.replace("_", "").isalpha() and name.isupper()
