"""The page by keyboard, and as who listens hears it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser
from tests.engines import needs
from tests.view import documents
from tests.view.browser import Opened, opened

pytestmark = needs("chromium")

SECOND = f"#trace={documents.trace_id(1)}"


def selected(shown: Opened) -> str:
    """Give the name of the selected span."""
    return shown.text(".waterfall .row[aria-selected=true] .row-name")


def test_a_trace_is_walked_without_a_mouse(browser: Browser, page: Path) -> None:
    """Slash searches, down goes to the list, Enter into the trace, arrows through it, Enter to the details."""
    with opened(browser, page) as shown:
        shown.press("/")
        assert shown.page.evaluate("document.activeElement.type") == "search"
        shown.press("ArrowDown", "ArrowDown")
        assert "tracelist" in shown.focused()
        shown.press("Enter")
        assert "waterfall" in shown.focused()
        shown.press("ArrowDown", "ArrowDown", "ArrowDown")
        assert shown.page.locator(".waterfall").get_attribute("aria-activedescendant")
        name = selected(shown)
        shown.press("Enter")
        assert shown.focused() == "details"
        assert shown.text(".details h2") == name
        shown.press("Escape")
        assert "waterfall" in shown.focused()
        shown.press("Escape")
        assert shown.page.locator(".details").is_hidden()
        shown.press("Escape")
        assert "tracelist" in shown.focused()


def test_spans_are_closed_and_opened_by_arrows(browser: Browser, page: Path) -> None:
    """Left closes what is inside and goes to the span around, right opens it and goes inside, as in any tree."""
    with opened(browser, page, SECOND) as shown:
        shown.page.focus(".waterfall")
        shown.press("ArrowDown", "ArrowDown")
        row = shown.page.locator(".waterfall .row[aria-selected=true]")
        before = shown.page.locator(".waterfall").get_attribute("aria-rowcount")
        shown.press("ArrowLeft")
        assert row.get_attribute("aria-expanded") == "false"
        assert shown.page.locator(".waterfall").get_attribute("aria-rowcount") == str(int(before or 0) - 1)
        shown.press("ArrowRight")
        assert row.get_attribute("aria-expanded") == "true"
        shown.press("ArrowRight")
        assert row.get_attribute("aria-level") == "3"
        shown.press("ArrowLeft", "ArrowLeft", "ArrowLeft")
        assert row.get_attribute("aria-level") == "1"
        shown.press("End")
        assert row.get_attribute("aria-rowindex") == "60"


def test_failures_and_finds_are_stepped_through(browser: Browser, page: Path) -> None:
    """The key e goes to what failed; a search marks what it finds, and n goes from one to the next."""
    with opened(browser, page, SECOND) as shown:
        shown.page.focus(".waterfall")
        shown.press("e")
        assert "failed" in (shown.page.locator(".waterfall .row[aria-selected=true]").get_attribute("class") or "")
        shown.press("/")
        shown.page.keyboard.type("op3")
        shown.press("Enter")
        assert "of 61" in shown.text(".trace-tools .said")
        first = shown.page.url
        shown.press("Escape", "Escape")
        shown.press("/")
        shown.page.keyboard.type("op3")
        shown.press("ArrowDown", "n")
        assert shown.page.url != first
        assert "op3" in shown.text(".details")


def test_zoom_and_flame_graph_have_keys(browser: Browser, page: Path) -> None:
    """The key z zooms to the span and Escape out again; f changes the drawing; arrows go to child and neighbour."""
    with opened(browser, page, SECOND) as shown:
        shown.page.focus(".waterfall")
        shown.press("ArrowDown", "ArrowDown", "z")
        assert shown.page.locator("text=Zoom out").is_visible()
        shown.press("Escape")
        assert shown.page.locator("text=Zoom out").is_hidden()
        shown.press("f")
        assert "flame" in shown.focused()
        before = shown.text(".details h2")
        shown.press("ArrowRight", "ArrowUp")
        assert shown.text(".details h2") == "pipeline.run" != before
        assert "pipeline.run" in shown.page.locator("[role=status]").inner_text()


def test_numbers_change_the_part_and_help_names_the_keys(browser: Browser, page: Path) -> None:
    """Digits go to the parts of the page, arrows along the tabs, the question mark to the help, Escape out of it."""
    with opened(browser, page) as shown:
        for key, name in (("2", "logs"), ("3", "metrics"), ("4", "processes"), ("1", "traces")):
            shown.press(key)
            assert shown.page.locator(f"#tab-{name}").get_attribute("aria-selected") == "true"
        shown.page.focus("#tab-traces")
        shown.press("ArrowRight")
        assert shown.page.evaluate("document.activeElement.id") == "tab-logs"
        shown.press("?")
        assert "next and previous span that failed" in shown.text("dialog")
        shown.press("Escape")
        assert shown.page.locator("dialog").is_hidden()


def test_focus_can_be_seen(browser: Browser, page: Path) -> None:
    """Whatever the tab key reaches has an outline then, and has a name."""
    with opened(browser, page, SECOND) as shown:
        reached = set()
        for _ in range(14):
            shown.press("Tab")
            found = shown.page.evaluate(
                """() => { const each = document.activeElement; const style = getComputedStyle(each);
                return [each.className || each.id, style.outlineStyle, parseFloat(style.outlineWidth),
                  each.getAttribute("aria-label") || each.textContent || each.title]; }"""
            )
            if found[0] == "":
                continue
            reached.add(found[0])
            assert found[1] != "none" and found[2] >= 2, found
            assert found[3].strip(), found
        assert {"rows tracelist", "rows waterfall"} <= reached


def test_rows_have_roles(browser: Browser, page: Path) -> None:
    """A reader of the screen hears a list of traces, and a tree grid whose rows say level, duration and failure."""
    with opened(browser, page, SECOND) as shown:
        tree = shown.page.get_by_role("treegrid", name="Spans of the trace")
        failed = tree.get_by_role("row", name="failed")
        assert "compile.execute" in (failed.first.get_attribute("aria-label") or "") or failed.count()
        assert shown.page.get_by_role("listbox", name="Traces").get_by_role("option").count() == 3
        assert shown.page.get_by_role("tab", selected=True).inner_text().startswith("Traces")
