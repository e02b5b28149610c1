"""Spans as a tree: drawn, compared with text, and checked against a tree that a test wrote."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from telemetry import propagate, span
from telemetry.signals import SpanRecord
from telemetry.testing import Recording, SpanTree, isolated
from telemetry.testing.tree import draw, forest


@pytest.fixture
def recording() -> Iterator[Recording]:
    """Record a run whose compiler cannot be started."""
    with isolated() as recording:
        with suppress(FileNotFoundError), span("pipeline.run"):
            with span("spec.parse"):
                pass
            with span("compile.execute", attributes={"backend.name": "c-gcc", "artifact.filename": "a b"}):
                raise FileNotFoundError("gcc")
        yield recording


def test_a_tree_equals_text_however_it_is_indented(recording: Recording) -> None:
    """Blank lines, blanks at the end and common indentation do not count; the steps between lines do."""
    tree = recording.tree()
    assert tree == """
        pipeline.run  ERROR FileNotFoundError
          spec.parse

          compile.execute  ERROR FileNotFoundError
    """  # fmt: skip
    assert tree == recording.tree()
    assert tree != "pipeline.run  ERROR FileNotFoundError"
    assert tree != str(tree).replace("  spec.parse", "spec.parse")
    assert tree != 3


def test_attributes_are_shown_where_they_are_asked_for(recording: Recording) -> None:
    """Names come in the order in which they are asked for, those of one pattern by name; odd texts are quoted."""
    line = recording.tree("backend.*", "artifact.*").lines[2]
    assert line == "  compile.execute  backend.name=c-gcc  artifact.filename='a b'  ERROR FileNotFoundError"
    assert recording.tree("host.kind", "nothing").lines[1] == "  spec.parse  host.kind=online"
    assert "error.type" not in str(recording.tree("*"))


def test_siblings_stand_in_the_order_of_their_start_or_text() -> None:
    """The order of starts is the default; with `sort` that of threads plays no part, below the first level either."""

    def work(child: str, first: threading.Event, then: threading.Event) -> None:
        first.wait()
        with span("codegen.lower"), span(child):
            then.set()

    def run(order: tuple[str, str]) -> Recording:
        with isolated() as recording, span("pipeline.run"):
            gates = [threading.Event() for _ in range(3)]
            gates[0].set()
            threads = [
                threading.Thread(target=propagate(work), args=(child, gates[at], gates[at + 1]))
                for at, child in enumerate(order)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        return recording

    one, other = run(("compile.execute", "verify.run")), run(("verify.run", "compile.execute"))
    assert one.tree().lines[2].strip() == "compile.execute"
    assert one.tree() != other.tree()
    assert one.tree(sort=True) == other.tree(sort=True)


def test_spans_whose_parents_are_not_there_say_so() -> None:
    """A parent that has not ended, and one in another process, leave a root with a mark."""
    with isolated() as recording:
        with span("pipeline.run"):
            with span("spec.parse"):
                pass
            assert recording.tree() == "spec.parse  ORPHAN"
            recording.assert_spans("spec.parse  ORPHAN")
            with pytest.raises(AssertionError):
                recording.assert_spans("spec.parse")
        assert recording.tree() == "pipeline.run\n  spec.parse"
    remote = SpanRecord("job", 1, 2, 3, 0, 1, parent_is_remote=True)
    own = SpanRecord("loop", 1, 4, 4, 0, 1)
    assert draw(forest([remote, own]), lambda node: [f"{node.record.name} {node.marks}"]) == [
        "job ('REMOTE',)",
        "loop ('ORPHAN',)",
    ]


def test_deep_traces_are_drawn() -> None:
    """A trace that is deeper than Python recurses has a line for each span."""
    records = [SpanRecord("job", 1, at + 1, at or None, at, at + 1) for at in range(3000)]
    lines = draw(forest(records), lambda node: [node.record.name])
    assert len(lines) == 3000
    assert lines[-1] == "  " * 2999 + "job"


def test_wanted_spans_are_there(recording: Recording) -> None:
    """Attributes that are not written are not looked at, `ERROR` is any error, quotes are free, `...` is any rest."""
    recording.assert_spans("""
        pipeline.run  ERROR
          spec.parse
          compile.execute  backend.name='c-gcc'  artifact.filename="a b"  ERROR FileNotFoundError
    """)
    recording.assert_spans("...")
    recording.assert_spans("pipeline.run  ERROR\n  ...")
    recording.assert_spans("pipeline.run  ERROR\n  ...\n  compile.execute  ERROR\n  ...\n...")


@pytest.mark.parametrize(
    "tree",
    [
        "",
        "pipeline.run  ERROR",
        "pipeline.run\n  ...",
        "pipeline.run  ERROR ValueError\n  ...",
        "pipeline.run  ERROR\n  spec.parse  ERROR\n  compile.execute  ERROR",
        "pipeline.run  ERROR\n  compile.execute  ERROR\n  spec.parse",
        "pipeline.run  ERROR\n  spec.parse\n  ...\n  compile.execute  backend.name=c-clang  ERROR",
        "pipeline.run  ERROR\n  spec.parse\n  ...\n  compile.execute  backend.version=1  ERROR",
        "pipeline.run  ERROR\n  spec.parse\n    ...\n  ...\n  spec.parse\n  ...",
        "pipeline.run  ERROR\n  ...\n  spec.parse\n    spec.parse\n  ...",
    ],
)
def test_other_spans_are_not(recording: Recording, tree: str) -> None:
    """A span too many or too few, another order, attribute, error or level: each fails."""
    with pytest.raises(AssertionError, match="the spans are not as expected"):
        recording.assert_spans(tree)


def test_gaps_give_back_what_they_took() -> None:
    """A line after `...` may fit a span too early; another one that it fits counts too."""
    with isolated() as recording:
        for _ in range(2):
            with span("spec.parse"):
                pass
        with span("verify.run", attributes={"provenance.id": "p"}):
            pass
    recording.assert_spans("...\nspec.parse\nverify.run")
    with pytest.raises(AssertionError):
        recording.assert_spans("...\nverify.run\nspec.parse")


def test_the_difference_shows_what_was_asked_and_no_more(recording: Recording) -> None:
    """Each line is in it once or, where it differs, twice; what the tree does not ask of a span is not shown."""
    with pytest.raises(AssertionError) as caught:
        recording.assert_spans("""
            pipeline.run  ERROR
              spec.parse
              compile.execute  backend.name=c-llvm  ERROR FileNotFoundError
        """)
    lines = [line for line in str(caught.value).splitlines() if not line.startswith("?")]
    assert lines == [
        "the spans are not as expected (- expected, + recorded):",
        "- pipeline.run  ERROR",
        "+ pipeline.run  ERROR FileNotFoundError",
        "    spec.parse",
        "-   compile.execute  backend.name=c-llvm  ERROR FileNotFoundError",
        "+   compile.execute  backend.name=c-gcc  ERROR FileNotFoundError",
    ]


def test_lines_that_cannot_be_read_are_named(recording: Recording) -> None:
    """A part that is neither an attribute nor a mark is a mistake in the test, told with its line."""
    with pytest.raises(ValueError, match=r"line 2 of the tree, 'spec.parse  fast': 'fast' is neither name=value"):
        recording.assert_spans("pipeline.run\n  spec.parse  fast")


def test_trees_that_differ_are_compared() -> None:
    """What was recorded has the plus, beside text or another tree."""
    wanted = ["the trees of spans differ (- expected, + recorded)", "- biuld", "+ build"]
    for expected in ("biuld", "    biuld\n", SpanTree(["biuld"])):
        lines = SpanTree(["build"]).differences(expected)
        assert [line for line in lines if not line.startswith("?")] == wanted


def test_long_trees_are_compared_quickly() -> None:
    """Trees of thousands of lines that share none are compared as blocks."""
    lines = SpanTree(f"job{at}" for at in range(5000)).differences("\n".join(f"task{at}" for at in range(5000)))
    assert len([line for line in lines if line.startswith("+job")]) == 5000


def test_one_span_is_found_by_name_and_attributes(recording: Recording) -> None:
    """None or several is an error that shows what there is."""
    assert recording.span("spec.parse").status != "error"
    assert recording.span("compile.execute", {"backend.name": "c-gcc"}).attributes["artifact.filename"] == "a b"
    with pytest.raises(
        LookupError, match=r"0 spans are compile.execute with .*\n(.*\n)*  compile.execute  backend.name=c-gcc"
    ):
        recording.span("compile.execute", {"backend.name": "c-llvm"})
    with isolated() as twice:
        for _ in range(2):
            with span("spec.parse"):
                pass
    with pytest.raises(LookupError, match=r"2 spans are spec\.parse, not one"):
        twice.span("spec.parse")
