"""The text of a specification, and errors that point into it.

It reads no file itself. The parser and the checker report through it, so that all errors look alike.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, final

from telemetry.errors import SpecError

from .tree import Place


@final
@dataclass(frozen=True, slots=True)
class Source:
    """A specification before it is parsed.

    >>> str(Source(Path("gcd.spec"), "").error(Place(2, 5), "unknown name `a`"))
    'gcd.spec:2:5: unknown name `a`'
    """

    path: Path
    text: str

    def error(self, place: Place, problem: str, code: Literal["syntax", "schema"] = "schema") -> SpecError:
        """Make the error that shows this place."""
        return SpecError(problem, code=code, path=str(self.path), line=place.line, column=place.column)


def suggestion(name: str, known: Iterable[str]) -> str:
    """Say which known name may have been meant, and which there are.

    >>> suggestion("gdc", ["gcd", "clamp"])
    'did you mean `gcd`? there are `clamp`, `gcd`'
    >>> suggestion("x", [])
    'there are none'
    """
    names = sorted(known)
    listed = ", ".join(f"`{each}`" for each in names)
    close = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean `{close[0]}`? " if close else ""
    return f"{hint}there are {listed or 'none'}"
