"""Preferred values of resistors (IEC 60063): E6, E12, E24, E48, E96, E192.

The lists are in the order of the usual table, column by column, so that
random.choice draws the same value as in Open edX.
"""

E6 = [10, 15, 22, 33, 47, 68]
E12 = [10, 12, 15, 18, 22, 27, 33, 39, 47, 56, 68, 82]
E24 = E12 + [11, 13, 16, 20, 24, 30, 36, 43, 51, 62, 75, 91]


def _series(n):
    """Return the values of a series of three digits."""
    values = [round(100 * 10 ** (i / n)) for i in range(n)]
    step = n // 12
    return [values[i] for column in range(step) for i in range(column, n, step)]


E48 = _series(48)
E96 = _series(96)
E192 = _series(192)
E192[E192.index(919)] = 920  # the one value the standard rounds otherwise
