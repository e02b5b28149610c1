"""OTLP JSON lines as an exporter writes them: a build of two services, of any size, with whatever a test puts in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from random import Random
from typing import Any

START_NS = 1_790_000_000_000_000_000
MS = 1_000_000
STAGES = ("spec.parse", "plan.compile_graph", "codegen.lower", "compile.execute", "verify.run", "distribute.package")


def trace_id(number: int) -> str:
    """Give the id of a trace."""
    return f"{number + 1:032x}"


def span_id(number: int) -> str:
    """Give the id of a span."""
    return f"{number + 1:016x}"


def value(given: Any) -> dict[str, Any]:
    """Give an `AnyValue`."""
    if isinstance(given, bool):
        return {"boolValue": given}
    if isinstance(given, int):
        return {"intValue": str(given)}
    if isinstance(given, float):
        return {"doubleValue": given}
    if isinstance(given, list):
        return {"arrayValue": {"values": [value(each) for each in given]}}
    return {"stringValue": given}


def attributes(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give attributes as OTLP has them."""
    return [{"key": name, "value": value(each)} for name, each in given.items()]


def span(
    trace: int, number: int, parent: int | None, name: str, begin_ms: float, took_ms: float, /, **more: Any
) -> dict[str, Any]:
    """Give a span; `more` are fields as OTLP names them, but `attributes` a mapping."""
    given = {**more, "attributes": attributes(more.get("attributes", {}))}
    start = START_NS + int(begin_ms * MS)
    return {
        "traceId": trace_id(trace),
        "spanId": span_id(number),
        **({} if parent is None else {"parentSpanId": span_id(parent)}),
        "name": name,
        "kind": 1,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + int(took_ms * MS)),
        **given,
    }


def line(trace: int, number: int, at_ms: float, text: str, severity: int = 9, /, **more: Any) -> dict[str, Any]:
    """Give a log record of a span."""
    ids = {"traceId": trace_id(trace), "spanId": span_id(number)}
    said = {"timeUnixNano": str(START_NS + int(at_ms * MS)), "severityNumber": severity, "body": value(text)}
    return {**ids, **said, "attributes": attributes(more)}


def resource(service: str, pid: int, **more: Any) -> dict[str, Any]:
    """Give who recorded."""
    return {"attributes": attributes({"service.name": service, "process.pid": pid, **more})}


def spans_of(who: Mapping[str, Any], spans: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Give a document with spans."""
    return {"resourceSpans": [{"resource": who, "scopeSpans": [{"scope": {"name": "telemetry"}, "spans": [*spans]}]}]}


def logs_of(who: Mapping[str, Any], lines: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Give a document with log records."""
    return {"resourceLogs": [{"resource": who, "scopeLogs": [{"logRecords": [*lines]}]}]}


def metrics_of(who: Mapping[str, Any], metrics: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Give a document with metrics."""
    return {"resourceMetrics": [{"resource": who, "scopeMetrics": [{"metrics": [*metrics]}]}]}


def histogram(name: str, series: Iterable[tuple[Mapping[str, Any], list[int], list[tuple[float, int, int]]]]) -> Any:
    """Give a histogram in seconds of series, each with labels, buckets, and exemplars: value, trace, span."""
    bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0]
    points = [
        {
            "attributes": attributes(labels),
            "timeUnixNano": str(START_NS),
            "count": str(sum(buckets)),
            "sum": 0.04 * sum(buckets),
            "bucketCounts": [str(each) for each in buckets],
            "explicitBounds": bounds,
            "exemplars": [
                {"asDouble": seen, "timeUnixNano": str(START_NS), "traceId": trace_id(trace), "spanId": span_id(number)}
                for seen, trace, number in exemplars
            ],
        }
        for labels, buckets, exemplars in series
    ]
    data = {"aggregationTemporality": 2, "dataPoints": points}
    return {"name": name, "unit": "s", "description": "How long lowering takes.", "histogram": data}


def build(trace: int, first: int, stages: int, random: Random) -> tuple[list[Any], list[Any]]:
    """Give the spans of one build: those of the compiler, and those of the workers that it asks."""
    own, workers, at = [], [], 0.0
    number = first
    for _ in range(stages):
        stage, took = STAGES[number % len(STAGES)], 1 + random.expovariate(0.2)
        around = number + 1
        failed = random.random() < 0.02
        more = {"status": {"code": 2, "message": "exit status 1"}} if failed else {}
        own.append(span(trace, around, first, stage, at, took, attributes={"backend.name": "c-gcc"}, **more))
        inner = {"attributes": {"operator.name": f"op{number % 7}", "toolchain.stdout.sha256": "9f" * 32}, "kind": 2}
        workers.append(span(trace, around + 1, around, "compile.execute", at + 0.1 * took, took * 0.7, **inner))
        at, number = at + took, number + 2
    own.insert(0, span(trace, first, None, "pipeline.run", 0, at))
    return own, workers


def demo(path: Path, sizes: Iterable[int] = (8, 30, 4)) -> Path:
    """Write a file with builds of so many stages, log lines, and a histogram whose exemplars lead to them."""
    random = Random(7)
    compiler, worker = resource("specc", 4711), resource("lowering-worker", 4790, **{"host.name": "build-1"})
    documents, number = [], 0
    for trace, stages in enumerate(sizes):
        own, workers = build(trace, number, stages, random)
        if trace == 1:
            stack = 'Traceback (most recent call last):\n  File "lower.py", line 88, in lower\nLoweringError: no rule'
            said = {"exception.type": "LoweringError", "exception.message": "no rule for clause 'for all x'"}
            event = {"name": "exception", "timeUnixNano": own[3]["endTimeUnixNano"]}
            event["attributes"] = attributes({**said, "exception.stacktrace": stack})
            own[3] |= {"events": [event], "status": {"code": 2, "message": "LoweringError"}}
            own[3] |= {
                "links": [{"traceId": trace_id(0), "spanId": span_id(1)}, {"traceId": "f" * 32, "spanId": "1" * 16}]
            }
        documents += [spans_of(compiler, own), spans_of(worker, workers)]
        texts = [
            line(trace, number + 1, 0.4, "compile.start", backend="c-gcc"),
            line(trace, number + 5, 3, "compile.end", 17),
        ]
        documents.append(logs_of(compiler, texts))
        number += 2 * stages + 1
    rows = [
        (
            {"backend": "c-gcc", "operator": "map"},
            [2, 9, 31, 44, 20, 6, 1, 0, 0],
            [(0.031, 0, 1), (0.4, 1, 19), (9.0, 900, 1)],
        ),
        ({"backend": "c-clang", "operator": "map"}, [0, 1, 4, 12, 33, 51, 18, 3, 1], [(0.2, 2, 55)]),
        ({"backend": "llvm", "operator": "fold"}, [0] * 9, []),
    ]
    documents.append(metrics_of(worker, [histogram("lowering_duration_seconds", rows)]))
    counts = {"c-gcc": 311, "c-clang": 120}
    points = [{"attributes": attributes({"backend": name}), "asInt": str(count)} for name, count in counts.items()]
    counter = {"name": "compile_success_total", "sum": {"isMonotonic": True, "dataPoints": points}}
    documents.append(metrics_of(compiler, [counter]))
    return write(path, documents)


def write(path: Path, documents: Iterable[Any]) -> Path:
    """Write documents, one a line."""
    path.write_text("".join(json.dumps(each) + "\n" for each in documents), encoding="utf-8")
    return path
