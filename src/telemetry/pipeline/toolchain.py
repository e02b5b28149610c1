"""Run a compiler or checker: within a time limit, measured, traced, its output kept once.

It starts no thread, sets no signal handler and changes nothing of the calling process. Stages call `run_toolchain`.
"""

from __future__ import annotations

import errno
import os
import re
import resource
import selectors
import shlex
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, Self, final

from telemetry.config import child_environment
from telemetry.context import current_span, to_environment
from telemetry.errors import ToolchainError
from telemetry.logs import redact_text

from .artefacts import ArtefactStore, OutputBuffer, StoredOutput

RunFailure = Literal["toolchain_failed", "timeout", "out_of_memory"]
"""Why a run that started did not succeed; each is an `error_code` label value."""

_CHUNK_BYTES = 1 << 16
_TERM_GRACE_SECONDS = 0.5
_KILL_GRACE_SECONDS = 5.0
# A grandchild may hold a pipe open for ever; what the tool itself wrote is in the pipe by the time it exits.
_LINGER_SECONDS = 0.2
_FIRST_POLL_SECONDS = 0.0005
_LONGEST_POLL_SECONDS = 0.05
_TRACE_VARIABLES = ("TRACEPARENT", "TRACESTATE", "BAGGAGE")
_QUOTED_LINES = 10
_QUOTED_CHARACTERS = 2000

_START_FAILURES = {
    errno.ENOENT: ("toolchain_missing", "install it or correct the name; a script also needs what its #! line names"),
    errno.ENOTDIR: ("toolchain_missing", "correct the path"),
    errno.EACCES: ("toolchain_missing", "make the file executable, and its folders reachable"),
    errno.ENOEXEC: ("toolchain_missing", "it is no program for this machine; a script needs a #! line"),
    errno.ENOMEM: ("out_of_memory", "free some memory, or run fewer commands at once"),
    errno.E2BIG: ("toolchain_failed", "the command is too long; put arguments into a response file"),
}

# Whole diagnostics of gcc, clang, binutils, C++ programs and OCaml programs such as Frama-C; a source line that merely
# says "out of memory" is quoted behind a margin and does not match.
_OUT_OF_MEMORY = re.compile(
    r"^(?:[^\s:]{1,200}: )?(?:"
    r"out of memory allocating \d+ bytes"
    r"|virtual memory exhausted"
    r"|fatal error: Killed signal terminated program "
    r"|LLVM ERROR: out of memory"
    r"|terminate called after throwing an instance of 'std::bad_alloc'"
    r"|Fatal error: (?:out of memory|exception Out_of_memory)"
    r")|^\S{0,200}ld: .{0,300}memory exhausted$",
    re.MULTILINE,
)


@final
@dataclass(frozen=True, slots=True)
class ToolchainRun:
    """What one run of a toolchain took and gave.

    Attributes:
        binary: The program's name without its folder.
        argv: The command as it was given.
        exit_status: What the program returned; negative for the signal that killed it.
        duration_seconds: From before the start until the exit was seen.
        user_seconds: CPU time in user mode, of the program and of the children that it waited for.
        system_seconds: The same in kernel mode.
        max_rss_bytes: The largest resident set of any one of these processes; None where it cannot be known, because
            Linux starts a child's account at the peak of the process that started it.
        stdout: The standard output.
        stderr: The standard error.
        failure: Why the run did not succeed; None when it did.
    """

    binary: str
    argv: tuple[str, ...]
    exit_status: int
    duration_seconds: float
    user_seconds: float
    system_seconds: float
    max_rss_bytes: int | None
    stdout: StoredOutput
    stderr: StoredOutput
    failure: RunFailure | None = None


@final
class ToolchainRunError(ToolchainError):
    """A toolchain ran and did not succeed.

    Attributes:
        run: The run, with all of its output.
    """

    def __init__(self, problem: str, run: ToolchainRun) -> None:
        super().__init__(problem, code=run.failure or "toolchain_failed", exit_status=run.exit_status)
        self.run = run

    def __reduce__(self) -> tuple[type[ToolchainRunError], tuple[str, ToolchainRun]]:
        # Process pools pickle what a worker raises, and an exception's default rebuilds it from `args` alone.
        return ToolchainRunError, (str(self), self.run)


def run_toolchain(
    argv: Sequence[str | os.PathLike[str]],
    *,
    cwd: Path | str,
    timeout_seconds: float = 60.0,
    output_limit_bytes: int = 8 << 20,
    stdin: bytes = b"",
    artefacts: ArtefactStore | None = None,
    check: bool = True,
    environ: Mapping[str, str] | None = None,
) -> ToolchainRun:
    r"""Run one command in a session of its own and wait for it.

    The child's copy of the environment, and only that, gets the current span as `TRACEPARENT`, `TRACESTATE` and
    `BAGGAGE`. The span gets the exit status, the hashes of the output and the resources used. On time-out the whole
    process group is asked to stop, and killed half a second later. What a process left behind writes after the
    command's exit is not waited for.

    >>> run_toolchain(["echo", "hello"], cwd=".").stdout.text()
    'hello\n'

    Args:
        argv: Program and arguments; no shell is involved. A bare name is looked up in the child's `PATH`.
        cwd: The folder that the command runs in.
        timeout_seconds: How long the command may take.
        output_limit_bytes: How much of each stream is kept, from its beginning; the rest is counted and thrown away.
        stdin: What the command reads; it reads the end of file when empty.
        artefacts: Where the output is stored; without a store, and when the store cannot be written, it is in memory.
        check: Raise when the run did not succeed. Otherwise `ToolchainRun.failure` says so.
        environ: Variables to add to the child's environment, or to replace there.

    Raises:
        ToolchainError: The command could not start (`toolchain_missing`, `io`, `out_of_memory`, `toolchain_failed`), or
            could not be killed (`timeout`).
        ToolchainRunError: It ran and failed (`toolchain_failed`), took too long (`timeout`), or ran out of memory
            (`out_of_memory`). Only with `check`.
        ValueError: The command is empty or one string, or a limit is no limit.
    """
    command = _checked(argv, timeout_seconds, output_limit_bytes)
    binary = os.path.basename(command[0])
    _describe({"toolchain.binary": binary})
    started = time.monotonic()
    with _Child(_start(command, cwd, environ, stdin), output_limit_bytes) as child:
        timed_out = not child.serve(started + timeout_seconds)
        if timed_out:
            child.stop()
        duration_seconds = time.monotonic() - started
        child.drain()
        exit_status, usage = child.reap()
    run = ToolchainRun(
        binary=binary,
        argv=command,
        exit_status=exit_status,
        duration_seconds=duration_seconds,
        user_seconds=usage.ru_utime,
        system_seconds=usage.ru_stime,
        max_rss_bytes=_peak_bytes(usage),
        stdout=child.stdout.stored(artefacts),
        stderr=child.stderr.stored(artefacts),
        failure="timeout" if timed_out else _failure(exit_status, child.stderr.tail()),
    )
    _describe(_span_attributes(run))
    if check and run.failure is not None:
        last_words = child.stderr.tail().strip() or child.stdout.tail().strip()
        raise ToolchainRunError(_problem(run, cwd, timeout_seconds, last_words), run)
    return run


@final
class _Child:
    """A running process and its pipes; leaving the block reaps it, by force if need be."""

    __slots__ = ("_pipes", "_process", "stderr", "stdout")

    def __init__(self, process: subprocess.Popen[bytes], limit_bytes: int) -> None:
        self._process = process
        self._pipes = selectors.DefaultSelector()
        self.stdout = self._watch(process.stdout, limit_bytes)
        self.stderr = self._watch(process.stderr, limit_bytes)

    def _watch(self, pipe: IO[bytes] | None, limit_bytes: int) -> OutputBuffer:
        assert pipe is not None
        output = OutputBuffer(limit_bytes)
        self._pipes.register(pipe, selectors.EVENT_READ, (pipe, output))
        return output

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self._process.returncode is None and self._kill():
                self.reap()
        finally:
            for key in tuple(self._pipes.get_map().values()):
                self._close(key.data[0])
            self._pipes.close()

    def serve(self, deadline: float) -> bool:
        """Read what the child writes, until it has exited; False if the deadline comes first.

        The exit is polled for, after each read and at growing pauses: the end of both streams, which wakes this loop,
        comes just before the exit of almost every program.
        """
        pause = _FIRST_POLL_SECONDS
        while not self._has_exited():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            pause = _FIRST_POLL_SECONDS if self._read(min(left, pause)) else min(2 * pause, _LONGEST_POLL_SECONDS)
        return True

    def drain(self) -> None:
        """Read what is left in the pipes."""
        deadline = time.monotonic() + _LINGER_SECONDS
        while self._pipes.get_map() and (left := deadline - time.monotonic()) > 0:
            self._read(left)

    def stop(self) -> None:
        """End the whole process group: ask first, then kill what is left of it."""
        self._signal(signal.SIGTERM)
        self.serve(time.monotonic() + _TERM_GRACE_SECONDS)
        if not self._kill():
            raise ToolchainError(
                f"process {self._process.pid} took too long and cannot be killed: end it by hand, it may be another "
                "user's, or wait for a device",
                code="timeout",
            )

    def reap(self) -> tuple[int, resource.struct_rusage]:
        """Collect the exit status and the resource use of the child, which has exited."""
        self._process.returncode = 0
        try:
            _, status, usage = os.wait4(self._process.pid, 0)
        except ChildProcessError:
            raise ToolchainError(
                f"the exit status of process {self._process.pid} is lost: this program ignores SIGCHLD, or waits for "
                "any child elsewhere; let it do neither while toolchains run",
                code="toolchain_failed",
            ) from None
        self._process.returncode = os.waitstatus_to_exitcode(status)
        return self._process.returncode, usage

    def _read(self, seconds: float) -> bool:
        ready = self._pipes.select(seconds)
        for key, _ in ready:
            pipe, output = key.data
            chunk = os.read(key.fd, _CHUNK_BYTES)
            output.take(chunk)
            if not chunk:
                self._close(pipe)
        return bool(ready)

    def _close(self, pipe: IO[bytes]) -> None:
        self._pipes.unregister(pipe)
        pipe.close()

    def _has_exited(self) -> bool:
        try:
            return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:
            return True

    def _kill(self) -> bool:
        # Not after reaping: only the zombie keeps the number of its group from being given to strangers.
        self._signal(signal.SIGKILL)
        return self.serve(time.monotonic() + _KILL_GRACE_SECONDS)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def _checked(
    argv: Sequence[str | os.PathLike[str]], timeout_seconds: float, output_limit_bytes: int
) -> tuple[str, ...]:
    command = () if isinstance(argv, str) else tuple(os.fspath(part) for part in argv)
    if not command or any("\0" in part for part in command):
        raise ValueError(f"cannot run {argv!r}: give the program and its arguments as strings without NUL")
    if not timeout_seconds > 0 or output_limit_bytes < 0:
        raise ValueError(f"{timeout_seconds=} and {output_limit_bytes=} are no limits: give more than 0, and 0 or more")
    return command


def _start(
    command: tuple[str, ...], cwd: Path | str, environ: Mapping[str, str] | None, stdin: bytes
) -> subprocess.Popen[bytes]:
    try:
        with _input(stdin) as source:
            return subprocess.Popen(
                command,
                cwd=cwd,
                env=_environment(environ or {}),
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
    except OSError as error:
        raise _start_error(command, cwd, error) from error


def _input(stdin: bytes) -> IO[bytes]:
    """Open what the child reads: a file, for a pipe would have to be fed, and could break under our hands."""
    if not stdin:
        return open(os.devnull, "rb")
    file = tempfile.TemporaryFile()  # noqa: SIM115 - `_start` closes it
    file.write(stdin)
    file.seek(0)
    return file


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    trace = to_environment()
    environment = child_environment({})
    if "TRACEPARENT" in trace:
        # The three belong together: an inherited TRACESTATE beside our TRACEPARENT would describe another trace.
        for name in _TRACE_VARIABLES:
            environment.pop(name, None)
    return {**environment, **trace, **extra}


def _start_error(command: tuple[str, ...], cwd: Path | str, error: OSError) -> ToolchainError:
    if error.filename == cwd:
        return ToolchainError(
            f"cannot run {command[0]} in {cwd}: {error.strerror}; make the folder first, or correct its name", code="io"
        )
    code, remedy = _START_FAILURES.get(error.errno or 0, ("toolchain_failed", "see the system's limits"))
    return ToolchainError(f"cannot run {command[0]}: {error.strerror}; {remedy}", code=code)


def _failure(exit_status: int, last_words: str) -> RunFailure | None:
    if exit_status == 0:
        return None
    if exit_status == -signal.SIGKILL or _OUT_OF_MEMORY.search(last_words):
        return "out_of_memory"
    return "toolchain_failed"


def _peak_bytes(usage: resource.struct_rusage) -> int | None:
    # Linux carries the peak of the starting process over an exec: measured, `true` "used" its caller's 318 MB.
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return usage.ru_maxrss * 1024 if usage.ru_maxrss > ours else None


def _problem(run: ToolchainRun, cwd: Path | str, timeout_seconds: float, last_words: str) -> str:
    command = shlex.join(run.argv)[:_QUOTED_CHARACTERS]
    lines = last_words[-_QUOTED_CHARACTERS:].splitlines()[-_QUOTED_LINES:]
    quoted = "".join(f"\n    {line}" for line in lines)
    return redact_text(f"{_verdict(run, timeout_seconds)}: {command} (in {cwd}){quoted}")


def _verdict(run: ToolchainRun, timeout_seconds: float) -> str:
    if run.failure == "timeout":
        return f"{run.binary} was stopped after {timeout_seconds:g} s, its time limit"
    if run.exit_status == -signal.SIGKILL:
        return f"{run.binary} was killed by a SIGKILL that is not ours, most likely because memory ran out"
    number = run.exit_status
    ending = f"exit status {number}" if number > 0 else f"signal {-number} ({signal.strsignal(-number)})"
    return f"{run.binary} {'ran out of memory' if run.failure == 'out_of_memory' else 'failed'} with {ending}"


def _span_attributes(run: ToolchainRun) -> dict[str, str | bool | int | float]:
    attributes: dict[str, str | bool | int | float] = {
        "toolchain.exit_status": run.exit_status,
        "process.exit.code": run.exit_status,
        "toolchain.stdout.sha256": run.stdout.sha256,
        "toolchain.stderr.sha256": run.stderr.sha256,
        "process.cpu.time.user": run.user_seconds,
        "process.cpu.time.system": run.system_seconds,
    }
    if run.max_rss_bytes is not None:
        attributes["process.memory.max_rss"] = run.max_rss_bytes
    if run.stdout.truncated or run.stderr.truncated:
        attributes["toolchain.output.truncated"] = True
    return attributes


def _describe(attributes: Mapping[str, str | bool | int | float]) -> None:
    if (span := current_span()) is not None:
        for key, value in attributes.items():
            span.set_attribute(key, value)
