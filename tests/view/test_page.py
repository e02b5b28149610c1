"""The page in a browser: what a person finds in it, with a mouse and in both schemes of colours."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser
from tests.engines import needs
from tests.journal import programs
from tests.view import documents
from tests.view.browser import opened

pytestmark = needs("chromium")

FAILED = f"#trace={documents.trace_id(1)}&span={documents.span_id(19 + 3)}"
HISTOGRAM = "#view=metrics&metric=lowering_duration_seconds"
CONTRAST = """(selectors) => {
  const pen = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const read = (colour, under) => {
    pen.fillStyle = under; pen.fillRect(0, 0, 1, 1); pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => rgb.map((each) => each / 255)
    .map((each) => each <= 0.03928 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
    .reduce((sum, each, index) => sum + each * [0.2126, 0.7152, 0.0722][index], 0);
  const css = (rgb) => `rgb(${rgb.join(",")})`;
  const back = (element) => {
    const around = [];
    for (let each = element; each; each = each.parentElement) around.unshift(getComputedStyle(each).backgroundColor);
    return around.reduce((under, colour) => css(read(colour, under)), "white");
  };
  return selectors.map((selector) => {
    const element = document.querySelector(selector);
    const under = back(element);
    const ink = light(read(getComputedStyle(element).color, under));
    const paper = light(read(under, under));
    return [selector, (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05)];
  });
}"""


def test_page_opens_from_a_file_and_asks_for_nothing(browser: Browser, page: Path) -> None:
    """All traces are listed, nothing is said on the console, and no request is made."""
    with opened(browser, page) as shown:
        assert shown.page.locator(".tracelist .row:visible").count() == 3
        assert shown.text(".tracelist .chip.failed") == "1 failed"


def test_page_cannot_reach_a_network(browser: Browser, page: Path) -> None:
    """Its policy refuses even what somebody would bring in: a request, an image, a script in an attribute."""
    with socket.create_server(("127.0.0.1", 0)) as server, opened(browser, page, offline=False) as shown:
        server.setblocking(False)
        refused = shown.page.evaluate(
            """async (address) => {
              const found = [];
              document.addEventListener("securitypolicyviolation", (event) => found.push(event.effectiveDirective));
              await fetch(address).catch(() => {});
              document.body.append(Object.assign(new Image(), {src: address}));
              const button = document.createElement("button");
              const tries = [
                () => button.setAttribute("onclick", "globalThis.harmed = true"),
                () => { document.body.innerHTML = "<b>markup</b>"; },
                () => { document.body.append(Object.assign(document.createElement("script"), {text: "harmed = 1"})); },
              ];
              for (const each of tries) try { each(); } catch (error) { found.push(error.name); }
              button.click();
              await new Promise((done) => setTimeout(done, 50));
              return [globalThis.harmed === undefined, ...new Set(found)].map(String).sort();
            }""",
            f"http://127.0.0.1:{server.getsockname()[1]}/x.png",
        )
        assert {"true", "connect-src", "img-src", "require-trusted-types-for", "TypeError"} <= set(refused)
        with pytest.raises(BlockingIOError):
            server.accept()
        assert shown.problems
        shown.problems.clear()
        shown.requests.clear()


def test_failed_traces_can_be_filtered_searched_and_sorted(browser: Browser, page: Path) -> None:
    """The list follows the filter, the search in attributes, and the order by duration."""
    with opened(browser, page) as shown:
        shown.page.select_option("select", "shortest")
        assert shown.text(".tracelist .row .number") == "7.77 ms"
        shown.page.click("text=Failed")
        assert shown.text(".said") == "1 of 3"
        shown.page.click("text=Failed")
        shown.page.fill("nav input", "op99")
        assert shown.text(".empty-title") == "No trace is like that"
        shown.page.fill("nav input", documents.trace_id(2))
        assert shown.text(".said") == "1 of 3"


def test_details_of_a_span_say_everything_of_it(browser: Browser, page: Path) -> None:
    """Exception, attributes, links, log lines, status, resource: what was recorded can be read."""
    with opened(browser, page, FAILED) as shown:
        shown.page.click("summary >> text=Process and resource")
        shown.page.click("summary >> text=Stack trace")
        said = shown.text(".details")
        for part in ("LoweringError", "no rule for clause", "lower.py", "backend.name", "✕ failed", "specc", "4711"):
            assert part in said
        assert "a trace that is not in this recording" in said
        assert "compile.end" in said


def test_a_link_leads_to_the_span_that_it_points_to(browser: Browser, page: Path) -> None:
    """A click on a link opens the other trace at the other span; back returns."""
    with opened(browser, page, FAILED) as shown:
        shown.page.click(".details section .event button.link")
        shown.settle()
        assert documents.trace_id(0) in shown.page.url
        shown.page.go_back()
        shown.settle()
        assert documents.trace_id(1) in shown.page.url


def test_artefacts_stand_apart(browser: Browser, page: Path) -> None:
    """The hash of what a toolchain wrote is listed under artefacts, whole."""
    with opened(browser, page, f"#trace={documents.trace_id(0)}&span={documents.span_id(2)}") as shown:
        assert shown.page.locator(".details section:has(h3:text('Artefacts')) code").inner_text() == "9f" * 32


def test_exemplars_open_their_trace(browser: Browser, page: Path) -> None:
    """An exemplar of a histogram leads to the span that it was observed in; one whose trace is gone is no button."""
    with opened(browser, page, HISTOGRAM) as shown:
        assert shown.page.locator(".heat").count() == 3
        assert shown.page.locator("span.exemplar.lost").count() == 1
        shown.page.click("button.exemplar >> text=400 ms")
        shown.settle()
        assert f"trace={documents.trace_id(1)}" in shown.page.url
        assert shown.page.locator(".span-row[aria-selected=true]").count() == 1


def test_log_lines_are_searched_and_lead_to_their_span(browser: Browser, page: Path) -> None:
    """Lines can be filtered by severity; a double click opens the span of one."""
    with opened(browser, page, "#view=logs") as shown:
        shown.page.select_option("select", "3")
        assert shown.text(".page .said") == "3 of 6"
        shown.page.dblclick(".log-row >> nth=0")
        shown.settle()
        assert "compile.end" in shown.text(".details")


def test_spans_of_a_killed_process_are_shown_as_open(
    browser: Browser, journal_folder: Path, page_of: Callable[[Path], Path]
) -> None:
    """What a process was at when SIGKILL met it is said at the top, listed with its path, and drawn as open."""
    programs.stop(programs.start(programs.NESTED, journal_folder, "3", end="signal.pause()"))
    with opened(browser, page_of(journal_folder)) as shown:
        assert "1 process died with 2 spans open" in shown.text(".banner")
        shown.page.click("text=Show what was open")
        assert "pipeline.run \u203a compile.execute" in shown.text(".open-card")
        assert "✕ died" in shown.text(".open-card")
        shown.page.click(".open-card button >> nth=-1")
        shown.settle()
        assert shown.page.locator(".bar.open:visible").count() == 2
        assert "Its process died in it" in shown.text(".details")
        shown.page.click("#tab-processes")
        assert "started" in shown.text(".ledger")


def test_a_killed_function_is_found_in_the_code(
    browser: Browser, journal_folder: Path, page_of: Callable[[Path], Path]
) -> None:
    """An open span of a decorated function says the function, the file and the line where it began."""
    programs.run(programs.DECORATED, journal_folder)
    with opened(browser, page_of(journal_folder), "#view=processes") as shown:
        assert "Where in the code" in shown.text(".open-card")
        assert "parse in <string>:" in shown.text(".open-card")
        shown.page.click(".open-card button")
        shown.settle()
        assert "It began in parse in <string>:" in shown.text(".details")


def test_losses_are_said(browser: Browser, journal_folder: Path, page_of: Callable[[Path], Path]) -> None:
    """Where newer records took the place of older ones, the page says how many, at the top and in the ledger."""
    programs.run(programs.NESTED, journal_folder, "40000")
    with opened(browser, page_of(journal_folder)) as shown:
        assert "records lost" in shown.text(".banner")
        shown.page.click(".banner button")
        assert "overwritten" in shown.text(".lost-note")


def test_flame_graph_draws_each_process_apart(browser: Browser, page: Path) -> None:
    """A click on a bar selects its span, a double click zooms to it, and the heads name the processes."""
    with opened(browser, page, f"#mode=flame&trace={documents.trace_id(0)}") as shown:
        box = shown.page.locator(".flame").bounding_box()
        assert box is not None
        shown.page.mouse.click(box["x"] + 300, box["y"] + 34)
        shown.settle()
        assert shown.text(".details h2") == "pipeline.run"
        shown.page.mouse.dblclick(box["x"] + 100, box["y"] + 54)
        shown.settle()
        assert shown.page.locator("text=Zoom out").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("place", "selectors"),
    [
        (FAILED, [".row-name", ".span-row.failed .row-name", ".pid", ".span-row .number", ".facts dt", "h3"]),
        (FAILED, [".tracelist .about", ".chip.failed", ".details .chip", ".exception-type", "button.link", ".tick"]),
        ("#view=logs", [".error .severity", ".log-fields", ".number", ".said", "[role=tab]", ".count", ".hint"]),
        (HISTOGRAM, [".heat-count", ".heat-bound", ".about", ".field", ".exemplar", ".exemplar.lost"]),
    ],
)
def test_text_has_contrast(
    browser: Browser, page: Path, scheme: Literal["light", "dark"], place: str, selectors: list[str]
) -> None:
    """Every kind of text has a contrast of 4.5 to 1 at least, in both schemes (WCAG 2.2, 1.4.3)."""
    with opened(browser, page, place, scheme=scheme) as shown:
        found = shown.page.evaluate(CONTRAST, selectors)
        assert [each for each in found if each[1] < 4.5] == []


def test_scheme_follows_the_system_until_somebody_chooses(browser: Browser, page: Path) -> None:
    """The page is dark where the system is; the switch makes it light, and a reload keeps that."""
    background = "getComputedStyle(document.body).backgroundColor"
    with opened(browser, page, scheme="dark") as shown:
        is_light = f"{background} === 'rgb(255, 255, 255)'"
        assert not shown.page.evaluate(is_light)
        shown.page.click("#theme")
        shown.page.wait_for_function(is_light)
        shown.page.reload()
        shown.page.wait_for_function(is_light)


def test_narrow_windows_hide_nothing_that_matters(browser: Browser, page: Path) -> None:
    """At 800 pixels the page does not scroll sideways, and list, waterfall and details are all there."""
    with opened(browser, page, FAILED, width=800) as shown:
        assert shown.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        for selector in (".tracelist", ".waterfall", ".details"):
            box = shown.page.locator(selector).bounding_box()
            assert box is not None and box["width"] > 200 and box["height"] > 100


def test_empty_recordings_say_so(browser: Browser, tmp_path: Path, page_of: Callable[[Path], Path]) -> None:
    """Without spans, lines and metrics, each part says what is missing instead of being blank."""
    source = documents.write(tmp_path / "empty.jsonl", [documents.spans_of(documents.resource("specc", 1), [])])
    with opened(browser, page_of(source)) as shown:
        assert "No spans were recorded" in shown.text("nav")
        shown.page.click("#tab-logs")
        assert "No log lines were recorded" in shown.text("main")
        shown.page.click("#tab-metrics")
        assert "No metrics were recorded" in shown.text("main")
        shown.page.click("#tab-processes")
        assert "specc" in shown.text("main")
