"""Use, groups and indicators of one run: the records, columns and tables that they fill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.groups import make_groups
from analysis.served_points import hosts_record
from analysis.standards import indicator_table
from analysis.use import make_use
from analysis.use_inputs import quality_known
from analysis.use_tables import use_columns_cells, use_columns_zones, use_record, use_table

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from analysis.assess import Assessment
    from analysis.footprint import Coverage
    from analysis.fragments import Fragments
    from analysis.groups import Group
    from analysis.ledger import Ledger
    from data.region import Region


@dataclass(frozen=True)
class Using:
    """What a run says of use.

    Attributes
    ----------
    record : dict
        `summary.json`'s ``use``.
    zone_columns, cell_columns : dict of str to array
        See `analysis.use_tables`.
    points : dict
        Schools and health facilities reached.
    groups : tuple of Group
    """

    record: dict[str, Any]
    zone_columns: dict[str, NDArray[Any]]
    cell_columns: dict[str, NDArray[Any]]
    points: dict[str, Any]
    groups: tuple[Group, ...]

    def tables(self, summary: dict[str, Any]) -> dict[str, pd.DataFrame]:
        """`use.csv` and `indicators.csv`, from the summary of the same run."""
        figures = {**summary, "use": self.record, "points": self.points}
        return {"use": use_table(self.record), "indicators": indicator_table(figures)}


def measure_use(
    region: Region,
    fragments: Fragments,
    ledger: Ledger,
    coverage: Coverage,
    assessment: Assessment,
    *,
    settlement: NDArray[Any],
) -> Using:
    """Put everybody, and every group, in a use state.

    Parameters
    ----------
    region, fragments, ledger, coverage, assessment
        From the same run.
    settlement : int16 array (ny, nx)
        Level 2 codes.
    """
    known = quality_known(fragments, coverage, assessment)
    use = make_use(fragments, ledger, region.use, quality_known=known)
    groups = make_groups(region, fragments, ledger, quality_known=known)
    zones = use_columns_zones(fragments, use)
    zones["unconnected_people"] = zones["coverage_gap_people"] + zones["usage_gap_people"]
    return Using(
        use_record(region, fragments, use, settlement=settlement, groups=groups),
        zones,
        use_columns_cells(fragments, use),
        hosts_record(region, fragments, ledger, use, everything=region.settings.grid.extent == "all"),
        groups,
    )
