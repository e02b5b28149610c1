"""What the tests of the viewer share: a browser, and pages of recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.view.browser import chromium
from tests.view.documents import demo

from telemetry.contracts import load_registry
from telemetry.operations.view import html_page, read_recording


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for the tests of one file: while it runs, this thread can run no event loop of its own."""
    with chromium() as started:
        yield started


@pytest.fixture
def page_of(tmp_path: Path) -> Callable[[Path], Path]:
    """What makes a page of a source."""

    def make(source: Path) -> Path:
        page = tmp_path / "trace.html"
        page.write_bytes(html_page(read_recording(source, load_registry())))
        return page

    return make


@pytest.fixture
def page(tmp_path: Path, page_of: Callable[[Path], Path]) -> Path:
    """A page with three traces of two processes, log lines, a histogram with exemplars, and a counter."""
    return page_of(demo(tmp_path / "build.jsonl"))
