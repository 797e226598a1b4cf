"""Grading of molecules' shapes (VSEPR).

An answer is {"geometry": "AX4E0", "atoms": {position: atom}}. Positions: c0 is
the central atom, p0… peripheral, a0… axial, e0… equatorial. For octahedra the
learner's equatorial atoms come in opposite pairs: e10 and e11, e20 and e21.
"""

import itertools
import json


def vsepr_parse_user_answer(user_input):
    """Return a learner's answer from its JSON."""
    return json.loads(user_input)


def vsepr_build_correct_answer(geometry, atoms):
    """Return a right answer."""
    return {"geometry": geometry, "atoms": atoms}


def _atoms(atoms, prefix):
    return sorted(atom for position, atom in atoms.items() if position.startswith(prefix))


def vsepr_grade(user_input, correct_answer, convert_to_peripheral=False):
    """Whether an answer is right.

    With convert_to_peripheral it does not matter whether the learner's atoms are
    axial or equatorial; the right answer then names peripheral ones. Where the
    right answer has pairs (e10…), the three axes may be exchanged.
    """
    given, right = dict(user_input["atoms"]), correct_answer["atoms"]
    if user_input["geometry"] != correct_answer["geometry"] or given["c0"] != right["c0"]:
        return False
    if convert_to_peripheral:
        others = [atom for position, atom in given.items() if position != "c0"]
        given = {"p%d" % i: atom for i, atom in enumerate(others)}
    if "e10" in right:
        axes = ("a", "e1", "e2")
        wanted = [_atoms(right, axis) for axis in axes]
        return any(
            [_atoms(given, axis) for axis in order] == wanted
            for order in itertools.permutations(axes)
        )
    return all(_atoms(given, kind) == _atoms(right, kind) for kind in "pae")
