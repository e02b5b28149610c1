"""Fit text for a terminal: escape what would steer it, cut what is too long, paint what matters.

It writes nothing and asks no terminal anything: width, colour and character set are the caller's choice. `tree` and
`table` draw with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

Paint = Literal["plain", "bold", "dim", "red"]

_CODES: Final[dict[Paint, str]] = {"bold": "1", "dim": "2", "red": "31"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line in one paint."""

    text: str
    paint: Paint = "plain"


def printable(text: str) -> str:
    """Escape control characters, so that a recorded value neither breaks a line nor steers the terminal."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def cut(text: str, width: int) -> str:
    """Shorten a text to a number of characters, the last of which then is an ellipsis."""
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"


def line(pieces: Iterable[Piece], *, width: int, color: bool, ascii: bool) -> str:  # noqa: A002 -- says it best
    """Join pieces into one line of at most so many characters, not counting what paints them."""
    drawn = []
    room = width
    for piece in pieces:
        text = cut(_in_ascii(piece.text) if ascii else piece.text, room)
        text = text.replace("…", "~") if ascii else text
        room -= len(text)
        drawn.append(_painted(text, piece.paint) if color else text)
        if room <= 0:
            break
    return "".join(drawn).rstrip()


def _painted(text: str, paint: Paint) -> str:
    return f"\x1b[{_CODES[paint]}m{text}\x1b[0m" if paint in _CODES else text


def _in_ascii(text: str) -> str:
    text = text.translate(_ASCII)
    return text if text.isascii() else text.encode("ascii", "backslashreplace").decode()


_ASCII: Final = str.maketrans({"├": "|", "└": "`", "│": "|", "─": "-", "µ": "u", "…": "~", "≥": ">"})
