"""The formats GDAL may open, fixed before any GDAL starts.

A file from outside can be text that makes GDAL read other files (VRT), ask a server (WMS, HTTP) or run code, whatever
its name ends in. GDAL reads its skip lists once, when it registers its drivers, so `forbid` must run before rasterio or
pyogrio is imported; `geo/__init__.py` does that. A test asserts that nothing beyond `ALLOWED` is registered.
"""

from __future__ import annotations

import logging
import os

ALLOWED = frozenset(
    {
        "GTiff",
        "COG",
        "MEM",
        "Memory",
        "GPKG",
        "GeoJSON",
        "GeoJSONSeq",
        "ESRI Shapefile",
        "FlatGeobuf",
        "GML",
        "KML",
        "OSM",
        "PNG",
    }
)

_DENIED = (
    "AAIGrid · ACE2 · ADBC · ADRG · AIG · AIVector · AVCBin · AVCE00 · AirSAR · AmigoCloud · BAG · BIGGIF · "
    "BLX · BMP · BSB · BT · BYN · CALS · CEOS · COASP · COSAR · CPG · CSV · CSW · CTG · CTable2 · Carto · "
    "DAAS · DERIVED · DGN · DIMAP · DIPEx · DOQ1 · DOQ2 · DTED · DXF · ECRGTOC · EDIGEO · EEDA · EEDAI · EHdr "
    "· EIR · ELAS · ENVI · ERS · ESAT · ESRIC · ESRIJSON · Elasticsearch · FAST · FIT · GDALG · GFF · GIF · "
    "GNMDatabase · GNMFile · GPSBabel · GPX · GRASSASCIIGrid · GRIB · GS7BG · GSAG · GSBG · GSC · GTFS · GTI "
    "· GTX · GXF · GenBin · GeoRSS · HDF5 · HDF5Image · HF2 · HFA · HTTP · ILWIS · IRIS · ISCE · ISG · ISIS2 "
    "· ISIS3 · Idrisi · JAXAPALSAR · JDEM · JML · JP2OpenJPEG · JPEG · JSONFG · KMLSUPEROVERLAY · KRO · L1B · "
    "LAN · LCP · LIBKML · LOSLAS · LVBAG · Leveller · MAP · MBTiles · MFF · MFF2 · MRF · MSGN · MVT · "
    "MapInfo File · MapML · MiraMonVector · NDF · NGSGEOID · NGW · NITF · NOAA_B · NSIDCbin · NTv2 · NWT_GRC "
    "· NWT_GRD · OAPIF · ODS · OGCAPI · OGR_GMT · OGR_PDS · OGR_VRT · OZI · OpenFileGDB · PAux · PCIDSK · "
    "PCRaster · PDF · PDS · PDS4 · PGDUMP · PLMOSAIC · PLSCENES · PMTiles · PNM · PRF · R · RIK · RMF · "
    "ROI_PAC · RPFTOC · RRASTER · RS2 · RST · Rasterlite · S102 · S104 · S111 · S57 · SAFE · SAGA · SAR_CEOS "
    "· SDTS · SENTINEL2 · SGI · SIGDEM · SNAP_TIFF · SNODAS · SQLite · SRP · SRTMHGT · STACIT · STACTA · SXF "
    "· Selafin · TGA · TIL · TSX · Terragen · TopoJSON · USGSDEM · VDV · VFK · VICAR · VRT · WAsP · WCS · "
    "WEBP · WFS · WMS · WMTS · XLSX · XPM · XYZ · ZMap · Zarr · netCDF"
)


def _is_news(record: logging.LogRecord) -> bool:
    return "GDAL_SKIP" not in record.getMessage()


def forbid() -> None:
    """Set GDAL's skip lists and switch off its network and directory-scanning habits in this process."""
    skip = ",".join(_DENIED.split(" · "))
    os.environ["GDAL_SKIP"] = skip
    os.environ["OGR_SKIP"] = skip
    # each of the two GDALs is told to skip drivers that only the other has; that is no news
    os.environ.setdefault("CPL_LOG", os.devnull)
    logging.getLogger("rasterio._env").addFilter(_is_news)
    os.environ["GDAL_DISABLE_READDIR_ON_OPEN"] = "EMPTY_DIR"
    os.environ["CPL_VSIL_CURL_ALLOWED_EXTENSIONS"] = ".none"
