"""Starts telemetry in a Python process of `telemetry run`, after the site's own customization.

Any interpreter may find it, also one of another version that has no `telemetry`: then it does nothing.
"""

import os
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec


def _leave_path() -> None:
    """Take this folder out of `sys.path`: it stands in PYTHONPATH for the children, not for the program to see."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != here]


def _customize() -> None:
    """Run the `sitecustomize` that would have run without us, and let it be the module of that name."""
    spec = PathFinder.find_spec("sitecustomize")
    if spec is None or spec.loader is None:
        return
    module = module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


def _start() -> None:
    try:
        from telemetry.cli.launch import start
    except ImportError:
        return
    start()


_leave_path()
try:
    _customize()
finally:
    _start()
