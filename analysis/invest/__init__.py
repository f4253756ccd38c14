"""Which candidates to build under a budget: the most people brought to a better service, with a bound on any plan."""

from analysis.invest.choose import certify, cut, extend, first_gains, follow, plan, sequence
from analysis.invest.floors import Floors
from analysis.invest.picks import worth
from analysis.invest.plans import Plan, Sequence
from analysis.invest.problem import Problem, make_problem
from analysis.invest.search import Exact, exact
from analysis.invest.spare import Spare, redundancy

__all__ = [
    "Exact",
    "Floors",
    "Plan",
    "Problem",
    "Sequence",
    "Spare",
    "certify",
    "cut",
    "exact",
    "extend",
    "first_gains",
    "follow",
    "make_problem",
    "plan",
    "redundancy",
    "sequence",
    "worth",
]
