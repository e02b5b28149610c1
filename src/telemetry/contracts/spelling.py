"""Guess which known name was meant by an unknown one.

For the text of errors only: `difflib` takes milliseconds to import and is loaded when the first error is built.
"""

from __future__ import annotations

from collections.abc import Iterable


def suggestion(name: str, known: Iterable[str]) -> str:
    """Give "; did you mean 'x'?" for the closest known name, or nothing when none is close.

    >>> suggestion("bakend", ["backend", "operator"])
    "; did you mean 'backend'?"
    >>> suggestion("zebra", ["backend", "operator"])
    ''
    """
    from difflib import get_close_matches

    closest = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean {closest[0]!r}?" if closest else ""
