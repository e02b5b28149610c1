"""Starts telemetry in a Python process of `telemetry run`, after the site's own customization.

Any interpreter may find it, also one of another version that has no `telemetry`: then it does nothing.
"""

import os
import sys


def _leave_path() -> None:
    """Take this folder out of `sys.path`: it stands in PYTHONPATH for the children, not for the program to see."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != here]


def _customize() -> None:
    """Run the `sitecustomize` that would have run without us, and let it be the module of that name."""
    ours = sys.modules.pop("sitecustomize")
    try:
        __import__("sitecustomize")
    except ModuleNotFoundError as error:
        if error.name != "sitecustomize":
            raise
        sys.modules["sitecustomize"] = ours


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
