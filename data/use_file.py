"""What ``region.toml`` says of use and of groups: the columns of the zones that hold their figures."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from data.settings import Section

Unit = Literal["percent", "fraction"]

PAIRS = {
    "online": "offline",
    "devices": "no_device",
    "skills": "no_skills",
    "electricity": "no_electricity",
    "share": "not_share",
}
"""A share, and the column that holds its rest in place of it."""


def _both(section: Section) -> list[str]:
    """Shares that are given twice, as such and as the rest."""
    named = {key: rest for key, rest in PAIRS.items() if hasattr(section, key)}
    return [
        f"give {key} or {rest}, not both"
        for key, rest in named.items()
        if None not in (getattr(section, key), getattr(section, rest))
    ]


class UseSection(Section):
    """Which columns of the zones, or of the indicators joined to them, say who uses the internet and what it costs."""

    unit: Unit | None = Field(
        None, description="'percent' (0–100) or 'fraction' (0–1): how every share of this section is written."
    )
    online: str | None = Field(None, description="Column: share of people who use the internet.")
    offline: str | None = Field(None, description="Column: share of people who do not, in place of online.")
    devices: str | None = Field(None, description="Column: share with a device of their own, such as a smartphone.")
    no_device: str | None = Field(None, description="Column: share without one, in place of devices.")
    skills: str | None = Field(None, description="Column: share with basic digital skills.")
    no_skills: str | None = Field(None, description="Column: share without them, in place of skills.")
    electricity: str | None = Field(None, description="Column: share with electricity at home.")
    no_electricity: str | None = Field(None, description="Column: share without it, in place of electricity.")
    price: str | float | None = Field(
        None, description="Price of the entry-level broadband basket a month: a column, or one figure for all zones."
    )
    income: str | float | None = Field(
        None, description="Mean income (or GNI) a head and month, in the currency of price: a column, or one figure."
    )
    income_gini: str | float | None = Field(
        None, description="Gini of income, 0 to 1: a column, or one figure; absent = everybody has the zone's mean."
    )
    affordable_share: float = Field(
        0.02, description="Share of income up to which the basket is affordable (ITU: 2 %).", gt=0, le=1
    )
    of: str = Field("", description="Whom the shares speak of, such as 'aged 15 and over'.")
    year: int | None = Field(
        None, description="Year of the figures; default: that of the file that holds them.", ge=1900, le=2200
    )

    @model_validator(mode="after")
    def _fits(self) -> UseSection:
        wrong = _both(self)
        if self.price is None and (self.income is not None or self.income_gini is not None):
            wrong.append("income and income_gini need price")
        if self.price is not None and self.income is None:
            wrong.append("price needs income, in the same currency")
        if isinstance(self.price, float) and self.price < 0:
            wrong.append("price cannot be negative")
        if isinstance(self.income, float) and self.income <= 0:
            wrong.append("income must be above 0")
        if isinstance(self.income_gini, float) and not 0 <= self.income_gini < 1:
            wrong.append("income_gini is 0 to 1: write 43.5 as 0.435")
        if self.unit is None and self.columns:
            wrong.append("unit is missing: 'percent' (0–100) or 'fraction' (0–1)?")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    @property
    def columns(self) -> dict[str, str]:
        """Columns of shares, by their key."""
        keys = [key for pair in PAIRS.items() for key in pair if hasattr(self, key)]
        return {key: getattr(self, key) for key in keys if getattr(self, key) is not None}


class GroupSection(Section):
    """A group of people: its share in each zone, or a layer of `population` that has its name, and its own use."""

    name: str = Field(description="Short name, such as 'women'; that of the layer where there is one.", min_length=1)
    label: str = Field("", description="Name that people read; default: the short name.")
    unit: Unit | None = Field(None, description="How its shares are written; default: unit of [use].")
    share: str | None = Field(None, description="Column of the zones: share of people who are of the group.")
    not_share: str | None = Field(None, description="Column: share of people who are not, in place of share.")
    online: str | None = Field(None, description="Column: share of the group who use the internet.")
    offline: str | None = Field(None, description="Column: share of the group who do not, in place of online.")
    of: str = Field("", description="Whom that share speaks of, such as 'aged 15 and over'.")
    against: str | None = Field(None, description="Group that it is compared with; default: everybody.")
    year: int | None = Field(
        None, description="Year of the figures; default: that of [use], else of the file.", ge=1900, le=2200
    )

    @model_validator(mode="after")
    def _fits(self) -> GroupSection:
        wrong = _both(self)
        if self.against == self.name:
            wrong.append("against: a group is compared with another one")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    @property
    def columns(self) -> dict[str, str]:
        """Columns of shares, by their key."""
        keys = ("share", "not_share", "online", "offline")
        return {key: getattr(self, key) for key in keys if getattr(self, key) is not None}
