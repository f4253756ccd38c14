"""Which OpenStreetMap ways people may walk on: rules on tags, one way at a time.

Sources: the OpenStreetMap wiki, pages "Key:access" (what the values mean; the key of a means of transport outranks the
general one) and "OSM tags for routing/Access restrictions" (what holds where nothing is tagged: not on motorways, on
trunk roads and all lesser ones yes, on cycleways and bridleways no). Countries differ; no national table is applied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

WALKED = frozenset(
    [
        "trunk",
        "trunk_link",
        "primary",
        "primary_link",
        "secondary",
        "secondary_link",
        "tertiary",
        "tertiary_link",
        "unclassified",
        "residential",
        "living_street",
        "service",
        "road",
        "track",
        "pedestrian",
        "footway",
        "path",
        "steps",
        "corridor",
        "crossing",
        "elevator",
    ]
)
"""Values of ``highway`` open to people on foot unless tags say otherwise."""

ASKED = frozenset(["motorway", "motorway_link", "cycleway", "bridleway", "busway", "bus_guideway", "platform"])
"""Values of ``highway`` open to people on foot only where ``foot`` says so. All others, as what is planned, under
construction or gone, are not walked."""

FORBIDS = frozenset(
    [
        "no",
        "private",
        "agricultural",
        "forestry",
        "delivery",
        "emergency",
        "military",
        "permit",
        "official_vehicles",
        "use_sidepath",
    ]
)
"""Values of ``foot`` and ``access`` that keep the public out."""

ALLOWS = frozenset(["yes", "designated", "permissive", "destination", "customers", "official", "public"])
"""Values that let the public in. Any other value is as good as no tag."""

SHUT = frozenset(["wall", "fence"])
"""Barriers, as nodes of a way, that nobody passes unless ``foot`` or ``access`` says so."""

TAGS = ("highway", "foot", "access", "motorroad", "route", "area")
"""Tags of a way that the rules look at."""

NODE_TAGS = ("barrier", "foot", "access")
"""Tags of a node that the rules look at."""


def _says(value: str | None) -> bool | None:
    """Whether a value allows or forbids; None when it says nothing. Of several values one that forbids decides."""
    values = [part.strip() for part in (value or "").split(";")]
    if any(part in FORBIDS for part in values):
        return False
    return True if any(part in ALLOWS for part in values) else None


def walkable(tags: Mapping[str, str], *, ferries: bool = False) -> bool:
    """Whether the public may walk along a way.

    Parameters
    ----------
    tags : mapping of str to str
        The way's tags; those in `TAGS` are looked at.
    ferries : bool
        Count ferries (``route=ferry``) as ways; the time they take is not known.

    Returns
    -------
    bool
        In this order: ``foot`` forbids or allows; ``access`` forbids; ``motorroad=yes`` forbids; ``highway`` is one of
        `WALKED`. Where ``foot`` allows, ``highway`` may also be one of `ASKED`. Areas (``area=yes``) are walked along
        their outline. Conditional tags, times of day and one-way footpaths are not read.
    """
    highway, foot = tags.get("highway"), _says(tags.get("foot"))
    if tags.get("route") == "ferry":
        return ferries and foot is not False and _says(tags.get("access")) is not False
    if foot is not None:
        return foot and (highway in WALKED or highway in ASKED)
    if _says(tags.get("access")) is False or tags.get("motorroad") == "yes":
        return False
    return highway in WALKED


def passable(tags: Mapping[str, str]) -> bool:
    """Whether the public may walk past a node: no shut barrier, none where ``foot`` or ``access`` forbid.

    Parameters
    ----------
    tags : mapping of str to str
        The node's tags; those in `NODE_TAGS` are looked at. Without ``barrier`` a node stops nobody.
    """
    barrier = tags.get("barrier")
    if not barrier:
        return True
    foot, access = _says(tags.get("foot")), _says(tags.get("access"))
    said = access if foot is None else foot
    return barrier not in SHUT if said is None else said
