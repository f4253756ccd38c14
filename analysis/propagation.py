"""Footprints of sites: how far each serves, by what stands around it and the person, over terrain where known."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.radio.budget import allowed_median_loss_db, link
from analysis.radio.reach import Reach, link_reach, nominal_reach
from data.coverage import MARGIN_KM, RADIUS_CLASSES, TECHNOLOGIES, VARIANTS
from geo.discs import disc_fractions
from geo.errors import Fault, SchemaError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.scenario import Radio
    from data.region import Region
    from data.terrain import Dem
    from geo.grid import Grid

TERRAIN_SIGMA_DB = 8.0
"""Shadowing left over where the profile is known, in dB; 3GPP TR 38.901 takes 8 dB for RMa out of sight."""


@dataclass(frozen=True)
class Propagation:
    """What is needed to say where a site of a technology serves.

    Attributes
    ----------
    grid : Grid
    around : int64 array (ny, nx)
        Index into `RADIUS_CLASSES` of what stands around the people of each cell.
    reach : Reach
        Distances at the run's confidence.
    confidence : float
        Probability of signal at the edge.
    dem : Dem or None
        Elevation; None = no terrain in this run.
    links : (sites, propagation) or None
        Tables of the link budget; None = nominal radii.
    """

    grid: Grid
    around: NDArray[np.int64]
    reach: Reach
    confidence: float
    dem: Dem | None
    links: tuple[pd.DataFrame, pd.DataFrame] | None

    @property
    def model(self) -> str:
        """What footprints rest on: ``terrain``, ``link budget`` or ``nominal radii``."""
        if self.links is None:
            return "nominal radii"
        return "link budget" if self.dem is None else "terrain"

    def site_class(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
        """Index into `RADIUS_CLASSES` of what stands around each site; beyond the grid: rural."""
        cell = self.grid.locate(x, y)
        return np.where(cell >= 0, self.around.ravel()[np.maximum(cell, 0)], len(RADIUS_CLASSES) - 1)

    def radii(self, sites: pd.DataFrame, *, variant: str) -> NDArray[np.float64]:
        """Distance in metres to which each site serves people of each class, float64 (n, 3)."""
        around = self.site_class(sites["x"].to_numpy(), sites["y"].to_numpy())
        out = np.empty((len(sites), len(RADIUS_CLASSES)))
        technology = sites["technology"].to_numpy()
        for name in TECHNOLOGIES:
            chosen = technology == name
            if chosen.any():
                out[chosen] = self.reach.metres[variant, name][around[chosen]]
        return out

    def covered(self, sites: pd.DataFrame, *, variant: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Fraction of each cell that any of the sites serves, and fraction for which the terrain does not tell.

        Parameters
        ----------
        sites : DataFrame
            ``technology, x, y`` (grid CRS).
        variant : {'low', 'central', 'high'}

        Returns
        -------
        fraction, unknown : float64 arrays (ny, nx)
            0–1; their sum is at most 1.
        """
        if self.dem is not None and self.links is not None:
            return self._over_terrain(sites, variant=variant)
        radii = self.radii(sites, variant=variant)
        x, y = sites["x"].to_numpy(), sites["y"].to_numpy()
        return self._discs(x, y, radii), np.zeros(self.grid.shape)

    def _discs(self, x: NDArray[np.float64], y: NDArray[np.float64], radii: NDArray[np.float64]) -> NDArray[np.float64]:
        """Union of discs whose radius depends on what stands around the person: each class's cells take its own."""
        out = np.zeros(self.grid.shape)
        same = bool((radii == radii[:, :1]).all())
        for index in range(1 if same else len(RADIUS_CLASSES)):
            here = np.ones(self.grid.shape, dtype=bool) if same else self.around == index
            if here.any():
                out[here] = disc_fractions(x, y, radii[:, index], self.grid, on_ground=True)[here]
        return out

    def _over_terrain(self, sites: pd.DataFrame, *, variant: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        from analysis.radio.terrain import terrain_field

        assert self.dem is not None
        assert self.links is not None
        table = self.terrain_links(sites, variant=variant)
        field = terrain_field(
            sites["x"].to_numpy(),
            sites["y"].to_numpy(),
            frequency_mhz=table["frequency_mhz"],
            base_height_m=table["base_height_m"],
            allowed_db=table["allowed_db"],
            mobile_height_m=_one_height(self.links[1]),
            max_m=np.full(len(sites), MARGIN_KM * 1000),
            person_class=self.around,
            grid=self.grid,
            dem=self.dem,
        )
        return field.fraction, field.unknown

    def terrain_links(self, sites: pd.DataFrame, *, variant: str) -> dict[str, NDArray[np.float64]]:
        """Frequency, height (n,) and largest median loss over terrain (n, 3) of each site at the run's confidence."""
        from analysis.radio.clutter import clutter_loss_db

        assert self.links is not None
        around = self.site_class(sites["x"].to_numpy(), sites["y"].to_numpy())
        out = {
            "frequency_mhz": np.empty(len(sites)),
            "base_height_m": np.empty(len(sites)),
            "allowed_db": np.empty((len(sites), 3)),
        }
        technology = sites["technology"].to_numpy()
        for name in sorted(set(technology)):
            for own, site_class in enumerate(RADIUS_CLASSES):
                chosen = (technology == name) & (around == own)
                for index, person in enumerate(RADIUS_CLASSES if chosen.any() else ()):
                    found = link(
                        *self.links, technology=name, site_class=site_class, person_class=person, variant=variant
                    )
                    clutter = clutter_loss_db(
                        found.frequency_mhz,
                        mobile_height_m=found.mobile_height_m,
                        clutter_m=found.clutter_m,
                        environment=person,
                    )
                    sigma = found.sigma_db if found.sigma_db is not None else TERRAIN_SIGMA_DB
                    allowed = allowed_median_loss_db(found, confidence=self.confidence, sigma_db=sigma)
                    out["frequency_mhz"][chosen] = found.frequency_mhz
                    out["base_height_m"][chosen] = found.base_height_m
                    out["allowed_db"][chosen, index] = allowed - clutter
        return out

    def require_terrain_order(self) -> None:
        """Raise SchemaError where a lower variant would allow more loss over terrain than a higher one."""
        assert self.links is not None
        faults: list[Fault] = []
        x, y = self.grid.centres(np.zeros(1, dtype=np.int64))
        for technology in TECHNOLOGIES:
            one = pd.DataFrame({"technology": [technology], "x": x, "y": y})
            found = {v: self.terrain_links(one, variant=v)["allowed_db"][0] for v in VARIANTS}
            for lower, higher in pairwise(VARIANTS):
                for index in np.flatnonzero(found[lower] > found[higher] + 1e-9):
                    problem = (
                        f"{technology}, {RADIUS_CLASSES[index]}: {lower} allows more loss over terrain than {higher}"
                    )
                    name = str(self.links[1].attrs.get("file", "propagation table"))
                    faults.append(Fault(name, problem, "set clutter_m and terrain_loss_db in order", "terrain_loss_db"))
        if faults:
            raise SchemaError(faults)


def _one_height(propagation: pd.DataFrame) -> float:
    """Height of the person's phone, which over terrain must be one and the same in every row."""
    heights = sorted({float(height) for height in propagation["mobile_height_m"]})
    if len(heights) != 1:
        problem = f"{len(heights)} heights ({', '.join(f'{height:g}' for height in heights)}); terrain needs one"
        name = str(propagation.attrs.get("file", "propagation table"))
        raise SchemaError(
            [Fault(name, problem, "give the same height in every row, or run without terrain", "mobile_height_m")]
        )
    return heights[0]


def require_reach(reach: Reach) -> None:
    """Raise SchemaError for footprints wider than the margin in which sites around a region are looked for."""
    faults = [
        Fault(
            "link budget or footprints",
            f"{technology}, {variant}: a site would reach {metres.max() / 1000:,.0f} km",
            f"no footprint reaches beyond {MARGIN_KM:g} km; correct the table that says so",
        )
        for (variant, technology), metres in sorted(reach.metres.items())
        if metres.max() > MARGIN_KM * 1000
    ]
    if faults:
        raise SchemaError(faults)


def radius_class(settlement: NDArray[np.int16]) -> NDArray[np.int64]:
    """Index into `RADIUS_CLASSES` of level 2 settlement codes: urban centre, urban cluster, everything else."""
    codes = np.asarray(settlement)
    return np.where(codes == 30, 0, np.where(codes >= 20, 1, 2)).astype(np.int64)


def make_propagation(region: Region, settlement: NDArray[np.int16], *, radio: Radio) -> Propagation:
    """Footprint model of a region: the region's own nominal radii where it gives them, else the link budget.

    Parameters
    ----------
    region : Region
    settlement : int16 array (ny, nx)
        Level 2 codes.
    radio : Radio
        Confidence at the edge, and whether terrain is used.
    """
    links = None if region.radii is not None else region.links
    if region.radii is not None:
        reach = nominal_reach(region.radii)
    else:
        reach = link_reach(*region.links, confidence=radio.confidence)
    require_reach(reach)
    dem = region.dem if radio.terrain else None
    model = Propagation(region.grid, radius_class(settlement), reach, radio.confidence, dem, links)
    if model.model == "terrain":
        model.require_terrain_order()
    return model
