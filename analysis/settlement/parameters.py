"""Thresholds of the Degree of Urbanisation, each with where it stands, and the published forms of the rules."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches

from geo.errors import ScenarioError


@dataclass(frozen=True)
class SettlementParameters:
    """Every threshold of the cell classification; all are met by "at least".

    Densities are people per km² of permanent land, sizes are people, shares are fractions of land.

    Attributes
    ----------
    name : str
        Published form; one of `VARIANTS` or a name of your own.
    centre_density : float
        Urban centre and dense urban cluster, cell. UN Statistical Commission 2020: 1,500.
    centre_size : float
        Urban centre, 4-connected cluster. UN Statistical Commission 2020: 50,000.
    built_share : float or None
        A cell of this built-up share of land counts as dense too; None switches the option off. GHSL Data Package 2022,
        footnote 25: 0.5; GHSL Data Package 2023, footnote 30: the optimal one, 0.20 for 2020. Shares are rounded to 3
        decimals first.
    majority : int
        Neighbours of one centre that draw a cell in. GHSL Data Package 2022: 5 of 8. 0 asks for more than half of the
        populated or land neighbours and never draws in permanent water: GHSL Data Package 2023, footnote 29.
    gap_below_km2 : int
        Enclosed gaps of an urban centre smaller than this are filled. UN Statistical Commission 2020: 15.
    cluster_density, cluster_size : float
        Urban cluster, 8-connected. UN Statistical Commission 2020: 300 and 5,000.
    dense_size : float
        Dense urban cluster, 4-connected, neither smoothed nor filled. GHSL Data Package 2023, level 2: 5,000.
    semi_dense_density, semi_dense_size : float
        Semi-dense urban cluster. GHSL Data Package 2023: 900 and 2,500; methodological manual 2021: 300 and 5,000.
    semi_dense_diagonal : bool
        Whether its cells may join at a corner. GHSL Data Package 2023: no; manual 2021: yes, being an urban cluster.
    semi_dense_gap_cells : int
        The whole cluster is dropped when one of its cells lies within so many cells, corners included, of an urban
        centre or dense urban cluster, so that at least as many km stay between their edges: 2 km in the GHSL Data
        Package 2023 and in the OECD's wording of the manual's rule. 3 keeps 3 km apart.
    rural_size : float
        Rural cluster, cells as in an urban cluster. GHSL Data Package 2023, level 2: 500.
    low_density : float
        Low density rural cell. GHSL Data Package 2023, level 2: 50.
    water_land_share : float
        A cell with less land than this, no people and nothing built is water. GHSL Data Package 2023: 0.5.
    """

    name: str = "ghsl-r2023a"
    centre_density: float = 1500
    centre_size: float = 50_000
    built_share: float | None = 0.20
    majority: int = 0
    gap_below_km2: int = 15
    cluster_density: float = 300
    cluster_size: float = 5_000
    dense_size: float = 5_000
    semi_dense_density: float = 900
    semi_dense_size: float = 2_500
    semi_dense_diagonal: bool = False
    semi_dense_gap_cells: int = 2
    rural_size: float = 500
    low_density: float = 50
    water_land_share: float = 0.5


GHSL_R2023A = SettlementParameters()
"""GHSL Data Package 2023 with the built-up threshold of 2020; the default."""

GHSL_R2022A = replace(GHSL_R2023A, name="ghsl-r2022a", built_share=0.5, majority=5)
"""GHSL Data Package 2022: half built up, five neighbours of eight."""

MANUAL_2021 = replace(
    GHSL_R2023A, name="manual-2021", semi_dense_density=300, semi_dense_size=5_000, semi_dense_diagonal=True
)
"""The default, but a semi-dense urban cluster is a whole urban cluster set apart, as in the manual of 2021."""

_PRESETS = {form.name: form for form in (GHSL_R2023A, GHSL_R2022A, MANUAL_2021)}

VARIANTS: tuple[str, ...] = tuple(_PRESETS)
"""Names that `preset` knows, the default first."""


def preset(name: str) -> SettlementParameters:
    """Parameters of a published form by its name.

    Parameters
    ----------
    name : str
        One of `VARIANTS`, exactly.

    Raises
    ------
    ScenarioError
        Unknown name; says the nearest one.
    """
    if name in _PRESETS:
        return _PRESETS[name]
    near = get_close_matches(name.lower(), VARIANTS, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    raise ScenarioError("settlement.variant", f"'{name}' is unknown; {hint}It is one of {', '.join(VARIANTS)}")
