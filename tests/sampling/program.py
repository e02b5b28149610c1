"""A program that leaves an undecided trace behind: it ends as its argument says, with spans ended and spans open."""

import os
import signal
import sys

import telemetry

runtime = telemetry.configure(
    "specc", environment="development", journal=sys.argv[1], sampler="always_off", keep_failures=True
)


def work() -> None:
    """End five spans, and stop inside of two more."""
    with telemetry.span("pipeline.run"):
        for _ in range(5):
            with telemetry.span("spec.parse"):
                pass
        with telemetry.span("compile.execute"):
            if sys.argv[2] == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            sys.exit(0)


with telemetry.span("pipeline.run"):
    pass
work()
