"""The page in a browser: an operator acknowledges what a real Alertmanager delivered, and sees it end."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright
from tests.engines import needs
from tests.view.browser import FLAGS

from .conftest import StartReceiver
from .process import TOKENS, Served, alert, alertmanager, free_port, post_alerts

pytestmark = needs("chromium", "prometheus-alertmanager")
TOLERATED = "Failed to load resource"  # what a test provokes: the browser names each answer that refuses


@pytest.fixture
def page() -> Iterator[Page]:
    """A page of a browser; what it says to its console fails the test."""
    problems: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        opened = browser.new_context(viewport={"width": 1360, "height": 760}).new_page()
        opened.on("console", lambda message: problems.append(message.text))
        opened.on("pageerror", lambda error: problems.append(str(error)))
        yield opened
        browser.close()
    assert [each for each in problems if TOLERATED not in each] == []


def enter(page: Page, receiver: Served, role: str = "operator") -> None:
    """Open the page with the token of a role."""
    page.goto(receiver.url)
    page.get_by_label("Token").fill(TOKENS[role])
    page.keyboard.press("Enter")
    page.wait_for_selector("header")


def test_an_operator_acknowledges_and_sees_the_end(start_receiver: StartReceiver, tmp_path: Path, page: Page) -> None:
    """With the keyboard alone: the alert comes up by itself, is acknowledged, is silenced, and is gone at its end."""
    port = free_port()
    receiver = start_receiver("--alertmanager", f"http://127.0.0.1:{port}", "--settle-seconds", "0")
    with alertmanager(tmp_path / "am", receiver.url, port) as url:
        enter(page, receiver)
        page.get_by_text("Nothing is open.").wait_for()
        post_alerts(url, alert())
        page.locator("td .name", has_text="Slow").wait_for()
        assert page.get_by_label("Runbook of Slow").get_attribute("href") == "https://runbooks.example/slow"
        page.keyboard.press("j")
        page.keyboard.press("a")
        page.get_by_label("Why").fill("looking at it")
        page.get_by_role("dialog").get_by_label("For").select_option("1800")
        page.keyboard.press("Tab")
        page.get_by_role("dialog").get_by_role("button", name="Acknowledge").press("Enter")
        page.locator("tr .chip.acknowledged").wait_for()
        page.locator("tbody tr").first.press("Enter")
        page.get_by_text("Silenced in Alertmanager until").wait_for(timeout=20_000)
        post_alerts(url, alert(ended=1))
        page.get_by_text("Nothing is open.").wait_for(timeout=30_000)
        page.locator("aside .chip.resolved").wait_for()
        page.get_by_role("link", name="History").click()
        page.locator("tr .chip.resolved").wait_for()
        page.get_by_role("link", name="Audit").click()
        page.get_by_role("button", name="Check the chain").click()
        page.get_by_text("rows are as they were written").wait_for()


def test_what_an_alert_says_is_text(receiver: Served, page: Page) -> None:
    """Labels and annotations that hold markup or a script's address become neither."""
    hostile = alert("<img src=x onerror=alert(1)>")
    hostile["annotations"] = {"summary": "<script>alert(1)</script>", "runbook_url": "javascript:alert(1)"}
    receiver.deliver(hostile)
    enter(page, receiver)
    page.get_by_text("<script>alert(1)</script>").first.wait_for()
    page.locator("tbody tr").first.click()
    page.locator("aside .history li").first.wait_for()
    assert page.locator("main img, main script, main a[href^=javascript]").count() == 0


def test_a_reader_looks_and_changes_nothing(receiver: Served, page: Page) -> None:
    """Without the role there is no button, and the key does nothing."""
    receiver.deliver(alert())
    enter(page, receiver, "reader")
    page.locator("td .name", has_text="Slow").wait_for()
    page.keyboard.press("j")
    page.keyboard.press("a")
    assert page.get_by_role("dialog").count() == 0
    assert page.get_by_role("button", name="Acknowledge").count() == 0


def test_a_session_ends_with_leaving(receiver: Served, page: Page) -> None:
    """The cookie is out of reach of scripts, and worth nothing after."""
    enter(page, receiver)
    (cookie,) = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="Leave").click()
    page.get_by_label("Token").wait_for()
    headers = {"Cookie": f"{cookie['name']}={cookie['value']}", "Authorization": ""}
    assert receiver.ask("GET", "/api/v1/incidents", headers=headers).status_code == 401
