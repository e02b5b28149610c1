"""A decorated function takes the original's place: to all that looks at it, it is the function."""

from __future__ import annotations

import asyncio
import copy
import doctest
import functools
import gc
import inspect
import pickle
import pydoc
import traceback
import typing
import warnings
import weakref
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Coroutine, Generator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any
from unittest.mock import create_autospec

import pytest
from tests.instrument import stages
from tests.instrument.forms import drive, pause
from tests.instrument.shop import REGISTRY
from tests.instrument.stages import Service, acount, count, decorated_elsewhere, double, later, multiply

from telemetry import ContractError, instrument_span, record_metric
from telemetry.testing import Recording, isolated

FUNCTIONS = [double, later, count, acount]
IDS = ["function", "coroutine", "generator", "async-generator"]
each_function = pytest.mark.parametrize("function", FUNCTIONS, ids=IDS)


@pytest.fixture(params=[False, True], ids=["dormant", "recording"])
def _either(request: pytest.FixtureRequest) -> typing.Iterator[None]:
    """Run a test without a recorder, and with one."""
    if not request.param:
        yield
        return
    with isolated(registry=[REGISTRY]):
        yield


pytestmark = pytest.mark.usefixtures("_either")


@each_function
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_pickles_by_its_name(function: Any, protocol: int) -> None:
    """As a function does: what comes back is the very object, and the bytes hold only its name."""
    pickled = pickle.dumps(function, protocol)
    assert pickle.loads(pickled) is function
    assert len(pickled) < 100


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_methods_pickle_by_their_names(protocol: int) -> None:
    """A method of a class, a class method and a static method pickle as those of an undecorated class do."""
    assert pickle.loads(pickle.dumps(Service.run, protocol)) is Service.run
    assert pickle.loads(pickle.dumps(Service.check, protocol)) is Service.check
    assert pickle.loads(pickle.dumps(Service.build, protocol))() is Service
    assert isinstance(pickle.loads(pickle.dumps(Service().run, protocol))(), Service)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_what_has_no_name_of_its_own_pickles_with_its_declarations(protocol: int) -> None:
    """Decorated under another name than it is found by, it is wrapped anew where the pickle is read, and records."""
    for made, value in ((decorated_elsewhere, 4), (multiply, 12)):
        copied = pickle.loads(pickle.dumps(made, protocol))
        assert copied is not made
        with isolated() as recording:
            assert copied(4) == value
        assert [found.name for found in recording.spans] == ["spec.parse"]
        assert recording.spans[0].attributes.keys() & {"telemetry.name", "telemetry.number"}


def test_copies_are_what_copies_of_functions_are() -> None:
    """Functions are their own copies; a callable object is copied, and the copy records too."""
    for function in FUNCTIONS:
        assert copy.copy(function) is function
        assert copy.deepcopy(function) is function
    assert copy.deepcopy({"stages": FUNCTIONS}) == {"stages": FUNCTIONS}
    for copied in (copy.copy(multiply), copy.deepcopy(multiply)):
        assert copied is not multiply
        copied.times = 5
        assert (copied(2), multiply(2)) == (10, 6)
        with isolated() as recording:
            copied(1)
        assert [found.name for found in recording.spans] == ["spec.parse"]


@each_function
def test_it_inspects_as_the_original(function: Any) -> None:
    """Signature, source, file, kind and hints are the original's, each by the module that asks for it."""
    original = function.__wrapped__
    assert inspect.signature(function) == inspect.signature(original)
    assert inspect.getsource(function) == inspect.getsource(original)
    assert inspect.getsourcefile(function) == stages.__file__
    assert inspect.getdoc(function) == inspect.getdoc(original)
    assert inspect.unwrap(function) is original
    assert typing.get_type_hints(function) == typing.get_type_hints(original)
    assert inspect.isfunction(function) and inspect.isroutine(function) and callable(function)
    for ask in (
        inspect.iscoroutinefunction,
        asyncio.iscoroutinefunction,
        inspect.isgeneratorfunction,
        inspect.isasyncgenfunction,
        inspect.ismethod,
        inspect.isbuiltin,
    ):
        assert ask(function) == ask(original), ask


@each_function
@pytest.mark.parametrize(
    "name",
    [
        "__annotations__",
        "__class__",
        "__closure__",
        "__code__",
        "__defaults__",
        "__dict__",
        "__doc__",
        "__globals__",
        "__kwdefaults__",
        "__module__",
        "__name__",
        "__qualname__",
    ],
)
def test_its_attributes_are_the_originals(function: Any, name: str) -> None:
    """Each attribute of a function is the very object that the original has."""
    expected = getattr(function.__wrapped__, name)
    assert getattr(function, name) is expected or getattr(function, name) == expected


def test_attributes_that_are_set_stand_on_the_function() -> None:
    """Tags that frameworks put on functions are found, and taken away, from either side."""

    @instrument_span("job")
    def job() -> None:
        pass

    marked: Any = job
    marked.tag = 1
    assert (marked.__wrapped__.tag, vars(marked)) == (1, {"tag": 1})
    del marked.tag
    assert not hasattr(marked.__wrapped__, "tag")
    with pytest.raises(AttributeError, match="'function' object has no attribute 'tag'"):
        _ = marked.tag


def test_it_hashes_and_is_referred_to_weakly() -> None:
    """It is a key, equal to itself only, and dies when nobody has it."""

    def job() -> None:
        pass

    first, second = instrument_span("job")(job), instrument_span("job")(job)
    assert first == first and first != second and len({first, first, second}) == 2  # noqa: PLR0124 -- its own equality
    seen = weakref.ref(first)
    assert seen() is first
    assert repr(first) == repr(job)
    del first
    gc.collect()
    assert seen() is None


def test_wraps_on_top_takes_it_for_the_function() -> None:
    """`functools.wraps` over it, and over something else onto it, leave calls and recording as they are."""

    @functools.wraps(double)
    def outer(*args: Any, **kwargs: Any) -> int:
        return double(*args, **kwargs)

    assert (outer.__name__, outer.__doc__, outer(4)) == ("double", double.__doc__, 8)
    assert inspect.signature(outer) == inspect.signature(double)

    @instrument_span("job")
    def named() -> int:
        return 1

    functools.update_wrapper(named, double)
    assert (named.__name__, named()) == ("double", 1)


def test_a_mock_is_specified_by_it() -> None:
    """`create_autospec` makes a function of the same signature, async where the original is."""
    mocked = create_autospec(double, return_value=3)
    assert mocked(1, times=2) == 3
    with pytest.raises(TypeError, match="missing a required argument: 'number'"):
        mocked()
    assert asyncio.iscoroutinefunction(create_autospec(later))
    mocked_class = create_autospec(Service)
    assert mocked_class.check(1) is mocked_class.check.return_value


def test_doctest_and_pydoc_find_it() -> None:
    """Its examples are run, and its page shows the original's signature and text."""
    [found] = [test for test in doctest.DocTestFinder().find(stages) if test.name.endswith(".double")]
    assert len(found.examples) == 1
    assert doctest.DocTestRunner().run(found) == (0, 1)
    page = pydoc.plain(pydoc.render_doc(double))
    assert "double(number: 'int', *, times: 'int' = 2) -> 'int'" in page
    assert "Multiply a number." in page
    assert "run(self) -> 'Service'" in pydoc.plain(pydoc.render_doc(Service))


def test_coroutines_and_generators_are_of_their_types() -> None:
    """What a call makes is of the abstract type of the original's, with its name and `cr_`, `gi_`, `ag_` attributes."""
    made: Any = later(1)
    assert issubclass(type(made), Coroutine)
    assert (made.__name__, made.__qualname__) == ("later", "later")
    assert made.cr_frame and not made.cr_running and made.cr_await is None and made.cr_code.co_name == "later"
    assert inspect.isawaitable(made) and asyncio.iscoroutine(made)
    assert inspect.getcoroutinestate(made) == inspect.CORO_CREATED
    made.close()
    items: Any = count(1)
    assert issubclass(type(items), Generator)
    assert (items.__name__, items.__qualname__) == ("count", "count")
    assert items.gi_frame and not items.gi_running and items.gi_yieldfrom is None and items.gi_code.co_name == "count"
    assert inspect.getgeneratorstate(items) == inspect.GEN_CREATED
    assert list(items) == [0]
    aitems: Any = acount(1)
    assert issubclass(type(aitems), AsyncGenerator)
    assert (aitems.__name__, aitems.__qualname__) == ("acount", "acount")
    assert aitems.ag_frame and not aitems.ag_running and aitems.ag_await is None and aitems.ag_code.co_name == "acount"


def test_a_coroutine_that_nobody_awaits_warns_once_under_its_own_name() -> None:
    """The interpreter's warning names the user's function, whether that is `async def` or returns a coroutine."""

    @instrument_span("job")
    def returns() -> Awaitable[int]:
        return later.__wrapped__(1)  # type: ignore[attr-defined,no-any-return]  # the original

    for make in (later, lambda _: returns()):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            made = make(1)
            del made
            gc.collect()
        assert [str(each.message) for each in caught] == ["coroutine 'later' was never awaited"]


def test_a_traceback_shows_the_users_frames_and_one_of_ours() -> None:
    """An exception comes out through one more frame a wrapper, which bears the function's name."""

    @instrument_span("job")
    def fail() -> None:
        raise ValueError("x")

    @instrument_span("job")
    async def fail_later() -> None:
        await pause()
        raise ValueError("x")

    for run in (fail, fail, lambda: drive(fail_later())):
        with pytest.raises(ValueError, match="x") as caught:
            run()
        frames = traceback.extract_tb(caught.value.__traceback__)
        ours = [frame for frame in frames if frame.filename.startswith("<telemetry")]
        assert len(ours) <= 1
        assert all(frame.name.startswith("fail") for frame in ours)
        assert frames[-1].line == 'raise ValueError("x")'
        assert caught.value.__context__ is caught.value.__cause__ is None


def test_abstract_methods_stay_abstract() -> None:
    """Above or below `abstractmethod`, a class with one cannot be instantiated until it is overridden."""

    class Base(ABC):
        @abstractmethod
        @instrument_span("job")
        def over(self) -> None: ...

        @instrument_span("job")
        @abstractmethod
        def under(self) -> None: ...

    assert Base.__abstractmethods__ == {"over", "under"}
    with pytest.raises(TypeError, match="abstract"):
        Base()  # type: ignore[abstract]


def test_stacked_decorators_make_one_wrapper() -> None:
    """Any number of them, in any order, on a function, a method or an object: one layer over the original."""

    def job() -> None:
        pass

    class Job:
        def __call__(self) -> None:
            pass

    for target in (job, Job()):
        made: Any = target
        for add in (record_metric("shop_ticks_total"), instrument_span("job"), record_metric("shop_job_duration_ms")):
            made = add(made)
        assert made.__wrapped__ is target
        with isolated(registry=[REGISTRY]) as recording:
            made()
        assert (len(recording.spans), set(recording.metrics)) == (1, {"shop_job_duration_ms", "shop_ticks_total"})


def test_a_process_pool_runs_it() -> None:
    """A spawned worker finds it by its name, and gives its result."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(double, 5, times=3).result(timeout=60) == 15
        assert list(pool.map(decorated_elsewhere, [1, 2])) == [1, 2]


def test_a_generator_type_is_kept_for_annotations(recording: Recording) -> None:
    """A call of an undecorated and a decorated generator function gives objects of the same abstract types."""
    assert isinstance(count(1), Generator) and not isinstance(count(1), AsyncGenerator)
    assert isinstance(acount(1), AsyncGenerator)
    assert recording.spans == []


def test_a_builtin_stays_one() -> None:
    """It is no method when it stands in a class, pickles, and is named in what is wrong with it."""

    class Sized:
        decorated: Any = instrument_span("job")(len)

    assert Sized().decorated([1, 2]) == 2
    assert inspect.isbuiltin(Sized.decorated) and not inspect.isfunction(Sized.decorated)
    assert pickle.loads(pickle.dumps(Sized.decorated))([1]) == 1
    made = instrument_span("jbo")
    with pytest.raises(ContractError, match=r"<built-in function len>: no span 'jbo'"), isolated(registry=[REGISTRY]):
        made(len)
