"""From results to a map: draw the cells once, then put zones, plan and page around them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from pyproj import Transformer

from analysis.maps.below import below_html
from analysis.maps.layers import cell_layers
from analysis.maps.overlays import zone_features
from analysis.maps.page import Page
from analysis.maps.picture import (
    WEB_MERCATOR,
    Frame,
    make_frame,
    native,
    palette_png,
    value_png,
    warp_index,
    warped,
)
from analysis.maps.plan_layers import plan_fills
from analysis.maps.plan_overlays import link_records, reach_records, site_records
from analysis.maps.safe import json_text, text
from analysis.maps.tables import SYNTHETIC, figures_html, licence_line, subtitle
from analysis.maps.wifi_overlays import catchment_records, reach_of, wifi_records
from analysis.maps.zone_layers import zone_facts, zone_fills

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    import pandas as pd

    from analysis.maps.cell_layer import CellLayer
    from analysis.results import Results

MESH_DECIMALS = 4


@dataclass(frozen=True)
class DrawnCells:
    """What is costly about a map and does not change with the plan: pictures, mesh and areas, ready for JSON."""

    frame: dict[str, Any]
    layers: list[dict[str, Any]]
    zones: list[dict[str, Any]]
    catchments: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    fills: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    facts: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    reach: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    links: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


def draw_cells(results: Results, *, only: Collection[str] = ()) -> DrawnCells:
    """Draw every layer of cells and of zones, the zones and the catchments of some results.

    Parameters
    ----------
    results : Results
    only : collection of str
        Keys of the layers of cells that are wanted; none = all.

    Returns
    -------
    DrawnCells
        Can be handed to `map_html` many times, with one plan after another.
    """
    cell_id = results.cells["cell_id"].to_numpy(dtype=np.int64)
    frame = make_frame(results.grid, cell_id)
    index, _scale = warp_index(frame)
    return DrawnCells(
        frame=_frame_record(frame, results),
        layers=[
            _layer_record(layer, frame, results, index=index)
            for layer in cell_layers(results)
            if not only or layer.key in only
        ],
        zones=zone_features(results),
        catchments=catchment_records(results),
        fills=[*zone_fills(results), *plan_fills(results)],
        facts=zone_facts(results),
        reach=reach_records(results),
        links=link_records(results),
    )


def _layer_record(layer: CellLayer, frame: Frame, results: Results, *, index: Any) -> dict[str, Any]:
    cell_id = results.cells["cell_id"].to_numpy(dtype=np.int64)
    shown = warped(native(frame, results.grid, cell_id, layer.index), index)
    labels = {label.split(" ", 1)[0]: label for label, _colour in layer.classes} if layer.unit == "class" else {}
    return {
        "key": layer.key,
        "group": layer.group,
        "title": layer.title,
        "note": layer.note,
        "unit": layer.unit,
        "meaning": layer.meaning,
        "step": layer.step,
        "classes": [list(item) for item in layer.classes],
        "labels": labels,
        "picture": palette_png(shown, [colour for _label, colour in layer.classes]),
        "values": value_png(native(frame, results.grid, cell_id, layer.codes)),
    }


def _frame_record(frame: Frame, results: Results) -> dict[str, Any]:
    west, south, east, north = frame.bounds
    lon, lat = Transformer.from_crs(WEB_MERCATOR, 4326, always_xy=True).transform([west, east], [south, north])
    nodes = [
        [None if np.isnan(value) else round(float(value), MESH_DECIMALS) for value in frame.mesh[..., part].ravel()]
        for part in (0, 1)
    ]
    return {
        "bounds": list(frame.bounds),
        "latlng": [[lat[0], lon[0]], [lat[1], lon[1]]],
        "nodes": len(frame.mesh),
        "col": nodes[0],
        "row": nodes[1],
        "nx": frame.grid.nx,
        "ny": frame.grid.ny,
        "row0": frame.row0,
        "col0": frame.col0,
        "grid_nx": results.grid.nx,
    }


def _home(drawn: DrawnCells) -> list[list[float]]:
    """South-west and north-east corner of what is worth seeing first: the zones, or the cells without zones."""
    points = [point for zone in drawn.zones for part in zone["parts"] for point in part[0]]
    if not points:
        return drawn.frame["latlng"]
    lon, lat = np.array(points).T
    return [[float(lat.min()), float(lon.min())], [float(lat.max()), float(lon.max())]]


def map_html(
    results: Results,
    *,
    title: str | None = None,
    plan: pd.DataFrame | None = None,
    drawn: DrawnCells | None = None,
    compact: int | None = None,
    first: str = "",
) -> str:
    """One HTML document with the whole map inside: no request ever leaves it.

    Parameters
    ----------
    results : Results
    title : str, optional
        Default: the name of the region.
    plan : DataFrame, optional
        Shown in place of the plan of the results; same columns.
    drawn : DrawnCells, optional
        Result of `draw_cells` for the same results, when many maps are made.
    compact : int, optional
        Only the map and its panel, this many pixels tall, to stand inside another page.
    first : str
        Key of the layer that is shown first; default: the first of the switch.

    Returns
    -------
    str
        The same bytes for the same arguments.
    """
    summary = results.summary
    drawn = draw_cells(results) if drawn is None else drawn
    plan = results.plan if plan is None else plan
    name = text(title or summary["name"])
    data = map_data(results, plan, drawn=drawn, first=first)
    credit = credit_html(results)
    parts = {
        "title": f"{name} · gap map",
        "banner": banner_html(results),
        "header": "" if compact else _header(results, name),
        "below": credit + (f"<style>:root{{--tall:{compact:d}px}}</style>" if compact else below_html(results, plan)),
        "body": "compact" if compact else "",
        "data": json_text(data),
    }
    return str(Page(parts).render())


def map_data(results: Results, plan: pd.DataFrame, *, drawn: DrawnCells, first: str = "") -> dict[str, Any]:
    """What the scripts of the page read, see `map_html`."""
    summary = results.summary
    steps = set(plan.loc[plan["within_budget"].astype(bool), "step"])
    return {
        "frame": drawn.frame,
        "layers": drawn.layers,
        "fills": drawn.fills,
        "facts": drawn.facts,
        "first": first,
        "zones": drawn.zones,
        "home": _home(drawn),
        "sites": site_records(plan),
        "reach": [area for area in drawn.reach if area["step"] in steps],
        "links": [link for link in drawn.links if link["step"] in steps],
        "catchments": drawn.catchments,
        "wifi": wifi_records(results.wifi, reach=reach_of(summary.get("wifi"))),
        "target": str(summary["target"]),
        "currency": str(summary["plan"]["currency"]),
    }


def banner_html(results: Results) -> str:
    """The band that marks what is made up; empty for a real place."""
    return f'<p class="banner" role="note">{text(SYNTHETIC)}</p>' if results.summary["synthetic"] else ""


def credit_html(results: Results) -> str:
    """Who made the data, under the map."""
    return f'<p class="credit">Data: {text(licence_line(results.summary["inputs"]))}</p>'


def _header(results: Results, name: str) -> str:
    return (
        f'<header class="top"><div><h1>{name}</h1><p class="sub">{text(subtitle(results.summary))}</p></div>'
        f"{figures_html(results)}</header>"
    )


def write_map(results: Results, path: Path, *, title: str | None = None) -> None:
    """Write `map_html` to a file, beside its place first, then renamed.

    Parameters
    ----------
    results : Results
    path : Path
        Replaced when it exists.
    title : str, optional
        Default: the name of the region.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        beside.write_text(map_html(results, title=title), encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
