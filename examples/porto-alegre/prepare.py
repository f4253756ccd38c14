"""Make a population grid and zones of Porto Alegre from the H3 hexagons that come with r5r.

    python examples/porto-alegre/prepare.py DATA OUT

DATA holds poa_hexgrid.csv and poa_elevation.tif. OUT gets population.tif (persons per cell of 100 m, equal-area) and
zones.geojson (the hexagons' parents, about 5 km² each). The people of a hexagon are spread evenly over it. Hexagons
that reach beyond the elevation model are left out, and their people are told.
"""

from __future__ import annotations

import sys
from pathlib import Path

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
import rasterio
import shapely
from affine import Affine
from pyproj import CRS

from geo.burn import cell_fractions
from geo.grid import Grid
from geo.raster import write_raster

EQUAL_AREA = CRS.from_proj4("+proj=laea +lat_0=-30 +lon_0=-51 +datum=WGS84 +units=m")
CELL, ZONE_LEVEL = 100.0, 7


def outlines(ids: list[str]) -> gpd.GeoSeries:
    """H3 cells as polygons in degrees."""
    rings = [[(lon, lat) for lat, lon in h3.cell_to_boundary(name)] for name in ids]
    return gpd.GeoSeries([shapely.Polygon(ring) for ring in rings], crs=4326)


def main(data: Path, out: Path) -> None:
    """Write both files."""
    out.mkdir(parents=True, exist_ok=True)
    table = pd.read_csv(data / "poa_hexgrid.csv", dtype={"id": str}).sort_values("id", ignore_index=True)
    shapes = outlines(table["id"].tolist())
    with rasterio.open(data / "poa_elevation.tif", driver="GTiff") as model:
        inside = shapes.within(shapely.box(*model.bounds)).to_numpy()
    lost = table["population"][~inside]
    print(f"{len(lost):,} of {len(table):,} hexagons reach beyond the elevation model: {lost.sum():,} people left out")
    table, hexagons = table[inside].reset_index(drop=True), shapes[inside].reset_index(drop=True).to_crs(EQUAL_AREA)
    west, south, east, north = hexagons.total_bounds
    left, top = np.floor(west / 1000) * 1000, np.ceil(north / 1000) * 1000
    columns, rows = (10 * int(np.ceil(span / 1000)) for span in (east - left, top - south))
    grid = Grid(EQUAL_AREA, Affine(CELL, 0, left, 0, -CELL, top), (rows, columns))
    index, cell, fraction = cell_fractions(hexagons, grid)
    share = fraction / np.bincount(index, weights=fraction)[index]
    people = np.bincount(cell, weights=share * table["population"].to_numpy(float)[index], minlength=grid.size)
    write_raster(out / "population.tif", people.reshape(grid.shape), grid, nodata=None)
    parents = sorted({h3.cell_to_parent(name, ZONE_LEVEL) for name in table["id"]})
    # parents do not hold their children exactly: the zones are what the children make up
    names = [h3.cell_to_parent(name, ZONE_LEVEL) for name in table["id"]]
    shapes = [shapely.union_all(hexagons[[name == parent for name in names]].to_numpy()) for parent in parents]
    zones = gpd.GeoDataFrame({"id": parents, "name": [f"Hexagon {name[2:9]}" for name in parents]}, geometry=shapes)
    zones.set_crs(EQUAL_AREA).to_crs(4326).to_file(out / "zones.geojson", driver="GeoJSON")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
