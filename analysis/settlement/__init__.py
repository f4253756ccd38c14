"""Degree of Urbanisation: settlement classes of cells and of units, by the UN Statistical Commission's method of 2020."""

from analysis.settlement.cells import CLASS_NAMES, LEVEL1_CODES, LEVEL2_CODES, classify, level1_of
from analysis.settlement.parameters import (
    GHSL_R2022A,
    GHSL_R2023A,
    MANUAL_2021,
    VARIANTS,
    SettlementParameters,
    preset,
)

__all__ = [
    "CLASS_NAMES",
    "GHSL_R2022A",
    "GHSL_R2023A",
    "LEVEL1_CODES",
    "LEVEL2_CODES",
    "MANUAL_2021",
    "VARIANTS",
    "SettlementParameters",
    "classify",
    "level1_of",
    "preset",
]
