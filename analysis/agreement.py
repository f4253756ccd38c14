"""Where the declared map, the model and the measurements meet: about how many people they agree, and where one doubts.

All of it is about one question, "is this person reached by at least the target technology?", asked of three bases
(methods, §1): what operators or regulators *declare*, what is *modelled* from sites, and what is *measured* by tests.
A measured yes means that tests near the person meet the speed target, a measured no that they do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.fragments import Fragments

BASES = ("declared", "modelled", "measured")
ANSWERS = ("yes", "no", "not known")
ASSUMPTION = (
    "Inside a cell only the fraction covered by each basis is known, not which people it is: fractions strictly "
    "between 0 and 1 are combined as if independent. Where a basis covers all or nothing of a cell this is exact."
)
ROUNDING = 1e-12
"""A fraction of people smaller than this is a rounding error, not somebody."""


@dataclass(frozen=True)
class Basis:
    """What one basis says of the people of each fragment.

    Attributes
    ----------
    covered : float64 array (fragments,)
        Fraction of the fragment's persons that the basis says are reached.
    known : float64 array (fragments,)
        Fraction for whom the basis says anything, yes or no; 0 = it is silent. 0 ≤ covered ≤ known ≤ 1.

    Raises
    ------
    ValueError
        A fraction is NaN or out of order: silence is ``known`` 0, never NaN.
    """

    covered: NDArray[np.float64]
    known: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.covered.ndim != 1 or self.covered.shape != self.known.shape:
            raise ValueError(
                f"covered is {self.covered.shape}, known is {self.known.shape}: one value per fragment each"
            )
        slack = 1e-9
        good = (self.covered >= -slack) & (self.covered <= self.known + slack) & (self.known <= 1 + slack)
        if not good.all():
            rows = np.flatnonzero(~good)
            raise ValueError(f"0 ≤ covered ≤ known ≤ 1 fails for {rows.size} fragments, first {rows[:3].tolist()}")

    def parts(self) -> dict[str, NDArray[np.float64]]:
        """Fractions per answer of `ANSWERS`; they sum to 1 to rounding."""
        known = np.clip(self.known, 0.0, 1.0)
        covered = np.clip(self.covered, 0.0, known)
        parts = (covered, known - covered, 1.0 - known)
        return {answer: np.where(part < ROUNDING, 0.0, part) for answer, part in zip(ANSWERS, parts, strict=True)}


def _parts(fragments: Fragments, bases: dict[str, Basis]) -> dict[str, dict[str, NDArray[np.float64]]]:
    """Answers of every basis of `BASES`; a missing one is silent about everybody."""
    strange = sorted(set(bases) - set(BASES))
    wrong = sorted(name for name, basis in bases.items() if basis.known.size != fragments.size)
    if strange or wrong:
        raise ValueError(
            f"unknown bases {strange}; bases with another number of fragments than {fragments.size}: {wrong}"
        )
    silent = Basis(np.zeros(fragments.size), np.zeros(fragments.size))
    return {name: bases.get(name, silent).parts() for name in BASES}


def agreement(fragments: Fragments, bases: dict[str, Basis]) -> pd.DataFrame:
    """People in each combination of answers of the three bases.

    Parameters
    ----------
    fragments : Fragments
    bases : dict of 'declared', 'modelled', 'measured' to Basis
        A missing basis is "not known" for everybody.

    Returns
    -------
    DataFrame
        ``declared, modelled, measured`` ("yes", "no", "not known"), ``people`` (persons), ``share`` (of all persons,
        0 to 1). Only combinations that have people, in the order of `ANSWERS`, the last basis turning fastest. People
        sum to the population and each basis's margin to that basis's own totals, to rounding.

    Notes
    -----
    The joint of partial fractions inside a fragment is not known; see `ASSUMPTION`. The margins do not depend on it.
    """
    parts = _parts(fragments, bases)
    total = float(fragments.persons.sum())
    rows: list[dict[str, Any]] = []
    for first, second in product(ANSWERS, ANSWERS):
        pair = fragments.persons * parts["declared"][first] * parts["modelled"][second]
        for third in ANSWERS:
            people = float((pair * parts["measured"][third]).sum())
            if people > 0:
                answers = dict(zip(BASES, (first, second, third), strict=True))
                rows.append({**answers, "people": people, "share": people / total})
    return pd.DataFrame(rows, columns=[*BASES, "people", "share"]).astype({"people": float, "share": float})


def doubt(fragments: Fragments, bases: dict[str, Basis]) -> NDArray[np.float64]:
    """Persons whom the declared map covers although the tests, or the model where nothing is measured, say no.

    Tests outweigh the model: a measured yes clears a modelled no. Summed over the fragments this is the sum of the
    rows (yes, any, no) and (yes, no, not known) of `agreement`.

    Returns
    -------
    float64 array (fragments,)
        NaN where nothing is declared, or where neither model nor tests say anything. Where they speak of a part of a
        fragment the figure is of that part: a lower bound.
    """
    parts = _parts(fragments, bases)
    declared, modelled, measured = (parts[name] for name in BASES)
    denied = measured["no"] + measured["not known"] * modelled["no"]
    asked = (declared["not known"] < 1) & ((modelled["not known"] < 1) | (measured["not known"] < 1))
    return np.where(asked, fragments.persons * declared["yes"] * denied, np.nan)


def cell_shares(fragments: Fragments, basis: Basis) -> NDArray[np.float64]:
    """Share of each cell's people that a basis covers, of those it says anything about.

    Returns
    -------
    float64 array (cells,)
        From 0 to 1; NaN where the basis is silent about everybody.
    """
    parts = basis.parts()
    covered = fragments.by_cell(fragments.persons * parts["yes"])
    known = fragments.by_cell(fragments.persons * (parts["yes"] + parts["no"]))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(known > 0, np.minimum(covered / known, 1.0), np.nan)


def doubt_range(fragments: Fragments, bases: dict[str, Basis]) -> tuple[float, float]:
    """Least and most persons that `doubt` could come to, however the bases overlap inside each fragment.

    Fréchet's bounds of a joint by its margins: P(A and B) lies in [max(0, P(A) + P(B) − 1), min(P(A), P(B))].

    Returns
    -------
    tuple of float
        Persons; NaN twice where nothing can be compared. They are equal where no fraction is partial.
    """
    parts = _parts(fragments, bases)
    declared, modelled, measured = (parts[name] for name in BASES)
    asked = np.isfinite(doubt(fragments, bases))
    if not asked.any():
        return np.nan, np.nan
    silent, no = measured["not known"], modelled["no"]
    least = np.maximum(declared["yes"] + measured["no"] + np.maximum(silent + no - 1, 0) - 1, 0)
    most = np.minimum(declared["yes"], measured["no"] + np.minimum(silent, no))
    persons = np.where(asked, fragments.persons, 0.0)
    return float((persons * least).sum()), float((persons * most).sum())


def agreement_record(fragments: Fragments, bases: dict[str, Basis], *, target: str) -> dict[str, Any]:
    """What `summary.json` says of the agreement of the bases.

    Parameters
    ----------
    fragments, bases
        As for `agreement`.
    target : str
        Technology the question is about.

    Returns
    -------
    dict
        ``target``, ``assumption``, ``table`` (records of `agreement`) and, in persons, null when nothing can be
        compared: ``compared`` (declared either way, and the model or the tests say something too), ``doubtful`` (see
        `doubt`) with ``doubtful_low`` and ``doubtful_high`` (see `doubt_range`).
    """
    table = agreement(fragments, bases)
    said = table["declared"].ne("not known") & (table["modelled"].ne("not known") | table["measured"].ne("not known"))
    doubted = doubt(fragments, bases)
    some = bool(np.isfinite(doubted).any())
    low, high = doubt_range(fragments, bases)
    return {
        "target": target,
        "assumption": ASSUMPTION,
        "table": table.to_dict("records"),
        "compared": float(table["people"][said].sum()) if some else None,
        "doubtful": float(np.nansum(doubted)) if some else None,
        "doubtful_low": low if some else None,
        "doubtful_high": high if some else None,
    }
