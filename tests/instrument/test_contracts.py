"""Decorators and handles under the registry: what is refused where, and what is only counted."""

from __future__ import annotations

import math
import re
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any
from uuid import uuid4

import pytest
from tests.instrument.shop import REGISTRY

from telemetry import ContractError, current_span, instrument_span, metric, record_metric, span
from telemetry.testing import Recording, isolated

Decorate = Callable[[Any], Any]
AN_ID = str(uuid4())

BREACHES: list[tuple[str, Callable[[], Decorate], str]] = [
    ("span", lambda: instrument_span("jbo"), "no span 'jbo' in the registry .* did you mean 'job'"),
    (
        "metric",
        lambda: record_metric("shop_ticks"),
        "no metric 'shop_ticks' in the registry .* did you mean 'shop_ticks_total'",
    ),
    ("static", lambda: instrument_span("job.step", attributes={"colour": 1}), "span 'job.step': 'colour' is not allow"),
    (
        "captured",
        lambda: instrument_span("job.step", capture={"colour": "a"}),
        "span 'job.step': 'colour' is not allow",
    ),
    ("result", lambda: instrument_span("job.step", result={"colour": "a"}), "span 'job.step': 'colour' is not allowed"),
    (
        "value",
        lambda: instrument_span("job", attributes={"job_colour": "blue"}),
        "'job_colour' must be one of green, r",
    ),
    ("type", lambda: instrument_span("job", attributes={"job_name": 3}), "'job_name' must be string; it is int 3"),
    ("parameter", lambda: instrument_span("job", capture={"job.b": "b.c"}), r"reads 'b.c', but .*job\(\) has a"),
    ("path", lambda: instrument_span("job", capture={"job.b": "a.c[0]"}), r"'a.c\[0\]' is no path of names"),
    (
        "label",
        lambda: record_metric("shop_ticks_total", labels={"team": "x"}),
        "metric 'shop_ticks_total': has no label 'team'",
    ),
    (
        "source",
        lambda: record_metric("shop_jobs_total"),
        "label 'worker' has no source; give it by labels=, capture= or",
    ),
    (
        "uuid",
        lambda: record_metric("shop_jobs_total", labels={"worker": str(uuid4())}),
        "label 'worker' must not be an id",
    ),
    ("gauge", lambda: record_metric("shop_queue_depth"), "metric 'shop_queue_depth': is a gauge, so it needs value="),
    (
        "no time",
        lambda: record_metric("shop_job_depth"),
        "is a histogram that counts jobs, not time, so it needs value=",
    ),
    (
        "derived",
        lambda: record_metric("shop_job_failure_rate"),
        "shop_job_failure_rate': is derived from shop_job_failures_total, so nothing sets it",
    ),
    (
        "error",
        lambda: record_metric("shop_job_failures_total", error={"error_code": "code"}),
        "'shop_job_failures_total': error= gives labels that only a failure has; record it with on='failure'",
    ),
    (
        "value of failure",
        lambda: record_metric("shop_ticks_total", on="failure", value=len),
        "value= reads the returned value, which on='failure' has not",
    ),
]
each_breach = pytest.mark.parametrize(
    ("make", "message"), [each[1:] for each in BREACHES], ids=[b[0] for b in BREACHES]
)


def job(a: Any = None) -> Any:
    """Give back."""
    return a


@each_breach
def test_a_breach_is_raised_at_decoration(make: Callable[[], Decorate], message: str, recording: Recording) -> None:
    """With a recorder in place the decorator raises one error that names the file, the line and what is wrong."""
    with pytest.raises(ContractError, match=message) as caught:
        make()(job)
    place = f"{__file__}:{job.__code__.co_firstlineno}: "
    assert [each.startswith(place) for each in caught.value.findings] == [True]


@each_breach
def test_a_breach_is_raised_when_recording_starts(make: Callable[[], Decorate], message: str) -> None:
    """Decorated before, a function works as it is; the start of recording raises, and leaves everything as it was."""
    made = make()(job)
    assert made(3) == 3
    with pytest.raises(ContractError, match=message), isolated(registry=[REGISTRY]):
        raise AssertionError("entered")
    assert made(3) == 3
    del made
    with isolated(registry=[REGISTRY]):
        pass


def test_all_breaches_of_all_places_are_one_error() -> None:
    """One look shows everything that is wrong, each with its own place."""

    @record_metric("shop_jobs_total", capture={"worker": "b", "team": "a"})
    @record_metric("shop_ticks")
    @instrument_span("jbo", capture={"job.b": "b"})
    def first(a: int) -> None:
        """Do nothing."""

    @instrument_span("job", attributes={"colour": 1})
    def second() -> None:
        """Do nothing."""

    with pytest.raises(ContractError) as caught, isolated(registry=[REGISTRY]):
        pass
    places = [re.fullmatch(r"(.*):(\d+): (.*)", finding, re.DOTALL) for finding in caught.value.findings]
    lines = [first.__code__.co_firstlineno] * 5 + [second.__code__.co_firstlineno]
    assert [int(place[2]) for place in places if place and place[1] == __file__] == lines
    assert str(caught.value).startswith("6 breaches of the telemetry contracts:")


def test_a_generator_has_no_result_to_read(recording: Recording) -> None:
    """`result=` and `value=` on a generator are refused, since its call returns before anything has run."""

    def items() -> Generator[int, None, int]:
        yield 1
        return 2

    async def aitems() -> AsyncGenerator[int, None]:
        yield 1

    for target in (items, aitems):
        with pytest.raises(ContractError, match="result= reads the returned value, which a generator has not"):
            instrument_span("job", result={"job.size": len})(target)
        with pytest.raises(ContractError, match="value= reads the returned value, which a generator has not"):
            record_metric("shop_queue_depth", value=float)(target)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: instrument_span("job", kind="sever"),
            "kind='sever' is not known: use one of internal, server, client",
        ),
        (
            lambda: record_metric("shop_jobs_total", on="sucess"),
            "on='sucess' is not known: use one of always, success, fail",
        ),
    ],
)
def test_a_wrong_option_is_wrong_at_once(make: Callable[[], object], message: str) -> None:
    """It needs no registry to tell, so it is told where it is written."""
    with pytest.raises(ContractError, match=message):
        make()


class _Slots:
    __slots__ = ()


@pytest.mark.parametrize(
    ("target", "advice"),
    [
        (property(job), "decorate its getter, below @property"),
        (3, "it is not callable"),
        ("text", "it is not callable"),
        (_Slots, "has no public methods of its own to instrument"),
        (int, "has no public methods of its own to instrument"),
    ],
)
def test_what_cannot_be_timed_is_refused_with_advice(target: Any, advice: str) -> None:
    """The message says what to decorate in its place."""
    with pytest.raises(TypeError, match=advice):
        instrument_span("job")(target)


def test_descriptors_and_running_things_are_refused_with_advice() -> None:
    """A cached property, a context manager's maker, a coroutine or generator that runs: each has a better place."""
    from contextlib import asynccontextmanager, contextmanager
    from functools import cached_property, singledispatchmethod

    def items() -> Generator[int, None, None]:
        yield 1

    async def later() -> None:
        """Do nothing."""

    coroutine = later()
    cases = [
        (cached_property(job), "decorate the function below @cached_property"),
        (singledispatchmethod(job), "decorate the function below @singledispatchmethod"),
        (contextmanager(items), "decorate the generator below @contextmanager"),
        (asynccontextmanager(items), "decorate the generator below @contextmanager"),  # type: ignore[arg-type]
        (items(), "a generator runs already; decorate the function that makes it"),
        (coroutine, "a coroutine runs already; decorate the function that makes it"),
    ]
    for target, advice in cases:
        with pytest.raises(TypeError, match=advice):
            instrument_span("job")(target)  # type: ignore[type-var]
    coroutine.close()


def test_a_class_gets_a_span_a_public_method(recording: Recording) -> None:
    """Its own public methods of every kind, and neither private, special, inherited nor nested ones."""

    class Base:
        def inherited(self) -> None:
            """Do nothing."""

    @instrument_span("service")
    class Service(Base):
        class Nested:
            """Is no method."""

        size = 3

        def run(self) -> str:
            """Run."""
            return self._hidden()

        def _hidden(self) -> str:
            return "ran"

        def __len__(self) -> int:
            return 1

        @classmethod
        def build(cls) -> type:
            """Build."""
            return cls

        @staticmethod
        def check(number: int) -> int:
            """Check."""
            return number

        @instrument_span("job")
        def load(self) -> None:
            """Have a span of its own."""

    service = Service()
    assert (service.run(), Service.build(), service.check(3), len(service)) == ("ran", Service, 3, 1)
    service.inherited()
    service.load()
    assert [each.name for each in recording.spans] == ["service.run", "service.build", "service.check", "job"]


def test_a_bare_decorator_takes_the_qualified_name() -> None:
    """`@instrument_span` without a name asks the registry for the function's own."""

    @instrument_span
    def local() -> None:
        """Do nothing."""

    with pytest.raises(ContractError, match=r"no span 'test_a_bare_decorator.*<locals>\.local'"), isolated():
        pass
    assert local() is None


def nothing_raises(use: Callable[[], object], recording: Recording, reason: str, times: int = 2) -> None:
    """Use something wrong twice: nothing is raised, each use is counted, and it is named once."""
    for _ in range(times):
        use()
    assert recording.losses == {reason: times}
    assert [named for named, _ in recording.runtime.breaches.named()] == [reason]


def test_an_unknown_span_of_a_block_is_counted(recording: Recording) -> None:
    """The block runs, records nothing, and what is inside belongs to the span around it."""

    def use() -> None:
        with span("jbo", attributes={"job.a": 1}) as opened:
            opened.set_attribute("job.b", 2)
            opened.add_event("e")
            assert not opened.is_recording()
            with span("job.step"):
                pass

    with span("job") as outer:
        nothing_raises(use, recording, "span_refused")
        assert current_span() is outer
    assert [(each.name, each.parent_span_id) for each in recording.spans] == [
        ("job.step", outer.span_id),
        ("job.step", outer.span_id),
        ("job", None),
    ]


def test_an_unknown_kind_of_a_block_is_counted(recording: Recording) -> None:
    """A wrong kind is a breach like a wrong name."""
    nothing_raises(lambda: span("job", kind="sever").__enter__(), recording, "span_refused")


def test_odd_names_do_not_raise(recording: Recording) -> None:
    """What is no text is an unknown name."""
    nothing_raises(lambda: span(3), recording, "span_refused")  # type: ignore[arg-type]


def add_beside_a_series() -> None:
    """Record with an unknown label beside labels of a series that is there."""
    metric("shop_jobs_total").labels(worker="w").inc()
    metric("shop_jobs_total").labels(worker="w", team="t").inc()


@pytest.mark.parametrize(
    ("use", "reason"),
    [
        (lambda: metric("jbos_total").inc(), "metric_refused"),
        (lambda: metric("jbos_total").labels(worker="w").observe(1), "metric_refused"),
        (lambda: metric(3).set(1), "metric_refused"),  # type: ignore[arg-type]
        (lambda: metric("shop_jobs_total").inc(), "label_missing"),
        (lambda: metric("shop_jobs_total").labels(worker=None).inc(), "label_missing"),
        (lambda: metric("shop_jobs_total").labels(worker="w", team="t").inc(), "label_unknown"),
        (add_beside_a_series, "label_unknown"),
        (lambda: metric("shop_jobs_total").labels(worker=AN_ID).inc(), "label_value"),
        (lambda: metric("shop_jobs_total").labels(worker=AN_ID.replace("-", "")).inc(), "label_value"),
        (lambda: metric("shop_jobs_total").labels(worker="a b").inc(), "label_value"),
        (lambda: metric("shop_jobs_total").labels(worker="").inc(), "label_value"),
        (lambda: metric("shop_job_failures_total").labels(error_code="odd").inc(), "label_value"),
        (lambda: metric("shop_ticks_total").set(1), "metric_misused"),
        (lambda: metric("shop_ticks_total").observe(1), "metric_misused"),
        (lambda: metric("shop_ticks_total").dec(), "metric_misused"),
        (lambda: metric("shop_queue_depth").observe(1), "metric_misused"),
        (lambda: metric("shop_job_depth").inc(), "metric_misused"),
        (lambda: metric("shop_job_depth").time().__enter__().__exit__(None, None, None), "metric_misused"),
        (lambda: metric("shop_queue_depth").time().__enter__().__exit__(None, None, None), "metric_misused"),
        (lambda: metric("shop_job_failure_rate").set(0.5), "metric_misused"),
        (lambda: metric("shop_ticks_total").inc(-1), "value_out_of_range"),
        (lambda: metric("shop_ticks_total").inc(math.nan), "value_out_of_range"),
        (lambda: metric("shop_ticks_total").inc(math.inf), "value_out_of_range"),
        (lambda: metric("shop_ticks_total").inc("3"), "value_out_of_range"),  # type: ignore[arg-type]
        (lambda: metric("shop_ticks_total").inc(None), "value_out_of_range"),  # type: ignore[arg-type]
        (lambda: metric("shop_queue_depth").set(math.nan), "value_out_of_range"),
        (lambda: metric("shop_queue_depth").set(-math.inf), "value_out_of_range"),
        (lambda: metric("shop_queue_depth").inc(object()), "value_out_of_range"),  # type: ignore[arg-type]
        (lambda: metric("shop_worker_load").labels(worker="w").set(101), "value_out_of_range"),
        (lambda: metric("shop_worker_load").labels(worker="w").dec(1), "value_out_of_range"),
        (lambda: metric("shop_job_depth").observe(math.inf), "value_out_of_range"),
        (lambda: metric("shop_job_depth").observe(10**400), "value_out_of_range"),
        (lambda: metric("shop_job_size_bytes").observe(-1), "value_out_of_range"),
    ],
)
def test_a_misused_metric_is_counted_and_named_once(
    use: Callable[[], object], reason: str, recording: Recording
) -> None:
    """Nothing that a handle is given raises: each use is counted by its reason."""
    nothing_raises(use, recording, reason)
    values = [series.value for family in recording.metrics.values() for series in family.series]
    assert all(value in (0.0,) or getattr(value, "count", 0) == 0 for value in values)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (lambda made: made["size"], "value_failed"),
        (lambda made: "large", "value_out_of_range"),
        (lambda made: -1, "value_out_of_range"),
    ],
)
def test_a_value_that_cannot_be_had_is_counted(value: Any, reason: str, recording: Recording) -> None:
    """`value=` is the user's code: whatever it raises or gives, the call returns as ever."""
    made = record_metric("shop_ticks_total", value=value)(job)
    assert made(3) == 3
    assert recording.losses == {reason: 1}


def test_a_gauge_is_set_to_its_value(recording: Recording) -> None:
    """After a return to what `value=` gives, after a failure to nothing, so that it shows no false zero."""

    @record_metric("shop_queue_depth", value=lambda made: made * 2)
    def depth(number: int) -> int:
        return 10 // number

    with pytest.raises(ZeroDivisionError):
        depth(0)
    assert recording.value("shop_queue_depth") is None
    depth(2)
    assert recording.value("shop_queue_depth") == 10.0


def test_a_label_that_was_captured_wrong_is_counted_at_each_call(recording: Recording) -> None:
    """The call and its span are as ever, the other metric of the same place is recorded."""

    @record_metric("shop_ticks_total")
    @record_metric("shop_jobs_total", capture={"worker": "a"})
    @instrument_span("job")
    def run(a: Any) -> Any:
        return a

    for value in (uuid4(), None, "with space"):
        assert run(value) is value
    assert recording.losses == {"label_value": 2, "label_missing": 1}
    assert recording.value("shop_ticks_total") == 3.0
    assert "shop_jobs_total" not in recording.metrics
    assert len(recording.spans) == 3


class CodedError(Exception):
    """Has a code."""

    def __init__(self, code: object) -> None:
        super().__init__(code)
        self.code = code


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: CodedError("io"), "io"),
        (lambda: CodedError("odd"), "internal"),
        (lambda: CodedError(404), "internal"),
        (lambda: ValueError("no code"), "internal"),
    ],
)
def test_a_failure_is_counted_whatever_its_code(make: Callable[[], Exception], code: str, recording: Recording) -> None:
    """A code that the contract does not know, or none, becomes `internal` where that is one: no failure is lost."""

    @record_metric("shop_job_failures_total", on="failure", error={"error_code": "code"})
    def run() -> None:
        raise make()

    with pytest.raises((CodedError, ValueError)):
        run()
    assert recording.value("shop_job_failures_total", error_code=code) == 1.0
    assert recording.losses == {}


def test_past_the_limit_one_series_takes_the_rest(recording: Recording) -> None:
    """The cardinality limit of the environment holds, and what overflows is recorded and counted."""
    for number in range(205):
        metric("shop_jobs_total").labels(worker=f"w{number}").inc()
    family = recording.metrics["shop_jobs_total"]
    assert len(family.series) == 201
    assert recording.value("shop_jobs_total", worker="_overflow") == 5.0
    assert recording.losses == {"cardinality_overflow": 5}
    with isolated(registry=[REGISTRY], environment="staging") as staging:
        for number in range(60):
            record_metric("shop_jobs_total", labels={"worker": f"w{number}"})(job)(1)
        assert len(staging.metrics["shop_jobs_total"].series) == 51
        assert staging.value("shop_jobs_total", worker="_overflow") == 10.0


def test_handles_follow_the_recorder(recording: Recording) -> None:
    """A kept child records into whichever recorder is in; one that nobody kept leaves no series in the next."""
    kept = metric("shop_jobs_total").labels(worker="kept")
    metric("shop_jobs_total").labels(worker="dropped").inc()
    kept.inc()
    with isolated(registry=[REGISTRY]) as inner:
        kept.inc(2)
        assert [(series.labels, series.value) for series in inner.metrics["shop_jobs_total"].series] == [
            (("kept", "development"), 2.0)
        ]
    kept.inc()
    assert recording.value("shop_jobs_total", worker="kept") == 2.0
    assert recording.value("shop_jobs_total", worker="dropped") == 1.0


def test_a_handle_may_be_made_before_recording() -> None:
    """Before `configure()` it takes everything and keeps nothing; afterwards it records."""
    handle = metric("shop_job_duration_ms")
    child = handle.labels()
    child.observe(5)
    child.inc()
    with handle.time():
        pass
    with isolated(registry=[REGISTRY]) as recording:
        child.observe(5)
        handle.observe(50)
        with pytest.raises(ZeroDivisionError), handle.time():
            raise ZeroDivisionError
        found: Any = recording.value("shop_job_duration_ms")
        assert (found.buckets, recording.losses) == ((1, 1, 1, 0, 0), {})


def test_labels_in_any_order_and_type_are_one_series(recording: Recording) -> None:
    """Numbers are labels too, and the order of keywords says nothing."""
    metric("shop_jobs_total").labels(worker=1, environment="staging").inc()
    metric("shop_jobs_total").labels(environment="staging", worker="1").inc()
    assert [series.labels for series in recording.metrics["shop_jobs_total"].series] == [("1", "staging")]
    assert recording.value("shop_jobs_total") == 2.0
