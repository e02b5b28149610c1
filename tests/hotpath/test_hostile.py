"""Hostile users: nothing that they hand over or raise crashes the process, changes a result, or leaves a context."""

from __future__ import annotations

import contextvars
import copy
import gc
import pickle
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import context as opentelemetry_context
from tests.hotpath.leaks import REGISTRY

from telemetry import attach, current_span, detach, extract, inject, instrument_span, metric, record_metric, span
from telemetry._hotpath import TWIN
from telemetry.testing import Recording, isolated

ROOT = Path(__file__).parents[2]


class EvilText(str):
    """Text whose every method is a trap."""

    __slots__ = ()

    def __getitem__(self, _: Any) -> Any:
        return 42

    def __eq__(self, _: object) -> bool:
        raise RuntimeError("eq")

    def __hash__(self) -> int:
        raise RuntimeError("hash")

    def __len__(self) -> int:
        return 1 << 60


class Evil:
    """Gives trapped text, records while it does so, and cannot be compared."""

    def __str__(self) -> str:
        with span("job.step"):
            return EvilText("evil")

    def __eq__(self, _: object) -> bool:
        raise RuntimeError("eq")

    def __hash__(self) -> int:
        raise RuntimeError("hash")

    def __getattr__(self, name: str) -> Any:
        raise MemoryError(name)


VALUES = [
    EvilText("e"),
    Evil(),
    [EvilText("e")],
    (Evil(), 1),
    float("nan"),
    float("-inf"),
    None,
    1 << 90,
    "x" * 3_000_000,
]
VALUES += [b"\xff", True, -0.0, {"a": Evil()}, {1, 2}, type, "\ud800", [[1], [2]], [None, 1], object()]


@pytest.fixture(autouse=True)
def _no_context_is_left() -> Any:
    yield
    assert current_span() is None


@pytest.mark.parametrize("index", range(len(VALUES)))
def test_any_value_may_be_captured_labelled_and_set(index: int, recording: Recording) -> None:
    """As argument, label, attribute, event and status, under any name; the result is the function's own."""
    value = VALUES[index]

    @record_metric("shop_jobs_total", capture={"worker": "given"})
    @instrument_span("job", capture={"job.a": "given", "job.b": "given.missing.further"})
    def job(given: Any) -> Any:
        return given

    for _ in range(3):
        assert job(value) is value
        with span("job", attributes={"job.a": value}, job_name=value) as opened:
            opened.set_attribute(value, value)
            opened.add_event(value, {"a": value})
            opened.set_status("error", value)
            opened.set_status(value)
            opened.update_name("job.step")
    metric("shop_jobs_total").labels(worker=value).inc()
    names = [found.name for found in recording.spans]
    assert (names.count("job"), len(names) >= 6) == (3, True)
    assert "recording_failed" not in recording.losses


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0, None, "x", 10**400, object(), -(10**30)])
def test_no_number_is_too_odd_for_a_metric(value: Any, recording: Recording) -> None:
    """What a counter, histogram, gauge or summary cannot take is counted, and changes nothing."""
    metric("shop_jobs_total").labels(worker="w").inc(value)
    metric("shop_job_duration_seconds").labels(worker="w").observe(float("nan") if value == -1.0 else value)
    metric("shop_worker_load").labels(worker="w").set(value)
    metric("shop_job_wait_seconds").labels(worker="w").observe(value)
    assert sum(recording.losses.values()) >= 3
    assert recording.value("shop_jobs_total", worker="w") in (None, 0.0)


def test_parameters_may_have_any_name(recording: Recording) -> None:
    """`c`, `self`, `__span` and three hundred others, by position and by name."""

    @instrument_span("job", capture={"job.a": "c", "job.b": "self"})
    def job(c: Any, self: Any = 2, *args: Any, __span: Any = 3, **kw: Any) -> Any:
        return c, self, args, __span, kw

    assert job(1) == (1, 2, (), 3, {})
    assert job(1, 2, 3, __span=4, span=5, site=6) == (1, 2, (3,), 4, {"span": 5, "site": 6})
    assert job(self=5, c=1) == (1, 5, (), 3, {})
    names = [f"a{index}" for index in range(300)]
    found: dict[str, Any] = {}
    exec(f"def many({', '.join(names)}): return a0, a299", found)
    many = instrument_span("job", capture={f"job.{name}": name for name in names})(found["many"])
    assert many(*range(300)) == many(**dict(zip(names, range(300), strict=True))) == (0, 299)
    wide = recording.spans[-1]
    assert (len(wide.attributes), wide.dropped_attributes) == (128, 173)


@pytest.mark.parametrize("count", [23, 24, 25, 127, 128, 200])
def test_any_number_of_attributes_may_be_set_later(count: int, recording: Recording) -> None:
    """Up to the limit all are kept, beyond it they are counted; names need not be interned."""
    with span("job") as opened:
        for index in range(count):
            opened.set_attribute("".join(("job.x", str(index))), index)
    [found] = recording.spans
    assert len(found.attributes) + found.dropped_attributes == count + 1
    assert len(found.attributes) == min(128, count + 1)


class HashlessMeta(type):
    """Makes classes that cannot be looked up in a table."""

    def __hash__(cls) -> int:
        raise RuntimeError("hash")

    def __eq__(cls, _: object) -> bool:
        raise RuntimeError("eq")


class HashlessError(Exception, metaclass=HashlessMeta):
    """Its class cannot be hashed."""


class OpaqueError(Exception):
    """Nothing of it can be read."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)


class EvilCodeError(Exception):
    """Its text and code are traps."""

    code = EvilText("x")

    def __str__(self) -> str:
        return EvilText("evil")


def _deep(depth: int) -> None:
    if depth:
        _deep(depth - 1)
    raise ValueError("deep")


def _looped() -> None:
    try:
        raise ValueError("loop")
    except ValueError as error:
        with suppress(ValueError):
            error.__traceback__.tb_next = error.__traceback__  # type: ignore[union-attr]
        error.__cause__ = error.__context__ = error
        raise


def _raising(make: Callable[[], BaseException]) -> Callable[[], None]:
    def run() -> None:
        raise make()

    return run


FAILURES: list[Callable[[], Any]] = [
    _looped,
    lambda: _deep(150),
    lambda: _deep(400),
    lambda: int("x"),
    lambda: next(iter(())),
    *map(_raising, (HashlessError, OpaqueError, EvilCodeError, MemoryError, RecursionError, GeneratorExit)),
    _raising(lambda: ExceptionGroup("g", [ValueError(1), ExceptionGroup("h", [KeyError(2)])])),
    _raising(lambda: ValueError("no traceback").with_traceback(None)),
    _raising(lambda: SystemExit(object())),
    _raising(lambda: UnicodeDecodeError("x", b"", 0, 1, "y")),
]


@pytest.mark.parametrize("index", range(len(FAILURES)))
def test_any_exception_passes_as_it_is(index: int, recording: Recording) -> None:
    """From a function and a block: the same object comes out, and is recorded."""
    seen: list[BaseException] = []

    def job() -> None:
        try:
            FAILURES[index]()
        except BaseException as error:
            seen.append(error)
            raise

    def block() -> None:
        with span("job"):
            job()

    for run in (instrument_span("job")(job), block):
        with pytest.raises(BaseException) as caught:  # noqa: PT011 -- any at all
            run()
        assert caught.value is seen[-1]
    assert len(recording.spans) == 2
    assert "recording_failed" not in recording.losses


def test_an_exception_without_traceback_may_end_a_block(recording: Recording) -> None:
    """Handed over by hand, as an exit stack does; never raised, or stripped of where it was."""
    for error in (ValueError("a"), ValueError("b").with_traceback(None)):
        opened = span("job")
        opened.__enter__()
        opened.__exit__(type(error), error, None)
    assert [found.status for found in recording.spans] == ["error", "error"]


class Reading:
    """Has properties that do what properties should not."""

    calls = 0

    def __init__(self, job: list[Any]) -> None:
        self.job = job

    @property
    def again(self) -> Any:
        """Call the function that captures this."""
        Reading.calls += 1
        return self.job[0](self) if Reading.calls % 5 else 1

    @property
    def short(self) -> Any:
        """Run out of memory."""
        raise MemoryError

    @property
    def stopped(self) -> Any:
        """Interrupt."""
        raise KeyboardInterrupt


@pytest.mark.parametrize("path", ["again", "short", "nowhere"])
def test_reading_an_argument_may_do_anything(path: str, recording: Recording) -> None:
    """Call the function again, or raise: the call goes on, and what could not be read is counted."""
    functions: list[Any] = []

    @instrument_span("job", capture={"job.a": f"given.{path}"})
    def job(given: Any) -> str:
        assert sys.exc_info() == (None, None, None)
        return "result"

    functions.append(job)
    assert job(Reading(functions)) == "result"
    assert recording.spans
    assert recording.losses.get("capture_failed", 0) == (0 if path == "again" else 1)


def test_an_interrupt_while_reading_is_heard(recording: Recording) -> None:
    """At once or a moment later, it is raised once, and recording goes on afterwards."""

    @instrument_span("job", capture={"job.a": "given.stopped"})
    def job(given: Any) -> None:
        pass

    with pytest.raises(KeyboardInterrupt):  # noqa: PT012 -- it may come a moment later
        job(Reading([]))
        time.sleep(0.01)
    with span("job"):
        pass
    assert recording.spans[-1].name == "job"


@pytest.mark.parametrize("junk", [None, 3, "x", [], object()])
def test_anything_may_be_attached(junk: Any, recording: Recording) -> None:
    """A context that is none counts as an empty one."""

    @instrument_span("job")
    def job() -> int:
        with span("job.step"):
            return 1

    token = attach(junk)
    assert job() == 1
    detach(token)
    other = opentelemetry_context.attach(junk)
    assert job() == 1
    opentelemetry_context.detach(other)
    assert len(recording.spans) == 4


def _outcome(call: Callable[..., Any], *args: Any) -> Any:
    try:
        return call(*args)
    except BaseException as error:
        return type(error).__name__, error.args if not isinstance(error, TypeError) else ()


class _Pause:
    def __await__(self) -> Generator[int, None, None]:
        yield 1


def _programs(decorate: Callable[[Any], Any]) -> list[Any]:
    """Do to generators and coroutines what their makers did not foresee; give what comes out."""
    patient: list[bool] = []
    running: list[Any] = []

    @decorate
    def items() -> Generator[Any, Any, Any]:
        try:
            yield 1
        except KeyError:
            yield "caught"
        return (1, 2)

    @decorate
    def stubborn() -> Generator[int, None, None]:
        while not patient:
            with suppress(GeneratorExit):
                yield 1

    @decorate
    def itself() -> Generator[Any, None, None]:
        for action in (lambda: next(running[0]), running[0].close, lambda: running[0].throw(ValueError)):
            yield _outcome(action)

    @decorate
    async def awaiting() -> int:
        await _Pause()
        return 5

    found: list[Any] = []
    for before in (0, 1):
        for method, args in (
            ("send", (3,)),
            ("throw", (KeyError,)),
            ("throw", (StopIteration(3),)),
            ("throw", (GeneratorExit,)),
            ("throw", ()),
            ("throw", (3,)),
            ("close", ()),
        ):
            for made, step in ((items(), next), (awaiting(), lambda coroutine: coroutine.send(None))):
                found += [_outcome(step, made) for _ in range(before)]
                found += [_outcome(getattr(made, method), *args), _outcome(step, made), _outcome(made.close)]
    tough = stubborn()
    found += [_outcome(next, tough), _outcome(tough.close), _outcome(next, tough)]
    patient.append(True)
    found += [_outcome(tough.close), _outcome(next, tough)]
    running.append(None)
    running[0] = itself()
    return [*found, list(running[0]), _outcome(next, running[0])]


def test_generators_and_coroutines_behave_as_bare_ones(recording: Recording) -> None:
    """Whatever is sent, thrown or closed, before the start, in between and after the end, and from within."""
    assert _programs(instrument_span("job")) == _programs(lambda function: function)
    assert "recording_failed" not in recording.losses


def test_what_is_not_a_throw_does_not_end_a_generator(recording: Recording) -> None:
    """A refused argument leaves the generator as it was, and its span open."""

    @instrument_span("job")
    def items() -> Generator[int, None, None]:
        yield 1
        yield 2

    made = items()
    next(made)
    with pytest.raises(TypeError):
        made.throw(3)  # type: ignore[call-overload]
    assert list(made) == [2]
    assert [found.status for found in recording.spans] == ["unset"]


def test_steps_may_be_taken_in_any_context(recording: Recording) -> None:
    """Resumed, closed and collected elsewhere; no context keeps the span."""

    @instrument_span("job")
    def items() -> Generator[str, None, None]:
        with span("job.step"):
            while True:
                yield current_span().name  # type: ignore[union-attr]

    contexts = [contextvars.copy_context() for _ in range(3)]
    made = items()
    assert [each.run(next, made) for each in contexts] == ["job.step"] * 3
    thread = threading.Thread(target=made.close)
    thread.start()
    thread.join()
    opened = span("job")
    contexts[0].run(opened.__enter__)
    contexts[1].run(opened.__exit__, None, None, None)
    assert contexts[1].run(current_span) is None
    assert len(recording.spans) == 3


def test_a_coroutine_of_a_plain_function_has_the_context_of_its_caller(recording: Recording) -> None:
    """Where only metrics are recorded, and below a trace that is not sampled: no made-up ids go out."""
    sent: list[dict[str, str]] = []

    def start() -> Any:
        async def later() -> None:
            carrier: dict[str, str] = {}
            inject(carrier)
            sent.append(carrier)

        return later()

    for decorate in (record_metric("shop_ticks_total"), instrument_span("job")):
        for header in ({}, {"traceparent": f"00-{0xABC:032x}-{0xDEF:016x}-00"}):
            token = attach(extract(header))
            with suppress(StopIteration), span("job"):
                decorate(start)().send(None)
            detach(token)
    assert all(int(carrier["traceparent"][3:35], 16) for carrier in sent)
    assert [carrier["traceparent"][3:35] for carrier in sent][1::2] == [f"{0xABC:032x}"] * 2


def test_nobody_makes_or_copies_what_only_calls_make() -> None:
    """Spans and recorded coroutines cannot be made by hand, copied half or pickled: refused, or harmless."""
    with isolated(registry=[REGISTRY]):

        @instrument_span("job")
        async def later() -> None:
            pass

        @instrument_span("job")
        def items() -> Generator[int, None, None]:
            yield 1

        opened, coroutine, generator = span("job"), later(), items()
        for made in (opened, coroutine, generator):
            kind: Any = type(made)
            with suppress(TypeError):
                kind()
            with suppress(TypeError):
                kind.__new__(kind)
        for made in (coroutine, generator):
            actions: tuple[Callable[[Any], Any], ...] = (copy.copy, copy.deepcopy, pickle.dumps)
            for action in actions:
                with pytest.raises(TypeError):
                    action(made)
            with pytest.raises(TypeError):
                type("Mine", (type(made),), {})
        seen = weakref.ref(generator)
        coroutine.close()
        opened.end()
        del generator, made
        gc.collect()
        assert seen() is None


def test_a_runtime_may_go_in_the_middle_of_a_call(recording: Recording) -> None:
    """Swapped or shut down by the function itself, which may also delete itself."""
    kept: list[Any] = []

    @record_metric("shop_ticks_total")
    @instrument_span("job", capture={"job.a": "depth"})
    def job(depth: int) -> int:
        with isolated(registry=[REGISTRY]):
            kept.clear()
            gc.collect()
            return depth and job(depth - 1) + 1

    kept.append(job)
    assert job(3) == 3
    assert current_span() is None
    assert len(recording.spans) == 1


def test_a_tracer_may_record(recording: Recording) -> None:
    """`sys.settrace` and `sys.setprofile` functions that open spans, around calls, blocks and generators."""

    @instrument_span("job")
    def items() -> Generator[int, None, None]:
        yield 1

    def trace(*_: Any) -> Any:
        with span("job.step"):
            pass
        return trace

    before = sys.gettrace(), sys.getprofile()
    for setting in (sys.settrace, sys.setprofile):
        setting(trace)
        try:
            with span("job"):
                list(items())
        finally:
            sys.settrace(before[0])
            sys.setprofile(before[1])
    assert [found.name for found in recording.spans].count("job") == 4
    assert recording.losses == {}


def test_recursion_ends_at_the_limit(recording: Recording) -> None:
    """In every form, with any limit: the error is the interpreter's, and the next call is recorded."""

    @instrument_span("job", capture={"job.a": "depth"})
    def job(depth: int) -> int:
        return job(depth + 1)

    @instrument_span("job")
    def items(depth: int) -> Generator[int, None, None]:
        yield from items(depth + 1)

    @instrument_span("job")
    async def later(depth: int) -> None:
        await later(depth + 1)

    def block(depth: int) -> None:
        with span("job", attributes={"job.a": depth}):
            block(depth + 1)

    for run in (job, lambda depth: list(items(depth)), lambda depth: later(depth).send(None), block):
        with pytest.raises(RecursionError):
            run(0)
        assert current_span() is None
    with span("job.step"):
        pass
    assert recording.spans[-1].name == "job.step"


def test_labels_may_be_without_number(recording: Recording) -> None:
    """A hundred thousand values of one label: the surplus is counted, and what was there still counts."""
    counter = metric("shop_jobs_total")
    counter.labels(worker="first").inc()
    for index in range(100_000):
        counter.labels(worker=f"w{index}").inc()
    counter.labels(worker="first").inc()
    assert recording.value("shop_jobs_total", worker="first") == 2.0
    assert recording.losses["cardinality_overflow"] > 90_000


PRELUDE = f"""
import gc, os, signal, sys, threading, time, faulthandler
sys.path.insert(0, {str(ROOT)!r})
import telemetry
from tests.hotpath.leaks import REGISTRY, Thing, forms
from telemetry.testing import isolated
entered = isolated(registry=[REGISTRY]); recording = entered.__enter__()
@telemetry.record_metric("shop_ticks_total")
@telemetry.instrument_span("job", capture={{"job.a": "given"}})
def job(given): return given
"""
SCRIPTS = {
    "a fork inside of spans": """
        opened = [telemetry.span("job") for _ in range(40)]
        with telemetry.span("job"):
            child = os.fork()
            if child == 0:
                for each in opened: each.end()
                held = [telemetry.span("job") for _ in range(2000)]
                job(1)
                del held
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
    """,
    "an interpreter that ends inside of spans": """
        import atexit
        class Last:
            def __del__(self):
                with telemetry.span("job.step"): job(1)
        telemetry.span("job").__enter__()
        kept = [Last()]; kept.append(kept); sys.modules["kept"] = Last()
        @telemetry.instrument_span("job")
        def items():
            try: yield 1
            finally: job(2)
        suspended = items(); next(suspended)
        def busy():
            while True: job(3)
        threading.Thread(target=busy, daemon=True).start()
        atexit.register(job, 4)
    """,
    "a long chain of spans that nobody ended": """
        from opentelemetry import context
        from opentelemetry.trace import set_span_in_context
        for _ in range(300_000):
            context.attach(set_span_in_context(telemetry.span("job")))
        context.attach(context.Context())
    """,
    "signal handlers that record": """
        seen = []
        def handle(*_):
            with telemetry.span("job.step") as opened: opened.add_event("signal")
            job(seen.append(1))
        signal.signal(signal.SIGALRM, handle); signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
        until, count = time.monotonic() + 0.2, 0
        while time.monotonic() < until:
            with telemetry.span("job"): job(1)
            count += 1
        signal.setitimer(signal.ITIMER_REAL, 0)
        assert len(recording.spans) + recording.losses.get("queue_full", 0) == 2 * count + 2 * len(seen)
        assert telemetry.current_span() is None
    """,
    "interrupts at any point": """
        done, working = [], []
        def raised(*_):
            if working: working.clear(); raise KeyboardInterrupt
        signal.signal(signal.SIGINT, raised)
        def interrupt():
            for _ in range(50):
                time.sleep(0.002); os.kill(os.getpid(), signal.SIGINT)
            done.append(1)
        thread = threading.Thread(target=interrupt); thread.start()
        def work():
            working.append(1)
            try:
                while not done:
                    with telemetry.span("job"): job(1)
            finally: working.clear()
        while not done:
            try: work()
            except KeyboardInterrupt: pass
        thread.join(); time.sleep(0.05)
        assert set(recording.losses) <= {"queue_full", "torn"}, recording.losses
    """,
}
if TWIN == "compiled" or sys.version_info >= (3, 12):
    # CPython 3.11 reads the context while a finaliser may set it; the compiled twin holds it meanwhile, Python cannot.
    SCRIPTS["finalisers that record while the ring turns"] = """
        class Last:
            def __init__(self): self.me = self
            def __del__(self):
                with telemetry.span("job.step", attributes={"job.a": "z" * 500}): job("x" * 400)
        gc.set_threshold(5)
        def work():
            for _ in range(700):
                Last()
                with telemetry.span("job", attributes={"job.a": "q" * 300}) as opened: opened.add_event("e"); Last()
                job("y" * 1000)
        threads = [threading.Thread(target=work) for _ in range(3)]
        for each in threads: each.start()
        while any(each.is_alive() for each in threads):
            recording.runtime.ring.open.snapshot(); recording.runtime.flush()
        gc.set_threshold(700); gc.collect()
        assert len(recording.spans) + recording.losses.get("queue_full", 0) == 3 * 700 * 6, recording.losses
    """
    SCRIPTS["memory that runs out at any allocation"] = """
        import _testcapi, warnings
        warnings.simplefilter("ignore")
        for name in ("function", "keywords", "many captured", "metrics alone", "method", "block", "labels"):
            form = forms(Thing())[name]
            form(); form()
            for nth in range(60):
                _testcapi.set_nomemory(nth, nth + 1)
                try: form()
                except MemoryError: pass
                finally: _testcapi.remove_mem_hooks()
                assert telemetry.current_span() is None, (name, nth)
    """


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_process_survives(name: str) -> None:
    """In a process of its own: it ends as it should, and says nothing of an error."""
    lines = SCRIPTS[name].splitlines()
    script = PRELUDE + "\n".join(line.removeprefix("        ") for line in lines)
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", script], check=False, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert "Fatal" not in done.stderr and "Error" not in done.stderr.replace("MemoryError", ""), done.stderr
