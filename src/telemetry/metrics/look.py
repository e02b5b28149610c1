"""Runs the callbacks of an application for as long as there is time, and not longer."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread


def within(timeout_seconds: float, read: Callable[[], None]) -> bool:
    """Call a function in a thread of its own; tell whether it came to its end in time.

    One that does not is left to its daemon thread. Where no thread can start any more, as at the end of an interpreter
    (CPython 3.12), the function is called here, and takes what it takes.
    """
    thread = Thread(target=read, name="telemetry-look", daemon=True)
    try:
        thread.start()
    except RuntimeError:
        read()
        return True
    thread.join(max(timeout_seconds, 0.0))
    return not thread.is_alive()
