"""The newer place of package capa."""

import sys

import capa
import capa.correctmap
import capa.util

for _name in ("", ".correctmap", ".util"):
    sys.modules["xmodule.capa" + _name] = sys.modules["capa" + _name]
