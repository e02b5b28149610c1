"""Keeps the verdict of a gate whose target may end the process: the gate runs in a child.

This process waits. The child says through shared memory that its report is out: a target may close any descriptor.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from mmap import mmap
from typing import Final, NoReturn, final

import typer

_IS_KEPT: Final = hasattr(os, "fork") and hasattr(signal, "sigwaitinfo")
_FORWARDED: Final = (signal.SIGTERM, signal.SIGINT)


@final
@dataclass(frozen=True, slots=True)
class Ending:
    """How the child ended.

    Attributes:
        process: Its number.
        status: Its exit code; below zero the number of the signal that ended it.
        verdict: The exit code that it had for us once its report was out; None where it never came so far.
        sent: The signals that somebody sent to this process, which the child has got.
    """

    process: int
    status: int
    verdict: int | None
    sent: frozenset[int]

    @property
    def exit_code(self) -> int:
        """Give what the command ends with: a verdict that is bad stays so, whatever the child did after it."""
        return self.verdict or (self.status if self.status >= 0 else 128 - self.status)

    @property
    def words(self) -> str:
        """Say how it ended."""
        if self.status >= 0:
            return f"it ended itself with exit status {self.status}"
        number = -self.status
        names = {each.value: each.name for each in signal.Signals}
        by = ", which this command was sent" if number in self.sent else ""
        return f"it was ended by {names.get(number, f'signal {number}')}{by}"


def keep(gate: Callable[[], NoReturn]) -> Ending:
    """Run a gate, which ends by `typer.Exit`, in a child, and say how that ended.

    SIGTERM and SIGINT go on to the child. Where a process cannot wait for both, the gate runs in this one.
    """
    if not _IS_KEPT:
        gate()
    mark = mmap(-1, 1)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    # A status is lost where whoever started us ignores it.
    reaped = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    waited = {*_FORWARDED, signal.SIGCHLD}
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, waited)
    child = os.fork()
    if not child:
        signal.signal(signal.SIGCHLD, reaped)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        _run(gate, mark)
    status, sent = _wait(child, waited)
    return Ending(child, status, mark[0] - 1 if mark[0] else None, sent)


def _run(gate: Callable[[], NoReturn], mark: mmap) -> NoReturn:
    """Run the gate, and leave its exit code, plus one, in the mark; a child that the target forks leaves nothing."""
    process = os.getpid()
    try:
        gate()
    except typer.Exit as leave:
        if os.getpid() == process:
            mark[0] = leave.exit_code + 1
        raise


def _wait(child: int, waited: set[signal.Signals]) -> tuple[int, frozenset[int]]:
    sent: set[int] = set()
    while True:
        found = signal.sigwaitinfo(waited)
        if found.si_signo == signal.SIGCHLD:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status), frozenset(sent)
        # What a terminal sends has no sender, and the child has it from there.
        elif found.si_pid:
            os.kill(child, found.si_signo)
            sent.add(found.si_signo)
