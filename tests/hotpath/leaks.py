"""Calls every recorded form over and over and says what is left: `python tests/hotpath/leaks.py 1000000`.

What counts are the blocks that the interpreter has allocated, the resident memory, and the references to what is
shared: None, True, a function, its argument and the ambient values.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from telemetry import attach, current_span, detach, extract, instrument_span, metric, record_metric, span
from telemetry._hotpath import TWIN, ambient
from telemetry.config import read_settings
from telemetry.runtime import TelemetryDispatcher, install

REGISTRY = Path(__file__).parents[1] / "instrument" / "registry.json"
UNSAMPLED = {"traceparent": f"00-{0xABC:032x}-{0xDEF:016x}-00"}
RING_BYTES = 16 * 1024 * 1024
"""More than the ring holds: it is filled before anything is measured, so that its pages are not taken for a leak."""

Form = Callable[[], object]


class Thing:
    """Something that is captured, with an attribute."""

    name = "w"


def forms(thing: Thing) -> dict[str, Form]:
    """Decorate a function of each form; give what calls it once, by the name of the form."""
    return {**_calls(thing), **_streams(thing), **_blocks(thing), **_failures()}


def _calls(thing: Thing) -> dict[str, Form]:
    @record_metric("shop_job_duration_seconds", capture={"worker": "thing.name"})
    @record_metric("shop_jobs_total", capture={"worker": "thing.name"})
    @instrument_span("job", capture={"job.a": "thing.name", "job.b": "number"})
    def function(thing: Thing, number: int = 1) -> Thing:
        return thing

    @instrument_span("job", capture={f"job.x{index}": "thing.name" for index in range(12)})
    def wide(thing: Thing) -> None:
        pass

    @instrument_span("job", capture={"job.a": lambda arguments: len(arguments["rest"])}, result={"job.b": len})
    def read(*rest: Any) -> tuple[Any, ...]:
        return rest

    @record_metric("shop_ticks_total")
    def measured() -> None:
        pass

    class Worker:
        @instrument_span("job", capture={"job.a": "thing.name"})
        def method(self, thing: Thing) -> None:
            pass

    worker = Worker()
    counter = metric("shop_jobs_total")
    histogram = metric("shop_job_duration_seconds").labels(worker="w")
    return {
        "function": lambda: function(thing),
        "keywords": lambda: function(thing=thing, number=3),
        "many captured": lambda: wide(thing),
        "callables": lambda: read(thing, thing),
        "metrics alone": measured,
        "method": lambda: worker.method(thing),
        "labels": lambda: counter.labels(worker="w").inc(),
        "refused value": lambda: histogram.observe(float("nan")),
    }


def _streams(thing: Thing) -> dict[str, Form]:
    @instrument_span("job")
    def generator() -> Generator[Any, None, Thing]:
        yield thing
        return thing

    @instrument_span("job")
    async def coroutine() -> Thing:
        await _Pause()
        return thing

    @instrument_span("job")
    async def items() -> AsyncGenerator[Thing, None]:
        await _Pause()
        yield thing

    def thrown() -> None:
        made = generator()
        next(made)
        with suppress(KeyError):
            made.throw(KeyError("x"))

    following = _following(thing)
    return {
        "generator": lambda: list(generator()),
        "dropped generator": lambda: next(generator()),
        "generator that is thrown into": thrown,
        "coroutine": lambda: _drive(coroutine()),
        "dropped coroutine": lambda: coroutine().send(None),
        "async generator": lambda: _drive(items().__anext__()),
        "coroutine of a plain function": lambda: _drive(following()),
    }


def _following(thing: Thing) -> Callable[[], Any]:
    async def later() -> Thing:
        await _Pause()
        return thing

    return record_metric("shop_ticks_total")(instrument_span("job")(lambda: later()))  # noqa: PLW0108 -- a plain function


def _blocks(thing: Thing) -> dict[str, Form]:
    @instrument_span("job.step", capture={"job.a": "thing.name"})
    def function(thing: Thing) -> None:
        pass

    following = _following(thing)

    def block() -> None:
        with span("job", attributes={"job.a": 1, "job.b": "text"}) as opened:
            opened.set_attribute("job.c", thing)
            opened.add_event("e", {"size": 2})

    def nested() -> None:
        with span("job"), span("job.step"):
            function(thing)

    def unsampled() -> None:
        token = attach(extract(UNSAMPLED))
        with span("job"):
            function(thing)
            _drive(following())
        detach(token)

    def wide() -> None:
        with span("job") as opened:
            for index in range(30):
                opened.set_attribute(f"job.y{index}", index)

    # A pure table of open spans keeps the last thousand of those that nobody ends, more than a warm-up makes.
    dropped: dict[str, Form] = {"block that is never ended": lambda: span("job")} if TWIN == "compiled" else {}
    return {"block": block, "block with many attributes": wide, "nested": nested, "unsampled": unsampled, **dropped}


def _failures() -> dict[str, Form]:
    @record_metric("shop_job_duration_ms")
    @instrument_span("job")
    def failing(made: BaseException) -> None:
        raise made

    def block() -> None:
        with suppress(ValueError), span("job"):
            failing(ValueError("x"))

    def wrong() -> None:
        with suppress(TypeError):
            failing()  # type: ignore[call-arg]

    return {
        "failing call": lambda: _caught(failing, ValueError("x")),
        "failing block": block,
        "interrupted call": lambda: _caught(failing, KeyboardInterrupt()),
        "wrong arguments": wrong,
    }


class _Pause:
    def __await__(self) -> Generator[None, None, None]:
        yield


def _drive(awaitable: Any) -> None:
    with suppress(StopIteration):
        while True:
            awaitable.send(None)


def _caught(function: Callable[[Any], None], error: BaseException) -> None:
    with suppress(ValueError, KeyboardInterrupt):
        function(error)


def left_behind(form: Form, count: int) -> dict[str, float]:
    """Give what so many calls leave behind, after as many as it takes to make what is made once."""
    _call(form, max(200, count // 20))
    before = _state(form)
    _call(form, count)
    return {name: value - before[name] for name, value in _state(form).items()}


def _call(form: Form, count: int) -> None:
    for _ in range(count):
        form()
    gc.collect()


def _state(form: Form) -> dict[str, float]:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    shared = {"None": None, "True": True, "form": form, "ambient": ambient.current(), "name": Thing.name}
    references = {f"references to {name}": sys.getrefcount(value) for name, value in shared.items()}
    return {"blocks": sys.getallocatedblocks(), "KiB": pages * 4, **references}


@contextmanager
def recorded() -> Iterator[None]:
    """Record into a ring that nobody reads, and that is full from the start."""
    settings = read_settings(environ={}, directory=Path("/"), registry=[REGISTRY], journal=False)
    runtime = TelemetryDispatcher(settings, sinks=(), log_sinks=(), quiet=True)
    before = install(runtime)
    for _ in range(RING_BYTES // 10_000):
        with span("job") as opened:
            opened.set_attribute("job.a", "x" * 10_000)
    try:
        yield
    finally:
        install(before)
        runtime.shutdown()


def main() -> None:
    """Print what each form leaves behind."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with recorded():
        for name, form in forms(Thing()).items():
            left = left_behind(form, count)
            sys.stdout.write(f"{name:32}" + "  ".join(f"{key} {value:+.0f}" for key, value in left.items()) + "\n")
            sys.stdout.flush()
        assert current_span() is None


if __name__ == "__main__":
    main()
