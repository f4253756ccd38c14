"""What every page needs: the opened results, safe words, a table, the map."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from analysis.maps import DrawnCells, draw_cells, map_html
from analysis.results import MARK, Results, read_results
from geo.errors import GapmapError

if TYPE_CHECKING:
    import pandas as pd

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:&@/])")

TABLE_STYLE = """<style>
.scroll{overflow:auto;max-height:460px;border:1px solid #d9dedb;border-radius:8px}
.scroll table{border-collapse:collapse;width:100%;font-size:14px;color:#14211f}
.scroll caption{text-align:left;font-weight:650;padding:8px 12px}
.scroll th,.scroll td{padding:5px 12px;text-align:left;vertical-align:top;border-top:1px solid #d9dedb}
.scroll thead th{position:sticky;top:0;background:#eef1ef;font-size:12.5px}
.scroll caption small,.scroll th small{display:block;font-weight:400;font-size:13px;color:#52625f}
.scroll caption small,.scroll th small{max-width:min(110ch,84vw)}
.scroll .across th{background:#f7f9f7;padding-top:10px}
.scroll .across span{display:block}
.scroll .n{text-align:right;font-variant-numeric:tabular-nums}
</style>"""


def plain(words: object) -> str:
    """Text from data for a place that reads Markdown: no link, picture or directive survives."""
    return _MARKDOWN.sub(r"\\\1", str(words).replace("\n", " "))


@st.cache_resource(show_spinner=False)
def _demo_folder() -> str:
    from analysis.run import demo

    folder = Path(tempfile.mkdtemp(prefix="gapmap-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    demo(folder / "demo")
    return str(folder / "demo")


@st.cache_resource(show_spinner=False, max_entries=4)
def _open(folder: str, _stamp: int) -> Results:
    return read_results(Path(folder))


@st.cache_resource(show_spinner=False, max_entries=4)
def _draw(folder: str, _stamp: int) -> DrawnCells:
    return draw_cells(_open(folder, _stamp))


def _where() -> tuple[str, int]:
    """Folder of the results and when it was made: a folder that is written again is read again."""
    folder = os.environ.get("GAPMAP_RESULTS") or _demo_folder()
    mark = Path(folder) / MARK
    return folder, mark.stat().st_mtime_ns if mark.is_file() else 0


def opened(heading: str) -> Results:
    """Open the results and write the page's heading; an input error stops the page with its own words.

    Returns
    -------
    Results
        Shared between everyone who looks: read, never changed.
    """
    try:
        with st.spinner("Opening the results"):
            results = _open(*_where())
    except GapmapError as error:
        st.error(plain(error))
        st.stop()
    st.title(heading)
    st.markdown(f"**{plain(results.summary['name'])}**")
    if results.summary["synthetic"]:
        st.warning("Synthetic sample: this place does not exist. Every name, person and site on it is made up.")
    return results


def show_table(markup: str) -> None:
    """Show a table made by `analysis.maps.table`: real, escaped HTML, readable by a screen reader."""
    st.html(TABLE_STYLE + markup)


def show_map(results: Results, *, tall: int, plan: pd.DataFrame | None = None, layer: str = "") -> None:
    """Show the standalone map inside the page.

    A plan given shows the gap alone under it. A layer of zones given (its key) is shown first and without the plan; of
    the layers of cells there is the gap alone.
    """
    drawn = _draw(*_where())
    if plan is not None or layer:
        drawn = replace(drawn, layers=drawn.layers[:1], fills=drawn.fills if layer else [])
        plan = results.plan.head(0) if plan is None else plan
    page = map_html(results, plan=plan, drawn=drawn, compact=tall, first=layer)
    st.iframe(page, height=tall, alt="Map; the same figures stand in the tables of these pages")
