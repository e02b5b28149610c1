"""Ends a group of processes when this process dies, whatever it dies of."""

from __future__ import annotations

import os
import subprocess
from typing import Final, final

# It waits for the end of a pipe that only we hold open. A death signal (prctl) would come when the thread that
# started the server ends, and needs code between fork and exec.
_WATCH: Final = 'read -r _; kill -s KILL -- "-$1"'


@final
class Leash:
    """A shell of a few hundred kilobytes that waits for our end, and then kills a group of processes."""

    __slots__ = ("_process",)

    def __init__(self, group: int) -> None:
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", _WATCH, "sh", str(group)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd=os.sep,
        )

    def release(self) -> None:
        """Let go; call it as soon as the group has ended, for its number may be given anew."""
        self._process.kill()
        self._process.communicate()
