"""The settings that a test gives to `isolated` hold for its block, and for nothing after it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from telemetry import current_span, span
from telemetry.testing import isolated


def _in_thread() -> Any:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(current_span()))
    thread.start()
    thread.join()
    return found[0]


def test_the_standard_library_is_patched_for_the_block() -> None:
    """With `patch_stdlib` a thread has the span that started it; without it, and after the block, it has none."""
    start = threading.Thread.start
    with isolated(patch_stdlib=True), span("spec.parse") as here:
        assert _in_thread() is here
    assert threading.Thread.start is start
    with isolated(), span("spec.parse"):
        assert _in_thread() is None


def test_a_test_that_fails_undoes_the_patch() -> None:
    """What the block raises comes out of it, and the standard library is as it was."""
    start = threading.Thread.start
    patched: list[object] = []

    def fail() -> None:
        with isolated(patch_stdlib=True):
            patched.append(threading.Thread.start)
            raise ValueError("the test")

    with pytest.raises(ValueError, match="the test"):
        fail()
    assert patched != [start]
    assert threading.Thread.start is start
