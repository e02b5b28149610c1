"""Both twins of the cells do the same to the page, whatever they are given."""

from __future__ import annotations

import gc
import math
import os
import random
import sys
import threading
import weakref
from decimal import Decimal
from fractions import Fraction
from typing import Any
from unittest.mock import MagicMock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.metrics.twins import BOUNDS, COMPILED, KINDS, PURE, Bench

from telemetry._hotpath import layout

needs_compiler = pytest.mark.skipif(COMPILED is None, reason="there is no Cython or no gcc here")


class Scalar:
    """A number as numpy has them: no float, but one to `float()`."""

    def __init__(self, value: float) -> None:
        self.value = value

    def __float__(self) -> float:
        return self.value


class Broken:
    """A number whose conversion fails."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __float__(self) -> float:
        raise self.error


class Wide(float):
    """A subclass of float that converts to something else."""

    def __float__(self) -> float:
        return 3.0


ODD: list[Any] = [
    None, "1", b"1", bytearray(b"1"), math.nan, math.inf, -math.inf, 10**400, -(10**400), 2**53 + 1, 2**70, True, False,
    Decimal("2.5"), Fraction(1, 3), 1j, object(), [], Scalar(0.25), Scalar(math.nan), Scalar(math.inf), Wide(1.0),
    Broken(ValueError("mine")), Broken(MemoryError()), Broken(RecursionError()), -1, -0.0, 0, 5e-324, -5e-324,
    sys.float_info.max, sys.float_info.min, MagicMock(spec=float),
]  # fmt: skip

_numbers = st.one_of(
    st.floats(),
    st.integers(),
    st.integers(0, 10),
    st.sampled_from(BOUNDS),
    st.floats(1e-3, 1e3),
    st.floats(0, allow_infinity=False),
    st.sampled_from(ODD),
)
_steps = st.lists(st.tuples(st.sampled_from(sorted(KINDS)), _numbers), max_size=60)


def _record(bench: Bench, steps: list[tuple[str, Any]]) -> tuple[list[bytes], list[tuple[str, str]]]:
    for kind, value in steps:
        bench.operation(kind)(value)
    return bench.words(), bench.refused


@needs_compiler
@given(_steps)
@settings(deadline=None)
def test_twins_write_the_same_bytes_and_refuse_the_same(steps: list[tuple[str, Any]]) -> None:
    """Any values in any order leave the same words in the page, and the same refusals."""
    assert _record(Bench(COMPILED), steps) == _record(Bench(PURE), steps)


@needs_compiler
@pytest.mark.parametrize("seed", range(12))
def test_twins_agree_over_long_runs(seed: int) -> None:
    """Thousands of values over widening ranges, which move and fold the windows, give the same words."""
    draw = random.Random(seed)
    benches = Bench(COMPILED), Bench(PURE)
    for reach in (0.1, 1, 10, 100, 300):
        for _ in range(600):
            value = draw.choice((0.0, 10.0 ** draw.uniform(-reach, reach), float(draw.randrange(50))))
            for bench in benches:
                for kind in KINDS:
                    bench.operation(kind)(value)
    assert benches[0].words() == benches[1].words()


@needs_compiler
def test_what_c_calls_does_what_python_calls() -> None:
    """`take` counts one call in a counter and its length in all others; `add` and `record` take any value."""
    from_c, from_python = Bench(COMPILED), Bench(COMPILED)
    for value in (0.5, 0.0, 7.25, -1.0, math.nan, math.inf):
        for kind in KINDS:
            COMPILED.take(from_c[kind], value)
            from_python.operation(kind)(1.0 if kind == "counter" else value)
        COMPILED.add(from_c["counter"], value)
        from_python["counter"].inc(value)
        for kind in ("histogram", "summary", "exponential"):
            COMPILED.record(from_c[kind], value)
            from_python[kind].observe(value)
    assert from_c.words() == from_python.words()
    assert from_c.refused == from_python.refused


@needs_compiler
def test_a_refusal_from_c_leaves_the_error_that_is_on_its_way() -> None:
    """The end of a failed call may refuse a value, and the call still raises what it raised; so does a bad `refuse`."""
    bench = Bench(COMPILED)
    with pytest.raises(KeyError, match="mine"):
        COMPILED.take_while_raising(bench["histogram"], math.nan, KeyError("mine"))
    assert bench.refused == [("value_out_of_range", "nan")]

    def refuse(_reason: str, _value: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(KeyError, match="mine"):
        COMPILED.take_while_raising(Bench(COMPILED, refuse=refuse)["summary"], -1.0, KeyError("mine"))


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("value", ODD, ids=lambda value: type(value).__name__)
def test_no_value_raises(bench: Bench, kind: str, value: Any) -> None:
    """What is no number, or none that the kind has, is refused; text is none, and the user's `__float__` may fail."""
    before = bench.words()
    assert bench.operation(kind)(value) is None
    assert (bench.words() == before) <= bool(bench.refused or value == 0)
    assert all(reason == "value_out_of_range" for reason, _ in bench.refused)


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_passes(bench: Bench, kind: str, error: type[BaseException]) -> None:
    """A key that is pressed while a value is converted interrupts, as everywhere; nothing is recorded."""
    before = bench.words()
    with pytest.raises(error):
        bench.operation(kind)(Broken(error()))
    assert bench.words() == before


def test_numbers_of_other_types_count_as_what_they_are(bench: Bench) -> None:
    """Ints, bools, fractions and scalars like numpy's add up as their `float()`."""
    for amount in (2, True, Fraction(1, 4), Scalar(0.25), Wide(1.0), Decimal("0.5")):
        bench["counter"].inc(amount)
    bench["counter"].inc()
    bench["counter"].inc(amount=1)
    assert bench.page.doubles[bench["counter"].at] == 9.0


def test_a_gauge_moves_within_its_limits(twin: Any) -> None:
    """It is set, raised and lowered; past a limit it stays, and the attempt is refused."""
    bench = Bench(twin)
    refused: list[object] = []
    gauge = twin.GaugeCell(bench.page, bench["gauge"].at, lambda _, value: refused.append(value), (0, 10))
    gauge.write(4)
    gauge.inc()
    gauge.inc(6)
    gauge.dec(2)
    gauge.dec(4)
    gauge.dec("1")
    integers, at = bench.page.integers, bench["gauge"].at
    assert bench.page.doubles[at + 1 + 2 * integers[at]] == 3.0
    assert refused[:2] == [11.0, -1.0] and math.isnan(refused[2])  # type: ignore[arg-type]
    assert gauge.limits == (0, 10)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_wrong_calls_are_type_errors(bench: Bench, kind: str) -> None:
    """Too many arguments and unknown names are the caller's mistakes, and nothing is recorded."""
    before, operation = bench.words(), bench.operation(kind)
    with pytest.raises(TypeError):
        operation(1, 2)
    with pytest.raises(TypeError):
        operation(value_of=1)
    assert bench.words() == before


def test_cells_know_their_words(bench: Bench) -> None:
    """Whoever reads a page finds the words of a cell by its attributes."""
    for cell in bench.cells.values():
        assert cell.integers is bench.page.integers
        assert cell.doubles is bench.page.doubles
    histogram = bench["histogram"]
    assert histogram.sum_at == histogram.at + len(BOUNDS) + 1
    assert histogram.bounds == BOUNDS


@needs_compiler
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_compiled_cell_lies_inside_its_page(kind: str) -> None:
    """A cell that would reach past the end of the memory, or before it, is not made."""
    page = Bench(COMPILED).page
    words = layout.cell_words(kind, len(BOUNDS) + 1)
    more = (BOUNDS,) if kind == "histogram" else ()
    make = getattr(COMPILED, KINDS[kind][0])
    make(page, page.size - words, print, *more)
    for at in (page.size - words + 1, -1, sys.maxsize):
        with pytest.raises(ValueError, match="not inside of the page"):
            make(page, at, print, *more)


@needs_compiler
def test_a_cell_is_of_a_kind() -> None:
    """The class that the compiled cells share makes no cell without memory."""
    for arguments in ((), (Bench(COMPILED).page, 8, print)):
        with pytest.raises(TypeError, match="of a kind"):
            COMPILED.CounterCell.__base__(*arguments)


def test_a_bound_operation_keeps_its_page(twin: Any) -> None:
    """A child that somebody keeps records on when all else is gone, and the memory goes with it at last."""
    bench = Bench(twin)
    page, inc = bench.page, bench["counter"].inc
    at, doubles = bench["counter"].at, page.doubles
    del bench, page
    gc.collect()
    inc(2.0)
    assert doubles[at] == 2.0


def test_a_cycle_through_refuse_is_collected(twin: Any) -> None:
    """An instrument that holds its cells, and whose method they refuse by, goes when nobody else holds it."""

    class Instrument:
        def __init__(self) -> None:
            self.bench = Bench(twin, refuse=self.refuse)

        def refuse(self, _reason: str, _value: object) -> None:
            """Take what is refused."""

    instrument = Instrument()
    for kind in KINDS:
        instrument.bench.operation(kind)(1.0)
    gone, page = weakref.ref(instrument), instrument.bench.page
    del instrument
    gc.collect()
    assert gone() is None
    assert sys.getrefcount(page) == 2  # this name's, and the argument's


def test_a_finaliser_may_record_while_its_cells_are_collected(twin: Any) -> None:
    """`__del__` in a cycle with the cells runs before they are cleared, and neither crashes nor raises."""
    ran: list[str] = []

    class Owner:
        def __init__(self) -> None:
            self.bench = Bench(twin, refuse=self.refuse)

        def refuse(self, _reason: str, _value: object) -> None:
            ran.append("refused")

        def __del__(self) -> None:
            for kind in KINDS:
                self.bench.operation(kind)(math.nan)
            ran.append("recorded")

    Owner()
    gc.collect()
    assert ran == ["refused"] * len(KINDS) + ["recorded"]


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"gauge"}))
def test_threads_lose_nothing(bench: Bench, kind: str) -> None:
    """Eight threads that switch as often as possible leave what one thread would have."""
    values = [2.0**power for power in range(-18, 18)] * 20
    alone = Bench(PURE)
    for value in values * 8:
        alone.operation(kind)(value)
    before, start = sys.getswitchinterval(), threading.Barrier(8)

    def work() -> None:
        operation = bench.operation(kind)
        start.wait()
        for value in values:
            operation(value)

    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert _order_free(bench, kind) == _order_free(alone, kind)


def _order_free(bench: Bench, kind: str) -> Any:
    """Read what a cell holds whichever thread came first, which decides what copy counts and what collapses."""
    at, integers = bench[kind].at, bench.page.integers
    if kind == "summary":
        copy = at + 1 + integers[at] * layout.SUMMARY_COPY_WORDS
        counts = integers[copy + layout.SUMMARY_HEAD_WORDS : copy + layout.SUMMARY_COPY_WORDS]
        return bench.page.doubles[copy + 2], sum(counts)
    if kind == "exponential":
        copy = at + 1 + integers[at] * layout.EXPONENTIAL_COPY_WORDS
        return integers[copy : copy + layout.EXPONENTIAL_COPY_WORDS].tolist()
    return bench.words()[list(KINDS).index(kind)]


def test_a_forked_child_writes_into_its_own_page(bench: Bench) -> None:
    """After a fork the addresses are the same and the memory is not: neither process sees what the other records."""
    for kind in KINDS:
        bench.operation(kind)(2.0)
    before = bench.words()
    pid = os.fork()
    if pid == 0:
        bench.page.refill(bench.page.snapshot())
        for kind in KINDS:
            if hasattr(bench[kind], "restart"):
                bench[kind].restart()
            bench.operation(kind)(3.0)
        fresh = Bench(PURE)
        for kind in KINDS:
            fresh.operation(kind)(3.0)
        os._exit(0 if bench.words() == fresh.words() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert bench.words() == before


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_recording_holds_no_memory(bench: Bench, kind: str) -> None:
    """A hundred thousand values of all ways, refused ones too, leave as many objects as there were."""
    operation, values = bench.operation(kind), (1.5, 3, Scalar(2.0), None, math.nan, 10**400, 0.0)

    def work(times: int) -> None:
        for _ in range(times):
            for value in values:
                operation(value)
            bench.refused.clear()

    work(100)
    gc.collect()
    before = sys.getallocatedblocks()
    work(15_000)
    gc.collect()
    assert abs(sys.getallocatedblocks() - before) < 100
