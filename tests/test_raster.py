"""GeoTIFF in and out: nodata, strips, and every way a file can be no GeoTIFF."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import CRS

from geo import raster
from geo.errors import CRSError, GridError, SourceError
from geo.grid import Grid
from geo.raster import raster_grid, read_raster, read_strips, write_raster

GRID = Grid(CRS(3035), Affine(1000, 0, 4_000_000, 0, -1000, 3_000_000), (5, 3))
VALUES = np.arange(15, dtype=np.float32).reshape(5, 3)


def plain(path, **profile):
    options = {"driver": "GTiff", "height": 5, "width": 3, "count": 1, "dtype": "float32", "crs": "EPSG:3035"}
    with rasterio.open(path, "w", **{**options, "transform": GRID.transform, **profile}) as dataset:
        dataset.write(VALUES.astype(profile.get("dtype", "float32")), 1)
    return path


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "a.tif"
    write_raster(path, VALUES, GRID, nodata=7, tags={"licence": "CC0"})
    values, grid = read_raster(path)
    expected = VALUES.astype(float)
    expected[2, 1] = np.nan
    np.testing.assert_array_equal(values, expected)
    assert values.dtype == np.float64
    assert grid == GRID == raster_grid(path)
    assert [p.name for p in tmp_path.iterdir()] == ["a.tif"]
    with rasterio.open(path) as dataset:
        assert dataset.tags()["licence"] == "CC0"


def test_a_palette_is_written(tmp_path):
    write_raster(tmp_path / "a.tif", VALUES.astype(np.uint8), GRID, nodata=None, colours={3: (255, 0, 9)})
    with rasterio.open(tmp_path / "a.tif") as dataset:
        assert dataset.colormap(1)[3] == (255, 0, 9, 255)


@pytest.mark.parametrize(
    ("dtype", "nodata"), [("float32", -3.4028234663852886e38), ("uint32", 4294967295), ("float32", np.nan)]
)
def test_nodata_of_any_type_is_not_known(tmp_path, dtype, nodata):
    values = VALUES.astype(dtype)
    values[0, 0] = nodata
    write_raster(tmp_path / "a.tif", values, GRID, nodata=nodata)
    read, _ = read_raster(tmp_path / "a.tif")
    assert np.isnan(read[0, 0])
    assert np.isnan(read).sum() == 1


def test_strips_are_the_whole_in_pieces(tmp_path):
    path = plain(tmp_path / "a.tif")
    strips = list(read_strips(path, rows=2))
    assert [row for row, _ in strips] == [0, 2, 4]
    np.testing.assert_array_equal(np.vstack([strip for _, strip in strips]), read_raster(path)[0])


def test_real_grids_are_read(belgium):
    values, grid = read_raster(belgium / "BUILT_S.tif")
    assert grid.crs.to_authority() == ("ESRI", "54009")
    assert grid.shape == (219, 303)
    assert np.nanmax(values) <= 1e6


def test_missing_directory_and_text_are_refused(tmp_path):
    with pytest.raises(SourceError, match=r"absent\.tif: no such file"):
        read_raster(tmp_path / "absent.tif")
    with pytest.raises(SourceError, match="a directory"):
        raster_grid(tmp_path)
    for name, content in (("empty.tif", ""), ("words.tif", "not a picture")):
        (tmp_path / name).write_text(content)
        with pytest.raises(SourceError, match=name):
            read_raster(tmp_path / name)


def test_a_file_cut_short_is_refused(tmp_path):
    path = tmp_path / "a.tif"
    big = Grid(GRID.crs, GRID.transform, (600, 600))
    write_raster(path, np.random.default_rng(0).random(big.shape), big, nodata=None)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(SourceError, match=r"a\.tif"):
        read_raster(path)
    with pytest.raises(SourceError, match=r"a\.tif"):
        list(read_strips(path))


def test_a_recipe_that_reads_other_files_is_refused_whatever_its_name(tmp_path):
    secret = plain(tmp_path / "secret.tif")
    recipe = tmp_path / "population.tif"
    recipe.write_text(
        '<VRTDataset rasterXSize="3" rasterYSize="5"><SRS>EPSG:3035</SRS>'
        "<GeoTransform>4000000,1000,0,3000000,0,-1000</GeoTransform>"
        f'<VRTRasterBand dataType="Float32" band="1"><SimpleSource><SourceFilename>{secret}</SourceFilename>'
        "<SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>"
    )
    with pytest.raises(SourceError, match=r"population\.tif"):
        read_raster(recipe)


def test_no_crs_and_no_place_are_refused(tmp_path):
    with pytest.raises(CRSError, match="never guessed"):
        read_raster(plain(tmp_path / "a.tif", crs=None))
    with pytest.raises(GridError, match="north-up"):
        read_raster(plain(tmp_path / "b.tif", transform=Affine(1, 0.5, 0, 0.5, -1, 0)))


def test_too_large_to_hold_is_refused_before_reading(tmp_path, monkeypatch):
    monkeypatch.setattr(raster, "MAX_CELLS", 14)
    with pytest.raises(SourceError, match="15 cells are more than 14"):
        read_raster(plain(tmp_path / "a.tif"))


def test_a_write_that_cannot_be_leaves_nothing(tmp_path):
    with pytest.raises(GridError, match="do not fit"):
        write_raster(tmp_path / "a.tif", VALUES.T, GRID, nodata=None)
    with pytest.raises(SourceError, match="cannot be written"):
        write_raster(tmp_path / "absent" / "a.tif", VALUES, GRID, nodata=None)
    assert list(tmp_path.iterdir()) == []
