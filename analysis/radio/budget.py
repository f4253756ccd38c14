"""The link budget: from what a site sends to the probability of signal at a distance, and back to a radius."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri

from analysis.radio.models import path_loss, validity
from geo.errors import RangeError

if TYPE_CHECKING:
    from collections.abc import Hashable

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

_SAMPLES = 512
"""Distances tried at each step of the search for a radius, spaced by ratio."""

_TOLERANCE_KM = 1e-7


@dataclass(frozen=True)
class Link:
    """One site serving people in one kind of surroundings.

    Attributes
    ----------
    technology : str
    frequency_mhz : float
    eirp_dbm : float
        Of the reference signal: 2G the carrier, 3G CPICH, 4G and 5G one resource element.
    base_height_m, mobile_height_m : float
        Above ground.
    threshold_dbm : float
        Least RXLEV, RSCP or RSRP that counts as signal.
    model, environment : str
        See `analysis.radio.models`.
    sigma_db : float or None
        Standard deviation of the shadowing; None = the model's own.
    clutter_m : float
        Height of what stands around the person; only a terrain model uses it.
    extra_loss_db : float
        Taken off besides the model's path loss, such as a body or a car, or what the model's own rows ask for.
    terrain_loss_db : float
        Taken off in its place where the median comes from the terrain.
    """

    technology: str
    frequency_mhz: float
    eirp_dbm: float
    base_height_m: float
    mobile_height_m: float
    threshold_dbm: float
    model: str
    environment: str
    sigma_db: float | None
    clutter_m: float
    extra_loss_db: float
    terrain_loss_db: float = 0.0


@dataclass(frozen=True)
class LinkTables:
    """Tables of the link budget, ready to be asked many times.

    Attributes
    ----------
    sent : dict of (technology, site class) to list of rows of the site table
    travelled : dict of (variant, person class) to list of (row number, row) of the propagation table
    """

    sent: dict[tuple[str, str], list[dict[Hashable, Any]]]
    travelled: dict[tuple[str, str], list[tuple[int, dict[Hashable, Any]]]]

    @classmethod
    def of(cls, sites: pd.DataFrame, propagation: pd.DataFrame) -> LinkTables:
        """Index tables as `data.radio` reads them."""
        tables = cls({}, {})
        for row in sites.to_dict("records"):
            tables.sent.setdefault((row["technology"], row["settlement"]), []).append(row)
        for number, row in zip(map(int, propagation.index), propagation.to_dict("records"), strict=True):
            tables.travelled.setdefault((row["variant"], row["settlement"]), []).append((number, row))
        return tables

    def row(self, *, frequency_mhz: float, person_class: str, variant: str) -> tuple[int, dict[Hashable, Any]]:
        """Row (and its number) that holds at a frequency: its lower end included, its upper not, but for the last."""
        rows = self.travelled.get((variant, person_class), [])
        top = max((row["frequency_to_mhz"] for _, row in rows), default=0.0)
        for number, row in rows:
            low, high = row["frequency_from_mhz"], row["frequency_to_mhz"]
            if low <= frequency_mhz < high or frequency_mhz == high == top:
                return number, row
        raise RangeError(f"no row of the propagation table holds for {variant}, {person_class} at {frequency_mhz} MHz")

    def link(self, *, technology: str, site_class: str, person_class: str, variant: str) -> Link:
        """See `link`."""
        own = self.sent.get((technology, site_class), [])
        if len(own) != 1:
            raise RangeError(f"{len(own)} rows say what a {technology} site in {site_class} surroundings sends")
        frequency = float(own[0]["frequency_mhz"])
        _, row = self.row(frequency_mhz=frequency, person_class=person_class, variant=variant)
        sigma = float(row["sigma_db"])
        found = Link(
            technology=technology,
            frequency_mhz=frequency,
            eirp_dbm=float(own[0]["eirp_dbm"]),
            base_height_m=float(own[0]["base_height_m"]),
            mobile_height_m=float(row["mobile_height_m"]),
            threshold_dbm=float(own[0]["threshold_dbm"]),
            model=str(row["model"]),
            environment=str(row["environment"]),
            sigma_db=None if math.isnan(sigma) else sigma,
            clutter_m=float(row["clutter_m"]),
            extra_loss_db=float(row["extra_loss_db"]),
            terrain_loss_db=float(row["terrain_loss_db"]),
        )
        model_base_height_m(found)
        return found


def link(
    sites: pd.DataFrame,
    propagation: pd.DataFrame,
    *,
    technology: str,
    site_class: str,
    person_class: str,
    variant: str,
) -> Link:
    """Link of a site of one class to people in surroundings of another.

    Parameters
    ----------
    sites, propagation : DataFrame
        See `data.radio.read_site_links` and `data.radio.read_propagation`.
    technology : {'2G', '3G', '4G', '5G'}
    site_class, person_class : str
        Of `data.coverage.RADIUS_CLASSES`.
    variant : {'low', 'central', 'high'}

    Returns
    -------
    Link
        With the antenna's own height, even where the model is asked for a lower one (`model_base_height_m`).

    Raises
    ------
    RangeError
        The tables have no row for it, or the antenna is lower than the model holds for.
    """
    tables = LinkTables.of(sites, propagation)
    return tables.link(technology=technology, site_class=site_class, person_class=person_class, variant=variant)


def model_base_height_m(link: Link) -> float:
    """Antenna height that the link's model is asked for: the highest it knows for antennas above that.

    Every model here loses less from a higher antenna, so this errs towards less coverage. The 3GPP models for cities
    know one height only (UMa 25 m, UMi 10 m).

    Raises
    ------
    RangeError
        The antenna is lower than the model holds for.
    """
    low, high = validity(link.model, link.environment).base_height_m
    if not link.base_height_m >= low:
        raise RangeError(
            f"{link.model} ({link.environment}) holds for antennas of at least {low:g} m, "
            f"the {link.technology} site has {link.base_height_m:g} m"
        )
    return min(link.base_height_m, high)


def coverage_probability(link: Link, distance_km: ArrayLike) -> NDArray[np.float64]:
    """Probability that the signal is at least the threshold: P(loss ≤ EIRP − extra loss − threshold).

    Parameters
    ----------
    link : Link
    distance_km : float array
        On the ground, at least 0.

    Returns
    -------
    float64 array, as `distance_km`
        0–1; NaN where the distance is. A model is never extrapolated: nearer than its smallest distance the
        probability is the one there, beyond its largest it is 0.

    Raises
    ------
    RangeError
        A negative distance, or a link that its model does not hold for.
    """
    distance = np.asarray(distance_km, dtype=np.float64)
    if np.any(distance < 0):
        raise RangeError(f"a distance is at least 0 km, not {float(np.nanmin(distance))}")
    low, high = validity(link.model, link.environment).distance_km
    loss = path_loss(
        link.model,
        np.clip(np.where(np.isnan(distance), low, distance), low, high),
        frequency_mhz=link.frequency_mhz,
        base_height_m=model_base_height_m(link),
        mobile_height_m=link.mobile_height_m,
        environment=link.environment,
        sigma_db=link.sigma_db,
    )
    found = np.asarray(loss.probability(link.eirp_dbm - link.extra_loss_db - link.threshold_dbm), dtype=np.float64)
    return np.where(np.isnan(distance), np.nan, np.where(distance > high, 0.0, found))


def radius_m(link: Link, *, confidence: float = 0.9) -> float:
    """Distance up to which the probability of signal is at least `confidence` everywhere, in metres.

    Where a breakpoint makes the probability rise again farther out, the first distance that falls short counts. The
    search narrows a bracket of 512 distances until it is 0.1 mm wide.

    Returns
    -------
    float
        The model's largest distance when the probability holds up to there (it says nothing beyond); 0 when it falls
        short at the model's smallest distance already, which for Okumura–Hata and COST-231 is 1 km.

    Raises
    ------
    RangeError
        A confidence outside (0, 1), or a link that its model does not hold for.
    """
    _require_confidence(confidence)
    low, high = validity(link.model, link.environment).distance_km
    if float(coverage_probability(link, low)) < confidence:
        return 0.0
    while high - low > _TOLERANCE_KM:
        tried = np.geomspace(low, high, _SAMPLES)
        tried[0], tried[-1] = low, high
        short = np.flatnonzero(coverage_probability(link, tried) < confidence)
        if not short.size:
            return high * 1000
        first = max(int(short[0]), 1)
        low, high = float(tried[first - 1]), float(tried[first])
    return low * 1000


def _require_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise RangeError(f"a confidence lies between 0 and 1, both excluded, not {confidence}")


def fade_margin_db(sigma: float, confidence: float) -> float:
    """Margin in dB that keeps the signal above the threshold with `confidence` under log-normal shadowing.

    σ · Φ⁻¹(confidence): 10.25 dB for 8 dB at 90 %. Negative below one half.

    Raises
    ------
    RangeError
        A negative σ, or a confidence outside (0, 1).
    """
    _require_confidence(confidence)
    if not sigma >= 0:
        raise RangeError(f"a standard deviation is at least 0 dB, not {sigma}")
    return float(sigma * ndtri(confidence))


def allowed_median_loss_db(link: Link, *, confidence: float, sigma_db: float) -> float:
    """Largest median path loss at which the link still holds with `confidence`, in dB.

    EIRP − threshold − terrain loss − fade margin: for a median that comes from the terrain.

    Parameters
    ----------
    link : Link
    confidence : float
        In (0, 1).
    sigma_db : float
        Shadowing around that median (the link's own σ is not used).
    """
    return link.eirp_dbm - link.threshold_dbm - link.terrain_loss_db - fade_margin_db(sigma_db, confidence)
