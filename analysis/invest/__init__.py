"""Which candidates to build under a budget: the most people brought to a better service, with a bound on any plan."""

from analysis.invest.choose import certify, cut, extend, first_gains, plan, sequence
from analysis.invest.plans import Plan, Sequence
from analysis.invest.problem import Problem, make_problem

__all__ = ["Plan", "Problem", "Sequence", "certify", "cut", "extend", "first_gains", "make_problem", "plan", "sequence"]
