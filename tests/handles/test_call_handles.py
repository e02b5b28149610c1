"""Spans and events through the module of handles: at run time they are what `telemetry.span` and a logger record."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from tests.handles.cases import COLLIDING, COLLIDING_CALLS

import telemetry
from telemetry.contracts import EventContract, Registry, SpanContract, load_registry, render_handles
from telemetry.testing import isolated

Import = Callable[[Registry], ModuleType]


def test_a_span_is_that_of_telemetry(imported: Import) -> None:
    """A handle records what `telemetry.span` records with the same attributes: kind, values, and nothing for None."""
    spans = imported(load_registry()).spans
    with isolated() as recording:
        with telemetry.span(
            "codegen.lower", attributes={"backend.name": "c", "operator.name": "gcd", "clause.id": "1f"}
        ) as span:
            span.set_attribute("build.cache_hit", True)
        with spans.codegen_lower(backend_name="c", operator_name="gcd", clause_id="1f") as span:
            span.set_attribute("build.cache_hit", True)
        with spans.pipeline_run(cicd_pipeline_name="p", cicd_pipeline_run_id="1", cicd_pipeline_result="success"):
            pass
    plain, handled, run = recording.spans
    assert (plain.name, plain.kind, plain.attributes) == (handled.name, handled.kind, handled.attributes)
    assert (run.name, run.kind, run.attributes["cicd.pipeline.result"]) == ("pipeline.run", "server", "success")
    assert recording.violations() == {}


def test_names_that_functions_have_for_themselves(imported: Import, tmp_path: Path) -> None:
    """A label, an attribute or a field may be named as a parameter of ours, or of a logger, and is recorded."""
    path = tmp_path / "colliding.json"
    path.write_text(json.dumps(COLLIDING))
    module = imported(load_registry(path))
    with isolated(registry=path) as recording:
        exec(COLLIDING_CALLS, {"colliding": module, "get_logger": telemetry.get_logger})
    (line,) = recording.logs
    names = [each["name"] for each in COLLIDING["events"][0]["fields"]]  # type: ignore[index]
    assert {name: line.fields[name] for name in names} == {name: name for name in names}
    assert line.event == "odd.event"
    (series,) = recording.metrics["odd_total"].series
    assert (series.labels, series.value) == (("a", "b", "development"), 1.0)
    assert recording.span("odd.span").attributes.items() >= {"self": "a", "name": "b", "kind": "c"}.items()
    assert "- list: its name is that of something" in (module.__doc__ or "")
    assert recording.violations() == {}


def test_more_attributes_of_a_span(imported: Import) -> None:
    """What has no parameter, common attributes and those of a family, is given by its name, and wins over a None."""
    spans = imported(load_registry()).spans
    with isolated() as recording, spans.spec_parse(attributes={"spec.name": "x", "vcs.ref.head.name": "main"}):
        pass
    found = recording.span("spec.parse").attributes
    assert (found["spec.name"], found["vcs.ref.head.name"]) == ("x", "main")


def test_an_event_is_a_line_of_the_logger(imported: Import) -> None:
    """An event has its severity unless a worse one is given, its fields, and those without a parameter."""
    events = imported(load_registry()).events
    with isolated(log_level="debug") as recording:
        events.compile_start(telemetry.get_logger("a"), backend="c")
        events.compile_end(telemetry.get_logger(), backend="c", severity="error", error_code="timeout")
        events.lower_end(telemetry.get_logger(), backend="c", operator="gcd", fields={"clause_id": "1f"})
    start, end, lowered = recording.logs
    assert (start.event, start.severity, start.logger, start.fields["backend"]) == ("compile.start", "info", "a", "c")
    assert "operator" not in start.fields
    assert (end.severity, end.fields["error_code"]) == ("error", "timeout")
    assert (lowered.severity, lowered.fields["clause_id"]) == ("debug", "1f")
    assert recording.violations() == {}


def test_all_spans_and_events_have_a_function(imported: Import) -> None:
    """Each span and event of each shipped pack is there, with what must be given first and without a default."""
    registry = load_registry()
    module = imported(registry)
    assert [name for name in registry.spans if not callable(getattr(module.spans, name.replace(".", "_")))] == []
    assert [name for name in registry.events if not callable(getattr(module.events, name.replace(".", "_")))] == []
    needed = module.spans.codegen_lower.__kwdefaults__
    assert {"backend_name", "operator_name", "clause_id"}.isdisjoint(needed)


@pytest.mark.usefixtures("alone")
def test_a_common_attribute_that_must_be_there(imported: Import, tmp_path: Path) -> None:
    """What every span must have is asked for by each handle, unless settings give it."""
    path = tmp_path / "registry.json"
    attributes = [
        {"name": "tenant.id", "type": "string", "description": "Who pays.", "required": "always"},
        {"name": "host.kind", "type": "string", "description": "Where it ran.", "required": "always"},
    ]
    spans = [{"name": "disk.burn", "description": "Push an image.", "attributes": [
        {"name": "class", "type": "string", "description": "A word of Python."},
        {"name": "image.secret_key", "type": "string", "description": "A key.", "class": "secret"},
    ]}]  # fmt: skip
    path.write_text(json.dumps({"extends": [], "attributes": attributes, "spans": spans}))
    push = imported(load_registry(path)).spans.disk_burn
    with pytest.raises(TypeError, match="tenant_id"):
        push()
    with isolated(registry=path) as recording, push(tenant_id="t", attributes={"class": "x"}):
        pass
    assert recording.span("disk.burn").attributes == {"host.kind": "online", "tenant.id": "t", "class": "x"}
    assert "secret" not in str(push.__kwdefaults__)


def test_names_that_no_function_can_have(imported: Import) -> None:
    """A keyword, and a second name that is written alike, are left out and named; a text cannot break the source."""
    texts = ['Ends in """ quotes.', "Back\\slash \x00 and\nlines."]
    spans = {name: SpanContract(name, texts[0]) for name in ("import", "a.b", "a_b")}
    events = {"x.y": EventContract("x.y", texts[1])}
    source = render_handles(Registry(spans=spans, events=events))
    assert "- import: its name is no name of a function" in source
    assert "- a_b: 'a.b' is written alike" in source
    assert ast.parse(source)
    assert imported(Registry(spans=spans, events=events)).spans.a_b.__doc__.startswith('Ends in """ quotes.')


def test_a_registry_without_spans_has_no_class_for_them() -> None:
    """A module has neither `spans` nor `events` where there are none."""
    source = render_handles(Registry())
    assert "spans" not in source and "events" not in source
