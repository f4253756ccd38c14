"""Composite index of meaningful connectivity whose parts stay visible, and the weights that people gave it."""

from analysis.index.checks import require_fraction
from analysis.index.composite import Aggregation, Composite, Missing, aggregate, composite
from analysis.index.weights import CombinedWeights, WeightSet, combine

__all__ = [
    "Aggregation",
    "CombinedWeights",
    "Composite",
    "Missing",
    "WeightSet",
    "aggregate",
    "combine",
    "composite",
    "require_fraction",
]
