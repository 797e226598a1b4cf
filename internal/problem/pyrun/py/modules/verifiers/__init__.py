"""Graders of single inputs: draganddrop."""
