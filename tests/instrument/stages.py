"""Decorated functions of a module that can be imported, under names of the shipped pack, as a pipeline has them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import Any

from telemetry import instrument_span, record_metric


def name_of(arguments: Any) -> str:
    """Give the name of a job."""
    return f"job {arguments['number']}"


@record_metric("compile_success_total", labels={"backend": "c-gcc"})
@instrument_span("spec.parse", capture={"telemetry.name": name_of})
def double(number: int, *, times: int = 2) -> int:
    """Multiply a number.

    >>> double(4)
    8
    """
    return number * times


@instrument_span("spec.parse")
async def later(number: int) -> int:
    """Give a number later."""
    return number


@instrument_span("spec.parse")
def count(number: int) -> Generator[int, None, None]:
    """Count to a number."""
    yield from range(number)


@instrument_span("spec.parse")
async def acount(number: int) -> AsyncGenerator[int, None]:
    """Count to a number, with pauses."""
    for each in range(number):
        yield each


class Service:
    """Has methods of each kind."""

    @instrument_span("plan.compile_graph")
    def run(self) -> Service:
        """Run it."""
        return self

    @instrument_span("codegen.lower")
    @classmethod
    def build(cls) -> type[Service]:
        """Build one."""
        return cls

    @staticmethod
    @instrument_span("spec.parse")
    def check(number: int) -> int:
        """Check a number."""
        return number


def plain(number: int) -> int:
    """Stand undecorated."""
    return number


decorated_elsewhere = instrument_span("spec.parse", capture={"telemetry.name": name_of})(plain)


class Multiplier:
    """A callable object."""

    def __init__(self, times: int) -> None:
        self.times = times

    def __call__(self, number: int) -> int:
        """Multiply."""
        return number * self.times


multiply = instrument_span("spec.parse", capture={"telemetry.number": "number"})(Multiplier(3))
