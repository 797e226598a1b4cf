"""The module chem.miller under its short name."""

import sys

import chem.miller

sys.modules[__name__] = chem.miller
