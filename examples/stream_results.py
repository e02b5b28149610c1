"""Stream results: a generator's span covers its own work only, and closing it early is no failure."""

import time
from collections.abc import Iterator

import telemetry
from telemetry.testing import isolated


@telemetry.instrument_span("spec.parse")
def operators() -> Iterator[str]:
    """Give operators one by one."""
    yield "clamp"
    yield "gcd"
    yield "crc32"


with isolated() as recording:
    for operator in operators():
        time.sleep(0.01)  # the consumer's time, not the generator's
        if operator == "gcd":
            break
    (span,) = recording.spans
    total, running = span.end_ns - span.start_ns, span.running_ns or 0
    print("status:", span.status)
    print("running time is a small part of the total:", running < total / 5)
