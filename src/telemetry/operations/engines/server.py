"""A real server as a child process on 127.0.0.1: ready when `start` returns, and always ended."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Final, Self, final

from telemetry.errors import EngineError

from .leash import Leash
from .port import HOST, free_port, is_taken
from .program import Program

_READY_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.02
_LOG_LINES: Final = 12
_PORT_ATTEMPTS: Final = 3


@final
class Server:
    """A child process that serves HTTP on 127.0.0.1, in a folder of its own.

    It ends when `stop` is called or the block is left, and when this process dies, even by SIGKILL. The folder is
    removed, unless it was given.

    Args:
        program: What is run.
        arguments: The command line, from the port and the folder.
        ready: The path that answers 200 as soon as the server may be asked.
        port: Where it listens; by default any free port.
        folder: Where it keeps its data and its log; by default a temporary folder.
    """

    def __init__(
        self,
        program: Program,
        arguments: Callable[[int, Path], Sequence[str]],
        *,
        ready: str,
        port: int | None = None,
        folder: Path | None = None,
    ) -> None:
        self.program = program
        self._arguments = arguments
        self._ready = ready
        self._port = port
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._leash: Leash | None = None
        self._stack = ExitStack()
        self.port = 0

    @property
    def url(self) -> str:
        """Where it listens, such as `http://127.0.0.1:9090`."""
        return f"http://{HOST}:{self.port}"

    @property
    def pid(self) -> int:
        """The process, 0 while there is none."""
        return self._process.pid if self._process else 0

    @property
    def folder(self) -> Path:
        """Where its data and its log are."""
        assert self._folder is not None, "the server has not started"
        return self._folder

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Self:
        """Start the server and wait until it is ready, at most a minute.

        Raises:
            EngineError: It is not installed, its port is taken, or it ended; with the last lines of its log.
        """
        path = self.program.path()
        if self._folder is None:
            self._folder = Path(self._stack.enter_context(TemporaryDirectory(prefix=f"{self.program.name}-")))
        try:
            self._launch_ready(path)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End the server: gently, and after 10 seconds for good."""
        process, self._process = self._process, None
        leash, self._leash = self._leash, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if leash is not None:
            leash.release()
        self._stack.close()

    def log(self) -> str:
        """Give the last lines that it wrote."""
        assert self._folder is not None, "the server has not started"
        with suppress(OSError):
            return "\n".join((self._folder / "log").read_text(errors="replace").splitlines()[-_LOG_LINES:])
        return ""

    def _launch_ready(self, path: str) -> None:
        for attempt in range(_PORT_ATTEMPTS):
            self._launch(path)
            if self._wait():
                return
            # Between our look and its start somebody else may take a free port.
            if self._port or attempt == _PORT_ATTEMPTS - 1 or not is_taken(self.port):
                break
        raise EngineError(self.program.name, self._failure())

    def _launch(self, path: str) -> None:
        self.port = self._port or free_port()
        if is_taken(self.port):
            raise EngineError(self.program.name, f"port {self.port} of {HOST} is in use; name another one")
        if self._leash:
            self._leash.release()
        arguments = self._arguments(self.port, self.folder)
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [path, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                start_new_session=True,
            )
        self._leash = Leash(self._process.pid)

    def _wait(self) -> bool:
        """Wait for the server; tell whether it is ready, and not ended or silent."""
        import httpx

        assert self._process is not None
        until = monotonic() + _READY_SECONDS
        with httpx.Client(base_url=self.url, timeout=5.0, trust_env=False) as client:
            while self._process.poll() is None and monotonic() < until:
                with suppress(httpx.HTTPError):
                    if client.get(self._ready).status_code == httpx.codes.OK:
                        return True
                sleep(_POLL_SECONDS)
        return False

    def _failure(self) -> str:
        assert self._process is not None
        status = self._process.poll()
        how = f"was not ready after {_READY_SECONDS:g} s" if status is None else f"ended at once with status {status}"
        return f"{how}; the end of its log:\n{self.log()}"
