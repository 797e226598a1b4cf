"""Grading of the drag and drop input.

The page sends {"draggables": [{name: place}, …]}, or the list alone. A place is the name of a
target, a position [x, y], or {target on a draggable: {draggable: place}}, which
is written place[draggable][target] in right answers.
"""

import json

RADIUS = 10  # pixels by which a position may be missed

RULES = ("exact", "anyof", "unordered_equal")


class PositionsCompare(list):
    """A place that compares as places do: names by text, positions by distance.

    A position is [x, y], or [[x, y], radius] with a radius larger than usual.
    An empty place is equal to none.
    """

    __hash__ = None

    def __eq__(self, other):
        if not self or not other:
            return False
        if isinstance(self[0], str) and isinstance(other[0], str):
            return "".join(self) == "".join(other)
        spots = (list, tuple, int, float)
        if isinstance(self[0], spots) and isinstance(other[0], spots):
            return self.coordinate_positions_compare(other)
        return False

    def __ne__(self, other):
        return not self == other

    def coordinate_positions_compare(self, other, r=RADIUS):
        """Whether two positions are near enough."""
        (x1, y1), r = _spot(self, r)
        (x2, y2), r = _spot(other, r)
        return (x2 - x1) ** 2 + (y2 - y1) ** 2 <= r * r


def _spot(place, r):
    if isinstance(place[0], (list, tuple)):
        return place[0], max(place[1], r)
    return place, r


def _equal(a, b):
    return PositionsCompare(a) == PositionsCompare(b)


def _flat(draggable):
    """Return a draggable's name and place."""
    name, place = next(iter(draggable.items()))
    path = []
    while isinstance(place, dict):
        key, place = next(iter(place.items()))
        path.append(key)
    if path:
        place = "%s%s" % (place, "".join("[%s]" % key for key in reversed(path)))
    return name, place


def compare_positions(correct, user, flag):
    """Whether a learner's places are right by a rule."""
    if flag == "anyof":
        return all(any(_equal(u, c) for c in correct) for u in user)
    if len(correct) != len(user):
        return False
    if flag == "exact":
        return all(_equal(c, u) for c, u in zip(correct, user))
    left = list(correct)
    for u in user:
        for i, c in enumerate(left):
            if _equal(u, c):
                del left[i]
                break
        else:
            return False
    return True


class DragAndDrop:
    """A learner's answer beside the right one."""

    def __init__(self, correct_answer, user_answer):
        if isinstance(correct_answer, dict):
            correct_answer = [
                {"draggables": [name], "targets": [place], "rule": "exact"}
                for name, place in correct_answer.items()
            ]
        self.groups = correct_answer
        placed = json.loads(user_answer)
        if isinstance(placed, dict):
            placed = placed["draggables"]
        self.placed = [_flat(d) for d in placed]

    def grade(self):
        """Whether every group's draggables, and no others, are placed right.

        A rule with "number" wants each draggable as often as the group names it;
        without it once is as good as often.
        """
        known = {name for group in self.groups for name in group["draggables"]}
        if any(name not in known for name, _ in self.placed):
            return False
        return all(self.grade_group(group) for group in self.groups)

    def grade_group(self, group):
        wanted, rule = list(group["draggables"]), group["rule"]
        mine = [(name, place) for name, place in self.placed if name in wanted]
        names = [name for name, _ in mine]
        if "number" in rule:
            rule = rule.replace("+", "").replace("number", "")
        else:
            names = list(set(names))
        if sorted(wanted) != sorted(names):
            return False
        if rule not in RULES or not group["targets"]:
            return False
        return compare_positions(group["targets"], [place for _, place in mine], rule)


def grade(user_input, correct_answer):
    """Whether an answer, as JSON, is right.

    The right one is {name: place}, or a list of groups {"draggables": [names],
    "targets": [places], "rule": rule} with the rules exact (one to one, in
    order), anyof (each on one of the targets), unordered_equal (all targets, in
    any order), and the last two with "+number".
    """
    return DragAndDrop(correct_answer, user_input).grade()
