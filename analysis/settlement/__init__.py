"""Degree of Urbanisation: settlement classes of cells and of units, the UN Statistical Commission's method of 2020."""

from analysis.settlement.cells import CLASS_NAMES, LEVEL1_CODES, LEVEL2_CODES, classify, level1_of
from analysis.settlement.parameters import (
    GHSL_R2022A,
    GHSL_R2023A,
    MANUAL_2021,
    VARIANTS,
    SettlementParameters,
    preset,
)
from analysis.settlement.units import UNIT_NAMES, UnitClasses, classify_units, classify_units_from_grid

__all__ = [
    "CLASS_NAMES",
    "GHSL_R2022A",
    "GHSL_R2023A",
    "LEVEL1_CODES",
    "LEVEL2_CODES",
    "MANUAL_2021",
    "UNIT_NAMES",
    "VARIANTS",
    "SettlementParameters",
    "UnitClasses",
    "classify",
    "classify_units",
    "classify_units_from_grid",
    "level1_of",
    "preset",
]
