"""The twins of the cells: the pure ones, and the compiled ones, built apart to reach what only C can call."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from telemetry._hotpath import Page, cells, labels, layout

ROOT = Path(__file__).parents[2]
HOTPATH = ROOT / "src" / "telemetry" / "_hotpath"
SOURCE = Path(__file__).with_name("twin.pyx")
CACHE = ROOT / "build" / "tests"
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

PURE = SimpleNamespace(
    CounterCell=cells.CounterCell,
    GaugeCell=cells.GaugeCell,
    HistogramCell=cells.HistogramCell,
    SummaryCell=cells.SummaryCell,
    ExponentialHistogramCell=cells.ExponentialHistogramCell,
    LabelMemo=labels.LabelMemo,
)
KINDS = {
    "counter": ("CounterCell", "inc"),
    "gauge": ("GaugeCell", "write"),
    "histogram": ("HistogramCell", "observe"),
    "summary": ("SummaryCell", "observe"),
    "exponential": ("ExponentialHistogramCell", "observe"),
}


class Bench:
    """One cell of each kind in a page, and what they refused."""

    def __init__(self, twin: Any, *, refuse: Callable[[str, object], None] | None = None) -> None:
        self.page = Page(layout.HEADER_WORDS + 4 * 1024)
        self.refused: list[tuple[str, str]] = []
        self.cells = {kind: self._make(twin, kind, refuse or self._refuse) for kind in KINDS}

    def __getitem__(self, kind: str) -> Any:
        return self.cells[kind]

    def operation(self, kind: str) -> Any:
        """Give what the cell records by."""
        return getattr(self.cells[kind], KINDS[kind][1])

    def words(self) -> list[bytes]:
        """Copy all cells, without the times of their making, and of a gauge's setting."""
        gauge_at = self.cells["gauge"].at
        for word in (2, 4):
            self.page.integers[gauge_at + word] = 0
        sizes = {kind: layout.cell_words(kind, len(BOUNDS) + 1) for kind in KINDS}
        return [bytes(self.page.integers[cell.at : cell.at + sizes[kind]]) for kind, cell in self.cells.items()]

    def _refuse(self, reason: str, value: object) -> None:
        self.refused.append((reason, repr(value)))

    def _make(self, twin: Any, kind: str, refuse: Callable[[str, object], None]) -> Any:
        at = self.page.allot(kind, b"", layout.cell_words(kind, len(BOUNDS) + 1))
        more = (BOUNDS,) if kind == "histogram" else ()
        return getattr(twin, KINDS[kind][0])(self.page, at, refuse, *more)


def compiled() -> ModuleType | None:
    """Import the compiled cells, which are built first where that was not done yet; None without Cython or gcc."""
    compiler = shutil.which("gcc")
    if compiler is None or importlib.util.find_spec("Cython") is None:
        return None
    name = f"twin{sysconfig.get_config_var('EXT_SUFFIX')}"
    target = CACHE / _fingerprint() / name
    if not target.exists():
        _build(compiler, target)
    spec = importlib.util.spec_from_file_location("twin", target)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _build(compiler: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    generated = target.with_name(f"{os.getpid()}.c")
    cython = [sys.executable, "-m", "cython", "-3", "-Werror", "-I", str(HOTPATH), str(SOURCE), "-o", str(generated)]
    flags = ["-O1", "-fPIC", "-shared", "-Wall", "-Werror", f"-I{sysconfig.get_paths()['include']}", f"-I{HOTPATH}"]
    draft = target.with_suffix(f".{os.getpid()}")
    for command in (cython, [compiler, *flags, str(generated), "-o", str(draft)]):
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    draft.replace(target)  # tests that run side by side never load half a file (POSIX rename)


def _fingerprint() -> str:
    sources = (SOURCE, Path(__file__), *sorted((HOTPATH / "native").iterdir()))
    parts = (*(path.read_bytes() for path in sources if path.is_file()), sys.version.encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


COMPILED: Any = compiled()
TWINS: dict[str, Any] = {"pure": PURE} | ({} if COMPILED is None else {"compiled": COMPILED})
