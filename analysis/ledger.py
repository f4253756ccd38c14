"""The ledger: every person in exactly one service state, and nobody guessed into one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.footprint import UNION
from data.coverage import TECHNOLOGIES, VARIANTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.footprint import Coverage
    from analysis.fragments import Fragments

STATES = (
    "unknown",
    "no_signal",
    "below_broadband",
    "mobile_broadband",
    "declared_4g",
    "declared_5g",
    "usable",
)
"""Service states (methods, §1); `usable` stays empty until measured or dimensioned quality is known."""

STATE_MEANING = {
    "unknown": "no coverage information",
    "no_signal": "outside every mobile network",
    "below_broadband": "2G at best",
    "mobile_broadband": "3G at best",
    "declared_4g": "inside a 4G footprint, quality not known",
    "declared_5g": "inside a 5G footprint, quality not known",
    "usable": "4G or better with proven quality",
}


@dataclass(frozen=True)
class Ledger:
    """People by service state.

    Attributes
    ----------
    states : dict of state to float64 array (fragments,)
        Persons; the states of a fragment sum to its persons.
    at_least : dict of technology to float64 array (fragments,)
        Fraction of the fragment's persons known to be reached by at least that technology.
    known : dict of technology to float64 array (fragments,)
        Fraction for whom a source says whether at least that technology reaches them, either way.
    """

    states: dict[str, NDArray[np.float64]]
    at_least: dict[str, NDArray[np.float64]]
    known: dict[str, NDArray[np.float64]]

    def below(self, target: str) -> NDArray[np.float64]:
        """Fraction of each fragment's persons known to be below the target technology."""
        return np.maximum(self.known[target] - self.at_least[target], 0.0)


def reached(
    coverage: Coverage, fragments: Fragments, *, variant: str, operator: str = UNION
) -> dict[str, NDArray[np.float64]]:
    """Fraction of each fragment known to be reached by at least each technology, never less than by a better one."""
    out: dict[str, NDArray[np.float64]] = {}
    best = np.zeros(fragments.size)
    for technology in reversed(TECHNOLOGIES):
        fraction = coverage.fraction[variant, technology, operator][fragments.cell]
        best = np.maximum(best, fraction * coverage.known[technology])
        out[technology] = best
    return {technology: out[technology] for technology in TECHNOLOGIES}


def make_ledger(coverage: Coverage, fragments: Fragments, *, variant: str = "central") -> Ledger:
    """Put every person in one service state.

    A person is in the state of the best technology that reaches them, if every better one is known not to: "2G at best"
    is said only where 3G and 4G are known, "3G at best" only where 4G is, and `no_signal` only where 2G, 3G and 4G all
    are (or are declared absent). Anybody else is `unknown`. 5G is taken to lie inside 4G: an unknown 5G hides nobody.

    Parameters
    ----------
    coverage : Coverage
    fragments : Fragments
    variant : {'low', 'central', 'high'}
        Footprint variant.
    """
    at_least = reached(coverage, fragments, variant=variant)
    ground = np.minimum.reduce([coverage.known[technology] for technology in ("2G", "3G", "4G")])
    known = {t: np.minimum(coverage.known[t], 1.0) for t in TECHNOLOGIES}
    # "2G at best" needs 3G and 4G to be known, "3G at best" needs 4G: being reached by 2G says nothing of them
    at_best_2g = np.minimum(at_least["2G"], np.minimum(known["3G"], known["4G"]))
    at_best_3g = np.minimum(at_least["3G"], known["4G"])
    none = np.maximum(ground - at_least["2G"], 0.0)
    persons = fragments.persons
    states = {
        "no_signal": none * persons,
        "below_broadband": np.maximum(at_best_2g - at_least["3G"], 0.0) * persons,
        "mobile_broadband": np.maximum(at_best_3g - at_least["4G"], 0.0) * persons,
        "declared_4g": (at_least["4G"] - at_least["5G"]) * persons,
        "declared_5g": at_least["5G"] * persons,
        "usable": np.zeros(fragments.size),
    }
    rest = persons - sum(states.values(), np.zeros(fragments.size))
    states["unknown"] = np.where(np.abs(rest) < 1e-9 * np.maximum(persons, 1), 0.0, rest)
    return Ledger({state: states[state] for state in STATES}, at_least, known)


def coverage_table(coverage: Coverage, fragments: Fragments) -> dict[str, dict[str, Any]]:
    """People covered by at least each technology, by anyone's network and by the largest single operator.

    Returns
    -------
    dict
        technology → {union, largest_operator} → {persons, share, low, high, unknown[, operator]}; `share` is of the
        people for whom it is known (null when nobody's is), `low` and `high` are persons under the other footprints.

    Notes
    -----
    SDG 9.c.1 asks for the largest single operator's coverage; the union is the planner's question. Both are published.
    """
    table: dict[str, dict[str, Any]] = {}
    for technology in TECHNOLOGIES:
        union = _covered(coverage, fragments, technology, UNION)
        single = [(_covered(coverage, fragments, technology, name), name) for name in coverage.operators]
        largest, name = max(single, key=lambda item: (item[0]["persons"], item[1]), default=(union, None))
        table[technology] = {
            "union": union,
            "largest_operator": {
                **largest,
                "operator": name if largest["share"] is not None else None,
            },
        }
    return table


def _covered(coverage: Coverage, fragments: Fragments, technology: str, operator: str) -> dict[str, float | None]:
    part = {
        variant: reached(coverage, fragments, variant=variant, operator=operator)[technology] for variant in VARIANTS
    }
    persons = {variant: float(fraction @ fragments.persons) for variant, fraction in part.items()}
    spoken = coverage.known[technology]
    answered = float(spoken @ fragments.persons)
    yes = float(np.minimum(part["central"], spoken) @ fragments.persons)
    anyone = reached(coverage, fragments, variant="central")[technology]
    known = float(np.maximum(coverage.known[technology], anyone) @ fragments.persons)
    total = float(fragments.persons.sum())
    return {
        "persons": persons["central"],
        "share": yes / answered if answered > 0 else None,
        "low": persons["low"],
        "high": persons["high"],
        "unknown": max(total - known, 0.0),
    }
