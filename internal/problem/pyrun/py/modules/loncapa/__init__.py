"""Functions of the LON-CAPA system that translated problems use.

"from loncapa import *" gives scripts math and random too.
"""

import math
import random

from loncapa.loncapa_check import deg2rad, lc_choose, lc_random, rad2deg
