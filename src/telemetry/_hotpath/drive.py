"""What happens around a call outside of generated code: children, failures, coroutines, generators.

A coroutine has its span as context while it runs; a generator at each resume only, so that its consumer never sees
it, and the time while it is suspended is not counted as its own.
"""

from __future__ import annotations

import sys
from time import monotonic_ns

from .ambient import activate, attach, current, detach, holding
from .bound import record_all
from .failure import outcome
from .span import Span, inherit, leave
from .values import extract

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
    from types import CoroutineType
    from typing import Any

    from .site import Site

    Labels = tuple[str | None, ...]
    Opened = tuple[Span | None, int]


_begin: Callable[..., Any]


def begin_with(begin: Callable[..., Any]) -> None:
    """Set what starts a span: the twin that was chosen."""
    global _begin  # noqa: PLW0603 -- set once, by who chooses the twin
    _begin = begin


def below(span: Span, outer: dict[str, Any]) -> dict[str, Any]:
    """Put a span below the current one; give the ambient values in which it is the current one."""
    inherit(span, outer)
    return holding(outer, span)


def give_up(
    site: Site,
    span: Span | None,
    token: Any,
    labels: Labels,
    begun: int,
    error: BaseException,
    outer: dict[str, Any] | None = None,
) -> None:
    """End a call that raised; `outer` is what its span replaced, for a call that was interrupted at that point."""
    elapsed = monotonic_ns() - begun
    if span is not None:
        leave(span, token, outer)
    _failed(site, span, labels, elapsed, error)
    if span is not None:
        span.finish(elapsed)


def results_of(site: Site, span: Span, result: Any) -> None:
    """Put what was asked for of a returned value on the span."""
    for name, source in site.results.items():
        span.set_attribute(name, extract(result, source, site.count))


def _open(site: Site, values: tuple[Any, ...]) -> Opened:
    """Start the span of a call, None when the site records metrics only; give the start on the monotonic clock too."""
    if not site.name:
        return None, monotonic_ns()
    span = _begin(site, values)
    return span, span.begun


def _returned(site: Site, span: Span | None, labels: Labels, elapsed: int, result: Any) -> None:
    record_all(site, labels, elapsed)
    if site.succeed is not None:
        site.succeed(labels, elapsed, result)
    if span is not None:
        results_of(site, span, result)


def _failed(site: Site, span: Span | None, labels: Labels, elapsed: int, error: BaseException) -> None:
    result = span.fail(error) if span is not None else outcome(error)
    if site.fail is not None:
        site.fail(labels, elapsed, error, result)


class _Held:
    """A coroutine that waits to be awaited, and is closed quietly when nobody does: our own is the one that warns."""

    __slots__ = ("coroutine",)

    def __init__(self, coroutine: CoroutineType[Any, Any, Any]) -> None:
        self.coroutine = coroutine

    def take(self) -> CoroutineType[Any, Any, Any]:
        return self.coroutine

    def __del__(self) -> None:
        self.coroutine.close()


def follow(site: Site, span: Span | None, labels: Labels, begun: int, coroutine: CoroutineType[Any, Any, Any]) -> Any:
    """Stay with the coroutine that a plain function returned: its end is the end of the call."""
    following: Any = run(site, (), labels, _Held(coroutine).take, (), {}, (span, begun))
    following.__name__ = coroutine.__name__
    following.__qualname__ = coroutine.__qualname__
    return following


async def run(
    site: Site,
    values: tuple[Any, ...],
    labels: Labels,
    function: Callable[..., Awaitable[Any]],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    opened: Opened | None = None,
) -> Any:
    """Await a coroutine function's coroutine inside its span."""
    span, begun = opened or _open(site, values)
    token = None
    try:
        if span is not None:
            token = activate(span)
        result = await function(*args, **kwargs)
    except BaseException as error:
        give_up(site, span, token, labels, begun, error)
        raise
    elapsed = monotonic_ns() - begun
    if span is not None:
        leave(span, token)
    _returned(site, span, labels, elapsed, result)
    if span is not None:
        span.finish(elapsed)
    return result


class _Resumes:
    """The span and the own context of a generator between its resumes, and its running time."""

    __slots__ = ("ambient", "begun", "labels", "resumed", "running", "site", "span", "token")

    def __init__(self, site: Site, values: tuple[Any, ...], labels: Labels) -> None:
        self.site = site
        self.labels = labels
        self.span, self.begun = _open(site, values)
        self.running = self.resumed = 0
        self.ambient: Any = None
        self.token: Any = None

    def enter(self) -> None:
        """Give the generator its own context for one resume."""
        self.resumed = monotonic_ns()
        if self.span is not None and self.site.resume:
            self.token = activate(self.span) if self.ambient is None else attach(self.ambient)

    def leave(self) -> None:
        """Give the consumer its context back, and keep the generator's: it may have opened spans of its own."""
        self.running += monotonic_ns() - self.resumed
        if self.token is not None:
            self.ambient = current()
            detach(self.token)
            self.token = None

    def returned(self, result: Any) -> None:
        """End with a return."""
        self.leave()
        _returned(self.site, self.span, self.labels, self.running, result)
        self._finish()

    def failed(self, error: BaseException) -> None:
        """End with an exception; an early close is none, but the consumer's right."""
        self.leave()
        if not isinstance(error, GeneratorExit):
            _failed(self.site, self.span, self.labels, self.running, error)
        elif self.site.fail is not None:
            self.site.fail(self.labels, self.running, error, "success")
        self._finish()

    def _finish(self) -> None:
        if self.span is not None:
            self.span.ran(self.running)
            self.span.finish(monotonic_ns() - self.begun)


def generate(
    site: Site,
    values: tuple[Any, ...],
    labels: Labels,
    function: Callable[..., Generator[Any, Any, Any]],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Generator[Any, Any, Any]:
    """Run a generator inside its span, resume by resume; send, throw and close pass through."""
    generator = function(*args, **kwargs)
    resumes = _Resumes(site, values, labels)
    held: list[Any] = []  # an item, until it is yielded: kept in a variable, it would outlive its consumer
    step: Callable[[Any], Any] = generator.send
    given: Any = None
    while True:
        try:
            resumes.enter()
            held.append(step(given))
            resumes.leave()
        except StopIteration as stop:
            resumes.returned(stop.value)
            return stop.value
        except BaseException as error:
            resumes.failed(error)
            raise
        finally:
            given = None
        try:
            given = yield held.pop()
            step = generator.send
        except BaseException as thrown:  # noqa: BLE001 -- it goes to the generator, whose business it is
            step, given = generator.throw, thrown


async def agenerate(
    site: Site,
    values: tuple[Any, ...],
    labels: Labels,
    function: Callable[..., AsyncGenerator[Any, Any]],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> AsyncGenerator[Any, Any]:
    """Run an async generator inside its span, resume by resume; asend, athrow and aclose pass through."""
    generator = function(*args, **kwargs)
    resumes = _Resumes(site, values, labels)
    held: list[Any] = []  # as above
    step: Any = _unhooked(generator)
    while True:
        try:
            resumes.enter()
            held.append(await step)
            resumes.leave()
        except StopAsyncIteration:
            resumes.returned(None)
            return
        except BaseException as error:
            resumes.failed(error)
            raise
        finally:
            step = None
        try:
            step = generator.asend((yield held.pop()))
        except BaseException as thrown:  # noqa: BLE001 -- it goes to the generator, whose business it is
            step = generator.athrow(thrown)


def _unhooked(generator: AsyncGenerator[Any, Any]) -> Awaitable[Any]:
    """Make the first step without telling the event loop: at its end it closes all generators that it knows at once.

    It knows ours, which closes this one; closed by both, the two would meet in the middle.
    """
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(None, None)
    try:
        return generator.asend(None)
    finally:
        sys.set_asyncgen_hooks(*hooks)
