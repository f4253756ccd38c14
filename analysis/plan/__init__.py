"""What to build with a budget, for whom, what it costs, who pays, and how sure that is."""

from analysis.plan.make import BEYOND, Planned, make_plan
from analysis.plan.tables import COLUMNS

__all__ = ["BEYOND", "COLUMNS", "Planned", "make_plan"]
