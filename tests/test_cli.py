"""The command as a person meets it: exit codes, one clear error, nothing left half-written, light `--help`."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from affine import Affine
from conftest import ROOT
from pyproj import CRS

from geo.grid import Grid
from geo.raster import read_raster, write_raster

GRID = Grid(CRS.from_epsg(3035), Affine(1000, 0, 4_000_000, 0, -1000, 3_010_000), (10, 10))


def gapmap(*arguments, cwd=None, **env):
    command = [sys.executable, "-m", "analysis.cli", *map(str, arguments)]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=cwd or ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        check=False,
    )


def test_help_loads_nothing_heavy():
    code = "import sys, analysis.cli; print([m for m in ('numpy','pandas','rasterio','streamlit','numba') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert out.stdout.strip() == "[]"


def test_help_names_every_command():
    out = gapmap("--help")
    assert out.returncode == 0
    for name in ("demo", "run", "check", "degurba", "explain", "app"):
        assert name in out.stdout


def test_degurba_writes_int16_on_the_input_grid(tmp_path):
    people = np.zeros(GRID.shape)
    people[2:8, 2:8] = 2000.0
    write_raster(tmp_path / "pop.tif", people, GRID, nodata=None)
    out = gapmap("degurba", tmp_path / "pop.tif", "--out", tmp_path / "classes.tif", "--json")
    assert out.returncode == 0, out.stderr
    codes, grid = read_raster(tmp_path / "classes.tif")
    assert grid == GRID
    assert (codes[3:7, 3:7] == 30).all()
    assert codes[0, 0] == 11
    assert json.loads(out.stdout)["30"] == 72_000
    level1 = gapmap("degurba", tmp_path / "pop.tif", "--out", tmp_path / "l1.tif", "--level", 1)
    assert level1.returncode == 0
    assert set(np.unique(read_raster(tmp_path / "l1.tif")[0])) <= {0, 1, 2, 3}
    import rasterio

    with rasterio.open(tmp_path / "l1.tif") as dataset:
        assert dataset.dtypes == ("int16",)


def test_degurba_lists_every_fault_and_writes_nothing(tmp_path):
    people = np.full(GRID.shape, -99999.0)
    write_raster(tmp_path / "pop.tif", people, GRID, nodata=None)
    (tmp_path / "cut.tif").write_bytes((tmp_path / "pop.tif").read_bytes()[:200])
    out = gapmap(
        "degurba", tmp_path / "pop.tif", "--built", tmp_path / "cut.tif", "--land", tmp_path / "none.tif",
        "--out", tmp_path / "c.tif",
    )  # fmt: skip
    assert out.returncode == 2
    assert "3 faults in the input" in out.stderr
    for part in ("100 negative cells, lowest -99999", "cut.tif", "none.tif", "no such file", "Mend:"):
        assert part in out.stderr
    assert not (tmp_path / "c.tif").exists()
    assert "Traceback" not in out.stderr


def test_unknown_variant_gets_a_suggestion(tmp_path):
    write_raster(tmp_path / "pop.tif", np.ones(GRID.shape), GRID, nodata=None)
    out = gapmap("degurba", tmp_path / "pop.tif", "--out", tmp_path / "c.tif", "--variant", "ghsl-r2023")
    assert out.returncode == 2
    assert "ghsl-r2023a" in out.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "none.toml", "--out", "x"),
        ("check", "none.toml"),
        ("explain", "none", "--zone", "a"),
        ("explain", "none"),
        ("run",),
        ("nonsense",),
    ],
)
def test_wrong_use_is_exit_2_without_a_traceback(tmp_path, arguments):
    out = gapmap(*arguments, cwd=tmp_path)
    assert out.returncode == 2
    assert "Traceback" not in out.stderr
    assert out.stderr.strip()
    assert list(tmp_path.iterdir()) == []


def test_run_refuses_to_replace_what_is_not_a_results_folder(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("keep")
    (tmp_path / "r.toml").write_text("name='x'\n[population]\nfile='p.tif'\n[zones]\nfile='z'\nid='a'\nname='b'\n")
    out = gapmap("run", tmp_path / "r.toml", "--out", tmp_path / "mine")
    assert out.returncode == 2
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "keep"
