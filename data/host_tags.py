"""Which OpenStreetMap places could host public WiFi: rules on tags, one place at a time.

Source: the OpenStreetMap wiki, pages "Map features" (what the values below mean), "Key:access", "Key:internet_access"
(only what is open to the public is tagged) and "Key:internet_access:fee" (``yes`` is a charge even for customers,
``customers`` is none for them, ``no`` none for anybody).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.hosts import HAS_WIFI

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("school", (("amenity", "school"),)),
    ("college", (("amenity", "college"),)),
    ("university", (("amenity", "university"),)),
    ("library", (("amenity", "library"),)),
    ("town hall", (("amenity", "townhall"),)),
    ("community centre", (("amenity", "community_centre"),)),
    ("clinic", (("amenity", "clinic"),)),
    ("hospital", (("amenity", "hospital"),)),
    ("market", (("amenity", "marketplace"),)),
    ("post office", (("amenity", "post_office"),)),
    ("bus station", (("amenity", "bus_station"),)),
    ("ferry terminal", (("amenity", "ferry_terminal"),)),
    ("clinic", (("healthcare", "clinic"),)),
    ("clinic", (("healthcare", "centre"),)),
    ("hospital", (("healthcare", "hospital"),)),
    ("railway station", (("railway", "station"),)),
    ("bus station", (("public_transport", "station"), ("bus", "yes"))),
    ("government office", (("office", "government"),)),
    ("park", (("leisure", "park"),)),
    ("square", (("place", "square"),)),
    ("public building", (("building", "public"),)),
    ("public building", (("building", "civic"),)),
)
"""Our category, and the tags that a place must all have; the first that fits is taken, use before building.
Kindergartens, doctors' practices, and what was only built as a school or town hall (``building=school``) are none."""

SHUT = frozenset(["private", "no"])
"""Values of ``access`` that keep the public out."""

GONE = ("disused", "abandoned")
"""Keys that, with ``yes``, say that the place is out of use."""


def asked_tags() -> tuple[tuple[str, str], ...]:
    """One tag (key, value) of every kind, by which places are looked up before the rules decide."""
    return tuple(tags[0] for _, tags in KINDS)


def category(tags: Mapping[str, str]) -> str | None:
    """Our category of a place, or None when it is no host."""
    return next((kind for kind, wanted in KINDS if all(tags.get(key) == value for key, value in wanted)), None)


def offers_wifi(tags: Mapping[str, str]) -> bool:
    """Whether a place says that it has WiFi which the public may use without paying for it.

    Parameters
    ----------
    tags : mapping of str to str
        ``internet_access`` is looked at, which may list several values, and ``internet_access:fee``.

    Returns
    -------
    bool
        False where nothing is said, and where ``internet_access:fee=yes``: WiFi at a charge serves those who can pay.
    """
    offered = {part.strip() for part in tags.get("internet_access", "").casefold().split(";")}
    return not offered.isdisjoint(HAS_WIFI) and tags.get("internet_access:fee") != "yes"
