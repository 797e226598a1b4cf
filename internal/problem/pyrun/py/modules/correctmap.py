"""The module capa.correctmap under its short name."""

import sys

import capa.correctmap

sys.modules[__name__] = capa.correctmap
