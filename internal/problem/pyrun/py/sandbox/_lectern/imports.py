"""What scripts can import, besides the standard library.

Finders and loaders have no base classes here: importing importlib.abc takes
longer than all else an interpreter does before its job.
"""

import importlib
import importlib.machinery
import os
import sys

from _lectern import shims

# Modules that Open edX has and this sandbox has not. A course may bring them in
# its python_lib.zip.
MISSING = frozenset(
    "cython lxml matplotlib mitxgraders mpmath networkx nltk numpy pandas pyparsing "
    "scipy sklearn sympy symmath voluptuous".split()
)


class Lazy:
    """A module that is imported when a script first looks into it."""

    __slots__ = ("_name",)

    def __init__(self, name):
        object.__setattr__(self, "_name", name)

    def __getattr__(self, attribute):
        return getattr(_load(self), attribute)

    def __setattr__(self, attribute, value):
        setattr(_load(self), attribute, value)

    def __dir__(self):
        return dir(_load(self))

    def __repr__(self):
        return "<module %r, not imported yet>" % object.__getattribute__(self, "_name")


def _load(lazy):
    return importlib.import_module(object.__getattribute__(lazy, "_name"))


def lazy(name):
    """Return a module, or what imports it when it is needed."""
    return sys.modules.get(name) or Lazy(name)


class Patching:
    """Adds to modules what Python 2 had, and finds those with older names."""

    def find_spec(self, name, path=None, target=None):
        if name in shims.RENAMED:
            return importlib.machinery.ModuleSpec(name, Renamed(shims.RENAMED[name]))
        if name not in shims.MODULES:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None and spec.loader is not None:
                spec.loader = Patched(spec.loader, shims.MODULES[name])
                return spec
        return None


class Patched:
    def __init__(self, loader, patch):
        self.loader, self.patch = loader, patch

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        self.loader.exec_module(module)
        self.patch(module)


class Renamed:
    def __init__(self, name):
        self.name = name

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        sys.modules[module.__name__] = importlib.import_module(self.name)


class Missing:
    """Says of modules that are known and not there that they are not there."""

    def find_spec(self, name, path=None, target=None):
        root = name.partition(".")[0]
        if root in MISSING:
            raise ModuleNotFoundError(
                "%s is not part of this site's Python; the question needs the "
                "external grader" % root, name=root)
        return None


def install():
    """Set up imports before any script runs."""
    shims.install()
    sys.meta_path.insert(0, Patching())
    sys.meta_path.append(Missing())
    for name, patch in shims.MODULES.items():
        if name in sys.modules:
            patch(sys.modules[name])


def _decode(data):
    """Return a module's text; without a coding it is UTF-8, else Latin-1."""
    if b"coding" in data[:200]:
        from importlib.util import decode_source

        return decode_source(data)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def add_library(path, notes):
    """Let scripts import a course's modules, which may be Python 2."""
    from _lectern import lenient

    class Course(importlib.machinery.SourceFileLoader):
        def source_to_code(self, data, path, *, _optimize=-1):
            return lenient.compile_source(_decode(data), path, notes)

    hook = importlib.machinery.FileFinder.path_hook(
        (Course, importlib.machinery.SOURCE_SUFFIXES),
        (importlib.machinery.SourcelessFileLoader, importlib.machinery.BYTECODE_SUFFIXES),
    )

    def only_course(entry):
        if entry != path and not entry.startswith(path + "/"):
            raise ImportError
        return hook(entry)

    sys.path_hooks.insert(0, only_course)
    sys.path.insert(sys.path.index("/lectern/modules"), path)
    os.chdir(path)
