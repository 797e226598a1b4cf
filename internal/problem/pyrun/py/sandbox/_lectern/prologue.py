"""What an interpreter does with its one job.

It loads what scripts usually need, waits for the job on standard input, runs
it and writes the reply: a line with the job's word and the reply's length, then
the reply as JSON. Scripts run in this same interpreter, so what is needed to
write the reply is held from before they start.
"""

import builtins

# Functions of this module look names up here, which no script changes.
__builtins__ = dict(vars(builtins))

import io
import json
import math
import os
import re
import sys
import time

from _lectern import imports, lenient, random27, reply

random = random27.install()
imports.install()
os.environ.clear()
time.sleep = lambda seconds: None  # nothing here is worth waiting for

SCRIPT, CODE = "<script>", "<answer>"

# Run before the job comes: what Python does for the first script only takes longer
# than most scripts.
WARM = {
    "script": """
class A(object):
    def f(self, x):
        try:
            raise ValueError(re.sub('a', 'b', x))
        except ValueError as e:
            return {'ok': True, 'msg': '%s %.2f' % (e, random.uniform(1, 2))}

def check(e, a):
    return A().f(a)

import re, json
x = [json.dumps(y) for y in range(3)]
""",
    "seed": 0,
    "call": {"check": {"function": "check", "expect": "", "answers": "a"}},
}

# Names that scripts find without an import, as in Open edX, and their modules.
PREDEFINED = {
    "random": "random",
    "numpy": "numpy",
    "math": "math",
    "scipy": "scipy",
    "calc": "calc",
    "eia": "eia",
    "chemcalc": "chem.chemcalc",
    "chemtools": "chem.chemtools",
    "miller": "chem.miller",
    "draganddrop": "verifiers.draganddrop",
}


def main():
    run(WARM, False)
    message = json.loads(sys.stdin.buffer.read())
    word, limit = message["word"], message["limit"]
    write, leave = os.write, os._exit
    text = reply.encode(run(message["job"], message["library"]))
    body = text.encode("ascii")
    write(1, ("\n%s %d\n" % (word, len(body))).encode("ascii"))
    while body and len(body) <= limit:
        body = body[write(1, body):]
    leave(0)


def run(job, library):
    """Run a job and return its reply."""
    notes = []
    context = job.get("context") or {}
    names = {"__name__": "script", "__builtins__": builtins}
    names.update(context)
    for name, module in PREDEFINED.items():
        names[name] = imports.lazy(module)
    result = {"globals": {}, "notes": notes}
    in_call = False
    try:
        if library:
            imports.add_library("/course", notes)
        random.seed(job["seed"])
        exec(lenient.compile_source(job["script"], SCRIPT, notes), names)
        result["globals"] = {
            name: value for name, value in script_globals(names, context)
        }
        if job.get("call"):
            in_call = True
            random.seed(job["seed"])
            result["result"] = call(job["call"], names, notes)
    except BaseException as e:
        result["failure"] = reply.failure(e, in_call, SCRIPT, CODE)
    return result


def script_globals(names, context):
    """Yield the names of a script that JSON has a form for."""
    for name, value in list(names.items()):
        if type(name) is not str or name.startswith("__") or name in context:
            continue
        try:
            yield name, reply.value(value)
        except reply.NotJSON:
            pass


def call(wanted, names, notes):
    if wanted.get("check"):
        return check(wanted["check"], names)
    if wanted.get("code"):
        return code(wanted["code"], names, notes)
    return hint(wanted["hint"], names)


def check(wanted, names):
    function = eval(wanted["function"], names)
    given = wanted.get("globals") or {}
    extra = {
        name: given[name] if name in given else names.get(name)
        for name in wanted.get("extra") or []
    }
    return reply.result(function(wanted["expect"], wanted["answers"], **extra))


def code(wanted, names, notes):
    names.update(wanted["globals"] or {})
    exec(lenient.compile_source(wanted["code"], CODE, notes), names)
    return reply.result({name: names.get(name) for name in wanted["want"] or []})


def hint(wanted, names):
    from capa.correctmap import CorrectMap

    new, old = CorrectMap(), CorrectMap()
    new.set_dict(wanted["new"] or {})
    old.set_dict(wanted["old"] or {})
    function = eval(wanted["function"], names)
    function(wanted["answer_ids"] or [], wanted["answers"] or {}, new, old)
    return reply.result(new.get_dict())
