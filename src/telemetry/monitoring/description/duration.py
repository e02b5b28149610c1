"""Durations as Prometheus writes them, and how long they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from telemetry.contracts import Form

_MILLISECONDS: Final[Mapping[str, int]] = {
    "y": 31_536_000_000,
    "w": 604_800_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1000,
    "ms": 1,
}
_SECONDS: Final[Mapping[str, int]] = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_MOST: Final = 10 * _MILLISECONDS["y"]


def _up_to(most: int) -> str:
    """Write the pattern of whole numbers from 0 to another one."""
    digits = str(most)
    same = (
        f"{digits[:index]}[0-{int(digit) - 1}][0-9]{{{len(digits) - index - 1}}}"
        for index, digit in enumerate(digits)
        if digit != "0"
    )
    return "|".join([*same, digits, *([f"[0-9]{{1,{len(digits) - 1}}}"] if len(digits) > 1 else [])])


_PARTS: Final = "(?=[0-9])" + "".join(
    f"(?:(?:{_up_to(_MOST // length)}){unit})?" for unit, length in _MILLISECONDS.items()
)
_WORDS: Final = "the longest unit first, each once, none more than ten years"

DURATION: Final = Form(_PARTS, f"a duration such as '30s', '1h30m' or '3d': {_WORDS}")
"""A duration, or `0s` for none."""
SPAN: Final = Form(f"(?=.*[1-9]){_PARTS}", f"a duration such as '30s', '1h30m' or '3d': longer than none, {_WORDS}")
"""A duration that cannot be none: how far back to look, or how often."""


def seconds(duration: str) -> int:
    """Give the seconds of a duration, a part of one as a whole; 0 for none.

    >>> seconds("1h30m"), seconds("1y"), seconds("500ms"), seconds("")
    (5400, 31536000, 1, 0)
    """
    parts = re.findall(r"([0-9]+)(ms|[ywdhms])", duration)
    return -(-sum(int(count) * _MILLISECONDS[unit] for count, unit in parts) // _MILLISECONDS["s"])


def duration(count: int) -> str:
    """Write a number of seconds as a duration.

    >>> duration(5400), duration(0)
    ('1h30m', '0s')
    """
    parts = []
    for unit, length in _SECONDS.items():
        many, count = divmod(count, length)
        parts += [f"{many}{unit}"] if many else []
    return "".join(parts) or "0s"
