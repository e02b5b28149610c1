"""Instruments a Python process that `telemetry run` has started, or that a program of it has.

Nothing here raises: a program runs as it would without us, and what could not be done is one line on stderr.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

from telemetry.config import child_environment

from .leaving import Leaving

if TYPE_CHECKING:
    from telemetry.instrument import Patches, Target

LAUNCHER: Final = "TELEMETRY_LAUNCHER"
"""The variable with the id of the process that `telemetry run` became, and the file that its children write to."""


def start() -> None:
    """Patch the targets of the settings; called by `boot.sitecustomize`, before the program's first line."""
    try:
        from telemetry.config import read_settings

        listed = read_settings().targets
        if not listed:
            return
        from telemetry.instrument import targets_of

        program, _, found = child_environment({}).get(LAUNCHER, "").partition(":")
        is_program = program == str(os.getpid())
        _Launch(targets_of(listed), Path(found)).start(is_program=is_program)
    except Exception as error:  # noqa: BLE001 -- the program comes first
        _say(f"this process is not instrumented: {type(error).__name__}: {error}")


@final
class _Launch:
    """One process: its targets, and the runtime that starts with the first function of theirs.

    Args:
        targets: All of them.
        found: The file in which children tell the program what they have found.
    """

    __slots__ = ("_failed", "_file", "_is_program", "_patches", "_pid", "_targets", "_waiting")

    def __init__(self, targets: Sequence[Target], found: Path) -> None:
        from telemetry.instrument import Patches

        self._targets = targets
        self._pid = os.getpid()
        self._waiting: list[tuple[str, str]] = []
        self._failed = self._is_program = False
        self._file = found
        self._patches: Patches = Patches(targets, self._count, self._configure, self._tell)

    def start(self, *, is_program: bool) -> None:
        """Patch, and begin the span of the whole program in the process that is the program."""
        from telemetry.instrument import PROGRAM

        if is_program:
            self._is_program = True
            with suppress(OSError):
                self._file.touch(0o600)
        self._patches.install()
        whole = next((target for target in self._targets if target.text == PROGRAM), None)
        if is_program and whole is not None:
            self._configure()
            self._span(whole)
        atexit.register(self._report)

    def _configure(self) -> None:
        """Start a runtime with the first target, unless the program has one; it gives way to one of the program's."""
        from telemetry.runtime import configure_meanwhile, current

        if current() is not None or self._failed:
            return
        try:
            configure_meanwhile()
        except Exception as error:  # noqa: BLE001 -- the program comes first
            self._failed = True
            _say(f"nothing is recorded: {type(error).__name__}: {error}")
            return
        waiting, self._waiting = self._waiting, []
        for reason, detail in waiting:
            self._count(reason, detail)

    def _span(self, whole: Target) -> None:
        from telemetry.instrument import span

        options = {name: whole.options[name] for name in ("kind", "attributes") if name in whole.options}
        opened = span(whole.span, **options)
        opened.__enter__()
        leaving = Leaving()
        leaving.watch()
        atexit.register(self._end, opened, leaving)

    def _end(self, opened: Any, leaving: Leaving) -> None:
        """End the span of the program; the interpreter keeps what nobody caught, but for `sys.exit`."""
        if os.getpid() == self._pid:
            error = getattr(sys, "last_value", None) or leaving.error()
            opened.__exit__(type(error) if error else None, error, None)

    def _count(self, reason: str, detail: str) -> None:
        from telemetry.runtime import current

        runtime = current()
        if runtime is None:
            self._waiting.append((reason, detail))
        else:
            runtime.count(reason, detail)

    def _tell(self, target: str) -> None:
        """Let the program know what a child has found; there is no file where the program is not Python."""
        if self._is_program and os.getpid() == self._pid:
            return
        with suppress(OSError), open(os.open(self._file, os.O_WRONLY | os.O_APPEND), "w") as file:
            file.write(f"{target}\n")

    def _report(self) -> None:
        """Name what was never found, in the program or a child of it."""
        if os.getpid() != self._pid or not self._is_program:
            return
        elsewhere: set[str] = set()
        with suppress(OSError):
            elsewhere = {*self._file.read_text().splitlines()}
            self._file.unlink()
        for target, reason in self._patches.missing():
            if target.text not in elsewhere:
                self._count("target_missing", f"target {target.text!r}: {reason}")
        for reason, detail in self._waiting:
            _say(f"{reason.replace('_', ' ')}: {detail}")


def _say(problem: str) -> None:
    if sys.stderr is not None:
        print(f"telemetry: {problem}", file=sys.stderr)  # noqa: T201 -- there is no runtime to say it
