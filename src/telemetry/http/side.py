"""The two sides of a request: what a server and what a client record it with.

They use OpenTelemetry's API, which is imported when a side is first asked for: by a middleware or a hook that is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, final

from telemetry.version import VERSION

_SCOPE = "telemetry.http"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""The buckets that the semantic conventions advise for the duration of a request."""


@final
@dataclass(frozen=True, slots=True)
class Side:
    """What the requests of one side have in common.

    Attributes:
        tracer: OpenTelemetry's tracer, which is the runtime's once there is one.
        kind: The kind of its spans.
        duration: The histogram of the time that requests take, in seconds.
        active: The number of requests under way; None at a client.
        failed: The status of a failed span.
        fails_from: The least HTTP status that is an error here (semantic conventions, HTTP spans, Status).
    """

    tracer: Any
    kind: Any
    duration: Any
    active: Any
    failed: Any
    fails_from: int


@cache
def server() -> Side:
    """Give the side of those who are called: a client's mistake is no error of theirs."""
    from opentelemetry.metrics import get_meter
    from opentelemetry.trace import SpanKind, StatusCode, get_tracer

    meter = get_meter(_SCOPE, VERSION)
    return Side(
        tracer=get_tracer(_SCOPE, VERSION),
        kind=SpanKind.SERVER,
        duration=meter.create_histogram(
            "http.server.request.duration",
            unit="s",
            description="Duration of HTTP server requests.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        ),
        active=meter.create_up_down_counter(
            "http.server.active_requests",
            unit="{request}",
            description="Number of active HTTP server requests.",
        ),
        failed=StatusCode.ERROR,
        fails_from=500,
    )


@cache
def client() -> Side:
    """Give the side of those who call."""
    from opentelemetry.metrics import get_meter
    from opentelemetry.trace import SpanKind, StatusCode, get_tracer

    return Side(
        tracer=get_tracer(_SCOPE, VERSION),
        kind=SpanKind.CLIENT,
        duration=get_meter(_SCOPE, VERSION).create_histogram(
            "http.client.request.duration",
            unit="s",
            description="Duration of HTTP client requests.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        ),
        active=None,
        failed=StatusCode.ERROR,
        fails_from=400,
    )
