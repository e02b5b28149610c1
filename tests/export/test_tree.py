"""Traces as people see them at a terminal."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.export import render_tree
from telemetry.signals import SpanRecord

from .records import SPAN, TRACE_ID, plain_spans

MS = 1_000_000


def span(name: str, span_id: int, parent: int | None, start_ms: int = 0, end_ms: int = 1, **more: object) -> SpanRecord:
    """Make a span with times in milliseconds."""
    return replace(SpanRecord(name, TRACE_ID, span_id, parent, start_ms * MS, end_ms * MS), **more)  # type: ignore[arg-type]


BUILD = [
    span("verify.run", 4, 1, 20, 34, status="ok"),
    span("plan.compile_graph", 1, None, 0, 35, attributes={"nodes": 12}),
    span("codegen.lower", 2, 1, 1, 13, attributes={"backend.name": "c-gcc", "clause": "x <= 3"}),
    span("compile.execute", 3, 2, 2, 11, status="error", status_description="exit status 1"),
]


def test_tree() -> None:
    """Children stand below their parents in the order of their start, with duration, status and attributes."""
    assert render_tree(BUILD).splitlines() == [
        "trace 4bf92f3577b34da6a3ce929d0e0e4736  4 spans  35 ms",
        "plan.compile_graph  35 ms  nodes=12",
        "├─ codegen.lower  12 ms  backend.name=c-gcc  clause='x <= 3'",
        "│  └─ compile.execute  9 ms  ERROR exit status 1",
        "└─ verify.run  14 ms  ok",
    ]


def test_ascii() -> None:
    """Without characters beyond ASCII the shape stays, and what is beyond is escaped or spelled out."""
    odd = span("caf\u00e9", 5, 1, 30, 31, attributes={"unit": "µs", "long": "x" * 60})
    drawn = render_tree([*BUILD, odd, span("quick", 6, 5, 30, 30, end_ns=30 * MS + 1_500)], ascii=True)
    assert drawn.isascii()
    assert "|- codegen.lower  12 ms" in drawn
    assert "|  `- compile.execute" in drawn
    assert "`- caf\\xe9  1 ms  unit=us  long=" + "x" * 39 + "~\n" in drawn
    assert "`- quick  1.5 us" in drawn


def test_traces_are_apart() -> None:
    """Each trace has its own headline, and the one that began first comes first."""
    drawn = render_tree([span("later", 1, None, 5, 6), replace(span("sooner", 1, None, 1, 2), trace_id=2)])
    assert [line.split()[0] for line in drawn.splitlines()] == ["trace", "sooner", "trace", "later"]


def test_orphans_are_marked_roots() -> None:
    """A span whose parent is not here is shown with its children, and says where the parent is."""
    drawn = render_tree(
        [span("lost", 2, 0xAB, 0, 3), span("child", 3, 2), span("served", 4, 0xCD, 4, 5, parent_is_remote=True)]
    )
    assert drawn.splitlines()[1:] == [
        "lost  3 ms  [parent 00000000000000ab is missing]",
        "└─ child  1 ms",
        "served  1 ms  [parent 00000000000000cd is in another process]",
    ]


def test_spans_in_a_circle_are_shown_once() -> None:
    """Broken parent ids, each other's or one's own, hide no span and hang nothing."""
    drawn = render_tree([span("a", 1, 2), span("b", 2, 1), span("self", 3, 3)])
    assert drawn.splitlines()[1:] == [
        "a  1 ms  [is its own ancestor]",
        "└─ b  1 ms",
        "self  1 ms  [is its own ancestor]",
    ]


def test_equal_ids_are_all_shown() -> None:
    """Two spans of the same id, as a replay gives them, are both there."""
    drawn = render_tree([span("a", 1, None), span("a", 1, None), span("child", 2, 1)])
    assert [line.split()[0] for line in drawn.splitlines()[1:]] == ["a", "└─", "a"]


def test_depth_is_bounded() -> None:
    """What lies deeper than the bound is counted."""
    chain = [span(f"s{number}", number, number - 1 or None) for number in range(1, 8)]
    assert render_tree(chain, depth=2).splitlines()[1:] == [
        "s1  1 ms",
        "└─ s2  1 ms",
        "   └─ s3  1 ms",
        "      └─ … 4 spans more",
    ]


def test_breadth_is_bounded() -> None:
    """What has no place among the children is counted, its own children included."""
    spans = [*plain_spans(6), replace(plain_spans(7)[6], parent_span_id=6)]
    assert render_tree(spans, breadth=2).splitlines()[1:] == [
        "step.1  1 ns",
        "├─ step.2  1 ns",
        "├─ step.3  1 ns",
        "└─ … 4 spans more",
    ]


def test_a_very_deep_trace() -> None:
    """A trace deeper than Python recurses is drawn, to whatever depth is asked for."""
    chain = [span(f"s{number}", number, number - 1 or None) for number in range(1, 5_001)]
    assert len(render_tree(chain, depth=10_000, width=20).splitlines()) == 5_001


@pytest.mark.parametrize("width", [1, 10, 40, 80])
def test_width_is_kept(width: int) -> None:
    """No line is longer than the width, painted or not, and a cut one ends in an ellipsis."""
    lines = render_tree([*BUILD, SPAN], width=width).splitlines()
    assert all(len(line) <= width for line in lines)
    painted = render_tree([*BUILD, SPAN], width=width, color=True)
    assert [re.sub(r"\x1b\[\d+m", "", line).rstrip() for line in painted.splitlines()] == lines
    assert lines[0].endswith("…") == (width < 54)


def test_color_is_balanced() -> None:
    """Every paint ends within its line, and an error is red."""
    for line in render_tree(BUILD, color=True).splitlines():
        assert line.count("\x1b[0m") * 2 == line.count("\x1b[")
    assert "\x1b[31m  ERROR exit status 1\x1b[0m" in render_tree(BUILD, color=True)


def test_values_cannot_steer_the_terminal() -> None:
    """Control characters of names, attributes and descriptions are shown, not sent."""
    evil = "\x1b[2J\n\u202e"
    spans = [span(evil, 1, None, attributes={evil: evil, "empty": ""}, status="error", status_description=evil)]
    drawn = render_tree(spans)
    assert len(drawn.splitlines()) == 2
    assert "\x1b" not in drawn
    assert "\\x1b[2J\\n\\u202e" in drawn
    assert "empty=''" in drawn


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0 ns"),
        (999, "999 ns"),
        (12_345, "12.35 µs"),
        (1_500_000, "1.5 ms"),
        (90_000_000_000, "90 s"),
        (-5, "-5 ns"),
    ],
)
def test_durations(nanoseconds: int, text: str) -> None:
    """A duration has four digits and a unit near its size, even where a clock went backwards."""
    assert render_tree([span("s", 1, None, 0, 0, end_ns=nanoseconds)]).splitlines()[1] == f"s  {text}"


def test_running_time_of_a_generator() -> None:
    """A generator's own time stands beside its total."""
    assert "s  10 ms (running 2 ms)" in render_tree([span("s", 1, None, 0, 10, running_ns=2 * MS)])


def test_nothing() -> None:
    """No spans make no lines."""
    assert render_tree([]) == ""


@given(st.lists(st.tuples(st.integers(1, 8), st.none() | st.integers(1, 8)), max_size=12))
def test_every_span_is_drawn_or_counted_once(ids: list[tuple[int, int | None]]) -> None:
    """Whatever the parent ids say, each span is one line, or one of a counted rest."""
    spans = [span(f"n{number}", own, parent, number, number + 1) for number, (own, parent) in enumerate(ids)]
    for drawn in (render_tree(spans), render_tree(spans, depth=1, breadth=2)):
        lines = drawn.splitlines()[1:]
        counted = [int(found[1]) for line in lines if (found := re.search(r"… (\d+) spans? more", line))]
        assert len(lines) - len(counted) + sum(counted) == len(spans)
