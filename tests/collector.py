"""An OTLP collector on 127.0.0.1 that counts what it takes and fails as it is told; `grpccollector` has one for gRPC.

with Collector() as collector:
    collector.fail_next(status(503, retry_after="1"), CUT_REQUEST)    # the next two requests
    collector.always(HANG)                                           # every one after them, until told otherwise
    with collector.away():                                           # nobody listens; the same port afterwards
        ...
    collector.spans["00f067aa0ba902b7"]                              # how often the span arrived
"""

from __future__ import annotations

import gzip
import socket
import zlib
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from time import monotonic, sleep
from typing import Any, Literal, Self, final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span

Signal = Literal["traces", "metrics", "logs"]

_REQUESTS: Mapping[Signal, Callable[[], Any]] = {
    "traces": ExportTraceServiceRequest,
    "metrics": ExportMetricsServiceRequest,
    "logs": ExportLogsServiceRequest,
}
_ANSWERS: Mapping[Signal, Callable[[], Any]] = {
    "traces": ExportTraceServiceResponse,
    "metrics": ExportMetricsServiceResponse,
    "logs": ExportLogsServiceResponse,
}
_REJECTED: Mapping[Signal, str] = {
    "traces": "rejected_spans",
    "metrics": "rejected_data_points",
    "logs": "rejected_log_records",
}
_DECODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "": lambda body: body,
    "identity": lambda body: body,
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """How a request is answered.

    Attributes:
        kind: ok and slow take it; refuse answers with a status; hang answers nothing until told otherwise; cut_request
            closes the connection while reading, cut_response takes it and closes while answering.
        seconds: How long a slow one takes.
        status: The HTTP status of a refusal; over gRPC its code, by the table of the OTLP specification.
        retry_after: The header of that name; over gRPC, where it has to be a number, `RetryInfo`.
        message: What a refusal says.
        rejected: How many records of a request that is taken are refused (partial success): the last ones.
        largest: A request of more bytes than this, decoded, is answered 413 (over gRPC RESOURCE_EXHAUSTED).
    """

    kind: Literal["ok", "slow", "refuse", "hang", "cut_request", "cut_response"] = "ok"
    seconds: float = 0.0
    status: int = 200
    retry_after: str = ""
    message: str = ""
    rejected: int = 0
    largest: int = 0


OK = Fault()
HANG = Fault("hang")
CUT_REQUEST = Fault("cut_request")
CUT_RESPONSE = Fault("cut_response")


def slow(seconds: float) -> Fault:
    """Take the request after some seconds."""
    return Fault("slow", seconds)


def status(code: int, *, retry_after: str = "", message: str = "") -> Fault:
    """Refuse the request with an HTTP status."""
    return Fault("refuse", status=code, retry_after=retry_after, message=message)


def partial(rejected: int, message: str = "") -> Fault:
    """Take the request but for its last records."""
    return Fault(rejected=rejected, message=message)


def at_most(size: int) -> Fault:
    """Answer 413 to what is larger."""
    return Fault(largest=size)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request that came, taken or not: what it was, and when, on the monotonic clock."""

    signal: Signal
    at: float
    client_port: int
    headers: Mapping[str, str]
    wire_bytes: int
    body_bytes: int
    records: int
    taken: bool
    message: Any


@final
@dataclass(slots=True)
class Intake:
    """What a collector took, by every thread of it.

    Attributes:
        spans: How often each span arrived, by its id in hex.
        span: Each span as it arrived last, by its id in hex.
        logs: The log records, in the order in which they came.
        metrics: The last state of every metric, by name.
        arrivals: Every request that was read whole.
    """

    spans: Counter[str] = field(default_factory=Counter)
    span: dict[str, Span] = field(default_factory=dict)
    logs: list[LogRecord] = field(default_factory=list)
    metrics: dict[str, Metric] = field(default_factory=dict)
    arrivals: list[Arrival] = field(default_factory=list)
    _lock: Any = field(default_factory=Lock)

    def take(self, signal: Signal, message: Any, rejected: int) -> None:
        """Count the records of a request, but for the last ones."""
        records = list(records_of(signal, message))
        with self._lock:
            for record in records[: len(records) - rejected]:
                self._take(signal, record)

    def _take(self, signal: Signal, record: Any) -> None:
        if signal == "traces":
            self.spans[record.span_id.hex()] += 1
            self.span[record.span_id.hex()] = record
        elif signal == "logs":
            self.logs.append(record)
        else:
            self.metrics[record.name] = record


def records_of(signal: Signal, message: Any) -> Iterator[Any]:
    """Give the spans, log records or metrics of a request."""
    if signal == "traces":
        return (span for each in message.resource_spans for scope in each.scope_spans for span in scope.spans)
    if signal == "logs":
        return (log for each in message.resource_logs for scope in each.scope_logs for log in scope.log_records)
    return (metric for each in message.resource_metrics for scope in each.scope_metrics for metric in scope.metrics)


class Faulty:
    """The faults of a collector, and what it took in spite of them."""

    def __init__(self) -> None:
        self.intake = Intake()
        self._script: deque[Fault] = deque()
        self._fault = OK
        self.changed = Event()

    @property
    def spans(self) -> Counter[str]:
        """How often each span arrived, by its id in hex."""
        return self.intake.spans

    @property
    def logs(self) -> list[LogRecord]:
        """The log records that arrived."""
        return self.intake.logs

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """The last state of every metric, by name."""
        return self.intake.metrics

    @property
    def arrivals(self) -> list[Arrival]:
        """Every request that was read whole, refused ones too."""
        return self.intake.arrivals

    @property
    def scripted(self) -> int:
        """The number of faults that are still to come."""
        return len(self._script)

    def fail_next(self, *faults: Fault) -> None:
        """Answer the next requests like this, one after the other."""
        self._script.extend(faults)

    def always(self, fault: Fault) -> None:
        """Answer like this from now on, once the script is over; what hangs is let go, without an answer."""
        self._fault = fault
        self.changed.set()
        self.changed = Event()

    def next_fault(self) -> Fault:
        """Give how the next request is answered."""
        with suppress(IndexError):
            return self._script.popleft()
        return self._fault

    def read(self, signal: Signal, wire: bytes, encoding: str) -> tuple[bytes, Any]:
        """Decompress and decode a request."""
        body = _DECODERS[encoding](wire)
        message = _REQUESTS[signal]()
        message.ParseFromString(body)
        return body, message

    def answer(self, signal: Signal, fault: Fault) -> bytes:
        """Encode the answer to a request that was taken."""
        answer = _ANSWERS[signal]()
        if fault.rejected or fault.message:
            setattr(answer.partial_success, _REJECTED[signal], fault.rejected)
            answer.partial_success.error_message = fault.message
        encoded: bytes = answer.SerializeToString()
        return encoded


@final
class Collector(Faulty):
    """An OTLP/HTTP receiver, protobuf only.

    Args:
        port: Where it listens; 0 takes any free port, which it keeps while it is away.
    """

    def __init__(self, port: int = 0) -> None:
        super().__init__()
        self.port = port
        self._server: ThreadingHTTPServer | None = None
        self._connections: set[socket.socket] = set()

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """Listen, on the same port as before."""
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                collector._connections.add(self.connection)

            def finish(self) -> None:
                collector._connections.discard(self.connection)
                with suppress(OSError):
                    super().finish()

            def do_POST(self) -> None:
                collector._serve(self)

            def log_message(self, *_: object) -> None:
                """Keep no access log."""

        self._server = _Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_port
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """Listen no more, and cut every connection; a second call does nothing."""
        server, self._server = self._server, None
        if server is None:
            return
        server.shutdown()
        server.server_close()
        self.changed.set()
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Refuse connections meanwhile: nobody listens on the port."""
        self.close()
        try:
            yield
        finally:
            self.open()

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        fault, changed = self.next_fault(), self.changed
        length = int(handler.headers["content-length"])
        if fault.kind == "cut_request":
            handler.rfile.read(length // 2)
            self._cut(handler)
            return
        signal: Any = handler.path.rpartition("/")[2]
        headers = {name.lower(): value for name, value in handler.headers.items()}
        wire = handler.rfile.read(length)
        if len(wire) < length:
            handler.close_connection = True
            return
        body, message = self.read(signal, wire, headers.get("content-encoding", ""))
        if fault.kind == "slow":
            sleep(fault.seconds)
        refused = fault.status if fault.kind == "refuse" else 413 if 0 < fault.largest < len(body) else 0
        taken = not refused and fault.kind != "hang"
        if taken:
            self.intake.take(signal, message, fault.rejected)
        count = sum(1 for _ in records_of(signal, message))
        self.arrivals.append(
            Arrival(
                signal, monotonic(), handler.client_address[1], headers, len(wire), len(body), count, taken, message
            )
        )
        if fault.kind == "hang":
            changed.wait(60)
            self._cut(handler)
            return
        self._reply(handler, signal, fault, refused)

    def _reply(self, handler: BaseHTTPRequestHandler, signal: Signal, fault: Fault, refused: int) -> None:
        body = fault.message.encode() if refused else self.answer(signal, fault)
        try:
            handler.send_response(refused or 200)
            handler.send_header("Content-Type", "text/plain" if refused else "application/x-protobuf")
            if fault.retry_after:
                handler.send_header("Retry-After", fault.retry_after)
            handler.send_header("Content-Length", str(len(body) + (64 if fault.kind == "cut_response" else 0)))
            handler.end_headers()
            handler.wfile.write(body)
        except OSError:  # the client has gone meanwhile
            handler.close_connection = True
        if fault.kind == "cut_response":
            self._cut(handler)

    @staticmethod
    def _cut(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        with suppress(OSError):
            handler.connection.shutdown(socket.SHUT_RDWR)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """Say nothing of a client that has gone."""


def eventually(holds: Callable[[], object], *, within_seconds: float = 5.0) -> bool:
    """Wait until something holds; tell whether it came to hold in time."""
    end = monotonic() + within_seconds
    while monotonic() < end:
        if holds():
            return True
        sleep(0.01)
    return bool(holds())
