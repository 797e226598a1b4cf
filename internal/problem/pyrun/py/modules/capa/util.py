"""See package calc, which holds the comparison."""

from calc.tolerance import DEFAULT as default_tolerance
from calc.tolerance import compare_with_tolerance
