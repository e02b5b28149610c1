"""Recordings that want to harm: markup, directions, half characters, cycles, nonsense; the page shows them as text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from tests.engines import needs
from tests.view import documents
from tests.view.browser import opened
from tests.view.documents import attributes, span, spans_of

from telemetry.contracts import load_registry
from telemetry.operations.view import html_page, read_recording, traces_of

MARKUP = "</script><img src=x onerror=harmed=1><script>globalThis.harmed=1</script>"
BACKWARDS = "\u202eevil\u2066 \u2067 cod.exe"
HALF = "half \ud83d of a character"
WHO = documents.resource(MARKUP, 1, **{"host.name": BACKWARDS, MARKUP: MARKUP})


def hostile() -> list[dict[str, Any]]:
    """Give documents with harm in every text that a page shows."""
    given = {MARKUP: MARKUP, "a": BACKWARDS, "b": HALF, "c": "x" * 1_000_000, "d": "\0\x1b[31m\n\n", "__proto__": "y"}
    event = {"name": MARKUP, "timeUnixNano": "1", "attributes": attributes(given)}
    failure = {"name": "exception", "timeUnixNano": "1", "attributes": attributes({"exception.message": MARKUP})}
    link = {"traceId": documents.trace_id(5), "spanId": documents.span_id(5), "attributes": attributes(given)}
    more = {"attributes": given, "events": [event, failure], "links": [link], "traceState": MARKUP}
    status = {"code": 2, "message": MARKUP}
    spans = [
        span(0, 0, None, MARKUP, 0, 9, **more, status=status),
        span(0, 1, 0, BACKWARDS, 1, 1),
        span(0, 2, 0, HALF, 2, 1),
    ]
    series = [({MARKUP: MARKUP}, [1] * 9, [(0.1, 0, 0)])]
    metric = {**documents.histogram(MARKUP, series), "description": MARKUP, "unit": MARKUP}
    lines = [documents.line(0, 0, 1, MARKUP, 9, **given)]
    return [spans_of(WHO, spans), documents.logs_of(WHO, lines), documents.metrics_of(WHO, [metric])]


@needs("chromium")
@pytest.mark.parametrize(
    "place", ["", "&span=" + documents.span_id(0), "&mode=flame", "&view=logs", "&view=metrics", "&view=processes"]
)
def test_nothing_that_was_recorded_runs(
    browser: Browser, tmp_path: Path, page_of: Callable[[Path], Path], place: str
) -> None:
    """Markup in names, attributes, labels, lines and resources is shown as it is, in every part of the page."""
    page = page_of(documents.write(tmp_path / "hostile.jsonl", hostile()))
    with opened(browser, page, f"#trace={documents.trace_id(0)}{place}") as shown:
        shown.page.wait_for_timeout(50)
        assert shown.page.evaluate("[globalThis.harmed, document.images.length, document.scripts.length]") == [
            None,
            0,
            2,
        ]
        if place != "&mode=flame":
            assert "<img src=x" in shown.text("main")


@needs("chromium")
def test_directions_end_where_their_text_ends(
    browser: Browser, tmp_path: Path, page_of: Callable[[Path], Path]
) -> None:
    """A text that turns the direction of writing turns nothing beside it."""
    page = page_of(documents.write(tmp_path / "hostile.jsonl", hostile()))
    with opened(browser, page, f"#trace={documents.trace_id(0)}") as shown:
        name = shown.page.locator(".span-row .row-name >> nth=1")
        assert name.inner_text() == BACKWARDS
        assert name.evaluate("each => getComputedStyle(each).unicodeBidi") in ("isolate", "isolate-override")
        number = shown.page.locator(".span-row .number >> nth=1").bounding_box()
        box = name.bounding_box()
        assert box is not None and number is not None and box["x"] < number["x"]


@needs("chromium")
def test_long_texts_are_cut_until_asked_for(browser: Browser, tmp_path: Path, page_of: Callable[[Path], Path]) -> None:
    """A text of a million characters is a short one, with its length, in the file and on the screen."""
    page = page_of(documents.write(tmp_path / "hostile.jsonl", hostile()))
    assert page.stat().st_size < 300_000
    with opened(browser, page, f"#trace={documents.trace_id(0)}&span={documents.span_id(0)}") as shown:
        assert shown.page.locator("text=Show all 16,").count() >= 1
        shown.page.locator("text=Show all 16,").first.click()
        assert "983616 more characters" in shown.text(".details")


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        7,
        {"resourceSpans": 7},
        {"resourceSpans": [7, None, {"scopeSpans": "x"}, {"scopeSpans": [{"spans": [None, 7, {}, {"traceId": []}]}]}]},
        {"resourceSpans": [{"resource": {"attributes": [{"key": 7}]}}]},
        spans_of({}, [{**span(0, 0, None, "x", 0, 1), "startTimeUnixNano": "9" * 5000}]),
        spans_of({}, [{**span(0, 0, None, "x", 0, 1), "startTimeUnixNano": "1e400"}]),
        spans_of({}, [{**span(0, 0, None, "x", 0, 1), "kind": "server", "status": 7}]),
        {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"kvlistValue": 7}}]}]}]},
        {
            "resourceMetrics": [
                {"scopeMetrics": [{"metrics": [{"name": "x"}, {"name": "y", "sum": {"dataPoints": [7]}}]}]}
            ]
        },
        documents.metrics_of(
            {}, [{"name": "x", "histogram": {"dataPoints": [{"bucketCounts": [1, 2], "count": "3"}]}}]
        ),
        documents.metrics_of({}, [{"name": "x", "exponentialHistogram": {"dataPoints": [{"scale": 4000}]}}]),
    ],
)
def test_nonsense_is_left_out_and_counted(tmp_path: Path, document: Any) -> None:
    """Whatever a line holds, what is sound beside it is shown, and the rest is said."""
    source = documents.write(tmp_path / "odd.jsonl", [document, spans_of({}, [span(1, 1, None, "sound", 0, 1)])])
    recording = read_recording(source, load_registry())
    assert [each.name for each in recording.spans][-1] == "sound"
    assert recording.problems
    html_page(recording)


def test_numbers_that_json_lacks_are_text(tmp_path: Path) -> None:
    """Infinity and NaN in values, bounds and attributes make a page that a browser can read."""
    point = {"asDouble": "NaN", "attributes": attributes({"a": float("inf")})}
    odd = {"name": "odd", "gauge": {"dataPoints": [point]}}
    sound = spans_of({}, [span(0, 0, None, "x", 0, 1, attributes={"nan": float("nan")})])
    recording = read_recording(
        documents.write(tmp_path / "odd.jsonl", [documents.metrics_of({}, [odd]), sound]), load_registry()
    )
    text = html_page(recording).decode()
    assert "NaN" not in text.split('id="recording">')[1].split("</script>")[0].replace('"NaN"', "").replace(
        '\\"NaN\\"', ""
    )


def test_spans_inside_each_other_have_a_place(tmp_path: Path) -> None:
    """A ring of spans, a span inside itself, and one inside a span that is not there are roots; none is lost."""
    spans = [
        span(0, 0, 1, "a", 0, 1),
        span(0, 1, 0, "b", 0, 1),
        span(0, 2, 2, "self", 0, 1),
        span(0, 3, 900, "orphan", 0, 1),
    ]
    recording = read_recording(documents.write(tmp_path / "ring.jsonl", [spans_of({}, spans)]), load_registry())
    (trace,) = traces_of(recording)
    assert sorted(each.name for each in trace.spans) == ["a", "b", "orphan", "self"]
    assert set(trace.parents) == {-1}


def test_depth_has_no_limit(tmp_path: Path) -> None:
    """Spans that are inside each other five thousand times are written without recursion."""
    spans = [
        span(0, number, number - 1 if number else None, "deep", number / 100, 100 - number / 100)
        for number in range(5000)
    ]
    recording = read_recording(documents.write(tmp_path / "deep.jsonl", [spans_of({}, spans)]), load_registry())
    (trace,) = traces_of(recording)
    assert list(trace.parents) == list(range(-1, 4999))
    html_page(recording)
