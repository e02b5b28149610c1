"""What a type checker must see through the decorators; `test_typing.py` runs mypy over it, nobody imports it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from typing import Any, TypeVar, assert_type

from telemetry import instrument_span, metric, record_metric, span

T = TypeVar("T")


@instrument_span
def bare(number: int, /, *, name: str = "a") -> str:
    """Bare."""
    return name * number


@record_metric("shop_jobs_total", labels={"worker": "w"})
@instrument_span("job", attributes={"job.size": 1}, capture={"job.name": "name"}, result={"job.length": len})
def stacked(number: int, name: str = "a") -> list[str]:
    """Stacked."""
    return [name] * number


@instrument_span("job")
def generic(value: T) -> list[T]:
    """Generic."""
    return [value]


@instrument_span("job", kind="client")
async def later(number: int) -> int:
    """Later."""
    return number


@instrument_span("job", context=False)
def count(number: int) -> Generator[int, str, None]:
    """Count."""
    yield number


@instrument_span("job")
async def acount(number: int) -> AsyncGenerator[int, None]:
    """Count, later."""
    yield number


@instrument_span("service")
class Service:
    """A class."""

    @instrument_span("service.run")
    def run(self, number: int) -> bytes:
        """Run."""
        return b"" * number

    @instrument_span("service.build")
    @classmethod
    def build(cls) -> Service:
        """Build."""
        return cls()

    @staticmethod
    @instrument_span("service.check")
    def check(number: int) -> bool:
        """Check."""
        return bool(number)


assert_type(bare(1, name="b"), str)
assert_type(stacked(1), list[str])
assert_type(generic(1.5), list[float])
assert_type(count(1), Generator[int, str, None])
assert_type(acount(1), AsyncGenerator[int, None])
assert_type(Service().run(1), bytes)
assert_type(Service.build(), Service)
assert_type(Service.check(1), bool)


async def main() -> None:
    """Await one."""
    assert_type(await later(1), int)


kept: Callable[[int], Coroutine[Any, Any, int]] = later

bare("one")  # type: ignore[arg-type]
bare(number=1)  # type: ignore[call-arg]
stacked(1, size=2)  # type: ignore[call-arg]
Service().run("one")  # type: ignore[arg-type]
record_metric("shop_jobs_total", value="size")  # type: ignore[arg-type]
instrument_span("job", capture={"job.name": 3})  # type: ignore[dict-item]

with span("job", links=(), attributes={"job.size": 1}, name="a") as opened:
    opened.set_attribute("job.depth", 3)
    opened.set_status("ok")

metric("shop_jobs_total").labels(worker="w").inc(2)
metric("shop_queue_depth").set("full")  # type: ignore[arg-type]
with metric("shop_job_duration_ms").time():
    pass
