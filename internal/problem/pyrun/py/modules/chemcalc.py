"""The module chem.chemcalc under its short name."""

import sys

import chem.chemcalc

sys.modules[__name__] = chem.chemcalc
