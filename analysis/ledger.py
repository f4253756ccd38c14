"""The ledger: every person in exactly one service state, and nobody guessed into one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.footprint import UNION
from data.coverage import NOT_KNOWN, TECHNOLOGIES, VARIANTS

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
"""Service states (methods, §1)."""

STATE_MEANING = {
    "unknown": "the best technology is not known",
    "no_signal": "outside every mobile network",
    "below_broadband": "2G at best",
    "mobile_broadband": "3G at best",
    "declared_4g": "inside a 4G footprint, quality not known or below the target",
    "declared_5g": "inside a 5G footprint, quality not known or below the target",
    "usable": "4G or better, and measured or dimensioned to meet the target speed",
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
        best = np.maximum(best, coverage.fraction[variant, technology, operator])
        out[technology] = best
    return {technology: out[technology] for technology in TECHNOLOGIES}


def make_ledger(
    coverage: Coverage,
    fragments: Fragments,
    *,
    variant: str = "central",
    usable: NDArray[np.float64] | None = None,
) -> Ledger:
    """Put every person in one service state.

    A person is in the state of the best technology that reaches them, if every better one is known not to: "2G at best"
    is said only where 3G and 4G are known, "3G at best" only where 4G is, and `no_signal` only where 2G, 3G and 4G all
    are (or are declared absent). Anybody else is `unknown`. 5G is taken to lie inside 4G: an unknown 5G hides nobody.
    Of those whom 4G or 5G reaches, the usable fraction is `usable`, whichever of the two it is.

    Parameters
    ----------
    coverage : Coverage
    fragments : Fragments
    variant : {'low', 'central', 'high'}
        Footprint variant.
    usable : float64 array (fragments,), optional
        Fraction of the people reached by 4G or better whose quality is measured or dimensioned to meet the target;
        None = quality is known nowhere.
    """
    at_least = reached(coverage, fragments, variant=variant)
    known = {t: coverage.answered(t, variant=variant) for t in TECHNOLOGIES}
    ground = np.minimum.reduce([known[technology] for technology in ("2G", "3G", "4G")])
    # "2G at best" needs 3G and 4G to be known, "3G at best" needs 4G: being reached by 2G says nothing of them
    at_best_2g = np.minimum(at_least["2G"], np.minimum(known["3G"], known["4G"]))
    at_best_3g = np.minimum(at_least["3G"], known["4G"])
    none = np.maximum(ground - at_least["2G"], 0.0)
    persons = fragments.persons
    good = np.zeros(fragments.size) if usable is None else np.clip(usable, 0.0, 1.0)
    states = {
        "no_signal": none * persons,
        "below_broadband": np.maximum(at_best_2g - at_least["3G"], 0.0) * persons,
        "mobile_broadband": np.maximum(at_best_3g - at_least["4G"], 0.0) * persons,
        "declared_4g": (at_least["4G"] - at_least["5G"]) * (1 - good) * persons,
        "declared_5g": at_least["5G"] * (1 - good) * persons,
        "usable": at_least["4G"] * good * persons,
    }
    rest = persons - sum(states.values(), np.zeros(fragments.size))
    states["unknown"] = np.where(np.abs(rest) < 1e-9 * np.maximum(persons, 1), 0.0, rest)
    return Ledger({state: states[state] for state in STATES}, at_least, known)


def coverage_table(
    coverage: Coverage, fragments: Fragments, *, footprint: str = "central"
) -> dict[str, dict[str, Any]]:
    """People covered by at least each technology, by anyone's network and by the largest single operator.

    Returns
    -------
    dict
        technology → {union, largest_operator} → {persons, share, low, high, unknown[, operator]}; `share` is of the
        people for whom it is known (null when nobody's is), `low` and `high` are persons under the other footprints,
        null when the run laid out its own alone.

    Notes
    -----
    SDG 9.c.1 asks for the largest single operator's coverage; the union is the planner's question. Both are published.
    Rows that name no operator are nobody's network: where no operator is named, the largest one is not known.
    """
    everybody = float(fragments.persons.sum())
    by_operator = operator_table(coverage, fragments, footprint=footprint)
    table: dict[str, dict[str, Any]] = {}
    for technology in TECHNOLOGIES:
        union = _covered(coverage, fragments, technology, UNION, footprint=footprint)
        named = [name for name in coverage.operators if name != NOT_KNOWN]
        single = [(by_operator[name][technology], name) for name in named]
        nobody = {**union, "persons": 0.0, "share": None, "low": None, "high": None, "unknown": everybody}
        largest, name = max(single, key=lambda item: (item[0]["persons"], item[1]), default=(nobody, None))
        table[technology] = {
            "union": union,
            "largest_operator": {
                **largest,
                "operator": name if largest["share"] is not None else None,
            },
        }
    return table


def operator_table(
    coverage: Coverage, fragments: Fragments, *, footprint: str = "central"
) -> dict[str, dict[str, dict[str, Any]]]:
    """The same figures for each operator: operator → technology → {persons, share, low, high, unknown}."""
    return {
        name: {t: _covered(coverage, fragments, t, name, footprint=footprint) for t in TECHNOLOGIES}
        for name in coverage.operators
    }


def _covered(
    coverage: Coverage, fragments: Fragments, technology: str, operator: str, *, footprint: str
) -> dict[str, float | None]:
    def part(variant: str) -> NDArray[np.float64]:
        return reached(coverage, fragments, variant=variant, operator=operator)[technology]

    persons = {variant: float(part(variant) @ fragments.persons) for variant in coverage.variants}
    spoken = coverage.answered(technology, variant=footprint, operator=operator)
    answered = float(spoken @ fragments.persons)
    yes = float(np.minimum(part(footprint), spoken) @ fragments.persons)
    known = float(np.maximum(spoken, part(footprint)) @ fragments.persons)
    total = float(fragments.persons.sum())
    return {
        "persons": persons[footprint],
        "share": yes / answered if answered > 0 else None,
        "low": persons["low"] if coverage.variants == VARIANTS else None,
        "high": persons["high"] if coverage.variants == VARIANTS else None,
        "unknown": max(total - known, 0.0),
    }
