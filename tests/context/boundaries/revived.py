"""A program whose children begin empty, and say what became of them.

python -m tests.context.boundaries.revived alike|own|broken|unpicklable|port
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from typing import Any

import telemetry
from telemetry.errors import ConfigurationError
from telemetry.runtime import Revival

from .crossings import REGISTRY


class Sampler:
    """A sampler of the user's that cannot travel."""

    def should_sample(self, *_: Any, **__: Any) -> Any:
        """Take all."""
        from opentelemetry.sdk.trace.sampling import ALWAYS_ON

        return ALWAYS_ON.should_sample(None, 1, "")

    def get_description(self) -> str:
        """Name it."""
        return "Sampler"

    def __reduce__(self) -> Any:
        raise TypeError("it stays here")


def look() -> list[Any]:
    """Give what records here, and for which run."""
    runtime = telemetry.current()
    span = telemetry.current_span()
    if runtime is None:
        return [None, None, None, span and span.trace_id]
    return [runtime.settings.service_name, runtime.run_id, runtime.prometheus_port, span and span.trace_id]


def configured(name: str) -> list[Any]:
    """Configure, as a worker may that knows nothing of its parent."""
    try:
        telemetry.configure(name, registry=REGISTRY)
    except ConfigurationError as error:
        return [str(error)]
    return look()


def main(case: str) -> None:
    """Start a child inside a span, and print what it and this process look like."""
    port = 0 if case == "port" else None
    sampler = Sampler() if case == "unpicklable" else None
    runtime = telemetry.configure("revived", registry=str(REGISTRY), prometheus_port=port, sampler=sampler)
    with runtime, telemetry.span("job"), multiprocessing.get_context("spawn").Pool(1) as pool:
        names = {"own": ("other",), "alike": ("revived",)}.get(case, ())
        task: Any = telemetry.propagate(configured if names else look)
        if case == "broken":
            task._revival = Revival(b"no pickle")
        here, found = look(), pool.apply(task, names)
    sys.stdout.write(json.dumps([here, found]))


if __name__ == "__main__":
    main(*sys.argv[1:])
