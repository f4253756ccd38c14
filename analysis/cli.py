"""The command `gapmap`. Exit 0 done, 2 bad input, 1 a fault of ours. Heavy imports wait until they are needed."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from analysis.cli_compare import compare
from analysis.cli_osm import hosts, streets
from analysis.cli_plans import plans
from analysis.cli_shared import Data, Folder, Json, Out, Region, note, progress, say
from geo.errors import GapmapError, ScenarioError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Maps where people are cut off from the network, ranks zones, and simulates what to build about it.",
)


def _tell(summary: dict[str, object], out: Path, *, as_json: bool) -> None:
    from analysis.results import plain
    from analysis.story import headline

    if as_json:
        say([json.dumps(plain(summary), ensure_ascii=False, indent=2, sort_keys=True)])
    else:
        say([*headline(summary), "", f"Open {out / 'map.html'} in a browser; figures are in {out}."])


@app.command()
def demo(
    out: Out = Path("out/demo"),
    size: Annotated[int, typer.Option("--size", help="Side of the square region in km.", min=40, max=1000)] = 100,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same region.", min=0)] = 2026,
    as_json: Json = False,
) -> None:
    """Make the synthetic sample region and run it."""
    from analysis.run import demo as run_demo

    with progress() as tell:
        results = run_demo(out, size_km=size, seed=seed, progress=tell)
    _tell(results.summary, out, as_json=as_json)


@app.command()
def run(
    region: Region,
    out: Out,
    scenario: Annotated[Path | None, typer.Option("--scenario", help="Scenario TOML: target, budget, costs.")] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Run a region: settlement classes, gap, ranking, plan and map."""
    from analysis.run import run as run_region

    with progress() as tell:
        results = run_region(region, out=out, scenario_file=scenario, root=data, progress=tell)
    _tell(results.summary, out, as_json=as_json)


@app.command()
def check(region: Region, data: Data = None, as_json: Json = False) -> None:
    """Print the quality report of a region: what was understood, repaired, dropped, and whether a run can go on."""
    from analysis.check import check as check_region
    from analysis.check import lines
    from analysis.results import plain

    found = check_region(region, root=data)
    say([json.dumps(plain(found), ensure_ascii=False, indent=2, sort_keys=True)] if as_json else lines(found))


@app.command()
def degurba(
    population: Annotated[
        Path, typer.Argument(help="GeoTIFF of persons per 1 km² equal-area cell.", metavar="POP.tif")
    ],
    out: Annotated[Path, typer.Option("--out", help="GeoTIFF to write: int16 codes on the input grid.")],
    built: Annotated[Path | None, typer.Option("--built", help="GeoTIFF of built-up m² per cell.")] = None,
    land: Annotated[Path | None, typer.Option("--land", help="GeoTIFF of land m² per cell.")] = None,
    level: Annotated[int, typer.Option("--level", help="1: codes 3 to 0; 2: codes 30 to 10.", min=1, max=2)] = 2,
    variant: Annotated[str, typer.Option("--variant", help="Published form of the rules.")] = "ghsl-r2023a",
    as_json: Json = False,
) -> None:
    """Classify a population grid by the Degree of Urbanisation."""
    from analysis.degurba import classify_file
    from analysis.settlement import CLASS_NAMES

    people = classify_file(population, out=out, built=built, land=land, level=level, variant=variant)
    if as_json:
        say([json.dumps(people, indent=2)])
    else:
        say([f"{code:>3} {CLASS_NAMES[int(code)]:<32} {value:>16,.1f} people" for code, value in people.items()])


@app.command()
def coverage(
    sites: Annotated[Path, typer.Argument(help="Register of mobile sites (CSV).", metavar="SITES.csv")],
    grid: Annotated[Path, typer.Option("--grid", help="GeoTIFF whose lattice is used; projected, in metres.")],
    technology: Annotated[str, typer.Option("--technology", help="Sites of at least this one: 2G, 3G, 4G or 5G.")],
    out: Annotated[Path, typer.Option("--out", help="GeoTIFF to write: fraction of each cell that is served.")],
    dem: Annotated[Path | None, typer.Option("--dem", help="Elevation; then footprints follow the terrain.")] = None,
    settlement: Annotated[
        Path | None, typer.Option("--settlement", help="GeoTIFF of level 2 classes on the same lattice.")
    ] = None,
    surroundings: Annotated[
        str, typer.Option("--surroundings", help="Without --settlement: urban, semi-urban or rural everywhere.")
    ] = "semi-urban",
    variant: Annotated[str, typer.Option("--variant", help="low, central or high footprints.")] = "central",
    confidence: Annotated[float, typer.Option("--confidence", help="Probability of signal at the edge.")] = 0.9,
    probability: Annotated[
        Path | None, typer.Option("--probability", help="GeoTIFF to write: mean probability of signal in each cell.")
    ] = None,
    register: Annotated[str, typer.Option("--format", help="columns, opencellid or arcep.")] = "columns",
    x: Annotated[str, typer.Option("--x", help="Column with the longitude or easting.")] = "lon",
    y: Annotated[str, typer.Option("--y", help="Column with the latitude or northing.")] = "lat",
    technology_column: Annotated[
        str | None, typer.Option("--technology-column", help="Column with the technology; else all are --technology.")
    ] = None,
    crs: Annotated[str | None, typer.Option("--crs", help="CRS of the two columns; default EPSG:4326.")] = None,
    radio_sites: Annotated[Path | None, typer.Option("--radio-sites", help="Own table of what a site sends.")] = None,
    propagation: Annotated[Path | None, typer.Option("--propagation", help="Own table of path-loss models.")] = None,
    as_json: Json = False,
) -> None:
    """Lay out which part of each cell a register of sites serves."""
    from analysis.coverage_tool import Options, Register, coverage_file

    found = coverage_file(
        sites,
        grid=grid,
        out=out,
        options=Options(technology, variant, confidence, surroundings, radio_sites, propagation),
        register=Register(register, x, y, technology_column, None, crs),  # pyright: ignore[reportArgumentType]
        settlement=settlement,
        dem=dem,
        probability=probability,
    )
    if as_json:
        say([json.dumps(found, indent=2)])
        return
    where = "by --settlement" if settlement else f"taken as {surroundings} everywhere"
    headline = (
        f"{found['sites']:,} sites of at least {technology}, {variant} footprints by {found['model']}, "
        f"{confidence:.0%} at the edge; surroundings {where}"
    )
    why = "for sites that name no technology, or heights that are missing"
    unknown = [f"not known, {why}: {found['unknown_km2']:,.1f} km²"] if found["unknown_km2"] > 0 else []
    say(
        [
            headline,
            f"served: {found['covered_km2']:,.1f} km² in {found['cells_touched']:,} of {found['cells']:,} cells",
            *unknown,
            *found["notes"],
            f"written: {out}",
        ]
    )


app.command()(streets)
app.command()(hosts)
app.command()(compare)
app.command()(plans)


@app.command()
def explain(
    folder: Folder,
    zone: Annotated[str | None, typer.Option("--zone", help="Zone id or name.")] = None,
    cell: Annotated[int | None, typer.Option("--cell", help="Cell id of cells.parquet.")] = None,
    lang: Annotated[str, typer.Option("--lang", help="Language of the sentences: en, es or fr.")] = "en",
) -> None:
    """Say in sentences why a zone ranks where it does, how sure that is and what is weak; or what a cell is made of."""
    from analysis.explain import explain_cell, explain_zone
    from analysis.results import read_results

    if (zone is None) == (cell is None):
        raise ScenarioError("--zone / --cell", "give exactly one of them")
    results = read_results(folder)
    say(explain_zone(results, zone, lang=lang) if zone is not None else explain_cell(results, cell or 0, lang=lang))


@app.command("app")
def open_app(
    folder: Annotated[
        Path | None, typer.Argument(help="A results folder; default: the sample region.", metavar="DIR")
    ] = None,
    port: Annotated[int, typer.Option("--port", help="Port on this machine.", min=1, max=65535)] = 8501,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser window.")] = True,
) -> None:
    """Open the planner's app in a browser, served from this machine alone."""
    from analysis.results import MARK
    from geo.errors import SourceError

    if folder is not None:
        if not (folder / MARK).is_file():
            raise SourceError(f"{folder}: not a results folder; make one with `gapmap run` or `gapmap demo`")
        os.environ["GAPMAP_RESULTS"] = str(folder.resolve())
    root = Path(__file__).resolve().parent.parent
    os.chdir(root)
    command = [sys.executable, "-m", "streamlit", "run", str(root / "streamlit_app.py")]
    command += ["--server.port", str(port), "--server.headless", "false" if browser else "true"]
    os.execv(sys.executable, command)  # noqa: S606


def main() -> None:
    """Run the command; bad input is one message and exit 2, a fault of ours is exit 1."""
    # an ended run tidies up as an interrupted one does
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    try:
        app()
    except GapmapError as error:
        note(f"gapmap: {error}")
        sys.exit(2)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


if __name__ == "__main__":
    main()
