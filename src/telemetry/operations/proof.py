"""The generated tree held against the programs that it is for: they check it, and run its unit tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

from telemetry.errors import EngineError

from .engines import PROGRAMS

_TIMEOUT_SECONDS: Final = 600


@final
@dataclass(frozen=True, slots=True)
class Checked:
    """What a program says of one file.

    Attributes:
        file: Its path below the tree.
        what: What was asked: `check` or `test`.
        problem: What the program said; empty where all is well.
    """

    file: str
    what: str
    problem: str


def prove_tree(tree: Path) -> Sequence[Checked]:
    """Check the rules and configurations of a tree, and run their unit tests.

    Raises:
        EngineError: A program that is needed is not installed, or there is nothing to check.
    """
    # Their time is that of the programs, which wait for nobody.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = tuple(pool.map(lambda each: _checked(tree, *each), _every(tree)))
    if not found:
        raise EngineError(
            str(tree), "has no rules, tests or configurations; name a tree that `telemetry generate` wrote"
        )
    return found


def _every(tree: Path) -> Iterator[tuple[Path, str, Callable[[Path], str]]]:
    for path in (*sorted(tree.glob("rules/*.yml")), *tree.glob("victoriametrics/downsampling.yml")):
        yield path, "check", lambda path: _run("promtool", "check", "rules", str(path))
    for path in sorted(tree.glob("tests/*.yml")):
        yield path, "test", _routes if path.name == "routes.yml" else _units
    for path in tree.glob("prometheus/prometheus.yml"):
        yield path, "check", lambda path: _run("promtool", "check", "config", str(path))
    for path in tree.glob("alertmanager/alertmanager.yml"):
        yield path, "check", lambda path: _run("amtool", "check-config", str(path))


def _checked(tree: Path, path: Path, what: str, ask: Callable[[Path], str]) -> Checked:
    """Ask a program; that it is missing is the caller's to hear, that it refuses is what is asked for."""
    for name in ("promtool", "amtool"):
        PROGRAMS[name].path()
    try:
        problem = ask(path)
    except EngineError as error:
        problem = str(error)
    return Checked(path.relative_to(tree).as_posix(), what, problem)


def _run(program: str, *arguments: str) -> str:
    PROGRAMS[program].run(*arguments, timeout=_TIMEOUT_SECONDS)
    return ""


def _units(path: Path) -> str:
    return _run("promtool", "test", "rules", str(path))


def _routes(path: Path) -> str:
    """Ask for the receivers of each alert in the table, and tell the alerts that go astray."""
    config = path.parents[1] / "alertmanager" / "alertmanager.yml"
    astray = []
    for case in _cases(path):
        labels = [f"{name}={value}" for name, value in case["labels"].items()]
        receivers = ",".join(case["receivers"])
        try:
            _run(
                "amtool",
                "config",
                "routes",
                "test",
                f"--config.file={config}",
                f"--verify.receivers={receivers}",
                *labels,
            )
        except EngineError as error:
            astray.append(str(error))
    return "\n".join(astray)


def _cases(path: Path) -> Sequence[Mapping[str, Any]]:
    # Only who asks pays for it.
    import yaml

    return list(yaml.safe_load(path.read_text(encoding="utf-8"))["routes"])
