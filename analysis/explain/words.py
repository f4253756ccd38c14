"""Words of the tables as a reader says them; `Language.say` says them in the reader's language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analysis.language import marked

if TYPE_CHECKING:
    from analysis.language import Language

STATES = {
    "unknown": marked("the best technology is not known"),
    "no_signal": marked("outside every mobile network"),
    "below_broadband": marked("2G at best"),
    "mobile_broadband": marked("3G at best"),
    "declared_4g": marked("inside a 4G footprint, quality not known or below the target"),
    "declared_5g": marked("inside a 5G footprint, quality not known or below the target"),
    "usable": marked("4G or better, and measured or dimensioned to meet the target speed"),
}
"""As `analysis.ledger.STATE_MEANING`."""

SETTLEMENT = {
    30: marked("urban centre"),
    23: marked("dense urban cluster"),
    22: marked("semi-dense urban cluster"),
    21: marked("suburban or peri-urban"),
    13: marked("rural cluster"),
    12: marked("low density rural"),
    11: marked("very low density rural"),
    10: marked("water"),
}
"""As `analysis.settlement.CLASS_NAMES`. Catalogues follow statistical offices: in French Insee, in Spanish IECA."""

DIMENSIONS = {
    "availability": marked("availability"),
    "quality": marked("quality"),
    "public_access": marked("public access"),
    "affordability": marked("affordability"),
    "devices": marked("devices"),
    "skills": marked("skills"),
    "power": marked("electricity"),
}

SOURCES = {
    "footprint": marked("how far sites reach"),
    "population": marked("how many people live where"),
    "adoption": marked("how many people use the internet"),
    "weights": marked("the weights of the index"),
}
"""What is uncertain, as `analysis.uncertainty` names it."""

CLUSTERS = {
    "high-high": marked("Its share of people below {target} is high, as its neighbours' are: more so than by chance."),
    "low-low": marked("Its share of people below {target} is low, as its neighbours' are: more so than by chance."),
    "high-low": marked(
        "Its share of people below {target} is high, while its neighbours' are low: more so than by chance."
    ),
    "low-high": marked(
        "Its share of people below {target} is low, while its neighbours' are high: more so than by chance."
    ),
}

MEASURES = {
    "along streets": marked("along streets"),
    "straight line × 1.3": marked("straight line × 1.3"),
}

MODELS = {
    "nominal radii": marked("nominal radii by technology and settlement class"),
    "link budget": marked("a link budget by technology and settlement class, without terrain"),
    "terrain": marked("a link budget over the terrain given, with clutter by settlement class"),
}

KINDS = {
    "wifi": marked("public WiFi"),
    "upgrade": marked("{technology} at a standing site"),
    "site": marked("new {technology} site"),
    "mast": marked("{technology} on a standing mast"),
    "small_cell": marked("{technology} small cell"),
}

LAYERS = {
    "zones": marked("zones"),
    "population": marked("population"),
    "groups": marked("groups"),
    "land": marked("land"),
    "built": marked("built-up area"),
    "coverage": marked("mobile coverage"),
    "known area": marked("area where a layer is complete"),
    "measured speed": marked("measured speed"),
    "wifi": marked("public WiFi"),
    "hosts": marked("possible hosts of WiFi"),
    "streets": marked("streets"),
    "terrain": marked("terrain"),
    "indicators": marked("indicators"),
    "what a site sends": marked("what a site sends"),
    "propagation": marked("propagation"),
    "footprints": marked("footprints"),
    "capacity": marked("capacity"),
    "proposals": marked("proposals"),
    "exclusions": marked("areas where nothing may be built"),
    "masts": marked("masts and towers"),
    "backhaul": marked("links to the network"),
    "power grid": marked("power grid"),
}

_NUMBERED = re.compile(r"^(coverage) (\d+)$")
_MADE = re.compile(r"^(?:New .+|WiFi) at cell (\d+)$")
_AT = re.compile(r"^(?:New \S+ on|\S+ at site) (.+)$")


def layer_words(layer: str, speak: Language) -> str:
    """Layer of an input in words, ``mobile coverage 2``; one that has no words, such as a group's, as it is."""
    found = _NUMBERED.match(layer)
    if found:
        return f"{speak.say(LAYERS[found[1]])} {found[2]}"
    return speak.say(LAYERS[layer]) if layer in LAYERS else layer


def candidate_words(name: str, kind: str, technology: str, speak: Language) -> str:
    """What the plan builds, with its name: one that gapmap made up is said in the reader's language."""
    words = speak.say(KINDS[kind], technology=technology or "mobile") if kind in KINDS else kind
    made, at = _MADE.match(name), _AT.match(name)
    if made:
        return speak.say("{kind} at cell {cell}", kind=words, cell=made[1])
    return f"{words}, {at[1] if at else name}"


def option_words(option: str, speak: Language) -> str:
    """An option of ``plan_options.csv`` in the reader's language; one that is not known here as it is."""
    for words in KINDS.values():
        before, _, after = words.partition("{technology}")
        technology = option[len(before) : len(option) - len(after)]
        if option == f"{before}{technology}{after}":
            return speak.say(words, technology=technology)
    return option
