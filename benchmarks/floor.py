"""Compile `floor.c` and hand out its callables; nothing compiled is ever kept in the repository.

The shared object lies under `build/benchmarks`, in a folder named by everything that goes into it: the source, the
flags, the compiler's version and the interpreter's. So a changed source is compiled anew and an unchanged one never is.
"""

from __future__ import annotations

import hashlib
import importlib.machinery
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from types import ModuleType
from typing import Literal, Protocol, cast

Part = Literal["pass", "clocks", "context", "append", "all"]

SOURCE = Path(__file__).with_name("floor.c")
CACHE = Path(__file__).parents[1] / "build" / "benchmarks"
FLAGS = ("-O2", "-fPIC", "-shared", "-std=gnu11", "-Wall", "-Wextra", "-Wno-missing-field-initializers", "-Werror")


class FloorCall(Protocol):
    """A callable that passes its call on, with the times of the last one in nanoseconds."""

    start_ns: int
    duration_ns: int

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Call the wrapped function."""


class FloorModule(Protocol):
    """What `floor.c` defines."""

    BOUND: int

    @property
    def Floor(self) -> Callable[[Part, Callable[..., object], ContextVar[object], list[object]], FloorCall]:  # noqa: N802
        """The type of the callables."""


def wrap(part: Part, function: Callable[..., object], *, records: list[object] | None = None) -> FloorCall:
    """Put one part of the floor around a function, with a context variable of its own.

    Raises:
        RuntimeError: There is no C compiler, or it failed.
    """
    variable: ContextVar[object] = ContextVar("floor")
    return load().Floor(part, function, variable, [] if records is None else records)


def load() -> FloorModule:
    """Import the compiled floor, which is compiled first where that was not done yet.

    Raises:
        RuntimeError: There is no C compiler, or it failed.
    """
    loaded = sys.modules.get("floor") or _import(_compile())
    return cast(FloorModule, loaded)


def _import(path: Path) -> ModuleType:
    loader = importlib.machinery.ExtensionFileLoader("floor", str(path))
    spec = importlib.util.spec_from_file_location("floor", path, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    sys.modules["floor"] = module
    return module


def _compile() -> Path:
    command = [_compiler(), *FLAGS, f"-I{sysconfig.get_paths()['include']}", str(SOURCE), "-o"]
    target = CACHE / _fingerprint(command) / f"floor{sysconfig.get_config_var('EXT_SUFFIX')}"
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    # Workers may compile at the same time; renaming is atomic (POSIX rename), so none ever loads half a file.
    draft = target.with_name(f"{os.getpid()}.draft")
    done = subprocess.run([*command, str(draft)], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(
            f"{SOURCE}: gcc failed with status {done.returncode}; are Python's headers there?\n{done.stderr}"
        )
    draft.replace(target)
    return target


def _compiler() -> str:
    found = shutil.which("gcc")
    if found is None:
        raise RuntimeError(
            "the benchmarks compile their floor with gcc, which is not on PATH; install it and run again"
        )
    return found


def _fingerprint(command: list[str]) -> str:
    version = subprocess.run([command[0], "--version"], check=True, capture_output=True).stdout
    parts = (SOURCE.read_bytes(), " ".join(command).encode(), version, sys.version.encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]
