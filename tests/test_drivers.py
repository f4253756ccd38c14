"""Nothing beyond the allowed formats can be opened, in either of the two GDALs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from geo.drivers import ALLOWED, forbid

LIST = """
import geo
if {first!r} == "rasterio":
    import rasterio, pyogrio
else:
    import pyogrio, rasterio
from rasterio.env import Env
with Env() as env:
    rasters = set(env.drivers())
vectors = set(pyogrio.list_drivers())
print(sorted(rasters), sorted(vectors), sep="\\n")
"""


@pytest.mark.parametrize("first", ["rasterio", "pyogrio"])
def test_only_allowed_drivers_are_registered(first):
    code = LIST.format(first=first)
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("GDAL_", "OGR_", "CPL_"))}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=clean)
    rasters, vectors = (set(eval(line)) for line in done.stdout.splitlines())
    assert rasters <= ALLOWED, rasters - ALLOWED
    assert vectors <= ALLOWED, vectors - ALLOWED
    assert "GTiff" in rasters
    assert {"GPKG", "GeoJSON"} <= vectors
    assert done.stderr == ""


def test_formats_that_reach_out_are_not_allowed():
    assert ALLOWED.isdisjoint({"VRT", "OGR_VRT", "WMS", "WFS", "HTTP", "GDALG", "DERIVED", "PDF", "SQLite", "CSV"})


def test_a_skip_list_from_outside_does_not_open_formats(monkeypatch):
    monkeypatch.setenv("GDAL_SKIP", "")
    monkeypatch.setenv("OGR_SKIP", "")
    forbid()
    assert "VRT" in os.environ["GDAL_SKIP"].split(",")
    assert "OGR_VRT" in os.environ["OGR_SKIP"].split(",")
