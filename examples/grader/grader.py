#!/usr/bin/env python3
"""A complete external grader for Lectern.

It runs the Python of problems with whatever packages this Python has: install
numpy, sympy, mitxgraders and the rest for it, or put modules beside this file. Course code runs as the user who
started it; give it a user, a container or a machine of its own.

  As a command:  LECTERN_GRADER_COMMAND="python3 /opt/grader/grader.py"
  As a service:  GRADER_TOKEN=secret python3 grader.py --serve 127.0.0.1:8010
                 LECTERN_GRADER_URL=http://127.0.0.1:8010/grade
                 LECTERN_GRADER_TOKEN=secret

Either way a job runs in a process of its own, with the limits below.
docs/operator/external-grader.md describes the protocol.
"""

import base64
import importlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import traceback

PROTOCOL = 1
SECONDS = 15  # of processor time for one job
MEMORY = 2 << 30  # bytes; numpy alone maps some hundred million
SCRIPT = "<script>"
CALL = "<call>"

# Open edX defines these without an import; each is loaded when it is used.
PREDEFINED = ("calc", "chemcalc", "chemtools", "draganddrop", "eia", "math", "miller", "numpy", "random", "scipy")


def compile_script(source, filename, notes):
    """Compiles a script, more leniently than Python does."""
    lines = []
    for line in source.split("\n"):
        if re.match(r"\s*from\s+__future__\s+import\b", line):
            line = ""
            note(notes, "Imports from __future__ are left out.")
        if "\t" in line[: len(line) - len(line.lstrip())]:
            line = line.expandtabs(8)
            note(notes, "Tabs are read as eight blanks.")
        lines.append(line)
    return compile("\n".join(lines), filename, "exec")


try:
    # Lectern's own, when its folder is copied beside this file: Python 2 is read
    # leniently, and a seed draws the numbers that Open edX draws.
    from _lectern import lenient, random27, shims

    shims.install()
    random = random27.install()
    compile_script = lenient.compile_source
except ImportError:
    import random


class Lazy:
    """A module that is imported when a script first looks into it."""

    def __init__(self, name):
        self.__dict__["_name"] = name

    def __getattr__(self, attribute):
        return getattr(importlib.import_module(self._name), attribute)


def note(notes, sentence):
    if sentence not in notes:
        notes.append(sentence)


def as_json(value):
    """Returns the JSON text of a value, or None when it has none."""
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return None


def visible(namespace, hidden):
    """Returns the script's globals as a reply lists them."""
    out = {}
    for name, value in namespace.items():
        text = None if name.startswith("__") or name in hidden else as_json(value)
        if text is not None:
            out[name] = {"text": str(value), "json": json.loads(text)}
    return out


def failure(error, in_call):
    """Describes an exception. The line is that of the script, not of a library."""
    line = 0
    if isinstance(error, SyntaxError):
        line = error.lineno or 0 if error.filename == SCRIPT else 0
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename == SCRIPT:
            line = frame.lineno
    kind = "raised"
    if isinstance(error, ImportError):
        kind = "import"
    elif isinstance(error, SyntaxError):
        kind = "syntax"
    return {
        "kind": kind,
        "type": type(error).__name__,
        "message": str(error),
        "line": line,
        "module": getattr(error, "name", None) or "",
        "in_call": in_call,
    }


class CorrectMap(dict):
    """What a hint function gets: marks by the ids of inputs."""

    FIELDS = ("correctness", "npoints", "msg", "hint", "hintmode")

    def set(self, answer_id, **fields):
        self[answer_id] = {**dict.fromkeys(self.FIELDS), **fields}

    def is_correct(self, answer_id):
        return self.get(answer_id, {}).get("correctness") in ("correct", "partially-correct")

    def get_property(self, answer_id, name, default=None):
        return self.get(answer_id, {}).get(name, default)

    def set_property(self, answer_id, name, value):
        self.setdefault(answer_id, dict.fromkeys(self.FIELDS))[name] = value

    def get_correctness(self, answer_id):
        return self.get_property(answer_id, "correctness")

    def get_msg(self, answer_id):
        return self.get_property(answer_id, "msg", "")

    def get_hint(self, answer_id):
        return self.get_property(answer_id, "hint", "")

    def set_hint_and_mode(self, answer_id, hint, mode):
        self.set_property(answer_id, "hint", hint)
        self.set_property(answer_id, "hintmode", mode)


def check(namespace, job):
    function = eval(job["function"], namespace)
    given = job.get("globals") or {}
    extra = {name: given.get(name, namespace.get(name)) for name in job.get("extra") or []}
    return function(job["expect"], job["answers"], **extra)


def code(namespace, job):
    namespace.update(job["globals"])
    exec(compile_script(job["code"], CALL, []), namespace)
    return {name: namespace.get(name) for name in job["want"]}


def hint(namespace, job):
    function = eval(job["function"], namespace)
    new, old = CorrectMap(job.get("new") or {}), CorrectMap(job.get("old") or {})
    function(job["answer_ids"], job["answers"], new, old)
    return new


CALLS = {"check": check, "code": code, "hint": hint}


def run(job):
    """Runs one job and returns its reply."""
    notes = []
    reply = {"protocol": PROTOCOL, "globals": {}, "notes": notes}
    context = job.get("context") or {}
    namespace = {"__name__": "script", **{name: Lazy(name) for name in PREDEFINED}, **context}
    called = False
    try:
        random.seed(job["seed"])
        exec(compile_script(job["script"], SCRIPT, notes), namespace)
        reply["globals"] = visible(namespace, context)
        called = bool(job.get("call"))
        for name, arguments in (job.get("call") or {}).items():
            random.seed(job["seed"])
            result = CALLS[name](namespace, arguments)
            text = as_json(result)
            reply["result"] = str(result) if text is None else json.loads(text)
    except MemoryError:
        return {"protocol": PROTOCOL, "refused": "limit", "detail": "out of memory"}
    except Exception as error:
        reply["failure"] = failure(error, called)
    return reply


def one_job():
    """Reads a job from standard input and writes the reply to standard output."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    except (ImportError, ValueError):
        pass  # not Unix, or the limits are tighter already
    job = json.load(sys.stdin.buffer)
    if job.get("protocol") != PROTOCOL:
        sys.exit(f"protocol {job.get('protocol')}, this grader speaks {PROTOCOL}")
    out, sys.stdout = sys.stdout, io.StringIO()  # what scripts print is nobody's
    with tempfile.TemporaryDirectory() as folder:
        library = job.get("library")
        if library:
            path = os.path.join(folder, "python_lib.zip")
            with open(path, "wb") as file:
                file.write(base64.b64decode(library["zip"]))
            sys.path.insert(0, path)
        os.chdir(folder)
        reply = json.dumps(run(job))
        os.chdir("/")
    out.write(reply)
    out.flush()


def serve(address):
    """Answers jobs over HTTP, each in a process of its own."""
    import hmac
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    wanted = "Bearer " + os.environ.get("GRADER_TOKEN", "")
    # Without the token, and with sets in the same order every time.
    environment = {"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", "PYTHONHASHSEED": "0"}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def do_POST(self):
            if wanted != "Bearer " and not hmac.compare_digest(self.headers.get("Authorization", ""), wanted):
                return self.answer(401, b"wrong token")
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                done = subprocess.run(
                    [sys.executable, os.path.abspath(__file__)],
                    input=body, capture_output=True, timeout=2 * SECONDS, env=environment,
                )
            except subprocess.TimeoutExpired:
                done = None
            if done is None or done.returncode < 0:  # killed, here or for what it used
                reply = {"protocol": PROTOCOL, "refused": "limit", "detail": "time or memory"}
                return self.answer(200, json.dumps(reply).encode())
            if done.returncode:
                return self.answer(500, done.stderr[-1000:])
            self.answer(200, done.stdout)

        def answer(self, status, body):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    host, _, port = address.rpartition(":")
    server = ThreadingHTTPServer((host, int(port)), Handler)
    print("listening on", server.server_address, file=sys.stderr, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2])
    else:
        one_job()
