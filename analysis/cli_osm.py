"""The commands `gapmap streets` and `gapmap hosts`: what a region takes from OpenStreetMap, once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analysis.cli_shared import Data, Json, Region, note, say
from geo.errors import ScenarioError

if TYPE_CHECKING:
    from analysis.osm_tool import Online

From = Annotated[Path | None, typer.Option("--from", help="File to read.")]
Fetch = Annotated[bool, typer.Option("--fetch", help="Ask OpenStreetMap's servers instead; by default for the zones.")]
Place = Annotated[str | None, typer.Option("--place", help="With --fetch: a name that OpenStreetMap knows.")]
Bbox = Annotated[str | None, typer.Option("--bbox", help="With --fetch: west,south,east,north in degrees.")]
Area = Annotated[Path | None, typer.Option("--area", help="With --fetch: polygons in any vector format.")]
Cache = Annotated[
    Path | None, typer.Option("--cache", help="Folder where answers are kept; default in the home folder.")
]
Overpass = Annotated[str | None, typer.Option("--overpass", help="Address of another Overpass server.")]
Nominatim = Annotated[str | None, typer.Option("--nominatim", help="Address of another gazetteer.")]


def _box(words: str | None) -> tuple[float, float, float, float] | None:
    if words is None:
        return None
    try:
        west, south, east, north = (float(part) for part in words.split(","))
    except ValueError:
        raise ScenarioError("--bbox", f"'{words}' is not west,south,east,north in degrees") from None
    return west, south, east, north


def _online(
    fetch: bool,
    *,
    place: str | None,
    bbox: str | None,
    area: Path | None,
    cache: Path | None,
    overpass: str | None,
    nominatim: str | None,
) -> Online | None:
    """What to ask for; None = nothing is asked."""
    given = {"--place": place, "--bbox": bbox, "--area": area}
    named = [name for name, value in given.items() if value is not None]
    others = {"cache": cache, "overpass_url": overpass, "nominatim_url": nominatim}
    if not fetch:
        if named or any(value is not None for value in others.values()):
            raise ScenarioError(named[0] if named else "--fetch", "goes with --fetch; add it")
        return None
    if len(named) > 1:
        raise ScenarioError(" / ".join(named), "give one of them at most")
    from analysis.osm_tool import Online

    chosen: dict[str, Any] = {name: value for name, value in others.items() if value is not None}
    return Online(place=place, bbox=_box(bbox), area=area, **chosen)


def streets(
    region: Region,
    out: Annotated[Path, typer.Option("--out", help="Street network to write (.parquet).")],
    source: From = None,
    fetch: Fetch = False,
    place: Place = None,
    bbox: Bbox = None,
    area: Area = None,
    ferries: Annotated[bool, typer.Option("--ferries", help="Walk onto ferries too.")] = False,
    cache: Cache = None,
    overpass: Overpass = None,
    nominatim: Nominatim = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Make the street network of a region once: from OpenStreetMap (.osm.pbf, .osm), GraphML, lines, or online."""
    from analysis.osm_tool import street_file

    ask = _online(fetch, place=place, bbox=bbox, area=area, cache=cache, overpass=overpass, nominatim=nominatim)
    found = street_file(region, out=out, source=source, online=ask, root=data, ferries=ferries, tell=note)
    if as_json:
        say([json.dumps(found, ensure_ascii=False, indent=2)])
        return
    heights = "with heights" if found["heights"] else "without heights"
    say(
        [
            f"{found['km']:,.1f} km of streets, {found['edges']:,} edges, {found['nodes']:,} nodes, {heights}",
            *found["notes"],
            f'written: {out}; name it in {region.name}: [streets] file = "{out.name}"',
        ]
    )


def hosts(
    region: Region,
    out: Annotated[Path, typer.Option("--out", help="List to write (.csv).")],
    source: From = None,
    fetch: Fetch = False,
    place: Place = None,
    bbox: Bbox = None,
    area: Area = None,
    cache: Cache = None,
    overpass: Overpass = None,
    nominatim: Nominatim = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """List public buildings and spaces that could host WiFi, from OpenStreetMap (.osm.pbf, .osm, or online)."""
    from analysis.osm_tool import host_file

    ask = _online(fetch, place=place, bbox=bbox, area=area, cache=cache, overpass=overpass, nominatim=nominatim)
    found = host_file(region, out=out, source=source, online=ask, root=data, tell=note)
    if as_json:
        say([json.dumps(found, ensure_ascii=False, indent=2)])
        return
    columns = 'x = "lon", y = "lat", id = "id", name = "name", category = "category", hours = "hours", wifi = "wifi"'
    say(
        [
            f"{found['hosts']:,} places that could host WiFi; {found['has_wifi']:,} say that they have it",
            *(f"  {name}: {count:,}" for name, count in found["categories"].items()),
            *found["notes"],
            f'written: {out}; name it in {region.name}: [hosts] file = "{out.name}", columns = {{ {columns} }}',
        ]
    )
