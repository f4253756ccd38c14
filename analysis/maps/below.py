"""What stands below the map: pictures and tables in sections; a section without anything to say is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.maps.divide_tables import indicators_table, inequality_table, lorenz_picture, lorenz_table
from analysis.maps.group_tables import barriers_table, gaps_table, parts_table
from analysis.maps.index_tables import certainty_table, clusters_table, index_table, weights_table
from analysis.maps.ledger_picture import ledger_picture, ledger_table
from analysis.maps.overlays import footprints_vary
from analysis.maps.plan_picture import curve_picture
from analysis.maps.plan_tables import (
    curve_table,
    equity_table,
    financing_table,
    money_table,
    moved_table,
    plan_table,
    states_table,
    zone_plan_table,
)
from analysis.maps.safe import text
from analysis.maps.tables import agreement_table, moves_table, sources_table, zones_table
from analysis.maps.wifi_overlays import reach_of
from analysis.maps.wifi_tables import hotspots_table, wifi_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from analysis.results import Results


def sections(results: Results, plan: pd.DataFrame) -> dict[str, tuple[str, list[str]]]:
    """Id of each section, its heading, and its pictures and tables as escaped HTML; an empty one says nothing."""
    told, found = results.summary, results.tables
    use, inequality = told.get("use"), told.get("inequality")
    moves = moves_table(told.get("sensitivity") if footprints_vary(told) else None)
    walks = [wifi_table(told.get("wifi")), hotspots_table(results.wifi, reach=reach_of(told.get("wifi")))]
    return {
        "order": ("Which zone first", [zones_table(results), certainty_table(results), moves, clusters_table(results)]),
        "connected": (
            "Who is connected",
            [
                *(ledger_picture(told), ledger_table(told), parts_table(told), barriers_table(use), gaps_table(use)),
                certainty_table(results, ranking="unconnected"),
            ],
        ),
        "index": (
            "Meaningful connectivity",
            [index_table(results), weights_table(told.get("index")), certainty_table(results, ranking="index")],
        ),
        "unequal": (
            "How unequally",
            [_beside(lorenz_picture(inequality), lorenz_table(inequality)), inequality_table(inequality)],
        ),
        "indicators": ("Official indicators", [indicators_table(found.get("indicators"))]),
        "sources-agree": ("Do the sources agree", [agreement_table(told.get("agreement"))]),
        "wifi": ("Public WiFi", walks),
        "plan": ("What to build", _plan(results, plan)),
        "inputs": ("Sources", [sources_table(told["inputs"])]),
    }


def _plan(results: Results, plan: pd.DataFrame) -> list[str]:
    """Steps, curve, who is better off, zones, money and equity."""
    record = results.summary["plan"]
    return [
        plan_table(plan, record=record),
        _beside(curve_picture(results.plan, record), curve_table(record)),
        moved_table(record),
        _beside(states_table(record), money_table(record)),
        zone_plan_table(results),
        financing_table(results),
        equity_table(record),
    ]


def _beside(picture: str, table: str) -> str:
    """A picture and its table in two columns where there is room."""
    return f'<div class="beside">{picture}{table}</div>' if picture else ""


def below_html(results: Results, plan: pd.DataFrame) -> str:
    """Contents, sections and the closing sentence of the page.

    Parameters
    ----------
    results : Results
    plan : DataFrame
        Shown in place of the plan of the results.
    """
    return joined(sections(results, plan), basis=basis_words(results))


def joined(found: Mapping[str, tuple[str, list[str]]], *, basis: str) -> str:
    """Contents, sections with something to say, and the closing sentence with what coverage stands on."""
    made = {key: (words, "".join(parts)) for key, (words, parts) in found.items()}
    shown = {key: item for key, item in made.items() if item[1]}
    links = "".join(f'<li><a href="#{key}">{text(words)}</a></li>' for key, (words, _) in shown.items())
    body = "".join(
        f'<section id="{key}" class="tables" aria-labelledby="{key}-h"><h2 id="{key}-h">{text(words)}</h2>'
        f"{html}</section>"
        for key, (words, html) in shown.items()
    )
    return (
        f'<nav class="contents" aria-label="Below the map"><ul>{links}</ul></nav>{body}<footer>Made by gapmap from the '
        f"inputs above. Hatched grey means not known, which is not the same as none. {basis}: a phone "
        "in a covered cell may still fail indoors, or at a busy hour.</footer>"
    )


def basis_words(results: Results) -> str:
    """What coverage stands on, in words."""
    columns = [results.cells[name] for name in ("measured_share", "down_mbps") if name in results.cells]
    if any(bool(column.notna().any()) for column in columns):
        return "Coverage is declared or modelled, and measured only where enough tests were made"
    return "Coverage is declared or modelled, not measured"
