"""Formats by name, and ours as propagators of OpenTelemetry's, in the place of its own."""

from __future__ import annotations

import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from opentelemetry import baggage, context, trace
from opentelemetry.propagators.textmap import TextMapPropagator
from tests.context.conftest import ROOT, Run
from tests.context.wire.service import HEADER, SPAN, TRACE, served
from tests.instrument.shop import REGISTRY

from telemetry import attach, detach, extract, inject, span
from telemetry.context.propagators import BaggagePropagator, RoutesPropagator, TraceContextPropagator
from telemetry.testing import Recording, isolated

REQUEST = {"traceparent": HEADER, "tracestate": "a=1,0b=2", "baggage": "tenant=a%20b;ttl=5"}


def seen(found: context.Context) -> tuple[str, str, dict[str, object]]:
    """Give the ids of the current span of a context, and its baggage."""
    current = trace.get_current_span(found).get_span_context()
    return f"{current.trace_id:032x}", f"{current.span_id:016x}", dict(baggage.get_all(found))


def test_ours_are_propagators(recording: Recording) -> None:
    """Out of a context comes what went into it; each writes its own fields, and says which those are."""
    both: list[TextMapPropagator] = [TraceContextPropagator(), BaggagePropagator()]
    found = context.Context()
    for each in both:
        found = each.extract(REQUEST, found)
    assert isinstance(found, context.Context)
    assert seen(found) == (TRACE, SPAN, {"tenant": "a b"})
    sent: dict[str, str] = {}
    for each in both:
        each.inject(sent, found)
    assert sent == REQUEST
    assert both[0].fields | both[1].fields == REQUEST.keys()


@pytest.mark.parametrize("propagator", [TraceContextPropagator(), RoutesPropagator()])
def test_without_a_context_it_is_the_current_one(propagator: TextMapPropagator, recording: Recording) -> None:
    """Writing takes the span of here; reading starts from nothing, so an invalid request restarts the trace."""
    sent: dict[str, str] = {}
    with span("job") as opened:
        propagator.inject(sent)
        nothing = propagator.extract({"traceparent": "garbage"})
    assert sent["traceparent"] == f"00-{opened.trace_id:032x}-{opened.span_id:016x}-03"
    assert not trace.get_current_span(nothing).get_span_context().is_valid


def test_what_is_invalid_leaves_a_given_context(recording: Recording) -> None:
    """An earlier propagator may have found a span; several `traceparent` fields are no reason to forget it."""
    found = TraceContextPropagator().extract(REQUEST, context.Context())
    for carrier in ({"traceparent": [HEADER, HEADER]}, {"traceparent": "garbage"}, {}):
        assert seen(RoutesPropagator().extract(carrier, found)) == (TRACE, SPAN, {})


def test_contrib_instrumentation_sends_our_format(run: Run) -> None:
    """The global propagator is ours as soon as its module is there, in either order; and baggage keeps to the list."""
    for first in ("import telemetry", "import opentelemetry.propagate"):
        run(f"""
        {first}
        import telemetry
        from telemetry.context import set_baggage
        with telemetry.configure("shop", registry=REGISTRY, baggage_keys=["tenant"]):
            from opentelemetry import propagate
            telemetry.attach(telemetry.extract({{"traceparent": "{HEADER}", "tracestate": "0b=1"}}))
            set_baggage("tenant", "a b")
            sent = {{}}
            propagate.inject(sent)
        assert sent == {{"traceparent": "{HEADER}", "tracestate": "0b=1", "baggage": "tenant=a%20b"}}, sent
        assert "RoutesPropagator" in repr(propagate.get_global_textmap())
        """)


def test_a_propagator_of_the_application_stays(run: Run) -> None:
    """It was set before us, so it goes on; that is said once."""
    program = """
    from opentelemetry import propagate
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
    theirs = TraceContextTextMapPropagator()
    propagate.set_global_textmap(theirs)
    import sys, io, telemetry
    sys.stderr = io.StringIO()
    with telemetry.configure("shop", registry=REGISTRY):
        pass
    assert propagate.get_global_textmap() is theirs
    print(sys.stderr.getvalue())
    """
    said = run(program)
    assert said.count("telemetry:") == 1 and "TraceContextTextMapPropagator" in said


PLUGIN = """
from opentelemetry.propagators.textmap import TextMapPropagator, default_getter, default_setter

class Shop(TextMapPropagator):
    fields = {"x-shop"}

    def inject(self, carrier, context=None, setter=default_setter):
        setter.set(carrier, "x-shop", "open")

    def extract(self, carrier, context=None, getter=default_getter):
        from opentelemetry.baggage import set_baggage
        found = getter.get(carrier, "x-shop")
        return set_baggage("shop", found[0], context) if found else context

class Broken(Shop):
    def inject(self, *_, **__):
        raise RuntimeError("closed")

    extract = inject

def absent():
    raise RuntimeError("sold out")
"""

POINTS = """
[opentelemetry_propagator]
shop = plugin:Shop
broken = plugin:Broken
absent = plugin:absent
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a distribution with propagators, as a third party would."""
    (tmp_path / "plugin.py").write_text(PLUGIN)
    info = tmp_path / "plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("plugin")
def test_installed_propagators_work_beside_ours() -> None:
    """A name that is not ours is looked up among the entry points; it reads and writes with ours, in order."""
    with isolated(registry=[REGISTRY], propagators=["tracecontext", "shop"]) as recording:
        from telemetry.context import get_baggage

        token = attach(extract({"Traceparent": HEADER, "X-Shop": "closed", "baggage": "tenant=a"}))
        assert get_baggage() == {"shop": "closed"}
        sent: dict[str, str] = {}
        inject(sent)
        RoutesPropagator().inject(sent)
        detach(token)
        assert sent == {"traceparent": HEADER, "x-shop": "open"}
        assert RoutesPropagator().fields == {"traceparent", "tracestate", "x-shop"}
    assert recording.losses == {}


@pytest.mark.usefixtures("plugin")
def test_a_propagator_that_fails_is_counted() -> None:
    """Neither loading, nor writing, nor reading stops anybody; the others go on."""
    names = ["nobody-has-this", "absent", "broken", "telemetry_tracecontext", "tracecontext"]
    with isolated(registry=[REGISTRY], propagators=names) as recording:
        assert served({"traceparent": HEADER})["traceparent"].startswith(f"00-{TRACE}-")
    assert recording.losses == {"propagator_unknown": 1, "propagator_failed": 3}


def test_none_carries_nothing() -> None:
    """`OTEL_PROPAGATORS=none`: neither in nor out."""
    with isolated(registry=[REGISTRY], propagators="none") as recording:
        assert served(REQUEST) == {}
    assert recording.spans[0].parent_span_id is None


def test_the_chosen_formats_go_with_their_runtime(recording: Recording) -> None:
    """After a runtime with others has gone, those of the one before are back."""
    with isolated(registry=[REGISTRY], propagators=["baggage"]):
        assert served(REQUEST) == {}
    assert served(REQUEST)["baggage"] == REQUEST["baggage"]
    assert recording.losses == {}


def test_entry_points_name_what_there_is() -> None:
    """The build registers both classes for `OTEL_PROPAGATORS` of programs that do without the rest of telemetry."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    points = project["entry-points"]["opentelemetry_propagator"]
    made = {}
    for name, place in points.items():
        module, _, attribute = place.partition(":")
        made[name] = getattr(import_module(module), attribute)()
    assert {name: type(each) for name, each in made.items()} == {
        "telemetry_tracecontext": TraceContextPropagator,
        "telemetry_baggage": BaggagePropagator,
    }
