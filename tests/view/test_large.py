"""Ten thousand spans: only what can be seen exists, and moving through them costs what few would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.engines import needs
from tests.view import documents
from tests.view.browser import opened

pytestmark = needs("chromium")

STAGES = 4999
SCROLL = """(share) => {
  const rows = document.querySelector(".waterfall");
  rows.scrollTop = share * rows.scrollHeight;
}"""
LARGE = f"#trace={documents.trace_id(0)}"


@pytest.fixture
def large(tmp_path: Path, page_of: Callable[[Path], Path]) -> Path:
    """A page with one trace of 9999 spans, and a small one."""
    return page_of(documents.demo(tmp_path / "large.jsonl", [STAGES, 3]))


def test_only_rows_in_sight_exist(browser: Browser, large: Path) -> None:
    """A hundred rows at most stand for ten thousand spans, wherever one scrolls, and the last span is the last row."""
    with opened(browser, large, LARGE) as shown:
        rows = shown.page.locator(".waterfall .row")
        assert shown.page.locator(".waterfall").get_attribute("aria-rowcount") == str(2 * STAGES + 1)
        for share in (0.3, 0.9, 1.0, 0.0):
            shown.page.evaluate(SCROLL, share)
            shown.settle()
            assert 20 < rows.count() < 100
        shown.page.focus(".waterfall")
        shown.press("End")
        assert shown.page.locator(".waterfall .row[aria-selected=true]").get_attribute("aria-rowindex") == str(
            2 * STAGES + 1
        )


def test_rows_show_what_they_stand_for(browser: Browser, large: Path) -> None:
    """After any jump every visible row has the name and the duration of its own span."""
    with opened(browser, large, LARGE) as shown:
        wrong = shown.page.evaluate(
            """async () => {
              const data = JSON.parse(document.getElementById("recording").textContent);
              const trace = data.traces.find((each) => each.span.length > 5000);
              const rows = document.querySelector(".waterfall");
              const wrong = [];
              for (let jump = 0; jump < 60; jump++) {
                rows.scrollTop = (jump * 7919 * 26) % rows.scrollHeight;
                await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
                const seen = [...rows.querySelectorAll(".row:not([hidden])")];
                if (seen.length < 20) wrong.push(`${jump}: ${seen.length} rows`);
                for (const row of seen) {
                  const index = Number(row.getAttribute("aria-rowindex")) - 1;
                  const name = row.querySelector(".row-name").textContent;
                  if (name !== data.texts[trace.name[index]]) wrong.push(`${jump}: ${index}`);
                }
              }
              return wrong;
            }"""
        )
        assert wrong == []


def test_search_finds_all_at_once(browser: Browser, large: Path) -> None:
    """A word is found in all spans, and stepping wraps around at the end."""
    with opened(browser, large, LARGE) as shown:
        shown.page.fill(".trace-tools input", "op3")
        assert "of 9999" in shown.text(".trace-tools .said")
        shown.page.focus(".trace-tools input")
        shown.press("Shift+Enter")
        assert shown.page.locator(".waterfall .row[aria-selected=true].found").count() == 1


def test_flame_graph_draws_all_of_them(browser: Browser, large: Path) -> None:
    """Every lane has ink from one end to the other, and the canvas is no larger than the window."""
    with opened(browser, large, LARGE + "&mode=flame") as shown:
        found = shown.page.evaluate(
            """() => {
              const canvas = document.querySelector("canvas");
              const copy = document.createElement("canvas");
              Object.assign(copy, {width: canvas.width, height: canvas.height});
              const pen = copy.getContext("2d", {willReadFrequently: true});
              pen.drawImage(canvas, 0, 0);
              const inked = (y) => {
                const data = pen.getImageData(0, y, canvas.width, 1).data;
                let count = 0;
                for (let at = 3; at < data.length; at += 4) count += data[at] > 0;
                return count / canvas.width;
              };
              return [inked(34), inked(54), inked(106), canvas.height <= innerHeight];
            }"""
        )
        assert found[0] > 0.99 and found[1] > 0.95 and found[2] > 0.6 and found[3]
