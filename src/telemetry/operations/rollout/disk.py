"""What a rollout keeps on disk: its state, a log that is only appended to, and the file of flags."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, final

from telemetry.errors import ConfigurationError

_STATE: Final = "rollout.json"
_LOG: Final = "rollout.log.jsonl"
_LOCK: Final = "rollout.lock"


def write_whole(path: Path, document: object) -> None:
    """Write JSON so that a crash leaves the old file or the new one, on disk."""
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", encoding="utf-8") as file:
        file.write(json.dumps(document, indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def read_flags(path: Path) -> dict[str, str]:
    """Read a file of flags: `{"telemetry_parser_cli": "100%"}`; none where there is no file.

    Hand each to `runtime.flag(name, share)`, when the process starts and from time to time.

    Raises:
        ConfigurationError: It is no such file.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path}: it is no file of flags ({error})") from error
    if not isinstance(found, dict):
        raise ConfigurationError(f"{path}: it is no file of flags: write an object of names and shares")
    return {str(name): str(share) for name, share in found.items()}


def write_flag(path: Path, name: str, percent: float) -> None:
    """Set one flag in a file of flags, and leave the others as they are."""
    write_whole(path, {**read_flags(path), name: f"{percent:g}%"})


@final
class RolloutFolder:
    """The folder of one rollout."""

    __slots__ = ("path",)

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the rollout; the lock goes with the process, however it ends.

        Raises:
            ConfigurationError: Another process works on it.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / _LOCK).open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ConfigurationError(f"{self.path}: another process works on this rollout; try again") from error
            yield

    def load(self) -> dict[str, Any] | None:
        """Read the state; None where there is none yet.

        Raises:
            ConfigurationError: The file is damaged.
        """
        path = self.path / _STATE
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"{path}: it cannot be read: {error}") from error
        if not isinstance(found, dict):
            raise ConfigurationError(f"{path}: it is no state of a rollout")
        return found

    def save(self, state: Mapping[str, Any]) -> None:
        """Write the state, then what of its events the log lacks: a crash between the two is made good here."""
        write_whole(self.path / _STATE, state)
        self.complete(state)

    def complete(self, state: Mapping[str, Any]) -> None:
        """Append the events that the log lacks."""
        path = self.path / _LOG
        content = path.read_bytes() if path.exists() else b""
        known = sum(map(_is_event, content.splitlines()))
        torn = b"\n" if content and not content.endswith(b"\n") else b""
        new = "".join(json.dumps(event) + "\n" for event in state["events"][known:])
        if new:
            with path.open("ab") as file:
                file.write(torn + new.encode())


def _is_event(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
