"""The module chem.chemtools under its short name."""

import sys

import chem.chemtools

sys.modules[__name__] = chem.chemtools
