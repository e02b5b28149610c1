"""Importing the package loads next to nothing; what is heavy is loaded when it is used."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from tests.architecture.source import SRC

PROGRAM = """
import sys
before = set(sys.modules)
sys.path.insert(0, {src!r})
{statement}
loaded = sorted(set(sys.modules) - before)
import json
print(json.dumps(loaded))
"""

# Standard modules that are small, or that each interpreter with `site` has loaded anyway.
CHEAP = {
    "__future__",
    "_bisect",
    "_collections_abc",
    "_contextvars",
    "_random",
    "_stat",
    "_struct",
    "bisect",
    "genericpath",
    "itertools",
    "math",
    "os",
    "os.path",
    "posixpath",
    "stat",
    "struct",
    "types",
}

# What the compiled twin finds its own types by: Cython makes these, empty, when it loads.
PSEUDO = ("_cython_", "cython_runtime")

# Modules that add milliseconds to a bare start, alone or by what they load in turn, and that therefore must wait.
HEAVY = {
    "asyncio",
    "dataclasses",
    "http",
    "importlib.metadata",
    "inspect",
    "json",
    "logging",
    "opentelemetry",
    "prometheus_client",
    "re",
    "socket",
    "ssl",
    "structlog",
    "subprocess",
    "threading",
    "typing",
    "urllib",
    "wrapt",
}


def loaded_by(statement: str, *, site: bool) -> set[str]:
    """Give the modules that a statement loads in a fresh isolated process, with or without installed packages."""
    flags = ["-I"] if site else ["-I", "-S"]
    program = PROGRAM.format(src=str(SRC), statement=statement)
    done = subprocess.run([sys.executable, *flags, "-c", program], check=True, capture_output=True, text=True)
    return set(json.loads(done.stdout))


def test_import_loads_only_what_is_cheap() -> None:
    """Beside its own modules `import telemetry` loads nothing but a short list, and needs no installed package."""
    foreign = {name for name in loaded_by("import telemetry", site=False) if name.partition(".")[0] != "telemetry"}
    assert {name for name in foreign if not name.startswith(PSEUDO)} - CHEAP == set()


def test_import_loads_nothing_heavy_where_it_is_installed() -> None:
    """With all libraries at hand none of them is loaded, nor is any module that costs milliseconds."""
    loaded = loaded_by("import telemetry", site=True)
    heavy = {name for name in loaded if name in HEAVY or name.partition(".")[0] in HEAVY}
    assert heavy == set()


def test_import_has_loaded_the_package() -> None:
    """The two tests above look at an import that really happened."""
    assert {"telemetry", "telemetry._hotpath"} <= loaded_by("import telemetry", site=False)


@pytest.mark.parametrize("library", ["opentelemetry.trace", "prometheus_client", "structlog"])
def test_heavy_modules_would_be_seen(library: str) -> None:
    """If the package loaded one of its libraries, the test above would find it."""
    loaded = {name.partition(".")[0] for name in loaded_by(f"import {library}", site=True)}
    assert loaded & HEAVY >= {library.partition(".")[0], "typing"}


def test_import_writes_and_starts_nothing() -> None:
    """Importing alone starts no thread, opens no file and leaves the random state as it was."""
    statement = "; ".join(
        [
            "import os, random",
            "state, files = random.getstate(), sorted(os.listdir('/proc/self/fd'))",
            "import telemetry",
            "assert random.getstate() == state",
            "assert sorted(os.listdir('/proc/self/fd')) == files",
            "assert len(os.listdir('/proc/self/task')) == 1",
        ]
    )
    assert "telemetry" in loaded_by(statement, site=True)
