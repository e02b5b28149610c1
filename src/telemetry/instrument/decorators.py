"""The two decorators: `instrument_span` and `record_metric`."""

from __future__ import annotations

from .declaration import KINDS, MetricDeclaration, SpanDeclaration, one_of
from .forms import decorate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeVar, overload

    F = TypeVar("F", bound=Callable[..., Any] | classmethod[Any, Any, Any])
    Given = str | Callable[[Any], Any]
    Value = str | bool | int | float | tuple[str, ...] | tuple[bool, ...] | tuple[int, ...] | tuple[float, ...]
else:

    def overload(function):
        """Stand in for `typing.overload`, whose module takes as long to import as all of ours."""
        return function


@overload
def instrument_span(name: F, /) -> F: ...


@overload
def instrument_span(
    name: str | None = None,
    /,
    *,
    attributes: Mapping[str, Value] | None = None,
    capture: Mapping[str, Given] | None = None,
    result: Mapping[str, Given] | None = None,
    kind: str = "internal",
    links: tuple[Any, ...] = (),
    context: bool = True,
) -> Callable[[F], F]: ...


def instrument_span(
    name: Any = None,
    /,
    *,
    attributes: Mapping[str, Value] | None = None,
    capture: Mapping[str, Given] | None = None,
    result: Mapping[str, Given] | None = None,
    kind: str = "internal",
    links: tuple[Any, ...] = (),
    context: bool = True,
) -> Any:
    """Record a span around every call of a function, of any form that Python has.

    A generator has the span as its context while it runs, never while it is suspended; a class gets a span
    `<name>.<method>` on each public method of its own. Stacked decorators share one wrapper. Until
    `telemetry.configure()` the function runs as it is.

    >>> @instrument_span("plan.compile_graph", capture={"code.function.name": lambda arguments: "plan"})
    ... def plan(spec: str) -> int:
    ...     return len(spec)
    >>> plan("clamp")
    5

    Args:
        name: The span's name in the registry; bare `@instrument_span` takes the function's qualified name.
        attributes: Attributes that never change; they cost nothing a call.
        capture: Attribute to where it is read from when the function is called: the path of a parameter, such as
            `backend.name` (attributes, or keys of a mapping), or a callable of the mapping of all arguments. What
            cannot be read is left out, and counted.
        result: Attribute to a path in the returned value, or a callable of it.
        kind: OpenTelemetry's span kind: internal, server, client, producer or consumer.
        links: Pairs of (span context, attributes) that every span points at.
        context: False keeps the span out of a generator's context, which saves two switches a resume.

    Raises:
        ContractError: The registry lacks the span or an attribute, a path names no parameter, or `result` is to be read
            from a generator. What is decorated before `configure()` is checked there, all at once.
        TypeError: What is decorated cannot be timed.
    """
    options: dict[str, Any] = {"attributes": attributes, "capture": capture, "result": result}
    options |= {"kind": kind, "links": links, "context": context}
    one_of("kind", kind, KINDS)

    def apply(target: Any, given: str | None = name) -> Any:
        return decorate(target, lambda before, method: before.with_span(_span(given, target, method, options)))

    return apply(name, None) if callable(name) else apply


def record_metric(
    name: str,
    /,
    *,
    labels: Mapping[str, str] | None = None,
    capture: Mapping[str, Given] | None = None,
    error: Mapping[str, Given] | None = None,
    on: str = "always",
    value: Callable[[Any], float] | None = None,
) -> Callable[[F], F]:
    """Record a metric of the registry for every call of a function.

    A counter goes up by one, a histogram or summary observes the call's duration in the contract's unit; either takes
    `value` instead where that is given, and a gauge needs it.

    >>> @record_metric("compile_success_total", on="success", capture={"backend": "backend"})
    ... def build(backend: str) -> bytes:
    ...     return backend.encode()
    >>> build("c-gcc")
    b'c-gcc'

    Args:
        name: The metric's name in the registry.
        labels: Labels with one value for ever. `environment` (or `env`), `host_region` and `workspace_tier` come from
            the settings.
        capture: Label to the path of a parameter, or a callable of the arguments: see `instrument_span`.
        error: Label to a path in the exception, or a callable of it; with `on="failure"` only.
        on: `always`, `success` or `failure`; a cancelled call is neither of the two.
        value: A callable of the returned value that gives what is recorded.

    Raises:
        ContractError: As `instrument_span`; also when a label has no source, or a gauge no `value`.
    """
    declaration = MetricDeclaration(name, labels=labels, capture=capture, error=error, on=on, value=value)
    return lambda target: decorate(target, lambda before, _: before.with_metric(declaration))


def _span(name: str | None, target: Any, method: str, options: dict[str, Any]) -> SpanDeclaration:
    plain = name or getattr(target, "__qualname__", None) or type(target).__qualname__
    return SpanDeclaration(f"{plain}.{method}" if method else plain, **options)
