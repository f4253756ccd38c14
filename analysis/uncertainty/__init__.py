"""How sure a ranking is: chances, intervals, tiers, and which source of doubt moves each zone."""

from analysis.uncertainty.gap import GapModel, Gaps, gap_model
from analysis.uncertainty.ranks import Model, RankUncertainty, rank_uncertainty
from analysis.uncertainty.score import ScoreModel, score_model

__all__ = [
    "GapModel",
    "Gaps",
    "Model",
    "RankUncertainty",
    "ScoreModel",
    "gap_model",
    "rank_uncertainty",
    "score_model",
]
