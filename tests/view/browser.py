"""A headless Chromium that opens pages as a user does, and keeps everything that went wrong or left the machine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page, sync_playwright

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)


@dataclass
class Opened:
    """A page in a browser.

    Attributes:
        problems: What its console said, and what it threw.
        requests: The addresses that it asked for, its own left out.
    """

    page: Page
    problems: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def text(self, selector: str) -> str:
        """Give what can be read in the first element that fits."""
        return self.page.locator(selector).first.inner_text()

    def press(self, *keys: str) -> None:
        """Press keys, and wait until the page has drawn."""
        for key in keys:
            self.page.keyboard.press(key)
        self.settle()

    def settle(self) -> None:
        """Wait until what was asked for is drawn."""
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def focused(self) -> Any:
        """Give the class of the element that has the focus."""
        return self.page.evaluate("document.activeElement.className")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def opened(
    browser: Browser,
    path: Path,
    place: str = "",
    *,
    scheme: Literal["light", "dark"] = "light",
    width: int = 1440,
    offline: bool = True,
) -> Iterator[Opened]:
    """Open a page from a file; a problem or a request of it fails the test."""
    context = browser.new_context(viewport={"width": width, "height": 860}, color_scheme=scheme, offline=offline)
    page = context.new_page()
    found = Opened(page)
    page.on("console", lambda message: found.problems.append(message.text))
    page.on("pageerror", lambda error: found.problems.append(str(error)))
    own = path.as_uri()
    page.on("request", lambda request: None if request.url == own else found.requests.append(request.url))
    page.goto(own + place)
    found.settle()
    yield found
    context.close()
    assert not found.problems
    assert not found.requests
