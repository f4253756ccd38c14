"""Colours that survive colour-blindness and grey print, and round class breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# dark to light, equally spaced samples of the published tables
VIRIDIS = ("440154", "472f7d", "3b528b", "2c728e", "21918c", "28ae80", "5ec962", "addc30", "fde725")
CIVIDIS = ("00224e", "123570", "3b496c", "575d6d", "707173", "8a8678", "a59c74", "c3b369", "e1cc55", "fee838")

SETTLEMENT = {
    30: "ff0000",
    23: "732600",
    22: "a87000",
    21: "ffff00",
    13: "375623",
    12: "abcd66",
    11: "cdf57a",
    10: "7ab6f5",
}
"""Colours of the Degree of Urbanisation level 2 classes, those of the GHSL settlement model."""

NONE = "efe7d6"
NO_WAY = "96512f"
"""Known to be out of reach: a hue that none of the ramps holds, for all kinds of colour vision."""

INSIDE = "c51b8a"
"""Areas laid over cells: likewise outside the ramps."""

UNKNOWN = "c9ced6"
UNKNOWN_LINE = "7b8494"

STATES = {
    "no_signal": "440154",
    "below_broadband": "3b528b",
    "mobile_broadband": "21918c",
    "declared_4g": "5ec962",
    "declared_5g": "addc30",
    "usable": "fde725",
    "unknown": "c9ced6",
}
"""One colour a service state, from dark (nothing) to light; unknown is grey, outside the scale."""

STATE_WORDS = {name: name.replace("_", " ").replace("4g", "4G").replace("5g", "5G") for name in STATES}
"""Names of the service states for people."""


CLUSTERS = {
    "high-high": ("a50026", "HH"),
    "high-low": ("f8a35b", "HL"),
    "not significant": ("f3efe6",),
    "low-high": ("a9d5e8", "LH"),
    "low-low": ("3f6db3", "LL"),
}
"""Colour and mark of each kind of cluster: opposite hues for all kinds of colour vision, and told apart in grey too."""

DIMENSIONS = {
    "availability": "0072b2",
    "quality": "56b4e9",
    "public_access": "009e73",
    "affordability": "e69f00",
    "devices": "d55e00",
    "skills": "cc79a7",
    "power": "f0e442",
}
"""One colour a dimension of the index: those of Okabe and Ito (2008), apart for all kinds of colour vision."""


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green, blue (0 to 255) of six hexadecimal digits."""
    return int(colour[:2], 16), int(colour[2:4], 16), int(colour[4:], 16)


def ramp(table: tuple[str, ...], *, count: int) -> list[str]:
    """`count` colours from light to dark, equally spaced along a dark-to-light table."""
    stops = np.array([rgb(colour) for colour in reversed(table)], dtype=np.float64)
    at = np.linspace(0, len(stops) - 1, count) if count > 1 else np.array([len(stops) / 2])
    mixed = np.column_stack([np.interp(at, np.arange(len(stops)), stops[:, band]) for band in range(3)])
    return ["".join(f"{int(part):02x}" for part in np.rint(row)) for row in mixed]


def breaks(values: NDArray[np.float64], *, most: int = 6) -> list[float]:
    """Round inner class breaks (1, 2 or 5 times a power of ten) near equal counts of the values of at least 0.5.

    Parameters
    ----------
    values : float64 array
        NaN and values under 0.5 are left out.
    most : int
        At most this many breaks.

    Returns
    -------
    list of float
        Ascending, distinct; [1.0] when there is no value.
    """
    present = values[np.isfinite(values) & (values >= 0.5)]
    if present.size == 0:
        return [1.0]
    wanted = np.quantile(present, [*np.linspace(0, 1, most + 1)[1:-1], 0.97])
    series = np.array([m * 10.0**e for e in range(10) for m in (1, 2, 5)])
    near = np.abs(np.log(series[:, None]) - np.log(np.maximum(wanted, 1)[None, :])).argmin(axis=0)
    return [float(value) for value in np.unique(series[near])]
