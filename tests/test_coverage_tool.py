"""`gapmap coverage` as a person runs it: a register and a lattice in, a GeoTIFF out."""

import json

import numpy as np
import pandas as pd
import pytest
from affine import Affine
from pyproj import CRS
from typer.testing import CliRunner

from analysis.cli import app
from geo.errors import GapmapError
from geo.grid import Grid
from geo.raster import read_raster, write_raster


def run(*arguments):
    result = CliRunner().invoke(app, ["coverage", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def place(tmp_path):
    grid = Grid(CRS("EPSG:3035"), Affine(500, 0, 4_000_000, 0, -500, 3_000_000), (60, 60))
    write_raster(tmp_path / "grid.tif", np.zeros(grid.shape, dtype=np.float32), grid, nodata=None)
    classes = np.full(grid.shape, 11, dtype=np.int16)
    write_raster(tmp_path / "classes.tif", classes, grid, nodata=None)
    table = pd.DataFrame({"x": [4_015_000.0], "y": [2_985_000.0], "kind": ["4G"]})
    table.to_csv(tmp_path / "sites.csv", index=False)
    return tmp_path


def test_the_area_served_is_the_disc(place):
    arguments = [place / "sites.csv", "--grid", place / "grid.tif", "--technology", "4G", "--x", "x", "--y", "y"]
    arguments += ["--crs", "EPSG:3035", "--settlement", place / "classes.tif"]
    told = json.loads(run(*arguments, "--out", place / "c.tif", "--probability", place / "p.tif", "--json"))
    radius = told["radii_m"]["rural"][2]
    assert told["sites"] == 1
    assert told["covered_km2"] == pytest.approx(np.pi * radius**2 / 1e6, rel=1e-3)
    values, grid = read_raster(place / "c.tif")
    assert values.sum() * 0.25 == pytest.approx(told["covered_km2"], rel=1e-6)
    assert grid.shape == (60, 60)
    sure, _ = read_raster(place / "p.tif")
    assert sure[30, 30] > 0.95
    # whoever is wholly inside the footprint has at least the probability asked for at its edge
    assert (sure[values == 1] >= 0.9 - 1e-6).all()
    assert ((sure[values == 0] < 0.9) | (sure[values == 0] == 0)).all()
    wider = json.loads(run(*arguments, "--confidence", "0.6", "--out", place / "d.tif", "--json"))
    assert wider["covered_km2"] > told["covered_km2"]


def test_every_fault_is_told_at_once(place):
    with pytest.raises(GapmapError) as caught:
        run(
            *(place / "sites.csv", "--grid", place / "none.tif", "--technology", "6G", "--variant", "middle"),
            *("--confidence", "2", "--out", place / "c.tif"),
        )
    text = str(caught.value)
    for word in ("6G", "middle", "confidence", "none.tif"):
        assert word in text
    assert not (place / "c.tif").exists()


def test_a_lattice_in_degrees_is_refused(place):
    grid = Grid(CRS("EPSG:4326"), Affine(0.01, 0, 0, 0, -0.01, 10), (10, 10))
    write_raster(place / "degrees.tif", np.zeros(grid.shape, dtype=np.float32), grid, nodata=None)
    with pytest.raises(GapmapError, match="degrees"):
        run(place / "sites.csv", "--grid", place / "degrees.tif", "--technology", "4G", "--out", place / "c.tif")


def test_accra_sectors_become_sites_and_the_share_has_a_band(accra, tmp_path):
    shares = []
    for variant in ("low", "central", "high"):
        told = json.loads(
            run(
                *(accra / "opencellid_cells_greater_accra.csv", "--format", "opencellid", "--technology", "4G"),
                *(
                    "--grid",
                    accra / "POP_1km_ghana_54009.tif",
                    "--variant",
                    variant,
                    "--out",
                    tmp_path / "c.tif",
                    "--json",
                ),
            )
        )
        shares.append(told["covered_km2"])
        assert told["sites"] < 2690
    assert shares[0] < shares[1] < shares[2]


def test_what_only_a_silent_site_might_reach_has_no_value(place):
    table = pd.DataFrame({"x": [4_005_000.0, 4_025_000.0], "y": [2_985_000.0] * 2, "kind": ["4G", ""]})
    table.to_csv(place / "two.csv", index=False)
    run(
        *(place / "two.csv", "--grid", place / "grid.tif", "--technology", "4G", "--x", "x", "--y", "y"),
        *("--crs", "EPSG:3035", "--technology-column", "kind", "--out", place / "c.tif"),
    )
    values, grid = read_raster(place / "c.tif")
    assert values.ravel()[grid.locate(np.array([4_005_000.0]), np.array([2_985_000.0]))][0] == 1
    assert np.isnan(values.ravel()[grid.locate(np.array([4_025_000.0]), np.array([2_985_000.0]))][0])
    assert values[0, 30] == 0


def test_porto_alegre_over_its_terrain(tmp_path):
    from conftest import shared

    dem = shared("porto-alegre") / "poa_elevation.tif"
    crs = CRS("+proj=laea +lat_0=-30.05 +lon_0=-51.2 +datum=WGS84 +units=m")
    grid = Grid(crs, Affine(200, 0, -4000, 0, -200, 4000), (40, 40))
    write_raster(tmp_path / "grid.tif", np.zeros(grid.shape, dtype=np.float32), grid, nodata=None)
    pd.DataFrame({"lon": [-51.2, -51.18], "lat": [-30.06, -30.04]}).to_csv(tmp_path / "sites.csv", index=False)
    told = {}
    for variant in ("low", "central", "high"):
        arguments = [tmp_path / "sites.csv", "--grid", tmp_path / "grid.tif", "--technology", "4G", "--json"]
        arguments += [
            "--surroundings",
            "urban",
            "--variant",
            variant,
            "--dem",
            dem,
            "--out",
            tmp_path / f"{variant}.tif",
        ]
        told[variant] = json.loads(run(*arguments))
        assert told[variant]["model"] == "terrain"
    low, central, high = (read_raster(tmp_path / f"{v}.tif")[0] for v in ("low", "central", "high"))
    assert (low <= central).all()
    assert (central <= high).all()
    assert told["low"]["covered_km2"] < told["central"]["covered_km2"] < told["high"]["covered_km2"]


def test_nothing_of_a_persons_is_overwritten(place):
    before = (place / "sites.csv").read_bytes()
    for out, also in (("sites.csv", "p.tif"), ("c.tif", "c.tif"), ("no/such/c.tif", "grid.tif")):
        with pytest.raises(GapmapError) as caught:
            run(
                *(place / "sites.csv", "--grid", place / "grid.tif", "--technology", "4G", "--x", "x", "--y", "y"),
                *("--crs", "EPSG:3035", "--out", place / out, "--probability", place / also),
            )
        assert "--out" in str(caught.value) or "--probability" in str(caught.value)
    assert (place / "sites.csv").read_bytes() == before
    assert not (place / "c.tif").exists()


def test_a_table_whose_sites_reach_beyond_every_margin_is_refused(place):
    from data.radio import SITE_TABLE

    table = pd.read_csv(SITE_TABLE)
    table["eirp_dbm"] += 30
    table.to_csv(place / "loud.csv", index=False)
    propagation = pd.read_csv(SITE_TABLE.parent / "radio_propagation.csv")
    propagation["model"], propagation["environment"] = "free-space", "open"
    propagation.to_csv(place / "vacuum.csv", index=False)
    with pytest.raises(GapmapError, match="would reach"):
        run(
            *(place / "sites.csv", "--grid", place / "grid.tif", "--technology", "4G", "--x", "x", "--y", "y"),
            *("--crs", "EPSG:3035", "--out", place / "c.tif", "--radio-sites", place / "loud.csv"),
            *("--propagation", place / "vacuum.csv"),
        )
