"""One target under atheris: `python -m tests.fuzz.branches TARGET` and libFuzzer's options; `__main__` starts it."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

TRACED = ("telemetry.context", "telemetry.config.structures", "telemetry.export.answer")


def main() -> None:
    """Load the parsers with a look at their branches, and run one until libFuzzer ends the process."""
    atheris: Any = import_module("atheris")
    with atheris.instrument_imports(include=list(TRACED)):
        targets = import_module("tests.fuzz.targets")
    name = sys.argv.pop(1)
    atheris.Setup(sys.argv, targets.TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
