"""Helpers for problems of chemistry: chemcalc, chemtools, miller."""
