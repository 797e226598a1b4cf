"""The random module that scripts get: Python 2.7's, over the Mersenne Twister.

A seed gives the same numbers here as in Open edX, which keeps the helper
functions of Python 2.7. What Python 3 draws in the same way comes from there.
"""

import math
import random as python3
import sys
import types
from _random import Random as Twister

EXACT = 1 << 53  # up to here a float counts without gaps


class Random(python3.Random):
    """A generator with a state of its own."""

    def seed(self, a=None, version=None):
        """Start from a number, or from anything that can be hashed."""
        if a is None:
            a = 0
        elif not isinstance(a, int):
            a = hash(a)
        Twister.seed(self, a)
        self.gauss_next = None

    def _below(self, n):
        if n < EXACT:
            return int(self.random() * n)
        bits = int(1.00001 + math.log(n - 1, 2.0))
        while True:
            drawn = self.getrandbits(bits)
            if drawn < n:
                return drawn

    def randrange(self, start, stop=None, step=1):
        """Return one of range(start, stop, step)."""
        first = self._whole(start, "arg 1")
        if stop is None:
            if first > 0:
                return self._below(first)
            raise ValueError("empty range for randrange()")
        last, by = self._whole(stop, "stop"), self._whole(step, "step")
        if by == 0:
            raise ValueError("zero step for randrange()")
        width = last - first
        if by == 1:
            if width > 0:
                return first + self._below(width)
            raise ValueError("empty range for randrange() (%d, %d, %d)" % (first, last, width))
        count = (width + by + (-1 if by > 0 else 1)) // by
        if count <= 0:
            raise ValueError("empty range for randrange()")
        return first + by * self._below(count)

    @staticmethod
    def _whole(value, which):
        whole = int(value)
        if whole != value:
            raise ValueError("non-integer %s for randrange()" % which)
        return whole

    def randint(self, a, b):
        """Return a whole number from a to b, both included."""
        return self.randrange(a, b + 1)

    def choice(self, seq):
        """Return one of a sequence."""
        return seq[int(self.random() * len(seq))]

    def shuffle(self, x, random=None):
        """Put a list into another order."""
        draw = random or self.random
        for i in range(len(x) - 1, 0, -1):
            j = int(draw() * (i + 1))
            x[i], x[j] = x[j], x[i]

    def sample(self, population, k):
        """Return k different ones of a population."""
        n = len(population)
        if not 0 <= k <= n:
            raise ValueError("sample larger than population")
        limit = 21
        if k > 5:
            limit += 4 ** math.ceil(math.log(k * 3, 4))
        if n <= limit or hasattr(population, "keys"):
            pool, drawn = list(population), []
            for left in range(n, n - k, -1):
                j = int(self.random() * left)
                drawn.append(pool[j])
                pool[j] = pool[left - 1]
            return drawn
        if not hasattr(population, "__getitem__"):
            population = tuple(population)
        taken, drawn = set(), []
        for _ in range(k):
            j = int(self.random() * n)
            while j in taken:
                j = int(self.random() * n)
            taken.add(j)
            drawn.append(population[j])
        return drawn

    def expovariate(self, lambd):
        """Return a number with the mean 1/lambd."""
        return -math.log(1.0 - self.random()) / lambd

    def gammavariate(self, alpha, beta):
        """Return a number of the gamma distribution."""
        if alpha != 1.0:
            return super().gammavariate(alpha, beta)
        u = self.random()
        while u <= 1e-7:
            u = self.random()
        return -math.log(u) * beta

    def paretovariate(self, alpha):
        """Return a number of the Pareto distribution."""
        u = 1.0 - self.random()
        return 1.0 / pow(u, 1.0 / alpha)

    def weibullvariate(self, alpha, beta):
        """Return a number of the Weibull distribution."""
        u = 1.0 - self.random()
        return alpha * pow(-math.log(u), 1.0 / beta)

    def jumpahead(self, n):
        """Not there: Open edX has it neither."""
        raise NotImplementedError("random.jumpahead is not supported")


FUNCTIONS = (
    "seed random uniform triangular randint choice randrange sample shuffle choices "
    "normalvariate lognormvariate expovariate vonmisesvariate gammavariate gauss "
    "betavariate paretovariate weibullvariate getstate setstate jumpahead getrandbits "
    "randbytes"
).split()


def install():
    """Put the module in the place of Python 3's and return it."""
    module = types.ModuleType("random", __doc__)
    shared = Random(0)
    for name in FUNCTIONS:
        setattr(module, name, getattr(shared, name))
    module.Random, module.SystemRandom = Random, python3.SystemRandom
    module.__all__ = ["Random", "SystemRandom"] + FUNCTIONS
    sys.modules["random"] = module
    return module
