"""Columns of the zones as shares and amounts: what cannot be is a fault that names file, column and zone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from data.figures import figures
from data.settings import suggestion
from data.tables_in import row_faults
from geo.errors import Fault

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from data.region_file import RegionFile
    from data.use_file import GroupSection, UseSection

ROUNDING = 1e-9
"""By so much a share may exceed everybody."""


@dataclass
class Columns:
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
        """Share as a fraction; `rest`: the column holds the others."""
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

    def pair(
        self, section: UseSection | GroupSection, keys: tuple[str, str], unit: str | None, *, at: str
    ) -> NDArray[np.float64]:
        """The share that `keys` names first, of its own column or as the rest of the second's."""
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
