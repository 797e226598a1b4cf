"""The calculator for what learners type: evaluator and what it raises."""

from calc.calc import UndefinedVariable, UnmatchedParenthesis, evaluator
from calc.numbers import DEFAULT_FUNCTIONS, DEFAULT_VARIABLES
from calc.parse import ParseException
from calc.tolerance import compare_with_tolerance
