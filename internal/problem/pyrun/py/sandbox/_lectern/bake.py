"""Compile the modules of this sandbox, once for all interpreters to come.

Written to standard output: for each file a line with its path and size, then its
bytes. The standard library comes along as the zip it is in, because folders are
read faster than zips.
"""

import importlib._bootstrap_external as external
import os
import sys


def put(path, content):
    sys.stdout.buffer.write(b"%s %d\n" % (path.encode(), len(content)))
    sys.stdout.buffer.write(content)


def main():
    for root in ("/lectern/sandbox", "/lectern/modules"):
        for folder, _, names in os.walk(root):
            for name in sorted(names):
                path = os.path.join(folder, name)
                if name.endswith(".py"):
                    with open(path, "rb") as f:
                        code = compile(f.read(), path, "exec", 0, True, 2)
                    put(path[len("/lectern/"):] + "c", bytes(external._code_to_timestamp_pyc(code)))
    library = next(p for p in sys.path if p.endswith(".zip"))
    with open(library, "rb") as f:
        put("std.zip", f.read())
    sys.stdout.buffer.flush()
