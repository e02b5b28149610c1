"""Runs random programs on one twin and says what was recorded; `test_twins` compares what both say.

A program is a tree of steps, read as JSON from standard input, one program a line; one line of JSON answers each.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import telemetry
from telemetry.signals import Distribution, SpanRecord
from telemetry.testing import isolated

Step = dict[str, Any]

CAPTURE = {"backend.name": "backend.name", "operator.name": "operator", "clause.id": "clause"}


class Backend:
    """Something with an attribute to capture."""

    def __init__(self, name: Any) -> None:
        self.name = name


class CodedError(Exception):
    """A failure with a code."""

    def __init__(self, message: str, code: Any) -> None:
        super().__init__(message)
        self.code = code


class UnprintableError(Exception):
    """A failure that cannot be shown."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


class Odd:
    """A value that is nothing in particular, and of one text in every process."""

    def __repr__(self) -> str:
        return "<odd>"


ERRORS: dict[str, Callable[[], BaseException]] = {
    "value": lambda: ValueError("clause 7 has no operator"),
    "code": lambda: CodedError("linker failed", "E42"),
    "odd code": lambda: CodedError("linker failed", 42),
    "secret": lambda: RuntimeError("pushing to https://ci:hunter2@registry.example/v2"),
    "unprintable": UnprintableError,
    "empty": KeyError,
    "unicode": lambda: OSError("caf\udce9 \u2603"),
    "long": lambda: ValueError("x" * 9000),
    "interrupt": KeyboardInterrupt,
    "exit": lambda: SystemExit(0),
    "exit 3": lambda: SystemExit(3),
    "cancelled": asyncio.CancelledError,
    "group": lambda: ExceptionGroup("several", [ValueError("one"), KeyError("two")]),
    "stop": lambda: LookupError(("a", 1)),
}

VALUES: dict[str, Any] = {
    "gcc": "gcc",
    "clang": "clang",
    "none": None,
    "true": True,
    "one": 1,
    "huge": 1 << 80,
    "half": 0.5,
    "nan": float("nan"),
    "list": ["a", "b"],
    "mixed": ("a", 1, None),
    "bytes": b"\xff\x00",
    "odd": Odd(),
    "long": "y" * 500,
    "unicode": "caf\udce9 \u2603",
    "secret": "password=hunter2",
    "empty": "",
}


def _stage(target: Any) -> Any:
    """Decorate as a pipeline does: a span with captured attributes, a histogram, and counters of both outcomes."""
    target = telemetry.record_metric(
        "compile_failure_total", on="failure", capture={"backend": "backend.name"}, error={"error_code": "code"}
    )(target)
    target = telemetry.record_metric(
        "compile_success_total", on="success", labels={"host_region": "local"}, capture={"backend": "backend.name"}
    )(target)
    target = telemetry.record_metric(
        "lowering_duration_seconds",
        labels={"maturity": "stable"},
        capture={"backend": "backend.name", "operator": "operator"},
    )(target)
    return telemetry.instrument_span("codegen.lower", capture=CAPTURE)(target)


@_stage
def plain(backend: Any, operator: Any = "add", *, clause: Any = "c1", body: list[Step]) -> str:
    """Run a body in a function."""
    return run(body)


@_stage
def generated(backend: Any, operator: Any = "add", *, clause: Any = "c1", body: list[Step]) -> Iterator[str]:
    """Run each step of a body between two items."""
    for step in body:
        yield run([step])


@_stage
async def awaited(backend: Any, operator: Any = "add", *, clause: Any = "c1", body: list[Step]) -> str:
    """Run a body in a coroutine, with a pause after each step."""
    for step in body:
        run([step])
        await asyncio.sleep(0)
    return "done"


@_stage
async def agenerated(
    backend: Any, operator: Any = "add", *, clause: Any = "c1", body: list[Step]
) -> AsyncIterator[str]:
    """Run each step of a body between two items."""
    for step in body:
        run([step])
        yield "item"


@telemetry.instrument_span("spec.parse")
def bare(body: list[Step]) -> str:
    """Run a body below a span that captures nothing."""
    return run(body)


class Compiler:
    """Has a recorded method."""

    @telemetry.instrument_span("plan.compile_graph", kind="client", attributes={"build.cache_hit": True})
    def compile(self, body: list[Step]) -> str:
        """Run a body in a method."""
        return run(body)


def run(body: list[Step]) -> str:
    """Run steps one after the other."""
    for step in body:
        STEPS[step["do"]](step)
    return "done"


def _call(step: Step) -> None:
    backend = Backend(VALUES[step["backend"]])
    more = {name: VALUES[step[name]] for name in ("operator", "clause") if step[name] is not None}
    form, body = step["form"], step["body"]
    if form == "plain":
        plain(backend, **more, body=body)
    elif form == "generated":
        _consume(generated(backend, **more, body=body), step["items"])
    elif form == "awaited":
        _in_a_loop(awaited(backend, **more, body=body))
    elif form == "agenerated":
        _in_a_loop(_consume_async(agenerated(backend, **more, body=body), step["items"]))
    elif form == "bare":
        bare(body)
    elif form == "wrong":
        plain(backend, 1, 2, 3)
    else:
        Compiler().compile(body=body)


def _consume(items: Iterator[str], count: int) -> None:
    for index, _ in enumerate(items):
        if index + 1 == count:
            break
    items.close()  # type: ignore[attr-defined]


async def _consume_async(items: AsyncIterator[str], count: int) -> None:
    index = 0
    async for _ in items:
        index += 1
        if index == count:
            break
    await items.aclose()  # type: ignore[attr-defined]


def _in_a_loop(awaitable: Any) -> None:
    """Drive a coroutine by hand, as an event loop may be running already."""
    try:
        while True:
            awaitable.send(None)
    except StopIteration:
        pass


def _block(step: Step) -> None:
    attributes = {name: VALUES[value] for name, value in step["attributes"].items()}
    with telemetry.span(
        step["name"], attributes=attributes, **({"kind": step["kind"]} if step["kind"] else {})
    ) as span:
        _touch(span, step)
        run(step["body"])


def _touch(span: Any, step: Step) -> None:
    for action, value in step["actions"]:
        if action == "event":
            span.add_event("cache.miss", {"why": VALUES[value], "token": "t0p"}, 17)
        elif action == "status":
            span.set_status(value, "because")
        elif action == "exception":
            span.record_exception(ERRORS[value]())
        elif action == "rename":
            span.update_name(value)
        elif action == "end":
            span.end()
        else:
            span.set_attribute(action, VALUES[value])


def _raise(step: Step) -> None:
    error = ERRORS[step["error"]]()
    raise error


def _try(step: Step) -> None:
    try:
        run(step["body"])
    except BaseException as error:
        if step["again"]:
            raise RuntimeError("wrapped") from error


def _remote(step: Step) -> None:
    token = telemetry.attach(telemetry.extract({"traceparent": step["traceparent"], "tracestate": "vendor=1"}))
    try:
        run(step["body"])
    finally:
        telemetry.detach(token)


STEPS: dict[str, Callable[[Step], None]] = {
    "call": _call,
    "block": _block,
    "raise": _raise,
    "try": _try,
    "remote": _remote,
    "touch": lambda step: _touch(telemetry.current_span(), step) if telemetry.current_span() else None,
}


def answer(program: Step) -> Any:
    """Run one program in a runtime of its own; say what it recorded, without what differs from run to run."""
    outcome = "returned"
    with isolated(**program["settings"]) as recording:
        try:
            run(program["body"])
        except BaseException as error:
            outcome = (
                f"{type(error).__name__}: {' '.join(map(str, error.args))}" if error.args else type(error).__name__
            )
        leaked = telemetry.current_span() is not None
        spans = recording.spans
        metrics = {name: sorted(map(_series, family.series)) for name, family in recording.metrics.items()}
        losses = recording.losses
    return {
        "outcome": outcome,
        "leaked": leaked,
        "spans": [_span(span, spans) for span in spans],
        "metrics": metrics,
        "losses": losses,
    }


def _series(series: Any) -> Any:
    value = series.value
    return [list(series.labels), sum(value.buckets) if isinstance(value, Distribution) else value]


def _span(span: SpanRecord, spans: list[SpanRecord]) -> Any:
    ids = [each.span_id for each in spans]
    parent = span.parent_span_id
    return {
        "name": span.name,
        "kind": span.kind,
        "trace": [each.trace_id for each in spans].index(span.trace_id),
        "parent": ids.index(parent) if parent in ids else None if parent is None else "elsewhere",
        "remote": span.parent_is_remote,
        "attributes": {name: repr(value) for name, value in sorted(span.attributes.items())},
        "status": [span.status, span.status_description],
        "flags": span.trace_flags,
        "tracestate": span.tracestate,
        "events": [
            [event.name, {name: _stack(value) for name, value in event.attributes.items()}] for event in span.events
        ],
        "lasts": span.end_ns >= span.start_ns,
        "runs": span.running_ns is not None,
        "dropped": [span.dropped_attributes, span.dropped_events, span.dropped_links],
    }


def _stack(value: Any) -> str:
    return re.sub(r'File "[^"]*/', 'File "', repr(value))


def main() -> None:
    """Answer programs until there are no more."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
