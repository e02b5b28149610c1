"""What happens around a call outside of generated code: children, failures, coroutines, generators.

A coroutine has its span as context while it runs; a generator at each resume only, so that its consumer never sees
it, and the time while it is suspended is not counted as its own.
"""

from __future__ import annotations

from time import monotonic_ns

from .ambient import activate, attach, current, detach
from .failure import outcome
from .span import Span, begin, current_span, inherited
from .values import extract

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
    from types import CoroutineType
    from typing import Any

    from .site import Site

    Labels = tuple[str | None, ...]


def as_child(span: Span, outer: dict[str, Any]) -> Any:
    """Put a span below the current one, keep the other ambient values, and make it current; give the token."""
    parent = span.parent = current_span(outer)
    span.trace = span.sequence if parent is None else inherited(parent)
    return activate(span)


def give_up(site: Site, span: Span | None, token: Any, labels: Labels, begun: int, error: BaseException) -> None:
    """End a call that raised."""
    elapsed = monotonic_ns() - begun
    if token is not None:
        detach(token)
    _failed(site, span, labels, elapsed, error)
    if span is not None:
        span.close(elapsed)


def results_of(site: Site, span: Span, result: Any) -> None:
    """Put what was asked for of a returned value on the span."""
    for name, source in site.results.items():
        value = extract(result, source, site.count)
        if value is not None:
            span.extra = {**(span.extra or {}), name: value}


def open_call(site: Site, values: tuple[Any, ...]) -> Span | None:
    """Start the span of a call; None when the site records metrics only."""
    if not site.name:
        return None
    span = Span()
    span.site = site
    span.values = values
    begin(span)
    return span


def close_call(site: Site, span: Span | None, labels: Labels, elapsed: int, result: Any) -> None:
    """End a call that returned."""
    if site.inline:
        _record_inline(site, labels, elapsed)
    if site.succeed is not None:
        site.succeed(labels, elapsed, result)
    if span is not None:
        results_of(site, span, result)


def _record_inline(site: Site, labels: Labels, elapsed: int) -> None:
    try:
        flat = iter(site.cells[labels])
    except KeyError:
        flat = iter(site.bind(labels))  # type: ignore[misc]  # a site with inline metrics has `bind`
    for spec in site.inline:
        if spec is None:
            doubles, at = next(flat), next(flat)
            doubles[at] += 1.0
            continue
        _observe(spec, elapsed, *(next(flat) for _ in range(4)))


def _observe(spec: tuple[Any, float], elapsed: int, integers: Any, at: int, doubles: Any, sum_at: int) -> None:
    from bisect import bisect_left

    value = elapsed * spec[1]
    integers[at + bisect_left(spec[0], value)] += 1
    doubles[sum_at] += value


def _failed(site: Site, span: Span | None, labels: Labels, elapsed: int, error: BaseException) -> str:
    result = span.fail(error) if span is not None else outcome(error)
    if site.fail is not None:
        site.fail(labels, elapsed, error, result)
    return result


async def run(
    site: Site,
    values: tuple[Any, ...],
    labels: Labels,
    function: Callable[..., Awaitable[Any]],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    """Await a coroutine function's coroutine inside its span."""
    span = open_call(site, values)
    begun = span.begun if span is not None else monotonic_ns()
    return await _awaited(site, span, labels, begun, function(*args, **kwargs))


def follow(site: Site, span: Span | None, labels: Labels, begun: int, coroutine: CoroutineType[Any, Any, Any]) -> Any:
    """Stay with the coroutine that a plain function returned: its end is the end of the call."""
    following: Any = _awaited(site, span, labels, begun, coroutine)
    following.__name__ = coroutine.__name__
    following.__qualname__ = coroutine.__qualname__
    return following


async def _awaited(site: Site, span: Span | None, labels: Labels, begun: int, awaitable: Awaitable[Any]) -> Any:
    token = activate(span) if span is not None else None
    try:
        result = await awaitable
    except BaseException as error:
        give_up(site, span, token, labels, begun, error)
        raise
    elapsed = monotonic_ns() - begun
    if token is not None:
        detach(token)
    close_call(site, span, labels, elapsed, result)
    if span is not None:
        span.close(elapsed)
    return result


class _Resumes:
    """The span and the own context of a generator between its resumes, and its running time."""

    __slots__ = ("ambient", "begun", "labels", "resumed", "running", "site", "span", "token")

    def __init__(self, site: Site, values: tuple[Any, ...], labels: Labels) -> None:
        self.site = site
        self.labels = labels
        self.span = open_call(site, values)
        self.begun = self.span.begun if self.span is not None else monotonic_ns()
        self.running = 0
        self.ambient: Any = None
        self.token: Any = None

    def enter(self) -> None:
        """Give the generator its own context for one resume."""
        self.resumed = monotonic_ns()
        if self.span is None or not self.site.resume:
            return
        self.token = activate(self.span) if self.ambient is None else attach(self.ambient)

    def leave(self) -> None:
        """Give the consumer its context back, and keep the generator's: it may have opened spans of its own."""
        self.running += monotonic_ns() - self.resumed
        if self.span is not None and self.site.resume:
            self.ambient = current()
            detach(self.token)

    def end(self, error: BaseException | None, result: Any = None) -> None:
        """End the call: a return, an early close, or a failure."""
        if error is None:
            close_call(self.site, self.span, self.labels, self.running, result)
        else:
            _failed(self.site, self.span, self.labels, self.running, error)
        if self.span is not None:
            self.span.running_ns = self.running
            self.span.close(monotonic_ns() - self.begun)


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
    step: Callable[[Any], Any] = generator.send
    given: Any = None
    while True:
        resumes.enter()
        try:
            item = step(given)
        except StopIteration as stop:
            resumes.leave()
            resumes.end(None, stop.value)
            return stop.value
        except BaseException as error:
            resumes.leave()
            resumes.end(error)
            raise
        resumes.leave()
        try:
            step, given = generator.send, (yield item)
        except GeneratorExit as closing:
            _close(generator, resumes, closing)
            raise
        except BaseException as thrown:  # noqa: BLE001 -- it goes to the generator, whose business it is
            step, given = generator.throw, thrown


def _close(generator: Generator[Any, Any, Any], resumes: _Resumes, closing: GeneratorExit) -> None:
    resumes.enter()
    try:
        generator.close()
    except BaseException as error:
        resumes.leave()
        resumes.end(error)
        raise
    resumes.leave()
    resumes.end(closing)


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
    step: Callable[[Any], Awaitable[Any]] = generator.asend
    given: Any = None
    while True:
        resumes.enter()
        try:
            item = await step(given)
        except StopAsyncIteration:
            resumes.leave()
            resumes.end(None)
            return
        except BaseException as error:
            resumes.leave()
            resumes.end(error)
            raise
        resumes.leave()
        try:
            step, given = generator.asend, (yield item)
        except GeneratorExit as closing:
            await _aclose(generator, resumes, closing)
            raise
        except BaseException as thrown:  # noqa: BLE001 -- it goes to the generator, whose business it is
            step, given = generator.athrow, thrown


async def _aclose(generator: AsyncGenerator[Any, Any], resumes: _Resumes, closing: GeneratorExit) -> None:
    resumes.enter()
    try:
        await generator.aclose()
    except BaseException as error:
        resumes.leave()
        resumes.end(error)
        raise
    resumes.leave()
    resumes.end(closing)
