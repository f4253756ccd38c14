"""Where: grids, coordinate reference systems, raster, vector and table. No domain word lives here."""

from geo.drivers import forbid

forbid()
