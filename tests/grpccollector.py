"""An OTLP collector over gRPC on 127.0.0.1, with the faults of `collector`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any, Self, final

import grpc  # type: ignore[import-untyped]
from google.protobuf.any_pb2 import Any as AnyMessage  # type: ignore[import-untyped]
from google.rpc.error_details_pb2 import RetryInfo  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]
from tests.collector import Arrival, Fault, Faulty, Signal, records_of

_CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.UNIMPLEMENTED,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}


@final
class GrpcCollector(Faulty):
    """An OTLP/gRPC receiver with the same faults; a cut request or answer is an UNAVAILABLE before or after taking."""

    def __init__(self, port: int = 0) -> None:
        super().__init__()
        self.port = port
        self._server: Any = None

    @property
    def url(self) -> str:
        """The endpoint."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """Listen, on the same port as before."""
        services = {
            "traces": "opentelemetry.proto.collector.trace.v1.TraceService",
            "metrics": "opentelemetry.proto.collector.metrics.v1.MetricsService",
            "logs": "opentelemetry.proto.collector.logs.v1.LogsService",
        }
        self._server = grpc.server(ThreadPoolExecutor(8), options=[("grpc.so_reuseport", 0)])
        for signal, service in services.items():
            method = grpc.unary_unary_rpc_method_handler(self._taker(signal))  # type: ignore[arg-type]
            handler = grpc.method_handlers_generic_handler(service, {"Export": method})
            self._server.add_generic_rpc_handlers((handler,))
        self.port = self._server.add_insecure_port(f"127.0.0.1:{self.port}")
        self._server.start()

    def close(self) -> None:
        """Listen no more, and cut every connection; a second call does nothing."""
        server, self._server = self._server, None
        if server is not None:
            self.changed.set()
            server.stop(None).wait()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Refuse connections meanwhile: nobody listens on the port."""
        self.close()
        try:
            yield
        finally:
            self.open()

    def _taker(self, signal: Signal) -> Callable[[bytes, Any], bytes]:
        def take(body: bytes, context: Any) -> bytes:
            fault, changed = self.next_fault(), self.changed
            _, message = self.read(signal, body, "")
            refused = _refusal(fault, len(body))
            if fault.kind == "slow":
                sleep(fault.seconds)
            taken = not refused and fault.kind not in {"hang", "cut_request"}
            if taken:
                self.intake.take(signal, message, fault.rejected)
            headers = {item.key: item.value for item in context.invocation_metadata()}
            port = int(context.peer().rpartition(":")[2])
            count = sum(1 for _ in records_of(signal, message))
            self.arrivals.append(
                Arrival(signal, monotonic(), port, headers, len(body), len(body), count, taken, message)
            )
            if fault.kind == "hang":
                changed.wait(60)
            if refused:
                context.set_trailing_metadata(_retry_info(fault))
                context.abort(refused, fault.message or "refused")
            if fault.kind in {"hang", "cut_request", "cut_response"}:
                context.abort(grpc.StatusCode.UNAVAILABLE, "cut")
            return self.answer(signal, fault)

        return take


def _refusal(fault: Fault, size: int) -> Any:
    if 0 < fault.largest < size:
        return grpc.StatusCode.RESOURCE_EXHAUSTED
    return _CODES.get(fault.status, grpc.StatusCode.UNAVAILABLE) if fault.kind == "refuse" else None


def _retry_info(fault: Fault) -> tuple[tuple[str, bytes], ...]:
    if not fault.retry_after:
        return ()
    info = RetryInfo()
    info.retry_delay.FromNanoseconds(int(float(fault.retry_after) * 1e9))
    detail = AnyMessage()
    detail.Pack(info)
    return (("grpc-status-details-bin", Status(code=14, details=[detail]).SerializeToString()),)
