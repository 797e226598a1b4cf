"""The module verifiers.draganddrop under its short name."""

import sys

import verifiers.draganddrop

sys.modules[__name__] = verifiers.draganddrop
