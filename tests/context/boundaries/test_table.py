"""Each boundary, by each start method, in each shape: the right trace, the right parent, and no orphan."""

from __future__ import annotations

from pathlib import Path

import pytest

from .trails import left_in, misplaced, ran

PROCESSES = ("process", "subclass")
POOL = ("apply", "apply_async", "starmap", "starmap_async", "map", "map_async", "imap", "imap_unordered")
EXECUTOR = ("submit", "executor_map")
SHAPES = ("nested", "concurrent 0", "concurrent 1", "for nobody")


def wanted(method: str, how: str) -> set[str]:
    """Name the jobs of a start method; of a class of processes that begin empty one is enough."""
    boundaries = (*PROCESSES[: 1 if how == "propagated" else 2], *POOL, *EXECUTOR)
    labels = {f"{boundary} {shape}" for boundary in boundaries for shape in SHAPES}
    brief = () if method == "fork" else PROCESSES if how == "propagated" else PROCESSES[1:]
    return labels - {f"{boundary} {shape}" for boundary in brief for shape in SHAPES[1:]}


METHODS = pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])


@METHODS
def test_every_boundary_with_the_switch(method: str, journal_folder: Path) -> None:
    """Below a span, at once from two traces, and for nobody: each job has its sender as parent, and arrives."""
    done = ran("crossings", method, "patched")
    assert (done.returncode, done.stderr) == (0, "")
    found = left_in(journal_folder)
    assert wanted(method, "patched") <= found.keys()
    assert misplaced(found) == []


@METHODS
def test_every_boundary_with_propagate(method: str, journal_folder: Path) -> None:
    """The same without the switch, where what is sent is bound to the context; a process that begins empty records."""
    done = ran("crossings", method, "propagated")
    assert (done.returncode, done.stderr) == (0, "")
    found = left_in(journal_folder)
    assert wanted(method, "propagated") <= found.keys()
    assert misplaced(found) == []


def test_a_pool_that_knows_no_sender_makes_roots(journal_folder: Path) -> None:
    """Without either, a forked worker never takes the span that was open when it was forked for a parent."""
    done = ran("crossings", "fork", "plain")
    assert (done.returncode, done.stderr) == (0, "")
    found = left_in(journal_folder)
    assert wanted("fork", "plain") <= found.keys()
    assert misplaced(found) == []


@pytest.mark.parametrize("how", ["patched", "propagated", "plain"])
def test_the_pure_twin_crosses_too(how: str, journal_folder: Path) -> None:
    """The same parents without the compiled twin."""
    done = ran("crossings", "fork", how, TELEMETRY_PURE="1")
    assert (done.returncode, done.stderr) == (0, "")
    found = left_in(journal_folder)
    assert wanted("fork", how) <= found.keys()
    assert misplaced(found) == []
