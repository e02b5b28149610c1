"""Installs our providers and propagator as OpenTelemetry's, once its API has been imported.

Not before: configuring loads nothing of it. In either order of imports: what is loaded is met at once, the rest when
it comes. A provider or propagator that is set already stays, which is said once; spans of both share one context all
the same.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from telemetry.context import meet

Owner = Callable[[], Any]
"""Gives the runtime of the process; None where there is none."""

_expected: set[str] = set()


def expect(owner: Owner) -> None:
    """Wait for the API, once a process."""
    for name, install in _INSTALL.items():
        if name not in _expected:
            _expected.add(name)
            meet(name, partial(_met, owner, install))


def _met(owner: Owner, install: Callable[[Any, Owner], str], module: Any, _: bool) -> None:
    problem = install(module, owner)
    runtime = owner()
    if problem and runtime is not None:
        runtime.breaches.note(problem)


def _install_tracers(module: Any, owner: Owner) -> str:
    found = module.get_tracer_provider()
    if not isinstance(found, module.ProxyTracerProvider):
        return _kept("tracer", found)
    from telemetry.tracing.provider import TracerProvider

    module.set_tracer_provider(TracerProvider(owner))
    return ""


def _install_meters(module: Any, owner: Owner) -> str:
    found = module.get_meter_provider()
    if type(found).__name__ != "_ProxyMeterProvider":
        return _kept("meter", found)
    from telemetry.metrics.meter import MeterProvider

    module.set_meter_provider(MeterProvider(owner))
    return ""


def _install_propagator(module: Any, _: Owner) -> str:
    found = module.get_global_textmap()
    if _kinds(found) != _kinds(module._load_propagators()):
        return f"OpenTelemetry has a propagator of the application's, a {_name(found)}: its instrumentations send that"
    from telemetry.context import RoutesPropagator

    module.set_global_textmap(RoutesPropagator())
    return ""


def _kinds(propagator: Any) -> list[type]:
    """Give the type of a propagator, and of those that it is made of: what the API set up by itself has its own."""
    return [type(each) for each in (propagator, *getattr(propagator, "_propagators", ()))]


def _kept(noun: str, found: Any) -> str:
    return (
        f"OpenTelemetry has a {noun} provider already, a {_name(found)}: it stays, so what is "
        "recorded through OpenTelemetry's API goes there; configure telemetry first to have it here"
    )


def _name(found: Any) -> str:
    kind = type(found)
    return f"{kind.__module__}.{kind.__qualname__}"


_INSTALL = {
    "opentelemetry.trace": _install_tracers,
    "opentelemetry.metrics": _install_meters,
    "opentelemetry.propagate": _install_propagator,
}
