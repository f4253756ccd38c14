"""One place of a run explained in plain sentences, in the reader's language; every figure is one of the tables'."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.explain.cell import cell_sections
from analysis.explain.place import Section
from analysis.explain.zone import explained, zone_sections
from analysis.language import SOURCE, language

if TYPE_CHECKING:
    from analysis.results import Results

__all__ = ["Section", "cell_sections", "explain_cell", "explain_zone", "zone_sections"]


def explain_zone(results: Results, zone_id: str, *, lang: str = SOURCE) -> list[str]:
    """Lines that explain a zone: its rank and why, how sure that is, what would change it, what is weak.

    Parameters
    ----------
    results : Results
    zone_id : str
        Its id or its name.
    lang : str
        Code of a language of `analysis.language.languages`.

    Raises
    ------
    SchemaError
        No such zone, or several of that name.
    ScenarioError
        No such language.
    """
    return explained(zone_sections(results, zone_id, speak=language(lang)))


def explain_cell(results: Results, cell_id: int, *, lang: str = SOURCE) -> list[str]:
    """Lines that explain a cell; errors as in `explain_zone`.

    Parameters
    ----------
    results : Results
    cell_id : int
        Of the cells table.
    lang : str
        Code of a language.
    """
    return explained(cell_sections(results, cell_id, speak=language(lang)))
