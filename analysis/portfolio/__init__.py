"""What could be built, of every kind, and whom each candidate lifts to which rung of the service ladder."""

from analysis.portfolio.ladder import Ladder, lacking, mobile_before
from analysis.portfolio.layout import Ground, Layout, lay_out
from analysis.portfolio.offer import Portfolio, make_portfolio
from analysis.portfolio.places import Places

__all__ = [
    "Ground",
    "Ladder",
    "Layout",
    "Places",
    "Portfolio",
    "lacking",
    "lay_out",
    "make_portfolio",
    "mobile_before",
]
