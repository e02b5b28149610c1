"""Feature flags at a percentage: which traces a span is recorded in, decided where it starts.

The order is the ratio sampler's, by the low 56 bits of the trace id (W3C Trace Context level 2, §3.2.2.5.2), so all
spans under one flag are in a trace together, or none of them is. On and off need nothing of this.
"""

from __future__ import annotations

from copy import copy

from telemetry._hotpath import Parameters, Site, TraceContext, ambient, current_span, form, ids, wrap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator, Mapping
    from typing import Any

    Way = tuple[Any, Any]

_BITS = 56
_LOW = (1 << _BITS) - 1
_SAMPLED, _RANDOM = 1, 2
_LEFT_OUT = "telemetry-left-out-trace"
"""The key, among the ambient values, of the trace id that a root would have had whose span is left out."""


class Share:
    """A share of all traces; what it takes, a greater one takes too.

    >>> Share(0.5).takes(1 << 55), Share(0.5).takes(1)
    (True, False)
    """

    __slots__ = ("_threshold",)

    def __init__(self, share: float) -> None:
        self._threshold = round((1.0 - share) * (1 << _BITS))

    def takes(self, trace_id: int) -> bool:
        """Say whether spans are recorded in this trace."""
        return trace_id & _LOW >= self._threshold

    def fitting(self, outer: Mapping[str, Any] | None) -> int:
        """Give the id of a new trace that is taken: the one that is meant for here, else one of those, by chance."""
        meant = (outer or {}).get(_LEFT_OUT)
        if isinstance(meant, int) and self.takes(meant):
            return meant
        drawn = ids.new_trace_id()
        low = self._threshold + ((drawn & _LOW) * ((1 << _BITS) - self._threshold) >> _BITS)
        return drawn & ~_LOW | low


class Gate:
    """The ways to record one place: below a span, as the root of a trace, and not at all.

    A root that is left out keeps the trace id that it would have had, so that what is under the same flag below it is
    left out with it.
    """

    __slots__ = ("_below", "_out", "_root", "_share")

    def __init__(self, share: Share, below: Any, root: Any, out: Any) -> None:
        self._share = share
        self._below = below
        self._root = root
        self._out = out

    def way(self) -> Way:
        """Give the way to take here and now, and the ambient values under which it is to be left out, if any."""
        values = ambient.current()
        found = current_span(values)
        if found is not None:
            return (self._below if self._share.takes(found.trace_id) else self._out), None
        meant = values.get(_LEFT_OUT)
        trace_id = meant if isinstance(meant, int) else ids.new_trace_id()
        if self._share.takes(trace_id):
            return self._root, None
        return self._out, None if trace_id is meant else ambient.Ambient({**values, _LEFT_OUT: trace_id})


class Root:
    """The watch over spans that begin a trace: gives each an id of the share, and shows it to who watches besides."""

    __slots__ = ("_besides", "_share")

    def __init__(self, share: Share, besides: Any) -> None:
        self._share = share
        self._besides = besides

    def started(self, span: Any, outer: Any) -> None:
        """Move a span that has begun into its trace."""
        if span.parent is None:
            trace_id = self._share.fitting(outer)
            decide = ambient._telemetry_decide
            is_sampled = decide is None or decide(trace_id)
            state = getattr(decide, "state", "") if is_sampled else ""
            span.place(TraceContext(trace_id, 0, _RANDOM | (_SAMPLED * is_sampled), state, is_remote=False))
        if self._besides is not None:
            self._besides.started(span, outer)

    def ending(self, span: Any) -> None:
        """Show a span that is about to end."""
        if self._besides is not None:
            self._besides.ending(span)

    def record(self, span: Any) -> Any:
        """Make the record of a span that has ended."""
        return span.site.record(span) if self._besides is None else self._besides.record(span)

    def ended(self, record: Any) -> None:
        """Show a span that has ended."""
        if self._besides is not None:
            self._besides.ended(record)


def gated(function: Callable[..., Any], site: Site, share: float) -> Callable[..., Any]:
    """Make the recording twin of a function whose span is recorded in a share of the traces, and its metrics in all."""
    taken = Share(share)
    bare, root = _without_span(site), _as_root(site, taken)
    out = function if bare.fail is None else wrap(function, bare)
    gate = Gate(taken, wrap(function, site), wrap(function, root), out)
    return _FORMS[form(function)](gate, function)


class Block:
    """What opens the blocks of one name, in a share of the traces."""

    __slots__ = ("_gate",)

    def __init__(self, site: Site, share: float) -> None:
        taken = Share(share)
        self._gate = Gate(taken, site, _as_root(site, taken), None)

    def way(self) -> Way:
        """Give the site to record in, None to leave the block out, then with the ambient values of that."""
        return self._gate.way()

    def left_out(self, nowhere: Any, values: Any) -> Any:
        """Give what stands for the span of a root that is left out."""
        return LeftOut(nowhere, values)


class LeftOut:
    """Stands for the span of a block that is left out: takes everything, keeps nothing."""

    __slots__ = ("_nowhere", "_token", "_values")

    def __init__(self, nowhere: Any, values: Any) -> None:
        self._nowhere = nowhere
        self._values = values
        self._token: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._nowhere, name)

    def __enter__(self) -> LeftOut:
        self._token = ambient.attach(self._values)
        return self

    def __exit__(self, *_: object) -> None:
        token, self._token = self._token, None
        if token is not None:
            ambient.detach(token)


def _as_root(site: Site, share: Share) -> Site:
    made = copy(site)
    made.watch = Root(share, site.watch)
    return made


def _without_span(site: Site) -> Site:
    """Copy a site for its metrics alone; what only the span captures is not read."""
    made = copy(site)
    made.name, made.captured, made.results, made.is_plain = "", {}, {}, False
    made.sources = tuple(site.sources[index] for index in site.labels)
    made.labels = tuple(range(len(made.sources)))
    return made


def _call(gate: Gate, _: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        target, values = gate.way()
        if values is None:
            return target(*args, **kwargs)
        token = ambient.attach(values)
        try:
            return target(*args, **kwargs)
        finally:
            ambient.detach(token)

    return call


def _await(gate: Gate, function: Callable[..., Any]) -> Callable[..., Any]:
    async def run(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        target, values = gate.way()
        if values is None:
            return await target(*args, **kwargs)
        token = ambient.attach(values)
        try:
            return await target(*args, **kwargs)
        finally:
            ambient.detach(token)

    return _deferred(run, function)


def _iterate(gate: Gate, function: Callable[..., Any]) -> Callable[..., Any]:
    def run(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Generator[Any, Any, Any]:
        return (yield from gate.way()[0](*args, **kwargs))

    return _deferred(run, function)


def _deferred(run: Callable[..., Any], function: Callable[..., Any]) -> Callable[..., Any]:
    """Check the arguments at the call, and leave the decision to the first step: only there its trace is known."""
    check = Parameters(function).by_name()

    def call(*args: Any, **kwargs: Any) -> Any:
        check(*args, **kwargs)
        made = run(args, kwargs)
        made.__name__, made.__qualname__ = function.__name__, function.__qualname__
        return made

    return call


class _Choice:
    """A function that takes the way of the gate; to whoever looks at it, it is the function."""

    __slots__ = ("_function", "_gate")

    def __init__(self, gate: Gate, function: Callable[..., Any]) -> None:
        self._gate = gate
        self._function = function

    def __getattr__(self, name: str) -> Any:
        return getattr(self._function, name)

    def __call__(self, *args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        made: AsyncGenerator[Any, Any] = self._gate.way()[0](*args, **kwargs)
        return made


def _aiterate(gate: Gate, function: Callable[..., Any]) -> Callable[..., Any]:
    """Have the hot path pass the steps of an async generator on, by a site that records nothing."""
    return wrap(_Choice(gate, function), Site("", ring=None, count=lambda *_: None))


_FORMS: dict[str, Callable[[Gate, Callable[..., Any]], Callable[..., Any]]] = {
    "function": _call,
    "coroutine": _await,
    "generator": _iterate,
    "async generator": _aiterate,
}
