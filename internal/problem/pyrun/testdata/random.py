# Numbers of Python 2.7, seen there for these seeds.
import random as module
expect("module", module is random, True)

def first(seed, draw):
    random.seed(seed)
    return draw()

expect("random", first(1, random.random), 0.13436424411240122)
expect("randint", first(723, lambda: random.randint(0, 10**9)), 542598487)
expect("randrange", first(1, lambda: [random.randrange(10) for _ in range(8)]), [1, 8, 7, 2, 4, 4, 6, 7])
expect("randrange with a step", first(1, lambda: [random.randrange(10, 0, -3) for _ in range(5)]), [10, 1, 1, 7, 7])
expect("choice", first(2, lambda: [random.choice("abc") for _ in range(6)]), ["c", "c", "a", "a", "c", "c"])

def shuffled():
    x = list(range(10))
    random.shuffle(x)
    return x

expect("shuffle", first(1, shuffled), [8, 0, 3, 4, 5, 2, 9, 6, 7, 1])
expect("sample from few", first(1, lambda: random.sample(range(10), 4)), [1, 7, 6, 9])
expect("sample from many", first(1, lambda: random.sample(range(1000), 4)), [134, 847, 763, 255])
expect("uniform", first(1, lambda: random.uniform(2, 5)), 2 + 3 * 0.13436424411240122)
expect("gauss", first(1, lambda: random.gauss(0, 1)), 1.2881847531554629)
expect("gauss keeps its second number", first(1, lambda: [random.gauss(0, 1) for _ in range(2)][1]), 1.449445608699771)
expect("normalvariate", first(1, lambda: random.normalvariate(0, 1)), 0.6074558576437062)
expect("expovariate", first(1, lambda: random.expovariate(2)), 0.0721455320547546)
expect("betavariate", 0 < first(1, lambda: random.betavariate(1, 2)) < 1, True)
expect("big", first(1, lambda: random.randrange(2**70)), 161663107527885274672)
expect("getrandbits", first(1, lambda: random.getrandbits(10)), 137)
expect("own generator", random.Random(1).random(), 0.13436424411240122)
expect("negative seeds", first(-5, random.random), first(5, random.random))
expect("text as seed", first("a", random.random), first("a", random.random))
expect("no seed is a seed", first(None, random.random), first(None, random.random))

def error(f):
    try:
        f()
    except Exception as e:
        return type(e).__name__

expect("empty", error(lambda: random.randrange(5, 5)), "ValueError")
expect("fraction", error(lambda: random.randrange(1.5)), "ValueError")
expect("whole float", first(1, lambda: random.randrange(10.0)), 1)
expect("too many", error(lambda: random.sample([1], 2)), "ValueError")
expect("jumpahead", error(lambda: random.jumpahead(1)), "NotImplementedError")
from random import *
expect("star", randint(3, 3), 3)
