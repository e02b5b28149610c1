"""Modules of typed handles: written, imported, read, and judged by mypy and pyright."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from tests.handles.cases import CASES, COLLIDING, COLLIDING_CALLS, GOOD

from telemetry.contracts import Registry, load_registry, render_handles

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "handles"

_MESSAGE = re.compile(r"(?P<file>[^:]+):(?P<line>\d+): error: (?P<text>.*)")
_OPTIONS = ("--strict", "--config-file=", "--explicit-package-bases", "--namespace-packages", "--no-pretty")

Verdicts = dict[tuple[str, int], str]
"""What a checker says, by file and line."""


def load(registry: Registry, path: Path) -> ModuleType:
    """Write the handles of a registry to a module, and import it."""
    path.write_text(render_handles(registry), encoding="utf-8")
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_examples(folder: Path) -> None:
    """Write what checkers judge, all at once since they take seconds to start: good, bad, and a renamed label."""
    _write_examples(folder / "written")
    _copy_program(folder / "kept")
    _copy_program(folder / "renamed", '"compressor"', '"compression"')


def judge(folder: Path) -> Verdicts:
    """Let mypy judge the examples."""
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *_OPTIONS, "written", "kept", "renamed"],
        cwd=folder,
        env={**os.environ, "MYPYPATH": f".:{ROOT / 'src'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return dict(_read(done.stdout))


def judge_by_pyright(folder: Path) -> dict[tuple[str, int], set[str]]:
    """Let pyright judge the examples, and give the rules that each line breaks."""
    (folder / "pyrightconfig.json").write_text(json.dumps({"extraPaths": [".", str(ROOT / "src")]}))
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, "."],
        cwd=folder,
        env={"HOME": str(folder), "PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    found: dict[tuple[str, int], set[str]] = {}
    for each in json.loads(done.stdout)["generalDiagnostics"]:
        place = os.path.relpath(each["file"], folder), each["range"]["start"]["line"] + 1
        found.setdefault(place, set()).add(each["rule"])
    return found


def _write_examples(folder: Path) -> None:
    folder.mkdir()
    (folder / "metrics.py").write_text(render_handles(load_registry(packs=["pipeline"])))
    (folder / "colliding.json").write_text(json.dumps(COLLIDING))
    (folder / "colliding.py").write_text(render_handles(load_registry(folder / "colliding.json")))
    imports = "from telemetry import get_logger\n\nfrom written import colliding\n"
    (folder / "odd.py").write_text(imports + COLLIDING_CALLS)
    head = "from written import metrics\n"
    (folder / "good.py").write_text(f"from telemetry import get_logger\n\n{head}{GOOD}")
    (folder / "bad.py").write_text(head + "".join(f"{code}\n" for code, _ in CASES))


def _copy_program(folder: Path, *replacement: str) -> None:
    """Copy the program of the example, and make its handles anew from its registry, in which a text is replaced."""
    shutil.copytree(EXAMPLE / "imaging", folder / "imaging", ignore=shutil.ignore_patterns("__pycache__"))
    text = (EXAMPLE / "registry.json").read_text()
    (folder / "registry.json").write_text(text.replace(*replacement) if replacement else text)  # type: ignore[arg-type]
    (folder / "imaging" / "metrics.py").write_text(render_handles(load_registry(folder / "registry.json")))


def _read(output: str) -> Iterator[tuple[tuple[str, int], str]]:
    for found in map(_MESSAGE.fullmatch, output.splitlines()):
        if found is not None:
            yield (found["file"], int(found["line"])), found["text"]


def classes(source: str) -> dict[str, ast.ClassDef]:
    """Find the classes in a module."""
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)]
    assert len({node.name for node in found}) == len(found), "two classes of one name"
    return {node.name: node for node in found}
