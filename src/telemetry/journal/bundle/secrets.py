"""Look for secrets before a bundle leaves; the rules themselves are those of the logs.

Recorders take secrets out before they write. A bundle leaves the machine, so `pack` looks again, with the same rules:
at every value of a record, and at every line of a log file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, final

_MOST_PLACES: Final = 20


@final
@dataclass(slots=True)
class Redaction:
    """Looks for secrets, and counts what it looked at.

    Attributes:
        is_secret: Tells whether a value of this name holds a secret, or something that looks like one.
        clean: Gives a log line without secrets.
        places: Where secrets were found, the first twenty: the member, the offset, the name of the value.
    """

    is_secret: Callable[[str, Any], bool]
    clean: Callable[[str], str]
    values: int = 0
    found: int = 0
    lines: int = 0
    cleaned: int = 0
    places: list[str] = field(default_factory=list)

    def look(self, member: str, at: int, values: Iterable[tuple[str, Any]]) -> None:
        """Look at the values of one record."""
        for name, value in values:
            self.values += 1
            if self.is_secret(name, value):
                self.found += 1
                if len(self.places) < _MOST_PLACES:
                    self.places.append(f"{member}@{at}: {name!r}")

    def copy(self, source: Path, target: Path) -> None:
        """Copy a log file, its lines without secrets; a line that has none stays as it is, byte for byte.

        Raises:
            OSError: It cannot be read or written.
        """
        with source.open("rb") as lines, target.open("xb") as file:
            file.writelines(self._cleaned(lines))

    def counts(self) -> dict[str, int]:
        """Give what was looked at and found."""
        return {
            "values": self.values,
            "values_found": self.found,
            "log_lines": self.lines,
            "log_lines_cleaned": self.cleaned,
        }

    def _cleaned(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        for line in lines:
            self.lines += 1
            text = line.rstrip(b"\r\n").decode("utf-8", "backslashreplace")
            clean = self.clean(text)
            self.cleaned += clean != text
            yield line if clean == text else clean.encode("utf-8", "replace") + b"\n"
