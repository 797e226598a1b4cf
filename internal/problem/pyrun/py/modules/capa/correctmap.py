"""The marks of a problem's inputs, as hint functions see them."""

FIELDS = {
    "correctness": None, "npoints": None, "msg": "", "hint": "", "hintmode": None,
    "queuestate": None, "answervariable": None,
}

RIGHT = ("correct", "partially-correct")


class CorrectMap:
    """A map from input ids to their marks."""

    def __init__(self, *args, **kwargs):
        self.cmap = {}
        self.overall_message = ""
        self.set(*args, **kwargs)

    def __getitem__(self, answer_id):
        return self.cmap[answer_id]

    def __iter__(self):
        return iter(self.cmap)

    def __contains__(self, answer_id):
        return answer_id in self.cmap

    def __len__(self):
        return len(self.cmap)

    def __repr__(self):
        return repr(self.cmap)

    def items(self):
        return self.cmap.items()

    def keys(self):
        return self.cmap.keys()

    def set(self, answer_id=None, correctness=None, npoints=None, msg="", hint="",
            hintmode=None, queuestate=None, answervariable=None, **others):
        """Set all marks of an input; names that are not known are dropped."""
        if answer_id is None:
            return
        values = locals()
        self.cmap[answer_id] = {field: values[field] for field in FIELDS}

    def get_dict(self):
        return self.cmap

    def set_dict(self, correct_map):
        """Replace everything; {id: correctness} is taken too."""
        self.cmap, self.overall_message = {}, ""
        for answer_id, marks in (correct_map or {}).items():
            if isinstance(marks, dict):
                self.set(answer_id, **{k: v for k, v in marks.items() if k != "answer_id"})
            else:
                self.set(answer_id, correctness=marks)

    def is_correct(self, answer_id):
        """Whether an input is right, also in part; None when it has no marks."""
        if answer_id in self.cmap:
            return self.get_correctness(answer_id) in RIGHT
        return None

    def is_partially_correct(self, answer_id):
        if answer_id in self.cmap:
            return self.get_correctness(answer_id) == "partially-correct"
        return None

    def is_queued(self, answer_id):
        return self.get_property(answer_id, "queuestate") is not None

    def is_right_queuekey(self, answer_id, test_key):
        return self.is_queued(answer_id) and self.cmap[answer_id]["queuestate"]["key"] == test_key

    def get_queuetime_str(self, answer_id):
        state = self.cmap[answer_id]["queuestate"]
        return state["time"] if state else None

    def get_npoints(self, answer_id):
        """Return the points of an input: given ones, else one when it is right."""
        points = self.get_property(answer_id, "npoints")
        if points is None:
            return 1 if self.is_correct(answer_id) else 0
        return points

    def set_property(self, answer_id, property, value):
        self.cmap.setdefault(answer_id, {})[property] = value

    def get_property(self, answer_id, property, default=None):
        return self.cmap.get(answer_id, {}).get(property, default)

    def get_correctness(self, answer_id):
        return self.get_property(answer_id, "correctness")

    def get_msg(self, answer_id):
        return self.get_property(answer_id, "msg", "")

    def get_hint(self, answer_id):
        return self.get_property(answer_id, "hint", "")

    def get_hintmode(self, answer_id):
        return self.get_property(answer_id, "hintmode")

    def set_hint_and_mode(self, answer_id, hint, hintmode):
        """Set an input's hint as HTML; hintmode is "always" or "on_request"."""
        self.set_property(answer_id, "hint", hint)
        self.set_property(answer_id, "hintmode", hintmode)

    def update(self, other_cmap):
        if not isinstance(other_cmap, CorrectMap):
            raise TypeError("CorrectMap.update wants a CorrectMap, not %r" % (other_cmap,))
        self.cmap.update(other_cmap.get_dict())
        self.set_overall_message(other_cmap.get_overall_message())

    def set_overall_message(self, message_str):
        self.overall_message = str(message_str) if message_str else ""

    def get_overall_message(self):
        return self.overall_message
