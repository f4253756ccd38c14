"""Indicators by their official names and codes: definitions, targets, sources, and whether these were checked."""

from __future__ import annotations

from dataclasses import dataclass

from data.coverage import TECHNOLOGIES

_UN = "UN Statistics Division, SDG indicator metadata, unstats.un.org/sdgs/metadata"
_UMC = (
    "ITU and Office of the UN Secretary-General's Envoy on Technology (2022), universal and meaningful digital "
    "connectivity, targets for 2030, itu.int/umc2030"
)
_LISTED = f"{_UMC}; as listed in ITU, Partner2Connect annual report 2022"
_GSMA = "GSMA, The State of Mobile Internet Connectivity 2025"
_OWN = "gapmap, docs/use.md"


@dataclass(frozen=True)
class Standard:
    """One indicator.

    Attributes
    ----------
    code, name : str
        Official where there is one; ``gapmap`` marks the project's own.
    numerator, denominator, definition, source : str
        In words.
    unit : str
        ``%`` or ``ratio``.
    checked : bool
        The definition and the target were read in their source, or in a page of their publisher that states them.
    target : float or None
        In `unit`; None = the source sets none.
    target_year : int or None
    above : bool
        The target is a floor (True) or a ceiling (False).
    """

    code: str
    name: str
    numerator: str
    denominator: str
    definition: str
    source: str
    unit: str = "%"
    checked: bool = True
    target: float | None = None
    target_year: int | None = None
    above: bool = True


COVERED = Standard(
    "SDG 9.c.1",
    "Proportion of population covered by a mobile network, by technology",
    "inhabitants within range of a signal of at least the technology",
    "inhabitants for whom that is known",
    "Percentage of inhabitants living within range of a mobile-cellular signal, whether or not they subscribe or use "
    "it; by where people live; with several operators the largest coverage is to be reported",
    f"{_UN}, 9.c.1 (ITU), update of 31 March 2023",
)
USING = Standard(
    "SDG 17.8.1",
    "Proportion of individuals using the Internet",
    "people counted as internet users by the zones' figures",
    "people for whom the zones have figures",
    "Proportion of individuals who used the Internet from any location in the last three months",
    f"{_UN}, 17.8.1 (ITU), update of 20 August 2021",
)
USING_TARGET = Standard(
    "ITU UMC 2030",
    "Individuals aged 15 and over who use the Internet",
    USING.numerator,
    USING.denominator,
    "Universality: 100 % of the population aged 15 and over use the Internet",
    _LISTED,
    target=100.0,
    target_year=2030,
)
DEVICE = Standard(
    "like SDG 5.b.1",
    "Individuals with a device of their own",
    "people with a device, as the zones' figures define it",
    "people for whom the zones have figures",
    "Share of people with a device of their own (such as a smartphone), as given. SDG 5.b.1 is the proportion of "
    "individuals who own a mobile telephone, by sex: with a SIM card active in the last three months; not the same",
    f"{_OWN}; {_UN}, 5.b.1 (ITU). Target: {_LISTED} (100 % of those aged 15 and over own a mobile phone)",
    target=100.0,
    target_year=2030,
)
SKILLS = Standard(
    "ITU UMC 2030",
    "Individuals with basic digital skills",
    "people with basic digital skills, as the zones' figures define them",
    "people for whom the zones have figures",
    "Digital skills: 70 % of those aged 15 and over have basic digital skills (the report: of connected individuals)",
    _LISTED,
    target=70.0,
    target_year=2030,
)
PARITY = Standard(
    "ITU UMC 2030",
    "Gender parity in Internet use",
    "share of women who use the Internet",
    "share of men who use it",
    "Female share divided by male share; ITU deems parity achieved between 0.98 and 1.02",
    f"ITU, Measuring digital development: Facts and Figures 2024, The gender digital divide. Target: {_UMC}",
    unit="ratio",
    target=1.0,
    target_year=2030,
)
LATEST = Standard(
    "ITU UMC 2030",
    "Population covered by a mobile network of the latest technology",
    COVERED.numerator,
    COVERED.denominator,
    "Connectivity: 100 % of the population is covered by a mobile network of the latest technology",
    _UMC,
    checked=False,
    target=100.0,
    target_year=2030,
)
PRICE = Standard(
    "Broadband Commission 2",
    "Price of entry-level broadband as a share of income",
    "price of the entry-level basket a month, mean over people",
    "mean income (or GNI) a head and month, over the same people",
    "By 2025, entry-level broadband services affordable at less than 2 % of monthly gross national income per capita. "
    "ITU's targets for 2030 keep the 2 %, also for the income of the poorest 40 % (not checked in their source)",
    "Broadband Commission for Sustainable Development, 2025 advocacy target 2",
    target=2.0,
    target_year=2025,
    above=False,
)
AFFORD = Standard(
    "gapmap",
    "People who can afford entry-level broadband",
    "people for whom the basket costs at most the share of income that the region sets",
    "people for whom price and income are known",
    "Share of people whose own income, by the zone's mean and Gini, makes the basket affordable",
    _OWN,
)
CONNECTED = Standard(
    "GSMA",
    "Connected",
    "people covered by mobile broadband who use the Internet",
    "people whose coverage and use are both known",
    "People who use mobile internet. gapmap counts users of the Internet by any means",
    _GSMA,
)
USAGE_GAP = Standard(
    "GSMA",
    "Usage gap",
    "people covered by mobile broadband who do not use the Internet",
    CONNECTED.denominator,
    "People who live within the footprint of a mobile broadband network (3G or better) and do not use mobile internet",
    _GSMA,
)
COVERAGE_GAP = Standard(
    "GSMA",
    "Coverage gap",
    "people outside every mobile broadband footprint",
    CONNECTED.denominator,
    "People who live outside the footprint of a mobile broadband network. Connected, usage gap and coverage gap sum to "
    "100 %",
    _GSMA,
)
MEANINGFUL = Standard(
    "gapmap",
    "Meaningfully connected",
    "people usable (4G or better that meets the target speed), using the Internet, and able to afford it",
    "people of whom all three are known",
    "Who is covered, well enough, uses and can pay; fewest and most stand in the note",
    _OWN,
)
WIFI = Standard(
    "gapmap",
    "Public WiFi within a walk",
    "people with free public WiFi that works within the walk",
    "people for whom that is known",
    "Share of people who live within the scenario's walk of a hotspot that works and is free to use",
    "gapmap, docs/walking.md",
)
SCHOOLS = Standard(
    "like SDG 4.a.1 (b)",
    "Schools where mobile broadband of 4G or better reaches",
    "schools in cells with 4G or better, each by the covered part of its cell",
    "schools for which that is known",
    "A signal at the school. SDG 4.a.1 asks for the proportion of schools offering the Internet for pedagogical "
    "purposes, and the ITU target for schools that are connected (20 Mbit/s, 50 kbit/s a student): not the same",
    f"{_OWN}; {_UN}, 4.a.1 (UNESCO UIS), update of 31 March 2022. Target: {_LISTED}",
    target=100.0,
    target_year=2030,
)
HEALTH = Standard(
    "gapmap",
    "Health facilities where mobile broadband of 4G or better reaches",
    "clinics and hospitals in cells with 4G or better, each by the covered part of its cell",
    "clinics and hospitals for which that is known",
    "A signal at the facility, not a connection of it",
    _OWN,
)
BETTER_FIRST = tuple(reversed(TECHNOLOGIES))
"""Technologies, the latest first."""
