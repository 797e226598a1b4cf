"""See package loncapa."""

import math
import random

deg2rad = math.pi / 180.0
rad2deg = 180.0 / math.pi


def lc_random(lower, upper, stepsize):
    """Return one of lower, lower + stepsize, … below upper."""
    count = int((upper - lower) / (1.0 * stepsize))
    return random.choice([lower + i * stepsize for i in range(count)])


def lc_choose(index, *args):
    """Return the argument with that number, counted from 1, else the first."""
    if not args:
        raise Exception("lc_choose: nothing to choose from, index=%s" % index)
    try:
        return args[int(index) - 1]
    except (IndexError, TypeError, ValueError):
        return args[0]
