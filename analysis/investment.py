"""Settings of a plan: money, what may be built, what a service is worth, for whom, and who pays."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from analysis.finance import check_financing
from data.coverage import TECHNOLOGIES
from data.settings import suggestion
from geo.errors import ScenarioError

SERVICES = ("2G", "3G", "wifi", "4G", "5G", "usable")
"""Rungs of the service ladder by name; `wifi` is free public WiFi within the walk that counts as in reach."""

LADDERS: dict[str, dict[str, float]] = {
    "3G": {"2G": 0.1, "3G": 1.0, "wifi": 0.5, "4G": 1.0, "5G": 1.0, "usable": 1.0},
    "4G": {"2G": 0.1, "3G": 0.4, "wifi": 0.5, "4G": 1.0, "5G": 1.0, "usable": 1.0},
    "5G": {"2G": 0.1, "3G": 0.3, "wifi": 0.4, "4G": 0.8, "5G": 1.0, "usable": 1.0},
}
"""By target: whatever reaches the target is worth 1, so that nothing beyond it competes with the gap. An assumption."""

AREAS = ("city", "town", "rural")
"""Settlement classes that weights and floors speak of: level 2 code 30; 21–23; 11–13 (Degree of Urbanisation)."""


class Section(BaseModel):
    """A table of the scenario: immutable, strict about names and about what is a number."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)


class Floors(Section):
    """What a plan must do whatever else it does; asked exactly (by a MILP), and refused where it cannot be had."""

    share: dict[str, float] = Field(
        default_factory=dict,
        description="Least share of the plan's gain for people of one class, such as rural = 0.4 (city, town, rural).",
    )
    every_zone: bool = Field(
        default=False, description="Whether every zone that anything affordable would help gets something."
    )

    @property
    def asked(self) -> bool:
        """Whether there is any."""
        return bool(self.share) or self.every_zone

    @field_validator("share")
    @classmethod
    def _shares(cls, value: dict[str, float]) -> dict[str, float]:
        _require_names(value, AREAS, what="class")
        for name, share in value.items():
            if not 0 <= share <= 1:
                raise ValueError(f"{name}: a share lies between 0 and 1, not {share:g}")
        if len(value) > 1:
            raise ValueError(f"{len(value)} classes; a floor is for one class, the others follow from it")
        return value


class Revenue(Section):
    """What operators earn from people newly served; without it no subsidy is worked out."""

    arpu_month: float | None = Field(
        default=None, gt=0, description="Revenue per user and month in `investment.currency`."
    )
    adoption: float = Field(
        default=0.58,
        ge=0,
        le=1,
        description="Share of people newly served who become users (GSMA 2025: 58 % of people worldwide use it).",
    )


class Robustness(Section):
    """How often a candidate is chosen when footprints, costs and demand are other than assumed."""

    enabled: bool = Field(default=True, description="Whether the plan is made again under other assumptions.")
    cost_change: float = Field(
        default=0.3, ge=0, lt=1, description="Costs of WiFi and of mobile each change by this share, up and down."
    )
    demand_change: float = Field(
        default=0.3, ge=0, lt=1, description="People that a candidate has room for change by this share, up and down."
    )


class Investment(Section):
    """What may be built, with how much money, and what it is worth."""

    budget: float = Field(default=2_000_000, ge=0, description="Money to spend, as present cost, in `currency`.")
    currency: str = Field(
        default="USD", pattern="^[A-Z]{3}$", description="ISO 4217 code of the budget and of every cost shown."
    )
    wifi: bool = Field(default=True, description="WiFi is weighed at hosts, else on streets; proposals always are.")
    sites: bool = Field(default=True, description="New sites are weighed, on masts too; proposals always are.")
    upgrades: bool = Field(default=True, description="Whether adding a technology to standing sites is weighed.")
    small_cells: bool = Field(default=True, description="Whether small cells are weighed in cities and towns.")
    technologies: list[Literal["3G", "4G", "5G"]] = Field(
        default=["4G", "5G"],
        min_length=1,
        description="Technologies of what is built, the target or better.",
    )
    small_cell_radius_m: float = Field(
        default=200, ge=20, le=1000, description="Radius that a small cell serves, in metres (an assumption)."
    )
    ladder: dict[str, float] = Field(
        default_factory=dict,
        description="Worth of a service to a person, 0–1: 2G, 3G, wifi, 4G, 5G, usable; see docs/plan.md.",
    )
    unknown: Literal["leave_out", "as_none"] = Field(
        default="leave_out",
        description="People of unknown mobile service: 'leave_out' gives no candidate their value, 'as_none' counts "
        "them as having none.",
    )
    priority: float = Field(
        default=0,
        ge=0,
        le=10,
        description="Priority to zones that are worst off: 0 = none (efficiency), 1 = some, 3 = strong.",
    )
    class_weights: dict[str, float] = Field(
        default_factory=dict, description="What a person of a class weighs in the aim: city, town, rural; default 1."
    )
    group_weights: dict[str, float] = Field(
        default_factory=dict, description="What a person of a group of the region weighs in the aim; default 1."
    )
    need_weight: float = Field(
        default=0,
        ge=0,
        le=10,
        description="Extra weight of people by the share of their zone that is below the target: 1 + this × share.",
    )
    wifi_access_points: int = Field(default=2, ge=1, description="Access points installed at each new WiFi host.")
    wifi_limit: bool = Field(
        default=True, description="Whether a new hotspot serves no more people than it has room for, the nearest first."
    )
    site_limit: bool = Field(
        default=False,
        description="Whether a new site serves no more people than its busy hour carries, all in reach alike.",
    )
    backhaul: Literal["cheapest", "microwave", "fibre"] = Field(
        default="cheapest", description="How new sites are joined to the network."
    )
    lock_in: list[str] = Field(default_factory=list, description="Ids of candidates that are built in any case.")
    lock_out: list[str] = Field(default_factory=list, description="Ids of candidates that are not built.")
    floors: Floors = Field(default=Floors(), description="What a plan must do whatever else it does.")
    exact: bool = Field(
        default=True, description="Whether a small plan is also looked for exactly (MILP, a fixed amount of work)."
    )
    max_candidates: int = Field(default=2000, ge=1, description="Most candidates of each kind that are weighed.")
    horizon_years: int = Field(
        default=10, ge=1, le=100, description="Years of running costs counted in the present cost."
    )
    discount_rate: float = Field(
        default=0.08, ge=0, le=1, description="Yearly discount rate of those costs, as a fraction."
    )
    yearly_budget: list[float] = Field(
        default_factory=list,
        description="Money of each year, in `currency`, for phasing; empty = all at once.",
    )
    revenue: Revenue = Field(default=Revenue(), description="What operators earn, for the subsidy needed.")
    financing: dict[str, float | list[float]] = Field(
        default_factory=dict,
        description="Share of each source of money (municipal, fund and so on), one for all years or one a year.",
    )
    robustness: Robustness = Field(default=Robustness(), description="How the plan holds under other assumptions.")

    @field_validator("technologies")
    @classmethod
    def _once(cls, value: list[str]) -> list[str]:
        if len(set(value)) != len(value):
            raise ValueError("a technology is named twice")
        return value

    @field_validator("ladder")
    @classmethod
    def _worth(cls, value: dict[str, float]) -> dict[str, float]:
        _require_names(value, SERVICES, what="service")
        for name, worth in value.items():
            if not 0 <= worth <= 1:
                raise ValueError(f"{name}: a worth lies between 0 and 1, not {worth:g}")
        return value

    @field_validator("class_weights")
    @classmethod
    def _classes(cls, value: dict[str, float]) -> dict[str, float]:
        _require_names(value, AREAS, what="class")
        return _not_negative(value)

    @field_validator("group_weights")
    @classmethod
    def _groups(cls, value: dict[str, float]) -> dict[str, float]:
        return _not_negative(value)

    @field_validator("yearly_budget")
    @classmethod
    def _yearly(cls, value: list[float]) -> list[float]:
        if any(money < 0 for money in value):
            raise ValueError("a year's money is at least 0")
        return value

    @model_validator(mode="after")
    def _paid(self) -> Investment:
        if self.financing:
            try:
                check_financing(self.financing, years=max(len(self.yearly_budget), 1))
            except ScenarioError as error:
                raise ValueError(f"investment.financing: {error}") from error
        money = sum(self.yearly_budget)
        if self.yearly_budget and money < self.budget * (1 - 1e-9):
            raise ValueError(
                f"investment.yearly_budget: {money:,.0f} in all, less than the budget of {self.budget:,.0f}: a part "
                "of the plan would never be built; lower the budget or add years"
            )
        return self

    @property
    def mobile(self) -> bool:
        """Whether anything mobile may be built."""
        return self.sites or self.upgrades or self.small_cells

    def worth(self, target: str) -> dict[str, float]:
        """Worth of every service: the default of the target, with the values given in place of its own."""
        return {name: float(self.ladder.get(name, LADDERS[target][name])) for name in SERVICES}

    def require_target(self, target: str) -> None:
        """Raise ValueError where nothing built could reach the target, or a better service would be worth less."""
        if self.mobile and all(TECHNOLOGIES.index(name) < TECHNOLOGIES.index(target) for name in self.technologies):
            built = ", ".join(self.technologies)
            raise ValueError(
                f"investment.technologies: new sites of {built} never bring anybody to the target {target}"
            )
        worth = self.worth(target)
        mobile = [name for name in SERVICES if name != "wifi"]
        for lower, higher in pairwise(mobile):
            if worth[higher] < worth[lower]:
                raise ValueError(
                    f"investment.ladder: {higher} is worth {worth[higher]:g}, less than {lower} ({worth[lower]:g})"
                )
        if max(worth.values()) <= 0:
            raise ValueError("investment.ladder: every service is worth 0; nothing would ever be built")


def _require_names(given: dict[str, float], known: tuple[str, ...], *, what: str) -> None:
    for name in given:
        if name not in known:
            raise ValueError(f"{name} is no {what}; {suggestion(name, list(known))}")


def _not_negative(weights: dict[str, float]) -> dict[str, float]:
    for name, weight in weights.items():
        if weight < 0:
            raise ValueError(f"{name}: a weight is at least 0, not {weight:g}")
    return weights
