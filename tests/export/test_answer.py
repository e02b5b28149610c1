"""What endpoints answer, as the specification of OTLP has it: taken, refused, or later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from google.protobuf.any_pb2 import Any as AnyMessage  # type: ignore[import-untyped]
from google.rpc.error_details_pb2 import RetryInfo  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from telemetry.export.answer import cause, grpc_verdict, http_verdict, taken
from telemetry.journal import Again, Refused, Taken, TooLarge


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
def test_what_may_work_later_is_tried_again(status: int) -> None:
    """Overload, and gateways without a backend, are no verdict on the data (OTLP/HTTP, "Failures")."""
    assert http_verdict(status, "Busy", {}, b"") == Again(f"HTTP {status} Busy")


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 405, 415, 422, 500, 501, 505])
def test_all_other_failures_are_for_good(status: int) -> None:
    """Every other status must not be tried again; a redirect means another endpoint, which nobody has named."""
    assert http_verdict(status, "No", {}, b"") == Refused(f"HTTP {status} No")


def test_a_request_that_is_too_large_may_be_divided() -> None:
    """413 is about the request, not about its records."""
    assert http_verdict(413, "Content Too Large", {}, b"") == TooLarge("HTTP 413 Content Too Large")


def test_the_reason_has_what_the_endpoint_says() -> None:
    """Text of the answer, or the message of a `Status`, stands in the reason; pages of HTML do not."""
    assert http_verdict(400, "Bad Request", {}, b"no tenant") == Refused("HTTP 400 Bad Request no tenant")
    status = Status(code=3, message="bad id").SerializeToString()
    assert http_verdict(400, "Bad Request", {}, status) == Refused("HTTP 400 Bad Request bad id")
    assert http_verdict(502, None, {}, b"<html>nginx</html>") == Again("HTTP 502")


@pytest.mark.parametrize(
    ("given", "seconds"), [("0", 0), ("7", 7), ("2.5", 2.5), ("99999999", 3600), ("-3", 0), ("soon", 0), ("", 0)]
)
def test_retry_after_in_seconds(given: str, seconds: float) -> None:
    """Seconds are taken as they are, up to an hour; what is no number is not there."""
    assert http_verdict(503, None, {"retry-after": given}, b"") == Again("HTTP 503", seconds)


def test_retry_after_as_a_date() -> None:
    """A date is compared to the endpoint's own clock, or to ours; one that has passed is now."""
    now = datetime.now(UTC)
    skewed = now - timedelta(days=3)
    headers = {"date": format_datetime(skewed, usegmt=True)}
    until = format_datetime(skewed + timedelta(seconds=20), usegmt=True)
    assert http_verdict(429, None, {**headers, "retry-after": until}, b"") == Again("HTTP 429", 20)
    past = format_datetime(skewed - timedelta(seconds=20), usegmt=True)
    assert http_verdict(429, None, {**headers, "retry-after": past}, b"") == Again("HTTP 429", 0)
    verdict = http_verdict(429, None, {"retry-after": format_datetime(now + timedelta(seconds=20), usegmt=True)}, b"")
    assert isinstance(verdict, Again)
    assert 17 < verdict.after_seconds <= 20


def test_partial_success_of_all_signals() -> None:
    """What was rejected is read from the answers of all three services, which have the same numbers for it."""
    traces, metrics, logs = ExportTraceServiceResponse(), ExportMetricsServiceResponse(), ExportLogsServiceResponse()
    traces.partial_success.rejected_spans = 3
    metrics.partial_success.rejected_data_points = 3
    logs.partial_success.rejected_log_records = 3
    for each in (traces, metrics, logs):
        each.partial_success.error_message = "too old"
        assert taken(each.SerializeToString()) == Taken(3, "too old")
    assert taken(ExportTraceServiceResponse().SerializeToString()) == Taken()


@given(st.binary(max_size=40))
def test_garbage_in_an_answer_is_no_failure(body: bytes) -> None:
    """Whatever a body holds, the status has said that the request was taken, and no answer raises."""
    verdict = http_verdict(200, "OK", {}, body)
    assert isinstance(verdict, Taken)
    assert verdict.rejected >= 0
    http_verdict(503, "Busy", {"retry-after": repr(body)}, body)
    grpc_verdict("UNAVAILABLE", None, [("grpc-status-details-bin", body), ("google.rpc.retryinfo-bin", body)])


AGAIN = {"CANCELLED", "DEADLINE_EXCEEDED", "ABORTED", "OUT_OF_RANGE", "UNAVAILABLE", "DATA_LOSS"}
REFUSED = {
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "UNAUTHENTICATED",
    "FAILED_PRECONDITION",
    "UNIMPLEMENTED",
    "INTERNAL",
    "RESOURCE_EXHAUSTED",
}


def test_codes_of_grpc_are_those_of_the_table() -> None:
    """Each code is tried again or not as OTLP/gRPC, "Failures", says."""
    assert {code for code in AGAIN | REFUSED if isinstance(grpc_verdict(code, "no", ()), Again)} == AGAIN
    assert {code for code in AGAIN | REFUSED if isinstance(grpc_verdict(code, "no", ()), Refused)} == REFUSED


def retry_info(seconds: float) -> RetryInfo:
    """Make the detail that says when to come back."""
    info = RetryInfo()
    info.retry_delay.FromNanoseconds(int(seconds * 1e9))
    return info


def test_an_exhausted_endpoint_may_recover() -> None:
    """RESOURCE_EXHAUSTED is tried again only where the endpoint says when, in either of the two ways."""
    detail = AnyMessage()
    detail.Pack(retry_info(2.5))
    status = Status(code=8, message="shed", details=[AnyMessage(type_url="x/y"), detail]).SerializeToString()
    expected = Again("RESOURCE_EXHAUSTED shed", 2.5)
    assert grpc_verdict("RESOURCE_EXHAUSTED", "shed", [("grpc-status-details-bin", status)]) == expected
    alone = [("x", "text"), ("google.rpc.retryinfo-bin", retry_info(2.5).SerializeToString())]
    assert grpc_verdict("RESOURCE_EXHAUSTED", "shed", alone) == expected
    assert grpc_verdict("UNAVAILABLE", "shed", alone) == Again("UNAVAILABLE shed", 2.5)


def test_a_message_beyond_the_limit_may_be_divided() -> None:
    """The limit of gRPC itself on messages is about the request, not about its records."""
    verdict = grpc_verdict("RESOURCE_EXHAUSTED", "SERVER: Received message larger than max (5 vs. 4)", ())
    assert isinstance(verdict, TooLarge)


def test_the_innermost_cause_is_the_reason() -> None:
    """Libraries wrap an error several times over; people need the first."""
    outer = ValueError("outer")
    outer.__cause__ = TimeoutError("timed out")
    assert cause(outer) == "timed out"
    assert cause(KeyError()) == "KeyError"
